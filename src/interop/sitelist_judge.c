/* What is pointed out about a row that could be read, spec 12.6.8. */
#include "sitelist_int.h"
#include "readback/outline.h"
#include "readback/plausible.h"

/* 1e-6 degree of latitude is nowhere shorter than this */
#define MICRODEGREE_MM 110

static bool same_name(struct rb_slice a, struct rb_slice b) {
    uint8_t ra[RB_MAX_NAME], rb[RB_MAX_NAME];
    return rb_slice_eq(sitelist_fold(a, ra, sizeof ra), sitelist_fold(b, rb, sizeof rb));
}

uint64_t rb_site_name_mark(struct rb_slice name) {
    uint8_t room[RB_MAX_NAME];
    const struct rb_slice s = sitelist_fold(name, room, sizeof room);
    uint64_t v = 14695981039346656037ull; /* FNV-1a */
    for (size_t i = 0; i < s.n; i++)
        v = (v ^ s.p[i]) * 1099511628211ull;
    return v;
}

static bool near_in_latitude(struct rb_point a, struct rb_point b, uint64_t within_mm) {
    const int64_t d = a.lat_nd < b.lat_nd ? b.lat_nd - a.lat_nd : a.lat_nd - b.lat_nd;
    return (uint64_t)(d / 1000 * MICRODEGREE_MM) <= within_mm;
}

static bool near_in_longitude(struct rb_point a, struct rb_point b, uint64_t within_mm) {
    int64_t d = a.lon_nd < b.lon_nd ? b.lon_nd - a.lon_nd : a.lon_nd - b.lon_nd;
    const int64_t la = a.lat_nd < 0 ? -a.lat_nd : a.lat_nd,
                  lb = b.lat_nd < 0 ? -b.lat_nd : b.lat_nd;
    const double polar = (double)(la > lb ? la : lb) / 1e9;
    if (d > 180 * RB_NANODEG) d = 360 * RB_NANODEG - d;
    if (d > RB_NANODEG) d = RB_NANODEG; /* up to a degree the way is as good as straight */
    /* cos >= 1 - angle/90: a chord lies below the arc */
    const double mm = (double)d / 1000 * MICRODEGREE_MM;
    return mm * (1 - polar / 90) * 0.99 <= (double)within_mm;
}

static bool same_point(struct rb_point a, struct rb_point b) {
    return a.lat_nd == b.lat_nd && a.lon_nd == b.lon_nd;
}

static bool is_near(const struct rb_sitelist *l, struct rb_point a, struct rb_point b) {
    struct rb_bearing far;
    if (same_point(a, b)) return true;
    return l->how.near_mm > 0 && near_in_latitude(a, b, l->how.near_mm) &&
           near_in_longitude(a, b, l->how.near_mm) && rb_point_within(a, b, l->how.near_mm, &far);
}

/* by enum rb_site_double; of another row, or by enum rb_site_whose */
static const char *const of_row[] = {NULL, "the same name as in another row",
                                     "close to the site of another row",
                                     "the same name as in another row, and close to its site",
                                     "the same name and point as in another row"};
static const char *const of_known[][4] = {
    {NULL, NULL, NULL, NULL},
    {"a site of the same name is registered already",
     "a site of the same name is registered already, but not to all of these recipients",
     "a site of the same name waits as a draft",
     "another party has registered a site of the same name"},
    {"close to a site that is registered already",
     "close to a site that is registered already, but not to all of these recipients",
     "close to a site that waits as a draft", "close to a site that another party has registered"},
    {"a site of the same name is registered close by: is this a correction of it?",
     "a site of the same name is registered close by, but not to all of these recipients",
     "a site of the same name waits as a draft, close by",
     "another party has registered a site of the same name close by"},
    {"registered already: the same name and point; what else the row says was not compared",
     "registered already, but not to all of these recipients: the same name and point",
     "waits as a draft already: the same name and point; what else the row says was not compared",
     "another party has registered a site of the same name and point"}};

