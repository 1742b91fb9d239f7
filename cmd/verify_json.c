/* The report as one JSON object, "exercise" first. */
#include "cmd/verify_j.h"
#include <inttypes.h>

/* ---- parts -------------------------------------------------------------------------------------- */

static void j_parties(const struct verify *v, struct vj *j) {
    static const char *const words[] = {"not-compared", "same", "other"};
    vj_open(j, "parties", '[');
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        char digits[48];
        if (v->parties == NULL || !v->party_known[m]) continue;
        rb_fingerprint(v->parties[m].decoded.handle, &v->parties[m].decoded.party, digits);
        vj_open(j, NULL, '{');
        vj_slice(j, "handle", v->parties[m].decoded.handle);
        vj_uint(j, "member", m);
        vj_slice(j, "fingerprint", rb_str(digits));
        vj_slice(j, "fingerprint_compared", rb_str(words[v->compared[m]]));
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

static void j_logs(const struct verify *v, struct vj *j) {
    vj_open(j, "logs", '[');
    for (size_t i = 0; i < v->feeds_n; i++) {
        const struct verify_feed *e = &v->feeds[i];
        vj_open(j, NULL, '{');
        vj_slice(j, "folder", rb_str(e->dir));
        vj_bool(j, "has_log", e->has_log);
        if (e->has_log) vj_bool(j, "holds", e->good);
        if (e->good) {
            vj_uint(j, "records", e->size);
            vj_uint(j, "cosigners", e->cosigned_n);
            vj_uint(j, "receipts", e->receipts_n);
        }
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

static void j_holders(const struct verify *v, uint32_t order, struct vj *j) {
    vj_open(j, "held", '[');
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        uint64_t t = 0;
        bool body = true;
        if (m == rb_situation_author(&v->s, order) || !verify_held_since(v, order, m, &t, &body)) continue;
        vj_open(j, NULL, '{');
        vj_slice(j, "by", verify_handle(v, m));
        vj_time_s(j, "since", t);
        vj_bool(j, "body", body);
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

static void j_answers(const struct verify *v, uint32_t order, struct vj *j) {
    vj_open(j, "positions", '[');
    for (uint32_t a = v->s.order[order].first_answer; a != RB_NOWHERE; a = v->s.answers[a].next) {
        const uint32_t by = v->s.answers[a].answer;
        const struct rb_fact *f = rb_situation_fact(&v->s, by);
        vj_open(j, NULL, '{');
        vj_slice(j, "by", verify_handle(v, rb_situation_author(&v->s, by)));
        vj_slice(j, "position", rb_str(f->position > 0 ? rb_position_name((enum rb_position_type)f->position)
                                                      : "closed"));
        vj_time(j, "created", f->created_utc_ms);
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

static void j_record(const struct verify *v, uint32_t order, struct vj *j) {
    const struct rb_place at = v->s.order[order].place;
    const struct rb_fact *f = rb_situation_fact(&v->s, order);
    const struct verify_feed *e = verify_feed_of(v, v->book.feeds[at.feed]);
    char path[VERIFY_PATH];
    (void)snprintf(path, sizeof path, "%s/records/%06u.cose", e == NULL ? "?" : e->dir, at.leaf);
    vj_open(j, NULL, '{');
    vj_slice(j, "file", rb_str(path));
    vj_hex(j, "id", f->id.b, RB_HASH_LEN);
    if (v->s.order[order].mark != RB_MARK_NONE)
        vj_slice(j, "mark", rb_str(rb_mark_name((enum rb_mark)v->s.order[order].mark)));
    if (f->kind != 0) {
        vj_slice(j, "kind", rb_str(rb_kind_name((enum rb_kind)f->kind)));
        vj_slice(j, "precedence", rb_str(rb_precedence_name((enum rb_precedence)f->precedence)));
        vj_bool(j, "closed", f->closed);
        vj_time(j, "created", f->created_utc_ms);
    }
    j_holders(v, order, j);
    j_answers(v, order, j);
    vj_close(j, '}');
}

static void j_records(const struct verify *v, struct vj *j) {
    vj_open(j, "records", '[');
    for (uint32_t i = 0; v->folded && i < v->s.order_n; i++) j_record(v, i, j);
    vj_close(j, ']');
}

static void j_list(const struct verify_list *l, const char *key, struct vj *j) {
    vj_open(j, key, '[');
    for (size_t i = 0; i < l->n; i++) {
        vj_open(j, NULL, '{');
        vj_slice(j, "file", rb_str(l->item[i].file));
        if (l->item[i].clause[0] != 0) vj_slice(j, "clause", rb_str(l->item[i].clause));
        vj_slice(j, "sentence", rb_str(l->item[i].words));
        vj_close(j, '}');
    }
    vj_close(j, ']');
}

void verify_json(const struct verify *v, FILE *out) {
    struct vj j = {out, true};
    vj_open(&j, NULL, '{');
    vj_bool(&j, "exercise", v->exercise);
    vj_bool(&j, "holds", v->bad.total == 0);
    if (v->founded) {
        vj_hex(&j, "channel", v->book.channel, RB_CHANNEL_LEN);
        vj_slice(&j, "title", v->book.charter->title);
        j_parties(v, &j);
    }
    if (v->folded) {
        vj_slice(&j, "charter", rb_str(rb_charter_state_name(v->s.charter_state)));
        vj_time(&j, "at", v->at_utc_ms);
    }
    j_logs(v, &j);
    j_records(v, &j);
    j_list(&v->notes, "notes", &j);
    j_list(&v->bad, "failures", &j);
    vj_uint(&j, "failures_total", v->bad.total);
    vj_close(&j, '}');
    fputc('\n', out);
}
