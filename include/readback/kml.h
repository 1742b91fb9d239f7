/* Places as KML 2.2, in and out (spec 12.7), over a small strict reader of XML. Pure; the file lies
 * in memory, what is built of it is in the caller's arena.
 *
 * Errors: RB_ERR_MALFORMED by 12.7.1 (the XML; nothing more can be read), by 12.7.2 and on, 12.2, 12.3
 * or 3.7 (one placemark; the next can be asked for), with the byte in the file; RB_ERR_LIMIT. */
#ifndef READBACK_KML_H
#define READBACK_KML_H
#include "readback/geojson.h"

#define RB_MAX_KML_FILE (16u << 20)
#define RB_MAX_XML_DEPTH 32u
#define RB_MAX_XML_ATTRIBUTES 16u
#define RB_MAX_XML_NAMESPACES 32u

/* ---- XML: no document type, no entities but the five and character references ---- */

enum rb_xml_type { RB_XML_START, RB_XML_TEXT, RB_XML_END, RB_XML_DONE };
struct rb_xml_attribute {
    struct rb_slice name; /* as written, with its prefix */
    struct rb_slice raw;
};
struct rb_xml_event {
    enum rb_xml_type type;
    size_t at;
    struct rb_slice name;      /* START, END: without prefix */
    struct rb_slice space;     /* the namespace; empty: none */
    struct rb_slice raw;       /* TEXT: as written */
    bool cdata;                /* TEXT: nothing in it is escaped */
    size_t attributes_n;       /* START */
    struct rb_xml_attribute attributes[RB_MAX_XML_ATTRIBUTES];
};
struct rb_xml {
    struct rb_slice in;
    size_t at;
    unsigned depth;
    bool rooted, empty_tag; /* the root was seen; <x/> still to be closed */
    struct rb_slice open[RB_MAX_XML_DEPTH];
    size_t spaces_n;
    struct {
        struct rb_slice prefix, uri;
        unsigned depth;
    } spaces[RB_MAX_XML_NAMESPACES];
};
/* RB_ERR_MALFORMED 12.7.1: not UTF-8, control characters, another encoding declared */
enum rb_err rb_xml_open(struct rb_xml *x, struct rb_slice in, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_xml_next(struct rb_xml *x, struct rb_xml_event *out, struct rb_reject *rj) RB_MUST_USE;
/* from just behind a START to behind its END */
enum rb_err rb_xml_skip(struct rb_xml *x, struct rb_reject *rj) RB_MUST_USE;
/* text without its escapes */
void rb_xml_put_plain(struct rb_writer *w, struct rb_slice raw, bool cdata);
/* text with the escapes it needs, in an element or in quotes */
void rb_xml_put_text(struct rb_writer *w, struct rb_slice text);

/* ---- KML ---- */

struct rb_kml {
    struct rb_xml xml;
    uint64_t remarks; /* about the file: RB_REMARK_LOOK, COLLECTION, OLD_NAMESPACE */
};
enum rb_err rb_kml_open(struct rb_kml *k, struct rb_slice file, struct rb_reject *rj) RB_MUST_USE;
/* The next placemark; *more is false behind the last. Edges are straight in longitude and latitude
 * unless how says otherwise. */
enum rb_err rb_kml_next(struct rb_kml *k, const struct rb_import *how, struct rb_arena *a,
                        struct rb_feature *out, bool *more, struct rb_reject *rj) RB_MUST_USE;

void rb_kml_put_begin(struct rb_writer *w, struct rb_slice name);
void rb_kml_put_end(struct rb_writer *w);
/* One placemark. Volumes must hold rb_volume_check. *remarks gets the bits of side 'w'. */
void rb_kml_put(struct rb_writer *w, const struct rb_feature *f, uint64_t *remarks);
#endif
