/* What the node wants done, in its order. */
#include <stdlib.h>
#include "shell/os/host_int.h"

/* ---- STORE and LOAD ---------------------------------------------------------------------------
 */

/* Judgements can be made again, and a checkpoint of ours or cosigned by us stands in the head file
 * with its signature before it leaves: nobody waits for these. */
static bool is_lazy(const struct rb_host *h, const struct rb_effect *ef) {
    struct rb_channel_view ch;
    if (ef->u.store.item == RB_ITEM_LEAF) return ef->u.store.leaf.p == NULL;
    if (ef->u.store.item == RB_ITEM_BODY) return false; /* its receipt waits for it */
    if (ef->u.store.item == RB_ITEM_META) return ef->u.store.table == RB_TABLE_JUDGED;
    if (ef->u.store.cosigner == RB_NO_MEMBER) return true;
    return rb_node_channel_by_id(h->node, ef->u.store.feed.channel, &ch) &&
           ef->u.store.cosigner == ch.own_member;
}

static void do_store(struct rb_host *h, const struct rb_effect *ef) {
    if (ef->u.store.ticket > h->ticket) h->ticket = ef->u.store.ticket;
    if (!is_lazy(h, ef)) h->urgent = true;
    if (rb_store_apply(h->store, ef) != RB_OK)
        host_fail(h, "The database", rb_store_error(h->store));
}

static void do_load(struct rb_host *h, const struct rb_effect *ef) {
    struct load_list *l = &h->loads;
    if (l->n == l->cap) {
        const size_t cap = l->cap == 0 ? 8 : l->cap * 2;
        struct rb_effect *p = reallocarray(l->e, cap, sizeof *p);
        if (p == NULL) {
            host_fail(h, "Reading leaves", "memory is short.");
            return;
        }
        l->e = p;
        l->cap = cap;
    }
    l->e[l->n++] = *ef;
}

/* ---- SIGN -------------------------------------------------------------------------------------
 */

static void answer(struct rb_host *h, struct signed_list *l, const struct signed_one *one) {
    if (l->n == l->cap) {
        const size_t cap = l->cap == 0 ? 8 : l->cap * 2;
        struct signed_one *p = reallocarray(l->e, cap, sizeof *p);
        if (p == NULL) {
            host_fail(h, "Signing", "memory is short.");
            return;
        }
        l->e = p;
        l->cap = cap;
    }
    l->e[l->n++] = *one;
}

/* The head file guards what is signed only if the bytes say what the guard was told. */
static enum rb_err message_agrees(const struct rb_effect *ef) {
    struct rb_reader r = rb_reader(ef->u.sign.message);
    struct rb_checkpoint cp;
    struct rb_slice line;
    struct rb_reject rj;
    if (ef->u.sign.use == RB_USE_MIRROR) { /* "cosignature/v1", "time T" */
        RB_TRY(rb_get_line(&r, &line));
        if (!rb_slice_is(line, "cosignature/v1")) return RB_ERR_INTERNAL;
        RB_TRY(rb_get_line(&r, &line));
    }
    RB_TRY(rb_checkpoint_decode(rb_slice_sub(ef->u.sign.message, r.at, r.n), &cp, &rj));
    return rb_slice_eq(cp.origin, ef->u.sign.origin) && cp.size == ef->u.sign.size &&
                   rb_hash_eq(&cp.root, &ef->u.sign.root)
               ? RB_OK
               : RB_ERR_INTERNAL;
}

struct last_signed {
    struct rb_slice origin;
    uint64_t size;
};

static enum rb_err match_head(void *ctx, struct rb_event *ev) {
    struct last_signed *l = ctx;
    if (ev->u.loaded.use == RB_USE_LOG && rb_slice_eq(ev->u.loaded.origin, l->origin))
        l->size = ev->u.loaded.size;
    return RB_OK;
}

static struct log_key *log_key_find(struct rb_host *h, const struct rb_feed_ref *feed) {
    for (size_t i = 0; i < h->log_keys_n; i++) {
        struct log_key *k = &h->log_keys[i];
        if (k->feed.epoch == feed->epoch &&
            memcmp(k->feed.channel, feed->channel, RB_CHANNEL_LEN) == 0)
            return k;
    }
    return NULL;
}

/* read from the home once */
static enum rb_err log_key_get(struct rb_host *h, const struct rb_feed_ref *feed,
                               struct rb_slice origin, struct log_key **out) {
    struct last_signed last = {origin, 0};
    *out = log_key_find(h, feed);
    if (*out != NULL) return RB_OK;
    struct log_key *p = reallocarray(h->log_keys, h->log_keys_n + 1, sizeof *p);
    if (p == NULL) return RB_ERR_LIMIT;
    h->log_keys = p;
    struct log_key *k = &p[h->log_keys_n];
    k->feed = *feed;
    const enum rb_err err = rb_keys_log(h->home, feed->channel, feed->epoch, false, &k->key);
    if (err != RB_OK) {
        rb_log(RB_LOG_ERROR, "keys", "%s", rb_home_error(h->home));
        if (err == RB_ERR_IO) host_fail(h, "Reading a log key", "see above.");
        return err;
    }
    RB_TRY(rb_heads_each(h->heads, match_head, &last));
    k->checked = last.size;
    h->log_keys_n++;
    *out = k;
    return RB_OK;
}

