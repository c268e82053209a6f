// What is known of everything that was ever taken out of the outgoing folder, told by the journal
// alone: which jobs are open, what their next step is, what was sent before. Pure: records go in.
// Belongs to one thread.
//
//     taken -> ready -> answered (one a request) -> closed
//
// A step is done first on disk, then recorded, but for two: `taken` stands before the files are
// moved, `ready` before anything is sent. Whatever a crash leaves, next_step() says what to repeat.
#pragma once

#include "adapters/hotfolder/conversion.hpp"
#include "adapters/hotfolder/journal.hpp"
#include "adapters/hotfolder/lots.hpp"

#include <map>
#include <set>

namespace cpg::hotfolder {

struct JobFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::int64_t modified = 0;
    std::string finger; // of its content, once collected: sent_finger()
};

struct JobRequest {
    std::string key, conversion, to, kind;
    struct File {
        std::string name;
        Digest digest;
    };
    std::vector<File> files; // in the order of the request's body
    std::vector<std::string> sources;
    bool answered = false, accepted = false;
    std::string bundle; // id
    std::vector<Complaint> complaints;
};

struct Job {
    std::string id; // "20261123-183000-1f2e": Japan's time of taking and a random end
    Serial serial;  // for sets that bring none
    std::vector<JobFile> files;
    std::vector<std::string> missing; // taken although incomplete
    bool ready = false;
    std::vector<JobRequest> requests;
    std::vector<std::string> refused_sources;
    std::vector<Complaint> complaints; // of the sets that are not sent
    std::vector<std::string> same_as;  // places of the jobs that sent every file before
};

enum class OutgoingStep { collect, send, close };
OutgoingStep next_step(const Job& job);
/// The first request of a job that has no answer; precondition: next_step(job) == send.
std::size_t next_request(const Job& job);

/// What a file is recognised by when it is dropped again: its bytes; with a name of the standard
/// the name too, since another serial is another bundle.
std::string sent_finger(const Catalog& catalog, const std::string& path, BytesView bytes);

class OutgoingState {
  public:
    /// Throws JournalDamaged for a record that is not one of these.
    void apply(const Record& record);

    const std::map<std::string, Job>& open() const { return open_; } // by id: oldest first
    /// Where the file lies that was sent before; nullptr: never.
    const std::string* place_of(const std::string& finger) const;
    /// Whether another job that is open and ready holds one of the files.
    bool is_in_work(const Job& job) const;
    std::size_t sent_on(const std::string& japan_day) const; // bundles accepted; "20261123"
    const Serial& last_serial() const { return last_serial_; }
    /// Records that tell the same; what was sent before `keep_from` ("20251019") is forgotten.
    std::vector<Record> snapshot(const std::string& keep_from) const;

  private:
    void close(Job& job, const Record& record);

    struct SentFile {
        std::string day, place;
    };
    std::map<std::string, Job> open_;
    std::map<std::string, SentFile> sent_; // by finger
    std::map<std::string, std::size_t> accepted_on_;
    Serial last_serial_;
};

Record taken_record(const Job& job);
Record ready_record(const Job& job);
Record answered_record(const std::string& job, std::size_t request, const JobRequest& answered);
/// `place`: where the papers lie now, relative to the office's folder.
Record closed_record(const std::string& job, const std::string& place);

} // namespace cpg::hotfolder
