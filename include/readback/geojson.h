/* Places as GeoJSON (RFC 7946), ED-318 and ED-269, in and out (spec 12.2 to 12.5). Pure; text is
 * read where it lies, what is built of it is in the caller's arena.
 *
 * A file is cut into items by rb_geo_next, one at a time and in bounded memory; an item is read into
 * a struct rb_feature: what a notice needs (3.6.10), volumes checked by 3.7. What the file says and
 * a notice cannot carry, what was changed on the way, and what other programs will not see in a
 * written file is told by the bits of `remarks`; nothing is dropped without its bit.
 *
 * Errors: RB_ERR_MALFORMED with a clause of 12.1 to 12.5 or 3.7 and the byte in the item;
 * RB_ERR_LIMIT: too many volumes, points, bytes, or the arena is full; RB_ERR_USAGE: a caller of a
 * writer left out what the format needs. On error *out is untouched. */
#ifndef READBACK_GEOJSON_H
#define READBACK_GEOJSON_H
#include "readback/json.h"
#include "readback/record.h"
#include "readback/volume.h"

/* name, whom it is about (r: what was read, not carried; p: what was read, to be pointed out; w: what
 * was written, not seen by other programs), word for machines, sentence for a person */
#define RB_REMARK_LIST(X)                                                                          \
    X(IDENTIFIER, 'r', "identifier", "its number or code in the file it comes from")               \
    X(ZONE, 'r', "zone", "what kind of zone it is and under which conditions one may enter")       \
    X(REASON, 'r', "reason", "why the zone exists")                                                \
    X(AUTHORITY, 'r', "authority", "who is responsible for the zone and how to reach them")        \
    X(SCHEDULE, 'r', "schedule",                                                                   \
      "hours of the day or days of the week: the whole period is taken")                           \
    X(LANGUAGES, 'r', "languages", "names or messages in further languages")                       \
    X(SOURCE, 'r', "source", "when and by whom the data were made")                                \
    X(PROPERTIES, 'r', "properties", "further properties")                                         \
    X(POINT_HEIGHTS, 'r', "point-heights", "heights of single points")                             \
    X(COLLECTION, 'r', "collection", "what the file says about all of its places together")        \
    X(LOOK, 'r', "look", "style, view, pictures and links")                                        \
    X(MOMENT, 'r', "moment", "a single moment: no period is taken from it")                        \
    X(ROUNDED, 'p', "rounded", "digits finer than a billionth of a degree or a millimetre")        \
    X(REPEATED, 'p', "repeated", "a point that came twice in a row was taken once")                \
    X(SHORTER_WAY, 'p', "shorter-way",                                                             \
      "an edge spans more than 180 degrees: it was taken to go over the antimeridian")             \
    X(JOINED, 'p', "joined", "parts cut at the antimeridian were joined again")                    \
    X(CLEANED, 'p', "cleaned", "a name or text was shortened or lost characters it cannot have")   \
    X(OLD_NAMESPACE, 'p', "old-namespace", "an older KML than 2.2: read as 2.2")                   \
    X(EDGES_UNSEEN, 'w', "edges-unseen",                                                           \
      "how the edges run: other programs take them as straight in longitude and latitude")         \
    X(RADIUS_UNSEEN, 'w', "radius-unseen", "the radius: other programs see a point")               \
    X(WIDTH_UNSEEN, 'w', "width-unseen", "the width of a corridor: other programs see a line")     \
    X(LEVELS_UNSEEN, 'w', "levels-unseen", "flight levels: other programs see no limit there")     \
    X(BAND_UNSEEN, 'w', "band-unseen", "limits of altitude: other programs see none")              \
    X(TIMES_UNSEEN, 'w', "times-unseen", "times: other programs see none")                         \
    X(SURVEY_UNSEEN, 'w', "survey-unseen",                                                         \
      "accuracy, survey, who declared or recognised it, military use, the value as entered")       \
    X(CLASS_UNSEEN, 'w', "class-unseen", "the class of the notice")                                \
    X(TEXT_UNSEEN, 'w', "text-unseen", "a part of the name or the text")                           \
    X(NOT_CUT, 'w', "not-cut",                                                                     \
      "it goes over the antimeridian or a pole in one piece: other programs may draw it wrongly")
enum rb_remark {
#define X(name, side, word, text) RB_REMARK_##name,
    RB_REMARK_LIST(X)
#undef X
    RB_REMARKS
};
const char *rb_remark_word(enum rb_remark r);
const char *rb_remark_text(enum rb_remark r);
char rb_remark_side(enum rb_remark r); /* 'r', 'p', 'w' */

