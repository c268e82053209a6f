#include "spec/check/facts.hpp"

#include <algorithm>

namespace cpg::checking {

ServiceTypes::ServiceTypes(const Edition& edition) {
    for (const ServiceTypeInfo& info : edition.service_types) {
        Entry& entry = entries_[index_of(info.code.view())];
        entry.name = &info.name;
        entry.care = info.group == "介護給付";
        switch (info.scope) {
        case ServiceTypeInfo::Scope::in:
            entry.scope = Scope::in;
            break;
        case ServiceTypeInfo::Scope::care_management:
            entry.scope = Scope::care_management;
            break;
        case ServiceTypeInfo::Scope::out:
            entry.scope =
                info.confidence == Confidence::low ? Scope::out_by_doubtful_source : Scope::out;
            break;
        }
    }
    entries_.back() = {};
}

std::size_t ServiceTypes::index_of(std::string_view type) {
    const auto digit = [](char c) -> std::size_t {
        if (c >= '0' && c <= '9') return static_cast<std::size_t>(c - '0');
        if (c >= 'A' && c <= 'Z') return static_cast<std::size_t>(c - 'A') + 10;
        return letters;
    };
    if (type.size() != 2) return letters * letters;
    const std::size_t first = digit(type[0]), second = digit(type[1]);
    return first == letters || second == letters ? letters * letters : first * letters + second;
}

const std::string& ServiceTypes::name(std::string_view type) const {
    static const std::string none;
    const std::string* const name = entries_[index_of(type)].name;
    return name ? *name : none;
}

std::string parameter(const Catalog& catalog, Rule rule, std::string_view name,
                      std::string_view fallback) {
    const RuleText& text = catalog.rule(id_of(rule));
    const auto found = text.parameters.find(std::string(name));
    return found == text.parameters.end() ? std::string(fallback) : found->second;
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t blank = std::min(list.find(' '), list.size());
        if (blank != 0 && list.substr(0, blank) == word) return true;
        list.remove_prefix(std::min(blank + 1, list.size()));
    }
    return false;
}

std::uint32_t KeyTable::intern(std::string_view key) {
    if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
    const auto id = static_cast<std::uint32_t>(texts_.size());
    texts_.push_back(&ids_.emplace(std::string(key), id).first->first);
    return id;
}

Site FileFacts::at(std::uint32_t record, std::uint32_t line, std::string_view field_key) const {
    Site site{.file = index, .record = record, .line = line, .type = type};
    if (!field_key.empty()) site.field = type->field(field_key);
    return site;
}

const FileFacts* BundleFacts::file(std::string_view type_id) const {
    const auto found = std::find_if(files.begin(), files.end(), [&](const FileFacts& facts) {
        return facts.type && facts.type->id == type_id;
    });
    return found == files.end() ? nullptr : &*found;
}

} // namespace cpg::checking
