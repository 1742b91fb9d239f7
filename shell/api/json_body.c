/* JSON <-> CBOR of bodies, one walk over the grammar table in each direction. */
#include "json_body.h"
#include <stdio.h>
#include <stdlib.h>
#include "json_place.h"
#include "readback/text.h"

/* ---- JSON to CBOR ------------------------------------------------------------------------- */
struct in {
    const struct rb_names *names;
    struct rb_writer *w;
    struct rb_json_error *e;
    char path[160];
    size_t path_n;
    unsigned depth;
};

static enum rb_err off(struct in *in, const char *sentence) {
    if (in->e) {
        memcpy(in->e->field, in->path, in->path_n);
        in->e->field[in->path_n] = 0;
        in->e->sentence = sentence;
    }
    return RB_ERR_USAGE;
}
static size_t push(struct in *in, const char *name) {
    size_t before = in->path_n;
    int n = snprintf(in->path + before, sizeof in->path - before, "%s%s", before ? "." : "", name);
    if (n > 0 && before + (size_t)n < sizeof in->path) in->path_n += (size_t)n;
    for (size_t i = before; i < in->path_n; i++)
        if (in->path[i] == '-') in->path[i] = '_';
    return before;
}
static size_t push_index(struct in *in, size_t i) {
    size_t before = in->path_n;
    int n = snprintf(in->path + before, sizeof in->path - before, "[%zu]", i);
    if (n > 0 && before + (size_t)n < sizeof in->path) in->path_n += (size_t)n;
    return before;
}

static enum rb_err put_uint(struct in *in, const struct rb_field *f, const json_t *v) {
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return off(in, "a whole number from 0 is wanted");
    uint64_t u = (uint64_t)json_integer_value(v);
    if (f->max != 0 && u > f->max) return off(in, "the number is too large");
    rb_cbor_put_uint(in->w, u);
    return RB_OK;
}
static enum rb_err put_text(struct in *in, const struct rb_field *f, const json_t *v) {
    if (!json_is_string(v)) return off(in, "a string is wanted");
    struct rb_slice s = rb_slice(json_string_value(v), json_string_length(v));
    if (s.n == 0 && (f->flags & RB_FIELD_NONEMPTY)) return off(in, "it may not be empty");
    if (f->max != 0 && s.n > f->max) return off(in, "it is too long");
    if (f->type == RB_F_NAME ? !rb_name_ok(s) : !rb_text_ok(s))
        return off(
            in, "it holds characters that are not allowed (control characters, direction marks)");
    rb_cbor_put_text(in->w, s);
    return RB_OK;
}
static enum rb_err put_base64(struct in *in, const struct rb_field *f, const json_t *v) {
    if (!json_is_string(v)) return off(in, "base64 in a string is wanted");
    struct rb_slice s = rb_slice(json_string_value(v), json_string_length(v));
    size_t cap = s.n / 4 * 3 + 3, n = 0;
    uint8_t *buf = malloc(cap);
    if (buf == NULL) return RB_ERR_LIMIT;
    enum rb_err err = rb_base64_decode(s, buf, cap, &n);
    if (err != RB_OK)
        err = off(in, "this is not base64");
    else if ((f->max != 0 && n > f->max) || (f->type == RB_F_SIG && n != RB_SIG_LEN))
        err = off(in, "it has the wrong length");
    else if (n == 0 && (f->flags & RB_FIELD_NONEMPTY))
        err = off(in, "it may not be empty");
    else
        rb_cbor_put_bytes(in->w, rb_slice(buf, n));
    free(buf);
    return err;
}
static enum rb_err put_hex32(struct in *in, const json_t *v) {
    uint8_t b[32];
    if (!json_is_string(v) ||
        rb_hex_decode(rb_slice(json_string_value(v), json_string_length(v)), b, sizeof b) != RB_OK)
        return off(in, "64 lower-case hex digits are wanted");
    rb_cbor_put_bytes(in->w, rb_slice(b, sizeof b));
    return RB_OK;
}
/* says which values there are */
static enum rb_err not_named(struct in *in, const struct rb_field *f) {
    if (in->e == NULL) return RB_ERR_USAGE;
    struct rb_writer w = rb_writer(in->e->words, sizeof in->e->words);
    rb_put_z(&w, "this value is not one of those possible here: ");
    for (const struct rb_enum_name *e = f->names; e && e->name; e++) {
        rb_put_z(&w, e == f->names ? "" : ", ");
        rb_put_z(&w, e->name);
    }
    if (w.over) return off(in, "this value is not one of those possible here");
    return off(in, rb_writer_z(&w));
}
static enum rb_err put_enum(struct in *in, const struct rb_field *f, const json_t *v) {
    if (!json_is_string(v)) return not_named(in, f);
    for (const struct rb_enum_name *e = f->names; e && e->name; e++) {
        if (strcmp(e->name, json_string_value(v)) != 0) continue;
        rb_cbor_put_uint(in->w, e->value);
        return RB_OK;
    }
    return not_named(in, f);
}
static enum rb_err member_index(struct in *in, const json_t *v, uint16_t *out) {
    if (json_is_integer(v) && json_integer_value(v) >= 0 &&
        json_integer_value(v) < RB_MAX_MEMBERS) {
        *out = (uint16_t)json_integer_value(v);
        return RB_OK;
    }
    if (json_is_string(v) && in->names &&
        in->names->index(in->names->ctx, rb_slice(json_string_value(v), json_string_length(v)),
                         out))
        return RB_OK;
    return off(in, "no member of the channel has this handle");
}

