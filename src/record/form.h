/* Small forms that envelope, bodies and party statements share: a cursor over a map with ascending
 * unsigned keys, a writer of such maps, and the macros of grammar tables.
 * A cursor's getters leave their result alone where the key is absent; the grammar has been
 * checked before (rb_schema_check), so what is absent may be. */
#ifndef READBACK_RECORD_FORM_H
#define READBACK_RECORD_FORM_H
#include "readback/schema.h"

#define RB_TIME_MAX 253402300799999u /* end of year 9999, UTC ms */
#define RB_SPAN_MAX 3155760000000u   /* 100 years, ms */
#define RB_MM_MAX 100000000000       /* 100,000 km */
#define RB_LANGUAGE_MAX 35u

/* ---- single values -------------------------------------------------------------------------- */
enum rb_err rb_form_get_time(struct rb_reader *r, int64_t *out) RB_MUST_USE;
enum rb_err rb_form_get_member(struct rb_reader *r, uint16_t *out) RB_MUST_USE;
/* array of ascending member indexes, as bits */
enum rb_err rb_form_get_members(struct rb_reader *r, uint64_t *out) RB_MUST_USE;
void rb_form_put_members(uint64_t members, struct rb_writer *w);
/* a name, not empty */
enum rb_err rb_form_get_name(struct rb_reader *r, size_t max, struct rb_slice *out) RB_MUST_USE;
enum rb_err rb_form_get_fixed(struct rb_reader *r, void *out, size_t n) RB_MUST_USE;
enum rb_err rb_form_get_u16(struct rb_reader *r, uint16_t *out) RB_MUST_USE;
/* null leaves *out alone */
enum rb_err rb_form_get_opt_uint(struct rb_reader *r, uint64_t *out) RB_MUST_USE;
/* null where v is 0 */
void rb_form_put_opt_uint(struct rb_writer *w, uint64_t v);
/* lower-case BCP 47 shape: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters */
bool rb_form_language_ok(struct rb_slice s);
/* returns e; an offset within `inner` becomes one within `outer` */
enum rb_err rb_form_shift(enum rb_err e, struct rb_reject *rj, struct rb_slice outer,
                          struct rb_slice inner);

/* ---- reading a map -------------------------------------------------------------------------- */
struct rb_mapr {
    struct rb_reader r;
    size_t left;
};
enum rb_err rb_mapr_open(struct rb_mapr *m, struct rb_slice map) RB_MUST_USE;
enum rb_err rb_mapr_open_at(struct rb_mapr *m, struct rb_reader *r) RB_MUST_USE; /* moves r past */
/* is the next key this one? then the reader stands at its value */
bool rb_mapr_at(struct rb_mapr *m, uint64_t key);
enum rb_err rb_mapr_uint(struct rb_mapr *m, uint64_t key, uint64_t *out) RB_MUST_USE;
enum rb_err rb_mapr_u32(struct rb_mapr *m, uint64_t key, uint32_t *out) RB_MUST_USE;
enum rb_err rb_mapr_u16(struct rb_mapr *m, uint64_t key, uint16_t *out) RB_MUST_USE;
enum rb_err rb_mapr_time(struct rb_mapr *m, uint64_t key, int64_t *out) RB_MUST_USE;
enum rb_err rb_mapr_bool(struct rb_mapr *m, uint64_t key, bool *out) RB_MUST_USE;
enum rb_err rb_mapr_text(struct rb_mapr *m, uint64_t key, struct rb_slice *out) RB_MUST_USE;
enum rb_err rb_mapr_bytes(struct rb_mapr *m, uint64_t key, struct rb_slice *out) RB_MUST_USE;
enum rb_err rb_mapr_fixed(struct rb_mapr *m, uint64_t key, void *out, size_t n) RB_MUST_USE;
enum rb_err rb_mapr_members(struct rb_mapr *m, uint64_t key, uint64_t *out) RB_MUST_USE;
enum rb_err rb_mapr_item(struct rb_mapr *m, uint64_t key, struct rb_slice *out) RB_MUST_USE;
/* *n = 0 where absent; else the reader stands at the first of n elements */
enum rb_err rb_mapr_array(struct rb_mapr *m, uint64_t key, size_t max, size_t *n) RB_MUST_USE;

/* ---- writing a map: at most 23 keys, ascending; the count is filled in at the end --------------
 */
