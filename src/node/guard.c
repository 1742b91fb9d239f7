/* The start-up guard (spec 6.14): what others hold of ours is asked for before anything is signed
 * behind what was loaded from the store. The answer to others needs no signature of ours and no end
 * of our own guard, so that eleven nodes that start at once wait for nobody. What was found of our
 * own feeds is lost.c's. */
#include "guard.h"
#include "readback/text.h"

#define LOOK_BACK 1024u /* leaves looked at for an older receipt, where the last one is no good */
#define LOOK_VERIFY 8u  /* and signatures */
#define BAD_MAX 16u     /* notes that do not verify; the rest of the answer is not looked at */
#define NOTE_ROOM 1024u /* one note of an answer: origin, size, root, two lines */
#define SAY_AFTER_MS 2000u /* a guard that ends at once is not worth a word */
#define AGAIN_MS 5000u     /* who answered, but not this: asked again, doubling */

static uint64_t bit(uint16_t member) {
    return UINT64_C(1) << member;
}

static size_t count(uint64_t bits) {
    size_t k = 0;
    for (; bits; bits &= bits - 1)
        k++;
    return k;
}

/* ---- what is known of cosignatures, for the answer
 * -----------------------------------------------
 */
/* a line by `cosigner` on a checkpoint of this feed is stored; the log's line where the note has it
 */
void guard_cosigned(struct rb_node *n, struct feedx *fx, uint16_t cosigner, uint64_t size,
                    uint64_t time_s, const uint8_t sig[RB_SIG_LEN], struct rb_slice note) {
    struct rb_note *parsed = rb_arena_alloc(&n->work, sizeof *parsed);
    if (cosigner >= RB_MAX_MEMBERS) return;
    if (!fx->cosigned)
        fx->cosigned = rb_region_alloc(&n->region, RB_MAX_MEMBERS * sizeof *fx->cosigned);
    if (!fx->cosigned || size <= fx->cosigned[cosigner].size) return;
    struct cosigned *c = &fx->cosigned[cosigner];
    *c = (struct cosigned){.size = size, .time_s = time_s};
    memcpy(c->sig, sig, RB_SIG_LEN);
    if (!parsed || rb_note_decode(note, parsed, NULL) != RB_OK) return;
    struct rb_vkey key;
    rb_vkey_make(rb_slice(fx->f->origin, fx->f->origin_n), RB_SIG_ED25519, &fx->f->log_key, &key);
    for (size_t i = 0; i < parsed->sigs_n && !c->has_log; i++) {
        const struct rb_note_sig *s = &parsed->sigs[i];
        c->has_log =
            s->sig_n == RB_SIG_LEN && s->key_id == key.key_id && rb_slice_eq(s->name, key.name);
        if (c->has_log) memcpy(c->log, s->sig, RB_SIG_LEN);
    }
}

/* A receipt was judged: where the last word about each cosigner of that author's feeds stands. Only
 * the author logs what others cosigned of its feeds. */
void guard_judged(struct rb_node *n, struct feedx *fx, size_t index) {
    const struct rb_fact *f = &fx->f->facts[index];
    struct rb_receipt r;
    size_t mark = rb_arena_mark(&n->work);
    if (f->kind != RB_KIND_RECEIPT || f->mark != RB_MARK_NONE) return;
    if (rb_receipt_decode(f->body, &n->work, &r, NULL) == RB_OK)
        for (size_t i = 0; i < r.cosigs_n; i++) {
            const struct rb_receipt_cosig *c = &r.cosigs[i];
            struct feedx *of = c->member == fx->f->member && c->cosigner < RB_MAX_MEMBERS
                                   ? node_feedx(fx->ch, c->member, c->epoch)
                                   : NULL;
            if (!of) continue;
            if (!of->receipts)
                of->receipts = rb_region_alloc(&n->region, RB_MAX_MEMBERS * sizeof *of->receipts);
            if (of->receipts)
                of->receipts[c->cosigner] = (struct receipt_at){fx, (uint32_t)index + 1};
        }
    rb_arena_release(&n->work, mark);
}

