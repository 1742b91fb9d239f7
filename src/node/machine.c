/* Records the node makes by itself, and says so: line tests, receipts, silence (design §2, §6, §9).
 */
#include "guard.h"

static void sign(struct rb_node *n, struct job *j, const struct rb_key *key) {
    const struct rb_feed *f = j->fx->f;
    uint8_t kid[RB_KID_LEN];
    rb_key_id(key, kid);
    j->key = *key;
    struct rb_writer tbs = node_writer(n, j->buf.n + 512);
    rb_record_tbs(buf_slice(&j->buf), rb_slice(f->origin, f->origin_n), kid, 1, &tbs);
    struct rb_effect *e = node_effect(n, RB_EF_SIGN);
    e->u.sign.token = j->id;
    e->u.sign.use = RB_USE_NODE;
    e->u.sign.feed = node_feed_ref(j->fx);
    e->u.sign.message = rb_written(&tbs);
    e->u.sign.key = *key;
}

/* channel, created and seen are filled in; the node key signs; then the outbox as for any record.
 */
enum rb_err machine_make(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                         uint64_t token) {
    return machine_make_keeping(n, ch, rec, token, rb_slice(NULL, 0));
}

/* what goes before all that waits goes before a change of keys, too */
static const struct rb_key *key_of(const struct channel *ch, bool first) {
    const struct rb_key *k = first ? rb_feed_role_key(ch->own->f, RB_KEY_NODE) : keys_node(ch);
    return k && first && keys_revoked(ch, k) ? NULL : k;
}

static enum rb_err make(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                        uint64_t token, struct rb_slice kept, bool first) {
    const struct rb_key *key = key_of(ch, first);
    if (!key) return RB_ERR_STATE; /* 2.7.3 */
    rec->has_channel = true;
    memcpy(rec->channel, ch->id, RB_CHANNEL_LEN);
    rec->created_utc_ms = n->now.utc_ms;
    rec->signers_n = 0;
    size_t mark = rb_arena_mark(&n->work);
    RB_TRY(rb_book_seen(&ch->book, ch->own_member, ch->own->f->epoch, RB_MAX_SEEN, rec, &n->work));
    rb_arena_release(&n->work, mark);
    struct rb_writer w = node_writer(n, RB_MAX_LEAF);
    struct rb_slice payload;
    rb_payload_encode(rec, &w);
    RB_TRY(rb_writer_done(&w, &payload));
    struct job *j = node_job(n, JOB_SIGN_NODE);
    if (!j) return RB_ERR_LIMIT;
    j->ch = ch;
    j->fx = ch->own;
    j->time_s = token;
    j->partial = first;
    j->status = (int)rec->precedence;
    if (buf_put(n, &j->buf, payload.p, payload.n) != RB_OK ||
        buf_put(n, &j->list, kept.p, kept.n) != RB_OK) {
        node_job_free(n, j);
        return RB_ERR_LIMIT;
    }
    sign(n, j, key);
    return RB_OK;
}

enum rb_err machine_make_keeping(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                                 uint64_t token, struct rb_slice kept) {
    return make(n, ch, rec, token, kept, false);
}

enum rb_err machine_make_first(struct rb_node *n, struct channel *ch, struct rb_record *rec,
                               uint64_t token) {
    return make(n, ch, rec, token, rb_slice(NULL, 0), true);
}

/* A further epoch was opened while it was being signed: made anew, for that one. */
static bool made_anew(struct rb_node *n, struct job *j) {
    if (j->fx == j->ch->own) return false;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    if (!rec || rb_payload_decode(buf_slice(&j->buf), rec, NULL) != RB_OK ||
        make(n, j->ch, rec, j->time_s, buf_slice(&j->list), j->partial) != RB_OK)
        return false;
    node_job_free(n, j);
    return true;
}

