/* The card, spec 3.8.4: who a party is, where it is reached, and its keys. */
#include "party_form.h"
#include "readback/text.h"

#define RELAY "relay="
#define MAX_ADDRESS 268u /* a name of 253, a colon, a port; before them RELAY */

static const struct rb_enum_name type_card[] = {{RB_ST_CARD, "card"}, {0, NULL}};
static const struct rb_field name_fields[] = {
    F(0, "language", RB_F_NAME, REQ | FULL, RB_LANGUAGE_MAX, "BCP 47, lower case"),
    F(1, "name", RB_F_NAME, REQ | FULL, RB_MAX_NAME, "as shown"),
};
static const struct rb_schema name_schema = SCHEMA("display name", name_fields);
static const struct rb_field officer_fields[] = {
    F(0, "name", RB_F_NAME, REQ, RB_MAX_HANDLE, "as a handle"),
    F(1, "key", RB_F_KEY, REQ, 0, "Ed25519"),
};
static const struct rb_schema officer_schema = SCHEMA("officer", officer_fields);
static const struct rb_field card_fields[] = {
    F_ENUM(0, "type", REQ, type_card, "1"),
    F(1, "handle", RB_F_NAME, REQ, RB_MAX_HANDLE, "[a-z0-9-]"),
    F(2, "party", RB_F_KEY, REQ, 0, "the offline key that is the party"),
    F(3, "version", RB_F_UINT, REQ, 0, "grows"),
    F(4, "issued", RB_F_TIME, REQ, 0, "when"),
    F_TUPLES(5, "names", OPT, 8, &name_schema, "by language"),
    F_ARRAY(6, "addresses", RB_F_NAME, OPT | FULL, MAX_ADDRESS, RB_MAX_ADDRESSES,
            "host:port or relay=host:port; absent: only connects outwards"),
    F(7, "mirror", RB_F_KEY, REQ, 0, "cosigns"),
    F(8, "node", RB_F_KEY, REQ, 0, "signs machine records"),
    F(9, "tls", RB_F_KEY, REQ, 0, "pinned"),
    F(10, "age", RB_F_KEY, REQ, 0, "X25519 recipient of closed bodies"),
    F_TUPLES(11, "officers", OPT, RB_MAX_OFFICERS, &officer_schema, "who signs"),
};
static const struct rb_schema card_schema = SCHEMA("card", card_fields);

/* ---- write and read ---------------------------------------------------------------------------
 */

static void put_names(struct rb_mapw *m, const struct rb_card *c) {
    if (c->names_n > 0) rb_cbor_put_array(rb_mapw_key(m, 5), c->names_n);
    for (size_t i = 0; i < c->names_n; i++) {
        rb_cbor_put_array(m->w, 2);
        rb_cbor_put_text(m->w, c->names[i].language);
        rb_cbor_put_text(m->w, c->names[i].name);
    }
}
static enum rb_err get_names(struct rb_mapr *m, struct rb_card *c) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 5, 8, &c->names_n));
    for (size_t i = 0; i < c->names_n; i++) {
        RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
        RB_TRY(rb_cbor_get_text(&m->r, &c->names[i].language));
        RB_TRY(rb_cbor_get_text(&m->r, &c->names[i].name));
    }
    return RB_OK;
}

static void put_addresses(struct rb_mapw *m, const struct rb_card *c) {
    if (c->addresses_n > 0) rb_cbor_put_array(rb_mapw_key(m, 6), c->addresses_n);
    for (size_t i = 0; i < c->addresses_n; i++)
        rb_cbor_put_text(m->w, c->addresses[i]);
}
static enum rb_err get_addresses(struct rb_mapr *m, struct rb_card *c) {
    RB_TRY(rb_mapr_array(m, 6, RB_MAX_ADDRESSES, &c->addresses_n));
    for (size_t i = 0; i < c->addresses_n; i++)
        RB_TRY(rb_cbor_get_text(&m->r, &c->addresses[i]));
    return RB_OK;
}

