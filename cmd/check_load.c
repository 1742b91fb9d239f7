/* The register of `readback check`: places in batches, each known by a key, with where it comes
 * from and who declares it. Spec 15.1.3, 15.1.4, 15.1.7. */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "check.h"
#include "shell/os/os.h"

#define COPIES (64u << 20)
#define COPIES_LEAST (1u << 20)
#define ADDRESSES (64ull << 30) /* address space; pages come as they are used */
#define ADDRESSES_LEAST (32ull << 20)

/* ---- keys ---------------------------------------------------------------------------------------
 */
void check_key(const struct check_file *f, struct rb_slice id, uint64_t number,
               struct rb_hash *out) {
    char digits[24];
    struct rb_writer w = rb_writer(digits, sizeof digits);
    rb_put_dec(&w, number);
    const struct rb_slice parts[] = {rb_slice(f->path, f->path_n), rb_slice("\0", 1),
                                     rb_str(id.n > 0 ? "i" : "n"), id.n > 0 ? id : rb_written(&w)};
    rb_sha256v(parts, 4, out);
}
static size_t slot(const struct check_store *s, const struct rb_hash *key) {
    uint64_t v;
    memcpy(&v, key->b, sizeof v);
    v = (v ^ s->seed) * 0x9e3779b97f4a7c15ull;
    return (size_t)(v >> 20) & (s->map_cap - 1);
}
const struct check_placed *check_store_find(const struct check_store *s,
                                            const struct rb_hash *key) {
    if (s->map_cap == 0) return NULL;
    for (size_t i = slot(s, key);; i = (i + 1) & (s->map_cap - 1)) {
        if (s->map[i] == NULL) return NULL;
        if (rb_hash_eq(&s->map[i]->key, key)) return s->map[i];
    }
}
static void put(struct check_store *s, struct check_placed *p) {
    size_t i = slot(s, &p->key);
    while (s->map[i] != NULL)
        i = (i + 1) & (s->map_cap - 1);
    s->map[i] = p;
}
static enum rb_err reserve(struct check_store *s) {
    struct check_placed **old = s->map;
    const size_t old_cap = s->map_cap;
    if (s->map_n < old_cap / 2) return RB_OK;
    const size_t cap = old_cap ? old_cap * 2 : 1024;
    struct check_placed **map = rb_region_alloc(&s->region, cap * sizeof(struct check_placed *));
    if (map == NULL) return RB_ERR_LIMIT;
    s->map = map;
    s->map_cap = cap;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i] != NULL) put(s, old[i]);
    if (old_cap > 0) rb_region_free(&s->region, old, old_cap * sizeof(struct check_placed *));
    return RB_OK;
}
static enum rb_err remember(struct check_store *s, const struct rb_hash *key, size_t file,
                            const struct check_item *it) {
    RB_TRY(reserve(s));
    struct check_placed *p = rb_region_alloc(&s->region, sizeof *p + it->id.n);
    if (p == NULL) return RB_ERR_LIMIT;
    uint8_t *id = (uint8_t *)(p + 1);
    if (it->id.n > 0) memcpy(id, it->id.p, it->id.n);
    *p = (struct check_placed){*key, (uint32_t)file, it->number, rb_slice(id, it->id.n)};
    put(s, p);
    s->map_n++;
    return RB_OK;
}
void check_store_own_key(const struct check_store *s, const struct check_file *f,
                         const struct check_item *it, struct rb_hash *out) {
    const struct rb_slice ids[] = {it->id, {NULL, 0}};
    for (size_t i = 0; i < 2; i++) {
        check_key(f, ids[i], it->number, out);
        const struct check_placed *p = check_store_find(s, out);
        if (p != NULL && p->number == it->number) return;
    }
    memset(out, 0, sizeof *out);
}

/* ---- who declares -------------------------------------------------------------------------------
 */
static struct check_member member_of(const struct check_file *f, const struct check_item *it) {
    const struct check_member by_name = {false, it->declared_by},
                              by_file = {true, rb_slice(f->path, f->path_n)};
    return it->declared_by.n > 0 ? by_name : by_file;
}
static uint16_t find_member(const struct check_store *s, const struct check_member *m) {
    for (size_t i = 0; i < s->members_n; i++)
        if (s->members[i].is_file == m->is_file && rb_slice_eq(s->members[i].name, m->name))
            return (uint16_t)i;
    return RB_REGISTER_NOBODY;
}
uint16_t check_store_member(const struct check_store *s, const struct check_file *f,
                            const struct check_item *it) {
    const struct check_member m = member_of(f, it);
    return find_member(s, &m);
}
static enum rb_err take_member(struct check_store *s, const struct check_file *f,
                               const struct check_item *it, uint16_t *out, struct rb_reject *rj) {
    struct check_member m = member_of(f, it);
    *out = find_member(s, &m);
    if (*out != RB_REGISTER_NOBODY) return RB_OK;
    if (s->members_n == RB_MAX_MEMBERS)
        return rb_reject(rj, RB_ERR_LIMIT, "15.1.3",
                         "more than 64 who declare places: compare in parts, or take each file as "
                         "one (--by-file)",
                         it->offset);
    struct rb_slice name;
    RB_TRY(rb_region_copy(&s->region, m.name, &name));
    m.name = name;
    *out = (uint16_t)s->members_n;
    s->members[s->members_n++] = m;
    return RB_OK;
}

/* ---- batches ------------------------------------------------------------------------------------
 */
