/* A disclosure as readback-verify takes it: never a crash, a reason with a clause for each refusal,
 * and what holds is written as well-formed UTF-8 without anything a terminal would obey. Signatures
 * keep a fuzzer away from what is printed: so a first byte of 0x80 and the number of a kind is
 * followed by a body of that kind, and one of 0xc0 by what a text and the positions on it say, as
 * if all signatures held. */
#include "cmd/verify_adoption.h"
#include "cmd/verify_body.h"
#include "fuzz.h"

static uint8_t room[8u << 20] __attribute__((aligned(16)));

static char *text;
static size_t text_n;

static FILE *begin(void) {
    FILE *out = open_memstream(&text, &text_n);
    FUZZ_CHECK(out != NULL);
    return out;
}

static void end(FILE *out) {
    FUZZ_CHECK(fclose(out) == 0);
    FUZZ_CHECK(rb_utf8_ok(rb_slice(text, text_n)));
    for (size_t i = 0; i < text_n; i++)
        FUZZ_CHECK((uint8_t)text[i] >= 0x20 || text[i] == '\n' || text[i] == '\t');
    free(text);
    text = NULL;
}

static void a_body(enum rb_kind kind, struct rb_slice body) {
    if (rb_body_check(kind, body, NULL) != RB_OK) return;
    FILE *out = begin();
    verify_body_say(rb_body_schema(kind), body, out);
    end(out);
    out = begin();
    struct vj j = {out, true};
    verify_body_json(rb_body_schema(kind), body, &j);
    end(out);
}

/* ---- a text with what was said of it ------------------------------------------------------------
 */

#define MOST 5u
#define MOST_SAID 12u
#define HOUR_S 1700000000u
struct judged {
    struct rb_slice in;
    unsigned n; /* members; who has this number is a stranger */
    struct va a;
    struct vd charter, text, said[MOST_SAID];
    struct vd_signer witness[MOST_SAID + 1][MOST];
    uint8_t body[MOST_SAID][64];
};
static struct verify judged_v;
static struct judged judged;

static uint8_t take(struct judged *g) {
    if (g->in.n == 0) return 0;
    const uint8_t b = g->in.p[0];
    g->in = rb_slice(g->in.p + 1, g->in.n - 1);
    return b;
}

static uint64_t take_members(struct judged *g) {
    return take(g) & ((1u << g->n) - 1);
}

static void signer_of(unsigned m, struct vd_signer *out) {
    static const char handles[] = "abcdef";
    out->card.handle = rb_slice((const uint8_t *)handles + m, 1);
    memset(&out->party, 1 + (int)m, sizeof out->party);
}

static void a_charter(struct judged *g) {
    static const char *const sides[] = {"", "Blue", "Red"};
    struct rb_charter *c = &g->a.charter;
    g->n = 2 + take(g) % (MOST - 1);
    *c = (struct rb_charter){.title = rb_str("Line"), .members_n = g->n, .rules_version = 1};
    g->a.members_n = g->n;
    for (unsigned m = 0; m < g->n; m++) {
        struct vd_signer s = {0};
        signer_of(m, &s);
        c->members[m] = (struct rb_member){.index = (uint16_t)m, .handle = s.card.handle};
        c->members[m].role = (enum rb_role)(take(g) % 5);
        c->members[m].affiliation = rb_str(sides[take(g) % 3]);
        g->a.members[m] = (struct va_member){(uint16_t)m, s.card.handle, s.party};
    }
    const unsigned group = take(g), policy = take(g), keeper = take(g);
    const uint16_t lead = (uint16_t)((group >> 1) % g->n);
    c->groups_n = group & 1;
    c->groups[0] = (struct rb_group){rb_str("Two"), lead, 1u << lead | 1u << ((group >> 4) % g->n)};
    c->policies_n = 2;
    c->policies[0] = (struct rb_kind_policy){
        .kind = RB_KIND_POSITION, .two_officers = policy & 1, .closed = policy >> 1 & 1};
    c->policies[1] = (struct rb_kind_policy){
        .kind = RB_KIND_TEXT, .two_officers = policy >> 2 & 1, .closed = policy >> 3 & 1};
    c->has_timekeeper = keeper & 1;
    c->timekeeper = (uint16_t)((keeper >> 1) % g->n);
    if (policy == 0xff) c->rules_version = 2;
}

/* whatever it is, as if by that one; `held` by whom */
static void a_place(struct judged *g, struct vd *d, size_t at, unsigned author, enum rb_kind kind) {
    static const char origin[] = "readback/00000000000000000000000000000000/x/0";
    struct vd_signer *w = g->witness[at];
    *d = (struct vd){.v = &judged_v, .holds = true, .has_author = true, .has_record = true};
    signer_of(author, &d->author);
    memset(&d->f.leaf_hash, 0x40 + (int)at, sizeof d->f.leaf_hash);
    d->f.origin = rb_str(origin);
    d->f.index = at;
    d->f.size = at + 1;
    d->witnesses = w;
    for (uint64_t held = take_members(g), m = 0; m < g->n; m++) {
        if (!(held >> m & 1) || m == author) continue;
        w[d->f.witnesses_n] = (struct vd_signer){0};
        signer_of((unsigned)m, &w[d->f.witnesses_n]);
        w[d->f.witnesses_n++].held_since_s = HOUR_S - 1 + take(g) % 3;
    }
    d->rec.kind = kind;
    d->rec.precedence = RB_ROUTINE;
    d->rec.signers_n = 1;
}

