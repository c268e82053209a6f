#include "gateway/cli/office_import.hpp"

#include "gateway/cli/args.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"

#include <unordered_map>
#include <unordered_set>

namespace cpg::cli {
namespace {

constexpr std::size_t max_name_bytes = 600; // 200 characters

class ListReader {
  public:
    explicit ListReader(BytesView csv) {
        const Encoding encoding = guess_encoding(csv);
        if (encoding == Encoding::utf16le || encoding == Encoding::utf16be) {
            problem(1, "UTF-16 は読めません / UTF-16 cannot be read");
            return;
        }
        ms932_ = encoding == Encoding::ms932;
        if (encoding == Encoding::utf8_bom) csv.remove_prefix(3);
        read_csv(csv, {[this](const Record& record) { take(record); },
                       [this](const CsvNote& note) { take(note); }});
    }

    OfficeList take_list() { return std::move(list_); }

  private:
    void problem(std::uint32_t line, std::string text) {
        if (list_.problems.size() < max_list_problems)
            list_.problems.push_back({line, std::move(text)});
    }

    void take(const CsvNote& note) {
        if (note.problem == CsvProblem::quote_open || note.problem == CsvProblem::quote_inside)
            problem(note.line, "引用符が閉じていません / a quote is open or misplaced");
    }

    void take(const Record& record) {
        const bool first = !begun_;
        begun_ = true;
        const auto office =
            record.cells.empty() ? std::nullopt : OfficeNo::parse(record.cells[0].text());
        if (!office) {
            if (!first) problem(record.line, "事業所番号ではありません / not an office number");
            return;
        }
        if (record.cells.size() < 3)
            return problem(record.line, "3列（事業所番号、サービス種類、名称）必要です / "
                                        "three columns are expected");
        if (!seen_.insert(*office).second)
            return problem(record.line, "同じ事業所番号が前にもあります / the number is there "
                                        "already: " +
                                            office->str());
        take_office(*office, record);
    }

    void take_office(const OfficeNo& office, const Record& record) {
        store::OfficeRow row;
        row.office = office;
        for (const auto& text : split(record.cells[1].text(), ' ')) {
            const auto type = ServiceType::parse(text);
            if (!type)
                return problem(record.line,
                               "サービス種類コードではありません / not a service type");
            row.service_types.push_back(*type);
        }
        row.name = ms932_ ? to_utf8(record.cells[2].text()) : record.cells[2].text();
        if (row.name.empty() || row.name.size() > max_name_bytes)
            return problem(record.line, "名称が空か、長すぎます / the name is empty or too long");
        list_.offices.push_back(std::move(row));
    }

    OfficeList list_;
    std::unordered_set<OfficeNo> seen_;
    bool ms932_ = false;
    bool begun_ = false;
};

} // namespace

OfficeList read_office_list(BytesView csv) {
    return ListReader(csv).take_list();
}

void keep_what_is_known(std::vector<store::OfficeRow>& offices,
                        const std::vector<store::OfficeRow>& known) {
    std::unordered_map<OfficeNo, const store::OfficeRow*> before;
    before.reserve(known.size());
    for (const auto& row : known) before.emplace(row.office, &row);
    for (auto& row : offices) {
        const auto at = before.find(row.office);
        if (at == before.end()) continue;
        row.enabled = at->second->enabled;
        row.reachable = at->second->reachable;
    }
}

} // namespace cpg::cli
