/* Composing: who may read it, and the body of a closed record (spec 9.3). */
#include <stdio.h>
#include "compose.h"
#include "readback/text.h"

static bool fail_recipients(struct rb_req *rq, const char *sentence, const char *hint) {
    struct rb_fail f = {.err = RB_ERR_USAGE,
                        .code = "recipients",
                        .field = "recipients",
                        .sentence = sentence,
                        .hint = hint};
    rb_fail(rq, &f);
    return false;
}

/* ---- where the body comes from ------------------------------------------------------------------
 */
static bool take_upload(struct rb_draft *d, const struct rb_uploaded *u) {
    struct rb_req *rq = d->c.rq;
    struct rb_record *rec = &d->rec;
    uint8_t *list = rb_arena_alloc(&rq->arena, 128);
    struct rb_writer w = rb_writer(list, list ? 128 : 0),
                     n = rb_writer(d->upload_name, RB_UPLOAD_NAME);
    rb_commitments_encode(u->commitments, 2, &w);
    rb_put_u64_hex(&n, u->id);
    (void)rb_writer_z(&n);
    if (rb_writer_done(&w, &rec->commitments) != RB_OK)
        return rb_draft_fail(rq, "upload", "memory is short");
    rec->commitments_n = 2;
    rec->closed = true;
    rec->recipients = u->recipients;
    rec->ciphertext_hash = u->ciphertext;
    rec->ciphertext_size = u->size;
    rec->body = rb_slice(NULL, 0);
    d->body = u->body;
    return true;
}
bool rb_draft_from_upload(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    struct rb_uploaded u;
    struct rb_fail f;
    if (d->rec.kind != RB_KIND_ATTACHMENT)
        return rb_draft_fail(rq, "kind", "what was uploaded is an attachment");
    if (json_object_get(rq->body, "recipients"))
        return rb_draft_fail(rq, "recipients",
                             "the upload's recipients were named when it began: leave them out");
    if (!rb_upload_get(rq, d->upload, &u, &f)) {
        rb_fail(rq, &f);
        return false;
    }
    if (memcmp(u.channel, d->c.v.id, RB_CHANNEL_LEN) != 0)
        return rb_draft_fail(rq, "upload", "it was taken in for another channel");
    return take_upload(d, &u);
}

static bool find_same(struct rb_draft *d, struct rb_feed **f, size_t *leaf) {
    struct rb_req *rq = d->c.rq;
    enum rb_err err = rb_book_find_prefix(d->c.v.book, rb_str(d->same_as), f, leaf);
    if (err == RB_ERR_EXISTS)
        return rb_draft_fail(rq, "same_as", "these digits fit more than one record: give more");
    if (err == RB_OK && *leaf < (*f)->facts_n) return true;
    return rb_draft_fail(rq, "same_as", "no record with these digits is held here");
}
/* Who says a thing again to others keeps its salts, so that both lists of commitments are equal. */
bool rb_draft_same_as(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    struct rb_api *api = rq->api;
    struct rb_feed *f = NULL;
    size_t leaf = 0, n = 0;
    struct rb_record rec;
    struct rb_reject rj;
    if (rb_fail_locked(rq) || !find_same(d, &f, &leaf)) return false;
    struct rb_feed_ref at = rb_feed_ref_of(&d->c, f);
    if (f->branch > 0)
        return rb_draft_fail(rq, "same_as", "that record stands in another history of its feed");
    if (api->host.leaf(api->host.ctx, &at, leaf, api->leaf, &n) != RB_OK ||
        rb_record_decode(rb_slice(api->leaf, n), &rec, &rj) != RB_OK)
        return rb_draft_fail(rq, "same_as", "that record cannot be read");
    if (!rec.closed)
        return rb_draft_fail(rq, "same_as", "that record is open: every member can read it");
    if (rec.kind != d->rec.kind)
        return rb_draft_fail(rq, "same_as", "that record is of another kind");
    rb_open_at(&d->c, f, leaf, &rec, &d->source);
    if (d->source.body.n == 0) {
        struct rb_fail bad = {.err = RB_ERR_STATE,
                              .code = "body",
                              .field = "same_as",
                              .sentence = "the body of that record cannot be read here"};
        rb_fail(rq, &bad);
        return false;
    }
    d->body = d->source.body;
    uint8_t *salts = rb_arena_array(&rq->arena, d->source.head.parts_n, RB_SALT_LEN);
    if (salts == NULL) return rb_draft_fail(rq, "same_as", "that record is too large to say again");
    rb_sealed_salts(&d->source.head, salts);
    d->salts = salts;
    d->same_readers = f->member == d->c.v.own_member ? UINT64_MAX : rec.recipients;
    /* 9.3.5: what an author says again names the first */
    struct rb_refs *about = &d->rec.refs[RB_REF_ABOUT];
    if (f->member == d->c.v.own_member && about->n == 0) about->h[about->n++] = f->facts[leaf].id;
    return true;
}

