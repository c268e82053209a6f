#include "adapters/webhook/verify.hpp"

#include "spec/base/digest.hpp"

#include <charconv>
#include <optional>

namespace cpg::webhook {
namespace {

constexpr std::size_t most_signatures = 16; // of a header: two while a secret is replaced

/// Digits alone: no sign, no blank, no more than a time has.
std::optional<Seconds> read_time(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed != std::errc() || end != text.data() + text.size() || count < 0) return std::nullopt;
    return Seconds(std::chrono::seconds(count));
}

/// Whether any entry of the header is this one; looks at all of them.
bool holds(std::string_view header, std::string_view expected) {
    bool found = false;
    for (std::size_t seen = 0; !header.empty() && seen < most_signatures; ++seen) {
        const auto blank = header.find(' ');
        found = equal_constant_time(header.substr(0, blank), expected) || found;
        header = blank == std::string_view::npos ? std::string_view() : header.substr(blank + 1);
    }
    return found;
}

} // namespace

Result<void> verify(const Received& message, const std::vector<std::string>& secrets, Seconds now) {
    if (message.id.empty() || message.signature.empty())
        return Error{Errc::malformed, "webhook-id or webhook-signature is missing"};
    const auto sent = read_time(message.timestamp);
    if (!sent) return Error{Errc::malformed, "webhook-timestamp is not a time"};
    if (*sent < now - tolerance) return Error{Errc::not_acceptable, "the message is too old"};
    if (*sent > now + tolerance)
        return Error{Errc::not_acceptable, "the message is from the future"};
    bool good = false;
    for (const auto& secret : secrets) {
        const auto key = parse_secret(secret);
        if (!key) return key.error();
        good = holds(message.signature, sign(*key, message.id, *sent, message.body)) || good;
    }
    if (!good) return Error{Errc::tampered, "no signature of the message is by a known secret"};
    return {};
}

} // namespace cpg::webhook
