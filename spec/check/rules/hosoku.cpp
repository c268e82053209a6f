// 利用者補足情報 (別紙 利用者補足情報 No.4, No.20-, No.63).
#include "spec/check/rules/rules.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

constexpr std::string_view zero_month = "000000";
constexpr std::string_view zero_date = "00000000";

/// 短期入所療養介護 of other facilities; its limit is written under 22.
constexpr std::string_view stay_types_written_22 = "23 2A";

} // namespace

// No.4, No.63: 計画書と送るとき 対象年月は000000、日付は1表の日; 利用票と送るとき
// 日付は00000000、対象年月は実の月
void purpose_of_hosoku(RecordContext& context) {
    const Columns& columns = context.columns;
    const BytesView month = context.text(columns.target_month);
    const BytesView date = context.text(columns.plan_date);
    Collector& findings = context.findings;
    switch (context.envelope.purpose) {
    case Purpose::care_plan:
        if (!month.empty() && month != zero_month)
            findings.raise(Rule::rel_04, context.at(columns.target_month), "plan_month");
        if (date == zero_date)
            findings.raise(Rule::rel_04, context.at(columns.plan_date), "plan_date");
        break;
    case Purpose::schedule:
        if (!date.empty() && date != zero_date)
            findings.raise(Rule::rel_04, context.at(columns.plan_date), "schedule_date");
        if (month == zero_month)
            findings.raise(Rule::rel_04, context.at(columns.target_month), "schedule_month");
        break;
    case Purpose::other:
        break;
    }
}

// No.20-: 種類別限度額は1から詰める。短期入所療養介護は22で設定する
void limit_slots(RecordContext& context) {
    bool gap = false;
    for (const auto& slot : context.columns.limit_slots) {
        const bool used = std::any_of(slot.begin(), slot.end(),
                                      [&](int column) { return context.filled(column); });
        if (!used) {
            gap = true;
            continue;
        }
        if (gap) {
            context.findings.raise_mild(Rule::hos_01, context.at(slot.front()), "gap");
            gap = false;
        }
        const BytesView type = context.text(slot.front());
        if (has_word(stay_types_written_22, type))
            context.findings.raise_mild(Rule::hos_01, context.at(slot.front()), "stay_type");
        else if (!type.empty() && context.envelope.services.scope(type) == Scope::unlisted)
            context.findings.raise_mild(Rule::code_01, context.at(slot.front()), "service_type");
    }
}

} // namespace cpg::checking
