/* Amendments: the charter in force with what is to change, cards filled in, and what differs said
 * field by field, so that nobody signs a charter to find one line in it (spec 5.9.4). */
#include "compose.h"
#include "found.h"
#include "json_body.h"
#include "readback/instrument.h"
#include "readback/text.h"

#define ACCEPT_IN "7d"

static const struct rb_sit_member *member_state(const struct rb_chan *c, uint16_t index) {
    for (size_t i = 0; i < c->s->members_n; i++)
        if (c->s->members[i].index == index) return &c->s->members[i];
    return NULL;
}
static bool has_left(const struct rb_chan *c, const char *handle) {
    const struct rb_book_member *m = rb_book_member_by_handle(c->v.book, rb_str(handle));
    const struct rb_sit_member *s = m ? member_state(c, m->index) : NULL;
    return s && s->left;
}
static json_t *member_named(const json_t *members, const char *handle, size_t *at) {
    json_t *m;
    size_t i;
    json_array_foreach(members, i, m) {
        const char *h = rb_j_string(m, "handle");
        if (h == NULL || strcmp(h, handle) != 0) continue;
        if (at) *at = i;
        return m;
    }
    return NULL;
}
static bool lists(const json_t *list, const char *handle) {
    size_t i;
    const json_t *x;
    json_array_foreach(list, i, x) {
        if (json_is_string(x) && strcmp(json_string_value(x), handle) == 0) return true;
    }
    return false;
}
static void drop_word(json_t *list, const char *word) {
    for (size_t i = json_array_size(list); i-- > 0;) {
        const char *z = json_string_value(json_array_get(list, i));
        if (z && strcmp(z, word) == 0) json_array_remove(list, i);
    }
}

/* ---- who is listed ------------------------------------------------------------------------------
 */
/* Listing a member that left lets it in again: that is never done by the way. */
static void drop_member(json_t *charter, const char *handle) {
    size_t at = 0, i;
    json_t *g;
    json_t *members = json_object_get(charter, "members");
    if (member_named(members, handle, &at)) json_array_remove(members, at);
    drop_word(json_object_get(charter, "accept_members"), handle);
    json_array_foreach(json_object_get(charter, "groups"), i, g)
        drop_word(json_object_get(g, "members"), handle);
}
static void drop_those_who_left(const struct rb_chan *c, json_t *charter) {
    json_t *members = json_object_get(charter, "members");
    for (size_t i = json_array_size(members); i-- > 0;) {
        char handle[RB_MAX_HANDLE + 1];
        const char *h = rb_j_string(json_array_get(members, i), "handle");
        if (h == NULL || strlen(h) > RB_MAX_HANDLE || !has_left(c, h)) continue;
        memcpy(handle, h, strlen(h) + 1);
        drop_member(charter, handle);
    }
}
static bool by_index(const json_t *a, const json_t *b) {
    return json_integer_value(json_object_get(a, "index")) <
           json_integer_value(json_object_get(b, "index"));
}
static void sort_members(json_t *members) {
    for (size_t i = 1; i < json_array_size(members); i++)
        for (size_t k = i;
             k > 0 && by_index(json_array_get(members, k), json_array_get(members, k - 1)); k--) {
            json_t *m = json_incref(json_array_get(members, k));
            json_array_remove(members, k);
            json_array_insert_new(members, k - 1, m);
        }
}
/* An index is for good: who ever had one has it again, a new member the next that nobody had. */
static void give_indexes(const struct rb_chan *c, json_t *members) {
    json_int_t next = 0;
    size_t i;
    json_t *m;
    for (size_t k = 0; k < c->v.book->members_n; k++)
        if (c->v.book->members[k].index >= next) next = c->v.book->members[k].index + 1;
    json_array_foreach(members, i, m) {
        const char *h = rb_j_string(m, "handle");
        const struct rb_book_member *known =
            h ? rb_book_member_by_handle(c->v.book, rb_str(h)) : NULL;
        if (!json_object_get(m, "index"))
            rb_j_put(m, "index", json_integer(known ? known->index : next++));
    }
    sort_members(members);
}
static bool add_members(struct rb_chan *c, json_t *charter, const json_t *add) {
    json_t *members = json_object_get(charter, "members"), *m;
    json_t *accept = json_object_get(charter, "accept_members");
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)add, i, m) {
        const char *h = rb_j_string(m, "handle");
        if (h == NULL || member_named(members, h, NULL))
            return rb_draft_fail(c->rq, "body.changes.add_members",
                                 h ? "this member is listed already" : "each needs a handle");
        json_array_append_new(members, json_deep_copy(m));
        if (json_is_array(accept) && !lists(accept, h))
            json_array_append_new(accept, json_string(h));
    }
    return true;
}
static bool remove_members(struct rb_chan *c, json_t *charter, const json_t *list) {
    size_t i;
    const json_t *x;
    json_array_foreach(list, i, x) {
        const char *h = json_string_value(x);
        if (h == NULL || !member_named(json_object_get(charter, "members"), h, NULL))
            return rb_draft_fail(c->rq, "body.changes.remove_members", "no such member is listed");
        drop_member(charter, h);
    }
    return true;
}
/* the card a member's feed says last, of others the one that is known here */
static void put_cards(struct rb_chan *c, json_t *members) {
    size_t i;
    json_t *m;
    json_array_foreach(members, i, m) {
        const char *h = rb_j_string(m, "handle");
        const struct rb_book_member *b = h ? rb_book_member_by_handle(c->v.book, rb_str(h)) : NULL;
        if (b && b->card && !json_object_get(m, "card"))
            rb_j_put(m, "card", rb_j_base64(b->card->raw));
    }
}