/* ---- who may read it ----------------------------------------------------------------------------
 */
static const struct rb_fact *subject_of(const struct rb_draft *d, uint16_t *author) {
    struct rb_feed *f = NULL;
    size_t leaf = 0;
    if (d->rec.kind != RB_KIND_POSITION || d->rec.refs[RB_REF_ANSWERS].n == 0) return NULL;
    if (!rb_book_find(d->c.v.book, &d->rec.refs[RB_REF_ANSWERS].h[0], &f, &leaf)) return NULL;
    if (leaf >= f->facts_n) return NULL;
    *author = f->member;
    return &f->facts[leaf];
}
static bool all_among(struct rb_draft *d, uint64_t allowed, const char *where) {
    uint64_t off = d->rec.recipients & ~allowed;
    char words[192];
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++) {
        if (!(off >> m & 1)) continue;
        struct rb_slice h = rb_chan_handle(&d->c, m);
        snprintf(words, sizeof words, "%.*s is not among the readers of %s", (int)h.n,
                 h.n ? (const char *)h.p : "", where);
        return fail_recipients(d->c.rq, words, "leave it out");
    }
    return true;
}
/* Whom our own record told, its withdrawal or correction tells too, where they are still in the
 * channel: else they would go on by what we no longer say. */
static uint64_t readers_of_own(const struct rb_draft *d, const struct rb_fact *subject) {
    uint64_t out = 0;
    for (size_t i = 0; i < d->c.s->members_n; i++)
        if (!d->c.s->members[i].left) out |= UINT64_C(1) << d->c.s->members[i].index;
    return subject->recipients & out;
}
/* Names the recipients; sets `closed`. 9.3.1, 9.3.2 */
static bool get_recipients(struct rb_draft *d) {
    struct rb_req *rq = d->c.rq;
    const json_t *r = json_object_get(rq->body, "recipients");
    const uint64_t own = UINT64_C(1) << d->c.v.own_member;
    uint16_t author = 0;
    bool given = r && !json_is_null(r);
    const struct rb_fact *subject = subject_of(d, &author);
    if (!rb_members_get(&d->c, "recipients", r, &d->rec.recipients)) return false;
    if (given && json_array_size(r) == 0)
        return fail_recipients(rq, "the list is empty: name who may read it",
                               "leave the field out where all may; name only us where nobody may");
    d->rec.closed = given || (subject && subject->closed);
    if (d->same_as && !d->rec.closed)
        return fail_recipients(rq, "a closed body goes to named recipients: name who may read it",
                               NULL);
    if (!d->rec.closed) return true;
    d->rec.recipients |= own;
    if (subject) d->rec.recipients |= UINT64_C(1) << author;
    if (subject && subject->closed && !given && author == d->c.v.own_member)
        d->rec.recipients |= readers_of_own(d, subject);
    if (subject && subject->closed &&
        !all_among(d, subject->recipients | own | UINT64_C(1) << author, "the record it answers"))
        return false;
    return !d->same_as || all_among(d, d->same_readers | own, "the record it repeats");
}
static bool check_open_kind(struct rb_draft *d) {
    struct rb_reject rj = {.err = RB_ERR_DENIED};
    if (!rb_kind_always_open(d->rec.kind)) return true;
    rb_reply(d->c.rq, rb_fail_status(rj.err),
             rb_reject_json(&rj, "recipients", RB_MARK_MUST_BE_OPEN));
    return false;
}
static bool check_demand(struct rb_draft *d) {
    if (!d->rec.demand.present || !(d->rec.demand.members & ~d->rec.recipients)) return true;
    return rb_draft_fail(d->c.rq, "demand.members",
                         "an answer can be demanded only of those who may read it");
}

/* an attachment said again: its content is sealed anew, under the salts it had */
static bool reseal_content(struct rb_draft *d) {
    struct rb_uploaded u;
    if (!rb_upload_again(&d->c, &d->source, d->rec.recipients, &u)) return false;
    d->made_upload = u.id;
    return take_upload(d, &u);
}
bool rb_draft_close(struct rb_draft *d) {
    struct rb_sealed s;
    if (d->upload) return !rb_fail_locked(d->c.rq) && check_demand(d);
    if (!get_recipients(d)) return false;
    if (!d->rec.closed) {
        d->rec.body = d->body;
        return true;
    }
    if (!check_open_kind(d) || !check_demand(d) || rb_fail_locked(d->c.rq)) return false;
    if (d->rec.kind == RB_KIND_ATTACHMENT) return reseal_content(d);
    if (!rb_seal_body(&d->c, &d->rec, d->body, d->salts, &s)) return false;
    d->sealed = s.ciphertext;
    return true;
}
