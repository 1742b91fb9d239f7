/* POST /v1/export: the daemon writes the folder, because only it has everything that is held. */
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
void rb_post_export(struct rb_req *rq) {
    struct rb_chan c;
    char why[512] = "";
    json_t *report = NULL;
    uint8_t id[RB_CHANNEL_LEN];
    const char *directory = rb_j_string(rq->body, "directory");
    if (directory == NULL || directory[0] != '/') {
        rb_fail_words(rq, RB_ERR_USAGE, "directory",
                      "an absolute path is wanted: the daemon works in another directory", NULL);
        return;
    }
    if (!which(rq, &c)) return;
    memcpy(id, c.v.id, sizeof id);
    enum rb_err err = rb_export(&rq->api->host, id, directory, &report, why, sizeof why);
    if (err == RB_OK) {
        rb_reply(rq, 200, report);
        return;
    }
    json_decref(report);
    rb_fail_words(rq, err, "directory", why, err == RB_ERR_STATE ? "try again in a moment" : NULL);
}
