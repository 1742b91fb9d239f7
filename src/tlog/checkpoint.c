/* Checkpoints: origin, size, root (spec 4.3), and the lines that other formats share with them. */
#include "internal.h"

enum rb_err tlog_size_decode(struct rb_slice in, uint64_t *out) {
    uint64_t v;
    RB_TRY(rb_dec_decode(in, &v));
    if (v > TLOG_MAX_SIZE) return RB_ERR_LIMIT;
    *out = v;
    return RB_OK;
}

enum rb_err tlog_hash_decode(struct rb_slice in, struct rb_hash *out) {
    struct rb_hash h;
    size_t n = 0;
    if (in.n != 44) return RB_ERR_MALFORMED;
    RB_TRY(tlog_base64_scan(in, h.b, sizeof h.b, &n));
    if (n != RB_HASH_LEN) return RB_ERR_MALFORMED;
    *out = h;
    return RB_OK;
}

enum rb_err tlog_proof_lines_decode(struct rb_reader *r, struct rb_proof *out) {
    out->n = 0;
    for (;;) {
        struct rb_slice line;
        RB_TRY(rb_get_line(r, &line));
        if (line.n == 0) return RB_OK;
        if (out->n == RB_MAX_PROOF) return RB_ERR_MALFORMED;
        RB_TRY(tlog_hash_decode(line, &out->h[out->n]));
        out->n++;
    }
}

void tlog_proof_lines_encode(const struct rb_proof *p, struct rb_writer *w) {
    for (size_t i = 0; i < p->n; i++) {
        rb_put_base64(w, p->h[i].b, RB_HASH_LEN);
        rb_put_u8(w, '\n');
    }
    rb_put_u8(w, '\n');
}

void rb_checkpoint_text(struct rb_slice origin, uint64_t size, const struct rb_hash *root,
                        struct rb_writer *w) {
    rb_put_slice(w, origin);
    rb_put_u8(w, '\n');
    rb_put_dec(w, size);
    rb_put_u8(w, '\n');
    rb_put_base64(w, root->b, RB_HASH_LEN);
    rb_put_u8(w, '\n');
}

/* extension lines: none empty, each with its newline */
static bool extensions_ok(struct rb_slice s) {
    struct rb_reader r = rb_reader(s);
    while (rb_left(&r) > 0) {
        struct rb_slice line;
        if (rb_get_line(&r, &line) != RB_OK || line.n == 0) return false;
    }
    return true;
}

enum rb_err rb_checkpoint_decode(struct rb_slice text, struct rb_checkpoint *out,
                                 struct rb_reject *rj) {
    struct rb_reader r = rb_reader(text);
    struct rb_checkpoint c;
    struct rb_slice line;
    struct rb_hash empty;
    if (!tlog_text_ok(text))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.1", "not UTF-8 or a control character", 0);
    if (rb_get_line(&r, &c.origin) != RB_OK || c.origin.n == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.3.1", "origin line", 0);
    if (c.origin.n > RB_MAX_ORIGIN)
        return rb_reject(rj, RB_ERR_LIMIT, "4.3.1", "origin too long", 0);
    size_t at = r.at;
    enum rb_err e = rb_get_line(&r, &line);
    if (e == RB_OK) e = tlog_size_decode(line, &c.size);
    if (e != RB_OK) return rb_reject(rj, e, "4.3.2", "size line", at);
    at = r.at;
    if (rb_get_line(&r, &line) != RB_OK || tlog_hash_decode(line, &c.root) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.3.3", "root line", at);
    rb_empty_root(&empty);
    if (c.size == 0 && !rb_hash_eq(&c.root, &empty))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.3.3", "root of an empty tree", at);
    c.extensions = rb_slice_sub(text, r.at, text.n);
    if (!extensions_ok(c.extensions))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.3.4", "extension line", r.at);
    *out = c;
    return RB_OK;
}

enum rb_err rb_checkpoint_open(struct rb_slice note, const struct rb_vkey *log, struct rb_note *n,
                               struct rb_checkpoint *out, struct rb_reject *rj) {
    struct rb_checkpoint c;
    if (log->type != RB_SIG_ED25519)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "4.3.5", "type of the log's key", 0);
    RB_TRY(rb_note_decode(note, n, rj));
    RB_TRY(rb_checkpoint_decode(n->text, &c, rj));
    if (!rb_slice_eq(c.origin, log->name))
        return rb_reject(rj, RB_ERR_SIGNATURE, "4.3.5", "origin is not the name of the key", 0);
    const enum rb_err e = rb_note_verify(n, log, NULL);
    if (e == RB_ERR_NOT_FOUND)
        return rb_reject(rj, RB_ERR_SIGNATURE, "4.3.5", "not signed by the log", n->text.n);
    if (e != RB_OK) return rb_reject(rj, e, "4.3.5", "signature of the log", n->text.n);
    *out = c;
    return RB_OK;
}
