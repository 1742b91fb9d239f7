/* Bodies between nodes: what peers hand us, what they ask for, and what waits in memory because no
 * leaf names it yet or because it is for others. Nothing that is not for us is ever stored.
 * Clauses 9.4.2 to 9.4.4, 9.4.6. */
#include "node_int.h"
#include "readback/text.h"

/* ---- the memory: whole bodies of the right hash, oldest first
 * --------------------------------------- */
static struct cached **cache_bucket(const struct rb_node *n, const struct rb_hash *hash) {
    uint64_t x; /* salted: who chooses the bytes must not choose the bucket */
    memcpy(&x, hash->b, sizeof x);
    x = (x ^ n->cache_salt) * 0x9e3779b97f4a7c15u;
    return (struct cached **)&n->cache[(size_t)(x >> 32) % RB_CACHE_BUCKETS];
}

struct cached *carry_find(const struct rb_node *n, const struct channel *ch, uint16_t member,
                          const struct rb_hash *hash) {
    for (struct cached *c = *cache_bucket(n, hash); c; c = c->next)
        if (c->ch == ch && c->member == member && rb_hash_eq(&c->hash, hash)) return c;
    return NULL;
}

static size_t counts(const struct cached *c) {
    return c->n < RB_CACHE_LEAST ? RB_CACHE_LEAST : c->n;
}

static void unlink_age(struct rb_node *n, struct cached *c) {
    *(c->older ? &c->older->newer : &n->cache_old) = c->newer;
    *(c->newer ? &c->newer->older : &n->cache_new) = c->older;
    c->older = c->newer = NULL;
}

static void link_newest(struct rb_node *n, struct cached *c) {
    c->older = n->cache_new;
    *(n->cache_new ? &n->cache_new->newer : &n->cache_old) = c;
    n->cache_new = c;
    c->at = n->now.mono_ms;
}

void carry_drop(struct rb_node *n, struct cached *c) {
    struct cached **at = cache_bucket(n, &c->hash);
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    unlink_age(n, c);
    n->cache_bytes -= counts(c);
    c->giver->cached -= counts(c);
    rb_region_free(&n->region, c->p, c->n);
    rb_region_free(&n->region, c, sizeof *c);
}

void carry_expire(struct rb_node *n) {
    while (n->cache_old && n->now.mono_ms >= n->cache_old->at + RB_CACHE_MS)
        carry_drop(n, n->cache_old);
}

static struct cached *oldest_of(struct rb_node *n, const struct peer *giver) {
    struct cached *c = n->cache_old;
    while (c && c->giver != giver)
        c = c->newer;
    return c;
}

static bool cache_put(struct rb_node *n, struct channel *ch, struct peer *giver, uint16_t member,
                      const struct rb_hash *hash, struct rb_slice bytes) {
    while (n->cache_salt == 0)
        n->cache_salt = (uint64_t)node_rand16(n) << 48 | (uint64_t)node_rand16(n) << 32 |
                        (uint64_t)node_rand16(n) << 16 | node_rand16(n);
    struct cached *c = carry_find(n, ch, member, hash), *old;
    if (c) { /* given again: it counts from now on */
        unlink_age(n, c);
        link_newest(n, c);
        return true;
    }
    c = rb_region_alloc(&n->region, sizeof *c);
    uint8_t *p = c ? rb_region_alloc(&n->region, bytes.n) : NULL;
    if (!p) {
        if (c) rb_region_free(&n->region, c, sizeof *c);
        return false;
    }
    memcpy(p, bytes.p, bytes.n);
    *c = (struct cached){
        .ch = ch, .giver = giver, .member = member, .hash = *hash, .p = p, .n = bytes.n};
    struct cached **at = cache_bucket(n, hash);
    c->next = *at;
    *at = c;
    link_newest(n, c);
    n->cache_bytes += counts(c);
    giver->cached += counts(c);
    while (giver->cached > RB_CACHE_OF_ONE && (old = oldest_of(n, giver)) != NULL)
        carry_drop(n, old);
    while (n->cache_bytes > RB_CACHE_ALL)
        carry_drop(n, n->cache_old);
    return true;
}

