// How one kind of care software writes and reads its files, as data: adapters/profiles/*.yaml, or
// an office's own file. Built by load_dialect(), immutable afterwards, shared by const pointer
// between threads. adapters/profiles/README.md is the grammar for people who write one.
#pragma once

#include "spec/load/load.hpp"
#include "spec/model/catalog.hpp"

#include <map>

namespace cpg::adapters {

enum class Direction { in, out, both }; // in: from the software; out: into it
enum class TextEncoding { utf8, utf8_bom, ms932 };
enum class QuoteRule { all, minimal, free_text, none };
enum class Layout {
    flat,           // L1
    partner_folder, // L2: a folder per other office
    serial_folder,  // L3: a folder per set
    one_at_a_time,  // L4: flat; the next file only when the software took the one before
    partner_zip,    // L5: a ZIP per other office
    month_folder,   // L6: month/office
};
enum class RowErrors { reject_set, skip_and_report };

enum class ValueType { text, code, digits, integer, decimal, date, month, time, flags31 };

/// Ways to write a value; the first of a column is the one that is written.
enum class Form {
    plain,        // as the standard writes it
    zero_padded,  // numbers: with leading zeros up to `pad`
    commas,       // 1,234
    slashes,      // 2026/12/1, 2026/12
    slashes_2,    // 2026/12/01
    hyphens,      // 2026-12-01, 2026-12
    kanji,        // 2026年12月1日, 2026年12月
    wareki,       // 令和8年12月1日, 令和8年12月; also 令和元年
    wareki_short, // R8.12.1, R8.12
    wareki_fixed, // R081201, R0812
    day,          // 1 to 31 of @month
    day_kanji,    // 1日
    clock,        // 9:00
    clock_2,      // 09:00
    clock_s,      // 09:00:00
    minutes,      // 540: minutes since midnight
};

/// Standard code -> words of the dialect, the first is written.
struct CodeTable {
    std::string name;
    std::vector<std::pair<std::string, std::vector<std::string>>> codes;
};

/// What a column is told to be by other items; checked on reading, written from them.
enum class Derived { none, weekday, duration_minutes, row_number, day_total };

/// One column of the software's file. `to` and references are an item's key of the standard, or
/// "@name": a variable of the row (names of variables: README).
struct Column {
    int line = 0;                   // in the YAML file
    int at = 0;                     // from 1; 0 = by name
    std::vector<std::string> names; // header names, the first is written
    std::string to;                 // empty: the column is written, never read
    ValueType type = ValueType::text;
    std::vector<Form> forms; // never empty
    std::size_t pad = 0;     // digits: left-padded with zeros to this length
    const CodeTable* codes = nullptr;
    std::vector<std::string> untimed; // time: words for 9999 besides it, the first is written
    std::string empty;                // what an empty cell stands for: "0", "9999"
    bool required = false;            // an empty cell is an error
    bool optional_column = false;     // a header without it is accepted
    bool quote = false;               // written in quotes whatever the rule
    std::string constant;             // written when `to` is empty
    Derived derived = Derived::none;
    std::vector<std::string> derived_from;
    std::string label() const; // for notes: the first name, else "No.5"
};

/// 31 columns, one a day.
struct Days {
    int first = 0;                // column of day 1, from 1; 0 = by header
    std::string header;           // "予定{d}"; {d} = 1 … 31, {dd} = 01 … 31
    bool one_cell = false;        // 31 characters in the single column `first` or `header`
    bool flag = false;            // a cell says yes or no; false: how often
    std::vector<std::string> yes; // words for a flag; the first is written
};

/// Records of the standard that a row makes.
struct Product {
    std::string type; // "UPJSK", or one of Dialect::own_types
    /// Items or variables that name sender and receiver; empty: @from, @to.
    std::string from, to;
    std::string from_type,
        to_type; // of the service types; empty: @from_type, @to_type, else looked up
    std::optional<Days> days;
    bool alone = false; // never part of a bundle: read for comparing only
    /// Only where this item or variable is one of these values; empty = always.
    std::string only_when;
    std::vector<std::string> only_values;
};

/// Finds what is missing in a table of the office; backwards when writing.
struct LookUp {
    std::string table;                                     // "people"
    std::vector<std::pair<std::string, std::string>> by;   // table column <- item or variable
    std::vector<std::pair<std::string, std::string>> give; // item or variable <- table column
};

/// What an item gets when the source has nothing.
struct Fill {
    std::string type, key; // of the standard; type "*" = every product that has the key
    std::string value;     // constant, or "@name"
    std::string why_ja, why_en;
};

struct RecordRule {
    int line = 0;
    enum class Role {
        data,
        context, // its variables hold until the next one of the same rule
        control, // counts what follows
        end,     // the last
        skip,
    };
    Role role = Role::data;
    std::vector<std::string> when; // values of the type column; empty = the only rule
    std::vector<Column> columns;
    std::vector<Product> products;
    std::vector<LookUp> look_ups;
    std::vector<std::size_t> fill_down; // indexes of columns, outer first
    /// Rows equal in these say the same thing or nothing may be chosen (A-KEY-01); of several with
    /// a period the one that covers @month is taken.
    std::vector<std::string> unique;
    std::string period_from, period_to;
    std::size_t cells = 0; // exact number of cells; 0 = at least what the columns need
};

/// A line above the header that holds variables.
struct Preamble {
    std::string pattern; // with named groups
    std::string write;   // "対象年月：{month}"; empty: not written
    std::map<std::string, std::pair<ValueType, std::vector<Form>>> groups;
};

struct NameRule {
    std::vector<std::string> read; // regular expressions with named groups = variables
    std::string write; // "{type}_{month}_{from}_{serial}.csv"; empty: the standard's name
};

enum class HeaderRule { none, optional, first_row, search };
enum class Per { set, person };

struct FileRule {
    int line = 0;
    std::string id;
    NameRule name;
    HeaderRule header = HeaderRule::none;
    int max_preamble = 0; // rows before the header, search only
    std::vector<Preamble> preamble;
    int type_column = 0; // from 1; 0 = one rule for all rows
    std::vector<RecordRule> records;
    Per per = Per::set; // when writing
    /// Set by `standard:`; the file type whose columns these are. What fits no form is handed on as
    /// it is: the standard's own rules judge it.
    const FileType* standard = nullptr;
    std::vector<std::string> type_names; // what stands for {type} in its names; its own id first
    bool mend_swapped_types = false;     // 実績 named in the planning order: 43 first
    bool mend_office_zero = false;       // 9-digit numbers of offices lack their leading zero
};

struct Dialect {
    std::string id; // "web-utf8-wide"
    int version = 1;
    std::string title_ja, title_en, about_ja, about_en;
    Direction direction = Direction::both;
    std::string edition = "4.1";    // whose items `to` names
    std::vector<TextEncoding> read; // tried in this order, strictly
    TextEncoding write = TextEncoding::ms932;
    bool fold = false; // 〜−‖¥ may be written as ～－∥\ (told)
    char delimiter = ',';
    QuoteRule quote = QuoteRule::minimal;
    bool trim = true; // blanks around a cell do not count, told
    bool crlf = true, last_line_end = true;
    Layout layout = Layout::flat;
    RowErrors on_row_error = RowErrors::reject_set;
    std::size_t max_file = 16u << 20; // bytes
    std::size_t max_rows = 200'000;   // of a file
    std::map<std::string, CodeTable> code_tables;
    std::vector<FileRule> files;
    std::vector<Fill> fills;
    /// File type -> items which the dialect has no place for; "*" = the whole file.
    std::map<std::string, std::vector<std::string>, std::less<>> loses;
    /// Record types that are not the standard's (claims); owned here.
    std::vector<std::unique_ptr<FileType>> own_types;
    Digest digest; // of its YAML file

    const FileType* type(const Catalog& catalog, std::string_view type_id) const; // null: unknown
    bool is_lost(std::string_view type, std::string_view key) const;
    bool reads() const { return direction != Direction::out; }
    bool writes() const { return direction != Direction::in; }
};
using DialectPtr = std::shared_ptr<const Dialect>;

struct DialectOutcome {
    DialectPtr dialect; // null when there are problems
    std::vector<LoadProblem> problems;
};

/// Strict: an unknown key, item, form or reference is a problem with file and line. The name in the
/// file must be the file's own. `catalog` outlives the dialect.
DialectOutcome load_dialect(const Catalog& catalog, const SourceFile& source);
/// The dialects embedded in this binary at build time.
const std::vector<SourceFile>& embedded_dialects();
/// The embedded ones and those of `folder` (none when it is empty), by id; an own one replaces a
/// shipped one of the same id. Problems are added. Throws std::runtime_error on I/O.
std::vector<DialectPtr> load_dialects(const Catalog& catalog, const std::filesystem::path& folder,
                                      std::vector<LoadProblem>& problems);

} // namespace cpg::adapters
