/* Handing bodies over: small ones before the push of the leaves that name them; and, where nobody
 * can reach us, again until the recipient's receipt says that it holds them: small ones also
 * through a member between, long ones piece by piece. Clauses 9.4.2, 9.4.6. */
#include "node_int.h"
#include "readback/text.h"

#define ENTRY_HEAD 54u /* u16 member | hash | u64 size | u64 from | u32 length */

static bool complete(const struct body *b) {
    return b->state == RB_BODY_HELD && b->have == b->size;
}

static bool put_entry(struct rb_node *n, const struct body *b, uint64_t from, uint64_t len,
                      struct buf *out) {
    uint8_t head[ENTRY_HEAD];
    struct rb_writer w = rb_writer(head, sizeof head);
    rb_put_u16(&w, b->member);
    rb_put(&w, b->hash.b, RB_HASH_LEN);
    rb_put_u64(&w, b->size);
    rb_put_u64(&w, from);
    rb_put_u32(&w, (uint32_t)len);
    return buf_put(n, out, head, sizeof head) == RB_OK;
}

static size_t offers_n(const struct job *j) {
    return j->list.n / sizeof(struct offer);
}

static struct offer offer_at(const struct job *j, size_t i) {
    struct offer o;
    memcpy(&o, j->list.p + i * sizeof o, sizeof o);
    return o;
}

static void post(struct rb_node *n, struct job *j, enum job_type type) {
    struct rb_writer w = node_writer(n, 160);
    rb_put_z(&w, "/rb/v1/bodies?channel=");
    rb_put_hex(&w, j->ch->id, RB_CHANNEL_LEN);
    j->type = type;
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = true;
    e->u.request.path = rb_written(&w);
    e->u.request.body = buf_slice(&j->buf);
    e->u.request.urgent = j->urgent;
    e->u.request.timeout_ms = RB_REQUEST_MS;
}

/* ---- reading what is handed over, one after the other
 * ---------------------------------------------- */
static void done(struct rb_node *n, struct job *j, bool moved) {
    struct mirror *m = own_mirror(n, j->fx, j->member);
    if (j->partial) {
        m->offering = false; /* whatever the answer, the push follows */
        m->push_due = true;
    } else {
        m->again_busy = false;
        m->again_ms = moved ? RB_AGAIN_MIN_MS : m->again_ms * 2;
        if (m->again_ms > RB_BODY_RETRY_MAX_MS) m->again_ms = RB_BODY_RETRY_MAX_MS;
        m->again_at = n->now.mono_ms + (moved ? RB_RETRY_MIN_MS : m->again_ms);
        j->ch->body_work = true;
    }
    node_job_free(n, j);
}

static void load_next(struct rb_node *n, struct job *j) {
    for (; j->got < offers_n(j); j->got++) {
        struct offer o = offer_at(j, j->got);
        const struct body *b = &j->ch->bodies[o.body];
        j->old = j->buf.n;
        if (!complete(b) || !put_entry(n, b, o.from, o.len, &j->buf)) continue;
        struct rb_effect *e = node_effect(n, RB_EF_LOAD);
        e->u.load.token = j->id;
        e->u.load.item = RB_ITEM_BODY;
        e->u.load.body = body_ref(j->ch, b);
        e->u.load.from = o.from;
        e->u.load.to = o.from + o.len;
        e->u.load.max_bytes = RB_BODY_CHUNK;
        return;
    }
    if (j->buf.n)
        post(n, j, JOB_REQ_OFFER);
    else
        done(n, j, false);
}

void offer_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct offer o = offer_at(j, j->got);
    struct rb_slice bytes = ev->u.loaded.leaf;
    size_t got = j->buf.n - (size_t)j->old - ENTRY_HEAD;
    if (ev->u.loaded.item == RB_ITEM_BODY) {
        if (ev->u.loaded.index != o.from + got || bytes.n > o.len - got) return;
        if (buf_put(n, &j->buf, bytes.p, bytes.n) != RB_OK) n->overflow = true;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END) return;
    if (got != o.len) j->buf.n = (size_t)j->old; /* gone, or it could not be read */
    j->got++;
    load_next(n, j);
}

