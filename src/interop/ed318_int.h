/* What the reader and the writer of ED-318 share (spec 12.4). */
#ifndef READBACK_INTEROP_ED318_INT_H
#define READBACK_INTEROP_ED318_INT_H
#include "geojson_int.h"

extern const char *const ed318_types[], *const ed318_variants[], *const ed318_purposes[];
size_t ed318_characters(struct rb_slice s); /* of UTF-8 */
#define ED318_SHORT_TEXT 200u               /* characters of a name, a message, an authority */

struct ed318_periods {
    size_t n;
    struct rb_volume of[RB_MAX_VOLUMES]; /* only their times */
};
enum rb_err ed318_read_periods(struct geo *g, struct rb_json j, struct ed318_periods *out);
/* each volume at the period it names, or each of them at each period; none: always */
enum rb_err ed318_apply_periods(struct geo *g, const struct ed318_periods *p, size_t at);
#endif
