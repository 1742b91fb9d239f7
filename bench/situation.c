/* bench/run situation: the situation of a channel of 50 parties and 100,000 records, signatures and
 * digests already checked: from scratch, and by one record more. In memory, one core. See
 * README.md. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "readback/live.h"
#include "readback/text.h"
#include "readback/volume.h"

#define PARTIES 50u
#define SEEN 4u     /* feeds that a record says it has seen more of */
#define COSIGNED 5u /* cosignatures a receipt logs */
#define MORE 2000u  /* records one more at a time */
#define ROUNDS 11u

struct party {
    char handle[16];
    struct rb_seckey party, mirror, node, tls, officer, log;
    struct rb_key age;
    uint8_t card[1024];
    size_t card_n;
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    struct rb_feed *feed;
    uint64_t told[PARTIES]; /* sizes of others that it said it has seen */
};
static struct world {
    struct party p[PARTIES];
    struct rb_charter charter;
    struct rb_book book;
    struct rb_region region;
    struct rb_arena work, fold, kept;
    struct rb_live live;
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_hash recent[512]; /* records that may be answered */
    size_t recent_n, said;
    int64_t now_ms;
    uint64_t dice;
    struct rb_record rec;
    uint8_t body[16384], payload[65536], leaf[65536];
} * w;

static uint64_t roll(uint64_t n) {
    w->dice = w->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->dice >> 33) % n;
}

static void must(enum rb_err e, const char *what) {
    if (e != RB_OK) bench_die("%s: %s", what, rb_err_name(e));
}

static void *room(size_t n) {
    void *p = calloc(1, n);
    if (p == NULL) bench_die("no memory");
    return p;
}

/* ---- parties and charter
 * -------------------------------------------------------------------------- */
static void make_key(unsigned who, const char *what, struct rb_seckey *out) {
    char text[32];
    struct rb_hash h;
    (void)snprintf(text, sizeof text, "%u/%s", who, what);
    rb_sha256(rb_str(text), &h);
    rb_ed25519_from_seed(h.b, out);
}

static struct rb_slice sign_statement(struct party *p, struct rb_slice payload, uint8_t *mem,
                                      size_t cap) {
    uint8_t tbs[4096], sig[RB_SIG_LEN];
    struct rb_writer t = rb_writer(tbs, sizeof tbs), out = rb_writer(mem, cap);
    rb_party_tbs(payload, &p->party.pub, &t);
    rb_ed25519_sign(&p->party, rb_written(&t), sig);
    must(rb_party_assemble(payload, &p->party.pub, sig, &out), "a statement");
    return rb_written(&out);
}

static void make_party(unsigned i) {
    struct party *p = &w->p[i];
    struct rb_card *c = room(sizeof *c);
    uint8_t payload[1024], seed[32] = {7, (uint8_t)i};
    struct rb_writer pw = rb_writer(payload, sizeof payload);
    (void)snprintf(p->handle, sizeof p->handle, "party-%u", i);
    make_key(i, "party", &p->party);
    make_key(i, "mirror", &p->mirror);
    make_key(i, "node", &p->node);
    make_key(i, "tls", &p->tls);
    make_key(i, "officer", &p->officer);
    make_key(i, "log", &p->log);
    crypto_scalarmult_base(p->age.b, seed);
    c->handle = rb_str(p->handle);
    c->party = p->party.pub;
    c->version = 1;
    c->issued_utc_ms = w->now_ms;
    c->mirror = p->mirror.pub;
    c->node = p->node.pub;
    c->tls = p->tls.pub;
    c->age = p->age;
    c->officers_n = 1;
    c->officers[0].name = rb_str("duty");
    c->officers[0].key = p->officer.pub;
    rb_card_encode(c, &pw);
    p->card_n = sign_statement(p, rb_written(&pw), p->card, sizeof p->card).n;
    free(c);
}

static void make_charter(void) {
    struct rb_charter *c = &w->charter;
    c->title = rb_str("Fifty parties");
    c->members_n = PARTIES;
    for (uint16_t i = 0; i < PARTIES; i++)
        c->members[i] = (struct rb_member){i,
                                           rb_str(w->p[i].handle),
                                           RB_ROLE_PARTY,
                                           {NULL, 0},
                                           rb_slice(w->p[i].card, w->p[i].card_n)};
    c->accept_members = 1;
    c->accept_by_utc_ms = w->now_ms + 86400000;
    c->answer_ms[RB_IMMEDIATE] = 600000;
    c->rules_version = RB_RULES_VERSION;
}

