/* Who owes an answer, and who was silent on the line (design §4, §8, §9). Clauses 5.10.x. */
#include "internal.h"

static bool of_substance(enum rb_kind k) {
    switch (k) {
    case RB_KIND_NOTICE:
    case RB_KIND_STOP_FIRE:
    case RB_KIND_REQUEST:
    case RB_KIND_CESSATION:
    case RB_KIND_INCIDENT:
    case RB_KIND_FINDING:
    case RB_KIND_FIGURE:
    case RB_KIND_DESIGNATION:
    case RB_KIND_TEXT:
    case RB_KIND_AGREEMENT:
    case RB_KIND_PROGRESS:
    case RB_KIND_CONTACT:
    case RB_KIND_READOUT:
    case RB_KIND_STATEMENT:
    case RB_KIND_ROSTER:
        return true;
    case RB_KIND_CHARTER:
    case RB_KIND_AMENDMENT:
    case RB_KIND_MEMBERSHIP:
    case RB_KIND_CARD:
    case RB_KIND_TEST:
    case RB_KIND_SERVICE:
    case RB_KIND_NIL:
    case RB_KIND_RECEIPT:
    case RB_KIND_SILENCE:
    case RB_KIND_POSITION:
    case RB_KIND_DELEGATION:
    case RB_KIND_ROTATION:
    case RB_KIND_REVOCATION:
    case RB_KIND_ATTACHMENT:
        return false;
    }
    return false;
}

/* an answer time of the charter that applies to the record, 0 if none */
static int64_t answer_time(const struct rb_fold *f, const struct rb_fact *fact) {
    if (!f->in_force || !of_substance((enum rb_kind)fact->kind)) return 0;
    if (fact->precedence != RB_FLASH && fact->precedence != RB_IMMEDIATE) return 0;
    return f->charter->answer_ms[fact->precedence];
}

/* A suspended member answers FLASH only; who has left answers nothing more. */
static bool owes(const struct rb_fold *f, const struct rb_fact *fact, uint16_t author,
                 uint16_t member) {
    const struct rb_party_state *p = &f->party[member];
    if (member == author || !p->listed || (p->left && !p->rejoined)) return false;
    if (fact->closed && !(fact->recipients >> member & 1)) return false;
    if (fact->demand.present && fact->demand.members != 0 && !(fact->demand.members >> member & 1))
        return false;
    return !p->suspended || fact->precedence == RB_FLASH;
}

/* one more, to be filled in */
static enum rb_err push(struct rb_fold *f, struct rb_sit_due **due) {
    struct rb_situation *s = f->s;
    RB_TRY(RB_FOLD_MORE(f, s->dues, s->dues_n, f->dues_cap));
    RB_TRY(RB_FOLD_MORE(f, f->due_charter, s->dues_n, f->due_charter_cap));
    f->due_charter[s->dues_n] = f->charter;
    *due = &s->dues[s->dues_n++];
    return RB_OK;
}

/* Until a reader is known to hold the record, an answer time of the charter has not begun: the due
 * is there, pending, with time 0. What the record demands itself runs by its own time. */
static int64_t due_time(const struct rb_fold *f, uint32_t place, uint16_t member, int64_t span) {
    uint64_t time_s;
    if (!rb_situation_held(f->s, place, member, &time_s)) return 0;
    int64_t t = rb_t_ms(time_s), due;
    return __builtin_add_overflow(t, span, &due) ? INT64_MAX : due;
}

enum rb_err rb_due_open(struct rb_fold *f, uint32_t node) {
    const struct rb_fact *fact = rb_fold_fact(f, node);
    int64_t span = answer_time(f, fact);
    uint32_t place = f->place[node];
    if (!fact->demand.present && span <= 0) return RB_OK;
    for (size_t i = 0; i < f->charter->members_n; i++) {
        uint16_t m = f->charter->members[i].index;
        if (!owes(f, fact, rb_fold_author(f, node), m)) continue;
        struct rb_sit_due *due;
        RB_TRY(push(f, &due));
        due->subject = place;
        due->member = m;
        due->state = RB_DUE_PENDING;
        due->answer = RB_NOWHERE;
        due->position = fact->demand.present ? (uint8_t)fact->demand.position : RB_POSITION_READ;
        due->due_utc_ms =
            fact->demand.present ? fact->demand.by_utc_ms : due_time(f, place, m, span);
    }
    return RB_OK;
}

