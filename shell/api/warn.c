/* What a person should know before a record is released. Recomputed at submission: those with
 * "confirm" hold it back unless the officer said "despite". */
#include <stdarg.h>
#include <stdio.h>
#include "check.h"
#include "readback/cbor.h"
#include "readback/instrument.h"
#include "readback/plausible.h"
#include "readback/text.h"
#include "readback/volume.h"

static json_t *made(const char *code, bool confirm, const char *fmt, va_list ap) {
    char buf[512];
    vsnprintf(buf, sizeof buf, fmt, ap);
    json_t *o = json_object();
    rb_j_put(o, "code", json_string(code));
    rb_j_put(o, "sentence", json_string(buf));
    rb_j_put(o, "confirm", json_boolean(confirm));
    return o;
}
json_t *rb_warning(const char *code, bool confirm, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    json_t *o = made(code, confirm, fmt, ap);
    va_end(ap);
    return o;
}
static void warn(json_t *list, const char *code, bool confirm, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void warn(json_t *list, const char *code, bool confirm, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    json_array_append_new(list, made(code, confirm, fmt, ap));
    va_end(ap);
}
static const char *span(int64_t ms, char buf[48]) {
    int64_t m = (ms < 0 ? -ms : ms) / 60000;
    if (m >= 2880)
        snprintf(buf, 48, "%lld days %lld h", (long long)(m / 1440), (long long)(m % 1440 / 60));
    else if (m >= 60)
        snprintf(buf, 48, "%lld h %lld min", (long long)(m / 60), (long long)(m % 60));
    else
        snprintf(buf, 48, "%lld min", (long long)m);
    return buf;
}

static const char *datum_name(enum rb_datum d) {
    static const char *const names[] = {"wgs84", "amsl", "agl", "flight levels"};
    return (unsigned)d <= RB_DATUM_FL ? names[d] : "?";
}
/* ---- can this be the place that was meant?
 * -------------------------------------------------------
 */
/* how finely the points were written: from the words they were read from, a line each, where these
 * were kept; else from the digits of the points */
static bool as_written(const struct rb_volume *v, struct rb_coord *out) {
    struct rb_slice rest = v->as_entered;
    bool any = false;
    *out = (struct rb_coord){0};
    while (rest.n > 0) {
        const uint8_t *end = memchr(rest.p, '\n', rest.n);
        const size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct rb_coord one;
        struct rb_reject rj;
        if (rb_coord_read(rb_slice(rest.p, n), NULL, &one, &rj) == RB_OK) {
            rb_plausible_gather(out, &one);
            any = true;
        }
        rest = rb_slice_sub(rest, end ? n + 1 : n, rest.n);
    }
    return any;
}
/* Of a line or a ring the corners are computed as often as measured: their digits say nothing. */
static bool from_digits(const struct rb_volume *v, struct rb_coord *out) {
    if (v->shape != RB_SHAPE_CIRCLE) return false;
    *out = rb_plausible_degrees(v->center);
    return true;
}
static void look_plausible(const struct rb_charter *charter, const struct rb_volume *v,
                           const char *which, json_t *list) {
    struct rb_coord how;
    const bool known = as_written(v, &how) || from_digits(v, &how);
    const unsigned bits = rb_volume_plausible(v, charter->has_theatre ? &charter->theatre : NULL,
                                              known ? &how : NULL);
    for (unsigned b = 1; b < RB_PLAUSIBLE_END; b <<= 1)
        if (bits & b)
            warn(list, rb_plausible_word(b), true, "%s: %s.", which, rb_plausible_text(b));
}

/* a site stands until it is said to be gone: only of what is planned an end is asked for */
static void look_volume(const struct rb_charter *charter, const struct rb_volume *v, bool site,
                        size_t i, size_t n, json_t *list) {
    char which[64] = "This notice";
    if (n > 1) snprintf(which, sizeof which, "Place %zu of %zu", i + 1, n);
    if (!v->has_to && !site)
        warn(list, "no-end", true,
             "%s has no end: open-ended, until it is withdrawn or superseded.", which);
    if (!v->floor.open && !v->ceiling.open && v->floor.datum != v->ceiling.datum)
        warn(list, "datums", false,
             "%s has its floor by %s and its ceiling by %s: different datums, they cannot be "
             "compared here.",
             which, datum_name(v->floor.datum), datum_name(v->ceiling.datum));
    look_plausible(charter, v, which, list);
}

/* what it would touch, and what it was compared with */
static json_t *look_check(struct rb_chan *c, const struct rb_record *rec, const struct rb_notice *n,
                          json_t *list, int64_t *again) {
    struct rb_checked k;
    rb_check_plan(c, rec, n, &k);
    json_t *check = rb_check_json(c, &k);
    rb_check_warn(&k, check, list);
    *again = k.err == RB_ERR_BUSY ? k.again_utc_ms : 0;
    return check;
}

static void look_notice(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                        json_t *list, json_t **check, int64_t *again) {
    struct rb_notice n;
    struct rb_reject rj;
    struct rb_arena *a = &c->rq->arena;
    size_t mark = rb_arena_mark(a);
    int64_t now = c->rq->now.utc_ms, first = INT64_MAX, last = INT64_MIN;
    char b1[48], b2[48];
    if (rb_notice_decode(body, a, &n, &rj) != RB_OK) {
        rb_req_wipe(c->rq, mark);
        return;
    }
    for (size_t i = 0; i < n.volumes_n; i++) {
        if (n.volumes[i].has_from && n.volumes[i].from_utc_ms < first)
            first = n.volumes[i].from_utc_ms;
        int64_t to = n.volumes[i].has_to ? n.volumes[i].to_utc_ms : INT64_MAX;
        if (to > last) last = to;
    }
    int64_t lead = n.class_ < RB_NOTICE_CLASSES ? c->charter->lead_ms[n.class_] : 0;
    if (lead > 0 && first == INT64_MAX)
        warn(list, "no-time", true,
             "The charter wants %s notice, and this notice names no beginning.", span(lead, b1));
    else if (lead > 0 && first - now < lead)
        warn(list, "lead-time", true, "The charter wants %s notice; this begins %s %s.",
             span(lead, b1), first < now ? "already, since" : "in", span(first - now, b2));
    if (n.volumes_n > 0 && last <= now)
        warn(list, "over", true, "The whole time of this notice has passed already.");
    for (size_t i = 0; i < n.volumes_n; i++)
        look_volume(c->charter, &n.volumes[i], n.class_ == RB_NOTICE_SITE, i, n.volumes_n, list);
    if (n.volumes_n == 0)
        warn(list, "no-place", true, "This notice names no place.");
    else
        *check = look_check(c, rec, &n, list, again);
    rb_warn_double(c, rec, &n, list);
    rb_req_wipe(c->rq, mark);
}

static void look_answers(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                         json_t *list) {
    struct rb_position p;
    struct rb_reject rj;
    if (rb_position_decode(body, &p, &rj) != RB_OK) return;
    for (size_t i = 0; i < rec->refs[RB_REF_ANSWERS].n; i++) {
        uint32_t at = rb_situation_find(c->s, &rec->refs[RB_REF_ANSWERS].h[i]);
        if (at == RB_NOWHERE) continue;
        if (rb_situation_answer(c->s, at, c->v.own_member, p.type) != RB_NOWHERE)
            warn(list, "said-already", false, "We have said \"%s\" to this record before.",
                 rb_position_name(p.type));
        if (c->s->order[at].superseded_by != RB_NOWHERE)
            warn(list, "superseded", false, "The record it answers was superseded by a later one.");
    }
}

/* the last of ascending numbers; 0: none */
static uint64_t last_paragraph(struct rb_slice list) {
    struct rb_reader r = rb_reader(list);
    uint64_t last = 0;
    size_t n = 0;
    if (list.n == 0 || rb_cbor_get_array(&r, RB_MAX_PARAGRAPHS, &n) != RB_OK) return 0;
    while (n-- > 0)
        if (rb_cbor_get_uint(&r, &last) != RB_OK) return 0;
    return last;
}
/* what one dissociates from stands in the text, where that can be read here */
static void look_paragraphs(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                            json_t *list) {
    struct rb_position p;
    struct rb_reject rj;
    struct rb_feed *f;
    size_t leaf;
    if (rb_position_decode(body, &p, &rj) != RB_OK) return;
    const uint64_t last = last_paragraph(p.paragraphs);
    for (size_t i = 0; i < rec->refs[RB_REF_ANSWERS].n; i++) {
        if (!rb_book_find(c->v.book, &rec->refs[RB_REF_ANSWERS].h[i], &f, &leaf)) continue;
        const struct rb_fact *text = &f->facts[leaf];
        if (text->kind != RB_KIND_TEXT || text->gist == NULL || last <= text->gist->paragraphs_n)
            continue;
        warn(list, "no-paragraph", true, "There is no paragraph %u: the text has %u.",
             (unsigned)last, (unsigned)text->gist->paragraphs_n);
    }
}

/* Nobody replaces what another said (5.7.10); who means to should know before that it will not. */
static void look_supersedes(struct rb_chan *c, const struct rb_record *rec, json_t *list) {
    const struct rb_refs *old = &rec->refs[RB_REF_SUPERSEDES];
    struct rb_feed *f;
    size_t leaf;
    for (size_t i = 0; i < old->n; i++) {
        if (!rb_book_find(c->v.book, &old->h[i], &f, &leaf) || f->member == c->v.own_member)
            continue;
        const struct rb_slice h = rb_chan_handle(c, f->member);
        json_t *w = rb_warning("not-yours", true,
                               "It would supersede a record of %.*s: only its author replaces a "
                               "record, and that one stands as it does.",
                               (int)h.n, h.n ? (const char *)h.p : "");
        rb_j_put(w, "record", rb_j_hex(old->h[i].b, RB_HASH_LEN));
        json_array_append_new(list, w);
    }
}

/* ---- who is asked ------------------------------------------------------------------------------
 */
static uint64_t listed(const struct rb_charter *charter) {
    uint64_t members = 0;
    for (size_t i = 0; i < charter->members_n; i++)
        members |= UINT64_C(1) << charter->members[i].index;
    return members;
}
/* of a request all that can read it, where it names nobody (16.8.1); of a contact that is asked
 * those in `with` (16.10.1), and who is no member */
static bool asks_others(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body) {
    const uint64_t others = listed(c->charter) & ~(UINT64_C(1) << c->v.own_member);
    struct rb_request r;
    struct rb_contact t;
    struct rb_reject rj;
    if (rec->kind == RB_KIND_REQUEST) {
        if (rb_request_decode(body, &c->rq->arena, &r, &rj) != RB_OK) return true;
        return ((r.of ? r.of : rec->closed ? rec->recipients : others) & others) != 0;
    }
    if (rb_contact_decode(body, &c->rq->arena, &t, &rj) != RB_OK) return true;
    return t.stage != RB_CONTACT_ASKED || (t.with & others) != 0 || t.others.n > 0;
}
static void look_asked(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                       json_t *list) {
    const size_t mark = rb_arena_mark(&c->rq->arena);
    if (!asks_others(c, rec, body))
        warn(list, "nobody-asked", true,
             "It asks nobody: who asks is not asked, and it names no other member. Nobody can "
             "answer it.");
    rb_req_wipe(c->rq, mark);
}

static void look_links(struct rb_chan *c, json_t *list) {
    struct rb_peer_view p;
    size_t up = 0, n = rb_node_peers(c->rq->node);
    for (size_t i = 0; i < n; i++)
        up += rb_node_peer(c->rq->node, i, &p) && p.link == RB_LINK_UP;
    if (n > 0 && up == 0)
        warn(list, "no-link", false,
             "No other party answers at present: it is kept here and goes out by itself.");
    if (c->v.waiting)
        warn(list, "waiting", false, "Records wait unsigned at present: %s.", c->v.waiting);
}

/* ---- who gets a place or a name of people in its hands --------------------------------------- */
static bool names_people(enum rb_kind kind, struct rb_slice body) {
    struct rb_reader r;
    uint64_t class_ = 0;
    if (kind == RB_KIND_ROSTER) return true;
    if (kind != RB_KIND_NOTICE || rb_cbor_find(body, 1, &r) != RB_OK ||
        rb_cbor_get_uint(&r, &class_) != RB_OK)
        return false;
    return class_ == RB_NOTICE_SITE || class_ == RB_NOTICE_MOVEMENT;
}
static bool compared(const struct rb_chan *c, const struct rb_hash *party) {
    struct rb_peer_view p;
    for (size_t i = 0; i < rb_node_peers(c->rq->node); i++)
        if (rb_node_peer(c->rq->node, i, &p) && p.accredited && rb_hash_eq(&p.party, party))
            return true;
    return false;
}
/* A card that only a charter brought may be another's than one thinks: its key opens the body. */
static void look_recipients(struct rb_chan *c, const struct rb_record *rec, json_t *list) {
    for (size_t i = 0; i < c->v.book->members_n; i++) {
        const struct rb_book_member *m = &c->v.book->members[i];
        struct rb_slice h = rb_chan_handle(c, m->index);
        if (!(rec->recipients >> m->index & 1) || m->index == c->v.own_member) continue;
        if (compared(c, &m->party)) continue;
        warn(list, "not-compared", true,
             "%.*s will be able to read this, and its card was never compared in person: only the "
             "charter introduced it.",
             (int)h.n, h.n ? (const char *)h.p : "");
    }
}

json_t *rb_warnings_again(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                          json_t **check, int64_t *again) {
    json_t *list = json_array();
    *check = NULL;
    *again = 0;
    if (rec->kind == RB_KIND_NOTICE && body.n) look_notice(c, rec, body, list, check, again);
    if (rec->kind == RB_KIND_CESSATION && body.n) rb_warn_cessation(c, body, list);
    if (rec->kind == RB_KIND_STOP_FIRE && body.n) rb_warn_gives_away(c, rec, body, list);
    if ((rec->kind == RB_KIND_REQUEST || rec->kind == RB_KIND_CONTACT) && body.n)
        look_asked(c, rec, body, list);
    if (rec->kind == RB_KIND_POSITION && body.n && c->s) look_answers(c, rec, body, list);
    if (rec->kind == RB_KIND_POSITION && body.n) look_paragraphs(c, rec, body, list);
    look_supersedes(c, rec, list);
    if (rec->closed && names_people(rec->kind, body)) look_recipients(c, rec, list);
    if (rec->demand.present && rec->demand.by_utc_ms <= c->rq->now.utc_ms)
        warn(list, "demand-past", true,
             "The time by which an answer is demanded has passed already.");
    look_links(c, list);
    return list;
}
json_t *rb_warnings(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                    json_t **check) {
    json_t *made = NULL;
    int64_t again = 0;
    json_t *list = rb_warnings_again(c, rec, body, &made, &again);
    if (check)
        *check = made;
    else
        json_decref(made);
    return list;
}
json_t *rb_warnings_refusal(json_t *warnings, const char *sentence) {
    struct rb_fail f = {
        .err = RB_ERR_STATE,
        .code = "warnings",
        .sentence = sentence,
        .hint = "look at the warnings; \"despite\": true (--despite) if it shall be all the same"};
    json_t *out = rb_fail_json(&f);
    rb_j_put(out, "warnings", warnings);
    return out;
}
bool rb_warnings_ask(const json_t *warnings) {
    size_t i;
    const json_t *w;
    json_array_foreach(warnings, i, w) {
        if (json_is_true(json_object_get(w, "confirm"))) return true;
    }
    return false;
}
