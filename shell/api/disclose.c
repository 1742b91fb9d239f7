/* POST /v1/records/ID/disclose: how far the charter lets us show a record, and a file that shows
 * it. */
#include "disclose.h"
#include "internal.h"

struct asked {
    bool has_level, adoption;
    enum rb_disclose_level level;
    const json_t *paragraphs; /* NULL: not asked for */
};

static bool fail(struct rb_req *rq, int status, enum rb_err err, const char *code,
                 const char *sentence, const char *hint) {
    struct rb_fail f = {
        .status = status, .err = err, .code = code, .sentence = sentence, .hint = hint};
    rb_fail(rq, &f);
    return false;
}
static bool misused(struct rb_req *rq, const char *field, const char *sentence) {
    rb_fail_words(rq, RB_ERR_USAGE, field, sentence, NULL);
    return false;
}

/* ---- what is asked ------------------------------------------------------------------------------
 */

static bool asked_level(struct rb_req *rq, struct asked *a) {
    static const char *const names[] = {"whole", "paragraphs", "fact", "hash"};
    const json_t *v = json_object_get(rq->body, "level");
    a->has_level = v != NULL && !json_is_null(v);
    if (!a->has_level) return true;
    for (size_t i = 0; json_is_string(v) && i < sizeof names / sizeof *names; i++)
        if (strcmp(json_string_value(v), names[i]) == 0) {
            a->level = (enum rb_disclose_level)i;
            return true;
        }
    return misused(rq, "level", "a level is whole, paragraphs, fact or hash");
}

static bool asked_get(struct rb_req *rq, struct asked *a) {
    const json_t *p = json_object_get(rq->body, "paragraphs");
    const json_t *adoption = json_object_get(rq->body, "adoption");
    *a = (struct asked){.adoption = json_is_true(adoption)};
    if (adoption != NULL && !json_is_boolean(adoption))
        return misused(rq, "adoption", "true or false is wanted");
    if (!asked_level(rq, a)) return false;
    if (p != NULL && !json_is_null(p)) a->paragraphs = p;
    if (a->paragraphs != NULL && a->has_level && a->level != RB_LEVEL_PARAGRAPHS)
        return misused(rq, "paragraphs", "paragraphs go with the level of that name");
    if (a->paragraphs != NULL) {
        a->has_level = true;
        a->level = RB_LEVEL_PARAGRAPHS;
    }
    if (a->has_level && a->level == RB_LEVEL_PARAGRAPHS && json_array_size(a->paragraphs) == 0)
        return misused(rq, "paragraphs",
                       "a list of numbers is wanted: 0 is the heading, 1 the first paragraph");
    return true;
}

static bool asked_parts(struct rb_req *rq, const struct asked *a, struct rb_disclose *d) {
    if (d->level != RB_LEVEL_PARAGRAPHS) return true;
    if (!d->rec->closed || d->rec->kind != RB_KIND_TEXT)
        return misused(rq, "paragraphs", "only of a closed text can single paragraphs be shown");
    for (size_t i = 0; i < json_array_size(a->paragraphs); i++) {
        const json_t *v = json_array_get(a->paragraphs, i);
        const json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
        if (n < 0 || (uint64_t)n >= d->rec->commitments_n)
            return misused(rq, "paragraphs", "the text has no paragraph of this number");
        if (d->chosen[n / 64] >> (n % 64) & 1)
            return misused(rq, "paragraphs", "a paragraph is named twice");
        d->chosen[n / 64] |= 1ull << (n % 64);
    }
    return true;
}

/* ---- what is allowed ----------------------------------------------------------------------------
 */

enum rb_disclose_level rb_disclose_most(const struct rb_chan *c, const struct rb_feed *f,
                                        const struct rb_fact *fact) {
    if (!fact->closed) return RB_LEVEL_WHOLE;
    switch (
        rb_rules_disclosure(c->charter, (enum rb_kind)fact->kind, f->member == c->v.own_member)) {
    case RB_DISCLOSE_WHOLE:
        return RB_LEVEL_WHOLE;
    case RB_DISCLOSE_FACT:
        return RB_LEVEL_FACT;
    case RB_DISCLOSE_HASH:
    case RB_DISCLOSE_UNSAID: /* an answer that is never given */
        break;
    }
    return RB_LEVEL_HASH;
}

