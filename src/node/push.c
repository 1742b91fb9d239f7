/* Pushing our feed to each member: one combined push at a time for each, its cosignature back. */
#include "guard.h"

struct mirror *own_mirror(struct rb_node *n, struct feedx *fx, uint16_t member) {
    (void)n;
    for (size_t i = 0; i < fx->mirrors_n; i++)
        if (fx->mirrors[i].member == member) return &fx->mirrors[i];
    if (fx->mirrors_n == RB_MAX_MEMBERS) return NULL;
    struct mirror *m = &fx->mirrors[fx->mirrors_n++];
    memset(m, 0, sizeof *m);
    m->member = member;
    return m;
}

/* About as many leaves as the line takes in a second: what goes before FLASH is short. */
static void load_leaves(struct rb_node *n, struct job *j, uint64_t from, uint64_t to, size_t most) {
    struct rb_effect *e = node_effect(n, RB_EF_LOAD);
    e->u.load.token = j->id;
    e->u.load.feed = node_feed_ref(j->fx);
    e->u.load.from = from;
    e->u.load.to = to - j->from > RB_UNIT_LEAVES ? j->from + RB_UNIT_LEAVES : to;
    e->u.load.max_bytes = most;
}

/* old: UINT64_MAX where it is what the member has when the leaves are read */
static void start_push(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p,
                       uint64_t from, uint64_t old, bool urgent) {
    struct job *j = node_job(n, JOB_PUSH_LOAD);
    if (!j) return;
    j->ch = fx->ch;
    j->fx = fx;
    j->peer = p;
    j->member = m->member;
    j->from = from;
    j->old = old;
    j->to = fx->note_size;
    j->urgent = urgent;
    if (old == UINT64_MAX) {
        m->inflight = true;
        m->push_due = false;
        m->flying_to = 0;
    } else {
        m->urgent = true;
        m->urgent_to = fx->note_size;
    }
    uint64_t most = share_second(p);
    if (most > RB_UNIT_BYTES) most = RB_UNIT_BYTES;
    load_leaves(n, j, j->from, j->to, (size_t)(most ? most : 1));
}

/* A push under way that brings all up to its checkpoint, and is over soon: FLASH follows at its
 * heels, on the urgent connection, as if it had been answered. */
static bool heels(const struct feedx *fx, const struct mirror *m, const struct peer *p) {
    uint64_t soon = share_second(p) + RB_LINE_HEAD + RB_MAX_LEAF / 16;
    return m->inflight && !m->urgent && m->flying_to > 0 && m->flying_to < fx->note_size &&
           m->flying_n <= soon;
}

/* true: nothing else is to be started for this member now */
static bool push_flash(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p) {
    if (m->urgent) {
        if (m->urgent_to < fx->flash_to) advance_flash(n, fx, m, p, m->urgent_to);
        return true;
    }
    if (!m->inflight) {
        bool bulk =
            m->offering; /* bodies of others: FLASH does not wait for them, but for its own */
        if (!bulk && !m->push_due) offer_before_push(n, fx, m, p);
        if (!bulk && m->offering) return true;
        if (share_weight(fx, m->known, fx->flash_to) > share_second(p) + (uint64_t)2 * RB_LINE_HEAD)
            advance_flash(n, fx, m, p, m->known);
        start_push(n, fx, m, p, m->known, UINT64_MAX, true);
        return true;
    }
    if (m->flying_to >= fx->flash_to) return true;
    if (heels(fx, m, p))
        start_push(n, fx, m, p, m->flying_to, m->flying_to, true);
    else if (m->flying_n)
        advance_flash(n, fx, m, p, m->known);
    return true;
}

/* not before: much is not pushed to one who fetches it */
uint64_t push_time(const struct feedx *fx, const struct mirror *m, const struct peer *p) {
    const bool much = fx->note_size > m->known && pull_much(p, fx->note_size - m->known);
    return much && m->much_at > m->retry_at ? m->much_at : m->retry_at;
}