static void a_rule(struct judged *g) {
    struct va *a = &g->a;
    const unsigned what = take(g);
    a->has_heading = what & 1;
    a->head.title = rb_str("Elements");
    a->head.has_adoption = what >> 1 & 1;
    a->head.bracketed_n = what >> 2 & 1;
    struct rb_adoption *r = &a->head.adoption;
    r->rule = (enum rb_rule_type)(take(g) % 5);
    r->of = take_members(g);
    if (r->rule == RB_RULE_QUORUM || r->rule == RB_RULE_QUORUM_VETO)
        r->quorum = (uint16_t)(1 + take(g) % g->n);
    if (r->rule == RB_RULE_QUORUM_VETO) r->veto = take_members(g);
    r->has_by = (what >> 3 & 1) || r->rule == RB_RULE_SILENCE;
    r->by_utc_ms = (int64_t)HOUR_S * 1000;
}

static void a_text(struct judged *g) {
    static const char body[] = "\xa3\x01\x61T\x02\x01\x03\x81\x61p";
    const unsigned author = take(g) % (g->n + 1), what = take(g);
    a_place(g, &g->text, MOST_SAID, author, RB_KIND_TEXT);
    g->a.author = author < g->n ? (uint16_t)author : VA_NO_MEMBER;
    g->text.rec.closed = what & 1;
    g->text.f.level = what & 1 ? VD_FACT : VD_WHOLE;
    g->text.rec.signers_n = 1 + (what >> 1 & 1);
    g->text.rec.commitments_n = 2;
    g->text.rec.body = rb_slice((const uint8_t *)body, sizeof body - 1);
    if (what & 1) g->text.rec.recipients = take_members(g);
    a_rule(g);
}

static void a_subject(struct judged *g, size_t i) {
    struct va_word *w = &g->a.word[i];
    const unsigned on = take(g);
    for (size_t k = 0; k < i && k < 7; k++)
        if ((on >> k & 1) && rb_hash_eq(&g->said[k].author.party, &g->said[i].author.party))
            w->on[w->on_n++] = (uint16_t)k;
    if (on >> 7 || w->on_n == 0) w->on[w->on_n++] = VA_ON_TEXT;
}

static void hide(struct judged *g, size_t i) {
    struct vd *d = &g->said[i];
    d->f.level = VD_HASH;
    d->has_record = false;
    d->f.parts_n = 0;
    g->a.word[i].content = false;
    g->a.word[i].on_more = false;
    g->a.word[i].on_n = 0;
}

/* what it says as its part, or in the leaf */
static void a_content(struct judged *g, size_t i, bool partial) {
    static const uint8_t paragraphs[] = {0x81, 2};
    static struct vd_part part[MOST_SAID];
    struct va_word *w = &g->a.word[i];
    struct vd *d = &g->said[i];
    struct rb_writer out = rb_writer(g->body[i], sizeof g->body[i]);
    w->content = true;
    w->p.type = (enum rb_position_type)(1 + take(g) % RB_POSITION_CORRECT);
    if (w->p.type == RB_POSITION_PASSED_DOWN) w->p.level = rb_str("all");
    if (w->p.type == RB_POSITION_DISSOCIATE && partial)
        w->p.paragraphs = rb_slice(paragraphs, sizeof paragraphs);
    rb_position_encode(&w->p, &out);
    FUZZ_CHECK(rb_body_check(RB_KIND_POSITION, rb_written(&out), NULL) == RB_OK);
    part[i] = (struct vd_part){.has_plain = true, .plain = rb_written(&out)};
    d->rec.body = rb_written(&out);
    d->f.parts = &part[i];
    d->f.parts_n = d->rec.closed ? 1 : 0;
}

static void a_position(struct judged *g, size_t i) {
    const unsigned author = take(g) % (g->n + 1), what = take(g);
    struct vd *d = &g->said[i];
    struct va_word *w = &g->a.word[i];
    a_place(g, d, i, author, RB_KIND_POSITION);
    *w = (struct va_word){.member = author < g->n ? (uint16_t)author : VA_NO_MEMBER};
    d->rec.closed = what & 1;
    d->rec.commitments_n = 1;
    d->rec.signers_n = 1 + (what >> 4 & 1);
    if (what >> 3 & 1) d->rec.reported_who = rb_str("who");
    if (what >> 5 & 1) d->rec.emergency = rb_str("one on watch");
    if (what & 1) d->rec.recipients = take_members(g);
    w->on_more = what >> 6 & 1;
    a_subject(g, i);
    if ((what & 3) == 3)
        d->f.level = VD_FACT;
    else
        a_content(g, i, what >> 7);
    if (what >> 2 & 1) hide(g, i);
}

