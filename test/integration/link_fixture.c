#include "link_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static void put_text(char *out, size_t cap, struct rb_slice s) {
    struct rb_writer w = rb_writer(out, cap);
    rb_put_slice(&w, s);
    (void)rb_writer_z(&w);
}

static bool on_peer(void *ctx, const struct rb_key *tls, struct rb_hash *party) {
    struct party *p = ctx;
    for (size_t i = 0; i < 3; i++)
        if (&p->w->p[i] != p && rb_key_eq(&p->w->p[i].tls.pub, tls)) {
            *party = p->w->p[i].hash;
            return true;
        }
    return false;
}

static void on_recv(void *ctx, uint64_t conn, const struct rb_hash *peer, bool post,
                    struct rb_slice path, struct rb_slice query, struct rb_slice body) {
    struct party *p = ctx;
    assert_false(p->w->in_call);
    p->asked++;
    p->conn = conn;
    p->peer = *peer;
    p->post = post;
    put_text(p->path, sizeof p->path, path);
    put_text(p->query, sizeof p->query, query);
    p->body_n = body.n;
    if (p->behaviour == HOLD) return;
    if (p->answer_n == 0) {
        fix_respond(p, conn, 200, body);
        return;
    }
    uint8_t *big = malloc(p->answer_n);
    memset(big, 'x', p->answer_n);
    fix_respond(p, conn, 200, rb_slice(big, p->answer_n));
    free(big);
}

static void on_closed(void *ctx, uint64_t conn) {
    struct party *p = ctx;
    assert_false(p->w->in_call);
    p->closed++;
    p->closed_conn = conn;
}

static void on_response(void *ctx, uint64_t request, int status, struct rb_slice type,
                        struct rb_slice body, struct rb_slice heads, const char *reason) {
    struct party *p = ctx;
    assert_false(p->w->in_call);
    assert_true(request < 64);
    struct outcome *o = &p->out[request];
    o->n++;
    o->status = status;
    o->body_n = body.n;
    o->first = body.n > 0 ? body.p[0] : 0;
    o->last = body.n > 0 ? body.p[body.n - 1] : 0;
    put_text(o->reason, sizeof o->reason, rb_str(reason));
    put_text(o->heads, sizeof o->heads, heads);
    put_text(o->type, sizeof o->type, type);
}

static void on_log(void *ctx, int level, const char *line) {
    (void)level;
    (void)ctx;
    if (getenv("LINK_TEST_LOG") != NULL) fprintf(stderr, "%s\n", line);
}

void fix_card(struct party *p, const char *a, const char *b) {
    struct rb_card c = {.handle = rb_str("party"), .party = p->party.pub, .version = 1};
    struct rb_seckey other;
    uint8_t seed[RB_SEED_LEN], payload[4096], tbs[4200], sig[RB_SIG_LEN];
    c.issued_utc_ms = 1443618000000;
    c.names_n = 1;
    c.names[0].language = rb_str("en");
    c.names[0].name = rb_str("Party");
    memset(seed, p->party.seed[0], sizeof seed);
    struct rb_key *keys[3] = {&c.mirror, &c.node, &c.officers[0].key};
    for (size_t i = 0; i < 3; i++) {
        seed[1] = (uint8_t)(100 + i);
        rb_ed25519_from_seed(seed, &other);
        *keys[i] = other.pub;
    }
    c.tls = p->tls.pub;
    rb_age_identity_from_seed(seed, &c.age);
    c.officers_n = 1;
    c.officers[0].name = rb_str("duty");
    if (a != NULL) c.addresses[c.addresses_n++] = rb_str(a);
    if (b != NULL) c.addresses[c.addresses_n++] = rb_str(b);
    struct rb_writer w = rb_writer(payload, sizeof payload), t = rb_writer(tbs, sizeof tbs),
                     out = rb_writer(p->card, sizeof p->card);
    rb_card_encode(&c, &w);
    rb_party_tbs(rb_written(&w), &p->party.pub, &t);
    rb_ed25519_sign(&p->party, rb_written(&t), sig);
    assert_int_equal(rb_party_assemble(rb_written(&w), &p->party.pub, sig, &out), RB_OK);
    p->card_n = out.n;
}

