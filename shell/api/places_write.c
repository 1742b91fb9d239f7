/* GET /v1/channels/ID/places/file: the standing places that can be read here, as a file of another
 * format: ED-318, KML or a site list (spec 12.4, 12.6.9, 12.7.5). GeoJSON is view_places.c. */
#include <stdio.h>
#include <stdlib.h>
#include "readback/kml.h"
#include "readback/sitelist.h"
#include "view_places.h"

#define FILE_MAX ((size_t)64 << 20) /* address space; only what is written is touched */

enum file_format { AS_ED318, AS_KML, AS_CSV, FORMATS };
static const char *const format_words[FORMATS] = {"ed318", "kml", "csv"};
static const char *const class_words[] = {"operation", "exercise", "movement", "site", "area"};

#define ANY_CLASS (sizeof class_words / sizeof *class_words)
struct writing {
    struct rb_chan c;
    enum file_format format;
    size_t class_; /* or ANY_CLASS */
    struct rb_ed318_zone zone;
    char country[8], type[32], authority[808], purpose[32], language[16], separator[4];
    struct rb_writer w;
    struct rb_json_writer j;
    struct rb_sitelist_writer l;
    uint64_t remarks;
    json_int_t written, left_out;
};

/* ---- what is asked for --------------------------------------------------------------------------
 */

static bool one_word(struct rb_req *rq, const char *name, const char *const *words, size_t n,
                     size_t *at) {
    char buf[64];
    if (!rb_query(rq, name, buf, sizeof buf)) return true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(buf, words[i]) == 0) {
            *at = i;
            return true;
        }
    rb_fail_words(rq, RB_ERR_USAGE, name, "there is no such word here",
                  "spec/openapi.yaml lists them");
    return false;
}

static struct rb_slice said(struct rb_req *rq, const char *name, char *buf, size_t cap,
                            const char *if_not) {
    return rb_str(rb_query(rq, name, buf, cap) ? buf : if_not);
}

/* what ED-318 asks of a zone and a notice does not say: whoever exports says it */
static void get_zone(struct writing *f) {
    struct rb_req *rq = f->c.rq;
    f->zone = (struct rb_ed318_zone){
        .country = said(rq, "country", f->country, sizeof f->country, ""),
        .type = said(rq, "type", f->type, sizeof f->type, ""),
        .variant = rb_str("COMMON"),
        .authority = said(rq, "authority", f->authority, sizeof f->authority, ""),
        .purpose = said(rq, "purpose", f->purpose, sizeof f->purpose, "INFORMATION"),
        .language = said(rq, "language", f->language, sizeof f->language, "en")};
}

static bool get_wanted(struct writing *f) {
    struct rb_req *rq = f->c.rq;
    size_t format = FORMATS;
    f->class_ = ANY_CLASS;
    if (!one_word(rq, "format", format_words, FORMATS, &format) ||
        !one_word(rq, "class", class_words, ANY_CLASS, &f->class_))
        return false;
    if (format == FORMATS) {
        rb_fail_words(rq, RB_ERR_USAGE, "format", "say which format: ed318, kml or csv",
                      "/v1/channels/{channel}/geojson has GeoJSON");
        return false;
    }
    f->format = (enum file_format)format;
    const struct rb_slice mark = said(rq, "separator", f->separator, sizeof f->separator, ";");
    if (mark.n != 1 || strchr(";,\t", mark.p[0]) == NULL) {
        rb_fail_words(rq, RB_ERR_USAGE, "separator", "one of ; , and tab is wanted", NULL);
        return false;
    }
    /* a list with semicolons is one of a place where the comma is the decimal mark */
    f->l = (struct rb_sitelist_writer){&f->w, mark.p[0], mark.p[0] == ';'};
    get_zone(f);
    return true;
}

/* ---- one place ----------------------------------------------------------------------------------
 */

/* each circle is a row; an outline that is none has no place in such a list */
static void put_rows(struct writing *f, const struct rb_notice *n) {
    bool all = true;
    for (size_t i = 0; i < n->volumes_n; i++)
        all &= rb_sitelist_put(&f->l, n->title, n->text, &n->volumes[i], &f->remarks) == RB_OK;
    if (n->class_ != RB_NOTICE_SITE) f->remarks |= UINT64_C(1) << RB_REMARK_CLASS_UNSEEN;
    f->written += all;
    f->left_out += !all;
}

static enum rb_err put_feature(struct writing *f, const struct rb_hash *record,
                               const struct rb_notice *n) {
    const struct rb_feature feature = {.has_class = true,
                                       .class_ = n->class_,
                                       .title = n->title,
                                       .text = n->text,
                                       .volumes_n = n->volumes_n,
                                       .volumes = n->volumes};
    char id[8];
    enum rb_err err = RB_OK;
    snprintf(id, sizeof id, "%02X%02X%02X%X", record->b[0], record->b[1], record->b[2],
             record->b[3] >> 4); /* of 7 characters: the record's first digits */
    f->zone.identifier = rb_str(id);
    if (f->format == AS_KML)
        rb_kml_put(&f->w, &feature, &f->remarks);
    else
        err = rb_ed318_put(&f->j, &feature, &f->zone, &f->remarks);
    f->written += err == RB_OK;
    return err;
}

