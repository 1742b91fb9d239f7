/* The rules: admission, the order, who holds, answers, dues, silence, revocations. */
#include "rules_words.h"

/* ---- which position may answer which kind: design section 5, written out by hand --------------
 */

#define OPEN_TO_ALL "read passed-down query "
#define ADOPTED OPEN_TO_ALL "accept reject abstain dissociate "
#define ORDERED OPEN_TO_ALL "will-comply complied cannot-comply declined "
#define ASSERTED OPEN_TO_ALL "confirm dispute "
#define FACT OPEN_TO_ALL "dispute-fact cannot-comply "
#define PLANNED OPEN_TO_ALL "object "
static const struct {
    const char *kind;
    int class_;
    const char *positions;
} table[] = {
    {"charter", -1, ADOPTED},
    {"amendment", -1, ADOPTED},
    {"membership", -1, OPEN_TO_ALL},
    {"card", -1, OPEN_TO_ALL},
    {"test", -1, ""},
    {"service", -1, ""},
    {"nil", -1, ""},
    {"receipt", -1, ""},
    {"silence", -1, ""},
    {"notice", 0, PLANNED},
    {"notice", 1, PLANNED},
    {"notice", 2, FACT},
    {"notice", 3, FACT},
    {"notice", 4, PLANNED},
    {"notice", -1, OPEN_TO_ALL},
    {"stop-fire", -1, ORDERED},
    {"request", -1, ORDERED},
    {"position", -1, OPEN_TO_ALL},
    {"cessation", -1, ADOPTED},
    {"incident", -1, ASSERTED},
    {"finding", -1, ASSERTED},
    {"figure", -1, ASSERTED},
    {"designation", -1, ASSERTED},
    {"text", -1, ADOPTED},
    {"agreement", -1, ADOPTED},
    {"progress", -1, ASSERTED},
    {"contact", -1, OPEN_TO_ALL "accept declined took-place "},
    {"readout", -1, ADOPTED},
    {"statement", -1, ASSERTED},
    {"roster", -1, OPEN_TO_ALL},
    {"delegation", -1, OPEN_TO_ALL},
    {"rotation", -1, OPEN_TO_ALL},
    {"revocation", -1, OPEN_TO_ALL},
    {"attachment", -1, OPEN_TO_ALL},
};

static bool has_word(const char *words, const char *word) {
    size_t n = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += n)
        if ((p == words || p[-1] == ' ') && p[n] == ' ') return true;
    return false;
}

static void position_table(void **state) {
    (void)state;
    size_t kinds = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        enum rb_kind kind;
        assert_int_equal(rb_kind_decode(rb_str(table[i].kind), &kind), RB_OK);
        kinds += i == 0 || strcmp(table[i].kind, table[i - 1].kind) != 0;
        for (int t = 1; t <= RB_POSITION_MAX; t++) {
            enum rb_position_type type = (enum rb_position_type)t;
            bool want = has_word(table[i].positions, rb_position_name(type));
            bool own = want || type == RB_POSITION_WITHDRAW || type == RB_POSITION_CORRECT;
            assert_int_equal(rb_position_may_answer(type, kind, table[i].class_, false), want);
            assert_int_equal(rb_position_may_answer(type, kind, table[i].class_, true), own);
        }
    }
    assert_int_equal(kinds, RB_KIND_MAX); /* none left out */
    assert_false(rb_position_may_answer((enum rb_position_type)0, RB_KIND_TEXT, -1, true));
    assert_false(rb_position_may_answer((enum rb_position_type)(RB_POSITION_MAX + 1), RB_KIND_TEXT,
                                        -1, true));
}

/* ---- admission, with each input flipped -------------------------------------------------------
 */

static struct rb_fact plain(enum rb_kind kind) {
    struct rb_fact f = {.kind = (uint8_t)kind, .precedence = RB_ROUTINE, .signers = 1};
    f.notice_class = -1;
    return f;
}

static const struct rb_standing good = {.in_force = true}; /* of member 0 */

static struct rb_charter of_two(void) {
    struct rb_charter c = {.members_n = 2};
    c.members[1].index = 1;
    return c;
}

static void close_where_due(struct rb_fact *f) {
    f->closed = f->kind == RB_KIND_ROSTER || f->kind == RB_KIND_ATTACHMENT;
    if (f->closed) f->recipients = 3;
}

