/* Which positions may answer what a command says: out of the table by which every node judges. */
#include "cli_instrument.h"

void cli_answers(enum rb_kind kind, int cls, char *out, size_t cap) {
    size_t at = 0;
    *out = 0;
    for (int t = 1; t <= RB_POSITION_MAX && at < cap; t++) {
        const enum rb_position_type p = (enum rb_position_type)t;
        if (!rb_position_may_answer(p, kind, cls, true)) continue;
        const int n = snprintf(out + at, cap - at, "%s%s%s", at ? ", " : "", rb_position_name(p),
                               rb_position_may_answer(p, kind, cls, false) ? "" : " (its author)");
        if (n > 0) at += (size_t)n;
    }
}

static const struct { /* commands that are no instruments' */
    const char *command;
    enum rb_kind kind;
    int cls;
} others[] = {
    {"site", RB_KIND_NOTICE, RB_NOTICE_SITE},
    {"movement", RB_KIND_NOTICE, RB_NOTICE_MOVEMENT},
    {"operation", RB_KIND_NOTICE, RB_NOTICE_OPERATION},
    {"area", RB_KIND_NOTICE, RB_NOTICE_AREA},
    {"stop-fire", RB_KIND_STOP_FIRE, -1},
    {"statement", RB_KIND_STATEMENT, -1},
    {"roster", RB_KIND_ROSTER, -1},
    {"attach", RB_KIND_ATTACHMENT, -1},
    {"readout agree", RB_KIND_READOUT, -1},
    {"channel amend", RB_KIND_AMENDMENT, -1},
};
/* ---- the same from the other side: what a position may answer ---------------------------------
 */
struct list {
    char z[512];
    size_t at;
};
static void add(struct list *l, const char *part, const char *name) {
    if (l->at >= sizeof l->z) return;
    const int n = snprintf(l->z + l->at, sizeof l->z - l->at, "%s%s", part, name);
    if (n > 0) l->at += (size_t)n;
}
/* "notice", or "notice of operation, area" with the classes that it may answer; false: none */
static bool add_notice(struct list *l, enum rb_position_type t, bool own) {
    static const char *const names[RB_NOTICE_CLASSES] = {"operation", "exercise", "movement",
                                                         "site", "area"};
    struct list of = {.z = ""};
    int n = 0;
    for (int c = 0; c < RB_NOTICE_CLASSES; c++)
        if (rb_position_may_answer(t, RB_KIND_NOTICE, c, own)) add(&of, n++ ? ", " : "", names[c]);
    if (n == 0) return false;
    add(l, l->at ? ", " : "", "notice");
    if (n == RB_NOTICE_CLASSES) return true;
    add(l, " (", of.z);
    add(l, ")", "");
    return true;
}
/* kinds that it may answer, or where these are most of them, those that it may not */
static int answered(enum rb_position_type t, bool own, struct list *may, struct list *denied) {
    int n = 0;
    for (int k = 1; k <= RB_KIND_MAX; k++) {
        const enum rb_kind kind = (enum rb_kind)k;
        const bool is = kind == RB_KIND_NOTICE ? add_notice(may, t, own)
                                               : rb_position_may_answer(t, kind, -1, own);
        if (is && kind != RB_KIND_NOTICE) add(may, may->at ? ", " : "", rb_kind_name(kind));
        if (!is) add(denied, denied->at ? ", " : "", rb_kind_name(kind));
        n += is;
    }
    return n;
}
void cli_answered(enum rb_position_type t, char *out, size_t cap) {
    struct list may = {.z = ""}, denied = {.z = ""};
    const char *whose = "";
    int n = answered(t, false, &may, &denied);
    if (n == 0) {
        may = denied = (struct list){.z = ""};
        n = answered(t, true, &may, &denied);
        whose = ", of our own records alone";
    }
    const bool most = n > RB_KIND_MAX / 2;
    /* which query it is a kind does not tell (10.8.2) */
    snprintf(out, cap, "%s%s%s%s", most ? denied.at ? "every kind but " : "every kind" : "",
             most ? denied.z : may.z, whose,
             t == RB_POSITION_CONFIRM ? "; a query on a record of our own" : "");
}
static void help_position(const struct cli_command *cmd, FILE *out) {
    enum rb_position_type one;
    char list[640];
    if (rb_position_type_decode(rb_str(cmd->name), &one) == RB_OK) {
        cli_answered(one, list, sizeof list);
        fprintf(out, "\nIt may answer: %s.\n", list);
        return;
    }
    fputs("\nThese may answer:\n", out);
    for (int t = 1; t <= RB_POSITION_MAX; t++) {
        cli_answered((enum rb_position_type)t, list, sizeof list);
        fprintf(out, "  %-14s %s\n", rb_position_name((enum rb_position_type)t), list);
    }
}

void cli_help_answers(const struct cli_command *cmd, FILE *out) {
    const struct cli_instrument *in = cli_instrument_of(cmd->name);
    enum rb_kind kind = in ? in->kind : RB_KIND_CHARTER;
    int cls = -1;
    char list[512];
    if (cmd->run == cli_position) {
        help_position(cmd, out);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].command, cmd->name) == 0) {
            kind = others[i].kind;
            cls = others[i].cls;
        }
    if (kind == RB_KIND_CHARTER) return;
    cli_answers(kind, cls, list, sizeof list);
    fprintf(out, "\nThese may answer it: %s.\n", list);
}
