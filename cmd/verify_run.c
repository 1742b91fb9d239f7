/* The order of the checks. A party that joined by an amendment is known only after the logs that adopted
 * it are judged, so logs are taken in rounds. */
#include "cmd/verify.h"
#include <stdlib.h>

#define YEAR_10000_MS 253402300800000ll

struct rb_slice verify_handle(const struct verify *v, uint16_t member) {
    const struct rb_book_member *m = rb_book_member((struct rb_book *)(uintptr_t)&v->book, member);
    return m == NULL ? rb_str("?") : m->card->handle;
}

struct verify_feed *verify_feed_of(const struct verify *v, const struct rb_feed *f) {
    for (size_t i = 0; i < v->feeds_n; i++)
        if (v->feeds[i].good && v->feeds[i].f == f) return &v->feeds[i];
    return NULL;
}

/* ---- the folder's top --------------------------------------------------------------------------- */

/* HANDLE or HANDLE.EPOCH, epoch from 1 without a leading zero */
static bool folder_name(const char *name, struct verify_feed *e) {
    const size_t n = strcspn(name, ".");
    uint64_t epoch = 0;
    if (!rb_handle_ok(rb_slice(name, n))) return false;
    if (name[n] == '.' &&
        (rb_dec_decode(rb_str(name + n + 1), &epoch) != RB_OK || epoch == 0 || epoch >= RB_MAX_EPOCHS))
        return false;
    (void)snprintf(e->dir, sizeof e->dir, "%s", name);
    (void)snprintf(e->handle, sizeof e->handle, "%.*s", (int)n, name);
    e->epoch = (uint16_t)epoch;
    return true;
}

static void add_folder(struct verify *v, const struct verify_name *name) {
    struct verify_feed e = {0};
    char path[VERIFY_PATH];
    if (name->type == 'f' && (strcmp(name->name, "README.txt") == 0 || strcmp(name->name, "channel.json") == 0))
        return; /* for reading only */
    if (name->type != 'd' || !folder_name(name->name, &e)) {
        verify_bad(v, name->name, "8.1.2", "does not belong in an export");
        return;
    }
    e.has_log = e.epoch > 0 || verify_exists(v, verify_path(path, e.dir, "log.vkey")) ||
                verify_exists(v, verify_path(path, e.dir, "checkpoint")) ||
                verify_exists(v, verify_path(path, e.dir, "records"));
    v->feeds = reallocarray(v->feeds, v->feeds_n + 1, sizeof *v->feeds);
    if (v->feeds == NULL) abort();
    v->feeds[v->feeds_n++] = e;
}

static void read_top(struct verify *v) {
    struct verify_names names;
    if (!verify_names(v, "", VERIFY_MAX_FOLDERS, &names)) return;
    for (size_t i = 0; i < names.n; i++) add_folder(v, &names.name[i]);
    verify_names_free(&names);
}

/* ---- the situation ------------------------------------------------------------------------------ */

static void later(struct verify *v, int64_t ms) {
    if (!v->at_given && ms > v->at_utc_ms && ms < YEAR_10000_MS) v->at_utc_ms = ms;
}

static void later_s(struct verify *v, uint64_t time_s) {
    if (time_s < YEAR_10000_MS / 1000) later(v, (int64_t)time_s * 1000);
}

/* the greatest time that a record or a receipt names */
static void take_times(struct verify *v) {
    for (size_t i = 0; i < v->feeds_n; i++) {
        const struct verify_feed *e = &v->feeds[i];
        if (!e->good) continue;
        for (size_t k = 0; k < e->f->facts_n; k++)
            if (e->f->facts[k].mark == RB_MARK_NONE) later(v, e->f->facts[k].created_utc_ms);
        for (size_t k = 0; k < e->held_n; k++) later_s(v, e->held[k].time_s);
    }
    if (!v->folded) return;
    for (size_t slot = 0; slot < v->book.feeds_n * RB_MAX_MEMBERS; slot++)
        for (size_t k = 0; k < v->s.held_n[slot]; k++) later_s(v, v->s.held[slot][k].time_s);
}

static void fold(struct verify *v) {
    take_times(v);
    rb_arena_reset(&v->fold);
    const enum rb_err err = rb_situation_fold(&v->book, v->at_utc_ms, &v->fold, &v->s);
    v->folded = err == RB_OK;
    if (!v->folded) verify_bad(v, "", "8.6.1", "the situation cannot be made: %s", rb_err_text(err));
}

static bool one_round(struct verify *v) {
    bool any = false;
    for (size_t i = 0; i < v->feeds_n; i++) {
        struct verify_feed *e = &v->feeds[i];
        if (e->tried || !e->has_log) continue;
        if (rb_book_member_by_handle(&v->book, rb_str(e->handle)) == NULL) continue;
        verify_log(v, e);
        any = true;
    }
    if (any) fold(v);
    return any && v->folded;
}

static void sizes_make(struct verify *v) {
    v->sizes = calloc(v->book.feeds_n + 1, sizeof *v->sizes);
    v->parties = calloc(RB_MAX_MEMBERS, sizeof *v->parties);
    if (v->sizes == NULL || v->parties == NULL) abort();
    for (size_t i = 0; i < v->book.feeds_n; i++)
        if (verify_feed_of(v, v->book.feeds[i]) != NULL) v->sizes[i] = v->book.feeds[i]->facts_n;
}

/* without a charter there is still the word of the logs' names */
static void exercise_by_names(struct verify *v) {
    char path[VERIFY_PATH];
    for (size_t i = 0; i < v->feeds_n && !v->exercise; i++) {
        struct verify_bytes b;
        verify_path(path, v->feeds[i].dir, "log.vkey");
        if (!verify_exists(v, path) || !verify_read(v, path, 512, &b)) continue;
        v->exercise = rb_slice_starts(rb_slice(b.p, b.n), "readback-exercise/");
        verify_free(&b);
    }
}

void verify_run(struct verify *v) {
    read_top(v);
    if (!verify_found(v)) {
        exercise_by_names(v);
        return;
    }
    while (one_round(v)) {
    }
    sizes_make(v);
    verify_parties(v);
    verify_fingerprints(v);
    for (size_t i = 0; i < v->feeds_n; i++)
        if (v->feeds[i].good) verify_receipts(v, &v->feeds[i]);
    verify_named_elsewhere(v);
    fold(v);
}

bool verify_held_since(const struct verify *v, uint32_t order, uint16_t member, uint64_t *time_s, bool *body) {
    const struct rb_place at = v->s.order[order].place;
    const struct verify_feed *e = verify_feed_of(v, v->book.feeds[at.feed]);
    const bool closed = rb_situation_fact(&v->s, order)->closed;
    bool any = rb_situation_held(&v->s, order, member, time_s);
    *body = any || !closed;
    if (any && closed) return true;
    for (size_t i = 0; e != NULL && i < e->held_n; i++) {
        if (e->held[i].member != member || e->held[i].size <= at.leaf) continue;
        if (!any || e->held[i].time_s < *time_s) *time_s = e->held[i].time_s;
        any = true;
    }
    return any;
}
