// What is known of every bundle that was ever fetched, told by the journal alone. Pure: records go
// in. Belongs to one thread.
//
//     asked -> fetched -> staged -> (placing -> placed -> gone) a file -> acknowledged -> closed
//                      \-> quarantined -> closed
//
// `asked` stands before the gateway is asked for the content, since it counts a bundle as fetched
// from then on. `placing` stands before a file gets its name in 受信: staged and not there any more
// means that it did.
#pragma once

#include "adapters/hotfolder/journal.hpp"
#include "adapters/hotfolder/link.hpp"

#include <map>
#include <set>

namespace cpg::hotfolder {

enum class FileFate { waiting, taken, failed };

struct StagedFile {
    std::string path; // below 受信
    bool placing = false, placed = false;
    FileFate fate = FileFate::waiting; // of a placed one
    std::string note;                  // of a failed one
};

struct Received {
    Arrival arrival;
    std::size_t number = 0; // order of asking
    std::string day;        // of fetching, Japan's
    std::string folder;     // below the office's folder, once fetched
    bool staged = false;
    std::vector<StagedFile> files;
    bool quarantined = false;
    bool acknowledged = false;
};

enum class IncomingStep {
    fetch,       // the content
    stage,       // convert, write beside the incoming folder
    place,       // give the next file its name
    watch,       // wait until the software took what is placed
    acknowledge, // tell the sender
    close,
};

struct IncomingPolicy {
    bool one_at_a_time = false; // L4
    bool watches = true;        // the software's taking decides
    bool acknowledges = true;
};
IncomingStep next_step(const Received& received, const IncomingPolicy& policy);
/// The first file without a place; precondition: next_step(…) == place.
std::size_t next_file(const Received& received);
/// "imported", or "import_failed" when a file failed.
std::string_view outcome_of(const Received& received);

class IncomingState {
  public:
    /// Throws JournalDamaged.
    void apply(const Record& record);
    const std::map<BundleId, Received>& open() const { return open_; }
    std::vector<BundleId> in_order() const; // open ones, as they were asked for
    bool knows(const BundleId& id) const { return open_.contains(id) || closed_.contains(id); }
    std::size_t received_on(const std::string& japan_day) const;
    std::vector<Record> snapshot(const std::string& keep_from) const;

  private:
    std::map<BundleId, Received> open_;
    std::map<BundleId, std::string> closed_; // the day
    std::size_t asked_ = 0;
};

Record asked_record(const Arrival& arrival);
Record fetched_record(const BundleId& id, const std::string& folder, const std::string& day);
Record staged_record(const BundleId& id, const std::vector<std::string>& paths);
Record placing_record(const BundleId& id, std::size_t file);
Record placed_record(const BundleId& id, std::size_t file);
Record gone_record(const BundleId& id, std::size_t file, FileFate fate, const std::string& note);
Record quarantined_record(const BundleId& id);
Record acknowledged_record(const BundleId& id);
Record received_closed_record(const BundleId& id, const std::string& day);

} // namespace cpg::hotfolder