static struct job *offer_new(struct rb_node *n, struct feedx *fx, uint16_t member,
                             struct peer *to) {
    struct job *j = node_job(n, JOB_OFFER_LOAD);
    if (!j) return NULL;
    j->ch = fx->ch;
    j->fx = fx;
    j->member = member;
    j->peer = to;
    return j;
}

static bool add(struct rb_node *n, struct job *j, const struct body *b, uint64_t from,
                uint64_t len) {
    struct offer o = {body_index(j->ch, b), from, len};
    return buf_put(n, &j->list, &o, sizeof o) == RB_OK;
}

/* ---- before a push ------------------------------------------------------------------------------
 */
static bool reachable(struct rb_node *n, struct channel *ch, uint16_t member) {
    const struct peer *p = node_member_peer(n, ch, member);
    return p && p->card.addresses_n;
}

/* One member between is enough: the first that can be reached, which others ask first, too. */
static bool between(struct rb_node *n, struct channel *ch, uint16_t member) {
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct peer *p = node_member_peer(n, ch, ch->pulls[i].member);
        if (p && p->card.addresses_n && p->link != RB_LINK_DOWN)
            return ch->pulls[i].member == member;
    }
    return false;
}

/* For the one that the push goes to; and, where neither we nor another recipient can be reached,
 * for it to pass on from memory. */
static bool goes_to(struct rb_node *n, struct channel *ch, const struct body *b, uint16_t member) {
    if (!complete(b) || b->size > RB_MAX_SEALED) return false;
    if (body_is_for(b, member)) return true;
    if (n->self.addresses_n || !between(n, ch, member)) return false;
    for (uint16_t r = 0; r < RB_MAX_MEMBERS; r++)
        if (r != ch->own_member && body_is_for(b, r) && !reachable(n, ch, r)) return true;
    return false;
}

/* About as many as the line takes in a second, one at least: the rest is asked for. */
void offer_before_push(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p) {
    struct channel *ch = fx->ch;
    struct job *j = NULL;
    uint64_t bytes = 0, most = share_second(p);
    if (most > RB_OFFER_BYTES) most = RB_OFFER_BYTES;
    for (; m->offered < fx->places_n; m->offered++) {
        const struct place *at = &ch->places[fx->places[m->offered]];
        const struct body *b = &ch->bodies[at->body];
        if (at->leaf >= fx->note_size) break;
        if (at->leaf < m->known || !goes_to(n, ch, b, m->member)) continue;
        bytes += b->size;
        if (j && (bytes > most || offers_n(j) == RB_OFFER_MAX)) continue; /* it asks */
        if (!j) j = offer_new(n, fx, m->member, p);
        if (!j || !add(n, j, b, 0, b->size)) continue;
    }
    if (!j) return;
    j->partial = true;
    j->urgent = m->known < fx->flash_to;
    m->offering = true;
    load_next(n, j);
}

/* ---- again --------------------------------------------------------------------------------------
 */
void offer_receipt(struct rb_node *n, struct feedx *fx, const struct rb_fact *f) {
    struct channel *ch = fx->ch;
    struct rb_reader key;
    struct rb_receipt r;
    size_t mark = rb_arena_mark(&n->work);
    if (!ch->own || !n->has_self || n->self.addresses_n) return;
    if (rb_cbor_find(f->body, 2, &key) != RB_OK) return;
    if (rb_receipt_decode(f->body, &n->work, &r, NULL) != RB_OK) return;
    for (size_t i = 0; i < r.bodies_n; i++) {
        struct feedx *own = r.bodies[i].member == ch->own_member
                                ? node_feedx(ch, ch->own_member, r.bodies[i].epoch)
                                : NULL;
        struct mirror *m = own ? own_mirror(n, own, fx->f->member) : NULL;
        if (!m) continue;
        buf_clear(&m->bodies_but);
        bool kept =
            buf_put(n, &m->bodies_but, r.bodies[i].missing.p, r.bodies[i].missing.n) == RB_OK;
        m->bodies_to = kept ? r.bodies[i].size : 0;
        m->bodies_done = 0;
        m->again_ms = RB_AGAIN_MIN_MS;
        if (m->again_at) m->again_at = n->now.mono_ms + RB_RETRY_MIN_MS;
        ch->body_work = true;
    }
    rb_arena_release(&n->work, mark);
}

