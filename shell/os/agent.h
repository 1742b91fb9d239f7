/* ssh-agent: lists Ed25519 keys and signs with them (draft-ietf-sshm-ssh-agent). The agent is
 * trusted with keys, not with memory: its replies are bounded and read to the end. Security keys
 * ("sk-") sign another structure and are not offered. */
#ifndef RB_SHELL_AGENT_H
#define RB_SHELL_AGENT_H
#include "readback/crypto.h"

#define RB_AGENT_MAX_KEYS 64u
struct rb_agent;
struct rb_agent_key {
    struct rb_key pub;
    char comment[128]; /* cut where longer; "" where it is not a line of text */
};
/* socket NULL: SSH_AUTH_SOCK. NOT_FOUND: none set; IO: nobody answers */
enum rb_err rb_agent_open(const char *socket, struct rb_agent **out, char *why,
                          size_t why_n) RB_MUST_USE;
void rb_agent_close(struct rb_agent *a);
const char *rb_agent_error(const struct rb_agent *a);
/* Ed25519 keys the agent offers, at most cap of them */
enum rb_err rb_agent_list(struct rb_agent *a, struct rb_agent_key *keys, size_t cap,
                          size_t *n) RB_MUST_USE;
/* The signature is verified before it is returned. DENIED: the agent will not sign. */
enum rb_err rb_agent_sign(struct rb_agent *a, const struct rb_key *pub, struct rb_slice msg,
                          uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;
#endif
