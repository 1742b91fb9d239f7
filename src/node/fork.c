/* Evidence that a feed has two histories (spec 4.10, 6.16): made of what two members show, kept
 * before anything else is done about it, handed on to everybody, taken from others once it is
 * checked. */
#include "fork.h"
#include "readback/text.h"
#include <assert.h>

static const char own_words[] =
    "two histories of this feed are signed with its log key: a new epoch "
    "with a new log key is needed to go on";

static struct rb_slice origin_of(const struct feedx *fx) {
    return rb_slice(fx->f->origin, fx->f->origin_n);
}

static void log_vkey(const struct feedx *fx, struct rb_vkey *out) {
    rb_vkey_make(origin_of(fx), RB_SIG_ED25519, &fx->f->log_key, out);
}

static uint64_t bit_of(uint16_t member) {
    return member < RB_MAX_MEMBERS ? UINT64_C(1) << member : 0;
}

static uint64_t peer_bit(const struct channel *ch, const struct peer *p) {
    for (size_t i = 0; p && i < ch->book.members_n; i++)
        if (rb_hash_eq(&ch->book.members[i].party, &p->party))
            return bit_of(ch->book.members[i].index);
    return 0;
}

/* ---- what is known --------------------------------------------------------------------------- */
uint64_t fork_whole_size(const struct feedx *fx) {
    uint64_t size = fx->note_size;
    if (fx->own) return size;
    if (fx->ahead_size > size) size = fx->ahead_size;
    if (fx->pending_size > size && fx->f->tree.size >= fx->pending_size) size = fx->pending_size;
    return size;
}

/* the signed checkpoint of that size */
static struct rb_slice whole_note(const struct feedx *fx) {
    uint64_t size = fork_whole_size(fx);
    return buf_slice(size == fx->note_size      ? &fx->note
                     : size == fx->pending_size ? &fx->pending
                                                : &fx->ahead);
}

uint64_t fork_feed_size(const struct feedx *fx) {
    return fx->f->frozen ? fork_whole_size(fx) : fx->note_size;
}

static bool same(const struct history *a, uint64_t size, const struct rb_hash *root) {
    return a->size == size && rb_hash_eq(&a->root, root);
}

bool fork_knows(const struct feedx *fx, uint64_t size, const struct rb_hash *root) {
    for (size_t i = 0; fx->fork && i < fx->fork->pieces_n; i++)
        if (same(&fx->fork->pieces[i].h[0], size, root) ||
            same(&fx->fork->pieces[i].h[1], size, root))
            return true;
    return false;
}

/* Evidence speaks of it; or, where others bring it, it stands in front of a history that is here.
 */
static bool shown(const struct feedx *fx, const struct history *h, bool brought) {
    return fork_knows(fx, h->size, &h->root) || (brought && branch_tree(fx, h) != NULL);
}

size_t fork_pieces(const struct channel *ch) {
    size_t k = 0;
    for (size_t i = 0; i < ch->feeds_n; i++)
        k += ch->feeds[i]->fork ? ch->feeds[i]->fork->pieces_n : 0;
    return k;
}

/* ---- keeping --------------------------------------------------------------------------------- */
/* the note with the log's line alone, and what it says */
static enum rb_err only_log(struct rb_node *n, const struct rb_vkey *key, struct rb_slice *note,
                            struct history *h, struct rb_reject *rj) {
    struct rb_note *parsed = rb_arena_alloc(&n->work, sizeof *parsed);
    struct rb_checkpoint cp;
    if (!parsed) return RB_ERR_LIMIT;
    RB_TRY(rb_checkpoint_open(*note, key, parsed, &cp, rj));
    size_t cap = note->n + 16;
    struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, cap), cap);
    if (!w.p) return RB_ERR_LIMIT;
    rb_note_only(parsed, key, &w);
    h->size = cp.size;
    h->root = cp.root;
    return rb_writer_done(&w, note);
}