typedef enum rb_err (*parse_fn)(const json_t *, int64_t *);
static enum rb_err put_parsed(struct in *in, parse_fn fn, const json_t *v, const char *sentence) {
    int64_t n = 0;
    if (fn(v, &n) != RB_OK) return off(in, sentence);
    rb_cbor_put_int(in->w, n);
    return RB_OK;
}
static enum rb_err put_int(const json_t *v, int64_t *out) {
    if (!json_is_integer(v)) return RB_ERR_USAGE;
    *out = (int64_t)json_integer_value(v);
    return RB_OK;
}

static enum rb_err put_map(struct in *in, const struct rb_schema *s, const json_t *v);
static enum rb_err put_tuple(struct in *in, const struct rb_schema *s, const json_t *v);

static enum rb_err put_one(struct in *in, const struct rb_field *f, const json_t *v) {
    uint16_t member = 0;
    switch (f->type) {
    case RB_F_UINT:
        return put_uint(in, f, v);
    case RB_F_INT:
        return put_parsed(in, put_int, v, "a whole number is wanted");
    case RB_F_BOOL:
        if (!json_is_boolean(v)) return off(in, "true or false is wanted");
        rb_cbor_put_bool(in->w, json_is_true(v));
        return RB_OK;
    case RB_F_TIME:
        return put_parsed(in, rb_json_time, v, "a time like 2015-09-30T13:00:00Z is wanted");
    case RB_F_SPAN:
        return put_parsed(in, rb_json_span, v, "a span of time like 90s, 15m, 2h or 3d is wanted");
    case RB_F_NAME:
    case RB_F_TEXT:
        return put_text(in, f, v);
    case RB_F_BYTES:
    case RB_F_SIG:
        return put_base64(in, f, v);
    case RB_F_NULL_OR_HASH:
        if (json_is_null(v)) {
            rb_cbor_put_null(in->w);
            return RB_OK;
        }
        return put_hex32(in, v);
    case RB_F_HASH:
    case RB_F_KEY:
        return put_hex32(in, v);
    case RB_F_ENUM:
        return put_enum(in, f, v);
    case RB_F_MEMBER:
        RB_TRY(member_index(in, v, &member));
        rb_cbor_put_uint(in->w, member);
        return RB_OK;
    case RB_F_DEG:
        return put_parsed(in, rb_json_degrees, v,
                          "degrees with at most nine decimals are wanted, like 35.123456");
    case RB_F_MM:
        return put_parsed(in, rb_json_metres, v,
                          "a length is wanted, like 1500, 5km, 900ft or 2nm");
    case RB_F_MAP:
        return put_map(in, f->sub, v);
    case RB_F_TUPLE:
        return put_tuple(in, f->sub, v);
    }
    return off(in, "the grammar has a type unknown here");
}

static int cmp_u64(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}
/* arrays that the grammar wants ascending are sorted here, so that people may name members in any
 * order */
static enum rb_err put_sorted(struct in *in, const struct rb_field *f, const json_t *v) {
    size_t n = json_array_size(v);
    uint64_t *u = calloc(n ? n : 1, sizeof *u);
    if (u == NULL) return RB_ERR_LIMIT;
    enum rb_err err = RB_OK;
    for (size_t i = 0; i < n && err == RB_OK; i++) {
        const json_t *x = json_array_get(v, i);
        uint16_t member = 0;
        size_t mark = push_index(in, i);
        if (f->type == RB_F_MEMBER) {
            err = member_index(in, x, &member);
            u[i] = member;
        } else if (!json_is_integer(x) || json_integer_value(x) < 0)
            err = off(in, "a whole number is wanted");
        else
            u[i] = (uint64_t)json_integer_value(x);
        in->path_n = mark;
    }
    if (err == RB_OK) qsort(u, n, sizeof *u, cmp_u64);
    for (size_t i = 0; i < n && err == RB_OK; i++) {
        if (i > 0 && u[i] == u[i - 1]) err = off(in, "it names one twice");
        rb_cbor_put_uint(in->w, u[i]);
    }
    free(u);
    return err;
}

