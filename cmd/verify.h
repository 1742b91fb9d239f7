/* Inside of readback-verify: an export judged offline (spec 8). Everything below FOLDER is hostile:
 * sizes, names, links, contents. Links the core alone. */
#ifndef RB_CMD_VERIFY_H
#define RB_CMD_VERIFY_H
#include <stdio.h>
#include "readback/evidence.h"
#include "readback/rules.h"
#include "readback/text.h"

#define VERIFY_PATH 512u
#define VERIFY_MAX_FOLDERS ((size_t)RB_MAX_MEMBERS * RB_MAX_EPOCHS)
#define VERIFY_MAX_SAID 2000u /* failures kept; more are counted */

/* ---- what does not hold, and what is worth knowing ---------------------------------------------- */
struct verify_item {
    char *file;   /* below FOLDER, made printable */
    char *clause; /* spec */
    char *words;
};
struct verify_list {
    struct verify_item *item;
    size_t n, cap, total; /* total counts those not kept, too */
};

/* ---- files -------------------------------------------------------------------------------------- */
struct verify_fs {
    int root, last;
    char last_path[VERIFY_PATH];
};
struct verify_bytes {
    uint8_t *p;
    size_t n;
};
struct verify_name {
    char *name;
    char type; /* 'f' file, 'd' folder, '?' anything else, links included */
};
struct verify_names {
    struct verify_name *name; /* sorted */
    size_t n;
};

/* ---- the export --------------------------------------------------------------------------------- */
struct verify_held { /* from receipts/: this member held the feed up to size since time_s */
    uint16_t member;
    uint64_t size, time_s;
};
struct verify_feed { /* one folder HANDLE or HANDLE.EPOCH */
    char dir[RB_MAX_HANDLE + 16];
    char handle[RB_MAX_HANDLE + 1];
    uint16_t epoch;
    bool has_log;     /* log.vkey or checkpoint is there */
    bool tried, good; /* good: signed, proven, judged */
    struct rb_feed *f; /* in the book, when good */
    struct rb_vkey log; /* name borrows from f->origin */
    uint64_t size;
    struct rb_slice checkpoint; /* malloc'ed, when good */
    size_t receipts_n, cosigned_n; /* receipts; mirrors that cosigned the checkpoint */
    struct verify_held *held;
    size_t held_n, held_cap;
};
struct verify_expected { /* --fingerprint */
    const char *handle, *digits;
    bool used;
};
enum verify_compared { VERIFY_NOT_COMPARED = 0, VERIFY_SAME, VERIFY_OTHER };
struct verify {
    struct verify_fs fs;
    struct verify_list bad, notes;
    struct rb_region region; /* the book */
    struct rb_arena work, fold, keys;
    struct rb_book book;
    bool founded, exercise, folded;
    size_t feeds_n;
    struct verify_feed *feeds;
    struct rb_situation s;
    int64_t at_utc_ms;
    bool at_given;
    size_t expected_n;
    struct verify_expected *expected;
    uint64_t *sizes;                   /* parallel to book.feeds */
    struct rb_evidence_party *parties; /* by member index */
    bool party_known[RB_MAX_MEMBERS];
    uint8_t compared[RB_MAX_MEMBERS]; /* enum verify_compared */
    struct rb_note note; /* scratch */
};

/* ---- verify_fs.c ---- */
/* printf-style words; file may be hostile */
void verify_bad(struct verify *v, const char *file, const char *clause, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void verify_note(struct verify *v, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* with the clause, words and offset of a refusal */
void verify_refused(struct verify *v, const char *file, const struct rb_reject *rj, const char *clause);
int verify_open_root(struct verify *v, const char *folder);
/* the whole of a regular file of at most cap bytes, no link on the way. false: said as bad */
bool verify_read(struct verify *v, const char *path, size_t cap, struct verify_bytes *out);
bool verify_exists(struct verify *v, const char *path);
void verify_free(struct verify_bytes *b);
/* names of a folder; at most max of them. false: said as bad; an absent folder is empty and true */
bool verify_names(struct verify *v, const char *path, size_t max, struct verify_names *out);
void verify_names_free(struct verify_names *n);
void verify_list_free(struct verify_list *l);
const char *verify_path(char out[VERIFY_PATH], const char *dir, const char *name);

/* ---- verify_log.c ---- */
/* key, delegation, checkpoint, tiles, records of one folder; if all of it holds, its leaves are
 * judged into the book */
void verify_log(struct verify *v, struct verify_feed *e);

/* ---- verify_tiles.c ---- */
/* the tree that tile/0 gives; tiles, entries and records against it. false: something is bad */
bool verify_tiles(struct verify *v, struct verify_feed *e, const struct rb_hash *root);
/* judges the records into e->f */
bool verify_judge(struct verify *v, struct verify_feed *e);

/* ---- verify_party.c ---- */
bool verify_found(struct verify *v); /* the charter */
void verify_parties(struct verify *v);
void verify_fingerprints(struct verify *v);

/* ---- verify_receipts.c ---- */
void verify_receipts(struct verify *v, struct verify_feed *e);
void verify_named_elsewhere(struct verify *v); /* feeds and sizes that others saw and that are not here */

/* ---- verify_run.c ---- */
void verify_run(struct verify *v);
struct rb_slice verify_handle(const struct verify *v, uint16_t member);
struct verify_feed *verify_feed_of(const struct verify *v, const struct rb_feed *f);
/* leaf held by member, logged or by receipts/: earliest T. *body false: of a closed record the leaf alone */
bool verify_held_since(const struct verify *v, uint32_t order, uint16_t member, uint64_t *time_s, bool *body);

/* ---- verify_say.c, verify_json.c ---- */
void verify_say(const struct verify *v, FILE *out);
void verify_json(const struct verify *v, FILE *out);
#endif
