/* A notice is compared before it is released, and is not released while it touches a place unless
 * the officer says so; then our log says that, too (spec 10.6.11). What the service record may not
 * name it commits to; salt and ids stay here (10.6.9). That it has to be said is stored with the
 * notice, so that a crash between the two leaves nothing unsaid. */
#include "node_int.h"
#include "readback/verdict.h"

#define TO_BE_SAID 2
#define SAID 1

/* ---- before ------------------------------------------------------------------------------------
 */
/* An outline that no node could compare is not released; of sites and movements neither. */
static enum rb_err can_be_compared(struct rb_node *n, const struct rb_notice *no,
                                   struct rb_reject *rj) {
    struct rb_extent x;
    for (size_t i = 0; i < no->volumes_n; i++)
        RB_TRY(rb_extent_prepare(&no->volumes[i], &n->work, &x, rj));
    return RB_OK;
}

static bool held_back(enum rb_place_class c) {
    if (c == RB_PLACE_SITE || c == RB_PLACE_MOVEMENT) return false;
    for (enum rb_place_class other = 0; other < RB_PLACE_CLASSES; other++)
        if (rb_register_rule(c, other) != RB_CONFLICT_NO_RULE) return true;
    return false;
}

/* The record that says so is open: it names open places, conflicts first, and commits to others. */
static enum rb_err note_found(struct rb_node *n, const struct rb_conflicts *c,
                              struct despite *out) {
    out->rest = rb_arena_array(&n->step_arena, c->n, sizeof *out->rest);
    if (c->n > 0 && !out->rest) return RB_ERR_LIMIT;
    for (size_t i = 0; i < c->n; i++) {
        const struct rb_conflict *x = &c->list[i];
        bool may = rb_register_nameable(x->other_closed, x->other_readers, false, 0);
        if (may && out->named_n < RB_MAX_REFS)
            out->named[out->named_n++] = x->other;
        else
            out->rest[out->rest_n++] = x->other;
    }
    return node_room(n, 2 * out->rest_n * RB_HASH_LEN + 8192) ? RB_OK : RB_ERR_LIMIT;
}

static enum rb_err look(struct rb_node *n, struct channel *ch, const struct rb_record *rec,
                        const struct rb_notice *no, bool despite, struct despite *out,
                        struct rb_reject *rj) {
    int64_t again;
    struct rb_conflicts found;
    const struct rb_refs *old = &rec->refs[RB_REF_SUPERSEDES];
    const struct rb_node_plan plan = {.author = ch->own_member,
                                      .class_ = (enum rb_place_class)no->class_,
                                      .volumes_n = no->volumes_n,
                                      .volumes = no->volumes,
                                      .supersedes_n = old->n,
                                      .supersedes = old->h};
    RB_TRY(rb_node_plan_hash(&plan, &n->work, &out->plan)); /* released, it was no probe */
    if (!held_back(plan.class_)) return RB_OK;
    if (!despite && !probing_may(ch, n->now.utc_ms, &again))
        return rb_reject(rj, RB_ERR_BUSY, "10.6.10", "too many checks met closed places", 0);
    RB_TRY(check_plan(n, ch, &plan, n->now.utc_ms, true, &n->work, &found, rj));
    if (found.n == 0) return RB_OK;
    RB_TRY(note_found(n, &found, out));
    if (despite) return RB_OK;
    if (found.met_closed) RB_TRY(probing_met(n, ch, &out->plan));
    return rb_reject(rj, RB_ERR_STATE, "10.6.11", "it touches places that are known here", 0);
}

enum rb_err despite_check(struct rb_node *n, struct channel *ch, const struct rb_record *rec,
                          struct rb_slice readable, bool despite, struct despite *out,
                          struct rb_reject *rj) {
    struct rb_notice no = {0};
    memset(out, 0, sizeof *out);
    if (rec->kind != RB_KIND_NOTICE) return RB_OK;
    size_t mark = rb_arena_mark(&n->work);
    enum rb_err err = rb_notice_decode(rec->closed ? readable : rec->body, &n->work, &no, rj);
    if (err == RB_OK) err = can_be_compared(n, &no, rj);
    if (err == RB_OK) err = look(n, ch, rec, &no, despite, out, rj);
    if (rec->closed) rb_wipe(n->work.p + mark, n->work.used - mark);
    rb_arena_release(&n->work, mark);
    return err;
}

