/* Offline proofs: c2sp.org/tlog-proof@v1 (spec 4.9). */
#include "internal.h"

#define PROOF_HEADER "c2sp.org/tlog-proof@v1"

void rb_tlog_proof_encode(const struct rb_tlog_proof *p, struct rb_writer *w) {
    rb_put_z(w, PROOF_HEADER "\n");
    if (p->extra.n > 0) {
        rb_put_z(w, "extra ");
        rb_put_base64(w, p->extra.p, p->extra.n);
        rb_put_u8(w, '\n');
    }
    rb_put_z(w, "index ");
    rb_put_dec(w, p->index);
    rb_put_u8(w, '\n');
    tlog_proof_lines_encode(&p->path, w);
    rb_put_slice(w, p->note);
}

/* "extra BASE64" where there is one; leaves the reader where it was where there is none */
static enum rb_err get_extra(struct rb_reader *r, struct rb_slice *out) {
    struct rb_reader ahead = *r;
    struct rb_slice line;
    size_t n = 0;
    *out = rb_slice(NULL, 0);
    RB_TRY(rb_get_line(&ahead, &line));
    if (!rb_slice_starts(line, "extra ")) return RB_OK;
    const struct rb_slice text = rb_slice_sub(line, 6, line.n);
    RB_TRY(tlog_base64_scan(text, NULL, 0, &n));
    if (n == 0) return RB_ERR_MALFORMED; /* no data: no line */
    *out = text;
    *r = ahead;
    return RB_OK;
}

static enum rb_err get_index_line(struct rb_reader *r, uint64_t *out) {
    struct rb_slice line;
    RB_TRY(rb_get_line(r, &line));
    if (!rb_slice_starts(line, "index ")) return RB_ERR_MALFORMED;
    return tlog_size_decode(rb_slice_sub(line, 6, line.n), out);
}

enum rb_err rb_tlog_proof_decode(struct rb_slice in, struct rb_tlog_proof *out,
                                 struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    struct rb_tlog_proof p;
    struct rb_slice line;
    if (rb_get_line(&r, &line) != RB_OK || !rb_slice_is(line, PROOF_HEADER))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.9.1", "first line", 0);
    size_t at = r.at;
    enum rb_err e = get_extra(&r, &p.extra);
    if (e != RB_OK) return rb_reject(rj, e, "4.9.2", "extra data", at);
    at = r.at;
    e = get_index_line(&r, &p.index);
    if (e != RB_OK) return rb_reject(rj, e, "4.9.3", "index", at);
    e = tlog_proof_lines_decode(&r, &p.path);
    if (e != RB_OK) return rb_reject(rj, e, "4.9.4", "lines of the path", r.at);
    p.note = rb_slice_sub(in, r.at, in.n);
    if (p.note.n == 0) return rb_reject(rj, RB_ERR_MALFORMED, "4.9.5", "no checkpoint", r.at);
    if (p.note.n > RB_MAX_NOTE)
        return rb_reject(rj, RB_ERR_LIMIT, "4.9.5", "checkpoint too long", r.at);
    *out = p;
    return RB_OK;
}
