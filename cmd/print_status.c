/* The page that goes back to who submitted a notice: what became of it, with each recipient; and
 * what is not known. Held, read, passed down and answered are four columns, never one. */
#include "print.h"

/* ---- told to us by other ways -------------------------------------------------------------------
 */
/* who told it, by which way, when; NULL: a position of our own, or one that does not count */
static const json_t *told_by(const json_t *r) {
    const json_t *reported = json_object_get(json_object_get(r, "envelope"), "reported");
    return json_is_object(reported) && *print_str(r, "mark") == 0 ? reported : NULL;
}
/* A member may have no line to its node and tell us by phone: named as in the charter, it is found
 */
static bool was_told(const struct print_page *p, const char *member, const char *type) {
    size_t i;
    const json_t *x;
    json_array_foreach(p->told, i, x) {
        const json_t *reported = told_by(x);
        if (reported && strcmp(print_str(reported, "who"), member) == 0 &&
            strcmp(print_str(x, "position"), type) == 0)
            return true;
    }
    return false;
}
static void put_unknown_or_told(struct print_page *p, const char *member, const char *type,
                                enum print_word unknown) {
    print_z(&p->h, print_w(p, was_told(p, member, type) ? PW_TOLD_BELOW : unknown));
}

/* ---- a recipient --------------------------------------------------------------------------------
 */
/* of a closed record held means leaf and content (9.5.5) */
static void put_held(struct print_page *p, const json_t *h) {
    const json_t *body = json_object_get(h, "body_held");
    if (print_true(h, "held")) {
        print_when_json(p, json_object_get(h, "held_since"));
        if (!print_true(h, "held_logged"))
            print_f(&p->h, "<br/><span class=\"small\">%s</span>", print_w(p, PW_HELD_TOLD));
    } else if (json_is_true(body)) {
        print_z(&p->h, print_w(p, PW_HELD_CONTENT_ONLY));
    } else {
        print_z(&p->h, print_w(p, PW_HELD_UNKNOWN));
    }
    if (print_true(h, "purged")) print_f(&p->h, "<br/>%s", print_w(p, PW_HELD_PURGED));
}
static void put_read(struct print_page *p, const json_t *h) {
    size_t i;
    const json_t *x;
    if (*print_str(h, "read") == 0) {
        put_unknown_or_told(p, print_str(h, "member"), "read", PW_READ_UNKNOWN);
        return;
    }
    print_when_json(p, json_object_get(h, "read"));
    json_array_foreach(json_object_get(h, "read_by"), i, x) {
        print_z(&p->h, i ? print_w(p, PW_COMMA) : "<br/>");
        print_line(&p->h, json_is_string(x) ? json_string_value(x) : "?");
    }
}
/* the level and the person stand in the position's body */
static void put_level(struct print_page *p, const json_t *position) {
    const json_t *body = json_object_get(position, "body");
    const json_t *at = json_object_get(body, "at");
    if (*print_str(body, "level")) {
        print_z(&p->h, "<b>");
        print_line(&p->h, print_str(body, "level"));
        print_z(&p->h, "</b> ");
    } else {
        print_f(&p->h, "%s ", print_w(p, PW_LEVEL_UNSAID));
    }
    print_when_json(p, json_is_string(at) ? at : json_object_get(position, "created"));
    if (*print_str(body, "by")) {
        print_z(&p->h, " · ");
        print_line(&p->h, print_str(body, "by"));
    }
}
static bool counts(const json_t *position, const char *member) {
    return strcmp(print_str(position, "member"), member) == 0 && *print_str(position, "mark") == 0;
}
static void put_passed_down(struct print_page *p, const char *member) {
    size_t i, n = 0;
    const json_t *x;
    json_array_foreach(json_object_get(p->record, "positions"), i, x) {
        if (!counts(x, member) || strcmp(print_str(x, "position"), "passed-down") != 0) continue;
        if (n++) print_z(&p->h, "<br/>");
        put_level(p, x);
    }
    if (n == 0) put_unknown_or_told(p, member, "passed-down", PW_PASSED_UNKNOWN);
}
/* What was said to us alone goes no further by itself: that it was said and when, and its reason
 * only where whoever prints asked for it. */
