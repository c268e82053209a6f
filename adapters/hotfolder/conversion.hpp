// What comes out of dropped files, and what the software wants of arrived ones. Conversion itself
// is a function that is handed in (adapters/dialect); files that are the standard's already are
// left byte for byte. Pure but for what is handed in; any thread.
#pragma once

#include "adapters/hotfolder/words.hpp"
#include "spec/check/checker.hpp"

#include <functional>

namespace cpg::hotfolder {

/// One set made of some of the dropped files.
struct Made {
    enum class State {
        ready,   // a bundle of the standard that passes the check
        partial, // no bundle yet: the rest may still come
        refused, // complaints say why
    };
    State state = State::refused;
    std::vector<std::string> sources; // paths as dropped
    std::vector<InputFile> files;     // of the standard, signatures included
    std::string header;               // request header Cpgw-Conversion; empty = not converted
    std::string report_json;          // what the header's digest is of; kept with the papers
    std::string report_text;
    std::vector<Complaint> complaints;
    std::string to, kind; // "0370100025", "schedule"; empty when not known
};

/// Files that are not the standard's -> sets; every source is named in at least one. `serial` is
/// of the first set that brings none, the next count up by a second.
using ReadDialects =
    std::function<std::vector<Made>(const std::vector<InputFile>& files, const Serial& serial)>;

/// A bundle of the standard -> files for the software, paths relative to its folder.
struct ForImport {
    bool refused = false; // no files then
    std::vector<InputFile> files;
    std::string report_json, report_text;
    std::vector<Complaint> complaints;
};
using WriteDialect = std::function<ForImport(const std::vector<InputFile>& files)>;

/// Everything that turns dropped files into sets.
struct Converter {
    CatalogPtr catalog;
    CheckOptions check;         // of the agent's own check; its `now` is set for each run
    ReadDialects read_dialects; // empty = files that are not the standard's are refused
};

/// ZIPs are opened, the standard's files grouped and checked, the rest is handed to the dialects.
/// Exceptions of a dialect become a refusal: a file never stops the others.
std::vector<Made> make_sets(const Converter& converter, const std::vector<InputFile>& files,
                            const Serial& serial, Time now);

/// What belongs together: sets that share a source, as indexes into `made`.
std::vector<std::vector<std::size_t>> linked_sets(const std::vector<Made>& made);

} // namespace cpg::hotfolder
