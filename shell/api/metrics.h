/* What an operator's monitoring reads: Prometheus text, and who may fetch it over the network.
 * Counts, sizes and times of the machine; of records and places nothing. Labels are handles of
 * peers, numbers of channels and words of this program, so their number is bounded.
 * man/readback-operation.7 lists them. */
#ifndef RB_SHELL_METRICS_H
#define RB_SHELL_METRICS_H
#include "api.h"

struct evhttp_request;

#define RB_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
/* The text, to be freed; NULL: memory is short. */
char *rb_metrics_text(struct rb_api *api, size_t *n);
/* one measured time into a histogram */
void rb_times_add(struct rb_times *t, uint64_t us);

/* answers a request with it */
void rb_metrics_answer(struct evhttp_request *req, struct rb_api *api);

/* GET /metrics over plain HTTP, and nothing else. Loopback only: RB_ERR_DENIED for any other
 * address. why: a sentence. */
struct event_base;
struct rb_metrics_server;
enum rb_err rb_metrics_open(struct event_base *base, const char *address, struct rb_api *api,
                            struct rb_metrics_server **out, char *why, size_t why_n) RB_MUST_USE;
uint16_t rb_metrics_port(const struct rb_metrics_server *m);
void rb_metrics_close(struct rb_metrics_server *m);
#endif
