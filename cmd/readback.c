/* readback: the command line of one party. All it shows comes from the local API; what it signs, it
 * signs itself. */
#include <locale.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cli_instrument.h"
#include "readback/text.h"
#include "shell/os/os.h"

static const struct cli_option init_options[] = {
    {"handle", "HANDLE", "short name of the party: a-z, 0-9, -"},
    {"name", "LANG=NAME", "display name (repeat)"},
    {"address", "HOST:PORT",
     "where others reach its node, or relay=HOST:PORT (repeat); none: it only connects outwards"},
    {"officer", "NAME[=FILE]",
     "an officer: a sealed key is made, or the .pub file's key is taken (repeat; else \"duty\")"},
    {"listen", "HOST:PORT", "where readbackd listens, if not on the port of each address"},
    {NULL, NULL, NULL}};
static const struct cli_option card_options[] = {
    {"out", "FILE", "write the signed card"},
    {"name", "LANG=NAME", "update: display names from now on (repeat)"},
    {"address", "HOST:PORT", "update: addresses from now on (repeat)"},
    {"no-address", NULL, "update: it only connects outwards"},
    {"officer", "NAME[=FILE]", "update: a further officer, or another key for one (repeat)"},
    {"remove-officer", "NAME", "update: no longer an officer (repeat)"},
    {"signed-by", "NAME", "update, publish: the officer who logs the card in our channels"},
    {NULL, NULL, NULL}};
static const struct cli_option accredit_options[] = {
    {"fingerprint", "DIGITS", "what the other party read out"}, {NULL, NULL, NULL}};
static const struct cli_option serve_options[] = {
    {"listen", "HOST:PORT", "peer port, instead of config.ini (repeat)"},
    {"log-json", NULL, "log as JSON lines"},
    {NULL, NULL, NULL}};
static const struct cli_option propose_options[] = {
    {"title", "TEXT", "of the channel"},
    {"exercise", NULL, "an exercise, shown first everywhere"},
    {"member", "HANDLE[:ROLE[:AFFILIATION]]", "a member (repeat); we are one anyway"},
    {"group", "NAME=LEAD,MEMBER,...", "a coalition and who speaks for it (repeat)"},
    {"accept-in", "SPAN", "all must accept in this time (7d)"},
    {"accept-by", "TIME", "or by this time"},
    {"answer", "PRECEDENCE=SPAN", "answer time by precedence (repeat)"},
    {"lead", "CLASS=SPAN", "lead time by class of notice (repeat)"},
    {"standoff", "CLASS=LENGTH", "stand-off by class of notice: site=2km (repeat)"},
    {"theatre", "\"PLACE; PLACE\"", "south-western and north-eastern corner of where it happens"},
    {"terrain", "LOWEST..HIGHEST", "its ground, over WGS84: -50m..2900m"},
    {"alone", NULL, "no other member: a list of our own, to register and check"},
    {"test-every", "SPAN", "line tests"},
    {"test-grace", "SPAN", "how late a test may be"},
    {"two-officers", "KIND", "kinds that two officers must sign (repeat)"},
    {"closed", "KIND", "kinds that only members named for each record may read (repeat)"},
    {"keep", "KIND=DAYS", "how long the content of closed records is kept; else for good (repeat)"},
    {"disclosure", "KIND=WORD",
     "what outsiders may be shown of closed records: whole, fact or hash; else the fact (repeat)"},
    {"timekeeper", "HANDLE", "whose clock meets deadlines"},
    {"receipt-every", "SPAN", "at most one receipt record in it"},
    {"channel-language", "TAG", "languages of the channel (repeat)"},
    {NULL, NULL, NULL}};
static const struct cli_option amend_options[] = {
    {"title", "TEXT", "of the channel, from then on"},
    {"add-member", "HANDLE[:ROLE[:AFFILIATION]]",
     "lets a member in that left (repeat); it goes on in a further epoch"},
    {"remove-member", "HANDLE", "no longer listed (repeat)"},
    {"group", "NAME=LEAD,MEMBER,...", "a coalition and who speaks for it (repeat)"},
    {"accept-in", "SPAN", "its hour: what is said of it in this time counts (7d)"},
    {"accept-by", "TIME", "or at this time"},
    {"answer", "PRECEDENCE=SPAN", "answer time by precedence (repeat)"},
    {"lead", "CLASS=SPAN", "lead time by class of notice (repeat)"},
    {"standoff", "CLASS=LENGTH", "stand-off by class of notice: site=2km (repeat)"},
    {"theatre", "\"PLACE; PLACE\"", "south-western and north-eastern corner of where it happens"},
    {"terrain", "LOWEST..HIGHEST", "its ground, over WGS84: -50m..2900m"},
    {"test-every", "SPAN", "line tests"},
    {"test-grace", "SPAN", "how late a test may be"},
    {"two-officers", "KIND", "kinds that two officers must sign (repeat)"},
    {"closed", "KIND", "kinds that only members named for each record may read (repeat)"},
    {"keep", "KIND=DAYS", "how long the content of closed records is kept; else for good (repeat)"},
    {"disclosure", "KIND=WORD",
     "what outsiders may be shown of closed records: whole, fact or hash; else the fact (repeat)"},
    {"timekeeper", "HANDLE", "whose clock meets deadlines"},
    {"receipt-every", "SPAN", "at most one receipt record in it"},
    {"channel-language", "TAG", "languages of the channel (repeat)"},
    {NULL, NULL, NULL}};
static const struct cli_option epoch_options[] = {
    {"stands-by", "N", "records of our feed so far that we stand by; else all that are signed"},
    {NULL, NULL, NULL}};
static const struct cli_option override_options[] = {
    {"reason", "TEXT", "why it was not waited for: all members read it"}, {NULL, NULL, NULL}};
static const struct cli_option rotate_options[] = {
    {"key", "FILE.pub", "officer: the new key, where ssh-agent or somebody else holds it"},
    {NULL, NULL, NULL}};
