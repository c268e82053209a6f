// Offices and certificates as an immutable snapshot, swapped whole when the database changes. Any
// thread.
#pragma once

#include "gateway/identity/certificate.hpp"
#include "gateway/store/rows.hpp"

#include <memory>
#include <unordered_map>

namespace cpg::identity {

/// Who acts: a certificate and the enabled offices it may speak for.
struct Identity {
    Certificate certificate;
    std::vector<OfficeNo> offices; // at least one, sorted
    bool owns(const OfficeNo& office) const;
    const OfficeNo& first() const { return offices.front(); }
};

class Directory {
  public:
    Directory(std::vector<store::OfficeRow> offices,
              std::vector<store::CertificateRow> certificates, std::uint64_t version);
    const store::OfficeRow* find(const OfficeNo& office) const; // nullptr: unknown
    /// By a part of the number or the name, at most `limit`, in number order.
    std::vector<const store::OfficeRow*> search(std::string_view query, std::size_t limit) const;
    /// forbidden: not registered, disabled, names an unknown or disabled office, expired at `now`.
    /// Registered issuer + serial wins over SAN; SAN offices must exist and be enabled; CN is never
    /// looked at.
    Result<Identity> identify(const Certificate& certificate, Time now) const;
    std::size_t size() const;
    std::uint64_t version() const;

  private:
    std::vector<store::OfficeRow> offices_;                               // sorted by number
    std::unordered_map<std::string, store::CertificateRow> certificates_; // issuer + '\n' + serial
    std::uint64_t version_;
};
using DirectoryPtr = std::shared_ptr<const Directory>;

} // namespace cpg::identity
