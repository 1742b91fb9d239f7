/* Two nodes on one channel, founded once; each input is a sequence of events for them: requests and answers
 * made of real ones with bytes changed, submissions, signatures and commits in odd order, closed bodies that open
 * well, badly or not at all, clocks that jump. An input that begins with the byte 255 is talk: instruments
 * of every kind and words about them, by the grammar, and from time to time all that waits is committed,
 * signed and delivered, so that each hears the other.
 * Whatever comes: nothing is signed that is not durable, no signed or cosigned size goes back, work stays within
 * one step's room, stored bodies have no gaps and the hash that was named, and the situation, kept up to date all
 * the while, is in the end the fold of all that is held. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../unit/fixture_lie.h"
#include "../unit/fixture_sealed.h"
#include "fuzz_bodies.h"
#include "fuzz_fold.h"
#include "readback/text.h"

#define MAX_EVENTS 48u
#define MAX_OUT 256u
#define MAX_BODY (1u << 16)

/* ---- the world, put back before each input ------------------------------------------------------ */
static struct fn_world *world;
static uint8_t channel[16];
static struct sample { /* what the nodes said to each other while they were founded, and last */
    char path[256];
    uint8_t body[8192];
    size_t n;
    bool post;
} samples[64];
static size_t samples_n;

static void tap(const struct fn_party *from, const struct rb_effect *ef) {
    (void)from;
    if (ef->u.request.body.n > sizeof samples[0].body || ef->u.request.path.n >= sizeof samples[0].path) return;
    struct sample *s = &samples[samples_n < 64 ? samples_n++ : 63];
    memset(s, 0, sizeof *s);
    memcpy(s->path, ef->u.request.path.p, ef->u.request.path.n);
    if (ef->u.request.body.n) memcpy(s->body, ef->u.request.body.p, ef->u.request.body.n);
    s->n = ef->u.request.body.n;
    s->post = ef->u.request.post;
}

static struct head { /* what is read in the bodies that were sealed */
    struct rb_hash hash, commitment;
    uint8_t head[1024], cipher[2048];
    size_t head_n, cipher_n;
} heads[8];
static size_t heads_n;

static void keep_head(void) {
    struct head *h = &heads[heads_n++];
    struct rb_sealed_head d;
    static uint8_t work[4096];
    struct rb_arena a = rb_arena(work, sizeof work);
    FUZZ_CHECK(heads_n <= 8 && fn_last.head_n <= sizeof h->head && fn_last.cipher_n <= sizeof h->cipher);
    h->hash = fn_last.hash;
    h->head_n = fn_last.head_n;
    h->cipher_n = fn_last.cipher_n;
    memcpy(h->head, fn_last.head, fn_last.head_n);
    memcpy(h->cipher, fn_last.cipher, fn_last.cipher_n);
    FUZZ_CHECK(rb_sealed_head_decode(RB_KIND_STATEMENT, rb_slice(h->head, h->head_n), &d, NULL) == RB_OK);
    FUZZ_CHECK(rb_sealed_commitments(RB_KIND_STATEMENT, &d, NULL, &a, &h->commitment) == RB_OK);
}

static bool no_bodies(const struct fn_party *from, const struct fn_party *to, struct rb_slice path) {
    (void)from;
    (void)to;
    return rb_slice_starts(path, "/rb/v1/bodies");
}

/* a closed record of each, whose body the other one has or lacks */
static void say_closed(size_t who, const char *text) {
    static uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    struct rb_hash id;
    fn_body_text(text, &b);
    struct fn_closed c = {.kind = RB_KIND_STATEMENT, .body = rb_written(&b), .recipients = 3};
    FUZZ_CHECK(fn_say_closed(world, &world->p[who], channel, &c, 1, &id) == RB_OK);
    keep_head();
}

static void keep_sample(const char *path, struct rb_slice body) {
    struct sample *s = &samples[samples_n++];
    FUZZ_CHECK(samples_n <= 64 && strlen(path) < sizeof s->path && body.n <= sizeof s->body);
    memset(s, 0, sizeof *s);
    memcpy(s->path, path, strlen(path));
    memcpy(s->body, body.p, s->n = body.n);
    s->post = true;
}

