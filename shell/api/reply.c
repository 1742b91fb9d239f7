/* Answers of the local API: errors, stable order of keys, the query. */
#include <stdio.h>
#include <stdlib.h>
#include "internal.h"
#include "readback/text.h"

/* ---- stable order ------------------------------------------------------------------------- */
static int cmp_key(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    bool ex = strcmp(x, "exercise") == 0, ey = strcmp(y, "exercise") == 0;
    if (ex != ey) return ex ? -1 : 1;
    return strcmp(x, y);
}
static json_t *stable_object(json_t *in) {
    size_t n = json_object_size(in), i = 0;
    const char **keys = calloc(n ? n : 1, sizeof *keys);
    if (keys == NULL) return NULL;
    const char *k;
    json_t *v, *out = json_object();
    json_object_foreach(in, k, v) keys[i++] = k;
    qsort(keys, n, sizeof *keys, cmp_key);
    for (i = 0; i < n; i++) {
        json_t *x = rb_json_stable(json_incref(json_object_get(in, keys[i])));
        json_object_set_new(out, keys[i], x ? x : json_null());
    }
    free(keys);
    return out;
}
json_t *rb_json_stable(json_t *in) {
    json_t *out = NULL;
    if (json_is_object(in)) out = stable_object(in);
    if (json_is_array(in)) {
        out = json_array();
        for (size_t i = 0; i < json_array_size(in); i++)
            json_array_append_new(out, rb_json_stable(json_incref(json_array_get(in, i))));
    }
    if (out == NULL) return in;
    json_decref(in);
    return out;
}

/* Half an answer would claim what is not so: that there are no more entries, that nobody reads it. */
json_t *rb_reply_whole(json_t *body, int *status) {
    static const struct rb_fail f = {.status = 503,
                                     .err = RB_ERR_LIMIT,
                                     .code = "memory",
                                     .sentence = "memory is short on this node",
                                     .hint = "look whether it was done before trying again"};
    json_t *out = rb_json_stable(body ? body : json_object());
    if (!rb_json_was_short()) return out;
    json_decref(out);
    *status = f.status;
    return rb_json_stable(rb_fail_json(&f));
}

void rb_reply(struct rb_req *rq, int status, json_t *body) {
    rb_api_reply reply = rq->reply;
    rq->reply = NULL; /* exactly once */
    if (reply == NULL) {
        json_decref(body);
        return;
    }
    json_t *whole = rb_reply_whole(body, &status);
    reply(rq->ctx, status, whole);
}

/* ---- errors ------------------------------------------------------------------------------- */
int rb_fail_status(enum rb_err err) {
    switch (err) {
    case RB_ERR_OK:
        return 200;
    case RB_ERR_NEED_SIGNER:
        return 202;
    case RB_ERR_MALFORMED:
    case RB_ERR_USAGE:
        return 400;
    case RB_ERR_SIGNATURE:
    case RB_ERR_DENIED:
        return 403;
    case RB_ERR_NOT_FOUND:
        return 404;
    case RB_ERR_FORK:
    case RB_ERR_STATE:
    case RB_ERR_STALE:
    case RB_ERR_EXISTS:
        return 409;
    case RB_ERR_LIMIT:
        return 413;
    case RB_ERR_UNSUPPORTED:
    case RB_ERR_PROOF:
        return 422;
    case RB_ERR_BUSY:
        return 503;
    case RB_ERR_IO:
    case RB_ERR_INTERNAL:
        return 500;
    }
    return 500;
}
static json_t *or_null(const char *z) {
    return z && *z ? json_string(z) : json_null();
}

json_t *rb_fail_json(const struct rb_fail *f) {
    json_t *e = json_object();
    rb_j_put(e, "code", json_string(f->code ? f->code : rb_err_name(f->err)));
    rb_j_put(e, "clause", or_null(f->clause));
    rb_j_put(e, "offset",
             f->clause && *f->clause ? json_integer((json_int_t)f->offset) : json_null());
    rb_j_put(e, "field", or_null(f->field));
    rb_j_put(e, "sentence", json_string(f->sentence ? f->sentence : rb_err_text(f->err)));
    rb_j_put(e, "hint", or_null(f->hint));
    json_t *out = json_object();
    rb_j_put(out, "error", e);
    return out;
}
void rb_fail(struct rb_req *rq, const struct rb_fail *f) {
    rb_reply(rq, f->status ? f->status : rb_fail_status(f->err), rb_fail_json(f));
}
void rb_fail_words(struct rb_req *rq, enum rb_err err, const char *field, const char *sentence,
                   const char *hint) {
    struct rb_fail f = {.err = err, .field = field, .sentence = sentence, .hint = hint};
    rb_fail(rq, &f);
}

