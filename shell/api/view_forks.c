/* Forks: feeds of which two histories are proven, with the evidence as a file and as the text of a
 * QR code (spec 4.10, 6.16). */
#include "internal.h"

static json_t *code_of(const struct rb_fork_view *v, const struct rb_vkey *key,
                       struct rb_arena *arena) {
    struct rb_fork *fork = rb_arena_alloc(arena, sizeof *fork);
    struct rb_writer w = rb_writer(rb_arena_alloc(arena, RB_MAX_FORK_CODE), RB_MAX_FORK_CODE);
    if (!fork || !w.p || rb_fork_decode(v->evidence, fork, NULL) != RB_OK) return json_null();
    if (rb_fork_code_encode(fork, key, &w) != RB_OK) return json_null(); /* extension lines */
    return rb_j_text(&w);
}
static void put_proved(json_t *o, const struct rb_fork_view *v, const struct rb_vkey *key,
                       struct rb_arena *arena) {
    struct rb_fork *fork = rb_arena_alloc(arena, sizeof *fork);
    struct rb_fork_heads h;
    if (!fork || rb_fork_decode(v->evidence, fork, NULL) != RB_OK ||
        rb_fork_open(fork, key, &h, NULL) != RB_OK)
        return; /* it was kept only after it had been checked */
    rb_j_put(o, "first_size", json_integer((json_int_t)h.m));
    rb_j_put(o, "first_root", rb_j_hex(h.root_a.b, RB_HASH_LEN));
    rb_j_put(o, "second_size", json_integer((json_int_t)h.n));
    rb_j_put(o, "second_root", rb_j_hex(h.root_b.b, RB_HASH_LEN));
    rb_j_put(o, "second_root_at_first_size", rb_j_hex(h.other.b, RB_HASH_LEN));
}

static json_t *fork_json(struct rb_chan *c, const struct rb_fork_view *v) {
    const struct rb_feed *f = rb_book_feed(c->v.book, v->member, v->epoch);
    struct rb_arena *arena = &c->rq->arena;
    const size_t mark = rb_arena_mark(arena);
    struct rb_slice origin = rb_slice(f->origin, f->origin_n);
    char text[RB_MAX_ORIGIN + 128];
    struct rb_writer w = rb_writer(text, sizeof text);
    struct rb_vkey key;
    json_t *o = json_object();
    rb_vkey_make(origin, RB_SIG_ED25519, &f->log_key, &key);
    rb_vkey_encode(&key, &w);
    rb_j_put(o, "member", rb_chan_handle_json(c, v->member));
    rb_j_put(o, "ours", json_boolean(v->member == c->v.own_member));
    rb_j_put(o, "epoch", json_integer(v->epoch));
    rb_j_put(o, "origin", rb_j_slice(origin));
    rb_j_put(o, "log_key", rb_j_text(&w));
    rb_j_put(o, "size", json_integer((json_int_t)v->size));
    rb_j_put(o, "other_size", json_integer((json_int_t)v->branch_size));
    rb_j_put(o, "other_held", json_integer((json_int_t)v->branch_held));
    rb_j_put(o, "common", v->common_known ? json_integer((json_int_t)v->common) : json_null());
    rb_j_put(o, "told", rb_chan_handles(c, v->told));
    rb_j_put(o, "evidence", rb_j_base64(v->evidence));
    rb_j_put(o, "code", code_of(v, &key, arena));
    put_proved(o, v, &key, arena);
    rb_arena_release(arena, mark);
    return o;
}

void rb_get_forks(struct rb_req *rq) {
    struct rb_chan c;
    struct rb_fork_view v;
    uint8_t id[RB_CHANNEL_LEN];
    if (!rb_chan_name(rq, rq->part[1], id) || !rb_chan_open_lite(rq, id, &c)) return;
    json_t *o = rb_chan_head(&c), *list = json_array();
    for (size_t i = 0; rb_node_fork(rq->node, c.v.id, i, &v); i++)
        json_array_append_new(list, fork_json(&c, &v));
    rb_j_put(o, "forks", list);
    rb_reply(rq, 200, o);
}
