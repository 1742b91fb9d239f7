/* Plays the steps of an exercise on a stage (spec 9.5). Everything a party does goes through its own local
 * API, as a person's program would do it. */
#include "play.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARRIVAL_MS 60000


struct rb_client play_client(struct play *p, int party) { return p->stage->client(p->stage->ctx, (size_t)party); }

static bool machinery(struct play *p) {
    const char *b = p->stage->broken(p->stage->ctx);
    if (!b || p->why[0]) return b == NULL;
    (void)snprintf(p->failed, sizeof p->failed, "the machinery failed");
    (void)snprintf(p->why, sizeof p->why, "%s", b);
    return false;
}

int play_by(const struct play *p, const json_t *s) { return ex_party_index(p->ex, ex_string(s, "by")); }

const char *play_short(const char *hash, char buf[16]) {
    (void)snprintf(buf, 16, "%.8s", hash ? hash : "?");
    return buf;
}

/* What a step speaks of may still be on its way to the party: it waits for it, as a person would; for a channel
 * until its charter is judged, which is what can be accepted. */
void play_wait_for(struct play *p, int by, const char *what, const char *name) {
    struct stage *st = p->stage;
    struct rb_client c = play_client(p, by);
    int64_t until = st->now_utc_ms(st->ctx) + ARRIVAL_MS;
    bool channel = strcmp(what, "channels") == 0;
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/%s/%.64s", what, name);
    for (;;) {
        json_t *out = NULL;
        int status = c.call(c.ctx, "GET", path, NULL, &out);
        bool there = status == 200 && (!channel || ex_string(out, "charter_record"));
        json_decref(out);
        if (there || st->now_utc_ms(st->ctx) >= until || st->broken(st->ctx)) return;
        (void)st->wait_until(st->ctx, st->now_utc_ms(st->ctx) + 200);
    }
}

/* ---- verbs ------------------------------------------------------------------------------------------ */
static void pin(struct play *p, int by, int whom, struct outcome *o) {
    struct rb_client theirs = play_client(p, whom), ours = play_client(p, by);
    json_t *card = NULL;
    json_decref(o->answer);
    o->answer = NULL;
    o->status = theirs.call(theirs.ctx, "GET", "/v1/card", NULL, &card);
    if (o->status != 200) {
        o->answer = card;
        return;
    }
    json_t *in = json_pack("{s:O,s:O}", "card", json_object_get(card, "card"), "fingerprint",
                           json_object_get(card, "fingerprint"));
    o->status = in ? ours.call(ours.ctx, "POST", "/v1/peers", in, &o->answer) : 0;
    json_decref(in);
    json_decref(card);
}

static void accredit(struct play *p, const json_t *s, struct outcome *o) {
    const json_t *among = json_object_get(s, "among"), *whom = among ? among : json_object_get(s, "whom");
    size_t i, k, n = 0;
    json_t *a, *b;
    const json_t *by = among ? json_incref((json_t *)(uintptr_t)among) : json_pack("[O]", json_object_get(s, "by"));
    o->status = 200;
    json_array_foreach((json_t *)(uintptr_t)by, i, a)
        json_array_foreach((json_t *)(uintptr_t)whom, k, b)
            if (!json_equal(a, b) && o->status >= 200 && o->status < 300) {
                pin(p, ex_party_index(p->ex, json_string_value(a)), ex_party_index(p->ex, json_string_value(b)), o);
                n++;
            }
    json_decref((json_t *)(uintptr_t)by);
    (void)snprintf(o->text, sizeof o->text, "cards compared in person and pinned: %zu", n);
}

static struct rb_signer_key officer_of(struct play *p, const json_t *s, const char *member) {
    return p->stage->officer(p->stage->ctx, (size_t)play_by(p, s), ex_string(s, member));
}

void play_keep(struct play *p, const char *name, const json_t *answer, const char *member) {
    const char *value = ex_string(answer, member);
    if (name && value) json_object_set_new(p->vars, name, json_string(value));
}

