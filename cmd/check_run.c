/* `readback check`: places in, then plan after plan against them. Spec 15.3, 15.4. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check_int.h"
#include "shell/os/os.h"

/* ---- files --------------------------------------------------------------------------------------
 */
static int cannot_read(struct check_run *r, const struct check_file *f) {
    check_progress_end(r);
    return cli_fail(r->c, NULL, "%.*s cannot be read: %s", (int)f->path_n, f->path,
                    strerror(errno));
}
/* when the file was changed last; now where it is no file */
static int64_t changed(const struct check_run *r) {
    struct stat st;
    if (fstat(check_reader_fd(r->reader), &st) != 0 || !S_ISREG(st.st_mode))
        return r->terms.now_utc_ms;
    return (int64_t)st.st_mtim.tv_sec * 1000;
}
static bool take_place(struct check_run *r, size_t file, const struct check_item *it,
                       int64_t created) {
    const struct check_file *f = &r->terms.registers[file];
    struct rb_reject rj = {0};
    if (it->pointed_out != 0) check_say_pointed_out(r, f, it, false);
    if (check_store_add(&r->store, file, it, created, &rj) == RB_OK) return true;
    check_progress_end(r);
    cli_fail(r->c, NULL, "%.*s, %llu: %s (clause %s)", (int)f->path_n, f->path,
             (unsigned long long)it->number, rj.what, rj.clause);
    return false;
}
/* CLI_OK, or the exit status: nothing is compared then */
static int load_file(struct check_run *r, size_t file) {
    const struct check_file *f = &r->terms.registers[file];
    const size_t before = r->store.refused;
    struct check_item it;
    uint64_t n = 0;
    if (!check_reader_open(r->reader, f, &r->terms)) return cannot_read(r, f);
    const int64_t created = changed(r);
    r->told = 0;
    for (;; n++) {
        const enum check_event e = check_reader_next(r->reader, &it);
        if (e == CHECK_IO) return cannot_read(r, f);
        if (e == CHECK_DONE) break;
        check_progress(r, "places", ++r->seen);
        if (it.refused) {
            r->store.refused++;
            check_say_refused(r, f, &it, false);
            if (r->terms.strict) return CHECK_NOT_COMPARED;
        } else if (!take_place(r, file, &it, created)) {
            return CLI_FAILED;
        }
    }
    check_say_file(r, f, n, r->store.refused - before);
    return CLI_OK;
}
static int load(struct check_run *r) {
    struct rb_reject rj = {0};
    for (size_t i = 0; i < r->terms.registers_n; i++) {
        const int rc = load_file(r, i);
        if (rc != CLI_OK) return rc;
    }
    if (check_store_flush(&r->store, &rj) != RB_OK) {
        check_progress_end(r);
        return cli_fail(r->c, NULL, "%s (clause %s)", rj.what, rj.clause);
    }
    r->terms.reg.malformed = r->store.refused;
    check_progress_end(r);
    check_say_register(r);
    return CLI_OK;
}

/* ---- plans --------------------------------------------------------------------------------------
 */
