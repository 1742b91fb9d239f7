/* The register of places, the check of a plan, what may be named, probing. */
#include "register_fixture.h"

#define MEMORY (4u << 20)

struct world {
    uint8_t *memory;
    struct rb_region region;
    struct rb_register *r;
    size_t out_before;
    struct rb_arena arena;
    struct rb_register_terms terms;
};

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    w->memory = calloc(1, MEMORY);
    rb_region_init(&w->region, w->memory, MEMORY);
    w->arena = rb_arena(malloc(MEMORY), MEMORY);
    w->out_before = region_out(&w->region);
    w->r = rb_register_open(&w->region, 12345);
    assert_non_null(w->r);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    rb_register_close(w->r);
    const bool back = region_out(&w->region) == w->out_before;
    free(w->arena.p);
    free(w->memory);
    free(w);
    return back ? 0 : -1;
}

static struct rb_register_entry entry(uint64_t id, enum rb_place_class c, uint16_t author,
                                      const struct rb_volume *v, size_t n) {
    return (struct rb_register_entry){.id = id_of(id),
                                      .author = author,
                                      .class_ = c,
                                      .volumes_n = n,
                                      .volumes = v,
                                      .created_utc_ms = (int64_t)id};
}

static void put(struct world *w, uint64_t id, enum rb_place_class c, uint16_t author,
                struct rb_volume v) {
    const struct rb_register_entry e = entry(id, c, author, &v, 1);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
}

static struct rb_conflicts check_volumes(struct world *w, enum rb_place_class c, uint16_t author,
                                         const struct rb_volume *v, size_t n) {
    struct rb_conflicts out;
    const struct rb_register_plan plan = {
        .class_ = c, .author = author, .volumes = v, .volumes_n = n};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    return out;
}

static struct rb_conflicts check(struct world *w, enum rb_place_class c, uint16_t author,
                                 struct rb_volume v) {
    return check_volumes(w, c, author, &v, 1);
}

/* ---- rules -------------------------------------------------------------------------------------
 */

/* rows: the plan; columns: the place. o x m s a t n; '.' nothing, 'p' other parties only */
static const char *const rules[RB_PLACE_CLASSES] = {
    "ppms.tn", "ppms.tn", "mm.....", "ss.....", ".......", "tt.....", "nn.....",
};

static enum rb_conflict_rule rule_of(char c) {
    return c == '.'   ? RB_CONFLICT_NO_RULE
           : c == 'p' ? RB_CONFLICT_NOTICE
           : c == 'm' ? RB_CONFLICT_MOVEMENT
           : c == 's' ? RB_CONFLICT_SITE
           : c == 't' ? RB_CONFLICT_TRUCE
                      : RB_CONFLICT_NO_STRIKE;
}

static void expect_rule(struct world *w, enum rb_place_class plan, enum rb_place_class place,
                        uint16_t author, bool same_party) {
    const char c = rules[plan][place];
    const bool hit = c != '.' && !(c == 'p' && same_party);
    struct rb_conflicts out = check(w, plan, author, circle_at(0, 100));
    assert_int_equal(out.n, hit);
    assert_int_equal(out.coverage.places, hit);
    assert_int_equal(out.coverage.members, hit);
    assert_int_equal(out.coverage.of[place].rule, rule_of(c));
    assert_int_equal(out.coverage.of[place].places, hit);
    assert_int_equal(out.coverage.of[place].own, c == 'p' && same_party);
    assert_int_equal(rb_register_rule(plan, place), rule_of(c));
    if (!hit) return;
    assert_int_equal(out.list[0].rule, rule_of(c));
    assert_int_equal(out.list[0].answer, RB_ANSWER_CONFLICT);
    assert_int_equal(out.list[0].other_class, place);
    assert_int_equal(out.list[0].other_author, 3);
}

/* every class against every class; by the same member, one of its party, another, and nobody */
static void each_pair_of_classes(void **state) {
    struct world *w = *state;
    w->terms.party_of[3] = w->terms.party_of[4] = 7;
    w->terms.party_of[5] = 8;
    for (enum rb_place_class place = 0; place < RB_PLACE_CLASSES; place++) {
        const struct rb_hash id = id_of(1);
        put(w, 1, place, 3, circle_at(150, 100));
        for (enum rb_place_class plan = 0; plan < RB_PLACE_CLASSES; plan++) {
            expect_rule(w, plan, place, 3, true);
            expect_rule(w, plan, place, 4, true);
            expect_rule(w, plan, place, 5, false);
            expect_rule(w, plan, place, 6, false);
            expect_rule(w, plan, place, RB_REGISTER_NOBODY, false);
        }
        assert_int_equal(rb_register_withdraw(w->r, &id, 3), RB_OK);
    }
}

/* own notices are counted, also those without a volume */
static void own_notices(void **state) {
    struct world *w = *state;
    const struct rb_register_entry nowhere = entry(2, RB_PLACE_EXERCISE, 1, NULL, 0);
    put(w, 1, RB_PLACE_EXERCISE, 1, circle_at(0, 100));
    assert_int_equal(rb_register_add(w->r, &nowhere, NULL), RB_OK);
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 1, circle_at(0, 100));
    assert_int_equal(out.coverage.of[RB_PLACE_EXERCISE].own, 2);
    assert_int_equal(out.coverage.of[RB_PLACE_EXERCISE].placeless, 0);
    out = check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100));
    assert_int_equal(out.coverage.of[RB_PLACE_EXERCISE].own, 0);
    assert_int_equal(out.coverage.of[RB_PLACE_EXERCISE].placeless, 1);
}

/* members without a stated party are not one party */
static void party_not_stated(void **state) {
    struct world *w = *state;
    put(w, 1, RB_PLACE_OPERATION, 1, circle_at(0, 100));
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100)).n, 1);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 1, circle_at(0, 100)).n, 0);
}

/* 10.6.3, every pair of classes: circles 1,000 m apart, the asked stand-off just too little and
 * just enough. Which class's it is stands in `whose`: place, plan, both. */
static void stand_off_by_class(void **state) {
    struct world *w = *state;
    for (enum rb_place_class place = 0; place < RB_PLACE_CLASSES; place++) {
        const struct rb_hash id = id_of(1);
        put(w, 1, place, 3, circle_at(1200, 100));
        for (enum rb_place_class plan = 0; plan < RB_PLACE_CLASSES; plan++) {
            if (rules[plan][place] == '.') continue;
            const bool plan_acts = plan <= RB_PLACE_EXERCISE, acts = place <= RB_PLACE_EXERCISE;
            for (enum rb_place_class asks = 0; asks < RB_PLACE_CLASSES; asks++) {
                const bool counts = (asks == place && (plan_acts || !acts)) ||
                                    (asks == plan && (acts || !plan_acts));
                memset(w->terms.standoff_mm, 0, sizeof w->terms.standoff_mm);
                w->terms.standoff_mm[asks] = 1001 * M;
                struct rb_conflicts out = check(w, plan, 2, circle_at(0, 100));
                assert_int_equal(out.n, counts);
                if (counts) assert_int_equal(out.list[0].standoff_mm, 1001 * M);
                if (counts) assert_in_range(out.list[0].gap.distance_mm, 999 * M, 1001 * M);
                w->terms.standoff_mm[asks] = 999 * M;
                assert_int_equal(check(w, plan, 2, circle_at(0, 100)).n, 0);
            }
        }
        assert_int_equal(rb_register_withdraw(w->r, &id, 3), RB_OK);
    }
}

