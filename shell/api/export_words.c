/* What an export says in words: README.txt, channel.json, and the report to the caller. None of it is
 * evidence; a verifier does not read it. */
#include <stdio.h>
#include <stdlib.h>
#include "export_internal.h"
#include "readback/text.h"

static const char readme[] =
    "This folder is an export of a Readback channel: for each party its log, its keys, and the\n"
    "receipts that others gave. It can be checked by anyone, offline, without the exporter.\n"
    "\n"
    "HANDLE/checkpoint            the largest checkpoint held, signed by the party's log key, with one\n"
    "                             cosignature of each mirror held at that size (C2SP tlog-checkpoint)\n"
    "HANDLE/tile/...              the log's tiles and entry bundles (C2SP tlog-tiles)\n"
    "HANDLE/records/000000.cose   the leaves in log order, byte for byte (COSE over CBOR)\n"
    "HANDLE/receipts/PEER/SIZE    checkpoints that PEER cosigned: every leaf up to SIZE held durably\n"
    "HANDLE/log.vkey, mirror.vkey verifier keys (C2SP signed-note)\n"
    "HANDLE/card.cose, keys/      what the party's offline key signed: card, delegation, rotations ...\n"
    "HANDLE/officers/NAME.pub     officers' keys (OpenSSH)\n"
    "HANDLE.1/, HANDLE.2/ ...     further epochs of the party's log\n"
    "channel.json, README.txt     for reading only: no proof, nothing is checked against them\n"
    "\n"
    "Held by a node is not read by an officer, and neither is agreement. A receipt's time is by the\n"
    "cosigner's own clock. What the exporter left out cannot be seen from inside the folder.\n"
    "\n"
    "Check it:\n"
    "  readback-verify FOLDER\n"
    "  readback-verify FOLDER --fingerprint HANDLE=40-DIGITS   for each party whose fingerprint you\n"
    "  have from that party itself; without it the keys are only as the exporter gave them.\n"
    "\n"
    "Check it with other programs:\n"
    "  Go, golang.org/x/mod/sumdb/note and tlog: checkpoints, cosignatures, tiles, entries\n"
    "  Python, cbor2 and PyNaCl: cards, delegations, records (COSE Sig_structure, external_aad is\n"
    "  the origin of the feed, in a charter the origin with an empty channel)\n"
    "  ssh-keygen -l -f HANDLE/officers/NAME.pub\n"
    "The format is spec/08-export.md of the Readback source.\n";

enum rb_err rb_export_put_readme(struct rb_export *x) {
    struct rb_writer w = rb_writer(x->buf, x->buf_n);
    struct rb_slice out;
    if (x->b->exercise)
        rb_put_z(&w, "EXERCISE EXERCISE EXERCISE\n"
                     "Everything in this folder was said in an exercise.\n\n");
    rb_put_z(&w, readme);
    RB_TRY(rb_writer_done(&w, &out));
    return rb_export_put(&x->dir, "README.txt", out);
}

/* ---- values ----------------------------------------------------------------------------------- */

static json_t *j_slice(struct rb_slice s) {
    return s.n == 0 ? json_string("") : json_stringn((const char *)s.p, s.n);
}

static json_t *j_time(int64_t utc_ms) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    if (utc_ms <= 0) return json_null();
    rb_put_rfc3339(&w, utc_ms);
    return json_stringn(buf, w.n);
}

