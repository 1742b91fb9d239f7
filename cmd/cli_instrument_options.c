/* The options of each command of an instrument, and how they fill its body. */
#include "cli_instrument.h"

/* ---- options -----------------------------------------------------------------------------------
 */
#define END                                                                                        \
    { NULL, NULL, NULL }
#define COMMON                                                                                     \
    {"body", "FILE", "the whole body as JSON, as `readback template` prints it; - for stdin"}, {   \
        "dry-run", NULL, "show it, release nothing; 4 where a confirmation would be wanted"        \
    }
#define TITLE                                                                                      \
    { "title", "TEXT", "one line" }
#define WORDS(what)                                                                                \
    {"text", "TEXT", what}, {                                                                      \
        "file", "FILE", "the text from a file, - for standard input"                               \
    }
#define IN_TIME(what)                                                                              \
    { "in", "SPAN", what }
#define AREA                                                                                       \
    {"circle", "\"PLACE, RADIUS\"",                                                                \
     "the place in any notation; radius with its unit: 5km, 900m, 2nm (repeat)"},                  \
        {"polygon", "\"PLACE; PLACE; ...\"", "the ring, first point not repeated (repeat)"},       \
        {"corridor", "\"HALFWIDTH; PLACE; PLACE; ...\"", "along a line (repeat)"},                 \
        {"edges", "geodesic|parallel|lonlat", "of polygons"},                                      \
        {"floor", "HEIGHT", "\"900m amsl\", FL250, SFC; else from below"},                         \
        {"ceiling", "HEIGHT", "as floor, or UNL; else without limit"},                             \
        {"accuracy", "LENGTH", "how far off the place may be: 15m"},                               \
        {"surveyed", "TIME", "when the place was surveyed"},                                       \
        {"declared-by", "NAME", "who declared the place"}, {                                       \
        "recognised-by", "NAME", "who recognised it"                                               \
    }
#define ADOPTED                                                                                    \
    {"rule", "all|quorum|quorum-veto|silence|guarantors", "of adoption (all)"},                    \
        {"quorum", "N", "rules quorum, quorum-veto: how many must accept"},                        \
        {"veto", "HANDLE,...", "rule quorum-veto: who may block (repeat)"},                        \
        {"of", "HANDLE,...", "whose positions count; else the parties'"}, {                        \
        "adopt-by", "TIME", "until when; rule silence: when it is adopted if nobody rejects"       \
    }
#define INCIDENTS                                                                                  \
    { "incident", "RECORD", "an incident of which it is part (repeat)" }

const struct cli_option cli_request_options[] = {
    TITLE,
    WORDS("what is asked, in full"),
    {"of", "HANDLE,...", "of whom (repeat); else of all who can read it"},
    IN_TIME("to be answered in this time: 2h"),
    AREA,
    COMMON,
    END};
#define TRUCE                                                                                      \
    TITLE, WORDS("the terms"), {"start", "TIME", "included"},                                      \
        {"end", "TIME", "not included; else until it is ended"},                                   \
        {"length", "SPAN", "as its words state it: 72h"},                                          \
        {"parties", "HANDLE,...", "who is bound; else its author alone (repeat)"},                 \
        {"guarantors", "HANDLE,...", "to whom others may accede (repeat)"},                        \
        {"monitors", "HANDLE,...", "who watches it (repeat)"},                                     \
        {"exclusion", "RECORD", "a designation: who or what is outside (repeat)"}, ADOPTED, AREA
const struct cli_option cli_truce_options[] = {TRUCE, COMMON, END};
const struct cli_option cli_extend_options[] = {TRUCE, COMMON, END};
const struct cli_option cli_accede_options[] = {
    {"reason", "TEXT", "as stated"},
    {"by", "NAME", "who acceded, if that is no member: reported by us, unsigned by them"},
    {"at", "TIME", "when it did"},
    END};
const struct cli_option cli_truce_withdraw_options[] = {{"reason", "TEXT", "as stated"}, END};
const struct cli_option cli_incident_options[] = {
    TITLE,
    WORDS("what is asserted"),
    {"what", "TEXT", "air strike, shelling, ambush, ..."},
    {"attributed-to", "NAME", "as we say"},
    {"began", "TIME", "when it began"},
    {"over", "TIME", "when it was over"},
    {"violates", "RECORD", "the cessation or agreement that it is said to break"},
    {"same-as", "RECORD", "an incident that is this one (repeat)"},
    AREA,
    COMMON,
    END};
