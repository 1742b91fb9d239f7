/* Views of a channel: charter, members, situation. */
#include <stdlib.h>
#include "view_instrument.h"
#include "view_places.h"

static const struct rb_sit_member *sit_member(const struct rb_chan *c, uint16_t index) {
    for (size_t i = 0; i < c->s->members_n; i++)
        if (c->s->members[i].index == index) return &c->s->members[i];
    return NULL;
}

/* the charter in words of the grammar; cards are shown as facts, not as bytes */
json_t *rb_charter_json(struct rb_chan *c) {
    struct rb_arena *a = &c->rq->arena;
    size_t mark = rb_arena_mark(a);
    uint8_t *buf = rb_arena_alloc(a, RB_MAX_LEAF);
    const struct rb_schema *schema = rb_body_schema(RB_KIND_CHARTER);
    if (buf == NULL || schema == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    rb_charter_encode(c->charter, &w);
    struct rb_names names = rb_chan_names(c);
    json_t *out = w.over ? NULL : rb_body_to_json(schema, rb_written(&w), &names);
    rb_arena_release(a, mark);
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(out, "members"), i, m) json_object_del(m, "card");
    return out;
}

static void put_accept(json_t *o, const struct rb_chan *c, const struct rb_sit_member *sm) {
    const char *state = "awaited";
    if (sm->accepted) state = "accepted";
    if (sm->rejected) state = "rejected";
    if (sm->accept_contested_by_time) state = "contested by time";
    if (!sm->accepted && !sm->rejected && !(c->charter->accept_members >> sm->index & 1))
        state = "not needed";
    rb_j_put(o, "acceptance", json_string(state));
    rb_j_put(o, "accepted", json_boolean(sm->accepted));
    rb_j_put(o, "rejected", json_boolean(sm->rejected));
    rb_j_put(o, "suspended", json_boolean(sm->suspended));
    rb_j_put(o, "left", json_boolean(sm->left));
    rb_j_put(o, "active", json_boolean(sm->active));
    rb_j_put(o, "last_created", rb_j_time(sm->last_created_utc_ms));
    rb_j_put(o, "last_test", rb_j_time((int64_t)sm->last_test_slot));
    rb_j_put(o, "tests_missed", json_integer(sm->tests_missed));
    if (sm->group >= 0 && (size_t)sm->group < c->charter->groups_n)
        rb_j_put(o, "group", rb_j_slice(c->charter->groups[sm->group].name));
    rb_j_put(o, "lead", json_boolean(sm->lead));
}

static const char *how_known(const struct rb_chan *c, const struct rb_hash *party) {
    struct rb_peer_view p;
    for (size_t i = 0; i < rb_node_peers(c->rq->node); i++)
        if (rb_node_peer(c->rq->node, i, &p) && rb_hash_eq(&p.party, party))
            return p.accredited ? "compared" : "introduced by charter";
    return "introduced by charter";
}

static void put_feed(json_t *o, const struct rb_chan *c, uint16_t index) {
    const struct rb_feed *f = rb_book_latest_feed(c->v.book, index);
    uint64_t t = 0;
    rb_j_put(o, "feed", f ? rb_j_slice(rb_slice(f->origin, f->origin_n)) : json_null());
    rb_j_put(o, "records_here", json_integer(f ? (json_int_t)f->facts_n : 0));
    rb_j_put(o, "frozen", json_boolean(f && f->frozen));
    if (index == c->v.own_member) return;
    rb_j_put(o, "holds_of_ours",
             json_integer((json_int_t)rb_node_cosigned(c->rq->node, c->v.id, index, &t)));
    rb_j_put(o, "holds_since", rb_j_time_s(t));
}

json_t *rb_chan_members(struct rb_chan *c) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->charter->members_n; i++) {
        const struct rb_member *m = &c->charter->members[i];
        const struct rb_sit_member *sm = sit_member(c, m->index);
        struct rb_book_member *bm = rb_book_member(c->v.book, m->index);
        json_t *o = json_object();
        rb_j_put(o, "index", json_integer(m->index));
        rb_j_put(o, "handle", rb_j_slice(m->handle));
        rb_j_put(o, "role", json_string(rb_role_name(m->role)));
        rb_j_put(o, "affiliation", m->affiliation.n ? rb_j_slice(m->affiliation) : json_null());
        rb_j_put(o, "us", json_boolean(m->index == c->v.own_member));
        rb_j_put(o, "group", json_null());
        rb_j_put(o, "lead", json_false());
        if (sm) put_accept(o, c, sm);
        if (bm && bm->card) {
            rb_j_put(o, "fingerprint", rb_j_fingerprint(m->handle, &bm->card->party));
            rb_j_put(o, "party", rb_j_hex(bm->party.b, RB_HASH_LEN));
            rb_j_put(
                o, "known",
                json_string(m->index == c->v.own_member ? "ourselves" : how_known(c, &bm->party)));
        }
        put_feed(o, c, m->index);
        json_array_append_new(out, o);
    }
    return out;
}

