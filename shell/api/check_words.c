/* What a check found, in short sentences for tired readers of a second language. */
#include "check.h"
#include "readback/coord.h"
#include "readback/text.h"

#define DAY_MS INT64_C(86400000)

void rb_put_span_words(struct rb_writer *w, uint64_t mm, bool up) {
    const uint64_t unit = mm < 1000000 ? 1000 : mm < 10000000 ? 100000 : 1000000;
    uint64_t n = mm / unit + (up && mm % unit != 0);
    if (unit == 1000) {
        rb_put_dec(w, n);
        rb_put_z(w, " m");
        return;
    }
    if (unit == 1000000) n *= 10;
    rb_put_dec(w, n / 10);
    if (n % 10) {
        rb_put_z(w, ".");
        rb_put_dec(w, n % 10);
    }
    rb_put_z(w, " km");
}
/* a length as it was asked for, exactly */
static void put_exact(struct rb_writer *w, uint64_t mm) {
    const enum rb_unit unit = mm >= 1000000 ? RB_UNIT_KM : RB_UNIT_M;
    char buf[40];
    struct rb_writer t = rb_writer(buf, sizeof buf);
    if (rb_length_put(&t, mm, unit, RB_DIGITS_SHORTEST) != RB_OK || t.over) {
        rb_put_span_words(w, mm, true);
        return;
    }
    const size_t letters = unit == RB_UNIT_KM ? 2 : 1;
    rb_put_slice(w, rb_slice(buf, t.n - letters));
    rb_put_z(w, unit == RB_UNIT_KM ? " km" : " m");
}

/* ---- heights ------------------------------------------------------------------------------------
 */
static bool put_height(struct rb_writer *w, int64_t mm, enum rb_datum datum) {
    const struct rb_alt_limit limit = {.mm = mm, .datum = datum};
    return rb_height_put(w, &limit, RB_UNIT_M, RB_DIGITS_SHORTEST) == RB_OK && !w->over;
}
json_t *rb_height_json(bool has, int64_t mm, enum rb_datum datum) {
    char buf[64];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    return has && put_height(&w, mm, datum) ? rb_j_text(&w) : json_null();
}
static int64_t floor_m(int64_t mm) {
    int64_t m = mm / 1000;
    return (mm % 1000 < 0 ? m - 1 : m) * 1000;
}
void rb_put_band_words(struct rb_writer *w, const struct rb_band *b) {
    /* a band that may be as wide as this: outwards to whole metres */
    const int64_t lo = b->at_most ? floor_m(b->floor_mm) : b->floor_mm,
                  hi = b->at_most ? -floor_m(-b->ceiling_mm) : b->ceiling_mm;
    if (!b->has_floor && !b->has_ceiling) {
        rb_put_z(w, "at all heights");
        return;
    }
    rb_put_z(w, b->at_most ? "at most " : "");
    if (b->has_floor) {
        rb_put_z(w, "from ");
        (void)put_height(w, lo, b->datum);
    }
    if (b->has_ceiling) {
        rb_put_z(w, b->has_floor ? " to " : "up to ");
        (void)put_height(w, hi, b->datum);
    } else {
        rb_put_z(w, " up");
    }
}

/* ---- times --------------------------------------------------------------------------------------
 */
static void put_day(struct rb_writer *w, int64_t utc_ms) {
    char buf[40];
    struct rb_writer t = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&t, utc_ms);
    rb_put_slice(w, rb_slice(buf, t.n < 10 ? t.n : 10));
}
/* "13:00Z", with seconds where there are any */
static void put_clock(struct rb_writer *w, int64_t utc_ms) {
    char buf[40];
    struct rb_writer t = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&t, utc_ms);
    if (t.n < 17) return;
    const bool minutes = utc_ms % 60000 == 0;
    rb_put_slice(w, rb_slice(buf + 11, minutes ? 5 : t.n - 12));
    rb_put_z(w, "Z");
}
static void put_moment(struct rb_writer *w, int64_t utc_ms) {
    put_day(w, utc_ms);
    rb_put_z(w, " ");
    put_clock(w, utc_ms);
}
void rb_put_when_words(struct rb_writer *w, int64_t from, int64_t to) {
    const bool begins = from != INT64_MIN, ends = to != INT64_MAX;
    if (!begins && !ends) {
        rb_put_z(w, "at all times");
    } else if (begins && ends && from / DAY_MS == (to - 1) / DAY_MS && to % DAY_MS != 0) {
        rb_put_z(w, "on ");
        put_day(w, from);
        rb_put_z(w, ", ");
        put_clock(w, from);
        rb_put_z(w, " to ");
        put_clock(w, to);
    } else {
        rb_put_z(w, begins ? "from " : "until ");
        put_moment(w, begins ? from : to);
        rb_put_z(w, begins && ends ? " to " : begins ? ", without an end" : "");
        if (begins && ends) put_moment(w, to);
    }
}
json_t *rb_begin_json(int64_t from) {
    return from == INT64_MIN ? json_null() : rb_j_time(from);
}
json_t *rb_end_json(int64_t to) {
    return to == INT64_MAX ? json_null() : rb_j_time(to);
}

