/* The head of a closed body's plaintext, of the kind that the first byte says. What is read is
 * written again to the same bytes, commits to all its parts, and is what a leaf with these
 * commitments says; what is refused leaves nothing behind and names a clause. */
#include "fuzz.h"
#include "readback/sealed.h"

static uint8_t out[RB_MAX_HEAD], salts[RB_MAX_COMMITMENTS * RB_SALT_LEN];
static uint8_t list[RB_MAX_COMMITMENTS * 34 + 3];
static uint8_t room[1u << 18] __attribute__((aligned(16)));
static struct rb_hash commitments[RB_MAX_COMMITMENTS];
static struct rb_record rec;

static void written_again(enum rb_kind kind, const struct rb_sealed_head *h, struct rb_slice in) {
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_sealed_salts(h, salts);
    FUZZ_CHECK(rb_sealed_parts(kind, h->body) == h->parts_n);
    FUZZ_CHECK(rb_sealed_head_encode(kind, salts, h->body, &w) == RB_OK);
    FUZZ_CHECK(rb_slice_eq(rb_written(&w), rb_slice_sub(in, 0, h->head_n)));
    FUZZ_CHECK(h->head_n % RB_SEALED_PAD == 0 && h->head_n <= RB_MAX_HEAD);
}

/* each part by itself commits to what all of them together do */
static void parts_commit(enum rb_kind kind, const struct rb_sealed_head *h, struct rb_arena *a) {
    struct rb_slice part = {NULL, 0};
    struct rb_hash one;
    size_t n = kind == RB_KIND_ATTACHMENT ? 1 : h->parts_n;
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(rb_sealed_part(kind, h->body, i, a, &part) == RB_OK);
        rb_commit(rb_sealed_salt(h, i), part, &one);
        FUZZ_CHECK(rb_hash_eq(&one, &commitments[i]));
    }
    FUZZ_CHECK(rb_sealed_part(kind, h->body, h->parts_n, a, &part) == RB_ERR_NOT_FOUND);
}

static void leaf_holds(enum rb_kind kind, const struct rb_sealed_head *h, struct rb_slice in,
                       const struct rb_hash *content, struct rb_arena *a) {
    struct rb_sealed_head again;
    struct rb_reject rj = {0};
    struct rb_writer w = rb_writer(list, sizeof list);
    rb_commitments_encode(commitments, h->parts_n, &w);
    rec.kind = kind;
    rec.closed = true;
    rec.commitments_n = h->parts_n;
    FUZZ_CHECK(rb_writer_done(&w, &rec.commitments) == RB_OK);
    FUZZ_CHECK(rb_sealed_check(&rec, in, content, a, &again, &rj) == RB_OK);
    list[w.n - 1] ^= 1; /* the last part's */
    FUZZ_CHECK(rb_sealed_check(&rec, in, content, a, &again, &rj) == RB_ERR_PROOF);
    FUZZ_CHECK(rj.offset == h->parts_n - 1 && rj.clause != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    if (n == 0) return 0;
    const enum rb_kind kind = (enum rb_kind)(data[0] % (RB_KIND_MAX + 2));
    const struct rb_slice in = rb_slice(data + 1, n - 1);
    struct rb_sealed_head h = {0};
    struct rb_reject rj = {0};
    if (rb_sealed_head_decode(kind, in, &h, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n && h.parts_n == 0 && h.body.p == NULL);
        return 0;
    }
    FUZZ_CHECK(!rb_kind_always_open(kind));
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_hash content;
    const bool attached = kind == RB_KIND_ATTACHMENT;
    if (attached) rb_commit(rb_sealed_salt(&h, 1), rb_slice_sub(in, h.head_n, in.n), &content);
    written_again(kind, &h, in);
    FUZZ_CHECK(rb_sealed_commitments(kind, &h, attached ? &content : NULL, &a, commitments) ==
               RB_OK);
    FUZZ_CHECK(a.used == 0);
    parts_commit(kind, &h, &a);
    leaf_holds(kind, &h, in, attached ? &content : NULL, &a);
    return 0;
}
