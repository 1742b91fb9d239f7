#include "link_fixture.h"
#include "link_raw.h"
#include "link_stranger.h"
#include "http.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

static struct world world;
static struct party *a, *b, *c;

static int setup(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    assert_int_equal(rb_crypto_init(), RB_OK);
    world.base = event_base_new();
    assert_non_null(world.base);
    assert_int_equal(event_base_priority_init(world.base, 3), 0); /* as a node's */
    a = fix_party(&world, 0, 1);
    b = fix_party(&world, 1, 2);
    c = fix_party(&world, 2, 3);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++)
        if (world.p[i].link != NULL) fix_close(&world.p[i]);
    event_base_free(world.base);
    return 0;
}

static void request(struct party *from, struct party *to, uint64_t id, const char *body) {
    fix_request_path(from, to, id, "/rb/v1/push?channel=00", body, strlen(body), 5000);
}

static void expect(struct party *p, uint64_t id, int status, const char *reason) {
    assert_true(fix_wait(&world, &p->out[id].n, 1, 8000));
    assert_string_equal(p->out[id].reason, reason);
    assert_int_equal(p->out[id].status, status);
    assert_int_equal(p->out[id].n, 1);
}

/* ---- between two links ---------------------------------------------------------------------- */
static void test_round_trip(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    request(a, b, 1, "hello");
    request(b, a, 2, "goodbye");
    expect(a, 1, 200, "");
    expect(b, 2, 200, "");
    assert_int_equal(a->out[1].body_n, 5);
    assert_int_equal(b->out[2].last, 'e');
    assert_string_equal(a->out[1].heads, "00112233445566778899aabbccddeeff");
    assert_string_equal(a->out[1].type, "text/x.test");
    assert_string_equal(b->path, "/rb/v1/push");
    assert_string_equal(b->query, "channel=00");
    assert_true(b->post && rb_hash_eq(&b->peer, &a->hash) && rb_hash_eq(&a->peer, &b->hash));
    fix_request_path(a, b, 3, "/x/checkpoint", NULL, 0, 5000);
    expect(a, 3, 200, "");
    assert_false(b->post);
    assert_int_equal(a->out[3].body_n, 0);
    struct rb_link_stats s;
    rb_link_stats(b->link, &s);
    assert_int_equal(s.conns_in, 1); /* kept */
    assert_int_equal(s.requests_in, 2);
}

static void test_large_bodies(void **state) {
    (void)state;
    const size_t n = 20u << 20;
    uint8_t *body = malloc(n);
    memset(body, 'u', n);
    body[n - 1] = 'z';
    fix_open(a);
    fix_open(b);
    fix_request_path(a, b, 1, "/x/add-entries", body, n, 8000);
    expect(a, 1, 200, "");
    assert_int_equal(b->body_n, n);
    assert_int_equal(a->out[1].body_n, n);
    assert_int_equal(a->out[1].last, 'z');
    free(body);
}

/* What is to be done again and again: with the last priority, as a commit, or before */
struct last {
    struct event *ev;
    unsigned n;
};

static void on_last(evutil_socket_t fd, short what, void *arg) {
    const struct timeval now = {0};
    struct last *l = arg;
    (void)fd, (void)what;
    l->n++;
    assert_int_equal(event_add(l->ev, &now), 0);
}

/* While many bytes go and come whatever waits for the loop to have nothing else to do has its turn, too, and
 * not less often than a piece of them moves. */
static void test_large_bodies_come_last(void **state) {
    (void)state;
    const size_t n = 20u << 20, pieces = n / (64u << 10);
    uint8_t *body = calloc(1, n);
    struct last last = {0};
    fix_open(a);
    fix_open(b);
    request(a, b, 1, "hello"); /* they are connected */
    expect(a, 1, 200, "");
    last.ev = event_new(world.base, -1, 0, on_last, &last);
    assert_int_equal(event_priority_set(last.ev, 2), 0);
    fix_request_path(a, b, 2, "/x/add-entries", body, n, 8000);
    on_last(-1, 0, &last);
    expect(a, 2, 200, "");
    assert_int_equal(a->out[2].body_n, n);
    assert_true(last.n > pieces);
    event_free(last.ev);
    free(body);
}