static bool allowed(struct rb_chan *c, const struct asked *a, const struct rb_fact *fact,
                    struct rb_disclose *d) {
    const enum rb_disclose_level top = rb_disclose_most(c, d->feed, fact);
    struct rb_fail f = {.status = 403,
                        .err = RB_ERR_DENIED,
                        .code = "disclosure",
                        .clause = "9.7.1",
                        .field = "level"};
    d->level = a->has_level ? a->level : top;
    /* whole and paragraphs are one step: what may be shown whole may be shown in part */
    if (top > RB_LEVEL_PARAGRAPHS && d->level < top) {
        f.sentence = top == RB_LEVEL_FACT
                         ? "the charter lets us show of it the fact, not the content"
                         : "the charter lets us show of it the hash and nothing else";
        f.hint = top == RB_LEVEL_FACT ? "level fact" : "level hash";
        rb_fail(c->rq, &f);
        return false;
    }
    if (d->level != RB_LEVEL_HASH && fact->mark != RB_MARK_NONE) {
        f = (struct rb_fail){.err = RB_ERR_STATE,
                             .clause = "9.7.8",
                             .field = "level",
                             .sentence =
                                 "its leaf does not hold by itself, so no proof of it would",
                             .hint = "level hash: that a leaf with this hash stands in the log"};
        rb_fail(c->rq, &f);
        return false;
    }
    if (!fact->closed && d->level == RB_LEVEL_FACT)
        return misused(c->rq, "level", "an open record's leaf shows all of it: whole or hash");
    return true;
}

/* ---- the answer ---------------------------------------------------------------------------------
 */

/* the body that is to be shown; o is to be ended whatever comes */
static bool body_open(struct rb_chan *c, struct rb_disclose *d, struct rb_opened *o) {
    if (d->level > RB_LEVEL_PARAGRAPHS || !d->rec->closed) return true;
    if (rb_fail_locked(c->rq)) return false;
    rb_open_at(c, d->feed, d->at, d->rec, o);
    d->head = &o->head;
    d->body = o->view.ref;
    if (o->state == RB_BODY_OPENED) return true;
    if (o->state == RB_BODY_NONE)
        return fail(c->rq, 403, RB_ERR_DENIED, NULL, "its body is not for us", "level fact");
    return fail(c->rq, 409, RB_ERR_STATE, NULL,
                o->why != NULL ? o->why : "its body cannot be read here",
                "level fact shows that it exists");
}

/* NULL: replied */
static json_t *made(struct rb_chan *c, const struct rb_disclose *d) {
    json_t *out = NULL;
    const char *why = NULL;
    const enum rb_err err = rb_disclose(d, &out, &why);
    if (err == RB_OK) return out;
    rb_fail_words(c->rq, err, NULL, why, err == RB_ERR_STATE ? "try again in a moment" : NULL);
    return NULL;
}

static bool leaf_read(struct rb_chan *c, uint32_t order, struct rb_disclose *d,
                      struct rb_record *rec) {
    if (d->level == RB_LEVEL_HASH) return true;
    d->rec = rec;
    const enum rb_err err = rb_chan_record(c, order, &d->leaf, rec);
    if (err != RB_OK) rb_fail_words(c->rq, err, "record", "its leaf could not be read", NULL);
    return err == RB_OK;
}

static json_t *disclosed(struct rb_chan *c, uint32_t order, const struct asked *a) {
    struct rb_req *rq = c->rq;
    struct rb_record rec;
    struct rb_opened o = {0};
    json_t *out = NULL;
    uint32_t leaf = 0;
    struct rb_disclose d = {.host = &rq->api->host, .book = c->v.book, .arena = &rq->arena};
    d.feed = rb_chan_feed(c, order, &leaf);
    d.at = leaf;
    if (d.feed->branch > 0) {
        rb_fail_words(rq, RB_ERR_STATE, "record",
                      "it stands in another history of a forked feed, of which nobody here signed "
                      "that it is held",
                      "`readback forks --save DIR` has the evidence of the fork");
        return NULL;
    }
    o.mark = rb_arena_mark(&rq->arena); /* a text's heading is made there, too */
    if (allowed(c, a, &d.feed->facts[leaf], &d) && leaf_read(c, order, &d, &rec) &&
        asked_parts(rq, a, &d) && body_open(c, &d, &o))
        out = made(c, &d);
    rb_opened_end(rq, &o);
    return out;
}

json_t *rb_disclose_at(struct rb_chan *c, uint32_t order, enum rb_disclose_level level) {
    const struct asked a = {.has_level = true, .level = level};
    return disclosed(c, order, &a);
}

void rb_post_disclose(struct rb_req *rq) {
    struct rb_chan c;
    struct asked a;
    uint32_t order = 0;
    rq->at_utc_ms = rq->now.utc_ms; /* the charter in force now says what may be shown */
    if (!asked_get(rq, &a) || !rb_record_find(rq, rq->part[1], &c, &order)) return;
    if (a.adoption && !rb_adoption_may(&c, order)) return;
    json_t *out = disclosed(&c, order, &a);
    if (out != NULL && a.adoption) out = rb_adoption_file(&c, order, out);
    if (out != NULL) rb_reply(rq, 200, out);
}
