/* A file cut into its features, in bounded memory: spec 12.2.1, 12.2.2. */
#include "readback/geojson.h"

enum { BETWEEN, ITEMS, TAIL }; /* before a value, in the list of features, behind it */

struct cut { /* one call */
    struct rb_geo_stream *s;
    struct rb_slice window;
    size_t at; /* everything before is done with */
    bool last;
    struct rb_reject *rj;
};

static enum rb_err refuse(const struct cut *c, const char *clause, const char *what, size_t at) {
    return rb_reject(c->rj, RB_ERR_MALFORMED, clause, what, c->s->offset + at);
}

static int look(struct cut *c) { /* next byte that is no white space, -1 at the end */
    for (; c->at < c->window.n; c->at++) {
        const uint8_t b = c->window.p[c->at];
        if (b != ' ' && b != '\t' && b != '\n' && b != '\r') return b;
    }
    return -1;
}

static struct rb_json reader_at(const struct cut *c, size_t at) {
    return rb_json_reader(rb_slice_sub(c->window, at, c->window.n));
}

/* What a reader that began at byte at refused. Bytes that end early are no error while more can
 * come: RB_OK with *more. */
static enum rb_err refused(const struct cut *c, const struct rb_json *j, size_t at, enum rb_err e,
                           const struct rb_reject *rj, bool *more) {
    if (!j->cut || c->last)
        return rb_reject(c->rj, e, rj->clause, rj->what, c->s->offset + at + rj->offset);
    if (c->window.n - at >= RB_MAX_GEO_ITEM)
        return rb_reject(c->rj, RB_ERR_LIMIT, "12.2.2", "a feature larger than 1 MiB",
                         c->s->offset + at);
    *more = true;
    return RB_OK;
}

/* ---- before a value -----------------------------------------------------------------------------
 */

/* up to the list of features of a collection, or to the end of an item that is none */
static enum rb_err opening(struct rb_json *j, bool *collection, bool *says_more,
                           struct rb_reject *rj) {
    static const char *const names[] = {"features", "UASZoneList", "type"};
    struct rb_json_token t;
    uint64_t seen = 0;
    size_t which = 0;
    *collection = *says_more = false;
    RB_TRY(rb_json_take(j, RB_JSON_OBJECT, &t, rj));
    for (;;) {
        RB_TRY(rb_json_member(j, names, 3, &seen, &which, rj));
        if (which == RB_JSON_NO_MORE) return RB_OK;
        if (which < 2 && rb_json_peek(j) == RB_JSON_ARRAY) {
            *collection = true;
            return rb_json_take(j, RB_JSON_ARRAY, &t, rj);
        }
        *says_more |= which == 3;
        RB_TRY(rb_json_skip(j, rj));
    }
}

static void pass_over(struct cut *c) {
    if (c->s->offset + c->at == 0 && rb_slice_starts(c->window, "\xef\xbb\xbf")) c->at = 3;
    while (look(c) == 0x1e) /* RFC 8142 begins each item so */
        c->at++;
}

static enum rb_err between(struct cut *c, bool *more, struct rb_slice *item) {
    struct rb_reject rj = {0};
    bool collection = false, says_more = false;
    if (c->s->offset == 0 && c->window.n < 3 && !c->last) { /* half a byte order mark */
        *more = true;
        return RB_OK;
    }
    pass_over(c);
    if (look(c) < 0) return RB_OK;
    struct rb_json j = reader_at(c, c->at);
    const enum rb_err e = opening(&j, &collection, &says_more, &rj);
    if (e != RB_OK) return refused(c, &j, c->at, e, &rj, more);
    if (collection) {
        c->s->state = ITEMS;
        c->s->follows = false;
        if (says_more) c->s->remarks |= 1ull << RB_REMARK_COLLECTION;
    } else if (j.at > RB_MAX_GEO_ITEM) {
        return rb_reject(c->rj, RB_ERR_LIMIT, "12.2.2", "a feature larger than 1 MiB",
                         c->s->offset + c->at);
    } else {
        *item = rb_slice_sub(c->window, c->at, c->at + j.at);
    }
    c->at += j.at;
    return RB_OK;
}

/* ---- in the list and behind it ------------------------------------------------------------------
 */

