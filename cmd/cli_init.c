/* The home, the keys, the card: who we are, and whom we know. */
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/text.h"
#include "shell/os/config.h"
#include "shell/os/os.h"

/* ---- what goes on a card
 * -------------------------------------------------------------------------- */
#define RELAY "relay=" /* of an address: one at a relay */
struct new_officer {
    char name[RB_MAX_HANDLE + 1];
    bool has_key; /* given as a .pub file; else a sealed key is made */
    struct rb_key key;
};
struct plan {
    struct new_officer officers[RB_MAX_OFFICERS];
    size_t officers_n;
    char tag[8][40];
    const char *shown[8];
    size_t names_n;
    const char *addresses[RB_MAX_ADDRESSES];
    size_t addresses_n;
};

static int plan_officer(struct cli *c, const char *given, struct new_officer *out) {
    const char *eq = strchr(given, '=');
    size_t n = eq ? (size_t)(eq - given) : strlen(given), len = 0;
    struct rb_reject rj = {0};
    if (n > RB_MAX_HANDLE || !rb_handle_ok(rb_slice(given, n)))
        return cli_usage(c, "an officer's name is of a-z, 0-9 and -, at most 32 characters: %s",
                         given);
    memcpy(out->name, given, n);
    out->name[n] = 0;
    out->has_key = eq != NULL;
    if (eq == NULL) return CLI_OK;
    char *line = cli_read_file(c, eq + 1, 4096, &len);
    if (line == NULL) return CLI_FAILED;
    enum rb_err err = rb_openssh_pub_decode(rb_slice(line, len), &out->key, &rj);
    free(line);
    if (err == RB_OK && rb_ed25519_key_check(&out->key) != RB_OK) err = RB_ERR_MALFORMED;
    if (err == RB_OK) return CLI_OK;
    return cli_fail(
        c, "It must be a line \"ssh-ed25519 AAAA... comment\", as ssh-keygen -t ed25519 writes it.",
        "%s is no Ed25519 public key%s%s", eq + 1, rj.what ? ": " : "", rj.what ? rj.what : "");
}
static int plan_name(struct cli *c, const char *given, struct plan *p) {
    const char *eq = strchr(given, '=');
    if (p->names_n == 8) return cli_usage(c, "at most 8 names");
    if (eq == NULL || eq == given || (size_t)(eq - given) >= sizeof p->tag[0] || eq[1] == 0)
        return cli_usage(c, "--name wants a language and a name: en=Northland");
    if (!rb_name_ok(rb_str(eq + 1)))
        return cli_usage(c,
                         "the name after %.*s= is too long or holds characters that are not "
                         "shown: control characters, direction marks",
                         (int)(eq - given), given);
    memcpy(p->tag[p->names_n], given, (size_t)(eq - given));
    p->tag[p->names_n][eq - given] = 0;
    p->shown[p->names_n++] = eq + 1;
    return CLI_OK;
}
static int plan_make(struct cli *c, struct plan *p) {
    const char *v;
    int rc = CLI_OK;
    *p = (struct plan){0};
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "officer", i)) != NULL; i++) {
        if (i == RB_MAX_OFFICERS) return cli_usage(c, "too many officers");
        rc = plan_officer(c, v, &p->officers[p->officers_n++]);
    }
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "name", i)) != NULL; i++)
        rc = plan_name(c, v, p);
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(c, "address", i)) != NULL; i++) {
        struct rb_config probe = {0};
        if (i == RB_MAX_ADDRESSES) return cli_usage(c, "at most %u addresses", RB_MAX_ADDRESSES);
        const bool relay = strncmp(v, RELAY, sizeof RELAY - 1) == 0;
        if ((relay ? rb_config_relay(&probe, v + sizeof RELAY - 1) : rb_config_listen(&probe, v)) !=
                RB_OK ||
            *v == ':')
            return cli_usage(c, "--address wants HOST:PORT or relay=HOST:PORT: %s", v);
        p->addresses[p->addresses_n++] = v;
    }
    return rc;
}

/* ---- signing a card
 * ---------------------------------------------------------------------------------- */