/* as it is kept and handed on: 4.10.2, in the step's work arena */
static enum rb_err normal_form(struct rb_node *n, const struct feedx *fx, const struct rb_fork *in,
                               struct history h[2], struct rb_slice *out, struct rb_reject *rj) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    struct rb_vkey key;
    if (!fork) return RB_ERR_LIMIT;
    *fork = *in;
    log_vkey(fx, &key);
    RB_TRY(rb_fork_verify(fork, &key, rj));
    RB_TRY(only_log(n, &key, &fork->note_a, &h[0], rj));
    RB_TRY(only_log(n, &key, &fork->note_b, &h[1], rj));
    struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, RB_EVIDENCE_MAX), RB_EVIDENCE_MAX);
    if (!w.p) return RB_ERR_LIMIT;
    rb_fork_encode(fork, &w);
    if (rb_writer_done(&w, out) != RB_OK)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "6.16.3", "evidence of more than 8,192 bytes", 0);
    return RB_OK;
}

static enum rb_err room_for(struct rb_node *n, struct feedx *fx) {
    if (!fx->fork) fx->fork = rb_region_alloc(&n->region, sizeof *fx->fork);
    return fx->fork ? RB_OK : RB_ERR_LIMIT;
}

/* In memory; on disk it is, or is being put. */
static enum rb_err add_piece(struct rb_node *n, struct feedx *fx, struct rb_slice text,
                             const struct history h[2], const struct peer *giver) {
    RB_TRY(room_for(n, fx));
    struct piece *pc = &fx->fork->pieces[fx->fork->pieces_n];
    memset(pc, 0, sizeof *pc);
    RB_TRY(buf_put(n, &pc->text, text.p, text.n));
    pc->h[0] = h[0];
    pc->h[1] = h[1];
    pc->told = peer_bit(fx->ch, giver);
    fx->fork->pieces_n++;
    fx->f->frozen = true;
    if (fx->own && !fx->waiting) fx->waiting = own_words;
    branch_want(fx, &h[0], giver);
    branch_want(fx, &h[1], giver);
    return RB_OK;
}

enum rb_err fork_keep(struct rb_node *n, struct feedx *fx, const struct rb_fork *fork,
                      const struct peer *giver, struct rb_reject *rj) {
    struct history h[2];
    struct rb_slice text;
    RB_TRY(normal_form(n, fx, fork, h, &text, rj));
    if (fx->fork && fx->fork->pieces_n) { /* who brings it has it, and need not be told */
        for (size_t i = 0; i < fx->fork->pieces_n; i++)
            if (rb_slice_eq(buf_slice(&fx->fork->pieces[i].text), text))
                fx->fork->pieces[i].told |= peer_bit(fx->ch, giver);
        if (fx->fork->pieces_n == RB_MAX_BRANCHES) return RB_OK;
        if (shown(fx, &h[0], giver != NULL) && shown(fx, &h[1], giver != NULL)) return RB_OK;
    }
    if (!node_room(n, text.n)) return RB_ERR_LIMIT;
    bool first = !fx->f->frozen;
    RB_TRY(add_piece(n, fx, text, h, giver));
    struct rb_hash key;
    rb_sha256(text, &key);
    fx->fork->pieces[fx->fork->pieces_n - 1].ticket =
        node_store_meta(n, RB_TABLE_EVIDENCE, rb_slice(key.b, RB_HASH_LEN), text);
    fx->ch->rules_dirty = fx->ch->dirty = true;
    fx->ch->fold_at = n->now.mono_ms;
    if (n->sit_of == fx->ch) n->sit_of = NULL;
    if (first)
        node_alert(n, RB_ALERT_FORK, fx->ch, NULL, fx->f->member, NULL, RB_FLASH, h[0].size, NULL);
    return RB_OK;
}

/* A fork that was proven stays proven; what was damaged on the disk proves nothing. */
enum rb_err fork_load(struct rb_node *n, struct rb_slice value, struct rb_reject *rj) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    struct history h[2];
    struct rb_slice text;
    if (!fork) return RB_ERR_LIMIT;
    RB_TRY(rb_fork_decode(value, fork, rj));
    struct feedx *fx = node_feedx_by_origin(
        n, rb_slice_sub(fork->note_a, 0, rb_slice_find(fork->note_a, 0, '\n')));
    if (!fx) return RB_ERR_NOT_FOUND;
    RB_TRY(normal_form(n, fx, fork, h, &text, rj));
    if (fx->fork && fx->fork->pieces_n == RB_MAX_BRANCHES) return RB_OK;
    return add_piece(n, fx, text, h, NULL);
}

