/* A peer's leaves: receive, prove, STORE, cosign, answer; then judge. Nothing after the proof skips
 * a leaf; only requests are refused. Clauses 6.3 (push) and 6.4 (the standard endpoints). */
#include "fork.h"
#include "guard.h"
#include <assert.h>

static void take_refuse(struct rb_node *n, const struct take_in *in, int status,
                        const struct rb_reject *rj) {
    serve_refuse(n, in->conn, in->peer, status, rj);
}

static void refuse(struct rb_node *n, const struct take_in *in, int status, enum rb_err err,
                   const char *clause, const char *what) {
    struct rb_reject rj = {err, clause, what, 0};
    take_refuse(n, in, status, &rj);
}

static uint64_t next_wanted(const struct feedx *fx) {
    return fx->f->tree.size;
}

static void mirror_info(struct rb_node *n, const struct feedx *fx, struct rb_writer *w) {
    (void)n;
    struct rb_mirror_info info = {.pending = fx->pending_size, .next = next_wanted(fx)};
    rb_mirror_info_encode(&info, w);
}

static void answer_info(struct rb_node *n, const struct take_in *in, struct feedx *fx, int status) {
    if (in->conn == 0) return;
    struct rb_writer w = node_writer(n, 128);
    mirror_info(n, fx, &w);
    serve_respond(n, fx->ch, in->conn, status, "text/x.tlog.mirror-info", rb_written(&w));
}

/* ---- checkpoint ------------------------------------------------------------------------------ */
struct opened {
    struct rb_note *note;
    struct rb_checkpoint cp;
};

static enum rb_err set_pending(struct rb_node *n, struct feedx *fx, const struct opened *o,
                               struct rb_slice note) {
    /* the log's own line only: foreign lines are not ours to pass on */
    struct rb_vkey key;
    rb_vkey_make(o->cp.origin, RB_SIG_ED25519, &fx->f->log_key, &key);
    struct rb_writer w = node_writer(n, note.n + 16);
    rb_note_only(o->note, &key, &w);
    struct buf fresh = {0};
    if (w.n == 0 || w.over || buf_put(n, &fresh, w.p, w.n) != RB_OK) return RB_ERR_LIMIT;
    if (fx->pending_size > fx->note_size && fx->f->tree.size >= fx->pending_size) {
        buf_free(n, &fx->ahead);
        fx->ahead = fx->pending;
        fx->ahead_size = fx->pending_size;
    } else {
        buf_free(n, &fx->pending);
    }
    fx->pending = fresh;
    fx->pending_size = o->cp.size;
    fx->pending_root = o->cp.root;
    uint8_t k[20];
    node_feed_key(fx, k);
    node_store_meta(n, RB_TABLE_PENDING, rb_slice(k, sizeof k), rb_written(&w));
    return RB_OK;
}