static json_t *j_hex(const uint8_t *p, size_t n) {
    char buf[2 * RB_HASH_LEN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    return json_stringn(buf, w.n);
}

static void put(json_t *o, const char *key, json_t *v) {
    (void)json_object_set_new(o, key, v != NULL ? v : json_null());
}

static json_t *head(const struct rb_export *x) {
    json_t *o = json_object();
    put(o, "exercise", json_boolean(x->b->exercise));
    put(o, "channel", j_hex(x->b->channel, RB_CHANNEL_LEN));
    put(o, "title", j_slice(x->b->charter->title));
    return o;
}

/* ---- the report ------------------------------------------------------------------------------- */

static json_t *feed_json(const struct rb_export *x, const struct rb_export_feed *e) {
    json_t *o = json_object();
    put(o, "folder", json_string(e->dir));
    put(o, "member", json_integer(e->f->member));
    put(o, "epoch", json_integer(e->f->epoch));
    put(o, "records", json_integer((json_int_t)e->size));
    put(o, "records_left_out", json_integer((json_int_t)(e->f->facts_n - e->size)));
    put(o, "cosignatures", json_integer((json_int_t)e->cosignatures));
    put(o, "receipts", json_integer((json_int_t)e->receipts));
    put(o, "cosignatures_left_out", json_integer((json_int_t)e->left_out));
    put(o, "fork", json_boolean(e->f->frozen));
    if (!e->any) put(o, "why", json_string("no checkpoint of this log is held here"));
    (void)x;
    return o;
}

static json_t *feeds_json(const struct rb_export *x) {
    json_t *a = json_array();
    for (size_t i = 0; i < x->b->feeds_n; i++)
        if (x->feeds[i].f->branch == 0) (void)json_array_append_new(a, feed_json(x, &x->feeds[i]));
    return a;
}

json_t *rb_export_report(const struct rb_export *x, const char *folder) {
    json_t *o = head(x);
    put(o, "folder", json_string(folder));
    put(o, "exported_at", j_time(x->now_utc_ms));
    put(o, "feeds", feeds_json(x));
    return o;
}

/* ---- channel.json ----------------------------------------------------------------------------- */

static json_t *member_json(const struct rb_export *x, size_t i) {
    const struct rb_evidence_party *p = &x->parties[i];
    const struct rb_member *listed = rb_book_listed(x->b, x->b->members[i].index);
    char fingerprint[48];
    json_t *o = json_object(), *names = json_array();
    rb_fingerprint(p->decoded.handle, &p->decoded.party, fingerprint);
    put(o, "handle", j_slice(p->decoded.handle));
    put(o, "member", json_integer(x->b->members[i].index));
    if (listed != NULL) {
        put(o, "role", json_string(rb_role_name(listed->role)));
        put(o, "affiliation", j_slice(listed->affiliation));
    }
    for (size_t k = 0; k < p->decoded.names_n; k++)
        (void)json_array_append_new(names, j_slice(p->decoded.names[k].name));
    put(o, "names", names);
    put(o, "fingerprint_as_the_exporter_gives_it", json_string(fingerprint));
    return o;
}

static json_t *record_json(const struct rb_export *x, uint32_t order) {
    const struct rb_situation *s = x->s;
    const struct rb_place at = s->order[order].place;
    const struct rb_fact *f = rb_situation_fact(s, order);
    json_t *o = json_object(), *held = json_object();
    char path[96];
    (void)snprintf(path, sizeof path, "%s/records/%06u.cose", x->feeds[at.feed].dir, at.leaf);
    put(o, "file", json_string(path));
    put(o, "id", j_hex(f->id.b, RB_HASH_LEN));
    put(o, "kind", json_string(f->kind == 0 ? "unreadable" : rb_kind_name((enum rb_kind)f->kind)));
    put(o, "precedence", json_string(rb_precedence_name((enum rb_precedence)f->precedence)));
    put(o, "created", j_time(f->created_utc_ms));
    if (s->order[order].mark != RB_MARK_NONE)
        put(o, "mark", json_string(rb_mark_name((enum rb_mark)s->order[order].mark)));
    for (size_t i = 0; i < x->b->members_n; i++) {
        uint64_t t = 0;
        char handle[RB_MAX_HANDLE + 1];
        const struct rb_slice h = x->parties[i].decoded.handle;
        if (x->b->members[i].index == rb_situation_author(s, order)) continue;
        if (!rb_situation_held(s, order, x->b->members[i].index, &t) || t > INT64_MAX / 1000) continue;
        (void)snprintf(handle, sizeof handle, "%.*s", (int)h.n, (const char *)h.p);
        put(held, handle, j_time((int64_t)t * 1000));
    }
    put(o, "held_since", held);
    return o;
}

static json_t *records_json(const struct rb_export *x) {
    json_t *a = json_array();
    for (uint32_t i = 0; i < x->s->order_n; i++) {
        const struct rb_place at = x->s->order[i].place;
        const struct rb_fact *f = rb_situation_fact(x->s, i);
        if (at.leaf >= x->sizes[at.feed]) continue; /* not in this export */
        if (f->mark == RB_MARK_NONE && rb_kind_is_machine((enum rb_kind)f->kind)) continue;
        (void)json_array_append_new(a, record_json(x, i));
    }
    return a;
}

/* EXERCISE stands first: jansson keeps the order in which keys were set */
enum rb_err rb_export_put_channel(struct rb_export *x) {
    json_t *o = head(x), *members = json_array();
    put(o, "not_proof", json_string("For reading only. Nothing here is signed; check the folder with "
                                    "readback-verify."));
    put(o, "exported_at", j_time(x->now_utc_ms));
    for (size_t i = 0; i < x->b->members_n; i++) (void)json_array_append_new(members, member_json(x, i));
    put(o, "members", members);
    put(o, "feeds", feeds_json(x));
    if (x->s != NULL) {
        put(o, "charter", json_string(rb_charter_state_name(x->s->charter_state)));
        put(o, "in_force_since", j_time(x->s->in_force_since_utc_ms));
        put(o, "records", records_json(x));
    }
    char *text = json_dumps(o, JSON_INDENT(2));
    json_decref(o);
    if (text == NULL) return RB_ERR_LIMIT;
    enum rb_err err = rb_export_put(&x->dir, "channel.json", rb_str(text));
    free(text);
    return err;
}