/* The first one's feed goes on in two ways: the evidence of it, and what is brought of the second way. */
static void keep_fork(void) {
    static uint8_t notes[2][1024], text[4096];
    static char path[512];
    struct rb_fork fork = {0};
    struct rb_hash origin, root;
    struct rb_writer w = rb_writer(text, sizeof text), pw = rb_writer(path, sizeof path - 1);
    struct lie *a = lie_begin(&world->p[0], channel), *b = lie_begin(&world->p[0], channel);
    lie_say(world, a, channel, "The one.");
    lie_say(world, b, channel, "The other.");
    fork.note_a = lie_note(world, a, a->tree.size, notes[0], sizeof notes[0]);
    fork.note_b = lie_note(world, b, b->tree.size, notes[1], sizeof notes[1]);
    rb_tree_root(&b->tree, b->tree.size, &fork.other_root); /* the same size: no hashes in its proof */
    rb_fork_encode(&fork, &w);
    FUZZ_CHECK(!w.over);
    rb_put_z(&pw, "/rb/v1/evidence?channel=");
    rb_put_hex(&pw, channel, sizeof channel);
    keep_sample(path, rb_written(&w));
    memset(path, 0, sizeof path);
    pw = rb_writer(path, sizeof path - 1);
    rb_sha256(rb_slice(b->origin, b->origin_n), &origin);
    rb_tree_root(&b->tree, b->tree.size, &root);
    rb_put_z(&pw, "/rb/v1/branch?origin=");
    rb_put_hex(&pw, origin.b, sizeof origin.b);
    rb_put_z(&pw, "&size=");
    rb_put_dec(&pw, b->tree.size);
    rb_put_z(&pw, "&root=");
    rb_put_hex(&pw, root.b, sizeof root.b);
    FUZZ_CHECK(!pw.over);
    keep_sample(path, lie_branch_body(b, 0));
    lie_end(a);
    lie_end(b);
}

static void build_world(void) {
    struct rb_hash id;
    struct rb_charter *c = calloc(1, sizeof *c);
    if (c == NULL) abort();
    fn_memfd = memfd_create("nodes", 0);
    FUZZ_CHECK(fn_memfd >= 0 && ftruncate(fn_memfd, (off_t)(2 * FN_MEM)) == 0);
    fn_tap = tap;
    world = fn_world(2);
    c->exercise = true;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    c->answer_ms[RB_IMMEDIATE] = 600000;
    fn_found(world, true, c, channel);
    free(c);
    for (size_t i = 0; i < 2; i++) say_closed(i, "For us two.");
    fn_pass(world, 5000);
    fn_block = no_bodies;
    say_closed(1, "To be asked for.");
    fn_pass(world, 5000);
    fn_block = NULL;
    say_closed(0, "Not judged yet.");
    for (size_t i = 0; i < 2; i++) { /* pushes that reach nobody: news to the other one */
        world->p[1 - i].deaf = true;
        FUZZ_CHECK(fn_statement(world, &world->p[i], channel, "Said.", RB_IMMEDIATE, &id) == RB_OK);
        say_closed(i, "Not pushed yet.");
        world->p[1 - i].deaf = false;
    }
    keep_fork();
}

static void put_back(void) {
    for (size_t i = 0; i < 2; i++) {
        void *p = mmap(world->p[i].mem, FN_MEM, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fn_memfd, (off_t)(i * FN_MEM));
        FUZZ_CHECK(p == world->p[i].mem);
    }
}

/* ---- input ---------------------------------------------------------------------------------------- */
static const uint8_t *in;
static size_t in_n;
static uint8_t u8(void) {
    if (in_n == 0) return 0;
    in_n--;
    return *in++;
}
static uint16_t u16(void) {
    uint16_t hi = u8();
    return (uint16_t)(hi << 8 | u8());
}
/* a few bytes of it changed, cut or repeated, as the input says */
static struct rb_slice mutate(const void *p, size_t n) {
    static uint8_t buf[MAX_BODY];
    if (n) memcpy(buf, p, n);
    for (size_t k = u8() % 8; k > 0 && n > 0; k--) {
        size_t at = u16() % n;
        uint8_t how = u8();
        if (how < 200)
            buf[at] ^= (uint8_t)(how + 1);
        else if (how < 220)
            n = at;
        else if (2 * n < sizeof buf) {
            memmove(buf + at + (n - at), buf + at, n - at);
            n += n - at;
        }
    }
    return rb_slice(buf, n);
}

/* ---- driver --------------------------------------------------------------------------------------- */
struct feed_state {
    uint64_t leaves, durable; /* stored without a gap; thereof committed */
    uint64_t signed_size;
};
static struct side {
    struct feed_state feed[2]; /* by member, epoch 0 */
    uint64_t ticket, committed;
    uint64_t request[MAX_OUT], load[MAX_OUT];
    struct rb_effect sign[MAX_OUT];
    uint8_t message[MAX_OUT][4096];
    struct rb_effect open[MAX_OUT];
    struct kept_body { /* of which bytes are stored */
        struct rb_body_ref ref;
        uint64_t have;
    } body[MAX_OUT];
    size_t requests_n, loads_n, signs_n, opens_n, bodies_n;
} sides[2];
static uint64_t mono, conn;
static int64_t utc;