const struct cli_option cli_assign_options[] = {
    {"monitors", "HANDLE,...", "to whom (repeat)"}, WORDS("what is to be looked at"), COMMON, END};
const struct cli_option cli_visit_options[] = {{"outcome", "made|denied|hindered", "of the visit"},
                                               {"at", "TIME", "when"},
                                               WORDS("what was seen, heard, not seen"),
                                               COMMON,
                                               END};
const struct cli_option cli_conclude_options[] = {
    {"result", "confirmed|unfounded|inconclusive|not-attributable|suspended", "what was found"},
    {"attributed-to", "NAME", "confirmed: to whom, as found"},
    WORDS("what was seen, heard, not seen"),
    COMMON,
    END};
const struct cli_option cli_figure_options[] = {
    {"what", "killed|injured|missing|displaced", "who is counted"},
    {"as-stated", "TEXT", "the number in its words: \"more than 1,000\""},
    {"low", "N", "at least; else open"},
    {"high", "N", "at most; else open"},
    {"class", "TEXT", "as stated: believed civilians"},
    {"group", "TEXT", "as stated"},
    {"attributed-to", "NAME", "as stated"},
    {"area", "TEXT", "as stated"},
    {"period-from", "TIME", "of the period counted"},
    {"period-to", "TIME", "of the period counted"},
    {"counted-by", "NAME", "who counted"},
    {"source", "NAME", "whom we have it from; else not named"},
    {"sources", "N", "how many stand behind it"},
    {"counted-how", "TEXT", "by which method"},
    {"status", "claim|estimate|confirmed|inconclusive|rejected|count-stopped", "(claim)"},
    INCIDENTS,
    AREA,
    COMMON,
    END};
const struct cli_option cli_designate_options[] = {
    TITLE,
    {"side", "inside|outside", "of the instrument"},
    {"subject", "\"NAME; ALSO; NOTE\"", "a group, another name of it, a note (repeat)"},
    {"of", "RECORD", "the instrument"},
    {"reason", "TEXT", "as stated"},
    AREA,
    COMMON,
    END};
const struct cli_option cli_text_options[] = {
    TITLE,
    {"file", "FILE", "paragraphs parted by empty lines; - for standard input"},
    {"text", "TEXT", "or given here"},
    {"version", "N", "of the text (1)"},
    {"previous", "RECORD", "the version before"},
    ADOPTED,
    {"pen", "HANDLE", "who writes the next version; else its author"},
    {"bracketed", "N", "a paragraph that is not agreed, from 1 (repeat)"},
    {"explanation", "TEXT", "of the pen"},
    COMMON,
    END};
const struct cli_option cli_agreement_options[] = {
    TITLE,
    WORDS("what was agreed"),
    {"adopts", "RECORD", "the text that was agreed"},
    {"parties", "HANDLE,...", "members that are bound (repeat)"},
    {"other", "NAME", "a party that is no member (repeat)"},
    {"step", "\"N; WHAT; OWNER; DUE\"", "a step (repeat)"},
    {"signed-at", "TIME", "as stated"},
    ADOPTED,
    COMMON,
    END};
const struct cli_option cli_progress_options[] = {
    {"step", "N", "its number"},
    {"state", "begun|done|delayed|not-done", "of the step"},
    {"expected", "TIME", "delayed: until when"},
    WORDS("in words"),
    COMMON,
    END};
#define CONTACT                                                                                    \
    {"way", "call|meeting|message|unsaid", "how"}, TITLE,                                          \
        {"with", "HANDLE,...", "members (repeat)"}, {"other", "NAME", "and who is none (repeat)"}, \
        {"level", "TEXT", "duty officers, ministers, ..."}, {                                      \
        "agenda", "TEXT", "what is to be spoken of"                                                \
    }
const struct cli_option cli_contact_ask_options[] = {CONTACT,
                                                     {"at", "TIME", "proposed for"},
                                                     IN_TIME("to be answered in this time: 48h"),
                                                     COMMON,
                                                     END};
const struct cli_option cli_contact_held_options[] = {
    CONTACT, {"at", "TIME", "when"}, {"minutes", "N", "how long"}, COMMON, END};