bool cli_card_sign(const struct rb_card *card, const struct rb_signer_key *party, uint8_t *out,
                      size_t *n, struct rb_reject *rj) {
    uint8_t *payload = malloc(RB_MAX_CARD), *tbs = malloc(RB_MAX_CARD + 256), *work = malloc(65536),
            sig[RB_SIG_LEN];
    struct rb_card *check = malloc(sizeof *check);
    bool ok = payload && tbs && work && check;
    if (ok) {
        struct rb_writer w = rb_writer(payload, RB_MAX_CARD), t = rb_writer(tbs, RB_MAX_CARD + 256),
                         m = rb_writer(out, RB_MAX_CARD);
        rb_card_encode(card, &w);
        rb_party_tbs(rb_written(&w), &party->pub, &t);
        ok = !w.over && !t.over && party->sign(party->ctx, rb_written(&t), sig) == RB_OK &&
             rb_party_assemble(rb_written(&w), &party->pub, sig, &m) == RB_OK && !m.over;
        *n = m.n;
        struct rb_arena a = rb_arena(work, 65536);
        ok = ok && rb_card_decode(rb_slice(out, *n), check, &a, rj) == RB_OK;
    }
    free(payload);
    free(tbs);
    free(work);
    free(check);
    return ok;
}
static enum rb_err sign_with(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    rb_ed25519_sign(ctx, msg, sig);
    return RB_OK;
}

/* ---- init
 * -------------------------------------------------------------------------------------------- */
/* A first run that broke off may have left keys: they are taken up, never replaced. */
static enum rb_err key_make(struct rb_home *h, const char *name, struct rb_key *pub) {
    struct rb_seckey k;
    enum rb_err err = rb_keys_make(h, name, &k);
    if (err == RB_ERR_EXISTS) err = rb_keys_load(h, name, &k);
    *pub = k.pub;
    rb_wipe(&k, sizeof k);
    return err;
}
static enum rb_err sealed_make(struct rb_home *h, const char *name, const struct rb_passphrase *p,
                               struct rb_seckey *out) {
    struct rb_key pub;
    enum rb_err err = rb_keys_seal_make(h, name, rb_passphrase_slice(p), &pub);
    if (err != RB_OK && err != RB_ERR_EXISTS) return err;
    return rb_keys_unseal(h, name, rb_passphrase_slice(p), out);
}
struct passphrases {
    struct rb_passphrase party, officer[RB_MAX_OFFICERS];
};
static int ask_passphrases(struct cli *c, const struct plan *p, struct passphrases *out) {
    char prompt[128];
    int rc = cli_passphrase(c, "New passphrase for the party key", true, &out->party);
    for (size_t i = 0; rc == CLI_OK && i < p->officers_n; i++) {
        if (p->officers[i].has_key) continue;
        snprintf(prompt, sizeof prompt, "New passphrase for officer %s", p->officers[i].name);
        rc = cli_passphrase(c, prompt, true, &out->officer[i]);
    }
    if (rc == CLI_OK && out->party.n == 0) return cli_usage(c, "the passphrase is empty");
    return rc;
}

static void card_fill(struct rb_card *card, const struct plan *p) {
    card->names_n = p->names_n;
    for (size_t i = 0; i < p->names_n; i++) {
        card->names[i].language = rb_str(p->tag[i]);
        card->names[i].name = rb_str(p->shown[i]);
    }
    card->addresses_n = p->addresses_n;
    for (size_t i = 0; i < p->addresses_n; i++)
        card->addresses[i] = rb_str(p->addresses[i]);
}
static enum rb_err make_keys(struct rb_home *h, struct plan *p, const struct passphrases *pw,
                             struct rb_card *card, struct rb_seckey *party) {
    RB_TRY(key_make(h, "node", &card->node));
    RB_TRY(key_make(h, "mirror", &card->mirror));
    RB_TRY(key_make(h, "tls", &card->tls));
    enum rb_err err = rb_keys_age_make(h, &card->age);
    uint8_t secret[32];
    if (err == RB_ERR_EXISTS) err = rb_keys_age_load(h, secret, &card->age);
    rb_wipe(secret, sizeof secret);
    RB_TRY(err);
    RB_TRY(sealed_make(h, "party", &pw->party, party));
    card->party = party->pub;
    card->officers_n = p->officers_n;
    for (size_t i = 0; i < p->officers_n; i++) {
        char name[RB_MAX_HANDLE + 16];
        struct rb_seckey k = {0};
        snprintf(name, sizeof name, "officer-%s", p->officers[i].name);
        if (!p->officers[i].has_key) {
            err = sealed_make(h, name, &pw->officer[i], &k);
            p->officers[i].key = k.pub;
        }
        rb_wipe(&k, sizeof k);
        RB_TRY(err);
        card->officers[i] = (struct rb_officer){rb_str(p->officers[i].name), p->officers[i].key};
    }
    return RB_OK;
}
/* where to listen for an address, or to wait: loopback stays loopback, all else is the port on all interfaces
 */
