#include "adapters/hotfolder/journal.hpp"

#include "spec/base/digest.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace cpg::hotfolder {
namespace {

namespace json = boost::json;

constexpr std::size_t sum_length = 16;

std::string sum_of(BytesView text) {
    return hex(sha256(text).view()).substr(0, sum_length);
}

std::optional<Record> record_of(BytesView line) {
    if (line.size() < sum_length + 3 || line[sum_length] != ' ') return std::nullopt;
    const BytesView text = line.substr(sum_length + 1);
    if (sum_of(text) != line.substr(0, sum_length)) return std::nullopt;
    json::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

} // namespace

std::string line_of(const Record& record) {
    const std::string text = json::serialize(record);
    return sum_of(text) + " " + text + "\n";
}

JournalText parse_journal(BytesView text) {
    JournalText result;
    std::optional<std::size_t> bad;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        ++number;
        const auto end = text.find('\n', at);
        auto record = end == BytesView::npos ? std::nullopt : record_of(text.substr(at, end - at));
        at = end == BytesView::npos ? text.size() : end + 1;
        if (!record) {
            if (!bad) bad = number;
            continue;
        }
        if (bad) { // a good one behind it: no crash cuts like this
            result.damaged_line = bad;
            return result;
        }
        result.records.push_back(std::move(*record));
        result.good_bytes = at;
    }
    return result;
}

Journal::Journal(std::filesystem::path file, const Disk& disk)
    : file_(std::move(file)), disk_(disk) {
    const Bytes text = read_whole(file_).value_or("");
    JournalText parsed = parse_journal(text);
    if (parsed.damaged_line)
        throw JournalDamaged(file_.string() + ":" + std::to_string(*parsed.damaged_line));
    found_ = std::move(parsed.records);
    bytes_ = parsed.good_bytes;
    if (text.empty()) disk_.save(file_, "");
    open();
    if (bytes_ < text.size() &&
        (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0 || ::fsync(fd_) != 0))
        throw std::system_error(errno, std::generic_category(), file_.string());
}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

void Journal::open() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), file_.string());
}

void Journal::write(BytesView part) {
    while (!part.empty()) {
        const auto written = ::write(fd_, part.data(), part.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw std::system_error(errno, std::generic_category(), file_.string());
        part.remove_prefix(static_cast<std::size_t>(written));
    }
}

void Journal::append(const Record& record) {
    const std::string line = line_of(record);
    disk_.probe("journal");
    try {
        write(BytesView(line).substr(0, line.size() / 2));
        disk_.probe("journal half");
        write(BytesView(line).substr(line.size() / 2));
        if (::fsync(fd_) != 0)
            throw std::system_error(errno, std::generic_category(), file_.string());
    } catch (const std::system_error&) { // a full disk: half a line must not stay before the next
        if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0)
            throw JournalDamaged(file_.string() + ": cannot be cut");
        throw;
    }
    bytes_ += line.size();
    disk_.probe("journal done");
}

void Journal::rewrite(const std::vector<Record>& records) {
    std::string text;
    for (const auto& record : records) text += line_of(record);
    disk_.save(file_, text);
    bytes_ = text.size();
    open();
}

} // namespace cpg::hotfolder
