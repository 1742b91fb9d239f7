/* Signed notes, verifier keys and cosignatures (spec 4.2, 4.4). */
#include <assert.h>
#include "internal.h"

#define VKEY_RAW_LEN (1u + RB_KEY_LEN) /* type, key */
#define VKEY_BASE64_LEN 44u
#define COSIGNATURE_HEADER "cosignature/v1\ntime "

static const uint8_t DASH[4] = {0xe2, 0x80, 0x94, ' '}; /* U+2014 and a space */

bool tlog_text_ok(struct rb_slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 && s.p[i] != '\n') return false;
    return rb_utf8_ok(s);
}

enum rb_err tlog_base64_scan(struct rb_slice in, uint8_t *head, size_t head_cap, size_t *out_n) {
    uint8_t piece[96];
    size_t total = 0;
    for (size_t at = 0; at < in.n;) {
        const struct rb_slice text = rb_slice_sub(in, at, at + 128);
        size_t n = 0;
        RB_TRY(rb_base64_decode(text, piece, sizeof piece, &n));
        at += text.n;
        if (at < in.n && n != sizeof piece) return RB_ERR_MALFORMED; /* padding in the middle */
        if (total < head_cap)
            memcpy(head + total, piece, n < head_cap - total ? n : head_cap - total);
        total += n;
    }
    *out_n = total;
    return RB_OK;
}

/* ---- names and keys ------------------------------------------------------------------------ */

/* one code point of checked UTF-8 */
static uint32_t code_point(struct rb_slice s, size_t *at) {
    const uint8_t b = s.p[*at];
    const size_t more = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? b : b & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++)
        c = c << 6 | (s.p[*at + i] & 0x3fu);
    *at += 1 + more;
    return c;
}

