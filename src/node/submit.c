/* From the local side: records of officers, drafts that wait for a second one, founding, joining,
 * cards. */
#include "guard.h"

void submit_done(struct rb_node *n, uint64_t token, enum rb_err err, const char *clause,
                 const char *what, enum rb_mark mark, const struct rb_hash *record,
                 const uint8_t *channel, uint64_t after) {
    struct rb_effect e = {.type = RB_EF_DONE};
    e.u.done.token = token;
    e.u.done.reject = (struct rb_reject){err, clause, what, 0};
    e.u.done.mark = mark;
    if (record) {
        e.u.done.has_record = true;
        e.u.done.record = *record;
    }
    if (channel) memcpy(e.u.done.channel, channel, RB_CHANNEL_LEN);
    struct job *j = after ? node_job(n, JOB_DONE) : NULL;
    if (!j) {
        /* a yes would come before it is durable */
        if (after)
            e.u.done.reject = (struct rb_reject){
                RB_ERR_LIMIT, "6.11.9",
                "memory is short: it may be done all the same, look before trying again", 0};
        *node_effect(n, RB_EF_DONE) = e;
        return;
    }
    j->done = e;
    j->ticket = after;
}

void submit_logged(struct rb_node *n, struct job *j, uint64_t token, const struct rb_hash *record,
                   const uint8_t *channel, uint64_t after) {
    j->done = (struct rb_effect){.type = RB_EF_DONE};
    j->done.u.done.token = token;
    j->done.u.done.has_record = true;
    j->done.u.done.record = *record;
    memcpy(j->done.u.done.channel, channel, RB_CHANNEL_LEN);
    j->ticket = after;
    if (after) return;
    *node_effect(n, RB_EF_DONE) = j->done;
    node_job_free(n, j);
}

void submit_refused(struct rb_node *n, const struct rb_event *ev, const struct rb_reject *rj,
                    enum rb_mark mark) {
    struct rb_effect *e = node_effect(n, RB_EF_DONE);
    e->u.done.token = ev->u.submit.token;
    e->u.done.reject = *rj;
    e->u.done.mark = mark;
    memcpy(e->u.done.channel, ev->u.submit.channel, RB_CHANNEL_LEN);
}

/* ---- drafts ------------------------------------------------------------------------------------
 */
static struct draft *draft_find(struct rb_node *n, const struct rb_hash *h) {
    for (size_t i = 0; i < RB_MAX_DRAFTS; i++)
        if (n->drafts[i] && n->drafts[i]->used && rb_hash_eq(&n->drafts[i]->hash, h))
            return n->drafts[i];
    return NULL;
}

static struct draft *draft_slot(struct rb_node *n) {
    for (size_t i = 0; i < RB_MAX_DRAFTS; i++) {
        if (!n->drafts[i]) n->drafts[i] = rb_region_alloc(&n->region, sizeof *n->drafts[i]);
        if (n->drafts[i] && !n->drafts[i]->used) return n->drafts[i];
    }
    return NULL;
}

static uint64_t draft_store(struct rb_node *n, const struct draft *d) {
    struct rb_writer w = node_writer(n, 32 + d->signers_n * 72 + d->payload.n);
    rb_put(&w, d->channel, RB_CHANNEL_LEN);
    rb_put_u8(&w, (uint8_t)d->signers_n);
    for (size_t i = 0; i < d->signers_n; i++) {
        rb_put(&w, d->signers[i].kid, RB_KID_LEN);
        rb_put(&w, d->signers[i].sig, RB_SIG_LEN);
    }
    rb_put_slice(&w, buf_slice(&d->payload));
    return node_store_meta(n, RB_TABLE_DRAFT, rb_slice(d->hash.b, RB_HASH_LEN), rb_written(&w));
}

