/* Our own feeds: the outbox, the log, one checkpoint per group commit. */
#include "guard.h"

void feed_flying(struct feedx *fx, uint64_t ticket, uint64_t size) {
    if (fx->flying_n == 16) fx->flying_n--; /* the last one speaks for the one it replaces */
    fx->flying[fx->flying_n].ticket = ticket;
    fx->flying[fx->flying_n++].size = size;
}

bool feed_landed(struct feedx *fx, uint64_t ticket) {
    size_t k = 0;
    while (k < fx->flying_n && fx->flying[k].ticket <= ticket)
        fx->stored = fx->flying[k++].size;
    memmove(fx->flying, fx->flying + k, (fx->flying_n - k) * sizeof *fx->flying);
    fx->flying_n -= k;
    return k > 0;
}

static void outbox_insert(struct channel *ch, struct outbox_item *item) {
    if (!ch->outbox || ch->outbox_tail->precedence <= item->precedence) {
        if (ch->outbox)
            ch->outbox_tail->next = item;
        else
            ch->outbox = item;
        ch->outbox_tail = item;
    } else {
        struct outbox_item **at = &ch->outbox;
        while ((*at)->precedence <= item->precedence)
            at = &(*at)->next;
        item->next = *at;
        *at = item;
    }
    ch->outbox_n++;
}

static uint8_t kind_of(struct rb_node *n, struct rb_slice leaf) {
    size_t mark = rb_arena_mark(&n->work);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    uint8_t kind = rec && rb_record_decode(leaf, rec, NULL) == RB_OK ? (uint8_t)rec->kind : 0;
    rb_arena_release(&n->work, mark);
    return kind;
}

enum rb_err own_enqueue(struct rb_node *n, struct channel *ch, struct rb_slice leaf,
                        uint8_t precedence, uint64_t token) {
    if (ch->outbox_n >= RB_MAX_OUTBOX) return RB_ERR_BUSY;
    struct outbox_item *item = rb_region_alloc(&n->region, sizeof *item);
    if (!item) return RB_ERR_LIMIT;
    if (token) item->answer = node_job(n, JOB_DONE);
    if ((token && !item->answer) || buf_put(n, &item->leaf, leaf.p, leaf.n) != RB_OK) {
        if (item->answer) node_job_free(n, item->answer);
        rb_region_free(&n->region, item, sizeof *item);
        return RB_ERR_LIMIT;
    }
    rb_leaf_hash(leaf, &item->id);
    item->kind = kind_of(n, leaf);
    const size_t waits = ch->key_waits;
    keys_enqueued(n, ch, leaf);
    item->keys = ch->key_waits > waits;
    item->precedence = item->keys ? (uint8_t)RB_ROUTINE : precedence;
    item->token = token;
    item->order = n->next_outbox++;
    outbox_insert(ch, item);
    return RB_OK;
}

/* Few leaves of ours that nobody has, and few that somebody still has to take (share.c): what waits
 * unlogged can still be overtaken by FLASH. */
static bool may_log(struct rb_node *n, struct channel *ch, uint8_t precedence) {
    if (!ch->own || own_waits(ch->own)) return false;
    uint64_t most = 0;
    for (size_t i = 0; i < ch->own->mirrors_n; i++)
        if (ch->own->mirrors[i].known > most) most = ch->own->mirrors[i].known;
    return ch->own->f->tree.size - most < RB_MAX_UNPUSHED && share_may_log(n, ch, precedence);
}

static void outbox_key(const struct channel *ch, uint64_t order, uint8_t key[24]) {
    struct rb_writer w = rb_writer(key, 24);
    rb_put(&w, ch->id, RB_CHANNEL_LEN);
    rb_put_u64(&w, order);
}

/* whoever handed it over is told once, when that is durable */
static void answer(struct rb_node *n, const struct channel *ch, struct outbox_item *item,
                   uint64_t ticket) {
    if (!item->token) return;
    submit_logged(n, item->answer, item->token, &item->id, ch->id, ticket);
    item->answer = NULL;
    item->token = 0;
}