#include "fuzz_wire.h"

static struct kept_body *kept(struct side *s, const struct rb_body_ref *ref) {
    for (size_t i = 0; i < s->bodies_n; i++)
        if (s->body[i].ref.member == ref->member && rb_hash_eq(&s->body[i].ref.hash, &ref->hash) &&
            memcmp(s->body[i].ref.channel, ref->channel, 16) == 0)
            return &s->body[i];
    FUZZ_CHECK(s->bodies_n < MAX_OUT);
    s->body[s->bodies_n] = (struct kept_body){*ref, 0};
    return &s->body[s->bodies_n++];
}

/* in order, none left out, none twice; deleted whole; a small one is what its name says */
static void stored_body(struct side *s, const struct rb_effect *ef) {
    struct kept_body *k = kept(s, &ef->u.store.body);
    struct rb_hash h;
    if (ef->u.store.leaf.p == NULL) {
        FUZZ_CHECK(ef->u.store.staged == 0 && k->have > 0);
        k->have = 0;
        return;
    }
    FUZZ_CHECK(ef->u.store.index == k->have && ef->u.store.leaf.n > 0);
    k->have += ef->u.store.leaf.n;
    rb_sha256(ef->u.store.leaf, &h);
    FUZZ_CHECK(k->have > RB_MAX_SEALED || rb_hash_eq(&h, &ef->u.store.body.hash));
}

static void begin(void) {
    memset(sides, 0, sizeof sides);
    wires_n[0] = wires_n[1] = 0;
    mono = world->mono_ms;
    utc = world->utc_ms;
    conn = 1000000;
    for (size_t i = 0; i < 2; i++) {
        struct rb_channel_view v;
        FUZZ_CHECK(rb_node_channel_by_id(world->p[i].rb, channel, &v));
        for (uint16_t m = 0; m < 2; m++)
            sides[i].feed[m].leaves = sides[i].feed[m].durable = rb_book_feed(v.book, m, 0)->tree.size;
        for (size_t k = 0; k < world->p[i].items_n; k++) {
            const struct rb_effect *e = &world->p[i].items[k].ef;
            if (e->u.store.item == RB_ITEM_BODY) kept(&sides[i], &e->u.store.body)->have += e->u.store.leaf.n;
        }
    }
}

static void stored(struct side *s, const struct rb_effect *ef) {
    FUZZ_CHECK(ef->u.store.ticket >= s->ticket);
    s->ticket = ef->u.store.ticket;
    if (ef->u.store.item == RB_ITEM_META) FUZZ_CHECK(ef->u.store.key.p != NULL);
    if (ef->u.store.item == RB_ITEM_BODY) stored_body(s, ef);
    if (ef->u.store.item != RB_ITEM_LEAF || ef->u.store.leaf.p == NULL || ef->u.store.feed.epoch) return;
    if (memcmp(ef->u.store.feed.channel, channel, 16) != 0) return;
    FUZZ_CHECK(ef->u.store.feed.member < 2);
    struct feed_state *f = &s->feed[ef->u.store.feed.member];
    FUZZ_CHECK(ef->u.store.index == f->leaves); /* in order, none left out, none twice */
    f->leaves++;
}

static void to_sign(struct side *s, const struct rb_effect *ef) {
    if (ef->u.sign.use != RB_USE_NODE && memcmp(ef->u.sign.feed.channel, channel, 16) == 0 &&
        ef->u.sign.feed.epoch == 0) {
        struct feed_state *f = &s->feed[ef->u.sign.feed.member];
        FUZZ_CHECK(ef->u.sign.size <= f->durable);
        FUZZ_CHECK(ef->u.sign.size >= f->signed_size);
        f->signed_size = ef->u.sign.size;
    }
    if (s->signs_n == MAX_OUT || ef->u.sign.message.n > sizeof s->message[0]) return;
    memcpy(s->message[s->signs_n], ef->u.sign.message.p, ef->u.sign.message.n);
    s->sign[s->signs_n] = *ef;
    s->sign[s->signs_n].u.sign.message.p = s->message[s->signs_n];
    s->signs_n++;
}

