/* A further epoch of our feed (spec 6.15): a new log key and origin, authorised by the party key
 * with the size of the earlier one that it stands by. From then on all that is released goes there.
 * What waited in the outbox was signed over the earlier origin: records of officers become drafts
 * without a signature, those of the node are made anew. */
#include "guard.h"

#define STEP 16u /* of them in one step */

/* ---- may it be opened?
 * ---------------------------------------------------------------------------
 */
struct opening {
    struct channel *ch;
    struct feedx *before;
    struct rb_slice delegation; /* the signed body */
    struct rb_delegation d;
};

static enum rb_err check_previous(const struct opening *o, struct rb_reject *rj) {
    const struct rb_feed *f = o->before->f;
    if (!o->d.has_previous || !rb_slice_eq(o->d.previous_origin, rb_slice(f->origin, f->origin_n)))
        return rb_reject(rj, RB_ERR_DENIED, "6.15.1",
                         "the delegation does not name our present epoch as the previous one", 0);
    if (o->d.previous_size > f->tree.size)
        return rb_reject(rj, RB_ERR_DENIED, "6.15.5",
                         "it stands by more of the present epoch than is here", 0);
    return RB_OK;
}

static enum rb_err check_origin(struct rb_node *n, const struct opening *o, struct rb_reject *rj) {
    char next[RB_MAX_ORIGIN];
    struct rb_writer w = rb_writer(next, sizeof next);
    if (!rb_key_eq(&o->d.party, &n->self.party))
        return rb_reject(rj, RB_ERR_DENIED, "6.2.14", "another party's delegation", 0);
    RB_TRY(rb_node_next_origin(n, o->ch->id, &w));
    if (w.over || !rb_slice_eq(rb_written(&w), o->d.origin))
        return rb_reject(rj, RB_ERR_DENIED, "6.15.1", "the delegation is not for our next epoch",
                         0);
    return RB_OK;
}

/* What is logged in the present epoch is signed there first, where it still can be. */
static enum rb_err check_time(const struct channel *ch, struct rb_reject *rj) {
    if (ch->guard.on)
        return rb_reject(rj, RB_ERR_STATE, "6.15.1",
                         "the members are still asked what they hold: they may know a later epoch",
                         0);
    bool open = own_unsigned(ch->own) == NULL && ch->own->note_size < ch->own->f->tree.size;
    for (const struct outbox_item *i = ch->outbox; i; i = i->next)
        open |= !i->persisted;
    if (open || ch->own->signing)
        return rb_reject(rj, RB_ERR_BUSY, "6.15.3", "records of the present epoch are being signed",
                         0);
    return RB_OK;
}

static enum rb_err carried(struct rb_node *n, struct rb_slice leaf, enum rb_kind kind,
                           struct rb_record *rec, struct rb_slice *out, struct rb_reject *rj) {
    (void)n;
    RB_TRY(rb_record_decode(leaf, rec, rj));
    if (rec->kind != kind)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.15.2", "a delegation, and the card behind it", 0);
    return rb_carried_decode(rec->body, out, rj);
}

