/* A draft being composed: shared by compose.c and compose_closed.c. */
#ifndef RB_SHELL_API_COMPOSE_H
#define RB_SHELL_API_COMPOSE_H
#include "internal.h"

#define RB_UPLOAD_NAME 17 /* 16 hex digits and NUL */
struct rb_draft {
    struct rb_chan c;
    struct rb_record rec;
    struct rb_slice body; /* readable; in the leaf or sealed */
    const char *upload, *same_as;
    const uint8_t *salts;   /* of the record it is the same as, or NULL */
    uint64_t same_readers;  /* who may be named, where that one is another's; else all */
    struct rb_slice sealed; /* ciphertext; n 0 in an attachment */
    char upload_name[RB_UPLOAD_NAME];
    uint64_t made_upload; /* the upload that same_as made; 0: none */
    struct rb_opened source; /* same_as: what was opened; the end of the request wipes it */
    struct rb_slice payload;
    enum rb_mark mark;
    json_t *differences, *charter_json; /* of an amendment (amend.c): from the charter in force */
};
/* The body of an amendment from what is to change; replies where it fails. */
bool rb_draft_amendment(struct rb_draft *d);
/* who cannot take part all the same is pointed out */
void rb_warn_amendment(const json_t *differences, json_t *warnings);
/* field by field: [{field, before, after}], members one by one */
json_t *rb_charter_differences(struct rb_chan *c, const json_t *was, const json_t *now);
bool rb_draft_fail(struct rb_req *rq, const char *field, const char *sentence);
/* body from an upload or another record; all reply where they fail */
bool rb_draft_from_upload(struct rb_draft *d);
bool rb_draft_same_as(struct rb_draft *d);
/* Decides who may read it, seals where it is closed; else the body goes into the leaf. */
bool rb_draft_close(struct rb_draft *d);
#endif
