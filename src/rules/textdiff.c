/* Two versions of a text side by side: the longest sequence of paragraphs that both have, found by
 * the usual table; what is left between two of these changed, went or came. */
#include "readback/textdiff.h"
#include <assert.h>

const char *rb_diff_type_name(enum rb_diff_type t) {
    switch (t) {
    case RB_DIFF_SAME:
        return "same";
    case RB_DIFF_CHANGED:
        return "changed";
    case RB_DIFF_REMOVED:
        return "removed";
    case RB_DIFF_ADDED:
        return "added";
    }
    return "?";
}

struct walk {
    const struct rb_text *a, *b;
    size_t from, a_to, b_to; /* what differs: [from, a_to) and [from, b_to) */
    uint16_t *longest;       /* [a_to - from + 1][b_to - from + 1]: from here to the end */
    struct rb_diff *out;
};

static bool same(const struct walk *w, size_t i, size_t k) {
    return rb_slice_eq(w->a->paragraphs[i], w->b->paragraphs[k]);
}

static uint16_t *cell(const struct walk *w, size_t i, size_t k) {
    return &w->longest[(i - w->from) * (w->b_to - w->from + 1) + (k - w->from)];
}

/* front and end that both have: of most versions that is nearly all */
static void find_middle(struct walk *w) {
    w->a_to = w->a->paragraphs_n;
    w->b_to = w->b->paragraphs_n;
    while (w->from < w->a_to && w->from < w->b_to && same(w, w->from, w->from))
        w->from++;
    while (w->a_to > w->from && w->b_to > w->from && same(w, w->a_to - 1, w->b_to - 1)) {
        w->a_to--;
        w->b_to--;
    }
}

static enum rb_err fill(struct walk *w, struct rb_arena *a) {
    const size_t rows = w->a_to - w->from + 1, columns = w->b_to - w->from + 1;
    w->longest = rb_arena_array(a, rows * columns, sizeof *w->longest);
    if (w->longest == NULL) return RB_ERR_LIMIT;
    for (size_t i = w->a_to; i-- > w->from;)
        for (size_t k = w->b_to; k-- > w->from;) {
            const uint16_t down = *cell(w, i + 1, k), right = *cell(w, i, k + 1);
            *cell(w, i, k) = same(w, i, k)  ? (uint16_t)(*cell(w, i + 1, k + 1) + 1)
                             : down > right ? down
                                            : right;
        }
    return RB_OK;
}

static void put(struct walk *w, enum rb_diff_type type, size_t before, size_t after) {
    struct rb_diff_line *l = &w->out->lines[w->out->n++];
    l->type = type;
    l->before = type == RB_DIFF_ADDED ? 0 : (uint16_t)(before + 1);
    l->after = type == RB_DIFF_REMOVED ? 0 : (uint16_t)(after + 1);
}

/* between two paragraphs that stayed: one for one, then what is over */
static void put_gap(struct walk *w, size_t *i, size_t i_to, size_t *k, size_t k_to) {
    while (*i < i_to && *k < k_to)
        put(w, RB_DIFF_CHANGED, (*i)++, (*k)++);
    while (*i < i_to)
        put(w, RB_DIFF_REMOVED, (*i)++, 0);
    while (*k < k_to)
        put(w, RB_DIFF_ADDED, 0, (*k)++);
}

static void put_middle(struct walk *w) {
    const size_t from = w->from;
    size_t i = from, i_to = from, k = from, k_to = from;
    while (i_to < w->a_to && k_to < w->b_to) {
        if (same(w, i_to, k_to)) {
            put_gap(w, &i, i_to, &k, k_to);
            put(w, RB_DIFF_SAME, i++, k++);
            i_to = i;
            k_to = k;
        } else if (*cell(w, i_to + 1, k_to) >= *cell(w, i_to, k_to + 1)) {
            i_to++;
        } else {
            k_to++;
        }
    }
    put_gap(w, &i, w->a_to, &k, w->b_to);
}

enum rb_err rb_text_diff(const struct rb_text *before, const struct rb_text *after,
                         struct rb_arena *a, struct rb_diff *out) {
    struct walk w = {.a = before, .b = after, .out = out};
    assert(before->paragraphs_n <= RB_MAX_PARAGRAPHS && after->paragraphs_n <= RB_MAX_PARAGRAPHS);
    *out = (struct rb_diff){0};
    find_middle(&w);
    out->lines = rb_arena_array(a, before->paragraphs_n + after->paragraphs_n, sizeof *out->lines);
    if (out->lines == NULL && before->paragraphs_n + after->paragraphs_n > 0) return RB_ERR_LIMIT;
    RB_TRY(fill(&w, a));
    for (size_t i = 0; i < w.from; i++)
        put(&w, RB_DIFF_SAME, i, i);
    put_middle(&w);
    for (size_t i = w.a_to, k = w.b_to; i < before->paragraphs_n; i++, k++)
        put(&w, RB_DIFF_SAME, i, k);
    return RB_OK;
}
