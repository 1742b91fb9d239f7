/* Places in views: shared by the views of records, channels and places. */
#ifndef RB_SHELL_API_VIEW_PLACES_H
#define RB_SHELL_API_VIEW_PLACES_H
#include "internal.h"

/* those known in the channel, at the time looked at */
size_t rb_places_known(struct rb_chan *c);
bool rb_place_at(struct rb_chan *c, size_t i, struct rb_place_view *out);
bool rb_place_known(struct rb_chan *c, const struct rb_hash *record, struct rb_place_view *out);
json_t *rb_reminder_json(struct rb_chan *c,
                         const struct rb_place_view *p); /* null: there is none */
/* appends {record, title, class, channel, what, since | begins, members} */
void rb_reminders_put(struct rb_chan *c, json_t *list);

/* A record with volumes that can be read here: a notice or a stop-fire (view_notice.c). All of it
 * lies in the request's memory or in the leaf. */
struct rb_placed {
    struct rb_record rec;
    struct rb_opened x;
    struct rb_notice n; /* of a stop-fire: title, text and volumes alone */
    bool stop_fire;
};
/* Always followed by rb_opened_end of its x where it is true. false: nothing readable with a place
 */
bool rb_placed_open(struct rb_chan *c, uint32_t order, struct rb_placed *out);
/* the same, of a record that a request names; replies where it fails */
bool rb_placed_find(struct rb_req *rq, const char *name, struct rb_chan *c, uint32_t *order,
                    struct rb_placed *out);
/* what the view of one record whole has more of a notice, a stop-fire or a cessation */
void rb_notice_put(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                   struct rb_slice body);
/* Appends {record, author, title, channel, answer, n} if this arrived notice, or this
 * cessation while it is agreed or in force, touches other places.
 * Out of *looks (10.6.16), which many share; false: they did not suffice. */
bool rb_arrived_put(json_t *list, struct rb_chan *c, uint32_t order, uint64_t *looks);
#endif
