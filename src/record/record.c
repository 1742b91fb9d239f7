/* The envelope, spec 3.4: one line a key in the table below, read and write side by side. */
#include <assert.h>

#include "cose.h"
#include "form.h"
#include "readback/text.h"

/* ---- names ---------------------------------------------------------------------------------- */

const char *rb_kind_name(enum rb_kind k) {
    switch (k) {
#define X(name, num, text)                                                                         \
    case RB_KIND_##name:                                                                           \
        return text;
        RB_KIND_LIST(X)
#undef X
    }
    return "?";
}

enum rb_err rb_kind_decode(struct rb_slice name, enum rb_kind *out) {
#define X(id, num, text)                                                                           \
    if (rb_slice_is(name, text)) {                                                                 \
        *out = RB_KIND_##id;                                                                       \
        return RB_OK;                                                                              \
    }
    RB_KIND_LIST(X)
#undef X
    return RB_ERR_NOT_FOUND;
}

static const char *const precedences[4] = {"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"};

const char *rb_precedence_name(enum rb_precedence p) {
    return (unsigned)p < 4 ? precedences[p] : "?";
}

enum rb_err rb_precedence_decode(struct rb_slice name, enum rb_precedence *out) {
    for (unsigned i = 0; i < 4; i++) {
        if (!rb_slice_is(name, precedences[i])) continue;
        *out = (enum rb_precedence)i;
        return RB_OK;
    }
    return RB_ERR_NOT_FOUND;
}

bool rb_kind_is_machine(enum rb_kind k) {
    return k == RB_KIND_TEST || k == RB_KIND_SERVICE || k == RB_KIND_NIL || k == RB_KIND_RECEIPT ||
           k == RB_KIND_SILENCE;
}

bool rb_kind_always_open(enum rb_kind k) {
    return rb_kind_is_machine(k) || k == RB_KIND_CHARTER || k == RB_KIND_AMENDMENT ||
           k == RB_KIND_MEMBERSHIP || k == RB_KIND_CARD || k == RB_KIND_DELEGATION ||
           k == RB_KIND_ROTATION || k == RB_KIND_REVOCATION;
}

bool rb_kind_never_needs_two(enum rb_kind k, int position_type) {
    if (k == RB_KIND_STOP_FIRE || k == RB_KIND_INCIDENT) return true;
    return k == RB_KIND_POSITION &&
           (position_type == RB_POSITION_READ || position_type == RB_POSITION_PASSED_DOWN);
}

/* ---- envelope fields: get, is it there, put ---------------------------------------------------
 */

static enum rb_err get_kind(struct rb_reader *r, struct rb_record *rec) {
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(r, &v));
    if (v < 1 || v > RB_KIND_MAX) return RB_ERR_UNSUPPORTED;
    rec->kind = (enum rb_kind)v;
    return RB_OK;
}
static bool has_always(const struct rb_record *rec) {
    (void)rec;
    return true;
}
static void put_kind(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_uint(w, rec->kind);
}

static enum rb_err get_channel(struct rb_reader *r, struct rb_record *rec) {
    struct rb_slice v;
    if (rb_cbor_get_null(r) == RB_OK) return RB_OK;
    RB_TRY(rb_cbor_get_bytes(r, &v));
    if (v.n != RB_CHANNEL_LEN) return RB_ERR_MALFORMED;
    memcpy(rec->channel, v.p, RB_CHANNEL_LEN);
    rec->has_channel = true;
    return RB_OK;
}
static void put_channel(const struct rb_record *rec, struct rb_writer *w) {
    if (rec->has_channel)
        rb_cbor_put_bytes(w, rb_slice(rec->channel, RB_CHANNEL_LEN));
    else
        rb_cbor_put_null(w);
}

static enum rb_err get_created(struct rb_reader *r, struct rb_record *rec) {
    return rb_form_get_time(r, &rec->created_utc_ms);
}
static void put_created(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_uint(w, (uint64_t)rec->created_utc_ms);
}

