/* config.ini of a home. A missing file means the defaults; an unknown name is refused, because a
 * setting that silently does nothing is worse than none. man/readbackd.8 lists them. */
#ifndef RB_SHELL_CONFIG_H
#define RB_SHELL_CONFIG_H
#include "shell/os/os.h"

#define RB_CONFIG_LISTEN 8u
#define RB_CONFIG_RELAYS 4u
struct rb_config {
    char listen[RB_CONFIG_LISTEN][128]; /* [peer] listen, "host:port" */
    size_t listen_n;
    char relay[RB_CONFIG_RELAYS][272]; /* [peer] relay, "host:port": where it waits for calls */
    size_t relay_n;
    uint32_t max_conns, max_conns_per_address;
    uint32_t request_deadline_ms, idle_ms;
    char api_socket[108]; /* [api] socket; "": readbackd.sock in the home */
    char metrics[128];    /* [metrics] listen; "": none */
    enum rb_log_level log_level;
    bool log_json;
    uint64_t region_bytes; /* [limits] region */
    uint64_t leaves_a_day, bytes_a_day; /* [limits]: of one member; spec 6.17.4 */
    uint64_t disk_warning; /* [limits] disk-warning: doctor calls a disk with less free nearly full */
};
void rb_config_default(struct rb_config *c);
/* why: a sentence with the line's number */
enum rb_err rb_config_read(const char *path, struct rb_config *c, char *why,
                           size_t why_n) RB_MUST_USE;
/* "host:port", "[v6]:port", ":port"; appends */
enum rb_err rb_config_listen(struct rb_config *c, const char *address) RB_MUST_USE;
enum rb_err rb_config_relay(struct rb_config *c, const char *address) RB_MUST_USE;
#endif
