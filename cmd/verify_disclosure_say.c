/* What a disclosure shows, in words, and what it does not. Held, not read. */
#include <inttypes.h>
#include "cmd/verify_body.h"
#include "cmd/verify_disclosure.h"

void vd_say_slice(FILE *out, struct rb_slice s) {
    (void)fwrite(s.p, 1, s.n, out);
}

void vd_say_time(FILE *out, int64_t utc_ms) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, utc_ms);
    fputs(rb_writer_z(&w), out);
}

static void say_time_s(FILE *out, uint64_t time_s) { /* a cosigner may have written any second */
    if (time_s < 253402300800ull)
        vd_say_time(out, (int64_t)time_s * 1000);
    else
        fprintf(out, "second %" PRIu64, time_s);
}

static void say_hex(FILE *out, const uint8_t *p, size_t n) {
    char buf[2 * RB_HASH_LEN + 1];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    fputs(rb_writer_z(&w), out);
}

/* ---- parties ------------------------------------------------------------------------------------
 */

bool vd_say_party(const struct vd_signer *s, FILE *out) {
    static const char *const words[] = {"as the discloser gave it, not compared",
                                        "the one you gave", "NOT THE ONE YOU GAVE"};
    char digits[48];
    rb_fingerprint(s->card.handle, &s->card.party, digits);
    fputs("  ", out);
    vd_say_slice(out, s->card.handle);
    fprintf(out, "  %s  %s\n", digits, words[s->compared]);
    return s->compared == VERIFY_SAME;
}

void vd_say_unsure(FILE *out) {
    fputs("  Keys that were not compared (--fingerprint) are as the discloser gave them: the "
          "file then\n"
          "  agrees with itself and proves nothing about who that party is.\n",
          out);
}

static void say_parties(const struct vd *d, FILE *out) {
    fputs("\nAuthor, then witnesses, with their fingerprints\n", out);
    bool all = vd_say_party(&d->author, out);
    for (size_t i = 0; i < d->f.witnesses_n; i++)
        all = vd_say_party(&d->witnesses[i], out) && all;
    if (!all) vd_say_unsure(out);
}

/* ---- what is shown ------------------------------------------------------------------------------
 */

void vd_say_place(const struct vd *d, FILE *out) {
    fputs("  Record ", out);
    say_hex(out, d->f.leaf_hash.b, RB_HASH_LEN);
    fprintf(out, "\n  stands at place %" PRIu64 ", counted from 0, of ", d->f.index);
    vd_say_slice(out, d->author.card.handle);
    fputs("'s log ", out);
    vd_say_slice(out, d->f.origin);
    fprintf(out, ",\n  under its signed checkpoint of %" PRIu64 " records.\n", d->f.size);
    for (size_t i = 0; i < d->f.witnesses_n; i++) {
        fputs("  Held by ", out);
        vd_say_slice(out, d->witnesses[i].card.handle);
        fputs(" since ", out);
        say_time_s(out, d->witnesses[i].held_since_s);
        fputs(" by its own clock: the leaf, by its node. Held is not read.\n", out);
    }
    if (d->f.witnesses_n == 0) fputs("  No other party's cosignature is here.\n", out);
}

static void say_signers(const struct vd *d, FILE *out) {
    fputs("  Signed by ", out);
    for (size_t i = 0; i < d->rec.signers_n; i++) {
        fputs(i == 0 ? "" : " and ", out);
        if (d->signers[i].n == 0)
            fputs("the node", out);
        else {
            fputs("officer ", out);
            vd_say_slice(out, d->signers[i]);
        }
    }
    fputs(".\n", out);
}

void vd_say_record(const struct vd *d, FILE *out) {
    const struct rb_record *r = &d->rec;
    fprintf(out, "  It is %s %s, %s, created ", r->closed ? "a closed" : "an open",
            rb_kind_name(r->kind), rb_precedence_name(r->precedence));
    vd_say_time(out, r->created_utc_ms);
    fputs(" by its author's clock.\n", out);
    say_signers(d, out);
    if (r->reported_who.n > 0)
        fputs("  Reported by its author, unsigned by those it speaks for.\n", out);
    if (r->emergency.n > 0) fputs("  Released by one officer in an emergency.\n", out);
    if (!r->closed) return;
    fputs("  It may be read by members", out);
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++)
        if (r->recipients >> m & 1) fprintf(out, " %u", m);
    fprintf(out,
            " of the channel (its charter says who they are); its sealed body has %" PRIu64
            " bytes.\n",
            r->ciphertext_size);
    if (d->f.parts_n == 0)
        fputs("  Nothing of its content is disclosed.\n", out);
    else
        fprintf(out, "  %zu of its %zu parts %s disclosed: to the byte what the leaf commits to.\n",
                d->f.parts_n, r->commitments_n, d->f.parts_n == 1 ? "is" : "are");
}