/* There is always something else to be done: they come all the same. */
static void test_large_bodies_come(void **state) {
    (void)state;
    const size_t n = 4u << 20;
    uint8_t *body = calloc(1, n);
    struct last other = {0};
    fix_open(a);
    fix_open(b);
    other.ev = event_new(world.base, -1, 0, on_last, &other);
    on_last(-1, 0, &other);
    fix_request_path(a, b, 1, "/x/add-entries", body, n, 8000);
    expect(a, 1, 200, "");
    assert_int_equal(b->body_n, n);
    assert_int_equal(a->out[1].body_n, n);
    event_free(other.ev);
    free(body);
}

static void test_bytes_counted(void **state) {
    (void)state;
    struct rb_link_stats sa, sb;
    fix_open(a);
    fix_open(b);
    request(a, b, 1, "hello");
    expect(a, 1, 200, "");
    rb_link_stats(a->link, &sa);
    rb_link_stats(b->link, &sb);
    assert_true(sa.bytes_out > 500 && sa.bytes_out < 3000); /* with the handshake */
    assert_int_equal(sa.bytes_out, sb.bytes_in);
    assert_int_equal(sa.bytes_in, sb.bytes_out);
    uint64_t before = sa.bytes_out + sa.bytes_in;
    request(a, b, 2, "hello");
    expect(a, 2, 200, "");
    rb_link_stats(a->link, &sa);
    uint64_t trip = sa.bytes_out + sa.bytes_in - before;
    assert_true(trip > 10 && trip < 400); /* heads, two records, no more */
    assert_int_equal(sa.requests_out, 2);
    assert_int_equal(sa.conns_out, 1);
}

static void test_many_in_order(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    for (uint64_t i = 1; i <= 20; i++) request(a, b, i, "x");
    for (uint64_t i = 1; i <= 20; i++) expect(a, i, 200, "");
    assert_int_equal(b->asked, 20);
}

static void test_wrong_client_key(void **state) {
    (void)state;
    struct rb_link_stats s;
    fix_open(a);
    fix_open(b);
    memset(b->tls.pub.b, 7, sizeof b->tls.pub.b); /* a expects another key of b */
    request(b, a, 1, "hello");
    expect(b, 1, 0, "our key not accepted");
    assert_int_equal(a->asked, 0);
    rb_link_stats(a->link, &s);
    assert_int_equal(s.handshakes_failed, 1);
}

static void test_wrong_server_key(void **state) {
    (void)state;
    struct rb_link_stats s;
    fix_open(a);
    fix_open(b);
    struct rb_seckey real = a->tls;
    uint8_t seed[RB_SEED_LEN] = {99};
    rb_ed25519_from_seed(seed, &a->tls);
    fix_card_here(a); /* the card that b pinned names another key */
    request(b, a, 1, "hello");
    expect(b, 1, 0, "key not pinned");
    assert_int_equal(a->asked, 0);
    rb_link_stats(b->link, &s);
    assert_int_equal(s.handshakes_failed, 1);
    a->tls = real; /* the right card: the next request goes through */
    fix_card_here(a);
    request(b, a, 2, "hello");
    expect(b, 2, 200, "");
}

/* A new key on the card: connections made by the old one serve nobody any more. */
static void test_card_changes(void **state) {
    (void)state;
    struct rb_link_stats st;
    uint8_t seed[RB_SEED_LEN] = {55};
    fix_open(a);
    fix_open(b);
    uint16_t port = rb_link_port(a->link);
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    fix_close(a);
    rb_ed25519_from_seed(seed, &a->tls);
    fix_open_at(a, port);
    request(b, a, 2, "x"); /* with the new card, on a connection that b still thinks is alive */
    expect(b, 2, 200, "");
    rb_link_stats(b->link, &st);
    assert_int_equal(st.conns_out, 1);
    a->card[a->card_n / 2] ^= 1; /* a card that does not verify */
    request(b, a, 3, "x");
    expect(b, 3, 0, "no address");
    assert_int_equal(a->asked, 2); /* counted by the fixture, across both links */
}