/* ---- the charter that is meant
 * -------------------------------------------------------------------
 */
static void drop_nulls(json_t *o) {
    const char *k;
    json_t *v;
    void *tmp;
    json_object_foreach_safe(o, tmp, k, v) {
        if (json_is_null(v)) json_object_del(o, k);
    }
}
/* of a table by precedence or class only what is named changes; null takes a line out */
static void merge_table(json_t *all, const char *field, const json_t *changes) {
    json_t *was = json_object_get(all, field), *v;
    const char *k;
    if (!json_is_object(was)) {
        json_object_set_new(all, field, json_deep_copy(changes));
        was = json_object_get(all, field);
    }
    json_object_foreach((json_t *)(uintptr_t)changes, k, v) {
        if (json_is_null(v))
            json_object_del(was, k);
        else
            json_object_set(was, k, v);
    }
    if (json_object_size(was) == 0) json_object_del(all, field);
}
static size_t kind_number(const json_t *policy) {
    enum rb_kind k;
    const char *z = rb_j_string(policy, "kind");
    return z && rb_kind_decode(rb_str(z), &k) == RB_OK ? (size_t)k : 0;
}
static void merge_policies(json_t *all, const json_t *changes) {
    json_t *list = json_object_get(all, "policies");
    size_t i;
    const json_t *p;
    if (!json_is_array(list)) json_object_set_new(all, "policies", list = json_array());
    json_array_foreach(changes, i, p) {
        size_t at = 0;
        while (at < json_array_size(list) && kind_number(json_array_get(list, at)) < kind_number(p))
            at++;
        if (kind_number(json_array_get(list, at)) == kind_number(p))
            json_object_update(json_array_get(list, at), (json_t *)(uintptr_t)p);
        else
            json_array_insert_new(list, at, json_deep_copy(p));
    }
}
static void merge(json_t *all, const char *field, json_t *v) {
    static const char *const tables[] = {"answer_times", "lead_times", "stand_off"};
    if (json_is_null(v)) {
        json_object_del(all, field);
        return;
    }
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(field, tables[i]) != 0 || !json_is_object(v)) continue;
        merge_table(all, field, v);
        return;
    }
    if (strcmp(field, "policies") == 0 && json_is_array(v))
        merge_policies(all, v);
    else
        json_object_set_new(all, field, json_deep_copy(v));
}
static json_t *changed(struct rb_chan *c, const json_t *changes) {
    json_t *out = rb_charter_json(c), *v;
    const char *k;
    bool ok = out != NULL;
    json_t *all = ok ? out : json_object();
    drop_nulls(all);
    drop_those_who_left(c, all);
    json_object_foreach((json_t *)(uintptr_t)changes, k, v) {
        if (!ok) break;
        if (strcmp(k, "add_members") == 0)
            ok = add_members(c, all, v);
        else if (strcmp(k, "remove_members") == 0)
            ok = remove_members(c, all, v);
        else
            merge(all, k, v);
    }
    if (!json_object_get(changes, "accept_by")) json_object_del(all, "accept_by");
    if (ok) return all;
    json_decref(all);
    return NULL;
}
static json_t *meant(struct rb_chan *c) {
    const json_t *body = json_object_get(c->rq->body, "body");
    const json_t *changes = json_object_get(body, "changes"),
                 *whole = json_object_get(body, "charter");
    json_t *out = NULL;
    if (json_is_object(changes) && whole == NULL)
        out = changed(c, changes);
    else if (json_is_object(whole) && changes == NULL)
        out = json_deep_copy(whole);
    else
        rb_draft_fail(c->rq, "body",
                      "say what changes (\"changes\") or the whole charter (\"charter\")");
    if (out && !json_object_get(out, "accept_by") && !json_object_get(out, "accept_in"))
        rb_j_put(out, "accept_in", json_string(ACCEPT_IN));
    return out;
}

