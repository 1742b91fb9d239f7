/* Passphrases: from a file descriptor, a file, or the terminal without echo; never from the command
 * line or the environment. */
#ifndef RB_SHELL_PASSPHRASE_H
#define RB_SHELL_PASSPHRASE_H
#include "readback/bytes.h"

#define RB_PASSPHRASE_MAX 1024u
struct rb_passphrase {
    uint8_t b[RB_PASSPHRASE_MAX];
    size_t n;
};
static inline struct rb_slice rb_passphrase_slice(const struct rb_passphrase *p) {
    return rb_slice(p->b, p->n);
}
/* fd >= 0: the first line of it (each call reads one line, so that several follow each other); else
 * the file that READBACK_PASSPHRASE_FILE names (0600); else the terminal, `prompt` first, twice
 * where `confirm` is set. Wipe with rb_wipe after use. NOT_FOUND: no terminal. */
enum rb_err rb_passphrase_read(int fd, const char *prompt, bool confirm, struct rb_passphrase *out,
                               char *why, size_t why_n) RB_MUST_USE;
#endif
