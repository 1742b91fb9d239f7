/* What a disclosure shows as one JSON object, "exercise" first. */
#include "cmd/verify_body.h"
#include "cmd/verify_disclosure.h"

static void j_party(const struct vd_signer *s, bool witness, struct vj *j) {
    static const char *const words[] = {"not-compared", "same", "other"};
    char digits[48];
    rb_fingerprint(s->card.handle, &s->card.party, digits);
    vj_slice(j, "handle", s->card.handle);
    vj_slice(j, "fingerprint", rb_str(digits));
    vj_slice(j, "fingerprint_compared", rb_str(words[s->compared]));
    if (witness) vj_time_s(j, "held_since", s->held_since_s);
    vj_close(j, '}');
}

static void j_parties(const struct vd *d, struct vj *j) {
    vj_open(j, "author", '{');
    j_party(&d->author, false, j);
    vj_open(j, "witnesses", '[');
    for (size_t i = 0; i < d->f.witnesses_n; i++) {
        vj_open(j, NULL, '{');
        j_party(&d->witnesses[i], true, j);
    }
    vj_close(j, ']');
}

static void j_record(const struct vd *d, struct vj *j) {
    const struct rb_record *r = &d->rec;
    vj_open(j, "record", '{');
    vj_slice(j, "kind", rb_str(rb_kind_name(r->kind)));
    vj_slice(j, "precedence", rb_str(rb_precedence_name(r->precedence)));
    vj_time(j, "created", r->created_utc_ms);
    vj_bool(j, "closed", r->closed);
    vj_bool(j, "reported", r->reported_who.n > 0);
    vj_bool(j, "emergency", r->emergency.n > 0);
    vj_open(j, "signers", '[');
    for (size_t i = 0; i < r->signers_n; i++)
        vj_slice(j, NULL, d->signers[i].n == 0 ? rb_str("node") : d->signers[i]);
    vj_close(j, ']');
    if (r->closed) {
        vj_open(j, "recipients", '[');
        for (unsigned m = 0; m < RB_MAX_MEMBERS; m++)
            if (r->recipients >> m & 1) vj_uint(j, NULL, m);
        vj_close(j, ']');
        vj_uint(j, "sealed_size", r->ciphertext_size);
        vj_uint(j, "parts_committed", r->commitments_n);
    } else {
        verify_body_json(rb_body_schema(r->kind), r->body, j);
    }
    vj_close(j, '}');
}

static void j_content(const struct vd *d, const struct vd_part *p, struct vj *j) {
    struct rb_hash h;
    vj_bool(j, "checked", d->content_checked);
    if (!p->has_plain) return;
    rb_sha256(p->plain, &h);
    vj_uint(j, "size", p->plain.n);
    vj_hex(j, "sha256", h.b, RB_HASH_LEN);
}

static void j_parts(const struct vd *d, struct vj *j) {
    vj_open(j, "parts", '[');
    for (size_t i = 0; i < d->f.parts_n; i++) {
        const struct vd_part *p = &d->f.parts[i];
        const struct rb_schema *s = vd_part_schema(d, p);
        vj_open(j, NULL, '{');
        vj_uint(j, "part", p->part);
        if (s != NULL)
            verify_body_json(s, p->plain, j);
        else if (d->rec.kind == RB_KIND_TEXT)
            vj_slice(j, "text", p->plain);
        else
            j_content(d, p, j);
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

void vd_json_failures(const struct verify *v, struct vj *j) {
    vj_open(j, "failures", '[');
    for (size_t i = 0; i < v->bad.n; i++) {
        vj_open(j, NULL, '{');
        vj_slice(j, "field", rb_str(v->bad.item[i].file));
        vj_slice(j, "clause", rb_str(v->bad.item[i].clause));
        vj_slice(j, "sentence", rb_str(v->bad.item[i].words));
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

void vd_json_one(const struct vd *d, struct vj *j) {
    static const char *const levels[] = {"whole", "paragraphs", "fact", "hash"};
    vj_slice(j, "level", rb_str(levels[d->f.level]));
    vj_slice(j, "origin", d->f.origin);
    vj_hex(j, "channel", d->origin.channel, RB_CHANNEL_LEN);
    vj_uint(j, "index", d->f.index);
    vj_uint(j, "size", d->f.size);
    vj_hex(j, "leaf_hash", d->f.leaf_hash.b, RB_HASH_LEN);
    j_parties(d, j);
    if (d->has_record) j_record(d, j);
    j_parts(d, j);
}

void vd_json(const struct vd *d, FILE *out) {
    struct vj j = {out, true};
    vj_open(&j, NULL, '{');
    vj_bool(&j, "exercise", d->v->exercise);
    vj_bool(&j, "holds", d->holds);
    if (d->holds) vd_json_one(d, &j);
    vd_json_failures(d->v, &j);
    vj_close(&j, '}');
    fputc('\n', out);
}
