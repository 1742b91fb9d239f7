/* What the reader and writer of site lists make of a file, for test_sitelists.py.
 *   sitelist-tool dump|csv FILE [radius=MM] [near=MM] [separator=C] [decimal-comma=1]
 * dump: one line of JSON a row; csv: the rows that can be, written again.
 * Exit: 0, 1 refused (said on the last line), 2 usage. */
#include <stdio.h>
#include <stdlib.h>
#include "readback/sitelist.h"

static uint8_t file[1u << 20], room[16u << 20] __attribute__((aligned(16))), written[4u << 20];
static struct rb_sitelist list;

static void dump_findings(struct rb_json_writer *j, const struct rb_site_row *r) {
    rb_json_open(j, "findings", '[');
    for (size_t i = 0; i < r->findings_n; i++) {
        const struct rb_site_finding *f = &r->findings[i];
        rb_json_open(j, NULL, '{');
        rb_json_put_bool(j, "refused", f->refused);
        rb_json_put_text(j, "column", rb_str(f->whole ? "" : rb_site_column_name(f->column)));
        rb_json_put_text(j, "clause", rb_str(f->clause));
        rb_json_put_text(j, "what", rb_str(f->what));
        rb_json_put_uint(j, "other", f->other_row);
        rb_json_close(j, '}');
    }
    rb_json_close(j, ']');
}

static void dump_row(const struct rb_site_row *r) {
    const struct rb_volume *v = &r->volume;
    struct rb_writer w = rb_writer(written, sizeof written);
    struct rb_json_writer j = rb_json_writer(&w);
    rb_json_open(&j, NULL, '{');
    rb_json_put_uint(&j, "row", r->row);
    rb_json_put_bool(&j, "ok", r->ok);
    if (r->ok) {
        rb_json_put_text(&j, "name", r->name);
        rb_json_put_text(&j, "notes", r->notes);
        rb_json_put_decimal(&j, "latitude", v->center.lat_nd, 9);
        rb_json_put_decimal(&j, "longitude", v->center.lon_nd, 9);
        rb_json_put_decimal(&j, "radius_m", (int64_t)v->radius_mm, 3);
        if (v->accuracy_mm > 0) rb_json_put_decimal(&j, "accuracy_m", (int64_t)v->accuracy_mm, 3);
        rb_json_put_text(&j, "method", v->method);
        if (v->has_surveyed) rb_json_put_time(&j, "surveyed", v->surveyed_utc_ms);
        rb_json_put_text(&j, "declared_by", v->declared_by);
    }
    dump_findings(&j, r);
    rb_json_close(&j, '}');
    puts(rb_writer_z(&w));
}

static int refused(const struct rb_reject *rj) {
    printf("{\"clause\":\"%s\",\"what\":\"%s\"}\n", rj->clause, rj->what);
    return 1;
}

int main(int argc, char **argv) {
    struct rb_site_options how = {0};
    struct rb_writer w = rb_writer(written, sizeof written);
    struct rb_sitelist_writer out = {&w, ';', false};
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_reject rj = {0};
    uint64_t remarks = 0;
    if (argc < 3) return 2;
    const bool csv = strcmp(argv[1], "csv") == 0;
    for (int i = 3; i < argc; i++) {
        if (strncmp(argv[i], "radius=", 7) == 0) how.radius_mm = strtoull(argv[i] + 7, NULL, 10);
        if (strncmp(argv[i], "near=", 5) == 0) how.near_mm = strtoull(argv[i] + 5, NULL, 10);
        if (strncmp(argv[i], "separator=", 10) == 0) out.separator = (uint8_t)argv[i][10];
        if (strcmp(argv[i], "decimal-comma=1") == 0) out.decimal_comma = true;
    }
    FILE *in = fopen(argv[2], "rb");
    if (in == NULL) return 2;
    const size_t n = fread(file, 1, sizeof file, in);
    fclose(in);
    if (rb_sitelist_open(&list, rb_slice(file, n), &how, &a, &rj) != RB_OK) return refused(&rj);
    if (csv) rb_sitelist_put_begin(&out);
    for (bool more = true;;) {
        struct rb_site_row r;
        if (rb_sitelist_next(&list, &r, &more, &rj) != RB_OK) return refused(&rj);
        if (!more) break;
        if (!csv) dump_row(&r);
        if (csv && r.ok && rb_sitelist_put(&out, r.name, r.notes, &r.volume, &remarks) != RB_OK)
            return 2;
    }
    if (csv) fwrite(written, 1, w.n, stdout);
    return w.over ? 2 : 0;
}
