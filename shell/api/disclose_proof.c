/* The offline proof in a disclosure: which of the checkpoints kept, with whose cosignatures. Only
 * lines that verify with the keys that go out with them are taken. */
#include <stdlib.h>
#include "disclose.h"
#include "readback/evidence.h"

struct group { /* all notes of one size */
    size_t from, to;
    size_t bound; /* it cannot have more witnesses */
    bool done;
};
struct pick {
    const struct rb_disclose *in;
    struct rb_export_notes notes;
    struct rb_vkey log;
    struct rb_evidence_party *parties; /* parallel to book->members */
    struct group *groups;
    size_t groups_n;
    struct rb_writer note; /* of the best so far: text and the log's line */
    struct rb_disclose_proof *best;
};

/* ---- one size -----------------------------------------------------------------------------------
 */

/* into notes.decoded: signed by the log, and of the tree that is here */
static bool note_open(struct pick *p, size_t i) {
    const struct rb_feed *f = p->in->feed;
    const struct rb_export_note *n = &p->notes.note[i];
    struct rb_checkpoint c;
    struct rb_hash root;
    if (rb_checkpoint_open(rb_slice(n->p, n->n), &p->log, &p->notes.decoded, &c, NULL) != RB_OK)
        return false;
    if (c.extensions.n > 0 || c.size != n->size || c.size > f->tree.size) return false;
    rb_tree_root(&f->tree, c.size, &root);
    return rb_hash_eq(&root, &c.root);
}

static bool line_read(const struct pick *p, const struct rb_note_sig *s, size_t m,
                      struct rb_disclose_line *out) {
    const struct rb_evidence_party *e = &p->parties[m];
    for (size_t k = 0; k < e->mirrors_n; k++) {
        struct rb_reader r = rb_reader(rb_slice(s->sig, sizeof s->sig));
        rb_evidence_mirror(e, k, &out->key);
        if (out->key.key_id != s->key_id || !rb_slice_eq(out->key.name, s->name)) continue;
        if (s->sig_n != sizeof s->sig || rb_get_u64(&r, &out->time_s) != RB_OK) continue;
        if (rb_cosignature_verify(&e->mirrors[k], out->time_s, p->notes.decoded.text, s->sig + 8) !=
            RB_OK)
            continue;
        memcpy(out->sig, s->sig, sizeof out->sig);
        out->member = p->in->book->members[m].index;
        return true;
    }
    return false;
}

/* the earliest of each */
static void take_line(struct rb_disclose_proof *to, const struct rb_disclose_line *l) {
    for (size_t i = 0; i < to->lines_n; i++) {
        if (to->line[i].member != l->member) continue;
        if (l->time_s < to->line[i].time_s) to->line[i] = *l;
        return;
    }
    to->line[to->lines_n++] = *l;
}

static void take_note(struct pick *p, struct rb_disclose_proof *to) {
    const struct rb_note *n = &p->notes.decoded;
    struct rb_disclose_line l;
    for (size_t m = 0; m < p->in->book->members_n; m++)
        for (size_t i = 0; p->in->book->members[m].index != p->in->feed->member && i < n->sigs_n;
             i++)
            if (line_read(p, &n->sigs[i], m, &l)) take_line(to, &l);
}

static void try_group(struct pick *p, const struct group *g) {
    static struct rb_disclose_proof now;
    uint8_t text[4096];
    struct rb_writer w = rb_writer(text, sizeof text);
    now.lines_n = 0;
    for (size_t i = g->from; i < g->to; i++) {
        if (!note_open(p, i)) continue;
        if (w.n == 0) rb_note_only(&p->notes.decoded, &p->log, &w);
        take_note(p, &now);
    }
    const bool better =
        p->note.n == 0 || now.lines_n > p->best->lines_n ||
        (now.lines_n == p->best->lines_n && p->notes.note[g->from].size < p->best->size);
    if (w.n == 0 || w.over || !better) return;
    now.size = p->notes.note[g->from].size;
    *p->best = now;
    p->note.n = 0;
    rb_put_slice(&p->note, rb_written(&w));
}

/* ---- all sizes ----------------------------------------------------------------------------------
 */