static void found(struct play *p, const json_t *s, struct outcome *o) {
    int by = play_by(p, s);
    struct rb_client c = play_client(p, by);
    struct rb_signer_key officer = officer_of(p, s, "officer");
    struct rb_signer_key party = p->stage->party_key(p->stage->ctx, (size_t)by);
    const char *name = ex_string(s, "channel");
    char why[160];
    const json_t *charter = json_object_get(json_object_get(json_object_get(p->ex->root, "channels"), name), "charter");
    json_t *filled = ex_fill(p->ex, p->vars, charter, why, sizeof why);
    if (!filled) {
        (void)snprintf(o->text, sizeof o->text, "charter: %s", why);
        return;
    }
    o->status = rb_client_found(&c, &officer, &party, filled, &o->answer);
    (void)snprintf(o->text, sizeof o->text, "proposed the charter \"%s\" (%zu members)", ex_string(filled, "title"),
                   json_array_size(json_object_get(filled, "members")));
    play_keep(p, name, o->answer, "channel");
    json_decref(filled);
}

const char *play_channel(const struct play *p, const json_t *s) {
    const char *c = ex_string(s, "channel");
    const char *value = ex_string(p->vars, c);
    return value ? value : c;
}

static void accept_(struct play *p, const json_t *s, struct outcome *o) {
    int by = play_by(p, s);
    struct rb_client c = play_client(p, by);
    struct rb_signer_key officer = officer_of(p, s, "officer");
    struct rb_signer_key party = p->stage->party_key(p->stage->ctx, (size_t)by);
    play_wait_for(p, by, "channels", play_channel(p, s));
    o->status = rb_client_accept(&c, &officer, &party, play_channel(p, s), &o->answer);
    (void)snprintf(o->text, sizeof o->text, "accepted the charter and opened its feed");
    play_keep(p, ex_string(s, "as"), o->answer, "record");
}

static void note_record(struct play *p, const json_t *s, const json_t *draft, const json_t *answer) {
    const json_t *warnings = json_object_get(answer, "warnings");
    json_t *r = json_pack("{s:s?,s:s,s:s,s:O,s:O,s:O?}", "as", ex_string(s, "as"), "record", ex_string(answer, "record"),
                          "by", ex_string(s, "by"), "channel", json_object_get(draft, "channel"), "draft", draft,
                          "warnings", warnings);
    if (r) json_array_append_new(p->records, r);
}

static void countersign(struct play *p, const json_t *s, bool despite, struct outcome *o) {
    const char *draft = ex_string(o->answer, "draft");
    if (!ex_string(s, "second") || o->status < 200 || o->status >= 300 || !draft) return;
    struct rb_client c = play_client(p, play_by(p, s));
    struct rb_signer_key second = officer_of(p, s, "second");
    json_t *first = o->answer;
    json_t *warnings = json_incref(json_object_get(first, "warnings"));
    o->answer = NULL;
    o->status = rb_client_countersign_as(&c, &second, draft, despite, &o->answer);
    if (warnings && o->answer && !json_object_get(o->answer, "warnings"))
        json_object_set(o->answer, "warnings", warnings);
    json_decref(warnings);
    json_decref(first);
}

/* one line that tells it from others; a figure, finding or report of a step has no title */
static const char *title_of(const json_t *body) {
    static const char *const keys[] = {"title", "as_stated", "result", "outcome", "stage", "state"};
    const char *z = NULL;
    for (size_t i = 0; !z && i < sizeof keys / sizeof *keys; i++) z = ex_string(body, keys[i]);
    return z ? z : "";
}

static void describe(const json_t *draft, const json_t *answer, struct outcome *o) {
    const json_t *body = json_object_get(draft, "body");
    const char *title = title_of(body), *type = ex_string(body, "type"), *reason = ex_string(body, "reason");
    const char *precedence = ex_string(draft, "precedence"), *record = ex_string(answer, "record");
    const char *answers = json_string_value(json_array_get(json_object_get(draft, "answers"), 0));
    char id[32] = "", subject[16];
    if (!record) record = ex_string(answer, "draft");
    if (record) (void)snprintf(id, sizeof id, " [%.8s]", record);
    if (type && answers)
        (void)snprintf(o->text, sizeof o->text, "%s %s%s%.400s%s", type, play_short(answers, subject),
                       reason ? ": " : "", reason ? reason : "", id);
    else
        (void)snprintf(o->text, sizeof o->text, "%s %s \"%.400s\"%s%s", ex_string(draft, "kind"),
                       precedence ? precedence : "ROUTINE", title, id,
                       ex_string(answer, "draft") ? " kept as a draft: a second officer must sign" : "");
}

