/* What a person's program does with the local API: compose, show, sign with the officer's key, release.
 * Used by `readback`, by the exercise player and by tests; the carrier is a function. */
#ifndef RB_SHELL_CLIENT_H
#define RB_SHELL_CLIENT_H
#include <jansson.h>
#include "readback/crypto.h"

struct rb_client {
    void *ctx;
    /* HTTP status, or 0 when nobody answers; *out is the caller's to free, NULL if no body */
    int (*call)(void *ctx, const char *method, const char *path, const json_t *in, json_t **out);
    /* between two askings of who is busy; NULL: it is not asked again */
    void (*wait)(void *ctx, unsigned ms);
};
struct rb_signer_key { /* an officer's or the party's key, wherever it is kept (ssh-agent, sealed file) */
    void *ctx;
    struct rb_key pub;
    enum rb_err (*sign)(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]);
};
/* All return the HTTP status (0: nobody answers); *out: the answer or {"error":{...}}. */
/* draft: {"channel","kind","precedence","body":{...},"answers":[..],...} as in spec/openapi.yaml.
 * Composes, signs, submits; with a second officer due the answer says so and names the draft. */
int rb_client_release(const struct rb_client *c, const struct rb_signer_key *officer, const json_t *draft,
                      json_t **out);
/* The two halves of it, for programs that show what will be said before they release it. compose: the
 * answer has payload, readers, warnings, needs_signers; of a closed record its sealed body or upload, too.
 * submit: `composed` is that answer. */
int rb_client_compose(const struct rb_client *c, const json_t *draft, json_t **out);
int rb_client_submit(const struct rb_client *c, const struct rb_signer_key *officer, const json_t *composed,
                     bool despite, json_t **out);
/* Many of them at once, each signed: `composed` is a list of such answers. *out: {"answers": [..]}, one for
 * each in order, with its own "status". */
int rb_client_submit_many(const struct rb_client *c, const struct rb_signer_key *officer, const json_t *composed,
                          bool despite, json_t **out);
/* An attachment's content into the node: read from `fd` (a regular file, from its present place to its end),
 * sealed there piece by piece. meta: {"channel","recipients":[..],"name","media_type"?,"description"?}; the
 * size is added. *out: {"upload"}, to be composed as {"kind":"attachment","upload":..}. 0 bytes are fine.
 * Where it fails the upload is dropped. progress may be NULL; called with bytes taken and all bytes. */
typedef void (*rb_client_progress)(void *ctx, uint64_t done, uint64_t all);
int rb_client_upload(const struct rb_client *c, int fd, const json_t *meta, rb_client_progress progress,
                     void *ctx, json_t **out);
/* An attachment's content out of the node, to `fd`, from byte `from` on (a multiple of 65,536, as where an
 * earlier try was cut). *out: {"record","name","media_type","size"}. RB_ERR_IO of ours: code "io". */
int rb_client_download(const struct rb_client *c, const char *record, int fd, uint64_t from,
                       rb_client_progress progress, void *ctx, json_t **out);
/* before + part (percent-encoded) + after */
void rb_client_path(char *out, size_t cap, const char *before, const char *part, const char *after);
/* second officer: signs an existing draft by its hash (or unique prefix) */
int rb_client_countersign(const struct rb_client *c, const struct rb_signer_key *officer, const char *draft,
                          json_t **out);
/* the same; despite: in spite of what it touches (409, code "warnings", without) */
int rb_client_countersign_as(const struct rb_client *c, const struct rb_signer_key *officer, const char *draft,
                             bool despite, json_t **out);
/* the same, of a draft as /v1/drafts answered it */
int rb_client_countersign_draft(const struct rb_client *c, const struct rb_signer_key *officer, const json_t *draft,
                                bool despite, json_t **out);
/* charter: JSON of the charter's body, members by {"handle","role",...}; cards are filled in by the node */
int rb_client_found(const struct rb_client *c, const struct rb_signer_key *officer,
                    const struct rb_signer_key *party, const json_t *charter, json_t **out);
/* joins the feed (delegation of a log key) and accepts the charter; 503 where that is not judged yet */
int rb_client_accept(const struct rb_client *c, const struct rb_signer_key *officer,
                     const struct rb_signer_key *party, const char *channel, json_t **out);
/* a further epoch of our feed (spec 6.15); stands_by: how much of the one before, NULL: all that is signed */
int rb_client_epoch(const struct rb_client *c, const struct rb_signer_key *officer,
                    const struct rb_signer_key *party, const char *channel, const json_t *stands_by,
                    json_t **out);
/* answer["payload"], signed by the party key, in base64; NULL where it fails */
json_t *rb_client_statement(const struct rb_signer_key *party, const json_t *answer);
/* carrier over the daemon's Unix socket (libcurl). NULL if memory is short. */
struct rb_client *rb_client_unix(const char *socket_path);
void rb_client_unix_free(struct rb_client *c);
#endif