enum rb_err draft_load(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct rb_reader r = rb_reader(value);
    struct draft *d = draft_slot(n);
    uint8_t count;
    if (!d || key.n != RB_HASH_LEN) return RB_ERR_LIMIT;
    memset(d, 0, sizeof *d);
    memcpy(d->hash.b, key.p, RB_HASH_LEN);
    RB_TRY(rb_get_copy(&r, d->channel, RB_CHANNEL_LEN));
    RB_TRY(rb_get_u8(&r, &count));
    if (count > RB_MAX_SIGNERS) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        RB_TRY(rb_get_copy(&r, d->signers[i].kid, RB_KID_LEN));
        RB_TRY(rb_get_copy(&r, d->signers[i].sig, RB_SIG_LEN));
    }
    d->signers_n = count;
    RB_TRY(buf_put(n, &d->payload, r.p + r.at, rb_left(&r)));
    d->used = true;
    return RB_OK;
}

static uint64_t draft_forget(struct rb_node *n, struct draft *d) {
    body_discard(n, d);
    uint64_t t =
        node_store_meta(n, RB_TABLE_DRAFT, rb_slice(d->hash.b, RB_HASH_LEN), rb_slice(NULL, 0));
    buf_free(n, &d->payload);
    d->used = false;
    return t;
}

bool draft_unsigned(struct rb_node *n, struct channel *ch, const struct rb_record *rec) {
    struct rb_hash h;
    rb_payload_hash(rec->payload, &h);
    if (draft_find(n, &h)) return true;
    struct draft *d = draft_slot(n);
    if (!d) return false;
    memset(d, 0, sizeof *d);
    d->hash = h;
    memcpy(d->channel, ch->id, RB_CHANNEL_LEN);
    if (buf_put(n, &d->payload, rec->payload.p, rec->payload.n) != RB_OK) return false;
    d->used = true;
    struct body *b = rec->closed ? body_find(ch, ch->own_member, &rec->ciphertext_hash) : NULL;
    if (b) b->queued = false;
    draft_store(n, d);
    return true;
}

void draft_found(struct rb_node *n, struct rb_slice leaf) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_hash h;
    if (!rec || rb_record_decode(leaf, rec, NULL) != RB_OK) return;
    rb_payload_hash(rec->payload, &h);
    struct draft *d = draft_find(n, &h);
    if (d) draft_forget(n, d);
}

/* Adds signatures that are not there yet; those given with this submission are verified already. */
static void join_signers(struct rb_signer *all, size_t *all_n, const struct rb_signer *more,
                         size_t more_n) {
    for (size_t i = 0; i < more_n && *all_n < RB_MAX_SIGNERS; i++) {
        bool there = false;
        for (size_t k = 0; k < *all_n; k++)
            there |= memcmp(all[k].kid, more[i].kid, RB_KID_LEN) == 0;
        if (!there) all[(*all_n)++] = more[i];
    }
}

static void keep_draft(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                       const struct rb_record *rec, struct draft *d, const struct rb_hash *hash,
                       const struct rb_signer *all, size_t all_n) {
    if (!d && (d = draft_slot(n)) != NULL) {
        memset(d, 0, sizeof *d);
        d->hash = *hash;
        memcpy(d->channel, ev->u.submit.channel, RB_CHANNEL_LEN);
        if (buf_put(n, &d->payload, ev->u.submit.payload.p, ev->u.submit.payload.n) != RB_OK)
            d = NULL;
    }
    if (!d) {
        struct rb_reject rj = {RB_ERR_LIMIT, "6.11.4", "too many drafts wait for a second officer",
                               0};
        submit_refused(n, ev, &rj, RB_MARK_NEEDS_SECOND);
        return;
    }
    memcpy(d->signers, all, all_n * sizeof *all);
    d->signers_n = all_n;
    d->used = true;
    body_keep(n, ch, ev, rec, false);
    submit_done(n, ev->u.submit.token, RB_ERR_NEED_SIGNER, "6.11.3",
                "kept as a draft: the charter wants a second officer", RB_MARK_NEEDS_SECOND, hash,
                ev->u.submit.channel, draft_store(n, d));
}

/* ---- records -----------------------------------------------------------------------------------
 */
