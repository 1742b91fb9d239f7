/* The local API and attachments: taken in piece by piece, given out again, sealed to others;
 * batches of closed records, and bodies that are purged or missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "api_world.h"
#include "readback/text.h"

/* ---- attachments
 * ---------------------------------------------------------------------------------- */
static uint8_t *content_of(size_t n) {
    uint8_t *p = malloc(n + 1);
    assert_non_null(p);
    uint32_t x = 12345;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        p[i] = (uint8_t)(x >> 24);
    }
    if (n > 1000) memcpy(p + n / 2, CANARY, strlen(CANARY));
    return p;
}
static json_t *meta(const char *name, const char *to) {
    return json_pack("{s:s,s:[s],s:s,s:s}", "channel", channel, "recipients", to, "name", name,
                     "media_type", "application/octet-stream");
}
static int file_of(const uint8_t *p, size_t n) {
    int fd = memfd_create("content", 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}
static uint64_t last_done, last_all;
static void count(void *ctx, uint64_t done, uint64_t all) {
    (void)ctx;
    last_done = done;
    last_all = all;
}
static void upload_file(struct sim_party *p, size_t n, const char *to, char id[65]) {
    struct rb_client c = sim_client(p);
    uint8_t *bytes = content_of(n);
    int fd = file_of(bytes, n);
    json_t *m = meta("map.bin", to), *out = NULL, *d;
    assert_int_equal(rb_client_upload(&c, fd, m, count, NULL, &out), 200);
    assert_int_equal(last_done, n);
    assert_int_equal(last_all, n);
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload",
                  str(out, "upload"));
    released(p, d, id);
    json_decref(out);
    json_decref(m);
    close(fd);
    free(bytes);
}
static void check_file(struct sim_party *p, const char *id, size_t n, uint64_t from) {
    struct rb_client c = sim_client(p);
    uint8_t *want = content_of(n), *got = malloc(n + 1);
    int fd = memfd_create("back", 0);
    json_t *out = NULL;
    assert_int_equal(rb_client_download(&c, id, fd, from, count, NULL, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "size")), n);
    assert_string_equal(str(out, "name"), "map.bin");
    assert_null(json_object_get(out, "data"));
    assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)(n - from));
    assert_int_equal(pread(fd, got, n - from, 0), (ssize_t)(n - from));
    assert_memory_equal(got, want + from, n - from);
    json_decref(out);
    close(fd);
    free(want);
    free(got);
}
static void test_attachments(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65536 - 256, 65536, 200001, 524288, 1200000};
    struct rb_client c = sim_client(east);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char id[65], path[256];
        json_t *out = NULL;
        upload_file(north, sizes[i], "south", id);
        settle();
        settle();
        json_t *r = get(south, "/v1/records/%s", id);
        assert_string_equal(str(r, "body_state"), "opened");
        assert_string_equal(str(r, "title"), "map.bin");
        json_decref(r);
        check_file(south, id, sizes[i], 0);
        check_file(north, id, sizes[i], 0);
        if (sizes[i] > 65536) check_file(south, id, sizes[i], 65536);
        snprintf(path, sizeof path, "/v1/records/%s/content", id);
        assert_int_equal(c.call(c.ctx, "GET", path, NULL, &out), 403);
        json_decref(out);
        snprintf(path, sizeof path, "/v1/records/%s/content?from=1", id);
        assert_int_equal(call(south, "GET", path, NULL, NULL), 400);
        snprintf(path, sizeof path, "/v1/records/%s/content?from=67043328", id);
        assert_int_equal(call(south, "GET", path, NULL, NULL), 400);
        assert_int_equal(walk(east, id, "map.bin"), 0);
    }
}
static void test_attachment_again(void **state) {
    (void)state;
    char id[65], later[65];
    upload_file(north, 200001, "south", id);
    settle();
    json_t *d = again("attachment", id, "east");
    released(north, d, later);
    settle();
    settle();
    check_file(east, later, 200001, 0);
    json_t *a = commitments(north, id), *b = commitments(east, later);
    assert_int_equal(json_array_size(a), 2);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
}