/* positions by which an officer commits the party; read, passed-down and query do not */
static bool commits(int position) {
    return position >= RB_POSITION_DISPUTE_FACT && position <= RB_POSITION_TOOK_PLACE;
}

/* Demanded is an answer, not agreement: a refusal answers a demand to comply. Whoever answers
 * anything has read. */
static bool satisfies(int demanded, int given) {
    if (demanded == given || demanded == RB_POSITION_READ) return true;
    return commits(demanded) && commits(given);
}

/* a closed position whose type is not known here */
static bool unread(const struct rb_fact *position) {
    return position->closed && position->position == 0;
}

/* the member's positions on the record, from the i-th answer on */
static uint32_t next_answer(const struct rb_situation *s, const struct rb_sit_due *due, uint32_t i,
                            bool is_unread) {
    for (; i != RB_NOWHERE; i = s->answers[i].next) {
        uint32_t a = s->answers[i].answer;
        const struct rb_fact *fact = rb_situation_fact(s, a);
        if (rb_situation_author(s, a) != due->member || unread(fact) != is_unread) continue;
        if (fact->reported) continue; /* another's word (5.7.13) */
        if (is_unread || satisfies(due->position, fact->position)) return i;
    }
    return RB_NOWHERE;
}

static enum rb_due_state answered(const struct rb_fold *f, const struct rb_charter *c,
                                  const struct rb_sit_due *due, uint32_t answer) {
    int64_t t_ms;
    if (due->due_utc_ms == 0)
        return RB_DUE_MET; /* answered before anyone logged that it holds it */
    switch (rb_deadline_judge(f->s, c, answer, due->due_utc_ms, &t_ms)) {
    case RB_DEADLINE_MET:
        return RB_DUE_MET;
    case RB_DEADLINE_LATE:
        return RB_DUE_MISSED;
    case RB_DEADLINE_CONTESTED:
        return RB_DUE_CONTESTED_BY_TIME;
    }
    return RB_DUE_PENDING;
}

/* What is said of the due where no position that can be read here met it. A closed one that cannot
 * may be the answer demanded, so nobody was proven silent; too late is too late whatever it says.
 */
static void settle_unread(const struct rb_fold *f, const struct rb_charter *c,
                          struct rb_sit_due *due) {
    const struct rb_situation *s = f->s;
    uint32_t first = s->order[due->subject].first_answer;
    for (uint32_t i = next_answer(s, due, first, true); i != RB_NOWHERE;
         i = next_answer(s, due, s->answers[i].next, true)) {
        bool late = answered(f, c, due, s->answers[i].answer) == RB_DUE_MISSED;
        if (late && due->answer != RB_NOWHERE) continue;
        due->answer = s->answers[i].answer;
        due->state = late ? RB_DUE_MISSED : RB_DUE_PENDING;
        if (!late) return;
    }
}

static void settle_one(const struct rb_fold *f, const struct rb_charter *c,
                       struct rb_sit_due *due) {
    const struct rb_situation *s = f->s;
    const uint32_t first = s->order[due->subject].first_answer;
    bool over = due->due_utc_ms != 0 && s->now_utc_ms > due->due_utc_ms;
    if (first == RB_NOWHERE) { /* most of them */
        due->answer = RB_NOWHERE;
        due->state = over ? RB_DUE_MISSED : RB_DUE_PENDING;
        return;
    }
    uint32_t i = next_answer(s, due, first, false);
    due->answer = i == RB_NOWHERE ? RB_NOWHERE : s->answers[i].answer;
    due->state = (uint8_t)(i != RB_NOWHERE ? answered(f, c, due, due->answer)
                           : over          ? RB_DUE_MISSED
                                           : RB_DUE_PENDING);
    if (due->state != RB_DUE_MET) settle_unread(f, c, due);
}

