/* Start: what was stored comes back item by item; then the head file's word is compared. */
#include "fork.h"
#include "guard.h"

static void bad_item(struct rb_node *n, const char *what, const struct rb_reject *rj) {
    struct rb_reject r =
        rj && rj->err ? *rj : (struct rb_reject){RB_ERR_MALFORMED, "6.9.5", what, 0};
    node_alert(n, RB_ALERT_REFUSED, NULL, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, 0, &r);
}

static struct feedx *feed_of_key(struct rb_node *n, struct rb_slice key) {
    struct rb_reader r = rb_reader(key);
    uint8_t id[RB_CHANNEL_LEN];
    uint16_t member, epoch;
    if (rb_get_copy(&r, id, sizeof id) != RB_OK || rb_get_u16(&r, &member) != RB_OK ||
        rb_get_u16(&r, &epoch) != RB_OK)
        return NULL;
    struct channel *ch = node_channel_find(n, id);
    return ch ? node_feedx(ch, member, epoch) : NULL;
}

static enum rb_err load_channel(struct rb_node *n, struct rb_slice value, struct rb_reject *rj) {
    struct channel *ch;
    if (value.n < 1) return RB_ERR_MALFORMED;
    RB_TRY(node_channel_new(n, rb_slice_sub(value, 1, value.n), &ch, rj));
    ch->state = value.p[0] ? RB_OWN_JOINED : RB_OWN_INVITED;
    return RB_OK;
}

static enum rb_err load_delegation(struct rb_node *n, struct rb_slice key, struct rb_slice value,
                                   struct rb_reject *rj) {
    struct feedx *fx;
    if (key.n != 20) return RB_ERR_MALFORMED;
    struct channel *ch = node_channel_find(n, key.p);
    return ch ? node_channel_open_feed(n, ch, value, false, &fx, rj) : RB_ERR_NOT_FOUND;
}

/* Comes behind the items: those before it were signed over the origin of an earlier epoch. */
static enum rb_err load_stale(struct rb_node *n, struct channel *ch, struct rb_slice value) {
    struct rb_reader r = rb_reader(value);
    RB_TRY(rb_get_u64(&r, &ch->stale_below));
    if (n->next_outbox < ch->stale_below) n->next_outbox = ch->stale_below;
    own_set_aside(ch, ch->stale_below);
    return RB_OK;
}

static enum rb_err load_outbox(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct rb_reader r = rb_reader(key);
    uint8_t id[RB_CHANNEL_LEN];
    uint64_t order;
    RB_TRY(rb_get_copy(&r, id, sizeof id));
    RB_TRY(rb_get_u64(&r, &order));
    struct channel *ch = node_channel_find(n, id);
    if (!ch || value.n < 1) return RB_ERR_NOT_FOUND;
    if (order == UINT64_MAX) return load_stale(n, ch, value);
    RB_TRY(own_enqueue(n, ch, rb_slice_sub(value, 1, value.n), value.p[0], 0));
    for (struct outbox_item *i = ch->outbox; i; i = i->next)
        if (i->order == n->next_outbox - 1) {
            i->order = order;
            i->persisted = true;
        }
    if (n->next_outbox <= order) n->next_outbox = order + 1;
    return RB_OK;
}

static enum rb_err load_pending(struct rb_node *n, struct rb_slice key, struct rb_slice note,
                                struct rb_reject *rj) {
    struct feedx *fx = feed_of_key(n, key);
    struct rb_note *parsed = rb_arena_alloc(&n->work, sizeof *parsed);
    struct rb_checkpoint cp;
    if (!fx || !parsed) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_note_decode(note, parsed, rj));
    RB_TRY(rb_checkpoint_decode(parsed->text, &cp, rj));
    RB_TRY(buf_put(n, &fx->pending, note.p, note.n));
    fx->pending_size = cp.size;
    fx->pending_root = cp.root;
    return RB_OK;
}

static enum rb_err load_judged(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct feedx *fx = feed_of_key(n, key);
    struct rb_reader r = rb_reader(value);
    return fx ? rb_get_u64(&r, &fx->judged_stored) : RB_ERR_NOT_FOUND;
}

