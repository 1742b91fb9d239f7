/* What stands beside the leaves in an export follows from them (spec 8.3): cards, mirror keys,
 * officers' keys, bodies signed by the party key. Writer and verifier ask here, so that neither can
 * leave out or add. `sizes` is parallel to book->feeds: only leaves below sizes[i] are looked at. */
#ifndef READBACK_EVIDENCE_H
#define READBACK_EVIDENCE_H
#include "readback/book.h"

struct rb_evidence_officer {
    struct rb_slice name; /* borrows from the card */
    size_t keys_n;        /* the card's, then each that a rotation put in its place */
    struct rb_key *keys;  /* arena */
};
struct rb_evidence_party {
    struct rb_slice card;   /* the latest signed card; borrows from the book */
    struct rb_card decoded; /* borrows from it */
    struct rb_hash party;
    char mirror_name[96];   /* name of its mirror's verifier keys */
    size_t mirrors_n;       /* every mirror key its cards and rotations named, in that order */
    struct rb_key *mirrors; /* arena */
    struct rb_evidence_officer officers[RB_MAX_OFFICERS]; /* decoded.officers_n of them */
};
/* RB_ERR_NOT_FOUND: no such member; RB_ERR_LIMIT: the arena is full */
enum rb_err rb_evidence_party(const struct rb_book *b, uint16_t member, const uint64_t *sizes,
                              struct rb_arena *a, struct rb_evidence_party *out) RB_MUST_USE;
/* the party-key body that opened the feed */
struct rb_slice rb_evidence_delegation(const struct rb_feed *f);
/* Does the leaf carry, unmarked, a further body that the feed's own party key signed: a rotation, a
 * revocation? (Cards have a file of their own; the bodies of other parties stand in records alone.) */
bool rb_evidence_statement(const struct rb_feed *f, uint64_t leaf, struct rb_slice *signed_body);
/* the verifier key of a mirror key of that party; borrows mirror_name */
void rb_evidence_mirror(const struct rb_evidence_party *p, size_t i, struct rb_vkey *out);
#endif