static void two_officers(void **state) {
    (void)state;
    struct rb_charter c = of_two();
    for (int k = 1; k <= RB_KIND_MAX; k++) { /* a charter that wants two for whatever it can */
        c.policies[c.policies_n++] =
            (struct rb_kind_policy){.kind = (enum rb_kind)k, .two_officers = true};
    }
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        enum rb_kind kind = (enum rb_kind)k;
        struct rb_fact f = plain(kind);
        bool never =
            rb_kind_is_machine(kind) || kind == RB_KIND_STOP_FIRE || kind == RB_KIND_INCIDENT;
        f.position = kind == RB_KIND_POSITION ? RB_POSITION_QUERY : 0;
        close_where_due(&f);
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good),
                         never ? RB_MARK_NONE : RB_MARK_NEEDS_SECOND);
        f.emergency = true;
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_NONE);
        f.emergency = false;
        f.signers = 2;
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_NONE);
    }
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        bool never = t == RB_POSITION_READ || t == RB_POSITION_PASSED_DOWN;
        assert_int_equal(rb_rules_needs_two(&c, RB_KIND_POSITION, t), !never);
    }
    struct rb_charter none = {0};
    assert_false(rb_rules_needs_two(&none, RB_KIND_TEXT, 0));
}

static void closed_by_default(void **state) {
    (void)state;
    struct rb_charter c = of_two();
    for (int class_ = 0; class_ < RB_NOTICE_CLASSES; class_++)
        assert_int_equal(rb_rules_must_close(&c, RB_KIND_NOTICE, class_),
                         class_ == RB_NOTICE_SITE || class_ == RB_NOTICE_MOVEMENT);
    assert_true(rb_rules_must_close(&c, RB_KIND_ROSTER, -1));
    assert_true(rb_rules_must_close(&c, RB_KIND_ATTACHMENT, -1));
    assert_false(rb_rules_must_close(&c, RB_KIND_TEXT, -1));
    c.policies_n = 1;
    c.policies[0] = (struct rb_kind_policy){.kind = RB_KIND_TEXT, .closed = true};
    assert_true(rb_rules_must_close(&c, RB_KIND_TEXT, -1));
    c.policies[0] = (struct rb_kind_policy){.kind = RB_KIND_NOTICE, .closed = false};
    assert_true(rb_rules_must_close(&c, RB_KIND_NOTICE, RB_NOTICE_SITE)); /* more, never less */
    struct rb_fact f = plain(RB_KIND_NOTICE);
    f.notice_class = RB_NOTICE_SITE;
    assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_MUST_BE_CLOSED);
    f.closed = true;
    f.recipients = 1;
    assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_NONE);
    f = plain(RB_KIND_MEMBERSHIP);
    f.closed = true;
    assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_MUST_BE_OPEN);
}

static void positions_follow_their_subject(void **state) {
    (void)state;
    struct rb_charter c = of_two();
    struct rb_fact p = plain(RB_KIND_POSITION), s = plain(RB_KIND_TEXT);
    p.position = RB_POSITION_ACCEPT;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_NONE);
    p.position = RB_POSITION_OBJECT;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_NOT_IN_TABLE);
    p.position = RB_POSITION_WITHDRAW;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(rb_rules_admit(&c, &p, &s, true, &good), RB_MARK_NONE);
    p.position = RB_POSITION_ACCEPT;
    s.closed = true; /* what answers a closed record is closed */
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_MUST_BE_CLOSED);
    p.closed = true;
    p.recipients = s.recipients = 1;
    p.position = 0; /* its type cannot be read in the leaf */
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_NONE);
    s = plain(RB_KIND_CHARTER); /* what answers a charter is open */
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &good), RB_MARK_MUST_BE_OPEN);
}

static const char unfounded[] = "charter amendment membership card test service nil receipt "
                                "silence delegation rotation revocation ";
static const char suspended[] = "charter amendment membership card test service receipt roster "
                                "delegation rotation revocation ";

static void standing_decides(void **state) {
    (void)state;
    struct rb_charter c = of_two();
    const struct rb_standing proposed = {0}, paused = {.in_force = true, .suspended = true},
                             gone = {.in_force = true, .left = true};
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        struct rb_fact f = plain((enum rb_kind)k);
        const char *name = rb_kind_name((enum rb_kind)k);
        close_where_due(&f);
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &good), RB_MARK_NONE);
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &gone), RB_MARK_LEFT);
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &proposed),
                         has_word(unfounded, name) ? RB_MARK_NONE : RB_MARK_NOT_IN_FORCE);
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &paused),
                         has_word(suspended, name) ? RB_MARK_NONE : RB_MARK_SUSPENDED);
        f.precedence = RB_FLASH;
        assert_int_equal(rb_rules_admit(&c, &f, NULL, false, &paused), RB_MARK_NONE);
    }
    struct rb_fact p = plain(RB_KIND_POSITION), s = plain(RB_KIND_CHARTER);
    p.position = RB_POSITION_ACCEPT;
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &proposed), RB_MARK_NONE);
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &paused), RB_MARK_NONE);
    s = plain(RB_KIND_TEXT);
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &proposed), RB_MARK_NOT_IN_FORCE);
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &paused), RB_MARK_SUSPENDED);
    s.precedence = RB_FLASH; /* answers to FLASH pass */
    assert_int_equal(rb_rules_admit(&c, &p, &s, false, &paused), RB_MARK_NONE);
}