static const char *hint_for(enum rb_err err, enum rb_mark mark) {
    if (mark == RB_MARK_NEEDS_SECOND) return "have a second officer sign the draft";
    if (mark == RB_MARK_NOT_IN_FORCE)
        return "wait until those whose acceptance is needed have accepted";
    if (mark == RB_MARK_SUSPENDED) return "resume your part of the channel first";
    if (mark == RB_MARK_NO_SUBJECT)
        return "look the record up in the log: it may not be held here yet";
    if (mark == RB_MARK_NOT_IN_TABLE) return "choose a position that may answer this kind";
    switch (err) {
    case RB_ERR_BUSY:
        return "try again in a moment";
    case RB_ERR_SIGNATURE:
        return "check which officer's key signed, and that it is on the card";
    case RB_ERR_LIMIT:
        return "make it shorter, or split it";
    case RB_ERR_INTERNAL:
        return "this is a defect: please report it with the daemon's log";
    case RB_ERR_OK:
    case RB_ERR_MALFORMED:
    case RB_ERR_UNSUPPORTED:
    case RB_ERR_PROOF:
    case RB_ERR_FORK:
    case RB_ERR_NOT_FOUND:
    case RB_ERR_DENIED:
    case RB_ERR_STATE:
    case RB_ERR_STALE:
    case RB_ERR_EXISTS:
    case RB_ERR_NEED_SIGNER:
    case RB_ERR_IO:
    case RB_ERR_USAGE:
        break;
    }
    return NULL;
}

json_t *rb_reject_json(const struct rb_reject *rj, const char *field, enum rb_mark mark) {
    char sentence[512];
    const char *base = rb_err_text(rj->err);
    if (mark != RB_MARK_NONE)
        snprintf(sentence, sizeof sentence, "%s: %s", base, rb_mark_text(mark));
    else if (rj->what && *rj->what)
        snprintf(sentence, sizeof sentence, "%s: %s", base, rj->what);
    else
        snprintf(sentence, sizeof sentence, "%s", base);
    struct rb_fail f = {.err = rj->err,
                        .clause = rj->clause,
                        .offset = rj->offset,
                        .field = field,
                        .sentence = sentence,
                        .hint = hint_for(rj->err, mark)};
    json_t *out = rb_fail_json(&f);
    if (mark != RB_MARK_NONE)
        rb_j_put(json_object_get(out, "error"), "mark", json_string(rb_mark_name(mark)));
    return out;
}
void rb_fail_reject(struct rb_req *rq, const struct rb_reject *rj, const char *field) {
    rb_reply(rq, rb_fail_status(rj->err), rb_reject_json(rj, field, RB_MARK_NONE));
}

/* ---- query -------------------------------------------------------------------------------- */
static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
bool rb_percent_decode(struct rb_slice in, bool plus, char *out, size_t cap) {
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char c = (char)in.p[i];
        if (c == '%') {
            if (in.n - i < 3 || hex_digit(in.p[i + 1]) < 0 || hex_digit(in.p[i + 2]) < 0)
                return false;
            c = (char)(hex_digit(in.p[i + 1]) * 16 + hex_digit(in.p[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == 0 || n + 1 >= cap) return false;
        out[n++] = c;
    }
    out[n] = 0;
    return rb_utf8_ok(rb_slice(out, n));
}

bool rb_query(const struct rb_req *rq, const char *name, char *out, size_t cap) {
    const char *q = rq->query ? rq->query : "";
    size_t name_n = strlen(name);
    while (*q) {
        size_t n = strcspn(q, "&");
        if (n > name_n && strncmp(q, name, name_n) == 0 && q[name_n] == '=')
            return rb_percent_decode(rb_slice(q + name_n + 1, n - name_n - 1), true, out, cap);
        q += n + (q[n] == '&');
    }
    return false;
}
bool rb_query_uint(struct rb_req *rq, const char *name, uint64_t def, uint64_t max, uint64_t *out) {
    char buf[32];
    *out = def;
    if (!rb_query(rq, name, buf, sizeof buf)) return true;
    if (rb_dec_decode(rb_str(buf), out) == RB_OK && *out <= max) return true;
    rb_fail_words(rq, RB_ERR_USAGE, name, "a whole number within bounds is wanted", NULL);
    return false;
}
