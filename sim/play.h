/* What the player's verbs share. */
#ifndef RB_SIM_PLAY_H
#define RB_SIM_PLAY_H
#include "exercise.h"

/* what a step came to */
struct outcome {
    int status;
    json_t *answer;   /* may be NULL */
    char text[640];   /* for the transcript */
    bool quiet;       /* nothing to tell */
};

struct rb_client play_client(struct play *p, int party);
int play_by(const struct play *p, const json_t *step);
/* the id of the channel that the step names */
const char *play_channel(const struct play *p, const json_t *step);
/* What a step speaks of may still be on its way to the party: it waits for it, as a person would. */
void play_wait_for(struct play *p, int by, const char *what, const char *name);
/* composes, signs, releases; a second officer signs where the step names one */
void play_release(struct play *p, const json_t *step, const json_t *draft, struct outcome *o);

/* verbs about places (play_place.c) */
void play_check(struct play *p, const json_t *step, struct outcome *o);
void play_import(struct play *p, const json_t *step, struct outcome *o);
void play_back(struct play *p, const json_t *step, struct outcome *o);
/* what outsiders get, checked by their program (play_export.c) */
void play_export(struct play *p, const json_t *step, struct outcome *o);
void play_disclose(struct play *p, const json_t *step, struct outcome *o);
/* verbs about a node's disk and its feed (play_node.c) */
void play_links(struct play *p, const json_t *step, struct outcome *o);
void play_node(struct play *p, const json_t *step, struct outcome *o);
void play_copy(struct play *p, const json_t *step, struct outcome *o);
void play_restore(struct play *p, const json_t *step, struct outcome *o);
void play_epoch(struct play *p, const json_t *step, struct outcome *o);
/* POST /v1/records/RECORD/what, once the record is there; takes `in` */
void play_record_call(struct play *p, const json_t *step, const char *what, json_t *in, struct outcome *o);
/* eight digits of a hash */
const char *play_short(const char *hash, char buf[16]);
void play_keep(struct play *p, const char *name, const json_t *answer, const char *member);
#endif
