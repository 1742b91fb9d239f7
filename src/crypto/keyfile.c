/* Ed25519 keys in the standard forms that openssl and ssh-keygen read and write (spec 2.4). Each
 * form has one encoding here: the fixed bytes before the key are compared, not parsed. */
#include "readback/crypto.h"
#include "readback/text.h"

#define BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* RFC 8410 section 7: version 0, algorithm 1.3.101.112, OCTET STRING of an OCTET STRING */
static const uint8_t pkcs8_head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
/* RFC 8410 section 4: algorithm 1.3.101.112, BIT STRING without unused bits */
static const uint8_t spki_head[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
/* RFC 8709 section 4: string "ssh-ed25519", then a string of 32 bytes */
static const uint8_t openssh_head[19] = {0,   0,   0,   11,  's', 's', 'h', '-', 'e', 'd',
                                         '2', '5', '5', '1', '9', 0,   0,   0,   32};

#define PKCS8_LEN (sizeof pkcs8_head + RB_SEED_LEN)
#define OPENSSH_LEN (sizeof openssh_head + RB_KEY_LEN)
#define PKCS8_BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define PKCS8_END "\n-----END PRIVATE KEY-----"

enum rb_err rb_pkcs8_encode(const struct rb_seckey *key, struct rb_writer *w) {
    uint8_t der[PKCS8_LEN];
    struct rb_slice all;
    memcpy(der, pkcs8_head, sizeof pkcs8_head);
    memcpy(der + sizeof pkcs8_head, key->seed, RB_SEED_LEN);
    rb_put_z(w, PKCS8_BEGIN);
    rb_put_base64(w, der, sizeof der); /* 64 characters: one line */
    rb_put_z(w, PKCS8_END "\n");
    rb_wipe(der, sizeof der);
    return rb_writer_done(w, &all);
}

enum rb_err rb_pkcs8_decode(struct rb_slice pem, struct rb_seckey *out, struct rb_reject *rj) {
    const size_t begin = sizeof PKCS8_BEGIN - 1, end = begin + BASE64_LEN(PKCS8_LEN);
    uint8_t der[PKCS8_LEN];
    size_t n = 0;
    if (!rb_slice_starts(pem, PKCS8_BEGIN))
        return rb_reject(rj, RB_ERR_MALFORMED, "2.4.1", "no PRIVATE KEY block at the start", 0);
    struct rb_slice tail = rb_slice_sub(pem, end, pem.n);
    if (!rb_slice_is(tail, PKCS8_END "\n") && !rb_slice_is(tail, PKCS8_END))
        return rb_reject(rj, RB_ERR_MALFORMED, "2.4.1", "not one line of 64 characters", begin);
    enum rb_err err = rb_base64_decode(rb_slice_sub(pem, begin, end), der, sizeof der, &n);
    if (err != RB_OK || n != sizeof der)
        err = rb_reject(rj, RB_ERR_MALFORMED, "2.4.1", "not base64 of 48 bytes", begin);
    else if (memcmp(der, pkcs8_head, sizeof pkcs8_head) != 0)
        err = rb_reject(rj, RB_ERR_UNSUPPORTED, "2.4.1", "not a plain Ed25519 key", begin);
    else
        rb_ed25519_from_seed(der + sizeof pkcs8_head, out);
    rb_wipe(der, sizeof der);
    return err;
}

void rb_spki_encode(const struct rb_key *pub, struct rb_writer *w) {
    uint8_t der[sizeof spki_head + RB_KEY_LEN];
    memcpy(der, spki_head, sizeof spki_head);
    memcpy(der + sizeof spki_head, pub->b, RB_KEY_LEN);
    rb_put_z(w, "-----BEGIN PUBLIC KEY-----\n");
    rb_put_base64(w, der, sizeof der);
    rb_put_z(w, "\n-----END PUBLIC KEY-----\n");
}

/* A comment that could break the line, or show itself as something else, is left out. */
void rb_openssh_pub_encode(const struct rb_key *pub, struct rb_slice comment, struct rb_writer *w) {
    uint8_t blob[OPENSSH_LEN];
    memcpy(blob, openssh_head, sizeof openssh_head);
    memcpy(blob + sizeof openssh_head, pub->b, RB_KEY_LEN);
    rb_put_z(w, "ssh-ed25519 ");
    rb_put_base64(w, blob, sizeof blob);
    if (comment.n > 0 && rb_name_ok(comment)) {
        rb_put_u8(w, ' ');
        rb_put_slice(w, comment);
    }
    rb_put_u8(w, '\n');
}

enum rb_err rb_openssh_pub_decode(struct rb_slice line, struct rb_key *out, struct rb_reject *rj) {
    static const char type[] = "ssh-ed25519 ";
    const size_t from = sizeof type - 1;
    uint8_t blob[OPENSSH_LEN];
    struct rb_key key;
    size_t n = 0;
    if (line.n > 0 && line.p[line.n - 1] == '\n') line.n--;
    if (!rb_slice_starts(line, type))
        return rb_reject(rj, RB_ERR_MALFORMED, "2.4.3", "does not start with ssh-ed25519", 0);
    size_t to = rb_slice_find(line, from, ' ');
    if (!rb_name_ok(rb_slice_sub(line, to, line.n)))
        return rb_reject(rj, RB_ERR_MALFORMED, "2.4.3", "comment is not one line of text", to);
    if (rb_base64_decode(rb_slice_sub(line, from, to), blob, sizeof blob, &n) != RB_OK ||
        n != sizeof blob || memcmp(blob, openssh_head, sizeof openssh_head) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "2.4.3", "not base64 of an Ed25519 key", from);
    memcpy(key.b, blob + sizeof openssh_head, RB_KEY_LEN);
    if (rb_ed25519_key_check(&key) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "2.3.2", "not a usable Ed25519 key", from);
    *out = key;
    return RB_OK;
}
