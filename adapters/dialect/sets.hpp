// Records of many rows and files -> sets of one sender, receiver and serial. Pure, any thread.
#pragma once

#include "adapters/dialect/reader.hpp"

namespace cpg::adapters {

/// A set before it is brought into another edition and checked.
struct ReadSet {
    TableSet tables;
    bool alone = false; // of records that are never sent
    std::vector<std::string> sources;
    std::vector<Note> notes; // those of its files among them
};

struct ReadSets {
    std::vector<ReadSet> sets;                                     // by sender, receiver, serial
    std::vector<std::pair<std::string, std::vector<Note>>> strays; // files that are in no set
};

/// The dialect's own edition; nothing is checked by the standard yet.
ReadSets read_sets(const Knowledge& knowledge, const Dialect& dialect,
                   const std::vector<DialectFile>& files);

} // namespace cpg::adapters
