/* A small world for tests of the local API: real nodes in the simulator. North and south compared cards;
 * east was introduced by the charter alone. Texts, and attachments of north's second channel if there is
 * one, need two officers. Each test file runs in a world of its own. */
#ifndef RB_TEST_API_WORLD_H
#define RB_TEST_API_WORLD_H
#include "sim/sim.h"

#define START_UTC_MS 1443621600000 /* 2015-09-30T14:00:00Z */
#define SECOND UINT64_C(1000000)
#define CANARY "quail-in-the-well"

extern struct sim *sim;
extern struct sim_party *north, *south, *east;
extern char channel[64];
extern size_t alerts_with_canary;
extern const char *charter_more; /* JSON object of further fields of the charter; NULL: none */

json_t *body_of(const char *json); /* in it, ' is " */
int world_begin(void **state);
int world_end(void **state);
void settle(void); /* half a minute passes; no rule of the simulator was broken */

/* answers: the caller's to free; `in` is taken */
int call(struct sim_party *p, const char *method, const char *path, json_t *in, json_t **out);
json_t *get(struct sim_party *p, const char *fmt, const char *arg); /* 200, or the test fails */
void expect(int status, int want, const json_t *out);
const char *str(const json_t *o, const char *key); /* "" where it is none */
const char *code(const json_t *o);
bool has(const json_t *list, const char *word);
bool contains(const json_t *o, const char *word); /* anywhere in it */
const json_t *warning(const json_t *composed, const char *name);
const json_t *holder_of(const json_t *record, const char *handle);
json_t *commitments(struct sim_party *p, const char *id);
/* how many of all answers that `p` can get about the channel and this record hold the word */
size_t walk(struct sim_party *p, const char *id, const char *word);

/* drafts: body and recipients are taken and may be NULL */
json_t *draft(const char *kind, json_t *body, json_t *recipients);
json_t *again(const char *kind, const char *id, const char *to);
json_t *site(const char *title);
json_t *open_words(void);
json_t *words(const char *title); /* a statement that says CANARY */
int release_by(struct sim_party *p, size_t officer, json_t *d, json_t **out);
void released(struct sim_party *p, json_t *d, char id[65]);
/* what submit takes of a composed record: {payload, signers, sealed} */
json_t *signed_by(struct sim_party *p, json_t *composed);
void released_by_two(struct sim_party *p, json_t *d, char id[65]);
#endif
