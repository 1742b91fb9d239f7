/* Requests of peers: who may ask, which path means what. Everything unknown or not permitted is the
 * same 404 (design §6). Clauses 6.4 to 6.8. */
#include "fork.h"
#include "guard.h"
#include "readback/text.h"

bool serve_member(struct rb_node *n, struct channel *ch, const struct peer *p) {
    (void)n;
    return p && ch && rb_book_member_by_party(&ch->book, &p->party) != NULL;
}

/* ... and still one: who left, or was taken off the list, is told nothing more. What it said before
 * may still come from it, and be answered. */
static bool serve_reads(struct rb_node *n, struct channel *ch, const struct peer *p) {
    if (!serve_member(n, ch, p)) return false;
    return !(ch->gone >> rb_book_member_by_party(&ch->book, &p->party)->index & 1);
}

/* body: stays until the next step */
static void respond_kept(struct rb_node *n, struct channel *ch, uint64_t conn, int status,
                         const char *type, struct rb_slice body) {
    if (conn == 0 || conn == UINT64_MAX) return;
    struct rb_effect *e = node_effect(n, RB_EF_RESPOND);
    e->u.respond.conn = conn;
    e->u.respond.status = status;
    e->u.respond.content_type = type;
    e->u.respond.body = body;
    if (ch) node_heads_digest(n, ch, e->u.respond.heads);
}

void serve_respond(struct rb_node *n, struct channel *ch, uint64_t conn, int status,
                   const char *type, struct rb_slice body) {
    if (conn == 0 || conn == UINT64_MAX) return;
    respond_kept(n, ch, conn, status, type, node_keep(n, body));
}

void serve_when_stored(struct rb_node *n, struct channel *ch, uint64_t conn, int status,
                       struct rb_slice body) {
    if (n->next_ticket - 1 <= n->stored_ticket) {
        serve_respond(n, ch, conn, status, "text/plain", body);
        return;
    }
    struct job *j = node_job(n, JOB_STORED_REPLY);
    if (!j) return;
    if (buf_put(n, &j->buf, body.p, body.n) != RB_OK) n->overflow = true;
    j->ch = ch;
    j->conn = conn;
    j->status = status;
    j->ticket = n->next_ticket - 1;
}

/* The peer is told code, clause and offset where that gives nothing away; a 404 says nothing. */
static void refuse_quietly(struct rb_node *n, uint64_t conn, int status,
                           const struct rb_reject *rj) {
    if (conn == 0 || conn == UINT64_MAX) return;
    struct rb_writer w = node_writer(n, 512);
    if (status == 404) {
        rb_put_z(&w, "not found\n");
    } else {
        rb_put_z(&w, rb_err_name(rj->err));
        rb_put_z(&w, " clause ");
        rb_put_z(&w, rj->clause ? rj->clause : "-");
        rb_put_z(&w, " offset ");
        rb_put_dec(&w, rj->offset);
        rb_put_z(&w, ": ");
        rb_put_z(&w, rj->what ? rj->what : rb_err_text(rj->err));
        rb_put_u8(&w, '\n');
    }
    if (rj->err == RB_ERR_FORK) /* what proves it is durable first */
        serve_when_stored(n, NULL, conn, status, rb_written(&w));
    else
        serve_respond(n, NULL, conn, status, "text/plain", rb_written(&w));
}

static void say_refused(struct rb_node *n, const struct peer *p, const struct rb_reject *rj) {
    node_alert(n, RB_ALERT_REFUSED, NULL, NULL, RB_NO_MEMBER, p ? &p->party : NULL, RB_ROUTINE, 0,
               rj);
}

void serve_refuse(struct rb_node *n, uint64_t conn, struct peer *p, int status,
                  const struct rb_reject *rj) {
    say_refused(n, p, rj);
    refuse_quietly(n, conn, status, rj);
}

