/* Importing lists of sites and files of places: shared by what reads, shows and releases them. */
#ifndef RB_CMD_CLI_IMPORT_H
#define RB_CMD_CLI_IMPORT_H
#include "cli.h"

#define IMPORT_MAX ((size_t)6 << 20) /* bytes of a file: with its escapes it fits one request */

enum import_state {
    IMPORT_REFUSED, /* by the reader */
    IMPORT_THERE,   /* the very same is registered, waits as a draft, or stands in an earlier row */
    IMPORT_LEFT,    /* pointed out, and left out then */
    IMPORT_DUE,     /* to be released */
    IMPORT_RELEASED,
    IMPORT_DRAFT,  /* waits for a second officer */
    IMPORT_FAILED, /* composing or releasing it was refused */
    IMPORT_STATES
};
struct import_row {
    enum import_state state;
    const json_t *row; /* of the reading's answer */
    json_t *composed;  /* what is needed to release it */
    char id[65];       /* record or draft */
    char why[256];     /* FAILED */
};
struct import {
    struct cli *c;
    const char *path;
    bool csv;
    char *text;
    size_t text_n;
    json_t *draft;    /* what all of them have in common */
    json_t *answer;   /* of the reading */
    json_t *view;     /* one of the composed: who can read it, how many must sign */
    json_t *warnings; /* [{code, sentence, confirm, rows: [..]}] of all of them */
    size_t n, asked;  /* asked: rows due that want "despite" */
    size_t count[IMPORT_STATES];
    struct import_row *rows;
};
void import_count(struct import *m);
const json_t *import_findings(const struct import_row *r);

/* ---- what is shown (cli_import_say.c) ---- */
void import_report(const struct import *m, FILE *out); /* each row, before anything is released */
void import_show_back(const struct import *m, FILE *out);
void import_summary(const struct import *m, FILE *out);
json_t *import_json(const struct import *m);
void import_progress(const char *what, size_t done, size_t all);

/* ---- the file (cli_import_file.c) ---- */
/* can it be read as a whole? else it was said why not, and how to save it; exit code */
int import_check_file(const struct import *m);
/* refused rows as they stand, into a file that must not exist yet; exit code */
int import_put_refused(const struct import *m, const char *path);
#endif
