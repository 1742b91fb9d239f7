/* Officers' keys and the party key: sealed files in the home, or ssh-agent. */
#include <stdlib.h>
#include "cli.h"
#include "readback/text.h"

int cli_passphrase(struct cli *c, const char *prompt, bool confirm, struct rb_passphrase *out) {
    char why[256] = "";
    enum rb_err err = rb_passphrase_read(c->passphrase_fd, prompt, confirm, out, why, sizeof why);
    if (err != RB_OK && c->passphrase_fd >= 0 &&
        c->has_passphrase) { /* one line given: it is for all keys */
        *out = c->passphrase;
        return CLI_OK;
    }
    if (err != RB_OK)
        return cli_fail(c,
                        "Give it on a terminal, with --passphrase-fd N, or in a file of "
                        "mode 0600 named by READBACK_PASSPHRASE_FILE.",
                        "%s", why);
    c->passphrase = *out;
    c->has_passphrase = true;
    return CLI_OK;
}

static enum rb_err sign_sealed(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    const struct cli_key *k = ctx;
    rb_ed25519_sign(&k->secret, msg, sig);
    return RB_OK;
}
static enum rb_err sign_agent(void *ctx, struct rb_slice msg, uint8_t sig[RB_SIG_LEN]) {
    struct cli_key *k = ctx;
    return rb_agent_sign(k->agent, &k->key.pub, msg, sig);
}
void cli_key_close(struct cli_key *k) {
    if (k->agent) rb_agent_close(k->agent);
    rb_wipe(k, sizeof *k);
}
static void use_sealed(struct cli_key *k) {
    k->key = (struct rb_signer_key){k, k->secret.pub, sign_sealed};
}

/* ---- our card's officers
 * ------------------------------------------------------------------------- */
struct own_card {
    uint8_t bytes[RB_MAX_CARD];
    struct rb_card card;
    uint8_t work[65536];
};
static struct own_card *own_card_read(struct cli *c, struct rb_home *h) {
    struct own_card *o = malloc(sizeof *o);
    size_t n = 0;
    struct rb_reject rj = {0};
    if (o == NULL || rb_home_read(h, "card.cose", o->bytes, sizeof o->bytes, &n) != RB_OK) {
        cli_fail(c, "`readback init` makes a home.", "%s",
                 o ? rb_home_error(h) : "memory is short");
        free(o);
        return NULL;
    }
    struct rb_arena a = rb_arena(o->work, sizeof o->work);
    if (rb_card_decode(rb_slice(o->bytes, n), &o->card, &a, &rj) == RB_OK) return o;
    cli_fail(c, NULL, "the card in the home does not read: %s (clause %s)", rj.what ? rj.what : "",
             rj.clause ? rj.clause : "");
    free(o);
    return NULL;
}
static const struct rb_officer *officer_named(const struct rb_card *card, const char *name) {
    for (size_t i = 0; i < card->officers_n; i++)
        if (rb_slice_is(card->officers[i].name, name)) return &card->officers[i];
    return NULL;
}

/* `card update` names new officers with --officer, so that the one who signs has another option */
static const char *signing_option(const struct cli *c) {
    return strcmp(c->command->name, "card") == 0 ? "--signed-by" : "--officer";
}

/* ---- ssh-agent
 * ------------------------------------------------------------------------------------ */
/* the agent's key that is `want`, or the only one of the card's officers that it has */
static int from_agent(struct cli *c, const struct rb_card *card, const struct rb_officer *want,
                      struct cli_key *out) {
    char why[256] = "";
    struct rb_agent_key keys[RB_AGENT_MAX_KEYS];
    size_t n = 0, hits = 0;
    if (rb_agent_open(NULL, &out->agent, why, sizeof why) != RB_OK)
        return cli_fail(c, "Start ssh-agent and add the officer's key with ssh-add.", "%s", why);
    if (rb_agent_list(out->agent, keys, RB_AGENT_MAX_KEYS, &n) != RB_OK)
        return cli_fail(c, NULL, "%s", rb_agent_error(out->agent));
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < card->officers_n; k++) {
            const struct rb_officer *o = &card->officers[k];
            if (!rb_key_eq(&keys[i].pub, &o->key) || (want && want != o)) continue;
            out->key = (struct rb_signer_key){out, o->key, sign_agent};
            hits++;
        }
    }
    if (hits == 1) return CLI_OK;
    if (hits > 1)
        return cli_usage(c, "ssh-agent holds keys of several officers: name one with %s",
                         signing_option(c));
    return cli_fail(c, "Add it with ssh-add; security keys (sk-) cannot sign records.",
                    "ssh-agent holds no key of %s",
                    want ? "this officer" : "an officer on our card");
}

/* ---- choosing
 * ------------------------------------------------------------------------------------- */
