#include "spec/base/digest.hpp"

#include <cerrno>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdexcept>
#include <sys/random.h>
#include <system_error>

namespace cpg {
namespace {

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

/// Fetched once: an implicit fetch costs more than hashing a small file.
const EVP_MD* sha256_method() {
    static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    require(method != nullptr, "no SHA-256");
    return method;
}

const unsigned char* data_of(BytesView bytes) {
    static constexpr unsigned char nothing = 0;
    return bytes.empty() ? &nothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

OSSL_PARAM octets(const char* name, BytesView bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<unsigned char*>(data_of(bytes)),
                                             bytes.size());
}

struct FreeKdf {
    void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

} // namespace

Digest sha256(BytesView data) {
    Digest digest;
    require(EVP_Digest(data_of(data), data.size(), digest.bytes.data(), nullptr, sha256_method(),
                       nullptr) == 1,
            "digest");
    return digest;
}

Digest hmac_sha256(BytesView key, BytesView data) {
    Digest digest;
    require(HMAC(sha256_method(), data_of(key), static_cast<int>(key.size()), data_of(data),
                 data.size(), digest.bytes.data(), nullptr) != nullptr,
            "HMAC");
    return digest;
}

Bytes hkdf_sha256(BytesView key, BytesView salt, BytesView info, std::size_t length) {
    if (length > 255 * 32) throw std::invalid_argument("hkdf_sha256: more than 255 blocks");
    if (length == 0) return {};
    const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    require(kdf != nullptr, "no HKDF");
    const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
    require(context != nullptr, "HKDF context");
    char method[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, method, 0),
        octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    Bytes out(length, '\0');
    require(EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), length,
                           parameters) == 1,
            "HKDF");
    return out;
}

Bytes random_bytes(std::size_t count) {
    Bytes out(count, '\0');
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = getrandom(out.data() + done, count - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
        done += static_cast<std::size_t>(got);
    }
    return out;
}

bool equal_constant_time(BytesView left, BytesView right) {
    return left.size() == right.size() &&
           CRYPTO_memcmp(data_of(left), data_of(right), left.size()) == 0;
}

struct Sha256::Impl {
    Impl() : context(EVP_MD_CTX_new()) {
        require(context != nullptr && EVP_DigestInit_ex(context, sha256_method(), nullptr) == 1,
                "digest context");
    }
    ~Impl() { EVP_MD_CTX_free(context); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    EVP_MD_CTX* context;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {}
Sha256::~Sha256() = default;

Sha256& Sha256::update(BytesView part) {
    require(EVP_DigestUpdate(impl_->context, data_of(part), part.size()) == 1, "digest update");
    return *this;
}

Digest Sha256::finish() {
    Digest digest;
    require(EVP_DigestFinal_ex(impl_->context, digest.bytes.data(), nullptr) == 1, "digest end");
    return digest;
}

} // namespace cpg
