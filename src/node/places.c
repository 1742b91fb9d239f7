/* Notices and cessations, and what is known here of their places (spec 10.6): of an open one from
 * the moment its leaf is judged, of a closed one from the moment its body was opened until it is
 * purged. The outlines are in the register; one that cannot be put in there is counted, so that no
 * check keeps silent of it. A cessation rests there until the situation says that it is agreed
 * (stand.c). */
#include "node_int.h"
#include "readback/volume.h"

/* ---- the table ---------------------------------------------------------------------------------
 */
struct rb_register *places_register(struct rb_node *n, struct channel *ch) {
    uint64_t seed = 0;
    if (ch->reg) return ch->reg;
    for (size_t i = 0; i < 4; i++)
        seed = seed << 16 | node_rand16(n);
    ch->reg = rb_register_open(&n->region, seed);
    return ch->reg;
}

static struct spot *spot_new(struct rb_node *n, struct feedx *fx, uint64_t leaf) {
    struct channel *ch = fx->ch;
    void *list = fx->spots, *all = ch->spots;
    if (ch->spots_n >= RB_NONE - 1) return NULL;
    if (rb_region_grow(&n->region, &list, &fx->spots_cap, fx->spots_n + 1, sizeof *fx->spots))
        return NULL;
    fx->spots = list;
    if (rb_region_grow(&n->region, &all, &ch->spots_cap, ch->spots_n + 1, sizeof *ch->spots))
        return NULL;
    ch->spots = all;
    struct spot *p = &ch->spots[ch->spots_n];
    memset(p, 0, sizeof *p);
    p->fx = fx;
    p->leaf = leaf;
    fx->spots[fx->spots_n++] = (uint32_t)ch->spots_n++;
    return p;
}

struct spot *places_find(const struct channel *ch, const struct feedx *fx, uint64_t leaf) {
    size_t a = 0, z = fx->spots_n;
    while (a < z) {
        size_t mid = a + (z - a) / 2;
        if (ch->spots[fx->spots[mid]].leaf < leaf)
            a = mid + 1;
        else
            z = mid;
    }
    if (a == fx->spots_n || ch->spots[fx->spots[a]].leaf != leaf) return NULL;
    return &ch->spots[fx->spots[a]];
}

/* ---- what a notice or a cessation says ---------------------------------------------------------
 */
struct said { /* what both say */
    enum rb_place_class class_;
    struct rb_slice title;
    size_t volumes_n;
    struct rb_volume *volumes;
    bool has_review;
    int64_t review_utc_ms;
};

/* An area that is stated for as long as the cessation, or longer, is under truce for as long as
 * that holds, also where it is extended. */
static void with_its_truce(const struct rb_cessation *c) {
    for (size_t i = 0; i < c->volumes_n; i++) {
        struct rb_volume *v = &c->volumes[i];
        if (v->has_from && v->from_utc_ms <= c->start_utc_ms) v->has_from = false;
        if (v->has_to && c->has_end && v->to_utc_ms >= c->end_utc_ms) v->has_to = false;
    }
}

static enum rb_err said_of(struct rb_node *n, bool truce, struct rb_slice body, struct said *out) {
    struct rb_cessation c = {0};
    struct rb_notice no = {0};
    if (truce) {
        RB_TRY(rb_cessation_decode(body, &n->work, &c, NULL));
        with_its_truce(&c);
        *out = (struct said){.class_ = RB_PLACE_TRUCE,
                             .title = c.title,
                             .volumes_n = c.volumes_n,
                             .volumes = c.volumes};
        return RB_OK;
    }
    RB_TRY(rb_notice_decode(body, &n->work, &no, NULL));
    *out = (struct said){.class_ = (enum rb_place_class)no.class_,
                         .title = no.title,
                         .volumes_n = no.volumes_n,
                         .volumes = no.volumes,
                         .has_review = no.has_review,
                         .review_utc_ms = no.review_utc_ms};
    return RB_OK;
}

static void note_times(struct spot *p, const struct said *no) {
    p->has_begin = p->has_end = no->volumes_n > 0;
    p->begin_utc = INT64_MAX;
    p->end_utc = INT64_MIN;
    for (size_t i = 0; i < no->volumes_n; i++) {
        const struct rb_volume *v = &no->volumes[i];
        p->has_begin &= v->has_from;
        p->has_end &= v->has_to;
        if (v->has_from && v->from_utc_ms < p->begin_utc) p->begin_utc = v->from_utc_ms;
        if (v->has_to && v->to_utc_ms > p->end_utc) p->end_utc = v->to_utc_ms;
    }
    if (!p->has_begin) p->begin_utc = 0;
    if (!p->has_end) p->end_utc = 0;
    p->has_review = no->has_review;
    p->review_utc = no->has_review ? no->review_utc_ms : 0;
}

