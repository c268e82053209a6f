// What the agent has decided, one line each, on disk before it is done: "<16 hex of SHA-256>
// <JSON>". A line that was cut by a crash is no line; a line damaged among good ones stops the
// office, since without it something could be sent twice. The text functions are pure; a Journal
// belongs to one thread.
#pragma once

#include "adapters/hotfolder/disk.hpp"

#include <boost/json/object.hpp>

namespace cpg::hotfolder {

using Record = boost::json::object;

std::string line_of(const Record& record); // ends in LF
struct JournalText {
    std::vector<Record> records;
    std::size_t good_bytes = 0;              // what follows was cut by a crash
    std::optional<std::size_t> damaged_line; // from 1, among good ones
};
JournalText parse_journal(BytesView text);

struct JournalDamaged : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Journal {
  public:
    /// Makes the file when it is missing, cuts what a crash left at its end. Throws JournalDamaged,
    /// std::system_error.
    Journal(std::filesystem::path file, const Disk& disk);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    const std::vector<Record>& found() const { return found_; } // of earlier runs
    void forget_found() { found_ = {}; }
    /// On disk when it returns.
    void append(const Record& record);
    /// The whole journal anew, in one step: what is over is left out.
    void rewrite(const std::vector<Record>& records);
    std::uint64_t bytes() const { return bytes_; }

  private:
    void open();
    void write(BytesView part);

    std::filesystem::path file_;
    const Disk& disk_;
    std::vector<Record> found_;
    std::uint64_t bytes_ = 0;
    int fd_ = -1;
};

} // namespace cpg::hotfolder
