/* Ways round: a cosignature whose author cannot be reached goes to a member between, and the author
 * asks there for those that do not come by themselves. Spec 6.18. */
#include "node_int.h"
#include "readback/text.h"

#define NOTE_ROOM (RB_MAX_ORIGIN + 1024u)

static bool callable(const struct peer *p) {
    return p && p->card.addresses_n && p->link != RB_LINK_DOWN;
}

/* ---- bringing ----------------------------------------------------------------------------------
 */
/* The author itself; where it cannot be reached whoever gave us the leaves, and else one after the
 * other those that can. */
struct peer *relay_way(struct rb_node *n, struct feedx *fx, struct peer *giver) {
    struct channel *ch = fx->ch;
    struct peer *author = node_member_peer(n, ch, fx->f->member);
    if (callable(author)) return author;
    if (callable(giver)) return giver;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct peer *p = node_member_peer(n, ch, ch->pulls[fx->via++ % ch->pulls_n].member);
        if (p != author && callable(p)) return p;
    }
    return author && author->card.addresses_n ? author : NULL;
}

/* mono when our cosignature of this feed is to be brought, since its author did not hear it as an
 * answer; UINT64_MAX: it has it. An answer may be lost, a process may end in between. */
uint64_t relay_time(struct rb_node *n, const struct feedx *fx) {
    if (fx->own || fx->cosig_line.n == 0) return UINT64_MAX;
    if (fx->told_size < fx->note_size) return fx->tell_at;
    /* it went to another, and now the author can be reached */
    if (fx->told_author < fx->note_size && callable(node_member_peer(n, fx->ch, fx->f->member)))
        return fx->tell_at;
    return UINT64_MAX;
}

void relay_failed(struct rb_node *n, struct feedx *fx) {
    fx->told_size = fx->told_author = 0;
    fx->tell_at = n->now.mono_ms + (uint64_t)5 * RB_RETRY_MIN_MS;
}

/* ---- given -------------------------------------------------------------------------------------
 */
static bool put_note(struct rb_node *n, const struct feedx *fx, uint16_t member, uint64_t above,
                     struct rb_writer *w) {
    const struct cosigned *c = fx->cosigned ? &fx->cosigned[member] : NULL;
    uint8_t note[NOTE_ROOM], blob[72];
    char name[96];
    struct rb_writer t = rb_writer(note, sizeof note), b = rb_writer(blob, sizeof blob),
                     nw = rb_writer(name, sizeof name);
    struct rb_hash root;
    struct rb_key key;
    struct rb_vkey log, mirror;
    struct rb_slice origin = rb_slice(fx->f->origin, fx->f->origin_n);
    (void)n;
    if (!c || !c->has_log || c->size <= above || c->size > fx->f->tree.size) return false;
    rb_tree_root(&fx->f->tree, c->size, &root);
    rb_checkpoint_text(origin, c->size, &root, &t);
    if (rb_book_cosig_key(&fx->ch->book, member, rb_written(&t), c->time_s, c->sig, &key) != RB_OK)
        return false;
    rb_put_u8(&t, '\n');
    rb_vkey_make(origin, RB_SIG_ED25519, &fx->f->log_key, &log);
    rb_note_sig_encode(&log, rb_slice(c->log, RB_SIG_LEN), &t);
    rb_put_z(&nw, "readback/");
    rb_put_hex(&nw, rb_book_member(&fx->ch->book, member)->party.b, RB_HASH_LEN);
    rb_put_z(&nw, "/mirror");
    rb_vkey_make(rb_written(&nw), RB_SIG_COSIGNATURE_V1, &key, &mirror);
    rb_put_u64(&b, c->time_s);
    rb_put(&b, c->sig, RB_SIG_LEN);
    rb_note_sig_encode(&mirror, rb_written(&b), &t);
    if (t.over) return false;
    rb_put_u32(w, (uint32_t)t.n);
    rb_put_slice(w, rb_written(&t));
    return true;
}

/* Its author asks, so somebody does not hear it: those who did not cosign what we hold of it are
 * shown our note once, and ask us then for what they lack (409, 6.8.3). */
static void show_others(struct rb_node *n, struct feedx *fx) {
    struct channel *ch = fx->ch;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct pullx *x = &ch->pulls[i];
        struct peer *p = node_member_peer(n, ch, x->member);
        bool has = fx->cosigned && fx->cosigned[x->member].size >= fx->note_size;
        bool shown = x->shown_of == fx && x->shown_size >= fx->note_size;
        if (x->member == fx->f->member || has || shown || !callable(p)) continue;
        x->shown_of = fx;
        x->shown_size = fx->note_size;
        pull_show(n, fx, p);
    }
}

