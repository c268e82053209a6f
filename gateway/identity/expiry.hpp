// Who is told that a certificate runs out: the operator at 90, 30 and 7 days by log (once a day a
// certificate) and by metrics, the office by GET /v1/me. Knows the gateway's own certificates and
// those it has met lately. Any thread.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cpg::identity {

enum class CertificateClass { office, server, client_ca };
constexpr CertificateClass certificate_classes[] = {
    CertificateClass::office, CertificateClass::server, CertificateClass::client_ca};
std::string_view name_of(CertificateClass kind);

/// Whole days until then; negative when it is over.
std::int64_t days_left(Time not_after, Time now);
/// 90, 30 or 7: the shortest of these that is not shorter than the days left. nullopt: longer yet.
std::optional<int> warning_band(std::int64_t days_left);
constexpr int warning_bands[] = {90, 30, 7};

struct ExpiringCertificate {
    CertificateClass kind{};
    Digest fingerprint;
    std::string label; // office number, or the subject of the gateway's own; no person's name
    Time not_after{};
};

class ExpiryWatch {
  public:
    /// Notes a certificate that is in use. An office's is forgotten a week after it was last met
    /// or when it has ended: it may have been renewed. Keeps 20,000; beyond, no new ones.
    void met(const ExpiringCertificate& certificate, Time now);
    /// Those that are to be told of now: within a band, and not told of for a day.
    std::vector<ExpiringCertificate> due(Time now);

    struct Summary {
        std::optional<std::int64_t> least_days; // nullopt: none is known
        std::map<int, std::size_t> in_band;     // 90, 30, 7; each certificate in one
    };
    Summary summary(CertificateClass kind, Time now) const;

  private:
    struct Entry {
        ExpiringCertificate certificate;
        Time met{};
        std::optional<Time> told;
    };
    void forget_old(Time now);

    mutable std::mutex mutex_;
    std::map<Digest, Entry> entries_;
};

} // namespace cpg::identity
