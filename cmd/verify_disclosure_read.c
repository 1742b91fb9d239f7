/* The JSON of a disclosure (9.7.2), read strictly and only as far as this one form needs it. Every
 * name is known, none comes twice, and depth follows from the tables below. */
#include <assert.h>
#include <stddef.h>
#include "cmd/verify_adoption.h"
#include "readback/json.h"

#define MAX_FIELDS 16

struct reader {
    struct vd *d;
    struct rb_json j;
    size_t nth; /* place of the value being read in its object */
};
struct field {
    const char *name;
    bool (*take)(struct reader *r, void *to);
    size_t offset;
    bool required;
};
#define FIELDS(f) (f), sizeof(f) / sizeof *(f)

static bool bad_at(const struct reader *r, const char *words, size_t at) {
    verify_bad(r->d->v, "", "9.7.2", "%s (byte %zu)", words, at);
    return false;
}

static bool bad(const struct reader *r, const char *words) {
    return bad_at(r, words, r->j.at);
}

static bool take(struct reader *r, enum rb_json_type type, struct rb_json_token *t) {
    struct rb_reject rj = {0};
    if (rb_json_take(&r->j, type, t, &rj) == RB_OK) return true;
    return bad_at(r, rj.what, (size_t)rj.offset);
}

static bool string(struct reader *r, struct rb_slice *out) {
    struct rb_reject rj = {0};
    if (rb_json_text(&r->j, r->d->a, out, &rj) == RB_OK) return true;
    return bad_at(r, rj.what, (size_t)rj.offset);
}

/* ---- objects and lists --------------------------------------------------------------------------
 */

static bool object(struct reader *r, const struct field *f, size_t n, void *base) {
    const char *names[MAX_FIELDS];
    struct rb_reject rj = {0};
    struct rb_json_token t;
    uint64_t seen = 0;
    assert(n <= MAX_FIELDS);
    for (size_t i = 0; i < n; i++)
        names[i] = f[i].name;
    if (!take(r, RB_JSON_OBJECT, &t)) return false;
    for (size_t nth = 0, which = 0;; nth++) {
        if (rb_json_member(&r->j, names, n, &seen, &which, &rj) != RB_OK)
            return bad_at(r, rj.what, (size_t)rj.offset);
        if (which == RB_JSON_NO_MORE) break;
        if (which == n) return bad(r, "a name that a disclosure does not have");
        r->nth = nth;
        if (!f[which].take(r, (uint8_t *)base + f[which].offset)) return false;
    }
    for (size_t i = 0; i < n; i++)
        if (f[i].required && !(seen >> i & 1)) {
            verify_bad(r->d->v, f[i].name, "9.7.2", "missing");
            return false;
        }
    return true;
}

static bool list(struct reader *r, size_t max, uint8_t *first, size_t each, size_t *count,
                 bool (*take_one)(struct reader *r, void *to)) {
    struct rb_json_token t;
    struct rb_reject rj = {0};
    bool more = false;
    if (!take(r, RB_JSON_ARRAY, &t)) return false;
    for (*count = 0;; ++*count) {
        if (rb_json_more(&r->j, &more, &rj) != RB_OK) return bad_at(r, rj.what, (size_t)rj.offset);
        if (!more) return true;
        if (*count == max) return bad(r, "a list that is too long");
        if (!take_one(r, first + *count * each)) return false;
    }
}

/* ---- values -------------------------------------------------------------------------------------
 */

static bool take_uint(struct reader *r, void *to) {
    struct rb_json_token t;
    if (!take(r, RB_JSON_NUMBER, &t)) return false;
    return rb_dec_decode(t.raw, to) == RB_OK || bad_at(r, "not a whole number", t.at);
}

static bool take_text(struct reader *r, void *to) {
    return string(r, to);
}

