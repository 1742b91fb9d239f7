/* The peer port's and the local API's side of the host. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "readback/text.h"
#include "shell/os/host_int.h"

/* ---- the peer port ----------------------------------------------------------------------------
 */

static bool peer_by_tls(void *ctx, const struct rb_key *tls, struct rb_hash *party) {
    const struct rb_host *h = ctx;
    return rb_node_peer_by_tls(h->node, tls, party);
}

static void on_recv(void *ctx, uint64_t conn, const struct rb_hash *peer, bool post,
                    struct rb_slice path, struct rb_slice query, struct rb_slice body) {
    struct rb_event ev = {.type = RB_EV_RECV};
    ev.u.recv.conn = conn;
    ev.u.recv.has_peer = peer != NULL;
    if (peer != NULL) ev.u.recv.peer = *peer;
    ev.u.recv.post = post;
    ev.u.recv.path = path;
    ev.u.recv.query = query;
    ev.u.recv.body = body;
    rb_host_event(ctx, &ev);
}

static void on_closed(void *ctx, uint64_t conn) {
    struct rb_event ev = {.type = RB_EV_CLOSED};
    ev.u.closed.conn = conn;
    rb_host_event(ctx, &ev);
}

static void on_response(void *ctx, uint64_t request, int status, struct rb_slice content_type,
                        struct rb_slice body, struct rb_slice heads, const char *reason) {
    struct rb_event ev = {.type = RB_EV_RESPONSE};
    ev.u.response.request = request;
    ev.u.response.status = status;
    ev.u.response.content_type = content_type;
    ev.u.response.body = body;
    ev.u.response.heads = heads;
    ev.u.response.reason = reason;
    ev.u.response.retry_after_s = rb_link_retry_after(((struct rb_host *)ctx)->link);
    rb_host_event(ctx, &ev);
}

static void on_log(void *ctx, int level, const char *line) {
    (void)ctx;
    rb_log(level <= RB_LOG_ERROR  ? RB_LOG_ERROR
           : level == RB_LOG_WARN ? RB_LOG_WARN
           : level == RB_LOG_INFO ? RB_LOG_INFO
                                  : RB_LOG_DEBUG,
           "link", "%s", line);
}

/* Those who connect to us leave descriptors for the store, our own connections and the local API.
 */
static size_t room_for_peers(size_t wanted) {
    const size_t all = rb_descriptors(), room = all >= 512 ? all - 256 : all / 2;
    if (wanted <= room) return wanted;
    rb_log(RB_LOG_WARN, "host",
           "%zu connections of peers at most: the system allows %zu descriptors", room, all);
    return room;
}

/* the one that is due by what was loaded; at the very first start the only one */
static enum rb_err tls_key(struct rb_host *h, struct rb_seckey *out) {
    struct rb_key pub;
    if (rb_node_card(h->node) == NULL) return rb_keys_load(h->home, "tls", out);
    rb_node_tls(h->node, rb_clock_now(h->utc_offset_ms).utc_ms, &pub);
    return rb_keys_find(h->home, "tls", &pub, out);
}

enum rb_err host_open_link(struct rb_host *h, char *why, size_t why_n) {
    const struct rb_link_ops ops = {.ctx = h,
                                    .peer_by_tls = peer_by_tls,
                                    .recv = on_recv,
                                    .closed = on_closed,
                                    .response = on_response,
                                    .log = on_log};
    struct rb_link_config cfg = {.listen_n = h->cfg.listen_n,
                                 .max_conns = room_for_peers(h->cfg.max_conns),
                                 .max_conns_per_address = h->cfg.max_conns_per_address,
                                 .request_deadline_ms = h->cfg.request_deadline_ms,
                                 .idle_ms = h->cfg.idle_ms};
    for (size_t i = 0; i < h->cfg.listen_n; i++)
        cfg.listen[i] = h->cfg.listen[i];
    enum rb_err err = tls_key(h, &cfg.tls);
    if (err != RB_OK)
        (void)snprintf(why, why_n, "%s", rb_home_error(h->home));
    else
        err = rb_link_open(h->base, &cfg, &ops, &h->link, why, why_n);
    h->tls_served = cfg.tls.pub;
    rb_wipe(&cfg.tls, sizeof cfg.tls);
    return err;
}

/* ---- the local API ----------------------------------------------------------------------------
 */

static struct rb_now api_now(void *ctx) {
    const struct rb_host *h = ctx;
    return rb_clock_now(h->utc_offset_ms);
}

static enum rb_err api_leaf(void *ctx, const struct rb_feed_ref *feed, uint64_t index, uint8_t *buf,
                            size_t *n) {
    struct rb_host *h = ctx;
    return rb_store_leaf(h->store, feed, index, buf, n);
}

static enum rb_err api_notes(void *ctx, const struct rb_feed_ref *feed,
                             enum rb_err (*fn)(void *, struct rb_event *), void *fn_ctx) {
    struct rb_host *h = ctx;
    return rb_store_notes(h->store, feed, fn, fn_ctx);
}

static uint64_t api_submit(void *ctx, struct rb_event *ev) {
    struct rb_host *h = ctx;
    const uint64_t token = ++h->next_token;
    ev->type = RB_EV_SUBMIT;
    ev->u.submit.token = token;
    rb_host_event(h, ev);
    return token;
}

