/* designation, spec 3.6.18: who or which area is inside or outside an instrument, as one party
 * says. */
#include "instrument_form.h"

static const struct rb_enum_name sides[] = {
    {RB_SIDE_INSIDE, "inside"}, {RB_SIDE_OUTSIDE, "outside"}, {0, NULL}};
static const struct rb_field subject_fields[] = {
    F(0, "name", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "of a group, unit, organisation"),
    F(1, "also", RB_F_NAME, OPT, RB_MAX_NAME, "another name of it"),
    F(2, "note", RB_F_NAME, OPT, RB_MAX_NAME, "one line"),
};
static const struct rb_schema subject_schema = SCHEMA("subject", subject_fields);
static const struct rb_field fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F_ENUM(2, "side", REQ, sides, "inside, outside"),
    F_TUPLES(3, "subjects", OPT | FULL, RB_MAX_SUBJECTS, &subject_schema, "who"),
    F_VOLUMES(4, "which area"),
    F(5, "of", RB_F_HASH, OPT, 0, "leaf hash of the instrument"),
    F(6, "reason", RB_F_TEXT, OPT, RB_MAX_TEXT, "as stated"),
};
const struct rb_schema rb_designation_schema = SCHEMA("designation", fields);

const char *rb_side_name(enum rb_side s) {
    return rb_enum_text(sides, s);
}

static enum rb_err get_words(struct rb_reader *r, struct rb_slice *out) {
    return rb_cbor_get_null(r) == RB_OK ? RB_OK : rb_cbor_get_text(r, out);
}

static enum rb_err get_subject(struct rb_reader *r, struct rb_subject *out) {
    struct rb_subject v = {0};
    size_t n = 0;
    RB_TRY(rb_cbor_get_array(r, 3, &n));
    RB_TRY(rb_cbor_get_text(r, &v.name));
    RB_TRY(get_words(r, &v.also));
    RB_TRY(get_words(r, &v.note));
    *out = v;
    return RB_OK;
}

static enum rb_err get_subjects(struct rb_mapr *m, struct rb_arena *a, struct rb_designation *v,
                                size_t *n, struct rb_reject *rj) {
    struct rb_subject one;
    RB_TRY(rb_mapr_array(m, 3, RB_MAX_SUBJECTS, n));
    if (a && *n) {
        v->subjects = rb_arena_array(a, *n, sizeof *v->subjects);
        if (!v->subjects) return rb_reject(rj, RB_ERR_LIMIT, "3.6.18", "no room", m->r.at);
        v->subjects_n = *n;
    }
    for (size_t i = 0; i < *n; i++)
        RB_TRY(get_subject(&m->r, a ? &v->subjects[i] : &one));
    return RB_OK;
}

static enum rb_err get(struct rb_slice body, struct rb_arena *a, struct rb_designation *v,
                       struct rb_reject *rj) {
    struct rb_mapr m;
    struct rb_reader at;
    uint64_t side = 0;
    size_t n = 0;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_uint(&m, 2, &side));
    v->side = (enum rb_side)side;
    RB_TRY(get_subjects(&m, a, v, &n, rj));
    if (n == 0 && rb_cbor_find(body, 4, &at) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.18", "neither who nor which area", 0);
    RB_TRY(rb_mapr_volumes(&m, 4, a, &v->volumes, &v->volumes_n, rj));
    RB_TRY(rb_mapr_hash(&m, 5, &v->has_of, &v->of));
    return rb_mapr_text(&m, 6, &v->reason);
}

enum rb_err rb_designation_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_designation v = {0};
    return get(body, NULL, &v, rj);
}

enum rb_err rb_designation_decode(struct rb_slice body, struct rb_arena *a,
                                  struct rb_designation *out, struct rb_reject *rj) {
    struct rb_designation v = {0};
    RB_TRY(rb_schema_check(&rb_designation_schema, body, rj));
    RB_TRY(get(body, a, &v, rj));
    *out = v;
    return RB_OK;
}
