#include "gateway/cli/progress.hpp"

#include <iostream>
#include <unistd.h>

namespace cpg::cli {
namespace {

constexpr std::chrono::seconds quiet_time{1};
constexpr std::chrono::milliseconds between{100};

} // namespace

Progress::Progress()
    : begun_(std::chrono::steady_clock::now()), shown_(begun_), terminal_(isatty(STDERR_FILENO)) {}

Progress::~Progress() {
    clear();
}

void Progress::show(const std::string& text) {
    if (!terminal_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - begun_ < quiet_time || now - shown_ < between) return;
    shown_ = now;
    dirty_ = true;
    std::cerr << "\r\033[K" << text << std::flush;
}

void Progress::clear() {
    if (!dirty_) return;
    dirty_ = false;
    std::cerr << "\r\033[K" << std::flush;
}

} // namespace cpg::cli