static void outbox_free(struct rb_node *n, struct channel *ch, struct outbox_item *item) {
    if (item->keys) keys_dequeued(ch);
    if (item->persisted) {
        uint8_t key[24];
        outbox_key(ch, item->order, key);
        node_store_meta(n, RB_TABLE_OUTBOX, rb_slice(key, sizeof key), rb_slice(NULL, 0));
    }
    if (item->answer) node_job_free(n, item->answer);
    buf_free(n, &item->leaf);
    rb_region_free(&n->region, item, sizeof *item);
}

static uint64_t log_leaf(struct rb_node *n, struct feedx *fx, struct outbox_item *item) {
    size_t mark = rb_arena_mark(&n->work);
    if (!node_room(n, item->leaf.n))
        return 0; /* a leaf in the tree that no STORE names would fork us */
    const struct rb_slice leaf = node_keep(n, buf_slice(&item->leaf));
    if (leaf.p == NULL ||
        rb_book_judge(&fx->ch->book, fx->f, leaf, RB_MARK_NONE, &n->work) != RB_OK) {
        n->overflow = true;
        return 0;
    }
    rb_arena_release(&n->work, mark);
    uint64_t index = fx->f->tree.size - 1;
    const uint64_t ticket = node_store_leaf(n, fx, index, leaf, RB_MARK_NONE);
    feed_flying(fx, ticket, fx->f->tree.size);
    node_judged(n, fx, (size_t)index, leaf);
    return ticket;
}

/* Items that cannot be logged yet are kept durably, and the officer is told that they are. */
static void persist_waiting(struct rb_node *n, struct channel *ch) {
    for (struct outbox_item *item = ch->outbox; item; item = item->next) {
        if (item->persisted) continue;
        if (!node_room(n, item->leaf.n)) return; /* in a later step; nobody is told before */
        uint8_t key[24];
        outbox_key(ch, item->order, key);
        struct rb_writer w = node_writer(n, item->leaf.n + 1);
        rb_put_u8(&w, item->precedence);
        rb_put_slice(&w, buf_slice(&item->leaf));
        uint64_t ticket =
            node_store_meta(n, RB_TABLE_OUTBOX, rb_slice(key, sizeof key), rb_written(&w));
        item->persisted = true;
        answer(n, ch, item, ticket);
    }
}

void own_drain(struct rb_node *n, struct channel *ch) {
    if (!ch->outbox) ch->held_up = false;
    while (ch->outbox && n->effects_n < RB_EFFECTS_CAP / 2) {
        struct outbox_item *item = ch->outbox;
        if (!may_log(n, ch, item->precedence)) break;
        uint64_t ticket = log_leaf(n, ch->own, item);
        if (ticket == 0) break;
        ch->outbox = item->next;
        ch->outbox_n--;
        answer(n, ch, item, ticket);
        outbox_free(n, ch, item);
    }
    persist_waiting(n, ch);
    if (ch->own)
        own_maybe_sign(n, ch->own); /* where memory was short for it when that was stored */
}

void own_item_free(struct rb_node *n, struct channel *ch, struct outbox_item *item) {
    outbox_free(n, ch, item);
}

static void unlink_item(struct channel *ch, struct outbox_item *item) {
    struct outbox_item **at = &ch->outbox;
    while (*at != item)
        at = &(*at)->next;
    *at = item->next;
    if (ch->outbox_tail == item) {
        ch->outbox_tail = NULL;
        for (struct outbox_item *i = ch->outbox; i; i = i->next)
            ch->outbox_tail = i;
    }
    ch->outbox_n--;
}

void own_found(struct rb_node *n, struct channel *ch, const struct rb_hash *id) {
    struct outbox_item *item = ch->outbox;
    while (item && !rb_hash_eq(&item->id, id))
        item = item->next;
    if (!item) return;
    unlink_item(ch, item);
    answer(n, ch, item, 0);
    outbox_free(n, ch, item);
}

