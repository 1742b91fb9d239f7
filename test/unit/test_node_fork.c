/* A feed with two histories: who notices, what is kept, who is told, where the other history comes
 * from, and that all come to see the same. Spec 6.16. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "fixture_lie.h"
#include "readback/party.h"
#include "readback/text.h"
#include "../../src/node/node_int.h" /* to have allocations fail */

static void say_many(struct fn_world *w, struct lie *l, const uint8_t ch[16], const char *what,
                     size_t k) {
    for (size_t i = 0; i < k; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s %zu", what, i);
        lie_say(w, l, ch, text);
    }
}

/* ---- looking
 * ------------------------------------------------------------------------------------- */
static bool quiet(const struct fn_party *from, const struct fn_party *to, struct rb_slice path) {
    (void)from, (void)to, (void)path;
    return true;
}

static size_t alerts(const struct fn_party *p, enum rb_alert_type type) {
    size_t k = 0;
    for (size_t i = 0; i < p->alerts_n; i++)
        k += p->alerts[i].u.alert.alert == type;
    return k;
}

static uint8_t bytes[2][1 << 20];
static struct rb_slice situation(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                                 size_t k) {
    struct rb_writer o = rb_writer(bytes[k], sizeof bytes[k]);
    rb_situation_encode(fn_situation(w, p, ch), &o);
    assert_false(o.over);
    return rb_written(&o);
}

static void assert_alike(struct fn_world *w, struct fn_party *a, struct fn_party *b,
                         const uint8_t ch[16]) {
    struct rb_slice x = situation(w, a, ch, 0), y = situation(w, b, ch, 1);
    assert_true(rb_slice_eq(x, y));
}

static bool fork_of(const struct fn_party *p, const uint8_t ch[16], size_t i,
                    struct rb_fork_view *v) {
    if (!rb_node_fork(p->rb, ch, i, v)) return false;
    struct rb_feed *f = feed_at(p, ch, v->member);
    struct rb_fork fork;
    struct rb_vkey key;
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log_key, &key);
    assert_int_equal(rb_fork_decode(v->evidence, &fork, NULL), RB_OK);
    assert_int_equal(rb_fork_verify(&fork, &key, NULL), RB_OK);
    assert_true(v->evidence.n <= 4095);
    return true;
}

static size_t stored_in(const struct fn_party *p, uint8_t table) {
    size_t k = 0;
    for (size_t i = 0; i < p->items_n; i++)
        k += p->items[i].ef.u.store.item == RB_ITEM_META && p->items[i].ef.u.store.table == table;
    return k;
}

/* nothing that is not of the feed's own history was ever cosigned by `p` */
static void assert_cosigned_own(const struct fn_party *p, const uint8_t ch[16]) {
    const struct rb_feed *f = feed_at(p, ch, 0);
    for (size_t i = 0; i < p->items_n; i++) {
        const struct rb_effect *e = &p->items[i].ef;
        struct rb_checkpoint cp;
        struct rb_hash root;
        static struct rb_note note;
        if (e->u.store.item != RB_ITEM_NOTE || e->u.store.feed.member != 0) continue;
        assert_int_equal(rb_note_decode(e->u.store.note, &note, NULL), RB_OK);
        assert_int_equal(rb_checkpoint_decode(note.text, &cp, NULL), RB_OK);
        rb_tree_root(&f->tree, cp.size, &root);
        assert_true(rb_hash_eq(&root, &cp.root));
    }
}

struct shown { /* bravo and charlie were shown two histories of alfa's feed by its liar */
    struct fn_world *w;
    uint8_t ch[16];
    uint64_t common;
    struct lie *a, *b;
};

