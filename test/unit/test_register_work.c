/* Bounded work of a check (spec 10.6.16): many places drawn so that each takes long to compare
 * leave the others in exact comparison, and are themselves not excluded. Counted in looks, never in
 * time. */
#include "register_fixture.h"
#include "readback/limits.h"

#define MEMORY (64u << 20)
#define FLOOD 200u
#define MM 9 /* of latitude, in 1e-9 degree */

enum { US, HOSTILE, HONEST };

struct world {
    uint8_t *memory;
    struct rb_region region;
    struct rb_register *r;
    struct rb_arena arena;
    struct rb_register_terms terms;
    struct rb_point points[RB_MAX_VOLUMES][3];
    struct rb_volume volumes[RB_MAX_VOLUMES];
};

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    w->memory = calloc(1, MEMORY);
    rb_region_init(&w->region, w->memory, MEMORY);
    w->arena = rb_arena(malloc(1 << 20), 1 << 20);
    w->r = rb_register_open(&w->region, 12345);
    assert_non_null(w->r);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    rb_register_close(w->r);
    free(w->arena.p);
    free(w->memory);
    free(w);
    return 0;
}

/* An edge of 450 km that is straight in longitude and latitude, and the third corner north or south
 * of it: one below another, so many mm lower, is near it all along. */
static struct rb_volume sliver(struct rb_point p[3], int64_t mm_lower, int64_t third_lat) {
    p[0] = (struct rb_point){35 * D - mm_lower * MM, 36 * D};
    p[1] = (struct rb_point){35 * D + D / 2 - mm_lower * MM, 41 * D};
    p[2] = (struct rb_point){third_lat, 38 * D};
    return (struct rb_volume){.shape = RB_SHAPE_POLYGON,
                              .vertices_n = 3,
                              .vertices = p,
                              .edges = RB_EDGES_LONLAT,
                              .floor = {.open = true},
                              .ceiling = {.open = true}};
}

static struct rb_volume plan_volume(struct rb_point p[3]) {
    return sliver(p, 0, 36 * D + D / 2);
}

static void put(struct world *w, uint64_t id, enum rb_place_class c, uint16_t author, size_t n) {
    const struct rb_register_entry e = {
        .id = id_of(id), .author = author, .class_ = c, .volumes_n = n, .volumes = w->volumes};
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
}

/* as many volumes as a notice may have, all 4 mm and a little more below the plan */
static void flood(struct world *w, enum rb_place_class c, uint64_t first) {
    for (uint64_t k = 0; k < FLOOD; k++) {
        for (size_t i = 0; i < RB_MAX_VOLUMES; i++)
            w->volumes[i] = sliver(w->points[i], 4 + (int64_t)i, 34 * D);
        put(w, first + k, c, HOSTILE, RB_MAX_VOLUMES);
    }
}

static void put_sliver(struct world *w, uint64_t id, enum rb_place_class c, uint16_t author,
                       int64_t mm_lower) {
    w->volumes[0] = sliver(w->points[0], mm_lower, 34 * D);
    put(w, id, c, author, 1);
}

static void check_as(struct world *w, bool bare, struct rb_conflicts *out) {
    struct rb_point p[3];
    const struct rb_volume v = plan_volume(p);
    const struct rb_register_plan plan = {
        .class_ = RB_PLACE_OPERATION, .author = US, .volumes_n = 1, .volumes = &v, .bare = bare};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, out, NULL), RB_OK);
    assert_true(out->looks <= RB_CHECK_LOOKS + RB_MEASURE_LOOKS);
}

static const struct rb_conflict *find(const struct rb_conflicts *c, uint64_t id) {
    const struct rb_hash want = id_of(id);
    for (size_t i = 0; i < c->n; i++)
        if (rb_hash_eq(&c->list[i].other, &want)) return &c->list[i];
    return NULL;
}

/* every one of the flood is in the list, and all but a few of them because work ran out */
static void assert_rest_not_excluded(const struct rb_conflicts *c, uint64_t first) {
    size_t open = 0;
    for (uint64_t k = 0; k < FLOOD; k++) {
        const struct rb_conflict *x = find(c, first + k);
        if (x == NULL) continue; /* looked at to its end */
        open += x->answer == RB_ANSWER_NOT_EXCLUDED && x->unsure == RB_UNSURE_WORK;
    }
    assert_true(open >= FLOOD - 10);
    assert_int_equal(c->coverage.unsure_work, open);
}

/* ---- a flood of notices leaves sites and movements as they are ----------------------------------
 */

static void put_protected(struct world *w) {
    put_sliver(w, 900, RB_PLACE_SITE, HONEST, -1000); /* a metre deep in the plan */
    put_sliver(w, 901, RB_PLACE_SITE, HONEST, 30);    /* three centimetres off */
    put_sliver(w, 902, RB_PLACE_MOVEMENT, HONEST, -1000);
    w->volumes[0] = circle_at(60000, 100);
    w->volumes[0].center.lon_nd = 38 * D; /* inside */
    put(w, 903, RB_PLACE_SITE, HONEST, 1);
}

