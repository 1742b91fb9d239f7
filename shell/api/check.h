/* What a notice would touch (spec 10.6): the check made by the node, in JSON and in sentences for
 * people. Nothing found is not clear: every answer says what it was compared with. */
#ifndef RB_SHELL_API_CHECK_H
#define RB_SHELL_API_CHECK_H
#include "internal.h"

/* from when lead time was counted: `now` of a plan; of a record that is logged, what is known of it
 */
enum rb_lead_from { RB_LEAD_FROM_NOW, RB_LEAD_FROM_HELD, RB_LEAD_FROM_WRITTEN };
struct rb_checked {
    enum rb_err err; /* RB_OK: `found` is meant. RB_ERR_BUSY: not before again_utc_ms (10.6.10) */
    struct rb_reject rj;
    int64_t again_utc_ms, now_utc_ms;
    enum rb_place_class class_; /* of what was checked ... */
    bool closed;                /* ... and who may read it */
    uint64_t readers;
    struct rb_conflicts found; /* its list is in the request's memory */
    enum rb_lead_from lead_from;
    bool lead_contested;      /* by time (5.8): then found.lead does not say it */
    uint16_t lead_held_by;    /* from held: the first whose time counts ... */
    int64_t lead_held_utc_ms; /* ... and since when, by its own clock */
    int64_t lead_written_ms;  /* not from now: from `created`, the author's own word */
};
/* What is planned, now. Where it met a closed place it is counted (10.6.15), once this request is
 * over or rb_probed_tell was called. */
void rb_check_plan(struct rb_chan *c, const struct rb_record *rec, const struct rb_notice *n,
                   struct rb_checked *out);
/* A record that is known, with the places that stand at the time looked at. */
void rb_check_known(struct rb_chan *c, const struct rb_hash *id, uint16_t author,
                    const struct rb_record *rec, const struct rb_notice *n, struct rb_checked *out);
/* of a logged notice: what found.lead says is then not counted from the time looked at (10.6.6) */
void rb_check_lead(const struct rb_chan *c, uint32_t order, const struct rb_notice *n,
                   struct rb_checked *k);
/* tells the node of the plans that met closed places; nothing borrowed of it may be used after */
void rb_probed_tell(struct rb_req *rq);
/* they go on to be released: what counts is then up to the node */
void rb_probed_drop(struct rb_req *rq);

json_t *rb_check_json(struct rb_chan *c, const struct rb_checked *k); /* null where not made */
/* "conflict", "cannot be excluded", "none found" or "not compared": the worst of it */
const char *rb_check_answer(const struct rb_checked *k);
/* Warnings of codes conflict, not-excluded, coverage, probing, not-checked. check: its JSON. */
void rb_check_warn(const struct rb_checked *k, const json_t *check, json_t *list);

/* ---- sentences (check_words.c) ---- */
struct rb_found { /* a place in the result, with what is known of it here */
    const struct rb_conflict *x;
    struct rb_slice title, author;
    const char *mark;    /* in words, or NULL */
    const json_t *truce; /* an area under truce: as check_truce.h says; else NULL or null */
};
void rb_put_conflict_words(struct rb_writer *w, const struct rb_checked *k,
                           const struct rb_found *f);
void rb_put_coverage_words(struct rb_writer *w, const struct rb_checked *k);
/* "1.2 km", "850 m": rounded up, so that "within" it is true; else down */
void rb_put_span_words(struct rb_writer *w, uint64_t mm, bool up);
/* "from 900m amsl to FL120", "at all heights" */
void rb_put_band_words(struct rb_writer *w, const struct rb_band *b);
/* "on 2027-02-01, 13:00Z to 15:00Z", "at all times" */
void rb_put_when_words(struct rb_writer *w, int64_t from_utc_ms, int64_t to_utc_ms);
/* " A conflict cannot be excluded: heights above ground." */
void rb_put_why_open(struct rb_writer *w, unsigned unsure);
json_t *rb_unsure_json(unsigned unsure);
json_t *rb_height_json(bool has, int64_t mm, enum rb_datum datum); /* "900m amsl" or null */
json_t *rb_begin_json(int64_t from_utc_ms);                        /* null: no beginning */
json_t *rb_end_json(int64_t to_utc_ms);
#endif
