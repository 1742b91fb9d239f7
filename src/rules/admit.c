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

/* Sites, movements and rosters are closed whatever a charter says: it may close more, not less. */
bool rb_rules_must_close(const struct rb_charter *c, enum rb_kind kind, int notice_class) {
    const struct rb_kind_policy *p = policy_of(c, kind);
    if (rb_kind_always_open(kind)) return false;
    if (kind == RB_KIND_ROSTER) return true;
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

/* A closed position's type cannot be read in the leaf, so the table is asked by those who can. */
static enum rb_mark admit_position(const struct rb_fact *fact, const struct rb_fact *subject,
                                   bool own_subject) {
    if (subject == NULL) return RB_MARK_NONE;
    enum rb_kind kind = (enum rb_kind)subject->kind;
    if (subject->closed && !fact->closed) return RB_MARK_MUST_BE_CLOSED;
    if (rb_kind_always_open(kind) && fact->closed) return RB_MARK_MUST_BE_OPEN;
    if (fact->position == 0 && fact->closed) return RB_MARK_NONE;
    if (!rb_position_may_answer((enum rb_position_type)fact->position, kind, subject->notice_class,
                                own_subject))
        return RB_MARK_NOT_IN_TABLE;
    return RB_MARK_NONE;
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
    if (rb_kind_always_open(kind) && fact->closed) return RB_MARK_MUST_BE_OPEN;
    if (!fact->closed && rb_rules_must_close(c, kind, fact->notice_class))
        return kind == RB_KIND_POSITION && on_charter(kind, subject) ? RB_MARK_NONE
                                                                     : RB_MARK_MUST_BE_CLOSED;
    if (kind == RB_KIND_POSITION) {
        enum rb_mark mark = admit_position(fact, subject, own_subject);
        if (mark != RB_MARK_NONE) return mark;
    }
    return two_missing(c, fact) ? RB_MARK_NEEDS_SECOND : RB_MARK_NONE;
}
