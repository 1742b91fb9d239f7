/* The report as one JSON object, "exercise" first. Written by hand: this program links no library but the
 * core. */
#include "cmd/verify.h"
#include <inttypes.h>

struct json {
    FILE *out;
    bool first;
};

static void j_text(struct json *j, struct rb_slice s) {
    fputc('"', j->out);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') fprintf(j->out, "\\%c", s.p[i]);
        else if (s.p[i] < 0x20) fprintf(j->out, "\\u%04x", s.p[i]);
        else fputc(s.p[i], j->out);
    }
    fputc('"', j->out);
}

static void j_next(struct json *j, const char *key) {
    if (!j->first) fputc(',', j->out);
    j->first = false;
    if (key == NULL) return;
    j_text(j, rb_str(key));
    fputc(':', j->out);
}

static void j_open(struct json *j, const char *key, char c) {
    j_next(j, key);
    fputc(c, j->out);
    j->first = true;
}

static void j_close(struct json *j, char c) {
    fputc(c, j->out);
    j->first = false;
}

static void j_slice(struct json *j, const char *key, struct rb_slice s) {
    j_next(j, key);
    j_text(j, s);
}

static void j_bool(struct json *j, const char *key, bool b) {
    j_next(j, key);
    fputs(b ? "true" : "false", j->out);
}

static void j_uint(struct json *j, const char *key, uint64_t n) {
    j_next(j, key);
    fprintf(j->out, "%" PRIu64, n);
}

static void j_time(struct json *j, const char *key, int64_t utc_ms) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, utc_ms);
    j_slice(j, key, rb_written(&w));
}

static void j_time_s(struct json *j, const char *key, uint64_t time_s) {
    if (time_s < 253402300800ull) j_time(j, key, (int64_t)time_s * 1000);
    else j_uint(j, key, time_s);
}

static void j_hex(struct json *j, const char *key, const uint8_t *p, size_t n) {
    char buf[2 * RB_HASH_LEN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    j_slice(j, key, rb_written(&w));
}

/* ---- parts -------------------------------------------------------------------------------------- */

static void j_parties(const struct verify *v, struct json *j) {
    static const char *const words[] = {"not-compared", "same", "other"};
    j_open(j, "parties", '[');
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        char digits[48];
        if (v->parties == NULL || !v->party_known[m]) continue;
        rb_fingerprint(v->parties[m].decoded.handle, &v->parties[m].decoded.party, digits);
        j_open(j, NULL, '{');
        j_slice(j, "handle", v->parties[m].decoded.handle);
        j_uint(j, "member", m);
        j_slice(j, "fingerprint", rb_str(digits));
        j_slice(j, "fingerprint_compared", rb_str(words[v->compared[m]]));
        j_close(j, '}');
    }
    j_close(j, ']');
}

static void j_logs(const struct verify *v, struct json *j) {
    j_open(j, "logs", '[');
    for (size_t i = 0; i < v->feeds_n; i++) {
        const struct verify_feed *e = &v->feeds[i];
        j_open(j, NULL, '{');
        j_slice(j, "folder", rb_str(e->dir));
        j_bool(j, "has_log", e->has_log);
        if (e->has_log) j_bool(j, "holds", e->good);
        if (e->good) {
            j_uint(j, "records", e->size);
            j_uint(j, "cosigners", e->cosigned_n);
            j_uint(j, "receipts", e->receipts_n);
        }
        j_close(j, '}');
    }
    j_close(j, ']');
}

static void j_holders(const struct verify *v, uint32_t order, struct json *j) {
    j_open(j, "held", '[');
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        uint64_t t = 0;
        bool body = true;
        if (m == rb_situation_author(&v->s, order) || !verify_held_since(v, order, m, &t, &body)) continue;
        j_open(j, NULL, '{');
        j_slice(j, "by", verify_handle(v, m));
        j_time_s(j, "since", t);
        j_bool(j, "body", body);
        j_close(j, '}');
    }
    j_close(j, ']');
}

static void j_answers(const struct verify *v, uint32_t order, struct json *j) {
    j_open(j, "positions", '[');
    for (uint32_t a = v->s.order[order].first_answer; a != RB_NOWHERE; a = v->s.answers[a].next) {
        const uint32_t by = v->s.answers[a].answer;
        const struct rb_fact *f = rb_situation_fact(&v->s, by);
        j_open(j, NULL, '{');
        j_slice(j, "by", verify_handle(v, rb_situation_author(&v->s, by)));
        j_slice(j, "position", rb_str(f->position > 0 ? rb_position_name((enum rb_position_type)f->position)
                                                      : "closed"));
        j_time(j, "created", f->created_utc_ms);
        j_close(j, '}');
    }
    j_close(j, ']');
}

static void j_record(const struct verify *v, uint32_t order, struct json *j) {
    const struct rb_place at = v->s.order[order].place;
    const struct rb_fact *f = rb_situation_fact(&v->s, order);
    const struct verify_feed *e = verify_feed_of(v, v->book.feeds[at.feed]);
    char path[VERIFY_PATH];
    (void)snprintf(path, sizeof path, "%s/records/%06u.cose", e == NULL ? "?" : e->dir, at.leaf);
    j_open(j, NULL, '{');
    j_slice(j, "file", rb_str(path));
    j_hex(j, "id", f->id.b, RB_HASH_LEN);
    if (v->s.order[order].mark != RB_MARK_NONE)
        j_slice(j, "mark", rb_str(rb_mark_name((enum rb_mark)v->s.order[order].mark)));
    if (f->kind != 0) {
        j_slice(j, "kind", rb_str(rb_kind_name((enum rb_kind)f->kind)));
        j_slice(j, "precedence", rb_str(rb_precedence_name((enum rb_precedence)f->precedence)));
        j_bool(j, "closed", f->closed);
        j_time(j, "created", f->created_utc_ms);
    }
    j_holders(v, order, j);
    j_answers(v, order, j);
    j_close(j, '}');
}

static void j_records(const struct verify *v, struct json *j) {
    j_open(j, "records", '[');
    for (uint32_t i = 0; v->folded && i < v->s.order_n; i++) j_record(v, i, j);
    j_close(j, ']');
}

static void j_list(const struct verify_list *l, const char *key, struct json *j) {
    j_open(j, key, '[');
    for (size_t i = 0; i < l->n; i++) {
        j_open(j, NULL, '{');
        j_slice(j, "file", rb_str(l->item[i].file));
        if (l->item[i].clause[0] != 0) j_slice(j, "clause", rb_str(l->item[i].clause));
        j_slice(j, "sentence", rb_str(l->item[i].words));
        j_close(j, '}');
    }
    j_close(j, ']');
}

void verify_json(const struct verify *v, FILE *out) {
    struct json j = {out, true};
    j_open(&j, NULL, '{');
    j_bool(&j, "exercise", v->exercise);
    j_bool(&j, "holds", v->bad.total == 0);
    if (v->founded) {
        j_hex(&j, "channel", v->book.channel, RB_CHANNEL_LEN);
        j_slice(&j, "title", v->book.charter->title);
        j_parties(v, &j);
    }
    if (v->folded) {
        j_slice(&j, "charter", rb_str(rb_charter_state_name(v->s.charter_state)));
        j_time(&j, "at", v->at_utc_ms);
    }
    j_logs(v, &j);
    j_records(v, &j);
    j_list(&v->notes, "notes", &j);
    j_list(&v->bad, "failures", &j);
    j_uint(&j, "failures_total", v->bad.total);
    j_close(&j, '}');
    fputc('\n', out);
}