/* one that says that its time is still ahead is looked at again when it is there */
static enum rb_err settle_and_note(struct rb_fold *f, size_t from, size_t to) {
    struct rb_situation *s = f->s;
    int64_t noted = 0; /* of this subject: several often have the same */
    for (size_t i = from; i < to; i++) {
        struct rb_sit_due *due = &s->dues[i];
        if (i > from && due[-1].subject != due->subject) noted = 0;
        settle_one(f, f->due_charter[i], due);
        if (!f->kept || due->due_utc_ms == 0 || due->due_utc_ms < s->now_utc_ms) continue;
        if (noted == due->due_utc_ms) continue;
        noted = due->due_utc_ms;
        RB_TRY(rb_wake_push(f, RB_WAKE_DUES, f->sorted[due->subject], noted));
    }
    return RB_OK;
}

enum rb_err rb_due_settle(struct rb_fold *f, size_t from) {
    return settle_and_note(f, from, f->s->dues_n);
}

static size_t dues_of(const struct rb_situation *s, uint32_t subject) {
    size_t lo = 0, hi = s->dues_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->dues[mid].subject < subject)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static enum rb_err again(struct rb_fold *f, size_t i) {
    struct rb_sit_due *due = &f->s->dues[i];
    const struct rb_fact *fact = rb_situation_fact(f->s, due->subject);
    if (!fact->demand.present)
        due->due_utc_ms =
            due_time(f, due->subject, due->member, f->due_charter[i]->answer_ms[fact->precedence]);
    return settle_and_note(f, i, i + 1);
}

enum rb_err rb_due_again(struct rb_fold *f, uint32_t subject, uint16_t member) {
    const struct rb_situation *s = f->s;
    for (size_t i = dues_of(s, subject); i < s->dues_n && s->dues[i].subject == subject; i++)
        if (s->dues[i].member == member) return again(f, i);
    return RB_OK;
}

enum rb_err rb_dues_again(struct rb_fold *f, uint32_t subject) {
    const struct rb_situation *s = f->s;
    for (size_t i = dues_of(s, subject); i < s->dues_n && s->dues[i].subject == subject; i++)
        RB_TRY(again(f, i));
    return RB_OK;
}

/* ---- line tests -------------------------------------------------------------------------------
 */

static struct rb_sit_member *sit_member(struct rb_situation *s, uint16_t index) {
    for (size_t i = 0; i < s->members_n; i++)
        if (s->members[i].index == index) return &s->members[i];
    return NULL;
}

/* a slot that has not come yet proves nothing, and one off the schedule belongs to no slot */
enum rb_err rb_test_note(struct rb_fold *f, uint32_t place) {
    struct rb_test t;
    const struct rb_fact *fact = rb_situation_fact(f->s, place);
    struct rb_sit_member *m = sit_member(f->s, rb_situation_author(f->s, place));
    uint64_t interval_ms = (uint64_t)f->charter->test_interval_s * 1000;
    if (m == NULL || interval_ms == 0 || rb_test_decode(fact->body, &t, NULL) != RB_OK)
        return RB_OK;
    if (t.slot_utc_ms % interval_ms != 0 || t.slot_utc_ms > INT64_MAX) return RB_OK;
    if ((int64_t)t.slot_utc_ms > f->s->now_utc_ms)
        return rb_wake_push(f, RB_WAKE_TEST, f->sorted[place], (int64_t)t.slot_utc_ms);
    if (t.slot_utc_ms > m->last_test_slot) m->last_test_slot = t.slot_utc_ms;
    return RB_OK;
}

static void count_missed(const struct rb_fold *f, struct rb_sit_member *m) {
    m->tests_missed = 0;
    int64_t interval = (int64_t)f->charter->test_interval_s * 1000;
    int64_t ripe = f->s->now_utc_ms - (int64_t)f->charter->test_grace_s * 1000;
    int64_t from = f->in_force_from_ms;
    if (interval == 0 || !f->in_force || m->left || ripe < 0) return;
    if (m->last_test_slot > 0 && (int64_t)m->last_test_slot > from)
        from = (int64_t)m->last_test_slot;
    int64_t missed = ripe / interval - from / interval;
    m->tests_missed = missed <= 0 ? 0 : missed > UINT32_MAX ? UINT32_MAX : (uint32_t)missed;
}

void rb_tests_count(struct rb_fold *f) {
    for (size_t i = 0; i < f->s->members_n; i++)
        count_missed(f, &f->s->members[i]);
}