static void put_answer(struct print_page *p, const json_t *position) {
    const char *type = print_str(position, "position");
    const char *reason = print_str(json_object_get(position, "body"), "reason");
    print_z(&p->h, "<b>");
    print_term_of(p, *type ? type : print_w(p, PW_UNREADABLE));
    print_z(&p->h, "</b> ");
    print_when_json(p, json_object_get(position, "created"));
    if (*reason == 0) return;
    print_z(&p->h, "<br/>");
    if (p->reasons)
        print_paragraphs(&p->h, reason);
    else
        print_f(&p->h, "<span class=\"small\">%s</span>", print_w(p, PW_REASON_WITHHELD));
}
static void put_answers(struct print_page *p, const char *member) {
    size_t i, n = 0;
    const json_t *x;
    json_array_foreach(json_object_get(p->record, "positions"), i, x) {
        const char *type = print_str(x, "position");
        if (!counts(x, member) || strcmp(type, "read") == 0 || strcmp(type, "passed-down") == 0)
            continue;
        if (n++) print_z(&p->h, "<br/>");
        put_answer(p, x);
    }
    if (n == 0) put_unknown_or_told(p, member, "query", PW_ANSWER_NONE);
}
static void put_recipient(struct print_page *p, const json_t *h) {
    const char *member = print_str(h, "member");
    print_z(&p->h, "<tr><td>");
    print_party(p, member);
    print_z(&p->h, "</td><td>");
    put_held(p, h);
    print_z(&p->h, "</td><td>");
    put_read(p, h);
    print_z(&p->h, "</td><td>");
    put_passed_down(p, member);
    print_z(&p->h, "</td><td>");
    put_answers(p, member);
    print_z(&p->h, "</td></tr>\n");
}
static bool is_recipient(const json_t *h) {
    return print_true(h, "reader") && !print_true(h, "author");
}
static void put_recipients(struct print_page *p) {
    static const enum print_word heads[] = {PW_RECIPIENT, PW_HELD_SINCE, PW_READ_BY,
                                            PW_PASSED_DOWN_TO, PW_ANSWERED};
    size_t i, n = 0;
    const json_t *x;
    print_f(&p->h, "<h2>%s</h2>\n<table class=\"grid five\">\n<tr>", print_w(p, PW_RECIPIENTS));
    for (i = 0; i < 5; i++)
        print_f(&p->h, "<th>%s</th>", print_w(p, heads[i]));
    print_z(&p->h, "</tr>\n");
    json_array_foreach(json_object_get(p->record, "holders"), i, x) {
        if (!is_recipient(x)) continue;
        put_recipient(p, x);
        n++;
    }
    if (n == 0) print_f(&p->h, "<tr><td colspan=\"5\">%s</td></tr>\n", print_w(p, PW_NOBODY_ELSE));
    print_z(&p->h, "</table>\n");
}

/* ---- what was told ------------------------------------------------------------------------------
 */
static void put_told_one(struct print_page *p, const json_t *r, const json_t *reported) {
    const json_t *body = json_object_get(r, "body");
    const char *type = print_str(r, "position");
    const json_t *at = json_object_get(reported, "at");
    print_z(&p->h, "<tr><td>");
    print_line(&p->h, print_str(reported, "who"));
    print_z(&p->h, "</td><td>");
    print_line(&p->h, print_str(reported, "carrier"));
    print_z(&p->h, "</td><td>");
    print_when_json(p, json_is_string(at) ? at : json_object_get(r, "created"));
    print_z(&p->h, "</td><td><b>");
    print_term_of(p, type);
    print_z(&p->h, "</b> ");
    if (*print_str(body, "level")) print_line(&p->h, print_str(body, "level"));
    if (*print_str(body, "by")) {
        print_z(&p->h, " · ");
        print_line(&p->h, print_str(body, "by"));
    }
    if (p->reasons) print_paragraphs(&p->h, print_str(body, "reason"));
    print_z(&p->h, "</td></tr>\n");
}
static void put_told(struct print_page *p) {
    static const enum print_word heads[] = {PW_WHO, PW_BY_WAY_OF, PW_WHEN, PW_WHAT};
    size_t i, n = 0;
    const json_t *x;
    json_array_foreach(p->told, i, x) {
        const json_t *reported = told_by(x);
        if (reported == NULL) continue;
        if (n++ == 0) {
            print_f(&p->h, "<h2>%s</h2>\n<table class=\"grid\">\n<tr>", print_w(p, PW_TOLD));
            for (size_t k = 0; k < 4; k++)
                print_f(&p->h, "<th>%s</th>", print_w(p, heads[k]));
            print_z(&p->h, "</tr>\n");
        }
        put_told_one(p, x, reported);
    }
    if (n) print_z(&p->h, "</table>\n");
}

