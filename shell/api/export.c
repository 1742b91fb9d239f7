/* Export of a channel (spec 8): what goes out, and in which files. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "export_internal.h"

#define ARENA_CAP ((size_t)1 << 30) /* address space; touched pages only */
#define BUNDLE_CAP ((size_t)256 * (2u + RB_MAX_LEAF))

/* ---- one party -------------------------------------------------------------------------------- */

static enum rb_err put_named(struct rb_export *x, const char *dir, const char *name,
                             struct rb_slice data) {
    char path[RB_EXPORT_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return rb_export_put(&x->dir, path, data);
}

static enum rb_err put_mirror_keys(struct rb_export *x, const struct rb_evidence_party *p,
                                   const char *dir) {
    struct rb_writer w = rb_writer(x->buf, x->buf_n);
    struct rb_slice out;
    for (size_t i = 0; i < p->mirrors_n; i++) {
        struct rb_vkey k;
        rb_evidence_mirror(p, i, &k);
        rb_vkey_encode(&k, &w);
        rb_put_u8(&w, '\n');
    }
    RB_TRY(rb_writer_done(&w, &out));
    return put_named(x, dir, "mirror.vkey", out);
}

static enum rb_err put_officers(struct rb_export *x, const struct rb_evidence_party *p,
                                const char *dir) {
    for (size_t i = 0; i < p->decoded.officers_n; i++) {
        const struct rb_evidence_officer *o = &p->officers[i];
        char comment[2 * RB_MAX_HANDLE + 2], name[RB_MAX_HANDLE + 16];
        struct rb_writer w = rb_writer(x->buf, x->buf_n);
        struct rb_slice out;
        (void)snprintf(comment, sizeof comment, "%.*s@%s", (int)o->name.n, (const char *)o->name.p, dir);
        for (size_t k = 0; k < o->keys_n; k++) rb_openssh_pub_encode(&o->keys[k], rb_str(comment), &w);
        RB_TRY(rb_writer_done(&w, &out));
        (void)snprintf(name, sizeof name, "officers/%.*s.pub", (int)o->name.n, (const char *)o->name.p);
        RB_TRY(put_named(x, dir, name, out));
    }
    return RB_OK;
}

static enum rb_err put_party(struct rb_export *x, const struct rb_evidence_party *p) {
    char dir[RB_MAX_HANDLE + 1];
    (void)snprintf(dir, sizeof dir, "%.*s", (int)p->decoded.handle.n, (const char *)p->decoded.handle.p);
    RB_TRY(put_named(x, dir, "card.cose", p->card));
    RB_TRY(put_mirror_keys(x, p, dir));
    return put_officers(x, p, dir);
}

/* ---- one feed --------------------------------------------------------------------------------- */

static enum rb_err put_log_key(struct rb_export *x, const struct rb_export_feed *e) {
    uint8_t buf[512];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_vkey k;
    rb_vkey_make(rb_slice(e->f->origin, e->f->origin_n), RB_SIG_ED25519, &e->f->log_key, &k);
    rb_vkey_encode(&k, &w);
    rb_put_u8(&w, '\n');
    return put_named(x, e->dir, "log.vkey", rb_written(&w));
}

static enum rb_err put_statements(struct rb_export *x, const struct rb_export_feed *e) {
    RB_TRY(put_named(x, e->dir, "keys/delegation.cose", rb_evidence_delegation(e->f)));
    for (uint64_t i = 0; i < e->size; i++) {
        struct rb_slice body;
        char name[64];
        if (!rb_evidence_statement(e->f, i, &body)) continue;
        (void)snprintf(name, sizeof name, "keys/%06llu-%s.cose", (unsigned long long)i,
                       rb_kind_name((enum rb_kind)e->f->facts[i].kind));
        RB_TRY(put_named(x, e->dir, name, body));
    }
    return RB_OK;
}

static enum rb_err put_tile(struct rb_export *x, const struct rb_export_feed *e,
                            const struct rb_tile *t, struct rb_slice data) {
    char path[128];
    struct rb_writer w = rb_writer(path, sizeof path);
    rb_tile_path(t, &w);
    return put_named(x, e->dir, rb_writer_z(&w), data);
}

static uint16_t tile_width(uint64_t hashes, uint64_t index) {
    const uint64_t left = hashes - index * 256;
    return (uint16_t)(left < 256 ? left : 256);
}

/* all full tiles, and at each level the partial one */
static enum rb_err put_tiles(struct rb_export *x, const struct rb_export_feed *e) {
    uint8_t buf[256 * RB_HASH_LEN];
    for (uint8_t level = 0; level < 8 && e->size >> 8 * level > 0; level++) {
        const uint64_t hashes = e->size >> 8 * level;
        for (uint64_t i = 0; i * 256 < hashes; i++) {
            const struct rb_tile t = {false, level, i, tile_width(hashes, i)};
            struct rb_writer w = rb_writer(buf, sizeof buf);
            RB_TRY(rb_tile_hashes(&e->f->tree, &t, &w));
            RB_TRY(put_tile(x, e, &t, rb_written(&w)));
        }
    }
    return RB_OK;
}

/* the leaf that the tree has, or nothing */
static enum rb_err put_record(struct rb_export *x, struct rb_export_feed *e,
                              const struct rb_feed_ref *ref, uint64_t i, struct rb_writer *bundle) {
    static uint8_t leaf[RB_MAX_LEAF];
    struct rb_hash h;
    size_t n = 0;
    char name[48];
    RB_TRY(x->host->leaf(x->host->ctx, ref, i, leaf, &n));
    rb_leaf_hash(rb_slice(leaf, n), &h);
    e->leaves_differ = !rb_hash_eq(&h, &e->f->tree.level[0].h[i]);
    if (e->leaves_differ) return RB_ERR_IO;
    rb_package_entry_encode(rb_slice(leaf, n), bundle);
    (void)snprintf(name, sizeof name, "records/%06llu.cose", (unsigned long long)i);
    return put_named(x, e->dir, name, rb_slice(leaf, n));
}

static enum rb_err put_records(struct rb_export *x, struct rb_export_feed *e) {
    struct rb_feed_ref ref = {.member = e->f->member, .epoch = e->f->epoch};
    memcpy(ref.channel, x->b->channel, RB_CHANNEL_LEN);
    for (uint64_t from = 0; from < e->size; from += 256) {
        const struct rb_tile t = {true, 0, from / 256, tile_width(e->size, from / 256)};
        struct rb_writer bundle = rb_writer(x->buf, x->buf_n);
        struct rb_slice out;
        for (uint64_t i = 0; i < t.width; i++) RB_TRY(put_record(x, e, &ref, from + i, &bundle));
        RB_TRY(rb_writer_done(&bundle, &out));
        RB_TRY(put_tile(x, e, &t, out));
    }
    return RB_OK;
}

/* what proves that the log has two histories; the other one is no part of an export */
static enum rb_err put_forks(struct rb_export *x, const struct rb_export_feed *e) {
    struct rb_fork_view v;
    unsigned n = 0;
    char name[32];
    for (size_t i = 0; x->host->node && rb_node_fork(x->host->node, x->b->channel, i, &v); i++) {
        if (v.member != e->f->member || v.epoch != e->f->epoch) continue;
        (void)snprintf(name, sizeof name, "forks/%u.txt", ++n);
        RB_TRY(put_named(x, e->dir, name, v.evidence));
    }
    return RB_OK;
}

static enum rb_err put_feed(struct rb_export *x, struct rb_export_feed *e) {
    if (!e->any) return RB_OK;
    RB_TRY(put_log_key(x, e));
    RB_TRY(put_forks(x, e));
    RB_TRY(put_statements(x, e));
    RB_TRY(rb_export_put_notes(x, e));
    RB_TRY(put_tiles(x, e));
    enum rb_err err = put_records(x, e);
    if (err != RB_OK)
        (void)snprintf(x->dir.why, x->dir.why_n,
                       e->leaves_differ ? "A stored record of %s is not the one in its log; run doctor."
                                        : "A record of %s could not be read or written.", e->dir);
    return err;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static enum rb_err choose(struct rb_export *x) {
    for (size_t i = 0; i < x->b->feeds_n; i++) {
        struct rb_export_feed *e = &x->feeds[i];
        e->f = x->b->feeds[i];
        if (e->f->branch > 0) continue; /* other histories are no part of it: evidence shows them */
        RB_TRY(rb_export_notes_read(x->host, x->b, e->f, &e->notes));
        e->size = rb_export_notes_size(&e->notes, e->f);
        e->any = e->size > 0;
        x->sizes[i] = e->size;
    }
    for (size_t i = 0; i < x->b->members_n; i++)
        RB_TRY(rb_evidence_party(x->b, x->b->members[i].index, x->sizes, &x->arena, &x->parties[i]));
    for (size_t i = 0; i < x->b->feeds_n; i++) {
        struct rb_export_feed *e = &x->feeds[i];
        const struct rb_book_member *m =
            rb_book_member((struct rb_book *)(uintptr_t)x->b, e->f->member);
        const struct rb_slice h = m->card->handle;
        (void)snprintf(e->dir, sizeof e->dir, e->f->epoch > 0 ? "%.*s.%u" : "%.*s", (int)h.n,
                       (const char *)h.p, e->f->epoch);
    }
    return RB_OK;
}

/* Who is a member must follow from what goes out: a member whom an amendment brought is known to
 * the reader only if all that adopted it is under a checkpoint. */
static enum rb_err settled(const struct rb_export *x) {
    if (x->b->members_n == x->b->charter->members_n) return RB_OK;
    for (size_t i = 0; i < x->b->feeds_n; i++)
        for (uint64_t k = x->sizes[i]; x->feeds[i].f->branch == 0 && k < x->b->feeds[i]->facts_n; k++) {
            const struct rb_fact *f = &x->b->feeds[i]->facts[k];
            const bool may_adopt = f->kind == RB_KIND_AMENDMENT || f->kind == RB_KIND_POSITION ||
                                   f->kind == RB_KIND_RECEIPT;
            if (f->mark != RB_MARK_NONE || !may_adopt) continue;
            (void)snprintf(x->dir.why, x->dir.why_n,
                           "The members have just changed and that is not under a checkpoint yet; "
                           "try again in a moment.");
            return RB_ERR_STATE;
        }
    return RB_OK;
}

static enum rb_err write_all(struct rb_export *x) {
    RB_TRY(settled(x));
    for (size_t i = 0; i < x->b->members_n; i++) RB_TRY(put_party(x, &x->parties[i]));
    for (size_t i = 0; i < x->b->feeds_n; i++)
        if (x->feeds[i].f->branch == 0) RB_TRY(put_feed(x, &x->feeds[i]));
    RB_TRY(rb_export_put_readme(x));
    return rb_export_put_channel(x);
}

static enum rb_err export_begin(struct rb_export *x) {
    void *p = mmap(NULL, ARENA_CAP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    x->arena = rb_arena(p == MAP_FAILED ? NULL : p, p == MAP_FAILED ? 0 : ARENA_CAP);
    x->feeds = calloc(x->b->feeds_n + 1, sizeof *x->feeds);
    x->sizes = calloc(x->b->feeds_n + 1, sizeof *x->sizes);
    x->parties = calloc(x->b->members_n + 1, sizeof *x->parties);
    x->buf_n = BUNDLE_CAP;
    x->buf = malloc(x->buf_n);
    if (x->arena.p != NULL && x->feeds != NULL && x->sizes != NULL && x->parties != NULL && x->buf != NULL)
        // cppcheck-suppress memleak ; the arena keeps it
        return RB_OK;
    // cppcheck-suppress memleak ; as above
    return RB_ERR_LIMIT;
}

static void export_end(struct rb_export *x) {
    if (x->feeds != NULL)
        for (size_t i = 0; i < x->b->feeds_n; i++) rb_export_notes_free(&x->feeds[i].notes);
    if (x->arena.p != NULL) (void)munmap(x->arena.p, x->arena.cap);
    free(x->feeds);
    free(x->sizes);
    free(x->parties);
    free(x->buf);
}

enum rb_err rb_export_book(const struct rb_api_host *host, const struct rb_book *book,
                           const struct rb_situation *situation, int64_t now_utc_ms,
                           const char *folder, json_t **report, char *why, size_t why_n) {
    struct rb_export x = {.host = host, .b = book, .s = situation, .now_utc_ms = now_utc_ms};
    *report = NULL;
    (void)snprintf(why, why_n, "%s", "");
    RB_TRY(rb_export_dir_begin(&x.dir, folder, why, why_n));
    enum rb_err err = export_begin(&x);
    if (err == RB_OK) err = choose(&x);
    if (err == RB_OK) err = write_all(&x);
    if (err == RB_OK) {
        *report = rb_export_report(&x, folder);
        err = *report == NULL ? RB_ERR_LIMIT : rb_export_dir_finish(&x.dir);
    }
    if (err != RB_OK) {
        json_decref(*report);
        *report = NULL; /* the caller has none, and lets go of none */
    }
    if (err != RB_OK && why[0] == 0) (void)snprintf(why, why_n, "The export failed: %s.", rb_err_text(err));
    if (err != RB_OK) rb_export_dir_abandon(&x.dir);
    export_end(&x);
    return err;
}

enum rb_err rb_export(const struct rb_api_host *host, const uint8_t channel[RB_CHANNEL_LEN],
                      const char *folder, json_t **report, char *why, size_t why_n) {
    const struct rb_situation *s = NULL;
    const struct rb_now now = host->now(host->ctx);
    struct rb_channel_view v;
    if (!rb_node_channel_by_id(host->node, channel, &v)) {
        (void)snprintf(why, why_n, "No such channel here.");
        return RB_ERR_NOT_FOUND;
    }
    if (rb_node_situation(host->node, channel, now.utc_ms, &s) != RB_OK) s = NULL;
    return rb_export_book(host, v.book, s, now.utc_ms, folder, report, why, why_n);
}
