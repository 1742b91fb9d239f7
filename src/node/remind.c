/* Places as they are shown, with what people are to be reminded of (spec 10.7). */
#include "node_int.h"

#define MOVEMENT_AHEAD_MS 3600000 /* 10.7.2 */

const char *rb_reminder_name(enum rb_reminder r) {
    switch (r) {
    case RB_REMINDER_NONE:
        return "";
    case RB_REMINDER_REVIEW:
        return "review";
    case RB_REMINDER_MOVEMENT:
        return "movement";
    }
    return "?";
}

/* ---- reminders ---------------------------------------------------------------------------------
 */
/* Members who have not said that it was passed down: all readers, for its author; else ourselves.
 */
static uint64_t not_passed_down(const struct channel *ch, const struct rb_situation *s,
                                uint32_t record) {
    uint16_t author = rb_situation_author(s, record);
    uint64_t readers = rb_situation_readers(s, record) & ~(1ull << author), missing = 0;
    if (author != ch->own_member) readers &= 1ull << ch->own_member;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        if ((readers >> m & 1) &&
            rb_situation_answer(s, record, m, RB_POSITION_PASSED_DOWN) == RB_NOWHERE)
            missing |= 1ull << m;
    return missing;
}

/* when its reminder begins; INT64_MAX: it has none. One that does not say when it begins has. */
static int64_t begins(const struct spot *p) {
    if (p->state != SPOT_KNOWN || p->rests) return INT64_MAX;
    if (p->class_ == RB_PLACE_SITE && p->has_review) return p->review_utc;
    if (p->class_ != RB_PLACE_MOVEMENT || !p->placed) return INT64_MAX;
    return p->has_begin ? p->begin_utc - MOVEMENT_AHEAD_MS : INT64_MIN;
}

static enum rb_reminder reminder_of(const struct channel *ch, const struct spot *p,
                                    const struct rb_situation *s, int64_t utc_ms,
                                    uint64_t *members) {
    *members = 0;
    if (begins(p) > utc_ms) return RB_REMINDER_NONE;
    if (p->class_ == RB_PLACE_SITE) return RB_REMINDER_REVIEW;
    *members = not_passed_down(ch, s, rb_situation_find(s, &spot_fact(p)->id));
    return *members ? RB_REMINDER_MOVEMENT : RB_REMINDER_NONE;
}

void remind_known(struct spot *p) {
    p->told = begins(p) <= p->fx->ch->reminded_utc;
}

/* A time still to come is of a clock that was wrong then. */
void remind_start(const struct rb_node *n, struct channel *ch) {
    if (ch->reminded_utc > n->now.utc_ms) ch->reminded_utc = 0;
    for (size_t i = 0; i < ch->spots_n; i++)
        remind_known(&ch->spots[i]);
}

enum rb_err remind_load(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct channel *ch = key.n == RB_CHANNEL_LEN ? node_channel_find(n, key.p) : NULL;
    struct rb_reader r = rb_reader(value);
    uint64_t utc;
    if (!ch) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_get_u64(&r, &utc));
    ch->reminded_utc = (int64_t)utc;
    return RB_OK;
}

static void keep(struct rb_node *n, const struct channel *ch) {
    uint8_t value[8];
    struct rb_writer w = rb_writer(value, sizeof value);
    rb_put_u64(&w, (uint64_t)n->now.utc_ms);
    node_store_meta(n, RB_TABLE_REMINDED, rb_slice(ch->id, RB_CHANNEL_LEN), rb_written(&w));
}

static void tell(struct rb_node *n, const struct spot *p, enum rb_reminder what, uint64_t members) {
    const struct rb_fact *f = spot_fact(p);
    struct rb_reject rj = {RB_OK, what == RB_REMINDER_REVIEW ? "10.7.1" : "10.7.2",
                           rb_reminder_name(what), 0};
    node_alert(n, RB_ALERT_REMINDER, p->fx->ch, &f->id, p->fx->f->member, NULL, f->precedence,
               (uint64_t)__builtin_popcountll(members), &rj);
}