/* GET /rb/v1/cosignatures: for the feed's author alone; others have no use for it */
void relay_get(struct rb_node *n, struct channel *ch, struct rb_slice query, uint64_t conn,
               struct peer *p) {
    struct rb_slice hex, text;
    struct rb_hash h;
    uint64_t above = 0;
    const struct rb_book_member *m = rb_book_member_by_party(&ch->book, &p->party);
    bool ok = serve_param(query, "origin", &hex) && rb_hex_decode(hex, h.b, RB_HASH_LEN) == RB_OK &&
              serve_param(query, "above", &text) && rb_dec_decode(text, &above) == RB_OK;
    struct feedx *fx = ok ? node_feedx_by_hash(n, &h) : NULL;
    if (!fx || fx->ch != ch || !m || fx->f->member != m->index) {
        serve_not_found(n, conn, p);
        return;
    }
    struct rb_writer w = node_writer(n, RB_MAX_MEMBERS * (NOTE_ROOM + 4) + 1);
    for (uint16_t k = 0; k < RB_MAX_MEMBERS; k++)
        (void)put_note(n, fx, k, above, &w);
    if (fx->cosig_line.n) show_others(n, fx);
    serve_respond(n, ch, conn, 200, "application/octet-stream", rb_written(&w));
}

/* ---- asked for ---------------------------------------------------------------------------------
 */
/* The largest size that all whom we cannot reach have cosigned, as far as is known; UINT64_MAX:
 * there is nobody to be asked about. */
static uint64_t lacking(struct rb_node *n, struct channel *ch) {
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        const struct peer *p = node_member_peer(n, ch, ch->pulls[i].member);
        const struct mirror *m = own_mirror(n, ch->own, ch->pulls[i].member);
        if (!p || !m || share_reachable(n, p) || m->covered >= ch->own->note_size) continue;
        if (m->covered < least) least = m->covered;
    }
    return least;
}

static void ask(struct rb_node *n, struct channel *ch, struct pullx *x, struct peer *p,
                uint64_t above) {
    struct job *j = node_job(n, JOB_REQ_RELAY);
    if (!j) return;
    j->ch = ch;
    j->fx = ch->own;
    j->peer = p;
    j->member = x->member;
    struct rb_writer w = node_writer(n, 256);
    rb_put_z(&w, "/rb/v1/cosignatures?channel=");
    rb_put_hex(&w, ch->id, RB_CHANNEL_LEN);
    rb_put_z(&w, "&origin=");
    rb_put_hex(&w, ch->own->origin_hash.b, RB_HASH_LEN);
    rb_put_z(&w, "&above=");
    rb_put_dec(&w, above);
    struct rb_effect *e = node_effect(n, RB_EF_REQUEST);
    e->u.request.request = j->id;
    e->u.request.peer = p->party;
    e->u.request.card = p->card_raw;
    e->u.request.path = rb_written(&w);
    e->u.request.timeout_ms = RB_REQUEST_MS;
    x->relay = true;
}

/* Soon after a checkpoint of ours, then less and less often. */
void relay_ask(struct rb_node *n, struct channel *ch) {
    uint64_t above = ch->own && ch->own->note_size ? lacking(n, ch) : UINT64_MAX;
    ch->relay_wake = UINT64_MAX;
    if (above == UINT64_MAX) return;
    for (size_t i = 0; i < ch->pulls_n; i++) {
        struct pullx *x = &ch->pulls[i];
        struct peer *p = node_member_peer(n, ch, x->member);
        const struct mirror *m = own_mirror(n, ch->own, x->member);
        if (!p || !m || x->relay || !callable(p) || n->now.mono_ms < p->retry_at) continue;
        if (m->covered <= above) continue; /* it has no more of ours than is known of them */
        if (x->relay_for != ch->own->note_size) {
            x->relay_for = ch->own->note_size;
            x->relay_ms = RB_RELAY_MIN_MS;
            x->relay_at = n->now.mono_ms + x->relay_ms;
        }
        if (n->now.mono_ms >= x->relay_at) {
            ask(n, ch, x, p, above);
            x->relay_ms = 2 * x->relay_ms < RB_RELAY_MAX_MS ? 2 * x->relay_ms : RB_RELAY_MAX_MS;
            x->relay_at = n->now.mono_ms + x->relay_ms;
        }
        if (x->relay_at < ch->relay_wake) ch->relay_wake = x->relay_at;
    }
}

void relay_response(struct rb_node *n, struct job *j, const struct rb_event *ev) {
    struct pullx *x = pull_of(j->ch, j->member);
    struct rb_reject rj = {0};
    if (x) x->relay = false;
    if (ev->u.response.status == 200 &&
        serve_take_notes(n, j->ch, ev->u.response.body, &rj) != RB_OK)
        node_alert(n, RB_ALERT_REFUSED, j->ch, NULL, j->member, &j->peer->party, RB_ROUTINE, 0,
                   &rj);
    node_job_free(n, j);
}
