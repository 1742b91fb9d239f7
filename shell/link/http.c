#include "http.h"
#include "readback/text.h"

size_t rb_http_head_end(const uint8_t *p, size_t n, size_t from) {
    size_t at = from > 3 ? from - 3 : 0;
    while (n - at >= 4) {
        const uint8_t *cr = memchr(p + at, '\r', n - at - 3);
        if (cr == NULL) return 0;
        if (memcmp(cr, "\r\n\r\n", 4) == 0) return (size_t)(cr - p) + 4;
        at = (size_t)(cr - p) + 1;
    }
    return 0;
}

static bool is_token(uint8_t c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

static bool same_word(struct rb_slice a, const char *z) { /* ASCII, any case */
    if (a.n != strlen(z)) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower((uint8_t)z[i])) return false;
    return true;
}

static bool has_control(struct rb_slice s) {
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f) return true;
    return false;
}

static struct rb_slice trim(struct rb_slice s) {
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) s = rb_slice(s.p + 1, s.n - 1);
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

/* a line that ends in CR LF and has neither elsewhere */
static enum rb_err get_crlf_line(struct rb_reader *r, struct rb_slice *out, struct rb_reject *rj) {
    struct rb_slice line = {0};
    size_t at = r->at;
    if (rb_get_line(r, &line) != RB_OK || line.n == 0 || line.p[line.n - 1] != '\r')
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.1", "a line does not end in CR LF", at);
    line.n--;
    if (rb_slice_find(line, 0, '\r') < line.n)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.1", "a bare CR", at);
    *out = line;
    return RB_OK;
}

/* The fields with a meaning here; each may stand once. */
enum field { F_LENGTH, F_TRANSFER, F_ENCODING, F_CONNECTION, F_TYPE, F_HEADS, F_HOST, F_EXPECT, F_LATER, F_N };
static const char *const field_names[F_N] = {
    "Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection",
    "Content-Type",   "Readback-Heads",    "Host",             "Expect",
    "Retry-After"};

struct fields {
    bool has[F_N];
    struct rb_slice value[F_N];
    size_t at[F_N];
};

static enum rb_err field_split(struct rb_slice line, size_t at, struct rb_slice *name,
                               struct rb_slice *value, struct rb_reject *rj) {
    size_t colon = rb_slice_find(line, 0, ':');
    if (colon == line.n || colon == 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.3", "a field without a name", at);
    *name = rb_slice_sub(line, 0, colon);
    for (size_t i = 0; i < name->n; i++) /* a blank, too: no folded lines, none before the colon */
        if (!is_token(name->p[i]))
            return rb_reject(rj, RB_ERR_MALFORMED, "7.3.3", "a field name is malformed", at + i);
    *value = trim(rb_slice_sub(line, colon + 1, line.n));
    if (has_control(*value))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.3", "a control character in a field", at);
    return RB_OK;
}

static enum rb_err fields_decode(struct rb_reader *r, struct fields *out, struct rb_reject *rj) {
    for (size_t n = 0;; n++) {
        struct rb_slice line = {0}, name = {0}, value = {0};
        size_t at = r->at;
        RB_TRY(get_crlf_line(r, &line, rj));
        if (line.n == 0) break;
        if (n >= RB_HTTP_MAX_FIELDS)
            return rb_reject(rj, RB_ERR_LIMIT, "7.3.2", "too many fields", at);
        RB_TRY(field_split(line, at, &name, &value, rj));
        for (int f = 0; f < F_N; f++) {
            if (!same_word(name, field_names[f])) continue;
            if (out->has[f])
                return rb_reject(rj, RB_ERR_MALFORMED, "7.3.4", "a field stands twice", at);
            out->has[f] = true;
            out->value[f] = value;
            out->at[f] = at;
        }
    }
    if (rb_get_end(r) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.1", "bytes behind the head", r->at);
    return RB_OK;
}

static enum rb_err framing_decode(const struct fields *f, uint64_t max_body,
                                  struct rb_http_head *out, struct rb_reject *rj) {
    if (f->has[F_TRANSFER])
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.3.5", "transfer codings are not used here",
                         f->at[F_TRANSFER]);
    if (f->has[F_LENGTH]) {
        if (rb_dec_decode(f->value[F_LENGTH], &out->length) != RB_OK)
            return rb_reject(rj, RB_ERR_MALFORMED, "7.3.5", "Content-Length is not a number",
                             f->at[F_LENGTH]);
        if (out->length > max_body)
            return rb_reject(rj, RB_ERR_LIMIT, "7.3.6", "the body is too large", f->at[F_LENGTH]);
        out->has_length = true;
    }
    if (f->has[F_ENCODING] && !same_word(f->value[F_ENCODING], "identity")) {
        if (!same_word(f->value[F_ENCODING], "gzip"))
            return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.3.7", "unknown content coding",
                             f->at[F_ENCODING]);
        out->gzip = true;
    }
    out->close = f->has[F_CONNECTION] && same_word(f->value[F_CONNECTION], "close");
    out->content_type = f->value[F_TYPE];
    out->heads = f->value[F_HEADS];
    return RB_OK;
}