/* What was enqueued before `below` is stale. */
void own_set_aside(struct channel *ch, uint64_t below) {
    struct outbox_item **end = &ch->stale;
    while (*end)
        end = &(*end)->next;
    for (struct outbox_item *i = ch->outbox, *next; i; i = next) {
        next = i->next;
        if (i->order >= below) continue;
        unlink_item(ch, i);
        if (i->keys) keys_dequeued(ch);
        i->keys = false;
        i->next = NULL;
        *end = i;
        end = &i->next;
    }
}

/* the leaf that was enqueued last goes before all others */
void own_to_front(struct channel *ch, uint64_t order) {
    struct outbox_item *item = ch->outbox;
    while (item && item->order != order)
        item = item->next;
    if (!item || item == ch->outbox) return;
    unlink_item(ch, item);
    item->next = ch->outbox;
    ch->outbox = item;
    ch->outbox_n++;
}

void own_stored(struct rb_node *n, struct feedx *fx) {
    own_maybe_sign(n, fx);
}

void own_maybe_sign(struct rb_node *n, struct feedx *fx) {
    if (fx->signing || own_unsigned(fx) || fx->stored == 0 || fx->stored <= fx->note_size) return;
    struct job *j = node_job(n, JOB_SIGN_LOG);
    if (!j) return;
    j->ch = fx->ch;
    j->fx = fx;
    j->to = fx->stored;
    rb_tree_root(&fx->f->tree, j->to, &j->root);
    struct rb_writer w = node_writer(n, RB_MAX_ORIGIN + 80);
    rb_checkpoint_text(rb_slice(fx->f->origin, fx->f->origin_n), j->to, &j->root, &w);
    struct rb_effect *e = node_effect(n, RB_EF_SIGN);
    e->u.sign.token = j->id;
    e->u.sign.use = RB_USE_LOG;
    e->u.sign.feed = node_feed_ref(fx);
    e->u.sign.message = rb_written(&w);
    e->u.sign.origin = rb_slice(fx->f->origin, fx->f->origin_n);
    e->u.sign.size = j->to;
    e->u.sign.root = j->root;
    fx->signing = true;
}

void own_store_note(struct rb_node *n, struct feedx *fx) {
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket++;
    e->u.store.item = RB_ITEM_NOTE;
    e->u.store.feed = node_feed_ref(fx);
    e->u.store.size = fx->note_size;
    e->u.store.cosigner = RB_NO_MEMBER;
    e->u.store.note = node_keep(n, buf_slice(&fx->note));
}

void own_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig) {
    struct feedx *fx = j->fx;
    fx->signing = false;
    if (err != RB_OK) {
        fx->waiting = err == RB_ERR_STATE
                          ? "the head file names a larger or other checkpoint of this feed "
                            "than the store: was a backup restored?"
                          : "the checkpoint could not be signed";
        struct rb_reject rj = {err, "6.9.3", fx->waiting, 0};
        node_alert(n, RB_ALERT_WAITING, fx->ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, j->to, &rj);
        node_job_free(n, j);
        return;
    }
    struct rb_slice origin = rb_slice(fx->f->origin, fx->f->origin_n);
    struct rb_vkey key;
    rb_vkey_make(origin, RB_SIG_ED25519, &fx->f->log_key, &key);
    struct rb_writer w = node_writer(n, 2 * RB_MAX_ORIGIN + 320);
    rb_checkpoint_text(origin, j->to, &j->root, &w);
    rb_put_u8(&w, '\n');
    rb_note_sig_encode(&key, rb_slice(sig, RB_SIG_LEN), &w);
    buf_clear(&fx->note);
    if (buf_put(n, &fx->note, w.p, w.n) != RB_OK) n->overflow = true;
    fx->note_size = j->to;
    fx->ch->heads_dirty = true;
    clock_signed(n, fx);
    own_store_note(n, fx);
    node_job_free(n, j);
    own_maybe_sign(n, fx);
}