static struct shown begin(size_t parties) {
    struct shown s = {.w = fn_world(parties)};
    fn_found(s.w, false, NULL, s.ch);
    fn_pass(s.w, 90000); /* who only connects outwards asks for invitations once a minute */
    for (size_t i = 1; i < parties; i++)
        fn_accept(s.w, &s.w->p[i], s.ch);
    fn_pass(s.w, 15000);
    s.w->p[0].up = false; /* alfa's node is not asked: its log key is in other hands */
    fn_block = quiet;
    fn_pass(s.w, 2000);
    s.common = feed_at(&s.w->p[1], s.ch, 0)->tree.size;
    for (size_t i = 2; i < parties; i++)
        assert_int_equal(feed_at(&s.w->p[i], s.ch, 0)->tree.size, s.common);
    s.a = lie_begin(&s.w->p[1], s.ch);
    s.b = lie_begin(&s.w->p[1], s.ch);
    for (size_t i = 0; i < parties; i++)
        s.w->p[i].alerts_n = 0;
    return s;
}

static struct shown show(size_t parties, size_t first, size_t second) {
    struct shown s = begin(parties);
    say_many(s.w, s.a, s.ch, "to bravo", first);
    say_many(s.w, s.b, s.ch, "to charlie", second);
    assert_int_equal(lie_push(s.w, s.a, &s.w->p[1], s.common), 200);
    assert_int_equal(lie_push(s.w, s.b, &s.w->p[2], s.common), 200);
    return s;
}

/* the wires are whole again, and somebody says something: heads are compared with every answer */
static void talk(struct shown *s) {
    struct rb_hash id;
    fn_block = NULL;
    for (size_t i = 1; i < s->w->n; i++)
        assert_int_equal(fn_statement(s->w, &s->w->p[i], s->ch, "a word", RB_ROUTINE, &id), RB_OK);
}

static void end(struct shown *s) {
    fn_block = NULL;
    lie_end(s->a);
    lie_end(s->b);
    fn_free(s->w);
}

static void assert_whole(const struct shown *s, const struct fn_party *p, const struct lie *other) {
    struct rb_fork_view v;
    bool here = false;
    struct rb_channel_view cv;
    assert_true(feed_at(p, s->ch, 0)->frozen);
    assert_true(rb_node_forks(p->rb, s->ch) >= 1);
    for (size_t i = 0; fork_of(p, s->ch, i, &v); i++) {
        assert_true(v.common_known);
        assert_int_equal(v.common, s->common);
        assert_int_equal(v.member, 0);
        here |= v.branch_size == other->tree.size && v.branch_held == v.branch_size;
    }
    assert_true(here);
    assert_true(rb_node_channel_by_id(p->rb, s->ch, &cv));
    const struct rb_feed *f = rb_book_branch(cv.book, 0, 0, 1);
    assert_non_null(f);
    assert_int_equal(f->facts_n, other->tree.size);
    for (uint64_t i = 0; i < other->tree.size; i++) {
        struct rb_feed_ref ref = {.member = 0};
        memcpy(ref.channel, s->ch, 16);
        assert_true(rb_slice_eq(rb_node_branch_leaf(p->rb, &ref, 1, i), other->leaves[i]));
    }
}

/* ---- tests
 * --------------------------------------------------------------------------------------- */
/* Whatever the two sizes are, powers of two included: both have the evidence and both histories,
 * and see the same. */
static void test_two_members_shown_two_histories(void **state) {
    (void)state;
    for (size_t first = 1; first <= 6; first++)
        for (size_t second = 1; second <= 6; second++) {
            struct shown s = show(3, first, second);
            struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2];
            talk(&s);
            fn_pass(s.w, 10000);
            assert_whole(&s, bravo, s.b);
            assert_whole(&s, charlie, s.a);
            assert_int_equal(alerts(bravo, RB_ALERT_FORK), 1);
            assert_int_equal(alerts(charlie, RB_ALERT_FORK), 1);
            assert_alike(s.w, bravo, charlie, s.ch);
            assert_cosigned_own(bravo, s.ch);
            assert_cosigned_own(charlie, s.ch);
            fn_restart(s.w, bravo);
            assert_whole(&s, bravo, s.b);
            assert_alike(s.w, bravo, charlie, s.ch);
            end(&s);
        }
}