static int from_sealed(struct cli *c, struct rb_home *h, const char *name, const char *file,
                       struct cli_key *out) {
    char prompt[128];
    struct rb_passphrase p;
    snprintf(prompt, sizeof prompt, "Passphrase of officer %s", name);
    int rc = cli_passphrase(c, prompt, false, &p);
    if (rc != CLI_OK) return rc;
    enum rb_err err = rb_keys_unseal(h, file, rb_passphrase_slice(&p), &out->secret);
    rb_wipe(&p, sizeof p);
    if (err == RB_ERR_SIGNATURE)
        return cli_fail(c, "Try again; nothing was released.", "the passphrase is wrong");
    if (err != RB_OK) return cli_fail(c, NULL, "%s", rb_home_error(h));
    use_sealed(out);
    return CLI_OK;
}
/* the sealed file of this officer's key as the card has it now: earlier ones are kept beside it */
static bool sealed_file(struct rb_home *h, const struct rb_officer *o, char file[96]) {
    char name[RB_MAX_HANDLE + 16];
    snprintf(name, sizeof name, "officer-%.*s", (int)o->name.n, (const char *)o->name.p);
    return rb_keys_seal_find(h, name, &o->key, file, 96) == RB_OK;
}
static int choose(struct cli *c, struct rb_home *h, const struct rb_card *card, const char *name,
                  struct cli_key *out) {
    const struct rb_officer *want = name ? officer_named(card, name) : NULL;
    char names[RB_MAX_OFFICERS][RB_MAX_HANDLE + 1], file[96], last_file[96] = "";
    size_t n = 0, hits = 0, last = 0;
    if (name && want == NULL)
        return cli_usage(c, "our card has no officer \"%s\" (`readback card` shows them)", name);
    if (cli_has(c, "agent")) return from_agent(c, card, want, out);
    if (name)
        return sealed_file(h, want, file) ? from_sealed(c, h, name, file, out)
                                          : from_agent(c, card, want, out);
    if (rb_keys_officers(h, names, RB_MAX_OFFICERS, &n) != RB_OK)
        return cli_fail(c, NULL, "%s", rb_home_error(h));
    for (size_t i = 0; i < n; i++) {
        const struct rb_officer *o = officer_named(card, names[i]);
        if (o == NULL || !sealed_file(h, o, file)) continue;
        last = i;
        snprintf(last_file, sizeof last_file, "%s", file);
        hits++;
    }
    if (hits > 1)
        return cli_usage(c, "there are several officers: name one with %s", signing_option(c));
    return hits == 1 ? from_sealed(c, h, names[last], last_file, out) : from_agent(c, card, NULL, out);
}
int cli_officer(struct cli *c, struct cli_key *out) {
    return cli_officer_named(c, cli_get(c, "officer"), out);
}
int cli_officer_named(struct cli *c, const char *name, struct cli_key *out) {
    struct rb_home *h = NULL;
    char why[256] = "";
    memset(out, 0, sizeof *out);
    if (rb_home_open(c->home, &h, why, sizeof why) != RB_OK)
        return cli_fail(c, "`readback init` makes a home.", "%s", why);
    struct own_card *card = own_card_read(c, h);
    int rc = card ? choose(c, h, &card->card, name, out) : CLI_FAILED;
    free(card);
    rb_home_close(h);
    return rc;
}

int cli_party(struct cli *c, struct cli_key *out) {
    struct rb_home *h = NULL;
    char why[256] = "";
    struct rb_passphrase p;
    const char *file = cli_get(c, "party-key");
    memset(out, 0, sizeof *out);
    if (file == NULL && rb_home_open(c->home, &h, why, sizeof why) != RB_OK)
        return cli_fail(c, "`readback init` makes a home.", "%s", why);
    if (h && !rb_home_has(h, "keys/party.sealed")) {
        rb_home_close(h);
        return cli_fail(c, "Give it with --party-key FILE, for example from a stick.",
                        "the party key is not in this home");
    }
    int rc = cli_passphrase(c, "Passphrase of the party key", false, &p);
    if (rc == CLI_OK) {
        enum rb_err err =
            file ? rb_keys_unseal_file(file, rb_passphrase_slice(&p), &out->secret, why, sizeof why)
                 : rb_keys_unseal(h, "party", rb_passphrase_slice(&p), &out->secret);
        if (err == RB_ERR_SIGNATURE)
            rc = cli_fail(c, "Try again; nothing was done.", "the party key's passphrase is wrong");
        else if (err != RB_OK)
            rc = cli_fail(c, NULL, "%s", file ? why : rb_home_error(h));
        else
            use_sealed(out);
    }
    rb_wipe(&p, sizeof p);
    rb_home_close(h);
    return rc;
}
