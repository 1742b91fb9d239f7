/* print: a record as one page for paper. All of it comes from the local API and is put together in
 * memory; it goes to a new file for the owner alone, or into a pipe, and nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "cli.h"
#include "print.h"

#define TOLD_MAX 64u /* positions of ours that are looked at for what others told us */

/* ---- what the page is made of -------------------------------------------------------------------
 */
struct material {
    json_t *record, *channel, *people, *told;
};
static void material_free(struct material *m) {
    json_decref(m->record);
    json_decref(m->channel);
    json_decref(m->people);
    json_decref(m->told);
}
static int get_part(struct cli *c, const char *before, const char *part, json_t **out) {
    struct cli_path p;
    cli_path(&p, before, part, "");
    return cli_get_json(c, p.z, out);
}
/* cards: ours, and of everybody known here */
static int get_people(struct cli *c, json_t **out) {
    json_t *ours = NULL, *peers = NULL, *x;
    size_t i;
    *out = json_array();
    int rc = cli_get_json(c, "/v1/card", &ours);
    if (rc == CLI_OK) rc = cli_get_json(c, "/v1/peers", &peers);
    if (rc == CLI_OK) json_array_append(*out, ours);
    json_array_foreach(json_object_get(peers, "peers"), i, x) json_array_append(*out, x);
    json_decref(ours);
    json_decref(peers);
    return rc;
}
/* what others told by other ways stands in positions of ours, and only there by whom and how */
static int get_told(struct cli *c, const struct material *m, json_t **out) {
    size_t i;
    const json_t *x;
    const char *us = cli_str(m->channel, "us");
    int rc = CLI_OK;
    *out = json_array();
    json_array_foreach(json_object_get(m->record, "positions"), i, x) {
        json_t *whole = NULL;
        if (strcmp(cli_str(x, "member"), us) != 0) continue;
        if (json_array_size(*out) == TOLD_MAX) {
            fprintf(stderr, "Only the first %u of our own answers were looked at.\n", TOLD_MAX);
            break;
        }
        rc = get_part(c, "/v1/records/", cli_str(x, "record"), &whole);
        if (rc != CLI_OK) {
            json_decref(whole);
            break;
        }
        json_array_append_new(*out, whole);
    }
    return rc;
}
/* what has a place, a text, and a reader without a node */
static int is_printable(const struct cli *c, const json_t *record, bool status) {
    const char *kind = cli_str(record, "kind");
    if (strcmp(kind, "notice") != 0 && strcmp(kind, "stop-fire") != 0)
        return cli_fail(c, "`readback show` shows it; `readback disclose` proves it to outsiders.",
                        "the record is a %s; a page is made of notices and stop-fires alone",
                        cli_text(record, "kind"));
    return status ? CLI_OK : cli_readable(c, record, "no page can be made of it");
}
static int get_material(struct cli *c, struct material *m, bool status) {
    int rc = get_part(c, "/v1/records/", c->args[0], &m->record);
    if (rc == CLI_OK) rc = is_printable(c, m->record, status);
    if (rc == CLI_OK) rc = get_part(c, "/v1/channels/", cli_str(m->record, "channel"), &m->channel);
    if (rc == CLI_OK) rc = get_people(c, &m->people);
    if (rc == CLI_OK && status) rc = get_told(c, m, &m->told);
    return rc;
}

/* ---- the page -----------------------------------------------------------------------------------
 */
static int64_t now_ms(const json_t *channel) {
    int64_t ms = 0;
    struct timespec t = {0};
    /* by the node's clock, as everything else on the page; in an exercise it may be moved */
    if (cli_when_read(cli_str(channel, "now"), &ms) == 0) return ms;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000;
}
static int make_page(struct cli *c, const struct material *m, struct print_page *p) {
    struct rb_gazetteer known;
    struct rb_reject rj = {.clause = "", .what = ""};
    const char *lang = cli_get(c, "language");
    bool status = cli_has(c, "status");
    if (lang && !print_lang_decode(lang, &p->lang)) return CLI_USAGE; /* looked at before */
    p->record = m->record;
    p->channel = m->channel;
    p->people = m->people;
    p->told = m->told;
    p->reasons = cli_has(c, "reasons");
    p->now_utc_ms = now_ms(m->channel);
    if (rb_gazetteer_open(rb_gazetteer_builtin, &known, &rj) == RB_OK) p->known = &known;
    bool made = status ? print_status(p) : print_notice(p);
    p->known = NULL;
    if (made) return CLI_OK;
    return cli_fail(c, "`readback show` shows what the node says of it.",
                    "the page could not be made: memory is short, or the node's answer is not one");
}

/* ---- where to -----------------------------------------------------------------------------------
 */
/* What stood there goes by its name alone: a new file is made, so that nothing is written through a
 * link, and the old file's mode and readers are not taken over. */
