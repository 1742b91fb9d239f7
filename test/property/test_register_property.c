/* The register against comparing everything with everything, by rb_verdict directly: whatever came
 * and went, in whatever order, the check gives exactly that; and what is added never takes a
 * conflict away. The rules are written here a second time. */
#include "register_fixture.h"

#define PLACES 48u /* of the model; each may be there or not */
#define VOLUMES 3u
#define POINTS 4u
#define MEMBERS 5u
#define MEMORY (2u << 20)

static uint64_t seed;

static uint64_t chance(void) {
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int64_t between(int64_t lo, int64_t hi) {
    return lo + (int64_t)(chance() % (uint64_t)(hi - lo + 1));
}

static bool one_in(uint64_t n) {
    return chance() % n == 0;
}

/* ---- a place of the model ----------------------------------------------------------------------
 */

struct modelled {
    bool there;
    struct rb_register_entry e;
    struct rb_volume v[VOLUMES];
    struct rb_point points[VOLUMES][POINTS];
    struct rb_extent extent[VOLUMES];
    int64_t from[VOLUMES], to[VOLUMES]; /* as said, whatever span it was given since */
    uint8_t memory[VOLUMES * 2048];
};

static const struct rb_point bases[] = {{35 * D, 36 * D}, {0, 180 * D}, {-55 * D, -60 * D}};
static struct rb_point base;

static struct rb_point near_base(int64_t spread_nd) {
    struct rb_point p = {base.lat_nd + between(-spread_nd, spread_nd),
                         base.lon_nd + between(-spread_nd, spread_nd)};
    if (p.lon_nd > 180 * D) p.lon_nd -= 360 * D;
    return p;
}

static struct rb_point shifted(struct rb_point p, int64_t north_nd, int64_t east_nd) {
    p.lat_nd += north_nd;
    p.lon_nd += east_nd;
    if (p.lon_nd > 180 * D) p.lon_nd -= 360 * D;
    return p;
}

static void random_outline(struct rb_volume *v, struct rb_point *points) {
    const struct rb_point at = near_base(D / 16);
    const int64_t size = between(D / 1000, D / 30);
    v->shape = (enum rb_shape)(chance() % 3);
    v->vertices = points;
    v->center = at;
    v->radius_mm = (uint64_t)between(50 * M, 3 * KM);
    v->edges = (enum rb_edges)(chance() % 3);
    v->vertices_n = (size_t)between(v->shape == RB_SHAPE_POLYGON ? 3 : 2, POINTS);
    points[0] = at;
    points[1] = shifted(at, between(-size / 4, size / 4), size);
    points[2] = shifted(at, size, size + between(0, size));
    points[3] = shifted(at, size, between(-size, size / 2));
}

static struct rb_alt_limit random_limit(int64_t least_m, int64_t most_m) {
    static const enum rb_datum datums[] = {RB_DATUM_AMSL,  RB_DATUM_AMSL, RB_DATUM_AMSL,
                                           RB_DATUM_WGS84, RB_DATUM_AGL,  RB_DATUM_FL};
    struct rb_alt_limit a = {.open = one_in(2), .datum = datums[chance() % 6]};
    a.mm = between(least_m, most_m) * M;
    if (a.datum == RB_DATUM_FL) a.mm = a.mm / 30480 * 1000;
    return a;
}

static void random_volume(struct rb_volume *v, struct rb_point *points) {
    memset(v, 0, sizeof *v);
    random_outline(v, points);
    v->floor = random_limit(0, 3000);
    v->ceiling = random_limit(3000, 9000);
    v->has_from = !one_in(4);
    v->has_to = !one_in(4);
    v->from_utc_ms = between(0, 100) * HOUR;
    v->to_utc_ms = v->from_utc_ms + between(1, 40) * HOUR;
    if (one_in(3)) v->accuracy_mm = (uint64_t)between(1, 800 * M);
}

static uint64_t ids;

static void random_place(struct modelled *m) {
    struct rb_arena a = rb_arena(m->memory, sizeof m->memory);
    memset(&m->e, 0, sizeof m->e);
    m->e.id = id_of(++ids * 0x9e3779b97f4a7c15u); /* in no order */
    m->e.author = (uint16_t)(chance() % MEMBERS);
    m->e.class_ = (enum rb_place_class)(chance() % RB_PLACE_CLASSES);
    m->e.volumes = m->v;
    m->e.volumes_n = one_in(12) ? 0 : (size_t)between(1, VOLUMES);
    m->e.created_utc_ms = between(0, 50);
    m->e.has_surveyed = one_in(2);
    m->e.surveyed_utc_ms = between(0, 50);
    m->e.has_reviewed = one_in(2);
    m->e.reviewed_utc_ms = between(0, 50);
    m->e.closed = one_in(2);
    m->e.readers = chance() & 31;
    for (size_t i = 0; i < m->e.volumes_n; i++) {
        struct rb_reject rj = {0};
        do
            random_volume(&m->v[i], m->points[i]);
        while (rb_volume_check(&m->v[i], &rj) != RB_OK);
        assert_int_equal(rb_extent_prepare(&m->v[i], &a, &m->extent[i], &rj), RB_OK);
        m->from[i] = m->extent[i].from_utc_ms;
        m->to[i] = m->extent[i].to_utc_ms;
    }
}

/* ---- the oracle --------------------------------------------------------------------------------
 */

static const char *const rules[RB_PLACE_CLASSES] = {
    "nnms.tz", "nnms.tz", "mm.....", "ss.....", ".......", "tt.....", "zz.....",
};

static bool one_party(const struct rb_register_terms *t, uint16_t a, uint16_t b) {
    return a == b ||
           (a < MEMBERS && b < MEMBERS && t->party_of[a] != 0 && t->party_of[a] == t->party_of[b]);
}

/* a notice replaces no truce */
static bool replaced(const struct rb_register_plan *plan, const struct modelled *m) {
    if (m->e.author != plan->author) return false;
    if ((m->e.class_ == RB_PLACE_TRUCE) != (plan->class_ == RB_PLACE_TRUCE)) return false;
    bool is = rb_hash_eq(&plan->id, &m->e.id);
    for (size_t i = 0; i < plan->supersedes_n; i++)
        is |= rb_hash_eq(&plan->supersedes[i], &m->e.id);
    return is;
}

static bool compared(const struct rb_register_plan *plan, const struct rb_register_terms *t,
                     const struct modelled *m) {
    const char rule = rules[plan->class_][m->e.class_];
    if (rule == '.' || replaced(plan, m)) return false;
    return rule != 'n' || !one_party(t, plan->author, m->e.author);
}

static uint64_t standoff_of(const struct rb_register_terms *t, enum rb_place_class a,
                            enum rb_place_class b) {
    if (rules[a][b] != 'n') return t->standoff_mm[a > b ? a : b]; /* those that act come first */
    return t->standoff_mm[a] > t->standoff_mm[b] ? t->standoff_mm[a] : t->standoff_mm[b];
}

static bool beats(const struct rb_conflict *a, const struct rb_conflict *b) {
    if (a->answer != b->answer) return a->answer == RB_ANSWER_CONFLICT;
    if (a->gap.depth_mm != b->gap.depth_mm) return a->gap.depth_mm > b->gap.depth_mm;
    return a->gap.distance_mm < b->gap.distance_mm;
}

static int listed_before(const void *x, const void *y) {
    const struct rb_conflict *a = x, *b = y;
    if (beats(a, b)) return -1;
    return beats(b, a) ? 1 : memcmp(&a->other, &b->other, RB_HASH_LEN);
}

struct truth {
    size_t n;
    struct rb_conflict list[PLACES];
    size_t places, placeless, unsure[4];
    uint64_t members;
    int64_t oldest, newest;
    size_t by_class[RB_PLACE_CLASSES], closed[RB_PLACE_CLASSES], untimed[RB_PLACE_CLASSES];
};

static int64_t seen_at(const struct rb_register_entry *e) {
    int64_t t = INT64_MIN;
    if (e->has_surveyed) t = e->surveyed_utc_ms;
    if (e->has_reviewed && e->reviewed_utc_ms > t) t = e->reviewed_utc_ms;
    return t == INT64_MIN ? e->created_utc_ms : t;
}

static void count_place(struct truth *o, const struct modelled *m) {
    bool untimed = false;
    if (m->e.volumes_n == 0) {
        o->placeless++;
        return;
    }
    for (size_t i = 0; i < m->e.volumes_n; i++)
        untimed |= !m->v[i].has_from && !m->v[i].has_to;
    const int64_t seen = seen_at(&m->e);
    if (o->places == 0 || seen < o->oldest) o->oldest = seen;
    if (o->places == 0 || seen > o->newest) o->newest = seen;
    o->places++;
    o->by_class[m->e.class_]++;
    o->closed[m->e.class_] += m->e.closed;
    o->untimed[m->e.class_] += untimed;
    o->members |= 1ull << m->e.author;
}

static void compare_pair(struct truth *o, const struct rb_register_plan *plan,
                         const struct rb_extent *mine, const struct rb_register_terms *t,
                         const struct modelled *m) {
    const struct rb_verdict_terms terms = {.standoff_mm = standoff_of(t, plan->class_, m->e.class_),
                                           .has_terrain = t->has_terrain,
                                           .terrain_least_mm_wgs84 = t->terrain_least_mm_wgs84,
                                           .terrain_most_mm_wgs84 = t->terrain_most_mm_wgs84,
                                           .measure = true};
    struct rb_conflict worst = {.other = m->e.id};
    unsigned unsure = 0;
    bool any = false;
    for (size_t i = 0; i < plan->volumes_n; i++) {
        for (size_t k = 0; k < m->e.volumes_n; k++) {
            struct rb_verdict v;
            rb_verdict(&mine[i], &m->extent[k], &terms, &v);
            if (v.answer == RB_ANSWER_NONE_FOUND) continue;
            if (v.to_utc_ms != INT64_MAX && v.to_utc_ms <= plan->now_utc_ms) continue;
            struct rb_conflict c = worst;
            c.answer = v.answer;
            c.unsure = v.unsure;
            c.gap = v.gap;
            c.band = v.band;
            c.from_utc_ms = v.from_utc_ms;
            c.to_utc_ms = v.to_utc_ms;
            c.plan_volume = i;
            c.other_volume = k;
            c.standoff_mm = terms.standoff_mm;
            unsure |= v.unsure;
            if (!any || beats(&c, &worst)) worst = c;
            any = true;
        }
    }
    for (unsigned b = 0; b < 4; b++)
        o->unsure[b] += unsure >> b & 1;
    if (any) o->list[o->n++] = worst;
}

static void oracle(const struct modelled *model, const struct rb_register_plan *plan,
                   const struct rb_extent *mine, const struct rb_register_terms *t,
                   struct truth *o) {
    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < PLACES; i++) {
        if (!model[i].there || !compared(plan, t, &model[i])) continue;
        count_place(o, &model[i]);
        compare_pair(o, plan, mine, t, &model[i]);
    }
    qsort(o->list, o->n, sizeof *o->list, listed_before);
}