/* tlog-witness rules; the HTTP status, 0 = go on. 409 for the caller to word. */
static int check_checkpoint(struct rb_node *n, struct feedx *fx, const struct rb_add_checkpoint *ac,
                            struct peer *p, struct opened *o, struct rb_reject *rj) {
    struct rb_vkey key;
    rb_vkey_make(rb_slice(fx->f->origin, fx->f->origin_n), RB_SIG_ED25519, &fx->f->log_key, &key);
    o->note = rb_arena_alloc(&n->work, sizeof *o->note);
    if (!o->note) return 503;
    if (rb_checkpoint_open(ac->note, &key, o->note, &o->cp, rj) != RB_OK) return 403;
    if (o->cp.extensions.n) {
        (void)rb_reject(rj, RB_ERR_UNSUPPORTED, "6.4.2", "checkpoints here bear no extension lines",
                        0);
        return 422;
    }
    if (ac->old_size > o->cp.size) {
        (void)rb_reject(rj, RB_ERR_MALFORMED, "6.4.3", "old size above the checkpoint's", 0);
        return 400;
    }
    struct rb_hash root;
    uint64_t known = fx->note_size;
    if (o->cp.size > known && o->cp.size == fx->pending_size &&
        !rb_hash_eq(&o->cp.root, &fx->pending_root)) {
        take_keep_fork_pending(n, fx, ac->note);
        (void)rb_reject(rj, RB_ERR_FORK, "6.4.4", "another root for the size that is pending", 0);
        return 422;
    }
    if (o->cp.size <= known) {
        rb_tree_root(&fx->f->tree, o->cp.size, &root);
        if (!rb_hash_eq(&root, &o->cp.root)) {
            take_keep_fork(n, fx, ac->note, o->cp.size);
            (void)rb_reject(rj, RB_ERR_FORK, "6.4.4", "another root for a size that is held here",
                            0);
            return 422;
        }
    }
    if (fx->f->frozen || fx->closed) {
        (void)rb_reject(rj, RB_ERR_STATE, "6.4.5", "the feed is closed to larger checkpoints here",
                        0);
        return o->cp.size <= known ? 0 : 403;
    }
    if (ac->old_size != fx->pending_size) return 409;
    struct rb_hash old_root = fx->pending_root;
    if (fx->pending_size == 0) rb_empty_root(&old_root);
    if (rb_consistency_verify(ac->old_size, o->cp.size, &old_root, &ac->proof, &o->cp.root) !=
        RB_OK) {
        if (fork_of_proof(n, fx, ac, p))
            (void)rb_reject(rj, RB_ERR_FORK, "6.4.4", "it does not go on from what is held here",
                            0);
        else
            (void)rb_reject(rj, RB_ERR_PROOF, "6.4.6", "the consistency proof does not hold", 0);
        return 422;
    }
    return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */
bool take_package_holds(const struct rb_tree *tree, const struct rb_package *p, uint64_t size,
                        const struct rb_hash *root, struct rb_hash hashes[256]) {
    const uint64_t start = p->from / 256 * 256;
    struct rb_hash cur[257];
    size_t a = (size_t)(p->from - start), k = 0;
    for (uint64_t i = p->from; i < p->to; i++) {
        rb_leaf_hash(p->entries[i - p->from], &hashes[i - p->from]);
        cur[k++] = hashes[i - p->from];
    }
    for (unsigned level = 0; a + k > 1; level++, a /= 2) {
        if (a % 2) {
            memmove(cur + 1, cur, k * sizeof *cur);
            cur[0] = tree->level[level].h[(start >> level) + --a];
            k++;
        }
        const size_t half = k / 2;
        for (size_t i = 0; i < half; i++)
            rb_node_hash(&cur[2 * i], &cur[2 * i + 1], &cur[i]);
        if (k % 2) cur[half] = cur[k - 1];
        k = half + k % 2;
    }
    return rb_subtree_verify(start, p->to, size, &cur[0], &p->proof, root) == RB_OK;
}

static enum rb_err store_leaf(struct rb_node *n, struct feedx *fx, uint64_t index,
                              struct rb_slice leaf) {
    struct rb_slice kept;
    if (!node_room(n, 0) || rb_arena_copy(&n->step_arena, leaf, &kept) != RB_OK)
        return RB_ERR_LIMIT;
    (void)node_store_leaf(n, fx, index, kept, -1);
    return RB_OK;
}

/* Leaves that were proven go to the disk a piece at a time, so that others' go between. */
static void write_some(struct rb_node *n, struct feedx *fx) {
    for (size_t from = fx->write_at; fx->write_left && fx->write_at - from < RB_WRITE_BYTES;) {
        struct rb_reader r = rb_reader(rb_slice_sub(buf_slice(&fx->raw), fx->write_at, fx->raw.n));
        uint32_t len;
        struct rb_slice leaf;
        bool there = rb_get_u32(&r, &len) == RB_OK && rb_get_view(&r, len, &leaf) == RB_OK;
        assert(there); /* append put it there, and nothing behind write_at is taken */
        if (!there || store_leaf(n, fx, fx->write_next, leaf) != RB_OK) return;
        fx->write_at += r.at;
        fx->write_next++;
        fx->write_left--;
    }
}

/* Into the tree. Ours, which come back, are written at once; others' by write_on. */
static enum rb_err append(struct rb_node *n, struct feedx *fx, struct rb_slice entry,
                          const struct rb_hash *hash) {
    uint8_t len[4] = {(uint8_t)(entry.n >> 24), (uint8_t)(entry.n >> 16), (uint8_t)(entry.n >> 8),
                      (uint8_t)entry.n};
    size_t before = fx->raw.n;
    if (fx->own && !node_room(n, entry.n)) return RB_ERR_LIMIT;
    RB_TRY(buf_put(n, &fx->raw, len, 4));
    if (buf_put(n, &fx->raw, entry.p, entry.n) != RB_OK ||
        rb_tree_append(&fx->f->tree, hash) != RB_OK) {
        fx->raw.n = before;
        return RB_ERR_LIMIT;
    }
    if (fx->write_left++ == 0) {
        fx->write_next = fx->f->tree.size - 1;
        fx->write_at = before;
    }
    if (fx->own) write_some(n, fx);
    return RB_OK;
}

/* Whole packages, each proven before a leaf of it is kept; of new leaves no more than others can
 * wait for, the rest is asked for again (6.17.7). 0 = fine, else the HTTP status. */
int take_packages(struct rb_node *n, struct feedx *fx, struct rb_reader *r,
                  const struct rb_add_entries *h, struct rb_reject *rj) {
    struct rb_package *p = rb_arena_alloc(&n->work, sizeof *p);
    struct rb_hash *hashes = rb_arena_alloc(&n->work, 256 * sizeof *hashes);
    if (!p || !hashes) return 503;
    uint32_t wait_s;
    uint64_t room = share_room(n, fx, &wait_s);
    uint64_t most = fx->f->tree.size + (room < RB_UNIT_LEAVES ? room : RB_UNIT_LEAVES);
    size_t raw = fx->raw.n;
    for (uint64_t at = h->start;
         at < h->end && fx->f->tree.size < most && fx->raw.n - raw < RB_UNIT_BYTES;) {
        enum rb_err err = rb_package_decode(r, h, at, p, rj);
        if (err == RB_ERR_NOT_FOUND)
            (void)rb_reject(rj, RB_ERR_MALFORMED, "6.3.4", "ends before the first package", r->at);
        if (err != RB_OK) return 400; /* of use only where no package came before it */
        if (p->from > next_wanted(fx) ||
            !take_package_holds(&fx->f->tree, p, fx->pending_size, &fx->pending_root, hashes)) {
            (void)rb_reject(rj, RB_ERR_PROOF, "6.4.9", "a package's proof does not hold", r->at);
            return 422;
        }
        for (uint64_t i = p->from; i < p->to; i++) {
            if (i < next_wanted(fx)) continue;
            if (append(n, fx, p->entries[i - p->from], &hashes[i - p->from]) != RB_OK) return 503;
        }
        at = p->to;
    }
    return 0;
}

/* All of it is on its way to the disk, or the next piece is. */
static void write_on(struct rb_node *n, struct job *j) {
    struct feedx *fx = j->fx;
    uint8_t k[20];
    node_feed_key(fx, k);
    write_some(n, fx);
    j->ticket =
        node_store_meta(n, RB_TABLE_PENDING, rb_slice(k, sizeof k), buf_slice(&fx->pending));
    if (fx->write_left == 0) feed_flying(fx, j->ticket, fx->f->tree.size);
}

/* The answer waits for the disk; the cosignature follows when all is there. */
static void wait_stored(struct rb_node *n, struct feedx *fx, const struct take_in *in) {
    struct job *j = node_job(n, JOB_TAKE);
    if (!j) {
        refuse(n, in, 503, RB_ERR_LIMIT, "6.4.10", "no memory");
        return;
    }
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = in->peer;
    j->conn = in->conn;
    j->to = fx->pending_size;
    j->root = fx->pending_root;
    j->partial = fx->f->tree.size < fx->pending_size;
    fx->busy = true;
    write_on(n, j);
}

/* Of what one member says no more is stored in a day than is agreed here; its log is in order, so
 * this holds for FLASH, too (spec 6.17.4). */
static bool quota_used_up(struct rb_node *n, struct feedx *fx, const struct take_in *in) {
    struct rb_reject rj = {RB_ERR_BUSY, "6.17.4", "as much of this member as is taken in a day", 0};
    uint32_t wait_s = 0;
    if (share_room(n, fx, &wait_s) > 0) return false;
    serve_later(n, in->conn, in->peer, wait_s, share_quota_news(n, fx), &rj);
    return true;
}

/* An answer to the author itself is the way of our cosignature; to another it is not. */
static void heard_by_author(struct rb_node *n, struct feedx *fx, uint64_t conn,
                            const struct peer *p) {
    if (conn != 0 && conn != UINT64_MAX && p && p == node_member_peer(n, fx->ch, fx->f->member))
        fx->told_size = fx->told_author = fx->note_size;
}

static void take_entries(struct rb_node *n, struct feedx *fx, struct take_in *in) {
    struct rb_add_entries h;
    struct rb_reject rj = {0};
    if (rb_add_entries_decode(&in->entries, &h, &rj) != RB_OK) {
        take_refuse(n, in, 400, &rj);
        return;
    }
    if (!rb_slice_eq(h.origin, rb_slice(fx->f->origin, fx->f->origin_n))) {
        refuse(n, in, 400, RB_ERR_MALFORMED, "6.3.3", "the entries name another origin");
        return;
    }
    if (fx->pending_size == 0) {
        refuse(n, in, 422, RB_ERR_STATE, "6.4.7", "no checkpoint is pending");
        return;
    }
    if (h.end != fx->pending_size || h.start > next_wanted(fx) || fx->busy ||
        fx->raw.n > RB_RAW_MAX) {
        answer_info(n, in, fx, 409);
        return;
    }
    if (fx->note_size == fx->pending_size && fx->cosig_line.n) { /* asked again: the same answer */
        heard_by_author(n, fx, in->conn, in->peer);
        if (in->conn)
            serve_respond(n, fx->ch, in->conn, 200, "text/plain",
                          node_keep(n, buf_slice(&fx->cosig_line)));
        return;
    }
    if (fx->f->frozen || fx->closed) {
        refuse(n, in, 403, RB_ERR_STATE, "6.4.5", "the feed is closed to larger checkpoints here");
        return;
    }
    if (!node_room(n, RB_WRITE_BYTES + RB_MAX_LEAF + RB_MAX_NOTE + (size_t)16 * RB_UNIT_LEAVES)) {
        refuse(n, in, 503, RB_ERR_LIMIT, "6.4.10", "no memory");
        return;
    }
    uint64_t before = fx->f->tree.size, raw = fx->raw.n - fx->raw_at;
    if (in->conn && in->peer == node_member_peer(n, fx->ch, fx->f->member))
        fx->brought_at = n->now.mono_ms;
    if (quota_used_up(n, fx, in)) return;
    int status = take_packages(n, fx, &in->entries, &h, &rj);
    share_stored(n, fx, fx->f->tree.size - before, fx->raw.n - fx->raw_at - raw);
    if (status && fx->f->tree.size == before) {
        take_refuse(n, in, status, &rj);
        return;
    }
    wait_stored(n, fx, in);
}

/* What we are about to sign is the tree that is stored, and goes on from what we cosigned last,
 * also where the database was put back since (the head file was not). */
static const char *why_not_cosign(const struct feedx *fx, const struct job *j) {
    struct rb_hash root;
    if (fx->f->frozen) return "not cosigned: the feed has two histories";
    rb_tree_root(&fx->f->tree, j->to, &root);
    if (!rb_hash_eq(&root, &j->root)) return "not cosigned: the leaves stored have another root";
    if (fx->head_size == 0) return NULL;
    if (j->to < fx->head_size) return "not cosigned: less than was cosigned before";
    rb_tree_root(&fx->f->tree, fx->head_size, &root);
    return rb_hash_eq(&root, &fx->head_root)
               ? NULL
               : "not cosigned: another history than was cosigned before";
}

static void not_cosigned(struct rb_node *n, struct job *j, enum rb_err err, const char *why) {
    struct feedx *fx = j->fx;
    struct take_in in = {.conn = j->conn, .peer = j->peer};
    struct rb_reject rj = {err, "6.9.3", why, 0};
    fx->busy = false;
    node_alert(n, RB_ALERT_WAITING, fx->ch, NULL, fx->f->member, NULL, RB_ROUTINE, j->to, &rj);
    take_refuse(n, &in, 503, &rj);
    node_job_free(n, j);
}

void take_stored(struct rb_node *n, struct job *j) {
    struct feedx *fx = j->fx;
    if (fx->write_left) {
        write_on(n, j);
        return;
    }
    const char *why = j->partial ? NULL : why_not_cosign(fx, j);
    if (why) {
        not_cosigned(n, j, RB_ERR_STATE, why);
        return;
    }
    if (j->partial || fx->ch->guard.on) { /* under the guard all is stored and nothing cosigned */
        fx->busy = false;
        struct take_in in = {.conn = j->conn};
        answer_info(n, &in, fx, 202);
        if (j->conn == 0 && j->peer) pull_more(n, fx, j->peer);
        node_job_free(n, j);
        return;
    }
    j->type = JOB_SIGN_MIRROR;
    j->time_s = n->now.utc_ms > 0 ? (uint64_t)n->now.utc_ms / 1000 : 0;
    struct rb_writer text = node_writer(n, RB_MAX_ORIGIN + 80);
    rb_checkpoint_text(rb_slice(fx->f->origin, fx->f->origin_n), j->to, &j->root, &text);
    struct rb_writer w = node_writer(n, RB_MAX_ORIGIN + 160);
    rb_cosignature_message(j->time_s, rb_written(&text), &w);
    struct rb_effect *e = node_effect(n, RB_EF_SIGN);
    e->u.sign.token = j->id;
    e->u.sign.use = RB_USE_MIRROR;
    e->u.sign.feed = node_feed_ref(fx);
    e->u.sign.message = rb_written(&w);
    e->u.sign.origin = rb_slice(fx->f->origin, fx->f->origin_n);
    e->u.sign.size = j->to;
    e->u.sign.root = j->root;
    e->u.sign.time_s = j->time_s;
    keys_mirror(n, fx, &j->key);
    e->u.sign.key = j->key;
}

void take_resume(struct rb_node *n, struct feedx *fx) {
    struct peer *author = node_member_peer(n, fx->ch, fx->f->member);
    struct take_in in = {.peer = author && author->card.addresses_n ? author : NULL};
    if (fx->own || fx->busy || fx->closed || fx->f->frozen) return;
    if (fx->pending_size > fx->note_size && fx->f->tree.size >= fx->pending_size)
        wait_stored(n, fx, &in);
}

static void store_cosigned(struct rb_node *n, struct feedx *fx, uint64_t time_s) {
    struct rb_writer w = node_writer(n, fx->note.n + fx->cosig_line.n);
    rb_put_slice(&w, buf_slice(&fx->note));
    rb_put_slice(&w, buf_slice(&fx->cosig_line));
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket++;
    e->u.store.item = RB_ITEM_NOTE;
    e->u.store.feed = node_feed_ref(fx);
    e->u.store.size = fx->note_size;
    e->u.store.cosigner = fx->ch->own_member;
    e->u.store.time_s = time_s;
    e->u.store.note = rb_written(&w);
}

void take_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig) {
    struct feedx *fx = j->fx;
    if (err != RB_OK) {
        not_cosigned(n, j, err, "not cosigned: the head file names a larger or other checkpoint");
        return;
    }
    fx->busy = false;
    uint8_t blob[72];
    struct rb_writer b = rb_writer(blob, sizeof blob);
    rb_put_u64(&b, j->time_s);
    rb_put(&b, sig, RB_SIG_LEN);
    struct rb_writer line = node_writer(n, 320);
    struct rb_vkey key;
    rb_vkey_make(rb_str(n->mirror_name), RB_SIG_COSIGNATURE_V1, &j->key, &key);
    rb_note_sig_encode(&key, rb_written(&b), &line);
    buf_clear(&fx->note);
    buf_clear(&fx->cosig_line);
    if (buf_put(n, &fx->note, fx->pending.p, fx->pending.n) != RB_OK ||
        buf_put(n, &fx->cosig_line, line.p, line.n) != RB_OK)
        n->overflow = true;
    fx->note_size = j->to;
    fx->ch->heads_dirty = true;
    if (fx->places_n) told_due(n, fx->ch);
    if (j->conn) serve_respond(n, fx->ch, j->conn, 200, "text/plain", rb_written(&line));
    store_cosigned(n, fx, j->time_s);
    heard_by_author(n, fx, j->conn, j->peer);
    fx->tell_at = n->now.mono_ms; /* to its author, if it did not hear it just now */
    if (j->conn == 0 && j->peer) pull_cosigned(n, fx, j->peer);
    node_job_free(n, j);
}

