/* A small world for tests of the book and the situation: parties with keys from fixed seeds, cards,
 * a charter, feeds with real signatures, cosignatures. The world holds what was said; books are
 * founded and fed from it in any order.
 *
 *   struct fx *w = fx_new(3);                       // party 0 proposes; all must accept
 *   w->charter.answer_ms[RB_FLASH] = 60000;         // change what you like before fx_found
 *   fx_found(w);                                    // feeds (0,0) (1,0) (2,0), charter,
 * delegations fx_accept_all(w);                               // accepted, receipted by the others:
 * in force struct rb_record r = fx_record(w, RB_KIND_STATEMENT); struct rb_hash id = fx_say(w, 1,
 * &r);           // signed by officer 0 of party 1 struct rb_book *b = fx_book(w); // a book that
 * holds it all struct rb_situation *s = fx_fold(w, b, now); fx_free(w);
 *
 * Everything asserts: a fixture that fails is a failed test. */
#ifndef READBACK_TEST_FIXTURE_BOOK_H
#define READBACK_TEST_FIXTURE_BOOK_H
#include "readback/rules.h"
#include "readback/sealed.h"

#define FX_PARTIES 16u
#define FX_FEEDS 24u
#define FX_LEAVES 256u
#define FX_HELD_AS 4096u /* feeds of all books of a world */
#define FX_START_MS 1800000000000ll /* the clock of a new world; each record adds a second */

enum fx_sign { FX_OFFICER = 0, FX_SECOND, FX_BOTH, FX_NODE, FX_STRANGER, FX_BROKEN };

struct fx_party {
    char handle[33];
    struct rb_seckey party, mirror, node, tls, officer[2];
    struct rb_key age;
    uint64_t version;
    struct rb_slice card; /* signed, the latest made */
};
struct fx_feed {
    uint16_t member, epoch;
    bool aside; /* another history of the feed is the one that is spoken in now */
    struct rb_seckey log;
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    struct rb_slice delegation;
    struct rb_tree tree;
    size_t n;
    struct rb_slice leaf[FX_LEAVES];
    struct rb_hash id[FX_LEAVES];
    struct rb_slice head[FX_LEAVES]; /* of closed records: the head that the leaf commits to */
};
struct fx_held_as { /* under which of its feeds a book has a history of the world */
    const struct rb_book *b;
    const struct fx_feed *f;
    struct rb_feed *held;
};
struct fx {
    void *memory, *books_memory, *fold_memory;
    struct rb_arena arena; /* all bytes of the world */
    struct rb_region region, books;
    struct rb_arena work, folds;
    size_t parties_n;
    struct fx_party party[FX_PARTIES];
    struct rb_charter charter; /* before fx_found: all parties, all must accept, rules version 1 */
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_slice charter_leaf;
    struct rb_hash charter_id;
    int64_t clock_ms;
    size_t feeds_n;
    struct fx_feed *feed[FX_FEEDS];
    size_t held_as_n;
    struct fx_held_as held_as[FX_HELD_AS];
};

struct fx *fx_new(size_t parties);
void fx_free(struct fx *w);
/* forgets what was said and all books; parties and their keys stay, the charter is the default */
void fx_reset(struct fx *w, size_t parties);
void fx_party_make(struct fx *w, size_t i); /* keys and card of party i; fx_new makes the first n */
/* a new signed card of the party from its present keys */
struct rb_slice fx_card(struct fx *w, size_t i);
void fx_found(struct fx *w);
/* another feed of the member: its delegation is leaf 0 */
struct fx_feed *fx_open(struct fx *w, uint16_t member, uint16_t epoch);
/* the history of the feed that is spoken in now */
struct fx_feed *fx_feed_of(struct fx *w, uint16_t member, uint16_t epoch);
/* Another history of the feed, which shares its first leaves; from now on it is the one that is said
 * in, seen, cosigned. fx_turn goes back to one that was there. */
struct fx_feed *fx_fork(struct fx *w, struct fx_feed *of, size_t leaves);
void fx_turn(struct fx *w, struct fx_feed *to);

/* ---- saying things ----------------------------------------------------------------------------
 */
/* a record of the kind with a valid small body, created now (the clock moves on); roster and
 * attachment are to be closed before they are said */
