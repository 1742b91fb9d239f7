/* What is said before TLS (spec 7.5.2 to 7.5.5). A connection is in one state, and each state takes
 * one line. */
#include <errno.h>
#include <sys/socket.h>
#include "shell/relay/internal.h"

static bool say(struct conn *c, const struct rb_relay_line *l) {
    uint8_t buf[RB_RELAY_LINE];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_relay_line_encode(l, &w);
    if (send(c->fd, w.p, w.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)w.n) return true;
    conn_end(c); /* who does not take a line is not there */
    return false;
}

static void refuse(struct conn *c, enum rb_relay_why why) {
    const struct rb_relay_line l = {.word = RB_RELAY_REFUSED, .why = why};
    c->relay->stats.refused++;
    if (say(c, &l)) conn_end(c);
}

/* ---- joining ----------------------------------------------------------------------------------
 */
/* One that was asked for its `still` is not to be had: the answer would run into TLS. */
static struct conn *find(struct rb_relay *r, const struct party *p, enum relay_state state,
                         bool newest) {
    struct conn *c, *found = NULL;
    TAILQ_FOREACH(c, &r->conns, all) {
        // cppcheck-suppress uninitvar ; the macro sets it
        if (c->party != p || c->state != state || (newest && c->asked)) continue;
        found = c;
        if (!newest) break;
    }
    return found;
}

static void join(struct conn *caller, struct conn *waiter) {
    const struct rb_relay_line l = {.word = RB_RELAY_JOINED};
    struct rb_relay *r = caller->relay;
    char words[20];
    struct party *p = caller->party;
    if (caller->state == TALK_HELD) p->held--;
    p->waiting--;
    waiter->state = caller->state = TALK_OVER; /* neither is counted as before while this goes on */
    if (!say(waiter, &l)) {
        refuse(caller, RB_RELAY_BUSY);
        return;
    }
    if (!say(caller, &l) || !pass_join(caller, waiter)) {
        conn_end(caller);
        conn_end(waiter);
        return;
    }
    p->joined++;
    p->seen_ms = relay_now_ms();
    r->stats.joined++;
    r->stats.pairs++;
    relay_log(r, RB_LOG_DEBUG, "joined a call of %s", relay_party_words(p, words));
}

static void call(struct conn *c, const struct rb_hash *party) {
    struct party *p = relay_party(c->relay, party);
    if (!relay_may(c->relay, RELAY_CALLS, c->address)) {
        refuse(c, RB_RELAY_BUSY);
        return;
    }
    relay_spend(c->relay, RELAY_CALLS, c->address);
    if (p == NULL ||
        (p->waiting == 0 && (p->seen_ms == 0 || relay_now_ms() - p->seen_ms > RELAY_SEEN_MS))) {
        refuse(c, RB_RELAY_UNKNOWN);
        return;
    }
    c->party = p;
    if (p->joined >= RELAY_MAX_JOINED || p->held >= RELAY_MAX_HELD) {
        refuse(c, RB_RELAY_BUSY);
        return;
    }
    struct conn *waiter = find(c->relay, p, TALK_WAITS, true); /* the surest to be there */
    if (waiter != NULL) {
        join(c, waiter);
        return;
    }
    c->state = TALK_HELD;
    p->held++;
    conn_timer(c, RELAY_HOLD_MS);
}

static void join_held(struct conn *waiter) {
    struct conn *held = find(waiter->relay, waiter->party, TALK_HELD, false);
    if (held != NULL) join(held, waiter);
}

/* ---- waiting ----------------------------------------------------------------------------------
 */
static void ask_proof(struct conn *c, const struct rb_hash *party) {
    struct rb_relay_line l = {.word = RB_RELAY_PROVE};
    c->party = relay_party(c->relay, party);
    if (c->party == NULL) {
        refuse(c, RB_RELAY_DENIED);
        return;
    }
    rb_random(c->nonce, sizeof c->nonce);
    memcpy(l.nonce, c->nonce, sizeof l.nonce);
    c->state = TALK_PROOF; /* the deadline stays */
    (void)say(c, &l);
}