/* ---- the answer
 * ----------------------------------------------------------------------------------
 */
struct found {
    uint64_t size, time_s;
    uint8_t sig[RB_SIG_LEN], log[RB_SIG_LEN];
    bool has_log;
    struct rb_key key;
};

static void checkpoint_text(struct rb_node *n, const struct feedx *fx, uint64_t size,
                            struct rb_writer *w) {
    struct rb_hash root;
    (void)n;
    rb_tree_root(&fx->f->tree, size, &root);
    rb_checkpoint_text(rb_slice(fx->f->origin, fx->f->origin_n), size, &root, w);
}

static bool good(struct rb_node *n, const struct feedx *fx, uint16_t cosigner, struct found *c) {
    uint8_t text[RB_MAX_ORIGIN + 128];
    struct rb_writer w = rb_writer(text, sizeof text);
    if (c->size == 0 || c->size > fx->f->tree.size) return false;
    checkpoint_text(n, fx, c->size, &w);
    return !w.over && rb_book_cosig_key(&fx->ch->book, cosigner, rb_written(&w), c->time_s, c->sig,
                                        &c->key) == RB_OK;
}

/* the largest cosignature in the receipt at (feed, leaf) that is larger than what was found */
static void in_receipt(struct rb_node *n, const struct feedx *fx, uint16_t cosigner,
                       const struct rb_fact *f, struct found *best, size_t *verified) {
    struct rb_receipt r;
    struct found c = {0};
    size_t mark = rb_arena_mark(&n->work);
    if (f->kind != RB_KIND_RECEIPT || f->mark != RB_MARK_NONE) return;
    if (rb_receipt_decode(f->body, &n->work, &r, NULL) == RB_OK)
        for (size_t i = 0; i < r.cosigs_n; i++) {
            const struct rb_receipt_cosig *x = &r.cosigs[i];
            if (x->cosigner != cosigner || x->member != fx->f->member || x->epoch != fx->f->epoch ||
                x->size <= c.size)
                continue;
            c.size = x->size;
            c.time_s = x->time_s;
            memcpy(c.sig, x->sig, RB_SIG_LEN);
        }
    rb_arena_release(&n->work, mark);
    if (c.size <= best->size) return;
    ++*verified;
    if (good(n, fx, cosigner, &c)) *best = c;
}

/* The last receipt has the largest one, but who wrote nonsense into it must not hide what came
 * before.
 */
static void in_receipts(struct rb_node *n, const struct feedx *fx, uint16_t cosigner,
                        struct found *best) {
    if (!fx->receipts || fx->receipts[cosigner].leaf == 0) return;
    const struct rb_feed *at = fx->receipts[cosigner].at->f;
    uint64_t before = best->size;
    size_t leaf = fx->receipts[cosigner].leaf, verified = 0;
    for (size_t k = 0; k < LOOK_BACK && leaf > 0 && verified < LOOK_VERIFY; k++, leaf--) {
        in_receipt(n, fx, cosigner, &at->facts[leaf - 1], best, &verified);
        if (best->size > before) return;
    }
}

static bool best_cosigned(struct rb_node *n, const struct feedx *fx, uint16_t cosigner,
                          struct found *best) {
    *best = (struct found){0};
    if (fx->cosigned && fx->cosigned[cosigner].size) {
        const struct cosigned *c = &fx->cosigned[cosigner];
        struct found f = {.size = c->size, .time_s = c->time_s, .has_log = c->has_log};
        memcpy(f.sig, c->sig, RB_SIG_LEN);
        memcpy(f.log, c->log, RB_SIG_LEN);
        if (good(n, fx, cosigner, &f)) *best = f;
    }
    in_receipts(n, fx, cosigner, best);
    return best->size > 0;
}

