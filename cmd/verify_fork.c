/* Evidence of a fork, as a file or as the text of its QR code: what it proves, and what not. */
#include "cmd/verify_fork.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cmd/verify_j.h"

#define FIRST_LINE "readback/fork/v1\n"
#define FORK_FILE_MAX (2u * (RB_MAX_NOTE + 64u) + 8192u)

enum key_from { KEY_GIVEN, KEY_DELEGATED, KEY_IN_CODE };
struct vf {
    struct verify *v;
    const char *what; /* the file, or "code" */
    uint8_t name[RB_MAX_ORIGIN + 1]; /* of the key: the origin */
    struct rb_vkey log;
    enum key_from from;
    bool has_card, holds;
    struct rb_card card;
    enum verify_compared compared;
    struct rb_fork_heads h;
    uint8_t origin[RB_MAX_ORIGIN];
};

/* ---- bytes ---- */
/* 0, or what errno says; at most cap bytes and one more */
static int slurp(const char *path, size_t cap, struct verify_bytes *out) {
    struct stat st;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int e = fd < 0 ? errno : 0;
    if (e == 0 && fstat(fd, &st) != 0) e = errno;
    if (e == 0 && !S_ISREG(st.st_mode)) e = EINVAL;
    out->n = 0;
    out->p = e == 0 ? malloc(cap + 1) : NULL;
    if (e == 0 && out->p == NULL) e = ENOMEM;
    while (e == 0 && out->n <= cap) {
        const ssize_t got = read(fd, out->p + out->n, cap + 1 - out->n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) e = errno;
        if (got <= 0) break;
        out->n += (size_t)got;
    }
    if (fd >= 0) (void)close(fd);
    return e;
}
static bool starts(const char *z, const char *with) {
    return strncmp(z, with, strlen(with)) == 0;
}
bool verify_is_fork(const char *path) {
    char head[sizeof FIRST_LINE] = {0};
    if (starts(path, RB_FORK_CODE)) return true;
    FILE *in = fopen(path, "rb");
    if (in == NULL) return false;
    const size_t n = fread(head, 1, sizeof head - 1, in);
    (void)fclose(in);
    return n >= sizeof RB_FORK_CODE - 1 && (starts(head, FIRST_LINE) || starts(head, RB_FORK_CODE));
}

static bool off(struct vf *f, const char *file, const char *clause, const char *words) {
    verify_bad(f->v, file, clause, "%s", words);
    return false;
}
static int unread(const char *path, int e) {
    fprintf(stderr, "readback-verify: %s: %s\n", e == EINVAL ? "not a file" : strerror(e), path);
    return 2;
}

/* ---- whose key ---- */
/* "NAME+hex+base64", or a file with that. 0, or the exit status */
static int given_key(struct vf *f, const char *text) {
    struct verify_bytes in = {0};
    struct rb_reject rj = {0};
    struct rb_slice s = rb_str(text);
    if (strchr(text, '+') == NULL) {
        const int e = slurp(text, 1024, &in);
        if (e != 0) return unread(text, e);
        s = rb_slice(in.p, in.n);
    }
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r')) s.n--;
    const bool good = rb_vkey_decode(s, &f->log, &rj) == RB_OK && f->log.type == RB_SIG_ED25519 &&
                      f->log.name.n <= RB_MAX_ORIGIN;
    if (good) {
        memcpy(f->name, f->log.name.p, f->log.name.n);
        rb_vkey_make(rb_slice(f->name, f->log.name.n), RB_SIG_ED25519, &f->log.key, &f->log);
    }
    free(in.p);
    if (good) return 0;
    fprintf(stderr, "readback-verify: not a log key like log.vkey of an export: %s\n", text);
    return 2;
}

