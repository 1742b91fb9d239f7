/* HTTP heads of the peer port (spec 7.3, 7.4). The bytes are read as a request and as an answer;
 * what is accepted must be framed by what it says in plain sight: a second, naive reading of the
 * lines finds the same length, and nothing that another program would frame otherwise. */
#include "fuzz.h"
#include "readback/limits.h"
#include "shell/link/http.h"
#include "readback/text.h"

static uint8_t out[RB_HTTP_MAX_HEAD + 1024];

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* how many lines begin with `name` (lower case, with its colon), in any case of letters */
static unsigned lines_with(struct rb_slice head, const char *name) {
    unsigned found = 0;
    const size_t n = strlen(name);
    for (size_t at = rb_slice_find(head, 0, '\n') + 1; at + n <= head.n;
         at = rb_slice_find(head, at, '\n') + 1) {
        size_t k = 0;
        while (k < n && lower(head.p[at + k]) == (uint8_t)name[k])
            k++;
        found += k == n;
    }
    return found;
}

static void framed(struct rb_slice head, const struct rb_http_head *h) {
    FUZZ_CHECK(lines_with(head, "transfer-encoding") == 0);
    FUZZ_CHECK(lines_with(head, "content-length:") == (h->has_length ? 1u : 0u));
    FUZZ_CHECK(lines_with(head, " ") == 0 && lines_with(head, "\t") == 0);
    FUZZ_CHECK(h->length <= RB_MAX_REQUEST && (h->has_length || h->length == 0));
    for (size_t i = 0; i < head.n; i++) {
        FUZZ_CHECK(head.p[i] != 0);
        FUZZ_CHECK((head.p[i] == '\r') == (i + 1 < head.n && head.p[i + 1] == '\n'));
        FUZZ_CHECK(head.p[i] != '\n' || (i > 0 && head.p[i - 1] == '\r'));
    }
}

/* what we write of it is read again as the same */
static void request_again(const struct rb_http_head *h) {
    struct rb_http_head again;
    struct rb_reject rj = {0};
    int status = 0;
    uint8_t target[RB_HTTP_MAX_TARGET];
    struct rb_writer t = rb_writer(target, sizeof target), w = rb_writer(out, sizeof out);
    rb_put_slice(&t, h->path);
    if (h->query.p != NULL) rb_put_z(&t, "?");
    rb_put_slice(&t, h->query);
    FUZZ_CHECK(!t.over);
    rb_http_request_encode(h->post, rb_written(&t), rb_str("a.example:7443"), (size_t)h->length,
                           &w);
    FUZZ_CHECK(!w.over && rb_http_head_end(out, w.n, 0) == w.n);
    FUZZ_CHECK(rb_http_request_decode(rb_written(&w), RB_MAX_REQUEST, &again, &status, &rj) ==
               RB_OK);
    FUZZ_CHECK(again.post == h->post && again.length == h->length);
    FUZZ_CHECK(rb_slice_eq(again.path, h->path) && rb_slice_eq(again.query, h->query));
}

static void one_request(struct rb_slice head) {
    struct rb_http_head h = {.status = -1};
    struct rb_reject rj = {0};
    int status = 0;
    if (rb_http_request_decode(head, RB_MAX_REQUEST, &h, &status, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && status >= 400 && status <= 599 && h.status == -1);
        return;
    }
    framed(head, &h);
    FUZZ_CHECK(h.path.n > 0 && h.path.p[0] == '/' && h.post == (head.p[0] == 'P'));
    FUZZ_CHECK(lines_with(head, "host:") == 1 && (h.post ? h.has_length : h.length == 0));
    request_again(&h);
}

static void one_answer(struct rb_slice head) {
    struct rb_http_head h = {.status = -1}, again;
    struct rb_reject rj = {0};
    if (rb_http_response_decode(head, RB_MAX_REQUEST, &h, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && h.status == -1);
        return;
    }
    framed(head, &h);
    FUZZ_CHECK(h.status >= 200 && h.status <= 599 && !h.gzip);
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_http_response_encode(h.status, h.content_type, h.heads, h.close, (size_t)h.length, &w);
    FUZZ_CHECK(!w.over &&
               rb_http_response_decode(rb_written(&w), RB_MAX_REQUEST, &again, &rj) == RB_OK);
    FUZZ_CHECK(again.status == h.status && again.length == h.length && again.close == h.close);
    FUZZ_CHECK(rb_slice_eq(again.content_type, h.content_type) &&
               rb_slice_eq(again.heads, h.heads));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n > RB_HTTP_MAX_HEAD) return 0;
    const size_t end = rb_http_head_end(data, n, 0);
    for (size_t cut = 0; cut < n && cut < 64; cut++) /* wherever the bytes were cut on their way */
        FUZZ_CHECK(rb_http_head_end(data, n, cut) == end || rb_http_head_end(data, cut, 0) == end);
    one_request(rb_slice(data, n));
    one_answer(rb_slice(data, n));
    if (end != 0 && end != n) {
        one_request(rb_slice(data, end));
        one_answer(rb_slice(data, end));
    }
    return 0;
}
