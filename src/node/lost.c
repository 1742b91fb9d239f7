/* A lost part of our own feed (spec 6.14.7): leaves that our log key signed and that are in the
 * hands of others and not here. Nothing is signed until they are back: fetched, proven against our
 * own signature, stored, judged. The checkpoint they are proven against is stored first (as the
 * feed's pending one), so that a crash in the middle is no way past them. */
#include "guard.h"
#include "readback/text.h"

#define PAUSE_MIN_MS 5000u
#define PAUSE_MAX_MS 300000u

static const char lost_words[] =
    "a part of our feed is held by others and not here: it is being fetched";
static const char split_words[] =
    "our feed has another history in the hands of others: a new epoch is needed";
static const char head_words[] =
    "more of our feed was signed than is here: what nobody brings is given up with a new epoch";

static const char unfit_words[] = "what others hold of our feed does not go on from what is here: "
                                  "unless somebody brings what does, a new epoch is needed";

static uint64_t bit(uint16_t member) {
    return UINT64_C(1) << member;
}

static void wait_for(struct rb_node *n, struct feedx *fx, const char *why, uint64_t size) {
    struct rb_reject rj = {RB_ERR_STATE, "6.14.7", why, 0};
    if (fx->waiting == why) return;
    fx->waiting = why;
    node_alert(n, RB_ALERT_WAITING, fx->ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, size, &rj);
}

static bool our_key(const struct feedx *fx, struct rb_vkey *key) {
    rb_vkey_make(rb_slice(fx->f->origin, fx->f->origin_n), RB_SIG_ED25519, &fx->f->log_key, key);
    return true;
}

uint64_t lost_to(const struct feedx *fx) {
    uint64_t to = fx->pending_size > fx->head_size ? fx->pending_size : fx->head_size;
    return to > fx->f->tree.size ? to : 0;
}

/* ---- what is shown
 * ------------------------------------------------------------------------------- */
/* the log's own line alone */
static enum rb_err only_ours(struct rb_node *n, const struct feedx *fx, const struct rb_note *note,
                             struct buf *out) {
    struct rb_vkey key;
    struct buf fresh = {0};
    struct rb_writer w = node_writer(n, 2 * RB_MAX_ORIGIN + 320);
    our_key(fx, &key);
    rb_note_only(note, &key, &w);
    if (w.n == 0 || w.over || buf_put(n, &fresh, w.p, w.n) != RB_OK) return RB_ERR_LIMIT;
    buf_free(n, out);
    *out = fresh;
    return RB_OK;
}

/* The checkpoint to reach. It is durable before a leaf below it is. */
static enum rb_err keep_target(struct rb_node *n, struct feedx *fx, const struct rb_note *note,
                               const struct rb_checkpoint *cp) {
    uint8_t k[20];
    RB_TRY(only_ours(n, fx, note, &fx->pending));
    fx->pending_size = cp->size;
    fx->pending_root = cp->root;
    node_feed_key(fx, k);
    node_store_meta(n, RB_TABLE_PENDING, rb_slice(k, sizeof k), buf_slice(&fx->pending));
    return RB_OK;
}

/* A checkpoint that our log key signed, larger than what is here or with another root. */
static enum rb_err own_shown(struct rb_node *n, struct feedx *fx, uint16_t member,
                             const struct rb_note *note, const struct rb_checkpoint *cp) {
    struct rb_hash here;
    if (cp->size <= fx->f->tree.size) {
        rb_tree_root(&fx->f->tree, cp->size, &here);
        if (!rb_hash_eq(&here, &cp->root)) wait_for(n, fx, split_words, cp->size);
        return RB_OK;
    }
    if (fx->waiting == split_words) return RB_OK;
    if (cp->size == fx->pending_size && !rb_hash_eq(&cp->root, &fx->pending_root))
        wait_for(n, fx, split_words, cp->size);
    if (cp->size > fx->pending_size) RB_TRY(keep_target(n, fx, note, cp));
    fx->lost_shown |= bit(member);
    fx->lost_failed &= ~bit(member);
    fx->lost_at = n->now.mono_ms;
    wait_for(n, fx, lost_words, cp->size);
    return RB_OK;
}

static void ask_unknown(struct rb_node *n, struct channel *ch, uint16_t member,
                        struct rb_slice origin);

