/* The head file (spec 6.9): what this node signed last, outside the database, so that a database
 * put back from a backup cannot make it sign another history. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/store/store.h"

#define FIRST_LINE "readback heads 1\n"
#define CHECK_BYTES ((size_t)8)
#define MAX_LINE 512u
#define MAX_FILE (64u << 20) /* far above where it is compacted */
#define COMPACT_AT (8u << 20)

struct head {
    enum rb_key_use use;
    char origin[RB_MAX_ORIGIN];
    size_t origin_n;
    uint64_t size, time_s;
    struct rb_hash root;
    uint8_t sig[RB_SIG_LEN];
};
struct rb_heads {
    char *path;
    int fd;
    struct head *e; /* ascending (use, origin) */
    size_t n, cap;
    uint8_t *out; /* lines not yet written */
    size_t out_n, out_cap;
    size_t file_n; /* bytes in the file */
    bool failed;
};

/* ---- entries -------------------------------------------------------------------------------- */

static struct rb_slice head_origin(const struct head *e) {
    return rb_slice(e->origin, e->origin_n);
}

static size_t head_place(const struct rb_heads *h, enum rb_key_use use, struct rb_slice origin) {
    size_t lo = 0, hi = h->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const struct head *e = &h->e[mid];
        if (e->use < use || (e->use == use && rb_slice_cmp(head_origin(e), origin) < 0))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool head_at(const struct rb_heads *h, size_t at, enum rb_key_use use,
                    struct rb_slice origin) {
    return at < h->n && h->e[at].use == use && rb_slice_eq(head_origin(&h->e[at]), origin);
}

/* a word of the file: no space, no control character, no other script */
static bool origin_ok(struct rb_slice o) {
    if (o.n == 0 || o.n > RB_MAX_ORIGIN) return false;
    for (size_t i = 0; i < o.n; i++)
        if (o.p[i] <= ' ' || o.p[i] > '~') return false;
    return true;
}

enum rb_err rb_heads_allow(const struct rb_heads *h, enum rb_key_use use, struct rb_slice origin,
                           uint64_t size, const struct rb_hash *root) {
    const size_t at = head_place(h, use, origin);
    if (h->failed) return RB_ERR_IO;
    if ((use != RB_USE_LOG && use != RB_USE_MIRROR) || !origin_ok(origin)) return RB_ERR_USAGE;
    if (!head_at(h, at, use, origin)) return RB_OK;
    if (size < h->e[at].size) return RB_ERR_STATE;
    if (size == h->e[at].size && !rb_hash_eq(root, &h->e[at].root)) return RB_ERR_STATE;
    return RB_OK;
}

static enum rb_err head_set(struct rb_heads *h, const struct head *in) {
    const size_t at = head_place(h, in->use, head_origin(in));
    if (head_at(h, at, in->use, head_origin(in))) {
        h->e[at] = *in;
        return RB_OK;
    }
    if (h->n == h->cap) {
        const size_t cap = h->cap == 0 ? 16 : h->cap * 2;
        struct head *p = reallocarray(h->e, cap, sizeof *p);
        if (p == NULL) return RB_ERR_LIMIT;
        h->e = p;
        h->cap = cap;
    }
    memmove(h->e + at + 1, h->e + at, (h->n - at) * sizeof *h->e);
    h->e[at] = *in;
    h->n++;
    return RB_OK;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void line_check(struct rb_slice text, struct rb_writer *w) {
    struct rb_hash h;
    rb_sha256(text, &h);
    rb_put_hex(w, h.b, CHECK_BYTES);
}

/* "log ORIGIN SIZE ROOT TIME SIGNATURE CHECK\n" */
static size_t head_encode(const struct head *e, uint8_t line[MAX_LINE]) {
    struct rb_writer w = rb_writer(line, MAX_LINE);
    rb_put_z(&w, e->use == RB_USE_LOG ? "log " : "mirror ");
    rb_put_slice(&w, head_origin(e));
    rb_put_u8(&w, ' ');
    rb_put_dec(&w, e->size);
    rb_put_u8(&w, ' ');
    rb_put_base64(&w, e->root.b, RB_HASH_LEN);
    rb_put_u8(&w, ' ');
    rb_put_dec(&w, e->time_s);
    rb_put_u8(&w, ' ');
    rb_put_base64(&w, e->sig, RB_SIG_LEN);
    rb_put_u8(&w, ' ');
    line_check(rb_written(&w), &w);
    rb_put_u8(&w, '\n');
    assert(!w.over);
    return w.n;
}

static struct rb_slice next_word(struct rb_slice line, size_t *at) {
    const size_t to = rb_slice_find(line, *at, ' ');
    const struct rb_slice word = rb_slice_sub(line, *at, to);
    *at = to < line.n ? to + 1 : line.n;
    return word;
}

static enum rb_err exact_base64(struct rb_slice in, uint8_t *out, size_t out_n) {
    size_t n = 0;
    RB_TRY(rb_base64_decode(in, out, out_n, &n));
    return n == out_n ? RB_OK : RB_ERR_MALFORMED;
}

static enum rb_err check_ok(struct rb_slice line) {
    uint8_t hex[2 * CHECK_BYTES];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    if (line.n < sizeof hex) return RB_ERR_MALFORMED;
    line_check(rb_slice_sub(line, 0, line.n - sizeof hex), &w);
    return memcmp(hex, line.p + line.n - sizeof hex, sizeof hex) == 0 ? RB_OK : RB_ERR_MALFORMED;
}

static enum rb_err head_decode(struct rb_slice line, struct head *out) {
    struct head e = {0};
    size_t at = 0;
    RB_TRY(check_ok(line));
    const struct rb_slice use = next_word(line, &at), origin = next_word(line, &at);
    if (!rb_slice_is(use, "log") && !rb_slice_is(use, "mirror")) return RB_ERR_UNSUPPORTED;
    if (!origin_ok(origin)) return RB_ERR_MALFORMED;
    e.use = rb_slice_is(use, "log") ? RB_USE_LOG : RB_USE_MIRROR;
    memcpy(e.origin, origin.p, origin.n);
    e.origin_n = origin.n;
    RB_TRY(rb_dec_decode(next_word(line, &at), &e.size));
    RB_TRY(exact_base64(next_word(line, &at), e.root.b, RB_HASH_LEN));
    RB_TRY(rb_dec_decode(next_word(line, &at), &e.time_s));
    RB_TRY(exact_base64(next_word(line, &at), e.sig, RB_SIG_LEN));
    if (line.n - at != 2 * CHECK_BYTES) return RB_ERR_MALFORMED;
    *out = e;
    return RB_OK;
}

/* ---- the file ------------------------------------------------------------------------------- */

static enum rb_err write_all(int fd, const uint8_t *p, size_t n) {
    while (n > 0) {
        const ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return RB_ERR_IO;
        p += k;
        n -= (size_t)k;
    }
    return RB_OK;
}

static enum rb_err read_all(int fd, uint8_t *p, size_t n) {
    while (n > 0) {
        const ssize_t k = read(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return RB_ERR_IO;
        p += k;
        n -= (size_t)k;
    }
    return RB_OK;
}

static enum rb_err sync_folder(const char *path) {
    char *copy = strdup(path);
    if (copy == NULL) return RB_ERR_LIMIT;
    const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum rb_err err = fd >= 0 && fsync(fd) == 0 ? RB_OK : RB_ERR_IO;
    if (fd >= 0) (void)close(fd);
    free(copy);
    return err;
}

static enum rb_err write_entries(struct rb_heads *h, int fd, size_t *bytes) {
    uint8_t line[MAX_LINE];
    *bytes = sizeof FIRST_LINE - 1;
    RB_TRY(write_all(fd, (const uint8_t *)FIRST_LINE, sizeof FIRST_LINE - 1));
    for (size_t i = 0; i < h->n; i++) {
        const size_t n = head_encode(&h->e[i], line);
        RB_TRY(write_all(fd, line, n));
        *bytes += n;
    }
    return fsync(fd) == 0 ? RB_OK : RB_ERR_IO;
}

/* One line an entry, under another name first: at every moment one whole file has the name. */
static enum rb_err rewrite(struct rb_heads *h) {
    char *tmp = NULL;
    size_t bytes = 0;
    if (asprintf(&tmp, "%s.new", h->path) < 0) return RB_ERR_LIMIT;
    const int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum rb_err err = fd < 0 ? RB_ERR_IO : write_entries(h, fd, &bytes);
    if (err == RB_OK && rename(tmp, h->path) != 0) err = RB_ERR_IO;
    if (err == RB_OK) err = sync_folder(h->path);
    if (err == RB_OK) {
        if (h->fd >= 0) (void)close(h->fd);
        h->fd = fd;
        h->file_n = bytes;
        h->out_n = 0; /* among the entries just written */
    } else if (fd >= 0) {
        (void)close(fd);
    }
    free(tmp);
    return err;
}

static enum rb_err refuse(char *why, size_t why_n, enum rb_err err, const char *path, size_t line,
                          const char *words) {
    (void)snprintf(why, why_n,
                   "The head file %s, line %zu: %s. It says what this node last signed; do "
                   "not delete it or put back an older one.",
                   path, line, words);
    return err;
}

/* A last line without its end was never synced, so its signature never left: it is dropped. */
static enum rb_err parse(struct rb_heads *h, struct rb_slice text, char *why, size_t why_n) {
    struct rb_reader r = rb_reader(text);
    struct rb_slice line;
    struct head e;
    size_t number = 1;
    if (!rb_slice_starts(text, FIRST_LINE))
        return refuse(why, why_n, RB_ERR_UNSUPPORTED, h->path, 1,
                      "not the first line of version 1");
    for (r.at = sizeof FIRST_LINE - 1; rb_get_line(&r, &line) == RB_OK;) {
        number++;
        if (head_decode(line, &e) != RB_OK)
            return refuse(why, why_n, RB_ERR_MALFORMED, h->path, number, "damaged");
        if (rb_heads_allow(h, e.use, head_origin(&e), e.size, &e.root) != RB_OK)
            return refuse(why, why_n, RB_ERR_FORK, h->path, number,
                          "smaller than, or of another root than, a line before it");
        RB_TRY(head_set(h, &e));
    }
    return RB_OK;
}

static enum rb_err read_file(struct rb_heads *h, char *why, size_t why_n) {
    struct stat st;
    const int fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) return RB_OK;
    enum rb_err err = RB_ERR_IO;
    uint8_t *text = NULL;
    const bool is_file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (is_file && (st.st_uid != geteuid() || (st.st_mode & 077) != 0)) { /* spec 6.10.2 */
        (void)close(fd);
        return refuse(why, why_n, RB_ERR_DENIED, h->path, 0,
                      "open to other users, or another user's");
    }
    if (is_file && st.st_size <= (off_t)MAX_FILE) {
        text = malloc((size_t)st.st_size + 1);
        if (text != NULL) err = read_all(fd, text, (size_t)st.st_size);
    }
    if (err != RB_OK)
        err = refuse(why, why_n, err, h->path, 0, "cannot be read");
    else
        err = parse(h, rb_slice(text, (size_t)st.st_size), why, why_n);
    free(text);
    if (fd >= 0) (void)close(fd);
    return err;
}

enum rb_err rb_heads_open(const char *path, struct rb_heads **out, char *why, size_t why_n) {
    struct rb_heads *h = calloc(1, sizeof *h);
    enum rb_err err = RB_ERR_LIMIT;
    (void)snprintf(why, why_n, "Memory is short.");
    if (h != NULL) {
        h->fd = -1;
        h->path = strdup(path);
        if (h->path != NULL) err = read_file(h, why, why_n);
    }
    if (err == RB_OK && (err = rewrite(h)) != RB_OK)
        (void)snprintf(why, why_n, "The head file %s cannot be written: %s.", path,
                       strerror(errno));
    if (err != RB_OK) {
        rb_heads_close(h);
        return err;
    }
    why[0] = '\0';
    *out = h;
    return RB_OK;
}

void rb_heads_close(struct rb_heads *h) {
    if (h == NULL) return;
    if (h->fd >= 0) (void)close(h->fd);
    free(h->path);
    free(h->e);
    free(h->out);
    free(h);
}

static enum rb_err out_append(struct rb_heads *h, const uint8_t *line, size_t n) {
    if (h->out_cap - h->out_n < n) {
        const size_t cap = h->out_cap * 2 + (size_t)16 * MAX_LINE;
        uint8_t *p = realloc(h->out, cap);
        if (p == NULL) return RB_ERR_LIMIT;
        h->out = p;
        h->out_cap = cap;
    }
    memcpy(h->out + h->out_n, line, n);
    h->out_n += n;
    return RB_OK;
}

enum rb_err rb_heads_put(struct rb_heads *h, enum rb_key_use use, struct rb_slice origin,
                         uint64_t size, const struct rb_hash *root, uint64_t time_s,
                         const uint8_t sig[RB_SIG_LEN]) {
    struct head e = {
        .use = use, .origin_n = origin.n, .size = size, .time_s = time_s, .root = *root};
    uint8_t line[MAX_LINE];
    RB_TRY(rb_heads_allow(h, use, origin, size, root));
    memcpy(e.origin, origin.p, origin.n);
    memcpy(e.sig, sig, RB_SIG_LEN);
    RB_TRY(
        head_set(h, &e)); /* first: a line of which the table knows nothing would guard nothing */
    return out_append(h, line, head_encode(&e, line));
}

/* After a failed write or sync nobody knows what the disk holds: nothing more is signed. */
enum rb_err rb_heads_sync(struct rb_heads *h) {
    enum rb_err err;
    if (h->failed) return RB_ERR_IO;
    if (h->out_n == 0) return RB_OK;
    if (h->file_n + h->out_n > COMPACT_AT && h->file_n / 8 > h->n * MAX_LINE) {
        err = rewrite(h);
    } else {
        err = write_all(h->fd, h->out, h->out_n);
        if (err == RB_OK && fdatasync(h->fd) != 0) err = RB_ERR_IO;
        h->file_n += h->out_n;
        h->out_n = 0;
    }
    h->failed = err != RB_OK;
    return err;
}

enum rb_err rb_heads_each(struct rb_heads *h, rb_store_item_fn fn, void *ctx) {
    for (size_t i = 0; i < h->n; i++) {
        struct rb_event ev = {.type = RB_EV_LOADED};
        ev.u.loaded.item = RB_ITEM_HEAD;
        ev.u.loaded.use = h->e[i].use;
        ev.u.loaded.origin = head_origin(&h->e[i]);
        ev.u.loaded.size = h->e[i].size;
        ev.u.loaded.root = h->e[i].root;
        RB_TRY(fn(ctx, &ev));
    }
    return RB_OK;
}