static bool take_base64(struct reader *r, void *to) {
    struct rb_slice s, *out = to;
    const size_t at = r->j.at;
    size_t n = 0;
    if (!string(r, &s)) return false;
    uint8_t *p = rb_arena_alloc(r->d->a, s.n / 4 * 3 + 3);
    if (p == NULL) return bad(r, "too long");
    if (rb_base64_decode(s, p, s.n / 4 * 3 + 3, &n) != RB_OK)
        return bad_at(r, "not base64 in its one spelling", at);
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
    struct rb_json_token t;
    if (rb_json_next(&r->j, &t, NULL) != RB_OK || t.type != RB_JSON_TRUE)
        return bad(r, "\"exercise\" is true or not there");
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

/* ---- one disclosure -----------------------------------------------------------------------------
 */

static bool take_version(const struct reader *r, const char *name, uint64_t version) {
    if (version == 1) return true;
    verify_bad(r->d->v, name, "9.7.2", "a version that this program does not know");
    return false;
}

static bool take_one(struct reader *r) {
    struct vd_file *f = &r->d->f;
    f->witnesses = rb_arena_array(r->d->a, RB_MAX_MEMBERS, sizeof *f->witnesses);
    f->parts = rb_arena_array(r->d->a, RB_MAX_COMMITMENTS, sizeof *f->parts);
    if (f->witnesses == NULL || f->parts == NULL) return bad(r, "no memory");
    return take_file(r, f) && take_version(r, "readback-disclosure", f->version);
}

bool vd_read(struct vd *d, struct rb_slice json) {
    struct reader r = {.d = d, .j = rb_json_reader(json)};
    struct rb_json_token end;
    if (json.n > VD_MAX_FILE) return bad(&r, "larger than 16 MiB");
    return take_one(&r) && take(&r, RB_JSON_END, &end);
}

/* ---- a text with what was said of it ------------------------------------------------------------
 */

static bool take_disclosure(struct reader *r, void *to) {
    struct vd *outer = r->d, *d = rb_arena_array(outer->a, 1, sizeof *d);
    if (d == NULL) return bad(r, "no memory");
    *d = (struct vd){.v = outer->v, .a = outer->a};
    *(struct vd **)to = d;
    r->d = d;
    const bool ok = take_one(r);
    r->d = outer;
    return ok;
}

static bool take_charters(struct reader *r, void *to) {
    struct va_file *f = to;
    return list(r, VA_MAX_CHARTERS, (uint8_t *)f->charter, sizeof *f->charter, &f->charter_n,
                take_disclosure);
}

static bool take_positions(struct reader *r, void *to) {
    struct va_file *f = to;
    return list(r, VA_MAX_POSITIONS, (uint8_t *)f->position, sizeof *f->position, &f->position_n,
                take_disclosure);
}

bool va_read(struct vd *outer, struct rb_slice json, struct va_file *to) {
    static const struct field f[] = {
        {"exercise", take_exercise, offsetof(struct va_file, exercise), false},
        {"readback-adoption", take_uint, offsetof(struct va_file, version), true},
        {"charter", take_charters, 0, true},
        {"text", take_disclosure, offsetof(struct va_file, text), true},
        {"positions", take_positions, 0, true}};
    struct reader r = {.d = outer, .j = rb_json_reader(json)};
    struct rb_json_token end;
    if (json.n > VD_MAX_FILE) return bad(&r, "larger than 16 MiB");
    return object(&r, FIELDS(f), to) && take(&r, RB_JSON_END, &end) &&
           take_version(&r, "readback-adoption", to->version);
}

bool va_is(struct rb_slice json) {
    static const char *const names[] = {"readback-adoption"};
    struct rb_json j = rb_json_reader(json);
    struct rb_json_token t;
    uint64_t seen = 0;
    size_t which = 0;
    if (json.n > VD_MAX_FILE || rb_json_take(&j, RB_JSON_OBJECT, &t, NULL) != RB_OK) return false;
    while (rb_json_member(&j, names, 1, &seen, &which, NULL) == RB_OK && which != RB_JSON_NO_MORE) {
        if (which == 0) return true;
        if (rb_json_skip(&j, NULL) != RB_OK) break;
    }
    return false;
}
