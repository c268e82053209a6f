// The conformance kit's test patterns as values: what a vendor does, the case to import or to
// enter, and the points that are judged one by one. Read once from spec/kit/patterns/*.yaml,
// immutable afterwards, any thread. Every person in them is invented.
//
//     const KitOutcome outcome = load_kit(*embedded_catalog(), embedded_patterns());
//     const Pattern* plan = outcome.kit->pattern("D1");
#pragma once

#include "spec/load/load.hpp"
#include "spec/records/file_name.hpp"

namespace cpg::kit {

using Items = std::vector<std::pair<std::string, std::string>>; // key, template of the value

/// One record of the case, or one a day when `days` are given. Values are templates (fill.hpp).
struct CaseRecord {
    std::string id; // unique within the bundle
    std::vector<int> days;
    Items items; // what is not named is empty
};

struct CaseFile {
    std::string type;               // "UP2KYO"
    std::vector<std::string> match; // the items by which a vendor's record is found again
    std::vector<CaseRecord> records;
    const CaseRecord* record(std::string_view id) const;
};

/// One bundle of the case.
struct CaseBundle {
    std::string id;
    int month_offset = 0;            // from the pattern's month
    std::string serial;              // template
    std::vector<CaseFile> files;     // CSV files
    std::vector<std::string> images; // branches of UPKIHON_IMAGE: "0001"
    const CaseFile* file(std::string_view type) const;
};

enum class PointKind {
    values, // items of records
    valid,  // no error of the checker, but for rules that another point names
    form,   // none of its rules is raised
    count,  // no record more, none less
    order,  // records of these files in the order of the case
    image,  // the pictures are there; none of its rules is raised
    rest,   // every item that no other point looks at
};
std::string_view name_of(PointKind kind); // as in YAML

/// What a point looks at in one file.
struct Look {
    std::string bundle, file;
    std::vector<std::string> records; // ids; empty only for PointKind::order: the whole file
    std::vector<std::string> items;   // keys
};

struct Point {
    std::string id; // "D1-01"
    PointKind kind = PointKind::values;
    std::string ja, en;             // the sentence
    std::vector<Look> looks;        // values, order
    std::vector<std::string> rules; // form, image
    /// Something that a person sees on the screen after an import.
    bool on_screen() const;
};

/// An item that a vendor may fill as it likes.
struct FreeItem {
    std::string file; // type id
    std::vector<std::string> items;
    std::string reason_ja, reason_en;
};

/// Differences of form that are none.
enum class Tolerance {
    line_breaks,   // CR LF, CR and LF inside a text
    leading_zeros, // 0488 and 488 in an item that is a number
};

struct PatternEdition {
    std::string id; // "4.1"
    Month month;    // 対象年月 of the first bundle when nobody asks for another
};

struct Pattern {
    std::string id; // "D1"
    std::string title_ja, title_en;
    std::string import_ja, import_en; // what the vendor does; empty = this direction is not tested
    std::string export_ja, export_en;
    std::string kind; // of every bundle: "care_plan"
    OfficeRef from, to;
    std::vector<PatternEdition> editions;
    std::vector<std::string> warnings; // rules that the case itself raises, of severity warning
    std::vector<CaseBundle> bundles;
    std::vector<Point> points;
    std::vector<FreeItem> free;
    std::vector<Tolerance> tolerances;

    const PatternEdition* edition(std::string_view edition_id) const;
    const CaseBundle* bundle(std::string_view bundle_id) const;
    bool is_free(std::string_view file, std::string_view key) const;
    bool tolerates(Tolerance tolerance) const;
    /// The points that exist in an edition, with what it has not yet left out of their looks.
    std::vector<Point> points_in(const Edition& edition) const;
};

struct Kit {
    std::vector<Pattern> patterns; // by id
    Digest digest;                 // over the sources, as Catalog::digest
    const Pattern* pattern(std::string_view id) const;
};
using KitPtr = std::shared_ptr<const Kit>;

struct KitOutcome {
    KitPtr kit; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// The files of spec/kit/patterns, embedded at build time.
const std::vector<SourceFile>& embedded_patterns();
/// Strict: an unknown key, type, item, record, rule or placeholder, a value that MS932 has not, an
/// item that two points look at, a point that could not fail alone are problems with file and line,
/// and nothing is loaded.
KitOutcome load_kit(const Catalog& catalog, const std::vector<SourceFile>& sources);
/// The embedded patterns over the embedded catalogue; throws when they are broken (a bug).
KitPtr embedded_kit();

} // namespace cpg::kit
