/* The file of an import: whether it can be read at all, said before anything is sent; and its
 * refused rows as they stand, so that they can be put right and read again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli_import.h"
#include "readback/sitelist.h"
#include "readback/text.h"

static struct rb_slice all_of(const struct import *m) {
    return rb_slice(m->text, m->text_n);
}

/* ---- before it is sent --------------------------------------------------------------------------
 */
/* The node reads it again; here it is read so that a file in another code page is told from one
 * that is no JSON string. */
static int check_list(const struct import *m) {
    const size_t room_n = 2 * IMPORT_MAX + (4u << 20);
    const struct rb_site_options how = {0};
    struct rb_reject rj = {.clause = "", .what = ""};
    struct rb_sitelist *l = malloc(sizeof *l);
    uint8_t *room = malloc(room_n);
    int rc = l && room ? CLI_OK : cli_fail(m->c, NULL, "memory is short");
    if (rc == CLI_OK) {
        struct rb_arena a = rb_arena(room, room_n);
        if (rb_sitelist_open(l, all_of(m), &how, &a, &rj) != RB_OK)
            rc = cli_fail(m->c, NULL, "%s: %s (clause %s)", m->path, rj.what, rj.clause);
        rb_wipe(room, a.used);
    }
    free(room);
    free(l);
    return rc;
}
int import_check_file(const struct import *m) {
    const char *z = m->text;
    const bool wide =
        m->text_n >= 2 && (memcmp(z, "\xff\xfe", 2) == 0 || memcmp(z, "\xfe\xff", 2) == 0);
    if (m->csv) return check_list(m);
    if (m->text_n >= 4 && memcmp(z, "PK\x03\x04", 4) == 0)
        return cli_fail(m->c, "A .kmz is such an archive: unpack the .kml in it.",
                        "%s: a packed archive", m->path);
    if (wide || !rb_utf8_ok(all_of(m)) || memchr(z, 0, m->text_n) != NULL)
        return cli_fail(m->c, "Save it anew with the encoding UTF-8.", "%s: not in UTF-8%s",
                        m->path, wide ? ", but in UTF-16" : "");
    return CLI_OK;
}

/* ---- refused rows -------------------------------------------------------------------------------
 */
static const struct import_row *refused_row(const struct import *m, size_t row, size_t *from) {
    for (size_t i = *from; i < m->n; i++) {
        const json_int_t at = cli_int(m->rows[i].row, "row");
        if (at > (json_int_t)row) return NULL;
        *from = i + 1;
        if (at == (json_int_t)row) return m->rows[i].state == IMPORT_REFUSED ? &m->rows[i] : NULL;
    }
    return NULL;
}
static void put_reasons(const struct import_row *r, FILE *out) {
    const json_t *f;
    size_t i;
    json_array_foreach(import_findings(r), i, f) {
        if (!cli_true(f, "refused")) continue;
        fprintf(out, "%s%s%s%s", i ? "; " : "", cli_str(f, "column"),
                *cli_str(f, "column") ? ": " : "", cli_str(f, "sentence"));
    }
}
/* the bytes of a record, without its line end */
static void put_raw(const struct import *m, size_t from, size_t to, FILE *out) {
    while (to > from && (m->text[to - 1] == '\n' || m->text[to - 1] == '\r'))
        to--;
    fwrite(m->text + from, 1, to - from, out);
}
/* heading and refused rows as they are, with a column more that says why: reading passes it over */
static bool put_list(const struct import *m, FILE *out) {
    static const struct rb_site_options how;
    struct rb_reject rj;
    const size_t room_n = 2 * IMPORT_MAX + (4u << 20);
    struct rb_sitelist *l = malloc(sizeof *l);
    uint8_t *room = malloc(room_n);
    struct rb_slice cells[RB_MAX_SITE_COLUMNS];
    size_t from = 0, n = 0;
    bool more = true, ok = l && room;
    struct rb_arena a = rb_arena(room, room ? room_n : 0);
    ok = ok && rb_sitelist_open(l, all_of(m), &how, &a, &rj) == RB_OK;
    if (ok) {
        const char mark = (char)l->csv.separator;
        put_raw(m, 0, l->csv.at, out);
        fprintf(out, "%cwhy\r\n", mark);
        for (size_t at = l->csv.at;
             rb_csv_next(&l->csv, &a, cells, RB_MAX_SITE_COLUMNS, &n, &more, &rj) == RB_OK && more;
             at = l->csv.at) {
            const struct import_row *r = refused_row(m, l->csv.row, &from);
            if (r == NULL) continue;
            put_raw(m, at, l->csv.at, out);
            for (size_t k = n; k < l->columns_n; k++)
                fputc(mark, out);
            fprintf(out, "%c\"", mark);
            put_reasons(r, out);
            fputs("\"\r\n", out);
        }
    }
    if (room) rb_wipe(room, a.used);
    free(room);
    free(l);
    return ok;
}
/* the features themselves, in a collection */
static bool put_features(const struct import *m, FILE *out) {
    struct rb_geo_stream s = {0};
    struct rb_reject rj;
    size_t at = 0, used = 0, row = 0, from = 0, n = 0;
    fputs("{\"type\":\"FeatureCollection\",\"features\":[\n", out);
    for (;;) {
        enum rb_geo_event event;
        struct rb_slice item;
        if (rb_geo_next(&s, rb_slice_sub(all_of(m), at, m->text_n), true, &used, &event, &item,
                        &rj) != RB_OK)
            return false;
        if (event == RB_GEO_ITEM && refused_row(m, ++row, &from) != NULL) {
            if (n++ > 0) fputs(",\n", out);
            fwrite(item.p, 1, item.n, out);
        }
        if (event == RB_GEO_DONE) break;
        at += used;
    }
    fputs("\n]}\n", out);
    return true;
}
static bool is_kml(const struct import *m) {
    size_t i = rb_slice_starts(all_of(m), "\xef\xbb\xbf") ? 3 : 0;
    i += strspn(m->text + i, " \t\r\n");
    return m->text[i] == '<';
}
int import_put_refused(const struct import *m, const char *path) {
    if (!m->csv && is_kml(m))
        return cli_fail(m->c, NULL,
                        "--refused-out is for CSV and for features in JSON, not for KML");
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out == NULL) {
        const int rc = cli_fail(m->c, NULL, "%s cannot be written: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    bool ok = m->csv ? put_list(m, out) : put_features(m, out);
    ok = fflush(out) == 0 && !ferror(out) && ok;
    if (fclose(out) != 0 || !ok) return cli_fail(m->c, NULL, "%s could not be written", path);
    fprintf(stderr, "Refused rows were written to %s, readable by you alone.\n", path);
    return CLI_OK;
}