/* ---- made here ------------------------------------------------------------------------------- */
/* Their signed checkpoint of m leaves names another root than our tree has under a checkpoint of n
 * >= m: both notes and the consistency proof of our root are kept. */
void take_keep_fork(struct rb_node *n, struct feedx *fx, struct rb_slice their_note, uint64_t m) {
    struct rb_reject rj = {0};
    if (fx->note_size < m || m == 0) return;
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    if (!fork) return;
    memset(fork, 0, sizeof *fork);
    fork->note_a = their_note;
    fork->note_b = buf_slice(&fx->note);
    rb_tree_root(&fx->f->tree, m, &fork->other_root);
    if (rb_tree_consistency(&fx->f->tree, m, fx->note_size, &fork->proof) != RB_OK) return;
    if (fork_keep(n, fx, fork, NULL, &rj) == RB_ERR_LIMIT) n->overflow = true;
}

/* Another root for the very size that is pending: the two notes alone are the proof. */
void take_keep_fork_pending(struct rb_node *n, struct feedx *fx, struct rb_slice their_note) {
    struct rb_reject rj = {0};
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    if (!fork) return;
    memset(fork, 0, sizeof *fork);
    fork->note_a = their_note;
    fork->note_b = buf_slice(&fx->pending);
    fork->other_root = fx->pending_root;
    if (fork_keep(n, fx, fork, NULL, &rj) == RB_ERR_LIMIT) n->overflow = true;
}

/* The larger note, our own for `m` and the root for m that the proof stands for. */
static bool keep_shown(struct rb_node *n, struct feedx *fx, struct rb_slice note,
                       const struct rb_proof *proof, const struct rb_hash *other,
                       struct rb_reject *rj) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    if (!fork) return false;
    fork->note_a = buf_slice(&fx->pending);
    fork->note_b = note;
    fork->other_root = *other;
    fork->proof = *proof;
    enum rb_err err = fork_keep(n, fx, fork, NULL, rj);
    if (err == RB_ERR_LIMIT) n->overflow = true;
    return err == RB_OK;
}

static struct rb_effect *request(struct rb_node *n, struct job *j, bool post, struct rb_slice path,
                                 struct rb_slice body) {
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = post;
    e->u.request.path = path;
    e->u.request.body = body;
    e->u.request.timeout_ms = RB_REQUEST_MS;
    return e;
}

/* The root at a power of two stands in a tile of whoever showed the note (4.1.7). */
static void ask_root(struct rb_node *n, struct feedx *fx, const struct rb_add_checkpoint *ac,
                     struct peer *p) {
    const struct rb_book_member *m = p ? rb_book_member_by_party(&fx->ch->book, &p->party) : NULL;
    if (!m || p->card.addresses_n == 0 || fx->fork_asking || n->now.mono_ms < fx->fork_ask_at)
        return;
    struct job *j = node_job(n, JOB_REQ_ROOT);
    if (!j) return;
    if (buf_put(n, &j->buf, ac->note.p, ac->note.n) != RB_OK ||
        buf_put(n, &j->list, ac->proof.h, ac->proof.n * sizeof *ac->proof.h) != RB_OK) {
        node_job_free(n, j);
        return;
    }
    unsigned k = 0;
    while (UINT64_C(1) << k < ac->old_size)
        k++;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->member = m->index;
    j->old = ac->old_size;
    j->root = fx->pending_root;
    fx->fork_asking = true;
    fx->fork_ask_at = n->now.mono_ms + RB_FORK_ASK_MS;
    struct rb_tile t = {.level = (uint8_t)(k / 8), .width = (uint16_t)(1u << k % 8)};
    struct rb_writer w = node_writer(n, 160);
    rb_put_z(&w, m->index == fx->f->member ? "/log/" : "/mirror/");
    rb_put_hex(&w, fx->origin_hash.b, RB_HASH_LEN);
    rb_put_u8(&w, '/');
    rb_tile_path(&t, &w);
    request(n, j, false, rb_written(&w), rb_slice(NULL, 0));
}