/* null where nothing is asked: the start-up guard (6.14) has ended */
static json_t *guard_json(const struct rb_chan *c) {
    if (!c->v.guarded && c->v.lost_to == 0) return json_null();
    json_t *o = json_object();
    rb_j_put(o, "guarded", json_boolean(c->v.guarded));
    rb_j_put(o, "answered", rb_chan_handles(c, c->v.guard_answered & c->v.guard_asked));
    rb_j_put(o, "not_answered", rb_chan_handles(c, c->v.guard_asked & ~c->v.guard_answered));
    rb_j_put(o, "must_answer", json_integer((json_int_t)c->v.guard_need));
    rb_j_put(o, "lost_to", c->v.lost_to ? json_integer((json_int_t)c->v.lost_to) : json_null());
    return o;
}

json_t *rb_chan_summary(struct rb_chan *c) {
    json_t *o = rb_chan_head(c);
    rb_j_put(o, "state", json_string(rb_charter_state_name(c->s->charter_state)));
    rb_j_put(o, "in_force_since", rb_j_time(c->s->in_force_since_utc_ms));
    rb_j_put(o, "own_state", json_string(c->v.state == RB_OWN_JOINED ? "joined" : "invited"));
    rb_j_put(o, "us", rb_chan_handle_json(c, c->v.own_member));
    rb_j_put(o, "proposer", rb_chan_handle_json(c, c->v.book->proposer));
    rb_j_put(o, "accept_by", rb_j_time(c->charter->accept_by_utc_ms));
    rb_j_put(o, "records", json_integer((json_int_t)c->s->order_n));
    rb_j_put(o, "signed_size", json_integer((json_int_t)c->v.signed_size));
    rb_j_put(o, "outbox", json_integer((json_int_t)c->v.outbox_n));
    rb_j_put(o, "waiting", c->v.waiting ? json_string(c->v.waiting) : json_null());
    rb_j_put(o, "guard", guard_json(c));
    rb_j_put(o, "epoch", c->v.own_feed ? json_integer(c->v.own_feed->epoch) : json_null());
    const char *due = rb_chan_epoch_due(c);
    rb_j_put(o, "epoch_due", due ? json_string(due) : json_null());
    rb_j_put(o, "bodies_missing", json_integer((json_int_t)c->v.bodies_missing));
    rb_j_put(o, "bodies_unopened", json_integer((json_int_t)c->v.bodies_unopened));
    rb_j_put(o, "members", rb_chan_handles(c, 0));
    json_t *list = json_object_get(o, "members");
    for (size_t i = 0; i < c->charter->members_n; i++)
        json_array_append_new(list, rb_j_slice(c->charter->members[i].handle));
    return o;
}

void rb_get_channels(struct rb_req *rq) {
    json_t *list = json_array(), *o = json_object();
    for (size_t i = 0; i < rb_node_channels(rq->node); i++) {
        struct rb_channel_view v;
        struct rb_chan c;
        uint8_t id[RB_CHANNEL_LEN];
        if (!rb_node_channel(rq->node, i, &v)) continue;
        memcpy(id, v.id, sizeof id);
        if (rb_chan_look(rq, id, &c) == RB_OK) json_array_append_new(list, rb_chan_summary(&c));
    }
    rb_j_put(o, "channels", list);
    rb_reply(rq, 200, o);
}

static json_t *line_tests(struct rb_chan *c) {
    json_t *o = json_object();
    int64_t interval = (int64_t)c->charter->test_interval_s * 1000;
    rb_j_put(o, "interval", interval ? rb_span_json(interval) : json_null());
    rb_j_put(o, "grace",
             interval ? rb_span_json((int64_t)c->charter->test_grace_s * 1000) : json_null());
    rb_j_put(o, "next",
             interval ? rb_j_time((c->rq->at_utc_ms / interval + 1) * interval) : json_null());
    return o;
}

