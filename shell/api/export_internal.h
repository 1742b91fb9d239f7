/* Inside of the export only. */
#ifndef RB_SHELL_API_EXPORT_INTERNAL_H
#define RB_SHELL_API_EXPORT_INTERNAL_H
#include "export.h"
#include "readback/evidence.h"

#define RB_EXPORT_PATH 256u
#define RB_EXPORT_MAX_LINES 100u /* cosignatures of one mirror at one size, earliest first */

/* ---- the folder being written (export_folder.c) ---- */
struct rb_export_dir {
    int parent, root;      /* descriptors; -1 when closed */
    char *name, *partial;  /* last part of the path, and with .partial */
    int last;              /* folder written to last, and its path below root */
    char last_path[RB_EXPORT_PATH];
    char *why;
    size_t why_n;
};
enum rb_err rb_export_dir_begin(struct rb_export_dir *d, const char *folder, char *why,
                                size_t why_n) RB_MUST_USE;
/* a new file below the folder; folders on the way are made */
enum rb_err rb_export_put(struct rb_export_dir *d, const char *path, struct rb_slice data) RB_MUST_USE;
/* a folder that must be there even if empty */
enum rb_err rb_export_mkdir(struct rb_export_dir *d, const char *path) RB_MUST_USE;
enum rb_err rb_export_dir_finish(struct rb_export_dir *d) RB_MUST_USE;
/* after an error: nothing stays */
void rb_export_dir_abandon(struct rb_export_dir *d);

/* ---- notes of one feed (export_notes.c) ---- */
struct rb_export_note {
    uint64_t size;
    uint8_t *p;
    size_t n;
};
struct rb_export_notes {
    struct rb_export_note *note; /* ascending size */
    size_t n, cap;
    struct rb_note decoded; /* scratch */
};
enum rb_err rb_export_notes_read(const struct rb_api_host *host, const struct rb_book *b,
                                 const struct rb_feed *f, struct rb_export_notes *out) RB_MUST_USE;
void rb_export_notes_free(struct rb_export_notes *n);
/* the largest size with a checkpoint signed by the log whose leaves are judged here; 0 = none */
uint64_t rb_export_notes_size(struct rb_export_notes *n, const struct rb_feed *f);

struct rb_export_feed {
    const struct rb_feed *f;
    struct rb_export_notes notes;
    uint64_t size;       /* exported; 0 = no checkpoint here */
    bool any;            /* a checkpoint is there */
    char dir[64];
    size_t cosignatures; /* at that size */
    size_t receipts, left_out;
    bool leaves_differ;
};
struct rb_export {
    const struct rb_api_host *host;
    const struct rb_book *b;
    const struct rb_situation *s;
    int64_t now_utc_ms;
    struct rb_export_dir dir;
    struct rb_arena arena;
    struct rb_export_feed *feeds; /* parallel to b->feeds */
    uint64_t *sizes;
    struct rb_evidence_party *parties; /* parallel to b->members */
    uint8_t *buf; /* scratch of an entry bundle */
    size_t buf_n;
};
/* HANDLE/checkpoint and HANDLE/receipts/PEER/SIZE */
enum rb_err rb_export_put_notes(struct rb_export *x, struct rb_export_feed *e) RB_MUST_USE;

/* ---- words (export_words.c) ---- */
enum rb_err rb_export_put_readme(struct rb_export *x) RB_MUST_USE;
enum rb_err rb_export_put_channel(struct rb_export *x) RB_MUST_USE;
json_t *rb_export_report(const struct rb_export *x, const char *folder);
#endif
