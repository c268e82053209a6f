// A heap of files becomes bundles: the files of one sender, one receiver, one serial
// (standard 2.4, 3.4).
#pragma once

#include "spec/records/file_name.hpp"
#include "spec/records/large_file.hpp"

#include <filesystem>

namespace cpg {

/// One file as received: the bytes are kept and are what is delivered. What is only checked, and
/// too large to be held, stays where it is.
struct InputFile {
    std::string name; // UTF-8, flat
    Bytes bytes;
    std::shared_ptr<const LargeFile> large = nullptr; // in place of bytes
    std::uint64_t size() const { return large ? large->size() : bytes.size(); }
    /// A copy of one piece, shorter where the file ends.
    Bytes piece(std::uint64_t offset, std::size_t size) const;
};

/// SHA-256 of the bytes.
Digest digest_of(const InputFile& file);

struct BundleFile {
    InputFile input;
    FileName name;
    Digest digest; // SHA-256 of the bytes
};

/// Grouped by FROM, TO (with service types), serial and edition; files in the edition's order, then
/// by name.
struct Bundle {
    const Edition* edition = nullptr;
    OfficeRef from, to;
    Serial serial;
    std::vector<BundleFile> files;
};

struct StrayFile { // belongs to no bundle
    InputFile input;
    NameProblem problem;
};

struct Heap {
    std::vector<Bundle> bundles; // sorted by from, to, serial
    std::vector<StrayFile> strays;
    std::vector<InputFile> signatures; // `<name>.p7s` of files of bundles, each name once, by name
    std::vector<std::string>
        duplicate_names; // the same name twice in the heap: every one is kept, reported by R-BND-03
};

/// The name of the file that `<name>.p7s` signs; empty when it is no such name.
std::string_view signed_name_of(std::string_view name);

Heap group_files(const Catalog& catalog, std::vector<InputFile> files);

} // namespace cpg
