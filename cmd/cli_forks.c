/* `forks`: feeds of which two histories are proven, and the evidence as files and as a QR code that
 * a photograph suffices to check (spec 4.10). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"
#include "print.h"
#include "readback/text.h"
#include "readback/tlog.h"

/* ---- shown ---- */
static void numbered(char out[24], const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    if (json_is_integer(v))
        snprintf(out, 24, "%lld", (long long)json_integer_value(v));
    else
        snprintf(out, 24, "not known");
}
static void table_of(const json_t *o) {
    struct cli_table t = {0};
    const json_t *f;
    size_t i;
    cli_table_row(&t, 6, "whose feed", "epoch", "held as the feed", "the other history",
                  "in common", "told");
    json_array_foreach(json_object_get(o, "forks"), i, f) {
        char epoch[24], size[24], other[64], common[24], told[400];
        numbered(epoch, f, "epoch");
        numbered(size, f, "size");
        numbered(common, f, "common");
        snprintf(other, sizeof other, "%lld of %lld here", (long long)cli_int(f, "other_held"),
                 (long long)cli_int(f, "other_size"));
        cli_joined(told, sizeof told, json_object_get(f, "told"));
        cli_table_row(&t, 6, cli_text(f, "member"), epoch, size, other, common, told);
    }
    cli_table_print(&t, stdout);
}
static void say(struct cli *c, const json_t *o) {
    cli_exercise(c, stdout, o);
    if (json_array_size(json_object_get(o, "forks")) == 0) {
        printf("no fork of a feed is known here in \"%s\"\n", cli_str(o, "title"));
        return;
    }
    table_of(o);
    puts("What was said on either history stays said, and what was receipted stays receipted. What "
         "moved "
         "the\nstate beyond the common part is contested. The evidence convicts the log key, not a "
         "person: ask by phone.");
    if (!cli_has(c, "save"))
        puts("`readback forks --save DIR` writes the evidence, for anybody to check with "
             "`readback-verify FILE`.");
}