static void push_member(struct rb_node *n, struct feedx *fx, struct mirror *m, struct peer *p) {
    if (push_enough(fx, m)) return; /* known alone is not enough: an answer may be lost */
    if (m->pending > fx->note_size)
        return; /* it was told of a checkpoint that a crash took from us: signed again first */
    if (n->now.mono_ms < m->retry_at || n->now.mono_ms < p->retry_at) return;
    if (m->known < fx->flash_to && fx->flash_to <= fx->note_size && push_flash(n, fx, m, p)) return;
    if (m->urgent || (m->inflight && m->offering)) return;
    /* one request of bodies at most is waited for: under a steady load others come meanwhile,
     * though not on a slow line, where they would come after the leaf and be asked for, too */
    bool along = m->inflight && !share_slow(p);
    if (!m->offering && (along || (!m->inflight && !m->push_due))) offer_before_push(n, fx, m, p);
    if (m->offering || m->inflight || n->now.mono_ms < push_time(fx, m, p)) return;
    start_push(n, fx, m, p, m->known, UINT64_MAX, false);
}

static void push_feed(struct rb_node *n, struct feedx *fx) {
    struct channel *ch = fx->ch;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct peer *p = node_member_peer(n, ch, ch->pulls[i].member);
        struct mirror *m = own_mirror(n, fx, ch->pulls[i].member);
        if (p && m && p->card.addresses_n) push_member(n, fx, m, p);
    }
}

/* It fetches our feed. */
void push_fetched(struct rb_node *n, struct feedx *fx, const struct peer *p) {
    const struct rb_book_member *b = rb_book_member_by_party(&fx->ch->book, &p->party);
    struct mirror *m = fx->own && b ? own_mirror(n, fx, b->index) : NULL;
    if (m) m->much_at = n->now.mono_ms + RB_FETCHES_MS;
}

static void again(struct mirror *m, uint64_t much_at) {
    m->retry_at = m->failures = 0;
    m->much_at = much_at;
}

/* A peer that could not be reached lives: it is tried within a second, and pushed to at once then,
 * whatever it answered before; much only if it does not fetch it. */
void push_again(struct rb_node *n, struct peer *p) {
    const uint64_t soon = n->now.mono_ms + RB_RETRY_MIN_MS;
    if (p->retry_at > soon) p->retry_at = soon;
    for (size_t c = 0; c < n->channels_n; c++)
        for (size_t i = 0; i < n->channels[c]->feeds_n; i++) {
            struct feedx *fx = n->channels[c]->feeds[i];
            for (size_t k = 0; k < fx->mirrors_n; k++)
                if (node_member_peer(n, fx->ch, fx->mirrors[k].member) == p)
                    again(&fx->mirrors[k], n->now.mono_ms + RB_FETCHES_MS);
        }
}

void push_all(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (ch->feeds[i]->own) push_feed(n, ch->feeds[i]);
}

/* raw: entries [from, to) each with its u16 length. Whole packages only; upload_end is the
 * checkpoint's size (spec 6.3). n 0 when memory is short. */
struct rb_slice push_body(struct rb_node *n, struct feedx *fx, uint64_t old_size,
                          struct rb_slice raw, uint64_t from, uint64_t to) {
    size_t packages = (size_t)((to - from) / 256 + 2);
    size_t cap = raw.n + packages * (1 + 32 * RB_MAX_PROOF) + fx->delegation.n + fx->note.n + 8192;
    struct rb_writer w = node_writer(n, cap);
    struct rb_slice delegation = old_size == 0 ? buf_slice(&fx->delegation) : rb_slice(NULL, 0);
    rb_put_u8(&w, 1);
    rb_put_u32(&w, (uint32_t)delegation.n);
    rb_put_slice(&w, delegation);
    struct rb_add_checkpoint ac = {.old_size = old_size, .note = buf_slice(&fx->note)};
    if (rb_tree_consistency(&fx->f->tree, old_size, fx->note_size, &ac.proof) != RB_OK)
        return rb_slice(NULL, 0);
    size_t len_at = w.n;
    rb_put_u32(&w, 0);
    rb_add_checkpoint_encode(&ac, &w);
    struct rb_writer len = rb_writer(w.p + len_at, 4);
    rb_put_u32(&len, (uint32_t)(w.n - len_at - 4));
    struct rb_add_entries h = {
        rb_slice(fx->f->origin, fx->f->origin_n), from, fx->note_size, {NULL, 0}};
    rb_add_entries_encode(&h, &w);
    struct rb_reader r = rb_reader(raw);
    for (uint64_t at = from; at < to;) {
        uint64_t pf, pt;
        rb_package_bounds(from, fx->note_size, at, &pf, &pt);
        if (pt > to) break;
        size_t begin = r.at;
        for (uint64_t i = at; i < pt; i++) {
            uint16_t l;
            struct rb_slice skip;
            if (rb_get_u16(&r, &l) != RB_OK || rb_get_view(&r, l, &skip) != RB_OK)
                return rb_slice(NULL, 0);
        }
        rb_put(&w, raw.p + begin, r.at - begin);
        struct rb_proof proof;
        if (rb_tree_subtree_proof(&fx->f->tree, pf / 256 * 256, pt, fx->note_size, &proof) != RB_OK)
            return rb_slice(NULL, 0);
        rb_package_proof_encode(&proof, &w);
        at = pt;
    }
    struct rb_slice out;
    return rb_writer_done(&w, &out) == RB_OK ? out : rb_slice(NULL, 0);
}

