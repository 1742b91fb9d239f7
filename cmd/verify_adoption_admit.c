/* What of a text and of the positions on it would bear a mark by the charter that is shown (9.7.11,
 * 5.7): the rules' own judge is asked, with what the leaves and the parts here say. What rests on
 * who had left, suspended its part or forked its log is not asked: that is not shown. */
#include "cmd/verify_adoption.h"

bool va_on_text(const struct va_word *w) {
    for (size_t i = 0; i < w->on_n; i++)
        if (w->on[i] == VA_ON_TEXT) return true;
    return false;
}

/* ---- words for it -------------------------------------------------------------------------------
 */

const char *va_why_name(const struct va_word *w) {
    switch (w->why) {
    case VA_STRANGER:
        return "no-member";
    case VA_REPORTED:
        return "reported";
    case VA_ON_MORE:
        return "answers-more";
    case VA_MARKED:
        return rb_mark_name(w->mark);
    case VA_COUNTS:
        break;
    }
    return "";
}

const char *va_why_text(const struct va_word *w) {
    switch (w->why) {
    case VA_STRANGER:
        return "no member by the charter shown";
    case VA_REPORTED:
        return "another's word as it reports it";
    case VA_ON_MORE:
        return "it answers something, too, that is not here";
    case VA_MARKED:
        return rb_mark_text(w->mark);
    case VA_COUNTS:
        break;
    }
    return "";
}

/* ---- the judge ----------------------------------------------------------------------------------
 */

static struct rb_fact fact_of(const struct vd *d, int position) {
    return (struct rb_fact){.kind = (uint8_t)d->rec.kind,
                            .precedence = (uint8_t)d->rec.precedence,
                            .signers = (uint8_t)d->rec.signers_n,
                            .closed = d->rec.closed,
                            .emergency = d->rec.emergency.n > 0,
                            .position = (int8_t)position,
                            .notice_class = -1,
                            .recipients = d->rec.recipients};
}

static int type_of(const struct va_word *w) {
    return w->content ? (int)w->p.type : 0;
}

/* of what it answers, the first that would give it a mark */
static enum rb_mark mark_of(const struct va *a, size_t i) {
    const struct va_word *w = &a->word[i];
    const struct rb_fact fact = fact_of(a->f.position[i], type_of(w));
    for (size_t k = 0; k < w->on_n; k++) {
        const bool text = w->on[k] == VA_ON_TEXT;
        const struct vd *on = text ? a->f.text : a->f.position[w->on[k]];
        const uint16_t author = text ? a->author : w->member;
        /* nothing is known of it, or its author has no index */
        if (on->f.level == VD_HASH || author == VA_NO_MEMBER) continue;
        const struct rb_fact subject = fact_of(on, text ? 0 : type_of(&a->word[w->on[k]]));
        const struct rb_standing standing = {
            .in_force = true, .author = w->member, .subject_author = author};
        const enum rb_mark mark =
            rb_rules_admit(&a->charter, &fact, &subject, author == w->member, &standing);
        if (mark != RB_MARK_NONE) return mark;
    }
    return RB_MARK_NONE;
}

static void admit_position(struct va *a, size_t i) {
    struct va_word *w = &a->word[i];
    const struct vd *d = a->f.position[i];
    w->why = VA_COUNTS;
    if (w->member == VA_NO_MEMBER)
        w->why = VA_STRANGER;
    else if (d->f.level == VD_HASH)
        return;
    else if (d->rec.reported_who.n > 0)
        w->why = VA_REPORTED;
    else if (w->on_more)
        w->why = VA_ON_MORE;
    else if ((w->mark = mark_of(a, i)) != RB_MARK_NONE)
        w->why = VA_MARKED;
}

void va_admit(struct va *a) {
    const struct rb_fact text = fact_of(a->f.text, 0);
    const struct rb_standing standing = {.in_force = true, .author = a->author};
    a->text_mark = a->author == VA_NO_MEMBER
                       ? RB_MARK_NONE
                       : rb_rules_admit(&a->charter, &text, NULL, false, &standing);
    for (size_t i = 0; i < a->f.position_n; i++)
        admit_position(a, i);
}
