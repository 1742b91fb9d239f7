/* Changing keys while traffic runs: listing, rotating, revoking. The party key signs here; records
 * go out as any others. Earlier keys stay in the home (spec 2.7). */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "readback/text.h"
#include "shell/os/os.h"

#define TRIES 40 /* of a quarter of a second each: the outbox may be full for a moment */

struct change {
    struct cli *c;
    struct rb_home *h;
    struct cli_card_file *card;
    struct cli_key party, officer;
    json_t *keys;     /* as the daemon shows them */
    json_t *channels; /* joined */
    json_t *named;    /* the one that --channel names, else all: where revocations go */
    json_t *said;     /* what was logged */
    enum rb_key_role role;
    char name[RB_MAX_HANDLE + 1]; /* of an officer; "" else */
    struct rb_key old, fresh;
};

/* ---- roles
 * ----------------------------------------------------------------------------------------
 */
static const char *const role_words[] = {"party", "log", "mirror", "node", "officer", "tls", "age"};

static int read_role(const struct cli *c, const char *word, enum rb_key_role *out) {
    for (size_t i = 1; i < sizeof role_words / sizeof *role_words; i++) {
        if (strcmp(role_words[i], word) != 0) continue;
        *out = (enum rb_key_role)i;
        return CLI_OK;
    }
    return cli_usage(c, "one of mirror, node, tls, officer, age or log is wanted, not \"%s\"",
                     word);
}
static struct rb_key *on_card(struct rb_card *card, enum rb_key_role role, const char *name) {
    switch (role) {
    case RB_KEY_MIRROR:
        return &card->mirror;
    case RB_KEY_NODE:
        return &card->node;
    case RB_KEY_TLS:
        return &card->tls;
    case RB_KEY_AGE:
        return &card->age;
    case RB_KEY_OFFICER:
        for (size_t i = 0; i < card->officers_n; i++)
            if (rb_slice_is(card->officers[i].name, name)) return &card->officers[i].key;
        return NULL;
    case RB_KEY_PARTY:
    case RB_KEY_LOG:
        return NULL;
    }
    return NULL;
}
static void kid_words(const struct rb_key *k, char out[2 * RB_KID_LEN + 1]) {
    uint8_t kid[RB_KID_LEN];
    struct rb_writer w = rb_writer(out, 2 * RB_KID_LEN + 1);
    rb_key_id(k, kid);
    rb_put_hex(&w, kid, sizeof kid);
    (void)rb_writer_z(&w);
}
static json_t *key_hex(const struct rb_key *k) {
    char z[2 * RB_KEY_LEN + 1];
    struct rb_writer w = rb_writer(z, sizeof z);
    rb_put_hex(&w, k->b, RB_KEY_LEN);
    return json_string(rb_writer_z(&w));
}

/* ---- listing
 * --------------------------------------------------------------------------------------
 */
