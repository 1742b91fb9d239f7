/* Keys in the home (spec 6.10): PKCS#8 and sealed files (age: agefile.c), drawn here, decoded by
 * the core. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/home.h"
#include "shell/os/os.h"

#define KEY_FILE_MAX 4096u
#define NAME_MAX_BYTES 96u

static enum rb_err file_name(struct rb_home *h, const char *name, const char *suffix,
                             char out[NAME_MAX_BYTES]) {
    const struct rb_slice all = rb_str(name); /* "officer-" and a handle is longer than a handle */
    if (!rb_handle_ok(rb_slice_sub(all, 0, 32)) || all.n > 64 ||
        (all.n > 32 && !rb_handle_ok(rb_slice_sub(all, 32, all.n))))
        return home_say(h, RB_ERR_USAGE, "A key's name has letters a-z, digits and dashes only.");
    (void)snprintf(out, NAME_MAX_BYTES, "keys/%s.%s", name, suffix);
    return RB_OK;
}

/* ---- PKCS#8 --------------------------------------------------------------------------------- */

static void draw(struct rb_seckey *out) {
    uint8_t seed[RB_SEED_LEN];
    rb_random(seed, sizeof seed);
    rb_ed25519_from_seed(seed, out);
    rb_wipe(seed, sizeof seed);
}

static enum rb_err make_pem(struct rb_home *h, const char *file, struct rb_seckey *out) {
    uint8_t text[KEY_FILE_MAX];
    struct rb_writer w = rb_writer(text, sizeof text);
    draw(out);
    enum rb_err err = rb_pkcs8_encode(out, &w);
    if (err == RB_OK) err = rb_home_write_new(h, file, rb_written(&w));
    rb_wipe(text, sizeof text);
    if (err != RB_OK) rb_wipe(out, sizeof *out);
    return err;
}

static enum rb_err load_pem(struct rb_home *h, const char *file, struct rb_seckey *out) {
    uint8_t text[KEY_FILE_MAX];
    struct rb_reject rj = {0};
    size_t n = 0;
    RB_TRY(rb_home_read(h, file, text, sizeof text, &n));
    enum rb_err err = rb_pkcs8_decode(rb_slice(text, n), out, &rj);
    rb_wipe(text, sizeof text);
    return err == RB_OK ? RB_OK : home_bad_file(h, file, err, &rj);
}

enum rb_err rb_keys_make(struct rb_home *h, const char *name, struct rb_seckey *out) {
    char file[NAME_MAX_BYTES];
    RB_TRY(file_name(h, name, "pem", file));
    return make_pem(h, file, out);
}

enum rb_err rb_keys_load(struct rb_home *h, const char *name, struct rb_seckey *out) {
    char file[NAME_MAX_BYTES];
    RB_TRY(file_name(h, name, "pem", file));
    return load_pem(h, file, out);
}

void rb_keys_kid_name(const char *role, const struct rb_key *pub, char *out, size_t cap) {
    struct rb_writer w = rb_writer(out, cap);
    uint8_t kid[RB_KID_LEN];
    rb_key_id(pub, kid);
    rb_put_z(&w, role);
    rb_put_u8(&w, '-');
    rb_put_hex(&w, kid, sizeof kid);
    (void)rb_writer_z(&w);
}

enum rb_err rb_keys_make_next(struct rb_home *h, const char *role, struct rb_key *pub) {
    char name[NAME_MAX_BYTES], file[NAME_MAX_BYTES];
    uint8_t text[KEY_FILE_MAX];
    struct rb_writer w = rb_writer(text, sizeof text);
    struct rb_seckey key;
    draw(&key);
    rb_keys_kid_name(role, &key.pub, name, sizeof name);
    enum rb_err err = file_name(h, name, "pem", file);
    if (err == RB_OK) err = rb_pkcs8_encode(&key, &w);
    if (err == RB_OK) err = rb_home_write_new(h, file, rb_written(&w));
    if (err == RB_OK) *pub = key.pub;
    rb_wipe(text, sizeof text);
    rb_wipe(&key, sizeof key);
    return err;
}

