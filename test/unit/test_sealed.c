/* What is sealed of a closed record, spec 9.1: head, padding, parts, commitments; and the two kinds
 * that are always closed. */
#include "record_fixture.h"
#include "readback/sealed.h"

#define HEAD_ROOM (RB_MAX_HEAD + 1024u)

static struct rb_record rec;
static uint8_t salts[RB_MAX_COMMITMENTS * RB_SALT_LEN];

static int setup(void **state) {
    (void)state;
    fixture_reset();
    for (size_t i = 0; i < sizeof salts; i++)
        salts[i] = (uint8_t)(i * 7 + i / 251 + 1);
    return 0;
}

static void assert_slice_equal(struct rb_slice a, struct rb_slice b) {
    assert_int_equal(a.n, b.n);
    if (a.n > 0) assert_memory_equal(a.p, b.p, a.n);
}

/* n letters */
static struct rb_slice words(size_t n) {
    uint8_t *p = rb_arena_alloc(&fixture_arena, n);
    assert_non_null(p);
    memset(p, 'w', n);
    return rb_slice(p, n);
}

static struct rb_slice statement(struct rb_slice title, struct rb_slice text) {
    struct rb_writer w = fixture_writer(title.n + text.n + 32);
    rb_cbor_put_map(&w, 2);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, title);
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_text(&w, text);
    return fixture_done(&w);
}

/* `extra`: with the version before, rule and explanation */
static struct rb_slice text_body(const struct rb_slice *paragraphs, size_t n, bool extra) {
    struct rb_writer w = fixture_writer(RB_MAX_HEAD + 4096);
    const struct rb_hash h = fixture_hash(3);
    rb_cbor_put_map(&w, extra ? 6 : 3);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, rb_str("Truce"));
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_uint(&w, 300);
    rb_cbor_put_uint(&w, 3);
    rb_cbor_put_array(&w, n);
    for (size_t i = 0; i < n; i++)
        rb_cbor_put_text(&w, paragraphs[i]);
    if (!extra) return fixture_done(&w);
    rb_cbor_put_uint(&w, 4);
    rb_cbor_put_bytes(&w, rb_slice(h.b, sizeof h.b));
    rb_cbor_put_uint(&w, 5);
    (void)diag_item("{1:1,2:2}", &w); /* a quorum of two */
    rb_cbor_put_uint(&w, 6);
    rb_cbor_put_text(&w, rb_str("as agreed by phone"));
    return fixture_done(&w);
}
static struct rb_slice three_paragraphs(bool extra) {
    const struct rb_slice p[3] = {
        rb_str("\xd9\x88\xd9\x82\xd9\x81 \xd8\xa7\xd9\x84\xd9\x86\xd8\xa7\xd8\xb1"),
        rb_str("\xd0\x9f\xd1\x80\xd0\xb5\xd0\xba\xd1\x80\xd0\xb0\xd1\x82\xd0\xb8\xd1\x82\xd1\x8c"),
        rb_str("From noon on.")};
    return text_body(p, 3, extra);
}
static struct rb_slice attachment(const char *name, const char *type, uint64_t size) {
    const struct rb_attachment a = {rb_str(name), rb_str(type), size, rb_str("north gate")};
    struct rb_writer w = fixture_writer(1024);
    rb_attachment_encode(&a, &w);
    return fixture_done(&w);
}

static struct rb_slice seal(enum rb_kind kind, struct rb_slice body) {
    struct rb_writer w = fixture_writer(HEAD_ROOM);
    assert_int_equal(rb_sealed_head_encode(kind, salts, body, &w), RB_OK);
    return fixture_done(&w);
}

static void refused(enum rb_kind kind, struct rb_slice head, enum rb_err want, const char *clause) {
    struct rb_reject rj = {0};
    struct rb_sealed_head h = {.parts_n = 77};
    assert_int_equal(rb_sealed_head_decode(kind, head, &h, &rj), want);
    assert_non_null(rj.clause);
    if (clause) assert_string_equal(rj.clause, clause);
    assert_true(rj.offset <= head.n);
    assert_int_equal(h.parts_n, 77); /* all or nothing */
    assert_null(h.body.p);
}

/* ---- padding ----------------------------------------------------------------------------------
 */