static int piece(const char *id, uint64_t from, size_t n, json_t **out) {
    char path[128];
    uint8_t *bytes = content_of(from + n);
    size_t cap = n * 2 + 8;
    char *text = malloc(cap);
    assert_non_null(text);
    struct rb_writer w = rb_writer(text, cap);
    rb_put_base64(&w, bytes + from, n);
    snprintf(path, sizeof path, "/v1/uploads/%s", id);
    int status =
        call(north, "POST", path,
             json_pack("{s:I,s:s}", "from", (json_int_t)from, "data", rb_writer_z(&w)), out);
    free(text);
    free(bytes);
    return status;
}
static void begin_upload(size_t size, char id[24]) {
    json_t *m = meta("map.bin", "south"), *out = NULL;
    json_object_set_new(m, "size", json_integer((json_int_t)size));
    assert_int_equal(call(north, "POST", "/v1/uploads", m, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 0);
    snprintf(id, 24, "%s", str(out, "upload"));
    json_decref(out);
}
static void drop_upload(const char *id, int status) {
    char path[128];
    snprintf(path, sizeof path, "/v1/uploads/%s/drop", id);
    assert_int_equal(call(north, "POST", path, json_object(), NULL), status);
}
static void test_upload_out_of_step(void **state) {
    (void)state;
    char id[24];
    json_t *out = NULL, *d;
    begin_upload(200000, id);
    assert_int_equal(piece(id, 65536, 65536, &out), 409);
    assert_string_equal(code(out), "from");
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 0);
    json_decref(out);
    assert_int_equal(piece(id, 0, 65535, NULL), 400);
    assert_int_equal(piece(id, 0, 0, NULL), 400);
    assert_int_equal(piece(id, 0, 262144, NULL), 400); /* more than its size */
    assert_int_equal(piece(id, 0, 65536, &out), 200);
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 65536);
    assert_true(json_is_false(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 0, 65536, &out), 409); /* the answer was lost: told where to go on */
    assert_int_equal(json_integer_value(json_object_get(out, "next")), 65536);
    json_decref(out);
    /* half an upload makes no record */
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload", id);
    assert_int_equal(call(north, "POST", "/v1/compose", d, &out), 409);
    assert_string_equal(str(json_object_get(out, "error"), "field"), "upload");
    json_decref(out);
    assert_int_equal(piece(id, 65536, 131072, NULL), 200);
    assert_int_equal(piece(id, 196608, 3392, &out), 200);
    assert_true(json_is_true(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 200000, 0, &out), 200); /* said again */
    assert_true(json_is_true(json_object_get(out, "done")));
    json_decref(out);
    assert_int_equal(piece(id, 200000, 1, NULL), 400);
    /* what is composed names this upload's body: another record cannot take it */
    struct rb_client c = sim_client(north);
    struct rb_signer_key officer = sim_officer(north, 0);
    json_t *one = NULL, *other = NULL;
    d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload", id);
    json_object_set_new(d, "recipients", json_pack("[s]", "east"));
    assert_int_equal(rb_client_compose(&c, d, &out), 400); /* the upload has its recipients */
    json_decref(out);
    json_object_del(d, "recipients");
    assert_int_equal(rb_client_compose(&c, d, &one), 200);
    json_decref(d);
    assert_string_equal(str(one, "upload"), id);
    assert_null(json_object_get(one, "sealed"));
    char second[24];
    begin_upload(1, second);
    assert_int_equal(piece(second, 0, 1, NULL), 200);
    other = json_copy(one);
    json_object_set_new(other, "upload", json_string(second));
    assert_int_equal(rb_client_submit(&c, &officer, other, false, &out), 422);
    assert_string_equal(code(out), "sealed");
    json_decref(out);
    json_decref(other);
    drop_upload(second, 200);
    drop_upload(second, 404);
    assert_int_equal(rb_client_submit(&c, &officer, one, false, &out), 200);
    json_decref(out);
    assert_int_equal(rb_client_submit(&c, &officer, one, false, &out), 404); /* used up */
    json_decref(out);
    json_decref(one);
}
static void test_uploads_bounded(void **state) {
    (void)state;
    char id[4][24];
    json_t *out = NULL, *m = meta("map.bin", "south");
    json_object_set_new(m, "size", json_integer(70000));
    for (size_t i = 0; i < 4; i++)
        begin_upload(70000, id[i]);
    assert_int_equal(call(north, "POST", "/v1/uploads", json_incref(m), &out), 503);
    json_decref(out);
    drop_upload(id[2], 200);
    begin_upload(70000, id[2]);
    sim_run_for(sim, 400 * SECOND);
    assert_int_equal(piece(id[1], 0, 65536, NULL), 200); /* kept alive */
    sim_run_for(sim, 300 * SECOND);
    assert_int_equal(piece(id[0], 0, 65536, NULL), 404);
    assert_int_equal(piece(id[1], 65536, 4464, NULL), 200);
    drop_upload(id[1], 200);
    drop_upload(id[3], 404);
    json_decref(m);
}

