/* Beside fixture_node: a party's disk copied and put back, and further epochs of its feed. */
#ifndef FIXTURE_GUARD_H
#define FIXTURE_GUARD_H
#include "fixture_node.h"

struct fg_copy { /* what a disk had at one moment */
    struct fn_item *items;
    size_t items_n;
    struct fn_party heads; /* its head file alone is meant */
};
void fg_copy(const struct fn_party *p, struct fg_copy *out);
/* the disk as it was; the head file too, or as it is now. The copy is used up; restart it then */
void fg_put_back(struct fn_party *p, struct fg_copy *c, bool heads);
/* the signed delegation of the next epoch that stands by `stood` leaves of the present one */
struct rb_slice fg_delegation(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                              uint64_t stood);
/* opens it; err of DONE. stood UINT64_MAX: all that is signed */
enum rb_err fg_epoch(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                     uint64_t stood);
enum rb_err fg_override(struct fn_world *w, struct fn_party *p, const uint8_t channel[16],
                        const char *reason);
enum rb_err fg_test(struct fn_world *w, struct fn_party *p, const uint8_t channel[16]);
struct rb_channel_view fg_view(struct fn_party *p, const uint8_t channel[16]);
size_t fg_alerts(const struct fn_party *p, enum rb_alert_type type);
#endif