/* a head around any body, with as many bytes of padding as one likes */
static struct rb_slice head_padded(size_t parts, struct rb_slice body, size_t zeros) {
    struct rb_writer w = fixture_writer(HEAD_ROOM);
    rb_cbor_put_array(&w, 3);
    rb_cbor_put_array(&w, parts);
    for (size_t i = 0; i < parts; i++)
        rb_cbor_put_bytes(&w, rb_slice(salts + i * RB_SALT_LEN, RB_SALT_LEN));
    rb_put_slice(&w, body);
    rb_cbor_put_head(&w, RB_CBOR_BYTES, zeros);
    for (size_t i = 0; i < zeros; i++)
        rb_put_u8(&w, 0);
    return fixture_done(&w);
}

static size_t string_size(size_t n) {
    uint8_t room[16];
    struct rb_writer w = rb_writer(room, sizeof room);
    rb_cbor_put_head(&w, RB_CBOR_BYTES, n);
    return w.n + n;
}

/* The shortest by going through all from none on; every other one is refused, also those that make
 * a multiple of 256. Says how many zeros it was. */
static size_t check_padding(enum rb_kind kind, size_t parts, struct rb_slice body) {
    const struct rb_slice head = seal(kind, body);
    size_t shortest = SIZE_MAX;
    struct rb_sealed_head h = {0};
    const size_t base = head_padded(parts, body, 0).n - 1;
    for (size_t zeros = 0; zeros < 600; zeros++) {
        const bool fits = (base + string_size(zeros)) % RB_SEALED_PAD == 0;
        if (!fits && zeros % 128 != 0) continue;
        size_t mark = rb_arena_mark(&fixture_arena);
        const struct rb_slice other = head_padded(parts, body, zeros);
        assert_int_equal(other.n, base + string_size(zeros));
        if (fits && shortest == SIZE_MAX) {
            shortest = zeros;
            assert_slice_equal(other, head);
        } else {
            refused(kind, other, RB_ERR_MALFORMED, "9.1.2");
        }
        rb_arena_release(&fixture_arena, mark);
    }
    assert_int_equal(rb_sealed_head_decode(kind, head, &h, NULL), RB_OK);
    assert_int_equal(h.head_n, head.n);
    assert_int_equal(h.parts_n, parts);
    assert_slice_equal(h.body, body);
    for (size_t i = 0; i < parts; i++)
        assert_memory_equal(rb_sealed_salt(&h, i), salts + i * RB_SALT_LEN, RB_SALT_LEN);
    static uint8_t together[sizeof salts];
    rb_sealed_salts(&h, together);
    assert_memory_equal(together, salts, parts * RB_SALT_LEN);
    assert_slice_equal(seal(kind, h.body), head);
    return shortest;
}

/* every length of a body up to 2000, the shortest that a statement can have being 7 */
static void every_length_is_padded_one_way(void **state) {
    (void)state;
    static bool seen_length[2200], seen_zeros[600];
    for (size_t text = 1; text <= 2000; text++) {
        for (size_t title = 1; title <= 2; title++) {
            fixture_reset();
            const struct rb_slice body = statement(words(title), words(text));
            if (seen_length[body.n]) continue;
            seen_length[body.n] = true;
            seen_zeros[check_padding(RB_KIND_STATEMENT, 1, body)] = true;
        }
    }
    for (size_t n = 7; n <= 2000; n++)
        assert_true(seen_length[n]);
    /* all that occur: 25 bytes of padding cannot be written, so 281 stand for them */
    for (size_t z = 0; z < 600; z++)
        assert_int_equal(seen_zeros[z], z <= 254 || z == 278);
}

static void any_number_of_parts_is_padded_one_way(void **state) {
    (void)state;
    static struct rb_slice p[RB_MAX_PARAGRAPHS];
    static const size_t counts[] = {1, 2, 22, 23, 24, 254, 255, 256, RB_MAX_PARAGRAPHS};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (size_t more = 0; more < 3; more++) {
            fixture_reset();
            for (size_t k = 0; k < counts[i]; k++)
                p[k] = words(1 + k % 40);
            p[0] = words(1 + more * 100);
            check_padding(RB_KIND_TEXT, counts[i] + 1, text_body(p, counts[i], more == 1));
        }
    }
    check_padding(RB_KIND_ATTACHMENT, 2, attachment("plan.pdf", "application/pdf", 5));
}

static void padding_is_zeros(void **state) {
    (void)state;
    const struct rb_slice head = seal(RB_KIND_STATEMENT, statement(words(3), words(9)));
    uint8_t copy[RB_SEALED_PAD];
    assert_int_equal(head.n, sizeof copy);
    memcpy(copy, head.p, head.n);
    copy[sizeof copy - 1] = 1;
    refused(RB_KIND_STATEMENT, rb_slice(copy, sizeof copy), RB_ERR_MALFORMED, "9.1.1");
}

