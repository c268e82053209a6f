#include "spec/kit/summary.hpp"

#include "spec/base/clock.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace cpg::kit {

namespace {

constexpr std::string_view first_line = "cpgw-kit-summary/v1";
constexpr std::size_t longest_word = 200; // a company's name; it is one line of the note
constexpr std::array<std::string_view, 6> head_words = {"vendor", "product", "version",
                                                        "date",   "catalog", "kit"};

bool is_line(std::string_view text) {
    return !text.empty() && text.size() <= longest_word && is_utf8(text) &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const std::string day = std::string(text.substr(0, 4)) + std::string(text.substr(5, 2)) +
                            std::string(text.substr(8, 2));
    return is_real_day(day);
}

auto place_of(const ResultDocument& result) {
    return std::tie(result.pattern, result.edition, result.direction);
}

std::string text_of(const ResultDocument& result) {
    std::string text = "pattern " + result.pattern + " edition " + result.edition + " month " +
                       result.month.str() + " " + std::string(name_of(result.direction)) +
                       " points " + std::to_string(result.points.size()) + " met " +
                       std::to_string(result.met()) + "\n";
    for (const CheckedFile& file : result.files)
        text += "file " + prefixed_hex(file.digest) + " " + std::to_string(file.bytes) + " " +
                file.name + "\n";
    for (const PointState& point : result.points)
        if (point.state != "met")
            text += "not-met " + point.id + " " + point.state +
                    (point.note.empty() ? "" : " " + point.note) + "\n";
    return text;
}

} // namespace

Result<std::string> summary_text(const Kit& kit, const Catalog& catalog, const Maker& maker,
                                 std::vector<ResultDocument> results) {
    for (const std::string& word : {maker.vendor, maker.product, maker.version})
        if (!is_line(word))
            return Error{Errc::malformed, "vendor, product and version are one line each"};
    if (!is_date(maker.date)) return Error{Errc::malformed, "the date is not YYYY-MM-DD"};
    if (results.empty()) return Error{Errc::malformed, "there are no results"};
    std::sort(results.begin(), results.end(),
              [](const auto& left, const auto& right) { return place_of(left) < place_of(right); });
    const auto twice =
        std::adjacent_find(results.begin(), results.end(), [](const auto& left, const auto& right) {
            return place_of(left) == place_of(right);
        });
    if (twice != results.end())
        return Error{Errc::malformed, "two results of " + twice->pattern + " edition " +
                                          twice->edition + " " +
                                          std::string(name_of(twice->direction))};

    std::string text = std::string(first_line) + "\nvendor " + maker.vendor + "\nproduct " +
                       maker.product + "\nversion " + maker.version + "\ndate " + maker.date +
                       "\ncatalog " + prefixed_hex(catalog.digest) + "\nkit " +
                       prefixed_hex(kit.digest) + "\n";
    bool all_met = true;
    for (const ResultDocument& result : results) {
        text += text_of(result);
        all_met = all_met && result.met() == result.points.size();
    }
    return text + "result " + (all_met ? "met" : "not_met") + "\n";
}

bool is_summary(std::string_view text) {
    const auto take = [&] {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        return line;
    };
    if (take() != first_line) return false;
    for (const std::string_view word : head_words)
        if (!take().starts_with(std::string(word) + " ")) return false;
    return text.starts_with("pattern ") &&
           (text.ends_with("\nresult met\n") || text.ends_with("\nresult not_met\n"));
}

} // namespace cpg::kit
