/* Contacts and what was read out of them, spec 16.10. */
#include "lot_asked.h"
#include <assert.h>

enum { ACCEPT, DECLINED, TOOK_PLACE };
static const struct rb_ask_table asked_table = {
    3,
    {RB_POSITION_ACCEPT, RB_POSITION_DECLINED, RB_POSITION_TOOK_PLACE},
    /* nothing said, accept, declined, took-place */
    {7, 6, 5, 0}};
/* one that is logged as held asks nobody; who was there may say so, too */
static const struct rb_ask_table held_table = {
    3, {RB_POSITION_ACCEPT, RB_POSITION_DECLINED, RB_POSITION_TOOK_PLACE}, {4, 0, 0, 0}};

struct readouts {     /* of one contact that have one body hash (3.6) */
    uint64_t members; /* whose stand */
    uint32_t contact; /* entry, RB_NOWHERE: none */
};
struct told { /* one member's of these */
    uint32_t group, standing;
};
struct contacts {
    struct rb_lot *l;
    struct rb_ask *ask;
    uint64_t *took; /* parallel: the author's own bit, where it says that it was held */
    uint32_t *of;   /* by entry: of a contact that can be read, its ask; of a readout, its told */
    struct readouts *group;
    struct told *told;
    size_t asks_n, groups_n, told_n;
    bool view;
};

static bool is_own(const struct contacts *c, size_t k, enum rb_kind kind) {
    return c->l->e[k].own != NULL && c->l->e[k].fact->kind == kind;
}

static size_t how_many(const struct contacts *c, enum rb_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < c->l->n; i++)
        n += is_own(c, i, kind);
    return n;
}

static bool stands(const struct contacts *c, size_t k) {
    return c->l->e[k].state == RB_STATE_STANDS;
}

/* ---- readouts with the same body --------------------------------------------------------------
 */

struct body_key {
    struct rb_hash hash;
    uint32_t contact, entry;
    uint16_t author;
};

/* SHA-256 of an open body, or of the list of commitments of a closed one: it stands for the list */
static void body_key(const struct rb_lot_entry *e, struct rb_hash *out) {
    const struct rb_detached *d = e->fact->detached;
    *out = (struct rb_hash){{0}};
    if (d != NULL)
        rb_sha256(rb_slice(d->commitments->b, d->commitments_n * sizeof *d->commitments), out);
    else if (e->fact->gist != NULL)
        *out = e->fact->gist->body;
}

static int key_cmp(const void *pa, const void *pb) {
    const struct body_key *a = pa, *b = pb;
    const int c = memcmp(a->hash.b, b->hash.b, RB_HASH_LEN);
    if (c != 0) return c;
    if (a->contact != b->contact) return a->contact < b->contact ? -1 : 1;
    return a->author < b->author ? -1 : a->author > b->author;
}

/* the contact that a readout is of, wherever in the lot it goes on from */
static uint32_t contact_of(const struct contacts *c, size_t i) {
    const uint32_t k = c->l->e[i].on;
    return k != RB_NOWHERE && is_own(c, k, RB_KIND_CONTACT) ? k : RB_NOWHERE;
}

static enum rb_err group_readouts(struct contacts *c, struct rb_arena *a) {
    const size_t all = how_many(c, RB_KIND_READOUT);
    size_t n = 0;
    struct body_key *key = rb_arena_array(a, all, sizeof *key);
    c->group = rb_arena_array(a, all, sizeof *c->group);
    c->told = rb_arena_array(a, all, sizeof *c->told);
    if (key == NULL || c->group == NULL || c->told == NULL) return RB_ERR_LIMIT;
    for (uint32_t i = 0; i < c->l->n; i++) {
        if (!is_own(c, i, RB_KIND_READOUT)) continue;
        key[n] =
            (struct body_key){.contact = contact_of(c, i), .entry = i, .author = c->l->e[i].author};
        body_key(&c->l->e[i], &key[n++].hash);
    }
    rb_sort(key, n, sizeof *key, key_cmp);
    for (size_t i = 0; i < n; i++) {
        const bool same = i > 0 && key[i].contact == key[i - 1].contact &&
                          rb_hash_eq(&key[i].hash, &key[i - 1].hash);
        if (!same) c->group[c->groups_n++] = (struct readouts){0, key[i].contact};
        if (!same || key[i].author != key[i - 1].author)
            c->told[c->told_n++] = (struct told){(uint32_t)(c->groups_n - 1), 0};
        c->of[key[i].entry] = (uint32_t)(c->told_n - 1);
    }
    return RB_OK;
}

