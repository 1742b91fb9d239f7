#include <stdlib.h>
#include "shell/relay/list.h"
#include "readback/text.h"

static struct rb_slice word(struct rb_slice line, size_t *at) {
    while (*at < line.n && (line.p[*at] == ' ' || line.p[*at] == '\t'))
        (*at)++;
    const size_t from = *at;
    while (*at < line.n && line.p[*at] != ' ' && line.p[*at] != '\t')
        (*at)++;
    return rb_slice_sub(line, from, *at);
}

static enum rb_err refuse(struct rb_reject *rj, enum rb_err err, const char *what) {
    return rb_reject(rj, err, "7.5.3", what, 0);
}

static enum rb_err add(struct rb_relay_listed *all, size_t *n, const struct rb_hash *party,
                       const struct rb_key *key, struct rb_reject *rj) {
    size_t i = 0;
    while (i < *n && !rb_hash_eq(&all[i].party, party))
        i++;
    if (i == RB_RELAY_MAX_LISTED) return refuse(rj, RB_ERR_LIMIT, "more than 4096 parties");
    if (i == *n) all[(*n)++] = (struct rb_relay_listed){.party = *party};
    for (size_t k = 0; k < all[i].keys_n; k++)
        if (rb_key_eq(&all[i].keys[k], key))
            return refuse(rj, RB_ERR_MALFORMED, "the same line twice");
    if (all[i].keys_n == RB_RELAY_MAX_KEYS)
        return refuse(rj, RB_ERR_LIMIT, "more than 4 keys of one party");
    all[i].keys[all[i].keys_n++] = *key;
    return RB_OK;
}

static enum rb_err take_line(struct rb_slice line, struct rb_relay_listed *all, size_t *n,
                             struct rb_reject *rj) {
    struct rb_hash party;
    struct rb_key key;
    size_t at = 0;
    const struct rb_slice first = word(line, &at), second = word(line, &at);
    if (first.n == 0 || first.p[0] == '#') return RB_OK;
    if (rb_hex_decode(first, party.b, RB_HASH_LEN) != RB_OK)
        return refuse(rj, RB_ERR_MALFORMED, "not a party key hash in hexadecimal");
    if (rb_hex_decode(second, key.b, RB_KEY_LEN) != RB_OK)
        return refuse(rj, RB_ERR_MALFORMED, "not a TLS key in hexadecimal");
    if (rb_ed25519_key_check(&key) != RB_OK)
        return refuse(rj, RB_ERR_MALFORMED, "not an Ed25519 key");
    return add(all, n, &party, &key, rj);
}

enum rb_err rb_relay_list_decode(struct rb_slice text, struct rb_relay_listed **out, size_t *n,
                                 size_t *line, struct rb_reject *rj) {
    struct rb_relay_listed *all = calloc(RB_RELAY_MAX_LISTED, sizeof *all);
    size_t at = 0, count = 0;
    *line = 0;
    if (all == NULL) return RB_ERR_LIMIT;
    enum rb_err err = text.n > RB_RELAY_MAX_LIST ? refuse(rj, RB_ERR_LIMIT, "too long") : RB_OK;
    while (err == RB_OK && at < text.n) {
        const size_t end = rb_slice_find(text, at, '\n');
        ++*line;
        err = take_line(rb_slice_sub(text, at, end), all, &count, rj);
        at = end + 1;
    }
    if (err != RB_OK) {
        free(all);
        return err;
    }
    *out = all;
    *n = count;
    return RB_OK;
}
