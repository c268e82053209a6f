#include "gateway/ops/log.hpp"

#include "spec/base/clock.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <stdexcept>
#include <unistd.h>

namespace cpg::log {

namespace {

constexpr std::size_t max_text =
    1024; // bytes of one member: a line stays readable, disks stay free
constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

std::atomic<Level> least_level{Level::info};

/// Where lines go. The file is opened for appending, so that rotation by another program works.
class Output {
  public:
    ~Output() { close_file(); }

    void open(const std::string& path) {
        int fresh = -1;
        if (!path.empty()) {
            fresh = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
            if (fresh < 0)
                throw std::runtime_error("log file " + path + ": " + std::strerror(errno));
        }
        const std::lock_guard guard(mutex_);
        close_file();
        file_ = fresh;
    }

    /// One write() a line, so that lines of several processes on one file stay whole. A log that
    /// cannot be written must not stop the service: the line is lost.
    void write(std::string_view line) {
        const std::lock_guard guard(mutex_);
        const int target = file_ < 0 ? STDERR_FILENO : file_;
        while (!line.empty()) {
            const auto written = ::write(target, line.data(), line.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return;
            line.remove_prefix(static_cast<std::size_t>(written));
        }
    }

  private:
    void close_file() {
        if (file_ >= 0) ::close(file_);
        file_ = -1;
    }

    std::mutex mutex_;
    int file_ = -1;
};

Output& output() {
    static Output instance;
    return instance;
}

std::string_view name_of(Level level) {
    switch (level) {
    case Level::debug:
        return "debug";
    case Level::info:
        return "info";
    case Level::warning:
        return "warning";
    case Level::error:
        return "error";
    }
    return "error";
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Length of the UTF-8 character at the start of `text`, 0 when there is none.
std::size_t character_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xC2 && lead <= 0xDF ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if (!is_continuation(text[i])) return 0;
    return length;
}

/// A line is always valid UTF-8, whatever a caller passes.
std::string readable(std::string_view text) {
    const bool cut = text.size() > max_text;
    text = text.substr(0, max_text);
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0)
            result += replacement;
        else
            result += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    if (cut) result += "…";
    return result;
}

boost::json::value json_of(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value))
        return boost::json::value(readable(*text));
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
    if (const auto* real = std::get_if<double>(&value))
        return std::isfinite(*real) ? boost::json::value(*real) : boost::json::value(nullptr);
    return std::get<bool>(value);
}

} // namespace

void set_level(Level level) {
    least_level = level;
}

void set_file(std::string path) {
    output().open(path);
}

void event(Level level, std::string_view name, std::initializer_list<Member> members) {
    if (level < least_level.load(std::memory_order_relaxed)) return;
    boost::json::object line;
    line["time"] = rfc3339(system_clock().now());
    line["level"] = name_of(level);
    line["event"] = readable(name);
    for (const auto& member : members) line[member.name] = json_of(member.value);
    output().write(boost::json::serialize(line) + "\n");
}

} // namespace cpg::log
