/* Values in JSON: times in RFC 3339 UTC, hashes in hex, bytes in base64. */
#include <stdlib.h>
#include "internal.h"
#include "readback/text.h"

void rb_j_put(json_t *o, const char *key, json_t *value) {
    json_object_set_new(o, key, value ? value : json_null());
}
json_t *rb_j_slice(struct rb_slice s) {
    if (s.n == 0) return json_string("");
    return json_stringn((const char *)s.p, s.n);
}
json_t *rb_j_text(struct rb_writer *w) {
    return w->over ? NULL : json_stringn((const char *)w->p, w->n);
}

json_t *rb_j_hex(const void *p, size_t n) {
    char buf[2 * 64];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    return rb_j_text(&w);
}
json_t *rb_j_base64(struct rb_slice s) {
    size_t cap = s.n / 3 * 4 + 8;
    char *buf = rb_json_room(cap);
    if (buf == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, cap);
    rb_put_base64(&w, s.p, s.n);
    json_t *out = rb_j_text(&w);
    rb_json_room_back(buf);
    return out;
}
json_t *rb_j_time(int64_t utc_ms) {
    char buf[40];
    if (utc_ms == 0) return json_null();
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, utc_ms);
    return rb_j_text(&w);
}
json_t *rb_j_time_s(uint64_t time_s) {
    return time_s > INT64_MAX / 1000 ? json_null() : rb_j_time((int64_t)(time_s * 1000));
}
json_t *rb_j_dtg(int64_t utc_ms) {
    char buf[40];
    if (utc_ms == 0) return json_null();
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_dtg(&w, utc_ms);
    return rb_j_text(&w);
}
json_t *rb_j_openssh(const struct rb_key *key, struct rb_slice comment) {
    char buf[512];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_openssh_pub_encode(key, comment, &w);
    while (w.n > 0 && w.p[w.n - 1] == '\n')
        w.n--;
    return rb_j_text(&w);
}
json_t *rb_j_fingerprint(struct rb_slice handle, const struct rb_key *party) {
    char buf[48];
    rb_fingerprint(handle, party, buf);
    return json_string(buf);
}

const char *rb_j_string(const json_t *o, const char *key) {
    return json_string_value(json_object_get(o, key));
}

bool rb_j_get_base64(const json_t *o, const char *key, struct rb_arena *a, struct rb_slice *out) {
    const json_t *v = json_object_get(o, key);
    *out = rb_slice(NULL, 0);
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_string(v)) return false;
    struct rb_slice in = rb_slice(json_string_value(v), json_string_length(v));
    size_t cap = in.n / 4 * 3 + 3, n = 0;
    uint8_t *buf = rb_arena_alloc(a, cap);
    if (buf == NULL || rb_base64_decode(in, buf, cap, &n) != RB_OK) return false;
    *out = rb_slice(buf, n);
    return true;
}