/* ---- who holds --------------------------------------------------------------------------------
 */

static void held_since_the_earliest(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    uint64_t t = 0;
    struct rb_situation *s = now(w);
    assert_false(rb_situation_held(s, fx_place(s, &id), 0, &t));
    assert_true(rb_situation_held(s, fx_place(s, &id), 1, &t)); /* its own */
    assert_int_equal(t, 0);
    fx_held(w, 1, 0, 5000);
    fx_held(w, 1, 0, 4000); /* a larger size at an earlier time: covers it since then */
    s = now(w);
    assert_true(rb_situation_held(s, fx_place(s, &id), 0, &t));
    assert_int_equal(t, 4000);
    assert_false(rb_situation_held(s, fx_place(s, &id), 2, &t));
    fx_held(w, 1, 2, 9000);
    struct rb_receipt_cosig c = fx_cosign(w, 1, 0, 1, 2, 3000); /* a smaller size does not cover */
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c};
    struct rb_record r = fx_receipt(w, &receipt);
    fx_say(w, 0, &r); /* anyone may log a cosignature */
    s = now(w);
    assert_true(rb_situation_held(s, fx_place(s, &id), 2, &t));
    assert_int_equal(t, 9000);
    assert_false(rb_situation_held(s, fx_place(s, &id), 60, &t));
}

static void false_receipts_say_nothing(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    uint64_t size = fx_feed_of(w, 1, 0)->n, t;
    struct rb_receipt_cosig c[3];
    c[0] = fx_cosign(w, 1, 0, size, 0, 100);
    c[0].sig[3] ^= 1; /* changed */
    c[1] = fx_cosign(w, 1, 0, size, 0, 100);
    c[1].time_s = 99; /* another time than signed */
    c[2] = fx_cosign(w, 1, 0, size, 2, 100);
    c[2].cosigner = 0; /* another cosigner */
    struct rb_receipt receipt = {.cosigs_n = 3, .cosigs = c};
    struct rb_record r = fx_receipt(w, &receipt);
    fx_say(w, 1, &r);
    struct rb_situation *s = now(w);
    assert_false(rb_situation_held(s, fx_place(s, &id), 0, &t));
    assert_false(rb_situation_held(s, fx_place(s, &id), 2, &t));
}

/* the author says it holds all bodies of the feed below size but one leaf (none: 255) */
static struct rb_hash bodies(struct fx *w, uint16_t author, uint16_t of, uint64_t size,
                             uint8_t missing) {
    uint8_t list[2] = {missing == 255 ? 0x80 : 0x81, missing};
    assert_true(missing < 24 || missing == 255); /* one byte of CBOR */
    struct rb_receipt_bodies b = {of, 0, size, rb_slice(list, missing == 255 ? 1 : 2)};
    struct rb_receipt receipt = {.bodies_n = 1, .bodies = &b};
    struct rb_record r = fx_receipt(w, &receipt);
    return fx_say(w, author, &r);
}

static bool holds(struct fx *w, const struct rb_hash *id, uint16_t member) {
    uint64_t t;
    struct rb_situation *s = now(w);
    return rb_situation_held(s, fx_place(s, id), member, &t);
}

static void closed_is_held_when_both_cover_it(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_record r = fx_notice(w, RB_NOTICE_SITE);
    fx_close(&r, 3); /* party 0 and 1 */
    struct rb_hash id = fx_say(w, 1, &r);
    uint8_t leaf = (uint8_t)(fx_feed_of(w, 1, 0)->n - 1);
    assert_int_equal(fx_mark_now(w, &id), RB_MARK_NONE);
    fx_held(w, 1, 0, 5000);
    fx_held(w, 1, 2, 5000);
    assert_false(holds(w, &id, 0)); /* the leaf, not the body */
    bodies(w, 0, 1, leaf, 255);     /* not so far */
    assert_false(holds(w, &id, 0));
    bodies(w, 0, 1, leaf + 1u, leaf); /* missing */
    assert_false(holds(w, &id, 0));
    bodies(w, 0, 1, leaf + 2u, leaf); /* still missing */
    assert_false(holds(w, &id, 0));
    bodies(w, 0, 1, leaf + 1u, 255); /* has come */
    assert_true(holds(w, &id, 0));
    bodies(w, 0, 1, leaf + 2u, leaf); /* what was held stays held */
    assert_true(holds(w, &id, 0));
    bodies(w, 2, 1, leaf + 1u, 255); /* no recipient: nothing to hold */
    assert_false(holds(w, &id, 2));
    struct rb_situation *s = now(w);
    assert_int_equal(rb_situation_readers(s, fx_place(s, &id)), 3);
    assert_int_equal(rb_situation_readers(s, 0), 7);
}

