#include "spec/tables/service_codes.hpp"
#include "spec/base/digits.hpp"
#include "spec/load/map_reader.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

namespace cpg {
namespace {

constexpr std::size_t most_entries = 1'000'000;  // some 30,000 codes a country, 2,000 a city
constexpr std::uintmax_t most_bytes = 64u << 20; // of a file: all cities of a prefecture in one
constexpr std::size_t most_digits = 6;           // 項目長 of 単位数
constexpr std::string_view open_end = "999999";  // 適用終了年月 not yet known
constexpr std::size_t city_columns = 19;
constexpr std::string_view wide_blank = "\xE3\x80\x80"; // U+3000

// Columns of a city's table, from 0.
enum CityColumn : std::size_t {
    insurer = 0,
    type = 1,
    item = 2,
    valid_from = 3,
    valid_to = 4,
    code_name = 5,
    unit_count = 6,
    unit_kind = 7,
};

bool is_code_text(std::string_view text, std::size_t length) {
    return text.size() == length &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_upper(c); });
}

std::optional<int> integer_of(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view digits = negative ? text.substr(1) : text;
    if (digits.empty() || digits.size() > most_digits || !all_digits(digits)) return std::nullopt;
    return negative ? -number_of(digits) : number_of(digits);
}

/// What a code is beside its unit, as the official tables name it.
void say_by_name(ServiceCodeEntry& entry) {
    const auto named = [&](std::string_view word) {
        return entry.name.find(word) != std::string::npos;
    };
    entry.addition = named("加算") || named("減算");
    entry.kyosei = named("共生型") && entry.units < 0;
}

/// An entry and the place it came from.
struct Placed {
    ServiceCodeEntry entry;
    std::string file;
    int line = 0;
};

class Loader {
  public:
    void take(const SourceFile& source) {
        Problems problems(source.name, problems_);
        if (source.text.size() > most_bytes)
            problems.add(0, "larger than " + std::to_string(most_bytes) + " bytes");
        else if (source.name.ends_with(".yaml"))
            take_yaml(source, problems);
        else if (source.name.ends_with(".csv") || source.name.ends_with(".CSV"))
            take_city(source, problems);
        else
            problems.add(0, "neither .yaml nor .csv");
    }

    ServiceCodeOutcome finish() {
        if (problems_.empty()) find_overlaps();
        ServiceCodeOutcome outcome;
        outcome.problems = std::move(problems_);
        if (!outcome.problems.empty()) return outcome;
        std::vector<ServiceCodeEntry> entries;
        entries.reserve(entries_.size());
        for (Placed& placed : entries_) entries.push_back(std::move(placed.entry));
        outcome.table = std::make_shared<const ServiceCodeTable>(std::move(entries));
        return outcome;
    }

  private:
    void add(Problems& problems, const SourceFile& source, int line, ServiceCodeEntry entry) {
        if (entry.to.has_value() && entry.to < entry.from) {
            problems.add(line, "ends before it begins");
            return;
        }
        if (entries_.size() == most_entries) {
            problems.add(line, "more than " + std::to_string(most_entries) + " codes");
            return;
        }
        entries_.push_back({std::move(entry), source.name, line});
    }

    // --- our own form ---

    void take_yaml(const SourceFile& source, Problems& problems) {
        const YamlDocument document = YamlDocument::parse(source, problems_);
        MapReader root(problems, document.root(), "the table");
        if (const YamlNode* table = root.child("service_codes", YamlNode::Kind::map)) {
            MapReader map(problems, *table, "service_codes");
            map.for_readers({"title", "source", "note"});
            const std::string insurer_no = map.text_if_any("insurer_no");
            if (!insurer_no.empty() && (insurer_no.size() != 6 || !all_digits(insurer_no)))
                map.problem("insurer_no", "insurer_no is not six digits");
            if (const YamlNode* codes = map.child("codes", YamlNode::Kind::sequence))
                for (const YamlNode* node : codes->items)
                    take_code(source, problems, *node, insurer_no);
            map.finish();
        }
        root.finish();
    }