/* ---- leaves
 * --------------------------------------------------------------------------------------- */
/* signed in truth only where the book checks it again: what is judged here is trusted */
static struct rb_slice make_leaf(struct party *p, const struct rb_seckey *by, bool sign) {
    struct rb_writer pw = rb_writer(w->payload, sizeof w->payload),
                     lw = rb_writer(w->leaf, sizeof w->leaf);
    uint8_t *tbs = sign ? room(2 * sizeof w->payload) : NULL;
    struct rb_signer s = {0};
    char aad[RB_MAX_ORIGIN];
    struct rb_writer aw = rb_writer(aad, sizeof aad);
    struct rb_hash h;
    rb_payload_encode(&w->rec, &pw);
    rb_key_id(&by->pub, s.kid);
    if (sign) {
        struct rb_writer t = rb_writer(tbs, 2 * sizeof w->payload);
        rb_party_hash(&p->party.pub, &h);
        rb_origin_encode(false, w->rec.has_channel ? w->channel : NULL, &h, 0, &aw);
        rb_record_tbs(rb_written(&pw), rb_written(&aw), s.kid, 1, &t);
        rb_ed25519_sign(by, rb_written(&t), s.sig);
        free(tbs);
    }
    must(rb_record_assemble(rb_written(&pw), &s, 1, &lw), "a leaf");
    return rb_written(&lw);
}

static void judge(struct party *p, struct rb_slice leaf) {
    must(rb_book_judge(&w->book, p->feed, leaf, 0, &w->work), "a record");
    rb_arena_reset(&w->work);
    w->said++;
}

static void begin_record(enum rb_kind kind) {
    memset(&w->rec, 0, sizeof w->rec);
    w->now_ms += 1000;
    w->rec.kind = kind;
    w->rec.has_channel = kind != RB_KIND_CHARTER;
    memcpy(w->rec.channel, w->channel, RB_CHANNEL_LEN);
    w->rec.created_utc_ms = w->now_ms;
    w->rec.precedence = RB_ROUTINE;
}

static void found(void) {
    struct party *p = &w->p[0];
    struct rb_writer b = rb_writer(w->body, sizeof w->body);
    struct rb_hash id;
    uint8_t *large = room(65536);
    begin_record(RB_KIND_CHARTER);
    memset(w->rec.channel, 0, sizeof w->rec.channel);
    b = rb_writer(large, 65536);
    rb_charter_encode(&w->charter, &b);
    w->rec.body = rb_written(&b);
    const struct rb_slice leaf = make_leaf(p, &p->officer, true);
    rb_leaf_hash(leaf, &id);
    memcpy(w->channel, id.b, RB_CHANNEL_LEN);
    must(rb_book_found(&w->book, &w->region, leaf, &w->work, NULL), "the charter");
    w->recent[w->recent_n++] = id;
    free(large);
}

static void open_feed(unsigned i) {
    struct party *p = &w->p[i];
    struct rb_delegation d = {.party = p->party.pub, .log = p->log.pub, .issued_utc_ms = w->now_ms};
    struct rb_hash h;
    uint8_t payload[1024], statement[2048];
    struct rb_writer o = rb_writer(p->origin, sizeof p->origin),
                     pw = rb_writer(payload, sizeof payload);
    rb_party_hash(&p->party.pub, &h);
    rb_origin_encode(false, w->channel, &h, 0, &o);
    p->origin_n = o.n;
    d.origin = rb_written(&o);
    rb_delegation_encode(&d, &pw);
    const struct rb_slice signed_body =
        sign_statement(p, rb_written(&pw), statement, sizeof statement);
    must(rb_book_open_feed(&w->book, signed_body, &w->work, &p->feed, NULL), "a feed");
    if (i == 0) judge(p, w->book.charter_leaf);
    begin_record(RB_KIND_DELEGATION);
    struct rb_writer b = rb_writer(w->body, sizeof w->body);
    rb_carried_encode(signed_body, &b);
    w->rec.body = rb_written(&b);
    judge(p, make_leaf(p, &p->officer, false));
}

/* ---- what they say
 * -------------------------------------------------------------------------------- */
