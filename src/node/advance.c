/* Advance copies: a FLASH record that has to wait for a push under way is also sent by itself, so
 * that somebody sees it. The receiver shows it as not yet receipted and keeps it in memory alone:
 * it is no record, and nothing rests on it. Spec 6.17.3. */
#include "node_int.h"
#include "readback/text.h"

#define HOUR_MS 3600000u

/* ---- sending -----------------------------------------------------------------------------------
 */
static void send_one(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p,
                     uint64_t index) {
    struct job *j = node_job(n, JOB_ADVANCE_LOAD);
    if (!j) return;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->member = m->member;
    j->from = index;
    struct rb_effect *e = node_effect(n, RB_EF_LOAD);
    e->u.load.token = j->id;
    e->u.load.feed = node_feed_ref(fx);
    e->u.load.from = index;
    e->u.load.to = index + 1;
    e->u.load.max_bytes = RB_MAX_LEAF;
}

/* Each goes once, whatever becomes of it: the leaf itself follows. */
void advance_flash(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p,
                   uint64_t from) {
    if (m->advanced_to < from) m->advanced_to = from;
    const uint64_t most = (uint64_t)16 * RB_ADVANCES_MAX;
    if (m->advanced_to + most < fx->flash_to) m->advanced_to = fx->flash_to - most;
    for (; m->advanced_to < fx->flash_to; m->advanced_to++) {
        const struct rb_fact *f = &fx->f->facts[m->advanced_to];
        if (f->precedence == RB_FLASH && f->mark == RB_MARK_NONE && f->kind != 0 &&
            !rb_kind_is_machine((enum rb_kind)f->kind))
            send_one(n, fx, m, p, m->advanced_to);
    }
}

void advance_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (ev->u.loaded.item == RB_ITEM_LEAF) {
        if (ev->u.loaded.index == j->from && j->buf.n == 0 &&
            buf_put(n, &j->buf, ev->u.loaded.leaf.p, ev->u.loaded.leaf.n) != RB_OK)
            n->overflow = true;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END) return;
    if (j->buf.n == 0) {
        node_job_free(n, j);
        return;
    }
    struct rb_writer path = node_writer(n, 128), w = node_writer(n, j->buf.n + RB_MAX_ORIGIN + 16);
    rb_put_z(&path, "/rb/v1/advance?channel=");
    rb_put_hex(&path, j->ch->id, RB_CHANNEL_LEN);
    rb_put_u32(&w, (uint32_t)j->fx->f->origin_n);
    rb_put(&w, j->fx->f->origin, j->fx->f->origin_n);
    rb_put_u64(&w, j->from);
    rb_put_slice(&w, buf_slice(&j->buf));
    j->type = JOB_REQ_ADVANCE;
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = true;
    e->u.request.path = rb_written(&path);
    e->u.request.body = rb_written(&w);
    e->u.request.urgent = true;
    e->u.request.timeout_ms = RB_REQUEST_MS;
}

/* ---- kept --------------------------------------------------------------------------------------
 */
static void drop(struct rb_node *n, struct advance **at) {
    struct advance *a = *at;
    *at = a->next;
    a->giver->advances_n--;
    a->giver->advances_bytes -= a->leaf.n;
    buf_free(n, &a->leaf);
    rb_region_free(&n->region, a, sizeof *a);
}

void advance_expire(struct rb_node *n) {
    for (struct advance **at = &n->advances; *at;)
        if (n->now.mono_ms >= (*at)->at + RB_ADVANCE_MS)
            drop(n, at);
        else
            at = &(*at)->next;
}

uint64_t advance_wake(const struct rb_node *n) {
    uint64_t wake = UINT64_MAX;
    for (const struct advance *a = n->advances; a; a = a->next)
        if (a->at + RB_ADVANCE_MS < wake) wake = a->at + RB_ADVANCE_MS;
    return wake;
}

void advance_came(struct rb_node *n, const struct feedx *fx, const struct rb_hash *id) {
    for (struct advance **at = &n->advances; *at; at = &(*at)->next)
        if ((*at)->fx == fx && rb_hash_eq(&(*at)->id, id)) {
            drop(n, at);
            return;
        }
}

/* ---- taking ------------------------------------------------------------------------------------
 */
struct advanced {
    struct feedx *fx;
    uint64_t index;
    struct rb_slice leaf;
    struct rb_hash id;
};

static enum rb_err read_it(struct rb_node *n, struct channel *ch, const struct peer *p,
                           struct rb_slice body, struct advanced *a, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(body);
    uint32_t len;
    struct rb_slice origin;
    if (rb_get_u32(&r, &len) != RB_OK || len > RB_MAX_ORIGIN ||
        rb_get_view(&r, len, &origin) != RB_OK || rb_get_u64(&r, &a->index) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.17.3", "origin and index", r.at);
    a->leaf = rb_slice_sub(body, r.at, body.n);
    if (a->leaf.n == 0 || a->leaf.n > RB_MAX_LEAF)
        return rb_reject(rj, RB_ERR_LIMIT, "6.17.3", "size of the leaf", r.at);
    a->fx = node_feedx_by_origin(n, origin);
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    if (!a->fx || a->fx->ch != ch || !m || a->fx->f->member != m->index)
        return rb_reject(rj, RB_ERR_NOT_FOUND, "6.17.3", "no feed of who brings it", 0);
    rb_leaf_hash(a->leaf, &a->id);
    return RB_OK;
}

/* Its author's own words over that origin, and FLASH; else it had to wait for the leaf. */
static enum rb_err check_it(struct rb_node *n, const struct advanced *a, struct rb_reject *rj) {
    const struct rb_feed *f = a->fx->f;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec) return RB_ERR_LIMIT;
    RB_TRY(rb_record_decode(a->leaf, rec, rj));
    if (!rec->has_channel || memcmp(rec->channel, a->fx->ch->id, RB_CHANNEL_LEN) != 0)
        return rb_reject(rj, RB_ERR_DENIED, "6.17.3", "a record of another channel", 0);
    if (rec->precedence != RB_FLASH || rb_kind_is_machine(rec->kind))
        return rb_reject(rj, RB_ERR_DENIED, "6.17.3", "only FLASH goes ahead", 0);
    for (size_t i = 0; i < rec->signers_n; i++) {
        size_t officer;
        const struct rb_key *key =
            rb_book_officer_key(&a->fx->ch->book, f->member, rec->signers[i].kid, &officer);
        if (!key || rb_record_verify(rec, i, rb_slice(f->origin, f->origin_n), key, &n->work))
            return rb_reject(rj, RB_ERR_SIGNATURE, "6.17.3", "not signed by an officer of theirs",
                             i);
    }
    return rec->signers_n ? RB_OK : rb_reject(rj, RB_ERR_SIGNATURE, "6.17.3", "not signed", 0);
}