static void expect_conflict(const struct rb_conflict *got, const struct rb_conflict *want) {
    assert_memory_equal(&got->other, &want->other, RB_HASH_LEN);
    assert_int_equal(got->answer, want->answer);
    assert_int_equal(got->unsure, want->unsure);
    assert_int_equal(got->plan_volume, want->plan_volume);
    assert_int_equal(got->other_volume, want->other_volume);
    assert_int_equal(got->standoff_mm, want->standoff_mm);
    assert_int_equal(got->gap.distance_mm, want->gap.distance_mm);
    assert_int_equal(got->gap.depth_mm, want->gap.depth_mm);
    assert_int_equal(got->gap.exact, want->gap.exact);
    assert_int_equal(got->band.has_floor, want->band.has_floor);
    assert_int_equal(got->band.has_ceiling, want->band.has_ceiling);
    assert_int_equal(got->band.floor_mm, want->band.floor_mm);
    assert_int_equal(got->band.ceiling_mm, want->band.ceiling_mm);
    assert_int_equal(got->band.datum, want->band.datum);
    assert_int_equal(got->band.at_most, want->band.at_most);
    assert_int_equal(got->from_utc_ms, want->from_utc_ms);
    assert_int_equal(got->to_utc_ms, want->to_utc_ms);
}

