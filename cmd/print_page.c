/* Pieces that every page has: frame and style, who says it to whom, times, what stands against it,
 * and what lets paper and log be matched. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "print.h"
#include "readback/text.h"

const char *print_str(const json_t *o, const char *key) {
    const char *z = json_string_value(json_object_get(o, key));
    return z ? z : "";
}
bool print_true(const json_t *o, const char *key) {
    return json_is_true(json_object_get(o, key));
}
const char *print_w(const struct print_page *p, enum print_word w) {
    return print_word(p->lang, w);
}
void print_term_of(struct print_page *p, const char *word) {
    print_text(&p->h, rb_str(print_term(p->lang, word)));
}

/* ---- frame and style ----------------------------------------------------------------------------
 */
/* Black on white and no filled backgrounds: browsers leave those out on paper, and a fax spends
 * minutes on them. The head of the table stands on every sheet. */
static const char style[] =
    "html{font:9pt/1.3 'Noto Sans','DejaVu Sans',Arial,'Noto Sans Arabic','Noto Naskh "
    "Arabic',sans-serif;color:#000;background:#fff}\n"
    "body{margin:0 auto;max-width:186mm;padding:0 .3mm}\n"
    "*{box-sizing:border-box}\n"
    "table{border-collapse:collapse}\n"
    ".sheet{width:100%}.sheet>*>tr>td{padding:0;vertical-align:top}\n"
    "thead{display:table-header-group}\n"
    ".exercise{border:1mm double #000;text-align:center;font-weight:700;font-size:12pt;"
    "letter-spacing:.14em;padding:.6mm 2mm;margin-bottom:2mm}\n"
    "html[dir=rtl] .exercise{letter-spacing:0}\n"
    ".top{display:flex;align-items:flex-start;gap:4mm;border-bottom:.6mm solid "
    "#000;padding-bottom:1.4mm;margin-bottom:1.6mm}\n"
    ".top>div{flex:1;min-width:0}.top>.prec{flex:none}\n"
    ".kind{margin:0;font-size:9pt;font-weight:700;text-transform:uppercase;letter-spacing:.08em}\n"
    "html[dir=rtl] .kind{letter-spacing:0}\n"
    "h1{margin:.4mm 0 0;font-size:16pt;line-height:1.18;overflow-wrap:anywhere}\n"
    ".prec{border:.5mm solid #000;padding:.7mm 2.6mm;font-weight:700;font-size:12pt;"
    "white-space:nowrap}\n"
    "h2{margin:1.9mm 0 .7mm;font-size:8.4pt;font-weight:700;text-transform:uppercase;"
    "letter-spacing:.07em;border-bottom:.2mm solid #000;break-after:avoid}\n"
    "html[dir=rtl] h2{letter-spacing:0;font-size:9.4pt}\n"
    "h3{margin:1.2mm 0 .5mm;font-size:9.4pt;break-after:avoid}\n"
    "p{margin:0 0 1mm;overflow-wrap:anywhere}\n"
    ".box{border:.5mm solid #000;padding:.9mm 2mm;margin:0 0 1.6mm;break-inside:avoid}\n"
    ".facts{width:100%;table-layout:fixed}.facts th{text-align:start;font-weight:400;"
    "font-size:8pt;width:30.5mm;padding:.15mm 0;padding-inline-end:2mm;vertical-align:top}\n"
    ".facts td{padding:.1mm 0;vertical-align:top;overflow-wrap:anywhere}\n"
    ".n{white-space:nowrap}\n"
    ".text p{font-size:10pt;margin:0 0 .4mm}\n"
    ".beside{display:flex;gap:4mm;align-items:flex-start;break-inside:avoid}.beside>.left{flex:1;"
    "min-width:0}\n"
    ".sketch{flex:none;width:82mm;margin:1mm 0 0;break-inside:avoid}\n"
    ".sketch svg{display:block;width:82mm;height:62mm}\n"
    ".sketch figcaption,.small{font-size:7.2pt;line-height:1.26}\n"
    ".pair{display:flex;gap:4mm;break-inside:avoid}.pair>div{flex:1;min-width:0}"
    ".pair .facts th{width:26mm}\n"
    ".columns{columns:2;column-gap:5mm}\n"
    ".points{width:100%;margin:.6mm 0 1mm;font-size:8.6pt}\n"
    ".points th,.grid th{text-align:start;font-size:7.6pt;font-weight:400;border-bottom:.2mm solid "
    "#000}\n"
    ".points td,.points th{padding:.15mm 1mm;white-space:nowrap}\n"
    ".grid{width:100%}.grid td,.grid th{border:.2mm solid "
    "#000;padding:.7mm 1.2mm;vertical-align:top;overflow-wrap:anywhere}\n"
    "tr{break-inside:avoid}\n"
    ".five{table-layout:fixed}.five th{width:20%}.five th:nth-child(3){width:17%}"
    ".five th:nth-child(4){width:23%}\n"
    ".digits,.number{font-family:'DejaVu Sans Mono','Noto Sans Mono',monospace;font-size:.9em}\n"
    ".proof{display:flex;gap:4mm;align-items:flex-start;break-inside:avoid}\n"
    ".proof svg{flex:none;width:30mm;height:30mm;margin:-1.2mm 0}.proof table{flex:1}.proof .facts "
    "th{width:22mm}\n"
    ".form{width:100%;table-layout:fixed;break-inside:avoid}\n"
    ".form td{border:.2mm solid #000;height:8.4mm;padding:.4mm 1.2mm;vertical-align:top;"
    "font-size:7.4pt}\n"
    ".foot{margin:1.3mm 0 0;font-size:8pt;line-height:1.3;break-inside:avoid}\n"
    ".mark{border:.2mm solid #000;font-size:.7em;padding:0 .4mm;white-space:nowrap}\n"
    "bdi{unicode-bidi:isolate}\n"
    "svg text{unicode-bidi:isolate}\n";