static json_t *record_id(const struct rb_chan *c, uint32_t order) {
    if (order == RB_NOWHERE || order >= c->s->order_n) return json_null();
    return rb_j_hex(rb_situation_fact(c->s, order)->id.b, RB_HASH_LEN);
}

void rb_get_channel(struct rb_req *rq) {
    struct rb_chan c;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    json_t *o = rb_chan_summary(&c);
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "charter", rb_charter_json(&c));
    rb_j_put(o, "charter_record", record_id(&c, c.s->charter_record));
    rb_j_put(o, "members", rb_chan_members(&c));
    rb_j_put(o, "line_tests", line_tests(&c));
    rb_j_put(o, "amendments", rb_chan_amendments(&c));
    rb_reply(rq, 200, o);
}

json_t *rb_chan_due(struct rb_chan *c, const struct rb_sit_due *d) {
    json_t *o = json_object();
    rb_j_put(o, "record", record_id(c, d->subject));
    rb_j_put(o, "member", rb_chan_handle_json(c, d->member));
    rb_j_put(o, "position",
             d->position ? json_string(rb_position_name((enum rb_position_type)d->position))
                         : json_null());
    rb_j_put(o, "due", rb_j_time(d->due_utc_ms));
    rb_j_put(o, "state", json_string(rb_due_state_name((enum rb_due_state)d->state)));
    rb_j_put(o, "answer", record_id(c, d->answer));
    return o;
}

static json_t *silences(struct rb_chan *c) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->s->silences_n; i++) {
        const struct rb_sit_silence *s = &c->s->silences[i];
        json_t *o = json_object();
        struct rb_slice leaf;
        struct rb_record rec;
        rb_j_put(o, "record", record_id(c, s->record));
        rb_j_put(o, "by", rb_chan_handle_json(c, rb_situation_author(c->s, s->record)));
        rb_j_put(o, "subject", record_id(c, s->subject));
        rb_j_put(o, "member", rb_chan_handle_json(c, s->member));
        if (rb_chan_record(c, s->record, &leaf, &rec) == RB_OK)
            rb_j_put(o, "body", rb_body_json(c, rec.kind, rec.body));
        json_array_append_new(out, o);
    }
    return out;
}

/* the hash of the bytes that two nodes compare */
static json_t *situation_digest(struct rb_chan *c) {
    for (size_t cap = 1u << 16; cap <= 1u << 30; cap *= 4) {
        uint8_t *buf = malloc(cap);
        if (buf == NULL) return NULL;
        struct rb_writer w = rb_writer(buf, cap);
        struct rb_hash h;
        rb_situation_encode(c->s, &w);
        rb_sha256(rb_written(&w), &h);
        free(buf);
        if (!w.over) return rb_j_hex(h.b, RB_HASH_LEN);
    }
    return NULL;
}

/* those that stand so: of what was adopted, replaced or settled otherwise the instruments tell */
static json_t *texts_circulated(struct rb_chan *c) {
    json_t *out = json_array();
    for (size_t i = 0; i < c->s->open_texts_n; i++) {
        const uint32_t order = c->s->open_texts[i], in = c->s->order[order].instrument;
        const enum rb_state state =
            in == RB_NOWHERE ? RB_STATE_CIRCULATED : (enum rb_state)c->s->instruments[in].state;
        if (state == RB_STATE_CIRCULATED || state == RB_STATE_UNREAD)
            json_array_append_new(out, rb_record_brief(c, order, false));
    }
    return out;
}

void rb_get_situation(struct rb_req *rq) {
    struct rb_chan c;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    json_t *o = rb_chan_summary(&c), *dues = json_array();
    for (size_t i = 0; i < c.s->dues_n; i++)
        json_array_append_new(dues, rb_chan_due(&c, &c.s->dues[i]));
    rb_j_put(o, "now", rb_j_time(rq->at_utc_ms));
    rb_j_put(o, "rules_version", json_integer(c.charter->rules_version));
    rb_j_put(o, "digest", situation_digest(&c));
    rb_j_put(o, "charter_record", record_id(&c, c.s->charter_record));
    rb_j_put(o, "members", rb_chan_members(&c));
    rb_j_put(o, "dues", dues);
    rb_j_put(o, "silences", silences(&c));
    rb_j_put(o, "texts", texts_circulated(&c));
    rb_j_put(o, "instruments", rb_instruments_brief(&c));
    json_t *reminders = json_array();
    rb_reminders_put(&c, reminders);
    rb_j_put(o, "reminders", reminders);
    rb_reply(rq, 200, o);
}