/* the ages of what a plan leaves out may show (register.h): then they are only bounds */
static void expect_coverage(const struct rb_coverage *got, const struct truth *want, bool ages) {
    assert_int_equal(got->places, want->places);
    assert_int_equal(got->placeless, want->placeless);
    assert_int_equal(got->members, __builtin_popcountll(want->members));
    assert_int_equal(got->unsure_accuracy, want->unsure[0]);
    assert_int_equal(got->unsure_datum, want->unsure[1]);
    assert_int_equal(got->unsure_terrain, want->unsure[2]);
    assert_int_equal(got->unsure_work, want->unsure[3]);
    for (size_t c = 0; c < RB_PLACE_CLASSES; c++) {
        assert_int_equal(got->of[c].places, want->by_class[c]);
        assert_int_equal(got->of[c].closed, want->closed[c]);
        assert_int_equal(got->of[c].untimed, want->untimed[c]);
    }
    if (want->places == 0) return;
    if (ages) assert_int_equal(got->oldest_utc_ms, want->oldest);
    if (ages) assert_int_equal(got->newest_utc_ms, want->newest);
    assert_true(got->oldest_utc_ms <= want->oldest && got->newest_utc_ms >= want->newest);
}

/* ---- the world ---------------------------------------------------------------------------------
 */

