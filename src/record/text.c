/* statement (spec 3.6.24), text as circulated (3.6.19). */
#include "instrument_form.h"

static const struct rb_field statement_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "text", RB_F_TEXT, REQ | FULL, RB_MAX_TEXT, "for the public"),
};
const struct rb_schema rb_statement_schema = SCHEMA("statement", statement_fields);

static const struct rb_field text_fields[] = {
    F(1, "title", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "one line"),
    F(2, "version", RB_F_UINT, REQ, 0, "counts the circulated versions"),
    F_ARRAY(3, "paragraphs", RB_F_TEXT, REQ | FULL, RB_MAX_TEXT, RB_MAX_PARAGRAPHS,
            "counted from 1"),
    F(4, "previous", RB_F_HASH, OPT, 0, "leaf hash of the version before"),
    F_MAP(5, "adoption", OPT, &rb_adoption_schema, "absent: all must accept"),
    F(6, "explanation", RB_F_TEXT, OPT, RB_MAX_TEXT, "of the pen"),
    F(7, "pen", RB_F_MEMBER, OPT, 0, "who writes the next version; absent: its author"),
    F_ARRAY(8, "bracketed", RB_F_UINT, OPT | FULL | SORTED, RB_MAX_PARAGRAPHS, RB_MAX_PARAGRAPHS,
            "paragraphs that are not agreed, counted from 1"),
};
const struct rb_schema rb_text_schema = SCHEMA("text", text_fields);

static enum rb_err get_paragraphs(struct rb_mapr *m, struct rb_arena *a, struct rb_text *v,
                                  size_t *n, struct rb_reject *rj) {
    struct rb_slice one;
    RB_TRY(rb_mapr_array(m, 3, RB_MAX_PARAGRAPHS, n));
    if (a) {
        v->paragraphs = rb_arena_array(a, *n, sizeof *v->paragraphs);
        if (!v->paragraphs) return rb_reject(rj, RB_ERR_LIMIT, "3.6.19", "no room", m->r.at);
        v->paragraphs_n = *n;
    }
    for (size_t i = 0; i < *n; i++)
        RB_TRY(rb_cbor_get_text(&m->r, a ? &v->paragraphs[i] : &one));
    return RB_OK;
}

/* each is a paragraph of this text */
static enum rb_err get_bracketed(struct rb_mapr *m, struct rb_arena *a, struct rb_text *v,
                                 size_t paragraphs, struct rb_reject *rj) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 8, RB_MAX_PARAGRAPHS, &n));
    if (a && n) {
        v->bracketed = rb_arena_array(a, n, sizeof *v->bracketed);
        if (!v->bracketed) return rb_reject(rj, RB_ERR_LIMIT, "3.6.19", "no room", m->r.at);
        v->bracketed_n = n;
    }
    for (size_t i = 0; i < n; i++) {
        uint16_t number = 0;
        size_t at = m->r.at;
        RB_TRY(rb_form_get_u16(&m->r, &number));
        if (number == 0 || number > paragraphs)
            return rb_reject(rj, RB_ERR_MALFORMED, "3.6.19", "no such paragraph", at);
        if (a) v->bracketed[i] = number;
    }
    return RB_OK;
}

/* paragraphs: how many there are, where they are not in the map (a heading); 0: they are */
static enum rb_err get(struct rb_slice body, size_t paragraphs, struct rb_arena *a,
                       struct rb_text *v, struct rb_reject *rj) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->title));
    RB_TRY(rb_mapr_uint(&m, 2, &v->version));
    if (paragraphs == 0) RB_TRY(get_paragraphs(&m, a, v, &paragraphs, rj));
    RB_TRY(rb_mapr_hash(&m, 4, &v->has_previous, &v->previous));
    RB_TRY(rb_mapr_adoption(&m, 5, &v->has_adoption, &v->adoption, rj));
    RB_TRY(rb_mapr_text(&m, 6, &v->explanation));
    v->has_pen = rb_mapr_at(&m, 7);
    if (v->has_pen) RB_TRY(rb_form_get_member(&m.r, &v->pen));
    return get_bracketed(&m, a, v, paragraphs, rj);
}

enum rb_err rb_text_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_text v = {0};
    return get(body, 0, NULL, &v, rj);
}

enum rb_err rb_text_decode(struct rb_slice body, struct rb_arena *a, struct rb_text *out,
                           struct rb_reject *rj) {
    struct rb_text v = {0};
    RB_TRY(rb_schema_check(&rb_text_schema, body, rj));
    RB_TRY(get(body, 0, a, &v, rj));
    *out = v;
    return RB_OK;
}

enum rb_err rb_text_heading_decode(struct rb_slice heading, size_t paragraphs, struct rb_arena *a,
                                   struct rb_text *out, struct rb_reject *rj) {
    struct rb_text v = {0};
    if (paragraphs == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.6.19", "no paragraph", 0);
    RB_TRY(get(heading, paragraphs, a, &v, rj));
    *out = v;
    return RB_OK;
}
