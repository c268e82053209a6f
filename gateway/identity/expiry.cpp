#include "gateway/identity/expiry.hpp"

#include <algorithm>

namespace cpg::identity {

namespace {

constexpr std::size_t max_entries = 20'000; // offices of a large prefecture, twice
constexpr std::chrono::days remembered{7};
constexpr std::chrono::days quiet{1};

} // namespace

std::string_view name_of(CertificateClass kind) {
    switch (kind) {
    case CertificateClass::office:
        return "office";
    case CertificateClass::server:
        return "server";
    case CertificateClass::client_ca:
        return "client_ca";
    }
    return "";
}

std::int64_t days_left(Time not_after, Time now) {
    return std::chrono::floor<std::chrono::days>(not_after - now).count();
}

std::optional<int> warning_band(std::int64_t days_left) {
    std::optional<int> band;
    for (const int days : warning_bands)
        if (days_left <= days) band = days;
    return band;
}

void ExpiryWatch::met(const ExpiringCertificate& certificate, Time now) {
    const std::lock_guard guard(mutex_);
    const auto known = entries_.find(certificate.fingerprint);
    if (known != entries_.end()) {
        known->second.met = now;
        return;
    }
    if (entries_.size() >= max_entries) forget_old(now);
    if (entries_.size() < max_entries)
        entries_.emplace(certificate.fingerprint, Entry{certificate, now, std::nullopt});
}

void ExpiryWatch::forget_old(Time now) {
    std::erase_if(entries_, [now](const auto& item) {
        const Entry& entry = item.second;
        return now - entry.met > remembered ||
               (entry.certificate.kind == CertificateClass::office &&
                entry.certificate.not_after < now);
    });
}

std::vector<ExpiringCertificate> ExpiryWatch::due(Time now) {
    const std::lock_guard guard(mutex_);
    forget_old(now);
    std::vector<ExpiringCertificate> found;
    for (auto& [fingerprint, entry] : entries_) {
        if (!warning_band(days_left(entry.certificate.not_after, now))) continue;
        if (entry.told && now - *entry.told < quiet) continue;
        entry.told = now;
        found.push_back(entry.certificate);
    }
    return found;
}

ExpiryWatch::Summary ExpiryWatch::summary(CertificateClass kind, Time now) const {
    Summary summary;
    for (const int band : warning_bands) summary.in_band[band] = 0;
    const std::lock_guard guard(mutex_);
    for (const auto& [fingerprint, entry] : entries_) {
        if (entry.certificate.kind != kind) continue;
        const auto left = days_left(entry.certificate.not_after, now);
        summary.least_days = std::min(summary.least_days.value_or(left), left);
        if (const auto band = warning_band(left)) ++summary.in_band[*band];
    }
    return summary;
}

} // namespace cpg::identity
