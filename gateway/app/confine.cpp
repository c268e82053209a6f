#include "gateway/app/confine.hpp"

#include "gateway/ops/log.hpp"

#include <cerrno>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <system_error>

namespace cpg::app {
namespace {

/// What the gateway, its libraries and their threads need after the start. Grouped by use; a name
/// that the processor's table does not know is skipped.
constexpr const char* allowed_calls[] = {
    // files: database, keys and tables read again on SIGHUP, the log
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "lseek",
    "close",
    "close_range",
    "open",
    "openat",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "getcwd",
    "mkdir",
    "mkdirat",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "fallocate",
    "fadvise64",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "umask",
    "fcntl",
    "flock",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    "ioctl",
    // memory; mmap and mprotect see below
    "munmap",
    "mremap",
    "madvise",
    "msync",
    "brk",
    "mlock",
    "munlock",
    // sockets; socket() see below
    "bind",
    "listen",
    "accept",
    "accept4",
    "connect",
    "getsockname",
    "getpeername",
    "setsockopt",
    "getsockopt",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "shutdown",
    "sendfile",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    // threads and signals; clone() see below
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "exit",
    "exit_group",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "rt_sigpending",
    "rt_sigsuspend",
    "sigaltstack",
    "tgkill",
    "restart_syscall",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "membarrier",
    // who and when am I
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrandom",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "sysinfo",
    "uname",
    "times",
    "getrusage",
    "getrlimit",
    "prlimit64",
    "prctl",
    "arch_prctl",
};

constexpr int allowed_families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
};

/// Throws std::system_error: libseccomp answers with a negative errno.
void must(int returned, const char* what) {
    if (returned < 0) throw std::system_error(-returned, std::generic_category(), what);
}

void allow(scmp_filter_ctx filter, const char* name, std::initializer_list<scmp_arg_cmp> when) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) return;
    must(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, static_cast<unsigned>(when.size()),
                                when.size() == 0 ? nullptr : when.begin()),
         name);
}

scmp_arg_cmp masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

/// Memory is writable or executable, never both, and never becomes executable.
void allow_memory(scmp_filter_ctx filter) {
    constexpr unsigned protection = 2; // argument of mmap and mprotect
    constexpr scmp_datum_t both = PROT_WRITE | PROT_EXEC;
    for (const scmp_datum_t kind :
         {scmp_datum_t{0}, scmp_datum_t{PROT_WRITE}, scmp_datum_t{PROT_EXEC}})
        allow(filter, "mmap", {masked(protection, both, kind)});
    allow(filter, "mprotect", {masked(protection, PROT_EXEC, 0)});
}

/// Threads, no processes. The flags of clone3 lie in memory where a filter cannot look: as a kernel
/// that does not know it, so that the library falls back to clone.
void allow_threads(scmp_filter_ctx filter) {
    allow(filter, "clone", {masked(0, CLONE_THREAD, CLONE_THREAD)});
    const int clone3 = seccomp_syscall_resolve_name("clone3");
    if (clone3 != __NR_SCMP_ERROR)
        must(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0, nullptr), "clone3");
}

[[maybe_unused]] void load_filter() { // not under a sanitizer
    const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!filter) throw std::system_error(ENOMEM, std::generic_category(), "seccomp_init");
    must(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "all threads");
    for (const char* const name : allowed_calls) allow(filter.get(), name, {});
    allow_memory(filter.get());
    allow_threads(filter.get());
    for (const int family : allowed_families)
        allow(filter.get(), "socket",
              {{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(family), scmp_datum_t{0}}});
    must(seccomp_load(filter.get()), "seccomp_load");
}

} // namespace

Result<void> confine_process() {
#if defined(__SANITIZE_ADDRESS__)
    log::info("process.not_confined", {{"why", std::string("built with AddressSanitizer")}});
#else
    try {
        load_filter();
    } catch (const std::system_error& failed) {
        return Error{Errc::configuration,
                     std::string("the system calls cannot be filtered (") + failed.what() +
                         "); with `confine: off` the gateway starts without that"};
    }
    log::info("process.confined");
#endif
    return {};
}

} // namespace cpg::app