static void test_no_way_there(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    fix_card(a, NULL, NULL);
    request(b, a, 1, "x");
    assert_int_equal(b->out[1].n, 0); /* never from within the call */
    expect(b, 1, 0, "no address");
    char dead[32], here[32];
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening: refused */
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sin;
    assert_int_equal(bind(fd, (struct sockaddr *)&sin, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
    snprintf(dead, sizeof dead, "127.0.0.1:%u", ntohs(sin.sin_port));
    snprintf(here, sizeof here, "127.0.0.1:%u", rb_link_port(a->link));
    fix_card(a, dead, NULL);
    request(b, a, 2, "x");
    expect(b, 2, 0, "refused");
    fix_card(a, dead, here); /* the second address serves */
    request(b, a, 3, "x");
    expect(b, 3, 200, "");
    close(fd);
}

/* An address that takes connections and never speaks leaves time for the next. */
static void test_black_hole(void **state) {
    (void)state;
    char hole[32], here[32];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sin;
    assert_int_equal(bind(fd, (struct sockaddr *)&sin, n), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
    fix_open(a);
    fix_open(b);
    snprintf(hole, sizeof hole, "127.0.0.1:%u", ntohs(sin.sin_port));
    snprintf(here, sizeof here, "127.0.0.1:%u", rb_link_port(a->link));
    fix_card(a, hole, here);
    fix_request_path(b, a, 1, "/p", "x", 1, 600);
    expect(b, 1, 200, "");
    fix_close(b);
    fix_open(b);
    fix_card(a, hole, NULL);
    fix_request_path(b, a, 2, "/p", "x", 1, 300);
    expect(b, 2, 0, "timed out");
    close(fd);
}

static void test_name(void **state) {
    (void)state;
    char at[40];
    fix_open(a);
    fix_open(b);
    snprintf(at, sizeof at, "localhost:%u", rb_link_port(a->link));
    fix_card(a, at, NULL);
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    fix_card(a, "no port here", NULL);
    request(b, a, 2, "x");
    expect(b, 2, 0, "no address");
}

static void test_held(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    a->behaviour = HOLD;
    fix_request_path(b, a, 1, "/rb/v1/news?channel=00", NULL, 0, 5000);
    assert_true(fix_wait(&world, &a->asked, 1, 3000));
    uint64_t held = a->conn;
    a->behaviour = ANSWER;
    request(b, a, 2, "not behind the held one");
    expect(b, 2, 200, "");
    assert_int_equal(b->out[1].n, 0);
    fix_respond(a, held, 200, rb_str("news"));
    expect(b, 1, 200, "");
    assert_int_equal(b->out[1].body_n, 4);
    assert_int_equal(a->closed, 0);
    fix_respond(a, held, 200, rb_str("twice")); /* of no effect */
    request(b, a, 3, "x");
    expect(b, 3, 200, "");
}

/* one held request a channel, none behind another */
static void test_many_held(void **state) {
    (void)state;
    struct rb_link_stats st;
    fix_open(a);
    fix_open(b);
    a->behaviour = HOLD;
    for (uint64_t i = 1; i <= 20; i++) fix_request_path(b, a, i, "/rb/v1/news", NULL, 0, 5000);
    assert_true(fix_wait(&world, &a->asked, 20, 5000));
    rb_link_stats(a->link, &st);
    assert_int_equal(st.conns_in, 20);
    fix_close(a);
    for (uint64_t i = 1; i <= 20; i++) expect(b, i, 0, "closed early");
}

static void test_cancel_and_deadline(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    a->behaviour = HOLD;
    fix_request_path(b, a, 1, "/rb/v1/news", NULL, 0, 5000);
    assert_true(fix_wait(&world, &a->asked, 1, 3000));
    world.in_call = true;
    rb_link_cancel(b->link, 1);
    rb_link_cancel(b->link, 1);
    rb_link_cancel(b->link, 63); /* nothing of that number */
    world.in_call = false;
    expect(b, 1, 0, "cancelled");
    assert_true(fix_wait(&world, &a->closed, 1, 3000));
    assert_int_equal(a->closed_conn, a->conn);
    fix_request_path(b, a, 2, "/slow", "x", 1, 150);
    fix_request_path(b, a, 3, "/behind", "x", 1, 4000);
    assert_true(fix_wait(&world, &a->asked, 2, 3000));
    a->behaviour = ANSWER;
    expect(b, 2, 0, "timed out");
    expect(b, 3, 200, ""); /* what waited behind is not lost */
    assert_int_equal(a->closed, 2);
}

static void test_two_peers(void **state) {
    (void)state;
    fix_open(a);
    fix_open(b);
    fix_open(c);
    a->behaviour = HOLD;
    request(b, a, 1, "b");
    assert_true(fix_wait(&world, &a->asked, 1, 3000));
    uint64_t of_b = a->conn;
    assert_true(rb_hash_eq(&a->peer, &b->hash));
    request(c, a, 1, "c");
    assert_true(fix_wait(&world, &a->asked, 2, 3000));
    assert_true(rb_hash_eq(&a->peer, &c->hash));
    fix_respond(a, a->conn, 200, rb_str("for c"));
    fix_respond(a, of_b, 404, rb_str("for b!"));
    expect(b, 1, 404, "");
    expect(c, 1, 200, "");
    assert_int_equal(b->out[1].body_n, 6);
    assert_int_equal(c->out[1].body_n, 5);
}

static void test_server_dies(void **state) {
    (void)state;
    struct rb_link_stats s = {0};
    fix_open(a);
    fix_open(b);
    uint16_t port = rb_link_port(a->link);
    a->answer_n = 20u << 20;
    request(b, a, 1, "x");
    for (int i = 0; i < 1000 && s.bytes_in < 100000; i++) {
        event_base_loop(world.base, EVLOOP_ONCE);
        rb_link_stats(b->link, &s);
    }
    assert_int_equal(b->out[1].n, 0);
    fix_close(a); /* in the middle of its answer */
    expect(b, 1, 0, "closed early");
    a->answer_n = 0;
    request(b, a, 2, "x");
    expect(b, 2, 0, "refused");
    fix_open_at(a, port);
    request(b, a, 3, "x");
    expect(b, 3, 200, "");
    fix_close(a); /* while idle; b does not know yet, and sends once more by itself */
    fix_open_at(a, port);
    request(b, a, 4, "x");
    expect(b, 4, 200, "");
}

/* ---- strangers' bytes ------------------------------------------------------------------------ */
static void expect_status(struct stranger *s, struct rb_slice bytes, int status) {
    char want[20];
    const char *back = stranger_talk(s, bytes);
    snprintf(want, sizeof want, "HTTP/1.1 %d", status);
    if (strncmp(back, want, strlen(want)) != 0)
        fail_msg("%.*s...: wanted %s, got %s", (int)(bytes.n < 120 ? bytes.n : 120),
                 (const char *)bytes.p, want, back);
}

static void test_hostile_requests(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *bytes;
    } cases[] = {
        {200, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-length: 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 02\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n"
              "\r\n0\r\n\r\n"},
        {411, "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {411, "POST /p HTTP/1.1\r\nHost: a\r\n\r\n"},
        {413, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 25165825\r\n\r\n"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nX: 1\r\n Content-Length: 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nX: 1\rContent-Length: 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\nHost: a\r\nContent-Length: 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi"},
        {400, "POST /p HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"},
        {400, "GET /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"},
        {400, "GET /p HTTP/1.1\r\nHost: a\r\n\r\nGET /q HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET p HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET  /p HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET http://a/p HTTP/1.1\r\nHost: a\r\n\r\n"},
        {400, "GET /p"
              "\r\n\r\n"},
        {505, "GET /p HTTP/1.0\r\nHost: a\r\n\r\n"},
        {501, "PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
        {415, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n"},
        {417, "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"},
        {400, "\r\n\r\n"},
    };
    struct stranger s;
    struct rb_link_stats st;
    fix_open(a);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_status(&s, rb_str(cases[i].bytes), cases[i].status);
    assert_int_equal(a->asked, 1); /* the node saw the good one alone */
    rb_link_stats(a->link, &st);
    assert_int_equal(st.refused, sizeof cases / sizeof cases[0] - 1);
    stranger_stop(&s);
    fix_open(b);
    request(b, a, 1, "still here");
    expect(b, 1, 200, "");
}

static void test_long_heads(void **state) {
    (void)state;
    struct stranger s;
    static char big[20000];
    fix_open(a);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "");
    int n = snprintf(big, sizeof big, "GET /p HTTP/1.1\r\nHost: a\r\nX: ");
    memset(big + n, 'y', 10000);
    memcpy(big + n + 10000, "\r\n\r\n", 5);
    expect_status(&s, rb_str(big), 431);
    n = snprintf(big, sizeof big, "GET /");
    memset(big + n, 'y', 3000);
    snprintf(big + n + 3000, 100, " HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(&s, rb_str(big), 414);
    n = snprintf(big, sizeof big, "GET /p HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 70; i++) n += snprintf(big + n, 20, "X: 1\r\n");
    snprintf(big + n, 10, "\r\n");
    expect_status(&s, rb_str(big), 431);
    assert_int_equal(a->asked, 0);
    stranger_stop(&s);
}

static void test_drip(void **state) {
    (void)state;
    struct stranger s;
    const char *at[] = {"127.0.0.1:0"};
    struct rb_link_config cfg = {.listen = {at[0]}, .listen_n = 1, .request_deadline_ms = 300};
    fix_open_with(a, &cfg);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "drip");
    /* 20 ms a byte: never idle, yet over at the deadline */
    expect_status(&s, rb_str("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n"), 408);
    assert_int_equal(a->asked, 0);
    stranger_stop(&s);
}

static void test_old_tls(void **state) {
    (void)state;
    struct stranger s;
    struct rb_link_stats st;
    fix_open(a);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "tls12");
    assert_string_equal(stranger_talk(&s, rb_str("GET /p HTTP/1.1\r\nHost: a\r\n\r\n")), "!SSLError");
    stranger_stop(&s);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "plain");
    (void)stranger_talk(&s, rb_str("GET /p HTTP/1.1\r\nHost: a\r\n\r\n"));
    stranger_stop(&s);
    rb_link_stats(a->link, &st);
    assert_int_equal(st.handshakes_failed, 2);
    assert_int_equal(a->asked, 0);
}

static void test_garbage_past_tls(void **state) {
    (void)state;
    struct stranger s;
    struct rb_link_stats st;
    fix_open(a);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "garbage");
    (void)stranger_talk(&s, rb_str("GET /p HTTP/1.1\r\nHost: a\r\n\r\n"));
    (void)stranger_talk(&s, rb_slice("\x17\x03\x03\x00\x20" "0123456789abcdef0123456789abcdef", 37));
    rb_link_stats(a->link, &st);
    assert_int_equal(st.conns_in, 0);
    assert_int_equal(a->asked, 0);
    stranger_stop(&s);
}

static void test_hostile_answers(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *reason, *bytes;
    } cases[] = {
        {200, "", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
        {0, "bad answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nhi"},
        {0, "bad answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there"},
        {0, "bad answer", "HTTP/1.1 100 Continue\r\n\r\n"},
        {0, "bad answer", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"},
        {0, "bad answer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {0, "closed early", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhi"},
        {0, "closed early", "HTTP/1.1 200 OK\r\nConte"},
        {0, "closed early", ""},
    };
    struct stranger s;
    char at[40];
    fix_open(b);
    stranger_start(&world, &s, &a->tls, 0, "serve");
    snprintf(at, sizeof at, "127.0.0.1:%s", stranger_hear(&s));
    fix_card(a, at, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stranger_say(&s, rb_str(cases[i].bytes));
        request(b, a, i + 1, "x");
        expect(b, i + 1, cases[i].status, cases[i].reason);
        (void)stranger_hear(&s);
    }
    stranger_stop(&s);
}

static void test_unknown_stranger(void **state) {
    (void)state;
    struct stranger s;
    struct rb_seckey nobody;
    uint8_t seed[RB_SEED_LEN] = {77};
    rb_ed25519_from_seed(seed, &nobody);
    fix_open(a);
    stranger_start(&world, &s, &nobody, rb_link_port(a->link), "");
    assert_string_equal(stranger_talk(&s, rb_str("GET /p HTTP/1.1\r\nHost: a\r\n\r\n")), "!SSLError");
    assert_int_equal(a->asked, 0);
    stranger_stop(&s);
}

static void test_held_peer_leaves(void **state) {
    (void)state;
    struct stranger s;
    fix_open(a);
    a->behaviour = HOLD;
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "leave");
    assert_string_equal(stranger_talk(&s, rb_str("GET /rb/v1/news HTTP/1.1\r\nHost: a\r\n\r\n")), "left");
    assert_true(fix_wait(&world, &a->closed, 1, 3000));
    assert_int_equal(a->asked, 1);
    assert_int_equal(a->closed_conn, a->conn);
    fix_respond(a, a->conn, 200, rb_str("too late")); /* of no effect */
    stranger_stop(&s);
}

/* ---- gzip ------------------------------------------------------------------------------------ */
static size_t gzip(const uint8_t *in, size_t n, uint8_t *out, size_t cap) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    uint8_t *copy = malloc(n + 1);
    if (n > 0) memcpy(copy, in, n);
    z.next_in = copy;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = z.total_out;
    deflateEnd(&z);
    free(copy);
    return made;
}

static size_t gzip_request(uint8_t *out, size_t cap, const uint8_t *packed, size_t n) {
    struct rb_writer w = rb_writer(out, cap);
    rb_put_z(&w, "POST /x/add-entries HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
                 "Connection: close\r\nContent-Length: ");
    rb_put_dec(&w, n);
    rb_put_z(&w, "\r\n\r\n");
    rb_put(&w, packed, n);
    assert_false(w.over);
    return w.n;
}

static void test_gzip_bodies(void **state) {
    (void)state;
    struct stranger s;
    static uint8_t packed[100000], line[101000];
    uint8_t *zeros = calloc(1, RB_MAX_REQUEST + 1u);
    fix_open(a);
    stranger_start(&world, &s, &b->tls, rb_link_port(a->link), "");
    a->answer_n = 2;
    size_t n = gzip(zeros, 300000, packed, sizeof packed);
    expect_status(&s, rb_slice(line, gzip_request(line, sizeof line, packed, n)), 200);
    assert_int_equal(a->body_n, 300000);
    expect_status(&s, rb_slice(line, gzip_request(line, sizeof line, packed, n - 3)), 400);
    packed[n] = 0;
    expect_status(&s, rb_slice(line, gzip_request(line, sizeof line, packed, n + 1)), 400);
    n = gzip(zeros, RB_MAX_REQUEST, packed, sizeof packed);
    expect_status(&s, rb_slice(line, gzip_request(line, sizeof line, packed, n)), 200);
    assert_int_equal(a->body_n, RB_MAX_REQUEST);
    n = gzip(zeros, RB_MAX_REQUEST + 1u, packed, sizeof packed);
    expect_status(&s, rb_slice(line, gzip_request(line, sizeof line, packed, n)), 413);
    assert_int_equal(a->asked, 2);
    stranger_stop(&s);
    free(zeros);
}

/* ---- caps ------------------------------------------------------------------------------------ */
static int plain_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    sin.sin_port = htons(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static bool ended(int fd) {
    char x;
    return recv(fd, &x, 1, 0) == 0;
}

static void test_caps(void **state) {
    (void)state;
    struct rb_link_stats st;
    struct rb_link_config cfg = {.listen = {"127.0.0.1:0"}, .listen_n = 1, .max_conns = 8,
                                 .max_conns_per_address = 3, .request_deadline_ms = 400};
    int fd[4];
    fix_open_with(a, &cfg);
    for (int i = 0; i < 4; i++) {
        fd[i] = plain_connect(rb_link_port(a->link));
        fix_spin(&world, 10);
    }
    assert_true(ended(fd[3])); /* one too many from this address */
    assert_false(ended(fd[0]) || ended(fd[1]) || ended(fd[2]));
    fix_spin(&world, 500);
    for (int i = 0; i < 3; i++) assert_true(ended(fd[i])); /* no handshake in time */
    rb_link_stats(a->link, &st);
    assert_int_equal(st.conns_in, 0);
    assert_int_equal(st.refused, 1);
    assert_int_equal(st.handshakes_failed, 3);
    for (int i = 0; i < 4; i++) close(fd[i]);
}

/* Strangers at their handshake make room for the next, known peers do not. */
static void test_full_table(void **state) {
    (void)state;
    struct rb_link_config cfg = {.listen = {"127.0.0.1:0"}, .listen_n = 1, .max_conns = 3,
                                 .max_conns_per_address = 100};
    int fd[3];
    fix_open_with(a, &cfg);
    fix_open(b);
    for (int i = 0; i < 3; i++) {
        fd[i] = plain_connect(rb_link_port(a->link));
        fix_spin(&world, 10);
    }
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    assert_true(ended(fd[0]));
    for (int i = 0; i < 3; i++) close(fd[i]);
}

/* Strangers whose handshake has failed, and who stay to hear why, make room as well. */
static void test_full_of_refused(void **state) {
    (void)state;
    struct rb_link_config cfg = {.listen = {"127.0.0.1:0"}, .listen_n = 1, .max_conns = 3,
                                 .max_conns_per_address = 100};
    int fd[3];
    fix_open_with(a, &cfg);
    fix_open(b);
    for (int i = 0; i < 3; i++) {
        fd[i] = plain_connect(rb_link_port(a->link));
        assert_int_equal(send(fd[i], "no handshake\r\n\r\n", 16, 0), 16);
        fix_spin(&world, 10);
    }
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    for (int i = 0; i < 3; i++) close(fd[i]);
}

/* Whoever shows a party's certificate without its key takes nothing from that party. */
static void test_shown_key(void **state) {
    (void)state;
    enum { FORGED = 80 };
    static struct raw forged[FORGED];
    struct rb_link_stats st;
    fix_open(a);
    fix_open(b);
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    struct rb_seckey lie = c->tls;
    lie.pub = b->tls.pub;
    for (size_t i = 0; i < FORGED; i++) raw_open(&world, &forged[i], &lie, rb_link_port(a->link));
    fix_request_path(b, a, 2, "/rb/v1/news", NULL, 0, 5000); /* on a connection of its own */
    expect(b, 2, 200, "");
    fix_spin(&world, 50);
    rb_link_stats(b->link, &st);
    assert_int_equal(st.conns_out, 2);
    rb_link_stats(a->link, &st);
    assert_int_equal(st.handshakes_failed, FORGED);
    for (size_t i = 0; i < FORGED; i++) raw_close(&forged[i]);
}

/* ---- memory ---------------------------------------------------------------------------------- */
#define LARGE 20000000u
static const char get[] = "GET /p HTTP/1.1\r\nHost: a\r\n\r\n";

/* One party's unfinished bodies leave room for those of others, and for its own records. */
static void test_bodies_of_one_party(void **state) {
    (void)state;
    struct raw r[2];
    const char head[] = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n";
    uint8_t *zeros = calloc(1, LARGE);
    fix_open(a);
    fix_open(b);
    fix_open(c);
    for (int i = 0; i < 2; i++) {
        raw_open(&world, &r[i], &b->tls, rb_link_port(a->link));
        raw_send(&r[i], head, strlen(head));
        raw_send(&r[i], zeros, LARGE - 1);
    }
    assert_string_equal(raw_hear(&r[1], 12), "HTTP/1.1 503");
    assert_string_equal(raw_hear(&r[0], 0), "");
    a->answer_n = 1;
    fix_request_path(b, a, 1, "/p", zeros, 100000, 5000);
    expect(b, 1, 200, "");
    fix_request_path(c, a, 1, "/p", zeros, LARGE, 8000);
    expect(c, 1, 200, "");
    raw_send(&r[0], zeros, 1);
    assert_string_equal(raw_hear(&r[0], 12), "HTTP/1.1 200");
    for (int i = 0; i < 2; i++) raw_close(&r[i]);
    free(zeros);
}

/* Likewise the answers that it asks for and does not take. */
static void test_answers_not_taken(void **state) {
    (void)state;
    struct raw r[2];
    fix_open(a);
    fix_open(b);
    fix_open(c);
    a->answer_n = LARGE;
    for (unsigned i = 0; i < 2; i++) {
        raw_open(&world, &r[i], &b->tls, rb_link_port(a->link));
        raw_send(&r[i], get, strlen(get));
        assert_true(fix_wait(&world, &a->asked, i + 1, 3000));
    }
    assert_string_equal(raw_hear(&r[1], 12), "HTTP/1.1 503");
    request(c, a, 1, "x");
    expect(c, 1, 200, "");
    assert_int_equal(c->out[1].body_n, LARGE);
    assert_string_equal(raw_hear(&r[0], 12), "HTTP/1.1 200");
    for (int i = 0; i < 2; i++) raw_close(&r[i]);
}

/* Keys may be changed, but a peer that does nothing else is left. */
static void test_endless_key_updates(void **state) {
    (void)state;
    struct raw r;
    fix_open(a);
    raw_open(&world, &r, &b->tls, rb_link_port(a->link));
    raw_key_updates(&r, 60);
    raw_send(&r, get, strlen(get));
    assert_string_equal(raw_hear(&r, 12), "HTTP/1.1 200");
    raw_key_updates(&r, 10);
    fix_spin(&world, 50);
    assert_true(raw_ended(&r));
    raw_close(&r);
}

static void test_idle_ends(void **state) {
    (void)state;
    struct rb_link_stats st;
    struct rb_link_config cfg = {.listen = {"127.0.0.1:0"}, .listen_n = 1, .idle_ms = 200};
    fix_open_with(a, &cfg);
    fix_open(b);
    request(b, a, 1, "x");
    expect(b, 1, 200, "");
    rb_link_stats(b->link, &st);
    assert_int_equal(st.conns_out, 1);
    fix_spin(&world, 400);
    rb_link_stats(b->link, &st);
    assert_int_equal(st.conns_out, 0);
    request(b, a, 2, "x");
    expect(b, 2, 200, "");
}

static void test_cannot_listen(void **state) {
    (void)state;
    struct rb_link_ops ops = {0};
    struct rb_link *l = NULL;
    char why[200], at[32];
    fix_open(a);
    snprintf(at, sizeof at, "127.0.0.1:%u", rb_link_port(a->link));
    struct rb_link_config cfg = {.listen = {at}, .listen_n = 1, .tls = b->tls};
    assert_int_equal(rb_link_open(world.base, &cfg, &ops, &l, why, sizeof why), RB_ERR_IO);
    assert_non_null(strstr(why, at));
    cfg.listen[0] = "somewhere";
    assert_int_equal(rb_link_open(world.base, &cfg, &ops, &l, why, sizeof why), RB_ERR_USAGE);
    assert_null(l);
}

/* ---- answers' heads, without a socket --------------------------------------------------------- */
static void test_answer_heads(void **state) {
    (void)state;
    static const struct {
        enum rb_err err;
        const char *head;
    } cases[] = {
        {RB_OK, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"},
        {RB_OK, "HTTP/1.1 202\r\nContent-Length: 3\r\n\r\n"},
        {RB_OK, "HTTP/1.1 204 \r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 200 OK\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 200 O\001K\r\nContent-Length: 3\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 204 \r\nContent-Length: 1\r\n\r\n"},
        {RB_ERR_MALFORMED, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"},
        {RB_ERR_UNSUPPORTED, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {RB_ERR_UNSUPPORTED, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n"},
        {RB_ERR_LIMIT, "HTTP/1.1 200 OK\r\nContent-Length: 25165825\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rb_http_head h = {.status = -1};
        struct rb_reject rj = {0};
        struct rb_slice head = rb_str(cases[i].head);
        assert_int_equal(rb_http_head_end(head.p, head.n, 0), head.n);
        assert_int_equal(rb_http_response_decode(head, RB_MAX_REQUEST, &h, &rj), cases[i].err);
        if (cases[i].err == RB_OK) continue;
        assert_int_equal(h.status, -1); /* nothing half done */
        assert_non_null(rj.clause);
    }
}

/* the end is found wherever the bytes were cut when they arrived */
static void test_head_end(void **state) {
    (void)state;
    struct rb_slice s = rb_str("GET / HTTP/1.1\r\nA: \r\r\n\r\nbody");
    for (size_t cut = 0; cut < s.n; cut++) {
        size_t end = rb_http_head_end(s.p, cut, 0);
        if (end == 0) end = rb_http_head_end(s.p, s.n, cut);
        assert_int_equal(end, s.n - 4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_round_trip),      T(test_large_bodies),     T(test_bytes_counted),
        T(test_large_bodies_come_last), T(test_large_bodies_come),
        T(test_many_in_order),   T(test_wrong_client_key), T(test_wrong_server_key),
        T(test_card_changes),    T(test_no_way_there),     T(test_black_hole),       T(test_name),
        T(test_held),            T(test_many_held),        T(test_cancel_and_deadline), T(test_two_peers),
        T(test_server_dies),     T(test_hostile_requests), T(test_long_heads),
        T(test_drip),            T(test_old_tls),          T(test_unknown_stranger),
        T(test_garbage_past_tls), T(test_hostile_answers),
        T(test_held_peer_leaves), T(test_gzip_bodies),     T(test_caps),
        T(test_full_of_refused), T(test_shown_key),        T(test_bodies_of_one_party),
        T(test_answers_not_taken), T(test_endless_key_updates),
        T(test_full_table),      T(test_idle_ends),        T(test_cannot_listen),
        cmocka_unit_test(test_answer_heads), cmocka_unit_test(test_head_end),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