enum rb_err lost_shown(struct rb_node *n, struct channel *ch, uint16_t member,
                       const struct rb_note *note, const struct rb_checkpoint *cp) {
    struct feedx *fx = node_feedx_by_origin(n, cp->origin);
    struct rb_vkey key;
    if (!fx) { /* an epoch that this store does not know of: its leaf 0 says whether it is ours */
        ask_unknown(n, ch, member, cp->origin);
        return RB_OK;
    }
    if (fx->own && cp->size > 0 && cp->size <= fx->f->tree.size) { /* nearly always: not verified */
        struct rb_hash here;
        rb_tree_root(&fx->f->tree, cp->size, &here);
        if (rb_hash_eq(&here, &cp->root)) return RB_OK;
    }
    our_key(fx, &key);
    if (!fx->own) return RB_ERR_MALFORMED;
    RB_TRY(rb_note_verify(note, &key, NULL));
    return own_shown(n, fx, member, note, cp);
}

/* ---- fetching
 * ------------------------------------------------------------------------------------ */
static bool request(struct rb_node *n, struct channel *ch, struct feedx *fx, uint16_t member,
                    struct rb_slice origin) {
    struct peer *p = node_member_peer(n, ch, member);
    uint64_t from = fx ? fx->f->tree.size : 0;
    struct rb_hash h;
    if (!p || p->card.addresses_n == 0 || n->now.mono_ms < p->retry_at) return false;
    struct job *j = node_job(n, JOB_REQ_LOST);
    if (!j) return false;
    j->ch = ch;
    j->fx = fx;
    j->peer = p;
    j->member = member;
    if (buf_put(n, &j->buf, origin.p, origin.n) != RB_OK) n->overflow = true;
    rb_sha256(origin, &h);
    struct rb_writer w = node_writer(n, 192);
    rb_put_z(&w, "/rb/v1/feed?origin=");
    rb_put_hex(&w, h.b, RB_HASH_LEN);
    rb_put_z(&w, "&from=");
    rb_put_dec(&w, from);
    rb_put_z(&w, "&max=");
    rb_put_dec(&w, share_asks(p));
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = p->party;
    e->u.request.card = p->card_raw;
    e->u.request.path = rb_written(&w);
    e->u.request.timeout_ms = RB_REQUEST_MS;
    return true;
}

static void ask_unknown(struct rb_node *n, struct channel *ch, uint16_t member,
                        struct rb_slice origin) {
    if (!ch->guard.opening && request(n, ch, NULL, member, origin)) ch->guard.opening = true;
}

static void pause_asking(struct rb_node *n, struct feedx *fx) {
    uint64_t wait = (uint64_t)PAUSE_MIN_MS << (fx->lost_rounds < 6 ? fx->lost_rounds : 6);
    if (fx->lost_unfit && (fx->lost_shown & ~fx->lost_unfit) == 0)
        wait_for(n, fx, unfit_words, fx->pending_size);
    fx->lost_rounds++;
    fx->lost_failed = fx->lost_unfit = 0;
    fx->lost_at = n->now.mono_ms + (wait < PAUSE_MAX_MS ? wait : PAUSE_MAX_MS);
}

static bool wanted(const struct feedx *fx) {
    return fx->own && fx->pending_size > fx->f->tree.size && fx->waiting != split_words &&
           !fx->recovering && !fx->lost_out && fx->raw.n < RB_RAW_MAX && fx->flying_n == 0;
}

/* Of those who showed it, one after the other; whoever brought nothing is asked again in the next
 * round.
 */
static void ask(struct rb_node *n, struct feedx *fx) {
    struct channel *ch = fx->ch;
    uint64_t left = fx->lost_shown & ~fx->lost_failed;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS && !fx->lost_out; m++)
        if (left & bit(m))
            fx->lost_out = request(n, ch, fx, m, rb_slice(fx->f->origin, fx->f->origin_n));
    if (!fx->lost_out) pause_asking(n, fx);
}

/* ---- what comes
 * ---------------------------------------------------------------------------------- */
static enum rb_err opened(const struct feedx *fx, const struct take_in *in, struct rb_note *note,
                          struct rb_checkpoint *cp) {
    struct rb_vkey key;
    our_key(fx, &key);
    RB_TRY(rb_checkpoint_open(in->ac.note, &key, note, cp, NULL));
    if (cp->extensions.n || in->ac.old_size != fx->f->tree.size || cp->size <= fx->f->tree.size)
        return RB_ERR_STALE;
    return RB_OK;
}

/* It goes on from what is here; or the proof says that it goes on from something else: then there
 * are two histories, and we signed both. */