static bool key_of(const json_t *o, struct rb_key *out) {
    return rb_hex_decode(rb_str(cli_str(o, "key")), out->b, RB_KEY_LEN) == RB_OK;
}
/* where the private half is, as far as the home knows; "-": not here */
static void key_file(struct rb_home *h, const json_t *o, char out[128]) {
    const char *role = cli_str(o, "role");
    char name[64], sealed[96], file[128];
    struct rb_seckey s;
    struct rb_key k;
    snprintf(out, 128, "-");
    if (!key_of(o, &k)) return;
    if (strcmp(role, "log") == 0) {
        snprintf(file, sizeof file, "keys/log-%s-%lld.pem", cli_str(o, "channel"),
                 (long long)cli_int(o, "epoch"));
        if (rb_home_has(h, file)) snprintf(out, 128, "%s", file);
    } else if (strcmp(role, "officer") == 0 || strcmp(role, "party") == 0) {
        if (strcmp(role, "party") == 0)
            snprintf(name, sizeof name, "party");
        else
            snprintf(name, sizeof name, "officer-%s", cli_str(o, "name"));
        if (rb_keys_seal_find(h, name, &k, sealed, sizeof sealed) == RB_OK)
            snprintf(out, 128, "keys/%s.sealed", sealed);
    } else if (strcmp(role, "age") == 0) {
        snprintf(out, 128, "%s", rb_home_has(h, "keys/age.age") ? "keys/age.age" : "keys/age.txt");
    } else if (rb_keys_find(h, role, &k, &s) == RB_OK) {
        char kid[96];
        rb_keys_kid_name(role, &k, kid, sizeof kid);
        snprintf(file, sizeof file, "keys/%s.pem", kid);
        if (rb_home_has(h, file))
            snprintf(out, 128, "%s", file);
        else
            snprintf(out, 128, "keys/%s.pem", role);
        rb_wipe(&s, sizeof s);
    }
}
static void list_print(const json_t *list) {
    struct cli_table t = {0};
    size_t i, k;
    const json_t *o, *x;
    cli_table_row(&t, 5, "ROLE", "NAME", "KEY ID", "STATE", "PRIVATE HALF");
    json_array_foreach(list, i, o)
        cli_table_row(&t, 5, cli_text(o, "role"), cli_text(o, "name"), cli_text(o, "kid"),
                      cli_text(o, "state"), cli_text(o, "file"));
    cli_table_print(&t, stdout);
    json_array_foreach(list, i, o) {
        json_array_foreach(json_object_get(o, "channels"), k, x) printf(
            "%s %.16s in \"%s\": %s (%.12s, %s)\n", cli_str(o, "role"), cli_str(o, "kid"),
            cli_str(x, "title"), cli_str(x, "said"), cli_str(x, "record"), cli_text(x, "written"));
    }
}
int cli_key_list(struct cli *c) {
    json_t *o = NULL, *x;
    struct rb_home *h = NULL;
    char why[256] = "", file[128];
    size_t i;
    if (!cli_want_args(c, 0, 0)) return CLI_USAGE;
    int rc = cli_get_json(c, "/v1/keys", &o);
    if (rc == CLI_OK && rb_home_open(c->home, &h, why, sizeof why) != RB_OK)
        rc = cli_fail(c, NULL, "%s", why);
    if (rc == CLI_OK) {
        json_array_foreach(json_object_get(o, "keys"), i, x) {
            key_file(h, x, file);
            json_object_set_new(x, "file",
                                strcmp(file, "-") == 0 ? json_null() : json_string(file));
        }
        if (c->json)
            cli_json(o);
        else
            list_print(json_object_get(o, "keys"));
    }
    rb_home_close(h);
    json_decref(o);
    return rc;
}

/* ---- what all changes need
 * ------------------------------------------------------------------------
 */
static bool wanted_channel(struct cli *c, const json_t *x) {
    const char *only = cli_get(c, "channel");
    return only == NULL || strcmp(cli_str(x, "title"), only) == 0 ||
           (strlen(only) >= 4 && strncmp(cli_str(x, "channel"), only, strlen(only)) == 0);
}
static int begin(struct cli *c, struct change *g) {
    json_t *o = NULL, *x;
    char why[256] = "";
    size_t i;
    *g = (struct change){
        .c = c, .channels = json_array(), .named = json_array(), .said = json_array()};
    if (rb_home_open(c->home, &g->h, why, sizeof why) != RB_OK) return cli_fail(c, NULL, "%s", why);
    g->card = cli_card_home(c);
    if (g->card == NULL) return CLI_FAILED;
    int rc = cli_get_json(c, "/v1/keys", &g->keys);
    if (rc == CLI_OK && (uint64_t)cli_int(g->keys, "version") != g->card->card.version)
        rc = cli_fail(c, "Restart the daemon: it takes the home's card then.",
                      "the card in the home is version %llu, the daemon has %lld",
                      (unsigned long long)g->card->card.version,
                      (long long)cli_int(g->keys, "version"));
    if (rc == CLI_OK) rc = cli_get_json(c, "/v1/channels", &o);
    json_array_foreach(json_object_get(o, "channels"), i, x) {
        if (strcmp(cli_str(x, "own_state"), "joined") != 0) continue;
        json_array_append(g->channels, x);
        if (wanted_channel(c, x)) json_array_append(g->named, x);
    }
    if (rc == CLI_OK && cli_has(c, "channel") && json_array_size(g->named) == 0)
        rc = cli_fail(c, "`readback channel list` shows them.",
                      "no channel that we joined has this name");
    json_decref(o);
    return rc;
}
static void end(struct change *g) {
    cli_key_close(&g->party);
    cli_key_close(&g->officer);
    rb_home_close(g->h);
    free(g->card);
    json_decref(g->keys);
    json_decref(g->channels);
    json_decref(g->named);
    json_decref(g->said);
}
static int get_party(struct change *g) {
    int rc = cli_party(g->c, &g->party);
    if (rc == CLI_OK && !rb_key_eq(&g->party.key.pub, &g->card->card.party))
        rc = cli_fail(g->c, NULL, "this is another party's key");
    return rc;
}

