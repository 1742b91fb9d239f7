/* The other histories of a forked feed (spec 6.16.4): fetched from whoever holds them, proved
 * against the checkpoints that evidence shows, kept beside the feed, judged as any leaf is,
 * cosigned never. */
#include "fork.h"
#include "readback/text.h"

#define KEY_LEN (RB_CHANNEL_LEN + 2 + 2 + 1 + 8)

/* ---- what is here ---------------------------------------------------------------------------- */
static bool tree_has(const struct rb_tree *t, uint64_t size, const struct history *h) {
    struct rb_hash root;
    if (h->size > size || h->size > t->size) return false;
    rb_tree_root(t, h->size, &root);
    return rb_hash_eq(&root, &h->root);
}

bool branch_in_feed(const struct feedx *fx, const struct history *h) {
    return tree_has(&fx->f->tree, fork_feed_size(fx), h);
}

const struct rb_tree *branch_tree(const struct feedx *fx, const struct history *h) {
    if (branch_in_feed(fx, h)) return &fx->f->tree;
    for (size_t k = 0; fx->fork && k < fx->fork->slots_n; k++) {
        const struct rb_tree *t = &fx->fork->slots[k].f->tree;
        if (tree_has(t, t->size, h)) return t;
    }
    return NULL;
}

static struct want *find_want(const struct feedx *fx, const struct history *h) {
    for (size_t i = 0; fx->fork && i < fx->fork->wants_n; i++) {
        struct want *w = &fx->fork->wants[i];
        if (w->h.size == h->size && rb_hash_eq(&w->h.root, &h->root)) return w;
    }
    return NULL;
}

uint64_t branch_held(const struct feedx *fx, const struct history *h) {
    const struct want *w = find_want(fx, h);
    if (branch_tree(fx, h)) return h->size;
    if (!w || w->slot < 0) return 0;
    uint64_t here = fx->fork->slots[w->slot].f->tree.size;
    return here < h->size ? here : h->size;
}

void branch_want(struct feedx *fx, const struct history *h, const struct peer *giver) {
    struct forkx *fk = fx->fork;
    if (find_want(fx, h) || fk->wants_n == sizeof fk->wants / sizeof *fk->wants) return;
    fk->wants[fk->wants_n++] = (struct want){.h = *h, .slot = -1};
    fk->rounds = 0;
    fk->tried = 0;
    fk->ask_at = 0;
    for (size_t i = 0; giver && i < fx->ch->pulls_n; i++) {
        const struct rb_book_member *m = rb_book_member(&fx->ch->book, fx->ch->pulls[i].member);
        if (m && rb_hash_eq(&m->party, &giver->party)) fk->turn = i; /* it may have it */
    }
}

/* ---- keeping leaves -------------------------------------------------------------------------- */
static size_t bytes_kept(const struct channel *ch, uint16_t member, uint64_t *leaves) {
    size_t bytes = 0;
    *leaves = 0;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct feedx *fx = ch->feeds[i];
        for (size_t k = 0; fx->f->member == member && fx->fork && k < fx->fork->slots_n; k++) {
            bytes += fx->fork->slots[k].raw.n;
            *leaves += fx->fork->slots[k].f->tree.size;
        }
    }
    return bytes;
}

static bool room_left(const struct feedx *fx, uint64_t size) {
    uint64_t leaves;
    return bytes_kept(fx->ch, fx->f->member, &leaves) <= RB_MAX_BRANCH_BYTES &&
           leaves <= RB_MAX_BRANCH_LEAVES && size <= RB_MAX_BRANCH_LEAVES;
}

static void leaf_key(const struct feedx *fx, size_t slot, uint64_t index, uint8_t key[KEY_LEN]) {
    struct rb_writer w = rb_writer(key, KEY_LEN);
    rb_put(&w, fx->ch->id, RB_CHANNEL_LEN);
    rb_put_u16(&w, fx->f->member);
    rb_put_u16(&w, fx->f->epoch);
    rb_put_u8(&w, (uint8_t)(slot + 1));
    rb_put_u64(&w, index);
}