static bool seen_less(const struct rb_seen_entry *a, const struct rb_seen_entry *b) {
    return a->member < b->member || (a->member == b->member && a->epoch < b->epoch);
}
static enum rb_err get_seen_entry(struct rb_reader *r, struct rb_seen_entry *e) {
    uint64_t epoch = 0;
    RB_TRY(rb_form_get_member(r, &e->member));
    RB_TRY(rb_cbor_get_uint(r, &epoch));
    RB_TRY(rb_cbor_get_uint(r, &e->size));
    if (epoch > UINT16_MAX || e->size == 0) return RB_ERR_MALFORMED;
    e->epoch = (uint16_t)epoch;
    return RB_OK;
}
static enum rb_err get_seen(struct rb_reader *r, struct rb_record *rec) {
    struct rb_slice digest;
    size_t pair = 0, flat = 0;
    RB_TRY(rb_cbor_get_array(r, 2, &pair));
    RB_TRY(rb_cbor_get_array(r, (size_t)3 * RB_MAX_SEEN, &flat));
    if (pair != 2 || flat == 0 || flat % 3 != 0) return RB_ERR_MALFORMED;
    rec->seen_n = flat / 3;
    for (size_t i = 0; i < rec->seen_n; i++) {
        RB_TRY(get_seen_entry(r, &rec->seen[i]));
        if (i > 0 && !seen_less(&rec->seen[i - 1], &rec->seen[i])) return RB_ERR_MALFORMED;
    }
    RB_TRY(rb_cbor_get_bytes(r, &digest));
    if (digest.n != RB_DIGEST_LEN) return RB_ERR_MALFORMED;
    memcpy(rec->seen_digest, digest.p, RB_DIGEST_LEN);
    return RB_OK;
}
static bool has_seen(const struct rb_record *rec) {
    return rec->seen_n > 0;
}
static void put_seen(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_array(w, 2);
    rb_cbor_put_array(w, 3 * rec->seen_n);
    for (size_t i = 0; i < rec->seen_n; i++) {
        rb_cbor_put_uint(w, rec->seen[i].member);
        rb_cbor_put_uint(w, rec->seen[i].epoch);
        rb_cbor_put_uint(w, rec->seen[i].size);
    }
    rb_cbor_put_bytes(w, rb_slice(rec->seen_digest, RB_DIGEST_LEN));
}

static enum rb_err get_precedence(struct rb_reader *r, struct rb_record *rec) {
    uint64_t v = 0;
    RB_TRY(rb_cbor_get_uint(r, &v));
    if (v >= RB_ROUTINE) return RB_ERR_MALFORMED; /* ROUTINE is said by absence */
    rec->precedence = (enum rb_precedence)v;
    return RB_OK;
}
static bool has_precedence(const struct rb_record *rec) {
    return rec->precedence != RB_ROUTINE;
}
static void put_precedence(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_uint(w, rec->precedence);
}

static enum rb_err get_recipients(struct rb_reader *r, struct rb_record *rec) {
    RB_TRY(rb_form_get_members(r, &rec->recipients));
    if (rec->recipients == 0) return RB_ERR_MALFORMED;
    rec->closed = true;
    return RB_OK;
}
static bool is_closed(const struct rb_record *rec) {
    return rec->closed;
}
static void put_recipients(const struct rb_record *rec, struct rb_writer *w) {
    rb_form_put_members(rec->recipients, w);
}

static enum rb_err get_refs(struct rb_reader *r, struct rb_refs *refs) {
    RB_TRY(rb_cbor_get_array(r, RB_MAX_REFS, &refs->n));
    if (refs->n == 0) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < refs->n; i++) {
        struct rb_slice v;
        RB_TRY(rb_cbor_get_bytes(r, &v));
        if (v.n != RB_HASH_LEN) return RB_ERR_MALFORMED;
        memcpy(refs->h[i].b, v.p, RB_HASH_LEN);
        for (size_t k = 0; k < i; k++)
            if (rb_hash_eq(&refs->h[k], &refs->h[i])) return RB_ERR_MALFORMED;
    }
    return RB_OK;
}
static void put_refs(const struct rb_refs *refs, struct rb_writer *w) {
    rb_cbor_put_array(w, refs->n);
    for (size_t i = 0; i < refs->n; i++)
        rb_cbor_put_bytes(w, rb_slice(refs->h[i].b, RB_HASH_LEN));
}
#define REF_FIELD(name, type)                                                                      \
    static enum rb_err get_##name(struct rb_reader *r, struct rb_record *rec) {                    \
        return get_refs(r, &rec->refs[type]);                                                      \
    }                                                                                              \
    static bool has_##name(const struct rb_record *rec) {                                          \
        return rec->refs[type].n > 0;                                                              \
    }                                                                                              \
    static void put_##name(const struct rb_record *rec, struct rb_writer *w) {                     \
        put_refs(&rec->refs[type], w);                                                             \
    }
