#include "gateway/audit/cms.hpp"

#include <openssl/pem.h> // first: cms.h declares its PEM readers only then

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace cpg::audit {
namespace {

template<auto Free> struct Freed {
    template<class T> void operator()(T* object) const { Free(object); }
};
struct FreedCertificates {
    void operator()(STACK_OF(X509) * certificates) const {
        sk_X509_pop_free(certificates, X509_free);
    }
};
struct FreedList { // not what is in it
    void operator()(STACK_OF(X509) * list) const { sk_X509_free(list); }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, Freed<CMS_ContentInfo_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using EssPtr = std::unique_ptr<ESS_SIGNING_CERT_V2, Freed<ESS_SIGNING_CERT_V2_free>>;
using ListPtr = std::unique_ptr<STACK_OF(X509), FreedList>;
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), FreedCertificates>;

constexpr int least_rsa_bits = 2048;
constexpr std::array strong_digests = {NID_sha256, NID_sha384, NID_sha512};
constexpr std::string_view pem_mark = "-----BEGIN ";

void must(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

/// What went wrong is told by the caller; the thread's queue of errors is left empty.
struct QuietErrors {
    ~QuietErrors() { ERR_clear_error(); }
};

BioPtr bio_over(BytesView bytes) {
    const char* data = bytes.empty() ? "" : bytes.data(); // a null pointer is refused
    BioPtr bio(BIO_new_mem_buf(data, static_cast<int>(bytes.size())));
    must(bio != nullptr, "no memory buffer");
    return bio;
}

template<class Object, class Write> Bytes der_of(Object* object, Write write) {
    unsigned char* data = nullptr;
    const int size = write(object, &data);
    must(size > 0, "no DER");
    Bytes bytes(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return bytes;
}

std::vector<X509Ptr> read_certificates(std::string_view pem) {
    const BioPtr bio = bio_over(pem);
    std::vector<X509Ptr> certificates;
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        certificates.emplace_back(next);
    return certificates;
}

Result<StorePtr> store_of(std::string_view pem, const char* what) {
    const QuietErrors quiet;
    StorePtr store(X509_STORE_new());
    must(store != nullptr, "no certificate store");
    const auto certificates = read_certificates(pem);
    if (certificates.empty() && !pem.empty())
        return Error{Errc::malformed, std::string("no certificate among ") + what};
    for (const X509Ptr& certificate : certificates)
        must(X509_STORE_add_cert(store.get(), certificate.get()) == 1, "certificate store");
    return store;
}

// -- reading a signature --

CmsPtr parse_cms(BytesView bytes) {
    if (bytes.size() > max_signature_bytes) return nullptr;
    if (bytes.substr(0, pem_mark.size()) == pem_mark)
        return CmsPtr(PEM_read_bio_CMS(bio_over(bytes).get(), nullptr, nullptr, nullptr));
    const auto* next = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto* end = next + bytes.size();
    CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &next, static_cast<long>(bytes.size())));
    return next == end ? std::move(cms) : nullptr;
}

/// The one signer of a detached signature; nullptr when it is anything else.
CMS_SignerInfo* signer_of(CMS_ContentInfo* cms) {
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || CMS_is_detached(cms) != 1)
        return nullptr;
    STACK_OF(CMS_SignerInfo)* signers = CMS_get0_SignerInfos(cms);
    return sk_CMS_SignerInfo_num(signers) == 1 ? sk_CMS_SignerInfo_value(signers, 0) : nullptr;
}

/// The certificate by which the signature names its signer, among those it carries.
X509* certificate_of(CMS_SignerInfo* signer, STACK_OF(X509) * carried) {
    for (int i = 0; i < sk_X509_num(carried); ++i)
        if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(carried, i)) == 0)
            return sk_X509_value(carried, i);
    return nullptr;
}

bool is_strong_key(EVP_PKEY* key) {
    if (key == nullptr) return false;
    if (EVP_PKEY_is_a(key, "RSA") == 1) return EVP_PKEY_get_bits(key) >= least_rsa_bits;
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) >= 256;
}

bool is_strong(CMS_SignerInfo* signer, X509* certificate) {
    X509_ALGOR* digest = nullptr;
    CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, nullptr);
    const int nid = OBJ_obj2nid(digest->algorithm);
    for (const int strong : strong_digests)
        if (nid == strong) return is_strong_key(X509_get0_pubkey(certificate));
    return false;
}

/// ETSI EN 319 122-1, 5.2.2.3: the attribute names the certificate that verifies the signature.
bool names_its_certificate(CMS_SignerInfo* signer, X509* certificate, STACK_OF(X509) * carried) {
    const auto* value = static_cast<const ASN1_STRING*>(CMS_signed_get0_data_by_OBJ(
        signer, OBJ_nid2obj(NID_id_smime_aa_signingCertificateV2), -3, V_ASN1_SEQUENCE));
    if (value == nullptr) return false;
    const unsigned char* data = ASN1_STRING_get0_data(value);
    const EssPtr names(d2i_ESS_SIGNING_CERT_V2(nullptr, &data, ASN1_STRING_length(value)));
    if (names == nullptr) return false;
    const ListPtr chain(sk_X509_new_null());
    must(chain != nullptr && sk_X509_push(chain.get(), certificate) > 0, "no list");
    for (int i = 0; i < sk_X509_num(carried); ++i)
        must(sk_X509_push(chain.get(), sk_X509_value(carried, i)) > 0, "no list");
    return OSSL_ESS_check_signing_certs(nullptr, names.get(), chain.get(), 1) == 1;
}

