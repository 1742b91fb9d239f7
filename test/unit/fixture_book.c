#include "fixture_book.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define WORLD_BYTES ((size_t)24 << 20)
#define BOOKS_BYTES ((size_t)64 << 20)
#define FOLD_BYTES ((size_t)32 << 20)

#define OK(expr)                                                                                   \
    do {                                                                                           \
        enum rb_err ok_ = (expr);                                                                  \
        if (ok_ != RB_OK) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #expr, rb_err_name(ok_));       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void *get(struct fx *w, size_t n) {
    void *p = rb_arena_alloc(&w->arena, n);
    if (p == NULL) abort();
    return p;
}

static struct rb_slice keep(struct fx *w, const struct rb_writer *from) {
    struct rb_slice out, all;
    OK(rb_writer_done(from, &all));
    OK(rb_arena_copy(&w->arena, all, &out));
    return out;
}

static uint8_t scratch[1 << 18];

static struct rb_writer scratch_writer(void) {
    return rb_writer(scratch, sizeof scratch);
}

/* ---- parties ----------------------------------------------------------------------------------
 */

static void key_make(struct rb_seckey *k, size_t party, unsigned role) {
    uint8_t seed[RB_SEED_LEN] = {0x52, (uint8_t)party, (uint8_t)role, (uint8_t)(role >> 8)};
    rb_ed25519_from_seed(seed, k);
}

struct rb_slice fx_statement(struct fx *w, const struct fx_party *p, struct rb_slice payload) {
    uint8_t sig[RB_SIG_LEN];
    struct rb_slice tbs, own;
    OK(rb_arena_copy(&w->arena, payload, &own));
    struct rb_writer o = scratch_writer();
    rb_party_tbs(own, &p->party.pub, &o);
    tbs = keep(w, &o);
    rb_ed25519_sign(&p->party, tbs, sig);
    o = scratch_writer();
    OK(rb_party_assemble(own, &p->party.pub, sig, &o));
    return keep(w, &o);
}

struct rb_slice fx_card(struct fx *w, size_t i) {
    struct fx_party *p = &w->party[i];
    struct rb_card c = {.handle = rb_str(p->handle), .party = p->party.pub};
    c.version = ++p->version;
    c.issued_utc_ms = FX_START_MS;
    c.mirror = p->mirror.pub;
    c.node = p->node.pub;
    c.tls = p->tls.pub;
    c.age = p->age;
    c.names_n = 1;
    c.names[0].language = rb_str("en");
    c.names[0].name = rb_str(p->handle);
    c.officers_n = 2;
    c.officers[0] = (struct rb_officer){rb_str("first"), p->officer[0].pub};
    c.officers[1] = (struct rb_officer){rb_str("second"), p->officer[1].pub};
    uint8_t buf[4096];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    rb_card_encode(&c, &o);
    assert(!o.over);
    p->card = fx_statement(w, p, rb_written(&o));
    return p->card;
}

void fx_party_make(struct fx *w, size_t i) {
    struct fx_party *p = &w->party[i];
    assert(i < FX_PARTIES);
    memset(p, 0, sizeof *p);
    snprintf(p->handle, sizeof p->handle, "party-%zu", i);
    key_make(&p->party, i, 0);
    key_make(&p->mirror, i, 1);
    key_make(&p->node, i, 2);
    key_make(&p->tls, i, 3);
    key_make(&p->officer[0], i, 4);
    key_make(&p->officer[1], i, 5);
    uint8_t seed[32] = {0x61, (uint8_t)i};
    rb_age_identity_from_seed(seed, &p->age);
    fx_card(w, i);
}

