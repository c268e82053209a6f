// The secrets of machines: "cpgw_" and 256 random bits as base64url. Only their SHA-256 is kept: a
// random text of that length needs no slow hash. Pure, any thread.
#pragma once

#include "gateway/store/people.hpp"

namespace cpg::identity {

struct NewToken {
    store::TokenRow row;
    std::string secret; // shown once
};

NewToken make_token(const OfficeNo& office, std::set<store::Scope> scopes, Time now,
                    std::chrono::days lasts);
/// Longest life of a token: a year, as of a certificate.
constexpr std::chrono::days max_token_life{366};

bool is_valid(const store::TokenRow& token, Time now); // neither revoked nor expired

/// RFC 4648 section 5, without padding.
std::string base64url(BytesView bytes);

} // namespace cpg::identity