static const struct cli_option revoke_options[] = {
    {"reason", "TEXT", "all members read it"},
    {"stood-by", "ORIGIN=SIZE",
     "of this feed only so many records are stood by; else all held here (repeat)"},
    {"channel", "CHANNEL", "revoke it in this channel alone, naming its feeds alone"},
    {"replace", NULL, "officer: gets a new key instead of leaving the card"},
    {"key", "FILE.pub", "officer, with --replace: the new key"},
    {"out", "FILE", "write what the party key signed, for others to log"},
    {"file", "FILE", "log a revocation that its party signed and handed over"},
    {NULL, NULL, NULL}};
static const struct cli_option at_options[] = {{"at", "TIME", "as it was to be shown at that time"},
                                               {NULL, NULL, NULL}};
static const struct cli_option reason_options[] = {{"reason", "TEXT", "as stated"},
                                                   {NULL, NULL, NULL}};
static const struct cli_option purge_options[] = {{"reason", "TEXT", "all members read it"},
                                                  {NULL, NULL, NULL}};
static const struct cli_option nil_options[] = {{"from", "TIME", "included"},
                                                {"to", "TIME", "not included; now if not given"},
                                                {NULL, NULL, NULL}};
#define PLACE_OPTIONS                                                                              \
    {"circle", "\"PLACE, RADIUS\"",                                                                \
     "the place in any notation; radius with its unit: 5km, 900m, 2nm (repeat)"},                  \
        {"polygon", "\"PLACE; PLACE; ...\"", "the ring, first point not repeated (repeat)"},       \
        {"corridor", "\"HALFWIDTH; PLACE; PLACE; ...\"", "along a line (repeat)"}, {               \
        "edges", "WORD", "of polygons: geodesic, parallel, lonlat"                                 \
    }
static const struct cli_option notice_options[] = {
    {"title", "TEXT", "one line"},
    {"text", "TEXT", "what it is, or what is planned"},
    {"file", "FILE", "the text from a file, - for standard input"},
    PLACE_OPTIONS,
    {"from", "TIME", "begins: 2027-01-01T13:00:00Z or 011300ZJAN27"},
    {"to", "TIME", "ends"},
    {"for", "SPAN", "or lasts"},
    {"floor", "HEIGHT",
     "\"900m amsl\", \"120m agl\", \"300ft wgs84\", FL250, SFC; else from below"},
    {"ceiling", "HEIGHT", "as floor, or UNL; else without limit"},
    {"accuracy", "LENGTH", "how far off the place may be: 15m"},
    {"method", "TEXT", "how it was surveyed"},
    {"surveyed", "TIME", "when"},
    {"declared-by", "NAME", "who declared it"},
    {"recognised-by", "NAME", "who recognised it"},
    {"military-use", "yes|no", "declared military use"},
    {"markings", "TEXT", "how it is marked, by day and by night"},
    {"review-by", "TIME", "of a site: when it is to be looked at again; it stands on after that"},
    {"dry-run", NULL, "check only, release nothing; exit 0, 4, 5 or 6 by what is found"},
    {NULL, NULL, NULL}};
static const struct cli_option stop_fire_options[] = {
    {"title", "TEXT", "one line: what is to stop"},
    {"in", "SPAN", "to be answered in this time: 10m"},
    {"text", "TEXT", "what is known"},
    {"file", "FILE", "the text from a file, - for standard input"},
    PLACE_OPTIONS,
    {NULL, NULL, NULL}};
static const struct cli_option places_options[] = {
    {"class", "WORD",
     "only sites, or only operations ...: site, movement, operation, exercise, area"},
    {"all", NULL, "those too that do not stand: superseded, withdrawn, over"},
    {NULL, NULL, NULL}};
static const struct cli_option list_places_options[] = {
    {"all", NULL, "those too that do not stand: superseded, withdrawn, over"}, {NULL, NULL, NULL}};
#define IMPORT_OPTIONS                                                                             \
    {"dry-run", NULL,                                                                              \
     "read and report only; exit 0, 1 where rows are refused, 4 where some are "                   \
     "pointed out"},                                                                               \
        {"doubles", NULL,                                                                          \
         "release those too that are registered, waiting or in the file already"},                 \
        {"skip-pointed-out", NULL, "leave rows out that have something pointed out"}, {            \
        "refused-out", "FILE", "write refused rows there, to be put right and read again"          \
    }
static const struct cli_option sites_import_options[] = {
    {"radius", "LENGTH", "of rows that have none: 150m; without it they are refused"},
    {"near", "LENGTH", "closer than this to another site is pointed out (100m)"},
    {"letter", "WORD", "what N or S behind a UTM zone means: hemisphere or band"},
    {"review-by", "TIME", "when all of them are to be looked at again"},
    IMPORT_OPTIONS,
    {NULL, NULL, NULL}};
static const struct cli_option forks_options[] = {
    {"save", "DIR", "the evidence as files, and its QR code as a page"},
    {"qr", NULL, "the QR code on this terminal"},
    {NULL, NULL, NULL}};
static const struct cli_option places_import_options[] = {
    {"class", "WORD", "what they become: site, movement, operation, exercise, area"},
    {"edges", "WORD", "how edges run where the file does not say: geodesic, parallel, lonlat"},
    {"radius", "LENGTH", "of points that have none"},
    {"half-width", "LENGTH", "of lines that have none"},
    {"format", "WORD", "geojson, ed318, ed269, kml; else found out"},
    {"title", "TEXT", "of features without a name"},
    {"from", "TIME", "of places without any time: begins"},
    {"to", "TIME", "of places without any time: ends"},
    {"review-by", "TIME", "sites: when all of them are to be looked at again"},
    IMPORT_OPTIONS,
    {NULL, NULL, NULL}};
