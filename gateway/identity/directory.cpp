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

Error forbidden(std::string detail) {
    return {Errc::forbidden, std::move(detail)};
}

} // namespace

bool Identity::owns(const OfficeNo& office) const {
    return std::binary_search(offices.begin(), offices.end(), office);
}

Directory::Directory(std::vector<store::OfficeRow> offices,
                     std::vector<store::CertificateRow> certificates, std::uint64_t version)
    : offices_(std::move(offices)), version_(version) {
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

Result<Identity> Directory::identify(const Certificate& certificate, Time now) const {
    if (now < certificate.not_before) return forbidden("the certificate is not valid yet");
    if (now > certificate.not_after) return forbidden("the certificate has expired");

    Identity identity{certificate, {}};
    const auto row = certificates_.find(key_of(certificate.issuer, certificate.serial));
    if (row != certificates_.end()) {
        if (!row->second.enabled) return forbidden("the certificate is disabled");
        for (const auto& office : row->second.offices)
            if (const auto* known = find(office); known && known->enabled)
                identity.offices.push_back(office);
        if (identity.offices.empty())
            return forbidden("no office of the registered certificate is enabled");
    } else {
        if (certificate.san_offices.empty())
            return forbidden("the certificate is not registered and names no office");
        for (const auto& office : certificate.san_offices) {
            const auto* known = find(office);
            if (!known) return forbidden("the certificate names an office that is not registered");
            if (!known->enabled)
                return forbidden("the certificate names an office that is disabled");
            identity.offices.push_back(office);
        }
    }
    std::sort(identity.offices.begin(), identity.offices.end());
    identity.offices.erase(std::unique(identity.offices.begin(), identity.offices.end()),
                           identity.offices.end());
    return identity;
}

std::size_t Directory::size() const {
    return offices_.size();
}

std::uint64_t Directory::version() const {
    return version_;
}

} // namespace cpg::identity