static void root_arrived(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct feedx *fx = j->fx;
    struct rb_reject rj = {RB_ERR_PROOF, "6.4.6", "the consistency proof does not hold", 0};
    struct rb_slice body = ev->u.response.body;
    unsigned k = 0;
    while (UINT64_C(1) << k < j->old)
        k++;
    const size_t width = (size_t)1 << k % 8;
    fx->fork_asking = false;
    /* our own may have moved on meanwhile: then what it shows next is compared with that */
    if (fx->pending_size != j->old || !rb_hash_eq(&fx->pending_root, &j->root)) return;
    if (ev->u.response.status == 200 && body.n == width * RB_HASH_LEN) {
        struct rb_hash *h = rb_arena_alloc(&n->work, body.n);
        struct rb_proof *proof = rb_arena_alloc(&n->work, sizeof *proof);
        if (!h || !proof) return;
        memcpy(h, body.p, body.n);
        for (size_t left = width; left > 1; left /= 2)
            for (size_t i = 0; i < left / 2; i++)
                rb_node_hash(&h[2 * i], &h[2 * i + 1], &h[i]);
        proof->n = j->list.n / sizeof *proof->h;
        memcpy(proof->h, j->list.p, j->list.n);
        if (keep_shown(n, fx, buf_slice(&j->buf), proof, &h[0], &rj)) return;
    }
    if (ev->u.response.status > 0)
        node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                   &rj);
}

bool fork_of_proof(struct rb_node *n, struct feedx *fx, const struct rb_add_checkpoint *ac,
                   struct peer *p) {
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    struct rb_vkey key;
    struct rb_checkpoint cp;
    struct rb_hash other;
    struct rb_reject rj = {0};
    if (fx->pending_size == 0 || ac->old_size != fx->pending_size || !note) return false;
    log_vkey(fx, &key);
    if (rb_checkpoint_open(ac->note, &key, note, &cp, NULL) != RB_OK) return false;
    enum rb_err err = rb_consistency_old_root(ac->old_size, cp.size, &ac->proof, &cp.root, &other);
    if (err == RB_ERR_NOT_FOUND) ask_root(n, fx, ac, p);
    return err == RB_OK && keep_shown(n, fx, ac->note, &ac->proof, &other, &rj);
}

/* ---- what others bring ----------------------------------------------------------------------- */
static enum rb_err take_evidence(struct rb_node *n, struct channel *ch, struct rb_slice in,
                                 struct peer *p, struct rb_reject *rj) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    if (!fork) return RB_ERR_LIMIT;
    if (in.n > 2 * (RB_MAX_NOTE + 64) + RB_EVIDENCE_MAX)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.10.2", "longer than evidence can be", 0);
    RB_TRY(rb_fork_decode(in, fork, rj));
    struct feedx *fx = node_feedx_by_origin(
        n, rb_slice_sub(fork->note_a, 0, rb_slice_find(fork->note_a, 0, '\n')));
    if (!fx || fx->ch != ch)
        return rb_reject(rj, RB_ERR_NOT_FOUND, "6.16.3", "evidence of a feed not known here", 0);
    return fork_keep(n, fx, fork, p, rj);
}

void fork_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
               struct peer *p) {
    struct rb_reject rj = {0};
    enum rb_err err = take_evidence(n, ch, body, p, &rj);
    if (err == RB_OK) {
        serve_when_stored(n, ch, conn, 200, rb_slice(NULL, 0));
        return;
    }
    if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.16.3", "no memory", 0);
    serve_refuse(n, conn, p, err == RB_ERR_NOT_FOUND ? 404 : err == RB_ERR_LIMIT ? 503 : 422, &rj);
}

