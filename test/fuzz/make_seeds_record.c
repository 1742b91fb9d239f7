/* Writes the seeds of fuzz_cbor, fuzz_record, fuzz_party, fuzz_sealed and, of what people write,
 * fuzz_body from the fixture of the unit tests. Usage: make-seeds-record CORPUS_FOLDER */
#include <jansson.h>
#include <stdio.h>
#include "../unit/record_fixture.h"
#include "readback/sealed.h"
#include "shell/api/json_body.h"

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

static bool no_index(void *ctx, struct rb_slice handle, uint16_t *out) {
    (void)ctx;
    (void)handle;
    (void)out;
    return false;
}

static bool handle_of(void *ctx, uint16_t index, struct rb_slice *out) {
    static const char *const handles[] = {"north", "south", "monitor"}; /* as in fuzz_body.c */
    (void)ctx;
    *out = rb_str(handles[index % 3]);
    return true;
}

/* as people's programs hand it over */
static void put_json(enum rb_kind kind, struct rb_slice body) {
    const struct rb_names names = {NULL, no_index, handle_of};
    const char prefix = (char)kind;
    char name[64];
    json_t *v = rb_body_to_json(rb_body_schema(kind), body, &names);
    char *text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);
    if (text == NULL) exit(1);
    snprintf(name, sizeof name, "json-%s", rb_kind_name(kind));
    put("fuzz_body", name, &prefix, 1, rb_str(text));
    free(text);
    json_decref(v);
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
        if (!rb_kind_always_open(rec.kind)) put_json(rec.kind, rec.body);
    }
    const struct {
        const char *name, *hex;
    } small[] = {{"body-service-probed", "06a301050a100b18c8"},
                 {"body-position-playback", "0da2010307623f3f"},
                 {"body-position-playback-in-read", "0da2010107623f3f"},
                 {"body-notice-review-of-a-movement", "0aa301020261610605"}};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        uint8_t b[32];
        const size_t n = strlen(small[i].hex) / 2;
        if (rb_hex_decode(rb_str(small[i].hex), b, n) != RB_OK) exit(1);
        put("fuzz_record", small[i].name, "", 0, rb_slice(b, n));
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

static struct rb_slice closed_body(enum rb_kind kind) {
    const struct rb_attachment a = {rb_str("map.pdf"), rb_str("application/pdf"), 5,
                                    rb_str("gate")};
    struct rb_writer w = fixture_writer(256);
    if (kind != RB_KIND_ATTACHMENT) return fixture_body(kind);
    rb_attachment_encode(&a, &w);
    return fixture_done(&w);
}

/* one of each kind; one byte short; one of padding too much and not zero */
static void put_sealed(enum rb_kind kind) {
    char name[64];
    uint8_t salts[4 * RB_SALT_LEN];
    const char prefix = (char)kind;
    struct rb_writer w = fixture_writer(4096);
    memset(salts, 0x5a, sizeof salts);
    if (rb_sealed_head_encode(kind, salts, closed_body(kind), &w) != RB_OK) exit(1);
    const struct rb_slice head = fixture_done(&w);
    snprintf(name, sizeof name, "cut-%s", rb_kind_name(kind));
    put("fuzz_sealed", name, &prefix, 1, rb_slice(head.p, head.n - 1));
    if (kind == RB_KIND_ATTACHMENT)
        put("fuzz_record", "body-attachment", &prefix, 1, closed_body(kind));
    if (kind == RB_KIND_ATTACHMENT) rb_put_z(&w, "hello");
    snprintf(name, sizeof name, "head-%s", rb_kind_name(kind));
    put("fuzz_sealed", name, &prefix, 1, fixture_done(&w));
    w.p[head.n - 1] = 1;
    snprintf(name, sizeof name, "not-zero-%s", rb_kind_name(kind));
    put("fuzz_sealed", name, &prefix, 1, fixture_done(&w));
}

static void put_closed(enum rb_kind kind, size_t parts) {
    static struct rb_record rec;
    char name[64];
    const struct rb_hash c[3] = {fixture_hash(1), fixture_hash(2), fixture_hash(3)};
    struct rb_writer w = fixture_writer(256);
    /* a position's reference nobody minds, a stop-fire is none without its demand */
    fixture_record_fill(kind == RB_KIND_STOP_FIRE ? kind : RB_KIND_POSITION, &rec);
    rb_commitments_encode(c, parts, &w);
    rec.kind = kind;
    rec.body = rb_slice(NULL, 0);
    rec.closed = true;
    rec.recipients = 3;
    rec.ciphertext_size = 999;
    rec.commitments = fixture_done(&w);
    rec.commitments_n = parts;
    snprintf(name, sizeof name, "leaf-closed-%s", rb_kind_name(kind));
    put("fuzz_record", name, "", 0, fixture_leaf(&rec, 0, 1));
}

int main(int argc, char **argv) {
    static const struct {
        enum rb_kind kind;
        size_t parts;
    } closed[] = {{RB_KIND_NOTICE, 1},      {RB_KIND_POSITION, 1},  {RB_KIND_TEXT, 3},
                  {RB_KIND_STATEMENT, 1},   {RB_KIND_ROSTER, 1},    {RB_KIND_ATTACHMENT, 2},
                  {RB_KIND_STOP_FIRE, 1},   {RB_KIND_REQUEST, 1},   {RB_KIND_CESSATION, 1},
                  {RB_KIND_INCIDENT, 1},    {RB_KIND_FINDING, 1},   {RB_KIND_FIGURE, 1},
                  {RB_KIND_DESIGNATION, 1}, {RB_KIND_AGREEMENT, 1}, {RB_KIND_PROGRESS, 1},
                  {RB_KIND_CONTACT, 1},     {RB_KIND_READOUT, 1}};
    if (argc != 2 || rb_crypto_init() != RB_OK) return 2;
    corpus = argv[1];
    put_kinds();
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        fixture_reset();
        put_sealed(closed[i].kind);
        put_closed(closed[i].kind, closed[i].parts);
    }
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