static void step(size_t who, struct rb_event *ev) {
    struct side *s = &sides[who];
    struct rb_effects out;
    ev->now.mono_ms = mono;
    ev->now.utc_ms = utc;
    ev->entropy[0] = (uint8_t)mono;
    FUZZ_CHECK(rb_node_step(world->p[who].rb, ev, &out) == RB_OK);
    for (size_t i = 0; i < out.n; i++) {
        const struct rb_effect *ef = &out.e[i];
        if (ef->type == RB_EF_STORE) stored(s, ef);
        if (ef->type == RB_EF_SIGN) to_sign(s, ef);
        if (ef->type == RB_EF_REQUEST) to_wire(who, ef);
        if (ef->type == RB_EF_REQUEST && s->requests_n < MAX_OUT) s->request[s->requests_n++] = ef->u.request.request;
        if (ef->type == RB_EF_LOAD && s->loads_n < MAX_OUT) s->load[s->loads_n++] = ef->u.load.token;
        if (ef->type == RB_EF_OPEN) {
            FUZZ_CHECK(kept(s, &ef->u.open.body)->have == ef->u.open.size);
            if (s->opens_n < MAX_OUT) s->open[s->opens_n++] = *ef;
        }
        if (ef->type == RB_EF_RESPOND) from_wire(ef);
        if (ef->type == RB_EF_RESPOND) FUZZ_CHECK(ef->u.respond.status >= 200 && ef->u.respond.status < 600);
    }
}

static void commit(size_t who) {
    struct rb_event ev = {.type = RB_EV_STORED};
    struct side *s = &sides[who];
    if (s->ticket == s->committed) return;
    s->committed = ev.u.stored.ticket = s->ticket;
    for (size_t m = 0; m < 2; m++) s->feed[m].durable = s->feed[m].leaves;
    step(who, &ev);
}

static void sign(size_t who, bool well) {
    struct side *s = &sides[who];
    struct fn_party *p = &world->p[who];
    if (s->signs_n == 0) return;
    const struct rb_effect *ef = &s->sign[--s->signs_n];
    const struct rb_seckey *key = ef->u.sign.use == RB_USE_MIRROR ? &p->mirror
                                  : ef->u.sign.use == RB_USE_NODE ? &p->node : &p->log[0];
    struct rb_event ev = {.type = RB_EV_SIGNED};
    ev.u.sig.token = ef->u.sign.token;
    ev.u.sig.err = well ? RB_OK : RB_ERR_STATE;
    if (well) rb_ed25519_sign(key, ef->u.sign.message, ev.u.sig.sig);
    step(who, &ev);
}

/* ---- events ---------------------------------------------------------------------------------------- */
static void receive(size_t who) {
    const struct sample *a = &samples[u8() % samples_n], *b = &samples[u8() % samples_n];
    struct rb_event ev = {.type = RB_EV_RECV};
    static char path[sizeof a->path];
    uint8_t how = u8();
    memcpy(path, (how & 64 ? b : a)->path, sizeof path);
    if (how & 128) path[u8() % 40] = (char)u8();
    struct rb_slice whole = rb_slice(path, strnlen(path, sizeof path));
    size_t q = rb_slice_find(whole, 0, '?');
    ev.u.recv.conn = ++conn;
    ev.u.recv.has_peer = (how & 1) == 0;
    rb_party_hash(&world->p[(how & 2) ? who : 1 - who].party.pub, &ev.u.recv.peer);
    ev.u.recv.post = a->post;
    ev.u.recv.path = rb_slice_sub(whole, 0, q);
    ev.u.recv.query = rb_slice_sub(whole, q + 1, whole.n);
    ev.u.recv.body = mutate(a->body, a->n);
    step(who, &ev);
}

/* ---- every endpoint, with bodies of its own form made of true keys ---------------------------------- */
enum form { NOTHING, SAMPLE, NOTES, EVIDENCE, ADVANCE };
static const struct endpoint {
    const char *path;
    bool post;
    enum form form;
} endpoints[] = {
    {"/rb/v1/push", true, SAMPLE},          {"/mirror/add-checkpoint", true, SAMPLE},
    {"/mirror/add-entries", true, SAMPLE},  {"/rb/v1/bodies", true, SAMPLE},
    {"/rb/v1/add-cosignatures", true, NOTES}, {"/rb/v1/held", true, NOTES},
    {"/rb/v1/evidence", true, EVIDENCE},    {"/rb/v1/advance", true, ADVANCE},
    {"/rb/v1/branch", true, SAMPLE},
    {"/rb/v1/heads", false, NOTHING},       {"/rb/v1/held", false, NOTHING},
    {"/rb/v1/evidence", false, NOTHING},    {"/rb/v1/branch", false, NOTHING},
    {"/rb/v1/cosignatures", false, NOTHING}, {"/rb/v1/news", false, NOTHING},
    {"/rb/v1/feed", false, NOTHING},        {"/rb/v1/body", false, NOTHING},
    {"/rb/v1/invitations", false, NOTHING}, {"/rb/v1/nonsense", false, NOTHING},
};

static const struct rb_feed *feed_of(size_t who, size_t member) {
    struct rb_channel_view v;
    FUZZ_CHECK(rb_node_channel_by_id(world->p[who].rb, channel, &v));
    return rb_book_feed(v.book, (uint16_t)member, 0);
}