void fork_list(struct rb_node *n, struct channel *ch, uint64_t conn) {
    struct rb_writer w = node_writer(n, fork_pieces(ch) * (RB_EVIDENCE_MAX + 4) + 1);
    for (size_t i = 0; i < ch->feeds_n; i++)
        for (size_t k = 0; ch->feeds[i]->fork && k < ch->feeds[i]->fork->pieces_n; k++) {
            const struct piece *pc = &ch->feeds[i]->fork->pieces[k];
            rb_put_u32(&w, (uint32_t)pc->text.n);
            rb_put_slice(&w, buf_slice(&pc->text));
        }
    serve_respond(n, ch, conn, 200, "application/octet-stream", rb_written(&w));
}

/* ---- who only calls us: a line in heads, by which it knows that there is something to ask for
 * ---- */
void fork_heads_line(struct rb_node *n, struct channel *ch, struct rb_writer *w) {
    struct rb_hash digest = {{0}};
    (void)n;
    if (fork_pieces(ch) == 0) return;
    for (size_t i = 0; i < ch->feeds_n; i++)
        for (size_t k = 0; ch->feeds[i]->fork && k < ch->feeds[i]->fork->pieces_n; k++) {
            const struct rb_slice parts[2] = {rb_slice(digest.b, RB_HASH_LEN),
                                              buf_slice(&ch->feeds[i]->fork->pieces[k].text)};
            rb_sha256v(parts, 2, &digest);
        }
    rb_put_z(w, "evidence ");
    rb_put_hex(w, digest.b, 16);
    rb_put_u8(w, '\n');
}

void fork_heard(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                struct rb_slice digest) {
    if (digest.n != 32 || x->evidence_list || memcmp(digest.p, x->evidence_seen, 32) == 0) return;
    struct job *j = node_job(n, JOB_REQ_EVIDENCE_LIST);
    if (!j) return;
    j->ch = ch;
    j->peer = p;
    j->member = x->member;
    memcpy(j->have, digest.p, 32);
    struct rb_writer w = node_writer(n, 96);
    rb_put_z(&w, "/rb/v1/evidence?channel=");
    rb_put_hex(&w, ch->id, RB_CHANNEL_LEN);
    request(n, j, false, rb_written(&w), rb_slice(NULL, 0));
    x->evidence_list = true;
}

static void list_arrived(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct pullx *x = pull_of(j->ch, j->member);
    struct rb_reader r = rb_reader(ev->u.response.body);
    struct rb_slice one;
    uint32_t len;
    if (x) x->evidence_list = false;
    if (ev->u.response.status != 200 || !x) return;
    for (size_t k = 0; rb_left(&r) && k < (size_t)RB_MAX_MEMBERS * RB_MAX_BRANCHES; k++) {
        struct rb_reject rj = {0};
        size_t mark = rb_arena_mark(&n->work);
        bool cut = rb_get_u32(&r, &len) != RB_OK || rb_get_view(&r, len, &one) != RB_OK;
        if (cut) (void)rb_reject(&rj, RB_ERR_MALFORMED, "6.16.3", "length of evidence", r.at);
        enum rb_err err = cut ? RB_ERR_MALFORMED : take_evidence(n, j->ch, one, j->peer, &rj);
        rb_arena_release(&n->work, mark);
        if (err == RB_ERR_LIMIT) return; /* and is asked for again */
        if (err != RB_OK)
            node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                       &rj);
        if (cut) break;
    }
    memcpy(x->evidence_seen, j->have, 32);
}

/* ---- handing on ------------------------------------------------------------------------------ */
/* the next piece that this member has not taken */
static struct piece *untold(struct rb_node *n, struct channel *ch, uint16_t member,
                            struct feedx **of) {
    for (size_t i = 0; i < ch->feeds_n; i++)
        for (size_t k = 0; ch->feeds[i]->fork && k < ch->feeds[i]->fork->pieces_n; k++) {
            struct piece *pc = &ch->feeds[i]->fork->pieces[k];
            if (pc->told & bit_of(member) || pc->ticket > n->stored_ticket) continue;
            *of = ch->feeds[i];
            return pc;
        }
    return NULL;
}

