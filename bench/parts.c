/* See parts.h. */
#include "parts.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "echo.h"
#include "readback/text.h"
#include "readback/tlog.h"
#include "shell/store/store.h"

#define REGION_BYTES ((size_t)4 << 20)

struct keeper { /* one side's disk */
    struct rb_store *store;
    struct rb_heads *heads;
};
struct parts {
    struct notice_maker maker;
    const struct world *w;
    struct keeper a, b;
    struct rb_region region;
    struct rb_tree tree;
    void *memory;
    struct rb_seckey log, mirror;
    struct rb_feed_ref feed;
    struct echo *api, *tls;
    size_t push_bytes, answer_bytes;
    struct bench_samples each[PARTS_N], sum;
};
static const struct {
    const char *name, *words;
} NAMES[PARTS_N] = {
    [PART_API] = {"part-api",
                  "the submission over a local socket and an answer, JSON and base64 decoded"},
    [PART_VERIFY_OFFICER] = {"part-verify-officer", "the officer's signature, at the sender"},
    [PART_SENDER_COMMIT] = {"part-sender-commit",
                            "durable write 1: the leaf in the sender's database"},
    [PART_RECHECK] = {"part-recheck",
                      "the leaf read back from the disk and its hash compared, before signing"},
    [PART_SIGN_LOG] = {"part-sign-log", "the checkpoint signed with the log key"},
    [PART_SENDER_HEADS] = {"part-sender-heads", "durable write 2: the sender's head file"},
    [PART_TLS] = {"part-tls",
                  "push and answer over TLS 1.3 on loopback, as many bytes as the real ones"},
    [PART_VERIFY_LOG] = {"part-verify-log", "the checkpoint's signature, at the receiver"},
    [PART_RECEIVER_COMMIT] = {"part-receiver-commit",
                              "durable write 3: the leaf in the receiver's database"},
    [PART_SIGN_MIRROR] = {"part-sign-mirror", "the cosignature"},
    [PART_RECEIVER_HEADS] = {"part-receiver-heads", "durable write 4: the receiver's head file"},
    [PART_VERIFY_MIRROR] = {"part-verify-mirror", "the cosignature, at the sender"},
    [PART_COSIG_COMMIT] = {"part-cosig-commit",
                           "durable write 5: the cosigned checkpoint in the sender's database"},
};

/* ---- opening ------------------------------------------------------------------------------------
 */

static void keeper_open(struct keeper *k, const char *name) {
    char path[320], why[300];
    (void)snprintf(path, sizeof path, "%s/%s.db", bench_dir(), name);
    if (rb_store_open(path, &k->store, why, sizeof why) != RB_OK) bench_die("%s", why);
    (void)snprintf(path, sizeof path, "%s/%s.heads", bench_dir(), name);
    if (rb_heads_open(path, &k->heads, why, sizeof why) != RB_OK) bench_die("%s", why);
}

struct parts *parts_open(const struct world *w, size_t push_bytes, size_t answer_bytes) {
    struct parts *p = calloc(1, sizeof *p);
    uint8_t seed[RB_SEED_LEN];
    if (p == NULL || (p->memory = calloc(1, REGION_BYTES)) == NULL) bench_die("memory is short");
    p->w = w;
    p->push_bytes = push_bytes;
    p->answer_bytes = answer_bytes;
    notice_maker_open(&p->maker, w);
    keeper_open(&p->a, "parts-a");
    keeper_open(&p->b, "parts-b");
    rb_region_init(&p->region, p->memory, REGION_BYTES);
    rb_tree_init(&p->tree, &p->region);
    memset(seed, 1, sizeof seed);
    rb_ed25519_from_seed(seed, &p->log);
    memset(seed, 2, sizeof seed);
    rb_ed25519_from_seed(seed, &p->mirror);
    memset(p->feed.channel, 3, sizeof p->feed.channel);
    p->api = echo_open(false);
    p->tls = echo_open(true);
    return p;
}

void parts_close(struct parts *p) {
    struct keeper *const both[] = {&p->a, &p->b};
    echo_close(p->api);
    echo_close(p->tls);
    for (size_t i = 0; i < 2; i++) {
        rb_store_close(both[i]->store);
        rb_heads_close(both[i]->heads);
    }
    parts_forget(p);
    free(p->memory);
    free(p);
}

/* ---- durable writes
 * ------------------------------------------------------------------------------ */

static void apply(struct rb_store *s, const struct rb_effect *ef) {
    if (rb_store_apply(s, ef) != RB_OK) bench_die("%s", rb_store_error(s));
}

static void commit(struct rb_store *s) {
    if (rb_store_commit(s) != RB_OK) bench_die("%s", rb_store_error(s));
}

static void store_leaf(const struct parts *p, struct rb_store *s, struct rb_slice leaf) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_LEAF;
    ef.u.store.feed = p->feed;
    ef.u.store.index = p->tree.size - 1;
    ef.u.store.leaf = leaf;
    rb_leaf_hash(leaf, &ef.u.store.hash);
    apply(s, &ef);
}

static void store_note(const struct parts *p, struct rb_store *s, struct rb_slice note,
                       uint16_t cosigner) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_NOTE;
    ef.u.store.feed = p->feed;
    ef.u.store.size = p->tree.size;
    ef.u.store.cosigner = cosigner;
    ef.u.store.time_s = cosigner == RB_NO_MEMBER ? 0 : 1;
    ef.u.store.note = note;
    apply(s, &ef);
}

