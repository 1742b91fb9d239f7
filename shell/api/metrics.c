/* See metrics.h. */
#include "metrics.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "internal.h"

/* ---- times ------------------------------------------------------------------------------------
 */

static const uint64_t bucket_us[RB_TIMES_BUCKETS] = {
    250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

void rb_times_add(struct rb_times *t, uint64_t us) {
    size_t i = 0;
    while (i < RB_TIMES_BUCKETS && us > bucket_us[i])
        i++;
    if (i < RB_TIMES_BUCKETS) t->bucket[i]++;
    t->n++;
    t->sum_us += us;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void family(FILE *f, const char *name, const char *type, const char *help) {
    fprintf(f, "# HELP readback_%s %s\n# TYPE readback_%s %s\n", name, help, name, type);
}
static void one(FILE *f, const char *name, const char *type, const char *help, uint64_t v) {
    family(f, name, type, help);
    fprintf(f, "readback_%s %" PRIu64 "\n", name, v);
}
static void seconds(FILE *f, uint64_t us) {
    fprintf(f, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}
static void utc(FILE *f, int64_t ms) {
    const int64_t t = ms > 0 ? ms : 0;
    fprintf(f, "%" PRId64 ".%03" PRId64 "\n", t / 1000, t % 1000);
}
static void times(FILE *f, const char *name, const char *help, const struct rb_times *t) {
    uint64_t below = 0;
    family(f, name, "histogram", help);
    for (size_t i = 0; i < RB_TIMES_BUCKETS; i++) {
        below += t->bucket[i];
        fprintf(f, "readback_%s_bucket{le=\"%" PRIu64 ".%06" PRIu64 "\"} %" PRIu64 "\n", name,
                bucket_us[i] / 1000000, bucket_us[i] % 1000000, below);
    }
    fprintf(f, "readback_%s_bucket{le=\"+Inf\"} %" PRIu64 "\nreadback_%s_sum ", name, t->n, name);
    seconds(f, t->sum_us);
    fprintf(f, "readback_%s_count %" PRIu64 "\n", name, t->n);
}

/* ---- the node ---------------------------------------------------------------------------------
 */

/* of a channel, as its label; of a handle [a-z0-9-], so nothing needs escaping */
static void channel_label(FILE *f, const char *name, const struct rb_channel_view *v) {
    char hex[2 * RB_CHANNEL_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    rb_put_hex(&w, v->id, RB_CHANNEL_LEN);
    fprintf(f, "readback_%s{channel=\"%s\"", name, rb_writer_z(&w));
}

static uint64_t records_of(const struct rb_channel_view *v) {
    uint64_t n = 0;
    for (size_t i = 0; i < v->book->feeds_n; i++)
        n += v->book->feeds[i]->facts_n;
    return n;
}
static uint64_t leaves_of(const struct rb_channel_view *v) {
    uint64_t n = 0;
    for (size_t i = 0; i < v->book->feeds_n; i++)
        n += v->book->feeds[i]->tree.size;
    return n;
}
static uint64_t frozen_of(const struct rb_channel_view *v) {
    uint64_t n = 0;
    for (size_t i = 0; i < v->book->feeds_n; i++)
        n += v->book->feeds[i]->frozen;
    return n;
}
static uint64_t outbox_of(const struct rb_channel_view *v) {
    return v->outbox_n;
}
static uint64_t waiting_of(const struct rb_channel_view *v) {
    return v->waiting != NULL;
}
static uint64_t guarded_of(const struct rb_channel_view *v) {
    return v->guarded;
}
static uint64_t guard_need_of(const struct rb_channel_view *v) {
    return v->guard_need;
}
static uint64_t guard_answered_of(const struct rb_channel_view *v) {
    return (uint64_t)__builtin_popcountll(v->guard_answered);
}
static uint64_t lost_of(const struct rb_channel_view *v) {
    const uint64_t have = v->own_feed ? v->own_feed->tree.size : 0;
    return v->lost_to > have ? v->lost_to - have : 0;
}
static uint64_t own_of(const struct rb_channel_view *v) {
    return v->own_feed ? v->own_feed->tree.size : 0;
}
static uint64_t signed_of(const struct rb_channel_view *v) {
    return v->signed_size;
}
static uint64_t missing_of(const struct rb_channel_view *v) {
    return v->bodies_missing;
}
static uint64_t unopened_of(const struct rb_channel_view *v) {
    return v->bodies_unopened;
}
static const struct {
    const char *name, *help;
    uint64_t (*of)(const struct rb_channel_view *v);
} per_channel[] = {
    {"records", "Records judged here, of all members.", records_of},
    {"leaves", "Leaves stored here, of all members.", leaves_of},
    {"own_leaves", "Leaves of our own log.", own_of},
    {"own_signed", "Leaves of our own log that a checkpoint of ours covers.", signed_of},
    {"outbox", "Records admitted and not logged yet.", outbox_of},
    {"waiting", "1 while records wait unsigned for a reason.", waiting_of},
    {"guarded", "1 while the members are asked what they hold of ours (start-up guard).",
     guarded_of},
    {"guard_needed", "Members that must answer before the guard ends.", guard_need_of},
    {"guard_answered", "Members that have answered it.", guard_answered_of},
    {"lost_leaves", "Leaves of our own log that others hold and this store does not.", lost_of},
    {"frozen_logs", "Logs with two histories; they take nothing more.", frozen_of},
    {"bodies_missing", "Closed bodies for us that are not here, or bad.", missing_of},
    {"bodies_unopened", "Closed bodies for us that are here and not opened yet.", unopened_of},
};

static void put_channels(FILE *f, const struct rb_api *api) {
    struct rb_channel_view v;
    for (size_t k = 0; k < sizeof per_channel / sizeof *per_channel; k++) {
        family(f, per_channel[k].name, "gauge", per_channel[k].help);
        for (size_t i = 0; i < rb_node_channels(api->host.node); i++) {
            if (!rb_node_channel(api->host.node, i, &v)) continue;
            channel_label(f, per_channel[k].name, &v);
            fprintf(f, "} %" PRIu64 "\n", per_channel[k].of(&v));
        }
    }
}

/* how far each member's cosignature is behind our own log */
static void put_lag_of(FILE *f, const struct rb_api *api, const struct rb_channel_view *v) {
    uint64_t t = 0;
    for (size_t i = 0; v->own_feed && i < v->book->members_n; i++) {
        const struct rb_book_member *m = &v->book->members[i];
        if (m->index == v->own_member || m->card == NULL) continue;
        const uint64_t held = rb_node_cosigned(api->host.node, v->id, m->index, &t);
        channel_label(f, "held_lag", v);
        fprintf(f, ",member=\"%.*s\"} %" PRIu64 "\n", (int)m->card->handle.n,
                (const char *)m->card->handle.p,
                v->own_feed->tree.size > held ? v->own_feed->tree.size - held : 0);
    }
}
static void put_lag(FILE *f, const struct rb_api *api) {
    struct rb_channel_view v;
    family(f, "held_lag", "gauge", "Leaves of our log that this member has not said it holds.");
    for (size_t i = 0; i < rb_node_channels(api->host.node); i++)
        if (rb_node_channel(api->host.node, i, &v)) put_lag_of(f, api, &v);
}

static void put_peer(FILE *f, const char *name, const struct rb_peer_view *p) {
    fprintf(f, "readback_%s{peer=\"%.*s\"} ", name, (int)p->card->handle.n,
            (const char *)p->card->handle.p);
}
static void put_peers(FILE *f, const struct rb_api *api) {
    static const struct {
        const char *name, *help;
    } of[] = {{"link_up", "1 while the line to this peer works, as far as this node knows."},
              {"link_failures", "Failed attempts in a row."},
              {"link_last_ok_timestamp_seconds", "When it last answered; 0: never."}};
    struct rb_peer_view p;
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        family(f, of[k].name, "gauge", of[k].help);
        for (size_t i = 0; i < rb_node_peers(api->host.node); i++) {
            if (!rb_node_peer(api->host.node, i, &p) || p.card == NULL) continue;
            put_peer(f, of[k].name, &p);
            if (k == 2)
                utc(f, p.last_ok_utc_ms);
            else
                fprintf(f, "%u\n", k == 0 ? p.link == RB_LINK_UP : p.failures);
        }
    }
}

static void put_counts(FILE *f, const struct rb_api *api) {
    family(f, "alerts_total", "counter", "Alerts since the start, by kind.");
    for (int a = RB_ALERT_RECORD; a <= RB_ALERT_BODY; a++)
        fprintf(f, "readback_alerts_total{kind=\"%s\"} %" PRIu64 "\n",
                rb_alert_name((enum rb_alert_type)a), api->alerts[a]);
    family(f, "refused_total", "counter", "Requests of peers refused since the start, by code.");
    for (int e = RB_ERR_MALFORMED; e <= RB_ERR_INTERNAL; e++)
        fprintf(f, "readback_refused_total{code=\"%s\"} %" PRIu64 "\n", rb_err_name((enum rb_err)e),
                api->refused_n[e]);
}

/* ---- the machine ------------------------------------------------------------------------------
 */

static void put_line(FILE *f, const struct rb_measures *m) {
    family(f, "link_bytes_total", "counter", "Bytes on the wire, TLS included.");
    fprintf(f, "readback_link_bytes_total{direction=\"in\"} %" PRIu64 "\n", m->bytes_in);
    fprintf(f, "readback_link_bytes_total{direction=\"out\"} %" PRIu64 "\n", m->bytes_out);
    family(f, "link_requests_total", "counter", "Requests of peers taken in, and ours.");
    fprintf(f, "readback_link_requests_total{direction=\"in\"} %" PRIu64 "\n", m->requests_in);
    fprintf(f, "readback_link_requests_total{direction=\"out\"} %" PRIu64 "\n", m->requests_out);
    family(f, "link_connections", "gauge", "Connections open.");
    fprintf(f, "readback_link_connections{direction=\"in\"} %" PRIu64 "\n", m->conns_in);
    fprintf(f, "readback_link_connections{direction=\"out\"} %" PRIu64 "\n", m->conns_out);
    one(f, "link_refused_total", "counter", "Connections and requests refused by the peer port.",
        m->link_refused);
    one(f, "link_handshakes_failed_total", "counter", "TLS handshakes that failed.",
        m->handshakes_failed);
}
static void put_store(FILE *f, const struct rb_measures *m) {
    family(f, "store_bytes", "gauge", "Bytes of the database's files.");
    fprintf(f, "readback_store_bytes{file=\"database\"} %" PRIu64 "\n", m->store_bytes);
    fprintf(f, "readback_store_bytes{file=\"log\"} %" PRIu64 "\n", m->wal_bytes);
    one(f, "disk_free_bytes", "gauge", "Bytes that may still be written where the home lies.",
        m->disk_free);
    one(f, "purge_unfinished", "gauge",
        "1 while bytes of a purged body may stand in the write-ahead log.", m->unclean);
    times(f, "commit_seconds", "Commits of the database, synced.", &m->commits);
    times(f, "heads_sync_seconds", "Syncs of the head file before signatures leave.", &m->syncs);
}
static void put_host(FILE *f, const struct rb_api *api, const struct rb_now *now) {
    struct rb_measures m = {0};
    if (api->host.measure == NULL) return;
    api->host.measure(api->host.ctx, &m);
    family(f, "uptime_seconds", "gauge", "Since the start of this process.");
    fputs("readback_uptime_seconds ", f);
    seconds(f, (now->mono_ms - m.started_mono_ms) * 1000);
    put_line(f, &m);
    put_store(f, &m);
    one(f, "region_used_bytes", "gauge", "Of the node's address space, used so far.",
        m.region_used);
    one(f, "region_bytes", "gauge", "Of it, all that may be used.", m.region_cap);
    one(f, "resident_bytes", "gauge", "Memory of the process.", m.resident);
}

static void put_all(FILE *f, const struct rb_api *api) {
    const struct rb_now now = api->host.now(api->host.ctx);
    family(f, "info", "gauge", "Version of this program.");
    fprintf(f, "readback_info{version=\"%s\"} 1\n", READBACK_VERSION);
    family(f, "clock_timestamp_seconds", "gauge", "The clock that records bear.");
    fputs("readback_clock_timestamp_seconds ", f);
    utc(f, now.utc_ms);
    one(f, "drafts", "gauge", "Records that wait for a second officer.",
        rb_node_drafts(api->host.node));
    one(f, "age_key_sealed", "gauge", "1 while closed bodies cannot be opened here.",
        api->host.locked != NULL && api->host.locked(api->host.ctx));
    put_peers(f, api);
    put_channels(f, api);
    put_lag(f, api);
    put_counts(f, api);
    put_host(f, api, &now);
}

char *rb_metrics_text(struct rb_api *api, size_t *n) {
    char *text = NULL;
    FILE *f = open_memstream(&text, n);
    if (f == NULL) return NULL;
    put_all(f, api);
    const bool good = !ferror(f);
    if (fclose(f) == 0 && good) return text;
    free(text);
    return NULL;
}

void rb_get_metrics(struct rb_req *rq) {
    size_t n = 0;
    char *text = rb_metrics_text(rq->api, &n);
    json_t *o = json_object();
    if (text == NULL) {
        json_decref(o);
        rb_fail_words(rq, RB_ERR_LIMIT, NULL, "memory is short", NULL);
        return;
    }
    rb_j_put(o, "content_type", json_string(RB_METRICS_TYPE));
    rb_j_put(o, "text", json_stringn(text, n));
    free(text);
    rb_reply(rq, 200, o);
}
