/* Verbs about nodes (spec 9.5): links, stop and start, a disk copied and put back, a further epoch.
 */
#include "play.h"

void play_links(struct play *p, const json_t *s, struct outcome *o) {
    const json_t *pair = json_object_get(s, "between");
    const char *a = json_string_value(json_array_get(pair, 0)),
               *b = json_string_value(json_array_get(pair, 1));
    bool cut = strcmp(ex_string(s, "do"), "cut") == 0,
         one = json_is_true(json_object_get(s, "one-way"));
    size_t ia = (size_t)ex_party_index(p->ex, a), ib = (size_t)ex_party_index(p->ex, b);
    struct stage *st = p->stage;
    bool ok = st->link && st->link(st->ctx, ia, ib, cut) && (one || st->link(st->ctx, ib, ia, cut));
    o->status = ok ? 200 : 501;
    (void)snprintf(o->text, sizeof o->text, "the link %s %s %s is %s", a, one ? "to" : "and", b,
                   cut ? "cut" : "restored");
}

void play_node(struct play *p, const json_t *s, struct outcome *o) {
    const char *verb = ex_string(s, "do");
    size_t by = (size_t)play_by(p, s);
    struct stage *st = p->stage;
    bool start = strcmp(verb, "start") == 0;
    bool ok = start ? st->start(st->ctx, by) : st->stop(st->ctx, by, strcmp(verb, "crash") == 0);
    o->status = ok ? 200 : 0;
    (void)snprintf(o->text, sizeof o->text, "the node %s",
                   start                   ? "is started"
                   : strcmp(verb, "crash") ? "is stopped"
                                           : "crashes");
}

/* refused in the API's form, so that a step can want it */
static void refuse(struct outcome *o, int status, const char *code, const char *sentence) {
    o->status = status;
    o->answer = json_pack("{s:{s:s,s:s}}", "error", "code", code, "sentence", sentence);
}

void play_copy(struct play *p, const json_t *s, struct outcome *o) {
    struct stage *st = p->stage;
    const char *name = ex_string(s, "as");
    (void)snprintf(o->text, sizeof o->text, "the node's disk is copied as it is now: %.100s", name);
    o->status = st->copy(st->ctx, (size_t)play_by(p, s), name) ? 200 : 0;
    json_object_set_new(p->vars, name, json_string(name));
}

void play_restore(struct play *p, const json_t *s, struct outcome *o) {
    struct stage *st = p->stage;
    size_t by = (size_t)play_by(p, s);
    bool whole = json_is_true(json_object_get(s, "whole"));
    (void)snprintf(o->text, sizeof o->text, "the copy %.100s is put back%s", ex_string(s, "copy"),
                   whole ? ", the head file, too: what was signed last is forgotten"
                         : "; the head file stays");
    if (st->is_up(st->ctx, by))
        refuse(o, 409, "state", "the node runs: stop it first");
    else
        o->status = st->restore(st->ctx, by, ex_string(s, "copy"), whole) ? 200 : 0;
}

void play_epoch(struct play *p, const json_t *s, struct outcome *o) {
    struct stage *st = p->stage;
    int by = play_by(p, s);
    struct rb_client c = play_client(p, by);
    struct rb_signer_key officer = st->officer(st->ctx, (size_t)by, ex_string(s, "officer"));
    struct rb_signer_key party = st->party_key(st->ctx, (size_t)by);
    o->status = rb_client_epoch(&c, &officer, &party, play_channel(p, s), NULL, &o->answer);
    (void)snprintf(o->text, sizeof o->text, "opens a further epoch of its feed");
    play_keep(p, ex_string(s, "as"), o->answer, "record");
}