static struct readouts *group_of(const struct contacts *c, size_t i) {
    return &c->group[c->told[c->of[i]].group];
}

/* readout i begins to stand, or ends */
static void tell(struct contacts *c, size_t i, bool stands) {
    const uint64_t own = 1ull << c->l->e[i].author;
    uint32_t *n = &c->told[c->of[i]].standing;
    *n = stands ? *n + 1 : *n - 1;
    group_of(c, i)->members =
        *n > 0 ? group_of(c, i)->members | own : group_of(c, i)->members & ~own;
}

static uint64_t took_part(const struct contacts *c, uint32_t contact) {
    if (contact == RB_NOWHERE) return 0;
    const struct rb_lot_entry *e = &c->l->e[contact];
    return 1ull << e->author | (rb_lot_read(e) ? e->fact->gist->members : 0);
}

/* two of those who took part tell the same */
static bool agreed(const struct contacts *c, const struct readouts *g) {
    const uint64_t both = g->members & took_part(c, g->contact);
    return (both & (both - 1)) != 0;
}

/* ---- moves ------------------------------------------------------------------------------------
 */

static enum rb_err open_contact(struct contacts *c, size_t k, struct rb_arena *a) {
    struct rb_lot_entry *e = &c->l->e[k];
    e->state = rb_lot_read(e) ? RB_STATE_STANDS : RB_STATE_UNREAD;
    if (!rb_lot_read(e)) return RB_OK;
    const struct rb_gist *g = e->fact->gist;
    const bool held = g->stage == RB_CONTACT_HELD;
    c->of[k] = (uint32_t)c->asks_n++;
    c->took[c->of[k]] = held ? 1ull << e->author : 0;
    return rb_ask_open(c->l, k, g->members, held ? &held_table : &asked_table, c->view, a,
                       &c->ask[c->of[k]]);
}

static void open_readout(struct contacts *c, size_t k) {
    struct rb_lot_entry *e = &c->l->e[k];
    e->state = rb_lot_read(e) ? RB_STATE_STANDS : RB_STATE_UNREAD;
    if (rb_lot_read(e)) tell(c, k, true);
}

/* Its author supersedes or withdraws k: a contact as long as nobody else says that it took place, a
 * readout as long as it is not agreed. */
