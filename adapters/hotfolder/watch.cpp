#include "adapters/hotfolder/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>

namespace cpg::hotfolder {
namespace {

constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

constexpr int max_depth = 2;             // folders below the folder, as deep as it is scanned
constexpr std::size_t max_folders = 200; // of the system's few thousand watches; the rest by time

void drain(int fd) {
    std::array<char, 4096> ignored{};
    while (::read(fd, ignored.data(), ignored.size()) > 0) {
    }
}

} // namespace

Watch::Watch()
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Watch::~Watch() {
    if (inotify_ >= 0) ::close(inotify_);
    ::close(event_);
}

void Watch::look_at(const std::filesystem::path& folder) {
    namespace fs = std::filesystem;
    if (inotify_ < 0) return;
    // Adding a folder that is watched already changes nothing.
    ::inotify_add_watch(inotify_, folder.c_str(), changes);
    std::error_code error;
    std::size_t left = max_folders;
    for (auto at = fs::recursive_directory_iterator(folder, error);
         !error && at != fs::recursive_directory_iterator() && left != 0; at.increment(error)) {
        if (!at->is_directory(error)) continue;
        ::inotify_add_watch(inotify_, at->path().c_str(), changes);
        if (at.depth() + 1 >= max_depth) at.disable_recursion_pending();
        --left;
    }
}

void Watch::wait(std::chrono::milliseconds limit) {
    std::array<pollfd, 2> wanted{{{event_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
    const auto milliseconds =
        std::clamp<std::chrono::milliseconds::rep>(limit.count(), 0, 3'600'000);
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(milliseconds)) <= 0) return;
    drain(event_);
    if (inotify_ >= 0) drain(inotify_);
}

void Watch::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
}

} // namespace cpg::hotfolder