static void put_listen(struct rb_writer *w, const char *address) {
    const char *port = strrchr(address, ':');
    if (strncmp(address, RELAY, sizeof RELAY - 1) == 0) {
        rb_put_z(w, "relay = ");
        rb_put_z(w, address + sizeof RELAY - 1);
        rb_put_z(w, "\n");
        return;
    }
    bool loopback = strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]:", 6) == 0;
    rb_put_z(w, "listen = ");
    if (!loopback) rb_put_z(w, address[0] == '[' ? "[::]" : "0.0.0.0");
    rb_put_z(w, loopback ? address : port);
    rb_put_z(w, "\n");
}
/* unless --listen says otherwise */
static enum rb_err write_config(struct cli *c, struct rb_home *h, const struct plan *p) {
    char text[4096];
    struct rb_writer w = rb_writer(text, sizeof text);
    const char *v;
    rb_put_z(&w, "; settings of readbackd; see readback-config(5)\n[peer]\n");
    for (size_t i = 0; (v = cli_nth(c, "listen", i)) != NULL; i++) {
        rb_put_z(&w, "listen = ");
        rb_put_z(&w, v);
        rb_put_z(&w, "\n");
    }
    for (size_t i = 0; i < p->addresses_n; i++)
        if (!cli_has(c, "listen") || strncmp(p->addresses[i], RELAY, sizeof RELAY - 1) == 0)
            put_listen(&w, p->addresses[i]);
    if (rb_home_has(h, "config.ini")) return RB_OK;
    return w.over ? RB_ERR_LIMIT : rb_home_write_new(h, "config.ini", rb_written(&w));
}

static int init_home(struct cli *c, struct plan *p, const struct passphrases *pw,
                     const char *handle) {
    struct rb_home *h = NULL;
    char why[512] = "", fingerprint[48];
    uint8_t *bytes = malloc(RB_MAX_CARD);
    struct rb_card *card = calloc(1, sizeof *card);
    struct rb_seckey party = {0};
    struct rb_reject rj = {0};
    size_t n = 0;
    enum rb_err err = rb_home_create(c->home, &h, why, sizeof why);
    if (err != RB_OK || card == NULL || bytes == NULL) {
        free(bytes);
        free(card);
        return cli_fail(c, NULL, "%s", err != RB_OK ? why : "memory is short");
    }
    card->handle = rb_str(handle);
    card->version = 1;
    card->issued_utc_ms = rb_clock_now(0).utc_ms;
    card_fill(card, p);
    err = make_keys(h, p, pw, card, &party);
    struct rb_signer_key key = {&party, party.pub, sign_with};
    bool signed_ok = err == RB_OK && cli_card_sign(card, &key, bytes, &n, &rj);
    if (err == RB_OK && signed_ok) err = write_config(c, h, p);
    if (err == RB_OK && signed_ok) err = rb_home_write_new(h, "card.cose", rb_slice(bytes, n));
    int rc = CLI_OK;
    if (err == RB_ERR_SIGNATURE)
        rc = cli_fail(c, "Give the passphrase of the first try, or take another directory.",
                      "keys of an earlier try are in %s, sealed with another passphrase", c->home);
    else if (err != RB_OK)
        rc = cli_fail(c, NULL, "%s", rb_home_error(h));
    else if (!signed_ok)
        rc =
            cli_fail(c, NULL, "the card cannot be made: %s", rj.what ? rj.what : "it is too large");
    rb_fingerprint(card->handle, &party.pub, fingerprint);
    rb_wipe(&party, sizeof party);
    rb_home_close(h);
    free(card);
    free(bytes);
    if (rc != CLI_OK) return rc;
    printf("Home of %s made in %s.\n\nFingerprint, to be read out to the others:\n  %s\n\n"
           "Next: readback card --out %s.card, give it to the others; readback serve.\n"
           "The party key is keys/party.sealed: copy it to a stick and take it off this machine "
           "once you are set up.\n",
           handle, c->home, fingerprint, handle);
    return CLI_OK;
}
int cli_init(struct cli *c) {
    struct plan *p = calloc(1, sizeof *p);
    struct passphrases *pw = calloc(1, sizeof *pw);
    const char *handle = cli_get(c, "handle");
    int rc = p && pw ? CLI_OK : cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK && !cli_want_args(c, 0, 0)) rc = CLI_USAGE;
    if (rc == CLI_OK && (handle == NULL || !rb_handle_ok(rb_str(handle))))
        rc = cli_usage(c, "--handle is wanted: a-z, 0-9 and -, at most 32 characters");
    if (rc == CLI_OK) rc = plan_make(c, p);
    if (rc == CLI_OK && p->officers_n == 0)
        rc = plan_officer(c, "duty", &p->officers[p->officers_n++]);
    char card[RB_HOME_PATH_MAX + 16];
    snprintf(card, sizeof card, "%s/card.cose", c->home);
    if (rc == CLI_OK && access(card, F_OK) == 0)
        rc = cli_fail(c, "Take another directory with --home, or look with `readback card`.",
                      "there is a party in %s already", c->home);
    if (rc == CLI_OK) rc = ask_passphrases(c, p, pw);
    if (rc == CLI_OK) rc = init_home(c, p, pw, handle);
    if (pw) rb_wipe(pw, sizeof *pw);
    free(pw);
    free(p);
    return rc;
}

