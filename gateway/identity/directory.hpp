// Offices and certificates as an immutable snapshot, swapped whole when the database changes. Any
// thread.
#pragma once

#include "gateway/identity/mapping.hpp"
#include "gateway/store/people.hpp"
#include "gateway/store/rows.hpp"

#include <memory>
#include <unordered_map>

namespace cpg::identity {

/// A person signed in over the certificate.
struct ActingPerson {
    store::PersonId id;
    store::Role role = store::Role::viewer;
};
/// A machine's token given beside the certificate.
struct ActingToken {
    store::TokenId id;
    std::set<store::Scope> scopes;
};

/// Who acts: a certificate and the enabled offices it may speak for; a person or a token narrows
/// them to one.
struct Identity {
    Certificate certificate;
    std::vector<OfficeNo> offices; // at least one, sorted
    bool machine = false;          // registered as a program's: no person has to sign in
    std::optional<ActingPerson> person;
    std::optional<ActingToken> token;
    bool owns(const OfficeNo& office) const;
    const OfficeNo& first() const { return offices.front(); }
};

/// What stands as issuer and serial in the row of a certificate that is registered by its key: it
/// stays known when it is renewed with that key. No RFC 2253 name looks like this.
constexpr std::string_view key_issuer = "key:sha256";
std::string key_serial(const Digest& key); // upper-case hex

class Directory {
  public:
    /// `mapping` may be null: no rules for certificates issued elsewhere.
    Directory(std::vector<store::OfficeRow> offices,
              std::vector<store::CertificateRow> certificates, std::uint64_t version,
              MappingPtr mapping = nullptr);
    const store::OfficeRow* find(const OfficeNo& office) const; // nullptr: unknown
    /// By a part of the number or the name, at most `limit`, in number order.
    std::vector<const store::OfficeRow*> search(std::string_view query, std::size_t limit) const;
    /// forbidden: not registered, disabled, names an unknown or disabled office, expired at `now`;
    /// two registrations, or SAN and mapping, that name different offices. A registration (issuer +
    /// serial, or key) wins over SAN and mapping; what these name must exist and be enabled; CN is
    /// never looked at.
    Result<Identity> identify(const Certificate& certificate, Time now) const;
    std::size_t size() const;
    std::uint64_t version() const;

  private:
    const store::CertificateRow* row_of(std::string_view issuer, std::string_view serial) const;
    /// nullopt: not registered.
    Result<std::optional<std::vector<OfficeNo>>> registered(const Certificate& certificate) const;
    /// Every registration of it says so.
    bool is_machine(const Certificate& certificate) const;
    /// Of SAN and mapping.
    Result<std::vector<OfficeNo>> named(const Certificate& certificate) const;

    std::vector<store::OfficeRow> offices_;                               // sorted by number
    std::unordered_map<std::string, store::CertificateRow> certificates_; // issuer + '\n' + serial
    std::uint64_t version_;
    MappingPtr mapping_;
};
using DirectoryPtr = std::shared_ptr<const Directory>;

} // namespace cpg::identity