/* ---- limits -----------------------------------------------------------------------------------
 */

static void longest_head(void **state) {
    (void)state;
    struct rb_slice p[3] = {words(RB_MAX_TEXT), words(RB_MAX_TEXT), {NULL, 0}};
    struct rb_writer w = fixture_writer(HEAD_ROOM);
    size_t longest = 0;
    for (size_t n = RB_MAX_TEXT; longest == 0; n--) { /* from too long down to what fits */
        size_t mark = rb_arena_mark(&fixture_arena);
        p[2] = words(n);
        w.n = 0;
        const enum rb_err e =
            rb_sealed_head_encode(RB_KIND_TEXT, salts, text_body(p, 3, false), &w);
        if (e == RB_OK) longest = n;
        if (e != RB_OK) assert_int_equal(e, RB_ERR_LIMIT);
        rb_arena_release(&fixture_arena, mark);
    }
    assert_int_equal(w.n, RB_MAX_HEAD);
    assert_true(longest > 32000);
    struct rb_sealed_head h;
    assert_int_equal(rb_sealed_head_decode(RB_KIND_TEXT, rb_written(&w), &h, NULL), RB_OK);
    p[2] = words(longest + 1);
    const struct rb_slice body = text_body(p, 3, false);
    w.n = 0;
    assert_int_equal(rb_sealed_head_encode(RB_KIND_TEXT, salts, body, &w), RB_ERR_LIMIT);
    assert_int_equal(w.n, 0);
    for (size_t zeros = 0; zeros < 300; zeros++) { /* who writes it nevertheless */
        size_t mark = rb_arena_mark(&fixture_arena);
        const struct rb_slice head = head_padded(4, body, zeros);
        if (head.n % RB_SEALED_PAD == 0) refused(RB_KIND_TEXT, head, RB_ERR_LIMIT, "9.1.2");
        rb_arena_release(&fixture_arena, mark);
    }
}

