/* The situation as bytes: what two nodes compare. Deterministic CBOR, spec 5.11. Feeds are named by
 * (member, epoch), never by their place in memory; an opened feed without leaves says nothing.
 * Branches are named by the last record of each, never by their numbers. */
#include "internal.h"

static void put_bool(struct rb_writer *w, uint64_t key, bool v) {
    rb_cbor_put_uint(w, key);
    rb_cbor_put_bool(w, v);
}
static void put_uint(struct rb_writer *w, uint64_t key, uint64_t v) {
    rb_cbor_put_uint(w, key);
    rb_cbor_put_uint(w, v);
}
static void put_int(struct rb_writer *w, uint64_t key, int64_t v) {
    rb_cbor_put_uint(w, key);
    rb_cbor_put_int(w, v);
}
static void put_index(struct rb_writer *w, uint32_t v) {
    if (v == RB_NOWHERE)
        rb_cbor_put_null(w);
    else
        rb_cbor_put_uint(w, v);
}
static void put_key_index(struct rb_writer *w, uint64_t key, uint32_t v) {
    rb_cbor_put_uint(w, key);
    put_index(w, v);
}

static void put_charter(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_map(w, 3);
    put_uint(w, 1, s->charter_state);
    put_key_index(w, 2, s->charter_record);
    put_int(w, 3, s->in_force_since_utc_ms);
}

static void put_member(const struct rb_situation *s, const struct rb_sit_member *m,
                       struct rb_writer *w) {
    rb_cbor_put_map(w, 13);
    put_uint(w, 1, m->index);
    put_bool(w, 2, m->accepted);
    put_bool(w, 3, m->rejected);
    put_bool(w, 4, m->suspended);
    put_bool(w, 5, m->left);
    put_bool(w, 6, m->active);
    put_bool(w, 7, m->accept_contested_by_time);
    put_int(w, 8, m->group);
    put_bool(w, 9, m->lead);
    put_key_index(
        w, 10, m->latest_feed == RB_NOWHERE ? RB_NOWHERE : s->book->feeds[m->latest_feed]->epoch);
    put_int(w, 11, m->last_created_utc_ms);
    put_uint(w, 12, m->last_test_slot);
    put_uint(w, 13, m->tests_missed);
}

static void put_record(const struct rb_situation *s, uint32_t order, struct rb_writer *w) {
    const struct rb_sit_record *r = &s->order[order];
    const struct rb_fact *fact = rb_situation_fact(s, order);
    const struct rb_feed *f = s->book->feeds[r->place.feed];
    rb_cbor_put_map(w, 13);
    put_uint(w, 1, f->member);
    put_uint(w, 2, f->epoch);
    put_uint(w, 3, r->place.leaf);
    rb_cbor_put_uint(w, 4);
    rb_cbor_put_bytes(w, rb_slice(fact->id.b, RB_HASH_LEN));
    put_uint(w, 5, fact->kind);
    put_uint(w, 6, r->mark);
    put_bool(w, 7, r->contested != 0);
    put_bool(w, 8, fact->emergency);
    put_uint(w, 9, fact->signers);
    put_key_index(w, 10, r->superseded_by);
    put_uint(w, 11, r->bodies);
    put_bool(w, 12, fact->reported);
    put_uint(w, 13, r->purged);
}

static void put_dues(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_array(w, s->dues_n);
    for (size_t i = 0; i < s->dues_n; i++) {
        const struct rb_sit_due *d = &s->dues[i];
        rb_cbor_put_array(w, 6);
        rb_cbor_put_uint(w, d->subject);
        rb_cbor_put_uint(w, d->member);
        rb_cbor_put_uint(w, d->position);
        rb_cbor_put_uint(w, d->state);
        put_index(w, d->answer);
        rb_cbor_put_int(w, d->due_utc_ms);
    }
}

static void put_answers(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_array(w, s->answers_n);
    for (size_t i = 0; i < s->answers_n; i++) {
        rb_cbor_put_array(w, 2);
        rb_cbor_put_uint(w, s->answers[i].subject);
        rb_cbor_put_uint(w, s->answers[i].answer);
    }
}

