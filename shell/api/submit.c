/* Submissions: what officers signed is handed to the node; the answer comes when it is durable
 * here. */
#include <stdlib.h>
#include "check.h"
#include "pending.h"
#include "readback/text.h"

#define CONTENT_STEP ((size_t)1 << 20) /* bytes of a content read at once */

void rb_submit_one(struct rb_req *rq, struct rb_event *ev, json_t *extra) {
    rb_submit_with(rq, ev, extra, 0);
}
void rb_submit_with(struct rb_req *rq, struct rb_event *ev, json_t *extra, uint64_t upload) {
    struct rb_api *api = rq->api;
    struct rb_pending *p = rb_pending_new(rq, 1, false, extra);
    if (p == NULL) {
        json_decref(extra);
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    rb_pending_run(api, p, 0, ev, upload);
    rb_pending_started(api, p);
}

/* ---- signers ----------------------------------------------------------------------------------
 */
static const char *signers_read(const json_t *in, struct rb_signer *out, size_t *n) {
    size_t i, got = 0;
    const json_t *x;
    *n = 0;
    if (!json_is_array(in) || json_array_size(in) == 0) return "a list of {kid, sig} is wanted";
    if (json_array_size(in) > RB_MAX_SIGNERS) return "too many signers";
    json_array_foreach(in, i, x) {
        const char *kid = rb_j_string(x, "kid"), *sig = rb_j_string(x, "sig");
        out[i] = (struct rb_signer){0};
        if (kid == NULL || rb_hex_decode(rb_str(kid), out[i].kid, RB_KID_LEN) != RB_OK)
            return "\"kid\" is 16 hex digits: the first 8 bytes of SHA-256 of the key";
        if (sig == NULL || rb_base64_decode(rb_str(sig), out[i].sig, RB_SIG_LEN, &got) != RB_OK ||
            got != RB_SIG_LEN)
            return "\"sig\" is an Ed25519 signature in base64";
    }
    *n = json_array_size(in);
    return NULL;
}
bool rb_signers_get(struct rb_req *rq, const json_t *in, struct rb_signer *out, size_t *n,
                    const char *field) {
    const char *why = signers_read(in, out, n);
    if (why) rb_fail_words(rq, RB_ERR_USAGE, field, why, NULL);
    return why == NULL;
}

/* ---- one record -------------------------------------------------------------------------------
 */
struct submission {
    struct rb_slice payload;
    struct rb_signer signers[RB_MAX_SIGNERS];
    size_t signers_n;
    struct rb_record rec;
    struct rb_slice body;    /* readable, in the leaf or sealed */
    struct rb_slice sealed;  /* closed: its ciphertext ... */
    uint64_t upload, staged; /* ... or what was taken in before */
    struct rb_slice head;    /* plaintext */
    struct rb_hash content;
};
/* Sealed bodies are opened before they are released: nobody signs what nobody can read (9.3.3). */
static bool open_sealed(struct rb_req *rq, struct submission *s, struct rb_fail *f) {
    struct rb_api *api = rq->api;
    struct rb_hash h;
    struct rb_sealed_head head;
    struct rb_reject rj;
    size_t n = 0;
    uint8_t *buf = rb_arena_alloc(&rq->arena, RB_MAX_HEAD);
    rb_sha256(s->sealed, &h);
    *f = (struct rb_fail){.err = RB_ERR_PROOF,
                          .code = "sealed",
                          .clause = "9.3.3",
                          .field = "sealed",
                          .sentence = "these are not the bytes that the payload names"};
    if (s->sealed.n != s->rec.ciphertext_size || !rb_hash_eq(&h, &s->rec.ciphertext_hash))
        return false;
    enum rb_err err =
        buf ? api->host.open_bytes(api->host.ctx, s->sealed, s->rec.kind, buf, RB_MAX_HEAD, &n)
            : RB_ERR_LIMIT;
    if (err == RB_OK) err = rb_sealed_head_decode(s->rec.kind, rb_slice(buf, n), &head, &rj);
    f->sentence = "the sealed body does not open here: whoever releases it must be able to read it";
    if (err == RB_ERR_STATE) {
        f->err = err;
        f->code = "locked";
        f->clause = NULL;
        f->sentence = "the age key is sealed: a closed record cannot be looked at, nor released";
        f->hint = "`readback unlock` asks for its passphrase";
    }
    s->head = rb_slice(buf, n);
    s->body = head.body;
    return err == RB_OK;
}
static bool take_upload(struct rb_req *rq, const char *name, struct submission *s,
                        struct rb_fail *f) {
    struct rb_uploaded u;
    if (!rb_upload_get(rq, name, &u, f)) return false;
    *f = (struct rb_fail){.err = RB_ERR_PROOF,
                          .code = "sealed",
                          .clause = "9.3.3",
                          .field = "upload",
                          .sentence = "the payload names another body than this upload"};
    if (s->rec.kind != RB_KIND_ATTACHMENT || u.size != s->rec.ciphertext_size ||
        !rb_hash_eq(&u.ciphertext, &s->rec.ciphertext_hash))
        return false;
    s->upload = u.id;
    s->staged = u.staged;
    s->head = u.head;
    s->body = u.body;
    s->content = u.content;
    return true;
}
/* what a closed record brings along besides its leaf */
static bool get_sealed(struct rb_req *rq, const json_t *in, struct submission *s,
                       struct rb_fail *f) {
    const char *upload = rb_j_string(in, "upload");
    bool attachment = s->rec.kind == RB_KIND_ATTACHMENT;
    *f = (struct rb_fail){.err = RB_ERR_USAGE, .field = upload ? "upload" : "sealed"};
    if (!rb_j_get_base64(in, "sealed", &rq->arena, &s->sealed)) {
        f->field = "sealed";
        f->sentence = "bytes in base64 are wanted";
    } else if (!s->rec.closed && (upload || s->sealed.n)) {
        f->sentence = "an open record has no sealed body";
    } else if (attachment ? upload == NULL : s->sealed.n == 0) {
        f->field = attachment ? "upload" : "sealed";
        f->sentence = attachment ? "say with which upload" : "the sealed body is wanted in base64";
        f->hint = "compose answers it beside the payload";
    } else if (attachment ? s->sealed.n > 0 : upload != NULL) {
        f->sentence = "either a sealed body or, for attachments, an upload";
    } else {
        return attachment ? take_upload(rq, upload, s, f) : open_sealed(rq, s, f);
    }
    return false;
}
/* NULL, or the error's JSON with its status */
static json_t *submission_read(struct rb_req *rq, const json_t *in, struct submission *s,
                               int *status) {
    struct rb_reject rj = {0};
    struct rb_fail f = {
        .err = RB_ERR_USAGE, .field = "payload", .sentence = "the payload is wanted in base64"};
    *s = (struct submission){0};
    *status = 400;
    if (!rb_j_get_base64(in, "payload", &rq->arena, &s->payload) || s->payload.n == 0)
        return rb_fail_json(&f);
    if (rb_payload_decode(s->payload, &s->rec, &rj) != RB_OK) {
        *status = rb_fail_status(rj.err);
        return rb_reject_json(&rj, "payload", RB_MARK_NONE);
    }
    s->body = s->rec.body;
    bool bare = !s->rec.closed && !json_object_get(in, "sealed") && !json_object_get(in, "upload");
    if (!bare && !get_sealed(rq, in, s, &f)) {
        *status = rb_fail_status(f.err);
        return rb_fail_json(&f);
    }
    f = (struct rb_fail){.err = RB_ERR_USAGE, .field = "signers"};
    f.sentence = signers_read(json_object_get(in, "signers"), s->signers, &s->signers_n);
    return f.sentence ? rb_fail_json(&f) : NULL;
}
static void submission_event(const struct submission *s, bool despite, struct rb_event *ev) {
    *ev = (struct rb_event){.type = RB_EV_SUBMIT};
    ev->u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev->u.submit.channel, s->rec.channel, RB_CHANNEL_LEN);
    ev->u.submit.payload = s->payload;
    ev->u.submit.signers = s->signers;
    ev->u.submit.signers_n = s->signers_n;
    ev->u.submit.despite = despite;
    ev->u.submit.sealed = s->sealed;
    ev->u.submit.staged = s->staged;
    ev->u.submit.head = s->head;
    ev->u.submit.content = s->content;
}

