/* JSON: never a crash; what is refused has a clause and a byte within the input; input is never
 * called cut that is wrong; and what was read is the same after it was written again. */
#include <string.h>
#include "fuzz.h"
#include "readback/json.h"
#include "readback/text.h"

static uint8_t room[1u << 20] __attribute__((aligned(16)));
static uint8_t first[8u << 20], second[8u << 20];

static enum rb_err copy(struct rb_slice in, struct rb_writer *out, struct rb_json *j,
                        struct rb_reject *rj) {
    struct rb_json_writer w = rb_json_writer(out);
    struct rb_json_token t = {.type = RB_JSON_NULL};
    *j = rb_json_reader(in);
    while (t.type != RB_JSON_END) {
        if (rb_json_peek(j) == RB_JSON_STRING) {
            struct rb_arena a = rb_arena(room, sizeof room);
            struct rb_slice text;
            RB_TRY(rb_json_text(j, &a, &text, rj));
            FUZZ_CHECK(rb_utf8_ok(text));
            rb_json_put_text(&w, NULL, text);
            continue;
        }
        RB_TRY(rb_json_next(j, &t, rj));
        if (t.type == RB_JSON_OBJECT || t.type == RB_JSON_ARRAY)
            rb_json_open(&w, NULL, t.type == RB_JSON_OBJECT ? '{' : '[');
        else if (t.type == RB_JSON_OBJECT_END || t.type == RB_JSON_ARRAY_END)
            rb_json_close(&w, t.type == RB_JSON_OBJECT_END ? '}' : ']');
        else if (t.type == RB_JSON_NAME) {
            struct rb_arena a = rb_arena(room, sizeof room);
            char *name = rb_arena_alloc(&a, t.raw.n + 1);
            FUZZ_CHECK(name != NULL);
            struct rb_writer plain = rb_writer(name, t.raw.n + 1);
            rb_json_put_plain(&plain, t.raw);
            /* a name with a NUL in it cannot be a key of ours */
            if (memchr(name, 0, plain.n) != NULL) return RB_ERR_UNSUPPORTED;
            struct rb_json_writer key = {out, w.follows};
            rb_json_put_text(&key, NULL, rb_written(&plain));
            rb_put_u8(out, ':');
            w.follows = false;
        } else if (t.type == RB_JSON_NUMBER) {
            int64_t v;
            if (w.follows) rb_put_u8(out, ',');
            w.follows = true;
            rb_put_slice(out, t.raw);
            const enum rb_err e = rb_decimal_scaled(t.raw, 1, 9, &v, NULL);
            FUZZ_CHECK(e == RB_OK || e == RB_ERR_LIMIT); /* each number of JSON is one of ours */
        } else if (t.type != RB_JSON_END) {
            rb_json_put_bool(&w, NULL, t.type == RB_JSON_TRUE);
        }
    }
    return RB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_reject rj = {0};
    struct rb_json j;
    int64_t v;
    if (n > 1u << 18) return 0;
    struct rb_writer a = rb_writer(first, sizeof first), b = rb_writer(second, sizeof second);
    const enum rb_err e = copy(rb_slice(data, n), &a, &j, &rj);
    if (rb_decimal_scaled(rb_slice(data, n), 3048, -1, &v, NULL) == RB_OK)
        FUZZ_CHECK(v > -100000000000000000 && v < 100000000000000000);
    if (e == RB_ERR_UNSUPPORTED) return 0;
    if (e != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
        FUZZ_CHECK(!j.cut || rj.offset == n);
        return 0;
    }
    FUZZ_CHECK(!a.over);
    FUZZ_CHECK(copy(rb_written(&a), &b, &j, NULL) == RB_OK);
    FUZZ_CHECK(rb_slice_eq(rb_written(&a), rb_written(&b)));
    return 0;
}
