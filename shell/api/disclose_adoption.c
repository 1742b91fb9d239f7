/* A text with what was said of it (spec 9.7.9): the charter as it was where the text stands, the
 * text, and every position on it that bears no mark, each shown as far as the charter lets us.
 * Nothing is left out because it would not look well. */
#include <stdlib.h>
#include "disclose.h"
#include "internal.h"

#define MAX_POSITIONS 256u /* as the reader takes them */
#define MAX_CHARTERS 64u
#define MAX_FILE ((size_t)16 << 20)

static bool fail(struct rb_req *rq, enum rb_err err, const char *field, const char *sentence) {
    rb_fail_words(rq, err, field, sentence, NULL);
    return false;
}

bool rb_adoption_may(struct rb_chan *c, uint32_t order) {
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    if (f->kind != RB_KIND_TEXT)
        return fail(c->rq, RB_ERR_USAGE, "adoption",
                    "what was said of it is shown of a text alone");
    if (json_object_get(c->rq->body, "level") != NULL &&
        json_is_string(json_object_get(c->rq->body, "level")) &&
        strcmp(json_string_value(json_object_get(c->rq->body, "level")), "hash") == 0)
        return fail(c->rq, RB_ERR_USAGE, "level",
                    "by its hash alone nobody could tell what the positions are on");
    if (f->mark != RB_MARK_NONE || c->s->order[order].instrument == RB_NOWHERE)
        return fail(c->rq, RB_ERR_STATE, "record", "the text bears a mark: it has no effect");
    if (rb_disclose_most(c, rb_chan_feed(c, order, &(uint32_t){0}), f) < RB_LEVEL_HASH) return true;
    const struct rb_fail no = {.status = 403,
                               .err = RB_ERR_DENIED,
                               .code = "disclosure",
                               .clause = "9.7.1",
                               .field = "adoption",
                               .sentence = "the charter lets us show of the text its hash alone"};
    rb_fail(c->rq, &no);
    return false;
}

/* ---- charter ------------------------------------------------------------------------------------
 */

static bool same_charter(const struct rb_charter *c, struct rb_slice body, uint8_t *buf) {
    struct rb_writer w = rb_writer(buf, RB_MAX_LEAF);
    rb_charter_encode(c, &w);
    return !w.over && rb_slice_eq(rb_written(&w), body);
}

/* the record, and the one that it amends; RB_NOWHERE: it is the founding one */
static uint32_t amended(const struct rb_chan *c, uint32_t order, struct rb_slice *body) {
    struct rb_amendment am;
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    *body = f->body;
    if (f->kind != RB_KIND_AMENDMENT || rb_amendment_decode(f->body, &am, NULL) != RB_OK)
        return RB_NOWHERE;
    *body = am.charter;
    return rb_situation_find(c->s, &am.previous);
}

/* From the one in force back to the founding one; `out` gets them from the last on that the text
 * stood under. */
static size_t charters(struct rb_chan *c, uint32_t text, uint32_t out[MAX_CHARTERS]) {
    const struct rb_charter *then = c->s->instruments[c->s->order[text].instrument].charter;
    uint8_t *buf = malloc(RB_MAX_LEAF);
    size_t n = 0;
    bool from = false;
    for (uint32_t at = c->s->charter_record, next; buf != NULL && at != RB_NOWHERE; at = next) {
        struct rb_slice body;
        next = amended(c, at, &body);
        from = from || same_charter(then, body, buf);
        if (from && n == MAX_CHARTERS) {
            n = 0;
            break;
        }
        if (from) out[n++] = at;
    }
    free(buf);
    return n;
}

static json_t *charters_json(struct rb_chan *c, uint32_t text) {
    uint32_t order[MAX_CHARTERS];
    size_t n = charters(c, text, order);
    json_t *out = json_array();
    if (n == 0)
        rb_fail_words(c->rq, RB_ERR_STATE, "adoption",
                      "the charter that the text stood under cannot be shown", NULL);
    for (bool ok = true; ok && n > 0; n--) {
        json_t *one = rb_disclose_at(c, order[n - 1], RB_LEVEL_WHOLE);
        ok = one != NULL;
        if (ok) json_array_append_new(out, one);
        if (!ok) break;
    }
    if (n == 0 && json_array_size(out) > 0) return out;
    json_decref(out);
    return NULL;
}

