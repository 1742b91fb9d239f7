/* The exercise player (spec/exercise-format.md). One file, two stages: the simulator and real daemons. */
#ifndef RB_SIM_EXERCISE_H
#define RB_SIM_EXERCISE_H
#include <jansson.h>
#include <stdio.h>
#include "shell/api/client.h"
#include "readback/text.h"

#define EX_MAX_PARTIES 32u

/* ---- the file ---------------------------------------------------------------------------------- */
struct exercise {
    char *dir;    /* where the file lies: what it names lies beside it */
    json_t *root; /* validated; steps, channels and expectations with "live" merged or dropped */
    const char *id, *title;
    int64_t start_utc_ms;
    uint64_t seed;
    bool live;
    int64_t live_limit_s;
    const char *verify; /* path of readback-verify; set by who plays; NULL: what is for outsiders is not checked */
};
/* false: why is a sentence with the place in the file */
bool ex_load(const char *path, bool live, struct exercise *out, char *why, size_t why_n);
void ex_free(struct exercise *ex);
size_t ex_parties(const struct exercise *ex);
const json_t *ex_party(const struct exercise *ex, size_t i);
/* index by handle; -1 */
int ex_party_index(const struct exercise *ex, const char *handle);
/* the truth rule (9.8); called by ex_load */
bool ex_truth(const struct exercise *ex, char *why, size_t why_n);
const char *ex_string(const json_t *o, const char *key); /* NULL if absent */
/* "+HH:MM:SS" or "-HH:MM:SS" */
bool ex_span(const char *z, int64_t *ms);
/* 9.6: "+HH:MM:SS" after the start, or RFC 3339 */
bool ex_time(const struct exercise *ex, const char *z, int64_t *utc_ms);

/* ---- variables and paths -------------------------------------------------------------------------- */
/* a copy with variables and times put in; NULL: why names the variable that is not set */
json_t *ex_fill(const struct exercise *ex, const json_t *vars, const json_t *in, char *why, size_t why_n);
/* all values that the path finds: a new list; NULL: the path does not read */
json_t *ex_find(const json_t *in, const char *path);
/* does the expectation hold for what was found? */
bool ex_holds(const json_t *expectation, const json_t *found);
/* RFC 7386 */
void ex_merge(json_t *into, const json_t *patch);
/* which of the operators it has; NULL if none or several */
const char *ex_operator(const json_t *expectation);

/* ---- the stage: where it is played ------------------------------------------------------------------ */
struct stage {
    void *ctx;
    const char *mode; /* "simulated", "live" */
    struct rb_client (*client)(void *ctx, size_t party);
    /* name NULL: the first officer. ctx of the key NULL: there is none */
    struct rb_signer_key (*officer)(void *ctx, size_t party, const char *name);
    struct rb_signer_key (*party_key)(void *ctx, size_t party);
    int64_t (*now_utc_ms)(void *ctx);
    /* false: the machinery failed, see broken */
    bool (*wait_until)(void *ctx, int64_t utc_ms);
    bool (*start)(void *ctx, size_t party);
    bool (*stop)(void *ctx, size_t party, bool crash);
    bool (*link)(void *ctx, size_t from, size_t to, bool cut); /* NULL: not possible here */
    bool (*is_up)(void *ctx, size_t party);
    /* the party's disk as of now, under a name; false: memory or disk is short, see broken */
    bool (*copy)(void *ctx, size_t party, const char *name);
    /* that copy back into a party that is down; whole: its head file, too */
    bool (*restore)(void *ctx, size_t party, const char *name, bool whole);
    const char *(*broken)(void *ctx); /* NULL while all is well */
    void (*finish)(void *ctx); /* after the last step, what can be checked here only; may be NULL */
    void (*close)(void *ctx);
    /* what nodes report by themselves goes here; set by the player before the first step */
    void (*tell)(void *tell_ctx, size_t party, const char *text);
    void *tell_ctx;
};
/* false: why is a sentence. The stage is in *out; parties exist and are started. */
bool stage_sim_open(const struct exercise *ex, uint64_t seed, struct stage *out, char *why, size_t why_n);
/* readbackd: path of the daemon; home of each party below dir */
bool stage_live_open(const struct exercise *ex, const char *readbackd, const char *dir, struct stage *out,
                     char *why, size_t why_n);

/* ---- playing ---------------------------------------------------------------------------------------- */
enum ex_exit { EX_HELD = 0, EX_FAILED = 1, EX_FILE = 2, EX_MACHINERY = 3 };
struct play {
    const struct exercise *ex;
    struct stage *stage;
    uint64_t seed;
    FILE *out;         /* transcript for people; NULL: only collected */
    json_t *transcript, *expectations, *records, *vars;
    json_t *checks, *imports, *exports, *disclosures; /* what these came to, for the scorecard */
    json_t *score;     /* once computed */
    char failed[512];  /* first expectation or step that failed */
    char why[512];     /* what was found; or the machinery's sentence */
    size_t line_n, page_n;
};
/* runs steps and expectations; the report is in p */
enum ex_exit ex_play(const struct exercise *ex, struct stage *st, uint64_t seed, FILE *out, struct play *p);
void ex_play_free(struct play *p);
/* for --json */
json_t *ex_report(const struct play *p);

/* transcript and pages (print.c) */
void ex_tell(struct play *p, const char *by, const char *text, const json_t *step);
void ex_print(struct play *p, const char *line);
void ex_print_score(struct play *p);
/* scorecard from the nodes' own answers (score.c) */
json_t *ex_score(struct play *p);
/* one expectation, asked again while `within` runs; the verdict is noted in the play */
bool ex_expect(struct play *p, const json_t *expectation);
#endif
