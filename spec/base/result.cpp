#include "spec/base/result.hpp"

namespace cpg {

std::string_view slug_of(Errc code) {
    switch (code) {
    case Errc::malformed:
        return "malformed";
    case Errc::not_authenticated:
        return "not-authenticated";
    case Errc::login_failed:
        return "login-failed";
    case Errc::person_required:
        return "person-required";
    case Errc::forbidden:
        return "forbidden";
    case Errc::not_found:
        return "not-found";
    case Errc::conflict:
        return "conflict";
    case Errc::erased:
        return "erased";
    case Errc::too_large:
        return "too-large";
    case Errc::unsupported_media_type:
        return "unsupported-media-type";
    case Errc::digest_mismatch:
        return "digest-mismatch";
    case Errc::idempotency_key_reused:
        return "idempotency-key-reused";
    case Errc::idempotency_in_flight:
        return "idempotency-in-flight";
    case Errc::unknown_receiver:
        return "unknown-receiver";
    case Errc::not_acceptable:
        return "not-acceptable";
    case Errc::rate_limited:
        return "rate-limited";
    case Errc::suspended:
        return "suspended";
    case Errc::overloaded:
        return "overloaded";
    case Errc::unreachable:
        return "unreachable";
    case Errc::tampered:
        return "tampered";
    case Errc::unknown_key:
        return "unknown-key";
    case Errc::configuration:
        return "configuration";
    }
    throw std::logic_error("slug_of: not an error code");
}

} // namespace cpg
