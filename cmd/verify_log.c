/* One log: its key, the party's word for that key, the signed checkpoint, the tree below it. */
#include "cmd/verify_fork.h"
#include <stdlib.h>

/* exactly the one spelling of the key, so that a changed byte cannot hide */
static bool read_log_key(struct verify *v, struct verify_feed *e, struct rb_key *key,
                         struct verify_bytes *name) {
    char path[VERIFY_PATH];
    struct verify_bytes in;
    struct rb_reject rj = {0};
    struct rb_vkey k;
    uint8_t buf[512];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (!verify_read(v, verify_path(path, e->dir, "log.vkey"), sizeof buf, &in)) return false;
    if (rb_vkey_decode(rb_slice(in.p, in.n), &k, &rj) != RB_OK) {
        verify_refused(v, path, &rj, "8.4.1");
        verify_free(&in);
        return false;
    }
    rb_vkey_encode(&k, &w);
    rb_put_u8(&w, '\n');
    const bool ok = k.type == RB_SIG_ED25519 && rb_slice_eq(rb_written(&w), rb_slice(in.p, in.n));
    if (!ok) verify_bad(v, path, "8.4.1", "not one Ed25519 log key and a line end");
    *key = k.key;
    name->n = k.name.n;
    name->p = malloc(k.name.n + 1);
    if (name->p == NULL) abort();
    memcpy(name->p, k.name.p, k.name.n);
    verify_free(&in);
    return ok;
}

/* the feed that the delegation opens must be the one this folder is named for */
static bool open_feed(struct verify *v, struct verify_feed *e) {
    char path[VERIFY_PATH];
    struct verify_bytes in;
    struct rb_reject rj = {0};
    struct rb_feed *f = NULL;
    if (!verify_read(v, verify_path(path, e->dir, "keys/delegation.cose"), RB_MAX_LEAF, &in)) return false;
    const enum rb_err err = rb_book_open_feed(&v->book, rb_slice(in.p, in.n), &v->work, &f, &rj);
    const struct rb_slice opened = rb_slice(in.p, in.n);
    bool ok = err == RB_OK;
    if (!ok) {
        rj.err = err;
        verify_refused(v, path, &rj, "8.4.2");
    } else if (!rb_slice_eq(verify_handle(v, f->member), rb_str(e->handle)) || f->epoch != e->epoch) {
        const struct rb_slice h = verify_handle(v, f->member);
        verify_bad(v, path, "8.4.2", "authorises a log of %.*s, epoch %u: another folder's", (int)h.n,
                   (const char *)h.p, f->epoch);
        ok = false;
    } else if (!rb_slice_eq(rb_evidence_delegation(f), opened)) {
        verify_bad(v, path, "8.4.2", "another folder opened this log with another delegation");
        ok = false;
    }
    e->f = ok ? f : NULL;
    verify_free(&in);
    return ok;
}

static bool key_agrees(struct verify *v, struct verify_feed *e, const struct rb_key *key,
                       struct rb_slice name) {
    char path[VERIFY_PATH];
    const struct rb_slice origin = rb_slice(e->f->origin, e->f->origin_n);
    verify_path(path, e->dir, "log.vkey");
    if (!rb_slice_eq(name, origin))
        verify_bad(v, path, "8.4.2", "the name of the key is not the origin that the party delegated");
    else if (!rb_key_eq(key, &e->f->log_key))
        verify_bad(v, path, "8.4.2", "not the log key that the party delegated");
    else {
        rb_vkey_make(origin, RB_SIG_ED25519, &e->f->log_key, &e->log);
        return true;
    }
    return false;
}

static bool read_checkpoint(struct verify *v, struct verify_feed *e, struct rb_hash *root) {
    char path[VERIFY_PATH];
    struct verify_bytes in;
    struct rb_reject rj = {0};
    struct rb_checkpoint c;
    if (!verify_read(v, verify_path(path, e->dir, "checkpoint"), RB_MAX_NOTE, &in)) return false;
    const struct rb_slice note = rb_slice(in.p, in.n);
    const enum rb_err err = rb_checkpoint_open(note, &e->log, &v->note, &c, &rj);
    if (err != RB_OK) {
        rj.err = err;
        verify_refused(v, path, &rj, "8.4.3");
    } else if (c.extensions.n > 0) {
        verify_bad(v, path, "8.4.3", "extension lines");
    } else if (c.size == 0 || c.size >= UINT32_MAX) {
        verify_bad(v, path, "8.4.3", "size %llu", (unsigned long long)c.size);
    } else {
        e->checkpoint = note;
        e->size = c.size;
        *root = c.root;
        return true;
    }
    verify_free(&in);
    return false;
}

/* Good only if all of it holds: nothing of a log with a flaw enters the book. Of a log that is not
 * good the parts that can be looked at still are, so that every flaw is named. */
void verify_log(struct verify *v, struct verify_feed *e) {
    struct rb_key key;
    struct rb_hash root;
    struct verify_bytes name = {0};
    e->tried = true;
    bool ok = read_log_key(v, e, &key, &name);
    ok = open_feed(v, e) && ok;
    ok = ok && key_agrees(v, e, &key, rb_slice(name.p, name.n));
    verify_free(&name);
    ok = ok && e->f->facts_n == 0 && read_checkpoint(v, e, &root);
    if (ok) verify_forks(v, e);
    ok = ok && verify_tiles(v, e, &root);
    e->good = ok && verify_judge(v, e);
    if (!e->good) e->f = NULL;
}