static void head(struct print_page *p, const char *id) {
    struct print_html *h = &p->h;
    print_f(h,
            "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\"/>\n",
            print_lang_name(p->lang), p->lang == PRINT_AR ? "rtl" : "ltr");
    /* even what slipped through could run or fetch nothing */
    print_z(h, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\"/>\n"
               "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
               "<meta name=\"viewport\" content=\"width=device-width\"/>\n");
    /* not the notice's own title: it would become a file name and stand in the printer's queue */
    print_f(h, "<title>readback %.12s</title>\n<style>\n", id);
    print_f(h,
            "@page{size:A4;margin:9mm 12mm 12mm;"
            "@bottom-left{content:\"readback %.12s\";font:7.4pt sans-serif}"
            "@bottom-right{content:\"%s\" counter(page) \"%s\" counter(pages);font:7.4pt "
            "sans-serif}}\n",
            id, print_w(p, PW_PAGE), print_w(p, PW_PAGE_OF));
    print_z(h, style);
    print_z(h, "</style>\n</head>\n<body>\n");
}
static bool is_hex(const char *z, size_t n) {
    return strlen(z) == n && strspn(z, "0123456789abcdef") == n;
}
/* class, or what it is where it has none */
static void put_kind(struct print_page *p, enum print_word what) {
    const char *class_ = print_str(p->record, "class");
    print_f(&p->h, "<p class=\"kind\">%s", print_w(p, what));
    if (*class_) {
        print_z(&p->h, " · ");
        print_term_of(p, class_);
    }
    print_z(&p->h, "</p>\n");
}
void print_begin(struct print_page *p, enum print_word what) {
    const char *id = print_str(p->record, "record"), *title = print_str(p->record, "title");
    if (!is_hex(id, 64)) p->h.failed = true; /* it goes into the style */
    head(p, id);
    print_z(&p->h, "<table class=\"sheet\" role=\"presentation\">\n");
    if (print_true(p->record, "exercise"))
        print_f(&p->h, "<thead><tr><td><div class=\"exercise\">%s</div></td></tr></thead>\n",
                print_w(p, PW_EXERCISE));
    print_z(&p->h, "<tbody><tr><td>\n<div class=\"top\"><div>");
    put_kind(p, what);
    print_z(&p->h, "<h1 dir=\"auto\">");
    print_text(&p->h, rb_str(*title ? title : print_w(p, PW_NO_TITLE)));
    print_z(&p->h, "</h1></div><div class=\"prec\" dir=\"ltr\">");
    print_text(&p->h, rb_str(print_str(p->record, "precedence")));
    print_z(&p->h, "</div></div>\n");
}
void print_end(struct print_page *p) {
    print_z(&p->h, "</td></tr></tbody></table>\n</body>\n</html>\n");
}
void print_row(struct print_page *p, enum print_word w) {
    print_f(&p->h, "<tr><th>%s</th><td>", print_w(p, w));
}
void print_row_end(struct print_page *p) {
    print_z(&p->h, "</td></tr>\n");
}
void print_box(struct print_page *p, enum print_word strong, enum print_word says) {
    print_f(&p->h, "<div class=\"box\"><b>%s</b> %s</div>\n", print_w(p, strong), print_w(p, says));
}

/* ---- people -------------------------------------------------------------------------------------
 */
