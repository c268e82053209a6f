#include "gateway/identity/people.hpp"

#include "gateway/identity/token.hpp"

#include <algorithm>

namespace cpg::identity {
namespace {

using store::PersonChange;
using store::PersonRow;

constexpr std::size_t min_user = 3, max_user = 64;
/// One leaf an office and minute at most tells of failed logins, so that guessing cannot flood the
/// log.
constexpr std::chrono::minutes failure_quiet{1};
/// "Last used" of a token is right to a minute: a busy one does not write at every request.
constexpr std::chrono::minutes token_mark{1};
constexpr std::size_t max_marked = 10'000;
constexpr std::chrono::seconds leaf_patience{10};

const Error login_failed{Errc::login_failed,
                         "the user ID or the password is not right, or the person cannot sign in"};
const Error busy{Errc::overloaded, "too many passwords are being looked at"};
const Error no_session{Errc::person_required, "there is no session over this certificate"};

bool is_user_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '@' ||
           c == '-';
}

std::string_view word_of(PersonChange change) {
    switch (change) {
    case PersonChange::reset:
        return "person.reset";
    case PersonChange::lock:
        return "person.lock";
    case PersonChange::unlock:
        return "person.unlock";
    case PersonChange::disable:
        return "person.disable";
    }
    throw std::logic_error("a change without a word");
}

std::string context_of(const store::PersonId& id) {
    return "user/" + id.str();
}

using Details = std::vector<std::pair<std::string, std::string>>;

audit::Entry login_entry(const OfficeNo& office, const Digest& certificate, Time now,
                         std::string_view outcome) {
    audit::Entry entry;
    entry.type = audit::EntryType::access;
    entry.time = now;
    entry.from = office;
    entry.certificate = certificate;
    entry.result = outcome == "ok" ? "accepted" : "rejected -";
    entry.details = {{"action", "login"}, {"outcome", std::string(outcome)}};
    return entry;
}

} // namespace

// -- pure parts --

std::string admin_leaf(const OfficeNo& office, const Administrator& by, Time now,
                       std::string_view action,
                       std::vector<std::pair<std::string, std::string>> details) {
    audit::Entry entry;
    entry.type = audit::EntryType::admin;
    entry.time = now;
    entry.from = office;
    entry.certificate = by.certificate;
    entry.details = {{"action", std::string(action)}, {"by", by.who}};
    for (auto& detail : details) entry.details.push_back(std::move(detail));
    return audit::format_entry(entry);
}

Administrator administrator(const Identity& caller) {
    std::string who = "certificate";
    if (caller.token) who = "token-" + caller.token->id.str();
    if (caller.person) who = caller.person->id.str();
    return {std::move(who), caller.certificate.fingerprint};
}