struct world {
    uint8_t *memory;
    struct rb_region region;
    struct rb_register *r;
    size_t out_before;
};

static void open_world(struct world *w, uint64_t salt) {
    w->memory = calloc(1, MEMORY);
    rb_region_init(&w->region, w->memory, MEMORY);
    w->out_before = region_out(&w->region);
    w->r = rb_register_open(&w->region, salt);
    assert_non_null(w->r);
}

static void close_world(struct world *w) {
    rb_register_close(w->r);
    assert_int_equal(region_out(&w->region), w->out_before);
    free(w->memory);
}

static struct modelled model[PLACES], plan_place;
static uint8_t arena_memory[1 << 20];
static unsigned conflicts_seen, unsure_seen;

static struct rb_register_terms random_terms(void) {
    struct rb_register_terms t = {.has_terrain = one_in(2), .terrain_most_mm_wgs84 = 500 * M};
    for (size_t c = 0; c < RB_PLACE_CLASSES; c++)
        t.standoff_mm[c] = one_in(3) ? (uint64_t)between(1, 3 * KM) : 0;
    for (size_t m = 0; m < MEMBERS; m++)
        t.party_of[m] = (uint16_t)(chance() % 4);
    return t;
}

static struct rb_conflicts ask(struct world *w, const struct rb_register_plan *plan,
                               const struct rb_register_terms *t, struct rb_arena *a) {
    struct rb_conflicts got;
    assert_int_equal(rb_register_check(w->r, plan, t, a, &got, NULL), RB_OK);
    return got;
}

/* a random plan, which may be one of the places, or supersede some */
static struct rb_register_plan random_plan(struct rb_hash *supersedes) {
    random_place(&plan_place);
    struct rb_register_plan plan = {.id = plan_place.e.id,
                                    .author = plan_place.e.author,
                                    .class_ = plan_place.e.class_,
                                    .volumes = plan_place.v,
                                    .volumes_n = plan_place.e.volumes_n,
                                    .supersedes = supersedes,
                                    .now_utc_ms = between(-10, 110) * HOUR};
    if (one_in(8)) plan.author = RB_REGISTER_NOBODY;
    if (one_in(4)) plan.id = model[chance() % PLACES].e.id;
    plan.supersedes_n = one_in(4) ? (size_t)between(1, 4) : 0;
    for (size_t i = 0; i < plan.supersedes_n; i++)
        supersedes[i] = model[chance() % PLACES].e.id;
    return plan;
}

