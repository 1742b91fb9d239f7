/* Attachments on their way in: sealed piece by piece as they come, so that no plaintext of theirs
 * reaches a disk and memory stays bounded. What is sealed is kept by the host under a number
 * (host->stage) until a record is released with it. */
#include <stdio.h>
#include <stdlib.h>
#include "internal.h"
#include "readback/age.h"
#include "readback/text.h"

#define PIECE_MAX ((size_t)512 << 10) /* bytes of one piece */
#define IDLE_MS 600000u
#define RESEAL_STEP ((size_t)16 * RB_AGE_CHUNK)

enum upload_state {
    UPLOAD_TAKING,
    UPLOAD_WHOLE,
    UPLOAD_LENT /* with the node */
};
struct rb_upload {
    uint64_t id, staged, last_mono_ms;
    enum upload_state state;
    uint8_t channel[RB_CHANNEL_LEN];
    uint64_t recipients;
    uint64_t size, next; /* of the content */
    uint64_t ciphertext_n;
    struct rb_age_stream stream;
    bool hashing;
    struct rb_hasher content, ciphertext;
    struct rb_hash commitments[2], hash;
    struct rb_slice body; /* in head */
    size_t head_n, carry_n;
    uint8_t head[RB_MAX_HEAD];
    uint8_t carry[RB_AGE_CHUNK]; /* plaintext that fills no chunk yet */
    uint8_t out[RB_AGE_CHUNK + RB_AGE_TAG];
};

/* ---- the slots ----------------------------------------------------------------------------------
 */
static void forget(struct rb_upload **slot) {
    struct rb_upload *u = *slot;
    *slot = NULL;
    if (u->hashing) {
        rb_hasher_drop(&u->content);
        rb_hasher_drop(&u->ciphertext);
    }
    rb_wipe(u, sizeof *u);
    free(u);
}
static void drop(struct rb_api *api, struct rb_upload **slot) {
    if ((*slot)->staged) api->host.stage_drop(api->host.ctx, (*slot)->staged);
    forget(slot);
}
void rb_uploads_expire(struct rb_api *api, uint64_t mono_ms) {
    for (size_t i = 0; i < RB_API_UPLOADS; i++) {
        struct rb_upload *u = api->uploads[i];
        if (u && u->state != UPLOAD_LENT && mono_ms - u->last_mono_ms >= IDLE_MS)
            drop(api, &api->uploads[i]);
    }
}
/* the host may be gone already: what it keeps is gone at its next start */
void rb_uploads_drop_all(struct rb_api *api) {
    for (size_t i = 0; i < RB_API_UPLOADS; i++)
        if (api->uploads[i]) forget(&api->uploads[i]);
}
static struct rb_upload **slot_of(struct rb_api *api, uint64_t id) {
    for (size_t i = 0; i < RB_API_UPLOADS; i++)
        if (api->uploads[i] && api->uploads[i]->id == id) return &api->uploads[i];
    return NULL;
}
static struct rb_upload **slot_named(struct rb_api *api, const char *name) {
    uint8_t b[8];
    uint64_t id = 0;
    if (strlen(name) != 16 || rb_hex_decode(rb_str(name), b, sizeof b) != RB_OK) return NULL;
    for (size_t i = 0; i < sizeof b; i++)
        id = id << 8 | b[i];
    return slot_of(api, id);
}
void rb_put_u64_hex(struct rb_writer *w, uint64_t v) {
    uint8_t b[8];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(v >> (56 - 8 * i));
    rb_put_hex(w, b, sizeof b);
}
static json_t *id_json(const struct rb_upload *u) {
    char buf[24];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_u64_hex(&w, u->id);
    return rb_j_text(&w);
}