/* leaves whose hashes are here but which are not judged yet count nowhere */
static void only_judged_leaves_count(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash a = say(w, 2, RB_KIND_STATEMENT);
    struct rb_hash b = say_seeing(w, 0, 2);
    struct rb_receipt_cosig c = fx_cosign(w, 2, 0, fx_feed_of(w, 2, 0)->n, 1, 1000);
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c};
    struct rb_record r = fx_receipt(w, &receipt);
    fx_say(w, 0, &r);
    struct fx_feed *f = fx_feed_of(w, 2, 0);
    f->n--; /* the book gets all but a */
    struct rb_book *book = fx_book(w);
    struct rb_slice without = fx_encode(w, fx_fold(w, book, w->clock_ms));
    assert_int_equal(rb_tree_append(&rb_book_feed(book, 2, 0)->tree, &a), RB_OK);
    assert_true(rb_slice_eq(without, fx_encode(w, fx_fold(w, book, w->clock_ms))));
    f->n++;
    while (fx_book_next(w, book, f, -1))
        continue;
    struct rb_situation *s = fx_fold(w, book, w->clock_ms);
    uint64_t t = 0;
    assert_true(fx_place(s, &a) < fx_place(s, &b));
    assert_true(rb_situation_held(s, fx_place(s, &a), 1, &t));
    assert_int_equal(t, 1000);
}

/* a receipt that was looked at before the card that brings its mirror key is looked at again */
static void a_later_card_brings_the_mirror_key(void **state) {
    struct fx *w = *state;
    uint8_t seed[RB_SEED_LEN] = {0x4d};
    uint64_t t = 0;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    struct rb_book *book = fx_book(w);
    rb_ed25519_from_seed(seed, &w->party[0].mirror);
    fx_held(w, 1, 0, 5000);
    while (fx_book_next(w, book, fx_feed_of(w, 1, 0), -1))
        continue;
    struct rb_situation *s = fx_fold(w, book, w->clock_ms);
    assert_false(rb_situation_held(s, fx_place(s, &id), 0, &t));
    struct rb_record card = fx_carried(w, RB_KIND_CARD, fx_card(w, 0));
    fx_say(w, 0, &card);
    while (fx_book_next(w, book, fx_feed_of(w, 0, 0), -1))
        continue;
    s = fx_fold(w, book, w->clock_ms);
    assert_true(rb_situation_held(s, fx_place(s, &id), 0, &t));
    assert_int_equal(t, 5000);
}

/* ---- the order --------------------------------------------------------------------------------
 */

static void seen_decides_the_order(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash a = say(w, 2, RB_KIND_STATEMENT);
    struct rb_hash b = say_seeing(w, 0, 2); /* member 0 would come first, but has seen a */
    struct rb_hash c = say(w, 1, RB_KIND_STATEMENT);
    struct rb_situation *s = now(w);
    assert_true(fx_place(s, &a) < fx_place(s, &b));
    assert_true(fx_place(s, &c) < fx_place(s, &a)); /* free: the smaller member first */
}

static void a_wrong_digest_binds_nothing(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash a = say(w, 2, RB_KIND_STATEMENT);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n);
    r.seen_digest[0] ^= 1;
    struct rb_hash b = fx_say(w, 0, &r);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r, 2, 0, fx_feed_of(w, 2, 0)->n + 5); /* more than there is */
    struct rb_hash c = fx_say(w, 0, &r);
    struct rb_situation *s = now(w);
    assert_true(fx_place(s, &b) < fx_place(s, &a));
    assert_true(fx_place(s, &c) < fx_place(s, &a));
}

/* Two authors who claim to have seen each other's future bind each other no longer. Digests that do
 * this would take a broken hash, so the verdicts are set by hand. What comes after the circle is
 * still bound by it, and the smallest goes first, also before those that never waited. */
static void a_circle_of_claims(void **state) {
    struct fx *w = *state;
    in_force(w);
    size_t n0 = fx_feed_of(w, 0, 0)->n, n1 = fx_feed_of(w, 1, 0)->n;
    struct rb_hash other = say(w, 2, RB_KIND_STATEMENT);
    struct rb_record r0 = fx_record(w, RB_KIND_STATEMENT), r1 = fx_record(w, RB_KIND_STATEMENT);
    fx_see(w, &r0, 1, 0, n1 + 1);
    fx_see(w, &r1, 0, 0, n0 + 1);
    struct rb_hash a = fx_say(w, 0, &r0), after = say(w, 0, RB_KIND_STATEMENT);
    struct rb_hash b = fx_say(w, 1, &r1);
    struct rb_book *book = fx_book(w);
    rb_book_feed(book, 0, 0)->facts[n0].seen_verdict = 1;
    rb_book_feed(book, 1, 0)->facts[n1].seen_verdict = 1;
    struct rb_situation *s = fx_fold(w, book, w->clock_ms);
    assert_true(fx_place(s, &a) < fx_place(s, &b));
    assert_true(fx_place(s, &b) < fx_place(s, &after)); /* it has seen b, like a before it */
    assert_true(fx_place(s, &after) < fx_place(s, &other));
}