/* ---- what differs
 * --------------------------------------------------------------------------------
 */
static void differs(json_t *list, const char *field, const json_t *before, const json_t *after) {
    json_t *o = json_object();
    rb_j_put(o, "field", json_string(field));
    rb_j_put(o, "before", before ? json_deep_copy(before) : json_null());
    rb_j_put(o, "after", after ? json_deep_copy(after) : json_null());
    json_array_append_new(list, o);
}
static void member_differs(const struct rb_chan *c, json_t *list, const json_t *was,
                           const json_t *now, const char *handle) {
    json_t *o;
    if (was && now && json_equal((json_t *)(uintptr_t)was, (json_t *)(uintptr_t)now) &&
        !has_left(c, handle))
        return;
    differs(list, "members", was, now);
    o = json_array_get(list, json_array_size(list) - 1);
    rb_j_put(o, "member", json_string(handle));
    rb_j_put(o, "change",
             json_string(!now                  ? "no longer listed"
                         : has_left(c, handle) ? "let in again"
                         : !was                ? "new"
                                               : "changed"));
}
static void members_differ(const struct rb_chan *c, json_t *list, const json_t *was,
                           const json_t *now) {
    size_t i;
    const json_t *m;
    json_array_foreach(now, i, m) {
        const char *h = rb_j_string(m, "handle");
        if (h) member_differs(c, list, member_named(was, h, NULL), m, h);
    }
    json_array_foreach(was, i, m) {
        const char *h = rb_j_string(m, "handle");
        if (h && !member_named(now, h, NULL)) member_differs(c, list, m, NULL, h);
    }
}
json_t *rb_charter_differences(struct rb_chan *c, const json_t *was, const json_t *now) {
    json_t *list = json_array();
    const char *k;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)now, k, v) {
        const json_t *before = json_object_get(was, k);
        if (strcmp(k, "members") == 0)
            members_differ(c, list, before, v);
        else if (!json_is_null(v) &&
                 (before == NULL || !json_equal((json_t *)(uintptr_t)before, v)))
            differs(list, k, json_is_null(before) ? NULL : before, v);
    }
    json_object_foreach((json_t *)(uintptr_t)was, k, v) {
        const json_t *after = json_object_get(now, k);
        if (!json_is_null(v) && (after == NULL || json_is_null(after)) && strcmp(k, "members") != 0)
            differs(list, k, v, NULL);
    }
    return list;
}

