// People beside the certificate: signing in, sessions, roles, administration; and machines' tokens.
// Every change and every login leaves a leaf that names people and tokens by their opaque ids only.
// Any thread; what writes answers through a callback on the worker pool.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/identity/password.hpp"
#include "gateway/identity/rights.hpp"
#include "gateway/identity/session.hpp"
#include "gateway/store/seal.hpp"
#include "gateway/store/store_gate.hpp"

namespace cpg::identity {

struct PeopleSettings {
    bool required = false; // certificates that are no machine's need a person or a token
    PasswordCost cost;
    store::LockRule lock{10, std::chrono::minutes(30)};
    SessionLimits session;
    std::size_t hashing_at_once = 1;  // 64 MiB each; leaves a worker of two to the exchange
    std::size_t hashing_waiting = 64; // six seconds of work; more = 503
};

// -- pure parts, shared with the command line --

/// 3 to 64 characters of a-z 0-9 . _ @ -, upper case folded. malformed.
Result<std::string> parse_user(std::string_view text);

/// Who administers, for the leaf: a person's id, "token-" and a token's, or "certificate", over a
/// certificate; or "host" (the command line).
struct Administrator {
    std::string who = "host";
    std::optional<Digest> certificate;
};

Administrator administrator(const Identity& caller);
/// An `admin` leaf about something of the office; details are ASCII without personal data.
std::string admin_leaf(const OfficeNo& office, const Administrator& by, Time now,
                       std::string_view action,
                       std::vector<std::pair<std::string, std::string>> details);

struct NewPerson {
    OfficeNo office;
    std::string user; // parse_user()
    store::Role role{};
};
/// Seals the user ID: may write the office's key, so not inside a store's batch.
store::AddPersonOp add_person(store::Sealer& sealer, const NewPerson& person, std::string phc,
                              const Administrator& by, Time now);
/// `phc` for a reset only.
store::ChangePersonOp change_person(const store::PersonRow& person, store::PersonChange change,
                                    std::string phc, const Administrator& by, Time now);
store::AddTokenOp add_token(const store::TokenRow& token, const Administrator& by);
store::RevokeTokenOp revoke_token(const store::TokenRow& token, const Administrator& by, Time now);
/// The user ID of a row. Throws StoreFailure when it does not open.
std::string user_of(store::Sealer& sealer, const store::PersonRow& person);
/// What a user ID is found by.
Bytes user_tag(const store::Sealer& sealer, const OfficeNo& office, std::string_view user);

// -- the use cases --

struct Credentials {
    std::string user, password;
    std::optional<OfficeNo>
        office; // of a certificate of several; none = the first that has the user
};

struct SignedIn {
    Identity identity;
    std::string user;
    std::string token, csrf; // of the session
    Session session;
};

class People {
  public:
    using Deadline = std::chrono::steady_clock::time_point;
    struct Services {
        store::Store& store;
        store::StoreGate& gate;
        store::Sealer& sealer;
        const Clock& clock;
        std::function<void(std::function<void()>)> post; // on the worker pool
        std::function<void(std::chrono::milliseconds, std::function<void()>)> after;
    };
    template<class T> using Done = std::function<void(Result<T>, std::exception_ptr)>;

    /// Hashes once: the password of nobody, so that an unknown user takes as long as a known one.
    People(Services services, PeopleSettings settings);
    const PeopleSettings& settings() const { return settings_; }

    /// login_failed, the same in words and time for an unknown user, a wrong password and a person
    /// who is locked or disabled; overloaded.
    void sign_in(const Identity& caller, Credentials credentials, Deadline deadline,
                 Done<SignedIn> done);
    /// The caller as the person of the session. person_required when there is no such session over
    /// this certificate, or the person was changed since.
    Result<SignedIn> resume(const Identity& caller, std::string_view token,
                            SignOfLife life = SignOfLife::yes);
    void sign_out(std::string_view token) { sessions_.close(token); }
    /// Of the signed-in caller; ends all sessions. login_failed for a wrong old password, malformed
    /// for a weak new one.
    void change_password(const SignedIn& caller, std::string old_password, std::string new_password,
                         Deadline deadline, Done<bool> done);

    /// The caller narrowed to the token's office and scopes. not_authenticated.
    Result<Identity> with_token(const Identity& caller, std::string_view secret);

    struct Listed {
        store::PersonRow row;
        std::string user;
        bool locked_out = false;
    };
    std::vector<Listed> list(const OfficeNo& office) const;
    struct Added {
        Listed person;
        std::string password; // shown once
    };
    /// By an office_admin for its own office. conflict when the user ID is taken, forbidden for the
    /// role operator.
    void add(const Identity& caller, const std::string& user, store::Role role, Deadline deadline,
             Done<Added> done);
    /// not_found unless of the caller's office; conflict for the caller itself and where it does
    /// not apply. A reset answers with the new password.
    void change(const Identity& caller, const store::PersonId& id, store::PersonChange change,
                Deadline deadline, Done<Added> done);
    void revoke(const Identity& caller, const store::TokenId& id, Deadline deadline,
                Done<bool> done);

    /// Writes the leaf of failed logins that were held back. Before the store closes.
    void flush();

  private:
    struct Attempt;
    using AttemptPtr = std::shared_ptr<Attempt>;
    using Failed = std::function<void(const Error&, const std::exception_ptr&)>;
    struct Held { // failed logins of an office since its last leaf
        Digest certificate;
        std::uint64_t count = 0;
    };

    /// Counts the attempt, then looks at the password; `right` runs inside the hashing queue.
    void judge(const AttemptPtr& attempt, std::function<void()> right, const Failed& failed);
    void look(const Attempt& attempt, const store::WriteResult& place,
              const std::function<void()>& right, const Failed& failed);
    void open_session(const AttemptPtr& attempt, const Done<SignedIn>& done);
    void note_failure(const Attempt& attempt);
    void write_held(const OfficeNo& office);
    /// Makes a password and its hash in the hashing queue.
    void with_new_password(std::function<void(std::string, std::string)> then,
                           const Failed& failed);
    void commit(store::WriteOp op, Deadline deadline, const Failed& failed,
                std::function<void(const store::WriteResult&)> done);
    void leave(const audit::Entry& entry);
    Listed listed(store::PersonRow row) const;
    bool is_active(const store::PersonRow& person, Time now) const;
    void mark_used(const store::TokenRow& token, Time now);

    Services services_;
    const PeopleSettings settings_;
    const std::string nobody_; // PHC string of no password
    Sessions sessions_;
    HashingQueue hashing_;
    std::mutex mutex_; // guards the two below
    std::map<OfficeNo, Held> held_;
    std::map<store::TokenId, Time> marked_;
};

} // namespace cpg::identity