/* judged, and its bytes at hand for those who ask */
static enum rb_err add_leaf(struct rb_node *n, struct feedx *fx, struct slot *s,
                            struct rb_slice leaf) {
    uint8_t len[2] = {(uint8_t)(leaf.n >> 8), (uint8_t)leaf.n};
    const size_t before = s->raw.n;
    if (leaf.n > RB_MAX_LEAF) return RB_ERR_MALFORMED;
    RB_TRY(buf_put(n, &s->raw, len, 2));
    size_t mark = rb_arena_mark(&n->work);
    enum rb_err err = buf_put(n, &s->raw, leaf.p, leaf.n);
    if (err == RB_OK) err = rb_book_judge(&fx->ch->book, s->f, leaf, -1, &n->work);
    rb_arena_release(&n->work, mark);
    if (err != RB_OK) s->raw.n = before;
    return err;
}

static enum rb_err open_slot(struct rb_node *n, struct feedx *fx, struct slot **out) {
    struct forkx *fk = fx->fork;
    if (fk->slots_n == RB_MAX_BRANCHES) return RB_ERR_LIMIT;
    struct slot *s = &fk->slots[fk->slots_n];
    memset(s, 0, sizeof *s);
    RB_TRY(rb_book_open_branch(&fx->ch->book, fx->f, &n->work, &s->f));
    fk->slots_n++;
    *out = s;
    return RB_OK;
}

/* A leaf as stored. All come before START, in order. */
enum rb_err branch_load(struct rb_node *n, struct rb_slice key, struct rb_slice leaf) {
    struct rb_reader r = rb_reader(key);
    uint8_t id[RB_CHANNEL_LEN], branch;
    uint16_t member, epoch;
    uint64_t index;
    RB_TRY(rb_get_copy(&r, id, sizeof id));
    RB_TRY(rb_get_u16(&r, &member));
    RB_TRY(rb_get_u16(&r, &epoch));
    RB_TRY(rb_get_u8(&r, &branch));
    RB_TRY(rb_get_u64(&r, &index));
    struct channel *ch = node_channel_find(n, id);
    struct feedx *fx = ch ? node_feedx(ch, member, epoch) : NULL;
    if (!fx || !fx->fork || branch == 0) return RB_ERR_NOT_FOUND;
    struct slot *s = &fx->fork->slots[branch - 1];
    if (branch - 1u == fx->fork->slots_n) RB_TRY(open_slot(n, fx, &s));
    if (branch - 1u >= fx->fork->slots_n || index != s->f->tree.size) return RB_ERR_MALFORMED;
    return add_leaf(n, fx, s, leaf);
}

/* ---- asking ---------------------------------------------------------------------------------- */
/* the slot that the next question is about: where it grows, or might; slots_n: a new one */
static size_t candidate(const struct forkx *fk, const struct want *w) {
    if (w->slot >= 0) return (size_t)w->slot;
    for (size_t k = 0; k < fk->slots_n; k++) {
        uint64_t size = fk->slots[k].f->tree.size;
        if (size > 0 && size < w->h.size && !(w->not_of >> k & 1)) return k;
    }
    return fk->slots_n;
}

static void settle(struct rb_node *n, struct feedx *fx) {
    struct forkx *fk = fx->fork;
    for (size_t i = 0; i < fk->wants_n; i++) {
        struct want *w = &fk->wants[i];
        if (w->done) continue;
        const struct rb_tree *t = branch_tree(fx, &w->h);
        w->done =
            t || w->h.size == 0 || !room_left(fx, w->h.size) || candidate(fk, w) == RB_MAX_BRANCHES;
        for (size_t k = 0; t && k < fk->slots_n; k++)
            if (t == &fk->slots[k].f->tree) {
                rb_book_branch_whole(&fx->ch->book, fk->slots[k].f);
                fx->ch->rules_dirty = fx->ch->dirty = true;
                fx->ch->fold_at = n->now.mono_ms;
                if (n->sit_of == fx->ch) n->sit_of = NULL;
            }
    }
}