/* the party's card, and its word for the log key of one origin */
static int delegated_key(struct vf *f, const struct verify_fork_ask *ask) {
    struct verify_bytes card = {0}, d = {0};
    struct rb_delegation said;
    struct rb_reject rj = {0};
    int e = slurp(ask->card, RB_MAX_CARD, &card);
    if (e != 0) return unread(ask->card, e);
    e = slurp(ask->delegation, RB_MAX_LEAF, &d);
    if (e != 0) return unread(ask->delegation, e);
    struct rb_slice kept_card, kept;
    if (rb_arena_copy(&f->v->keys, rb_slice(card.p, card.n), &kept_card) != RB_OK ||
        rb_arena_copy(&f->v->keys, rb_slice(d.p, d.n), &kept) != RB_OK)
        abort();
    free(card.p);
    free(d.p);
    f->has_card = rb_card_decode(kept_card, &f->card, &f->v->keys, &rj) == RB_OK;
    if (!f->has_card) {
        verify_refused(f->v, ask->card, &rj, "3.8.4");
        return 1;
    }
    if (rb_delegation_decode(kept, &said, &f->v->keys, &rj) != RB_OK) {
        verify_refused(f->v, ask->delegation, &rj, "5.2");
        return 1;
    }
    if (!rb_key_eq(&said.party, &f->card.party) || said.origin.n > RB_MAX_ORIGIN) {
        off(f, ask->delegation, "5.2", "another party's than the card's");
        return 1;
    }
    memcpy(f->name, said.origin.p, said.origin.n);
    rb_vkey_make(rb_slice(f->name, said.origin.n), RB_SIG_ED25519, &said.log, &f->log);
    f->from = KEY_DELEGATED;
    return 0;
}

/* the fingerprint of the card, where one was given */
static void compare(struct vf *f) {
    char digits[48];
    struct verify *v = f->v;
    rb_fingerprint(f->card.handle, &f->card.party, digits);
    for (size_t i = 0; i < v->expected_n; i++) {
        struct verify_expected *x = &v->expected[i];
        if (!rb_slice_is(f->card.handle, x->handle)) continue;
        x->used = true;
        f->compared = rb_fingerprint_matches(digits, rb_str(x->digits)) ? VERIFY_SAME : VERIFY_OTHER;
        if (f->compared == VERIFY_OTHER)
            off(f, x->handle, "8.3.5", "another fingerprint than the one given");
    }
}
static void compare_all(struct vf *f) {
    if (f->has_card) compare(f);
    for (size_t i = 0; i < f->v->expected_n; i++)
        if (!f->v->expected[i].used)
            off(f, f->v->expected[i].handle, "8.3.5",
                f->has_card ? "no such party in the card" : "no card was given to compare it with");
}

/* ---- what is proved ---- */
static bool open_text(struct vf *f, struct rb_slice in) {
    static struct rb_fork fork;
    struct rb_reject rj = {0};
    enum rb_err err = in.n > FORK_FILE_MAX
                          ? rb_reject(&rj, RB_ERR_LIMIT, "4.10.2", "longer than evidence can be", 0)
                          : rb_fork_decode(in, &fork, &rj);
    if (err == RB_OK) err = rb_fork_open(&fork, &f->log, &f->h, &rj);
    if (err == RB_OK) return true;
    rj.err = err;
    verify_refused(f->v, f->what, &rj, "4.10.3");
    return false;
}

static bool open_code(struct vf *f, struct rb_slice in, bool key_given) {
    struct rb_reject rj = {0};
    struct rb_key key;
    while (in.n > 0 && (in.p[in.n - 1] == '\n' || in.p[in.n - 1] == '\r')) in.n--;
    if (rb_fork_code_open(in, f->origin, &key, &f->h, &rj) != RB_OK) {
        verify_refused(f->v, f->what, &rj, "4.10.5");
        return false;
    }
    if (!key_given) {
        f->from = KEY_IN_CODE;
        rb_vkey_make(f->h.origin, RB_SIG_ED25519, &key, &f->log);
        return true;
    }
    if (rb_key_eq(&key, &f->log.key) && rb_slice_eq(f->h.origin, f->log.name)) return true;
    return off(f, f->what, "4.10.5", "it speaks of another origin or log key than the one given");
}