static const struct cli_option places_export_options[] = {
    {"format", "WORD", "geojson, ed318, kml or csv (circles only)"},
    {"out", "FILE", "where to; it must not exist yet"},
    {"class", "WORD", "only these: site, movement, operation, exercise, area"},
    {"country", "CODE", "ed318: three letters, as SYR"},
    {"zone-type", "WORD",
     "ed318: PROHIBITED, REQ_AUTHORIZATION, CONDITIONAL, NO_RESTRICTION, USPACE"},
    {"authority", "NAME", "ed318: who answers for the zones"},
    {"purpose", "WORD", "ed318: AUTHORIZATION, NOTIFICATION or INFORMATION (INFORMATION)"},
    {"zone-language", "TAG", "ed318: of names and texts (en)"},
    {"separator", "MARK", "csv: ; with decimal commas (;), a comma, or a tab"},
    {NULL, NULL, NULL}};
static const struct cli_option playback_options[] = {
    {"send", NULL, "send it back to the author as a query"}, {NULL, NULL, NULL}};
static const struct cli_option statement_options[] = {
    {"title", "TEXT", "one line"},
    {"text", "TEXT", "for the public"},
    {"file", "FILE", "the text from a file, - for standard input"},
    {NULL, NULL, NULL}};
static const struct cli_option position_options[] = {
    {"reason", "TEXT", "as stated"},
    {"level", "NAME", "passed-down: to which level"},
    {"by", "NAME", "person"},
    {"at", "TIME", "when it happened"},
    {"paragraph", "N", "dissociate: from this paragraph only (repeat)"},
    {NULL, NULL, NULL}};
static const struct cli_option list_options[] = {
    {"kind", "KIND", "only this kind"},
    {"author", "HANDLE", "only of this member"},
    {"since", "TIME", "written then or later"},
    {"after", "RECORD", "what stands after this record"},
    {"limit", "N", "at most so many (200)"},
    {"last", "N", "the last ones"},
    {"all", NULL, "who-holds: machine records, key matters and readings too"},
    {"bodies", NULL, "log: with bodies, in --json"},
    {"at", "TIME", "as it was to be shown at that time"},
    {NULL, NULL, NULL}};
static const struct cli_option print_options[] = {
    {"out", "FILE", "a new HTML file for the owner alone; without it into a pipe"},
    {"language", "TAG", "of the page's own words: en, ar, ru (en)"},
    {"status", NULL, "what became of it, for who submitted it"},
    {"reasons", NULL, "status: with the reasons that were said to us alone"},
    {"force", NULL, "replace a file that is there"},
    {NULL, NULL, NULL}};
static const struct cli_option sign_options[] = {{"discard", NULL, "drop the draft instead"},
                                                 {NULL, NULL, NULL}};
static const struct cli_option roster_options[] = {
    {"title", "TEXT", "one line (Roster)"},
    {"file", "FILE", "name | duty | contact | from | to, a line each; - for standard input"},
    {NULL, NULL, NULL}};
static const struct cli_option attach_options[] = {
    {"name", "NAME", "what the file is called for those who read it (attachment)"},
    {"media-type", "TYPE", "as in MIME: image/jpeg"},
    {"description", "TEXT", "what it is"},
    {NULL, NULL, NULL}};
static const struct cli_option save_options[] = {{"out", "FILE", "where to; it must not exist yet"},
                                                 {NULL, NULL, NULL}};
static const struct cli_option disclose_options[] = {
    {"paragraph", "N", "of a text: this paragraph alone, 0 its heading (repeat)"},
    {"fact", NULL, "that it exists, of whom and when; no content"},
    {"hash", NULL, "its hash and place alone"},
    {"adoption", NULL, "of a text: with it the charter and what members said of it"},
    {"out", "FILE", "where to write it; else standard output"},
    {NULL, NULL, NULL}};
static const struct cli_option backup_options[] = {
    {"verify", NULL, "check one that was taken instead: no home, no daemon"}, {NULL, NULL, NULL}};
static const struct cli_option seal_options[] = {
    {"undo", NULL, "back to keys/age.txt, so that the daemon needs nobody"}, {NULL, NULL, NULL}};
static const struct cli_option check_options[] = {
    {"register", "FILE[:CLASS]", "places that are known, - for standard input (repeat)"},
    {"plan", "FILE[:CLASS]", "what is planned, - for standard input (repeat)"},
    {"standoff", "CLASS=LENGTH,...", "how far to stay away: site=2km,movement=1km"},
    {"lead", "CLASS=SPAN,...", "lead time by class of plan: operation=48h"},
    {"terrain", "LOW..HIGH", "range of the ground over WGS84: 0m..1200m"},
    {"edges", "WORD", "how edges run where a file does not say: geodesic, parallel, lonlat"},
    {"radius", "LENGTH", "of points without one"},
    {"half-width", "LENGTH", "of lines without one"},
    {"theatre", "LAT,LON..LAT,LON",
     "what lies outside is pointed out: south-west, north-east corner"},
    {"at", "TIME", "now; what is over by then is not compared"},
    {"by-file", NULL, "each file is who declares, whatever its features say"},
    {"strict", NULL, "stop at the first feature that cannot be read"},
    {"most", "N", "places told of one plan (20; 10000 with --json); the others are counted"},
    {NULL, NULL, NULL}};
static const struct cli_option export_options[] = {
    {"channel", "CHANNEL", "which, where there are several"}, {NULL, NULL, NULL}};

#define PLACES_WRITTEN                                                                             \
    "A PLACE is written as \"35.5, 36.1\", \"35 30.0N 036 06.0E\", \"35 30 00N 036 06 00E\", "     \
    "\"3530N03606E\",\n"                                                                           \
    "\"37north 237000 3932000\" (UTM) or \"37S BV 37000 32000\" (MGRS, with or without blanks), "  \
    "WGS84.\n"                                                                                     \
    "What was understood is shown in decimal degrees and MGRS before anything is released.\n"
#define NOTICE_TEXT                                                                                \
    "Sites and movements are closed: --recipients says who may read them, --form holds what they " \
    "are.\n"                                                                                       \
    "A notice is no permission, and no answer to it makes one. Before it is released, what it "    \
    "touches is\n"                                                                                 \
    "shown, and what it was compared with; --dry-run shows that alone (exit 4: conflict; 5: "      \
    "cannot be\n"                                                                                  \
    "excluded; 0: none found; 6: nothing was compared). Nothing found is not "                     \
    "clear.\n" PLACES_WRITTEN