/* a site is the whole column, unless it gives a band */
static void column_and_band(void **state) {
    struct world *w = *state;
    struct rb_volume site = circle_at(0, 100), high = circle_at(0, 100);
    high.floor = (struct rb_alt_limit){.mm = 9000 * M, .datum = RB_DATUM_AMSL};
    put(w, 1, RB_PLACE_SITE, 1, site);
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, high);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.list[0].band.datum, RB_DATUM_AMSL);
    assert_true(out.list[0].band.has_floor && !out.list[0].band.has_ceiling);
    assert_int_equal(out.list[0].band.floor_mm, 9000 * M);
    site.ceiling = (struct rb_alt_limit){.mm = 8999 * M, .datum = RB_DATUM_AMSL};
    put(w, 2, RB_PLACE_SITE, 1, site);
    out = check(w, RB_PLACE_OPERATION, 2, high);
    assert_int_equal(out.n, 1);
    assert_memory_equal(&out.list[0].other, id_of(1).b, RB_HASH_LEN);
}

/* ---- time --------------------------------------------------------------------------------------
 */

static struct rb_volume timed(int64_t north_m, int64_t from, int64_t to) {
    struct rb_volume v = circle_at(north_m, 100);
    v.has_from = v.has_to = true;
    v.from_utc_ms = from;
    v.to_utc_ms = to;
    return v;
}

static size_t found_at(struct world *w, struct rb_volume v, int64_t now) {
    struct rb_conflicts out;
    const struct rb_register_plan plan = {
        .author = 2, .volumes = &v, .volumes_n = 1, .now_utc_ms = now};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    return out.n;
}

static void over_by_now(void **state) {
    struct world *w = *state;
    put(w, 1, RB_PLACE_SITE, 1, timed(0, 0, 2000));
    assert_int_equal(found_at(w, timed(0, 1000, 9000), 1999), 1);
    assert_int_equal(found_at(w, timed(0, 1000, 9000), 2000), 0);
    assert_int_equal(found_at(w, timed(0, 1000, 1500), 1499), 1);
    assert_int_equal(found_at(w, timed(0, 1000, 1500), 1500), 0);
    assert_int_equal(found_at(w, circle_at(0, 100), INT64_MIN), 1);
    put(w, 2, RB_PLACE_SITE, 1, circle_at(0, 100));
    assert_int_equal(found_at(w, circle_at(0, 100), INT64_MAX), 1); /* never over */
}

static void expiry(void **state) {
    struct world *w = *state;
    const struct rb_volume two[] = {timed(0, 0, 1000), timed(5000, 0, 3000)};
    const struct rb_register_entry e = entry(1, RB_PLACE_MOVEMENT, 1, two, 2);
    const struct rb_register_entry nowhere = entry(2, RB_PLACE_SITE, 1, NULL, 0);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    assert_int_equal(rb_register_add(w->r, &nowhere, NULL), RB_OK);
    put(w, 3, RB_PLACE_SITE, 1, circle_at(0, 100));
    assert_int_equal(rb_register_expire(w->r, 2999), 0); /* its last volume counts */
    assert_int_equal(found_at(w, circle_at(5000, 100), 2999), 1);
    assert_int_equal(rb_register_expire(w->r, 3000), 1);
    assert_int_equal(rb_register_count(w->r), 2);
    assert_int_equal(rb_register_expire(w->r, INT64_MAX), 0); /* what never ends stays */
    put(w, 4, RB_PLACE_OPERATION, 1, timed(0, 0, 500));       /* earlier than what went before */
    assert_int_equal(rb_register_expire(w->r, 500), 1);
}

static void lead_times(void **state) {
    struct world *w = *state;
    const struct rb_volume v[] = {timed(0, 50 * HOUR, 60 * HOUR), timed(0, 48 * HOUR, 49 * HOUR)};
    struct rb_conflicts out = check_volumes(w, RB_PLACE_OPERATION, 1, v, 2);
    assert_int_equal(out.lead, RB_LEAD_NOT_ASKED);
    w->terms.lead_ms[RB_PLACE_OPERATION] = 48 * HOUR;
    out = check_volumes(w, RB_PLACE_OPERATION, 1, v, 2);
    assert_int_equal(out.lead, RB_LEAD_GIVEN);
    assert_int_equal(out.lead_given_ms, 48 * HOUR);
    assert_int_equal(out.lead_asked_ms, 48 * HOUR);
    assert_int_equal(check_volumes(w, RB_PLACE_EXERCISE, 1, v, 2).lead, RB_LEAD_NOT_ASKED);
    w->terms.lead_ms[RB_PLACE_OPERATION]++;
    out = check_volumes(w, RB_PLACE_OPERATION, 1, v, 2);
    assert_int_equal(out.lead, RB_LEAD_SHORT);
    assert_int_equal(out.n, 0); /* of the plan alone, no pair */
    out = check_volumes(w, RB_PLACE_OPERATION, 1, v, 1);
    assert_int_equal(out.lead, RB_LEAD_GIVEN);
    assert_int_equal(out.lead_given_ms, 50 * HOUR);
    struct rb_volume open = v[0];
    open.has_from = false;
    const struct rb_volume early[] = {open, v[1]}, late[] = {open, v[0]};
    assert_int_equal(check(w, RB_PLACE_OPERATION, 1, open).lead, RB_LEAD_UNKNOWN);
    assert_int_equal(check_volumes(w, RB_PLACE_OPERATION, 1, NULL, 0).lead, RB_LEAD_UNKNOWN);
    assert_int_equal(check_volumes(w, RB_PLACE_OPERATION, 1, late, 2).lead, RB_LEAD_UNKNOWN);
    out = check_volumes(w, RB_PLACE_OPERATION, 1, early, 2);
    assert_int_equal(out.lead, RB_LEAD_SHORT);
    assert_int_equal(out.lead_given_ms, 48 * HOUR);
    out = check(w, RB_PLACE_OPERATION, 1, timed(0, -1, 60 * HOUR)); /* began before now */
    assert_int_equal(out.lead, RB_LEAD_SHORT);
    assert_int_equal(out.lead_given_ms, -1);
    const struct rb_register_plan plan = {
        .volumes = v, .volumes_n = 2, .now_utc_ms = INT64_MIN, .author = 1};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.lead_given_ms, INT64_MAX);
    const struct rb_register_plan nothing = {.now_utc_ms = 1, .author = 1};
    w->terms.lead_ms[RB_PLACE_OPERATION] = INT64_MAX;
    assert_int_equal(rb_register_check(w->r, &nothing, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.lead, RB_LEAD_UNKNOWN);
}

