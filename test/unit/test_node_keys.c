/* Which of its keys a node signs with while they change, and by which keys it knows others
 * (spec 2.7). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include "fixture_node.h"
#include "readback/text.h"

#define DAY ((uint64_t)24 * 3600 * 1000)

static void key_of(const char *word, struct rb_seckey *out) {
    struct rb_hash h;
    rb_sha256(rb_str(word), &h);
    rb_ed25519_from_seed(h.b, out);
}

/* ---- what the party key signs -----------------------------------------------------------------
 */
static struct rb_slice sign_statement(const struct rb_seckey *party, struct rb_writer *payload) {
    static uint8_t tbs[8192], made[8192];
    uint8_t sig[RB_SIG_LEN];
    struct rb_writer t = rb_writer(tbs, sizeof tbs), m = rb_writer(made, sizeof made);
    rb_party_tbs(rb_written(payload), &party->pub, &t);
    rb_ed25519_sign(party, rb_written(&t), sig);
    assert_int_equal(rb_party_assemble(rb_written(payload), &party->pub, sig, &m), RB_OK);
    return rb_written(&m);
}
static struct rb_slice rotation(const struct fn_party *p, enum rb_key_role role,
                                const struct rb_key *old, const struct rb_key *fresh) {
    static uint8_t buf[1024];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_rotation r = {p->party.pub, role, *old, *fresh, 1443618000000};
    rb_rotation_encode(&r, &w);
    return sign_statement(&p->party, &w);
}
static struct rb_slice revocation(const struct fn_party *p, enum rb_key_role role,
                                  const struct rb_key *key) {
    static uint8_t buf[1024];
    static struct rb_revocation r;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    r = (struct rb_revocation){
        .party = p->party.pub, .role = role, .key = *key, .issued_utc_ms = 1443618000000};
    rb_revocation_encode(&r, &w);
    return sign_statement(&p->party, &w);
}
/* the party's next card, as `change` makes it */
static struct rb_slice next_card(const struct fn_party *p, void (*change)(struct rb_card *, void *),
                                 void *ctx) {
    static uint8_t buf[8192], work[65536];
    static struct rb_card c;
    struct rb_arena a = rb_arena(work, sizeof work);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    assert_int_equal(rb_card_decode(rb_slice(p->card, p->card_n), &c, &a, NULL), RB_OK);
    c.version = 2;
    change(&c, ctx);
    rb_card_encode(&c, &w);
    return sign_statement(&p->party, &w);
}
static enum rb_err say(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                       enum rb_kind kind, struct rb_slice statement) {
    uint8_t buf[8192];
    struct rb_writer b = rb_writer(buf, sizeof buf);
    struct rb_record *rec = calloc(1, sizeof *rec);
    struct rb_hash id;
    rb_carried_encode(statement, &b);
    rec->kind = kind;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&b);
    enum rb_err err = fn_release(w, p, ch, rec, 1, &id);
    free(rec);
    return err;
}
/* ---- which key was asked for ------------------------------------------------------------------
 */
static struct {
    const struct fn_party *of;
    enum rb_key_use use;
    struct rb_key key;
    size_t n;
    uint64_t token;
    uint8_t message[4096]; /* of the last one */
    size_t message_n;
} seen;
static void watch(const struct fn_party *of, const struct rb_effect *ef) {
    if (of != seen.of || ef->type != RB_EF_SIGN || ef->u.sign.use != seen.use) return;
    seen.key = ef->u.sign.key;
    seen.n++;
    seen.token = ef->u.sign.token;
    assert_true(ef->u.sign.message.n <= sizeof seen.message);
    memcpy(seen.message, ef->u.sign.message.p, ef->u.sign.message.n);
    seen.message_n = ef->u.sign.message.n;
}
static struct rb_key signs_as(struct fn_world *w, struct fn_party *p, enum rb_key_use use,
                              const uint8_t ch[16]) {
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    seen.of = p;
    seen.use = use;
    seen.n = 0;
    fn_watch = watch;
    ev.u.submit.what = RB_SUBMIT_TEST; /* its own, or another's that it cosigns */
    memcpy(ev.u.submit.channel, ch, 16);
    fn_event(w, use == RB_USE_NODE ? p : &w->p[0], &ev);
    fn_pass(w, 3000);
    fn_watch = NULL;
    assert_true(seen.n > 0);
    return seen.key;
}
static void no_marks(struct fn_world *w, const uint8_t ch[16]) {
    for (size_t k = 0; k < w->n; k++) {
        const struct rb_situation *s = fn_situation(w, &w->p[k], ch);
        for (size_t i = 0; i < s->order_n; i++)
            assert_int_equal(s->order[i].mark, RB_MARK_NONE);
    }
}