/* A draft's signatures are verified again: an officer may have left the card since. */
static enum rb_err verify_signers(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                                  const struct rb_signer *all, size_t all_n, size_t total,
                                  const struct rb_record *rec, struct rb_reject *rj) {
    const bool flash = rec->precedence == RB_FLASH;
    struct rb_slice card = {NULL, 0};
    if (rec->kind == RB_KIND_CARD) RB_TRY(rb_carried_decode(rec->body, &card, rj));
    struct rb_slice aad = rb_slice(ch->own->f->origin, ch->own->f->origin_n);
    for (size_t i = 0; i < all_n; i++) {
        const struct rb_signer *s = &all[i];
        size_t officer, mark = rb_arena_mark(&n->work);
        const struct rb_key *key = rb_book_officer_key(&ch->book, ch->own_member, s->kid, &officer);
        if (!key && card.n) key = keys_on_card(n, card, s->kid); /* 5.3.4 */
        if (!key)
            return rb_reject(rj, RB_ERR_DENIED, "6.11.1", "no officer on our card has this key", i);
        if (keys_revoked(ch, key))
            return rb_reject(rj, RB_ERR_DENIED, "2.7.4", "the officer's key was revoked", i);
        if (!flash && keys_ending(n, ch, key))
            return rb_reject(rj, RB_ERR_BUSY, "2.7.5",
                             "a record that ends this officer's key waits to be logged", i);
        size_t cap = ev->u.submit.payload.n + 512;
        struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, cap), cap);
        if (!w.p) return RB_ERR_LIMIT;
        rb_record_tbs(ev->u.submit.payload, aad, s->kid, total, &w);
        enum rb_err err = rb_ed25519_verify(key, rb_written(&w), s->sig);
        rb_arena_release(&n->work, mark);
        if (err != RB_OK)
            return rb_reject(rj, RB_ERR_SIGNATURE, "6.11.2",
                             "the officer's signature does not verify", i);
    }
    return RB_OK;
}