/* by the names of its lines alone, which nobody has checked yet */
static void group_bound(struct pick *p, struct group *g) {
    const struct rb_book *b = p->in->book;
    uint64_t names = 0;
    for (size_t i = g->from; i < g->to; i++) {
        const struct rb_export_note *n = &p->notes.note[i];
        struct rb_note *note = &p->notes.decoded;
        if (rb_note_decode(rb_slice(n->p, n->n), note, NULL) != RB_OK) continue;
        for (size_t k = 0; k < note->sigs_n; k++)
            for (size_t m = 0; m < b->members_n; m++)
                if (b->members[m].index != p->in->feed->member &&
                    rb_slice_is(note->sigs[k].name, p->parties[m].mirror_name))
                    names |= 1ull << m;
    }
    for (; names != 0; names &= names - 1)
        g->bound++;
}

static void groups_make(struct pick *p) {
    for (size_t from = 0, to; from < p->notes.n; from = to) {
        for (to = from; to < p->notes.n && p->notes.note[to].size == p->notes.note[from].size;)
            to++;
        if (p->notes.note[from].size <= p->in->at) continue;
        struct group *g = &p->groups[p->groups_n++];
        *g = (struct group){.from = from, .to = to};
        group_bound(p, g);
    }
}

/* Signatures are checked where they can still make a difference: groups go up in size, so of the
 * same bound the first is the smallest. */
static void choose(struct pick *p) {
    for (;;) {
        struct group *next = NULL;
        for (size_t i = 0; i < p->groups_n; i++)
            if (!p->groups[i].done && (next == NULL || p->groups[i].bound > next->bound))
                next = &p->groups[i];
        if (next == NULL || (p->note.n > 0 && next->bound < p->best->lines_n)) return;
        if (p->note.n > 0 && next->bound == p->best->lines_n &&
            p->notes.note[next->from].size > p->best->size)
            return;
        next->done = true;
        try_group(p, next);
    }
}

static enum rb_err witnesses_make(struct pick *p) {
    const struct rb_book *b = p->in->book;
    uint64_t *sizes = rb_arena_array(p->in->arena, b->feeds_n + 1, sizeof *sizes);
    p->parties = rb_arena_array(p->in->arena, b->members_n, sizeof *p->parties);
    if (sizes == NULL || p->parties == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < b->feeds_n; i++)
        sizes[i] = b->feeds[i]->facts_n;
    for (size_t i = 0; i < b->members_n; i++)
        RB_TRY(rb_evidence_party(b, b->members[i].index, sizes, p->in->arena, &p->parties[i]));
    return RB_OK;
}

/* ---- the proof ----------------------------------------------------------------------------------
 */

static enum rb_err write(struct pick *p) {
    const size_t cap = RB_MAX_NOTE + 64u * 48u;
    struct rb_tlog_proof t = {.index = p->in->at};
    uint8_t *buf = rb_arena_alloc(p->in->arena, cap);
    if (buf == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < p->best->lines_n; i++)
        rb_note_sig_encode(&p->best->line[i].key,
                           rb_slice(p->best->line[i].sig, sizeof p->best->line[i].sig), &p->note);
    RB_TRY(rb_writer_done(&p->note, &t.note));
    RB_TRY(rb_tree_inclusion(&p->in->feed->tree, p->in->at, p->best->size, &t.path));
    struct rb_writer w = rb_writer(buf, cap);
    rb_tlog_proof_encode(&t, &w);
    return rb_writer_done(&w, &p->best->text);
}

static enum rb_err prove(struct pick *p) {
    const struct rb_feed *f = p->in->feed;
    uint8_t *buf = rb_arena_alloc(p->in->arena, RB_MAX_NOTE);
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log_key, &p->log);
    RB_TRY(rb_export_notes_read(p->in->host, p->in->book, f, &p->notes));
    p->groups = rb_arena_array(p->in->arena, p->notes.n + 1, sizeof *p->groups);
    if (buf == NULL || p->groups == NULL) return RB_ERR_LIMIT;
    p->note = rb_writer(buf, RB_MAX_NOTE);
    RB_TRY(witnesses_make(p));
    groups_make(p);
    choose(p);
    return p->note.n == 0 ? RB_ERR_STATE : write(p);
}

enum rb_err rb_disclose_prove(const struct rb_disclose *in, struct rb_disclose_proof *out) {
    struct pick *p = calloc(1, sizeof *p);
    if (p == NULL) return RB_ERR_LIMIT;
    p->in = in;
    p->best = out;
    out->lines_n = 0;
    const enum rb_err err = prove(p);
    rb_export_notes_free(&p->notes);
    free(p);
    return err;
}