struct rb_feature {
    bool has_class; /* only files of ours say it */
    enum rb_notice_class class_;
    struct rb_slice title; /* a name (3.5.5) or empty */
    struct rb_slice text;  /* text (3.5.5) or empty */
    size_t volumes_n;      /* 1 to RB_MAX_VOLUMES */
    struct rb_volume *volumes;
    uint64_t remarks; /* bit 1 << enum rb_remark */
};

/* What a file leaves open and the person says. */
struct rb_import {
    bool has_edges; /* how edges run; plain GeoJSON and KML mean straight in longitude/latitude,
                       ED-318 and ED-269 do not say and are refused without (12.4.2) */
    enum rb_edges edges;
    uint64_t radius_mm;        /* of points without one; 0: they are refused */
    uint64_t half_width_mm;    /* of lines without one; 0: they are refused */
    struct rb_slice language;  /* of names given in several; empty or absent there: the first */
};

/* ---- a file, item by item (12.2) ---- */

#define RB_MAX_GEO_ITEM (1u << 20) /* bytes of one feature, and of what stands before the first */
#define RB_GEO_ARENA (4u << 20)    /* an arena of this size is enough for any feature */

enum rb_geo_event {
    RB_GEO_ITEM, /* *item is one feature, within the window */
    RB_GEO_MORE, /* nothing can be said before more bytes are there */
    RB_GEO_DONE  /* the file is over */
};
/* begins zeroed */
struct rb_geo_stream {
    int state;
    bool follows;     /* an item of this collection came already */
    uint64_t offset;  /* bytes of the file before the window */
    uint64_t items;
    uint64_t remarks; /* RB_REMARK_COLLECTION */
};
/* A window of the file: all bytes from s->offset on, as many as are there; last: the file ends with
 * it. Taken are collections (also the UASZoneList of ED-269), single items, and items one behind the
 * other: newline-delimited or RFC 8142. *used bytes are done with once *item was looked at and leave
 * the window before the next call. Offsets of refusals are those of the file.
 * A window of 2 * RB_MAX_GEO_ITEM is never too small; RB_ERR_LIMIT by 12.2.2. */
enum rb_err rb_geo_next(struct rb_geo_stream *s, struct rb_slice window, bool last, size_t *used,
                        enum rb_geo_event *event, struct rb_slice *item,
                        struct rb_reject *rj) RB_MUST_USE;

/* ---- one item ---- */

enum rb_geo_format { RB_GEO_PLAIN, RB_GEO_ED318, RB_GEO_ED269 };
/* by the members it has */
enum rb_err rb_geo_format(struct rb_slice item, enum rb_geo_format *out,
                          struct rb_reject *rj) RB_MUST_USE;
/* plain GeoJSON: a feature or a geometry alone (12.3) */
enum rb_err rb_geojson_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                            struct rb_feature *out, struct rb_reject *rj) RB_MUST_USE;
/* a UASZone as a feature (12.4) */
enum rb_err rb_ed318_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                          struct rb_feature *out, struct rb_reject *rj) RB_MUST_USE;
/* an element of a UASZoneList (12.5) */
enum rb_err rb_ed269_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                          struct rb_feature *out, struct rb_reject *rj) RB_MUST_USE;
/* whichever of them it is */
enum rb_err rb_geo_read(struct rb_slice item, const struct rb_import *how, struct rb_arena *a,
                        struct rb_feature *out, struct rb_reject *rj) RB_MUST_USE;

/* ---- writing ---- */

/* {"type":"FeatureCollection","name":...,"features":[ ... ]}; name may be empty */
void rb_geo_put_begin(struct rb_json_writer *j, struct rb_slice name);
void rb_geo_put_end(struct rb_json_writer *j);
/* One feature. Volumes must hold rb_volume_check. *remarks gets the bits of side 'w'. */
void rb_geojson_put(struct rb_json_writer *j, const struct rb_feature *f, uint64_t *remarks);

/* what ED-318 asks of each zone and a notice does not say */
struct rb_ed318_zone {
    struct rb_slice identifier; /* 1 to 7 characters */
    struct rb_slice country;    /* 3 characters, ISO 3166-1 */
    struct rb_slice type;       /* "PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL", ... */
    struct rb_slice variant;    /* "COMMON" or "CUSTOMIZED" */
    struct rb_slice authority;  /* name, at most 200 characters; may be empty */
    struct rb_slice purpose;    /* "AUTHORIZATION", "NOTIFICATION", "INFORMATION" */
    struct rb_slice language;   /* of name and text, at most 5 characters */
};
/* RB_ERR_USAGE: zone does not keep the bounds above; nothing is written then */
enum rb_err rb_ed318_put(struct rb_json_writer *j, const struct rb_feature *f,
                         const struct rb_ed318_zone *zone, uint64_t *remarks) RB_MUST_USE;
#endif
