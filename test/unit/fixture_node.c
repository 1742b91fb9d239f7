#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "fixture_node.h"
#include "fixture_check.h"
#include "readback/age.h"
#include "readback/party.h"
#include "readback/sealed.h"
#include "readback/text.h"

#define MEM FN_MEM
int fn_memfd = -1;
unsigned fn_outward = 1u << 3;
bool fn_hold, fn_short, fn_mute;
const struct fn_party *fn_slow;
const char *fn_hold_path;
void (*fn_watch)(const struct fn_party *of, const struct rb_effect *ef);
void (*fn_made)(struct fn_party *p);
const char *fn_reason = "refused";
bool (*fn_block)(const struct fn_party *from, const struct fn_party *to, struct rb_slice path);
void (*fn_tap)(const struct fn_party *from, const struct rb_effect *request);
static const char *const handles[FN_MAX] = {"alfa", "bravo", "charlie", "delta"};

static uint8_t scratch[1 << 20];
struct rb_slice fn_dup(struct rb_slice s) {
    uint8_t *p = s.p ? malloc(s.n + 1) : NULL;
    if (p && s.n) memcpy(p, s.p, s.n);
    return rb_slice(p, s.n);
}

/* ---- keys and cards ----------------------------------------------------------------------------
 */
static void seed_key(const char *who, const char *what, struct rb_seckey *out) {
    struct rb_slice parts[3] = {rb_str(who), rb_str("/"), rb_str(what)};
    struct rb_hash h;
    rb_sha256v(parts, 3, &h);
    rb_ed25519_from_seed(h.b, out);
}

static void make_card(struct fn_party *p) {
    struct rb_card *c = calloc(1, sizeof *c);
    uint8_t seed[32] = {7};
    c->handle = rb_str(p->handle);
    c->party = p->party.pub;
    c->version = 1;
    c->issued_utc_ms = 1443600000000;
    c->names_n = 1;
    c->names[0].language = rb_str("en");
    c->names[0].name = rb_str(p->handle);
    if (!p->outward) c->addresses[c->addresses_n++] = rb_str("127.0.0.1:7001");
    c->mirror = p->mirror.pub;
    c->node = p->node.pub;
    c->tls = p->tls.pub;
    seed[1] = (uint8_t)p->handle[0];
    memcpy(p->age, seed, sizeof seed);
    rb_age_identity_from_seed(seed, &c->age);
    c->officers_n = 2;
    c->officers[0].name = rb_str("duty");
    c->officers[0].key = p->officer[0].pub;
    c->officers[1].name = rb_str("second");
    c->officers[1].key = p->officer[1].pub;
    uint8_t payload[2048], tbs[4096], sig[64];
    struct rb_writer w = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs);
    rb_card_encode(c, &w);
    rb_party_tbs(rb_written(&w), &p->party.pub, &t);
    rb_ed25519_sign(&p->party, rb_written(&t), sig);
    struct rb_writer out = rb_writer(p->card, sizeof p->card);
    CHECK(rb_party_assemble(rb_written(&w), &p->party.pub, sig, &out) == RB_OK);
    p->card_n = out.n;
    free(c);
}

/* ---- disk ---------------------------------------------------------------------------------------
 */
static bool same_body(const struct rb_body_ref *a, const struct rb_body_ref *b) {
    return a->member == b->member && memcmp(a->channel, b->channel, 16) == 0 &&
           rb_hash_eq(&a->hash, &b->hash);
}

static void item_free(struct fn_item *i);

/* the bytes of a body from the beginning on; *n of them */
static uint8_t *disk_body(const struct fn_party *p, const struct rb_body_ref *ref, size_t *n) {
    uint8_t *out = NULL;
    *n = 0;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < p->items_n; i++) {
            const struct rb_effect *e = &p->items[i].ef;
            if (e->u.store.item != RB_ITEM_BODY || !same_body(&e->u.store.body, ref)) continue;
            if (e->u.store.index != *n || e->u.store.leaf.n == 0) continue;
            uint8_t *grown = realloc(out, *n + e->u.store.leaf.n);
            CHECK(grown);
            out = grown;
            memcpy(out + *n, e->u.store.leaf.p, e->u.store.leaf.n);
            *n += e->u.store.leaf.n;
            more = true;
        }
    }
    return out;
}

/* true: done with it */
static bool disk_body_put(struct fn_party *p, struct rb_effect *ef) {
    size_t n;
    if (ef->u.store.item != RB_ITEM_BODY) return false;
    free(disk_body(p, &ef->u.store.body, &n));
    if (ef->u.store.staged) {
        CHECK(ef->u.store.staged == 1 && n == 0);
        ef->u.store.leaf = rb_slice(p->staged, p->staged_n);
        return false;
    }
    if (ef->u.store.leaf.p) {
        CHECK(ef->u.store.index == n); /* each offset once, without gaps */
        return false;
    }
    for (size_t i = 0; i < p->items_n; i++)
        if (p->items[i].ef.u.store.item == RB_ITEM_BODY &&
            same_body(&p->items[i].ef.u.store.body, &ef->u.store.body)) {
            item_free(&p->items[i]);
            p->items[i--] = p->items[--p->items_n];
        }
    return true;
}

