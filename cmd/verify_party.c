/* Charter, cards, keys: what a folder says of a party must follow from the leaves, to the byte. */
#include "cmd/verify.h"
#include <stdlib.h>

/* ---- the charter -------------------------------------------------------------------------------- */

static bool is_charter(struct verify *v, const char *path, struct verify_bytes *out) {
    struct rb_record rec;
    if (!verify_exists(v, path) || !verify_read(v, path, RB_MAX_LEAF, out)) return false;
    if (rb_record_decode(rb_slice(out->p, out->n), &rec, NULL) == RB_OK && rec.kind == RB_KIND_CHARTER)
        return true;
    verify_free(out);
    return false;
}

static bool found_from(struct verify *v, const struct verify_feed *e, const char *path,
                       const struct verify_bytes *leaf) {
    struct rb_reject rj = {0};
    const enum rb_err err = rb_book_found(&v->book, &v->region, rb_slice(leaf->p, leaf->n), &v->work, &rj);
    if (err != RB_OK) {
        rj.err = err;
        verify_refused(v, path, &rj, "8.2.1");
        return false;
    }
    if (rb_slice_eq(verify_handle(v, v->book.proposer), rb_str(e->handle))) return true;
    verify_bad(v, path, "8.2.2", "a charter that another party proposed");
    rb_book_free(&v->book);
    return false;
}

bool verify_found(struct verify *v) {
    char path[VERIFY_PATH];
    bool any = false;
    for (size_t i = 0; i < v->feeds_n && !v->founded; i++) {
        struct verify_bytes leaf;
        if (v->feeds[i].epoch > 0) continue;
        verify_path(path, v->feeds[i].dir, "records/000000.cose");
        if (!is_charter(v, path, &leaf)) continue;
        any = true;
        v->founded = found_from(v, &v->feeds[i], path, &leaf);
        verify_free(&leaf);
    }
    if (!any) verify_bad(v, "", "8.2.1", "no party's first record is a charter: nothing can be judged");
    if (v->founded) v->exercise = v->book.exercise;
    return v->founded;
}

/* ---- files of a party --------------------------------------------------------------------------- */

static bool all_good(const struct verify *v, const char *handle) {
    for (size_t i = 0; i < v->feeds_n; i++)
        if (strcmp(v->feeds[i].handle, handle) == 0 && v->feeds[i].has_log && !v->feeds[i].good) return false;
    return true;
}

static void must_be(struct verify *v, const char *dir, const char *name, const char *clause,
                    struct rb_slice want) {
    char path[VERIFY_PATH];
    struct verify_bytes b;
    if (!verify_read(v, verify_path(path, dir, name), RB_MAX_LEAF + 1, &b)) return;
    if (!rb_slice_eq(rb_slice(b.p, b.n), want))
        verify_bad(v, path, clause, "not what the records of the party give");
    verify_free(&b);
}

/* a log with a flaw may hide a later card: then the card is judged by itself */
static void check_card_alone(struct verify *v, const struct rb_evidence_party *p, const char *dir) {
    char path[VERIFY_PATH];
    struct verify_bytes b;
    struct rb_card c;
    struct rb_reject rj = {0};
    if (!verify_read(v, verify_path(path, dir, "card.cose"), RB_MAX_CARD, &b)) return;
    const enum rb_err err = rb_card_decode(rb_slice(b.p, b.n), &c, &v->work, &rj);
    rb_arena_reset(&v->work);
    if (err != RB_OK) {
        rj.err = err;
        verify_refused(v, path, &rj, "8.3.1");
    } else if (!rb_key_eq(&c.party, &p->decoded.party)) {
        verify_bad(v, path, "8.3.1", "the card of another party");
    }
    verify_free(&b);
}

static void check_mirror_keys(struct verify *v, const struct rb_evidence_party *p, const char *dir) {
    const size_t cap = p->mirrors_n * 256;
    uint8_t *buf = malloc(cap);
    if (buf == NULL) abort();
    struct rb_writer w = rb_writer(buf, cap);
    for (size_t i = 0; i < p->mirrors_n; i++) {
        struct rb_vkey k;
        rb_evidence_mirror(p, i, &k);
        rb_vkey_encode(&k, &w);
        rb_put_u8(&w, '\n');
    }
    must_be(v, dir, "mirror.vkey", "8.3.2", rb_written(&w));
    free(buf);
}

