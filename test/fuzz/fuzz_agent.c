/* What an ssh-agent answers to the two requests: the bytes of the input, whatever was asked. No
 * signature is taken that does not verify, no comment that is not a line of text, and nothing waits
 * for more than came. */
#include <sys/socket.h>
#include <sys/un.h>
#include "fuzz_file.h"
#include "readback/text.h"
#include "shell/os/agent.h"

static int listening(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    FUZZ_CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
               listen(fd, 4) == 0);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static int fd = -1;
    static char path[96];
    static struct rb_agent_key keys[RB_AGENT_MAX_KEYS];
    struct rb_agent *a = NULL;
    const struct rb_key some = {{1}};
    uint8_t sig[RB_SIG_LEN];
    char why[256];
    size_t found = 0;
    if (fd < 0) {
        FUZZ_CHECK(rb_crypto_init() == RB_OK);
        fuzz_folder();
        (void)snprintf(path, sizeof path, "%s/agent", fuzz_dir);
        fd = listening(path);
    }
    if (n > 65536) return 0; /* what a socket holds while nobody reads */
    FUZZ_CHECK(rb_agent_open(path, &a, why, sizeof why) == RB_OK);
    const int agent = accept(fd, NULL, NULL);
    FUZZ_CHECK(agent >= 0 && (n == 0 || send(agent, data, n, MSG_NOSIGNAL) == (ssize_t)n));
    FUZZ_CHECK(shutdown(agent, SHUT_WR) == 0);
    if (rb_agent_list(a, keys, RB_AGENT_MAX_KEYS, &found) == RB_OK) {
        FUZZ_CHECK(found <= RB_AGENT_MAX_KEYS);
        for (size_t i = 0; i < found; i++)
            FUZZ_CHECK(rb_name_ok(rb_str(keys[i].comment)));
    } else {
        FUZZ_CHECK(rb_agent_error(a)[0] != '\0');
    }
    const struct rb_key *k = found > 0 ? &keys[0].pub : &some;
    if (rb_agent_sign(a, k, rb_str("said"), sig) == RB_OK)
        FUZZ_CHECK(rb_ed25519_verify(k, rb_str("said"), sig) == RB_OK);
    else
        FUZZ_CHECK(rb_agent_error(a)[0] != '\0');
    rb_agent_close(a);
    (void)close(agent);
    return 0;
}