struct rb_record fx_record(struct fx *w, enum rb_kind kind);
struct rb_record fx_purge(struct fx *w, const struct rb_hash *subject);
struct rb_record fx_notice(struct fx *w, enum rb_notice_class class_);
/* demands an answer of all by so many ms after it was made */
struct rb_record fx_stop_fire(struct fx *w, int64_t within_ms);
/* a query has a play-back */
struct rb_record fx_position(struct fx *w, const struct rb_hash *subject, enum rb_position_type t);
/* a text of two paragraphs: previous, adoption, pen and brackets of `t` */
struct rb_record fx_text(struct fx *w, const struct rb_text *t);
struct rb_record fx_membership(struct fx *w, enum rb_membership_action a);
struct rb_record fx_test(struct fx *w, int64_t slot_utc_ms);
struct rb_record fx_carried(struct fx *w, enum rb_kind kind, struct rb_slice signed_body);
struct rb_record fx_amendment(struct fx *w, const struct rb_hash *previous,
                              const struct rb_charter *c);
struct rb_record fx_receipt(struct fx *w, const struct rb_receipt *r);
/* Closed to these: what says it seals the body, with real commitments to a head made of it, under a
 * made-up ciphertext. A record that has commitments was really sealed, and is said as it is. */
void fx_close(struct rb_record *rec, uint64_t recipients);
void fx_ref(struct rb_record *rec, enum rb_ref type, const struct rb_hash *id);
/* adds an entry and makes the digest again from the world's trees; larger sizes than the world has
 * give a digest that checks nowhere */
void fx_see(struct fx *w, struct rb_record *rec, uint16_t member, uint16_t epoch, uint64_t size);
struct rb_slice fx_statement(struct fx *w, const struct fx_party *p, struct rb_slice payload);

/* signs, appends to the world's feed, returns the leaf hash; epoch 0, machine kinds by the node key
 */
struct rb_hash fx_say(struct fx *w, uint16_t member, const struct rb_record *rec);
struct rb_hash fx_say_as(struct fx *w, uint16_t member, uint16_t epoch, const struct rb_record *rec,
                         enum fx_sign how);
/* appends any bytes as a leaf */
struct rb_hash fx_append(struct fx *w, uint16_t member, uint16_t epoch, struct rb_slice leaf);
struct rb_receipt_cosig fx_cosign(struct fx *w, uint16_t member, uint16_t epoch, uint64_t size,
                                  uint16_t cosigner, uint64_t time_s);
/* the author logs that cosigner holds its feed up to the present size since T */
struct rb_hash fx_held(struct fx *w, uint16_t author, uint16_t cosigner, uint64_t time_s);
/* Each but the proposer accepts, the proposer's cosignature over it is logged by its author, T one
 * second after `created`; then each says, by a nil record, that it has seen all of it: what is said
 * later comes after the charter came into force. */
void fx_accept_all(struct fx *w);
struct rb_hash fx_accept(struct fx *w, uint16_t member);

/* ---- books ------------------------------------------------------------------------------------
 */
struct rb_book *fx_book_empty(struct fx *w);
/* what the book has that history as; NULL: it has none of it */
struct rb_feed *fx_book_feed(const struct fx *w, const struct rb_book *b, const struct fx_feed *f);
/* Feeds the next leaf of the world's feed; opens the feed first, as a branch where another history of
 * it is there. false: nothing left */
bool fx_book_next(struct fx *w, struct rb_book *b, const struct fx_feed *f, int trusted_mark);
struct rb_book *fx_book(struct fx *w); /* all there is, feed by feed */
/* the head of a closed record's leaf is checked against it and its body opened */
void fx_unseal(struct fx *w, struct rb_book *b, const struct fx_feed *f, size_t leaf);
/* all that the member is a recipient of and that is in the book */
void fx_unseal_for(struct fx *w, struct rb_book *b, uint16_t member);
struct rb_situation *fx_fold(struct fx *w, struct rb_book *b, int64_t now_utc_ms);
struct rb_slice fx_encode(struct fx *w, const struct rb_situation *s);
/* place in the order, and the final mark, of a record */
uint32_t fx_place(const struct rb_situation *s, const struct rb_hash *id);
enum rb_mark fx_mark(const struct rb_situation *s, const struct rb_hash *id);
/* fold of a new book over everything at the world's clock: the mark of one record */
enum rb_mark fx_mark_now(struct fx *w, const struct rb_hash *id);
#endif