/* ---- many at once -------------------------------------------------------------------------------
 */
static void test_batch(void **state) {
    (void)state;
    json_t *list = json_array(), *out = NULL, *composed = NULL;
    for (size_t i = 0; i < 4; i++) {
        json_t *to = i == 2 ? NULL : json_pack("[s]", "south");
        json_t *body = i == 2 ? open_words() : words("many");
        assert_int_equal(
            call(north, "POST", "/v1/compose", draft("statement", body, to), &composed), 200);
        json_array_append_new(list, signed_by(north, composed));
        json_decref(composed);
    }
    /* the last brings another's body */
    json_object_set(json_array_get(list, 3), "sealed",
                    json_object_get(json_array_get(list, 0), "sealed"));
    assert_int_equal(
        call(north, "POST", "/v1/submit-batch", json_pack("{s:o}", "records", list), &out), 200);
    static const int want[] = {200, 200, 200, 422};
    for (size_t i = 0; i < 4; i++) {
        const json_t *a = json_array_get(json_object_get(out, "answers"), i);
        assert_int_equal(json_integer_value(json_object_get(a, "status")), want[i]);
    }
    char id[65];
    snprintf(id, sizeof id, "%s",
             str(json_array_get(json_object_get(out, "answers"), 1), "record"));
    json_decref(out);
    /* a place for who was never compared waits for a word, in a batch too */
    assert_int_equal(call(north, "POST", "/v1/compose",
                          draft("notice", site("many"), json_pack("[s]", "east")), &composed),
                     200);
    for (int despite = 0; despite < 2; despite++) {
        assert_int_equal(call(north, "POST", "/v1/submit-batch",
                              json_pack("{s:[o],s:b}", "records", signed_by(north, composed),
                                        "despite", despite),
                              &out),
                         200);
        const json_t *a = json_array_get(json_object_get(out, "answers"), 0);
        assert_int_equal(json_integer_value(json_object_get(a, "status")), despite ? 200 : 409);
        assert_true(despite || warning(a, "not-compared"));
        json_decref(out);
    }
    json_decref(composed);
    settle();
    json_t *r = get(south, "/v1/records/%s", id);
    assert_string_equal(str(r, "title"), "many");
    json_decref(r);
}

/* ---- purge
 * --------------------------------------------------------------------------------------- */
static int purge(struct sim_party *p, const char *id, bool despite, json_t **out) {
    char path[128];
    snprintf(path, sizeof path, "/v1/records/%s/purge", id);
    return call(p, "POST", path,
                json_pack("{s:s,s:b}", "reason", "no longer needed", "despite", (int)despite), out);
}
static void test_purge(void **state) {
    (void)state;
    char id[65], file[65], path[128];
    json_t *out = NULL;
    sim_cut(sim, north, south);
    sim_cut(sim, east, south);
    released(north, draft("statement", words("to go"), json_pack("[s]", "south")), id);
    sim_run_for(sim, 5 * SECOND);
    assert_int_equal(purge(north, id, false, &out), 409);
    assert_string_equal(code(out), "warnings");
    assert_non_null(warning(out, "not-held"));
    json_decref(out);
    sim_heal_all(sim);
    settle();
    settle();
    assert_int_equal(purge(east, id, true, NULL), 403); /* it has none */
    assert_int_equal(purge(north, id, false, &out), 200);
    assert_string_equal(str(out, "purged"), id);
    assert_int_equal(json_string_length(json_object_get(out, "record")), 64);
    json_decref(out);
    assert_int_equal(purge(north, id, false, &out), 409);
    assert_string_equal(code(out), "exists");
    json_decref(out);
    settle();
    json_t *own = get(north, "/v1/records/%s", id), *read = get(south, "/v1/records/%s", id);
    assert_string_equal(str(own, "body_state"), "purged");
    assert_true(json_is_null(json_object_get(own, "body")));
    assert_true(json_is_null(json_object_get(own, "title")));
    assert_string_equal(str(read, "body_state"), "opened");
    assert_true(json_is_true(json_object_get(holder_of(read, "north"), "purged")));
    assert_true(json_is_false(json_object_get(holder_of(read, "south"), "purged")));
    json_decref(own);
    json_decref(read);
    upload_file(north, 70000, "south", file);
    settle();
    assert_int_equal(purge(south, file, false, NULL), 200);
    snprintf(path, sizeof path, "/v1/records/%s/content", file);
    assert_int_equal(call(south, "GET", path, NULL, &out), 409);
    assert_string_equal(code(out), "body");
    json_decref(out);
    settle();
}