static void put_officers(struct rb_mapw *m, const struct rb_card *c) {
    if (c->officers_n > 0) rb_cbor_put_array(rb_mapw_key(m, 11), c->officers_n);
    for (size_t i = 0; i < c->officers_n; i++) {
        rb_cbor_put_array(m->w, 2);
        rb_cbor_put_text(m->w, c->officers[i].name);
        rb_cbor_put_bytes(m->w, rb_slice(c->officers[i].key.b, RB_KEY_LEN));
    }
}
static enum rb_err get_officers(struct rb_mapr *m, struct rb_card *c) {
    size_t n = 0;
    RB_TRY(rb_mapr_array(m, 11, RB_MAX_OFFICERS, &c->officers_n));
    for (size_t i = 0; i < c->officers_n; i++) {
        RB_TRY(rb_cbor_get_array(&m->r, 2, &n));
        RB_TRY(rb_cbor_get_text(&m->r, &c->officers[i].name));
        RB_TRY(rb_form_get_fixed(&m->r, c->officers[i].key.b, RB_KEY_LEN));
    }
    return RB_OK;
}

void rb_card_encode(const struct rb_card *c, struct rb_writer *w) {
    struct rb_mapw m = rb_mapw_open(w);
    rb_mapw_uint(&m, 0, RB_ST_CARD);
    rb_mapw_text(&m, 1, c->handle);
    rb_mapw_fixed(&m, 2, c->party.b, RB_KEY_LEN);
    rb_mapw_uint(&m, 3, c->version);
    rb_mapw_uint(&m, 4, (uint64_t)c->issued_utc_ms);
    put_names(&m, c);
    put_addresses(&m, c);
    rb_mapw_fixed(&m, 7, c->mirror.b, RB_KEY_LEN);
    rb_mapw_fixed(&m, 8, c->node.b, RB_KEY_LEN);
    rb_mapw_fixed(&m, 9, c->tls.b, RB_KEY_LEN);
    rb_mapw_fixed(&m, 10, c->age.b, RB_KEY_LEN);
    put_officers(&m, c);
    rb_mapw_close(&m);
}

