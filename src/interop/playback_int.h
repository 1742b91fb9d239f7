/* Sentences of a play-back. Internal to playback*.c. */
#ifndef READBACK_INTEROP_PLAYBACK_INT_H
#define READBACK_INTEROP_PLAYBACK_INT_H
#include "readback/playback.h"

/* between the marks that keep its direction to itself */
void playback_put_isolated(struct rb_writer *w, struct rb_slice s);
/* "4.2 km SSW of ", "at " */
void playback_put_from(struct rb_writer *w, const struct rb_bearing_words *words);
void playback_put_place(struct rb_writer *w, const struct rb_known_place *p);
void playback_put_site(struct rb_writer *w, const struct rb_playback_site *s);
void playback_put_shape(struct rb_writer *w, const struct rb_volume *v);
void playback_put_heights(struct rb_writer *w, const struct rb_volume *v);
void playback_put_times(struct rb_writer *w, const struct rb_volume *v);
/* "Centre: ", "Point 2: ", "Corner 3: " and where it is */
void playback_put_point(struct rb_writer *w, enum rb_shape shape, size_t i,
                        const struct rb_playback_point *p);
/* "Its centre lies 1.4 km SE of the registered site ..." */
void playback_put_by_site(struct rb_writer *w, enum rb_shape shape, struct rb_slice sentence);
/* "and 12 more points, not played back here" */
void playback_put_more(struct rb_writer *w, enum rb_shape shape, size_t more);
#endif
