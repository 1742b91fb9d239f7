/* A disk put back from an old copy, as an operator does after a loss. What nobody else holds of it is gone
 * then and is asked of nobody any more; what others cosigned must come back, and what others were shown must
 * never be contradicted. */
#include "internal.h"
#include <stdlib.h>
#include "readback/text.h"

struct sim_copy {
    struct disk disk;
};

static void replay(const struct disk *from, struct disk *to) {
    for (size_t i = 0; i < from->durable_n; i++) {
        struct rb_effect ef = from->ops[i].ef;
        ef.u.store.staged = 0; /* the operation carries the bytes */
        (void)disk_apply(to, &ef);
    }
    disk_commit_begin(to);
    disk_commit_end(to);
    to->ticket = to->commit_ticket = 0; /* those of another life */
}

static void copy_heads(const struct disk *from, struct disk *to) {
    free(to->heads);
    to->heads = sim_alloc(from->heads_n * sizeof *to->heads);
    to->heads_n = to->heads_cap = 0;
    for (size_t i = 0; i < from->heads_n; i++)
        if (from->heads[i].durable) to->heads[to->heads_n++] = from->heads[i];
    to->heads_cap = from->heads_n;
}

struct sim_copy *sim_copy_disk(const struct sim_party *p) {
    struct sim_copy *c = sim_alloc(sizeof *c);
    replay(&p->disk, &c->disk);
    copy_heads(&p->disk, &c->disk);
    return c;
}

void sim_copy_free(struct sim_copy *c) {
    if (!c) return;
    disk_free(&c->disk);
    free(c);
}

/* ---- what may still be asked of it ------------------------------------------------------------------ */
static struct rb_slice origin_of(const struct sim_party *p, const struct rb_feed_ref *ref, char *buf, size_t cap,
                                 bool exercise) {
    struct rb_writer w = rb_writer(buf, cap);
    rb_origin_encode(exercise, ref->channel, &p->hash, ref->epoch, &w);
    return rb_written(&w);
}

/* leaves of this feed of p that a party cosigned */
static uint64_t cosigned_by(const struct sim_party *by, const struct sim_party *p, const struct rb_feed_ref *ref) {
    uint64_t most = 0;
    for (int exercise = 0; exercise < 2; exercise++) {
        char buf[RB_MAX_ORIGIN];
        struct rb_slice origin = origin_of(p, ref, buf, sizeof buf, exercise != 0);
        for (size_t i = 0; i < by->disk.heads_n; i++) {
            const struct head_entry *h = &by->disk.heads[i];
            if (h->use == RB_USE_MIRROR && h->durable && rb_slice_eq(rb_slice(h->origin, h->origin_n), origin) &&
                h->size > most)
                most = h->size;
        }
    }
    return most;
}

/* the largest checkpoint of this feed that a party was shown */
static uint64_t shown_to(const struct sim_party *to, const struct sim_party *p, const struct rb_feed_ref *ref) {
    uint64_t most = cosigned_by(to, p, ref);
    for (size_t i = 0; i < to->disk.meta_n; i++) {
        const struct disk_meta *m = &to->disk.meta[i];
        struct rb_reader r = rb_reader(m->key), v = rb_reader(m->value);
        struct rb_slice line;
        uint8_t id[RB_CHANNEL_LEN];
        uint16_t member, epoch;
        uint64_t size;
        if (m->table != RB_TABLE_PENDING || rb_get_copy(&r, id, sizeof id) != RB_OK ||
            rb_get_u16(&r, &member) != RB_OK || rb_get_u16(&r, &epoch) != RB_OK)
            continue;
        if (memcmp(id, ref->channel, sizeof id) != 0 || member != ref->member || epoch != ref->epoch) continue;
        if (rb_get_line(&v, &line) == RB_OK && rb_get_line(&v, &line) == RB_OK &&
            rb_dec_decode(line, &size) == RB_OK && size > most)
            most = size;
    }
    return most;
}

static bool in_feed(const struct disk_feed *f, const struct rb_hash *id, uint64_t below) {
    for (uint64_t i = 0; f && i < f->leaves_n && i < below; i++)
        if (rb_hash_eq(&f->leaves[i].hash, id)) return true;
    return false;
}

static bool on_disk(const struct disk *d, const struct rb_hash *id) {
    for (size_t i = 0; i < d->feeds_n; i++)
        if (in_feed(&d->feeds[i], id, d->feeds[i].durable_n)) return true;
    for (size_t i = 0; i < d->meta_n; i++) { /* in the outbox: the leaf is the value's tail */
        struct rb_hash h;
        if (d->meta[i].table != RB_TABLE_OUTBOX || d->meta[i].value.n < 1) continue;
        rb_leaf_hash(rb_slice_sub(d->meta[i].value, 1, d->meta[i].value.n), &h);
        if (rb_hash_eq(&h, id)) return true;
    }
    return false;
}

/* Somebody's cosignature covers it, in whichever epoch it stands. */
static bool receipted(const struct sim_party *p, const struct rb_hash *id) {
    for (size_t k = 0; k < p->sim->parties_n; k++) {
        const struct sim_party *by = p->sim->parties[k];
        for (size_t i = 0; by != p && i < by->disk.feeds_n; i++)
            if (in_feed(&by->disk.feeds[i], id, cosigned_by(by, p, &by->disk.feeds[i].ref))) return true;
    }
    return false;
}

/* Everything after what was signed of a lost part may be signed otherwise, if nobody was shown it. */
static bool was_shown(const struct sim_party *p, const struct sim_signed *g) {
    for (size_t k = 0; k < p->sim->parties_n; k++) {
        const struct sim_party *to = p->sim->parties[k];
        if (to != p && shown_to(to, p, &g->feed) >= g->size) return true;
    }
    return false;
}

static void forget_lost(struct sim_party *p) {
    size_t kept = 0;
    for (size_t i = 0; i < p->done_n; i++)
        if (on_disk(&p->disk, &p->done[i].record) || receipted(p, &p->done[i].record)) p->done[kept++] = p->done[i];
    p->done_n = kept;
    kept = 0;
    for (size_t i = 0; i < p->signed_n; i++) {
        const struct disk_feed *f = disk_feed(&p->disk, &p->signed_[i].feed);
        if ((f && f->durable_n >= p->signed_[i].size) || was_shown(p, &p->signed_[i])) p->signed_[kept++] = p->signed_[i];
    }
    p->signed_n = kept;
}

void sim_restore_disk(struct sim_party *p, const struct sim_copy *c, bool heads) {
    struct disk fresh = {0};
    replay(&c->disk, &fresh);
    copy_heads(heads ? &c->disk : &p->disk, &fresh);
    disk_free(&p->disk);
    p->disk = fresh;
    forget_lost(p);
}