#define PLACES_TEXT                                                                                \
    "Those that can be read here. A list without a place says nothing about the ground.\n"
#define POSITION_TEXT                                                                              \
    "On a closed record it is closed too, for that record's author alone where --recipients "      \
    "names\n"                                                                                      \
    "nobody else of its readers. Reason, level and the like then stand in a form: --form -, or a " \
    "file.\n"
#define POSITION(word, says, example)                                                              \
    {                                                                                              \
        word, "RECORD...", says, "  readback " word " 3f2a90c1" example "\n", POSITION_TEXT,       \
            position_options, true, cli_position                                                   \
    }

const struct cli_command cli_commands[] = {
    {"init", "--handle HANDLE [options]", "make a home: keys, card, settings",
     "  readback init --handle northland --name en=Northland --address n.example:7443\n"
     "  readback --home ./south init --handle southland --officer watch --officer "
     "chief=chief.pub\n",
     "Asks a passphrase for the party key and each officer's key. With --passphrase-fd: the party "
     "key's\n"
     "first, then one line for each officer; a single line is taken for all.\n",
     init_options, false, cli_init},
    {"card", "[show|print|update|publish] [options]", "show, write or renew our card",
     "  readback card\n  readback card --out northland.card\n"
     "  readback card update --address n2.example:7443 --officer night\n",
     NULL, card_options, false, cli_card},
    {"fingerprint", "[CARDFILE]", "what to read out over the phone",
     "  readback fingerprint\n  readback fingerprint southland.card\n", NULL, NULL, false,
     cli_fingerprint},
    {"accredit", "CARDFILE [options]", "take another party's card after the comparison",
     "  readback accredit southland.card\n"
     "  readback accredit southland.card --fingerprint \"01234 56789 01234 56789 01234 56789 01234 "
     "56789\"\n",
     NULL, accredit_options, false, cli_accredit},
    {"peers", "", "parties known here", "  readback peers\n", NULL, NULL, false, cli_peers},
    {"key list", "", "our keys, those before them, and what was said of them",
     "  readback key list\n  readback key list --json\n",
     "Earlier keys are kept in the home, so that what they signed or sealed can be worked with.\n",
     NULL, false, cli_key_list},
    {"key rotate", "ROLE [NAME]", "a new key for node, mirror, tls, age or an officer",
     "  readback key rotate mirror\n  readback key rotate officer duty --officer chief\n"
     "  readback key rotate tls --party-key /media/stick/party.sealed\n",
     "Signed by the party key, said in each channel, with a new version of the card. The daemon "
     "goes on\nwithout a restart. A log key is changed by `readback channel epoch`.\n",
     rotate_options, false, cli_key_rotate},
    {"key revoke", "ROLE [NAME | KEYID | CHANNEL]", "disown what a key signs from here on",
     "  readback key revoke officer duty --officer chief --reason \"lost with the bag\"\n"
     "  readback key revoke mirror --stood-by readback/3f2a.../0=1200\n"
     "  readback key revoke log 3f2a\n  readback key revoke --file from-southland.cose\n",
     "Shows what will be disowned before it is signed. A key in force gets its successor first: a "
     "new key, for\na log key a further epoch; an officer leaves the card.\n",
     revoke_options, false, cli_key_revoke},
    {"serve", "[options]", "run the daemon in the foreground",
     "  readback serve\n  readback --home ./south serve --listen 127.0.0.1:7444\n", NULL,
     serve_options, false, cli_serve},
    {"channel propose", "[CHARTER.json | options]", "propose a channel",
     "  readback channel propose --title \"Standing line\" --member southland --member "
     "witness:observer --accept-in 2d\n"
     "  readback channel propose --exercise --title Drill --member southland --test-every 1h "
     "--answer FLASH=15m\n"
     "  readback channel propose charter.json\n",
     "Needs the party key beside an officer's: it delegates the log key of our feed.\n",
     propose_options, false, cli_channel_propose},
    {"channel list", "", "channels of this node", "  readback channel list\n", NULL, NULL, false,
     cli_channel_list},
    {"channel show", "[CHANNEL]", "charter and members", "  readback channel show 3f2a\n", NULL,
     at_options, false, cli_channel_show},
    {"channel accept", "CHANNEL", "join and accept the charter, or an amendment",
     "  readback channel accept 3f2a\n", "To join needs the party key beside an officer's.\n", NULL,
     false, cli_channel_accept},
    {"channel amend", "CHANNEL [CHANGES.json | options]", "propose to change the charter",
     "  readback channel amend 3f2a --answer FLASH=10m --test-every 30m\n"
     "  readback channel amend 3f2a --add-member southland   # one that left\n"
     "  readback channel amend 3f2a changes.json\n",
     "The file has the fields that change, null for one that goes; with title and members it is "
     "the whole\ncharter. What changes is shown before it is signed. It takes the charter's place "
     "by the rule of the\ncharter in force, or where that has none once every active member has "
     "accepted it in time: `readback\nchannel show` says by which rule, and when. Members that "
     "left "
     "are listed no longer, unless they are added.\n",
     amend_options, true, cli_channel_amend},
    {"channel epoch", "CHANNEL [--stands-by N]", "go on in a further epoch of our feed",
     "  readback channel epoch 3f2a\n  readback channel epoch 3f2a --stands-by 1200\n",
     "With a new log key: after we were let in again, after a fork, where a part of our feed is "
     "lost for\ngood, or after the log key was revoked. Needs the party key. Who comes back "
     "accepts the charter anew.\n",
     epoch_options, false, cli_channel_epoch},
    {"channel override", "CHANNEL --reason TEXT", "sign without waiting for members to answer",
     "  readback channel override 3f2a --reason \"lakeland is gone for good\"\n",
     "After a start a node asks what others hold of its feed before it signs. Ending that early "
     "can fork the\nfeed, where the store was put back from a copy. A record says who had not "
     "answered.\n",
     override_options, false, cli_channel_override},
    {"channel suspend", "CHANNEL", "suspend our part",
     "  readback channel suspend 3f2a --reason \"until Monday\"\n", NULL, reason_options, true,
     cli_channel_suspend},
    {"channel resume", "CHANNEL", "resume our part", "  readback channel resume 3f2a\n", NULL,
     reason_options, true, cli_channel_resume},
    {"channel leave", "CHANNEL", "leave for good",
     "  readback channel leave 3f2a --reason \"mandate ended\"\n", NULL, reason_options, true,
     cli_channel_leave},
    {"test", "[CHANNEL]", "a line test by hand", "  readback test 3f2a\n", NULL, NULL, false,
     cli_test},
    {"nil", "[CHANNEL] --from TIME", "nothing to report",
     "  readback nil 3f2a --from 2015-09-30T12:00:00Z\n", NULL, nil_options, false, cli_nil},
    {"site", "[CHANNEL] --recipients HANDLE,...", "say where a protected place is",
     "  readback form site > site.txt                  # fill it in, then:\n"
     "  readback site --recipients northland,southland --form site.txt\n"
     "  readback site --recipients northland --form - --dry-run\n",
     NOTICE_TEXT, notice_options, true, cli_notice},
    {"site list", "[CHANNEL]", "the sites known here",
     "  readback site list\n  readback site list 3f2a --all\n", PLACES_TEXT, list_places_options,
     false, cli_places},
    {"movement", "[CHANNEL] --recipients HANDLE,...", "say who moves, where and when",
     "  readback form movement > convoy.txt\n"
     "  readback movement --recipients northland,southland --form convoy.txt --demand passed-down "
     "--demand-in 2h\n",
     NOTICE_TEXT, notice_options, true, cli_notice},
    {"movement list", "[CHANNEL]", "the movements known here", "  readback movement list\n",
     PLACES_TEXT, list_places_options, false, cli_places},
    {"operation", "[CHANNEL] [options]", "announce an operation",
     "  readback operation --title \"Strikes, area A\" --circle \"37S BV 37000 32000, 5km\" \\\n"
     "      --from 301300ZSEP27 --for 3h --ceiling FL250\n"
     "  readback operation --title \"Area A\" --circle \"35.500, 36.100, 5km\" --from 301300ZSEP27 "
     "--for "
     "3h --dry-run\n",
     NOTICE_TEXT, notice_options, true, cli_notice},
    {"area", "[CHANNEL] [options]", "announce an area",
     "  readback area --title \"Corridor open\" --corridor \"2km; 35.50, 36.10; 35.55, 36.20\" "
     "--from "
     "010600ZOCT27 --for 12h\n",
     NOTICE_TEXT, notice_options, true, cli_notice},
    {"stop-fire", "[CHANNEL] --title TEXT --in SPAN", "FLASH: stop, and answer in time",
     "  readback stop-fire --title \"Shells on the clinic at the bridge\" --in 10m\n"
     "  readback form stop-fire > stop.txt && readback stop-fire --recipients southland --form "
     "stop.txt\n",
     "Demands will-comply of all members, or of --demand-from; will-comply, complied, "
     "cannot-comply "
     "and declined\n"
     "are answers, and are counted in `readback show` and `readback situation`. One officer "
     "suffices.\n" PLACES_WRITTEN,
     stop_fire_options, true, cli_stop_fire},
    {"places", "[CHANNEL]", "sites, movements, operations, areas known here",
     "  readback places\n  readback places 3f2a --class operation --all --json\n", PLACES_TEXT,
     places_options, false, cli_places},
    {"sites import", "FILE.csv [CHANNEL] --recipients HANDLE,...",
     "say where many sites are: a list, row by row",
     "  readback sites import clinics.csv --recipients northland,southland --radius 150m "
     "--dry-run\n"
     "  readback sites import clinics.csv --recipients northland,southland --radius 150m \\\n"
     "      --refused-out refused.csv\n",
     "The list is CSV in UTF-8 as spreadsheets write it: columns in any order, headings in "
     "English, "
     "French,\nRussian or Arabic. Each row is reported first; nothing is released before you say "
     "so. "
     "What is\nregistered or waits as a draft already is not said twice, so the same list can be "
     "read again.\nExit: 0 all of it done or there already; 1 rows were refused or failed; 4 a "
     "confirmation is wanted;\n5 drafts wait for a second officer.\n",
     sites_import_options, true, cli_sites_import},
    {"sites sign", "[CHANNEL] --officer NAME", "sign all sites that wait for a second officer",
     "  readback sites sign --officer chief\n",
     "Shows each with its place and what is pointed out, asks once, and signs those that this "
     "officer\nhas not signed.\n",
     NULL, false, cli_sites_sign},
    {"places import", "FILE [CHANNEL] --class CLASS", "GeoJSON, ED-318, ED-269 or KML as notices",
     "  readback places import camps.kml --class site --radius 200m --recipients southland "
     "--dry-run\n"
     "  readback places import areas.geojson --class operation --from 011300ZOCT27 --to "
     "011600ZOCT27\n",
     "One notice for each feature or placemark. What the file says and a notice cannot carry is "
     "told.\nExit as `readback sites import`.\n",
     places_import_options, true, cli_places_import},
    {"places export", "[CHANNEL] --format FORMAT --out FILE",
     "the places that stand, for other programs",
     "  readback places export --format geojson --out places.geojson\n"
     "  readback places export --format csv --class site --out sites.csv\n"
     "  readback places export --format ed318 --country SYR --zone-type NO_RESTRICTION --out "
     "zones.json\n",
     "Those that can be read here; what other programs will not see in it is said. The file holds "
     "what closed\nrecords say.\n",
     places_export_options, false, cli_places_export},
    {"compare", "RECORD RECORD", "have two places anything in common",
     "  readback compare 3f2a90c1 77aa01be\n",
     "Place, altitude and time as written, without a stand-off.\n", NULL, false, cli_compare},
    {"playback", "RECORD", "a place that came, in words and numbers not typed by its author",
     "  readback playback 3f2a90c1\n"
     "  readback playback 3f2a90c1 --send --precedence PRIORITY   # its author: readback confirm "
     "QUERY\n",
     "Read it, or hold it against the map. --send sends it back as a query; its author confirms, "
     "or "
     "corrects\n"
     "the record. Confirmed means: understood as meant. It agrees to nothing. Borders and names "
     "are "
     "those of\n"
     "the source and endorse nothing.\n",
     playback_options, true, cli_playback},
    {"notice", "[CHANNEL] operation|exercise|movement|site|area",
     "announce what is planned, where and when",
     "  readback notice 3f2a operation --title \"Strikes, area A\" --circle \"35.500, 36.100, "
     "5km\" \\\n"
     "      --from 2015-09-30T13:00:00Z --for 3h --precedence IMMEDIATE --demand read --demand-in "
     "30m\n"
     "  readback notice exercise --title Drill --polygon \"34.9,35.1; 35.2,35.1; 35.2,35.6\" "
     "--ceiling FL250\n"
     "  readback notice site --recipients northland,southland --form site.txt\n",
     NOTICE_TEXT, notice_options, true, cli_notice},
    {"statement", "[CHANNEL]", "say something for the public",
     "  readback statement --title \"On the talks\" --file talks.txt --language en\n", NULL,
     statement_options, true, cli_statement},
    CLI_INSTRUMENT_COMMANDS,
    {"position", "TYPE RECORD...", "any position on a record",
     "  readback position object 3f2a90c1 --reason \"over our post\"\n", POSITION_TEXT,
     position_options, true, cli_position},
    POSITION("read", "an officer has read it", " 77aa01be"),
    POSITION("passed-down", "it was passed down to a level", " --level \"3rd brigade\""),
    POSITION("query", "ask back", " --reason \"which datum?\""),
    POSITION("object", "object to what is planned; nothing is allowed or forbidden by it",
             " --reason \"over our post\""),
    POSITION("accept", "accept what is proposed, for our party", ""),
    POSITION("reject", "reject what is proposed", " --reason \"not agreed\""),
    POSITION("abstain", "abstain from what is proposed", ""),
    POSITION("dissociate", "dissociate, from all or a paragraph", " --paragraph 3"),
    POSITION("confirm", "confirm what is asserted; of a play-back: it was understood as meant", ""),
    POSITION("dispute", "dispute what is asserted", " --reason \"we saw otherwise\""),
    POSITION("dispute-fact", "dispute a fact of a place or movement", " --form -"),
    POSITION("will-comply", "we will do what is asked", ""),
    POSITION("cannot-comply", "we cannot do what is asked, or keep clear of it",
             " --reason \"no contact with them\""),
    POSITION("complied", "we did what was asked", ""),
    POSITION("declined", "we decline what is asked, or the contact", ""),
    POSITION("took-place", "the contact took place", ""),
    POSITION("withdraw", "withdraw a record of ours", " --reason \"sent in error\""),
    POSITION("correct", "correct a record of ours", " --reason \"north, not south\""),
    {"inbox", "", "what others said and no officer has read; answers owed", "  readback inbox\n",
     NULL, NULL, false, cli_inbox},
    {"log", "[CHANNEL]", "records in order",
     "  readback log 3f2a --last 20\n  readback log --kind notice --author southland\n", NULL,
     list_options, false, cli_log},
    {"show", "RECORD", "everything about a record", "  readback show 3f2a90c1\n", NULL, at_options,
     false, cli_show},
    {"who-holds", "[CHANNEL]", "records and parties: held, read, overdue",
     "  readback who-holds 3f2a --last 5\n", NULL, list_options, false, cli_who_holds},
    {"print", "RECORD [--out FILE.html]", "a notice as one page for paper, mail or fax",
     "  readback print 3f2a90c1 --out clinic.html\n"
     "  readback print 3f2a90c1 --language ar --out clinic-ar.html\n"
     "  readback print 3f2a90c1 --status --out back-to-relief-one.html\n",
     "For counterparts without a node. The page is in the clear and asks for nothing from "
     "elsewhere: open it in\na browser, print it on A4, delete the file. What they answer is "
     "entered with --reported-who.\n"
     "Local times are those of this machine; TZ=Asia/Damascus before the command makes it "
     "another's.\n",
     print_options, false, cli_print},
    {"situation", "[CHANNEL]", "what is in force, owed, silent", "  readback situation 3f2a\n",
     NULL, at_options, false, cli_situation},
    {"status", "", "this node: channels, lines, store",
     "  readback status\n  readback status --json\n", NULL, NULL, false, cli_status},
    {"forks", "[CHANNEL] [--save DIR] [--qr]", "feeds of which two histories are proven",
     "  readback forks\n  readback forks --save evidence\n",
     "Where somebody's log key signed two histories of one feed, that can be proven to anybody. "
     "--save\n"
     "writes for each piece of evidence a file and, where it fits, a page with its QR code; both "
     "are\n"
     "checked with `readback-verify`.\n",
     forks_options, false, cli_forks},
    {"doctor", "", "what is wrong, and on whose side", "  readback doctor\n", NULL, NULL, false,
     cli_doctor},
    {"drafts", "", "records that wait for a second officer", "  readback drafts\n", NULL, NULL,
     false, cli_drafts},
    {"sign", "DRAFT", "sign a draft as the second officer",
     "  readback sign 3f2a90c1 --officer chief\n", NULL, sign_options, false, cli_sign},
    {"form", "COMMAND [CLASS]", "a form to fill in for --form",
     "  readback form site > site.txt\n  readback form notice movement > convoy.txt\n"
     "  readback form position\n",
     "What closed records hold stands in forms, because everybody on the machine can see a command "
     "line,\nand the shell remembers it.\n",
     NULL, false, cli_form_command},
    {"roster", "[CHANNEL] [--file FILE --recipients HANDLE,...]",
     "who is on duty; or say who is with us",
     "  readback roster\n  readback roster 3f2a --file watch.txt --recipients southland,lakeland\n",
     "The file has a line for each person, what is not known left out; a later roster takes the "
     "place of the earlier:\n"
     "  Watch desk | duty officer | +1 555 0100 | 2027-01-01T06:00:00Z | 011800ZJAN27\n"
     "  Night desk | deputy\n",
     roster_options, true, cli_roster},
    {"attach", "[CHANNEL] FILE --recipients HANDLE,...", "a file, sealed to named members",
     "  readback attach roof.jpg --recipients northland --about 3f2a90c1\n"
     "  readback form attach > roof.txt && readback attach roof.jpg --recipients northland --form "
     "roof.txt\n",
     "At most 64 MiB. Always closed. Its name for the readers comes from the form, not from the "
     "command line.\n",
     attach_options, true, cli_attach},
    {"save", "RECORD --out FILE", "the content of an attachment",
     "  readback save 3f2a90c1 --out roof.jpg\n", NULL, save_options, false, cli_save},
    {"reseal", "RECORD --recipients HANDLE,...", "the same content to others, as a new record",
     "  readback reseal 3f2a90c1 --recipients newcomer\n", NULL, NULL, true, cli_reseal},
    {"purge", "RECORD", "delete a closed record's content from this node",
     "  readback purge 3f2a90c1\n  readback purge 3f2a90c1 --reason \"no longer needed\"\n",
     "Leaf, proofs and receipts stay, and all members are told. ALL MEMBERS read the reason: say "
     "nothing in it\nof what stood there. The disk below, backups and saved files are not "
     "reached.\n",
     purge_options, false, cli_purge},
    {"disclose", "RECORD [options]", "a file that proves a closed record to outsiders",
     "  readback disclose 3f2a90c1 --paragraph 2 --out elements.json\n"
     "  readback disclose 3f2a90c1 --fact --out fact.json\n"
     "  readback disclose 3f2a90c1 --adoption --out adopted.json\n",
     "Without options: as much as the charter's clause allows. The clause binds these tools; no "
     "software\n"
     "stops a holder from publishing what it can read.\n",
     disclose_options, false, cli_disclose},
    {"unlock", "", "let the daemon open closed records", "  readback unlock\n",
     "Where the age key is sealed; asks its passphrase.\n", NULL, false, cli_unlock},
    {"seal-age", "[--undo]", "seal the age key with a passphrase", "  readback seal-age\n",
     "A home that is seized with the daemon off then gives away no closed content. After each "
     "start\n"
     "somebody must run `readback unlock`.\n",
     seal_options, false, cli_seal_age},
    {"check", "--register FILE... --plan FILE... [options]",
     "plans in files against places in files: no daemon, no home",
     "  readback check --register sites.csv --register roads.geojson:movement \\\n"
     "      --plan strikes.geojson:operation --standoff site=2km,movement=1km\n"
     "  tail -f plans.ndjson | readback check --json --register sites.kml:site --plan "
     "-:operation\n",
     "Files are GeoJSON (also a feature a line), ED-318, ED-269, KML or a site list (CSV); "
     "FILE:CLASS "
     "says what\nthe features are that do not say it: operation, exercise, movement, site, area, "
     "truce, "
     "no-strike.\nExit status: 4 a conflict; 1 failed; 6 something could not be compared; 5 a "
     "conflict "
     "cannot be\nexcluded; 0 none found in all. None found is not clear: each answer says what was "
     "compared.\n",
     check_options, false, cli_check_files},
    {"export", "DIRECTORY", "a folder that others can check",
     "  readback export ./line-export --channel 3f2a\n", NULL, export_options, false, cli_export},
    {"backup", "DIRECTORY", "a copy of the home, also while the daemon runs",
     "  readback backup /media/stick/northland-20270101\n"
     "  readback backup --verify /media/stick/northland-20270101\n",
     "Keys, card, settings and the database as it stands at one moment, in a new folder that is "
     "there whole or\nnot at all. The file `heads` is not in it and must never be put back. "
     "readback-operation(7) has the drill.\n",
     backup_options, false, cli_backup},
    {"restore", "DIRECTORY --home NEW", "a new home out of a backup",
     "  readback restore /media/stick/northland-20270101 --home /var/lib/readback/northland\n",
     "Checks the backup first, and overwrites nothing. The old home must never be started again. "
     "Once started,\nthe node asks the members what it signed since, and signs nothing before.\n",
     NULL, false, cli_restore},
    {"metrics", "", "counts and times of this node, as monitoring reads them",
     "  readback metrics\n", "Prometheus text; nothing of what records say.\n", NULL, false,
     cli_metrics},
    {"completion", "bash|zsh|fish", "what a shell needs to complete this command line",
     "  readback completion bash > completions/readback\n"
     "  readback completion fish > ~/.config/fish/completions/readback.fish\n",
     "Packages install it. The shells then ask for channels, records, drafts or handles in the "
     "same way.\n",
     NULL, false, cli_completion},
    {"version", "", "version of this program", "  readback version\n", NULL, NULL, false,
     cli_version},
    {"help", "[COMMAND | kinds]", "this help", "  readback help notice\n  readback help kinds\n",
     NULL, NULL, false, cli_help_command},
};
const size_t cli_commands_n = sizeof cli_commands / sizeof *cli_commands;