static void disk_put(struct fn_party *p, const struct rb_effect *effect) {
    struct rb_effect copy = *effect, *ef = &copy;
    if (disk_body_put(p, ef)) return;
    if (ef->u.store.item == RB_ITEM_META)
        for (size_t i = 0; i < p->items_n; i++) {
            struct rb_effect *e = &p->items[i].ef;
            if (e->u.store.item != RB_ITEM_META || e->u.store.table != ef->u.store.table) continue;
            if (!rb_slice_eq(e->u.store.key, ef->u.store.key)) continue;
            free((void *)(uintptr_t)e->u.store.key.p);
            free((void *)(uintptr_t)e->u.store.value.p);
            p->items[i] = p->items[--p->items_n];
            break;
        }
    if (ef->u.store.item == RB_ITEM_META && !ef->u.store.value.p) return;
    if (ef->u.store.item == RB_ITEM_LEAF && !ef->u.store.leaf.p) {
        for (size_t i = 0; i < p->items_n; i++) {
            struct rb_effect *e = &p->items[i].ef;
            if (e->u.store.item == RB_ITEM_LEAF && e->u.store.index == ef->u.store.index &&
                memcmp(&e->u.store.feed, &ef->u.store.feed, sizeof e->u.store.feed) == 0)
                e->u.store.mark = ef->u.store.mark;
        }
        return;
    }
    if (p->items_n == p->items_cap) {
        p->items_cap = p->items_cap ? 2 * p->items_cap : 64;
        p->items = realloc(p->items, p->items_cap * sizeof *p->items);
    }
    struct rb_effect *e = &p->items[p->items_n++].ef;
    *e = *ef;
    e->u.store.key = fn_dup(ef->u.store.key);
    e->u.store.value = fn_dup(ef->u.store.value);
    e->u.store.leaf = fn_dup(ef->u.store.leaf);
    e->u.store.note = fn_dup(ef->u.store.note);
}

static int item_cmp(const void *a, const void *b) {
    const struct rb_effect *x = &((const struct fn_item *)a)->ef,
                           *y = &((const struct fn_item *)b)->ef;
    if (x->u.store.item != y->u.store.item) return (int)x->u.store.item - (int)y->u.store.item;
    if (x->u.store.item == RB_ITEM_META) {
        if (x->u.store.table != y->u.store.table) return x->u.store.table - y->u.store.table;
        return rb_slice_cmp(x->u.store.key, y->u.store.key);
    }
    int c = memcmp(&x->u.store.feed, &y->u.store.feed, sizeof x->u.store.feed);
    if (c) return c;
    if (x->u.store.item == RB_ITEM_LEAF)
        return x->u.store.index < y->u.store.index ? -1 : x->u.store.index > y->u.store.index;
    return x->u.store.size < y->u.store.size ? -1 : x->u.store.size > y->u.store.size;
}

/* ---- events and effects
 * --------------------------------------------------------------------------- */
struct queued {
    struct queued *next;
    struct fn_party *to;
    struct rb_event ev;
    void *own[2]; /* freed when it was delivered */
};
static struct queued *head, **tail = &head;

static struct queued *queue(struct fn_party *to, const struct rb_event *ev) {
    struct queued *q = calloc(1, sizeof *q);
    q->to = to;
    q->ev = *ev;
    *tail = q;
    tail = &q->next;
    return q;
}

static struct queued *held;

static struct queued *hold(struct fn_party *to, const struct rb_event *ev) {
    struct queued *q = calloc(1, sizeof *q);
    q->to = to;
    q->ev = *ev;
    q->next = held;
    held = q;
    return q;
}

static const struct rb_seckey *sign_key(struct fn_party *p, const struct rb_effect *ef) {
    for (size_t i = 0; i < p->next_n; i++)
        if (rb_key_eq(&p->next[i].pub, &ef->u.sign.key)) return &p->next[i];
    if (ef->u.sign.use == RB_USE_MIRROR) return &p->mirror;
    if (ef->u.sign.use == RB_USE_NODE) return &p->node;
    /* a log key for each origin, by the order in which they were made */
    struct rb_channel_view v;
    CHECK(rb_node_channel_by_id(p->rb, ef->u.sign.feed.channel, &v));
    for (size_t i = 0; i < p->logs_n; i++)
        if (rb_key_eq(&p->log[i].pub, &v.own_feed->log_key)) return &p->log[i];
    CHECK(false); /* no such log key */
    return NULL;
}

static bool head_allows(struct fn_party *p, const struct rb_effect *ef) {
    if (ef->u.sign.use == RB_USE_NODE) return true;
    for (size_t i = 0; i < p->heads_n; i++) {
        if (p->heads[i].use != (int)ef->u.sign.use ||
            !rb_slice_is(ef->u.sign.origin, p->heads[i].origin))
            continue;
        if (ef->u.sign.size < p->heads[i].size) return false;
        if (ef->u.sign.size == p->heads[i].size && !rb_hash_eq(&ef->u.sign.root, &p->heads[i].root))
            return false;
        p->heads[i].size = ef->u.sign.size;
        p->heads[i].root = ef->u.sign.root;
        return true;
    }
    struct rb_writer w = rb_writer(p->heads[p->heads_n].origin, 160);
    rb_put_slice(&w, ef->u.sign.origin);
    (void)rb_writer_z(&w);
    p->heads[p->heads_n].use = (int)ef->u.sign.use;
    p->heads[p->heads_n].size = ef->u.sign.size;
    p->heads[p->heads_n++].root = ef->u.sign.root;
    return true;
}