static void mirror_line(const struct feedx *fx, uint16_t cosigner, const struct found *c,
                        struct rb_writer *w) {
    char name[96];
    uint8_t blob[72];
    struct rb_writer nw = rb_writer(name, sizeof name), b = rb_writer(blob, sizeof blob);
    struct rb_vkey key;
    rb_put_z(&nw, "readback/");
    rb_put_hex(&nw, rb_book_member(&fx->ch->book, cosigner)->party.b, RB_HASH_LEN);
    rb_put_z(&nw, "/mirror");
    rb_put_u64(&b, c->time_s);
    rb_put(&b, c->sig, RB_SIG_LEN);
    rb_vkey_make(rb_written(&nw), RB_SIG_COSIGNATURE_V1, &c->key, &key);
    rb_note_sig_encode(&key, rb_written(&b), w);
}

static void put_cosigned(struct rb_node *n, const struct feedx *fx, uint16_t cosigner,
                         struct rb_writer *w) {
    struct found c;
    uint8_t note[NOTE_ROOM];
    struct rb_writer nw = rb_writer(note, sizeof note);
    if (!best_cosigned(n, fx, cosigner, &c)) return;
    checkpoint_text(n, fx, c.size, &nw);
    rb_put_u8(&nw, '\n');
    if (c.has_log) {
        struct rb_vkey key;
        rb_vkey_make(rb_slice(fx->f->origin, fx->f->origin_n), RB_SIG_ED25519, &fx->f->log_key,
                     &key);
        rb_note_sig_encode(&key, rb_slice(c.log, RB_SIG_LEN), &nw);
    }
    mirror_line(fx, cosigner, &c, &nw);
    if (nw.over) return;
    rb_put_u32(w, (uint32_t)nw.n);
    rb_put_slice(w, rb_written(&nw));
}

static void put_checkpoint(const struct feedx *fx, struct rb_writer *w) {
    const struct buf *note = fx->pending_size > fx->note_size ? &fx->pending : &fx->note;
    if (note->n == 0 || note->n > NOTE_ROOM) return;
    rb_put_u32(w, (uint32_t)note->n);
    rb_put_slice(w, buf_slice(note));
}

static struct rb_slice answer(struct rb_node *n, struct channel *ch, uint16_t asker) {
    struct rb_writer w = node_writer(n, ch->feeds_n * (NOTE_ROOM + 4) + 1);
    for (size_t i = 0; i < ch->feeds_n; i++) {
        const struct feedx *fx = ch->feeds[i];
        if (fx->f->member == asker)
            put_checkpoint(fx, &w);
        else
            put_cosigned(n, fx, asker, &w);
    }
    return rb_written(&w);
}

void guard_get(struct rb_node *n, struct channel *ch, uint64_t conn, struct peer *p) {
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    serve_respond(n, ch, conn, 200, "application/octet-stream", answer(n, ch, m->index));
}

/* ---- what others bring
 * ---------------------------------------------------------------------------
 */
/* A checkpoint of another's feed that our mirror key signed: nothing below it, and nothing that
 * does not go on from it, is cosigned (6.14.8). RB_ERR_SIGNATURE: it is none of ours. */
static enum rb_err cosigned_by_us(struct rb_node *n, struct channel *ch,
                                  const struct rb_note *note) {
    for (size_t i = 0; i < note->sigs_n; i++) {
        const struct rb_note_sig *s = &note->sigs[i];
        uint64_t time_s;
        uint8_t sig[RB_SIG_LEN];
        struct rb_key key;
        if (s->sig_n != 72 || !rb_slice_is(s->name, n->mirror_name)) continue;
        struct rb_reader r = rb_reader(rb_slice(s->sig, 72));
        RB_TRY(rb_get_u64(&r, &time_s));
        RB_TRY(rb_get_copy(&r, sig, sizeof sig));
        if (rb_book_cosig_key(&ch->book, ch->own_member, note->text, time_s, sig, &key) == RB_OK ||
            rb_cosignature_verify(&n->self.mirror, time_s, note->text, sig) == RB_OK)
            return RB_OK;
    }
    return RB_ERR_SIGNATURE;
}

