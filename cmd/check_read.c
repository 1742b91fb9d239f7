/* A file of places, one feature after the other, whatever its format; spec 15.1. The file is
 * hostile: GeoJSON goes through a window of bounded size, the others are at most 16 MiB and lie in
 * memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>
#include "check.h"
#include "readback/kml.h"
#include "readback/outline.h"
#include "readback/sitelist.h"
#include "readback/text.h"

#define BYTES (17u << 20) /* more than a whole file of 16 MiB, and many windows of GeoJSON */
#define LIST_BYTES (64u << 20)
#define SCRATCH_BYTES (4u << 20)
_Static_assert(BYTES > RB_MAX_KML_FILE && BYTES > RB_MAX_SITE_FILE, "one byte more than a file");
_Static_assert(BYTES > 4 * RB_MAX_GEO_ITEM, "more than a window");

enum format { UNKNOWN, GEOJSON, KML, CSV };

struct check_reader {
    const struct check_file *file;
    const struct check_terms *terms;
    enum format format;
    int fd;
    bool opened, ended, over; /* the file has ended; nothing more is given */
    uint8_t *bytes;           /* the window is [at, n) */
    size_t at, n;
    struct rb_arena list, item, scratch;
    struct rb_geo_stream geo;
    struct rb_kml kml;
    struct rb_sitelist csv;
    uint64_t features; /* placemarks so far */
    uint64_t remarks;
    void *mem;
};
#define ALL_BYTES (BYTES + LIST_BYTES + RB_GEO_ARENA + SCRATCH_BYTES)

/* ---- life ---------------------------------------------------------------------------------------
 */
struct check_reader *check_reader_new(void) {
    struct check_reader *r = calloc(1, sizeof *r);
    if (r == NULL) return NULL;
    void *p = mmap(NULL, ALL_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        free(r);
        return NULL;
    }
    (void)madvise(p, ALL_BYTES, MADV_DONTDUMP); /* places are in it */
    r->mem = p;
    r->bytes = p;
    r->list = rb_arena(r->bytes + BYTES, LIST_BYTES);
    r->item = rb_arena(r->bytes + BYTES + LIST_BYTES, RB_GEO_ARENA);
    r->scratch = rb_arena(r->bytes + BYTES + LIST_BYTES + RB_GEO_ARENA, SCRATCH_BYTES);
    r->fd = -1;
    return r;
}
void check_reader_free(struct check_reader *r) {
    if (r == NULL) return;
    if (r->fd > STDIN_FILENO) close(r->fd);
    (void)munmap(r->mem, ALL_BYTES);
    free(r);
}
void check_reader_take(struct check_reader *r, int fd, const struct check_file *f,
                       const struct check_terms *t) {
    if (r->fd > STDIN_FILENO) close(r->fd);
    r->file = f;
    r->terms = t;
    r->fd = fd;
    r->format = UNKNOWN;
    r->opened = r->ended = r->over = false;
    r->at = r->n = 0;
    r->features = r->remarks = 0;
    r->geo = (struct rb_geo_stream){0};
    rb_arena_reset(&r->list);
}
bool check_reader_open(struct check_reader *r, const struct check_file *f,
                       const struct check_terms *t) {
    char path[4096];
    int fd = STDIN_FILENO;
    if (f->path_n >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, f->path, f->path_n);
    path[f->path_n] = 0;
    if (strcmp(path, "-") != 0) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return false;
    check_reader_take(r, fd, f, t);
    return true;
}
int check_reader_fd(const struct check_reader *r) {
    return r->fd;
}
uint64_t check_reader_remarks(const struct check_reader *r) {
    return r->remarks | (r->format == GEOJSON ? r->geo.remarks : 0) |
           (r->format == KML && r->opened ? r->kml.remarks : 0);
}
const char *check_reader_format(const struct check_reader *r) {
    static const char *const names[] = {"unknown", "geojson", "kml", "csv"};
    return names[r->format];
}

/* ---- bytes --------------------------------------------------------------------------------------
 */
