/* Checkpoints and cosignatures of one feed, as an export writes them. Only lines that verify with
 * the keys that go out with them are written. */
#include <stdio.h>
#include <stdlib.h>
#include "export_internal.h"

/* ---- reading ---------------------------------------------------------------------------------- */

static enum rb_err note_add(struct rb_export_notes *n, uint64_t size, struct rb_slice note) {
    if (note.n == 0 || note.n > RB_MAX_NOTE) return RB_OK;
    if (n->n == n->cap) {
        const size_t cap = n->cap == 0 ? 64 : n->cap * 2;
        struct rb_export_note *p = reallocarray(n->note, cap, sizeof *p);
        if (p == NULL) return RB_ERR_LIMIT;
        n->note = p;
        n->cap = cap;
    }
    uint8_t *copy = malloc(note.n);
    if (copy == NULL) return RB_ERR_LIMIT;
    memcpy(copy, note.p, note.n);
    n->note[n->n++] = (struct rb_export_note){size, copy, note.n};
    // cppcheck-suppress memleak ; the list keeps it
    return RB_OK;
}

static enum rb_err take_event(void *ctx, struct rb_event *ev) {
    if (ev->type != RB_EV_LOADED || ev->u.loaded.item != RB_ITEM_NOTE) return RB_OK;
    return note_add(ctx, ev->u.loaded.size, ev->u.loaded.note);
}

static int by_size(const void *pa, const void *pb) {
    const struct rb_export_note *a = pa, *b = pb;
    return a->size < b->size ? -1 : a->size > b->size;
}

enum rb_err rb_export_notes_read(const struct rb_api_host *host, const struct rb_book *b,
                                 const struct rb_feed *f, struct rb_export_notes *out) {
    struct rb_feed_ref ref = {.member = f->member, .epoch = f->epoch};
    struct rb_checkpoint c;
    memcpy(ref.channel, b->channel, RB_CHANNEL_LEN);
    RB_TRY(host->notes(host->ctx, &ref, take_event, out));
    if (host->node != NULL) {
        const struct rb_slice latest = rb_node_checkpoint(host->node, &ref);
        if (latest.n > 0 && rb_note_decode(latest, &out->decoded, NULL) == RB_OK &&
            rb_checkpoint_decode(out->decoded.text, &c, NULL) == RB_OK)
            RB_TRY(note_add(out, c.size, latest));
    }
    if (out->n > 0) qsort(out->note, out->n, sizeof *out->note, by_size);
    return RB_OK;
}

void rb_export_notes_free(struct rb_export_notes *n) {
    for (size_t i = 0; i < n->n; i++) free(n->note[i].p);
    free(n->note);
    n->note = NULL;
    n->n = n->cap = 0;
}

/* into n->decoded: signed by the log, and of the tree that is here */
static bool note_open(struct rb_export_notes *n, size_t i, const struct rb_feed *f,
                      const struct rb_vkey *log) {
    struct rb_checkpoint c;
    struct rb_hash root;
    const struct rb_slice note = rb_slice(n->note[i].p, n->note[i].n);
    if (rb_checkpoint_open(note, log, &n->decoded, &c, NULL) != RB_OK) return false;
    if (c.extensions.n > 0 || c.size != n->note[i].size || c.size > f->facts_n) return false;
    rb_tree_root(&f->tree, c.size, &root);
    return rb_hash_eq(&root, &c.root);
}

static struct rb_vkey log_vkey(const struct rb_feed *f) {
    struct rb_vkey k;
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log_key, &k);
    return k;
}

uint64_t rb_export_notes_size(struct rb_export_notes *n, const struct rb_feed *f) {
    const struct rb_vkey log = log_vkey(f);
    for (size_t i = n->n; i > 0; i--)
        if (note_open(n, i - 1, f, &log)) return n->note[i - 1].size;
    return 0;
}

/* ---- lines ------------------------------------------------------------------------------------ */

struct line { /* one cosignature */
    size_t member;  /* place in b->members */
    size_t key;     /* of that party's mirrors */
    uint8_t sig[72];
};
struct group { /* all notes of one size */
    struct rb_writer text; /* with the log's line */
    struct line *line;
    size_t n, cap;
};

static bool line_known(const struct group *g, const struct line *l) {
    for (size_t i = 0; i < g->n; i++)
        if (g->line[i].member == l->member && g->line[i].key == l->key &&
            memcmp(g->line[i].sig, l->sig, sizeof l->sig) == 0)
            return true;
    return false;
}

static enum rb_err line_add(struct group *g, const struct line *l) {
    if (line_known(g, l)) return RB_OK;
    if (g->n == g->cap) {
        const size_t cap = g->cap == 0 ? 16 : g->cap * 2;
        struct line *p = reallocarray(g->line, cap, sizeof *p);
        if (p == NULL) return RB_ERR_LIMIT;
        g->line = p;
        g->cap = cap;
    }
    g->line[g->n++] = *l;
    return RB_OK;
}