bool push_short(const struct feedx *fx, uint64_t from, uint64_t got) {
    uint64_t pf, pt;
    if (got == 0 || from >= fx->note_size) return false;
    rb_package_bounds(from, fx->note_size, from, &pf, &pt);
    return pt > from + got;
}

bool push_load_more(struct rb_node *n, struct job *j) {
    uint64_t pf, pt;
    if (!push_short(j->fx, j->from, j->got)) return false;
    rb_package_bounds(j->from, j->fx->note_size, j->from, &pf, &pt);
    if (j->wanted >= pt) return false; /* asked for already, and not to be had */
    j->wanted = j->to = pt;
    load_leaves(n, j, j->from + j->got, pt, RB_PUSH_BYTES);
    return true;
}

/* it is under way no more */
static void landed(struct mirror *m, const struct job *j) {
    if (j->old != UINT64_MAX) {
        m->urgent = false;
        return;
    }
    m->inflight = false;
    m->flying_to = m->flying_n = 0;
}

void push_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct mirror *m = own_mirror(n, j->fx, j->member);
    if (ev->u.loaded.item == RB_ITEM_LEAF) {
        if (j->from + j->got >= j->to) return; /* more than was asked for */
        struct rb_slice leaf = ev->u.loaded.leaf;
        uint8_t len[2] = {(uint8_t)(leaf.n >> 8), (uint8_t)leaf.n};
        if (buf_put(n, &j->buf, len, 2) != RB_OK || buf_put(n, &j->buf, leaf.p, leaf.n) != RB_OK)
            n->overflow = true;
        j->got++;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END || push_load_more(n, j)) return;
    bool nothing =
        j->from < j->fx->note_size && (j->got == 0 || push_short(j->fx, j->from, j->got));
    struct rb_slice body = {NULL, 0};
    if (!nothing)
        body = push_body(n, j->fx, j->old == UINT64_MAX ? m->pending : j->old, buf_slice(&j->buf),
                         j->from, j->from + j->got);
    if (body.n == 0) {
        struct rb_reject rj = {RB_ERR_IO, "6.6.3", "our leaves could not be read for a push", 0};
        node_alert(n, RB_ALERT_WAITING, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE,
                   j->from, &rj);
        landed(m, j);
        m->retry_at = n->now.mono_ms + RB_RETRY_MAX_MS;
        node_job_free(n, j);
        return;
    }
    j->type = JOB_REQ_PUSH;
    j->to = j->fx->note_size;
    if (j->old == UINT64_MAX) {
        m->flying_to = j->from + j->got >= j->to ? j->to : 0;
        m->flying_n = body.n;
    }
    rb_tree_root(&j->fx->f->tree, j->to, &j->root);
    buf_clear(&j->buf); /* from here on: the checkpoint that went along */
    if (buf_put(n, &j->buf, j->fx->note.p, j->fx->note.n) != RB_OK) n->overflow = true;
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.post = true;
    e->u.request.path = rb_str("/rb/v1/push");
    e->u.request.body = body;
    e->u.request.urgent = j->urgent;
    e->u.request.timeout_ms = RB_REQUEST_MS;
}

static enum rb_err verify_cosig(const struct feedx *fx, uint16_t member, uint64_t size,
                                const struct rb_note_sig *line, struct cosig *c) {
    if (line->sig_n != 72) return RB_ERR_MALFORMED;
    struct rb_reader r = rb_reader(rb_slice(line->sig, 72));
    c->size = size;
    RB_TRY(rb_get_u64(&r, &c->time_s));
    RB_TRY(rb_get_copy(&r, c->sig, RB_SIG_LEN));
    return rb_book_cosig_verify(&fx->ch->book, member, fx->f, size, c->time_s, c->sig);
}