static bool leaves_out(const struct rb_register_plan *plan) {
    for (size_t i = 0; i < PLACES; i++)
        if (model[i].there && replaced(plan, &model[i])) return true;
    return false;
}

static void check_one(struct world *w) {
    static struct truth want;
    struct rb_hash supersedes[4];
    struct rb_arena a = rb_arena(arena_memory, sizeof arena_memory);
    const struct rb_register_terms t = random_terms();
    const struct rb_register_plan plan = random_plan(supersedes);
    const struct rb_conflicts got = ask(w, &plan, &t, &a);
    oracle(model, &plan, plan_place.extent, &t, &want);
    assert_int_equal(got.n, want.n);
    bool closed = false;
    for (size_t i = 0; i < got.n; i++) {
        expect_conflict(&got.list[i], &want.list[i]);
        closed |= got.list[i].other_closed;
        conflicts_seen += got.list[i].answer == RB_ANSWER_CONFLICT;
        unsure_seen += got.list[i].answer == RB_ANSWER_NOT_EXCLUDED;
    }
    assert_int_equal(got.met_closed, closed);
    expect_coverage(&got.coverage, &want, !leaves_out(&plan));
}

/* ---- coming and going --------------------------------------------------------------------------
 */

static void step_add(struct world *w, struct modelled *m) {
    if (m->there) {
        assert_int_equal(rb_register_add(w->r, &m->e, NULL), RB_ERR_EXISTS);
        return;
    }
    random_place(m);
    assert_int_equal(rb_register_add(w->r, &m->e, NULL), RB_OK);
    m->there = true;
}

static void step_supersede(struct world *w, struct modelled *m) {
    const struct rb_register_entry before = m->e;
    const bool there = m->there;
    static struct modelled fresh;
    random_place(&fresh);
    if (one_in(3)) fresh.e.id = before.id;
    if (!one_in(4)) fresh.e.author = before.author;
    const enum rb_err want = !there                            ? RB_ERR_NOT_FOUND
                             : fresh.e.author != before.author ? RB_ERR_DENIED
                                                               : RB_OK;
    assert_int_equal(rb_register_supersede(w->r, &before.id, &fresh.e, NULL), want);
    if (want != RB_OK) return;
    const struct rb_register_entry e = fresh.e;
    memcpy(m->v, fresh.v, sizeof m->v);
    memcpy(m->points, fresh.points, sizeof m->points);
    struct rb_arena a = rb_arena(m->memory, sizeof m->memory);
    m->e = e;
    m->e.volumes = m->v;
    for (size_t i = 0; i < e.volumes_n; i++) {
        m->v[i].vertices = m->points[i];
        assert_int_equal(rb_extent_prepare(&m->v[i], &a, &m->extent[i], NULL), RB_OK);
        m->from[i] = m->extent[i].from_utc_ms;
        m->to[i] = m->extent[i].to_utc_ms;
    }
}

static void step_withdraw(struct world *w, struct modelled *m) {
    const uint16_t other = (uint16_t)(m->e.author + 1);
    assert_int_equal(rb_register_withdraw(w->r, &m->e.id, other),
                     m->there ? RB_ERR_DENIED : RB_ERR_NOT_FOUND);
    assert_int_equal(rb_register_withdraw(w->r, &m->e.id, m->e.author),
                     m->there ? RB_OK : RB_ERR_NOT_FOUND);
    m->there = false;
}