static const struct rb_evidence_officer *officer_of(const struct rb_evidence_party *p, const char *file) {
    const size_t n = strlen(file);
    if (n < 5 || strcmp(file + n - 4, ".pub") != 0) return NULL;
    for (size_t i = 0; i < p->decoded.officers_n; i++)
        if (rb_slice_eq(p->officers[i].name, rb_slice(file, n - 4))) return &p->officers[i];
    return NULL;
}

static void check_officer(struct verify *v, const struct rb_evidence_officer *o, const char *dir) {
    char comment[2 * RB_MAX_HANDLE + 4], name[RB_MAX_HANDLE + 16];
    const size_t cap = o->keys_n * 256;
    uint8_t *buf = malloc(cap);
    if (buf == NULL) abort();
    struct rb_writer w = rb_writer(buf, cap);
    (void)snprintf(comment, sizeof comment, "%.*s@%s", (int)o->name.n, (const char *)o->name.p, dir);
    (void)snprintf(name, sizeof name, "officers/%.*s.pub", (int)o->name.n, (const char *)o->name.p);
    for (size_t i = 0; i < o->keys_n; i++) rb_openssh_pub_encode(&o->keys[i], rb_str(comment), &w);
    must_be(v, dir, name, "8.3.3", rb_written(&w));
    free(buf);
}

static void check_officers(struct verify *v, const struct rb_evidence_party *p, const char *dir) {
    struct verify_names names;
    char path[VERIFY_PATH], full[VERIFY_PATH];
    for (size_t i = 0; i < p->decoded.officers_n; i++) check_officer(v, &p->officers[i], dir);
    if (!verify_names(v, verify_path(path, dir, "officers"), RB_MAX_OFFICERS + 1000, &names)) return;
    for (size_t i = 0; i < names.n; i++)
        if (names.name[i].type != 'f' || officer_of(p, names.name[i].name) == NULL)
            verify_bad(v, verify_path(full, path, names.name[i].name), "8.1.2", "no officer of the card");
    verify_names_free(&names);
}

/* ---- bodies signed by the party key ------------------------------------------------------------- */

static bool statement_name(const struct verify_feed *e, uint64_t i, char out[64], struct rb_slice *body) {
    if (!rb_evidence_statement(e->f, i, body)) return false;
    (void)snprintf(out, 64, "keys/%06llu-%s.cose", (unsigned long long)i,
                   rb_kind_name((enum rb_kind)e->f->facts[i].kind));
    return true;
}

static bool statement_wanted(const struct verify_feed *e, const char *name) {
    char want[64];
    struct rb_slice body;
    if (strcmp(name, "delegation.cose") == 0) return true;
    const unsigned long long i = strtoull(name, NULL, 10);
    return i < e->size && statement_name(e, i, want, &body) && strcmp(want + strlen("keys/"), name) == 0;
}

static void check_statements(struct verify *v, const struct verify_feed *e) {
    struct verify_names names;
    char path[VERIFY_PATH], full[VERIFY_PATH], name[64];
    struct rb_slice body;
    must_be(v, e->dir, "keys/delegation.cose", "8.3.4", rb_evidence_delegation(e->f));
    for (uint64_t i = 0; i < e->size; i++)
        if (statement_name(e, i, name, &body)) must_be(v, e->dir, name, "8.3.4", body);
    if (!verify_names(v, verify_path(path, e->dir, "keys"), e->size + 1000, &names)) return;
    for (size_t i = 0; i < names.n; i++)
        if (names.name[i].type != 'f' || !statement_wanted(e, names.name[i].name))
            verify_bad(v, verify_path(full, path, names.name[i].name), "8.1.2",
                       "no body signed by the party key stands in this log under that name");
    verify_names_free(&names);
}

/* ---- one folder --------------------------------------------------------------------------------- */