/* The larger checkpoint alone, shown to one who holds the other history: the proof that goes along
 * is the evidence, or, where ours is a power of two, the tile of who showed it. */
static void test_one_exchange_is_enough(void **state) {
    (void)state;
    for (size_t more = 1; more <= 9; more++) {
        struct shown s = begin(3);
        struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2];
        say_many(s.w, s.a, s.ch, "to bravo", more);
        say_many(s.w, s.b, s.ch, "to charlie", more + 3);
        uint64_t size = s.a->tree.size;
        assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 200);
        assert_int_equal(lie_push(s.w, s.b, charlie, s.common), 200);
        fn_block = NULL;
        /* as charlie would answer bravo */
        fn_request(s.w, bravo, charlie, true, "/rb/v1/push", "", lie_push_body(s.w, s.b, size));
        assert_int_equal(s.w->answer.status, 422);
        struct rb_fork_view v;
        assert_true(fork_of(bravo, s.ch, 0, &v));
        assert_true(fork_of(charlie, s.ch, 0, &v)); /* handed on at once */
        end(&s);
    }
}

/* A proof that merely does not hold accuses nobody but who brought it. */
static void test_a_bad_proof_is_no_fork(void **state) {
    (void)state;
    for (size_t more = 1; more <= 5; more++) {
        struct shown s = begin(3);
        struct fn_party *bravo = &s.w->p[1];
        fn_block = NULL;
        say_many(s.w, s.a, s.ch, "more", more);
        uint64_t old = s.a->tree.size;
        assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 200);
        fn_pass(s.w, 5000);
        say_many(s.w, s.a, s.ch, "more still", 3);
        struct rb_slice body = lie_push_body(s.w, s.a, old);
        size_t at = rb_slice_find(body, 0, '\n') + 3; /* within the first hash of the proof */
        uint8_t *p = (uint8_t *)(uintptr_t)body.p;
        p[at] = p[at] == 'A' ? 'B' : 'A';
        fn_request(s.w, bravo, &s.w->p[2], true, "/rb/v1/push", "", body);
        assert_int_equal(s.w->answer.status, 422);
        fn_pass(s.w, 10000);
        for (size_t i = 1; i < 3; i++) {
            assert_int_equal(rb_node_forks(s.w->p[i].rb, s.ch), 0);
            assert_false(feed_at(&s.w->p[i], s.ch, 0)->frozen);
            assert_int_equal(stored_in(&s.w->p[i], RB_TABLE_EVIDENCE), 0);
        }
        assert_int_equal(lie_push(s.w, s.a, bravo, old), 200); /* the feed goes on */
        end(&s);
    }
}

static struct rb_slice evidence_of(struct shown *s, uint64_t m, uint64_t n, uint8_t *mem,
                                   size_t cap) {
    uint8_t a[1024], b[1024];
    struct rb_fork f = {.note_a = lie_note(s->w, s->a, m, a, sizeof a),
                        .note_b = lie_note(s->w, s->b, n, b, sizeof b)};
    struct rb_writer w = rb_writer(mem, cap);
    rb_tree_root(&s->b->tree, m, &f.other_root);
    assert_int_equal(rb_tree_consistency(&s->b->tree, m, n, &f.proof), RB_OK);
    rb_fork_encode(&f, &w);
    assert_false(w.over);
    return rb_written(&w);
}

static int bring(struct shown *s, const struct fn_party *from, struct rb_slice evidence) {
    char query[64];
    struct rb_writer q = rb_writer(query, sizeof query);
    rb_put_z(&q, "channel=");
    rb_put_hex(&q, s->ch, 16);
    fn_request(s->w, &s->w->p[1], from, true, "/rb/v1/evidence", rb_writer_z(&q), evidence);
    return s->w->answer.status;
}