static void say_not(const struct vd *d, FILE *out) {
    fputs("\nWhat this does not show\n"
          "  That the author's card was in force at that place of its log.\n"
          "  That the record had effect in its channel, or was not withdrawn or replaced later.\n"
          "  That anybody read it or agreed to it. That a clock was right.\n"
          "  Who a party is, other than by its fingerprint.\n",
          out);
    if (d->f.level == VD_HASH)
        fputs("  What was said, by which officer, and when: only that a record with this hash was "
              "logged.\n",
              out);
    if (d->f.level == VD_PARAGRAPHS) fputs("  What the parts that are not here say.\n", out);
}

/* ---- parts --------------------------------------------------------------------------------------
 */

static void say_content(const struct vd *d, const struct vd_part *p, FILE *out) {
    struct rb_hash h;
    if (p->has_plain) {
        rb_sha256(p->plain, &h);
        fprintf(out, "  | %zu bytes, SHA-256 ", p->plain.n);
        say_hex(out, h.b, RB_HASH_LEN);
        fputs("\n  | (in the file as base64; not printed)\n", out);
    } else if (d->content_checked) {
        fputs("  | The file given with --content is what the leaf commits to.\n", out);
    } else {
        fputs(
            "  | Longer than 8 MiB, so not in the file and NOT CHECKED: give it with --content.\n",
            out);
    }
}

static const char *part_name(const struct vd *d, uint64_t part, char buf[48]) {
    if (d->rec.kind == RB_KIND_TEXT && part > 0)
        (void)snprintf(buf, 48, "paragraph %llu", (unsigned long long)part);
    else
        (void)snprintf(buf, 48, "%s",
                       d->rec.kind == RB_KIND_TEXT ? "the heading"
                       : part > 0                  ? "the content"
                                                   : "the body");
    return buf;
}

void vd_say_parts(const struct vd *d, FILE *out) {
    char name[48];
    if (d->has_record && !d->rec.closed) {
        fputs("\nThe body, from the leaf\n", out);
        verify_body_say(rb_body_schema(d->rec.kind), d->rec.body, out);
    }
    for (size_t i = 0; i < d->f.parts_n; i++) {
        const struct vd_part *p = &d->f.parts[i];
        const struct rb_schema *s = vd_part_schema(d, p);
        fprintf(out, "\nPart %llu, %s\n", (unsigned long long)p->part, part_name(d, p->part, name));
        if (s != NULL)
            verify_body_say(s, p->plain, out);
        else if (d->rec.kind == RB_KIND_TEXT)
            verify_text_say(p->plain, out);
        else
            say_content(d, p, out);
    }
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

void vd_say_failures(const struct verify *v, FILE *out) {
    fputs("DOES NOT HOLD: nothing in this file may be relied on.\n", out);
    for (size_t i = 0; i < v->bad.n; i++) {
        const struct verify_item *it = &v->bad.item[i];
        fprintf(out, "  %s%s%s (spec %s)\n", it->file, it->file[0] ? ": " : "", it->words,
                it->clause);
    }
}

void vd_say(const struct vd *d, FILE *out) {
    static const char *const levels[] = {"the whole", "single paragraphs",
                                         "the fact, without content", "hash and place alone"};
    if (d->v->exercise) fputs("EXERCISE EXERCISE EXERCISE\nThis was said in an exercise.\n\n", out);
    if (!d->holds) {
        vd_say_failures(d->v, out);
        return;
    }
    fprintf(out, "A disclosure of one record: %s.\n", levels[d->f.level]);
    say_parties(d, out);
    fputs("\nWhat is proven\n", out);
    vd_say_place(d, out);
    if (d->has_record) vd_say_record(d, out);
    vd_say_parts(d, out);
    say_not(d, out);
    fputs("\nHOLDS: signatures, place in the log and commitments agree.\n", out);
}
