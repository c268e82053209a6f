// The words that the text and the CSV of a report share, in both languages.
#pragma once

#include "spec/render/report_json.hpp"

namespace cpg {

/// Japanese or English of the same text.
inline std::string_view in(Lang lang, std::string_view ja, std::string_view en) {
    return lang == Lang::ja ? ja : en;
}

/// "サービス利用票・別表（予定）" of "schedule".
std::string_view kind_words(std::string_view kind, Lang lang);
/// "エラー", "警告"
std::string_view severity_words(Severity severity, Lang lang);
/// "L1（事業所の署名）" of "L1".
std::string signature_level_words(std::string_view level, Lang lang);
/// "0370100017（43）"
std::string office_words(const OfficeRef& end, Lang lang);

} // namespace cpg
