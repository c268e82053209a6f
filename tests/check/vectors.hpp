// The data-driven cases of the rules: base bundles (tests/vectors/base), edits and expectations
// (tests/vectors/rules). See tests/vectors/README.md for the form. Throws std::runtime_error that
// names file and case when a vector is broken.
#pragma once

#include "spec/check/checker.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cpg::test {

/// One file of a case, cell by cell, so that edits can name records and items.
struct VectorFile {
    std::string name;
    std::string
        type; // id of the type under which the base has it; edits and expectations name files by it
    const FileType* layout = nullptr;
    std::vector<std::vector<Bytes>> records; // MS932, quotes included
    Bytes line_end = "\r\n";
    Bytes prefix, suffix;       // around the records
    std::optional<Bytes> whole; // in place of everything
    bool utf8 = false;

    Bytes bytes() const;
};

struct Expectation {
    bool pass = false; // the rule is not raised
    bool only = false; // and nothing but the rule is
    std::optional<std::string> severity, variant, file;
    std::optional<std::uint32_t> record, line;
    std::optional<int> column;
    std::optional<std::uint64_t> count;
};

struct VectorCase {
    std::string source, rule, name;
    std::string quirk; // of a row of "Tolerant readings" (spec/README.md); mostly empty
    std::string base;
    std::vector<VectorFile> files;
    CheckOptions options;
    Expectation expect;

    std::vector<InputFile> input() const;
};

std::vector<std::string> base_names();
std::vector<VectorFile> load_base(const Catalog& catalog, const std::string& name);
std::vector<VectorCase> load_cases(const Catalog& catalog);

} // namespace cpg::test