/* an officer of that card signed it, for this channel, over the new origin */
static enum rb_err signed_by(struct rb_node *n, const struct opening *o,
                             const struct rb_record *rec, const struct rb_card *card,
                             struct rb_reject *rj) {
    uint8_t kid[RB_KID_LEN];
    if (!rec->has_channel || memcmp(rec->channel, o->ch->id, RB_CHANNEL_LEN) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.11.5", "the record names another channel", 0);
    for (size_t i = 0; rec->signers_n == 1 && i < card->officers_n; i++) {
        rb_key_id(&card->officers[i].key, kid);
        if (memcmp(kid, rec->signers[0].kid, RB_KID_LEN) != 0) continue;
        if (rb_record_verify(rec, 0, o->d.origin, &card->officers[i].key, &n->work) == RB_OK)
            return RB_OK;
        return rb_reject(rj, RB_ERR_SIGNATURE, "6.11.2", "the officer's signature does not verify",
                         0);
    }
    return rb_reject(rj, RB_ERR_DENIED, "6.11.1", "no officer on our card has this key", 0);
}

/* The feed starts with the charter's card. Where a later one is in force it goes along. */
static enum rb_err check_card(struct rb_node *n, const struct opening *o, const struct rb_event *ev,
                              struct rb_reject *rj) {
    const struct rb_book_member *us = rb_book_member(&o->ch->book, o->ch->own_member);
    struct rb_card *first = rb_arena_alloc(&n->work, sizeof *first),
                   *card = rb_arena_alloc(&n->work, sizeof *card);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_slice leaf = ev->u.submit.leaf, statement;
    if (!first || !card || !rec) return RB_ERR_LIMIT;
    RB_TRY(rb_card_decode(us->founding_card, first, &n->work, rj));
    if (leaf.n == 0)
        return us->card->version <= first->version
                   ? RB_OK
                   : rb_reject(rj, RB_ERR_STATE, "6.15.2",
                               "the card changed since the charter: it goes along", 0);
    RB_TRY(carried(n, leaf, RB_KIND_CARD, rec, &statement, rj));
    RB_TRY(rb_card_decode(statement, card, &n->work, rj));
    if (!rb_key_eq(&card->party, &n->self.party) || card->version <= first->version ||
        card->version < us->card->version)
        return rb_reject(rj, RB_ERR_DENIED, "6.15.2", "not the latest card of ours", 0);
    return signed_by(n, o, rec, card, rj);
}

static enum rb_err check(struct rb_node *n, const struct rb_event *ev, struct opening *o,
                         struct rb_reject *rj) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec) return RB_ERR_LIMIT;
    o->ch = node_channel_find(n, ev->u.submit.channel);
    if (!o->ch || !o->ch->own)
        return rb_reject(rj, o->ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                         o->ch ? "the channel is not joined yet" : "no such channel", 0);
    o->before = o->ch->own;
    RB_TRY(check_time(o->ch, rj));
    RB_TRY(carried(n, ev->u.submit.delegation, RB_KIND_DELEGATION, rec, &o->delegation, rj));
    RB_TRY(rb_delegation_decode(o->delegation, &o->d, &n->work, rj));
    RB_TRY(check_origin(n, o, rj));
    RB_TRY(check_previous(o, rj));
    const struct rb_book_member *us = rb_book_member(&o->ch->book, o->ch->own_member);
    RB_TRY(signed_by(n, o, rec, us->card, rj));
    RB_TRY(check_card(n, o, ev, rj));
    /* all of it or nothing: a feed of ours without its first leaf could not be mended */
    if (!node_room(n, (size_t)8 * RB_MAX_LEAF) || o->ch->outbox_n + 2 > RB_MAX_OUTBOX)
        return rb_reject(rj, RB_ERR_LIMIT, "6.2.15", rb_err_text(RB_ERR_LIMIT), 0);
    return RB_OK;
}

/* ---- opening it
 * ----------------------------------------------------------------------------------
 */
/* What waits was signed over an earlier origin. On disk that is one number: below it all is stale.
 */
static void set_aside(struct rb_node *n, struct channel *ch) {
    uint8_t key[24], value[8];
    struct rb_writer k = rb_writer(key, sizeof key), v = rb_writer(value, sizeof value);
    own_set_aside(ch, n->next_outbox);
    rb_put(&k, ch->id, RB_CHANNEL_LEN);
    rb_put_u64(&k, UINT64_MAX);
    rb_put_u64(&v, n->next_outbox);
    ch->stale_below = n->next_outbox;
    node_store_meta(n, RB_TABLE_OUTBOX, rb_written(&k), rb_written(&v));
}

void epoch_opened(struct rb_node *n, struct channel *ch) {
    struct rb_reject rj = {
        RB_ERR_STATE, "6.15.4",
        "records that waited were signed for the earlier epoch: they are kept as "
        "drafts, to be signed again",
        0};
    set_aside(n, ch);
    if (ch->stale)
        node_alert(n, RB_ALERT_WAITING, ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, 0, &rj);
    ch->link_due = true;
    ch->body_work = true;
    ch->dirty = ch->rules_dirty = true;
    ch->fold_at = n->now.mono_ms;
}

static enum rb_err open(struct rb_node *n, const struct rb_event *ev, struct rb_reject *rj) {
    struct opening o = {0};
    struct feedx *fx;
    RB_TRY(check(n, ev, &o, rj));
    RB_TRY(node_channel_open_feed(n, o.ch, o.delegation, true, &fx, rj));
    epoch_opened(n, o.ch);
    RB_TRY(own_enqueue(n, o.ch, ev->u.submit.delegation, RB_FLASH, ev->u.submit.token));
    if (ev->u.submit.leaf.n) RB_TRY(own_enqueue(n, o.ch, ev->u.submit.leaf, RB_FLASH, 0));
    node_channel_store(n, o.ch);
    node_sync_members(n, o.ch);
    return RB_OK;
}

void epoch_submit(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    enum rb_err err = open(n, ev, &rj);
    if (err == RB_OK) return;
    if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.2.15", rb_err_text(err), 0);
    submit_refused(n, ev, &rj, RB_MARK_NONE);
}

/* ---- what waited
 * ---------------------------------------------------------------------------------
 */
static bool node_signed(struct rb_node *n, const struct channel *ch, const struct rb_record *rec) {
    uint8_t kid[RB_KID_LEN];
    if (!rb_kind_is_machine(rec->kind) || rec->signers_n != 1) return false;
    rb_key_id(&n->self.node, kid);
    if (memcmp(kid, rec->signers[0].kid, RB_KID_LEN) == 0) return true;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct rb_key *k =
            ch->feeds[i]->own ? rb_feed_role_key(ch->feeds[i]->f, RB_KEY_NODE) : NULL;
        if (!k) continue;
        rb_key_id(k, kid);
        if (memcmp(kid, rec->signers[0].kid, RB_KID_LEN) == 0) return true;
    }
    return false;
}

