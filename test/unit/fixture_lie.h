/* The first party's log key in the hands of a liar: histories of its feed, made beside the node,
 * and what is said of them on the wire (spec 4.10, 6.3, 6.16). For tests and the fuzz target,
 * without cmocka. */
#ifndef FIXTURE_LIE_H
#define FIXTURE_LIE_H
#include "fixture_node.h"

#define LIE_LEAVES 2048
struct lie { /* one history of the first member's feed */
    struct rb_region region;
    uint8_t *mem;
    struct rb_tree tree;
    struct rb_slice leaves[LIE_LEAVES];
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    struct rb_key log_key;
};

/* the feed of `member` as `p` has it in memory, epoch 0 */
struct rb_feed *feed_at(const struct fn_party *p, const uint8_t ch[16], uint16_t member);
/* begins as what `p` has on its disk of the feed; the caller frees it with lie_end */
struct lie *lie_begin(const struct fn_party *p, const uint8_t ch[16]);
void lie_end(struct lie *l);
/* the first party's duty officer says it, in this history */
void lie_say(struct fn_world *w, struct lie *l, const uint8_t ch[16], const char *text);
/* the checkpoint of the first `size` leaves, signed by the log key, in `mem` */
struct rb_slice lie_note(struct fn_world *w, const struct lie *l, uint64_t size, uint8_t *mem,
                         size_t cap);
/* 6.3: a push to one who has `old` leaves of this history. Good until the next body is made. */
struct rb_slice lie_push_body(struct fn_world *w, const struct lie *l, uint64_t old);
/* 6.16.4: the leaves from `from` on, as they are brought. Good until the next body is made. */
struct rb_slice lie_branch_body(const struct lie *l, uint64_t from);
/* pushes it; the status of the answer */
int lie_push(struct fn_world *w, const struct lie *l, struct fn_party *to, uint64_t old);
#endif
