/* What can be said and answered. The tables alone say it: the API and `readback help kinds`, which
 * needs no daemon, give the same. */
#ifndef RB_SHELL_API_KINDS_H
#define RB_SHELL_API_KINDS_H
#include <jansson.h>

json_t *rb_kinds_json(void); /* {kinds: [...]}, as GET /v1/kinds has it */
#endif