static void do_sign(struct fn_party *p, const struct rb_effect *ef) {
    struct rb_event ev = {.type = RB_EV_SIGNED};
    ev.u.sig.token = ef->u.sign.token;
    if (fn_mute && ef->u.sign.use == RB_USE_NODE) return;
    if (head_allows(p, ef))
        rb_ed25519_sign(sign_key(p, ef), ef->u.sign.message, ev.u.sig.sig);
    else
        ev.u.sig.err = RB_ERR_STATE;
    queue(p, &ev);
}

static void load_body(struct fn_party *p, const struct rb_effect *ef) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    size_t n;
    uint8_t *bytes = disk_body(p, &ef->u.load.body, &n);
    ev.u.loaded.token = ef->u.load.token;
    ev.u.loaded.item = RB_ITEM_BODY;
    ev.u.loaded.body = ef->u.load.body;
    for (uint64_t at = ef->u.load.from; at < ef->u.load.to && at < n; at += 300000) {
        uint64_t end = at + 300000 < ef->u.load.to ? at + 300000 : ef->u.load.to;
        ev.u.loaded.index = at;
        ev.u.loaded.leaf = fn_dup(rb_slice(bytes + at, (size_t)((end < n ? end : n) - at)));
        queue(p, &ev)->own[0] = (void *)(uintptr_t)ev.u.loaded.leaf.p;
    }
    free(bytes);
    ev.u.loaded.item = RB_ITEM_END;
    queue(p, &ev);
}

/* as shell/os/opener.h: hash, open, head, commitment of the content */
static enum rb_err open_body(struct fn_party *p, const struct rb_effect *ef, uint8_t *plain,
                             size_t cap, struct rb_event *ev) {
    size_t n;
    uint8_t *bytes = disk_body(p, &ef->u.open.body, &n);
    struct rb_hash h;
    struct rb_writer w = rb_writer(plain, cap);
    struct rb_sealed_head top;
    rb_sha256(rb_slice(bytes, n), &h);
    bool right = n == ef->u.open.size && rb_hash_eq(&h, &ef->u.open.body.hash);
    enum rb_err err = right ? RB_OK : n ? RB_ERR_PROOF : RB_ERR_IO;
    if (p->locked) err = RB_ERR_STATE;
    const uint8_t(*identity)[32] = (const uint8_t(*)[32]) & p->age;
    if (err == RB_OK) err = rb_age_open(rb_slice(bytes, n), identity, 1, &w, NULL);
    free(bytes);
    if (err != RB_OK) return err;
    ev->u.opened.head = rb_written(&w);
    if (ef->u.open.kind != RB_KIND_ATTACHMENT) return RB_OK;
    RB_TRY(rb_sealed_head_decode(ef->u.open.kind, rb_written(&w), &top, NULL));
    ev->u.opened.head = rb_slice(plain, top.head_n);
    rb_commit(rb_sealed_salt(&top, 1), rb_slice(plain + top.head_n, w.n - top.head_n),
              &ev->u.opened.content);
    return RB_OK;
}

static void do_open(struct fn_party *p, const struct rb_effect *ef) {
    struct rb_event ev = {.type = RB_EV_OPENED};
    size_t cap = (size_t)ef->u.open.size + 1;
    uint8_t *plain = malloc(cap);
    p->opens++;
    ev.u.opened.token = ef->u.open.token;
    ev.u.opened.err = open_body(p, ef, plain, cap, &ev);
    queue(p, &ev)->own[0] = plain;
}

static void do_load(struct fn_party *p, const struct rb_effect *ef) {
    if (ef->u.load.item == RB_ITEM_BODY) {
        load_body(p, ef);
        return;
    }
    size_t bytes = 0;
    for (uint64_t i = ef->u.load.from; i < ef->u.load.to && bytes <= ef->u.load.max_bytes; i++)
        for (size_t k = 0; k < p->items_n; k++) {
            const struct rb_effect *e = &p->items[k].ef;
            if (e->u.store.item != RB_ITEM_LEAF || e->u.store.index != i ||
                memcmp(&e->u.store.feed, &ef->u.load.feed, sizeof e->u.store.feed) != 0)
                continue;
            bytes += e->u.store.leaf.n;
            if (bytes > ef->u.load.max_bytes && i > ef->u.load.from) continue;
            struct rb_event ev = {.type = RB_EV_LOADED};
            ev.u.loaded.token = ef->u.load.token;
            ev.u.loaded.item = RB_ITEM_LEAF;
            ev.u.loaded.feed = ef->u.load.feed;
            ev.u.loaded.index = i;
            ev.u.loaded.leaf = e->u.store.leaf;
            queue(p, &ev);
        }
    struct rb_event end = {.type = RB_EV_LOADED};
    end.u.loaded.token = ef->u.load.token;
    end.u.loaded.item = RB_ITEM_END;
    queue(p, &end);
}