/* A cosignature on our checkpoint of `size`: verified, kept, queued for a receipt. */
static enum rb_err take_cosig(struct rb_node *n, struct feedx *fx, uint16_t member, uint64_t size,
                              const struct rb_note_sig *line, struct rb_slice log_note) {
    struct cosig c;
    RB_TRY(verify_cosig(fx, member, size, line, &c));
    struct rb_writer w = node_writer(n, log_note.n + line->name.n + line->blob.n + 16);
    rb_put_slice(&w, log_note);
    rb_put_z(&w, "\xe2\x80\x94 ");
    rb_put_slice(&w, line->name);
    rb_put_u8(&w, ' ');
    rb_put_slice(&w, line->blob);
    rb_put_u8(&w, '\n');
    struct rb_effect *e = node_effect(n, RB_EF_STORE);
    e->u.store.ticket = n->next_ticket++;
    e->u.store.item = RB_ITEM_NOTE;
    e->u.store.feed = node_feed_ref(fx);
    e->u.store.size = size;
    e->u.store.cosigner = member;
    e->u.store.time_s = c.time_s;
    e->u.store.note = rb_written(&w);
    guard_cosigned(n, fx, member, size, c.time_s, c.sig, log_note);
    if (!fx->own) return RB_OK;
    struct peer *p = node_member_peer(n, fx->ch, member);
    if (p && p->card.addresses_n == 0) share_fetched(n, p);
    struct mirror *m = own_mirror(n, fx, member);
    if (!m || size <= m->covered) return RB_OK;
    clock_cosigned(n, fx, member, size, c.time_s);
    m->covered = size;
    m->covered_time_s = c.time_s;
    m->retry_at = m->failures = 0; /* it takes what we say, whichever way its word came */
    if (m->known < size) m->known = size;
    if (m->pending < size) m->pending = size;
    machine_queue_cosig(n, fx, m, &c);
    struct job *j = node_job(n, JOB_HELD);
    if (!j) return RB_OK;
    j->ch = fx->ch;
    j->member = member;
    j->to = size;
    j->ticket = n->next_ticket - 1;
    return RB_OK;
}

/* Whose mirror key is this, by name and key id? */
static bool member_of_line(const struct channel *ch, const struct rb_note_sig *line,
                           uint16_t *member) {
    for (size_t i = 0; i < ch->book.members_n; i++) {
        char own[96];
        struct rb_writer w = rb_writer(own, sizeof own);
        rb_put_z(&w, "readback/");
        rb_put_hex(&w, ch->book.members[i].party.b, RB_HASH_LEN);
        rb_put_z(&w, "/mirror");
        if (rb_slice_eq(rb_written(&w), line->name)) {
            *member = ch->book.members[i].index;
            return rb_book_is_mirror_key(&ch->book, *member, line->name, line->key_id);
        }
    }
    return false;
}

enum rb_err push_take_cosig(struct rb_node *n, struct feedx *fx, uint64_t size,
                            const struct rb_note_sig *line, struct rb_slice log_note,
                            uint16_t *member, bool keep) {
    struct cosig c;
    if (!member_of_line(fx->ch, line, member)) return RB_ERR_NOT_FOUND;
    return keep ? take_cosig(n, fx, *member, size, line, log_note)
                : verify_cosig(fx, *member, size, line, &c);
}

static bool cosignatures(struct rb_node *n, struct job *j, struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    struct rb_slice line;
    bool good = false;
    while (!good && rb_left(&r) && rb_get_line(&r, &line) == RB_OK) {
        struct rb_note_sig sig;
        uint16_t member;
        if (rb_note_sig_decode(line, &sig) != RB_OK) return false;
        if (!member_of_line(j->ch, &sig, &member) || member != j->member) continue;
        if (take_cosig(n, j->fx, member, j->to, &sig, buf_slice(&j->buf)) != RB_OK) return false;
        good = true; /* one is what was asked for: more of them are not kept */
    }
    return good;
}

static void put_off(struct rb_node *n, struct mirror *m) {
    uint64_t wait = RB_RETRY_MIN_MS << (m->failures < 4 ? m->failures : 4);
    m->failures++;
    m->retry_at = n->now.mono_ms + wait;
}