/* the cosignature lines of x->..decoded that the author's peers' mirror keys signed */
static enum rb_err take_lines(struct rb_export *x, struct rb_export_feed *e, struct group *g) {
    const struct rb_note *n = &e->notes.decoded;
    for (size_t m = 0; m < x->b->members_n; m++) {
        if (x->b->members[m].index == e->f->member) continue;
        for (size_t k = 0; k < x->parties[m].mirrors_n; k++) {
            struct rb_vkey key;
            rb_evidence_mirror(&x->parties[m], k, &key);
            if (rb_note_verify(n, &key, NULL) != RB_OK) continue;
            for (size_t i = 0; i < n->sigs_n; i++) {
                if (n->sigs[i].key_id != key.key_id || !rb_slice_eq(n->sigs[i].name, key.name)) continue;
                struct line l = {.member = m, .key = k};
                memcpy(l.sig, n->sigs[i].sig, sizeof l.sig);
                RB_TRY(line_add(g, &l));
            }
        }
    }
    return RB_OK;
}

/* by party, then by T (big-endian, so bytes order it), then by signature */
static int by_time(const void *pa, const void *pb) {
    const struct line *a = pa, *b = pb;
    if (a->member != b->member) return a->member < b->member ? -1 : 1;
    const int c = memcmp(a->sig, b->sig, sizeof a->sig);
    return c != 0 ? c : (a->key > b->key) - (a->key < b->key);
}

static void put_line(const struct rb_export *x, const struct line *l, struct rb_writer *w) {
    struct rb_vkey key;
    rb_evidence_mirror(&x->parties[l->member], l->key, &key);
    rb_note_sig_encode(&key, rb_slice(l->sig, sizeof l->sig), w);
}

/* ---- files ------------------------------------------------------------------------------------ */

static enum rb_err put_receipt(struct rb_export *x, struct rb_export_feed *e, const struct group *g,
                               uint64_t size, size_t from, size_t to) {
    static uint8_t buf[RB_MAX_NOTE];
    char path[RB_EXPORT_PATH];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_slice out;
    const struct rb_slice peer = x->parties[g->line[from].member].decoded.handle;
    if (to - from > RB_EXPORT_MAX_LINES) {
        e->left_out += to - from - RB_EXPORT_MAX_LINES;
        to = from + RB_EXPORT_MAX_LINES;
    }
    rb_put_slice(&w, rb_written(&g->text));
    for (size_t i = from; i < to; i++) put_line(x, &g->line[i], &w);
    RB_TRY(rb_writer_done(&w, &out));
    (void)snprintf(path, sizeof path, "%s/receipts/%.*s/%llu", e->dir, (int)peer.n,
                   (const char *)peer.p, (unsigned long long)size);
    RB_TRY(rb_export_put(&x->dir, path, out));
    e->receipts++;
    return RB_OK;
}

/* the checkpoint itself: of each mirror its earliest cosignature */
static enum rb_err put_checkpoint(struct rb_export *x, struct rb_export_feed *e,
                                  const struct group *g) {
    static uint8_t buf[RB_MAX_NOTE];
    char path[RB_EXPORT_PATH];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_slice out;
    rb_put_slice(&w, rb_written(&g->text));
    for (size_t i = 0; i < g->n; i++) {
        if (i > 0 && g->line[i].member == g->line[i - 1].member) continue;
        put_line(x, &g->line[i], &w);
        e->cosignatures++;
    }
    RB_TRY(rb_writer_done(&w, &out));
    (void)snprintf(path, sizeof path, "%s/checkpoint", e->dir);
    return rb_export_put(&x->dir, path, out);
}

/* notes [from, to) are of one size */
static enum rb_err group_read(struct rb_export *x, struct rb_export_feed *e, size_t from, size_t to,
                              struct group *g) {
    const struct rb_vkey log = log_vkey(e->f);
    g->n = 0;
    g->text.n = 0;
    for (size_t i = from; i < to; i++) {
        if (!note_open(&e->notes, i, e->f, &log)) continue;
        if (g->text.n == 0) rb_note_only(&e->notes.decoded, &log, &g->text);
        RB_TRY(take_lines(x, e, g));
    }
    if (g->n > 0) qsort(g->line, g->n, sizeof *g->line, by_time);
    return RB_OK;
}

static enum rb_err group_write(struct rb_export *x, struct rb_export_feed *e, const struct group *g,
                               uint64_t size) {
    if (g->text.n == 0) return RB_OK; /* not of this tree, or not signed: nothing to hand on */
    if (size == e->size) RB_TRY(put_checkpoint(x, e, g));
    for (size_t i = 0, end; i < g->n; i = end) {
        for (end = i; end < g->n && g->line[end].member == g->line[i].member;) end++;
        RB_TRY(put_receipt(x, e, g, size, i, end));
    }
    return RB_OK;
}

enum rb_err rb_export_put_notes(struct rb_export *x, struct rb_export_feed *e) {
    uint8_t text[4096];
    struct group g = {.text = rb_writer(text, sizeof text)};
    enum rb_err err = RB_OK;
    for (size_t from = 0, to; err == RB_OK && from < e->notes.n; from = to) {
        const uint64_t size = e->notes.note[from].size;
        for (to = from; to < e->notes.n && e->notes.note[to].size == size;) to++;
        if (size > e->size) {
            e->left_out += to - from;
            continue;
        }
        err = group_read(x, e, from, to, &g);
        if (err == RB_OK) err = group_write(x, e, &g, size);
    }
    free(g.line);
    return err;
}
