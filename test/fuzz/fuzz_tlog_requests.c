/* Bodies of requests and answers, and offline proofs. The first byte chooses the format. */
#include "fuzz.h"
#include "readback/text.h"
#include "readback/tlog.h"

static uint8_t out[1u << 20];
static uint8_t raw[1u << 20];

static struct rb_slice bytes_of(struct rb_slice base64) {
    size_t n = 0;
    FUZZ_CHECK(rb_base64_decode(base64, raw, sizeof raw, &n) == RB_OK);
    return rb_slice(raw, n);
}

static void check_written(const struct rb_writer *w, struct rb_slice in) {
    FUZZ_CHECK(!w->over && rb_slice_eq(rb_written(w), in));
}

static void one_add_checkpoint(struct rb_slice in) {
    struct rb_add_checkpoint a;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_add_checkpoint_decode(in, &a, NULL) != RB_OK) return;
    rb_add_checkpoint_encode(&a, &w);
    check_written(&w, in);
}

static void put_package(const struct rb_package *p, struct rb_writer *w) {
    for (size_t i = 0; i < p->to - p->from; i++)
        rb_package_entry_encode(p->entries[i], w);
    rb_package_proof_encode(&p->proof, w);
}

static void one_add_entries(struct rb_slice in) {
    static struct rb_package p;
    struct rb_reader r = rb_reader(in);
    struct rb_add_entries h;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_add_entries_decode(&r, &h, NULL) != RB_OK) {
        FUZZ_CHECK(r.at == 0);
        return;
    }
    rb_add_entries_encode(&h, &w);
    uint64_t at = h.start;
    while (rb_package_decode(&r, &h, at, &p, NULL) == RB_OK) {
        FUZZ_CHECK(p.from == at && p.to > at && p.to <= h.end && p.to - p.from <= 256);
        put_package(&p, &w);
        at = p.to;
    }
    check_written(&w, rb_slice_sub(in, 0, r.at));
}

static void one_mirror_info(struct rb_slice in) {
    struct rb_mirror_info m;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_mirror_info_decode(in, &m) != RB_OK) return;
    m.ticket = bytes_of(m.ticket);
    rb_mirror_info_encode(&m, &w);
    check_written(&w, in);
}

static void one_tlog_proof(struct rb_slice in) {
    struct rb_tlog_proof p;
    struct rb_reject rj = {0};
    struct rb_writer w = rb_writer(out, sizeof out);
    if (rb_tlog_proof_decode(in, &p, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= in.n);
        return;
    }
    p.extra = bytes_of(p.extra);
    rb_tlog_proof_encode(&p, &w);
    check_written(&w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static void (*const formats[])(struct rb_slice) = {one_add_checkpoint, one_add_entries,
                                                       one_mirror_info, one_tlog_proof};
    if (n == 0 || n > sizeof out / 2) return 0;
    formats[data[0] % 4](rb_slice(data + 1, n - 1));
    return 0;
}
