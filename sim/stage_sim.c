/* The simulated stage: the world of sim.h, one node per party, started when the exercise starts. */
#include "exercise.h"
#include "sim.h"
#include <stdlib.h>

#define COPIES 16u

struct copy {
    size_t party;
    char name[64];
    struct sim_copy *of;
};
struct stage_sim {
    struct sim *sim;
    struct stage *stage;
    struct copy copies[COPIES];
    size_t copies_n;
};

static struct sim_party *party(void *ctx, size_t i) { return sim_party(((struct stage_sim *)ctx)->sim, i); }
static struct rb_client client(void *ctx, size_t i) { return sim_client(party(ctx, i)); }
static struct rb_signer_key officer(void *ctx, size_t i, const char *name) {
    return name ? sim_officer_by_name(party(ctx, i), name) : sim_officer(party(ctx, i), 0);
}
static struct rb_signer_key party_key(void *ctx, size_t i) { return sim_party_key(party(ctx, i)); }
static int64_t now(void *ctx) { return sim_utc_ms(((struct stage_sim *)ctx)->sim); }
static const char *broken(void *ctx) { return sim_broken(((struct stage_sim *)ctx)->sim); }
static bool wait_until(void *ctx, int64_t utc_ms) {
    sim_run_until(((struct stage_sim *)ctx)->sim, utc_ms);
    return !broken(ctx);
}
static bool start(void *ctx, size_t i) {
    sim_start(party(ctx, i));
    return !broken(ctx);
}
static bool stop(void *ctx, size_t i, bool crash) {
    if (crash)
        sim_crash(party(ctx, i));
    else
        sim_stop(party(ctx, i));
    return !broken(ctx);
}
static bool link_(void *ctx, size_t from, size_t to, bool cut) {
    sim_link(((struct stage_sim *)ctx)->sim, party(ctx, from), party(ctx, to))->cut = cut;
    return true;
}

static bool is_up(void *ctx, size_t i) { return sim_is_up(party(ctx, i)); }
static bool copy(void *ctx, size_t i, const char *name) {
    struct stage_sim *s = ctx;
    if (s->copies_n == COPIES) {
        sim_break(s->sim, "more than %u copies of disks", COPIES);
        return false;
    }
    struct copy *c = &s->copies[s->copies_n++];
    c->party = i;
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->of = sim_copy_disk(party(ctx, i));
    return true;
}
static bool restore(void *ctx, size_t i, const char *name, bool whole) {
    struct stage_sim *s = ctx;
    for (size_t k = 0; k < s->copies_n; k++) {
        if (s->copies[k].party != i || strcmp(s->copies[k].name, name) != 0) continue;
        sim_restore_disk(party(ctx, i), s->copies[k].of, whole);
        return !broken(ctx);
    }
    return false;
}

/* nodes that hold the same leaves must show the same situation */
static void finish(void *ctx) { (void)sim_check(((struct stage_sim *)ctx)->sim); }

static void close_(void *ctx) {
    struct stage_sim *s = ctx;
    for (size_t i = 0; i < s->copies_n; i++) sim_copy_free(s->copies[i].of);
    sim_destroy(s->sim);
    free(s);
}

/* what the nodes noticed by themselves and a person on watch would be told */
static const char *words(const struct rb_effect *a) { /* what follows is whom it concerns */
    switch (a->u.alert.alert) {
    case RB_ALERT_INVITED: return "node: a charter that names us has arrived";
    case RB_ALERT_LINK_UP: return "node: a line is up";
    case RB_ALERT_LINK_DOWN: return "node: a line is down";
    case RB_ALERT_DUE_MISSED:
        return a->u.alert.has_record ? "node: a demanded answer is missing" : "node: a line test is missing";
    case RB_ALERT_FORK: return "node: two histories of one feed";
    case RB_ALERT_REFUSED: return "node: a request was refused";
    case RB_ALERT_WAITING: return "node: records wait unsigned";
    case RB_ALERT_BODY: return a->u.alert.reject.err == RB_OK ? NULL : "node: the body of a closed record is not good";
    case RB_ALERT_CONFLICT: return "node: a notice touches places that are known here";
    case RB_ALERT_REMINDER: return "node: a reminder";
    case RB_ALERT_GUARD: return "node: the members have said what they hold of ours";
    case RB_ALERT_ADVANCE: return "node: an advance copy came, not yet receipted";
    case RB_ALERT_RECORD:
    case RB_ALERT_HELD: break;
    }
    return NULL;
}

static struct sim_party *by_hash(struct sim *s, const struct rb_hash *h) {
    for (size_t i = 0; i < sim_parties(s); i++) {
        struct rb_hash k;
        struct rb_key pub = sim_party_key(sim_party(s, i)).pub;
        rb_party_hash(&pub, &k);
        if (rb_hash_eq(&k, h)) return sim_party(s, i);
    }
    return NULL;
}

static void on_alert(void *ctx, struct sim_party *p, const struct rb_effect *a) {
    struct stage_sim *s = ctx;
    struct stage *st = s->stage;
    const char *w = words(a);
    if (!w || !st->tell) return;
    char text[256];
    struct sim_party *peer = by_hash(s->sim, &a->u.alert.peer);
    const char *what = a->u.alert.reject.what;
    (void)snprintf(text, sizeof text, "%s%s%s%s%s", w, peer ? ": " : "", peer ? sim_handle(peer) : "", what ? ": " : "",
                   what ? what : "");
    for (size_t i = 0; i < sim_parties(s->sim); i++)
        if (sim_party(s->sim, i) == p) st->tell(st->tell_ctx, i, text);
}

static void add_party(struct sim *sim, const json_t *j) {
    struct sim_party_spec spec = {.handle = ex_string(j, "handle"), .name = ex_string(j, "name"),
                                  .outward_only = json_is_true(json_object_get(j, "outward-only"))};
    const json_t *officers = json_object_get(j, "officers");
    int64_t off = 0;
    for (size_t i = 0; i < SIM_MAX_OFFICERS && i < json_array_size(officers); i++)
        spec.officers[i] = json_string_value(json_array_get(officers, i));
    struct sim_party *p = sim_add_party(sim, &spec);
    if (p && ex_string(j, "clock") && ex_span(ex_string(j, "clock"), &off)) sim_set_clock(p, off);
}

bool stage_sim_open(const struct exercise *ex, uint64_t seed, struct stage *out, char *why, size_t why_n) {
    struct stage_sim *s = calloc(1, sizeof *s);
    struct sim *sim = sim_create(seed, ex->start_utc_ms);
    if (!s || !sim) {
        (void)snprintf(why, why_n, "the simulator could not be set up");
        free(s);
        return false;
    }
    s->sim = sim;
    s->stage = out;
    *out = (struct stage){.ctx = s, .mode = "simulated", .client = client, .officer = officer, .party_key = party_key,
                          .now_utc_ms = now, .wait_until = wait_until, .start = start, .stop = stop, .link = link_,
                          .is_up = is_up, .copy = copy, .restore = restore,
                          .broken = broken, .finish = finish, .close = close_};
    for (size_t i = 0; i < ex_parties(ex); i++) add_party(sim, ex_party(ex, i));
    sim_on_alert(sim, on_alert, s);
    for (size_t i = 0; i < sim_parties(sim); i++) sim_start(sim_party(sim, i));
    if (!broken(s)) return true;
    (void)snprintf(why, why_n, "%s", broken(s));
    close_(s);
    return false;
}