/* ---- said ---- */
static void say_root(FILE *out, const char *before, const struct rb_hash *h) {
    fputs(before, out);
    for (size_t i = 0; i < RB_HASH_LEN; i++) fprintf(out, "%02x", h->b[i]);
    fputc('\n', out);
}
static void say_key(const struct vf *f, FILE *out) {
    char vkey[RB_MAX_ORIGIN + 128], digits[48];
    struct rb_writer w = rb_writer(vkey, sizeof vkey);
    rb_vkey_encode(&f->log, &w);
    fprintf(out, "  log key: %s\n", rb_writer_z(&w));
    if (f->from == KEY_GIVEN) fputs("  whose it is: as you say, who gave it\n", out);
    if (f->from == KEY_IN_CODE)
        fputs("  whose it is: NOT PROVEN. The key is as the code has it; compare it with log.vkey of an\n"
              "  export, or give --card and --delegation\n", out);
    if (f->from != KEY_DELEGATED) return;
    rb_fingerprint(f->card.handle, &f->card.party, digits);
    fprintf(out, "  whose it is: delegated by the party key of %.*s\n  fingerprint: %s (%s)\n",
            (int)f->card.handle.n, (const char *)f->card.handle.p, digits,
            f->compared == VERIFY_SAME ? "the same as given"
                                       : "NOT COMPARED: ask the party itself for its digits");
}
static void say(const struct vf *f, FILE *out) {
    const struct rb_fork_heads *h = &f->h;
    if (f->v->exercise) fputs("EXERCISE\n", out);
    if (f->holds) {
        fprintf(out, "PROVEN: the holder of this log key signed two histories of one feed.\n  feed: %.*s\n",
                (int)h->origin.n, (const char *)h->origin.p);
        say_key(f, out);
        fprintf(out, "  first checkpoint:  size %llu\n", (unsigned long long)h->m);
        say_root(out, "    root           ", &h->root_a);
        fprintf(out, "  second checkpoint: size %llu\n", (unsigned long long)h->n);
        say_root(out, "    root           ", &h->root_b);
        if (h->m < h->n) say_root(out, "    goes on from   ", &h->other);
        fputs("NOT PROVEN: which of the two came first; that it was meant (a store that was put back from a\n"
              "copy does the same); anything of what the records say. What was said on either history stays\n"
              "said, and what was receipted stays receipted.\n", out);
    }
    for (size_t i = 0; i < f->v->bad.n; i++)
        fprintf(out, "%s: %s: %s (%s)\n", f->holds ? "NOT AS GIVEN" : "PROVES NOTHING",
                f->v->bad.item[i].file, f->v->bad.item[i].words, f->v->bad.item[i].clause);
}

static void j_key(const struct vf *f, struct vj *j) {
    static const char *const from[] = {"given", "delegation", "code"};
    static const char *const words[] = {"not-compared", "same", "other"};
    char vkey[RB_MAX_ORIGIN + 128], digits[48];
    struct rb_writer w = rb_writer(vkey, sizeof vkey);
    rb_vkey_encode(&f->log, &w);
    vj_slice(j, "log_key", rb_written(&w));
    vj_slice(j, "log_key_from", rb_str(from[f->from]));
    if (f->from != KEY_DELEGATED) return;
    rb_fingerprint(f->card.handle, &f->card.party, digits);
    vj_slice(j, "handle", f->card.handle);
    vj_slice(j, "fingerprint", rb_str(digits));
    vj_slice(j, "fingerprint_compared", rb_str(words[f->compared]));
}
static void j_checkpoint(struct vj *j, const char *name, uint64_t size, const struct rb_hash *root,
                         const struct rb_hash *other) {
    vj_open(j, name, '{');
    vj_uint(j, "size", size);
    vj_hex(j, "root", root->b, RB_HASH_LEN);
    if (other) vj_hex(j, "root_at_first_size", other->b, RB_HASH_LEN);
    vj_close(j, '}');
}
static void say_json(const struct vf *f, FILE *out) {
    struct vj j = {out, true};
    vj_open(&j, NULL, '{');
    vj_bool(&j, "exercise", f->v->exercise);
    vj_bool(&j, "holds", f->v->bad.total == 0);
    vj_bool(&j, "fork", f->holds);
    if (f->holds) {
        vj_slice(&j, "origin", f->h.origin);
        j_key(f, &j);
        j_checkpoint(&j, "first", f->h.m, &f->h.root_a, NULL);
        j_checkpoint(&j, "second", f->h.n, &f->h.root_b, &f->h.other);
    }
    vj_open(&j, "failures", '[');
    for (size_t i = 0; i < f->v->bad.n; i++) {
        vj_open(&j, NULL, '{');
        vj_slice(&j, "file", rb_str(f->v->bad.item[i].file));
        vj_slice(&j, "clause", rb_str(f->v->bad.item[i].clause));
        vj_slice(&j, "sentence", rb_str(f->v->bad.item[i].words));
        vj_close(&j, '}');
    }
    vj_close(&j, ']');
    vj_close(&j, '}');
    fputc('\n', out);
}