static void test_the_node_key_changes_at_its_record(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    struct fn_party *p = &w->p[1];
    struct rb_seckey *fresh = &p->next[p->next_n++];
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    key_of("node 2", fresh);
    struct rb_key was = signs_as(w, p, RB_USE_NODE, ch);
    assert_memory_equal(&was, &p->node.pub, sizeof was);
    assert_int_equal(
        say(w, p, ch, RB_KIND_ROTATION, rotation(p, RB_KEY_NODE, &p->node.pub, &fresh->pub)),
        RB_OK);
    was = signs_as(w, p, RB_USE_NODE, ch);
    assert_memory_equal(&was, &fresh->pub, sizeof was);
    fn_pass(w, 10000);
    no_marks(w, ch);
    fn_restart(w, p);
    fn_pass(w, 10000); /* the members are asked what they hold first */
    was = signs_as(w, p, RB_USE_NODE, ch);
    assert_memory_equal(&was, &fresh->pub, sizeof was);
    no_marks(w, ch);
    fn_free(w);
}

/* the record that the rotation overtook while its signature was under way is signed anew */
static void test_a_record_under_way_is_signed_again(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    struct fn_party *p = &w->p[1];
    struct rb_seckey *fresh = &p->next[p->next_n++];
    struct rb_channel_view v;
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    key_of("node 2", fresh);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_TEST;
    memcpy(ev.u.submit.channel, ch, 16);
    ev.u.submit.token = 77;
    fn_mute = true; /* the first SIGN is answered below */
    seen.of = p;
    seen.use = RB_USE_NODE;
    seen.n = 0;
    fn_watch = watch;
    fn_event(w, p, &ev);
    assert_int_equal(seen.n, 1);
    assert_int_equal(
        say(w, p, ch, RB_KIND_ROTATION, rotation(p, RB_KEY_NODE, &p->node.pub, &fresh->pub)),
        RB_OK);
    fn_mute = false;
    ev = (struct rb_event){.type = RB_EV_SIGNED};
    ev.u.sig.token = seen.token;
    rb_ed25519_sign(&p->node, rb_slice(seen.message, seen.message_n), ev.u.sig.sig);
    fn_event(w, p, &ev); /* too late: the rotation stands before it */
    assert_int_equal(seen.n, 2);
    assert_memory_equal(&seen.key, &fresh->pub, sizeof seen.key);
    fn_watch = NULL;
    fn_pass(w, 10000);
    no_marks(w, ch);
    assert_int_equal(p->done.u.done.token, 77);
    assert_int_equal(p->done.u.done.reject.err, RB_OK);
    assert_true(rb_node_channel_by_id(p->rb, ch, &v));
    size_t tests = 0;
    for (size_t i = 0; i < v.own_feed->facts_n; i++)
        tests += v.own_feed->facts[i].kind == RB_KIND_TEST;
    assert_int_equal(tests, 1);
    fn_free(w);
}

static void test_the_mirror_key_changes_when_the_author_knows(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    struct fn_party *p = &w->p[1];
    struct rb_seckey *fresh = &p->next[p->next_n++];
    struct rb_hash id;
    uint64_t since;
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    key_of("mirror 2", fresh);
    w->p[0].deaf = true; /* it takes nothing of ours for now */
    assert_int_equal(
        say(w, p, ch, RB_KIND_ROTATION, rotation(p, RB_KEY_MIRROR, &p->mirror.pub, &fresh->pub)),
        RB_OK);
    struct rb_key was = signs_as(w, p, RB_USE_MIRROR, ch);
    assert_memory_equal(&was, &p->mirror.pub, sizeof was);
    w->p[0].deaf = false;
    fn_pass(w, 120000);
    was = signs_as(w, p, RB_USE_MIRROR, ch);
    assert_memory_equal(&was, &fresh->pub, sizeof was);
    assert_int_equal(fn_statement(w, &w->p[0], ch, "Held under the new key.", RB_ROUTINE, &id),
                     RB_OK);
    fn_pass(w, 10000);
    const struct rb_situation *s = fn_situation(w, &w->p[2], ch);
    assert_true(rb_situation_held(s, rb_situation_find(s, &id), 1, &since));
    no_marks(w, ch);
    fn_free(w);
}

/* ---- by which keys others are known -------------------------------------------------------------
 */
