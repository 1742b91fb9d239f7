/* Fork evidence: two checkpoints by one log key that cannot belong to one history (spec 4.10). */
#include "internal.h"

#define FORK_HEADER "readback/fork/v1"
#define COMPACT_VERSION 1u

/* ---- text form ----------------------------------------------------------------------------- */

static void put_note(struct rb_slice note, struct rb_writer *w) {
    rb_put_z(w, "note ");
    rb_put_dec(w, note.n);
    rb_put_u8(w, '\n');
    rb_put_slice(w, note);
}

void rb_fork_encode(const struct rb_fork *f, struct rb_writer *w) {
    rb_put_z(w, FORK_HEADER "\nother ");
    rb_put_base64(w, f->other_root.b, RB_HASH_LEN);
    rb_put_u8(w, '\n');
    tlog_proof_lines_encode(&f->proof, w);
    put_note(f->note_a, w);
    put_note(f->note_b, w);
}

static enum rb_err get_note(struct rb_reader *r, struct rb_slice *out) {
    struct rb_slice line;
    uint64_t n;
    RB_TRY(rb_get_line(r, &line));
    if (!rb_slice_starts(line, "note ")) return RB_ERR_MALFORMED;
    RB_TRY(rb_dec_decode(rb_slice_sub(line, 5, line.n), &n));
    if (n == 0) return RB_ERR_MALFORMED;
    if (n > RB_MAX_NOTE) return RB_ERR_LIMIT;
    return rb_get_view(r, (size_t)n, out);
}

