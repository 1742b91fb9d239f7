/* Of random histories, what stands side by side: requests, contacts, incidents, figures,
 * designations, and the words that answer them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "history.h"
#include "lot_bodies.h"

static uint64_t any_members(const struct fx *w) {
    const uint64_t all = (1ull << w->parties_n) - 1;
    return one_in(2) ? all : 1 + below(all);
}

static size_t some_incidents(struct fx *w, struct rb_hash out[3]) {
    size_t n = 0;
    for (size_t i = 0, want = 1 + below(3); i < want; i++) {
        out[n] = *hist_late_id(w, RB_KIND_INCIDENT);
        bool twice = false;
        for (size_t k = 0; k < n; k++)
            twice = twice || rb_hash_eq(&out[k], &out[n]);
        n += !twice;
    }
    return n;
}

static struct rb_record random_finding(struct fx *w) {
    struct rb_hash about[3];
    const size_t n = some_incidents(w, about);
    const enum rb_finding_stage stage = (enum rb_finding_stage)below(3);
    const uint64_t value = stage == RB_FINDING_ASSIGNED ? any_members(w)
                           : stage == RB_FINDING_VISIT  ? 1 + below(3)
                                                        : 1 + below(5);
    return lw_finding(w, stage, value, about, n);
}

static struct rb_record random_incident(struct fx *w) {
    struct rb_hash same[3];
    const size_t n = one_in(2) ? 0 : some_incidents(w, same);
    return lw_incident(w, same, n);
}

static struct rb_record random_figure(struct fx *w) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_uint(&o, below(4));
    rb_cbor_put_uint(&o, 4);
    rb_cbor_put_text(&o, rb_str("hundreds"));
    rb_cbor_put_uint(&o, 16);
    rb_cbor_put_uint(&o, below(6));
    return lw_record(w, RB_KIND_FIGURE, lw_keep(w, &o));
}

static struct rb_record random_designation(struct fx *w) {
    struct rb_writer o = LW_WRITER();
    rb_cbor_put_map(&o, 3);
    rb_cbor_put_uint(&o, 1);
    rb_cbor_put_text(&o, rb_str("list"));
    rb_cbor_put_uint(&o, 2);
    rb_cbor_put_uint(&o, below(2));
    rb_cbor_put_uint(&o, 3);
    rb_cbor_put_array(&o, 1);
    rb_cbor_put_array(&o, 3);
    rb_cbor_put_text(&o, rb_str("group"));
    rb_cbor_put_null(&o);
    rb_cbor_put_null(&o);
    return lw_record(w, RB_KIND_DESIGNATION, lw_keep(w, &o));
}

/* words that the table of 3.10 lets answer the kind; on a position: it is taken back */
static const struct kind_words {
    enum rb_kind kind;
    enum rb_position_type type[4];
} kind_words[] = {
    {RB_KIND_REQUEST,
     {RB_POSITION_WILL_COMPLY, RB_POSITION_COMPLIED, RB_POSITION_CANNOT_COMPLY,
      RB_POSITION_DECLINED}},
    {RB_KIND_CONTACT,
     {RB_POSITION_ACCEPT, RB_POSITION_ACCEPT, RB_POSITION_DECLINED, RB_POSITION_TOOK_PLACE}},
    {RB_KIND_INCIDENT,
     {RB_POSITION_CONFIRM, RB_POSITION_DISPUTE, RB_POSITION_WITHDRAW, RB_POSITION_CONFIRM}},
    {RB_KIND_FINDING,
     {RB_POSITION_CONFIRM, RB_POSITION_DISPUTE, RB_POSITION_WITHDRAW, RB_POSITION_WITHDRAW}},
    {RB_KIND_READOUT,
     {RB_POSITION_ACCEPT, RB_POSITION_REJECT, RB_POSITION_WITHDRAW, RB_POSITION_WITHDRAW}},
    {RB_KIND_FIGURE,
     {RB_POSITION_CONFIRM, RB_POSITION_DISPUTE, RB_POSITION_WITHDRAW, RB_POSITION_WITHDRAW}},
    {RB_KIND_POSITION,
     {RB_POSITION_WITHDRAW, RB_POSITION_WITHDRAW, RB_POSITION_WITHDRAW, RB_POSITION_CONFIRM}},
};

static const struct kind_words *words_for(struct fx *w, const struct rb_hash **id) {
    for (int tries = 0; tries < 24; tries++) {
        const struct fx_feed *f = hist_any_feed(w);
        size_t k = f->n - 1 - below(f->n < 12 ? f->n : 12);
        struct rb_record rec;
        *id = &f->id[k];
        if (rb_record_decode(f->leaf[k], &rec, NULL) != RB_OK) continue;
        for (size_t i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
            if (kind_words[i].kind == rec.kind) return &kind_words[i];
    }
    return &kind_words[below(sizeof kind_words / sizeof *kind_words)];
}

static struct rb_record random_word(struct fx *w) {
    const struct rb_hash *id;
    const struct kind_words *words = words_for(w, &id);
    struct rb_record r = fx_position(w, id, words->type[below(4)]);
    if (one_in(6)) {
        const struct rb_hash *also = hist_late_id(w, words->kind);
        if (!rb_hash_eq(also, &r.refs[RB_REF_ANSWERS].h[0])) fx_ref(&r, RB_REF_ANSWERS, also);
    }
    return r;
}

struct rb_record hist_random_attached(struct fx *w) {
    struct rb_record r = fx_record(w, one_in(2) ? RB_KIND_ROSTER : RB_KIND_ATTACHMENT);
    if (one_in(2)) fx_ref(&r, RB_REF_ABOUT, hist_late_id(w, RB_KIND_INCIDENT));
    return r;
}

struct rb_record hist_random_beside(struct fx *w) {
    struct rb_record r;
    switch (below(14)) {
    case 0:
        return lw_request(w, one_in(2) ? 0 : any_members(w),
                          one_in(2) ? 0 : 1 + (int64_t)below(30000));
    case 1:
        return lw_contact(w, one_in(3) ? RB_CONTACT_HELD : RB_CONTACT_ASKED, any_members(w),
                          one_in(2) ? 0 : 1 + (int64_t)below(30000));
    case 2:
        return lw_readout(w, one_in(4) ? "one" : "two",
                          one_in(4) ? NULL : hist_late_id(w, RB_KIND_CONTACT));
    case 3:
    case 4:
        return random_incident(w);
    case 5:
    case 6:
        r = random_finding(w);
        break;
    case 7:
        r = one_in(2) ? random_figure(w) : random_designation(w);
        break;
    default:
        return random_word(w);
    }
    if (one_in(3)) fx_ref(&r, RB_REF_SUPERSEDES, hist_late_id(w, r.kind));
    return r;
}
