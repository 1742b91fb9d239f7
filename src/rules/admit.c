/* Admission: the one place for what a record must satisfy under a charter (design §4, §5). The fold
 * judges by it, and a node asks it before it releases. Clauses 5.7.x. */
#include "internal.h"

const char *rb_mark_name(enum rb_mark m) {
    switch (m) {
#define X(name, num, text, sentence)                                                               \
    case RB_MARK_##name:                                                                           \
        return text;
        RB_MARK_LIST(X)
#undef X
    }
    return "?";
}

const char *rb_mark_text(enum rb_mark m) {
    switch (m) {
#define X(name, num, text, sentence)                                                               \
    case RB_MARK_##name:                                                                           \
        return sentence;
        RB_MARK_LIST(X)
#undef X
    }
    return "?";
}

const char *rb_charter_state_name(enum rb_charter_state s) {
    switch (s) {
    case RB_CHARTER_PROPOSED:
        return "proposed";
    case RB_CHARTER_IN_FORCE:
        return "in-force";
    case RB_CHARTER_LAPSED:
        return "lapsed";
    case RB_CHARTER_REJECTED:
        return "rejected";
    case RB_CHARTER_CONTESTED_BY_TIME:
        return "contested-by-time";
    case RB_CHARTER_UNKNOWN_RULES:
        return "unknown-rules";
    }
    return "?";
}

const char *rb_due_state_name(enum rb_due_state s) {
    switch (s) {
    case RB_DUE_PENDING:
        return "pending";
    case RB_DUE_MET:
        return "met";
    case RB_DUE_MISSED:
        return "missed";
    case RB_DUE_CONTESTED_BY_TIME:
        return "contested-by-time";
    }
    return "?";
}

static const struct rb_kind_policy *policy_of(const struct rb_charter *c, enum rb_kind kind) {
    for (size_t i = 0; i < c->policies_n; i++)
        if (c->policies[i].kind == kind) return &c->policies[i];
    return NULL;
}

bool rb_rules_needs_two(const struct rb_charter *c, enum rb_kind kind, int position_type) {
    const struct rb_kind_policy *p = policy_of(c, kind);
    if (rb_kind_is_machine(kind) || rb_kind_never_needs_two(kind, position_type)) return false;
    return p != NULL && p->two_officers;
}

uint32_t rb_rules_keep_days(const struct rb_charter *c, enum rb_kind kind) {
    const struct rb_kind_policy *p = policy_of(c, kind);
    return p == NULL ? 0 : p->keep_days;
}

enum rb_disclosure rb_rules_disclosure(const struct rb_charter *c, enum rb_kind kind, bool own) {
    const struct rb_kind_policy *p = policy_of(c, kind);
    if (p != NULL && p->disclosure != RB_DISCLOSE_UNSAID) return p->disclosure;
    return own ? RB_DISCLOSE_WHOLE : RB_DISCLOSE_FACT;
}

/* Sites, movements, rosters and attachments are closed whatever a charter says: it may close more,
 * not less. */
bool rb_rules_must_close(const struct rb_charter *c, enum rb_kind kind, int notice_class) {
    const struct rb_kind_policy *p = policy_of(c, kind);
    if (rb_kind_always_open(kind)) return false;
    if (kind == RB_KIND_ROSTER || kind == RB_KIND_ATTACHMENT) return true;
    if (kind == RB_KIND_NOTICE &&
        (notice_class == RB_NOTICE_SITE || notice_class == RB_NOTICE_MOVEMENT))
        return true;
    return p != NULL && p->closed;
}

static bool charter_matter(enum rb_kind k) {
    return k == RB_KIND_CHARTER || k == RB_KIND_AMENDMENT || k == RB_KIND_MEMBERSHIP;
}

static bool key_matter(enum rb_kind k) {
    return k == RB_KIND_CARD || k == RB_KIND_DELEGATION || k == RB_KIND_ROTATION ||
           k == RB_KIND_REVOCATION;
}

static bool on_charter(enum rb_kind kind, const struct rb_fact *subject) {
    return kind == RB_KIND_POSITION && subject != NULL &&
           (subject->kind == RB_KIND_CHARTER || subject->kind == RB_KIND_AMENDMENT);
}

