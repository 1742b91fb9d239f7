/* Composing a record and the question of admission, asked in one place for every path. */
#include "node_int.h"

void node_fact_of(const struct rb_record *rec, struct rb_slice body, struct rb_fact *out) {
    memset(out, 0, sizeof *out);
    out->kind = (uint8_t)rec->kind;
    out->created_utc_ms = rec->created_utc_ms;
    out->precedence = (uint8_t)rec->precedence;
    out->closed = rec->closed;
    out->recipients = rec->recipients;
    out->emergency = rec->emergency.n > 0;
    out->reported = rec->reported_who.n > 0;
    out->demand = rec->demand;
    out->notice_class = -1;
    out->signers = (uint8_t)rec->signers_n;
    for (size_t i = 0; i < RB_REF_TYPES; i++)
        out->refs_n[i] = (uint8_t)rec->refs[i].n;
    struct rb_reader r;
    uint64_t v;
    if (!rec->closed) body = rec->body;
    if (body.n == 0) return;
    if (rec->kind == RB_KIND_POSITION || rec->kind == RB_KIND_NOTICE) {
        if (rb_cbor_find(body, 1, &r) != RB_OK || rb_cbor_get_uint(&r, &v) != RB_OK || v > 127)
            return;
        if (rec->kind == RB_KIND_POSITION)
            out->position = (int8_t)v;
        else
            out->notice_class = (int8_t)v;
    }
}

size_t node_signers_due(const struct channel *ch, const struct rb_fact *f) {
    return rb_rules_needs_two(ch->charter, (enum rb_kind)f->kind, f->position) && !f->emergency ? 2
                                                                                                : 1;
}

static enum rb_mark admit_answer(const struct channel *ch, const struct rb_fact *fact,
                                 const struct rb_hash *subject) {
    struct rb_standing standing = ch->standing;
    struct rb_feed *f;
    size_t leaf;
    if (!rb_book_find(&ch->book, subject, &f, &leaf)) return RB_MARK_NO_SUBJECT;
    rb_standing_about(&standing, &ch->book, f, leaf);
    return rb_rules_admit(ch->charter, fact, &f->facts[leaf], f->member == ch->own_member,
                          &standing);
}

enum rb_mark node_admit(struct rb_node *n, struct channel *ch, const struct rb_fact *fact,
                        const struct rb_record *rec) {
    const struct rb_refs *answers = &rec->refs[RB_REF_ANSWERS];
    enum rb_mark mark = RB_MARK_NONE;
    if (node_refresh_rules(n, ch) != RB_OK || !ch->charter) return RB_MARK_UNKNOWN_RULES;
    if (answers->n == 0 && rec->kind == RB_KIND_POSITION) return RB_MARK_NO_SUBJECT;
    if (answers->n == 0) return rb_rules_admit(ch->charter, fact, NULL, false, &ch->standing);
    for (size_t i = 0; i < answers->n && mark == RB_MARK_NONE; i++)
        mark = admit_answer(ch, fact, &answers->h[i]);
    return mark;
}

enum rb_err rb_node_compose(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], struct rb_now now,
                            struct rb_record *rec, struct rb_slice body, struct rb_arena *arena,
                            struct rb_slice *payload, enum rb_mark *mark, struct rb_reject *rj) {
    (void)body;
    struct channel *ch = node_channel_find(n, id);
    if (!ch) return rb_reject(rj, RB_ERR_NOT_FOUND, "6.2.8", "no such channel", 0);
    if (!ch->own) return rb_reject(rj, RB_ERR_STATE, "6.2.9", "the channel is not joined yet", 0);
    if (rec->body.n) RB_TRY(rb_body_check(rec->kind, rec->body, rj));
    if (body.n) RB_TRY(rb_body_check(rec->kind, body, rj));
    n->now = now;
    rec->has_channel = true;
    memcpy(rec->channel, ch->id, RB_CHANNEL_LEN);
    rec->created_utc_ms = now.utc_ms;
    size_t at = rb_arena_mark(&n->work);
    enum rb_err err =
        rb_book_seen(&ch->book, ch->own_member, ch->own->f->epoch, RB_MAX_SEEN, rec, &n->work);
    rb_arena_release(&n->work, at);
    RB_TRY(err);
    size_t cap = RB_MAX_LEAF;
    void *p = rb_arena_alloc(arena, cap);
    if (!p) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(p, cap);
    rb_payload_encode(rec, &w);
    if (rb_writer_done(&w, payload) != RB_OK)
        return rb_reject(rj, RB_ERR_LIMIT, "3.1.2", "the record is larger than a leaf may be", 0);
    struct rb_fact fact;
    node_fact_of(rec, body, &fact);
    RB_TRY(node_refresh_rules(n, ch)); /* memory, not rules that are unknown here */
    fact.signers = 2; /* whether a second officer is due is said by NEEDS_SECOND below */
    *mark = node_admit(n, ch, &fact, rec);
    if (*mark == RB_MARK_NONE && node_signers_due(ch, &fact) == 2) *mark = RB_MARK_NEEDS_SECOND;
    return RB_OK;
}
