/* HTTP/1.1 heads, strictly (spec 7.3). Pure: bytes in, fields out; whatever two programs could read
 * differently is refused. Bodies are framed by Content-Length alone. */
#ifndef RB_SHELL_LINK_HTTP_H
#define RB_SHELL_LINK_HTTP_H
#include "readback/bytes.h"

#define RB_HTTP_MAX_HEAD 8192u    /* bytes up to and including the empty line */
#define RB_HTTP_MAX_TARGET 2048u  /* bytes of path and query */
#define RB_HTTP_MAX_FIELDS 64u

struct rb_http_head {       /* slices borrow from the head */
    bool post;              /* request */
    struct rb_slice path, query;
    int status;             /* response */
    bool has_length;
    uint64_t length;        /* of the body; 0 where none was stated */
    bool gzip;              /* Content-Encoding */
    bool close;             /* Connection: close */
    struct rb_slice content_type, heads;
    uint32_t retry_after_s; /* response; 0: none, or not a number of seconds */
};
/* Offset just behind the empty line that ends the head, 0 if it is not in p[0, n). Bytes before
 * `from` were searched already. */
size_t rb_http_head_end(const uint8_t *p, size_t n, size_t from);
/* `status`: what to answer where the request is refused (rj says why). RB_ERR_MALFORMED, LIMIT,
 * UNSUPPORTED */
enum rb_err rb_http_request_decode(struct rb_slice head, uint64_t max_body,
                                   struct rb_http_head *out, int *status,
                                   struct rb_reject *rj) RB_MUST_USE;
enum rb_err rb_http_response_decode(struct rb_slice head, uint64_t max_body,
                                    struct rb_http_head *out, struct rb_reject *rj) RB_MUST_USE;
/* Heads of our own messages. Empty slices: the field is left out. */
void rb_http_request_encode(bool post, struct rb_slice target, struct rb_slice host, size_t body_n,
                            struct rb_writer *w);
void rb_http_later_encode(uint32_t retry_after_s, int status, struct rb_slice content_type,
                          struct rb_slice heads, bool close, size_t body_n, struct rb_writer *w);
void rb_http_response_encode(int status, struct rb_slice content_type, struct rb_slice heads,
                             bool close, size_t body_n, struct rb_writer *w);

/* One gzip member and nothing behind it, at most `max` bytes of output, into memory that grows with
 * the output (free it). RB_ERR_MALFORMED, LIMIT (too large), BUSY (no memory). */
enum rb_err rb_gunzip(struct rb_slice in, size_t max, uint8_t **out, size_t *out_n,
                      struct rb_reject *rj) RB_MUST_USE;
#endif
