/* Who cosigned what: lines of checkpoints and of receipts, by keys of the members' cards alone. */
#include "cmd/verify.h"
#include <stdlib.h>

/* whose mirror key made the line; NULL: nobody's */
static const struct rb_book_member *line_of(const struct verify *v, const struct rb_note_sig *s,
                                            struct rb_vkey *key) {
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        if (!v->party_known[m] || !rb_slice_eq(rb_str(v->parties[m].mirror_name), s->name)) continue;
        for (size_t k = 0; k < v->parties[m].mirrors_n; k++) {
            rb_evidence_mirror(&v->parties[m], k, key);
            if (key->key_id == s->key_id) return &v->book.members[i];
        }
    }
    return NULL;
}

static bool line_twice(const struct rb_note *n, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (n->sigs[k].key_id == n->sigs[i].key_id && rb_slice_eq(n->sigs[k].name, n->sigs[i].name) &&
            rb_slice_eq(n->sigs[k].blob, n->sigs[i].blob))
            return true;
    return false;
}

static bool is_log_line(const struct verify_feed *e, const struct rb_note_sig *s) {
    return s->key_id == e->log.key_id && rb_slice_eq(s->name, e->log.name);
}

/* Every line of v->note must be the log's, once, or a peer's (of `only`, unless that is NULL).
 * earliest[member] gets T where it signed, else 0 and signed[member] false. */
static bool check_lines(struct verify *v, const struct verify_feed *e, const char *path,
                        const struct rb_book_member *only, bool *signed_by, uint64_t *earliest) {
    const struct rb_note *n = &v->note;
    size_t logs = 0;
    for (size_t i = 0; i < n->sigs_n; i++) {
        struct rb_vkey key;
        uint64_t t = 0;
        const char *wrong = NULL;
        if (is_log_line(e, &n->sigs[i])) {
            logs++;
            continue;
        }
        const struct rb_book_member *m = line_of(v, &n->sigs[i], &key);
        if (m == NULL) wrong = "a line of a key that no member's card has";
        else if (m->index == e->f->member) wrong = "cosigned by its own author";
        else if (only != NULL && m != only) wrong = "a line of another party";
        else if (line_twice(n, i)) wrong = "a line twice";
        else if (rb_note_verify(n, &key, &t) != RB_OK) wrong = "a cosignature does not verify";
        if (wrong != NULL) {
            verify_bad(v, path, "8.5.2", "%s (signature line %zu)", wrong, i + 1);
            return false;
        }
        if (!signed_by[m->index] || t < earliest[m->index]) earliest[m->index] = t;
        signed_by[m->index] = true;
    }
    if (logs == 1) return true;
    verify_bad(v, path, "8.5.2", "not signed exactly once by the log");
    return false;
}

/* ---- receipts/PEER/SIZE ------------------------------------------------------------------------- */

static void hold(struct verify_feed *e, uint16_t member, uint64_t size, uint64_t time_s) {
    if (e->held_n == e->held_cap) {
        e->held_cap = e->held_cap == 0 ? 64 : e->held_cap * 2;
        e->held = reallocarray(e->held, e->held_cap, sizeof *e->held);
        if (e->held == NULL) abort();
    }
    e->held[e->held_n++] = (struct verify_held){member, size, time_s};
}

/* the checkpoint within: this log's, of that size, of this very tree */
static bool check_text(struct verify *v, const struct verify_feed *e, const char *path, struct rb_slice in,
                       uint64_t size) {
    struct rb_reject rj = {0};
    struct rb_checkpoint c;
    struct rb_hash root;
    const enum rb_err err = rb_checkpoint_open(in, &e->log, &v->note, &c, &rj);
    if (err != RB_OK) {
        rj.err = err;
        verify_refused(v, path, &rj, "8.5.1");
        return false;
    }
    if (c.size != size || c.extensions.n > 0) {
        verify_bad(v, path, "8.5.1", "not a plain checkpoint of that size");
        return false;
    }
    if (size > e->size) {
        verify_bad(v, path, "8.5.3", "larger than the checkpoint of this export");
        return false;
    }
    rb_tree_root(&e->f->tree, size, &root);
    if (rb_hash_eq(&root, &c.root)) return true;
    verify_bad(v, path, "8.5.3", "the log's key signed another history of this size: a fork");
    return false;
}

static void check_receipt(struct verify *v, struct verify_feed *e, const struct rb_book_member *peer,
                          const char *dir, const struct verify_name *name) {
    char path[VERIFY_PATH];
    struct verify_bytes b;
    uint64_t size = 0, earliest[RB_MAX_MEMBERS] = {0};
    bool signed_by[RB_MAX_MEMBERS] = {false};
    verify_path(path, dir, name->name);
    if (name->type != 'f' || rb_dec_decode(rb_str(name->name), &size) != RB_OK || size == 0) {
        verify_bad(v, path, "8.1.2", "not a size");
        return;
    }
    if (!verify_read(v, path, RB_MAX_NOTE, &b)) return;
    if (check_text(v, e, path, rb_slice(b.p, b.n), size) &&
        check_lines(v, e, path, peer, signed_by, earliest)) {
        if (signed_by[peer->index]) {
            hold(e, peer->index, size, earliest[peer->index]);
            e->receipts_n++;
        } else {
            verify_bad(v, path, "8.5.2", "not cosigned by that party");
        }
    }
    verify_free(&b);
}