/* At the start: later there may be no descriptor to read them with. */
void host_log_keys(struct rb_host *h) {
    struct rb_channel_view ch;
    for (size_t i = 0; i < rb_node_channels(h->node) && !h->failed; i++) {
        struct rb_feed_ref feed = {0};
        struct log_key *k;
        if (!rb_node_channel(h->node, i, &ch) || ch.own_feed == NULL) continue;
        memcpy(feed.channel, ch.id, RB_CHANNEL_LEN);
        feed.member = ch.own_feed->member;
        feed.epoch = ch.own_feed->epoch;
        (void)log_key_get(h, &feed, rb_slice(ch.own_feed->origin, ch.own_feed->origin_n), &k);
    }
}

/* The leaves not signed before, as the disk has them now, are those of the tree that is signed. */
static enum rb_err recheck(struct rb_host *h, const struct rb_effect *ef, struct log_key *k) {
    const struct rb_feed_ref *feed = &ef->u.sign.feed;
    struct rb_channel_view ch;
    struct rb_hash root;
    if (!rb_node_channel_by_id(h->node, feed->channel, &ch)) return RB_ERR_INTERNAL;
    const struct rb_feed *f = rb_book_feed(ch.book, feed->member, feed->epoch);
    if (f == NULL || ef->u.sign.size > f->tree.size) return RB_ERR_INTERNAL;
    rb_tree_root(&f->tree, ef->u.sign.size, &root);
    if (!rb_hash_eq(&root, &ef->u.sign.root)) return RB_ERR_INTERNAL;
    const enum rb_err err = rb_store_recheck(h->store, feed, &f->tree, k->checked, ef->u.sign.size);
    if (err == RB_ERR_BUSY)
        host_fail(h, "The database", rb_store_error(h->store)); /* what it holds nobody knows now */
    else if (err != RB_OK)
        rb_log(RB_LOG_ERROR, "store", "%s Nothing more of this feed is signed.",
               rb_store_error(h->store));
    else
        k->checked = ef->u.sign.size;
    return err;
}

static enum rb_err sign_guarded(struct rb_host *h, const struct rb_effect *ef,
                                uint8_t sig[RB_SIG_LEN]) {
    const struct rb_seckey *key = NULL;
    struct log_key *k = NULL;
    RB_TRY(message_agrees(ef));
    if (ef->u.sign.use == RB_USE_MIRROR) {
        key = host_key(h, "mirror", &ef->u.sign.key);
        if (key == NULL) return RB_ERR_NOT_FOUND;
    }
    RB_TRY(rb_heads_allow(h->heads, ef->u.sign.use, ef->u.sign.origin, ef->u.sign.size,
                          &ef->u.sign.root));
    if (ef->u.sign.use == RB_USE_LOG) {
        RB_TRY(log_key_get(h, &ef->u.sign.feed, ef->u.sign.origin, &k));
        RB_TRY(recheck(h, ef, k));
        key = &k->key;
    }
    rb_ed25519_sign(key, ef->u.sign.message, sig);
    return rb_heads_put(h->heads, ef->u.sign.use, ef->u.sign.origin, ef->u.sign.size,
                        &ef->u.sign.root, ef->u.sign.time_s, sig);
}

static void do_sign(struct rb_host *h, const struct rb_effect *ef) {
    struct signed_one one = {.token = ef->u.sign.token};
    if (ef->u.sign.use == RB_USE_NODE) {
        const struct rb_seckey *key = host_key(h, "node", &ef->u.sign.key);
        if (key != NULL)
            rb_ed25519_sign(key, ef->u.sign.message, one.sig);
        else
            one.err = RB_ERR_NOT_FOUND;
        answer(h, &h->ready, &one);
        return;
    }
    one.err = sign_guarded(h, ef, one.sig);
    /* the feed would wait for good, for something that passes: started again it signs */
    if (one.err == RB_ERR_LIMIT) host_fail(h, "Signing", "memory is short.");
    if (one.err != RB_OK) {
        memset(one.sig, 0, sizeof one.sig);
        rb_log(RB_LOG_ERROR, "keys", "a checkpoint was not signed: %s", rb_err_text(one.err));
    }
    answer(h, one.err == RB_OK ? &h->unsynced : &h->ready, &one);
}

/* ---- ALERT and DONE ---------------------------------------------------------------------------
 */

