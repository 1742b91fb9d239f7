/* Bodies on standard input, a line each: the kind's number, a blank, the body in hex. On standard output a line
 * each: "ok", or the clause that it is refused by (spec 3.6). For test_cddl.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "readback/crypto.h"
#include "readback/limits.h"
#include "readback/record.h"
#include "readback/text.h"

static char line[4 * RB_MAX_LEAF + 64];
static uint8_t body[2 * RB_MAX_LEAF];

int main(void) {
    if (rb_crypto_init() != RB_OK) return 2;
    while (fgets(line, sizeof line, stdin)) {
        char *hex = NULL;
        const long kind = strtol(line, &hex, 10);
        struct rb_reject rj = {0};
        hex += *hex == ' ';
        const size_t n = strcspn(hex, "\n");
        if (n % 2 || n / 2 > sizeof body || rb_hex_decode(rb_slice(hex, n), body, n / 2) != RB_OK)
            return 2;
        const enum rb_err err = rb_body_check((enum rb_kind)kind, rb_slice(body, n / 2), &rj);
        puts(err == RB_OK ? "ok" : rj.clause ? rj.clause : "no clause");
    }
    return ferror(stdin) ? 1 : 0;
}