/* narrower, wider again, or with nothing left of some volume */
static void step_span(struct world *w, struct modelled *m) {
    const int64_t from = one_in(3) ? INT64_MIN : between(-10, 120) * HOUR;
    const int64_t to =
        one_in(3) ? INT64_MAX : between(0, 60) * HOUR + (from == INT64_MIN ? 0 : from);
    assert_int_equal(rb_register_span(w->r, &m->e.id, from, to),
                     m->there ? RB_OK : RB_ERR_NOT_FOUND);
    for (size_t i = 0; i < m->e.volumes_n && m->there; i++) {
        struct rb_extent *x = &m->extent[i];
        x->from_utc_ms = m->from[i] > from ? m->from[i] : from;
        x->to_utc_ms = m->to[i] < to ? m->to[i] : to;
        if (x->to_utc_ms < x->from_utc_ms) x->to_utc_ms = x->from_utc_ms;
        m->v[i].has_from = x->from_utc_ms != INT64_MIN;
        m->v[i].has_to = x->to_utc_ms != INT64_MAX;
        m->v[i].from_utc_ms = x->from_utc_ms;
        m->v[i].to_utc_ms = x->to_utc_ms;
    }
}

static void step_expire(struct world *w) {
    const int64_t now = between(-20, 100) * HOUR;
    size_t gone = 0;
    for (size_t i = 0; i < PLACES; i++) {
        bool over = model[i].there && model[i].e.volumes_n > 0;
        for (size_t k = 0; k < model[i].e.volumes_n; k++)
            over = over && model[i].v[k].has_to && model[i].v[k].to_utc_ms <= now;
        gone += over;
        if (over) model[i].there = false;
    }
    assert_int_equal(rb_register_expire(w->r, now), gone);
}

static void step(struct world *w) {
    struct modelled *m = &model[chance() % PLACES];
    switch (chance() % 14) {
    case 0:
        step_expire(w);
        break;
    case 1:
        assert_int_equal(rb_register_rebuild(w->r), RB_OK);
        break;
    case 2:
    case 3:
        step_withdraw(w, m);
        break;
    case 4:
    case 5:
        step_supersede(w, m);
        break;
    case 6:
    case 7:
        step_span(w, m);
        break;
    default:
        step_add(w, m);
    }
    size_t n = 0;
    for (size_t i = 0; i < PLACES; i++)
        n += model[i].there;
    assert_int_equal(rb_register_count(w->r), n);
}

static void against_all_pairs(void **state) {
    (void)state;
    for (unsigned round = 0; round < 12; round++) {
        struct world w;
        seed = round;
        base = bases[round % 3];
        memset(model, 0, sizeof model);
        open_world(&w, chance());
        for (unsigned i = 0; i < 300; i++) {
            step(&w);
            check_one(&w);
        }
        close_world(&w);
    }
    assert_true(conflicts_seen > 4000 && unsure_seen > 400);
}

/* ---- order -------------------------------------------------------------------------------------
 */

static void fill_model(void) {
    for (size_t i = 0; i < PLACES; i++) {
        random_place(&model[i]);
        model[i].there = true;
    }
}

static void shuffle(size_t *order, size_t n) {
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i-- > 1;) {
        const size_t k = chance() % (i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
}

/* one by one, or half of them at once */
static void fill_world(struct world *w, bool load) {
    static struct rb_register_entry list[PLACES];
    size_t order[PLACES], at;
    shuffle(order, PLACES);
    for (size_t i = 0; i < PLACES; i++)
        list[i] = model[order[i]].e;
    const size_t first = load ? PLACES / 2 : 0;
    assert_int_equal(rb_register_load(w->r, list, first, &at, NULL), RB_OK);
    for (size_t i = first; i < PLACES; i++)
        assert_int_equal(rb_register_add(w->r, &list[i], NULL), RB_OK);
}

/* places that come and go again leave nothing */
static void disturb(struct world *w) {
    static struct modelled m[4];
    for (size_t i = 0; i < 4; i++) {
        random_place(&m[i]);
        assert_int_equal(rb_register_add(w->r, &m[i].e, NULL), RB_OK);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rb_register_withdraw(w->r, &m[i].e.id, m[i].e.author), RB_OK);
}

static void expect_same(const struct rb_conflicts *a, const struct rb_conflicts *b) {
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        expect_conflict(&a->list[i], &b->list[i]);
    assert_int_equal(a->lead, b->lead);
    assert_memory_equal(&a->coverage, &b->coverage, sizeof a->coverage);
}

static void order_means_nothing(void **state) {
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct world a, b;
        struct rb_hash supersedes[4];
        seed = 1000 + round;
        base = bases[round % 3];
        fill_model();
        open_world(&a, chance());
        open_world(&b, chance());
        fill_world(&a, false);
        fill_world(&b, true);
        disturb(&b);
        for (unsigned i = 0; i < 40; i++) {
            struct rb_arena room = rb_arena(arena_memory, sizeof arena_memory);
            const struct rb_register_terms t = random_terms();
            const struct rb_register_plan plan = random_plan(supersedes);
            const struct rb_conflicts x = ask(&a, &plan, &t, &room);
            const struct rb_conflicts y = ask(&b, &plan, &t, &room);
            expect_same(&x, &y);
        }
        close_world(&a);
        close_world(&b);
    }
}