enum rb_err rb_keys_find(struct rb_home *h, const char *role, const struct rb_key *pub,
                         struct rb_seckey *out) {
    char next[NAME_MAX_BYTES], file[NAME_MAX_BYTES];
    const char *const names[] = {next, role};
    rb_keys_kid_name(role, pub, next, sizeof next);
    for (size_t i = 0; i < 2; i++) {
        RB_TRY(file_name(h, names[i], "pem", file));
        if (!rb_home_has(h, file)) continue;
        RB_TRY(load_pem(h, file, out));
        if (rb_key_eq(&out->pub, pub)) return RB_OK;
        rb_wipe(out, sizeof *out);
    }
    return home_say(h, RB_ERR_NOT_FOUND, "%s/keys holds no %s key %s.", h->path, role,
                    next + strlen(role) + 1);
}

enum rb_err rb_keys_log(struct rb_home *h, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                        bool make, struct rb_seckey *out) {
    char file[NAME_MAX_BYTES];
    struct rb_writer w = rb_writer(file, sizeof file);
    rb_put_z(&w, "keys/log-");
    rb_put_hex(&w, channel, RB_CHANNEL_LEN);
    rb_put_u8(&w, '-');
    rb_put_dec(&w, epoch);
    rb_put_z(&w, ".pem");
    (void)rb_writer_z(&w);
    const enum rb_err err = load_pem(h, file, out);
    return err == RB_ERR_NOT_FOUND && make ? make_pem(h, file, out) : err;
}

/* ---- sealed --------------------------------------------------------------------------------- */

static enum rb_err write_sealed(struct rb_home *h, const char *file, const struct rb_seckey *key,
                                struct rb_slice passphrase) {
    struct rb_seal_params params = {.mem_kib = RB_SEAL_MEM_KIB, .ops = RB_SEAL_OPS};
    uint8_t text[KEY_FILE_MAX];
    struct rb_writer w = rb_writer(text, sizeof text);
    rb_random(params.salt, sizeof params.salt);
    rb_random(params.nonce, sizeof params.nonce);
    const enum rb_err err = rb_seal_encode(key, passphrase, &params, &w);
    if (err != RB_OK) return home_say(h, err, "The key could not be sealed: %s.", rb_err_text(err));
    return rb_home_write_new(h, file, rb_written(&w));
}

enum rb_err rb_keys_seal_make(struct rb_home *h, const char *name, struct rb_slice passphrase,
                              struct rb_key *pub) {
    char file[NAME_MAX_BYTES];
    struct rb_seckey key;
    RB_TRY(file_name(h, name, "sealed", file));
    if (rb_home_has(h, file)) /* before a second of Argon2id, not after */
        return home_say(h, RB_ERR_EXISTS, "%s/%s exists already and is not overwritten.", h->path,
                        file);
    draw(&key);
    const enum rb_err err = write_sealed(h, file, &key, passphrase);
    if (err == RB_OK) *pub = key.pub;
    rb_wipe(&key, sizeof key);
    return err;
}

enum rb_err rb_keys_seal_next(struct rb_home *h, const char *name, struct rb_slice passphrase,
                              struct rb_key *pub) {
    char next[NAME_MAX_BYTES], file[NAME_MAX_BYTES];
    struct rb_seckey key;
    draw(&key);
    rb_keys_kid_name(name, &key.pub, next, sizeof next);
    enum rb_err err = file_name(h, next, "sealed", file);
    if (err == RB_OK) err = write_sealed(h, file, &key, passphrase);
    if (err == RB_OK) *pub = key.pub;
    rb_wipe(&key, sizeof key);
    return err;
}

enum rb_err rb_keys_seal_find(struct rb_home *h, const char *name, const struct rb_key *pub,
                              char *out, size_t cap) {
    char next[NAME_MAX_BYTES], file[NAME_MAX_BYTES];
    const char *const names[] = {next, name};
    struct rb_key held;
    rb_keys_kid_name(name, pub, next, sizeof next);
    for (size_t i = 0; i < 2; i++) {
        RB_TRY(file_name(h, names[i], "sealed", file));
        if (!rb_home_has(h, file)) continue;
        RB_TRY(rb_keys_seal_public(h, names[i], &held));
        if (!rb_key_eq(&held, pub)) continue;
        (void)snprintf(out, cap, "%s", names[i]);
        return RB_OK;
    }
    return home_say(h, RB_ERR_NOT_FOUND, "%s/keys holds no sealed key of %s with this key id.",
                    h->path, name);
}

