/* Somebody who answers, in a thread of its own: plain over a local socket (reading what was asked
 * as JSON), or over TLS 1.3 on loopback. Both sides block; nothing else is done. */
#ifndef READBACK_BENCH_ECHO_H
#define READBACK_BENCH_ECHO_H
#include <stdbool.h>
#include <stddef.h>
struct echo;
struct echo *echo_open(bool tls);
/* n bytes there, answer_n bytes back */
void echo_call(struct echo *e, const char *bytes, size_t n, size_t answer_n);
void echo_close(struct echo *e);
#endif
