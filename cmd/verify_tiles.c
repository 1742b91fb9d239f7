/* Tiles, entries and records against the signed root. */
#include "cmd/verify.h"
#include <stdlib.h>

#define BUNDLE_MAX ((size_t)256 * (2u + RB_MAX_LEAF))

static uint16_t width_of(uint64_t hashes, uint64_t index) {
    const uint64_t left = hashes - index * 256;
    return (uint16_t)(left < 256 ? left : 256);
}

static const char *tile_path(char out[VERIFY_PATH], const struct verify_feed *e, const struct rb_tile *t) {
    char name[128];
    struct rb_writer w = rb_writer(name, sizeof name);
    rb_tile_path(t, &w);
    return verify_path(out, e->dir, rb_writer_z(&w));
}

static bool read_tile(struct verify *v, const struct verify_feed *e, const struct rb_tile *t,
                      struct verify_bytes *out) {
    char path[VERIFY_PATH];
    if (!verify_read(v, tile_path(path, e, t), (size_t)256 * RB_HASH_LEN, out)) return false;
    if (out->n == t->width * (size_t)RB_HASH_LEN) return true;
    verify_bad(v, path, "8.4.4", "not %u hashes", t->width);
    verify_free(out);
    return false;
}

/* the leaf hashes as tile/0 has them */
static bool tree_from_tiles(struct verify *v, const struct verify_feed *e, struct rb_tree *tree) {
    char path[VERIFY_PATH];
    for (uint64_t i = 0; i * 256 < e->size; i++) {
        const struct rb_tile t = {false, 0, i, width_of(e->size, i)};
        struct verify_bytes b;
        if (!read_tile(v, e, &t, &b)) return false;
        enum rb_err err = RB_OK;
        for (size_t k = 0; k < t.width && err == RB_OK; k++) {
            struct rb_hash h;
            memcpy(h.b, b.p + k * RB_HASH_LEN, RB_HASH_LEN);
            err = rb_tree_append(tree, &h);
        }
        verify_free(&b);
        if (err != RB_OK) {
            verify_bad(v, tile_path(path, e, &t), "8.1.4", "%s", rb_err_text(err));
            return false;
        }
    }
    return true;
}

/* levels above 0 */
static bool check_upper(struct verify *v, const struct verify_feed *e, const struct rb_tree *tree) {
    bool ok = true;
    uint8_t want[256 * RB_HASH_LEN];
    char path[VERIFY_PATH];
    for (uint8_t level = 1; level < 8 && e->size >> 8 * level > 0; level++) {
        const uint64_t hashes = e->size >> 8 * level;
        for (uint64_t i = 0; i * 256 < hashes; i++) {
            const struct rb_tile t = {false, level, i, width_of(hashes, i)};
            struct rb_writer w = rb_writer(want, sizeof want);
            struct verify_bytes b;
            if (!read_tile(v, e, &t, &b)) {
                ok = false;
                continue;
            }
            if (rb_tile_hashes(tree, &t, &w) != RB_OK || !rb_slice_eq(rb_written(&w), rb_slice(b.p, b.n))) {
                verify_bad(v, tile_path(path, e, &t), "8.4.4", "not what the tiles below it hash to");
                ok = false;
            }
            verify_free(&b);
        }
    }
    return ok;
}

/* ---- nothing else lies there -------------------------------------------------------------------- */

struct tile_walk {
    struct verify *v;
    const struct verify_feed *e;
    bool ok;
};

static bool tile_wanted(const struct verify_feed *e, const char *path) {
    struct rb_tile t;
    if (rb_tile_path_decode(rb_str(path), &t) != RB_OK || !rb_tile_in(&t, e->size)) return false;
    return t.width == 256 || t.width == width_of(t.entries ? e->size : e->size >> 8 * t.level, t.index);
}

/* path is below e->dir: "tile", "tile/0" ... ; five groups of three digits and a width at most */
static void walk_tiles(struct tile_walk *w, const char *path, unsigned depth) {
    struct verify_names names;
    char full[VERIFY_PATH], below[VERIFY_PATH];
    if (!verify_names(w->v, verify_path(full, w->e->dir, path), 4096, &names)) {
        w->ok = false;
        return;
    }
    if (names.n == 0) {
        verify_bad(w->v, full, "8.1.2", "an empty folder");
        w->ok = false;
    }
    for (size_t i = 0; i < names.n; i++) {
        verify_path(below, path, names.name[i].name);
        if (names.name[i].type == 'd' && depth < 9 && below[0] != 0) {
            walk_tiles(w, below, depth + 1);
        } else if (names.name[i].type != 'f' || !tile_wanted(w->e, below)) {
            verify_bad(w->v, verify_path(full, w->e->dir, below), "8.1.2", "no tile of a log of this size");
            w->ok = false;
        }
    }
    verify_names_free(&names);
}

/* "000012.cose" */
static bool record_wanted(const struct verify_feed *e, const struct verify_name *n) {
    char want[40];
    uint64_t i;
    const size_t digits = strspn(n->name, "0123456789");
    if (n->type != 'f' || digits < 6 || digits > 10) return false;
    i = strtoull(n->name, NULL, 10);
    (void)snprintf(want, sizeof want, "%06llu.cose", (unsigned long long)i);
    return i < e->size && strcmp(want, n->name) == 0;
}