static void assert_protected(const struct rb_conflicts *c) {
    assert_int_equal(find(c, 900)->answer, RB_ANSWER_CONFLICT);
    assert_null(find(c, 901)); /* none found: told exactly */
    assert_int_equal(find(c, 902)->answer, RB_ANSWER_CONFLICT);
    assert_int_equal(find(c, 903)->answer, RB_ANSWER_CONFLICT);
}

static void notices(void **state) {
    struct world *w = *state;
    struct rb_conflicts c, bare;
    flood(w, RB_PLACE_OPERATION, 100);
    put_protected(w);
    check_as(w, false, &c);
    assert_protected(&c);
    assert_rest_not_excluded(&c, 100);
    check_as(w, true, &bare);
    assert_protected(&bare);
    assert_rest_not_excluded(&bare, 100);
}

/* ---- nor can one member's sites use up what another's need --------------------------------------
 */

static void sites(void **state) {
    struct world *w = *state;
    struct rb_conflicts c;
    flood(w, RB_PLACE_SITE, 100); /* a lower number of member, and lower ids */
    put_protected(w);
    check_as(w, false, &c);
    assert_protected(&c);
    assert_rest_not_excluded(&c, 100);
}

/* ---- whatever the order in which they came ------------------------------------------------------
 */

static void same(const struct rb_conflicts *a, const struct rb_conflicts *b) {
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->looks, b->looks);
    for (size_t i = 0; i < a->n; i++) {
        assert_memory_equal(&a->list[i].other, &b->list[i].other, sizeof a->list[i].other);
        assert_int_equal(a->list[i].answer, b->list[i].answer);
        assert_int_equal(a->list[i].unsure, b->list[i].unsure);
        assert_int_equal(a->list[i].gap.distance_mm, b->list[i].gap.distance_mm);
        assert_int_equal(a->list[i].gap.exact, b->list[i].gap.exact);
    }
}

static void any_order(void **state) {
    struct world *w = *state;
    struct rb_conflicts a, b;
    put_protected(w);
    flood(w, RB_PLACE_OPERATION, 100);
    check_as(w, false, &a);
    rb_register_close(w->r);
    w->r = rb_register_open(&w->region, 54321);
    flood(w, RB_PLACE_OPERATION, 100);
    for (uint64_t k = 0; k < FLOOD;
         k += 3) { /* away, and there again at other places of the index */
        const struct rb_hash id = id_of(100 + k);
        assert_int_equal(rb_register_withdraw(w->r, &id, HOSTILE), RB_OK);
    }
    put_protected(w);
    for (uint64_t k = FLOOD; k-- > 0;) {
        if (k % 3 != 0) continue;
        for (size_t i = 0; i < RB_MAX_VOLUMES; i++)
            w->volumes[i] = sliver(w->points[i], 4 + (int64_t)i, 34 * D);
        put(w, 100 + k, RB_PLACE_OPERATION, HOSTILE, RB_MAX_VOLUMES);
    }
    check_as(w, false, &b);
    same(&a, &b);
}

/* ---- a question out of shared looks -------------------------------------------------------------
 */

static void shared_looks(void **state) {
    struct world *w = *state;
    struct rb_point p[2][3];
    const struct rb_volume va = plan_volume(p[0]), vb = sliver(p[1], 30, 34 * D),
                           far = circle_at(-2000000, 1000);
    const struct rb_outline *a, *b, *c;
    assert_int_equal(rb_outline_prepare(&va, &w->arena, &a, NULL), RB_OK);
    assert_int_equal(rb_outline_prepare(&vb, &w->arena, &b, NULL), RB_OK);
    assert_int_equal(rb_outline_prepare(&far, &w->arena, &c, NULL), RB_OK);

    uint64_t none = 0, all = UINT64_MAX;
    assert_int_equal(rb_outline_near_by(a, b, 0, &none), RB_NEAR_UNDECIDED);
    assert_int_equal(rb_outline_near_by(a, c, 0, &none), RB_NEAR_APART); /* plain without a look */
    assert_int_equal(rb_outline_near_by(a, b, 0, &all), rb_outline_near(a, b, 0));
    uint64_t took = UINT64_MAX - all, enough = took + 1, short_of = took;
    assert_true(took > 1000);
    assert_int_equal(rb_outline_near_by(a, b, 0, &enough), RB_NEAR_APART);
    assert_int_equal(enough, 1);
    assert_int_equal(rb_outline_near_by(a, b, 0, &short_of), RB_NEAR_UNDECIDED);
    assert_int_equal(short_of, 0);

    uint64_t little = 10;
    const struct rb_gap whole = rb_outline_gap(a, b), part = rb_outline_gap_by(a, b, &little);
    assert_true(whole.exact);
    assert_false(part.exact);
    assert_true(part.distance_mm >= whole.distance_mm);
    assert_int_equal(little, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(notices, setup, teardown),
        cmocka_unit_test_setup_teardown(sites, setup, teardown),
        cmocka_unit_test_setup_teardown(any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(shared_looks, setup, teardown)};
    return cmocka_run_group_tests_name("register_work", tests, NULL, NULL);
}