void remind_due(struct rb_node *n, struct channel *ch, const struct rb_situation *s) {
    bool any = false;
    ch->remind_utc = INT64_MAX;
    for (size_t i = 0; i < ch->spots_n; i++) {
        struct spot *p = &ch->spots[i];
        int64_t at = begins(p);
        uint64_t members;
        if (at > n->now.utc_ms) p->told = false; /* said by a clock that was ahead */
        if (p->told) continue;
        if (at > n->now.utc_ms || !node_room(n, 4096)) {
            if (at < ch->remind_utc) ch->remind_utc = at;
            continue;
        }
        enum rb_reminder what = reminder_of(ch, p, s, n->now.utc_ms, &members);
        if (what != RB_REMINDER_NONE) tell(n, p, what, members);
        p->told = any = true;
    }
    if (any) keep(n, ch);
}

/* ---- views -------------------------------------------------------------------------------------
 */
static bool view(const struct channel *ch, const struct spot *p, const struct rb_situation *s,
                 struct rb_place_view *out) {
    struct rb_register_entry e;
    if (!rb_register_get(ch->reg, &spot_fact(p)->id, &e)) return false;
    *out = (struct rb_place_view){.record = e.id,
                                  .feed = node_feed_ref(p->fx),
                                  .leaf = p->leaf,
                                  .class_ = e.class_,
                                  .closed = e.closed,
                                  .readers = e.readers,
                                  .stands = !p->rests,
                                  .has_begin = p->has_begin,
                                  .has_end = p->has_end,
                                  .begin_utc_ms = p->begin_utc,
                                  .end_utc_ms = p->end_utc,
                                  .has_review = p->has_review,
                                  .review_utc_ms = p->review_utc,
                                  .title = e.title,
                                  .middle = p->middle,
                                  .placed = p->placed};
    out->reminder = reminder_of(ch, p, s, s->now_utc_ms, &out->remind);
    return true;
}

size_t rb_node_places(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], int64_t now_utc_ms) {
    const struct rb_situation *s;
    struct channel *ch = node_channel_find(n, id);
    return ch && stand_sync(n, ch, now_utc_ms, &s) == RB_OK ? ch->said_n : 0;
}

bool rb_node_place(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN], size_t i,
                   int64_t now_utc_ms, struct rb_place_view *out) {
    const struct rb_situation *s;
    struct channel *ch = node_channel_find(n, id);
    if (!ch || stand_sync(n, ch, now_utc_ms, &s) != RB_OK || i >= ch->said_n) return false;
    return view(ch, &ch->spots[ch->said[i]], s, out);
}

bool rb_node_place_of(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                      const struct rb_hash *record, int64_t now_utc_ms, struct rb_place_view *out) {
    const struct rb_situation *s;
    struct rb_feed *f;
    size_t leaf;
    struct channel *ch = node_channel_find(n, id);
    if (!ch || !rb_book_find_held(&ch->book, record, &f, &leaf)) return false;
    places_read_all(n, ch);
    struct feedx *fx = node_feedx(ch, f->member, f->epoch);
    const struct spot *p = fx ? places_find(ch, fx, leaf) : NULL;
    if (!p || p->state != SPOT_KNOWN || stand_sync(n, ch, now_utc_ms, &s) != RB_OK) return false;
    return view(ch, p, s, out);
}

size_t rb_node_place_volumes(struct rb_node *n, const uint8_t id[RB_CHANNEL_LEN],
                             const struct rb_hash *record, struct rb_volume out[RB_MAX_VOLUMES]) {
    struct channel *ch = node_channel_find(n, id);
    if (!ch || !ch->reg) return 0;
    places_read_all(n, ch);
    return rb_register_volumes(ch->reg, record, out);
}