static enum rb_err ends_early(const struct cut *c, bool *more) {
    *more = true;
    return c->last ? refuse(c, "12.1.1", "the JSON ends early", c->window.n) : RB_OK;
}

static enum rb_err element(struct cut *c, bool *more, struct rb_slice *item) {
    struct cut ahead = *c; /* nothing is done with before the whole item is here */
    struct rb_reject rj = {0};
    int b = look(&ahead);
    if (b == ']') {
        c->at = ahead.at + 1;
        c->s->state = TAIL;
        return RB_OK;
    }
    if (c->s->follows && b == ',') {
        ahead.at++;
        b = look(&ahead);
    } else if (c->s->follows && b >= 0) {
        return refuse(c, "12.1.1", "',' or the end of a list is missing", ahead.at);
    }
    if (b < 0) return ends_early(c, more);
    struct rb_json j = reader_at(c, ahead.at);
    enum rb_err e = RB_OK;
    if (rb_json_peek(&j) != RB_JSON_OBJECT)
        return refuse(c, "12.2.1", "a feature belongs here", ahead.at);
    e = rb_json_value(&j, item, &rj);
    if (e != RB_OK) {
        *item = rb_slice(NULL, 0);
        return refused(c, &j, ahead.at, e, &rj, more);
    }
    if (item->n > RB_MAX_GEO_ITEM)
        return rb_reject(c->rj, RB_ERR_LIMIT, "12.2.2", "a feature larger than 1 MiB",
                         c->s->offset + ahead.at);
    c->s->follows = true;
    c->at = ahead.at + j.at;
    return RB_OK;
}

/* "name" : value */
static enum rb_err member_behind(struct cut *c, size_t at, bool *more) {
    struct rb_reject rj = {0};
    struct rb_json_token name;
    struct rb_json j = reader_at(c, at);
    enum rb_err e = rb_json_take(&j, RB_JSON_STRING, &name, &rj);
    if (e != RB_OK) return refused(c, &j, at, e, &rj, more);
    name.type = RB_JSON_NAME;
    if (rb_json_is(&name, "features") || rb_json_is(&name, "UASZoneList"))
        return refuse(c, "12.1.3", "a name twice in one object", at);
    if (!rb_json_is(&name, "type")) c->s->remarks |= 1ull << RB_REMARK_COLLECTION;
    struct cut ahead = *c;
    ahead.at = at + j.at;
    const int b = look(&ahead);
    if (b < 0) return ends_early(c, more);
    if (b != ':') return refuse(c, "12.1.1", "':' is missing", ahead.at);
    j = reader_at(c, ahead.at + 1);
    e = rb_json_skip(&j, &rj);
    if (e != RB_OK) return refused(c, &j, ahead.at + 1, e, &rj, more);
    c->at = ahead.at + 1 + j.at;
    return RB_OK;
}

static enum rb_err behind(struct cut *c, bool *more) {
    struct cut ahead = *c;
    int b = look(&ahead);
    if (b == '}') {
        c->at = ahead.at + 1;
        c->s->state = BETWEEN;
        return RB_OK;
    }
    if (b >= 0 && b != ',')
        return refuse(c, "12.1.1", "',' or the end of a list is missing", ahead.at);
    ahead.at += b == ',';
    if (look(&ahead) < 0) return ends_early(c, more);
    return member_behind(c, ahead.at, more);
}

enum rb_err rb_geo_next(struct rb_geo_stream *s, struct rb_slice window, bool last, size_t *used,
                        enum rb_geo_event *event, struct rb_slice *item, struct rb_reject *rj) {
    struct cut c = {.s = s, .window = window, .last = last, .rj = rj};
    struct rb_slice found = {NULL, 0};
    bool more = false;
    while (!more && found.n == 0 && !(s->state == BETWEEN && look(&c) < 0)) {
        if (s->state == BETWEEN)
            RB_TRY(between(&c, &more, &found));
        else if (s->state == ITEMS)
            RB_TRY(element(&c, &more, &found));
        else
            RB_TRY(behind(&c, &more));
    }
    *used = c.at;
    s->offset += c.at;
    s->items += found.n > 0;
    *event = found.n > 0 ? RB_GEO_ITEM : last && !more ? RB_GEO_DONE : RB_GEO_MORE;
    *item = found;
    return RB_OK;
}