REF_FIELD(supersedes, RB_REF_SUPERSEDES)
REF_FIELD(answers, RB_REF_ANSWERS)
REF_FIELD(about, RB_REF_ABOUT)
REF_FIELD(carries, RB_REF_CARRIES)

static enum rb_err get_language(struct rb_reader *r, struct rb_record *rec) {
    RB_TRY(rb_cbor_get_text(r, &rec->language));
    return rb_form_language_ok(rec->language) ? RB_OK : RB_ERR_MALFORMED;
}
static bool has_language(const struct rb_record *rec) {
    return rec->language.n > 0;
}
static void put_language(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_text(w, rec->language);
}

static enum rb_err get_body(struct rb_reader *r, struct rb_record *rec) {
    return rb_cbor_skip_checked(r, &rec->body); /* with the whole payload */
}
static bool is_open(const struct rb_record *rec) {
    return !rec->closed;
}
static void put_body(const struct rb_record *rec, struct rb_writer *w) {
    rb_put_slice(w, rec->body);
}

/* one for each part of the body: a text's heading and paragraphs, an attachment's body and content
 */
static bool commitments_fit(enum rb_kind kind, size_t n) {
    if (kind == RB_KIND_TEXT) return n >= 2;
    return n == (kind == RB_KIND_ATTACHMENT ? 2u : 1u);
}
static enum rb_err get_commitments(struct rb_reader *r, struct rb_record *rec) {
    size_t from = r->at;
    RB_TRY(rb_cbor_get_array(r, RB_MAX_COMMITMENTS, &rec->commitments_n));
    if (!commitments_fit(rec->kind, rec->commitments_n)) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < rec->commitments_n; i++) {
        struct rb_slice v;
        RB_TRY(rb_cbor_get_bytes(r, &v));
        if (v.n != RB_HASH_LEN) return RB_ERR_MALFORMED;
    }
    rec->commitments = rb_slice(r->p + from, r->at - from);
    return RB_OK;
}
/* bytes of ciphertext, 9.1.7 */
static uint64_t most_sealed(enum rb_kind kind) {
    return kind == RB_KIND_ATTACHMENT ? RB_MAX_ATTACHED : RB_MAX_SEALED;
}
static enum rb_err get_detached(struct rb_reader *r, struct rb_record *rec) {
    struct rb_slice hash;
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    RB_TRY(rb_cbor_get_bytes(r, &hash));
    if (n != 3 || hash.n != RB_HASH_LEN) return RB_ERR_MALFORMED;
    memcpy(rec->ciphertext_hash.b, hash.p, RB_HASH_LEN);
    RB_TRY(rb_cbor_get_uint(r, &rec->ciphertext_size));
    if (rec->ciphertext_size == 0) return RB_ERR_MALFORMED;
    if (rec->ciphertext_size > most_sealed(rec->kind)) return RB_ERR_LIMIT;
    return get_commitments(r, rec);
}
static void put_detached(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_array(w, 3);
    rb_cbor_put_bytes(w, rb_slice(rec->ciphertext_hash.b, RB_HASH_LEN));
    rb_cbor_put_uint(w, rec->ciphertext_size);
    rb_put_slice(w, rec->commitments);
}

static enum rb_err get_demand(struct rb_reader *r, struct rb_record *rec) {
    uint64_t position = 0;
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    if (n != 3) return RB_ERR_MALFORMED;
    RB_TRY(rb_form_get_time(r, &rec->demand.by_utc_ms));
    RB_TRY(rb_cbor_get_uint(r, &position));
    if (position < 1 || position > RB_POSITION_MAX) return RB_ERR_MALFORMED;
    RB_TRY(rb_form_get_members(r, &rec->demand.members));
    rec->demand.position = (uint16_t)position;
    rec->demand.present = true;
    return RB_OK;
}
static bool has_demand(const struct rb_record *rec) {
    return rec->demand.present;
}
static void put_demand(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_array(w, 3);
    rb_cbor_put_uint(w, (uint64_t)rec->demand.by_utc_ms);
    rb_cbor_put_uint(w, rec->demand.position);
    rb_form_put_members(rec->demand.members, w);
}