/* ---- two officers and closed kinds through the fold -------------------------------------------
 */

static void the_fold_asks_admission(void **state) {
    struct fx *w = *state;
    w->charter.policies_n = 1;
    w->charter.policies[0] = (struct rb_kind_policy){
        .kind = RB_KIND_STATEMENT, .disclosure = RB_DISCLOSE_WHOLE, .two_officers = true};
    in_force(w);
    struct rb_hash one = say(w, 0, RB_KIND_STATEMENT);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash two = fx_say_as(w, 0, 0, &r, FX_BOTH);
    r = fx_record(w, RB_KIND_STATEMENT);
    r.emergency = rb_str("shelling now");
    struct rb_hash urgent = fx_say(w, 0, &r);
    r = fx_notice(w, RB_NOTICE_SITE);
    struct rb_hash site = fx_say(w, 0, &r);
    r = fx_position(w, &two, RB_POSITION_OBJECT);
    struct rb_hash odd = fx_say(w, 1, &r);
    static const struct rb_hash nothing = {{1}};
    r = fx_position(w, &nothing, RB_POSITION_READ);
    struct rb_hash lost = fx_say(w, 1, &r);
    /* all of it after the charter came into force */
    struct rb_situation *s = now(w);
    (void)one;
    assert_int_equal(s->charter_state, RB_CHARTER_IN_FORCE);
    assert_int_equal(fx_mark(s, &odd), RB_MARK_NOT_IN_TABLE);
    assert_int_equal(fx_mark(s, &lost), RB_MARK_NO_SUBJECT);
    assert_int_equal(fx_mark(s, &one), RB_MARK_NEEDS_SECOND);
    assert_int_equal(fx_mark(s, &two), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &urgent), RB_MARK_NONE);
    assert_true(rb_situation_fact(s, fx_place(s, &urgent))->emergency);
    assert_int_equal(fx_mark(s, &site), RB_MARK_MUST_BE_CLOSED);
}

/* ---- answers, supersedes ----------------------------------------------------------------------
 */

static void answers_are_linked(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash text = say(w, 2, RB_KIND_TEXT);
    struct rb_hash a = answer(w, 0, &text, RB_POSITION_ACCEPT);
    struct rb_hash b = answer(w, 1, &text, RB_POSITION_REJECT);
    struct rb_hash c = answer(w, 1, &text, RB_POSITION_READ);
    struct rb_situation *s = now(w);
    uint32_t p = fx_place(s, &text);
    assert_int_equal(rb_situation_answer(s, p, 0, RB_POSITION_ACCEPT), fx_place(s, &a));
    assert_int_equal(rb_situation_answer(s, p, 1, RB_POSITION_REJECT), fx_place(s, &b));
    assert_int_equal(rb_situation_answer(s, p, 1, RB_POSITION_READ), fx_place(s, &c));
    assert_int_equal(rb_situation_answer(s, p, 0, RB_POSITION_READ), RB_NOWHERE);
    assert_int_equal(rb_situation_answer(s, p, 2, RB_POSITION_ACCEPT), RB_NOWHERE);
    assert_int_equal(s->open_texts_n, 1);
    assert_int_equal(s->open_texts[0], p);
    assert_int_equal(rb_situation_find(s, &text), p);
}

static void only_the_author_supersedes(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash old = say(w, 1, RB_KIND_STATEMENT);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    fx_ref(&r, RB_REF_SUPERSEDES, &old);
    fx_say(w, 2, &r);
    struct rb_situation *s = now(w);
    assert_int_equal(s->order[fx_place(s, &old)].superseded_by, RB_NOWHERE);
    r = fx_record(w, RB_KIND_STATEMENT);
    fx_ref(&r, RB_REF_SUPERSEDES, &old);
    struct rb_hash fresh = fx_say(w, 1, &r);
    s = now(w);
    assert_int_equal(s->order[fx_place(s, &old)].superseded_by, fx_place(s, &fresh));
}

/* ---- dues -------------------------------------------------------------------------------------
 */

static const struct rb_sit_due *due_of(const struct rb_situation *s, const struct rb_hash *id,
                                       uint16_t member) {
    for (size_t i = 0; i < s->dues_n; i++)
        if (s->dues[i].subject == fx_place(s, id) && s->dues[i].member == member)
            return &s->dues[i];
    return NULL;
}

static struct rb_hash demand(struct fx *w, int64_t by_utc_ms, enum rb_position_type t,
                             uint64_t members) {
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.demand = (struct rb_demand){true, by_utc_ms, (uint16_t)t, members};
    return fx_say(w, 0, &r);
}

