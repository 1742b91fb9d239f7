/* A leaf, a payload, and a body of the kind that the first byte says. What is accepted encodes to
 * the same bytes again; what is refused leaves nothing behind and names a clause. A body is also
 * given to the decoder of every kind, with much room and with little: each takes what the check of
 * its kind takes and nothing else; and so does the gist. Of a text the heading says the same as the
 * whole, and what changed from it to another one adds up to both. A figure beside itself has all in
 * common, and beside an older self the same from either side; so has a list of names. */
#include <string.h>
#include "fuzz.h"
#include "readback/cbor.h"
#include "readback/compare.h"
#include "readback/instrument.h"
#include "readback/party.h"
#include "readback/sealed.h"
#include "readback/textdiff.h"
#include "readback/volume.h"

static uint8_t out[4 * RB_MAX_LEAF], room[1u << 20] __attribute__((aligned(16)));
static struct rb_record rec;
static struct rb_charter charter;

static bool writes(const struct rb_writer *w, struct rb_slice want) {
    return !w->over && rb_slice_eq(rb_written(w), want);
}

static void one_leaf(struct rb_slice in) {
    struct rb_reject rj = {0};
    if (rb_record_decode(in, &rec, &rj) != RB_OK) {
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= (in.n > RB_MAX_LEAF ? in.n : in.n + 1));
        FUZZ_CHECK(rec.kind == 0 && rec.signers_n == 0);
        return;
    }
    FUZZ_CHECK(rec.signers_n >= 1 && rec.closed == (rec.body.n == 0));
    FUZZ_CHECK(rec.closed == (rec.commitments_n > 0));
    for (size_t i = 0; i < rec.commitments_n; i++) {
        struct rb_hash c;
        rb_record_commitment(&rec, i, &c);
    }
    struct rb_writer w = rb_writer(out, sizeof out);
    FUZZ_CHECK(rb_record_assemble(rec.payload, rec.signers, rec.signers_n, &w) == RB_OK);
    FUZZ_CHECK(writes(&w, in));
    w = rb_writer(out, sizeof out);
    rb_payload_encode(&rec, &w);
    FUZZ_CHECK(writes(&w, rec.payload));
}

static void one_payload(struct rb_slice in) {
    if (rb_payload_decode(in, &rec, NULL) != RB_OK) return;
    struct rb_writer w = rb_writer(out, sizeof out);
    rb_payload_encode(&rec, &w);
    FUZZ_CHECK(writes(&w, in));
}

/* ---- bodies ------------------------------------------------------------------------------------
 */
/* of every kind that has a struct, but for the charter, which is large */
union decoded {
    struct rb_amendment amendment;
    struct rb_membership membership;
    struct rb_test test;
    struct rb_receipt receipt;
    struct rb_silence silence;
    struct rb_notice notice;
    struct rb_stop_fire stop_fire;
    struct rb_position position;
    struct rb_roster roster;
    struct rb_attachment attachment;
    struct rb_request request;
    struct rb_cessation cessation;
    struct rb_incident incident;
    struct rb_finding finding;
    struct rb_figure figure;
    struct rb_designation designation;
    struct rb_text text;
    struct rb_agreement agreement;
    struct rb_progress progress;
    struct rb_contact contact;
    struct rb_readout readout;
};

/* RB_ERR_UNSUPPORTED: it has none */
static enum rb_err decode(enum rb_kind k, struct rb_slice in, struct rb_arena *a, union decoded *v,
                          struct rb_reject *rj) {
    switch ((int)k) {
    case RB_KIND_CHARTER:
        return rb_charter_decode(in, &charter, rj);
    case RB_KIND_AMENDMENT:
        return rb_amendment_decode(in, &v->amendment, rj);
    case RB_KIND_MEMBERSHIP:
        return rb_membership_decode(in, &v->membership, rj);
    case RB_KIND_TEST:
        return rb_test_decode(in, &v->test, rj);
    case RB_KIND_RECEIPT:
        return rb_receipt_decode(in, a, &v->receipt, rj);
    case RB_KIND_SILENCE:
        return rb_silence_decode(in, &v->silence, rj);
    case RB_KIND_NOTICE:
        return rb_notice_decode(in, a, &v->notice, rj);
    case RB_KIND_STOP_FIRE:
        return rb_stop_fire_decode(in, a, &v->stop_fire, rj);
    case RB_KIND_POSITION:
        return rb_position_decode(in, &v->position, rj);
    case RB_KIND_ROSTER:
        return rb_roster_decode(in, a, &v->roster, rj);
    case RB_KIND_ATTACHMENT:
        return rb_attachment_decode(in, &v->attachment, rj);
    case RB_KIND_REQUEST:
        return rb_request_decode(in, a, &v->request, rj);
    case RB_KIND_CESSATION:
        return rb_cessation_decode(in, a, &v->cessation, rj);
    case RB_KIND_INCIDENT:
        return rb_incident_decode(in, a, &v->incident, rj);
    case RB_KIND_FINDING:
        return rb_finding_decode(in, &v->finding, rj);
    case RB_KIND_FIGURE:
        return rb_figure_decode(in, a, &v->figure, rj);
    case RB_KIND_DESIGNATION:
        return rb_designation_decode(in, a, &v->designation, rj);
    case RB_KIND_TEXT:
        return rb_text_decode(in, a, &v->text, rj);
    case RB_KIND_AGREEMENT:
        return rb_agreement_decode(in, a, &v->agreement, rj);
    case RB_KIND_PROGRESS:
        return rb_progress_decode(in, &v->progress, rj);
    case RB_KIND_CONTACT:
        return rb_contact_decode(in, a, &v->contact, rj);
    case RB_KIND_READOUT:
        return rb_readout_decode(in, &v->readout, rj);
    default:
        return RB_ERR_UNSUPPORTED;
    }
}