static enum rb_err api_log_key(void *ctx, const uint8_t channel[RB_CHANNEL_LEN], uint16_t epoch,
                               struct rb_key *out) {
    struct rb_host *h = ctx;
    struct rb_seckey key;
    const enum rb_err err = rb_keys_log(h->home, channel, epoch, true, &key);
    if (err != RB_OK) {
        rb_log(RB_LOG_ERROR, "keys", "%s", rb_home_error(h->home));
        return err;
    }
    *out = key.pub;
    rb_wipe(&key, sizeof key);
    return RB_OK;
}

static json_t *relays_json(const struct rb_host *h) {
    json_t *all = json_array();
    struct rb_link_wait_view v;
    for (size_t i = 0; rb_link_waits(h->link, i, &v); i++)
        (void)json_array_append_new(all, json_pack("{s:s, s:i, s:s}", "relay", v.relay, "waiting",
                                                   (int)v.waiting, "outcome", v.why));
    return all;
}

/* what a program that is not root may still write there; false: it cannot be asked */
static bool disk_free(const struct rb_host *h, uint64_t *bytes) {
    char path[RB_HOME_PATH_MAX + 8];
    struct statvfs v;
    *bytes = 0;
    if (rb_home_join(h->home, ".", path, sizeof path) != RB_OK || statvfs(path, &v) != 0)
        return false;
    *bytes = (uint64_t)v.f_bavail * v.f_frsize;
    return true;
}

static void api_describe(void *ctx, json_t *status) {
    const struct rb_host *h = ctx;
    struct rb_link_stats s = {0};
    uint64_t bytes;
    if (disk_free(h, &bytes))
        (void)json_object_set_new(status, "disk",
                                  json_pack("{s:I, s:I}", "free", (json_int_t)bytes, "warning",
                                            (json_int_t)h->cfg.disk_warning));
    if (h->link == NULL) return;
    rb_link_stats(h->link, &s);
    json_t *link = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:i}", "bytes_in", (json_int_t)s.bytes_in,
        "bytes_out", (json_int_t)s.bytes_out, "requests_in", (json_int_t)s.requests_in,
        "requests_out", (json_int_t)s.requests_out, "refused", (json_int_t)s.refused,
        "handshakes_failed", (json_int_t)s.handshakes_failed, "connections_in", (int)s.conns_in,
        "connections_out", (int)s.conns_out, "port", (int)rb_link_port(h->link));
    if (link != NULL) (void)json_object_set_new(link, "relays", relays_json(h));
    if (link != NULL) (void)json_object_set_new(status, "link", link);
    if (rb_store_unclean(h->store)) /* another program reads the database */
        (void)json_object_set_new(status, "purge_unfinished", json_true());
    if (h->utc_offset_ms != 0)
        (void)json_object_set_new(status, "exercise_clock_offset_ms",
                                  json_integer(h->utc_offset_ms));
}

static uint64_t file_bytes(const struct rb_host *h, const char *name) {
    char path[RB_HOME_PATH_MAX + 32];
    struct stat st;
    if (rb_home_join(h->home, name, path, sizeof path) != RB_OK || stat(path, &st) != 0) return 0;
    return (uint64_t)st.st_size;
}

static uint64_t resident(void) {
    char line[128] = "";
    uint64_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "re"); /* "ALL RESIDENT ..." */
    if (f == NULL) return 0;
    const char *space = fgets(line, sizeof line, f) != NULL ? strchr(line, ' ') : NULL;
    if (space != NULL &&
        rb_dec_decode(rb_slice(space + 1, strcspn(space + 1, " ")), &pages) != RB_OK)
        pages = 0;
    (void)fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void api_measure(void *ctx, struct rb_measures *m) {
    const struct rb_host *h = ctx;
    struct rb_link_stats s = {0};
    uint64_t bytes;
    (void)disk_free(h, &bytes);
    if (h->link != NULL) rb_link_stats(h->link, &s);
    *m = (struct rb_measures){.started_mono_ms = h->started_mono_ms,
                              .bytes_in = s.bytes_in,
                              .bytes_out = s.bytes_out,
                              .requests_in = s.requests_in,
                              .requests_out = s.requests_out,
                              .link_refused = s.refused,
                              .handshakes_failed = s.handshakes_failed,
                              .conns_in = s.conns_in,
                              .conns_out = s.conns_out,
                              .store_bytes = file_bytes(h, "readback.db"),
                              .wal_bytes = file_bytes(h, "readback.db-wal"),
                              .disk_free = bytes,
                              .unclean = rb_store_unclean(h->store),
                              .commits = h->commits,
                              .syncs = h->syncs,
                              .resident = resident()};
    rb_node_memory(h->node, &m->region_used, &m->region_cap);
}

enum rb_err host_open_api(struct rb_host *h, char *why, size_t why_n) {
    RB_TRY(rb_home_join(h->home, ".", h->exports, sizeof h->exports));
    h->exports[strlen(h->exports) - 2] = '\0'; /* the home itself */
    struct rb_api_host host = {.ctx = h,
                               .exports = h->exports,
                               .node = h->node,
                               .now = api_now,
                               .leaf = api_leaf,
                               .notes = api_notes,
                               .submit = api_submit,
                               .log_key = api_log_key,
                               .describe = api_describe,
                               .measure = api_measure};
    host_body_ops(&host);
    const enum rb_err err = rb_api_create(&host, &h->api);
    if (err != RB_OK) (void)snprintf(why, why_n, "The local API: %s.", rb_err_text(err));
    return err;
}
