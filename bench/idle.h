/* What a line costs when nobody speaks: two daemons whose charter has a test slot every few
 * seconds, as another has every hour; connections end between slots as they would. Runs beside the
 * rest. */
#ifndef READBACK_BENCH_IDLE_H
#define READBACK_BENCH_IDLE_H
struct idle;
struct idle *idle_open(const char *readbackd);
void idle_rows(struct idle *i); /* waits for enough slots, adds the row, ends the daemons */
#endif
