/* The header of an age file: text, read so strictly that there is one spelling for each (spec 9.2.2
 * to 9.2.5), and the stanza of X25519. */
#include "age_int.h"
#include "readback/text.h"
#include <assert.h>
#include <sodium.h>

#define VERSION_WORD "age-encryption.org/"
#define VERSION VERSION_WORD "v1"
#define X25519_INFO "age-encryption.org/v1/X25519"
#define COLUMNS 64u
#define LINE_BYTES 48u /* what a full line stands for */

/* ---- base64 without padding --------------------------------------------------------------- */

/* One line of at most 64 characters. */
static enum rb_err get_base64(struct rb_slice in, uint8_t out[LINE_BYTES], size_t *n) {
    uint8_t padded[COLUMNS];
    size_t len = in.n;
    if (in.n > COLUMNS || in.n % 4 == 1 || rb_slice_find(in, 0, '=') < in.n)
        return RB_ERR_MALFORMED;
    if (in.n > 0) memcpy(padded, in.p, in.n);
    while (len % 4 != 0)
        padded[len++] = '=';
    return rb_base64_decode(rb_slice(padded, len), out, LINE_BYTES, n);
}

enum rb_err rb_age_get_base64(struct rb_slice in, void *out, size_t n) {
    uint8_t bytes[LINE_BYTES];
    size_t got = 0;
    assert(n <= sizeof bytes);
    RB_TRY(get_base64(in, bytes, &got));
    if (got != n) return RB_ERR_MALFORMED;
    memcpy(out, bytes, n);
    return RB_OK;
}

void rb_age_put_base64(struct rb_writer *w, const void *p, size_t n) {
    uint8_t padded[COLUMNS];
    struct rb_writer line = rb_writer(padded, sizeof padded);
    rb_put_base64(&line, p, n);
    assert(!line.over);
    rb_put(w, padded, line.n - (3 - n % 3) % 3);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* RB_ERR_LIMIT: the line does not end within what may be looked at */
static enum rb_err get_line(struct rb_reader *r, struct rb_slice *out) {
    return rb_get_line(r, out) == RB_OK ? RB_OK : RB_ERR_LIMIT;
}

static bool visible(struct rb_slice s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x21 || s.p[i] > 0x7e) return false;
    }
    return s.n > 0;
}

/* One argument or more, of visible characters, one space between two of them. */
static bool args_ok(struct rb_slice args) {
    size_t from = 0, to;
    do {
        to = rb_slice_find(args, from, ' ');
        if (!visible(rb_slice_sub(args, from, to))) return false;
        from = to + 1;
    } while (to < args.n);
    return true;
}

static enum rb_err get_stanza(struct rb_reader *r, struct rb_age_stanza *out) {
    uint8_t bytes[LINE_BYTES];
    struct rb_slice line;
    size_t n;
    out->at = r->at;
    RB_TRY(get_line(r, &line));
    if (!rb_slice_starts(line, "-> ")) return RB_ERR_MALFORMED;
    out->args = rb_slice_sub(line, 3, line.n);
    if (!args_ok(out->args)) return RB_ERR_MALFORMED;
    const size_t from = r->at;
    do { /* the body ends with the first line that is not full, which may be empty */
        RB_TRY(get_line(r, &line));
        RB_TRY(get_base64(line, bytes, &n));
    } while (line.n == COLUMNS);
    out->body = rb_slice(r->p + from, r->at - from);
    return RB_OK;
}

struct rb_slice rb_age_arg(const struct rb_age_stanza *s, size_t i) {
    size_t from = 0;
    for (;; i--) {
        const size_t to = rb_slice_find(s->args, from, ' ');
        if (i == 0) return rb_slice_sub(s->args, from, to);
        if (to == s->args.n) return rb_str("");
        from = to + 1;
    }
}

enum rb_err rb_age_get_body(const struct rb_age_stanza *s, uint8_t out[AGE_WRAPPED]) {
    /* 32 bytes are one line: a body of more is too long to be read as one */
    return rb_age_get_base64(rb_slice_sub(s->body, 0, s->body.n - 1), out, AGE_WRAPPED);
}

struct x25519_stanza {
    uint8_t share[AGE_KEY], body[AGE_WRAPPED];
};

static enum rb_err x25519_get(const struct rb_age_stanza *s, struct x25519_stanza *out) {
    if (rb_age_arg(s, 2).n > 0) return RB_ERR_MALFORMED;
    RB_TRY(rb_age_get_base64(rb_age_arg(s, 1), out->share, sizeof out->share));
    return rb_age_get_body(s, out->body);
}

static bool is_x25519(const struct rb_age_stanza *s) {
    return rb_slice_is(rb_age_arg(s, 0), "X25519");
}

