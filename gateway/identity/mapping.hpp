// Certificates issued elsewhere (介護保険証明書, 介護DX証明書): rules that say where such a
// certificate bears the 事業所番号. A rule is bound to one authority by its name and its public
// key; the common name is not among the places a rule can name. What the rule finds still has to be
// an enabled office of the directory (directory.hpp). The file is described in certs/README.md.
// Pure values, any thread.
#pragma once

#include "gateway/identity/certificate.hpp"
#include "spec/load/load.hpp"
#include "spec/model/pattern.hpp"

#include <memory>

namespace cpg::identity {

struct MappingRule {
    std::string name;   // for people
    std::string issuer; // RFC 2253, equal to the certificate's
    Digest issuer_key;  // SHA-256 of the authority's public key, as the connection verified it
    std::string place;  // of Certificate::attributes
    // Around the ten characters of the number; nullopt = nothing there.
    std::optional<Pattern> before, after;
};

struct Mapping {
    std::vector<MappingRule> rules;
};
using MappingPtr = std::shared_ptr<const Mapping>;

/// Strict: an unknown key, a place that is not known, a pattern without exactly one "{office}", two
/// rules of one name. configuration: the first problem, as "file:line: text".
Result<Mapping> parse_mapping(const SourceFile& source);

/// The office the rules find; nullopt when no rule does. forbidden: they find two.
Result<std::optional<OfficeNo>> mapped_office(const Mapping& mapping,
                                              const Certificate& certificate);

} // namespace cpg::identity
