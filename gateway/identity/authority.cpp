#include "gateway/identity/authority.hpp"

#include "gateway/identity/openssl_handles.hpp"
#include "spec/base/private_key.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>

namespace cpg::identity {
namespace {

KeyPtr new_key() {
    KeyPtr key(EVP_EC_gen("P-256"));
    must(key != nullptr, "EVP_EC_gen");
    return key;
}

std::string pem_of(const X509* certificate) {
    const BioPtr bio = memory_bio();
    must(PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM_write_bio_X509");
    return text_in(bio.get());
}

std::string pem_of(const EVP_PKEY* key) {
    const BioPtr bio = memory_bio();
    must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "PEM_write_bio_PKCS8PrivateKey");
    return text_in(bio.get());
}

AsnTimePtr asn_time(Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    AsnTimePtr result(ASN1_TIME_set(nullptr, static_cast<time_t>(seconds)));
    must(result != nullptr, "ASN1_TIME_set");
    return result;
}

Time end_of(const Validity& validity) {
    return validity.from + std::chrono::days(validity.days) - std::chrono::seconds(1);
}

/// 127 random bits, never zero: positive and unlike any other of this authority.
NumberPtr random_serial() {
    Bytes bytes = random_bytes(16);
    bytes[0] = static_cast<char>((bytes[0] & 0x3f) | 0x40);
    NumberPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), 16, nullptr));
    must(number != nullptr, "BN_bin2bn");
    return number;
}

void add_extension(X509* certificate, X509V3_CTX& context, int nid, const std::string& value) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    must(extension != nullptr, "extension " + value);
    must(X509_add_ext(certificate, extension.get(), -1) == 1, "X509_add_ext");
}

struct Profile {
    std::string basic_constraints, key_usage;
    std::string extended_key_usage; // empty = none
    NamesPtr alternative_names;     // empty = none
};

struct Issuer {
    const X509* certificate = nullptr; // null: signs itself
    EVP_PKEY* key = nullptr;
};

void set_validity(X509* certificate, const Validity& validity) {
    must(X509_set1_notBefore(certificate, asn_time(validity.from).get()) == 1, "notBefore");
    must(X509_set1_notAfter(certificate, asn_time(end_of(validity)).get()) == 1, "notAfter");
}

void set_common_name(X509* certificate, std::string_view common_name) {
    X509_NAME* subject = X509_get_subject_name(certificate);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1,
         "common name (1-64 characters)");
}

X509Ptr make_certificate(std::string_view common_name, EVP_PKEY* key, const Issuer& issuer,
                         const Profile& profile, const Validity& validity) {
    X509Ptr certificate(X509_new());
    must(certificate != nullptr, "X509_new");
    X509* const raw = certificate.get();
    must(X509_set_version(raw, X509_VERSION_3) == 1, "X509_set_version");
    must(BN_to_ASN1_INTEGER(random_serial().get(), X509_get_serialNumber(raw)) != nullptr,
         "serial number");
    set_common_name(raw, common_name);
    set_validity(raw, validity);
    must(X509_set_pubkey(raw, key) == 1, "X509_set_pubkey");
    const X509* const parent = issuer.certificate ? issuer.certificate : raw;
    must(X509_set_issuer_name(raw, X509_get_subject_name(parent)) == 1, "X509_set_issuer_name");

    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, const_cast<X509*>(parent), raw, nullptr, nullptr, 0);
    add_extension(raw, context, NID_basic_constraints, profile.basic_constraints);
    add_extension(raw, context, NID_key_usage, profile.key_usage);
    if (!profile.extended_key_usage.empty())
        add_extension(raw, context, NID_ext_key_usage, profile.extended_key_usage);
    add_extension(raw, context, NID_subject_key_identifier, "hash");
    add_extension(raw, context, NID_authority_key_identifier, "keyid:always");
    if (profile.alternative_names)
        must(X509_add1_ext_i2d(raw, NID_subject_alt_name, profile.alternative_names.get(), 0, 0) ==
                 1,
             "subject alternative names");
    must(X509_sign(raw, issuer.key, EVP_sha256()) > 0, "X509_sign");
    return certificate;
}

NamesPtr new_names() {
    NamesPtr names(sk_GENERAL_NAME_new_null());
    must(names != nullptr, "GENERAL_NAMES");
    return names;
}