/* A checkpoint that the feed's own log key signed: true, or of another history; perhaps cosigned. */
static void put_note(struct rb_writer *w, size_t who) {
    static uint8_t text[512], message[768];
    const uint8_t how = u8();
    const struct rb_feed *f = feed_of(who, how & 1);
    struct rb_writer t = rb_writer(text, sizeof text), m = rb_writer(message, sizeof message);
    struct rb_vkey log, mirror;
    struct rb_hash root;
    char name[96];
    uint8_t sig[72];
    uint64_t size = 1 + u8() % (f->tree.size + ((how & 2) ? 4 : 0));
    rb_tree_root(&f->tree, size <= f->tree.size ? size : f->tree.size, &root);
    if (how & 4) root.b[0] ^= 1;
    const struct rb_slice origin = rb_slice(f->origin, f->origin_n);
    rb_checkpoint_text(origin, size, &root, &t);
    rb_ed25519_sign(&world->p[how & 1].log[0], rb_written(&t), sig);
    rb_vkey_make(origin, RB_SIG_ED25519, &f->log_key, &log);
    rb_put_slice(w, rb_written(&t));
    rb_put_u8(w, '\n');
    if ((how & 8) == 0) rb_note_sig_encode(&log, rb_slice(sig, 64), w);
    if ((how & 16) == 0) return;
    const struct fn_party *by = &world->p[(how & 32) ? who : 1 - who];
    struct rb_hash party;
    struct rb_writer nw = rb_writer(name, sizeof name), sw = rb_writer(sig, 8);
    rb_party_hash(&by->party.pub, &party);
    rb_put_z(&nw, "readback/");
    rb_put_hex(&nw, party.b, sizeof party.b);
    rb_put_z(&nw, "/mirror");
    rb_put_u64(&sw, (uint64_t)utc / 1000 + u8());
    rb_cosignature_message((uint64_t)utc / 1000, rb_written(&t), &m);
    rb_ed25519_sign(&by->mirror, rb_written(&m), sig + 8);
    rb_vkey_make(rb_written(&nw), RB_SIG_COSIGNATURE_V1, &by->mirror.pub, &mirror);
    rb_note_sig_encode(&mirror, rb_slice(sig, 72), w);
}

/* a leaf that is on some disk, as an advance copy of either feed at any place */
static void put_advance(struct rb_writer *w, size_t who) {
    const struct fn_party *p = &world->p[u8() % 2];
    const struct rb_feed *f = feed_of(who, u8() % 2);
    size_t skip = u8() % 32;
    rb_put_u32(w, (uint32_t)f->origin_n);
    rb_put(w, f->origin, f->origin_n);
    rb_put_u64(w, u8());
    for (size_t i = 0; i < p->items_n; i++)
        if (p->items[i].ef.u.store.item == RB_ITEM_LEAF && p->items[i].ef.u.store.leaf.p != NULL && skip-- == 0)
            rb_put_slice(w, p->items[i].ef.u.store.leaf);
}

static void put_evidence(struct rb_writer *w, size_t who) {
    static uint8_t notes[2][2048];
    struct rb_fork fork = {0};
    struct rb_writer a = rb_writer(notes[0], sizeof notes[0]), b = rb_writer(notes[1], sizeof notes[1]);
    put_note(&a, who);
    put_note(&b, who);
    fork.note_a = rb_written(&a);
    fork.note_b = rb_written(&b);
    fork.other_root.b[0] = u8();
    fork.proof.n = u8() % 3;
    rb_fork_encode(&fork, w);
}

static struct rb_slice form_of(enum form form, size_t who) {
    static uint8_t room[MAX_BODY], note[2048];
    struct rb_writer w = rb_writer(room, sizeof room);
    if (form == SAMPLE) {
        const struct sample *a = &samples[u8() % samples_n];
        rb_put(&w, a->body, a->n);
    }
    for (size_t k = form == NOTES ? 1 + u8() % 3 : 0; k > 0; k--) {
        struct rb_writer one = rb_writer(note, sizeof note);
        put_note(&one, who);
        rb_put_u32(&w, (uint32_t)one.n);
        rb_put_slice(&w, rb_written(&one));
    }
    if (form == EVIDENCE) put_evidence(&w, who);
    if (form == ADVANCE) put_advance(&w, who);
    return w.over ? rb_slice(NULL, 0) : rb_written(&w);
}