static void no_room_is_a_limit(void **state) {
    (void)state;
    const struct rb_slice body = statement(words(3), words(300));
    uint8_t room[511];
    struct rb_writer w = rb_writer(room, sizeof room);
    assert_int_equal(rb_sealed_head_encode(RB_KIND_STATEMENT, salts, body, &w), RB_ERR_LIMIT);
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

static void cut_or_longer_is_refused(void **state) {
    (void)state;
    const struct rb_slice heads[2] = {seal(RB_KIND_TEXT, three_paragraphs(true)),
                                      seal(RB_KIND_ATTACHMENT, attachment("a", "", 3))};
    const enum rb_kind kinds[2] = {RB_KIND_TEXT, RB_KIND_ATTACHMENT};
    for (size_t k = 0; k < 2; k++) {
        for (size_t n = 0; n < heads[k].n; n++) {
            uint8_t *exact = malloc(n + 1);
            assert_non_null(exact);
            memcpy(exact, heads[k].p, n);
            refused(kinds[k], rb_slice(exact, n), RB_ERR_MALFORMED, NULL);
            free(exact);
        }
    }
    struct rb_writer w = fixture_writer(HEAD_ROOM);
    rb_put_slice(&w, heads[0]);
    rb_put_u8(&w, 0);
    refused(RB_KIND_TEXT, fixture_done(&w), RB_ERR_MALFORMED, "9.1.3");
}

static void salts_and_parts_agree(void **state) {
    (void)state;
    const struct rb_slice text = three_paragraphs(false), note = statement(words(1), words(1));
    const struct rb_slice file = attachment("a", "", 3);
    for (size_t n = 1; n < 7; n++) {
        if (n != 4) refused(RB_KIND_TEXT, head_padded(n, text, 100), RB_ERR_MALFORMED, "9.1.5");
        if (n != 1)
            refused(RB_KIND_STATEMENT, head_padded(n, note, 100), RB_ERR_MALFORMED, "9.1.5");
        if (n != 2)
            refused(RB_KIND_ATTACHMENT, head_padded(n, file, 100), RB_ERR_MALFORMED, "9.1.5");
    }
    refused(RB_KIND_STATEMENT, head_padded(0, note, 100), RB_ERR_MALFORMED, "9.1.1");
}

static void broken_forms(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } heads[] = {
        {"", 0},                                          /* nothing */
        {"\xa3\x81\x41\x00", 4},                          /* a map */
        {"\x84\x80\xa0\x40\x40", 5},                      /* four items */
        {"\x82\x80\xa0", 3},                              /* two */
        {"\x83\x41\x00\xa0\x40", 5},                      /* salts no list */
        {"\x83\x81\x41\x00\xa0\x40", 6},                  /* a short salt */
        {"\x83\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 10}, /* more salts than bytes */
        {"\x9f\x81\x41\x00\xa0\x40\xff", 7},              /* indefinite */
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        refused(RB_KIND_STATEMENT, rb_slice(heads[i].bytes, heads[i].n), RB_ERR_MALFORMED, "9.1.1");
    const struct rb_slice note = statement(words(1), words(1));
    refused(RB_KIND_NOTICE, seal(RB_KIND_STATEMENT, note), RB_ERR_MALFORMED, "3.5.3");
    refused(RB_KIND_STATEMENT, head_padded(1, rb_str("\xa0"), 0), RB_ERR_MALFORMED, "3.5.2");
    refused(RB_KIND_STATEMENT, head_padded(1, rb_str("\xa1"), 0), RB_ERR_MALFORMED, "9.1.1");
    struct rb_writer w = fixture_writer(512); /* the padding a text string */
    rb_put_slice(&w, head_padded(1, note, 0));
    w.p[w.n - 1] = 0x60;
    refused(RB_KIND_STATEMENT, fixture_done(&w), RB_ERR_MALFORMED, "9.1.1");
}

static void kinds_that_are_never_closed(void **state) {
    (void)state;
    for (size_t i = 0; i < FIXTURE_KINDS; i++) {
        const enum rb_kind k = fixture_kinds[i];
        const struct rb_slice body = fixture_body(k);
        struct rb_writer w = fixture_writer(HEAD_ROOM);
        if (!rb_kind_always_open(k)) {
            assert_int_equal(rb_sealed_parts(k, body), k == RB_KIND_TEXT ? 3 : 1);
            continue;
        }
        assert_int_equal(rb_sealed_parts(k, body), 0);
        assert_int_equal(rb_sealed_head_encode(k, salts, body, &w), RB_ERR_MALFORMED);
        assert_int_equal(w.n, 0);
        refused(k, head_padded(1, body, 0), RB_ERR_MALFORMED, "3.4.6");
    }
    refused((enum rb_kind)30, head_padded(1, rb_str("\xa0"), 0), RB_ERR_UNSUPPORTED, "3.4.1");
    assert_int_equal(rb_sealed_parts((enum rb_kind)30, rb_str("\xa0")), 0);
    assert_int_equal(rb_sealed_parts(RB_KIND_STATEMENT, rb_str("\xa0")), 0);
}

/* ---- parts and commitments ---------------------------------------------------------------------
 */

static void parts_of_a_text(void **state) {
    (void)state;
    struct rb_slice got = {NULL, 0};
    struct rb_writer w = fixture_writer(256);
    const struct rb_hash h = fixture_hash(3);
    const struct rb_slice body = three_paragraphs(true), plain = three_paragraphs(false);
    assert_int_equal(rb_sealed_part(RB_KIND_TEXT, plain, 0, &fixture_arena, &got), RB_OK);
    assert_slice_equal(got, rb_slice("\xa2\x01\x65Truce\x02\x19\x01\x2c", 12));
    rb_put(&w, "\xa5\x01\x65Truce\x02\x19\x01\x2c\x04\x58\x20", 15);
    rb_put(&w, h.b, sizeof h.b);
    rb_put(&w, "\x05\xa2\x01\x01\x02\x02\x06\x72", 8);
    rb_put_z(&w, "as agreed by phone");
    assert_int_equal(rb_sealed_part(RB_KIND_TEXT, body, 0, &fixture_arena, &got), RB_OK);
    assert_slice_equal(got, fixture_done(&w));
    assert_int_equal(rb_sealed_part(RB_KIND_TEXT, body, 3, &fixture_arena, &got), RB_OK);
    assert_true(rb_slice_is(got, "From noon on."));
    assert_int_equal(rb_sealed_part(RB_KIND_TEXT, body, 4, &fixture_arena, &got), RB_ERR_NOT_FOUND);
    assert_int_equal(rb_sealed_part(RB_KIND_TEXT, body, SIZE_MAX, &fixture_arena, &got),
                     RB_ERR_NOT_FOUND);
}

static void parts_of_others(void **state) {
    (void)state;
    struct rb_slice got = {NULL, 0};
    const struct rb_slice note = statement(words(1), words(1)), file = attachment("a", "", 3);
    assert_int_equal(rb_sealed_part(RB_KIND_STATEMENT, note, 0, &fixture_arena, &got), RB_OK);
    assert_slice_equal(got, note);
    assert_int_equal(rb_sealed_part(RB_KIND_STATEMENT, note, 1, &fixture_arena, &got),
                     RB_ERR_NOT_FOUND);
    assert_int_equal(rb_sealed_part(RB_KIND_ATTACHMENT, file, 0, &fixture_arena, &got), RB_OK);
    assert_slice_equal(got, file);
    assert_int_equal(rb_sealed_part(RB_KIND_ATTACHMENT, file, 1, &fixture_arena, &got),
                     RB_ERR_NOT_FOUND);
}

/* computed with Python's hashlib: salt of 32 bytes 0x11 and "abc", with 0x00 and nothing */
static void commitment_values(void **state) {
    (void)state;
    uint8_t salt[RB_SALT_LEN], want[RB_HASH_LEN];
    struct rb_hash got;
    memset(salt, 0x11, sizeof salt);
    rb_commit(salt, rb_str("abc"), &got);
    assert_int_equal(
        rb_hex_decode(rb_str("d96502fca5ec9e7a0ae247f951e0cf47fdd15881a05c7b9af0e1080dd7242ff1"),
                      want, sizeof want),
        RB_OK);
    assert_memory_equal(got.b, want, sizeof want);
    memset(salt, 0, sizeof salt);
    rb_commit(salt, rb_slice(NULL, 0), &got);
    assert_int_equal(
        rb_hex_decode(rb_str("66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"),
                      want, sizeof want),
        RB_OK);
    assert_memory_equal(got.b, want, sizeof want);
}

/* rec becomes a closed record that commits to this head, decoded from a leaf of its own */
static void commit_to(enum rb_kind kind, struct rb_slice head, const struct rb_hash *content) {
    static struct rb_record draft;
    struct rb_sealed_head h;
    struct rb_hash c[RB_MAX_COMMITMENTS];
    struct rb_reject rj = {0};
    struct rb_writer w = fixture_writer((size_t)64 * (RB_MAX_COMMITMENTS + 1));
    assert_int_equal(rb_sealed_head_decode(kind, head, &h, NULL), RB_OK);
    assert_int_equal(rb_sealed_commitments(kind, &h, content, &fixture_arena, c), RB_OK);
    memset(&draft, 0, sizeof draft);
    draft.kind = kind;
    draft.has_channel = true;
    memcpy(draft.channel, fixture_channel, RB_CHANNEL_LEN);
    draft.created_utc_ms = FIXTURE_NOW;
    draft.precedence = RB_ROUTINE;
    draft.closed = true;
    draft.recipients = 3;
    draft.ciphertext_hash = fixture_hash(6);
    draft.ciphertext_size = 1000;
    rb_commitments_encode(c, h.parts_n, &w);
    draft.commitments = fixture_done(&w);
    draft.commitments_n = h.parts_n;
    const struct rb_slice leaf = fixture_leaf(&draft, 0, 1);
    if (rb_record_decode(leaf, &rec, &rj) != RB_OK) fail_msg("%s: %s", rj.clause, rj.what);
    assert_slice_equal(fixture_payload(&rec), rec.payload);
    for (size_t i = 0; i < h.parts_n; i++) {
        struct rb_hash got;
        rb_record_commitment(&rec, i, &got);
        assert_memory_equal(got.b, c[i].b, sizeof got.b);
    }
}

static enum rb_err judge(struct rb_slice head, const struct rb_hash *content, uint64_t *part) {
    struct rb_sealed_head h = {.parts_n = 77};
    struct rb_reject rj = {0};
    const enum rb_err e = rb_sealed_check(&rec, head, content, &fixture_arena, &h, &rj);
    assert_int_equal(h.parts_n == 77, e != RB_OK);
    if (e != RB_OK) assert_non_null(rj.clause);
    if (part) *part = rj.offset;
    return e;
}

static void leaf_and_head_of_every_size(void **state) {
    (void)state;
    static struct rb_slice p[RB_MAX_PARAGRAPHS];
    static const size_t counts[] = {1, 2, 22, 23, 24, 254, 255, 256, RB_MAX_PARAGRAPHS};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        fixture_reset();
        for (size_t k = 0; k < counts[i]; k++)
            p[k] = words(1 + k % 90);
        const struct rb_slice head = seal(RB_KIND_TEXT, text_body(p, counts[i], false));
        commit_to(RB_KIND_TEXT, head, NULL);
        assert_int_equal(judge(head, NULL, NULL), RB_OK);
        p[counts[i] - 1] = rb_str("changed"); /* the last paragraph: the last part */
        uint64_t part = 0;
        assert_int_equal(judge(seal(RB_KIND_TEXT, text_body(p, counts[i], false)), NULL, &part),
                         RB_ERR_PROOF);
        assert_int_equal(part, counts[i]);
    }
}

static void any_changed_bit_is_noticed(void **state) {
    (void)state;
    const struct rb_slice head = seal(RB_KIND_TEXT, three_paragraphs(true));
    uint8_t *copy = malloc(head.n);
    assert_non_null(copy);
    memcpy(copy, head.p, head.n);
    commit_to(RB_KIND_TEXT, head, NULL);
    const size_t mark = rb_arena_mark(&fixture_arena);
    for (size_t bit = 0; bit < 8 * head.n; bit++) {
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const enum rb_err e = judge(rb_slice(copy, head.n), NULL, NULL);
        assert_true(e == RB_ERR_MALFORMED || e == RB_ERR_PROOF || e == RB_ERR_LIMIT);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(rb_arena_mark(&fixture_arena), mark);
    }
    assert_int_equal(judge(rb_slice(copy, head.n), NULL, NULL), RB_OK);
    free(copy);
}

static void another_number_of_parts_is_noticed(void **state) {
    (void)state;
    const struct rb_slice p[2] = {rb_str("one"), rb_str("two")};
    const struct rb_slice one = seal(RB_KIND_TEXT, text_body(p, 1, false));
    const struct rb_slice two = seal(RB_KIND_TEXT, text_body(p, 2, false));
    uint64_t part = 0;
    commit_to(RB_KIND_TEXT, one, NULL);
    assert_int_equal(judge(two, NULL, &part), RB_ERR_PROOF);
    assert_int_equal(part, 2);
    commit_to(RB_KIND_TEXT, two, NULL);
    assert_int_equal(judge(one, NULL, &part), RB_ERR_PROOF);
    assert_int_equal(part, 2);
    commit_to(RB_KIND_STATEMENT, seal(RB_KIND_STATEMENT, statement(words(1), words(2))), NULL);
    assert_int_equal(judge(one, NULL, NULL), RB_ERR_MALFORMED); /* of another kind */
}

static void content_of_an_attachment(void **state) {
    (void)state;
    struct rb_hash content, wrong;
    struct rb_writer w = fixture_writer(HEAD_ROOM);
    struct rb_sealed_head h;
    const struct rb_slice head = seal(RB_KIND_ATTACHMENT, attachment("a.txt", "text/plain", 5));
    rb_commit(salts + RB_SALT_LEN, rb_str("hello"), &content);
    rb_commit(salts, rb_str("hello"), &wrong);
    commit_to(RB_KIND_ATTACHMENT, head, &content);
    assert_int_equal(rec.commitments_n, 2);
    rb_put_slice(&w, head);
    rb_put_z(&w, "hello");
    assert_int_equal(rb_sealed_head_decode(RB_KIND_ATTACHMENT, fixture_done(&w), &h, NULL), RB_OK);
    assert_int_equal(h.head_n, head.n);
    uint64_t part = 0;
    assert_int_equal(judge(fixture_done(&w), &content, NULL), RB_OK);
    assert_int_equal(judge(head, &content, NULL), RB_OK);
    assert_int_equal(judge(head, &wrong, &part), RB_ERR_PROOF);
    assert_int_equal(part, 1);
    assert_int_equal(judge(head, NULL, NULL), RB_ERR_USAGE);
    const struct rb_slice note = seal(RB_KIND_STATEMENT, statement(words(1), words(2)));
    commit_to(RB_KIND_STATEMENT, note, NULL);
    assert_int_equal(judge(note, &content, NULL), RB_ERR_USAGE);
    const struct rb_slice text = seal(RB_KIND_TEXT, three_paragraphs(false));
    commit_to(RB_KIND_TEXT, text, NULL);
    assert_int_equal(judge(text, &content, NULL), RB_ERR_USAGE);
}

/* the heading is made in the work arena and must not stay there */
static void nothing_stays_in_the_work_arena(void **state) {
    (void)state;
    uint8_t room[1024];
    const struct rb_slice head = seal(RB_KIND_TEXT, three_paragraphs(true));
    struct rb_arena work = rb_arena(room, sizeof room);
    struct rb_sealed_head h;
    struct rb_hash c[4];
    memset(room, 0xee, sizeof room);
    assert_int_equal(rb_sealed_head_decode(RB_KIND_TEXT, head, &h, NULL), RB_OK);
    assert_int_equal(rb_sealed_commitments(RB_KIND_TEXT, &h, NULL, &work, c), RB_OK);
    assert_int_equal(work.used, 0);
    assert_null(memmem(room, sizeof room, "Truce", 5));
    assert_null(memmem(room, sizeof room, "phone", 5));
    work = rb_arena(room, 16);
    assert_int_equal(rb_sealed_commitments(RB_KIND_TEXT, &h, NULL, &work, c), RB_ERR_LIMIT);
    assert_int_equal(work.used, 0);
}

/* the same words with the same salts commit alike: 9.1.6 */
static void same_salts_same_commitments(void **state) {
    (void)state;
    static struct rb_slice kept;
    const struct rb_slice body = three_paragraphs(false);
    commit_to(RB_KIND_TEXT, seal(RB_KIND_TEXT, body), NULL);
    kept = rec.commitments;
    commit_to(RB_KIND_TEXT, seal(RB_KIND_TEXT, body), NULL);
    assert_slice_equal(rec.commitments, kept);
    salts[0] ^= 1;
    commit_to(RB_KIND_TEXT, seal(RB_KIND_TEXT, body), NULL);
    assert_int_equal(rec.commitments.n, kept.n);
    assert_memory_not_equal(rec.commitments.p, kept.p, kept.n);
}

/* ---- attachment and roster ---------------------------------------------------------------------
 */

static void attachments(void **state) {
    (void)state;
    static const struct {
        const char *name, *type;
        bool ok;
    } cases[] = {{"a", "", true},
                 {"map of the north.pdf", "application/pdf", true},
                 {"\xd0\xba\xd0\xb0\xd1\x80\xd1\x82\xd0\xb0", "text/x.y-z+json", true},
                 {"...", "a/b", true},
                 {".", "", false},
                 {"..", "", false},
                 {"a/b", "", false},
                 {"/", "", false},
                 {"a\nb", "", false},
                 {"a\xe2\x80\xae"
                  "b",
                  "", false},
                 {"", "", false},
                 {"a", "text", false},
                 {"a", "text/", false},
                 {"a", "/plain", false},
                 {"a", "Text/plain", false},
                 {"a", "text/plain/x", false},
                 {"a", "text/plain; charset=utf-8", false},
                 {"a", "-x/y", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rb_attachment a = {0};
        struct rb_writer w = fixture_writer(1024);
        const struct rb_slice body = attachment(cases[i].name, cases[i].type, i);
        const enum rb_err e = rb_attachment_decode(body, &a, NULL);
        assert_int_equal(e == RB_OK, cases[i].ok);
        assert_int_equal(rb_body_check(RB_KIND_ATTACHMENT, body, NULL) == RB_OK, cases[i].ok);
        if (!cases[i].ok) {
            assert_null(a.name.p);
            continue;
        }
        assert_true(rb_slice_is(a.name, cases[i].name) && rb_slice_is(a.media_type, cases[i].type));
        assert_true(a.size == i && rb_slice_is(a.description, "north gate"));
        rb_attachment_encode(&a, &w);
        assert_slice_equal(fixture_done(&w), body);
    }
}

static void attachment_bounds(void **state) {
    (void)state;
    struct rb_attachment a = {.name = words(255), .size = RB_MAX_CONTENT};
    for (int which = 0; which < 4; which++) {
        struct rb_writer w = fixture_writer(2048);
        if (which == 1) a.name = words(256);
        if (which == 2) a = (struct rb_attachment){.name = words(1), .size = RB_MAX_CONTENT + 1};
        if (which == 3) a = (struct rb_attachment){.name = words(1), .media_type = words(128)};
        rb_attachment_encode(&a, &w);
        assert_int_equal(rb_attachment_decode(fixture_done(&w), &a, NULL) == RB_OK, which == 0);
    }
}

struct hours {
    bool has_from, has_to;
    int64_t from, to;
};
static struct rb_slice roster(const struct hours *hours, size_t n) {
    struct rb_writer w = fixture_writer(64 * (n + 1));
    rb_cbor_put_map(&w, 2);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_text(&w, rb_str("Watch"));
    rb_cbor_put_uint(&w, 2);
    rb_cbor_put_array(&w, n);
    for (size_t i = 0; i < n; i++) {
        rb_cbor_put_array(&w, 5);
        rb_cbor_put_text(&w, rb_str("A. Person"));
        if (i % 2)
            rb_cbor_put_text(&w, rb_str("watch"));
        else
            rb_cbor_put_null(&w);
        if (i % 3)
            rb_cbor_put_text(&w, rb_str("+41 22"));
        else
            rb_cbor_put_null(&w);
        if (hours[i].has_from)
            rb_cbor_put_uint(&w, (uint64_t)hours[i].from);
        else
            rb_cbor_put_null(&w);
        if (hours[i].has_to)
            rb_cbor_put_uint(&w, (uint64_t)hours[i].to);
        else
            rb_cbor_put_null(&w);
    }
    return fixture_done(&w);
}

static void rosters(void **state) {
    (void)state;
    const struct hours h[4] = {{false, false, 0, 0},
                               {true, true, FIXTURE_NOW, FIXTURE_NOW + 1},
                               {true, false, FIXTURE_NOW, 0},
                               {false, true, 0, FIXTURE_NOW}};
    struct rb_roster r = {0};
    assert_int_equal(rb_roster_decode(roster(h, 4), &fixture_arena, &r, NULL), RB_OK);
    assert_true(rb_slice_is(r.title, "Watch"));
    assert_int_equal(r.persons_n, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct rb_roster_person *p = &r.persons[i];
        assert_true(rb_slice_is(p->name, "A. Person"));
        assert_true(rb_slice_is(p->duty, i % 2 ? "watch" : ""));
        assert_true(rb_slice_is(p->contact, i % 3 ? "+41 22" : ""));
        assert_true(p->has_from == h[i].has_from && p->from_utc_ms == h[i].from);
        assert_true(p->has_to == h[i].has_to && p->to_utc_ms == h[i].to);
    }
}

static void roster_refusals(void **state) {
    (void)state;
    static struct hours many[257];
    const struct hours empty = {true, true, FIXTURE_NOW, FIXTURE_NOW};
    struct rb_roster r = {0};
    struct rb_reject rj = {0};
    const struct rb_slice no_time = roster(&empty, 1);
    const size_t mark = rb_arena_mark(&fixture_arena);
    uint8_t room[32];
    struct rb_arena small = rb_arena(room, sizeof room);
    assert_int_equal(rb_roster_decode(no_time, &fixture_arena, &r, &rj), RB_ERR_MALFORMED);
    assert_string_equal(rj.clause, "3.6.25");
    assert_int_equal(rb_arena_mark(&fixture_arena), mark);
    assert_int_equal(rb_roster_decode(roster(many, 1), &small, &r, &rj), RB_ERR_LIMIT);
    assert_int_equal(small.used, 0);
    assert_int_equal(rb_roster_decode(roster(many, 0), &fixture_arena, &r, &rj), RB_ERR_MALFORMED);
    assert_int_equal(rb_roster_decode(roster(many, 257), &fixture_arena, &r, &rj), RB_ERR_LIMIT);
    assert_int_equal(r.persons_n, 0);
    assert_int_equal(rb_roster_decode(roster(many, 256), &fixture_arena, &r, &rj), RB_OK);
    assert_int_equal(r.persons_n, 256);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
int main(void) {
    const struct CMUnitTest sealed[] = {
        TEST(every_length_is_padded_one_way),
        TEST(any_number_of_parts_is_padded_one_way),
        TEST(padding_is_zeros),
        TEST(longest_head),
        TEST(no_room_is_a_limit),
        TEST(cut_or_longer_is_refused),
        TEST(salts_and_parts_agree),
        TEST(broken_forms),
        TEST(kinds_that_are_never_closed),
        TEST(parts_of_a_text),
        TEST(parts_of_others),
        TEST(commitment_values),
        TEST(leaf_and_head_of_every_size),
        TEST(any_changed_bit_is_noticed),
        TEST(another_number_of_parts_is_noticed),
        TEST(content_of_an_attachment),
        TEST(nothing_stays_in_the_work_arena),
        TEST(same_salts_same_commitments),
        TEST(attachments),
        TEST(attachment_bounds),
        TEST(rosters),
        TEST(roster_refusals),
    };
    if (rb_crypto_init() != RB_OK) return 1;
    return cmocka_run_group_tests(sealed, NULL, NULL);
}