static enum rb_err check_form(struct rb_node *n, struct channel *ch, const struct rb_event *ev,
                              struct rb_record *rec, struct rb_reject *rj) {
    (void)n;
    RB_TRY(rb_payload_decode(ev->u.submit.payload, rec, rj));
    if (!rec->has_channel || memcmp(rec->channel, ch->id, RB_CHANNEL_LEN) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.11.5", "the record names another channel", 0);
    if (rb_kind_is_machine(rec->kind) && rec->kind != RB_KIND_SERVICE)
        return rb_reject(rj, RB_ERR_DENIED, "6.11.6", "records of this kind are made by the node",
                         0);
    if (rec->kind == RB_KIND_CHARTER)
        return rb_reject(rj, RB_ERR_DENIED, "6.11.8", "a charter founds a channel of its own", 0);
    return RB_OK;
}

static const char *mark_clause(enum rb_mark m) {
    return m == RB_MARK_NONE ? NULL : "5.4";
}

/* A record that is being submitted: read, and with the signatures that are there by now. */
struct submitted {
    struct channel *ch;
    struct rb_record *rec;
    struct rb_slice readable; /* closed: what its body says */
    struct rb_hash hash;
    struct draft *draft;
    struct despite touched;
    struct rb_signer all[RB_MAX_SIGNERS];
    size_t all_n, due;
};

static enum rb_err submitted_read(struct rb_node *n, const struct rb_event *ev, struct submitted *s,
                                  struct rb_reject *rj) {
    s->ch = node_channel_find(n, ev->u.submit.channel);
    s->rec = rb_arena_alloc(&n->work, sizeof *s->rec);
    if (!s->rec) return rb_reject(rj, RB_ERR_LIMIT, "6.11.9", rb_err_text(RB_ERR_LIMIT), 0);
    if (!s->ch || !s->ch->own)
        return rb_reject(rj, s->ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                         s->ch ? "the channel is not joined yet" : "no such channel", 0);
    RB_TRY(check_form(n, s->ch, ev, s->rec, rj));
    RB_TRY(body_submitted(n, s->ch, ev, s->rec, &s->readable, rj));
    rb_payload_hash(ev->u.submit.payload, &s->hash);
    s->draft = draft_find(n, &s->hash);
    if (s->draft) join_signers(s->all, &s->all_n, s->draft->signers, s->draft->signers_n);
    join_signers(s->all, &s->all_n, ev->u.submit.signers, ev->u.submit.signers_n);
    return RB_OK;
}

static enum rb_err submitted_admit(struct rb_node *n, const struct rb_event *ev,
                                   struct submitted *s, enum rb_mark *mark, struct rb_reject *rj) {
    struct rb_fact fact;
    node_fact_of(s->rec, s->readable, &fact);
    fact.signers = (uint8_t)s->all_n;
    if (node_refresh_rules(n, s->ch) !=
        RB_OK) /* not to be mistaken for rules that are unknown here */
        return rb_reject(rj, RB_ERR_LIMIT, "6.11.9", rb_err_text(RB_ERR_LIMIT), 0);
    enum rb_mark m = node_admit(n, s->ch, &fact, s->rec);
    s->due = s->ch->charter ? node_signers_due(s->ch, &fact) : 1;
    if (m != RB_MARK_NONE && m != RB_MARK_NEEDS_SECOND) {
        *mark = m;
        return rb_reject(rj, RB_ERR_DENIED, mark_clause(m), rb_mark_text(m), 0);
    }
    if (s->all_n == 0) return rb_reject(rj, RB_ERR_SIGNATURE, "6.11.2", "no officer signed", 0);
    size_t total = s->due > s->all_n ? s->due : s->all_n;
    return verify_signers(n, s->ch, ev, s->all, s->all_n, total, s->rec, rj);
}

/* What the officers read is at hand in this step: our own record needs no opening. */
static enum rb_err submitted_log(struct rb_node *n, const struct rb_event *ev, struct submitted *s,
                                 struct rb_reject *rj) {
    struct rb_writer w = node_writer(n, ev->u.submit.payload.n + 512);
    struct rb_slice leaf;
    enum rb_err err = rb_record_assemble(ev->u.submit.payload, s->all, s->all_n, &w);
    if (err == RB_OK) err = rb_writer_done(&w, &leaf);
    if (err == RB_OK && leaf.n > RB_MAX_LEAF) err = RB_ERR_LIMIT;
    if (err == RB_OK)
        err = own_enqueue(n, s->ch, leaf, (uint8_t)s->rec->precedence, ev->u.submit.token);
    if (err != RB_OK) return rb_reject(rj, err, "6.11.9", rb_err_text(err), 0);
    body_keep(n, s->ch, ev, s->rec, true);
    if (s->draft) draft_forget(n, s->draft);
    struct rb_hash id;
    rb_leaf_hash(leaf, &id);
    despite_released(n, s->ch, &id, &s->touched);
    if (!s->rec->closed) return RB_OK;
    n->fresh.ch = s->ch;
    n->fresh.hash = s->rec->ciphertext_hash;
    n->fresh.body = s->readable;
    return RB_OK;
}

static void submit_record(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct submitted s = {0};
    enum rb_mark mark = RB_MARK_NONE;
    enum rb_err err = submitted_read(n, ev, &s, &rj);
    if (err == RB_OK) err = submitted_admit(n, ev, &s, &mark, &rj);
    if (err == RB_OK)
        err = despite_check(n, s.ch, s.rec, s.readable, ev->u.submit.despite, &s.touched, &rj);
    if (err == RB_OK) err = body_reserve(n, s.ch, ev, s.rec, &rj);
    if (err == RB_OK && s.all_n < s.due) {
        keep_draft(n, s.ch, ev, s.rec, s.draft, &s.hash, s.all, s.all_n);
        return;
    }
    if (err == RB_OK) err = submitted_log(n, ev, &s, &rj);
    if (err == RB_OK) return;
    if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.11.9", rb_err_text(err), 0);
    submit_refused(n, ev, &rj, mark);
}

/* ---- founding and joining
 * ------------------------------------------------------------------------ */
/* the signed delegation that a leaf carries */
static enum rb_err carried_delegation(struct rb_node *n, struct rb_slice leaf, struct rb_slice *out,
                                      struct rb_reject *rj) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec) return RB_ERR_LIMIT;
    RB_TRY(rb_record_decode(leaf, rec, rj));
    if (rec->kind != RB_KIND_DELEGATION)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.2.10", "a delegation record is wanted here", 0);
    return rb_carried_decode(rec->body, out, rj);
}