/* ---- the result --------------------------------------------------------------------------------
 */

/* one conflict a place, by its worst pair, places in the order of 10.6.5 */
static void worst_pairs_in_order(void **state) {
    struct world *w = *state;
    struct rb_volume rough = circle_at(-6000, 100), both[2];
    rough.accuracy_mm = 8000 * M; /* cannot be excluded, 5.8 km away */
    put(w, 9, RB_PLACE_SITE, 1, circle_at(250, 100));
    put(w, 8, RB_PLACE_SITE, 1, circle_at(-250, 100)); /* as deep: by id */
    put(w, 7, RB_PLACE_SITE, 1, rough);
    put(w, 6, RB_PLACE_SITE, 1, circle_at(1100, 100)); /* 500 m away, within the stand-off */
    both[0] = circle_at(20000, 100);
    both[1] = circle_at(100, 300); /* the deepest */
    const struct rb_register_entry e = entry(5, RB_PLACE_SITE, 1, both, 2);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    w->terms.standoff_mm[RB_PLACE_SITE] = 600 * M;
    const struct rb_volume plan[] = {circle_at(0, 200), circle_at(0, 500)};
    struct rb_conflicts out = check_volumes(w, RB_PLACE_OPERATION, 2, plan, 2);
    static const uint64_t order[] = {5, 8, 9, 6, 7};
    assert_int_equal(out.n, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_memory_equal(&out.list[i].other, id_of(order[i]).b, RB_HASH_LEN);
        assert_int_equal(out.list[i].plan_volume, 1);
        assert_int_equal(out.list[i].other_volume, order[i] == 5);
        assert_int_equal(out.list[i].answer,
                         order[i] == 7 ? RB_ANSWER_NOT_EXCLUDED : RB_ANSWER_CONFLICT);
    }
    assert_in_range(out.list[0].gap.depth_mm, 699 * M, 701 * M);
    assert_int_equal(out.list[4].unsure, RB_UNSURE_ACCURACY);
    assert_int_equal(out.coverage.unsure_accuracy, 1);
}

static void same_pair_twice(void **state) {
    struct world *w = *state;
    const struct rb_volume twice[] = {timed(0, 0, 10), timed(0, 20, 30)};
    put(w, 1, RB_PLACE_SITE, 1, circle_at(0, 100));
    struct rb_conflicts out = check_volumes(w, RB_PLACE_OPERATION, 2, twice, 2);
    assert_int_equal(out.n, 1); /* the first of equals */
    assert_int_equal(out.list[0].plan_volume, 0);
    assert_int_equal(out.list[0].from_utc_ms, 0);
    assert_int_equal(out.list[0].to_utc_ms, 10);
}

/* Of volumes that touch the plan alike, the first: whatever order the index has them in. */
static void first_of_alike(void **state) {
    struct world *w = *state;
    struct rb_volume v[RB_MAX_VOLUMES];
    for (int64_t i = 0; i < RB_MAX_VOLUMES; i++)
        v[i] = timed(0, (30 - i) * DAY, (31 - i) * DAY);
    for (uint64_t id = 0; id < 100; id++) {
        const struct rb_register_entry e = entry(id, RB_PLACE_SITE, 1, v, RB_MAX_VOLUMES);
        assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    }
    assert_int_equal(rb_register_rebuild(w->r), RB_OK);
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100));
    assert_int_equal(out.n, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(out.list[i].other_volume, 0);
}

/* A plan is not compared with itself and what it replaces; naming another's place hides nothing. */
static void left_out(void **state) {
    struct world *w = *state;
    put(w, 1, RB_PLACE_OPERATION, 1, circle_at(0, 100));
    put(w, 2, RB_PLACE_SITE, 1, circle_at(0, 100));
    put(w, 3, RB_PLACE_SITE, 2, circle_at(0, 100));
    const struct rb_volume v = circle_at(0, 100);
    const struct rb_hash replaced[] = {id_of(2), id_of(2), id_of(3), id_of(77)};
    struct rb_register_plan plan = {.id = id_of(3),
                                    .author = 1,
                                    .volumes = &v,
                                    .volumes_n = 1,
                                    .supersedes = replaced,
                                    .supersedes_n = 4};
    struct rb_conflicts out;
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.n, 1);
    assert_memory_equal(&out.list[0].other, id_of(3).b, RB_HASH_LEN);
    assert_int_equal(out.coverage.places, 1);
    assert_int_equal(out.coverage.of[RB_PLACE_SITE].members, 1 << 2);
    plan.author = 2; /* now 3 is the plan itself, and 2 another's */
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.n, 2);
    assert_memory_equal(&out.list[0].other, id_of(1).b, RB_HASH_LEN);
    assert_memory_equal(&out.list[1].other, id_of(2).b, RB_HASH_LEN);
}

/* a plan without an id is not taken for a place whose key happens to be zero */
static void no_id_yet(void **state) {
    struct world *w = *state;
    put(w, 0, RB_PLACE_SITE, 1, circle_at(0, 100));
    assert_int_equal(check(w, RB_PLACE_OPERATION, 1, circle_at(0, 100)).n, 1);
}

