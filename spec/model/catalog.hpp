// The standard as data: editions, file types, items (columns), code lists, bundle kinds and the
// texts of every rule. Built once by spec/load, immutable afterwards, shared by const pointer
// between threads.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/ids.hpp"
#include "spec/model/pattern.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cpg {

enum class Confidence { high, medium, low };
enum class Severity { off, warning, error };
enum class Requirement { no, yes, conditional };

/// How an item's text is read. The name in YAML is the enumerator's name.
enum class FieldType {
    yyyymm,
    yyyymm_or_zero,
    yyyymmdd,
    yyyymmdd_or_zero,
    hhmm,
    hhmm_or_9999,
    insurer_no,
    insured_no,
    office_no,
    office_no_or_all9,
    service_type,
    service_code,
    service_code_or_total,
    code,
    seq,
    integer,
    decimal,
    alnum,
    postal,
    phone,
    day_bitmap31,
    tais_code,
    image_name,
    free_text,
    unused,
};
std::string_view name_of(FieldType type);
std::optional<FieldType> field_type_of(std::string_view name);

struct TypeRule {
    bool fixed_length = false;
    Pattern pattern; // empty pattern = every text
    std::string note;
};

struct CodeList {
    std::string id;
    std::string name; // Japanese
    std::string source;
    std::vector<std::pair<std::string, std::string>>
        values;                                 // code, meaning; in the order of the standard
    bool contains(std::string_view code) const; // constant time for codes of up to 8 characters
    const std::string* meaning(std::string_view code) const;
    std::unordered_map<std::uint64_t, std::size_t>
        index; // packed code -> position; filled by the loader
};
/// Packs up to 8 characters into a key of CodeList::index; longer texts give 0.
std::uint64_t pack_code(std::string_view code);

struct Field {
    int no = 0;                        // column, from 1 (No. of the layout)
    std::string key;                   // canonical name, e.g. "service_date"
    std::string name;                  // Japanese name of the item
    std::optional<std::size_t> length; // 項目長 in characters as the standard says; absent = free
    std::size_t accept_length = 0;     // length to accept; equals *length unless widened; 0 = free
    Requirement required = Requirement::no;
    bool needed = false; // the 必要 column
    FieldType type = FieldType::free_text;
    const CodeList* codes = nullptr; // owned by the edition
    Pattern pattern;                 // the field's own pattern, else the type's
    bool fixed_length = false;
    std::string fixed; // the one value it may hold, when the standard fixes it
    std::string zero_value;
    std::string when; // the condition of a conditional item
    std::string note;
    Confidence confidence = Confidence::high;
    std::string confidence_reason;
};

/// One part of a file name; parts are joined by "_", the extension follows the last directly.
struct NamePart {
    enum class Kind {
        literal,
        month,
        from_office,
        from_service_type,
        to_office,
        to_service_type,
        serial,
        branch
    };
    Kind kind = Kind::literal;
    std::string literal; // literal only; ".CSV" or ".jpg" for the last
    std::size_t length = 0;
    std::string form;
};

/// A kind of row inside a file (第3表: weekly/daily/other; 第7表: totals and details).
struct RowKind {
    std::string kind;
    std::vector<int> fields; // 第3表: the columns of this kind
    std::string match; // 第7表: pattern of サービスコード; empty = the rows no other kind matches
    std::vector<std::pair<std::string, std::string>> set; // key -> value it must have
    std::vector<std::string> empty;                       // keys that must be empty
    std::string count;                                    // how many, in words
};

struct Direction {
    std::string sender, receiver; // keys of Edition::roles
    std::string need;             // required, optional, conditional
    Confidence confidence = Confidence::high;
};

struct FileType {
    std::string id;   // "UPPLAN"
    std::string name; // Japanese
    std::vector<Direction> direction;
    std::vector<NamePart> name_parts;
    Pattern name_pattern;
    std::string name_regex;
    std::vector<std::string> bundles;
    std::vector<std::string> keys;                                  // the user's key in this file
    std::map<std::string, std::vector<std::string>> keys_by_bundle; // UPHOSOKU
    std::vector<std::string> row_key, order_by;
    std::vector<RowKind> row_kinds;
    std::string parent; // id of the main file of a 別表
    std::string format; // "JPEG" for an image; empty = CSV
    std::string row_note;
    std::vector<Field> fields; // fields[i].no == i + 1
    bool is_csv() const { return format.empty(); }
    bool has_month() const;                 // a month part in the name
    int column(std::string_view key) const; // index from 0, -1 when there is none
    const Field* field(std::string_view key) const;
};

struct ServiceTypeInfo {
    enum class Scope { in, out, care_management };
    ServiceType code;
    std::string name, group;
    Scope scope = Scope::in;
    Confidence confidence = Confidence::high;
};

struct BundleKind {
    std::string id; // "schedule"
    std::vector<std::string> required, attached;
    std::string section, note;
    Confidence confidence = Confidence::high;
};

struct Cascade {
    std::string delete_type;          // DLTPLAN
    std::vector<std::string> removes; // UPPLAN, UPSIKYU
    std::vector<std::string> key;
};

struct CsvVersion {
    std::string value, edition, effective_service_month;
};

struct Edition {
    std::string id;          // "4.1" or "3" (interfaces.md); edition text of the YAML is in `label`
    std::string label;       // "4.1", "3.2"
    std::string csv_version; // "202407"
    std::string title, issued;
    Month applies_from, applies_to; // service months
    std::map<FieldType, TypeRule> types;
    std::map<std::string, CodeList, std::less<>> code_lists;
    std::vector<ServiceTypeInfo> service_types;
    std::vector<std::string> in_house_care_managers;
    std::map<std::string, std::string> roles; // key -> Japanese name
    std::vector<BundleKind> bundles;
    std::vector<Cascade> cascades;
    std::vector<CsvVersion> csv_versions;
    std::vector<FileType> files; // in the order of the YAML

    const FileType* file(std::string_view id) const;
    const BundleKind* bundle(std::string_view id) const;
    const ServiceTypeInfo* service_type(std::string_view code) const;
    bool
    is_care_management(std::string_view service_type) const; // scope care_management or in-house
};

/// The texts of one rule id, from spec/findings.yaml.
struct RuleText {
    std::string id;                      // "R-MON-03"
    Severity severity = Severity::error; // the rule's own severity
    bool enabled = true;                 // false: only on when a profile says so (R-NAME-04)
    std::string never_lowered;           // why no profile may lower it; empty = it may
    std::string title_ja, title_en;      // the rule in one line, for the catalogue page
    std::string message_ja,
        message_en; // template with {item}, {file}, {line}, {expected}, … (args of the finding)
    std::string hint_ja, hint_en; // what to do
    std::string section;          // where in the standard
    std::string basis;            // standard | derived | own | domain
    std::map<std::string, std::pair<std::string, std::string>>
        variants; // variant -> message ja, en
    /// Variant -> hint ja, en: only where its next step differs from hint_ja, hint_en.
    std::map<std::string, std::pair<std::string, std::string>> variant_hints;
    std::map<std::string, std::string> parameters;
};

struct Catalog {
    std::vector<std::unique_ptr<Edition>> editions; // newest first: 4.1, 3
    std::map<std::string, RuleText, std::less<>> rules;
    Digest digest; // over the canonical list of (file name, bytes) it was loaded from

    const Edition* edition(std::string_view id) const; // "4.1", "3"; "3.2" is read as "3"
    const RuleText&
    rule(std::string_view id) const; // throws std::out_of_range: a rule without text is a bug
};
using CatalogPtr = std::shared_ptr<const Catalog>;

} // namespace cpg