static void load_meta(struct rb_node *n, const struct rb_event *ev) {
    struct rb_slice key = ev->u.loaded.key, value = ev->u.loaded.value;
    struct rb_reject rj = {0};
    enum rb_err err = RB_OK;
    switch (ev->u.loaded.table) {
    case RB_TABLE_SELF:
        err = node_self_put(n, value, &rj);
        break;
    case RB_TABLE_PEER:
        err = node_peer_load(n, value, &rj);
        break;
    case RB_TABLE_CHANNEL:
        err = load_channel(n, value, &rj);
        break;
    case RB_TABLE_DELEGATION:
        err = load_delegation(n, key, value, &rj);
        break;
    case RB_TABLE_DRAFT:
        err = draft_load(n, key, value);
        break;
    case RB_TABLE_OUTBOX:
        err = load_outbox(n, key, value);
        break;
    case RB_TABLE_PENDING:
        err = load_pending(n, key, value, &rj);
        break;
    case RB_TABLE_JUDGED:
        err = load_judged(n, key, value);
        break;
    case RB_TABLE_BODY:
        err = body_load(n, key, value);
        break;
    case RB_TABLE_SALT:
        err = despite_load(n, value);
        break;
    case RB_TABLE_PROBED:
        err = probing_load(n, key, value);
        break;
    case RB_TABLE_REMINDED:
        err = remind_load(n, key, value);
        break;
    case RB_TABLE_EVIDENCE:
        err = fork_load(n, value, &rj);
        break;
    case RB_TABLE_BRANCH:
        err = branch_load(n, key, value);
        break;
    default:
        break;
    }
    if (err != RB_OK) bad_item(n, "a stored item cannot be read", &rj);
}

/* Receipts logged earlier say up to where first cosignatures are logged; tests, which slot was met.
 */
static void first_logged(struct rb_node *n, struct feedx *own, const struct rb_receipt_cosig *c) {
    struct feedx *fx =
        c->member == own->f->member ? node_feedx(own->ch, c->member, c->epoch) : NULL;
    struct mirror *m = fx ? own_mirror(n, fx, c->cosigner) : NULL;
    size_t said = 0;
    if (!m) return;
    if (c->size > m->queued_to) m->queued_to = c->size;
    /* of an earlier epoch it is said in a later one, which is read after the earlier one's notes */
    while (said < m->queue_n && m->queue[said].size <= c->size)
        said++;
    if (said) memmove(m->queue, m->queue + said, (m->queue_n - said) * sizeof *m->queue);
    m->queue_n -= said;
}

void load_own_leaf(struct rb_node *n, struct feedx *fx) {
    const struct rb_fact *f = &fx->f->facts[fx->f->facts_n - 1];
    if (f->kind == RB_KIND_TEST) {
        struct rb_test t;
        if (rb_test_decode(f->body, &t, NULL) != RB_OK) return;
        if (t.slot_utc_ms) fx->ch->last_test_slot = t.slot_utc_ms;
        if (t.sequence > fx->ch->test_sequence) fx->ch->test_sequence = t.sequence;
    } else if (f->kind == RB_KIND_RECEIPT) {
        struct rb_receipt r;
        if (rb_receipt_decode(f->body, &n->work, &r, NULL) != RB_OK) return;
        for (size_t i = 0; i < r.cosigs_n; i++)
            first_logged(n, fx, &r.cosigs[i]);
        told_said(fx->ch, &r);
    }
}

static void load_leaf(struct rb_node *n, const struct rb_event *ev) {
    struct channel *ch = node_channel_find(n, ev->u.loaded.feed.channel);
    struct feedx *fx =
        ch ? node_feedx(ch, ev->u.loaded.feed.member, ev->u.loaded.feed.epoch) : NULL;
    if (!fx || ev->u.loaded.index != fx->f->tree.size) {
        bad_item(n, "a stored leaf is out of order", NULL);
        return;
    }
    int mark = ev->u.loaded.mark;
    if (fx->own && mark < 0) mark = RB_MARK_NONE;
    if (mark < 0 && ev->u.loaded.index < fx->judged_stored) mark = RB_MARK_NONE;
    struct rb_slice leaf = ev->u.loaded.leaf;
    if (mark >= 0 && fx->f->facts_n == fx->f->tree.size) {
        if (rb_book_judge(&ch->book, fx->f, leaf, mark, &n->work) != RB_OK) {
            n->overflow = true;
            return;
        }
        node_judged(n, fx, fx->f->facts_n - 1, leaf);
        if (fx->own) load_own_leaf(n, fx);
        return;
    }
    struct rb_hash h;
    uint8_t len[4] = {(uint8_t)(leaf.n >> 24), (uint8_t)(leaf.n >> 16), (uint8_t)(leaf.n >> 8),
                      (uint8_t)leaf.n};
    rb_leaf_hash(leaf, &h);
    if (rb_tree_append(&fx->f->tree, &h) != RB_OK || buf_put(n, &fx->raw, len, 4) != RB_OK ||
        buf_put(n, &fx->raw, leaf.p, leaf.n) != RB_OK)
        n->overflow = true;
}