const struct cli_option cli_readout_options[] = {TITLE,
                                                 WORDS("what was said, as this side tells it"),
                                                 {"contact", "RECORD", "the contact"},
                                                 {"at", "TIME", "when it was held"},
                                                 {"by", "NAME", "who tells it"},
                                                 COMMON,
                                                 END};
const struct cli_option cli_readout_agree_options[] = {END};
const struct cli_option cli_instruments_options[] = {
    {"all", NULL, "those too that are superseded, replaced, withdrawn, over or without effect"},
    {"at", "TIME", "as it was to be shown at that time"},
    END};
const struct cli_option cli_agreements_options[] = {
    {"overdue", NULL, "only steps that are overdue, a line each, the longest overdue first"},
    {"all", NULL, "those too that are superseded, replaced, withdrawn, over or without effect"},
    {"at", "TIME", "as it was to be shown at that time"},
    END};
const struct cli_option cli_truces_options[] = {
    {"all", NULL, "those too that are superseded, replaced, withdrawn, over or without effect"},
    {"ical", "FILE", "as a calendar, - for standard output; the file must not exist yet"},
    {"with-closed", NULL, "--ical: closed ones too, in the clear"},
    {"at", "TIME", "as it was to be shown at that time"},
    END};

const struct cli_option cli_report_options[] = {
    {"from", "TIME", "included; else a day before --to"},
    {"to", "TIME", "not included; else now"},
    END};

/* ---- how they fill the body --------------------------------------------------------------------
 */