/* false: nothing of ours writes this kind from a struct */
static bool encode(enum rb_kind k, const union decoded *v, struct rb_writer *w) {
    switch ((int)k) {
    case RB_KIND_CHARTER:
        rb_charter_encode(&charter, w);
        return true;
    case RB_KIND_AMENDMENT:
        rb_amendment_encode(&v->amendment, w);
        return true;
    case RB_KIND_MEMBERSHIP:
        rb_membership_encode(&v->membership, w);
        return true;
    case RB_KIND_TEST:
        rb_test_encode(&v->test, w);
        return true;
    case RB_KIND_RECEIPT:
        rb_receipt_encode(&v->receipt, w);
        return true;
    case RB_KIND_SILENCE:
        rb_silence_encode(&v->silence, w);
        return true;
    case RB_KIND_NOTICE:
        rb_notice_encode(&v->notice, w);
        return true;
    case RB_KIND_STOP_FIRE:
        rb_stop_fire_encode(&v->stop_fire, w);
        return true;
    case RB_KIND_POSITION:
        rb_position_encode(&v->position, w);
        return true;
    case RB_KIND_ATTACHMENT:
        rb_attachment_encode(&v->attachment, w);
        return true;
    default:
        return false;
    }
}

/* with an arena too small it says so or does without; refused, whatever it was, it leaves *out */
static void with_little_room(enum rb_kind k, struct rb_slice in) {
    static union decoded v;
    const uint8_t *bytes = (const uint8_t *)&v;
    bool untouched = true;
    struct rb_arena a = rb_arena(room, in.n * 37 % 2048);
    if (k == RB_KIND_CHARTER) return;
    memset(&v, 0xa5, sizeof v);
    const enum rb_err e = decode(k, in, &a, &v, NULL);
    FUZZ_CHECK(e == RB_OK || e == RB_ERR_LIMIT);
    for (size_t i = 0; i < sizeof v; i++)
        untouched = untouched && bytes[i] == 0xa5;
    FUZZ_CHECK(e == RB_OK || untouched);
}

/* the words of a gist are those of the body, whichever kind */
static void one_gist(enum rb_kind k, struct rb_slice in, bool sound) {
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_gist g = {.kind = (enum rb_kind)99};
    struct rb_reject rj = {0};
    struct rb_hash h;
    const enum rb_err e = rb_gist_read(k, in, &a, &g, &rj);
    FUZZ_CHECK((e == RB_OK) == (sound && rb_kind_is_instrument(k)));
    FUZZ_CHECK(e == RB_OK || (rj.clause != NULL && g.kind == (enum rb_kind)99));
    if (e != RB_OK) return;
    rb_sha256(in, &h);
    FUZZ_CHECK(g.kind == k && rb_hash_eq(&g.body, &h));
}

/* ---- texts -------------------------------------------------------------------------------------
 */