static bool name_wanted(const struct verify_feed *e, const struct verify_name *n) {
    static const struct {
        const char *name;
        char type;
        bool log; /* with a log; otherwise of the party's first folder */
    } known[] = {{"card.cose", 'f', false}, {"mirror.vkey", 'f', false}, {"officers", 'd', false},
                 {"checkpoint", 'f', true}, {"log.vkey", 'f', true},     {"tile", 'd', true},
                 {"records", 'd', true},    {"keys", 'd', true},         {"receipts", 'd', true},
                 {"forks", 'd', true}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, n->name) == 0)
            return known[i].type == n->type && (known[i].log ? e->has_log : e->epoch == 0);
    return false;
}

static void check_folder(struct verify *v, const struct verify_feed *e) {
    struct verify_names names;
    char full[VERIFY_PATH];
    if (!verify_names(v, e->dir, 1000, &names)) return;
    if (names.n == 0) verify_bad(v, e->dir, "8.1.2", "an empty folder");
    for (size_t i = 0; i < names.n; i++)
        if (!name_wanted(e, &names.name[i]))
            verify_bad(v, verify_path(full, e->dir, names.name[i].name), "8.1.2", "does not belong here");
    verify_names_free(&names);
    if (e->good) check_statements(v, e);
}

static void check_party(struct verify *v, const struct rb_evidence_party *p) {
    char dir[RB_MAX_HANDLE + 1];
    (void)snprintf(dir, sizeof dir, "%.*s", (int)p->decoded.handle.n, (const char *)p->decoded.handle.p);
    if (!verify_exists(v, dir)) {
        verify_bad(v, dir, "8.1.2", "missing: a member of the channel without a folder");
        return;
    }
    if (!all_good(v, dir)) {
        check_card_alone(v, p, dir);
        verify_note(v, dir, "its log does not hold, so its later cards and keys could not be judged");
        return;
    }
    must_be(v, dir, "card.cose", "8.3.1", p->card);
    check_mirror_keys(v, p, dir);
    check_officers(v, p, dir);
}

void verify_parties(struct verify *v) {
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        v->party_known[m] =
            rb_evidence_party(&v->book, m, v->sizes, &v->keys, &v->parties[m]) == RB_OK;
        if (v->party_known[m]) check_party(v, &v->parties[m]);
        else verify_bad(v, "", "8.1.4", "too many keys of member %u", m);
    }
    for (size_t i = 0; i < v->feeds_n; i++) {
        const struct verify_feed *e = &v->feeds[i];
        if (rb_book_member_by_handle(&v->book, rb_str(e->handle)) == NULL)
            verify_bad(v, e->dir, "8.1.2", "a folder of nobody in this channel");
        else
            check_folder(v, e);
    }
}

/* ---- fingerprints ------------------------------------------------------------------------------- */

void verify_fingerprints(struct verify *v) {
    for (size_t i = 0; i < v->book.members_n; i++) {
        const uint16_t m = v->book.members[i].index;
        if (!v->party_known[m]) continue;
        const struct rb_card *c = &v->parties[m].decoded;
        char digits[48], dir[RB_MAX_HANDLE + 1];
        rb_fingerprint(c->handle, &c->party, digits);
        (void)snprintf(dir, sizeof dir, "%.*s", (int)c->handle.n, (const char *)c->handle.p);
        for (size_t k = 0; k < v->expected_n; k++) {
            if (strcmp(v->expected[k].handle, dir) != 0) continue;
            v->expected[k].used = true;
            if (rb_fingerprint_matches(digits, rb_str(v->expected[k].digits))) {
                if (v->compared[m] == VERIFY_NOT_COMPARED) v->compared[m] = VERIFY_SAME;
                continue;
            }
            v->compared[m] = VERIFY_OTHER;
            verify_bad(v, dir, "8.3.5", "another fingerprint than the one given: not this party's key");
        }
    }
    for (size_t k = 0; k < v->expected_n; k++)
        if (!v->expected[k].used)
            verify_bad(v, v->expected[k].handle, "8.3.5", "a fingerprint was given for it and it is no member");
}
