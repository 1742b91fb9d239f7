/* roster, spec 3.6.25: who is on duty when, and how to reach them. People's names and numbers: it
 * is closed wherever it is admitted (9.8.1). */
#include "form.h"
#include "readback/sealed.h"

#define MAX_PERSONS 256u
#define PERSON_ITEMS 5u

static const struct rb_field person_fields[] = {
    F(0, "name", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "of the person"),
    F(1, "duty", RB_F_NAME, OPT, RB_MAX_NAME, "watch, release, linguist, ..."),
    F(2, "contact", RB_F_NAME, OPT, RB_MAX_NAME, "phone or mail"),
    F(3, "from", RB_F_TIME, OPT, 0, "included"),
    F(4, "to", RB_F_TIME, OPT, 0, "not included"),
};
static const struct rb_schema person_schema = SCHEMA("person", person_fields);
static const struct rb_field roster_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F_TUPLES(2, "persons", REQ | FULL, MAX_PERSONS, &person_schema, "who is on"),
};
const struct rb_schema rb_roster_schema = SCHEMA("roster", roster_fields);

/* null leaves it empty */
static enum rb_err get_words(struct rb_reader *r, struct rb_slice *out) {
    return rb_cbor_get_null(r) == RB_OK ? RB_OK : rb_cbor_get_text(r, out);
}
static enum rb_err get_hour(struct rb_reader *r, bool *has, int64_t *out) {
    if (rb_cbor_get_null(r) == RB_OK) return RB_OK;
    *has = true;
    return rb_form_get_time(r, out);
}

static enum rb_err get_person(struct rb_reader *r, struct rb_roster_person *v,
                              struct rb_reject *rj) {
    struct rb_roster_person p = {0};
    size_t at = r->at, n = 0;
    RB_TRY(rb_cbor_get_array(r, PERSON_ITEMS, &n));
    RB_TRY(rb_cbor_get_text(r, &p.name));
    RB_TRY(get_words(r, &p.duty));
    RB_TRY(get_words(r, &p.contact));
    RB_TRY(get_hour(r, &p.has_from, &p.from_utc_ms));
    RB_TRY(get_hour(r, &p.has_to, &p.to_utc_ms));
    if (p.has_from && p.has_to && p.from_utc_ms >= p.to_utc_ms)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.25", "empty period", at);
    *v = p;
    return RB_OK;
}

/* a NULL: only the form */
static enum rb_err get_roster(struct rb_slice body, struct rb_arena *a, struct rb_roster *v,
                              struct rb_reject *rj) {
    struct rb_roster_person one;
    struct rb_reader r;
    RB_TRY(rb_cbor_find(body, 1, &r));
    RB_TRY(rb_cbor_get_text(&r, &v->title));
    RB_TRY(rb_cbor_find(body, 2, &r));
    RB_TRY(rb_cbor_get_array(&r, MAX_PERSONS, &v->persons_n));
    if (a) {
        v->persons = rb_arena_array(a, v->persons_n, sizeof *v->persons);
        if (!v->persons) return rb_reject(rj, RB_ERR_LIMIT, "3.6.25", "no room", 0);
    }
    for (size_t i = 0; i < v->persons_n; i++)
        RB_TRY(get_person(&r, a ? &v->persons[i] : &one, rj));
    return RB_OK;
}

enum rb_err rb_roster_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_roster v = {0};
    return get_roster(body, NULL, &v, rj);
}

enum rb_err rb_roster_decode(struct rb_slice body, struct rb_arena *a, struct rb_roster *out,
                             struct rb_reject *rj) {
    struct rb_roster v = {0};
    size_t mark = rb_arena_mark(a);
    RB_TRY(rb_schema_check(&rb_roster_schema, body, rj));
    enum rb_err e = get_roster(body, a, &v, rj);
    if (e != RB_OK) {
        rb_arena_release(a, mark);
        return e;
    }
    *out = v;
    return RB_OK;
}