enum rb_err rb_keys_seal_public(struct rb_home *h, const char *name, struct rb_key *pub) {
    const struct rb_reject rj = {.what = "no public key in the header of a sealed key file"};
    uint8_t text[KEY_FILE_MAX];
    char file[NAME_MAX_BYTES];
    size_t n = 0;
    RB_TRY(file_name(h, name, "sealed", file));
    RB_TRY(rb_home_read(h, file, text, sizeof text, &n));
    enum rb_err err = rb_seal_public(rb_slice(text, n), pub);
    return err == RB_OK ? RB_OK : home_bad_file(h, file, err, &rj);
}

enum rb_err rb_keys_unseal(struct rb_home *h, const char *name, struct rb_slice passphrase,
                           struct rb_seckey *out) {
    uint8_t text[KEY_FILE_MAX];
    char file[NAME_MAX_BYTES];
    struct rb_reject rj = {0};
    size_t n = 0;
    RB_TRY(file_name(h, name, "sealed", file));
    RB_TRY(rb_home_read(h, file, text, sizeof text, &n));
    enum rb_err err = rb_seal_decode(rb_slice(text, n), passphrase, out, &rj);
    if (err == RB_ERR_SIGNATURE)
        return home_say(h, err, "The passphrase does not open %s/%s, or the file was changed.",
                        h->path, file);
    return err == RB_OK ? RB_OK : home_bad_file(h, file, err, &rj);
}

/* Elsewhere modes mean little (a stick has none): the seal is the protection. */
enum rb_err rb_keys_unseal_file(const char *path, struct rb_slice passphrase, struct rb_seckey *out,
                                char *why, size_t why_n) {
    uint8_t text[KEY_FILE_MAX];
    struct rb_reject rj = {0};
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        (void)snprintf(why, why_n, "%s cannot be opened: %s.", path, strerror(errno));
        return errno == ENOENT ? RB_ERR_NOT_FOUND : RB_ERR_IO;
    }
    const size_t n = fread(text, 1, sizeof text, f);
    const bool whole = ferror(f) == 0 && n < sizeof text;
    (void)fclose(f);
    enum rb_err err =
        whole ? rb_seal_decode(rb_slice(text, n), passphrase, out, &rj) : RB_ERR_LIMIT;
    if (err == RB_ERR_SIGNATURE)
        (void)snprintf(why, why_n, "The passphrase does not open %s, or the file was changed.",
                       path);
    else if (err != RB_OK)
        (void)snprintf(why, why_n, "%s is not a sealed key file: %s.", path,
                       rj.what != NULL ? rj.what : rb_err_text(err));
    return err;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

/* without "-" and the key id of one that took another's place */
static size_t without_kid(const char *name, size_t n) {
    uint8_t kid[RB_KID_LEN];
    const size_t tail = 1 + 2 * RB_KID_LEN;
    if (n <= tail || name[n - tail] != '-') return n;
    return rb_hex_decode(rb_slice(name + n - tail + 1, tail - 1), kid, sizeof kid) == RB_OK
               ? n - tail
               : n;
}

/* "officer-NAME.sealed", "officer-NAME-KID.sealed" -> NAME */
static bool officer_name(const char *file, char out[RB_MAX_HANDLE + 1]) {
    const size_t head = strlen("officer-"), tail = strlen(".sealed"), all = strlen(file);
    if (all <= head + tail) return false;
    if (strncmp(file, "officer-", head) != 0 || strcmp(file + all - tail, ".sealed") != 0)
        return false;
    const size_t n = head + tail + without_kid(file + head, all - head - tail);
    if (n - head - tail > RB_MAX_HANDLE) return false;
    memcpy(out, file + head, n - head - tail);
    out[n - head - tail] = '\0';
    return rb_handle_ok(rb_str(out));
}

/* several keys of one officer are one name */
static bool listed(char (*names)[RB_MAX_HANDLE + 1], size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], names[n]) == 0) return true;
    return false;
}

enum rb_err rb_keys_officers(struct rb_home *h, char (*names)[RB_MAX_HANDLE + 1], size_t cap,
                             size_t *n) {
    const int fd = openat(h->dir, "keys", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;
    size_t found = 0;
    if (d == NULL) {
        if (fd >= 0) (void)close(fd);
        return home_say(h, RB_ERR_IO, "%s/keys cannot be listed: %s.", h->path, strerror(errno));
    }
    while (found < cap && (e = readdir(d)) != NULL)
        if (officer_name(e->d_name, names[found]) && !listed(names, found)) found++;
    (void)closedir(d);
    qsort(names, found, sizeof *names, by_name);
    *n = found;
    return RB_OK;
}
