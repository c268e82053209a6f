// Which files of the outgoing folder belong together, and whether they are ready to be taken.
// Pure: a look at the folder and the time go in, lots come out. A Watched belongs to one thread.
//
//     for (const Lot& lot : lots_of(*catalog, watched.look(scan, now), policy, now)) …
#pragma once

#include "adapters/hotfolder/backoff.hpp"
#include "spec/records/bundle.hpp"

#include <map>

namespace cpg::hotfolder {

/// One file as a look at the folder found it.
struct Scanned {
    std::string path; // relative to the folder, "/" between, UTF-8
    std::uint64_t bytes = 0;
    std::int64_t modified = 0; // nanoseconds, only compared
    std::uint64_t inode = 0;
    bool open_for_writing = false; // somebody has it open; false where the system cannot say
    auto operator<=>(const Scanned&) const = default;
};

struct Seen {
    Scanned file;
    Time since; // unchanged
};

/// Remembers since when files have been as they are.
class Watched {
  public:
    std::vector<Seen> look(const std::vector<Scanned>& scan, Time now);

  private:
    std::map<std::string, Seen> seen_;
};

struct LotPolicy {
    Duration settle{2'000};        // a file counts as written when unchanged for this long
    Duration set_settle{10'000};   // a whole set waits this long for more of it
    Duration set_timeout{600'000}; // an incomplete one waits this long for the rest
};

struct Lot {
    enum class Kind {
        standard, // files of one bundle of the standard, by their names
        zip,      // one ZIP
        foreign,  // everything else: conversion has to say what it is
    };
    enum class State {
        waiting,    // for a writer, for more of the set
        ready,      // to be taken
        incomplete, // the rest did not come in time
    };
    Kind kind{};
    State state{};
    std::vector<Seen> files;
    Time due;                         // when a waiting one is to be looked at again
    std::vector<std::string> missing; // "UPSIKYU（サービス提供票別表）"; of standard ones not whole
    /// Where the standard's names say it.
    std::optional<OfficeRef> from, to;
    std::optional<Serial> serial;
};

/// In the order of sender, receiver, serial; foreign ones last. A signature (`x.CSV.p7s`) goes with
/// its file.
std::vector<Lot> lots_of(const Catalog& catalog, const std::vector<Seen>& files,
                         const LotPolicy& policy, Time now);

/// The files that are missing until these types make a whole bundle of the kind that lacks the
/// fewest; empty when they are whole, or when no kind could ever hold them all (a check says so).
std::vector<std::string> missing_types(const Edition& edition,
                                       const std::vector<std::string>& types);

} // namespace cpg::hotfolder