bool rb_upload_get(struct rb_req *rq, const char *name, struct rb_uploaded *out,
                   struct rb_fail *fail) {
    struct rb_upload **slot = slot_named(rq->api, name), *u = slot ? *slot : NULL;
    *fail = (struct rb_fail){.err = RB_ERR_NOT_FOUND,
                             .field = "upload",
                             .sentence = "no upload of this name is here: one that is idle for ten "
                                         "minutes is dropped",
                             .hint = "begin again"};
    if (u == NULL) return false;
    fail->err = RB_ERR_STATE;
    fail->sentence = u->state == UPLOAD_TAKING ? "its content is not here whole yet"
                                               : "it is being released already";
    fail->hint = NULL;
    if (u->state != UPLOAD_WHOLE) return false;
    u->last_mono_ms = rq->now.mono_ms;
    *out = (struct rb_uploaded){.id = u->id,
                                .staged = u->staged,
                                .recipients = u->recipients,
                                .channel = u->channel,
                                .head = rb_slice(u->head, u->head_n),
                                .body = u->body,
                                .ciphertext = u->hash,
                                .content = u->commitments[1],
                                .size = u->ciphertext_n,
                                .commitments = u->commitments};
    return true;
}
void rb_upload_forget(struct rb_api *api, uint64_t id) {
    struct rb_upload **slot = slot_of(api, id);
    if (slot && (*slot)->state != UPLOAD_LENT) drop(api, slot);
}
void rb_upload_lend(struct rb_api *api, uint64_t id) {
    struct rb_upload **slot = slot_of(api, id);
    if (slot) (*slot)->state = UPLOAD_LENT;
}
void rb_upload_settle(struct rb_api *api, uint64_t id, bool taken) {
    struct rb_upload **slot = slot_of(api, id);
    if (slot == NULL) return;
    if (taken)
        forget(slot); /* the ciphertext is a record's now */
    else
        (*slot)->state = UPLOAD_WHOLE;
}

/* ---- sealing ------------------------------------------------------------------------------------
 */
static enum rb_err emit(struct rb_api *api, struct rb_upload *u, struct rb_slice bytes) {
    rb_hasher_add(&u->ciphertext, bytes);
    u->ciphertext_n += bytes.n;
    return api->host.stage(api->host.ctx, &u->staged, bytes);
}
static enum rb_err seal_carry(struct rb_api *api, struct rb_upload *u, bool last) {
    rb_age_seal_chunk(&u->stream, rb_slice(u->carry, u->carry_n), last, u->out);
    size_t n = u->carry_n + RB_AGE_TAG;
    u->carry_n = 0;
    return emit(api, u, rb_slice(u->out, n));
}
/* A full chunk is sealed when more comes: only then is it known not to be the last. */
static enum rb_err take(struct rb_api *api, struct rb_upload *u, struct rb_slice in) {
    for (size_t at = 0; at < in.n;) {
        if (u->carry_n == RB_AGE_CHUNK) RB_TRY(seal_carry(api, u, false));
        size_t n = RB_AGE_CHUNK - u->carry_n;
        if (n > in.n - at) n = in.n - at;
        memcpy(u->carry + u->carry_n, in.p + at, n);
        u->carry_n += n;
        at += n;
    }
    return RB_OK;
}
static enum rb_err take_content(struct rb_api *api, struct rb_upload *u, struct rb_slice in) {
    rb_hasher_add(&u->content, in);
    RB_TRY(take(api, u, in));
    u->next += in.n;
    if (u->next < u->size) return RB_OK;
    RB_TRY(seal_carry(api, u, true));
    rb_hasher_end(&u->content, &u->commitments[1]);
    rb_hasher_end(&u->ciphertext, &u->hash);
    u->hashing = false;
    rb_wipe(u->carry, sizeof u->carry);
    rb_wipe(&u->stream, sizeof u->stream);
    u->state = UPLOAD_WHOLE;
    return RB_OK;
}

