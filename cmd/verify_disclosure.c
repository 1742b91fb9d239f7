/* A disclosure (9.7): a file that shows of one record what its holder chose to show, with proof. */
#include "cmd/verify_adoption.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool wrong(struct vd *d, const char *field, const char *words) {
    verify_bad(d->v, field, "9.7.3", "%s", words);
    return false;
}

static bool refused(struct vd *d, const char *field, enum rb_err err, struct rb_reject *rj) {
    rj->err = err;
    verify_refused(d->v, field, rj, "9.7.3");
    return false;
}

/* ---- place --------------------------------------------------------------------------------------
 */

static bool check_origin(struct vd *d) {
    if (rb_origin_decode(d->f.origin, &d->origin) != RB_OK) {
        verify_bad(d->v, "origin", "3.9", "not the origin of a feed");
        return false;
    }
    if (d->f.exercise == d->origin.exercise) return true;
    return wrong(d, "exercise",
                 d->origin.exercise ? "the origin is an exercise's and the file does not say so"
                                    : "the origin is no exercise's");
}

static bool check_proof(struct vd *d, struct rb_proof *path) {
    struct rb_tlog_proof p;
    struct rb_checkpoint c;
    struct rb_reject rj = {0};
    enum rb_err err = rb_tlog_proof_decode(d->f.proof, &p, &rj);
    if (err != RB_OK) return refused(d, "proof", err, &rj);
    if (p.extra.n > 0) return wrong(d, "proof", "an extra line, on which nothing rests");
    if (p.index != d->f.index) return wrong(d, "index", "not the one of the proof");
    err = rb_checkpoint_open(p.note, &d->log, &d->v->note, &c, &rj);
    if (err != RB_OK) return refused(d, "proof", err, &rj);
    if (c.extensions.n > 0) return wrong(d, "proof", "extension lines");
    if (c.size != d->f.size) return wrong(d, "size", "not the one of the checkpoint");
    d->root = c.root;
    *path = p.path;
    return true;
}

/* the leaf is the hash's, and the hash stands where the proof says */
static bool check_place(struct vd *d, const struct rb_proof *path) {
    struct rb_hash leaf;
    if (d->f.has_leaf != (d->f.level != VD_HASH)) {
        verify_bad(d->v, "leaf", "9.7.2", "a leaf is in the file at every level but hash");
        return false;
    }
    if (d->f.has_leaf) {
        rb_leaf_hash(d->f.leaf, &leaf);
        if (!rb_hash_eq(&leaf, &d->f.leaf_hash))
            return wrong(d, "leaf", "not what leaf-hash is of");
    }
    if (rb_inclusion_verify(d->f.index, d->f.size, &d->f.leaf_hash, path, &d->root) == RB_OK)
        return true;
    return wrong(d, "proof", "does not place the leaf in the log");
}

/* ---- the leaf -----------------------------------------------------------------------------------
 */

static const struct vd_key *key_of(const struct vd *d, const uint8_t kid[RB_KID_LEN]) {
    const enum rb_key_role role = rb_kind_is_machine(d->rec.kind) ? RB_KEY_NODE : RB_KEY_OFFICER;
    for (size_t i = 0; i < d->author.keys_n; i++) {
        uint8_t have[RB_KID_LEN];
        rb_key_id(&d->author.keys[i].key, have);
        if (d->author.keys[i].role == role && memcmp(have, kid, sizeof have) == 0)
            return &d->author.keys[i];
    }
    return NULL;
}

