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
        cli_fail(c,
                 c->args_n == 2
                     ? "Of two words the first is the channel, the second the file; one file at a "
                       "time."
                     : NULL,
                 "the file cannot be read: %s", strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        cli_fail(c, "Attach one file; pack a directory into one first.", "that is no regular file");
    } else if (st.st_size == 0) {
        cli_fail(c, "Look whether it was written to its end.", "the file is empty");
    } else if ((uint64_t)st.st_size > RB_MAX_CONTENT) {
        cli_fail(c, "Cut it into several, or make the picture smaller.",
                 "the file is too large: an attachment has at most 64 MiB");
    } else {
        return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
}
/* said before the whole file went up */
static int name_fits(struct cli *c) {
    const char *name = cli_get(c, "name"), *type = cli_get(c, "media-type");
    if (name && (strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                 strlen(name) > 255))
        return cli_off(c, "name", name,
                       " wants the name of a file without a folder (no /), at most 255 bytes long");
    if (type && (strchr(type, '/') == NULL || strpbrk(type, " ;ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
        return cli_off(c, "media-type", type,
                       " wants a type like image/jpeg, in small letters, without parameters");
    return CLI_OK;
}
static int attach(struct cli *c, const char *channel, int fd) {
    json_t *draft = json_pack("{s:s,s:s}", "channel", channel, "kind", "attachment"), *out = NULL;
    int rc = name_fits(c);
    if (rc == CLI_OK) rc = cli_envelope(c, draft);
    if (rc == CLI_OK) rc = cli_members_known(c, draft);
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
static int attach_to_whom(struct cli *c) {
    int rc = cli_usage(c, "an attachment is always closed: say who may read it");
    char *channel = cli_channel(c, c->args_n == 2 ? c->args[0] : NULL);
    if (channel) cli_say_members(c, channel);
    free(channel);
    return rc;
}
int cli_attach(struct cli *c) {
    if (!cli_want_args(c, 1, 2)) return CLI_USAGE;
    if (!cli_has(c, "recipients")) return attach_to_whom(c);
    const char *word = cli_content_in_words(c);
    if (word)
        return cli_usage(
            c,
            "--%s: what only some may read must not stand on the command line, where others on "
            "this "
            "machine see it\n  give --form - in its place, and type the line \"%s: ...\"; or write "
            "it into a file: `readback form attach` prints one to fill in",
            word, word);
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
/* A file without a name until it is whole, so that nothing of it stays where the way is cut. Where
 * the file system has none such: `part`, which must be new. -1 after it was said why. */
static int open_part(struct cli *c, const char *out, char *part, size_t cap) {
    const char *slash = strrchr(out, '/');
    int n = snprintf(part, cap, "%.*s", slash ? (int)(slash - out + 1) : 1, slash ? out : ".");
    int fd = n < (int)cap ? open(part, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) : -1;
    *part = 0;
    if (fd >= 0) return fd;
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) {
        n = snprintf(part, cap, "%s.part", out);
        if (n < (int)cap)
            fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (fd < 0) {
        cli_fail(c, "Name a file in a directory that you may write to.", "%s cannot be made: %s",
                 *part ? part : out, strerror(errno));
        *part = 0; /* none of ours */
    }
    return fd;
}
/* gives the whole file its name; never another file's */
static int name_it(struct cli *c, int fd, const char *part, const char *out) {
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (fsync(fd) != 0)
        return cli_fail(c, NULL, "%s could not be written: %s", out, strerror(errno));
    if (linkat(AT_FDCWD, *part ? part : self, AT_FDCWD, out, *part ? 0 : AT_SYMLINK_FOLLOW) == 0)
        return CLI_OK;
    return cli_fail(c, "Name a file that does not exist yet.", "%s cannot be made: %s", out,
                    strerror(errno));
}
static int save_to(struct cli *c, const char *out) {
    char part[4096];
    json_t *o = NULL;
    int fd = open_part(c, out, part, sizeof part);
    if (fd < 0) return CLI_FAILED;
    int status = rb_client_download(c->client, c->args[0], fd, 0, show_progress, NULL, &o);
    int rc = status == 200 ? CLI_OK : cli_refused(c, status, o);
    if (rc == CLI_OK) rc = name_it(c, fd, part, out);
    close(fd);
    if (*part) unlink(part);
    if (rc == CLI_OK && c->json) cli_json(o);
    if (rc == CLI_OK && !c->json)
        printf("Saved: %s, %lld bytes; its author calls it \"%s\"\n", out,
               (long long)cli_int(o, "size"), cli_str(o, "name"));
    json_decref(o);
    return rc;
}
static int save_where(struct cli *c, const char *out) {
    struct stat st;
    if (out == NULL || *out == 0) return cli_usage(c, "say where to: --out FILE");
    if (strcmp(out, "-") == 0)
        return cli_usage(c, "--out wants a file; a file of that name is ./-");
    if (lstat(out, &st) != 0) return CLI_OK;
    return cli_fail(c, "Name a file that does not exist yet; nothing is written over.",
                    "%s is there already%s", out, S_ISDIR(st.st_mode) ? ", a directory" : "");
}
int cli_save(struct cli *c) {
    json_t *o = NULL;
    struct cli_path p;
    const char *out = cli_get(c, "out");
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    int rc = save_where(c, out);
    cli_path(&p, "/v1/records/", c->args[0], "");
    if (rc == CLI_OK) rc = cli_get_json(c, p.z, &o);
    if (rc == CLI_OK && strcmp(cli_str(o, "kind"), "attachment") != 0)
        rc = cli_fail(c, "`readback show` shows it.", "the record is no attachment but a %s",
                      cli_text(o, "kind"));
    if (rc == CLI_OK) rc = cli_readable(c, o, "it cannot be saved here");
    json_decref(o);
    return rc == CLI_OK ? save_to(c, out) : rc;
}