/* ---- card
 * ------------------------------------------------------------------------------------------ */
static struct cli_card_file *card_decode(struct cli *c, struct cli_card_file *r, const char *where) {
    struct rb_arena a = rb_arena(r->work, sizeof r->work);
    struct rb_reject rj = {0};
    if (rb_card_decode(rb_slice(r->bytes, r->n), &r->card, &a, &rj) == RB_OK) return r;
    cli_fail(c, "Ask for the card again: it may have been cut or changed on the way.",
             "%s is not a card: %s (clause %s, offset %llu)", where,
             rj.what ? rj.what : rb_err_text(rj.err), rj.clause ? rj.clause : "-",
             (unsigned long long)rj.offset);
    free(r);
    return NULL;
}
static struct cli_card_file *card_file(struct cli *c, const char *path) {
    struct cli_card_file *r = calloc(1, sizeof *r);
    char *bytes = r ? cli_read_file(c, path, RB_MAX_CARD, &r->n) : NULL;
    if (bytes == NULL) {
        free(r);
        return NULL;
    }
    memcpy(r->bytes, bytes, r->n);
    free(bytes);
    return card_decode(c, r, path);
}
struct cli_card_file *cli_card_home(struct cli *c) {
    struct cli_card_file *r = calloc(1, sizeof *r);
    struct rb_home *h = NULL;
    char why[512] = "";
    if (r == NULL) {
        cli_fail(c, NULL, "memory is short");
        return NULL;
    }
    enum rb_err err = rb_home_open(c->home, &h, why, sizeof why);
    if (err == RB_OK) err = rb_home_read(h, "card.cose", r->bytes, sizeof r->bytes, &r->n);
    if (err != RB_OK) {
        cli_fail(c, "`readback init` makes a home; --home names another.", "%s",
                 h ? rb_home_error(h) : why);
        free(r);
        r = NULL;
    }
    rb_home_close(h);
    return r ? card_decode(c, r, "card.cose") : NULL;
}
static void put_slice(const char *label, struct rb_slice s) {
    printf("%s%.*s\n", label, (int)s.n, (const char *)s.p);
}

