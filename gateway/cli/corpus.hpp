// What a change of tables or rules does to a corpus of files: checks every bundle by the old and by
// the new catalogue and tells which files fail that did not. One thread.
#pragma once

#include "spec/load/load.hpp"
#include "spec/records/bundle.hpp"

#include <filesystem>
#include <functional>

namespace cpg::cli {

struct CorpusFailure {
    std::string place;                          // folder or ZIP, below the corpus
    std::string file;                           // empty: the bundle as a whole
    std::map<std::string, std::uint64_t> rules; // newly raised errors: rule id -> how many
    bool gone = false;                          // the type does not exist in the newer edition
};

struct CorpusOutcome {
    std::uint64_t bundles = 0, files = 0; // of the older edition
    std::uint64_t other = 0; // files of other editions, or none of the standard's: not compared
    std::vector<CorpusFailure> failures;
};

struct CorpusRequest {
    const Catalog& old_catalog;
    const Edition& old_edition; // of old_catalog
    const Catalog& new_catalog;
    const Edition& new_edition; // of new_catalog
};

/// Every folder and every ZIP is a heap of its own. `progress` is told the files done. Throws
/// Failure when something cannot be read.
CorpusOutcome compare_corpus(const CorpusRequest& request, const std::filesystem::path& corpus,
                             const std::function<void(std::uint64_t)>& progress);

/// The bundle as if it were sent under another edition: under its file names and its CSVバージョン,
/// which would else be the one finding of every file; the rest of the bytes as they are. Files
/// whose type it does not have are left out. From edition 3, which names no service types, they are
/// told from the content: 43 for who plans, the type of the other office's rows.
Bundle as_of_edition(const Bundle& bundle, const Edition& edition);

} // namespace cpg::cli