/* Some more bytes behind the window, or the end of the file. false: errno says why not. */
static bool fill(struct check_reader *r) {
    ssize_t got;
    if (r->at > 0 && r->n == BYTES) {
        memmove(r->bytes, r->bytes + r->at, r->n - r->at);
        r->n -= r->at;
        r->at = 0;
    }
    if (r->n == BYTES) { /* cannot be: a window is refused before */
        errno = EFBIG;
        return false;
    }
    do {
        got = read(r->fd, r->bytes + r->n, BYTES - r->n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return false;
    r->ended = got == 0;
    r->n += (size_t)got;
    return true;
}
static struct rb_slice window(const struct check_reader *r) {
    return rb_slice(r->bytes + r->at, r->n - r->at);
}
static bool whole(struct check_reader *r) {
    while (!r->ended && r->n < BYTES)
        if (!fill(r)) return false;
    return true;
}

/* ---- which format -------------------------------------------------------------------------------
 */
static bool ends_with(const struct check_file *f, const char *ending) {
    const size_t n = strlen(ending);
    return f->path_n > n && strncasecmp(f->path + f->path_n - n, ending, n) == 0;
}
static enum format by_name(const struct check_file *f) {
    static const struct {
        const char *ending;
        enum format format;
    } rows[] = {{".json", GEOJSON},
                {".geojson", GEOJSON},
                {".jsonl", GEOJSON},
                {".ndjson", GEOJSON},
                {".geojsonl", GEOJSON},
                {".geojsons", GEOJSON},
                {".geojsonseq", GEOJSON},
                {".kml", KML},
                {".csv", CSV},
                {".tsv", CSV}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (ends_with(f, rows[i].ending)) return rows[i].format;
    return UNKNOWN;
}
static bool blank(uint8_t b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\r';
}
/* by the first byte that is no blank; UNKNOWN: there is none yet */
static enum format by_content(struct rb_slice s) {
    size_t i = rb_slice_starts(s, "\xef\xbb\xbf") ? 3 : 0;
    while (i < s.n && blank(s.p[i]))
        i++;
    if (i == s.n) return UNKNOWN;
    if (s.p[i] == '<') return KML;
    return s.p[i] == '{' || s.p[i] == '[' || s.p[i] == 0x1e ? GEOJSON : CSV;
}

/* the rest of the file cannot be read */
static enum check_event refuse_rest(struct check_reader *r, struct check_item *out, enum rb_err err,
                                    const struct rb_reject *why) {
    r->over = true;
    out->refused = out->rest = true;
    out->why = *why;
    out->why.err = err;
    return CHECK_ITEM;
}
static enum check_event open_csv(struct check_reader *r, struct check_item *out) {
    const struct rb_site_options how = {.radius_mm = r->terms->how.radius_mm};
    struct rb_reject rj = {0};
    if (!whole(r)) return CHECK_IO;
    const enum rb_err err = rb_sitelist_open(&r->csv, window(r), &how, &r->list, &rj);
    return err == RB_OK ? CHECK_DONE : refuse_rest(r, out, err, &rj);
}
static enum check_event open_kml(struct check_reader *r, struct check_item *out) {
    struct rb_reject rj = {0};
    if (!whole(r)) return CHECK_IO;
    enum rb_err err = RB_OK;
    if (r->n > RB_MAX_KML_FILE)
        err = rb_reject(&rj, RB_ERR_LIMIT, "12.7.1", "larger than 16 MiB", RB_MAX_KML_FILE);
    if (err == RB_OK) err = rb_kml_open(&r->kml, window(r), &rj);
    return err == RB_OK ? CHECK_DONE : refuse_rest(r, out, err, &rj);
}
/* CHECK_DONE: well, or an empty file of no format */
static enum check_event begin(struct check_reader *r, struct check_item *out) {
    enum format format = by_name(r->file);
    struct rb_reject rj = {0};
    while (!r->ended && r->n < 4)
        if (!fill(r)) return CHECK_IO;
    while (format == UNKNOWN && (format = by_content(window(r))) == UNKNOWN && !r->ended) {
        if (r->n == BYTES) break; /* nothing but blanks: so far GeoJSON of no feature */
        if (!fill(r)) return CHECK_IO;
    }
    if (format == UNKNOWN && r->n == BYTES) format = GEOJSON;
    r->opened = true;
    if (rb_slice_starts(window(r), "PK\x03\x04")) {
        const enum rb_err err = rb_reject(
            &rj, RB_ERR_UNSUPPORTED, "15.1.1",
            "a packed file (KMZ, a workbook): unpack it first, or save it as KML or CSV", 0);
        return refuse_rest(r, out, err, &rj);
    }
    r->format = format;
    if (format == CSV) return open_csv(r, out);
    return format == KML ? open_kml(r, out) : CHECK_DONE;
}

/* ---- GeoJSON ------------------------------------------------------------------------------------
 */
/* Passes over bytes up to the beginning of a line that begins an item. *more: something stood
 * between the end of the first line and there, so more than one line is lost. */
static bool next_line(struct check_reader *r, uint64_t *offset, bool *more, bool *found) {
    bool first = true, line_begins = false;
    *more = *found = false;
    for (;;) {
        for (; r->at < r->n; r->at++, ++*offset) {
            const uint8_t b = r->bytes[r->at];
            *found = line_begins && (b == '{' || b == 0x1e);
            if (*found) return true;
            *more |= !first && !blank(b);
            line_begins = b == '\n';
            first = first && !line_begins;
        }
        if (r->ended) return true;
        r->at = r->n = 0;
        if (!fill(r)) return false;
    }
}
/* What could not be cut into features. Where each line is an item of its own, the next such line is
 * gone on with (15.1.6); before: between two items, so that this is one of them. */
static enum check_event damaged(struct check_reader *r, bool between, enum rb_err err,
                                const struct rb_reject *why, struct check_item *out) {
    out->number = r->geo.items + 1;
    if (!between || r->geo.state != 0) return refuse_rest(r, out, err, why);
    while (r->at < r->n && (blank(r->bytes[r->at]) || r->bytes[r->at] == 0x1e)) {
        r->at++;
        r->geo.offset++;
    }
    uint64_t offset = r->geo.offset;
    bool more = false, found = false;
    out->offset = offset;
    if (!next_line(r, &offset, &more, &found)) return CHECK_IO;
    const struct rb_geo_stream after = {
        .offset = offset, .items = r->geo.items + 1, .remarks = r->geo.remarks};
    r->geo = after;
    if (!found && more) return refuse_rest(r, out, err, why);
    r->over = !found;
    out->refused = true;
    out->why = *why;
    out->why.err = err;
    return CHECK_ITEM;
}
/* the member of this name, once; false: there is none */
static bool member(struct rb_json object, const char *name, struct rb_json *value) {
    struct rb_json_token t;
    uint64_t seen = 0;
    size_t which = 0;
    if (rb_json_take(&object, RB_JSON_OBJECT, &t, NULL) != RB_OK) return false;
    while (rb_json_member(&object, &name, 1, &seen, &which, NULL) == RB_OK &&
           which != RB_JSON_NO_MORE) {
        *value = object;
        if (which == 0) return true;
        if (rb_json_skip(&object, NULL) != RB_OK) return false;
    }
    return false;
}
static bool name_in(struct check_reader *r, struct rb_json object, const char *name,
                    struct rb_slice *out) {
    struct rb_json value;
    if (!member(object, name, &value)) return false;
    if (rb_json_peek(&value) == RB_JSON_STRING)
        return rb_json_text(&value, &r->item, out, NULL) == RB_OK;
    return rb_json_peek(&value) == RB_JSON_NUMBER && rb_json_value(&value, out, NULL) == RB_OK;
}
/* its own name: "id", or the identifier of ED-269 and ED-318; empty: none */
static struct rb_slice id_of(struct check_reader *r, struct rb_slice item) {
    const struct rb_json j = rb_json_reader(item);
    struct rb_json properties;
    struct rb_slice out = {NULL, 0};
    if (name_in(r, j, "id", &out) || name_in(r, j, "identifier", &out)) return out;
    if (member(j, "properties", &properties)) (void)name_in(r, properties, "identifier", &out);
    return out;
}
static enum check_event next_geojson(struct check_reader *r, struct check_item *out) {
    enum rb_geo_event event = RB_GEO_MORE;
    struct rb_slice item = {NULL, 0};
    while (event == RB_GEO_MORE) {
        const bool between = r->geo.state == 0;
        size_t used = 0;
        struct rb_reject rj = {0};
        enum rb_err err = rb_geo_next(&r->geo, window(r), r->ended, &used, &event, &item, &rj);
        if (err != RB_OK) return damaged(r, between, err, &rj, out);
        r->at += used;
        if (event == RB_GEO_MORE && !fill(r)) return CHECK_IO;
    }
    if (event == RB_GEO_DONE) return CHECK_DONE;
    out->number = r->geo.items;
    out->offset = r->geo.offset - (size_t)(r->bytes + r->at - item.p);
    const enum rb_err err = rb_geo_read(item, &r->terms->how, &r->item, &out->f, &out->why);
    out->refused = err != RB_OK;
    out->why.offset += out->offset;
    if (err == RB_OK) out->id = id_of(r, item);
    return CHECK_ITEM;
}

/* ---- KML, CSV -----------------------------------------------------------------------------------
 */
static enum check_event next_kml(struct check_reader *r, struct check_item *out) {
    bool more = false;
    out->offset = r->kml.xml.at;
    const enum rb_err err =
        rb_kml_next(&r->kml, &r->terms->how, &r->item, &out->f, &more, &out->why);
    out->number = ++r->features;
    if (err == RB_OK) return more ? CHECK_ITEM : CHECK_DONE;
    if (!more) return refuse_rest(r, out, err, &out->why); /* of the XML itself */
    out->refused = true;
    return CHECK_ITEM;
}
static enum check_event next_csv(struct check_reader *r, struct check_item *out) {
    struct rb_site_row row;
    bool more = false;
    out->offset = r->csv.csv.at;
    out->number = r->csv.csv.row + 1;
    const enum rb_err err = rb_sitelist_next(&r->csv, &row, &more, &out->why);
    if (err != RB_OK) return refuse_rest(r, out, err, &out->why);
    if (!more) return CHECK_DONE;
    out->number = row.row;
    if (!row.ok) {
        out->refused = true;
        for (size_t i = row.findings_n; i-- > 0;)
            if (row.findings[i].refused)
                (void)rb_reject(&out->why, RB_ERR_MALFORMED, row.findings[i].clause,
                                row.findings[i].what, out->offset);
        return CHECK_ITEM;
    }
    struct rb_volume *v = rb_arena_alloc(&r->item, sizeof *v);
    if (v == NULL) {
        const enum rb_err full =
            rb_reject(&out->why, RB_ERR_LIMIT, "12.6.1", "no room", out->offset);
        return refuse_rest(r, out, full, &out->why);
    }
    *v = row.volume;
    out->f = (struct rb_feature){.title = row.name, .volumes_n = 1, .volumes = v};
    return CHECK_ITEM;
}

/* ---- what holds for all of them -----------------------------------------------------------------
 */
static bool class_of(const struct check_reader *r, const struct rb_feature *f,
                     enum rb_place_class *out) {
    const struct check_file *file = r->file;
    const bool protects =
        file->has_class && (file->class_ == RB_PLACE_TRUCE || file->class_ == RB_PLACE_NO_STRIKE);
    if (f->has_class && !(protects && f->class_ == RB_NOTICE_AREA))
        *out = (enum rb_place_class)f->class_;
    else if (file->has_class)
        *out = file->class_;
    else if (r->format == CSV)
        *out = RB_PLACE_SITE; /* a site list */
    else
        return false;
    return true;
}
/* what all of its volumes say; nothing, where one of them says something else */
static struct rb_slice declared_by(const struct rb_feature *f) {
    const struct rb_slice first = f->volumes[0].declared_by;
    for (size_t i = 1; i < f->volumes_n; i++)
        if (!rb_slice_eq(f->volumes[i].declared_by, first)) return rb_slice(NULL, 0);
    return first;
}
/* what the register would refuse (10.1) is refused here, where its place in the file is known */
static enum rb_err outlines(struct check_reader *r, const struct rb_feature *f,
                            struct rb_reject *rj) {
    for (size_t i = 0; i < f->volumes_n; i++) {
        const struct rb_outline *o;
        const size_t mark = rb_arena_mark(&r->scratch);
        const enum rb_err err = rb_outline_prepare(&f->volumes[i], &r->scratch, &o, rj);
        rb_arena_release(&r->scratch, mark);
        RB_TRY(err);
    }
    return RB_OK;
}
static enum rb_err judge(struct check_reader *r, struct check_item *it) {
    const struct rb_feature *f = &it->f;
    const struct rb_point_box *theatre = r->terms->has_theatre ? &r->terms->theatre : NULL;
    if (!class_of(r, f, &it->class_))
        return rb_reject(&it->why, RB_ERR_MALFORMED, "15.1.2",
                         "says no class: give the file's, as in FILE:site", it->offset);
    struct rb_reject why = {0};
    const enum rb_err err = outlines(r, f, &why);
    if (err != RB_OK) return rb_reject(&it->why, err, why.clause, why.what, it->offset);
    for (size_t i = 0; i < f->volumes_n; i++)
        it->pointed_out |= rb_volume_plausible(&f->volumes[i], theatre, NULL);
    if (!r->terms->by_file) it->declared_by = declared_by(f);
    if (it->id.n > CHECK_MAX_ID || !rb_name_ok(it->id)) it->id = rb_slice(NULL, 0);
    r->remarks |= f->remarks;
    return RB_OK;
}
static enum check_event next_of(struct check_reader *r, struct check_item *out) {
    if (!r->opened) {
        const enum check_event e = begin(r, out);
        if (e != CHECK_DONE) return e;
    }
    switch (r->format) {
    case GEOJSON:
        return next_geojson(r, out);
    case KML:
        return next_kml(r, out);
    case CSV:
        return next_csv(r, out);
    case UNKNOWN:
        break;
    }
    return CHECK_DONE; /* an empty file */
}
enum check_event check_reader_next(struct check_reader *r, struct check_item *out) {
    *out = (struct check_item){0};
    if (r->over) return CHECK_DONE;
    rb_arena_reset(&r->item);
    const enum check_event e = next_of(r, out);
    if (e == CHECK_ITEM && !out->refused) out->refused = judge(r, out) != RB_OK;
    return e;
}
