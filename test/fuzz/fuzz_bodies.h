/* Bodies made of an input's bytes by the grammar of their kind (schema.h): which keys, and what in
 * them. Hashes are those of records that are there, times lie about now; so most of them are about
 * something. What the grammar cannot say may be wrong in them: who uses one checks it. */
#ifndef READBACK_TEST_FUZZ_BODIES_H
#define READBACK_TEST_FUZZ_BODIES_H
#include "fuzz.h"
#include "readback/cbor.h"
#include "readback/instrument.h"
#include "readback/schema.h"
#include "readback/volume.h"

struct fb_source {
    uint8_t (*u8)(void);
    struct rb_hash (*hash)(void);    /* of any record */
    struct rb_volume (*place)(void); /* any */
    int64_t now_utc_ms;
    uint16_t members;
};

static const enum rb_kind fb_instruments[] = {
    RB_KIND_REQUEST,  RB_KIND_CESSATION,   RB_KIND_INCIDENT, RB_KIND_FINDING,
    RB_KIND_FIGURE,   RB_KIND_DESIGNATION, RB_KIND_TEXT,     RB_KIND_AGREEMENT,
    RB_KIND_PROGRESS, RB_KIND_CONTACT,     RB_KIND_READOUT};
#define FB_INSTRUMENTS (sizeof fb_instruments / sizeof *fb_instruments)

static void fb_map(const struct fb_source *s, const struct rb_schema *of, struct rb_writer *w);

static int64_t fb_time(const struct fb_source *s) { /* minutes ago, or to come */
    return s->now_utc_ms + ((int64_t)s->u8() - 96) * 20000;
}

static void fb_names(const struct fb_source *s, const struct rb_field *f, struct rb_writer *w) {
    size_t n = 0;
    while (f->names[n].name != NULL)
        n++;
    rb_cbor_put_uint(w, f->names[s->u8() % n].value);
}

static void fb_tuple(const struct fb_source *s, const struct rb_schema *of, struct rb_writer *w);

static void fb_value(const struct fb_source *s, const struct rb_field *f, struct rb_writer *w) {
    static const char *const words[] = {"a", "b", "the other", "fifty"};
    struct rb_hash h;
    switch (f->type) {
    case RB_F_TIME:
        rb_cbor_put_int(w, fb_time(s));
        return;
    case RB_F_SPAN:
        rb_cbor_put_uint(w, 1 + (uint64_t)s->u8() * 20000);
        return;
    case RB_F_UINT:
        rb_cbor_put_uint(w, 1 + (uint64_t)s->u8() % 4);
        return;
    case RB_F_INT:
    case RB_F_DEG:
    case RB_F_MM:
        rb_cbor_put_int(w, s->u8());
        return;
    case RB_F_BOOL:
        rb_cbor_put_bool(w, true);
        return;
    case RB_F_NAME:
    case RB_F_TEXT:
        rb_cbor_put_text(w, rb_str(words[s->u8() % 4]));
        return;
    case RB_F_ENUM:
        fb_names(s, f, w);
        return;
    case RB_F_MEMBER:
        rb_cbor_put_uint(w, (uint64_t)(s->u8() % s->members));
        return;
    case RB_F_NULL_OR_HASH:
    case RB_F_HASH:
        h = s->hash();
        rb_cbor_put_bytes(w, rb_slice(h.b, RB_HASH_LEN));
        return;
    case RB_F_MAP:
        fb_map(s, f->sub, w);
        return;
    case RB_F_TUPLE:
        fb_tuple(s, f->sub, w);
        return;
    case RB_F_BYTES:
    case RB_F_KEY:
    case RB_F_SIG:
        break;
    }
    abort(); /* in no instrument */
}

