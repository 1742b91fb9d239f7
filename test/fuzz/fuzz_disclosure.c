/* A disclosure as readback-verify takes it: never a crash, a reason with a clause for each refusal,
 * and what holds is written as well-formed UTF-8 without anything a terminal would obey. Signatures
 * keep a fuzzer away from what is printed: so a first byte of 0x80 and the number of a kind is
 * followed by a body of that kind. */
#include "cmd/verify_adoption.h"
#include "cmd/verify_body.h"
#include "fuzz.h"

static uint8_t room[8u << 20] __attribute__((aligned(16)));

static char *text;
static size_t text_n;

static FILE *begin(void) {
    FILE *out = open_memstream(&text, &text_n);
    FUZZ_CHECK(out != NULL);
    return out;
}

static void end(FILE *out) {
    FUZZ_CHECK(fclose(out) == 0);
    FUZZ_CHECK(rb_utf8_ok(rb_slice(text, text_n)));
    for (size_t i = 0; i < text_n; i++)
        FUZZ_CHECK((uint8_t)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
    free(text);
    text = NULL;
}

static void a_body(enum rb_kind kind, struct rb_slice body) {
    if (rb_body_check(kind, body, NULL) != RB_OK) return;
    FILE *out = begin();
    verify_body_say(rb_body_schema(kind), body, out);
    end(out);
    out = begin();
    struct vj j = {out, true};
    verify_body_json(rb_body_schema(kind), body, &j);
    end(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    static struct verify v;
    static struct vd d;
    static struct va a;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    if (n > 1u << 20) return 0;
    if (n > 0 && data[0] > 0x80 && data[0] <= 0x80 + RB_KIND_MAX) {
        a_body((enum rb_kind)(data[0] - 0x80), rb_slice(data + 1, n - 1));
        return 0;
    }
    memset(&v, 0, sizeof v);
    v.work = rb_arena(room, sizeof room);
    const bool several = va_is(rb_slice(data, n));
    d = (struct vd){.v = &v, .a = &v.work};
    a = (struct va){.v = &v, .a = &v.work};
    if (several)
        va_check(&a, rb_slice(data, n));
    else
        vd_check(&d, rb_slice(data, n));
    FUZZ_CHECK((several ? a.holds : d.holds) == (v.bad.total == 0));
    for (size_t i = 0; i < v.bad.n; i++)
        FUZZ_CHECK(v.bad.item[i].clause[0] != 0);
    FILE *out = begin();
    several ? va_say(&a, out) : vd_say(&d, out);
    end(out);
    out = begin();
    several ? va_json(&a, out) : vd_json(&d, out);
    end(out);
    verify_list_free(&v.bad);
    return 0;
}
