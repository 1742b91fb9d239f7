/* The world of the tests of disclosures: what is said in it, sealed, and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "disclosure_world.h"
#include "readback/age.h"

/* ---- closed records -----------------------------------------------------------------------------
 */

struct sealed dw_text, dw_site, dw_annex, dw_big, dw_early, dw_late;
struct rb_hash dw_open;
uint8_t dw_big_content[BIG];
struct fx *dw_fx;
uint64_t dw_kept = UINT64_MAX;
static struct rb_book *dw_book;
static uint8_t room[BIG + (1u << 20)];

const char *const dw_paragraphs[3] = {"Crossings open at dawn.",
                                      "Fuel for the hospital is let through.",
                                      "Names of the drivers stay between us."};

static struct rb_slice text_body(uint8_t *buf, size_t cap) {
    struct rb_writer o = rb_writer(buf, cap);
    rb_cbor_put_map(&o, 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("Crossing arrangement"));
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, 3);
    rb_cbor_put_array(&o, 3);
    for (int i = 0; i < 3; i++)
        rb_cbor_put_text(&o, rb_str(dw_paragraphs[i]));
    return rb_written(&o);
}

static struct rb_slice attachment_body(const char *name, size_t size, uint8_t *buf, size_t cap) {
    const struct rb_attachment a = {
        .name = rb_str(name), .media_type = rb_str("application/pdf"), .size = size};
    struct rb_writer o = rb_writer(buf, cap);
    rb_attachment_encode(&a, &o);
    return rb_written(&o);
}

static void fill(uint8_t *p, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (uint8_t)(seed >> 24);
    }
}

/* r gets the body sealed to parties 0 and 1 */
static void seal(struct rb_record *r, struct rb_slice body, struct rb_slice content,
                 struct sealed *out) {
    static uint8_t commitments[RB_MAX_COMMITMENTS * 34 + 8];
    static uint32_t seed;
    uint8_t salts[8 * RB_SALT_LEN], entropy[RB_AGE_ENTROPY(2)];
    const struct rb_key to[2] = {dw_fx->party[0].age, dw_fx->party[1].age};
    const size_t cap = content.n + RB_MAX_HEAD;
    uint8_t *plain = malloc(cap);
    struct rb_sealed_head h;
    struct rb_hash c[8], whole;
    struct rb_arena work = rb_arena(room, sizeof room);
    assert_non_null(plain);
    fill(salts, sizeof salts, ++seed);
    fill(entropy, sizeof entropy, ++seed + 99);
    struct rb_writer o = rb_writer(plain, cap);
    assert_int_equal(rb_sealed_head_encode(r->kind, salts, body, &o), RB_OK);
    rb_put_slice(&o, content);
    assert_int_equal(rb_sealed_head_decode(r->kind, rb_slice(plain, o.n), &h, NULL), RB_OK);
    const bool attached = r->kind == RB_KIND_ATTACHMENT;
    if (attached) rb_commit(rb_sealed_salt(&h, 1), content, &whole);
    assert_int_equal(rb_sealed_commitments(r->kind, &h, attached ? &whole : NULL, &work, c), RB_OK);
    out->bytes = malloc(o.n + o.n / 1024 + 4096);
    assert_non_null(out->bytes);
    struct rb_writer s = rb_writer(out->bytes, o.n + o.n / 1024 + 4096);
    assert_int_equal(rb_age_seal(to, 2, entropy, rb_written(&o), &s), RB_OK);
    out->n = s.n;
    r->closed = true;
    r->recipients = 3;
    r->body = rb_slice(NULL, 0);
    rb_sha256(rb_written(&s), &r->ciphertext_hash);
    r->ciphertext_size = s.n;
    r->commitments_n = h.parts_n;
    struct rb_writer e = rb_writer(commitments, sizeof commitments);
    rb_commitments_encode(c, h.parts_n, &e);
    r->commitments = rb_written(&e);
    free(plain);
}

/* opened again, as its recipient would: head and content */
static struct rb_slice unseal(const struct sealed *s, uint8_t *buf, size_t cap) {
    uint8_t identity[1][32] = {{0x61, 1}}; /* party 1's, see fixture_book.c */
    struct rb_writer o = rb_writer(buf, cap);
    assert_int_equal(
        rb_age_open(rb_slice(s->bytes, s->n), (const uint8_t(*)[32])identity, 1, &o, NULL), RB_OK);
    return rb_written(&o);
}

/* ---- the world ----------------------------------------------------------------------------------
 */

static struct rb_slice rotation_of(uint16_t member, enum rb_key_role role, const struct rb_key *old,
                                   const struct rb_key *fresh) {
    static uint8_t buf[1024];
    struct rb_writer o = rb_writer(buf, sizeof buf);
    const struct rb_rotation r = {.party = dw_fx->party[member].party.pub,
                                  .role = role,
                                  .old_key = *old,
                                  .new_key = *fresh,
                                  .issued_utc_ms = FX_START_MS};
    rb_rotation_encode(&r, &o);
    return fx_statement(dw_fx, &dw_fx->party[member], rb_written(&o));
}