Result<std::string> parse_user(std::string_view text) {
    std::string user(text);
    std::transform(user.begin(), user.end(), user.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (user.size() < min_user || user.size() > max_user ||
        !std::all_of(user.begin(), user.end(), is_user_character))
        return Error{Errc::malformed, "a user ID is 3 to 64 characters of a-z 0-9 . _ @ -"};
    return user;
}

Bytes user_tag(const store::Sealer& sealer, const OfficeNo& office, std::string_view user) {
    return sealer.tag("user", office.str() + "/" + std::string(user));
}

std::string user_of(store::Sealer& sealer, const PersonRow& person) {
    auto user = sealer.open(person.office, context_of(person.id), person.sealed_user);
    if (!user) throw store::StoreFailure("a sealed user ID does not open");
    return *std::move(user);
}

store::AddPersonOp add_person(store::Sealer& sealer, const NewPerson& person, std::string phc,
                              const Administrator& by, Time now) {
    store::AddPersonOp op;
    op.person.id = store::PersonId::of(random_bytes(16));
    op.person.office = person.office;
    op.person.user_tag = user_tag(sealer, person.office, person.user);
    op.person.sealed_user = sealer.seal(person.office, context_of(op.person.id), person.user);
    op.person.role = person.role;
    op.person.password = std::move(phc);
    op.person.added_at = now;
    op.leaf = admin_leaf(
        person.office, by, now, "person.add",
        {{"person", op.person.id.str()}, {"role", std::string(store::name_of(person.role))}});
    return op;
}

store::ChangePersonOp change_person(const PersonRow& person, PersonChange change, std::string phc,
                                    const Administrator& by, Time now) {
    return {person.id, change, std::move(phc), std::nullopt,
            admin_leaf(person.office, by, now, word_of(change), {{"person", person.id.str()}})};
}

store::AddTokenOp add_token(const store::TokenRow& token, const Administrator& by) {
    return {token, admin_leaf(token.office, by, token.added_at, "token.add",
                              {{"token", token.id.str()},
                               {"scope", store::joined(token.scopes)},
                               {"expires", rfc3339(token.expires_at)}})};
}

store::RevokeTokenOp revoke_token(const store::TokenRow& token, const Administrator& by, Time now) {
    return {token.id, token.office, now,
            admin_leaf(token.office, by, now, "token.revoke", {{"token", token.id.str()}})};
}

// -- the use cases --

/// One look at a password.
struct People::Attempt {
    Identity caller;
    OfficeNo office;
    std::string user, password;
    std::optional<PersonRow> person; // none: nobody of that name
    Deadline deadline;
};

People::People(Services services, PeopleSettings settings)
    : services_(std::move(services)), settings_(settings),
      nobody_(hash_password(base64(random_bytes(32)), settings.cost)), sessions_(settings.session),
      hashing_(services_.post, settings.hashing_at_once, settings.hashing_waiting) {}

bool People::is_active(const PersonRow& person, Time now) const {
    return person.state == store::PersonState::active &&
           !store::is_locked_out(person, settings_.lock, now);
}

void People::commit(store::WriteOp op, Deadline deadline, const Failed& failed,
                    std::function<void(const store::WriteResult&)> done) {
    store::Job job;
    job.ops.push_back(std::move(op));
    services_.gate.submit(std::move(job), deadline,
                          [this, failed, done = std::move(done)](
                              Result<store::JobResult> result, const std::exception_ptr& failure) {
                              services_.post([failed, done, result = std::move(result), failure] {
                                  if (failure || !result) return failed(result.error(), failure);
                                  done(result->front());
                              });
                          });
}

void People::leave(const audit::Entry& entry) {
    commit(
        store::LeafOp{audit::format_entry(entry), std::nullopt},
        std::chrono::steady_clock::now() + leaf_patience,
        [](const Error&, const std::exception_ptr&) {}, [](const store::WriteResult&) {});
}

// -- signing in --

void People::judge(const AttemptPtr& attempt, std::function<void()> right, const Failed& failed) {
    if (hashing_.is_full()) return failed(busy, nullptr);
    commit(store::TryLoginOp{attempt->office,
                             user_tag(services_.sealer, attempt->office, attempt->user),
                             settings_.lock, services_.clock.now()},
           attempt->deadline, failed,
           [this, attempt, right = std::move(right), failed](const store::WriteResult& place) {
               const bool taken = hashing_.run(
                   [this, attempt, right, failed, place] { look(*attempt, place, right, failed); });
               if (!taken) failed(busy, nullptr);
           });
}

// Whoever has no place is compared with the password of nobody: it takes as long.
void People::look(const Attempt& attempt, const store::WriteResult& place,
                  const std::function<void()>& right, const Failed& failed) {
    try {
        const auto* counted = std::get_if<store::Counted>(&place);
        const bool may_pass = counted && attempt.person;
        const bool fits =
            verify_password(may_pass ? attempt.person->password : nobody_, attempt.password);
        if (may_pass && fits) return right();
        if (counted && counted->failures >= settings_.lock.max_failures) {
            auto entry = login_entry(attempt.office, attempt.caller.certificate.fingerprint,
                                     services_.clock.now(), "locked");
            if (attempt.person) entry.details.emplace_back("person", attempt.person->id.str());
            leave(entry);
        } else {
            note_failure(attempt);
        }
        failed(login_failed, nullptr);
    } catch (...) {
        failed(login_failed, std::current_exception());
    }
}

void People::sign_in(const Identity& caller, Credentials credentials, Deadline deadline,
                     Done<SignedIn> done) {
    const auto attempt = std::make_shared<Attempt>();
    attempt->caller = caller;
    attempt->office = caller.first();
    // A name that nobody can have goes the same way as one that nobody has.
    const auto user = parse_user(credentials.user);
    attempt->user = user ? *user : "-";
    attempt->password = std::move(credentials.password);
    attempt->deadline = deadline;
    for (const auto& office : caller.offices) {
        if (attempt->person || (credentials.office && *credentials.office != office)) continue;
        attempt->person =
            services_.store.person_of(office, user_tag(services_.sealer, office, attempt->user));
        if (attempt->person) attempt->office = office;
    }
    judge(
        attempt, [this, attempt, done] { open_session(attempt, done); },
        [done](const Error& error, const std::exception_ptr& failure) { done(error, failure); });
}

void People::open_session(const AttemptPtr& attempt, const Done<SignedIn>& done) {
    const auto now = services_.clock.now();
    const auto& person = *attempt->person;
    store::LoginOp op{person.id, person.version, now, {}, {}};
    if (is_weaker(person.password, settings_.cost))
        op.rehashed = hash_password(attempt->password, settings_.cost);
    auto entry = login_entry(attempt->office, attempt->caller.certificate.fingerprint, now, "ok");
    entry.details.emplace_back("person", person.id.str());
    op.leaf = audit::format_entry(entry);
    commit(
        std::move(op), attempt->deadline,
        [done](const Error& error, const std::exception_ptr& failure) { done(error, failure); },
        [this, attempt, now, done](const store::WriteResult& result) {
            if (!std::holds_alternative<store::Written>(result)) return done(login_failed, nullptr);
            const auto& row = *attempt->person;
            SignedIn signed_in;
            signed_in.identity = attempt->caller;
            signed_in.identity.offices = {row.office};
            signed_in.identity.person = ActingPerson{row.id, row.role};
            signed_in.user = attempt->user;
            signed_in.session = {row.id,      row.office, attempt->caller.certificate.fingerprint,
                                 row.version, now,        now};
            signed_in.token = sessions_.open(signed_in.session);
            signed_in.csrf = Sessions::csrf_of(signed_in.token);
            done(std::move(signed_in), nullptr);
        });
}

Result<SignedIn> People::resume(const Identity& caller, std::string_view token, SignOfLife life) {
    const auto now = services_.clock.now();
    const auto session = sessions_.find(token, caller.certificate.fingerprint, now, life);
    if (!session || !caller.owns(session->office)) return no_session;
    const auto row = services_.store.person(session->person);
    if (!row || row->version != session->version || !is_active(*row, now)) {
        sessions_.close(token);
        return no_session;
    }
    SignedIn signed_in;
    signed_in.identity = caller;
    signed_in.identity.offices = {row->office};
    signed_in.identity.person = ActingPerson{row->id, row->role};
    signed_in.user = user_of(services_.sealer, *row);
    signed_in.token = std::string(token);
    signed_in.csrf = Sessions::csrf_of(token);
    signed_in.session = *session;
    return signed_in;
}

void People::change_password(const SignedIn& caller, std::string old_password,
                             std::string new_password, Deadline deadline, Done<bool> done) {
    if (const auto fits = check_new_password(new_password, caller.user); !fits)
        return done(fits.error(), nullptr);
    const auto attempt = std::make_shared<Attempt>();
    attempt->caller = caller.identity;
    attempt->office = caller.identity.first();
    attempt->user = caller.user;
    attempt->password = std::move(old_password);
    attempt->person = services_.store.person(caller.session.person);
    attempt->deadline = deadline;
    const Failed failed = [done](const Error& error, const std::exception_ptr& failure) {
        done(error, failure);
    };
    judge(
        attempt,
        [this, attempt, chosen = std::move(new_password), done, failed] {
            auto op = change_person(*attempt->person, PersonChange::reset,
                                    hash_password(chosen, settings_.cost),
                                    administrator(attempt->caller), services_.clock.now());
            op.version = attempt->person->version; // an administrator's lock meanwhile stands
            commit(std::move(op), attempt->deadline, failed,
                   [done](const store::WriteResult& result) {
                       if (!std::holds_alternative<store::Written>(result))
                           return done(login_failed, nullptr);
                       done(true, nullptr);
                   });
        },
        failed);
}

// -- failed logins in the log --

void People::note_failure(const Attempt& attempt) {
    {
        const std::lock_guard lock(mutex_);
        const auto [held, is_first] =
            held_.try_emplace(attempt.office, Held{attempt.caller.certificate.fingerprint, 0});
        if (!is_first) {
            ++held->second.count;
            return;
        }
    }
    auto entry = login_entry(attempt.office, attempt.caller.certificate.fingerprint,
                             services_.clock.now(), "failed");
    entry.details.emplace_back("person", attempt.person ? attempt.person->id.str() : "-");
    entry.details.emplace_back("count", "1");
    leave(entry);
    services_.after(failure_quiet, [this, office = attempt.office] { write_held(office); });
}

// What came in the quiet minute; another quiet minute follows while there are more.
void People::write_held(const OfficeNo& office) {
    Held held;
    {
        const std::lock_guard lock(mutex_);
        const auto found = held_.find(office);
        if (found == held_.end()) return;
        held = found->second;
        if (held.count == 0) {
            held_.erase(found);
            return;
        }
        found->second.count = 0;
    }
    auto entry = login_entry(office, held.certificate, services_.clock.now(), "failed");
    entry.details.emplace_back("person", "-");
    entry.details.emplace_back("count", std::to_string(held.count));
    leave(entry);
    services_.after(failure_quiet, [this, office] { write_held(office); });
}

void People::flush() {
    std::vector<OfficeNo> offices;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [office, held] : held_) offices.push_back(office);
    }
    for (const auto& office : offices) write_held(office);
}