struct rb_mapw {
    struct rb_writer *w;
    size_t at, n;
};
struct rb_mapw rb_mapw_open(struct rb_writer *w);
void rb_mapw_close(struct rb_mapw *m);
struct rb_writer *rb_mapw_key(struct rb_mapw *m, uint64_t key); /* the value is the caller's */
void rb_mapw_uint(struct rb_mapw *m, uint64_t key, uint64_t v);
void rb_mapw_text(struct rb_mapw *m, uint64_t key, struct rb_slice v);
void rb_mapw_bytes(struct rb_mapw *m, uint64_t key, struct rb_slice v);
void rb_mapw_fixed(struct rb_mapw *m, uint64_t key, const void *v, size_t n);
/* nothing where the value is 0, false, empty: absent means it */
void rb_mapw_opt_uint(struct rb_mapw *m, uint64_t key, uint64_t v);
void rb_mapw_opt_bool(struct rb_mapw *m, uint64_t key, bool v);
void rb_mapw_opt_text(struct rb_mapw *m, uint64_t key, struct rb_slice v);
void rb_mapw_opt_members(struct rb_mapw *m, uint64_t key, uint64_t v);
void rb_mapw_opt_item(struct rb_mapw *m, uint64_t key, struct rb_slice v);

/* ---- grammar tables ------------------------------------------------------------------------- */
#define REQ RB_FIELD_REQUIRED
#define OPT 0u
#define ARRAY RB_FIELD_ARRAY
#define SORTED RB_FIELD_SORTED
#define FULL RB_FIELD_NONEMPTY
#define F(key, name, type, flags, max, help)                                                       \
    { key, name, type, flags, max, 0, NULL, NULL, help }
#define F_ARRAY(key, name, type, flags, max, max_n, help)                                          \
    { key, name, type, (flags) | ARRAY, max, max_n, NULL, NULL, help }
#define F_ENUM(key, name, flags, names, help)                                                      \
    { key, name, RB_F_ENUM, flags, 0, 0, NULL, names, help }
#define F_MAP(key, name, flags, sub, help)                                                         \
    { key, name, RB_F_MAP, flags, 0, 0, sub, NULL, help }
#define F_TUPLE(key, name, flags, sub, help)                                                       \
    { key, name, RB_F_TUPLE, flags, 0, 0, sub, NULL, help }
#define F_MAPS(key, name, flags, max_n, sub, help)                                                 \
    { key, name, RB_F_MAP, (flags) | ARRAY, 0, max_n, sub, NULL, help }
#define F_TUPLES(key, name, flags, max_n, sub, help)                                               \
    { key, name, RB_F_TUPLE, (flags) | ARRAY, 0, max_n, sub, NULL, help }
#define SCHEMA(name, fields)                                                                       \
    { name, sizeof(fields) / sizeof *(fields), fields }

extern const struct rb_enum_name rb_role_names[], rb_rule_names[], rb_kind_names[],
    rb_disclosure_names[], rb_key_role_names[];
/* the name of a value, "?" if none */
const char *rb_enum_text(const struct rb_enum_name *names, uint64_t value);

/* one file a kind holds its table, its encode and decode, and what a table cannot say */
extern const struct rb_schema rb_charter_schema, rb_amendment_schema, rb_membership_schema,
    rb_test_schema, rb_service_schema, rb_nil_schema, rb_receipt_schema, rb_silence_schema,
    rb_notice_schema, rb_stop_fire_schema, rb_volume_schema, rb_position_schema, rb_text_schema,
    rb_statement_schema, rb_roster_schema, rb_attachment_schema, rb_carried_card_schema,
    rb_carried_key_schema, rb_adoption_schema, rb_request_schema, rb_cessation_schema,
    rb_incident_schema, rb_finding_schema, rb_figure_schema, rb_designation_schema,
    rb_agreement_schema, rb_progress_schema, rb_contact_schema, rb_readout_schema;
enum rb_err rb_charter_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_amendment_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_service_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_nil_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_receipt_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_silence_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_notice_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_stop_fire_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_position_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_roster_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_attachment_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_request_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_cessation_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_incident_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_finding_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_figure_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_designation_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_text_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_agreement_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_progress_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_contact_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
/* Volumes are the value of a key, absent where there are none. Read into the arena; or only their
 * form, the reader moving past. */
struct rb_volume;
void rb_volumes_put(struct rb_mapw *m, uint64_t key, const struct rb_volume *v, size_t n);
enum rb_err rb_volumes_form(struct rb_mapr *m, uint64_t key, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_volumes_get(struct rb_mapr *m, uint64_t key, struct rb_arena *a,
                           struct rb_volume **out, size_t *n, struct rb_reject *rj) RB_MUST_USE;
/* what the party key signed, all but the signature */
enum rb_err rb_carried_card_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_carried_delegation_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_carried_rotation_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_carried_revocation_form(struct rb_slice body, struct rb_reject *rj) RB_MUST_USE;
/* a signed card's handle, its form checked and not its signature */
enum rb_err rb_card_form(struct rb_slice signed_card, struct rb_slice *handle,
                         struct rb_reject *rj) RB_MUST_USE;
#endif
