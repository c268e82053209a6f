#include "gateway/identity/token.hpp"

#include <algorithm>

namespace cpg::identity {
namespace {

constexpr std::string_view mark = "cpgw_";     // lets scanners of source code find a leaked one
constexpr std::size_t shown = mark.size() + 8; // of 43 characters: 208 bits stay unknown

} // namespace

NewToken make_token(const OfficeNo& office, std::set<store::Scope> scopes, Time now,
                    std::chrono::days lasts) {
    NewToken token;
    token.secret = std::string(mark) + base64url(random_bytes(32));
    token.row.id = store::TokenId::of(random_bytes(16));
    token.row.office = office;
    token.row.hash = sha256(token.secret);
    token.row.prefix = token.secret.substr(0, shown);
    token.row.scopes = std::move(scopes);
    token.row.added_at = now;
    token.row.expires_at = now + lasts;
    return token;
}

bool is_valid(const store::TokenRow& token, Time now) {
    return !token.revoked_at && now < token.expires_at;
}

std::string base64url(BytesView bytes) {
    std::string text = base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

} // namespace cpg::identity
