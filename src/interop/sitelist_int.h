/* Shared within the reader of site lists (spec 12.6). */
#ifndef READBACK_INTEROP_SITELIST_INT_H
#define READBACK_INTEROP_SITELIST_INT_H
#include "readback/sitelist.h"

/* without blanks (also U+00A0, U+200E, U+200F, U+FEFF) at both ends */
struct rb_slice sitelist_trim(struct rb_slice s);
/* Latin and Cyrillic letters small, blanks and '_' in a row one blank; cut to the room */
struct rb_slice sitelist_fold(struct rb_slice s, uint8_t *room, size_t cap);
/* the column that a heading means, RB_SITE_COLUMNS if none; *unit: one it names */
enum rb_site_column sitelist_column(struct rb_slice heading, enum rb_unit *unit);

void sitelist_find(struct rb_site_row *r, const struct rb_site_finding *f);
void sitelist_refuse(struct rb_site_row *r, enum rb_site_column c, const char *clause,
                     const char *what);
void sitelist_point_out(struct rb_site_row *r, enum rb_site_column c, const char *what);

/* the cells of a row into out; texts are copied into the list's arena where they were unquoted */
void sitelist_cells(struct rb_sitelist *l, const struct rb_slice *cells, size_t n,
                    struct rb_site_row *out, struct rb_coord *place);
/* doubles, swapped coordinates, outside of the theatre (12.6.8); then the row is known */
void sitelist_judge(struct rb_sitelist *l, struct rb_site_row *r,
                    const struct rb_coord *place);
#endif
