/* Many records a second from one process to another: signed before, given to POST /v1/submit-batch
 * by a few connections, counted when the other's cosignature stands in the sender's database. */
#ifndef READBACK_BENCH_SUSTAINED_H
#define READBACK_BENCH_SUSTAINED_H
#include "world.h"
/* said: notices said before; verify_us: one signature. Adds the rows; returns records held a
 * second. */
double sustained_measure(const struct world *w, unsigned said, double verify_us);
#endif