static enum rb_err target_decode(struct rb_slice target, struct rb_http_head *out, int *status,
                                 struct rb_reject *rj) {
    if (target.n > RB_HTTP_MAX_TARGET) {
        *status = 414;
        return rb_reject(rj, RB_ERR_LIMIT, "7.3.2", "the target is too long", 0);
    }
    if (target.n == 0 || target.p[0] != '/')
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.2", "the target is not a path", 0);
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= 0x20 || target.p[i] >= 0x7f || target.p[i] == '#')
            return rb_reject(rj, RB_ERR_MALFORMED, "7.3.2", "a byte that no target has", i);
    size_t mark = rb_slice_find(target, 0, '?');
    out->path = rb_slice_sub(target, 0, mark);
    out->query = rb_slice_sub(target, mark + 1, target.n);
    return RB_OK;
}

static enum rb_err request_line_decode(struct rb_slice line, struct rb_http_head *out, int *status,
                                       struct rb_reject *rj) {
    size_t a = rb_slice_find(line, 0, ' ');
    size_t b = a < line.n ? rb_slice_find(line, a + 1, ' ') : line.n;
    if (b == line.n)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.2", "the request line is malformed", 0);
    struct rb_slice method = rb_slice_sub(line, 0, a), version = rb_slice_sub(line, b + 1, line.n);
    if (!rb_slice_starts(version, "HTTP/"))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.2", "the request line is malformed", b + 1);
    if (!rb_slice_is(version, "HTTP/1.1")) {
        *status = 505;
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.3.2", "not HTTP/1.1", b + 1);
    }
    out->post = rb_slice_is(method, "POST");
    if (!out->post && !rb_slice_is(method, "GET")) {
        *status = 501;
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.3.2", "neither GET nor POST", 0);
    }
    return target_decode(rb_slice_sub(line, a + 1, b), out, status, rj);
}

static int framing_status(enum rb_err err, const struct fields *f, const struct rb_http_head *h) {
    if (err == RB_ERR_LIMIT) return 413;
    if (f->has[F_TRANSFER]) return f->has[F_LENGTH] ? 400 : 411;
    if (f->has[F_ENCODING] && !h->gzip && err == RB_ERR_UNSUPPORTED) return 415;
    return 400;
}

static enum rb_err request_needs(const struct fields *f, const struct rb_http_head *h, int *status,
                                 struct rb_reject *rj) {
    *status = 400;
    if (!f->has[F_HOST])
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.4", "no Host field", 0);
    if (!h->post && (h->length != 0 || h->gzip))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.5", "a GET with a body", 0);
    if (f->has[F_EXPECT]) {
        *status = 417;
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.3.4", "Expect is not answered here",
                         f->at[F_EXPECT]);
    }
    if (h->post && !h->has_length) {
        *status = 411;
        return rb_reject(rj, RB_ERR_MALFORMED, "7.3.5", "a POST without Content-Length", 0);
    }
    return RB_OK;
}

enum rb_err rb_http_request_decode(struct rb_slice head, uint64_t max_body,
                                   struct rb_http_head *out, int *status, struct rb_reject *rj) {
    struct rb_http_head h = {0};
    struct rb_reader r = rb_reader(head);
    struct fields f = {0};
    struct rb_slice line = {0};
    *status = 400;
    RB_TRY(get_crlf_line(&r, &line, rj));
    RB_TRY(request_line_decode(line, &h, status, rj));
    enum rb_err err = fields_decode(&r, &f, rj);
    *status = err == RB_ERR_LIMIT ? 431 : 400;
    if (err != RB_OK) return err;
    err = framing_decode(&f, max_body, &h, rj);
    *status = framing_status(err, &f, &h);
    if (err != RB_OK) return err;
    RB_TRY(request_needs(&f, &h, status, rj));
    *status = 200;
    *out = h;
    return RB_OK;
}