static enum rb_err goes_on(struct rb_node *n, struct feedx *fx, const struct take_in *in,
                           const struct rb_checkpoint *cp) {
    struct rb_hash here, theirs;
    const uint64_t size = fx->f->tree.size;
    if (size == 0) rb_empty_root(&here);
    if (size > 0) rb_tree_root(&fx->f->tree, size, &here);
    if (rb_consistency_verify(size, cp->size, &here, &in->ac.proof, &cp->root) == RB_OK)
        return RB_OK;
    if (size > 0 &&
        rb_consistency_old_root(size, cp->size, &in->ac.proof, &cp->root, &theirs) == RB_OK)
        wait_for(n, fx, split_words, size);
    return RB_ERR_PROOF;
}

/* Leaves that are proven against this checkpoint go into the tree and to the disk. */
static enum rb_err take_leaves(struct rb_node *n, struct feedx *fx, struct take_in *in,
                               const struct rb_note *note, const struct rb_checkpoint *cp) {
    struct rb_add_entries h;
    struct rb_reject rj = {0};
    const uint64_t size = fx->pending_size, before = fx->f->tree.size;
    const struct rb_hash root = fx->pending_root;
    RB_TRY(rb_add_entries_decode(&in->entries, &h, &rj));
    if (!rb_slice_eq(h.origin, rb_slice(fx->f->origin, fx->f->origin_n)) || h.end != cp->size ||
        h.start > before || !node_room(n, rb_left(&in->entries) + RB_MAX_NOTE))
        return RB_ERR_MALFORMED;
    if (cp->size > size) {
        RB_TRY(keep_target(n, fx, note, cp));
        (void)take_packages(n, fx, &in->entries, &h, &rj);
    } else { /* a smaller one than was shown: as far as it goes */
        RB_TRY(only_ours(n, fx, note, &fx->lost_note));
        fx->lost_note_size = cp->size;
        fx->pending_size = cp->size;
        fx->pending_root = cp->root;
        (void)take_packages(n, fx, &in->entries, &h, &rj);
        fx->pending_size = size;
        fx->pending_root = root;
    }
    if (fx->f->tree.size == before) return RB_ERR_PROOF;
    fx->recovering = true;
    feed_flying(fx, n->next_ticket - 1, fx->f->tree.size);
    return RB_OK;
}

/* The delegation that came along is ours, and its log key signed what comes with it: an epoch of
 * ours that the store has forgotten. */
static enum rb_err open_forgotten(struct rb_node *n, struct channel *ch, const struct take_in *in,
                                  struct rb_slice origin, struct feedx **out) {
    struct rb_delegation d;
    struct rb_vkey key;
    struct rb_checkpoint cp;
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    if (!note) return RB_ERR_LIMIT;
    RB_TRY(rb_delegation_decode(in->delegation, &d, &n->work, NULL));
    if (!rb_key_eq(&d.party, &n->self.party) || !rb_slice_eq(d.origin, origin))
        return RB_ERR_DENIED;
    rb_vkey_make(d.origin, RB_SIG_ED25519, &d.log, &key);
    RB_TRY(rb_checkpoint_open(in->ac.note, &key, note, &cp, NULL));
    RB_TRY(node_channel_open_feed(n, ch, in->delegation, true, out, NULL));
    (*out)->guarded = true;
    guard_again(ch); /* what others said of it before could not be read */
    if (ch->own == *out) {
        epoch_opened(n, ch);
        ch->link_due = false; /* it is among what comes back, or said then */
    }
    node_channel_store(n, ch);
    return RB_OK;
}

static enum rb_err take(struct rb_node *n, struct job *j, struct rb_slice body) {
    struct take_in in = {.peer = j->peer};
    struct rb_checkpoint cp;
    struct rb_reject rj = {0};
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    struct feedx *fx = j->fx ? j->fx : node_feedx_by_origin(n, buf_slice(&j->buf));
    if (!note) return RB_ERR_LIMIT;
    RB_TRY(take_push_decode(body, &in, &rj));
    if (!fx) RB_TRY(open_forgotten(n, j->ch, &in, buf_slice(&j->buf), &fx));
    if (!fx->own || fx->recovering) return fx->own ? RB_OK : RB_ERR_DENIED;
    RB_TRY(opened(fx, &in, note, &cp));
    RB_TRY(goes_on(n, fx, &in, &cp));
    fx->lost_shown |= bit(j->member);
    wait_for(n, fx, lost_words, cp.size);
    return take_leaves(n, fx, &in, note, &cp);
}

void lost_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    enum rb_err err = ev->u.response.status == 200 ? take(n, j, ev->u.response.body) : RB_ERR_IO;
    if (!j->fx) j->ch->guard.opening = false;
    if (j->fx) {
        j->fx->lost_out = false;
        if (err == RB_OK) j->fx->lost_rounds = 0;
        if (err != RB_OK) j->fx->lost_failed |= bit(j->member);
        if (err == RB_ERR_PROOF) j->fx->lost_unfit |= bit(j->member);
    }
    if (err != RB_OK && ev->u.response.status == 200) {
        struct rb_reject rj = {err, "6.14.7", "what it sent of our feed does not prove", 0};
        node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                   &rj);
    }
    node_job_free(n, j);
}