static struct rb_slice query_of(size_t who) {
    static uint8_t room[512];
    struct rb_writer w = rb_writer(room, sizeof room);
    const struct rb_feed *f = feed_of(who, u8() % 2);
    struct rb_hash h;
    rb_sha256(rb_slice(f->origin, f->origin_n), &h);
    rb_put_z(&w, "channel=");
    rb_put_hex(&w, channel, sizeof channel);
    rb_put_z(&w, "&origin=");
    rb_put_hex(&w, h.b, sizeof h.b);
    rb_put_z(&w, "&from=");
    rb_put_dec(&w, u8() % 16);
    rb_put_z(&w, "&old=");
    rb_put_dec(&w, u8() % 16);
    rb_put_z(&w, "&above=");
    rb_put_dec(&w, u8() % 16);
    rb_put_z(&w, "&have=00000000000000000000000000000000");
    return rb_written(&w);
}

static void ask(size_t who) {
    const struct endpoint *e = &endpoints[u8() % (sizeof endpoints / sizeof *endpoints)];
    const uint8_t how = u8();
    struct rb_event ev = {.type = RB_EV_RECV};
    ev.u.recv.conn = ++conn;
    ev.u.recv.has_peer = (how & 15) != 15;
    rb_party_hash(&world->p[(how & 15) == 14 ? who : 1 - who].party.pub, &ev.u.recv.peer);
    ev.u.recv.post = (how & 16) ? !e->post : e->post;
    ev.u.recv.path = rb_str(e->path);
    ev.u.recv.query = query_of(who);
    const struct rb_slice body = form_of(e->form, who);
    ev.u.recv.body = (how & 32) ? mutate(body.p, body.n) : body;
    step(who, &ev);
}

static void respond(size_t who) {
    static const int statuses[] = {0, 200, 202, 409, 404, 422, 503, 200};
    static const char *const words[] = {"0\n0\n\n", "9\n4\n\n", "4\n4\n\n", "99999\n99999\n\n", ""};
    struct side *s = &sides[who];
    struct rb_event ev = {.type = RB_EV_RESPONSE};
    if (s->requests_n == 0) return;
    ev.u.response.request = s->request[--s->requests_n];
    ev.u.response.status = statuses[u8() % 8];
    ev.u.response.heads = rb_str("00000000000000000000000000000000");
    uint8_t how = u8();
    const struct sample *a = &samples[u8() % samples_n];
    struct rb_slice word = rb_str(words[how % 5]);
    ev.u.response.body = how & 128 ? mutate(a->body, a->n) : mutate(word.p, word.n);
    ev.u.response.reason = "refused";
    step(who, &ev);
}

static void loaded(size_t who) {
    struct side *s = &sides[who];
    struct rb_event ev = {.type = RB_EV_LOADED};
    static const uint8_t leaf[] = {0xd2, 0x84};
    if (s->loads_n == 0) return;
    ev.u.loaded.token = s->load[--s->loads_n];
    ev.u.loaded.leaf = rb_slice(leaf, sizeof leaf);
    ev.u.loaded.item = RB_ITEM_LEAF;
    uint8_t how = u8();
    if (how & 8) { /* bytes of a body: none, some, too many */
        ev.u.loaded.item = RB_ITEM_BODY;
        ev.u.loaded.leaf = rb_slice(fn_last.cipher, how & 16 ? fn_last.cipher_n : u16() % fn_last.cipher_n);
    }
    for (size_t k = how % 8; k > 0; k--) step(who, &ev);
    ev.u.loaded.item = RB_ITEM_END;
    step(who, &ev);
}

static void submit(size_t who) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    const struct sample *a = &samples[u8() % samples_n];
    const struct fn_party *other = &world->p[1 - who];
    struct rb_signer signer = {0};
    ev.u.submit.token = 7;
    ev.u.submit.what = (enum rb_submit)(u8() % (RB_SUBMIT_PROBED + 1));
    memcpy(ev.u.submit.channel, channel, 16);
    rb_key_id(&world->p[who].officer[0].pub, signer.kid);
    ev.u.submit.signers = &signer;
    ev.u.submit.signers_n = u8() % 2;
    struct rb_slice some = u8() % 2 ? mutate(other->card, other->card_n) : mutate(a->body, a->n);
    ev.u.submit.payload = ev.u.submit.leaf = ev.u.submit.delegation = ev.u.submit.card = some;
    struct rb_channel_view v;
    FUZZ_CHECK(rb_node_channel_by_id(world->p[who].rb, channel, &v));
    const struct rb_feed *f = rb_book_feed(v.book, u8() % 2, 0);
    ev.u.submit.record = f->facts[u8() % f->facts_n].id; /* PURGE; PROBED: any 32 bytes */
    ev.u.submit.sealed = rb_slice(fn_last.cipher, fn_last.cipher_n);
    ev.u.submit.head = rb_slice(fn_last.head, fn_last.head_n);
    ev.u.submit.from_utc_ms = utc - 1000;
    ev.u.submit.to_utc_ms = utc;
    step(who, &ev);
}