void machine_signed(struct rb_node *n, struct job *j, enum rb_err err, const uint8_t *sig) {
    if (err == RB_OK && made_anew(n, j)) return;
    if (j->fx != j->ch->own) err = err == RB_OK ? RB_ERR_STATE : err;
    struct rb_signer s = {0};
    struct rb_slice leaf = {NULL, 0};
    const struct rb_key *now = key_of(j->ch, j->partial);
    if (err == RB_OK && now && j->fx == j->ch->own && !rb_key_eq(now, &j->key)) {
        sign(n, j, now); /* a rotation went ahead of it */
        return;
    }
    rb_key_id(&j->key, s.kid);
    memcpy(s.sig, sig, RB_SIG_LEN);
    struct rb_writer w = node_writer(n, j->buf.n + 256);
    if (err == RB_OK) err = rb_record_assemble(buf_slice(&j->buf), &s, 1, &w);
    if (err == RB_OK) err = rb_writer_done(&w, &leaf);
    if (err == RB_OK) err = own_enqueue(n, j->ch, leaf, (uint8_t)j->status, j->time_s);
    if (err == RB_OK) despite_said(n, leaf, buf_slice(&j->list));
    if (err == RB_OK && j->partial) own_to_front(j->ch, n->next_outbox - 1);
    if (j->partial) guard_overridden(n, j->ch, err == RB_OK);
    if (err != RB_OK) told_unsaid(n, j->ch);
    if (err != RB_OK && j->time_s)
        submit_done(n, j->time_s, err, "6.11.9", rb_err_text(err), RB_MARK_NONE, NULL, j->ch->id,
                    0);
    node_job_free(n, j);
}

/* ---- receipts ----------------------------------------------------------------------------------
 */
static bool covers_substance(const struct rb_feed *f, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to && i < f->facts_n; i++)
        if (f->facts[i].kind != RB_KIND_RECEIPT) return true;
    return false;
}

static uint64_t receipt_interval(struct rb_node *n, struct channel *ch) {
    uint64_t ms = ch->charter ? ch->charter->receipt_interval_ms : 0;
    uint64_t least = share_any_slow(n, ch) ? RB_RECEIPT_SLOW_MS : RB_RECEIPT_MIN_MS;
    return ms < least ? least : ms;
}

/* The first cosignature over each newly covered leaf. T has whole seconds: of those with the same T
 * the largest covers the same leaves from the same instant, so it alone is kept. */
void machine_queue_cosig(struct rb_node *n, struct feedx *fx, struct mirror *m,
                         const struct cosig *c) {
    struct channel *ch = fx->ch;
    if (c->size <= m->queued_to) return;
    bool substance = covers_substance(fx->f, m->queued_to, c->size);
    m->queued_to = c->size;
    if (m->queue_n && m->queue[m->queue_n - 1].time_s == c->time_s) {
        m->queue[m->queue_n - 1] = *c;
        return;
    }
    if (!substance) return;
    bool idle = true;
    for (size_t i = 0; i < fx->mirrors_n; i++)
        idle &= fx->mirrors[i].queue_n == 0;
    void *q = m->queue;
    if (rb_region_grow(&n->region, &q, &m->queue_cap, m->queue_n + 1, sizeof *m->queue) != RB_OK) {
        n->overflow = true;
        return;
    }
    m->queue = q;
    m->queue[m->queue_n++] = *c;
    uint64_t at = n->now.mono_ms + receipt_interval(n, ch);
    if (idle && ch->receipt_at < at) ch->receipt_at = at;
}

/* of any epoch of ours: what is cosigned of an earlier one is said in the present one */
bool machine_queued(const struct channel *ch) {
    for (size_t k = 0; k < ch->feeds_n; k++)
        for (size_t i = 0; ch->feeds[k]->own && i < ch->feeds[k]->mirrors_n; i++)
            if (ch->feeds[k]->mirrors[i].queue_n) return true;
    return false;
}

static size_t take_queued(struct rb_node *n, struct feedx *fx, struct rb_receipt_cosig *out,
                          size_t max) {
    size_t k = 0;
    (void)n;
    for (size_t i = 0; i < fx->mirrors_n; i++) {
        struct mirror *m = &fx->mirrors[i];
        size_t taken = 0;
        for (; taken < m->queue_n && k < max; taken++, k++) {
            out[k] = (struct rb_receipt_cosig){.member = fx->f->member,
                                               .epoch = fx->f->epoch,
                                               .size = m->queue[taken].size,
                                               .cosigner = m->member,
                                               .time_s = m->queue[taken].time_s};
            memcpy(out[k].sig, m->queue[taken].sig, RB_SIG_LEN);
        }
        if (taken) memmove(m->queue, m->queue + taken, (m->queue_n - taken) * sizeof *m->queue);
        m->queue_n -= taken;
    }
    return k;
}

