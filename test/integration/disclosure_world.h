/* Three parties with real signatures, cosignatures and sealed bodies, and disclosures of what the
 * first of them said. Everything asserts. */
#ifndef READBACK_TEST_DISCLOSURE_WORLD_H
#define READBACK_TEST_DISCLOSURE_WORLD_H
#include "../unit/fixture_book.h"
#include "shell/api/disclose.h"

#define BIG ((9u << 20) + 5u) /* an attachment too long for the file */

struct sealed { /* a closed record of party 0 to party 1, as a node stores it */
    struct rb_hash id;
    uint8_t *bytes;
    size_t n;
};
/* a text signed by a key that a rotation brought and another took away, a site, two attachments,
 * the same text before and after these rotations, and an open statement */
extern struct sealed dw_text, dw_site, dw_annex, dw_big, dw_early, dw_late;
extern struct rb_hash dw_open;
extern const char *const dw_paragraphs[3]; /* of each text */
extern uint8_t dw_big_content[BIG];
extern struct fx *dw_fx;
extern uint64_t dw_kept; /* no checkpoint beyond this size is kept */

void dw_make(bool exercise);
void dw_free(void);
/* the body is opened as party 1 opens it; s NULL: an open record */
json_t *dw_disclose(const struct rb_hash *id, const struct sealed *s, enum rb_disclose_level level,
                    uint64_t chosen);
/* the same where it may fail */
enum rb_err dw_try(const struct rb_hash *id, const struct sealed *s, enum rb_disclose_level level,
                   uint64_t chosen, json_t **out);
#endif
