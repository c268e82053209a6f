// What a running gateway looks after by itself, every `tls.watch_seconds`: TLS files that changed
// (so that a revocation counts without anybody sending SIGHUP), certificates and revocation lists
// that run out. Driven by look(); owns no thread.
#pragma once

#include "gateway/http/server.hpp"
#include "gateway/identity/expiry.hpp"
#include "gateway/ops/metrics.hpp"

namespace cpg::app {

/// Whether any of some files is another one than at the last look: other time, size or inode, or
/// gone. Belongs to one thread.
class FileWatch {
  public:
    explicit FileWatch(std::vector<std::filesystem::path> files);
    bool changed();

  private:
    struct Seen {
        std::int64_t seconds = 0, nanoseconds = 0;
        std::uint64_t size = 0, inode = 0;
        bool operator==(const Seen&) const = default;
    };
    static Seen look_at(const std::filesystem::path& file);

    std::vector<std::filesystem::path> files_;
    std::vector<Seen> seen_;
};

/// What the upkeep needs of the application.
struct UpkeepServices {
    std::vector<std::filesystem::path> files;          // of TLS
    std::function<void()> reload;                      // when one changed; logs its own failures
    std::function<std::vector<http::TlsDate>()> dates; // of the listener
    const Clock& clock;
};

class Upkeep {
  public:
    explicit Upkeep(UpkeepServices services);
    /// One round. Not from two threads at once.
    void look();
    /// Any thread; on the way of every request, cheap.
    void met_office(const OfficeNo& office, const Digest& fingerprint, Time not_after);
    /// Gauges: days left and numbers in each band by class, seconds until the first revocation list
    /// runs out. The upkeep must outlive the metrics.
    void describe(Metrics& metrics);

  private:
    void note_own(Time now);
    void warn(Time now);
    void warn_of_lists(Time now);
    std::optional<std::chrono::seconds> least_list_time() const;

    UpkeepServices services_;
    FileWatch watch_;
    identity::ExpiryWatch expiry_;
    std::optional<Time> lists_told_;
};

} // namespace cpg::app
