/* Writes the seeds of fuzz_cbor, fuzz_record and fuzz_party from the fixture of the unit tests.
 * Usage: make-seeds-record CORPUS_FOLDER */
#include <stdio.h>
#include "../unit/record_fixture.h"

static const char *corpus;

static void put(const char *target, const char *name, const char *prefix, size_t prefix_n,
                struct rb_slice data) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", corpus, target, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(prefix, 1, prefix_n, f) != prefix_n ||
        fwrite(data.p, 1, data.n, f) != data.n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void put_kinds(void) {
    static struct rb_record rec;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        char name[64];
        const char kind = (char)fixture_kinds[i];
        fixture_reset();
        fixture_record_fill(fixture_kinds[i], &rec);
        snprintf(name, sizeof name, "leaf-%s", rb_kind_name(rec.kind));
        put("fuzz_record", name, "", 0, fixture_leaf(&rec, 0, 1));
        snprintf(name, sizeof name, "body-%s", rb_kind_name(rec.kind));
        put("fuzz_record", name, &kind, 1, rec.body);
        snprintf(name, sizeof name, "body-%s", rb_kind_name(rec.kind));
        put("fuzz_cbor", name, "", 0, rec.body);
    }
    fixture_record_full(&rec);
    put("fuzz_record", "leaf-full-two-signers", "", 0, fixture_leaf(&rec, 0, 2));
    put("fuzz_record", "payload-full", "", 0, fixture_payload(&rec));
    put("fuzz_record", "origin", "", 0, fixture_origin(false, 0));
    put("fuzz_record", "origin-empty-channel", "", 0, fixture_origin(true, 0));
    const struct rb_slice leaf = fixture_leaf(&rec, 0, 1);
    put("fuzz_record", "leaf-cut", "", 0, rb_slice(leaf.p, leaf.n / 2));
}

static void put_party(const char *name, struct rb_slice in) {
    char full[64];
    /* d2 84 4d (13) a0 59 hi lo or 58 n: the payload lies between its head and the signature */
    const size_t head = in.p[17] == 0x59 ? 20 : 19;
    snprintf(full, sizeof full, "signed-%s", name);
    put("fuzz_party", full, "\0", 1, in);
    snprintf(full, sizeof full, "payload-%s", name);
    put("fuzz_party", full, "\1", 1, rb_slice(in.p + head, in.n - head - 2 - RB_SIG_LEN));
}

int main(int argc, char **argv) {
    if (argc != 2 || rb_crypto_init() != RB_OK) return 2;
    corpus = argv[1];
    put_kinds();
    fixture_reset();
    put_party("card", fixture_card(0));
    put_party("delegation", fixture_delegation(0));
    put_party("rotation", fixture_rotation(0));
    put_party("revocation", fixture_revocation(0));
    put("fuzz_cbor", "float", "\xf9\x3c\x00", 3, rb_str(""));
    put("fuzz_cbor", "indefinite", "\x9f\x01\xff", 3, rb_str(""));
    put("fuzz_cbor", "keys-unsorted", "\xa2\x02\x00\x01\x00", 5, rb_str(""));
    put("fuzz_cbor", "long-integer", "\x18\x17", 2, rb_str(""));
    put("fuzz_cbor", "huge-count", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9, rb_str(""));
    put("fuzz_cbor", "tag", "\xc1\x00", 2, rb_str(""));
    return 0;
}