static void coverage(void **state) {
    struct world *w = *state;
    struct rb_volume rough = timed(0, 0, 10), ground = timed(900, 0, 10);
    ground.floor = (struct rb_alt_limit){.mm = 0, .datum = RB_DATUM_AGL};
    ground.ceiling = (struct rb_alt_limit){.mm = 100 * M, .datum = RB_DATUM_AGL};
    struct rb_register_entry e = entry(10, RB_PLACE_SITE, 1, &rough, 1);
    e.created_utc_ms = 500;
    e.has_surveyed = true;
    e.surveyed_utc_ms = 100; /* what counts */
    e.closed = true;
    e.readers = 6;
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    e = entry(11, RB_PLACE_SITE, 40, &ground, 1);
    e.has_reviewed = e.has_surveyed = true;
    e.reviewed_utc_ms = 900; /* what counts */
    e.surveyed_utc_ms = 50;
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    put(w, 12, RB_PLACE_MOVEMENT, 1, circle_at(0, 100)); /* untimed, created 12 */
    put(w, 13, RB_PLACE_AREA, 2, circle_at(0, 100));     /* no rule */
    e = entry(14, RB_PLACE_SITE, 5, NULL, 0);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    w->terms.unreadable = 4;
    w->terms.malformed = 2;
    struct rb_volume plan = timed(0, 0, 10);
    plan.floor = plan.ceiling = (struct rb_alt_limit){.mm = 50 * M, .datum = RB_DATUM_AMSL};
    w->terms.standoff_mm[RB_PLACE_SITE] = 5 * KM;
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, plan);
    const struct rb_coverage *c = &out.coverage;
    assert_int_equal(out.n, 3);
    assert_true(out.met_closed);
    assert_int_equal(c->places, 3);
    assert_int_equal(c->members, 2);
    assert_int_equal(c->placeless, 1);
    assert_int_equal(c->unreadable, 4);
    assert_int_equal(c->malformed, 2);
    assert_int_equal(c->oldest_utc_ms, 12);
    assert_int_equal(c->newest_utc_ms, 900);
    const struct rb_coverage_class *site = &c->of[RB_PLACE_SITE];
    assert_int_equal(site->places, 2);
    assert_int_equal(site->closed, 1);
    assert_int_equal(site->placeless, 1);
    assert_int_equal(site->members, 1ull << 1 | 1ull << 40);
    assert_int_equal(site->oldest_utc_ms, 100);
    assert_int_equal(site->newest_utc_ms, 900);
    assert_int_equal(c->of[RB_PLACE_MOVEMENT].untimed, 1);
    assert_int_equal(c->of[RB_PLACE_AREA].rule, RB_CONFLICT_NO_RULE);
    assert_int_equal(c->of[RB_PLACE_AREA].places, 0);
    assert_true(c->no_terrain);
    assert_int_equal(c->unsure_terrain, 1);
    assert_false(c->plan_untimed || c->plan_placeless);
    w->terms.has_terrain = true;
    w->terms.terrain_least_mm_wgs84 = 5000 * M;
    w->terms.terrain_most_mm_wgs84 = 6000 * M;
    out = check(w, RB_PLACE_OPERATION, 2, plan);
    assert_int_equal(out.n, 2); /* that ground is far above the plan */
    assert_false(out.coverage.no_terrain);
    assert_int_equal(out.coverage.unsure_terrain, 0);
}

/* nothing found, and nothing there: the coverage says so */
static void empty_result(void **state) {
    struct world *w = *state;
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100));
    assert_int_equal(out.n, 0);
    assert_int_equal(out.coverage.places, 0);
    assert_int_equal(out.coverage.members, 0);
    assert_true(out.coverage.plan_untimed);
    put(w, 1, RB_PLACE_SITE, 1, circle_at(0, 100));
    out = check_volumes(w, RB_PLACE_OPERATION, 2, NULL, 0);
    assert_int_equal(out.n, 0);
    assert_true(out.coverage.plan_placeless);
    assert_int_equal(out.coverage.places, 1);
}

/* the ages follow when the oldest or the newest goes */
static void ages_follow(void **state) {
    struct world *w = *state;
    for (uint64_t i = 1; i <= 5; i++)
        put(w, i, RB_PLACE_SITE, 1, circle_at((int64_t)i * 1000, 100));
    static const struct {
        uint64_t gone;
        int64_t oldest, newest;
    } steps[] = {{1, 2, 5}, {5, 2, 4}, {3, 2, 4}, {2, 4, 4}, {4, 0, 0}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct rb_hash id = id_of(steps[i].gone);
        assert_int_equal(rb_register_withdraw(w->r, &id, 1), RB_OK);
        if (i == 0) put(w, 99, RB_PLACE_MOVEMENT, 1, circle_at(0, 1)); /* elsewhere */
        struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, circle_at(50000, 100));
        const struct rb_coverage_class *c = &out.coverage.of[RB_PLACE_SITE];
        assert_int_equal(c->places, 4 - i);
        if (c->places == 0) continue;
        assert_int_equal(c->oldest_utc_ms, steps[i].oldest);
        assert_int_equal(c->newest_utc_ms, steps[i].newest);
    }
    put(w, 3, RB_PLACE_SITE, 1, circle_at(0, 100)); /* the first again */
    struct rb_conflicts out = check(w, RB_PLACE_OPERATION, 2, circle_at(50000, 100));
    assert_int_equal(out.coverage.of[RB_PLACE_SITE].oldest_utc_ms, 3);
    assert_int_equal(out.coverage.of[RB_PLACE_SITE].newest_utc_ms, 3);
}

/* ---- coming and going --------------------------------------------------------------------------
 */

static void who_may_replace(void **state) {
    struct world *w = *state;
    const struct rb_volume v = circle_at(5000, 100);
    const struct rb_hash one = id_of(1), two = id_of(2), none = id_of(3);
    put(w, 1, RB_PLACE_SITE, 1, circle_at(0, 100));
    put(w, 2, RB_PLACE_SITE, 1, circle_at(0, 100));
    struct rb_register_entry e = entry(1, RB_PLACE_SITE, 1, &v, 1);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_ERR_EXISTS);
    assert_int_equal(rb_register_supersede(w->r, &two, &e, NULL), RB_ERR_EXISTS);
    assert_int_equal(rb_register_supersede(w->r, &none, &e, NULL), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_register_withdraw(w->r, &none, 1), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_register_withdraw(w->r, &one, 2), RB_ERR_DENIED);
    e = entry(4, RB_PLACE_SITE, 2, &v, 1);
    assert_int_equal(rb_register_supersede(w->r, &one, &e, NULL), RB_ERR_DENIED);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100)).n, 2);
    e = entry(1, RB_PLACE_SITE, 1, &v, 1); /* another version under the same key */
    assert_int_equal(rb_register_supersede(w->r, &one, &e, NULL), RB_OK);
    assert_int_equal(rb_register_count(w->r), 2);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(0, 100)).n, 1);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(5000, 100)).n, 1);
}

static void what_is_kept(void **state) {
    struct world *w = *state;
    char title[] = "clinic";
    struct rb_point line[] = {{35 * D, 36 * D}, {35 * D, 36 * D + D / 10}};
    struct rb_volume v = {.shape = RB_SHAPE_CORRIDOR,
                          .radius_mm = 100 * M,
                          .vertices = line,
                          .vertices_n = 2,
                          .floor = {.open = true},
                          .ceiling = {.open = true}};
    struct rb_register_entry e = entry(1, RB_PLACE_SITE, 1, &v, 1), got;
    e.title = rb_str(title);
    e.readers = 3; /* open: everybody's, whatever stands here */
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    memset(title, 'x', sizeof title);
    memset(line, 0, sizeof line);
    memset(&v, 0xff, sizeof v);
    assert_true(rb_register_get(w->r, &e.id, &got));
    assert_true(rb_slice_is(got.title, "clinic"));
    assert_int_equal(got.readers, 0);
    assert_int_equal(got.volumes_n, 1);
    assert_null(got.volumes);
    assert_int_equal(got.created_utc_ms, 1);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(0, 50)).n, 1);
    const struct rb_hash other = id_of(2);
    assert_false(rb_register_get(w->r, &other, &got));
}

