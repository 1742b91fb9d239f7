/* The private keys of a running node (spec 2.7): which one signs is said by the node, by its public
 * key; those that were replaced are kept as long as the home has them. */
#include <stdlib.h>
#include "shell/os/host_int.h"

#define TLS_LOOK_MS 1000u

static struct host_key *known(struct rb_host *h, const char *role, const struct rb_key *pub) {
    for (size_t i = 0; i < h->keys_n; i++)
        if (strcmp(h->keys[i]->role, role) == 0 && rb_key_eq(&h->keys[i]->key.pub, pub))
            return h->keys[i];
    return NULL;
}

/* a file that appeared since the start is found too: a rotation needs no restart */
const struct rb_seckey *host_key_find(struct rb_host *h, const char *role,
                                      const struct rb_key *pub) {
    struct host_key *k = known(h, role, pub);
    if (k != NULL) return &k->key;
    struct host_key **list = reallocarray(h->keys, h->keys_n + 1, sizeof *list);
    if (list == NULL) return NULL;
    h->keys = list;
    k = calloc(1, sizeof *k);
    if (k == NULL) return NULL;
    k->role = role;
    if (rb_keys_find(h->home, role, pub, &k->key) != RB_OK) {
        free(k);
        return NULL;
    }
    h->keys[h->keys_n++] = k;
    return &k->key;
}

const struct rb_seckey *host_key(struct rb_host *h, const char *role, const struct rb_key *pub) {
    const struct rb_seckey *key = host_key_find(h, role, pub);
    if (key == NULL) rb_log(RB_LOG_ERROR, "keys", "%s", rb_home_error(h->home));
    return key;
}

void host_keys_close(struct rb_host *h) {
    for (size_t i = 0; i < h->keys_n; i++) {
        rb_wipe(h->keys[i], sizeof *h->keys[i]);
        free(h->keys[i]);
    }
    free(h->keys);
    h->keys = NULL;
    h->keys_n = 0;
}

/* ---- what our own card says now ---------------------------------------------------------------
 */

/* The key before serves until those who must know the new one do (2.7.6). */
void host_tls(struct rb_host *h) {
    const struct rb_now now = rb_clock_now(h->utc_offset_ms);
    struct rb_key pub;
    if (h->link == NULL || rb_node_card(h->node) == NULL || now.mono_ms < h->tls_look_ms) return;
    h->tls_look_ms = now.mono_ms + TLS_LOOK_MS;
    rb_node_tls(h->node, now.utc_ms, &pub);
    if (rb_key_eq(&pub, &h->tls_served)) return;
    const struct rb_seckey *key = host_key(h, "tls", &pub);
    if (key == NULL || rb_link_rekey(h->link, key) != RB_OK) {
        h->tls_look_ms = now.mono_ms + (uint64_t)60 * TLS_LOOK_MS;
        return;
    }
    rb_log(RB_LOG_INFO, "keys", "another TLS key of ours is served from now on");
    h->tls_served = pub;
}

void host_wait(struct rb_host *h) {
    const struct rb_card *card = rb_node_card(h->node);
    struct rb_hash party;
    if (h->waits || h->link == NULL || card == NULL) return;
    h->waits = true;
    rb_party_hash(&card->party, &party);
    for (size_t i = 0; i < h->cfg.relay_n; i++)
        if (rb_link_wait(h->link, h->cfg.relay[i], &party) != RB_OK)
            rb_log(RB_LOG_ERROR, "link", "no memory to wait at the relay %s", h->cfg.relay[i]);
}

/* A card of ours was taken: the age key on it may be a new one. */
void host_card_taken(struct rb_host *h) {
    const struct rb_card *card = rb_node_card(h->node);
    h->tls_look_ms = 0;
    host_wait(h);
    if (card == NULL || rb_keyring_locked(h->ring) || rb_keyring_holds(h->ring, &card->age)) return;
    if (rb_keyring_reload(h->ring, h->home) != RB_OK)
        rb_log(RB_LOG_ERROR, "keys", "%s", rb_home_error(h->home));
    else if (rb_keyring_locked(h->ring))
        rb_log(RB_LOG_WARN, "keys",
               "the age key was changed under its passphrase: `readback unlock`");
}