/* ---- composing
 * -----------------------------------------------------------------------------------
 */
static bool in_force(const struct rb_chan *c) {
    struct rb_fail f = {.err = RB_ERR_STATE,
                        .clause = "5.9.4",
                        .field = "kind",
                        .sentence = "only a charter in force is amended",
                        .hint = "before that, withdraw it and propose another"};
    if (c->s->charter_state == RB_CHARTER_IN_FORCE && c->s->charter_record < c->s->order_n)
        return true;
    rb_fail(c->rq, &f);
    return false;
}
static bool encode(struct rb_draft *d, struct rb_slice charter) {
    struct rb_chan *c = &d->c;
    uint8_t *buf = rb_arena_alloc(&c->rq->arena, RB_MAX_LEAF);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_LEAF : 0);
    struct rb_amendment a = {.previous = rb_situation_fact(c->s, c->s->charter_record)->id,
                             .charter = charter};
    struct rb_reject rj = {0};
    rb_amendment_encode(&a, &w);
    if (rb_writer_done(&w, &d->body) != RB_OK) {
        rb_fail_words(c->rq, RB_ERR_LIMIT, "body.charter",
                      "this does not fit one record (65,535 bytes)", NULL);
        return false;
    }
    if (rb_body_check(RB_KIND_AMENDMENT, d->body, &rj) == RB_OK) return true;
    rb_fail_reject(c->rq, &rj, "body.charter");
    return false;
}
/* as it will be read by others: decoded again, so that what is shown is what is signed */
static json_t *read_back(struct rb_chan *c, struct rb_slice body, const json_t *members) {
    const struct rb_schema *s = rb_body_schema(RB_KIND_CHARTER);
    struct rb_names names = rb_roster_names(members, &c->rq->arena);
    json_t *out = s ? rb_body_to_json(s, body, &names) : NULL, *m;
    size_t i;
    json_array_foreach(json_object_get(out, "members"), i, m) json_object_del(m, "card");
    return out;
}
bool rb_draft_amendment(struct rb_draft *d) {
    struct rb_chan *c = &d->c;
    struct rb_slice body;
    if (!in_force(c)) return false;
    json_t *charter = meant(c), *was, *now;
    if (charter == NULL) return false;
    json_t *members = json_object_get(charter, "members");
    if (json_is_array(members)) {
        give_indexes(c, members);
        put_cards(c, members);
    }
    rb_charter_accept_by(c->rq, charter);
    bool ok = rb_charter_fill(c->rq, charter) && rb_charter_body(c->rq, charter, &body) &&
              encode(d, body);
    if (ok) {
        was = rb_charter_json(c);
        now = read_back(c, body, json_object_get(charter, "members"));
        d->differences = rb_charter_differences(c, was, now);
        d->charter_json = now;
        json_decref(was);
    }
    json_decref(charter);
    return ok;
}

/* A node takes the founding feed of a channel whose charter names it, and no other (6.2.2). */
void rb_warn_amendment(const json_t *differences, json_t *warnings) {
    size_t i;
    const json_t *x;
    json_array_foreach(differences, i, x) {
        const char *change = rb_j_string(x, "change");
        if (change == NULL || strcmp(change, "new") != 0) continue;
        json_array_append_new(
            warnings,
            rb_warning("new-member", true,
                       "%s is not named by the founding charter: its node does not take this "
                       "channel; propose a channel that names it",
                       rb_j_string(x, "member")));
    }
}

/* ---- amendments that wait
 * ------------------------------------------------------------------------
 */
