/* What the offline party key signs (design §3): cards, and the bodies of delegation, rotation and
 * revocation. COSE_Sign1 (tag 18), kid of the party key, external_aad "readback/party/v1",
 * payload a map whose key 0 is the type. The same signed bytes are logged in every channel. */
#ifndef READBACK_PARTY_H
#define READBACK_PARTY_H
#include "readback/record.h"

#define RB_PARTY_AAD "readback/party/v1"
enum rb_statement_type { RB_ST_CARD = 1, RB_ST_DELEGATION = 2, RB_ST_ROTATION = 3, RB_ST_REVOCATION = 4 };
enum rb_key_role { RB_KEY_PARTY = 0, RB_KEY_LOG = 1, RB_KEY_MIRROR = 2, RB_KEY_NODE = 3, RB_KEY_OFFICER = 4,
                   RB_KEY_TLS = 5, RB_KEY_AGE = 6 };
const char *rb_key_role_name(enum rb_key_role r);

struct rb_officer {
    struct rb_slice name; /* handle form, unique on the card: used as a file name in exports */
    struct rb_key key;
};
struct rb_card {
    struct rb_slice handle;
    struct rb_key party;
    uint64_t version; /* grows */
    int64_t issued_utc_ms;
    size_t names_n;   /* display names by language */
    struct { struct rb_slice language, name; } names[8];
    size_t addresses_n; /* "host:port"; none: only connects outwards */
    struct rb_slice addresses[RB_MAX_ADDRESSES];
    struct rb_key mirror, node, tls, age;
    size_t officers_n;
    struct rb_officer officers[RB_MAX_OFFICERS];
    struct rb_slice raw; /* the signed bytes it was read from */
};
/* checks form, signature by the party key within, uniqueness of keys on the card. Borrows. */
enum rb_err rb_card_decode(struct rb_slice signed_card, struct rb_card *out, struct rb_arena *work,
                           struct rb_reject *rj) RB_MUST_USE;
/* unsigned payload; sign with rb_party_tbs/rb_party_assemble */
void rb_card_encode(const struct rb_card *c, struct rb_writer *w);
/* a key that both cards carry: refused (design §3) */
bool rb_card_shares_key(const struct rb_card *a, const struct rb_card *b);

struct rb_delegation { /* authorises an origin and its log key */
    struct rb_key party;
    struct rb_slice origin;
    struct rb_key log;
    bool has_previous;
    struct rb_slice previous_origin;
    uint64_t previous_size; /* size of it the party stands by */
    int64_t issued_utc_ms;
};
struct rb_rotation {
    struct rb_key party;
    enum rb_key_role role; /* mirror, node, officer, tls, age */
    struct rb_key old_key, new_key;
    int64_t issued_utc_ms;
};
struct rb_stood_by {
    struct rb_slice origin;
    uint64_t size;
};
struct rb_revocation {
    struct rb_key party;
    enum rb_key_role role; /* log, mirror, node, officer, tls, age */
    struct rb_key key;
    size_t stood_n;
    struct rb_stood_by stood[256]; /* last size stood by, for each origin and key */
    struct rb_slice reason;
    int64_t issued_utc_ms;
};
void rb_delegation_encode(const struct rb_delegation *d, struct rb_writer *w);
void rb_rotation_encode(const struct rb_rotation *r, struct rb_writer *w);
void rb_revocation_encode(const struct rb_revocation *r, struct rb_writer *w);
enum rb_err rb_delegation_decode(struct rb_slice signed_body, struct rb_delegation *out,
                                 struct rb_arena *work, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_rotation_decode(struct rb_slice signed_body, struct rb_rotation *out,
                               struct rb_arena *work, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_revocation_decode(struct rb_slice signed_body, struct rb_revocation *out,
                                 struct rb_arena *work, struct rb_reject *rj) RB_MUST_USE;
void rb_party_tbs(struct rb_slice payload, const struct rb_key *party, struct rb_writer *w);
enum rb_err rb_party_assemble(struct rb_slice payload, const struct rb_key *party,
                              const uint8_t sig[RB_SIG_LEN], struct rb_writer *w) RB_MUST_USE;
/* Bodies of the records that carry them: card {1: bstr}, delegation, rotation, revocation {1: bstr}. */
void rb_carried_encode(struct rb_slice signed_body, struct rb_writer *w);
enum rb_err rb_carried_decode(struct rb_slice body, struct rb_slice *signed_body,
                              struct rb_reject *rj) RB_MUST_USE;
#endif
