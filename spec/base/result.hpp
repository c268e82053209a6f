// An outcome that depends on the input: a value or an Error of the product.
// For expected refusals only. What is wrong in a sender's data is a Finding
// (spec/check/finding.hpp); what is wrong with the environment (disk, database) throws. Errc is
// mapped to an HTTP status and an exit code in one place each.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cpg {

enum class Errc {
    malformed,              // input that cannot be read at all (400)
    not_authenticated,      // no usable certificate or token (401)
    login_failed,           // user ID or password not right, or locked: one answer (401)
    person_required,        // a person has to sign in (401)
    forbidden,              // known, but may not (403)
    not_found,              // unknown, or not yours (404)
    conflict,               // the state does not allow it (409)
    erased,                 // its time of keeping is over (410)
    too_large,              // over a limit (413)
    unsupported_media_type, // 415
    digest_mismatch,        // Content-Digest differs (400)
    idempotency_key_reused, // same key, other bytes (422)
    idempotency_in_flight,  // first request still running (409)
    unknown_receiver,       // 422
    not_acceptable,         // the data was understood and is refused (422)
    rate_limited,           // 429
    overloaded,             // queue full (503)
    suspended,              // nothing new is taken until an administrator or time mends it (503)
    unreachable,            // the other side cannot be reached (client side)
    tampered,               // evidence that does not prove
    unknown_key,            // evidence signed by a key that is not trusted
    configuration,          // settings (exit 78)
};

struct Error {
    Errc code{};
    std::string detail; // English, for the log and the problem document; never personal data
};

/// Thrown by Result::value() of a failed result: a bug in the caller, never control flow.
struct BadResult : std::logic_error {
    using std::logic_error::logic_error;
};

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
    throw BadResult(error.detail);
}

template<class T> using Result = boost::system::result<T, Error>;

/// `urn:cpgw:problem:<slug>` of an error code, e.g. "unknown-receiver".
std::string_view slug_of(Errc code);

} // namespace cpg
