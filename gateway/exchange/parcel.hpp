// What is sealed for a bundle: its files as received, with the salts of their commitments; and its
// report as it was answered. A small length-prefixed form of our own, read back with bounds
// checked. Pure, any thread.
#pragma once

#include "spec/base/result.hpp"
#include "spec/records/bundle.hpp"

#include <array>

namespace cpg::exchange {

struct ParcelFile {
    std::string name; // UTF-8
    std::string type; // "UPPLAN"; "PDF", "JPEG", "PNG" for papers
    Bytes bytes;
    Digest digest; // SHA-256 of the bytes
    Bytes salt;    // 32 bytes
};

struct Parcel {
    std::vector<ParcelFile> files;
    std::vector<InputFile> signatures; // `<name>.p7s` of some of the files, by name
};

/// Of what is delivered: the files, and their signatures after them.
std::vector<InputFile> delivered_files(Parcel parcel);

/// Form 1 without signatures, form 2 with some: what was sealed earlier stays readable.
Bytes write_parcel(const Parcel& parcel);
Result<Parcel>
read_parcel(BytesView bytes); // tampered: only after damage that the seal should have caught

/// The report and what belongs to the receipt of a bundle.
struct Dossier {
    std::string report_ja, report_en; // JSON of one bundle's report
    std::vector<Bytes> salts;         // of the files, in the order of the leaf
    std::string title;                // of papers; may name a person, hence sealed
};

Bytes write_dossier(const Dossier& dossier);
Result<Dossier> read_dossier(BytesView bytes);

} // namespace cpg::exchange
