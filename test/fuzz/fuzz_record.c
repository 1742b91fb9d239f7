/* A leaf, a payload, and a body of the kind that the first byte says. What is accepted encodes to
 * the same bytes again; what is refused leaves nothing behind and names a clause. */
#include "fuzz.h"
#include "readback/party.h"
#include "readback/sealed.h"
#include "readback/volume.h"

static uint8_t out[4 * RB_MAX_LEAF], room[1u << 20] __attribute__((aligned(16)));
static struct rb_record rec;
static struct rb_charter charter;

static bool writes(const struct rb_writer *w, struct rb_slice want) {
    return !w->over && rb_slice_eq(rb_written(w), want);
}

static void one_leaf(struct rb_slice in) {
    struct rb_reject rj = {0};
    if (rb_record_decode(in, &rec, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= (in.n > RB_MAX_LEAF ? in.n : in.n + 1));
        FUZZ_CHECK(rec.kind == 0 && rec.signers_n == 0);
        return;
    }
    FUZZ_CHECK(rec.signers_n >= 1 && rec.closed == (rec.body.n == 0));
    FUZZ_CHECK(rec.closed == (rec.commitments_n > 0));
    for (size_t i = 0; i < rec.commitments_n; i++) {
        struct rb_hash c;
        rb_record_commitment(&rec, i, &c);
    }
    struct rb_writer w = rb_writer(out, sizeof out);
    FUZZ_CHECK(rb_record_assemble(rec.payload, rec.signers, rec.signers_n, &w) == RB_OK);
    FUZZ_CHECK(writes(&w, in));
    w = rb_writer(out, sizeof out);
    rb_payload_encode(&rec, &w);
    FUZZ_CHECK(writes(&w, rec.payload));
}

static void one_payload(struct rb_slice in) {
    if (rb_payload_decode(in, &rec, NULL) != RB_OK) return;
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_payload_encode(&rec, &w);
    FUZZ_CHECK(writes(&w, in));
}

#define ROUND(type, name)                                                                          \
    do {                                                                                           \
        struct type v;                                                                             \
        if (name##_decode(in, &v, NULL) != RB_OK) break;                                           \
        struct rb_writer w = rb_writer(out, sizeof out);                                           \
        name##_encode(&v, &w);                                                                     \
        FUZZ_CHECK(writes(&w, in));                                                                \
    } while (0)

static void bodies_without_arena(struct rb_slice in) {
    ROUND(rb_amendment, rb_amendment);
    ROUND(rb_membership, rb_membership);
    ROUND(rb_test, rb_test);
    ROUND(rb_silence, rb_silence);
    ROUND(rb_position, rb_position);
    ROUND(rb_attachment, rb_attachment);
    if (rb_charter_decode(in, &charter, NULL) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_charter_encode(&charter, &w);
        FUZZ_CHECK(writes(&w, in));
    }
}

static void bodies_with_arena(struct rb_slice in) {
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_receipt receipt;
    struct rb_notice notice;
    struct rb_roster roster = {0};
    if (rb_receipt_decode(in, &a, &receipt, NULL) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_receipt_encode(&receipt, &w);
        FUZZ_CHECK(writes(&w, in));
    }
    if (rb_notice_decode(in, &a, &notice, NULL) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_notice_encode(&notice, &w);
        FUZZ_CHECK(writes(&w, in));
    }
    const bool is_roster = rb_body_check(RB_KIND_ROSTER, in, NULL) == RB_OK;
    FUZZ_CHECK((rb_roster_decode(in, &a, &roster, NULL) == RB_OK) == is_roster);
    FUZZ_CHECK(!is_roster || (roster.persons_n > 0 && roster.persons[0].name.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    struct rb_reject rj = {0};
    struct rb_origin o;
    one_leaf(rb_slice(data, n));
    one_payload(rb_slice(data, n));
    if (rb_origin_decode(rb_slice(data, n), &o) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_origin_encode(o.exercise, o.channel, &o.party, o.epoch, &w);
        FUZZ_CHECK(writes(&w, rb_slice(data, n)));
    }
    if (n == 0) return 0;
    const struct rb_slice body = rb_slice(data + 1, n - 1);
    const enum rb_kind kind = (enum rb_kind)(data[0] % (RB_KIND_MAX + 2));
    if (rb_body_check(kind, body, &rj) == RB_OK)
        FUZZ_CHECK(rb_cbor_check(body, NULL) == RB_OK);
    else
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
    bodies_without_arena(body);
    bodies_with_arena(body);
    return 0;
}
