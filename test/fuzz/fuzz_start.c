/* A node that starts on a database somebody else wrote, or a disk changed: each stored item of one
 * that ran, in its order, left out, given twice, cut, or with bytes changed, as the input says;
 * items that no node would have written; head file entries ahead of what is there. It starts,
 * leaves out what it cannot read, signs nothing that goes back behind the head file, answers, and
 * its situation folds. */
#include <string.h>
#include <sys/mman.h>
#include "../unit/fixture_sealed.h"
#include "fuzz_bodies.h"
#include "fuzz_fold.h"
#include "readback/text.h"

#define NODE_MEM ((size_t)256 << 20)
static struct fn_world *world;
static uint8_t channel[16], *mem;
static const uint8_t *in;
static size_t in_n;
static uint64_t mono;

static uint8_t u8(void) {
    if (in_n == 0) return 0;
    in_n--;
    return *in++;
}

/* ---- what was said -----------------------------------------------------------------------------
 */
static struct rb_hash said[64]; /* what may be spoken of */
static size_t said_n;

static struct rb_hash any_said(void) {
    return said[u8() % said_n];
}

static struct rb_volume any_place(void) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE, .radius_mm = 1 + (uint64_t)u8() * 100000};
    v.center = (struct rb_point){(int64_t)u8() * 100000000, (int64_t)u8() * 100000000};
    v.floor.open = v.ceiling.open = true;
    return v;
}

static struct rb_slice body_of(enum rb_kind k, uint8_t *room, size_t cap) {
    const struct fb_source s = {u8, any_said, any_place, world->utc_ms, 2};
    return fb_body(&s, k, room, cap);
}

/* one of each instrument and words on it, by fixed bytes; of those that break some rule, none */
static void say_instruments(void) {
    static uint8_t bytes[4096], body[1 << 14];
    static struct rb_record rec;
    struct rb_hash id;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((i * 2654435761u) >> 11);
    in = bytes;
    in_n = sizeof bytes;
    for (size_t i = 0; i < 5 * FB_INSTRUMENTS && said_n < 60; i++) {
        const bool word = i >= FB_INSTRUMENTS;
        memset(&rec, 0, sizeof rec);
        rec.kind = word ? RB_KIND_POSITION : fb_instruments[i];
        rec.precedence = RB_ROUTINE;
        for (int tries = 0; tries < 20 && rec.body.n == 0; tries++)
            rec.body = body_of(rec.kind, body, sizeof body);
        rec.refs[RB_REF_ANSWERS].n = word;
        rec.refs[RB_REF_ANSWERS].h[0] = any_said();
        if (rec.body.n == 0) continue;
        if (fn_release(world, &world->p[u8() % 2], channel, &rec, 1, &id) == RB_OK)
            said[said_n++] = id;
        fn_pass(world, 3000);
    }
    in_n = 0;
}

static void build_world(void) {
    struct rb_charter *c = calloc(1, sizeof *c);
    struct rb_hash id;
    if (c == NULL) abort();
    world = fn_world(2);
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    fn_found(world, true, c, channel);
    free(c);
    static uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text("For us two.", &b);
    struct fn_closed closed = {.kind = RB_KIND_STATEMENT, .body = rb_written(&b), .recipients = 3};
    FUZZ_CHECK(fn_say_closed(world, &world->p[1], channel, &closed, 1, &id) == RB_OK);
    FUZZ_CHECK(fn_statement(world, &world->p[0], channel, "Said.", RB_IMMEDIATE, &id) == RB_OK);
    fn_pass(world, 5000);
    said[said_n++] = id;
    say_instruments();
    world->p[1].deaf = true; /* something waits */
    FUZZ_CHECK(fn_statement(world, &world->p[0], channel, "Not held yet.", RB_FLASH, &id) == RB_OK);
}

/* ---- items ------------------------------------------------------------------------------------
 */

static struct rb_slice mutate(struct rb_slice s) {
    static uint8_t rooms[4][1u << 17];
    static unsigned turn;
    uint8_t *p = rooms[turn++ % 4];
    size_t n = s.n < sizeof rooms[0] ? s.n : sizeof rooms[0];
    if (s.p == NULL) return s;
    memcpy(p, s.p, n);
    for (size_t k = u8() % 4; k > 0 && n > 0; k--) {
        const size_t at = ((size_t)u8() << 8 | u8()) % n;
        const uint8_t how = u8();
        if (how < 220)
            p[at] ^= (uint8_t)(how + 1);
        else
            n = at;
    }
    return rb_slice(p, n);
}