static enum rb_err put_array(struct in *in, const struct rb_field *f, const json_t *v) {
    if (!json_is_array(v)) return off(in, "a list is wanted");
    size_t n = json_array_size(v);
    if (n == 0 && (f->flags & RB_FIELD_NONEMPTY)) return off(in, "the list may not be empty");
    if (f->max_n != 0 && n > f->max_n) return off(in, "the list is too long");
    rb_cbor_put_array(in->w, n);
    if ((f->flags & RB_FIELD_SORTED) && (f->type == RB_F_MEMBER || f->type == RB_F_UINT))
        return put_sorted(in, f, v);
    for (size_t i = 0; i < n; i++) {
        size_t mark = push_index(in, i);
        RB_TRY(put_one(in, f, json_array_get(v, i)));
        in->path_n = mark;
    }
    return RB_OK;
}

static enum rb_err put_field(struct in *in, const struct rb_field *f, const json_t *v) {
    size_t mark = push(in, f->name);
    if (++in->depth > RB_MAX_CBOR_DEPTH) return off(in, "nested too deep");
    enum rb_err err = (f->flags & RB_FIELD_ARRAY) ? put_array(in, f, v) : put_one(in, f, v);
    in->depth--;
    if (err == RB_OK) in->path_n = mark;
    return err;
}

/* JSON writes field names with '_' where the grammar has '-'; read, both are fine */
static void json_name(const struct rb_field *f, char out[64]) {
    size_t i = 0;
    for (; i < 63 && f->name[i]; i++)
        out[i] = f->name[i] == '-' ? '_' : f->name[i];
    out[i] = 0;
}
static const json_t *member_of(const json_t *v, const struct rb_field *f) {
    char name[64];
    json_name(f, name);
    const json_t *x = json_object_get(v, name);
    return x ? x : json_object_get(v, f->name);
}
static const struct rb_field *field_named(const struct rb_schema *s, const char *name) {
    char json[64];
    for (size_t i = 0; i < s->n; i++) {
        json_name(&s->fields[i], json);
        if (strcmp(json, name) == 0 || strcmp(s->fields[i].name, name) == 0) return &s->fields[i];
    }
    return NULL;
}
static enum rb_err known_fields(struct in *in, const struct rb_schema *s, const json_t *v) {
    const char *key;
    json_t *x;
    if (!json_is_object(v)) return off(in, "an object is wanted");
    json_object_foreach((json_t *)(uintptr_t)v, key, x) {
        if (field_named(s, key)) continue;
        (void)push(in, key);
        return off(in, "there is no such field here");
    }
    return RB_OK;
}
/* What absence already says (0, false, empty) is left out where it is optional: spec 3.5.6 */
static bool says_nothing(const json_t *v, const struct rb_field *f) {
    int64_t ms = 0;
    if (f->flags & RB_FIELD_ARRAY) return json_is_array(v) && json_array_size(v) == 0;
    switch (f->type) {
    case RB_F_BOOL:
        return json_is_false(v);
    case RB_F_UINT:
        return json_is_integer(v) && json_integer_value(v) == 0;
    case RB_F_TIME:
        return rb_json_time(v, &ms) == RB_OK && ms == 0;
    case RB_F_SPAN:
        return rb_json_span(v, &ms) == RB_OK && ms == 0;
    case RB_F_ENUM:
        return f->names && json_is_string(v) && f->names->name && f->names->value == 0 &&
               strcmp(json_string_value(v), f->names->name) == 0;
    case RB_F_NAME:
    case RB_F_TEXT:
    case RB_F_BYTES:
        return json_is_string(v) && json_string_length(v) == 0;
    case RB_F_INT:
    case RB_F_HASH:
    case RB_F_KEY:
    case RB_F_SIG:
    case RB_F_MEMBER:
    case RB_F_DEG:
    case RB_F_MM:
    case RB_F_MAP:
    case RB_F_TUPLE:
    case RB_F_NULL_OR_HASH:
        return false;
    }
    return false;
}
static bool given(const json_t *v, const struct rb_field *f) {
    if (v == NULL || (json_is_null(v) && f->type != RB_F_NULL_OR_HASH)) return false;
    return (f->flags & RB_FIELD_REQUIRED) || !says_nothing(v, f);
}