/// Takes over `value`, an ASN1_STRING of the type.
void add_name(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    must(name != nullptr, "GENERAL_NAME_new");
    GENERAL_NAME_set0_value(name, type, value);
    must(sk_GENERAL_NAME_push(names, name) > 0, "GENERAL_NAMES");
}

ASN1_STRING* ia5(std::string_view text) {
    ASN1_STRING* const value = ASN1_IA5STRING_new();
    must(value && ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1,
         "ASN1_STRING_set");
    return value;
}

NamesPtr office_names(const std::vector<OfficeNo>& offices) {
    NamesPtr names = new_names();
    for (const auto& office : offices)
        add_name(names.get(), GEN_URI, ia5(std::string(office_uri_prefix) + office.str()));
    return names;
}

bool is_dns_name(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.front() == '.' || name.front() == '-')
        return false;
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-.*") == std::string_view::npos;
}

Result<NamesPtr> server_names(const std::vector<std::string>& texts) {
    NamesPtr names = new_names();
    for (const auto& text : texts) {
        if (ASN1_OCTET_STRING* const address = a2i_IPADDRESS(text.c_str())) {
            add_name(names.get(), GEN_IPADD, address);
        } else if (is_dns_name(text)) {
            ERR_clear_error();
            add_name(names.get(), GEN_DNS, ia5(text));
        } else {
            ERR_clear_error();
            return Error{Errc::malformed, "neither a DNS name nor an IP address: " + text};
        }
    }
    return names;
}

Profile office_profile(const std::vector<OfficeNo>& offices) {
    return {"critical,CA:FALSE", "critical,digitalSignature", "clientAuth", office_names(offices)};
}

Result<Profile> server_profile(const std::vector<std::string>& names) {
    auto alternative = server_names(names);
    if (!alternative) return alternative.error();
    return Profile{"critical,CA:FALSE", "critical,digitalSignature", "serverAuth",
                   std::move(*alternative)};
}

std::string common_name_of(const std::vector<std::string>& names) {
    return names.empty() ? "cpgw" : names.front().substr(0, 64);
}

Result<void> add_revoked(X509_CRL* list, const Authority::Revoked& revoked) {
    BIGNUM* parsed = nullptr;
    const int digits = BN_hex2bn(&parsed, revoked.serial.c_str());
    const NumberPtr number(parsed);
    if (digits == 0 || static_cast<std::size_t>(digits) != revoked.serial.size())
        return Error{Errc::malformed, "not a serial number: " + revoked.serial};
    RevokedPtr entry(X509_REVOKED_new());
    const IntegerPtr serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
    must(entry && serial, "X509_REVOKED_new");
    must(X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1, "revoked serial");
    must(X509_REVOKED_set_revocationDate(entry.get(), asn_time(revoked.time).get()) == 1,
         "revocation date");
    must(X509_CRL_add0_revoked(list, entry.get()) == 1, "X509_CRL_add0_revoked");
    static_cast<void>(entry.release()); // the list owns it now
    return {};
}

} // namespace

struct Authority::Impl {
    X509Ptr certificate;
    PrivateKey key;

    std::string issue_for(EVP_PKEY* leaf_key, std::string_view common_name, const Profile& profile,
                          const Validity& validity) const {
        return pem_of(make_certificate(common_name, leaf_key, {certificate.get(), key.get()},
                                       profile, validity)
                          .get());
    }
    Credential issue(std::string_view common_name, const Profile& profile,
                     const Validity& validity) const {
        const KeyPtr leaf_key = new_key();
        return {issue_for(leaf_key.get(), common_name, profile, validity), pem_of(leaf_key.get())};
    }
    /// An authority's key that is an office's too would let a signature mean two things.
    Result<std::string> issue_requested(const CertificateRequest& request,
                                        std::string_view common_name, const Profile& profile,
                                        const Validity& validity) const {
        if (EVP_PKEY_eq(X509_get0_pubkey(certificate.get()), request.key.get()) == 1)
            return Error{Errc::malformed, "the request: its key is the authority's own"};
        return issue_for(request.key.get(), common_name, profile, validity);
    }
};

