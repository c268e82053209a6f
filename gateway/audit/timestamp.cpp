#include "gateway/audit/timestamp.hpp"

#include <memory>
#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <stdexcept>

namespace cpg::audit {
namespace {

constexpr std::size_t nonce_size = 16;

struct FreeOpenSsl {
    void operator()(TS_REQ* value) const { TS_REQ_free(value); }
    void operator()(TS_RESP* value) const { TS_RESP_free(value); }
    void operator()(TS_MSG_IMPRINT* value) const { TS_MSG_IMPRINT_free(value); }
    void operator()(TS_VERIFY_CTX* value) const { TS_VERIFY_CTX_free(value); }
    void operator()(X509_ALGOR* value) const { X509_ALGOR_free(value); }
    void operator()(X509_STORE* value) const { X509_STORE_free(value); }
    void operator()(ASN1_INTEGER* value) const { ASN1_INTEGER_free(value); }
    void operator()(BIGNUM* value) const { BN_free(value); }
    void operator()(BIO* value) const { BIO_free_all(value); }
    void operator()(STACK_OF(X509) * value) const { sk_X509_pop_free(value, X509_free); }
    void operator()(char* value) const { OPENSSL_free(value); }
};
template<class T> using Owned = std::unique_ptr<T, FreeOpenSsl>;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

unsigned char* data_of(Bytes& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* data_of(BytesView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

Owned<ASN1_INTEGER> integer_of(BytesView big_endian) {
    const Owned<BIGNUM> number(
        BN_bin2bn(data_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
    require(number != nullptr, "a number");
    Owned<ASN1_INTEGER> integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
    require(integer != nullptr, "a number");
    return integer;
}

std::string hex_of(const ASN1_INTEGER* integer) {
    const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(integer, nullptr));
    const Owned<char> text(number ? BN_bn2hex(number.get()) : nullptr);
    require(text != nullptr, "a serial number");
    return text.get();
}

std::optional<Time> time_of(const ASN1_GENERALIZEDTIME* value) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(value, &parts) != 1) return std::nullopt;
    const std::chrono::year_month_day day(
        std::chrono::year(parts.tm_year + 1900),
        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
    return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
           std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string name_text(const X509_NAME* name) {
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    require(out && X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) >= 0, "a name");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

/// Who signed, out of the certificates that came with the stamp.
std::string signer_of(TS_RESP* response) {
    PKCS7* const token = TS_RESP_get_token(response);
    const Owned<STACK_OF(X509)> none(sk_X509_new_null());
    STACK_OF(X509)* const signers = PKCS7_get0_signers(token, none.get(), 0);
    std::string name;
    if (signers && sk_X509_num(signers) > 0)
        name = name_text(X509_get_subject_name(sk_X509_value(signers, 0)));
    sk_X509_free(signers);
    return name;
}

/// The trusted certificates, judging by the moment of the stamp: a stamp outlives its signer.
X509_STORE* make_store(const std::filesystem::path& ca, Time moment) {
    Owned<X509_STORE> store(X509_STORE_new());
    if (!store || X509_STORE_load_file(store.get(), ca.c_str()) != 1) return nullptr;
    X509_VERIFY_PARAM* const wanted = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_time(wanted, std::chrono::system_clock::to_time_t(moment));
    return store.release();
}

bool answers(TS_TST_INFO* info, BytesView nonce) {
    if (nonce.empty()) return true;
    const ASN1_INTEGER* const given = TS_TST_INFO_get_nonce(info);
    return given && ASN1_INTEGER_cmp(given, integer_of(nonce).get()) == 0;
}

/// 1.3.6.1.5.5.7.3.8, critical and alone, is what OpenSSL asks of the signer by itself.
Result<void> verify(TS_RESP* response, const Digest& imprint, X509_STORE* trusted) {
    const Owned<TS_VERIFY_CTX> context(TS_VERIFY_CTX_new());
    require(context != nullptr, "a context");
    constexpr int flags = TS_VFY_VERSION | TS_VFY_IMPRINT | TS_VFY_SIGNATURE;
    TS_VERIFY_CTX_set_store(context.get(), trusted); // owned from here on
    auto* const digest =
        static_cast<unsigned char*>(OPENSSL_memdup(imprint.bytes.data(), imprint.bytes.size()));
    require(digest != nullptr, "memory");
    TS_VERIFY_CTX_set_imprint(context.get(), digest, static_cast<long>(imprint.bytes.size()));
    TS_VERIFY_CTX_set_flags(context.get(), flags);
    ERR_clear_error();
    if (TS_RESP_verify_response(context.get(), response) == 1) return {};
    bool untrusted = false;
    std::string reason = "the stamp does not verify";
    while (const unsigned long code = ERR_get_error()) {
        untrusted = untrusted || ERR_GET_REASON(code) == TS_R_CERTIFICATE_VERIFY_ERROR;
        if (const char* const text = ERR_reason_error_string(code))
            reason.append(": ").append(text);
    }
    return Error{untrusted ? Errc::unknown_key : Errc::tampered, reason};
}

} // namespace

TimestampRequest make_timestamp_request(const Digest& imprint) {
    TimestampRequest request;
    request.nonce = random_bytes(nonce_size);
    request.nonce[0] = static_cast<char>((request.nonce[0] & 0x3f) | 0x40); // positive, full length
    const Owned<TS_REQ> query(TS_REQ_new());
    const Owned<TS_MSG_IMPRINT> message(TS_MSG_IMPRINT_new());
    const Owned<X509_ALGOR> algorithm(X509_ALGOR_new());
    require(query && message && algorithm, "memory");
    X509_ALGOR_set_md(algorithm.get(), EVP_sha256());
    Bytes digest(imprint.view());
    const auto nonce = integer_of(request.nonce);
    require(TS_MSG_IMPRINT_set_algo(message.get(), algorithm.get()) == 1 &&
                TS_MSG_IMPRINT_set_msg(message.get(), data_of(digest),
                                       static_cast<int>(digest.size())) == 1 &&
                TS_REQ_set_version(query.get(), 1) == 1 &&
                TS_REQ_set_msg_imprint(query.get(), message.get()) == 1 &&
                TS_REQ_set_nonce(query.get(), nonce.get()) == 1 &&
                TS_REQ_set_cert_req(query.get(), 1) == 1,
            "a time-stamp request");
    const int size = i2d_TS_REQ(query.get(), nullptr);
    require(size > 0, "a time-stamp request");
    request.der.resize(static_cast<std::size_t>(size));
    unsigned char* out = data_of(request.der);
    require(i2d_TS_REQ(query.get(), &out) == size, "a time-stamp request");
    return request;
}

Result<Timestamp> verify_timestamp(BytesView bytes, const Digest& imprint, BytesView nonce,
                                   const std::filesystem::path& ca) {
    const Error malformed{Errc::malformed, "not a time stamp"};
    if (bytes.size() > max_timestamp_bytes) return malformed;
    const unsigned char* in = data_of(bytes);
    const Owned<TS_RESP> response(d2i_TS_RESP(nullptr, &in, static_cast<long>(bytes.size())));
    if (!response || in != data_of(bytes) + bytes.size()) return malformed;
    TS_TST_INFO* const info = TS_RESP_get_tst_info(response.get());
    if (!info || !TS_RESP_get_token(response.get()))
        return Error{Errc::malformed, "the authority refused to stamp"};
    if (!answers(info, nonce)) return Error{Errc::tampered, "the stamp answers another request"};
    const auto time = time_of(TS_TST_INFO_get_time(info));
    if (!time) return malformed;
    X509_STORE* const trusted = make_store(ca, *time);
    if (!trusted) return Error{Errc::configuration, ca.string() + ": cannot be read"};
    if (const auto verified = verify(response.get(), imprint, trusted); !verified)
        return verified.error();
    return Timestamp{*time, hex_of(TS_TST_INFO_get_serial(info)), signer_of(response.get())};
}

} // namespace cpg::audit
