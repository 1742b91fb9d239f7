/* One deterministic item: the checker, the skipper and a copy that reads and writes every piece
 * must agree, and the copy must be the same bytes. */
#include "fuzz.h"
#include "readback/cbor.h"

static uint8_t out[1u << 17];

/* reads the item piece by piece and writes it again; false where a piece is refused */
static bool copy_item(struct rb_reader *r, struct rb_writer *w, unsigned depth) {
    struct rb_cbor_head h;
    struct rb_slice s;
    if (rb_cbor_peek(r, &h) != RB_OK || h.type == RB_CBOR_TAG) return false;
    if (h.type == RB_CBOR_BYTES) {
        if (rb_cbor_get_bytes(r, &s) != RB_OK) return false;
        rb_cbor_put_bytes(w, s);
        return true;
    }
    if (h.type == RB_CBOR_TEXT) {
        if (rb_cbor_get_text(r, &s) != RB_OK) return false;
        rb_cbor_put_text(w, s);
        return true;
    }
    FUZZ_CHECK(rb_cbor_get_head(r, &h) == RB_OK);
    rb_cbor_put_head(w, h.type, h.arg);
    if (h.type != RB_CBOR_ARRAY && h.type != RB_CBOR_MAP) return true;
    if (depth == 0 || h.arg > rb_left(r)) return false;
    uint64_t items = h.type == RB_CBOR_MAP ? 2 * h.arg : h.arg;
    for (; items > 0; items--)
        if (!copy_item(r, w, depth - 1)) return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const struct rb_slice in = rb_slice(data, n);
    struct rb_reject rj = {0};
    struct rb_slice item;
    if (n > sizeof out) return 0;
    const enum rb_err e = rb_cbor_check(in, &rj);
    struct rb_reader skip = rb_reader(in), quick = skip, copy = skip, found;
    const bool skipped = rb_cbor_skip(&skip, &item) == RB_OK;
    FUZZ_CHECK((e == RB_OK) == (skipped && rb_left(&skip) == 0));
    const bool hurried = rb_cbor_skip_checked(&quick, NULL) == RB_OK;
    FUZZ_CHECK(skipped ? hurried && quick.at == skip.at : hurried || quick.at == 0);
    if (e != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
        FUZZ_CHECK(skipped || skip.at == 0);
        return 0;
    }
    struct rb_writer w = rb_writer(out, sizeof out);
    FUZZ_CHECK(copy_item(&copy, &w, RB_MAX_CBOR_DEPTH) && rb_left(&copy) == 0);
    FUZZ_CHECK(!w.over && rb_slice_eq(rb_written(&w), in));
    if (n > 0 && rb_cbor_find(in, data[n - 1], &found) == RB_OK)
        FUZZ_CHECK(rb_cbor_skip(&found, NULL) == RB_OK);
    return 0;
}