void serve_later(struct rb_node *n, uint64_t conn, struct peer *p, uint32_t after_s, bool news,
                 const struct rb_reject *rj) {
    if (news) say_refused(n, p, rj);
    size_t before = n->effects_n;
    refuse_quietly(n, conn, 429, rj);
    if (n->effects_n > before) n->effects[n->effects_n - 1].u.respond.retry_after_s = after_s;
}

void serve_not_found(struct rb_node *n, uint64_t conn, struct peer *p) {
    struct rb_reject rj = {RB_ERR_NOT_FOUND, "6.4.1", "no such path for this peer", 0};
    serve_refuse(n, conn, p, 404, &rj);
}

bool serve_param(struct rb_slice query, const char *name, struct rb_slice *out) {
    for (size_t at = 0; at < query.n;) {
        size_t end = rb_slice_find(query, at, '&');
        struct rb_slice kv = rb_slice_sub(query, at, end);
        size_t eq = rb_slice_find(kv, 0, '=');
        if (eq < kv.n && rb_slice_is(rb_slice_sub(kv, 0, eq), name)) {
            *out = rb_slice_sub(kv, eq + 1, kv.n);
            return true;
        }
        at = end + 1;
    }
    return false;
}

static struct channel *param_channel(struct rb_node *n, struct rb_slice query,
                                     const struct peer *p) {
    struct rb_slice hex;
    uint8_t id[RB_CHANNEL_LEN];
    if (!serve_param(query, "channel", &hex) || rb_hex_decode(hex, id, sizeof id) != RB_OK)
        return NULL;
    struct channel *ch = node_channel_find(n, id);
    return ch && serve_member(n, ch, p) ? ch : NULL;
}

static struct channel *param_reads(struct rb_node *n, struct rb_slice query, const struct peer *p) {
    struct channel *ch = param_channel(n, query, p);
    return ch && serve_reads(n, ch, p) ? ch : NULL;
}

/* ---- heads and news ---------------------------------------------------------------------------
 */
static void heads(struct rb_node *n, struct channel *ch, uint64_t conn, const struct peer *p) {
    struct rb_writer w = node_writer(n, ch->feeds_n * (RB_MAX_ORIGIN + 80) + 64);
    guard_line(ch, p, &w);
    fork_heads_line(n, ch, &w);
    node_heads_text(n, ch, &w);
    serve_respond(n, ch, conn, 200, "text/plain", rb_written(&w));
}

static void news(struct rb_node *n, struct channel *ch, struct rb_slice query, uint64_t conn,
                 struct peer *p) {
    char own[33];
    struct rb_slice have;
    node_heads_digest(n, ch, own);
    if (!serve_param(query, "have", &have) || !rb_slice_is(have, own) || guard_tells(ch, p)) {
        heads(n, ch, conn, p);
        return;
    }
    for (struct job *old = n->jobs; old; old = old->next)
        if (old->type == JOB_WAIT_NEWS && old->ch == ch && old->peer == p) { /* one for each peer */
            heads(n, ch, old->conn, p);
            node_job_free(n, old);
            break;
        }
    struct job *j = node_job(n, JOB_WAIT_NEWS);
    if (!j) return;
    j->ch = ch;
    j->conn = conn;
    j->peer = p;
    j->deadline = n->now.mono_ms + RB_NEWS_HOLD_MS;
    j->got = fork_pieces(ch);
    memcpy(j->have, own, sizeof j->have);
}

void serve_news(struct rb_node *n, struct channel *ch) {
    for (struct job *j = n->jobs, *next; j; j = next) {
        next = j->next;
        if (j->type != JOB_WAIT_NEWS || j->ch != ch) continue;
        if (!serve_reads(n, ch, j->peer)) {
            serve_not_found(n, j->conn, j->peer);
            node_job_free(n, j);
            continue;
        }
        char own[33];
        node_heads_digest(n, ch, own);
        if (memcmp(own, j->have, sizeof own) == 0 && n->now.mono_ms < j->deadline &&
            j->got == fork_pieces(ch))
            continue;
        heads(n, ch, j->conn, j->peer);
        node_job_free(n, j);
    }
}