/* ascending where it must be */
static void fb_array(const struct fb_source *s, const struct rb_field *f, struct rb_writer *w) {
    if (f->flags & RB_FIELD_SORTED) {
        const uint8_t first = f->type == RB_F_MEMBER ? 0 : 1, which = s->u8();
        const uint8_t bits = which % 3 + 1; /* the first, the second, both */
        rb_cbor_put_array(w, bits == 3 ? 2 : 1);
        for (uint8_t i = 0; i < 2; i++)
            if (bits >> i & 1) rb_cbor_put_uint(w, (uint64_t)first + i);
        return;
    }
    const size_t n = 1 + s->u8() % 3;
    rb_cbor_put_array(w, n);
    for (size_t i = 0; i < n; i++)
        fb_value(s, f, w);
}

/* as a notice has it */
static void fb_places(const struct fb_source *s, struct rb_writer *w) {
    static uint8_t room[4096];
    struct rb_volume v = s->place();
    const struct rb_notice n = {.title = rb_str("a"), .volumes_n = 1, .volumes = &v};
    const struct rb_schema *of = rb_body_schema(RB_KIND_NOTICE);
    struct rb_writer all = rb_writer(room, sizeof room);
    struct rb_reader r;
    struct rb_slice item = {NULL, 0};
    uint8_t key = 0;
    for (size_t i = 0; i < of->n; i++)
        if (rb_slice_is(rb_str(of->fields[i].name), "volumes")) key = of->fields[i].key;
    rb_notice_encode(&n, &all);
    FUZZ_CHECK(!all.over && rb_cbor_find(rb_written(&all), key, &r) == RB_OK);
    FUZZ_CHECK(rb_cbor_skip(&r, &item) == RB_OK);
    rb_put_slice(w, item);
}

static void fb_tuple(const struct fb_source *s, const struct rb_schema *of, struct rb_writer *w) {
    rb_cbor_put_array(w, of->n);
    for (size_t i = 0; i < of->n; i++)
        if ((of->fields[i].flags & RB_FIELD_REQUIRED) || s->u8() % 2 == 0)
            fb_value(s, &of->fields[i], w);
        else
            rb_cbor_put_null(w);
}

static void fb_map(const struct fb_source *s, const struct rb_schema *of, struct rb_writer *w) {
    uint32_t keys = 0;
    size_t n = 0;
    const uint32_t which = (uint32_t)s->u8() << 24 | (uint32_t)s->u8() << 16 | s->u8();
    for (size_t i = 0; i < of->n; i++) {
        const bool wanted = (which >> i % 16 & 1) != 0 && (which >> (24 + i % 8) & 1) != 0;
        if (!wanted && !(of->fields[i].flags & RB_FIELD_REQUIRED)) continue;
        keys |= UINT32_C(1) << i;
        n++;
    }
    rb_cbor_put_map(w, n);
    for (size_t i = 0; i < of->n; i++) {
        const struct rb_field *f = &of->fields[i];
        if ((keys >> i & 1) == 0) continue;
        rb_cbor_put_uint(w, f->key);
        if (rb_slice_is(rb_str(f->name), "volumes"))
            fb_places(s, w);
        else if (f->flags & RB_FIELD_ARRAY)
            fb_array(s, f, w);
        else
            fb_value(s, f, w);
    }
}

/* of an instrument, or a position; in `room`; none: it breaks a rule that is in no table */
static struct rb_slice fb_body(const struct fb_source *s, enum rb_kind k, uint8_t *room,
                               size_t cap) {
    struct rb_writer w = rb_writer(room, cap);
    if (k == RB_KIND_POSITION) {
        struct rb_position p = {.type = (enum rb_position_type)(1 + s->u8() % RB_POSITION_MAX)};
        if (p.type == RB_POSITION_PASSED_DOWN) p.level = rb_str("company");
        if (p.type == RB_POSITION_QUERY) p.playback = rb_str("12 km south");
        if (p.type == RB_POSITION_DISSOCIATE && s->u8() % 2) p.paragraphs = rb_slice("\x81\x01", 2);
        rb_position_encode(&p, &w);
    } else {
        fb_map(s, rb_body_schema(k), &w);
    }
    const bool well = !w.over && rb_body_check(k, rb_written(&w), NULL) == RB_OK;
    return well ? rb_written(&w) : rb_slice(NULL, 0);
}
#endif