static void put_silences(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_array(w, s->silences_n);
    for (size_t i = 0; i < s->silences_n; i++) {
        rb_cbor_put_array(w, 3);
        rb_cbor_put_uint(w, s->silences[i].record);
        put_index(w, s->silences[i].subject);
        rb_cbor_put_uint(w, s->silences[i].member);
    }
}

static void put_steps(const struct rb_situation *s, size_t slot, struct rb_writer *w) {
    for (size_t i = 0; i < s->held_n[slot]; i++) {
        rb_cbor_put_uint(w, s->held[slot][i].size);
        rb_cbor_put_uint(w, s->held[slot][i].time_s);
    }
}

static bool is_forked(const struct rb_feed *f) {
    return f->frozen && f->facts_n > 0;
}

static bool has_steps(const struct rb_situation *s, size_t slot) {
    return s->held_n[slot] > 0 && !is_forked(s->book->feeds[slot / RB_MAX_MEMBERS]);
}

static void put_held(const struct rb_situation *s, struct rb_writer *w) {
    size_t slots = s->book->feeds_n * RB_MAX_MEMBERS, n = 0;
    for (size_t i = 0; i < slots; i++)
        n += has_steps(s, i);
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < slots; i++) {
        if (!has_steps(s, i)) continue;
        rb_cbor_put_array(w, 3 + 2 * s->held_n[i]);
        rb_cbor_put_uint(w, s->book->feeds[i / RB_MAX_MEMBERS]->member);
        rb_cbor_put_uint(w, s->book->feeds[i / RB_MAX_MEMBERS]->epoch);
        rb_cbor_put_uint(w, i % RB_MAX_MEMBERS);
        put_steps(s, i, w);
    }
}

/* ---- forked feeds -----------------------------------------------------------------------------
 */

static uint32_t last_record(const struct rb_situation *s, size_t feed) {
    return s->order_of[feed][s->book->feeds[feed]->facts_n - 1];
}

/* has a leaf that no other branch goes on from; of two with the same leaves, the lower */
static bool is_branch(const struct rb_situation *s, size_t first, size_t n, size_t i) {
    const struct rb_feed *f = s->book->feeds[i];
    if (f->facts_n == 0) return false;
    for (size_t k = first; k < first + n; k++) {
        const struct rb_feed *other = s->book->feeds[k];
        if (k == i || other->facts_n < f->facts_n) continue;
        bool goes_on = s->order_of[k][f->facts_n - 1] == last_record(s, i);
        if (goes_on && (other->facts_n > f->facts_n || k < i)) return false;
    }
    return true;
}

/* the branches in the order of their last records */
static size_t branches_in_order(const struct rb_situation *s, size_t first,
                                size_t out[RB_MAX_BRANCHES + 1]) {
    size_t n = rb_branches_of(s->book, first), found = 0;
    for (size_t i = first; i < first + n; i++) {
        if (!is_branch(s, first, n, i)) continue;
        size_t at = found++;
        for (; at > 0 && last_record(s, out[at - 1]) > last_record(s, i); at--)
            out[at] = out[at - 1];
        out[at] = i;
    }
    return found;
}

/* its last record, and since when who held it */
static void put_branch(const struct rb_situation *s, size_t feed, struct rb_writer *w) {
    size_t holders = 0, slot = feed * RB_MAX_MEMBERS;
    for (size_t m = 0; m < RB_MAX_MEMBERS; m++)
        holders += s->held_n[slot + m] > 0;
    rb_cbor_put_array(w, 1 + holders);
    rb_cbor_put_uint(w, last_record(s, feed));
    for (size_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (s->held_n[slot + m] == 0) continue;
        rb_cbor_put_array(w, 1 + 2 * s->held_n[slot + m]);
        rb_cbor_put_uint(w, m);
        put_steps(s, slot + m, w);
    }
}

static bool starts_fork(const struct rb_situation *s, size_t i, size_t *n,
                        size_t out[RB_MAX_BRANCHES + 1]) {
    if (s->book->feeds[i]->branch > 0 || !s->book->feeds[i]->frozen) return false;
    *n = branches_in_order(s, i, out);
    return *n > 0;
}