const json_t *print_member(const struct print_page *p, const char *handle) {
    size_t i;
    const json_t *m;
    json_array_foreach(json_object_get(p->channel, "members"), i, m) {
        if (strcmp(print_str(m, "handle"), handle) == 0) return m;
    }
    return NULL;
}
/* the party's own name for itself, in the page's language if it has one; "" if it is not known */
static const char *display_name(const struct print_page *p, const json_t *member) {
    size_t i;
    const json_t *card;
    json_array_foreach(p->people, i, card) {
        const json_t *names = json_object_get(card, "names");
        if (strcmp(print_str(card, "party"), print_str(member, "party")) != 0) continue;
        if (*print_str(names, print_lang_name(p->lang)))
            return print_str(names, print_lang_name(p->lang));
        if (*print_str(names, "en")) return print_str(names, "en");
        const char *any =
            json_string_value(json_object_iter_value(json_object_iter((json_t *)(uintptr_t)names)));
        return any ? any : "";
    }
    return "";
}
void print_party(struct print_page *p, const char *handle) {
    const json_t *m = print_member(p, handle);
    const char *name = m ? display_name(p, m) : "", *affiliation = print_str(m, "affiliation");
    const char *role = print_str(m, "role");
    print_z(&p->h, "<b>");
    print_line(&p->h, *name ? name : handle);
    print_z(&p->h, "</b>");
    if (*name == 0 && *affiliation == 0 && *role == 0) return;
    print_z(&p->h, " (");
    if (*name) print_ltr(&p->h, handle);
    if (*role) {
        if (*name) print_z(&p->h, print_w(p, PW_COMMA));
        print_term_of(p, role);
    }
    if (*affiliation) {
        if (*name || *role) print_z(&p->h, print_w(p, PW_COMMA));
        print_f(&p->h, "%s ", print_w(p, PW_AFFILIATION));
        print_line(&p->h, affiliation);
    }
    print_z(&p->h, ")");
}
/* a closed record's recipients, else all members of the channel; its author aside */
void print_recipients(struct print_page *p) {
    size_t i, n = 0;
    const json_t *x, *list = json_object_get(p->record, "recipients");
    bool closed = print_true(p->record, "closed");
    if (!closed) list = json_object_get(p->channel, "members");
    json_array_foreach(list, i, x) {
        const char *handle = json_is_string(x) ? json_string_value(x) : print_str(x, "handle");
        if (strcmp(handle, print_str(p->record, "author")) == 0) continue;
        if (n++) print_z(&p->h, print_w(p, PW_SEMICOLON));
        print_party(p, handle);
    }
    if (n == 0) print_z(&p->h, print_w(p, PW_NOBODY_ELSE));
    print_f(&p->h, "<br/><span class=\"small\">%s</span>",
            print_w(p, closed ? PW_CLOSED_TO : PW_OPEN_TO));
}

/* ---- times --------------------------------------------------------------------------------------
 */
/* minutes that the clock here is ahead of UTC at that time; 0 too where nobody knows */
static int ahead_min(int64_t utc_ms, struct tm *local) {
    time_t t = (time_t)(utc_ms / 1000 - (utc_ms % 1000 < 0));
    if (localtime_r(&t, local) == NULL) return 0;
    return (int)(local->tm_gmtoff / 60);
}
static void put_ahead(struct print_html *h, int min) {
    int a = min < 0 ? -min : min;
    print_f(h, "UTC%c%02d:%02d", min < 0 ? '-' : '+', a / 60, a % 60);
}
void print_when(struct print_page *p, int64_t utc_ms) {
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_utc u = rb_utc_split(utc_ms);
    struct tm local;
    int ahead = ahead_min(utc_ms, &local);
    rb_put_dtg(&w, utc_ms);
    print_f(&p->h,
            "<bdi dir=\"ltr\"><b>%s</b> <span class=\"n\">(%04d-%02d-%02d</span> <span "
            "class=\"n\">%02d:%02d",
            rb_writer_z(&w), u.year, u.month, u.day, u.hour, u.minute);
    if (u.second || u.ms) print_f(&p->h, ":%02d", u.second);
    print_z(&p->h, " UTC");
    if (ahead != 0) {
        print_z(&p->h, ";</span> <span class=\"n\">");
        if (local.tm_mday != u.day) print_f(&p->h, "%02d-%02d ", local.tm_mon + 1, local.tm_mday);
        print_f(&p->h, "%02d:%02d ", local.tm_hour, local.tm_min);
        put_ahead(&p->h, ahead);
    }
    print_z(&p->h, ")</span></bdi>");
}
void print_when_json(struct print_page *p, const json_t *rfc3339) {
    int64_t ms = 0;
    const char *z = json_string_value(rfc3339);
    if (z && rb_rfc3339_decode(rb_str(z), &ms) == RB_OK)
        print_when(p, ms);
    else
        print_z(&p->h, print_w(p, PW_NOT_STATED));
}
void print_clock_note(struct print_page *p) {
    struct tm local;
    int ahead = ahead_min(p->now_utc_ms, &local);
    print_z(&p->h, print_w(p, PW_CLOCK_UTC));
    print_z(&p->h, " ");
    print_z(&p->h, print_w(p, ahead ? PW_CLOCK_LOCAL : PW_CLOCK_FILL_IN));
}

