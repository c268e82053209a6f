#include "gateway/cli/args.hpp"

#include <algorithm>
#include <charconv>

namespace cpg::cli {
namespace {

constexpr std::string_view help_option = "--help";

[[noreturn]] void refuse(const std::string& ja, const std::string& en) {
    throw UsageError(ja + " / " + en);
}

const Option* find(const Usage& usage, std::string_view name) {
    const auto at = std::find_if(usage.options.begin(), usage.options.end(),
                                 [&](const Option& option) { return option.name == name; });
    return at == usage.options.end() ? nullptr : &*at;
}

void check_choice(const Option& option, const std::string& value) {
    if (option.value.find('|') == std::string::npos) return;
    const auto choices = split(option.value, '|');
    if (std::find(choices.begin(), choices.end(), value) == choices.end())
        refuse(option.name + " の値が正しくありません: " + value,
               "not a value of " + option.name + ": " + value + " (" + option.value + ")");
}

std::string head_of(const Option& option) {
    return option.value.empty() ? option.name : option.name + " " + option.value;
}

} // namespace

std::string help_text(const Usage& usage) {
    std::string text = "cpgw " + usage.name;
    if (!usage.options.empty()) text += " [options]";
    if (!usage.operands.text.empty()) text += " " + usage.operands.text;
    text += "\n  " + usage.ja + "\n  " + usage.en + "\n";
    std::size_t width = help_option.size();
    for (const auto& option : usage.options) width = std::max(width, head_of(option).size());
    width = std::min<std::size_t>(width, 28);
    const auto line = [&](std::string head, std::string_view ja, std::string_view en) {
        if (head.size() > width)
            text += "  " + head + "\n  " + std::string(width, ' ');
        else
            text += "  " + head + std::string(width - head.size(), ' ');
        text.append("  ").append(ja).append("\n").append(width + 4, ' ').append(en).append("\n");
    };
    text += "\n";
    for (const auto& option : usage.options) line(head_of(option), option.ja, option.en);
    line(std::string(help_option), "この説明を表示します", "shows this text");
    return text;
}

Arguments Arguments::parse(const Usage& usage, const std::vector<std::string>& words) {
    Arguments result;
    if (std::find(words.begin(), words.end(), help_option) != words.end()) {
        result.wants_help_ = true;
        return result;
    }
    bool only_operands = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (!only_operands && word == "--") {
            only_operands = true;
            continue;
        }
        if (only_operands || !word.starts_with("-") || word == "-") {
            result.operands_.push_back(word);
            continue;
        }
        const auto equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const Option* const option = find(usage, name);
        if (!option) refuse("知らないオプションです: " + name, "unknown option: " + name);
        if (option->takes == Takes::one_value && result.has(name))
            refuse(name + " は一度だけ指定できます", name + " is given twice");
        std::string value;
        if (option->value.empty()) {
            if (equals != std::string::npos)
                refuse(name + " は値を取りません", name + " takes no value");
        } else if (equals != std::string::npos) {
            value = word.substr(equals + 1);
        } else if (i + 1 < words.size()) {
            value = words[++i];
        } else {
            refuse(name + " の値がありません", name + " needs a value: " + option->value);
        }
        check_choice(*option, value);
        result.given_.push_back({name, std::move(value)});
    }
    if (result.operands_.size() < usage.operands.min)
        refuse("指定が足りません: " + usage.operands.text, "missing: " + usage.operands.text);
    if (result.operands_.size() > usage.operands.max)
        refuse("余分な指定です: " + result.operands_[usage.operands.max],
               "not expected: " + result.operands_[usage.operands.max]);
    return result;
}

bool Arguments::has(std::string_view option) const {
    return std::any_of(given_.begin(), given_.end(),
                       [&](const Given& given) { return given.name == option; });
}

std::string Arguments::text(std::string_view option, std::string_view fallback) const {
    for (const auto& given : given_)
        if (given.name == option) return given.value;
    return std::string(fallback);
}

std::string Arguments::required(std::string_view option) const {
    if (!has(option))
        refuse(std::string(option) + " を指定してください", std::string(option) + " must be given");
    return text(option);
}

std::vector<std::string> Arguments::all(std::string_view option) const {
    std::vector<std::string> values;
    for (const auto& given : given_)
        if (given.name == option) values.push_back(given.value);
    return values;
}

std::int64_t Arguments::number(std::string_view option, std::int64_t fallback, std::int64_t min,
                               std::int64_t max) const {
    if (!has(option)) return fallback;
    const std::string digits = text(option);
    std::int64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value < min || value > max)
        refuse(std::string(option) + " は " + std::to_string(min) + " から " + std::to_string(max) +
                   " の整数です: " + digits,
               std::string(option) + " is a whole number from " + std::to_string(min) + " to " +
                   std::to_string(max));
    return value;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0) parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::vector<Option> with(std::vector<Option> own, const std::vector<Option>& shared) {
    own.insert(own.end(), shared.begin(), shared.end());
    return own;
}

const std::vector<Option>& lang_option() {
    static const std::vector<Option> options{
        {"--lang", "ja|en", "表示の言語（既定 ja）", "language of the texts (default ja)"}};
    return options;
}

const std::vector<Option>& format_option() {
    static const std::vector<Option> options{
        {"--format", "text|json", "出力の形式（既定 text）", "form of the output (default text)"}};
    return options;
}

} // namespace cpg::cli
