// The sheets, one function each; form_view.cpp puts them in order. One thread.
#pragma once

#include "spec/base/lang.hpp"
#include "spec/render/form_data.hpp"
#include "spec/render/form_html.hpp"

namespace cpg::forms {

struct SheetRequest {
    const FormData& data;
    const UserForms& user;
    Lang lang;
    std::size_t& image_bytes_left; // of the whole document
    std::size_t max_image_bytes;   // of one
};

void care_plan_1(Html& html, const CarePlan& plan);                              // 第1表
void care_plan_2(Html& html, const SheetRequest& request, const CarePlan& plan); // 第2表
void care_plan_3(Html& html, const SheetRequest& request, const CarePlan& plan); // 第3表
void month_grid(Html& html, const SheetRequest& request, const std::string& month,
                const UserMonth& sheet); // 第6表
void limit_sheet(Html& html, const SheetRequest& request, const std::string& month,
                 const UserMonth& sheet); // 第7表
void basic_information(Html& html, const SheetRequest& request, const BasicInformation& sheet);
void prevention_plan(Html& html, const SheetRequest& request, const PreventionPlan& plan);
void delete_list(Html& html, const Table& table, Lang lang);

// --- shared by the sheets ---

/// Opens a sheet: its number at the left, its title in the middle.
void begin_sheet(Html& html, Markup number, Markup title);
/// Ends it with a line on where the data comes from.
void end_sheet(Html& html, const FileName& source);
/// 初回・紹介・継続 with the chosen ones circled. Codes that stand for several meanings
/// (初回＆紹介, 自宅・一戸建て) circle each of them. An unknown code is shown as it is.
void choices(Html& html, const FormRow& row, std::string_view key);
/// "label value" on a line.
void entry(Html& html, Markup css_class, Markup label, std::string_view value);
/// "開始 ～ 終了"; empty when both are.
std::string span_of(const FormRow& row, std::string_view from_key, std::string_view to_key);
/// Said in place of rows that are too many.
void cut_note(Html& html, Lang lang);

/// The items of `row`, or empty texts when there is none.
class Maybe {
  public:
    explicit Maybe(const FormRow* row) : row_(row) {}
    std::string text(std::string_view key) const { return row_ ? row_->text(key) : std::string(); }
    std::string meaning(std::string_view key) const {
        return row_ ? row_->meaning(key) : std::string();
    }
    const FormRow* row() const { return row_; }

  private:
    const FormRow* row_;
};
inline Maybe first_of(const RowSet& rows) {
    return Maybe(rows.empty() ? nullptr : rows.first());
}

// 第3表: a day is 96 quarters of an hour; what overlaps stands side by side.
inline constexpr int slots_of_day = 96;
inline constexpr int most_lanes = 4;

/// The style sheet of the document.
void append_style(Html& html);

} // namespace cpg::forms