void branch_start(struct rb_node *n, struct feedx *fx) {
    if (fx->fork) settle(n, fx);
}

static struct want *next_want(struct forkx *fk) {
    for (size_t i = 0; i < fk->wants_n; i++) {
        struct want *w = &fk->wants[(fk->at + i) % fk->wants_n];
        if (w->done) continue;
        fk->at = (fk->at + i) % fk->wants_n;
        return w;
    }
    return NULL;
}

/* Nobody gave a leaf in this round: wait, longer each time, and try the next of the wanted. */
static void round_over(struct rb_node *n, struct forkx *fk) {
    uint64_t wait = (uint64_t)RB_RETRY_MIN_MS << (fk->rounds < 6 ? fk->rounds : 6);
    fk->ask_at = n->now.mono_ms + (wait < RB_RETRY_MAX_MS ? wait : RB_RETRY_MAX_MS);
    fk->rounds++;
    fk->tried = 0;
    fk->at++;
}

static void ask(struct rb_node *n, struct feedx *fx, const struct want *w, struct pullx *x,
                struct peer *p) {
    struct forkx *fk = fx->fork;
    struct job *j = node_job(n, JOB_REQ_BRANCH);
    if (!j) return;
    size_t slot = candidate(fk, w);
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->member = x->member;
    j->got = slot;
    j->from = slot < fk->slots_n ? fk->slots[slot].f->tree.size : 0;
    j->to = (uint64_t)(w - fk->wants);
    struct rb_writer path = node_writer(n, 256);
    rb_put_z(&path, "/rb/v1/branch?origin=");
    rb_put_hex(&path, fx->origin_hash.b, RB_HASH_LEN);
    rb_put_z(&path, "&size=");
    rb_put_dec(&path, w->h.size);
    rb_put_z(&path, "&root=");
    rb_put_hex(&path, w->h.root.b, RB_HASH_LEN);
    rb_put_z(&path, "&from=");
    rb_put_dec(&path, j->from);
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = p->party;
    e->u.request.card = p->card_raw;
    e->u.request.path = rb_written(&path);
    e->u.request.timeout_ms = RB_BRANCH_MS;
    fk->asking = true;
}

void branch_work(struct rb_node *n, struct feedx *fx) {
    struct forkx *fk = fx->fork;
    const size_t members = fx->ch->pulls_n;
    if (fk->asking || n->now.mono_ms < fk->ask_at || n->now.mono_ms < n->judge_at) return;
    settle(n, fx);
    const struct want *w = next_want(fk);
    if (!w) return;
    for (; fk->tried < members; fk->tried++, fk->turn++) {
        struct pullx *x = &fx->ch->pulls[fk->turn % members];
        struct peer *p = node_member_peer(n, fx->ch, x->member);
        if (!p || p->card.addresses_n == 0 || n->now.mono_ms < p->retry_at) continue;
        ask(n, fx, w, x, p);
        return;
    }
    round_over(n, fk);
}

uint64_t branch_wake(struct rb_node *n, const struct feedx *fx) {
    const struct forkx *fk = fx->fork;
    bool wanted = false;
    for (size_t i = 0; i < fk->wants_n; i++)
        wanted |= !fk->wants[i].done;
    if (!wanted || fk->asking) return UINT64_MAX;
    return fk->ask_at > n->judge_at ? fk->ask_at : n->judge_at;
}

/* ---- the answer ------------------------------------------------------------------------------ */
/* u8 number of hashes, hashes: the consistency proof from `from` */
static enum rb_err get_proof(struct rb_reader *r, struct rb_proof *out) {
    uint8_t k;
    RB_TRY(rb_get_u8(r, &k));
    if (k > RB_MAX_PROOF) return RB_ERR_MALFORMED;
    for (out->n = 0; out->n < k; out->n++)
        RB_TRY(rb_get_copy(r, out->h[out->n].b, RB_HASH_LEN));
    return RB_OK;
}

