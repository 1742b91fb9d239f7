/* Files into the node and out of it: attachments. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client.h"
#include "readback/text.h"

#define PIECE ((size_t)512 << 10)
#define STEP 65536u

static json_t *fail_json(const char *code, const char *sentence) {
    return json_pack("{s:{s:s,s:n,s:n,s:n,s:s,s:n}}", "error", "code", code, "clause", "field",
                     "offset", "sentence", sentence, "hint");
}
static int failed(json_t **out, int status, const char *code, const char *sentence) {
    json_decref(*out);
    *out = fail_json(code, sentence);
    return status;
}

/* ---- in -----------------------------------------------------------------------------------------
 */
/* n bytes, fewer only at the end of the file; -1: it could not be read */
static ssize_t read_full(int fd, uint8_t *buf, size_t n) {
    size_t got = 0;
    while (got < n) {
        ssize_t k = read(fd, buf + got, n - got);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return -1;
        if (k == 0) break;
        got += (size_t)k;
    }
    return (ssize_t)got;
}
static json_t *piece(uint64_t from, struct rb_slice data) {
    size_t cap = data.n / 3 * 4 + 8;
    char *text = malloc(cap);
    if (text == NULL) return NULL;
    struct rb_writer w = rb_writer(text, cap);
    rb_put_base64(&w, data.p, data.n);
    json_t *in = json_pack("{s:I,s:s%}", "from", (json_int_t)from, "data", text, w.n);
    rb_wipe(text, cap);
    free(text);
    return in;
}
struct sending {
    const struct rb_client *c;
    int fd;
    uint64_t size;
    char path[96];
    rb_client_progress progress;
    void *ctx;
};
static int send_pieces(const struct sending *s, uint8_t *buf, json_t **out) {
    uint64_t at = 0;
    do {
        size_t want = s->size - at < PIECE ? (size_t)(s->size - at) : PIECE;
        ssize_t n = read_full(s->fd, buf, want);
        if (n < 0 || (size_t)n != want)
            return failed(out, 400, "io", "the file could not be read to its end, or it changed");
        json_t *in = piece(at, rb_slice(buf, want));
        if (in == NULL) return failed(out, 500, "limit", "memory is short");
        json_decref(*out);
        *out = NULL;
        int status = s->c->call(s->c->ctx, "POST", s->path, in, out);
        json_decref(in);
        if (status != 200) return status;
        at += want;
        if (s->progress) s->progress(s->ctx, at, s->size);
    } while (at < s->size);
    return json_is_true(json_object_get(*out, "done"))
               ? 200
               : failed(out, 500, "internal", "the node took all bytes and says it is not done");
}
/* from the present place of the descriptor to the end of the file */
static bool rest_of(int fd, uint64_t *size) {
    struct stat st;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < at) return false;
    *size = (uint64_t)(st.st_size - at);
    return true;
}
int rb_client_upload(const struct rb_client *c, int fd, const json_t *meta,
                     rb_client_progress progress, void *ctx, json_t **out) {
    struct sending s = {.c = c, .fd = fd, .progress = progress, .ctx = ctx};
    json_t *begun = NULL, *none = NULL;
    *out = NULL;
    if (!rest_of(fd, &s.size)) return failed(out, 400, "usage", "a regular file is wanted");
    json_t *in = json_copy((json_t *)(uintptr_t)meta);
    json_object_set_new(in, "size", json_integer((json_int_t)s.size));
    int status = c->call(c->ctx, "POST", "/v1/uploads", in, &begun);
    json_decref(in);
    const char *id = json_string_value(json_object_get(begun, "upload"));
    if (status != 200 || id == NULL) {
        *out = begun;
        return status;
    }
    snprintf(s.path, sizeof s.path, "/v1/uploads/%s", id);
    uint8_t *buf = malloc(PIECE);
    status = buf ? send_pieces(&s, buf, out) : failed(out, 500, "limit", "memory is short");
    if (buf) rb_wipe(buf, PIECE);
    free(buf);
    if (status == 200) {
        json_decref(*out);
        *out = json_pack("{s:s}", "upload", id);
    } else {
        snprintf(s.path, sizeof s.path, "/v1/uploads/%s/drop", id);
        (void)c->call(c->ctx, "POST", s.path, NULL, &none);
        json_decref(none);
    }
    json_decref(begun);
    return status;
}

/* ---- out ----------------------------------------------------------------------------------------
 */
static bool write_full(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}
/* bytes of "data" into fd; false: not base64, or not written */
static bool write_data(const json_t *answer, int fd, size_t *n) {
    const json_t *d = json_object_get(answer, "data");
    size_t cap = json_string_length(d) / 4 * 3 + 3;
    uint8_t *buf = malloc(cap);
    bool ok = buf && json_is_string(d) &&
              rb_base64_decode(rb_slice(json_string_value(d), json_string_length(d)), buf, cap,
                               n) == RB_OK &&
              write_full(fd, buf, *n);
    if (buf) rb_wipe(buf, cap);
    free(buf);
    return ok;
}
int rb_client_download(const struct rb_client *c, const char *record, int fd, uint64_t from,
                       rb_client_progress progress, void *ctx, json_t **out) {
    char path[4096], after[64];
    *out = NULL;
    if (from % STEP != 0) return failed(out, 400, "usage", "a multiple of 65,536 is wanted");
    for (;;) {
        size_t n = 0;
        snprintf(after, sizeof after, "/content?from=%llu", (unsigned long long)from);
        rb_client_path(path, sizeof path, "/v1/records/", record, after);
        int status = c->call(c->ctx, "GET", path, NULL, out);
        if (status != 200) return status;
        if (!write_data(*out, fd, &n))
            return failed(out, 500, "io", "the file could not be written");
        from += n;
        if (progress)
            progress(ctx, from, (uint64_t)json_integer_value(json_object_get(*out, "size")));
        const json_t *next = json_object_get(*out, "next");
        if (!json_is_integer(next)) break;
        if ((uint64_t)json_integer_value(next) != from || n == 0)
            return failed(out, 500, "internal", "the node's answer does not go on where it ended");
        json_decref(*out);
        *out = NULL;
    }
    json_object_del(*out, "data");
    json_object_del(*out, "from");
    json_object_del(*out, "next");
    return 200;
}