/* Evidence that somebody brings is believed for what it proves. */
static void test_evidence_is_checked_before_it_is_believed(void **state) {
    (void)state;
    static uint8_t mem[8192], bad[8192];
    struct shown s = begin(3);
    struct fn_party *bravo = &s.w->p[1];
    say_many(s.w, s.a, s.ch, "one", 2);
    say_many(s.w, s.b, s.ch, "other", 4);
    const uint64_t m = s.a->tree.size, n = s.b->tree.size;
    struct rb_slice good = evidence_of(&s, m, n, mem, sizeof mem);
    for (size_t i = 0; i < good.n; i++) {
        memcpy(bad, mem, good.n);
        bad[i] ^= 1;
        int status = bring(&s, &s.w->p[2], rb_slice(bad, good.n));
        assert_true(status == 422 || status == 404); /* 404: another origin */
        assert_int_equal(bring(&s, &s.w->p[2], rb_slice(mem, i)), i ? 422 : 422);
    }
    assert_int_equal(alerts(bravo, RB_ALERT_REFUSED) > 0, true);
    assert_string_equal(bravo->alerts[bravo->alerts_n - 1].u.alert.reject.clause, "4.10.2");
    /* one history in two sizes is none */
    assert_int_equal(bring(&s, &s.w->p[2], evidence_of(&s, s.common, n, bad, sizeof bad)), 422);
    assert_true(memmem(s.w->answer.body, s.w->answer.n, "4.10.3", 6) != NULL);
    assert_false(feed_at(bravo, s.ch, 0)->frozen);
    assert_int_equal(stored_in(bravo, RB_TABLE_EVIDENCE), 0);
    assert_int_equal(bring(&s, NULL, good), 404); /* nobody we know */
    assert_int_equal(bring(&s, &s.w->p[2], good), 200);
    assert_true(feed_at(bravo, s.ch, 0)->frozen);
    assert_int_equal(stored_in(bravo, RB_TABLE_EVIDENCE), 1);
    assert_int_equal(bring(&s, &s.w->p[2], good), 200); /* again: known */
    assert_int_equal(stored_in(bravo, RB_TABLE_EVIDENCE), 1);
    assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 403); /* no larger checkpoint */
    end(&s);
}

/* What is kept of one feed is bounded, whatever is brought. */
static void test_four_pieces_at_most(void **state) {
    (void)state;
    static uint8_t mem[8192];
    struct shown s = begin(3);
    struct fn_party *bravo = &s.w->p[1];
    say_many(s.w, s.a, s.ch, "one", 20);
    say_many(s.w, s.b, s.ch, "other", 20);
    for (uint64_t i = 1; i <= 10; i++) {
        uint64_t m = s.common + i;
        assert_int_equal(bring(&s, &s.w->p[2], evidence_of(&s, m, m + 3, mem, sizeof mem)), 200);
    }
    assert_int_equal(stored_in(bravo, RB_TABLE_EVIDENCE), RB_MAX_BRANCHES);
    assert_int_equal(rb_node_forks(bravo->rb, s.ch), RB_MAX_BRANCHES);
    assert_int_equal(alerts(bravo, RB_ALERT_FORK), 1);
    end(&s);
}

/* Bravo has more of its history than the evidence that charlie brings shows: charlie comes to have
 * that as well. */