static enum rb_err begin_hashing(struct rb_upload *u, const uint8_t content_salt[RB_SALT_LEN]) {
    RB_TRY(rb_hasher_begin(&u->content));
    if (rb_hasher_begin(&u->ciphertext) != RB_OK) {
        rb_hasher_drop(&u->content);
        return RB_ERR_LIMIT;
    }
    u->hashing = true;
    rb_hasher_add(&u->content, rb_slice(content_salt, RB_SALT_LEN));
    return RB_OK;
}
/* header and nonce; the key of the stream */
static enum rb_err begin_stream(struct rb_api *api, struct rb_upload *u, const struct rb_key *keys,
                                size_t n) {
    uint8_t entropy[RB_AGE_ENTROPY(RB_MAX_MEMBERS)];
    uint8_t *header = malloc(RB_AGE_MAX_HEADER + RB_AGE_NONCE);
    enum rb_err err = RB_ERR_LIMIT;
    struct rb_slice all;
    if (header == NULL) return err;
    struct rb_writer w = rb_writer(header, RB_AGE_MAX_HEADER + RB_AGE_NONCE);
    const uint8_t *nonce = entropy + RB_AGE_FILE_KEY, *secrets = nonce + RB_AGE_NONCE;
    api->host.random(api->host.ctx, entropy, RB_AGE_ENTROPY(n));
    err = rb_age_header_encode(keys, n, entropy, secrets, &w);
    rb_put(&w, nonce, RB_AGE_NONCE);
    rb_age_stream_init(entropy, nonce, &u->stream);
    rb_wipe(entropy, sizeof entropy);
    if (err == RB_OK) err = rb_writer_done(&w, &all);
    if (err == RB_OK) err = emit(api, u, all);
    free(header);
    return err;
}
static enum rb_err begin_head(struct rb_upload *u, struct rb_slice body, const uint8_t *salts) {
    struct rb_sealed_head h;
    struct rb_reject rj;
    struct rb_writer w = rb_writer(u->head, sizeof u->head);
    RB_TRY(rb_sealed_head_encode(RB_KIND_ATTACHMENT, salts, body, &w));
    u->head_n = w.n;
    RB_TRY(rb_sealed_head_decode(RB_KIND_ATTACHMENT, rb_written(&w), &h, &rj));
    u->body = h.body;
    rb_commit(rb_sealed_salt(&h, 0), h.body, &u->commitments[0]);
    return RB_OK;
}
/* salts NULL: fresh ones. NULL: replied with an error */
static struct rb_upload **begin(struct rb_chan *c, struct rb_slice body, uint64_t size,
                                const uint8_t *salts, uint64_t recipients) {
    struct rb_req *rq = c->rq;
    struct rb_api *api = rq->api;
    struct rb_key keys[RB_MAX_MEMBERS];
    size_t n = 0, i = 0;
    uint8_t fresh[2 * RB_SALT_LEN];
    while (i < RB_API_UPLOADS && api->uploads[i])
        i++;
    if (i == RB_API_UPLOADS) {
        rb_fail_words(rq, RB_ERR_BUSY, NULL, "four attachments are on their way in already",
                      "release or drop one of them first");
        return NULL;
    }
    if (!rb_seal_keys(c, recipients, keys, &n)) return NULL;
    struct rb_upload *u = calloc(1, sizeof *u);
    enum rb_err err = u ? RB_OK : RB_ERR_LIMIT;
    if (u) {
        *u = (struct rb_upload){
            .recipients = recipients, .size = size, .last_mono_ms = rq->now.mono_ms};
        memcpy(u->channel, c->v.id, RB_CHANNEL_LEN);
        while (u->id == 0 || slot_of(api, u->id))
            api->host.random(api->host.ctx, &u->id, sizeof u->id);
        api->uploads[i] = u;
        if (salts)
            memcpy(fresh, salts, sizeof fresh);
        else
            api->host.random(api->host.ctx, fresh, sizeof fresh);
        err = begin_head(u, body, fresh);
        if (err == RB_OK) err = begin_hashing(u, fresh + RB_SALT_LEN);
        if (err == RB_OK) err = begin_stream(api, u, keys, n);
        if (err == RB_OK) err = take(api, u, rb_slice(u->head, u->head_n));
        rb_wipe(fresh, sizeof fresh);
    }
    if (err == RB_OK) return &api->uploads[i];
    if (u) drop(api, &api->uploads[i]);
    rb_fail_words(rq, err, NULL, "the attachment could not be begun", NULL);
    return NULL;
}

/* ---- the calls ----------------------------------------------------------------------------------
 */
