/* Whom we send to: what its card says, decoded when the card changes. */
#include "client.h"
#include <stdlib.h>

#define CARD_WORK (256u << 10)

static bool address_ok(struct rb_slice a) { /* it goes into our Host field */
    for (size_t i = 0; i < a.n; i++)
        if (a.p[i] <= 0x20 || a.p[i] >= 0x7f) return false;
    return a.n > 0 && a.n < RB_LINK_HOST;
}

static void keep_addresses(struct rb_peer *p, const struct rb_card *c) {
    p->addresses_n = 0;
    for (size_t i = 0; i < c->addresses_n && i < RB_MAX_ADDRESSES; i++) {
        struct rb_slice a = c->addresses[i];
        if (!address_ok(a)) continue;
        memcpy(p->addresses[p->addresses_n], a.p, a.n);
        p->addresses[p->addresses_n++][a.n] = '\0';
    }
}

static enum rb_err read_card(struct rb_peer *p, struct rb_slice card) {
    struct rb_card *c = calloc(1, sizeof *c);
    void *work = malloc(CARD_WORK);
    uint8_t *copy = card.n <= RB_MAX_CARD ? malloc(card.n + 1) : NULL;
    enum rb_err err = RB_ERR_BUSY;
    if (c == NULL || work == NULL || copy == NULL) goto out;
    struct rb_arena arena = rb_arena(work, CARD_WORK);
    err = rb_card_decode(card, c, &arena, NULL);
    if (err != RB_OK) goto out;
    struct rb_hash party;
    rb_party_hash(&c->party, &party);
    err = RB_ERR_DENIED;
    if (!rb_hash_eq(&party, &p->party)) goto out;
    keep_addresses(p, c);
    p->tls = c->tls;
    memcpy(copy, card.p, card.n);
    free(p->card);
    p->card = copy;
    p->card_n = card.n;
    copy = NULL;
    err = RB_OK;
out:
    free(c);
    free(work);
    free(copy);
    return err;
}

/* Connections made by the old card serve nobody any more. */
static void card_changed(struct rb_peer *p) {
    for (size_t i = 0; i < LANE_N; i++) {
        struct rb_lane *a = p->lanes[i];
        if (a == NULL) continue;
        if (a->dialling)
            rb_dial_abort(a);
        else if (a->out != NULL && (a->out->busy || a->out->reporting))
            a->out->stale = true;
        else if (a->out != NULL)
            rb_out_end(a->out);
    }
    for (size_t i = 0; i < LANE_N; i++)
        if (p->lanes[i] != NULL) rb_lane_go(p->lanes[i]);
}

static struct rb_peer *peer_create(struct rb_link *l, const struct rb_hash *party) {
    struct rb_peer *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->link = l;
    p->party = *party;
    LIST_INSERT_HEAD(&l->peers, p, all);
    return p;
}

struct rb_lane *rb_peer_lane(struct rb_peer *p, size_t i) {
    if (p->lanes[i] != NULL) return p->lanes[i];
    struct rb_lane *a = calloc(1, sizeof *a);
    if (a == NULL) return NULL;
    a->peer = p;
    TAILQ_INIT(&a->queue);
    a->timer = rb_dial_timer(a);
    if (a->timer == NULL) {
        free(a);
        return NULL;
    }
    p->lanes[i] = a;
    return a;
}

enum rb_err rb_peer_get(struct rb_link *l, const struct rb_effect *ef, struct rb_peer **out) {
    struct rb_slice card = ef->u.request.card;
    struct rb_peer *p;
    LIST_FOREACH(p, &l->peers, all) if (rb_hash_eq(&p->party, &ef->u.request.peer)) break;
    if (p == NULL) p = peer_create(l, &ef->u.request.peer);
    if (p == NULL) return RB_ERR_BUSY;
    if (!rb_slice_eq(card, rb_slice(p->card, p->card_n))) {
        bool had = p->card_n != 0;
        RB_TRY(read_card(p, card));
        if (had) card_changed(p);
    }
    if (p->card_n == 0) return RB_ERR_NOT_FOUND;
    *out = p;
    return RB_OK;
}

void rb_peer_free(struct rb_peer *p) {
    for (size_t i = 0; i < LANE_N; i++) {
        struct rb_lane *a = p->lanes[i];
        if (a == NULL) continue;
        rb_dial_abort(a);
        event_free(a->timer);
        free(a);
    }
    LIST_REMOVE(p, all);
    free(p->card);
    free(p);
}