/* requests that wait for an answer */
static struct {
    uint64_t conn, request;
    struct fn_party *from;
    bool push;
} wires[1024];
static size_t wires_n;

static void do_request(struct fn_world *w, struct fn_party *p, const struct rb_effect *ef) {
    struct fn_party *to = NULL;
    for (size_t i = 0; i < w->n; i++) {
        struct rb_hash h;
        rb_party_hash(&w->p[i].party.pub, &h);
        if (rb_hash_eq(&h, &ef->u.request.peer)) to = &w->p[i];
    }
    CHECK(to);
    struct rb_event ev = {0};
    bool blocked = fn_block && fn_block(p, to, ef->u.request.path);
    if (!to->up || to->deaf || to->outward || blocked) {
        ev.type = RB_EV_RESPONSE;
        ev.u.response.request = ef->u.request.request;
        ev.u.response.reason = fn_reason;
        queue(p, &ev);
        return;
    }
    struct rb_slice path = fn_dup(ef->u.request.path);
    size_t q = rb_slice_find(path, 0, '?');
    ev.type = RB_EV_RECV;
    ev.u.recv.conn = ++w->conn;
    ev.u.recv.has_peer = true;
    rb_party_hash(&p->party.pub, &ev.u.recv.peer);
    ev.u.recv.post = ef->u.request.post;
    ev.u.recv.path = rb_slice_sub(path, 0, q);
    ev.u.recv.query = rb_slice_sub(path, q + 1, path.n);
    ev.u.recv.body = fn_dup(ef->u.request.body);
    CHECK(wires_n < 1024);
    wires[wires_n].conn = ev.u.recv.conn;
    wires[wires_n].request = ef->u.request.request;
    wires[wires_n].push = rb_slice_is(ev.u.recv.path, "/rb/v1/push");
    wires[wires_n++].from = p;
    bool slow = fn_hold && rb_slice_starts(ev.u.recv.path, "/rb/v1/bodies");
    slow |= fn_slow == to && rb_slice_is(ev.u.recv.path, "/rb/v1/body");
    slow |= fn_hold_path && rb_slice_starts(ev.u.recv.path, fn_hold_path);
    struct queued *q2 = slow ? hold(to, &ev) : queue(to, &ev);
    q2->own[0] = (void *)(uintptr_t)path.p;
    q2->own[1] = (void *)(uintptr_t)ev.u.recv.body.p;
}

static void do_respond(struct fn_world *w, const struct rb_effect *ef) {
    for (size_t i = 0; i < wires_n; i++) {
        if (wires[i].conn != ef->u.respond.conn) continue;
        struct rb_event ev = {.type = RB_EV_RESPONSE};
        ev.u.response.request = wires[i].request;
        ev.u.response.status = ef->u.respond.status;
        ev.u.response.content_type = rb_str(ef->u.respond.content_type);
        bool forged = w->forge.status && wires[i].push && wires[i].from == &w->p[0];
        if (forged) ev.u.response.status = w->forge.status;
        ev.u.response.body = fn_dup(forged ? rb_str(w->forge.body) : ef->u.respond.body);
        ev.u.response.heads = fn_dup(rb_str(ef->u.respond.heads));
        w->forge.used += forged;
        struct queued *q = queue(wires[i].from, &ev);
        q->own[0] = (void *)(uintptr_t)ev.u.response.body.p;
        q->own[1] = (void *)(uintptr_t)ev.u.response.heads.p;
        wires[i] = wires[--wires_n];
        return;
    }
    w->answer.held = false;
    w->answer.status = ef->u.respond.status;
    struct rb_writer t = rb_writer(w->answer.type, sizeof w->answer.type);
    rb_put_z(&t, ef->u.respond.content_type);
    (void)rb_writer_z(&t);
    struct rb_writer b = rb_writer(w->answer.body, sizeof w->answer.body);
    rb_put_slice(&b, ef->u.respond.body);
    w->answer.n = b.n;
}