/* the place behind an option that stands in argv[i], where it is one of every command; else i */
static int behind_option(char **argv, int i) {
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        if (strcmp(argv[i] + (argv[i][1] == '-' ? 2 : 1), o->name) == 0)
            return i + (o->arg ? 2 : 1);
    return argv[i][1] == '-' && strchr(argv[i], '=') ? i + 1 : i;
}
/* the next word from `i` on; -1: none. `strict`: with nothing but options of every command before
 * it, since a word behind another one may be its value */
static int next_word(char **argv, int argc, int i, bool strict) {
    while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--") != 0) {
        int next = behind_option(argv, i);
        if (next == i && strict) return -1;
        i = next == i ? i + 1 : next;
    }
    return i < argc && argv[i][0] != '-' ? i : -1;
}
static int named(const char *one, const char *two) {
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", one, two ? " " : "", two ? two : "");
    for (size_t i = 0; i < cli_commands_n; i++)
        if (strcmp(cli_commands[i].name, name) == 0) return (int)i;
    return -1;
}
/* The command is the first one or two words; options may stand before it ("--home DIR card"). Two
 * words go before one: "site list" is not the command site with a channel "list". */
static int find_command(char **argv, int argc, int *first, int *second) {
    *first = next_word(argv, argc, 1, false);
    *second = *first < 0 ? -1 : next_word(argv, argc, *first + 1, true);
    if (*first < 0) return -1;
    int at = *second < 0 ? -1 : named(argv[*first], argv[*second]);
    return at >= 0 ? at : named(argv[*first], NULL);
}
static bool color_on(int fd) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fd) && (no == NULL || *no == 0) && term && strcmp(term, "dumb") != 0;
}
/* "propose, list, ...": what may stand behind a word that is no command alone; "" if nothing */
static const char *second_words(const char *first) {
    static char list[160];
    const size_t n = strlen(first);
    size_t at = 0;
    list[0] = 0;
    for (size_t i = 0; i < cli_commands_n && at < sizeof list; i++) {
        const char *name = cli_commands[i].name;
        if (strncmp(name, first, n) != 0 || name[n] != ' ') continue;
        const int k = snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "", name + n + 1);
        if (k > 0) at += (size_t)k;
    }
    return list;
}
/* a line each of the commands that begin with this word */
static void help_group(const char *first, FILE *out) {
    const size_t n = strlen(first);
    for (size_t i = 0; i < cli_commands_n; i++)
        if (strncmp(cli_commands[i].name, first, n) == 0 && cli_commands[i].name[n] == ' ')
            fprintf(out, "  readback %-18s %s\n", cli_commands[i].name, cli_commands[i].help);
}
static bool asks_for_help(char **argv, int argc) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}
static int unknown_command(struct cli *c, char **argv, int argc, int first) {
    if (first < 0) {
        bool asked = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
        if (argc > 1 && strcmp(argv[1], "--version") == 0) return cli_version(c);
        cli_help_all(asked ? stdout : stderr);
        return asked ? CLI_OK : CLI_USAGE;
    }
    const char *what = second_words(argv[first]);
    if (*what && asks_for_help(argv, argc)) {
        help_group(argv[first], stdout);
        printf("\n`readback help %s` shows all of it.\n", argv[first]);
        return CLI_OK;
    }
    if (*what) {
        const int rc = cli_usage(c, "%s what? %s", argv[first], what);
        help_group(argv[first], stderr);
        return rc;
    }
    return cli_usage(c,
                     "there is no command \"%s\"; notice, read, inbox, log, show, status are some",
                     argv[first]);
}