/* the tlog-witness answer where `old` is not what is stored here */
static void answer_size(struct rb_node *n, const struct take_in *in, struct feedx *fx) {
    struct rb_writer w = node_writer(n, 32);
    rb_put_dec(&w, fx->pending_size);
    rb_put_u8(&w, '\n');
    if (in->conn) serve_respond(n, fx->ch, in->conn, 409, "text/x.tlog.size", rb_written(&w));
}

/* ---- requests -------------------------------------------------------------------------------- */
static void take(struct rb_node *n, struct feedx *fx, struct take_in *in) {
    struct rb_reject rj = {0};
    struct opened o;
    if (fx->own) {
        refuse(n, in, 404, RB_ERR_NOT_FOUND, "6.4.1", "unknown origin");
        return;
    }
    int status = fx->busy ? 409 : check_checkpoint(n, fx, &in->ac, in->peer, &o, &rj);
    if (status == 409) {
        if (in->has_entries)
            answer_info(n, in, fx, 409);
        else
            answer_size(n, in, fx);
        return;
    }
    if (status) {
        take_refuse(n, in, status, &rj);
        return;
    }
    if (o.cp.size > fx->pending_size && set_pending(n, fx, &o, in->ac.note) != RB_OK) {
        refuse(n, in, 503, RB_ERR_LIMIT, "6.4.10", "no memory");
        return;
    }
    if (in->has_entries) {
        take_entries(n, fx, in);
        return;
    }
    serve_when_stored(n, fx->ch, in->conn, 200, rb_slice(NULL, 0));
}

