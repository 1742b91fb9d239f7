/* The serial parts of "submitted -> held", each done alone with plain calls, without a node, a loop
 * or another program's turn in between: what held-latency is compared with. */
#ifndef READBACK_BENCH_PARTS_H
#define READBACK_BENCH_PARTS_H
#include "world.h"

enum part {
    PART_API, /* request and answer over a local socket, JSON and base64 decoded */
    PART_VERIFY_OFFICER,
    PART_SENDER_COMMIT, /* durable 1 */
    PART_RECHECK,       /* the leaf read back from the disk, hashes compared */
    PART_SIGN_LOG,
    PART_SENDER_HEADS, /* durable 2 */
    PART_TLS,          /* the push and its answer, over TLS 1.3 on loopback */
    PART_VERIFY_LOG,
    PART_RECEIVER_COMMIT, /* durable 3 */
    PART_SIGN_MIRROR,
    PART_RECEIVER_HEADS, /* durable 4 */
    PART_VERIFY_MIRROR,
    PART_COSIG_COMMIT, /* durable 5 */
    PARTS_N
};
struct parts;
/* push, answer: bytes on the wire of one notice in each direction, as measured */
struct parts *parts_open(const struct world *w, size_t push_bytes, size_t answer_bytes);
void parts_close(struct parts *p);
void parts_once(struct parts *p);   /* each part once, one after the other */
void parts_forget(struct parts *p); /* what was sampled so far: warming up */
/* a row for each part and one for their sum, which is returned */
struct bench_row *parts_rows(const struct parts *p);
#endif