/* What stands in argv can be read by every user of the machine as long as we run: the words move
 * elsewhere. false: memory */
static bool hide_words(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        char *copy = strdup(argv[i]);
        if (copy == NULL) return false;
        memset(argv[i], 0, strlen(argv[i]));
        argv[i] = copy;
    }
    return true;
}

static bool needs_home(const struct cli_command *cmd) {
    return cmd->run != cli_check_files && cmd->run != cli_version && cmd->run != cli_help_command &&
           cmd->run != cli_completion && cmd->run != cli_template;
}
static int run(struct cli *c) {
    int rc = cli_form(c);
    if (rc != CLI_OK) return rc;
    if (rb_crypto_init() != RB_OK) return cli_fail(c, NULL, "the crypto library does not start");
    if (rb_home_path(cli_get(c, "home"), c->home, sizeof c->home) != RB_OK &&
        needs_home(c->command))
        return cli_usage(c, "no home directory: give --home DIR or set READBACK_HOME");
    return c->command->run(c);
}
/* JSON that is made here is what will be released: a list of recipients that could not be put into
 * a draft would leave an open one. Nothing was sent yet, or nothing is known of the answer. */
static void *whole_or_end(size_t n) {
    static const char words[] =
        "readback: memory is short: it is not known to be done; look before trying again\n";
    void *p = malloc(n);
    if (p != NULL) return p;
    if (write(STDERR_FILENO, words, sizeof words - 1) < 0) _exit(CLI_FAILED);
    _exit(CLI_FAILED);
}
/* No image of what was typed on the disk, should we crash, and no look into our memory by others of
 * the same user. The leak checker of a sanitized build is such a look. */