static void new_tls(struct rb_card *c, void *ctx) {
    c->tls = *(struct rb_key *)ctx;
}
static bool known_as(const struct fn_party *at, const struct rb_key *tls,
                     const struct fn_party *whom) {
    struct rb_hash party, want;
    rb_party_hash(&whom->party.pub, &want);
    return rb_node_peer_by_tls(at->rb, tls, &party) && rb_hash_eq(&party, &want);
}
static void test_a_tls_key_serves_on_for_a_while(void **state) {
    (void)state;
    struct fn_world *w = fn_world(2);
    struct fn_party *a = &w->p[0], *p = &w->p[1];
    struct rb_seckey fresh;
    struct rb_key due;
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    key_of("tls 2", &fresh);
    struct rb_slice card = fn_dup(next_card(p, new_tls, &fresh.pub));
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_CARD;
    ev.u.submit.card = card;
    fn_event(w, p, &ev);
    /* its own card is not logged: nobody knows the new key, so the one before is to be served */
    rb_node_tls(p->rb, 1443600000000 + 1000, &due);
    assert_memory_equal(&due, &p->tls.pub, sizeof due);
    a->deaf = true;
    assert_int_equal(say(w, p, ch, RB_KIND_CARD, card), RB_OK);
    rb_node_tls(p->rb, 1443600000000 + 1000, &due);
    assert_memory_equal(&due, &p->tls.pub, sizeof due);
    rb_node_tls(p->rb, 1443600000000 + (int64_t)DAY, &due); /* at the latest in a day */
    assert_memory_equal(&due, &fresh.pub, sizeof due);
    a->deaf = false;
    fn_pass(w, 120000);
    rb_node_tls(p->rb, 1443600000000 + 1000, &due);
    assert_memory_equal(&due, &fresh.pub, sizeof due);
    /* the other side takes both for a week, also after a restart */
    assert_true(known_as(a, &fresh.pub, p) && known_as(a, &p->tls.pub, p));
    fn_restart(w, a);
    assert_true(known_as(a, &fresh.pub, p) && known_as(a, &p->tls.pub, p));
    fn_pass(w, 7 * DAY);
    assert_true(known_as(a, &fresh.pub, p));
    assert_false(known_as(a, &p->tls.pub, p));
    free((void *)(uintptr_t)card.p);
    fn_free(w);
}
static void test_a_revoked_tls_key_is_a_strangers(void **state) {
    (void)state;
    struct fn_world *w = fn_world(3);
    struct fn_party *a = &w->p[0], *p = &w->p[1];
    struct rb_seckey fresh;
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    key_of("tls 2", &fresh);
    assert_int_equal(say(w, p, ch, RB_KIND_CARD, next_card(p, new_tls, &fresh.pub)), RB_OK);
    fn_pass(w, 5000);
    assert_true(known_as(a, &p->tls.pub, p));
    /* any member may log it */
    assert_int_equal(
        say(w, &w->p[2], ch, RB_KIND_REVOCATION, revocation(p, RB_KEY_TLS, &p->tls.pub)), RB_OK);
    fn_pass(w, 5000);
    assert_false(known_as(a, &p->tls.pub, p));
    assert_true(known_as(a, &fresh.pub, p));
    fn_restart(w, a);
    fn_pass(w, 5000);
    assert_false(known_as(a, &p->tls.pub, p));
    fn_free(w);
}

/* A member's card can list another's TLS key first. Who was compared in person is believed. */
struct taken {
    struct rb_key tls;
    struct rb_key rest[4];
};
static void own_keys(struct rb_card *c, void *ctx) {
    const struct taken *t = ctx;
    c->handle = rb_str("owner");
    c->tls = t->tls;
    c->mirror = t->rest[0];
    c->node = t->rest[1];
    c->officers_n = 1;
    c->officers[0].key = t->rest[2];
}
static void test_a_compared_card_goes_before_an_introduced_one(void **state) {
    (void)state;
    struct fn_world *w = fn_world_of(3, true);
    struct fn_party *at = &w->p[1], *squatter = &w->p[2], owner = w->p[2];
    struct rb_seckey k;
    struct taken t = {.tls = squatter->tls.pub};
    uint8_t ch[16];
    fn_found(w, true, NULL, ch);
    fn_pass(w, 5000);
    assert_true(known_as(at, &t.tls, squatter)); /* introduced by charter */
    key_of("owner", &owner.party);
    for (size_t i = 0; i < 3; i++) {
        const char *const words[] = {"o1", "o2", "o3"};
        key_of(words[i], &k);
        t.rest[i] = k.pub;
    }
    static uint8_t buf[8192], work[65536];
    static struct rb_card c;
    struct rb_arena a = rb_arena(work, sizeof work);
    struct rb_writer cw = rb_writer(buf, sizeof buf);
    assert_int_equal(rb_card_decode(rb_slice(squatter->card, squatter->card_n), &c, &a, NULL),
                     RB_OK);
    c.party = owner.party.pub;
    uint8_t seed[32] = {9};
    rb_age_identity_from_seed(seed, &c.age);
    own_keys(&c, &t);
    rb_card_encode(&c, &cw);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_ACCREDIT;
    ev.u.submit.card = sign_statement(&owner.party, &cw);
    fn_event(w, at, &ev);
    assert_int_equal(at->done.u.done.reject.err, RB_OK);
    assert_true(known_as(at, &t.tls, &owner));
    fn_restart(w, at);
    fn_pass(w, 1000);
    assert_true(known_as(at, &t.tls, &owner));
    /* compared, too: somebody must look at the two of them */
    ev.u.submit.card = rb_slice(squatter->card, squatter->card_n);
    fn_event(w, at, &ev);
    assert_int_equal(at->done.u.done.reject.err, RB_ERR_DENIED);
    assert_string_equal(at->done.u.done.reject.clause, "6.1.4");
    fn_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_node_key_changes_at_its_record),
        cmocka_unit_test(test_a_record_under_way_is_signed_again),
        cmocka_unit_test(test_the_mirror_key_changes_when_the_author_knows),
        cmocka_unit_test(test_a_tls_key_serves_on_for_a_while),
        cmocka_unit_test(test_a_revoked_tls_key_is_a_strangers),
        cmocka_unit_test(test_a_compared_card_goes_before_an_introduced_one),
    };
    return cmocka_run_group_tests_name("test_node_keys", tests, NULL, NULL);
}