static json_t *amended_json(struct rb_chan *c, const struct rb_amendment *a, int64_t *by_utc_ms) {
    struct rb_charter *ch = rb_arena_alloc(&c->rq->arena, sizeof *ch);
    struct rb_reject rj = {0};
    json_t *members = json_array();
    if (ch == NULL || rb_charter_decode(a->charter, ch, &rj) != RB_OK) {
        json_decref(members);
        return NULL;
    }
    *by_utc_ms = ch->accept_by_utc_ms;
    for (size_t i = 0; i < ch->members_n; i++)
        json_array_append_new(members,
                              json_pack("{s:o,s:i}", "handle", rb_j_slice(ch->members[i].handle),
                                        "index", (int)ch->members[i].index));
    json_t *out = read_back(c, a->charter, members);
    json_decref(members);
    return out;
}
static void put_names(struct rb_writer *w, const struct rb_chan *c, uint64_t members) {
    bool first = true;
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++) {
        if (!(members >> i & 1)) continue;
        if (!first) rb_put_z(w, ", ");
        rb_put_slice(w, rb_chan_handle(c, i));
        first = false;
    }
    if (first) rb_put_z(w, "nobody");
}
static void put_span(struct rb_writer *w, int64_t ms) {
    json_t *span = rb_span_json(ms);
    rb_put_z(w, json_is_string(span) ? json_string_value(span) : "?");
    json_decref(span);
}
/* the hour itself adopts: what must be known by then, and of whom */
static void put_silence(struct rb_writer *w, const struct rb_chan *c, uint64_t voices,
                        const char *hour) {
    rb_put_z(w, "adopted at ");
    rb_put_z(w, hour);
    rb_put_z(w, " unless one of these rejects it; silence counts: ");
    put_names(w, c, voices);
    rb_put_z(w, ". Each of them must be known to hold it ");
    if (c->charter->silence_ms > 0) {
        put_span(w, c->charter->silence_ms);
        rb_put_z(w, " before that hour");
    } else {
        rb_put_z(w, "by that hour");
    }
    rb_put_z(w, ", or else it lapses");
}
static void put_veto(struct rb_writer *w, const struct rb_chan *c, uint64_t veto,
                     const char *hour) {
    if (veto == 0) return;
    rb_put_z(w, "; not if one with a veto rejects it: ");
    put_names(w, c, veto);
    rb_put_z(w, ". While one with a veto has said nothing, not before ");
    rb_put_z(w, hour);
}
static void put_rule(struct rb_writer *w, const struct rb_chan *c, uint64_t voices, uint64_t veto,
                     const char *hour) {
    const struct rb_charter *ch = c->charter;
    switch (ch->rule) {
    case RB_RULE_SILENCE:
        put_silence(w, c, voices, hour);
        return;
    case RB_RULE_ALL:
        rb_put_z(w, "adopted once all of these have accepted it by ");
        break;
    case RB_RULE_GUARANTORS:
        rb_put_z(w, "adopted once all guarantors have accepted it by ");
        break;
    case RB_RULE_QUORUM:
    case RB_RULE_QUORUM_VETO:
        rb_put_z(w, "adopted once ");
        rb_put_dec(w, ch->quorum);
        rb_put_z(w, " of these have accepted it by ");
        break;
    }
    rb_put_z(w, hour);
    rb_put_z(w, ": ");
    put_names(w, c, voices);
    if (ch->rule == RB_RULE_QUORUM_VETO) put_veto(w, c, veto, hour);
}
/* where the hour adopts, when a no was written says nothing (5.9.8) */
static void put_held(struct rb_writer *w, const struct rb_charter *ch) {
    if (ch->rule == RB_RULE_SILENCE || ch->rule == RB_RULE_QUORUM_VETO)
        rb_put_z(w, ". A rejection counts where another node is known to have held it by then");
}
/* By which rule it is adopted: that of the charter in force, never its own (5.9.4). */
static json_t *rule_json(struct rb_chan *c, const struct rb_sit_amendment *a, int64_t by_utc_ms) {
    const struct rb_charter *ch = c->charter;
    char text[8192], hour[40];
    struct rb_writer w = rb_writer(text, sizeof text), h = rb_writer(hour, sizeof hour);
    json_t *o = json_object();
    rb_put_rfc3339(&h, by_utc_ms);
    put_rule(&w, c, a->voices, a->veto, rb_writer_z(&h));
    put_held(&w, ch);
    rb_put_z(&w, ".");
    rb_j_put(o, "rule", json_string(rb_rule_name(ch->rule)));
    rb_j_put(o, "quorum", ch->quorum ? json_integer(ch->quorum) : json_null());
    rb_j_put(o, "veto", rb_chan_handles(c, a->veto));
    rb_j_put(o, "silence", ch->silence_ms > 0 ? rb_span_json(ch->silence_ms) : json_null());
    rb_j_put(o, "voices", rb_chan_handles(c, a->voices));
    rb_j_put(o, "sentence", rb_j_text(&w));
    return o;
}
/* Each one's word as it counts: the last, in time, not taken back. Awaited is who decides it and
 * has none. */