static void fingerprint_big(const struct rb_card *card) {
    char f[48];
    rb_fingerprint(card->handle, &card->party, f);
    printf("\n    %.23s\n    %s\n\n", f, f + 24); /* two lines of four groups */
}
/* what who runs a relay lists of this party (readback-relay(8)) */
static void print_relay_line(const struct rb_card *card) {
    char buf[256];
    struct rb_hash party;
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_party_hash(&card->party, &party);
    rb_put_hex(&w, party.b, RB_HASH_LEN);
    rb_put_z(&w, " ");
    rb_put_hex(&w, card->tls.b, RB_KEY_LEN);
    for (size_t i = 0; i < card->addresses_n; i++)
        if (rb_slice_starts(card->addresses[i], RELAY)) {
            printf("  for the relay's list: %s\n", rb_writer_z(&w));
            return;
        }
}
static void card_print(struct cli *c, const struct rb_card *card) {
    char buf[256];
    cli_strong(c, stdout, "Card ");
    printf("%.*s, version %llu, issued ", (int)card->handle.n, (const char *)card->handle.p,
           (unsigned long long)card->version);
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, card->issued_utc_ms);
    cli_time(stdout, rb_writer_z(&w));
    puts("\n\nFingerprint:");
    fingerprint_big(card);
    for (size_t i = 0; i < card->names_n; i++)
        printf("  name (%.*s): %.*s\n", (int)card->names[i].language.n,
               (const char *)card->names[i].language.p, (int)card->names[i].name.n,
               (const char *)card->names[i].name.p);
    for (size_t i = 0; i < card->addresses_n; i++)
        put_slice("  address: ", card->addresses[i]);
    if (card->addresses_n == 0) puts("  address: none, it only connects outwards");
    print_relay_line(card);
    for (size_t i = 0; i < card->officers_n; i++) {
        w = rb_writer(buf, sizeof buf);
        rb_openssh_pub_encode(&card->officers[i].key, card->officers[i].name, &w);
        printf("  officer %.*s: %s", (int)card->officers[i].name.n,
               (const char *)card->officers[i].name.p, rb_writer_z(&w));
    }
}
static int card_out(struct cli *c, const struct cli_card_file *r, const char *path) {
    FILE *f = fopen(path, "wbx");
    if (f == NULL) return cli_fail(c, "Files are never overwritten.", "%s cannot be made", path);
    bool ok = fwrite(r->bytes, 1, r->n, f) == r->n;
    ok = fclose(f) == 0 && ok;
    if (!ok) return cli_fail(c, NULL, "%s cannot be written", path);
    printf("Written: %s. Give it to the others and read the fingerprint out to them: readback "
           "fingerprint\n",
           path);
    return CLI_OK;
}

static bool remove_officer(struct rb_card *card, const char *name) {
    for (size_t i = 0; i < card->officers_n; i++) {
        if (!rb_slice_is(card->officers[i].name, name)) continue;
        memmove(&card->officers[i], &card->officers[i + 1],
                (card->officers_n - i - 1) * sizeof *card->officers);
        card->officers_n--;
        return true;
    }
    return false;
}
/* the officers of the command line onto the card: new ones get a sealed key unless a .pub is given
 */
static int update_officers(struct cli *c, struct rb_home *h, struct plan *p, struct rb_card *card) {
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; (v = cli_nth(c, "remove-officer", i)) != NULL; i++)
        if (!remove_officer(card, v)) return cli_usage(c, "our card has no officer \"%s\"", v);
    for (size_t i = 0; i < p->officers_n && rc == CLI_OK; i++) {
        struct new_officer *o = &p->officers[i];
        char name[RB_MAX_HANDLE + 16], prompt[96];
        struct rb_passphrase pw;
        remove_officer(card, o->name);
        if (card->officers_n == RB_MAX_OFFICERS) return cli_usage(c, "too many officers");
        if (!o->has_key) {
            struct rb_seckey k = {0};
            snprintf(name, sizeof name, "officer-%s", o->name);
            snprintf(prompt, sizeof prompt, "New passphrase for officer %s", o->name);
            rc = cli_passphrase(c, prompt, true, &pw);
            if (rc == CLI_OK && sealed_make(h, name, &pw, &k) != RB_OK)
                rc = cli_fail(c, NULL, "%s", rb_home_error(h));
            o->key = k.pub;
            rb_wipe(&k, sizeof k);
            rb_wipe(&pw, sizeof pw);
        }
        card->officers[card->officers_n++] = (struct rb_officer){rb_str(o->name), o->key};
    }
    return rc;
}
json_t *cli_base64(const uint8_t *p, size_t n) {
    char *buf = malloc(n / 3 * 4 + 8);
    if (buf == NULL) return NULL;
    struct rb_writer w = rb_writer(buf, n / 3 * 4 + 8);
    rb_put_base64(&w, p, n);
    json_t *out = json_stringn(buf, w.n);
    free(buf);
    return out;
}
/* the running daemon takes the card first: it knows whether it may; else the home's file is enough
 */