/* ---- on disk: u8 state | channel | notice | salt | u8 number of those named | ids named | the
 * others
 */
struct stored {
    uint8_t state;
    uint8_t channel[RB_CHANNEL_LEN];
    struct rb_hash notice;
    uint8_t salt[RB_REGISTER_SALT];
    uint8_t named_n;
    struct rb_slice named, rest;
};

static enum rb_err stored_decode(struct rb_slice value, struct stored *out) {
    struct rb_reader r = rb_reader(value);
    RB_TRY(rb_get_u8(&r, &out->state));
    RB_TRY(rb_get_copy(&r, out->channel, sizeof out->channel));
    RB_TRY(rb_get_copy(&r, out->notice.b, RB_HASH_LEN));
    RB_TRY(rb_get_copy(&r, out->salt, sizeof out->salt));
    RB_TRY(rb_get_u8(&r, &out->named_n));
    RB_TRY(rb_get_view(&r, out->named_n * (size_t)RB_HASH_LEN, &out->named));
    RB_TRY(rb_get_view(&r, rb_left(&r), &out->rest));
    bool fits = out->named_n <= RB_MAX_REFS && out->rest.n % RB_HASH_LEN == 0 &&
                out->named.n + out->rest.n > 0;
    return fits ? RB_OK : RB_ERR_MALFORMED;
}

static struct rb_slice stored_encode(struct rb_node *n, const struct channel *ch,
                                     const struct rb_hash *notice, struct despite *d) {
    static const char label[] = "readback released-despite salt";
    struct rb_hash salt, commitment;
    const struct rb_slice parts[] = {rb_slice(label, sizeof label),
                                     rb_slice(n->entropy, sizeof n->entropy)};
    struct rb_writer w = node_writer(n, 128 + (d->named_n + d->rest_n) * RB_HASH_LEN);
    rb_sha256v(parts, 2, &salt);
    (void)node_rand16(n); /* nothing else is made of these bytes */
    rb_put_u8(&w, TO_BE_SAID);
    rb_put(&w, ch->id, RB_CHANNEL_LEN);
    rb_put(&w, notice->b, RB_HASH_LEN);
    rb_put(&w, salt.b, RB_REGISTER_SALT);
    rb_put_u8(&w, (uint8_t)d->named_n);
    for (size_t i = 0; i < d->named_n; i++)
        rb_put(&w, d->named[i].b, RB_HASH_LEN);
    /* ascending, as they are committed to */
    if (d->rest_n && rb_register_commit(salt.b, d->rest, d->rest_n, &commitment) != RB_OK)
        n->overflow = true;
    for (size_t i = 0; i < d->rest_n; i++)
        rb_put(&w, d->rest[i].b, RB_HASH_LEN);
    return rb_written(&w);
}

/* ---- after -------------------------------------------------------------------------------------
 */
static enum rb_err commit_to(struct rb_node *n, const struct stored *s, struct rb_hash *out) {
    size_t k = s->rest.n / RB_HASH_LEN;
    struct rb_hash *ids = rb_arena_array(&n->work, k, sizeof *ids);
    if (!ids) return RB_ERR_LIMIT;
    memcpy(ids, s->rest.p, s->rest.n);
    return rb_register_commit(s->salt, ids, k, out);
}

static enum rb_err write_body(struct rb_node *n, const struct stored *s, struct rb_writer *w) {
    struct rb_hash commitment;
    rb_cbor_put_map(w, 2u + (s->named_n > 0) + (s->rest.n > 0));
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_uint(w, RB_SERVICE_RELEASED_DESPITE);
    rb_cbor_put_uint(w, 2);
    rb_cbor_put_bytes(w, rb_slice(s->notice.b, RB_HASH_LEN));
    if (s->named_n > 0) {
        rb_cbor_put_uint(w, 8);
        rb_cbor_put_array(w, s->named_n);
        for (size_t i = 0; i < s->named_n; i++)
            rb_cbor_put_bytes(w, rb_slice(s->named.p + i * RB_HASH_LEN, RB_HASH_LEN));
    }
    if (s->rest.n == 0) return RB_OK;
    RB_TRY(commit_to(n, s, &commitment));
    rb_cbor_put_uint(w, 9);
    rb_cbor_put_bytes(w, rb_slice(commitment.b, RB_HASH_LEN));
    return RB_OK;
}

