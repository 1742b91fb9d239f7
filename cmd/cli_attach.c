/* Attachments: a file sealed to named members, and its content saved where it can be read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

/* On a terminal only, and gone when done. */
static void show_progress(void *ctx, uint64_t done, uint64_t all) {
    (void)ctx;
    if (!isatty(STDERR_FILENO) || all < (1u << 20)) return;
    if (done < all)
        fprintf(stderr, "\r  %llu of %llu kB", (unsigned long long)(done / 1000),
                (unsigned long long)(all / 1000));
    else
        fprintf(stderr, "\r%40s\r", "");
}

/* ---- sending ----------------------------------------------------------------------------------
 */
/* What the members named will read as the file's name. It is not taken from the command line: the
 * path may say what must not be seen. */
static json_t *meta_of(struct cli *c, const char *channel, const json_t *recipients) {
    static const char *const fields[][2] = {{"media-type", "media_type"},
                                            {"description", "description"}};
    const char *name = cli_get(c, "name");
    json_t *o = json_pack("{s:s,s:s,s:O}", "channel", channel, "name", name ? name : "attachment",
                          "recipients", recipients);
    for (size_t i = 0; o && i < 2; i++)
        if (cli_has(c, fields[i][0]))
            json_object_set_new(o, fields[i][1], json_string(cli_get(c, fields[i][0])));
    return o;
}
static int open_content(struct cli *c, const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_fail(c, NULL, "the file cannot be read: %s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        cli_fail(c, NULL, "that is no file");
    } else if ((uint64_t)st.st_size > RB_MAX_CONTENT) {
        cli_fail(c, "Cut it into several, or make the picture smaller.",
                 "the file is too large: an attachment has at most 64 MiB");
    } else {
        return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
}
static int attach(struct cli *c, const char *channel, int fd) {
    json_t *draft = json_pack("{s:s,s:s}", "channel", channel, "kind", "attachment"), *out = NULL;
    int rc = cli_envelope(c, draft);
    if (rc == CLI_OK) {
        json_t *meta = meta_of(c, channel, json_object_get(draft, "recipients"));
        int status = rb_client_upload(c->client, fd, meta, show_progress, NULL, &out);
        json_decref(meta);
        if (status != 200) rc = cli_refused(c, status, out);
    }
    if (rc != CLI_OK) {
        json_decref(draft);
        json_decref(out);
        return rc;
    }
    json_object_set(draft, "upload", json_object_get(out, "upload"));
    json_object_del(draft, "recipients"); /* the upload has them */
    json_decref(out);
    return cli_release(c, draft);
}
int cli_attach(struct cli *c) {
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    if (!cli_has(c, "recipients"))
        return cli_usage(c, "say who may read it: --recipients HANDLE,...");
    const char *word = cli_content_in_words(c);
    if (word)
        return cli_usage(
            c,
            "--%s belongs into a form (--form FILE): what only some may read must not stand on "
            "the command line",
            word);
    char *channel = cli_channel(c, c->args_n == 2 ? c->args[0] : NULL);
    int fd = channel ? open_content(c, c->args[c->args_n - 1]) : -1, rc = CLI_FAILED;
    if (channel == NULL)
        rc = c->channel_exit;
    else if (fd >= 0)
        rc = cli_connect(c) ? attach(c, channel, fd) : CLI_NOBODY;
    if (fd >= 0) close(fd);
    free(channel);
    return rc;
}

/* ---- saving -----------------------------------------------------------------------------------
 */
/* under another name until it is whole */
static int save_to(struct cli *c, const char *out) {
    char part[4096];
    json_t *o = NULL;
    if (snprintf(part, sizeof part, "%s.part", out) >= (int)sizeof part)
        return cli_usage(c, "the name is too long");
    if (access(out, F_OK) == 0)
        return cli_fail(c, "Name a file that does not exist yet.", "%s is there already", out);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return cli_fail(c, NULL, "%s cannot be made: %s", part, strerror(errno));
    int status = rb_client_download(c->client, c->args[0], fd, 0, show_progress, NULL, &o);
    int rc = status == 200 ? CLI_OK : cli_refused(c, status, o);
    if (rc == CLI_OK && fsync(fd) != 0) rc = cli_fail(c, NULL, "%s could not be written", part);
    close(fd);
    if (rc == CLI_OK && link(part, out) != 0)
        rc = cli_fail(c, "Name a file that does not exist yet.", "%s cannot be made: %s", out,
                      strerror(errno));
    unlink(part);
    if (rc == CLI_OK && c->json) cli_json(o);
    if (rc == CLI_OK && !c->json)
        printf("Saved: %s, %lld bytes; its author calls it \"%s\"\n", out,
               (long long)cli_int(o, "size"), cli_str(o, "name"));
    json_decref(o);
    return rc;
}
int cli_save(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    const char *out = cli_get(c, "out");
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    if (out == NULL) return cli_usage(c, "say where to: --out FILE");
    cli_path(&p, "/v1/records/", c->args[0], "");
    int rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && strcmp(cli_str(o, "kind"), "attachment") != 0)
        rc = cli_fail(c, NULL, "the record is no attachment");
    json_decref(o);
    return rc == CLI_OK ? save_to(c, out) : rc;
}