/* origins of the founding feeds held here whose charters name the one who asks */
static void invitations(struct rb_node *n, uint64_t conn, struct peer *p) {
    struct rb_writer w = node_writer(n, n->channels_n * (RB_MAX_ORIGIN + 1) + 1);
    for (size_t i = 0; i < n->channels_n; i++) {
        struct channel *ch = n->channels[i];
        struct feedx *fx = node_feedx(ch, ch->book.proposer, 0);
        if (!fx || !fx->own || fx->note_size == 0 || !serve_reads(n, ch, p)) continue;
        rb_put(&w, fx->f->origin, fx->f->origin_n);
        rb_put_u8(&w, '\n');
    }
    serve_respond(n, NULL, conn, 200, "text/plain", rb_written(&w));
}

/* ---- leaves and tiles out ----------------------------------------------------------------------
 */
static void load(struct rb_node *n, struct job *j, size_t max_bytes) {
    struct rb_effect *e = node_effect(n, RB_EF_LOAD);
    j->had = j->got;
    e->u.load.token = j->id;
    e->u.load.feed = node_feed_ref(j->fx);
    e->u.load.from = j->from + j->got;
    e->u.load.to = j->to;
    e->u.load.max_bytes = max_bytes;
}

/* GET /rb/v1/feed?origin=HEX&from=N&old=M: what a push to one who has leaves below N and a pending
 * checkpoint of M would carry */
static void feed(struct rb_node *n, struct feedx *fx, struct rb_slice query, uint64_t conn,
                 struct peer *p) {
    struct rb_slice text;
    uint64_t from = 0, old, most = RB_UNIT_BYTES;
    bool bad = serve_param(query, "from", &text) && rb_dec_decode(text, &from) != RB_OK;
    old = from;
    bad = bad || (serve_param(query, "old", &text) && rb_dec_decode(text, &old) != RB_OK);
    bad = bad || (serve_param(query, "max", &text) && rb_dec_decode(text, &most) != RB_OK);
    if (bad || from > old || old > fx->note_size) {
        struct rb_reject rj = {RB_ERR_MALFORMED, "6.6.2", "from, old, max", 0};
        serve_refuse(n, conn, p, 400, &rj);
        return;
    }
    struct job *j = node_job(n, JOB_FEED_LOAD);
    if (!j) return;
    push_fetched(n, fx, p);
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->conn = conn;
    j->from = from;
    j->old = old;
    j->to = fx->note_size - from > RB_UNIT_LEAVES ? from + RB_UNIT_LEAVES : fx->note_size;
    load(n, j, most < RB_UNIT_BYTES ? (size_t)most + 1 : RB_UNIT_BYTES);
}

static void checkpoint(struct rb_node *n, struct feedx *fx, uint64_t conn) {
    struct rb_writer w = node_writer(n, fx->note.n + fx->cosig_line.n + 1);
    rb_put_slice(&w, buf_slice(&fx->note));
    if (!fx->own) rb_put_slice(&w, buf_slice(&fx->cosig_line));
    serve_respond(n, fx->ch, conn, 200, "text/plain; charset=utf-8", rb_written(&w));
}

static void tile(struct rb_node *n, struct feedx *fx, const struct rb_tile *t, uint64_t conn,
                 struct peer *p) {
    if (!rb_tile_in(t, fx->note_size)) {
        serve_not_found(n, conn, p);
        return;
    }
    if (!t->entries) {
        struct rb_writer w = node_writer(n, (size_t)256 * RB_HASH_LEN);
        if (rb_tile_hashes(&fx->f->tree, t, &w) != RB_OK) {
            serve_not_found(n, conn, p);
            return;
        }
        serve_respond(n, fx->ch, conn, 200, "application/octet-stream", rb_written(&w));
        return;
    }
    struct job *j = node_job(n, JOB_TILE_LOAD);
    if (!j) return;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->conn = conn;
    j->from = t->index * 256;
    j->to = j->from + t->width;
    load(n, j, RB_PART_BYTES);
}