/* ---- saved ---- */
static int write_new(struct cli *c, const char *path, const void *bytes, size_t n) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out == NULL) {
        const int rc =
            cli_fail(c, errno == EEXIST ? "Choose another folder, or move it away." : NULL,
                     "%s cannot be written: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    const bool ok = fwrite(bytes, 1, n, out) == n && fflush(out) == 0;
    if (fclose(out) != 0 || !ok) return cli_fail(c, NULL, "%s could not be written", path);
    if (!c->json) printf("written: %s\n", path);
    return CLI_OK;
}
static void row(struct print_html *h, const char *name, const char *value) {
    print_z(h, "<dt>");
    print_z(h, name);
    print_z(h, "</dt><dd>");
    print_ltr(h, value);
    print_z(h, "</dd>\n");
}
static void page(struct print_html *h, const json_t *o, const json_t *f) {
    char number[24];
    print_z(h,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'unsafe-inline'\">\n<title>Evidence of a fork</title>\n<style>body{font:16px/1.4 "
            "sans-serif;max-width:44em;margin:2em auto}svg{width:24em;max-width:100%}dd{"
            "font-family:monospace;overflow-wrap:anywhere;margin:0 0 .5em}</style></head><body>\n");
    if (cli_true(o, "exercise")) print_z(h, "<p><strong>EXERCISE</strong></p>\n");
    print_z(h,
            "<h1>Evidence of a fork</h1>\n<p>The holder of the log key below signed two different "
            "histories of one feed. The code has all that is needed to check it: <code>"
            "readback-verify</code> with its text, or any program that follows clause 4.10 of the "
            "protocol. Whose key it is, it does not prove.</p>\n<figure>");
    print_code(h, cli_str(f, "code"));
    print_z(h, "</figure>\n<dl>");
    row(h, "Party", cli_str(f, "member"));
    row(h, "Feed", cli_str(f, "origin"));
    row(h, "Log key", cli_str(f, "log_key"));
    numbered(number, f, "first_size");
    row(h, "Size of the first checkpoint", number);
    row(h, "Its root", cli_str(f, "first_root"));
    row(h, "Root at that size below the second one", cli_str(f, "second_root_at_first_size"));
    numbered(number, f, "second_size");
    row(h, "Size of the second checkpoint", number);
    row(h, "Its root", cli_str(f, "second_root"));
    row(h, "Text of the code", cli_str(f, "code"));
    print_z(h, "</dl></body></html>\n");
}
static int save_page(struct cli *c, const char *path, const json_t *o, const json_t *f) {
    struct print_html h = {0};
    page(&h, o, f);
    int rc =
        h.failed ? cli_fail(c, NULL, "the page could not be made") : write_new(c, path, h.p, h.n);
    print_html_free(&h);
    return rc;
}
/* taken: `path`, NULL where memory is short */
static int save_text(struct cli *c, char *path, const json_t *f) {
    uint8_t text[16384];
    size_t n = 0;
    int rc = path ? CLI_OK : cli_fail(c, NULL, "memory is short");
    if (rc == CLI_OK &&
        rb_base64_decode(rb_str(cli_str(f, "evidence")), text, sizeof text, &n) != RB_OK)
        rc = cli_fail(c, NULL, "the node gave evidence that cannot be read");
    if (rc == CLI_OK) rc = write_new(c, path, text, n);
    free(path);
    return rc;
}
static char *named(struct cli *c, const json_t *f, size_t i, const char *end) {
    char *path = NULL;
    const int n = asprintf(&path, "%s/fork-%s-%lld-%zu%s", cli_get(c, "save"), cli_str(f, "member"),
                           (long long)cli_int(f, "epoch"), i + 1, end);
    return n < 0 ? NULL : path;
}
static int save_one(struct cli *c, const json_t *o, const json_t *f, size_t i) {
    const size_t code = strlen(cli_str(f, "code"));
    int rc = save_text(c, named(c, f, i, ".txt"), f);
    if (rc != CLI_OK || code == 0 || code > RB_MAX_FORK_QR) return rc;
    char *path = named(c, f, i, ".html");
    rc = path ? save_page(c, path, o, f) : cli_fail(c, NULL, "memory is short");
    free(path);
    return rc;
}
static int save(struct cli *c, const json_t *o) {
    const json_t *f;
    size_t i;
    int rc = CLI_OK;
    if (mkdir(cli_get(c, "save"), 0755) != 0 && errno != EEXIST)
        return cli_fail(c, NULL, "%s cannot be made: %s", cli_get(c, "save"), strerror(errno));
    json_array_foreach(json_object_get(o, "forks"), i, f) if (rc == CLI_OK) rc =
        save_one(c, o, f, i);
    return rc;
}
static int codes(struct cli *c, const json_t *o) {
    const json_t *f;
    size_t i;
    json_array_foreach(json_object_get(o, "forks"), i, f) {
        const char *code = cli_str(f, "code");
        printf("\n%s, epoch %lld:\n", cli_text(f, "member"), (long long)cli_int(f, "epoch"));
        if (*code == 0 || strlen(code) > RB_MAX_FORK_QR || !print_code_blocks(stdout, code))
            puts("it fits no QR code: pass on the file");
    }
    return ferror(stdout) ? cli_fail(c, NULL, "the code could not be written") : CLI_OK;
}

int cli_forks(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    if (!cli_want_args(c, 0, 1)) return CLI_USAGE;
    char *channel = cli_channel(c, c->args_n ? c->args[0] : NULL);
    if (channel == NULL) return c->channel_exit;
    cli_path(&p, "/v1/channels/", channel, "/forks");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && c->json)
        cli_json(o);
    else if (rc == CLI_OK)
        say(c, o);
    if (rc == CLI_OK && cli_has(c, "save")) rc = save(c, o);
    if (rc == CLI_OK && cli_has(c, "qr")) rc = codes(c, o);
    json_decref(o);
    free(channel);
    return rc;
}
