/* Opening bodies that are here: the shell reads and decrypts, the node compares with what the leaf
 * commits to. A few at a time, positions first and attachments last. What was opened once is known
 * to be good also after a restart; its content is read again then, in the background.
 * Clauses 9.4.8, 9.5.1, 9.5.4. */
#include "node_int.h"
#include "readback/sealed.h"

#define CHECK_ROOM ((size_t)256 << 10) /* commitments and parts of one head */

/* ---- the queue: places by index + 1, so that no memory is needed to put one in
 * --------------------- */
void open_queue(struct channel *ch, struct place *p, bool front) {
    size_t turn = p->kind == RB_KIND_POSITION ? 0 : p->kind == RB_KIND_ATTACHMENT ? 2 : 1;
    struct chain *c = &ch->opening[turn];
    uint32_t me = (uint32_t)(p - ch->places) + 1;
    if (p->opening || p->opened) return;
    p->opening = true;
    p->open_next = front ? c->first : 0;
    if (front || c->first == 0) c->first = me;
    if (!front && c->last) ch->places[c->last - 1].open_next = me;
    if (!front || p->open_next == 0) c->last = me;
    ch->body_work = true;
}

static struct place *queue_head(struct channel *ch, struct chain **of) {
    for (size_t i = 0; i < 3; i++)
        if (ch->opening[i].first) {
            *of = &ch->opening[i];
            return &ch->places[ch->opening[i].first - 1];
        }
    return NULL;
}

static void queue_next(struct chain *c, struct place *p) {
    c->first = p->open_next;
    if (c->first == 0) c->last = 0;
    p->open_next = 0;
    p->opening = false;
}

static bool ask_open(struct rb_node *n, struct channel *ch, struct place *p) {
    struct job *j = node_job(n, JOB_OPEN);
    if (!j) return false;
    const struct body *b = &ch->bodies[p->body];
    j->ch = ch;
    j->from = (uint64_t)(p - ch->places);
    j->to = n->unlocks;
    struct rb_effect *e = node_effect(n, RB_EF_OPEN);
    e->u.open.token = j->id;
    e->u.open.body = body_ref(ch, b);
    e->u.open.kind = (enum rb_kind)p->kind;
    e->u.open.size = b->size;
    n->opening++;
    return true;
}

static void settle_as_others(struct rb_node *n, struct channel *ch, struct place *p);

void open_some(struct rb_node *n, struct channel *ch) {
    struct chain *c = NULL;
    struct place *p;
    while (!n->locked && n->opening < RB_OPENING_MAX && (p = queue_head(ch, &c)) != NULL) {
        const struct body *b = &ch->bodies[p->body];
        if (b->state != RB_BODY_HELD || p->opened || p->verdict == VERDICT_BAD) {
            queue_next(c, p);
            continue;
        }
        if (p->kind == RB_KIND_ATTACHMENT && b->as_file && node_room(n, 4096)) {
            queue_next(c, p);
            settle_as_others(n, ch, p);
            continue;
        }
        if (n->now.mono_ms < ch->open_at) {
            body_wake(ch, ch->open_at);
            return;
        }
        if (b->ticket > n->stored_ticket) return; /* not durable yet; STORED looks again */
        if (!ask_open(n, ch, p)) {
            ch->open_at = n->now.mono_ms + RB_RETRY_MIN_MS;
            body_wake(ch, ch->open_at);
            return;
        }
        queue_next(c, p);
        p->opening = true; /* until the answer: not queued twice */
    }
}

/* ---- verdicts ----------------------------------------------------------------------------------
 */
static void keep_verdict(struct rb_node *n, struct channel *ch, struct place *p) {
    struct body *b = &ch->bodies[p->body];
    if (b->place != (uint32_t)(p - ch->places)) return; /* another record's of the same bytes */
    if (b->verdict == p->verdict && b->verdict_why == p->why) return;
    b->verdict = p->verdict;
    b->verdict_why = p->why;
    body_store_meta(n, ch, b);
}

static void tell(struct rb_node *n, struct channel *ch, const struct place *p,
                 const struct rb_reject *rj) {
    const struct rb_fact *f = &p->fx->f->facts[p->leaf];
    if (!p->fx->own)
        node_alert(n, RB_ALERT_BODY, ch, &f->id, p->fx->f->member, NULL, f->precedence, p->leaf,
                   rj);
}

static void retry(struct rb_node *n, struct channel *ch, struct place *p) {
    open_queue(ch, p, false);
    ch->open_at = n->now.mono_ms + RB_BODY_RETRY_MIN_MS;
}

static void open_bad(struct rb_node *n, struct channel *ch, struct place *p, enum body_why why,
                     enum rb_err err) {
    struct rb_reject rj = {err, "9.5.3", body_why(why), 0};
    p->verdict = VERDICT_BAD;
    p->why = (uint8_t)why;
    keep_verdict(n, ch, p);
    tell(n, ch, p, &rj);
    told_queue(ch, p);
    ch->counted = false;
    told_due(n, ch);
}

