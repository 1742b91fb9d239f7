#include "internal.h"
#include <stdlib.h>
#include <sys/mman.h>

#define FIRST_ROOM 16384u
#define MAPPED ((size_t)256 << 10) /* from here on room is mapped, so that it grows without being copied */

static uint8_t *room_grow(uint8_t *was, size_t had, size_t want) {
    if (want < MAPPED) return realloc(was, want);
    void *p = had >= MAPPED ? mremap(was, had, want, MREMAP_MAYMOVE)
                            : mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (had >= MAPPED) return p;
    if (had > 0) memcpy(p, was, had);
    free(was);
    return p;
}

static void room_free(uint8_t *p, size_t had) {
    if (had >= MAPPED)
        munmap(p, had);
    else
        free(p);
}

void rb_message_reset(struct rb_message *m, struct rb_link *l) {
    l->bodies -= m->body_cap;
    room_free(m->body, m->body_cap);
    m->body = NULL;
    m->body_n = m->body_cap = m->head_n = 0;
    m->headed = false;
    m->rj = (struct rb_reject){0};
    m->h = (struct rb_http_head){0};
}

/* Memory follows what has arrived, not what was announced. */
static enum rb_err body_grow(struct rb_message *m, const struct rb_stream *s) {
    struct rb_link *l = s->link;
    size_t want = m->body_cap == 0 ? FIRST_ROOM : m->body_cap * 2;
    if (want > m->h.length) want = (size_t)m->h.length;
    uint8_t *p = NULL;
    size_t more = want - m->body_cap;
    if (want <= RB_LINK_ALWAYS || (l->bodies + more <= RB_LINK_MAX_BODIES &&
                                   s->ops->bodies(s) + more <= RB_LINK_MAX_OF_PARTY))
        p = room_grow(m->body, m->body_cap, want);
    if (p == NULL) {
        m->status = 503;
        return rb_reject(&m->rj, RB_ERR_BUSY, "7.2.4", "too many bodies at a time", 0);
    }
    l->bodies += more;
    m->body = p;
    m->body_cap = want;
    return RB_OK;
}

static enum rb_err too_much(struct rb_message *m) {
    m->status = 400;
    return rb_reject(&m->rj, RB_ERR_MALFORMED, "7.3.8", "bytes behind the message", 0);
}

/* the head is whole: read it, and keep what came behind it */
static enum rb_err take_head(struct rb_message *m, struct rb_stream *s, size_t end) {
    struct rb_slice head = rb_slice(m->head, end);
    size_t more = m->head_n - end;
    enum rb_err err = s->client ? rb_http_response_decode(head, RB_MAX_REQUEST, &m->h, &m->rj)
                                : rb_http_request_decode(head, RB_MAX_REQUEST, &m->h, &m->status, &m->rj);
    if (err != RB_OK) return err;
    m->headed = true;
    if (more > m->h.length) return too_much(m);
    if (more == 0) return RB_OK;
    RB_TRY(body_grow(m, s)); /* the first room is larger than a head */
    memcpy(m->body, m->head + end, more);
    m->body_n = more;
    return RB_OK;
}

static enum rb_io read_head(struct rb_message *m, struct rb_stream *s) {
    while (!m->headed) {
        size_t n = 0;
        enum rb_io io = rb_stream_read(s, m->head + m->head_n, sizeof m->head - m->head_n, &n);
        if (io != RB_IO_DONE) return io;
        size_t from = m->head_n;
        m->head_n += n;
        size_t end = rb_http_head_end(m->head, m->head_n, from);
        if (end != 0) {
            if (take_head(m, s, end) != RB_OK) return RB_IO_FAIL;
        } else if (m->head_n == sizeof m->head) {
            m->status = 431;
            (void)rb_reject(&m->rj, RB_ERR_LIMIT, "7.3.1", "the head is too long", m->head_n);
            return RB_IO_FAIL;
        }
    }
    return RB_IO_DONE;
}

static enum rb_io read_body(struct rb_message *m, struct rb_stream *s) {
    size_t turn = RB_LINK_PIECE; /* then others get theirs */
    while (m->body_n < m->h.length) {
        size_t n = 0;
        if (turn == 0) {
            rb_turn_bulk(s);
            return RB_IO_AGAIN;
        }
        if (m->body_n == m->body_cap && body_grow(m, s) != RB_OK) return RB_IO_FAIL;
        enum rb_io io = rb_stream_read(s, m->body + m->body_n, m->body_cap - m->body_n, &n);
        if (io != RB_IO_DONE) return io;
        m->body_n += n;
        turn -= n < turn ? n : turn;
    }
    return RB_IO_DONE;
}

enum rb_io rb_message_read(struct rb_message *m, struct rb_stream *s) {
    uint8_t extra;
    size_t n = 0;
    enum rb_io io = read_head(m, s);
    if (io == RB_IO_DONE) io = read_body(m, s);
    s->filling = io == RB_IO_AGAIN && m->headed && m->h.length > RB_LINK_SMALL;
    if (io != RB_IO_DONE) return io;
    /* one message at a time: nothing may wait behind it (spec 7.3.8) */
    io = rb_stream_read(s, &extra, 1, &n);
    if (io == RB_IO_AGAIN) return RB_IO_DONE;
    if (io == RB_IO_DONE) {
        (void)too_much(m);
        return RB_IO_FAIL;
    }
    if (!s->client) return io;
    m->h.close = true; /* an answer is whole even if its sender has left */
    return RB_IO_DONE;
}
