/* What can be pointed out of cessations from their bodies alone (design §8, spec 16.4.6): before
 * one is released, and of those that are there. Pure. */
#ifndef READBACK_TRUCE_H
#define READBACK_TRUCE_H
#include "readback/instrument.h"
#include "readback/verdict.h"

/* The length that its words state less that from start to end; 0: the same, or one of them is not
 * stated. "72 hours" from 01:00 on the 6th to 24:00 on the 8th: an hour, for these are 71. */
int64_t rb_cessation_length_differs_ms(const struct rb_cessation *c);
/* of which it says that they are bound: its parties, or else its author */
uint64_t rb_cessation_parties(const struct rb_cessation *c, uint16_t author);
/* An extension: from the end of what it extends to its start; 0: none, or that one has no end. */
int64_t rb_cessation_gap_ms(const struct rb_cessation *extended,
                            const struct rb_cessation *extension);

/* Do two overlap in time and area, with other parties? RB_ANSWER_NONE_FOUND: the parties are the
 * same, or the times have nothing in common, or the areas. RB_ANSWER_NOT_EXCLUDED: one states no
 * area, or it cannot be told of the areas (10.3.2). RB_ANSWER_CONFLICT: they do. `a_parties`,
 * `b_parties`: members by bits. The charter's terrain is that of `terms`, whose stand-off is not
 * asked for; the work is bounded by its looks. RB_ERR_MALFORMED, RB_ERR_LIMIT as of
 * rb_extent_prepare: *out is untouched; what was taken of the arena is given back. */
enum rb_err rb_cessations_overlap(const struct rb_cessation *a, uint64_t a_parties,
                                  const struct rb_cessation *b, uint64_t b_parties,
                                  const struct rb_verdict_terms *terms, struct rb_arena *work,
                                  enum rb_answer *out, struct rb_reject *rj) RB_MUST_USE;
#endif