static enum rb_err put_fields(struct in *in, const struct rb_schema *s, const json_t *v) {
    RB_TRY(known_fields(in, s, v));
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += given(member_of(v, &s->fields[i]), &s->fields[i]);
    rb_cbor_put_map(in->w, n);
    for (size_t i = 0; i < s->n; i++) {
        const struct rb_field *f = &s->fields[i];
        const json_t *x = member_of(v, f);
        if (given(x, f)) {
            rb_cbor_put_uint(in->w, f->key);
            RB_TRY(put_field(in, f, x));
        } else if (f->flags & RB_FIELD_REQUIRED) {
            (void)push(in, f->name);
            return off(in, "it is missing");
        }
    }
    return RB_OK;
}

/* what was said in words and cannot be read: the field is one within this volume */
static enum rb_err volume_off(struct in *in, const struct rb_json_error *e) {
    if (in->e == NULL) return RB_ERR_USAGE;
    (void)push(in, e->field);
    if (e->sentence != e->words) return off(in, e->sentence);
    memcpy(in->e->words, e->words, sizeof in->e->words);
    return off(in, in->e->words);
}
/* volumes may have places and heights as people write them */
static enum rb_err put_map(struct in *in, const struct rb_schema *s, const json_t *v) {
    struct rb_json_error e = {.sentence = ""};
    json_t *made = NULL;
    if (strcmp(s->name, "volume") != 0) return put_fields(in, s, v);
    enum rb_err err = rb_volume_entered(v, &made, &e);
    if (err == RB_ERR_USAGE) return volume_off(in, &e);
    if (err == RB_OK) err = put_fields(in, s, made ? made : v);
    json_decref(made);
    return err;
}

/* a tuple is given as an object by names, or as an array in order */
static enum rb_err put_tuple(struct in *in, const struct rb_schema *s, const json_t *v) {
    bool list = json_is_array(v);
    if (list && json_array_size(v) > s->n) return off(in, "the list is too long");
    if (!list) RB_TRY(known_fields(in, s, v));
    rb_cbor_put_array(in->w, s->n);
    for (size_t i = 0; i < s->n; i++) {
        const struct rb_field *f = &s->fields[i];
        const json_t *x = list ? json_array_get(v, i) : member_of(v, f);
        if (given(x, f)) {
            RB_TRY(put_field(in, f, x));
        } else if (f->flags & RB_FIELD_REQUIRED) {
            (void)push(in, f->name);
            return off(in, "it is missing");
        } else {
            rb_cbor_put_null(in->w);
        }
    }
    return RB_OK;
}

enum rb_err rb_body_from_json(const struct rb_schema *s, const json_t *v,
                              const struct rb_names *names, struct rb_writer *w,
                              struct rb_json_error *e) {
    struct in in = {.names = names, .w = w, .e = e};
    if (e) *e = (struct rb_json_error){.sentence = ""};
    RB_TRY(put_map(&in, s, v));
    if (w->over) return off(&in, "the body is too long for one record");
    return RB_OK;
}

/* ---- CBOR to JSON ------------------------------------------------------------------------- */
static json_t *get_map(struct rb_reader *r, const struct rb_schema *s,
                       const struct rb_names *names);
static json_t *get_tuple(struct rb_reader *r, const struct rb_schema *s,
                         const struct rb_names *names);

static json_t *get_number(struct rb_reader *r, const struct rb_field *f) {
    int64_t i = 0;
    uint64_t u = 0;
    if (f->type == RB_F_UINT) {
        if (rb_cbor_get_uint(r, &u) != RB_OK) return NULL;
        return json_integer((json_int_t)u);
    }
    if (rb_cbor_get_int(r, &i) != RB_OK) return NULL;
    if (f->type == RB_F_DEG) return rb_degrees_json(i);
    if (f->type == RB_F_MM) return rb_metres_json(i);
    if (f->type == RB_F_SPAN) return rb_span_json(i);
    if (f->type == RB_F_INT) return json_integer(i);
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, i);
    return json_string(rb_writer_z(&w));
}
static json_t *get_encoded(struct rb_reader *r, bool hex) {
    struct rb_slice s;
    if (rb_cbor_get_bytes(r, &s) != RB_OK) return NULL;
    size_t cap = hex ? s.n * 2 + 1 : s.n / 3 * 4 + 8;
    char *buf = rb_json_room(cap);
    if (buf == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, cap);
    if (hex)
        rb_put_hex(&w, s.p, s.n);
    else
        rb_put_base64(&w, s.p, s.n);
    json_t *out = json_stringn(buf, w.n);
    rb_json_room_back(buf);
    return out;
}
static json_t *get_named(struct rb_reader *r, const struct rb_field *f,
                         const struct rb_names *names) {
    uint64_t v = 0;
    struct rb_slice h;
    if (rb_cbor_get_uint(r, &v) != RB_OK) return NULL;
    if (f->type == RB_F_MEMBER) {
        bool own_index =
            strcmp(f->name, "index") == 0; /* a charter's list says it beside the handle */
        if (!own_index && names && v < RB_MAX_MEMBERS && names->handle(names->ctx, (uint16_t)v, &h))
            return json_stringn((const char *)h.p, h.n);
        return json_integer((json_int_t)v);
    }
    for (const struct rb_enum_name *e = f->names; e && e->name; e++)
        if (e->value == v) return json_string(e->name);
    return json_integer((json_int_t)v);
}

