/* A check as JSON: one form wherever it occurs. */
#include "check_view.h"
#include "readback/text.h"

#define WORDS 4096 /* a sentence, with some titles of at most 256 bytes */

json_t *rb_unsure_json(unsigned bits) {
    static const char *const names[] = {"accuracy", "datum", "terrain", "work"};
    json_t *out = json_array();
    for (unsigned i = 0; i < 4; i++)
        if (bits >> i & 1) json_array_append_new(out, json_string(names[i]));
    return out;
}
static json_t *count_json(uint64_t n) {
    return json_integer((json_int_t)n);
}
/* ---- one place in the result --------------------------------------------------------------------
 */
static void put_measures(json_t *o, const struct rb_conflict *x) {
    const bool apart = x->gap.distance_mm > 0;
    rb_j_put(o, "standoff_mm", count_json(x->standoff_mm));
    rb_j_put(o, "distance_mm", apart ? count_json(x->gap.distance_mm) : json_null());
    rb_j_put(o, "depth_mm", apart ? json_null() : count_json(x->gap.depth_mm));
    rb_j_put(o, "exact", json_boolean(x->gap.exact));
    rb_j_put(o, "floor", rb_height_json(x->band.has_floor, x->band.floor_mm, x->band.datum));
    rb_j_put(o, "ceiling", rb_height_json(x->band.has_ceiling, x->band.ceiling_mm, x->band.datum));
    rb_j_put(o, "band_at_most", json_boolean(x->band.at_most));
    rb_j_put(o, "from", rb_begin_json(x->from_utc_ms));
    rb_j_put(o, "to", rb_end_json(x->to_utc_ms));
    rb_j_put(o, "plan_volume", count_json(x->plan_volume));
    rb_j_put(o, "other_volume", count_json(x->other_volume));
}
struct rb_found rb_check_found(const struct rb_conflict *x, const struct rb_check_names *names) {
    const enum rb_mark mark = names->mark(names->ctx, &x->other);
    return (struct rb_found){.x = x,
                             .title = names->title(names->ctx, &x->other),
                             .author = names->author(names->ctx, x->other_author),
                             .mark = mark != RB_MARK_NONE ? rb_mark_text(mark) : NULL};
}
static json_t *conflict_json(const struct rb_checked *k, const struct rb_check_names *names,
                             const struct rb_conflict *x) {
    char words[WORDS];
    struct rb_writer w = rb_writer(words, sizeof words);
    const enum rb_mark mark = names->mark(names->ctx, &x->other);
    struct rb_found f = rb_check_found(x, names);
    json_t *truce = names->truce ? names->truce(names->ctx, &x->other) : json_null();
    json_t *o = json_object();
    f.truce = truce;
    rb_j_put(o, "record", rb_j_hex(x->other.b, RB_HASH_LEN));
    rb_j_put(o, "author", f.author.n ? rb_j_slice(f.author) : json_null());
    rb_j_put(o, "class", json_string(rb_place_class_name(x->other_class)));
    rb_j_put(o, "title", f.title.n ? rb_j_slice(f.title) : json_null());
    rb_j_put(o, "closed", json_boolean(x->other_closed));
    rb_j_put(o, "mark", mark ? json_string(rb_mark_name(mark)) : json_null());
    rb_j_put(o, "rule", json_string(rb_conflict_rule_name(x->rule)));
    rb_j_put(o, "answer", json_string(rb_answer_name(x->answer)));
    rb_j_put(o, "unsure", rb_unsure_json(x->unsure));
    put_measures(o, x);
    rb_j_put(o, "nameable",
             json_boolean(
                 rb_register_nameable(x->other_closed, x->other_readers, k->closed, k->readers)));
    rb_j_put(o, "truce", truce);
    rb_put_conflict_words(&w, k, &f);
    rb_j_put(o, "sentence", rb_j_text(&w));
    rb_wipe(words, sizeof words);
    return o;
}

/* ---- coverage -----------------------------------------------------------------------------------
 */