/* What would be marked in our own feed is refused before it is logged. */
static enum rb_err check_joining(struct rb_node *n, struct channel *ch, struct rb_slice origin,
                                 struct rb_slice leaf, struct rb_reject *rj) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    size_t officer;
    if (!rec) return RB_ERR_LIMIT;
    RB_TRY(rb_record_decode(leaf, rec, rj));
    const struct rb_key *key =
        rb_book_officer_key(&ch->book, ch->own_member, rec->signers[0].kid, &officer);
    if (!key || rec->signers_n != 1)
        return rb_reject(rj, RB_ERR_DENIED, "6.11.1", "no officer on our card has this key", 0);
    if (!rec->has_channel || memcmp(rec->channel, ch->id, RB_CHANNEL_LEN) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.11.5", "the record names another channel", 0);
    if (rb_record_verify(rec, 0, origin, key, &n->work) != RB_OK)
        return rb_reject(rj, RB_ERR_SIGNATURE, "6.11.2", "the officer's signature does not verify",
                         0);
    return RB_OK;
}

static void submit_found(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct rb_slice delegation;
    struct channel *ch = NULL;
    struct feedx *fx = NULL;
    enum rb_err err = carried_delegation(n, ev->u.submit.delegation, &delegation, &rj);
    if (err == RB_OK) err = node_channel_new(n, ev->u.submit.leaf, &ch, &rj);
    if (err == RB_OK && ch->book.proposer != ch->own_member)
        err = rb_reject(&rj, RB_ERR_DENIED, "6.2.11", "the charter is signed by another party", 0);
    if (err == RB_OK) err = node_channel_open_feed(n, ch, delegation, false, &fx, &rj);
    if (err == RB_OK && (!fx->own || fx->f->epoch != 0))
        err =
            rb_reject(&rj, RB_ERR_DENIED, "6.2.12", "the delegation is not for our first epoch", 0);
    if (err == RB_OK)
        err = check_joining(n, ch, rb_slice(fx->f->origin, fx->f->origin_n),
                            ev->u.submit.delegation, &rj);
    if (err != RB_OK) {
        if (ch) node_channel_drop(n, ch);
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    uint8_t key[20];
    node_channel_store(n, ch);
    node_feed_key(fx, key);
    node_store_meta(n, RB_TABLE_DELEGATION, rb_slice(key, sizeof key), delegation);
    if (own_enqueue(n, ch, ev->u.submit.leaf, RB_FLASH, ev->u.submit.token) != RB_OK ||
        own_enqueue(n, ch, ev->u.submit.delegation, RB_FLASH, 0) != RB_OK)
        n->overflow = true;
    node_sync_members(n, ch);
}

static void submit_join(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct rb_slice delegation;
    struct feedx *fx = NULL;
    struct channel *ch = node_channel_find(n, ev->u.submit.channel);
    enum rb_err err = ch ? RB_OK : rb_reject(&rj, RB_ERR_NOT_FOUND, "6.2.8", "no such channel", 0);
    if (err == RB_OK && ch->own) err = rb_reject(&rj, RB_ERR_EXISTS, "6.2.13", "joined already", 0);
    if (err == RB_OK) err = carried_delegation(n, ev->u.submit.delegation, &delegation, &rj);
    if (err == RB_OK) {
        struct rb_delegation d;
        err = rb_delegation_decode(delegation, &d, &n->work, &rj);
        if (err == RB_OK && !rb_key_eq(&d.party, &n->self.party))
            err = rb_reject(&rj, RB_ERR_DENIED, "6.2.14", "another party's delegation", 0);
        /* all of it before the feed is opened: a feed of ours without its first leaf could not be
         * mended */
        if (err == RB_OK) err = check_joining(n, ch, d.origin, ev->u.submit.delegation, &rj);
    }
    if (err == RB_OK) err = node_channel_open_feed(n, ch, delegation, true, &fx, &rj);
    if (err == RB_OK)
        err = own_enqueue(n, ch, ev->u.submit.delegation, RB_FLASH, ev->u.submit.token);
    if (err != RB_OK) {
        if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.2.15", rb_err_text(err), 0);
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    node_channel_store(n, ch);
    node_sync_members(n, ch);
}

/* ---- cards, tests, nil, drafts
 * -------------------------------------------------------------------- */
static void submit_card(struct rb_node *n, const struct rb_event *ev, bool own) {
    struct rb_reject rj = {0};
    enum rb_err err;
    uint64_t before = n->next_ticket;
    if (own) {
        err = node_self_put(n, ev->u.submit.card, &rj);
        if (err == RB_OK) node_store_meta(n, RB_TABLE_SELF, rb_str("card"), ev->u.submit.card);
    } else {
        struct peer *p;
        err = node_peer_put(n, ev->u.submit.card, true, true, &p, &rj);
        if (err == RB_OK) p->invites_at = 0;
    }
    if (err != RB_OK) {
        if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.1.2", rb_err_text(err), 0);
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    uint64_t after = n->next_ticket > before ? n->next_ticket - 1 : 0;
    submit_done(n, ev->u.submit.token, RB_OK, NULL, NULL, RB_MARK_NONE, NULL, NULL, after);
}

static void submit_machine(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct channel *ch = node_channel_find(n, ev->u.submit.channel);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!ch || !ch->own || !rec) {
        (void)rb_reject(&rj, ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                        ch ? "the channel is not joined yet" : "no such channel", 0);
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    struct rb_writer w = node_writer(n, 64);
    rec->precedence = RB_ROUTINE;
    if (ev->u.submit.what == RB_SUBMIT_TEST) {
        struct rb_test t = {.slot_utc_ms = 0, .sequence = ++ch->test_sequence};
        rec->kind = RB_KIND_TEST;
        rb_test_encode(&t, &w);
    } else {
        rec->kind = RB_KIND_NIL;
        rb_cbor_put_map(&w, 2);
        rb_cbor_put_uint(&w, 1);
        rb_cbor_put_uint(&w, (uint64_t)ev->u.submit.from_utc_ms);
        rb_cbor_put_uint(&w, 2);
        rb_cbor_put_uint(&w, (uint64_t)ev->u.submit.to_utc_ms);
    }
    rec->body = rb_written(&w);
    enum rb_err err = rb_body_check(rec->kind, rec->body, &rj);
    if (err == RB_OK) err = machine_make(n, ch, rec, ev->u.submit.token);
    if (err != RB_OK) {
        if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.11.9", rb_err_text(err), 0);
        submit_refused(n, ev, &rj, RB_MARK_NONE);
    }
}

static void submit_discard(struct rb_node *n, const struct rb_event *ev) {
    struct draft *d = draft_find(n, &ev->u.submit.draft);
    struct rb_reject rj = {RB_ERR_NOT_FOUND, "6.11.10", "no such draft", 0};
    if (!d)
        submit_refused(n, ev, &rj, RB_MARK_NONE);
    else
        submit_done(n, ev->u.submit.token, RB_OK, NULL, NULL, RB_MARK_NONE, &ev->u.submit.draft,
                    d->channel, draft_forget(n, d));
}

void submit_event(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {RB_ERR_BUSY, "6.1.7", "the node is still starting", 0};
    if (!n->started) {
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    switch (ev->u.submit.what) {
    case RB_SUBMIT_RECORD:
        submit_record(n, ev);
        break;
    case RB_SUBMIT_FOUND:
        submit_found(n, ev);
        break;
    case RB_SUBMIT_JOIN:
        submit_join(n, ev);
        break;
    case RB_SUBMIT_ACCREDIT:
        submit_card(n, ev, false);
        break;
    case RB_SUBMIT_CARD:
        submit_card(n, ev, true);
        break;
    case RB_SUBMIT_TEST:
    case RB_SUBMIT_NIL:
        submit_machine(n, ev);
        break;
    case RB_SUBMIT_DISCARD:
        submit_discard(n, ev);
        break;
    case RB_SUBMIT_PURGE:
        retain_submit(n, ev);
        break;
    case RB_SUBMIT_UNLOCKED:
        open_unlocked(n);
        submit_done(n, ev->u.submit.token, RB_OK, NULL, NULL, RB_MARK_NONE, NULL, NULL, 0);
        break;
    case RB_SUBMIT_PROBED:
        probing_submit(n, ev);
        break;
    case RB_SUBMIT_OVERRIDE:
        guard_override(n, ev);
        break;
    case RB_SUBMIT_EPOCH:
        epoch_submit(n, ev);
        break;
    default:
        break;
    }
}