static void step(struct rb_node *n, struct rb_event *ev) {
    struct rb_effects out;
    ev->now = (struct rb_now){++mono, world->utc_ms};
    ev->entropy[0] = (uint8_t)mono;
    FUZZ_CHECK(rb_node_step(n, ev, &out) == RB_OK);
    for (size_t i = 0; i < out.n; i++) {
        const struct rb_effect *ef = &out.e[i];
        FUZZ_CHECK(ef->type != RB_EF_RESPOND ||
                   (ef->u.respond.status >= 200 && ef->u.respond.status < 600));
        for (size_t h = 0;
             ef->type == RB_EF_SIGN && ef->u.sign.use != RB_USE_NODE && h < world->p[0].heads_n;
             h++)
            if (world->p[0].heads[h].use == (int)ef->u.sign.use &&
                rb_slice_is(ef->u.sign.origin, world->p[0].heads[h].origin))
                FUZZ_CHECK(ef->u.sign.size >= world->p[0].heads[h].size);
    }
}

/* as its author's officer would have signed it, had it been said there */
static struct rb_slice another_leaf(const struct rb_effect *e) {
    static uint8_t body[2048], leaf[8192];
    const struct fn_party *p = &world->p[e->u.store.feed.member % 2];
    const uint8_t how = u8();
    const enum rb_kind k = how % 2 ? RB_KIND_POSITION : fb_instruments[how / 2 % FB_INSTRUMENTS];
    const struct rb_slice b = body_of(k, body, sizeof body);
    char origin[RB_MAX_ORIGIN];
    struct rb_writer o = rb_writer(origin, sizeof origin);
    struct rb_hash party;
    rb_party_hash(&p->party.pub, &party);
    rb_origin_encode(false, channel, &party, e->u.store.feed.epoch, &o);
    if (b.n == 0 || e->u.store.leaf.p == NULL) return e->u.store.leaf;
    struct rb_record *rec = calloc(1, sizeof *rec);
    static uint8_t payload[4096], tbs[8192];
    struct rb_writer pw = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs),
                     w = rb_writer(leaf, sizeof leaf);
    struct rb_signer s = {0};
    FUZZ_CHECK(rec != NULL);
    rec->kind = k;
    rec->has_channel = true;
    memcpy(rec->channel, channel, sizeof channel);
    rec->created_utc_ms = world->utc_ms;
    rec->precedence = RB_ROUTINE;
    rec->body = b;
    const enum rb_ref ref = how % 2 ? RB_REF_ANSWERS : RB_REF_SUPERSEDES;
    rec->refs[ref].n = how % 2 || how >= 128;
    rec->refs[ref].h[0] = any_said();
    rb_payload_encode(rec, &pw);
    free(rec);
    rb_key_id(&p->officer[0].pub, s.kid);
    rb_record_tbs(rb_written(&pw), rb_written(&o), s.kid, 1, &t);
    rb_ed25519_sign(&p->officer[0], rb_written(&t), s.sig);
    FUZZ_CHECK(!pw.over && !t.over && !o.over);
    FUZZ_CHECK(rb_record_assemble(rb_written(&pw), &s, 1, &w) == RB_OK);
    return rb_written(&w);
}

static void load(struct rb_node *n, const struct rb_effect *e, bool changed, bool other) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    ev.u.loaded.item = e->u.store.item;
    ev.u.loaded.table = e->u.store.table;
    ev.u.loaded.key = e->u.store.key;
    ev.u.loaded.value = e->u.store.value;
    ev.u.loaded.feed = e->u.store.feed;
    ev.u.loaded.index = e->u.store.index;
    ev.u.loaded.leaf = e->u.store.leaf;
    ev.u.loaded.mark = e->u.store.mark;
    ev.u.loaded.size = e->u.store.size;
    ev.u.loaded.cosigner = e->u.store.cosigner;
    ev.u.loaded.note = e->u.store.note;
    if (other) {
        ev.u.loaded.leaf = another_leaf(e);
        ev.u.loaded.mark = u8() % 4 ? 0 : -1;
    } else if (changed) {
        const uint8_t how = u8();
        ev.u.loaded.key = mutate(ev.u.loaded.key);
        ev.u.loaded.value = mutate(ev.u.loaded.value);
        ev.u.loaded.leaf = mutate(ev.u.loaded.leaf);
        ev.u.loaded.note = mutate(ev.u.loaded.note);
        if (how & 1) ev.u.loaded.table = u8() % (RB_TABLE_BRANCH + 3);
        if (how & 2) ev.u.loaded.mark = (int16_t)(u8() - 2);
        if (how & 4) ev.u.loaded.cosigner = u8();
        if (how & 8) ev.u.loaded.size += u8();
    }
    step(n, &ev);
}