/* What is longer than one part is read a part at a time, with pauses, for one request at a time:
 * others' requests are answered between, and one such answer at most is in memory. Of those that
 * wait it is the turn of the peer whose turn is longest ago. */
static struct job *next_parts(const struct rb_node *n) {
    struct job *next = NULL;
    for (struct job *j = n->jobs; j; j = j->next) {
        if (!j->parts) continue;
        if (n->parts_of == j->id) return j;
        if (!next || j->peer->parts_n < next->peer->parts_n ||
            (j->peer == next->peer && j->id < next->id))
            next = j;
    }
    return n->parts_of ? NULL : next; /* NULL: its part is being read */
}

static void put(struct rb_node *n, struct job *j, const void *p, size_t len) {
    if (buf_put(n, n->parts_of == j->id ? &n->parts : &j->buf, p, len) == RB_OK) return;
    n->overflow = true;
    j->status = 503;
}

/* Their room stays when it is done: to make it anew is as much work as to read them. */
static void begin_parts(struct rb_node *n, struct job *j) {
    n->parts_of = j->id;
    buf_clear(&n->parts);
    put(n, j, j->buf.p, j->buf.n);
    buf_free(n, &j->buf);
    j->peer->parts_n = ++n->parts_n;
    n->part_asked_at = n->now.mono_ms;
}

static void part_pause(struct rb_node *n) {
    const uint64_t rest = (n->now.mono_ms - n->part_asked_at) * RB_PART_REST;
    n->part_at = n->now.mono_ms + (rest > RB_PART_MS ? rest : RB_PART_MS);
}

static void wait_for_part(struct rb_node *n, struct job *j) {
    if (!n->parts_of && !next_parts(n)) begin_parts(n, j);
    j->parts = true;
    if (n->parts_of == j->id) {
        part_pause(n);
    } else { /* from the beginning, when it is its turn */
        buf_free(n, &j->buf);
        j->got = 0;
    }
}

void serve_parts(struct rb_node *n) {
    if (n->now.mono_ms < n->part_at) return;
    struct job *j = next_parts(n);
    if (!j) return;
    if (n->parts_of != j->id) begin_parts(n, j);
    n->part_asked_at = n->now.mono_ms;
    j->parts = false;
    load(n, j, RB_PART_BYTES);
}

uint64_t serve_parts_wake(const struct rb_node *n) {
    return next_parts(n) ? n->part_at : UINT64_MAX;
}

/* true: more of it is to be read, and there is more to be had */
static bool goes_on(struct rb_node *n, struct job *j) {
    uint64_t from, to = j->to;
    if (j->type == JOB_FEED_LOAD) { /* the first package whole */
        if (!push_short(j->fx, j->from, j->got)) return false;
        rb_package_bounds(j->from, j->fx->note_size, j->from, &from, &to);
    }
    if (j->conn == UINT64_MAX || j->status || j->got == j->had || j->from + j->got >= to)
        return false;
    j->to = to;
    wait_for_part(n, j);
    return true;
}

static struct rb_slice loaded_body(struct rb_node *n, struct job *j) {
    const bool in_parts = n->parts_of == j->id;
    const struct rb_slice raw = buf_slice(in_parts ? &n->parts : &j->buf);
    if (j->type == JOB_FEED_LOAD)
        return push_body(n, j->fx, j->old, raw, j->from, j->from + j->got);
    return in_parts ? raw : node_keep(n, raw); /* no other begins before the next step */
}