    void take_code(const SourceFile& source, Problems& problems, const YamlNode& node,
                   const std::string& insurer_no) {
        MapReader map(problems, node, "a code");
        ServiceCodeEntry entry;
        entry.insurer_no = insurer_no;
        entry.code = map.text("code");
        if (!entry.code.empty() && !is_code_text(entry.code, 6))
            map.problem("code", "code is not six characters of 0-9 A-Z");
        entry.name = map.text("name");
        entry.from = month_of(map, "from", map.text("from"));
        if (const std::string to = map.text_if_any("to"); !to.empty())
            entry.to = month_of(map, "to", to);
        const std::string unit = map.text("unit");
        if (const auto known = billing_unit_of(unit))
            entry.unit = *known;
        else if (!unit.empty())
            map.problem("unit", "unit '" + unit + "' is unknown");
        const std::string units = map.text("units");
        if (const auto number = integer_of(units))
            entry.units = *number;
        else if (!units.empty())
            map.problem("units", "units is not a whole number of at most six digits");
        say_by_name(entry);
        if (map.has("addition")) entry.addition = map.flag("addition");
        if (map.has("kyosei")) entry.kyosei = map.flag("kyosei");
        map.finish();
        add(problems, source, node.line, std::move(entry));
    }

    static Month month_of(MapReader& map, std::string_view key, const std::string& text) {
        const auto month = Month::parse(text);
        if (!month && !text.empty())
            map.problem(key, std::string(key) + " is not a month (YYYYMM)");
        return month.value_or(Month());
    }

    // --- a city's table ---

    void take_city(const SourceFile& source, Problems& problems) {
        if (guess_encoding(source.text) != Encoding::ms932) {
            problems.add(0, "not MS932");
            return;
        }
        if (const auto bad = next_byte_problem(source.text); bad.problem != ByteProblem::none) {
            const auto line =
                1 + std::count(source.text.begin(),
                               source.text.begin() + static_cast<std::ptrdiff_t>(bad.offset), '\n');
            problems.add(static_cast<int>(line), "a byte that is not MS932 text");
            return;
        }
        read_csv(source.text, {[&](const Record& record) {
                                   if (record.number == 0)
                                       take_header(problems, record);
                                   else
                                       take_row(source, problems, record);
                               },
                               [&](const CsvNote& note) {
                                   if (note.problem != CsvProblem::blank_line)
                                       problems.add(static_cast<int>(note.line),
                                                    "quotes or line ends are wrong");
                               }});
    }

    static bool has_its_columns(Problems& problems, const Record& record) {
        if (record.cells.size() == city_columns) return true;
        problems.add(static_cast<int>(record.line), std::to_string(record.cells.size()) +
                                                        " columns instead of " +
                                                        std::to_string(city_columns));
        return false;
    }

    /// The first column is 保険者番号 or 証記載保険者番号.
    static void take_header(Problems& problems, const Record& record) {
        if (!has_its_columns(problems, record)) return;
        if (to_utf8(record.cells[insurer].text()).find("保険者番号") == std::string::npos)
            problems.add(static_cast<int>(record.line),
                         "the header row does not begin with 保険者番号");
    }

    void take_row(const SourceFile& source, Problems& problems, const Record& record) {
        if (!has_its_columns(problems, record)) return;
        const int line = static_cast<int>(record.line);
        const auto text = [&](CityColumn column) { return record.cells[column].text(); };
        const std::size_t before = problems_.size();
        ServiceCodeEntry entry;
        entry.insurer_no = text(insurer);
        if (entry.insurer_no.size() != 6 || !all_digits(entry.insurer_no))
            problems.add(line, "保険者番号 is not six digits");
        if (!is_code_text(text(type), 2))
            problems.add(line, "サービス種類コード is not two characters of 0-9 A-Z");
        if (!is_code_text(text(item), 4))
            problems.add(line, "サービス項目コード is not four characters of 0-9 A-Z");
        entry.code = text(type) + text(item);
        entry.name = trimmed(to_utf8(text(code_name)));
        take_months(problems, line, entry, text(valid_from), text(valid_to));
        if (const auto units = integer_of(text(unit_count)))
            entry.units = *units;
        else
            problems.add(line, "単位数 is not a number");
        if (const auto unit = unit_of(text(unit_kind), entry.name))
            entry.unit = *unit;
        else
            problems.add(line, "算定単位 is none of 01, 02, 03, 05");
        say_by_name(entry);
        if (problems_.size() == before) add(problems, source, line, std::move(entry));
    }

