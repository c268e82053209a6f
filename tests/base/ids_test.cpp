#include "spec/base/ids.hpp"

#include "spec/base/clock.hpp"
#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(an_office_number_has_ten_characters_and_at_most_one_letter_in_the_third) {
    for (const char* good : {"0370100017", "03A0100017", "13Z0000001", "9999999999"})
        BOOST_TEST(OfficeNo::parse(good).value().view() == good);
    for (const char* bad :
         {"", "037010001", "03701000170", "03I0100017", "03O0100017", "03Q0100017", "03a0100017",
          "A370100017", "037010001A", "03 0100017", "-370100017"})
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!OfficeNo::parse(bad));
        }
}

BOOST_AUTO_TEST_CASE(a_service_type_has_two_characters) {
    for (const char* good : {"43", "AF", "2A", "A2"})
        BOOST_TEST(ServiceType::parse(good).value().view() == good);
    for (const char* bad : {"", "4", "043", "af", "4 ", "４"}) BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!ServiceType::parse(bad));
        }
}

BOOST_AUTO_TEST_CASE(a_serial_is_any_fourteen_digits_and_knows_whether_it_is_real) {
    for (const char* real : {"20261120093000", "20240229235959", "20270101000000"})
        BOOST_TEST(Serial::parse(real).value().is_real());
    for (const char* unreal :
         {"20250229000000", "20261131000000", "20261120240000", "20261120236000", "20261120235960",
          "00000000000000", "20261301000000"})
        BOOST_TEST_CONTEXT(unreal) {
            BOOST_TEST(!Serial::parse(unreal).value().is_real());
        }
    for (const char* bad : {"", "2026112009300", "202611200930000", "2026112009300A"})
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!Serial::parse(bad));
        }
}

BOOST_AUTO_TEST_CASE(a_serial_names_an_instant_of_japan_time) {
    BOOST_TEST(rfc3339(Serial::parse("20261120093015")->instant()) == "2026-11-20T00:30:15.000Z");
    BOOST_TEST(rfc3339(Serial::parse("20270101083000")->instant()) == "2026-12-31T23:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(a_month_is_a_real_month) {
    const Month month = Month::parse("202612").value();
    BOOST_TEST(month.year() == 2026);
    BOOST_TEST(month.month() == 12);
    BOOST_TEST(month.days() == 31);
    BOOST_TEST(month.str() == "202612");
    BOOST_TEST((month == Month::of(2026, 12)));
    BOOST_TEST((Month::of(2026, 9) < Month::of(2026, 10)));
    for (const char* bad :
         {"", "202600", "202613", "000000", "20261", "2026120", "2026-1", "189912", "300001"})
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!Month::parse(bad));
        }
}

BOOST_AUTO_TEST_CASE(february_has_29_days_in_leap_years) {
    BOOST_TEST(Month::of(2024, 2).days() == 29);
    BOOST_TEST(Month::of(2026, 2).days() == 28);
    BOOST_TEST(Month::of(2100, 2).days() == 28);
    BOOST_TEST(Month::of(2000, 2).days() == 29);
}

BOOST_AUTO_TEST_CASE(no_month_is_printed_as_a_dash) {
    BOOST_TEST(!Month().has_value());
    BOOST_TEST(Month().str() == "-");
}

BOOST_AUTO_TEST_CASE(a_bundle_id_is_a_version_7_uuid_that_carries_the_time) {
    // The example of RFC 9562, appendix A.6.
    const Time time = parse_rfc3339("2022-02-22T19:22:22.000Z").value();
    const Bytes random = from_hex("0cc318c4dc0c0c07398f").value();
    const BundleId id = BundleId::make(time, random);
    BOOST_TEST(id.str() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

BOOST_AUTO_TEST_CASE(bundle_ids_sort_by_time_and_go_through_text_and_bytes) {
    const Time time = parse_rfc3339("2026-11-22T09:30:00.123Z").value();
    const BundleId first = BundleId::make(time, random_bytes(10));
    const BundleId second = BundleId::make(time + std::chrono::milliseconds(1), random_bytes(10));
    BOOST_TEST((first < second));
    BOOST_TEST(first.str() < second.str());
    BOOST_TEST((BundleId::parse(first.str()).value() == first));
    BOOST_TEST((BundleId::from_bytes(first.view()) == first));
}

BOOST_AUTO_TEST_CASE(a_bundle_id_is_read_in_canonical_form_only) {
    for (const char* bad :
         {"", "017f22e279b07cc398c4dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
          "017f22e2079b0-7cc3-98c4-dc0c0c07398f", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"})
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!BundleId::parse(bad));
        }
    BOOST_CHECK_THROW(BundleId::from_bytes("short"), std::invalid_argument);
    BOOST_CHECK_THROW(BundleId::make(Time(), "short"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