static bool check_record_names(struct verify *v, const struct verify_feed *e) {
    struct verify_names names;
    char path[VERIFY_PATH], full[VERIFY_PATH];
    bool ok = true;
    if (!verify_names(v, verify_path(path, e->dir, "records"), e->size + 1000, &names)) return false;
    for (size_t i = 0; i < names.n; i++) {
        if (record_wanted(e, &names.name[i])) continue;
        verify_bad(v, verify_path(full, path, names.name[i].name), "8.1.2",
                   "no record of a log of this size");
        ok = false;
    }
    verify_names_free(&names);
    return ok;
}

/* ---- records and entries ------------------------------------------------------------------------ */

static const char *record_path(char out[VERIFY_PATH], const struct verify_feed *e, uint64_t i) {
    char name[48];
    (void)snprintf(name, sizeof name, "records/%06llu.cose", (unsigned long long)i);
    return verify_path(out, e->dir, name);
}

/* one record against the tree and against the bundle's next entry */
static bool check_record(struct verify *v, const struct verify_feed *e, const struct rb_tree *tree,
                         uint64_t i, struct rb_reader *bundle, bool *bundle_ok) {
    char path[VERIFY_PATH];
    struct verify_bytes b;
    struct rb_slice entry = {0};
    struct rb_hash h;
    uint16_t n;
    if (*bundle_ok) *bundle_ok = rb_get_u16(bundle, &n) == RB_OK && rb_get_view(bundle, n, &entry) == RB_OK;
    if (*bundle_ok) {
        rb_leaf_hash(entry, &h);
        *bundle_ok = rb_hash_eq(&h, &tree->level[0].h[i]);
    }
    if (!verify_read(v, record_path(path, e, i), RB_MAX_LEAF, &b)) return false;
    rb_leaf_hash(rb_slice(b.p, b.n), &h);
    const bool ok = rb_hash_eq(&h, &tree->level[0].h[i]);
    if (!ok)
        verify_bad(v, path, "8.4.5", "not leaf %llu of the log that the checkpoint signs",
                   (unsigned long long)i);
    verify_free(&b);
    return ok;
}

static bool check_bundle(struct verify *v, const struct verify_feed *e, const struct rb_tree *tree,
                         uint64_t index) {
    const struct rb_tile t = {true, 0, index, width_of(e->size, index)};
    char path[VERIFY_PATH];
    struct verify_bytes b;
    bool ok = verify_read(v, tile_path(path, e, &t), BUNDLE_MAX, &b);
    bool bundle_ok = ok;
    struct rb_reader r = rb_reader(rb_slice(b.p, b.n));
    for (uint64_t i = 0; i < t.width; i++)
        if (!check_record(v, e, tree, index * 256 + i, &r, &bundle_ok)) ok = false;
    if (b.p != NULL && (!bundle_ok || rb_left(&r) > 0)) {
        verify_bad(v, path, "8.4.6", "not the leaves of the log, each with its length before it");
        ok = false;
    }
    verify_free(&b);
    return ok;
}

bool verify_tiles(struct verify *v, struct verify_feed *e, const struct rb_hash *root) {
    struct tile_walk w = {v, e, true};
    struct rb_tree tree;
    struct rb_hash real;
    char path[VERIFY_PATH];
    rb_tree_init(&tree, &v->region);
    bool ok = check_record_names(v, e);
    walk_tiles(&w, "tile", 0);
    ok = w.ok && ok;
    bool have = tree_from_tiles(v, e, &tree);
    if (have) {
        rb_tree_root(&tree, e->size, &real);
        have = rb_hash_eq(&real, root);
        if (!have)
            verify_bad(v, verify_path(path, e->dir, "tile/0"), "8.4.4",
                       "the hashes do not give the root that the checkpoint signs");
    }
    ok = ok && have;
    if (have) {
        ok = check_upper(v, e, &tree) && ok;
        for (uint64_t i = 0; i * 256 < e->size; i++)
            ok = check_bundle(v, e, &tree, i) && ok;
    }
    rb_tree_free(&tree);
    return ok;
}

/* Every record was proven before; read again, it must be the same. */
bool verify_judge(struct verify *v, struct verify_feed *e) {
    char path[VERIFY_PATH];
    struct rb_hash root, now;
    struct rb_checkpoint c;
    for (uint64_t i = 0; i < e->size; i++) {
        struct verify_bytes b;
        if (!verify_read(v, record_path(path, e, i), RB_MAX_LEAF, &b)) return false;
        const enum rb_err err = rb_book_judge(&v->book, e->f, rb_slice(b.p, b.n), -1, &v->work);
        verify_free(&b);
        if (err == RB_OK) continue;
        verify_bad(v, path, "8.1.4", "%s", rb_err_text(err));
        return false;
    }
    if (rb_checkpoint_open(e->checkpoint, &e->log, &v->note, &c, NULL) != RB_OK) return false;
    root = c.root;
    rb_tree_root(&e->f->tree, e->size, &now);
    if (rb_hash_eq(&root, &now)) return true;
    verify_bad(v, verify_path(path, e->dir, "records"), "8.1.3", "change while they are read");
    return false;
}
