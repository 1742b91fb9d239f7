/* The JSON of a disclosure (9.7.2), read strictly and only as far as this one form needs it: this
 * program links no library but the core. Every name is known, none comes twice, and depth follows
 * from the tables below. */
#include <stddef.h>
#include "cmd/verify_disclosure.h"

struct reader {
    struct vd *d;
    struct rb_slice in;
    size_t at;
    size_t nth; /* place of the value being read in its object */
};
struct field {
    const char *name;
    bool (*take)(struct reader *r, void *to);
    size_t offset;
    bool required;
};
#define FIELDS(f) (f), sizeof(f) / sizeof *(f)

static bool bad(const struct reader *r, const char *words) {
    verify_bad(r->d->v, "", "9.7.2", "%s (byte %zu)", words, r->at);
    return false;
}

/* ---- JSON ---------------------------------------------------------------------------------------
 */

static int look(struct reader *r) { /* next byte that is no white space, -1 at the end */
    for (; r->at < r->in.n; r->at++) {
        const uint8_t c = r->in.p[r->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
    }
    return -1;
}

static bool expect(struct reader *r, char c) {
    char words[] = "'?' is missing";
    if (look(r) == c) {
        r->at++;
        return true;
    }
    words[1] = c;
    return bad(r, words);
}

static bool may(struct reader *r, char c) {
    if (look(r) != c) return false;
    r->at++;
    return true;
}

static bool hex4(struct reader *r, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        const int c = r->at < r->in.n ? r->in.p[r->at] : 0;
        if (c >= '0' && c <= '9')
            *out = *out * 16 + (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *out = *out * 16 + (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            *out = *out * 16 + (uint32_t)(c - 'A' + 10);
        else
            return bad(r, "an escape without four digits");
    }
    return true;
}

static void put_utf8(struct rb_writer *w, uint32_t c) {
    if (c < 0x80) {
        rb_put_u8(w, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        rb_put_u8(w, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000)
            rb_put_u8(w, (uint8_t)(0xe0 | c >> 12));
        else {
            rb_put_u8(w, (uint8_t)(0xf0 | c >> 18));
            rb_put_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        rb_put_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    rb_put_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
}

static bool unicode(struct reader *r, struct rb_writer *w) {
    uint32_t c = 0, low = 0;
    if (!hex4(r, &c)) return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->in.n - r->at < 6 || r->in.p[r->at] != '\\' || r->in.p[r->at + 1] != 'u')
            return bad(r, "half a character");
        r->at += 2;
        if (!hex4(r, &low)) return false;
        if (low < 0xdc00 || low > 0xdfff) return bad(r, "half a character");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
        return bad(r, "half a character");
    }
    put_utf8(w, c);
    return true;
}

static bool escape(struct reader *r, struct rb_writer *w) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const int c = r->at < r->in.n ? r->in.p[r->at++] : 0;
    if (c == 'u') return unicode(r, w);
    const char *p = c == 0 ? NULL : strchr(from, c);
    if (p == NULL) return bad(r, "an unknown escape");
    rb_put_u8(w, (uint8_t)to[p - from]);
    return true;
}

/* *room: bytes that the string takes at most */
static bool string_room(struct reader *r, size_t *room) {
    if (!expect(r, '"')) return false;
    for (size_t i = r->at; i < r->in.n; i++) {
        if (r->in.p[i] == '"') {
            *room = i - r->at;
            return true;
        }
        if (r->in.p[i] == '\\') i++;
    }
    return bad(r, "a string without an end");
}

static bool string(struct reader *r, struct rb_slice *out) {
    size_t room = 0;
    if (!string_room(r, &room)) return false;
    uint8_t *p = rb_arena_alloc(r->d->a, room + 1);
    if (p == NULL) return bad(r, "too long");
    struct rb_writer w = rb_writer(p, room);
    while (r->in.p[r->at] != '"') {
        const uint8_t c = r->in.p[r->at++];
        if (c < 0x20) return bad(r, "a control character in a string");
        if (c != '\\')
            rb_put_u8(&w, c);
        else if (!escape(r, &w))
            return false;
    }
    r->at++;
    *out = rb_written(&w);
    return true;
}

/* ---- objects and lists --------------------------------------------------------------------------
 */

static bool member(struct reader *r, const struct field *f, size_t n, void *base, uint32_t *seen) {
    struct rb_slice name;
    const size_t at = r->at;
    if (!string(r, &name)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!rb_slice_is(name, f[i].name)) continue;
        if (*seen >> i & 1) {
            r->at = at;
            return bad(r, "a name twice in one object");
        }
        *seen |= 1u << i;
        return expect(r, ':') && f[i].take(r, (uint8_t *)base + f[i].offset);
    }
    r->at = at;
    return bad(r, "a name that a disclosure does not have");
}

static bool object(struct reader *r, const struct field *f, size_t n, void *base) {
    uint32_t seen = 0;
    if (!expect(r, '{')) return false;
    if (!may(r, '}')) {
        size_t nth = 0;
        do {
            r->nth = nth++;
            if (!member(r, f, n, base, &seen)) return false;
        } while (may(r, ','));
        if (!expect(r, '}')) return false;
    }
    for (size_t i = 0; i < n; i++)
        if (f[i].required && !(seen >> i & 1)) {
            verify_bad(r->d->v, f[i].name, "9.7.2", "missing");
            return false;
        }
    return true;
}

static bool list(struct reader *r, size_t max, uint8_t *first, size_t each, size_t *count,
                 bool (*take)(struct reader *r, void *to)) {
    *count = 0;
    if (!expect(r, '[')) return false;
    if (may(r, ']')) return true;
    do {
        if (*count == max) return bad(r, "a list that is too long");
        if (!take(r, first + *count * each)) return false;
        ++*count;
    } while (may(r, ','));
    return expect(r, ']');
}

/* ---- values -------------------------------------------------------------------------------------
 */

static bool take_uint(struct reader *r, void *to) {
    if (look(r) < 0) return bad(r, "a number is missing");
    const size_t from = r->at;
    while (r->at < r->in.n && r->in.p[r->at] >= '0' && r->in.p[r->at] <= '9')
        r->at++;
    if (rb_dec_decode(rb_slice_sub(r->in, from, r->at), to) == RB_OK) return true;
    r->at = from;
    return bad(r, "not a whole number");
}

static bool take_text(struct reader *r, void *to) {
    return string(r, to);
}

static bool take_base64(struct reader *r, void *to) {
    struct rb_slice s, *out = to;
    const size_t at = r->at;
    size_t n = 0;
    if (!string(r, &s)) return false;
    uint8_t *p = rb_arena_alloc(r->d->a, s.n / 4 * 3 + 3);
    if (p == NULL) return bad(r, "too long");
    if (rb_base64_decode(s, p, s.n / 4 * 3 + 3, &n) != RB_OK) {
        r->at = at;
        return bad(r, "not base64 in its one spelling");
    }
    *out = rb_slice(p, n);
    return true;
}

static bool take_hash(struct reader *r, void *to) {
    struct rb_slice s;
    if (!string(r, &s)) return false;
    return rb_hex_decode(s, to, RB_HASH_LEN) == RB_OK || bad(r, "not 64 digits of lower-case hex");
}

static bool take_exercise(struct reader *r, void *to) {
    if (r->nth != 0) return bad(r, "\"exercise\" is not the first name in the file");
    if (look(r) < 0 || !rb_slice_is(rb_slice_sub(r->in, r->at, r->at + 4), "true"))
        return bad(r, "\"exercise\" is true or not there");
    r->at += 4;
    *(bool *)to = true;
    return true;
}

static bool take_level(struct reader *r, void *to) {
    static const char *const names[] = {"whole", "paragraphs", "fact", "hash"};
    struct rb_slice s;
    if (!string(r, &s)) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (rb_slice_is(s, names[i])) {
            *(enum vd_level *)to = (enum vd_level)i;
            return true;
        }
    return bad(r, "no such level");
}

static bool take_leaf(struct reader *r, void *to) {
    r->d->f.has_leaf = true;
    return take_base64(r, to);
}

/* ---- parts of the file --------------------------------------------------------------------------
 */

static bool take_statements(struct reader *r, void *to) {
    struct vd_party *p = to;
    return list(r, VD_MAX_STATEMENTS, (uint8_t *)p->statements, sizeof *p->statements,
                &p->statements_n, take_base64);
}

static bool take_author(struct reader *r, void *to) {
    static const struct field f[] = {
        {"card", take_base64, offsetof(struct vd_party, card), true},
        {"delegation", take_base64, offsetof(struct vd_party, delegation), true},
        {"statements", take_statements, 0, true}};
    return object(r, FIELDS(f), to);
}

static bool take_witness(struct reader *r, void *to) {
    static const struct field f[] = {{"card", take_base64, offsetof(struct vd_party, card), true},
                                     {"statements", take_statements, 0, true}};
    return object(r, FIELDS(f), to);
}

static bool take_witnesses(struct reader *r, void *to) {
    struct vd_file *f = to;
    return list(r, RB_MAX_MEMBERS - 1, (uint8_t *)f->witnesses, sizeof *f->witnesses,
                &f->witnesses_n, take_witness);
}

static bool take_plain(struct reader *r, void *to) {
    struct vd_part *p = to;
    p->has_plain = true;
    return take_base64(r, &p->plain);
}

static bool take_part(struct reader *r, void *to) {
    static const struct field f[] = {{"part", take_uint, offsetof(struct vd_part, part), true},
                                     {"salt", take_hash, offsetof(struct vd_part, salt), true},
                                     {"plaintext", take_plain, 0, false}};
    _Static_assert(RB_SALT_LEN == RB_HASH_LEN, "a salt is read like a hash");
    return object(r, FIELDS(f), to);
}

static bool take_parts(struct reader *r, void *to) {
    struct vd_file *f = to;
    return list(r, RB_MAX_COMMITMENTS, (uint8_t *)f->parts, sizeof *f->parts, &f->parts_n,
                take_part);
}

static bool take_file(struct reader *r, struct vd_file *to) {
    static const struct field f[] = {
        {"exercise", take_exercise, offsetof(struct vd_file, exercise), false},
        {"readback-disclosure", take_uint, offsetof(struct vd_file, version), true},
        {"level", take_level, offsetof(struct vd_file, level), true},
        {"origin", take_text, offsetof(struct vd_file, origin), true},
        {"index", take_uint, offsetof(struct vd_file, index), true},
        {"size", take_uint, offsetof(struct vd_file, size), true},
        {"leaf-hash", take_hash, offsetof(struct vd_file, leaf_hash), true},
        {"leaf", take_leaf, offsetof(struct vd_file, leaf), false},
        {"proof", take_text, offsetof(struct vd_file, proof), true},
        {"author", take_author, offsetof(struct vd_file, author), true},
        {"witnesses", take_witnesses, 0, true},
        {"parts", take_parts, 0, true}};
    return object(r, FIELDS(f), to);
}

bool vd_read(struct vd *d, struct rb_slice json) {
    struct reader r = {.d = d, .in = json};
    if (json.n > VD_MAX_FILE) return bad(&r, "larger than 16 MiB");
    if (!rb_utf8_ok(json)) return bad(&r, "not UTF-8");
    d->f.witnesses = rb_arena_array(d->a, RB_MAX_MEMBERS, sizeof *d->f.witnesses);
    d->f.parts = rb_arena_array(d->a, RB_MAX_COMMITMENTS, sizeof *d->f.parts);
    if (d->f.witnesses == NULL || d->f.parts == NULL) return bad(&r, "no memory");
    if (!take_file(&r, &d->f)) return false;
    if (look(&r) >= 0) return bad(&r, "more behind the object's end");
    if (d->f.version == 1) return true;
    verify_bad(d->v, "readback-disclosure", "9.7.2", "a version that this program does not know");
    return false;
}