static void test_what_is_held_beyond_the_evidence(void **state) {
    (void)state;
    static uint8_t mem[8192];
    struct shown s = begin(3);
    struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2];
    say_many(s.w, s.a, s.ch, "to bravo", 6);
    say_many(s.w, s.b, s.ch, "to charlie", 4);
    assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 200);
    assert_int_equal(lie_push(s.w, s.b, charlie, s.common), 200);
    struct rb_slice early = evidence_of(&s, s.common + 2, s.common + 3, mem, sizeof mem);
    assert_int_equal(bring(&s, charlie, early), 200);
    struct rb_fork_view v;
    assert_true(fork_of(bravo, s.ch, 0, &v));
    talk(&s);
    fn_pass(s.w, 30000);
    assert_alike(s.w, bravo, charlie, s.ch);
    const struct rb_situation *sit = fn_situation(s.w, charlie, s.ch);
    size_t there = 0;
    for (uint64_t i = 0; i < s.a->tree.size + s.b->tree.size; i++) {
        struct rb_hash id;
        bool second = i >= s.a->tree.size;
        rb_leaf_hash(second ? s.b->leaves[i - s.a->tree.size] : s.a->leaves[i], &id);
        for (uint32_t k = 0; k < sit->order_n; k++)
            if (rb_hash_eq(&rb_situation_fact(sit, k)->id, &id)) {
                there++;
                break;
            }
    }
    assert_int_equal(there, s.a->tree.size + s.b->tree.size);
    end(&s);
}

/* Three histories, three members. */
static void test_three_histories(void **state) {
    (void)state;
    fn_outward = 0;
    struct shown s = begin(4);
    fn_outward = 1u << 3;
    struct lie *c = lie_begin(&s.w->p[1], s.ch);
    say_many(s.w, s.a, s.ch, "to bravo", 3);
    say_many(s.w, s.b, s.ch, "to charlie", 5);
    say_many(s.w, c, s.ch, "to delta", 4);
    assert_int_equal(lie_push(s.w, s.a, &s.w->p[1], s.common), 200);
    assert_int_equal(lie_push(s.w, s.b, &s.w->p[2], s.common), 200);
    assert_int_equal(lie_push(s.w, c, &s.w->p[3], s.common), 200);
    talk(&s);
    fn_pass(s.w, 120000);
    assert_alike(s.w, &s.w->p[1], &s.w->p[2], s.ch);
    for (size_t i = 1; i < 3; i++) {
        struct rb_fork_view v;
        assert_true(fork_of(&s.w->p[i], s.ch, 0, &v));
        assert_true(feed_at(&s.w->p[i], s.ch, 0)->frozen);
    }
    lie_end(c);
    end(&s);
}

/* Delta has no address: it learns by asking, and what it was shown comes to the others. */
static void test_who_only_connects_outwards(void **state) {
    (void)state;
    struct shown s = begin(4);
    struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2], *delta = &s.w->p[3];
    say_many(s.w, s.a, s.ch, "to bravo", 3);
    say_many(s.w, s.b, s.ch, "to charlie", 5);
    assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 200);
    assert_int_equal(lie_push(s.w, s.b, charlie, s.common), 200);
    talk(&s);
    fn_pass(s.w, 90000);
    struct rb_fork_view v;
    assert_true(fork_of(delta, s.ch, 0, &v));
    assert_true(feed_at(delta, s.ch, 0)->frozen);
    assert_alike(s.w, bravo, charlie, s.ch);
    assert_alike(s.w, bravo, delta, s.ch);
    end(&s);
}

/* Only delta, whom nobody can ask, was shown the other history: it brings it. */
static void test_it_brings_what_nobody_can_ask_for(void **state) {
    (void)state;
    static const size_t lengths[] = {5, 700};
    for (size_t i = 0; i < 2; i++) {
        struct shown s = begin(4);
        struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2], *delta = &s.w->p[3];
        say_many(s.w, s.a, s.ch, "to bravo and charlie", 3);
        say_many(s.w, s.b, s.ch, "to delta", lengths[i]);
        assert_int_equal(lie_push(s.w, s.a, bravo, s.common), 200);
        assert_int_equal(lie_push(s.w, s.a, charlie, s.common), 200);
        assert_int_equal(lie_push(s.w, s.b, delta, s.common), 200);
        fn_pass(s.w, 5000);
        talk(&s);
        fn_pass(s.w, 90000);
        assert_whole(&s, bravo, s.b);
        assert_whole(&s, charlie, s.b);
        assert_whole(&s, delta, s.a);
        assert_alike(s.w, bravo, delta, s.ch);
        assert_alike(s.w, charlie, delta, s.ch);
        fn_restart(s.w, delta); /* asks all again, and is told that they have it */
        fn_pass(s.w, 30000);
        assert_whole(&s, bravo, s.b);
        end(&s);
    }
}

