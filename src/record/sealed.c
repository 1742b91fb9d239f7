/* The head of a closed body's plaintext and the commitments to its parts, spec 9.1. What a
 * recipient opens was written by somebody else: form, grammar, padding and commitments are judged
 * before anything of it is believed. Refusals never repeat a word of it. */
#include <assert.h>

#include "form.h"
#include "readback/sealed.h"

#define TEXT_PARAGRAPHS 3u           /* key of the text's table, spec 3.6.19 */
#define SALT_ITEM (2u + RB_SALT_LEN) /* 58 20 and the salt; a hash has the same form */
#define HEAD_ITEMS 3u                /* salts, body, padding */
#define HEADING_MAP_MAX 23u          /* keys of a map whose head is one byte */

_Static_assert(RB_SALT_LEN == RB_HASH_LEN, "salts and commitments are read alike");
_Static_assert(RB_MAX_COMMITMENTS == RB_MAX_PARAGRAPHS + 1, "a heading and the paragraphs");
_Static_assert(RB_MAX_HEAD % RB_SEALED_PAD == 0, "the longest head is one that can be");

/* ---- parts ---------------------------------------------------------------------------------- */

/* the reader at the first of n paragraphs */
static enum rb_err open_paragraphs(struct rb_slice body, struct rb_reader *r, size_t *n) {
    RB_TRY(rb_cbor_find(body, TEXT_PARAGRAPHS, r));
    return rb_cbor_get_array(r, RB_MAX_PARAGRAPHS, n);
}

/* of a body that its grammar has passed */
static size_t count_parts(enum rb_kind kind, struct rb_slice body) {
    struct rb_reader r;
    size_t n = 0;
    if (kind == RB_KIND_ATTACHMENT) return 2;
    if (kind != RB_KIND_TEXT) return 1;
    return open_paragraphs(body, &r, &n) == RB_OK ? n + 1 : 0;
}

size_t rb_sealed_parts(enum rb_kind kind, struct rb_slice body) {
    if (rb_kind_always_open(kind) || rb_body_check(kind, body, NULL) != RB_OK) return 0;
    return count_parts(kind, body);
}

/* The heading is the body map without its paragraphs: a map's head with one key less, what stands
 * before key 3, what stands behind its value. */
struct heading {
    uint8_t map;
    struct rb_slice before, after;
};
static enum rb_err find_heading(struct rb_slice body, struct heading *out) {
    struct rb_reader keys = rb_reader(body), value;
    size_t n = 0;
    RB_TRY(rb_cbor_get_map(&keys, HEADING_MAP_MAX, &n));
    RB_TRY(rb_cbor_find(body, TEXT_PARAGRAPHS, &value));
    out->map = (uint8_t)(0xa0u | (n - 1));
    out->before = rb_slice_sub(body, keys.at, value.at - 1); /* the key is one byte */
    RB_TRY(rb_cbor_skip(&value, NULL));
    out->after = rb_slice_sub(body, value.at, body.n);
    return RB_OK;
}

static enum rb_err make_heading(struct rb_slice body, struct rb_arena *a, struct rb_slice *out) {
    struct heading h;
    RB_TRY(find_heading(body, &h));
    size_t n = 1 + h.before.n + h.after.n;
    uint8_t *p = rb_arena_alloc(a, n);
    if (p == NULL) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(p, n);
    rb_put_u8(&w, h.map);
    rb_put_slice(&w, h.before);
    rb_put_slice(&w, h.after);
    return rb_writer_done(&w, out);
}

static enum rb_err find_paragraph(struct rb_slice body, size_t part, struct rb_slice *out) {
    struct rb_reader r;
    size_t n = 0;
    RB_TRY(open_paragraphs(body, &r, &n));
    if (part > n) return RB_ERR_NOT_FOUND;
    for (size_t i = 1; i < part; i++)
        RB_TRY(rb_cbor_skip(&r, NULL));
    return rb_cbor_get_text(&r, out);
}

enum rb_err rb_sealed_part(enum rb_kind kind, struct rb_slice body, size_t part, struct rb_arena *a,
                           struct rb_slice *out) {
    if (kind == RB_KIND_TEXT)
        return part == 0 ? make_heading(body, a, out) : find_paragraph(body, part, out);
    if (part > 0) return RB_ERR_NOT_FOUND; /* an attachment's content is behind the head */
    *out = body;
    return RB_OK;
}

/* ---- padding: zeros in a byte string, whose own head grows with it ------------------------------
 */

static size_t padding_item(size_t zeros) {
    assert(zeros <= UINT16_MAX);
    return zeros + (zeros < 24 ? 1u : zeros <= UINT8_MAX ? 2u : 3u);
}

/* The least number of zeros that fills up `base` bytes. It is found by trying: at 23 to 24 zeros
 * the item grows by two bytes at once, so that one length in 256 is reached only a round later. */
static size_t least_padding(size_t base) {
    size_t zeros = 0;
    while ((base + padding_item(zeros)) % RB_SEALED_PAD != 0)
        zeros++;
    return zeros;
}

