/* What the machine allows, and what others do on it: measured beside ours in the same run. */
#ifndef READBACK_BENCH_LIMITS_H
#define READBACK_BENCH_LIMITS_H
#include "bench.h"

struct limits { /* medians */
    double fsync_us, verify_us, node_hash_ns;
};
void limits_measure(struct limits *out);
/* How many signatures one thread verifies in a second, now: for work that goes on for seconds,
 * during which the scheduler and whoever else uses the machine take their part. */
double limits_verify_rate(void);
/* Each adds a row for latency and one for throughput, or says in both why it was skipped. held_us
 * and held_per_s are put beside by line.c afterwards: see peers_beside. */
struct peer_rows {
    struct bench_row *latency, *throughput;
};
#define PEER_MESSAGE 300u /* bytes: a notice with its signatures */
struct peer_rows mosquitto_measure(void);
struct peer_rows nats_measure(void);
#endif
