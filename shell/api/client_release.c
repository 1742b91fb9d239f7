/* Composing, signing, releasing: what every program of an officer does with the local API. */
#include <stdio.h>
#include <stdlib.h>
#include "client.h"
#include "readback/party.h"
#include "readback/text.h"

#define CALL_MAX 256
#define EPOCH_TRIES 100
#define EPOCH_PAUSE_MS 50
#define JOIN_TRIES 300
#define JOIN_PAUSE_MS 100
/* bounded by what a record and its Sig_structure can be */
#define TBS_MAX (RB_MAX_LEAF + 1024)

static json_t *fail_json(const char *code, const char *sentence, const char *hint) {
    return json_pack("{s:{s:s,s:n,s:n,s:n,s:s,s:s}}", "error", "code", code, "clause", "field",
                     "offset", "sentence", sentence, "hint", hint);
}
static bool get_bytes(const json_t *o, const char *key, uint8_t *buf, size_t cap,
                      struct rb_slice *out) {
    const json_t *v = json_object_get(o, key);
    size_t n = 0;
    if (!json_is_string(v)) return false;
    if (rb_base64_decode(rb_slice(json_string_value(v), json_string_length(v)), buf, cap, &n) !=
        RB_OK)
        return false;
    *out = rb_slice(buf, n);
    return true;
}
static json_t *base64_json(struct rb_slice s) {
    size_t cap = s.n / 3 * 4 + 8;
    char *buf = malloc(cap);
    if (buf == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, cap);
    rb_put_base64(&w, s.p, s.n);
    json_t *out = json_stringn(buf, w.n);
    free(buf);
    return out;
}

/* [{kid, sig}] over the payload, for a record that needs `total` officers; NULL where it fails */
static json_t *sign_payload(const struct rb_signer_key *officer, const json_t *composed,
                            size_t total) {
    uint8_t kid[RB_KID_LEN], sig[RB_SIG_LEN], *payload = malloc(RB_MAX_LEAF),
                                              *tbs = malloc(TBS_MAX);
    const char *origin = json_string_value(json_object_get(composed, "origin"));
    struct rb_slice p;
    json_t *out = NULL;
    if (payload && tbs && origin && get_bytes(composed, "payload", payload, RB_MAX_LEAF, &p)) {
        struct rb_writer w = rb_writer(tbs, TBS_MAX);
        rb_key_id(&officer->pub, kid);
        rb_record_tbs(p, rb_str(origin), kid, total, &w);
        if (!w.over && officer->sign(officer->ctx, rb_written(&w), sig) == RB_OK) {
            char hex[2 * RB_KID_LEN + 1];
            struct rb_writer h = rb_writer(hex, sizeof hex);
            rb_put_hex(&h, kid, sizeof kid);
            out = json_pack("[{s:s,s:o}]", "kid", rb_writer_z(&h), "sig",
                            base64_json(rb_slice(sig, sizeof sig)));
        }
    }
    free(payload);
    free(tbs);
    return out;
}
static int not_signed(json_t **out) {
    *out = fail_json("not-signed", "the officer's key did not sign; nothing was released",
                     "check the passphrase, or that ssh-agent holds the key");
    return 403;
}
static size_t total_of(const json_t *composed) {
    json_int_t n = json_integer_value(json_object_get(composed, "needs_signers"));
    return n > 1 ? (size_t)n : 1;
}

int rb_client_compose(const struct rb_client *c, const json_t *draft, json_t **out) {
    return c->call(c->ctx, "POST", "/v1/compose", draft, out);
}

/* {payload, signers, ...} as /v1/submit takes it; NULL: not signed */
static json_t *submission(const struct rb_signer_key *officer, const json_t *composed) {
    static const char *const along[] = {"sealed", "upload"};
    json_t *signers = sign_payload(officer, composed, total_of(composed));
    if (signers == NULL) return NULL;
    json_t *in =
        json_pack("{s:O,s:o}", "payload", json_object_get(composed, "payload"), "signers", signers);
    for (size_t i = 0; i < sizeof along / sizeof *along; i++)
        if (json_object_get(composed, along[i]))
            json_object_set(in, along[i], json_object_get(composed, along[i]));
    return in;
}