static int make_way(struct cli *c, const char *out) {
    struct stat st;
    if (lstat(out, &st) != 0) return CLI_OK;
    if (!cli_has(c, "force"))
        return cli_fail(c, "Name a file that does not exist yet, or give --force.",
                        "%s is there already", out);
    if (!S_ISREG(st.st_mode))
        return cli_fail(c, "Name a file that does not exist yet.",
                        "%s is no plain file; it is left alone", out);
    if (unlink(out) == 0) return CLI_OK;
    return cli_fail(c, NULL, "%s cannot be replaced: %s", out, strerror(errno));
}
static bool write_all(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}
static int write_file(struct cli *c, const char *out, const struct print_html *h) {
    int rc = make_way(c, out);
    if (rc != CLI_OK) return rc;
    int fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return cli_fail(c, "Name a file in a directory that you may write to.",
                        "%s cannot be made: %s", out, strerror(errno));
    bool ok = fchmod(fd, 0600) == 0 && write_all(fd, h->p, h->n) && fsync(fd) == 0;
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (ok) return CLI_OK;
    unlink(out);
    return cli_fail(c, NULL, "%s could not be written: %s", out, strerror(why));
}
/* never silently: it was closed until now */
static void warn(const struct cli *c, const json_t *record, const char *out) {
    cli_exercise(c, stderr, record);
    if (cli_true(record, "closed"))
        fputs("This page is of a CLOSED record and is in the clear: whoever gets it can read it. "
              "Print it, give it\nto those named on it alone, and delete the file.\n",
              stderr);
    else
        fputs("This page is in the clear: whoever gets it can read it.\n", stderr);
    if (cli_has(c, "reasons")) fputs("It repeats what was said to us alone.\n", stderr);
    if (*cli_str(record, "superseded_by"))
        fprintf(stderr, "WARNING: superseded by %.12s; the page says so. Print that one instead.\n",
                cli_str(record, "superseded_by"));
    if (out) fprintf(stderr, "Written: %s (open it in a browser and print it on A4)\n", out);
}
static int deliver(struct cli *c, const json_t *record, const struct print_html *h) {
    const char *out = cli_get(c, "out");
    int rc = CLI_OK;
    if (out)
        rc = write_file(c, out, h);
    else if (!write_all(STDOUT_FILENO, h->p, h->n))
        rc = cli_fail(c, NULL, "standard output cannot be written: %s", strerror(errno));
    if (rc != CLI_OK) return rc;
    warn(c, record, out);
    if (!c->json) return CLI_OK;
    json_t *o =
        json_pack("{s:b,s:s,s:s,s:b}", "exercise", cli_true(record, "exercise"), "record",
                  cli_str(record, "record"), "out", out, "closed", cli_true(record, "closed"));
    cli_json(o);
    json_decref(o);
    return CLI_OK;
}

/* ---- the command --------------------------------------------------------------------------------
 */
/* everything that can be off is said before the node is asked for what is closed */
static int words_fit(struct cli *c) {
    static const char *const langs[] = {"en", "ar", "ru"};
    const char *lang = cli_get(c, "language"), *out = cli_get(c, "out");
    enum print_lang l;
    if (!cli_want_args(c, 1, 1) || cli_record_word(c, c->args[0]) != CLI_OK) return CLI_USAGE;
    if (lang && !print_lang_decode(lang, &l))
        return cli_not_one(c, "language of the page", lang, langs, 3);
    if (cli_has(c, "reasons") && !cli_has(c, "status"))
        return cli_usage(c, "--reasons belongs to --status");
    if (out && *out == 0) return cli_usage(c, "--out wants a file");
    if (out && strcmp(out, "-") == 0)
        return cli_usage(c, "--out wants a file; a file of that name is ./-");
    if (out == NULL && cli_has(c, "force")) return cli_usage(c, "--force belongs to --out");
    if (out == NULL && c->json)
        return cli_usage(c, "--json says where the page was written: give --out FILE");
    if (out == NULL && isatty(STDOUT_FILENO))
        return cli_usage(c, "a page is no use on a terminal: give --out FILE, or a pipe");
    return CLI_OK;
}
int cli_print(struct cli *c) {
    struct material m = {0};
    struct print_page p = {0};
    struct stat st;
    const char *out = cli_get(c, "out");
    int rc = words_fit(c);
    if (rc != CLI_OK) return rc;
    if (out && !cli_has(c, "force") && lstat(out, &st) == 0)
        return cli_fail(c, "Name a file that does not exist yet, or give --force.",
                        "%s is there already", out);
    rc = get_material(c, &m, cli_has(c, "status"));
    if (rc == CLI_OK) rc = make_page(c, &m, &p);
    if (rc == CLI_OK) rc = deliver(c, m.record, &p.h);
    print_html_free(&p.h);
    material_free(&m);
    return rc;
}
