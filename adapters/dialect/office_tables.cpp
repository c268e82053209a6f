#include "adapters/dialect/office_tables.hpp"

#include "adapters/dialect/values.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <fstream>
#include <set>

namespace cpg::adapters {
namespace {

constexpr std::size_t most_tables = 50;
constexpr std::uintmax_t largest_table = 16u << 20; // bytes: about 100,000 persons
constexpr std::string_view extension = ".csv";

Bytes content_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in && !in.eof()) throw std::runtime_error("cannot read " + path.string());
    return bytes;
}

Result<OfficeTable> parse(const std::string& name, Bytes bytes) {
    const auto malformed = [&](const std::string& what) {
        return Error{Errc::malformed, name + ": " + what};
    };
    constexpr std::string_view bom = "\xEF\xBB\xBF";
    if (bytes.starts_with(bom))
        bytes.erase(0, bom.size());
    else if (!is_utf8(bytes)) {
        if (next_byte_problem(bytes).problem != ByteProblem::none)
            return malformed("neither UTF-8 nor MS932");
        bytes = to_utf8(bytes);
    }
    std::vector<std::vector<std::string>> rows;
    bool broken = false;
    read_csv(bytes, {.record =
                         [&](const Record& record) {
                             auto& row = rows.emplace_back();
                             for (const Cell& cell : record.cells)
                                 row.emplace_back(trimmed(cell.text()));
                         },
                     .note =
                         [&](const CsvNote& note) {
                             broken = broken || note.problem == CsvProblem::quote_open ||
                                      note.problem == CsvProblem::quote_inside;
                         }});
    if (broken) return malformed("broken quotes");
    if (rows.empty()) return malformed("no header row");
    std::vector<std::string> columns = std::move(rows.front());
    rows.erase(rows.begin());
    const std::set<std::string> distinct(columns.begin(), columns.end());
    if (distinct.size() != columns.size() || distinct.contains(""))
        return malformed("a header's name is empty or stands there twice");
    for (auto& row : rows) {
        if (row.size() > columns.size()) return malformed("a row has more cells than the header");
        row.resize(columns.size());
    }
    return OfficeTable(std::move(columns), std::move(rows));
}

} // namespace

OfficeTable::OfficeTable(std::vector<std::string> columns,
                         std::vector<std::vector<std::string>> rows)
    : columns_(std::move(columns)), rows_(std::move(rows)) {
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        auto& index = by_[static_cast<int>(column)];
        for (std::size_t row = 0; row < rows_.size(); ++row)
            index[folded(rows_[row][column])].push_back(row);
    }
}

int OfficeTable::index_of(std::string_view column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    return found == columns_.end() ? -1 : static_cast<int>(found - columns_.begin());
}

std::vector<std::string>
OfficeTable::look_up(const std::vector<std::pair<std::string, std::string>>& where,
                     std::string_view give) const {
    const int wanted = index_of(give);
    if (wanted < 0 || where.empty()) return {};
    std::vector<std::string> keys;
    std::vector<int> indexes;
    for (const auto& [column, value] : where) {
        indexes.push_back(index_of(column));
        keys.push_back(folded(value));
        if (indexes.back() < 0) return {};
    }
    const auto& index = by_.at(indexes.front());
    const auto rows = index.find(keys.front());
    if (rows == index.end()) return {};
    std::vector<std::string> found;
    for (const std::size_t row : rows->second) {
        bool fits = true;
        for (std::size_t i = 1; i < indexes.size() && fits; ++i)
            fits = folded(rows_[row][static_cast<std::size_t>(indexes[i])]) == keys[i];
        const std::string& value = rows_[row][static_cast<std::size_t>(wanted)];
        const auto same = [&](const std::string& known) { return folded(known) == folded(value); };
        if (fits && !value.empty() && std::none_of(found.begin(), found.end(), same))
            found.push_back(value);
    }
    return found;
}

OfficeTable OfficeTable::joined(const OfficeTable& other) const {
    std::vector<std::string> columns = columns_;
    for (const std::string& column : other.columns_)
        if (!has(column)) columns.push_back(column);
    std::vector<std::vector<std::string>> rows;
    const auto take = [&](const OfficeTable& table) {
        for (const auto& row : table.rows_) {
            auto& out = rows.emplace_back(columns.size());
            for (std::size_t i = 0; i < columns.size(); ++i)
                if (const int at = table.index_of(columns[i]); at >= 0)
                    out[i] = row[static_cast<std::size_t>(at)];
        }
    };
    take(*this);
    take(other);
    return {std::move(columns), std::move(rows)};
}

const OfficeTable* OfficeTables::table(std::string_view name) const {
    const auto found = tables.find(name);
    return found == tables.end() ? nullptr : &found->second;
}

std::optional<ServiceType> OfficeTables::service_type(const OfficeNo& office) const {
    const OfficeTable* const offices = table("offices");
    if (!offices) return std::nullopt;
    const auto found = offices->look_up({{"office_no", office.str()}}, "service_type");
    return found.size() == 1 ? ServiceType::parse(found.front()) : std::nullopt;
}

Result<OfficeTables> read_office_tables(const std::filesystem::path& folder) {
    OfficeTables tables;
    if (!std::filesystem::is_directory(folder))
        throw std::runtime_error(folder.string() + " is no folder");
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.path().extension() != extension) continue;
        const std::string name = entry.path().stem().string();
        if (tables.tables.size() == most_tables || entry.file_size() > largest_table)
            return Error{Errc::malformed, name + ": too many tables, or too large a table"};
        auto table = parse(name, content_of(entry.path()));
        if (!table) return table.error();
        tables.tables.emplace(name, std::move(*table));
    }
    return tables;
}

} // namespace cpg::adapters