/* One record of a statement in one channel. While the outbox is full it is tried again. */
static int log_one(struct change *g, const json_t *channel, const char *kind,
                   const json_t *signed_body, const struct rb_signer_key *officer) {
    json_t *draft = json_pack("{s:s,s:s,s:{s:O}}", "channel", cli_str(channel, "channel"), "kind",
                              kind, "body", "signed", signed_body),
           *out = NULL;
    int status = 0, rc = CLI_OK;
    for (int i = 0; i < TRIES; i++) {
        json_decref(out);
        out = NULL;
        status = rb_client_release(g->c->client, officer, draft, &out);
        if (status != 503) break;
        usleep(250000);
    }
    if (status == 202)
        fprintf(stderr, "In \"%s\" the %s waits for a second officer: readback sign %.12s\n",
                cli_str(channel, "title"), kind, cli_str(out, "draft"));
    else if (status != 200)
        rc = cli_refused(g->c, status, out);
    if (rc == CLI_OK) {
        json_array_append_new(g->said, json_pack("{s:O,s:O,s:s,s:O?}", "channel",
                                                 json_object_get(channel, "channel"), "title",
                                                 json_object_get(channel, "title"), "kind", kind,
                                                 "record", json_object_get(out, "record")));
        if (!g->c->json && status == 200)
            printf("Logged in \"%s\": %s %.12s\n", cli_str(channel, "title"), kind,
                   cli_str(out, "record"));
    }
    json_decref(draft);
    json_decref(out);
    return rc;
}
static int log_all(struct change *g, const json_t *where, const char *kind,
                   const json_t *signed_body, const struct rb_signer_key *officer) {
    size_t i;
    const json_t *x;
    int rc = CLI_OK;
    json_array_foreach(where, i, x) {
        int one = log_one(g, x, kind, signed_body, officer);
        if (one != CLI_OK) rc = one;
    }
    return rc;
}

/* ---- the new card
 * ---------------------------------------------------------------------------------
 */
static json_t *next_card(struct change *g, int *rc) {
    uint8_t *bytes = malloc(RB_MAX_CARD);
    struct rb_reject rj = {0};
    size_t n = 0;
    json_t *out = NULL;
    g->card->card.version++;
    g->card->card.issued_utc_ms = rb_clock_now(0).utc_ms;
    if (bytes == NULL || !cli_card_sign(&g->card->card, &g->party.key, bytes, &n, &rj))
        *rc = cli_fail(g->c, NULL, "the new card cannot be made: %s",
                       rj.what ? rj.what : "it is too large");
    else
        *rc = cli_card_install(g->c, g->h, bytes, n);
    if (*rc == CLI_OK) out = cli_base64(bytes, n);
    free(bytes);
    return out;
}
/* who has compared our card and shares no channel: the card must be handed over */
static void say_hand_over(struct change *g) {
    json_t *peers = NULL, *p, *m, *list = json_array();
    size_t i, k;
    const json_t *ch;
    if (cli_get_json(g->c, "/v1/peers", &peers) != CLI_OK) return;
    json_array_foreach(json_object_get(peers, "peers"), i, p) {
        bool shared = false;
        size_t j;
        json_array_foreach(g->channels, k, ch)
            json_array_foreach(json_object_get(ch, "members"), j, m) shared |=
            strcmp(json_string_value(m), cli_str(p, "handle")) == 0;
        if (!shared) json_array_append(list, json_object_get(p, "handle"));
    }
    if (json_array_size(list) && !g->c->json) {
        fputs("Shares no channel with us, so hand the new card over (readback card --out FILE): ",
              stdout);
        cli_list(stdout, list);
        fputc('\n', stdout);
    }
    json_object_set_new(json_array_size(g->said) ? json_array_get(g->said, 0) : peers, "hand_over",
                        list);
    json_decref(peers);
}

/* ---- rotating
 * -------------------------------------------------------------------------------------
 */