static enum rb_err other_shown(struct rb_node *n, struct channel *ch, const struct rb_note *note,
                               const struct rb_checkpoint *cp) {
    struct feedx *fx = node_feedx_by_origin(n, cp->origin);
    if (cp->size <= (fx ? fx->head_size : load_head_known(n, RB_USE_MIRROR, cp->origin)))
        return RB_OK;
    RB_TRY(cosigned_by_us(n, ch, note));
    if (fx) {
        fx->head_size = cp->size;
        fx->head_root = cp->root;
        return RB_OK;
    }
    return load_head_keep(n, RB_USE_MIRROR, cp->origin, cp->size, &cp->root);
}

/* one note; not RB_OK: passed over */
static enum rb_err shown(struct rb_node *n, struct channel *ch, uint16_t member,
                         struct rb_slice bytes) {
    struct rb_note *note = rb_arena_alloc(&n->work, sizeof *note);
    struct rb_checkpoint cp;
    struct rb_origin o;
    if (!note) return RB_ERR_LIMIT;
    RB_TRY(rb_note_decode(bytes, note, NULL));
    RB_TRY(rb_checkpoint_decode(note->text, &cp, NULL));
    RB_TRY(rb_origin_decode(cp.origin, &o));
    const struct rb_book_member *of = rb_book_member_by_party(&ch->book, &o.party);
    if (memcmp(o.channel, ch->id, RB_CHANNEL_LEN) != 0 || o.exercise != ch->book.exercise || !of ||
        o.epoch >= RB_MAX_EPOCHS || cp.extensions.n > 0)
        return RB_ERR_MALFORMED;
    return of->index == ch->own_member ? lost_shown(n, ch, member, note, &cp)
                                       : other_shown(n, ch, note, &cp);
}

static const struct rb_reject unreadable = {RB_ERR_MALFORMED, "6.14.2", "lengths of notes", 0};

static bool lengths_ok(struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    struct rb_slice note;
    uint32_t len;
    for (size_t k = 0; rb_left(&r); k++)
        if (k == (size_t)RB_MAX_MEMBERS * RB_MAX_EPOCHS || rb_get_u32(&r, &len) != RB_OK ||
            len > RB_MAX_NOTE || rb_get_view(&r, len, &note) != RB_OK)
            return false;
    return true;
}

/* true: it counts as an answer */
static bool take_answer(struct rb_node *n, struct channel *ch, uint16_t member, struct peer *p,
                        struct rb_slice body) {
    struct rb_reader r = rb_reader(body);
    struct rb_slice note;
    uint32_t len;
    size_t bad = 0;
    struct rb_reject rj = {RB_ERR_SIGNATURE, "6.14.3", "shows as ours what our keys did not sign",
                           0};
    if (!lengths_ok(body)) return false;
    while (bad < BAD_MAX && rb_get_u32(&r, &len) == RB_OK && rb_get_view(&r, len, &note) == RB_OK) {
        size_t mark = rb_arena_mark(&n->work);
        bad += shown(n, ch, member, note) != RB_OK;
        rb_arena_release(&n->work, mark);
    }
    if (bad) node_alert(n, RB_ALERT_REFUSED, ch, NULL, member, &p->party, RB_ROUTINE, bad, &rj);
    ch->guard.answered |= bit(member);
    return true;
}

void guard_post(struct rb_node *n, struct channel *ch, struct rb_slice body, uint64_t conn,
                struct peer *p) {
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    if (m->index != ch->own_member && take_answer(n, ch, m->index, p, body))
        serve_respond(n, ch, conn, 200, "text/plain", rb_slice(NULL, 0));
    else
        serve_refuse(n, conn, p, 400, &unreadable);
}

/* ---- asking
 * --------------------------------------------------------------------------------------
 */
static void path_of(const struct channel *ch, struct rb_writer *w) {
    rb_put_z(w, "/rb/v1/held?channel=");
    rb_put_hex(w, ch->id, RB_CHANNEL_LEN);
}

static struct job *request(struct rb_node *n, struct channel *ch, uint16_t member, struct peer *p,
                           enum job_type type, struct rb_slice body) {
    struct job *j = node_job(n, type);
    if (!j) return NULL;
    j->ch = ch;
    j->peer = p;
    j->member = member;
    struct rb_writer w = node_writer(n, 128);
    path_of(ch, &w);
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = p->party;
    e->u.request.card = p->card_raw;
    e->u.request.post = type == JOB_REQ_BRING;
    e->u.request.path = rb_written(&w);
    e->u.request.body = body;
    e->u.request.timeout_ms = RB_REQUEST_MS;
    return j;
}

