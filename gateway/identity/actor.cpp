#include "gateway/identity/actor.hpp"

namespace cpg::identity {

void name_actor(audit::Entry& entry, const Identity& identity) {
    if (identity.person) entry.details.emplace_back("person", identity.person->id.str());
    if (identity.token) entry.details.emplace_back("token", identity.token->id.str());
}

} // namespace cpg::identity