static bool fail(struct rb_req *rq, const char *field, const char *sentence) {
    rb_fail_words(rq, RB_ERR_USAGE, field, sentence, "spec/openapi.yaml has the form of an upload");
    return false;
}
static bool known_keys(struct rb_req *rq) {
    static const char *const known[] = {"channel",    "recipients",  "name",
                                        "media_type", "description", "size"};
    const char *k;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)rq->body, k, v) {
        bool ok = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            ok |= strcmp(known[i], k) == 0;
        if (!ok) return fail(rq, k, "there is no such field in an upload");
    }
    return true;
}
static bool word(struct rb_req *rq, const char *field, struct rb_slice *out) {
    const json_t *v = json_object_get(rq->body, field);
    *out = rb_slice(NULL, 0);
    if (v == NULL || json_is_null(v)) return true;
    if (!json_is_string(v)) return fail(rq, field, "a string is wanted");
    *out = rb_slice(json_string_value(v), json_string_length(v));
    return true;
}
static bool get_meta(struct rb_req *rq, struct rb_slice *body, uint64_t *size) {
    struct rb_attachment a = {0};
    struct rb_reject rj = {0};
    const json_t *n = json_object_get(rq->body, "size");
    if (!word(rq, "name", &a.name) || !word(rq, "media_type", &a.media_type) ||
        !word(rq, "description", &a.description))
        return false;
    if (a.name.n == 0) return fail(rq, "name", "say how the file is called");
    if (!json_is_integer(n) || json_integer_value(n) < 0)
        return fail(rq, "size", "the number of bytes of the content is wanted");
    a.size = *size = (uint64_t)json_integer_value(n);
    if (a.size > RB_MAX_CONTENT) {
        rb_fail_words(rq, RB_ERR_LIMIT, "size",
                      "an attachment has at most 67,108,864 bytes (64 MiB)",
                      "split it, or send it by another way");
        return false;
    }
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    struct rb_writer w = rb_writer(buf, buf ? RB_MAX_HEAD : 0);
    rb_attachment_encode(&a, &w);
    if (rb_writer_done(&w, body) != RB_OK)
        return fail(rq, "description", "the description is too long");
    if (rb_body_check(RB_KIND_ATTACHMENT, *body, &rj) == RB_OK) return true;
    rb_fail_reject(rq, &rj, NULL);
    return false;
}
void rb_post_upload(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_slice body;
    uint64_t size = 0, recipients = 0;
    uint8_t id[RB_CHANNEL_LEN];
    const char *channel = rb_j_string(rq->body, "channel");
    const json_t *r = json_object_get(rq->body, "recipients");
    if (channel == NULL) {
        (void)fail(rq, "channel", "say in which channel");
        return;
    }
    if (!known_keys(rq) || !rb_chan_name(rq, channel, id) || !rb_chan_open_lite(rq, id, &c)) return;
    if (json_array_size(r) == 0) {
        struct rb_fail f = {.err = RB_ERR_USAGE,
                            .code = "recipients",
                            .field = "recipients",
                            .sentence = "an attachment is always closed: name who may read it"};
        rb_fail(rq, &f);
        return;
    }
    if (!rb_members_get(&c, "recipients", r, &recipients) || !get_meta(rq, &body, &size)) return;
    if (rb_fail_locked(rq)) return;
    recipients |= UINT64_C(1) << c.v.own_member;
    struct rb_upload **slot = begin(&c, body, size, NULL, recipients);
    if (slot == NULL) return;
    json_t *o = json_object();
    rb_j_put(o, "upload", id_json(*slot));
    rb_j_put(o, "next", json_integer(0));
    rb_j_put(o, "recipients", rb_chan_handles(&c, recipients));
    rb_reply(rq, 200, o);
}

