/* `readback template KIND`: a body filled in as an example, to be edited and sent with --body.
 * Records are named by digits that no record here has, so that nothing goes out unedited with a
 * wrong reference. */
#include "cli_instrument.h"

static const struct {
    enum rb_kind kind;
    const char *body;
} templates[] = {
    {RB_KIND_REQUEST,
     "{\n"
     "  \"title\": \"Pause fire at the bridge, 14:00 to 16:00Z\",\n"
     "  \"text\": \"To bring eleven wounded out. Two white buses, lights on.\",\n"
     "  \"of\": [\"southland\"],\n"
     "  \"volumes\": [{\"circle\": {\"place\": \"37S BV 37000 32000\", \"radius\": \"500m\"},\n"
     "    \"time\": {\"from\": \"2027-04-01T14:00:00Z\", \"length\": \"2h\"}}]\n"
     "}\n"},
    {RB_KIND_CESSATION,
     "{\n"
     "  \"title\": \"Cessation of hostilities in the south-west\",\n"
     "  \"text\": \"All fire of all arms ceases in the area for fourteen days.\",\n"
     "  \"volumes\": [{\"polygon\": {\"edges\": \"geodesic\",\n"
     "    \"points\": [{\"place\": \"32.6, 35.9\"}, {\"place\": \"32.6, 36.5\"}, {\"place\": "
     "\"33.1, "
     "36.2\"}]}}],\n"
     "  \"start\": \"2027-04-01T00:00:00Z\",\n"
     "  \"end\": \"2027-04-15T00:00:00Z\",\n"
     "  \"length\": \"14d\",\n"
     "  \"parties\": [\"northland\", \"southland\"],\n"
     "  \"guarantors\": [\"lakeland\"],\n"
     "  \"monitors\": [\"lakeland\"],\n"
     "  \"adoption\": {\"rule\": \"quorum-veto\", \"quorum\": 2, \"veto\": [\"northland\"],\n"
     "    \"of\": [\"northland\", \"southland\"], \"by\": \"2027-03-31T12:00:00Z\"},\n"
     "  \"exclusions\": [\"00000000\"],\n"
     "  \"extends\": \"00000000\"\n"
     "}\n"},
    {RB_KIND_INCIDENT,
     "{\n"
     "  \"title\": \"Shelling of the market\",\n"
     "  \"text\": \"Four rounds of 122 mm from the north-east, 11:30 to 11:50Z.\",\n"
     "  \"what\": \"shelling\",\n"
     "  \"attributed_to\": \"Southland, 3rd brigade\",\n"
     "  \"from\": \"2027-04-03T11:30:00Z\",\n"
     "  \"to\": \"2027-04-03T11:50:00Z\",\n"
     "  \"volumes\": [{\"circle\": {\"place\": \"37S BV 37000 32000\", \"radius\": \"200m\"},\n"
     "    \"accuracy\": \"50m\"}],\n"
     "  \"violates\": \"00000000\",\n"
     "  \"same_as\": [\"00000000\"]\n"
     "}\n"},
    {RB_KIND_FINDING,
     "{\n"
     "  \"stage\": \"concluded\",\n"
     "  \"result\": \"confirmed\",\n"
     "  \"incidents\": [\"00000000\"],\n"
     "  \"text\": \"Two craters of 122 mm; the line of fire points to the north-east.\",\n"
     "  \"attributed_to\": \"Southland, 3rd brigade\"\n"
     "}\n"},
    {RB_KIND_FIGURE,
     "{\n"
     "  \"what\": \"killed\",\n"
     "  \"low\": 9,\n"
     "  \"high\": 14,\n"
     "  \"as_stated\": \"between nine and fourteen\",\n"
     "  \"class\": \"believed civilians\",\n"
     "  \"group\": \"traders\",\n"
     "  \"attributed_to\": \"Southland\",\n"
     "  \"area\": \"the market\",\n"
     "  \"volumes\": [{\"circle\": {\"place\": \"37S BV 37000 32000\", \"radius\": \"1km\"}}],\n"
     "  \"from\": \"2027-04-03T11:30:00Z\",\n"
     "  \"to\": \"2027-04-03T18:00:00Z\",\n"
     "  \"counted_by\": \"District hospital\",\n"
     "  \"source\": \"its director, by phone\",\n"
     "  \"sources\": 2,\n"
     "  \"method\": \"register of the morgue\",\n"
     "  \"status\": \"claim\",\n"
     "  \"incidents\": [\"00000000\"]\n"
     "}\n"},
    {RB_KIND_DESIGNATION,
     "{\n"
     "  \"title\": \"Not covered by the cessation\",\n"
     "  \"side\": \"outside\",\n"
     "  \"subjects\": [{\"name\": \"Group X\", \"also\": \"Front Y\", \"note\": \"as listed by the "
     "Council\"}],\n"
     "  \"volumes\": [{\"circle\": {\"place\": \"32.7, 36.0\", \"radius\": \"5km\"}}],\n"
     "  \"of\": \"00000000\",\n"
     "  \"reason\": \"They did not accede.\"\n"
     "}\n"},
    {RB_KIND_TEXT,
     "{\n"
     "  \"title\": \"Elements of an understanding\",\n"
     "  \"version\": 2,\n"
     "  \"paragraphs\": [\"The parties keep this line open.\", \"Fire ceases [at noon].\"],\n"
     "  \"previous\": \"00000000\",\n"
     "  \"adoption\": {\"rule\": \"silence\", \"by\": \"2027-04-02T12:00:00Z\",\n"
     "    \"of\": [\"northland\", \"southland\"]},\n"
     "  \"explanation\": \"The hour in paragraph 2 is not agreed.\",\n"
     "  \"pen\": \"northland\",\n"
     "  \"bracketed\": [2]\n"
     "}\n"},
    {RB_KIND_AGREEMENT,
     "{\n"
     "  \"title\": \"Opening of the coast road\",\n"
     "  \"text\": \"The road is opened to civilian traffic in two steps.\",\n"
     "  \"adopts\": \"00000000\",\n"
     "  \"parties\": [\"northland\", \"southland\"],\n"
     "  \"others\": [\"District council\"],\n"
     "  \"steps\": [\n"
     "    {\"number\": 1, \"what\": \"clear the mines\", \"owner\": \"northland\", \"due\": "
     "\"2027-04-10T12:00:00Z\"},\n"
     "    {\"number\": 2, \"what\": \"open the gate\", \"by\": \"District council\"}],\n"
     "  \"adoption\": {\"by\": \"2027-04-02T12:00:00Z\"},\n"
     "  \"signed_at\": \"2027-04-01T10:00:00Z\"\n"
     "}\n"},
    {RB_KIND_PROGRESS, "{\n"
                       "  \"agreement\": \"00000000\",\n"
                       "  \"step\": 1,\n"
                       "  \"state\": \"delayed\",\n"
                       "  \"text\": \"The second lane is not clear yet.\",\n"
                       "  \"expected\": \"2027-04-12T12:00:00Z\"\n"
                       "}\n"},
    {RB_KIND_CONTACT, "{\n"
                      "  \"way\": \"call\",\n"
                      "  \"title\": \"Safety of flights\",\n"
                      "  \"stage\": \"held\",\n"
                      "  \"with\": [\"southland\"],\n"
                      "  \"others\": [\"Air traffic centre\"],\n"
                      "  \"at\": \"2027-04-01T13:00:00Z\",\n"
                      "  \"level\": \"duty officers\",\n"
                      "  \"agenda\": \"Frequencies; the corridor of Thursday\",\n"
                      "  \"minutes\": 20\n"
                      "}\n"},
    {RB_KIND_READOUT,
     "{\n"
     "  \"title\": \"Call of 1 April\",\n"
     "  \"text\": \"Both sides named frequencies. The corridor was not settled.\",\n"
     "  \"contact\": \"00000000\",\n"
     "  \"at\": \"2027-04-01T13:00:00Z\",\n"
     "  \"by\": \"Duty officer\"\n"
     "}\n"},
};
#define TEMPLATES_N (sizeof templates / sizeof *templates)

const char *cli_template_of(enum rb_kind kind) {
    for (size_t i = 0; i < TEMPLATES_N; i++)
        if (templates[i].kind == kind) return templates[i].body;
    return NULL;
}
int cli_template(struct cli *c) {
    const char *names[TEMPLATES_N];
    enum rb_kind kind = RB_KIND_CHARTER;
    for (size_t i = 0; i < TEMPLATES_N; i++)
        names[i] = rb_kind_name(templates[i].kind);
    if (c->args_n == 0) return cli_not_one(c, "kind of instrument", "", names, TEMPLATES_N);
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    const struct cli_instrument *in = cli_instrument_of(c->args[0]);
    if (in) kind = in->kind;
    if (in == NULL && rb_kind_decode(rb_str(c->args[0]), &kind) != RB_OK)
        return cli_not_one(c, "kind of instrument", c->args[0], names, TEMPLATES_N);
    if (cli_template_of(kind) == NULL)
        return cli_not_one(c, "template for the kind", c->args[0], names, TEMPLATES_N);
    fputs(cli_template_of(kind), stdout);
    return CLI_OK;
}
