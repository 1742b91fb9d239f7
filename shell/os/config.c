/* config.ini, read by inih. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include "readback/text.h"
#include "shell/os/config.h"

void rb_config_default(struct rb_config *c) {
    memset(c, 0, sizeof *c);
    c->max_conns = 512;
    c->max_conns_per_address = 64;
    c->request_deadline_ms = 30000;
    c->idle_ms = 120000;
    c->log_level = RB_LOG_INFO;
    c->region_bytes = (uint64_t)16 << 30;
    c->leaves_a_day = RB_DAY_LEAVES;
    c->bytes_a_day = RB_DAY_BYTES;
    c->disk_warning = (uint64_t)1 << 30;
}

enum rb_err rb_config_listen(struct rb_config *c, const char *address) {
    const char *colon = strrchr(address, ':');
    uint64_t port = 0;
    if (c->listen_n == RB_CONFIG_LISTEN) return RB_ERR_LIMIT;
    if (colon == NULL || strlen(address) >= sizeof c->listen[0]) return RB_ERR_USAGE;
    if (rb_dec_decode(rb_str(colon + 1), &port) != RB_OK || port > 65535) return RB_ERR_USAGE;
    memcpy(c->listen[c->listen_n], address, strlen(address) + 1);
    c->listen_n++;
    return RB_OK;
}

enum rb_err rb_config_relay(struct rb_config *c, const char *address) {
    const char *colon = strrchr(address, ':');
    uint64_t port = 0;
    if (c->relay_n == RB_CONFIG_RELAYS) return RB_ERR_LIMIT;
    if (colon == NULL || colon == address || strlen(address) >= sizeof c->relay[0])
        return RB_ERR_USAGE;
    if (rb_dec_decode(rb_str(colon + 1), &port) != RB_OK || port < 1 || port > 65535)
        return RB_ERR_USAGE;
    for (size_t i = 0; i < c->relay_n; i++)
        if (strcmp(c->relay[i], address) == 0) return RB_ERR_USAGE;
    memcpy(c->relay[c->relay_n++], address, strlen(address) + 1);
    return RB_OK;
}

/* ---- values --------------------------------------------------------------------------------- */

static enum rb_err set_ms(const char *v, uint32_t *out) {
    int64_t ms = 0;
    RB_TRY(rb_duration_decode(rb_str(v), &ms));
    if (ms < 1000 || ms > 86400000) return RB_ERR_LIMIT;
    *out = (uint32_t)ms;
    return RB_OK;
}

static enum rb_err set_count(const char *v, uint32_t *out) {
    uint64_t n = 0;
    RB_TRY(rb_dec_decode(rb_str(v), &n));
    if (n < 1 || n > 65536) return RB_ERR_LIMIT;
    *out = (uint32_t)n;
    return RB_OK;
}

/* "512M", "16G" */
static enum rb_err set_bytes(const char *v, uint64_t *out) {
    struct rb_slice s = rb_str(v);
    uint64_t n = 0;
    if (s.n < 2) return RB_ERR_USAGE;
    const unsigned shift = s.p[s.n - 1] == 'G' ? 30 : s.p[s.n - 1] == 'M' ? 20 : 0;
    if (shift == 0) return RB_ERR_USAGE;
    RB_TRY(rb_dec_decode(rb_slice_sub(s, 0, s.n - 1), &n));
    if (n > ((uint64_t)1 << 44) >> shift || n << shift < (uint64_t)64 << 20) return RB_ERR_LIMIT;
    *out = n << shift;
    return RB_OK;
}

static enum rb_err set_leaves(const char *v, uint64_t *out) {
    uint64_t n = 0;
    RB_TRY(rb_dec_decode(rb_str(v), &n));
    if (n < 1000 || n > (uint64_t)1 << 40) return RB_ERR_LIMIT;
    *out = n;
    return RB_OK;
}

static enum rb_err set_socket(const char *v, struct rb_config *c) {
    if (v[0] == '\0' || strlen(v) >= sizeof c->api_socket) return RB_ERR_LIMIT;
    memcpy(c->api_socket, v, strlen(v) + 1);
    return RB_OK;
}