static bool is_unicode_space(uint32_t c) {
    return c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool key_name_ok(struct rb_slice name) {
    if (name.n == 0 || !rb_utf8_ok(name)) return false;
    for (size_t at = 0; at < name.n;) {
        const uint32_t c = code_point(name, &at);
        if (c < 0x20 || c == '+' || is_unicode_space(c)) return false;
    }
    return true;
}

void rb_vkey_make(struct rb_slice name, uint8_t type, const struct rb_key *key,
                  struct rb_vkey *out) {
    const uint8_t middle[2] = {'\n', type};
    const struct rb_slice parts[3] = {name, rb_slice(middle, 2), rb_slice(key->b, RB_KEY_LEN)};
    struct rb_hash h;
    rb_sha256v(parts, 3, &h);
    out->name = name;
    out->type = type;
    out->key = *key;
    out->key_id = (uint32_t)h.b[0] << 24 | (uint32_t)h.b[1] << 16 | (uint32_t)h.b[2] << 8 | h.b[3];
}

static void key_id_bytes(uint32_t id, uint8_t out[4]) {
    struct rb_writer w = rb_writer(out, 4);
    rb_put_u32(&w, id);
}

void rb_vkey_encode(const struct rb_vkey *k, struct rb_writer *w) {
    uint8_t id[4], raw[VKEY_RAW_LEN];
    key_id_bytes(k->key_id, id);
    raw[0] = k->type;
    memcpy(raw + 1, k->key.b, RB_KEY_LEN);
    rb_put_slice(w, k->name);
    rb_put_u8(w, '+');
    rb_put_hex(w, id, sizeof id);
    rb_put_u8(w, '+');
    rb_put_base64(w, raw, sizeof raw);
}

enum rb_err rb_vkey_decode(struct rb_slice in, struct rb_vkey *out, struct rb_reject *rj) {
    if (in.n > 0 && in.p[in.n - 1] == '\n') in.n--; /* files end in a newline */
    const size_t plus = rb_slice_find(in, 0, '+');
    const struct rb_slice name = rb_slice_sub(in, 0, plus);
    if (plus == in.n || !key_name_ok(name))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.4", "key name", 0);
    uint8_t id[4], want[4], raw[VKEY_RAW_LEN];
    size_t n = 0;
    if (in.n < plus + 10 || in.p[plus + 9] != '+' ||
        rb_hex_decode(rb_slice_sub(in, plus + 1, plus + 9), id, sizeof id) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.5", "key id", plus + 1);
    const struct rb_slice text = rb_slice_sub(in, plus + 10, in.n);
    if (tlog_base64_scan(text, raw, sizeof raw, &n) != RB_OK || n == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.5", "base64 of the key", plus + 10);
    if (raw[0] != RB_SIG_ED25519 && raw[0] != RB_SIG_COSIGNATURE_V1)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "4.2.6", "type of key", plus + 10);
    struct rb_key key;
    memcpy(key.b, raw + 1, RB_KEY_LEN);
    if (n != VKEY_RAW_LEN || rb_ed25519_key_check(&key) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.5", "Ed25519 public key", plus + 10);
    struct rb_vkey k;
    rb_vkey_make(name, raw[0], &key, &k);
    key_id_bytes(k.key_id, want);
    if (memcmp(id, want, sizeof id) != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.5", "key id is not that of the key", plus + 1);
    *out = k;
    return RB_OK;
}

/* ---- signature lines ----------------------------------------------------------------------- */

void rb_note_sig_encode(const struct rb_vkey *k, struct rb_slice sig, struct rb_writer *w) {
    uint8_t raw[4 + TLOG_TIMED_SIG_LEN];
    assert(sig.n > 0 && sig.n <= TLOG_TIMED_SIG_LEN);
    key_id_bytes(k->key_id, raw);
    memcpy(raw + 4, sig.p, sig.n);
    rb_put(w, DASH, sizeof DASH);
    rb_put_slice(w, k->name);
    rb_put_u8(w, ' ');
    rb_put_base64(w, raw, 4 + sig.n);
    rb_put_u8(w, '\n');
}

/* with or without its newline */
enum rb_err rb_note_sig_decode(struct rb_slice line, struct rb_note_sig *out) {
    if (line.n > 0 && line.p[line.n - 1] == '\n') line.n--;
    if (line.n < sizeof DASH || memcmp(line.p, DASH, sizeof DASH) != 0) return RB_ERR_MALFORMED;
    const size_t space = rb_slice_find(line, sizeof DASH, ' ');
    struct rb_note_sig s = {.name = rb_slice_sub(line, sizeof DASH, space),
                            .blob = rb_slice_sub(line, space + 1, line.n)};
    if (space == line.n || !key_name_ok(s.name)) return RB_ERR_MALFORMED;
    uint8_t head[4 + sizeof s.sig] = {0};
    size_t n = 0;
    RB_TRY(tlog_base64_scan(s.blob, head, sizeof head, &n));
    if (n < 5) return RB_ERR_MALFORMED; /* a key id and something after it */
    struct rb_reader r = rb_reader(rb_slice(head, sizeof head));
    RB_TRY(rb_get_u32(&r, &s.key_id));
    RB_TRY(rb_get_copy(&r, s.sig, sizeof s.sig));
    s.sig_n = n - 4;
    *out = s;
    return RB_OK;
}

/* ---- notes --------------------------------------------------------------------------------- */

/* offset just after the empty line that splits text and signatures; 0 if there is none */
static size_t note_split(struct rb_slice in) {
    for (size_t i = in.n; i >= 2; i--)
        if (in.p[i - 1] == '\n' && in.p[i - 2] == '\n') return i;
    return 0;
}

/* A struct rb_note is 16 KiB, so that it is filled in place and emptied when refused. */
enum rb_err rb_note_decode(struct rb_slice in, struct rb_note *out, struct rb_reject *rj) {
    out->text = rb_slice(NULL, 0);
    out->sigs_n = 0;
    if (in.n > RB_MAX_NOTE) return rb_reject(rj, RB_ERR_LIMIT, "4.2.3", "note too long", in.n);
    if (!tlog_text_ok(in))
        return rb_reject(rj, RB_ERR_MALFORMED, "4.2.1", "not UTF-8 or a control character", 0);
    const size_t split = note_split(in);
    if (split == 0) return rb_reject(rj, RB_ERR_MALFORMED, "4.2.1", "no empty line", in.n);
    struct rb_reader r = rb_reader(in);
    r.at = split;
    size_t n = 0;
    while (rb_left(&r) > 0) {
        const size_t at = r.at;
        struct rb_slice line;
        if (n == RB_MAX_NOTE_SIGS)
            return rb_reject(rj, RB_ERR_LIMIT, "4.2.3", "too many signatures", at);
        if (rb_get_line(&r, &line) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "4.2.1", "no newline at the end", in.n);
        if (rb_note_sig_decode(line, &out->sigs[n]) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "4.2.2", "signature line", at);
        n++;
    }
    if (n == 0) return rb_reject(rj, RB_ERR_MALFORMED, "4.2.2", "no signature", in.n);
    out->text = rb_slice_sub(in, 0, split - 1);
    out->sigs_n = n;
    return RB_OK;
}

/* ---- verification -------------------------------------------------------------------------- */

void rb_cosignature_message(uint64_t time_s, struct rb_slice note_text, struct rb_writer *w) {
    rb_put_z(w, COSIGNATURE_HEADER);
    rb_put_dec(w, time_s);
    rb_put_u8(w, '\n');
    rb_put_slice(w, note_text);
}

enum rb_err rb_cosignature_verify(const struct rb_key *mirror, uint64_t time_s,
                                  struct rb_slice note_text, const uint8_t sig[RB_SIG_LEN]) {
    uint8_t buf[TLOG_MAX_COSIGNED + 64];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_slice message;
    if (time_s > (uint64_t)INT64_MAX) return RB_ERR_SIGNATURE;
    if (note_text.n > TLOG_MAX_COSIGNED) return RB_ERR_LIMIT;
    rb_cosignature_message(time_s, note_text, &w);
    RB_TRY(rb_writer_done(&w, &message));
    return rb_ed25519_verify(mirror, message, sig);
}

static enum rb_err verify_timed(const struct rb_note *n, const struct rb_vkey *k,
                                const struct rb_note_sig *s, uint64_t *time_s) {
    if (s->sig_n != TLOG_TIMED_SIG_LEN) return RB_ERR_SIGNATURE;
    struct rb_reader r = rb_reader(rb_slice(s->sig, TLOG_TIMED_SIG_LEN));
    RB_TRY(rb_get_u64(&r, time_s));
    return rb_cosignature_verify(&k->key, *time_s, n->text, s->sig + 8);
}

/* Every signature by k must hold. A mirror may have signed again later: the earliest T counts. */
enum rb_err rb_note_verify(const struct rb_note *n, const struct rb_vkey *k, uint64_t *time_s) {
    uint64_t earliest = UINT64_MAX;
    bool found = false;
    if (k->type != RB_SIG_ED25519 && k->type != RB_SIG_COSIGNATURE_V1) return RB_ERR_UNSUPPORTED;
    for (size_t i = 0; i < n->sigs_n; i++) {
        const struct rb_note_sig *s = &n->sigs[i];
        if (s->key_id != k->key_id || !rb_slice_eq(s->name, k->name)) continue;
        uint64_t t = 0;
        if (k->type == RB_SIG_COSIGNATURE_V1)
            RB_TRY(verify_timed(n, k, s, &t));
        else if (s->sig_n != RB_SIG_LEN)
            return RB_ERR_SIGNATURE;
        else
            RB_TRY(rb_ed25519_verify(&k->key, n->text, s->sig));
        if (t < earliest) earliest = t;
        found = true;
    }
    if (!found) return RB_ERR_NOT_FOUND;
    if (time_s != NULL) *time_s = earliest;
    return RB_OK;
}

void rb_note_only(const struct rb_note *n, const struct rb_vkey *k, struct rb_writer *w) {
    rb_put_slice(w, n->text);
    rb_put_u8(w, '\n');
    for (size_t i = 0; i < n->sigs_n; i++) {
        const struct rb_note_sig *s = &n->sigs[i];
        if (s->key_id != k->key_id || !rb_slice_eq(s->name, k->name)) continue;
        rb_put(w, DASH, sizeof DASH);
        rb_put_slice(w, s->name);
        rb_put_u8(w, ' ');
        rb_put_slice(w, s->blob);
        rb_put_u8(w, '\n');
        return;
    }
}
