// Warnings at 90, 30 and 7 days.
#include "gateway/identity/expiry.hpp"

#include "spec/base/digest.hpp"
#include "tests/identity/people.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::identity {
namespace {

using std::chrono::days;
using std::chrono::hours;

ExpiringCertificate ending(const std::string& label, Time not_after,
                           CertificateClass kind = CertificateClass::office) {
    return {kind, sha256(label), label, not_after};
}

} // namespace

BOOST_AUTO_TEST_SUITE(expiry)

BOOST_AUTO_TEST_CASE(the_bands_are_90_30_and_7_days_to_the_day) {
    BOOST_TEST(!warning_band(91).has_value());
    const std::pair<int, int> cases[] = {{90, 90}, {31, 90}, {30, 30}, {8, 30},
                                         {7, 7},   {0, 7},   {-5, 7}};
    for (const auto& [left, band] : cases) BOOST_TEST(*warning_band(left) == band);
    BOOST_TEST(days_left(test::now + days(7), test::now) == 7);
    BOOST_TEST(days_left(test::now + days(7) - hours(1), test::now) == 6);
    BOOST_TEST(days_left(test::now - hours(1), test::now) == -1);
}

BOOST_AUTO_TEST_CASE(each_certificate_is_told_of_once_a_day) {
    ExpiryWatch watch;
    watch.met(ending("soon", test::now + days(20)), test::now);
    watch.met(ending("late", test::now + days(200)), test::now);
    const auto first = watch.due(test::now);
    BOOST_REQUIRE(first.size() == 1u);
    BOOST_TEST(first[0].label == "soon");
    BOOST_TEST(watch.due(test::now + hours(23)).empty());
    BOOST_TEST(watch.due(test::now + hours(24)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_renewed_or_ended_certificate_of_an_office_is_forgotten) {
    ExpiryWatch watch;
    watch.met(ending("renewed", test::now + days(20)), test::now);
    watch.met(ending("ended", test::now + days(2)), test::now);
    BOOST_TEST(watch.due(test::now).size() == 2u);
    BOOST_TEST(watch.due(test::now + days(3)).size() == 1u);
    BOOST_TEST(watch.due(test::now + days(8)).empty());
    watch.met(ending("renewed", test::now + days(20)), test::now + days(9));
    BOOST_TEST(watch.due(test::now + days(9)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_summary_counts_by_class_and_band) {
    ExpiryWatch watch;
    watch.met(ending("a", test::now + days(5)), test::now);
    watch.met(ending("b", test::now + days(6)), test::now);
    watch.met(ending("c", test::now + days(60)), test::now);
    watch.met(ending("own", test::now - days(1), CertificateClass::server), test::now);
    const auto offices = watch.summary(CertificateClass::office, test::now);
    BOOST_TEST(*offices.least_days == 5);
    BOOST_TEST(offices.in_band.at(7) == 2u);
    BOOST_TEST(offices.in_band.at(30) == 0u);
    BOOST_TEST(offices.in_band.at(90) == 1u);
    BOOST_TEST(*watch.summary(CertificateClass::server, test::now).least_days == -1);
    BOOST_TEST(!watch.summary(CertificateClass::client_ca, test::now).least_days.has_value());
}

BOOST_AUTO_TEST_CASE(a_flood_of_certificates_does_not_fill_the_memory) {
    ExpiryWatch watch;
    for (int i = 0; i < 20'100; ++i)
        watch.met(ending(std::to_string(i), test::now + days(60)), test::now);
    BOOST_TEST(watch.summary(CertificateClass::office, test::now).in_band.at(90) == 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace cpg::identity
