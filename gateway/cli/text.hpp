// Words and tables for the terminal: Japanese first, English on demand. Pure, free of locales.
#pragma once

#include "spec/base/clock.hpp"
#include "spec/render/report_json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cpg::cli {

/// Columns a UTF-8 text takes on a terminal: two for kana, kanji and full-width forms.
std::size_t display_width(std::string_view utf8);

/// Every line broken where it is wider than `columns` (0 = never), by words where it has blanks;
/// what goes on stands two columns deeper than its line. No line begins with a closing mark (禁則).
std::string wrapped(std::string_view utf8, std::size_t columns);

using Row = std::vector<std::string>;
/// Columns padded to their widest cell, two blanks apart; the first row is the head.
std::string table_text(const std::vector<Row>& rows);

/// "2026-11-22 18:30" in Japan (UTC+9).
std::string japan_time(Time time);
/// Words for a delivery state, seen by the receiver (inbox) or the sender (outbox); an unknown one
/// stays as it is.
enum class Reader { receiver, sender };
std::string state_text(std::string_view state, Reader reader, Lang lang);
/// "予定（第6・7表）" for "schedule"; an unknown one stays as it is.
std::string kind_text(std::string_view kind, Lang lang);
/// "0370100017:43", or the number alone.
std::string office_text(const OfficeRef& office);

/// Picks one of two texts.
inline std::string_view in(Lang lang, std::string_view ja, std::string_view en) {
    return lang == Lang::ja ? ja : en;
}

/// Removes control characters: what another machine says must not steer a terminal.
std::string printable(std::string_view utf8);

} // namespace cpg::cli