// -- tokens of machines --

Result<Identity> People::with_token(const Identity& caller, std::string_view secret) {
    const Error refused{Errc::not_authenticated, "the token is not valid over this certificate"};
    const auto now = services_.clock.now();
    const auto token = services_.store.token(sha256(secret));
    if (!token || !is_valid(*token, now) || !caller.owns(token->office)) return refused;
    mark_used(*token, now);
    Identity identity = caller;
    identity.offices = {token->office};
    identity.token = ActingToken{token->id, token->scopes};
    return identity;
}

void People::mark_used(const store::TokenRow& token, Time now) {
    {
        const std::lock_guard lock(mutex_);
        auto& marked = marked_[token.id];
        if (now < marked + token_mark) return;
        marked = now;
        if (marked_.size() > max_marked) marked_.clear();
    }
    commit(
        store::TokenUsedOp{token.id, now}, std::chrono::steady_clock::now() + leaf_patience,
        [](const Error&, const std::exception_ptr&) {}, [](const store::WriteResult&) {});
}

// -- administration --

People::Listed People::listed(PersonRow row) const {
    Listed one;
    one.user = user_of(services_.sealer, row);
    one.locked_out = store::is_locked_out(row, settings_.lock, services_.clock.now());
    one.row = std::move(row);
    return one;
}

