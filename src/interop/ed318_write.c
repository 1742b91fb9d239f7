/* ED-318 out, spec 12.4.5: what its schema demands, and beside it what only Readback reads. */
#include <assert.h>
#include "ed318_int.h"
#include "readback/text.h"

static bool one_of(struct rb_slice s, const char *const *words) {
    for (; *words != NULL; words++)
        if (rb_slice_is(s, *words)) return true;
    return false;
}

static bool fits(struct rb_slice s, size_t least, size_t most) {
    const size_t n = ed318_characters(s);
    return n >= least && n <= most && rb_name_ok(s);
}

static bool zone_ok(const struct rb_ed318_zone *z) {
    return fits(z->identifier, 1, 7) && fits(z->country, 3, 3) && one_of(z->type, ed318_types) &&
           one_of(z->variant, ed318_variants) && one_of(z->purpose, ed318_purposes) &&
           fits(z->authority, 0, ED318_SHORT_TEXT) && fits(z->language, 1, 5);
}

static void put_in_language(struct rb_json_writer *j, const char *key, struct rb_slice text,
                            struct rb_slice language) {
    if (text.n == 0) return;
    rb_json_open(j, key, '[');
    rb_json_open(j, NULL, '{');
    rb_json_put_text(j, "text", text);
    rb_json_put_text(j, "lang", language);
    rb_json_close(j, '}');
    rb_json_close(j, ']');
}

/* as many characters as fit; what is longer stands whole in *beside */
static struct rb_slice shortened(struct rb_slice s, struct rb_slice *beside) {
    size_t n = 0;
    if (ed318_characters(s) <= ED318_SHORT_TEXT) return s;
    *beside = s;
    for (size_t i = 0; i < s.n; i++) {
        n += (s.p[i] & 0xc0) != 0x80;
        if (n > ED318_SHORT_TEXT) return rb_slice_sub(s, 0, i);
    }
    return s;
}

static bool same_times(const struct rb_volume *a, const struct rb_volume *b) {
    return a->has_from == b->has_from && a->has_to == b->has_to &&
           (!a->has_from || a->from_utc_ms == b->from_utc_ms) &&
           (!a->has_to || a->to_utc_ms == b->to_utc_ms);
}

/* the volumes whose times are the first of their kind, in order; period[i] is a place among them */
static size_t find_periods(const struct rb_feature *f, size_t first[RB_MAX_VOLUMES],
                           int period[RB_MAX_VOLUMES]) {
    size_t n = 0;
    for (size_t i = 0; i < f->volumes_n; i++) {
        size_t k = 0;
        while (k < n && !same_times(&f->volumes[first[k]], &f->volumes[i]))
            k++;
        if (k == n) first[n++] = i;
        period[i] = (int)k;
    }
    return n;
}

static void put_periods(struct rb_json_writer *j, const struct rb_feature *f, const size_t *first,
                        size_t n) {
    rb_json_open(j, "limitedApplicability", '[');
    for (size_t k = 0; k < n; k++) {
        const struct rb_volume *v = &f->volumes[first[k]];
        rb_json_open(j, NULL, '{');
        if (v->has_from) rb_json_put_time(j, "startDateTime", v->from_utc_ms);
        if (v->has_to) rb_json_put_time(j, "endDateTime", v->to_utc_ms);
        rb_json_close(j, '}');
    }
    rb_json_close(j, ']');
}

static void put_authority(struct rb_json_writer *j, const struct rb_ed318_zone *z) {
    rb_json_open(j, "zoneAuthority", '[');
    rb_json_open(j, NULL, '{');
    put_in_language(j, "name", z->authority, z->language);
    rb_json_put_text(j, "purpose", z->purpose);
    rb_json_close(j, '}');
    rb_json_close(j, ']');
}

static void put_properties(struct rb_json_writer *j, const struct rb_feature *f,
                           const struct rb_ed318_zone *z, uint64_t *remarks) {
    struct geo_beside beside = {.title = {NULL, 0}};
    size_t first[RB_MAX_VOLUMES];
    const size_t periods = find_periods(f, first, beside.period);
    const struct rb_volume *v = &f->volumes[first[0]];
    for (size_t i = 0; i < RB_MAX_VOLUMES; i++) {
        beside.native[i] = GEO_BAND | GEO_TIMES | GEO_RADIUS;
        if (periods == 1) beside.period[i] = -1; /* all alike: nothing to choose */
    }
    rb_json_open(j, "properties", '{');
    rb_json_put_text(j, "identifier", z->identifier);
    rb_json_put_text(j, "country", z->country);
    put_in_language(j, "name", shortened(f->title, &beside.title), z->language);
    rb_json_put_text(j, "type", z->type);
    rb_json_put_text(j, "variant", z->variant);
    put_in_language(j, "message", shortened(f->text, &beside.text), z->language);
    put_authority(j, z);
    if (periods > 1 || v->has_from || v->has_to) put_periods(j, f, first, periods);
    rb_json_open(j, "extendedProperties", '{');
    geo_put_extra(j, "readback", f, &beside, remarks);
    rb_json_close(j, '}');
    rb_json_close(j, '}');
}

enum rb_err rb_ed318_put(struct rb_json_writer *j, const struct rb_feature *f,
                         const struct rb_ed318_zone *zone, uint64_t *remarks) {
    assert(f->volumes_n > 0 && f->volumes_n <= RB_MAX_VOLUMES);
    if (!zone_ok(zone)) return RB_ERR_USAGE;
    rb_json_open(j, NULL, '{');
    rb_json_put_text(j, "type", rb_str("Feature"));
    put_properties(j, f, zone, remarks);
    geo_put_geometry(j, "geometry", f, true, remarks);
    rb_json_close(j, '}');
    return RB_OK;
}
