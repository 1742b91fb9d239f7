/* Notices in the fixture's world, and what tests of places look at. */
#ifndef FIXTURE_PLACE_H
#define FIXTURE_PLACE_H
#include "fixture_sealed.h"

#define FP_HOUR 3600000ll
#define FP_DAY 86400000ll
#define FP_STANDOFF_MM 500000u /* of a site; 200 m of a movement */

/* A circle at 35 N 36 E, `east_m` metres to the east of it. */
struct fp_notice {
    enum rb_notice_class class_;
    int64_t east_m;
    uint64_t radius_m; /* 0: no volume */
    int64_t from, to;  /* 0: open */
    int64_t review;    /* 0: none */
    const char *title; /* NULL: its class */
    uint64_t readers;  /* 0: open */
    const struct rb_hash *supersedes;
    bool despite;
    size_t signers; /* 0: one */
};
struct rb_slice fp_body(const struct fp_notice *x);
struct rb_volume fp_volume(const struct fp_notice *x);
/* err of DONE */
enum rb_err fp_say(struct fn_world *w, size_t who, const uint8_t ch[16], const struct fp_notice *x,
                   struct rb_hash *id);
enum rb_err fp_second(struct fn_world *w, size_t who, const uint8_t ch[16], bool despite,
                      struct rb_hash *id);
/* a position that is closed to its author and `to` */
enum rb_err fp_answer(struct fn_world *w, size_t who, const uint8_t ch[16],
                      enum rb_position_type type, const struct rb_hash *subject, uint64_t to,
                      struct rb_hash *id);
/* three parties that accepted; a second officer for notices, if wanted */
struct fn_world *fp_world(uint8_t ch[16], bool two_officers);
struct fn_world *fp_world_of(uint8_t ch[16], bool two_officers, size_t parties, uint64_t pass_ms);
void fp_end(struct fn_world *w);

/* as a plan of `at`; the list lives until the next */
enum rb_err fp_check(struct fn_world *w, size_t at, const uint8_t ch[16], const struct fp_notice *x,
                     struct rb_conflicts *out);
size_t fp_found(struct fn_world *w, size_t at, const uint8_t ch[16], const struct fp_notice *x);
bool fp_stands(struct fn_world *w, size_t at, const uint8_t ch[16], const struct rb_hash *id);
size_t fp_alerts(struct fn_world *w, size_t at, enum rb_alert_type what);
const struct rb_effect *fp_alert(struct fn_world *w, size_t at, enum rb_alert_type what);
void fp_forget_alerts(struct fn_world *w);
#endif