static enum rb_err put_place(struct writing *f, const struct rb_place_view *v) {
    const uint32_t order = rb_situation_find(f->c.s, &v->record);
    struct rb_placed p;
    enum rb_err err = RB_OK;
    if (order == RB_NOWHERE || !rb_placed_open(&f->c, order, &p)) {
        f->left_out++;
        return RB_OK;
    }
    if (f->format == AS_CSV)
        put_rows(f, &p.n);
    else
        err = put_feature(f, &v->record, &p.n);
    rb_opened_end(f->c.rq, &p.x);
    return err;
}

/* ---- the file -----------------------------------------------------------------------------------
 */

/* an exercise says so wherever it is opened */
static void put_begin(struct writing *f) {
    char name[RB_MAX_NAME + 16];
    const struct rb_slice title = f->c.charter->title;
    snprintf(name, sizeof name, "%s%.*s", f->c.v.book->exercise ? "EXERCISE: " : "", (int)title.n,
             title.n ? (const char *)title.p : "");
    if (f->format == AS_CSV) rb_sitelist_put_begin(&f->l);
    if (f->format == AS_KML) rb_kml_put_begin(&f->w, rb_str(name));
    if (f->format == AS_ED318) rb_geo_put_begin(&f->j, rb_str(name));
}
static void put_end(struct writing *f) {
    if (f->format == AS_KML) rb_kml_put_end(&f->w);
    if (f->format == AS_ED318) rb_geo_put_end(&f->j);
}

static bool wants(const struct writing *f, const struct rb_place_view *v) {
    return v->stands && (f->class_ == ANY_CLASS || (size_t)v->class_ == f->class_);
}
static enum rb_err put_file(struct writing *f) {
    struct rb_place_view v;
    const size_t n = rb_places_known(&f->c);
    put_begin(f);
    for (size_t i = 0; i < n && !f->w.over; i++)
        if (rb_place_at(&f->c, i, &v) && wants(f, &v)) RB_TRY(put_place(f, &v));
    put_end(f);
    return f->w.over ? RB_ERR_LIMIT : RB_OK;
}

static json_t *remarks_json(uint64_t remarks) {
    json_t *out = json_array();
    for (unsigned i = 0; i < RB_REMARKS; i++) {
        if (!(remarks >> i & 1)) continue;
        json_t *o = json_object();
        rb_j_put(o, "word", json_string(rb_remark_word((enum rb_remark)i)));
        rb_j_put(o, "sentence", json_string(rb_remark_text((enum rb_remark)i)));
        json_array_append_new(out, o);
    }
    return out;
}

static void reply(struct writing *f) {
    struct rb_register_terms t;
    struct rb_req *rq = f->c.rq;
    const enum rb_err err = rb_node_terms(rq->node, f->c.v.id, rq->at_utc_ms, &t);
    if (err != RB_OK) {
        rb_fail_words(rq, err, "channel", "the channel's places could not be looked at", NULL);
        return;
    }
    json_t *o = rb_chan_head(&f->c);
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "format", json_string(format_words[f->format]));
    rb_j_put(o, "text", rb_j_text(&f->w));
    rb_j_put(o, "written", json_integer(f->written));
    rb_j_put(o, "left_out", json_integer(f->left_out));
    rb_j_put(o, "unreadable", json_integer((json_int_t)t.unreadable));
    rb_j_put(o, "malformed", json_integer((json_int_t)t.malformed));
    rb_j_put(o, "remarks", remarks_json(f->remarks));
    rb_reply(rq, 200, o);
}

void rb_get_places_file(struct rb_req *rq) {
    struct writing f = {.c = {.rq = rq}};
    if (!rb_chan_open(rq, rq->part[1], &f.c) || !get_wanted(&f)) return;
    uint8_t *room = malloc(FILE_MAX);
    if (room == NULL) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    f.w = rb_writer(room, FILE_MAX);
    f.j = rb_json_writer(&f.w);
    const enum rb_err err = put_file(&f);
    if (err == RB_OK)
        reply(&f);
    else if (err == RB_ERR_USAGE)
        rb_fail_words(rq, err, "type",
                      "ED-318 wants more than a notice says: country (3 letters), type, authority, "
                      "purpose",
                      "type: PROHIBITED, REQ_AUTHORIZATION, CONDITIONAL, ...; spec/openapi.yaml");
    else
        rb_fail_words(rq, err, NULL, "too many places for one file",
                      "ask for one class of them at a time");
    rb_wipe(room, f.w.n);
    free(room);
}
