/* What a daemon that only serves sockets and files never needs, the kernel refuses it. A list of
 * what is denied, not of what is allowed: libraries may change which ordinary calls they use.
 *
 * The filter is written here and not by libseccomp: version 2.5.4, when it is short of memory,
 * leaves the heap damaged and a start that hangs; this takes none. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "shell/os/os.h"

/* The way in whose numbers <sys/syscall.h> gives, as the kernel names it. */
#if defined(__x86_64__) && defined(__LP64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && !defined(__ARMEB__)
#define NATIVE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define NATIVE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#else
/* cppcheck-suppress preprocessorErrorDirective ; it is told of no machine */
#error "which system calls this machine has is not known here: add its AUDIT_ARCH"
#endif

/* clang-format off */
static const uint16_t denied[] = {
    /* other programs */
    SYS_execve, SYS_execveat,
#ifdef SYS_fork /* not where clone does it all */
    SYS_fork, SYS_vfork,
#endif
    /* other processes */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_pidfd_getfd,
    SYS_kcmp,
    /* other views of the machine */
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns, SYS_unshare, SYS_move_mount,
    SYS_open_tree, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_open_by_handle_at,
    SYS_quotactl,
    /* the kernel itself */
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter,
    SYS_io_uring_register, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_syslog, SYS_acct, SYS_add_key,
    SYS_request_key, SYS_keyctl, SYS_sethostname, SYS_setdomainname, SYS_personality, SYS_vhangup,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_lookup_dcookie /* gone from newer kernels */
    SYS_lookup_dcookie,
#endif
#ifdef SYS_ioperm
    SYS_ioperm,
#endif
#ifdef SYS_iopl
    SYS_iopl,
#endif
    /* the clock that records bear */
    SYS_clock_settime, SYS_settimeofday, SYS_adjtimex, SYS_clock_adjtime,
#ifdef SYS_clock_settime64
    SYS_clock_settime64, SYS_clock_adjtime64,
#endif
};
/* clang-format on */

enum {
    DENIED = sizeof denied / sizeof *denied,
    HEAD = 5,        /* below, before the list */
    X32 = 0x40000000 /* of x86-64: the same calls under other numbers */
};
_Static_assert(DENIED < 255, "a jump reaches no further");

#define LOAD(field)                                                                                \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(test, value, then, otherwise)                                                           \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (then), (otherwise))
#define ANSWER(value) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (value))

/* Another way in than the native one has other numbers: who takes it is killed, as nothing here
 * does. */
static size_t write_filter(struct sock_filter f[HEAD + DENIED + 2]) {
    size_t n = 0;
    f[n++] = LOAD(arch);
    f[n++] = IF(BPF_JEQ, NATIVE, 1, 0);
    f[n++] = ANSWER(SECCOMP_RET_KILL_PROCESS);
    f[n++] = LOAD(nr);
#ifdef __x86_64__
    f[n++] = IF(BPF_JGE, X32, DENIED + 1, 0);
#endif
    for (size_t i = 0; i < DENIED; i++)
        f[n++] = IF(BPF_JEQ, denied[i], (uint8_t)(DENIED - i), 0);
    f[n++] = ANSWER(SECCOMP_RET_ALLOW);
    f[n++] = ANSWER(SECCOMP_RET_ERRNO | EPERM);
    return n;
}

static enum rb_err filter_calls(void) {
    struct sock_filter filter[HEAD + DENIED + 2];
    const struct sock_fprog program = {(unsigned short)write_filter(filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return RB_ERR_UNSUPPORTED;
    /* all threads, or, where one of them has another filter already, none: its number comes back */
    const long rc =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (rc > 0) errno = EBUSY;
    return rc == 0 ? RB_OK : RB_ERR_UNSUPPORTED;
}

enum rb_err rb_sandbox(const struct rb_reach *reach, char *why, size_t why_n) {
    if (rb_landlock(reach) != RB_OK) {
        (void)snprintf(why, why_n, "The files that may be reached could not be limited: %s.",
                       strerror(errno));
        return RB_ERR_UNSUPPORTED;
    }
    if (filter_calls() == RB_OK) return RB_OK;
    (void)snprintf(why, why_n, "The system call filter could not be set up: %s.", strerror(errno));
    return RB_ERR_UNSUPPORTED;
}