/* Warnings that ask for confirmation hold the record back unless the officer said so. NULL: go on
 */
static json_t *held_back(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body,
                         bool despite) {
    if (despite) return NULL;
    json_t *w = rb_warnings(c, rec, body, NULL);
    if (rb_warnings_ask(w))
        return rb_warnings_refusal(
            w, "there are warnings that ask for confirmation; nothing was released");
    json_decref(w);
    rb_probed_drop(c->rq);
    return NULL;
}
/* what a cessation is asked about lies in others (16.4.6): that wants the situation, as composing
 * did */
static bool open_to_ask(struct rb_req *rq, const struct rb_record *rec, struct rb_chan *c) {
    return rec->kind == RB_KIND_CESSATION ? rb_chan_open_id(rq, rec->channel, c)
                                          : rb_chan_open_lite(rq, rec->channel, c);
}
static json_t *despite_json(bool despite) {
    json_t *o = json_object();
    if (despite) rb_j_put(o, "despite", json_true());
    return o;
}

void rb_post_submit(struct rb_req *rq) {
    struct submission s;
    struct rb_event ev;
    struct rb_chan c;
    int status = 0;
    bool despite = json_is_true(json_object_get(rq->body, "despite"));
    json_t *bad = submission_read(rq, rq->body, &s, &status);
    if (bad == NULL && !open_to_ask(rq, &s.rec, &c)) return;
    if (bad == NULL && (bad = held_back(&c, &s.rec, s.body, despite)) != NULL) status = 409;
    if (bad) {
        rb_reply(rq, status, bad);
        return;
    }
    submission_event(&s, despite, &ev);
    rb_submit_with(rq, &ev, despite_json(despite), s.upload);
}