static void demanded_answers(void **state) {
    struct fx *w = *state;
    in_force(w);
    /* member 0 must know of the acceptances to speak after them */
    say_seeing(w, 0, 2);
    say_seeing(w, 0, 1);
    int64_t until = w->clock_ms + 60000;
    struct rb_hash id = demand(w, until, RB_POSITION_CONFIRM, 0);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &id), RB_MARK_NONE);
    assert_null(due_of(s, &id, 0)); /* not its author */
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_PENDING);
    assert_int_equal(due_of(s, &id, 1)->due_utc_ms, until);
    assert_int_equal(due_of(s, &id, 1)->position, RB_POSITION_CONFIRM);
    assert_int_equal(due_of(at(w, until), &id, 2)->state, RB_DUE_PENDING);
    assert_int_equal(due_of(at(w, until + 1), &id, 2)->state, RB_DUE_MISSED);
    answer(w, 1, &id, RB_POSITION_READ); /* not what was demanded */
    assert_int_equal(due_of(at(w, until + 1), &id, 1)->state, RB_DUE_MISSED);
    struct rb_hash no = answer(w, 1, &id, RB_POSITION_DISPUTE); /* an answer need not agree */
    s = at(w, until + 1);
    assert_int_equal(due_of(s, &id, 1)->answer, fx_place(s, &no));
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_CONTESTED_BY_TIME); /* `created` alone */
    fx_held(w, 1, 0, (uint64_t)until / 1000 - 1);
    assert_int_equal(due_of(at(w, until + 1), &id, 1)->state, RB_DUE_MET);
    fx_held(w, 1, 2, (uint64_t)until / 1000 + 9);
    assert_int_equal(due_of(at(w, until + 1), &id, 1)->state, RB_DUE_CONTESTED_BY_TIME);
    w->clock_ms = until + 5000;
    answer(w, 2, &id, RB_POSITION_CONFIRM);
    fx_held(w, 2, 0, (uint64_t)until / 1000 + 9);
    assert_int_equal(due_of(at(w, until + 90000), &id, 2)->state, RB_DUE_MISSED);
    struct rb_hash one = demand(w, until, RB_POSITION_READ, 4);
    s = now(w);
    assert_null(due_of(s, &one, 1)); /* asked of member 2 alone */
    assert_non_null(due_of(s, &one, 2));
}

static void urgent_records_are_to_be_read(void **state) {
    struct fx *w = *state;
    w->charter.answer_ms[RB_FLASH] = 60000;
    in_force(w);
    say_seeing(w, 0, 2);
    say_seeing(w, 0, 1);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.precedence = RB_FLASH;
    struct rb_hash id = fx_say(w, 0, &r);
    r = fx_record(w, RB_KIND_STATEMENT);
    r.precedence = RB_IMMEDIATE; /* the charter gives it no time */
    struct rb_hash calm = fx_say(w, 0, &r);
    struct rb_situation *s = now(w);
    assert_null(due_of(s, &calm, 1));
    assert_int_equal(due_of(s, &id, 1)->due_utc_ms, 0); /* not known to hold it: not begun */
    assert_int_equal(due_of(at(w, FX_START_MS * 2), &id, 1)->state, RB_DUE_PENDING);
    uint64_t t = (uint64_t)w->clock_ms / 1000 + 3;
    fx_held(w, 0, 1, t);
    int64_t due = (int64_t)t * 1000 + 60000;
    s = at(w, due + 1);
    assert_int_equal(due_of(s, &id, 1)->due_utc_ms, due);
    assert_int_equal(due_of(s, &id, 1)->state, RB_DUE_MISSED);
    assert_int_equal(due_of(s, &id, 2)->state, RB_DUE_PENDING);
    answer(w, 1, &id, RB_POSITION_QUERY); /* who asks has read */
    fx_held(w, 1, 2, t + 1);
    assert_int_equal(due_of(at(w, due + 1), &id, 1)->state, RB_DUE_MET);
}

static void a_suspended_member_owes_flash_only(void **state) {
    struct fx *w = *state;
    w->charter.answer_ms[RB_FLASH] = 60000;
    w->charter.answer_ms[RB_IMMEDIATE] = 60000;
    in_force(w);
    say_seeing(w, 0, 2);
    move(w, 1, RB_MEMBERSHIP_SUSPEND);
    move(w, 2, RB_MEMBERSHIP_LEAVE);
    say_seeing(w, 0, 1);
    say_seeing(w, 0, 2);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    r.precedence = RB_IMMEDIATE;
    struct rb_hash calm = fx_say(w, 0, &r);
    r = fx_record(w, RB_KIND_STATEMENT);
    r.precedence = RB_FLASH;
    struct rb_hash alarm = fx_say(w, 0, &r);
    struct rb_situation *s = now(w);
    assert_null(due_of(s, &calm, 1));
    assert_non_null(due_of(s, &alarm, 1));
    assert_null(due_of(s, &alarm, 2));
}