/* A charter that names us, in the founding feed of an accredited peer (design §4). */
static enum rb_err may_invite(struct rb_node *n, const struct take_in *in,
                              const struct rb_origin *o, struct rb_reject *rj) {
    size_t open = 0, of_one = 0;
    for (size_t i = 0; i < n->channels_n; i++) {
        struct channel *ch = n->channels[i];
        if (ch->state != RB_OWN_INVITED) continue;
        open++;
        of_one +=
            rb_hash_eq(&rb_book_member(&ch->book, ch->book.proposer)->party, &in->peer->party);
    }
    if (!in->peer->accredited)
        return rb_reject(rj, RB_ERR_DENIED, "6.2.4", "not an accredited peer", 0);
    if (open >= RB_INVITES_MAX || of_one >= RB_INVITES_OF_ONE)
        return rb_reject(rj, RB_ERR_LIMIT, "6.2.5", "too many open invitations", 0);
    if (o->epoch != 0 || !rb_hash_eq(&o->party, &in->peer->party))
        return rb_reject(rj, RB_ERR_DENIED, "6.2.7", "not the founder's first feed", 0);
    return RB_OK;
}

/* The delegation that came along is for this origin and no other. */
static enum rb_err delegation_for(struct rb_node *n, const struct take_in *in,
                                  struct rb_slice origin, struct rb_reject *rj) {
    struct rb_delegation d;
    RB_TRY(rb_delegation_decode(in->delegation, &d, &n->work, rj));
    return rb_slice_eq(d.origin, origin)
               ? RB_OK
               : rb_reject(rj, RB_ERR_DENIED, "6.3.1", "the delegation is for another origin", 0);
}

