/* Who may wait: lines "PARTY KEY words", both in hexadecimal; a party may have several keys, one a
 * line. "#" begins a remark. Pure. */
#ifndef RB_SHELL_RELAY_LIST_H
#define RB_SHELL_RELAY_LIST_H
#include "readback/crypto.h"

#define RB_RELAY_MAX_LISTED 4096u
#define RB_RELAY_MAX_KEYS 4u
#define RB_RELAY_MAX_LIST ((size_t)1 << 20) /* bytes of the file */
struct rb_relay_listed {
    struct rb_hash party;
    struct rb_key keys[RB_RELAY_MAX_KEYS];
    size_t keys_n;
};
/* *out: to be freed. line: of what is refused. RB_ERR_MALFORMED, RB_ERR_LIMIT */
enum rb_err rb_relay_list_decode(struct rb_slice text, struct rb_relay_listed **out, size_t *n,
                                 size_t *line, struct rb_reject *rj) RB_MUST_USE;
#endif