static void one(struct fn_world *w, struct fn_party *p, struct rb_event *ev) {
    if (!p->up) return;
    ev->now.mono_ms = w->mono_ms;
    ev->now.utc_ms = w->utc_ms + p->clock_off_ms;
    for (size_t i = 0; i < 32; i += 8) {
        uint64_t c = ++w->chance * 0x9e3779b97f4a7c15u;
        memcpy(ev->entropy + i, &c, 8);
    }
    struct rb_effects out;
    enum rb_err err = rb_node_step(p->rb, ev, &out);
    CHECK(err == RB_OK || (fn_short && err == RB_ERR_LIMIT));
    uint64_t ticket = 0;
    p->wake = out.wake_mono_ms;
    for (size_t i = 0; i < out.n; i++) {
        const struct rb_effect *ef = &out.e[i];
        if (fn_watch) fn_watch(p, ef);
        switch (ef->type) {
        case RB_EF_STORE:
            disk_put(p, ef);
            ticket = ef->u.store.ticket;
            break;
        case RB_EF_LOAD:
            do_load(p, ef);
            break;
        case RB_EF_SIGN:
            do_sign(p, ef);
            break;
        case RB_EF_OPEN:
            do_open(p, ef);
            break;
        case RB_EF_REQUEST:
            if (fn_tap) fn_tap(p, ef);
            do_request(w, p, ef);
            break;
        case RB_EF_RESPOND:
            do_respond(w, ef);
            break;
        case RB_EF_DONE:
            p->done = *ef;
            break;
        case RB_EF_ALERT:
            if (p->alerts_n < 256) p->alerts[p->alerts_n++] = *ef;
            break;
        case RB_EF_CANCEL:
        default:
            break;
        }
    }
    if (ticket) {
        struct rb_event st = {.type = RB_EV_STORED};
        st.u.stored.ticket = ticket;
        queue(p, &st);
    }
}

static void drain(struct fn_world *w) {
    for (size_t k = 0; head; k++) {
        CHECK(k < 200000);
        struct queued *q = head;
        head = q->next;
        if (!head) tail = &head;
        one(w, q->to, &q->ev);
        free(q->own[0]);
        free(q->own[1]);
        free(q);
    }
}

void fn_let_go(struct fn_world *w) {
    while (held) {
        struct queued *q = held;
        held = q->next;
        q->next = NULL;
        *tail = q;
        tail = &q->next;
    }
    drain(w);
}

void fn_event(struct fn_world *w, struct fn_party *p, struct rb_event *ev) {
    if (ev->type == RB_EV_SUBMIT) ev->u.submit.token = 77; /* 0 would mean: nobody asks */
    queue(p, ev);
    drain(w);
}

void fn_pass(struct fn_world *w, uint64_t ms) {
    uint64_t end = w->mono_ms + ms;
    while (true) {
        uint64_t next = end;
        for (size_t i = 0; i < w->n; i++)
            if (w->p[i].up && w->p[i].wake < next) next = w->p[i].wake;
        if (next < w->mono_ms) next = w->mono_ms;
        w->utc_ms += (int64_t)(next - w->mono_ms);
        w->mono_ms = next;
        bool fired = false;
        for (size_t i = 0; i < w->n; i++)
            if (w->p[i].up && w->p[i].wake <= w->mono_ms) {
                struct rb_event ev = {.type = RB_EV_TIMER};
                fn_event(w, &w->p[i], &ev);
                fired = true;
            }
        if (!fired && w->mono_ms >= end) return;
    }
}

static void start(struct fn_world *w, struct fn_party *p) {
    int flags =
        fn_memfd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED | MAP_NORESERVE;
    off_t at = fn_memfd < 0 ? 0 : (off_t)((size_t)(p - w->p) * MEM);
    p->mem = mmap(NULL, MEM, PROT_READ | PROT_WRITE, flags, fn_memfd, at);
    CHECK(p->mem != MAP_FAILED);
    p->rb = rb_node_create(p->mem, MEM);
    CHECK(p->rb);
    if (fn_made) fn_made(p);
    p->up = true;
    for (size_t i = 0; i < p->heads_n; i++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_HEAD;
        ev.u.loaded.use = (enum rb_key_use)p->heads[i].use;
        ev.u.loaded.origin = rb_str(p->heads[i].origin);
        ev.u.loaded.size = p->heads[i].size;
        ev.u.loaded.root = p->heads[i].root;
        fn_event(w, p, &ev);
    }
    if (p->items_n) qsort(p->items, p->items_n, sizeof *p->items, item_cmp);
    size_t stored = p->items_n;
    for (size_t i = 0; i < stored; i++) {
        const struct rb_effect *e = &p->items[i].ef;
        struct rb_event ev = {.type = RB_EV_LOADED};
        if (e->u.store.item == RB_ITEM_BODY) continue;
        ev.u.loaded.item = e->u.store.item;
        ev.u.loaded.table = e->u.store.table;
        ev.u.loaded.key = e->u.store.key;
        ev.u.loaded.value = e->u.store.value;
        ev.u.loaded.feed = e->u.store.feed;
        ev.u.loaded.index = e->u.store.index;
        ev.u.loaded.mark = e->u.store.mark;
        ev.u.loaded.leaf = e->u.store.leaf;
        ev.u.loaded.size = e->u.store.size;
        ev.u.loaded.cosigner = e->u.store.cosigner;
        ev.u.loaded.note = e->u.store.note;
        fn_event(w, p, &ev);
    }
    struct rb_event ev = {.type = RB_EV_START};
    fn_event(w, p, &ev);
}

void fn_restart(struct fn_world *w, struct fn_party *p) {
    p->up = false;
    munmap(p->mem, MEM);
    start(w, p);
}

static void item_free(struct fn_item *i) {
    free((void *)(uintptr_t)i->ef.u.store.key.p);
    free((void *)(uintptr_t)i->ef.u.store.value.p);
    free((void *)(uintptr_t)i->ef.u.store.leaf.p);
    free((void *)(uintptr_t)i->ef.u.store.note.p);
}