int rb_client_submit(const struct rb_client *c, const struct rb_signer_key *officer,
                     const json_t *composed, bool despite, json_t **out) {
    static const char *const keep[] = {"payload_hash", "needs_signers", "readers",    "warnings",
                                       "exercise",     "closed",        "recipients", "check"};
    json_t *in = submission(officer, composed);
    if (in == NULL) return not_signed(out);
    json_object_set_new(in, "despite", json_boolean(despite));
    int status = c->call(c->ctx, "POST", "/v1/submit", in, out);
    json_decref(in);
    for (size_t i = 0; status >= 200 && status < 300 && i < sizeof keep / sizeof *keep; i++)
        if (json_object_get(composed, keep[i]))
            json_object_set(*out, keep[i], json_object_get(composed, keep[i]));
    return status;
}
int rb_client_submit_many(const struct rb_client *c, const struct rb_signer_key *officer,
                          const json_t *composed, bool despite, json_t **out) {
    json_t *in = json_pack("{s:[],s:b}", "records", "despite", (int)despite), *one;
    const json_t *x;
    size_t i;
    int status = 0;
    json_array_foreach(composed, i, x) {
        one = submission(officer, x);
        if (one == NULL) { /* all of them or none */
            json_decref(in);
            return not_signed(out);
        }
        json_array_append_new(json_object_get(in, "records"), one);
    }
    status = c->call(c->ctx, "POST", "/v1/submit-batch", in, out);
    json_decref(in);
    return status;
}

int rb_client_release(const struct rb_client *c, const struct rb_signer_key *officer,
                      const json_t *draft, json_t **out) {
    json_t *composed = NULL;
    int status = rb_client_compose(c, draft, &composed);
    if (status != 200) {
        *out = composed;
        return status;
    }
    status = rb_client_submit(c, officer, composed, json_is_true(json_object_get(draft, "despite")),
                              out);
    json_decref(composed);
    return status;
}

/* ---- a second officer ---------------------------------------------------------------------------
 */