/* ---- silence and line tests -------------------------------------------------------------------
 */

static void line_tests(void **state) {
    struct fx *w = *state;
    w->charter.test_interval_s = 3600;
    w->charter.test_grace_s = 60;
    in_force(w); /* FX_START_MS is a whole hour */
    const int64_t hour = 3600000, slot = FX_START_MS + hour;
    assert_int_equal(at(w, slot + 59999)->members[1].tests_missed, 0);
    assert_int_equal(at(w, slot + 60000)->members[1].tests_missed, 1);
    assert_int_equal(at(w, slot + 3 * hour + 60000)->members[1].tests_missed, 4);
    struct rb_record r = fx_test(w, slot + 2 * hour);
    fx_say(w, 1, &r);
    r = fx_test(w, slot + 2 * hour + 1); /* off the schedule */
    fx_say(w, 2, &r);
    r = fx_test(w, slot + 99 * hour); /* a slot that has not come */
    fx_say(w, 2, &r);
    struct rb_situation *s = at(w, slot + 3 * hour + 60000);
    assert_int_equal(s->members[1].tests_missed, 1); /* counted back to its last test */
    assert_int_equal(s->members[1].last_test_slot, slot + 2 * hour);
    assert_int_equal(s->members[2].tests_missed, 4);
    assert_int_equal(s->members[2].last_test_slot, 0);
}

static void silences_are_listed(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 0, RB_KIND_SILENCE); /* the fixture's is about member 1 */
    struct rb_situation *s = now(w);
    assert_int_equal(s->silences_n, 1);
    assert_int_equal(s->silences[0].record, fx_place(s, &id));
    assert_int_equal(s->silences[0].member, 1);
    assert_int_equal(s->silences[0].subject, RB_NOWHERE);
}

static void groups_have_a_lead(void **state) {
    struct fx *w = *state;
    w->charter.groups_n = 1;
    w->charter.groups[0] = (struct rb_group){rb_str("coalition"), 2, 6};
    in_force(w);
    struct rb_situation *s = now(w);
    assert_int_equal(s->members[0].group, -1);
    assert_int_equal(s->members[1].group, 0);
    assert_false(s->members[1].lead);
    assert_int_equal(s->members[2].group, 0);
    assert_true(s->members[2].lead);
}

/* ---- revocations and forks --------------------------------------------------------------------
 */

static struct rb_record revoke(struct fx *w, size_t party, enum rb_key_role role,
                               const struct rb_key *key, const struct fx_feed *f, uint64_t size) {
    struct rb_revocation v = {.party = w->party[party].party.pub,
                              .role = role,
                              .key = *key,
                              .reason = rb_str("lost"),
                              .issued_utc_ms = FX_START_MS};
    if (f != NULL) {
        v.stood_n = 1;
        v.stood[0] = (struct rb_stood_by){rb_slice(f->origin, f->origin_n), size};
    }
    uint8_t buf[2048];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_revocation_encode(&v, &o);
    return fx_carried(w, RB_KIND_REVOCATION, fx_statement(w, &w->party[party], rb_written(&o)));
}

static void disowned_from_a_size_on(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    struct rb_hash kept = say(w, 1, RB_KIND_STATEMENT);
    uint64_t size = f->n;
    struct rb_hash beyond = say(w, 1, RB_KIND_STATEMENT);
    struct rb_record r = fx_record(w, RB_KIND_STATEMENT);
    struct rb_hash other = fx_say_as(w, 1, 0, &r, FX_SECOND);
    r = revoke(w, 1, RB_KEY_OFFICER, &w->party[1].officer[0].pub, f, size);
    fx_say(w, 2, &r); /* any member may log it */
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &kept), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &beyond), RB_MARK_DISOWNED);
    assert_int_equal(fx_mark(s, &other), RB_MARK_NONE);
    r = revoke(w, 1, RB_KEY_LOG, &f->log.pub, f, size); /* the log key takes all beyond */
    fx_say(w, 2, &r);
    s = now(w);
    assert_int_equal(fx_mark(s, &kept), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &other), RB_MARK_DISOWNED);
}

/* A party cannot take back its receipts by revoking its mirror key, where a third party held the
 * receipt before anyone held the revocation. */
static void receipts_outlive_the_mirror_key(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    fx_held(w, 1, 0, 5000);
    struct rb_record r = revoke(w, 0, RB_KEY_MIRROR, &w->party[0].mirror.pub, fx_feed_of(w, 1, 0), 0);
    fx_say(w, 0, &r);
    assert_false(holds(w, &id, 0)); /* nobody can witness the receipt */
    fx_held(w, 1, 2, 6000);
    assert_true(holds(w, &id, 0));
    fx_held(w, 0, 2, 5999); /* the revocation was held before it */
    assert_false(holds(w, &id, 0));
}

