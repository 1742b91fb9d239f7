/* Inside of `readback check`: plans in files against places in files, with no node and no home
 * (spec 15). Reading (check_read.c) gives one feature after the other, in bounded memory; the
 * places go into a register (check_load.c); each plan is compared and said (check_run.c,
 * check_say.c). */
#ifndef RB_CMD_CHECK_H
#define RB_CMD_CHECK_H
#include "cli.h"
#include "readback/geojson.h"
#include "readback/plausible.h"
#include "readback/register.h"

#define CHECK_MAX_FILES 64u /* of places, and of plans */
#define CHECK_BATCH 65536u  /* places that go into the register at once */
#define CHECK_MAX_ID 256u   /* bytes of a feature's id; a longer one counts as none */
#define CHECK_STANDOFF_MOST 20000000000ull /* mm; as 3.7.3 */

enum check_exit { /* beside CLI_OK, CLI_FAILED, CLI_USAGE; the first of 4, 1, 6, 5, 0 that holds */
                  CHECK_CONFLICT = 4,
                  CHECK_NOT_EXCLUDED = 5,
                  CHECK_NOT_COMPARED = 6
};

struct check_file {
    const char *path; /* as it stands on the command line, without its class; "-": standard input */
    size_t path_n;
    bool has_class;
    enum rb_place_class class_; /* of features that say none */
};
struct check_terms {
    struct rb_import how;
    bool has_theatre;
    struct rb_point_box theatre;
    struct rb_register_terms reg;
    int64_t now_utc_ms;
    bool by_file; /* the file is who declares, whatever its features say */
    bool strict;
    size_t most; /* places told of one plan; the others are counted */
    size_t registers_n, plans_n;
    struct check_file registers[CHECK_MAX_FILES], plans[CHECK_MAX_FILES];
};
/* ---- check_terms.c ---- */
/* CLI_OK, or CLI_USAGE after it was said what is off */
int check_terms(struct cli *c, struct check_terms *out);
bool check_class_word(struct rb_slice word, enum rb_place_class *out);
const char *check_class_name(enum rb_place_class c); /* the word that check_class_word takes */

/* ---- check_read.c: a file, one feature after the other ---- */
struct check_item {
    uint64_t number; /* of the feature, from 1; in a site list the row, the heading being 1 */
    uint64_t offset; /* of the feature in the file */
    bool refused;    /* `why` says it, its offset is the file's; of the rest only number is meant */
    bool rest;       /* refused, and nothing behind it could be read */
    struct rb_reject why;
    struct rb_slice id;          /* empty: none */
    struct rb_slice declared_by; /* empty: the file */
    enum rb_place_class class_;
    struct rb_feature f;
    unsigned pointed_out; /* of enum rb_plausible */
};
enum check_event { CHECK_ITEM, CHECK_DONE, CHECK_IO };

struct check_reader; /* room for one file at a time: about 90 MiB of address space, touched as used
                      */
struct check_reader *check_reader_new(void); /* NULL: no memory */
void check_reader_free(struct check_reader *r);
/* false: errno says why. The descriptor is closed with the reader, or the next file. */
bool check_reader_open(struct check_reader *r, const struct check_file *f,
                       const struct check_terms *t);
void check_reader_take(struct check_reader *r, int fd, const struct check_file *f,
                       const struct check_terms *t);
int check_reader_fd(const struct check_reader *r);
/* CHECK_IO: errno says why. What the item points to lasts until the next call. */
enum check_event check_reader_next(struct check_reader *r, struct check_item *out);
/* RB_REMARK_* of the file as a whole and of all features so far */
uint64_t check_reader_remarks(const struct check_reader *r);
const char *check_reader_format(const struct check_reader *r);

/* ---- check_load.c: the register ---- */
struct check_placed { /* where a place in the register comes from */
    struct rb_hash key;
    uint32_t file;
    uint64_t number;
    struct rb_slice id;
};
struct check_member {
    bool is_file;
    struct rb_slice name;
};
struct check_store {
    void *mem;
    size_t cap;
    struct rb_region region;
    struct rb_register *reg;
    const struct check_terms *terms;
    struct check_placed **map; /* by key, open addressing; a power of two, at most half full */
    size_t map_cap, map_n;
    uint64_t seed;
    size_t members_n;
    struct check_member members[RB_MAX_MEMBERS];
    struct rb_register_entry *batch;
    size_t batch_n;
    void *copies_mem;
    size_t copies_cap;
    struct rb_arena copies; /* what the batch points to */
    size_t refused;         /* features and rows that are not in the register */
    size_t undated;         /* places that say no date of survey */
    size_t by_class[RB_PLACE_CLASSES];
};
/* RB_ERR_LIMIT: no address space */
enum rb_err check_store_open(struct check_store *s, const struct check_terms *terms);
void check_store_close(struct check_store *s);
/* created: stands for the date of survey where none is said. RB_ERR_LIMIT: no room for more (clause
 * 15.1.7), or more than 64 who declare (15.1.3): rj tells them apart. */
enum rb_err check_store_add(struct check_store *s, size_t file, const struct check_item *it,
                            int64_t created_utc_ms, struct rb_reject *rj) RB_MUST_USE;
enum rb_err check_store_flush(struct check_store *s, struct rb_reject *rj) RB_MUST_USE;
const struct check_placed *check_store_find(const struct check_store *s, const struct rb_hash *key);
/* number of the member who declares it, RB_REGISTER_NOBODY if the register has none of that name */
uint16_t check_store_member(const struct check_store *s, const struct check_file *f,
                            const struct check_item *it);
/* SHA-256 over file and id; where the id is empty, over file and number */
void check_key(const struct check_file *f, struct rb_slice id, uint64_t number,
               struct rb_hash *out);
/* its key in the register, if this very feature is in it; else zeros */
void check_store_own_key(const struct check_store *s, const struct check_file *f,
                         const struct check_item *it, struct rb_hash *out);
#endif