static void hand_on(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p) {
    struct feedx *fx;
    struct piece *pc = untold(n, ch, x->member, &fx);
    if (!pc || !node_room(n, pc->text.n)) return;
    struct job *j = node_job(n, JOB_REQ_EVIDENCE);
    if (!j) return;
    j->ch = ch;
    j->fx = fx;
    j->peer = p;
    j->member = x->member;
    j->from = (uint64_t)(pc - fx->fork->pieces);
    struct rb_writer w = node_writer(n, 96);
    rb_put_z(&w, "/rb/v1/evidence?channel=");
    rb_put_hex(&w, ch->id, RB_CHANNEL_LEN);
    request(n, j, true, rb_written(&w), node_keep(n, buf_slice(&pc->text)));
    x->evidence = true;
}

static void handed_on(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct pullx *x = pull_of(j->ch, j->member);
    int status = ev->u.response.status;
    if (!x) return;
    x->evidence = false;
    if (status == 200) {
        j->fx->fork->pieces[j->from].told |= bit_of(j->member);
        x->evidence_failures = 0;
        x->evidence_at = 0;
        return;
    }
    uint64_t wait = (uint64_t)RB_RETRY_MIN_MS
                    << (x->evidence_failures < 6 ? x->evidence_failures : 6);
    x->evidence_at = n->now.mono_ms + (wait < RB_RETRY_MAX_MS ? wait : RB_RETRY_MAX_MS);
    x->evidence_failures++;
    if (status == 0 || status == 404 || x->evidence_failures > 1) return; /* said once */
    struct rb_reject rj = {RB_ERR_DENIED, "6.16.3", "the peer refused evidence of a fork",
                           (uint64_t)status};
    node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0, &rj);
}

static uint64_t hand_on_at(struct rb_node *n, struct channel *ch, const struct pullx *x) {
    const struct peer *p = node_member_peer(n, ch, x->member);
    struct feedx *fx;
    if (!p || p->card.addresses_n == 0 || x->evidence || !untold(n, ch, x->member, &fx))
        return UINT64_MAX;
    return x->evidence_at > p->retry_at ? x->evidence_at : p->retry_at;
}

/* ---- what the feed held here adds --------------------------------------------------------------
 */
static enum rb_err note_of(struct rb_node *n, const struct feedx *fx, const struct history *h,
                           struct rb_slice *note) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    if (!fork) return RB_ERR_LIMIT;
    for (size_t i = 0; i < fx->fork->pieces_n; i++)
        for (size_t k = 0; k < 2; k++) {
            const struct piece *pc = &fx->fork->pieces[i];
            if (!same(&pc->h[k], h->size, &h->root)) continue;
            RB_TRY(rb_fork_decode(buf_slice(&pc->text), fork, NULL));
            *note = k ? fork->note_b : fork->note_a;
            return RB_OK;
        }
    return RB_ERR_NOT_FOUND;
}

/* Evidence of the checkpoint held here against one whose history is here as well: both trees are at
 * hand. */
static void against(struct rb_node *n, struct feedx *fx, const struct history *h,
                    const struct rb_tree *tree) {
    struct rb_fork *fork = rb_arena_alloc(&n->work, sizeof *fork);
    struct rb_reject rj = {0};
    struct rb_slice theirs, note = whole_note(fx);
    const uint64_t size = fork_whole_size(fx);
    if (!fork || note_of(n, fx, h, &theirs) != RB_OK) return;
    bool ours_first = size <= h->size;
    const struct rb_tree *larger = ours_first ? tree : &fx->f->tree;
    uint64_t m = ours_first ? size : h->size, to = ours_first ? h->size : size;
    fork->note_a = ours_first ? note : theirs;
    fork->note_b = ours_first ? theirs : note;
    rb_tree_root(larger, m, &fork->other_root);
    if (rb_tree_consistency(larger, m, to, &fork->proof) != RB_OK) return;
    if (fork_keep(n, fx, fork, NULL, &rj) == RB_ERR_LIMIT) n->overflow = true;
}

/* A node that froze by what others brought may hold more of one history than that shows, or a third
 * one: it says so with evidence of its own, so that all come to know of every leaf that is held. */