static void receipts(struct rb_node *n, struct channel *ch) {
    struct feedx *fx = ch->own;
    if (n->now.mono_ms >= ch->settle_at) {
        ch->settle_at = UINT64_MAX;
        told_due(n, ch);
    }
    if (fx->left_at) { /* nobody takes more of this feed: nothing is receipted any more */
        ch->receipt_at = UINT64_MAX;
        return;
    }
    if (ch->receipt_at == UINT64_MAX) ch->receipt_at = n->now.mono_ms; /* a further epoch */
    bool due = machine_queued(ch) || ch->bodies_dirty;
    if (!due || n->now.mono_ms < ch->receipt_at || own_waits(fx)) return;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_receipt r = {0};
    r.cosigs = rb_arena_array(&n->work, RB_MAX_RECEIPT_ENTRIES, sizeof *r.cosigs);
    r.bodies = rb_arena_array(&n->work, RB_MAX_RECEIPT_ENTRIES, sizeof *r.bodies);
    if (!rec || !r.cosigs || !r.bodies) return;
    r.bodies_n = told_collect(n, ch, r.bodies);
    for (size_t i = 0; i < ch->feeds_n; i++)
        if (ch->feeds[i]->own)
            r.cosigs_n += take_queued(n, ch->feeds[i], r.cosigs + r.cosigs_n,
                                      RB_MAX_RECEIPT_ENTRIES - r.cosigs_n);
    if (r.bodies_n + r.cosigs_n == 0) return;
    struct rb_writer w = node_writer(n, RB_MAX_LEAF);
    rb_receipt_encode(&r, &w);
    rec->kind = RB_KIND_RECEIPT;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    told_said(ch, &r);
    if (machine_make(n, ch, rec, 0) != RB_OK) {
        n->overflow = true;
        told_unsaid(n, ch);
    }
    ch->receipt_at = n->now.mono_ms + receipt_interval(n, ch);
}

/* ---- line tests ---------------------------------------------------------------------------------
 */
static void line_test(struct rb_node *n, struct channel *ch) {
    if (!ch->charter || ch->charter_state != RB_CHARTER_IN_FORCE || ch->standing.left) return;
    if (own_waits(ch->own)) return; /* a test that waits unsigned tests nothing */
    uint64_t step = (uint64_t)ch->charter->test_interval_s * 1000;
    if (step == 0 || n->now.utc_ms <= 0) return;
    uint64_t slot = (uint64_t)n->now.utc_ms / step * step;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    /* one slot back is a clock that was adjusted; more is one that was wrong, and the line is
     * tested again */
    if (!rec || (slot <= ch->last_test_slot && ch->last_test_slot - slot <= step)) return;
    ch->last_test_slot = slot;
    struct rb_test t = {.slot_utc_ms = slot, .sequence = ++ch->test_sequence};
    struct rb_writer w = node_writer(n, 64);
    rb_test_encode(&t, &w);
    rec->kind = RB_KIND_TEST;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    if (machine_make(n, ch, rec, 0) != RB_OK) n->overflow = true;
}

/* ---- silence ------------------------------------------------------------------------------------
 */
static void silence_attempts(const struct peer *p, struct rb_silence *s) {
    size_t k = p->attempts_n < 8 ? p->attempts_n : 8;
    for (size_t i = 0; i < k; i++) {
        const struct attempt *a = &p->attempts[(p->attempts_n - k + i) % 8];
        s->attempts[s->attempts_n++] = (struct rb_silence_attempt){a->utc_ms, rb_str(a->outcome)};
    }
}

/* What we know and nothing more: what was last held, our own link, each attempt (design §9). */
static void say_silence(struct rb_node *n, struct feedx *own, struct rb_silence *s) {
    struct channel *ch = own->ch;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct peer *p = node_member_peer(n, ch, s->member);
    struct mirror *m = own_mirror(n, own, s->member);
    if (!rec || !p || !m || !keys_node(ch)) return;
    s->held_size = m->covered;
    s->held_time_s = m->covered_time_s;
    s->link = p->link;
    s->link_since_utc_ms = p->link_since;
    silence_attempts(p, s);
    struct rb_writer w = node_writer(n, 4096);
    rb_silence_encode(s, &w);
    rec->kind = RB_KIND_SILENCE;
    rec->precedence = RB_ROUTINE;
    rec->body = rb_written(&w);
    if (s->has_subject) {
        rec->refs[RB_REF_ABOUT].n = 1;
        rec->refs[RB_REF_ABOUT].h[0] = s->subject;
    }
    node_alert(n, RB_ALERT_DUE_MISSED, ch, s->has_subject ? &s->subject : NULL, s->member,
               &p->party, RB_IMMEDIATE, 0, NULL);
    if (machine_make(n, ch, rec, 0) != RB_OK) n->overflow = true;
}

