/* CSV as spreadsheets write it, spec 12.6.2. */
#include "readback/sitelist.h"

static enum rb_err refuse(struct rb_reject *rj, const char *what, size_t at) {
    return rb_reject(rj, RB_ERR_MALFORMED, "12.6.2", what, at);
}

/* a record ends here: CR LF, LF, or CR alone; *n bytes of it */
static bool line_end(const struct rb_csv *c, size_t at, size_t *n) {
    if (c->in.p[at] == '\n') {
        *n = 1;
        return true;
    }
    *n = at + 1 < c->in.n && c->in.p[at + 1] == '\n' ? 2 : 1;
    return c->in.p[at] == '\r';
}

/* the bytes between the quotes, "" as one quote */
static enum rb_err unquote(struct rb_arena *a, struct rb_slice raw, struct rb_slice *out) {
    if (raw.n == 0 || memchr(raw.p, '"', raw.n) == NULL) {
        *out = raw;
        return RB_OK;
    }
    uint8_t *p = rb_arena_alloc(a, raw.n);
    if (p == NULL) return RB_ERR_LIMIT;
    struct rb_writer w = rb_writer(p, raw.n);
    for (size_t i = 0; i < raw.n; i++) {
        rb_put_u8(&w, raw.p[i]);
        i += raw.p[i] == '"';
    }
    return rb_writer_done(&w, out);
}

static enum rb_err quoted(struct rb_csv *c, struct rb_arena *a, struct rb_slice *out,
                          struct rb_reject *rj) {
    const size_t from = ++c->at;
    size_t n;
    for (; c->at < c->in.n; c->at++) {
        if (c->in.p[c->at] != '"') continue;
        if (c->at + 1 == c->in.n || c->in.p[c->at + 1] != '"') break;
        c->at++;
    }
    if (c->at == c->in.n) return refuse(rj, "a quoted cell without an end", from - 1);
    const struct rb_slice raw = rb_slice_sub(c->in, from, c->at++);
    if (c->at < c->in.n && c->in.p[c->at] != c->separator && !line_end(c, c->at, &n))
        return refuse(rj, "more behind a quoted cell", c->at);
    if (unquote(a, raw, out) == RB_OK) return RB_OK;
    return rb_reject(rj, RB_ERR_LIMIT, "12.6.2", "no room", from);
}

static struct rb_slice plain(struct rb_csv *c) {
    const size_t from = c->at;
    size_t n;
    while (c->at < c->in.n && c->in.p[c->at] != c->separator && !line_end(c, c->at, &n))
        c->at++;
    return rb_slice_sub(c->in, from, c->at);
}

enum rb_err rb_csv_next(struct rb_csv *c, struct rb_arena *a, struct rb_slice *cells, size_t max,
                        size_t *n, bool *more, struct rb_reject *rj) {
    size_t end = 0;
    *n = 0;
    *more = c->at < c->in.n;
    if (!*more) return RB_OK;
    c->row++;
    for (;;) {
        struct rb_slice cell = {NULL, 0};
        if (c->at < c->in.n && c->in.p[c->at] == '"')
            RB_TRY(quoted(c, a, &cell, rj));
        else
            cell = plain(c);
        if (*n == max) return rb_reject(rj, RB_ERR_LIMIT, "12.6.2", "too many cells", c->at);
        cells[(*n)++] = cell;
        if (c->at == c->in.n) return RB_OK;
        if (line_end(c, c->at, &end)) {
            c->at += end;
            return RB_OK;
        }
        c->at++;
    }
}
