/* What is pointed out about a place, spec 11.9. */
#include "readback/plausible.h"
#include "coord_int.h"

/* of a unit of a centimetre: its half */
#define CENTIMETRE_HALF_MM 5

const char *rb_plausible_word(unsigned bit) {
    switch (bit) {
#define X(name, b, word, text)                                                                     \
    case b:                                                                                        \
        return word;
        RB_PLAUSIBLE_LIST(X)
#undef X
    default:
        return "?";
    }
}

const char *rb_plausible_text(unsigned bit) {
    switch (bit) {
#define X(name, b, word, text)                                                                     \
    case b:                                                                                        \
        return text;
        RB_PLAUSIBLE_LIST(X)
#undef X
    default:
        return "?";
    }
}

static bool inside_so(const struct rb_point_box *b, struct rb_point p) {
    if (p.lat_nd < b->south_nd || p.lat_nd > b->north_nd) return false;
    if (b->east_nd < b->west_nd) return p.lon_nd >= b->west_nd || p.lon_nd <= b->east_nd;
    return p.lon_nd >= b->west_nd && p.lon_nd <= b->east_nd;
}

/* the antimeridian has two names */
static bool inside(const struct rb_point_box *b, struct rb_point p) {
    const int64_t half_turn = 180 * RB_NANODEG;
    if (inside_so(b, p)) return true;
    if (p.lon_nd != half_turn && p.lon_nd != -half_turn) return false;
    return inside_so(b, (struct rb_point){p.lat_nd, -p.lon_nd});
}

static unsigned one_point(struct rb_point p, const struct rb_point_box *theatre) {
    const struct rb_point swapped = {p.lon_nd, p.lat_nd};
    const unsigned zero = p.lat_nd == 0 && p.lon_nd == 0 ? RB_PLAUSIBLE_ZERO : 0;
    if (theatre == NULL || inside(theatre, p)) return zero;
    return zero | (inside(theatre, swapped) ? RB_PLAUSIBLE_SWAPPED : RB_PLAUSIBLE_OUTSIDE);
}

static unsigned how_finely(const struct rb_volume *v, const struct rb_coord *c) {
    unsigned bits = 0;
    if (c->half_unit_mm > 0 && c->half_unit_mm <= CENTIMETRE_HALF_MM) bits |= RB_PLAUSIBLE_TOO_FINE;
    if (v->shape != RB_SHAPE_POLYGON && c->reach_mm > v->radius_mm) bits |= RB_PLAUSIBLE_TOO_COARSE;
    return bits;
}

unsigned rb_volume_plausible(const struct rb_volume *v, const struct rb_point_box *theatre,
                             const struct rb_coord *as_read) {
    unsigned bits = 0;
    if (v->shape == RB_SHAPE_CIRCLE) bits = one_point(v->center, theatre);
    for (size_t i = 0; v->shape != RB_SHAPE_CIRCLE && i < v->vertices_n; i++)
        bits |= one_point(v->vertices[i], theatre);
    return as_read == NULL ? bits : bits | how_finely(v, as_read);
}

void rb_plausible_gather(struct rb_coord *all, const struct rb_coord *one) {
    if (all->half_unit_mm == 0) {
        *all = *one;
        return;
    }
    if (one->half_unit_mm > 0 && one->half_unit_mm < all->half_unit_mm)
        all->half_unit_mm = one->half_unit_mm;
    if (one->reach_mm > all->reach_mm) all->reach_mm = one->reach_mm;
}

static unsigned digits(int64_t nd) {
    unsigned n = 9;
    for (; n > 0 && nd % 10 == 0; nd /= 10)
        n--;
    return n;
}

struct rb_coord rb_plausible_degrees(struct rb_point p) {
    const unsigned lat = digits(p.lat_nd), lon = digits(p.lon_nd);
    return (struct rb_coord){.point = p,
                             .format = RB_COORD_DEG,
                             .half_unit_mm =
                                 rb_coord_half_unit(COORD_DEGREE_MM, 1, lat > lon ? lat : lon)};
}