#if defined(__SANITIZE_ADDRESS__)
#define RB_LEAKS_ARE_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RB_LEAKS_ARE_CHECKED 1
#endif
#endif
static void harden(void) {
#if defined(RB_LEAKS_ARE_CHECKED)
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#else
    rb_harden();
#endif
}
int main(int argc, char **argv) {
    struct cli c = {.color = color_on(STDOUT_FILENO), .color_err = color_on(STDERR_FILENO)};
    char *rest[512];
    int first = -1, second = -1, n = 0;
    setlocale(LC_CTYPE, "C.UTF-8");
    harden();
    json_set_alloc_funcs(whole_or_end, free);
    if (!hide_words(argc, argv)) return cli_fail(&c, NULL, "memory is short");
    if (argc > 500) return cli_usage(&c, "too many words");
    for (int i = 1; i < argc; i++)
        if (!rb_utf8_ok(rb_str(argv[i]))) return cli_usage(&c, "word %d is not UTF-8", i);
    int at = find_command(argv, argc, &first, &second);
    if (at < 0) return unknown_command(&c, argv, argc, first);
    c.command = &cli_commands[at];
    bool two = strchr(c.command->name, ' ') != NULL;
    for (int i = 1; i < argc; i++)
        if (i != first && !(two && i == second)) rest[n++] = argv[i];
    if (!cli_parse(&c, n, rest)) return CLI_USAGE;
    if (cli_has(&c, "help")) {
        cli_help(c.command, stdout);
        return CLI_OK;
    }
    int rc = run(&c);
    if (fflush(stdout) != 0 || ferror(stdout)) rc = rc ? rc : CLI_FAILED;
    rb_client_unix_free(c.client);
    rb_wipe(&c.passphrase, sizeof c.passphrase);
    if (c.form) rb_wipe(c.form, c.form_n);
    free(c.form);
    json_decref(c.notes);
    return rc;
}
