/* Delegation (spec 3.8.5), rotation (3.8.6), revocation (3.8.7): what the party key says of the
 * other keys. */
#include "party_form.h"
#include "readback/text.h"

#define MAX_SMALL 1024u /* bytes of a signed delegation or rotation */
#define MAX_STOOD 256u

static const struct rb_enum_name type_delegation[] = {{RB_ST_DELEGATION, "delegation"}, {0, NULL}};
static const struct rb_enum_name type_rotation[] = {{RB_ST_ROTATION, "rotation"}, {0, NULL}};
static const struct rb_enum_name type_revocation[] = {{RB_ST_REVOCATION, "revocation"}, {0, NULL}};

static bool origin_of(struct rb_slice in, struct rb_origin *o) {
    return rb_origin_decode(in, o) == RB_OK;
}

/* ---- delegation -------------------------------------------------------------------------------
 */

static const struct rb_field stood_fields[] = {
    F(0, "origin", RB_F_NAME, REQ | FULL, RB_MAX_ORIGIN, "of a feed"),
    F(1, "size", RB_F_UINT, REQ, 0, "the last the party stands by"),
};
static const struct rb_schema stood_schema = SCHEMA("stood-by", stood_fields);
static const struct rb_field delegation_fields[] = {
    F_ENUM(0, "type", REQ, type_delegation, "2"),
    F(1, "party", RB_F_KEY, REQ, 0, "signs this"),
    F(2, "origin", RB_F_NAME, REQ | FULL, RB_MAX_ORIGIN, "authorised by this"),
    F(3, "log", RB_F_KEY, REQ, 0, "of this origin, for good"),
    F_TUPLE(4, "previous", OPT, &stood_schema, "the epoch before"),
    F(5, "issued", RB_F_TIME, REQ, 0, "when"),
};
static const struct rb_schema delegation_schema = SCHEMA("delegation", delegation_fields);

void rb_delegation_encode(const struct rb_delegation *d, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 0, RB_ST_DELEGATION);
    rb_mapw_fixed(&m, 1, d->party.b, RB_KEY_LEN);
    rb_mapw_text(&m, 2, d->origin);
    rb_mapw_fixed(&m, 3, d->log.b, RB_KEY_LEN);
    if (d->has_previous) {
        rb_cbor_put_array(rb_mapw_key(&m, 4), 2);
        rb_cbor_put_text(w, d->previous_origin);
        rb_cbor_put_uint(w, d->previous_size);
    }
    rb_mapw_uint(&m, 5, (uint64_t)d->issued_utc_ms);
    rb_mapw_close(&m);
}

