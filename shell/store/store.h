/* The store: SQLite (WAL, synchronous FULL), one transaction per loop turn; and the head file. */
#ifndef RB_SHELL_STORE_H
#define RB_SHELL_STORE_H
#include "readback/node.h"

struct rb_store;
/* why: a sentence for the operator when it fails. Before anything else in the process uses SQLite: it
 * is given zeroed memory, since it writes some of it to a file without having filled it. */
enum rb_err rb_store_open(const char *path, struct rb_store **out, char *why, size_t why_n) RB_MUST_USE;
void rb_store_close(struct rb_store *s);
/* Applies one STORE effect inside the current transaction (begun on demand). */
enum rb_err rb_store_apply(struct rb_store *s, const struct rb_effect *ef) RB_MUST_USE;
/* Commits; after RB_OK everything applied is durable. On failure everything applied since the last
 * commit is rolled back and the store refuses further work until reopened. */
enum rb_err rb_store_commit(struct rb_store *s) RB_MUST_USE;
bool rb_store_dirty(const struct rb_store *s);
/* Each stored item as an RB_EV_LOADED event body, in the order META, then per feed LEAF by index, then
 * NOTE; then END. The callback returns RB_OK to go on. Event slices are valid during the call. */
typedef enum rb_err (*rb_store_item_fn)(void *ctx, struct rb_event *ev);
enum rb_err rb_store_load_all(struct rb_store *s, rb_store_item_fn fn, void *ctx) RB_MUST_USE;
/* answers a LOAD effect: LEAF items, or BODY items in order of at most RB_BODY_CHUNK bytes each, as few as
 * that allows; then END; with its token */
enum rb_err rb_store_load(struct rb_store *s, const struct rb_effect *ef, rb_store_item_fn fn,
                          void *ctx) RB_MUST_USE;
/* one leaf, into buf of RB_MAX_LEAF; NOT_FOUND */
enum rb_err rb_store_leaf(struct rb_store *s, const struct rb_feed_ref *feed, uint64_t index, uint8_t *buf,
                          size_t *n) RB_MUST_USE;
/* notes of a feed in (size, time) order */
enum rb_err rb_store_notes(struct rb_store *s, const struct rb_feed_ref *feed, rb_store_item_fn fn,
                           void *ctx) RB_MUST_USE;
/* Re-reads leaves [from, to) from the database and compares their hashes with `tree`. RB_ERR_IO if the
 * disk says something else: nothing may be signed then. RB_ERR_BUSY: it could not be read. */
enum rb_err rb_store_recheck(struct rb_store *s, const struct rb_feed_ref *feed,
                             const struct rb_tree *tree, uint64_t from, uint64_t to) RB_MUST_USE;
const char *rb_store_error(const struct rb_store *s);

/* ---- bodies of closed records: ciphertext only (spec 9.6) ------------------------------------ */
/* STORE and LOAD of RB_ITEM_BODY go through rb_store_apply and rb_store_load. A deletion zeroes the
 * pages, and the commit that holds one also empties the write-ahead log (checkpoint, truncate); where
 * a reader is in the way it is done at a later commit: rb_store_unclean says so. rb_store_commit with
 * nothing to commit tries, too. Also done at open. Errors of the functions below: STATE once the store
 * has failed, IO. */
bool rb_store_unclean(const struct rb_store *s);
/* bytes stored of a body, 0 = none */
enum rb_err rb_store_body_size(struct rb_store *s, const struct rb_body_ref *ref, uint64_t *size) RB_MUST_USE;
/* up to cap bytes from `from` on; fewer at the end. What is applied and not yet committed counts. */
enum rb_err rb_store_body_read(struct rb_store *s, const struct rb_body_ref *ref, uint64_t from,
                               uint8_t *buf, size_t cap, size_t *n) RB_MUST_USE;
/* Ciphertext that is being made (an attachment) under a number of its own, until a STORE names it.
 * Gone when the store is opened again; numbers are not 0 and never used twice. Written in order, in the
 * current transaction. NOT_FOUND: nothing is staged under this number; LIMIT: beyond RB_MAX_ATTACHED. A
 * STORE that names a number which is not staged is refused as a gap is, and stops the store. */
enum rb_err rb_store_stage_new(struct rb_store *s, uint64_t *id) RB_MUST_USE;
enum rb_err rb_store_stage_add(struct rb_store *s, uint64_t id, struct rb_slice bytes) RB_MUST_USE;
enum rb_err rb_store_stage_read(struct rb_store *s, uint64_t id, uint64_t from, uint8_t *buf, size_t cap,
                                size_t *n) RB_MUST_USE;
enum rb_err rb_store_stage_drop(struct rb_store *s, uint64_t id) RB_MUST_USE;

/* ---- the head file: never restored from a backup (spec 6.9) --------------------------------- */
/* For each (origin, use): the largest size and root signed or cosigned, with the signature. An
 * append-only text file, compacted at open, fsynced before the signature may leave. */
struct rb_heads;
enum rb_err rb_heads_open(const char *path, struct rb_heads **out, char *why, size_t why_n) RB_MUST_USE;
void rb_heads_close(struct rb_heads *h);
/* RB_ERR_STATE if size is below what stands there, or the root differs at the same size: not to be
 * signed. Adds the entry; durable only after rb_heads_sync. */
enum rb_err rb_heads_put(struct rb_heads *h, enum rb_key_use use, struct rb_slice origin, uint64_t size,
                         const struct rb_hash *root, uint64_t time_s,
                         const uint8_t sig[RB_SIG_LEN]) RB_MUST_USE;
/* may it be signed? (before signing) */
enum rb_err rb_heads_allow(const struct rb_heads *h, enum rb_key_use use, struct rb_slice origin,
                           uint64_t size, const struct rb_hash *root) RB_MUST_USE;
enum rb_err rb_heads_sync(struct rb_heads *h) RB_MUST_USE;
/* each entry as an RB_EV_LOADED HEAD event */
enum rb_err rb_heads_each(struct rb_heads *h, rb_store_item_fn fn, void *ctx) RB_MUST_USE;
#endif
