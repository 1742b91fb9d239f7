/* The page of a notice or stop-fire, for a counterpart without a node: what is said, by whom, where
 * and when, how to match it with the log, and a form for what happens to it there. */
#include "print.h"

/* ---- head ---------------------------------------------------------------------------------------
 */
static bool names_protected(const struct print_page *p) {
    const char *class_ = print_str(p->record, "class");
    return strcmp(class_, "site") == 0 || strcmp(class_, "movement") == 0;
}
static void put_demand(struct print_page *p, const json_t *demand) {
    if (!json_is_object(demand)) return;
    print_row(p, PW_ANSWER_BY);
    print_term_of(p, print_str(demand, "position"));
    print_z(&p->h, " · ");
    print_when_json(p, json_object_get(demand, "by"));
    print_row_end(p);
}
static void put_officers(struct print_page *p) {
    size_t i;
    const json_t *x;
    print_row(p, PW_SIGNED);
    json_array_foreach(json_object_get(p->record, "officers"), i, x) {
        if (i) print_z(&p->h, print_w(p, PW_COMMA));
        if (json_is_string(x))
            print_line(&p->h, json_string_value(x));
        else
            print_z(&p->h, print_w(p, PW_KEY_WITHOUT_NAME));
    }
    print_row_end(p);
}
static void put_head(struct print_page *p) {
    print_z(&p->h, "<table class=\"facts\">\n");
    print_row(p, PW_FROM);
    print_party(p, print_str(p->record, "author"));
    print_row_end(p);
    print_row(p, PW_TO);
    print_recipients(p);
    print_row_end(p);
    print_row(p, PW_WRITTEN);
    print_when_json(p, json_object_get(p->record, "created"));
    print_row_end(p);
    put_officers(p);
    put_demand(p, json_object_get(json_object_get(p->record, "envelope"), "demand"));
    print_z(&p->h, "</table>\n");
}

/* ---- what is said -------------------------------------------------------------------------------
 */
static void put_text(struct print_page *p, const json_t *body) {
    const char *text = print_str(body, "text"), *markings = print_str(body, "markings");
    const json_t *review = json_object_get(body, "review_by");
    if (*text) {
        print_f(&p->h, "<h2>%s</h2>\n<div class=\"text\">", print_w(p, PW_TEXT));
        print_paragraphs(&p->h, text);
        print_z(&p->h, "</div>\n");
    }
    if (*markings) {
        print_f(&p->h, "<h2>%s</h2>\n<div class=\"text\">", print_w(p, PW_MARKINGS));
        print_paragraphs(&p->h, markings);
        print_z(&p->h, "</div>\n");
    }
    if (!json_is_string(review)) return;
    print_f(&p->h, "<p><b>%s</b> ", print_w(p, PW_REVIEW_BY));
    print_when_json(p, review);
    print_f(&p->h, " <span class=\"small\">%s</span></p>\n", print_w(p, PW_REVIEW_SAYS));
}

/* ---- form ---------------------------------------------------------------------------------------
 */
static void cell(struct print_page *p, enum print_word w, int columns) {
    print_f(&p->h, "<td colspan=\"%d\">%s</td>", columns, print_w(p, w));
}
static void put_form(struct print_page *p) {
    print_f(&p->h, "<h2>%s</h2>\n<table class=\"form\">\n<tr>", print_w(p, PW_FORM));
    cell(p, PW_FORM_READ_BY, 3);
    cell(p, PW_FORM_POST, 3);
    cell(p, PW_FORM_AT, 2);
    print_z(&p->h, "</tr>\n<tr>");
    cell(p, PW_FORM_PASSED_DOWN, 3);
    cell(p, PW_FORM_TAKEN_BY, 3);
    cell(p, PW_FORM_AT, 2);
    print_z(&p->h, "</tr>\n<tr>");
    cell(p, PW_FORM_QUERY, 6);
    cell(p, PW_FORM_SIGNATURE, 2);
    print_z(&p->h, "</tr>\n</table>\n");
}
static void put_foot(struct print_page *p) {
    print_f(&p->h, "<p class=\"foot\"><b>%s</b> %s", print_w(p, PW_NO_AGREEMENT),
            print_w(p, PW_PROTECTION));
    print_f(&p->h, "<br/><span class=\"small\">%s ", print_w(p, PW_PRINTED));
    print_when(p, p->now_utc_ms);
    print_z(&p->h, ". ");
    print_clock_note(p);
    print_z(&p->h, "</span></p>\n");
}

bool print_notice(struct print_page *p) {
    const json_t *body = json_object_get(p->record, "body");
    bool stop = strcmp(print_str(p->record, "kind"), "stop-fire") == 0;
    struct print_volumes v;
    if (!print_volumes_read(json_object_get(body, "volumes"), &v)) return false;
    print_begin(p, stop ? PW_STOP_FIRE : PW_NOTICE);
    if (names_protected(p)) print_box(p, PW_PROTECTED_PLACE, PW_PROTECTED_SAYS);
    print_standing(p);
    put_head(p);
    put_text(p, body);
    print_places(p, &v);
    print_proof(p);
    put_form(p);
    put_foot(p);
    print_end(p);
    print_volumes_free(&v);
    return !p->h.failed;
}