/* The author is told as all are: it signs no more in this feed, and says why. */
static void test_the_author_learns(void **state) {
    (void)state;
    struct shown s = show(3, 3, 4);
    talk(&s);
    fn_pass(s.w, 10000);
    struct fn_party *alfa = &s.w->p[0];
    fn_restart(s.w, alfa);
    fn_pass(s.w, 90000);
    struct rb_channel_view v;
    struct rb_fork_view f;
    assert_true(fork_of(alfa, s.ch, 0, &f));
    assert_int_equal(f.member, 0);
    assert_true(rb_node_channel_by_id(alfa->rb, s.ch, &v));
    assert_non_null(v.waiting);
    assert_true(strstr(v.waiting, "new epoch") != NULL);
    uint64_t size = v.own_feed->tree.size;
    struct rb_hash id;
    assert_int_equal(fn_statement(s.w, alfa, s.ch, "after", RB_FLASH, &id), RB_OK);
    fn_pass(s.w, 10000);
    assert_true(rb_node_channel_by_id(alfa->rb, s.ch, &v));
    assert_int_equal(v.own_feed->tree.size, size);
    assert_int_equal(v.outbox_n, 1);
    fn_restart(s.w, alfa);
    fn_pass(s.w, 90000);
    assert_true(rb_node_channel_by_id(alfa->rb, s.ch, &v));
    assert_int_equal(v.own_feed->tree.size, size);
    assert_true(strstr(v.waiting, "new epoch") != NULL);
    end(&s);
}

static bool garble_branch;
static void watch(const struct fn_party *of, const struct rb_effect *ef) {
    (void)of;
    if (!garble_branch || ef->type != RB_EF_RESPOND || ef->u.respond.status != 200) return;
    struct rb_slice b = ef->u.respond.body; /* of GET branch: no hashes, origin, ... */
    if (b.n < 300 || b.p[0] != 0 || b.p[3] != 'r') return;
    ((uint8_t *)(uintptr_t)b.p)[b.n / 2] ^= 1;
}

/* A member that gives other leaves than it should: nothing of them is kept, and it is said. */
static void test_the_other_history_is_proved(void **state) {
    (void)state;
    struct shown s = show(3, 3, 4);
    struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2];
    garble_branch = true;
    fn_watch = watch;
    talk(&s);
    fn_pass(s.w, 20000);
    assert_int_equal(stored_in(bravo, RB_TABLE_BRANCH), 0);
    assert_int_equal(stored_in(charlie, RB_TABLE_BRANCH), 0);
    assert_true(feed_at(bravo, s.ch, 0)->frozen || feed_at(charlie, s.ch, 0)->frozen);
    fn_watch = NULL;
    garble_branch = false;
    fn_pass(s.w, 120000);
    assert_whole(&s, bravo, s.b);
    assert_whole(&s, charlie, s.a);
    assert_alike(s.w, bravo, charlie, s.ch);
    end(&s);
}