void offer_judged(struct rb_node *n, struct feedx *fx, uint64_t recipients) {
    if (!n->has_self || n->self.addresses_n || !fx->own) return;
    for (uint16_t r = 0; r < RB_MAX_MEMBERS; r++) {
        if (!(recipients >> r & 1) || r == fx->ch->own_member) continue;
        struct mirror *m = own_mirror(n, fx, r);
        if (!m || m->again_at) continue;
        m->again_ms = RB_AGAIN_MIN_MS;
        m->again_at = n->now.mono_ms + m->again_ms;
    }
}

/* Those of our bodies for a member of which no receipt of its says that it holds them. Places and
 * the leaves excepted both ascend. `to`: only of leaves below it. */
static void gather(struct rb_node *n, struct job *j, struct mirror *m, bool direct, uint64_t to) {
    struct channel *ch = j->ch;
    struct rb_reader r = rb_reader(buf_slice(&m->bodies_but));
    size_t left = 0;
    uint64_t except = 0;
    bool prefix = true;
    if (rb_cbor_get_array(&r, SIZE_MAX, &left) != RB_OK) left = 0;
    bool has = left > 0 && rb_cbor_get_uint(&r, &except) == RB_OK;
    for (size_t i = m->bodies_done; i < j->fx->places_n && offers_n(j) < RB_OFFER_MAX; i++) {
        const struct place *p = &ch->places[j->fx->places[i]];
        const struct body *b = &ch->bodies[p->body];
        while (has && except < p->leaf)
            has = --left > 0 && rb_cbor_get_uint(&r, &except) == RB_OK;
        bool held = p->leaf < m->bodies_to && !(has && except == p->leaf);
        held |= !body_is_for(b, m->member);
        if (prefix && held) m->bodies_done = i + 1;
        prefix &= held;
        if (held || !complete(b) || p->leaf >= to) continue;
        if (!direct && b->size > RB_MAX_SEALED) continue;
        if (!add(n, j, b, 0, b->size)) return;
    }
}

/* The member itself, or, where it cannot be reached, one after the other those that can */
static struct peer *way_to(struct rb_node *n, struct channel *ch, struct mirror *m, bool *direct) {
    *direct = reachable(n, ch, m->member);
    if (*direct) return node_member_peer(n, ch, m->member);
    for (size_t i = 0; i < ch->pulls_n; i++) {
        uint16_t via = ch->pulls[m->again_via++ % ch->pulls_n].member;
        if (reachable(n, ch, via)) return node_member_peer(n, ch, via);
    }
    return NULL;
}

/* First asked what is there already: a question has no bytes. */
static void start_again(struct rb_node *n, struct feedx *fx, struct mirror *m) {
    struct channel *ch = fx->ch;
    bool direct, written = true;
    struct peer *p = way_to(n, ch, m, &direct);
    struct job *j = p ? offer_new(n, fx, m->member, p) : NULL;
    if (!j) {
        m->again_at = n->now.mono_ms + m->again_ms;
        return;
    }
    gather(n, j, m, direct, direct ? m->known : fx->note_size);
    m->again_busy = true;
    for (size_t i = 0; i < offers_n(j); i++)
        written &= put_entry(n, &ch->bodies[offer_at(j, i).body], 0, 0, &j->buf);
    if (j->buf.n && written) {
        post(n, j, JOB_REQ_ASK);
        return;
    }
    bool nothing = m->bodies_done == fx->places_n;
    done(n, j, false);
    if (nothing) m->again_at = 0; /* until there is something new */
}

