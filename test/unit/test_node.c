/* The node by itself: founding, holding, receipts, restart, rollback, refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_node.h"
#include "readback/text.h"

static void same_situation(struct fn_world *w, const uint8_t ch[16]) {
    static uint8_t a[1 << 20], b[1 << 20];
    struct rb_writer wa = rb_writer(a, sizeof a);
    rb_situation_encode(fn_situation(w, &w->p[0], ch), &wa);
    assert_false(wa.over);
    for (size_t i = 1; i < w->n; i++) {
        struct rb_writer wb = rb_writer(b, sizeof b);
        rb_situation_encode(fn_situation(w, &w->p[i], ch), &wb);
        assert_int_equal(wa.n, wb.n);
        assert_memory_equal(a, b, wa.n);
    }
}

static bool held_by(struct fn_world *w, struct fn_party *at, const uint8_t ch[16],
                    const struct rb_hash *id, uint16_t member) {
    const struct rb_situation *s = fn_situation(w, at, ch);
    uint32_t o = rb_situation_find(s, id);
    uint64_t since;
    return o != RB_NOWHERE && rb_situation_held(s, o, member, &since);
}

static void test_found_and_say(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id, read;
    fn_found(w, true, NULL, ch);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fn_situation(w, &w->p[i], ch)->charter_state, RB_CHARTER_IN_FORCE);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "A test.", RB_PRIORITY, &id), RB_OK);
    assert_false(held_by(w, &w->p[0], ch, &id, 1)); /* no receipt is logged yet */
    fn_pass(w, 5000);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    assert_true(
        held_by(w, &w->p[2], ch, &id, 1)); /* the receipt is in alfa's feed, for all to see */
    assert_int_equal(fn_position(w, &w->p[1], ch, RB_POSITION_READ, &id, &read), RB_OK);
    fn_pass(w, 5000);
    const struct rb_situation *s = fn_situation(w, &w->p[2], ch);
    assert_int_not_equal(rb_situation_answer(s, rb_situation_find(s, &id), 1, RB_POSITION_READ),
                         RB_NOWHERE);
    same_situation(w, ch);
    fn_free(w);
}

static void test_comes_to_rest(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    fn_pass(w, 60000);
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    uint64_t size = v.own_feed->tree.size;
    uint64_t conns = w->conn;
    fn_pass(w, 3600000);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    assert_int_equal(v.own_feed->tree.size, size); /* receipts do not breed receipts */
    assert_int_equal(w->conn, conns); /* and an idle line without a schedule is silent */
    fn_free(w);
}

static void test_unaccepted_stays_proposed(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, false, NULL, ch);
    assert_int_equal(fn_situation(w, &w->p[1], ch)->charter_state, RB_CHARTER_PROPOSED);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Too early.", RB_ROUTINE, &id), RB_ERR_DENIED);
    assert_int_equal(w->p[0].done.u.done.mark, RB_MARK_NOT_IN_FORCE);
    fn_free(w);
}

static void test_outward_only(void **state) {
    (void)state;
    struct fn_world *w =
        fn_world(4); /* delta has no address: it pulls, cosigns, returns receipts */
    uint8_t ch[16];
    struct rb_hash id, id2;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    for (size_t i = 0; i < 4; i++)
        c->accept_members |= 1ull << i;
    fn_found(w, false, c, ch);
    free(c);
    fn_accept(w, &w->p[1], ch);
    fn_accept(w, &w->p[2], ch);
    fn_pass(w, 100000); /* delta cannot be pushed to: it asks alfa whether it is invited */
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[3].rb, ch, &v));
    fn_accept(w, &w->p[3], ch);
    fn_pass(w, 200000);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fn_situation(w, &w->p[i], ch)->charter_state, RB_CHARTER_IN_FORCE);
    assert_int_equal(fn_statement(w, &w->p[3], ch, "From behind a wall.", RB_ROUTINE, &id), RB_OK);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "To behind a wall.", RB_ROUTINE, &id2), RB_OK);
    fn_pass(w, 120000);
    assert_true(held_by(w, &w->p[3], ch, &id, 0));
    assert_true(held_by(w, &w->p[0], ch, &id2, 3)); /* its cosignature came back */
    same_situation(w, ch);
    fn_free(w);
}

static void test_deaf_peer_catches_up(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    w->p[2].deaf = true;
    for (int i = 0; i < 600; i++)
        assert_int_equal(fn_statement(w, &w->p[0], ch, "Said into the dark.", RB_ROUTINE, &id),
                         RB_OK);
    fn_pass(w, 300000);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    assert_false(held_by(w, &w->p[0], ch, &id, 2));
    w->p[2].deaf = false;
    fn_pass(w, 200000);
    assert_true(held_by(w, &w->p[0], ch, &id, 2));
    same_situation(w, ch);
    fn_free(w);
}

/* Who could not be reached for long, calls, and refuses once more as it comes up, is not made to
 * wait for what was before. */