void open_good(struct rb_node *n, struct channel *ch, struct place *p, struct rb_slice body) {
    struct rb_feed *f = p->fx->f;
    enum rb_err err = rb_book_open_body(&ch->book, f, (size_t)p->leaf, body, &n->work);
    if (err == RB_ERR_LIMIT) {
        n->overflow = true;
        retry(n, ch, p);
        return;
    }
    if (err != RB_OK) {
        open_bad(n, ch, p, WHY_FORM, err);
        return;
    }
    bool news = p->verdict != VERDICT_GOOD;
    p->opened = true;
    p->verdict = VERDICT_GOOD;
    p->why = WHY_NONE;
    keep_verdict(n, ch, p);
    if (news) tell(n, ch, p, NULL);
    node_changed(n, ch, &f->facts[p->leaf]);
    places_opened(n, p->fx, p->leaf, body, news);
    ch->counted = false;
    told_due(n, ch);
}

/* The bytes here are not those that were named: they go, and others are asked for. */
static void wrong_bytes(struct rb_node *n, struct channel *ch, struct body *b) {
    body_delete(n, ch, b);
    b->state = RB_BODY_MISSING;
    b->wrong = true;
    b->as_file = false;
    b->verdict = VERDICT_UNKNOWN;
    b->verdict_why = WHY_NONE;
    for (uint32_t at = b->place; at != RB_NONE; at = ch->places[at].next) {
        struct place *p = &ch->places[at]; /* what was read stays read */
        if (p->why != WHY_SIZE && !p->opened) p->verdict = VERDICT_UNKNOWN;
    }
    body_store_meta(n, ch, b);
    fetch_failed(n, b, WHY_HASH);
    fetch_want(ch, b);
    told_due(n, ch);
}

/* ---- answers -----------------------------------------------------------------------------------
 */
enum rb_err open_check(struct rb_node *n, const struct rb_record *rec, struct rb_slice head,
                       const struct rb_hash *content, struct rb_slice *body, struct rb_reject *rj) {
    size_t mark = rb_arena_mark(&n->work);
    uint8_t *room = rb_arena_alloc(&n->work, CHECK_ROOM);
    struct rb_sealed_head h;
    if (!room) return RB_ERR_LIMIT;
    struct rb_arena a = rb_arena(room, CHECK_ROOM);
    bool attached = rec->kind == RB_KIND_ATTACHMENT;
    enum rb_err err = rb_sealed_check(rec, head, attached ? content : NULL, &a, &h, rj);
    if (err == RB_OK) *body = h.body;
    rb_wipe(room, CHECK_ROOM); /* parts of the plaintext */
    rb_arena_release(&n->work, mark);
    return err;
}

/* The leaf itself is not at hand any more; the fact has what it commits to. */
static enum rb_err check_place(struct rb_node *n, const struct place *p, const struct rb_event *ev,
                               struct rb_slice *body) {
    const struct rb_fact *f = &p->fx->f->facts[p->leaf];
    const struct rb_detached *d = f->detached;
    size_t cap = d->commitments_n * (RB_HASH_LEN + 2) + 16;
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = rb_writer(rb_arena_alloc(&n->work, cap), cap);
    if (!rec || !w.p) return RB_ERR_LIMIT;
    rec->kind = (enum rb_kind)f->kind;
    rec->closed = true;
    rec->recipients = f->recipients;
    rec->ciphertext_hash = d->ciphertext;
    rec->ciphertext_size = d->size;
    rec->commitments_n = d->commitments_n;
    rb_commitments_encode(d->commitments, d->commitments_n, &w);
    RB_TRY(rb_writer_done(&w, &rec->commitments));
    struct rb_reject rj = {0};
    enum rb_err err = open_check(n, rec, ev->u.opened.head, &ev->u.opened.content, body, &rj);
    /* with a clause it is the body that is beyond its bounds, not our memory that is short */
    return err == RB_ERR_LIMIT && rj.clause ? RB_ERR_MALFORMED : err;
}

/* ---- attachments: one opening for all leaves that name the same bytes --------------------------
 */
/* Thousands of leaves cost their author little; 64 MiB to decrypt for each would cost us much. */
static void note_file(struct body *b, const struct rb_event *ev) {
    struct rb_sealed_head h;
    struct rb_hash made[2];
    struct rb_arena none = {0}; /* an attachment's parts are hashed where they are */
    b->file_why = WHY_FORM;
    b->as_file = true;
    if (rb_sealed_head_decode(RB_KIND_ATTACHMENT, ev->u.opened.head, &h, NULL) != RB_OK ||
        rb_sealed_commitments(RB_KIND_ATTACHMENT, &h, &ev->u.opened.content, &none, made) != RB_OK)
        return;
    b->file_why = WHY_NONE;
    rb_sha256(rb_slice(made, sizeof made), &b->file_list);
}

