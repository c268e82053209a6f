#include "gateway/exchange/states.hpp"

#include <array>
#include <utility>

namespace cpg::exchange {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 7> state_names{{
    {State::accepted, "accepted"},
    {State::fetched, "fetched"},
    {State::imported, "imported"},
    {State::import_failed, "import_failed"},
    {State::recalled, "recalled"},
    {State::superseded, "superseded"},
    {State::rejected, "rejected"},
}};

constexpr std::array<std::pair<Step, std::string_view>, 8> step_names{{
    {Step::submit, "submit"},
    {Step::reject, "reject"},
    {Step::fetch, "fetch"},
    {Step::ack_imported, "ack_imported"},
    {Step::ack_failed, "ack_failed"},
    {Step::recall, "recall"},
    {Step::supersede, "supersede"},
    {Step::unclaimed, "unclaimed"},
}};

template<class Value, std::size_t N>
std::string_view name_in(const std::array<std::pair<Value, std::string_view>, N>& names,
                         Value value) {
    for (const auto& [candidate, name] : names)
        if (candidate == value) return name;
    return {};
}

template<class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& names,
                              std::string_view name) {
    for (const auto& [value, candidate] : names)
        if (candidate == name) return value;
    return std::nullopt;
}

std::optional<State> after_fetch(State state) {
    return state == State::accepted ? std::optional(State::fetched) : std::nullopt;
}

// A superseded bundle may have been fetched before the newer one came: its outcome is still worth a
// proof.
std::optional<State> after_ack(State state, State outcome) {
    switch (state) {
    case State::fetched:
        return outcome;
    case State::import_failed:
        return outcome == State::imported ? std::optional(outcome) : std::nullopt;
    case State::superseded:
        return State::superseded;
    default:
        return std::nullopt;
    }
}

std::optional<State> after_supersede(State state) {
    switch (state) {
    case State::accepted:
    case State::fetched:
    case State::import_failed:
        return State::superseded;
    case State::imported:
        return State::imported;
    default:
        return std::nullopt;
    }
}

} // namespace

std::string_view name_of(State state) {
    return name_in(state_names, state);
}
std::optional<State> state_of(std::string_view name) {
    return value_in(state_names, name);
}
std::string_view name_of(Step step) {
    return name_in(step_names, step);
}
std::optional<Step> step_of(std::string_view name) {
    return value_in(step_names, name);
}

std::optional<State> next_state(State state, Step step) {
    switch (step) {
    case Step::fetch:
        return after_fetch(state);
    case Step::ack_imported:
        return after_ack(state, State::imported);
    case Step::ack_failed:
        return after_ack(state, State::import_failed);
    case Step::recall:
        return state == State::accepted ? std::optional(State::recalled) : std::nullopt;
    case Step::supersede:
        return after_supersede(state);
    case Step::unclaimed:
        return state == State::accepted ? std::optional(state) : std::nullopt;
    case Step::submit:
    case Step::reject:
        return std::nullopt; // they make a bundle, they do not move one
    }
    return std::nullopt;
}

std::string_view event_of(Step step) {
    switch (step) {
    case Step::submit:
        return "SubmissionAcceptance";
    case Step::reject:
        return "SubmissionRejection";
    case Step::fetch:
        return "ContentHandover";
    case Step::ack_imported:
        return "ConsignmentAcceptance";
    case Step::ack_failed:
        return "ConsignmentRejection";
    case Step::unclaimed:
        return "AcceptanceRejectionExpiry";
    case Step::recall:
    case Step::supersede:
        return {};
    }
    return {};
}

} // namespace cpg::exchange