static void test_back_and_pushed_to(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    uint64_t t, ms = 0;
    char query[48] = "channel=";
    struct rb_writer q = rb_writer(query + 8, sizeof query - 9);
    fn_found(w, true, NULL, ch);
    rb_put_hex(&q, ch, sizeof ch);
    w->p[1].deaf = true;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Said into the dark.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 300000);
    w->p[1].deaf = false;
    w->forge.status = 503;
    w->forge.body = "starting";
    fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/heads", query, rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    for (; w->forge.used == 0 && ms < 2000; ms += 100)
        fn_pass(w, 100);
    assert_true(w->forge.used > 0);
    w->forge.status = 0;
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    for (ms = 0; rb_node_cosigned(w->p[0].rb, ch, 1, &t) < v.own_feed->tree.size; ms += 100) {
        assert_true(ms < 3000);
        fn_pass(w, 100);
    }
    fn_free(w);
}

static void test_restart(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    for (size_t r = 0; r < 6; r++) {
        assert_int_equal(
            fn_statement(w, &w->p[r % 3], ch, "Before the power went.", RB_ROUTINE, &id), RB_OK);
        if (r % 2) fn_pass(w, 4000);
        fn_restart(w, &w->p[r % 3]);
        fn_restart(w, &w->p[(r + 1) % 3]);
        fn_pass(w, 100000);
        same_situation(w, ch);
        assert_true(held_by(w, &w->p[0], ch, &id, (uint16_t)((r + 1) % 3)));
    }
    fn_free(w);
}

static bool waiting(struct fn_party *p, const uint8_t ch[16]) {
    struct rb_channel_view v;
    return rb_node_channel_by_id(p->rb, ch, &v) && v.waiting != NULL;
}

static void test_rolled_back_store_signs_nothing(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Will be lost from the disk.", RB_ROUTINE, &id),
                     RB_OK);
    fn_pass(w, 10000);
    assert_false(waiting(&w->p[0], ch));
    fn_roll_back(&w->p[0], 2);
    w->p[1].deaf = true; /* who holds what was lost does not answer */
    fn_restart(w, &w->p[0]);
    assert_true(waiting(&w->p[0], ch));
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    uint64_t size = v.own_feed->tree.size;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Waits unsigned.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 60000);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    assert_int_equal(v.own_feed->tree.size, size);
    assert_int_equal(v.outbox_n, 1); /* visibly */
    w->p[1].deaf = false;
    fn_pass(w, 200000); /* the lost part is fetched, and what waited follows it */
    assert_false(waiting(&w->p[0], ch));
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    same_situation(w, ch);
    fn_free(w);
}

static void test_two_officers(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->policies_n = 1;
    c->policies[0].kind = RB_KIND_STATEMENT;
    c->policies[0].two_officers = true;
    fn_found(w, true, c, ch);
    free(c);
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    uint64_t size = v.own_feed->tree.size;
    struct rb_record *rec = calloc(1, sizeof *rec);
    uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text("By two.", &b);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_ERR_NEED_SIGNER);
    assert_int_equal(rb_node_drafts(w->p[0].rb), 1);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    assert_int_equal(v.own_feed->tree.size, size); /* nothing was released */
    fn_restart(w, &w->p[0]);
    struct rb_draft_view d;
    assert_true(rb_node_draft(w->p[0].rb, 0, &d)); /* the draft is durable */
    struct rb_signer s = {0};
    static uint8_t tbs[4096];
    struct rb_writer t = rb_writer(tbs, sizeof tbs);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    rb_key_id(&w->p[0].officer[1].pub, s.kid);
    rb_record_tbs(d.payload, rb_slice(v.own_feed->origin, v.own_feed->origin_n), s.kid, 2, &t);
    rb_ed25519_sign(&w->p[0].officer[1], rb_written(&t), s.sig);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, ch, 16);
    ev.u.submit.payload = d.payload;
    ev.u.submit.signers = &s;
    ev.u.submit.signers_n = 1;
    fn_event(w, &w->p[0], &ev);
    assert_int_equal(w->p[0].done.u.done.reject.err, RB_OK);
    assert_int_equal(rb_node_drafts(w->p[0].rb), 0);
    fn_pass(w, 5000);
    assert_true(held_by(w, &w->p[0], ch, &w->p[0].done.u.done.record, 1));
    const struct rb_situation *sit = fn_situation(w, &w->p[1], ch);
    assert_int_equal(sit->order[rb_situation_find(sit, &w->p[0].done.u.done.record)].mark,
                     RB_MARK_NONE);
    /* a single officer in an emergency: released at once, and marked with the reason */
    rec->emergency = rb_str("second officer unreachable");
    rec->seen_n = 0;
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_OK);
    free(rec);
    fn_free(w);
}

static void test_line_tests_and_silence(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    c->answer_ms[RB_IMMEDIATE] = 600000;
    fn_found(w, true, c, ch);
    free(c);
    fn_pass(w, UINT64_C(3) * 3600000);
    const struct rb_situation *s = fn_situation(w, &w->p[0], ch);
    for (size_t i = 0; i < s->members_n; i++) {
        assert_int_equal(s->members[i].tests_missed, 0);
        assert_int_not_equal(s->members[i].last_test_slot, 0);
    }
    assert_int_equal(s->silences_n, 0);
    w->p[1].deaf = true;
    w->p[1].up = false;
    struct rb_hash id;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Answer me.", RB_IMMEDIATE, &id), RB_OK);
    fn_pass(w, 1200000);
    s = fn_situation(w, &w->p[0], ch);
    /* charlie held it and did not read it: due from when it was held; bravo is off: not delivered,
     * no due yet */
    size_t by_alfa = 0;
    for (size_t i = 0; i < s->silences_n; i++)
        by_alfa += rb_situation_author(s, s->silences[i].record) == 0 &&
                   s->silences[i].subject != RB_NOWHERE;
    assert_int_equal(by_alfa, 1);
    fn_pass(w, UINT64_C(5) * 3600000);
    s = fn_situation(w, &w->p[0], ch);
    size_t about_bravo = 0;
    for (size_t i = 0; i < s->silences_n; i++)
        about_bravo += rb_situation_author(s, s->silences[i].record) == 0 &&
                       s->silences[i].member == 1 && s->silences[i].subject == RB_NOWHERE;
    assert_int_equal(about_bravo, 1); /* one streak, said once */
    fn_free(w);
}