/* some of the feeds that grew since it last said so, and the digest over them */
static void see(struct party *p) {
    struct rb_seen_digest_item items[SEEN];
    unsigned at = (unsigned)roll(PARTIES);
    for (unsigned k = 0; k < PARTIES && w->rec.seen_n < SEEN; k++) {
        const unsigned i = (at + k) % PARTIES;
        const uint64_t size = w->p[i].feed->facts_n;
        if (&w->p[i] == p || size == p->told[i]) continue;
        p->told[i] = size;
        w->rec.seen[w->rec.seen_n++] = (struct rb_seen_entry){(uint16_t)i, 0, size};
    }
    for (size_t i = 1; i < w->rec.seen_n; i++) /* ascending */
        for (size_t k = i; k > 0 && w->rec.seen[k].member < w->rec.seen[k - 1].member; k--) {
            const struct rb_seen_entry e = w->rec.seen[k];
            w->rec.seen[k] = w->rec.seen[k - 1];
            w->rec.seen[k - 1] = e;
        }
    for (size_t i = 0; i < w->rec.seen_n; i++) {
        const struct party *q = &w->p[w->rec.seen[i].member];
        items[i].origin = rb_slice(q->origin, q->origin_n);
        items[i].size = w->rec.seen[i].size;
        rb_tree_root(&q->feed->tree, items[i].size, &items[i].root);
    }
    rb_seen_digest(items, w->rec.seen_n, &w->work, w->rec.seen_digest);
}

static void put_words(struct rb_writer *b, const char *title) {
    rb_cbor_put_map(b, 2);
    rb_cbor_put_uint(b, 1);
    rb_cbor_put_text(b, rb_str(title));
    rb_cbor_put_uint(b, 2);
    rb_cbor_put_text(b, rb_str("As agreed by phone, at the usual place."));
}

/* of two members, who owe an answer within the hour */
static void put_request(unsigned author, struct rb_writer *b) {
    const unsigned first = author < PARTIES - 2 ? author + 1 : 0;
    rb_cbor_put_map(b, 2);
    rb_cbor_put_uint(b, 1);
    rb_cbor_put_text(b, rb_str("To let the ambulances pass"));
    rb_cbor_put_uint(b, 3);
    rb_cbor_put_array(b, 2);
    rb_cbor_put_uint(b, first);
    rb_cbor_put_uint(b, first + 1);
    w->rec.demand = (struct rb_demand){.present = true,
                                       .by_utc_ms = w->now_ms + 3600000,
                                       .position = RB_POSITION_WILL_COMPLY,
                                       .members = UINT64_C(3) << first};
}

/* that all may accept within a day */
static void put_text(struct rb_writer *b) {
    rb_cbor_put_map(b, 4);
    rb_cbor_put_uint(b, 1);
    rb_cbor_put_text(b, rb_str("A local agreement"));
    rb_cbor_put_uint(b, 2);
    rb_cbor_put_uint(b, 1);
    rb_cbor_put_uint(b, 3);
    rb_cbor_put_array(b, 1);
    rb_cbor_put_text(b, rb_str("The road to the hospital stays open."));
    rb_cbor_put_uint(b, 5);
    rb_cbor_put_map(b, 1);
    rb_cbor_put_uint(b, 4);
    rb_cbor_put_int(b, w->now_ms + 86400000);
}

static void put_notice(struct rb_writer *b) {
    struct rb_volume v = {.shape = RB_SHAPE_CIRCLE, .radius_mm = 5000000};
    struct rb_notice n = {
        .class_ = RB_NOTICE_OPERATION, .title = rb_str("An area"), .volumes_n = 1, .volumes = &v};
    v.center = (struct rb_point){33000000000 + (int64_t)roll(3000000000), 36000000000};
    v.floor.open = v.ceiling.open = true;
    rb_notice_encode(&n, b);
}

static void put_receipt(unsigned author, struct rb_writer *b) {
    struct rb_receipt_cosig c[COSIGNED];
    struct rb_receipt r = {.cosigs_n = COSIGNED, .cosigs = c};
    const struct party *p = &w->p[author];
    uint8_t text[512], message[768];
    const uint64_t size = p->feed->facts_n, time_s = (uint64_t)w->now_ms / 1000;
    struct rb_hash root;
    struct rb_writer t = rb_writer(text, sizeof text);
    rb_tree_root(&p->feed->tree, size, &root);
    rb_checkpoint_text(rb_slice(p->origin, p->origin_n), size, &root, &t);
    for (unsigned i = 0; i < COSIGNED; i++) {
        const unsigned by = (author + 1 + i * 7) % PARTIES;
        struct rb_writer m = rb_writer(message, sizeof message);
        c[i] = (struct rb_receipt_cosig){(uint16_t)author, 0, size, (uint16_t)by, time_s, {0}};
        rb_cosignature_message(time_s, rb_written(&t), &m);
        rb_ed25519_sign(&w->p[by].mirror, rb_written(&m), c[i].sig);
    }
    rb_receipt_encode(&r, b);
}