static void refusals(void **state) {
    struct world *w = *state;
    struct rb_volume v[RB_MAX_VOLUMES + 1];
    struct rb_reject rj = {0};
    struct rb_conflicts conflicts = {.n = 77};
    for (size_t i = 0; i <= RB_MAX_VOLUMES; i++)
        v[i] = circle_at((int64_t)i * 1000, 10);
    const size_t out_before = region_out(&w->region);
    struct rb_register_entry e = entry(1, RB_PLACE_SITE, 1, v, RB_MAX_VOLUMES + 1);
    assert_int_equal(rb_register_add(w->r, &e, &rj), RB_ERR_LIMIT);
    assert_string_equal(rj.clause, "10.6.1");
    e.volumes_n = RB_MAX_VOLUMES;
    v[5].radius_mm = 0;
    assert_int_equal(rb_register_add(w->r, &e, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.7.3");
    assert_int_equal(rj.offset, 5);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_ERR_MALFORMED);
    struct rb_register_plan plan = {.volumes = v, .volumes_n = RB_MAX_VOLUMES};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &conflicts, &rj),
                     RB_ERR_MALFORMED);
    v[5] = circle_at(0, 10);
    v[6].shape = RB_SHAPE_POLYGON;
    v[6].vertices_n = (size_t)1 << 40; /* never measured, never read */
    assert_int_equal(rb_register_add(w->r, &e, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.7.4");
    assert_int_equal(rj.offset, 6);
    static uint8_t title[RB_MAX_NAME + 1];
    v[6] = circle_at(0, 10);
    e.title = rb_slice(title, sizeof title);
    assert_int_equal(rb_register_add(w->r, &e, &rj), RB_ERR_LIMIT);
    plan.volumes_n = RB_MAX_VOLUMES + 1;
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &conflicts, &rj),
                     RB_ERR_LIMIT);
    assert_int_equal(conflicts.n, 77);
    assert_int_equal(rb_register_count(w->r), 0);
    assert_true(region_out(&w->region) <= out_before + 1024); /* the map's first table */
    e.title.n = RB_MAX_NAME;
    assert_int_equal(rb_register_add(w->r, &e, &rj), RB_OK);
}

/* many at once: all of them or none */
static void loading(void **state) {
    struct world *w = *state;
    enum { N = 300 };
    static struct rb_volume v[N];
    static struct rb_register_entry list[N];
    struct rb_reject rj = {0};
    size_t at;
    for (uint64_t i = 0; i < N; i++) {
        v[i] = circle_at((int64_t)i * 1000, 100);
        list[i] = entry(i, RB_PLACE_SITE, 1, &v[i], 1);
    }
    put(w, 1000, RB_PLACE_SITE, 1, circle_at(-1000, 100));
    const size_t out_before = region_out(&w->region);
    v[299].radius_mm = 0;
    assert_int_equal(rb_register_load(w->r, list, N, &at, &rj), RB_ERR_MALFORMED);
    assert_int_equal(at, 299);
    v[299].radius_mm = 1;
    list[200].id = id_of(100);
    assert_int_equal(rb_register_load(w->r, list, N, &at, &rj), RB_ERR_EXISTS);
    assert_int_equal(at, 200);
    list[200].id = id_of(1000);
    assert_int_equal(rb_register_load(w->r, list, N, &at, &rj), RB_ERR_EXISTS);
    assert_int_equal(rb_register_count(w->r), 1);
    assert_true(region_out(&w->region) <= out_before + sizeof(void *) * N * 16); /* tables stay */
    list[200].id = id_of(200);
    assert_int_equal(rb_register_load(w->r, list, N, &at, &rj), RB_OK);
    assert_int_equal(rb_register_load(w->r, list, 0, &at, &rj), RB_OK);
    assert_int_equal(rb_register_count(w->r), N + 1);
    for (int64_t i = -1; i < N; i++)
        assert_int_equal(check(w, RB_PLACE_OPERATION, 2, circle_at(i * 1000, 100)).n, 1);
}

/* ---- memory ------------------------------------------------------------------------------------
 */

/* thousands come and go in turn: the region does not fill up; what is gone is given back */
static void memory_comes_back(void **state) {
    struct world *w = *state;
    size_t used[4], out[4];
    for (unsigned turn = 0; turn < 4; turn++) {
        for (uint64_t i = 0; i < 2000; i++)
            put(w, i, RB_PLACE_SITE, 1, timed((int64_t)i * 10, 0, (int64_t)i + 1));
        used[turn] = w->region.used;
        for (uint64_t i = 0; i < 1000; i++) {
            const struct rb_hash id = id_of(i);
            assert_int_equal(rb_register_withdraw(w->r, &id, 1), RB_OK);
        }
        assert_int_equal(rb_register_expire(w->r, 2000), 1000);
        assert_int_equal(rb_register_rebuild(w->r), RB_OK);
        assert_int_equal(rb_register_count(w->r), 0);
        out[turn] = region_out(&w->region);
    }
    assert_int_equal(used[1], used[3]);
    assert_int_equal(out[0], out[3]);
    assert_true(out[0] <
                60000); /* tables at their least: of volumes, or by id, would be 32 kB more */
}

/* the region fills up: refused loudly, nothing half done, and there is room again after a removal
 */
static void region_full(void **state) {
    struct world *w = *state;
    struct rb_volume v = circle_at(0, 100);
    uint64_t n = 0;
    enum rb_err err = RB_OK;
    while (err == RB_OK) {
        const struct rb_register_entry e = entry(n, RB_PLACE_SITE, 1, &v, 1);
        err = rb_register_add(w->r, &e, NULL);
        n += err == RB_OK;
    }
    assert_int_equal(err, RB_ERR_LIMIT);
    assert_int_equal(rb_register_count(w->r), n);
    struct rb_conflicts out = {.n = 77};
    const struct rb_register_plan plan = {.author = 2, .volumes = &v, .volumes_n = 1};
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL),
                     RB_ERR_LIMIT); /* thousands of conflicts do not fit: none are shown */
    assert_int_equal(out.n, 77);
    for (uint64_t i = 8; i < n; i++) {
        const struct rb_hash id = id_of(i);
        assert_int_equal(rb_register_withdraw(w->r, &id, 1), RB_OK);
    }
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.n, 8);
    w->arena.cap = w->arena.used + 7 * sizeof(struct rb_conflict);
    const size_t mark = w->arena.used;
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL),
                     RB_ERR_LIMIT);
    assert_int_equal(w->arena.used, mark);
}

