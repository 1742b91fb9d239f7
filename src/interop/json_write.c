/* JSON out, spec 12.1. */
#include <assert.h>
#include "readback/json.h"
#include "readback/text.h"

struct rb_json_writer rb_json_writer(struct rb_writer *w) {
    return (struct rb_json_writer){w, false};
}

static void put_string(struct rb_writer *w, struct rb_slice s) {
    static const char hex[] = "0123456789abcdef";
    assert(rb_utf8_ok(s));
    rb_put_u8(w, '"');
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];
        if (c == '"' || c == '\\') {
            rb_put_u8(w, '\\');
            rb_put_u8(w, c);
        } else if (c < 0x20) {
            rb_put_z(w, "\\u00");
            rb_put_u8(w, (uint8_t)hex[c >> 4]);
            rb_put_u8(w, (uint8_t)hex[c & 15]);
        } else if (c == 0xef && s.p[i + 1] == 0xbf && s.p[i + 2] >= 0xbe) {
            rb_put_z(w, s.p[i + 2] == 0xbe ? "\\ufffe" : "\\uffff"); /* not for XML as they are */
            i += 2;
        } else {
            rb_put_u8(w, c);
        }
    }
    rb_put_u8(w, '"');
}

static void begin(struct rb_json_writer *j, const char *key) {
    if (j->follows) rb_put_u8(j->w, ',');
    j->follows = true;
    if (key == NULL) return;
    put_string(j->w, rb_str(key));
    rb_put_u8(j->w, ':');
}

void rb_json_open(struct rb_json_writer *j, const char *key, char c) {
    begin(j, key);
    rb_put_u8(j->w, (uint8_t)c);
    j->follows = false;
}

void rb_json_close(struct rb_json_writer *j, char c) {
    rb_put_u8(j->w, (uint8_t)c);
    j->follows = true;
}

void rb_json_put_text(struct rb_json_writer *j, const char *key, struct rb_slice s) {
    begin(j, key);
    put_string(j->w, s);
}

void rb_json_put_bool(struct rb_json_writer *j, const char *key, bool b) {
    begin(j, key);
    rb_put_z(j->w, b ? "true" : "false");
}

void rb_json_put_uint(struct rb_json_writer *j, const char *key, uint64_t v) {
    begin(j, key);
    rb_put_dec(j->w, v);
}

void rb_json_put_decimal(struct rb_json_writer *j, const char *key, int64_t v, unsigned places) {
    begin(j, key);
    rb_decimal_put(j->w, v, places);
}

void rb_json_put_time(struct rb_json_writer *j, const char *key, int64_t utc_ms) {
    char text[48];
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_put_rfc3339(&w, utc_ms);
    rb_json_put_text(j, key, rb_written(&w));
}
