/* The situation as bytes: what two nodes compare. Deterministic CBOR, spec 5.11. Feeds are named by
 * (member, epoch), never by their place in memory; an opened feed without leaves says nothing. */
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

static void put_steps(const struct rb_situation *s, size_t feed, uint16_t member,
                      struct rb_writer *w) {
    size_t slot = feed * RB_MAX_MEMBERS + member;
    rb_cbor_put_array(w, 3 + 2 * s->held_n[slot]);
    rb_cbor_put_uint(w, s->book->feeds[feed]->member);
    rb_cbor_put_uint(w, s->book->feeds[feed]->epoch);
    rb_cbor_put_uint(w, member);
    for (size_t i = 0; i < s->held_n[slot]; i++) {
        rb_cbor_put_uint(w, s->held[slot][i].size);
        rb_cbor_put_uint(w, s->held[slot][i].time_s);
    }
}

static void put_held(const struct rb_situation *s, struct rb_writer *w) {
    size_t slots = s->book->feeds_n * RB_MAX_MEMBERS, n = 0;
    for (size_t i = 0; i < slots; i++)
        n += s->held_n[i] > 0;
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < slots; i++)
        if (s->held_n[i] > 0) put_steps(s, i / RB_MAX_MEMBERS, (uint16_t)(i % RB_MAX_MEMBERS), w);
}

void rb_situation_encode(const struct rb_situation *s, struct rb_writer *w) {
    rb_cbor_put_map(w, 11);
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
}