/* what passes before the charter is in force: what founds the channel and keeps the line; a
 * position on the charter can be taken back, too */
static bool passes_unfounded(enum rb_kind kind, const struct rb_fact *subject, bool own_subject) {
    bool own_position = kind == RB_KIND_POSITION && subject != NULL && own_subject &&
                        subject->kind == RB_KIND_POSITION;
    return charter_matter(kind) || key_matter(kind) || rb_kind_is_machine(kind) ||
           on_charter(kind, subject) || own_position;
}

/* What passes while its author's part is suspended. A receipt states what was held; the line
 * keeps proving that under suspension too, or a FLASH could not be shown to have arrived. */
static bool passes_suspended(const struct rb_fact *fact, const struct rb_fact *subject) {
    enum rb_kind kind = (enum rb_kind)fact->kind;
    if (fact->precedence == RB_FLASH || charter_matter(kind) || key_matter(kind)) return true;
    if (kind == RB_KIND_TEST || kind == RB_KIND_SERVICE || kind == RB_KIND_RECEIPT ||
        kind == RB_KIND_ROSTER)
        return true;
    return on_charter(kind, subject) ||
           (kind == RB_KIND_POSITION && subject != NULL && subject->precedence == RB_FLASH);
}

/* Charter matters and key matters are decided before everybody's eyes, and so are the answers to
 * them and what takes such an answer back. */
static bool answers_open(const struct rb_fact *fact, const struct rb_fact *subject,
                         const struct rb_standing *standing) {
    if (fact->kind != RB_KIND_POSITION || subject == NULL) return false;
    return rb_kind_always_open((enum rb_kind)subject->kind) || standing->subject_on_charter;
}

static enum rb_mark admit_closing(const struct rb_charter *c, const struct rb_fact *fact,
                                  const struct rb_fact *subject,
                                  const struct rb_standing *standing) {
    enum rb_kind kind = (enum rb_kind)fact->kind;
    bool open = rb_kind_always_open(kind) || answers_open(fact, subject, standing);
    if (open) return fact->closed ? RB_MARK_MUST_BE_OPEN : RB_MARK_NONE;
    if (fact->closed) return RB_MARK_NONE;
    if (kind == RB_KIND_POSITION && subject != NULL && subject->closed)
        return RB_MARK_MUST_BE_CLOSED;
    return rb_rules_must_close(c, kind, fact->notice_class) ? RB_MARK_MUST_BE_CLOSED : RB_MARK_NONE;
}

static uint64_t listed_members(const struct rb_charter *c) {
    uint64_t all = 0;
    for (size_t i = 0; i < c->members_n; i++)
        all |= 1ull << c->members[i].index;
    return all;
}

/* Members, the author among them; in a position also the author of what it answers (where it is
 * still a member), and of a closed record's readers nobody is made who was not one. */
static bool recipients_ok(const struct rb_charter *c, const struct rb_fact *fact,
                          const struct rb_fact *subject, const struct rb_standing *standing) {
    uint64_t listed = listed_members(c), own = 1ull << standing->author;
    if ((fact->recipients & ~listed) != 0 || (fact->recipients & own) == 0) return false;
    if (fact->kind != RB_KIND_POSITION || subject == NULL) return true;
    uint64_t asker = 1ull << standing->subject_author;
    if ((listed & asker) != 0 && (fact->recipients & asker) == 0) return false;
    return !subject->closed || (fact->recipients & ~(subject->recipients | asker | own)) == 0;
}

/* of a closed notice that was not opened here the class is not known: denied is what none allows */
static bool may_answer(enum rb_position_type t, const struct rb_fact *subject, bool own_subject) {
    enum rb_kind kind = (enum rb_kind)subject->kind;
    if (kind != RB_KIND_NOTICE || !subject->closed || subject->notice_class >= 0)
        return rb_position_may_answer(t, kind, subject->notice_class, own_subject);
    for (int class_ = 0; class_ < RB_NOTICE_CLASSES; class_++)
        if (rb_position_may_answer(t, kind, class_, own_subject)) return true;
    return false;
}

