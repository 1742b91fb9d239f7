/* Volumes of a body as the node has them, in words: each point in decimal degrees and MGRS, so that
 * it can be held against a map before it is released and after it came. */
#include "cli.h"
#include "readback/volume.h"
#include "shell/api/json_body.h"

static bool point_of(const json_t *o, struct rb_point *out) {
    return rb_json_degrees(json_object_get(o, "lat"), &out->lat_nd) == RB_OK &&
           rb_json_degrees(json_object_get(o, "lon"), &out->lon_nd) == RB_OK;
}
static void show_point(FILE *out, const json_t *o) {
    struct rb_point p;
    char z[CLI_POINT] = "?";
    if (point_of(o, &p)) cli_point(p, z);
    fputs(z, out);
}
static void show_points(FILE *out, const json_t *list, int indent) {
    size_t i;
    const json_t *p;
    json_array_foreach(list, i, p) {
        fprintf(out, "%*s%3zu  ", indent, "", i + 1);
        show_point(out, p);
        fputc('\n', out);
    }
}
static void show_metres(FILE *out, const json_t *o, const char *key) {
    fprintf(out, "%.12g m", json_number_value(json_object_get(o, key)));
}
static void show_shape(FILE *out, const json_t *v, int indent) {
    const json_t *circle = json_object_get(v, "circle"), *polygon = json_object_get(v, "polygon"),
                 *corridor = json_object_get(v, "corridor");
    if (circle) {
        fputs("circle around ", out);
        show_point(out, circle);
        fputs(", radius ", out);
        show_metres(out, circle, "radius");
        fputc('\n', out);
    } else if (polygon) {
        const json_t *points = json_object_get(polygon, "points");
        fprintf(out, "polygon of %zu points, edges %s\n", json_array_size(points),
                cli_text(polygon, "edges"));
        show_points(out, points, indent);
    } else if (corridor) {
        fputs("corridor, ", out);
        show_metres(out, corridor, "half_width");
        fputs(" to each side of the line\n", out);
        show_points(out, json_object_get(corridor, "points"), indent);
    }
}
/* on one line; places, lengths and heights are kept a line each */
static void show_entered(FILE *out, const char *z, int indent) {
    if (*z == 0) return;
    fprintf(out, "%*sas typed: ", indent, "");
    for (; *z; z++)
        *z == '\n' ? fputs("; ", out) : fputc(*z, out);
    fputc('\n', out);
}
static void show_rest(FILE *out, const json_t *v, int indent) {
    static const char *const done[] = {"circle", "polygon", "corridor", "as_entered", "accuracy"};
    json_t *rest = json_copy((json_t *)(uintptr_t)v);
    if (json_object_get(v, "accuracy")) {
        fprintf(out, "%*saccuracy: ", indent, "");
        show_metres(out, v, "accuracy");
        fputc('\n', out);
    }
    for (size_t i = 0; i < sizeof done / sizeof *done; i++)
        json_object_del(rest, done[i]);
    cli_body(out, rest, indent);
    json_decref(rest);
}
void cli_show_volumes(FILE *out, const json_t *volumes, int indent) {
    size_t i;
    const json_t *v;
    json_array_foreach(volumes, i, v) {
        fprintf(out, "%*s%zu. ", indent, "", i + 1);
        show_shape(out, v, indent + 3);
        show_entered(out, cli_str(v, "as_entered"), indent + 3);
        show_rest(out, v, indent + 3);
    }
}