static enum rb_err full(struct rb_reject *rj) {
    return rb_reject(rj, RB_ERR_LIMIT, "15.1.7",
                     "memory is short for so many places: compare with fewer at once", 0);
}
static enum rb_err copy_volumes(struct rb_arena *a, const struct rb_feature *f,
                                struct rb_volume *out) {
    for (size_t i = 0; i < f->volumes_n; i++) {
        const struct rb_volume *v = &f->volumes[i];
        out[i] = *v;
        out[i].method = out[i].declared_by = out[i].recognised_by = out[i].as_entered =
            rb_slice(NULL, 0);
        if (v->shape == RB_SHAPE_CIRCLE) continue;
        struct rb_point *p = rb_arena_array(a, v->vertices_n, sizeof *p);
        if (p == NULL) return RB_ERR_LIMIT;
        memcpy(p, v->vertices, v->vertices_n * sizeof *p);
        out[i].vertices = p;
    }
    return RB_OK;
}
/* the oldest: nothing newer is said of a place of several volumes than holds for each */
static void surveyed(const struct rb_feature *f, struct rb_register_entry *e) {
    for (size_t i = 0; i < f->volumes_n; i++) {
        const struct rb_volume *v = &f->volumes[i];
        if (!v->has_surveyed || (e->has_surveyed && e->surveyed_utc_ms <= v->surveyed_utc_ms))
            continue;
        e->has_surveyed = true;
        e->surveyed_utc_ms = v->surveyed_utc_ms;
    }
}
static enum rb_err copy_entry(struct check_store *s, const struct check_item *it,
                              struct rb_register_entry *e) {
    const size_t mark = rb_arena_mark(&s->copies);
    struct rb_volume *v = rb_arena_array(&s->copies, it->f.volumes_n, sizeof *v);
    enum rb_err err = v == NULL ? RB_ERR_LIMIT : copy_volumes(&s->copies, &it->f, v);
    if (err == RB_OK && it->f.title.n > 0) err = rb_arena_copy(&s->copies, it->f.title, &e->title);
    if (err != RB_OK) rb_arena_release(&s->copies, mark);
    e->volumes_n = it->f.volumes_n;
    e->volumes = v;
    e->class_ = it->class_;
    surveyed(&it->f, e);
    return err;
}
enum rb_err check_store_flush(struct check_store *s, struct rb_reject *rj) {
    size_t at = 0;
    struct rb_reject why = {0};
    const enum rb_err err = rb_register_load(s->reg, s->batch, s->batch_n, &at, &why);
    s->batch_n = 0;
    rb_arena_reset(&s->copies);
    if (err == RB_OK || err == RB_ERR_LIMIT) return err == RB_OK ? RB_OK : full(rj);
    /* keys are new and outlines were prepared before */
    return rb_reject(rj, RB_ERR_INTERNAL, "15.1.7", "the register refused what was read", 0);
}
static enum rb_err new_key(struct check_store *s, size_t file, const struct check_item *it,
                           struct rb_hash *key) {
    const struct check_file *f = &s->terms->registers[file];
    check_key(f, it->id, it->number, key);
    if (check_store_find(s, key) != NULL) /* the same id twice in one file */
        check_key(f, rb_slice(NULL, 0), it->number, key);
    return remember(s, key, file, it);
}
enum rb_err check_store_add(struct check_store *s, size_t file, const struct check_item *it,
                            int64_t created_utc_ms, struct rb_reject *rj) {
    struct rb_register_entry e = {.created_utc_ms = created_utc_ms};
    enum rb_err err = take_member(s, &s->terms->registers[file], it, &e.author, rj);
    if (err == RB_ERR_LIMIT && s->members_n == RB_MAX_MEMBERS) return err;
    if (err == RB_OK) err = new_key(s, file, it, &e.id);
    if (err != RB_OK) return full(rj);
    if (copy_entry(s, it, &e) != RB_OK) { /* no room beside the others: so they go first */
        RB_TRY(check_store_flush(s, rj));
        if (copy_entry(s, it, &e) != RB_OK) return full(rj);
    }
    s->undated += !e.has_surveyed;
    s->by_class[e.class_]++;
    s->batch[s->batch_n++] = e;
    return s->batch_n == CHECK_BATCH ? check_store_flush(s, rj) : RB_OK;
}

/* ---- life ---------------------------------------------------------------------------------------
 */
/* at most three quarters of the machine's memory: a register that does not fit is refused in words,
 * and not ended by the system */
static size_t addresses(void) {
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return ADDRESSES_LEAST;
    const uint64_t most = (uint64_t)pages * (uint64_t)page / 4 * 3;
    return (size_t)(most < ADDRESSES ? most : ADDRESSES);
}
enum rb_err check_store_open(struct check_store *s, const struct check_terms *terms) {
    *s = (struct check_store){.terms = terms};
    s->batch = calloc(CHECK_BATCH, sizeof *s->batch);
    if (s->batch == NULL) return RB_ERR_LIMIT;
    if (getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed) return RB_ERR_IO;
    RB_TRY(rb_region_map(COPIES, COPIES_LEAST, &s->copies_mem, &s->copies_cap));
    RB_TRY(rb_region_map(addresses(), ADDRESSES_LEAST, &s->mem, &s->cap));
    s->copies = rb_arena(s->copies_mem, s->copies_cap);
    rb_region_init(&s->region, s->mem, s->cap);
    s->reg = rb_register_open(&s->region, s->seed);
    return s->reg == NULL ? RB_ERR_LIMIT : RB_OK;
}
void check_store_close(struct check_store *s) {
    free(s->batch);
    rb_region_unmap(s->copies_mem, s->copies_cap);
    rb_region_unmap(s->mem, s->cap);
    *s = (struct check_store){0};
}