static enum rb_err get_version(struct rb_reader *r, struct rb_reject *rj) {
    struct rb_slice line;
    if (!rb_slice_starts(rb_slice(r->p, r->n), VERSION_WORD))
        return rb_reject(rj, RB_ERR_MALFORMED, "9.2.3", "not an age file", 0);
    RB_TRY(get_line(r, &line));
    if (rb_slice_is(line, VERSION)) return RB_OK;
    if (!visible(rb_slice_sub(line, sizeof VERSION_WORD - 1, line.n)))
        return rb_reject(rj, RB_ERR_MALFORMED, "9.2.3", "the version line's form", 0);
    return rb_reject(rj, RB_ERR_UNSUPPORTED, "9.2.3", "another version of age", 0);
}

static enum rb_err get_stanzas(struct rb_reader *r, struct rb_age_header *h, struct rb_reject *rj) {
    struct rb_age_stanza s;
    struct x25519_stanza x;
    bool passphrase = false;
    for (; !rb_slice_starts(rb_slice(r->p + r->at, rb_left(r)), "---"); h->count++) {
        enum rb_err err = get_stanza(r, &s);
        if (err == RB_ERR_LIMIT) return err;
        if (err != RB_OK) return rb_reject(rj, err, "9.2.3", "a stanza's form", s.at);
        if (is_x25519(&s)) err = x25519_get(&s, &x);
        if (err != RB_OK)
            return rb_reject(rj, err, "9.2.5", "the form of a stanza of X25519", s.at);
        passphrase = passphrase || rb_slice_is(rb_age_arg(&s, 0), "scrypt");
    }
    if (h->count == 0) return rb_reject(rj, RB_ERR_MALFORMED, "9.2.3", "no stanza", r->at);
    if (passphrase && h->count > 1)
        return rb_reject(rj, RB_ERR_MALFORMED, "9.2.2", "a passphrase and another recipient",
                         r->at);
    return RB_OK;
}

static enum rb_err get_mac(struct rb_reader *r, struct rb_age_header *h, struct rb_reject *rj) {
    const size_t at = r->at;
    struct rb_slice line;
    RB_TRY(get_line(r, &line));
    if (!rb_slice_starts(line, "--- ") ||
        rb_age_get_base64(rb_slice_sub(line, 4, line.n), h->mac, sizeof h->mac) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "9.2.3", "the form of the MAC's line", at);
    h->maced = rb_slice(r->p, at + 3);
    h->n = r->at;
    return RB_OK;
}

enum rb_err rb_age_header_parse(struct rb_slice in, struct rb_age_header *out,
                                struct rb_reject *rj) {
    struct rb_reader r = rb_reader(rb_slice_sub(in, 0, RB_AGE_MAX_HEADER));
    struct rb_age_header h = {.count = 0};
    struct rb_reject why = {0};
    enum rb_err err = get_version(&r, &why);
    if (err == RB_OK) err = get_stanzas(&r, &h, &why);
    if (err == RB_OK) err = get_mac(&r, &h, &why);
    if (err == RB_ERR_LIMIT && in.n < RB_AGE_MAX_HEADER)
        return rb_reject(rj, RB_ERR_MALFORMED, "9.2.3", "the header does not end", in.n);
    if (err == RB_ERR_LIMIT)
        return rb_reject(rj, err, "9.2.2", "the header is too long", RB_AGE_MAX_HEADER);
    if (err != RB_OK) return rb_reject(rj, err, why.clause, why.what, why.offset);
    *out = h;
    return RB_OK;
}

struct rb_reader rb_age_stanzas(const struct rb_age_header *h) {
    struct rb_reader r = rb_reader(h->maced);
    r.at = sizeof VERSION; /* the line's end in place of the NUL */
    return r;
}

bool rb_age_next_stanza(struct rb_reader *r, struct rb_age_stanza *out) {
    return rb_left(r) > 3 && get_stanza(r, out) == RB_OK; /* 3: the "---" behind them */
}

enum rb_err rb_age_header_check(const struct rb_age_header *h,
                                const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_reject *rj) {
    uint8_t mac[AGE_KEY];
    rb_age_header_mac(file_key, h->maced, mac);
    if (sodium_memcmp(mac, h->mac, sizeof mac) == 0) return RB_OK;
    return rb_reject(rj, RB_ERR_SIGNATURE, "9.2.4", "the header's MAC does not hold", h->maced.n);
}

/* ---- X25519 ------------------------------------------------------------------------------- */

/* The key that wraps the file key. RB_ERR_MALFORMED: the point is of small order, and anybody could
 * know the secret. `share` goes with the file, `recipient` is known to both. */
static enum rb_err x25519_key(const uint8_t secret[32], const uint8_t point[32],
                              const uint8_t share[32], const uint8_t recipient[32],
                              uint8_t out[AGE_KEY]) {
    uint8_t shared[32], salt[64];
    enum rb_err err = RB_ERR_MALFORMED;
    memcpy(salt, share, 32);
    memcpy(salt + 32, recipient, 32);
    if (crypto_scalarmult(shared, secret, point) == 0) {
        rb_age_hkdf(rb_slice(shared, sizeof shared), rb_slice(salt, sizeof salt), X25519_INFO, out);
        err = RB_OK;
    }
    rb_wipe(shared, sizeof shared);
    return err;
}