/* ---- refusals
 * ------------------------------------------------------------------------------------------ */
static void test_strangers_learn_nothing(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16];
    uint8_t other[16] = {0};
    w->n = 2; /* a channel of alfa and bravo only */
    fn_found(w, true, NULL, ch);
    w->n = 3;
    char known[128], unknown[128];
    struct rb_writer k = rb_writer(known, sizeof known), u = rb_writer(unknown, sizeof unknown);
    rb_put_z(&k, "channel=");
    rb_put_hex(&k, ch, 16);
    rb_put_z(&u, "channel=");
    rb_put_hex(&u, other, 16);
    const char *paths[] = {"/rb/v1/heads", "/rb/v1/news", "/rb/v1/feed", "/log/x/checkpoint",
                           "/nothing"};
    for (size_t i = 0; i < 5; i++) {
        uint8_t first[512];
        fn_request(w, &w->p[0], &w->p[2], false, paths[i], rb_writer_z(&k), rb_slice(NULL, 0));
        assert_int_equal(w->answer.status, 404);
        size_t n = w->answer.n;
        memcpy(first, w->answer.body, n);
        fn_request(w, &w->p[0], &w->p[2], false, paths[i], rb_writer_z(&u), rb_slice(NULL, 0));
        assert_int_equal(w->answer.status, 404);
        assert_int_equal(w->answer.n, n); /* the same answer for known and unknown */
        assert_memory_equal(w->answer.body, first, n);
        fn_request(w, &w->p[0], NULL, false, paths[i], rb_writer_z(&k), rb_slice(NULL, 0));
        assert_int_equal(w->answer.status, 404);
    }
    fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/heads", rb_writer_z(&k), rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200); /* a member is answered */
    assert_true(w->answer.n > 0);
    fn_free(w);
}

/* alfa's feed as a push body, fetched by bravo */
static size_t fetch(struct fn_world *w, const uint8_t ch[16], const char *from, uint8_t *out) {
    struct rb_channel_view v;
    char query[160];
    struct rb_writer q = rb_writer(query, sizeof query);
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &v));
    struct rb_hash oh;
    rb_sha256(rb_slice(v.own_feed->origin, v.own_feed->origin_n), &oh);
    rb_put_z(&q, "from=");
    rb_put_z(&q, from);
    rb_put_z(&q, "&origin=");
    rb_put_hex(&q, oh.b, 32);
    fn_request(w, &w->p[0], &w->p[1], false, "/rb/v1/feed", rb_writer_z(&q), rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    memcpy(out, w->answer.body, w->answer.n);
    return w->answer.n;
}

static void test_every_flipped_byte_of_a_push(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    uint8_t ch[16], body[65536];
    struct rb_hash id;
    w->p[2].deaf = true; /* charlie gets alfa's feed from our hand only */
    fn_found(w, false, NULL, ch);
    size_t n = fetch(w, ch, "0", body);
    struct rb_channel_view v;
    for (size_t i = 0; i < n; i++) {
        body[i] ^= 1;
        fn_request(w, &w->p[2], &w->p[0], true, "/rb/v1/push", "", rb_slice(body, n));
        assert_int_not_equal(w->answer.status, 200);
        body[i] ^= 1;
        /* a partly good prefix may have been kept; nothing is cosigned */
        if (rb_node_channel_by_id(w->p[2].rb, ch, &v)) fn_restart(w, &w->p[2]);
    }
    for (size_t i = 0; i < n; i++) {
        fn_request(w, &w->p[2], &w->p[0], true, "/rb/v1/push", "", rb_slice(body, i));
        assert_int_not_equal(w->answer.status, 200);
    }
    fn_request(w, &w->p[2], &w->p[0], true, "/rb/v1/push", "", rb_slice(body, n));
    if (w->answer.status ==
        409) { /* something of it is here already: the pusher goes on from there */
        struct rb_mirror_info info;
        assert_int_equal(rb_mirror_info_decode(rb_slice(w->answer.body, w->answer.n), &info),
                         RB_OK);
    }
    w->p[2].deaf = false;
    fn_pass(w, 200000);
    fn_accept(w, &w->p[1], ch);
    fn_accept(w, &w->p[2], ch);
    fn_pass(w, 100000);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "After all that.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 100000);
    assert_true(held_by(w, &w->p[0], ch, &id, 2));
    same_situation(w, ch);
    fn_free(w);
}