void play_release(struct play *p, const json_t *s, const json_t *draft, struct outcome *o) {
    struct rb_client c = play_client(p, play_by(p, s));
    struct rb_signer_key officer = officer_of(p, s, "officer");
    o->status = rb_client_release(&c, &officer, draft, &o->answer);
    countersign(p, s, json_is_true(json_object_get(draft, "despite")), o);
    describe(draft, o->answer, o);
    play_keep(p, ex_string(s, "as"), o->answer, ex_string(o->answer, "record") ? "record" : "draft");
    if (o->status >= 200 && o->status < 300 && ex_string(o->answer, "record")) note_record(p, s, draft, o->answer);
}

static void release(struct play *p, const json_t *s, struct outcome *o) {
    play_release(p, s, json_object_get(s, "draft"), o);
}

static void position(struct play *p, const json_t *s, struct outcome *o) {
    json_t *draft = json_pack("{s:s,s:s,s:[O],s:{s:O}}", "channel", play_channel(p, s), "kind", "position", "answers",
                              json_object_get(s, "answers"), "body", "type", json_object_get(s, "type"));
    static const char *const from[] = {"reason", "level", "person"}, *const to[] = {"reason", "level", "by"};
    for (size_t i = 0; draft && i < 3; i++)
        if (json_object_get(s, from[i])) json_object_set(json_object_get(draft, "body"), to[i], json_object_get(s, from[i]));
    static const char *const same[] = {"precedence", "recipients"};
    for (size_t i = 0; draft && i < 2; i++)
        if (json_object_get(s, same[i])) json_object_set(draft, same[i], json_object_get(s, same[i]));
    play_wait_for(p, play_by(p, s), "records", ex_string(s, "answers"));
    if (draft) play_release(p, s, draft, o);
    json_decref(draft);
}

/* ---- closed content ------------------------------------------------------------------------------------ */
/* a file without a name that holds the text, at its beginning; -1: none */
static int file_of(const char *text) {
    int fd = memfd_create("content", MFD_CLOEXEC);
    size_t n = strlen(text);
    if (fd < 0) return -1;
    if (write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0) return fd;
    (void)close(fd);
    return -1;
}

static json_t *upload_of(struct play *p, const json_t *s) {
    static const char *const from[] = {"recipients", "name", "media-type", "description"},
                             *const to[] = {"recipients", "name", "media_type", "description"};
    json_t *meta = json_pack("{s:s}", "channel", play_channel(p, s));
    for (size_t i = 0; meta && i < 4; i++)
        if (json_object_get(s, from[i])) json_object_set(meta, to[i], json_object_get(s, from[i]));
    return meta;
}

static void attach(struct play *p, const json_t *s, struct outcome *o) {
    struct rb_client c = play_client(p, play_by(p, s));
    int fd = file_of(ex_string(s, "content"));
    json_t *meta = upload_of(p, s), *uploaded = NULL;
    o->status = fd < 0 || !meta ? 0 : rb_client_upload(&c, fd, meta, NULL, NULL, &uploaded);
    if (fd >= 0) (void)close(fd);
    json_decref(meta);
    (void)snprintf(o->text, sizeof o->text, "attachment \"%.200s\"", ex_string(s, "name"));
    if (o->status < 200 || o->status >= 300) {
        o->answer = uploaded;
        return;
    }
    json_t *draft = json_pack("{s:s,s:s,s:O}", "channel", play_channel(p, s), "kind", "attachment", "upload",
                              json_object_get(uploaded, "upload"));
    json_decref(uploaded);
    if (draft && json_object_get(s, "about")) json_object_set(draft, "about", json_object_get(s, "about"));
    if (draft) play_release(p, s, draft, o);
    json_decref(draft);
    const char *record = ex_string(o->answer, "record");
    (void)snprintf(o->text, sizeof o->text, "attachment \"%.200s\" [%.8s]", ex_string(s, "name"), record ? record : "?");
}

void play_record_call(struct play *p, const json_t *s, const char *what, json_t *in, struct outcome *o) {
    struct rb_client c = play_client(p, play_by(p, s));
    char path[128];
    play_wait_for(p, play_by(p, s), "records", ex_string(s, "record"));
    (void)snprintf(path, sizeof path, "/v1/records/%.64s/%s", ex_string(s, "record"), what);
    o->status = c.call(c.ctx, "POST", path, in, &o->answer);
    json_decref(in);
}