void serve_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (ev->u.loaded.item == RB_ITEM_LEAF) {
        if (j->from + j->got >= j->to || j->status) return; /* more than was asked for */
        struct rb_slice leaf = ev->u.loaded.leaf;
        uint8_t len[2] = {(uint8_t)(leaf.n >> 8), (uint8_t)leaf.n};
        put(n, j, len, 2);
        put(n, j, leaf.p, leaf.n);
        j->got++;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END || goes_on(n, j)) return;
    struct rb_slice body = {NULL, 0};
    const bool feed = j->type == JOB_FEED_LOAD;
    if (!feed || j->from >= j->fx->note_size || j->got > 0) body = loaded_body(n, j);
    bool whole = !j->status && (feed ? body.n > 0 : j->got == j->to - j->from);
    struct rb_reject rj = {RB_ERR_IO, "6.6.3", "the leaves could not be read", 0};
    if (!serve_reads(n, j->ch, j->peer)) { /* it left meanwhile */
        serve_not_found(n, j->conn, j->peer);
    } else if (whole) {
        if (feed && j->fx->own && j->peer->card.addresses_n == 0) share_gave(n, j->peer, body.n);
        respond_kept(n, j->ch, j->conn, 200, "application/octet-stream", body);
    } else {
        serve_refuse(n, j->conn, j->peer, 503, &rj);
    }
    if (n->parts_of == j->id) {
        n->parts_of = 0;
        part_pause(n);
    }
    node_job_free(n, j);
}

/* /log/HEX/... our own feeds, /mirror/HEX/... those we mirror */
static void log_path(struct rb_node *n, struct rb_slice path, size_t prefix, bool own,
                     uint64_t conn, struct peer *p) {
    struct rb_hash h;
    struct rb_slice rest = rb_slice_sub(path, prefix + 64 + 1, path.n);
    struct rb_tile t;
    if (path.n < prefix + 66 || path.p[prefix + 64] != '/' ||
        rb_hex_decode(rb_slice_sub(path, prefix, prefix + 64), h.b, RB_HASH_LEN) != RB_OK) {
        serve_not_found(n, conn, p);
        return;
    }
    struct feedx *fx = node_feedx_by_hash(n, &h);
    if (!fx || fx->own != own || fx->note_size == 0 || !serve_reads(n, fx->ch, p))
        serve_not_found(n, conn, p);
    else if (rb_slice_is(rest, "checkpoint"))
        checkpoint(n, fx, conn);
    else if (rb_tile_path_decode(rest, &t) == RB_OK)
        tile(n, fx, &t, conn, p);
    else
        serve_not_found(n, conn, p);
}

/* ---- add-cosignatures --------------------------------------------------------------------------
 */
/* The note's text must be a checkpoint of a feed held here to that size with that root; whoever
 * signed the note, each member's line is verified and kept. */
static enum rb_err one_note(struct rb_node *n, struct channel *ch, struct rb_slice bytes,
                            size_t *lines, bool keep, struct rb_reject *rj) {
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    struct rb_checkpoint cp;
    struct rb_hash root;
    if (!note) return RB_ERR_LIMIT;
    RB_TRY(rb_note_decode(bytes, note, rj));
    RB_TRY(rb_checkpoint_decode(note->text, &cp, rj));
    *lines += note->sigs_n;
    if (*lines > (size_t)2 * RB_COSIGS_MAX || !node_room(n, (note->sigs_n + 1) * (bytes.n + 512)))
        return rb_reject(rj, RB_ERR_LIMIT, "6.8.7", "too many cosignatures at once", 0);
    struct feedx *fx = node_feedx_by_origin(n, cp.origin);
    if (!fx || fx->ch != ch) return rb_reject(rj, RB_ERR_NOT_FOUND, "6.8.2", "unknown origin", 0);
    struct rb_vkey key;
    rb_vkey_make(cp.origin, RB_SIG_ED25519, &fx->f->log_key, &key);
    bool logged = rb_note_verify(note, &key, NULL) == RB_OK;
    if (cp.size > fx->note_size) /* of ours, or not its log's: no member has that in good faith */
        return rb_reject(rj, fx->own || !logged ? RB_ERR_STATE : RB_ERR_STALE, "6.8.3",
                         "larger than what is held", 0);
    if (!logged) return rb_reject(rj, RB_ERR_SIGNATURE, "6.8.5", "the log's signature", 0);
    rb_tree_root(&fx->f->tree, cp.size, &root);
    if (!rb_hash_eq(&root, &cp.root)) {
        take_keep_fork(n, fx, bytes, cp.size);
        return rb_reject(rj, RB_ERR_FORK, "6.8.4", "another root for that size", 0);
    }
    struct rb_writer w = node_writer(n, bytes.n + 16);
    rb_note_only(note, &key, &w);
    for (size_t i = 0; i < note->sigs_n; i++) {
        uint16_t member;
        enum rb_err err =
            push_take_cosig(n, fx, cp.size, &note->sigs[i], rb_written(&w), &member, keep);
        if (err == RB_ERR_SIGNATURE)
            return rb_reject(rj, err, "6.8.6", "a member's cosignature does not verify", i);
    }
    return RB_OK;
}