static void check_peer(struct verify *v, struct verify_feed *e, const struct verify_name *name) {
    char path[VERIFY_PATH], top[VERIFY_PATH];
    struct verify_names sizes;
    verify_path(path, verify_path(top, e->dir, "receipts"), name->name);
    const struct rb_book_member *peer =
        name->type == 'd' ? rb_book_member_by_handle(&v->book, rb_str(name->name)) : NULL;
    if (peer == NULL || peer->index == e->f->member) {
        verify_bad(v, path, "8.1.2", "no other party of this channel");
        return;
    }
    if (!verify_names(v, path, e->size + 1000, &sizes)) return;
    if (sizes.n == 0) verify_bad(v, path, "8.1.2", "an empty folder");
    for (size_t i = 0; i < sizes.n; i++) check_receipt(v, e, peer, path, &sizes.name[i]);
    verify_names_free(&sizes);
}

/* the checkpoint has, of each party with a receipt of that size, its earliest cosignature */
static void check_checkpoint(struct verify *v, struct verify_feed *e) {
    char path[VERIFY_PATH];
    struct rb_checkpoint c;
    uint64_t earliest[RB_MAX_MEMBERS] = {0}, kept[RB_MAX_MEMBERS] = {0};
    bool signed_by[RB_MAX_MEMBERS] = {false}, has[RB_MAX_MEMBERS] = {false};
    verify_path(path, e->dir, "checkpoint");
    if (rb_checkpoint_open(e->checkpoint, &e->log, &v->note, &c, NULL) != RB_OK) return;
    if (!check_lines(v, e, path, NULL, signed_by, earliest)) return;
    for (size_t i = 0; i < e->held_n; i++) {
        if (e->held[i].size != e->size) continue;
        has[e->held[i].member] = true;
        kept[e->held[i].member] = e->held[i].time_s;
    }
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (signed_by[m]) e->cosigned_n++;
        if (signed_by[m] == has[m] && earliest[m] == kept[m]) continue;
        const struct rb_slice h = verify_handle(v, m);
        verify_bad(v, path, "8.5.4", "its cosignature by %.*s and receipts/%.*s/%llu do not agree", (int)h.n,
                   (const char *)h.p, (int)h.n, (const char *)h.p, (unsigned long long)e->size);
    }
}

void verify_receipts(struct verify *v, struct verify_feed *e) {
    struct verify_names peers;
    char path[VERIFY_PATH];
    verify_path(path, e->dir, "receipts");
    if (!verify_names(v, path, RB_MAX_MEMBERS + 1000, &peers)) return;
    if (peers.n == 0 && verify_exists(v, path)) verify_bad(v, path, "8.1.2", "an empty folder");
    for (size_t i = 0; i < peers.n; i++) check_peer(v, e, &peers.name[i]);
    verify_names_free(&peers);
    check_checkpoint(v, e);
}

/* ---- what others saw ---------------------------------------------------------------------------- */

struct seen_size {
    uint64_t size;
    const struct verify_feed *by;
};

static void take_seen(const struct verify_feed *e, struct seen_size seen[RB_MAX_MEMBERS][RB_MAX_EPOCHS]) {
    for (size_t i = 0; i < e->f->facts_n; i++) {
        const struct rb_fact *fact = &e->f->facts[i];
        if (fact->mark != RB_MARK_NONE) continue;
        for (size_t k = 0; k < fact->seen_n; k++) {
            const struct rb_seen_entry *s = &fact->seen[k];
            if (s->member >= RB_MAX_MEMBERS || s->epoch >= RB_MAX_EPOCHS) continue;
            if (s->size <= seen[s->member][s->epoch].size) continue;
            seen[s->member][s->epoch] = (struct seen_size){s->size, e};
        }
    }
}

/* An exporter may leave a log out, or hand on an old state of it. Others' records can show that. */
void verify_named_elsewhere(struct verify *v) {
    static struct seen_size seen[RB_MAX_MEMBERS][RB_MAX_EPOCHS];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < v->feeds_n; i++)
        if (v->feeds[i].good) take_seen(&v->feeds[i], seen);
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        for (uint16_t k = 0; k < RB_MAX_EPOCHS; k++) {
            const struct rb_feed *f = rb_book_feed(&v->book, m, k);
            const uint64_t here = f == NULL ? 0 : f->facts_n;
            if (seen[m][k].size <= here) continue;
            const struct rb_slice h = verify_handle(v, m);
            verify_note(v, "", "%s says that it has seen %llu records of %.*s, epoch %u; %llu are here",
                        seen[m][k].by->handle, (unsigned long long)seen[m][k].size, (int)h.n,
                        (const char *)h.p, k, (unsigned long long)here);
        }
}