std::optional<Time> claimed_time(CMS_SignerInfo* signer) {
    const int place = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
    X509_ATTRIBUTE* attribute = place < 0 ? nullptr : CMS_signed_get_attr(signer, place);
    const ASN1_TYPE* value = attribute ? X509_ATTRIBUTE_get0_type(attribute, 0) : nullptr;
    if (value == nullptr ||
        (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME))
        return std::nullopt;
    std::tm fields{};
    if (ASN1_TIME_to_tm(value->value.asn1_string, &fields) != 1) return std::nullopt;
    return std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(timegm(&fields)));
}

// -- the chain --

enum class Moment { any, given };

bool has_chain(X509_STORE* store, X509* certificate, STACK_OF(X509) * carried, Moment moment,
               Time when) {
    const ContextPtr context(X509_STORE_CTX_new());
    must(context != nullptr && X509_STORE_CTX_init(context.get(), store, certificate, carried) == 1,
         "no verification context");
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN; // a listed issuing authority is enough
    if (moment == Moment::any) flags |= X509_V_FLAG_NO_CHECK_TIME;
    must(X509_VERIFY_PARAM_set_flags(param, flags) == 1, "verification flags");
    if (moment == Moment::given)
        X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(when));
    return X509_verify_cert(context.get()) == 1;
}

} // namespace

struct SignerTrust::Stores {
    StorePtr offices, accredited;
};

SignerTrust::SignerTrust(std::unique_ptr<Stores> stores) : stores_(std::move(stores)) {}
SignerTrust::~SignerTrust() = default;

Result<std::shared_ptr<const SignerTrust>> SignerTrust::make(std::string_view offices,
                                                             std::string_view accredited) {
    auto first = store_of(offices, "the authorities of offices");
    if (!first) return first.error();
    auto second = store_of(accredited, "the accredited authorities");
    if (!second) return second.error();
    return std::shared_ptr<const SignerTrust>(
        new SignerTrust(std::make_unique<Stores>(Stores{std::move(*first), std::move(*second)})));
}

CmsCheck check_cms(BytesView content, BytesView signature, const SignerTrust& trust, Time when) {
    const QuietErrors quiet;
    CmsCheck check;
    const CmsPtr cms = parse_cms(signature);
    CMS_SignerInfo* signer = cms ? signer_of(cms.get()) : nullptr;
    if (signer == nullptr) return check;
    const CertificatesPtr carried(CMS_get1_certs(cms.get()));
    X509* certificate = certificate_of(signer, carried.get());
    if (certificate == nullptr) return check;
    check.certificate = der_of(certificate, i2d_X509);
    check.signed_at = claimed_time(signer);
    check.weak = !is_strong(signer, certificate);

    const auto fault_of = [&] {
        const BioPtr bytes = bio_over(content);
        if (CMS_verify(cms.get(), nullptr, nullptr, bytes.get(), nullptr,
                       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
            return CmsFault::mismatch;
        if (!names_its_certificate(signer, certificate, carried.get()))
            return CmsFault::no_signing_certificate;
        const auto chain = [&](const StorePtr& store, Moment moment) {
            return has_chain(store.get(), certificate, carried.get(), moment, when);
        };
        const SignerTrust::Stores& stores = trust.stores();
        check.accredited = chain(stores.accredited, Moment::any);
        if (!check.accredited && !chain(stores.offices, Moment::any)) return CmsFault::unknown_ca;
        return chain(check.accredited ? stores.accredited : stores.offices, Moment::given)
                   ? CmsFault::none
                   : CmsFault::not_valid_then;
    };
    check.fault = fault_of();
    return check;
}

Result<Bytes> sign_cms(BytesView content, std::string_view certificate, std::string_view key_pem) {
    const QuietErrors quiet;
    const auto certificates = read_certificates(certificate);
    if (certificates.empty()) return Error{Errc::malformed, "no certificate in PEM"};
    char no_passphrase[] = ""; // never ask on a terminal
    const KeyPtr key(
        PEM_read_bio_PrivateKey(bio_over(key_pem).get(), nullptr, nullptr, no_passphrase));
    if (key == nullptr) return Error{Errc::malformed, "no unencrypted secret key in PEM"};
    if (!is_strong_key(key.get()))
        return Error{Errc::malformed, "CMS signatures need a key of P-256 or larger, or RSA of "
                                      "2048 bits or more (Ed25519 cannot be used)"};
    if (X509_check_private_key(certificates.front().get(), key.get()) != 1)
        return Error{Errc::malformed, "the key is not that of the certificate"};
    const ListPtr chain(sk_X509_new_null());
    must(chain != nullptr, "no list");
    for (std::size_t i = 1; i < certificates.size(); ++i)
        must(sk_X509_push(chain.get(), certificates[i].get()) > 0, "no list");
    const BioPtr bytes = bio_over(content);
    const CmsPtr cms(CMS_sign(certificates.front().get(), key.get(), chain.get(), bytes.get(),
                              CMS_BINARY | CMS_DETACHED | CMS_CADES | CMS_NOSMIMECAP));
    must(cms != nullptr, "signature");
    return der_of(cms.get(), i2d_CMS_ContentInfo);
}

} // namespace cpg::audit
