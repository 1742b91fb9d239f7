/* JSON <-> bodies of records, driven by the grammar tables of readback/schema.h. */
#ifndef RB_SHELL_API_JSON_BODY_H
#define RB_SHELL_API_JSON_BODY_H
#include <jansson.h>
#include "readback/schema.h"

/* Room for what becomes a part of an answer, from where jansson has its own, so that the answer is
 * not taken for a whole one where there was none (reply.c). Wiped when it is given back. */
static inline void *rb_json_room(size_t n) {
    json_malloc_t give;
    json_free_t back;
    json_get_alloc_funcs(&give, &back);
    return give(n);
}
static inline void rb_json_room_back(void *p) {
    json_malloc_t give;
    json_free_t back;
    json_get_alloc_funcs(&give, &back);
    back(p);
}

struct rb_names { /* handles of a channel's members */
    void *ctx;
    bool (*index)(void *ctx, struct rb_slice handle, uint16_t *out);
    bool (*handle)(void *ctx, uint16_t index, struct rb_slice *out);
};
struct rb_json_error {
    char field[160];      /* "volumes[0].center.lat" */
    const char *sentence; /* static, or in words */
    char words[320];      /* a sentence with what is accepted */
};
/* Writes the body map. RB_ERR_USAGE with *e filled: a field is missing, unknown, of the wrong type
 * or out of bounds. The result still goes through rb_body_check. */
enum rb_err rb_body_from_json(const struct rb_schema *s, const json_t *in,
                              const struct rb_names *names, struct rb_writer *w,
                              struct rb_json_error *e) RB_MUST_USE;
/* NULL where the bytes do not follow the schema or memory is short */
json_t *rb_body_to_json(const struct rb_schema *s, struct rb_slice body,
                        const struct rb_names *names);

/* Values that people type; each accepts a JSON number too. RB_ERR_USAGE if off. */
enum rb_err rb_json_degrees(const json_t *v,
                            int64_t *nanodeg) RB_MUST_USE; /* "35.123456789", exact */
enum rb_err rb_json_metres(const json_t *v,
                           int64_t *mm) RB_MUST_USE; /* "1500", "1500m", "5km", "900ft", "2nm" */
enum rb_err rb_json_time(const json_t *v, int64_t *utc_ms) RB_MUST_USE; /* RFC 3339 or ms */
enum rb_err rb_json_span(const json_t *v, int64_t *ms) RB_MUST_USE;     /* "15m" or ms */
/* decimal text to a whole number of 10^-places units; exact: further digits must be 0 */
enum rb_err rb_decimal(struct rb_slice in, unsigned places, int64_t *out) RB_MUST_USE;
json_t *rb_degrees_json(int64_t nanodeg);
json_t *rb_metres_json(int64_t mm);
json_t *rb_span_json(int64_t ms);
json_t *
rb_span_words(int64_t ms); /* from 0, always words: "1h", "3599.877s"; to be shown, not sent back */
#endif