static bool to_be_asked(const struct channel *ch, const struct pullx *x, const struct peer *p) {
    return ch->guard.asking && p && p->card.addresses_n && !x->held &&
           !(ch->guard.answered & bit(x->member));
}

static void ask(struct rb_node *n, struct channel *ch) {
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct pullx *x = &ch->pulls[i];
        struct peer *p = node_member_peer(n, ch, x->member);
        if (!to_be_asked(ch, x, p) || n->now.mono_ms < x->held_at || n->now.mono_ms < p->retry_at)
            continue;
        x->held = request(n, ch, x->member, p, JOB_REQ_HELD, rb_slice(NULL, 0)) != NULL;
    }
}

/* One request that came to nothing may be a packet that got lost: it takes two. */
static void not_answered(struct rb_node *n, struct channel *ch, struct pullx *x, int status) {
    uint64_t wait = (uint64_t)AGAIN_MS << (x->held_failures < 4 ? x->held_failures : 4);
    x->held_failures++;
    if (status || x->held_failures >= 2) ch->guard.tried |= bit(x->member);
    x->held_at = n->now.mono_ms + (status ? wait : 0); /* else when the link is tried again */
}

void guard_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct channel *ch = j->ch;
    struct pullx *x = pull_of(ch, j->member);
    int status = ev->u.response.status;
    if (j->type == JOB_REQ_HELD && x) {
        x->held = false;
        bool readable =
            status == 200 && take_answer(n, ch, j->member, j->peer, ev->u.response.body);
        if (!readable) not_answered(n, ch, x, status);
        if (!readable && status == 200)
            node_alert(n, RB_ALERT_REFUSED, ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                       &unreadable);
    } else if (x) {
        x->bringing = false;
    }
    node_job_free(n, j);
}

/* ---- who is told
 * ---------------------------------------------------------------------------------
 */
static const struct rb_book_member *unanswered(const struct channel *ch, const struct peer *p) {
    const struct rb_book_member *m =
        ch->guard.on ? rb_book_member_by_party(&((struct channel *)(uintptr_t)ch)->book, &p->party)
                     : NULL;
    return m && !(ch->guard.answered & bit(m->index)) ? m : NULL;
}

void guard_line(const struct channel *ch, const struct peer *p, struct rb_writer *w) {
    if (p && unanswered(ch, p)) rb_put_z(w, "guard\n");
}

/* A held GET is answered for this once, and not again at once to who makes nothing of it. */
bool guard_tells(struct channel *ch, const struct peer *p) {
    const struct rb_book_member *m = unanswered(ch, p);
    if (!m || (ch->guard.told & bit(m->index))) return false;
    ch->guard.told |= bit(m->index);
    return true;
}

/* the line `guard` came: what we hold is brought, without being asked */
void guard_bring(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p) {
    if (x->bringing) return;
    x->bringing = request(n, ch, x->member, p, JOB_REQ_BRING, answer(n, ch, x->member)) != NULL;
}

/* ---- its end
 * -------------------------------------------------------------------------------------
 */
/* members to whom there is a line: they have an address, or we do */
static uint64_t lines(const struct rb_node *n, struct channel *ch, bool addressed) {
    uint64_t bits = 0;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct peer *p = node_member_peer(n, ch, ch->pulls[i].member);
        if (p && (p->card.addresses_n || (!addressed && n->self.addresses_n)))
            bits |= bit(ch->pulls[i].member);
    }
    return bits;
}

void guard_counts(const struct rb_node *n, struct channel *ch, struct guard_view *out) {
    uint64_t counted = ch->guard.ever & lines(n, ch, false);
    out->asked = counted | lines(n, ch, true);
    out->answered = ch->guard.answered & out->asked;
    out->need = counted ? count(counted) / 2 + 1 : 0;
    out->have = count(ch->guard.answered & counted);
}

