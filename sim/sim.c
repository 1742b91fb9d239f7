/* The simulated world: queue, parties, and what the shell does with a node's effects. */
#include "internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "readback/sealed.h"
#include "readback/text.h"

#define NODE_SPACE (256ull << 20) /* address space of one node */
#define MAX_SAME_INSTANT 200000u  /* events without time passing: somebody runs in circles */

/* ---- chance ------------------------------------------------------------------------------------- */
uint64_t sim_random(struct sim *s) { /* splitmix64 */
    uint64_t z = (s->rng += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t sim_random_below(struct sim *s, uint64_t n) { return sim_random(s) % n; }

uint64_t sim_in_range(struct sim *s, struct sim_range r) {
    return r.max_us > r.min_us ? r.min_us + sim_random_below(s, r.max_us - r.min_us + 1) : r.min_us;
}

static void derive(uint64_t seed, const char *what, struct rb_slice more, uint8_t out[32]) {
    uint8_t head[64];
    struct rb_writer w = rb_writer(head, sizeof head);
    rb_put_z(&w, "readback simulator seed ");
    rb_put_dec(&w, seed);
    rb_put_z(&w, "\n");
    struct rb_hash h;
    rb_sha256v((struct rb_slice[]){rb_written(&w), rb_str(what), more}, 3, &h);
    memcpy(out, h.b, 32);
}

void sim_entropy(struct sim *s, void *out, size_t n) {
    uint8_t number[8], block[32], *p = out;
    for (size_t at = 0; at < n; at += sizeof block) {
        struct rb_writer w = rb_writer(number, sizeof number);
        rb_put_u64(&w, ++s->entropy_n);
        derive(s->seed, "entropy", rb_written(&w), block);
        memcpy(p + at, block, n - at < sizeof block ? n - at : sizeof block);
    }
}

/* ---- the world ----------------------------------------------------------------------------------- */
struct sim *sim_create(uint64_t seed, int64_t start_utc_ms) {
    if (rb_crypto_init() != RB_OK) return NULL;
    struct sim *s = sim_alloc(sizeof *s);
    s->seed = s->rng = seed;
    s->start_utc_ms = start_utc_ms;
    sim_set_links(s, (struct sim_range){2000, 20000}, 0);
    return s;
}

static void party_free(struct sim_party *p) {
    if (p->up) {
        host_down(p);
        rb_keyring_close(p->ring);
        munmap(p->mem, NODE_SPACE);
    }
    disk_free(&p->disk);
    free(p->signed_);
    free(p->done);
    free(p);
}

void sim_destroy(struct sim *s) {
    if (!s) return;
    for (size_t i = 0; i < s->parties_n; i++) party_free(s->parties[i]);
    net_free(s);
    free(s->heap);
    free(s);
}

uint64_t sim_seed(const struct sim *s) { return s->seed; }
uint64_t sim_mono_us(const struct sim *s) { return s->now_us; }
int64_t sim_utc_ms(const struct sim *s) { return s->start_utc_ms + (int64_t)(s->now_us / 1000); }
const char *sim_broken(const struct sim *s) { return s->broken[0] ? s->broken : NULL; }

void sim_break(struct sim *s, const char *fmt, ...) {
    if (s->broken[0]) return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(s->broken, sizeof s->broken, fmt, ap);
    va_end(ap);
}

void sim_on_alert(struct sim *s, sim_alert_fn fn, void *ctx) {
    s->alert = fn;
    s->alert_ctx = ctx;
}

struct rb_now sim_now(const struct sim_party *p) {
    struct rb_now n = {p->sim->now_us / 1000, sim_utc_ms(p->sim) + p->utc_off_ms};
    return n;
}

/* ---- queue: a heap by (time, order of asking) --------------------------------------------------- */
static bool before(const struct sim_event *a, const struct sim_event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

static void swap(struct sim_event *a, struct sim_event *b) {
    struct sim_event t = *a;
    *a = *b;
    *b = t;
}

/* the event's fields beyond time, party and life are the caller's to fill before the next push */
struct sim_event *sim_push(struct sim *s, struct sim_party *p, enum sim_what what, uint64_t in_us) {
    s->heap = sim_grow(s->heap, &s->heap_cap, s->heap_n + 1, sizeof *s->heap);
    size_t i = s->heap_n++;
    struct sim_event *e = &s->heap[i];
    memset(e, 0, sizeof *e);
    e->at_us = s->now_us + in_us;
    e->seq = ++s->seq;
    e->what = what;
    e->party = p;
    e->life = p->life;
    for (; i > 0 && before(&s->heap[i], &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&s->heap[i], &s->heap[(i - 1) / 2]);
    return &s->heap[i];
}

static bool pop(struct sim *s, uint64_t limit_us, struct sim_event *out) {
    if (s->heap_n == 0 || s->heap[0].at_us > limit_us) return false;
    *out = s->heap[0];
    s->heap[0] = s->heap[--s->heap_n];
    for (size_t i = 0;;) {
        size_t least = i, l = 2 * i + 1;
        if (l < s->heap_n && before(&s->heap[l], &s->heap[least])) least = l;
        if (l + 1 < s->heap_n && before(&s->heap[l + 1], &s->heap[least])) least = l + 1;
        if (least == i) return true;
        swap(&s->heap[i], &s->heap[least]);
        i = least;
    }
}

/* ---- parties ----------------------------------------------------------------------------------- */
static void party_secret(const struct sim_party *p, const char *role, struct rb_slice more, uint8_t out[32]) {
    uint8_t what[128];
    struct rb_writer w = rb_writer(what, sizeof what);
    rb_put_z(&w, p->handle);
    rb_put_z(&w, "/");
    rb_put_z(&w, role);
    rb_put_z(&w, "/");
    derive(p->sim->seed, rb_writer_z(&w), more, out);
}

static void party_seckey(const struct sim_party *p, const char *role, struct rb_slice more,
                         struct rb_seckey *out) {
    uint8_t seed[32];
    party_secret(p, role, more, seed);
    rb_ed25519_from_seed(seed, out);
}

void sim_log_key(const struct sim_party *p, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                 struct rb_seckey *out) {
    uint8_t which[RB_CHANNEL_LEN + 2];
    struct rb_writer w = rb_writer(which, sizeof which);
    rb_put(&w, channel, RB_CHANNEL_LEN);
    rb_put_u16(&w, epoch);
    party_seckey(p, "log", rb_written(&w), out);
}

enum rb_err sim_card_sign(const struct rb_card *c, const struct rb_seckey *party, struct rb_writer *out) {
    uint8_t payload[RB_MAX_CARD], tbs[RB_MAX_CARD + 256], sig[RB_SIG_LEN];
    struct rb_writer w = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs);
    struct rb_slice signed_card;
    rb_card_encode(c, &w);
    rb_party_tbs(rb_written(&w), &party->pub, &t);
    if (w.over || t.over) return RB_ERR_LIMIT;
    rb_ed25519_sign(party, rb_written(&t), sig);
    RB_TRY(rb_party_assemble(rb_written(&w), &party->pub, sig, out));
    return rb_writer_done(out, &signed_card);
}

static void card_make(struct sim_party *p, const struct sim_party_spec *spec) {
    struct rb_card c = {.handle = rb_str(p->handle), .party = p->party.pub, .version = 1,
                        .issued_utc_ms = p->sim->start_utc_ms, .names_n = 1, .mirror = p->mirror.pub,
                        .node = p->node_key.pub, .tls = p->tls.pub, .officers_n = p->officers_n};
    char address[64];
    c.names[0].language = rb_str("en");
    c.names[0].name = rb_str(spec->name ? spec->name : p->handle);
    if (!spec->outward_only) {
        (void)snprintf(address, sizeof address, "%s.example:8470", p->handle);
        c.addresses_n = 1;
        c.addresses[0] = rb_str(address);
    }
    c.age = p->age.pub;
    for (size_t i = 0; i < p->officers_n; i++) {
        c.officers[i].name = rb_str(p->officers[i].name);
        c.officers[i].key = p->officers[i].key.pub;
    }
    struct rb_writer out = rb_writer(p->card, sizeof p->card);
    if (sim_card_sign(&c, &p->party, &out) != RB_OK) sim_break(p->sim, "the card of %s could not be made", p->handle);
    p->card_n = out.n;
}

static void officers_make(struct sim_party *p, const struct sim_party_spec *spec) {
    for (size_t i = 0; i < SIM_MAX_OFFICERS; i++) {
        const char *name = spec->officers[i] ? spec->officers[i] : i == 0 ? "duty" : NULL;
        if (!name) break;
        (void)snprintf(p->officers[i].name, sizeof p->officers[i].name, "%s", name);
        party_seckey(p, "officer", rb_str(name), &p->officers[i].key);
        p->officers_n++;
    }
}

struct sim_party *sim_add_party(struct sim *s, const struct sim_party_spec *spec) {
    if (s->parties_n == SIM_MAX_PARTIES || !rb_handle_ok(rb_str(spec->handle))) {
        sim_break(s, "party %s: too many, or no handle", spec->handle);
        return NULL;
    }
    struct sim_party *p = sim_alloc(sizeof *p);
    p->sim = s;
    p->index = s->parties_n;
    (void)snprintf(p->handle, sizeof p->handle, "%s", spec->handle);
    party_seckey(p, "party", rb_slice(NULL, 0), &p->party);
    party_seckey(p, "mirror", rb_slice(NULL, 0), &p->mirror);
    party_seckey(p, "node", rb_slice(NULL, 0), &p->node_key);
    party_seckey(p, "tls", rb_slice(NULL, 0), &p->tls);
    party_secret(p, "age", rb_slice(NULL, 0), p->age.seed);
    rb_age_identity_from_seed(p->age.seed, &p->age.pub);
    rb_party_hash(&p->party.pub, &p->hash);
    officers_make(p, spec);
    p->commit = (struct sim_range){300, 900};
    p->sign = (struct sim_range){200, 600};
    card_make(p, spec);
    disk_put_meta(&p->disk, RB_TABLE_SELF, rb_str("card"), sim_card(p));
    s->parties[s->parties_n++] = p;
    return p;
}

size_t sim_parties(const struct sim *s) { return s->parties_n; }
struct sim_party *sim_party(struct sim *s, size_t i) { return i < s->parties_n ? s->parties[i] : NULL; }
struct sim_party *sim_party_by_handle(struct sim *s, const char *handle) {
    for (size_t i = 0; i < s->parties_n; i++)
        if (strcmp(s->parties[i]->handle, handle) == 0) return s->parties[i];
    return NULL;
}
const char *sim_handle(const struct sim_party *p) { return p->handle; }
struct rb_slice sim_card(const struct sim_party *p) { return rb_slice(p->card, p->card_n); }
struct rb_node *sim_node(struct sim_party *p) { return p->up ? p->node : NULL; }
bool sim_is_up(const struct sim_party *p) { return p->up; }
void sim_set_clock(struct sim_party *p, int64_t off_ms) { p->utc_off_ms = off_ms; }
void sim_disk_speed(struct sim_party *p, struct sim_range commit, struct sim_range sign) {
    p->commit = commit;
    p->sign = sign;
}

static enum rb_err key_sign(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    rb_ed25519_sign(ctx, msg, sig);
    return RB_OK;
}

struct rb_signer_key sim_officer(struct sim_party *p, size_t i) {
    struct rb_seckey *k = i < p->officers_n ? &p->officers[i].key : NULL;
    struct rb_signer_key none = {NULL, {{0}}, key_sign};
    if (!k) return none;
    return (struct rb_signer_key){k, k->pub, key_sign};
}

struct rb_signer_key sim_officer_by_name(struct sim_party *p, const char *name) {
    size_t i = 0;
    while (i < p->officers_n && strcmp(p->officers[i].name, name) != 0) i++;
    return sim_officer(p, i);
}

struct rb_signer_key sim_party_key(struct sim_party *p) {
    return (struct rb_signer_key){&p->party, p->party.pub, key_sign};
}

void sim_accredit_at_setup(struct sim_party *p, const struct sim_party *peer) {
    uint8_t value[1 + RB_MAX_CARD];
    value[0] = 1;
    memcpy(value + 1, peer->card, peer->card_n);
    disk_put_meta(&p->disk, RB_TABLE_PEER, rb_slice(peer->hash.b, RB_HASH_LEN),
                  rb_slice(value, 1 + peer->card_n));
}

/* ---- carrying out effects ------------------------------------------------------------------------ */
static void commit_later(struct sim_party *p) {
    if (p->disk.in_commit || p->disk.durable_n == p->disk.ops_n) return;
    disk_commit_begin(&p->disk);
    sim_push(p->sim, p, SIM_COMMITTED, sim_in_range(p->sim, p->commit));
}

/* what must hold before a log or mirror key signs: the leaves are durable and make that root */
static void sign_judge(struct sim_party *p, const struct rb_effect *ef) {
    struct rb_hash root;
    if (!disk_root(disk_feed(&p->disk, &ef->u.sign.feed), ef->u.sign.size, &root))
        sim_break(p->sim, "%s signs size %llu of a feed (member %u) before its leaves are durable", p->handle,
                  (unsigned long long)ef->u.sign.size, ef->u.sign.feed.member);
    else if (!rb_hash_eq(&root, &ef->u.sign.root))
        sim_break(p->sim, "%s signs a root that its stored leaves do not make", p->handle);
}

static void sign(struct sim_party *p, const struct rb_effect *ef) {
    struct sim *s = p->sim;
    struct rb_seckey k = ef->u.sign.use == RB_USE_MIRROR ? p->mirror : p->node_key;
    enum rb_err err = RB_OK;
    uint64_t entry = UINT64_MAX;
    if (ef->u.sign.use == RB_USE_LOG) sim_log_key(p, ef->u.sign.feed.channel, ef->u.sign.feed.epoch, &k);
    if (ef->u.sign.use != RB_USE_NODE) {
        sign_judge(p, ef);
        if (heads_allow(&p->disk, ef->u.sign.use, ef->u.sign.origin, ef->u.sign.size, &ef->u.sign.root))
            entry = heads_put(&p->disk, ef);
        else
            err = RB_ERR_STATE;
    }
    uint64_t us = ef->u.sign.use == RB_USE_NODE ? 0 : sim_in_range(s, p->sign);
    struct sim_event *e = sim_push(s, p, SIM_SIGNED, us);
    e->ef = *ef; /* numbers only are read later */
    e->id = entry;
    e->err = err;
    if (err == RB_OK) rb_ed25519_sign(&k, ef->u.sign.message, e->sig);
}

static void note_signed(struct sim_party *p, const struct rb_effect *ef) {
    for (size_t i = 0; i < p->signed_n; i++) {
        const struct sim_signed *g = &p->signed_[i];
        if (g->size == ef->u.sign.size && memcmp(&g->feed, &ef->u.sign.feed, sizeof g->feed) == 0) {
            if (!rb_hash_eq(&g->root, &ef->u.sign.root))
                sim_break(p->sim, "%s signed two roots for one size", p->handle);
            return;
        }
    }
    p->signed_ = sim_grow(p->signed_, &p->signed_cap, p->signed_n + 1, sizeof *p->signed_);
    p->signed_[p->signed_n++] = (struct sim_signed){ef->u.sign.feed, ef->u.sign.size, ef->u.sign.root};
}

static void signed_(struct sim_party *p, const struct sim_event *e) {
    if (e->id != UINT64_MAX && e->id < p->disk.heads_n) p->disk.heads[e->id].durable = true;
    if (e->err == RB_OK && e->ef.u.sign.use == RB_USE_LOG) note_signed(p, &e->ef);
    struct rb_event ev = {.type = RB_EV_SIGNED};
    ev.u.sig.token = e->ef.u.sign.token;
    ev.u.sig.err = e->err;
    memcpy(ev.u.sig.sig, e->sig, RB_SIG_LEN);
    sim_step(p, &ev);
}

/* the leaf as the disk has it: in a feed, or in the outbox */
static bool stored_leaf(const struct sim_party *p, const struct rb_hash *id, struct rb_slice *out) {
    for (size_t i = 0; i < p->disk.feeds_n; i++)
        for (size_t k = 0; k < p->disk.feeds[i].leaves_n; k++)
            if (rb_hash_eq(&p->disk.feeds[i].leaves[k].hash, id)) {
                *out = p->disk.feeds[i].leaves[k].leaf;
                return true;
            }
    for (size_t i = 0; i < p->disk.meta_n; i++) {
        const struct disk_meta *m = &p->disk.meta[i];
        struct rb_hash h;
        if (m->table != RB_TABLE_OUTBOX || m->value.n < 1) continue;
        *out = rb_slice_sub(m->value, 1, m->value.n);
        rb_leaf_hash(*out, &h);
        if (rb_hash_eq(&h, id)) return true;
    }
    return false;
}

static void note_done(struct sim_party *p, const struct rb_effect *ef) {
    if (ef->u.done.reject.err != RB_OK || !ef->u.done.has_record) return;
    p->done = sim_grow(p->done, &p->done_cap, p->done_n + 1, sizeof *p->done);
    struct sim_done *d = &p->done[p->done_n++];
    memcpy(d->channel, ef->u.done.channel, RB_CHANNEL_LEN);
    d->record = ef->u.done.record;
    struct rb_slice leaf;
    memset(&d->payload, 0, sizeof d->payload);
    if (stored_leaf(p, &d->record, &leaf)) (void)sim_payload_hash(leaf, &d->payload);
}

static void carry_out(struct sim_party *p, const struct rb_effect *ef) {
    struct sim *s = p->sim;
    const char *bad = NULL;
    switch (ef->type) {
    case RB_EF_STORE:
        bad = disk_apply(&p->disk, ef);
        if (bad) sim_break(s, "%s: %s", p->handle, bad);
        break;
    case RB_EF_LOAD: sim_push(s, p, SIM_LOAD, 50)->ef = *ef; break;
    case RB_EF_OPEN: sim_push(s, p, SIM_OPEN, 50)->ef = *ef; break;
    case RB_EF_SIGN: sign(p, ef); break;
    case RB_EF_REQUEST: net_request(p, ef); break;
    case RB_EF_RESPOND: net_respond(p, ef); break;
    case RB_EF_CANCEL: net_cancel(p, ef->u.cancel.request); break;
    case RB_EF_ALERT:
        if (ef->u.alert.alert == RB_ALERT_FORK) sim_break(s, "%s saw a fork among honest parties", p->handle);
        if (s->alert) s->alert(s->alert_ctx, p, ef);
        rb_api_alert(p->api, ef);
        break;
    case RB_EF_DONE:
        note_done(p, ef);
        rb_api_done(p->api, ef);
        break;
    }
}

static bool is_news(const struct rb_effect *ef) { return ef->type == RB_EF_ALERT || ef->type == RB_EF_DONE; }

/* News is told last and from a copy: whoever hears it may submit, and that is a step of its own. */
static void carry_out_all(struct sim_party *p, const struct rb_effects *out) {
    size_t news_n = 0;
    struct rb_effect *news = sim_alloc(out->n * sizeof *news);
    for (size_t i = 0; i < out->n; i++) {
        if (is_news(&out->e[i]))
            news[news_n++] = out->e[i];
        else
            carry_out(p, &out->e[i]);
    }
    uint32_t life = p->life;
    for (size_t i = 0; i < news_n && p->up && p->life == life; i++) carry_out(p, &news[i]);
    free(news);
}

static void wake_at(struct sim_party *p, uint64_t mono_ms) {
    if (mono_ms == UINT64_MAX) {
        p->wake_us = 0;
        return;
    }
    uint64_t at = mono_ms > UINT64_MAX / 1000 ? UINT64_MAX : mono_ms * 1000;
    if (at <= p->sim->now_us) at = p->sim->now_us + 1;
    if (at == p->wake_us) return;
    p->wake_us = at;
    sim_push(p->sim, p, SIM_WAKE, at - p->sim->now_us);
}

void sim_step(struct sim_party *p, struct rb_event *ev) {
    struct sim *s = p->sim;
    struct rb_effects out = {0};
    ev->now = sim_now(p);
    sim_entropy(s, ev->entropy, sizeof ev->entropy);
    enum rb_err err = rb_node_step(p->node, ev, &out);
    if (err != RB_OK)
        sim_break(s, "the node of %s: %s (event %d)", p->handle, rb_err_text(err), (int)ev->type);
    wake_at(p, out.wake_mono_ms);
    carry_out_all(p, &out);
    commit_later(p);
}

/* ---- start and end -------------------------------------------------------------------------------- */
static void load_leaf(struct sim_party *p, uint64_t token, const struct disk_feed *f, uint64_t i) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    ev.u.loaded.token = token;
    ev.u.loaded.item = RB_ITEM_LEAF;
    ev.u.loaded.feed = f->ref;
    ev.u.loaded.index = i;
    ev.u.loaded.mark = f->leaves[i].mark;
    ev.u.loaded.leaf = f->leaves[i].leaf;
    sim_step(p, &ev);
}

static void load_end(struct sim_party *p, uint64_t token) {
    struct rb_event ev = {.type = RB_EV_LOADED};
    ev.u.loaded.token = token;
    ev.u.loaded.item = RB_ITEM_END;
    sim_step(p, &ev);
}

static int meta_order(const void *a, const void *b) {
    const struct disk_meta *x = a, *y = b;
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    return rb_slice_cmp(x->key, y->key);
}

static int feed_order(const void *a, const void *b) {
    const struct disk_feed *x = a, *y = b;
    int c = memcmp(x->ref.channel, y->ref.channel, RB_CHANNEL_LEN);
    if (c) return c;
    if (x->ref.member != y->ref.member) return x->ref.member < y->ref.member ? -1 : 1;
    return x->ref.epoch < y->ref.epoch ? -1 : x->ref.epoch > y->ref.epoch;
}

static void load_meta(struct sim_party *p) {
    struct disk *d = &p->disk;
    qsort(d->meta, d->meta_n, sizeof *d->meta, meta_order);
    for (size_t i = 0; i < d->meta_n; i++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_META;
        ev.u.loaded.table = d->meta[i].table;
        ev.u.loaded.key = d->meta[i].key;
        ev.u.loaded.value = d->meta[i].value;
        sim_step(p, &ev);
    }
}

static void load_feed(struct sim_party *p, const struct disk_feed *f) {
    for (uint64_t i = 0; i < f->leaves_n; i++) load_leaf(p, 0, f, i);
    for (size_t i = 0; i < f->notes_n; i++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_NOTE;
        ev.u.loaded.feed = f->ref;
        ev.u.loaded.size = f->notes[i].size;
        ev.u.loaded.cosigner = f->notes[i].cosigner;
        ev.u.loaded.note = f->notes[i].note;
        sim_step(p, &ev);
    }
}

static void load_heads(struct sim_party *p) {
    for (size_t i = 0; i < p->disk.heads_n; i++) {
        const struct head_entry *h = &p->disk.heads[i];
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_HEAD;
        ev.u.loaded.use = h->use;
        ev.u.loaded.origin = rb_slice(h->origin, h->origin_n);
        ev.u.loaded.size = h->size;
        ev.u.loaded.root = h->root;
        sim_step(p, &ev);
    }
}

void sim_start(struct sim_party *p) {
    if (p->up) return;
    p->mem = mmap(NULL, NODE_SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    p->node = p->mem == MAP_FAILED ? NULL : rb_node_create(p->mem, NODE_SPACE);
    if (!p->node) {
        sim_break(p->sim, "no room for the node of %s", p->handle);
        return;
    }
    p->up = true;
    p->life++;
    p->wake_us = 0;
    if (rb_keyring_of((const uint8_t(*)[32])&p->age.seed, 1, &p->ring) != RB_OK) abort();
    host_up(p);
    load_meta(p);
    if (p->disk.feeds_n > 0)
        qsort(p->disk.feeds, p->disk.feeds_n, sizeof *p->disk.feeds, feed_order);
    for (size_t i = 0; i < p->disk.feeds_n; i++) load_feed(p, &p->disk.feeds[i]);
    load_heads(p);
    load_end(p, 0);
    struct rb_event ev = {.type = RB_EV_START};
    sim_step(p, &ev);
}

static void down(struct sim_party *p) {
    net_party_down(p);
    p->up = false;
    host_down(p);
    rb_keyring_close(p->ring);
    munmap(p->mem, NODE_SPACE);
    p->ring = NULL;
    p->mem = NULL;
    p->node = NULL;
    p->life++;
}

void sim_crash(struct sim_party *p) {
    if (!p->up) return;
    down(p);
    disk_crash(&p->disk, sim_random_below(p->sim, 2) == 0, sim_random_below(p->sim, 2) == 0);
}

void sim_stop(struct sim_party *p) {
    if (!p->up) return;
    down(p);
    disk_commit_begin(&p->disk);
    disk_commit_end(&p->disk);
    disk_crash(&p->disk, true, true);
}

void sim_forget_disk(struct sim_party *p) {
    if (p->up) down(p);
    disk_free(&p->disk);
    disk_put_meta(&p->disk, RB_TABLE_SELF, rb_str("card"), sim_card(p));
}

void sim_crash_at(struct sim_party *p, uint64_t in_us, uint64_t down_us) {
    sim_push(p->sim, p, SIM_CRASH, in_us)->id = down_us;
}

/* ---- network settings ------------------------------------------------------------------------------ */
struct sim_link *sim_link(struct sim *s, const struct sim_party *from, const struct sim_party *to) {
    return &s->links[from->index][to->index];
}

void sim_set_links(struct sim *s, struct sim_range latency, uint32_t loss_ppm) {
    for (size_t i = 0; i < SIM_MAX_PARTIES; i++)
        for (size_t j = 0; j < SIM_MAX_PARTIES; j++) {
            s->links[i][j].latency = latency;
            s->links[i][j].loss_ppm = loss_ppm;
        }
}

static void cut(struct sim *s, const struct sim_party *a, const struct sim_party *b, bool is_cut) {
    s->links[a->index][b->index].cut = is_cut;
    s->links[b->index][a->index].cut = is_cut;
}

void sim_cut(struct sim *s, const struct sim_party *a, const struct sim_party *b) { cut(s, a, b, true); }
void sim_heal(struct sim *s, const struct sim_party *a, const struct sim_party *b) { cut(s, a, b, false); }
void sim_set_speed(struct sim *s, const struct sim_party *a, const struct sim_party *b, uint32_t bytes_per_s) {
    s->links[a->index][b->index].bytes_per_s = s->links[b->index][a->index].bytes_per_s = bytes_per_s;
}
void sim_set_access(struct sim_party *p, uint32_t bytes_per_s) { p->access = bytes_per_s; }
void sim_heal_all(struct sim *s) {
    for (size_t i = 0; i < SIM_MAX_PARTIES; i++)
        for (size_t j = 0; j < SIM_MAX_PARTIES; j++) s->links[i][j].cut = false;
}

/* ---- running ---------------------------------------------------------------------------------------- */
static enum rb_err read_body(void *ctx, uint64_t from, uint8_t *buf, size_t cap, size_t *n) {
    struct sim_body *b = ctx;
    *n = disk_body_read(&b->party->disk, &b->ref, from, buf, cap);
    return RB_OK;
}

struct rb_body_source sim_source(struct sim_body *b, uint64_t size) {
    return (struct rb_body_source){b, read_body, size};
}

static void open_answer(struct sim_party *p, const struct rb_effect *ef) {
    struct rb_event ev = {.type = RB_EV_OPENED};
    struct sim_body body = {p, ef->u.open.body};
    struct rb_body_source src = sim_source(&body, ef->u.open.size);
    uint8_t *head = sim_alloc(RB_MAX_HEAD);
    size_t n = 0;
    ev.u.opened.token = ef->u.open.token;
    ev.u.opened.err = rb_opener_read(p->ring, &src, &body.ref.hash, ef->u.open.kind, head, &n, &ev.u.opened.content);
    ev.u.opened.head = rb_slice(head, n);
    sim_step(p, &ev);
    free(head);
}

/* bytes of a body in pieces as the store gives them */
static void load_body(struct sim_party *p, const struct rb_effect *ef) {
    uint64_t have = disk_body_size(&p->disk, &ef->u.load.body);
    uint64_t to = ef->u.load.to < have ? ef->u.load.to : have;
    uint32_t life = p->life;
    uint8_t *buf = sim_alloc(RB_BODY_CHUNK);
    if (ef->u.load.from < to && to - ef->u.load.from > ef->u.load.max_bytes) to = ef->u.load.from + ef->u.load.max_bytes;
    for (uint64_t at = ef->u.load.from; at < to && p->up && p->life == life;) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        size_t cap = to - at < RB_BODY_CHUNK ? (size_t)(to - at) : RB_BODY_CHUNK;
        size_t n = disk_body_read(&p->disk, &ef->u.load.body, at, buf, cap);
        if (n == 0) break; /* a step deleted it */
        ev.u.loaded.token = ef->u.load.token;
        ev.u.loaded.item = RB_ITEM_BODY;
        ev.u.loaded.body = ef->u.load.body;
        ev.u.loaded.index = at;
        ev.u.loaded.leaf = rb_slice(buf, n);
        sim_step(p, &ev);
        at += n;
    }
    free(buf);
    if (p->up && p->life == life) load_end(p, ef->u.load.token);
}

static void load_answer(struct sim_party *p, const struct rb_effect *ef) {
    if (ef->u.load.item == RB_ITEM_BODY) {
        load_body(p, ef);
        return;
    }
    const struct disk_feed *f = disk_feed(&p->disk, &ef->u.load.feed);
    size_t bytes = 0;
    uint64_t to = f && ef->u.load.to < f->leaves_n ? ef->u.load.to : f ? f->leaves_n : 0;
    uint32_t life = p->life;
    for (uint64_t i = ef->u.load.from; i < to && p->up && p->life == life; i++) {
        bytes += f->leaves[i].leaf.n;
        if (bytes > ef->u.load.max_bytes && i > ef->u.load.from) break;
        load_leaf(p, ef->u.load.token, f, i);
        f = disk_feed(&p->disk, &ef->u.load.feed); /* a step may have stored and moved it */
    }
    if (p->up && p->life == life) load_end(p, ef->u.load.token);
}

static void committed(struct sim_party *p) {
    struct rb_event ev = {.type = RB_EV_STORED};
    ev.u.stored.ticket = p->disk.commit_ticket;
    disk_commit_end(&p->disk);
    sim_step(p, &ev);
    commit_later(p);
}

static void wake(struct sim_party *p, uint64_t at_us) {
    if (p->wake_us != at_us) return; /* asked otherwise since */
    p->wake_us = 0;
    struct rb_event ev = {.type = RB_EV_TIMER};
    sim_step(p, &ev);
}

static void own_event(struct sim *s, const struct sim_event *e) {
    struct sim_party *p = e->party;
    if (e->what == SIM_CRASH) {
        sim_crash(p);
        sim_push(s, p, SIM_RESTART, e->id);
        return;
    }
    if (e->what == SIM_RESTART) {
        sim_start(p);
        return;
    }
    if (!p->up || p->life != e->life) return;
    if (e->what == SIM_COMMITTED) committed(p);
    if (e->what == SIM_SIGNED) signed_(p, e);
    if (e->what == SIM_LOAD) load_answer(p, &e->ef);
    if (e->what == SIM_OPEN) open_answer(p, &e->ef);
    if (e->what == SIM_WAKE) wake(p, e->at_us);
}

static void run_event(struct sim *s, const struct sim_event *e) {
    s->same_us = e->at_us == s->now_us ? s->same_us + 1 : 0;
    if (s->same_us > MAX_SAME_INSTANT) sim_break(s, "%s runs in circles: time stands still", e->party->handle);
    s->now_us = e->at_us;
    if (e->what <= SIM_CLOSED)
        net_event(s, e);
    else
        own_event(s, e);
}

bool sim_run_while_not(struct sim *s, bool (*cond)(void *), void *ctx, uint64_t us) {
    uint64_t limit = s->now_us + us;
    struct sim_event e;
    while (!cond || !cond(ctx)) {
        if (sim_broken(s) || !pop(s, limit, &e)) {
            s->now_us = sim_broken(s) ? s->now_us : limit;
            return cond && cond(ctx);
        }
        run_event(s, &e);
    }
    return true;
}

void sim_run_for(struct sim *s, uint64_t us) { (void)sim_run_while_not(s, NULL, NULL, us); }

void sim_run_until(struct sim *s, int64_t utc_ms) {
    int64_t left = utc_ms - sim_utc_ms(s);
    if (left > 0) sim_run_for(s, (uint64_t)left * 1000);
}