    static void take_months(Problems& problems, int line, ServiceCodeEntry& entry,
                            const std::string& from, const std::string& to) {
        const auto first = Month::parse(from);
        const auto last = Month::parse(to);
        if (!first) problems.add(line, "適用開始年月 is not a month (YYYYMM)");
        if (!last && to != open_end)
            problems.add(line, "適用終了年月 is neither a month (YYYYMM) nor 999999");
        entry.from = first.value_or(Month());
        entry.to = last.value_or(Month());
    }

    /// 算定単位 as cities write it. That a code is 日割り or a percentage is said by its name
    /// alone.
    static std::optional<BillingUnit> unit_of(std::string_view kind, std::string_view name) {
        static constexpr std::string_view percent_names[] = {"処遇改善", "ベースアップ", "特別地域",
                                                             "小規模事業所", "中山間地域"};
        const auto named = [&](std::string_view word) { return name.find(word) != name.npos; };
        const bool known = kind == "01" || kind == "02" || kind == "03" || kind == "05";
        if (!known) return std::nullopt;
        if (std::any_of(std::begin(percent_names), std::end(percent_names), named))
            return BillingUnit::percent;
        if (kind == "01") return BillingUnit::per_time;
        if (kind == "03") return BillingUnit::per_month;
        if (kind == "05") return BillingUnit::per_week;
        return named("日割") ? BillingUnit::prorated : BillingUnit::per_day;
    }

    static std::string trimmed(std::string_view text) {
        while (text.ends_with(wide_blank)) text.remove_suffix(wide_blank.size());
        while (text.ends_with(' ')) text.remove_suffix(1);
        return std::string(text);
    }

    // --- all together ---

    void find_overlaps() {
        std::vector<const Placed*> sorted;
        for (const Placed& placed : entries_) sorted.push_back(&placed);
        std::sort(sorted.begin(), sorted.end(), [](const Placed* left, const Placed* right) {
            const auto key = [](const ServiceCodeEntry& entry) {
                return std::tie(entry.code, entry.insurer_no, entry.from);
            };
            return key(left->entry) < key(right->entry);
        });
        for (std::size_t i = 1; i < sorted.size(); ++i) {
            const Placed& before = *sorted[i - 1];
            const Placed& after = *sorted[i];
            const bool same = before.entry.code == after.entry.code &&
                              before.entry.insurer_no == after.entry.insurer_no;
            if (!same || (before.entry.to.has_value() && before.entry.to < after.entry.from))
                continue;
            Problems(after.file, problems_)
                .add(after.line, "code " + after.entry.code + " is valid in months that " +
                                     before.file + ":" + std::to_string(before.line) +
                                     " has already");
        }
    }

    std::vector<Placed> entries_;
    std::vector<LoadProblem> problems_;
};

SourceFile read_source(const std::filesystem::path& file) {
    if (std::filesystem::file_size(file) > most_bytes)
        throw std::runtime_error(file.filename().string() + " is larger than " +
                                 std::to_string(most_bytes) + " bytes");
    std::ifstream in(file, std::ios::binary);
    SourceFile source{file.filename().string(), Bytes(std::istreambuf_iterator<char>(in), {})};
    if (!in.is_open() || in.bad()) throw std::runtime_error("cannot read " + file.string());
    return source;
}

} // namespace

ServiceCodeOutcome load_service_codes(const std::vector<SourceFile>& sources) {
    Loader loader;
    for (const SourceFile& source : sources) loader.take(source);
    return loader.finish();
}

std::vector<SourceFile> service_code_sources(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    if (!fs::is_directory(path)) return {read_source(path)};
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path)) {
        const fs::path extension = entry.path().extension();
        if (entry.is_regular_file() &&
            (extension == ".yaml" || extension == ".csv" || extension == ".CSV"))
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<SourceFile> sources;
    for (const fs::path& file : files) sources.push_back(read_source(file));
    return sources;
}

} // namespace cpg