void fn_lose_item(struct fn_party *p, size_t i) {
    item_free(&p->items[i]);
    p->items[i] = p->items[--p->items_n];
}

void fn_roll_back(struct fn_party *p, size_t k) {
    while (p->items_n > 0 && k > 0) {
        k -= p->items[p->items_n - 1].ef.u.store.item == RB_ITEM_LEAF;
        item_free(&p->items[--p->items_n]);
    }
}

static void accredit(struct fn_world *w, size_t i, size_t k) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_ACCREDIT;
    ev.u.submit.card = rb_slice(w->p[k].card, w->p[k].card_n);
    fn_event(w, &w->p[i], &ev);
    CHECK(w->p[i].done.u.done.reject.err == RB_OK);
}

struct fn_world *fn_world(size_t parties) {
    return fn_world_of(parties, false);
}

struct fn_world *fn_world_of(size_t parties, bool hub) {
    struct fn_world *w = calloc(1, sizeof *w);
    CHECK(rb_crypto_init() == RB_OK);
    w->n = parties;
    w->utc_ms = 1443614400000; /* 2015-09-30T12:00:00Z */
    w->mono_ms = 1000;
    wires_n = 0;
    for (size_t i = 0; i < parties; i++) {
        struct fn_party *p = &w->p[i];
        p->handle = handles[i];
        p->outward = (fn_outward >> i & 1) != 0;
        seed_key(p->handle, "party", &p->party);
        seed_key(p->handle, "mirror", &p->mirror);
        seed_key(p->handle, "node", &p->node);
        seed_key(p->handle, "tls", &p->tls);
        seed_key(p->handle, "officer", &p->officer[0]);
        seed_key(p->handle, "second", &p->officer[1]);
        make_card(p);
        start(w, p);
        struct rb_event ev = {.type = RB_EV_SUBMIT};
        ev.u.submit.what = RB_SUBMIT_CARD;
        ev.u.submit.card = rb_slice(p->card, p->card_n);
        fn_event(w, p, &ev);
        CHECK(p->done.u.done.reject.err == RB_OK);
    }
    for (size_t i = 0; i < parties; i++)
        for (size_t k = 0; k < parties; k++)
            if (i != k && (!hub || i == 0 || k == 0)) accredit(w, i, k);
    return w;
}

void fn_free(struct fn_world *w) {
    for (size_t i = 0; i < w->n; i++) {
        struct fn_party *p = &w->p[i];
        munmap(p->mem, MEM);
        for (size_t k = 0; k < p->items_n; k++)
            item_free(&p->items[k]);
        free(p->items);
        free(p->staged);
    }
    free(w);
}

/* ---- doing
 * -------------------------------------------------------------------------------------------- */
static struct rb_slice sign_leaf(struct fn_party *p, struct rb_slice payload, struct rb_slice aad,
                                 uint8_t *out, size_t cap) {
    struct rb_signer s = {0};
    struct rb_writer t = rb_writer(scratch, sizeof scratch);
    rb_key_id(&p->officer[0].pub, s.kid);
    rb_record_tbs(payload, aad, s.kid, 1, &t);
    rb_ed25519_sign(&p->officer[0], rb_written(&t), s.sig);
    struct rb_writer w = rb_writer(out, cap);
    CHECK(rb_record_assemble(payload, &s, 1, &w) == RB_OK);
    return rb_written(&w);
}

/* the party's signed delegation of a fresh log key to an epoch of its feed */
struct rb_slice fn_delegation(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                              bool exercise, uint16_t epoch) {
    static uint8_t signed_body[2048];
    uint8_t payload[4096], tbs[4096], sig[64];
    char origin[160], name[16] = "log0";
    struct rb_hash party;
    rb_party_hash(&p->party.pub, &party);
    struct rb_writer o = rb_writer(origin, sizeof origin);
    rb_origin_encode(exercise, channel, &party, epoch, &o);
    name[3] = (char)('0' + p->logs_n);
    seed_key(p->handle, name, &p->log[p->logs_n]);
    struct rb_delegation d = {.party = p->party.pub,
                              .origin = rb_written(&o),
                              .log = p->log[p->logs_n++].pub,
                              .issued_utc_ms = w->utc_ms};
    struct rb_writer pl = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs);
    rb_delegation_encode(&d, &pl);
    rb_party_tbs(rb_written(&pl), &p->party.pub, &t);
    rb_ed25519_sign(&p->party, rb_written(&t), sig);
    struct rb_writer sb = rb_writer(signed_body, sizeof signed_body);
    CHECK(rb_party_assemble(rb_written(&pl), &p->party.pub, sig, &sb) == RB_OK);
    return rb_written(&sb);
}