static enum rb_err answer_head(const struct job *j, const struct want *w, struct rb_reader *r,
                               struct rb_add_entries *h, struct rb_proof *proof,
                               struct rb_reject *rj) {
    const struct rb_feed *f = j->fx->f;
    if (get_proof(r, proof) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.16.4", "the proof cannot be read", r->at);
    RB_TRY(rb_add_entries_decode(r, h, rj));
    if (!rb_slice_eq(h->origin, rb_slice(f->origin, f->origin_n)) || h->start != j->from ||
        h->end != w->h.size)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.16.4", "other leaves than were asked for", 0);
    return RB_OK;
}

static enum rb_err keep_leaf(struct rb_node *n, struct feedx *fx, size_t slot,
                             struct rb_slice leaf) {
    struct slot *s = &fx->fork->slots[slot];
    uint8_t key[KEY_LEN];
    if (!node_room(n, leaf.n)) return RB_ERR_LIMIT;
    leaf_key(fx, slot, s->f->tree.size, key);
    RB_TRY(add_leaf(n, fx, s, leaf));
    node_store_meta(n, RB_TABLE_BRANCH, rb_slice(key, sizeof key), leaf);
    node_changed(n, fx->ch, &s->f->facts[s->f->facts_n - 1]);
    return RB_OK;
}

/* Whole packages, each proven against the checkpoint before a leaf of it is kept. */
static enum rb_err take_leaves(struct rb_node *n, struct feedx *fx, struct want *w, size_t slot,
                               struct rb_reader *r, const struct rb_add_entries *h,
                               struct rb_reject *rj) {
    static const struct rb_tree none;
    struct forkx *fk = fx->fork;
    struct rb_package *p = rb_arena_alloc(&n->work, sizeof *p);
    struct rb_hash *hashes = rb_arena_alloc(&n->work, 256 * sizeof *hashes);
    struct slot *s = slot < fk->slots_n ? &fk->slots[slot] : NULL;
    if (!p || !hashes) return RB_ERR_LIMIT;
    for (uint64_t at = h->start; at < h->end && at < h->start + RB_BRANCH_STEP; at = p->to) {
        enum rb_err err = rb_package_decode(r, h, at, p, rj);
        if (err == RB_ERR_NOT_FOUND && at > h->start) return RB_OK;
        if (err != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "6.16.4", "no whole package", r->at);
        if (!take_package_holds(s ? &s->f->tree : &none, p, h->end, &w->h.root, hashes))
            return rb_reject(rj, RB_ERR_PROOF, "6.16.4", "a package's proof does not hold", r->at);
        if (!s) RB_TRY(open_slot(n, fx, &s));
        w->slot = (int8_t)slot;
        for (uint64_t i = at; i < p->to; i++)
            RB_TRY(keep_leaf(n, fx, slot, p->entries[i - p->from]));
    }
    return RB_OK;
}

/* Does what is asked for go on from what is here? */
static bool goes_on(const struct forkx *fk, const struct job *j, const struct want *w,
                    const struct rb_proof *proof) {
    struct rb_hash root;
    if (j->from == 0) return true;
    rb_tree_root(&fk->slots[j->got].f->tree, j->from, &root);
    return rb_consistency_verify(j->from, w->h.size, &root, proof, &w->h.root) == RB_OK;
}

static enum rb_err answered(struct rb_node *n, struct job *j, struct want *w, struct rb_slice body,
                            struct rb_reject *rj) {
    struct forkx *fk = j->fx->fork;
    struct rb_reader r = rb_reader(body);
    struct rb_add_entries h;
    struct rb_proof *proof = rb_arena_alloc(&n->work, sizeof *proof);
    if (!proof) return RB_ERR_LIMIT;
    RB_TRY(answer_head(j, w, &r, &h, proof, rj));
    if (!goes_on(fk, j, w, proof)) {
        if (w->slot >= 0) /* it grew there already: this is no other history, but a bad answer */
            return rb_reject(rj, RB_ERR_PROOF, "6.16.4", "the consistency proof does not hold", 0);
        w->not_of |= (uint8_t)(1u << j->got);
        return RB_OK;
    }
    return take_leaves(n, j->fx, w, (size_t)j->got, &r, &h, rj);
}

void branch_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct forkx *fk = j->fx->fork;
    struct want *w = &fk->wants[j->to];
    struct rb_reject rj = {0};
    uint64_t here = j->got < fk->slots_n ? fk->slots[j->got].f->tree.size : 0;
    fk->asking = false;
    enum rb_err err = RB_ERR_NOT_FOUND;
    if (w->done || here != j->from || j->got > fk->slots_n) return; /* not wanted any more */
    if (ev->u.response.status == 200) err = answered(n, j, w, ev->u.response.body, &rj);
    if (err == RB_ERR_LIMIT) {
        n->overflow = true;
        n->judge_at = n->now.mono_ms + 1000;
    } else if (err != RB_OK) {
        if (rj.err)
            node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                       &rj);
        fk->tried++;
        fk->turn++;
    } else {
        fk->rounds = 0;
        fk->tried = 0;
    }
    settle(n, j->fx);
}

