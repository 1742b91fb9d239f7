/* Ballots of the many instruments of one lot, spec 16.2. */
#include "vote.h"

enum rb_err rb_votes_make(struct rb_votes *vs, const struct rb_lot *l, struct rb_arena *a) {
    *vs = (struct rb_votes){.l = l, .a = a};
    vs->scratch = rb_arena_alloc(a, sizeof *vs->scratch);
    return vs->scratch == NULL ? RB_ERR_LIMIT : RB_OK;
}

/* its ballot, or what that would be; until the next call */
static struct rb_ballot *ballot_of(struct rb_votes *vs, const struct rb_vote *v) {
    if (v->ballot != NULL) return v->ballot;
    rb_ballot_open(vs->scratch, vs->l, v->subject, v->adoption, v->electors);
    return vs->scratch;
}

void rb_vote_open(struct rb_votes *vs, struct rb_vote *v, size_t subject,
                  const struct rb_adoption *a, uint64_t electors) {
    *v = (struct rb_vote){.subject = subject, .adoption = a, .electors = electors};
    const struct rb_ballot *b = ballot_of(vs, v);
    v->electors = b->electors;
    v->has_by = b->has_by;
    v->by_utc_ms = b->by_utc_ms;
    v->words = (uint8_t)rb_ballot_by_words(b);
}

enum rb_mark rb_vote_take(struct rb_votes *vs, struct rb_vote *v, size_t i) {
    if (v->ballot == NULL) {
        struct rb_ballot *b = rb_arena_alloc(vs->a, sizeof *b);
        if (b == NULL) {
            vs->full = true;
            return RB_MARK_NONE;
        }
        rb_ballot_open(b, vs->l, v->subject, v->adoption, v->electors);
        v->ballot = b;
    }
    return rb_ballot_take(v->ballot, i);
}

enum rb_adoption_state rb_vote_by_words(const struct rb_vote *v) {
    return v->ballot != NULL ? rb_ballot_by_words(v->ballot) : (enum rb_adoption_state)v->words;
}

uint64_t rb_vote_unread(const struct rb_vote *v) {
    return v->ballot != NULL ? v->ballot->unread : 0;
}

bool rb_vote_over(struct rb_votes *vs, const struct rb_vote *v, size_t i) {
    return v->has_by && rb_ballot_over(ballot_of(vs, v), vs->l->e[i].record);
}

uint64_t rb_vote_assent(struct rb_votes *vs, const struct rb_vote *v) {
    return rb_ballot_assent(ballot_of(vs, v));
}

void rb_vote_close(struct rb_votes *vs, struct rb_vote *v) {
    struct rb_ballot *b = ballot_of(vs, v);
    rb_ballot_close(b);
    v->state = (uint8_t)b->state;
    v->since_utc_ms = b->since_utc_ms;
}

void rb_vote_view(struct rb_votes *vs, const struct rb_vote *v, struct rb_adoption_view *out) {
    struct rb_ballot *b = ballot_of(vs, v);
    if (b == vs->scratch) rb_ballot_close(b);
    rb_ballot_view(b, out);
}