/* ---- a body that is not here --------------------------------------------------------------------
 */
static const json_t *problem(const json_t *doctor, const char *name) {
    size_t i;
    const json_t *p;
    json_array_foreach(json_object_get(doctor, "problems"), i, p) {
        if (strcmp(str(p, "code"), name) == 0) return p;
    }
    return NULL;
}
/* The leaf comes round by east; a long body is not carried by who may not keep it. */
static void test_missing(void **state) {
    (void)state;
    char id[65], other[65], path[128];
    json_t *out = NULL;
    out = get(south, "/v1/doctor", "");
    assert_null(problem(out, "bodies"));
    json_decref(out);
    sim_cut(sim, north, south);
    upload_file(north, 200001, "south", id);
    settle();
    released(south, draft("statement", open_words(), NULL), other); /* east answers with news */
    settle();
    out = get(south, "/v1/records/%s", id);
    assert_string_equal(str(out, "body_state"), "missing");
    assert_true(json_string_length(json_object_get(out, "body_why")) > 5);
    assert_true(json_is_null(json_object_get(out, "body")));
    assert_true(json_is_null(json_object_get(out, "title")));
    assert_false(json_is_true(json_object_get(out, "readable")));
    assert_true(json_is_false(json_object_get(holder_of(out, "south"), "held")));
    json_decref(out);
    snprintf(path, sizeof path, "/v1/records/%s/content", id);
    assert_int_equal(call(south, "GET", path, NULL, &out), 409);
    assert_string_equal(code(out), "body");
    json_decref(out);
    out = get(south, "/v1/status", "");
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(json_object_get(out, "channels"), 0), "bodies_missing")),
                     1);
    json_decref(out);
    out = get(south, "/v1/doctor", "");
    const json_t *p = problem(out, "bodies");
    assert_non_null(p);
    assert_non_null(strstr(str(p, "sentence"), "north"));
    assert_string_equal(str(p, "side"), "between");
    json_decref(out);
    sim_heal_all(sim);
    for (int i = 0; i < 10; i++)
        settle();
    check_file(south, id, 200001, 0);
    out = get(south, "/v1/doctor", "");
    assert_null(problem(out, "bodies"));
    json_decref(out);
}

/* ---- two officers release a file ----------------------------------------------------------------
 */
static bool second_channel(void *ctx) {
    return sim_node(ctx) && rb_node_channels(sim_node(ctx)) > 1;
}
static void found_second(void) {
    struct rb_client c = sim_client(north), s = sim_client(south);
    struct rb_signer_key officer = sim_officer(north, 0), party = sim_party_key(north),
                         officer_s = sim_officer(south, 0), party_s = sim_party_key(south);
    int status = 0;
    json_t *out = NULL,
           *charter = json_pack(
               "{s:s,s:b,s:[{s:s},{s:s}],s:[s],s:s,s:s,s:[{s:s,s:b,s:b}],s:i}", "title", "Files",
               "exercise", 1, "members", "handle", "north", "handle", "south", "accept_members",
               "south", "accept_by", "2015-10-30T00:00:00Z", "receipt_interval", "1s", "policies",
               "kind", "attachment", "closed", 1, "two_officers", 1, "rules_version", 1);
    status = rb_client_found(&c, &officer, &party, charter, &out);
    expect(status, 200, out);
    snprintf(channel, sizeof channel, "%s", str(out, "channel"));
    json_decref(out);
    json_decref(charter);
    assert_true(sim_run_while_not(sim, second_channel, south, 120 * SECOND));
    for (int tries = 0; tries < 20 && (status != 200 || tries == 0); tries++) {
        out = NULL;
        status = rb_client_accept(&s, &officer_s, &party_s, channel, &out);
        json_decref(out);
        sim_run_for(sim, SECOND);
    }
    assert_int_equal(status, 200);
    settle();
}
static void test_two_officers_and_a_file(void **state) {
    (void)state;
    char first[64], id[65];
    json_t *m, *out = NULL, *list;
    struct rb_client c = sim_client(north);
    snprintf(first, sizeof first, "%s", channel);
    found_second();
    uint8_t *bytes = content_of(200001);
    int fd = file_of(bytes, 200001);
    m = meta("map.bin", "south");
    assert_int_equal(rb_client_upload(&c, fd, m, NULL, NULL, &out), 200);
    json_t *d = json_pack("{s:s,s:s,s:s}", "channel", channel, "kind", "attachment", "upload",
                          str(out, "upload"));
    json_decref(out);
    assert_int_equal(release_by(north, 0, json_incref(d), &out), 202);
    json_decref(out);
    /* the draft has the ciphertext now: the upload is used up */
    assert_int_equal(call(north, "POST", "/v1/compose", d, NULL), 404);
    list = get(north, "/v1/drafts", "");
    const json_t *draft = json_array_get(json_object_get(list, "drafts"), 0);
    assert_string_equal(str(draft, "summary"), "map.bin");
    assert_string_equal(str(draft, "body_state"), "opened");
    struct rb_signer_key second = sim_officer(north, 1);
    int status = rb_client_countersign(&c, &second, str(draft, "draft"), &out);
    expect(status, 200, out);
    snprintf(id, sizeof id, "%s", str(out, "record"));
    json_decref(out);
    json_decref(list);
    settle();
    check_file(south, id, 200001, 0);
    json_decref(m);
    close(fd);
    free(bytes);
    snprintf(channel, sizeof channel, "%s", first);
}

