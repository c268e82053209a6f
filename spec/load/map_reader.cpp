#include "spec/load/map_reader.hpp"

#include "spec/base/digits.hpp"

#include <algorithm>

namespace cpg {

void Problems::add(int line, std::string text) {
    const auto same = [&](const LoadProblem& known) {
        return known.file == file_ && known.line == line && known.text == text;
    };
    if (std::none_of(all_.begin(), all_.end(), same)) // a node behind two aliases is read twice
        all_.push_back({file_, line, std::move(text)});
}

MapReader::MapReader(Problems& problems, const YamlNode& node, std::string what)
    : problems_(problems), node_(node), what_(std::move(what)), taken_(node.entries.size()) {
    if (node.kind != YamlNode::Kind::map) problems_.add(node, what_ + " is not a map");
}

std::string MapReader::text(std::string_view key) {
    require(key);
    const YamlNode* const found = scalar(key);
    if (found && found->text.empty())
        problem(key, "'" + std::string(key) + "' of " + what_ + " is empty");
    return found ? found->text : "";
}

std::string MapReader::text_if_any(std::string_view key) {
    const YamlNode* const found = scalar(key);
    return found ? found->text : "";
}

std::optional<int> MapReader::number_if_any(std::string_view key, int min, int max) {
    const YamlNode* const found = scalar(key);
    if (!found) return std::nullopt;
    const bool readable =
        !found->text.empty() && found->text.size() <= 9 && all_digits(found->text);
    const int value = readable ? number_of(found->text) : min - 1;
    if (value >= min && value <= max) return value;
    problem(key, "'" + std::string(key) + "' of " + what_ + " is not a number from " +
                     std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
}

int MapReader::number(std::string_view key, int min, int max) {
    require(key);
    return number_if_any(key, min, max).value_or(min);
}

bool MapReader::flag(std::string_view key) {
    require(key);
    return flag_if_any(key);
}

bool MapReader::flag_if_any(std::string_view key) {
    const YamlNode* const found = scalar(key);
    if (!found || found->text == "false") return false;
    if (found->text == "true") return true;
    problem(key, "'" + std::string(key) + "' of " + what_ + " is neither true nor false");
    return false;
}

std::vector<std::string> MapReader::texts(std::string_view key) {
    const YamlNode* const found = child_if_any(key, YamlNode::Kind::sequence);
    if (!found) return {};
    return texts_of(problems_, *found, "'" + std::string(key) + "' of " + what_);
}

const YamlNode* MapReader::child(std::string_view key, YamlNode::Kind kind) {
    require(key);
    return child_if_any(key, kind);
}

const YamlNode* MapReader::child_if_any(std::string_view key, YamlNode::Kind kind) {
    const YamlNode* const found = take(key);
    if (!found || found->kind == kind) return found;
    problem(key, "'" + std::string(key) + "' of " + what_ + " is not a " +
                     (kind == YamlNode::Kind::map ? "map" : "list"));
    return nullptr;
}

void MapReader::for_readers(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) take(key);
}

void MapReader::finish() {
    for (std::size_t i = 0; i < taken_.size(); ++i)
        if (!taken_[i])
            problems_.add(*node_.entries[i].key,
                          "unknown key '" + node_.entries[i].key->text + "' in " + what_);
}

void MapReader::problem(std::string_view key, std::string text) {
    problems_.add(line_of(key), std::move(text));
}

int MapReader::line_of(std::string_view key) const {
    for (const YamlNode::Entry& entry : node_.entries)
        if (entry.key->text == key) return entry.key->line;
    return node_.line;
}

const YamlNode* MapReader::take(std::string_view key) {
    for (std::size_t i = 0; i < node_.entries.size(); ++i)
        if (node_.entries[i].key->text == key) taken_[i] = true;
    return value_of(key);
}

const YamlNode* MapReader::scalar(std::string_view key) {
    const YamlNode* const found = take(key);
    if (!found || found->kind == YamlNode::Kind::scalar) return found;
    problem(key, "'" + std::string(key) + "' of " + what_ + " is not a text");
    return nullptr;
}

const YamlNode* MapReader::value_of(std::string_view key) const {
    for (const YamlNode::Entry& entry : node_.entries)
        if (entry.key->text == key)
            return entry.value->kind == YamlNode::Kind::null ? nullptr : entry.value;
    return nullptr;
}

void MapReader::require(std::string_view key) {
    if (!has(key)) problem(key, what_ + " has no '" + std::string(key) + "'");
}

std::vector<std::string> texts_of(Problems& problems, const YamlNode& sequence,
                                  const std::string& what) {
    std::vector<std::string> out;
    for (const YamlNode* item : sequence.items) {
        if (item->kind == YamlNode::Kind::scalar && !item->text.empty()) {
            out.push_back(item->text);
        } else {
            problems.add(*item, "an item of " + what + " is not a text");
        }
    }
    return out;
}

} // namespace cpg