static void purge(struct play *p, const json_t *s, struct outcome *o) {
    json_t *in = json_object();
    char subject[16];
    if (json_object_get(s, "reason")) json_object_set(in, "reason", json_object_get(s, "reason"));
    if (json_object_get(s, "despite")) json_object_set(in, "despite", json_object_get(s, "despite"));
    play_record_call(p, s, "purge", in, o);
    (void)snprintf(o->text, sizeof o->text, "deletes the body of %s%s%.300s", play_short(ex_string(s, "record"), subject),
                   ex_string(s, "reason") ? ": " : "", ex_string(s, "reason") ? ex_string(s, "reason") : "");
    play_keep(p, ex_string(s, "as"), o->answer, "record");
}

static void line_test(struct play *p, const json_t *s, struct outcome *o) {
    struct rb_client c = play_client(p, play_by(p, s));
    char path[128];
    json_t *in = json_object();
    (void)snprintf(path, sizeof path, "/v1/channels/%.64s/test", play_channel(p, s));
    o->status = c.call(c.ctx, "POST", path, in, &o->answer);
    json_decref(in);
    (void)snprintf(o->text, sizeof o->text, "line test by hand");
    play_keep(p, ex_string(s, "as"), o->answer, "record");
}

/* A moment that later steps speak of: times by which records were held have whole seconds, so it is a whole one,
 * and nothing that comes after this step falls before it. */
static void keep_moment(struct play *p, const char *name) {
    struct stage *st = p->stage;
    char buf[40];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    const int64_t second = (st->now_utc_ms(st->ctx) + 999) / 1000 * 1000;
    (void)st->wait_until(st->ctx, second);
    rb_put_rfc3339(&w, second);
    json_object_set_new(p->vars, name, json_string(rb_writer_z(&w)));
}

static void say(struct play *p, const json_t *s, struct outcome *o) {
    if (ex_string(s, "as")) keep_moment(p, ex_string(s, "as"));
    o->status = 200;
    (void)snprintf(o->text, sizeof o->text, "%s", ex_string(s, "text"));
}

static void expect(struct play *p, const json_t *s, struct outcome *o) {
    (void)ex_expect(p, s);
    o->status = 200;
    o->quiet = true;
}

static const struct {
    const char *name;
    void (*run)(struct play *, const json_t *, struct outcome *);
} verbs[] = {{"accredit", accredit}, {"found", found}, {"accept", accept_}, {"release", release},
             {"position", position}, {"attach", attach}, {"purge", purge}, {"disclose", play_disclose},
             {"check", play_check}, {"import", play_import}, {"playback", play_back}, {"export", play_export},
             {"test", line_test}, {"cut", play_links}, {"heal", play_links}, {"stop", play_node}, {"start", play_node},
             {"crash", play_node}, {"copy", play_copy}, {"restore", play_restore}, {"epoch", play_epoch}, {"say", say},
             {"expect", expect}};

/* ---- one step ------------------------------------------------------------------------------------------ */
static const char *error_code(const json_t *answer) {
    const char *code = ex_string(json_object_get(answer, "error"), "code");
    return code ? code : "";
}

/* was this among what was pointed out before release? */
static bool warned(const json_t *answer, const char *code) {
    size_t i;
    json_t *w;
    if (!code) return true;
    json_array_foreach(json_object_get(answer, "warnings"), i, w) {
        const char *z = ex_string(w, "code");
        if (z && strcmp(z, code) == 0) return true;
    }
    return false;
}

/* What the node answered, without anything of a record's content: that is printed, and kept in files of a run. */
static void why_not(struct play *p, const struct outcome *o) {
    const json_t *e = json_object_get(o->answer, "error"), *w;
    const char *clause = ex_string(e, "clause"), *field = ex_string(e, "field"), *sentence = ex_string(e, "sentence");
    size_t i, n;
    (void)snprintf(p->why, sizeof p->why, "status %d %s%s%s%s%s: %.200s", o->status, error_code(o->answer), clause ? ", clause " : "",
                   clause ? clause : "", field ? ", field " : "", field ? field : "",
                   sentence ? sentence : o->answer ? "done" : "nobody answered");
    json_array_foreach(json_object_get(o->answer, "warnings"), i, w) {
        n = strlen(p->why);
        (void)snprintf(p->why + n, sizeof p->why - n, "%s%.40s", i ? ", " : "; warnings: ", ex_string(w, "code") ? ex_string(w, "code") : "?");
    }
}

