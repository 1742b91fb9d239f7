/* A body walked beside its table: what stands in it, and nothing that a terminal would obey. */
#include "cmd/verify_body.h"
#include <inttypes.h>
#include "readback/cbor.h"

struct walk { /* one of both */
    struct vj *json;
    FILE *text;
    unsigned depth;
};

/* ---- text ---------------------------------------------------------------------------------------
 */

/* the code point at s[*i], moving on; what is no UTF-8 is given as its byte, with *raw set */
static uint32_t next_char(struct rb_slice s, size_t *i, bool *raw) {
    const uint8_t c = s.p[*i];
    const size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t v = n == 1 ? c : c & (0xffu >> (n + 1));
    *raw = s.n - *i < n || !rb_utf8_ok(rb_slice(s.p + *i, n));
    if (*raw) {
        ++*i;
        return c;
    }
    for (size_t k = 1; k < n; k++)
        v = v << 6 | (s.p[*i + k] & 0x3fu);
    *i += n;
    return v;
}

static bool unseen(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x200b ||
           c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

static void margin(FILE *out, unsigned depth) {
    fputs("  | ", out);
    for (unsigned i = 0; i < depth; i++)
        fputs("  ", out);
}

static void say_text(struct rb_slice s, unsigned depth, FILE *out) {
    for (size_t i = 0; i < s.n;) {
        bool raw = false;
        const size_t from = i;
        const uint32_t c = next_char(s, &i, &raw);
        if (raw)
            fprintf(out, "\\x%02" PRIX32, c);
        else if (c == '\n') {
            fputc('\n', out);
            margin(out, depth);
        } else if (unseen(c) && c != '\t')
            fprintf(out, "\\u{%" PRIX32 "}", c);
        else
            (void)fwrite(s.p + from, 1, i - from, out);
    }
}

void verify_text_say(struct rb_slice text, FILE *out) {
    margin(out, 0);
    say_text(text, 0, out);
    fputc('\n', out);
}

/* ---- both ---------------------------------------------------------------------------------------
 */

static void begin(struct walk *w, const char *key, char c) {
    if (w->json != NULL) {
        vj_open(w->json, key, c);
    } else if (w->depth++ > 0) { /* the body itself needs no line */
        margin(w->text, w->depth - 2);
        fprintf(w->text, "%s\n", key == NULL ? "-" : key);
    }
}

static void end(struct walk *w, char c) {
    if (w->json != NULL)
        vj_close(w->json, c);
    else
        w->depth--;
}

/* `bare`: a number, true, null */
static void value(struct walk *w, const char *key, struct rb_slice v, bool bare) {
    if (w->json != NULL && bare) {
        vj_next(w->json, key);
        (void)fwrite(v.p, 1, v.n, w->json->out);
    } else if (w->json != NULL) {
        vj_slice(w->json, key, v);
    } else {
        margin(w->text, w->depth - 1);
        fprintf(w->text, "%s%s ", key == NULL ? "-" : key, key == NULL ? "" : ":");
        say_text(v, w->depth, w->text);
        fputc('\n', w->text);
    }
}

/* ---- values -------------------------------------------------------------------------------------
 */

static uint64_t size_of(int64_t v) {
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* v / 10^places, exactly */
static void put_decimal(struct rb_writer *w, int64_t v, unsigned places) {
    uint64_t unit = 1;
    for (unsigned i = 0; i < places; i++)
        unit *= 10;
    if (v < 0) rb_put_u8(w, '-');
    rb_put_dec(w, size_of(v) / unit);
    uint64_t rest = size_of(v) % unit;
    if (rest == 0) return;
    rb_put_u8(w, '.');
    for (; rest > 0; rest = rest * 10 % unit)
        rb_put_u8(w, (uint8_t)('0' + rest * 10 / unit));
}

static void put_span(struct rb_writer *w, uint64_t ms) {
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (ms % units[i].ms != 0)
        i++;
    rb_put_dec(w, ms / units[i].ms);
    rb_put_z(w, units[i].unit);
}

static enum rb_err put_uint(const struct rb_field *f, struct rb_reader *r, struct rb_writer *w,
                            bool *bare) {
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(r, &v));
    *bare = f->type == RB_F_UINT || f->type == RB_F_MEMBER;
    if (*bare) rb_put_dec(w, v);
    if (f->type == RB_F_TIME) rb_put_rfc3339(w, (int64_t)v);
    if (f->type == RB_F_SPAN) put_span(w, v);
    for (const struct rb_enum_name *n = f->names; f->type == RB_F_ENUM && n->name != NULL; n++)
        if (n->value == v) rb_put_z(w, n->name);
    return RB_OK;
}

static enum rb_err put_int(const struct rb_field *f, struct rb_reader *r, struct rb_writer *w,
                           bool *bare) {
    int64_t v = 0;
    RB_TRY(rb_cbor_get_int(r, &v));
    *bare = f->type == RB_F_INT;
    if (f->type == RB_F_DEG)
        put_decimal(w, v, 9);
    else
        put_decimal(w, v, f->type == RB_F_MM ? 3 : 0);
    if (f->type == RB_F_MM) rb_put_z(w, " m");
    return RB_OK;
}

static enum rb_err put_bool(struct rb_reader *r, struct rb_writer *w, bool *bare) {
    bool v = false;
    RB_TRY(rb_cbor_get_bool(r, &v));
    rb_put_z(w, v ? "true" : "false");
    *bare = true;
    return RB_OK;
}

/* bytes: hashes and keys in hex, others in base64 */
static enum rb_err put_bytes(const struct rb_field *f, struct rb_reader *r, struct rb_writer *w,
                             bool *bare) {
    struct rb_slice v;
    *bare = rb_cbor_get_null(r) == RB_OK;
    if (*bare) {
        rb_put_z(w, "null");
        return RB_OK;
    }
    RB_TRY(rb_cbor_get_bytes(r, &v));
    if (f->type == RB_F_BYTES || f->type == RB_F_SIG)
        rb_put_base64(w, v.p, v.n);
    else
        rb_put_hex(w, v.p, v.n);
    return RB_OK;
}

static enum rb_err walk_fields(struct walk *w, const struct rb_schema *s, bool tuple,
                               struct rb_reader *r);

static enum rb_err walk_value(struct walk *w, const struct rb_field *f, const char *key,
                              struct rb_reader *r) {
    static uint8_t buf[RB_MAX_LEAF / 3 * 4 + 8];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    struct rb_slice text;
    bool bare = false;
    switch (f->type) {
    case RB_F_UINT:
    case RB_F_TIME:
    case RB_F_SPAN:
    case RB_F_ENUM:
    case RB_F_MEMBER:
        RB_TRY(put_uint(f, r, &o, &bare));
        break;
    case RB_F_INT:
    case RB_F_DEG:
    case RB_F_MM:
        RB_TRY(put_int(f, r, &o, &bare));
        break;
    case RB_F_BOOL:
        RB_TRY(put_bool(r, &o, &bare));
        break;
    case RB_F_BYTES:
    case RB_F_HASH:
    case RB_F_KEY:
    case RB_F_SIG:
    case RB_F_NULL_OR_HASH:
        RB_TRY(put_bytes(f, r, &o, &bare));
        break;
    case RB_F_NAME:
    case RB_F_TEXT:
        RB_TRY(rb_cbor_get_text(r, &text));
        value(w, key, text, false);
        return RB_OK;
    case RB_F_MAP:
    case RB_F_TUPLE:
        begin(w, key, '{');
        RB_TRY(walk_fields(w, f->sub, f->type == RB_F_TUPLE, r));
        end(w, '}');
        return RB_OK;
    }
    value(w, key, rb_written(&o), bare);
    return RB_OK;
}

static enum rb_err walk_field(struct walk *w, const struct rb_field *f, struct rb_reader *r) {
    size_t n = 0;
    if (!(f->flags & RB_FIELD_ARRAY)) return walk_value(w, f, f->name, r);
    RB_TRY(rb_cbor_get_array(r, f->max_n, &n));
    begin(w, f->name, '[');
    for (size_t i = 0; i < n; i++)
        RB_TRY(walk_value(w, f, NULL, r));
    end(w, ']');
    return RB_OK;
}

/* a map's fields stand by key, a tuple's by place, null where there is none */
static enum rb_err walk_fields(struct walk *w, const struct rb_schema *s, bool tuple,
                               struct rb_reader *r) {
    size_t n = 0;
    RB_TRY(tuple ? rb_cbor_get_array(r, s->n, &n) : rb_cbor_get_map(r, s->n, &n));
    for (size_t i = 0, at = 0; i < n; i++, at++) {
        uint64_t key = 0;
        if (!tuple) {
            RB_TRY(rb_cbor_get_uint(r, &key));
            while (at < s->n && s->fields[at].key != key)
                at++;
            if (at == s->n) return RB_ERR_INTERNAL; /* the schema was checked */
        } else if (!(s->fields[at].flags & RB_FIELD_REQUIRED) && rb_cbor_get_null(r) == RB_OK) {
            continue;
        }
        RB_TRY(walk_field(w, &s->fields[at], r));
    }
    return RB_OK;
}

static void walk(struct walk *w, const struct rb_schema *s, struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    begin(w, NULL, '{');
    (void)walk_fields(w, s, false, &r); /* cannot fail: the schema was checked */
    end(w, '}');
}

void verify_body_say(const struct rb_schema *s, struct rb_slice body, FILE *out) {
    struct walk w = {.text = out};
    walk(&w, s, body);
}

void verify_body_json(const struct rb_schema *s, struct rb_slice body, struct vj *j) {
    struct walk w = {.json = j};
    vj_next(j, "body");
    j->first = true; /* begin adds no comma behind the key */
    walk(&w, s, body);
}
