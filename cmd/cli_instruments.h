/* What became of instruments, in words: shared by lists and by the view of one record. */
#ifndef RB_CMD_CLI_INSTRUMENTS_H
#define RB_CMD_CLI_INSTRUMENTS_H
#include "cli_instrument.h"

#define CLI_WHO 400
/* "southland (Coalition B, group West)" of {member, affiliation, group} */
const char *cli_who(const json_t *o, char out[CLI_WHO]);
/* State, and what its lot says. `view` has state, sentence and the parts by kind, `o` the record
 * with body and positions; in lists they are one. */
void cli_say_state(struct cli *c, FILE *out, const json_t *view, const json_t *o, int indent);
/* who confirms and disputes, with the reasons that can be read here */
void cli_say_words_on(FILE *out, const json_t *view, const json_t *o, int indent);
#endif