static void note_no_file(struct channel *ch, const struct place *p, enum body_why why) {
    struct body *b = &ch->bodies[p->body];
    if (p->kind != RB_KIND_ATTACHMENT) return;
    b->as_file = true;
    b->file_why = (uint8_t)why;
}

static void settle_as_others(struct rb_node *n, struct channel *ch, struct place *p) {
    const struct body *b = &ch->bodies[p->body];
    if (b->file_why == WHY_KEY && p->verdict == VERDICT_GOOD) return; /* read when we had the key */
    const struct rb_detached *d = p->fx->f->facts[p->leaf].detached;
    struct rb_hash list;
    rb_sha256(rb_slice(d->commitments, d->commitments_n * sizeof *d->commitments), &list);
    if (b->file_why == WHY_NONE && rb_hash_eq(&list, &b->file_list))
        open_good(n, ch, p, rb_slice(NULL, 0)); /* the rules read nothing of it */
    else
        open_bad(n, ch, p, b->file_why == WHY_NONE ? WHY_COMMITMENT : (enum body_why)b->file_why,
                 RB_ERR_PROOF);
}

static void read_head(struct rb_node *n, struct channel *ch, struct place *p,
                      const struct rb_event *ev) {
    struct rb_slice body;
    if (p->kind == RB_KIND_ATTACHMENT) note_file(&ch->bodies[p->body], ev);
    enum rb_err err = check_place(n, p, ev, &body);
    if (err == RB_OK) {
        open_good(n, ch, p, body);
    } else if (err == RB_ERR_LIMIT) {
        n->overflow = true;
        retry(n, ch, p);
    } else {
        open_bad(n, ch, p, err == RB_ERR_PROOF ? WHY_COMMITMENT : WHY_FORM, err);
    }
}

static void answered(struct rb_node *n, struct channel *ch, struct place *p, uint64_t asked,
                     const struct rb_event *ev) {
    switch ((int)ev->u.opened.err) {
    case RB_OK:
        read_head(n, ch, p, ev);
        break;
    case RB_ERR_STATE:
        n->locked |= asked == n->unlocks;
        open_queue(ch, p, true);
        told_due(n, ch);
        break;
    case RB_ERR_PROOF:
        wrong_bytes(n, ch, &ch->bodies[p->body]);
        break;
    case RB_ERR_NOT_FOUND: /* what was read once was sealed to a key that we had */
        note_no_file(ch, p, WHY_KEY);
        if (p->verdict != VERDICT_GOOD) open_bad(n, ch, p, WHY_KEY, RB_ERR_NOT_FOUND);
        break;
    case RB_ERR_SIGNATURE:
    case RB_ERR_MALFORMED:
    case RB_ERR_UNSUPPORTED:
        note_no_file(ch, p, WHY_CHANGED);
        open_bad(n, ch, p, WHY_CHANGED, ev->u.opened.err);
        break;
    default: /* it could not be read: our own disk's story */
        retry(n, ch, p);
        break;
    }
}

void open_answer(struct rb_node *n, const struct rb_event *ev) {
    struct job *j = node_job_find(n, ev->u.opened.token);
    if (!j || j->type != JOB_OPEN) return;
    struct channel *ch = j->ch;
    struct place *p = &ch->places[j->from];
    uint64_t asked = j->to;
    n->opening--;
    node_job_free(n, j);
    p->opening = false;
    for (size_t i = 0; i < n->channels_n; i++)
        n->channels[i]->body_work = true; /* there is room for another */
    /* purged, or deleted as wrong, meanwhile */
    if (ch->bodies[p->body].state == RB_BODY_HELD && !p->opened) answered(n, ch, p, asked, ev);
}

/* Other keys than those that it was tried with may be here by now. */
void open_key_again(struct place *p) {
    if (p->verdict == VERDICT_BAD && p->why == WHY_KEY) p->verdict = VERDICT_UNKNOWN;
}

void open_unlocked(struct rb_node *n) {
    n->locked = false;
    n->unlocks++;
    for (size_t c = 0; c < n->channels_n; c++) {
        struct channel *ch = n->channels[c];
        ch->open_at = 0;
        ch->body_work = true;
        for (size_t i = 0; i < ch->places_n; i++) {
            struct place *p = &ch->places[i];
            struct body *b = &ch->bodies[p->body];
            if (b->state != RB_BODY_HELD) continue;
            if (b->file_why == WHY_KEY) b->as_file = false;
            open_key_again(p);
            if (p->verdict != VERDICT_BAD) {
                p->grace_at = n->now.mono_ms + RB_BODY_GRACE_MS;
                open_queue(ch, p, false);
            }
        }
        if (ch->places_n) told_due(n, ch);
    }
}
