/* What others have in files, read into drafts of notices: site lists (sites_read.c), files of
 * places (places_read.c). Nothing is stored or released by it, and nothing of it is kept. */
#ifndef RB_SHELL_API_IMPORT_H
#define RB_SHELL_API_IMPORT_H
#include "internal.h"
#include "readback/sitelist.h"

struct rb_import_in {
    struct rb_chan c;
    enum rb_notice_class class_;
    struct rb_slice text;               /* the file; the request's */
    const struct rb_point_box *theatre; /* NULL: the charter has none */
    uint64_t recipients;                /* who shall be told, where the request says so; else 0 */
    size_t registered_n, known_n;       /* of known: registered, and drafts behind them */
    struct rb_site_known *known;
    uint8_t *buf; /* RB_MAX_HEAD: a body that is being written */
};
/* channel, recipients, the file in `field`; all reply where they fail */
bool rb_import_open(struct rb_req *rq, const char *field, struct rb_import_in *out);
/* the standing places of this class that can be read here, and drafts of ours: doubles are sought
 * among them */
bool rb_import_known(struct rb_import_in *in, enum rb_notice_class class_);
/* a length above 0 of the request; 0 where it is not given */
bool rb_import_length(struct rb_req *rq, const char *field, uint64_t *mm);
/* one of the words; *at is left alone where it is not given */
bool rb_import_word(struct rb_req *rq, const char *field, const char *const *words, size_t n,
                    size_t *at);
/* The body as /v1/compose takes it, or NULL with the reason. A body that a notice cannot have is
 * refused here, row by row, and not when it is composed. */
json_t *rb_import_draft(struct rb_import_in *in, const struct rb_notice *n, struct rb_reject *rj);

struct rb_import_finding {
    bool refused;
    const char *column; /* NULL: of the row as a whole */
    const char *clause, *sentence;
    enum rb_site_double twin;
    enum rb_site_whose whose; /* where other_row is 0 */
    size_t other_row;
};
void rb_import_find(json_t *findings, const struct rb_import_finding *f);
/* What came of the rows, and how many of each; takes rows. `more` is merged into it (taken). */
void rb_import_reply(struct rb_import_in *in, json_t *rows, json_t *more);
#endif