/* ---- giving ---------------------------------------------------------------------------------- */
/* leaves [from, to) as they lie in `raw`, proven in the tree of `size`; whole packages only */
static void put_packages(const struct rb_tree *t, uint64_t size, uint64_t from, uint64_t to,
                         struct rb_slice raw, struct rb_writer *w) {
    struct rb_reader r = rb_reader(raw);
    for (uint64_t at = from; at < to;) {
        uint64_t pf, pt;
        struct rb_slice leaf;
        struct rb_proof proof;
        uint16_t len;
        rb_package_bounds(from, size, at, &pf, &pt);
        if (pt > to) return;
        for (uint64_t i = at; i < pt; i++) {
            if (rb_get_u16(&r, &len) != RB_OK || rb_get_view(&r, len, &leaf) != RB_OK) return;
            rb_package_entry_encode(leaf, w);
        }
        if (rb_tree_subtree_proof(t, pf / 256 * 256, pt, size, &proof) != RB_OK) return;
        rb_package_proof_encode(&proof, w);
        at = pt;
    }
}

/* leaves [from, to), `raw`, of the history that has `size` leaves in t; n 0: no room */
static struct rb_slice body_of(struct rb_node *n, const struct feedx *fx, const struct rb_tree *t,
                               uint64_t size, uint64_t from, uint64_t to, struct rb_slice raw) {
    const struct rb_add_entries h = {
        rb_slice(fx->f->origin, fx->f->origin_n), from, size, {NULL, 0}};
    struct rb_writer w = node_writer(n, raw.n + 8 * (1 + (size_t)RB_HASH_LEN * RB_MAX_PROOF));
    struct rb_proof proof = {0};
    if (from && rb_tree_consistency(t, from, size, &proof) != RB_OK) w.over = true;
    rb_package_proof_encode(&proof, &w);
    rb_add_entries_encode(&h, &w);
    put_packages(t, size, from, to, raw, &w);
    struct rb_slice out = {NULL, 0};
    if (rb_writer_done(&w, &out) != RB_OK) n->overflow = true;
    return out;
}

static void respond(struct rb_node *n, struct feedx *fx, uint64_t conn, struct rb_slice body) {
    serve_respond(n, fx->ch, conn, body.n ? 200 : 503, "application/octet-stream", body);
}

/* the part of a slot's bytes that leaves [from, to) make */
static struct rb_slice raw_part(const struct slot *s, uint64_t from, uint64_t to) {
    struct rb_reader r = rb_reader(buf_slice(&s->raw));
    size_t begin = 0;
    for (uint64_t i = 0; i < to; i++) {
        uint16_t len;
        struct rb_slice leaf;
        if (i == from) begin = r.at;
        if (rb_get_u16(&r, &len) != RB_OK || rb_get_view(&r, len, &leaf) != RB_OK) break;
    }
    return rb_slice_sub(buf_slice(&s->raw), begin, r.at);
}

