/* The report from one cut-off to the next, spec 16.5.5: a count of records. */
#include "readback/report.h"
#include "internal.h"
#include "readback/lot.h"

struct counting {
    const struct rb_situation *s;
    struct rb_report *r;
    struct rb_report_member by[RB_MAX_MEMBERS];
};
enum period { PERIOD_NONE, PERIOD_BEFORE, PERIOD_NOW };

/* The earliest T by which somebody of another side held it says when; it does not depend on what
 * time is asked about. */
static bool said_at(const struct rb_situation *s, const struct rb_charter *c, uint32_t record,
                    int64_t *t_ms) {
    (void)rb_deadline_judge(s, c, record, 0, t_ms);
    return *t_ms != 0;
}

static enum period period_of(const struct rb_report *r, int64_t t_ms) {
    if (t_ms < r->before_utc_ms || t_ms >= r->to_utc_ms) return PERIOD_NONE;
    return t_ms < r->from_utc_ms ? PERIOD_BEFORE : PERIOD_NOW;
}

static void add(struct rb_report_number *n, enum period p) {
    if (p == PERIOD_NOW) n->now++;
    if (p == PERIOD_BEFORE) n->before++;
}

static bool is_own_later_version(const struct rb_situation *s, uint32_t record) {
    const struct rb_sit_instrument *in = &s->instruments[s->order[record].instrument];
    return s->entries[in->entry].on != RB_NOWHERE;
}

static void count_incident(struct counting *c, uint32_t record, enum period p) {
    if (is_own_later_version(c->s, record)) {
        add(&c->r->versions, p);
        return;
    }
    add(&c->r->asserted, p);
    add(&c->by[rb_situation_author(c->s, record)].asserted, p);
}

static void count_finding(struct counting *c, uint32_t record, enum period p) {
    const struct rb_gist *g = rb_situation_fact(c->s, record)->gist;
    if (g == NULL)
        add(&c->r->unread, p);
    else if (g->stage == RB_FINDING_ASSIGNED)
        add(&c->r->assigned, p);
    else if (g->stage == RB_FINDING_VISIT)
        add(&c->r->visits[g->value], p);
    else
        add(&c->r->findings[g->value], p);
}

/* of a position each link to an incident */
static void count_word(struct counting *c, uint32_t incident, uint32_t said, enum period p) {
    struct rb_report_member *m = &c->by[rb_situation_author(c->s, said)];
    const struct rb_fact *fact = rb_situation_fact(c->s, said);
    if (fact->closed && fact->position == 0) add(&m->unread, p);
    if (fact->position == RB_POSITION_CONFIRM) add(&m->confirmed, p);
    if (fact->position == RB_POSITION_DISPUTE) add(&m->disputed, p);
    if (fact->position == RB_POSITION_WITHDRAW &&
        rb_situation_author(c->s, incident) == rb_situation_author(c->s, said))
        add(&c->r->withdrawn, p);
}

static bool is_word(const struct rb_situation *s, uint32_t said) {
    const struct rb_fact *fact = rb_situation_fact(s, said);
    const int8_t t = fact->position;
    if (s->order[said].mark != RB_MARK_NONE || fact->reported) return false;
    return (fact->closed && t == 0) || t == RB_POSITION_CONFIRM || t == RB_POSITION_DISPUTE ||
           t == RB_POSITION_WITHDRAW;
}

static void wait_for(struct counting *c, uint32_t record) {
    c->r->waiting[c->r->waiting_n++] = record;
}

static void count_one(struct counting *c, const struct rb_sit_instrument *in, bool incident) {
    const uint32_t record = in->record;
    int64_t t_ms;
    if (!said_at(c->s, in->charter, record, &t_ms))
        wait_for(c, record);
    else if (incident)
        count_incident(c, record, period_of(c->r, t_ms));
    else
        count_finding(c, record, period_of(c->r, t_ms));
}

static void count_words(struct counting *c, const struct rb_sit_instrument *in) {
    const struct rb_situation *s = c->s;
    const uint32_t incident = in->record;
    for (uint32_t i = s->order[incident].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        const uint32_t said = s->answers[i].answer;
        int64_t t_ms;
        if (!is_word(s, said)) continue;
        if (said_at(s, in->charter, said, &t_ms))
            count_word(c, incident, said, period_of(c->r, t_ms));
        else
            wait_for(c, said);
    }
}

static int order_cmp(const void *pa, const void *pb) {
    const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    return a < b ? -1 : a > b;
}

/* a record that waits is listed once, however many incidents it answers */
static void sort_waiting(struct rb_report *r) {
    size_t kept = 0;
    rb_sort(r->waiting, r->waiting_n, sizeof *r->waiting, order_cmp);
    for (size_t i = 0; i < r->waiting_n; i++)
        if (kept == 0 || r->waiting[kept - 1] != r->waiting[i]) r->waiting[kept++] = r->waiting[i];
    r->waiting_n = kept;
}

static bool any(const struct rb_report_number *n) {
    return n->now + n->before > 0;
}

static enum rb_err put_members(const struct counting *c, struct rb_arena *a) {
    struct rb_report *r = c->r;
    r->members = rb_arena_array(a, RB_MAX_MEMBERS, sizeof *r->members);
    if (r->members == NULL) return RB_ERR_LIMIT;
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        const struct rb_report_member *b = &c->by[m];
        if (!any(&b->asserted) && !any(&b->confirmed) && !any(&b->disputed) && !any(&b->unread))
            continue;
        r->members[r->members_n] = *b;
        r->members[r->members_n++].member = m;
    }
    return RB_OK;
}

/* every incident and finding that bears no mark, and each answer to one: at most so many wait */
static size_t most_waiting(const struct rb_situation *s) {
    return s->instruments_n + s->answers_n;
}

enum rb_err rb_report_make(const struct rb_situation *s, int64_t before_utc_ms, int64_t from_utc_ms,
                           int64_t to_utc_ms, struct rb_arena *a, struct rb_report *out) {
    struct rb_report r = {
        .before_utc_ms = before_utc_ms, .from_utc_ms = from_utc_ms, .to_utc_ms = to_utc_ms};
    struct counting c = {.s = s, .r = &r};
    if (before_utc_ms > from_utc_ms || from_utc_ms > to_utc_ms) return RB_ERR_USAGE;
    r.waiting = rb_arena_array(a, most_waiting(s), sizeof *r.waiting);
    if (r.waiting == NULL) return RB_ERR_LIMIT;
    for (size_t i = 0; i < s->instruments_n; i++) {
        const uint32_t record = s->instruments[i].record;
        const enum rb_kind kind = (enum rb_kind)rb_situation_fact(s, record)->kind;
        if (s->order[record].mark != RB_MARK_NONE) continue;
        if (kind != RB_KIND_INCIDENT && kind != RB_KIND_FINDING) continue;
        count_one(&c, &s->instruments[i], kind == RB_KIND_INCIDENT);
        if (kind == RB_KIND_INCIDENT) count_words(&c, &s->instruments[i]);
    }
    sort_waiting(&r);
    RB_TRY(put_members(&c, a));
    *out = r;
    return RB_OK;
}
