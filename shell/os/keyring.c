/* The party's age identities in memory: from keys/age.txt, or from keys/age.age once its passphrase
 * was given (spec 6.10, 9.2.7). */
#include <stdio.h>
#include "readback/age.h"
#include "shell/os/opener.h"
#include "shell/os/os.h"

struct rb_keyring {
    bool locked;
    size_t n;
    uint8_t secret[RB_MAX_IDENTITIES][32];
};

const uint8_t (*keyring_secrets(const struct rb_keyring *k, size_t *n))[32] {
    *n = k->n;
    return k->secret;
}

bool rb_keyring_locked(const struct rb_keyring *k) {
    return k->locked;
}

void rb_keyring_close(struct rb_keyring *k) {
    rb_secret_free(k, sizeof *k);
}

bool rb_keyring_holds(const struct rb_keyring *k, const struct rb_key *recipient) {
    for (size_t i = 0; i < k->n; i++) {
        struct rb_key pub;
        rb_age_identity_from_seed(k->secret[i], &pub);
        if (rb_key_eq(&pub, recipient)) return true;
    }
    return false;
}

enum rb_err rb_keyring_of(const uint8_t (*secrets)[32], size_t n, struct rb_keyring **out) {
    if (n == 0 || n > RB_MAX_IDENTITIES) return RB_ERR_LIMIT;
    struct rb_keyring *k = rb_secret_alloc(sizeof *k);
    if (k == NULL) return RB_ERR_LIMIT;
    memcpy(k->secret, secrets, n * sizeof *secrets);
    k->n = n;
    *out = k;
    return RB_OK;
}

enum rb_err rb_keyring_unlock(struct rb_keyring *k, struct rb_home *h, struct rb_slice passphrase) {
    struct rb_slice text = {0};
    if (!k->locked) return RB_ERR_EXISTS;
    uint8_t *room = rb_secret_alloc(AGE_TEXT_MAX);
    if (room == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    enum rb_err err = age_sealed_read(h, passphrase, room, &text);
    if (err == RB_OK) err = age_identities(h, "keys/age.age", text, k->secret, &k->n);
    if (err == RB_OK) k->locked = false;
    rb_secret_free(room, AGE_TEXT_MAX);
    return err;
}

/* the one of the two files that is there */
static enum rb_err fill(struct rb_keyring *k, struct rb_home *h) {
    const bool plain = rb_home_has(h, "keys/age.txt"), sealed = rb_home_has(h, "keys/age.age");
    size_t n = 0;
    if (plain && sealed) return age_both(h);
    if (!plain && !sealed)
        return home_say(h, RB_ERR_STATE,
                        "%s/keys has neither age.txt nor age.age: without it "
                        "nothing that is addressed to the party can be opened.",
                        h->path);
    uint8_t *text = rb_secret_alloc(AGE_TEXT_MAX);
    if (text == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    enum rb_err err =
        rb_home_read(h, plain ? "keys/age.txt" : "keys/age.age", text, AGE_TEXT_MAX, &n);
    if (err == RB_OK && plain)
        err = age_identities(h, "keys/age.txt", rb_slice(text, n), k->secret, &k->n);
    k->locked = sealed;
    rb_secret_free(text, AGE_TEXT_MAX);
    return err;
}

enum rb_err rb_keyring_reload(struct rb_keyring *k, struct rb_home *h) {
    struct rb_keyring *fresh = rb_secret_alloc(sizeof *fresh);
    if (fresh == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    const enum rb_err err = fill(fresh, h);
    if (err == RB_OK) *k = *fresh;
    rb_keyring_close(fresh);
    return err;
}

enum rb_err rb_keyring_open(struct rb_home *h, struct rb_keyring **out, char *why, size_t why_n) {
    struct rb_keyring *k = rb_secret_alloc(sizeof *k);
    if (k == NULL) {
        (void)snprintf(why, why_n, "Memory is short.");
        return RB_ERR_LIMIT;
    }
    const enum rb_err err = fill(k, h);
    if (err != RB_OK) {
        (void)snprintf(why, why_n, "%s", rb_home_error(h));
        rb_keyring_close(k);
        return err;
    }
    *out = k;
    return RB_OK;
}
