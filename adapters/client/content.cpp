#include "adapters/client/content.hpp"

#include "adapters/client/answer_text.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>

namespace cpg::client {
namespace {

// The gateway takes at most this much in one request; more than that is not what was sent.
constexpr std::uint64_t max_bundle_bytes = 512u << 20;

/// RFC 9530: `sha-256=:…:` among possibly others.
std::optional<Digest> sha256_of_header(std::string_view header) {
    constexpr std::string_view label = "sha-256=:";
    const auto at = header.find(label);
    if (at == std::string_view::npos) return std::nullopt;
    header.remove_prefix(at + label.size());
    const auto bytes = from_base64(header.substr(0, header.find(':')));
    if (!bytes || bytes->size() != Digest{}.bytes.size()) return std::nullopt;
    Digest digest;
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
}

/// Every code that may come from a gateway as `urn:cpgw:problem:<slug>`.
constexpr Errc told_codes[] = {
    Errc::malformed,
    Errc::not_authenticated,
    Errc::login_failed,
    Errc::person_required,
    Errc::forbidden,
    Errc::not_found,
    Errc::conflict,
    Errc::erased,
    Errc::too_large,
    Errc::digest_mismatch,
    Errc::unsupported_media_type,
    Errc::idempotency_key_reused,
    Errc::unknown_receiver,
    Errc::idempotency_in_flight,
    Errc::not_acceptable,
    Errc::rate_limited,
    Errc::overloaded,
    Errc::suspended,
    Errc::configuration,
};

struct StatusCode {
    int status;
    Errc code;
};
/// For an answer without a problem document, of a proxy in between.
constexpr StatusCode status_codes[] = {
    {401, Errc::not_authenticated}, {403, Errc::forbidden},    {404, Errc::not_found},
    {409, Errc::conflict},          {410, Errc::erased},       {413, Errc::too_large},
    {422, Errc::not_acceptable},    {429, Errc::rate_limited}, {503, Errc::overloaded},
};

Errc code_of(int status, std::string_view type) {
    constexpr std::string_view prefix = "urn:cpgw:problem:";
    if (type.starts_with(prefix))
        for (const Errc code : told_codes)
            if (slug_of(code) == type.substr(prefix.size())) return code;
    for (const auto& [known, code] : status_codes)
        if (known == status) return code;
    return status >= 500 ? Errc::unreachable : Errc::malformed;
}

} // namespace

Result<std::vector<InputFile>> read_content(const Answer& answer) {
    const auto announced = sha256_of_header(answer.header("content-digest"));
    if (!announced || *announced != sha256(answer.body))
        return Error{Errc::digest_mismatch, "the content does not have the digest announced"};
    UnpackLimits limits;
    limits.max_total = max_bundle_bytes;
    limits.max_file = max_bundle_bytes;
    return unpack_zip(answer.body, limits);
}

Error refusal_of(const Answer& answer) {
    const Problem problem = read_problem(answer.body);
    return {code_of(answer.status, problem.type), line_of(answer.status, problem)};
}

} // namespace cpg::client
