/* Which conflict is worse, spec 10.6.5. */
#include "conflict.h"

static int by_number(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* below 0: a is worse */
static int compare(const struct rb_conflict *a, const struct rb_conflict *b) {
    if (a->answer != b->answer) return a->answer == RB_ANSWER_CONFLICT ? -1 : 1;
    int d = by_number(b->gap.depth_mm, a->gap.depth_mm);
    if (d == 0) d = by_number(a->gap.distance_mm, b->gap.distance_mm);
    if (d == 0) d = memcmp(a->other.b, b->other.b, RB_HASH_LEN);
    if (d == 0) d = by_number(a->plan_volume, b->plan_volume);
    return d != 0 ? d : by_number(a->other_volume, b->other_volume);
}

bool conflict_worse(const struct rb_conflict *a, const struct rb_conflict *b) {
    return compare(a, b) < 0;
}

static void sift(struct found *list, size_t root, size_t n) {
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && conflict_worse(&list[child].c, &list[child + 1].c)) child++;
        if (!conflict_worse(&list[root].c, &list[child].c)) return;
        const struct found t = list[root];
        list[root] = list[child];
        list[child] = t;
    }
}

/* Heap sort: how many there are is up to others, so the worst case counts. */
void conflict_sort(struct found *list, size_t n) {
    for (size_t i = n / 2; i-- > 0;)
        sift(list, i, n);
    for (size_t i = n; i-- > 1;) {
        const struct found t = list[0];
        list[0] = list[i];
        list[i] = t;
        sift(list, 0, i);
    }
}
