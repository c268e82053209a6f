// Events, not sentences: one JSON line each on stderr (or a file). No personal data, no file
// content, no path of a request. Any thread; a line is written whole.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace cpg::log {

enum class Level { debug, info, warning, error };
using Value = std::variant<std::string, std::int64_t, double, bool>;
struct Member {
    std::string_view name;
    Value value;
};

void set_level(Level level);
void set_file(std::string path); // empty = stderr; throws when it cannot be opened
void event(Level level, std::string_view name, std::initializer_list<Member> members = {});
inline void info(std::string_view name, std::initializer_list<Member> members = {}) {
    event(Level::info, name, members);
}
inline void warning(std::string_view name, std::initializer_list<Member> members = {}) {
    event(Level::warning, name, members);
}
inline void error(std::string_view name, std::initializer_list<Member> members = {}) {
    event(Level::error, name, members);
}

} // namespace cpg::log
