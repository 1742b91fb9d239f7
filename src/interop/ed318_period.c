/* Periods of ED-318 and ED-269, spec 12.4.5. */
#include "ed318_int.h"

static enum rb_err period(struct geo *g, struct rb_json *j, struct rb_volume *out) {
    static const char *const names[] = {"startDateTime", "endDateTime", "schedule", "dailyPeriod",
                                        "permanent"};
    struct geo_members m;
    RB_TRY(geo_members(g, j, names, 5, &m));
    out->has_from = geo_has(&m, 0);
    out->has_to = geo_has(&m, 1);
    if (out->has_from) RB_TRY(geo_time(g, m.value[0], &out->from_utc_ms));
    if (out->has_to) RB_TRY(geo_time(g, m.value[1], &out->to_utc_ms));
    if (geo_has(&m, 2) || geo_has(&m, 3)) geo_remark(g, RB_REMARK_SCHEDULE);
    if (m.others) geo_remark(g, RB_REMARK_PROPERTIES);
    return RB_OK;
}

enum rb_err ed318_read_periods(struct geo *g, struct rb_json j, struct ed318_periods *out) {
    struct rb_json_token t;
    RB_TRY(rb_json_take(&j, RB_JSON_ARRAY, &t, g->rj));
    for (bool more = true;;) {
        RB_TRY(rb_json_more(&j, &more, g->rj));
        if (!more) return RB_OK;
        if (out->n == RB_MAX_VOLUMES)
            return geo_limit(g, "12.2.3", "more periods than a notice can have", j.at);
        RB_TRY(period(g, &j, &out->of[out->n]));
        out->n++;
    }
}

static void set_times(struct rb_volume *v, const struct rb_volume *times) {
    v->has_from = times->has_from;
    v->has_to = times->has_to;
    v->from_utc_ms = times->from_utc_ms;
    v->to_utc_ms = times->to_utc_ms;
}

/* each volume at the period it names, or each of them at each period */
enum rb_err ed318_apply_periods(struct geo *g, const struct ed318_periods *p, size_t at) {
    const size_t n = g->f.volumes_n;
    bool chosen = false;
    if (p->n == 0) return RB_OK;
    for (size_t i = 0; i < n; i++)
        chosen |= g->period[i] != 0;
    if (!chosen && n * p->n > RB_MAX_VOLUMES)
        return geo_limit(g, "12.2.3", "more volumes than a notice can have", at);
    if (chosen) {
        for (size_t i = 0; i < n; i++) {
            if (g->period[i] == 0 || (size_t)g->period[i] > p->n)
                return geo_refuse(g, "12.2.4", "no such period", at);
            set_times(&g->f.volumes[i], &p->of[g->period[i] - 1]);
        }
        return RB_OK;
    }
    for (size_t k = 1; k < p->n; k++)
        for (size_t i = 0; i < n; i++) {
            g->f.volumes[k * n + i] = g->f.volumes[i];
            g->at[k * n + i] = g->at[i];
            g->edges_said[k * n + i] = g->edges_said[i];
        }
    g->f.volumes_n = n * p->n;
    for (size_t i = 0; i < g->f.volumes_n; i++)
        set_times(&g->f.volumes[i], &p->of[i / n]);
    return RB_OK;
}