/* ---- a disk that fails --------------------------------------------------------------------------
 */
struct failing { /* keeps nothing; the Nth write fails */
    unsigned writes, fail_at, begun, dropped;
    struct rb_api *api;
    int status;
    json_t *body;
};
static struct rb_now failing_now(void *ctx) {
    (void)ctx;
    return (struct rb_now){sim_mono_us(sim) / 1000, sim_utc_ms(sim)};
}
static void failing_random(void *ctx, void *out, size_t n) {
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)sim_random(sim);
}
static enum rb_err failing_stage(void *ctx, uint64_t *id, struct rb_slice bytes) {
    struct failing *f = ctx;
    assert_true(bytes.n > 0);
    if (++f->writes == f->fail_at) return RB_ERR_IO;
    if (*id == 0) *id = ++f->begun;
    return RB_OK;
}
static void failing_drop(void *ctx, uint64_t id) {
    struct failing *f = ctx;
    assert_int_equal(id, f->begun);
    f->dropped++;
}
static void failing_reply(void *ctx, int status, json_t *body) {
    struct failing *f = ctx;
    f->status = status;
    json_decref(f->body);
    f->body = body;
}
static int failing_call(void *ctx, const char *method, const char *path, const json_t *in,
                        json_t **out) {
    struct failing *f = ctx;
    rb_api_handle(f->api, method, path, "", in, failing_reply, f);
    *out = f->body;
    f->body = NULL;
    return f->status;
}
/* whatever write fails, the upload is gone, its place is free and nothing of it is kept */
static void test_failing_disk(void **state) {
    (void)state;
    bool clean = false;
    uint8_t *bytes = content_of(700000);
    for (unsigned n = 1; !clean; n++) {
        struct failing f = {.fail_at = n};
        struct rb_api_host host = {.ctx = &f,
                                   .node = sim_node(north),
                                   .now = failing_now,
                                   .random = failing_random,
                                   .stage = failing_stage,
                                   .stage_drop = failing_drop};
        struct rb_client c = {&f, failing_call, NULL};
        int fd = file_of(bytes, 700000);
        json_t *m = meta("map.bin", "south"), *out = NULL;
        assert_int_equal(rb_api_create(&host, &f.api), RB_OK);
        int status = rb_client_upload(&c, fd, m, NULL, NULL, &out);
        clean = f.writes < n;
        assert_int_equal(status, clean ? 200 : 500);
        assert_int_equal(f.dropped, clean || n == 1 ? 0 : 1);
        for (int i = 0; i < 5 && !clean; i++) { /* no place was lost */
            json_decref(out);
            json_object_set_new(m, "size", json_integer(1));
            status = c.call(c.ctx, "POST", "/v1/uploads", m, &out);
            assert_int_equal(status, i < 4 ? 200 : 503);
        }
        json_decref(out);
        json_decref(m);
        close(fd);
        rb_api_destroy(f.api);
        assert_true(n < 100);
    }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attachments),
        cmocka_unit_test(test_attachment_again),
        cmocka_unit_test(test_upload_out_of_step),
        cmocka_unit_test(test_uploads_bounded),
        cmocka_unit_test(test_failing_disk),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_purge),
        cmocka_unit_test(test_two_officers_and_a_file),
    };
    return cmocka_run_group_tests_name("api-attach", tests, world_begin, world_end);
}