void fx_reset(struct fx *w, size_t parties) {
    assert(parties <= FX_PARTIES);
    rb_arena_reset(&w->arena);
    rb_arena_reset(&w->work);
    rb_arena_reset(&w->folds);
    memset(w->region.p, 0, w->region.used);
    rb_region_init(&w->region, w->region.p, w->region.cap);
    memset(w->books.p, 0, w->books.used);
    rb_region_init(&w->books, w->books.p, w->books.cap);
    w->feeds_n = w->held_as_n = 0;
    w->clock_ms = FX_START_MS;
    w->parties_n = parties;
    memset(&w->charter, 0, sizeof w->charter);
    struct rb_charter *c = &w->charter;
    c->title = rb_str("line");
    c->members_n = parties;
    for (size_t i = 0; i < parties; i++) {
        fx_party_make(w, i);
        c->members[i].index = (uint16_t)i;
        c->members[i].handle = rb_str(w->party[i].handle);
        c->members[i].card = w->party[i].card;
        c->accept_members |= 1ull << i;
    }
    c->accept_by_utc_ms = FX_START_MS + 3600000;
    c->rules_version = RB_RULES_VERSION;
}

struct fx *fx_new(size_t parties) {
    struct fx *w = calloc(1, sizeof *w);
    OK(rb_crypto_init());
    assert(w != NULL);
    w->memory = calloc(1, WORLD_BYTES);
    w->books_memory = calloc(1, BOOKS_BYTES);
    w->fold_memory = malloc(FOLD_BYTES);
    assert(w->memory != NULL && w->books_memory != NULL && w->fold_memory != NULL);
    uint8_t *p = w->memory;
    w->arena = rb_arena(p, WORLD_BYTES / 3);
    rb_region_init(&w->region, p + WORLD_BYTES / 3, WORLD_BYTES / 3);
    w->work = rb_arena(p + 2 * (WORLD_BYTES / 3), WORLD_BYTES / 3);
    rb_region_init(&w->books, w->books_memory, BOOKS_BYTES);
    w->folds = rb_arena(w->fold_memory, FOLD_BYTES);
    fx_reset(w, parties);
    return w;
}

void fx_free(struct fx *w) {
    free(w->memory);
    free(w->books_memory);
    free(w->fold_memory);
    free(w);
}

/* ---- records ----------------------------------------------------------------------------------
 */

static struct rb_record start(struct fx *w, enum rb_kind kind) {
    struct rb_record r;
    memset(&r, 0, sizeof r);
    r.kind = kind;
    r.has_channel = kind != RB_KIND_CHARTER;
    memcpy(r.channel, w->channel, RB_CHANNEL_LEN);
    w->clock_ms += 1000;
    r.created_utc_ms = w->clock_ms;
    r.precedence = RB_ROUTINE;
    return r;
}

