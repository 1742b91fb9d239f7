/* Play-back of received places, spec 10.8 and 13.3. */
#include "readback/playback.h"
#include <assert.h>
#include "playback_int.h"
#include "readback/outline.h"

#define LINE_MAX                                                                                   \
    2048u /* the longest: a title of 256 bytes, three names of 255, three notations                \
           */
#define LINES_MAX (RB_PLAYBACK_POINTS + 6u)

/* digits that say a point to about a metre */
#define DIGITS_DEG 5u
#define DIGITS_DMS 1u
#define DIGITS_MGRS 5u

/* What all volumes of one play-back share. */
struct task {
    const struct rb_gazetteer *g;
    const struct rb_playback_site *sites;
    size_t sites_n;
    struct rb_arena *a;
};

/* What was written, in the arena; the stack does not keep what may be of a closed record. */
static enum rb_err keep(struct task *t, const struct rb_writer *w, struct rb_slice *out) {
    struct rb_slice line;
    enum rb_err e = rb_writer_done(w, &line);
    assert(e == RB_OK); /* every line's room is large enough */
    e = rb_arena_copy(t->a, line, out);
    rb_wipe(w->p, w->cap);
    return e;
}

/* ---- points ---- */

static enum rb_err notation(struct task *t, struct rb_point p, enum rb_coord_format format,
                            unsigned digits, struct rb_slice *out) {
    uint8_t room[RB_MAX_COORD_TEXT];
    struct rb_writer w = rb_writer(room, sizeof room);
    const enum rb_err e = rb_coord_put(&w, p, format, digits, RB_ZONE_STANDARD);
    assert(e == RB_OK); /* these three write every point of the Earth */
    (void)e;
    return keep(t, &w, out);
}

static struct rb_playback_from from(uint64_t distance_mm, int64_t azimuth_nd) {
    return (struct rb_playback_from){.distance_mm = distance_mm,
                                     .azimuth_nd = azimuth_nd,
                                     .words = rb_bearing_words(distance_mm, azimuth_nd)};
}

static enum rb_err near_place(struct task *t, struct rb_playback_point *p) {
    struct rb_nearest found;
    uint8_t room[LINE_MAX];
    struct rb_writer w = rb_writer(room, sizeof room);
    p->has_nearest = rb_gazetteer_nearest(t->g, p->point, 0, &found);
    if (!p->has_nearest) return RB_OK;
    p->place = found.place;
    p->nearest = from(found.distance_mm, found.azimuth_nd);
    playback_put_from(&w, &p->nearest.words);
    playback_put_place(&w, &p->place);
    return keep(t, &w, &p->nearest.sentence);
}

static enum rb_err point(struct task *t, struct rb_point at, struct rb_playback_point *out) {
    out->point = at;
    RB_TRY(notation(t, at, RB_COORD_DEG, DIGITS_DEG, &out->decimal));
    RB_TRY(notation(t, at, RB_COORD_DMS, DIGITS_DMS, &out->dms));
    RB_TRY(notation(t, at, RB_COORD_MGRS_SPACED, DIGITS_MGRS, &out->mgrs));
    return near_place(t, out);
}

static enum rb_err near_site(struct task *t, struct rb_playback_volume *out) {
    struct rb_bearing best = {UINT64_MAX, 0}, b;
    uint8_t room[LINE_MAX];
    struct rb_writer w = rb_writer(room, sizeof room);
    for (size_t i = 0; i < t->sites_n; i++) {
        if (!rb_point_within(t->sites[i].point, out->points[0].point, best.distance_mm, &b) ||
            b.distance_mm == best.distance_mm)
            continue;
        best = b;
        out->site = i;
        out->has_site = true;
    }
    if (!out->has_site) return RB_OK;
    out->nearest_site = from(best.distance_mm, best.azimuth_nd);
    playback_put_from(&w, &out->nearest_site.words);
    playback_put_site(&w, &t->sites[out->site]);
    return keep(t, &w, &out->nearest_site.sentence);
}

static enum rb_err points(struct task *t, const struct rb_volume *v,
                          struct rb_playback_volume *out) {
    const struct rb_point *at = v->shape == RB_SHAPE_CIRCLE ? &v->center : v->vertices;
    out->points_of = v->shape == RB_SHAPE_CIRCLE ? 1 : v->vertices_n;
    out->points_n = out->points_of < RB_PLAYBACK_POINTS ? out->points_of : RB_PLAYBACK_POINTS;
    struct rb_playback_point *p = rb_arena_array(t->a, out->points_n, sizeof *p);
    if (!p) return RB_ERR_LIMIT;
    for (size_t i = 0; i < out->points_n; i++)
        RB_TRY(point(t, at[i], &p[i]));
    out->points = p;
    return RB_OK;
}

/* ---- one volume ---- */

typedef void put_words(struct rb_writer *w, const struct rb_volume *v);

static enum rb_err words(struct task *t, const struct rb_volume *v, put_words *put,
                         struct rb_slice *out) {
    uint8_t room[LINE_MAX];
    struct rb_writer w = rb_writer(room, sizeof room);
    put(&w, v);
    return keep(t, &w, out);
}

static enum rb_err describe(struct task *t, const struct rb_volume *v,
                            struct rb_playback_volume *out) {
    RB_TRY(words(t, v, playback_put_shape, &out->shape));
    RB_TRY(words(t, v, playback_put_heights, &out->heights));
    RB_TRY(words(t, v, playback_put_times, &out->times));
    out->has_radius = v->shape != RB_SHAPE_POLYGON;
    out->radius_mm = out->has_radius ? v->radius_mm : 0;
    RB_TRY(points(t, v, out));
    return near_site(t, out);
}