static enum rb_err say(struct rb_node *n, struct channel *ch, struct rb_slice value) {
    struct stored s;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = node_writer(n, 128 + RB_MAX_REFS * (RB_HASH_LEN + 2));
    if (!rec || !w.p) return RB_ERR_LIMIT;
    RB_TRY(stored_decode(value, &s));
    RB_TRY(write_body(n, &s, &w));
    rec->kind = RB_KIND_SERVICE;
    rec->precedence = RB_ROUTINE;
    RB_TRY(rb_writer_done(&w, &rec->body));
    rec->refs[RB_REF_ABOUT].n = 1;
    rec->refs[RB_REF_ABOUT].h[0] = s.notice;
    RB_TRY(rb_body_check(rec->kind, rec->body, NULL));
    return machine_make_keeping(n, ch, rec, 0, value);
}

void despite_released(struct rb_node *n, struct channel *ch, const struct rb_hash *notice,
                      struct despite *d) {
    probing_released(n, ch, &d->plan);
    if (d->named_n + d->rest_n == 0) return;
    struct rb_slice value = stored_encode(n, ch, notice, d);
    node_store_meta(n, RB_TABLE_SALT, rb_slice(notice->b, RB_HASH_LEN), value);
    if (say(n, ch, value) != RB_OK) n->overflow = true; /* at the next start */
}

void despite_said(struct rb_node *n, struct rb_slice leaf, struct rb_slice kept) {
    struct stored s;
    struct rb_hash id;
    if (kept.n == 0 || stored_decode(kept, &s) != RB_OK) return;
    rb_leaf_hash(leaf, &id);
    node_store_meta(n, RB_TABLE_SALT, rb_slice(s.notice.b, RB_HASH_LEN), rb_slice(NULL, 0));
    struct rb_writer w = node_writer(n, kept.n);
    rb_put_u8(&w, SAID);
    rb_put_slice(&w, rb_slice_sub(kept, 1, kept.n));
    node_store_meta(n, RB_TABLE_SALT, rb_slice(id.b, RB_HASH_LEN), rb_written(&w));
}

/* ---- start -------------------------------------------------------------------------------------
 */
/* what is to be said waits for the feeds: u32 length, value, one after another */
enum rb_err despite_load(struct rb_node *n, struct rb_slice value) {
    struct stored s;
    RB_TRY(stored_decode(value, &s));
    if (s.state != TO_BE_SAID) return s.state == SAID ? RB_OK : RB_ERR_MALFORMED;
    uint8_t len[4] = {(uint8_t)(value.n >> 24), (uint8_t)(value.n >> 16), (uint8_t)(value.n >> 8),
                      (uint8_t)value.n};
    RB_TRY(buf_put(n, &n->unsaid, len, sizeof len));
    return buf_put(n, &n->unsaid, value.p, value.n);
}

static bool was_released(const struct channel *ch, const struct rb_hash *notice) {
    struct rb_feed *f;
    size_t leaf;
    if (rb_book_find(&ch->book, notice, &f, &leaf)) return f->member == ch->own_member;
    for (const struct outbox_item *i = ch->outbox; i; i = i->next)
        if (rb_hash_eq(&i->id, notice)) return true;
    return false;
}

void despite_start(struct rb_node *n) {
    struct rb_reader r = rb_reader(buf_slice(&n->unsaid));
    uint32_t len;
    struct rb_slice value;
    struct stored s;
    while (rb_get_u32(&r, &len) == RB_OK && rb_get_view(&r, len, &value) == RB_OK) {
        if (stored_decode(value, &s) != RB_OK) continue;
        struct channel *ch = node_channel_find(n, s.channel);
        if (!ch || !ch->own || !was_released(ch, &s.notice))
            node_store_meta(n, RB_TABLE_SALT, rb_slice(s.notice.b, RB_HASH_LEN), rb_slice(NULL, 0));
        else if (!node_room(n, RB_MAX_LEAF + 2 * value.n) || say(n, ch, value) != RB_OK)
            n->overflow = true;
    }
    buf_free(n, &n->unsaid);
}