static bool all_zeros(struct rb_slice s) {
    uint8_t any = 0;
    for (size_t i = 0; i < s.n; i++)
        any |= s.p[i];
    return any == 0;
}

/* ---- head: write ---------------------------------------------------------------------------- */

static size_t array_head(size_t n) {
    return n < 24 ? 1u : n <= UINT8_MAX ? 2u : 3u;
}

enum rb_err rb_sealed_head_encode(enum rb_kind kind, const uint8_t *salts, struct rb_slice body,
                                  struct rb_writer *w) {
    size_t parts = rb_sealed_parts(kind, body);
    if (parts == 0) return RB_ERR_MALFORMED;
    if (body.n > RB_MAX_HEAD) return RB_ERR_LIMIT;
    size_t base = 1 + array_head(parts) + parts * SALT_ITEM + body.n;
    size_t zeros = least_padding(base);
    if (base + padding_item(zeros) > RB_MAX_HEAD) return RB_ERR_LIMIT;
    rb_cbor_put_array(w, HEAD_ITEMS);
    rb_cbor_put_array(w, parts);
    for (size_t i = 0; i < parts; i++)
        rb_cbor_put_bytes(w, rb_slice(salts + i * RB_SALT_LEN, RB_SALT_LEN));
    rb_put_slice(w, body);
    rb_cbor_put_head(w, RB_CBOR_BYTES, zeros);
    for (size_t i = 0; i < zeros; i++)
        rb_put_u8(w, 0);
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

/* ---- head: read ----------------------------------------------------------------------------- */

#define REFUSE(clause, what, at) rb_reject(rj, RB_ERR_MALFORMED, clause, what, at)

static enum rb_err get_salts(struct rb_reader *r, struct rb_sealed_head *h, struct rb_reject *rj) {
    struct rb_slice one = {NULL, 0};
    size_t at = r->at;
    if (rb_cbor_get_array(r, RB_MAX_COMMITMENTS, &h->parts_n) != RB_OK || h->parts_n == 0)
        return REFUSE("9.1.1", "list of salts", at);
    size_t from = r->at;
    for (size_t i = 0; i < h->parts_n; i++) {
        at = r->at;
        if (rb_cbor_get_bytes(r, &one) != RB_OK || one.n != RB_SALT_LEN)
            return REFUSE("9.1.1", "a salt of another length", at);
    }
    h->salts = rb_slice(r->p + from, r->at - from);
    return RB_OK;
}

static enum rb_err get_body(enum rb_kind kind, struct rb_reader *r, struct rb_sealed_head *h,
                            struct rb_reject *rj) {
    const struct rb_slice all = rb_slice(r->p, r->n);
    size_t at = r->at;
    if (rb_cbor_skip(r, &h->body) != RB_OK) return REFUSE("9.1.1", "body", at);
    RB_TRY(rb_form_shift(rb_body_check(kind, h->body, rj), rj, all, h->body));
    if (count_parts(kind, h->body) != h->parts_n)
        return REFUSE("9.1.5", "as many salts as parts", at);
    return RB_OK;
}

static enum rb_err get_padding(struct rb_reader *r, struct rb_reject *rj) {
    struct rb_slice zeros = {NULL, 0};
    size_t at = r->at;
    if (rb_cbor_get_bytes(r, &zeros) != RB_OK) return REFUSE("9.1.1", "padding", at);
    if (zeros.n != least_padding(at)) return REFUSE("9.1.2", "padding not the shortest", at);
    if (!all_zeros(zeros)) return REFUSE("9.1.1", "padding not zeros", at);
    return RB_OK;
}

/* the head at the beginning of r, which ends where a head must have ended */
static enum rb_err get_head(enum rb_kind kind, struct rb_reader *r, struct rb_sealed_head *h,
                            struct rb_reject *rj) {
    size_t n = 0;
    if (rb_cbor_get_array(r, HEAD_ITEMS, &n) != RB_OK || n != HEAD_ITEMS)
        return REFUSE("9.1.1", "head not three items", 0);
    RB_TRY(get_salts(r, h, rj));
    RB_TRY(get_body(kind, r, h, rj));
    RB_TRY(get_padding(r, rj));
    h->head_n = r->at;
    return RB_OK;
}

enum rb_err rb_sealed_head_decode(enum rb_kind kind, struct rb_slice in, struct rb_sealed_head *out,
                                  struct rb_reject *rj) {
    struct rb_sealed_head h = {0};
    struct rb_reader r = rb_reader(rb_slice_sub(in, 0, RB_MAX_HEAD));
    if (rb_kind_always_open(kind)) return REFUSE("3.4.6", "this kind is always open", 0);
    if (kind != RB_KIND_ATTACHMENT && in.n > RB_MAX_HEAD)
        return rb_reject(rj, RB_ERR_LIMIT, "9.1.2", "head too long", RB_MAX_HEAD);
    RB_TRY(get_head(kind, &r, &h, rj));
    if (kind != RB_KIND_ATTACHMENT && h.head_n != in.n)
        return REFUSE("9.1.3", "bytes after the head", h.head_n);
    *out = h;
    return RB_OK;
}

const uint8_t *rb_sealed_salt(const struct rb_sealed_head *h, size_t i) {
    assert(i < h->parts_n && h->salts.n == h->parts_n * SALT_ITEM);
    return h->salts.p + i * SALT_ITEM + 2;
}

void rb_sealed_salts(const struct rb_sealed_head *h, uint8_t *out) {
    for (size_t i = 0; i < h->parts_n; i++)
        memcpy(out + i * RB_SALT_LEN, rb_sealed_salt(h, i), RB_SALT_LEN);
}

/* ---- commitments ---------------------------------------------------------------------------- */

void rb_commit(const uint8_t salt[RB_SALT_LEN], struct rb_slice plain, struct rb_hash *out) {
    const struct rb_slice both[2] = {rb_slice(salt, RB_SALT_LEN), plain};
    rb_sha256v(both, 2, out);
}

/* the heading lies in `work` for as long as it is hashed */
static enum rb_err commit_heading(const struct rb_sealed_head *h, struct rb_arena *work,
                                  struct rb_hash *out) {
    struct rb_slice heading = {NULL, 0};
    size_t mark = rb_arena_mark(work);
    RB_TRY(make_heading(h->body, work, &heading));
    rb_commit(rb_sealed_salt(h, 0), heading, out);
    rb_wipe(work->p + mark, rb_arena_mark(work) - mark);
    rb_arena_release(work, mark);
    return RB_OK;
}

static enum rb_err commit_text(const struct rb_sealed_head *h, struct rb_arena *work,
                               struct rb_hash *out) {
    struct rb_slice paragraph = {NULL, 0};
    struct rb_reader r;
    size_t n = 0;
    RB_TRY(open_paragraphs(h->body, &r, &n));
    if (n + 1 != h->parts_n) return RB_ERR_USAGE;
    RB_TRY(commit_heading(h, work, &out[0]));
    for (size_t i = 1; i <= n; i++) {
        RB_TRY(rb_cbor_get_text(&r, &paragraph));
        rb_commit(rb_sealed_salt(h, i), paragraph, &out[i]);
    }
    return RB_OK;
}

enum rb_err rb_sealed_commitments(enum rb_kind kind, const struct rb_sealed_head *h,
                                  const struct rb_hash *content, struct rb_arena *work,
                                  struct rb_hash *out) {
    if ((kind == RB_KIND_ATTACHMENT) != (content != NULL)) return RB_ERR_USAGE;
    if (kind == RB_KIND_TEXT) return commit_text(h, work, out);
    if (h->parts_n != (content ? 2u : 1u)) return RB_ERR_USAGE;
    rb_commit(rb_sealed_salt(h, 0), h->body, &out[0]);
    if (content) out[1] = *content;
    return RB_OK;
}

/* The list's head is as short as it can be, so the items are counted from its end. */
void rb_record_commitment(const struct rb_record *rec, size_t i, struct rb_hash *out) {
    size_t items = rec->commitments_n * SALT_ITEM;
    assert(i < rec->commitments_n && rec->commitments.n == items + array_head(rec->commitments_n));
    memcpy(out->b, rec->commitments.p + (rec->commitments.n - items) + i * SALT_ITEM + 2,
           RB_HASH_LEN);
}

void rb_commitments_encode(const struct rb_hash *c, size_t n, struct rb_writer *w) {
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++)
        rb_cbor_put_bytes(w, rb_slice(c[i].b, RB_HASH_LEN));
}