static void test_standard_mirror_endpoints(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16], body[65536], garbage[3] = {1, 2, 3};
    fn_found(w, true, NULL, ch);
    struct rb_hash id;
    w->p[1].deaf = true;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "By the standard way.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 1000);
    struct rb_channel_view mine, theirs;
    assert_true(rb_node_channel_by_id(w->p[0].rb, ch, &mine));
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &theirs));
    struct rb_feed *mirrored = rb_book_feed(theirs.book, 0, 0);
    uint64_t old = mirrored->tree.size, size = mine.signed_size;
    assert_true(size > old);
    /* take the parts out of a push body: version, delegation, add-checkpoint, add-entries */
    char from[24];
    struct rb_writer fw = rb_writer(from, sizeof from);
    rb_put_dec(&fw, old);
    size_t n = fetch(w, ch, rb_writer_z(&fw), body);
    struct rb_reader r = rb_reader(rb_slice(body, n));
    uint8_t version;
    uint32_t len;
    struct rb_slice skip, ac;
    assert_int_equal(rb_get_u8(&r, &version), RB_OK);
    assert_int_equal(rb_get_u32(&r, &len), RB_OK);
    assert_int_equal(rb_get_view(&r, len, &skip), RB_OK);
    assert_int_equal(rb_get_u32(&r, &len), RB_OK);
    assert_int_equal(rb_get_view(&r, len, &ac), RB_OK);
    struct rb_slice entries = rb_slice(body + r.at, n - r.at);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "", entries);
    assert_int_equal(w->answer.status, 409); /* no such checkpoint is pending yet */
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-checkpoint", "", ac);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.n, 0); /* a mirror does not sign a pending checkpoint */
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-checkpoint", "", ac);
    assert_int_equal(w->answer.status, 409); /* old is behind now, and the size is said */
    assert_string_equal(w->answer.type, "text/x.tlog.size");
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "", rb_slice(garbage, 3));
    assert_int_equal(w->answer.status, 400);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "", entries);
    assert_int_equal(w->answer.status, 200);
    struct rb_note_sig sig;
    assert_int_equal(rb_note_sig_decode(rb_slice(w->answer.body, w->answer.n), &sig), RB_OK);
    assert_int_equal(sig.sig_n, 72);
    /* and it reads back as tiles */
    char path[256];
    struct rb_writer p = rb_writer(path, sizeof path);
    struct rb_hash oh;
    rb_sha256(rb_slice(mirrored->origin, mirrored->origin_n), &oh);
    rb_put_z(&p, "/mirror/");
    rb_put_hex(&p, oh.b, 32);
    size_t stem = p.n;
    rb_put_z(&p, "/checkpoint");
    fn_request(w, &w->p[1], &w->p[0], false, rb_writer_z(&p), "", rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    struct rb_note *note = calloc(1, sizeof *note);
    assert_int_equal(rb_note_decode(rb_slice(w->answer.body, w->answer.n), note, NULL), RB_OK);
    assert_int_equal(note->sigs_n, 2); /* the log's and the mirror's */
    free(note);
    p.n = stem;
    rb_put_z(&p, "/tile/0/000.p/");
    rb_put_dec(&p, size);
    fn_request(w, &w->p[1], &w->p[0], false, rb_writer_z(&p), "", rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.n, size * 32);
    p.n = stem;
    rb_put_z(&p, "/tile/entries/000.p/");
    rb_put_dec(&p, size);
    fn_request(w, &w->p[1], &w->p[0], false, rb_writer_z(&p), "", rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 200);
    assert_true(w->answer.n > size * 64);
    fn_free(w);
}

static void test_a_fork_is_kept_as_evidence(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    struct rb_feed *f = rb_book_feed(v.book, 0, 0);
    /* alfa's log key signs another root for a size that bravo holds */
    uint64_t size = f->tree.size - 1;
    struct rb_hash lie;
    rb_sha256(rb_str("another history"), &lie);
    uint8_t mem[4096], sig[64], note[2048], req[4096];
    struct rb_writer text = rb_writer(mem, sizeof mem), nw = rb_writer(note, sizeof note);
    struct rb_vkey key;
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log_key, &key);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &lie, &text);
    rb_ed25519_sign(&w->p[0].log[0], rb_written(&text), sig);
    rb_put_slice(&nw, rb_written(&text));
    rb_put_u8(&nw, '\n');
    rb_note_sig_encode(&key, rb_slice(sig, 64), &nw);
    struct rb_add_checkpoint ac = {.old_size = 0, .note = rb_written(&nw)};
    struct rb_writer rw = rb_writer(req, sizeof req);
    rb_add_checkpoint_encode(&ac, &rw);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-checkpoint", "", rb_written(&rw));
    assert_int_equal(w->answer.status, 422);
    bool kept = false;
    for (size_t i = 0; i < w->p[1].items_n; i++) {
        const struct rb_effect *e = &w->p[1].items[i].ef;
        if (e->u.store.item != RB_ITEM_META || e->u.store.table != RB_TABLE_EVIDENCE) continue;
        struct rb_fork fork;
        assert_int_equal(rb_fork_decode(e->u.store.value, &fork, NULL), RB_OK);
        assert_int_equal(rb_fork_verify(&fork, &key, NULL), RB_OK);
        kept = true;
    }
    assert_true(kept);
    assert_true(f->frozen);
    fn_restart(w, &w->p[1]);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_true(rb_book_feed(v.book, 0, 0)->frozen); /* a fork that was proven stays proven */
    fn_free(w);
}