/* Each allocation fails once: the answer is RB_ERR_LIMIT, and all is as before. */
static void each_allocation_fails(void **state) {
    struct world *w = *state;
    const struct rb_volume two[] = {circle_at(0, 100), circle_at(300, 100)};
    struct rb_register_entry list[40];
    struct rb_conflicts out;
    size_t at;
    uint64_t id = 1;
    bool any_failed = false;
    put(w, 500, RB_PLACE_SITE, 1, circle_at(0, 100));
    for (unsigned what = 0; what < 5; what++) {
        for (uint64_t fail = 1, clean = 0; !clean; fail++) {
            const size_t count = rb_register_count(w->r);
            const struct rb_register_entry e = entry(id, RB_PLACE_SITE, 1, two, 2);
            const struct rb_hash old = id_of(500);
            const struct rb_register_plan plan = {.author = 2, .volumes = two, .volumes_n = 2};
            for (size_t i = 0; i < 40; i++)
                list[i] = entry(1000 + id * 40 + i, RB_PLACE_SITE, 1, two, 2);
            enum rb_err err = RB_OK;
            w->region.fail_at = fail;
            if (what == 0) err = rb_register_add(w->r, &e, NULL);
            if (what == 1) err = rb_register_load(w->r, list, 40, &at, NULL);
            if (what == 2) err = rb_register_rebuild(w->r);
            if (what == 3) err = rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL);
            if (what == 4) err = rb_register_supersede(w->r, &old, &e, NULL);
            clean = w->region.fail_at != 0;
            w->region.fail_at = 0;
            if (clean) assert_int_equal(err, RB_OK);
            any_failed |= err != RB_OK;
            if (err != RB_OK) assert_int_equal(err, RB_ERR_LIMIT);
            const size_t more = err != RB_OK || what > 1 ? 0 : what == 0 ? 1 : 40;
            assert_int_equal(rb_register_count(w->r), count + more);
            assert_int_equal(check_volumes(w, RB_PLACE_OPERATION, 2, two, 2).n, count + more);
            id++;
        }
    }
    assert_true(any_failed);
}

/* 127 volumes that the index has not sorted in */
static void fill_fresh(struct world *w) {
    assert_int_equal(rb_register_rebuild(w->r), RB_OK);
    for (uint64_t i = 0; i < 127; i++) {
        const struct rb_hash id = id_of(i);
        const struct rb_volume v = circle_at(50000, 100);
        const struct rb_register_entry e = entry(i, RB_PLACE_SITE, 1, &v, 1);
        assert_int_equal(rb_register_supersede(w->r, &id, &e, NULL), RB_OK);
    }
}

/* What fails takes nothing with it, however often: 127 volumes are in, so that the second of two
 * more makes the index ask for memory. */
static void failures_keep_nothing(void **state) {
    struct world *w = *state;
    const struct rb_volume two[] = {circle_at(0, 100), circle_at(300, 100)};
    struct rb_register_entry list[40];
    size_t at, failures = 0;
    for (uint64_t i = 0; i < 127; i++)
        put(w, i, RB_PLACE_SITE, 1, circle_at(50000, 100));
    for (uint64_t i = 0; i < 40; i++)
        list[i] = entry(1000 + i, RB_PLACE_SITE, 1, two, 2);
    for (unsigned what = 0; what < 2; what++) {
        for (uint64_t fail = 1, clean = 0; !clean; fail++) {
            size_t out_after_first = 0;
            for (unsigned again = 0; again < 200 && !clean; again++) {
                w->region.fail_at = fail;
                const enum rb_err err = what == 0 ? rb_register_load(w->r, list, 40, &at, NULL)
                                                  : rb_register_add(w->r, &list[0], NULL);
                clean = w->region.fail_at != 0;
                w->region.fail_at = 0;
                failures += err == RB_ERR_LIMIT;
                if (again == 0)
                    out_after_first = region_out(&w->region);
                else if (!clean)
                    assert_int_equal(region_out(&w->region), out_after_first);
                if (!clean) assert_int_equal(rb_register_count(w->r), 127);
                if (!clean) assert_int_equal(check(w, RB_PLACE_OPERATION, 2, two[0]).n, 0);
            }
        }
        for (size_t i = 0; what == 0 && i < 40; i++)
            assert_int_equal(rb_register_withdraw(w->r, &list[i].id, 1), RB_OK);
        if (what == 0) fill_fresh(w);
    }
    assert_true(failures > 1000);
}

/* ---- naming ------------------------------------------------------------------------------------
 */

/* every pair of sets of four members, open and closed: by asking member by member */
static void naming(void **state) {
    (void)state;
    for (uint64_t place = 0; place < 16; place++) {
        for (uint64_t record = 0; record < 16; record++) {
            bool all = record != 0;
            for (unsigned m = 0; m < 4; m++)
                if ((record >> m & 1) != 0 && (place >> m & 1) == 0) all = false;
            assert_int_equal(rb_register_nameable(true, place, true, record), all);
            assert_false(rb_register_nameable(true, place, false, record));
            assert_true(rb_register_nameable(false, place, true, record));
            assert_true(rb_register_nameable(false, place, false, record));
        }
    }
    assert_false(rb_register_nameable(true, UINT64_MAX, false, UINT64_MAX));
    assert_false(rb_register_nameable(true, UINT64_MAX >> 1, true, UINT64_MAX));
}