static void store_pending(struct rb_store *s, struct rb_slice note) {
    struct rb_effect ef = {.type = RB_EF_STORE};
    ef.u.store.item = RB_ITEM_META;
    ef.u.store.table = RB_TABLE_PENDING;
    ef.u.store.key = rb_str("pending");
    ef.u.store.value = note;
    apply(s, &ef);
}

static void head(const struct parts *p, struct rb_heads *h, enum rb_key_use use,
                 const struct rb_hash *root, const uint8_t sig[RB_SIG_LEN]) {
    if (rb_heads_put(h, use, rb_str(p->w->origin), p->tree.size, root, use == RB_USE_LOG ? 0 : 1,
                     sig) != RB_OK ||
        rb_heads_sync(h) != RB_OK)
        bench_die("the head file of the parts cannot be written");
}

/* ---- once ---------------------------------------------------------------------------------------
 */

static void verify(const struct rb_seckey *key, struct rb_slice msg,
                   const uint8_t sig[RB_SIG_LEN]) {
    if (rb_ed25519_verify(&key->pub, msg, sig) != RB_OK) bench_die("a good signature was refused");
}

/* time since *at to sample `i`; *at is now */
static double lap(struct parts *p, enum part i, uint64_t *at) {
    const double us = bench_us_since(*at);
    bench_add(&p->each[i], us);
    *at = bench_now_ns();
    return us;
}

static double sender(struct parts *p, struct rb_slice leaf, const char *json, size_t json_n,
                     struct rb_slice text, uint8_t sig[RB_SIG_LEN], const struct rb_hash *root) {
    uint8_t officer[RB_SIG_LEN];
    double us = 0;
    rb_ed25519_sign(&p->log, leaf, officer); /* over as many bytes as the officer's */
    uint64_t at = bench_now_ns();
    echo_call(p->api, json, json_n, 256);
    us += lap(p, PART_API, &at);
    verify(&p->log, leaf, officer);
    us += lap(p, PART_VERIFY_OFFICER, &at);
    store_leaf(p, p->a.store, leaf);
    commit(p->a.store);
    us += lap(p, PART_SENDER_COMMIT, &at);
    if (rb_store_recheck(p->a.store, &p->feed, &p->tree, p->tree.size - 1, p->tree.size) != RB_OK)
        bench_die("%s", rb_store_error(p->a.store));
    us += lap(p, PART_RECHECK, &at);
    rb_ed25519_sign(&p->log, text, sig);
    us += lap(p, PART_SIGN_LOG, &at);
    head(p, p->a.heads, RB_USE_LOG, root, sig);
    us += lap(p, PART_SENDER_HEADS, &at);
    return us;
}

static double receiver(struct parts *p, struct rb_slice leaf, struct rb_slice text,
                       const uint8_t sig[RB_SIG_LEN], const struct rb_hash *root) {
    uint8_t cosig[RB_SIG_LEN];
    char *push = calloc(1, p->push_bytes);
    double us = 0;
    if (push == NULL) bench_die("memory is short");
    uint64_t at = bench_now_ns();
    echo_call(p->tls, push, p->push_bytes, p->answer_bytes);
    us += lap(p, PART_TLS, &at);
    verify(&p->log, text, sig);
    us += lap(p, PART_VERIFY_LOG, &at);
    store_leaf(p, p->b.store, leaf);
    store_pending(p->b.store, text);
    commit(p->b.store);
    us += lap(p, PART_RECEIVER_COMMIT, &at);
    rb_ed25519_sign(&p->mirror, text, cosig);
    us += lap(p, PART_SIGN_MIRROR, &at);
    head(p, p->b.heads, RB_USE_MIRROR, root, cosig);
    us += lap(p, PART_RECEIVER_HEADS, &at);
    verify(&p->mirror, text, cosig);
    us += lap(p, PART_VERIFY_MIRROR, &at);
    store_note(p, p->a.store, text, RB_NO_MEMBER);
    store_note(p, p->a.store, text, 1);
    commit(p->a.store);
    us += lap(p, PART_COSIG_COMMIT, &at);
    free(push);
    return us;
}

void parts_once(struct parts *p) {
    uint8_t leaf[2048], text[512], sig[RB_SIG_LEN];
    char json[4096];
    struct rb_hash hash, root;
    const unsigned number = (unsigned)p->tree.size;
    const size_t json_n = notice_make(&p->maker, number, json, sizeof json);
    const struct rb_slice l = rb_slice(leaf, notice_leaf(&p->maker, number, leaf, sizeof leaf));
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_leaf_hash(l, &hash);
    if (rb_tree_append(&p->tree, &hash) != RB_OK) bench_die("memory is short");
    rb_tree_root(&p->tree, p->tree.size, &root);
    rb_checkpoint_text(rb_str(p->w->origin), p->tree.size, &root, &w);
    double us = sender(p, l, json, json_n, rb_written(&w), sig, &root);
    us += receiver(p, l, rb_written(&w), sig, &root);
    bench_add(&p->sum, us);
}

void parts_forget(struct parts *p) {
    for (size_t i = 0; i < PARTS_N; i++)
        bench_samples_free(&p->each[i]);
    bench_samples_free(&p->sum);
}

struct bench_row *parts_rows(const struct parts *p) {
    for (size_t i = 0; i < PARTS_N; i++)
        (void)bench_row_samples(NAMES[i].name, "us", &p->each[i], "%s", NAMES[i].words);
    return bench_row_samples(
        "parts", "us", &p->sum,
        "the sum of the %d parts above, once between any two of the notices measured", PARTS_N);
}