static int officer_key_file(struct change *g, const char *path) {
    struct rb_reject rj = {0};
    size_t n = 0;
    char *line = cli_read_file(g->c, path, 4096, &n);
    if (line == NULL) return CLI_FAILED;
    enum rb_err err = rb_openssh_pub_decode(rb_slice(line, n), &g->fresh, &rj);
    free(line);
    if (err == RB_OK && rb_ed25519_key_check(&g->fresh) == RB_OK) return CLI_OK;
    return cli_fail(g->c, "It must be a line \"ssh-ed25519 AAAA... comment\".",
                    "%s is no Ed25519 public key", path);
}
static int make_officer(struct change *g) {
    struct rb_passphrase p;
    char name[RB_MAX_HANDLE + 16], prompt[96];
    if (cli_has(g->c, "key")) return officer_key_file(g, cli_get(g->c, "key"));
    snprintf(name, sizeof name, "officer-%s", g->name);
    snprintf(prompt, sizeof prompt, "New passphrase for officer %s", g->name);
    int rc = cli_passphrase(g->c, prompt, true, &p);
    if (rc == CLI_OK && rb_keys_seal_next(g->h, name, rb_passphrase_slice(&p), &g->fresh) != RB_OK)
        rc = cli_fail(g->c, NULL, "%s", rb_home_error(g->h));
    rb_wipe(&p, sizeof p);
    return rc;
}
static int make_age(struct change *g, struct rb_passphrase *p) {
    int rc = CLI_OK;
    if (rb_home_has(g->h, "keys/age.age"))
        rc = cli_passphrase(g->c, "Passphrase of the age key", false, p);
    if (rc == CLI_OK && rb_keys_age_next(g->h, rb_passphrase_slice(p), &g->fresh) != RB_OK)
        rc = cli_fail(g->c, "Nothing was done.", "%s", rb_home_error(g->h));
    return rc;
}
static int make_key(struct change *g, struct rb_passphrase *age) {
    if (g->role == RB_KEY_OFFICER) return make_officer(g);
    if (g->role == RB_KEY_AGE) return make_age(g, age);
    if (rb_keys_make_next(g->h, role_words[g->role], &g->fresh) == RB_OK) return CLI_OK;
    return cli_fail(g->c, NULL, "%s", rb_home_error(g->h));
}
/* where the age key is sealed the daemon opens nothing until it has read the new one */
static void unlock_again(struct change *g, struct rb_passphrase *p) {
    json_t *in, *out = NULL;
    if (p->n == 0) return;
    in = json_pack("{s:s#}", "passphrase", (const char *)rb_passphrase_slice(p).p, (int)p->n);
    if (g->c->client->call(g->c->client->ctx, "POST", "/v1/unlock", in, &out) >= 300)
        fputs("readback: run `readback unlock`: the daemon has not read the new age key\n", stderr);
    json_decref(in);
    json_decref(out);
}
static json_t *statement(struct change *g, const char *path, json_t *in, json_t **shown, int *rc) {
    json_t *out = NULL;
    *shown = NULL;
    *rc = cli_call(g->c, "POST", path, in, shown);
    json_decref(in);
    if (*rc != CLI_OK) return NULL;
    out = rb_client_statement(&g->party.key, *shown);
    if (out == NULL) *rc = cli_fail(g->c, NULL, "the party key did not sign; nothing was logged");
    return out;
}
static const char *const means[] = {
    [RB_KEY_MIRROR] = "cosigns others' feeds, each from when its author holds the record of it",
    [RB_KEY_NODE] = "signs what the node says, from the record of it on",
    [RB_KEY_OFFICER] = "signs for this officer, from the record of it on",
    [RB_KEY_TLS] =
        "is served once those who hold our feed hold the new card, at the latest in a day; "
        "others need the card by hand",
    [RB_KEY_AGE] =
        "is what others seal to once they hold the new card; the earlier one still opens what was "
        "sealed to it",
};
static void show_rotation(struct change *g) {
    char kid[2 * RB_KID_LEN + 1];
    kid_words(&g->old, kid);
    cli_strong(g->c, stderr, "A new key");
    fprintf(stderr, " for %s%s%s, in place of %s\n  the new one %s\n", role_words[g->role],
            *g->name ? " " : "", g->name, kid, means[g->role]);
    fprintf(stderr, "  card version %llu; both are logged in each of our channels (%zu)\n",
            (unsigned long long)g->card->card.version + 1, json_array_size(g->channels));
    fputs("  the earlier key stays in the home; it is not revoked: where it may be in wrong hands, "
          "use "
          "`readback key revoke`\n",
          stderr);
}
/* After its own rotation the officer who signed has another key. */
static int officer_again(struct change *g) {
    if (g->role != RB_KEY_OFFICER || !rb_key_eq(&g->old, &g->officer.key.pub)) return CLI_OK;
    cli_key_close(&g->officer);
    return cli_officer_named(g->c, g->name, &g->officer);
}
/* card in the home: it is signed with what it says, so officer_again finds the new key by it */
static int rotate(struct change *g) {
    struct rb_key *k = on_card(&g->card->card, g->role, g->name);
    struct rb_passphrase age = {.n = 0};
    json_t *shown = NULL, *rotation = NULL, *card = NULL;
    int rc = make_key(g, &age);
    if (rc == CLI_OK && rb_key_eq(&g->fresh, &g->old))
        rc = cli_fail(g->c, "Nothing was done.", "this is the key that is there already");
    if (rc == CLI_OK)
        rotation = statement(g, "/v1/keys/rotation",
                             json_pack("{s:s,s:o,s:o}", "role", role_words[g->role], "old",
                                       key_hex(&g->old), "new", key_hex(&g->fresh)),
                             &shown, &rc);
    if (rc == CLI_OK) {
        *k = g->fresh;
        card = next_card(g, &rc);
    }
    if (rc == CLI_OK) unlock_again(g, &age);
    if (rc == CLI_OK) rc = log_all(g, g->channels, "rotation", rotation, &g->officer.key);
    if (rc == CLI_OK) rc = officer_again(g);
    if (rc == CLI_OK) rc = log_all(g, g->channels, "card", card, &g->officer.key);
    if (rc != CLI_OK && card)
        fputs("  the new card is signed and in use here: `readback card publish` logs it again\n",
              stderr);
    rb_wipe(&age, sizeof age);
    json_decref(shown);
    json_decref(rotation);
    json_decref(card);
    return rc;
}
static int which(struct change *g) {
    struct cli *c = g->c;
    int rc = read_role(c, c->args[0], &g->role);
    if (rc != CLI_OK) return rc;
    if (g->role == RB_KEY_OFFICER) {
        if (c->args_n < 2)
            return cli_usage(c, "say which officer: readback %s officer NAME", c->command->name);
        snprintf(g->name, sizeof g->name, "%s", c->args[1]);
    }
    const struct rb_key *k = on_card(&g->card->card, g->role, g->name);
    if (k) g->old = *k;
    if (k == NULL && g->role == RB_KEY_OFFICER)
        return cli_usage(c, "our card has no officer \"%s\" (`readback card` shows them)", g->name);
    return CLI_OK;
}
static int finish(struct change *g, int rc) {
    if (rc == CLI_OK) say_hand_over(g);
    if (rc == CLI_OK && g->c->json) {
        json_t *o = json_pack("{s:s,s:I,s:O}", "role", role_words[g->role], "version",
                              (json_int_t)g->card->card.version, "logged", g->said);
        if (*g->name) json_object_set_new(o, "name", json_string(g->name));
        json_object_set_new(o, "old", key_hex(&g->old));
        static const struct rb_key none;
        if (!rb_key_eq(&g->fresh, &none)) json_object_set_new(o, "new", key_hex(&g->fresh));
        cli_json(o);
        json_decref(o);
    }
    return rc;
}
int cli_key_rotate(struct cli *c) {
    struct change g;
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    int rc = begin(c, &g);
    if (rc == CLI_OK) rc = which(&g);
    if (rc == CLI_OK && g.role == RB_KEY_LOG)
        rc =
            cli_usage(c, "a log key belongs to its feed for good: `readback channel epoch` opens a "
                         "further one with a key of its own");
    if (rc == CLI_OK) rc = cli_officer(c, &g.officer); /* a wrong passphrase is said first */
    if (rc == CLI_OK) rc = get_party(&g);
    if (rc == CLI_OK) {
        show_rotation(&g);
        cli_confirm(c, "Make it and say so?", &rc);
    }
    if (rc == CLI_OK) rc = finish(&g, rotate(&g));
    end(&g);
    return rc;
}