int cli_card_install(struct cli *c, struct rb_home *h, const uint8_t *bytes, size_t n) {
    json_t *in = json_pack("{s:o}", "card", cli_base64(bytes, n)), *out = NULL;
    if (!cli_connect(c)) return CLI_FAILED;
    int status = c->client->call(c->client->ctx, "POST", "/v1/card", in, &out), rc = CLI_OK;
    json_decref(in);
    if (status >= 300) rc = cli_refused(c, status, out);
    json_decref(out);
    if (rc == CLI_OK && rb_home_replace(h, "card.cose", rb_slice(bytes, n)) != RB_OK)
        rc = cli_fail(c, NULL, "%s", rb_home_error(h));
    if (rc == CLI_OK && status == 0) rc = CLI_NOBODY;
    return rc;
}
/* Logs the card in each channel we are in: there it counts from its place in our feed on. */
static int card_publish(struct cli *c, const struct rb_signer_key *officer, const uint8_t *bytes,
                        size_t n) {
    json_t *o = NULL, *x;
    size_t i;
    int rc = cli_get_json(c, "/v1/channels", &o);
    json_array_foreach(json_object_get(o, "channels"), i, x) {
        json_t *out = NULL;
        if (rc != CLI_OK || strcmp(cli_str(x, "own_state"), "joined") != 0) continue;
        json_t *draft = json_pack("{s:s,s:s,s:{s:o}}", "channel", cli_str(x, "channel"), "kind",
                                  "card", "body", "signed", cli_base64(bytes, n));
        int status = rb_client_release(c->client, officer, draft, &out);
        if (status != 200)
            rc = cli_refused(c, status, out);
        else
            printf("Logged in \"%s\": %.12s\n", cli_str(x, "title"), cli_str(out, "record"));
        json_decref(draft);
        json_decref(out);
    }
    json_decref(o);
    return rc;
}
static int card_publish_home(struct cli *c, const struct cli_card_file *r) {
    struct cli_key officer;
    int rc = cli_officer_named(c, cli_get(c, "signed-by"), &officer);
    if (rc == CLI_OK && !cli_connect(c)) rc = CLI_FAILED;
    if (rc == CLI_OK) rc = card_publish(c, &officer.key, r->bytes, r->n);
    cli_key_close(&officer);
    return rc;
}
/* what the command line says anew; all else stays */
static void update_words(struct cli *c, const struct plan *p, struct rb_card *card) {
    struct rb_card kept = *card;
    card_fill(card, p);
    if (p->names_n == 0) {
        card->names_n = kept.names_n;
        memcpy(card->names, kept.names, sizeof kept.names);
    }
    if (!cli_has(c, "address") && !cli_has(c, "no-address")) {
        card->addresses_n = kept.addresses_n;
        memcpy(card->addresses, kept.addresses, sizeof kept.addresses);
    }
}
static int card_update(struct cli *c, struct cli_card_file *r) {
    struct plan *p = calloc(1, sizeof *p);
    uint8_t *bytes = malloc(RB_MAX_CARD);
    struct rb_home *h = NULL;
    struct cli_key party = {0}, officer = {0};
    struct rb_reject rj = {0};
    char why[256] = "";
    size_t n = 0;
    int rc = p && bytes ? plan_make(c, p) : cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK && rb_home_open(c->home, &h, why, sizeof why) != RB_OK)
        rc = cli_fail(c, NULL, "%s", why);
    if (rc == CLI_OK) rc = cli_party(c, &party);
    if (rc == CLI_OK && !rb_key_eq(&party.key.pub, &r->card.party))
        rc = cli_fail(c, NULL, "this is another party's key");
    if (rc == CLI_OK) rc = cli_officer_named(c, cli_get(c, "signed-by"), &officer);
    if (rc == CLI_OK) rc = update_officers(c, h, p, &r->card);
    if (rc == CLI_OK) {
        update_words(c, p, &r->card);
        r->card.version++;
        r->card.issued_utc_ms = rb_clock_now(0).utc_ms;
        if (!cli_card_sign(&r->card, &party.key, bytes, &n, &rj))
            rc = cli_fail(c, NULL, "the new card cannot be made: %s",
                          rj.what ? rj.what : "it is too large");
    }
    if (rc == CLI_OK) rc = cli_card_install(c, h, bytes, n);
    if (rc == CLI_OK || rc == CLI_NOBODY)
        printf("Card version %llu is signed.\n", (unsigned long long)r->card.version);
    if (rc == CLI_OK) {
        rc = card_publish(c, &officer.key, bytes, n);
    } else if (rc == CLI_NOBODY) {
        puts("The daemon is not running: start it, then log the card in its channels with "
             "`readback card publish`.");
        rc = CLI_OK;
    }
    cli_key_close(&party);
    cli_key_close(&officer);
    rb_home_close(h);
    free(bytes);
    free(p);
    return rc;
}
int cli_card(struct cli *c) {
    json_t *o = NULL;
    int rc = CLI_OK;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    const char *what = c->args_n ? c->args[0] : "show";
    if (c->json && strcmp(what, "show") == 0) {
        rc = cli_get_json(c, "/v1/card", &o);
        if (rc == CLI_OK) cli_json(o);
        json_decref(o);
        return rc;
    }
    struct cli_card_file *r = cli_card_home(c);
    if (r == NULL) return CLI_FAILED;
    if (strcmp(what, "update") == 0)
        rc = card_update(c, r);
    else if (strcmp(what, "publish") == 0)
        rc = card_publish_home(c, r);
    else if (strcmp(what, "show") != 0 && strcmp(what, "print") != 0)
        rc = cli_usage(c, "card show, card print, card update or card publish");
    else if (cli_has(c, "out"))
        rc = card_out(c, r, cli_get(c, "out"));
    else
        card_print(c, &r->card);
    free(r);
    return rc;
}

