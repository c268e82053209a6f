#include "gateway/identity/directory.hpp"

#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::identity {
namespace {

using test::care;
using test::day;
using test::visit;

store::OfficeRow row(const OfficeNo& office, const std::string& name, bool enabled = true) {
    return {office, {*ServiceType::parse("11")}, name, enabled, false};
}

std::vector<store::OfficeRow> offices() {
    return {row(visit, "見本訪問介護"), row(care, "見本居宅"), row(day, "見本デイ", false)};
}

store::CertificateRow registered(const Certificate& certificate, std::vector<OfficeNo> owners) {
    return {certificate.issuer, certificate.serial, std::move(owners), true, false};
}

bool is_forbidden(const Directory& directory, const Certificate& certificate,
                  Time now = test::now) {
    const auto identity = directory.identify(certificate, now);
    return !identity && identity.error().code == Errc::forbidden;
}

} // namespace

BOOST_AUTO_TEST_SUITE(directory)

BOOST_AUTO_TEST_CASE(an_office_is_known_by_the_uri_of_its_certificate) {
    const Directory directory(offices(), {}, 1);
    const auto identity = directory.identify(test::TestAuthority().issue({care}), test::now);
    BOOST_REQUIRE(identity.has_value());
    BOOST_TEST((identity->offices == std::vector{care}));
    BOOST_TEST(identity->owns(care));
    BOOST_TEST(!identity->owns(visit));
}

BOOST_AUTO_TEST_CASE(several_offices_are_sorted_and_each_is_owned_once) {
    const Directory directory(offices(), {}, 1);
    const auto identity =
        directory.identify(test::TestAuthority().issue({visit, care, visit}), test::now);
    BOOST_REQUIRE(identity.has_value());
    BOOST_TEST((identity->offices == std::vector{care, visit}));
    BOOST_TEST((identity->first() == care));
}

BOOST_AUTO_TEST_CASE(an_unknown_or_disabled_office_in_the_certificate_is_forbidden) {
    const Directory directory(offices(), {}, 1);
    const test::TestAuthority ca;
    BOOST_TEST(is_forbidden(directory, ca.issue({*OfficeNo::parse("0379999999")})));
    BOOST_TEST(is_forbidden(directory, ca.issue({day})));
    BOOST_TEST(is_forbidden(directory, ca.issue({care, day})));
}

BOOST_AUTO_TEST_CASE(a_certificate_without_office_that_nobody_registered_is_forbidden) {
    Certificate certificate = test::TestAuthority().issue({care});
    certificate.san_offices.clear(); // its subject still says CN=0370100017
    BOOST_TEST(certificate.subject == "CN=0370100017");
    BOOST_TEST(is_forbidden(Directory(offices(), {}, 1), certificate));
}

BOOST_AUTO_TEST_CASE(a_registration_wins_over_the_uri) {
    const Certificate certificate = test::TestAuthority().issue({care});
    const Directory directory(offices(), {registered(certificate, {visit})}, 1);
    BOOST_TEST((directory.identify(certificate, test::now)->offices == std::vector{visit}));
}

BOOST_AUTO_TEST_CASE(the_same_subject_and_serial_of_another_authority_is_another_certificate) {
    Certificate ours = test::TestAuthority("Test CA").issue({care});
    ours.san_offices.clear();
    const Directory directory(offices(), {registered(ours, {care})}, 1);
    BOOST_TEST(directory.identify(ours, test::now).has_value());
    Certificate other = test::TestAuthority("Another CA").issue({care});
    other.san_offices.clear();
    other.serial = ours.serial;
    BOOST_TEST(other.subject == ours.subject);
    BOOST_TEST(is_forbidden(directory, other));
    Certificate renewed = ours;
    renewed.serial = "1";
    BOOST_TEST(is_forbidden(directory, renewed));
}

BOOST_AUTO_TEST_CASE(issuer_and_serial_do_not_run_into_each_other) {
    Certificate certificate = test::TestAuthority().issue({care});
    certificate.san_offices.clear();
    store::CertificateRow row = registered(certificate, {care});
    row.issuer += "\n" + row.serial.substr(0, 1);
    row.serial = row.serial.substr(1);
    BOOST_TEST(is_forbidden(Directory(offices(), {row}, 1), certificate));
}

BOOST_AUTO_TEST_CASE(a_disabled_registration_is_forbidden_although_the_uri_would_do) {
    const Certificate certificate = test::TestAuthority().issue({care});
    store::CertificateRow row = registered(certificate, {care});
    row.enabled = false;
    BOOST_TEST(is_forbidden(Directory(offices(), {row}, 1), certificate));
}

BOOST_AUTO_TEST_CASE(a_registered_list_speaks_for_its_enabled_offices_only) {
    const Certificate certificate = test::TestAuthority().issue({care});
    const Directory directory(offices(), {registered(certificate, {day, visit, care})}, 1);
    BOOST_TEST((directory.identify(certificate, test::now)->offices == std::vector{care, visit}));
    const Directory none(offices(), {registered(certificate, {day})}, 1);
    BOOST_TEST(is_forbidden(none, certificate));
}

BOOST_AUTO_TEST_CASE(the_dates_count_to_the_last_instant) {
    const Directory directory(offices(), {}, 1);
    const Certificate certificate = test::TestAuthority().issue({care});
    const std::chrono::milliseconds tick(1);
    BOOST_TEST(directory.identify(certificate, certificate.not_before).has_value());
    BOOST_TEST(directory.identify(certificate, certificate.not_after).has_value());
    BOOST_TEST(is_forbidden(directory, certificate, certificate.not_before - tick));
    BOOST_TEST(is_forbidden(directory, certificate, certificate.not_after + tick));
}

BOOST_AUTO_TEST_CASE(offices_are_found_by_number_and_by_a_part_of_number_or_name) {
    const Directory directory(offices(), {}, 9);
    BOOST_TEST(directory.size() == 3);
    BOOST_TEST(directory.version() == 9);
    BOOST_TEST(directory.find(visit)->name == "見本訪問介護");
    BOOST_TEST(!directory.find(*OfficeNo::parse("0379999999")));
    BOOST_TEST(directory.search("訪問", 10).size() == 1);
    BOOST_TEST(directory.search("03701000", 10).size() == 3);
    BOOST_TEST(directory.search("", 2).size() == 2);
    BOOST_TEST(directory.search("03701000", 10).front()->office.view() == care.view());
    BOOST_TEST(directory.search("無い", 10).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::identity