static void note_middle(struct spot *p, const struct said *no) {
    p->placed = no->volumes_n > 0;
    if (!p->placed) return;
    const struct rb_volume *v = &no->volumes[0];
    p->middle = v->shape == RB_SHAPE_CIRCLE ? v->center : v->vertices[0];
}

/* With several surveys the oldest speaks for the place: part of it was looked at no later. */
static void entry_survey(struct rb_register_entry *e) {
    for (size_t i = 0; i < e->volumes_n; i++) {
        const struct rb_volume *v = &e->volumes[i];
        if (!v->has_surveyed || (e->has_surveyed && e->surveyed_utc_ms <= v->surveyed_utc_ms))
            continue;
        e->has_surveyed = true;
        e->surveyed_utc_ms = v->surveyed_utc_ms;
    }
}

static enum rb_err into_register(struct rb_node *n, struct spot *p, const struct said *no) {
    const struct rb_fact *f = spot_fact(p);
    struct rb_register *reg = places_register(n, p->fx->ch);
    struct rb_register_entry e = {.id = f->id,
                                  .author = p->fx->f->member,
                                  .class_ = no->class_,
                                  .volumes_n = no->volumes_n,
                                  .volumes = no->volumes,
                                  .title = no->title,
                                  .created_utc_ms = f->created_utc_ms,
                                  .closed = f->closed,
                                  .readers = f->recipients};
    if (!reg) return RB_ERR_LIMIT;
    entry_survey(&e);
    RB_TRY(rb_register_add(reg, &e, NULL));
    return p->truce ? rb_register_rest(reg, &e.id, true) : RB_OK;
}

/* What it says is decoded in the step's memory, and a closed one's wiped there. */
static void spot_fill(struct rb_node *n, struct spot *p, struct rb_slice body) {
    struct said no = {0};
    size_t mark = rb_arena_mark(&n->work);
    enum rb_err err = said_of(n, p->truce, body, &no);
    if (err == RB_OK) {
        p->class_ = (uint8_t)no.class_;
        note_times(p, &no);
        err = into_register(n, p, &no);
    }
    if (err == RB_OK) note_middle(p, &no);
    p->rests = p->truce; /* as it is in the register, until the situation is looked at */
    p->gone |= p->truce;
    p->state = err == RB_OK ? SPOT_KNOWN : err == RB_ERR_MALFORMED ? SPOT_MALFORMED : SPOT_LEFT_OUT;
    if (p->state == SPOT_LEFT_OUT) n->overflow = true;
    stand_spot(p->fx->ch, p);
    rb_wipe(n->work.p + mark, n->work.used - mark);
    rb_arena_release(&n->work, mark);
}

/* ---- leaves
 * --------------------------------------------------------------------------------------
 */
/* tag, array, protected, unprotected, payload */
static bool leaf_payload(struct rb_slice leaf, struct rb_slice *payload) {
    struct rb_reader r = rb_reader(leaf);
    struct rb_cbor_head tag;
    struct rb_slice skipped;
    size_t n;
    return rb_cbor_get_head(&r, &tag) == RB_OK && rb_cbor_get_array(&r, 4, &n) == RB_OK &&
           rb_cbor_skip(&r, &skipped) == RB_OK && rb_cbor_skip(&r, &skipped) == RB_OK &&
           rb_cbor_get_bytes(&r, payload) == RB_OK;
}

/* The body of an open record that was judged a moment ago, and so follows its grammar. */
static bool leaf_body(struct rb_slice leaf, struct rb_slice *body) {
    struct rb_slice payload;
    struct rb_reader r;
    return leaf_payload(leaf, &payload) && rb_cbor_find(payload, RB_ENV_BODY, &r) == RB_OK &&
           rb_cbor_skip_checked(&r, body) == RB_OK;
}

/* A leaf that is no record, because of a volume that 3.7 refuses perhaps, still says what it was
 * meant to be. */
static bool meant_as_notice(struct rb_slice leaf) {
    struct rb_slice payload;
    struct rb_reader r;
    uint64_t kind;
    return leaf_payload(leaf, &payload) && rb_cbor_find(payload, RB_ENV_KIND, &r) == RB_OK &&
           rb_cbor_get_uint(&r, &kind) == RB_OK && kind == RB_KIND_NOTICE;
}