static int by_order(const void *a,
                    const void *b) { /* META by table, then leaves by feed and index, then notes */
    const struct rb_effect *x = &(*(const struct fn_item *const *)a)->ef,
                           *y = &(*(const struct fn_item *const *)b)->ef;
    if (x->u.store.item != y->u.store.item) return (int)x->u.store.item - (int)y->u.store.item;
    if (x->u.store.item == RB_ITEM_META) return x->u.store.table - y->u.store.table;
    const int c = memcmp(&x->u.store.feed, &y->u.store.feed, sizeof x->u.store.feed);
    if (c != 0) return c;
    const uint64_t p = x->u.store.item == RB_ITEM_LEAF ? x->u.store.index : x->u.store.size;
    const uint64_t q = y->u.store.item == RB_ITEM_LEAF ? y->u.store.index : y->u.store.size;
    return p < q ? -1 : p > q;
}

static void load_all(struct rb_node *n, const struct fn_party *p) {
    static const struct fn_item *items[4096];
    size_t k = 0;
    for (size_t i = 0; i < p->items_n; i++)
        if (p->items[i].ef.u.store.item != RB_ITEM_BODY) items[k++] = &p->items[i];
    FUZZ_CHECK(k < 4096);
    qsort(items, k, sizeof items[0], by_order);
    for (size_t h = 0; h < p->heads_n; h++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_HEAD;
        ev.u.loaded.use = (enum rb_key_use)p->heads[h].use;
        ev.u.loaded.origin = rb_str(p->heads[h].origin);
        ev.u.loaded.size = p->heads[h].size;
        ev.u.loaded.root = p->heads[h].root;
        step(n, &ev);
    }
    uint8_t until_next = u8(); /* items that are as they were, and then one that is not */
    for (size_t i = 0; i < k; i++) {
        const bool hit = in_n > 0 && until_next-- == 0;
        const uint8_t how = hit ? u8() : 0;
        if (hit) until_next = u8();
        if (hit && how % 4 == 0) continue;
        const bool other =
            hit && how % 4 >= 2 && items[i]->ef.u.store.item == RB_ITEM_LEAF && how < 192;
        load(n, &items[i]->ef, hit && how % 4 >= 2, other);
        if (hit && how % 4 == 1) load(n, &items[i]->ef, how >= 128, false);
    }
}

static void ask(struct rb_node *n, const char *path, const char *query) {
    struct rb_event ev = {.type = RB_EV_RECV};
    ev.u.recv.conn = mono + 1;
    ev.u.recv.has_peer = true;
    rb_party_hash(&world->p[1].party.pub, &ev.u.recv.peer);
    ev.u.recv.path = rb_str(path);
    ev.u.recv.query = rb_str(query);
    step(n, &ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct rb_event start = {.type = RB_EV_START}, timer = {.type = RB_EV_TIMER},
                    end = {.type = RB_EV_LOADED};
    const struct rb_situation *s;
    struct rb_channel_view v;
    struct rb_writer q;
    char query[64];
    if (world == NULL) build_world();
    if (mem != NULL) (void)munmap(mem, NODE_MEM);
    mem = mmap(NULL, NODE_MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0);
    FUZZ_CHECK(mem != MAP_FAILED);
    struct rb_node *node = rb_node_create(mem, NODE_MEM);
    FUZZ_CHECK(node != NULL);
    in = data;
    in_n = n;
    mono = world->mono_ms;
    load_all(node, &world->p[0]);
    end.u.loaded.item = RB_ITEM_END;
    step(node, &end);
    step(node, &start);
    q = rb_writer(query, sizeof query);
    rb_put_z(&q, "channel=");
    rb_put_hex(&q, channel, sizeof channel);
    ask(node, "/rb/v1/heads", rb_writer_z(&q));
    for (size_t i = 0; i < 4; i++) {
        mono += 30000;
        step(node, &timer);
        const int64_t now = world->utc_ms + (int64_t)u8() * 20000;
        if (!rb_node_channel_by_id(node, channel, &v)) continue;
        FUZZ_CHECK(rb_node_situation(node, channel, now, &s) == RB_OK);
        ff_same(v.book, now, s);
    }
    return 0;
}