static enum rb_err get_reported(struct rb_reader *r, struct rb_record *rec) {
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    if (n != 3) return RB_ERR_MALFORMED;
    RB_TRY(rb_form_get_name(r, RB_MAX_NAME, &rec->reported_who));
    RB_TRY(rb_form_get_name(r, RB_MAX_NAME, &rec->reported_carrier));
    if (rb_cbor_get_null(r) == RB_OK) return RB_OK;
    rec->reported_has_at = true;
    return rb_form_get_time(r, &rec->reported_at_utc_ms);
}
static bool has_reported(const struct rb_record *rec) {
    return rec->reported_who.n > 0;
}
static void put_reported(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_array(w, 3);
    rb_cbor_put_text(w, rec->reported_who);
    rb_cbor_put_text(w, rec->reported_carrier);
    if (rec->reported_has_at)
        rb_cbor_put_uint(w, (uint64_t)rec->reported_at_utc_ms);
    else
        rb_cbor_put_null(w);
}

static enum rb_err get_emergency(struct rb_reader *r, struct rb_record *rec) {
    return rb_form_get_name(r, RB_MAX_NAME, &rec->emergency);
}
static bool has_emergency(const struct rb_record *rec) {
    return rec->emergency.n > 0;
}
static void put_emergency(const struct rb_record *rec, struct rb_writer *w) {
    rb_cbor_put_text(w, rec->emergency);
}

static const struct env_field {
    enum rb_env_key key;
    const char *name, *clause;
    bool required;
    enum rb_err (*get)(struct rb_reader *, struct rb_record *);
    bool (*has)(const struct rb_record *);
    void (*put)(const struct rb_record *, struct rb_writer *);
} env_fields[] = {
    {RB_ENV_KIND, "kind", "3.4.1", true, get_kind, has_always, put_kind},
    {RB_ENV_CHANNEL, "channel", "3.4.2", true, get_channel, has_always, put_channel},
    {RB_ENV_CREATED, "created", "3.4.3", true, get_created, has_always, put_created},
    {RB_ENV_SEEN, "seen", "3.4.4", false, get_seen, has_seen, put_seen},
    {RB_ENV_PRECEDENCE, "precedence", "3.4.5", false, get_precedence, has_precedence,
     put_precedence},
    {RB_ENV_RECIPIENTS, "recipients", "3.4.6", false, get_recipients, is_closed, put_recipients},
    {RB_ENV_SUPERSEDES, "supersedes", "3.4.7", false, get_supersedes, has_supersedes,
     put_supersedes},
    {RB_ENV_ANSWERS, "answers", "3.4.7", false, get_answers, has_answers, put_answers},
    {RB_ENV_ABOUT, "about", "3.4.7", false, get_about, has_about, put_about},
    {RB_ENV_CARRIES, "carries", "3.4.7", false, get_carries, has_carries, put_carries},
    {RB_ENV_LANGUAGE, "language", "3.4.8", false, get_language, has_language, put_language},
    {RB_ENV_BODY, "body", "3.4.9", false, get_body, is_open, put_body},
    {RB_ENV_DETACHED, "detached body", "3.4.10", false, get_detached, is_closed, put_detached},
    {RB_ENV_DEMAND, "demand", "3.4.11", false, get_demand, has_demand, put_demand},
    {RB_ENV_REPORTED, "reported", "3.4.12", false, get_reported, has_reported, put_reported},
    {RB_ENV_EMERGENCY, "emergency", "3.4.13", false, get_emergency, has_emergency, put_emergency},
};
#define ENV_FIELDS (sizeof env_fields / sizeof *env_fields)

/* ---- payload -------------------------------------------------------------------------------- */

void rb_payload_encode(const struct rb_record *rec, struct rb_writer *w) {
    size_t n = 0;
    for (size_t i = 0; i < ENV_FIELDS; i++)
        n += env_fields[i].has(rec);
    rb_cbor_put_map(w, n);
    for (size_t i = 0; i < ENV_FIELDS; i++) {
        if (!env_fields[i].has(rec)) continue;
        rb_cbor_put_uint(w, env_fields[i].key);
        env_fields[i].put(rec, w);
    }
}