/* A record of alfa's copied into bravo's feed: the aad is the feed's origin, so it cannot be moved.
 */
static void test_forged_submissions(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    struct rb_record *rec = calloc(1, sizeof *rec);
    uint8_t body[256];
    struct rb_writer b = rb_writer(body, sizeof body);
    fn_body_text("x", &b);
    rec->kind = RB_KIND_STATEMENT;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    struct rb_seckey was = w->p[0].officer[0];
    w->p[0].officer[0] = w->p[1].officer[0]; /* bravo's officer signs at alfa's node */
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_ERR_DENIED);
    w->p[0].officer[0] = was;
    w->p[0].officer[0].seed[0] ^= 1; /* right key id, wrong key */
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 1, &id), RB_ERR_SIGNATURE);
    w->p[0].officer[0] = was;
    assert_int_equal(fn_release(w, &w->p[0], ch, rec, 0, &id), RB_ERR_SIGNATURE);
    rec->closed = true;
    rec->recipients = 3;
    rec->body = rb_slice(NULL, 0);
    rec->ciphertext_size = 10;
    static const uint8_t one[] = {0x81, 0x58, 0x20, 1,  2,  3,  4,  5,  6,  7,  8,  9,
                                  10,   11,   12,   13, 14, 15, 16, 17, 18, 19, 20, 21,
                                  22,   23,   24,   25, 26, 27, 28, 29, 30, 31, 32};
    rec->commitments_n = 1;
    rec->commitments = rb_slice(one, sizeof one);
    enum rb_err err = fn_release(w, &w->p[0], ch, rec, 1, &id);
    assert_int_equal(err, RB_ERR_NOT_FOUND); /* without its ciphertext */
    assert_string_equal(w->p[0].done.u.done.reject.clause, "6.11.7");
    free(rec);
    fn_free(w);
}

/* ---- liars with good keys
 * ------------------------------------------------------------------------------ */
static void sign_head(const struct rb_seckey *log, const struct rb_feed *f, uint64_t size,
                      const struct rb_hash *root, struct rb_writer *out) {
    uint8_t mem[512], sig[64];
    struct rb_vkey key;
    struct rb_writer text = rb_writer(mem, sizeof mem);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, root, &text);
    rb_ed25519_sign(log, rb_written(&text), sig);
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log_key, &key);
    rb_put_slice(out, rb_written(&text));
    rb_put_u8(out, '\n');
    rb_note_sig_encode(&key, rb_slice(sig, 64), out);
}

/* A tree of alfa's: the first `keep` leaves as in f, then `more` times the same leaf. */
static struct rb_tree *other_tree(const struct rb_feed *f, uint64_t keep, uint64_t more,
                                  struct rb_slice leaf) {
    static struct rb_region region;
    static struct rb_tree t;
    static uint8_t *mem;
    size_t cap = (size_t)64 << 20;
    struct rb_hash h;
    free(mem);
    mem = calloc(1, cap);
    rb_region_init(&region, mem, cap);
    rb_tree_init(&t, &region);
    rb_leaf_hash(leaf, &h);
    for (uint64_t i = 0; i < keep; i++)
        assert_int_equal(rb_tree_append(&t, &f->tree.level[0].h[i]), RB_OK);
    for (uint64_t i = 0; i < more; i++)
        assert_int_equal(rb_tree_append(&t, &h), RB_OK);
    return &t;
}

static uint8_t big[4 << 20];
/* add-entries of t from `from`, `packages` of them */
static struct rb_slice entries_of(const struct rb_feed *f, const struct rb_tree *t, uint64_t from,
                                  struct rb_slice leaf, uint64_t packages) {
    struct rb_writer w = rb_writer(big, sizeof big);
    struct rb_add_entries h = {rb_slice(f->origin, f->origin_n), from, t->size, {NULL, 0}};
    rb_add_entries_encode(&h, &w);
    for (uint64_t at = from; at < t->size && packages--;) {
        uint64_t pf, pt;
        struct rb_proof proof;
        rb_package_bounds(from, t->size, at, &pf, &pt);
        for (uint64_t i = at; i < pt; i++)
            rb_package_entry_encode(leaf, &w);
        assert_int_equal(rb_tree_subtree_proof(t, pf / 256 * 256, pt, t->size, &proof), RB_OK);
        rb_package_proof_encode(&proof, &w);
        at = pt;
    }
    assert_false(w.over);
    return rb_written(&w);
}

static int offer(struct fn_world *w, const struct rb_feed *f, const struct rb_tree *t,
                 uint64_t old) {
    uint8_t note[1024], req[8192];
    struct rb_hash root;
    struct rb_writer nw = rb_writer(note, sizeof note), rw = rb_writer(req, sizeof req);
    rb_tree_root(t, t->size, &root);
    sign_head(&w->p[0].log[0], f, t->size, &root, &nw);
    struct rb_add_checkpoint ac = {.old_size = old, .note = rb_written(&nw)};
    assert_int_equal(rb_tree_consistency(t, old, t->size, &ac.proof), RB_OK);
    rb_add_checkpoint_encode(&ac, &rw);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-checkpoint", "", rb_written(&rw));
    return w->answer.status;
}