static enum rb_err compare(const struct rb_record *rec, const struct rb_hash *made, size_t n,
                           struct rb_reject *rj) {
    struct rb_hash said;
    if (rec->commitments_n != n)
        return rb_reject(rj, RB_ERR_PROOF, "9.1.5", "another number of parts",
                         n < rec->commitments_n ? n : rec->commitments_n);
    for (size_t i = 0; i < n; i++) {
        rb_record_commitment(rec, i, &said);
        if (!rb_hash_eq(&said, &made[i]))
            return rb_reject(rj, RB_ERR_PROOF, "9.1.5", "not what the leaf commits to", i);
    }
    return RB_OK;
}

enum rb_err rb_sealed_check(const struct rb_record *rec, struct rb_slice head,
                            const struct rb_hash *content, struct rb_arena *work,
                            struct rb_sealed_head *out, struct rb_reject *rj) {
    struct rb_sealed_head h = {0};
    struct rb_hash made[RB_MAX_COMMITMENTS];
    RB_TRY(rb_sealed_head_decode(rec->kind, head, &h, rj));
    enum rb_err e = rb_sealed_commitments(rec->kind, &h, content, work, made);
    if (e != RB_OK) return rb_reject(rj, e, "9.1.5", "commitments not made", 0);
    RB_TRY(compare(rec, made, h.parts_n, rj));
    *out = h;
    return RB_OK;
}