static void commitment(void **state) {
    (void)state;
    /* python3: sha256(bytes(range(32)) + b"".join(n.to_bytes(8,"big")+bytes(24) for n in
     * (1, 2, 3, 700))) */
    static const char *const want =
        "c9f81d3c0f583bdfc4b0fc4943b8276b3c0e0719d6e22f8ba50cf50e7a0de0dc";
    static const uint64_t orders[][4] = {{1, 2, 3, 700}, {700, 3, 2, 1}, {3, 700, 1, 2}};
    uint8_t salt[RB_REGISTER_SALT];
    assert_int_equal(rb_crypto_init(), RB_OK);
    struct rb_hash ids[4], got;
    for (size_t i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    for (size_t k = 0; k < 3; k++) {
        char hex[2 * RB_HASH_LEN + 1];
        struct rb_writer wr = rb_writer(hex, sizeof hex);
        for (size_t i = 0; i < 4; i++)
            ids[i] = id_of(orders[k][i]);
        assert_int_equal(rb_register_commit(salt, ids, 4, &got), RB_OK);
        rb_put_hex(&wr, got.b, RB_HASH_LEN);
        assert_string_equal(rb_writer_z(&wr), want);
    }
    ids[0] = ids[3];
    assert_int_equal(rb_register_commit(salt, ids, 4, &got), RB_ERR_USAGE);
    assert_int_equal(rb_register_commit(salt, ids, 0, &got), RB_ERR_USAGE);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(rb_place_class_name(RB_PLACE_OPERATION), "operation");
    assert_string_equal(rb_place_class_name(RB_PLACE_NO_STRIKE), "no-strike area");
    assert_string_equal(rb_place_class_name((enum rb_place_class)7), "?");
    assert_string_equal(rb_conflict_rule_name(RB_CONFLICT_NOTICE), "another party's notice");
    assert_string_equal(rb_conflict_rule_name(RB_CONFLICT_NO_STRIKE), "no-strike area");
    assert_string_equal(rb_conflict_rule_name((enum rb_conflict_rule)6), "?");
    assert_string_equal(rb_lead_name(RB_LEAD_SHORT), "too short");
    assert_string_equal(rb_lead_name((enum rb_lead)4), "?");
}

/* ---- probing -----------------------------------------------------------------------------------
 */

static void probing(void **state) {
    (void)state;
    static struct rb_probe p;
    const int64_t t0 = 1000 * DAY;
    for (unsigned i = 0; i < RB_PROBE_REFUSE; i++) {
        assert_int_equal(rb_probe_ask(&p, 3, t0 + i),
                         i < RB_PROBE_RECORD ? RB_PROBE_ALLOW : RB_PROBE_ALLOW_AND_RECORD);
        rb_probe_met(&p, 3, t0 + i);
    }
    assert_int_equal(rb_probe_ask(&p, 3, t0 + 100), RB_PROBE_REFUSED);
    assert_int_equal(rb_probe_ask(&p, 4, t0 + 100), RB_PROBE_ALLOW);   /* each for itself */
    assert_int_equal(rb_probe_ask(&p, 3, t0 - DAY), RB_PROBE_REFUSED); /* a clock set back */
    assert_int_equal(rb_probe_ask(&p, 3, INT64_MIN), RB_PROBE_REFUSED);
    assert_int_equal(rb_probe_again_ms(&p, 3, t0 + 100), t0 + RB_PROBE_WINDOW_MS);
    assert_int_equal(rb_probe_again_ms(&p, 4, t0 + 100), t0 + 100);
    assert_int_equal(rb_probe_ask(&p, 3, t0 + RB_PROBE_WINDOW_MS - 1), RB_PROBE_REFUSED);
    assert_int_equal(rb_probe_ask(&p, 3, t0 + RB_PROBE_WINDOW_MS), RB_PROBE_ALLOW_AND_RECORD);
    const int64_t last = t0 + RB_PROBE_WINDOW_MS + RB_PROBE_REFUSE - RB_PROBE_RECORD;
    assert_int_equal(rb_probe_ask(&p, 3, last - 1), RB_PROBE_ALLOW_AND_RECORD);
    assert_int_equal(rb_probe_ask(&p, 3, last), RB_PROBE_ALLOW);
    for (unsigned i = 0; i < 3 * RB_PROBE_REFUSE + 5; i++) /* round and round the ring */
        rb_probe_met(&p, 3, t0 + 2 * DAY + i);
    assert_int_equal(rb_probe_ask(&p, 3, t0 + 2 * DAY + 500), RB_PROBE_REFUSED);
    assert_int_equal(rb_probe_again_ms(&p, 3, t0 + 2 * DAY + 500),
                     t0 + 2 * DAY + 2ll * RB_PROBE_REFUSE + 5 + RB_PROBE_WINDOW_MS);
}

/* ---- resting -----------------------------------------------------------------------------------
 */

/* what rests is neither compared nor counted, and all of it is back when it stands again */
static void resting(void **state) {
    struct world *w = *state;
    const struct rb_hash one = id_of(1), nobody = id_of(9);
    const struct rb_register_entry nowhere = entry(3, RB_PLACE_SITE, 1, NULL, 0);
    const struct rb_hash third = nowhere.id;
    put(w, 1, RB_PLACE_SITE, 1, circle_at(0, 100));
    put(w, 2, RB_PLACE_SITE, 2, circle_at(0, 100));
    assert_int_equal(rb_register_add(w->r, &nowhere, NULL), RB_OK);
    for (int round = 0; round < 3; round++) {
        struct rb_conflicts c = check(w, RB_PLACE_OPERATION, 3, circle_at(0, 100));
        assert_int_equal(c.n, 2);
        assert_int_equal(c.coverage.places, 2);
        assert_int_equal(c.coverage.placeless, 1);
        assert_int_equal(c.coverage.oldest_utc_ms, 1);
        for (int twice = 0; twice < 2; twice++) { /* the second time changes nothing */
            assert_int_equal(rb_register_rest(w->r, &one, true), RB_OK);
            assert_int_equal(rb_register_rest(w->r, &third, true), RB_OK);
        }
        c = check(w, RB_PLACE_OPERATION, 3, circle_at(0, 100));
        assert_int_equal(c.n, 1);
        assert_memory_equal(&c.list[0].other, id_of(2).b, RB_HASH_LEN);
        assert_int_equal(c.coverage.places, 1);
        assert_int_equal(c.coverage.placeless, 0);
        assert_int_equal(c.coverage.oldest_utc_ms, 2); /* the age follows */
        assert_int_equal(rb_register_count(w->r), 3);
        assert_int_equal(rb_register_rest(w->r, &one, false), RB_OK);
        assert_int_equal(rb_register_rest(w->r, &third, false), RB_OK);
    }
    assert_int_equal(rb_register_rest(w->r, &nobody, true), RB_ERR_NOT_FOUND);
}

/* one that rests can be left out, expire, be replaced and go: nothing is counted twice */
static void resting_and_going(void **state) {
    struct world *w = *state;
    const struct rb_volume v = circle_at(0, 100), short_ = timed(0, 0, 1000);
    const struct rb_hash ids[] = {id_of(1), id_of(2), id_of(3)};
    put(w, 1, RB_PLACE_SITE, 1, v);
    put(w, 2, RB_PLACE_SITE, 1, short_);
    put(w, 3, RB_PLACE_SITE, 1, v);
    put(w, 4, RB_PLACE_SITE, 1, v);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rb_register_rest(w->r, &ids[i], true), RB_OK);
    struct rb_register_plan plan = {
        .author = 1, .volumes = &v, .volumes_n = 1, .class_ = RB_PLACE_OPERATION};
    struct rb_conflicts out;
    plan.supersedes = ids;
    plan.supersedes_n = 3;
    assert_int_equal(rb_register_check(w->r, &plan, &w->terms, &w->arena, &out, NULL), RB_OK);
    assert_int_equal(out.n, 1);
    assert_int_equal(out.coverage.places, 1);
    assert_int_equal(rb_register_expire(w->r, 1000), 1);
    const struct rb_register_entry e = entry(5, RB_PLACE_SITE, 1, &v, 1);
    assert_int_equal(rb_register_supersede(w->r, &ids[0], &e, NULL), RB_OK);
    assert_int_equal(rb_register_withdraw(w->r, &ids[2], 1), RB_OK);
    out = check(w, RB_PLACE_OPERATION, 3, v);
    assert_int_equal(out.n, 2); /* what replaces one that rests stands */
    assert_int_equal(out.coverage.places, 2);
}

