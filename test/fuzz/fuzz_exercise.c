/* An exercise file: what is taken can be asked for its parties and times; what is not is refused
 * with the place. */
#include "fuzz_file.h"
#include "sim/exercise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    char path[128], why[1024] = "";
    struct exercise ex = {0};
    int64_t t;
    if (fuzz_dir[0] == '\0') FUZZ_CHECK(rb_crypto_init() == RB_OK);
    fuzz_folder();
    if (n == 0) return 0;
    fuzz_put("exercise.json", data + 1, n - 1);
    (void)snprintf(path, sizeof path, "%s/exercise.json", fuzz_dir);
    if (!ex_load(path, (data[0] & 1) != 0, &ex, why, sizeof why)) {
        FUZZ_CHECK(why[0] != '\0');
        return 0;
    }
    FUZZ_CHECK(ex_parties(&ex) > 0 && ex_parties(&ex) <= EX_MAX_PARTIES && ex.id != NULL &&
               ex.title != NULL);
    for (size_t i = 0; i < ex_parties(&ex); i++)
        FUZZ_CHECK(ex_party_index(&ex, ex_string(ex_party(&ex, i), "handle")) == (int)i);
    FUZZ_CHECK(ex_time(&ex, "+00:00:00", &t) && t == ex.start_utc_ms);
    ex_free(&ex);
    return 0;
}