static enum rb_err get_delegation(struct rb_slice payload, struct rb_delegation *d) {
    struct rb_mapr m;
    uint64_t type = 0;
    size_t n = 0;
    RB_TRY(rb_mapr_open(&m, payload));
    RB_TRY(rb_mapr_uint(&m, 0, &type));
    RB_TRY(rb_mapr_fixed(&m, 1, d->party.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_text(&m, 2, &d->origin));
    RB_TRY(rb_mapr_fixed(&m, 3, d->log.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_array(&m, 4, 2, &n));
    d->has_previous = n > 0;
    if (d->has_previous) {
        RB_TRY(rb_cbor_get_text(&m.r, &d->previous_origin));
        RB_TRY(rb_cbor_get_uint(&m.r, &d->previous_size));
    }
    return rb_mapr_time(&m, 5, &d->issued_utc_ms);
}

/* a party authorises its own origins; the epoch before is of the same channel */
static enum rb_err check_delegation(const struct rb_delegation *d, struct rb_reject *rj) {
    struct rb_origin o, before;
    struct rb_hash party;
    rb_party_hash(&d->party, &party);
    if (!origin_of(d->origin, &o) || !rb_hash_eq(&o.party, &party))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.5", "origin not of this party", 0);
    if (rb_ed25519_key_check(&d->log) != RB_OK || rb_key_eq(&d->log, &d->party))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.5", "log key", 0);
    if (!d->has_previous) return RB_OK;
    if (!origin_of(d->previous_origin, &before) || !rb_hash_eq(&before.party, &party) ||
        before.exercise != o.exercise || memcmp(before.channel, o.channel, RB_CHANNEL_LEN) != 0 ||
        before.epoch >= o.epoch)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.5", "previous origin not an earlier epoch", 0);
    return RB_OK;
}

static enum rb_err open_delegation(struct rb_slice in, struct rb_party_message *msg,
                                   struct rb_delegation *d, struct rb_reject *rj) {
    RB_TRY(rb_party_open(in, &delegation_schema, MAX_SMALL, msg, rj));
    if (get_delegation(msg->payload, d) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.5", "delegation", 0);
    RB_TRY(rb_party_key_form(msg, &d->party, rj));
    return check_delegation(d, rj);
}

enum rb_err rb_delegation_form(struct rb_slice in, struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_delegation d = {0};
    return open_delegation(in, &msg, &d, rj);
}

enum rb_err rb_delegation_decode(struct rb_slice in, struct rb_delegation *out,
                                 struct rb_arena *work, struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_delegation d = {0};
    RB_TRY(open_delegation(in, &msg, &d, rj));
    RB_TRY(rb_party_verify(&msg, &d.party, work, rj));
    *out = d;
    return RB_OK;
}

/* ---- rotation ---------------------------------------------------------------------------------
 */

static const struct rb_field rotation_fields[] = {
    F_ENUM(0, "type", REQ, type_rotation, "3"),
    F(1, "party", RB_F_KEY, REQ, 0, "signs this"),
    F_ENUM(2, "role", REQ, rb_key_role_names, "mirror, node, officer, tls, age"),
    F(3, "old", RB_F_KEY, REQ, 0, "no longer used"),
    F(4, "new", RB_F_KEY, REQ, 0, "used from here on"),
    F(5, "issued", RB_F_TIME, REQ, 0, "when"),
};
static const struct rb_schema rotation_schema = SCHEMA("rotation", rotation_fields);

void rb_rotation_encode(const struct rb_rotation *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 0, RB_ST_ROTATION);
    rb_mapw_fixed(&m, 1, v->party.b, RB_KEY_LEN);
    rb_mapw_uint(&m, 2, v->role);
    rb_mapw_fixed(&m, 3, v->old_key.b, RB_KEY_LEN);
    rb_mapw_fixed(&m, 4, v->new_key.b, RB_KEY_LEN);
    rb_mapw_uint(&m, 5, (uint64_t)v->issued_utc_ms);
    rb_mapw_close(&m);
}

static enum rb_err get_rotation(struct rb_slice payload, struct rb_rotation *v) {
    struct rb_mapr m;
    uint64_t type = 0, role = 0;
    RB_TRY(rb_mapr_open(&m, payload));
    RB_TRY(rb_mapr_uint(&m, 0, &type));
    RB_TRY(rb_mapr_fixed(&m, 1, v->party.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_uint(&m, 2, &role));
    RB_TRY(rb_mapr_fixed(&m, 3, v->old_key.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_fixed(&m, 4, v->new_key.b, RB_KEY_LEN));
    v->role = (enum rb_key_role)role;
    return rb_mapr_time(&m, 5, &v->issued_utc_ms);
}

static enum rb_err open_rotation(struct rb_slice in, struct rb_party_message *msg,
                                 struct rb_rotation *v, struct rb_reject *rj) {
    RB_TRY(rb_party_open(in, &rotation_schema, MAX_SMALL, msg, rj));
    if (get_rotation(msg->payload, v) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.6", "rotation", 0);
    RB_TRY(rb_party_key_form(msg, &v->party, rj));
    /* a log key ends with its origin, the party key with the party */
    if (v->role == RB_KEY_PARTY || v->role == RB_KEY_LOG)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.6", "this key is not rotated", 0);
    if (rb_key_eq(&v->old_key, &v->new_key) || rb_key_eq(&v->new_key, &v->party) ||
        (v->role != RB_KEY_AGE && rb_ed25519_key_check(&v->new_key) != RB_OK))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.6", "new key", 0);
    return RB_OK;
}

enum rb_err rb_rotation_form(struct rb_slice in, struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_rotation v = {0};
    return open_rotation(in, &msg, &v, rj);
}

enum rb_err rb_rotation_decode(struct rb_slice in, struct rb_rotation *out, struct rb_arena *work,
                               struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_rotation v = {0};
    RB_TRY(open_rotation(in, &msg, &v, rj));
    RB_TRY(rb_party_verify(&msg, &v.party, work, rj));
    *out = v;
    return RB_OK;
}

/* ---- revocation -------------------------------------------------------------------------------
 */

static const struct rb_field revocation_fields[] = {
    F_ENUM(0, "type", REQ, type_revocation, "4"),
    F(1, "party", RB_F_KEY, REQ, 0, "signs this"),
    F_ENUM(2, "role", REQ, rb_key_role_names, "log, mirror, node, officer, tls, age"),
    F(3, "key", RB_F_KEY, REQ, 0, "revoked"),
    F_TUPLES(4, "stood-by", OPT, MAX_STOOD, &stood_schema, "of each feed; of the others nothing"),
    F(5, "reason", RB_F_TEXT, OPT, RB_MAX_NAME, "as stated"),
    F(6, "issued", RB_F_TIME, REQ, 0, "when"),
};
static const struct rb_schema revocation_schema = SCHEMA("revocation", revocation_fields);

void rb_revocation_encode(const struct rb_revocation *v, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 0, RB_ST_REVOCATION);
    rb_mapw_fixed(&m, 1, v->party.b, RB_KEY_LEN);
    rb_mapw_uint(&m, 2, v->role);
    rb_mapw_fixed(&m, 3, v->key.b, RB_KEY_LEN);
    if (v->stood_n > 0) rb_cbor_put_array(rb_mapw_key(&m, 4), v->stood_n);
    for (size_t i = 0; i < v->stood_n; i++) {
        rb_cbor_put_array(w, 2);
        rb_cbor_put_text(w, v->stood[i].origin);
        rb_cbor_put_uint(w, v->stood[i].size);
    }
    rb_mapw_opt_text(&m, 5, v->reason);
    rb_mapw_uint(&m, 6, (uint64_t)v->issued_utc_ms);
    rb_mapw_close(&m);
}

static enum rb_err get_stood(struct rb_mapr *m, struct rb_revocation *v) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 4, MAX_STOOD, &v->stood_n));
    for (size_t i = 0; i < v->stood_n; i++) {
        RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
        RB_TRY(rb_cbor_get_text(&m->r, &v->stood[i].origin));
        RB_TRY(rb_cbor_get_uint(&m->r, &v->stood[i].size));
    }
    return RB_OK;
}

static enum rb_err get_revocation(struct rb_slice payload, struct rb_revocation *v) {
    struct rb_mapr m;
    uint64_t type = 0, role = 0;
    RB_TRY(rb_mapr_open(&m, payload));
    RB_TRY(rb_mapr_uint(&m, 0, &type));
    RB_TRY(rb_mapr_fixed(&m, 1, v->party.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_uint(&m, 2, &role));
    RB_TRY(rb_mapr_fixed(&m, 3, v->key.b, RB_KEY_LEN));
    RB_TRY(get_stood(&m, v));
    RB_TRY(rb_mapr_text(&m, 5, &v->reason));
    v->role = (enum rb_key_role)role;
    return rb_mapr_time(&m, 6, &v->issued_utc_ms);
}

static enum rb_err check_revocation(const struct rb_revocation *v, struct rb_reject *rj) {
    if (v->role == RB_KEY_PARTY || rb_key_eq(&v->key, &v->party))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.7", "the party key is not revoked", 0);
    for (size_t i = 0; i < v->stood_n; i++) {
        struct rb_origin o;
        if (!origin_of(v->stood[i].origin, &o))
            return rb_reject(rj, RB_ERR_MALFORMED, "3.8.7", "origin", 0);
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(v->stood[k].origin, v->stood[i].origin))
                return rb_reject(rj, RB_ERR_MALFORMED, "3.8.7", "origin twice", 0);
    }
    return RB_OK;
}

static enum rb_err open_revocation(struct rb_slice in, struct rb_party_message *msg,
                                   struct rb_revocation *v, struct rb_reject *rj) {
    memset(v, 0, sizeof *v);
    RB_TRY(rb_party_open(in, &revocation_schema, RB_MAX_LEAF, msg, rj));
    if (get_revocation(msg->payload, v) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.8.7", "revocation", 0);
    RB_TRY(rb_party_key_form(msg, &v->party, rj));
    return check_revocation(v, rj);
}

enum rb_err rb_revocation_form(struct rb_slice in, struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_revocation v;
    return open_revocation(in, &msg, &v, rj);
}

/* in place, the struct being large: wiped on refusal */
enum rb_err rb_revocation_decode(struct rb_slice in, struct rb_revocation *out,
                                 struct rb_arena *work, struct rb_reject *rj) {
    struct rb_party_message msg;
    enum rb_err e = open_revocation(in, &msg, out, rj);
    if (e == RB_OK) e = rb_party_verify(&msg, &out->party, work, rj);
    if (e != RB_OK) memset(out, 0, sizeof *out);
    return e;
}
