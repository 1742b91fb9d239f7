/* The object of a disclosure (9.7.2). What is shown of a body is compared with the leaf first: a
 * file that does not hold is never given out. */
#include <stdlib.h>
#include "disclose.h"
#include "internal.h"

static const char *const levels[] = {"whole", "paragraphs", "fact", "hash"};

/* ---- parts --------------------------------------------------------------------------------------
 */

static enum rb_err committed(const struct rb_disclose *in, size_t part, struct rb_slice plain) {
    struct rb_hash have, want;
    rb_commit(rb_sealed_salt(in->head, part), plain, &have);
    rb_record_commitment(in->rec, part, &want);
    return rb_hash_eq(&have, &want) ? RB_OK : RB_ERR_PROOF;
}

static json_t *part_json(const struct rb_disclose *in, size_t part, const struct rb_slice *plain) {
    json_t *o = json_object();
    rb_j_put(o, "part", json_integer((json_int_t)part));
    rb_j_put(o, "salt", rb_j_hex(rb_sealed_salt(in->head, part), RB_SALT_LEN));
    if (plain != NULL) rb_j_put(o, "plaintext", rb_j_base64(*plain));
    return o;
}

static enum rb_err read_content(const struct rb_disclose *in, uint8_t *buf, size_t size) {
    for (size_t at = 0; at < size;) {
        size_t n = 0;
        RB_TRY(in->host->open_content(in->host->ctx, &in->body, at, buf + at, size - at, &n));
        if (n == 0 || n > size - at) return RB_ERR_PROOF;
        at += n;
    }
    return RB_OK;
}

/* a longer one goes along as a file of its own: then its salt alone is here */
static enum rb_err put_content(const struct rb_disclose *in, json_t *parts) {
    struct rb_attachment a;
    RB_TRY(rb_attachment_decode(in->head->body, &a, NULL));
    if (a.size > RB_DISCLOSE_INLINE) {
        json_array_append_new(parts, part_json(in, 1, NULL));
        return RB_OK;
    }
    const size_t n = (size_t)a.size;
    uint8_t *buf = malloc(n + 1);
    if (buf == NULL) return RB_ERR_LIMIT;
    const struct rb_slice plain = rb_slice(buf, n);
    enum rb_err err = read_content(in, buf, n);
    if (err == RB_OK) err = committed(in, 1, plain);
    if (err == RB_OK) json_array_append_new(parts, part_json(in, 1, &plain));
    rb_wipe(buf, n);
    free(buf);
    return err;
}

static enum rb_err put_parts(const struct rb_disclose *in, json_t *parts) {
    if (in->head->parts_n != in->rec->commitments_n) return RB_ERR_PROOF;
    for (size_t i = 0; i < in->head->parts_n; i++) {
        struct rb_slice plain;
        if (in->level == RB_LEVEL_PARAGRAPHS && !(in->chosen[i / 64] >> (i % 64) & 1)) continue;
        if (in->rec->kind == RB_KIND_ATTACHMENT && i == 1) {
            RB_TRY(put_content(in, parts));
            continue;
        }
        RB_TRY(rb_sealed_part(in->rec->kind, in->head->body, i, in->arena, &plain));
        RB_TRY(committed(in, i, plain));
        json_array_append_new(parts, part_json(in, i, &plain));
    }
    return RB_OK;
}

/* ---- parties ------------------------------------------------------------------------------------
 */

static json_t *author_json(const struct rb_disclose *in) {
    struct rb_disclose_want want[RB_MAX_SIGNERS];
    const size_t n = in->rec == NULL ? 0 : in->rec->signers_n;
    for (size_t i = 0; i < n; i++) {
        want[i].role = rb_kind_is_machine(in->rec->kind) ? RB_KEY_NODE : RB_KEY_OFFICER;
        memcpy(want[i].kid, in->rec->signers[i].kid, RB_KID_LEN);
    }
    json_t *o = rb_disclose_party(in, in->feed->member, want, n);
    if (o != NULL) rb_j_put(o, "delegation", rb_j_base64(rb_evidence_delegation(in->feed)));
    return o;
}

static json_t *witnesses_json(const struct rb_disclose *in, const struct rb_disclose_proof *p) {
    json_t *out = json_array();
    for (size_t i = 0; i < p->lines_n; i++) {
        struct rb_disclose_want want = {.role = RB_KEY_MIRROR};
        rb_key_id(&p->line[i].key.key, want.kid);
        json_t *o = rb_disclose_party(in, p->line[i].member, &want, 1);
        if (o == NULL) {
            json_decref(out);
            return NULL;
        }
        json_array_append_new(out, o);
    }
    return out;
}

/* ---- the object ---------------------------------------------------------------------------------
 */

static void put_place(const struct rb_disclose *in, const struct rb_disclose_proof *p, json_t *o) {
    if (in->book->exercise) rb_j_put(o, "exercise", json_true());
    rb_j_put(o, "readback-disclosure", json_integer(1));
    rb_j_put(o, "level", json_string(levels[in->level]));
    rb_j_put(o, "origin", rb_j_slice(rb_slice(in->feed->origin, in->feed->origin_n)));
    rb_j_put(o, "index", json_integer((json_int_t)in->at));
    rb_j_put(o, "size", json_integer((json_int_t)p->size));
    rb_j_put(o, "leaf-hash", rb_j_hex(in->feed->facts[in->at].id.b, RB_HASH_LEN));
    if (in->level != RB_LEVEL_HASH) rb_j_put(o, "leaf", rb_j_base64(in->leaf));
    rb_j_put(o, "proof", rb_j_slice(p->text));
}

static enum rb_err put_all(const struct rb_disclose *in, const struct rb_disclose_proof *p,
                           json_t *o, const char **why) {
    json_t *author = author_json(in), *witnesses = witnesses_json(in, p), *parts = json_array();
    put_place(in, p, o);
    json_object_set_new(o, "parts", parts);
    if (author != NULL) json_object_set_new(o, "author", author);
    if (witnesses != NULL) json_object_set_new(o, "witnesses", witnesses);
    *why = "no card held here gives the keys that signed it";
    if (author == NULL || witnesses == NULL) return RB_ERR_NOT_FOUND;
    *why = "its body could not be read, or is not what the leaf commits to";
    return in->head == NULL ? RB_OK : put_parts(in, parts);
}

enum rb_err rb_disclose(const struct rb_disclose *in, json_t **out, const char **why) {
    struct rb_disclose_proof *p = calloc(1, sizeof *p);
    *why = "memory is short";
    if (p == NULL) return RB_ERR_LIMIT;
    json_t *o = json_object();
    enum rb_err err = rb_disclose_prove(in, p);
    if (err == RB_ERR_STATE) *why = "no checkpoint covers the record yet";
    if (err == RB_OK) err = put_all(in, p, o, why);
    free(p);
    if (err != RB_OK)
        json_decref(o);
    else
        *out = o;
    return err;
}