/* ---- ours again
 * ---------------------------------------------------------------------------------- */
/* all leaves of this checkpoint are here: others are brought it, and their cosignatures come back
 */
static void latest(struct rb_node *n, struct feedx *fx, struct buf *note, uint64_t size) {
    if (size > fx->note_size) {
        buf_free(n, &fx->note);
        fx->note = *note;
        fx->note_size = size;
        memset(note, 0, sizeof *note);
        own_store_note(n, fx);
        fx->ch->heads_dirty = true;
    }
    buf_free(n, note);
}

/* The store has all up to the checkpoint that was shown. */
static void reached(struct rb_node *n, struct feedx *fx) {
    uint8_t k[20];
    struct rb_hash here;
    rb_tree_root(&fx->f->tree, fx->pending_size, &here);
    if (!rb_hash_eq(&here, &fx->pending_root)) { /* what was stored goes on from another history */
        wait_for(n, fx, split_words, fx->pending_size);
        return;
    }
    latest(n, fx, &fx->pending, fx->pending_size);
    fx->pending_size = 0;
    node_feed_key(fx, k);
    node_store_meta(n, RB_TABLE_PENDING, rb_slice(k, sizeof k), rb_slice(NULL, 0));
}

/* What the head file says is compared with what is here now. */
static void over(struct rb_node *n, struct feedx *fx) {
    struct rb_hash here;
    fx->recovering = false;
    if (fx == fx->ch->own) epoch_start(n, fx->ch);
    if (fx->waiting == lost_words || fx->waiting == head_words || fx->waiting == unfit_words)
        fx->waiting = NULL;
    if (fx->waiting) return;
    if (fx->head_size > fx->f->tree.size) {
        wait_for(n, fx, head_words, fx->head_size);
        return;
    }
    rb_tree_root(&fx->f->tree, fx->head_size, &here);
    if (fx->head_size && !rb_hash_eq(&here, &fx->head_root))
        wait_for(n, fx, split_words, fx->head_size);
    else
        own_maybe_sign(n, fx);
}

static bool whole(const struct feedx *fx) {
    return fx->stored == fx->f->tree.size && fx->f->facts_n == fx->f->tree.size && !fx->flying_n;
}

void lost_work(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->feeds_n; i++) {
        struct feedx *fx = ch->feeds[i];
        if (!fx->own) continue;
        if (fx->lost_note_size && fx->lost_note_size <= fx->stored) {
            latest(n, fx, &fx->lost_note, fx->lost_note_size);
            fx->lost_note_size = 0;
        }
        if (fx->pending_size && fx->pending_size <= fx->stored && fx->waiting != split_words)
            reached(n, fx);
        if (fx->recovering && whole(fx) && fx->pending_size <= fx->f->tree.size) over(n, fx);
        if (fx->recovering && whole(fx)) fx->recovering = false; /* the next leaves */
        if (wanted(fx) && n->now.mono_ms >= fx->lost_at) ask(n, fx);
    }
}

uint64_t lost_wake(const struct channel *ch) {
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (wanted(ch->feeds[i]) && ch->feeds[i]->lost_at < wake) wake = ch->feeds[i]->lost_at;
    return wake;
}

/* A leaf came back and was judged: what it says of us holds again, and it waits nowhere any more.
 */
void lost_judged(struct rb_node *n, struct feedx *fx, struct rb_slice leaf) {
    struct rb_hash id;
    rb_leaf_hash(leaf, &id);
    load_own_leaf(n, fx);
    own_found(n, fx->ch, &id);
    draft_found(n, leaf);
}

/* at the start: of our own feed, what the head file and the store say beyond the leaves here */
void lost_start(struct rb_node *n, struct feedx *fx) {
    if (fx->pending_size > fx->f->tree.size) wait_for(n, fx, lost_words, fx->pending_size);
    if (fx->pending_size && fx->pending_size <= fx->f->tree.size) fx->recovering = true;
}

void lost_head(struct rb_node *n, struct feedx *fx, uint64_t size, const struct rb_hash *root) {
    struct rb_hash here;
    if (size > fx->f->tree.size) {
        wait_for(n, fx, head_words, size);
        return;
    }
    rb_tree_root(&fx->f->tree, size, &here);
    if (!rb_hash_eq(&here, root)) wait_for(n, fx, split_words, size);
}