static bool refused_as_wanted(struct play *p, const json_t *s, struct outcome *o) {
    const char *want = ex_string(s, "refused");
    bool ok = o->status >= 200 && o->status < 300, told = warned(o->answer, ex_string(s, "warned"));
    if (!want && ok && told) return true;
    if (want && !ok && told && strcmp(error_code(o->answer), want) == 0) {
        const char *sentence = ex_string(json_object_get(o->answer, "error"), "sentence");
        size_t n = strlen(o->text);
        const char *code = ex_string(s, "warned");
        (void)snprintf(o->text + n, sizeof o->text - n, " REFUSED (%s%s%s): %.200s", want, code ? ": " : "",
                       code ? code : "", sentence ? sentence : "");
        return true;
    }
    why_not(p, o);
    return false;
}

static void run_verb(struct play *p, const json_t *s, struct outcome *o) {
    const char *verb = ex_string(s, "do");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, verb) == 0) verbs[i].run(p, s, o);
}

static bool step(struct play *p, size_t i, const json_t *raw) {
    char why[160];
    struct outcome o = {0};
    json_t *s = ex_fill(p->ex, p->vars, raw, why, sizeof why);
    int64_t at;
    if (!s) {
        (void)snprintf(p->failed, sizeof p->failed, "step %zu", i + 1);
        (void)snprintf(p->why, sizeof p->why, "%s", why);
        return false;
    }
    if (ex_string(s, "at") && ex_time(p->ex, ex_string(s, "at"), &at)) (void)p->stage->wait_until(p->stage->ctx, at);
    if (machinery(p)) run_verb(p, s, &o);
    bool ok = machinery(p) && refused_as_wanted(p, s, &o);
    if (!ok && !p->failed[0])
        (void)snprintf(p->failed, sizeof p->failed, "step %zu (%s%s%s): not as wanted", i + 1, ex_string(s, "do"),
                       ex_string(s, "by") ? " by " : "", ex_string(s, "by") ? ex_string(s, "by") : "");
    if (!o.quiet && o.text[0]) ex_tell(p, ex_string(s, "by"), o.text, s);
    json_decref(o.answer);
    json_decref(s);
    return ok;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */
static void tell_node(void *ctx, size_t party, const char *text) {
    struct play *p = ctx;
    ex_tell(p, ex_string(ex_party(p->ex, party), "handle"), text, NULL);
}

static bool play_steps(struct play *p) {
    size_t i;
    json_t *s;
    json_array_foreach(json_object_get(p->ex->root, "steps"), i, s)
        if (!step(p, i, s)) return false;
    return true;
}

static bool play_expect(struct play *p) {
    size_t i;
    json_t *e;
    char why[160];
    json_array_foreach(json_object_get(p->ex->root, "expect"), i, e) {
        json_t *filled = ex_fill(p->ex, p->vars, e, why, sizeof why);
        if (!filled) {
            (void)snprintf(p->failed, sizeof p->failed, "%s", ex_string(e, "name"));
            (void)snprintf(p->why, sizeof p->why, "%s", why);
            return false;
        }
        (void)ex_expect(p, filled);
        json_decref(filled);
        if (!machinery(p)) return false;
    }
    return true;
}

enum ex_exit ex_play(const struct exercise *ex, struct stage *st, uint64_t seed, FILE *out, struct play *p) {
    *p = (struct play){.ex = ex, .stage = st, .seed = seed, .out = out, .transcript = json_array(),
                       .expectations = json_array(), .records = json_array(), .vars = json_object(),
                       .checks = json_array(), .imports = json_array(),
                       .exports = json_array(), .disclosures = json_array()};
    st->tell = tell_node;
    st->tell_ctx = p;
    bool played = play_steps(p);
    if (played) {
        p->score = ex_score(p);
        played = play_expect(p);
    }
    st->tell = NULL;
    if (st->finish) st->finish(st->ctx);
    if (!machinery(p)) return EX_MACHINERY;
    if (out && p->score) ex_print_score(p);
    return p->failed[0] ? EX_FAILED : EX_HELD;
}

void ex_play_free(struct play *p) {
    json_decref(p->transcript);
    json_decref(p->expectations);
    json_decref(p->records);
    json_decref(p->vars);
    json_decref(p->checks);
    json_decref(p->imports);
    json_decref(p->exports);
    json_decref(p->disclosures);
    json_decref(p->score);
}