static void put_service(struct rb_writer *o) { /* override: type and words */
    rb_cbor_put_map(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_uint(o, RB_SERVICE_OVERRIDE);
    rb_cbor_put_uint(o, 7);
    rb_cbor_put_text(o, rb_str("started without asking"));
}

static void put_nil(struct fx *w, struct rb_writer *o) {
    rb_cbor_put_map(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_uint(o, (uint64_t)w->clock_ms - 1000);
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_uint(o, (uint64_t)w->clock_ms);
}

static void put_words(struct rb_writer *o) { /* statement: title, text */
    rb_cbor_put_map(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("title"));
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_text(o, rb_str("words"));
}

static void put_text(struct rb_writer *o) {
    rb_cbor_put_map(o, 3);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("title"));
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_uint(o, 3);
    rb_cbor_put_array(o, 1);
    rb_cbor_put_text(o, rb_str("one paragraph"));
}

static void put_roster(struct rb_writer *o) { /* one person, with a name alone */
    rb_cbor_put_map(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("title"));
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_array(o, 1);
    rb_cbor_put_array(o, 5);
    rb_cbor_put_text(o, rb_str("person"));
    for (int i = 0; i < 4; i++)
        rb_cbor_put_null(o);
}

static void put_silence(struct fx *w, struct rb_writer *o) {
    struct rb_silence s = {.about = RB_SILENCE_TEST, .member = 1, .link = RB_LINK_UP};
    s.due_utc_ms = w->clock_ms - 500;
    s.link_since_utc_ms = FX_START_MS;
    rb_silence_encode(&s, o);
}

struct rb_record fx_record(struct fx *w, enum rb_kind kind) {
    struct rb_record r = start(w, kind);
    struct rb_writer o = scratch_writer();
    if (kind == RB_KIND_SERVICE)
        put_service(&o);
    else if (kind == RB_KIND_NIL)
        put_nil(w, &o);
    else if (kind == RB_KIND_TEXT)
        put_text(&o);
    else if (kind == RB_KIND_SILENCE)
        put_silence(w, &o);
    else if (kind == RB_KIND_ROSTER)
        put_roster(&o);
    else if (kind == RB_KIND_ATTACHMENT)
        rb_attachment_encode(&(struct rb_attachment){.name = rb_str("empty.txt")}, &o);
    else {
        assert(kind == RB_KIND_STATEMENT); /* the others have makers of their own */
        put_words(&o);
    }
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_purge(struct fx *w, const struct rb_hash *subject) {
    struct rb_record r = start(w, RB_KIND_SERVICE);
    struct rb_writer o = scratch_writer();
    rb_cbor_put_map(&o, 2);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, RB_SERVICE_PURGE);
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_bytes(&o, rb_slice(subject->b, RB_HASH_LEN));
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_notice(struct fx *w, enum rb_notice_class class_) {
    struct rb_record r = start(w, RB_KIND_NOTICE);
    struct rb_notice n = {.class_ = class_, .title = rb_str("title"), .text = rb_str("words")};
    struct rb_writer o = scratch_writer();
    rb_notice_encode(&n, &o);
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_stop_fire(struct fx *w, int64_t within_ms) {
    struct rb_record r = start(w, RB_KIND_STOP_FIRE);
    struct rb_stop_fire s = {.title = rb_str("title"), .text = rb_str("words")};
    struct rb_writer o = scratch_writer();
    rb_stop_fire_encode(&s, &o);
    r.body = keep(w, &o);
    r.precedence = RB_FLASH;
    r.demand = (struct rb_demand){true, r.created_utc_ms + within_ms, RB_POSITION_WILL_COMPLY, 0};
    return r;
}

struct rb_record fx_position(struct fx *w, const struct rb_hash *subject, enum rb_position_type t) {
    struct rb_record r = start(w, RB_KIND_POSITION);
    struct rb_position p = {.type = t};
    if (t == RB_POSITION_PASSED_DOWN) p.level = rb_str("company");
    if (t == RB_POSITION_QUERY) p.playback = rb_str("12 km SSW of the town");
    struct rb_writer o = scratch_writer();
    rb_position_encode(&p, &o);
    r.body = keep(w, &o);
    fx_ref(&r, RB_REF_ANSWERS, subject);
    return r;
}

static void put_members(struct rb_writer *o, uint64_t key, uint64_t members) {
    if (members == 0) return;
    rb_cbor_put_uint(o, key);
    rb_cbor_put_array(o, (size_t)__builtin_popcountll(members));
    for (unsigned i = 0; i < RB_MAX_MEMBERS; i++)
        if (members >> i & 1) rb_cbor_put_uint(o, i);
}

static void put_adoption(struct rb_writer *o, const struct rb_adoption *a) {
    rb_cbor_put_map(o, (a->rule != RB_RULE_ALL) + (size_t)(a->quorum > 0) + (size_t)(a->veto != 0) +
                           (size_t)a->has_by + (size_t)(a->of != 0));
    if (a->rule != RB_RULE_ALL) {
        rb_cbor_put_uint(o, 1);
        rb_cbor_put_uint(o, a->rule);
    }
    if (a->quorum > 0) {
        rb_cbor_put_uint(o, 2);
        rb_cbor_put_uint(o, a->quorum);
    }
    put_members(o, 3, a->veto);
    if (a->has_by) {
        rb_cbor_put_uint(o, 4);
        rb_cbor_put_int(o, a->by_utc_ms);
    }
    put_members(o, 5, a->of);
}

static void put_paragraphs(struct rb_writer *o) {
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_text(o, rb_str("title"));
    rb_cbor_put_uint(o, 2);
    rb_cbor_put_uint(o, 1);
    rb_cbor_put_uint(o, 3);
    rb_cbor_put_array(o, 2);
    rb_cbor_put_text(o, rb_str("one paragraph"));
    rb_cbor_put_text(o, rb_str("another"));
}

struct rb_record fx_text(struct fx *w, const struct rb_text *t) {
    struct rb_record r = start(w, RB_KIND_TEXT);
    struct rb_writer o = scratch_writer();
    rb_cbor_put_map(&o, 3 + (size_t)t->has_previous + (size_t)t->has_adoption + (size_t)t->has_pen +
                            (size_t)(t->bracketed_n > 0));
    put_paragraphs(&o);
    if (t->has_previous) {
        rb_cbor_put_uint(&o, 4);
        rb_cbor_put_bytes(&o, rb_slice(t->previous.b, RB_HASH_LEN));
    }
    if (t->has_adoption) {
        rb_cbor_put_uint(&o, 5);
        put_adoption(&o, &t->adoption);
    }
    if (t->has_pen) {
        rb_cbor_put_uint(&o, 7);
        rb_cbor_put_uint(&o, t->pen);
    }
    if (t->bracketed_n > 0) {
        rb_cbor_put_uint(&o, 8);
        rb_cbor_put_array(&o, 1);
        rb_cbor_put_uint(&o, 1);
    }
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_membership(struct fx *w, enum rb_membership_action a) {
    struct rb_record r = start(w, RB_KIND_MEMBERSHIP);
    struct rb_membership m = {.action = a};
    struct rb_writer o = scratch_writer();
    rb_membership_encode(&m, &o);
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_test(struct fx *w, int64_t slot_utc_ms) {
    struct rb_record r = start(w, RB_KIND_TEST);
    struct rb_test t = {.slot_utc_ms = (uint64_t)slot_utc_ms, .sequence = 1};
    struct rb_writer o = scratch_writer();
    rb_test_encode(&t, &o);
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_carried(struct fx *w, enum rb_kind kind, struct rb_slice signed_body) {
    struct rb_record r = start(w, kind);
    struct rb_writer o = scratch_writer();
    rb_carried_encode(signed_body, &o);
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_amendment(struct fx *w, const struct rb_hash *previous,
                              const struct rb_charter *c) {
    struct rb_record r = start(w, RB_KIND_AMENDMENT);
    struct rb_writer o = scratch_writer();
    rb_charter_encode(c, &o);
    struct rb_amendment a = {.previous = *previous, .charter = keep(w, &o)};
    o = scratch_writer();
    rb_amendment_encode(&a, &o);
    r.body = keep(w, &o);
    return r;
}

struct rb_record fx_receipt(struct fx *w, const struct rb_receipt *receipt) {
    struct rb_record r = start(w, RB_KIND_RECEIPT);
    struct rb_writer o = scratch_writer();
    rb_receipt_encode(receipt, &o);
    r.body = keep(w, &o);
    return r;
}

void fx_close(struct rb_record *rec, uint64_t recipients) {
    rec->closed = true;
    rec->recipients = recipients;
}

#define FX_PARTS 4u

/* an attachment's content is empty */
static const struct rb_hash *content_of(const struct rb_record *rec,
                                        const struct rb_sealed_head *head, struct rb_hash *out) {
    if (rec->kind != RB_KIND_ATTACHMENT) return NULL;
    rb_commit(rb_sealed_salt(head, 1), (struct rb_slice){0}, out);
    return out;
}

/* the head of the record's body, and what the leaf says of it */
static struct rb_slice detach(struct fx *w, struct rb_record *rec) {
    uint8_t salts[FX_PARTS * RB_SALT_LEN] = {0x73, (uint8_t)w->feeds_n};
    struct rb_hash commitments[FX_PARTS], content;
    struct rb_sealed_head head;
    assert(rb_sealed_parts(rec->kind, rec->body) <= FX_PARTS);
    memcpy(salts + 2, &rec->created_utc_ms, sizeof rec->created_utc_ms);
    struct rb_writer o = scratch_writer();
    OK(rb_sealed_head_encode(rec->kind, salts, rec->body, &o));
    struct rb_slice bytes = keep(w, &o);
    OK(rb_sealed_head_decode(rec->kind, bytes, &head, NULL));
    OK(rb_sealed_commitments(rec->kind, &head, content_of(rec, &head, &content), &w->work,
                             commitments));
    rb_sha256(bytes, &rec->ciphertext_hash);
    rec->ciphertext_size = bytes.n + 200;
    rec->commitments_n = head.parts_n;
    o = scratch_writer();
    rb_commitments_encode(commitments, head.parts_n, &o);
    rec->commitments = keep(w, &o);
    rec->body = (struct rb_slice){0};
    return bytes;
}

void fx_ref(struct rb_record *rec, enum rb_ref type, const struct rb_hash *id) {
    assert(rec->refs[type].n < RB_MAX_REFS);
    rec->refs[type].h[rec->refs[type].n++] = *id;
}

void fx_see(struct fx *w, struct rb_record *rec, uint16_t member, uint16_t epoch, uint64_t size) {
    size_t at = rec->seen_n++;
    assert(at < RB_MAX_SEEN);
    for (; at > 0 && (rec->seen[at - 1].member > member ||
                      (rec->seen[at - 1].member == member && rec->seen[at - 1].epoch > epoch));
         at--)
        rec->seen[at] = rec->seen[at - 1];
    rec->seen[at] = (struct rb_seen_entry){member, epoch, size};
    struct rb_seen_digest_item items[RB_MAX_SEEN] = {0};
    for (size_t i = 0; i < rec->seen_n; i++) {
        const struct rb_seen_entry *e = &rec->seen[i];
        struct fx_feed *f = fx_feed_of(w, e->member, e->epoch);
        items[i].size = e->size;
        if (f == NULL) continue;
        items[i].origin = rb_slice(f->origin, f->origin_n);
        if (e->size <= f->tree.size) rb_tree_root(&f->tree, e->size, &items[i].root);
    }
    rb_seen_digest(items, rec->seen_n, &w->work, rec->seen_digest);
}

/* ---- signing ----------------------------------------------------------------------------------
 */

static void sign(struct fx *w, struct rb_slice payload, struct rb_slice aad,
                 const struct rb_seckey *k, size_t total, struct rb_signer *out) {
    struct rb_writer o = scratch_writer();
    memset(out, 0, sizeof *out);
    rb_key_id(&k->pub, out->kid);
    rb_record_tbs(payload, aad, out->kid, total, &o);
    size_t mark = rb_arena_mark(&w->arena);
    rb_ed25519_sign(k, keep(w, &o), out->sig);
    rb_arena_release(&w->arena, mark);
}

static struct rb_slice seal(struct fx *w, const struct fx_party *p, const struct rb_record *rec,
                            struct rb_slice aad, enum fx_sign how) {
    struct rb_signer s[2];
    struct rb_seckey stranger;
    size_t n = how == FX_BOTH ? 2 : 1;
    struct rb_writer o = scratch_writer();
    rb_payload_encode(rec, &o);
    struct rb_slice payload = keep(w, &o);
    key_make(&stranger, 99, 99);
    const struct rb_seckey *k = &p->officer[0];
    if (how == FX_SECOND) k = &p->officer[1];
    if (how == FX_NODE) k = &p->node;
    if (how == FX_STRANGER) k = &stranger;
    sign(w, payload, aad, k, n, &s[0]);
    if (n == 2) sign(w, payload, aad, &p->officer[1], n, &s[1]);
    if (how == FX_BROKEN) s[0].sig[7] ^= 1;
    o = scratch_writer();
    OK(rb_record_assemble(payload, s, n, &o));
    return keep(w, &o);
}

struct fx_feed *fx_feed_of(struct fx *w, uint16_t member, uint16_t epoch) {
    for (size_t i = 0; i < w->feeds_n; i++)
        if (w->feed[i]->member == member && w->feed[i]->epoch == epoch && !w->feed[i]->aside)
            return w->feed[i];
    return NULL;
}

void fx_turn(struct fx *w, struct fx_feed *to) {
    for (size_t i = 0; i < w->feeds_n; i++)
        if (w->feed[i]->member == to->member && w->feed[i]->epoch == to->epoch)
            w->feed[i]->aside = w->feed[i] != to;
}

struct fx_feed *fx_fork(struct fx *w, struct fx_feed *of, size_t leaves) {
    struct fx_feed *f = get(w, sizeof *f);
    assert(leaves <= of->n && w->feeds_n < FX_FEEDS);
    *f = *of;
    f->n = leaves;
    rb_tree_init(&f->tree, &w->region);
    for (size_t i = 0; i < leaves; i++)
        OK(rb_tree_append(&f->tree, &f->id[i]));
    w->feed[w->feeds_n++] = f;
    fx_turn(w, f);
    return f;
}

struct rb_hash fx_append(struct fx *w, uint16_t member, uint16_t epoch, struct rb_slice leaf) {
    struct fx_feed *f = fx_feed_of(w, member, epoch);
    assert(f != NULL && f->n < FX_LEAVES);
    OK(rb_arena_copy(&w->arena, leaf, &f->leaf[f->n]));
    f->head[f->n] = (struct rb_slice){0};
    rb_leaf_hash(leaf, &f->id[f->n]);
    OK(rb_tree_append(&f->tree, &f->id[f->n]));
    return f->id[f->n++];
}

struct rb_hash fx_say_as(struct fx *w, uint16_t member, uint16_t epoch, const struct rb_record *rec,
                         enum fx_sign how) {
    struct fx_feed *f = fx_feed_of(w, member, epoch);
    assert(f != NULL);
    struct rb_slice aad = rb_slice(f->origin, f->origin_n);
    struct rb_record said = *rec;
    struct rb_slice head = {0};
    if (said.closed && said.commitments_n == 0) head = detach(w, &said);
    struct rb_hash id = fx_append(w, member, epoch, seal(w, &w->party[member], &said, aad, how));
    f->head[f->n - 1] = head;
    return id;
}

struct rb_hash fx_say(struct fx *w, uint16_t member, const struct rb_record *rec) {
    return fx_say_as(w, member, 0, rec, rb_kind_is_machine(rec->kind) ? FX_NODE : FX_OFFICER);
}

/* ---- founding ---------------------------------------------------------------------------------
 */

static struct fx_feed *feed_make(struct fx *w, uint16_t member, uint16_t epoch) {
    struct fx_feed *f = get(w, sizeof *f);
    const struct fx_party *p = &w->party[member];
    struct rb_hash party;
    f->member = member;
    f->epoch = epoch;
    key_make(&f->log, member, 100u + epoch);
    rb_tree_init(&f->tree, &w->region);
    rb_party_hash(&p->party.pub, &party);
    struct rb_writer o = rb_writer(f->origin, sizeof f->origin);
    rb_origin_encode(w->charter.exercise, w->channel, &party, epoch, &o);
    assert(!o.over);
    f->origin_n = o.n;
    struct rb_delegation d = {.party = p->party.pub, .log = f->log.pub};
    d.origin = rb_slice(f->origin, f->origin_n);
    d.issued_utc_ms = FX_START_MS;
    uint8_t buf[1024];
    o = rb_writer(buf, sizeof buf);
    rb_delegation_encode(&d, &o);
    f->delegation = fx_statement(w, p, rb_written(&o));
    assert(w->feeds_n < FX_FEEDS);
    w->feed[w->feeds_n++] = f;
    return f;
}

static void delegate(struct fx *w, struct fx_feed *f) {
    struct rb_record r = fx_carried(w, RB_KIND_DELEGATION, f->delegation);
    fx_say_as(w, f->member, f->epoch, &r, FX_OFFICER);
}

struct fx_feed *fx_open(struct fx *w, uint16_t member, uint16_t epoch) {
    struct fx_feed *f = feed_make(w, member, epoch);
    delegate(w, f);
    return f;
}

void fx_found(struct fx *w) {
    struct rb_record r = start(w, RB_KIND_CHARTER);
    struct rb_writer o = scratch_writer();
    struct rb_hash party;
    uint8_t aad[RB_MAX_ORIGIN];
    rb_charter_encode(&w->charter, &o);
    r.body = keep(w, &o);
    rb_party_hash(&w->party[0].party.pub, &party);
    struct rb_writer a = rb_writer(aad, sizeof aad);
    rb_origin_encode(w->charter.exercise, NULL, &party, 0, &a);
    w->charter_leaf = seal(w, &w->party[0], &r, rb_written(&a), FX_OFFICER);
    rb_leaf_hash(w->charter_leaf, &w->charter_id);
    memcpy(w->channel, w->charter_id.b, RB_CHANNEL_LEN);
    struct fx_feed *f = feed_make(w, 0, 0);
    fx_append(w, 0, 0, w->charter_leaf);
    delegate(w, f);
    for (uint16_t i = 1; i < (uint16_t)w->parties_n; i++)
        fx_open(w, i, 0);
}

/* ---- receipts ---------------------------------------------------------------------------------
 */

struct rb_receipt_cosig fx_cosign(struct fx *w, uint16_t member, uint16_t epoch, uint64_t size,
                                  uint16_t cosigner, uint64_t time_s) {
    struct rb_receipt_cosig c = {member, epoch, size, cosigner, time_s, {0}};
    struct fx_feed *f = fx_feed_of(w, member, epoch);
    struct rb_hash root;
    uint8_t note[512], msg[1024];
    struct rb_writer n = rb_writer(note, sizeof note), m = rb_writer(msg, sizeof msg);
    assert(f != NULL && size <= f->tree.size);
    rb_tree_root(&f->tree, size, &root);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &root, &n);
    rb_cosignature_message(time_s, rb_written(&n), &m);
    assert(!n.over && !m.over);
    rb_ed25519_sign(&w->party[cosigner].mirror, rb_written(&m), c.sig);
    return c;
}

struct rb_hash fx_held(struct fx *w, uint16_t author, uint16_t cosigner, uint64_t time_s) {
    struct fx_feed *f = fx_feed_of(w, author, 0);
    struct rb_receipt_cosig c = fx_cosign(w, author, 0, f->tree.size, cosigner, time_s);
    struct rb_receipt receipt = {.cosigs_n = 1, .cosigs = &c};
    struct rb_record r = fx_receipt(w, &receipt);
    return fx_say(w, author, &r);
}

struct rb_hash fx_accept(struct fx *w, uint16_t member) {
    struct rb_record r = fx_position(w, &w->charter_id, RB_POSITION_ACCEPT);
    return fx_say(w, member, &r);
}

void fx_accept_all(struct fx *w) {
    for (uint16_t i = 1; i < (uint16_t)w->parties_n; i++) {
        fx_accept(w, i);
        fx_held(w, i, 0, (uint64_t)w->clock_ms / 1000 + 1);
    }
    for (uint16_t i = 0; i < (uint16_t)w->parties_n; i++) {
        struct rb_record r = fx_record(w, RB_KIND_NIL);
        for (uint16_t k = 0; k < (uint16_t)w->parties_n; k++)
            if (k != i) fx_see(w, &r, k, 0, fx_feed_of(w, k, 0)->n);
        fx_say(w, i, &r);
    }
}

/* ---- books ------------------------------------------------------------------------------------
 */

struct rb_book *fx_book_empty(struct fx *w) {
    struct rb_book *b = get(w, sizeof *b);
    struct rb_reject rj = {0};
    enum rb_err err = rb_book_found(b, &w->books, w->charter_leaf, &w->work, &rj);
    if (err != RB_OK) fprintf(stderr, "refused: %s %s\n", rj.clause, rj.what);
    OK(err);
    return b;
}

struct rb_feed *fx_book_feed(const struct fx *w, const struct rb_book *b, const struct fx_feed *f) {
    struct rb_feed *bf = rb_book_feed(b, f->member, f->epoch);
    bool taken = false;
    for (size_t i = w->held_as_n; i-- > 0;) {
        const struct fx_held_as *h = &w->held_as[i];
        if (h->b == b && h->f == f) return h->held;
        taken = taken || (h->b == b && h->held == bf);
    }
    return taken ? NULL : bf; /* branch 0 may be another history */
}

static struct rb_feed *take_in(struct fx *w, struct rb_book *b, const struct fx_feed *f) {
    struct rb_feed *bf = rb_book_feed(b, f->member, f->epoch), *first = bf;
    if (first == NULL) OK(rb_book_open_feed(b, f->delegation, &w->work, &bf, NULL));
    if (first != NULL) OK(rb_book_open_branch(b, first, &w->work, &bf));
    assert(w->held_as_n < FX_HELD_AS);
    w->held_as[w->held_as_n++] = (struct fx_held_as){b, f, bf};
    return bf;
}

bool fx_book_next(struct fx *w, struct rb_book *b, const struct fx_feed *f, int trusted_mark) {
    struct rb_feed *bf = fx_book_feed(w, b, f);
    if (bf == NULL) bf = take_in(w, b, f);
    if (bf->facts_n == f->n) return false;
    OK(rb_book_judge(b, bf, f->leaf[bf->facts_n], trusted_mark, &w->work));
    return true;
}

struct rb_book *fx_book(struct fx *w) {
    struct rb_book *b = fx_book_empty(w);
    for (size_t i = 0; i < w->feeds_n; i++)
        while (fx_book_next(w, b, w->feed[i], -1))
            continue;
    return b;
}

void fx_unseal(struct fx *w, struct rb_book *b, const struct fx_feed *f, size_t leaf) {
    struct rb_feed *bf = fx_book_feed(w, b, f);
    struct rb_record rec;
    struct rb_sealed_head head;
    struct rb_hash content;
    size_t mark = rb_arena_mark(&w->work);
    assert(bf != NULL && leaf < bf->facts_n && f->head[leaf].n > 0);
    OK(rb_record_decode(f->leaf[leaf], &rec, NULL));
    OK(rb_sealed_head_decode(rec.kind, f->head[leaf], &head, NULL));
    OK(rb_sealed_check(&rec, f->head[leaf], content_of(&rec, &head, &content), &w->work, &head,
                       NULL));
    OK(rb_book_open_body(b, bf, leaf, head.body, &w->work));
    rb_arena_release(&w->work, mark);
}

void fx_unseal_for(struct fx *w, struct rb_book *b, uint16_t member) {
    for (size_t i = 0; i < w->feeds_n; i++) {
        const struct rb_feed *bf = fx_book_feed(w, b, w->feed[i]);
        for (size_t k = 0; bf != NULL && k < bf->facts_n; k++)
            if (w->feed[i]->head[k].n > 0 && (bf->facts[k].recipients >> member & 1))
                fx_unseal(w, b, w->feed[i], k);
    }
}

struct rb_situation *fx_fold(struct fx *w, struct rb_book *b, int64_t now_utc_ms) {
    struct rb_situation *s = get(w, sizeof *s);
    OK(rb_situation_fold(b, now_utc_ms, &w->folds, s));
    return s;
}

struct rb_slice fx_encode(struct fx *w, const struct rb_situation *s) {
    struct rb_writer o = scratch_writer();
    rb_situation_encode(s, &o);
    return keep(w, &o);
}

uint32_t fx_place(const struct rb_situation *s, const struct rb_hash *id) {
    uint32_t place = rb_situation_find(s, id);
    assert(place != RB_NOWHERE);
    return place;
}

enum rb_mark fx_mark(const struct rb_situation *s, const struct rb_hash *id) {
    return (enum rb_mark)s->order[fx_place(s, id)].mark;
}

enum rb_mark fx_mark_now(struct fx *w, const struct rb_hash *id) {
    return fx_mark(fx_fold(w, fx_book(w), w->clock_ms + 10000), id);
}