static void again_of(struct rb_node *n, struct feedx *fx) {
    for (size_t i = 0; i < fx->mirrors_n; i++) {
        struct mirror *m = &fx->mirrors[i];
        if (m->again_at == 0 || m->again_busy) continue;
        if (n->now.mono_ms >= m->again_at) start_again(n, fx, m);
        if (m->again_at && !m->again_busy) body_wake(fx->ch, m->again_at);
    }
}

void offer_again(struct rb_node *n, struct channel *ch) {
    if (!ch->own || !n->has_self || n->self.addresses_n) return;
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (ch->feeds[i]->own) again_of(n, ch->feeds[i]);
}

/* ---- answers -----------------------------------------------------------------------------------
 */
/* MEMBER SP HASH SP HAVE LF: the offer it speaks of, and how much is there */
static bool answer_line(const struct job *j, struct rb_slice line, size_t *which, uint64_t *have) {
    size_t a = rb_slice_find(line, 0, ' '), b = rb_slice_find(line, a + 1, ' ');
    struct rb_hash h;
    if (rb_hex_decode(rb_slice_sub(line, a + 1, b), h.b, RB_HASH_LEN) != RB_OK) return false;
    if (rb_dec_decode(rb_slice_sub(line, b + 1, line.n), have) != RB_OK) return false;
    for (*which = 0; *which < offers_n(j); ++*which)
        if (rb_hash_eq(&j->ch->bodies[offer_at(j, *which).body].hash, &h)) return true;
    return false;
}

/* What is lacking: small ones whole, of long ones the next piece; about a second's worth of the
 * line, one small one or one piece at least */
static void asked(struct rb_node *n, struct job *j, struct rb_slice body) {
    struct mirror *m = own_mirror(n, j->fx, j->member);
    bool direct = node_member_peer(n, j->ch, m->member) == j->peer;
    struct job *next = offer_new(n, j->fx, j->member, j->peer);
    struct rb_reader r = rb_reader(body);
    struct rb_slice line;
    uint64_t room = share_second(j->peer), have;
    size_t which;
    if (room > RB_OFFER_BYTES) room = RB_OFFER_BYTES;
    while (next && (room || offers_n(next) == 0) && rb_left(&r) &&
           rb_get_line(&r, &line) == RB_OK) {
        if (!answer_line(j, line, &which, &have)) continue;
        const struct body *b = &j->ch->bodies[offer_at(j, which).body];
        bool small = b->size <= RB_MAX_SEALED;
        if (have >= b->size || (!small && !direct)) continue;
        uint64_t from = small ? 0 : have, len = b->size - from;
        uint64_t least = small || len < RB_BODY_LEAST ? len : RB_BODY_LEAST;
        if (offers_n(next) == 0 && room < least) room = least;
        if (small && len > room) continue;
        if (len > room && room < RB_BODY_LEAST) continue; /* a crumb is not taken */
        if (len > room) len = room;
        if (!add(n, next, b, from, len)) break;
        room -= len;
    }
    if (!next) {
        done(n, j, false);
        return;
    }
    node_job_free(n, j);
    load_next(n, next);
}

void offer_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    bool ok = ev->u.response.status == 200, moved = false;
    struct rb_reader r = rb_reader(ev->u.response.body);
    struct rb_slice line;
    size_t which;
    uint64_t have;
    if (ok && j->type == JOB_REQ_ASK) {
        asked(n, j, ev->u.response.body);
        return;
    }
    while (ok && rb_left(&r) && rb_get_line(&r, &line) == RB_OK)
        if (answer_line(j, line, &which, &have))
            moved |= have >= offer_at(j, which).from + offer_at(j, which).len;
    done(n, j, moved);
}
