/* Answers questions about pairs of outlines, for test/integration/py/oracle.py. A line of numbers
 * each way:
 *   in:  SHAPE SHAPE n within_mm...   SHAPE: C lat lon radius | P edges k (lat lon)... |
 *                                     L half-width k (lat lon)...   in 1e-9 degree and mm;
 *        before a SHAPE: B datum floor ceiling, T from to, each or both
 *   out: distance depth exact distance' depth' answer...   ' of the pair exchanged; the answers of
 *        rb_outline_near, each 0, 1 or 2; 9 where they differ for the pair exchanged; last, the
 *        answer of rb_verdict without stand-off
 *        or: refused CLAUSE */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "readback/verdict.h"

static uint8_t memory[1 << 20];

static int64_t number(void) {
    char word[32], *end;
    if (scanf("%31s", word) != 1) exit(2);
    long long v = strtoll(word, &end, 10);
    if (*end != 0) exit(2);
    return v;
}

static struct rb_volume read_shape(struct rb_point *points) {
    struct rb_volume v = {.floor = {.open = true}, .ceiling = {.open = true}};
    char kind;
    if (scanf(" %c", &kind) != 1) exit(feof(stdin) ? 0 : 2);
    v.vertices = points;
    while (kind == 'B' || kind == 'T') {
        if (kind == 'B') {
            v.floor.datum = v.ceiling.datum = (enum rb_datum)number();
            v.floor.open = v.ceiling.open = false;
            v.floor.mm = number();
            v.ceiling.mm = number();
        } else {
            v.has_from = v.has_to = true;
            v.from_utc_ms = number();
            v.to_utc_ms = number();
        }
        if (scanf(" %c", &kind) != 1) exit(2);
    }
    if (kind == 'C') {
        v.shape = RB_SHAPE_CIRCLE;
        v.center.lat_nd = number();
        v.center.lon_nd = number();
        v.radius_mm = (uint64_t)number();
        return v;
    }
    v.shape = kind == 'P' ? RB_SHAPE_POLYGON : RB_SHAPE_CORRIDOR;
    if (kind == 'P')
        v.edges = (enum rb_edges)number();
    else
        v.radius_mm = (uint64_t)number();
    v.vertices_n = (size_t)number();
    if (v.vertices_n > RB_MAX_VERTICES) exit(2);
    for (size_t i = 0; i < v.vertices_n; i++) {
        points[i].lat_nd = number();
        points[i].lon_nd = number();
    }
    return v;
}

static void answer(const struct rb_extent *xa, const struct rb_extent *xb) {
    const struct rb_outline *a = xa->outline, *b = xb->outline;
    struct rb_gap x = rb_outline_gap(a, b), y = rb_outline_gap(b, a);
    printf("%" PRIu64 " %" PRIu64 " %d %" PRIu64 " %" PRIu64, x.distance_mm, x.depth_mm, x.exact,
           y.distance_mm, y.depth_mm);
    for (int64_t n = number(); n > 0; n--) {
        uint64_t within = (uint64_t)number();
        enum rb_near near = rb_outline_near(a, b, within);
        printf(" %d", near == rb_outline_near(b, a, within) ? (int)near : 9);
    }
    struct rb_verdict v;
    rb_verdict(xa, xb, &(struct rb_verdict_terms){.standoff_mm = 0}, &v);
    printf(" %d\n", (int)v.answer);
}

int main(void) {
    static struct rb_point pa[RB_MAX_VERTICES], pb[RB_MAX_VERTICES];
    for (;;) {
        struct rb_arena arena = rb_arena(memory, sizeof memory);
        struct rb_reject rj = {0};
        struct rb_volume a = read_shape(pa), b = read_shape(pb);
        struct rb_extent oa, ob;
        if (rb_extent_prepare(&a, &arena, &oa, &rj) || rb_extent_prepare(&b, &arena, &ob, &rj)) {
            printf("refused %s\n", rj.clause);
            for (int64_t n = number(); n > 0; n--)
                (void)number();
        } else {
            answer(&oa, &ob);
        }
        fflush(stdout);
    }
}
