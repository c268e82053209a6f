#include "gateway/api/rate_limit.hpp"

#include "tests/api/console.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::api;
using namespace std::chrono_literals;

namespace {

constexpr RateLimiter::Instant start{};

RateSettings small() {
    return {{10, 20}, {1, 2}, {0.1, 1}, 2};
}

int taken(RateLimiter& limiter, const std::string& who, RateClass which, int tries,
          RateLimiter::Instant now = start, std::size_t shares = 1) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += !limiter.take(who, which, shares, now);
    return count;
}

test::WorldSettings with_small_rates() {
    test::WorldSettings settings;
    settings.api.rate = small();
    return settings;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rate_limit)

BOOST_AUTO_TEST_CASE(a_burst_then_so_many_a_second) {
    RateLimiter limiter(small());
    BOOST_TEST(taken(limiter, "a", RateClass::read, 100) == 20);
    BOOST_TEST(taken(limiter, "a", RateClass::read, 100, start + 1s) == 10);
    BOOST_TEST(taken(limiter, "a", RateClass::read, 100, start + 1h) == 20);
}

BOOST_AUTO_TEST_CASE(it_says_when_to_come_back) {
    RateLimiter limiter(small());
    taken(limiter, "a", RateClass::login, 1);
    BOOST_TEST(limiter.take("a", RateClass::login, 1, start).value().count() == 10);
    BOOST_TEST(limiter.take("a", RateClass::login, 1, start + 9s).value().count() == 1);
    BOOST_TEST(!limiter.take("a", RateClass::login, 1, start + 10s).has_value());
}

BOOST_AUTO_TEST_CASE(classes_and_callers_do_not_share) {
    RateLimiter limiter(small());
    BOOST_TEST(taken(limiter, "a", RateClass::read, 1000) == 20);
    BOOST_TEST(taken(limiter, "a", RateClass::write, 1000) == 2);
    BOOST_TEST(taken(limiter, "b", RateClass::read, 1000) == 20);
}

BOOST_AUTO_TEST_CASE(a_caller_for_several_offices_has_their_shares) {
    RateLimiter limiter(small());
    BOOST_TEST(taken(limiter, "vendor", RateClass::read, 10'000, start, 3) == 60);
    BOOST_TEST(taken(limiter, "giant", RateClass::read, 10'000, start, 5'000) == 2'000);
}

BOOST_AUTO_TEST_CASE(a_clock_that_stands_or_goes_back_gives_nothing) {
    RateLimiter limiter(small());
    taken(limiter, "a", RateClass::read, 20, start + 10s);
    BOOST_TEST(taken(limiter, "a", RateClass::read, 5, start) == 0);
}

BOOST_AUTO_TEST_CASE(memory_is_bounded) {
    RateLimiter limiter(small());
    for (std::size_t i = 0; i < RateLimiter::max_callers + 1000; ++i)
        limiter.take(std::to_string(i), RateClass::read, 1, start + std::chrono::milliseconds(i));
    BOOST_TEST(limiter.size() <= RateLimiter::max_callers);
}

BOOST_AUTO_TEST_CASE(uploads_at_once_are_counted_and_given_back) {
    RateLimiter limiter(small());
    auto first = limiter.begin_upload("a", 1, start);
    const auto second = limiter.begin_upload("a", 1, start);
    BOOST_TEST((first && second));
    BOOST_TEST(!limiter.begin_upload("a", 1, start));
    BOOST_TEST(!!limiter.begin_upload("b", 1, start));
    first.reset();
    BOOST_TEST(!!limiter.begin_upload("a", 1, start));
}

BOOST_AUTO_TEST_CASE(one_office_in_haste_does_not_starve_another) {
    test::World world(with_small_rates());
    const auto care = world.office("0370100017", "43");
    const auto visit = world.office("0370100025", "11");
    int refused = 0;
    http::Response last;
    for (int i = 0; i < 50; ++i) {
        auto answer = world.get(care, "/v1/inbox");
        if (answer.status != 429) continue;
        ++refused;
        last = std::move(answer);
    }
    BOOST_TEST(refused == 30);
    BOOST_TEST(test::slug_in(last) == "rate-limited");
    BOOST_TEST(test::header_of(last, "Retry-After") == "1");
    BOOST_TEST(world.get(visit, "/v1/inbox").status == 200);
    world.let_pass(1s);
    BOOST_TEST(world.get(care, "/v1/inbox").status == 200);
}

BOOST_AUTO_TEST_CASE(the_limits_name_the_rates) {
    test::World world(with_small_rates());
    const auto care = world.office("0370100017", "43");
    const auto limits = test::json_of(world.get(care, "/v1/limits"));
    BOOST_TEST(limits.at("rate_read_per_minute").to_number<double>() == 600);
    BOOST_TEST(limits.at("rate_login_burst").to_number<double>() == 1);
    BOOST_TEST(limits.at("max_uploads").to_number<int>() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
