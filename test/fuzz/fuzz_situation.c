/* A channel's history made of the input: the histories of test/property, each of whose choices
 * takes a byte here, so that what the instruments can become is searched and not drawn. Its leaves
 * and bodies come by pieces, in any order that keeps each feed's own, while time goes on. After
 * each piece the situation kept up to date (live.h) is the fold of all that is held; in the end
 * every view of every lot, the incidents and the report can be had, in little room, too, and say
 * nothing that is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "../property/history.h"
#include "fuzz_fold.h"
#include "readback/live.h"
#include "readback/report.h"

#define MAX_STEPS 32u
#define LIVE_MEMORY ((size_t)8 << 20)

/* ---- chance: four bytes that are a seed, the bytes behind them, then what the seed gives
 * ---------
 */
static const uint8_t *in;
static size_t in_n;
static uint64_t drawn;

void hist_seed(uint64_t seed) {
    (void)seed;
}
/* splitmix64 of one byte: as good for a choice among three as among 60,000 */
uint64_t hist_chance(void) {
    uint64_t z = in_n > 0 ? *in : 256 + drawn++;
    in += in_n > 0;
    in_n -= in_n > 0;
    z = (z + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* ---- the history ------------------------------------------------------------------------------
 */
static void begin(struct fx *w) {
    memset(&hist, 0, sizeof hist);
    hist.fork_chance = one_in(6) ? 6 : 1000000;
    fx_reset(w, 2 + below(3));
    hist_random_charter(w);
    if (!one_in(16)) w->charter.rules_version = RB_RULES_VERSION;
    if (!one_in(4)) w->charter.accept_by_utc_ms = FX_START_MS + 3600000;
    fx_found(w);
    if (!one_in(8)) fx_accept_all(w);
}

/* of one theme, mostly */
static void say(struct fx *w) {
    const size_t founders = w->parties_n;
    const uint64_t theme = below(4);
    int ballots = 2;
    for (uint64_t steps = 4 + below(MAX_STEPS); steps > 0; steps--) {
        const uint64_t now = one_in(8) ? below(4) : theme;
        hist.beside_dense = now == 3;
        hist.beside_chance = now == 3 ? 1 : 12;
        if (now == 1)
            hist_truce_step(w);
        else if (now == 2 && one_in(4) && ballots-- > 0)
            hist_random_ballot(w);
        else
            hist_random_step(w);
    }
    w->parties_n = founders;
}

/* ---- the same -----------------------------------------------------------------------------------
 */
static struct rb_arena live_arena;
static struct rb_live live;

/* digests that are taken for good, as far as the book has what was meant */
static void force_held(const struct fx *w, struct rb_book *b) {
    for (size_t i = 0; i < hist.forced_n; i++)
        for (size_t k = 0; k < w->feeds_n; k++) {
            if (!hist_shares(w->feed[k], hist.forced[i].feed, hist.forced[i].leaf + 1)) continue;
            struct rb_feed *f = fx_book_feed(w, b, w->feed[k]);
            if (f == NULL || f->facts_n <= hist.forced[i].leaf) continue;
            hist_force_fact(w, b, &hist.forced[i], &f->facts[hist.forced[i].leaf]);
        }
}

static void compare(struct fx *w, struct rb_book *b, int64_t now) {
    const struct rb_situation *s = NULL;
    force_held(w, b);
    live_arena.fail_at = one_in(16) ? 1 + below(60) : 0;
    FUZZ_CHECK(rb_live_update(&live, b, now, &s) == RB_OK);
    live_arena.fail_at = 0;
    ff_same(b, now, s);
}

/* ---- arrival ------------------------------------------------------------------------------------
 */
static bool some_leaf(struct fx *w, struct rb_book *b) {
    const size_t from = below(w->feeds_n);
    for (size_t k = 0; k < w->feeds_n; k++)
        if (fx_book_next(w, b, w->feed[(from + k) % w->feeds_n], -1)) return true;
    return false;
}

static int64_t arrive(struct fx *w, struct rb_book *b) {
    int64_t now = FX_START_MS + (int64_t)below(120) * 500;
    for (bool more = true; more;) {
        for (uint64_t n = 1 + below(48); n > 0 && more; n--)
            more = some_leaf(w, b);
        if (one_in(3)) hist_random_body(w, b);
        now += (int64_t)below(80) * 250;
        if (one_in(40)) now -= (int64_t)below(30000);
        if (one_in(50)) rb_live_drop(&live);
        compare(w, b, now);
    }
    for (unsigned i = 0; i < 2; i++) {
        hist_random_body(w, b);
        now += (int64_t)below(40000);
        compare(w, b, now);
    }
    return now;
}

/* ---- what is shown ------------------------------------------------------------------------------
 */
/* has room for it, or says that it has not: never anything else */
static bool fits(enum rb_err e, bool all) {
    FUZZ_CHECK(e == RB_OK || (!all && e == RB_ERR_LIMIT));
    return e == RB_OK;
}

static void of_lot(const struct rb_situation *s, uint32_t lot, struct rb_arena *a, bool all) {
    struct rb_text_line text;
    struct rb_cessation_lot truce;
    struct rb_agreement_lot deal;
    struct rb_request_lot request;
    struct rb_contact_lot contact;
    const enum rb_kind k = (enum rb_kind)s->lots[lot].kind;
    enum rb_err e[] = {rb_lot_text(s, lot, a, &text), rb_lot_cessation(s, lot, a, &truce),
                       rb_lot_agreement(s, lot, a, &deal), rb_lot_request(s, lot, a, &request),
                       rb_lot_contact(s, lot, a, &contact)};
    static const enum rb_kind kinds[] = {RB_KIND_TEXT, RB_KIND_CESSATION, RB_KIND_AGREEMENT,
                                         RB_KIND_REQUEST, RB_KIND_CONTACT};
    for (size_t i = 0; i < sizeof e / sizeof *e; i++)
        if (kinds[i] == k)
            (void)fits(e[i], all);
        else if (k != RB_KIND_READOUT) /* which may stand where contacts do */
            FUZZ_CHECK(e[i] == RB_ERR_NOT_FOUND);
    if (k == RB_KIND_TEXT && e[0] == RB_OK)
        FUZZ_CHECK(text.latest == RB_NOWHERE || text.latest < text.versions_n);
    for (size_t i = 0; k == RB_KIND_CESSATION && e[1] == RB_OK && i < truce.n; i++)
        FUZZ_CHECK(truce.cessations[i].extends == RB_NOWHERE ||
                   truce.cessations[i].extends < truce.n);
}

static void views(const struct rb_situation *s, int64_t now, struct rb_arena *a, bool all) {
    const struct rb_incident_view *incidents;
    const struct rb_column *columns;
    struct rb_report report;
    size_t n = 0;
    for (uint32_t lot = 0; lot < s->lots_n; lot++)
        of_lot(s, lot, a, all);
    if (fits(rb_incidents(s, a, &incidents, &n), all))
        for (size_t i = 0; i < n; i++)
            FUZZ_CHECK(incidents[i].assertions_n > 0 &&
                       incidents[i].instrument == incidents[i].assertions[0].instrument);
    for (uint32_t i = 0; i < s->order_n; i++)
        if (fits(rb_columns(s, i, a, &columns, &n), all))
            for (size_t k = 0; k < n; k++)
                FUZZ_CHECK(columns[k].record == RB_NOWHERE || columns[k].record < s->order_n);
    if (!fits(rb_report_make(s, FX_START_MS, now - 20000, now, a, &report), all)) return;
    for (size_t i = 0; i < report.waiting_n; i++)
        FUZZ_CHECK(report.waiting[i] < s->order_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct fx *w;
    static uint8_t *memory;
    static struct rb_situation s;
    if (w == NULL) {
        w = fx_new(2);
        memory = malloc(LIVE_MEMORY);
        FUZZ_CHECK(memory != NULL);
    }
    for (drawn = 0; n > 0 && drawn < 1u << 24; n--)
        drawn = drawn << 8 | *data++;
    drawn <<= 32;
    in = data;
    in_n = n - n / 4; /* the rest says how it arrives */
    begin(w);
    say(w);
    in = data + (n - n / 4);
    in_n = n / 4;
    live_arena = rb_arena(memory, one_in(8) ? LIVE_MEMORY / 64 : LIVE_MEMORY);
    rb_live_init(&live, &live_arena);
    struct rb_book *b = fx_book_empty(w);
    const int64_t now = arrive(w, b);
    rb_arena_reset(&w->folds);
    FUZZ_CHECK(rb_situation_fold(b, now, &w->folds, &s) == RB_OK);
    struct rb_arena rest = rb_arena(w->folds.p + w->folds.used, w->folds.cap - w->folds.used);
    if (now > FX_START_MS + 20000) views(&s, now, &rest, true);
    rest = rb_arena(rest.p, (size_t)below(64) * 64);
    if (now > FX_START_MS + 20000) views(&s, now, &rest, false);
    return 0;
}