static enum rb_err status_line_decode(struct rb_slice line, int *out, struct rb_reject *rj) {
    uint64_t code = 0;
    if (!rb_slice_starts(line, "HTTP/1.1 ") || line.n < 12 || (line.n > 12 && line.p[12] != ' ') ||
        rb_dec_decode(rb_slice_sub(line, 9, 12), &code) != RB_OK || code < 200 || code > 599 ||
        has_control(line))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.4.1", "the status line is malformed", 0);
    *out = (int)code;
    return RB_OK;
}

static bool status_has_no_body(int status) { return status == 204 || status == 304; }

enum rb_err rb_http_response_decode(struct rb_slice head, uint64_t max_body,
                                    struct rb_http_head *out, struct rb_reject *rj) {
    struct rb_http_head h = {0};
    struct rb_reader r = rb_reader(head);
    struct fields f = {0};
    struct rb_slice line = {0};
    RB_TRY(get_crlf_line(&r, &line, rj));
    RB_TRY(status_line_decode(line, &h.status, rj));
    RB_TRY(fields_decode(&r, &f, rj));
    RB_TRY(framing_decode(&f, max_body, &h, rj));
    if (h.gzip)
        return rb_reject(rj, RB_ERR_UNSUPPORTED, "7.4.2", "a compressed answer", f.at[F_ENCODING]);
    if (status_has_no_body(h.status) && h.length != 0)
        return rb_reject(rj, RB_ERR_MALFORMED, "7.4.2", "a body where none belongs", 0);
    if (!h.has_length && !status_has_no_body(h.status))
        return rb_reject(rj, RB_ERR_MALFORMED, "7.4.2", "an answer without Content-Length", 0);
    uint64_t later; /* a date is not looked at: clocks differ */
    if (f.has[F_LATER] && rb_dec_decode(f.value[F_LATER], &later) == RB_OK && later <= UINT32_MAX)
        h.retry_after_s = (uint32_t)later;
    *out = h;
    return RB_OK;
}

/* ---- our own ------------------------------------------------------------------------------ */
static void put_field(struct rb_writer *w, enum field f, struct rb_slice value) {
    if (value.n == 0) return;
    rb_put_z(w, field_names[f]);
    rb_put_z(w, ": ");
    rb_put_slice(w, value);
    rb_put_z(w, "\r\n");
}

static void put_length(struct rb_writer *w, size_t n) {
    rb_put_z(w, "Content-Length: ");
    rb_put_dec(w, n);
    rb_put_z(w, "\r\n");
}

void rb_http_request_encode(bool post, struct rb_slice target, struct rb_slice host, size_t body_n,
                            struct rb_writer *w) {
    rb_put_z(w, post ? "POST " : "GET ");
    rb_put_slice(w, target);
    rb_put_z(w, " HTTP/1.1\r\n");
    put_field(w, F_HOST, host);
    if (post) put_length(w, body_n);
    rb_put_z(w, "\r\n");
}

static const char *reason_phrase(int status) {
    static const struct {
        int status;
        const char *phrase;
    } t[] = {{200, "OK"},          {202, "Accepted"},          {204, "No Content"},
             {400, "Bad Request"}, {403, "Forbidden"},         {404, "Not Found"},
             {409, "Conflict"},    {413, "Content Too Large"}, {422, "Unprocessable Content"}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        if (t[i].status == status) return t[i].phrase;
    return ""; /* the phrase may be empty (RFC 9112 4) */
}

void rb_http_response_encode(int status, struct rb_slice content_type, struct rb_slice heads,
                             bool close, size_t body_n, struct rb_writer *w) {
    rb_http_later_encode(0, status, content_type, heads, close, body_n, w);
}

void rb_http_later_encode(uint32_t retry_after_s, int status, struct rb_slice content_type,
                          struct rb_slice heads, bool close, size_t body_n, struct rb_writer *w) {
    rb_put_z(w, "HTTP/1.1 ");
    rb_put_dec(w, (uint64_t)status);
    rb_put_z(w, " ");
    rb_put_z(w, reason_phrase(status));
    rb_put_z(w, "\r\n");
    put_field(w, F_TYPE, content_type);
    put_field(w, F_HEADS, heads);
    if (retry_after_s) {
        char digits[16];
        struct rb_writer d = rb_writer(digits, sizeof digits);
        rb_put_dec(&d, retry_after_s);
        put_field(w, F_LATER, rb_written(&d));
    }
    if (close) put_field(w, F_CONNECTION, rb_str("close"));
    if (!status_has_no_body(status)) put_length(w, body_n);
    rb_put_z(w, "\r\n");
}