static struct rb_feed *alfas(struct fn_world *w, const uint8_t ch[16]) { /* as bravo mirrors it */
    struct rb_channel_view v;
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    return rb_book_feed(v.book, 0, 0);
}

static uint64_t stored_leaves(const struct fn_party *p, uint16_t member) {
    uint64_t k = 0;
    for (size_t i = 0; i < p->items_n; i++)
        k += p->items[i].ef.u.store.item == RB_ITEM_LEAF &&
             p->items[i].ef.u.store.feed.member == member;
    return k;
}

/* More leaves in one request than a step has effects: each that the tree has is on the disk. */
static void test_flood_of_tiny_leaves(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_slice leaf = rb_slice((const uint8_t *)"", 0);
    fn_found(w, true, NULL, ch);
    struct rb_feed *f = alfas(w, ch);
    uint64_t old = f->tree.size;
    struct rb_tree *t = other_tree(f, old, 70000, leaf);
    assert_int_equal(offer(w, f, t, old), 200);
    for (size_t k = 0; k < 100 && f->tree.size < t->size; k++) { /* 1,024 of each, 6.17.7 */
        fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "",
                   entries_of(f, t, f->tree.size, leaf, UINT64_MAX));
        assert_int_equal(stored_leaves(&w->p[1], 0), f->tree.size);
        assert_true(w->answer.status == (f->tree.size < t->size ? 202 : 200));
    }
    assert_int_equal(f->tree.size, t->size);
    fn_free(w);
}

/* A tile that is long to read: others are answered before it, and of two one waits for the other. */
static void test_long_tile(void **state) {
    (void)state;
    static uint8_t bytes[60000], first[sizeof big];
    struct fn_world *w = fn_world(2);
    struct fn_party *bravo = &w->p[1];
    uint8_t ch[16];
    struct rb_hash oh;
    char tile[160];
    fn_found(w, true, NULL, ch);
    struct rb_feed *f = alfas(w, ch);
    uint64_t old = f->tree.size;
    struct rb_slice leaf = rb_slice(bytes, sizeof bytes);
    struct rb_tree *t = other_tree(f, old, 30, leaf);
    assert_int_equal(offer(w, f, t, old), 200);
    fn_request(w, bravo, &w->p[0], true, "/mirror/add-entries", "", entries_of(f, t, old, leaf, 1));
    fn_pass(w, 10);
    assert_int_equal(f->tree.size, old + 30);
    rb_sha256(rb_slice(f->origin, f->origin_n), &oh);
    struct rb_writer p = rb_writer(tile, sizeof tile);
    rb_put_z(&p, "/mirror/");
    rb_put_hex(&p, oh.b, RB_HASH_LEN);
    rb_put_z(&p, "/tile/entries/000.p/");
    rb_put_dec(&p, old + 30);
    assert_non_null(rb_writer_z(&p));
    fn_request(w, bravo, &w->p[0], false, tile, "", rb_slice(NULL, 0));
    assert_true(w->answer.held); /* a part of it was read */
    fn_request(w, bravo, &w->p[0], false, "/nothing", "", rb_slice(NULL, 0));
    assert_int_equal(w->answer.status, 404);
    w->answer.held = true;
    fn_pass(w, 9);
    assert_true(w->answer.held);
    fn_pass(w, 1);
    assert_int_equal(w->answer.status, 200);
    assert_true(w->answer.n > 30 * sizeof bytes);
    size_t n = w->answer.n;
    memcpy(first, w->answer.body, n);
    fn_request(w, bravo, &w->p[0], false, tile, "", rb_slice(NULL, 0));
    uint64_t gone = w->conn;
    fn_request(w, bravo, &w->p[0], false, tile, "", rb_slice(NULL, 0));
    struct rb_event ev = {.type = RB_EV_CLOSED};
    ev.u.closed.conn = gone; /* it is not read on for who has gone */
    fn_event(w, bravo, &ev);
    fn_pass(w, 20);
    assert_int_equal(w->answer.status, 200);
    assert_int_equal(w->answer.n, n);
    assert_memory_equal(w->answer.body, first, n);
    fn_free(w);
}

static void test_entries_without_a_package(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_slice leaf = rb_str("leaf");
    fn_found(w, true, NULL, ch);
    struct rb_feed *f = alfas(w, ch);
    struct rb_tree *t = other_tree(f, f->tree.size, 600, leaf);
    assert_int_equal(offer(w, f, t, f->tree.size), 200);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "",
               entries_of(f, t, f->tree.size, leaf, 0));
    assert_int_equal(w->answer.status, 400);
    struct rb_slice one = entries_of(f, t, f->tree.size, leaf, 1);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "", rb_slice(one.p, one.n - 1));
    assert_int_equal(w->answer.status, 400); /* cut within the first package */
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "", one);
    assert_int_equal(w->answer.status, 202);
    fn_free(w);
}

/* Two signed checkpoints of one size that is only pending are a fork as well, and what was pending
 * when the feed froze is not completed by the back door. */
