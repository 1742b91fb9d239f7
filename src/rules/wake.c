/* What is to be looked at again when `now` is there: a heap, the earliest first. An entry that is
 * no longer so does no harm: what it names is settled again and is what it was. */
#include "readback/live.h"
#include "internal.h"

static int by_hour(const void *pa, const void *pb) {
    const struct rb_wake *a = pa, *b = pb;
    if (a->at_utc_ms != b->at_utc_ms) return a->at_utc_ms < b->at_utc_ms ? -1 : 1;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    return a->kind < b->kind ? -1 : a->kind > b->kind;
}

/* What is walked again notes its hours again, so the same entry comes often. A sorted list is a
 * heap.
 */
static enum rb_err wakes_room(struct rb_fold *f) {
    size_t kept = 0;
    if (f->wakes_n < f->wakes_cap) return RB_OK;
    rb_sort(f->wakes, f->wakes_n, sizeof *f->wakes, by_hour);
    for (size_t i = 0; i < f->wakes_n; i++)
        if (kept == 0 || by_hour(&f->wakes[kept - 1], &f->wakes[i]) != 0)
            f->wakes[kept++] = f->wakes[i];
    f->wakes_n = kept;
    if (kept < f->wakes_cap / 2) return RB_OK;
    return rb_fold_more(f->a, &f->wakes, &f->wakes_cap, f->wakes_cap + 1, sizeof *f->wakes);
}

/* At the hour itself some things change, and some when it is past. */
enum rb_err rb_wake_push(struct rb_fold *f, enum rb_wake_kind kind, uint32_t node,
                         int64_t at_utc_ms) {
    const int64_t now = f->s->now_utc_ms;
    if (!f->kept || at_utc_ms < now || at_utc_ms == INT64_MAX) return RB_OK;
    RB_TRY(wakes_room(f));
    struct rb_wake *h = f->wakes;
    const struct rb_wake put = {at_utc_ms == now ? now + 1 : at_utc_ms, node, kind};
    size_t at = f->wakes_n++;
    for (; at > 0 && by_hour(&put, &h[(at - 1) / 2]) < 0; at = (at - 1) / 2)
        h[at] = h[(at - 1) / 2];
    h[at] = put;
    return RB_OK;
}

int64_t rb_live_next(const struct rb_live *l) {
    if (l->fold == NULL) return INT64_MIN;
    int64_t next = l->fold->wakes_n > 0 ? l->fold->wakes[0].at_utc_ms : INT64_MAX;
    for (size_t i = 0; i < l->fold->proposals_n; i++) { /* and a charter's own hour */
        const int64_t by = l->fold->proposals[i].charter->accept_by_utc_ms;
        if (by >= l->s.now_utc_ms && by < next) next = by == l->s.now_utc_ms ? by + 1 : by;
    }
    return next;
}

bool rb_wake_next(struct rb_fold *f, struct rb_wake *out) {
    struct rb_wake *h = f->wakes;
    if (f->wakes_n == 0 || h[0].at_utc_ms > f->s->now_utc_ms) return false;
    *out = h[0];
    const struct rb_wake last = h[--f->wakes_n];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= f->wakes_n) break;
        if (child + 1 < f->wakes_n && by_hour(&h[child + 1], &h[child]) < 0) child++;
        if (by_hour(&last, &h[child]) <= 0) break;
        h[at] = h[child];
        at = child;
    }
    h[at] = last;
    return true;
}