static json_t *get_one(struct rb_reader *r, const struct rb_field *f,
                       const struct rb_names *names) {
    struct rb_slice s;
    bool b = false;
    switch (f->type) {
    case RB_F_UINT:
    case RB_F_INT:
    case RB_F_TIME:
    case RB_F_SPAN:
    case RB_F_DEG:
    case RB_F_MM:
        return get_number(r, f);
    case RB_F_BOOL:
        return rb_cbor_get_bool(r, &b) == RB_OK ? json_boolean(b) : NULL;
    case RB_F_NAME:
    case RB_F_TEXT:
        return rb_cbor_get_text(r, &s) == RB_OK ? json_stringn((const char *)s.p, s.n) : NULL;
    case RB_F_BYTES:
    case RB_F_SIG:
        return get_encoded(r, false);
    case RB_F_NULL_OR_HASH:
        if (rb_cbor_get_null(r) == RB_OK) return json_null();
        return get_encoded(r, true);
    case RB_F_HASH:
    case RB_F_KEY:
        return get_encoded(r, true);
    case RB_F_ENUM:
    case RB_F_MEMBER:
        return get_named(r, f, names);
    case RB_F_MAP:
        return get_map(r, f->sub, names);
    case RB_F_TUPLE:
        return get_tuple(r, f->sub, names);
    }
    return NULL;
}

static json_t *get_field(struct rb_reader *r, const struct rb_field *f,
                         const struct rb_names *names) {
    size_t n = 0;
    if (!(f->flags & RB_FIELD_ARRAY)) return get_one(r, f, names);
    if (rb_cbor_get_array(r, f->max_n ? f->max_n : RB_MAX_LEAF, &n) != RB_OK) return NULL;
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(out, get_one(r, f, names)) == 0) continue;
        json_decref(out);
        return NULL;
    }
    return out;
}

static int set_field(json_t *out, const struct rb_field *f, json_t *v) {
    char name[64];
    json_name(f, name);
    return json_object_set_new(out, name, v);
}

static json_t *get_map(struct rb_reader *r, const struct rb_schema *s,
                       const struct rb_names *names) {
    size_t n = 0;
    if (rb_cbor_get_map(r, 256, &n) != RB_OK) return NULL;
    json_t *out = json_object();
    for (size_t i = 0, k = 0; i < n; i++) {
        uint64_t key = 0;
        if (rb_cbor_get_uint(r, &key) != RB_OK) goto bad;
        while (k < s->n && s->fields[k].key < key)
            k++;
        if (k == s->n || s->fields[k].key != key) goto bad;
        if (set_field(out, &s->fields[k], get_field(r, &s->fields[k], names)) != 0) goto bad;
    }
    return out;
bad:
    json_decref(out);
    return NULL;
}

static json_t *get_tuple(struct rb_reader *r, const struct rb_schema *s,
                         const struct rb_names *names) {
    size_t n = 0;
    if (rb_cbor_get_array(r, s->n, &n) != RB_OK || n != s->n) return NULL;
    json_t *out = json_object();
    for (size_t i = 0; i < n; i++) {
        const struct rb_field *f = &s->fields[i];
        if (f->type != RB_F_NULL_OR_HASH && rb_cbor_get_null(r) == RB_OK)
            continue; /* optional, absent */
        if (set_field(out, f, get_field(r, f, names)) == 0) continue;
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *rb_body_to_json(const struct rb_schema *s, struct rb_slice body,
                        const struct rb_names *names) {
    struct rb_reader r = rb_reader(body);
    json_t *out = get_map(&r, s, names);
    if (out && rb_get_end(&r) == RB_OK) return out;
    json_decref(out);
    return NULL;
}
