// Signed-in people. Sessions live in memory only and end with the process; of a token only its
// SHA-256 is held. A session belongs to the certificate it was opened over. Any thread.
#pragma once

#include "gateway/store/people.hpp"

#include <map>
#include <mutex>

namespace cpg::identity {

struct SessionLimits {
    std::chrono::milliseconds idle{std::chrono::minutes(15)}; // the guideline's screen lock
    std::chrono::milliseconds longest{std::chrono::hours(8)}; // a working day
    std::size_t max_per_person = 8;    // a person's devices; the oldest one ends
    std::size_t max_sessions = 20'000; // of all: a few MiB; the one idle longest ends
};

struct Session {
    store::PersonId person;
    OfficeNo office;
    Digest certificate;        // fingerprint
    std::uint64_t version = 0; // of the person when the session was opened
    Time opened_at{}, seen_at{};
};

/// Whether a look at a session is its person's doing.
enum class SignOfLife { no, yes };

class Sessions {
  public:
    explicit Sessions(SessionLimits limits) : limits_(limits) {}
    /// The token for the cookie: 256 random bits, base64url.
    std::string open(const Session& session);
    /// Nothing for an unknown or ended session, and over another certificate.
    std::optional<Session> find(std::string_view token, const Digest& certificate, Time now,
                                SignOfLife life = SignOfLife::yes);
    void close(std::string_view token);
    std::size_t size() const;
    const SessionLimits& limits() const { return limits_; }

    /// What a page must send as X-CSRF-Token beside the cookie: derived from the token, tells
    /// nothing about it.
    static std::string csrf_of(std::string_view token);

  private:
    bool has_ended(const Session& session, Time now) const;
    void make_room(const store::PersonId& person, Time now);

    const SessionLimits limits_;
    mutable std::mutex mutex_;
    std::map<Digest, Session> sessions_; // by SHA-256 of the token
};

} // namespace cpg::identity