/* every paragraph of either stands in one line, in its order; the same ones are the same */
static void diff_adds_up(const struct rb_text *before, const struct rb_text *after) {
    static uint8_t table[4u << 20] __attribute__((aligned(16)));
    struct rb_arena a = rb_arena(table, sizeof table);
    struct rb_diff d = {0};
    size_t b = 0, n = 0;
    const enum rb_err e = rb_text_diff(before, after, &a, &d);
    FUZZ_CHECK(e == RB_OK || e == RB_ERR_LIMIT);
    if (e != RB_OK) return;
    for (size_t i = 0; i < d.n; i++) {
        const struct rb_diff_line *l = &d.lines[i];
        FUZZ_CHECK((l->type == RB_DIFF_ADDED) == (l->before == 0));
        FUZZ_CHECK((l->type == RB_DIFF_REMOVED) == (l->after == 0));
        FUZZ_CHECK(l->before == 0 || l->before == ++b);
        FUZZ_CHECK(l->after == 0 || l->after == ++n);
        if (l->before == 0 || l->after == 0) continue;
        const struct rb_slice x = before->paragraphs[l->before - 1],
                              y = after->paragraphs[l->after - 1];
        FUZZ_CHECK(rb_slice_eq(x, y) == (l->type == RB_DIFF_SAME));
    }
    FUZZ_CHECK(b == before->paragraphs_n && n == after->paragraphs_n);
}

/* the next version: paragraphs go, are said twice, change places, as the version's bits say */
static struct rb_text next_version(const struct rb_text *t) {
    static struct rb_slice paragraphs[2 * RB_MAX_PARAGRAPHS];
    struct rb_text next = *t;
    next.paragraphs = paragraphs;
    next.paragraphs_n = 0;
    for (size_t i = 0; i < t->paragraphs_n; i++) {
        const unsigned how = (unsigned)(t->version >> 2 * (i % 32)) & 3;
        const struct rb_slice one = t->paragraphs[i];
        if (how == 0) continue;
        paragraphs[next.paragraphs_n++] = one;
        if (how == 2) paragraphs[next.paragraphs_n++] = one;
        if (how == 3) paragraphs[next.paragraphs_n - 1] = t->paragraphs[t->paragraphs_n - 1 - i];
    }
    if (next.paragraphs_n > RB_MAX_PARAGRAPHS) next.paragraphs_n = RB_MAX_PARAGRAPHS;
    return next;
}

static void same_heading(struct rb_slice in, const struct rb_text *t, struct rb_arena *a) {
    struct rb_slice heading = {NULL, 0};
    struct rb_text h;
    FUZZ_CHECK(rb_sealed_part(RB_KIND_TEXT, in, 0, a, &heading) == RB_OK);
    FUZZ_CHECK(rb_text_heading_decode(heading, t->paragraphs_n, a, &h, NULL) == RB_OK);
    FUZZ_CHECK(h.paragraphs_n == 0 && rb_slice_eq(h.title, t->title));
    FUZZ_CHECK(rb_slice_eq(h.explanation, t->explanation) && h.version == t->version);
    FUZZ_CHECK(h.has_previous == t->has_previous && h.has_adoption == t->has_adoption);
    FUZZ_CHECK(h.has_pen == t->has_pen && h.pen == t->pen && h.bracketed_n == t->bracketed_n);
    for (size_t i = 0; i < h.bracketed_n; i++)
        FUZZ_CHECK(h.bracketed[i] == t->bracketed[i] && h.bracketed[i] <= t->paragraphs_n);
    if (h.bracketed_n > 0 && h.bracketed[h.bracketed_n - 1] > 1)
        FUZZ_CHECK(rb_text_heading_decode(heading, h.bracketed[h.bracketed_n - 1] - 1u, a, &h,
                                          NULL) == RB_ERR_MALFORMED);
}

static void one_text(struct rb_slice in, const struct rb_text *t, struct rb_arena *a) {
    const struct rb_text next = next_version(t);
    same_heading(in, t, a);
    diff_adds_up(t, t);
    diff_adds_up(t, &next);
    diff_adds_up(&next, t);
}

/* ---- side by side ------------------------------------------------------------------------------
 */
static uint8_t outlines[8u << 20] __attribute__((aligned(16)));

static void one_figure(const struct rb_figure *f) {
    struct rb_arena a = rb_arena(outlines, sizeof outlines);
    struct rb_areas areas = {0};
    struct rb_figure other = *f;
    struct rb_figures_beside same, there, back;
    uint64_t looks[3] = {10000, 10000, 10000};
    if (rb_areas_prepare(f->volumes, f->volumes_n, &a, &areas) != RB_OK) return;
    other.period.has_to = !f->period.has_to;
    other.period.to_utc_ms = f->period.from_utc_ms + 1000;
    other.counted_by = f->source;
    rb_figures_compare(f, &areas, f, &areas, &looks[0], &same);
    FUZZ_CHECK(same.same_what && !same.fewer_sources && !same.more_sources);
    FUZZ_CHECK(same.period != RB_OVERLAP_NONE && same.same_counter == (f->counted_by.n > 0));
    rb_figures_compare(f, &areas, &other, &areas, &looks[1], &there);
    rb_figures_compare(&other, &areas, f, &areas, &looks[2], &back);
    FUZZ_CHECK(there.period == back.period && there.area == back.area);
    FUZZ_CHECK(there.overlap == back.overlap && there.same_source == back.same_source);
    FUZZ_CHECK(there.fewer_sources == back.more_sources);
    FUZZ_CHECK(looks[0] <= 10000 && looks[1] <= 10000 && looks[2] <= 10000);
}