static bool proven_by(const struct conn *c, const char *name, const struct rb_key *key,
                      const uint8_t sig[RB_SIG_LEN]) {
    uint8_t tbs[RB_RELAY_TBS];
    struct rb_writer w = rb_writer(tbs, sizeof tbs);
    rb_relay_tbs(rb_str(name), &c->party->listed.party, c->nonce, &w);
    return !w.over && rb_ed25519_verify(key, rb_written(&w), sig) == RB_OK;
}

static bool proven(const struct conn *c, const uint8_t sig[RB_SIG_LEN]) {
    const struct rb_relay *r = c->relay;
    const struct rb_relay_listed *p = &c->party->listed;
    for (size_t i = 0; i < p->keys_n; i++)
        for (size_t k = 0; k < r->names_n; k++)
            if (proven_by(c, r->names[k], &p->keys[i], sig)) return true;
    return false;
}

static void wait(struct conn *c) {
    const struct rb_relay_line l = {.word = RB_RELAY_WAITING};
    struct party *p = c->party;
    char words[20];
    if (p->waiting >= RELAY_MAX_WAITING) /* most likely dead: whoever is there comes anew */
        conn_end(find(c->relay, p, TALK_WAITS, false));
    c->proven = true;
    c->relay->stats.proofs++;
    if (!say(c, &l)) return;
    if (p->seen_ms == 0)
        relay_log(c->relay, RB_LOG_INFO, "%s waits here", relay_party_words(p, words));
    c->state = TALK_WAITS;
    p->waiting++;
    p->seen_ms = relay_now_ms();
    conn_timer(c, RELAY_STILL_MS);
    join_held(c);
}

static void take_proof(struct conn *c, const uint8_t sig[RB_SIG_LEN]) {
    char words[20];
    if (!relay_may(c->relay, RELAY_FALSE_PROOFS, c->address)) {
        refuse(c, RB_RELAY_BUSY);
        return;
    }
    if (proven(c, sig)) {
        wait(c);
        return;
    }
    relay_spend(c->relay, RELAY_FALSE_PROOFS, c->address);
    relay_log(c->relay, RB_LOG_WARN,
              "somebody did not prove to be %s: another key than listed, or another name of the "
              "relay than --name",
              relay_party_words(c->party, words));
    refuse(c, RB_RELAY_DENIED);
}

static void take_still(struct conn *c) {
    c->asked = false;
    c->party->seen_ms = relay_now_ms();
    conn_timer(c, RELAY_STILL_MS);
    join_held(c);
}

/* ---- events -----------------------------------------------------------------------------------
 */
static void heard(struct conn *c, const struct rb_relay_line *l) {
    if (c->state == TALK_FIRST && l->word == RB_RELAY_CALL)
        call(c, &l->party);
    else if (c->state == TALK_FIRST && l->word == RB_RELAY_WAIT)
        ask_proof(c, &l->party);
    else if (c->state == TALK_PROOF && l->word == RB_RELAY_PROOF)
        take_proof(c, l->sig);
    else if (c->state == TALK_WAITS && l->word == RB_RELAY_STILL && c->asked)
        take_still(c);
    else
        refuse(c, RB_RELAY_FORM);
}

void talk_event(struct conn *c) {
    struct rb_relay_line l;
    if (c->state == TALK_HELD) { /* it may leave, and nothing else */
        uint8_t one;
        const ssize_t n = recv(c->fd, &one, 1, MSG_DONTWAIT);
        if (n >= 0 || (errno != EAGAIN && errno != EINTR)) conn_end(c);
        return;
    }
    const enum rb_err err = rb_relay_read_line(c->fd, c->line, &c->line_n);
    if (err == RB_ERR_BUSY) return;
    const struct rb_slice line = rb_slice(c->line, c->line_n);
    c->line_n = 0;
    if (err == RB_ERR_IO)
        conn_end(c);
    else if (err != RB_OK || rb_relay_line_decode(line, &l, NULL) != RB_OK)
        refuse(c, RB_RELAY_FORM);
    else
        heard(c, &l);
}

void talk_late(struct conn *c) {
    const struct rb_relay_line still = {.word = RB_RELAY_STILL};
    if (c->state == TALK_HELD) {
        refuse(c, RB_RELAY_UNKNOWN);
    } else if (c->state == TALK_WAITS && !c->asked) {
        c->asked = true;
        conn_timer(c, RELAY_ANSWER_MS);
        (void)say(c, &still);
    } else {
        conn_end(c);
    }
}