/* the answer to an OPEN: well where its body is the one sealed last, else whatever the input says */
static void opened(size_t who) {
    static const enum rb_err errs[] = {RB_OK, RB_ERR_STATE, RB_ERR_PROOF, RB_ERR_SIGNATURE,
                                       RB_ERR_NOT_FOUND, RB_ERR_IO, RB_ERR_MALFORMED, RB_OK};
    struct side *s = &sides[who];
    struct rb_event ev = {.type = RB_EV_OPENED};
    if (s->opens_n == 0) return;
    ev.u.opened.token = s->open[--s->opens_n].u.open.token;
    uint8_t how = u8();
    const struct head *h = &heads[(how >> 4) % heads_n];
    for (size_t i = 0; i < heads_n; i++)
        if (rb_hash_eq(&heads[i].hash, &s->open[s->opens_n].u.open.body.hash)) h = &heads[i];
    ev.u.opened.err = errs[how % 8];
    ev.u.opened.head = how & 8 ? mutate(h->head, h->head_n) : rb_slice(h->head, h->head_n);
    step(who, &ev);
}

/* a closed record, well made, with this or that left out or changed */
static void release(size_t who) {
    static uint8_t mem[1 << 17], commitments[64], tbs[1 << 17];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_record *rec = rb_arena_alloc(&a, sizeof *rec);
    const struct head *h = &heads[u8() % heads_n];
    struct rb_writer c = rb_writer(commitments, sizeof commitments), t = rb_writer(tbs, sizeof tbs);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    struct rb_slice payload;
    struct rb_signer signer = {0};
    struct rb_channel_view v;
    enum rb_mark mark;
    uint8_t how = u8();
    rb_commitments_encode(&h->commitment, 1, &c);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = (enum rb_precedence)(how % 4);
    rec->closed = true;
    rec->recipients = how & 4 ? 3 : u8();
    rec->ciphertext_hash = h->hash;
    rec->ciphertext_size = h->cipher_n;
    rec->commitments_n = 1;
    rec->commitments = rb_written(&c);
    struct rb_now now = {mono, utc};
    if (rb_node_compose(world->p[who].rb, channel, now, rec, rb_slice(NULL, 0), &a, &payload, &mark, NULL)) return;
    FUZZ_CHECK(rb_node_channel_by_id(world->p[who].rb, channel, &v));
    rb_key_id(&world->p[who].officer[0].pub, signer.kid);
    rb_record_tbs(payload, rb_slice(v.own_feed->origin, v.own_feed->origin_n), signer.kid, 1, &t);
    rb_ed25519_sign(&world->p[who].officer[0], rb_written(&t), signer.sig);
    ev.u.submit.token = 7;
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, channel, 16);
    ev.u.submit.payload = payload;
    ev.u.submit.signers = &signer;
    ev.u.submit.signers_n = 1;
    if (how & 8) ev.u.submit.sealed = how & 64 ? mutate(h->cipher, h->cipher_n) : rb_slice(h->cipher, h->cipher_n);
    ev.u.submit.head = rb_slice(h->head, how & 16 ? h->head_n : u8());
    step(who, &ev);
}

/* a place near some few points, of any class, over or to come, in the stead of anything */
static struct rb_volume place(void) {
    static struct rb_point line[4];
    uint8_t how = u8();
    struct rb_volume v = {.shape = (enum rb_shape)(how % 3), .edges = (enum rb_edges)(how >> 2 & 1)};
    for (size_t i = 0; i < 4; i++)
        line[i] = (struct rb_point){(int64_t)(u8() % 8) * 22500000000 - 90000000000 + u8(), (int64_t)u8() * 1000000000};
    v.center = line[0];
    v.vertices = line;
    v.vertices_n = v.shape == RB_SHAPE_CIRCLE ? 0 : 2 + how % 3;
    v.radius_mm = v.shape == RB_SHAPE_POLYGON ? 0 : 1 + (uint64_t)u8() * 100000;
    v.floor.open = v.ceiling.open = true;
    v.has_to = (how & 32) != 0;
    v.to_utc_ms = utc + u16() - 1000;
    return v;
}