static bool says_it(struct rb_slice body, const struct rb_silence *s) {
    struct rb_silence was;
    if (rb_silence_decode(body, &was, NULL) != RB_OK) return false;
    if (was.member != s->member || was.about != s->about || was.has_subject != s->has_subject)
        return false;
    return s->has_subject ? rb_hash_eq(&was.subject, &s->subject) : was.due_utc_ms >= s->due_utc_ms;
}

/* Only what says the same holds it back: an outbox may wait for hours, behind a slow line or the
 * guard. */
static bool waits(struct rb_node *n, const struct outbox_item *item, const struct rb_silence *s) {
    bool same = false;
    for (; item && !same; item = item->next) {
        size_t mark = rb_arena_mark(&n->work);
        struct rb_record *rec =
            item->kind == RB_KIND_SILENCE ? rb_arena_alloc(&n->work, sizeof *rec) : NULL;
        same = rec && rb_record_decode(buf_slice(&item->leaf), rec, NULL) == RB_OK &&
               says_it(rec->body, s);
        rb_arena_release(&n->work, mark);
    }
    return same;
}

static bool being_signed(struct rb_node *n, const struct channel *ch, const struct rb_silence *s) {
    bool same = false;
    for (const struct job *j = n->jobs; j && !same; j = j->next) {
        if (j->type != JOB_SIGN_NODE || j->ch != ch) continue;
        size_t mark = rb_arena_mark(&n->work);
        struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
        same = rec && rb_payload_decode(buf_slice(&j->buf), rec, NULL) == RB_OK &&
               rec->kind == RB_KIND_SILENCE && says_it(rec->body, s);
        rb_arena_release(&n->work, mark);
    }
    return same;
}

/* Have we said so already, in the log or on its way there? */
static bool said(struct rb_node *n, struct channel *ch, const struct rb_situation *sit,
                 const struct rb_silence *s) {
    for (size_t i = 0; i < sit->silences_n; i++) {
        uint32_t rec = sit->silences[i].record;
        if (sit->silences[i].member != s->member || rb_situation_author(sit, rec) != ch->own_member)
            continue;
        if (says_it(rb_situation_fact(sit, rec)->body, s)) return true;
    }
    if (ch->outbox_n >= RB_MAX_OUTBOX) return true; /* when some of it is logged we look again */
    return waits(n, ch->outbox, s) || waits(n, ch->stale, s) || being_signed(n, ch, s);
}

/* our feed, of whichever epoch, that the record stands in */
static struct feedx *subject_feed(struct channel *ch, const struct rb_situation *sit, uint32_t at) {
    const struct rb_feed *f = ch->book.feeds[sit->order[at].place.feed];
    struct feedx *fx = node_feedx(ch, f->member, f->epoch);
    return fx && fx->own ? fx : ch->own;
}

static void silent_dues(struct rb_node *n, struct channel *ch, const struct rb_situation *sit) {
    for (size_t i = 0; i < sit->dues_n; i++) {
        const struct rb_sit_due *d = &sit->dues[i];
        /* time 0: its answer time has not begun, and a new receipt makes us look again */
        if (d->state == RB_DUE_PENDING && d->answer == RB_NOWHERE && d->due_utc_ms != 0 &&
            d->due_utc_ms < ch->next_due_utc)
            ch->next_due_utc = d->due_utc_ms + 1;
        if (d->state != RB_DUE_MISSED || rb_situation_author(sit, d->subject) != ch->own_member)
            continue;
        const struct rb_fact *subject = rb_situation_fact(sit, d->subject);
        struct feedx *own = subject_feed(ch, sit, d->subject);
        const struct mirror *m = own_mirror(n, own, d->member);
        struct rb_silence s = {.about = RB_SILENCE_DEMAND,
                               .has_subject = true,
                               .subject = subject->id,
                               .member = d->member,
                               .due_utc_ms = d->due_utc_ms};
        /* of a closed record the leaf alone is no delivery (9.5.5); what was cosigned is the feed
         */
        const struct rb_place *at = &sit->order[d->subject].place;
        s.delivered = m && ch->book.feeds[at->feed]->branch == 0 && m->covered > at->leaf &&
                      (!subject->closed || (sit->order[d->subject].bodies >> d->member & 1));
        if (!said(n, ch, sit, &s)) say_silence(n, own, &s);
    }
}