/* splits a stored note into log part (text, empty line, first signature line) and the line after it
 */
static void split_note(struct rb_slice note, struct rb_slice *log_part, struct rb_slice *line) {
    size_t at = 0;
    while (at + 1 < note.n && !(note.p[at] == '\n' && note.p[at + 1] == '\n'))
        at++;
    size_t end = rb_slice_find(note, at + 2, '\n') + 1;
    *log_part = rb_slice_sub(note, 0, end);
    *line = rb_slice_sub(note, end, note.n);
}

static void load_cosigned_by_peer(struct rb_node *n, struct feedx *fx, const struct rb_event *ev,
                                  struct rb_slice log_part, struct rb_slice line) {
    struct rb_note_sig sig;
    if (ev->u.loaded.cosigner >= RB_MAX_MEMBERS) { /* it is a bit in what the guard counts */
        bad_item(n, "a stored cosignature is of no member", NULL);
        return;
    }
    if (rb_note_sig_decode(line, &sig) != RB_OK || sig.sig_n != 72) return;
    struct cosig c = {.size = ev->u.loaded.size};
    struct rb_reader r = rb_reader(rb_slice(sig.sig, 72));
    if (rb_get_u64(&r, &c.time_s) != RB_OK || rb_get_copy(&r, c.sig, RB_SIG_LEN) != RB_OK) return;
    guard_cosigned(n, fx, ev->u.loaded.cosigner, c.size, c.time_s, c.sig, log_part);
    struct mirror *m = fx->own ? own_mirror(n, fx, ev->u.loaded.cosigner) : NULL;
    if (!m) return;
    if (c.size > m->covered) {
        m->covered = m->known = m->pending = c.size;
        m->covered_time_s = c.time_s;
    }
    machine_queue_cosig(n, fx, m, &c);
}

static void load_note(struct rb_node *n, const struct rb_event *ev) {
    struct channel *ch = node_channel_find(n, ev->u.loaded.feed.channel);
    struct feedx *fx =
        ch ? node_feedx(ch, ev->u.loaded.feed.member, ev->u.loaded.feed.epoch) : NULL;
    struct rb_slice log_part, line;
    if (!fx) return;
    split_note(ev->u.loaded.note, &log_part, &line);
    bool bare = ev->u.loaded.cosigner == RB_NO_MEMBER;
    if (!bare && ev->u.loaded.cosigner != ch->own_member)
        load_cosigned_by_peer(n, fx, ev, log_part, line);
    if (!fx->own && ev->u.loaded.cosigner != ch->own_member) return;
    if (ev->u.loaded.size < fx->note_size) return;
    if (ev->u.loaded.size > fx->f->tree.size) {
        if (fx->own)
            fx->waiting =
                "the store has a checkpoint larger than its leaves: was a backup restored?";
        return;
    }
    buf_clear(&fx->note);
    if (buf_put(n, &fx->note, log_part.p, log_part.n) != RB_OK) n->overflow = true;
    fx->note_size = ev->u.loaded.size;
    if (!fx->own) {
        buf_clear(&fx->cosig_line);
        if (buf_put(n, &fx->cosig_line, line.p, line.n) != RB_OK) n->overflow = true;
    }
    ch->heads_dirty = true;
}

/* kept until the feeds are known: u8 use, u16 length, origin, u64 size, root */
enum rb_err load_head_keep(struct rb_node *n, enum rb_key_use use, struct rb_slice origin,
                           uint64_t size, const struct rb_hash *root) {
    uint8_t tmp[RB_MAX_ORIGIN + 64];
    struct rb_writer w = rb_writer(tmp, sizeof tmp);
    rb_put_u8(&w, (uint8_t)use);
    rb_put_u16(&w, (uint16_t)origin.n);
    rb_put_slice(&w, origin);
    rb_put_u64(&w, size);
    rb_put(&w, root->b, RB_HASH_LEN);
    return w.over ? RB_ERR_LIMIT : buf_put(n, &n->heads, w.p, w.n);
}

