// Loads a private key for TLS or for signing certificates: from a PEM file that its owner alone may
// read, or out of a PKCS#11 token by its URI (RFC 7512), where the key itself never leaves the
// token. The only place that knows OpenSSL's ENGINE interface: Debian 12 has no PKCS#11 provider.
//
// The URI's query may hold `module-path=/…/libsofthsm2.so` (default: what p11-kit is set up with)
// and `pin-source=file:/…`, a file of mode 0400 or 0600. `pin-value` is refused: a PIN does not
// belong in settings, arguments or logs. One process uses one module.
#pragma once

#include "spec/base/result.hpp"

#include <memory>

struct evp_pkey_st;

namespace cpg {

struct FreedPrivateKey {
    void operator()(evp_pkey_st* key) const;
};
using PrivateKey = std::unique_ptr<evp_pkey_st, FreedPrivateKey>; // OpenSSL's EVP_PKEY

/// Whether `where` is a URI of a token and not the name of a file.
bool names_token(std::string_view where);

/// Where a key is, split from what opens it.
struct TokenUri {
    std::string object;      // the URI without its query
    std::string module_path; // empty = p11-kit's
    std::string pin_file;    // empty = the token asks for none
};
/// configuration: no pkcs11: URI, over 1,024 bytes, pin-value, a pin-source that is no absolute
/// file, an attribute given twice or unknown in the query, broken percent-encoding.
Result<TokenUri> parse_token_uri(std::string_view uri);

/// configuration, in words with the file or token named: not there, readable by group or others, no
/// key in it, a key with a pass phrase. Any thread, one at a time for tokens.
Result<PrivateKey> load_private_key(const std::string& where);

} // namespace cpg