static enum rb_err set_metrics(const char *v, struct rb_config *c) {
    if (v[0] == '\0' || strlen(v) >= sizeof c->metrics) return RB_ERR_LIMIT;
    memcpy(c->metrics, v, strlen(v) + 1);
    return RB_OK;
}

static enum rb_err set_format(const char *v, struct rb_config *c) {
    if (strcmp(v, "lines") != 0 && strcmp(v, "json") != 0) return RB_ERR_USAGE;
    c->log_json = strcmp(v, "json") == 0;
    return RB_OK;
}

/* RB_ERR_NOT_FOUND: no such setting */
static enum rb_err set(struct rb_config *c, const char *section, const char *name, const char *v) {
    char key[64];
    (void)snprintf(key, sizeof key, "%s.%s", section, name);
    if (strcmp(key, "peer.listen") == 0) return rb_config_listen(c, v);
    if (strcmp(key, "peer.relay") == 0) return rb_config_relay(c, v);
    if (strcmp(key, "peer.connections") == 0) return set_count(v, &c->max_conns);
    if (strcmp(key, "peer.connections-per-address") == 0)
        return set_count(v, &c->max_conns_per_address);
    if (strcmp(key, "peer.request-deadline") == 0) return set_ms(v, &c->request_deadline_ms);
    if (strcmp(key, "peer.idle") == 0) return set_ms(v, &c->idle_ms);
    if (strcmp(key, "api.socket") == 0) return set_socket(v, c);
    if (strcmp(key, "metrics.listen") == 0) return set_metrics(v, c);
    if (strcmp(key, "log.level") == 0) return rb_log_level_decode(v, &c->log_level);
    if (strcmp(key, "log.format") == 0) return set_format(v, c);
    if (strcmp(key, "limits.region") == 0) return set_bytes(v, &c->region_bytes);
    if (strcmp(key, "limits.leaves-a-day") == 0) return set_leaves(v, &c->leaves_a_day);
    if (strcmp(key, "limits.bytes-a-day") == 0) return set_bytes(v, &c->bytes_a_day);
    if (strcmp(key, "limits.disk-warning") == 0) return set_bytes(v, &c->disk_warning);
    return RB_ERR_NOT_FOUND;
}

/* ---- the file ------------------------------------------------------------------------------- */

struct reading {
    struct rb_config c;
    const char *path;
    char *why;
    size_t why_n;
    bool refused;
};

/* inih gives the file on after a refusal: the first sentence counts */
static int take(void *user, const char *section, const char *name, const char *value) {
    struct reading *r = user;
    const enum rb_err err = set(&r->c, section, name, value);
    if (err == RB_OK) return 1;
    if (!r->refused)
        (void)snprintf(r->why, r->why_n,
                       err == RB_ERR_NOT_FOUND
                           ? "%s: there is no setting \"%.40s\" in [%.40s]."
                           : "%s: the value of \"%.40s\" in [%.40s] is not one this setting takes.",
                       r->path, name, section);
    r->refused = true;
    return 0;
}

enum rb_err rb_config_read(const char *path, struct rb_config *c, char *why, size_t why_n) {
    struct reading r = {.c = *c, .path = path, .why = why, .why_n = why_n};
    FILE *f = fopen(path, "re");
    if (f == NULL && errno == ENOENT) return RB_ERR_NOT_FOUND;
    if (f == NULL) {
        (void)snprintf(why, why_n, "%s cannot be opened: %s.", path, strerror(errno));
        return RB_ERR_IO;
    }
    const int line = ini_parse_file(f, take, &r);
    (void)fclose(f);
    if (line == 0) {
        *c = r.c;
        return RB_OK;
    }
    if (!r.refused) (void)snprintf(why, why_n, "%s cannot be read as settings.", path);
    const size_t n = strlen(why);
    if (n < why_n && line > 0) (void)snprintf(why + n, why_n - n, " (line %d)", line);
    return RB_ERR_MALFORMED;
}
