// What the listener may speak, as a value. Read and judged by gateway/app/tls_policy from
// certs/tls-policy.yaml; applied by tls.cpp. Names are those of OpenSSL, in order of preference.
//
// What no policy can switch on is not in here: session tickets, session cache, early data,
// renegotiation and compression are off always.
#pragma once

#include <string>
#include <vector>

namespace cpg::http {

struct TlsPolicy {
    bool tls12 = false; // TLS 1.3 always
    std::vector<std::string> suites13;
    std::vector<std::string> suites12; // of use with tls12 only
    std::vector<std::string> groups;
    std::vector<std::string> signature_algorithms;

    bool operator==(const TlsPolicy&) const = default;
};

} // namespace cpg::http