static const struct rb_hash *some_record(void) {
    const size_t kept = sizeof w->recent / sizeof *w->recent;
    return &w->recent[roll(w->recent_n < kept ? w->recent_n : kept)];
}

static void put_body(unsigned author, enum rb_kind kind) {
    struct rb_writer b = rb_writer(w->body, sizeof w->body);
    const struct rb_position read = {.type = w->said < (uint64_t)2 * PARTIES ? RB_POSITION_ACCEPT
                                                                   : RB_POSITION_READ};
    const struct rb_test test = {0, w->said};
    if (kind == RB_KIND_NOTICE) put_notice(&b);
    if (kind == RB_KIND_STATEMENT) put_words(&b, "On the talks");
    if (kind == RB_KIND_INCIDENT) put_words(&b, "Shots near the bridge");
    if (kind == RB_KIND_REQUEST) put_request(author, &b);
    if (kind == RB_KIND_TEXT) put_text(&b);
    if (kind == RB_KIND_RECEIPT) put_receipt(author, &b);
    if (kind == RB_KIND_TEST) rb_test_encode(&test, &b);
    if (kind == RB_KIND_POSITION) rb_position_encode(&read, &b);
    if (b.over) bench_die("a body is too long");
    w->rec.body = rb_written(&b);
}

static void say(unsigned author, enum rb_kind kind, const struct rb_hash *subject) {
    struct party *p = &w->p[author];
    const bool machine = rb_kind_is_machine(kind);
    begin_record(kind);
    put_body(author, kind);
    if (kind == RB_KIND_NOTICE && roll(4) == 0) w->rec.precedence = RB_IMMEDIATE;
    if (subject != NULL) {
        w->rec.refs[RB_REF_ANSWERS].n = 1;
        w->rec.refs[RB_REF_ANSWERS].h[0] = *subject;
    }
    see(p);
    const struct rb_slice leaf = make_leaf(p, machine ? &p->node : &p->officer, false);
    if (!machine && kind != RB_KIND_POSITION)
        rb_leaf_hash(leaf, &w->recent[w->recent_n++ % (sizeof w->recent / sizeof *w->recent)]);
    judge(p, leaf);
}

static void say_something(void) {
    static const struct {
        enum rb_kind kind;
        unsigned of100;
    } mix[] = {{RB_KIND_NOTICE, 35},  {RB_KIND_STATEMENT, 10}, {RB_KIND_INCIDENT, 4},
               {RB_KIND_REQUEST, 3},  {RB_KIND_TEXT, 3},       {RB_KIND_POSITION, 30},
               {RB_KIND_RECEIPT, 10}, {RB_KIND_TEST, 5}};
    const unsigned author = (unsigned)roll(PARTIES);
    unsigned at = (unsigned)roll(100), i = 0;
    while (at >= mix[i].of100)
        at -= mix[i++].of100;
    say(author, mix[i].kind, mix[i].kind == RB_KIND_POSITION ? some_record() : NULL);
}

static void make_world(size_t records) {
    w = room(sizeof *w);
    rb_region_init(&w->region, room((size_t)3 << 30), (size_t)3 << 30);
    w->work = rb_arena(room((size_t)8 << 20), (size_t)8 << 20);
    w->fold = rb_arena(room((size_t)1 << 30), (size_t)1 << 30);
    w->kept = rb_arena(room((size_t)1 << 30), (size_t)1 << 30);
    rb_live_init(&w->live, &w->kept);
    w->now_ms = 1467766800000;
    w->dice = 6;
    for (unsigned i = 0; i < PARTIES; i++)
        make_party(i);
    make_charter();
    found();
    for (unsigned i = 0; i < PARTIES; i++)
        open_feed(i);
    for (unsigned i = 1; i < PARTIES; i++)
        say(i, RB_KIND_POSITION, &w->recent[0]);
    while (w->said < records)
        say_something();
}

/* ---- measured
 * ------------------------------------------------------------------------------------- */
static double fold_us(struct rb_situation *s) {
    rb_arena_reset(&w->fold);
    const uint64_t begun = bench_now_ns();
    must(rb_situation_fold(&w->book, w->now_ms, &w->fold, s), "the situation");
    return bench_us_since(begun);
}

static double live_us(const struct rb_situation **s) {
    const uint64_t begun = bench_now_ns();
    must(rb_live_update(&w->live, &w->book, w->now_ms, s), "the situation kept up to date");
    return bench_us_since(begun);
}

