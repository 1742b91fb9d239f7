/* attachment, spec 3.6.29: what a file is called and how long it is; its content is behind the head
 * of the plaintext (9.1.3), never in a leaf. */
#include "form.h"
#include "readback/sealed.h"

#define FILE_NAME_MAX 255u /* what a file system takes */
#define MEDIA_TYPE_MAX 127u

static const struct rb_field fields[] = {
    F(1, "name", RB_F_NAME, REQ | FULL, FILE_NAME_MAX, "of the file, without a folder"),
    F(2, "media-type", RB_F_NAME, OPT, MEDIA_TYPE_MAX, "as in MIME, lower case"),
    F(3, "size", RB_F_UINT, REQ, RB_MAX_CONTENT, "of the content, in bytes"),
    F(4, "description", RB_F_TEXT, OPT, RB_MAX_TEXT, "what it shows"),
};
const struct rb_schema rb_attachment_schema = SCHEMA("attachment", fields);

/* The name will be a file's name on somebody's machine: no way out of its folder. */
static bool file_name_ok(struct rb_slice s) {
    return rb_slice_find(s, 0, '/') == s.n && !rb_slice_is(s, ".") && !rb_slice_is(s, "..");
}

static bool is_alnum(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* a restricted name of RFC 6838, section 4.2, lower case */
static bool restricted_name_ok(struct rb_slice s) {
    if (s.n == 0 || !is_alnum(s.p[0])) return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == 0 || strchr("!#$&-^_.+", s.p[i]) == NULL)) return false;
    return true;
}

static bool media_type_ok(struct rb_slice s) {
    size_t slash = rb_slice_find(s, 0, '/');
    return slash < s.n && restricted_name_ok(rb_slice_sub(s, 0, slash)) &&
           restricted_name_ok(rb_slice_sub(s, slash + 1, s.n));
}

void rb_attachment_encode(const struct rb_attachment *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_text(&m, 1, v->name);
    rb_mapw_opt_text(&m, 2, v->media_type);
    rb_mapw_uint(&m, 3, v->size);
    rb_mapw_opt_text(&m, 4, v->description);
    rb_mapw_close(&m);
}

static enum rb_err get_attachment(struct rb_slice body, struct rb_attachment *v) {
    struct rb_mapr m;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_text(&m, 1, &v->name));
    RB_TRY(rb_mapr_text(&m, 2, &v->media_type));
    RB_TRY(rb_mapr_uint(&m, 3, &v->size));
    return rb_mapr_text(&m, 4, &v->description);
}

static enum rb_err decode(struct rb_slice body, struct rb_attachment *v, struct rb_reject *rj) {
    if (get_attachment(body, v) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.29", "attachment", 0);
    if (!file_name_ok(v->name))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.29", "not the name of a file", 0);
    if (v->media_type.n > 0 && !media_type_ok(v->media_type))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.29", "media type", 0);
    return RB_OK;
}

enum rb_err rb_attachment_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_attachment v = {0};
    return decode(body, &v, rj);
}

enum rb_err rb_attachment_decode(struct rb_slice body, struct rb_attachment *out,
                                 struct rb_reject *rj) {
    struct rb_attachment v = {0};
    RB_TRY(rb_schema_check(&rb_attachment_schema, body, rj));
    RB_TRY(decode(body, &v, rj));
    *out = v;
    return RB_OK;
}
