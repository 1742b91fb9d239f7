/* What is shown of a text and of what was said of it, in words, and what is not. */
#include <inttypes.h>
#include "cmd/verify_adoption.h"
#include "cmd/verify_body.h"

struct rb_slice va_handle(const struct va *a, uint16_t member) {
    for (size_t i = 0; i < a->members_n; i++)
        if (a->members[i].index == member) return a->members[i].handle;
    return rb_str("?");
}

/* ---- parties ------------------------------------------------------------------------------------
 */

struct parties { /* each once */
    size_t n;
    const struct vd_signer *of[2 * RB_MAX_MEMBERS];
};

static void party_add(struct parties *p, const struct vd_signer *s) {
    for (size_t i = 0; i < p->n; i++)
        if (rb_hash_eq(&p->of[i]->party, &s->party)) return;
    if (p->n < sizeof p->of / sizeof *p->of) p->of[p->n++] = s;
}

static void parties_of(struct parties *p, const struct vd *d) {
    party_add(p, &d->author);
    for (size_t i = 0; i < d->f.witnesses_n; i++)
        party_add(p, &d->witnesses[i]);
}

static void say_parties(const struct va *a, FILE *out) {
    struct parties p = {0};
    bool all = true;
    parties_of(&p, a->f.text);
    for (size_t i = 0; i < a->f.position_n; i++)
        parties_of(&p, a->f.position[i]);
    for (size_t i = 0; i < a->f.charter_n; i++)
        parties_of(&p, a->f.charter[i]);
    fputs("\nParties that signed or cosigned, with their fingerprints\n", out);
    for (size_t i = 0; i < p.n; i++)
        all = vd_say_party(p.of[i], out) && all;
    if (!all) vd_say_unsure(out);
}

static void say_members(const struct va *a, uint64_t members, FILE *out) {
    const char *comma = "";
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (!(members >> m & 1)) continue;
        fputs(comma, out);
        vd_say_slice(out, va_handle(a, m));
        comma = ", ";
    }
    if (*comma == 0) fputs("nobody", out);
}

/* ---- what was said ------------------------------------------------------------------------------
 */

static void say_paragraphs(const struct va_voice *v, FILE *out) {
    const char *comma = " ";
    for (unsigned n = 0; n <= RB_MAX_PARAGRAPHS; n++)
        if (v->apart[n / 64] >> (n % 64) & 1) {
            fprintf(out, "%s%u", comma, n);
            comma = ", ";
        }
}

static void say_voice(const struct va *a, uint16_t m, FILE *out) {
    const struct va_voice *v = &a->voice[m];
    fputs("  ", out);
    vd_say_slice(out, va_handle(a, m));
    if (v->by_making)
        fputs(": wrote it, which is to accept it", out);
    else if (v->position != 0)
        fprintf(out, ": %s%s", rb_position_name((enum rb_position_type)v->position),
                v->position == RB_POSITION_DISSOCIATE ? " from the whole" : "");
    else
        fputs(": no word on the whole is shown", out);
    if (v->position != 0 && !v->in_time) fputs(", not shown to be in time", out);
    if (v->position != 0 && v->doubt) fputs(", and what it said later may take that back", out);
    if (v->apart_whole && v->position != RB_POSITION_DISSOCIATE)
        fputs("; dissociates from the whole", out);
    if (v->apart_any && !v->apart_whole) {
        fputs("; dissociates from paragraph", out);
        say_paragraphs(v, out);
    }
    if (v->unread > 0)
        fprintf(out, "; %zu record%s of it without content: not shown what %s", v->unread,
                v->unread == 1 ? "" : "s", v->unread == 1 ? "it says" : "they say");
    fputs(".\n", out);
}

static void say_voices(const struct va *a, FILE *out) {
    uint64_t silent = 0;
    fputs("\nWhat is shown of each\n", out);
    for (size_t i = 0; i < a->members_n; i++) {
        const uint16_t m = a->members[i].index;
        if (a->voice[m].spoke)
            say_voice(a, m, out);
        else
            silent |= UINT64_C(1) << m;
    }
    fputs("  NOT SHOWN, of whom nothing is in this file: ", out);
    say_members(a, silent, out);
    fputs(".\n", out);
}

