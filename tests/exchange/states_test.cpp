#include <boost/test/unit_test.hpp>

#include "gateway/exchange/states.hpp"

#include <array>
#include <string>

using namespace cpg::exchange;

namespace {

constexpr std::array states{State::accepted,      State::fetched,  State::imported,
                            State::import_failed, State::recalled, State::superseded,
                            State::rejected};
constexpr std::array steps{Step::submit,     Step::reject, Step::fetch,     Step::ack_imported,
                           Step::ack_failed, Step::recall, Step::supersede, Step::unclaimed};

// The whole table: state, step -> new state. What is not listed is refused.
struct Allowed {
    State state;
    Step step;
    State next;
};
constexpr std::array allowed{
    Allowed{State::accepted, Step::fetch, State::fetched},
    Allowed{State::accepted, Step::recall, State::recalled},
    Allowed{State::accepted, Step::supersede, State::superseded},
    Allowed{State::accepted, Step::unclaimed, State::accepted},
    Allowed{State::fetched, Step::ack_imported, State::imported},
    Allowed{State::fetched, Step::ack_failed, State::import_failed},
    Allowed{State::fetched, Step::supersede, State::superseded},
    Allowed{State::import_failed, Step::ack_imported, State::imported},
    Allowed{State::import_failed, Step::supersede, State::superseded},
    Allowed{State::imported, Step::supersede, State::imported},
    Allowed{State::superseded, Step::ack_imported, State::superseded},
    Allowed{State::superseded, Step::ack_failed, State::superseded},
};

std::optional<State> expected(State state, Step step) {
    for (const auto& row : allowed)
        if (row.state == state && row.step == step) return row.next;
    return std::nullopt;
}

} // namespace

BOOST_AUTO_TEST_SUITE(states_of_a_delivery)

BOOST_AUTO_TEST_CASE(follow_the_table_and_nothing_else) {
    for (const auto state : states)
        for (const auto step : steps)
            BOOST_TEST((next_state(state, step) == expected(state, step)),
                       name_of(state) << " + " << name_of(step));
}

BOOST_AUTO_TEST_CASE(never_go_back) {
    for (const auto state : {State::recalled, State::rejected})
        for (const auto step : steps) BOOST_TEST(!next_state(state, step).has_value());
    for (const auto state :
         {State::fetched, State::imported, State::import_failed, State::superseded})
        BOOST_TEST(!next_state(state, Step::recall).has_value());
}

BOOST_AUTO_TEST_CASE(have_names_both_ways) {
    for (const auto state : states) BOOST_TEST((state_of(name_of(state)) == state));
    for (const auto step : steps) BOOST_TEST((step_of(name_of(step)) == step));
    BOOST_TEST(!state_of("lost").has_value());
    BOOST_TEST(!step_of("").has_value());
}

BOOST_AUTO_TEST_CASE(carry_the_event_names_of_the_delivery_standard) {
    BOOST_TEST(event_of(Step::submit) == "SubmissionAcceptance");
    BOOST_TEST(event_of(Step::reject) == "SubmissionRejection");
    BOOST_TEST(event_of(Step::fetch) == "ContentHandover");
    BOOST_TEST(event_of(Step::ack_imported) == "ConsignmentAcceptance");
    BOOST_TEST(event_of(Step::ack_failed) == "ConsignmentRejection");
    BOOST_TEST(event_of(Step::unclaimed) == "AcceptanceRejectionExpiry");
}

BOOST_AUTO_TEST_SUITE_END()