/* ---- positions ----------------------------------------------------------------------------------
 */

struct found {
    size_t n;
    uint32_t order[MAX_POSITIONS];
    bool over;
};

static bool is_in(const struct found *to, uint32_t order) {
    for (size_t i = 0; i < to->n; i++)
        if (to->order[i] == order) return true;
    return false;
}

/* of the text, or of a position on it by the same member */
static bool concerns(const struct rb_chan *c, uint32_t order, uint32_t text,
                     const struct found *to) {
    size_t n = 0;
    const struct rb_hash *answers =
        rb_fact_refs(rb_situation_fact(c->s, order), RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = rb_situation_find(c->s, &answers[i]);
        if (at == RB_NOWHERE) continue;
        if (at == text) return true;
        if (is_in(to, at) && rb_situation_author(c->s, at) == rb_situation_author(c->s, order))
            return true;
    }
    return false;
}

static void find(const struct rb_chan *c, uint32_t text, struct found *to) {
    for (uint32_t i = 0; i < c->s->order_n; i++) {
        uint32_t leaf = 0;
        if (rb_situation_fact(c->s, i)->kind != RB_KIND_POSITION ||
            c->s->order[i].mark != RB_MARK_NONE || rb_chan_feed(c, i, &leaf)->branch > 0)
            continue;
        if (!concerns(c, i, text, to)) continue;
        to->over = to->over || to->n == MAX_POSITIONS;
        if (!to->over) to->order[to->n++] = i;
    }
}

/* what may be shown of it and can be */
static enum rb_disclose_level level_of(struct rb_chan *c, uint32_t order) {
    uint32_t leaf = 0;
    struct rb_record rec;
    struct rb_slice bytes;
    struct rb_opened o = {.mark = rb_arena_mark(&c->rq->arena)};
    const struct rb_feed *f = rb_chan_feed(c, order, &leaf);
    enum rb_disclose_level level = rb_disclose_most(c, f, &f->facts[leaf]);
    if (level > RB_LEVEL_PARAGRAPHS || !f->facts[leaf].closed) return level;
    if (rb_chan_record(c, order, &bytes, &rec) != RB_OK) return RB_LEVEL_FACT;
    rb_open_at(c, f, leaf, &rec, &o);
    if (o.state != RB_BODY_OPENED) level = RB_LEVEL_FACT;
    rb_opened_end(c->rq, &o);
    return level;
}

static json_t *positions_json(struct rb_chan *c, uint32_t text) {
    struct found f = {0};
    json_t *out = json_array();
    find(c, text, &f);
    if (f.over) rb_fail_words(c->rq, RB_ERR_LIMIT, "adoption", "more than 256 positions", NULL);
    for (size_t i = 0; i < f.n && !f.over; i++) {
        json_t *one = rb_disclose_at(c, f.order[i], level_of(c, f.order[i]));
        f.over = one == NULL;
        if (one != NULL) json_array_append_new(out, one);
    }
    if (!f.over) return out;
    json_decref(out);
    return NULL;
}

/* ---- the file -----------------------------------------------------------------------------------
 */

json_t *rb_adoption_file(struct rb_chan *c, uint32_t order, json_t *text) {
    json_t *o = json_object();
    json_t *charter = charters_json(c, order);
    json_t *positions = charter == NULL ? NULL : positions_json(c, order);
    if (c->v.book->exercise) rb_j_put(o, "exercise", json_true());
    rb_j_put(o, "readback-adoption", json_integer(1));
    rb_j_put(o, "text", text);
    if (charter != NULL) rb_j_put(o, "charter", charter);
    if (positions != NULL) rb_j_put(o, "positions", positions);
    const bool whole = charter != NULL && positions != NULL;
    const size_t n = whole ? json_dumpb(o, NULL, 0, JSON_INDENT(1)) : 0;
    if (whole && n > 0 && n < MAX_FILE) return o;
    if (whole) rb_fail_words(c->rq, RB_ERR_LIMIT, "adoption", "the file would be too long", NULL);
    json_decref(o);
    return NULL;
}