static void say_lack(const struct va *a, FILE *out) {
    static const struct {
        enum va_lack lack;
        const char *words;
    } all[] = {
        {VA_LACK_RULES, "The charter shown is of rules that this program does not know."},
        {VA_LACK_AUTHOR, "The text's author is no member by the charter shown: nothing adopts it."},
        {VA_LACK_TEXT, "By the charter shown the text itself does not count, see there."},
        {VA_LACK_UNREAD, "A record of the text's author that does not show what it says, or does "
                         "not count, may withdraw it."},
        {VA_LACK_AGAINST,
         "What was said against it at some time, or may have been, is enough to "
         "settle it as not adopted:\n  what was accepted later then moves nothing."},
        {VA_LACK_WORDS, "The acceptances that count here are fewer than that rule asks for."}};
    if (a->lack == 0) {
        fputs("  The acceptances shown here are as many as that rule asks for.\n", out);
        return;
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (a->lack & all[i].lack) fprintf(out, "  %s\n", all[i].words);
    fputs("  What is shown here is NOT what that rule asks for.\n", out);
}

static void say_rule(const struct va *a, FILE *out) {
    const struct rb_adoption *r = &a->head.adoption;
    fputs("\nThe rule\n", out);
    if (!a->has_heading) {
        fputs("  NOT SHOWN: it stands in the heading, which is not disclosed. Whether what is here "
              "is enough cannot be said.\n",
              out);
        return;
    }
    fprintf(out, "  %s%s, of ",
            a->head.has_adoption ? "As the text says: " : "The text says none: ",
            rb_rule_name(a->head.has_adoption ? r->rule : RB_RULE_ALL));
    say_members(a, a->electors, out);
    if (a->head.has_adoption && r->quorum > 0) fprintf(out, "; %u must accept", r->quorum);
    if (a->electorate.veto != 0) {
        fputs("; a veto have ", out);
        say_members(a, a->electorate.veto, out);
    }
    if (a->electorate.voices != a->electors) {
        fputs("; groups speak by their lead, so the voices are ", out);
        say_members(a, a->electorate.voices, out);
    }
    if (a->head.has_adoption && r->has_by) {
        fputs("; until ", out);
        vd_say_time(out, r->by_utc_ms);
    }
    fputs(".\n", out);
    if (va_has_by(a))
        fputs("  In time is judged by the lines of witnesses that are here: one that was left out "
              "may say otherwise.\n",
              out);
    if (a->withdrawn) fputs("  ITS AUTHOR WITHDREW IT, as shown here.\n", out);
    if (a->head.bracketed_n > 0)
        fprintf(out, "  %zu of its paragraphs stand in brackets: not agreed.\n",
                a->head.bracketed_n);
    say_lack(a, out);
}

/* ---- records ------------------------------------------------------------------------------------
 */

/* of the text alone is not said each time */
static void say_on(const struct va_word *w, FILE *out) {
    const char *before = va_on_text(w) ? ", on the text and position " : ", on position ";
    for (size_t k = 0; k < w->on_n; k++) {
        if (w->on[k] == VA_ON_TEXT) continue;
        fprintf(out, "%s%u", before, w->on[k] + 1u);
        before = " and ";
    }
}

static void say_position(const struct va *a, size_t i, FILE *out) {
    const struct vd *d = a->f.position[i];
    const struct va_word *w = &a->word[i];
    fprintf(out, "\nPosition %zu, by ", i + 1);
    vd_say_slice(out, d->author.card.handle);
    fprintf(out, ": %s",
            w->content              ? rb_position_name(w->p.type)
            : d->f.level == VD_HASH ? "said by the discloser to be one; hash and place alone"
                                    : "its content is not shown");
    say_on(w, out);
    fprintf(out, "%s\n", w->taken_back ? " (taken back by a later one)" : "");
    if (w->why != VA_COUNTS) fprintf(out, "  DOES NOT COUNT: %s.\n", va_why_text(w));
    vd_say_place(d, out);
    if (d->has_record) vd_say_record(d, out);
    vd_say_parts(d, out);
}

static void say_charter(const struct va *a, FILE *out) {
    fputs("\nThe charter, its title and members\n", out);
    verify_text_say(a->charter.title, out);
    fputs("  ", out);
    for (size_t i = 0; i < a->members_n; i++) {
        if (i > 0) fputs(", ", out);
        vd_say_slice(out, a->members[i].handle);
    }
    fputs(".\n", out);
    for (size_t i = 0; i < a->f.charter_n; i++) {
        if (i > 0) fprintf(out, "  Amendment %zu of those shown; its own adoption is not:\n", i);
        vd_say_place(a->f.charter[i], out);
    }
}

static void say_not(const struct va *a, FILE *out) {
    fputs("\nWhat this does not show\n"
          "  That nobody took a word back, or said another: of each log only the places named are "
          "here, as of the\n"
          "  checkpoint named with them. Whoever made this file may have left positions out.\n"
          "  That the charter was in force, or not amended otherwise; who had suspended its part "
          "or left.\n"
          "  That an author's card was in force at that place of its log; that a record had effect "
          "in its channel,\n"
          "  or that the text was not replaced later. That no log was forked: checkpoints of "
          "different sizes are not\n"
          "  compared here.\n"
          "  That a text was adopted: in the channel that follows from all its records. That a "
          "clock was right.\n"
          "  That anybody read it, other than by a position that says so.\n"
          "  Who a party is, other than by its fingerprint.\n",
          out);
    if (a->f.text->f.level != VD_WHOLE)
        fputs("  What the parts of the text that are not here say.\n", out);
}

void va_say(const struct va *a, FILE *out) {
    if (a->v->exercise) fputs("EXERCISE EXERCISE EXERCISE\nThis was said in an exercise.\n\n", out);
    if (!a->holds) {
        vd_say_failures(a->v, out);
        return;
    }
    fputs("A disclosure of a text, and of what was said of it.\n", out);
    say_parties(a, out);
    say_charter(a, out);
    fputs("\nThe text: what is proven\n", out);
    vd_say_place(a->f.text, out);
    vd_say_record(a->f.text, out);
    if (a->text_mark != RB_MARK_NONE)
        fprintf(out, "  DOES NOT COUNT by the charter shown: %s.\n", rb_mark_text(a->text_mark));
    vd_say_parts(a->f.text, out);
    for (size_t i = 0; i < a->f.position_n; i++)
        say_position(a, i, out);
    say_voices(a, out);
    say_rule(a, out);
    say_not(a, out);
    fputs("\nHOLDS: signatures, places in the logs and commitments agree, and the records belong "
          "together.\n",
          out);
}
