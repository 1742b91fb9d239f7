/* The register of places, spec 10.6: what is in it, and how it comes and goes. */
#include "register_int.h"

/* ---- numbers of volumes -------------------------------------------------------------------------
 */

static enum rb_err reserve_volumes(struct rb_register *r, size_t n) {
    void *p = r->volumes;
    const size_t want = n > r->unused_n ? n - r->unused_n : 0;
    if (want > NO_VOLUME - 1 - (size_t)r->volumes_n) return RB_ERR_LIMIT;
    RB_TRY(rb_region_grow(r->region, &p, &r->volumes_cap, r->volumes_n + want, sizeof *r->volumes));
    r->volumes = p;
    return RB_OK;
}

static void take_volumes(struct rb_register *r, struct place *p) {
    for (uint32_t i = 0; i < p->volumes_n; i++) {
        uint32_t ref = r->unused;
        if (r->unused_n > 0) {
            r->unused = r->volumes[ref].volume;
            r->unused_n--;
        } else {
            ref = r->volumes_n++;
        }
        r->volumes[ref] = (struct volume_of){p, i};
        p->refs[i] = ref;
    }
}

static void give_back_volumes(struct rb_register *r, const struct place *p) {
    for (uint32_t i = p->volumes_n; i-- > 0;) { /* so that the first is taken again first */
        r->volumes[p->refs[i]] = (struct volume_of){NULL, r->unused};
        r->unused = p->refs[i];
        r->unused_n++;
    }
}

/* ---- in and out ---------------------------------------------------------------------------------
 */

static void out_of_index(struct rb_register *r, const struct place *p, size_t n) {
    while (n-- > 0) {
        const enum rb_err err = rb_volindex_remove(r->index, p->refs[n]);
        assert(err == RB_OK);
        (void)err;
    }
}

static enum rb_err into_index(struct rb_register *r, const struct place *p,
                              const struct rb_register_entry *e) {
    for (size_t i = 0; i < p->volumes_n; i++) {
        struct rb_volbox box;
        rb_volbox_of(&e->volumes[i], 0, &box);
        const enum rb_err err = rb_volindex_insert(r->index, p->refs[i], &box);
        if (err == RB_OK) continue;
        out_of_index(r, p, i);
        return err;
    }
    return RB_OK;
}

static void count_in(struct rb_register *r, const struct place *p) {
    register_tally_add(r, p);
    if (p->ends_utc_ms < r->ends_least_utc_ms) r->ends_least_utc_ms = p->ends_utc_ms;
}

/* what cannot fail */
static void settle(struct rb_register *r, struct place *p) {
    register_map_put(r, p);
    count_in(r, p);
    r->changes++;
}

static void take_out(struct rb_register *r, struct place *p) {
    register_map_drop(r, p);
    if (!p->rests) register_tally_drop(r, p);
    out_of_index(r, p, p->volumes_n);
    give_back_volumes(r, p);
    register_place_free(r->region, p);
    r->changes++;
}

static void assert_entry(const struct rb_register_entry *e) {
    assert((unsigned)e->class_ < RB_PLACE_CLASSES && e->author < RB_MAX_MEMBERS);
    (void)e;
}

/* a place of its own, known to the index, and room for it in the map */
static enum rb_err bring_in(struct rb_register *r, const struct rb_register_entry *e,
                            struct place **out, struct rb_reject *rj) {
    struct place *p;
    RB_TRY(register_map_reserve(r, 1));
    RB_TRY(register_place_make(r->region, e, &p, rj));
    enum rb_err err = reserve_volumes(r, p->volumes_n);
    if (err == RB_OK) {
        take_volumes(r, p);
        err = into_index(r, p, e);
        if (err != RB_OK) give_back_volumes(r, p);
    }
    if (err != RB_OK)
        register_place_free(r->region, p);
    else
        *out = p;
    return err;
}

enum rb_err rb_register_add(struct rb_register *r, const struct rb_register_entry *e,
                            struct rb_reject *rj) {
    struct place *p;
    assert_entry(e);
    if (register_map_find(r, &e->id) != NULL) return RB_ERR_EXISTS;
    RB_TRY(bring_in(r, e, &p, rj));
    settle(r, p);
    return RB_OK;
}

static enum rb_err find_own(const struct rb_register *r, const struct rb_hash *id, uint16_t author,
                            struct place **out) {
    *out = register_map_find(r, id);
    if (*out == NULL) return RB_ERR_NOT_FOUND;
    return (*out)->author == author ? RB_OK : RB_ERR_DENIED;
}