/* ---- revoking
 * -------------------------------------------------------------------------------------
 */
/* --stood-by CHANNEL=SIZE or ORIGIN=SIZE */
static int stood_by(struct change *g, json_t *in) {
    json_t *o = json_object();
    const char *v;
    int rc = CLI_OK;
    for (size_t i = 0; rc == CLI_OK && (v = cli_nth(g->c, "stood-by", i)) != NULL; i++) {
        const char *eq = strrchr(v, '=');
        char *endp = NULL;
        long long n = eq ? strtoll(eq + 1, &endp, 10) : -1;
        if (eq == NULL || eq == v || n < 0 || *endp || !isdigit((unsigned char)eq[1]))
            rc = cli_usage(g->c, "--stood-by wants ORIGIN=SIZE: %s", v);
        else
            json_object_setn_new(o, v, (size_t)(eq - v), json_integer(n));
    }
    if (json_object_size(o)) json_object_set(in, "stood_by", o);
    json_decref(o);
    return rc;
}
static void show_feed(const struct change *g, const json_t *x) {
    const long long held = (long long)cli_int(x, "held"), by = (long long)cli_int(x, "stood_by");
    fprintf(stderr, "  \"%s\", %s\n    stood by: %lld of the %lld records held here",
            cli_str(x, "title"), cli_str(x, "origin"), by, held);
    if (g->role == RB_KEY_MIRROR)
        fprintf(stderr, "; receipts by this key over more do not count, unless somebody else held "
                        "them first\n");
    else
        fprintf(stderr, "; %lld signed by it %s, and all that may follow\n",
                (long long)cli_int(x, "disowned"),
                cli_int(x, "disowned") == 1 ? "is disowned" : "are disowned");
}
static void show_revocation(struct change *g, const json_t *shown) {
    char kid[2 * RB_KID_LEN + 1];
    size_t i;
    const json_t *x;
    kid_words(&g->old, kid);
    cli_strong(g->c, stderr, "To be revoked");
    fprintf(stderr, ": the %s key %s%s%s\n", role_words[g->role], kid,
            *g->name ? " of officer " : "", g->name);
    json_array_foreach(json_object_get(shown, "feeds"), i, x) show_feed(g, x);
    if (json_array_size(json_object_get(shown, "feeds")) == 0 &&
        (g->role == RB_KEY_TLS || g->role == RB_KEY_AGE))
        fputs("  it signs no records: nothing said is disowned\n", stderr);
    if (json_array_size(g->named) > 1)
        fputs("  ALL MEMBERS of each channel read this, and the names of our feeds in the others: "
              "--channel says it in one alone\n",
              stderr);
    fputs("This cannot be taken back. What was disowned stays in the log, and is shown so.\n",
          stderr);
}
static int compose_revocation(struct change *g, json_t **shown) {
    json_t *in = json_pack("{s:s,s:o}", "role", role_words[g->role], "key", key_hex(&g->old));
    if (cli_has(g->c, "reason"))
        json_object_set_new(in, "reason", json_string(cli_get(g->c, "reason")));
    if (cli_has(g->c, "channel") && json_array_size(g->named) == 1)
        json_object_set(in, "channel", json_object_get(json_array_get(g->named, 0), "channel"));
    int rc = stood_by(g, in);
    *shown = NULL;
    if (rc == CLI_OK) rc = cli_call(g->c, "POST", "/v1/keys/revocation", in, shown);
    json_decref(in);
    return rc;
}
/* an officer leaves the card; every other role must have a key, so it gets a new one first */
static int make_room(struct change *g) {
    struct rb_card *card = &g->card->card;
    json_t *signed_card;
    int rc = CLI_OK;
    if (g->role != RB_KEY_OFFICER || cli_has(g->c, "replace")) return rotate(g);
    if (card->officers_n < 2)
        return cli_fail(
            g->c,
            "Name another officer first (`readback card update --officer NAME`), or give "
            "this one a new key with --replace.",
            "this is the only officer on our card");
    for (size_t i = 0; i < card->officers_n; i++) {
        if (!rb_slice_is(card->officers[i].name, g->name)) continue;
        memmove(&card->officers[i], &card->officers[i + 1],
                (card->officers_n - i - 1) * sizeof *card->officers);
        card->officers_n--;
        break;
    }
    signed_card = next_card(g, &rc);
    if (rc == CLI_OK) rc = log_all(g, g->channels, "card", signed_card, &g->officer.key);
    json_decref(signed_card);
    return rc;
}
/* by role, and name or first digits of a key id, among all keys we ever had */
static int which_revoked(struct change *g, bool *current) {
    struct cli *c = g->c;
    const char *word = c->args_n > 1 ? c->args[1] : NULL;
    const json_t *x, *hit = NULL;
    size_t i, hits = 0;
    int rc = read_role(c, c->args[0], &g->role);
    *current = false;
    if (rc != CLI_OK) return rc;
    json_array_foreach(json_object_get(g->keys, "keys"), i, x) {
        bool force = strcmp(cli_str(x, "state"), "in force") == 0;
        if (strcmp(cli_str(x, "role"), role_words[g->role]) != 0) continue;
        bool named = word && (strcmp(cli_str(x, "name"), word) == 0 ||
                              strcmp(cli_str(x, "channel"), word) == 0);
        bool kid = word && strlen(word) >= 4 && strncmp(cli_str(x, "kid"), word, strlen(word)) == 0;
        bool log = g->role == RB_KEY_LOG && word && strlen(word) >= 4 &&
                   strncmp(cli_str(x, "channel"), word, strlen(word)) == 0;
        if (!(kid || ((named || log || (word == NULL && g->role != RB_KEY_OFFICER)) && force)))
            continue;
        hit = x;
        hits++;
    }
    if (hits != 1)
        return cli_fail(
            c, "`readback key list` shows them: name an officer, a channel, or the key id.",
            hits ? "these words fit more than one key" : "no key of ours fits these words");
    if (!key_of(hit, &g->old)) return CLI_FAILED;
    snprintf(g->name, sizeof g->name, "%s", g->role == RB_KEY_OFFICER ? cli_str(hit, "name") : "");
    *current = strcmp(cli_str(hit, "state"), "in force") == 0;
    if (g->role == RB_KEY_LOG) { /* it counts in its own channel alone */
        json_array_clear(g->named);
        json_t *ch = json_pack("{s:O,s:O}", "channel", json_object_get(hit, "channel"), "title",
                               json_object_get(hit, "channel"));
        json_array_append_new(g->named, ch);
    }
    return CLI_OK;
}
static int log_epoch(struct change *g) {
    json_t *out = NULL;
    const json_t *ch = json_array_get(g->named, 0);
    int status = rb_client_epoch(g->c->client, &g->officer.key, &g->party.key,
                                 cli_str(ch, "channel"), NULL, &out);
    int rc = status == 200 ? CLI_OK : cli_refused(g->c, status, out);
    if (rc == CLI_OK && !g->c->json)
        printf("Opened: epoch %lld of our feed, with a new log key\n",
               (long long)cli_int(out, "epoch"));
    json_decref(out);
    return rc;
}
static int write_out(struct cli *c, const char *path, const json_t *signed_body) {
    uint8_t *bytes = malloc(RB_MAX_LEAF);
    size_t n = 0;
    int rc = CLI_OK;
    FILE *f = bytes ? fopen(path, "wbx") : NULL;
    if (f == NULL) rc = cli_fail(c, "Files are never overwritten.", "%s cannot be made", path);
    if (rc == CLI_OK &&
        rb_base64_decode(rb_str(json_string_value(signed_body)), bytes, RB_MAX_LEAF, &n) != RB_OK)
        rc = CLI_FAILED;
    if (rc == CLI_OK && fwrite(bytes, 1, n, f) != n)
        rc = cli_fail(c, NULL, "%s cannot be written", path);
    if (f && fclose(f) != 0 && rc == CLI_OK) rc = cli_fail(c, NULL, "%s cannot be written", path);
    free(bytes);
    if (rc == CLI_OK && !c->json)
        printf("Written: %s. Any member may log it: readback key revoke --file %s\n", path, path);
    return rc;
}
/* The key in force gets its successor before it is revoked, so that nothing stands still: of a log
 * key that is a further epoch, in which the revocation stands (in the one before it would be
 * disowned). */