static uint64_t step_end(uint64_t from, uint64_t size) {
    uint64_t end = from / 256 * 256 + RB_BRANCH_STEP;
    return end < size ? end : size;
}

static struct job *load(struct rb_node *n, struct feedx *fx, uint64_t size, uint64_t from,
                        uint64_t conn, struct peer *p) {
    struct job *j = node_job(n, JOB_BRANCH_LOAD);
    if (!j) return NULL;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->conn = conn;
    j->from = from;
    j->to = step_end(from, size);
    j->old = size;
    struct rb_effect *e = node_effect(n, RB_EF_LOAD);
    e->u.load.token = j->id;
    e->u.load.feed = node_feed_ref(fx);
    e->u.load.from = j->from;
    e->u.load.to = j->to;
    e->u.load.max_bytes = RB_PUSH_BYTES;
    return j;
}

static void bring_body(struct rb_node *n, struct job *j, struct rb_slice body);

void branch_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (ev->u.loaded.item == RB_ITEM_LEAF) {
        struct rb_slice leaf = ev->u.loaded.leaf;
        uint8_t len[2] = {(uint8_t)(leaf.n >> 8), (uint8_t)leaf.n};
        if (j->from + j->got >= j->to) return; /* more than was asked for */
        if (buf_put(n, &j->buf, len, 2) != RB_OK || buf_put(n, &j->buf, leaf.p, leaf.n) != RB_OK)
            n->overflow = true;
        j->got++;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END) return;
    struct rb_slice body =
        body_of(n, j->fx, &j->fx->f->tree, j->old, j->from, j->from + j->got, buf_slice(&j->buf));
    if (j->conn == 0) {
        j->to = j->wanted;
        j->old = j->from + 1;
        bring_body(n, j, body);
        return;
    }
    respond(n, j->fx, j->conn, body);
    node_job_free(n, j);
}

/* of a slot: what goes in one answer */
static struct rb_slice slot_body(struct rb_node *n, struct feedx *fx, const struct slot *s,
                                 uint64_t size, uint64_t from) {
    uint64_t to = step_end(from, size), first = from / 256 * 256 + 256;
    struct rb_slice raw = raw_part(s, from, to);
    if (raw.n > RB_PUSH_BYTES && first < to) raw = raw_part(s, from, to = first);
    return body_of(n, fx, &s->f->tree, size, from, to, raw);
}

static const struct slot *slot_with(const struct feedx *fx, const struct history *h) {
    for (size_t k = 0; fx->fork && k < fx->fork->slots_n; k++)
        if (tree_has(&fx->fork->slots[k].f->tree, UINT64_MAX, h)) return &fx->fork->slots[k];
    return NULL;
}

static bool read_history(struct rb_slice query, struct history *h) {
    struct rb_slice size, root;
    return serve_param(query, "size", &size) && rb_dec_decode(size, &h->size) == RB_OK &&
           serve_param(query, "root", &root) &&
           rb_hex_decode(root, h->root.b, RB_HASH_LEN) == RB_OK;
}

static void bad_query(struct rb_node *n, uint64_t conn, struct peer *p) {
    struct rb_reject rj = {RB_ERR_MALFORMED, "6.16.4", "size, root, from", 0};
    serve_refuse(n, conn, p, 400, &rj);
}

/* GET /rb/v1/branch: leaves of whatever history here has this root at this size */
void branch_get(struct rb_node *n, struct feedx *fx, struct rb_slice query, uint64_t conn,
                struct peer *p) {
    struct history h;
    struct rb_slice at;
    uint64_t from;
    if (!read_history(query, &h) || !serve_param(query, "from", &at) ||
        rb_dec_decode(at, &from) != RB_OK || from >= h.size) {
        bad_query(n, conn, p);
        return;
    }
    const struct slot *s = slot_with(fx, &h);
    if (tree_has(&fx->f->tree, fx->stored, &h))
        (void)load(n, fx, h.size, from, conn, p);
    else if (s)
        respond(n, fx, conn, slot_body(n, fx, s, h.size, from));
    else
        serve_not_found(n, conn, p);
}

