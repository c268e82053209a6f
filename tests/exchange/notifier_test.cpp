#include <boost/test/unit_test.hpp>

#include "gateway/exchange/notifier.hpp"

using namespace cpg;
using cpg::exchange::Notifier;

namespace {

const auto care = OfficeNo::parse("0370100017").value();
const auto visit = OfficeNo::parse("0370100025").value();

} // namespace

BOOST_AUTO_TEST_SUITE(notifier)

BOOST_AUTO_TEST_CASE(wakes_whoever_waits_for_the_office_once) {
    Notifier notifier;
    int woken = 0;
    const auto token = notifier.wait_for({care, visit}, [&] { ++woken; });
    notifier.notify(visit);
    notifier.notify(care);
    notifier.notify(visit);
    BOOST_TEST(woken == 1);
}

BOOST_AUTO_TEST_CASE(leaves_others_asleep) {
    Notifier notifier;
    int woken = 0;
    const auto token = notifier.wait_for({care}, [&] { ++woken; });
    notifier.notify(visit);
    BOOST_TEST(woken == 0);
    BOOST_TEST(notifier.waiting() == 1u);
}

BOOST_AUTO_TEST_CASE(forgets_who_stopped_waiting) {
    Notifier notifier;
    int woken = 0;
    auto token = notifier.wait_for({care}, [&] { ++woken; });
    token.reset();
    BOOST_TEST(notifier.waiting() == 0u);
    notifier.notify(care);
    BOOST_TEST(woken == 0);
}

BOOST_AUTO_TEST_CASE(wakes_all_at_shutdown) {
    Notifier notifier;
    int woken = 0;
    const auto first = notifier.wait_for({care}, [&] { ++woken; });
    const auto second = notifier.wait_for({visit}, [&] { ++woken; });
    notifier.notify_all();
    BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_SUITE_END()
