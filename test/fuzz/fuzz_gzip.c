/* Packed bodies on the peer port: never more comes out than the bound that is given, which the
 * first two bytes choose, and a larger bound gives the same. */
#include "fuzz.h"
#include "shell/link/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_reject rj = {0};
    uint8_t *small = NULL, *large = NULL;
    size_t small_n = 0, large_n = 0;
    if (n < 2) return 0;
    const size_t max = 1 + ((size_t)data[0] << 8 | data[1]);
    const struct rb_slice in = rb_slice(data + 2, n - 2);
    const enum rb_err a = rb_gunzip(in, max, &small, &small_n, &rj);
    FUZZ_CHECK(a != RB_OK || small_n <= max);
    FUZZ_CHECK(a == RB_OK || rj.clause != NULL);
    const enum rb_err b = rb_gunzip(in, 1u << 20, &large, &large_n, NULL);
    if (a == RB_OK)
        FUZZ_CHECK(b == RB_OK && large_n == small_n &&
                   (small_n == 0 || memcmp(small, large, small_n) == 0));
    if (b == RB_OK && a != RB_OK) FUZZ_CHECK(a == RB_ERR_LIMIT && large_n > max);
    free(small);
    free(large);
    return 0;
}
