/* One run of `readback check`, and what it says. */
#ifndef RB_CMD_CHECK_INT_H
#define RB_CMD_CHECK_INT_H
#include "check.h"
#include "shell/api/check_view.h"

#define CHECK_TOLD 20u /* refusals told of one file, but in --json */

struct check_run {
    struct cli *c;
    struct check_terms terms;
    struct check_store store;
    struct check_reader *reader;
    struct rb_arena list; /* of what one plan touches */
    void *list_mem;
    size_t list_cap;
    uint64_t plans, conflict, not_excluded, none_found, not_compared; /* features of plans */
    uint64_t empty_files;                                             /* of plans, without any */
    uint64_t seen, told;
    bool progress, progress_shown;
    int64_t progress_ms;
};

/* ---- check_say.c ---- */
/* a line on the terminal, once a second */
void check_progress(struct check_run *r, const char *what, uint64_t n);
void check_progress_end(struct check_run *r);
void check_say_refused(struct check_run *r, const struct check_file *f, const struct check_item *it,
                       bool plan);
void check_say_pointed_out(struct check_run *r, const struct check_file *f,
                           const struct check_item *it, bool plan);
/* a file of places is read: how many features it had, how many were refused */
void check_say_file(struct check_run *r, const struct check_file *f, uint64_t n, uint64_t refused);
void check_say_register(struct check_run *r);
void check_say_plan(struct check_run *r, const struct check_file *f, const struct check_item *it,
                    const struct rb_checked *k);
void check_say_empty(struct check_run *r, const struct check_file *f);
void check_say_end(struct check_run *r, bool complete, int status);
#endif