/* the leaf that carries it */
static struct rb_slice delegation_leaf(struct fn_world *w, struct fn_party *p,
                                       const uint8_t channel[16], bool exercise, uint16_t epoch,
                                       uint8_t *out, size_t cap) {
    uint8_t body[2600], payload[4096];
    char origin[160];
    struct rb_hash party;
    rb_party_hash(&p->party.pub, &party);
    struct rb_writer o = rb_writer(origin, sizeof origin), b = rb_writer(body, sizeof body);
    rb_origin_encode(exercise, channel, &party, epoch, &o);
    struct rb_record *rec = calloc(1, sizeof *rec);
    rb_carried_encode(fn_delegation(w, p, channel, exercise, epoch), &b);
    rec->kind = RB_KIND_DELEGATION;
    rec->has_channel = true;
    memcpy(rec->channel, channel, 16);
    rec->created_utc_ms = w->utc_ms;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    struct rb_writer pay = rb_writer(payload, sizeof payload);
    rb_payload_encode(rec, &pay);
    free(rec);
    return sign_leaf(p, rb_written(&pay), rb_written(&o), out, cap);
}

static struct rb_slice charter_leaf(struct fn_world *w, const struct rb_charter *c, uint8_t *out,
                                    size_t cap) {
    struct fn_party *p = &w->p[0];
    static uint8_t body[60000], payload[62000];
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_writer b = rb_writer(body, sizeof body), pay = rb_writer(payload, sizeof payload);
    rb_charter_encode(c, &b);
    rec->kind = RB_KIND_CHARTER;
    rec->created_utc_ms = w->utc_ms;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    rb_payload_encode(rec, &pay);
    free(rec);
    char origin[160];
    struct rb_hash party;
    rb_party_hash(&p->party.pub, &party);
    struct rb_writer o = rb_writer(origin, sizeof origin);
    rb_origin_encode(c->exercise, NULL, &party, 0, &o);
    return sign_leaf(p, rb_written(&pay), rb_written(&o), out, cap);
}

enum rb_err fn_join(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                    uint16_t epoch) {
    uint8_t leaf[8192];
    struct rb_channel_view v;
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_JOIN;
    memcpy(ev.u.submit.channel, channel, 16);
    ev.u.submit.delegation =
        delegation_leaf(w, p, channel, v.book->exercise, epoch, leaf, sizeof leaf);
    fn_event(w, p, &ev);
    return p->done.u.done.reject.err;
}

void fn_accept(struct fn_world *w, struct fn_party *p, const uint8_t channel[16]) {
    struct rb_channel_view v;
    struct rb_hash charter, id;
    CHECK(fn_join(w, p, channel, 0) == RB_OK);
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    rb_leaf_hash(v.book->charter_leaf, &charter);
    CHECK(fn_position(w, p, channel, RB_POSITION_ACCEPT, &charter, &id) == RB_OK);
}

void fn_found(struct fn_world *w, bool all_accept, struct rb_charter *adjust, uint8_t channel[16]) {
    struct rb_charter *c = adjust ? adjust : calloc(1, sizeof *c);
    if (!adjust) c->exercise = true;
    c->title = rb_str("Test line");
    c->accept_by_utc_ms = w->utc_ms + 86400000;
    c->rules_version = RB_RULES_VERSION;
    if (!c->receipt_interval_ms) c->receipt_interval_ms = 1000;
    c->members_n = w->n;
    for (size_t i = 0; i < w->n; i++) {
        c->members[i].index = (uint16_t)i;
        c->members[i].handle = rb_str(w->p[i].handle);
        c->members[i].card = rb_slice(w->p[i].card, w->p[i].card_n);
        c->accept_members |= 1ull << i;
    }
    static uint8_t leaf[65535], dleaf[8192];
    struct rb_slice cl = charter_leaf(w, c, leaf, sizeof leaf);
    struct rb_hash id;
    rb_leaf_hash(cl, &id);
    memcpy(channel, id.b, 16);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_FOUND;
    ev.u.submit.leaf = cl;
    ev.u.submit.delegation =
        delegation_leaf(w, &w->p[0], channel, c->exercise, 0, dleaf, sizeof dleaf);
    fn_event(w, &w->p[0], &ev);
    if (!adjust) free(c);
    if (w->p[0].done.u.done.reject.err != RB_OK) {
        fprintf(stderr, "%s %s\n", w->p[0].done.u.done.reject.clause,
                w->p[0].done.u.done.reject.what);
        abort();
    }
    struct rb_hash aid;
    CHECK(fn_position(w, &w->p[0], channel, RB_POSITION_ACCEPT, &id, &aid) == RB_OK);
    fn_pass(w, 3000);
    for (size_t i = 1; i < w->n && all_accept; i++)
        fn_accept(w, &w->p[i], channel);
    fn_pass(w, 10000);
}

