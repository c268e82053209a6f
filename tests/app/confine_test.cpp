// Each case runs in a child of its own: a filter cannot be taken off again.
#include <boost/test/unit_test.hpp>

#include "gateway/app/confine.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <linux/if_packet.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr int cannot_confine = 100;

/// What `attempt` returned in a confined child: 0, or an errno.
int confined(const std::function<int()>& attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (!cpg::app::confine_process()) ::_exit(cannot_confine);
        ::_exit(attempt());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_REQUIRE(WIFEXITED(status));
    BOOST_REQUIRE(WEXITSTATUS(status) != cannot_confine);
    return WEXITSTATUS(status);
}

int outcome(long returned) {
    return returned < 0 ? errno : 0;
}

struct Attempt {
    const char* name;
    std::function<int()> run;
};

} // namespace

BOOST_AUTO_TEST_SUITE(confine)

#if !defined(__SANITIZE_ADDRESS__)

BOOST_AUTO_TEST_CASE(refuses_what_an_intruder_would_need) {
    const Attempt attempts[] = {
        {"a program",
         [] {
             char* const none[] = {nullptr};
             return outcome(::execve("/bin/true", none, none));
         }},
        {"another process", [] { return outcome(::fork()); }},
        {"tracing", [] { return outcome(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
        {"mounting", [] { return outcome(::mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
        {"a namespace", [] { return outcome(::unshare(CLONE_NEWNET)); }},
        {"another user", [] { return outcome(::syscall(SYS_setuid, 0)); }},
        {"a raw socket", [] { return outcome(::socket(AF_PACKET, SOCK_RAW, 0)); }},
        {"a kernel module", [] { return outcome(::syscall(SYS_init_module, nullptr, 0, "")); }},
        {"a program for the kernel", [] { return outcome(::syscall(SYS_bpf, 0, nullptr, 0)); }},
        {"the keyring", [] { return outcome(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }},
        {"another process's memory",
         [] {
             return outcome(::syscall(SYS_process_vm_readv, ::getpid(), nullptr, 0, nullptr, 0, 0));
         }},
        {"killing", [] { return outcome(::kill(1, 0)); }},
        {"memory to write and run",
         [] {
             void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
             return memory == MAP_FAILED ? errno : 0;
         }},
        {"memory that becomes code",
         [] {
             void* const memory =
                 ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
             return outcome(::mprotect(memory, 4096, PROT_READ | PROT_EXEC));
         }},
    };
    for (const Attempt& attempt : attempts)
        BOOST_TEST(confined(attempt.run) == EPERM, attempt.name);
}

BOOST_AUTO_TEST_CASE(allows_what_serving_needs) {
    const Attempt attempts[] = {
        {"a thread",
         [] {
             int seen = 1;
             std::thread([&] { seen = 0; }).join();
             return seen;
         }},
        {"a file", [] { return outcome(::open("/dev/null", O_RDONLY)); }},
        {"a socket", [] { return outcome(::socket(AF_INET, SOCK_STREAM, 0)); }},
        {"memory",
         [] {
             const std::string much(64u << 20, 'x');
             return much.back() == 'x' ? 0 : 1;
         }},
    };
    for (const Attempt& attempt : attempts) BOOST_TEST(confined(attempt.run) == 0, attempt.name);
}

BOOST_AUTO_TEST_CASE(holds_for_threads_that_run_already) {
    const int status = confined([] { return 0; });
    BOOST_TEST(status == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        int pipe_ends[2];
        if (::pipe(pipe_ends) != 0) ::_exit(1);
        int found = 0;
        std::thread earlier([&] {
            char go = 0;
            if (::read(pipe_ends[0], &go, 1) != 1) return;
            found = outcome(::unshare(CLONE_NEWNET));
        });
        if (!cpg::app::confine_process()) ::_exit(cannot_confine);
        if (::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
        earlier.join();
        ::_exit(found);
    }
    int ended = 0;
    ::waitpid(child, &ended, 0);
    BOOST_TEST(WEXITSTATUS(ended) == EPERM);
}

#else

BOOST_AUTO_TEST_CASE(leaves_a_process_under_a_sanitizer_as_it_is) {
    BOOST_TEST(confined([] { return outcome(::socket(AF_UNIX, SOCK_STREAM, 0)); }) == 0);
    BOOST_TEST(confined([] { return outcome(::getppid()); }) == 0);
}

#endif

BOOST_AUTO_TEST_SUITE_END()
