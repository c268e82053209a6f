// Rules for certificates issued elsewhere: what they find, and what they must never take.
#include "gateway/identity/mapping.hpp"

#include "gateway/identity/directory.hpp"
#include "spec/base/digest.hpp"
#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::identity {
namespace {

using test::care;
using test::day;
using test::visit;

const Digest authority_key = sha256("the public key of the outside authority");
constexpr const char* authority = "CN=Outside CA,O=Example,C=JP";

std::string rule_text(const std::string& take, const std::string& pattern,
                      const std::string& name = "outside") {
    return "  - name: " + name + "\n    issuer: \"" + authority +
           "\"\n    issuer_key: " + prefixed_hex(authority_key) + "\n    take: " + take +
           "\n    pattern: '" + pattern + "'\n";
}

std::string rules(const std::string& text) {
    return "rules:\n" + text;
}

Mapping mapping_of(const std::string& text) {
    auto mapping = parse_mapping({"mapping.yaml", text});
    BOOST_TEST_INFO((mapping ? std::string() : mapping.error().detail));
    BOOST_REQUIRE(mapping.has_value());
    return std::move(*mapping);
}

std::string refusal_of(const std::string& text) {
    const auto mapping = parse_mapping({"mapping.yaml", text});
    return mapping ? std::string() : mapping.error().detail;
}

Certificate outside(std::vector<Attribute> attributes) {
    Certificate certificate = test::TestAuthority().issue({care});
    certificate.san_offices.clear();
    certificate.issuer = authority;
    certificate.issuer_key = authority_key;
    certificate.attributes = std::move(attributes);
    return certificate;
}

std::optional<OfficeNo> found(const Mapping& mapping, const Certificate& certificate) {
    const auto office = mapped_office(mapping, certificate);
    BOOST_REQUIRE(office.has_value());
    return *office;
}

Directory directory_with(Mapping mapping, std::vector<store::CertificateRow> rows = {}) {
    const auto office = [](const OfficeNo& number, bool enabled) {
        return store::OfficeRow{number, {*ServiceType::parse("11")}, "見本", enabled, false};
    };
    return {{office(care, true), office(visit, true), office(day, false)},
            std::move(rows),
            1,
            std::make_shared<const Mapping>(std::move(mapping))};
}

bool is_forbidden(const Directory& directory, const Certificate& certificate) {
    const auto identity = directory.identify(certificate, test::now);
    return !identity && identity.error().code == Errc::forbidden;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mapping)

BOOST_AUTO_TEST_CASE(takes_the_number_out_of_the_place_and_pattern_of_the_rule) {
    const std::tuple<std::string, std::string, std::string> cases[] = {
        {"subject.serialNumber", "{office}", "0370100017"},
        {"subject.OU", "kaigo-{office}-[0-9]{2}", "kaigo-0370100017-01"},
        {"san.uri", "https://example\\.jp/office/{office}", "https://example.jp/office/0370100017"},
        {"san.dns", "{office}\\.kaigo\\.[a-z]{7}", "0370100017.kaigo.example"},
        {"san.other:1.2.392.200999.1", "(A|B):{office}", "B:0370100017"},
    };
    for (const auto& [place, pattern, text] : cases) BOOST_TEST_CONTEXT(place) {
            const auto mapping = mapping_of(rules(rule_text(place, pattern)));
            BOOST_TEST((found(mapping, outside({{place, text}})) == care));
            BOOST_TEST(!found(mapping, outside({{"san.uri?", text}})));
            BOOST_TEST(!found(mapping, outside({{place, text + "x"}})));
            BOOST_TEST(!found(mapping, outside({{place, "x" + text}})));
            BOOST_TEST(!found(mapping, outside({{place, ""}})));
        }
}

BOOST_AUTO_TEST_CASE(another_authority_or_another_key_of_that_name_finds_nothing) {
    const auto mapping = mapping_of(rules(rule_text("subject.serialNumber", "{office}")));
    auto certificate = outside({{"subject.serialNumber", "0370100017"}});
    BOOST_TEST((found(mapping, certificate) == care));
    certificate.issuer_key = sha256("another key");
    BOOST_TEST(!found(mapping, certificate));
    certificate.issuer_key.reset();
    BOOST_TEST(!found(mapping, certificate));
    certificate.issuer_key = authority_key;
    certificate.issuer = "CN=Outside CA";
    BOOST_TEST(!found(mapping, certificate));
}

BOOST_AUTO_TEST_CASE(two_offices_in_one_certificate_are_refused) {
    const auto mapping = mapping_of(
        rules(rule_text("subject.OU", "{office}") + rule_text("san.dns", "{office}", "by name")));
    for (const auto* place : {"subject.OU", "san.dns"}) {
        const auto both =
            mapped_office(mapping, outside({{"subject.OU", "0370100017"}, {place, "0370100025"}}));
        BOOST_REQUIRE(!both.has_value());
        BOOST_TEST((both.error().code == Errc::forbidden));
    }
    BOOST_TEST((found(mapping,
                      outside({{"subject.OU", "0370100017"}, {"san.dns", "0370100017"}})) == care));
    // One text that can be read in two ways is two offices as well.
    const auto loose = mapping_of(rules(rule_text("subject.OU", "[0-9]*{office}[0-9]*")));
    BOOST_TEST(!mapped_office(loose, outside({{"subject.OU", "03701000170"}})).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_rule_finds_must_be_an_enabled_office) {
    const auto directory =
        directory_with(mapping_of(rules(rule_text("subject.serialNumber", "{office}"))));
    const auto certificate = [](const std::string& number) {
        return outside({{"subject.serialNumber", number}});
    };
    const auto identity = directory.identify(certificate("0370100017"), test::now);
    BOOST_REQUIRE(identity.has_value());
    BOOST_TEST((identity->offices == std::vector{care}));
    BOOST_TEST(is_forbidden(directory, certificate("0370100033"))); // disabled
    BOOST_TEST(is_forbidden(directory, certificate("0379999999"))); // unknown
    BOOST_TEST(is_forbidden(directory, certificate("no number!")));
}

BOOST_AUTO_TEST_CASE(a_uri_that_names_another_office_is_a_conflict) {
    const auto directory =
        directory_with(mapping_of(rules(rule_text("subject.serialNumber", "{office}"))));
    auto certificate = outside({{"subject.serialNumber", "0370100017"}});
    certificate.san_offices = {care};
    BOOST_TEST(directory.identify(certificate, test::now).has_value());
    certificate.san_offices = {visit};
    BOOST_TEST(is_forbidden(directory, certificate));
    certificate.san_offices = {care, visit};
    BOOST_TEST(is_forbidden(directory, certificate));
}

BOOST_AUTO_TEST_CASE(a_registration_wins_over_the_mapping) {
    auto certificate = outside({{"subject.serialNumber", "0370100017"}});
    const auto directory =
        directory_with(mapping_of(rules(rule_text("subject.serialNumber", "{office}"))),
                       {{certificate.issuer, certificate.serial, {visit}, true, false}});
    BOOST_TEST((directory.identify(certificate, test::now)->offices == std::vector{visit}));
}

BOOST_AUTO_TEST_CASE(a_registered_key_outlives_a_renewal_and_must_agree_with_the_serial) {
    auto certificate = outside({});
    const store::CertificateRow by_key{
        std::string(key_issuer), key_serial(certificate.key), {care}, true, false};
    auto renewed = certificate;
    renewed.serial = "1F";
    renewed.issuer = "CN=Next CA";
    auto rekeyed = certificate;
    rekeyed.key = sha256("another key");
    const auto directory = directory_with({}, {by_key});
    BOOST_TEST((directory.identify(certificate, test::now)->offices == std::vector{care}));
    BOOST_TEST((directory.identify(renewed, test::now)->offices == std::vector{care}));
    BOOST_TEST(is_forbidden(directory, rekeyed));
    store::CertificateRow by_serial{certificate.issuer, certificate.serial, {care}, true, false};
    BOOST_TEST(
        directory_with({}, {by_key, by_serial}).identify(certificate, test::now).has_value());
    by_serial.offices = {visit};
    BOOST_TEST(is_forbidden(directory_with({}, {by_key, by_serial}), certificate));
    by_serial = {certificate.issuer, certificate.serial, {care}, false, false};
    BOOST_TEST(is_forbidden(directory_with({}, {by_key, by_serial}), certificate));
}

BOOST_AUTO_TEST_CASE(the_file_is_read_strictly) {
    const auto good = rule_text("san.dns", "{office}");
    const auto with = [&](const std::string& from, const std::string& to) {
        auto text = rules(good);
        return text.replace(text.find(from), from.size(), to);
    };
    const std::pair<std::string, std::string> cases[] = {
        {"", "rules"},
        {"rules: 1", "rules"},
        {"rules:\n  - name: x\n", "issuer"},
        {rules(good) + "more: 1\n", "more"},
        {with("take: san.dns", "take: subject.CN"), "'subject.CN' is no place"},
        {with("take: san.dns", "take: 'san.other:'"), "is no place"},
        {with("take: san.dns", "take: san.other:1..2"), "is no place"},
        {with("take: san.dns", "take: san.email"), "is no place"},
        {with("'{office}'", "'office'"), "{office} once"},
        {with("'{office}'", "'{office}{office}'"), "{office} once"},
        {with("'{office}'", "'" + std::string(200, 'a') + "{office}'"), "200 bytes at most"},
        {with("'{office}'", "'({office})'"), "cannot be read"},
        {with("'{office}'", "'(?=a){office}'"), "cannot be read"},
        {with("sha256:", "sha1:"), "'issuer_key'"},
        {with("    take", "    trust: yes\n    take"), "trust"},
        {rules(good + good), "two rules are named 'outside'"},
        {std::string(300'000, ' '), "larger than 256 KiB"},
        {"rules: [", "mapping.yaml:1: "},
    };
    for (const auto& [text, reason] : cases) BOOST_TEST_CONTEXT(reason) {
            const auto refusal = refusal_of(text);
            BOOST_TEST_INFO(refusal);
            BOOST_TEST(refusal.starts_with("mapping.yaml:"));
            BOOST_TEST(refusal.find(reason) != std::string::npos);
        }
    BOOST_TEST(refusal_of("rules: []").empty()); // none is a mapping too
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace cpg::identity