static void rotate(uint16_t member, enum rb_key_role role, struct rb_seckey *key, uint8_t mark) {
    const uint8_t seed[RB_SEED_LEN] = {7, mark};
    struct rb_seckey fresh;
    rb_ed25519_from_seed(seed, &fresh);
    struct rb_record r =
        fx_carried(dw_fx, RB_KIND_ROTATION, rotation_of(member, role, &key->pub, &fresh.pub));
    (void)fx_say_as(dw_fx, member, 0, &r, FX_SECOND);
    *key = fresh;
}

static struct rb_record closed_text(struct sealed *out) {
    uint8_t buf[2048];
    struct rb_record r = fx_record(dw_fx, RB_KIND_TEXT);
    seal(&r, text_body(buf, sizeof buf), rb_slice(NULL, 0), out);
    return r;
}

static void attach(const char *name, struct rb_slice content, struct sealed *out) {
    uint8_t buf[512];
    struct rb_record r = fx_record(dw_fx, RB_KIND_STATEMENT);
    r.kind = RB_KIND_ATTACHMENT;
    seal(&r, attachment_body(name, content.n, buf, sizeof buf), content, out);
    fx_ref(&r, RB_REF_ABOUT, &dw_text.id);
    out->id = fx_say(dw_fx, 0, &r);
}

static void say_all(void) {
    static uint8_t content[70000];
    struct rb_record r = closed_text(&dw_early);
    dw_early.id = fx_say_as(dw_fx, 0, 0, &r, FX_BOTH);
    rotate(0, RB_KEY_OFFICER, &dw_fx->party[0].officer[0], 1);
    rotate(2, RB_KEY_MIRROR, &dw_fx->party[2].mirror, 2);
    r = closed_text(&dw_text);
    dw_text.id = fx_say(dw_fx, 0, &r); /* by the key of a rotation that no card has */
    r = fx_notice(dw_fx, RB_NOTICE_SITE);
    seal(&r, r.body, rb_slice(NULL, 0), &dw_site);
    dw_site.id = fx_say(dw_fx, 0, &r);
    fill(content, sizeof content, 5);
    fill(dw_big_content, sizeof dw_big_content, 6);
    attach("map.pdf", rb_slice(content, sizeof content), &dw_annex);
    attach("film.mp4", rb_slice(dw_big_content, sizeof dw_big_content), &dw_big);
    r = fx_record(dw_fx, RB_KIND_STATEMENT);
    dw_open = fx_say(dw_fx, 0, &r);
    rotate(0, RB_KEY_OFFICER, &dw_fx->party[0].officer[0], 3);
    r = fx_carried(dw_fx, RB_KIND_CARD,
                   fx_card(dw_fx, 0)); /* the key of the second rotation is on it */
    (void)fx_say(dw_fx, 0, &r);
    r = closed_text(&dw_late);
    dw_late.id = fx_say(dw_fx, 0, &r);
}

void dw_make(bool exercise) {
    dw_fx = fx_new(3);
    dw_fx->charter.exercise = exercise;
    fx_found(dw_fx);
    fx_accept_all(dw_fx);
    say_all();
    dw_book = fx_book(dw_fx);
}

void dw_free(void) {
    struct sealed *all[] = {&dw_text, &dw_site, &dw_annex, &dw_big, &dw_early, &dw_late};
    for (size_t i = 0; i < 6; i++) {
        free(all[i]->bytes);
        *all[i] = (struct sealed){0};
    }
    fx_free(dw_fx);
}

/* ---- what the host of a node would give ---------------------------------------------------------
 */

static struct rb_slice note_make(const struct fx_feed *f, uint64_t size, int peer, uint64_t time_s,
                                 uint8_t buf[4096]) {
    uint8_t sig[72];
    struct rb_hash root, party;
    struct rb_vkey key;
    char name[96];
    struct rb_writer o = rb_writer(buf, 4096), t = rb_writer(sig, 8),
                     n = rb_writer(name, sizeof name);
    rb_tree_root(&f->tree, size, &root);
    rb_checkpoint_text(rb_slice(f->origin, f->origin_n), size, &root, &o);
    const struct rb_slice note_text = rb_written(&o);
    rb_put_u8(&o, '\n');
    rb_vkey_make(rb_slice(f->origin, f->origin_n), RB_SIG_ED25519, &f->log.pub, &key);
    rb_ed25519_sign(&f->log, note_text, sig);
    rb_note_sig_encode(&key, rb_slice(sig, RB_SIG_LEN), &o);
    if (peer >= 0) {
        const struct rb_receipt_cosig c =
            fx_cosign(dw_fx, f->member, f->epoch, size, (uint16_t)peer, time_s);
        rb_party_hash(&dw_fx->party[peer].party.pub, &party);
        rb_put_z(&n, "readback/");
        rb_put_hex(&n, party.b, RB_HASH_LEN);
        rb_put_z(&n, "/mirror");
        rb_vkey_make(rb_written(&n), RB_SIG_COSIGNATURE_V1, &dw_fx->party[peer].mirror.pub, &key);
        rb_put_u64(&t, time_s);
        memcpy(sig + 8, c.sig, RB_SIG_LEN);
        rb_note_sig_encode(&key, rb_slice(sig, sizeof sig), &o);
    }
    return rb_written(&o);
}

