/* Export of a channel: a folder that anyone can check without us (spec 8). Written beside itself
 * as FOLDER.partial, made durable, then renamed: it is there whole or not at all. */
#ifndef RB_SHELL_API_EXPORT_H
#define RB_SHELL_API_EXPORT_H
#include "api.h"

/* Exports, of every party, the largest checkpoint held whose leaves are here, and what stands below
 * it; later leaves are left out. *report (the caller's to free): exercise, channel, folder, per feed
 * the size and counts, and what was left out and why.
 * Errors, with a sentence in why: NOT_FOUND no such channel; EXISTS folder, or a .partial left by an
 * export cut short; IO; LIMIT; STATE our newest records are not under a checkpoint yet. Nothing
 * stays on disk after an error. */
enum rb_err rb_export(const struct rb_api_host *host, const uint8_t channel[RB_CHANNEL_LEN],
                      const char *folder, json_t **report, char *why, size_t why_n) RB_MUST_USE;

/* The same for a book at hand; of the host only leaf and notes are called. `situation` may be NULL
 * (then channel.json has no summary). */
enum rb_err rb_export_book(const struct rb_api_host *host, const struct rb_book *book,
                           const struct rb_situation *situation, int64_t now_utc_ms,
                           const char *folder, json_t **report, char *why,
                           size_t why_n) RB_MUST_USE;
#endif
