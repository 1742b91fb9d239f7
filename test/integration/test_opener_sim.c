/* The simulator's checker of bodies must be able to fail: a body that is not for a node, on its
 * disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "sim/internal.h"

static struct sim *world(struct sim_party **p) {
    const struct sim_party_spec spec = {.handle = "northland"};
    struct sim *s = sim_create(3, 1443618000000);
    assert_non_null(s);
    *p = sim_add_party(s, &spec);
    assert_non_null(*p);
    sim_start(*p);
    sim_run_for(s, 1000000);
    return s;
}

static void a_body_of_others_on_the_disk_is_noticed(void **state) {
    static const char bytes[] = "ciphertext for somebody else";
    struct rb_effect ef = {.type = RB_EF_STORE};
    struct sim_party *p = NULL;
    struct sim *s = world(&p);
    (void)state;
    assert_true(sim_check(s));
    ef.u.store.item = RB_ITEM_BODY;
    ef.u.store.body.member = 7;
    ef.u.store.leaf = rb_str(bytes);
    rb_sha256(ef.u.store.leaf, &ef.u.store.body.hash);
    assert_null(disk_apply(&p->disk, &ef));
    assert_false(sim_check(s));
    assert_non_null(strstr(sim_broken(s), "keeps a body"));
    sim_destroy(s);
}

static void one_stream_of_chance_makes_a_run_again(void **state) {
    struct sim_party *p = NULL;
    uint8_t a[100], b[100], c[100];
    (void)state;
    struct sim *s = world(&p);
    sim_entropy(s, a, sizeof a);
    sim_entropy(s, c, sizeof c);
    sim_destroy(s);
    s = world(&p);
    sim_entropy(s, b, sizeof b);
    sim_destroy(s);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    assert_memory_not_equal(a, a + 32, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_others_on_the_disk_is_noticed),
        cmocka_unit_test(one_stream_of_chance_makes_a_run_again),
    };
    return cmocka_run_group_tests_name("test_opener_sim", tests, NULL, NULL);
}