/* Bare checkpoints of every size; party 1 cosigned all but the last, twice; party 2 those of sizes
 * that 5 divides. */
static enum rb_err host_notes(void *ctx, const struct rb_feed_ref *ref,
                              enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx) {
    const struct fx_feed *f = fx_feed_of(dw_fx, ref->member, ref->epoch);
    uint8_t buf[4096];
    (void)ctx;
    for (uint64_t size = 1; size <= f->n && size <= dw_kept; size++)
        for (int k = 0; k < 4; k++) {
            struct rb_event ev = {.type = RB_EV_LOADED};
            if (k > 0 && size == f->n) break;
            if (k == 3 && size % 5 != 0) break;
            ev.u.loaded.item = RB_ITEM_NOTE;
            ev.u.loaded.feed = *ref;
            ev.u.loaded.size = size;
            ev.u.loaded.note = note_make(f, size,
                                         k == 0   ? -1
                                         : k == 3 ? 2
                                                  : 1,
                                         1800000900 - (uint64_t)k, buf);
            const enum rb_err err = fn(fn_ctx, &ev);
            if (err != RB_OK) return err;
        }
    return RB_OK;
}

static const struct sealed *attachment_of(const struct rb_hash *id) {
    return rb_hash_eq(id, &dw_annex.id) ? &dw_annex : &dw_big;
}

static const struct rb_hash *reading; /* whose content */
static enum rb_err host_content(void *ctx, const struct rb_body_ref *ref, uint64_t from,
                                uint8_t *buf, size_t cap, size_t *n) {
    static uint8_t plain[BIG + RB_MAX_HEAD];
    struct rb_sealed_head h;
    (void)ctx;
    (void)ref;
    const struct rb_slice all = unseal(attachment_of(reading), plain, sizeof plain);
    assert_int_equal(from % RB_AGE_CHUNK, 0);
    assert_int_equal(rb_sealed_head_decode(RB_KIND_ATTACHMENT, all, &h, NULL), RB_OK);
    const struct rb_slice content = rb_slice_sub(all, h.head_n, all.n);
    *n = content.n - from < cap ? (size_t)(content.n - from) : cap;
    if (*n > RB_AGE_CHUNK) *n = RB_AGE_CHUNK;
    memcpy(buf, content.p + from, *n);
    return RB_OK;
}

/* ---- making them --------------------------------------------------------------------------------
 */

enum rb_err dw_try(const struct rb_hash *id, const struct sealed *s, enum rb_disclose_level level,
                   uint64_t chosen, json_t **out) {
    static uint8_t arena[16 << 20], plain[BIG + RB_MAX_HEAD];
    static struct rb_record rec;
    const struct rb_api_host host = {.notes = host_notes, .open_content = host_content};
    struct rb_arena a = rb_arena(arena, sizeof arena);
    struct rb_sealed_head head;
    struct rb_feed *f = NULL;
    const char *why = NULL;
    size_t at = 0;
    assert_true(rb_book_find(dw_book, id, &f, &at));
    assert_int_equal(f->facts[at].mark, RB_MARK_NONE);
    const struct fx_feed *said = fx_feed_of(dw_fx, f->member, f->epoch);
    struct rb_disclose d = {
        .host = &host, .book = dw_book, .feed = f, .at = at, .level = level, .arena = &a};
    if (level != RB_LEVEL_HASH) {
        d.leaf = said->leaf[at];
        assert_int_equal(rb_record_decode(d.leaf, &rec, NULL), RB_OK);
        d.rec = &rec;
    }
    if (level <= RB_LEVEL_PARAGRAPHS && s != NULL) {
        assert_int_equal(
            rb_sealed_head_decode(rec.kind, unseal(s, plain, sizeof plain), &head, NULL), RB_OK);
        d.head = &head;
    }
    d.chosen[0] = chosen;
    reading = id;
    const enum rb_err err = rb_disclose(&d, out, &why);
    assert_non_null(why);
    return err;
}

json_t *dw_disclose(const struct rb_hash *id, const struct sealed *s, enum rb_disclose_level level,
                    uint64_t chosen) {
    json_t *out = NULL;
    assert_int_equal(dw_try(id, s, level, chosen, &out), RB_OK);
    return out;
}