/* ---- what is not known --------------------------------------------------------------------------
 */
static bool has_answer(const struct print_page *p, const char *member, const char *type) {
    size_t i;
    const json_t *x;
    json_array_foreach(json_object_get(p->record, "positions"), i, x) {
        if (counts(x, member) && strcmp(print_str(x, "position"), type) == 0) return true;
    }
    return false;
}
enum column { HELD, READ, PASSED };
static bool known(const struct print_page *p, const json_t *h, enum column c) {
    if (c == HELD) return print_true(h, "held");
    const char *member = print_str(h, "member");
    if (c == READ) return *print_str(h, "read") != 0 || was_told(p, member, "read");
    return has_answer(p, member, "passed-down") || was_told(p, member, "passed-down");
}
static void put_missing(struct print_page *p, enum column c, enum print_word w) {
    size_t i, n = 0;
    const json_t *x;
    json_array_foreach(json_object_get(p->record, "holders"), i, x) {
        if (!is_recipient(x) || known(p, x, c)) continue;
        if (n++)
            print_z(&p->h, print_w(p, PW_COMMA));
        else
            print_f(&p->h, "<p>%s ", print_w(p, w));
        print_ltr(&p->h, print_str(x, "member"));
    }
    if (n) print_z(&p->h, ".</p>\n");
}
static void put_unknown(struct print_page *p) {
    print_f(&p->h, "<h2>%s</h2>\n", print_w(p, PW_NOT_KNOWN));
    put_missing(p, HELD, PW_MISSING_HELD);
    put_missing(p, READ, PW_MISSING_READ);
    put_missing(p, PASSED, PW_MISSING_PASSED);
    print_f(&p->h, "<p>%s</p>\n", print_w(p, PW_UNKNOWN_SAYS));
}

/* ---- together -----------------------------------------------------------------------------------
 */
static void put_head(struct print_page *p) {
    const json_t *reported = json_object_get(json_object_get(p->record, "envelope"), "reported");
    print_z(&p->h, "<table class=\"facts\">\n");
    if (json_is_object(reported)) {
        print_row(p, PW_FOR_SUBMITTER);
        print_z(&p->h, "<b>");
        print_line(&p->h, print_str(reported, "who"));
        print_z(&p->h, "</b>");
        print_row_end(p);
    }
    print_row(p, PW_FROM);
    print_party(p, print_str(p->record, "author"));
    print_row_end(p);
    print_row(p, PW_WRITTEN);
    print_when_json(p, json_object_get(p->record, "created"));
    print_row_end(p);
    print_row(p, PW_AS_OF);
    print_when(p, p->now_utc_ms);
    print_row_end(p);
    print_z(&p->h, "</table>\n");
}
static void put_foot(struct print_page *p) {
    print_f(&p->h, "<p class=\"foot\"><b>%s</b> %s %s<br/><span class=\"small\">",
            print_w(p, PW_NO_AGREEMENT), print_w(p, PW_STATUS_WORDS), print_w(p, PW_PROTECTION));
    print_clock_note(p);
    print_z(&p->h, "</span></p>\n");
}
bool print_status(struct print_page *p) {
    const char *class_ = print_str(p->record, "class");
    print_begin(p, PW_STATUS);
    if (strcmp(class_, "site") == 0 || strcmp(class_, "movement") == 0)
        print_box(p, PW_PROTECTED_PLACE, PW_PROTECTED_SAYS);
    print_standing(p);
    put_head(p);
    put_recipients(p);
    put_told(p);
    put_unknown(p);
    print_proof(p);
    put_foot(p);
    print_end(p);
    return !p->h.failed;
}