struct party *fix_party(struct world *w, size_t i, unsigned char seed) {
    struct party *p = &w->p[i];
    uint8_t s[RB_SEED_LEN];
    memset(p, 0, sizeof *p);
    memset(s, seed, sizeof s);
    rb_ed25519_from_seed(s, &p->party);
    s[0] ^= 0x80;
    rb_ed25519_from_seed(s, &p->tls);
    rb_party_hash(&p->party.pub, &p->hash);
    p->w = w;
    return p;
}

void fix_open_with(struct party *p, const struct rb_link_config *given) {
    const struct rb_link_ops ops = {p, on_peer, on_recv, on_closed, on_response, on_log};
    struct rb_link_config cfg = *given;
    char why[200] = "";
    cfg.tls = p->tls;
    enum rb_err err = rb_link_open(p->w->base, &cfg, &ops, &p->link, why, sizeof why);
    if (err != RB_OK) fprintf(stderr, "%s\n", why);
    assert_int_equal(err, RB_OK);
    if (cfg.listen_n > 0) fix_card_here(p);
}

void fix_open_at(struct party *p, uint16_t port) {
    char at[32];
    snprintf(at, sizeof at, "127.0.0.1:%u", (unsigned)port);
    struct rb_link_config cfg = {.listen = {at}, .listen_n = 1};
    fix_open_with(p, &cfg);
}

void fix_open(struct party *p) { fix_open_at(p, 0); }

void fix_card_here(struct party *p) {
    char at[32];
    snprintf(at, sizeof at, "127.0.0.1:%u", (unsigned)rb_link_port(p->link));
    fix_card(p, at, NULL);
}

void fix_request_path(struct party *from, struct party *to, uint64_t id, const char *path,
                      const void *body, size_t n, uint32_t timeout_ms) {
    struct rb_effect ef = {.type = RB_EF_REQUEST};
    ef.u.request.request = id;
    ef.u.request.peer = to->hash;
    ef.u.request.card = rb_slice(to->card, to->card_n);
    ef.u.request.post = body != NULL;
    ef.u.request.path = rb_str(path);
    ef.u.request.body = rb_slice(body, n);
    ef.u.request.timeout_ms = timeout_ms;
    from->w->in_call = true;
    assert_int_equal(rb_link_request(from->link, &ef), RB_OK);
    from->w->in_call = false;
}

void fix_respond(struct party *p, uint64_t conn, int status, struct rb_slice body) {
    struct rb_effect ef = {.type = RB_EF_RESPOND};
    ef.u.respond.conn = conn;
    ef.u.respond.status = status;
    ef.u.respond.content_type = "text/x.test";
    ef.u.respond.body = body;
    memcpy(ef.u.respond.heads, "00112233445566778899aabbccddeeff", 33);
    p->w->in_call = true;
    rb_link_respond(p->link, &ef);
    p->w->in_call = false;
}

bool fix_wait(struct world *w, const unsigned *counter, unsigned want, unsigned ms) {
    uint64_t end = now_ms() + ms;
    while (*counter < want && now_ms() < end) {
        struct timeval tv = {0, 5000};
        event_base_loopexit(w->base, &tv);
        event_base_loop(w->base, EVLOOP_ONCE);
    }
    return *counter >= want;
}

void fix_spin(struct world *w, unsigned ms) {
    const unsigned never = 0;
    (void)fix_wait(w, &never, 1, ms);
}

void fix_close(struct party *p) {
    p->w->in_call = true;
    rb_link_close(p->link);
    p->w->in_call = false;
    p->link = NULL;
}