static int make_successor(struct change *g, bool current) {
    if (!current) return CLI_OK;
    return g->role == RB_KEY_LOG ? log_epoch(g) : make_room(g);
}
static int revoke_key(struct change *g, bool current) {
    json_t *now = NULL, *signed_body = NULL;
    int rc = make_successor(g, current);
    /* sizes as they are now: what the key signed until its successor was there is stood by, too */
    if (rc == CLI_OK) rc = compose_revocation(g, &now);
    if (rc == CLI_OK && (signed_body = rb_client_statement(&g->party.key, now)) == NULL)
        rc = cli_fail(g->c, NULL, "the party key did not sign; nothing was revoked");
    if (rc == CLI_OK) rc = log_all(g, g->named, "revocation", signed_body, &g->officer.key);
    if (rc == CLI_OK && cli_has(g->c, "out"))
        rc = write_out(g->c, cli_get(g->c, "out"), signed_body);
    json_decref(now);
    json_decref(signed_body);
    return rc;
}
static int other_officer(struct change *g) {
    if (g->role == RB_KEY_OFFICER && rb_key_eq(&g->officer.key.pub, &g->old) &&
        !cli_has(g->c, "replace"))
        return cli_usage(
            g->c, "another officer must sign: --officer NAME; or --replace gives %s a new key",
            g->name);
    return CLI_OK;
}
static int revoke_file(struct cli *c, const char *path);
int cli_key_revoke(struct cli *c) {
    struct change g;
    json_t *shown = NULL;
    bool current = false;
    if (cli_has(c, "file"))
        return cli_want_args(c, 0, 0) ? revoke_file(c, cli_get(c, "file")) : CLI_USAGE;
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    int rc = begin(c, &g);
    if (rc == CLI_OK) rc = which_revoked(&g, &current);
    if (rc == CLI_OK) rc = cli_officer(c, &g.officer);
    if (rc == CLI_OK) rc = other_officer(&g);
    if (rc == CLI_OK) rc = get_party(&g);
    if (rc == CLI_OK) rc = compose_revocation(&g, &shown);
    if (rc == CLI_OK) {
        show_revocation(&g, shown);
        cli_confirm(c, "Revoke it?", &rc);
    }
    if (rc == CLI_OK) rc = finish(&g, revoke_key(&g, current));
    json_decref(shown);
    end(&g);
    return rc;
}