namespace {

std::string root_pem(std::string_view common_name, EVP_PKEY* key, const Validity& validity) {
    const Profile profile{"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", {}, {}};
    return pem_of(make_certificate(common_name, key, {nullptr, key}, profile, validity).get());
}

/// A file of a token's URI may end in a line feed.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

Result<PrivateKey> authority_key(const std::string& text) {
    if (names_token(text)) return load_private_key(first_line(text));
    const BioPtr pem = bio_over(text);
    PrivateKey key(PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr));
    if (!key) return Error{Errc::malformed, "the authority's PEM files: " + openssl_error()};
    return key;
}

} // namespace

Credential make_authority(std::string_view common_name, const Validity& validity) {
    const KeyPtr key = new_key();
    return {root_pem(common_name, key.get(), validity), pem_of(key.get())};
}

Result<Credential> make_authority_in_token(std::string_view common_name, const std::string& uri,
                                           const Validity& validity) {
    const auto key = load_private_key(uri);
    if (!key) return key.error();
    return Credential{root_pem(common_name, key->get(), validity), uri + "\n"};
}

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;
Authority::~Authority() = default;

Result<Authority> Authority::open(const Credential& credential) {
    auto impl = std::make_unique<Impl>();
    const BioPtr certificate = bio_over(credential.certificate_pem);
    impl->certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
    auto key = authority_key(credential.key_pem);
    if (!key) return key.error();
    impl->key = std::move(*key);
    if (!impl->certificate)
        return Error{Errc::malformed, "the authority's PEM files: " + openssl_error()};
    if (X509_check_ca(impl->certificate.get()) != 1)
        return Error{Errc::malformed, "the certificate is not an authority's"};
    if (X509_check_private_key(impl->certificate.get(), impl->key.get()) != 1) {
        ERR_clear_error();
        return Error{Errc::malformed, "the key does not belong to the authority's certificate"};
    }
    return Authority(std::move(impl));
}

Credential Authority::issue_office(const std::vector<OfficeNo>& offices,
                                   const Validity& validity) const {
    return impl_->issue(offices.front().view(), office_profile(offices), validity);
}

Result<std::string> Authority::issue_office(const CertificateRequest& request,
                                            const std::vector<OfficeNo>& offices,
                                            const Validity& validity) const {
    return impl_->issue_requested(request, offices.front().view(), office_profile(offices),
                                  validity);
}

Result<Credential> Authority::issue_server(const std::vector<std::string>& names,
                                           const Validity& validity) const {
    const auto profile = server_profile(names);
    if (!profile) return profile.error();
    return impl_->issue(common_name_of(names), *profile, validity);
}

Result<std::string> Authority::issue_server(const CertificateRequest& request,
                                            const std::vector<std::string>& names,
                                            const Validity& validity) const {
    const auto profile = server_profile(names);
    if (!profile) return profile.error();
    return impl_->issue_requested(request, common_name_of(names), *profile, validity);
}

Result<std::string> Authority::revocation_list(const std::vector<Revoked>& revoked,
                                               std::uint64_t number,
                                               const Validity& validity) const {
    const CrlPtr list(X509_CRL_new());
    must(list != nullptr, "X509_CRL_new");
    must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1, "X509_CRL_set_version");
    must(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(impl_->certificate.get())) == 1,
         "X509_CRL_set_issuer_name");
    must(X509_CRL_set1_lastUpdate(list.get(), asn_time(validity.from).get()) == 1, "lastUpdate");
    must(X509_CRL_set1_nextUpdate(list.get(), asn_time(end_of(validity)).get()) == 1, "nextUpdate");
    for (const auto& entry : revoked)
        if (const auto added = add_revoked(list.get(), entry); !added) return added.error();
    must(X509_CRL_sort(list.get()) == 1, "X509_CRL_sort");

    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, impl_->certificate.get(), nullptr, nullptr, list.get(), 0);
    const ExtensionPtr key_id(
        X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
    must(key_id && X509_CRL_add_ext(list.get(), key_id.get(), -1) == 1, "authority key id");
    const IntegerPtr count(ASN1_INTEGER_new());
    must(count && ASN1_INTEGER_set_uint64(count.get(), number) == 1, "list number");
    must(X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, count.get(), 0, 0) == 1, "list number");
    must(X509_CRL_sign(list.get(), impl_->key.get(), EVP_sha256()) > 0, "X509_CRL_sign");

    const BioPtr bio = memory_bio();
    must(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "PEM_write_bio_X509_CRL");
    return text_in(bio.get());
}

} // namespace cpg::identity