/* ---- one place in the result --------------------------------------------------------------------
 */
static void put_first_upper(struct rb_writer *w, const char *z) {
    char first[2] = {*z, 0};
    if (*z >= 'a' && *z <= 'z') first[0] = (char)(*z - 'a' + 'A');
    rb_put_z(w, first);
    rb_put_z(w, *z ? z + 1 : z);
}
/* Text that may run from right to left stands in isolation (U+2068, U+2069), so that what follows
 * keeps its order. */
static void put_title(struct rb_writer *w, struct rb_slice title) {
    bool plain = true;
    for (size_t i = 0; i < title.n; i++)
        plain &= title.p[i] < 0x80;
    rb_put_z(w, plain ? "\"" : "\"\xe2\x81\xa8");
    rb_put_slice(w, title);
    rb_put_z(w, plain ? "\"" : "\xe2\x81\xa9\"");
}
static void put_other(struct rb_writer *w, const struct rb_found *f) {
    rb_put_z(w, "the ");
    rb_put_z(w, rb_place_class_name(f->x->other_class));
    if (f->title.n) {
        rb_put_z(w, " ");
        put_title(w, f->title);
    }
    const bool alone = json_is_true(json_object_get(f->truce, "declared"));
    rb_put_z(w, alone ? ", declared by " : " (");
    rb_put_slice(w, f->author);
    rb_put_z(w, alone ? " alone" : ")");
}
/* some of a list, and how many there are besides */
#define LISTED 8u
static void put_listed(struct rb_writer *w, const json_t *list, bool titles) {
    size_t i;
    const json_t *x;
    json_array_foreach(list, i, x) {
        const char *z = json_string_value(titles ? json_object_get(x, "title") : x);
        rb_put_z(w, i ? ", " : " ");
        if (i == LISTED) {
            rb_put_z(w, "and ");
            rb_put_dec(w, json_array_size(list) - LISTED);
            rb_put_z(w, " more");
            return;
        }
        if (titles && z)
            put_title(w, rb_str(z));
        else
            rb_put_z(w, z ? z : "one that cannot be read here");
        if (titles && json_is_false(json_object_get(x, "stands")))
            rb_put_z(w, " (superseded or withdrawn since)");
    }
}
/* whom it binds is said and nothing concluded: who is not bound plans beside it all the same */
static void put_truce(struct rb_writer *w, const json_t *truce) {
    const char *state = json_string_value(json_object_get(truce, "state"));
    const json_t *bound = json_object_get(truce, "bound"),
                 *out = json_object_get(truce, "exclusions");
    if (state && strcmp(state, "in-force") != 0) {
        rb_put_z(w, " Not yet in force: ");
        rb_put_z(w, state);
        rb_put_z(w, ".");
    }
    if (json_array_size(bound) > 0) {
        rb_put_z(w, " Bound by it:");
        put_listed(w, bound, false);
        rb_put_z(w, ".");
    }
    if (json_array_size(out) == 0) return;
    rb_put_z(w, " It names exclusions, which take nothing from this:");
    put_listed(w, out, true);
    rb_put_z(w, ".");
}
static void put_how_near(struct rb_writer *w, const struct rb_found *f) {
    const struct rb_conflict *x = f->x;
    const char *would = x->answer == RB_ANSWER_CONFLICT ? " would " : " may ";
    rb_put_z(w, would);
    if (x->gap.distance_mm > 0) {
        rb_put_z(w, "come within ");
        rb_put_span_words(w, x->gap.distance_mm, true);
        rb_put_z(w, " of ");
        put_other(w, f);
    } else {
        rb_put_z(w, "overlap ");
        put_other(w, f);
        if (x->gap.depth_mm >= 1000) {
            rb_put_z(w, ", ");
            rb_put_span_words(w, x->gap.depth_mm, false);
            rb_put_z(w, " deep");
        }
    }
    if (x->standoff_mm > 0) {
        rb_put_z(w, "; the stand-off is ");
        put_exact(w, x->standoff_mm);
    }
    rb_put_z(w, ".");
}
void rb_put_why_open(struct rb_writer *w, unsigned unsure) {
    static const struct {
        unsigned bit;
        const char *words;
    } why[] = {{RB_UNSURE_ACCURACY, "the places are known only to within their stated accuracy"},
               {RB_UNSURE_DATUM, "heights of different datums"},
               {RB_UNSURE_TERRAIN, "heights above ground"},
               {RB_UNSURE_WORK, "the outlines are too intricate, or too many, to tell"}};
    const char *between = " A conflict cannot be excluded: ";
    for (size_t i = 0; i < sizeof why / sizeof *why; i++) {
        if (!(unsure & why[i].bit)) continue;
        rb_put_z(w, between);
        rb_put_z(w, why[i].words);
        between = ", ";
    }
    if (unsure) rb_put_z(w, ".");
}
void rb_put_conflict_words(struct rb_writer *w, const struct rb_checked *k,
                           const struct rb_found *f) {
    put_first_upper(w, rb_place_class_name(k->class_));
    put_how_near(w, f);
    if (f->x->answer == RB_ANSWER_NOT_EXCLUDED) rb_put_why_open(w, f->x->unsure);
    rb_put_z(w, " Both ");
    rb_put_when_words(w, f->x->from_utc_ms, f->x->to_utc_ms);
    rb_put_z(w, ", ");
    rb_put_band_words(w, &f->x->band);
    rb_put_z(w, ".");
    put_truce(w, f->truce);
    if (f->mark == NULL) return;
    rb_put_z(w, " The other record is marked: ");
    rb_put_z(w, f->mark);
    rb_put_z(w, ".");
}