/* ---- brought by one that nobody can ask -------------------------------------------------------
 */
static void answer_next(struct rb_node *n, struct feedx *fx, uint64_t conn, const struct want *w) {
    const struct forkx *fk = fx->fork;
    struct rb_writer out = node_writer(n, 32);
    size_t slot = candidate(fk, w);
    if (w->done) {
        serve_when_stored(n, fx->ch, conn, 200, rb_slice(NULL, 0));
        return;
    }
    rb_put_dec(&out, slot < fk->slots_n ? fk->slots[slot].f->tree.size : 0);
    rb_put_u8(&out, '\n');
    serve_respond(n, fx->ch, conn, 202, "text/plain", rb_written(&out));
}

/* POST /rb/v1/branch: the same bytes from whoever has them; without any it asks from which leaf on
 */
void branch_post(struct rb_node *n, struct feedx *fx, struct rb_slice query, struct rb_slice body,
                 uint64_t conn, struct peer *p) {
    struct history h;
    struct rb_reject rj = {0};
    if (!read_history(query, &h)) {
        bad_query(n, conn, p);
        return;
    }
    struct want *w = find_want(fx, &h);
    if (!w) {
        serve_not_found(n, conn, p);
        return;
    }
    settle(n, fx);
    if (body.n && !w->done) {
        size_t slot = candidate(fx->fork, w);
        struct job as = {.fx = fx, .got = slot};
        if (slot < fx->fork->slots_n) as.from = fx->fork->slots[slot].f->tree.size;
        enum rb_err err = answered(n, &as, w, body, &rj);
        settle(n, fx);
        if (err != RB_OK) {
            if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.16.4", "no memory", 0);
            serve_refuse(n, conn, p, err == RB_ERR_LIMIT ? 503 : 422, &rj);
            return;
        }
    }
    answer_next(n, fx, conn, w);
}

static uint64_t bit_of(uint16_t member) {
    return member < RB_MAX_MEMBERS ? UINT64_C(1) << member : 0;
}

static bool outward(const struct rb_node *n) {
    return n->has_self && n->self.addresses_n == 0;
}

/* j is of the member, about the wanted one number j->to; its leaves from j->from on, or none: how
 * far has it come? */
static void bring_body(struct rb_node *n, struct job *j, struct rb_slice body) {
    const struct want *w = &j->fx->fork->wants[j->to];
    j->type = JOB_REQ_BRING_BRANCH;
    struct rb_writer path = node_writer(n, 256);
    rb_put_z(&path, "/rb/v1/branch?origin=");
    rb_put_hex(&path, j->fx->origin_hash.b, RB_HASH_LEN);
    rb_put_z(&path, "&size=");
    rb_put_dec(&path, w->h.size);
    rb_put_z(&path, "&root=");
    rb_put_hex(&path, w->h.root.b, RB_HASH_LEN);
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = true;
    e->u.request.path = rb_written(&path);
    e->u.request.body = body;
    e->u.request.timeout_ms = RB_BRANCH_MS;
    buf_clear(&j->buf);
}

static struct job *bring_job(struct rb_node *n, struct feedx *fx, enum job_type type,
                             struct peer *p, uint16_t member, uint64_t want) {
    struct job *j = node_job(n, type);
    if (!j) return NULL;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->member = member;
    j->to = want;
    return j;
}

/* Of those histories that are here, the next that somebody may lack. */
static void bring_next(struct rb_node *n, struct feedx *fx) {
    struct forkx *fk = fx->fork;
    for (size_t i = 0; i < fk->wants_n; i++) {
        if (!branch_tree(fx, &fk->wants[i].h)) continue;
        for (size_t k = 0; k < fx->ch->pulls_n; k++) {
            uint16_t member = fx->ch->pulls[k].member;
            struct peer *p = node_member_peer(n, fx->ch, member);
            if (!p || p->card.addresses_n == 0 || n->now.mono_ms < p->retry_at ||
                fk->wants[i].brought & bit_of(member))
                continue;
            struct job *j = bring_job(n, fx, JOB_REQ_BRING_BRANCH, p, member, i);
            if (!j) return;
            fk->bringing = true;
            bring_body(n, j, rb_slice(NULL, 0));
            return;
        }
    }
}

