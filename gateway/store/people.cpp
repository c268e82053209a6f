#include "gateway/store/people.hpp"

#include <algorithm>
#include <array>

namespace cpg::store {
namespace {

template<class T> struct Name {
    T value;
    std::string_view name;
};

constexpr std::array role_names{
    Name<Role>{Role::office_admin, "office_admin"}, Name<Role>{Role::staff, "staff"},
    Name<Role>{Role::viewer, "viewer"}, Name<Role>{Role::operator_, "operator"}};
constexpr std::array state_names{Name<PersonState>{PersonState::active, "active"},
                                 Name<PersonState>{PersonState::locked, "locked"},
                                 Name<PersonState>{PersonState::disabled, "disabled"}};
constexpr std::array scope_names{Name<Scope>{Scope::send, "send"}, Name<Scope>{Scope::read, "read"},
                                 Name<Scope>{Scope::ack, "ack"},
                                 Name<Scope>{Scope::webhooks, "webhooks"}};

template<class T, std::size_t N>
std::string_view name_in(const std::array<Name<T>, N>& names, T value) {
    for (const auto& entry : names)
        if (entry.value == value) return entry.name;
    throw std::logic_error("a value without a name");
}

template<class T, std::size_t N>
std::optional<T> value_in(const std::array<Name<T>, N>& names, std::string_view name) {
    for (const auto& entry : names)
        if (entry.name == name) return entry.value;
    return std::nullopt;
}

} // namespace

std::string_view name_of(Role role) {
    return name_in(role_names, role);
}
std::optional<Role> role_of(std::string_view name) {
    return value_in(role_names, name);
}
std::string_view name_of(PersonState state) {
    return name_in(state_names, state);
}
std::optional<PersonState> person_state_of(std::string_view name) {
    return value_in(state_names, name);
}
std::string_view name_of(Scope scope) {
    return name_in(scope_names, scope);
}
std::optional<Scope> scope_of(std::string_view name) {
    return value_in(scope_names, name);
}

std::string joined(const std::set<Scope>& scopes) {
    std::string text;
    for (const auto& entry : scope_names)
        if (scopes.count(entry.value) != 0) {
            if (!text.empty()) text += ',';
            text += entry.name;
        }
    return text;
}

std::optional<std::set<Scope>> scopes_of(std::string_view text) {
    std::set<Scope> scopes;
    while (true) {
        const auto comma = text.find(',');
        const auto scope = scope_of(text.substr(0, comma));
        if (!scope || !scopes.insert(*scope).second) return std::nullopt;
        if (comma == std::string_view::npos) return scopes;
        text.remove_prefix(comma + 1);
    }
}

bool is_locked_out(const PersonRow& person, const LockRule& rule, Time now) {
    if (person.failures < rule.max_failures) return false;
    return rule.lasts.count() == 0 || !person.tried_at || now < *person.tried_at + rule.lasts;
}

} // namespace cpg::store