/* who only calls us has as long to come as another has to answer */
static bool all_asked(struct rb_node *n, struct channel *ch) {
    const struct guard *g = &ch->guard;
    uint64_t here = lines(n, ch, true), calls = g->ever & lines(n, ch, false) & ~here;
    if (here & ~(g->answered | g->tried)) return false;
    return (calls & ~g->answered) == 0 || n->now.mono_ms >= n->started_at.mono_ms + RB_REQUEST_MS;
}

static void words(struct channel *ch, const struct guard_view *v) {
    struct rb_writer w = rb_writer(ch->guard.words, sizeof ch->guard.words);
    rb_put_z(&w, "asking the members what they hold of ours: ");
    rb_put_dec(&w, v->have);
    rb_put_z(&w, " of ");
    rb_put_dec(&w, v->need);
    rb_put_z(&w, " answered");
    (void)rb_writer_z(&w);
}

void guard_end(struct rb_node *n, struct channel *ch) {
    if (!ch->guard.on) return;
    ch->guard.on = false;
    node_alert(n, RB_ALERT_GUARD, ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE,
               count(ch->guard.answered), NULL);
    for (size_t i = 0; i < ch->feeds_n; i++) {
        struct feedx *fx = ch->feeds[i];
        fx->guarded = false;
        if (fx->own)
            own_maybe_sign(n, fx);
        else
            take_resume(n, fx);
    }
}

static void say(struct rb_node *n, struct channel *ch, const struct guard_view *v) {
    struct rb_reject rj = {RB_ERR_STATE, "6.14.6", ch->guard.words, 0};
    if (ch->guard.said || n->now.mono_ms < n->started_at.mono_ms + SAY_AFTER_MS) return;
    ch->guard.said = true;
    node_alert(n, RB_ALERT_WAITING, ch, NULL, RB_NO_MEMBER, NULL, RB_ROUTINE, v->need, &rj);
}

void guard_work(struct rb_node *n, struct channel *ch) {
    struct guard_view v;
    if (!ch->guard.asking || !n->has_self) return;
    ask(n, ch);
    if (!ch->guard.on) return;
    guard_counts(n, ch, &v);
    words(ch, &v);
    if (all_asked(n, ch) && v.have >= v.need && !ch->guard.opening)
        guard_end(n, ch);
    else
        say(n, ch, &v);
}

uint64_t guard_wake(struct rb_node *n, struct channel *ch) {
    uint64_t wake = UINT64_MAX, outward = n->started_at.mono_ms + RB_REQUEST_MS,
             words_at = n->started_at.mono_ms + SAY_AFTER_MS;
    if (!ch->guard.asking) return wake;
    if (ch->guard.on && !ch->guard.said) wake = words_at;
    if (ch->guard.on && n->now.mono_ms < outward && outward < wake) wake = outward;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct pullx *x = &ch->pulls[i];
        const struct peer *p = node_member_peer(n, ch, x->member);
        if (!to_be_asked(ch, x, p)) continue;
        uint64_t at = x->held_at > p->retry_at ? x->held_at : p->retry_at;
        if (at < wake) wake = at;
    }
    return wake;
}

/* ---- its beginning
 * -------------------------------------------------------------------------------
 */
/* all is loaded: own feeds that came from the store are guarded */
void guard_start(struct rb_node *n, struct channel *ch) {
    struct guard_view v;
    for (size_t i = 0; i < ch->feeds_n; i++) {
        struct feedx *fx = ch->feeds[i];
        if (!fx->own) continue;
        fx->guarded = ch->guard.on = ch->guard.asking = true;
        for (size_t k = 0; k < fx->mirrors_n; k++)
            if (fx->mirrors[k].covered || fx->mirrors[k].queued_to)
                ch->guard.ever |= bit(fx->mirrors[k].member);
    }
    if (!ch->guard.on) return;
    guard_counts(n, ch, &v);
    words(ch, &v);
}

