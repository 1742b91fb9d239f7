/* POST /v1/export: the daemon writes the folder, because only it has everything that is held. */
#include <stdio.h>
#include "export.h"
#include "internal.h"

/* the channel of the request, or the only one there is */
static bool which(struct rb_req *rq, struct rb_chan *c) {
    const char *name = rb_j_string(rq->body, "channel");
    struct rb_channel_view v;
    uint8_t id[RB_CHANNEL_LEN];
    if (name) return rb_chan_open(rq, name, c);
    if (rb_node_channels(rq->node) == 1 && rb_node_channel(rq->node, 0, &v)) {
        memcpy(id, v.id, sizeof id);
        return rb_chan_open_id(rq, id, c);
    }
    rb_fail_words(rq, RB_ERR_USAGE, "channel", "say which channel is to be exported",
                  "`readback channel list` shows them");
    return false;
}
/* where: as asked for; else a new folder among our own files, which the caller then takes away. A
 * daemon that may write nowhere else (landlock, a service manager) can do only that. */
static bool where(struct rb_req *rq, char *out, size_t cap) {
    const char *given = rb_j_string(rq->body, "directory");
    uint8_t chance[8];
    if (given && given[0] == '/' && strlen(given) < cap) {
        memcpy(out, given, strlen(given) + 1);
        return true;
    }
    if (given == NULL && rq->api->host.exports != NULL) {
        struct rb_writer w = rb_writer(out, cap);
        rq->api->host.random(rq->api->host.ctx, chance, sizeof chance);
        rb_put_z(&w, rq->api->host.exports);
        rb_put_z(&w, "/export-");
        rb_put_hex(&w, chance, sizeof chance);
        if (!w.over && w.n < cap) return rb_writer_z(&w) != NULL;
    }
    rb_fail_words(rq, RB_ERR_USAGE, "directory",
                  "an absolute path is wanted: the daemon works in another directory", NULL);
    return false;
}
void rb_post_export(struct rb_req *rq) {
    struct rb_chan c;
    char why[512] = "";
    json_t *report = NULL;
    uint8_t id[RB_CHANNEL_LEN];
    char directory[4096];
    if (!where(rq, directory, sizeof directory) || !which(rq, &c)) return;
    memcpy(id, c.v.id, sizeof id);
    enum rb_err err = rb_export(&rq->api->host, id, directory, &report, why, sizeof why);
    if (err == RB_OK) {
        rb_j_put(report, "directory", json_string(directory));
        rb_reply(rq, 200, report);
        return;
    }
    json_decref(report);
    rb_fail_words(rq, err, "directory", why, err == RB_ERR_STATE ? "try again in a moment" : NULL);
}
