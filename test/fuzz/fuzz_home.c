/* Files of the home directory: the head file, settings, a key file, age identities. The first byte
 * says which. The head file is the one that matters: what was taken from it is still so after it
 * was written anew, no entry goes back, and what cannot be read is refused with the line's number.
 */
#include "fuzz_file.h"
#include "readback/text.h"
#include "shell/os/config.h"
#include "shell/os/keystore.h"
#include "shell/store/store.h"

#define MAX_FILE 65536u
static uint8_t first[8 * MAX_FILE], second[8 * MAX_FILE];

struct entries {
    size_t n;
    struct rb_heads *h;
};

static enum rb_err each(void *ctx, struct rb_event *ev) {
    struct entries *e = ctx;
    const struct rb_hash other = {{1}};
    struct rb_hash root = ev->u.loaded.root;
    e->n++;
    FUZZ_CHECK(rb_heads_allow(e->h, ev->u.loaded.use, ev->u.loaded.origin, ev->u.loaded.size,
                              &root) == RB_OK);
    if (!rb_hash_eq(&root, &other))
        FUZZ_CHECK(rb_heads_allow(e->h, ev->u.loaded.use, ev->u.loaded.origin, ev->u.loaded.size,
                                  &other) == RB_ERR_STATE);
    if (ev->u.loaded.size > 0)
        FUZZ_CHECK(rb_heads_allow(e->h, ev->u.loaded.use, ev->u.loaded.origin,
                                  ev->u.loaded.size - 1, &root) == RB_ERR_STATE);
    return RB_OK;
}

static size_t open_heads(uint8_t *text, size_t *n) {
    char path[128], why[512] = "";
    struct entries e = {0};
    (void)snprintf(path, sizeof path, "%s/heads", fuzz_dir);
    if (rb_heads_open(path, &e.h, why, sizeof why) != RB_OK) {
        FUZZ_CHECK(strlen(why) > 20);
        return SIZE_MAX;
    }
    FUZZ_CHECK(rb_heads_each(e.h, each, &e) == RB_OK);
    rb_heads_close(e.h);
    FUZZ_CHECK(fuzz_get("heads", text, sizeof first, n));
    return e.n;
}

static void heads(void) {
    size_t a_n = 0, b_n = 0;
    const size_t a = open_heads(first, &a_n);
    if (a == SIZE_MAX) return;
    const size_t b = open_heads(second, &b_n);
    FUZZ_CHECK(a == b && a_n == b_n && memcmp(first, second, a_n) == 0);
}

static void settings(void) {
    char path[128], why[1200] = "";
    struct rb_config c;
    rb_config_default(&c);
    (void)snprintf(path, sizeof path, "%s/config.ini", fuzz_dir);
    if (rb_config_read(path, &c, why, sizeof why) != RB_OK) {
        FUZZ_CHECK(why[0] != '\0');
        return;
    }
    FUZZ_CHECK(c.listen_n <= RB_CONFIG_LISTEN &&
               memchr(c.api_socket, 0, sizeof c.api_socket) != NULL);
}

static void keys(void) {
    char why[1200] = "";
    struct rb_home *h = NULL;
    struct rb_seckey k;
    struct rb_key pub;
    uint8_t secret[32], card[RB_MAX_CARD];
    size_t n;
    FUZZ_CHECK(rb_home_open(fuzz_dir, &h, why, sizeof why) == RB_OK);
    if (rb_keys_load(h, "node", &k) != RB_OK) FUZZ_CHECK(rb_home_error(h)[0] != '\0');
    if (rb_keys_age_load(h, secret, &pub) != RB_OK) FUZZ_CHECK(rb_home_error(h)[0] != '\0');
    if (rb_home_read(h, "card.cose", card, sizeof card, &n) == RB_OK) FUZZ_CHECK(n <= sizeof card);
    rb_home_close(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static const char *const names[] = {"heads", "config.ini", "keys/node.pem", "keys/age.txt",
                                        "card.cose"};
    if (fuzz_dir[0] == '\0') FUZZ_CHECK(rb_crypto_init() == RB_OK);
    fuzz_folder();
    if (n == 0 || n > MAX_FILE) return 0;
    fuzz_empty();
    fuzz_put("keys/other", NULL, 0);
    fuzz_put(names[data[0] % 5], data + 1, n - 1);
    if (data[0] % 5 == 0)
        heads();
    else if (data[0] % 5 == 1)
        settings();
    else
        keys();
    return 0;
}