void load_item(struct rb_node *n, const struct rb_event *ev) {
    switch (ev->u.loaded.item) {
    case RB_ITEM_META:
        load_meta(n, ev);
        break;
    case RB_ITEM_LEAF:
        load_leaf(n, ev);
        break;
    case RB_ITEM_NOTE:
        load_note(n, ev);
        break;
    case RB_ITEM_HEAD:
        if (load_head_keep(n, ev->u.loaded.use, ev->u.loaded.origin, ev->u.loaded.size,
                           &ev->u.loaded.root) != RB_OK)
            n->overflow = true;
        break;
    case RB_ITEM_BODY: /* never at start: META says what there is */
    case RB_ITEM_END:
        break;
    default:
        break;
    }
}

/* What we cosigned is compared when we cosign again (take.c), our own feed at once. */
static void compare_head(struct rb_node *n, struct feedx *fx, uint64_t size,
                         const struct rb_hash *root) {
    if (size >= fx->head_size) {
        fx->head_size = size;
        fx->head_root = *root;
    }
    if (fx->own) lost_head(n, fx, size, root);
}

struct head {
    uint8_t use;
    struct rb_slice origin;
    uint64_t size;
    struct rb_hash root;
};

static bool next_head(struct rb_reader *r, struct head *h) {
    uint16_t len;
    return rb_get_u8(r, &h->use) == RB_OK && rb_get_u16(r, &len) == RB_OK &&
           rb_get_view(r, len, &h->origin) == RB_OK && rb_get_u64(r, &h->size) == RB_OK &&
           rb_get_copy(r, h->root.b, RB_HASH_LEN) == RB_OK;
}

uint64_t load_head_known(const struct rb_node *n, enum rb_key_use use, struct rb_slice origin) {
    struct rb_reader r = rb_reader(buf_slice(&n->heads));
    struct head h;
    uint64_t most = 0;
    while (next_head(&r, &h))
        if (h.use == use && rb_slice_eq(h.origin, origin) && h.size > most) most = h.size;
    return most;
}

void load_head(struct rb_node *n, struct feedx *fx) {
    struct rb_reader r = rb_reader(buf_slice(&n->heads));
    struct head h;
    while (next_head(&r, &h))
        if (rb_slice_eq(h.origin, rb_slice(fx->f->origin, fx->f->origin_n)) &&
            fx->own == (h.use == RB_USE_LOG))
            compare_head(n, fx, h.size, &h.root);
}

/* The pending checkpoint is at least what was cosigned, whatever became of its own item: an older
 * one would let another history be taken for the continuation of this one. */
static void pending_at_least_cosigned(struct rb_node *n, struct feedx *fx) {
    if (fx->own || fx->pending_size >= fx->note_size) return;
    buf_clear(&fx->pending);
    if (buf_put(n, &fx->pending, fx->note.p, fx->note.n) != RB_OK) n->overflow = true;
    fx->pending_size = fx->note_size;
    rb_tree_root(&fx->f->tree, fx->note_size, &fx->pending_root);
}

void load_start(struct rb_node *n) {
    n->started = true;
    n->started_at = n->now;
    retain_start(n);
    for (size_t c = 0; c < n->channels_n; c++) {
        struct channel *ch = n->channels[c];
        for (size_t i = 0; i < ch->feeds_n; i++) {
            struct feedx *fx = ch->feeds[i];
            fx->stored = fx->f->tree.size;
            fx->start_n = fx->f->facts_n;
            load_head(n, fx);
            pending_at_least_cosigned(n, fx);
            branch_start(n, fx);
            if (fx->own) lost_start(n, fx);
        }
        guard_start(n, ch);
        epoch_start(n, ch);
        ch->rules_dirty = ch->dirty = ch->heads_dirty = true;
        ch->fold_at = n->now.mono_ms;
        node_sync_members(n, ch);
        body_start(n, ch);
        remind_start(n, ch);
        /* what happened while we were off, and whether the lines stand: asked once of everybody */
        for (size_t k = 0; k < ch->pulls_n; k++)
            ch->pulls[k].heads_at = n->now.mono_ms + 1;
    }
    despite_start(n);
}
