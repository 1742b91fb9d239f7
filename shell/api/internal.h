/* Inside of the local API: requests, channels looked at, JSON helpers. Not for other rooms. */
#ifndef RB_SHELL_API_INTERNAL_H
#define RB_SHELL_API_INTERNAL_H
#include "api.h"
#include "json_body.h"
#include "readback/gazetteer.h"
#include "readback/party.h"
#include "readback/sealed.h"

#define RB_API_PARTS 4
#define RB_API_PART 1024
#define RB_API_BATCH 4096 /* records of one submit-batch */
#define RB_API_WORK                                                                                \
    (16u << 20) /* address space of the work arena; touched pages only as needed                   \
                 */
#define RB_API_EARLY 8
#define RB_API_UPLOADS 4 /* attachments being taken in at the same time */

struct rb_pending;
struct rb_upload; /* uploads.c */
struct rb_probed; /* check.c */
struct rb_api {
    struct rb_api_host host;
    struct rb_pending *pending;
    uint8_t *work;
    uint8_t *leaf; /* RB_MAX_LEAF */
    bool submitting;
    unsigned handling; /* depth of rb_api_handle */
    size_t early_n;
    struct rb_effect early[RB_API_EARLY]; /* DONE of a submission whose token we do not know yet */
    uint64_t alerts[16];                  /* counts by enum rb_alert_type since start */
    bool unlocked;                        /* the age key, since the start */
    struct rb_upload *uploads[RB_API_UPLOADS];
    struct rb_gazetteer gazetteer; /* opened when first asked for; n 0 before */
    uint64_t refused_n[RB_ERR_INTERNAL + 1]; /* requests of peers refused, by code */
    char refused[3][160]; /* the last refusal of a peer's request: code, clause, words */
    int64_t refused_utc_ms;
};
struct rb_req { /* one call; lives on the stack of rb_api_handle */
    struct rb_api *api;
    struct rb_node *node;
    struct rb_now now;
    int64_t at_utc_ms; /* "at" of the query, else now: what the situation is folded for */
    size_t parts_n;
    char part[RB_API_PARTS][RB_API_PART]; /* path below /v1/, percent-decoded */
    const char *query;
    const json_t *body;
    struct rb_arena arena;
    struct rb_probed *probed; /* plans that met closed places, still to be told (check.c) */
    rb_api_reply reply;
    void *ctx;
};
typedef void (*rb_api_handler)(struct rb_req *rq);

/* ---- answers (reply.c) ---- */
void rb_reply(struct rb_req *rq, int status, json_t *body);
/* keys sorted at every level, "exercise" before all others */
json_t *rb_json_stable(json_t *in);
/* JSON that was wanted could not be made, for want of memory, since this was asked last */
bool rb_json_was_short(void);
/* the body in a stable order; where memory ran out for a part of any: the words that say so, 503 */
json_t *rb_reply_whole(json_t *body, int *status);
struct rb_fail {
    int status; /* 0: from err */
    enum rb_err err;
    const char *code; /* NULL: name of err */
    const char *clause;
    uint64_t offset;
    const char *field;
    const char *sentence;
    const char *hint;
};
json_t *rb_fail_json(const struct rb_fail *f);
int rb_fail_status(enum rb_err err);
void rb_fail(struct rb_req *rq, const struct rb_fail *f);
void rb_fail_words(struct rb_req *rq, enum rb_err err, const char *field, const char *sentence,
                   const char *hint);
void rb_fail_reject(struct rb_req *rq, const struct rb_reject *rj, const char *field);
json_t *rb_reject_json(const struct rb_reject *rj, const char *field, enum rb_mark mark);
bool rb_query(const struct rb_req *rq, const char *name, char *out, size_t cap);
/* an unsigned number of the query; `def` where absent. false: replied with an error */
bool rb_query_uint(struct rb_req *rq, const char *name, uint64_t def, uint64_t max, uint64_t *out);
bool rb_percent_decode(struct rb_slice in, bool plus, char *out, size_t cap);