enum rb_err rb_register_supersede(struct rb_register *r, const struct rb_hash *old,
                                  const struct rb_register_entry *e, struct rb_reject *rj) {
    struct place *before, *p;
    assert_entry(e);
    RB_TRY(find_own(r, old, e->author, &before));
    const struct place *same = register_map_find(r, &e->id);
    if (same != NULL && same != before) return RB_ERR_EXISTS;
    RB_TRY(bring_in(r, e, &p, rj));
    take_out(r, before);
    settle(r, p);
    return RB_OK;
}

enum rb_err rb_register_withdraw(struct rb_register *r, const struct rb_hash *id, uint16_t author) {
    struct place *p;
    RB_TRY(find_own(r, id, author, &p));
    take_out(r, p);
    register_map_shrink(r);
    return RB_OK;
}

/* It stays in the index: it is passed over there, and neither way can fail for want of memory. */
enum rb_err rb_register_rest(struct rb_register *r, const struct rb_hash *id, bool rests) {
    struct place *p = register_map_find(r, id);
    if (p == NULL) return RB_ERR_NOT_FOUND;
    if (p->rests == rests) return RB_OK;
    p->rests = rests;
    r->changes++;
    if (rests)
        register_tally_drop(r, p);
    else
        register_tally_add(r, p);
    return RB_OK;
}

/* Its box in the index is that of its own times: never too small. */
enum rb_err rb_register_span(struct rb_register *r, const struct rb_hash *id, int64_t from_utc_ms,
                             int64_t to_utc_ms) {
    struct place *p = register_map_find(r, id);
    if (p == NULL) return RB_ERR_NOT_FOUND;
    struct tally *t = &r->tally[p->class_][p->author];
    const bool was = p->untimed;
    r->changes += register_place_span(p, from_utc_ms, to_utc_ms);
    if (!p->rests) t->untimed = t->untimed - was + p->untimed;
    if (p->ends_utc_ms < r->ends_least_utc_ms) r->ends_least_utc_ms = p->ends_utc_ms;
    return RB_OK;
}

size_t rb_register_expire(struct rb_register *r, int64_t utc_ms) {
    size_t at = 0, n = 0;
    struct place *p;
    int64_t least = INT64_MAX;
    if (utc_ms < r->ends_least_utc_ms) return 0;
    while ((p = register_map_next(r, &at)) != NULL) {
        if (p->ends_utc_ms <= utc_ms && p->ends_utc_ms != INT64_MAX) {
            take_out(r, p);
            at--;
            n++;
        } else if (p->ends_utc_ms < least) {
            least = p->ends_utc_ms;
        }
    }
    r->ends_least_utc_ms = least;
    register_map_shrink(r);
    return n;
}

/* ---- many at once -------------------------------------------------------------------------------
 */

struct batch {
    struct place **made; /* of each entry, as far as it came */
    struct rb_volentry *boxes;
    size_t n, boxes_n;
};

static enum rb_err make_all(struct rb_register *r, const struct rb_register_entry *list, size_t n,
                            struct batch *b, struct rb_reject *rj) {
    for (b->n = 0; b->n < n; b->n++) {
        assert_entry(&list[b->n]);
        if (register_map_find(r, &list[b->n].id) != NULL) return RB_ERR_EXISTS;
        RB_TRY(register_place_make(r->region, &list[b->n], &b->made[b->n], rj));
        register_map_put(r, b->made[b->n]); /* so that the second of two is seen */
        b->boxes_n += list[b->n].volumes_n;
    }
    return RB_OK;
}

static enum rb_err index_all(struct rb_register *r, const struct rb_register_entry *list,
                             struct batch *b) {
    size_t at = 0;
    RB_TRY(reserve_volumes(r, b->boxes_n));
    const size_t bytes = b->boxes_n * sizeof *b->boxes;
    b->boxes = rb_region_alloc(r->region, bytes);
    if (b->boxes == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < b->n; i++) {
        take_volumes(r, b->made[i]);
        for (size_t k = 0; k < list[i].volumes_n; k++, at++) {
            b->boxes[at].ref = b->made[i]->refs[k];
            rb_volbox_of(&list[i].volumes[k], 0, &b->boxes[at].box);
        }
    }
    const enum rb_err err = rb_volindex_load(r->index, b->boxes, b->boxes_n);
    for (size_t i = b->n; err != RB_OK && i-- > 0;)
        give_back_volumes(r, b->made[i]);
    rb_region_free(r->region, b->boxes, bytes);
    return err;
}