static bool found_same(const struct rb_site_row *r) {
    const struct rb_site_finding *f = &r->findings[RB_MAX_SITE_FINDINGS - 1];
    return f->twin == RB_SITE_SAME && f->other_row == 0 &&
           (f->whose == RB_SITE_OURS || f->whose == RB_SITE_DRAFT);
}

static enum rb_site_double twin_of(const struct rb_sitelist *l, const struct rb_site_known *k,
                                   bool named, const struct rb_site_row *r) {
    if (!is_near(l, k->point, r->volume.center))
        return named ? RB_SITE_SAME_NAME : RB_SITE_NO_DOUBLE;
    if (!named) return RB_SITE_NEAR;
    return same_point(k->point, r->volume.center) ? RB_SITE_SAME : RB_SITE_BOTH;
}

static void against(const struct rb_sitelist *l, const struct rb_site_known *k, bool maybe_named,
                    struct rb_site_row *r) {
    const bool full = r->findings_n == RB_MAX_SITE_FINDINGS,
               named = maybe_named && same_name(k->name, r->name);
    /* enough was said; but the very same among those known before is looked for to the end */
    if (full && (!named || k->row > 0 || found_same(r))) return;
    const enum rb_site_double twin = twin_of(l, k, named, r);
    if (twin == RB_SITE_NO_DOUBLE) return;
    const struct rb_site_finding f = {.column = RB_SITE_NAME,
                                      .whole = twin != RB_SITE_SAME_NAME,
                                      .clause = "12.6.8",
                                      .what = k->row > 0 ? of_row[twin] : of_known[twin][k->whose],
                                      .twin = twin,
                                      .whose = k->whose,
                                      .other_row = k->row};
    if (full && twin == RB_SITE_SAME)
        r->findings[RB_MAX_SITE_FINDINGS - 1] = f;
    else
        sitelist_find(r, &f);
}

static enum rb_site_column place_column(const struct rb_sitelist *l) {
    return l->column_of[RB_SITE_PLACE] >= 0 ? RB_SITE_PLACE : RB_SITE_LATITUDE;
}

static void plausible(const struct rb_sitelist *l, const struct rb_coord *place,
                      struct rb_site_row *r) {
    const unsigned bits =
        rb_volume_plausible(&r->volume, l->how.has_theatre ? &l->how.theatre : NULL, place);
    for (unsigned bit = 1; bit < RB_PLAUSIBLE_END; bit <<= 1)
        if (bits & bit) sitelist_point_out(r, place_column(l), rb_plausible_text(bit));
}

/* most of thousands are told apart by a look at mark and latitude */
static void against_all(const struct rb_sitelist *l, const struct rb_site_known *k, size_t n,
                        const uint64_t *folded, uint64_t mark, struct rb_site_row *r) {
    const int64_t reach = (int64_t)(l->how.near_mm / MICRODEGREE_MM) * 1000 + 1000,
                  south = r->volume.center.lat_nd - reach, north = r->volume.center.lat_nd + reach;
    for (size_t i = 0; i < n; i++) {
        const bool named = folded[i] == mark;
        if (named || (k[i].point.lat_nd >= south && k[i].point.lat_nd <= north))
            against(l, &k[i], named, r);
    }
}

void sitelist_judge(struct rb_sitelist *l, struct rb_site_row *r, const struct rb_coord *place) {
    const uint64_t mark = rb_site_name_mark(r->name);
    const size_t before = l->how.registered_n;
    plausible(l, place, r); /* first: doubles may be more than there is room for */
    against_all(l, l->how.registered, before, l->folded, mark, r);
    against_all(l, l->known, l->known_n, l->folded + before, mark, r);
    l->folded[before + l->known_n] = mark;
    l->known[l->known_n++] =
        (struct rb_site_known){.name = r->name, .point = r->volume.center, .row = r->row};
}
