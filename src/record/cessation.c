/* cessation, spec 3.6.14: a truce, of one side or of several. */
#include "instrument_form.h"

static const struct rb_field fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, OPT, RB_MAX_TEXT, "the terms"),
    F_VOLUMES(3, "where; absent: no area stated"),
    F(4, "start", RB_F_TIME, REQ, 0, "included"),
    F(5, "end", RB_F_TIME, OPT, 0, "not included; absent: until it is ended"),
    F(6, "length", RB_F_SPAN, OPT, 0, "as its words state it: 72h"),
    F_MEMBERS(7, "parties", OPT, "who is bound; absent: its author alone"),
    F_MEMBERS(8, "guarantors", OPT, "to whom others may accede"),
    F_MEMBERS(9, "monitors", OPT, "who watches it"),
    F_MAP(10, "adoption", OPT, &rb_adoption_schema, "absent: all parties must accept"),
    F_HASHES(11, "exclusions", OPT, "designations: who or what is outside"),
    F(12, "extends", RB_F_HASH, OPT, 0, "leaf hash of the cessation that it makes longer"),
};
const struct rb_schema rb_cessation_schema = SCHEMA("cessation", fields);

static enum rb_err get_hours(struct rb_mapr *m, struct rb_cessation *v, struct rb_reject *rj) {
    RB_TRY(rb_mapr_time(m, 4, &v->start_utc_ms));
    size_t at = m->r.at;
    RB_TRY(rb_mapr_opt_time(m, 5, &v->has_end, &v->end_utc_ms));
    if (v->has_end && v->end_utc_ms <= v->start_utc_ms)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.14", "it ends before it begins", at);
    return rb_mapr_uint(m, 6, &v->length_ms);
}

static unsigned count(uint64_t members) {
    unsigned n = 0;
    for (; members; members &= members - 1)
        n++;
    return n;
}

/* What is adopted binds parties: by their own word, unless guarantors speak for them. So each is
 * asked, and what counts words counts those of two parties at least. */
static const char *wrong(const struct rb_cessation *v) {
    const struct rb_adoption *a = &v->adoption;
    if (!v->has_adoption || a->rule == RB_RULE_GUARANTORS) return NULL;
    if (!v->parties) return "one side alone adopts nothing";
    if (a->of && (v->parties & ~a->of)) return "a party whose position does not count";
    if (a->quorum > 0 && a->quorum < 2 + count(a->of & ~v->parties))
        return "fewer than two parties could adopt it";
    return NULL;
}

static enum rb_err get_members(struct rb_mapr *m, struct rb_cessation *v, struct rb_reject *rj) {
    RB_TRY(rb_mapr_members(m, 7, &v->parties));
    RB_TRY(rb_mapr_members(m, 8, &v->guarantors));
    RB_TRY(rb_mapr_members(m, 9, &v->monitors));
    size_t at = m->r.at;
    RB_TRY(rb_mapr_adoption(m, 10, &v->has_adoption, &v->adoption, rj));
    const char *words = wrong(v);
    return words ? rb_reject(rj, RB_ERR_MALFORMED, "3.6.14", words, at) : RB_OK;
}

static enum rb_err get(struct rb_slice body, struct rb_arena *a, struct rb_cessation *v,
                       struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_text(&m, 2, &v->text));
    RB_TRY(rb_mapr_volumes(&m, 3, a, &v->volumes, &v->volumes_n, rj));
    RB_TRY(get_hours(&m, v, rj));
    RB_TRY(get_members(&m, v, rj));
    RB_TRY(rb_mapr_hashes(&m, 11, &v->exclusions, "3.6.14", rj));
    return rb_mapr_hash(&m, 12, &v->has_extends, &v->extends);
}

enum rb_err rb_cessation_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_cessation v = {0};
    return get(body, NULL, &v, rj);
}

enum rb_err rb_cessation_decode(struct rb_slice body, struct rb_arena *a, struct rb_cessation *out,
                                struct rb_reject *rj) {
    struct rb_cessation v = {0};
    RB_TRY(rb_schema_check(&rb_cessation_schema, body, rj));
    RB_TRY(get(body, a, &v, rj));
    *out = v;
    return RB_OK;
}
