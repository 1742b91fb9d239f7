/* Places by id: a table with open addressing, searched in a row from where the id's hash says. The
 * hash is seeded, because ids come from others, who could choose many that fall together. What is
 * dropped leaves no mark: those behind it move up. */
#include "register_int.h"

#define CAP_LEAST 64u

static uint64_t scatter(uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 29;
    return h * 0xe7037ed1a0b428dbu;
}

static size_t home_of(const struct rb_register *r, const struct rb_hash *id) {
    uint64_t h = r->seed, word;
    for (size_t i = 0; i < RB_HASH_LEN; i += sizeof word) {
        memcpy(&word, id->b + i, sizeof word);
        h = scatter(h ^ word);
    }
    return (size_t)(h >> 16) & (r->map_cap - 1);
}

static size_t after(const struct rb_register *r, size_t at) {
    return (at + 1) & (r->map_cap - 1);
}

/* where it is, or the empty one where it would be */
static size_t search(const struct rb_register *r, const struct rb_hash *id) {
    size_t at = home_of(r, id);
    while (r->map[at] != NULL && !rb_hash_eq(&r->map[at]->id, id))
        at = after(r, at);
    return at;
}

struct place *register_map_find(const struct rb_register *r, const struct rb_hash *id) {
    return r->map_cap == 0 ? NULL : r->map[search(r, id)];
}

static enum rb_err resize(struct rb_register *r, size_t cap) {
    struct place **old = r->map;
    const size_t old_cap = r->map_cap;
    struct place **map = rb_region_alloc(r->region, cap * sizeof(struct place *));
    if (map == NULL) return RB_ERR_LIMIT;
    r->map = map;
    r->map_cap = cap;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i] != NULL) r->map[search(r, &old[i]->id)] = old[i];
    rb_region_free(r->region, old, old_cap * sizeof(struct place *));
    return RB_OK;
}

static size_t cap_for(size_t count) {
    size_t cap = CAP_LEAST;
    while (cap / 2 < count)
        cap *= 2;
    return cap;
}

enum rb_err register_map_reserve(struct rb_register *r, size_t more) {
    if (more > (SIZE_MAX >> 6) - r->count) return RB_ERR_LIMIT;
    const size_t cap = cap_for(r->count + more);
    return cap <= r->map_cap ? RB_OK : resize(r, cap);
}

/* Not at once: one place that comes and goes must not move all others each time. */
void register_map_shrink(struct rb_register *r) {
    const size_t cap = cap_for(r->count);
    if (cap <= r->map_cap / 4 && resize(r, cap) != RB_OK)
        return; /* the larger one serves as well */
}

void register_map_put(struct rb_register *r, struct place *p) {
    assert(r->count < r->map_cap / 2);
    const size_t at = search(r, &p->id);
    assert(r->map[at] == NULL);
    r->map[at] = p;
    r->count++;
}

/* does the row from `home` to `at`, going round, pass by `hole`? */
static bool passes(const struct rb_register *r, size_t home, size_t at, size_t hole) {
    const size_t mask = r->map_cap - 1;
    return ((hole - home) & mask) < ((at - home) & mask);
}

void register_map_drop(struct rb_register *r, struct place *p) {
    size_t hole = search(r, &p->id);
    assert(r->map[hole] == p);
    r->map[hole] = NULL;
    r->count--;
    for (size_t at = after(r, hole); r->map[at] != NULL; at = after(r, at)) {
        if (!passes(r, home_of(r, &r->map[at]->id), at, hole)) continue;
        r->map[hole] = r->map[at];
        r->map[at] = NULL;
        hole = at;
    }
}

struct place *register_map_next(const struct rb_register *r, size_t *at) {
    while (*at < r->map_cap)
        if (r->map[(*at)++] != NULL) return r->map[*at - 1];
    return NULL;
}