/* the least that any fold could do: look at each fact once, in the order of the feeds */
static double walk_us(void) {
    uint64_t sum = 0;
    const uint64_t begun = bench_now_ns();
    for (size_t i = 0; i < w->book.feeds_n; i++)
        for (size_t k = 0; k < w->book.feeds[i]->facts_n; k++)
            sum += w->book.feeds[i]->facts[k].kind + w->book.feeds[i]->facts[k].id.b[0];
    const double us = bench_us_since(begun);
    if (sum == 0) bench_die("nothing was looked at");
    return us;
}

/* the same bytes: else nothing was measured */
static void compare(const struct rb_situation *live) {
    static struct rb_situation s;
    const size_t cap = (size_t)128 << 20;
    struct rb_writer a = rb_writer(room(cap), cap), b = rb_writer(room(cap), cap);
    (void)fold_us(&s);
    rb_situation_encode(&s, &a);
    rb_situation_encode(live, &b);
    if (a.over || b.over || !rb_slice_eq(rb_written(&a), rb_written(&b)))
        bench_die("what was kept up to date is not what the fold makes");
    free(a.p);
    free(b.p);
}

static void check_world(const struct rb_situation *s) {
    size_t unmarked = 0;
    for (size_t i = 0; i < s->order_n; i++)
        unmarked += s->order[i].mark == RB_MARK_NONE;
    if (s->charter_state != RB_CHARTER_IN_FORCE || unmarked < s->order_n * 9 / 10)
        bench_die("the channel is not as it should be: %zu of %zu records count", unmarked,
                  s->order_n);
}

static void measure_whole(size_t records) {
    static struct rb_situation s;
    struct bench_samples all = {0}, least = {0};
    const double first = fold_us(&s);
    check_world(&s);
    for (unsigned i = 0; i < ROUNDS; i++) {
        bench_add(&all, (double)records * 1e6 / fold_us(&s));
        bench_add(&least, walk_us());
    }
    struct bench_row *r =
        bench_row_samples("situation-from-scratch", "records/s", &all,
                          "%u parties, %zu records: notices, statements, positions, receipts, "
                          "instruments; %zu answers, "
                          "%zu answers owed, %zu lots; signatures, digests and cosignatures "
                          "already checked (the first "
                          "fold, which checks the last two, took %.0f ms)",
                          PARTIES, records, s.answers_n, s.dues_n, s.lots_n, first / 1e3);
    bench_beside(r, "facts-walked", (double)records * 1e6 / bench_quantile(&least, 0.5));
    bench_want(r, BENCH_VALUE_AT_LEAST, 1e6);
    bench_samples_free(&all);
    bench_samples_free(&least);
}

/* digests and cosignatures of the one more are checked within it; time goes on by a second each */
static void measure_more(size_t records) {
    struct bench_samples more = {0}, whole = {0};
    const struct rb_situation *s;
    bench_add(&whole, live_us(&s));
    const double bytes = (double)w->kept.used / (double)s->order_n;
    for (unsigned i = 0; i < MORE; i++) {
        const uint64_t wholes = w->live.wholes;
        say_something();
        const double us = live_us(&s);
        bench_add(&more, us);
        if (w->live.wholes > wholes) bench_add(&whole, us);
    }
    compare(s);
    struct bench_row *r = bench_row_samples(
        "situation-one-more", "us", &more,
        "the same channel kept up to date, after each of %u records more, each a second later, its "
        "digest and cosignatures checked, too; %llu of them were folded whole, which takes %.0f "
        "ms; "
        "%.0f bytes are kept for a record",
        MORE, (unsigned long long)w->live.wholes - 1, bench_quantile(&whole, 0.5) / 1e3, bytes);
    bench_beside(r, "whole", bench_quantile(&whole, 0.5));
    bench_want(r, BENCH_VALUE_AT_MOST, 100);
    bench_samples_free(&more);
    bench_samples_free(&whole);
    (void)records;
}

static void measure(size_t records) {
    bench_say("making %zu records of %u parties ...", records, PARTIES);
    make_world(records);
    measure_whole(records);
    measure_more(records);
}

int main(int argc, char **argv) {
    const char *most = getenv("READBACK_BENCH_MOST");
    if (argc != 3)
        bench_die("usage: bench/run situation (this program wants: readbackd, file for the rows)");
    must(rb_crypto_init(), "libsodium");
    measure(most ? strtoul(most, NULL, 10) : 100000);
    return bench_finish(argv[2]) > 0 ? 3 : 0;
}
