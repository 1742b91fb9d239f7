/* Of fuzz_node.c: what officers of two nodes say to each other, and how it gets there. */
#ifndef READBACK_TEST_FUZZ_TALK_H
#define READBACK_TEST_FUZZ_TALK_H
static size_t speaker;

static struct rb_hash any_record(void) {
    const struct rb_feed *f = feed_of(speaker, u8() % 2);
    const size_t back = u8() % 16; /* a late one */
    return f->facts[back < f->facts_n ? f->facts_n - 1 - back : 0].id;
}

/* an instrument, or a word about something, as an officer would say it */
static void talk(size_t who) {
    static uint8_t mem[1 << 17], body[1 << 14], tbs[1 << 17];
    struct rb_arena a = rb_arena(mem, sizeof mem);
    struct rb_record *rec = rb_arena_alloc(&a, sizeof *rec);
    struct rb_writer t = rb_writer(tbs, sizeof tbs);
    struct rb_event ev = {.type = RB_EV_SUBMIT};
    struct rb_signer signer = {0};
    const struct fb_source s = {u8, any_record, place, utc, 2};
    const uint8_t how = u8();
    const struct rb_now now = {mono, utc};
    struct rb_channel_view v;
    struct rb_slice payload;
    enum rb_mark mark;
    speaker = who;
    rec->kind = how % 2 ? RB_KIND_POSITION : fb_instruments[u8() % FB_INSTRUMENTS];
    rec->body = fb_body(&s, rec->kind, body, sizeof body);
    if (rec->body.n == 0) return;
    rec->precedence = RB_ROUTINE;
    const enum rb_ref ref = rec->kind == RB_KIND_POSITION ? RB_REF_ANSWERS : RB_REF_SUPERSEDES;
    rec->refs[ref].n = ref == RB_REF_ANSWERS || (how & 6) == 6;
    rec->refs[ref].h[0] = any_record();
    if (rec->kind == RB_KIND_REQUEST || rec->kind == RB_KIND_CONTACT || (how & 0x38) == 0x38)
        rec->demand = (struct rb_demand){(how & 8) != 0, utc + (int64_t)u8() * 10000,
                                         rec->kind == RB_KIND_CONTACT ? RB_POSITION_ACCEPT
                                                                      : RB_POSITION_WILL_COMPLY,
                                         how & 16 ? 1u << (1 - who) : 0};
    if (rb_node_compose(world->p[who].rb, channel, now, rec, rb_slice(NULL, 0), &a, &payload, &mark,
                        NULL))
        return;
    FUZZ_CHECK(rb_node_channel_by_id(world->p[who].rb, channel, &v));
    rb_key_id(&world->p[who].officer[0].pub, signer.kid);
    rb_record_tbs(payload, rb_slice(v.own_feed->origin, v.own_feed->origin_n), signer.kid, 1, &t);
    rb_ed25519_sign(&world->p[who].officer[0], rb_written(&t), signer.sig);
    ev.u.submit.token = 7;
    ev.u.submit.what = RB_SUBMIT_RECORD;
    memcpy(ev.u.submit.channel, channel, 16);
    ev.u.submit.payload = payload;
    ev.u.submit.signers = &signer;
    ev.u.submit.signers_n = 1;
    ev.u.submit.despite = true;
    step(who, &ev);
}

/* the oldest request of one reaches the other; a link tells of each answer once */
static void deliver(size_t who) {
    static struct wire x;
    struct rb_event ev = {.type = RB_EV_RECV};
    struct side *s = &sides[who];
    if (wires_n[who] == 0) return;
    x = wires[who][0];
    memmove(wires[who], wires[who] + 1, --wires_n[who] * sizeof x);
    size_t k = 0;
    while (k < s->requests_n && s->request[k] != x.request)
        k++;
    if (k == s->requests_n) return; /* it was told another answer */
    const struct rb_slice whole = rb_slice(x.path, x.path_n);
    const size_t q = rb_slice_find(whole, 0, '?');
    memset(&answer, 0, sizeof answer);
    ev.u.recv.conn = answer.conn = ++conn;
    ev.u.recv.has_peer = true;
    rb_party_hash(&world->p[who].party.pub, &ev.u.recv.peer);
    ev.u.recv.post = x.post;
    ev.u.recv.path = rb_slice_sub(whole, 0, q);
    ev.u.recv.query = rb_slice_sub(whole, q + 1, whole.n);
    ev.u.recv.body = rb_slice(x.body, x.n);
    step(1 - who, &ev);
    if (answer.status == 0) return; /* not at once */
    struct rb_event back = {.type = RB_EV_RESPONSE};
    memmove(&s->request[k], &s->request[k + 1], (--s->requests_n - k) * sizeof s->request[0]);
    back.u.response.request = x.request;
    back.u.response.status = answer.status;
    back.u.response.body = rb_slice(answer.body, answer.n);
    back.u.response.heads = rb_str(answer.heads);
    step(who, &back);
}

static void settle(void) {
    for (size_t round = 0; round < 4; round++)
        for (size_t who = 0; who < 2; who++) {
            commit(who);
            for (size_t k = 0; sides[who].signs_n && k < 8; k++)
                sign(who, true);
            commit(who);
            for (size_t k = 0; wires_n[who] && k < 4; k++)
                deliver(who);
        }
    struct rb_event ev = {.type = RB_EV_TIMER};
    mono += 1000;
    utc += 1000;
    for (size_t who = 0; who < 2; who++)
        step(who, &ev);
}

static void look(size_t who) {
    const struct rb_situation *s;
    FUZZ_CHECK(rb_node_situation(world->p[who].rb, channel, utc, &s) == RB_OK);
}
#endif
