/* See idle.h. */
#include "idle.h"
#include <stdlib.h>
#include <time.h>
#include "world.h"

#define SLOT_S 10
#define MIDDLE_S 6        /* after a slot: everything it caused is over */
#define SLOTS ((time_t)4) /* at least */

struct idle {
    struct world w;
    time_t begin;
    uint64_t bytes;
    json_int_t tests;
};

/* the middle between two slots, which are whole multiples of SLOT_S since 1970 */
static time_t wait_for_middle(time_t at_least) {
    for (;;) {
        const time_t now = time(NULL);
        if (now >= at_least && now % SLOT_S == MIDDLE_S) return now;
        bench_sleep_until(bench_now_ns() + 50000000u);
    }
}

static json_int_t tests_logged(const struct world *w) {
    json_t *log = side_get(&w->a, "/v1/channels/%s/log?kind=test&limit=1000", w->channel);
    const json_int_t n = (json_int_t)json_array_size(json_object_get(log, "records"));
    json_decref(log);
    return n;
}

struct idle *idle_open(const char *readbackd) {
    struct idle *i = calloc(1, sizeof *i);
    const struct world_options o = {
        .name = "idle",
        .config = "[peer]\nidle = 2s\n",
        .charter = "\"test_interval\": 10, \"test_grace\": 5, \"receipt_interval\": \"1s\""};
    uint64_t in, out;
    if (i == NULL) bench_die("memory is short");
    world_open(&i->w, readbackd, &o);
    i->begin = wait_for_middle(time(NULL) + SLOT_S); /* one slot has passed: founding is over */
    i->bytes = side_wire_bytes(&i->w.a, &in, &out);
    i->tests = tests_logged(&i->w);
    return i;
}

void idle_rows(struct idle *i) {
    uint64_t in, out;
    const time_t end = wait_for_middle(i->begin + SLOTS * SLOT_S);
    const uint64_t bytes = side_wire_bytes(&i->w.a, &in, &out) - i->bytes;
    const json_int_t tests = tests_logged(&i->w) - i->tests, slots = (end - i->begin) / SLOT_S;
    if (tests != 2 * slots)
        bench_die("%lld tests in %lld slots of two parties", (long long)tests, (long long)slots);
    const double per_slot = (double)bytes / (double)slots;
    (void)bench_row(
        "idle-bytes-per-day", "bytes", per_slot * 24,
        "two parties, a test by each every hour: %lld slots measured (%d s apart; the connections "
        "end and "
        "are made anew in between), %.0f bytes each in both directions with its receipts and TLS "
        "handshakes, times 24",
        (long long)slots, SLOT_S, per_slot);
    world_close(&i->w);
    free(i);
}
