#include "adapters/dialect/text_pattern.hpp"

#include "spec/records/utf8.hpp"

#include <boost/regex.hpp>
#include <vector>

namespace cpg::adapters {
namespace {

constexpr std::size_t most_kept = 256; // compiled patterns a thread keeps

std::wstring wide(std::string_view utf8) {
    std::wstring out;
    for (std::size_t i = 0; i < utf8.size();) {
        const Utf8Character character = utf8_character_at(utf8, i);
        out += character.length == 0 ? L'\xFFFD' : static_cast<wchar_t>(character.code_point);
        i += character.length == 0 ? 1 : character.length;
    }
    return out;
}

std::string narrow(const std::wstring& text) {
    std::string out;
    for (const wchar_t character : text) {
        const auto point = static_cast<std::uint32_t>(character);
        const auto tail = [&](unsigned shift) {
            return static_cast<char>(0x80 | ((point >> shift) & 0x3F));
        };
        if (point < 0x80) {
            out += static_cast<char>(point);
        } else if (point < 0x800) {
            out += static_cast<char>(0xC0 | (point >> 6));
            out += tail(0);
        } else if (point < 0x10000) {
            out += static_cast<char>(0xE0 | (point >> 12));
            out += tail(6);
            out += tail(0);
        } else {
            out += static_cast<char>(0xF0 | (point >> 18));
            out += tail(12);
            out += tail(6);
            out += tail(0);
        }
    }
    return out;
}

/// Named groups in the order of their numbers.
std::vector<std::wstring> groups_of(const std::wstring& pattern) {
    std::vector<std::wstring> names;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == L'\\') {
            ++i;
            continue;
        }
        if (pattern.compare(i, 3, L"(?<") != 0 || i + 3 >= pattern.size() ||
            pattern[i + 3] == L'=' || pattern[i + 3] == L'!')
            continue;
        const std::size_t end = pattern.find(L'>', i);
        if (end != std::wstring::npos) names.push_back(pattern.substr(i + 3, end - i - 3));
    }
    return names;
}

struct Compiled {
    boost::wregex expression;
    std::vector<std::wstring> groups;
};

/// Null for what is no pattern.
const Compiled* compiled(const std::string& pattern) {
    thread_local std::map<std::string, std::optional<Compiled>> kept;
    const auto known = kept.find(pattern);
    if (known != kept.end()) return known->second ? &*known->second : nullptr;
    if (kept.size() >= most_kept) kept.clear();
    std::optional<Compiled> fresh;
    try {
        const std::wstring text = wide(pattern);
        fresh = Compiled{boost::wregex(text, boost::wregex::perl), groups_of(text)};
    } catch (const std::runtime_error&) { // boost::regex_error
    }
    const auto& place = kept.emplace(pattern, std::move(fresh)).first->second;
    return place ? &*place : nullptr;
}

} // namespace

bool is_text_pattern(const std::string& pattern) {
    return compiled(pattern) != nullptr;
}

std::optional<Variables> match_text(const std::string& pattern, const std::string& text) {
    const Compiled* const known = compiled(pattern);
    if (!known) return std::nullopt;
    const std::wstring subject = wide(text);
    boost::wsmatch found;
    try {
        if (!boost::regex_match(subject, found, known->expression)) return std::nullopt;
    } catch (const std::runtime_error&) { // too many steps
        return std::nullopt;
    }
    Variables variables;
    for (const std::wstring& name : known->groups)
        if (const auto group = found[name]; group.matched)
            variables[narrow(name)] = narrow(group.str());
    return variables;
}

} // namespace cpg::adapters
