/* Bodies as JSON, as people's programs hand them to the local API: the first byte says of which
 * kind. What is taken becomes a body that, where it follows the kind's rules, reads back as JSON
 * that makes the same body. */
#include <jansson.h>
#include <string.h>
#include "fuzz.h"
#include "readback/cbor.h"
#include "shell/api/json_body.h"

static uint8_t one[1u << 17], two[1u << 17];
static const char *const handles[] = {"north", "south", "monitor"};

static bool index_of(void *ctx, struct rb_slice handle, uint16_t *out) {
    (void)ctx;
    for (uint16_t i = 0; i < 3; i++)
        if (rb_slice_is(handle, handles[i])) {
            *out = i;
            return true;
        }
    return false;
}

static bool handle_of(void *ctx, uint16_t index, struct rb_slice *out) {
    (void)ctx;
    if (index >= 3) return false;
    *out = rb_str(handles[index]);
    return true;
}

static void values(const json_t *v) {
    int64_t n;
    if (rb_json_degrees(v, &n) == RB_OK) {
        json_t *again = rb_degrees_json(n);
        int64_t m;
        FUZZ_CHECK(rb_json_degrees(again, &m) == RB_OK);
        json_decref(again);
    }
    (void)!rb_json_metres(v, &n);
    if (rb_json_time(v, &n) == RB_OK) FUZZ_CHECK(n >= 0);
    if (rb_json_span(v, &n) == RB_OK) FUZZ_CHECK(n >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    const struct rb_names names = {NULL, index_of, handle_of};
    struct rb_json_error e = {0};
    struct rb_writer w = rb_writer(one, sizeof one), again = rb_writer(two, sizeof two);
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    if (n == 0) return 0;
    const enum rb_kind kind = (enum rb_kind)(data[0] % (RB_KIND_MAX + 1));
    const struct rb_schema *s = rb_body_schema(kind);
    json_t *in =
        json_loadb((const char *)data + 1, n - 1, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (in == NULL) return 0;
    values(in);
    if (s != NULL && json_is_object(in)) {
        const char *key;
        json_t *v;
        json_object_foreach(in, key, v) values(v);
        if (rb_body_from_json(s, in, &names, &w, &e) == RB_OK && !w.over) {
            FUZZ_CHECK(rb_cbor_check(rb_written(&w), NULL) == RB_OK);
            if (rb_body_check(kind, rb_written(&w), NULL) == RB_OK) {
                json_t *back = rb_body_to_json(s, rb_written(&w), &names);
                FUZZ_CHECK(back != NULL);
                FUZZ_CHECK(rb_body_from_json(s, back, &names, &again, &e) == RB_OK);
                FUZZ_CHECK(rb_slice_eq(rb_written(&w), rb_written(&again)));
                json_decref(back);
            }
        } else if (!w.over) {
            FUZZ_CHECK(e.sentence != NULL || e.words[0] != '\0');
        }
    }
    json_decref(in);
    return 0;
}
