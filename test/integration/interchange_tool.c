/* What the readers and writers of interchange make of a file, for test_interchange.py.
 *   interchange-tool dump|geojson|ed318|kml FILE [NAME=VALUE...]
 * A FILE whose first byte is '<' is KML, else it is one of features in JSON.
 * dump: one line of JSON a feature, or for the refusal; the others write the features again.
 * NAME: edges (geodesic, parallel, lonlat), radius, half-width (mm), language, chunk (bytes of the
 * file read at a time). Exit: 0, 1 refused (said on the last line), 2 usage. */
#include <stdio.h>
#include <stdlib.h>
#include "readback/kml.h"

static uint8_t window[2 * RB_MAX_GEO_ITEM], room[RB_GEO_ARENA] __attribute__((aligned(16))),
    written[8u << 20];

static size_t chunk = sizeof window;
static struct rb_import how;

/* ---- dump ---------------------------------------------------------------------------------------
 */

static void dump_limit(struct rb_json_writer *j, const char *key, const struct rb_alt_limit *l) {
    static const char *const datums[] = {"WGS84", "AMSL", "AGL", "FL"};
    if (l->open) return;
    rb_json_open(j, key, '[');
    rb_json_put_decimal(j, NULL, l->mm, 0);
    rb_json_put_text(j, NULL, rb_str(datums[l->datum]));
    rb_json_close(j, ']');
}

static void dump_point(struct rb_json_writer *j, const char *key, struct rb_point p) {
    rb_json_open(j, key, '[');
    rb_json_put_decimal(j, NULL, p.lat_nd, 0);
    rb_json_put_decimal(j, NULL, p.lon_nd, 0);
    rb_json_close(j, ']');
}

static void dump_volume(struct rb_json_writer *j, const struct rb_volume *v) {
    static const char *const shapes[] = {"circle", "polygon", "corridor"};
    static const char *const edges[] = {"geodesic", "parallel", "lonlat"};
    rb_json_open(j, NULL, '{');
    rb_json_put_text(j, "shape", rb_str(shapes[v->shape]));
    if (v->shape == RB_SHAPE_CIRCLE) dump_point(j, "center", v->center);
    if (v->shape != RB_SHAPE_POLYGON) rb_json_put_uint(j, "radius_mm", v->radius_mm);
    if (v->shape == RB_SHAPE_POLYGON) rb_json_put_text(j, "edges", rb_str(edges[v->edges]));
    if (v->shape != RB_SHAPE_CIRCLE) {
        rb_json_open(j, "vertices", '[');
        for (size_t i = 0; i < v->vertices_n; i++)
            dump_point(j, NULL, v->vertices[i]);
        rb_json_close(j, ']');
    }
    dump_limit(j, "floor", &v->floor);
    dump_limit(j, "ceiling", &v->ceiling);
    if (v->has_from) rb_json_put_time(j, "from", v->from_utc_ms);
    if (v->has_to) rb_json_put_time(j, "to", v->to_utc_ms);
    if (v->accuracy_mm > 0) rb_json_put_uint(j, "accuracy_mm", v->accuracy_mm);
    if (v->method.n > 0) rb_json_put_text(j, "method", v->method);
    if (v->has_surveyed) rb_json_put_time(j, "surveyed", v->surveyed_utc_ms);
    if (v->declared_by.n > 0) rb_json_put_text(j, "declared_by", v->declared_by);
    if (v->recognised_by.n > 0) rb_json_put_text(j, "recognised_by", v->recognised_by);
    if (v->military_use) rb_json_put_bool(j, "military_use", true);
    if (v->as_entered.n > 0) rb_json_put_text(j, "as_entered", v->as_entered);
    rb_json_close(j, '}');
}

static void dump_remarks(struct rb_json_writer *j, uint64_t remarks) {
    rb_json_open(j, "remarks", '[');
    for (unsigned i = 0; i < RB_REMARKS; i++)
        if (remarks >> i & 1) rb_json_put_text(j, NULL, rb_str(rb_remark_word((enum rb_remark)i)));
    rb_json_close(j, ']');
}

static void dump_feature(const struct rb_feature *f) {
    struct rb_writer w = rb_writer(written, sizeof written);
    struct rb_json_writer j = rb_json_writer(&w);
    rb_json_open(&j, NULL, '{');
    if (f->has_class) rb_json_put_uint(&j, "class", f->class_);
    rb_json_put_text(&j, "title", f->title);
    rb_json_put_text(&j, "text", f->text);
    dump_remarks(&j, f->remarks);
    rb_json_open(&j, "volumes", '[');
    for (size_t i = 0; i < f->volumes_n; i++)
        dump_volume(&j, &f->volumes[i]);
    rb_json_close(&j, ']');
    rb_json_close(&j, '}');
    puts(rb_writer_z(&w));
}

static int refused(enum rb_err e, const struct rb_reject *rj) {
    struct rb_writer w = rb_writer(written, sizeof written);
    struct rb_json_writer j = rb_json_writer(&w);
    rb_json_open(&j, NULL, '{');
    rb_json_put_text(&j, "error", rb_str(rb_err_name(e)));
    rb_json_put_text(&j, "clause", rb_str(rj->clause));
    rb_json_put_text(&j, "what", rb_str(rj->what));
    rb_json_put_uint(&j, "offset", rj->offset);
    rb_json_close(&j, '}');
    puts(rb_writer_z(&w));
    return 1;
}

