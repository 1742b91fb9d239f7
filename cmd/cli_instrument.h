/* Instruments on the command line: for each command of one, its options, and how they fill the body
 * (spec 3.6.12 to 3.6.23). cli_instrument_options.c has the tables. */
#ifndef RB_CMD_CLI_INSTRUMENT_H
#define RB_CMD_CLI_INSTRUMENT_H
#include "cli.h"
#include "readback/instrument.h"

enum cli_fill {            /* what becomes of an option's value in the body */
                FILL_WORD, /* as it stands */
                FILL_TEXT, /* --text, or the file of --file */
                FILL_WHEN,
                FILL_SPAN,
                FILL_NUMBER,  /* a whole number, 0 too */
                FILL_MEMBERS, /* handles, by commas or repeated */
                FILL_NAMES,   /* one each */
                FILL_RECORD,  /* by its first digits */
                FILL_RECORDS,
                FILL_PLACES,   /* circle, polygon, corridor and what goes with them */
                FILL_ADOPTION, /* --rule, --quorum, --veto, --of, --adopt-by */
                FILL_STEPS,
                FILL_SUBJECTS,
                FILL_PARAGRAPHS,
                FILL_NUMBERS /* list of whole numbers */
};
struct cli_fill_field {
    const char *option; /* NULL: last */
    const char *field;  /* of the body; NULL: as the option, with _ */
    enum cli_fill fill;
};
struct cli_instrument {
    const char *command;
    enum rb_kind kind;
    const char *stage; /* of finding, contact: the command says it; NULL: no such field */
    const char
        *record;  /* field that the command's word fills: "extends"; NULL: the word is a channel */
    bool records; /* which is a list, of all words */
    const char *demands;     /* the answer that --in or --demand-in asks for; NULL: read */
    const char *demanded_of; /* field with those who owe it; NULL: all */
    const struct cli_fill_field *fields;
};
extern const struct cli_instrument cli_instrument_table[];
extern const size_t cli_instrument_table_n;
/* NULL: the command is none of an instrument */
const struct cli_instrument *cli_instrument_of(const char *command);
/* a body filled in, to be edited; NULL: no instrument */
const char *cli_template_of(enum rb_kind kind);

extern const struct cli_option cli_text_options[], cli_request_options[], cli_truce_options[],
    cli_extend_options[], cli_accede_options[], cli_truce_withdraw_options[],
    cli_incident_options[], cli_assign_options[], cli_visit_options[], cli_conclude_options[],
    cli_figure_options[], cli_designate_options[], cli_agreement_options[], cli_progress_options[],
    cli_contact_ask_options[], cli_contact_held_options[], cli_readout_options[],
    cli_readout_agree_options[], cli_instruments_options[], cli_truces_options[],
    cli_agreements_options[], cli_report_options[];

int cli_instrument(struct cli *c);
/* what a body of the options says; CLI_OK, or said what is off. The caller's either way. */
int cli_fill_body(struct cli *c, const struct cli_instrument *in, json_t *body);
/* hashes that the body names by their first digits, in full */
int cli_fill_records(struct cli *c, const struct cli_instrument *in, json_t *body);
/* how it is adopted (3.6.31), into "adoption" of the body */
int cli_fill_adoption(struct cli *c, json_t *body);
int cli_template(struct cli *c);
int cli_truce_accede(struct cli *c);
int cli_truce_withdraw(struct cli *c);
int cli_readout_agree(struct cli *c);
int cli_instruments(struct cli *c); /* truces, texts, ... */
int cli_text_diff(struct cli *c);
int cli_report(struct cli *c);
/* of one record that is an instrument: what became of it */
void cli_instrument_show(struct cli *c, FILE *out, const json_t *o, int indent);
/* iCalendar of truces; path "-": standard output */
int cli_calendar(struct cli *c, const json_t *truces, const char *path);

/* ---- the commands, for the table of all of them ------------------------------------------------
 */
#define CLI_INSTRUMENT_TEXT                                                                        \
    "`readback template KIND` prints a body to edit; --body FILE takes it, and options go before " \
    "what stands\nthere. --dry-run shows what would be released and what is pointed out, and "     \
    "releases nothing.\nWhere it is closed, its words stand in --body or --form, never on the "    \
    "command line.\n"
#define CLI_TEXT_TEXT                                                                              \
    "Who accepts, accepts these bytes. With brackets it cannot be adopted; its next version "      \
    "names "                                                                                       \
    "it as\n--previous.\n" CLI_INSTRUMENT_TEXT