/* ---- fingerprint, accredit, peers
 * ------------------------------------------------------------------ */
int cli_fingerprint(struct cli *c) {
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    struct cli_card_file *r = c->args_n ? card_file(c, c->args[0]) : cli_card_home(c);
    if (r == NULL) return CLI_FAILED;
    char f[48];
    rb_fingerprint(r->card.handle, &r->card.party, f);
    if (c->json) {
        json_t *o = json_pack("{s:s,s:s#}", "fingerprint", f, "handle",
                              (const char *)r->card.handle.p, (int)r->card.handle.n);
        cli_json(o);
        json_decref(o);
    } else {
        put_slice("", r->card.handle);
        fingerprint_big(&r->card);
    }
    free(r);
    return CLI_OK;
}
int cli_accredit(struct cli *c) {
    char line[256] = "";
    const char *typed = cli_get(c, "fingerprint");
    json_t *out = NULL;
    if (!cli_want_args(c, 1, 1)) return CLI_USAGE;
    struct cli_card_file *r = card_file(c, c->args[0]);
    if (r == NULL) return CLI_FAILED;
    if (typed == NULL && isatty(STDIN_FILENO)) {
        fprintf(stderr,
                "Card of %.*s. Call them; let them read out `readback fingerprint`; type the "
                "digits you hear:\n> ",
                (int)r->card.handle.n, (const char *)r->card.handle.p);
        if (fgets(line, sizeof line, stdin)) {
            line[strcspn(line, "\r\n")] = 0;
            typed = line;
        }
    }
    int rc = CLI_OK;
    if (typed == NULL || *typed == 0)
        rc = cli_usage(
            c, "the fingerprint they read out is wanted: --fingerprint \"12345 12345 ...\"");
    if (rc == CLI_OK) {
        json_t *in =
            json_pack("{s:o,s:s}", "card", cli_base64(r->bytes, r->n), "fingerprint", typed);
        rc = cli_call(c, "POST", "/v1/peers", in, &out);
        json_decref(in);
    }
    if (rc == CLI_OK && c->json)
        cli_json(out);
    else if (rc == CLI_OK)
        printf("%s is accredited: its fingerprint was compared.\n", cli_str(out, "handle"));
    json_decref(out);
    free(r);
    return rc;
}
int cli_peers(struct cli *c) {
    json_t *o = NULL, *p;
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/peers", &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK) {
        struct cli_table t = {0};
        cli_table_row(&t, 6, "PARTY", "KNOWN", "LINE", "SINCE", "LAST", "FINGERPRINT");
        json_array_foreach(json_object_get(o, "peers"), i, p) cli_table_row(
            &t, 6, cli_text(p, "handle"), cli_text(p, "known"), cli_text(p, "link"),
            cli_text(p, "link_since"), cli_text(p, "last_outcome"), cli_text(p, "fingerprint"));
        cli_table_print(&t, stdout);
        if (json_array_size(json_object_get(o, "peers")) == 0)
            puts("No other party is known yet: readback accredit CARDFILE");
    }
    json_decref(o);
    return rc;
}