enum rb_err rb_fork_decode(struct rb_slice in, struct rb_fork *out, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    struct rb_fork f;
    struct rb_slice line;
    if (rb_get_line(&r, &line) != RB_OK || !rb_slice_is(line, FORK_HEADER))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.2", "first line", 0);
    size_t at = r.at;
    if (rb_get_line(&r, &line) != RB_OK || !rb_slice_starts(line, "other ") ||
        tlog_hash_decode(rb_slice_sub(line, 6, line.n), &f.other_root) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.2", "the other root", at);
    if (tlog_proof_lines_decode(&r, &f.proof) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.2", "lines of the proof", r.at);
    at = r.at;
    enum rb_err e = get_note(&r, &f.note_a);
    if (e == RB_OK) e = get_note(&r, &f.note_b);
    if (e != RB_OK) return rb_reject(rj, e, "4.10.2", "the two notes", at);
    if (rb_get_end(&r) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.2", "bytes after the second note", r.at);
    *out = f;
    return RB_OK;
}

/* ---- what is proved ------------------------------------------------------------------------ */

/* a signed and b signed, both by the log: do they contradict each other? */
static enum rb_err contradiction(const struct rb_checkpoint *a, const struct rb_checkpoint *b,
                                 const struct rb_hash *other, const struct rb_proof *proof,
                                 struct rb_reject *rj) {
    if (a->size > b->size)
        return rb_reject(rj, RB_ERR_PROOF, "4.10.3", "the smaller checkpoint comes first", 0);
    if (rb_hash_eq(other, &a->root))
        return rb_reject(rj, RB_ERR_PROOF, "4.10.3", "the roots agree: no fork", 0);
    if (rb_consistency_verify(a->size, b->size, other, proof, &b->root) != RB_OK)
        return rb_reject(rj, RB_ERR_PROOF, "4.10.3", "the proof does not lead to the root", 0);
    return RB_OK;
}

/* The checkpoint and the log's signature; in a function of its own, a struct rb_note being large.
 * sig may be NULL. */
static enum rb_err open_signed(struct rb_slice note, const struct rb_vkey *log,
                               struct rb_checkpoint *out, uint8_t sig[RB_SIG_LEN],
                               struct rb_reject *rj) {
    struct rb_note n;
    RB_TRY(rb_checkpoint_open(note, log, &n, out, rj));
    for (size_t i = 0; i < n.sigs_n && sig != NULL; i++) {
        if (n.sigs[i].key_id != log->key_id || !rb_slice_eq(n.sigs[i].name, log->name)) continue;
        memcpy(sig, n.sigs[i].sig, RB_SIG_LEN);
        break;
    }
    return RB_OK;
}

static void heads_of(const struct rb_checkpoint *a, const struct rb_checkpoint *b,
                     const struct rb_hash *other, struct rb_fork_heads *out) {
    if (out == NULL) return;
    *out = (struct rb_fork_heads){a->origin, a->size, b->size, a->root, b->root, *other};
}

enum rb_err rb_fork_open(const struct rb_fork *f, const struct rb_vkey *log,
                         struct rb_fork_heads *out, struct rb_reject *rj) {
    struct rb_checkpoint a, b;
    RB_TRY(open_signed(f->note_a, log, &a, NULL, rj));
    RB_TRY(open_signed(f->note_b, log, &b, NULL, rj));
    RB_TRY(contradiction(&a, &b, &f->other_root, &f->proof, rj));
    heads_of(&a, &b, &f->other_root, out);
    return RB_OK;
}

enum rb_err rb_fork_verify(const struct rb_fork *f, const struct rb_vkey *log,
                           struct rb_reject *rj) {
    return rb_fork_open(f, log, NULL, rj);
}

/* ---- compact form -------------------------------------------------------------------------- */

static void put_head(const struct rb_checkpoint *c, const uint8_t sig[RB_SIG_LEN],
                     struct rb_writer *w) {
    rb_put_u64(w, c->size);
    rb_put(w, c->root.b, RB_HASH_LEN);
    rb_put(w, sig, RB_SIG_LEN);
}

enum rb_err rb_fork_compact_encode(const struct rb_fork *f, const struct rb_vkey *log,
                                   struct rb_writer *w) {
    struct rb_checkpoint a, b;
    uint8_t sig_a[RB_SIG_LEN], sig_b[RB_SIG_LEN];
    RB_TRY(open_signed(f->note_a, log, &a, sig_a, NULL));
    RB_TRY(open_signed(f->note_b, log, &b, sig_b, NULL));
    RB_TRY(contradiction(&a, &b, &f->other_root, &f->proof, NULL));
    /* signed, so they would have to travel: such a fork takes the text form */
    if (a.extensions.n > 0 || b.extensions.n > 0) return RB_ERR_UNSUPPORTED;
    rb_put_u8(w, COMPACT_VERSION);
    put_head(&a, sig_a, w);
    put_head(&b, sig_b, w);
    if (a.size < b.size) {
        rb_put(w, f->other_root.b, RB_HASH_LEN);
        rb_package_proof_encode(&f->proof, w);
    }
    struct rb_slice done;
    return rb_writer_done(w, &done);
}

/* size, root and a signature over the checkpoint they make with the origin */
static enum rb_err get_head(struct rb_reader *r, struct rb_slice origin, const struct rb_key *log,
                            struct rb_checkpoint *out, struct rb_reject *rj) {
    uint8_t buf[RB_MAX_ORIGIN + 80], sig[RB_SIG_LEN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_checkpoint c = {.origin = origin};
    struct rb_slice text;
    const size_t at = r->at;
    if (rb_get_u64(r, &c.size) != RB_OK || rb_get_copy(r, c.root.b, RB_HASH_LEN) != RB_OK ||
        rb_get_copy(r, sig, RB_SIG_LEN) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.4", "ends within a checkpoint", at);
    rb_checkpoint_text(origin, c.size, &c.root, &w);
    if (rb_writer_done(&w, &text) != RB_OK)
        return rb_reject(rj, RB_ERR_LIMIT, "4.3.1", "origin too long", at);
    RB_TRY(rb_checkpoint_decode(text, &c, rj)); /* the same demands as in the text form */
    if (rb_ed25519_verify(log, text, sig) != RB_OK)
        return rb_reject(rj, RB_ERR_SIGNATURE, "4.3.5", "signature of the log", at);
    c.origin = origin; /* not the buffer of this function */
    c.extensions = rb_slice(NULL, 0);
    *out = c;
    return RB_OK;
}

static enum rb_err get_compact_proof(struct rb_reader *r, struct rb_hash *other,
                                     struct rb_proof *out) {
    uint8_t n;
    RB_TRY(rb_get_copy(r, other->b, RB_HASH_LEN));
    RB_TRY(rb_get_u8(r, &n));
    if (n > RB_MAX_PROOF) return RB_ERR_MALFORMED;
    for (out->n = 0; out->n < n; out->n++)
        RB_TRY(rb_get_copy(r, out->h[out->n].b, RB_HASH_LEN));
    return RB_OK;
}

enum rb_err rb_fork_compact_open(struct rb_slice in, struct rb_slice origin,
                                 const struct rb_key *log, struct rb_fork_heads *out,
                                 struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    struct rb_checkpoint a, b;
    struct rb_proof proof = {0};
    uint8_t version;
    if (rb_get_u8(&r, &version) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.4", "no bytes", 0);
    if (version != COMPACT_VERSION)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "4.10.4", "version of the compact form", 0);
    RB_TRY(get_head(&r, origin, log, &a, rj));
    RB_TRY(get_head(&r, origin, log, &b, rj));
    struct rb_hash other = b.root;
    if (a.size < b.size && get_compact_proof(&r, &other, &proof) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.4", "root and proof", r.at);
    if (rb_get_end(&r) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.4", "bytes after the proof", r.at);
    RB_TRY(contradiction(&a, &b, &other, &proof, rj));
    heads_of(&a, &b, &other, out);
    return RB_OK;
}

enum rb_err rb_fork_compact_verify(struct rb_slice in, struct rb_slice origin,
                                   const struct rb_key *log, struct rb_reject *rj) {
    return rb_fork_compact_open(in, origin, log, NULL, rj);
}

/* ---- as text of a QR code ------------------------------------------------------------------ */
/* base64url without padding, from and to the base64 of clause 4 */
static void put_url(struct rb_slice raw, struct rb_writer *w) {
    const size_t from = w->n;
    rb_put_base64(w, raw.p, raw.n);
    if (w->over) return;
    while (w->n > from && w->p[w->n - 1] == '=')
        w->n--;
    for (size_t i = from; i < w->n; i++)
        w->p[i] = w->p[i] == '+' ? '-' : w->p[i] == '/' ? '_' : w->p[i];
}

static enum rb_err get_url(struct rb_slice text, struct rb_writer *out) {
    uint8_t plain[RB_MAX_FORK_CODE + 4];
    size_t n = 0, got;
    if (text.n > RB_MAX_FORK_CODE) return RB_ERR_LIMIT;
    for (; n < text.n; n++) {
        const uint8_t c = text.p[n];
        if (c == '+' || c == '/' || c == '=') return RB_ERR_MALFORMED;
        plain[n] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    while (n % 4 != 0)
        plain[n++] = '=';
    RB_TRY(rb_base64_decode(rb_slice(plain, n), out->p, out->cap, &got));
    out->n = got;
    return RB_OK;
}

enum rb_err rb_fork_code_encode(const struct rb_fork *f, const struct rb_vkey *log,
                                struct rb_writer *w) {
    uint8_t raw[RB_MAX_FORK_CODE];
    struct rb_writer r = rb_writer(raw, sizeof raw);
    if (log->name.n > RB_MAX_ORIGIN) return RB_ERR_LIMIT;
    rb_put_u8(&r, (uint8_t)log->name.n);
    rb_put_slice(&r, log->name);
    rb_put(&r, log->key.b, sizeof log->key.b);
    RB_TRY(rb_fork_compact_encode(f, log, &r));
    rb_put_z(w, RB_FORK_CODE);
    put_url(rb_written(&r), w);
    struct rb_slice done;
    return rb_writer_done(w, &done);
}

enum rb_err rb_fork_code_open(struct rb_slice text, uint8_t origin[RB_MAX_ORIGIN],
                              struct rb_key *log, struct rb_fork_heads *out, struct rb_reject *rj) {
    uint8_t raw[RB_MAX_FORK_CODE];
    struct rb_writer w = rb_writer(raw, sizeof raw);
    struct rb_slice name;
    struct rb_fork_heads heads;
    uint8_t n;
    if (!rb_slice_starts(text, RB_FORK_CODE))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.5", "not the text of such a code", 0);
    if (get_url(rb_slice_sub(text, sizeof RB_FORK_CODE - 1, text.n), &w) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.5", "base64url", sizeof RB_FORK_CODE - 1);
    struct rb_reader r = rb_reader(rb_written(&w));
    if (rb_get_u8(&r, &n) != RB_OK || n == 0 || n > RB_MAX_ORIGIN ||
        rb_get_view(&r, n, &name) != RB_OK || rb_get_copy(&r, log->b, sizeof log->b) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.5", "origin and log key", r.at);
    memcpy(origin, name.p, name.n);
    RB_TRY(rb_fork_compact_open(rb_slice(r.p + r.at, rb_left(&r)), rb_slice(origin, name.n), log,
                                &heads, rj));
    *out = heads;
    return RB_OK;
}