/* body: one or more of u32 length, note */
static enum rb_err all_notes(struct rb_node *n, struct channel *ch, struct rb_slice body, bool keep,
                             struct rb_reject *rj) {
    struct rb_reader r = rb_reader(body);
    size_t lines = 0;
    while (rb_left(&r)) {
        uint32_t len;
        struct rb_slice bytes;
        if (rb_get_u32(&r, &len) != RB_OK || len > RB_MAX_NOTE ||
            rb_get_view(&r, len, &bytes) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "6.8.1", "length of a note", r.at);
        size_t mark = rb_arena_mark(&n->work);
        enum rb_err err = one_note(n, ch, bytes, &lines, keep, rj);
        rb_arena_release(&n->work, mark);
        if (err != RB_OK) return err;
    }
    return RB_OK;
}

/* Looked through first and kept in a second pass: all of it or nothing. */
enum rb_err serve_take_notes(struct rb_node *n, struct channel *ch, struct rb_slice body,
                             struct rb_reject *rj) {
    RB_TRY(all_notes(n, ch, body, false, rj));
    return all_notes(n, ch, body, true, rj);
}

static void add_cosignatures(struct rb_node *n, struct channel *ch, struct rb_slice body,
                             uint64_t conn, struct peer *p) {
    struct rb_reject rj = {0};
    enum rb_err err = serve_take_notes(n, ch, body, &rj);
    if (err == RB_OK) {
        serve_when_stored(n, ch, conn, 200, rb_slice(NULL, 0));
        return;
    }
    if (err == RB_ERR_STALE) { /* it has more than we, as happens: fetched from it */
        pull_look(n, ch, p);
        refuse_quietly(n, conn, 409, &rj);
        return;
    }
    int status = err == RB_ERR_NOT_FOUND   ? 404
                 : err == RB_ERR_STATE     ? 409
                 : err == RB_ERR_LIMIT     ? 413
                 : err == RB_ERR_MALFORMED ? 400
                                           : 422;
    serve_refuse(n, conn, p, status, &rj);
}

/* ---- routes -------------------------------------------------------------------------------------
 */