enum rb_err fn_submit_signed(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                             struct rb_slice payload, size_t from, size_t to, size_t total,
                             struct rb_event *event, struct rb_hash *id) {
    struct rb_channel_view v;
    CHECK(rb_node_channel_by_id(p->rb, channel, &v));
    struct rb_signer s[2] = {0};
    for (size_t i = from; i < to; i++) {
        struct rb_writer t = rb_writer(scratch, sizeof scratch);
        rb_key_id(&p->officer[i].pub, s[i].kid);
        rb_record_tbs(payload, rb_slice(v.own_feed->origin, v.own_feed->origin_n), s[i].kid, total,
                      &t);
        rb_ed25519_sign(&p->officer[i], rb_written(&t), s[i].sig);
    }
    struct rb_event ev = *event;
    ev.type = RB_EV_SUBMIT;
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, channel, 16);
    ev.u.submit.payload = payload;
    ev.u.submit.signers = s + from;
    ev.u.submit.signers_n = to - from;
    memset(&p->done, 0, sizeof p->done);
    fn_event(w, p, &ev);
    if (fn_short && p->done.type != RB_EF_DONE) fn_pass(w, 2000); /* it waits for memory */
    CHECK(p->done.type == RB_EF_DONE);
    *id = p->done.u.done.record;
    return p->done.u.done.reject.err;
}

enum rb_err fn_release_with(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                            struct rb_record *rec, struct rb_slice body, size_t signers,
                            struct rb_event *ev, struct rb_hash *id) {
    static uint8_t mem[1 << 17];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_slice payload;
    enum rb_mark mark;
    struct rb_reject rj = {0};
    struct rb_now now = {w->mono_ms, w->utc_ms};
    enum rb_err err = rb_node_compose(p->rb, channel, now, rec, body, &a, &payload, &mark, &rj);
    if (err != RB_OK) return err;
    size_t total = mark == RB_MARK_NEEDS_SECOND ? 2 : 1;
    return fn_submit_signed(w, p, channel, payload, 0, signers, total, ev, id);
}

enum rb_err fn_release(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                       struct rb_record *rec, size_t signers, struct rb_hash *id) {
    struct rb_event ev = {0};
    return fn_release_with(w, p, channel, rec, rb_slice(NULL, 0), signers, &ev, id);
}

void fn_body_text(const char *text, struct rb_writer *b) {
    rb_cbor_put_map(b, 2);
    rb_cbor_put_uint(b, 1);
    rb_cbor_put_text(b, rb_str("Statement"));
    rb_cbor_put_uint(b, 2);
    rb_cbor_put_text(b, rb_str(text));
}

enum rb_err fn_statement(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                         const char *text, enum rb_precedence precedence, struct rb_hash *id) {
    struct rb_record *rec = calloc(1, sizeof *rec);
    uint8_t body[4096];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text(text, &b);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = precedence;
    rec->body = rb_written(&b);
    enum rb_err err = fn_release(w, p, channel, rec, 1, id);
    free(rec);
    return err;
}

enum rb_err fn_position(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                        enum rb_position_type type, const struct rb_hash *subject,
                        struct rb_hash *id) {
    struct rb_record *rec = calloc(1, sizeof *rec);
    uint8_t body[512];
    struct rb_writer b = rb_writer(body, sizeof body);
    struct rb_position pos = {.type = type};
    rb_position_encode(&pos, &b);
    rec->kind = RB_KIND_POSITION;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    rec->refs[RB_REF_ANSWERS].n = 1;
    rec->refs[RB_REF_ANSWERS].h[0] = *subject;
    enum rb_err err = fn_release(w, p, channel, rec, 1, id);
    free(rec);
    return err;
}

void fn_request(struct fn_world *w, struct fn_party *to, const struct fn_party *from, bool post,
                const char *path, const char *query, struct rb_slice body) {
    struct rb_event ev = {.type = RB_EV_RECV};
    memset(&w->answer, 0, sizeof w->answer);
    w->answer.held = true;
    ev.u.recv.conn = ++w->conn;
    if (from) {
        ev.u.recv.has_peer = true;
        rb_party_hash(&from->party.pub, &ev.u.recv.peer);
    }
    ev.u.recv.post = post;
    ev.u.recv.path = rb_str(path);
    ev.u.recv.query = rb_str(query);
    ev.u.recv.body = body;
    fn_event(w, to, &ev);
}

const struct rb_situation *fn_situation(struct fn_world *w, struct fn_party *p,
                                        const uint8_t channel[16]) {
    const struct rb_situation *s;
    CHECK(rb_node_situation(p->rb, channel, w->utc_ms, &s) == RB_OK);
    return s;
}

struct rb_slice fn_leaf(const struct fn_world *w, const struct fn_party *p, const uint8_t ch[16],
                        enum rb_kind kind, struct rb_slice body, struct rb_slice origin,
                        uint8_t *mem, size_t cap) {
    uint8_t payload[4096], tbs[8192];
    struct rb_writer pw = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs),
                     out = rb_writer(mem, cap);
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_signer s = {0};
    CHECK(rec != NULL);
    rec->kind = kind;
    rec->has_channel = true;
    memcpy(rec->channel, ch, 16);
    rec->created_utc_ms = w->utc_ms;
    rec->precedence = RB_ROUTINE;
    rec->body = body;
    rb_payload_encode(rec, &pw);
    free(rec);
    rb_key_id(&p->officer[0].pub, s.kid);
    rb_record_tbs(rb_written(&pw), origin, s.kid, 1, &t);
    rb_ed25519_sign(&p->officer[0], rb_written(&t), s.sig);
    CHECK(rb_record_assemble(rb_written(&pw), &s, 1, &out) == RB_OK);
    return rb_written(&out);
}
