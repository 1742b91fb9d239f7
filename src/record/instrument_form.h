/* What the bodies of instruments share: lists within a body, a period, a rule of adoption. As with
 * the other getters of form.h, an absent key leaves the result alone. */
#ifndef READBACK_RECORD_INSTRUMENT_FORM_H
#define READBACK_RECORD_INSTRUMENT_FORM_H
#include "form.h"
#include "readback/instrument.h"
#include "readback/volume.h"

#define F_HASHES(key, name, flags, help)                                                           \
    F_ARRAY(key, name, RB_F_HASH, (flags) | FULL, 0, RB_MAX_HASHES, help)
#define F_MEMBERS(key, name, flags, help)                                                          \
    F_ARRAY(key, name, RB_F_MEMBER, (flags) | FULL | SORTED, 0, RB_MAX_MEMBERS, help)
#define F_NAMES(key, name, flags, help)                                                            \
    F_ARRAY(key, name, RB_F_NAME, (flags) | FULL, RB_MAX_NAME, RB_MAX_NAMES, help)
#define F_VOLUMES(key, help) F_MAPS(key, "volumes", OPT, RB_MAX_VOLUMES, &rb_volume_schema, help)

/* none twice; refused with the clause of the kind */
enum rb_err rb_mapr_hashes(struct rb_mapr *m, uint64_t key, struct rb_hashes *out,
                           const char *clause, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_mapr_hash(struct rb_mapr *m, uint64_t key, bool *has,
                         struct rb_hash *out) RB_MUST_USE;
enum rb_err rb_mapr_opt_time(struct rb_mapr *m, uint64_t key, bool *has, int64_t *out) RB_MUST_USE;
/* `a` NULL: only the form, the list stays empty */
enum rb_err rb_mapr_names(struct rb_mapr *m, uint64_t key, struct rb_arena *a, struct rb_name_list *out,
                          struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_mapr_volumes(struct rb_mapr *m, uint64_t key, struct rb_arena *a,
                            struct rb_volume **out, size_t *n, struct rb_reject *rj) RB_MUST_USE;
/* keys `key` and `key` + 1; it begins before it ends */
enum rb_err rb_mapr_period(struct rb_mapr *m, uint64_t key, struct rb_period *out,
                           const char *clause, struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_mapr_adoption(struct rb_mapr *m, uint64_t key, bool *has, struct rb_adoption *out,
                             struct rb_reject *rj) RB_MUST_USE;
#endif
