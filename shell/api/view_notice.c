/* What a view of a notice or a stop-fire has more than others: what it touches, what is to be
 * remembered of it, and how a stop-fire was answered. */
#include "check_truce.h"
#include "view_places.h"

/* ---- records with volumes -----------------------------------------------------------------------
 */
static bool decode(struct rb_chan *c, enum rb_kind kind, struct rb_slice body,
                   struct rb_notice *out) {
    struct rb_reject rj;
    struct rb_stop_fire s;
    if (body.n == 0) return false;
    if (kind == RB_KIND_NOTICE)
        return rb_notice_decode(body, &c->rq->arena, out, &rj) == RB_OK && out->volumes_n > 0;
    if (kind != RB_KIND_STOP_FIRE || rb_stop_fire_decode(body, &c->rq->arena, &s, &rj) != RB_OK)
        return false;
    *out = (struct rb_notice){
        .title = s.title, .text = s.text, .volumes_n = s.volumes_n, .volumes = s.volumes};
    return s.volumes_n > 0;
}
bool rb_placed_open(struct rb_chan *c, uint32_t order, struct rb_placed *out) {
    struct rb_slice leaf;
    if (rb_chan_record(c, order, &leaf, &out->rec) != RB_OK) return false;
    rb_open_record(c, order, &out->rec, &out->x);
    out->stop_fire = out->rec.kind == RB_KIND_STOP_FIRE;
    if (decode(c, out->rec.kind, out->x.body, &out->n)) return true;
    rb_opened_end(c->rq, &out->x);
    return false;
}
bool rb_placed_find(struct rb_req *rq, const char *name, struct rb_chan *c, uint32_t *order,
                    struct rb_placed *out) {
    struct rb_fail f = {.err = RB_ERR_STATE,
                        .code = "no-place",
                        .field = "record",
                        .sentence = "no place can be read in this record here",
                        .hint = "only notices and stop-fires that are for us have places to look "
                                "at"};
    if (!rb_record_find(rq, name, c, order)) return false;
    if (rb_placed_open(c, *order, out)) return true;
    rb_fail(rq, &f);
    return false;
}

/* ---- what it touches ----------------------------------------------------------------------------
 */
static void check_known(struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                        const struct rb_notice *n, struct rb_checked *k) {
    const struct rb_hash id = rb_situation_fact(c->s, order)->id;
    rb_check_known(c, &id, rb_situation_author(c->s, order), rec, n, k);
}
static void put_place(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                      const struct rb_notice *n) {
    struct rb_checked k;
    struct rb_place_view p = {0};
    const bool known = rb_place_known(c, &rb_situation_fact(c->s, order)->id, &p);
    check_known(c, order, rec, n, &k);
    rb_j_put(o, "check", rb_check_json(c, &k));
    rb_j_put(o, "stands", json_boolean(known && p.stands));
    rb_j_put(o, "reminder", known ? rb_reminder_json(c, &p) : json_null());
}
bool rb_arrived_put(json_t *list, struct rb_chan *c, uint32_t order, uint64_t *looks) {
    struct rb_brief b;
    struct rb_place_view p;
    const struct rb_fact *f = rb_situation_fact(c->s, order);
    const bool truce = f->kind == RB_KIND_CESSATION;
    if (f->kind != RB_KIND_NOTICE && !truce) return true;
    if (truce && !(rb_place_known(c, &f->id, &p) && p.stands)) return true;
    const enum rb_err err = rb_node_check_brief(c->rq->node, c->v.id, &f->id, c->rq->at_utc_ms,
                                                &c->rq->arena, looks, &b);
    if (err != RB_OK) return err == RB_ERR_NOT_FOUND;
    if (b.n == 0 || !rb_place_known(c, &f->id, &p)) return true;
    json_t *o = json_object();
    rb_j_put(o, "record", rb_j_hex(f->id.b, RB_HASH_LEN));
    rb_j_put(o, "author", rb_chan_handle_json(c, rb_situation_author(c->s, order)));
    rb_j_put(o, "title", rb_j_slice(p.title));
    rb_j_put(o, "channel", rb_j_hex(c->v.id, RB_CHANNEL_LEN));
    rb_j_put(o, "answer", json_string(rb_answer_name(b.answer)));
    rb_j_put(o, "n", json_integer((json_int_t)b.n));
    json_array_append_new(list, o);
    return true;
}

/* ---- how a stop-fire was answered ---------------------------------------------------------------
 */
enum { WILL_COMPLY, COMPLIED, CANNOT_COMPLY, DECLINED, SILENT, PENDING, ANSWERS };
static int answer_of(int8_t position) {
    switch ((int)position) {
    case RB_POSITION_WILL_COMPLY:
        return WILL_COMPLY;
    case RB_POSITION_COMPLIED:
        return COMPLIED;
    case RB_POSITION_CANNOT_COMPLY:
        return CANNOT_COMPLY;
    case RB_POSITION_DECLINED:
        return DECLINED;
    default:
        return ANSWERS;
    }
}
/* the last that this member said to it, or that it said nothing */
static int answered(const struct rb_chan *c, const struct rb_sit_due *d) {
    uint32_t last = 0;
    int said = d->state == RB_DUE_MISSED ? SILENT : PENDING;
    for (uint32_t i = c->s->order[d->subject].first_answer; i != RB_NOWHERE;
         i = c->s->answers[i].next) {
        const uint32_t a = c->s->answers[i].answer;
        const int is = answer_of(rb_situation_fact(c->s, a)->position);
        if (rb_situation_author(c->s, a) != d->member || is == ANSWERS || c->s->order[a].mark)
            continue;
        if (a < last) continue;
        last = a;
        said = is;
    }
    return said;
}
static void put_answers(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec) {
    static const char *const names[ANSWERS] = {"will_comply", "complied", "cannot_comply",
                                               "declined",    "silent",   "pending"};
    json_int_t n[ANSWERS] = {0}, asked = 0;
    for (size_t i = 0; i < c->s->dues_n; i++) {
        if (c->s->dues[i].subject != order) continue;
        n[answered(c, &c->s->dues[i])]++;
        asked++;
    }
    json_t *counted = json_object();
    rb_j_put(counted, "asked", json_integer(asked));
    for (int i = 0; i < ANSWERS; i++)
        rb_j_put(counted, names[i], json_integer(n[i]));
    rb_j_put(o, "answers_counted", counted);
    rb_j_put(o, "answer_by", rec->demand.present ? rb_j_time(rec->demand.by_utc_ms) : json_null());
}

void rb_notice_put(json_t *o, struct rb_chan *c, uint32_t order, const struct rb_record *rec,
                   struct rb_slice body) {
    struct rb_notice n;
    if (rec->kind == RB_KIND_STOP_FIRE) put_answers(o, c, order, rec);
    if (rec->kind == RB_KIND_NOTICE && decode(c, rec->kind, body, &n))
        put_place(o, c, order, rec, &n);
    if (rec->kind == RB_KIND_CESSATION && body.n > 0) rb_check_truce_put(o, c, order, rec);
}