static enum rb_err x25519_put(const struct rb_key *recipient, const uint8_t secret[32],
                              const uint8_t file_key[RB_AGE_FILE_KEY], struct rb_writer *w) {
    uint8_t wrap[AGE_KEY], body[AGE_WRAPPED];
    struct rb_key share;
    rb_age_identity_from_seed(secret, &share);
    RB_TRY(x25519_key(secret, recipient->b, share.b, recipient->b, wrap));
    rb_age_wrap(wrap, file_key, body);
    rb_wipe(wrap, sizeof wrap);
    rb_put_z(w, "-> X25519 ");
    rb_age_put_base64(w, share.b, sizeof share.b);
    rb_put_z(w, "\n");
    rb_age_put_base64(w, body, sizeof body);
    rb_put_z(w, "\n");
    return RB_OK;
}

/* RB_ERR_NOT_FOUND: not for this identity */
static enum rb_err x25519_try(const struct rb_age_stanza *s, const uint8_t identity[32],
                              const struct rb_key *recipient, uint8_t file_key[RB_AGE_FILE_KEY]) {
    uint8_t wrap[AGE_KEY];
    struct x25519_stanza x;
    RB_TRY(x25519_get(s, &x));
    RB_TRY(x25519_key(identity, x.share, x.share, recipient->b, wrap));
    const bool opened = rb_age_unwrap(wrap, x.body, file_key);
    rb_wipe(wrap, sizeof wrap);
    return opened ? RB_OK : RB_ERR_NOT_FOUND;
}

static enum rb_err try_identity(const struct rb_age_header *h, const uint8_t identity[32],
                                uint8_t file_key[RB_AGE_FILE_KEY], struct rb_reject *rj) {
    struct rb_reader r = rb_age_stanzas(h);
    struct rb_age_stanza s;
    struct rb_key recipient;
    rb_age_identity_from_seed(identity, &recipient);
    while (rb_age_next_stanza(&r, &s)) {
        if (!is_x25519(&s)) continue;
        enum rb_err err = x25519_try(&s, identity, &recipient, file_key);
        if (err == RB_ERR_NOT_FOUND) continue;
        if (err != RB_OK) return rb_reject(rj, err, "9.2.5", "a shared secret that is none", s.at);
        return RB_OK;
    }
    return RB_ERR_NOT_FOUND;
}

enum rb_err rb_age_header_open(struct rb_slice in, const uint8_t (*identities)[32], size_t n,
                               uint8_t file_key[RB_AGE_FILE_KEY], size_t *header_n,
                               struct rb_reject *rj) {
    struct rb_age_header h;
    uint8_t key[RB_AGE_FILE_KEY];
    RB_TRY(rb_age_header_parse(in, &h, rj));
    enum rb_err err = RB_ERR_NOT_FOUND;
    for (size_t i = 0; i < n && err == RB_ERR_NOT_FOUND; i++)
        err = try_identity(&h, identities[i], key, rj);
    if (err == RB_ERR_NOT_FOUND)
        return rb_reject(rj, err, "9.2.1", "no stanza that this identity opens", 0);
    if (err == RB_OK) err = rb_age_header_check(&h, key, rj);
    if (err == RB_OK) {
        memcpy(file_key, key, sizeof key);
        *header_n = h.n;
    }
    rb_wipe(key, sizeof key);
    return err;
}

/* ---- writing ------------------------------------------------------------------------------ */

void rb_age_put_version(struct rb_writer *w) {
    rb_put_z(w, VERSION "\n");
}

enum rb_err rb_age_put_mac(struct rb_writer *w, size_t from,
                           const uint8_t file_key[RB_AGE_FILE_KEY]) {
    uint8_t mac[AGE_KEY];
    rb_put_z(w, "---");
    if (w->over) return RB_ERR_LIMIT;
    rb_age_header_mac(file_key, rb_slice(w->p + from, w->n - from), mac);
    rb_put_z(w, " ");
    rb_age_put_base64(w, mac, sizeof mac);
    rb_put_z(w, "\n");
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

enum rb_err rb_age_header_encode(const struct rb_key *recipients, size_t n,
                                 const uint8_t file_key[RB_AGE_FILE_KEY], const uint8_t *secrets,
                                 struct rb_writer *w) {
    const size_t from = w->n;
    enum rb_err err = RB_OK;
    if (n == 0 || n > RB_MAX_MEMBERS) return RB_ERR_USAGE;
    rb_age_put_version(w);
    for (size_t i = 0; i < n && err == RB_OK; i++)
        err = x25519_put(&recipients[i], secrets + 32 * i, file_key, w);
    if (err == RB_OK) err = rb_age_put_mac(w, from, file_key);
    if (err != RB_OK) w->n = from;
    return err;
}
