/* silence, spec 3.6.9: what was demanded and not given, and the state of our own line. */
#include "form.h"

static const struct rb_enum_name abouts[] = {{RB_SILENCE_DEMAND, "demand"},
                                             {RB_SILENCE_TEST, "test"},
                                             {RB_SILENCE_CONTACT, "contact"},
                                             {0, NULL}};
static const struct rb_enum_name links[] = {
    {RB_LINK_UP, "up"}, {RB_LINK_DOWN, "down"}, {RB_LINK_NEVER, "never"}, {0, NULL}};

static const struct rb_field held_fields[] = {
    F(0, "size", RB_F_UINT, REQ, 0, "of our feed, cosigned by the silent one"),
    F(1, "time", RB_F_UINT, REQ, 0, "T of that cosignature, seconds, its own clock"),
};
static const struct rb_schema held_schema = SCHEMA("held", held_fields);
static const struct rb_field link_fields[] = {
    F_ENUM(0, "state", REQ, links, "up, down, never"),
    F(1, "since", RB_F_TIME, OPT, 0, "by our clock"),
};
static const struct rb_schema link_schema = SCHEMA("link", link_fields);
static const struct rb_field attempt_fields[] = {
    F(0, "at", RB_F_TIME, REQ, 0, "by our clock"),
    F(1, "outcome", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "no route, timed out, refused, answered"),
};
static const struct rb_schema attempt_schema = SCHEMA("attempt", attempt_fields);

static const struct rb_field fields[] = {
    F_ENUM(1, "about", REQ, abouts, "demand, test, contact"),
    F(2, "subject", RB_F_HASH, OPT, 0, "the record that demanded"),
    F(3, "member", RB_F_MEMBER, REQ, 0, "who is silent"),
    F(4, "due", RB_F_TIME, REQ, 0, "until when it was to come"),
    F_TUPLE(5, "held", OPT, &held_schema, "what it last held of ours; absent: nothing"),
    F(6, "delivered", RB_F_BOOL, OPT, 0, "delivered and not answered; absent: not delivered"),
    F_TUPLE(7, "link", REQ, &link_schema, "our own line to it"),
    F_TUPLES(8, "attempts", OPT, 8, &attempt_schema, "the latest ones"),
};
const struct rb_schema rb_silence_schema = SCHEMA("silence", fields);

static enum rb_err get_held(struct rb_mapr *m, struct rb_silence *v) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 5, 2, &n));
    if (n == 0) return RB_OK;
    RB_TRY(rb_cbor_get_uint(&m->r, &v->held_size));
    RB_TRY(rb_cbor_get_uint(&m->r, &v->held_time_s));
    return v->held_size > 0 ? RB_OK : RB_ERR_MALFORMED;
}
static void put_held(struct rb_mapw *m, const struct rb_silence *v) {
    if (v->held_size == 0) return;
    struct rb_writer *w = rb_mapw_key(m, 5);
    rb_cbor_put_array(w, 2);
    rb_cbor_put_uint(w, v->held_size);
    rb_cbor_put_uint(w, v->held_time_s);
}

static enum rb_err get_link(struct rb_mapr *m, struct rb_silence *v) {
    uint64_t state = 0, since = 0;
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 7, 2, &n));
    RB_TRY(rb_cbor_get_uint(&m->r, &state));
    RB_TRY(rb_form_get_opt_uint(&m->r, &since));
    v->link = (enum rb_link_state)state;
    v->link_since_utc_ms = (int64_t)since;
    return RB_OK;
}
static void put_link(struct rb_mapw *m, const struct rb_silence *v) {
    struct rb_writer *w = rb_mapw_key(m, 7);
    rb_cbor_put_array(w, 2);
    rb_cbor_put_uint(w, v->link);
    rb_form_put_opt_uint(w, (uint64_t)v->link_since_utc_ms);
}

static enum rb_err get_attempts(struct rb_mapr *m, struct rb_silence *v) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 8, 8, &v->attempts_n));
    for (size_t i = 0; i < v->attempts_n; i++) {
        RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
        RB_TRY(rb_form_get_time(&m->r, &v->attempts[i].at_utc_ms));
        RB_TRY(rb_cbor_get_text(&m->r, &v->attempts[i].outcome));
    }
    return RB_OK;
}
static void put_attempts(struct rb_mapw *m, const struct rb_silence *v) {
    if (v->attempts_n == 0) return;
    struct rb_writer *w = rb_mapw_key(m, 8);
    rb_cbor_put_array(w, v->attempts_n);
    for (size_t i = 0; i < v->attempts_n; i++) {
        rb_cbor_put_array(w, 2);
        rb_cbor_put_uint(w, (uint64_t)v->attempts[i].at_utc_ms);
        rb_cbor_put_text(w, v->attempts[i].outcome);
    }
}

void rb_silence_encode(const struct rb_silence *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 1, v->about);
    if (v->has_subject) rb_mapw_fixed(&m, 2, v->subject.b, RB_HASH_LEN);
    rb_mapw_uint(&m, 3, v->member);
    rb_mapw_uint(&m, 4, (uint64_t)v->due_utc_ms);
    put_held(&m, v);
    rb_mapw_opt_bool(&m, 6, v->delivered);
    put_link(&m, v);
    put_attempts(&m, v);
    rb_mapw_close(&m);
}

static enum rb_err get_silence(struct rb_slice body, struct rb_silence *v) {
    struct rb_mapr m;
    uint64_t about = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &about));
    v->about = (enum rb_silence_about)about;
    v->has_subject = rb_mapr_at(&m, 2);
    if (v->has_subject) RB_TRY(rb_form_get_fixed(&m.r, v->subject.b, RB_HASH_LEN));
    RB_TRY(rb_mapr_u16(&m, 3, &v->member));
    RB_TRY(rb_mapr_time(&m, 4, &v->due_utc_ms));
    RB_TRY(get_held(&m, v));
    RB_TRY(rb_mapr_bool(&m, 6, &v->delivered));
    RB_TRY(get_link(&m, v));
    return get_attempts(&m, v);
}

static enum rb_err decode(struct rb_slice body, struct rb_silence *v, struct rb_reject *rj) {
    if (get_silence(body, v) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.9", "silence", 0);
    if (v->about == RB_SILENCE_DEMAND && !v->has_subject)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.9", "which demand", 0);
    if (v->delivered && (!v->has_subject || v->held_size == 0))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.9", "delivered, but not held", 0);
    return RB_OK;
}

enum rb_err rb_silence_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_silence v = {0};
    return decode(body, &v, rj);
}

enum rb_err rb_silence_decode(struct rb_slice body, struct rb_silence *out, struct rb_reject *rj) {
    struct rb_silence v = {0};
    RB_TRY(rb_schema_check(&rb_silence_schema, body, rj));
    RB_TRY(decode(body, &v, rj));
    *out = v;
    return RB_OK;
}
