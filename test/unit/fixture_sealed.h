/* Closed records in the fixture's world: sealed as a shell would, or as an author who seals badly
 * or lies; and what tests of them look at. */
#ifndef FIXTURE_SEALED_H
#define FIXTURE_SEALED_H
#include "fixture_node.h"
#include "readback/age.h"
#include "readback/sealed.h"

/* A closed record: sealed by the test as a shell would; `recipients` with the author. The faults
 * are those of an author who seals badly or lies. */
enum fn_fault { FN_WELL, FN_CUT, FN_CHANGED, FN_OTHER_KEY, FN_OTHER_BODY, FN_NOT_A_HEAD };
struct fn_closed {
    enum rb_kind kind;
    struct rb_slice body, content; /* content: attachments */
    uint64_t recipients;
    enum fn_fault fault;
    bool staged; /* the ciphertext is handed over as staged bytes */
    const struct rb_hash *answers, *supersedes;
    bool despite;
};
enum rb_err fn_say_closed(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                          const struct fn_closed *c, size_t signers, struct rb_hash *id);
/* the second officer signs the only draft, which the shell has opened again */
enum rb_err fn_second(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                      struct rb_hash *id);
/* what was sealed last: ciphertext, its hash, head */
struct fn_sealed {
    uint8_t *cipher, *head;
    size_t cipher_n, head_n;
    struct rb_hash hash, content;
};
extern struct fn_sealed fn_last;
extern const struct fn_sealed
    *fn_resay; /* where set, this is said again instead of being sealed anew */
struct rb_body_view fn_body(struct fn_party *p, const uint8_t channel[16],
                            const struct rb_hash *id);
/* bytes stored of a body under that hash, of whatever member */
size_t fn_stored(const struct fn_party *p, const struct rb_hash *hash);

/* ---- for tests with cmocka (fixture_body.c)
 * ------------------------------------------------------- */
#define ALFA 1u
#define BRAVO 2u
#define CHARLIE 4u
#define DELTA 8u

/* what went by since fs_world4 */
struct fs_seen {
    const struct fn_party *of; /* whose effects are searched for ciphertext */
    size_t bytes;              /* of them: that have some, or store, load or open a body */
    size_t posts, gets;        /* requests of all that hand over or ask for bodies */
    const char *order[64];     /* posts of bodies and pushes, as they came */
    size_t order_n;
};
extern struct fs_seen fs_seen;
struct rb_slice fs_statement(const char *text);
enum rb_err fs_say(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to,
                   enum fn_fault fault, struct rb_hash *id);
enum rb_err fs_attach(struct fn_world *w, size_t who, const uint8_t ch[16], uint64_t to, size_t n,
                      bool staged, struct rb_hash *id);
enum rb_body_state fs_state_at(struct fn_world *w, size_t who, const uint8_t ch[16],
                               const struct rb_hash *id);
bool fs_held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
             uint16_t member);
/* as `at` sees it: does a receipt of the member say that it holds the body? */
bool fs_body_held(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id,
                  uint16_t member);
/* service records of a type about a record, in the feed of `member` as `at` holds it */
size_t fs_services(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member,
                   enum rb_service_type type, const struct rb_hash *about);
/* the latest receipt of `member` about bodies of `of`: is the leaf among the missing; *size said */
bool fs_listed(struct fn_world *w, size_t at, const uint8_t ch[16], uint16_t member, uint16_t of,
               uint64_t leaf, uint64_t *size);
uint64_t fs_leaf_of(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id);
struct fn_world *fs_world4(uint8_t ch[16]);
void fs_end(struct fn_world *w);
/* ---- asking and giving by hand -----------------------------------------------------------------
 */
const char *fs_query_of(const uint8_t ch[16], unsigned member, const struct rb_hash *h,
                        uint64_t from);
void fs_expect_404(struct fn_world *w);
struct rb_slice fs_entry(unsigned member, const struct rb_hash *h, uint64_t size, uint64_t from,
                         struct rb_slice bytes);
uint64_t fs_have_said(struct fn_world *w);
enum rb_err fs_purge(struct fn_world *w, struct fn_party *p, const uint8_t ch[16],
                     const struct rb_hash *id, const char *reason);
#endif