static void put_forks(const struct rb_situation *s, struct rb_writer *w) {
    size_t forks = 0, n, branch[RB_MAX_BRANCHES + 1];
    for (size_t i = 0; i < s->book->feeds_n; i++)
        forks += starts_fork(s, i, &n, branch);
    rb_cbor_put_array(w, forks);
    for (size_t i = 0; i < s->book->feeds_n; i++) {
        const struct rb_feed *f = s->book->feeds[i];
        if (!starts_fork(s, i, &n, branch)) continue;
        rb_cbor_put_array(w, 3 + n);
        rb_cbor_put_uint(w, f->member);
        rb_cbor_put_uint(w, f->epoch);
        if (f->common_known)
            rb_cbor_put_uint(w, f->common);
        else
            rb_cbor_put_null(w);
        for (size_t k = 0; k < n; k++)
            put_branch(s, branch[k], w);
    }
}

/* ---- instruments ------------------------------------------------------------------------------
 */

/* a lot is named by its first record */
static uint32_t lot_record(const struct rb_situation *s, uint32_t lot) {
    return s->entries[s->lots[lot].first].record;
}

static void put_instruments(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_array(w, s->instruments_n);
    for (size_t i = 0; i < s->instruments_n; i++) {
        const struct rb_sit_instrument *in = &s->instruments[i];
        rb_cbor_put_array(w, 4);
        rb_cbor_put_uint(w, in->record);
        rb_cbor_put_uint(w, lot_record(s, in->lot));
        rb_cbor_put_uint(w, in->state);
        rb_cbor_put_int(w, in->since_utc_ms);
    }
}

static void put_unmoved(const struct rb_situation *s, struct rb_writer *w) {
    size_t n = 0;
    for (size_t i = 0; i < s->entries_n; i++)
        n += s->entries[i].mark != RB_MARK_NONE;
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < s->entries_n; i++) {
        const struct rb_sit_entry *e = &s->entries[i];
        if (e->mark == RB_MARK_NONE) continue;
        rb_cbor_put_array(w, 4);
        rb_cbor_put_uint(w, lot_record(s, e->lot));
        rb_cbor_put_uint(w, e->record);
        put_index(w, e->on == RB_NOWHERE ? RB_NOWHERE : s->entries[e->on].record);
        rb_cbor_put_uint(w, e->mark);
    }
}

void rb_situation_encode(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_map(w, 14);
    put_uint(w, 1, RB_RULES_VERSION);
    rb_cbor_put_uint(w, 2);
    rb_cbor_put_bytes(w, rb_slice(s->book->channel, RB_CHANNEL_LEN));
    put_int(w, 3, s->now_utc_ms);
    rb_cbor_put_uint(w, 4);
    put_charter(s, w);
    rb_cbor_put_uint(w, 5);
    rb_cbor_put_array(w, s->members_n);
    for (size_t i = 0; i < s->members_n; i++)
        put_member(s, &s->members[i], w);
    rb_cbor_put_uint(w, 6);
    rb_cbor_put_array(w, s->order_n);
    for (size_t i = 0; i < s->order_n; i++)
        put_record(s, (uint32_t)i, w);
    rb_cbor_put_uint(w, 7);
    put_answers(s, w);
    rb_cbor_put_uint(w, 8);
    put_dues(s, w);
    rb_cbor_put_uint(w, 9);
    put_silences(s, w);
    rb_cbor_put_uint(w, 10);
    rb_cbor_put_array(w, s->open_texts_n);
    for (size_t i = 0; i < s->open_texts_n; i++)
        rb_cbor_put_uint(w, s->open_texts[i]);
    rb_cbor_put_uint(w, 11);
    put_held(s, w);
    rb_cbor_put_uint(w, 12);
    put_forks(s, w);
    rb_cbor_put_uint(w, 13);
    put_instruments(s, w);
    rb_cbor_put_uint(w, 14);
    put_unmoved(s, w);
}
