#include "spec/base/clock.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

BOOST_AUTO_TEST_SUITE(clock_and_calendar)

BOOST_AUTO_TEST_CASE(times_go_both_ways_through_rfc_3339) {
    for (const char* text :
         {"2026-11-22T09:30:00.123Z", "1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
          "2024-02-29T23:59:59.001Z", "9999-12-31T23:59:59.999Z"})
        BOOST_TEST(rfc3339(parse_rfc3339(text).value()) == text);
    BOOST_TEST(parse_rfc3339("1970-01-01T00:00:01.500Z")->time_since_epoch().count() == 1500);
}

BOOST_AUTO_TEST_CASE(only_the_form_that_is_written_is_read) {
    for (const char* bad :
         {"", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00.123+09:00", "2026-11-22 09:30:00.123Z",
          "2026-11-22t09:30:00.123z", "2026-02-30T09:30:00.123Z", "2026-11-22T24:00:00.000Z",
          "2026-11-22T09:60:00.123Z", "2026-11-22T09:30:60.123Z", "2026-11-22T09:30:00.123Z ",
          "2026-11-22T09:30:00.12xZ", "+026-11-22T09:30:00.123Z"})
        BOOST_TEST_CONTEXT(bad) {
            BOOST_TEST(!parse_rfc3339(bad));
        }
}

BOOST_AUTO_TEST_CASE(the_day_in_japan_begins_nine_hours_earlier) {
    BOOST_TEST(japan_day(parse_rfc3339("2026-11-22T14:59:59.999Z").value()) == "20261122");
    BOOST_TEST(japan_day(parse_rfc3339("2026-11-22T15:00:00.000Z").value()) == "20261123");
    BOOST_TEST(japan_day(parse_rfc3339("2026-12-31T15:00:00.000Z").value()) == "20270101");
}

BOOST_AUTO_TEST_CASE(real_days_are_days_of_the_calendar) {
    for (const char* real : {"20261122", "20240229", "20000229", "18000101", "29991231"})
        BOOST_TEST_CONTEXT(real) {
            BOOST_TEST(is_real_day(real));
        }
    for (const char* unreal :
         {"20250229", "21000229", "20260431", "20251301", "20250001", "20250100", "00000000",
          "17991231", "30000101", "2026112", "202611220", "2026112a", ""})
        BOOST_TEST_CONTEXT(unreal) {
            BOOST_TEST(!is_real_day(unreal));
        }
}

BOOST_AUTO_TEST_CASE(the_system_clock_moves_forward) {
    const Time before = system_clock().now();
    BOOST_TEST((before > parse_rfc3339("2025-01-01T00:00:00.000Z").value()));
    BOOST_TEST((system_clock().now() >= before));
}

BOOST_AUTO_TEST_SUITE_END()