static enum rb_err get_card(struct rb_slice payload, struct rb_card *c) {
    struct rb_mapr m;
    uint64_t type = 0;
    RB_TRY(rb_mapr_open(&m, payload));
    RB_TRY(rb_mapr_uint(&m, 0, &type));
    RB_TRY(rb_mapr_text(&m, 1, &c->handle));
    RB_TRY(rb_mapr_fixed(&m, 2, c->party.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_uint(&m, 3, &c->version));
    RB_TRY(rb_mapr_time(&m, 4, &c->issued_utc_ms));
    RB_TRY(get_names(&m, c));
    RB_TRY(get_addresses(&m, c));
    RB_TRY(rb_mapr_fixed(&m, 7, c->mirror.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_fixed(&m, 8, c->node.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_fixed(&m, 9, c->tls.b, RB_KEY_LEN));
    RB_TRY(rb_mapr_fixed(&m, 10, c->age.b, RB_KEY_LEN));
    return get_officers(&m, c);
}

/* ---- what the table cannot say
 * ------------------------------------------------------------------- */

#define REFUSE(what) rb_reject(rj, RB_ERR_MALFORMED, "3.8.4", what, 0)

/* lower-case name or IPv4, or IPv6 in brackets; by form only: nothing is resolved here */
static bool host_ok(struct rb_slice h) {
    bool v6 = h.n > 0 && h.p[0] == '[';
    if (v6) {
        if (h.n < 4 || h.n > 47 || h.p[h.n - 1] != ']') return false;
        h = rb_slice_sub(h, 1, h.n - 1);
    }
    if (h.n == 0 || h.n > 253) return false;
    for (size_t i = 0; i < h.n; i++) {
        uint8_t c = h.p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (v6 ? !hex && c != ':' && c != '.'
               : !hex && !(c >= 'g' && c <= 'z') && c != '-' && c != '.')
            return false;
    }
    return h.p[0] != '-' && (v6 || h.p[0] != '.');
}

static bool address_ok(struct rb_slice a) {
    uint64_t port = 0;
    if (rb_slice_starts(a, RELAY)) a = rb_slice_sub(a, sizeof RELAY - 1, a.n);
    size_t colon = a.n;
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] == ':') colon = i;
    if (colon == a.n || !host_ok(rb_slice_sub(a, 0, colon))) return false;
    return rb_dec_decode(rb_slice_sub(a, colon + 1, a.n), &port) == RB_OK && port >= 1 &&
           port <= UINT16_MAX;
}

/* all keys on a card: party, mirror, node, tls, age, then the officers' */
#define FIXED_KEYS 5u
static const struct rb_key *key_at(const struct rb_card *c, size_t i) {
    const struct rb_key *fixed[FIXED_KEYS] = {&c->party, &c->mirror, &c->node, &c->tls, &c->age};
    return i < FIXED_KEYS ? fixed[i] : &c->officers[i - FIXED_KEYS].key;
}
#define AGE_AT 4u

static enum rb_err check_distinct(const struct rb_card *c, struct rb_reject *rj) {
    for (size_t i = 0; i < FIXED_KEYS + c->officers_n; i++)
        for (size_t k = 0; k < i; k++)
            if (rb_key_eq(key_at(c, k), key_at(c, i))) return REFUSE("one key in two places");
    return RB_OK;
}

/* costs about as much as a signature each, so only where the signature is checked, too */
static enum rb_err check_points(const struct rb_card *c, struct rb_reject *rj) {
    for (size_t i = 0; i < FIXED_KEYS + c->officers_n; i++)
        if (i != AGE_AT && rb_ed25519_key_check(key_at(c, i)) != RB_OK)
            return REFUSE("no Ed25519 key");
    return RB_OK;
}

static enum rb_err check_lists(const struct rb_card *c, struct rb_reject *rj) {
    for (size_t i = 0; i < c->officers_n; i++) {
        if (!rb_handle_ok(c->officers[i].name)) return REFUSE("officer's name");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->officers[k].name, c->officers[i].name))
                return REFUSE("officer twice");
    }
    for (size_t i = 0; i < c->names_n; i++) {
        if (!rb_form_language_ok(c->names[i].language)) return REFUSE("language");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->names[k].language, c->names[i].language))
                return REFUSE("language twice");
    }
    for (size_t i = 0; i < c->addresses_n; i++) {
        if (!address_ok(c->addresses[i])) return REFUSE("address");
        for (size_t k = 0; k < i; k++)
            if (rb_slice_eq(c->addresses[k], c->addresses[i])) return REFUSE("address twice");
    }
    return RB_OK;
}

static enum rb_err open_card(struct rb_slice in, struct rb_party_message *msg, struct rb_card *c,
                             struct rb_reject *rj) {
    memset(c, 0, sizeof *c);
    RB_TRY(rb_party_open(in, &card_schema, RB_MAX_CARD, msg, rj));
    if (get_card(msg->payload, c) != RB_OK) return REFUSE("card");
    if (!rb_handle_ok(c->handle)) return REFUSE("handle");
    RB_TRY(rb_party_key_form(msg, &c->party, rj));
    RB_TRY(check_distinct(c, rj));
    RB_TRY(check_lists(c, rj));
    c->raw = in;
    return RB_OK;
}

enum rb_err rb_card_form(struct rb_slice in, struct rb_slice *handle, struct rb_reject *rj) {
    struct rb_party_message msg;
    struct rb_card c;
    RB_TRY(open_card(in, &msg, &c, rj));
    *handle = c.handle;
    return RB_OK;
}

/* in place, the struct being large: wiped on refusal */
enum rb_err rb_card_decode(struct rb_slice in, struct rb_card *out, struct rb_arena *work,
                           struct rb_reject *rj) {
    struct rb_party_message msg;
    enum rb_err e = open_card(in, &msg, out, rj);
    if (e == RB_OK) e = rb_party_verify(&msg, &out->party, work, rj);
    if (e == RB_OK) e = check_points(out, rj);
    if (e != RB_OK) memset(out, 0, sizeof *out);
    return e;
}

bool rb_card_shares_key(const struct rb_card *a, const struct rb_card *b) {
    for (size_t i = 0; i < FIXED_KEYS + a->officers_n; i++)
        for (size_t k = 0; k < FIXED_KEYS + b->officers_n; k++)
            if (rb_key_eq(key_at(a, i), key_at(b, k))) return true;
    return false;
}