static void again(struct judged *g) {
    memset(g->a.voice, 0, sizeof g->a.voice);
    g->a.withdrawn = g->a.maybe_withdrawn = false;
    for (size_t i = 0; i < g->a.f.position_n; i++)
        g->a.word[i].taken_back = false;
    va_admit(&g->a);
    va_words(&g->a);
}

/* enough is a strong word: each voice that it rests on, accepted and not behind anything unread */
static void is_enough(const struct va *a) {
    const struct rb_adoption *r = &a->head.adoption;
    const enum rb_rule_type rule = a->head.has_adoption ? r->rule : RB_RULE_ALL;
    unsigned accepted = 0;
    FUZZ_CHECK(a->author != VA_NO_MEMBER && a->text_mark == RB_MARK_NONE && !a->withdrawn);
    FUZZ_CHECK(rule != RB_RULE_SILENCE && a->head.bracketed_n == 0 && !a->maybe_withdrawn);
    for (unsigned m = 0; m < RB_MAX_MEMBERS; m++) {
        const struct va_voice *v = &a->voice[m];
        const bool yes = v->position == RB_POSITION_ACCEPT && v->in_time && !v->doubt &&
                         (v->spoke || v->by_making);
        if (!(a->electorate.voices >> m & 1)) continue;
        accepted += yes;
        if (rule == RB_RULE_ALL || rule == RB_RULE_GUARANTORS)
            FUZZ_CHECK(yes && v->against != RB_WORD_REJECT);
        if (rule == RB_RULE_QUORUM_VETO && (a->electorate.veto >> m & 1))
            FUZZ_CHECK(v->against != RB_WORD_REJECT && v->position != 0);
        for (size_t i = v->at; yes && !v->by_making && i < a->f.position_n; i++)
            FUZZ_CHECK(a->word[i].member != m || a->word[i].content ||
                       a->word[i].why == VA_REPORTED);
    }
    FUZZ_CHECK(accepted >=
               (rule == RB_RULE_QUORUM || rule == RB_RULE_QUORUM_VETO ? r->quorum : 1u));
}

/* Who hides a record that no other answers makes nothing enough that was not. */
static void hide_one(struct judged *g, size_t i) {
    const bool before = g->a.lack == 0;
    for (size_t k = i + 1; k < g->a.f.position_n; k++)
        for (size_t j = 0; j < g->a.word[k].on_n; j++)
            if (g->a.word[k].on[j] == i) return;
    hide(g, i);
    again(g);
    FUZZ_CHECK(!g->a.has_heading || before || g->a.lack != 0);
}

static void show(const struct va *a) {
    FILE *out = begin();
    va_say(a, out);
    end(out);
    out = begin();
    va_json(a, out);
    end(out);
}

static void a_judged(struct rb_slice in) {
    struct judged *g = &judged;
    memset(g, 0, sizeof *g);
    g->in = in;
    g->a = (struct va){.v = &judged_v, .holds = true};
    a_charter(g);
    a_place(g, &g->charter, 0, 0, RB_KIND_CHARTER);
    g->a.f.charter_n = 1;
    g->a.f.charter[0] = &g->charter;
    g->charter.f.level = VD_HASH; /* its body is another target's */
    g->charter.has_record = false;
    a_text(g);
    g->a.f.text = &g->text;
    g->a.f.position_n = take(g) % (MOST_SAID + 1);
    for (size_t i = 0; i < g->a.f.position_n; i++) {
        a_position(g, i);
        g->a.f.position[i] = &g->said[i];
    }
    again(g);
    if (g->a.has_heading && g->a.lack == 0) is_enough(&g->a);
    show(&g->a);
    if (g->a.f.position_n > 0) hide_one(g, take(g) % g->a.f.position_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    static struct verify v;
    static struct vd d;
    static struct va a;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    if (n > 1u << 20) return 0;
    if (n > 0 && data[0] > 0x80 && data[0] <= 0x80 + RB_KIND_MAX) {
        a_body((enum rb_kind)(data[0] - 0x80), rb_slice(data + 1, n - 1));
        return 0;
    }
    if (n > 0 && data[0] == 0xc0) {
        a_judged(rb_slice(data + 1, n - 1));
        return 0;
    }
    memset(&v, 0, sizeof v);
    v.work = rb_arena(room, sizeof room);
    const bool several = va_is(rb_slice(data, n));
    d = (struct vd){.v = &v, .a = &v.work};
    a = (struct va){.v = &v, .a = &v.work};
    if (several)
        va_check(&a, rb_slice(data, n));
    else
        vd_check(&d, rb_slice(data, n));
    FUZZ_CHECK((several ? a.holds : d.holds) == (v.bad.total == 0));
    for (size_t i = 0; i < v.bad.n; i++)
        FUZZ_CHECK(v.bad.item[i].clause[0] != 0);
    FILE *out = begin();
    several ? va_say(&a, out) : vd_say(&d, out);
    end(out);
    out = begin();
    several ? va_json(&a, out) : vd_json(&d, out);
    end(out);
    verify_list_free(&v.bad);
    return 0;
}
