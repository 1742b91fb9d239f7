/* service, spec 3.6.6: what the node did that others must know. Read through the grammar. */
#include "form.h"

static const struct rb_enum_name types[] = {{RB_SERVICE_LINK, "link"},
                                            {RB_SERVICE_OVERRIDE, "override"},
                                            {RB_SERVICE_PURGE, "purge"},
                                            {RB_SERVICE_BODY_MISSING, "body-missing"},
                                            {RB_SERVICE_RELEASED_DESPITE, "released-despite"},
                                            {RB_SERVICE_PROBED, "probed"},
                                            {0, NULL}};
static const struct rb_field fields[] = {
    F_ENUM(1, "type", REQ, types, "what was done"),
    F(2, "subject", RB_F_HASH, OPT, 0, "purge, body-missing, released-despite: the record"),
    F(3, "origin", RB_F_NAME, OPT, RB_MAX_ORIGIN, "link: the earlier epoch"),
    F(4, "size", RB_F_UINT, OPT, 0, "link: of the earlier epoch, stood by"),
    F(5, "root", RB_F_HASH, OPT, 0, "link: of the earlier epoch at that size"),
    F_ARRAY(6, "members", RB_F_MEMBER, OPT | SORTED, 0, RB_MAX_MEMBERS,
            "override: who did not answer"),
    F(7, "reason", RB_F_TEXT, OPT, RB_MAX_TEXT, "as the operator stated it"),
    F_ARRAY(8, "conflicts", RB_F_HASH, OPT, 0, RB_MAX_REFS,
            "released-despite: conflicting records that all recipients may know"),
    F(9, "commitment", RB_F_HASH, OPT, 0, "released-despite: salted, where they may not"),
    F(10, "count", RB_F_UINT, OPT, 0, "probed: checks that met closed places"),
    F(11, "since", RB_F_TIME, OPT, 0, "probed: when the first of them was made"),
};
const struct rb_schema rb_service_schema = SCHEMA("service", fields);

/* which keys go with which type: bits by key */
#define K(n) (1u << (n))
static const struct {
    unsigned must, may;
} wanted[] = {
    [RB_SERVICE_LINK] = {K(3) | K(4) | K(5), K(7)},
    [RB_SERVICE_OVERRIDE] = {K(7), K(6)},
    [RB_SERVICE_PURGE] = {K(2), K(7)},
    [RB_SERVICE_BODY_MISSING] = {K(2), K(7)},
    [RB_SERVICE_RELEASED_DESPITE] = {K(2), K(7) | K(8) | K(9)},
    [RB_SERVICE_PROBED] = {K(10) | K(11), K(7)},
};

enum rb_err rb_service_form(struct rb_slice body, struct rb_reject *rj) {
    struct rb_mapr m;
    uint64_t type = 0;
    unsigned has = 0;
    struct rb_slice origin = {NULL, 0}, item;
    struct rb_origin o;
    RB_TRY(rb_mapr_open(&m, body));
    RB_TRY(rb_mapr_uint(&m, 1, &type));
    for (uint64_t key = 2; key <= 11; key++) {
        if (!rb_mapr_at(&m, key)) continue;
        has |= K(key);
        struct rb_reader r = m.r;
        if (key == 3) RB_TRY(rb_cbor_get_text(&r, &origin));
        RB_TRY(rb_cbor_skip(&m.r, &item));
    }
    if ((has & wanted[type].must) != wanted[type].must ||
        (has & ~(wanted[type].must | wanted[type].may)))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.6", "keys that do not go with the type", 0);
    if (type == RB_SERVICE_RELEASED_DESPITE && !(has & (K(8) | K(9))))
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.6", "released despite what", 0);
    if (origin.n > 0 && rb_origin_decode(origin, &o) != RB_OK)
        return rb_reject(rj, RB_ERR_MALFORMED, "3.6.6", "origin", 0);
    return RB_OK;
}
