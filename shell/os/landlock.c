/* Which files the process can still reach: its home, and what names are looked up with. The
 * kernel's landlock, by its own system calls; older kernels know less of it, or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "shell/os/os.h"

/* The interface has grown since the headers of Debian 12: what is used of it stands here (linux's
 * include/uapi/linux/landlock.h, landlock(7)). */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LL_VERSION_ASKED 1u
#define LL_PATH_BENEATH 1
enum {
    LL_EXECUTE = 1 << 0,
    LL_WRITE_FILE = 1 << 1,
    LL_READ_FILE = 1 << 2,
    LL_READ_DIR = 1 << 3,
    LL_REMOVE_FILE = 1 << 5,
    LL_MAKE_SOCK = 1 << 9,
    LL_ALL_V1 = (1 << 13) - 1, /* all of the above, and making and removing things of every kind */
    LL_REFER = 1 << 13,        /* since 2: links and renames between folders */
    LL_TRUNCATE = 1 << 14,     /* since 3 */
    LL_FILE_RIGHTS = LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE
};
struct ll_ruleset {
    uint64_t handled_fs;
};
struct ll_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* NOT_FOUND: there is nothing of that name here, which is no harm */
static enum rb_err allow(int rules, const char *path, uint64_t rights, uint64_t handled) {
    struct stat st;
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT || errno == EACCES ? RB_ERR_NOT_FOUND : RB_ERR_IO;
    struct ll_beneath b = {rights & handled, fd};
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) b.allowed &= LL_FILE_RIGHTS;
    const long rc = syscall(SYS_landlock_add_rule, rules, LL_PATH_BENEATH, &b, 0);
    const int e = errno;
    (void)close(fd);
    errno = e;
    return rc == 0 ? RB_OK : RB_ERR_IO;
}

/* Names are resolved with files that others replace by new ones of the same name, so that their
 * folders are what is allowed; what is secret in them is not this user's to read anyway. */
static enum rb_err allow_all(int rules, const struct rb_reach *reach, uint64_t handled) {
    static const char *const read_only[] = {
        "/etc",     "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
        "/usr/lib", "/usr/share/zoneinfo",  "/proc/self",      "/dev/urandom"};
    if (reach->home != NULL)
        RB_TRY(allow(rules, reach->home, handled & ~(uint64_t)LL_EXECUTE, handled));
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        if (allow(rules, read_only[i], LL_READ_FILE | LL_READ_DIR, handled) == RB_ERR_IO)
            return RB_ERR_IO;
    if (reach->config != NULL && allow(rules, reach->config, LL_READ_FILE, handled) == RB_ERR_IO)
        return RB_ERR_IO;
    if (reach->socket_dir != NULL) /* it is there already, and goes at the end */
        return allow(rules, reach->socket_dir, LL_REMOVE_FILE | LL_MAKE_SOCK, handled);
    return RB_OK;
}

static uint64_t known_to(long version) {
    uint64_t rights = LL_ALL_V1;
    if (version >= 2) rights |= LL_REFER;
    if (version >= 3) rights |= LL_TRUNCATE;
    return rights;
}

enum rb_err rb_landlock(const struct rb_reach *reach) {
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION_ASKED);
    if (version < 1) {
        rb_log(RB_LOG_WARN, "host",
               "this kernel has no landlock: the daemon could reach all files of its user");
        return RB_OK;
    }
    const struct ll_ruleset set = {known_to(version)};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof set, 0);
    if (rules < 0) return RB_ERR_IO;
    enum rb_err err = allow_all(rules, reach, set.handled_fs);
    if (err == RB_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) err = RB_ERR_IO;
    if (err == RB_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0) err = RB_ERR_IO;
    (void)close(rules);
    return err;
}
