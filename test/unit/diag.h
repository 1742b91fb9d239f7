/* CBOR from a few of the signs of its diagnostic notation (RFC 8949 section 8): numbers, "text",
 * [lists], {maps}, true, null, and #7 for the hash of 32 times the byte 7. So a test can be read.
 */
#ifndef READBACK_TEST_DIAG_H
#define READBACK_TEST_DIAG_H
#include "readback/cbor.h"
#include "readback/crypto.h"
#include <stdlib.h>

static inline struct rb_hash diag_hash(unsigned n) {
    struct rb_hash h;
    memset(h.b, (int)n, sizeof h.b);
    return h;
}

static inline size_t diag_count(const char *p) { /* items of the list or map behind its bracket */
    size_t depth = 0, n = 0;
    bool any = false, quoted = false;
    for (;; p++) {
        if (*p == '\0') abort();
        if (*p == '"') quoted = !quoted;
        if (!quoted && depth == 0 && (*p == ']' || *p == '}')) return n + any;
        if (!quoted && depth == 0 && *p == ',') n++;
        if (!quoted && (*p == '[' || *p == '{')) depth++;
        if (!quoted && (*p == ']' || *p == '}')) depth--;
        any |= *p != ' ';
    }
}

static inline const char *diag_item(const char *p, struct rb_writer *w);

static inline const char *diag_items(const char *p, bool map, struct rb_writer *w) {
    while (*p == ' ')
        p++;
    while (*p != ']' && *p != '}') {
        p = diag_item(p, w);
        if (map) p = diag_item(p + 1, w); /* the colon */
        while (*p == ' ' || *p == ',')
            p++;
    }
    return p + 1;
}

static inline const char *diag_number(const char *p, struct rb_writer *w) {
    char *end;
    long long v = strtoll(p, &end, 10);
    if (end == p) abort();
    rb_cbor_put_int(w, v);
    return end;
}

static inline const char *diag_item(const char *p, struct rb_writer *w) {
    while (*p == ' ')
        p++;
    if (*p == '{') {
        rb_cbor_put_map(w, diag_count(p + 1));
        return diag_items(p + 1, true, w);
    }
    if (*p == '[') {
        rb_cbor_put_array(w, diag_count(p + 1));
        return diag_items(p + 1, false, w);
    }
    if (*p == '"') {
        const char *end = strchr(p + 1, '"');
        if (end == NULL) abort();
        rb_cbor_put_text(w, rb_slice((const uint8_t *)p + 1, (size_t)(end - p - 1)));
        return end + 1;
    }
    if (*p == '#') {
        char *end;
        struct rb_hash h = diag_hash((unsigned)strtoul(p + 1, &end, 10));
        rb_cbor_put_bytes(w, rb_slice(h.b, sizeof h.b));
        return end;
    }
    if (strncmp(p, "true", 4) == 0) {
        rb_cbor_put_bool(w, true);
        return p + 4;
    }
    if (strncmp(p, "null", 4) == 0) {
        rb_cbor_put_null(w);
        return p + 4;
    }
    return diag_number(p, w);
}

static inline struct rb_slice diag(const char *text, uint8_t *mem, size_t cap) {
    struct rb_writer w = rb_writer(mem, cap);
    const char *end = diag_item(text, &w);
    if (*end != '\0' || w.over) abort();
    return rb_written(&w);
}
#endif