static json_t *draft_of(const json_t *drafts, const char *name, size_t *hits) {
    size_t i;
    json_t *d, *found = NULL;
    *hits = 0;
    json_array_foreach(json_object_get(drafts, "drafts"), i, d) {
        const char *h = json_string_value(json_object_get(d, "draft"));
        if (h == NULL || strlen(name) < 4 || strncmp(h, name, strlen(name)) != 0) continue;
        found = d;
        ++*hits;
    }
    return found;
}
static bool signed_already(const json_t *draft, const struct rb_key *pub) {
    uint8_t kid[RB_KID_LEN];
    char hex[2 * RB_KID_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    size_t i;
    const json_t *s;
    rb_key_id(pub, kid);
    rb_put_hex(&w, kid, sizeof kid);
    json_array_foreach(json_object_get(draft, "signers"), i, s) {
        const char *k = json_string_value(json_object_get(s, "kid"));
        if (k && strcmp(k, rb_writer_z(&w)) == 0) return true;
    }
    return false;
}
int rb_client_countersign(const struct rb_client *c, const struct rb_signer_key *officer,
                          const char *draft, json_t **out) {
    return rb_client_countersign_as(c, officer, draft, false, out);
}
int rb_client_countersign_draft(const struct rb_client *c, const struct rb_signer_key *officer,
                                const json_t *draft, bool despite, json_t **out) {
    char path[CALL_MAX];
    if (signed_already(draft, &officer->pub)) {
        *out = fail_json("exists", "this officer has signed the draft already: another one must",
                         "name the other with --officer");
        return 409;
    }
    json_t *signers = sign_payload(officer, draft, total_of(draft));
    if (signers == NULL) return not_signed(out);
    json_t *in = json_pack("{s:o,s:b}", "signers", signers, "despite", (int)despite);
    snprintf(path, sizeof path, "/v1/drafts/%s/sign",
             json_string_value(json_object_get(draft, "draft")));
    const int status = c->call(c->ctx, "POST", path, in, out);
    json_decref(in);
    return status;
}
int rb_client_countersign_as(const struct rb_client *c, const struct rb_signer_key *officer,
                             const char *draft, bool despite, json_t **out) {
    json_t *drafts = NULL;
    size_t hits = 0;
    int status = c->call(c->ctx, "GET", "/v1/drafts", NULL, &drafts);
    if (status != 200) {
        *out = drafts;
        return status;
    }
    const json_t *d = draft_of(drafts, draft, &hits);
    if (hits == 1) {
        status = rb_client_countersign_draft(c, officer, d, despite, out);
    } else {
        *out = fail_json(hits ? "exists" : "not-found",
                         hits ? "these digits fit more than one draft"
                              : "no draft with these digits waits here",
                         "`readback drafts` shows those that do");
        status = hits ? 409 : 404;
    }
    json_decref(drafts);
    return status;
}

/* ---- founding, joining -------------------------------------------------------------------------
 */
/* base64 of the party-key statement made of answer[field]; NULL where it fails */
static json_t *sign_statement(const struct rb_signer_key *party, const json_t *answer,
                              const char *field) {
    uint8_t *payload = malloc(RB_MAX_LEAF), *tbs = malloc(TBS_MAX), *made = malloc(TBS_MAX);
    uint8_t sig[RB_SIG_LEN];
    struct rb_slice p;
    struct rb_writer w = rb_writer(tbs, tbs ? TBS_MAX : 0), m = rb_writer(made, made ? TBS_MAX : 0);
    json_t *out = NULL;
    if (payload && get_bytes(answer, field, payload, RB_MAX_LEAF, &p)) {
        rb_party_tbs(p, &party->pub, &w);
        if (!w.over && party->sign(party->ctx, rb_written(&w), sig) == RB_OK &&
            rb_party_assemble(p, &party->pub, sig, &m) == RB_OK && !m.over)
            out = base64_json(rb_written(&m));
    }
    free(payload);
    free(tbs);
    free(made);
    return out;
}
json_t *rb_client_statement(const struct rb_signer_key *party, const json_t *answer) {
    return sign_statement(party, answer, "payload");
}
/* Calls `path` twice: once for the delegation to sign, once more for the record that carries it.
 * *carrier gets {payload, signers}; else *out the error. */
static int prepare(const struct rb_client *c, const struct rb_signer_key *officer,
                   const struct rb_signer_key *party, const char *path, json_t *in,
                   json_t **carrier, json_t **answer, json_t **out) {
    json_t *first = NULL;
    *carrier = *answer = NULL;
    int status = c->call(c->ctx, "POST", path, in, &first);
    if (status != 200) {
        *out = first;
        return status;
    }
    json_t *signed_body = sign_statement(party, first, "delegation_payload");
    json_decref(first);
    if (signed_body == NULL) {
        *out = fail_json("not-signed", "the party key did not sign; nothing was done",
                         "check the passphrase of the party key, and that it is this party's key");
        return 403;
    }
    json_object_set_new(in, "delegation", signed_body);
    status = c->call(c->ctx, "POST", path, in, answer);
    if (status != 200) {
        *out = *answer;
        *answer = NULL;
        return status;
    }
    const json_t *made = json_object_get(*answer, "carrier");
    json_t *signers = sign_payload(officer, made, 1);
    if (signers == NULL) {
        json_decref(*answer);
        *answer = NULL;
        return not_signed(out);
    }
    *carrier =
        json_pack("{s:O,s:o}", "payload", json_object_get(made, "payload"), "signers", signers);
    return 200;
}

int rb_client_found(const struct rb_client *c, const struct rb_signer_key *officer,
                    const struct rb_signer_key *party, const json_t *charter, json_t **out) {
    json_t *composed = NULL, *carrier = NULL, *answer = NULL;
    json_t *in = json_pack("{s:O}", "charter", charter);
    int status = c->call(c->ctx, "POST", "/v1/charter/compose", in, &composed);
    json_decref(in);
    if (status != 200) {
        *out = composed;
        return status;
    }
    json_t *signers = sign_payload(officer, composed, 1);
    in = signers ? json_pack("{s:O,s:o}", "payload", json_object_get(composed, "payload"),
                             "signers", signers)
                 : NULL;
    json_decref(composed);
    if (in == NULL) return not_signed(out);
    json_t *signed_charter = json_copy(in);
    status = prepare(c, officer, party, "/v1/charter/prepare", in, &carrier, &answer, out);
    if (status == 200) {
        json_t *found = json_pack("{s:O,s:o}", "charter", signed_charter, "carrier", carrier);
        status = c->call(c->ctx, "POST", "/v1/charter/found", found, out);
        json_decref(found);
    }
    json_decref(signed_charter);
    json_decref(in);
    json_decref(answer);
    return status;
}

static void percent(const char *in, char *out, size_t cap) {
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (; *in && n + 4 < cap; in++) {
        unsigned char u = (unsigned char)*in;
        bool plain = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') ||
                     u == '-' || u == '_' || u == '.' || u == '~';
        if (plain) {
            out[n++] = (char)u;
        } else {
            out[n++] = '%';
            out[n++] = hex[u >> 4];
            out[n++] = hex[u & 15];
        }
    }
    out[n] = 0;
}
void rb_client_path(char *out, size_t cap, const char *before, const char *part,
                    const char *after) {
    char coded[3 * 1024 + 1];
    percent(part, coded, sizeof coded);
    snprintf(out, cap, "%s%s%s", before, coded, after);
}

static int join(const struct rb_client *c, const struct rb_signer_key *officer,
                const struct rb_signer_key *party, const char *channel, char *charter_record,
                json_t **out) {
    char path[4096];
    json_t *carrier = NULL, *answer = NULL, *in = json_object();
    rb_client_path(path, sizeof path, "/v1/channels/", channel, "/join/prepare");
    int status = prepare(c, officer, party, path, in, &carrier, &answer, out);
    json_decref(in);
    if (status != 200) return status;
    const char *id = json_string_value(json_object_get(answer, "charter_record"));
    snprintf(charter_record, 65, "%s", id ? id : "");
    in = json_pack("{s:o}", "carrier", carrier);
    rb_client_path(path, sizeof path, "/v1/channels/", channel, "/join");
    status = c->call(c->ctx, "POST", path, in, out);
    json_decref(in);
    json_decref(answer);
    return status;
}
/* The channel is known from its founder's push on; its charter is judged a moment later. */
static int join_soon(const struct rb_client *c, const struct rb_signer_key *officer,
                     const struct rb_signer_key *party, const char *channel, char *charter_record,
                     json_t **out) {
    int status = join(c, officer, party, channel, charter_record, out);
    for (int tries = 0; status == 503 && c->wait != NULL && tries < JOIN_TRIES; tries++) {
        json_decref(*out);
        *out = NULL;
        c->wait(c->ctx, JOIN_PAUSE_MS);
        status = join(c, officer, party, channel, charter_record, out);
    }
    return status;
}

int rb_client_accept(const struct rb_client *c, const struct rb_signer_key *officer,
                     const struct rb_signer_key *party, const char *channel, json_t **out) {
    char record[65] = "", path[4096];
    int status = join_soon(c, officer, party, channel, record, out);
    const char *code = json_string_value(json_object_get(json_object_get(*out, "error"), "code"));
    if (status == 409 && code &&
        strcmp(code, "exists") ==
            0) { /* a join whose acceptance did not follow: go on from there */
        json_t *view = NULL;
        json_decref(*out);
        rb_client_path(path, sizeof path, "/v1/channels/", channel, "");
        status = c->call(c->ctx, "GET", path, NULL, &view);
        const char *id = json_string_value(json_object_get(view, "charter_record"));
        snprintf(record, sizeof record, "%s", id ? id : "");
        *out = view;
    }
    if (status >= 300 || status == 0) return status;
    json_decref(*out);
    *out = NULL;
    json_t *draft = json_pack("{s:s,s:s,s:[s],s:{s:s}}", "channel", channel, "kind", "position",
                              "answers", record, "body", "type", "accept");
    status = rb_client_release(c, officer, draft, out);
    json_decref(draft);
    return status;
}

/* ---- a further epoch ----------------------------------------------------------------------------
 */
static int epoch_once(const struct rb_client *c, const struct rb_signer_key *officer,
                      const struct rb_signer_key *party, const char *channel,
                      const json_t *stands_by, json_t **out) {
    char path[4096];
    json_t *carrier = NULL, *answer = NULL, *in = json_object();
    if (stands_by) json_object_set(in, "stands_by", (json_t *)(uintptr_t)stands_by);
    rb_client_path(path, sizeof path, "/v1/channels/", channel, "/epoch/prepare");
    int status = prepare(c, officer, party, path, in, &carrier, &answer, out);
    json_decref(in);
    if (status != 200) return status;
    in = json_pack("{s:o}", "carrier", carrier);
    const json_t *card = json_object_get(answer, "card");
    json_t *signers = card ? sign_payload(officer, card, 1) : NULL;
    if (card && signers == NULL) {
        json_decref(in);
        json_decref(answer);
        return not_signed(out);
    }
    if (card)
        json_object_set_new(in, "card",
                            json_pack("{s:O,s:o}", "payload", json_object_get(card, "payload"),
                                      "signers", signers));
    rb_client_path(path, sizeof path, "/v1/channels/", channel, "/epoch");
    status = c->call(c->ctx, "POST", path, in, out);
    if (status == 200 && json_object_get(answer, "epoch"))
        json_object_set(*out, "epoch", json_object_get(answer, "epoch"));
    json_decref(in);
    json_decref(answer);
    return status;
}
/* 503: records of the present epoch are just being signed (6.15.3) */
int rb_client_epoch(const struct rb_client *c, const struct rb_signer_key *officer,
                    const struct rb_signer_key *party, const char *channel, const json_t *stands_by,
                    json_t **out) {
    int status = 0;
    *out = NULL;
    for (int i = 0; i < EPOCH_TRIES; i++) {
        json_decref(*out);
        *out = NULL;
        status = epoch_once(c, officer, party, channel, stands_by, out);
        if (status != 503 || c->wait == NULL) break;
        c->wait(c->ctx, EPOCH_PAUSE_MS);
    }
    return status;
}
