/* The local API: JSON in, JSON out, no matter what carries it (Unix socket in the daemon, a call in the
 * simulator). Everything that `--json` prints comes from here. See spec/openapi.yaml. */
#ifndef RB_SHELL_API_H
#define RB_SHELL_API_H
#include <jansson.h>
#include "readback/node.h"

/* how often something took how long; the bounds of the buckets stand in metrics.c */
#define RB_TIMES_BUCKETS 13u
struct rb_times {
    uint64_t bucket[RB_TIMES_BUCKETS], n, sum_us;
};
struct rb_measures { /* of the machine */
    uint64_t started_mono_ms;
    uint64_t bytes_in, bytes_out, requests_in, requests_out, link_refused, handshakes_failed;
    uint64_t conns_in, conns_out;
    uint64_t store_bytes, wal_bytes, disk_free;
    bool unclean; /* bytes of a purged body may stand in the write-ahead log */
    struct rb_times commits, syncs;
    uint64_t region_used, region_cap, resident;
};

struct rb_api;
struct rb_api_host { /* what the API needs from whoever runs the node */
    void *ctx;
    struct rb_node *node;
    struct rb_now (*now)(void *ctx);
    /* bytes of a leaf into buf (RB_MAX_LEAF) */
    enum rb_err (*leaf)(void *ctx, const struct rb_feed_ref *feed, uint64_t index, uint8_t *buf, size_t *n);
    /* notes of a feed: see rb_store_notes; fn gets RB_EV_LOADED NOTE bodies */
    enum rb_err (*notes)(void *ctx, const struct rb_feed_ref *feed,
                         enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx);
    /* runs a SUBMIT event (the host fills type, now, entropy, token); its DONE comes to rb_api_done,
     * possibly before this returns. Returns the token. */
    uint64_t (*submit)(void *ctx, struct rb_event *ev);
    /* makes (or finds) the log key of our feed (channel, epoch): kept by the host's key store */
    enum rb_err (*log_key)(void *ctx, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                           struct rb_key *out);
    /* ---- closed content (shell/os/opener.h does the work for both hosts) ---- */
    /* fresh random bytes */
    void (*random)(void *ctx, void *out, size_t n);
    /* Plaintext of the head of a stored body into buf. NOT_FOUND: not stored here; RB_ERR_STATE: the age
     * key is sealed; PROOF, SIGNATURE, MALFORMED: it does not open. The caller wipes buf. */
    enum rb_err (*open_head)(void *ctx, const struct rb_body_ref *ref, enum rb_kind kind, uint8_t *buf,
                             size_t cap, size_t *n);
    /* the same of ciphertext that is not stored yet */
    enum rb_err (*open_bytes)(void *ctx, struct rb_slice sealed, enum rb_kind kind, uint8_t *buf,
                              size_t cap, size_t *n);
    /* up to cap bytes of an attachment's content from `from` on, which is a multiple of RB_AGE_CHUNK */
    enum rb_err (*open_content)(void *ctx, const struct rb_body_ref *ref, uint64_t from, uint8_t *buf,
                                size_t cap, size_t *n);
    /* ciphertext being made: id 0 begins a new one and sets it; bytes are added in order; drop forgets */
    enum rb_err (*stage)(void *ctx, uint64_t *id, struct rb_slice bytes);
    void (*stage_drop)(void *ctx, uint64_t id);
    /* is the age key sealed, and not unlocked since the start? */
    bool (*locked)(void *ctx);
    /* RB_ERR_SIGNATURE: wrong passphrase; RB_ERR_EXISTS: not sealed or unlocked already. On RB_OK the
     * host submits RB_SUBMIT_UNLOCKED by itself. */
    enum rb_err (*unlock)(void *ctx, struct rb_slice passphrase);
    /* facts for `status` and `doctor` that only the host knows (store, disk, link counters); may be NULL */
    void (*describe)(void *ctx, json_t *status);
    /* a folder of ours, where exports are put that are given no place; NULL: none */
    const char *exports;
    /* the same for metrics; may be NULL */
    void (*measure)(void *ctx, struct rb_measures *out);
};
enum rb_err rb_api_create(const struct rb_api_host *host, struct rb_api **out) RB_MUST_USE;
void rb_api_destroy(struct rb_api *api);

/* HTTP status and a JSON body that the callee takes over. Called exactly once per rb_api_handle. */
typedef void (*rb_api_reply)(void *ctx, int status, json_t *body);
/* method "GET" or "POST"; path "/v1/..."; query "a=b&c=d" or ""; body may be NULL (borrowed) */
void rb_api_handle(struct rb_api *api, const char *method, const char *path, const char *query,
                   const json_t *body, rb_api_reply reply, void *ctx);
/* the reply of a handle whose caller went away: reply is not called any more */
void rb_api_forget(struct rb_api *api, void *ctx);
void rb_api_done(struct rb_api *api, const struct rb_effect *done);
void rb_api_alert(struct rb_api *api, const struct rb_effect *alert);
/* the age key was sealed at the start and is unlocked now, by whichever way */
void rb_api_unlocked(struct rb_api *api);
#endif
