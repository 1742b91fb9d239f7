/* The pull reader for JSON, spec 12.1. */
#include "readback/json.h"
#include "readback/text.h"

enum { WANT_VALUE, WANT_FIRST, WANT_NAME, WANT_FIRST_NAME, WANT_REST, WANT_NOTHING };

static enum rb_err bad(struct rb_reject *rj, const char *what, size_t at) {
    return rb_reject(rj, RB_ERR_MALFORMED, "12.1.1", what, at);
}

/* the bytes end where more must come */
static enum rb_err ends_early(struct rb_json *j, struct rb_reject *rj) {
    j->cut = true;
    return bad(rj, "the JSON ends early", j->in.n);
}

struct rb_json rb_json_reader(struct rb_slice in) {
    return (struct rb_json){.in = in, .expect = WANT_VALUE};
}

static int look(struct rb_json *j) { /* next byte that is no white space, -1 at the end */
    for (; j->at < j->in.n; j->at++) {
        const uint8_t c = j->in.p[j->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
    }
    return -1;
}

static bool in_object(const struct rb_json *j) {
    return j->depth > 0 && (j->objects >> j->depth & 1) != 0;
}

static void after_value(struct rb_json *j) {
    j->expect = j->depth == 0 ? WANT_NOTHING : WANT_REST;
}

/* ---- strings ------------------------------------------------------------------------------------
 */

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* the four digits at p; -1 if they are none */
static int32_t hex4(const uint8_t *p) {
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const int d = hex_digit(p[i]);
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

/* the character escaped at p, of n bytes behind the backslash; *used of them. -1: no such escape,
 * -2: it may go on behind the end */
static int32_t escaped(const uint8_t *p, size_t n, size_t *used) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    *used = 1;
    if (n == 0) return -2;
    if (p[0] != 'u') {
        const char *found = p[0] == 0 ? NULL : strchr(from, p[0]);
        return found == NULL ? -1 : to[found - from];
    }
    if (n < 5) return -2;
    const int32_t high = hex4(p + 1);
    *used = 5;
    if (high < 0 || (high >= 0xdc00 && high < 0xe000)) return -1;
    if (high < 0xd800 || high >= 0xe000) return high;
    if (n < 11) return -2;
    const int32_t low = p[5] == '\\' && p[6] == 'u' ? hex4(p + 7) : -1;
    *used = 11;
    if (low < 0xdc00 || low > 0xdfff) return -1; /* half a character */
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void put_utf8(struct rb_writer *w, uint32_t c) {
    if (c < 0x80) {
        rb_put_u8(w, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        rb_put_u8(w, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            rb_put_u8(w, (uint8_t)(0xe0 | c >> 12));
        } else {
            rb_put_u8(w, (uint8_t)(0xf0 | c >> 18));
            rb_put_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        rb_put_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    rb_put_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
}

/* from the opening quote on */
static enum rb_err string(struct rb_json *j, struct rb_slice *raw, struct rb_reject *rj) {
    const size_t from = ++j->at;
    while (j->at < j->in.n && j->in.p[j->at] != '"') {
        const uint8_t c = j->in.p[j->at++];
        size_t used = 0;
        if (c < 0x20) return bad(rj, "a control character in a string", j->at - 1);
        if (c != '\\') continue;
        const int32_t v = escaped(j->in.p + j->at, j->in.n - j->at, &used);
        if (v == -2) return ends_early(j, rj);
        if (v < 0) return bad(rj, "an escape that JSON does not have", j->at - 1);
        j->at += used;
    }
    if (j->at == j->in.n) return ends_early(j, rj);
    *raw = rb_slice_sub(j->in, from, j->at++);
    return rb_utf8_ok(*raw) ? RB_OK : bad(rj, "not UTF-8", from);
}

void rb_json_put_plain(struct rb_writer *w, struct rb_slice raw) {
    for (size_t i = 0; i < raw.n; i++) {
        size_t used = 0;
        if (raw.p[i] != '\\') {
            rb_put_u8(w, raw.p[i]);
            continue;
        }
        put_utf8(w, (uint32_t)escaped(raw.p + i + 1, raw.n - i - 1, &used));
        i += used;
    }
}

bool rb_json_is(const struct rb_json_token *t, const char *z) {
    const size_t n = strlen(z);
    uint8_t plain[64];
    struct rb_writer w = rb_writer(plain, sizeof plain);
    if (t->type != RB_JSON_NAME && t->type != RB_JSON_STRING) return false;
    if (memchr(t->raw.p, '\\', t->raw.n) == NULL) return rb_slice_is(t->raw, z);
    if (n > sizeof plain || t->raw.n > 6 * sizeof plain) return false; /* none so long is asked */
    rb_json_put_plain(&w, t->raw);
    return !w.over && rb_slice_is(rb_written(&w), z);
}

/* ---- the other values ---------------------------------------------------------------------------
 */

static size_t digits(const struct rb_json *j, size_t at) {
    while (at < j->in.n && j->in.p[at] >= '0' && j->in.p[at] <= '9')
        at++;
    return at;
}

static uint8_t byte_at(const struct rb_json *j, size_t at) {
    return at < j->in.n ? j->in.p[at] : 0;
}

/* digits must stand at *at */
static enum rb_err some_digits(struct rb_json *j, size_t *at, struct rb_reject *rj) {
    const size_t end = digits(j, *at);
    if (end == *at) return end == j->in.n ? ends_early(j, rj) : bad(rj, "a digit is missing", end);
    *at = end;
    return RB_OK;
}

static enum rb_err number(struct rb_json *j, struct rb_slice *raw, struct rb_reject *rj) {
    size_t at = j->at;
    if (byte_at(j, at) == '-') at++;
    const size_t first = at;
    RB_TRY(some_digits(j, &at, rj));
    if (j->in.p[first] == '0' && at - first > 1)
        return bad(rj, "a number that begins with 0", first);
    if (byte_at(j, at) == '.') {
        at++;
        RB_TRY(some_digits(j, &at, rj));
    }
    if (byte_at(j, at) == 'e' || byte_at(j, at) == 'E') {
        at++;
        if (byte_at(j, at) == '+' || byte_at(j, at) == '-') at++;
        RB_TRY(some_digits(j, &at, rj));
    }
    *raw = rb_slice_sub(j->in, j->at, at);
    j->at = at;
    return RB_OK;
}

static enum rb_err word(struct rb_json *j, const char *z, struct rb_reject *rj) {
    const size_t n = strlen(z), left = j->in.n - j->at;
    if (memcmp(j->in.p + j->at, z, left < n ? left : n) != 0)
        return bad(rj, "no value of JSON", j->at);
    if (left < n) return ends_early(j, rj);
    j->at += n;
    return RB_OK;
}

static enum rb_err open_group(struct rb_json *j, bool object, struct rb_reject *rj) {
    if (j->depth == RB_MAX_JSON_DEPTH)
        return rb_reject(rj, RB_ERR_LIMIT, "12.1.2", "objects and lists too deep in one another",
                         j->at);
    j->at++;
    j->depth++;
    j->objects = object ? j->objects | 1ull << j->depth : j->objects & ~(1ull << j->depth);
    j->expect = object ? WANT_FIRST_NAME : WANT_FIRST;
    return RB_OK;
}

static enum rb_json_type type_of(int c) {
    switch (c) {
    case '{':
        return RB_JSON_OBJECT;
    case '[':
        return RB_JSON_ARRAY;
    case '"':
        return RB_JSON_STRING;
    case 't':
        return RB_JSON_TRUE;
    case 'f':
        return RB_JSON_FALSE;
    case 'n':
        return RB_JSON_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? RB_JSON_NUMBER : RB_JSON_END;
    }
}

static enum rb_err value(struct rb_json *j, int c, struct rb_json_token *t, struct rb_reject *rj) {
    enum rb_err e = RB_OK;
    t->type = type_of(c);
    if (t->type == RB_JSON_OBJECT || t->type == RB_JSON_ARRAY)
        return open_group(j, t->type == RB_JSON_OBJECT, rj);
    if (t->type == RB_JSON_STRING)
        e = string(j, &t->raw, rj);
    else if (t->type == RB_JSON_NUMBER)
        e = number(j, &t->raw, rj);
    else if (t->type == RB_JSON_END)
        e = bad(rj, "no value of JSON", j->at);
    else
        e = word(j, c == 't' ? "true" : c == 'f' ? "false" : "null", rj);
    if (e == RB_OK) after_value(j);
    return e;
}

static enum rb_err name(struct rb_json *j, int c, struct rb_json_token *t, struct rb_reject *rj) {
    if (c != '"') return bad(rj, "a name is missing", j->at);
    t->type = RB_JSON_NAME;
    RB_TRY(string(j, &t->raw, rj));
    const int colon = look(j);
    if (colon < 0) return ends_early(j, rj);
    if (colon != ':') return bad(rj, "':' is missing", j->at);
    j->at++;
    j->expect = WANT_VALUE;
    return RB_OK;
}

static enum rb_err close(struct rb_json *j, struct rb_json_token *t) {
    t->type = in_object(j) ? RB_JSON_OBJECT_END : RB_JSON_ARRAY_END;
    j->at++;
    j->depth--;
    after_value(j);
    return RB_OK;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

/* takes the comma before what comes next; *closes: a bracket comes instead */
static enum rb_err step(struct rb_json *j, int *c, bool *closes, struct rb_reject *rj) {
    const int closing = in_object(j) ? '}' : ']';
    *closes = j->expect != WANT_VALUE && j->expect != WANT_NAME && *c == closing;
    if (*closes || j->expect != WANT_REST) return RB_OK;
    if (*c != ',') return bad(rj, "',' or the end of a list is missing", j->at);
    j->at++;
    j->expect = in_object(j) ? WANT_NAME : WANT_VALUE;
    *c = look(j);
    return *c < 0 ? ends_early(j, rj) : RB_OK;
}

enum rb_err rb_json_next(struct rb_json *j, struct rb_json_token *out, struct rb_reject *rj) {
    struct rb_json_token t = {.type = RB_JSON_END};
    bool closes = false;
    int c = look(j);
    if (j->expect == WANT_NOTHING) {
        if (c >= 0) return bad(rj, "more behind the end", j->at);
        t.at = j->at;
        *out = t;
        return RB_OK;
    }
    if (c < 0) return ends_early(j, rj);
    RB_TRY(step(j, &c, &closes, rj));
    t.at = j->at;
    if (closes)
        RB_TRY(close(j, &t));
    else if (j->expect == WANT_NAME || j->expect == WANT_FIRST_NAME)
        RB_TRY(name(j, c, &t, rj));
    else
        RB_TRY(value(j, c, &t, rj));
    *out = t;
    return RB_OK;
}

enum rb_json_type rb_json_peek(struct rb_json *j) {
    struct rb_json ahead = *j;
    int c = look(&ahead);
    if (ahead.expect == WANT_REST && !in_object(j) && c == ',') {
        ahead.at++;
        c = look(&ahead);
        ahead.expect = WANT_VALUE;
    }
    return ahead.expect == WANT_VALUE || ahead.expect == WANT_FIRST ? type_of(c) : RB_JSON_END;
}

enum rb_err rb_json_value(struct rb_json *j, struct rb_slice *out, struct rb_reject *rj) {
    const unsigned depth = j->depth;
    struct rb_json_token t;
    RB_TRY(rb_json_next(j, &t, rj));
    const size_t from = t.at;
    while (j->depth > depth)
        RB_TRY(rb_json_next(j, &t, rj));
    *out = rb_slice_sub(j->in, from, j->at);
    return RB_OK;
}

enum rb_err rb_json_skip(struct rb_json *j, struct rb_reject *rj) {
    struct rb_slice value;
    return rb_json_value(j, &value, rj);
}

enum rb_err rb_json_take(struct rb_json *j, enum rb_json_type type, struct rb_json_token *out,
                         struct rb_reject *rj) {
    RB_TRY(rb_json_next(j, out, rj));
    if (out->type == type) return RB_OK;
    return rb_reject(rj, RB_ERR_MALFORMED, "12.1.5", "another kind of value than belongs here",
                     out->at);
}

enum rb_err rb_json_member(struct rb_json *j, const char *const *names, size_t n, uint64_t *seen,
                           size_t *which, struct rb_reject *rj) {
    struct rb_json_token t;
    RB_TRY(rb_json_next(j, &t, rj));
    *which = t.type == RB_JSON_NAME ? n : RB_JSON_NO_MORE;
    if (t.type != RB_JSON_NAME) return RB_OK;
    for (size_t i = 0; i < n; i++) {
        if (!rb_json_is(&t, names[i])) continue;
        if (*seen >> i & 1)
            return rb_reject(rj, RB_ERR_MALFORMED, "12.1.3", "a name twice in one object", t.at);
        *seen |= 1ull << i;
        *which = i;
        return RB_OK;
    }
    return RB_OK;
}

enum rb_err rb_json_more(struct rb_json *j, bool *more, struct rb_reject *rj) {
    struct rb_json_token t;
    const int c = look(j);
    *more = !((j->expect == WANT_FIRST || j->expect == WANT_REST) && c == ']');
    return *more ? RB_OK : rb_json_next(j, &t, rj);
}

enum rb_err rb_json_text(struct rb_json *j, struct rb_arena *a, struct rb_slice *out,
                         struct rb_reject *rj) {
    struct rb_json_token t;
    RB_TRY(rb_json_take(j, RB_JSON_STRING, &t, rj));
    uint8_t *p = rb_arena_alloc(a, t.raw.n + 1);
    if (p == NULL) return rb_reject(rj, RB_ERR_LIMIT, "12.1.2", "too long", t.at);
    struct rb_writer w = rb_writer(p, t.raw.n);
    rb_json_put_plain(&w, t.raw);
    return rb_writer_done(&w, out);
}
