/* Who moves a plan about and asks each time learns where a closed place is: how often our checks
 * met one is counted, said in our log, and limited (spec 10.6.10, 10.6.15). When they did is kept
 * across a restart; of which plan is not, for nothing of a plan goes to the disk. */
#include "node_int.h"

static const struct rb_hash unknown;
static const uint32_t thresholds[2] = {RB_PROBE_RECORD, RB_PROBE_REFUSE};

static struct rb_probe_member *ours(const struct channel *ch) {
    return &ch->probing->probe.of[ch->own_member];
}

bool probing_may(const struct channel *ch, int64_t utc_ms, int64_t *again_utc_ms) {
    *again_utc_ms = utc_ms;
    if (!ch->probing) return true;
    *again_utc_ms = rb_probe_again_ms(&ch->probing->probe, ch->own_member, utc_ms);
    return rb_probe_ask(&ch->probing->probe, ch->own_member, utc_ms) != RB_PROBE_REFUSED;
}

static bool probing_open(struct rb_node *n, struct channel *ch) {
    if (!ch->probing) ch->probing = rb_region_alloc(&n->region, sizeof *ch->probing);
    return ch->probing != NULL;
}

static void forget(struct channel *ch, uint32_t i) {
    struct rb_probe_member *m = ours(ch);
    struct rb_hash *plans = ch->probing->plans;
    m->n--;
    memmove(m->met_ms + i, m->met_ms + i + 1, (m->n - i) * sizeof *m->met_ms);
    memmove(plans + i, plans + i + 1, (m->n - i) * sizeof *plans);
    m->next = m->n;
}

/* Before another is put in: those that count no more are gone, and there is room for one. */
static void forget_old(struct channel *ch, int64_t utc_ms) {
    struct rb_probe_member *m = ours(ch);
    for (uint32_t i = m->n; i-- > 0;)
        if (!rb_probe_counts(m->met_ms[i], utc_ms)) forget(ch, i);
    if (m->n == RB_PROBE_REFUSE) forget(ch, 0);
}

static void put(struct channel *ch, int64_t utc_ms, const struct rb_hash *plan) {
    ch->probing->plans[ours(ch)->next] = *plan;
    rb_probe_met(&ch->probing->probe, ch->own_member, utc_ms);
}

static bool known(const struct channel *ch, const struct rb_hash *plan, int64_t utc_ms) {
    const struct rb_probe_member *m = ours(ch);
    for (uint32_t i = 0; i < m->n; i++)
        if (rb_hash_eq(&ch->probing->plans[i], plan) && rb_probe_counts(m->met_ms[i], utc_ms))
            return true;
    return false;
}

/* ---- on disk: u8 1 | i64 said, twice | i64 met, of each
 * ------------------------------------------
 */
static uint64_t keep(struct rb_node *n, const struct channel *ch) {
    const struct rb_probe_member *m = ours(ch);
    uint8_t value[17 + 8 * RB_PROBE_REFUSE];
    struct rb_writer w = rb_writer(value, sizeof value);
    rb_put_u8(&w, 1);
    for (size_t i = 0; i < 2; i++)
        rb_put_u64(&w, (uint64_t)ch->probing->said_utc[i]);
    for (uint32_t i = 0; i < m->n; i++)
        rb_put_u64(&w, (uint64_t)m->met_ms[i]);
    return node_store_meta(n, RB_TABLE_PROBED, rb_slice(ch->id, RB_CHANNEL_LEN), rb_written(&w));
}

enum rb_err probing_load(struct rb_node *n, struct rb_slice key, struct rb_slice value) {
    struct channel *ch = key.n == RB_CHANNEL_LEN ? node_channel_find(n, key.p) : NULL;
    struct rb_reader r = rb_reader(value);
    uint8_t version;
    uint64_t v;
    if (!ch) return RB_ERR_NOT_FOUND;
    RB_TRY(rb_get_u8(&r, &version));
    if (version != 1 || value.n > 17 + 8 * (size_t)RB_PROBE_REFUSE) return RB_ERR_MALFORMED;
    if (!probing_open(n, ch)) return RB_ERR_LIMIT;
    for (size_t i = 0; i < 2; i++) {
        RB_TRY(rb_get_u64(&r, &v));
        ch->probing->said_utc[i] = (int64_t)v;
    }
    while (rb_left(&r)) {
        RB_TRY(rb_get_u64(&r, &v));
        put(ch, (int64_t)v, &unknown);
    }
    return RB_OK;
}

/* ---- counting ----------------------------------------------------------------------------------
 */
static enum rb_err say(struct rb_node *n, struct channel *ch) {
    const struct rb_probe_member *m = ours(ch);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = node_writer(n, 64);
    if (!rec || !w.p) return RB_ERR_LIMIT;
    rb_cbor_put_map(&w, 3);
    rb_cbor_put_uint(&w, 1);
    rb_cbor_put_uint(&w, RB_SERVICE_PROBED);
    rb_cbor_put_uint(&w, 10);
    rb_cbor_put_uint(&w, m->n);
    rb_cbor_put_uint(&w, 11);
    rb_cbor_put_uint(&w, (uint64_t)m->met_ms[0]);
    rec->kind = RB_KIND_SERVICE;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    RB_TRY(rb_body_check(rec->kind, rec->body, NULL));
    return machine_make(n, ch, rec, 0);
}

/* Each number once within the window, however the count goes up and down about it. */
static void say_if_due(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < 2; i++) {
        int64_t *said = &ch->probing->said_utc[i];
        if (ours(ch)->n != thresholds[i]) continue;
        if (*said && rb_probe_counts(*said, n->now.utc_ms)) continue;
        if (say(n, ch) == RB_OK)
            *said = n->now.utc_ms;
        else
            n->overflow = true; /* the count stands all the same */
    }
}

enum rb_err probing_met(struct rb_node *n, struct channel *ch, const struct rb_hash *plan) {
    if (!probing_open(n, ch)) return RB_ERR_LIMIT;
    if (known(ch, plan, n->now.utc_ms)) return RB_OK;
    forget_old(ch, n->now.utc_ms);
    put(ch, n->now.utc_ms, plan);
    say_if_due(n, ch);
    keep(n, ch);
    return RB_OK;
}

void probing_released(struct rb_node *n, struct channel *ch, const struct rb_hash *plan) {
    if (!ch->probing || rb_hash_eq(plan, &unknown)) return;
    for (uint32_t i = ours(ch)->n; i-- > 0;)
        if (rb_hash_eq(&ch->probing->plans[i], plan)) {
            forget(ch, i);
            keep(n, ch);
            return;
        }
}

void probing_submit(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    struct channel *ch = node_channel_find(n, ev->u.submit.channel);
    uint64_t before = n->next_ticket;
    if (!ch || !ch->own) {
        (void)rb_reject(&rj, ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                        ch ? "the channel is not joined yet" : "no such channel", 0);
    } else {
        enum rb_err err = probing_met(n, ch, &ev->u.submit.record);
        if (err != RB_OK) (void)rb_reject(&rj, err, "6.11.9", rb_err_text(err), 0);
    }
    if (rj.err != RB_OK) {
        submit_refused(n, ev, &rj, RB_MARK_NONE);
        return;
    }
    uint64_t after = n->next_ticket > before ? n->next_ticket - 1 : 0;
    submit_done(n, ev->u.submit.token, RB_OK, NULL, NULL, RB_MARK_NONE, NULL, ch->id, after);
}
