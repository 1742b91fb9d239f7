/* Inside of readback-verify FILE: a disclosure judged offline (spec 9.7). All of the file is
 * hostile. It holds as a whole or not at all: nothing of one that does not is shown as proven. */
#ifndef RB_CMD_VERIFY_DISCLOSURE_H
#define RB_CMD_VERIFY_DISCLOSURE_H
#include "cmd/verify.h"
#include "readback/schema.h"
#include "readback/sealed.h"

#define VD_MAX_FILE ((size_t)16 << 20)
#define VD_MAX_INLINE ((size_t)8 << 20) /* an attachment's content within the file */
#define VD_MAX_STATEMENTS 64u
#define VD_MAX_KEYS (RB_MAX_OFFICERS + 2u + VD_MAX_STATEMENTS)

/* ---- as read ------------------------------------------------------------------------------------
 */
enum vd_level { VD_WHOLE, VD_PARAGRAPHS, VD_FACT, VD_HASH };
struct vd_party { /* views into the arena */
    struct rb_slice card, delegation;
    size_t statements_n;
    struct rb_slice statements[VD_MAX_STATEMENTS];
};
struct vd_part {
    uint64_t part;
    uint8_t salt[RB_SALT_LEN];
    bool has_plain;
    struct rb_slice plain;
};
struct vd_file {
    bool exercise, has_leaf;
    uint64_t version, index, size;
    enum vd_level level;
    struct rb_slice origin, leaf, proof;
    struct rb_hash leaf_hash;
    struct vd_party author;
    size_t witnesses_n, parts_n;
    struct vd_party *witnesses; /* RB_MAX_MEMBERS of them in the arena */
    struct vd_part *parts;      /* RB_MAX_COMMITMENTS */
};

/* ---- as judged ----------------------------------------------------------------------------------
 */
struct vd_key {
    enum rb_key_role role;
    struct rb_key key;
    struct rb_slice name; /* an officer's */
};
struct vd_signer { /* a party with the keys that its card and rotations give it */
    struct rb_card card;
    struct rb_hash party;
    size_t keys_n;
    struct vd_key keys[VD_MAX_KEYS];
    char mirror_name[96];
    bool held; /* a witness: it cosigned, and at the earliest then */
    uint64_t held_since_s;
    enum verify_compared compared;
};
struct vd {
    struct verify *v;
    struct rb_arena *a;
    bool holds, has_author, has_record;
    struct vd_file f;
    struct rb_origin origin;
    struct vd_signer author;
    struct vd_signer *witnesses; /* f.witnesses_n */
    struct rb_vkey log;
    struct rb_hash root;                     /* of the checkpoint */
    struct rb_record rec;                    /* unless level hash */
    struct rb_slice signers[RB_MAX_SIGNERS]; /* names; n 0: the node */
    struct rb_schema heading;                /* of a text: its grammar without the paragraphs */
    struct rb_field heading_fields[16];
    /* an attachment's content that lies beside the file (--content) */
    const char *content_path;
    bool content_checked;
};

/* ---- verify_disclosure_read.c ---- */
/* the JSON into d->f, by its form alone. false: said as bad */
bool vd_read(struct vd *d, struct rb_slice json);

/* ---- verify_disclosure_party.c ---- */
/* the author's card, statements, delegation; d->log */
bool vd_author(struct vd *d);
/* the witnesses, and every line of d->v->note */
bool vd_witnesses(struct vd *d);
/* compares the author's and the witnesses' with those given (9.7.7) */
void vd_compare(struct vd *d);
/* a fingerprint was given for a party that is not in the file */
void vd_compare_rest(struct verify *v);

/* ---- verify_disclosure_parts.c ---- */
bool vd_parts(struct vd *d);
/* the schema of what a part's plaintext shows, NULL: it is text or content */
const struct rb_schema *vd_part_schema(const struct vd *d, const struct vd_part *p);

/* ---- verify_disclosure.c ---- */
/* judges the file's bytes: d->holds, reasons in d->v->bad. d->v, a, content_path are set. */
void vd_check(struct vd *d, struct rb_slice json);
/* the same of what was read already, fingerprints aside */
bool vd_judge(struct vd *d);
/* readback-verify FILE; the exit status */
int verify_disclosure(struct verify *v, const char *path, const char *content, bool json);

/* ---- verify_disclosure_say.c, verify_disclosure_json.c ---- */
void vd_say(const struct vd *d, FILE *out);
void vd_json(const struct vd *d, FILE *out);
/* pieces of it, for a file with several (verify_adoption_*.c) */
bool vd_say_party(const struct vd_signer *s,
                  FILE *out); /* whether it was compared and is the same */
void vd_say_unsure(FILE *out);
void vd_say_place(const struct vd *d, FILE *out);
void vd_say_record(const struct vd *d, FILE *out);
void vd_say_parts(const struct vd *d, FILE *out);
void vd_say_slice(FILE *out, struct rb_slice s);
void vd_say_time(FILE *out, int64_t utc_ms);
void vd_say_failures(const struct verify *v, FILE *out);
struct vj;
void vd_json_one(const struct vd *d, struct vj *j); /* into an object that is open */
void vd_json_failures(const struct verify *v, struct vj *j);
#endif
