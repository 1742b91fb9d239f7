/* How often a party's checks met closed places, spec 10.6.10. The latest RB_PROBE_REFUSE times are
 * kept, which is exact: more than that many change nothing. */
#include <assert.h>
#include "readback/register.h"

bool rb_probe_counts(int64_t met_ms, int64_t now_ms) {
    int64_t ago;
    if (__builtin_sub_overflow(now_ms, met_ms, &ago)) return now_ms < met_ms;
    return ago < RB_PROBE_WINDOW_MS;
}

enum rb_probe_answer rb_probe_ask(const struct rb_probe *p, uint16_t member, int64_t now_ms) {
    assert(member < RB_MAX_MEMBERS);
    const struct rb_probe_member *m = &p->of[member];
    uint32_t met = 0;
    for (uint32_t i = 0; i < m->n; i++)
        met += rb_probe_counts(m->met_ms[i], now_ms);
    if (met >= RB_PROBE_REFUSE) return RB_PROBE_REFUSED;
    return met >= RB_PROBE_RECORD ? RB_PROBE_ALLOW_AND_RECORD : RB_PROBE_ALLOW;
}

void rb_probe_met(struct rb_probe *p, uint16_t member, int64_t now_ms) {
    assert(member < RB_MAX_MEMBERS);
    struct rb_probe_member *m = &p->of[member];
    m->met_ms[m->next] = now_ms;
    m->next = (m->next + 1) % RB_PROBE_REFUSE;
    if (m->n < RB_PROBE_REFUSE) m->n++;
}

int64_t rb_probe_again_ms(const struct rb_probe *p, uint16_t member, int64_t now_ms) {
    const struct rb_probe_member *m = &p->of[member];
    int64_t first = INT64_MAX, again;
    if (rb_probe_ask(p, member, now_ms) != RB_PROBE_REFUSED) return now_ms;
    for (uint32_t i = 0; i < m->n; i++)
        if (m->met_ms[i] < first) first = m->met_ms[i];
    return __builtin_add_overflow(first, RB_PROBE_WINDOW_MS, &again) ? INT64_MAX : again;
}
