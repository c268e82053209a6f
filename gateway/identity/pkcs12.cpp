#include "gateway/identity/pkcs12.hpp"

#include "gateway/identity/openssl_handles.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

namespace cpg::identity {

namespace {

using Pkcs12Ptr = std::unique_ptr<PKCS12, Freed<PKCS12_free>>;
struct FreedChain {
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
using ChainPtr = std::unique_ptr<STACK_OF(X509), FreedChain>;

constexpr int rounds = 100'000; // of the key derivation: a tenth of a second a guess

struct Algorithms {
    int key, certificate;
    const EVP_MD* mac;
};

Algorithms algorithms_of(Pkcs12Kind kind) {
    if (kind == Pkcs12Kind::modern) return {NID_aes_256_cbc, NID_aes_256_cbc, EVP_sha256()};
    return {NID_pbe_WithSHA1And3_Key_TripleDES_CBC, NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
            EVP_sha1()};
}

Error malformed(std::string detail) {
    return {Errc::malformed, "PKCS#12: " + std::move(detail)};
}

X509Ptr certificate_in(const std::string& pem) {
    const BioPtr bio = bio_over(pem);
    return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Result<void> check_password(const std::string& password) {
    if (password.size() < min_pkcs12_password || password.size() > max_pkcs12_password)
        return malformed("a password of 8 to 256 bytes is needed");
    for (const char c : password)
        if (static_cast<unsigned char>(c) < 0x20)
            return malformed("a password is one line of text");
    return {};
}

Bytes encoded(PKCS12* file) {
    unsigned char* der = nullptr;
    const int length = i2d_PKCS12(file, &der);
    must(length > 0, "i2d_PKCS12");
    Bytes bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    return bytes;
}

} // namespace

Result<Bytes> to_pkcs12(const Credential& credential, const std::string& authority_pem,
                        const std::string& password, Pkcs12Kind kind) {
    if (const auto good = check_password(password); !good) return good.error();
    const X509Ptr certificate = certificate_in(credential.certificate_pem);
    X509Ptr authority = certificate_in(authority_pem);
    const BioPtr key_bio = bio_over(credential.key_pem);
    const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    if (!certificate || !authority || !key) return malformed(openssl_error());
    if (X509_check_private_key(certificate.get(), key.get()) != 1)
        return malformed("the key does not belong to the certificate");
    const ChainPtr chain(sk_X509_new_null());
    must(chain && sk_X509_push(chain.get(), authority.get()) > 0, "sk_X509_push");
    static_cast<void>(authority.release()); // the chain owns it now

    const auto [key_cipher, certificate_cipher, mac] = algorithms_of(kind);
    // No MAC at first: PKCS12_create would choose its digest by itself.
    const Pkcs12Ptr file(PKCS12_create(password.c_str(), "careplan-gateway", key.get(),
                                       certificate.get(), chain.get(), key_cipher,
                                       certificate_cipher, rounds, -1, 0));
    must(file != nullptr, "PKCS12_create");
    must(PKCS12_set_mac(file.get(), password.c_str(), -1, nullptr, 0, rounds, mac) == 1,
         "PKCS12_set_mac");
    return encoded(file.get());
}

} // namespace cpg::identity
