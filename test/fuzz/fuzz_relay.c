/* A relay's lines and its operator's list (spec 7.5): what is taken as a line has one form, which
 * is written again byte for byte. */
#include "fuzz.h"
#include "shell/link/preface.h"
#include "shell/relay/list.h"

static void as_line(struct rb_slice in) {
    struct rb_relay_line l = {.word = RB_RELAY_STILL};
    struct rb_reject rj = {0};
    uint8_t out[RB_RELAY_LINE];
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_relay_line_decode(in, &l, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && l.word == RB_RELAY_STILL);
        return;
    }
    rb_relay_line_encode(&l, &w);
    FUZZ_CHECK(!w.over && rb_slice_eq(rb_written(&w), in));
}

static void as_list(struct rb_slice in) {
    struct rb_relay_listed *all = NULL;
    struct rb_reject rj = {0};
    size_t n = 0, line = 0;
    if (rb_relay_list_decode(in, &all, &n, &line, &rj) != RB_OK) {
        FUZZ_CHECK(all == NULL && n == 0 && rj.what != NULL);
        return;
    }
    FUZZ_CHECK(n <= RB_RELAY_MAX_LISTED);
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(all[i].keys_n >= 1 && all[i].keys_n <= RB_RELAY_MAX_KEYS);
    free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    as_line(rb_slice(data, n));
    as_list(rb_slice(data, n));
    return 0;
}
