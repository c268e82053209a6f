// A fixture of tests/adapters/fixtures: what care software writes, what the office says besides,
// and what must become of it. make_fixtures.py makes all but report.json. One thread.
#pragma once

#include "adapters/dialect/convert.hpp"

#include <boost/json/value.hpp>
#include <filesystem>

namespace cpg::adapters::testing {

struct Fixture {
    std::string name;    // "std-v3/minimal"
    std::string dialect; // "std-v3"; "none"
    std::filesystem::path folder;
    std::map<std::string, std::string> options; // of options.yaml
    std::vector<DialectFile> files;             // of in/, by path
    std::vector<DialectPtr> dialects;           // the shipped ones and those of dialects/
    std::vector<DialectFile> wanted;            // of out/, by path: what must be written

    bool writes() const { return option("direction") == "out"; }
    std::string option(const std::string& key) const;
    /// Null when there is none of its name.
    const Dialect* chosen() const;
    Context context() const;
};

/// All of them, by name; std::runtime_error when one cannot be read.
const std::vector<Fixture>& fixtures();

/// The files of a folder, by path; none when there is no such folder.
std::vector<DialectFile> files_below(const std::filesystem::path& folder);

/// The sets that the fixture's files become; of one that writes, none.
std::vector<Converted> read(const Fixture& fixture);
/// What is written of the standard's files in in/.
ForSoftware write(const Fixture& fixture);

/// As in expected.json: of what is quarantined, no records.
boost::json::value summary_of(const std::vector<Converted>& sets);
/// One report a set, in order: report.json.
std::string reports_of(const Fixture& fixture);

} // namespace cpg::adapters::testing
