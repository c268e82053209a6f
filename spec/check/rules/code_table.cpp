// Service codes against the table of the month (別紙 第6表 No.8, No.11, No.15): only where one is
// loaded.
#include "spec/check/rules/code_table.hpp"

#include <algorithm>
#include <set>

namespace cpg::checking {
namespace {

/// Codes that the table does not have, told once a user.
class UnknownCodes {
  public:
    UnknownCodes(const FileFacts& facts, Collector& findings)
        : facts_(facts), findings_(findings) {}

    template<class Row> void tell(const CodesOfUser& codes, const Row& row) {
        if (!told_.insert(row.code).second) return;
        findings_.raise(Rule::svc_02, facts_.at(row.record, row.line, "service_code"),
                        codes.is_of_another_month(view(row.code)) ? "other_month" : "unknown");
    }

  private:
    const FileFacts& facts_;
    Collector& findings_;
    std::set<Characters<6>> told_;
};

// R-HIW-04 No.11: 日割対象日は日割りのサービスコードのとき
// R-UNIT-01 No.8: 共生型の減算は月の最初の日に設定する
void row_by_its_code(const FileFacts& facts, const Table6Row& row, const ServiceCodeEntry& entry,
                     Collector& findings) {
    if (row.prorated && entry.unit != BillingUnit::prorated)
        findings.raise(Rule::hiw_04, facts.at(row.record, row.line, "prorate_days"));
    if (entry.kyosei && row.day > 1)
        findings.raise(Rule::unit_01, facts.at(row.record, row.line, "service_date"));
}

} // namespace

CodesOfUser::CodesOfUser(const CheckOptions& options, std::string_view key)
    : table_(options.service_codes.get()), insurer_(key.substr(0, key.find(key_separator))) {
    if (const auto month = Month::parse(key.substr(key.rfind(key_separator) + 1)))
        month_ = *month;
    else
        table_ = nullptr;
}

CodesOfUser::Word CodesOfUser::of(std::string_view code) {
    if (!table_ || code.size() < 2) return {};
    const auto known = std::find_if(said_.begin(), said_.end(),
                                    [&](const auto& said) { return view(said.first) == code; });
    if (known != said_.end()) return known->second;
    Word word{.covered = table_->covers(code.substr(0, 2), month_, insurer_)};
    if (word.covered) word.entry = table_->lookup(code, month_, insurer_);
    said_.emplace_back(characters<6>(code), word);
    return word;
}

bool CodesOfUser::is_of_another_month(std::string_view code) const {
    return table_ && table_->knows(code, insurer_);
}

bool is_addition(const CodesOfUser::Word& word, const Characters<6>& code,
                 std::string_view addition_digits) {
    return word.entry ? word.entry->addition
                      : addition_digits.find(code[2]) != std::string_view::npos;
}

// No.15: サービスコードはその月のサービスコード表にある
void codes_of_the_month(BundleFacts& bundle, Collector& findings) {
    const CheckOptions& options = bundle.envelope.options;
    if (!options.service_codes) return;
    for (const FileFacts& facts : bundle.files) {
        for (const UserRows<Table6Row>& user : facts.users6) {
            UnknownCodes unknown(facts, findings);
            CodesOfUser codes(options, bundle.keys.text(user.key));
            for (const Table6Row& row : user.rows) {
                const CodesOfUser::Word word = codes.of(view(row.code));
                if (word.entry)
                    row_by_its_code(facts, row, *word.entry, findings);
                else if (word.covered)
                    unknown.tell(codes, row);
            }
        }
        for (const UserRows<Table7Row>& user : facts.users7) {
            UnknownCodes unknown(facts, findings);
            CodesOfUser codes(options, bundle.keys.text(user.key));
            for (const Table7Row& row : user.rows) {
                if (row.kind != Table7Kind::detail) continue;
                const CodesOfUser::Word word = codes.of(view(row.code));
                if (word.covered && !word.entry) unknown.tell(codes, row);
            }
        }
    }
}

} // namespace cpg::checking
