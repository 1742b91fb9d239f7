/* Passphrases. Bytes up to the end of the first line; no conversion. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "readback/arena.h"
#include "shell/os/passphrase.h"

static enum rb_err say(char *why, size_t why_n, enum rb_err err, const char *words) {
    (void)snprintf(why, why_n, "%s", words);
    return err;
}

/* Byte by byte: what follows the line is another reader's. */
static enum rb_err read_line(int fd, struct rb_passphrase *out) {
    size_t n = 0;
    uint8_t c = 0;
    for (;;) {
        const ssize_t k = read(fd, &c, 1);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return RB_ERR_IO;
        if (k == 0 || c == '\n') break;
        if (n == RB_PASSPHRASE_MAX) return RB_ERR_LIMIT;
        out->b[n++] = c;
    }
    if (n > 0 && out->b[n - 1] == '\r') n--;
    out->n = n;
    return n > 0 ? RB_OK : RB_ERR_NOT_FOUND;
}

static enum rb_err explained(enum rb_err err, char *why, size_t why_n) {
    if (err == RB_ERR_LIMIT)
        return say(why, why_n, err, "The passphrase is longer than 1024 bytes.");
    if (err == RB_ERR_NOT_FOUND) return say(why, why_n, err, "The passphrase is empty.");
    if (err != RB_OK) return say(why, why_n, err, "The passphrase cannot be read.");
    return RB_OK;
}

static enum rb_err from_file(const char *path, struct rb_passphrase *out, char *why, size_t why_n) {
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)snprintf(why, why_n, "The passphrase file %s cannot be opened: %s.", path,
                       strerror(errno));
        return RB_ERR_IO;
    }
    enum rb_err err;
    if (fstat(fd, &st) != 0 || (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)) {
        (void)snprintf(why, why_n, "The passphrase file %s is open to other users; say chmod 600.",
                       path);
        err = RB_ERR_DENIED;
    } else {
        err = explained(read_line(fd, out), why, why_n);
    }
    (void)close(fd);
    return err;
}

/* Whoever breaks off at the prompt gets a terminal back that shows what is typed. */
static const int breaks[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define BREAKS (sizeof breaks / sizeof *breaks)
static volatile sig_atomic_t broken_by;

static void on_break(int sig) {
    broken_by = sig;
}

/* Until a line is there or a signal came; the terminal gives whole lines, so reading it does not
 * block. Signals are taken only while waiting. */
static enum rb_err wait_for_line(int tty) {
    struct sigaction act = {.sa_handler = on_break}, old[BREAKS];
    struct pollfd in = {.fd = tty, .events = POLLIN};
    sigset_t held, before;
    (void)sigemptyset(&act.sa_mask);
    (void)sigemptyset(&held);
    for (size_t i = 0; i < BREAKS; i++)
        (void)sigaddset(&held, breaks[i]);
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    broken_by = 0;
    for (size_t i = 0; i < BREAKS; i++) {
        (void)sigaction(breaks[i], NULL, &old[i]);
        if (old[i].sa_handler != SIG_IGN) (void)sigaction(breaks[i], &act, NULL);
    }
    int n;
    do
        n = ppoll(&in, 1, NULL, &before);
    while (n < 0 && errno == EINTR && broken_by == 0);
    for (size_t i = 0; i < BREAKS; i++)
        (void)sigaction(breaks[i], &old[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return n < 0 && broken_by == 0 ? RB_ERR_IO : RB_OK;
}

static enum rb_err ask_once(int tty, const char *prompt, struct rb_passphrase *out) {
    struct termios shown, hidden;
    enum rb_err err;
    if (tcgetattr(tty, &shown) != 0) return RB_ERR_IO;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    hidden.c_lflag |= ECHONL;
    do {
        if (dprintf(tty, "%s: ", prompt) < 0 || tcsetattr(tty, TCSAFLUSH, &hidden) != 0)
            return RB_ERR_IO;
        err = wait_for_line(tty);
        if (err == RB_OK && broken_by == 0) err = read_line(tty, out);
        (void)tcsetattr(tty, TCSAFLUSH, &shown);
        if (broken_by != 0) (void)raise(broken_by); /* ends us, or stops us until we go on */
    } while (err == RB_OK && broken_by == SIGTSTP);
    return broken_by != 0 && broken_by != SIGTSTP ? RB_ERR_IO : err;
}

static enum rb_err from_terminal(int tty, const char *prompt, bool confirm,
                                 struct rb_passphrase *out, char *why, size_t why_n) {
    struct rb_passphrase again;
    RB_TRY(explained(ask_once(tty, prompt, out), why, why_n));
    if (!confirm) return RB_OK;
    enum rb_err err = explained(ask_once(tty, "Once more", &again), why, why_n);
    if (err == RB_OK && !rb_slice_eq(rb_passphrase_slice(out), rb_passphrase_slice(&again)))
        err = say(why, why_n, RB_ERR_USAGE, "The two passphrases differ.");
    rb_wipe(&again, sizeof again);
    return err;
}

enum rb_err rb_passphrase_read(int fd, const char *prompt, bool confirm, struct rb_passphrase *out,
                               char *why, size_t why_n) {
    const char *path = getenv("READBACK_PASSPHRASE_FILE");
    enum rb_err err;
    if (fd >= 0) {
        err = explained(read_line(fd, out), why, why_n);
    } else if (path != NULL && path[0] != '\0') {
        err = from_file(path, out, why, why_n);
    } else {
        const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (tty < 0)
            return say(why, why_n, RB_ERR_NOT_FOUND,
                       "No terminal to ask for the passphrase; use --passphrase-fd or "
                       "READBACK_PASSPHRASE_FILE.");
        err = from_terminal(tty, prompt, confirm, out, why, why_n);
        (void)close(tty);
    }
    if (err != RB_OK) rb_wipe(out, sizeof *out);
    return err;
}