std::vector<People::Listed> People::list(const OfficeNo& office) const {
    std::vector<Listed> people;
    for (auto& row : services_.store.people(office)) people.push_back(listed(std::move(row)));
    return people;
}

void People::with_new_password(std::function<void(std::string, std::string)> then,
                               const Failed& failed) {
    const bool taken = hashing_.run([this, then = std::move(then), failed] {
        try {
            auto password = make_password(random_bytes(20));
            auto phc = hash_password(password, settings_.cost);
            then(std::move(password), std::move(phc));
        } catch (...) {
            failed(busy, std::current_exception());
        }
    });
    if (!taken) failed(busy, nullptr);
}

void People::add(const Identity& caller, const std::string& user, store::Role role,
                 Deadline deadline, Done<Added> done) {
    if (role == store::Role::operator_)
        return done(Error{Errc::forbidden, "operators are added on the gateway's host"}, nullptr);
    const auto parsed = parse_user(user);
    if (!parsed) return done(parsed.error(), nullptr);
    const Failed failed = [done](const Error& error, const std::exception_ptr& failure) {
        done(error, failure);
    };
    with_new_password(
        [this, caller, person = NewPerson{caller.first(), *parsed, role}, deadline, done,
         failed](const std::string& password, std::string phc) {
            auto op = add_person(services_.sealer, person, std::move(phc), administrator(caller),
                                 services_.clock.now());
            const auto id = op.person.id;
            commit(std::move(op), deadline, failed,
                   [this, id, password, done](const store::WriteResult& result) {
                       if (!std::holds_alternative<store::Written>(result))
                           return done(Error{Errc::conflict, "the user ID is taken"}, nullptr);
                       done(Added{listed(services_.store.person(id).value()), password}, nullptr);
                   });
        },
        failed);
}

void People::change(const Identity& caller, const store::PersonId& id, PersonChange change,
                    Deadline deadline, Done<Added> done) {
    const auto row = services_.store.person(id);
    if (!row || !caller.owns(row->office) || row->role == store::Role::operator_)
        return done(Error{Errc::not_found, "no such person"}, nullptr);
    if (caller.person && caller.person->id == id)
        return done(Error{Errc::conflict, "nobody changes itself"}, nullptr);
    const Failed failed = [done](const Error& error, const std::exception_ptr& failure) {
        done(error, failure);
    };
    const auto write = [this, caller, row = *row, change, deadline, done,
                        failed](const std::string& password, std::string phc) {
        commit(change_person(row, change, std::move(phc), administrator(caller),
                             services_.clock.now()),
               deadline, failed, [this, row, password, done](const store::WriteResult& result) {
                   if (!std::holds_alternative<store::Written>(result))
                       return done(Error{Errc::conflict, "the person is disabled"}, nullptr);
                   done(Added{listed(services_.store.person(row.id).value()), password}, nullptr);
               });
    };
    if (change == PersonChange::reset)
        with_new_password(write, failed);
    else
        write({}, {});
}

void People::revoke(const Identity& caller, const store::TokenId& id, Deadline deadline,
                    Done<bool> done) {
    const Error unknown{Errc::not_found, "no such token"};
    const auto tokens = services_.store.tokens(caller.first());
    const auto found = std::find_if(tokens.begin(), tokens.end(),
                                    [&](const store::TokenRow& token) { return token.id == id; });
    if (found == tokens.end()) return done(unknown, nullptr);
    commit(
        revoke_token(*found, administrator(caller), services_.clock.now()), deadline,
        [done](const Error& error, const std::exception_ptr& failure) { done(error, failure); },
        [done](const store::WriteResult& result) {
            if (!std::holds_alternative<store::Written>(result))
                return done(Error{Errc::conflict, "the token is revoked already"}, nullptr);
            done(true, nullptr);
        });
}

} // namespace cpg::identity
