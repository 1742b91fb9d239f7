/* What changed between two versions of a text, paragraph by paragraph (spec 16.3.5). A paragraph is
 * the same where its bytes are; of two that stand in the place of one another it is said that one
 * became the other. */
#ifndef READBACK_TEXTDIFF_H
#define READBACK_TEXTDIFF_H
#include "readback/instrument.h"

enum rb_diff_type { RB_DIFF_SAME, RB_DIFF_CHANGED, RB_DIFF_REMOVED, RB_DIFF_ADDED };
const char *rb_diff_type_name(enum rb_diff_type t);
struct rb_diff_line {
    enum rb_diff_type type;
    uint16_t before, after; /* numbers from 1; 0 where there is none: ADDED, REMOVED */
};
struct rb_diff {
    size_t n;
    struct rb_diff_line *lines; /* in the order of the later version; in the arena */
};
/* RB_ERR_LIMIT: the arena has no room. Wants 2 bytes for each pair of paragraphs between the first
 * and the last that differ. */
enum rb_err rb_text_diff(const struct rb_text *before, const struct rb_text *after,
                         struct rb_arena *a, struct rb_diff *out) RB_MUST_USE;
#endif
