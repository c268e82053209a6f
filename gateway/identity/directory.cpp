#include "gateway/identity/directory.hpp"

#include <algorithm>

namespace cpg::identity {
namespace {

std::string key_of(std::string_view issuer, std::string_view serial) {
    std::string key;
    key.reserve(issuer.size() + serial.size() + 1);
    return key.append(issuer).append("\n").append(serial);
}

bool by_number(const store::OfficeRow& left, const store::OfficeRow& right) {
    return left.office < right.office;
}

/// Each once.
std::vector<OfficeNo> sorted(std::vector<OfficeNo> offices) {
    std::sort(offices.begin(), offices.end());
    offices.erase(std::unique(offices.begin(), offices.end()), offices.end());
    return offices;
}

Error forbidden(std::string detail) {
    return {Errc::forbidden, std::move(detail)};
}

} // namespace

std::string key_serial(const Digest& key) {
    std::string text = hex(key.view());
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text;
}

bool Identity::owns(const OfficeNo& office) const {
    return std::binary_search(offices.begin(), offices.end(), office);
}

Directory::Directory(std::vector<store::OfficeRow> offices,
                     std::vector<store::CertificateRow> certificates, std::uint64_t version,
                     MappingPtr mapping)
    : offices_(std::move(offices)), version_(version), mapping_(std::move(mapping)) {
    std::stable_sort(offices_.begin(), offices_.end(), by_number);
    certificates_.reserve(certificates.size());
    for (auto& row : certificates) {
        auto key = key_of(row.issuer, row.serial);
        certificates_.insert_or_assign(std::move(key), std::move(row));
    }
}

const store::OfficeRow* Directory::find(const OfficeNo& office) const {
    const auto at = std::lower_bound(
        offices_.begin(), offices_.end(), office,
        [](const store::OfficeRow& row, const OfficeNo& no) { return row.office < no; });
    return at != offices_.end() && at->office == office ? &*at : nullptr;
}

std::vector<const store::OfficeRow*> Directory::search(std::string_view query,
                                                       std::size_t limit) const {
    std::vector<const store::OfficeRow*> found;
    for (const auto& row : offices_) {
        if (found.size() >= limit) break;
        if (row.office.view().find(query) != std::string_view::npos ||
            row.name.find(query) != std::string::npos)
            found.push_back(&row);
    }
    return found;
}

const store::CertificateRow* Directory::row_of(std::string_view issuer,
                                               std::string_view serial) const {
    const auto found = certificates_.find(key_of(issuer, serial));
    return found == certificates_.end() ? nullptr : &found->second;
}

Result<std::optional<std::vector<OfficeNo>>>
Directory::registered(const Certificate& certificate) const {
    const auto* by_serial = row_of(certificate.issuer, certificate.serial);
    const auto* by_key = row_of(key_issuer, key_serial(certificate.key));
    if (!by_serial && !by_key) return std::optional<std::vector<OfficeNo>>();
    for (const auto* row : {by_serial, by_key})
        if (row && !row->enabled) return forbidden("the certificate is disabled");
    if (by_serial && by_key && sorted(by_serial->offices) != sorted(by_key->offices))
        return forbidden("the certificate is registered twice, for different offices");
    std::vector<OfficeNo> enabled;
    for (const auto& office : (by_serial ? by_serial : by_key)->offices)
        if (const auto* known = find(office); known && known->enabled) enabled.push_back(office);
    if (enabled.empty()) return forbidden("no office of the registered certificate is enabled");
    return std::optional(std::move(enabled));
}

bool Directory::is_machine(const Certificate& certificate) const {
    const auto* by_serial = row_of(certificate.issuer, certificate.serial);
    const auto* by_key = row_of(key_issuer, key_serial(certificate.key));
    return (by_serial || by_key) && (!by_serial || by_serial->machine) &&
           (!by_key || by_key->machine);
}

Result<std::vector<OfficeNo>> Directory::named(const Certificate& certificate) const {
    std::vector<OfficeNo> offices = certificate.san_offices;
    const auto mapped =
        mapping_ ? mapped_office(*mapping_, certificate) : std::optional<OfficeNo>();
    if (!mapped) return mapped.error();
    if (*mapped) {
        const auto differs = [&](const OfficeNo& office) { return office != **mapped; };
        if (std::any_of(offices.begin(), offices.end(), differs))
            return forbidden("the certificate's URI and the mapping name different offices");
        offices = {**mapped};
    }
    if (offices.empty()) return forbidden("the certificate is not registered and names no office");
    for (const auto& office : offices) {
        const auto* known = find(office);
        if (!known) return forbidden("the certificate names an office that is not registered");
        if (!known->enabled) return forbidden("the certificate names an office that is disabled");
    }
    return offices;
}

Result<Identity> Directory::identify(const Certificate& certificate, Time now) const {
    if (now < certificate.not_before) return forbidden("the certificate is not valid yet");
    if (now > certificate.not_after) return forbidden("the certificate has expired");
    Identity identity;
    identity.certificate = certificate;
    auto listed = registered(certificate);
    if (!listed) return listed.error();
    if (*listed) {
        identity.offices = sorted(std::move(**listed));
        identity.machine = is_machine(certificate);
        return identity;
    }
    auto offices = named(certificate);
    if (!offices) return offices.error();
    identity.offices = sorted(std::move(*offices));
    return identity;
}

std::size_t Directory::size() const {
    return offices_.size();
}

std::uint64_t Directory::version() const {
    return version_;
}

} // namespace cpg::identity