/* What is left out of the text to send back, when there is too much for it. */
struct scale {
    size_t points, volumes;
};

static void put_head(struct rb_writer *w, size_t i, size_t of, const struct rb_playback_volume *v) {
    if (of > 1) {
        rb_put_z(w, "Volume ");
        rb_put_dec(w, i + 1);
        rb_put_z(w, " of ");
        rb_put_dec(w, of);
    } else {
        rb_put_z(w, "The one volume");
    }
    rb_put_z(w, ": ");
    rb_put_slice(w, v->shape);
}

static enum rb_err lines(struct task *t, const struct rb_volume *written, size_t i, size_t of,
                         struct rb_playback_volume *out) {
    struct rb_slice *line = rb_arena_array(t->a, LINES_MAX, sizeof *line);
    uint8_t room[LINE_MAX];
    size_t n = 0;
    if (!line) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(room, sizeof room);
    put_head(&w, i, of, out);
    RB_TRY(keep(t, &w, &line[n++]));
    for (size_t p = 0; p < out->points_n; p++) {
        w = rb_writer(room, sizeof room);
        playback_put_point(&w, written->shape, p, &out->points[p]);
        RB_TRY(keep(t, &w, &line[n++]));
    }
    if (out->points_n < out->points_of) {
        w = rb_writer(room, sizeof room);
        playback_put_more(&w, written->shape, out->points_of - out->points_n);
        RB_TRY(keep(t, &w, &line[n++]));
    }
    line[n++] = out->heights;
    line[n++] = out->times;
    if (out->has_site) {
        w = rb_writer(room, sizeof room);
        playback_put_by_site(&w, written->shape, out->nearest_site.sentence);
        RB_TRY(keep(t, &w, &line[n++]));
    }
    assert(n <= LINES_MAX);
    out->lines = line;
    out->lines_n = n;
    return RB_OK;
}

/* ---- the text to send back ---- */

/* heights and times that are those of the first volume are said once */
static void put_once(struct rb_writer *w, struct rb_slice mine, struct rb_slice first, bool later,
                     const char *same) {
    if (later && rb_slice_eq(mine, first))
        rb_put_z(w, same);
    else
        rb_put_slice(w, mine);
    rb_put_z(w, "\n");
}

static void put_volume(struct rb_writer *w, const struct task *t, const struct rb_volume *written,
                       const struct rb_playback *all, size_t i, size_t points_most) {
    const struct rb_playback_volume *v = &all->volumes[i], *first = &all->volumes[0];
    const size_t n = v->points_n < points_most ? v->points_n : points_most;
    put_head(w, i, all->volumes_n, v);
    rb_put_z(w, "\n");
    for (size_t p = 0; p < n; p++) {
        playback_put_point(w, written[i].shape, p, &v->points[p]);
        rb_put_z(w, "\n");
    }
    if (n < v->points_of) {
        playback_put_more(w, written[i].shape, v->points_of - n);
        rb_put_z(w, "\n");
    }
    put_once(w, v->heights, first->heights, i > 0, "Heights: as of volume 1");
    put_once(w, v->times, first->times, i > 0, "Times: as of volume 1");
    if (!v->has_site || !t->sites[v->site].nameable) return;
    playback_put_by_site(w, written[i].shape, v->nearest_site.sentence);
    rb_put_z(w, "\n");
}

static bool put_text(struct rb_writer *w, const struct task *t, const struct rb_volume *written,
                     const struct rb_playback *all, struct scale s) {
    rb_put_z(w, "Played back by the reader's program from what it holds. It agrees to nothing.\n");
    for (size_t i = 0; i < s.volumes; i++)
        put_volume(w, t, written, all, i, s.points);
    if (s.volumes < all->volumes_n) {
        rb_put_z(w, "and ");
        rb_put_dec(w, all->volumes_n - s.volumes);
        rb_put_z(w, " more of the volumes, not played back here\n");
    }
    rb_put_z(w, rb_gazetteer_attribution);
    return !w->over;
}

/* Fewer points of each volume first, then fewer volumes. One volume with one point always fits. */
static enum rb_err text(struct task *t, const struct rb_volume *written, struct rb_playback *all) {
    uint8_t room[RB_PLAYBACK_TEXT];
    struct scale s = {RB_PLAYBACK_POINTS, all->volumes_n};
    struct rb_writer w = rb_writer(room, sizeof room);
    while (!put_text(&w, t, written, all, s)) {
        if (s.points > 1)
            s.points /= 2;
        else
            s.volumes--;
        assert(s.volumes > 0);
        w = rb_writer(room, sizeof room);
    }
    return keep(t, &w, &all->text);
}

enum rb_err rb_playback(const struct rb_volume *volumes, size_t volumes_n,
                        const struct rb_gazetteer *g, const struct rb_playback_site *sites,
                        size_t sites_n, struct rb_arena *a, struct rb_playback *out) {
    assert(volumes_n <= RB_MAX_VOLUMES);
    struct task t = {g, sites, sites_n, a};
    struct rb_playback all = {.volumes_n = volumes_n};
    struct rb_playback_volume *v = rb_arena_array(a, volumes_n, sizeof *v);
    if (!v) return RB_ERR_LIMIT;
    all.volumes = v;
    for (size_t i = 0; i < volumes_n; i++) {
        RB_TRY(describe(&t, &volumes[i], &v[i]));
        RB_TRY(lines(&t, &volumes[i], i, volumes_n, &v[i]));
    }
    if (volumes_n > 0) RB_TRY(text(&t, volumes, &all));
    *out = all;
    return RB_OK;
}