/* A record about one that waits as well, and will be another once it is signed again. */
static bool moot(const struct channel *ch, const struct rb_record *rec) {
    for (const struct outbox_item *i = ch->stale; i; i = i->next)
        for (size_t k = 0; k < rec->refs[RB_REF_ABOUT].n; k++)
            if (rec->kind == RB_KIND_SERVICE && rb_hash_eq(&i->id, &rec->refs[RB_REF_ABOUT].h[k]))
                return true;
    return false;
}

/* true: it waits here no more */
static bool settle(struct rb_node *n, struct channel *ch, struct outbox_item *item) {
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec || !node_room(n, (size_t)2 * RB_MAX_LEAF)) return false;
    if (rb_record_decode(buf_slice(&item->leaf), rec, NULL) != RB_OK) return true;
    if (!node_signed(n, ch, rec)) return draft_unsigned(n, ch, rec);
    return moot(ch, rec) || (keys_node(ch) && machine_make(n, ch, rec, 0) == RB_OK);
}

static void settle_some(struct rb_node *n, struct channel *ch) {
    struct outbox_item **at = &ch->stale;
    for (size_t k = 0; *at && k < STEP; k++) {
        struct outbox_item *item = *at;
        size_t mark = rb_arena_mark(&n->work);
        bool done = settle(n, ch, item);
        rb_arena_release(&n->work, mark);
        if (done) {
            *at = item->next;
            own_item_free(n, ch, item);
        } else {
            at = &item->next;
        }
    }
}

/* ---- the link
 * ------------------------------------------------------------------------------------
 */
static bool is_link(const struct rb_record *rec) {
    struct rb_reader r;
    uint64_t type;
    return rec->kind == RB_KIND_SERVICE && rb_cbor_find(rec->body, 1, &r) == RB_OK &&
           rb_cbor_get_uint(&r, &type) == RB_OK && type == RB_SERVICE_LINK;
}

static bool said_link(struct rb_node *n, const struct channel *ch) {
    const struct rb_feed *f = ch->own->f;
    bool said = false;
    for (size_t i = 0; i < f->facts_n && !said; i++) {
        struct rb_record as = {.kind = (enum rb_kind)f->facts[i].kind, .body = f->facts[i].body};
        said = f->facts[i].mark == RB_MARK_NONE && is_link(&as);
    }
    for (const struct outbox_item *i = ch->outbox; i && !said; i = i->next) {
        size_t mark = rb_arena_mark(&n->work);
        struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
        said = rec && rb_record_decode(buf_slice(&i->leaf), rec, NULL) == RB_OK && is_link(rec);
        rb_arena_release(&n->work, mark);
    }
    return said;
}

/* Is it to be said yet? After a start, and once a lost part is back. */
void epoch_start(struct rb_node *n, struct channel *ch) {
    ch->link_due = ch->own && ch->own->f->epoch > 0 && !said_link(n, ch);
}

static enum rb_err make_link(struct rb_node *n, struct channel *ch) {
    struct rb_delegation d;
    struct rb_hash root;
    RB_TRY(rb_delegation_decode(buf_slice(&ch->own->delegation), &d, &n->work, NULL));
    const struct feedx *before = d.has_previous ? node_feedx_by_origin(n, d.previous_origin) : NULL;
    if (!before || d.previous_size > before->f->tree.size) return RB_OK; /* nothing is here of it */
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = node_writer(n, RB_MAX_ORIGIN + 128);
    if (!rec || !w.p) return RB_ERR_LIMIT;
    rb_empty_root(&root);
    if (d.previous_size) rb_tree_root(&before->f->tree, d.previous_size, &root);
    rb_cbor_put_map(&w, 4);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_uint(&w, RB_SERVICE_LINK);
    rb_cbor_put_uint(&w, 3);
    rb_cbor_put_text(&w, d.previous_origin);
    rb_cbor_put_uint(&w, 4);
    rb_cbor_put_uint(&w, d.previous_size);
    rb_cbor_put_uint(&w, 5);
    rb_cbor_put_bytes(&w, rb_slice(root.b, RB_HASH_LEN));
    rec->kind = RB_KIND_SERVICE;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    RB_TRY(rb_body_check(rec->kind, rec->body, NULL));
    return machine_make(n, ch, rec, 0);
}

/* ---- work
 * ----------------------------------------------------------------------------------------
 */
/* The link goes behind delegation and card, and before what is made anew. */
void epoch_work(struct rb_node *n, struct channel *ch) {
    if (!ch->own || !n->has_self || own_waits(ch->own)) return;
    if (ch->link_due && ch->own->f->facts_n > 0 && ch->key_waits == 0 && keys_node(ch) &&
        node_room(n, RB_MAX_LEAF) && make_link(n, ch) == RB_OK)
        ch->link_due = false;
    if (ch->stale && ch->own->f->facts_n > 0) settle_some(n, ch);
}
