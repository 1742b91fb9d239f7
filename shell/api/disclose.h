/* A disclosure (spec 9.7): one record of a book, its place in its author's log, and as much of its
 * body as the caller has decided to show. Who may show what is not decided here. */
#ifndef RB_SHELL_API_DISCLOSE_H
#define RB_SHELL_API_DISCLOSE_H
#include "api.h"
#include "export_internal.h"
#include "readback/sealed.h"

#define RB_DISCLOSE_INLINE (8u << 20) /* content of an attachment within the file (9.7.6) */

enum rb_disclose_level { RB_LEVEL_WHOLE, RB_LEVEL_PARAGRAPHS, RB_LEVEL_FACT, RB_LEVEL_HASH };
struct rb_disclose {
    const struct rb_api_host *host;
    const struct rb_book *book;
    const struct rb_feed *feed;
    uint64_t at; /* leaf of the feed */
    enum rb_disclose_level level;
    struct rb_slice leaf;              /* all but RB_LEVEL_HASH */
    const struct rb_record *rec;       /* it, decoded; NULL at RB_LEVEL_HASH */
    const struct rb_sealed_head *head; /* of a closed body that is to be shown, else NULL */
    struct rb_body_ref body;           /* attachments: where the content is read from */
    uint64_t chosen[(RB_MAX_COMMITMENTS + 63) / 64]; /* RB_LEVEL_PARAGRAPHS: bit of each part */
    struct rb_arena *arena;
};
/* RB_ERR_STATE: no checkpoint covers the leaf yet; RB_ERR_PROOF: the body is not what the leaf
 * commits to; RB_ERR_NOT_FOUND: no card of the author's gives its signers; RB_ERR_LIMIT, and what
 * the host says. *why gets static words where it fails. Plaintext may remain in the arena: the
 * caller wipes it. */
enum rb_err rb_disclose(const struct rb_disclose *in, json_t **out, const char **why) RB_MUST_USE;

/* ---- the checkpoint (disclose_proof.c) ---- */
struct rb_disclose_line { /* one witness */
    uint16_t member;
    struct rb_vkey key;
    uint64_t time_s;
    uint8_t sig[72]; /* T and signature */
};
struct rb_disclose_proof {
    uint64_t size;
    struct rb_slice text; /* the .tlog-proof, in the arena */
    size_t lines_n;
    struct rb_disclose_line line[RB_MAX_MEMBERS]; /* by place among the members */
};
/* Of the checkpoints kept that cover the leaf, one with the most witnesses, and of these the
 * smallest; of each witness its earliest cosignature. RB_ERR_STATE, LIMIT, and what the host says.
 */
enum rb_err rb_disclose_prove(const struct rb_disclose *in,
                              struct rb_disclose_proof *out) RB_MUST_USE;

/* ---- parties (disclose_party.c) ---- */
struct rb_disclose_want { /* a key that must follow from what is shown of a party */
    enum rb_key_role role;
    uint8_t kid[RB_KID_LEN];
};
/* {card, statements}: the latest card that, with rotations behind it, gives all these keys; NULL:
 * none */
json_t *rb_disclose_party(const struct rb_disclose *in, uint16_t member,
                          const struct rb_disclose_want *want, size_t want_n);

/* ---- a record of a channel that is looked at (disclose.c) ---- */
struct rb_chan;
/* as far as the charter in force lets us show it */
enum rb_disclose_level rb_disclose_most(const struct rb_chan *c, const struct rb_feed *f,
                                        const struct rb_fact *fact);
/* NULL: replied with the reason */
json_t *rb_disclose_at(struct rb_chan *c, uint32_t order, enum rb_disclose_level level);

/* ---- a text with what was said of it (disclose_adoption.c; 9.7.9) ---- */
/* whether the record is a text of which this can be shown; replies where not */
bool rb_adoption_may(struct rb_chan *c, uint32_t order);
/* takes the text's disclosure, and sets charter and positions beside it. NULL: replied */
json_t *rb_adoption_file(struct rb_chan *c, uint32_t order, json_t *text);
#endif
