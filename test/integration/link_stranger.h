/* link_client.py as a process: another implementation of TLS, driven over pipes while our loop runs.
 * Skips the test where python3 or openssl is missing. */
#ifndef RB_TEST_LINK_STRANGER_H
#define RB_TEST_LINK_STRANGER_H
#include <sys/types.h>
#include "link_fixture.h"

struct stranger {
    struct world *w;
    char dir[64], key[80], cert[80];
    int in, out; /* pipes */
    pid_t pid;
};
void stranger_start(struct world *w, struct stranger *s, const struct rb_seckey *tls, uint16_t port,
                    const char *mode);
void stranger_stop(struct stranger *s);
void stranger_say(struct stranger *s, struct rb_slice bytes);
/* runs our side until the stranger tells what came back; with a NUL behind it */
const char *stranger_hear(struct stranger *s);
const char *stranger_talk(struct stranger *s, struct rb_slice bytes);
#endif