static bool check_signers(struct vd *d) {
    uint8_t buf[RB_MAX_ORIGIN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    struct rb_slice aad = d->f.origin;
    if (d->rec.kind == RB_KIND_CHARTER) { /* it makes the channel's id, so it cannot name it */
        rb_origin_encode(d->origin.exercise, NULL, &d->origin.party, d->origin.epoch, &w);
        aad = rb_written(&w);
    }
    for (size_t i = 0; i < d->rec.signers_n; i++) {
        const struct vd_key *k = key_of(d, d->rec.signers[i].kid);
        if (k == NULL)
            return wrong(d, "leaf", "signed by a key that may not, by card and rotations, sign it");
        if (rb_record_verify(&d->rec, i, aad, &k->key, d->a) != RB_OK)
            return wrong(d, "leaf", "a signature does not verify");
        d->signers[i] = k->name;
    }
    return true;
}

static bool check_leaf(struct vd *d) {
    struct rb_reject rj = {0};
    const enum rb_err err = rb_record_decode(d->f.leaf, &d->rec, &rj);
    if (err != RB_OK) return refused(d, "leaf", err, &rj);
    const uint8_t *channel = d->rec.kind == RB_KIND_CHARTER ? d->f.leaf_hash.b : d->rec.channel;
    if (memcmp(channel, d->origin.channel, RB_CHANNEL_LEN) != 0)
        return wrong(d, "leaf", "a record of another channel than the origin's");
    if (!check_signers(d)) return false;
    d->has_record = true;
    if (d->rec.closed || d->f.level == VD_WHOLE) return true;
    verify_bad(d->v, "level", "9.7.4", "an open record's leaf shows all of it");
    return false;
}

bool vd_judge(struct vd *d) {
    struct rb_proof path;
    if (!check_origin(d) || !vd_author(d)) return false;
    if (!check_proof(d, &path) || !vd_witnesses(d) || !check_place(d, &path)) return false;
    if (d->f.level != VD_HASH) return check_leaf(d) && vd_parts(d);
    if (d->f.parts_n == 0 && d->content_path == NULL) return true;
    verify_bad(d->v, "parts", "9.7.4", "level hash has none");
    return false;
}

void vd_check(struct vd *d, struct rb_slice json) {
    const bool ok = vd_read(d, json) && vd_judge(d);
    if (ok) vd_compare(d);
    if (ok) vd_compare_rest(d->v);
    d->holds = ok && d->v->bad.total == 0;
    d->v->exercise = d->f.exercise || rb_slice_starts(d->f.origin, "readback-exercise/");
}

/* ---- the program --------------------------------------------------------------------------------
 */

/* 0, or what errno says */
static int slurp(const char *path, struct verify_bytes *out) {
    struct stat st;
    int e = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return errno;
    if (fstat(fd, &st) != 0)
        e = errno;
    else if (!S_ISREG(st.st_mode))
        e = EINVAL;
    out->p = e == 0 ? malloc(VD_MAX_FILE + 1) : NULL;
    if (e == 0 && out->p == NULL) e = ENOMEM;
    while (e == 0 && out->n <= VD_MAX_FILE) { /* one byte too many tells of a larger file */
        const ssize_t got = read(fd, out->p + out->n, VD_MAX_FILE + 1 - out->n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) e = errno;
        if (got <= 0) break;
        out->n += (size_t)got;
    }
    (void)close(fd);
    return e;
}

int verify_disclosure(struct verify *v, const char *path, const char *content, bool json) {
    static struct vd d;
    struct verify_bytes in = {0};
    const int e = slurp(path, &in);
    if (e != 0) {
        fprintf(stderr, "readback-verify: %s: %s\n",
                e == EINVAL ? "neither a folder nor a file" : strerror(e), path);
        verify_free(&in);
        return 2;
    }
    const struct rb_slice json_in = rb_slice(in.p, in.n);
    bool holds = false;
    if (va_is(json_in)) {
        holds = verify_adoption(v, json_in, content, json);
    } else {
        d = (struct vd){.v = v, .a = &v->work, .content_path = content};
        vd_check(&d, json_in);
        (json ? vd_json : vd_say)(&d, stdout);
        holds = d.holds;
    }
    verify_free(&in);
    return holds ? 0 : 1;
}
