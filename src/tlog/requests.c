/* Request and answer bodies of tlog-witness and tlog-mirror (spec 4.6 to 4.8). */
#include <assert.h>
#include "internal.h"

#define PACKAGE_WIDTH 256u

/* ---- add-checkpoint ------------------------------------------------------------------------ */

void rb_add_checkpoint_encode(const struct rb_add_checkpoint *a, struct rb_writer *w) {
    rb_put_z(w, "old ");
    rb_put_dec(w, a->old_size);
    rb_put_u8(w, '\n');
    tlog_proof_lines_encode(&a->proof, w);
    rb_put_slice(w, a->note);
}

enum rb_err rb_add_checkpoint_decode(struct rb_slice in, struct rb_add_checkpoint *out,
                                     struct rb_reject *rj) {
    struct rb_reader r = rb_reader(in);
    struct rb_add_checkpoint a;
    struct rb_slice line;
    if (rb_get_line(&r, &line) != RB_OK || !rb_slice_starts(line, "old "))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.6.1", "no line with the old size", 0);
    enum rb_err e = tlog_size_decode(rb_slice_sub(line, 4, line.n), &a.old_size);
    if (e != RB_OK) return rb_reject(rj, e, "4.6.1", "old size", 4);
    e = tlog_proof_lines_decode(&r, &a.proof);
    if (e != RB_OK) return rb_reject(rj, e, "4.6.2", "lines of the consistency proof", r.at);
    a.note = rb_slice_sub(in, r.at, in.n);
    if (a.note.n == 0) return rb_reject(rj, RB_ERR_MALFORMED, "4.6.3", "no checkpoint", r.at);
    if (a.note.n > RB_MAX_NOTE)
        return rb_reject(rj, RB_ERR_LIMIT, "4.6.3", "checkpoint too long", r.at);
    *out = a;
    return RB_OK;
}

/* ---- add-entries --------------------------------------------------------------------------- */

void rb_add_entries_encode(const struct rb_add_entries *a, struct rb_writer *w) {
    assert(a->origin.n <= RB_MAX_ORIGIN && a->ticket.n <= UINT16_MAX);
    rb_put_u16(w, (uint16_t)a->origin.n);
    rb_put_slice(w, a->origin);
    rb_put_u64(w, a->start);
    rb_put_u64(w, a->end);
    rb_put_u16(w, (uint16_t)a->ticket.n);
    rb_put_slice(w, a->ticket);
}

static enum rb_err get_short(struct rb_reader *r, struct rb_slice *out) {
    struct rb_reader ahead = *r;
    uint16_t n;
    RB_TRY(rb_get_u16(&ahead, &n));
    RB_TRY(rb_get_view(&ahead, n, out));
    *r = ahead;
    return RB_OK;
}

enum rb_err rb_add_entries_decode(struct rb_reader *r, struct rb_add_entries *out,
                                  struct rb_reject *rj) {
    struct rb_reader ahead = *r;
    struct rb_add_entries a;
    if (get_short(&ahead, &a.origin) != RB_OK || a.origin.n == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.7.1", "origin", ahead.at);
    if (a.origin.n > RB_MAX_ORIGIN)
        return rb_reject(rj, RB_ERR_LIMIT, "4.7.1", "origin too long", r->at);
    const size_t at = ahead.at;
    if (rb_get_u64(&ahead, &a.start) != RB_OK || rb_get_u64(&ahead, &a.end) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.7.1", "start and end", ahead.at);
    if (a.end > TLOG_MAX_SIZE) return rb_reject(rj, RB_ERR_LIMIT, "4.7.2", "end too large", at + 8);
    if (a.start > a.end) return rb_reject(rj, RB_ERR_MALFORMED, "4.7.2", "start after end", at);
    if (get_short(&ahead, &a.ticket) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.7.1", "ticket", ahead.at);
    *r = ahead;
    *out = a;
    return RB_OK;
}

void rb_package_bounds(uint64_t start, uint64_t end, uint64_t at, uint64_t *from, uint64_t *to) {
    assert(start <= at && at < end && end <= TLOG_MAX_SIZE);
    const uint64_t base = at - at % PACKAGE_WIDTH;
    *from = start > base ? start : base;
    *to = end - base < PACKAGE_WIDTH ? end : base + PACKAGE_WIDTH;
}

void rb_package_entry_encode(struct rb_slice entry, struct rb_writer *w) {
    assert(entry.n <= RB_MAX_LEAF);
    rb_put_u16(w, (uint16_t)entry.n);
    rb_put_slice(w, entry);
}

void rb_package_proof_encode(const struct rb_proof *p, struct rb_writer *w) {
    assert(p->n <= RB_MAX_PROOF);
    rb_put_u8(w, (uint8_t)p->n);
    for (size_t i = 0; i < p->n; i++)
        rb_put(w, p->h[i].b, RB_HASH_LEN);
}

static enum rb_err get_package_proof(struct rb_reader *r, struct rb_proof *out) {
    uint8_t n;
    RB_TRY(rb_get_u8(r, &n));
    if (n > RB_MAX_PROOF) return RB_ERR_MALFORMED;
    for (out->n = 0; out->n < n; out->n++)
        RB_TRY(rb_get_copy(r, out->h[out->n].b, RB_HASH_LEN));
    return RB_OK;
}

enum rb_err rb_package_decode(struct rb_reader *r, const struct rb_add_entries *h, uint64_t at,
                              struct rb_package *out, struct rb_reject *rj) {
    struct rb_reader ahead = *r;
    struct rb_package p;
    assert(h->start <= at && h->end <= TLOG_MAX_SIZE);
    if (rb_left(&ahead) == 0) return RB_ERR_NOT_FOUND;
    if (at >= h->end)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.7.6", "bytes after the last package", ahead.at);
    rb_package_bounds(h->start, h->end, at, &p.from, &p.to);
    for (size_t i = 0; i < p.to - p.from; i++) {
        if (get_short(&ahead, &p.entries[i]) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "4.7.4", "ends within an entry", ahead.at);
    }
    if (get_package_proof(&ahead, &p.proof) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.7.5", "proof of the package", ahead.at);
    *r = ahead;
    *out = p;
    return RB_OK;
}

/* ---- text/x.tlog.mirror-info --------------------------------------------------------------- */

void rb_mirror_info_encode(const struct rb_mirror_info *m, struct rb_writer *w) {
    rb_put_dec(w, m->pending);
    rb_put_u8(w, '\n');
    rb_put_dec(w, m->next);
    rb_put_u8(w, '\n');
    rb_put_base64(w, m->ticket.p, m->ticket.n);
    rb_put_u8(w, '\n');
}

enum rb_err rb_mirror_info_decode(struct rb_slice in, struct rb_mirror_info *out) {
    struct rb_reader r = rb_reader(in);
    struct rb_mirror_info m;
    struct rb_slice line;
    size_t n = 0;
    RB_TRY(rb_get_line(&r, &line));
    RB_TRY(tlog_size_decode(line, &m.pending));
    RB_TRY(rb_get_line(&r, &line));
    RB_TRY(tlog_size_decode(line, &m.next));
    RB_TRY(rb_get_line(&r, &m.ticket));
    RB_TRY(tlog_base64_scan(m.ticket, NULL, 0, &n));
    if (n > UINT16_MAX) return RB_ERR_LIMIT; /* could not be sent back */
    RB_TRY(rb_get_end(&r));
    *out = m;
    return RB_OK;
}
