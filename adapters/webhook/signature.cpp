#include "adapters/webhook/signature.hpp"

#include "spec/base/digest.hpp"

namespace cpg::webhook {
namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t fewest_bytes = 24, most_bytes = 64;

} // namespace

Result<Bytes> parse_secret(std::string_view text) {
    const Error unreadable{Errc::malformed, "not a secret of a webhook (whsec_…)"};
    if (!text.starts_with(prefix)) return unreadable;
    auto key = from_base64(text.substr(prefix.size()));
    if (!key || key->size() < fewest_bytes || key->size() > most_bytes) return unreadable;
    return *std::move(key);
}

std::string sign(BytesView key, std::string_view id, Seconds timestamp, BytesView body) {
    std::string signed_bytes(id);
    signed_bytes += "." + std::to_string(timestamp.time_since_epoch().count()) + ".";
    signed_bytes += body;
    return "v1," + base64(hmac_sha256(key, signed_bytes).view());
}

} // namespace cpg::webhook