static void test_frozen_feed_is_not_completed(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_slice leaf = rb_str("leaf"), lie = rb_str("lie");
    fn_found(w, true, NULL, ch);
    struct rb_feed *f = alfas(w, ch);
    uint64_t old = f->tree.size;
    struct rb_tree *t = other_tree(f, old, 3, lie);
    assert_int_equal(offer(w, f, t, old), 200);
    t = other_tree(f, old, 3, leaf);
    assert_int_equal(offer(w, f, t, old), 422);
    assert_true(f->frozen);
    t = other_tree(f, old, 3, lie);
    fn_request(w, &w->p[1], &w->p[0], true, "/mirror/add-entries", "",
               entries_of(f, t, old, lie, 1));
    assert_int_equal(w->answer.status, 403);
    assert_int_equal(f->tree.size, old);
    fn_free(w);
}

/* The mirror's database was put back, its head file was not: another history is not cosigned,
 * however much longer it is. */
static void test_restored_mirror_keeps_its_word(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_slice lie = rb_str("lie");
    fn_found(w, true, NULL, ch);
    w->p[0].deaf = true; /* what bravo has of its own is not disturbed */
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fn_statement(w, &w->p[0], ch, "Held.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 3000);
    struct rb_feed *f = alfas(w, ch);
    uint64_t size = f->tree.size, k = 0;
    struct fn_party *p = &w->p[1];
    for (size_t i = p->items_n;
         i-- > 0;) { /* alfa's newest leaves, their notes and what was pending */
        const struct rb_effect *e = &p->items[i].ef;
        bool of_alfa = e->u.store.feed.member == 0;
        bool gone =
            e->u.store.item == RB_ITEM_META
                ? e->u.store.table == RB_TABLE_PENDING || e->u.store.table == RB_TABLE_JUDGED
                : of_alfa && (e->u.store.item == RB_ITEM_LEAF ? e->u.store.index
                                                              : e->u.store.size) >= size - 4;
        if (!gone) continue;
        fn_lose_item(p, i);
        k++;
    }
    assert_true(k > 0);
    w->p[0].up = false;
    fn_restart(w, p);
    f = alfas(w, ch);
    uint64_t have = f->tree.size;
    assert_true(have < size);
    struct rb_tree *t = other_tree(f, have, 20, lie);
    uint8_t note[1024], push[8192];
    struct rb_hash root;
    rb_tree_root(t, t->size, &root);
    struct rb_writer nw = rb_writer(note, sizeof note), rw = rb_writer(push, sizeof push);
    sign_head(&w->p[0].log[0], f, t->size, &root, &nw);
    struct rb_mirror_info info;
    fn_request(w, p, &w->p[0], true, "/mirror/add-entries", "", entries_of(f, t, have, lie, 1));
    uint64_t old = 0; /* what bravo says is pending */
    if (w->answer.status == 409) {
        assert_int_equal(rb_mirror_info_decode(rb_slice(w->answer.body, w->answer.n), &info),
                         RB_OK);
        old = info.pending;
    }
    struct rb_add_checkpoint ac = {.old_size = old, .note = rb_written(&nw)};
    assert_int_equal(rb_tree_consistency(t, old, t->size, &ac.proof), RB_OK);
    rb_add_checkpoint_encode(&ac, &rw);
    fn_request(w, p, &w->p[0], true, "/mirror/add-checkpoint", "", rb_written(&rw));
    assert_int_equal(w->answer.status, 200);
    fn_request(w, p, &w->p[0], true, "/mirror/add-entries", "", entries_of(f, t, have, lie, 1));
    assert_int_equal(w->answer.status, 503);
    fn_free(w);
}

/* A peer's word alone: it neither stops our feed nor makes us knock without pause. */
static void test_lies_about_what_is_held(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    fn_found(w, true, NULL, ch);
    w->forge.status = 409;
    w->forge.body = "100000\n100000\n\n";
    assert_int_equal(fn_statement(w, &w->p[0], ch, "More than there is.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 20000);
    assert_true(w->forge.used > 0);
    assert_false(waiting(&w->p[0], ch));
    w->forge.status = 202;
    w->forge.body = "0\n0\n\n";
    w->forge.used = 0;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Never enough.", RB_ROUTINE, &id), RB_OK);
    fn_pass(w, 20000);
    assert_in_range(w->forge.used, 1, 40);
    w->forge.status = 0;
    fn_pass(w, 100000);
    assert_true(held_by(w, &w->p[0], ch, &id, 1));
    fn_free(w);
}

static void test_invitation_pins_nobody(void **state) {
    (void)state;
    struct fn_world *w = fn_world_of(3, true); /* bravo and charlie have not met */
    uint8_t ch[16];
    struct rb_channel_view v;
    fn_found(w, false, NULL, ch);
    assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
    assert_int_equal(rb_node_peers(w->p[1].rb), 1);
    fn_accept(w, &w->p[1], ch);
    assert_int_equal(rb_node_peers(w->p[1].rb), 2);
    fn_free(w);
}

static void test_refused_join_leaves_no_feed(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_channel_view v;
    fn_found(w, false, NULL, ch);
    struct fn_party *p = &w->p[1];
    struct rb_seckey was = p->officer[0];
    p->officer[0].seed[0] ^= 1;
    assert_int_equal(fn_join(w, p, ch, 0), RB_ERR_SIGNATURE);
    assert_true(rb_node_channel_by_id(p->rb, ch, &v));
    assert_null(v.own_feed);
    p->officer[0] = was;
    fn_accept(w, p, ch);
    fn_free(w);
}

/* bravo's party key has signed a delegation for its next epoch; alfa has it and pushes under its
 * name */
static void test_nobody_else_opens_our_feed(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16], push[8192], note[2048];
    struct rb_channel_view v;
    fn_found(w, true, NULL, ch);
    struct rb_slice d = fn_delegation(w, &w->p[1], ch, true, 1);
    char origin[2][160];
    for (size_t i = 0; i < 2;
         i++) { /* an origin of alfa's with bravo's delegation; then bravo's own */
        struct rb_hash party, empty;
        struct rb_writer o = rb_writer(origin[i], sizeof origin[i]),
                         nw = rb_writer(note, sizeof note), pw = rb_writer(push, sizeof push);
        rb_party_hash(&w->p[i].party.pub, &party);
        rb_origin_encode(true, ch, &party, 1, &o);
        rb_empty_root(&empty);
        rb_checkpoint_text(rb_written(&o), 0, &empty, &nw);
        rb_put_z(&nw, "\n");
        struct rb_add_checkpoint ac = {.old_size = 0, .note = rb_written(&nw)};
        struct rb_add_entries h = {rb_written(&o), 0, 0, {NULL, 0}};
        rb_put_u8(&pw, 1);
        rb_put_u32(&pw, (uint32_t)d.n);
        rb_put_slice(&pw, d);
        rb_put_u32(&pw, (uint32_t)(nw.n + 7));
        rb_add_checkpoint_encode(&ac, &pw);
        rb_add_entries_encode(&h, &pw);
        fn_request(w, &w->p[1], &w->p[0], true, "/rb/v1/push", "", rb_written(&pw));
        assert_int_equal(w->answer.status, 404);
        assert_true(rb_node_channel_by_id(w->p[1].rb, ch, &v));
        assert_int_equal(v.own_feed->epoch, 0);
    }
    fn_free(w);
}

static uint64_t last_test(struct fn_world *w, const uint8_t ch[16]) {
    const struct rb_situation *s = fn_situation(w, &w->p[1], ch);
    return s->members[0].last_test_slot;
}

static void test_clock_that_was_years_ahead(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->test_interval_s = 3600;
    c->test_grace_s = 300;
    fn_found(w, true, c, ch);
    free(c);
    const int64_t hour = 3600000, year = hour * 24 * 365;
    fn_pass(w, 3600000);
    w->utc_ms += 20 * year;
    fn_pass(w, (uint64_t)(2 * hour));
    w->utc_ms -= 20 * year;
    fn_pass(w, (uint64_t)(3 * hour));
    assert_true((int64_t)last_test(w, ch) > w->utc_ms - 2 * hour);
    fn_restart(w, &w->p[0]);
    fn_pass(w, (uint64_t)(3 * hour));
    assert_true((int64_t)last_test(w, ch) > w->utc_ms - 2 * hour);
    fn_free(w);
}

/* A notice whose answer time has not begun, nobody being known to hold it: nothing to count down,
 * so sleep. */
static void test_sleeps_while_nothing_is_due(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    uint8_t ch[16];
    struct rb_hash id;
    struct rb_charter *c = calloc(1, sizeof *c);
    c->exercise = true;
    c->answer_ms[RB_IMMEDIATE] = 600000;
    fn_found(w, true, c, ch);
    free(c);
    w->p[1].up = false;
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Is anybody there?", RB_IMMEDIATE, &id), RB_OK);
    fn_pass(w, 300000);
    uint64_t before = w->chance;
    fn_pass(w, 60000);
    assert_in_range(w->chance - before, 0, 4 * 60); /* four draws a step */
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_and_say),
        cmocka_unit_test(test_comes_to_rest),
        cmocka_unit_test(test_unaccepted_stays_proposed),
        cmocka_unit_test(test_outward_only),
        cmocka_unit_test(test_deaf_peer_catches_up),
        cmocka_unit_test(test_back_and_pushed_to),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_rolled_back_store_signs_nothing),
        cmocka_unit_test(test_two_officers),
        cmocka_unit_test(test_line_tests_and_silence),
        cmocka_unit_test(test_strangers_learn_nothing),
        cmocka_unit_test(test_every_flipped_byte_of_a_push),
        cmocka_unit_test(test_standard_mirror_endpoints),
        cmocka_unit_test(test_a_fork_is_kept_as_evidence),
        cmocka_unit_test(test_forged_submissions),
        cmocka_unit_test(test_flood_of_tiny_leaves),
        cmocka_unit_test(test_long_tile),
        cmocka_unit_test(test_entries_without_a_package),
        cmocka_unit_test(test_frozen_feed_is_not_completed),
        cmocka_unit_test(test_restored_mirror_keeps_its_word),
        cmocka_unit_test(test_lies_about_what_is_held),
        cmocka_unit_test(test_invitation_pins_nobody),
        cmocka_unit_test(test_refused_join_leaves_no_feed),
        cmocka_unit_test(test_nobody_else_opens_our_feed),
        cmocka_unit_test(test_clock_that_was_years_ahead),
        cmocka_unit_test(test_sleeps_while_nothing_is_due),
    };
    return cmocka_run_group_tests_name("test_node", tests, NULL, NULL);
}
