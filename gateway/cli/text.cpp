#include "gateway/cli/text.hpp"

#include <algorithm>

namespace cpg::cli {
namespace {

struct Word {
    std::string_view id, ja, en;
};

constexpr Word inbox_states[] = {
    {"accepted", "未受領", "new"},      {"fetched", "受領済", "fetched"},
    {"imported", "取込済", "imported"}, {"import_failed", "取込失敗", "import failed"},
    {"recalled", "取消", "recalled"},   {"superseded", "差替済", "superseded"},
};
constexpr Word outbox_states[] = {
    {"accepted", "受付（相手未受領）", "accepted, not fetched yet"},
    {"fetched", "相手受領済", "fetched"},
    {"imported", "相手取込済", "imported"},
    {"import_failed", "相手取込失敗", "import failed"},
    {"recalled", "取消済", "recalled"},
    {"superseded", "差替済", "superseded"},
    {"rejected", "差戻し", "rejected"},
};
constexpr Word kinds[] = {
    {"care_plan", "ケアプラン（第1・2・3表）", "care plan"},
    {"schedule", "予定（第6・7表）", "schedule"},
    {"care_plan_delete", "ケアプラン削除", "care plan, deletion"},
    {"schedule_delete", "予定削除", "schedule, deletion"},
    {"actual", "実績", "results"},
    {"actual_delete", "実績削除", "results, deletion"},
    {"kihon", "利用者基本情報", "basic information"},
    {"yobo", "予防サービス計画", "preventive plan"},
    {"yobo_with_kihon", "予防サービス計画・基本情報", "preventive plan, basic information"},
    {"kihon_delete", "利用者基本情報削除", "basic information, deletion"},
    {"yobo_delete", "予防サービス計画削除", "preventive plan, deletion"},
    {"papers", "文書", "papers"},
    {"unknown", "不明", "unknown"},
};

template<std::size_t N>
std::string word_of(const Word (&words)[N], std::string_view id, Lang lang) {
    for (const auto& word : words)
        if (word.id == id) return std::string(in(lang, word.ja, word.en));
    return printable(id);
}

/// The code point that starts at `at`; moves `at` behind it. A broken byte counts as itself.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    char32_t value = more == 0 ? lead : lead & (0x3Fu >> more);
    for (; more > 0 && at < text.size() && (text[at] & 0xC0) == 0x80; --more)
        value = (value << 6) | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
    return value;
}

bool is_wide(char32_t c) {
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
           (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0xFF01 && c <= 0xFF60) ||
           (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x20000 && c <= 0x3FFFD);
}

/// May not begin a line (JIS X 4051 行頭禁則, what occurs here).
bool closes(char32_t c) {
    return std::u32string_view(U"、。，．）」』】・：；？！ー,.)]").find(c) !=
           std::u32string_view::npos;
}

/// Bytes of the longest start of the line that fits; at least one character.
std::size_t fitting_length(std::string_view line, std::size_t columns) {
    std::size_t width = 0, allowed = 0, after_blank = 0;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t start = at;
        const char32_t c = next_code_point(line, at);
        width += is_wide(c) ? 2 : 1;
        if (width > columns && start != 0) {
            if (after_blank != 0 && !is_wide(c)) return after_blank;
            return allowed != 0 ? allowed : start;
        }
        std::size_t next = at;
        if (next < line.size() && !closes(next_code_point(line, next))) allowed = at;
        if (c == U' ' || is_wide(c)) after_blank = allowed;
    }
    return line.size();
}

void append_wrapped(std::string& out, std::string_view line, std::size_t columns) {
    constexpr std::size_t narrowest = 20; // in less, broken lines read worse than long ones
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (columns < indent + narrowest || display_width(line) <= columns) {
        out += line;
        return;
    }
    const std::size_t deeper = indent + 2;
    out.append(line.substr(0, indent));
    line.remove_prefix(indent);
    for (std::size_t room = columns - indent; !line.empty(); room = columns - deeper) {
        const std::size_t length = fitting_length(line, room);
        out += line.substr(0, length);
        line.remove_prefix(length);
        if (!line.empty()) out.append("\n").append(deeper, ' ');
    }
}

} // namespace

std::size_t display_width(std::string_view utf8) {
    std::size_t width = 0;
    for (std::size_t at = 0; at < utf8.size();) width += is_wide(next_code_point(utf8, at)) ? 2 : 1;
    return width;
}

std::string wrapped(std::string_view utf8, std::size_t columns) {
    std::string out;
    while (!utf8.empty()) {
        const std::size_t end = std::min(utf8.find('\n'), utf8.size());
        append_wrapped(out, utf8.substr(0, end), columns);
        if (end < utf8.size()) out += '\n';
        utf8.remove_prefix(std::min(end + 1, utf8.size()));
    }
    return out;
}

std::string table_text(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i]));
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            if (i + 1 < row.size()) text.append(widths[i] - display_width(row[i]) + 2, ' ');
        }
        text += '\n';
    }
    return text;
}

std::string japan_time(Time time) {
    const std::string text = rfc3339(time + std::chrono::hours(9));
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string state_text(std::string_view state, Reader reader, Lang lang) {
    return reader == Reader::receiver ? word_of(inbox_states, state, lang)
                                      : word_of(outbox_states, state, lang);
}

std::string kind_text(std::string_view kind, Lang lang) {
    return word_of(kinds, kind, lang);
}

std::string office_text(const OfficeRef& office) {
    return office.service_type ? office.office.str() + ":" + office.service_type->str()
                               : office.office.str();
}

std::string printable(std::string_view utf8) {
    std::string text;
    text.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const std::size_t start = at;
        const char32_t c = next_code_point(utf8, at);
        const bool control = (c < 0x20 && c != '\n') || (c >= 0x7F && c <= 0x9F);
        if (control)
            text += '?';
        else
            text.append(utf8.substr(start, at - start));
    }
    return text;
}

} // namespace cpg::cli
