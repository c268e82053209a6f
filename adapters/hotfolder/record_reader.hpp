// Members of a journal's record, strictly: what is not there or of another kind is JournalDamaged.
// Pure, any thread.
#pragma once

#include "adapters/hotfolder/journal.hpp"

#include <boost/json/array.hpp>

namespace cpg::hotfolder {

inline const boost::json::value& member_of(const Record& record, std::string_view name) {
    const auto* const value = record.if_contains(name);
    if (!value) throw JournalDamaged("a record has no " + std::string(name));
    return *value;
}

inline std::string text_at(const Record& record, std::string_view name) {
    const auto& value = member_of(record, name);
    if (!value.is_string()) throw JournalDamaged(std::string(name) + " is no text");
    return std::string(value.get_string());
}

inline std::uint64_t number_at(const Record& record, std::string_view name) {
    const auto& value = member_of(record, name);
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64()) return static_cast<std::uint64_t>(value.get_int64());
    throw JournalDamaged(std::string(name) + " is no number");
}

inline bool flag_at(const Record& record, std::string_view name) {
    const auto& value = member_of(record, name);
    if (!value.is_bool()) throw JournalDamaged(std::string(name) + " is neither true nor false");
    return value.get_bool();
}

inline const boost::json::array& array_at(const Record& record, std::string_view name) {
    const auto& value = member_of(record, name);
    if (!value.is_array()) throw JournalDamaged(std::string(name) + " is no list");
    return value.get_array();
}

inline std::vector<std::string> texts_at(const Record& record, std::string_view name) {
    std::vector<std::string> texts;
    for (const auto& item : array_at(record, name)) {
        if (!item.is_string()) throw JournalDamaged(std::string(name) + " holds no texts");
        texts.emplace_back(item.get_string());
    }
    return texts;
}

inline std::vector<const Record*> objects_at(const Record& record, std::string_view name) {
    std::vector<const Record*> objects;
    for (const auto& item : array_at(record, name)) {
        if (!item.is_object()) throw JournalDamaged(std::string(name) + " holds no objects");
        objects.push_back(&item.get_object());
    }
    return objects;
}

} // namespace cpg::hotfolder