/* ---- reading and writing ------------------------------------------------------------------------
 */

struct out {
    const char *verb;
    struct rb_writer w;
    struct rb_json_writer j;
    uint64_t remarks;
    unsigned n;
};

static void begin(struct out *o) {
    o->w = rb_writer(written, sizeof written);
    o->j = rb_json_writer(&o->w);
    if (strcmp(o->verb, "kml") == 0)
        rb_kml_put_begin(&o->w, rb_str("written again"));
    else if (strcmp(o->verb, "dump") != 0)
        rb_geo_put_begin(&o->j, rb_str("written again"));
}

static void put(struct out *o, const struct rb_feature *f) {
    char id[8];
    (void)snprintf(id, sizeof id, "RB%u", o->n++ % 1000);
    const struct rb_ed318_zone zone = {rb_str(id),       rb_str("SYR"),    rb_str("PROHIBITED"),
                                       rb_str("COMMON"), rb_str("Bureau"), rb_str("INFORMATION"),
                                       rb_str("en")};
    if (strcmp(o->verb, "dump") == 0) dump_feature(f);
    if (strcmp(o->verb, "geojson") == 0) rb_geojson_put(&o->j, f, &o->remarks);
    if (strcmp(o->verb, "kml") == 0) rb_kml_put(&o->w, f, &o->remarks);
    if (strcmp(o->verb, "ed318") == 0 && rb_ed318_put(&o->j, f, &zone, &o->remarks) != RB_OK)
        exit(2);
}

static void end(struct out *o) {
    if (strcmp(o->verb, "dump") == 0) return;
    if (strcmp(o->verb, "kml") == 0)
        rb_kml_put_end(&o->w);
    else
        rb_geo_put_end(&o->j);
    if (o->w.over) exit(2);
    puts(rb_writer_z(&o->w));
}

static int run(struct out *o, FILE *in) {
    struct rb_geo_stream s = {0};
    struct rb_reject rj = {0};
    size_t from = 0, n = 0, used = 0; /* the window is [from, n) of the room for it */
    bool last = false;
    for (enum rb_geo_event event = RB_GEO_MORE; event != RB_GEO_DONE;) {
        struct rb_slice item;
        enum rb_err e =
            rb_geo_next(&s, rb_slice(window + from, n - from), last, &used, &event, &item, &rj);
        if (e == RB_OK && event == RB_GEO_ITEM) {
            struct rb_arena a = rb_arena(room, sizeof room);
            struct rb_feature f;
            e = rb_geo_read(item, &how, &a, &f, &rj);
            if (e == RB_OK) put(o, &f);
        }
        if (e != RB_OK) return refused(e, &rj);
        from += used;
        if (event != RB_GEO_MORE) continue;
        memmove(window, window + from, n - from);
        n -= from;
        from = 0;
        const size_t left = sizeof window - n;
        if (left == 0) return 2; /* promised never to happen */
        const size_t got = fread(window + n, 1, chunk < left ? chunk : left, in);
        n += got;
        last = got == 0;
    }
    return 0;
}

static int run_kml(struct out *o, FILE *in) {
    const size_t n = fread(window, 1, sizeof window, in);
    struct rb_kml k;
    struct rb_reject rj = {0};
    enum rb_err e = rb_kml_open(&k, rb_slice(window, n), &rj);
    for (bool more = e == RB_OK; more;) {
        struct rb_arena a = rb_arena(room, sizeof room);
        struct rb_feature f;
        e = rb_kml_next(&k, &how, &a, &f, &more, &rj);
        if (e != RB_OK) break;
        if (more) put(o, &f);
    }
    return e == RB_OK ? 0 : refused(e, &rj);
}

static bool option(const char *arg) {
    static const char *const edges[] = {"geodesic", "parallel", "lonlat"};
    const char *value = strchr(arg, '=');
    if (value++ == NULL) return false;
    if (strncmp(arg, "radius=", 7) == 0) how.radius_mm = strtoull(value, NULL, 10);
    if (strncmp(arg, "half-width=", 11) == 0) how.half_width_mm = strtoull(value, NULL, 10);
    if (strncmp(arg, "language=", 9) == 0) how.language = rb_str(value);
    if (strncmp(arg, "chunk=", 6) == 0) chunk = strtoull(value, NULL, 10);
    for (unsigned i = 0; i < 3; i++)
        if (strncmp(arg, "edges=", 6) == 0 && strcmp(value, edges[i]) == 0) {
            how.has_edges = true;
            how.edges = (enum rb_edges)i;
        }
    return true;
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    for (int i = 3; i < argc; i++)
        if (!option(argv[i])) return 2;
    struct out o = {.verb = argv[1]};
    FILE *in = fopen(argv[2], "rb");
    if (in == NULL) return 2;
    begin(&o);
    const int first = fgetc(in);
    rewind(in);
    const int status = first == '<' ? run_kml(&o, in) : run(&o, in);
    fclose(in);
    if (status == 0) end(&o);
    return status;
}