/* two parties name the same ones on the same side, a third the other way round */
static void one_designation(const struct rb_designation *d) {
    struct rb_arena a = rb_arena(outlines, sizeof outlines);
    struct rb_designation opposite = *d;
    struct rb_designations_beside beside;
    struct rb_areas areas;
    uint64_t looks = 10000;
    opposite.side = d->side == RB_SIDE_INSIDE ? RB_SIDE_OUTSIDE : RB_SIDE_INSIDE;
    if (rb_areas_prepare(d->volumes, d->volumes_n, &a, &areas) != RB_OK) return;
    const struct rb_designated all[] = {{0, d, areas}, {1, d, areas}, {2, &opposite, areas}};
    if (rb_designations_compare(all, 3, &looks, &a, &beside) != RB_OK) return;
    FUZZ_CHECK(beside.subjects_n == 3 * d->subjects_n && beside.areas_n <= RB_MAX_AREAS_BESIDE);
    for (size_t i = 0; i < beside.subjects_n; i++) {
        const struct rb_subject_beside *s = &beside.subjects[i];
        const bool inside = d->side == RB_SIDE_INSIDE;
        FUZZ_CHECK(s->silent == 0 && s->inside == (inside ? 3u : 4u));
        FUZZ_CHECK(s->outside == (inside ? 4u : 3u));
    }
}

/* as a disclosure brings it: the heading alone, and what it says of the paragraphs */
static void one_heading(struct rb_slice in) {
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_text t = {.version = 99};
    const size_t n = in.n % 5;
    if (rb_cbor_check(in, NULL) != RB_OK) return;
    if (rb_text_heading_decode(in, n, &a, &t, NULL) == RB_OK)
        FUZZ_CHECK(n > 0 && t.paragraphs == NULL && t.bracketed_n <= n);
    else
        FUZZ_CHECK(t.version == 99 && t.title.p == NULL);
}

static void one_body(enum rb_kind k, struct rb_slice in) {
    struct rb_arena a = rb_arena(room, sizeof room);
    struct rb_reject rj = {0};
    union decoded v;
    const bool sound = rb_body_check(k, in, NULL) == RB_OK;
    const enum rb_err e = decode(k, in, &a, &v, &rj);
    one_gist(k, in, sound);
    if (e == RB_ERR_UNSUPPORTED) return;
    FUZZ_CHECK((e == RB_OK) == sound);
    FUZZ_CHECK(sound || (rj.clause != NULL && rj.offset <= in.n));
    if (!sound) return;
    struct rb_writer w = rb_writer(out, sizeof out);
    if (encode(k, &v, &w)) FUZZ_CHECK(writes(&w, in));
    FUZZ_CHECK(k != RB_KIND_ROSTER || (v.roster.persons_n > 0 && v.roster.persons[0].name.n > 0));
    if (k == RB_KIND_TEXT) one_text(in, &v.text, &a);
    if (k == RB_KIND_FIGURE) one_figure(&v.figure);
    if (k == RB_KIND_DESIGNATION) one_designation(&v.designation);
    with_little_room(k, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static bool ready;
    if (!ready) FUZZ_CHECK(rb_crypto_init() == RB_OK);
    ready = true;
    struct rb_reject rj = {0};
    struct rb_origin o;
    one_leaf(rb_slice(data, n));
    one_payload(rb_slice(data, n));
    if (rb_origin_decode(rb_slice(data, n), &o) == RB_OK) {
        struct rb_writer w = rb_writer(out, sizeof out);
        rb_origin_encode(o.exercise, o.channel, &o.party, o.epoch, &w);
        FUZZ_CHECK(writes(&w, rb_slice(data, n)));
    }
    if (n == 0) return 0;
    const struct rb_slice body = rb_slice(data + 1, n - 1);
    const enum rb_kind kind = (enum rb_kind)(data[0] % (RB_KIND_MAX + 2));
    if (rb_body_check(kind, body, &rj) == RB_OK)
        FUZZ_CHECK(rb_cbor_check(body, NULL) == RB_OK);
    else
        FUZZ_CHECK(rj.clause != NULL && rj.offset <= n);
    for (unsigned k = 0; k <= RB_KIND_MAX + 1; k++)
        one_body((enum rb_kind)k, body);
    one_heading(body);
    return 0;
}
