/* How long bodies are kept: by the charter in force, or until an officer says otherwise. A purge
 * deletes the ciphertext and what the rules kept of it, and is logged. Clauses 9.6. */
#include "node_int.h"

#define DAY_MS 86400000
#define HOLD_MS 3600000u /* after the clock went ahead by more than a day */

/* Who sets the clock a year ahead by mistake has an hour to see it: what is purged is gone. */
void retain_clock(struct rb_node *n, int64_t ahead_ms) {
    if (ahead_ms <= DAY_MS) return;
    n->purge_from = n->now.mono_ms + HOLD_MS;
    n->purge_waits = false;
}

/* While we were off: since what was last written here. */
void retain_start(struct rb_node *n) {
    int64_t last = 0;
    for (size_t c = 0; c < n->channels_n; c++) {
        const struct channel *ch = n->channels[c];
        const struct rb_feed *own = ch->own ? ch->own->f : NULL;
        for (size_t i = 0; own && i < own->facts_n; i++)
            if (own->facts[i].created_utc_ms > last) last = own->facts[i].created_utc_ms;
        for (size_t i = 0; i < ch->bodies_n; i++)
            if (ch->bodies[i].taken_utc > last) last = ch->bodies[i].taken_utc;
    }
    retain_clock(n, n->now.utc_ms - last);
}

static int64_t not_before(const struct rb_node *n) {
    bool held = n->now.mono_ms < n->purge_from;
    return n->now.utc_ms + (held ? (int64_t)(n->purge_from - n->now.mono_ms) : 0);
}

static void say_held_back(struct rb_node *n, struct channel *ch) {
    struct rb_reject rj = {RB_ERR_STATE, "9.6.1",
                           "the clock went ahead by more than a day: what is due is purged in an "
                           "hour",
                           0};
    if (n->purge_waits) return;
    n->purge_waits = true;
    node_alert(n, RB_ALERT_WAITING, ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, 0, &rj);
}

int64_t retain_until(const struct channel *ch, const struct body *b) {
    if (b->state != RB_BODY_HELD || b->place == RB_NONE || b->taken_utc <= 0) return INT64_MAX;
    if (!ch->charter || ch->charter_state != RB_CHARTER_IN_FORCE) return INT64_MAX;
    uint32_t days = rb_rules_keep_days(ch->charter, (enum rb_kind)ch->places[b->place].kind);
    if (days == 0 || b->taken_utc > INT64_MAX - (int64_t)days * DAY_MS) return INT64_MAX;
    return b->taken_utc + (int64_t)days * DAY_MS;
}

void retain_note(struct channel *ch, const struct body *b) {
    int64_t until = retain_until(ch, b);
    if (until < ch->purge_utc) ch->purge_utc = until;
}

/* Whatever is under way for it comes too late; receipts and leaf stay as they are. */
static void purge(struct rb_node *n, struct channel *ch, struct body *b) {
    body_delete(n, ch, b);
    b->state = RB_BODY_PURGED;
    b->why = WHY_NONE;
    for (uint32_t at = b->place; at != RB_NONE; at = ch->places[at].next) {
        struct place *p = &ch->places[at];
        if (p->opened) {
            rb_book_close_body(&ch->book, p->fx->f, (size_t)p->leaf);
            p->opened = false;
            places_closed(n, p->fx, p->leaf);
            node_changed(n, ch, &p->fx->f->facts[p->leaf]);
        }
        p->said = false; /* that it was no good; now that it is gone */
        told_queue(ch, p);
    }
    struct cached *c = carry_find(n, ch, b->member, &b->hash);
    if (c) carry_drop(n, c);
    body_store_meta(n, ch, b);
    told_due(n, ch);
}

void retain_some(struct rb_node *n, struct channel *ch) {
    const int64_t from = not_before(n);
    size_t done = 0;
    if (!ch->purge_scan && n->now.utc_ms < ch->purge_utc) return;
    ch->purge_scan = false;
    ch->purge_utc = INT64_MAX;
    for (size_t i = 0; i < ch->bodies_n; i++) {
        struct body *b = &ch->bodies[i];
        int64_t until = retain_until(ch, b);
        if (until <= n->now.utc_ms && from > n->now.utc_ms) {
            say_held_back(n, ch);
            until = from;
        }
        if (until <= n->now.utc_ms && done < RB_PURGE_STEP && node_room(n, 4096)) {
            purge(n, ch, b);
            done++;
        } else if (until < ch->purge_utc) {
            ch->purge_utc = until;
        }
    }
}

/* ---- on command --------------------------------------------------------------------------------
 */
static struct place *purgeable(struct rb_node *n, struct channel *ch, const struct rb_hash *record,
                               struct rb_reject *rj) {
    struct rb_feed *f;
    size_t leaf;
    (void)n;
    struct feedx *fx = NULL;
    if (rb_book_find_held(&ch->book, record, &f, &leaf)) fx = node_feedx(ch, f->member, f->epoch);
    struct place *p = fx ? body_place(ch, fx, leaf) : NULL;
    if (!p)
        (void)rb_reject(rj, RB_ERR_NOT_FOUND, "9.6.3", "no record with a body for us", 0);
    else if (ch->bodies[p->body].state == RB_BODY_PURGED)
        (void)rb_reject(rj, RB_ERR_EXISTS, "9.6.4", "its body was purged before", 0);
    return rj->err == RB_OK ? p : NULL;
}

void retain_submit(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct channel *ch = node_channel_find(n, ev->u.submit.channel);
    struct place *p = NULL;
    if (!ch || !ch->own)
        (void)rb_reject(&rj, ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                        ch ? "the channel is not joined yet" : "no such channel", 0);
    else
        p = purgeable(n, ch, &ev->u.submit.record, &rj);
    if (p) {
        enum rb_err err = node_room(n, RB_MAX_LEAF) ? RB_OK : RB_ERR_LIMIT;
        if (err == RB_OK)
            err = told_service(n, ch, RB_SERVICE_PURGE, &ev->u.submit.record, ev->u.submit.reason,
                               ev->u.submit.token);
        if (err != RB_OK) (void)rb_reject(&rj, err, "6.11.9", rb_err_text(err), 0);
    }
    if (rj.err != RB_OK) {
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    purge(n, ch, &ch->bodies[p->body]);
    p->said = true;
}
