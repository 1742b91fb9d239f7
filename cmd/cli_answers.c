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
void cli_help_answers(const struct cli_command *cmd, FILE *out) {
    const struct cli_instrument *in = cli_instrument_of(cmd->name);
    enum rb_kind kind = in ? in->kind : RB_KIND_CHARTER;
    int cls = -1;
    char list[512];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].command, cmd->name) == 0) {
            kind = others[i].kind;
            cls = others[i].cls;
        }
    if (kind == RB_KIND_CHARTER) return;
    cli_answers(kind, cls, list, sizeof list);
    fprintf(out, "\nThese may answer it: %s.\n", list);
}
