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

bool is_of_office(const identity::Certificate& certificate, const OfficeNo& sender,
                  const SignerRules& rules) {
    const auto& named = certificate.san_offices;
    if (std::find(named.begin(), named.end(), sender) != named.end()) return true;
    const auto known = rules.directory.identify(certificate, rules.now);
    return known && known->owns(sender);
}

Judged judge(const audit::CmsCheck& check, const OfficeNo& sender, const SignerRules& rules) {
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
        if (rules.trust == nullptr) return {};
        return {{}, "R-SIG-03", "unknown_ca"};
    case audit::CmsFault::none:
        break;
    }
    if (check.accredited) return {SignatureLevel::accredited, {}, {}};
    const auto certificate = identity::parse_certificate_der(check.certificate);
    if (certificate && is_of_office(*certificate, sender, rules))
        return {SignatureLevel::office, {}, {}};
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

const audit::SignerTrust& nobody() {
    static const auto none = audit::SignerTrust::make({}, {}).value();
    return *none;
}

/// The signatures of one bundle, one after another.
class Judgement {
  public:
    Judgement(const OfficeNo& sender, const SignerRules& rules) : sender_(sender), rules_(rules) {}

    void add(BytesView content, const InputFile& signature) {
        const auto& trust = rules_.trust ? *rules_.trust : nobody();
        const auto check = audit::check_cms(content, signature.bytes, trust, rules_.now);
        const Judged judged = judge(check, sender_, rules_);
        lowest_ = std::min(lowest_, judged.level);
        SignatureSummary summary{std::string(signed_name_of(signature.name)),
                                 std::string(name_of(judged.level)),
                                 {},
                                 check.signed_at};
        if (!check.certificate.empty()) summary.certificate = sha256(check.certificate);
        outcome_.signatures.push_back(std::move(summary));
        if (!judged.rule.empty())
            outcome_.findings.push_back(finding_of(judged, signature.name, rules_.catalog));
    }

    /// Of a bundle of so many files: one that is not signed makes it L0.
    JudgedSignatures over(std::size_t files) {
        if (!outcome_.signatures.empty() && outcome_.signatures.size() == files)
            outcome_.level = lowest_;
        return std::move(outcome_);
    }

  private:
    const OfficeNo& sender_;
    const SignerRules& rules_;
    SignatureLevel lowest_ = SignatureLevel::accredited;
    JudgedSignatures outcome_;
};

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

JudgedSignatures judge_signatures(const Parcel& parcel, const OfficeNo& sender,
                                  const SignerRules& rules) {
    std::map<std::string_view, const ParcelFile*> files;
    for (const auto& file : parcel.files) files.emplace(file.name, &file);
    Judgement judgement(sender, rules);
    for (const auto& signature : parcel.signatures)
        judgement.add(files.at(signed_name_of(signature.name))->bytes, signature);
    return judgement.over(parcel.files.size());
}

std::vector<JudgedSignatures> judge_signatures(const Heap& heap, const SignerRules& rules) {
    std::map<std::string_view, const InputFile*> signatures; // by the signed file's name
    for (const auto& signature : heap.signatures)
        signatures.emplace(signed_name_of(signature.name), &signature);
    std::vector<JudgedSignatures> judged;
    for (const auto& bundle : heap.bundles) {
        Judgement judgement(bundle.from.office, rules);
        for (const auto& file : bundle.files) {
            const auto found = signatures.find(file.input.name);
            if (found == signatures.end()) continue;
            if (file.input.large)
                judgement.add(file.input.piece(0, file.input.size()), *found->second);
            else
                judgement.add(file.input.bytes, *found->second);
        }
        judged.push_back(judgement.over(bundle.files.size()));
    }
    return judged;
}

void add_finding(BundleReport& report, Finding finding, std::size_t cap) {
    if (finding.severity == Severity::off) return;
    if (finding.severity == Severity::error) {
        ++report.errors;
        report.verdict = Verdict::rejected;
    } else {
        ++report.warnings;
    }
    if (report.findings.size() < cap)
        report.findings.push_back(std::move(finding));
    else
        ++report.findings_dropped;
}

void add_signatures(Report& report, std::vector<JudgedSignatures> judged,
                    std::size_t max_findings) {
    for (std::size_t i = 0; i < judged.size(); ++i) {
        BundleReport& bundle = report.bundles.at(i);
        bundle.signatures = std::move(judged[i].signatures);
        for (auto& finding : judged[i].findings)
            add_finding(bundle, std::move(finding), max_findings);
        if (bundle.verdict == Verdict::rejected) report.verdict = Verdict::rejected;
    }
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
