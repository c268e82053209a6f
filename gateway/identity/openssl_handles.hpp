// Owners of OpenSSL objects and its error text; for the .cpp files of this room only.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cpg::identity {

template<auto Free> struct Freed {
    template<class T> void operator()(T* object) const { Free(object); }
};
struct FreedNames {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, Freed<X509_REVOKED_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;
using AsnTimePtr = std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreedNames>;

/// The oldest error of this thread's queue as text; the queue is empty afterwards.
inline std::string openssl_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "no reason given";
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    return text;
}

/// For calls that fail only when memory or the library does.
inline void must(bool done, std::string_view what) {
    if (!done) throw std::runtime_error(std::string(what) + ": " + openssl_error());
}

inline BioPtr bio_over(std::string_view bytes) {
    BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    must(bio != nullptr, "BIO_new_mem_buf");
    return bio;
}

inline BioPtr memory_bio() {
    BioPtr bio(BIO_new(BIO_s_mem()));
    must(bio != nullptr, "BIO_new");
    return bio;
}

inline std::string text_in(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

} // namespace cpg::identity
