/* The report in words. Held, not read; nothing beyond what is proven. */
#include "cmd/verify.h"
#include <inttypes.h>

static void say_time(FILE *out, int64_t utc_ms) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, utc_ms);
    fputs(rb_writer_z(&w), out);
}

/* a cosigner may have written any second */
static void say_time_s(FILE *out, uint64_t time_s) {
    if (time_s < 253402300800ull) say_time(out, (int64_t)time_s * 1000);
    else fprintf(out, "second %" PRIu64, time_s);
}

static void say_slice(FILE *out, struct rb_slice s) { (void)fwrite(s.p, 1, s.n, out); }

static void say_head(const struct verify *v, FILE *out) {
    char hex[2 * RB_CHANNEL_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    if (v->exercise) fputs("EXERCISE EXERCISE EXERCISE\nEverything here was said in an exercise.\n\n", out);
    if (!v->founded) return;
    rb_put_hex(&w, v->book.channel, RB_CHANNEL_LEN);
    fprintf(out, "Channel %s: ", rb_writer_z(&w));
    say_slice(out, v->book.charter->title);
    fputc('\n', out);
    if (!v->folded) return;
    fprintf(out, "Charter: %s", rb_charter_state_name(v->s.charter_state));
    if (v->s.in_force_since_utc_ms > 0) {
        fputs(" since ", out);
        say_time(out, v->s.in_force_since_utc_ms);
    }
    fputs("\nJudged as of ", out);
    say_time(out, v->at_utc_ms);
    fputs(v->at_given ? " (--at).\n" : ", the latest time that a record or receipt names.\n", out);
}

static void say_parties(const struct verify *v, FILE *out) {
    static const char *const words[] = {"as the exporter gave it, not compared", "the one you gave",
                                        "NOT THE ONE YOU GAVE"};
    bool all = true;
    fputs("\nParties and fingerprints\n", out);
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        char digits[48];
        if (v->parties == NULL || !v->party_known[m]) continue;
        rb_fingerprint(v->parties[m].decoded.handle, &v->parties[m].decoded.party, digits);
        fputs("  ", out);
        say_slice(out, v->parties[m].decoded.handle);
        fprintf(out, "  %s  %s\n", digits, words[v->compared[m]]);
        all = all && v->compared[m] == VERIFY_SAME;
    }
    if (!all)
        fputs("  A fingerprint that was not compared with one from the party itself proves only that the\n"
              "  folder agrees with itself: its keys are as the exporter gave them.\n", out);
}

/* ---- logs --------------------------------------------------------------------------------------- */

static void say_steps(const struct verify *v, const struct verify_feed *e, uint16_t m, FILE *out) {
    uint64_t size = 0, time_s = 0;
    const char *how = "";
    for (size_t i = 0; i < v->book.feeds_n && v->folded; i++) {
        const size_t slot = i * RB_MAX_MEMBERS + m, n = v->s.held_n[slot];
        if (v->book.feeds[i] != e->f || n == 0) continue;
        size = v->s.held[slot][n - 1].size;
        time_s = v->s.held[slot][n - 1].time_s;
        how = "logged";
    }
    for (size_t i = 0; i < e->held_n; i++) {
        const struct verify_held *h = &e->held[i];
        if (h->member != m || h->size < size || (h->size == size && h->time_s >= time_s)) continue;
        size = h->size;
        time_s = h->time_s;
        how = "receipt";
    }
    if (size == 0) return;
    fputs("      ", out);
    say_slice(out, verify_handle(v, m));
    fprintf(out, " held all leaves up to %" PRIu64 " since ", size);
    say_time_s(out, time_s);
    fprintf(out, " (%s)\n", how);
}

static void say_logs(const struct verify *v, FILE *out) {
    fputs("\nLogs\n", out);
    for (size_t i = 0; i < v->feeds_n; i++) {
        const struct verify_feed *e = &v->feeds[i];
        if (!e->has_log) {
            fprintf(out, "  %s  no log here\n", e->dir);
            continue;
        }
        if (!e->good) {
            fprintf(out, "  %s  DOES NOT HOLD; nothing of it is used below\n", e->dir);
            continue;
        }
        fprintf(out, "  %s  %" PRIu64 " records under a checkpoint signed by its log key, cosigned by %zu; %zu receipts\n",
                e->dir, e->size, e->cosigned_n, e->receipts_n);
        for (size_t m = 0; m < v->book.members_n; m++)
            if (v->book.members[m].index != e->f->member) say_steps(v, e, v->book.members[m].index, out);
    }
}

/* ---- records ------------------------------------------------------------------------------------ */