static void put_stances(struct rb_chan *c, const struct rb_sit_amendment *a, json_t *o) {
    const uint64_t words = a->accepted | a->rejected | a->other;
    const struct rb_sit_member *us = member_state(c, c->v.own_member);
    rb_j_put(o, "accepted", rb_chan_handles(c, a->accepted));
    rb_j_put(o, "rejected", rb_chan_handles(c, a->rejected));
    rb_j_put(o, "other", rb_chan_handles(c, a->other));
    rb_j_put(o, "contested_by_time", rb_chan_handles(c, a->contested));
    rb_j_put(o, "awaited", rb_chan_handles(c, a->voices & ~words));
    rb_j_put(o, "may_accept", json_boolean(us && us->active && !(a->accepted >> us->index & 1)));
}
static json_t *waiting_amendment(struct rb_chan *c, const struct rb_sit_amendment *open,
                                 const json_t *charter) {
    const uint32_t order = open->record;
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    struct rb_amendment a;
    int64_t by_utc_ms = 0;
    if (rb_amendment_decode(f->body, &a, NULL) != RB_OK) return NULL;
    json_t *after = amended_json(c, &a, &by_utc_ms), *o = json_object();
    rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, rb_situation_author(c->s, order)));
    rb_j_put(o, "us", json_boolean(rb_situation_author(c->s, order) == c->v.own_member));
    rb_j_put(o, "created", rb_j_time(f->created_utc_ms));
    if (json_object_get(after, "accept_by"))
        json_object_set(o, "accept_by", json_object_get(after, "accept_by"));
    rb_j_put(o, "differences", rb_charter_differences(c, charter, after));
    rb_j_put(o, "adoption", rule_json(c, open, by_utc_ms));
    put_stances(c, open, o);
    json_decref(after);
    return o;
}
json_t *rb_chan_amendments(struct rb_chan *c) {
    json_t *list = json_array(), *charter, *o;
    if (c->s->charter_record >= c->s->order_n) return list;
    charter = rb_charter_json(c);
    for (size_t i = 0; i < c->s->amendments_n; i++)
        if ((o = waiting_amendment(c, &c->s->amendments[i], charter)) != NULL)
            json_array_append_new(list, o);
    json_decref(charter);
    return list;
}

/* ---- is a further epoch due?
 * -----------------------------------------------------------------------
 */
/* NULL, or why nothing more that we say in our present feed counts */
const char *rb_chan_epoch_due(struct rb_chan *c) {
    const struct rb_feed *own = c->v.own_feed;
    const struct rb_sit_member *us = member_state(c, c->v.own_member);
    struct rb_membership m;
    if (own == NULL) return NULL;
    if (own->frozen) return "our feed has two histories: it goes on in a further epoch";
    if (us == NULL || us->left) return NULL; /* first somebody must list us again */
    for (size_t i = own->facts_n; i-- > 0;) {
        const struct rb_fact *f = &own->facts[i];
        if (f->kind != RB_KIND_MEMBERSHIP || f->mark != RB_MARK_NONE) continue;
        if (rb_membership_decode(f->body, &m, NULL) == RB_OK && m.action == RB_MEMBERSHIP_LEAVE)
            return "we left, and were let in again: we go on in a further epoch";
    }
    return NULL;
}