#define CLI_LOOK_TEXT                                                                              \
    "What became of each, by the rules (spec 16), as far as it can be read here. Held is not "     \
    "read; read is\nnot agreed; what is reported is not confirmed.\n"
#define CLI_INSTRUMENT_COMMANDS                                                                    \
    {"request",                                                                                    \
     "[CHANNEL] --title TEXT",                                                                     \
     "ask members to do something",                                                                \
     "  readback request --title \"Pause fire at the bridge, 14:00 to 16:00\" --of southland "     \
     "--in 2h\n"                                                                                   \
     "  readback template request > ask.json && readback request --body ask.json --in 2h\n",       \
     "With a time (--in, --demand-in, --demand-by) it demands will-comply of those asked; "        \
     "complied,\ncannot-comply and declined answer it too.\n" CLI_INSTRUMENT_TEXT,                 \
     cli_request_options,                                                                          \
     true,                                                                                         \
     cli_instrument},                                                                              \
        {"truce propose",                                                                          \
         "[CHANNEL] --title TEXT --start TIME",                                                    \
         "propose a cessation of hostilities",                                                     \
         "  readback truce propose --title \"Cessation, Syria\" --start 270000ZFEB27 --end "       \
         "130000ZMAR27 \\\n      --length 14d --parties northland,southland --guarantors "         \
         "witness --adopt-by 261200ZFEB27\n",                                                      \
         "Without --parties it is a declaration, by which its author alone is bound. A length "    \
         "in words that\ndiffers from its times, gaps and overlaps are pointed "                   \
         "out.\n" CLI_INSTRUMENT_TEXT,                                                             \
         cli_truce_options,                                                                        \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"truce extend",                                                                           \
         "RECORD --title TEXT --start TIME --end TIME",                                            \
         "propose to make a cessation longer",                                                     \
         "  readback truce extend 3f2a90c1 --title \"Extension by 72 hours\" --start "             \
         "130000ZMAR27 --end 160000ZMAR27\n",                                                      \
         "It moves the end once it is adopted. Where it starts after that end, the gap is "        \
         "pointed out.\n" CLI_INSTRUMENT_TEXT,                                                     \
         cli_extend_options,                                                                       \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"truce accede",                                                                           \
         "RECORD [--by NAME --reported-carrier WORDS]",                                            \
         "accede to a cessation, or log who did",                                                  \
         "  readback truce accede 3f2a90c1\n"                                                      \
         "  readback truce accede 3f2a90c1 --by \"Free Brigade\" --reported-carrier phone "        \
         "--reported-at 261030ZFEB27\n",                                                           \
         "With --by: the accession of somebody who is no member, as reported by us, unsigned by "  \
         "them.\n",                                                                                \
         cli_accede_options,                                                                       \
         true,                                                                                     \
         cli_truce_accede},                                                                        \
        {"truce withdraw",                                                                         \
         "RECORD",                                                                                 \
         "withdraw from a cessation",                                                              \
         "  readback truce withdraw 3f2a90c1 --reason \"the other side did not keep it\"\n",       \
         "Of one that others accepted, our acceptance; of one of ours that nobody was asked to "   \
         "accept, itself.\nWe stay bound until others are known to hold it.\n",                    \
         cli_truce_withdraw_options,                                                               \
         true,                                                                                     \
         cli_truce_withdraw},                                                                      \
        {"incident",                                                                               \
         "[CHANNEL] --title TEXT",                                                                 \
         "assert that something happened",                                                         \
         "  readback incident --title \"Shelling of the market\" --what shelling --began "         \
         "281130ZFEB27 \\\n      --circle \"37S BV 37000 32000, 200m\" --violates 3f2a90c1\n",     \
         "It is its author's assertion; the positions of others stand beside it. One officer "     \
         "suffices.\n" CLI_INSTRUMENT_TEXT,                                                        \
         cli_incident_options,                                                                     \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"finding assign",                                                                         \
         "INCIDENT...",                                                                            \
         "monitors: who looks into an incident",                                                   \
         "  readback finding assign 3f2a90c1 --monitors witness\n",                                \
         CLI_INSTRUMENT_TEXT,                                                                      \
         cli_assign_options,                                                                       \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"finding visit",                                                                          \
         "INCIDENT...",                                                                            \
         "monitors: a visit that was made, or was not",                                            \
         "  readback finding visit 3f2a90c1 --outcome denied --at 011000ZMAR27 --text \"turned "   \
         "back at the checkpoint\"\n",                                                             \
         CLI_INSTRUMENT_TEXT,                                                                      \
         cli_visit_options,                                                                        \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"finding conclude",                                                                       \
         "INCIDENT...",                                                                            \
         "monitors: what was found",                                                               \
         "  readback finding conclude 3f2a90c1 --result not-attributable --text \"two "            \
         "craters\"\n",                                                                            \
         CLI_INSTRUMENT_TEXT,                                                                      \
         cli_conclude_options,                                                                     \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"figure",                                                                                 \
         "[CHANNEL] --what WORD --as-stated TEXT",                                                 \
         "a number of people, as stated",                                                          \
         "  readback figure --what killed --as-stated \"more than 1,000\" --low 1000 --class "     \
         "\"believed civilians\" \\\n      --counted-by \"Local council\" --status claim\n",       \
         "Its low and its high may each be left open. Figures are somebody's: they stand side by " \
         "side and are\nnever summed.\n" CLI_INSTRUMENT_TEXT,                                      \
         cli_figure_options,                                                                       \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"designate",                                                                              \
         "[CHANNEL] --title TEXT --side inside|outside",                                           \
         "who or which area is inside or outside",                                                 \
         "  readback designate --title \"Not covered\" --side outside --subject \"Group X; "       \
         "also Y\" --of 3f2a90c1\n",                                                               \
         CLI_INSTRUMENT_TEXT,                                                                      \
         cli_designate_options,                                                                    \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"agreement",                                                                              \
         "[CHANNEL] --title TEXT",                                                                 \
         "what was agreed, with its steps",                                                        \
         "  readback agreement --title \"Opening of the road\" --parties northland,southland "     \
         "\\\n      --step \"1; clear the mines; northland; 010600ZAPR27\" --step \"2; open the "  \
         "gate; southland\"\n",                                                                    \
         "A step is \"NUMBER; WHAT; OWNER; DUE\": the owner a member's handle, or by=NAME of who " \
         "is none; owner\nand due may be left out. Without --parties it is what others agreed, "   \
         "as reported.\n" CLI_INSTRUMENT_TEXT,                                                     \
         cli_agreement_options,                                                                    \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"progress",                                                                               \
         "AGREEMENT --step N --state WORD",                                                        \
         "report a step of an agreement",                                                          \
         "  readback progress 3f2a90c1 --step 1 --state done\n"                                    \
         "  readback progress 3f2a90c1 --step 2 --state delayed --expected 050600ZAPR27\n",        \
         "Reported is not confirmed: others say confirm or dispute.\n" CLI_INSTRUMENT_TEXT,        \
         cli_progress_options,                                                                     \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"contact ask",                                                                            \
         "[CHANNEL] --way call|meeting|message|unsaid --title TEXT",                               \
         "ask for a call or meeting",                                                              \
         "  readback contact ask --way call --title \"Air safety\" --with southland --at "         \
         "011300ZAPR27 --in 48h\n",                                                                \
         CLI_INSTRUMENT_TEXT,                                                                      \
         cli_contact_ask_options,                                                                  \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"contact held",                                                                           \
         "[CHANNEL] --way call|meeting|message|unsaid --title TEXT",                               \
         "log a call or meeting that was held",                                                    \
         "  readback contact held --way call --title \"Air safety\" --with southland --at "        \
         "011300ZAPR27 --minutes 20\n",                                                            \
         "Held by our account; by both accounts when the other side says "                         \
         "took-place.\n" CLI_INSTRUMENT_TEXT,                                                      \
         cli_contact_held_options,                                                                 \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"readout",                                                                                \
         "[CHANNEL] --title TEXT --text TEXT",                                                     \
         "tell what was said at a contact",                                                        \
         "  readback readout --contact 3f2a90c1 --title \"Call of 1 April\" --file told.txt\n",    \
         "It is one side's account, until another says the same: `readback readout "               \
         "agree`.\n" CLI_INSTRUMENT_TEXT,                                                          \
         cli_readout_options,                                                                      \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"readout agree",                                                                          \
         "RECORD",                                                                                 \
         "say another's readout as our own, word for word",                                        \
         "  readback readout agree 77aa01be\n",                                                    \
         "Both records then have the same body hash, which anybody can compare.\n",                \
         cli_readout_agree_options,                                                                \
         true,                                                                                     \
         cli_readout_agree},                                                                       \
        {"text",                                                                                   \
         "[CHANNEL] --title TEXT --file FILE",                                                     \
         "circulate a text, or its next version",                                                  \
         "  readback text 3f2a --title \"Elements\" --file elements.txt\n"                         \
         "  readback text --title \"Elements\" --file elements2.txt --version 2 --previous "       \
         "5be81c22 "                                                                               \
         "\\\n      --rule quorum --quorum 2 --bracketed 4\n",                                     \
         CLI_TEXT_TEXT,                                                                            \
         cli_text_options,                                                                         \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"text circulate",                                                                         \
         "[CHANNEL] --title TEXT --file FILE",                                                     \
         "the same",                                                                               \
         "  readback text circulate --title \"Elements\" --file elements.txt\n",                   \
         CLI_TEXT_TEXT,                                                                            \
         cli_text_options,                                                                         \
         true,                                                                                     \
         cli_instrument},                                                                          \
        {"text diff",                                                                              \
         "RECORD RECORD",                                                                          \
         "two versions, paragraph by paragraph",                                                   \
         "  readback text diff 5be81c22 77aa01be\n",                                               \
         "A paragraph is the same where its bytes are.\n",                                         \
         NULL,                                                                                     \
         false,                                                                                    \
         cli_text_diff},                                                                           \
        {"template",                                                                               \
         "KIND",                                                                                   \
         "an example of a body to edit and send with --body",                                      \
         "  readback template cessation > truce.json && $EDITOR truce.json\n"                      \
         "  readback truce propose --body truce.json\n",                                           \
         "Kinds: request, cessation, incident, finding, figure, designation, text, agreement, "    \
         "progress,\ncontact, readout. Leave out what is not known: nothing has to be said but "   \
         "what `readback help kinds`\nhas without a question mark.\n",                             \
         NULL,                                                                                     \
         false,                                                                                    \
         cli_template},                                                                            \
        {"truces",                                                                                 \
         "[CHANNEL]",                                                                              \
         "cessations: what is proposed, agreed, in force, over",                                   \
         "  readback truces\n  readback truces --ical truces.ics\n",                               \
         CLI_LOOK_TEXT "--ical writes those proposed, agreed and in force, with their ends, as a " \
                       "calendar (iCalendar), those\nthat were broken off or came to nothing "     \
                       "as cancelled: in the clear, for whoever can read the file.\n",             \
         cli_truces_options,                                                                       \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"texts",                                                                                  \
         "[CHANNEL]",                                                                              \
         "texts: versions, positions, what was adopted",                                           \
         "  readback texts\n  readback texts --all --json\n",                                      \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"requests",                                                                               \
         "[CHANNEL]",                                                                              \
         "requests: who was asked, and what each answered",                                        \
         "  readback requests\n",                                                                  \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"incidents",                                                                              \
         "[CHANNEL]",                                                                              \
         "incidents: assertions, positions, findings",                                             \
         "  readback incidents\n",                                                                 \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"figures",                                                                                \
         "[CHANNEL]",                                                                              \
         "figures side by side, each its author's",                                                \
         "  readback figures\n",                                                                   \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"designations",                                                                           \
         "[CHANNEL]",                                                                              \
         "who names what inside or outside",                                                       \
         "  readback designations\n",                                                              \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"agreements",                                                                             \
         "[CHANNEL]",                                                                              \
         "agreements and their steps: reported, confirmed, overdue",                               \
         "  readback agreements\n  readback agreements --overdue\n",                               \
         CLI_LOOK_TEXT,                                                                            \
         cli_agreements_options,                                                                   \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"contacts",                                                                               \
         "[CHANNEL]",                                                                              \
         "contacts asked and held, with their readouts",                                           \
         "  readback contacts\n",                                                                  \
         CLI_LOOK_TEXT,                                                                            \
         cli_instruments_options,                                                                  \
         false,                                                                                    \
         cli_instruments},                                                                         \
        {"report",                                                                                 \
         "[CHANNEL]",                                                                              \
         "incidents and findings from one cut-off to the next",                                    \
         "  readback report\n  readback report --from 011930ZAPR27 --to 021930ZAPR27 --json\n",    \
         "The last 24 hours where no time is given; beside each number the change on the period "  \
         "before, of the\nsame length. A record counts where another affiliation's clock says "    \
         "that "                                                                                   \
         "it was held.\n",                                                                         \
         cli_report_options,                                                                       \
         false,                                                                                    \
         cli_report},                                                                              \
    {                                                                                              \
        "instruments", "[CHANNEL]", "all of these, a line each",                                   \
            "  readback instruments\n  readback instruments --all --json\n", CLI_LOOK_TEXT,        \
            cli_instruments_options, false, cli_instruments                                        \
    }
#endif