static enum rb_mark end(struct contacts *c, size_t k, enum rb_state state) {
    struct rb_lot_entry *e = &c->l->e[k];
    const uint64_t own = 1ull << e->author;
    if (e->state == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (!stands(c, k)) return RB_MARK_OUT_OF_TURN;
    if (e->fact->kind == RB_KIND_CONTACT) {
        if ((c->ask[c->of[k]].word[TOOK_PLACE] & ~own) != 0) return RB_MARK_OUT_OF_TURN;
    } else {
        const struct readouts *g = group_of(c, k);
        if ((took_part(c, g->contact) & own) && agreed(c, g)) return RB_MARK_OUT_OF_TURN;
        tell(c, k, false);
    }
    e->state = (uint8_t)state;
    return RB_MARK_NONE;
}

static enum rb_mark took_place_by_author(struct contacts *c, size_t k, size_t i) {
    const uint64_t own = 1ull << c->l->e[i].author;
    uint64_t *took = &c->took[c->of[k]];
    if (c->l->e[i].fact->reported) return RB_MARK_NOT_ENTITLED;
    if (*took & own) return RB_MARK_OUT_OF_TURN;
    *took |= own;
    return RB_MARK_NONE;
}

static enum rb_mark on_contact(struct contacts *c, size_t k, size_t i) {
    const struct rb_lot_entry *e = &c->l->e[i];
    const bool word = rb_ask_word(&asked_table, e->fact->position) < asked_table.n;
    const bool moves = word || e->fact->position == RB_POSITION_WITHDRAW;
    if (rb_lot_forked(c->l, i) && moves) return RB_MARK_CONTESTED;
    if (e->fact->position == RB_POSITION_WITHDRAW) return end(c, k, RB_STATE_WITHDRAWN);
    if (c->l->e[k].state == RB_STATE_UNREAD) return RB_MARK_NONE;
    if (e->fact->closed && e->fact->position == 0) {
        if (stands(c, k) && !rb_lot_forked(c->l, i)) rb_ask_unread(c->l, &c->ask[c->of[k]], k, i);
        return RB_MARK_NONE;
    }
    if (!word) return RB_MARK_NONE;
    if (!stands(c, k)) return RB_MARK_OUT_OF_TURN;
    if (e->author == c->l->e[k].author && e->fact->position == RB_POSITION_TOOK_PLACE)
        return took_place_by_author(c, k, i);
    return rb_ask_answer(c->l, &c->ask[c->of[k]], k, i);
}

/* What was said of a readout stands beside it; what was said of a contact is followed by another
 * word and not taken back. */
static enum rb_mark on_position(const struct contacts *c, size_t k, size_t i) {
    const struct rb_lot_entry *on = &c->l->e[k], *e = &c->l->e[i];
    if (e->fact->position != RB_POSITION_WITHDRAW || on->on == RB_NOWHERE) return RB_MARK_NONE;
    const bool word = rb_ask_word(&asked_table, on->fact->position) < asked_table.n;
    return word && is_own(c, on->on, RB_KIND_CONTACT) ? RB_MARK_OUT_OF_TURN : RB_MARK_NONE;
}

static enum rb_mark move(struct contacts *c, size_t i) {
    const struct rb_lot_entry *e = &c->l->e[i];
    const enum rb_kind kind = (enum rb_kind)e->fact->kind;
    if (kind == RB_KIND_CONTACT && rb_lot_forked(c->l, i)) return RB_MARK_CONTESTED;
    if (e->on == RB_NOWHERE) return RB_MARK_NONE;
    if (kind == RB_KIND_READOUT && contact_of(c, i) != RB_NOWHERE) return RB_MARK_NONE;
    if (kind != RB_KIND_POSITION) return end(c, e->on, RB_STATE_SUPERSEDED);
    if (is_own(c, e->on, RB_KIND_CONTACT)) return on_contact(c, e->on, i);
    if (c->l->e[e->on].own == NULL) return on_position(c, e->on, i);
    return e->fact->position == RB_POSITION_WITHDRAW ? end(c, e->on, RB_STATE_WITHDRAWN)
                                                     : RB_MARK_NONE;
}

/* ---- states -----------------------------------------------------------------------------------
 */

static uint64_t took_place(const struct contacts *c, size_t k) {
    return c->took[c->of[k]] | c->ask[c->of[k]].word[TOOK_PLACE];
}

static bool both_accounts(const struct contacts *c, size_t k) {
    const uint64_t took = took_place(c, k);
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        for (uint16_t n = 0; (took >> m & 1) && n < m; n++)
            if ((took >> n & 1) && rb_members_apart(c->l->e[k].own->charter, m, n)) return true;
    return false;
}

static enum rb_state state_of(const struct contacts *c, size_t k) {
    const struct rb_ask *ask = &c->ask[c->of[k]];
    const struct rb_ask_silent silent = rb_ask_silent(c->l, ask, k);
    if (both_accounts(c, k)) return RB_STATE_HELD_BY_BOTH;
    if (took_place(c, k) != 0) return RB_STATE_HELD;
    if (ask->word[DECLINED] != 0) return RB_STATE_DECLINED;
    if (silent.all != 0)
        return silent.all == silent.undelivered ? RB_STATE_NOT_DELIVERED : RB_STATE_UNANSWERED;
    return ask->asked != 0 && ask->word[ACCEPT] == ask->asked ? RB_STATE_ACCEPTED : RB_STATE_ASKED;
}

static enum rb_err room(struct contacts *c, struct rb_arena *a) {
    const size_t contacts = how_many(c, RB_KIND_CONTACT);
    c->ask = rb_arena_array(a, contacts, sizeof *c->ask);
    c->took = rb_arena_array(a, contacts, sizeof *c->took);
    c->of = rb_arena_array(a, c->l->n, sizeof *c->of);
    return c->ask == NULL || c->took == NULL || c->of == NULL ? RB_ERR_LIMIT : RB_OK;
}

static enum rb_err settle(struct contacts *c, struct rb_arena *a) {
    struct rb_lot *l = c->l;
    RB_TRY(room(c, a));
    RB_TRY(group_readouts(c, a));
    for (size_t i = 0; i < l->n; i++) {
        if (is_own(c, i, RB_KIND_CONTACT)) RB_TRY(open_contact(c, i, a));
        l->e[i].mark = (uint8_t)move(c, i);
        if (l->e[i].own == NULL) continue;
        if (l->e[i].mark != RB_MARK_NONE)
            l->e[i].state = RB_STATE_MARKED;
        else if (is_own(c, i, RB_KIND_READOUT))
            open_readout(c, i);
    }
    for (size_t i = 0; i < l->n; i++)
        if (is_own(c, i, RB_KIND_CONTACT) && stands(c, i)) l->e[i].state = (uint8_t)state_of(c, i);
    return RB_OK;
}

enum rb_err rb_settle_contact(struct rb_lot *l, struct rb_arena *a) {
    struct contacts c = {.l = l};
    return settle(&c, a);
}

/* ---- views ------------------------------------------------------------------------------------
 */

static void show_contact(const struct contacts *c, size_t k, struct rb_contact_view *v) {
    const struct rb_lot_entry *e = &c->l->e[k];
    *v = (struct rb_contact_view){.instrument = (uint32_t)(e->own - c->l->s->instruments),
                                  .has_by = e->fact->demand.present,
                                  .by_utc_ms = e->fact->demand.by_utc_ms};
    if (e->state == RB_STATE_UNREAD) return;
    struct rb_ask *ask = &c->ask[c->of[k]];
    v->known = true;
    v->asked = e->fact->gist->stage == RB_CONTACT_ASKED;
    rb_ask_show(c->l, ask, k);
    v->asked_n = ask->view_n;
    v->members = ask->view;
    v->took_place = took_place(c, k);
    v->both_accounts = both_accounts(c, k);
}

/* the last words of others on a readout */
static void show_words(const struct rb_situation *s, uint32_t record, struct rb_readout_view *v) {
    for (uint32_t i = s->order[record].first_answer; i != RB_NOWHERE; i = s->answers[i].next) {
        const uint32_t said = s->answers[i].answer;
        const uint16_t author = rb_situation_author(s, said);
        const uint64_t bit = 1ull << author;
        const int8_t t = rb_situation_fact(s, said)->position;
        if (t < RB_POSITION_ACCEPT || t > RB_POSITION_DISSOCIATE || author == v->author) continue;
        if (!rb_word_counts(s, said)) continue;
        v->accepted &= ~bit;
        v->rejected &= ~bit;
        if (rb_word_withdrawn(s, said)) continue;
        if (t == RB_POSITION_ACCEPT) v->accepted |= bit;
        if (t == RB_POSITION_REJECT) v->rejected |= bit;
    }
}

static void show_readout(const struct contacts *c, size_t k, struct rb_readout_view *v) {
    const struct rb_lot_entry *e = &c->l->e[k];
    *v = (struct rb_readout_view){.instrument = (uint32_t)(e->own - c->l->s->instruments),
                                  .contact = RB_NOWHERE,
                                  .author = e->author};
    const struct readouts *g = group_of(c, k);
    if (g->contact != RB_NOWHERE)
        v->contact = (uint32_t)(c->l->e[g->contact].own - c->l->s->instruments);
    if (stands(c, k)) {
        v->same = g->members;
        v->agreed = agreed(c, g);
    }
    show_words(c->l->s, e->record, v);
}

enum rb_err rb_lot_contact(const struct rb_situation *s, uint32_t lot, struct rb_arena *a,
                           struct rb_contact_lot *out) {
    struct rb_lot l;
    if (lot >= s->lots_n ||
        (s->lots[lot].kind != RB_KIND_CONTACT && s->lots[lot].kind != RB_KIND_READOUT))
        return RB_ERR_NOT_FOUND;
    RB_TRY(rb_lot_make(s, lot, a, &l));
    struct contacts c = {.l = &l, .view = true};
    RB_TRY(settle(&c, a));
    struct rb_contact_view *contact =
        rb_arena_array(a, how_many(&c, RB_KIND_CONTACT), sizeof *contact);
    struct rb_readout_view *readout =
        rb_arena_array(a, how_many(&c, RB_KIND_READOUT), sizeof *readout);
    if (contact == NULL || readout == NULL) return RB_ERR_LIMIT;
    struct rb_contact_lot v = {.contacts = contact, .readouts = readout};
    for (size_t i = 0; i < l.n; i++) {
        if (l.e[i].own == NULL || l.e[i].state == RB_STATE_MARKED) continue;
        if (is_own(&c, i, RB_KIND_CONTACT)) show_contact(&c, i, &contact[v.contacts_n++]);
        if (!is_own(&c, i, RB_KIND_READOUT)) continue;
        show_readout(&c, i, &readout[v.readouts_n]);
        v.agreed = v.agreed || readout[v.readouts_n].agreed;
        v.readouts_n++;
    }
    *out = v;
    return RB_OK;
}