/* ---- handed over -------------------------------------------------------------------------------
 */
struct posted {
    uint16_t member;
    struct rb_hash hash;
    uint64_t size, from;
    struct rb_slice bytes;
};

static enum rb_err posted_decode(struct rb_reader *r, struct posted *p) {
    uint32_t len;
    RB_TRY(rb_get_u16(r, &p->member));
    RB_TRY(rb_get_copy(r, p->hash.b, RB_HASH_LEN));
    RB_TRY(rb_get_u64(r, &p->size));
    RB_TRY(rb_get_u64(r, &p->from));
    RB_TRY(rb_get_u32(r, &len));
    RB_TRY(rb_get_view(r, len, &p->bytes));
    bool fits = p->size > 0 && p->from <= p->size && len <= p->size - p->from;
    return fits ? RB_OK : RB_ERR_MALFORMED;
}

static bool whole(const struct posted *p) {
    struct rb_hash h;
    if (p->from != 0 || p->bytes.n != p->size || p->size > RB_MAX_SEALED) return false;
    rb_sha256(p->bytes, &h);
    return rb_hash_eq(&h, &p->hash);
}

/* Pieces are of use from the author alone: whether they are right shows only when the last has
 * come. Crumbs would be rows in the store by the million. */
static bool of_use(const struct body *b, uint16_t giver, const struct posted *p) {
    if (b->size <= RB_MAX_SEALED || giver != b->member || p->from != b->have) return false;
    return p->bytes.n >= RB_BODY_LEAST || p->bytes.n == b->size - b->have;
}

/* A body that a judged leaf names and that is for us. */
static uint64_t take_ours(struct rb_node *n, struct channel *ch, struct body *b, uint16_t giver,
                          const struct posted *p) {
    if (b->state != RB_BODY_MISSING) return b->size; /* here, or purged: nothing is wanted */
    if (p->size != b->size) return 0;
    const struct cached *c = carry_find(n, ch, b->member, &b->hash);
    if (c) return c->n;
    if (of_use(b, giver, p) || whole(p)) (void)body_take(n, ch, b, p->bytes);
    return b->have;
}

static uint64_t take_posted(struct rb_node *n, struct channel *ch, struct peer *peer,
                            uint16_t giver, const struct posted *p) {
    struct body *b = body_find(ch, p->member, &p->hash);
    if (!rb_book_member(&ch->book, p->member)) return 0;
    if (b && (b->state != RB_BODY_NONE || b->draft)) return take_ours(n, ch, b, giver, p);
    const struct cached *c = carry_find(n, ch, p->member, &p->hash);
    if (p->bytes.n == 0) return c ? c->n : 0;
    return whole(p) && cache_put(n, ch, peer, p->member, &p->hash, p->bytes) ? p->size : 0;
}

/* looked through first: all lengths add up, or nothing is taken */
static enum rb_err posted_count(struct rb_slice body, size_t *k, struct rb_reject *rj) {
    struct rb_reader r = rb_reader(body);
    struct posted p;
    for (*k = 0; rb_left(&r); (*k)++)
        if (*k == RB_POSTED_MAX || posted_decode(&r, &p) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "9.4.2", "lengths of bodies", r.at);
    return *k ? RB_OK : rb_reject(rj, RB_ERR_MALFORMED, "9.4.2", "no body", 0);
}

void carry_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                struct peer *p) {
    struct rb_reject rj = {0};
    const struct rb_book_member *giver = rb_book_member_by_party(&ch->book, &p->party);
    size_t k = 0;
    if (posted_count(body, &k, &rj) != RB_OK) {
        serve_refuse(n, conn, p, 400, &rj);
        return;
    }
    struct rb_reader r = rb_reader(body);
    struct rb_writer w = node_writer(n, k * 96);
    struct posted one;
    while (rb_left(&r) && posted_decode(&r, &one) == RB_OK) {
        uint64_t have = take_posted(n, ch, p, giver->index, &one);
        rb_put_dec(&w, one.member);
        rb_put_u8(&w, ' ');
        rb_put_hex(&w, one.hash.b, RB_HASH_LEN);
        rb_put_u8(&w, ' ');
        rb_put_dec(&w, have);
        rb_put_u8(&w, '\n');
    }
    serve_when_stored(n, ch, conn, 200, rb_written(&w));
}