static json_t *members_json(const struct rb_check_names *names, uint64_t members) {
    json_t *list = json_array();
    for (uint16_t i = 0; i < RB_MAX_MEMBERS; i++)
        if (members >> i & 1) json_array_append_new(list, rb_j_slice(names->author(names->ctx, i)));
    return list;
}
static json_t *class_json(const struct rb_check_names *names, const struct rb_coverage_class *k,
                          enum rb_place_class name) {
    json_t *o = json_object();
    rb_j_put(o, "class", json_string(rb_place_class_name(name)));
    rb_j_put(o, "compared", json_boolean(k->rule != RB_CONFLICT_NO_RULE));
    rb_j_put(o, "places", count_json(k->places));
    rb_j_put(o, "closed", count_json(k->closed));
    rb_j_put(o, "untimed", count_json(k->untimed));
    rb_j_put(o, "placeless", count_json(k->placeless));
    rb_j_put(o, "own", count_json(k->own));
    rb_j_put(o, "members", members_json(names, k->members));
    rb_j_put(o, "oldest", k->places ? rb_j_time(k->oldest_utc_ms) : json_null());
    rb_j_put(o, "newest", k->places ? rb_j_time(k->newest_utc_ms) : json_null());
    return o;
}
static void put_classes(json_t *o, const struct rb_check_names *names,
                        const struct rb_coverage *cov) {
    json_t *list = json_array();
    size_t closed = 0;
    uint64_t members = 0;
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++) {
        closed += cov->of[i].closed;
        members |= cov->of[i].members;
        json_array_append_new(list, class_json(names, &cov->of[i], (enum rb_place_class)i));
    }
    rb_j_put(o, "closed", count_json(closed));
    rb_j_put(o, "members", members_json(names, members));
    rb_j_put(o, "classes", list);
}
static json_t *coverage_json(const struct rb_check_names *names, const struct rb_checked *k) {
    const struct rb_coverage *cov = &k->found.coverage;
    char words[WORDS];
    struct rb_writer w = rb_writer(words, sizeof words);
    json_t *o = json_object(), *unsure = json_object();
    rb_put_coverage_words(&w, k);
    rb_j_put(o, "sentence", rb_j_text(&w));
    rb_j_put(o, "places", count_json(cov->places));
    rb_j_put(o, "oldest", cov->places ? rb_j_time(cov->oldest_utc_ms) : json_null());
    rb_j_put(o, "newest", cov->places ? rb_j_time(cov->newest_utc_ms) : json_null());
    put_classes(o, names, cov);
    rb_j_put(o, "unreadable", count_json(cov->unreadable));
    rb_j_put(o, "malformed", count_json(cov->malformed));
    rb_j_put(o, "placeless", count_json(cov->placeless));
    rb_j_put(o, "plan_placeless", json_boolean(cov->plan_placeless));
    rb_j_put(o, "plan_untimed", json_boolean(cov->plan_untimed));
    rb_j_put(o, "no_terrain", json_boolean(cov->no_terrain));
    rb_j_put(unsure, "accuracy", count_json(cov->unsure_accuracy));
    rb_j_put(unsure, "datum", count_json(cov->unsure_datum));
    rb_j_put(unsure, "terrain", count_json(cov->unsure_terrain));
    rb_j_put(unsure, "work", count_json(cov->unsure_work));
    rb_j_put(o, "unsure", unsure);
    return o;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */
static json_t *lead_json(const struct rb_check_names *names, const struct rb_checked *k) {
    static const char *const from[] = {"now", "held", "created"};
    const struct rb_conflicts *f = &k->found;
    const bool meant = f->lead == RB_LEAD_GIVEN || f->lead == RB_LEAD_SHORT;
    const bool held = meant && k->lead_from == RB_LEAD_FROM_HELD;
    const bool logged = meant && k->lead_from != RB_LEAD_FROM_NOW;
    json_t *o = json_object();
    rb_j_put(o, "state",
             json_string(k->lead_contested ? "contested by time" : rb_lead_name(f->lead)));
    rb_j_put(o, "counted_from", meant ? json_string(from[k->lead_from]) : json_null());
    rb_j_put(o, "held_by",
             held ? rb_j_slice(names->author(names->ctx, k->lead_held_by)) : json_null());
    rb_j_put(o, "held_since", held ? rb_j_time(k->lead_held_utc_ms) : json_null());
    rb_j_put(o, "written_ms", logged ? json_integer(k->lead_written_ms) : json_null());
    rb_j_put(o, "asked_ms", meant ? json_integer(f->lead_asked_ms) : json_null());
    rb_j_put(o, "given_ms", meant ? json_integer(f->lead_given_ms) : json_null());
    return o;
}
const char *rb_check_answer(const struct rb_checked *k) {
    bool open = false;
    if (k->err != RB_OK) return "not compared";
    for (size_t i = 0; i < k->found.n; i++) {
        if (k->found.list[i].answer == RB_ANSWER_CONFLICT)
            return rb_answer_name(RB_ANSWER_CONFLICT);
        open = true;
    }
    if (open) return rb_answer_name(RB_ANSWER_NOT_EXCLUDED);
    const struct rb_coverage *cov = &k->found.coverage;
    return cov->places > 0 && !cov->plan_placeless ? rb_answer_name(RB_ANSWER_NONE_FOUND)
                                                   : "not compared";
}
json_t *rb_check_view(const struct rb_checked *k, const struct rb_check_names *names) {
    if (k->err != RB_OK) return json_null();
    json_t *o = json_object(), *list = json_array();
    for (size_t i = 0; i < k->found.n; i++)
        json_array_append_new(list, conflict_json(k, names, &k->found.list[i]));
    rb_j_put(o, "answer", json_string(rb_check_answer(k)));
    rb_j_put(o, "conflicts", list);
    rb_j_put(o, "lead", lead_json(names, k));
    rb_j_put(o, "coverage", coverage_json(names, k));
    return o;
}