static void count_answer(struct check_run *r, const struct rb_checked *k) {
    const char *answer = rb_check_answer(k);
    if (strcmp(answer, rb_answer_name(RB_ANSWER_CONFLICT)) == 0)
        r->conflict++;
    else if (strcmp(answer, rb_answer_name(RB_ANSWER_NOT_EXCLUDED)) == 0)
        r->not_excluded++;
    else if (strcmp(answer, rb_answer_name(RB_ANSWER_NONE_FOUND)) == 0)
        r->none_found++;
    else
        r->not_compared++;
}
/* false: it could not be compared for want of memory */
static bool compare(struct check_run *r, const struct check_file *f, const struct check_item *it) {
    struct rb_register_plan plan = {.author = check_store_member(&r->store, f, it),
                                    .class_ = it->class_,
                                    .volumes_n = it->f.volumes_n,
                                    .volumes = it->f.volumes,
                                    .now_utc_ms = r->terms.now_utc_ms};
    struct rb_checked k = {.now_utc_ms = plan.now_utc_ms, .class_ = plan.class_};
    check_store_own_key(&r->store, f, it, &plan.id);
    rb_arena_reset(&r->list);
    k.err = rb_register_check(r->store.reg, &plan, &r->terms.reg, &r->list, &k.found, &k.rj);
    if (k.err != RB_OK) {
        check_progress_end(r);
        cli_fail(r->c, NULL, "%.*s, %llu: memory is short for what it touches: not compared",
                 (int)f->path_n, f->path, (unsigned long long)it->number);
        return false;
    }
    count_answer(r, &k);
    check_progress_end(r);
    check_say_plan(r, f, it, &k);
    return true;
}
/* CLI_OK, CLI_FAILED, or CHECK_NOT_COMPARED where --strict ends it */
static int plan_file(struct check_run *r, const struct check_file *f) {
    struct check_item it;
    uint64_t n = 0;
    if (!check_reader_open(r->reader, f, &r->terms)) return cannot_read(r, f);
    r->told = 0;
    for (;; n++) {
        const enum check_event e = check_reader_next(r->reader, &it);
        if (e == CHECK_IO) return cannot_read(r, f);
        if (e == CHECK_DONE) break;
        r->plans++;
        if (it.refused) {
            r->not_compared++;
            check_say_refused(r, f, &it, true);
            if (r->terms.strict) return CHECK_NOT_COMPARED;
        } else {
            if (it.pointed_out != 0 && !r->c->json) check_say_pointed_out(r, f, &it, true);
            if (!compare(r, f, &it)) return CLI_FAILED;
        }
        if (ferror(stdout)) return CLI_FAILED; /* nobody reads on */
    }
    if (n > 0) return CLI_OK;
    r->empty_files++;
    check_say_empty(r, f);
    return CLI_OK;
}
/* the list of one plan can be as long as the register */
static enum rb_err room_for_lists(struct check_run *r) {
    const size_t want = (rb_register_count(r->store.reg) + 1) * sizeof(struct rb_conflict) + 4096;
    RB_TRY(rb_region_map(want, want, &r->list_mem, &r->list_cap));
    r->list = rb_arena(r->list_mem, r->list_cap);
    return RB_OK;
}
static int plans(struct check_run *r) {
    if (room_for_lists(r) != RB_OK) return cli_fail(r->c, NULL, "memory is short");
    for (size_t i = 0; i < r->terms.plans_n; i++) {
        const int rc = plan_file(r, &r->terms.plans[i]);
        if (rc != CLI_OK) return rc;
    }
    return CLI_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------
 */
/* A conflict is never hidden behind something else; what was not compared may hide one; so the
 * first of these that holds (15.4.1). */
static int status(const struct check_run *r, int rc) {
    if (r->conflict > 0) return CHECK_CONFLICT;
    if (rc == CLI_FAILED || rc == CLI_USAGE) return rc;
    if (r->not_compared > 0 || r->empty_files > 0 || r->store.refused > 0)
        return CHECK_NOT_COMPARED;
    if (r->not_excluded > 0) return CHECK_NOT_EXCLUDED;
    return rc;
}
int cli_check_files(struct cli *c) {
    static struct check_run r;
    r = (struct check_run){.c = c, .progress = isatty(STDERR_FILENO) == 1};
    int rc = check_terms(c, &r.terms);
    if (rc != CLI_OK) return rc;
    r.reader = check_reader_new();
    if (r.reader == NULL || check_store_open(&r.store, &r.terms) != RB_OK)
        rc = cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK) rc = load(&r);
    if (rc == CLI_OK) rc = plans(&r);
    check_progress_end(&r);
    const int out = status(&r, rc);
    check_say_end(&r, rc == CLI_OK, out);
    rb_region_unmap(r.list_mem, r.list_cap);
    check_reader_free(r.reader);
    check_store_close(&r.store);
    return out;
}
