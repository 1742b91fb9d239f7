/* Questions to a situation. */
#include <assert.h>
#include "internal.h"

const struct rb_fact *rb_situation_fact(const struct rb_situation *s, uint32_t order) {
    assert(order < s->order_n);
    const struct rb_place *p = &s->order[order].place;
    return &s->book->feeds[p->feed]->facts[p->leaf];
}

uint16_t rb_situation_author(const struct rb_situation *s, uint32_t order) {
    assert(order < s->order_n);
    return s->book->feeds[s->order[order].place.feed]->member;
}

bool rb_situation_held(const struct rb_situation *s, uint32_t order, uint16_t member,
                       uint64_t *since_time_s) {
    const struct rb_fact *fact = rb_situation_fact(s, order);
    const struct rb_sit_record *r = &s->order[order];
    if (rb_situation_author(s, order) == member) {
        *since_time_s = 0;
        return true;
    }
    if (member >= RB_MAX_MEMBERS) return false;
    /* of a closed record, who is not among the recipients can hold no more than the leaf */
    if (fact->closed && !(r->bodies >> member & 1)) return false;
    return rb_held_record(s, order, member, since_time_s);
}

uint32_t rb_situation_answer(const struct rb_situation *s, uint32_t order, uint16_t member,
                             enum rb_position_type type) {
    assert(order < s->order_n);
    for (uint32_t i = s->order[order].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        uint32_t a = s->answers[i].answer;
        const struct rb_fact *fact = rb_situation_fact(s, a);
        if (rb_situation_author(s, a) == member && fact->position == (int8_t)type &&
            !fact->reported)
            return a;
    }
    return RB_NOWHERE;
}

const struct rb_sit_amendment *rb_situation_amendment(const struct rb_situation *s,
                                                      uint32_t order) {
    for (size_t i = 0; i < s->amendments_n; i++)
        if (s->amendments[i].record == order) return &s->amendments[i];
    return NULL;
}

uint32_t rb_situation_find(const struct rb_situation *s, const struct rb_hash *id) {
    struct rb_feed *f;
    size_t leaf;
    if (!rb_book_find(s->book, id, &f, &leaf)) return RB_NOWHERE;
    return s->order_of[rb_book_index_of(s->book, f)][leaf];
}

uint64_t rb_situation_readers(const struct rb_situation *s, uint32_t order) {
    const struct rb_fact *fact = rb_situation_fact(s, order);
    uint64_t all = 0;
    if (fact->closed) return fact->recipients | 1ull << rb_situation_author(s, order);
    for (size_t i = 0; i < s->members_n; i++)
        all |= 1ull << s->members[i].index;
    return all;
}

struct rb_standing rb_situation_standing(const struct rb_situation *s, uint16_t member) {
    struct rb_standing st = {.in_force = s->charter_state == RB_CHARTER_IN_FORCE, .left = true};
    st.author = member;
    for (size_t i = 0; i < s->members_n; i++) {
        if (s->members[i].index != member) continue;
        st.suspended = s->members[i].suspended;
        st.left = s->members[i].left;
    }
    return st;
}