/* ---- JSON values (values.c) ---- */
void rb_j_put(json_t *o, const char *key, json_t *value); /* takes value; NULL becomes null */
json_t *rb_j_slice(struct rb_slice s);
json_t *rb_j_hex(const void *p, size_t n);
json_t *rb_j_base64(struct rb_slice s);
json_t *rb_j_time(int64_t utc_ms);    /* 0: null */
json_t *rb_j_time_s(uint64_t time_s); /* 0: null */
json_t *rb_j_dtg(int64_t utc_ms);
json_t *rb_j_text(struct rb_writer *w);
json_t *rb_j_openssh(const struct rb_key *key, struct rb_slice comment);
const char *rb_j_string(const json_t *o, const char *key); /* NULL if absent or no string */
/* base64 of a string member into the arena; n 0 where absent. false: malformed */
bool rb_j_get_base64(const json_t *o, const char *key, struct rb_arena *a, struct rb_slice *out);
json_t *rb_j_fingerprint(struct rb_slice handle, const struct rb_key *party);

/* ---- a channel being looked at (channel.c) ---- */
struct rb_chan {
    struct rb_req *rq;
    struct rb_channel_view v;
    const struct rb_situation *s;
    const struct rb_charter *charter;
};
/* by 32 hex digits, exact title or unique prefix (4 and more hex digits); replies where it fails */
bool rb_chan_open(struct rb_req *rq, const char *name, struct rb_chan *c);
bool rb_chan_open_id(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c);
/* as open_id, but without the situation (c->s NULL): for what must not cost more as a channel grows
 */
bool rb_chan_open_lite(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c);
/* id of the channel of this name; replies where it fails */
bool rb_chan_name(struct rb_req *rq, const char *name, uint8_t id[RB_CHANNEL_LEN]);
/* no reply where it fails */
enum rb_err rb_chan_look(struct rb_req *rq, const uint8_t id[RB_CHANNEL_LEN], struct rb_chan *c);
struct rb_slice rb_chan_handle(const struct rb_chan *c, uint16_t member);
/* FLASH ahead of its leaf, "not yet receipted": appended to a list */
void rb_advances_put(struct rb_chan *c, json_t *list);
json_t *rb_chan_handle_json(const struct rb_chan *c, uint16_t member);
json_t *rb_chan_handles(const struct rb_chan *c, uint64_t members);
json_t *rb_chan_head(const struct rb_chan *c); /* {exercise, channel, title} */
struct rb_names rb_chan_names(struct rb_chan *c);
const struct rb_feed *rb_chan_feed(const struct rb_chan *c, uint32_t order, uint32_t *leaf);
struct rb_feed_ref rb_feed_ref_of(const struct rb_chan *c, const struct rb_feed *f);
/* the leaf's bytes (valid until the next call) and its decoding */
enum rb_err rb_chan_leaf(struct rb_chan *c, uint32_t order, struct rb_slice *leaf);
enum rb_err rb_chan_record(struct rb_chan *c, uint32_t order, struct rb_slice *leaf,
                           struct rb_record *rec);
json_t *rb_chan_signers(struct rb_chan *c, uint16_t member, const struct rb_signer *s, size_t n);
json_t *rb_chan_officers(struct rb_chan *c, uint32_t order);
/* held by `member`, logged or (our own records) told to us and not logged yet */
bool rb_chan_held(const struct rb_chan *c, uint32_t order, uint16_t member, uint64_t *since_s,
                  bool *logged);
json_t *rb_charter_json(struct rb_chan *c);
json_t *rb_chan_summary(struct rb_chan *c);
json_t *rb_chan_members(struct rb_chan *c);
json_t *rb_chan_due(struct rb_chan *c, const struct rb_sit_due *d);
/* amendments that may still be adopted, and what each would change (amend.c) */
json_t *rb_chan_amendments(struct rb_chan *c);
/* NULL, or why nothing more that we say in our present feed counts */
const char *rb_chan_epoch_due(struct rb_chan *c);

/* ---- bodies (body.c) ---- */
struct rb_opened { /* what can be read of a record's body here and now */
    bool closed;
    enum rb_body_state state; /* of a closed one; NONE: it is not for us */
    const char *why;          /* static words where it cannot be read */
    struct rb_slice body;     /* the readable body of either; n 0: there is none */
    struct rb_slice bytes;    /* closed and opened: the plaintext that `head` looks at */
    struct rb_sealed_head head;
    struct rb_body_view view;
    size_t mark; /* plaintext lies in the request's arena from here on */
};
/* Always followed by rb_opened_end, which wipes. Nothing is opened that does not name us. */
void rb_open_at(struct rb_chan *c, const struct rb_feed *f, uint64_t leaf,
                const struct rb_record *rec, struct rb_opened *o);
