/* The volumes of a record's body, out of the API's JSON and back into the core's own shape, so that
 * they are measured and written by the rules that the node has. */
#include <stdlib.h>
#include "print.h"
#include "shell/api/json_body.h"

static bool read_point(const json_t *o, struct rb_point *out) {
    return rb_json_degrees(json_object_get(o, "lat"), &out->lat_nd) == RB_OK &&
           rb_json_degrees(json_object_get(o, "lon"), &out->lon_nd) == RB_OK;
}
static bool read_length(const json_t *v, uint64_t *mm) {
    int64_t n = 0;
    if (rb_json_metres(v, &n) != RB_OK || n < 0) return false;
    *mm = (uint64_t)n;
    return true;
}
static bool read_points(const json_t *list, struct rb_volume *v, struct rb_point *into) {
    size_t n = json_array_size(list);
    if (n == 0 || n > RB_MAX_VERTICES) return false;
    for (size_t i = 0; i < n; i++)
        if (!read_point(json_array_get(list, i), &into[i])) return false;
    v->vertices = into;
    v->vertices_n = n;
    return true;
}
static bool read_shape(const json_t *o, struct rb_volume *v, struct rb_point *into) {
    static const char *const edges[] = {"geodesic", "parallel", "lonlat"};
    const json_t *circle = json_object_get(o, "circle"), *polygon = json_object_get(o, "polygon");
    const json_t *corridor = json_object_get(o, "corridor");
    if (circle) {
        v->shape = RB_SHAPE_CIRCLE;
        return read_point(circle, &v->center) &&
               read_length(json_object_get(circle, "radius"), &v->radius_mm);
    }
    if (corridor) {
        v->shape = RB_SHAPE_CORRIDOR;
        return read_length(json_object_get(corridor, "half_width"), &v->radius_mm) &&
               read_points(json_object_get(corridor, "points"), v, into);
    }
    v->shape = RB_SHAPE_POLYGON;
    for (unsigned e = 0; polygon && e < 3; e++) {
        const char *word = json_string_value(json_object_get(polygon, "edges"));
        if (word && strcmp(word, edges[e]) == 0) v->edges = (enum rb_edges)e;
    }
    return polygon && read_points(json_object_get(polygon, "points"), v, into);
}
static bool read_limit(const json_t *o, struct rb_alt_limit *out) {
    static const char *const datums[] = {"wgs84", "amsl", "agl", "fl"};
    const char *datum = json_string_value(json_object_get(o, "datum"));
    out->open = !json_is_object(o);
    if (out->open) return true;
    for (unsigned d = 0; datum && d < 4; d++) {
        if (strcmp(datum, datums[d]) != 0) continue;
        out->datum = (enum rb_datum)d;
        return rb_json_metres(json_object_get(o, "height"), &out->mm) == RB_OK;
    }
    return false;
}
static bool read_times(const json_t *o, struct rb_volume *v) {
    const json_t *time = json_object_get(o, "time"), *length = json_object_get(time, "length");
    const json_t *until = json_object_get(o, "until");
    int64_t ms = 0;
    v->has_from = json_is_object(time);
    if (v->has_from && rb_json_time(json_object_get(time, "from"), &v->from_utc_ms) != RB_OK)
        return false;
    if (length && !json_is_null(length)) {
        if (rb_json_span(length, &ms) != RB_OK || ms > INT64_MAX - v->from_utc_ms) return false;
        v->has_to = true;
        v->to_utc_ms = v->from_utc_ms + ms;
    } else if (json_is_string(until)) {
        v->has_to = true;
        if (rb_json_time(until, &v->to_utc_ms) != RB_OK) return false;
    }
    return true;
}
static struct rb_slice text_of(const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    return rb_slice(json_string_value(v), json_string_length(v));
}
static bool read_survey(const json_t *o, struct rb_volume *v) {
    const json_t *accuracy = json_object_get(o, "accuracy"), *when = json_object_get(o, "surveyed");
    v->method = text_of(o, "method");
    v->declared_by = text_of(o, "declared_by");
    v->recognised_by = text_of(o, "recognised_by");
    v->as_entered = text_of(o, "as_entered");
    v->military_use = json_is_true(json_object_get(o, "military_use"));
    v->has_surveyed = json_is_string(when);
    if (v->has_surveyed && rb_json_time(when, &v->surveyed_utc_ms) != RB_OK) return false;
    return accuracy == NULL || json_is_null(accuracy) || read_length(accuracy, &v->accuracy_mm);
}

bool print_volumes_read(const json_t *list, struct print_volumes *out) {
    *out = (struct print_volumes){.n = json_array_size(list)};
    if (out->n > RB_MAX_VOLUMES) return false;
    out->points = calloc((size_t)RB_MAX_VOLUMES * RB_MAX_VERTICES, sizeof *out->points);
    bool ok = out->points != NULL;
    for (size_t i = 0; ok && i < out->n; i++) {
        const json_t *o = json_array_get(list, i);
        struct rb_volume *v = &out->v[i];
        ok = read_shape(o, v, out->points + i * RB_MAX_VERTICES) &&
             read_limit(json_object_get(o, "floor"), &v->floor) &&
             read_limit(json_object_get(o, "ceiling"), &v->ceiling) && read_times(o, v) &&
             read_survey(o, v) && rb_volume_check(v, NULL) == RB_OK;
    }
    if (!ok) print_volumes_free(out);
    return ok;
}
void print_volumes_free(struct print_volumes *v) {
    if (v->points) {
        rb_wipe(v->points, (size_t)RB_MAX_VOLUMES * RB_MAX_VERTICES * sizeof *v->points);
        free(v->points);
    }
    *v = (struct print_volumes){0};
}