/* handle, else the key hash's beginning; "" where the alert names nobody */
static const char *peer_name(const struct rb_host *h, const struct rb_hash *party, char out[40]) {
    static const struct rb_hash nobody;
    struct rb_writer w = rb_writer(out, 40);
    struct rb_peer_view p;
    if (rb_hash_eq(party, &nobody)) return rb_writer_z(&w);
    for (size_t i = 0; i < rb_node_peers(h->node); i++)
        if (rb_node_peer(h->node, i, &p) && rb_hash_eq(&p.party, party) && p.card != NULL) {
            rb_put_slice(&w, p.card->handle);
            return rb_writer_z(&w);
        }
    rb_put_hex(&w, party->b, 8);
    return rb_writer_z(&w);
}

/* What peers can cause must not fill the disk with lines. */
static bool may_log(struct rb_host *h) {
    const uint64_t second = rb_clock_now(0).mono_ms / 1000;
    if (second != h->log_second) {
        if (h->log_lines > HOST_LOG_LINES)
            rb_log(RB_LOG_WARN, "node", "%u more lines were left out",
                   h->log_lines - HOST_LOG_LINES);
        h->log_second = second;
        h->log_lines = 0;
    }
    return h->log_lines++ < HOST_LOG_LINES;
}

static enum rb_log_level alert_level(enum rb_alert_type a, const struct rb_reject *rj) {
    if (a == RB_ALERT_FORK || a == RB_ALERT_WAITING) return RB_LOG_ERROR;
    if (a == RB_ALERT_REFUSED || a == RB_ALERT_LINK_DOWN) return RB_LOG_WARN;
    if (a == RB_ALERT_BODY) return rj->err == RB_OK ? RB_LOG_DEBUG : RB_LOG_WARN;
    if (a == RB_ALERT_RECORD || a == RB_ALERT_HELD || a == RB_ALERT_DUE_MISSED) return RB_LOG_DEBUG;
    return RB_LOG_INFO;
}

static void log_alert(struct rb_host *h, const struct rb_effect *ef) {
    const struct rb_reject *rj = &ef->u.alert.reject;
    const enum rb_log_level level = alert_level(ef->u.alert.alert, rj);
    char name[40];
    if (!rb_log_wants(level) || (level > RB_LOG_ERROR && !may_log(h))) return;
    (void)peer_name(h, &ef->u.alert.peer, name);
    rb_log(level, "node", "%s%s%s%s%s%s%s", rb_alert_name(ef->u.alert.alert),
           name[0] != '\0' ? " " : "", name, rj->clause != NULL ? ", clause " : "",
           rj->clause != NULL ? rj->clause : "", rj->what != NULL ? ": " : "",
           rj->what != NULL ? rj->what : "");
}

static void do_done(struct rb_host *h, const struct rb_effect *ef) {
    const struct rb_reject *rj = &ef->u.done.reject;
    const char *ours = ef->u.done.token == h->card_token     ? "our card was refused"
                       : ef->u.done.token == h->unlock_token ? "what waited was not opened"
                                                             : NULL;
    if (ours == NULL && h->api != NULL) rb_api_done(h->api, ef);
    if (ours != NULL && rj->err != RB_OK)
        rb_log(RB_LOG_ERROR, "node", "%s: %s", ours,
               rj->what != NULL ? rj->what : rb_err_text(rj->err));
}

/* ---- all --------------------------------------------------------------------------------------
 */

static void carry_out_one(struct rb_host *h, const struct rb_effect *ef) {
    switch (ef->type) {
    case RB_EF_STORE:
        do_store(h, ef);
        break;
    case RB_EF_LOAD:
        do_load(h, ef);
        break;
    case RB_EF_SIGN:
        do_sign(h, ef);
        break;
    case RB_EF_OPEN:
        host_do_open(h, ef);
        break;
    case RB_EF_REQUEST:
        if (rb_link_request(h->link, ef) != RB_OK)
            host_fail(h, "Asking a peer", "memory is short.");
        break;
    case RB_EF_RESPOND:
        rb_link_respond(h->link, ef);
        break;
    case RB_EF_CANCEL:
        rb_link_cancel(h->link, ef->u.cancel.request);
        break;
    case RB_EF_ALERT:
        log_alert(h, ef);
        if (h->api != NULL) rb_api_alert(h->api, ef);
        break;
    case RB_EF_DONE:
        do_done(h, ef);
        break;
    }
}

void host_carry_out(struct rb_host *h, const struct rb_effects *fx) {
    for (size_t i = 0; i < fx->n && !h->failed; i++)
        carry_out_one(h, &fx->e[i]);
    const struct rb_card *card = rb_node_card(h->node);
    if (card != NULL && card->version != h->card_version && h->ring != NULL) {
        h->card_version = card->version;
        host_card_taken(h);
    }
    if (!h->failed && !h->loading) host_tls(h);
}
