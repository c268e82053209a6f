#include "gateway/identity/request.hpp"

#include "gateway/identity/openssl_handles.hpp"
#include "spec/base/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

namespace cpg::identity {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;

constexpr std::size_t max_request_bytes = 64 * 1024; // one of RSA 4096 has about 2 KiB
constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 4096;             // a larger one slows every handshake for nothing
constexpr unsigned long min_exponent = 65'537; // as the CA/Browser Forum asks for

Error refused(std::string_view why) {
    ERR_clear_error();
    return {Errc::malformed, "the request: " + std::string(why)};
}

std::string pem_of(X509_REQ* request) {
    const BioPtr bio = memory_bio();
    must(PEM_write_bio_X509_REQ(bio.get(), request) == 1, "PEM_write_bio_X509_REQ");
    return text_in(bio.get());
}

bool is_named_p256(const EVP_PKEY* key) {
    char group[32] = {};
    std::size_t size = 0;
    int spelled_out = 0; // a curve given by its numbers
    EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &spelled_out);
    return EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           std::string_view(group, size) == SN_X9_62_prime256v1 && spelled_out == 0;
}

bool is_usual_rsa(const EVP_PKEY* key) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < min_rsa_bits || bits > max_rsa_bits) return false;
    BIGNUM* read = nullptr;
    const bool found = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &read) == 1;
    const NumberPtr exponent(read);
    return found && BN_is_odd(exponent.get()) == 1 && BN_num_bits(exponent.get()) <= 64 &&
           BN_get_word(exponent.get()) >= min_exponent;
}

bool is_taken(EVP_PKEY* key) {
    const int kind = EVP_PKEY_get_base_id(key);
    const bool fits =
        (kind == EVP_PKEY_EC && is_named_p256(key)) || (kind == EVP_PKEY_RSA && is_usual_rsa(key));
    if (!fits) return false;
    const std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>> context(
        EVP_PKEY_CTX_new(key, nullptr));
    return context && EVP_PKEY_public_check(context.get()) == 1; // on the curve, no nonsense
}

bool has_good_hash(const X509_REQ* request) {
    int hash = NID_undef;
    OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &hash, nullptr);
    return hash == NID_sha256 || hash == NID_sha384 || hash == NID_sha512;
}

Digest digest_of_key(const EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    must(size > 0, "i2d_PUBKEY");
    const Digest digest =
        sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return digest;
}

} // namespace

std::string make_key() {
    const KeyPtr key(EVP_EC_gen("P-256"));
    must(key != nullptr, "EVP_EC_gen");
    const BioPtr bio = memory_bio();
    must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                       nullptr) == 1,
         "PEM_write_bio_PKCS8PrivateKey");
    return text_in(bio.get());
}

Result<std::string> make_request(std::string_view common_name, const std::string& where) {
    const auto key = load_private_key(where);
    if (!key) return key.error();
    const RequestPtr request(X509_REQ_new());
    must(request != nullptr, "X509_REQ_new");
    must(X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1, "X509_REQ_set_version");
    must(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1,
         "common name (1-64 characters)");
    const bool made = X509_REQ_set_pubkey(request.get(), key->get()) == 1 &&
                      X509_REQ_sign(request.get(), key->get(), EVP_sha256()) > 0;
    if (!made)
        return Error{Errc::configuration, where + ": cannot sign a request: " + openssl_error()};
    return pem_of(request.get());
}

Result<CertificateRequest> CertificateRequest::parse(std::string_view pem) {
    if (pem.size() > max_request_bytes) return refused("is over 64 KiB");
    const BioPtr bio = bio_over(pem);
    const RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
    if (!request) return refused("is no PKCS#10 in PEM form");
    KeyPtr key(X509_REQ_get_pubkey(request.get()));
    if (!key || !is_taken(key.get()))
        return refused("its key is neither EC P-256 nor RSA of 2,048 to 4,096 bits");
    if (!has_good_hash(request.get())) return refused("is not signed with SHA-256 or better");
    if (X509_REQ_verify(request.get(), key.get()) != 1)
        return refused("is not signed by the key that it holds");
    const Digest digest = digest_of_key(key.get());
    return CertificateRequest{{key.release(), Freed<EVP_PKEY_free>()}, digest};
}

} // namespace cpg::identity
