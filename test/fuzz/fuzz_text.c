/* The small texts: hex, base64, numbers, times, names of kinds. One writing each, so what is read
 * writes the same again; times and spans have several, so what is written of them reads the same.
 */
#include "fuzz.h"
#include "readback/icalendar.h"
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

/* words of ours in a calendar: whatever they are, its lines are short, whole, and as many as they
 * are */
static void calendar(struct rb_slice in) {
    static uint8_t room[1u << 16];
    struct rb_writer w = rb_writer(room, sizeof room);
    const struct rb_ical_event e = {.uid = rb_str("u"),
                                    .start_utc_ms = 1000,
                                    .has_end = in.n % 2 == 1,
                                    .end_utc_ms = 2000,
                                    .summary = rb_slice_sub(in, 0, in.n / 3),
                                    .description = rb_slice_sub(in, in.n / 3, in.n)};
    size_t line = 0, begun = 0;
    if (in.n > 8192 || !rb_utf8_ok(e.summary) || !rb_utf8_ok(e.description)) return;
    rb_ical_begin(&w, e.summary);
    rb_ical_event(&w, &e);
    rb_ical_end(&w);
    FUZZ_CHECK(!w.over && w.n > 2 && room[w.n - 1] == '\n');
    for (size_t i = 0; i < w.n; i++) {
        if (room[i] == '\n') FUZZ_CHECK(i > 0 && room[i - 1] == '\r');
        line = room[i] == '\n' ? 0 : line + 1;
        FUZZ_CHECK(line <= 76); /* 75 and the return */
        if (line == 1) begun += room[i] == 'B';
    }
    FUZZ_CHECK(begun == 2); /* a calendar and an event, and nothing that the words began */
    FUZZ_CHECK(rb_utf8_ok(rb_written(&w)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const struct rb_slice in = rb_slice(data, n);
    digits(in);
    times(in);
    words(in);
    calendar(in);
    return 0;
}
