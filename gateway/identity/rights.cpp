#include "gateway/identity/rights.hpp"

#include <algorithm>
#include <array>

namespace cpg::identity {
namespace {

using store::Role;
using store::Scope;

struct RoleRights {
    Role role;
    std::set<Right> rights;
};

const std::array role_rights{
    RoleRights{Role::office_admin,
               {Right::general, Right::check, Right::read, Right::send, Right::ack, Right::people,
                Right::webhooks}},
    RoleRights{Role::staff, {Right::general, Right::check, Right::read, Right::send, Right::ack}},
    RoleRights{Role::viewer, {Right::general, Right::check, Right::read}},
    RoleRights{Role::operator_, {Right::general}},
};

struct ScopeRights {
    Scope scope;
    std::set<Right> rights;
};

const std::array scope_rights{
    ScopeRights{Scope::send, {Right::general, Right::check, Right::send}},
    ScopeRights{Scope::read, {Right::general, Right::check, Right::read}},
    ScopeRights{Scope::ack, {Right::general, Right::ack}},
    ScopeRights{Scope::webhooks, {Right::general, Right::webhooks}},
};

bool may(Role role, Right right) {
    return std::any_of(role_rights.begin(), role_rights.end(), [&](const RoleRights& entry) {
        return entry.role == role && entry.rights.count(right) != 0;
    });
}

bool may(const std::set<Scope>& scopes, Right right) {
    return std::any_of(scope_rights.begin(), scope_rights.end(), [&](const ScopeRights& entry) {
        return scopes.count(entry.scope) != 0 && entry.rights.count(right) != 0;
    });
}

} // namespace

bool may(const Identity& identity, Right right) {
    if (right == Right::open) return true;
    if (identity.person) return may(identity.person->role, right);
    if (identity.token) return may(identity.token->scopes, right);
    return right != Right::people;
}

} // namespace cpg::identity
