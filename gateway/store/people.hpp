// People, their passwords and the tokens of machines, as plain values and as ops of a job. A user
// ID is never kept in the clear: a tag to find it by, a sealed text to show it. Each op that
// changes something carries its leaf; one that is declined leaves nothing, not even the leaf.
#pragma once

#include "gateway/store/opaque_id.hpp"
#include "spec/base/digest.hpp"

#include <set>
#include <vector>

namespace cpg::store {

using PersonId = OpaqueId<class PersonIdTag>;
using TokenId = OpaqueId<class TokenIdTag>;

enum class Role { office_admin, staff, viewer, operator_ };
std::string_view name_of(Role role); // "operator"
std::optional<Role> role_of(std::string_view name);

/// active; locked by an administrator until unlocked; disabled for good (kept for the log's sake).
enum class PersonState { active, locked, disabled };
std::string_view name_of(PersonState state);
std::optional<PersonState> person_state_of(std::string_view name);

struct PersonRow {
    PersonId id;
    OfficeNo office;
    Bytes user_tag;    // HMAC of the user ID, 32 bytes; unique in the office
    Bytes sealed_user; // the user ID, sealed for the office
    Role role = Role::viewer;
    std::string password; // PHC string of Argon2id
    PersonState state = PersonState::active;
    int failures = 0;             // logins tried since the last good one
    std::optional<Time> tried_at; // the newest of them
    std::optional<Time> login_at; // the last good one
    std::uint64_t version = 0;    // grows with each change that must end the person's sessions
    Time added_at{};
};

/// When failed logins lock a person, and for how long.
struct LockRule {
    int max_failures = 10;
    std::chrono::milliseconds lasts{}; // 0 = until an administrator unlocks
};
/// Whether failed logins lock the person at `now` (an administrator's lock is PersonState).
bool is_locked_out(const PersonRow& person, const LockRule& rule, Time now);

/// Declined when the office has that user ID already.
struct AddPersonOp {
    PersonRow person;
    std::string leaf;
};

/// Declined for an unknown person. Each ends the person's sessions; reset and unlock forgive failed
/// logins; reset makes a locked or disabled person active.
enum class PersonChange { reset, lock, unlock, disable };
struct ChangePersonOp {
    PersonId id;
    PersonChange change{};
    std::string password;                 // PHC string; reset only
    std::optional<std::uint64_t> version; // reset only: declined when the person has another
    std::string leaf;
};

/// Takes a place for one login, before the password is looked at: parallel guesses are counted one
/// by one. Counted answers how many it is now; declined for an unknown, locked or disabled person
/// (what is written then is as much as otherwise, so that the time tells nothing).
struct TryLoginOp {
    OfficeNo office;
    Bytes user_tag;
    LockRule rule;
    Time time{};
};

/// The password was right: forgives failed logins. Declined when the person was changed since
/// `version`, or is not active.
struct LoginOp {
    PersonId id;
    std::uint64_t version = 0;
    Time time{};
    std::string rehashed; // PHC string that takes the place of the old one; empty = keeps it
    std::string leaf;
};

enum class Scope { send, read, ack, webhooks };
std::string_view name_of(Scope scope);
std::optional<Scope> scope_of(std::string_view name);
/// "send,read,ack,webhooks" and back; nullopt for an unknown, repeated or missing scope.
std::string joined(const std::set<Scope>& scopes);
std::optional<std::set<Scope>> scopes_of(std::string_view text);

/// A machine's token of one office. The secret itself is never kept.
struct TokenRow {
    TokenId id;
    OfficeNo office;
    Digest hash;        // SHA-256 of the token's text
    std::string prefix; // its first characters, to tell tokens apart
    std::set<Scope> scopes;
    Time added_at{}, expires_at{};
    std::optional<Time> revoked_at, used_at;
};

struct AddTokenOp {
    TokenRow token;
    std::string leaf;
};
/// Declined for an unknown token, one of another office, or one that is revoked already.
struct RevokeTokenOp {
    TokenId id;
    OfficeNo office;
    Time time{};
    std::string leaf;
};
/// No leaf: the use itself leaves the leaves.
struct TokenUsedOp {
    TokenId id;
    Time time{};
};

} // namespace cpg::store