/* ---- what it was compared with ------------------------------------------------------------------
 */
static void put_count(struct rb_writer *w, size_t n, const char *one, const char *more) {
    rb_put_dec(w, n);
    rb_put_z(w, n == 1 ? one : more);
}
static void put_classes(struct rb_writer *w, const struct rb_coverage *cov) {
    const char *between = "";
    size_t closed = 0;
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++) {
        closed += cov->of[i].closed;
        if (cov->of[i].places == 0) continue;
        rb_put_z(w, between);
        rb_put_dec(w, cov->of[i].places);
        rb_put_z(w, " ");
        rb_put_z(w, rb_place_class_name((enum rb_place_class)i));
        if (cov->of[i].places > 1 && i != RB_PLACE_TRUCE) rb_put_z(w, "s");
        between = ", ";
    }
    if (closed == 0) return;
    rb_put_z(w, "; ");
    rb_put_dec(w, closed);
    rb_put_z(w, " closed");
}
static void put_looked_at(struct rb_writer *w, const struct rb_coverage *cov) {
    const bool one = cov->oldest_utc_ms / DAY_MS == cov->newest_utc_ms / DAY_MS;
    rb_put_z(w, one ? ", looked at on " : ", looked at between ");
    put_day(w, cov->oldest_utc_ms);
    if (one) return;
    rb_put_z(w, " and ");
    put_day(w, cov->newest_utc_ms);
}
static bool any_rule(const struct rb_coverage *cov) {
    bool any = false;
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++)
        any |= cov->of[i].rule != RB_CONFLICT_NO_RULE;
    return any;
}
static void put_not_compared(struct rb_writer *w, const struct rb_coverage *cov) {
    static const struct {
        const char *one, *more;
    } words[] = {{" closed one cannot be read here", " closed ones cannot be read here"},
                 {" could not be used, it is malformed", " could not be used, they are malformed"},
                 {" names no place", " name no place"}};
    const size_t truces = cov->of[RB_PLACE_TRUCE].placeless;
    const size_t n[] = {cov->unreadable, cov->malformed, cov->placeless - truces};
    for (size_t i = 0; i < 3; i++) {
        if (n[i] == 0) continue;
        rb_put_z(w, "; ");
        put_count(w, n[i], words[i].one, words[i].more);
    }
    if (truces == 0) return;
    rb_put_z(w, "; not compared: ");
    put_count(w, truces, " cessation without an area", " cessations without an area");
}
void rb_put_coverage_words(struct rb_writer *w, const struct rb_checked *k) {
    const struct rb_coverage *cov = &k->found.coverage;
    if (cov->plan_placeless) {
        rb_put_z(w, "Compared with nothing: it names no place.");
        return;
    }
    if (!any_rule(cov)) {
        rb_put_z(w, "Compared with nothing: a plan of the class ");
        rb_put_z(w, rb_place_class_name(k->class_));
        rb_put_z(w, " is not compared with others.");
        return;
    }
    if (cov->places == 0) {
        rb_put_z(w, "Compared with no place: none to compare it with can be read here");
    } else {
        rb_put_z(w, "Compared with ");
        put_count(w, cov->places, " place of ", " places of ");
        put_count(w, cov->members, " member (", " members (");
        put_classes(w, cov);
        rb_put_z(w, ")");
        put_looked_at(w, cov);
    }
    put_not_compared(w, cov);
    rb_put_z(w, ".");
    if (cov->plan_untimed) rb_put_z(w, " It names no time: it was compared at all times.");
    if (cov->no_terrain && cov->unsure_terrain)
        rb_put_z(w, " No range of the ground is given: heights above ground "
                    "were taken as anywhere.");
}