/* Everybody is asked anew: a feed of ours has come to light of which nothing was known here. */
void guard_again(struct channel *ch) {
    ch->guard.on = ch->guard.asking = true;
    ch->guard.answered = ch->guard.tried = ch->guard.told = 0;
    for (size_t i = 0; i < ch->pulls_n; i++)
        ch->pulls[i].held_at = ch->pulls[i].held_failures = 0;
}

const char *own_unsigned(const struct feedx *fx) {
    if (fx->f->frozen) return "our feed has two histories: a new epoch is needed";
    if (fx != fx->ch->own) return "an earlier epoch is signed no more";
    if (fx->waiting) return fx->waiting;
    return fx->guarded ? fx->ch->guard.words : NULL;
}

/* what is logged already is still signed by a log key that was revoked: that may be the revocation
 */
const char *own_waits(const struct feedx *fx) {
    const char *why = own_unsigned(fx);
    if (!why && keys_revoked(fx->ch, &fx->f->log_key))
        why = "our log key was revoked: a new epoch is needed";
    return why;
}

/* ---- an operator ends it
 * -------------------------------------------------------------------------
 */
static enum rb_err override_body(struct rb_node *n, struct channel *ch, struct rb_slice reason,
                                 struct rb_writer *w) {
    struct guard_view v;
    guard_counts(n, ch, &v);
    uint64_t missing = v.asked & ~v.answered;
    rb_cbor_put_map(w, missing ? 3 : 2);
    rb_cbor_put_uint(w, 1);
    rb_cbor_put_uint(w, RB_SERVICE_OVERRIDE);
    if (missing) {
        rb_cbor_put_uint(w, 6);
        rb_cbor_put_array(w, count(missing));
        for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
            if (missing & bit(m)) rb_cbor_put_uint(w, m);
    }
    rb_cbor_put_uint(w, 7);
    rb_cbor_put_text(w, reason);
    return w->over ? RB_ERR_LIMIT : RB_OK;
}

static enum rb_err override_make(struct rb_node *n, const struct rb_event *ev,
                                 struct rb_reject *rj) {
    struct channel *ch = node_channel_find(n, ev->u.submit.channel);
    struct rb_slice reason = ev->u.submit.reason;
    if (!ch || !ch->own)
        return rb_reject(rj, ch ? RB_ERR_STATE : RB_ERR_NOT_FOUND, "6.2.8",
                         ch ? "the channel is not joined yet" : "no such channel", 0);
    if (!ch->guard.on)
        return rb_reject(rj, RB_ERR_STATE, "6.14.9", "the start-up guard has ended already", 0);
    if (ch->guard.overriding) return rb_reject(rj, RB_ERR_BUSY, "6.14.9", "it is being ended", 0);
    if (reason.n == 0 || reason.n > RB_MAX_TEXT)
        return rb_reject(rj, RB_ERR_MALFORMED, "6.14.9", "an override says why", 0);
    struct rb_record *rec = rb_arena_alloc(&n->work, sizeof *rec);
    struct rb_writer w = node_writer(n, reason.n + 256);
    if (!rec || !w.p) return rb_reject(rj, RB_ERR_LIMIT, "6.11.9", "no memory", 0);
    RB_TRY(override_body(n, ch, reason, &w));
    rec->kind = RB_KIND_SERVICE;
    rec->precedence = RB_FLASH;
    rec->body = rb_written(&w);
    RB_TRY(rb_body_check(rec->kind, rec->body, rj));
    RB_TRY(machine_make_first(n, ch, rec, ev->u.submit.token));
    ch->guard.overriding = true;
    return RB_OK;
}

void guard_override(struct rb_node *n, const struct rb_event *ev) {
    struct rb_reject rj = {0};
    enum rb_err err = override_make(n, ev, &rj);
    if (err == RB_OK) return;
    if (rj.err == RB_OK) (void)rb_reject(&rj, err, "6.14.9", rb_err_text(err), 0);
    submit_refused(n, ev, &rj, RB_MARK_NONE);
}

/* its record is first of what waits, or did not come to be */
void guard_overridden(struct rb_node *n, struct channel *ch, bool made) {
    ch->guard.overriding = false;
    if (made) guard_end(n, ch);
}
