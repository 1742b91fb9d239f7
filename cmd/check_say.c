/* What `readback check` says: for people a table, worst first, and always what was compared; for
 * programs one JSON object a line. Spec 15.3. */
#include <inttypes.h>
#include <time.h>
#include "check_int.h"

/* ---- progress -----------------------------------------------------------------------------------
 */
void check_progress(struct check_run *r, const char *what, uint64_t n) {
    struct timespec ts;
    if (!r->progress || n % 1024 != 0) return;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    const int64_t ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
    if (r->progress_ms == 0) r->progress_ms = ms;
    if (ms - r->progress_ms < 1000) return;
    r->progress_ms = ms;
    r->progress_shown = true;
    fprintf(stderr, "\r%" PRIu64 " %s read", n, what);
}
void check_progress_end(struct check_run *r) {
    if (r->progress_shown) fputs("\r\033[K", stderr);
    r->progress_shown = false;
}

/* ---- lines of JSON ------------------------------------------------------------------------------
 */
static json_t *text_of(struct rb_slice s) {
    json_t *o = s.n > 0 ? json_stringn((const char *)s.p, s.n) : NULL;
    return o != NULL ? o : json_null();
}
static void put(json_t *o, const char *key, json_t *v) {
    json_object_set_new(o, key, v != NULL ? v : json_null());
}
static void put_count(json_t *o, const char *key, uint64_t n) {
    put(o, key, json_integer((json_int_t)n));
}
/* taken; a line that is there whole, whoever reads along */
static void line(json_t *o) {
    json_dumpf(o, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    fflush(stdout);
    json_decref(o);
}
static void line_of(const char *key, json_t *v) {
    json_t *o = json_object();
    put(o, key, v);
    line(o);
}
static json_t *feature_json(const struct check_file *f, const struct check_item *it) {
    json_t *o = json_object();
    put(o, "file", text_of(rb_slice(f->path, f->path_n)));
    put(o, "feature", it->number ? json_integer((json_int_t)it->number) : json_null());
    return o;
}
static json_t *words_json(uint64_t bits, unsigned end, const char *(*word)(unsigned)) {
    json_t *list = json_array();
    for (unsigned i = 0; i < end; i++)
        if (bits >> i & 1) json_array_append_new(list, json_string(word(i)));
    return list;
}
static const char *remark_word(unsigned i) {
    return rb_remark_word((enum rb_remark)i);
}
static const char *pointed_out_word(unsigned i) {
    return rb_plausible_word(1u << i);
}
static json_t *pointed_out_json(unsigned bits) {
    return words_json(bits, 5, pointed_out_word);
}
static json_t *refused_json(const struct check_item *it) {
    json_t *o = json_object();
    put(o, "code", json_string(rb_err_name(it->why.err)));
    put(o, "clause", json_string(it->why.clause));
    put(o, "sentence", json_string(it->why.what));
    put_count(o, "offset", it->why.offset);
    put(o, "rest", json_boolean(it->rest));
    return o;
}

/* ---- what was read ------------------------------------------------------------------------------
 */
/* one more line about this file on stderr? The others are counted. */
static bool tell(struct check_run *r, const struct check_file *f) {
    check_progress_end(r);
    if (r->told == CHECK_TOLD)
        fprintf(stderr, "readback: %.*s: there is more of this kind; --json has all of it\n",
                (int)f->path_n, f->path);
    return r->told++ < CHECK_TOLD;
}
static void where(const struct check_file *f, const struct check_item *it) {
    fprintf(stderr, "readback: %.*s", (int)f->path_n, f->path);
    if (it->number > 0) fprintf(stderr, ", %" PRIu64, it->number);
}
void check_say_refused(struct check_run *r, const struct check_file *f, const struct check_item *it,
                       bool plan) {
    if (r->c->json) {
        json_t *o = json_object(), *at = feature_json(f, it);
        if (!plan) put(at, "refused", refused_json(it));
        put(o, plan ? "plan" : "register", at);
        if (plan) put(o, "refused", refused_json(it));
        if (plan) put(o, "check", json_null());
        line(o);
        return;
    }
    if (!tell(r, f)) return;
    where(f, it);
    fprintf(stderr, ": not compared: %s (clause %s, offset %" PRIu64 ")%s\n", it->why.what,
            it->why.clause, it->why.offset, it->rest ? "; nothing behind it could be read" : "");
}
void check_say_pointed_out(struct check_run *r, const struct check_file *f,
                           const struct check_item *it, bool plan) {
    if (r->c->json) {
        json_t *at = feature_json(f, it);
        put(at, "pointed_out", pointed_out_json(it->pointed_out));
        line_of(plan ? "plan" : "register", at);
        return;
    }
    for (unsigned bit = 1; bit < RB_PLAUSIBLE_END; bit <<= 1) {
        if (!(it->pointed_out & bit) || !tell(r, f)) continue;
        where(f, it);
        fprintf(stderr, ": %s; compared as it stands\n", rb_plausible_text(bit));
    }
}
void check_say_file(struct check_run *r, const struct check_file *f, uint64_t n, uint64_t refused) {
    const uint64_t remarks = check_reader_remarks(r->reader);
    if (r->c->json) {
        json_t *o = json_object();
        put(o, "file", text_of(rb_slice(f->path, f->path_n)));
        put(o, "format", json_string(check_reader_format(r->reader)));
        put_count(o, "places", n - refused);
        put_count(o, "malformed", refused);
        put(o, "remarks", words_json(remarks, RB_REMARKS, remark_word));
        line_of("register", o);
        return;
    }
    /* what widens or moves a place; names and looks that are not carried change no answer */
    const enum rb_remark told[] = {RB_REMARK_SCHEDULE, RB_REMARK_MOMENT, RB_REMARK_SHORTER_WAY};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (remarks >> told[i] & 1)
            printf("%.*s: %s\n", (int)f->path_n, f->path, rb_remark_text(told[i]));
}
void check_say_register(struct check_run *r) {
    const struct check_store *s = &r->store;
    const char *between = "";
    if (r->c->json) return;
    const size_t n = rb_register_count(s->reg);
    if (n == 0) fputs("No place", stdout);
    if (n > 0) printf("%zu place%s (", n, n == 1 ? "" : "s");
    for (unsigned i = 0; i < RB_PLACE_CLASSES; i++) {
        if (s->by_class[i] == 0) continue;
        printf("%s%s %zu", between, check_class_name((enum rb_place_class)i), s->by_class[i]);
        between = ", ";
    }
    if (n > 0) printf("), declared by %zu", s->members_n);
    if (s->refused > 0) printf("; %zu COULD NOT BE READ", s->refused);
    puts(".");
    fflush(stdout);
}

/* ---- a plan -------------------------------------------------------------------------------------
 */
struct names { /* what the callbacks of rb_check_names need */
    const struct check_store *store;
};
static struct rb_slice author_of(void *ctx, uint16_t member) {
    return ((const struct names *)ctx)->store->members[member].name;
}
static struct rb_slice title_of(void *ctx, const struct rb_hash *id) {
    struct rb_register_entry e = {0};
    (void)rb_register_get(((const struct names *)ctx)->store->reg, id, &e);
    return e.title;
}
static enum rb_mark mark_of(void *ctx, const struct rb_hash *id) {
    (void)ctx;
    (void)id;
    return RB_MARK_NONE;
}
/* the worst ones; how many there are in all is said beside */
static struct rb_checked worst(const struct rb_checked *k, size_t most) {
    struct rb_checked some = *k;
    if (some.found.n > most) some.found.n = most;
    return some;
}
static void say_plan_json(struct check_run *r, const struct check_file *f,
                          const struct check_item *it, const struct rb_checked *k,
                          const struct rb_check_names *names) {
    const struct rb_checked some = worst(k, r->terms.most);
    json_t *o = json_object(), *at = feature_json(f, it), *check = rb_check_view(&some, names), *x;
    size_t i;
    put(at, "id", text_of(it->id));
    put(at, "class", json_string(rb_place_class_name(it->class_)));
    put(at, "title", text_of(it->f.title));
    put(at, "declared_by", text_of(it->declared_by));
    put(at, "remarks", words_json(it->f.remarks, RB_REMARKS, remark_word));
    put(at, "pointed_out", pointed_out_json(it->pointed_out));
    json_array_foreach(json_object_get(check, "conflicts"), i, x) {
        const struct check_placed *p = check_store_find(&r->store, &k->found.list[i].other);
        const struct check_file *from = &r->terms.registers[p->file];
        put(x, "file", text_of(rb_slice(from->path, from->path_n)));
        put_count(x, "feature", p->number);
        put(x, "id", text_of(p->id));
    }
    put_count(check, "conflicts_n", k->found.n);
    put_count(json_object_get(check, "coverage"), "undated", r->store.undated);
    put(o, "plan", at);
    put(o, "check", check);
    line(o);
}
static const char *said(struct rb_writer *w) {
    return rb_writer_z(w);
}
static void distance_words(const struct rb_conflict *x, char *buf, size_t n) {
    struct rb_writer w = rb_writer(buf, n);
    if (x->gap.distance_mm > 0) {
        rb_put_z(&w, "within ");
        rb_put_span_words(&w, x->gap.distance_mm, true);
    } else {
        rb_put_z(&w, "overlap");
        if (x->gap.depth_mm >= 1000) {
            rb_put_z(&w, x->gap.exact ? ", " : ", at least "); /* 10.2.6 */
            rb_put_span_words(&w, x->gap.depth_mm, false);
            rb_put_z(&w, " deep");
        }
    }
    (void)said(&w);
}
static void reasons(unsigned unsure, char *buf, size_t n) {
    static const char *const why[] = {"accuracy", "datum", "terrain", "work"};
    struct rb_writer w = rb_writer(buf, n);
    for (unsigned i = 0; i < 4; i++) {
        if (!(unsure >> i & 1)) continue;
        rb_put_z(&w, w.n > 0 ? ", " : "(");
        rb_put_z(&w, why[i]);
    }
    if (w.n > 0) rb_put_z(&w, ")");
    (void)said(&w);
}
static void say_row(struct check_run *r, struct cli_table *t, const struct rb_conflict *x,
                    const struct rb_check_names *names) {
    const struct check_placed *p = check_store_find(&r->store, &x->other);
    const struct check_file *from = &r->terms.registers[p->file];
    const struct rb_found f = rb_check_found(x, names);
    char answer[80], place[400], at[4200], near[64], why[64], both[96], heights[96];
    struct rb_writer w = rb_writer(both, sizeof both), h = rb_writer(heights, sizeof heights);
    reasons(x->unsure, why, sizeof why);
    snprintf(answer, sizeof answer, "  %s%s%s", rb_answer_name(x->answer), *why ? " " : "", why);
    snprintf(place, sizeof place, "%s%s%.*s%s", rb_place_class_name(x->other_class),
             f.title.n ? " \"" : "", (int)f.title.n, (const char *)f.title.p,
             f.title.n ? "\"" : "");
    snprintf(at, sizeof at, "%.*s, %" PRIu64, (int)from->path_n, from->path, p->number);
    distance_words(x, near, sizeof near);
    rb_put_when_words(&w, x->from_utc_ms, x->to_utc_ms);
    rb_put_band_words(&h, &x->band);
    cli_table_row(t, 6, answer, place, at, near, said(&w), said(&h));
}
static void say_span(int64_t ms) {
    const int64_t min = (ms < 0 ? -ms : ms) / 60000;
    printf("%s%" PRId64 " h %" PRId64 " min", ms < 0 ? "-" : "", min / 60, min % 60);
}
static void say_lead(const struct rb_conflicts *c) {
    if (c->lead == RB_LEAD_UNKNOWN) puts("  Lead time: not known, for it names no beginning.");
    if (c->lead != RB_LEAD_SHORT) return;
    fputs("  Lead time: too short: asked for are ", stdout);
    say_span(c->lead_asked_ms);
    fputs(", given are ", stdout);
    say_span(c->lead_given_ms);
    puts(".");
}
static void say_heading(struct check_run *r, const struct check_file *f,
                        const struct check_item *it, const struct rb_checked *k) {
    size_t sure = 0;
    while (sure < k->found.n && k->found.list[sure].answer == RB_ANSWER_CONFLICT)
        sure++;
    printf("\n%.*s, %" PRIu64 ", %s", (int)f->path_n, f->path, it->number,
           rb_place_class_name(it->class_));
    if (it->f.title.n > 0) printf(" \"%.*s\"", (int)it->f.title.n, (const char *)it->f.title.p);
    fputs(": ", stdout);
    if (k->found.n == 0) {
        cli_strong(r->c, stdout, rb_check_answer(k));
    } else if (sure > 0) {
        cli_strong(r->c, stdout, "CONFLICT");
        printf(" with %zu", sure);
    }
    if (k->found.n > sure) {
        fputs(sure > 0 ? "; " : "", stdout);
        cli_strong(r->c, stdout, "CANNOT BE EXCLUDED");
        printf(" with %zu", k->found.n - sure);
    }
    putchar('\n');
}
/* " 3 places say no date of survey: ..."; "" */
static const char *undated_words(const struct check_run *r, char *buf, size_t n) {
    const size_t u = r->store.undated;
    *buf = 0;
    if (u > 0)
        snprintf(buf, n, " %zu place%s no date of survey: the date of the file stands for it.", u,
                 u == 1 ? " says" : "s say");
    return buf;
}
void check_say_plan(struct check_run *r, const struct check_file *f, const struct check_item *it,
                    const struct rb_checked *k) {
    struct names n = {&r->store};
    const struct rb_check_names names = {&n, author_of, title_of, mark_of, NULL};
    const struct rb_checked some = worst(k, r->terms.most);
    struct cli_table t = {0};
    char words[1024], undated[160];
    struct rb_writer w = rb_writer(words, sizeof words);
    if (r->c->json) {
        say_plan_json(r, f, it, k, &names);
        return;
    }
    say_heading(r, f, it, k);
    for (size_t i = 0; i < some.found.n; i++)
        say_row(r, &t, &some.found.list[i], &names);
    cli_table_print(&t, stdout);
    if (some.found.n < k->found.n) printf("  and %zu more (--most)\n", k->found.n - some.found.n);
    say_lead(&k->found);
    rb_put_coverage_words(&w, k);
    printf("  %s%s\n", said(&w), undated_words(r, undated, sizeof undated));
    fflush(stdout);
}
void check_say_empty(struct check_run *r, const struct check_file *f) {
    if (r->c->json) {
        json_t *o = json_object();
        put(o, "file", text_of(rb_slice(f->path, f->path_n)));
        put_count(o, "features", 0);
        line_of("plan", o);
        return;
    }
    fprintf(stderr, "readback: %.*s: there is no plan in it: nothing was compared\n",
            (int)f->path_n, f->path);
}
static void say_end_json(const struct check_run *r, bool complete, int status) {
    json_t *o = json_object();
    put_count(o, "plans", r->plans);
    put_count(o, "conflict", r->conflict);
    put_count(o, "cannot_be_excluded", r->not_excluded);
    put_count(o, "none_found", r->none_found);
    put_count(o, "not_compared", r->not_compared);
    put_count(o, "places", r->store.reg ? rb_register_count(r->store.reg) : 0);
    put_count(o, "malformed", r->store.refused);
    put_count(o, "undated", r->store.undated);
    put(o, "complete", json_boolean(complete));
    put_count(o, "status", (uint64_t)status);
    line_of("summary", o);
}
void check_say_end(struct check_run *r, bool complete, int status) {
    if (r->c->json) {
        say_end_json(r, complete, status);
        return;
    }
    if (!complete) fputs("readback: STOPPED: what follows was not compared\n", stderr);
    printf("\n%" PRIu64 " plan%s: %" PRIu64 " in conflict, %" PRIu64 " cannot be excluded, %" PRIu64
           " none found, %" PRIu64 " not compared.\n",
           r->plans, r->plans == 1 ? "" : "s", r->conflict, r->not_excluded, r->none_found,
           r->not_compared);
    if (r->store.refused > 0)
        printf("%zu of the places could not be read: compared with no plan.\n", r->store.refused);
    fflush(stdout);
}