/* ---- the program ---- */
static int find_key(struct vf *f, const struct verify_fork_ask *ask, bool code) {
    if (ask->log_key) return given_key(f, ask->log_key);
    if (ask->card && ask->delegation) return delegated_key(f, ask);
    if (ask->card || ask->delegation) {
        fputs("readback-verify: --card and --delegation go together\n", stderr);
        return 2;
    }
    if (code) return 0;
    fputs("readback-verify: whose log is it? Give --log-key (log.vkey of an export), or --card and\n"
          "--delegation\n", stderr);
    return 2;
}

int verify_fork(struct verify *v, const char *path, const struct verify_fork_ask *ask, bool json) {
    static struct vf f;
    struct verify_bytes in = {0};
    struct rb_slice bytes = rb_str(path);
    const bool argument = starts(path, RB_FORK_CODE);
    f = (struct vf){.v = v, .what = argument ? "code" : path};
    if (!argument) {
        const int e = slurp(path, FORK_FILE_MAX, &in);
        if (e != 0) return unread(path, e);
        bytes = rb_slice(in.p, in.n);
    }
    const bool code = rb_slice_starts(bytes, RB_FORK_CODE);
    int status = find_key(&f, ask, code);
    if (status == 0) {
        f.holds = code ? open_code(&f, bytes, ask->log_key || ask->card) : open_text(&f, bytes);
        compare_all(&f);
        v->exercise = f.holds && rb_slice_starts(f.h.origin, "readback-exercise/");
    }
    if (status != 2) {
        (json ? say_json : say)(&f, stdout);
        status = v->bad.total == 0 ? 0 : 1;
    }
    verify_free(&in);
    return status;
}

/* ---- of an export ---- */
static void check_piece(struct verify *v, struct verify_feed *e, const char *path) {
    static struct rb_fork fork;
    struct verify_bytes in;
    struct rb_reject rj = {0};
    struct rb_fork_heads h;
    if (!verify_read(v, path, FORK_FILE_MAX, &in)) return;
    enum rb_err err = rb_fork_decode(rb_slice(in.p, in.n), &fork, &rj);
    if (err == RB_OK) err = rb_fork_open(&fork, &e->log, &h, &rj);
    if (err == RB_OK) {
        verify_note(v, path,
                    "FORK: the log's key signed two histories (sizes %llu and %llu). The other one is not "
                    "in this folder; what moved the state beyond their common part is contested",
                    (unsigned long long)h.m, (unsigned long long)h.n);
    } else {
        rj.err = err;
        verify_refused(v, path, &rj, "8.4.9");
    }
    verify_free(&in);
}

void verify_forks(struct verify *v, struct verify_feed *e) {
    char dir[VERIFY_PATH], path[VERIFY_PATH], wanted[32];
    struct verify_names names;
    if (!verify_names(v, verify_path(dir, e->dir, "forks"), 1000, &names)) return;
    if (names.n == 0 && verify_exists(v, dir)) verify_bad(v, dir, "8.1.2", "an empty folder");
    for (size_t i = 0; i < names.n; i++) {
        verify_path(path, dir, names.name[i].name);
        (void)snprintf(wanted, sizeof wanted, "%zu.txt", i + 1);
        if (i >= RB_MAX_BRANCHES || names.name[i].type != 'f' ||
            strcmp(names.name[i].name, wanted) != 0)
            verify_bad(v, path, "8.1.2", "no evidence that an export has");
        else
            check_piece(v, e, path);
    }
    verify_names_free(&names);
}