static void serve_post(struct rb_node *n, const struct rb_event *ev, struct peer *p) {
    struct rb_slice path = ev->u.recv.path, body = ev->u.recv.body;
    uint64_t conn = ev->u.recv.conn;
    if (rb_slice_is(path, "/rb/v1/push")) {
        take_push(n, body, conn, p);
    } else if (rb_slice_is(path, "/mirror/add-checkpoint")) {
        take_add_checkpoint(n, body, conn, p);
    } else if (rb_slice_is(path, "/mirror/add-entries")) {
        take_add_entries(n, body, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/add-cosignatures")) {
        struct channel *ch = param_channel(n, ev->u.recv.query, p);
        if (ch)
            add_cosignatures(n, ch, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/evidence")) {
        struct channel *ch = param_channel(n, ev->u.recv.query, p);
        if (ch)
            fork_post(n, ch, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/held")) {
        struct channel *ch = param_channel(n, ev->u.recv.query, p);
        if (ch)
            guard_post(n, ch, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/branch")) {
        struct rb_slice hex;
        struct rb_hash h;
        bool named = serve_param(ev->u.recv.query, "origin", &hex) &&
                     rb_hex_decode(hex, h.b, RB_HASH_LEN) == RB_OK;
        struct feedx *fx = named ? node_feedx_by_hash(n, &h) : NULL;
        if (fx && serve_member(n, fx->ch, p))
            branch_post(n, fx, ev->u.recv.query, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/bodies")) {
        struct channel *ch = param_channel(n, ev->u.recv.query, p);
        if (ch)
            carry_post(n, ch, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/advance")) {
        struct channel *ch = param_channel(n, ev->u.recv.query, p);
        if (ch)
            advance_take(n, ch, body, conn, p);
        else
            serve_not_found(n, conn, p);
    } else {
        serve_not_found(n, conn, p);
    }
}

static void serve_get(struct rb_node *n, const struct rb_event *ev, struct peer *p) {
    struct rb_slice path = ev->u.recv.path, query = ev->u.recv.query, hex;
    uint64_t conn = ev->u.recv.conn;
    struct channel *ch;
    struct rb_hash h;
    if (rb_slice_starts(path, "/log/")) {
        log_path(n, path, 5, true, conn, p);
    } else if (rb_slice_starts(path, "/mirror/")) {
        log_path(n, path, 8, false, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/invitations")) {
        invitations(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/heads") && (ch = param_reads(n, query, p)) != NULL) {
        heads(n, ch, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/held") && (ch = param_reads(n, query, p)) != NULL) {
        guard_get(n, ch, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/body") && (ch = param_reads(n, query, p)) != NULL) {
        carry_get(n, ch, query, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/evidence") && (ch = param_reads(n, query, p)) != NULL) {
        fork_list(n, ch, conn);
    } else if (rb_slice_is(path, "/rb/v1/branch") && serve_param(query, "origin", &hex) &&
               rb_hex_decode(hex, h.b, RB_HASH_LEN) == RB_OK) {
        struct feedx *fx = node_feedx_by_hash(n, &h);
        if (fx && serve_reads(n, fx->ch, p))
            branch_get(n, fx, query, conn, p);
        else
            serve_not_found(n, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/cosignatures") &&
               (ch = param_reads(n, query, p)) != NULL) {
        relay_get(n, ch, query, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/news") && (ch = param_reads(n, query, p)) != NULL) {
        news(n, ch, query, conn, p);
    } else if (rb_slice_is(path, "/rb/v1/feed") && serve_param(query, "origin", &hex) &&
               rb_hex_decode(hex, h.b, RB_HASH_LEN) == RB_OK) {
        struct feedx *fx = node_feedx_by_hash(n, &h);
        if (fx && fx->note_size && serve_reads(n, fx->ch, p))
            feed(n, fx, query, conn, p);
        else
            serve_not_found(n, conn, p);
    } else {
        serve_not_found(n, conn, p);
    }
}

void serve_recv(struct rb_node *n, const struct rb_event *ev) {
    struct peer *p = ev->u.recv.has_peer ? node_peer_find(n, &ev->u.recv.peer) : NULL;
    if (!p || !n->started) {
        serve_not_found(n, ev->u.recv.conn, p);
        return;
    }
    p->line.called_at = n->now.mono_ms ? n->now.mono_ms : 1;
    p->last_call = n->now.utc_ms;
    if (p->card.addresses_n == 0)
        node_peer_ok(n, p);            /* it only connects outwards: this is its line */
    if (p->failures) push_again(n, p); /* it lives: try our way again */
    if (ev->u.recv.post)
        serve_post(n, ev, p);
    else
        serve_get(n, ev, p);
}