static enum rb_err invited(struct rb_node *n, struct take_in *in, const struct rb_origin *o,
                           struct channel **out, struct rb_reject *rj) {
    RB_TRY(may_invite(n, in, o, rj));
    struct rb_reader r = in->entries;
    struct rb_add_entries h;
    struct rb_package *p = rb_arena_alloc(&n->work, sizeof *p);
    if (!p) return RB_ERR_LIMIT;
    RB_TRY(rb_add_entries_decode(&r, &h, rj));
    RB_TRY(rb_package_decode(&r, &h, h.start, p, rj));
    if (h.start != 0 || p->to == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.2.6", "a founding feed starts at leaf 0", 0);
    struct channel *ch;
    RB_TRY(node_channel_new(n, p->entries[0], &ch, rj));
    struct feedx *fx;
    const struct rb_book_member *founder = rb_book_member(&ch->book, ch->book.proposer);
    enum rb_err err = RB_OK;
    if (!rb_hash_eq(&founder->party, &in->peer->party) ||
        memcmp(ch->id, o->channel, RB_CHANNEL_LEN) != 0)
        err = rb_reject(rj, RB_ERR_DENIED, "6.2.7", "the charter is not its founder's", 0);
    if (err == RB_OK) err = node_channel_open_feed(n, ch, in->delegation, true, &fx, rj);
    if (err != RB_OK) {
        node_channel_drop(n, ch);
        return err;
    }
    node_channel_store(n, ch);
    struct rb_hash id;
    rb_leaf_hash(ch->book.charter_leaf, &id);
    node_alert(n, RB_ALERT_INVITED, ch, &id, ch->book.proposer, NULL, RB_ROUTINE, 0, NULL);
    *out = ch;
    return RB_OK;
}

/* Spec 6.3.1: u8 1 | u32 | delegation | u32 | add-checkpoint | add-entries */
enum rb_err take_push_decode(struct rb_slice body, struct take_in *in, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(body);
    uint8_t version;
    uint32_t len;
    struct rb_slice ac;
    if (rb_get_u8(&r, &version) != RB_OK || version != 1)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "6.3.1", "version of the push", 0);
    if (rb_get_u32(&r, &len) != RB_OK || len > RB_MAX_CARD ||
        rb_get_view(&r, len, &in->delegation) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.3.1", "delegation", r.at);
    if (rb_get_u32(&r, &len) != RB_OK || len > RB_MAX_NOTE || rb_get_view(&r, len, &ac) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.3.1", "checkpoint", r.at);
    RB_TRY(rb_add_checkpoint_decode(ac, &in->ac, rj));
    in->entries = rb_reader(rb_slice(r.p + r.at, r.n - r.at));
    in->has_entries = true;
    return RB_OK;
}

static struct rb_slice origin_of(struct rb_slice note) {
    size_t nl = rb_slice_find(note, 0, '\n');
    return rb_slice_sub(note, 0, nl);
}

/* The feed that a push is for, opened if its delegation came along. Our own feeds are opened by us
 * alone: a delegation of ours travels, and whoever has it must not make us write where we do not
 * know to have written. */
static enum rb_err pushed_feed(struct rb_node *n, struct take_in *in, struct rb_slice origin,
                               struct feedx **fx, struct rb_reject *rj) {
    struct rb_origin o;
    RB_TRY(rb_origin_decode(origin, &o));
    if (rb_hash_eq(&o.party, &n->self_party)) return RB_ERR_NOT_FOUND;
    struct channel *ch = node_channel_find(n, o.channel);
    if (ch && !serve_member(n, ch, in->peer)) return RB_ERR_DENIED;
    *fx = node_feedx_by_origin(n, origin);
    if (*fx) return RB_OK;
    RB_TRY(delegation_for(n, in, origin, rj));
    if (!ch) RB_TRY(invited(n, in, &o, &ch, rj));
    return node_channel_open_feed(n, ch, in->delegation, true, fx, rj);
}

void take_push(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p) {
    struct take_in in = {.conn = conn, .peer = p};
    struct rb_reject rj = {0};
    if (take_push_decode(body, &in, &rj) != RB_OK) {
        take_refuse(n, &in, 400, &rj);
        return;
    }
    struct feedx *fx = NULL;
    enum rb_err err = pushed_feed(n, &in, origin_of(in.ac.note), &fx, &rj);
    if (err != RB_OK) {
        if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.4.1", "unknown origin", 0);
        take_refuse(n, &in, 404, &rj);
        return;
    }
    take(n, fx, &in);
}

void take_add_checkpoint(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p) {
    struct take_in in = {.conn = conn, .peer = p};
    struct rb_reject rj = {0};
    if (rb_add_checkpoint_decode(body, &in.ac, &rj) != RB_OK) {
        take_refuse(n, &in, 400, &rj);
        return;
    }
    struct feedx *fx = node_feedx_by_origin(n, origin_of(in.ac.note));
    if (!fx || !serve_member(n, fx->ch, p)) {
        refuse(n, &in, 404, RB_ERR_NOT_FOUND, "6.4.1", "unknown origin");
        return;
    }
    take(n, fx, &in);
}

void take_add_entries(struct rb_node *n, struct rb_slice body, uint64_t conn, struct peer *p) {
    struct take_in in = {.conn = conn, .peer = p, .entries = rb_reader(body), .has_entries = true};
    struct rb_reader peek = in.entries;
    struct rb_add_entries h;
    struct rb_reject rj = {0};
    if (rb_add_entries_decode(&peek, &h, &rj) != RB_OK) {
        take_refuse(n, &in, 400, &rj);
        return;
    }
    struct feedx *fx = node_feedx_by_origin(n, h.origin);
    if (!fx || fx->own || !serve_member(n, fx->ch, p)) {
        refuse(n, &in, 404, RB_ERR_NOT_FOUND, "6.4.1", "unknown origin");
        return;
    }
    take_entries(n, fx, &in);
}

/* ---- judging ----------------------------------------------------------------------------------
 */
/* Leaves are judged once cosigned. Under the guard nothing is, and somebody has to see a FLASH:
 * there, once all of the checkpoint they came under are durable (6.14.1). Where a long feed comes
 * in many pushes under one checkpoint, so that room for the rest of it would run out, once durable.
 */
static bool unjudged(const struct feedx *fx) {
    bool crowded = fx->raw.n - fx->raw_at > RB_RAW_MAX / 2;
    uint64_t to = fork_feed_size(fx), ahead = fx->ch->guard.on ? fork_whole_size(fx) : 0;
    if (ahead > to && ahead <= fx->stored) to = ahead;
    if (crowded && fx->stored > to) to = fx->stored;
    if (fx->own) to = fx->stored; /* a lost part that came back */
    return fx->f->facts_n < to && fx->f->facts_n < fx->f->tree.size && fx->raw_at < fx->raw.n;
}

static void raw_taken(struct feedx *fx, size_t k) {
    fx->raw_at += k;
    if (fx->raw_at < fx->raw.n && (fx->raw_at < (1u << 20) || fx->raw_at < fx->raw.n / 2)) return;
    memmove(fx->raw.p, fx->raw.p + fx->raw_at, fx->raw.n - fx->raw_at);
    if (fx->write_left) fx->write_at -= fx->raw_at; /* only what is durable is judged */
    fx->raw.n -= fx->raw_at;
    fx->raw_at = 0;
}

bool take_judging(const struct rb_node *n) {
    for (size_t c = 0; c < n->channels_n; c++)
        for (size_t i = 0; i < n->channels[c]->feeds_n; i++)
            if (unjudged(n->channels[c]->feeds[i])) return true;
    return false;
}

static void judge_one(struct rb_node *n, struct feedx *fx) {
    struct rb_reader r = rb_reader(rb_slice(fx->raw.p + fx->raw_at, fx->raw.n - fx->raw_at));
    uint32_t len;
    struct rb_slice leaf;
    if (rb_get_u32(&r, &len) != RB_OK || rb_get_view(&r, len, &leaf) != RB_OK) {
        n->overflow = true;
        return;
    }
    size_t at = fx->f->facts_n, mark = rb_arena_mark(&n->work);
    if (rb_book_judge(&fx->ch->book, fx->f, leaf, -1, &n->work) != RB_OK) {
        n->overflow = true;
        return;
    }
    rb_arena_release(&n->work, mark);
    const struct rb_fact *f = &fx->f->facts[at];
    if (f->mark != RB_MARK_NONE) (void)node_store_leaf(n, fx, at, rb_slice(NULL, 0), f->mark);
    node_judged(n, fx, at, leaf);
    if (fx->own) lost_judged(n, fx, leaf);
    raw_taken(fx, r.at);
}

static void store_judged(struct rb_node *n, struct feedx *fx) {
    uint8_t key[20], value[8];
    struct rb_writer w = rb_writer(value, sizeof value);
    node_feed_key(fx, key);
    rb_put_u64(&w, fx->f->facts_n);
    node_store_meta(n, RB_TABLE_JUDGED, rb_slice(key, sizeof key), rb_slice(value, sizeof value));
    fx->judged_stored = fx->f->facts_n;
}

static struct feedx *feed_in_turn(const struct rb_node *n, size_t k) {
    for (size_t c = 0; c < n->channels_n; c++) {
        if (k < n->channels[c]->feeds_n) return n->channels[c]->feeds[k];
        k -= n->channels[c]->feeds_n;
    }
    return NULL; /* not reached: k is below their number */
}

/* A share of each feed in turn, so that one party's flood does not put off another's FLASH. */
void take_judge_some(struct rb_node *n) {
    size_t left = n->now.mono_ms < n->judge_at || n->overflow ? 0 : RB_JUDGE_STEP;
    size_t feeds = 0, idle = 0;
    for (size_t c = 0; c < n->channels_n; c++)
        feeds += n->channels[c]->feeds_n;
    for (; left && idle < feeds; n->judge_turn++) { /* the next step begins where this one ends */
        struct feedx *fx = feed_in_turn(n, n->judge_turn % feeds);
        idle = unjudged(fx) ? 0 : idle + 1;
        for (size_t k = 0; k < RB_JUDGE_SHARE && left && unjudged(fx); k++, left--) {
            judge_one(n, fx);
            if (n->overflow) left = 1;
        }
    }
    if (n->overflow) n->judge_at = n->now.mono_ms + 1000;
    for (size_t c = 0; c < n->channels_n; c++)
        for (size_t i = 0; i < n->channels[c]->feeds_n; i++) {
            struct feedx *fx = n->channels[c]->feeds[i];
            if (!fx->own && fx->f->facts_n > fx->judged_stored) store_judged(n, fx);
        }
}