static void say_holders(const struct verify *v, uint32_t order, FILE *out) {
    const uint16_t author = rb_situation_author(&v->s, order);
    const uint64_t readers = rb_situation_readers(&v->s, order);
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        uint64_t t = 0;
        bool body = true;
        if (m == author) continue;
        const bool held = verify_held_since(v, order, m, &t, &body);
        if (!held && (readers >> m & 1) == 0) continue;
        fputs("      ", out);
        say_slice(out, verify_handle(v, m));
        if (!held) {
            fputs(": not shown to be held\n", out);
            continue;
        }
        fputs(body ? ": held since " : (readers >> m & 1) ? ": its leaf held, its body not shown to be, since "
                                                         : ": its leaf alone held since ", out);
        say_time_s(out, t);
        fputc('\n', out);
    }
}

static void say_answers(const struct verify *v, uint32_t order, FILE *out) {
    for (uint32_t a = v->s.order[order].first_answer; a != RB_NOWHERE; a = v->s.answers[a].next) {
        const uint32_t by = v->s.answers[a].answer;
        const struct rb_fact *fact = rb_situation_fact(&v->s, by);
        fputs("      ", out);
        say_slice(out, verify_handle(v, rb_situation_author(&v->s, by)));
        fprintf(out, " says: %s (", fact->position > 0
                                       ? rb_position_name((enum rb_position_type)fact->position)
                                       : "a closed position");
        say_time(out, fact->created_utc_ms);
        fputs(" by its own clock)\n", out);
    }
}

static void say_place(const struct verify *v, uint32_t order, FILE *out) {
    const struct rb_place at = v->s.order[order].place;
    const struct verify_feed *e = verify_feed_of(v, v->book.feeds[at.feed]);
    fprintf(out, "  %s/records/%06u.cose  ", e == NULL ? "?" : e->dir, at.leaf);
}

static void say_records(const struct verify *v, FILE *out) {
    fputs("\nRecords, in the order in which their authors had seen each other's (machine records left out)\n"
          "  Held by a node is not read by an officer, and neither is agreement. A cosigner's clock is its own.\n", out);
    for (uint32_t i = 0; i < v->s.order_n; i++) {
        const struct rb_fact *f = rb_situation_fact(&v->s, i);
        if (v->s.order[i].mark != RB_MARK_NONE || rb_kind_is_machine((enum rb_kind)f->kind)) continue;
        say_place(v, i, out);
        fprintf(out, "%s%s %s, created ", f->closed ? "closed " : "", rb_kind_name((enum rb_kind)f->kind),
                rb_precedence_name((enum rb_precedence)f->precedence));
        say_time(out, f->created_utc_ms);
        fprintf(out, "%s%s%s\n", f->reported ? ", reported by the author, unsigned by those named" : "",
                f->emergency ? ", released by one officer in an emergency" : "",
                v->s.order[i].superseded_by != RB_NOWHERE ? ", superseded" : "");
        say_holders(v, i, out);
        say_answers(v, i, out);
    }
}

static void say_marked(const struct verify *v, FILE *out) {
    bool any = false;
    for (uint32_t i = 0; i < v->s.order_n; i++) {
        const enum rb_mark m = (enum rb_mark)v->s.order[i].mark;
        if (m == RB_MARK_NONE) continue;
        if (!any) fputs("\nMarked: in the log, proven, and without effect\n", out);
        any = true;
        say_place(v, i, out);
        fprintf(out, "%s: %s\n", rb_mark_name(m), rb_mark_text(m));
    }
}

/* ---- the end ------------------------------------------------------------------------------------ */

static void say_list(const struct verify_list *l, const char *title, FILE *out) {
    if (l->total == 0) return;
    fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < l->n; i++) {
        const struct verify_item *it = &l->item[i];
        fprintf(out, "  %s%s%s", it->file, it->file[0] ? ": " : "", it->words);
        if (it->clause[0]) fprintf(out, " (spec %s)", it->clause);
        fputc('\n', out);
    }
    if (l->total > l->n) fprintf(out, "  and %zu more\n", l->total - l->n);
}

void verify_say(const struct verify *v, FILE *out) {
    say_head(v, out);
    if (v->founded) {
        say_parties(v, out);
        say_logs(v, out);
    }
    if (v->folded) {
        say_records(v, out);
        say_marked(v, out);
    }
    say_list(&v->notes, "Worth knowing", out);
    say_list(&v->bad, "What does not hold", out);
    if (v->bad.total > 0)
        fprintf(out, "\nDOES NOT HOLD: %zu %s.\n", v->bad.total, v->bad.total == 1 ? "finding" : "findings");
    else
        fputs("\nHOLDS: signatures, logs, receipts and files agree. What the exporter left out cannot be seen\n"
              "from inside the folder.\n", out);
}