static void own_part(struct rb_node *n, struct feedx *fx) {
    struct forkx *fk = fx->fork;
    const struct history *parts = NULL;
    struct rb_hash ours, root;
    const uint64_t size = fork_whole_size(fx);
    if (size == 0 || fk->own_checked == size) return;
    rb_tree_root(&fx->f->tree, size, &ours);
    bool known = fork_knows(fx, size, &ours);
    for (size_t i = 0; i < fk->wants_n && !known; i++) {
        const struct history *h = &fk->wants[i].h;
        const struct rb_tree *t = branch_tree(fx, h);
        uint64_t m = h->size < size ? h->size : size;
        if (!t) continue;
        rb_tree_root(t, m, &root);
        struct rb_hash here;
        rb_tree_root(&fx->f->tree, m, &here);
        bool agrees = rb_hash_eq(&root, &here);
        known = agrees && h->size >= size && t != &fx->f->tree;
        if (!agrees) parts = h;
    }
    if (!known && !parts) return; /* not before one of them is here */
    fk->own_checked = size;
    if (!known) against(n, fx, parts, branch_tree(fx, parts));
}

/* ---- in every step --------------------------------------------------------------------------- */
void fork_work(struct rb_node *n, struct channel *ch) {
    if (fork_pieces(ch) == 0) return;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        if (!ch->feeds[i]->fork) continue;
        own_part(n, ch->feeds[i]);
        branch_work(n, ch->feeds[i]);
        branch_bring(n, ch->feeds[i]);
    }
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct pullx *x = &ch->pulls[i];
        if (hand_on_at(n, ch, x) <= n->now.mono_ms)
            hand_on(n, ch, x, node_member_peer(n, ch, x->member));
    }
}

uint64_t fork_wake(struct rb_node *n, struct channel *ch) {
    uint64_t wake = UINT64_MAX;
    if (fork_pieces(ch) == 0) return wake;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        uint64_t at = hand_on_at(n, ch, &ch->pulls[i]);
        if (at < wake) wake = at;
    }
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct feedx *fx = ch->feeds[i];
        uint64_t fetch = fx->fork ? branch_wake(n, fx) : UINT64_MAX;
        uint64_t bring = fx->fork ? branch_bring_at(n, fx) : UINT64_MAX;
        if (fetch < wake) wake = fetch;
        if (bring < wake) wake = bring;
    }
    return wake;
}

void fork_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (j->type == JOB_REQ_ROOT)
        root_arrived(n, j, ev);
    else if (j->type == JOB_REQ_EVIDENCE)
        handed_on(n, j, ev);
    else if (j->type == JOB_REQ_EVIDENCE_LIST)
        list_arrived(n, j, ev);
    else if (j->type == JOB_REQ_BRING_BRANCH)
        branch_brought(n, j, ev);
    else
        branch_response(n, j, ev);
    node_job_free(n, j);
}

/* ---- looking --------------------------------------------------------------------------------- */
size_t rb_node_forks(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]) {
    const struct channel *ch = node_channel_find(n, id);
    return ch ? fork_pieces(ch) : 0;
}

static void piece_view(const struct feedx *fx, const struct piece *pc, struct rb_fork_view *out) {
    const struct history *other = branch_in_feed(fx, &pc->h[0]) ? &pc->h[1] : &pc->h[0];
    memset(out, 0, sizeof *out);
    out->member = fx->f->member;
    out->epoch = fx->f->epoch;
    out->evidence = buf_slice(&pc->text);
    out->common_known = fx->f->common_known;
    out->common = fx->f->common;
    out->size = fx->note_size;
    out->branch_size = other->size;
    out->branch_held = branch_held(fx, other);
    out->told = pc->told;
}

bool rb_node_fork(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i,
                  struct rb_fork_view *out) {
    const struct channel *ch = node_channel_find(n, id);
    for (size_t k = 0; ch && k < ch->feeds_n; k++) {
        const struct feedx *fx = ch->feeds[k];
        size_t pieces = fx->fork ? fx->fork->pieces_n : 0;
        if (i < pieces) {
            piece_view(fx, &fx->fork->pieces[i], out);
            return true;
        }
        i -= pieces;
    }
    return false;
}
