/* What a released record may say of the places it conflicts with: spec 10.6.8, 10.6.9. */
#include "conflict.h"

bool rb_register_nameable(bool place_closed, uint64_t place_readers, bool record_closed,
                          uint64_t record_readers) {
    if (!place_closed) return true;
    if (!record_closed || record_readers == 0) return false;
    return (record_readers & ~place_readers) == 0;
}

static bool before(const struct rb_hash *a, const struct rb_hash *b) {
    return memcmp(a->b, b->b, RB_HASH_LEN) < 0;
}

static void sift(struct rb_hash *ids, size_t root, size_t n) {
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(&ids[child], &ids[child + 1])) child++;
        if (!before(&ids[root], &ids[child])) return;
        const struct rb_hash t = ids[root];
        ids[root] = ids[child];
        ids[child] = t;
    }
}

static void sort_ids(struct rb_hash *ids, size_t n) {
    for (size_t i = n / 2; i-- > 0;)
        sift(ids, i, n);
    for (size_t i = n; i-- > 1;) {
        const struct rb_hash t = ids[0];
        ids[0] = ids[i];
        ids[i] = t;
        sift(ids, 0, i);
    }
}

enum rb_err rb_register_commit(const uint8_t salt[RB_REGISTER_SALT], struct rb_hash *ids, size_t n,
                               struct rb_hash *out) {
    if (n == 0) return RB_ERR_USAGE;
    sort_ids(ids, n);
    for (size_t i = 1; i < n; i++)
        if (rb_hash_eq(&ids[i - 1], &ids[i])) return RB_ERR_USAGE;
    const struct rb_slice parts[] = {rb_slice(salt, RB_REGISTER_SALT),
                                     rb_slice(ids, n * sizeof *ids)};
    rb_sha256v(parts, 2, out);
    return RB_OK;
}
