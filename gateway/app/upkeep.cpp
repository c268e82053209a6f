#include "gateway/app/upkeep.hpp"

#include "gateway/ops/log.hpp"

#include <limits>
#include <sys/stat.h>

namespace cpg::app {

namespace {

using identity::CertificateClass;
using std::chrono::seconds;

constexpr seconds list_alarm = std::chrono::hours(24); // before nextUpdate: time to fetch a new one
constexpr std::chrono::hours list_alarm_quiet{1};

double not_a_number() {
    return std::numeric_limits<double>::quiet_NaN();
}

} // namespace

FileWatch::FileWatch(std::vector<std::filesystem::path> files) : files_(std::move(files)) {
    for (const auto& file : files_) seen_.push_back(look_at(file));
}

FileWatch::Seen FileWatch::look_at(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return {};
    return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
            static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_ino)};
}

bool FileWatch::changed() {
    bool any = false;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        const auto now = look_at(files_[i]);
        any = any || now != seen_[i];
        seen_[i] = now;
    }
    return any;
}

Upkeep::Upkeep(UpkeepServices services) : services_(std::move(services)), watch_(services_.files) {}

void Upkeep::look() {
    if (watch_.changed()) services_.reload();
    const Time now = services_.clock.now();
    note_own(now);
    warn(now);
    warn_of_lists(now);
}

void Upkeep::met_office(const OfficeNo& office, const Digest& fingerprint, Time not_after) {
    expiry_.met({CertificateClass::office, fingerprint, office.str(), not_after},
                services_.clock.now());
}

void Upkeep::note_own(Time now) {
    for (const auto& date : services_.dates()) {
        if (date.kind == http::TlsDate::Kind::revocation_list) continue;
        const auto kind = date.kind == http::TlsDate::Kind::server ? CertificateClass::server
                                                                   : CertificateClass::client_ca;
        expiry_.met({kind, date.fingerprint, date.name, Time(date.ends)}, now);
    }
}

void Upkeep::warn(Time now) {
    for (const auto& certificate : expiry_.due(now)) {
        const auto left = identity::days_left(certificate.not_after, now);
        log::warning("certificate.expiring",
                     {{"class", std::string(name_of(certificate.kind))},
                      {"of", certificate.label},
                      {"certificate", hex(certificate.fingerprint.view())},
                      {"days_left", left},
                      {"band", static_cast<std::int64_t>(*identity::warning_band(left))}});
    }
}

std::optional<seconds> Upkeep::least_list_time() const {
    std::optional<seconds> least;
    const Time now = services_.clock.now();
    for (const auto& date : services_.dates()) {
        if (date.kind != http::TlsDate::Kind::revocation_list) continue;
        const auto left = std::chrono::floor<seconds>(Time(date.ends) - now);
        least = std::min(least.value_or(left), left);
    }
    return least;
}

void Upkeep::warn_of_lists(Time now) {
    const auto left = least_list_time();
    if (!left || *left > list_alarm) return lists_told_.reset();
    if (lists_told_ && now - *lists_told_ < list_alarm_quiet) return;
    lists_told_ = now;
    log::error("crl.expiring", {{"seconds_left", static_cast<std::int64_t>(left->count())}});
}

void Upkeep::describe(Metrics& metrics) {
    for (const auto kind : identity::certificate_classes) {
        const std::string label = "class=\"" + std::string(name_of(kind)) + "\"";
        metrics.gauge(
            "cpgw_certificate_days_left", "days until the first certificate of a class runs out",
            [this, kind] {
                const auto least = expiry_.summary(kind, services_.clock.now()).least_days;
                return least ? static_cast<double>(*least) : not_a_number();
            },
            label);
    }
    for (const auto kind : identity::certificate_classes)
        for (const int band : identity::warning_bands) {
            const std::string labels = "class=\"" + std::string(name_of(kind)) + "\",band=\"" +
                                       std::to_string(band) + "\"";
            metrics.gauge(
                "cpgw_certificates_expiring", "certificates with at most 90, 30, 7 days left",
                [this, kind, band] {
                    return static_cast<double>(
                        expiry_.summary(kind, services_.clock.now()).in_band.at(band));
                },
                labels);
        }
    metrics.gauge("cpgw_crl_seconds_left", "until the first revocation list runs out", [this] {
        const auto left = least_list_time();
        return left ? static_cast<double>(left->count()) : not_a_number();
    });
}

} // namespace cpg::app
