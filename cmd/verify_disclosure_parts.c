/* Parts of a disclosed body against the commitments of the leaf (9.1.4, 9.1.5, 9.7.4, 9.7.6). */
#include <fcntl.h>
#include <unistd.h>
#include <errno.h>
#include "cmd/verify_disclosure.h"

static bool wrong(struct vd *d, const struct vd_part *p, const char *clause, const char *words) {
    char field[48];
    (void)snprintf(field, sizeof field, "parts: %llu", (unsigned long long)p->part);
    verify_bad(d->v, field, clause, "%s", words);
    return false;
}

/* ---- what a part is -----------------------------------------------------------------------------
 */

/* a text's grammar without its paragraphs (key 3), which are parts of their own */
static bool heading_make(struct vd *d) {
    const struct rb_schema *s = rb_body_schema(RB_KIND_TEXT);
    size_t n = 0;
    if (s->n > sizeof d->heading_fields / sizeof *d->heading_fields) return false;
    for (size_t i = 0; i < s->n; i++)
        if (s->fields[i].key != 3) d->heading_fields[n++] = s->fields[i];
    d->heading = (struct rb_schema){s->name, n, d->heading_fields};
    return true;
}

const struct rb_schema *vd_part_schema(const struct vd *d, const struct vd_part *p) {
    if (p->part != 0) return NULL;
    return d->rec.kind == RB_KIND_TEXT ? &d->heading : rb_body_schema(d->rec.kind);
}

/* the table first, then what no table says: the rule of adoption (3.6.31), and that the paragraphs
 * in brackets are some of this text's */
static enum rb_err check_heading(struct vd *d, struct rb_slice plain, struct rb_reject *rj) {
    struct rb_text text;
    const size_t mark = rb_arena_mark(d->a);
    RB_TRY(rb_cbor_check(plain, rj));
    RB_TRY(rb_schema_check(&d->heading, plain, rj));
    const enum rb_err err =
        rb_text_heading_decode(plain, d->rec.commitments_n - 1, d->a, &text, rj);
    rb_arena_release(d->a, mark);
    return err;
}

static enum rb_err check_form(struct vd *d, const struct vd_part *p, struct rb_reject *rj) {
    if (p->part == 0 && d->rec.kind == RB_KIND_TEXT) return check_heading(d, p->plain, rj);
    if (p->part == 0) return rb_body_check(d->rec.kind, p->plain, rj);
    if (d->rec.kind != RB_KIND_TEXT) return RB_OK; /* content */
    if (p->plain.n == 0) return rb_reject(rj, RB_ERR_MALFORMED, "3.5.6", "paragraph is empty", 0);
    if (p->plain.n > RB_MAX_TEXT)
        return rb_reject(rj, RB_ERR_LIMIT, "3.5.4", "paragraph too long", 0);
    if (!rb_text_ok(p->plain))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.5.5", "paragraph is no text", 0);
    return RB_OK;
}

static bool check_part(struct vd *d, const struct vd_part *p) {
    struct rb_hash have, want;
    struct rb_reject rj = {0};
    rb_commit(p->salt, p->plain, &have);
    rb_record_commitment(&d->rec, (size_t)p->part, &want);
    if (!rb_hash_eq(&have, &want)) return wrong(d, p, "9.1.5", "not what the leaf commits to");
    const enum rb_err err = check_form(d, p, &rj);
    return err == RB_OK || wrong(d, p, rj.clause == NULL ? "9.1.4" : rj.clause, rb_err_text(err));
}

/* ---- an attachment ------------------------------------------------------------------------------
 */

