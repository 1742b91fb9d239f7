/* In which order pairs are looked at, and how much each may take, spec 10.6.16. What is compared is
 * up to others, and how intricate it is: so sites and movements come first, and each author has a
 * share of his own, which nobody else can use up before him. */
#include "conflict.h"

enum rb_err conflict_queue_add(struct check *k, uint32_t ref, size_t plan_volume) {
    void *p = k->queue;
    RB_TRY(rb_region_grow(k->r->region, &p, &k->queue_cap, k->queue_n + 1, sizeof *k->queue));
    k->queue = p;
    k->queue[k->queue_n++] = (struct candidate){ref, (uint32_t)plan_volume};
    return RB_OK;
}

/* ---- order --------------------------------------------------------------------------------------
 */

static bool is_protected(const struct place *p) {
    return p->class_ == RB_PLACE_SITE || p->class_ == RB_PLACE_MOVEMENT;
}

static bool before(const struct rb_register *r, const struct candidate *a,
                   const struct candidate *b) {
    const struct volume_of *va = &r->volumes[a->ref], *vb = &r->volumes[b->ref];
    const struct place *pa = va->place, *pb = vb->place;
    if (pa != pb) {
        if (is_protected(pa) != is_protected(pb)) return is_protected(pa);
        if (pa->author != pb->author) return pa->author < pb->author;
        return memcmp(pa->id.b, pb->id.b, RB_HASH_LEN) < 0;
    }
    if (a->plan_volume != b->plan_volume) return a->plan_volume < b->plan_volume;
    return va->volume < vb->volume;
}

static void exchange(struct candidate *a, struct candidate *b) {
    const struct candidate t = *a;
    *a = *b;
    *b = t;
}

static void sift(const struct rb_register *r, struct candidate *q, size_t root, size_t n) {
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(r, &q[child], &q[child + 1])) child++;
        if (!before(r, &q[root], &q[child])) return;
        exchange(&q[root], &q[child]);
    }
}

static void sort(const struct rb_register *r, struct candidate *q, size_t n) {
    for (size_t i = n / 2; i-- > 0;)
        sift(r, q, i, n);
    for (size_t i = n; i-- > 1;) {
        exchange(&q[0], &q[i]);
        sift(r, q, 0, i);
    }
}

/* ---- shares -------------------------------------------------------------------------------------
 */

static const struct place *place_at(const struct check *k, size_t i) {
    return k->r->volumes[k->queue[i].ref].place;
}

static size_t authors(const struct check *k, size_t from, size_t to) {
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += i == from || place_at(k, i)->author != place_at(k, i - 1)->author;
    return n;
}

/* One author's, out of his share; what that does not suffice for stays, from *kept on. */
static enum rb_err run_share(struct check *k, size_t from, size_t to, struct looks share,
                             size_t *kept) {
    k->left.near -= share.near;
    k->left.gap -= share.gap;
    for (size_t i = from; i < to; i++) {
        bool again;
        RB_TRY(conflict_pair(k, &k->queue[i], &share, false, &again));
        if (again) k->queue[(*kept)++] = k->queue[i];
    }
    k->left.near += share.near;
    k->left.gap += share.gap;
    return RB_OK;
}

/* Then what is left over serves those that stayed, in their order. */
static enum rb_err run(struct check *k, size_t from, size_t to) {
    const size_t n = authors(k, from, to);
    size_t kept = from;
    if (n == 0) return RB_OK;
    const struct looks share = {k->left.near / n, k->left.gap / n};
    for (size_t i = from, next; i < to; i = next) {
        const uint16_t author = place_at(k, i)->author;
        for (next = i + 1; next < to && place_at(k, next)->author == author; next++) {
        }
        RB_TRY(run_share(k, i, next, share, &kept));
    }
    for (size_t i = from; i < kept; i++) {
        bool again;
        RB_TRY(conflict_pair(k, &k->queue[i], &k->left, true, &again));
    }
    return RB_OK;
}

enum rb_err conflict_queue_run(struct check *k) {
    size_t rest = 0;
    sort(k->r, k->queue, k->queue_n);
    while (rest < k->queue_n && is_protected(place_at(k, rest)))
        rest++;
    RB_TRY(run(k, 0, rest));
    return run(k, rest, k->queue_n);
}