void rb_open_record(struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                    struct rb_opened *o);
/* of a draft: a record of ours that has no place in a feed yet */
void rb_open_own(struct rb_req *rq, uint16_t own_member, const struct rb_record *rec,
                 struct rb_opened *o);
void rb_opened_end(struct rb_req *rq, struct rb_opened *o);
void rb_opened_put(json_t *out, const struct rb_opened *o); /* body_state, body_why */
json_t *rb_body_json(struct rb_chan *c, enum rb_kind kind, struct rb_slice body);
bool rb_age_locked(const struct rb_req *rq);
bool rb_fail_locked(struct rb_req *rq); /* true: replied with the code "locked" */
/* gives back the request's memory from `mark` on, wiped */
void rb_req_wipe(struct rb_req *rq, size_t mark);
/* ---- records (view_record.c) ---- */
json_t *rb_record_brief(struct rb_chan *c, uint32_t order, bool with_body);
json_t *rb_record_full(struct rb_chan *c, uint32_t order);
json_t *rb_envelope_json(struct rb_chan *c, const struct rb_record *rec);
json_t *rb_record_title(const json_t *body);
/* a record by hash or unique prefix (8 and more digits) in any channel; replies where it fails */
bool rb_record_find(struct rb_req *rq, const char *name, struct rb_chan *c, uint32_t *order);
/* Of those that are in no log here (view_waiting.c): how many this names; *out: the first, NULL if
 * there is none */
size_t rb_waiting_find(struct rb_req *rq, const char *name, json_t **out);
json_t *rb_card_json(const struct rb_card *card);
/* who holds it; who has said this to it */
json_t *rb_held_list(const struct rb_chan *c, uint32_t order);
json_t *rb_said_list(const struct rb_chan *c, uint32_t order, enum rb_position_type type);

/* ---- sealing (seal.c) ---- */
/* the age keys of these members; replies where one has none */
bool rb_seal_keys(struct rb_chan *c, uint64_t recipients, struct rb_key *out, size_t *n);
/* Head, commitments and ciphertext of a body: into rec's detached fields. salts NULL: fresh ones. What
 * it makes lies in the request's arena; `head` holds plaintext. Replies where it fails. */
struct rb_sealed {
    struct rb_slice head, ciphertext;
};
bool rb_seal_body(struct rb_chan *c, struct rb_record *rec, struct rb_slice body,
                  const uint8_t *salts, struct rb_sealed *out);
/* the members that `field` of the request names by handle; replies where it fails */
bool rb_members_get(struct rb_chan *c, const char *field, const json_t *v, uint64_t *out);
/* ---- uploads (uploads.c) ---- */
struct rb_uploaded { /* an attachment that was taken in whole */
    uint64_t id, staged;
    uint64_t recipients;
    const uint8_t *channel;
    struct rb_slice head; /* plaintext; the upload's until it is dropped */
    struct rb_slice body; /* within it */
    struct rb_hash ciphertext, content;
    uint64_t size; /* of the ciphertext */
    const struct rb_hash *commitments; /* two */
};
/* by the name that the request gives; replies (or fills *fail and returns false) where it fails */
bool rb_upload_get(struct rb_req *rq, const char *name, struct rb_uploaded *out,
                   struct rb_fail *fail);
/* an attachment that was read here, sealed anew to others under its salts; replies where it fails */
bool rb_upload_again(struct rb_chan *c, const struct rb_opened *source, uint64_t recipients,
                     struct rb_uploaded *out);
void rb_put_u64_hex(struct rb_writer *w, uint64_t v);
/* it is with the node; then: it became a record's body (or a draft's), or it did not */
void rb_upload_lend(struct rb_api *api, uint64_t id);
void rb_upload_settle(struct rb_api *api, uint64_t id, bool taken);
void rb_upload_forget(struct rb_api *api, uint64_t id);
void rb_uploads_expire(struct rb_api *api, uint64_t mono_ms);
void rb_uploads_drop_all(struct rb_api *api);
/* ---- submissions (submit.c) ---- */
/* Starts one RB_EV_SUBMIT; the reply follows when it is durable. `extra` (taken, may be NULL) is
 * merged into the answer of success. */
void rb_submit_one(struct rb_req *rq, struct rb_event *ev, json_t *extra);
/* the same, with the upload that becomes its body (0: none) */
void rb_submit_with(struct rb_req *rq, struct rb_event *ev, json_t *extra, uint64_t upload);
bool rb_signers_get(struct rb_req *rq, const json_t *in, struct rb_signer *out, size_t *n,
                    const char *field);