/* A long one comes in steps, also over a restart in the middle. */
static void test_a_long_history_in_steps(void **state) {
    (void)state;
    struct shown s = show(3, 3, 500);
    struct fn_party *bravo = &s.w->p[1], *charlie = &s.w->p[2];
    for (size_t i = 0; i < 2; i++) { /* no more than 1,024 are taken at once (6.17.7) */
        uint64_t old = s.b->tree.size;
        say_many(s.w, s.b, s.ch, "and more", 500);
        assert_int_equal(lie_push(s.w, s.b, charlie, old), 200);
    }
    fn_pass(s.w, 5000); /* charlie judges */
    talk(&s);
    size_t seen = 0;
    for (size_t i = 0; i < 400 && seen < s.b->tree.size; i++) {
        fn_pass(s.w, 10);
        size_t now = stored_in(bravo, RB_TABLE_BRANCH);
        if (now > seen && now < s.b->tree.size) fn_restart(s.w, bravo);
        if (now > seen) seen = now;
    }
    fn_pass(s.w, 60000);
    assert_whole(&s, bravo, s.b);
    assert_alike(s.w, bravo, charlie, s.ch);
    end(&s);
}

/* Memory that is short once: nothing of the other history is taken for the feed's, and with the
 * next word, or after a restart, all is as it would have been. */
static void with_fault(size_t who, uint64_t nth, bool *clean) {
    struct shown s = begin(3);
    say_many(s.w, s.a, s.ch, "to bravo", 3);
    say_many(s.w, s.b, s.ch, "to charlie", 4);
    assert_int_equal(lie_push(s.w, s.a, &s.w->p[1], s.common), 200);
    assert_int_equal(lie_push(s.w, s.b, &s.w->p[2], s.common), 200);
    fn_pass(s.w, 2000); /* judged */
    fn_short = true;
    s.w->p[who].rb->region.fail_at = nth;
    fn_block = NULL;
    struct rb_hash id;
    for (size_t i = 1; i < 3; i++) /* it may be refused; then it is not said */
        if (fn_statement(s.w, &s.w->p[i], s.ch, "a word", RB_ROUTINE, &id) != RB_OK)
            assert_int_equal(i, who);
    fn_pass(s.w, 10000);
    *clean = s.w->p[who].rb->region.fail_at != 0;
    s.w->p[who].rb->region.fail_at = 0;
    assert_cosigned_own(&s.w->p[1], s.ch);
    assert_cosigned_own(&s.w->p[2], s.ch);
    for (size_t i = 1; i < 3; i++)
        fn_restart(s.w, &s.w->p[i]);
    talk(&s);
    fn_pass(s.w, 120000);
    fn_short = false;
    assert_whole(&s, &s.w->p[1], s.b);
    assert_whole(&s, &s.w->p[2], s.a);
    assert_cosigned_own(&s.w->p[1], s.ch);
    assert_alike(s.w, &s.w->p[1], &s.w->p[2], s.ch);
    end(&s);
}

/* every one of them with READBACK_FAULT_STEP=1; else one in four, others at the one than at the
 * other */
static void test_allocations_fail_once(void **state) {
    (void)state;
    const char *given = getenv("READBACK_FAULT_STEP");
    const uint64_t step = given ? strtoull(given, NULL, 10) : 4;
    assert_true(step > 0);
    for (size_t who = 1; who < 3; who++) {
        bool clean = false;
        uint64_t nth = 1 + (who - 1) * (step / 2);
        for (; !clean; nth += step)
            with_fault(who, nth, &clean);
        assert_true(nth > 10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_members_shown_two_histories),
        cmocka_unit_test(test_one_exchange_is_enough),
        cmocka_unit_test(test_a_bad_proof_is_no_fork),
        cmocka_unit_test(test_evidence_is_checked_before_it_is_believed),
        cmocka_unit_test(test_four_pieces_at_most),
        cmocka_unit_test(test_what_is_held_beyond_the_evidence),
        cmocka_unit_test(test_three_histories),
        cmocka_unit_test(test_who_only_connects_outwards),
        cmocka_unit_test(test_it_brings_what_nobody_can_ask_for),
        cmocka_unit_test(test_the_author_learns),
        cmocka_unit_test(test_the_other_history_is_proved),
        cmocka_unit_test(test_a_long_history_in_steps),
        cmocka_unit_test(test_allocations_fail_once),
    };
    return cmocka_run_group_tests_name("test_node_fork", tests, NULL, NULL);
}