static void push_failed(struct rb_node *n, struct mirror *m, struct job *j, int status,
                        const char *what) {
    put_off(n, m);
    if (status == 0 || status == 404) return; /* the link's own story; or it does not know us yet */
    struct rb_reject rj = {RB_ERR_DENIED, "6.3.5", what, (uint64_t)status};
    node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0, &rj);
}

/* It says that it holds more of our feed than we do. Its word alone must not silence us; a
 * checkpoint that our log key signed does. */
static void ask_proof(struct rb_node *n, struct job *of) {
    struct job *j = node_job(n, JOB_REQ_OWN);
    if (!j) return;
    j->ch = of->ch;
    j->fx = of->fx;
    j->peer = of->peer;
    j->member = of->member;
    struct rb_writer w = node_writer(n, 128);
    rb_put_z(&w, "/mirror/");
    rb_put_hex(&w, of->fx->origin_hash.b, RB_HASH_LEN);
    rb_put_z(&w, "/checkpoint");
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = j->peer->party;
    e->u.request.card = j->peer->card_raw;
    e->u.request.path = rb_written(&w);
    e->u.request.timeout_ms = RB_REQUEST_MS;
}

void push_proof(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct feedx *fx = j->fx;
    struct rb_vkey key;
    struct rb_checkpoint cp;
    struct rb_hash root;
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    struct rb_reject rj = {RB_ERR_PROOF, "6.3.5",
                           "claims more of our feed than there is and shows none", 0};
    rb_vkey_make(rb_slice(fx->f->origin, fx->f->origin_n), RB_SIG_ED25519, &fx->f->log_key, &key);
    bool ours = note && ev->u.response.status == 200 &&
                rb_checkpoint_open(ev->u.response.body, &key, note, &cp, NULL) == RB_OK;
    if (ours && cp.size <= fx->f->tree.size) {
        rb_tree_root(&fx->f->tree, cp.size, &root);
        ours = !rb_hash_eq(&root, &cp.root);
    }
    if (!ours || lost_shown(n, j->ch, j->member, note, &cp) != RB_OK)
        node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                   &rj);
    node_job_free(n, j);
}

static void push_corrected(struct rb_node *n, struct mirror *m, struct job *j, int status,
                           struct rb_slice body) {
    struct rb_mirror_info info;
    if (rb_mirror_info_decode(body, &info) != RB_OK) {
        push_failed(n, m, j, status, "the peer's answer cannot be read");
        return;
    }
    uint64_t size = j->fx->f->tree.size;
    if (info.pending > size || info.next > size) {
        push_failed(n, m, j, status, "a peer says that it holds more of our feed than this store");
        ask_proof(n, j);
        return;
    }
    bool moved = info.next > m->known || info.pending > m->pending;
    m->known = info.next;
    m->pending = info.pending;
    if (moved) {
        m->failures = 0;
        m->retry_at = 0;
    } else {
        put_off(n, m);
    }
}

/* It takes no more of us for now, and says when. Its word is believed for an hour. */
static void push_later(struct rb_node *n, struct mirror *m, struct job *j, uint32_t after_s) {
    uint64_t ms = (uint64_t)after_s * 1000;
    if (m->failures == 0)
        push_failed(n, m, j, 429, "the peer takes no more of us for now");
    else
        put_off(n, m);
    if (ms < RB_RETRY_MAX_MS) ms = RB_RETRY_MAX_MS;
    if (ms > RB_LATER_MOST_MS) ms = RB_LATER_MOST_MS;
    m->retry_at = n->now.mono_ms + ms;
}

void push_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct mirror *m = own_mirror(n, j->fx, j->member);
    int status = ev->u.response.status;
    landed(m, j);
    if (status == 409 && j->old != UINT64_MAX && m->inflight) {
        node_job_free(n, j); /* it came before the one that it follows: that one's answer counts */
        return;
    }
    if (status == 200 && cosignatures(n, j, ev->u.response.body)) {
        m->failures = 0;
        m->retry_at = 0;
    } else if (status == 200) {
        push_failed(n, m, j, status, "the peer's cosignature does not verify");
    } else if (status == 202 || status == 409) {
        push_corrected(n, m, j, status, ev->u.response.body);
    } else if (status == 429) {
        push_later(n, m, j, ev->u.response.retry_after_s);
    } else {
        push_failed(n, m, j, status, "the peer refused our push");
    }
    node_job_free(n, j);
}