static void notice(size_t who) {
    static uint8_t mem[1 << 17], body[4096], tbs[1 << 17];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_record *rec = rb_arena_alloc(&a, sizeof *rec);
    struct rb_writer b = rb_writer(body, sizeof body), t = rb_writer(tbs, sizeof tbs);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    struct rb_signer signer = {0};
    struct rb_channel_view v;
    struct rb_slice payload;
    enum rb_mark mark;
    uint8_t how = u8();
    struct rb_volume at = place();
    struct rb_notice no = {.class_ = (enum rb_notice_class)(how % 5), .title = rb_str("a place"), .volumes_n = 1};
    no.volumes = &at;
    rb_notice_encode(&no, &b);
    FUZZ_CHECK(rb_node_channel_by_id(world->p[who].rb, channel, &v));
    const struct rb_feed *f = rb_book_feed(v.book, (uint16_t)who, 0);
    rec->kind = RB_KIND_NOTICE;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    rec->refs[RB_REF_SUPERSEDES].n = how >> 3 & 1;
    rec->refs[RB_REF_SUPERSEDES].h[0] = f->facts[u8() % f->facts_n].id;
    struct rb_now now = {mono, utc};
    if (rb_node_compose(world->p[who].rb, channel, now, rec, rb_slice(NULL, 0), &a, &payload, &mark, NULL)) return;
    rb_key_id(&world->p[who].officer[0].pub, signer.kid);
    rb_record_tbs(payload, rb_slice(v.own_feed->origin, v.own_feed->origin_n), signer.kid, 1, &t);
    rb_ed25519_sign(&world->p[who].officer[0], rb_written(&t), signer.sig);
    ev.u.submit.token = 7;
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, channel, 16);
    ev.u.submit.payload = payload;
    ev.u.submit.signers = &signer;
    ev.u.submit.signers_n = 1;
    ev.u.submit.despite = (how & 16) != 0;
    step(who, &ev);
}

#include "fuzz_talk.h"

/* the places can be listed, and a plan compared with them */
static void look_at_places(size_t who) {
    static uint8_t mem[1 << 20];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_volume at = {.shape = RB_SHAPE_CIRCLE, .radius_mm = 5000000};
    struct rb_node_plan plan = {.author = (uint16_t)who, .volumes_n = 1, .volumes = &at};
    struct rb_conflicts found;
    struct rb_place_view v;
    int64_t again;
    at.floor.open = at.ceiling.open = true;
    size_t n = rb_node_places(world->p[who].rb, channel, utc);
    for (size_t i = 0; i < n; i++) FUZZ_CHECK(rb_node_place(world->p[who].rb, channel, i, utc, &v));
    enum rb_err err = rb_node_check(world->p[who].rb, channel, &plan, utc, &a, &found, &again, NULL);
    FUZZ_CHECK(err == RB_OK || err == RB_ERR_BUSY);
}

static void pass(size_t who) {
    struct rb_event ev = {.type = RB_EV_TIMER};
    uint8_t how = u8();
    uint64_t ms = (uint64_t)u16() << (how % 12);
    mono += ms;
    utc += (int64_t)ms;
    if (how & 128) utc += ((int64_t)u16() - 32768) * 100000000;
    step(who, &ev);
}

static void closed(size_t who) {
    struct rb_event ev = {.type = RB_EV_CLOSED};
    ev.u.closed.conn = conn - u8() % 4;
    step(who, &ev);
}

static void one_event(uint8_t op) {
    size_t who = op & 1;
    switch (op >> 1 & 15) {
    case 0: case 1: receive(who); break;
    case 2: case 3: ask(who); break;
    case 4: case 5: respond(who); break;
    case 6: loaded(who); break;
    case 7: if (in_n && in[0] & 1) release(who); else submit(who); break;
    case 8: case 9: pass(who); break;
    case 10: closed(who); break;
    case 11: sign(who, false); break;
    case 12: sign(who, true); break;
    case 13: opened(who); break;
    case 14: notice(who); break;
    default: commit(who); break;
    }
}

/* ops of talk; what is in none of them is as elsewhere */
static void one_talk(uint8_t op) {
    const size_t who = op & 1;
    switch (op >> 5) {
    case 0: one_event(op); break;
    case 1: deliver(who); break;
    case 2: look(who); break;
    case 3: settle(); break;
    case 4: pass(who); break;
    default: talk(who); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (world == NULL) build_world();
    put_back();
    begin();
    in = data;
    in_n = n;
    const bool talking = in_n > 0 && in[0] == 255;
    if (talking) (void)u8();
    for (size_t k = 0; k < MAX_EVENTS && in_n > 0; k++)
        if (talking)
            one_talk(u8());
        else
            one_event(u8());
    if (talking) settle();
    for (size_t i = 0; i < 2; i++) {
        const struct rb_situation *s;
        commit(i);
        while (sides[i].signs_n) sign(i, true);
        struct rb_channel_view v;
        FUZZ_CHECK(rb_node_situation(world->p[i].rb, channel, utc, &s) == RB_OK);
        FUZZ_CHECK(rb_node_channel_by_id(world->p[i].rb, channel, &v));
        ff_same(v.book, utc, s);
        look_at_places(i);
    }
    return 0;
}