#define F(option, field, fill)                                                                     \
    { option, field, FILL_##fill }
#define LAST                                                                                       \
    { NULL, NULL, FILL_WORD }
static const struct cli_fill_field request_fields[] = {
    F("title", NULL, WORD), F("text", NULL, TEXT), F("of", NULL, MEMBERS),
    F("circle", "volumes", PLACES), LAST};
static const struct cli_fill_field truce_fields[] = {F("title", NULL, WORD),
                                                     F("text", NULL, TEXT),
                                                     F("circle", "volumes", PLACES),
                                                     F("start", NULL, WHEN),
                                                     F("end", NULL, WHEN),
                                                     F("length", NULL, SPAN),
                                                     F("parties", NULL, MEMBERS),
                                                     F("guarantors", NULL, MEMBERS),
                                                     F("monitors", NULL, MEMBERS),
                                                     F("rule", "adoption", ADOPTION),
                                                     F("exclusion", "exclusions", RECORDS),
                                                     F("extends", NULL, RECORD),
                                                     LAST};
static const struct cli_fill_field incident_fields[] = {
    F("title", NULL, WORD),         F("text", NULL, TEXT),
    F("what", NULL, WORD),          F("attributed-to", NULL, WORD),
    F("began", "from", WHEN),       F("over", "to", WHEN),
    F("circle", "volumes", PLACES), F("violates", NULL, RECORD),
    F("same-as", NULL, RECORDS),    LAST};
static const struct cli_fill_field finding_fields[] = {
    F("result", NULL, WORD),        F("incidents", NULL, RECORDS),
    F("monitors", NULL, MEMBERS),   F("at", NULL, WHEN),
    F("outcome", NULL, WORD),       F("text", NULL, TEXT),
    F("attributed-to", NULL, WORD), LAST};
static const struct cli_fill_field figure_fields[] = {F("what", NULL, WORD),
                                                      F("low", NULL, NUMBER),
                                                      F("high", NULL, NUMBER),
                                                      F("as-stated", NULL, WORD),
                                                      F("class", NULL, WORD),
                                                      F("group", NULL, WORD),
                                                      F("attributed-to", NULL, WORD),
                                                      F("area", NULL, WORD),
                                                      F("circle", "volumes", PLACES),
                                                      F("period-from", "from", WHEN),
                                                      F("period-to", "to", WHEN),
                                                      F("counted-by", NULL, WORD),
                                                      F("source", NULL, WORD),
                                                      F("sources", NULL, NUMBER),
                                                      F("counted-how", "method", WORD),
                                                      F("status", NULL, WORD),
                                                      F("incident", "incidents", RECORDS),
                                                      LAST};
static const struct cli_fill_field designation_fields[] = {F("title", NULL, WORD),
                                                           F("side", NULL, WORD),
                                                           F("subject", "subjects", SUBJECTS),
                                                           F("circle", "volumes", PLACES),
                                                           F("of", NULL, RECORD),
                                                           F("reason", NULL, WORD),
                                                           LAST};
static const struct cli_fill_field text_fields[] = {F("title", NULL, WORD),
                                                    F("version", NULL, NUMBER),
                                                    F("text", "paragraphs", PARAGRAPHS),
                                                    F("previous", NULL, RECORD),
                                                    F("rule", "adoption", ADOPTION),
                                                    F("explanation", NULL, WORD),
                                                    F("pen", NULL, WORD),
                                                    F("bracketed", NULL, NUMBERS),
                                                    LAST};
static const struct cli_fill_field agreement_fields[] = {
    F("title", NULL, WORD),          F("text", NULL, TEXT),       F("adopts", NULL, RECORD),
    F("parties", NULL, MEMBERS),     F("other", "others", NAMES), F("step", "steps", STEPS),
    F("rule", "adoption", ADOPTION), F("signed-at", NULL, WHEN),  LAST};
static const struct cli_fill_field progress_fields[] = {
    F("agreement", NULL, RECORD), F("step", NULL, NUMBER),   F("state", NULL, WORD),
    F("text", NULL, TEXT),        F("expected", NULL, WHEN), LAST};
static const struct cli_fill_field contact_fields[] = {
    F("way", NULL, WORD),        F("title", NULL, WORD),     F("with", NULL, MEMBERS),
    F("other", "others", NAMES), F("at", NULL, WHEN),        F("level", NULL, WORD),
    F("agenda", NULL, WORD),     F("minutes", NULL, NUMBER), LAST};
static const struct cli_fill_field readout_fields[] = {
    F("title", NULL, WORD), F("text", NULL, TEXT), F("contact", NULL, RECORD),
    F("at", NULL, WHEN),    F("by", NULL, WORD),   LAST};

const struct cli_instrument cli_instrument_table[] = {
    {.command = "request",
     .kind = RB_KIND_REQUEST,
     .demands = "will-comply",
     .demanded_of = "of",
     .fields = request_fields},
    {.command = "truce propose", .kind = RB_KIND_CESSATION, .fields = truce_fields},
    {.command = "truce extend",
     .kind = RB_KIND_CESSATION,
     .record = "extends",
     .fields = truce_fields},
    {.command = "incident", .kind = RB_KIND_INCIDENT, .fields = incident_fields},
    {.command = "finding assign",
     .kind = RB_KIND_FINDING,
     .stage = "assigned",
     .record = "incidents",
     .records = true,
     .fields = finding_fields},
    {.command = "finding visit",
     .kind = RB_KIND_FINDING,
     .stage = "visit",
     .record = "incidents",
     .records = true,
     .fields = finding_fields},
    {.command = "finding conclude",
     .kind = RB_KIND_FINDING,
     .stage = "concluded",
     .record = "incidents",
     .records = true,
     .fields = finding_fields},
    {.command = "figure", .kind = RB_KIND_FIGURE, .fields = figure_fields},
    {.command = "designate", .kind = RB_KIND_DESIGNATION, .fields = designation_fields},
    {.command = "text", .kind = RB_KIND_TEXT, .fields = text_fields},
    {.command = "text circulate", .kind = RB_KIND_TEXT, .fields = text_fields},
    {.command = "agreement", .kind = RB_KIND_AGREEMENT, .fields = agreement_fields},
    {.command = "progress",
     .kind = RB_KIND_PROGRESS,
     .record = "agreement",
     .fields = progress_fields},
    {.command = "contact ask",
     .kind = RB_KIND_CONTACT,
     .stage = "asked",
     .demands = "accept",
     .demanded_of = "with",
     .fields = contact_fields},
    {.command = "contact held", .kind = RB_KIND_CONTACT, .stage = "held", .fields = contact_fields},
    {.command = "readout", .kind = RB_KIND_READOUT, .fields = readout_fields},
};
const size_t cli_instrument_table_n = sizeof cli_instrument_table / sizeof *cli_instrument_table;

const struct cli_instrument *cli_instrument_of(const char *command) {
    for (size_t i = 0; i < cli_instrument_table_n; i++)
        if (strcmp(cli_instrument_table[i].command, command) == 0) return &cli_instrument_table[i];
    return NULL;
}