static void bring_leaves(struct rb_node *n, struct job *of, uint64_t from) {
    struct feedx *fx = of->fx;
    const struct history *h = &fx->fork->wants[of->to].h;
    const struct slot *s = slot_with(fx, h);
    struct job *j;
    if (s) {
        j = bring_job(n, fx, JOB_REQ_BRING_BRANCH, of->peer, of->member, of->to);
        if (j) j->old = from + 1;
        if (j) bring_body(n, j, slot_body(n, fx, s, h->size, from));
    } else {
        j = load(n, fx, h->size, from, 0, of->peer);
        if (j) j->member = of->member;
        if (j) j->wanted = of->to;
    }
    fx->fork->bringing = j != NULL;
}

/* j->old: one more than where what was sent began, 0: nothing was. Who then wants no later leaf is
 * left alone for a while. */
void branch_brought(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct forkx *fk = j->fx->fork;
    struct want *w = &fk->wants[j->to];
    struct rb_reader r = rb_reader(ev->u.response.body);
    struct rb_slice line;
    uint64_t from;
    fk->bringing = false;
    fk->bring_at = n->now.mono_ms + (uint64_t)5 * RB_RETRY_MIN_MS;
    if (ev->u.response.status == 200) {
        w->brought |= bit_of(j->member);
        fk->bring_at = 0;
    } else if (ev->u.response.status == 202 && rb_get_line(&r, &line) == RB_OK &&
               rb_dec_decode(line, &from) == RB_OK && from < w->h.size && from >= j->old &&
               branch_tree(j->fx, &w->h)) {
        bring_leaves(n, j, from);
    }
}

static bool to_bring(struct rb_node *n, const struct feedx *fx) {
    const struct forkx *fk = fx->fork;
    if (!outward(n) || fk->bringing) return false;
    for (size_t i = 0; i < fk->wants_n; i++)
        for (size_t k = 0; k < fx->ch->pulls_n; k++) {
            const struct peer *p = node_member_peer(n, fx->ch, fx->ch->pulls[k].member);
            if (p && p->card.addresses_n &&
                !(fk->wants[i].brought & bit_of(fx->ch->pulls[k].member)))
                return true;
        }
    return false;
}

void branch_bring(struct rb_node *n, struct feedx *fx) {
    if (n->now.mono_ms >= fx->fork->bring_at && to_bring(n, fx)) bring_next(n, fx);
    if (!fx->fork->bringing && fx->fork->bring_at <= n->now.mono_ms)
        fx->fork->bring_at = n->now.mono_ms + (uint64_t)5 * RB_RETRY_MIN_MS;
}

uint64_t branch_bring_at(struct rb_node *n, const struct feedx *fx) {
    return to_bring(n, fx) ? fx->fork->bring_at : UINT64_MAX;
}

/* ---- looking --------------------------------------------------------------------------------- */
struct rb_slice rb_node_branch_leaf(const struct rb_node *n, const struct rb_feed_ref *feed,
                                    uint8_t branch, uint64_t leaf) {
    struct channel *ch = node_channel_find(n, feed->channel);
    const struct feedx *fx = ch ? node_feedx(ch, feed->member, feed->epoch) : NULL;
    if (!fx || !fx->fork || branch == 0 || branch > fx->fork->slots_n) return rb_slice(NULL, 0);
    const struct slot *s = &fx->fork->slots[branch - 1];
    if (leaf >= s->f->tree.size) return rb_slice(NULL, 0);
    struct rb_slice part = raw_part(s, leaf, leaf + 1);
    return rb_slice_sub(part, 2, part.n);
}
