/* Tiles of tlog-tiles: names, what a log of a given size has, and their hashes (spec 4.5). */
#include "internal.h"

#define TILE_WIDTH 256u
#define TILE_MAX_LEVEL 63u
#define TILE_MAX_INDEX (TLOG_MAX_SIZE / TILE_WIDTH)

static void put_three_digits(struct rb_writer *w, unsigned v) {
    rb_put_u8(w, (uint8_t)('0' + v / 100));
    rb_put_u8(w, (uint8_t)('0' + v / 10 % 10));
    rb_put_u8(w, (uint8_t)('0' + v % 10));
}

static void put_index(struct rb_writer *w, uint64_t index) {
    uint64_t scale = 1;
    while (index / scale >= 1000)
        scale *= 1000;
    for (; scale > 1; scale /= 1000) {
        rb_put_u8(w, 'x');
        put_three_digits(w, (unsigned)(index / scale % 1000));
        rb_put_u8(w, '/');
    }
    put_three_digits(w, (unsigned)(index % 1000));
}

void rb_tile_path(const struct rb_tile *t, struct rb_writer *w) {
    rb_put_z(w, "tile/");
    if (t->entries)
        rb_put_z(w, "entries");
    else
        rb_put_dec(w, t->level);
    rb_put_u8(w, '/');
    put_index(w, t->index);
    if (t->width < TILE_WIDTH) {
        rb_put_z(w, ".p/");
        rb_put_dec(w, t->width);
    }
}

static enum rb_err get_three_digits(struct rb_slice path, size_t at, uint64_t *index) {
    if (path.n - at < 3 || *index > TILE_MAX_INDEX / 1000) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < 3; i++) {
        const uint8_t c = path.p[at + i];
        if (c < '0' || c > '9') return RB_ERR_MALFORMED;
        *index = *index * 10 + (uint64_t)(c - '0');
    }
    return RB_OK;
}

/* "x001/x234/067"; a first group of x000 would be a second name for the same tile */
static enum rb_err get_index(struct rb_slice path, size_t *at, uint64_t *out) {
    uint64_t index = 0;
    while (*at < path.n && path.p[*at] == 'x') {
        RB_TRY(get_three_digits(path, *at + 1, &index));
        if (index == 0) return RB_ERR_MALFORMED;
        *at += 4;
        if (*at >= path.n || path.p[*at] != '/') return RB_ERR_MALFORMED;
        *at += 1;
    }
    RB_TRY(get_three_digits(path, *at, &index));
    *at += 3;
    if (index > TILE_MAX_INDEX) return RB_ERR_MALFORMED;
    *out = index;
    return RB_OK;
}

static enum rb_err get_width(struct rb_slice rest, uint16_t *out) {
    uint64_t width = TILE_WIDTH;
    if (rest.n > 0) {
        if (!rb_slice_starts(rest, ".p/")) return RB_ERR_MALFORMED;
        RB_TRY(rb_dec_decode(rb_slice_sub(rest, 3, rest.n), &width));
        if (width == 0 || width >= TILE_WIDTH) return RB_ERR_MALFORMED;
    }
    *out = (uint16_t)width;
    return RB_OK;
}

enum rb_err rb_tile_path_decode(struct rb_slice path, struct rb_tile *out) {
    struct rb_tile t = {0};
    uint64_t level = 0;
    if (!rb_slice_starts(path, "tile/")) return RB_ERR_MALFORMED;
    size_t at = rb_slice_find(path, 5, '/');
    const struct rb_slice what = rb_slice_sub(path, 5, at);
    if (at == path.n) return RB_ERR_MALFORMED;
    at++;
    t.entries = rb_slice_is(what, "entries");
    if (!t.entries) RB_TRY(rb_dec_decode(what, &level));
    if (level > TILE_MAX_LEVEL) return RB_ERR_MALFORMED;
    t.level = (uint8_t)level;
    RB_TRY(get_index(path, &at, &t.index));
    RB_TRY(get_width(rb_slice_sub(path, at, path.n), &t.width));
    *out = t;
    return RB_OK;
}

bool rb_tile_in(const struct rb_tile *t, uint64_t size) {
    const unsigned shift = t->entries ? 0 : 8u * t->level;
    const uint64_t hashes = shift < 64 ? size >> shift : 0;
    if (t->width == 0 || t->width > TILE_WIDTH || t->index > TILE_MAX_INDEX) return false;
    return t->index * TILE_WIDTH + t->width <= hashes;
}

enum rb_err rb_tile_hashes(const struct rb_tree *tree, const struct rb_tile *t,
                           struct rb_writer *w) {
    if (t->entries) return RB_ERR_USAGE;
    if (!rb_tile_in(t, tree->size)) return RB_ERR_NOT_FOUND;
    const struct rb_hash *h = tree->level[(size_t)8 * t->level].h + (size_t)t->index * TILE_WIDTH;
    for (size_t i = 0; i < t->width; i++)
        rb_put(w, h[i].b, RB_HASH_LEN);
    return RB_OK;
}