/* ---- more never takes away ---------------------------------------------------------------------
 */

static void conflicts_stay(void **state) {
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct world w;
        struct rb_hash supersedes[4];
        static struct modelled more;
        seed = 2000 + round;
        base = bases[round % 3];
        fill_model();
        open_world(&w, chance());
        fill_world(&w, false);
        struct rb_arena a = rb_arena(arena_memory, sizeof arena_memory);
        const struct rb_register_terms t = random_terms();
        const struct rb_register_plan plan = random_plan(supersedes);
        const struct rb_conflicts before = ask(&w, &plan, &t, &a);
        for (unsigned i = 0; i < 60; i++) {
            random_place(&more);
            assert_int_equal(rb_register_add(w.r, &more.e, NULL), RB_OK);
            const struct rb_conflicts after = ask(&w, &plan, &t, &a);
            size_t k = 0; /* those from before, in their order, others between them */
            for (size_t j = 0; j < after.n && k < before.n; j++)
                if (rb_hash_eq(&after.list[j].other, &before.list[k].other)) {
                    expect_conflict(&after.list[j], &before.list[k]);
                    k++;
                }
            assert_int_equal(k, before.n);
            assert_true(after.coverage.places >= before.coverage.places);
        }
        close_world(&w);
    }
}

/* ---- the other way round -----------------------------------------------------------------------
 */

/* A later site meets the standing operation as the operation would have met the site. */
static void both_ways(void **state) {
    (void)state;
    unsigned met = 0;
    seed = 3000;
    base = bases[0];
    for (unsigned round = 0; round < 800; round++) {
        struct world w[2];
        struct rb_conflicts got[2];
        struct rb_arena a = rb_arena(arena_memory, sizeof arena_memory);
        const struct rb_register_terms t = random_terms();
        random_place(&model[0]);
        random_place(&model[1]);
        for (size_t k = 0; k < 2; k++) {
            const struct modelled *plan = &model[k], *place = &model[1 - k];
            const struct rb_register_plan p = {.id = plan->e.id,
                                               .author = plan->e.author,
                                               .class_ = plan->e.class_,
                                               .volumes = plan->v,
                                               .volumes_n = plan->e.volumes_n};
            open_world(&w[k], 1);
            assert_int_equal(rb_register_add(w[k].r, &place->e, NULL), RB_OK);
            got[k] = ask(&w[k], &p, &t, &a);
        }
        assert_int_equal(got[0].n, got[1].n);
        if (got[0].n == 1) {
            const struct rb_conflict *x = &got[0].list[0], *y = &got[1].list[0];
            assert_int_equal(x->rule, y->rule);
            assert_int_equal(x->answer, y->answer);
            assert_int_equal(x->standoff_mm, y->standoff_mm);
            assert_int_equal(x->gap.distance_mm, y->gap.distance_mm);
            assert_int_equal(x->gap.depth_mm, y->gap.depth_mm);
            met++;
        }
        close_world(&w[0]);
        close_world(&w[1]);
    }
    assert_true(met > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_all_pairs),
        cmocka_unit_test(order_means_nothing),
        cmocka_unit_test(conflicts_stay),
        cmocka_unit_test(both_ways),
    };
    return cmocka_run_group_tests_name("register-property", tests, NULL, NULL);
}
