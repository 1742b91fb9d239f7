/* What is said of an instrument by more than one plain position: acceding to a cessation,
 * withdrawing from one, saying another's readout as our own. */
#include <stdlib.h>
#include "cli_instrument.h"

/* the record, of this kind; CLI_OK, or it was said why not. The caller's either way. */
static int record_of(struct cli *c, const char *name, enum rb_kind kind, const char *other,
                     json_t **out) {
    struct cli_path p;
    if (cli_record_word(c, name) != CLI_OK) return CLI_USAGE;
    cli_path(&p, "/v1/records/", name, "");
    int rc = cli_get_json(c, p.z, out);
    if (rc == CLI_OK && strcmp(cli_str(*out, "kind"), rb_kind_name(kind)) != 0)
        rc = cli_usage(c, "%.12s is no %s but a %s; %s", cli_str(*out, "record"),
                       rb_kind_name(kind), cli_text(*out, "kind"), other);
    return rc;
}
static void give(struct cli *c, const char *name, const char *value) {
    if (c->given_n == CLI_MAX_OPTIONS) return;
    c->given[c->given_n].name = name;
    c->given[c->given_n].line = 0;
    c->given[c->given_n++].value = value;
}

/* ---- acceding ----------------------------------------------------------------------------------
 */
int cli_truce_accede(struct cli *c) {
    json_t *o = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    if (cli_has(c, "by") && !cli_has(c, "reported-carrier"))
        return cli_usage(c, "say how it came that %s accedes: --reported-carrier phone",
                         cli_get(c, "by"));
    if (cli_has(c, "by") && !cli_has(c, "reported-who")) give(c, "reported-who", cli_get(c, "by"));
    int rc = record_of(c, c->args[0], RB_KIND_CESSATION, "`readback truces` lists them", &o);
    json_decref(o);
    return rc == CLI_OK ? cli_position_on(c, "accept", c->args[0]) : rc;
}

/* ---- withdrawing -------------------------------------------------------------------------------
 */
/* our last acceptance that counts; NULL: there is none */
static const char *own_acceptance(const json_t *o, const char *us) {
    const json_t *x;
    const char *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(o, "positions"), i, x) {
        if (strcmp(cli_str(x, "member"), us) == 0 &&
            strcmp(cli_str(x, "position"), "accept") == 0 && *cli_str(x, "mark") == 0 &&
            !cli_true(x, "reported"))
            found = cli_str(x, "record");
    }
    return found;
}
int cli_truce_withdraw(struct cli *c) {
    json_t *o = NULL, *own = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    int rc = record_of(c, c->args[0], RB_KIND_CESSATION, "`readback truces` lists them", &o);
    if (rc == CLI_OK) rc = cli_get_json(c, "/v1/status", &own);
    const char *us = cli_str(own, "handle"), *what = own_acceptance(o, us);
    if (rc == CLI_OK && what == NULL && strcmp(cli_str(o, "author"), us) == 0)
        what = cli_str(o, "record"); /* it accepts by the record itself */
    if (rc == CLI_OK && what == NULL)
        rc = cli_fail(c, "`readback reject RECORD` says no to one that is not adopted yet.",
                      "we have not accepted %.12s: there is nothing to withdraw",
                      cli_str(o, "record"));
    if (rc == CLI_OK) rc = cli_position_on(c, "withdraw", what);
    json_decref(o);
    json_decref(own);
    return rc;
}

/* ---- an agreed readout -------------------------------------------------------------------------
 */
int cli_readout_agree(struct cli *c) {
    json_t *o = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    int rc = record_of(c, c->args[0], RB_KIND_READOUT, "`readback contacts` shows readouts", &o);
    if (rc == CLI_OK) rc = cli_readable(c, o, "nobody says as their own what they cannot read");
    if (rc == CLI_OK) {
        json_t *draft = json_pack("{s:s,s:s,s:[s]}", "channel", cli_str(o, "channel"), "kind",
                                  "readout", "about", cli_str(o, "record"));
        /* a closed one keeps its salts, so that both have the same commitments (9.3.5) */
        if (cli_true(o, "closed"))
            json_object_set_new(draft, "same_as", json_string(cli_str(o, "record")));
        else
            json_object_set(draft, "body", json_object_get(o, "body"));
        rc = cli_envelope(c, draft);
        if (rc == CLI_OK && cli_true(o, "closed") && !cli_has(c, "recipients"))
            json_object_set(draft, "recipients", json_object_get(o, "recipients"));
        if (rc == CLI_OK)
            rc = cli_release(c, draft);
        else
            json_decref(draft);
    }
    json_decref(o);
    return rc;
}
