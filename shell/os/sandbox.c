/* What a daemon that only serves sockets and files never needs, the kernel refuses it. A list of
 * what is denied, not of what is allowed: libraries may change which ordinary calls they use. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shell/os/os.h"

/* clang-format off */
static const char *const denied[] = {
    /* other programs */
    "execve", "execveat", "fork", "vfork",
    /* other processes */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    /* other views of the machine */
    "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount", "open_tree",
    "fsopen", "fsconfig", "fsmount", "fspick", "open_by_handle_at", "quotactl",
    /* the kernel itself */
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
    "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "iopl", "ioperm", "reboot", "swapon", "swapoff", "syslog", "acct", "lookup_dcookie",
    "add_key", "request_key", "keyctl", "sethostname", "setdomainname", "personality", "vhangup",
    /* the clock that records bear */
    "clock_settime", "settimeofday", "adjtimex", "clock_adjtime",
};
/* clang-format on */

/* A call this machine does not have cannot be denied, and need not be. */
static int deny_all(scmp_filter_ctx ctx) {
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        const int nr = seccomp_syscall_resolve_name(denied[i]);
        if (nr == __NR_SCMP_ERROR) continue;
        const int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 0);
        if (rc != 0 && rc != -EDOM) return rc;
    }
    return 0;
}

/* libseccomp that was short of memory while it wrote the filter leaves the heap damaged (2.5.4): nothing
 * of it is touched any more, and what speaks without it is write alone. */
static void end_here(int rc) {
    char words[160];
    (void)snprintf(words, sizeof words, "%s: The system call filter could not be set up: %s.\n",
                   program_invocation_short_name, strerror(-rc));
    const ssize_t told = write(STDERR_FILENO, words, strlen(words));
    (void)told; /* nobody listens, then */
    _exit(EXIT_FAILURE);
}

enum rb_err rb_sandbox(const struct rb_reach *reach, char *why, size_t why_n) {
    if (rb_landlock(reach) != RB_OK) {
        (void)snprintf(why, why_n, "The files that may be reached could not be limited: %s.",
                       strerror(errno));
        return RB_ERR_UNSUPPORTED;
    }
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx == NULL ? -ENOMEM : deny_all(ctx);
    if (rc == 0 && (rc = seccomp_load(ctx)) != 0) end_here(rc);
    if (ctx != NULL) seccomp_release(ctx);
    if (rc == 0) return RB_OK;
    (void)snprintf(why, why_n, "The system call filter could not be set up: %s.", strerror(-rc));
    return RB_ERR_UNSUPPORTED;
}