/* ---- keys (keys_view.c) ---- */
const char *rb_role_word(enum rb_key_role r); /* "mirror" */
bool rb_role_read(const char *word, enum rb_key_role *out);

/* ---- warnings before release (warn.c): [{code, sentence, confirm}] ---- */
/* body: what can be read of it, in a leaf or sealed. check (may be NULL): what a notice would touch,
 * null where it is none or was not checked; a plan that meets a closed place is counted */
json_t *rb_warnings(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                    json_t **check);
/* the same; *again: when a check may be asked again that was refused by 10.6.10, else 0 */
json_t *rb_warnings_again(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                          json_t **check, int64_t *again);
json_t *rb_warning(const char *code, bool confirm, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool rb_warnings_ask(const json_t *warnings);
/* of places (warn_places.c) */
void rb_warn_double(struct rb_chan *c, const struct rb_record *rec, const struct rb_notice *n,
                    json_t *list);
void rb_warn_gives_away(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                        json_t *list);
/* of a cessation (warn_truce.c); beside others only where the situation was opened */
void rb_warn_cessation(struct rb_chan *c, struct rb_slice body, json_t *list);
/* the body of a 409 with the warnings (taken), saying that nothing was done */
json_t *rb_warnings_refusal(json_t *warnings, const char *sentence);

/* ---- handlers ---- */
void rb_get_status(struct rb_req *rq);
void rb_get_doctor(struct rb_req *rq);
void rb_get_metrics(struct rb_req *rq);
void rb_get_card(struct rb_req *rq);
void rb_get_peers(struct rb_req *rq);
void rb_get_channels(struct rb_req *rq);
void rb_get_channel(struct rb_req *rq);
void rb_get_situation(struct rb_req *rq);
void rb_get_log(struct rb_req *rq);
void rb_get_who_holds(struct rb_req *rq);
void rb_get_places_file(struct rb_req *rq);
void rb_get_inbox(struct rb_req *rq);
void rb_get_record(struct rb_req *rq);
void rb_get_drafts(struct rb_req *rq);
void rb_get_kinds(struct rb_req *rq);
void rb_post_compose(struct rb_req *rq);
void rb_post_check(struct rb_req *rq);
void rb_get_places(struct rb_req *rq);
void rb_get_forks(struct rb_req *rq); /* view_forks.c */
void rb_get_instruments(struct rb_req *rq); /* view_instrument.c */
void rb_get_text_diff(struct rb_req *rq);
void rb_get_report(struct rb_req *rq); /* view_report.c */
void rb_get_geojson(struct rb_req *rq);
void rb_get_playback(struct rb_req *rq);
void rb_get_compare(struct rb_req *rq);
void rb_post_submit(struct rb_req *rq);
void rb_post_submit_batch(struct rb_req *rq);
void rb_post_sites_read(struct rb_req *rq);
void rb_post_places_read(struct rb_req *rq);
void rb_post_charter_compose(struct rb_req *rq);
void rb_post_charter_prepare(struct rb_req *rq);
void rb_post_charter_found(struct rb_req *rq);
void rb_post_join_prepare(struct rb_req *rq);
void rb_post_join(struct rb_req *rq);
void rb_post_epoch_prepare(struct rb_req *rq);
void rb_post_epoch(struct rb_req *rq);
void rb_post_override(struct rb_req *rq);
void rb_get_keys(struct rb_req *rq);
void rb_post_rotation(struct rb_req *rq);
void rb_post_revocation(struct rb_req *rq);
void rb_post_peers(struct rb_req *rq);
void rb_post_card(struct rb_req *rq);
void rb_post_test(struct rb_req *rq);
void rb_post_nil(struct rb_req *rq);
void rb_post_draft_sign(struct rb_req *rq);
void rb_post_draft_discard(struct rb_req *rq);
void rb_post_export(struct rb_req *rq);
void rb_post_upload(struct rb_req *rq);
void rb_post_upload_piece(struct rb_req *rq);
void rb_post_upload_drop(struct rb_req *rq);
void rb_get_content(struct rb_req *rq);
void rb_post_purge(struct rb_req *rq);
void rb_post_disclose(struct rb_req *rq);
void rb_get_roster(struct rb_req *rq);
void rb_post_unlock(struct rb_req *rq);
#endif