/* 5.6.8: what a party signed for another channel, and a member of both logs here, says nothing here. */
static void revoked_for_another_channel(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash said = say(w, 1, RB_KIND_STATEMENT);
    struct fx_feed elsewhere = *fx_feed_of(w, 1, 0);
    char *channel = memchr(elsewhere.origin, '/', elsewhere.origin_n);
    channel[1] = channel[1] == '0' ? '1' : '0';
    struct rb_record r = revoke(w, 1, RB_KEY_OFFICER, &w->party[1].officer[0].pub, &elsewhere, 0);
    struct rb_hash id = fx_say(w, 2, &r);
    struct rb_situation *s = now(w);
    assert_int_equal(fx_mark(s, &said), RB_MARK_NONE);
    assert_int_equal(fx_mark(s, &id), RB_MARK_BAD_STATEMENT);
    r = revoke(w, 1, RB_KEY_OFFICER, &w->party[1].officer[0].pub, fx_feed_of(w, 1, 0), 0);
    fx_say(w, 2, &r);
    assert_int_equal(fx_mark(now(w), &said), RB_MARK_DISOWNED);
}

static void mirror_key_within_what_is_stood_by(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash id = say(w, 1, RB_KIND_STATEMENT);
    struct fx_feed *f = fx_feed_of(w, 1, 0);
    uint64_t size = f->n;
    fx_held(w, 1, 0, 5000);
    struct rb_record r = revoke(w, 0, RB_KEY_MIRROR, &w->party[0].mirror.pub, f, size);
    fx_say(w, 0, &r);
    assert_true(holds(w, &id, 0));
}

static void a_fork_contests_what_moves(void **state) {
    struct fx *w = *state;
    in_force(w);
    struct rb_hash said = say(w, 1, RB_KIND_STATEMENT);
    struct rb_hash moved = move(w, 1, RB_MEMBERSHIP_SUSPEND);
    struct rb_book *b = fx_book(w);
    struct rb_feed *f = rb_book_feed(b, 1, 0);
    f->frozen = f->common_known = true;
    f->common = f->facts_n - 1; /* the last leaf */
    struct rb_situation *s = fx_fold(w, b, w->clock_ms);
    assert_int_equal(s->order[fx_place(s, &said)].contested, 0);
    assert_int_equal(s->order[fx_place(s, &moved)].contested, 1);
    assert_int_equal(fx_mark(s, &moved), RB_MARK_CONTESTED);
    assert_false(s->members[1].suspended);
    f->common--;
    s = fx_fold(w, b, w->clock_ms);
    assert_int_equal(s->order[fx_place(s, &said)].contested, 1);
    assert_int_equal(fx_mark(s, &said), RB_MARK_NONE); /* what was said stays said */
}

/* ---- room -------------------------------------------------------------------------------------
 */

static void folding_out_of_room(void **state) {
    struct fx *w = *state;
    in_force(w);
    say_seeing(w, 0, 2);
    demand(w, w->clock_ms + 1000, RB_POSITION_READ, 0);
    struct rb_book *b = fx_book(w);
    struct rb_slice want = fx_encode(w, fx_fold(w, b, w->clock_ms));
    struct rb_situation s;
    uint64_t n = 1;
    for (;; n++) {
        w->folds.fail_at = n;
        enum rb_err err = rb_situation_fold(b, w->clock_ms, &w->folds, &s);
        w->folds.fail_at = 0;
        if (err == RB_OK) break;
        assert_int_equal(err, RB_ERR_LIMIT);
        rb_arena_reset(&w->folds);
    }
    assert_true(n > 20);
    assert_true(rb_slice_eq(want, fx_encode(w, &s)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(position_table),
        cmocka_unit_test(two_officers),
        cmocka_unit_test(closed_by_default),
        cmocka_unit_test(positions_follow_their_subject),
        cmocka_unit_test(standing_decides),
        T(held_since_the_earliest),
        T(false_receipts_say_nothing),
        T(closed_is_held_when_both_cover_it),
        T(only_judged_leaves_count),
        T(a_later_card_brings_the_mirror_key),
        T(seen_decides_the_order),
        T(a_wrong_digest_binds_nothing),
        T(a_circle_of_claims),
        T(the_fold_asks_admission),
        T(answers_are_linked),
        T(only_the_author_supersedes),
        T(demanded_answers),
        T(urgent_records_are_to_be_read),
        T(a_suspended_member_owes_flash_only),
        T(line_tests),
        T(silences_are_listed),
        T(groups_have_a_lead),
        T(disowned_from_a_size_on),
        T(receipts_outlive_the_mirror_key),
        T(revoked_for_another_channel),
        T(mirror_key_within_what_is_stood_by),
        T(a_fork_contests_what_moves),
        T(folding_out_of_room),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
