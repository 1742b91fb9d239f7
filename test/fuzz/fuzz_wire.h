/* Of fuzz_node.c: requests that are on the wire between two nodes, and the answer waited for. */
#ifndef READBACK_TEST_FUZZ_WIRE_H
#define READBACK_TEST_FUZZ_WIRE_H
/* what was asked of the other side, and is on the wire */
static struct wire {
    uint64_t request;
    bool post;
    char path[512];
    uint8_t body[1 << 14];
    size_t path_n, n;
} wires[2][8];
static size_t wires_n[2];
static struct { /* what is waited for */
    uint64_t conn;
    int status;
    char heads[33];
    uint8_t body[1 << 16];
    size_t n;
} answer;

static void to_wire(size_t who, const struct rb_effect *ef) {
    struct wire *x = &wires[who][wires_n[who]];
    if (wires_n[who] == sizeof wires[0] / sizeof wires[0][0]) return;
    if (ef->u.request.path.n > sizeof x->path || ef->u.request.body.n > sizeof x->body) return;
    x->request = ef->u.request.request;
    x->post = ef->u.request.post;
    x->path_n = ef->u.request.path.n;
    x->n = ef->u.request.body.n;
    memcpy(x->path, ef->u.request.path.p, x->path_n);
    if (x->n) memcpy(x->body, ef->u.request.body.p, x->n);
    wires_n[who]++;
}

static void from_wire(const struct rb_effect *ef) {
    if (ef->u.respond.conn != answer.conn || ef->u.respond.body.n > sizeof answer.body) return;
    answer.status = ef->u.respond.status;
    answer.n = ef->u.respond.body.n;
    if (answer.n) memcpy(answer.body, ef->u.respond.body.p, answer.n);
    memcpy(answer.heads, ef->u.respond.heads, sizeof answer.heads);
}
#endif