/* its volumes can be checked as they were put in */
static void volumes_come_back(void **state) {
    struct world *w = *state;
    static const struct rb_point ring[] = {{35 * D, 36 * D}, {35 * D, 37 * D}, {36 * D, 37 * D}};
    struct rb_volume put_in[3] = {circle_at(7, 100), timed(9, 5, 0), circle_at(0, 0)},
                     got[RB_MAX_VOLUMES];
    put_in[0].accuracy_mm = 77;
    put_in[0].floor = (struct rb_alt_limit){.mm = 5, .datum = RB_DATUM_AGL};
    put_in[1].has_to = false;
    put_in[2] = (struct rb_volume){.shape = RB_SHAPE_POLYGON,
                                   .edges = RB_EDGES_PARALLEL,
                                   .vertices_n = 3,
                                   .vertices = ring,
                                   .floor = {.open = true},
                                   .ceiling = {.open = true}};
    const struct rb_register_entry e = entry(1, RB_PLACE_SITE, 1, put_in, 3);
    const struct rb_hash other = id_of(2);
    assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    assert_int_equal(rb_register_volumes(w->r, &other, got), 0);
    assert_int_equal(rb_register_volumes(w->r, &e.id, got), 3);
    assert_memory_equal(&got[0].center, &put_in[0].center, sizeof got[0].center);
    assert_int_equal(got[0].radius_mm, put_in[0].radius_mm);
    assert_int_equal(got[0].accuracy_mm, 77);
    assert_int_equal(got[0].floor.datum, RB_DATUM_AGL);
    assert_false(got[0].has_from || got[0].has_to);
    assert_true(got[1].has_from && !got[1].has_to);
    assert_int_equal(got[1].from_utc_ms, 5);
    assert_int_equal(got[2].edges, RB_EDGES_PARALLEL);
    assert_int_equal(got[2].vertices_n, 3);
    assert_memory_equal(got[2].vertices, ring, sizeof ring);
}

/* A corridor is asked about by parts: it finds what comparing with each place finds. */
static void corridor_by_parts(void **state) {
    struct world *w = *state;
    static uint8_t mem[1 << 16];
    static const struct rb_point line[] = {{35 * D, 36 * D},
                                           {35 * D + 2 * D / 10, 36 * D + D / 10},
                                           {35 * D + D / 10, 36 * D + 3 * D / 10},
                                           {35 * D + 4 * D / 10, 36 * D + 4 * D / 10}};
    const struct rb_volume plan = {.shape = RB_SHAPE_CORRIDOR,
                                   .radius_mm = 500 * M,
                                   .vertices_n = 4,
                                   .vertices = line,
                                   .floor = {.open = true},
                                   .ceiling = {.open = true}};
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_extent x, y;
    size_t near = 0;
    w->terms.standoff_mm[RB_PLACE_SITE] = 300 * M;
    const struct rb_verdict_terms terms = {.standoff_mm = 300 * M};
    assert_int_equal(rb_extent_prepare(&plan, &a, &x, NULL), RB_OK);
    for (int64_t i = 0; i < 900; i++) {
        struct rb_volume v = circle_at(0, 200);
        struct rb_verdict verdict;
        const size_t mark = rb_arena_mark(&a);
        v.center.lat_nd += i / 30 * D / 70;
        v.center.lon_nd += i % 30 * D / 70;
        put(w, 100 + (uint64_t)i, RB_PLACE_SITE, 1, v);
        assert_int_equal(rb_extent_prepare(&v, &a, &y, NULL), RB_OK);
        rb_verdict(&x, &y, &terms, &verdict);
        near += verdict.answer != RB_ANSWER_NONE_FOUND;
        rb_arena_release(&a, mark);
    }
    assert_in_range(near, 20, 300);
    assert_int_equal(check(w, RB_PLACE_OPERATION, 2, plan).n, near);
}

/* A bare check touches the same places with the same answers, whatever it leaves unsaid. */
static void bare_check(void **state) {
    struct world *w = *state;
    struct rb_volume many[4], plan[2] = {circle_at(0, 500), circle_at(900, 500)};
    struct rb_conflicts full, bare;
    for (int64_t i = 0; i < 4; i++)
        many[i] = circle_at(i * 400, 100);
    many[1].accuracy_mm = 300 * M;
    for (uint64_t i = 0; i < 6; i++) {
        struct rb_register_entry e = entry(10 + i, RB_PLACE_SITE, 1, many, 4);
        for (size_t k = 0; k < 4; k++)
            many[k].center.lat_nd += 450ll * 9013;
        e.closed = i == 3;
        assert_int_equal(rb_register_add(w->r, &e, NULL), RB_OK);
    }
    struct rb_volume vague = circle_at(-750, 100); /* 150 m off, known to 300 m */
    vague.accuracy_mm = 300 * M;
    put(w, 99, RB_PLACE_SITE, 1, vague);
    struct rb_register_plan p = {.author = 2, .volumes = plan, .volumes_n = 2};
    assert_int_equal(rb_register_check(w->r, &p, &w->terms, &w->arena, &full, NULL), RB_OK);
    p.bare = true;
    assert_int_equal(rb_register_check(w->r, &p, &w->terms, &w->arena, &bare, NULL), RB_OK);
    assert_in_range(full.n, 2, 7);
    assert_int_equal(bare.n, full.n);
    assert_int_equal(bare.met_closed, full.met_closed);
    assert_int_equal(bare.coverage.places, full.coverage.places);
    bool conflict = false, open = false;
    for (size_t i = 0; i < full.n; i++) {
        size_t k = 0;
        while (k < bare.n && !rb_hash_eq(&bare.list[k].other, &full.list[i].other))
            k++;
        assert_true(k < bare.n);
        assert_int_equal(bare.list[k].answer, full.list[i].answer);
        conflict |= full.list[i].answer == RB_ANSWER_CONFLICT;
        open |= full.list[i].answer == RB_ANSWER_NOT_EXCLUDED;
    }
    assert_true(conflict && open);
    assert_int_equal(bare.list[0].answer, RB_ANSWER_CONFLICT); /* the worst answer comes first */
}

int main(void) {
    static_assert(RB_PROBE_RECORD < RB_PROBE_REFUSE, "recorded before refused");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_pair_of_classes, setup, teardown),
        cmocka_unit_test_setup_teardown(own_notices, setup, teardown),
        cmocka_unit_test_setup_teardown(party_not_stated, setup, teardown),
        cmocka_unit_test_setup_teardown(stand_off_by_class, setup, teardown),
        cmocka_unit_test_setup_teardown(column_and_band, setup, teardown),
        cmocka_unit_test_setup_teardown(over_by_now, setup, teardown),
        cmocka_unit_test_setup_teardown(expiry, setup, teardown),
        cmocka_unit_test_setup_teardown(lead_times, setup, teardown),
        cmocka_unit_test_setup_teardown(worst_pairs_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(same_pair_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(first_of_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(no_id_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(coverage, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_result, setup, teardown),
        cmocka_unit_test_setup_teardown(ages_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(resting, setup, teardown),
        cmocka_unit_test_setup_teardown(resting_and_going, setup, teardown),
        cmocka_unit_test_setup_teardown(volumes_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(corridor_by_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(bare_check, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(loading, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(region_full, setup, teardown),
        cmocka_unit_test_setup_teardown(each_allocation_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(failures_keep_nothing, setup, teardown),
        cmocka_unit_test(naming),
        cmocka_unit_test(commitment),
        cmocka_unit_test(names),
        cmocka_unit_test(probing),
    };
    return cmocka_run_group_tests_name("register", tests, NULL, NULL);
}