/* ---- another's, or our own, handed over as a file
 * ---------------------------------------------------
 */
static int show_file(struct cli *c, const struct rb_revocation *r) {
    char kid[2 * RB_KID_LEN + 1], hex[2 * RB_HASH_LEN + 1];
    struct rb_writer w = rb_writer(hex, sizeof hex);
    struct rb_hash party;
    rb_party_hash(&r->party, &party);
    rb_put_hex(&w, party.b, RB_HASH_LEN);
    kid_words(&r->key, kid);
    cli_strong(c, stderr, "A revocation signed by its party");
    fprintf(stderr, " %s\n  the %s key %s\n", rb_writer_z(&w), rb_key_role_name(r->role), kid);
    if (r->reason.n)
        fprintf(stderr, "  reason: %.*s\n", (int)r->reason.n, (const char *)r->reason.p);
    for (size_t i = 0; i < r->stood_n; i++)
        fprintf(stderr, "  stood by: %llu records of %.*s\n", (unsigned long long)r->stood[i].size,
                (int)r->stood[i].origin.n, (const char *)r->stood[i].origin.p);
    fputs("  of feeds not named here nothing signed by it is stood by\n", stderr);
    int rc = CLI_OK;
    cli_confirm(c, "Log it?", &rc);
    return rc;
}
static int revoke_file(struct cli *c, const char *path) {
    struct change g;
    struct rb_revocation *r = calloc(1, sizeof *r);
    uint8_t *work = malloc(1u << 18);
    struct rb_arena a = rb_arena(work, work ? 1u << 18 : 0);
    struct rb_reject rj = {0};
    size_t n = 0;
    char *bytes = cli_read_file(c, path, RB_MAX_LEAF, &n);
    int rc = bytes && r && work ? CLI_OK : CLI_FAILED;
    json_t *body = NULL;
    if (rc == CLI_OK && rb_revocation_decode(rb_slice(bytes, n), r, &a, &rj) != RB_OK)
        rc = cli_fail(c, "Ask for the file again.", "%s is no revocation: %s (clause %s)", path,
                      rj.what ? rj.what : "", rj.clause ? rj.clause : "-");
    int begun = rc == CLI_OK ? begin(c, &g) : rc;
    if (rc == CLI_OK) {
        rc = begun;
        g.role = r->role;
        g.old = r->key;
        if (rc == CLI_OK) rc = cli_officer(c, &g.officer);
        if (rc == CLI_OK) rc = show_file(c, r);
        if (rc == CLI_OK) body = cli_base64((const uint8_t *)bytes, n);
        if (rc == CLI_OK) rc = log_all(&g, g.named, "revocation", body, &g.officer.key);
        if (rc == CLI_OK && c->json) cli_json(g.said);
        end(&g);
    }
    json_decref(body);
    free(bytes);
    free(work);
    free(r);
    return rc;
}
