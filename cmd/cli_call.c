/* Calling the daemon, and asking the person. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "shell/os/config.h"

bool cli_connect(struct cli *c) {
    struct rb_config cfg;
    char path[RB_HOME_PATH_MAX + 16], why[256] = "";
    if (c->client) return true;
    rb_config_default(&cfg);
    snprintf(path, sizeof path, "%s/config.ini", c->home);
    enum rb_err err = rb_config_read(path, &cfg, why, sizeof why);
    if (err != RB_OK && err != RB_ERR_NOT_FOUND) { /* it may be missing */
        cli_fail(c, NULL, "%s", why);
        return false;
    }
    if (cfg.api_socket[0] == '/')
        snprintf(c->socket, sizeof c->socket, "%s", cfg.api_socket);
    else if ((size_t)snprintf(path, sizeof path, "%s/%s", c->home,
                              cfg.api_socket[0] ? cfg.api_socket : "readbackd.sock") <
             sizeof c->socket)
        memcpy(c->socket, path, strlen(path) + 1);
    c->client = rb_client_unix(c->socket);
    if (c->client == NULL) cli_fail(c, NULL, "memory is short");
    return c->client != NULL;
}
int cli_call(struct cli *c, const char *method, const char *path, const json_t *in, json_t **out) {
    *out = NULL;
    if (!cli_connect(c)) return CLI_FAILED;
    int status = c->client->call(c->client->ctx, method, path, in, out);
    if (status == 0) {
        cli_fail(c, "Start it: `readback serve` (or the service readbackd), with the same --home.",
                 "nobody answers on %s: the daemon is not running", c->socket);
        return CLI_NOBODY;
    }
    if (status >= 300) return cli_refused(c, status, *out);
    return CLI_OK;
}
int cli_get_json(struct cli *c, const char *path, json_t **out) {
    return cli_call(c, "GET", path, NULL, out);
}

void cli_path(struct cli_path *p, const char *before, const char *part, const char *after) {
    p->query = false;
    if (part)
        rb_client_path(p->z, sizeof p->z, before, part, after);
    else
        snprintf(p->z, sizeof p->z, "%s%s", before, after);
    p->n = strlen(p->z);
}
void cli_query(struct cli_path *p, const char *name, const char *value) {
    char before[64];
    if (value == NULL || p->n + 4 * strlen(value) + sizeof before >= sizeof p->z) return;
    snprintf(before, sizeof before, "%c%s=", p->query ? '&' : '?', name);
    rb_client_path(p->z + p->n, sizeof p->z - p->n, before, value, "");
    p->n += strlen(p->z + p->n);
    p->query = true;
}

char *cli_channel(struct cli *c, const char *given) {
    json_t *out = NULL;
    char *name = NULL;
    c->channel_exit = CLI_FAILED;
    if (given) return strdup(given);
    int rc = cli_get_json(c, "/v1/channels", &out);
    const json_t *list = json_object_get(out, "channels");
    if (rc != CLI_OK)
        c->channel_exit = rc;
    else if (json_array_size(list) == 1)
        name = strdup(cli_str(json_array_get(list, 0), "channel"));
    else if (json_array_size(list) == 0)
        cli_fail(c,
                 "`readback channel propose` makes one; an invitation shows in `readback inbox`.",
                 "this node has no channel yet");
    else
        c->channel_exit =
            cli_usage(c, "there are several channels: name one (`readback channel list`)");
    json_decref(out);
    return name;
}

/* standard input; where a form came through a pipe, the terminal behind it. NULL: nobody to ask */
static FILE *terminal(const struct cli *c) {
    if (isatty(STDIN_FILENO)) {
        clearerr(stdin); /* a form typed there ended with Ctrl-D */
        return stdin;
    }
    return c->form_stdin && isatty(STDERR_FILENO) ? fopen("/dev/tty", "r") : NULL;
}
bool cli_confirm(const struct cli *c, const char *question, int *exit_code) {
    char line[16] = "";
    *exit_code = CLI_OK;
    if (c->yes) return true;
    *exit_code = CLI_CONFIRM;
    FILE *in = terminal(c);
    if (in == NULL) {
        cli_fail(c, "Give --yes if it shall be.",
                 "this wants a confirmation, and there is no terminal to ask at");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    bool yes = fgets(line, sizeof line, in) && (line[0] == 'y' || line[0] == 'Y');
    if (in != stdin) fclose(in);
    if (yes)
        *exit_code = CLI_OK;
    else
        fputs("Nothing was released or changed.\n", stderr);
    return yes;
}

char *cli_read_file(struct cli *c, const char *path, size_t cap, size_t *n) {
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *buf = malloc(cap + 2);
    if (f == NULL || buf == NULL) {
        cli_fail(c, NULL, "%s cannot be read: %s", path, f ? "memory is short" : strerror(errno));
        if (f && f != stdin) fclose(f);
        free(buf);
        return NULL;
    }
    *n = fread(buf, 1, cap + 1, f);
    int why = ferror(f) ? errno : 0;
    bool bad = ferror(f) != 0;
    if (f != stdin) fclose(f);
    if (bad || *n > cap) {
        rb_wipe(buf, *n);
        if (bad)
            cli_fail(c, NULL, "%s cannot be read: %s", path, strerror(why));
        else
            cli_fail(c, NULL, "%s is too long: at most %zu bytes", path, cap);
        free(buf);
        return NULL;
    }
    buf[*n] = 0;
    return buf;
}