/* ---- what stands against it ---------------------------------------------------------------------
 */
static void boxed(struct print_page *p, enum print_word w, const char *says) {
    print_f(&p->h, "<div class=\"box\"><b>%s</b> ", print_w(p, w));
    if (*says) print_line(&p->h, says);
    print_z(&p->h, "</div>\n");
}
/* its author took it back or corrected it: that counts only as the author's own, unmarked word */
static void put_own_answers(struct print_page *p) {
    size_t i;
    const json_t *x;
    json_array_foreach(json_object_get(p->record, "positions"), i, x) {
        const char *type = print_str(x, "position");
        bool withdrawn = strcmp(type, "withdraw") == 0;
        if (!withdrawn && strcmp(type, "correct") != 0) continue;
        if (strcmp(print_str(x, "member"), print_str(p->record, "author")) != 0) continue;
        if (*print_str(x, "mark")) continue;
        print_f(&p->h, "<div class=\"box\"><b>%s</b> ",
                print_w(p, withdrawn ? PW_WITHDRAWN : PW_CORRECTED));
        print_when_json(p, json_object_get(x, "created"));
        print_z(&p->h, "</div>\n");
    }
}
static void put_reported(struct print_page *p, const json_t *reported) {
    if (!json_is_object(reported)) return;
    print_f(&p->h, "<div class=\"box\"><b>%s</b> ", print_w(p, PW_REPORTED));
    print_line(&p->h, print_str(reported, "who"));
    print_f(&p->h, " · %s: ", print_w(p, PW_BY_WAY_OF));
    print_line(&p->h, print_str(reported, "carrier"));
    print_z(&p->h, " · ");
    print_when_json(p, json_object_get(reported, "at"));
    print_z(&p->h, "</div>\n");
}
void print_standing(struct print_page *p) {
    const json_t *env = json_object_get(p->record, "envelope");
    const char *later = print_str(p->record, "superseded_by");
    if (*later) {
        print_f(&p->h, "<div class=\"box\"><b>%s</b> ", print_w(p, PW_SUPERSEDED));
        print_groups(&p->h, later, 8);
        print_z(&p->h, "</div>\n");
    }
    put_own_answers(p);
    if (*print_str(p->record, "mark"))
        boxed(p, PW_NO_EFFECT, print_str(p->record, "mark_sentence"));
    if (print_true(p->record, "contested")) boxed(p, PW_CONTESTED, "");
    put_reported(p, json_object_get(env, "reported"));
    if (*print_str(env, "emergency")) boxed(p, PW_EMERGENCY, print_str(env, "emergency"));
}

/* ---- paper and log ------------------------------------------------------------------------------
 */
static void put_fingerprint(struct print_page *p, const char *fingerprint) {
    if (*fingerprint)
        print_groups(&p->h, fingerprint, 5);
    else
        print_z(&p->h, print_w(p, PW_NOT_STATED));
}
void print_proof(struct print_page *p) {
    char code[PRINT_CODE_MAX];
    const char *id = print_str(p->record, "record"), *channel = print_str(p->record, "channel");
    const char *author = print_str(p->record, "author");
    const char *fingerprint = print_str(print_member(p, author), "fingerprint");
    print_f(&p->h, "<h2>%s</h2>\n<div class=\"proof\">", print_w(p, PW_PROOF));
    if (print_code_text(id, channel, fingerprint, code)) print_code(&p->h, code);
    print_z(&p->h, "<table class=\"facts\">\n");
    print_row(p, PW_RECORD);
    print_groups(&p->h, id, 8);
    print_row_end(p);
    print_row(p, PW_CHANNEL);
    print_line(&p->h, print_str(p->record, "channel_title"));
    print_z(&p->h, " · ");
    print_groups(&p->h, channel, 8);
    print_row_end(p);
    print_f(&p->h, "<tr><th>%s</th><td>", print_w(p, PW_FINGERPRINT));
    print_ltr(&p->h, author);
    print_z(&p->h, ": ");
    put_fingerprint(p, fingerprint);
    print_row_end(p);
    print_f(&p->h, "<tr><td colspan=\"2\" class=\"small\">%s</td></tr>\n</table></div>\n",
            print_w(p, PW_PROOF_SAYS));
}