static bool is_notice(const struct rb_fact *f, struct rb_slice leaf) {
    if (f->mark == RB_MARK_UNREADABLE) return meant_as_notice(leaf);
    return f->mark == RB_MARK_NONE && (f->kind == RB_KIND_NOTICE || f->kind == RB_KIND_CESSATION);
}

/* ---- after a start ------------------------------------------------------------------------------
 */
/* What was known before the start is read once the node works: u32 spot, u32 length, body. */
static bool read_later(struct rb_node *n, const struct spot *p, struct rb_slice body) {
    struct channel *ch = p->fx->ch;
    uint8_t head[8];
    struct rb_writer w = rb_writer(head, sizeof head);
    rb_put_u32(&w, (uint32_t)(p - ch->spots));
    rb_put_u32(&w, (uint32_t)body.n);
    const size_t before = ch->later.n;
    if (buf_put(n, &ch->later, head, sizeof head) == RB_OK &&
        buf_put(n, &ch->later, body.p, body.n) == RB_OK)
        return true;
    ch->later.n = before;
    return false;
}

void places_read_some(struct rb_node *n, struct channel *ch, size_t most) {
    struct rb_reader r = rb_reader(buf_slice(&ch->later));
    uint32_t spot, len;
    struct rb_slice body;
    r.at = ch->later_at;
    for (; most > 0 && rb_get_u32(&r, &spot) == RB_OK && rb_get_u32(&r, &len) == RB_OK &&
           rb_get_view(&r, len, &body) == RB_OK;
         most--) {
        struct spot *p = &ch->spots[spot];
        if (p->state == SPOT_UNREAD) spot_fill(n, p, body);
        remind_known(p);
    }
    ch->later_at = r.at;
    if (rb_left(&r) > 0) return;
    buf_free(n, &ch->later);
    ch->later_at = 0;
}

void places_read_all(struct rb_node *n, struct channel *ch) {
    if (ch->later.n > 0) places_read_some(n, ch, SIZE_MAX);
}

/* ---- as things come ----------------------------------------------------------------------------
 */
void places_judged(struct rb_node *n, struct feedx *fx, size_t index, struct rb_slice leaf) {
    const struct rb_fact *f = &fx->f->facts[index];
    if (!is_notice(f, leaf)) return;
    struct spot *p = spot_new(n, fx, index);
    if (!p) {
        fx->ch->spots_lost++;
        fx->ch->stand_next = INT64_MIN;
        n->overflow = true;
        return;
    }
    p->truce = f->mark == RB_MARK_NONE && f->kind == RB_KIND_CESSATION;
    p->gone = p->truce; /* until the situation says that it is agreed */
    p->known = !n->started;
    fx->ch->truces_n += p->truce;
    if (f->mark != RB_MARK_NONE) p->state = SPOT_MALFORMED;
    if (f->closed || f->mark != RB_MARK_NONE) { /* a body may never come */
        stand_spot(fx->ch, p);
        return;
    }
    struct rb_slice body = {NULL, 0};
    if (!leaf_body(leaf, &body)) {
        p->state = SPOT_LEFT_OUT;
        stand_spot(fx->ch, p);
        return;
    }
    if (!n->started && read_later(n, p, body)) return;
    spot_fill(n, p, body);
    if (n->started && !fx->own && p->state == SPOT_KNOWN && !p->truce) arrive_note(n, p);
}

void places_opened(struct rb_node *n, struct feedx *fx, uint64_t leaf, struct rb_slice body,
                   bool news) {
    struct spot *p = places_find(fx->ch, fx, leaf);
    if (!p || p->state != SPOT_UNREAD) return;
    spot_fill(n, p, body);
    if (news) p->known = false;
    if (p->state != SPOT_KNOWN) return;
    if (!news && leaf < fx->start_n)
        remind_known(p);
    else if (news && !fx->own && !p->truce)
        arrive_note(n, p);
}

void places_closed(struct rb_node *n, struct feedx *fx, uint64_t leaf) {
    struct spot *p = places_find(fx->ch, fx, leaf);
    (void)n;
    if (!p || p->state == SPOT_UNREAD) return;
    if (p->state == SPOT_KNOWN &&
        rb_register_withdraw(fx->ch->reg, &spot_fact(p)->id, fx->f->member) != RB_OK)
        n->overflow = true;
    const struct spot was = {.fx = p->fx, .leaf = p->leaf, .gone = p->gone, .truce = p->truce};
    rb_wipe(p, sizeof *p);
    *p = was;
    stand_spot(fx->ch, p);
}