static struct rb_upload **named(struct rb_req *rq) {
    struct rb_upload **slot = slot_named(rq->api, rq->part[1]);
    if (slot == NULL)
        rb_fail_words(rq, RB_ERR_NOT_FOUND, "upload",
                      "no upload of this name is here: one that is idle for ten minutes is dropped",
                      "begin again");
    return slot;
}
static void progress(struct rb_req *rq, const struct rb_upload *u, int status, json_t *o) {
    rb_j_put(o, "next", json_integer((json_int_t)u->next));
    rb_j_put(o, "done", json_boolean(u->state != UPLOAD_TAKING));
    rb_reply(rq, status, o);
}
/* NULL, or what is wrong with a piece of so many bytes */
static const char *piece_off(const struct rb_upload *u, size_t n) {
    if (n > PIECE_MAX) return "a piece has at most 524,288 bytes";
    if (n > u->size - u->next) return "these are more bytes than the upload's size says";
    if (n % RB_AGE_CHUNK != 0 && u->next + n != u->size)
        return "only the last piece may be no multiple of 65,536 bytes";
    if (n == 0 && u->next != u->size) return "an empty piece is not taken";
    return NULL;
}
void rb_post_upload_piece(struct rb_req *rq) {
    struct rb_slice data;
    struct rb_upload **slot = named(rq), *u = slot ? *slot : NULL;
    const json_t *from = json_object_get(rq->body, "from");
    if (u == NULL) return;
    if (!json_is_integer(from) || json_integer_value(from) < 0) {
        (void)fail(rq, "from", "say from which byte of the content on");
        return;
    }
    if ((uint64_t)json_integer_value(from) != u->next) {
        struct rb_fail f = {.err = RB_ERR_STATE,
                            .code = "from",
                            .field = "from",
                            .sentence = "the upload goes on at another byte",
                            .hint = "go on from \"next\""};
        progress(rq, u, 409, rb_fail_json(&f));
        return;
    }
    if (!json_is_string(json_object_get(rq->body, "data")) ||
        !rb_j_get_base64(rq->body, "data", &rq->arena, &data)) {
        (void)fail(rq, "data", "bytes in base64 are wanted");
        return;
    }
    const char *off = piece_off(u, data.n);
    if (off) {
        (void)fail(rq, "data", off);
        return;
    }
    u->last_mono_ms = rq->now.mono_ms;
    if (u->state == UPLOAD_TAKING && take_content(rq->api, u, data) != RB_OK) {
        drop(rq->api, slot);
        rb_fail_words(rq, RB_ERR_IO, NULL, "it could not be kept, and the upload is dropped",
                      "look at the daemon's log; then begin again");
        return;
    }
    progress(rq, u, 200, json_object());
}
void rb_post_upload_drop(struct rb_req *rq) {
    struct rb_upload **slot = named(rq);
    if (slot == NULL) return;
    if ((*slot)->state == UPLOAD_LENT) {
        rb_fail_words(rq, RB_ERR_STATE, "upload", "it is being released already", NULL);
        return;
    }
    drop(rq->api, slot);
    rb_reply(rq, 200, json_object());
}

/* ---- an attachment said again
 * --------------------------------------------------------------------
 */
static enum rb_err copy_content(struct rb_req *rq, struct rb_upload *u,
                                const struct rb_body_ref *ref) {
    struct rb_api *api = rq->api;
    uint8_t *buf = rb_arena_alloc(&rq->arena, RESEAL_STEP);
    if (buf == NULL) return RB_ERR_LIMIT;
    do {
        size_t n = 0;
        if (u->size > 0)
            RB_TRY(api->host.open_content(api->host.ctx, ref, u->next, buf, RESEAL_STEP, &n));
        if (n > u->size - u->next || (n == 0 && u->size > 0)) return RB_ERR_MALFORMED;
        RB_TRY(take_content(api, u, rb_slice(buf, n)));
    } while (u->state == UPLOAD_TAKING);
    return RB_OK;
}
bool rb_upload_again(struct rb_chan *c, const struct rb_opened *source, uint64_t recipients,
                     struct rb_uploaded *out) {
    struct rb_req *rq = c->rq;
    struct rb_attachment a;
    struct rb_reject rj;
    struct rb_fail f;
    char name[24];
    if (rb_attachment_decode(source->body, &a, &rj) != RB_OK) {
        rb_fail_reject(rq, &rj, "same_as");
        return false;
    }
    uint8_t salts[2 * RB_SALT_LEN]; /* an attachment read here has two parts */
    rb_sealed_salts(&source->head, salts);
    struct rb_upload **slot = begin(c, source->body, a.size, salts, recipients);
    rb_wipe(salts, sizeof salts);
    if (slot == NULL) return false;
    enum rb_err err = copy_content(rq, *slot, &source->view.ref);
    if (err != RB_OK) {
        drop(rq->api, slot);
        rb_fail_words(rq, err, "same_as", "its content could not be read here", NULL);
        return false;
    }
    struct rb_writer w = rb_writer(name, sizeof name);
    rb_put_u64_hex(&w, (*slot)->id);
    return rb_upload_get(rq, rb_writer_z(&w), out, &f);
}