/* NULL: no channel of ours, which the node refuses by itself */
static json_t *not_looked_at(struct rb_req *rq, const struct rb_record *rec, int *status) {
    struct rb_chan c;
    const struct rb_fail f = {
        .err = RB_ERR_LIMIT,
        .sentence = "what is to be pointed out of it could not be looked at: memory is short; it "
                    "was not released"};
    if (rb_chan_look(rq, rec->channel, &c) == RB_ERR_NOT_FOUND) return NULL;
    *status = rb_fail_status(f.err);
    return rb_fail_json(&f);
}
/* Of many at once it is only asked about notices, cessations and who gets a place or names of
 * people into their hands. Each plan is counted before the next is looked at: many at once tell no
 * more than one by one. All are looked at before the first goes to the node: while nothing changes,
 * the channel is folded once. true: refused, and slot i filled */
static bool refuse_one_of(struct rb_req *rq, struct rb_pending *p, size_t i, const json_t *in,
                          bool despite) {
    struct submission s;
    struct rb_chan c;
    int status = 0;
    const size_t mark = rb_arena_mark(&rq->arena);
    json_t *bad = submission_read(rq, in, &s, &status);
    const bool asked =
        s.rec.closed || s.rec.kind == RB_KIND_NOTICE || s.rec.kind == RB_KIND_CESSATION;
    if (bad == NULL && asked) {
        if (!open_to_ask(rq, &s.rec, &c))
            bad = not_looked_at(rq, &s.rec, &status);
        else if ((bad = held_back(&c, &s.rec, s.body, despite)) != NULL)
            status = 409;
    }
    rb_probed_tell(rq);
    rb_req_wipe(rq, mark);
    if (bad) rb_pending_fill(p, i, status, bad);
    return bad != NULL;
}
static void submit_one_of(struct rb_req *rq, struct rb_pending *p, size_t i, const json_t *in,
                          bool despite) {
    struct submission s;
    struct rb_event ev;
    int status = 0;
    const size_t mark = rb_arena_mark(&rq->arena);
    json_t *bad = submission_read(rq, in, &s, &status);
    if (bad) { /* it was read before: memory, or the age key was sealed in between */
        rb_pending_fill(p, i, status, bad);
    } else {
        submission_event(&s, despite, &ev);
        rb_pending_run(rq->api, p, i, &ev, s.upload);
    }
    rb_req_wipe(rq, mark);
}
void rb_post_submit_batch(struct rb_req *rq) {
    const json_t *list = json_object_get(rq->body, "records");
    struct rb_api *api = rq->api;
    size_t n = json_array_size(list);
    bool despite = json_is_true(json_object_get(rq->body, "despite"));
    if (!json_is_array(list) || n == 0 || n > RB_API_BATCH) {
        rb_fail_words(rq, RB_ERR_USAGE, "records",
                      "a list of 1 to 4096 {payload, signers} is wanted", NULL);
        return;
    }
    bool *refused = calloc(n, sizeof *refused);
    struct rb_pending *p = refused ? rb_pending_new(rq, n, true, NULL) : NULL;
    if (p == NULL) {
        free(refused);
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    for (size_t i = 0; i < n; i++)
        refused[i] = refuse_one_of(rq, p, i, json_array_get(list, i), despite);
    for (size_t i = 0; i < n; i++)
        if (!refused[i]) submit_one_of(rq, p, i, json_array_get(list, i), despite);
    free(refused);
    rb_pending_started(api, p);
}

/* ---- drafts -----------------------------------------------------------------------------------
 */
static bool draft_find(struct rb_req *rq, struct rb_draft_view *out) {
    const char *name = rq->part[1];
    size_t hits = 0;
    struct rb_draft_view d;
    for (size_t i = 0; strlen(name) >= 4 && i < rb_node_drafts(rq->node); i++) {
        char hex[65];
        struct rb_writer w = rb_writer(hex, sizeof hex);
        if (!rb_node_draft(rq->node, i, &d)) continue;
        rb_put_hex(&w, d.hash.b, RB_HASH_LEN);
        if (strncmp(rb_writer_z(&w), name, strlen(name)) != 0) continue;
        *out = d;
        hits++;
    }
    if (hits == 1) return true;
    rb_fail_words(rq, hits ? RB_ERR_EXISTS : RB_ERR_NOT_FOUND, "draft",
                  hits ? "these digits fit more than one draft"
                       : "no draft with these digits waits here",
                  "`readback drafts` shows those that do");
    return false;
}
/* SHA-256(salt || content) of a stored attachment, read through once more */
static enum rb_err hash_content(struct rb_req *rq, const struct rb_opened *o, struct rb_hash *out) {
    struct rb_api *api = rq->api;
    struct rb_attachment a;
    struct rb_reject rj;
    struct rb_hasher h;
    uint8_t *buf = rb_arena_alloc(&rq->arena, CONTENT_STEP);
    if (buf == NULL) return RB_ERR_LIMIT;
    RB_TRY(rb_attachment_decode(o->body, &a, &rj));
    RB_TRY(rb_hasher_begin(&h));
    rb_hasher_add(&h, rb_slice(rb_sealed_salt(&o->head, 1), RB_SALT_LEN));
    for (uint64_t at = 0; at < a.size;) {
        size_t n = 0;
        enum rb_err err =
            api->host.open_content(api->host.ctx, &o->view.ref, at, buf, CONTENT_STEP, &n);
        if (err == RB_OK && (n == 0 || n > a.size - at)) err = RB_ERR_MALFORMED;
        if (err != RB_OK) {
            rb_hasher_drop(&h);
            return err;
        }
        rb_hasher_add(&h, rb_slice(buf, n));
        at += n;
    }
    rb_hasher_end(&h, out);
    return RB_OK;
}
/* a closed draft's ciphertext is stored already: read again, as the second officer did */
static bool open_draft(struct rb_chan *c, const struct rb_record *rec, struct rb_event *ev,
                       struct rb_slice *body) {
    struct rb_req *rq = c->rq;
    struct rb_opened o;
    *body = rec->body;
    if (!rec->closed) return true;
    if (rb_fail_locked(rq)) return false;
    rb_open_own(rq, c->v.own_member, rec, &o); /* wiped at the end of the request */
    enum rb_err err = o.body.n ? RB_OK : RB_ERR_STATE;
    if (err == RB_OK && rec->kind == RB_KIND_ATTACHMENT)
        err = hash_content(rq, &o, &ev->u.submit.content);
    ev->u.submit.head = o.bytes;
    *body = o.body;
    if (err == RB_OK) return true;
    struct rb_fail f = {.err = RB_ERR_STATE,
                        .code = "body",
                        .field = "draft",
                        .sentence = "the draft's sealed body cannot be read here any more",
                        .hint = "discard the draft and say it anew"};
    rb_fail(rq, &f);
    return false;
}
/* Of a draft the first officer was asked about everything else; what time and others may have
 * changed since is looked at again at the last signature: what a notice touches (10.6.11), what is
 * pointed out of a cessation (16.4.6). true: replied */
static bool draft_held_back(struct rb_chan *c, const struct rb_record *rec, struct rb_slice body) {
    static const char *const codes[] = {"conflict",    "not-excluded",   "probing",
                                        "not-checked", "length-differs", "end-past",
                                        "gap",         "overlaps",       "alone"};
    size_t i;
    const json_t *x;
    bool ask = false;
    const bool again = rec->kind == RB_KIND_NOTICE || rec->kind == RB_KIND_CESSATION;
    if (!again || json_is_true(json_object_get(c->rq->body, "despite"))) return false;
    json_t *w = rb_warnings(c, rec, body, NULL);
    json_array_foreach(w, i, x) {
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
            ask |= strcmp(rb_j_string(x, "code"), codes[k]) == 0 &&
                   json_is_true(json_object_get(x, "confirm"));
    }
    if (ask)
        rb_reply(c->rq, 409,
                 rb_warnings_refusal(w, "there are warnings that ask for confirmation; nothing was "
                                        "released, the draft stays"));
    else
        json_decref(w);
    if (!ask) rb_probed_drop(c->rq);
    return ask;
}
void rb_post_draft_sign(struct rb_req *rq) {
    struct rb_draft_view d;
    struct rb_signer signers[RB_MAX_SIGNERS];
    struct rb_record rec;
    struct rb_reject rj = {0};
    struct rb_chan c;
    struct rb_slice body;
    size_t n = 0;
    if (!draft_find(rq, &d)) return;
    if (!rb_signers_get(rq, json_object_get(rq->body, "signers"), signers, &n, "signers")) return;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, d.channel, RB_CHANNEL_LEN);
    if (rb_arena_copy(&rq->arena, d.payload, &ev.u.submit.payload) != RB_OK) {
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    if (rb_payload_decode(ev.u.submit.payload, &rec, &rj) != RB_OK) {
        rb_fail_reject(rq, &rj, "draft");
        return;
    }
    if (!open_to_ask(rq, &rec, &c) || !open_draft(&c, &rec, &ev, &body) ||
        draft_held_back(&c, &rec, body))
        return;
    ev.u.submit.signers = signers;
    ev.u.submit.signers_n = n;
    ev.u.submit.despite = json_is_true(json_object_get(rq->body, "despite"));
    rb_submit_one(rq, &ev, despite_json(ev.u.submit.despite));
}
void rb_post_draft_discard(struct rb_req *rq) {
    struct rb_draft_view d;
    if (!draft_find(rq, &d)) return;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_DISCARD;
    ev.u.submit.draft = d.hash;
    json_t *extra = json_object();
    rb_j_put(extra, "discarded", json_true());
    rb_submit_one(rq, &ev, extra);
}

/* ---- cards ------------------------------------------------------------------------------------
 */
static bool get_card(struct rb_req *rq, struct rb_slice *raw, struct rb_card *card) {
    struct rb_reject rj = {0};
    if (!rb_j_get_base64(rq->body, "card", &rq->arena, raw) || raw->n == 0) {
        rb_fail_words(rq, RB_ERR_USAGE, "card", "a signed card in base64 is wanted", NULL);
        return false;
    }
    if (rb_card_decode(*raw, card, &rq->arena, &rj) == RB_OK) return true;
    rb_fail_reject(rq, &rj, "card");
    return false;
}
/* A card is taken only with the fingerprint that a person compared: heard, or read from paper. */
void rb_post_peers(struct rb_req *rq) {
    struct rb_slice raw;
    struct rb_card card;
    char fingerprint[48];
    const char *typed = rb_j_string(rq->body, "fingerprint");
    if (!get_card(rq, &raw, &card)) return;
    rb_fingerprint(card.handle, &card.party, fingerprint);
    if (typed == NULL || *typed == 0) {
        rb_fail_words(rq, RB_ERR_USAGE, "fingerprint",
                      "the fingerprint that the other party read out is wanted",
                      "call them, let them run `readback fingerprint`, and type what you hear");
        return;
    }
    if (!rb_fingerprint_matches(fingerprint, rb_str(typed))) {
        struct rb_fail f = {
            .err = RB_ERR_DENIED,
            .code = "fingerprint",
            .field = "fingerprint",
            .sentence =
                "the digits are not this card's: a slip of the ear, or another party's card",
            .hint = "compare group by group; if they stay different, do not use this card"};
        rb_fail(rq, &f);
        return;
    }
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_ACCREDIT;
    ev.u.submit.card = raw;
    json_t *extra = json_object();
    rb_j_put(extra, "handle", rb_j_slice(card.handle));
    rb_j_put(extra, "fingerprint", json_string(fingerprint));
    rb_submit_one(rq, &ev, extra);
}
void rb_post_card(struct rb_req *rq) {
    struct rb_slice raw;
    struct rb_card card;
    if (!get_card(rq, &raw, &card)) return;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_CARD;
    ev.u.submit.card = raw;
    json_t *extra = json_object();
    rb_j_put(extra, "version", json_integer((json_int_t)card.version));
    rb_submit_one(rq, &ev, extra);
}

/* ---- made by the node --------------------------------------------------------------------------
 */
void rb_post_test(struct rb_req *rq) {
    struct rb_chan c;
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    ev.u.submit.what = RB_SUBMIT_TEST;
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    rb_submit_one(rq, &ev, NULL);
}
void rb_post_nil(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    const json_t *from = json_object_get(rq->body, "from"), *to = json_object_get(rq->body, "to");
    if (!rb_chan_open(rq, rq->part[1], &c)) return;
    ev.u.submit.what = RB_SUBMIT_NIL;
    memcpy(ev.u.submit.channel, c.v.id, RB_CHANNEL_LEN);
    ev.u.submit.to_utc_ms = rq->now.utc_ms;
    bool ok = from && rb_json_time(from, &ev.u.submit.from_utc_ms) == RB_OK &&
              (to == NULL || rb_json_time(to, &ev.u.submit.to_utc_ms) == RB_OK);
    if (!ok || ev.u.submit.from_utc_ms >= ev.u.submit.to_utc_ms) {
        rb_fail_words(
            rq, RB_ERR_USAGE, "from",
            "say from when to when there was nothing to report (from before to)",
            "for example {\"from\": \"2015-09-30T12:00:00Z\", \"to\": \"2015-09-30T13:00:00Z\"}");
        return;
    }
    rb_submit_one(rq, &ev, NULL);
}
