#include "spec/render/form_view.hpp"

#include "spec/render/form_sheets.hpp"
#include "spec/render/report_words.hpp"

namespace cpg {
namespace {

using namespace forms;

class Document {
  public:
    Document(const FormData& data, Lang lang, const FormLimits& limits)
        : data_(data), lang_(lang), limits_(limits), html_(limits.max_bytes),
          image_bytes_left_(limits.max_images_bytes) {}

    std::string write(const std::vector<std::string>& above) {
        begin();
        for (const std::string& line : above)
            html_.raw("<p class=\"above\">").text(line).raw("</p>\n");
        for (const UserForms& user : data_.users) write_user(user);
        for (const DeleteForm& form : data_.deletes)
            if (room()) delete_list(html_, *form.table, lang_);
        write_rest();
        html_.raw("</body></html>\n");
        return html_.take();
    }

  private:
    void begin() {
        html_
            .raw("<!DOCTYPE html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\">"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'; img-src data:\">"
                 "<meta name=\"referrer\" content=\"no-referrer\">"
                 "<meta name=\"viewport\" content=\"width=device-width\"><title>")
            .text(in(lang_, "ケアプランの帳票", "Care-plan forms"))
            .raw("</title><style>");
        append_style(html_);
        html_.raw("</style></head><body>\n");
    }

    /// Whether another sheet may be begun; counts it, or the one left out.
    bool room() {
        const bool fits = sheets_ < limits_.max_sheets && !html_.full();
        ++(fits ? sheets_ : sheets_left_out_);
        return fits;
    }

    void write_user(const UserForms& user) {
        const SheetRequest request{data_, user, lang_, image_bytes_left_, limits_.max_image_bytes};
        for (const auto& [date, plan] : user.care_plans) {
            if (!plan.table1.empty() && room()) care_plan_1(html_, plan);
            if (!plan.table2.empty() && room()) care_plan_2(html_, request, plan);
            if (!plan.table3.empty() && room()) care_plan_3(html_, request, plan);
        }
        for (const auto& [month, sheet] : user.months) {
            const bool has_grid = !sheet.planned.empty() || !sheet.actual.empty();
            if (has_grid && room()) month_grid(html_, request, month, sheet);
            if (!sheet.limits.empty() && room()) limit_sheet(html_, request, month, sheet);
        }
        for (const auto& [date, sheet] : user.basics)
            if (!sheet.main.empty() && room()) basic_information(html_, request, sheet);
        for (const auto& [date, plan] : user.preventions)
            if (!plan.main.empty() && room()) prevention_plan(html_, request, plan);
    }

    void write_rest() {
        if (sheets_ > 0 && sheets_left_out_ == 0 && data_.rows_left_out == 0 &&
            data_.unread.empty())
            return;
        begin_sheet(html_, "注", "帳票にしていないもの");
        html_.raw("</header><ul class=\"rest\">");
        if (sheets_ == 0)
            html_.raw("<li>")
                .text(in(lang_, "帳票にするものがありません。",
                         "There is nothing to show as a form."))
                .raw("</li>");
        count_line(sheets_left_out_, in(lang_, "多すぎるので省いた帳票：", "Sheets left out: "));
        count_line(data_.rows_left_out,
                   in(lang_, "多すぎるので省いた記録：", "Records left out: "));
        for (const std::string& name : data_.unread) {
            if (html_.full()) break;
            html_.raw("<li>")
                .text(in(lang_, "標準のファイル名ではありません：",
                         "Not a file name of the standard: "))
                .text(name)
                .raw("</li>");
        }
        html_.raw("</ul></section>\n");
    }

    void count_line(std::size_t count, std::string_view words) {
        if (count == 0) return;
        html_.raw("<li>").text(words).number(static_cast<std::int64_t>(count)).raw("</li>");
    }

    const FormData& data_;
    Lang lang_;
    const FormLimits& limits_;
    Html html_;
    std::size_t image_bytes_left_;
    std::size_t sheets_ = 0, sheets_left_out_ = 0;
};

} // namespace

std::string form_html(const Catalog& catalog, const std::vector<InputFile>& files, Lang lang,
                      const FormLimits& limits, const std::vector<std::string>& above) {
    const FormData data = gather(catalog, files, limits.max_rows);
    return Document(data, lang, limits).write(above);
}

} // namespace cpg
