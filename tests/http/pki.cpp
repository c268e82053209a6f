#include "tests/http/pki.hpp"

#include <cstdlib>
#include <fstream>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace cpg::test {

namespace {

void require(bool success, const char* what) {
    if (!success) throw std::runtime_error(std::string("test pki: ") + what);
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

template<class Write> std::string pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    require(write(memory.get()) == 1, "pem");
    return text_of(memory.get());
}

std::shared_ptr<EVP_PKEY> new_key() {
    std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    require(key != nullptr, "key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
    require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
    X509_EXTENSION_free(extension);
}

void set_common_name(X509_NAME* name, const std::string& text) {
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1,
                                       0) == 1,
            "name");
}

std::shared_ptr<X509> new_certificate(const std::string& name, long serial, EVP_PKEY* key,
                                      long seconds_left) {
    std::shared_ptr<X509> certificate(X509_new(), X509_free);
    require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "version");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds_left);
    set_common_name(X509_get_subject_name(certificate.get()), name);
    require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
    return certificate;
}

} // namespace

Authority::Authority(const std::string& name)
    : key_(new_key()), certificate_(new_certificate(name, 1, key_.get(), 86400)) {
    auto* own = certificate_.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(own, own, NID_subject_key_identifier, "hash");
    require(X509_sign(own, key_.get(), EVP_sha256()) > 0, "sign");
}

Authority::~Authority() = default;

std::string Authority::certificate() const {
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

Credential Authority::issue(const std::string& name, Purpose purpose, long seconds_left) {
    const auto key = new_key();
    Credential credential;
    credential.serial = next_serial_++;
    const auto made = new_certificate(name, credential.serial, key.get(), seconds_left);
    X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
    add_extension(made.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(made.get(), certificate_.get(), NID_ext_key_usage,
                  purpose == Purpose::server ? "serverAuth" : "clientAuth");
    if (purpose == Purpose::server)
        add_extension(made.get(), certificate_.get(), NID_subject_alt_name,
                      "IP:127.0.0.1,DNS:localhost");
    require(X509_sign(made.get(), key_.get(), EVP_sha256()) > 0, "sign");
    credential.certificate = pem([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); });
    credential.key = pem([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return credential;
}

std::string Authority::revocation_list(const std::vector<long>& revoked, long seconds_left) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> from(
        X509_gmtime_adj(nullptr, -3600), ASN1_TIME_free);
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> until(
        X509_gmtime_adj(nullptr, seconds_left), ASN1_TIME_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    X509_CRL_set1_lastUpdate(list.get(), from.get());
    X509_CRL_set1_nextUpdate(list.get(), until.get());
    for (const long serial : revoked) {
        auto* entry = X509_REVOKED_new();
        const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> number(ASN1_INTEGER_new(),
                                                                                 ASN1_INTEGER_free);
        ASN1_INTEGER_set(number.get(), serial);
        X509_REVOKED_set_serialNumber(entry, number.get());
        X509_REVOKED_set_revocationDate(entry, from.get());
        X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    require(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0, "sign list");
    return pem([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

TemporaryFolder::TemporaryFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "cpg-http-XXXXXX").string();
    require(::mkdtemp(pattern.data()) != nullptr, "temporary folder");
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::write(const std::string& name,
                                             const std::string& content) const {
    const auto file = path_ / name;
    std::filesystem::remove(file);
    std::ofstream(file, std::ios::binary) << content;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
    return file;
}

} // namespace cpg::test