static bool hash_file(int fd, const uint8_t salt[RB_SALT_LEN], uint64_t *n, struct rb_hash *out) {
    static uint8_t buf[1 << 16];
    struct rb_hasher h;
    ssize_t got = -1;
    if (rb_hasher_begin(&h) != RB_OK) return false;
    rb_hasher_add(&h, rb_slice(salt, RB_SALT_LEN));
    for (*n = 0; *n <= RB_MAX_CONTENT; *n += (uint64_t)got) {
        got = read(fd, buf, sizeof buf);
        if (got < 0 && errno == EINTR) {
            got = 0;
            continue;
        }
        if (got <= 0) break;
        rb_hasher_add(&h, rb_slice(buf, (size_t)got));
    }
    rb_hasher_end(&h, out);
    return got == 0;
}

static bool check_beside(struct vd *d, const struct vd_part *p, const struct rb_attachment *at) {
    struct rb_hash have, want;
    uint64_t n = 0;
    const int fd = open(d->content_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    const bool ok = fd >= 0 && hash_file(fd, p->salt, &n, &have);
    if (fd >= 0) (void)close(fd);
    rb_record_commitment(&d->rec, 1, &want);
    if (!ok)
        return wrong(d, p, "9.7.6", "the file given with --content cannot be read, or is too long");
    if (n != at->size || !rb_hash_eq(&have, &want))
        return wrong(d, p, "9.7.6",
                     "the file given with --content is not what the leaf commits to");
    d->content_checked = true;
    return true;
}

static bool check_content(struct vd *d, const struct vd_part *body, const struct vd_part *content) {
    struct rb_attachment at;
    struct rb_reject rj = {0};
    const enum rb_err err = rb_attachment_decode(body->plain, &at, &rj);
    if (err != RB_OK)
        return wrong(d, body, rj.clause == NULL ? "9.1.4" : rj.clause, rb_err_text(err));
    if (content->has_plain != (at.size <= VD_MAX_INLINE))
        return wrong(d, content, "9.7.6",
                     "content is in the file up to 8 MiB, and only up to there");
    if (content->has_plain) {
        d->content_checked = true;
        if (content->plain.n != at.size)
            return wrong(d, content, "9.1.3", "not as long as its body says");
        if (!check_part(d, content)) return false;
    }
    return d->content_path == NULL || check_beside(d, content, &at);
}

/* ---- which parts --------------------------------------------------------------------------------
 */

static bool which(struct vd *d, const char *words) {
    verify_bad(d->v, "parts", "9.7.4", "%s", words);
    return false;
}

static bool right_ones(struct vd *d) {
    const struct vd_file *f = &d->f;
    const bool shows = d->rec.closed && (f->level == VD_WHOLE || f->level == VD_PARAGRAPHS);
    if (!shows) return f->parts_n == 0 || which(d, "this level of this record has none");
    if (f->level == VD_WHOLE && f->parts_n != d->rec.commitments_n)
        return which(d, "not as many as the leaf commits to");
    if (f->level == VD_PARAGRAPHS && d->rec.kind != RB_KIND_TEXT)
        return which(d, "paragraphs of no text");
    if (f->parts_n == 0) return which(d, "none is here");
    for (size_t i = 0; i < f->parts_n; i++) {
        if (i > 0 && f->parts[i].part <= f->parts[i - 1].part) return which(d, "not ascending");
        if (f->parts[i].part >= d->rec.commitments_n)
            return which(d, "a part that the body does not have");
    }
    return true;
}

bool vd_parts(struct vd *d) {
    const bool attached = d->rec.closed && d->rec.kind == RB_KIND_ATTACHMENT && d->f.parts_n == 2;
    if (!right_ones(d) || !heading_make(d)) return false;
    if (d->content_path != NULL && !attached)
        return which(d, "--content, and no attachment is disclosed");
    for (size_t i = 0; i < d->f.parts_n; i++) {
        const struct vd_part *p = &d->f.parts[i];
        if (attached && i == 1) continue;
        if (!p->has_plain) return wrong(d, p, "9.7.2", "no plaintext");
        if (!check_part(d, p)) return false;
    }
    return !attached || check_content(d, &d->f.parts[0], &d->f.parts[1]);
}