/* ---- asked for ---------------------------------------------------------------------------------
 */
static bool asked_for(struct rb_slice query, struct rb_body_ref *ref, uint64_t *from) {
    struct rb_slice v;
    uint64_t member;
    if (!serve_param(query, "member", &v) || rb_dec_decode(v, &member) != RB_OK) return false;
    if (member >= RB_MAX_MEMBERS || !serve_param(query, "hash", &v)) return false;
    ref->member = (uint16_t)member;
    if (rb_hex_decode(v, ref->hash.b, RB_HASH_LEN) != RB_OK) return false;
    return serve_param(query, "from", &v) && rb_dec_decode(v, from) == RB_OK;
}

/* As many bytes as the asker wants at once, where it says so: of a long body no crumb. */
static uint64_t piece(struct rb_slice query, const struct body *b) {
    struct rb_slice v;
    uint64_t most;
    if (b->size <= RB_MAX_SEALED || !serve_param(query, "max", &v)) return RB_BODY_CHUNK;
    if (rb_dec_decode(v, &most) != RB_OK || most > RB_BODY_CHUNK) return RB_BODY_CHUNK;
    return most < RB_BODY_LEAST ? RB_BODY_LEAST : most;
}

static void load_body(struct rb_node *n, struct channel *ch, const struct body *b, uint64_t from,
                      uint64_t most, uint64_t conn, struct peer *p) {
    struct job *j = node_job(n, JOB_BODY_LOAD);
    if (!j) return;
    j->ch = ch;
    j->peer = p;
    j->conn = conn;
    j->from = from;
    j->to = b->size - from > most ? from + most : b->size;
    struct rb_effect *e = node_effect(n, RB_EF_LOAD);
    e->u.load.token = j->id;
    e->u.load.item = RB_ITEM_BODY;
    e->u.load.body = body_ref(ch, b);
    e->u.load.from = j->from;
    e->u.load.to = j->to;
    e->u.load.max_bytes = RB_BODY_CHUNK;
}

/* Only for a recipient, by a record of that very author: naming a hash gives nobody anything. */
void carry_get(struct rb_node *n, struct channel *ch, struct rb_slice query, uint64_t conn,
               struct peer *p) {
    struct rb_body_ref ref;
    uint64_t from;
    const struct rb_book_member *asker = rb_book_member_by_party(&ch->book, &p->party);
    const struct body *b =
        asked_for(query, &ref, &from) ? body_find(ch, ref.member, &ref.hash) : NULL;
    if (!b || !body_is_for(b, asker->index) || from >= b->size) {
        serve_not_found(n, conn, p);
        return;
    }
    const struct cached *c = carry_find(n, ch, ref.member, &ref.hash);
    if (b->state == RB_BODY_HELD && b->have == b->size)
        load_body(n, ch, b, from, piece(query, b), conn, p);
    else if (c && from < c->n && b->state != RB_BODY_PURGED)
        serve_respond(n, ch, conn, 200, "application/octet-stream",
                      rb_slice(c->p + from, c->n - (size_t)from));
    else
        serve_not_found(n, conn, p);
}

void carry_loaded(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    if (ev->u.loaded.item == RB_ITEM_BODY) {
        struct rb_slice bytes = ev->u.loaded.leaf;
        if (ev->u.loaded.index != j->from + j->got || bytes.n > j->to - j->from - j->got) return;
        if (buf_put(n, &j->buf, bytes.p, bytes.n) != RB_OK) n->overflow = true;
        j->got = j->buf.n;
        return;
    }
    if (ev->u.loaded.item != RB_ITEM_END) return;
    if (j->got)
        serve_respond(n, j->ch, j->conn, 200, "application/octet-stream", buf_slice(&j->buf));
    else
        serve_not_found(n, j->conn, j->peer);
    node_job_free(n, j);
}
