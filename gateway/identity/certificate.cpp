#include "gateway/identity/certificate.hpp"

#include "gateway/identity/openssl_handles.hpp"

#include <openssl/pem.h>

namespace cpg::identity {
namespace {

// A certificate is a few KiB; one with hundreds of names is an attack on the parser, not an office.
constexpr std::size_t max_encoded_bytes = 64u << 10;
constexpr int max_alternative_names = 1000;
constexpr std::size_t max_attributes = 100;      // an office's certificate bears three or four
constexpr std::size_t max_attribute_bytes = 256; // certificate.hpp says so

Error malformed(std::string detail) {
    return {Errc::malformed, "certificate: " + std::move(detail)};
}

std::string rfc2253(const X509_NAME* name) {
    const BioPtr bio = memory_bio();
    must(X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) >= 0, "X509_NAME_print_ex");
    return text_in(bio.get());
}

Result<std::string> serial_of(const X509* certificate) {
    const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
    const NumberPtr number(ASN1_INTEGER_to_BN(serial, nullptr));
    if (!number || BN_is_negative(number.get())) return malformed("negative serial number");
    char* digits = BN_bn2hex(number.get());
    must(digits != nullptr, "BN_bn2hex");
    std::string text(digits);
    OPENSSL_free(digits);
    const auto first = text.find_first_not_of('0');
    return first == std::string::npos ? std::string("0") : text.substr(first);
}

Result<Time> time_of(const ASN1_TIME* time) {
    const AsnTimePtr epoch(ASN1_TIME_set(nullptr, 0));
    must(epoch != nullptr, "ASN1_TIME_set");
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) {
        ERR_clear_error();
        return malformed("bad validity date");
    }
    return Time{} + std::chrono::days(days) + std::chrono::seconds(seconds);
}

std::string_view view_of(const ASN1_STRING* text) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// As UTF-8 whatever it was; nothing is added when it is no text, or too long to be an office's.
void add_attribute(Certificate& into, std::string place, const ASN1_STRING* text) {
    unsigned char* utf8 = nullptr;
    const int length = ASN1_STRING_to_UTF8(&utf8, text);
    if (length < 0) return ERR_clear_error();
    if (static_cast<std::size_t>(length) <= max_attribute_bytes &&
        into.attributes.size() < max_attributes)
        into.attributes.push_back(
            {std::move(place),
             std::string(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length))});
    OPENSSL_free(utf8);
}

void read_subject(const X509* certificate, Certificate& into) {
    const X509_NAME* const subject = X509_get_subject_name(certificate);
    for (const auto& [nid, place] : {std::pair{NID_serialNumber, "subject.serialNumber"},
                                     std::pair{NID_organizationalUnitName, "subject.OU"}})
        for (int at = X509_NAME_get_index_by_NID(subject, nid, -1); at >= 0;
             at = X509_NAME_get_index_by_NID(subject, nid, at))
            add_attribute(into, place, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

void read_other_name(const OTHERNAME* name, Certificate& into) {
    char id[80];
    const int length = OBJ_obj2txt(id, sizeof id, name->type_id, 1);
    if (length <= 0 || static_cast<std::size_t>(length) >= sizeof id) return;
    const int type = ASN1_TYPE_get(name->value);
    if (type != V_ASN1_UTF8STRING && type != V_ASN1_IA5STRING && type != V_ASN1_PRINTABLESTRING)
        return;
    add_attribute(into, "san.other:" + std::string(id), name->value->value.asn1_string);
}

Result<void> read_uri(std::string_view uri, Certificate& into) {
    into.uris.emplace_back(uri);
    if (!uri.starts_with(office_uri_prefix)) return {};
    const auto office = OfficeNo::parse(uri.substr(office_uri_prefix.size()));
    if (!office) return malformed("an office URI does not name an office number");
    into.san_offices.push_back(*office);
    return {};
}

Result<void> read_alternative_names(const X509* certificate, Certificate& into) {
    int critical = 0;
    const NamesPtr names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
    if (!names) {
        ERR_clear_error();
        // -1: there is none; anything else: it is there twice or cannot be read.
        if (critical != -1) return malformed("unreadable subject alternative names");
        return {};
    }
    const int count = sk_GENERAL_NAME_num(names.get());
    if (count > max_alternative_names) return malformed("too many subject alternative names");
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) add_attribute(into, "san.dns", name->d.dNSName);
        if (name->type == GEN_OTHERNAME) read_other_name(name->d.otherName, into);
        if (name->type != GEN_URI) continue;
        add_attribute(into, "san.uri", name->d.uniformResourceIdentifier);
        const auto read = read_uri(view_of(name->d.uniformResourceIdentifier), into);
        if (!read) return read.error();
    }
    return {};
}

Result<Digest> key_of(const X509* certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (length <= 0) {
        ERR_clear_error();
        return malformed("no public key");
    }
    const Digest key =
        sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)});
    OPENSSL_free(der);
    return key;
}

Result<Certificate> read(const X509* certificate, BytesView der) {
    Certificate result;
    result.fingerprint = sha256(der);
    result.issuer = rfc2253(X509_get_issuer_name(certificate));
    result.subject = rfc2253(X509_get_subject_name(certificate));
    const auto key = key_of(certificate);
    if (!key) return key.error();
    result.key = *key;
    read_subject(certificate, result);
    auto serial = serial_of(certificate);
    if (!serial) return serial.error();
    result.serial = std::move(*serial);
    const auto not_before = time_of(X509_get0_notBefore(certificate));
    const auto not_after = time_of(X509_get0_notAfter(certificate));
    if (!not_before) return not_before.error();
    if (!not_after) return not_after.error();
    result.not_before = *not_before;
    result.not_after = *not_after;
    if (const auto read = read_alternative_names(certificate, result); !read) return read.error();
    return result;
}

} // namespace

Result<Certificate> parse_certificate_der(BytesView der) {
    if (der.empty() || der.size() > max_encoded_bytes) return malformed("empty or over 64 KiB");
    auto at = reinterpret_cast<const unsigned char*>(der.data());
    const auto end = at + der.size();
    const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate) return malformed(openssl_error());
    if (at != end) return malformed("bytes after the end");
    return read(certificate.get(), der);
}

Result<Certificate> parse_certificate_pem(BytesView pem) {
    // A chain file may hold several certificates behind the first.
    if (pem.empty() || pem.size() > 16 * max_encoded_bytes) return malformed("empty or over 1 MiB");
    const BioPtr bio = bio_over(pem);
    const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) return malformed(openssl_error());
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(certificate.get(), &encoded);
    must(size > 0, "i2d_X509");
    const Bytes der(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(size));
    OPENSSL_free(encoded);
    return parse_certificate_der(der);
}

} // namespace cpg::identity
