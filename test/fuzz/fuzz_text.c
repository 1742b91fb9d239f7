/* The small texts: hex, base64, numbers, times, names of kinds. One writing each, so what is read
 * writes the same again; times and spans have several, so what is written of them reads the same.
 */
#include "fuzz.h"
#include "readback/record.h"
#include "readback/text.h"

static uint8_t raw[1u << 16], out[1u << 17];

static bool writes(const struct rb_writer *w, struct rb_slice want) {
    return !w->over && rb_slice_eq(rb_written(w), want);
}

static void digits(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    uint64_t n;
    size_t len;
    if (rb_dec_decode(in, &n) == RB_OK) {
        rb_put_dec(&w, n);
        FUZZ_CHECK(writes(&w, in));
    }
    w = rb_writer(out, sizeof out);
    if (in.n / 2 <= sizeof raw && rb_hex_decode(in, raw, in.n / 2) == RB_OK) {
        rb_put_hex(&w, raw, in.n / 2);
        FUZZ_CHECK(writes(&w, in));
    }
    w = rb_writer(out, sizeof out);
    if (rb_base64_decode(in, raw, sizeof raw, &len) == RB_OK) {
        rb_put_base64(&w, raw, len);
        FUZZ_CHECK(len <= sizeof raw && writes(&w, in));
        FUZZ_CHECK(len == 0 ||
                   rb_base64_decode(in, raw, len - 1, &len) != RB_OK); /* no room is no success */
    }
}

static void times(struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    int64_t t, again, span;
    if (rb_rfc3339_decode(in, &t) == RB_OK) {
        rb_put_rfc3339(&w, t);
        FUZZ_CHECK(!w.over && rb_rfc3339_decode(rb_written(&w), &again) == RB_OK && again == t);
        FUZZ_CHECK(rb_utc_join(rb_utc_split(t)) == t);
    }
    if (rb_duration_decode(in, &span) == RB_OK) FUZZ_CHECK(span >= 0);
}

static void words(struct rb_slice in) {
    enum rb_kind k;
    enum rb_precedence p;
    enum rb_position_type t;
    if (rb_kind_decode(in, &k) == RB_OK) FUZZ_CHECK(rb_slice_is(in, rb_kind_name(k)));
    if (rb_precedence_decode(in, &p) == RB_OK) FUZZ_CHECK(rb_slice_is(in, rb_precedence_name(p)));
    if (rb_position_type_decode(in, &t) == RB_OK) FUZZ_CHECK(rb_slice_is(in, rb_position_name(t)));
    /* each of these is stricter than the one before */
    FUZZ_CHECK(!rb_text_ok(in) || rb_utf8_ok(in));
    FUZZ_CHECK(!rb_name_ok(in) || rb_text_ok(in));
    FUZZ_CHECK(!rb_handle_ok(in) || rb_name_ok(in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const struct rb_slice in = rb_slice(data, n);
    digits(in);
    times(in);
    words(in);
    return 0;
}