static void silent_tests(struct rb_node *n, struct channel *ch, const struct rb_situation *sit) {
    int64_t step = (int64_t)ch->charter->test_interval_s * 1000;
    int64_t grace = (int64_t)ch->charter->test_grace_s * 1000;
    if (step == 0 || ch->charter_state != RB_CHARTER_IN_FORCE) return;
    int64_t next = (n->now.utc_ms - grace) / step * step + step + grace + 1;
    if (next < ch->next_due_utc) ch->next_due_utc = next;
    for (size_t i = 0; i < sit->members_n; i++) {
        const struct rb_sit_member *m = &sit->members[i];
        if (m->index == ch->own_member || m->tests_missed == 0 || m->left) continue;
        struct rb_silence s = {.about = RB_SILENCE_TEST, .member = m->index};
        /* the first missed one of this streak: said once, however long it lasts. Before a slot
         * has come since our own start, what we missed may still be coming in. */
        int64_t last = (n->now.utc_ms - grace) / step * step;
        s.due_utc_ms = last - ((int64_t)m->tests_missed - 1) * step;
        if (last < n->started_at.utc_ms) continue;
        if (!said(n, ch, sit, &s)) say_silence(n, ch->own, &s);
    }
}

/* Our own standing is about to change: what came after that in our log would be marked. */
static bool moving(const struct channel *ch) {
    for (const struct outbox_item *item = ch->outbox; item; item = item->next)
        if (item->kind == RB_KIND_MEMBERSHIP) return true;
    return false;
}

static void look(struct rb_node *n, struct channel *ch) {
    bool due = ch->next_due_utc <= n->now.utc_ms || ch->remind_utc <= n->now.utc_ms;
    if (!(ch->dirty && n->now.mono_ms >= ch->fold_at) && !due) return;
    const struct rb_situation *sit;
    size_t mark = rb_arena_mark(&n->work);
    if (node_refresh_rules(n, ch) != RB_OK || stand_sync(n, ch, n->now.utc_ms, &sit) != RB_OK) {
        n->overflow = true;
        ch->dirty = true;
        ch->fold_at = n->now.mono_ms + 60000;
        ch->next_due_utc = ch->remind_utc = n->now.utc_ms + 60000;
        return;
    }
    ch->dirty = false;
    stand_tell(n, ch);
    arrive_folded(ch);
    remind_due(n, ch, sit);
    if (ch->truce_until < ch->remind_utc) ch->remind_utc = ch->truce_until;
    ch->next_due_utc = INT64_MAX;
    if (!ch->charter) return;
    if (n->now.mono_ms < n->started_at.mono_ms + RB_SETTLE_MS) {
        ch->next_due_utc = n->now.utc_ms + (int64_t)RB_SETTLE_MS;
        return;
    }
    /* Who left or suspended its part may say nothing of others' silence (5.7.1, 5.7.3): it would be
     * marked, so never be found said, and be made anew each time. What moves the standing comes
     * here. */
    if (!ch->standing.left && !ch->standing.suspended && !moving(ch)) {
        silent_dues(n, ch, sit);
        silent_tests(n, ch, sit);
    }
    rb_arena_release(&n->work, mark);
}

bool machine_reading(const struct rb_node *n) {
    for (size_t i = 0; i < n->channels_n && n->has_self; i++)
        if (n->channels[i]->own && n->channels[i]->later.n > 0) return true;
    return false;
}

void machine_timers(struct rb_node *n, struct channel *ch) {
    if (!ch->own || !n->has_self) return;
    const bool may = keys_node(ch) != NULL;
    if (ch->rules_dirty &&
        n->now.mono_ms >= ch->refresh_at) { /* a flood of positions is not a flood of folds */
        ch->refresh_at = n->now.mono_ms + 1000;
        for (size_t i = 0; i < ch->feeds_n; i++)
            ch->refresh_at += ch->feeds[i]->f->facts_n / 50;
        if (node_refresh_rules(n, ch) != RB_OK) n->overflow = true;
    }
    if (may) line_test(n, ch);
    if (may) receipts(n, ch);
    /* At first what is known of places is read, and the rest waits for it. Answers leave before. */
    if (n->timer) places_read_some(n, ch, RB_READ_STEP);
    if (ch->later.n > 0) return;
    look(n, ch);
    arrive_some(n, ch);
}