static enum rb_err get_fields(struct rb_reader *r, size_t n, struct rb_record *rec,
                              struct rb_reject *rj) {
    for (size_t i = 0; i < ENV_FIELDS; i++) {
        const struct env_field *f = &env_fields[i];
        struct rb_reader key = *r;
        size_t at = r->at;
        uint64_t k = 0;
        if (n == 0 || rb_cbor_get_uint(&key, &k) != RB_OK || k != f->key) {
            if (f->required) return rb_reject(rj, RB_ERR_MALFORMED, f->clause, f->name, at);
            continue;
        }
        *r = key;
        enum rb_err e = f->get(r, rec);
        if (e != RB_OK) return rb_reject(rj, e, f->clause, f->name, key.at);
        n--;
    }
    if (n > 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.4.14", "unknown key", r->at);
    return RB_OK;
}

/* rules between fields */
static enum rb_err check_together(const struct rb_record *rec, struct rb_reject *rj) {
    bool detached = rec->commitments_n > 0;
    if (rec->has_channel == (rec->kind == RB_KIND_CHARTER))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.4.2", "a charter and only it has no channel", 0);
    if (rec->closed != detached || rec->closed == (rec->body.n > 0))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.4.9",
                         "recipients go with a detached body, an open body without", 0);
    if (rec->closed && rb_kind_always_open(rec->kind))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.4.6", "this kind is always open", 0);
    if (!rec->closed && rec->kind == RB_KIND_ATTACHMENT)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.29", "an attachment is always closed", 0);
    if (rec->kind == RB_KIND_POSITION && rec->refs[RB_REF_ANSWERS].n == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.4.7", "a position answers a record", 0);
    if (rec->kind == RB_KIND_STOP_FIRE && rec->precedence != RB_FLASH)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.11", "a stop-fire is FLASH", 0);
    if (rec->kind == RB_KIND_STOP_FIRE &&
        (!rec->demand.present || rec->demand.position != RB_POSITION_WILL_COMPLY))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.11", "a stop-fire demands will-comply", 0);
    if (rec->kind == RB_KIND_REQUEST && rec->demand.present &&
        rec->demand.position != RB_POSITION_WILL_COMPLY)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.12", "a request demands will-comply", 0);
    return RB_OK;
}

static enum rb_err decode_payload(struct rb_slice payload, struct rb_record *rec,
                                  struct rb_reject *rj) {
    struct rb_reader r = rb_reader(payload);
    size_t n = 0;
    rec->precedence = RB_ROUTINE;
    rec->payload = payload;
    RB_TRY(rb_cbor_check(payload, rj));
    if (rb_cbor_get_map(&r, SIZE_MAX, &n) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.4.14", "payload not a map", 0);
    RB_TRY(get_fields(&r, n, rec, rj));
    RB_TRY(check_together(rec, rj));
    if (rec->closed) {
        if (rb_body_schema(rec->kind)) return RB_OK;
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "3.4.1", "kind without a grammar here", 0);
    }
    return rb_form_shift(rb_body_check(rec->kind, rec->body, rj), rj, payload, rec->body);
}

enum rb_err rb_payload_decode(struct rb_slice payload, struct rb_record *out,
                              struct rb_reject *rj) {
    memset(out, 0, sizeof *out);
    enum rb_err e = payload.n > RB_MAX_LEAF
                        ? rb_reject(rj, RB_ERR_LIMIT, "3.4.15", "payload too long", RB_MAX_LEAF)
                        : decode_payload(payload, out, rj);
    if (e != RB_OK) memset(out, 0, sizeof *out);
    return e;
}

/* ---- leaf ------------------------------------------------------------------------------------ */

static enum rb_err decode_leaf(struct rb_slice leaf, struct rb_record *rec, struct rb_reject *rj) {
    struct rb_slice payload = {NULL, 0};
    if (leaf.n > RB_MAX_LEAF)
        return rb_reject(rj, RB_ERR_LIMIT, "3.4.15", "leaf too long", RB_MAX_LEAF);
    RB_TRY(rb_cose_decode(leaf, &payload, rec->signers, &rec->signers_n, rj));
    return rb_form_shift(decode_payload(payload, rec, rj), rj, leaf, payload);
}

/* Decoded in place, the struct being large: all or nothing by wiping it on refusal. */
enum rb_err rb_record_decode(struct rb_slice leaf, struct rb_record *out, struct rb_reject *rj) {
    memset(out, 0, sizeof *out);
    enum rb_err e = decode_leaf(leaf, out, rj);
    if (e != RB_OK) memset(out, 0, sizeof *out);
    return e;
}

void rb_record_tbs(struct rb_slice payload, struct rb_slice aad, const uint8_t kid[RB_KID_LEN],
                   size_t total, struct rb_writer *w) {
    struct rb_signer s = {0};
    memcpy(s.kid, kid, RB_KID_LEN);
    rb_cose_tbs(payload, aad, &s, total, w);
}

enum rb_err rb_record_assemble(struct rb_slice payload, const struct rb_signer *signers, size_t n,
                               struct rb_writer *w) {
    struct rb_signer sorted[RB_MAX_SIGNERS] = {0};
    if (n < 1 || n > RB_MAX_SIGNERS) return RB_ERR_USAGE;
    for (size_t i = 0; i < n; i++) { /* insertion sort of at most four */
        size_t k = i;
        for (; k > 0 && memcmp(sorted[k - 1].kid, signers[i].kid, RB_KID_LEN) > 0; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = signers[i];
    }
    for (size_t i = 1; i < n; i++)
        if (memcmp(sorted[i - 1].kid, sorted[i].kid, RB_KID_LEN) == 0) return RB_ERR_USAGE;
    size_t from = w->n;
    rb_cose_encode(payload, sorted, n, w);
    return w->over || w->n - from > RB_MAX_LEAF ? RB_ERR_LIMIT : RB_OK;
}

enum rb_err rb_record_verify(const struct rb_record *rec, size_t signer, struct rb_slice aad,
                             const struct rb_key *pub, struct rb_arena *work) {
    if (signer >= rec->signers_n) return RB_ERR_SIGNATURE;
    return rb_cose_verify(rec->payload, aad, &rec->signers[signer], rec->signers_n, pub, work);
}

void rb_payload_hash(struct rb_slice payload, struct rb_hash *out) {
    rb_sha256(payload, out);
}

/* ---- seen digest and origin -------------------------------------------------------------------
 */

void rb_seen_digest(const struct rb_seen_digest_item *items, size_t n, struct rb_arena *work,
                    uint8_t out[RB_DIGEST_LEN]) {
    struct rb_slice parts[4 * RB_MAX_SEEN];
    uint8_t numbers[RB_MAX_SEEN][10];
    struct rb_hash h;
    (void)work; /* the entries are few: they fit the stack */
    assert(n <= RB_MAX_SEEN);
    for (size_t i = 0; i < n; i++) {
        struct rb_writer w = rb_writer(numbers[i], sizeof numbers[i]);
        assert(items[i].origin.n <= RB_MAX_ORIGIN);
        rb_put_u16(&w, (uint16_t)items[i].origin.n);
        rb_put_u64(&w, items[i].size);
        parts[4 * i] = rb_slice(numbers[i], 2);
        parts[4 * i + 1] = items[i].origin;
        parts[4 * i + 2] = rb_slice(numbers[i] + 2, 8);
        parts[4 * i + 3] = rb_slice(items[i].root.b, RB_HASH_LEN);
    }
    rb_sha256v(parts, 4 * n, &h);
    memcpy(out, h.b, RB_DIGEST_LEN);
}

#define ORIGIN_REAL "readback/"
#define ORIGIN_EXERCISE "readback-exercise/"

void rb_origin_encode(bool exercise, const uint8_t *channel, const struct rb_hash *party,
                      uint16_t epoch, struct rb_writer *w) {
    rb_put_z(w, exercise ? ORIGIN_EXERCISE : ORIGIN_REAL);
    if (channel) rb_put_hex(w, channel, RB_CHANNEL_LEN);
    rb_put_u8(w, '/');
    rb_put_hex(w, party->b, RB_HASH_LEN);
    rb_put_u8(w, '/');
    rb_put_dec(w, epoch);
}

enum rb_err rb_origin_decode(struct rb_slice in, struct rb_origin *out) {
    struct rb_origin o = {0};
    uint64_t epoch = 0;
    o.exercise = rb_slice_starts(in, ORIGIN_EXERCISE);
    if (!o.exercise && !rb_slice_starts(in, ORIGIN_REAL)) return RB_ERR_MALFORMED;
    size_t c = strlen(o.exercise ? ORIGIN_EXERCISE : ORIGIN_REAL);
    size_t p = c + (size_t)2 * RB_CHANNEL_LEN + 1, e = p + (size_t)2 * RB_HASH_LEN + 1;
    if (in.n <= e || in.p[p - 1] != '/' || in.p[e - 1] != '/') return RB_ERR_MALFORMED;
    RB_TRY(rb_hex_decode(rb_slice_sub(in, c, p - 1), o.channel, RB_CHANNEL_LEN));
    RB_TRY(rb_hex_decode(rb_slice_sub(in, p, e - 1), o.party.b, RB_HASH_LEN));
    RB_TRY(rb_dec_decode(rb_slice_sub(in, e, in.n), &epoch));
    if (epoch > UINT16_MAX) return RB_ERR_MALFORMED;
    o.epoch = (uint16_t)epoch;
    *out = o;
    return RB_OK;
}