/* Whoever is asked about its own record may say that it was understood as meant. */
static bool confirms(const struct rb_fact *subject, enum rb_position_type type,
                     const struct rb_standing *standing) {
    return subject->kind == RB_KIND_POSITION && type == RB_POSITION_CONFIRM &&
           standing->subject_queries_own;
}

/* A closed position's type cannot be read in the leaf, so the table is asked by those who can. Who
 * is no recipient can ask what a record says, and cannot have read it or passed it down. What is
 * logged as reported is another's word, and takes back nothing of its author's. */
static enum rb_mark admit_position(const struct rb_fact *fact, const struct rb_fact *subject,
                                   bool own_subject, const struct rb_standing *standing) {
    if (subject == NULL || (fact->position == 0 && fact->closed)) return RB_MARK_NONE;
    enum rb_position_type type = (enum rb_position_type)fact->position;
    bool reads = !subject->closed || own_subject || (subject->recipients >> standing->author & 1);
    if (!reads && type != RB_POSITION_QUERY) return RB_MARK_NOT_IN_TABLE;
    bool may = may_answer(type, subject, own_subject && !fact->reported) || confirms(subject, type, standing);
    return may ? RB_MARK_NONE : RB_MARK_NOT_IN_TABLE;
}

static bool two_missing(const struct rb_charter *c, const struct rb_fact *fact) {
    bool unread = fact->kind == RB_KIND_POSITION && fact->closed && fact->position == 0;
    return !unread && fact->signers < 2 && !fact->emergency &&
           rb_rules_needs_two(c, (enum rb_kind)fact->kind, fact->position);
}

enum rb_mark rb_rules_admit(const struct rb_charter *c, const struct rb_fact *fact,
                            const struct rb_fact *subject, bool own_subject,
                            const struct rb_standing *standing) {
    enum rb_kind kind = (enum rb_kind)fact->kind;
    if (standing->left) return RB_MARK_LEFT;
    if (!standing->in_force && !passes_unfounded(kind, subject, own_subject))
        return RB_MARK_NOT_IN_FORCE;
    if (standing->suspended && !passes_suspended(fact, subject)) return RB_MARK_SUSPENDED;
    enum rb_mark closing = admit_closing(c, fact, subject, standing);
    if (closing != RB_MARK_NONE) return closing;
    if (fact->closed && !recipients_ok(c, fact, subject, standing)) return RB_MARK_WRONG_RECIPIENTS;
    if (kind == RB_KIND_POSITION) {
        enum rb_mark mark = admit_position(fact, subject, own_subject, standing);
        if (mark != RB_MARK_NONE) return mark;
    }
    return two_missing(c, fact) ? RB_MARK_NEEDS_SECOND : RB_MARK_NONE;
}

/* ---- what a position answers ------------------------------------------------------------------
 */

static bool is_on_charter(const struct rb_book *b, const struct rb_fact *position) {
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(position, RB_REF_ANSWERS, &n);
    for (size_t i = 0; i < n; i++) {
        struct rb_feed *f;
        size_t leaf;
        if (!rb_book_find(b, &refs[i], &f, &leaf)) continue;
        if (f->facts[leaf].kind == RB_KIND_CHARTER || f->facts[leaf].kind == RB_KIND_AMENDMENT)
            return true;
    }
    return false;
}

/* A position that asks about a record of the member's. Of a closed one that was not opened here the
 * type is not known: it may be a query. */
static bool queries(const struct rb_book *b, const struct rb_fact *position, uint16_t member) {
    size_t n;
    const struct rb_hash *refs = rb_fact_refs(position, RB_REF_ANSWERS, &n);
    if (position->position != RB_POSITION_QUERY && !(position->closed && position->position == 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct rb_feed *f;
        size_t leaf;
        if (rb_book_find(b, &refs[i], &f, &leaf) && f->member == member) return true;
    }
    return false;
}

void rb_standing_about(struct rb_standing *standing, const struct rb_book *b,
                       const struct rb_feed *f, size_t leaf) {
    const struct rb_fact *subject = &f->facts[leaf];
    standing->subject_author = f->member;
    standing->subject_on_charter = subject->kind == RB_KIND_POSITION && is_on_charter(b, subject);
    standing->subject_queries_own =
        subject->kind == RB_KIND_POSITION && queries(b, subject, standing->author);
}
