/* The host: runs one node with its store, head file, keys, peer port and local API on one libevent
 * loop. What the node wants done is done here, in order; nothing is decided here.
 *
 * A turn: events step the node, STORE effects gather in one transaction; when the loop has nothing
 * else ready, the transaction is committed once, STORED is told, the signatures that follow are
 * made and gathered, the head file is synced once, SIGNED is told, and what leaves, leaves. What
 * was stored meanwhile waits for the next turn, so that no push waits for it. */
#ifndef RB_SHELL_HOST_H
#define RB_SHELL_HOST_H
#include "shell/os/config.h"
#include "shell/os/keystore.h"

struct event_base;
struct rb_api;
struct rb_host;
/* home: open and locked, stays the caller's, must outlive the host. The card is taken from it. */
enum rb_err rb_host_open(struct event_base *base, struct rb_home *home, const struct rb_config *cfg,
                         int64_t utc_offset_ms, struct rb_host **out, char *why,
                         size_t why_n) RB_MUST_USE;
/* stops taking work, commits what is applied, closes everything */
void rb_host_close(struct rb_host *h);
/* One event into the node (type and u filled; now and entropy are set here). Never recurses: an
 * event that comes while another is being worked off is copied and waits. */
void rb_host_event(struct rb_host *h, struct rb_event *ev);
/* The age key is under a passphrase that was not given yet: what is addressed to the party is kept
 * and not opened (spec 9.5.4). */
bool rb_host_locked(const struct rb_host *h);
/* RB_ERR_SIGNATURE: wrong passphrase; RB_ERR_EXISTS: it is not locked; rb_home_error has a
 * sentence. Then what waited to be opened is opened. About a second. */
enum rb_err rb_host_unlock(struct rb_host *h, struct rb_slice passphrase) RB_MUST_USE;
/* The store or the head file failed: nothing more is acknowledged, the loop was broken. */
bool rb_host_failed(const struct rb_host *h);
struct rb_api *rb_host_api(struct rb_host *h);
struct rb_node *rb_host_node(struct rb_host *h);
uint16_t rb_host_port(const struct rb_host *h);
#endif
