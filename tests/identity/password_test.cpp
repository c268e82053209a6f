#include "gateway/identity/password.hpp"
#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace cpg;
using namespace cpg::identity;

namespace {

const PasswordCost cheap{64, 1, 1};

} // namespace

BOOST_AUTO_TEST_SUITE(password)

BOOST_AUTO_TEST_CASE(the_default_cost_is_not_under_the_owasp_minimum) {
    const PasswordCost cost;
    BOOST_TEST(cost.memory_kib >= 19u * 1024);
    BOOST_TEST(cost.passes >= 2u);
    BOOST_TEST(cost.lanes >= 1u);
}

BOOST_AUTO_TEST_CASE(a_hash_is_a_phc_string_with_a_salt_of_its_own) {
    const auto first = hash_password("correct horse battery", cheap);
    const auto second = hash_password("correct horse battery", cheap);
    BOOST_TEST(first.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    BOOST_TEST(first != second);
    BOOST_TEST(verify_password(first, "correct horse battery"));
    BOOST_TEST(!verify_password(first, "correct horse batterz"));
    BOOST_TEST(!verify_password(first, ""));
}

// A vector of the reference implementation: version 19, 2 passes, 256 KiB, 1 lane, "password",
// "somesalt".
BOOST_AUTO_TEST_CASE(a_hash_of_the_reference_implementation_verifies) {
    const auto* const phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ"
                            "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    BOOST_TEST(verify_password(phc, "password"));
    BOOST_TEST(!verify_password(phc, "passwort"));
}

BOOST_AUTO_TEST_CASE(what_is_no_hash_verifies_nothing) {
    for (const auto* phc : {"", "x", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$"})
        BOOST_TEST(!verify_password(phc, "password"));
    const auto phc = hash_password("a", cheap);
    BOOST_TEST(!verify_password(phc, std::string(max_password_bytes + 1, 'a')));
    BOOST_TEST(!verify_password(phc + std::string(600, ' '), "a"));
}

BOOST_AUTO_TEST_CASE(a_hash_made_at_less_cost_is_weaker) {
    const auto phc = hash_password("a", cheap);
    BOOST_TEST(!is_weaker(phc, cheap));
    BOOST_TEST(is_weaker(phc, PasswordCost{65, 1, 1}));
    BOOST_TEST(is_weaker(phc, PasswordCost{64, 2, 1}));
    BOOST_TEST(is_weaker("rubbish", cheap));
}

BOOST_AUTO_TEST_CASE(a_new_password_keeps_the_rule) {
    BOOST_TEST(check_new_password("thirteen-char", "hanako").has_value());
    BOOST_TEST(check_new_password("みほんのあいことばです長い文", "hanako").has_value());
    for (const auto& wrong : {std::string("twelve-chars"), std::string("aaaaaaaabbbbbbbb"),
                              std::string("the-hanako-password"), std::string("with\ncontrol-char"),
                              std::string(257, 'a') + "bcdef"})
        BOOST_TEST(!check_new_password(wrong, "hanako").has_value());
}

BOOST_AUTO_TEST_CASE(a_made_password_keeps_the_rule_and_is_not_made_twice) {
    std::set<std::string> made;
    for (int i = 0; i < 1000; ++i) {
        const auto password = make_password(random_bytes(20));
        BOOST_TEST(password.size() == 23u);
        made.insert(password);
    }
    BOOST_TEST(made.size() == 1000u);
    BOOST_TEST(check_new_password(*made.begin(), "hanako").has_value());
}

BOOST_AUTO_TEST_CASE(the_queue_runs_so_many_at_once_and_drops_what_is_too_much) {
    std::deque<std::function<void()>> posted;
    HashingQueue queue([&](std::function<void()> work) { posted.push_back(std::move(work)); }, 2,
                       3);
    int ran = 0;
    for (int i = 0; i < 5; ++i) BOOST_TEST(queue.run([&] { ++ran; }));
    BOOST_TEST(queue.is_full());
    BOOST_TEST(!queue.run([&] { ++ran; }));
    BOOST_TEST(posted.size() == 2u);
    while (!posted.empty()) {
        BOOST_TEST(posted.size() <= 2u);
        const auto work = std::move(posted.front());
        posted.pop_front();
        work();
    }
    BOOST_TEST(ran == 5);
    BOOST_TEST(!queue.is_full());
}

BOOST_AUTO_TEST_CASE(the_queue_goes_on_after_work_that_throws) {
    std::deque<std::function<void()>> posted;
    HashingQueue queue([&](std::function<void()> work) { posted.push_back(std::move(work)); }, 1,
                       9);
    bool ran = false;
    queue.run([] { throw std::runtime_error("no memory"); });
    queue.run([&] { ran = true; });
    BOOST_CHECK_THROW(posted.at(0)(), std::runtime_error);
    posted.at(1)();
    BOOST_TEST(ran);
}

BOOST_AUTO_TEST_SUITE_END()
