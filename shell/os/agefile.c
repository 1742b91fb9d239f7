/* keys/age.txt as age-keygen writes it, and keys/age.age, the same text under a passphrase as
 * `age -p` writes it (spec 6.10, 9.2.7). */
#include <unistd.h>
#include "readback/age.h"
#include "shell/os/home.h"
#include "shell/os/opener.h"
#include "shell/os/os.h"

static const char plain_file[] = "keys/age.txt", sealed_file[] = "keys/age.age";

/* as the age program itself: a second and 256 MiB on a small machine, for each guess */
#define AGE_LOG_N RB_AGE_MAX_LOG_N

enum rb_err age_both(struct rb_home *h) {
    return home_say(
        h, RB_ERR_STATE,
        "%s has both %s and %s: sealing was interrupted, or one is a copy. See which of "
        "them is whole (age -d opens the second) and remove the other.",
        h->path, plain_file, sealed_file);
}

/* ---- identities ----------------------------------------------------------------------------- */

/* a line without its end; the last one may have none, and some editors end lines with CR LF */
static struct rb_slice next_line(struct rb_slice *rest) {
    const size_t n = rb_slice_find(*rest, 0, '\n');
    struct rb_slice line = rb_slice_sub(*rest, 0, n);
    *rest = rb_slice_sub(*rest, n + 1, rest->n);
    if (line.n > 0 && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

static enum rb_err parse(struct rb_slice text, uint8_t (*out)[32], size_t *n) {
    *n = 0;
    while (text.n > 0) {
        const struct rb_slice line = next_line(&text);
        if (line.n == 0 || line.p[0] == '#') continue;
        if (*n == RB_MAX_IDENTITIES) return RB_ERR_LIMIT;
        RB_TRY(rb_age_identity_decode(line, out[*n]));
        ++*n;
    }
    return *n > 0 ? RB_OK : RB_ERR_MALFORMED;
}

enum rb_err age_identities(struct rb_home *h, const char *name, struct rb_slice text,
                           uint8_t (*out)[32], size_t *n) {
    struct rb_reject rj = {.what = "one age identity a line, at most 16, comments with #"};
    const enum rb_err err = parse(text, out, n);
    if (err == RB_OK) return RB_OK;
    rb_wipe(out, RB_MAX_IDENTITIES * sizeof *out);
    *n = 0;
    return home_bad_file(h, name, err, &rj);
}

/* ---- the plain file ---------------------------------------------------------------------------
 */

/* the recipient in a comment, the identity on a line */
enum rb_err rb_keys_age_make(struct rb_home *h, struct rb_key *recipient) {
    uint8_t text[512], secret[32];
    struct rb_writer w = rb_writer(text, sizeof text);
    if (rb_home_has(h, sealed_file))
        return home_say(h, RB_ERR_EXISTS, "%s/%s holds the age key already, under its passphrase.",
                        h->path, sealed_file);
    rb_random(secret, sizeof secret);
    rb_age_identity_from_seed(secret, recipient);
    rb_put_z(&w, "# public key: ");
    rb_age_recipient_encode(recipient, &w);
    rb_put_u8(&w, '\n');
    rb_age_identity_encode(secret, &w);
    rb_put_u8(&w, '\n');
    enum rb_err err = rb_home_write_new(h, plain_file, rb_written(&w));
    rb_wipe(text, sizeof text);
    rb_wipe(secret, sizeof secret);
    return err;
}

static enum rb_err read_plain(struct rb_home *h, uint8_t *room, struct rb_slice *text,
                              uint8_t (*ids)[32], size_t *ids_n) {
    size_t n = 0;
    RB_TRY(rb_home_read(h, plain_file, room, AGE_TEXT_MAX, &n));
    *text = rb_slice(room, n);
    return age_identities(h, plain_file, *text, ids, ids_n);
}

enum rb_err rb_keys_age_load(struct rb_home *h, uint8_t secret[32], struct rb_key *recipient) {
    uint8_t ids[RB_MAX_IDENTITIES][32];
    struct rb_slice text;
    size_t n = 0;
    if (rb_home_has(h, sealed_file))
        return home_say(h, RB_ERR_STATE, "%s/%s is under a passphrase.", h->path, sealed_file);
    uint8_t *room = rb_secret_alloc(AGE_TEXT_MAX);
    if (room == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    const enum rb_err err = read_plain(h, room, &text, ids, &n);
    if (err == RB_OK) {
        memcpy(secret, ids[0], sizeof ids[0]);
        rb_age_identity_from_seed(secret, recipient);
    }
    rb_wipe(ids, sizeof ids);
    rb_secret_free(room, AGE_TEXT_MAX);
    return err;
}

/* the new identity, then the text as it was */
static enum rb_err next_text(struct rb_slice text, struct rb_writer *w, struct rb_key *recipient) {
    uint8_t ids[RB_MAX_IDENTITIES][32], secret[32];
    size_t n = 0;
    RB_TRY(parse(text, ids, &n));
    rb_wipe(ids, sizeof ids);
    if (n == RB_MAX_IDENTITIES) return RB_ERR_LIMIT;
    rb_random(secret, sizeof secret);
    rb_age_identity_from_seed(secret, recipient);
    rb_put_z(w, "# public key: ");
    rb_age_recipient_encode(recipient, w);
    rb_put_u8(w, '\n');
    rb_age_identity_encode(secret, w);
    rb_put_u8(w, '\n');
    rb_put_slice(w, text);
    rb_wipe(secret, sizeof secret);
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

static enum rb_err sealed_replace(struct rb_home *h, struct rb_slice passphrase,
                                  struct rb_slice text) {
    uint8_t file[AGE_TEXT_MAX], chance[RB_AGE_ENTROPY(1)];
    struct rb_writer w = rb_writer(file, sizeof file);
    rb_random(chance, sizeof chance);
    const enum rb_err err = rb_age_passphrase_seal(passphrase, AGE_LOG_N, chance, text, &w);
    rb_wipe(chance, sizeof chance);
    if (err != RB_OK || w.over)
        return home_say(h, err != RB_OK ? err : RB_ERR_LIMIT, "%s/%s could not be sealed: %s.",
                        h->path, sealed_file, rb_err_text(err != RB_OK ? err : RB_ERR_LIMIT));
    return rb_home_replace(h, sealed_file, rb_written(&w));
}

enum rb_err rb_keys_age_next(struct rb_home *h, struct rb_slice passphrase,
                             struct rb_key *recipient) {
    const bool sealed = rb_home_has(h, sealed_file);
    uint8_t ids[RB_MAX_IDENTITIES][32];
    struct rb_slice text = {0};
    size_t n = 0;
    uint8_t *room = rb_secret_alloc(AGE_TEXT_MAX), *next = rb_secret_alloc(AGE_TEXT_MAX);
    struct rb_writer w = rb_writer(next, next == NULL ? 0 : AGE_TEXT_MAX);
    enum rb_err err = RB_ERR_LIMIT;
    if (room == NULL || next == NULL)
        (void)home_say(h, err, "Memory is short.");
    else
        err = sealed ? age_sealed_read(h, passphrase, room, &text)
                     : read_plain(h, room, &text, ids, &n);
    rb_wipe(ids, sizeof ids);
    if (err == RB_OK && (err = next_text(text, &w, recipient)) != RB_OK)
        (void)home_say(h, err, "%s/keys has 16 age identities, the most there may be.", h->path);
    if (err == RB_OK)
        err = sealed ? sealed_replace(h, passphrase, rb_written(&w))
                     : rb_home_replace(h, plain_file, rb_written(&w));
    rb_secret_free(room, AGE_TEXT_MAX);
    rb_secret_free(next, AGE_TEXT_MAX);
    return err;
}

/* ---- the sealed file ---------------------------------------------------------------------------
 */

enum rb_err age_sealed_read(struct rb_home *h, struct rb_slice passphrase, uint8_t *room,
                            struct rb_slice *text) {
    uint8_t file[AGE_TEXT_MAX];
    struct rb_writer w = rb_writer(room, AGE_TEXT_MAX);
    struct rb_reject rj = {0};
    size_t n = 0;
    RB_TRY(rb_home_read(h, sealed_file, file, sizeof file, &n));
    const enum rb_err err = rb_age_passphrase_open(rb_slice(file, n), passphrase, &w, &rj);
    if (err == RB_ERR_SIGNATURE)
        return home_say(h, err, "The passphrase does not open %s/%s, or the file was changed.",
                        h->path, sealed_file);
    if (err != RB_OK) return home_bad_file(h, sealed_file, err, &rj);
    return rb_writer_done(&w, text);
}

static enum rb_err write_sealed(struct rb_home *h, struct rb_slice passphrase,
                                struct rb_slice text) {
    uint8_t file[AGE_TEXT_MAX], chance[RB_AGE_ENTROPY(1)];
    struct rb_writer w = rb_writer(file, sizeof file);
    rb_random(chance, sizeof chance);
    const enum rb_err err = rb_age_passphrase_seal(passphrase, AGE_LOG_N, chance, text, &w);
    rb_wipe(chance, sizeof chance);
    if (err != RB_OK || w.over)
        return home_say(h, err != RB_OK ? err : RB_ERR_LIMIT, "%s/%s could not be sealed: %s.",
                        h->path, plain_file, rb_err_text(err != RB_OK ? err : RB_ERR_LIMIT));
    return rb_home_write_new(h, sealed_file, rb_written(&w));
}

/* What the disk has opens to the same text, before the only other copy goes. */
static enum rb_err verify(struct rb_home *h, struct rb_slice passphrase, struct rb_slice want) {
    uint8_t *room = rb_secret_alloc(AGE_TEXT_MAX);
    struct rb_slice got = {0};
    if (room == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    enum rb_err err = age_sealed_read(h, passphrase, room, &got);
    if (err == RB_OK && !rb_slice_eq(got, want))
        err =
            home_say(h, RB_ERR_IO, "%s/%s does not read as it was written.", h->path, sealed_file);
    rb_secret_free(room, AGE_TEXT_MAX);
    return err;
}

/* is there just the file to start from? */
static enum rb_err one_of(struct rb_home *h, const char *from, const char *to,
                          const char *already) {
    const bool has_from = rb_home_has(h, from), has_to = rb_home_has(h, to);
    if (has_from && has_to) return age_both(h);
    if (has_to) return home_say(h, RB_ERR_EXISTS, "%s/%s: %s already.", h->path, to, already);
    if (!has_from)
        return home_say(h, RB_ERR_NOT_FOUND, "%s has no age key: neither %s nor %s.", h->path,
                        plain_file, sealed_file);
    return RB_OK;
}

static enum rb_err seal(struct rb_home *h, struct rb_slice passphrase, uint8_t *room) {
    uint8_t ids[RB_MAX_IDENTITIES][32];
    struct rb_slice text;
    size_t n = 0;
    const enum rb_err err = read_plain(h, room, &text, ids, &n);
    rb_wipe(ids, sizeof ids);
    RB_TRY(err);
    RB_TRY(write_sealed(h, passphrase, text));
    const enum rb_err bad = verify(h, passphrase, text);
    if (bad == RB_OK) return home_shred(h, plain_file);
    (void)unlinkat(h->dir, sealed_file, 0); /* the plain file stays the one that counts */
    return bad;
}

static enum rb_err unseal(struct rb_home *h, struct rb_slice passphrase, uint8_t *room) {
    uint8_t ids[RB_MAX_IDENTITIES][32];
    struct rb_slice text = {0};
    size_t n = 0;
    RB_TRY(age_sealed_read(h, passphrase, room, &text));
    const enum rb_err err = age_identities(h, sealed_file, text, ids, &n);
    rb_wipe(ids, sizeof ids);
    RB_TRY(err);
    RB_TRY(rb_home_write_new(h, plain_file, text));
    return home_shred(h, sealed_file);
}

static enum rb_err with_room(struct rb_home *h, struct rb_slice passphrase,
                             enum rb_err (*fn)(struct rb_home *, struct rb_slice, uint8_t *)) {
    if (passphrase.n == 0) return home_say(h, RB_ERR_USAGE, "The passphrase is empty.");
    uint8_t *room = rb_secret_alloc(AGE_TEXT_MAX);
    if (room == NULL) return home_say(h, RB_ERR_LIMIT, "Memory is short.");
    const enum rb_err err = fn(h, passphrase, room);
    rb_secret_free(room, AGE_TEXT_MAX);
    return err;
}

enum rb_err rb_keys_age_seal(struct rb_home *h, struct rb_slice passphrase) {
    RB_TRY(one_of(h, plain_file, sealed_file, "the age key is sealed"));
    return with_room(h, passphrase, seal);
}

enum rb_err rb_keys_age_unseal(struct rb_home *h, struct rb_slice passphrase) {
    RB_TRY(one_of(h, sealed_file, plain_file, "the age key is not sealed"));
    return with_room(h, passphrase, unseal);
}