static bool here(const struct rb_node *n, const struct advanced *a) {
    for (const struct advance *x = n->advances; x; x = x->next)
        if (x->fx == a->fx && rb_hash_eq(&x->id, &a->id)) return true;
    return a->index < a->fx->f->tree.size; /* the leaf is, or will never be the one there */
}

/* An hour's number is counted from the first of them on. */
static enum rb_err quota(struct rb_node *n, struct peer *p, size_t bytes, struct rb_reject *rj) {
    if (n->now.mono_ms - p->advances_from >= HOUR_MS) {
        p->advances_from = n->now.mono_ms;
        p->advances_hour = 0;
    }
    if (p->advances_hour >= RB_ADVANCES_HOUR)
        return rb_reject(rj, RB_ERR_BUSY, "6.17.4", "too many advance copies in an hour", 0);
    p->advances_hour++;
    if (p->advances_n >= RB_ADVANCES_MAX || p->advances_bytes + bytes > RB_ADVANCES_BYTES)
        return rb_reject(rj, RB_ERR_BUSY, "6.17.3", "too many advance copies wait", 0);
    return RB_OK;
}

static enum rb_err keep(struct rb_node *n, const struct advanced *a, struct peer *p) {
    struct advance *x = rb_region_alloc(&n->region, sizeof *x), **at = &n->advances;
    if (!x) return RB_ERR_LIMIT;
    if (buf_put(n, &x->leaf, a->leaf.p, a->leaf.n) != RB_OK) {
        rb_region_free(&n->region, x, sizeof *x);
        return RB_ERR_LIMIT;
    }
    x->fx = a->fx;
    x->index = a->index;
    x->id = a->id;
    x->giver = p;
    x->at = n->now.mono_ms;
    x->came_utc = n->now.utc_ms;
    p->advances_n++;
    p->advances_bytes += x->leaf.n;
    while (*at) /* in the order in which they came */
        at = &(*at)->next;
    *at = x;
    return RB_OK;
}

void advance_take(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                  struct peer *p) {
    struct advanced a = {0};
    struct rb_reject rj = {0};
    enum rb_err err = read_it(n, ch, p, body, &a, &rj);
    bool known = err == RB_OK && here(n, &a);
    if (err == RB_OK && !known) err = quota(n, p, a.leaf.n, &rj);
    if (err == RB_OK && !known) err = check_it(n, &a, &rj);
    if (err == RB_OK && !known) err = keep(n, &a, p);
    if (err == RB_OK) {
        if (!known)
            node_alert(n, RB_ALERT_ADVANCE, ch, &a.id, a.fx->f->member, NULL, RB_FLASH, a.index,
                       NULL);
        serve_respond(n, ch, conn, 200, "text/plain", rb_slice(NULL, 0));
        return;
    }
    if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.4.10", "no memory", 0);
    if (err == RB_ERR_BUSY) { /* said once an hour: it may come very often */
        bool news = n->now.mono_ms - p->advances_said >= HOUR_MS || p->advances_said == 0;
        if (news) p->advances_said = n->now.mono_ms ? n->now.mono_ms : 1;
        serve_later(n, conn, p, RB_ADVANCE_MS / 1000, news, &rj);
        return;
    }
    int status = err == RB_ERR_NOT_FOUND   ? 404
                 : err == RB_ERR_LIMIT     ? 503
                 : err == RB_ERR_MALFORMED ? 400
                                           : 422;
    serve_refuse(n, conn, p, status, &rj);
}

/* ---- looking -----------------------------------------------------------------------------------
 */
size_t rb_node_advances(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN]) {
    size_t k = 0;
    for (const struct advance *a = n->advances; a; a = a->next)
        k += memcmp(a->fx->ch->id, id, RB_CHANNEL_LEN) == 0;
    return k;
}

bool rb_node_advance(const struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i,
                     struct rb_advance_view *out) {
    for (const struct advance *a = n->advances; a; a = a->next) {
        if (memcmp(a->fx->ch->id, id, RB_CHANNEL_LEN) != 0 || i-- > 0) continue;
        out->member = a->fx->f->member;
        out->epoch = a->fx->f->epoch;
        out->leaf = a->index;
        out->id = a->id;
        out->came_utc_ms = a->came_utc;
        return rb_record_decode(buf_slice(&a->leaf), &out->record, NULL) == RB_OK;
    }
    return false;
}
