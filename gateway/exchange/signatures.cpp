#include "gateway/exchange/signatures.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>
#include <map>

namespace cpg::exchange {

namespace {

struct Judged {
    SignatureLevel level{};
    std::string_view rule, variant; // no rule: nothing to say
};

bool is_of_office(const identity::Certificate& certificate, const SignerRules& rules) {
    const auto& named = certificate.san_offices;
    if (std::find(named.begin(), named.end(), rules.sender) != named.end()) return true;
    const auto known = rules.directory.identify(certificate, rules.now);
    return known && known->owns(rules.sender);
}

Judged judge(const audit::CmsCheck& check, const SignerRules& rules) {
    const bool readable = check.fault != audit::CmsFault::malformed;
    if (readable && check.fault != audit::CmsFault::mismatch && check.weak)
        return {{}, "R-SIG-01", "weak"};
    switch (check.fault) {
    case audit::CmsFault::malformed:
        return {{}, "R-SIG-01", "form"};
    case audit::CmsFault::mismatch:
        return {{}, "R-SIG-01", "mismatch"};
    case audit::CmsFault::no_signing_certificate:
        return {{}, "R-SIG-01", "attribute"};
    case audit::CmsFault::not_valid_then:
        return {{}, "R-SIG-02", ""};
    case audit::CmsFault::unknown_ca:
        return {{}, "R-SIG-03", "unknown_ca"};
    case audit::CmsFault::none:
        break;
    }
    if (check.accredited) return {SignatureLevel::accredited, {}, {}};
    const auto certificate = identity::parse_certificate_der(check.certificate);
    if (certificate && is_of_office(*certificate, rules)) return {SignatureLevel::office, {}, {}};
    return {SignatureLevel::connection, "R-SIG-03", "other_office"};
}

Finding finding_of(const Judged& judged, const std::string& file, const Catalog& catalog) {
    Finding finding;
    finding.rule = std::string(judged.rule);
    finding.severity = catalog.rule(judged.rule).severity;
    finding.variant = std::string(judged.variant);
    finding.where.file = file;
    return finding;
}

} // namespace

std::string_view name_of(SignatureLevel level) {
    switch (level) {
    case SignatureLevel::connection:
        return "L0";
    case SignatureLevel::office:
        return "L1";
    case SignatureLevel::accredited:
        return "L2";
    }
    return {};
}

std::vector<InputFile> take_signatures_of(const std::vector<ParcelFile>& files,
                                          std::vector<InputFile>& loose) {
    const auto is_ours = [&](const InputFile& signature) {
        return std::any_of(files.begin(), files.end(), [&](const ParcelFile& file) {
            return file.name == signed_name_of(signature.name);
        });
    };
    const auto ours = std::stable_partition(loose.begin(), loose.end(), std::not_fn(is_ours));
    std::vector<InputFile> taken(std::make_move_iterator(ours),
                                 std::make_move_iterator(loose.end()));
    loose.erase(ours, loose.end());
    return taken;
}

JudgedSignatures judge_signatures(const Parcel& parcel, const SignerRules& rules) {
    JudgedSignatures outcome;
    std::map<std::string_view, const ParcelFile*> files;
    for (const auto& file : parcel.files) files.emplace(file.name, &file);
    auto lowest = parcel.signatures.size() == parcel.files.size() ? SignatureLevel::accredited
                                                                  : SignatureLevel::connection;
    for (const auto& signature : parcel.signatures) {
        const ParcelFile& file = *files.at(signed_name_of(signature.name));
        const auto check = audit::check_cms(file.bytes, signature.bytes, rules.trust, rules.now);
        const Judged judged = judge(check, rules);
        lowest = std::min(lowest, judged.level);
        SignatureSummary summary{file.name, std::string(name_of(judged.level)), {}, {}};
        if (!check.certificate.empty()) summary.certificate = sha256(check.certificate);
        summary.signed_at = check.signed_at;
        outcome.signatures.push_back(std::move(summary));
        if (!judged.rule.empty())
            outcome.findings.push_back(finding_of(judged, signature.name, rules.catalog));
    }
    if (!parcel.signatures.empty()) outcome.level = lowest;
    return outcome;
}

std::optional<Digest> digest_of_signatures(const Parcel& parcel) {
    if (parcel.signatures.empty()) return std::nullopt;
    std::map<std::string_view, Digest> digests; // in the order of the signed files' names
    for (const auto& signature : parcel.signatures)
        digests.emplace(signed_name_of(signature.name), sha256(signature.bytes));
    std::vector<Digest> ordered;
    for (const auto& [name, digest] : digests) ordered.push_back(digest);
    return audit::digest_of_digests(ordered);
}

} // namespace cpg::exchange
