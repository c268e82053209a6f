// What an office knows and a file does not say: who a local number is, which service types an
// office has, what a service's name is coded as. CSV files in a folder, UTF-8 or CP932, with a
// header row (adapters/README.md says the columns). Immutable once read, any thread. Holds personal
// data: never logged.
#pragma once

#include "spec/model/service_codes.hpp"
#include "spec/records/file_name.hpp"

#include <filesystem>
#include <map>

namespace cpg::adapters {

/// Rows of named columns, looked up by any of them.
class OfficeTable {
  public:
    OfficeTable() = default;
    OfficeTable(std::vector<std::string> columns, std::vector<std::vector<std::string>> rows);
    bool has(std::string_view column) const { return index_of(column) >= 0; }
    /// The distinct values of `give` in the rows where every (column, value) holds; blanks inside
    /// names do not count. Empty when nothing is known.
    std::vector<std::string> look_up(const std::vector<std::pair<std::string, std::string>>& where,
                                     std::string_view give) const;
    std::size_t size() const { return rows_.size(); }
    const std::vector<std::string>& columns() const { return columns_; }
    /// This one's rows after another's; columns that one lacks are empty.
    OfficeTable joined(const OfficeTable& other) const;

  private:
    int index_of(std::string_view column) const;
    std::vector<std::string> columns_;
    std::vector<std::vector<std::string>> rows_;
    std::map<int, std::map<std::string, std::vector<std::size_t>>> by_; // column -> folded value
};

/// people.csv: local_id, insurer_no, insured_no, name, kana, birth_date, planner_office_no, …
/// offices.csv: office_no, service_type, name, …; services.csv: name, service_code; and any other
/// table that an own dialect names.
struct OfficeTables {
    std::map<std::string, OfficeTable, std::less<>> tables; // by file name without .csv
    ServiceCodeTablePtr service_codes;                      // names of codes too; null = none

    const OfficeTable* table(std::string_view name) const;
    /// The one service type of an office in offices.csv, where it has exactly one.
    std::optional<ServiceType> service_type(const OfficeNo& office) const;
};

/// The .csv files of a folder, at most 50 of at most 16 MiB. malformed: not readable as CSV with a
/// header row, a header's name twice; the detail names the file. Throws std::runtime_error on I/O.
Result<OfficeTables> read_office_tables(const std::filesystem::path& folder);

} // namespace cpg::adapters
