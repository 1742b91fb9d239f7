/* The grammar of bodies as tables: one source for checking CBOR, for JSON in and out, for help.
 * A body is a map with unsigned keys; each field has a number, a name and a type. */
#ifndef READBACK_SCHEMA_H
#define READBACK_SCHEMA_H
#include "readback/record.h"

enum rb_field_type {
    RB_F_UINT, RB_F_INT, RB_F_BOOL,
    RB_F_TIME,   /* uint, UTC ms; JSON: RFC 3339 string or number of ms */
    RB_F_SPAN,   /* uint, ms; JSON: "15m" or number of ms */
    RB_F_NAME,   /* one line, rb_name_ok */
    RB_F_TEXT,   /* rb_text_ok */
    RB_F_BYTES,  /* JSON: base64 */
    RB_F_HASH,   /* bstr 32; JSON: hex */
    RB_F_KEY,    /* bstr 32; JSON: hex */
    RB_F_SIG,    /* bstr 64; JSON: base64 */
    RB_F_ENUM,   /* uint; names; JSON: the name */
    RB_F_MEMBER, /* uint; member index; JSON: handle (converted by the caller's table) or number */
    RB_F_DEG,    /* int, 1e-9 degree; JSON: number of degrees or decimal string */
    RB_F_MM,     /* int, millimetres; JSON: number of metres or "1500m" */
    RB_F_MAP,    /* of `sub` */
    RB_F_TUPLE,  /* array with one element per field of `sub`, in order (null where optional) */
    RB_F_NULL_OR_HASH
};
#define RB_FIELD_REQUIRED 1u
#define RB_FIELD_ARRAY 2u    /* definite array of that type, at most max_n elements */
#define RB_FIELD_SORTED 4u   /* ascending and unique (arrays of UINT, MEMBER) */
#define RB_FIELD_NONEMPTY 8u
struct rb_enum_name {
    uint64_t value;
    const char *name;
};
struct rb_schema;
struct rb_field {
    uint8_t key; /* map key; tuples: position */
    const char *name;
    enum rb_field_type type;
    uint8_t flags;
    uint32_t max;   /* bytes of NAME, TEXT, BYTES; greatest UINT if not 0 */
    uint32_t max_n; /* elements of an array */
    const struct rb_schema *sub;
    const struct rb_enum_name *names; /* ends with name NULL */
    const char *help; /* a few words */
};
struct rb_schema {
    const char *name;
    size_t n;
    const struct rb_field *fields; /* ascending key */
};
/* NULL if this version has no grammar for the kind */
const struct rb_schema *rb_body_schema(enum rb_kind k);
/* checks one item against a schema (map), reporting key and offset; clause 3.5 */
enum rb_err rb_schema_check(const struct rb_schema *s, struct rb_slice in,
                            struct rb_reject *rj) RB_MUST_USE;
#endif