static enum rb_err load(struct rb_register *r, const struct rb_register_entry *list, size_t n,
                        struct batch *b, struct rb_reject *rj) {
    RB_TRY(register_map_reserve(r, n));
    RB_TRY(make_all(r, list, n, b, rj));
    return index_all(r, list, b);
}

enum rb_err rb_register_load(struct rb_register *r, const struct rb_register_entry *list, size_t n,
                             size_t *at, struct rb_reject *rj) {
    struct batch b = {0};
    *at = 0;
    if (n == 0) return RB_OK;
    if (n > SIZE_MAX / sizeof(struct place *)) return RB_ERR_LIMIT;
    b.made = rb_region_alloc(r->region, n * sizeof(struct place *));
    if (b.made == NULL) return RB_ERR_LIMIT;
    const enum rb_err err = load(r, list, n, &b, rj);
    if (err != RB_OK) *at = b.n < n ? b.n : 0;
    while (b.n-- > 0) { /* settled, or undone */
        register_map_drop(r, b.made[b.n]);
        if (err == RB_OK)
            settle(r, b.made[b.n]);
        else
            register_place_free(r->region, b.made[b.n]);
    }
    rb_region_free(r->region, b.made, n * sizeof(struct place *));
    return err;
}

/* ---- rebuild ------------------------------------------------------------------------------------
 */

/* forgets numbers behind the last one in use; those between stay to be taken, the lowest first */
static void trim_volumes(struct rb_register *r) {
    while (r->volumes_n > 0 && r->volumes[r->volumes_n - 1].place == NULL)
        r->volumes_n--;
    r->unused_n = 0;
    for (uint32_t ref = r->volumes_n; ref-- > 0;) {
        if (r->volumes[ref].place != NULL) continue;
        r->volumes[ref].volume = r->unused;
        r->unused = ref;
        r->unused_n++;
    }
}

static void shrink_volumes(struct rb_register *r) {
    void *p = NULL;
    size_t cap = 0;
    if (r->volumes_n > r->volumes_cap / 2) return;
    if (rb_region_grow(r->region, &p, &cap, r->volumes_n, sizeof *r->volumes) != RB_OK) return;
    if (r->volumes_n > 0) memcpy(p, r->volumes, r->volumes_n * sizeof *r->volumes);
    rb_region_free(r->region, r->volumes, r->volumes_cap * sizeof *r->volumes);
    r->volumes = p;
    r->volumes_cap = cap;
}

enum rb_err rb_register_rebuild(struct rb_register *r) {
    RB_TRY(rb_volindex_rebuild(r->index));
    trim_volumes(r);
    shrink_volumes(r);
    register_map_shrink(r);
    return RB_OK;
}

/* ---- life ---------------------------------------------------------------------------------------
 */

struct rb_register *rb_register_open(struct rb_region *region, uint64_t seed) {
    struct rb_register *r = rb_region_alloc(region, sizeof *r);
    if (r == NULL) return NULL;
    r->index = rb_volindex_open(region);
    if (r->index == NULL) {
        rb_region_free(region, r, sizeof *r);
        return NULL;
    }
    r->region = region;
    r->seed = seed;
    r->ends_least_utc_ms = INT64_MAX;
    return r;
}

void rb_register_close(struct rb_register *r) {
    size_t at = 0;
    struct place *p;
    if (r == NULL) return;
    while ((p = register_map_next(r, &at)) != NULL)
        register_place_free(r->region, p);
    rb_volindex_close(r->index);
    rb_region_free(r->region, r->map, r->map_cap * sizeof(struct place *));
    rb_region_free(r->region, r->volumes, r->volumes_cap * sizeof *r->volumes);
    rb_region_free(r->region, r, sizeof *r);
}

size_t rb_register_count(const struct rb_register *r) {
    return r->count;
}

uint64_t rb_register_changes(const struct rb_register *r) {
    return r->changes;
}

bool rb_register_get(const struct rb_register *r, const struct rb_hash *id,
                     struct rb_register_entry *out) {
    const struct place *p = register_map_find(r, id);
    if (p == NULL) return false;
    *out = (struct rb_register_entry){.id = p->id,
                                      .author = p->author,
                                      .class_ = (enum rb_place_class)p->class_,
                                      .volumes_n = p->volumes_n,
                                      .title = p->title,
                                      .created_utc_ms = p->created_utc_ms,
                                      .has_surveyed = p->has_surveyed,
                                      .has_reviewed = p->has_reviewed,
                                      .surveyed_utc_ms = p->surveyed_utc_ms,
                                      .reviewed_utc_ms = p->reviewed_utc_ms,
                                      .closed = p->closed,
                                      .readers = p->readers};
    return true;
}
