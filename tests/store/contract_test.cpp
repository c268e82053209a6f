// What every backend of the store promises. A further backend is one more type in Backends.
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

using namespace store_tests;

namespace {

#define CONTRACT(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, Backends)

bool same_proof(const audit::Proof& left, const audit::Proof& right) {
    return left.index == right.index && left.size == right.size && left.hashes == right.hashes &&
           left.checkpoint == right.checkpoint;
}

bool same_row(const BundleRow& left, const BundleRow& right) {
    return left.id == right.id && left.pair == right.pair && left.serial == right.serial &&
           left.edition == right.edition && left.kind == right.kind && left.month == right.month &&
           left.state == right.state && left.accepted_at == right.accepted_at &&
           left.fetched_at == right.fetched_at && left.settled_at == right.settled_at &&
           left.bytes == right.bytes && left.files == right.files &&
           left.content_tag == right.content_tag && left.catalog == right.catalog &&
           left.superseded_by == right.superseded_by && left.errors == right.errors &&
           left.warnings == right.warnings;
}

std::vector<BundleId> ids(const std::vector<BundleRow>& rows) {
    std::vector<BundleId> out;
    for (const auto& row : rows) out.push_back(row.id);
    return out;
}

Job job_of(std::vector<WriteOp> ops) {
    return Job{std::move(ops)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(contract)

// -- accept and reject --

CONTRACT(a_new_store_is_empty) {
    World<Backend> world;
    BOOST_TEST(world.store->tree_size() == 0u);
    BOOST_TEST(world.store->checkpoint().empty());
    BOOST_TEST(!world.store->bundle(next_id()).has_value());
    BOOST_TEST(!world.store->sealed_parcel(next_id()).has_value());
    BOOST_TEST(!world.store->tile({0, 0}).has_value());
    BOOST_TEST(world.store->steps(next_id()).empty());
    BOOST_TEST(world.store->counts().bundles.empty());
    world.store->ping();
}

CONTRACT(an_accepted_bundle_reads_back_as_it_was_given) {
    World<Backend> world;
    const AcceptOp op = accept_op(usual_pair, 1);
    const auto written = std::get<Written>(world.write(op));
    BOOST_TEST(written.bundle == op.bundle.id);
    const auto row = world.store->bundle(op.bundle.id).value();
    BOOST_TEST(same_row(row, op.bundle));
    BOOST_TEST(row.arrival == 1u);
    BOOST_TEST(world.store->sealed_parcel(op.bundle.id).value() == op.sealed_parcel);
    BOOST_TEST(world.store->sealed_report(op.bundle.id).value() == op.sealed_report);
    BOOST_TEST(world.proves(written.proof, op.leaf));
    const auto steps = world.store->steps(op.bundle.id);
    BOOST_REQUIRE(steps.size() == 1u);
    BOOST_TEST((steps[0].step == Step::submit));
    BOOST_TEST((steps[0].time == op.bundle.accepted_at));
    BOOST_TEST(steps[0].leaf == op.leaf);
    BOOST_TEST(steps[0].leaf_index == written.proof.index);
    BOOST_TEST(steps[0].tree_size == written.proof.size);
}

CONTRACT(absent_service_types_and_months_stay_absent) {
    World<Backend> world;
    AcceptOp op = accept_op({{care_manager, std::nullopt}, {provider, std::nullopt}}, 1);
    op.bundle.month = Month();
    world.write(op);
    BOOST_TEST(same_row(world.store->bundle(op.bundle.id).value(), op.bundle));
}

CONTRACT(binary_and_empty_blobs_read_back) {
    World<Backend> world;
    AcceptOp op = accept_op(usual_pair, 1);
    op.sealed_parcel = Bytes("\0\xff\0'\"", 5);
    op.sealed_report.clear();
    world.write(op);
    BOOST_TEST(world.store->sealed_parcel(op.bundle.id).value() == op.sealed_parcel);
    BOOST_TEST(world.store->sealed_report(op.bundle.id).value().empty());
}

CONTRACT(a_rejected_bundle_keeps_report_and_leaf_and_no_parcel) {
    World<Backend> world;
    const RejectOp op = reject_op(usual_pair, 1);
    const auto written = std::get<Written>(world.write(op));
    BOOST_TEST(world.state(op.bundle.id) == State::rejected);
    BOOST_TEST(!world.store->sealed_parcel(op.bundle.id).has_value());
    BOOST_TEST(world.store->sealed_report(op.bundle.id).value() == op.sealed_report);
    BOOST_TEST(world.proves(written.proof, op.leaf));
    BOOST_TEST((world.store->steps(op.bundle.id).at(0).step == Step::reject));
    for (const Step step : {Step::fetch, Step::ack_imported, Step::ack_failed, Step::recall})
        BOOST_TEST(!world.step(op.bundle.id, step));
}

// -- erasing (retention) --

CONTRACT(erasing_leaves_the_row_and_the_proofs_and_nothing_of_the_payload) {
    World<Backend> world;
    const AcceptOp op = accept_op(usual_pair, 1, plan_for({"user"}));
    world.write(op);
    world.step(op.bundle.id, Step::fetch);
    const auto before = world.store->counts().parcel_bytes;
    const EraseOp erase{op.bundle.id, at(5000), "erase\n"};
    const auto written = std::get<Written>(world.write(erase));
    BOOST_TEST(world.proves(written.proof, "erase\n"));
    BOOST_TEST(!world.store->sealed_parcel(op.bundle.id).has_value());
    BOOST_TEST(!world.store->sealed_report(op.bundle.id).has_value());
    BOOST_TEST(!world.holds(usual_pair, "user"));
    const auto row = world.store->bundle(op.bundle.id).value();
    BOOST_TEST((row.erased_at == at(5000)));
    BOOST_TEST((row.state == State::fetched));
    BOOST_TEST(world.store->counts().parcel_bytes == before - op.sealed_parcel.size());
    const auto steps = world.store->steps(op.bundle.id);
    BOOST_REQUIRE_EQUAL(steps.size(), 2u);
    for (const StepRow& step : steps) {
        BOOST_TEST(step.sealed_note.empty());
        BOOST_TEST(world.proves(world.store->proof(step.leaf_index, step.tree_size), step.leaf));
    }
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(a_bundle_is_erased_once) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1);
    world.write(EraseOp{id, at(10), "first\n"});
    const auto size = world.store->tree_size();
    BOOST_TEST(std::holds_alternative<Refused>(world.write(EraseOp{id, at(11), "second\n"})));
    BOOST_TEST(world.store->tree_size() == size);
    BOOST_TEST((world.store->bundle(id).value().erased_at == at(10)));
}

CONTRACT(an_erased_bundle_keeps_its_serial) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1);
    world.write(EraseOp{id, at(10), "erase\n"});
    BOOST_TEST(std::get<Repeated>(world.write(accept_op(usual_pair, 1))).bundle == id);
}

CONTRACT(quiet_bundles_are_those_whose_last_step_is_old_and_that_are_not_erased) {
    World<Backend> world;
    const BundleId untouched = world.accept(usual_pair, 1); // accepted long before at(1000)
    const BundleId fetched = world.accept(usual_pair, 2);
    const BundleId erased = world.accept(usual_pair, 3);
    world.write(step_op(fetched, Step::fetch, 5000));
    world.write(EraseOp{erased, at(1), "erase\n"});
    const auto ids = [&](Time before, std::uint64_t after = 0, std::size_t limit = 10) {
        std::vector<BundleId> found;
        for (const auto& row : world.store->quiet_since(before, after, limit))
            found.push_back(row.id);
        return found;
    };
    BOOST_TEST((ids(at(4000)) == std::vector{untouched}));
    BOOST_TEST((ids(at(5000)) == std::vector{untouched})); // not yet: "before" is exclusive
    BOOST_TEST((ids(at(5001)) == std::vector{untouched, fetched}));
    BOOST_TEST((ids(at(5001), 0, 1) == std::vector{untouched}));
    const auto first = world.store->bundle(untouched).value().arrival;
    BOOST_TEST((ids(at(5001), first) == std::vector{fetched}));
}

CONTRACT(old_answers_are_forgotten) {
    World<Backend> world;
    const OfficeNo who = usual_pair.from.office;
    world.write(remember_op(who, "old")); // at(5)
    BOOST_TEST(world.store->forget_answers(at(5)) == 0u);
    BOOST_TEST(world.store->remembered(who, "old").has_value());
    BOOST_TEST(world.store->forget_answers(at(6)) == 1u);
    BOOST_TEST(!world.store->remembered(who, "old").has_value());
}

// -- serials (R-SEQ-01) --

CONTRACT(the_same_bytes_under_the_same_serial_are_a_repeat) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 1);
    const std::uint64_t size = world.store->tree_size();
    const auto result = world.write(accept_op(usual_pair, 1));
    BOOST_TEST(std::get<Repeated>(result).bundle == first);
    BOOST_TEST(world.store->tree_size() == size);
}

CONTRACT(other_bytes_under_the_same_serial_are_rejected) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 1);
    const AcceptOp other = accept_op(usual_pair, 1, {}, "other");
    const auto result = std::get<RejectedBySequence>(world.write(other));
    BOOST_TEST(result.bundle == other.bundle.id);
    BOOST_TEST(world.proves(result.proof, "reused\n"));
    BOOST_TEST(world.state(other.bundle.id) == State::rejected);
    BOOST_TEST(world.state(first) == State::accepted);
    BOOST_TEST(world.store->sealed_report(other.bundle.id).value() == "reused\n");
    BOOST_TEST(!world.store->sealed_parcel(other.bundle.id).has_value());
}

CONTRACT(a_bundle_rejected_for_its_data_does_not_use_its_serial_up) {
    World<Backend> world;
    world.write(reject_op(usual_pair, 1));
    world.write(reject_op(usual_pair, 1));
    BOOST_TEST(world.state(world.accept(usual_pair, 1)) == State::accepted);
}

CONTRACT(a_recalled_bundle_keeps_its_serial) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 1);
    BOOST_TEST(world.step(first, Step::recall));
    BOOST_TEST(std::get<Repeated>(world.write(accept_op(usual_pair, 1))).bundle == first);
    BOOST_TEST(std::holds_alternative<RejectedBySequence>(
        world.write(accept_op(usual_pair, 1, {}, "other"))));
}

CONTRACT(serials_are_counted_for_each_pair_with_its_service_types) {
    World<Backend> world;
    world.accept(usual_pair, 1);
    world.accept(pair_of(care_manager, other_provider), 1);
    world.accept(pair_of(provider, care_manager), 1);
    world.accept({{care_manager, service("43")}, {provider, service("15")}}, 1);
    world.accept({{care_manager, service("43")}, {provider, std::nullopt}}, 1);
    world.accept({{care_manager, std::nullopt}, {provider, service("11")}}, 1);
    BOOST_TEST(world.store->tree_size() == 6u);
}

CONTRACT(a_serial_behind_one_that_was_handed_over_is_rejected) {
    for (const auto& after : {std::vector<Step>{Step::fetch},
                              {Step::fetch, Step::ack_imported},
                              {Step::fetch, Step::ack_failed}}) {
        World<Backend> world;
        const BundleId later = world.accept(usual_pair, 20);
        for (const Step step : after) BOOST_TEST(world.step(later, step));
        const auto result = world.write(accept_op(usual_pair, 10));
        BOOST_TEST(world.proves(std::get<RejectedBySequence>(result).proof, "behind\n"));
        world.accept(usual_pair, 21);
        world.accept(pair_of(care_manager, other_provider), 10);
    }
}

CONTRACT(a_serial_behind_one_superseded_after_its_fetch_is_rejected) {
    World<Backend> world;
    const BundleId fetched = world.accept(usual_pair, 20, plan_for({"a"}));
    BOOST_TEST(world.step(fetched, Step::fetch));
    world.accept(usual_pair, 30, plan_for({"a"}));
    BOOST_TEST(world.state(fetched) == State::superseded);
    BOOST_TEST(std::holds_alternative<RejectedBySequence>(world.write(accept_op(usual_pair, 10))));
    world.accept(usual_pair, 25);
}

CONTRACT(a_serial_behind_ones_that_were_never_handed_over_is_taken) {
    World<Backend> world;
    world.accept(usual_pair, 20, plan_for({"a"}));
    world.accept(usual_pair, 30, plan_for({"a"})); // supersedes before any fetch
    BOOST_TEST(world.step(world.accept(usual_pair, 40), Step::recall));
    world.write(reject_op(usual_pair, 50));
    BOOST_TEST(world.state(world.accept(usual_pair, 10)) == State::accepted);
}

CONTRACT(a_repeat_stays_a_repeat_after_later_ones_were_handed_over) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 10);
    BOOST_TEST(world.step(world.accept(usual_pair, 20), Step::fetch));
    BOOST_TEST(std::get<Repeated>(world.write(accept_op(usual_pair, 10))).bundle == first);
}

// -- what replaces what --

CONTRACT(a_newer_plan_for_all_the_same_persons_supersedes) {
    World<Backend> world;
    const BundleId old_plan = world.accept(usual_pair, 1, plan_for({"a", "b"}));
    const BundleId new_plan = world.accept(usual_pair, 2, plan_for({"a", "b", "c"}));
    BOOST_TEST(world.state(old_plan) == State::superseded);
    BOOST_TEST(world.superseded_by(old_plan).value() == new_plan);
    BOOST_TEST(world.state(new_plan) == State::accepted);
    BOOST_TEST(!world.step(old_plan, Step::fetch));
    BOOST_TEST(!world.step(old_plan, Step::recall));
}

CONTRACT(a_newer_plan_for_some_of_the_persons_leaves_the_rest_alive) {
    World<Backend> world;
    const BundleId old_plan = world.accept(usual_pair, 1, plan_for({"a", "b"}));
    world.accept(usual_pair, 2, plan_for({"a"}));
    BOOST_TEST(world.state(old_plan) == State::accepted);
    BOOST_TEST(!world.superseded_by(old_plan).has_value());
    const BundleId last = world.accept(usual_pair, 3, plan_for({"b"}));
    BOOST_TEST(world.state(old_plan) == State::superseded);
    BOOST_TEST(world.superseded_by(old_plan).value() == last);
}

CONTRACT(plans_of_other_pairs_and_other_persons_are_left_alone) {
    World<Backend> world;
    const BundleId plan = world.accept(usual_pair, 1, plan_for({"a"}));
    world.accept(pair_of(care_manager, other_provider), 2, plan_for({"a"}));
    world.accept({{care_manager, service("43")}, {provider, service("15")}}, 2, plan_for({"a"}));
    world.accept(usual_pair, 2, plan_for({"b"}));
    BOOST_TEST(world.state(plan) == State::accepted);
    BOOST_TEST(world.holds(usual_pair, "a"));
}

CONTRACT(a_delete_ends_what_it_names_and_holds_nothing) {
    World<Backend> world;
    const BundleId plan = world.accept(usual_pair, 1, plan_for({"a"}));
    BOOST_TEST(world.holds(usual_pair, "a"));
    BOOST_TEST(!world.holds(usual_pair, "b"));
    BOOST_TEST(!world.holds(pair_of(care_manager, other_provider), "a"));
    const BundleId deletion = world.accept(usual_pair, 2, delete_of({"a", "unknown"}));
    BOOST_TEST(world.state(plan) == State::superseded);
    BOOST_TEST(world.superseded_by(plan).value() == deletion);
    BOOST_TEST(world.state(deletion) == State::accepted);
    BOOST_TEST(!world.holds(usual_pair, "a"));
}

CONTRACT(a_late_plan_of_a_lower_serial_is_superseded_on_arrival) {
    World<Backend> world;
    const BundleId newer = world.accept(usual_pair, 20, plan_for({"a"}));
    const BundleId late = world.accept(usual_pair, 10, plan_for({"a"}));
    BOOST_TEST(world.state(newer) == State::accepted);
    BOOST_TEST(world.state(late) == State::superseded);
    BOOST_TEST(world.superseded_by(late).value() == newer);
    BOOST_TEST(world.store->steps(late).size() == 1u);
    BOOST_TEST(world.store->sealed_parcel(late).has_value());
}

CONTRACT(a_late_plan_stays_alive_for_the_persons_nobody_newer_stands_for) {
    World<Backend> world;
    const BundleId oldest = world.accept(usual_pair, 5, plan_for({"b"}));
    const BundleId newer = world.accept(usual_pair, 20, plan_for({"a"}));
    const BundleId late = world.accept(usual_pair, 10, plan_for({"a", "b"}));
    BOOST_TEST(world.state(late) == State::accepted);
    BOOST_TEST(world.state(oldest) == State::superseded);
    BOOST_TEST(world.superseded_by(oldest).value() == late);
    BOOST_TEST(world.state(newer) == State::accepted);
}

CONTRACT(a_late_delete_does_not_end_a_newer_plan) {
    World<Backend> world;
    const BundleId newer = world.accept(usual_pair, 20, plan_for({"a"}));
    const BundleId late = world.accept(usual_pair, 10, delete_of({"a"}));
    BOOST_TEST(world.state(newer) == State::accepted);
    BOOST_TEST(world.state(late) == State::accepted);
    BOOST_TEST(world.holds(usual_pair, "a"));
}

CONTRACT(an_imported_bundle_stays_imported_and_names_its_successor) {
    World<Backend> world;
    const BundleId plan = world.accept(usual_pair, 1, plan_for({"a"}));
    BOOST_TEST(world.step(plan, Step::fetch));
    BOOST_TEST(world.step(plan, Step::ack_imported));
    const BundleId newer = world.accept(usual_pair, 2, plan_for({"a"}));
    BOOST_TEST(world.state(plan) == State::imported);
    BOOST_TEST(world.superseded_by(plan).value() == newer);
}

CONTRACT(a_recalled_bundle_stands_for_nothing) {
    World<Backend> world;
    const BundleId plan = world.accept(usual_pair, 1, plan_for({"a"}));
    BOOST_TEST(world.step(plan, Step::recall));
    BOOST_TEST(!world.holds(usual_pair, "a"));
    world.accept(usual_pair, 2, plan_for({"a"}));
    BOOST_TEST(world.state(plan) == State::recalled);
    BOOST_TEST(!world.superseded_by(plan).has_value());
}

CONTRACT(the_live_bundles_of_a_month_are_counted_without_the_one_in_hand) {
    World<Backend> world;
    const auto month_of = [](const Pair& pair, int serial_number) {
        return MonthOfPair{pair, "schedule", Month::of(2026, 12), serial(serial_number)};
    };
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 1)) == 0u);
    const BundleId first = world.accept(usual_pair, 1, plan_for({"a", "b"}));
    const BundleId second = world.accept(usual_pair, 2, plan_for({"c"}));
    world.accept(usual_pair, 3, delete_of({"d"})); // holds nothing
    world.write(reject_op(usual_pair, 4));
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 9)) == 2u);
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 1)) == 1u);
    BOOST_TEST(world.store->live_bundles(month_of(pair_of(care_manager, other_provider), 9)) == 0u);
    MonthOfPair other = month_of(usual_pair, 9);
    other.kind = "actual";
    BOOST_TEST(world.store->live_bundles(other) == 0u);
    other = month_of(usual_pair, 9);
    other.month = Month::of(2027, 1);
    BOOST_TEST(world.store->live_bundles(other) == 0u);
    BOOST_TEST(world.step(second, Step::fetch));
    BOOST_TEST(world.step(second, Step::ack_imported));
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 9)) == 2u);
    world.accept(usual_pair, 5, plan_for({"c"})); // in place of the imported one
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 9)) == 2u);
    world.accept(usual_pair, 6, plan_for({"a"})); // of the first, b stays
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 9)) == 3u);
    BOOST_TEST(world.state(first) == State::accepted);
    BOOST_TEST(world.step(first, Step::recall));
    BOOST_TEST(world.store->live_bundles(month_of(usual_pair, 9)) == 2u);
}

CONTRACT(a_tag_given_twice_counts_once) {
    World<Backend> world;
    const BundleId plan = world.accept(usual_pair, 1, plan_for({"a", "a"}));
    const BundleId newer = world.accept(usual_pair, 2, plan_for({"a", "a"}));
    BOOST_TEST(world.superseded_by(plan).value() == newer);
    BOOST_TEST(world.state(newer) == State::accepted);
}

// -- steps --

CONTRACT(a_delivery_goes_from_fetch_to_import) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1);
    const auto fetched = std::get<Written>(world.write(step_op(id, Step::fetch, 60)));
    BOOST_TEST(fetched.bundle == id);
    BOOST_TEST(world.state(id) == State::fetched);
    const StepOp ack = step_op(id, Step::ack_imported, 120);
    const auto imported = std::get<Written>(world.write(ack));
    const auto row = world.store->bundle(id).value();
    BOOST_TEST(row.state == State::imported);
    BOOST_TEST((row.fetched_at == at(60)));
    BOOST_TEST((row.settled_at == at(120)));
    const auto steps = world.store->steps(id);
    BOOST_REQUIRE(steps.size() == 3u);
    BOOST_TEST((steps[1].step == Step::fetch));
    BOOST_TEST((steps[2].step == Step::ack_imported));
    BOOST_TEST((steps[2].time == at(120)));
    BOOST_TEST(steps[2].leaf == ack.leaf);
    BOOST_TEST(steps[2].sealed_note == "note");
    BOOST_TEST(world.proves(imported.proof, ack.leaf));
}

CONTRACT(a_failed_import_may_be_imported_after_a_second_try) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1);
    BOOST_TEST(world.step(id, Step::fetch));
    BOOST_TEST(world.step(id, Step::ack_failed));
    BOOST_TEST(world.state(id) == State::import_failed);
    BOOST_TEST(!world.step(id, Step::ack_failed));
    BOOST_TEST(world.step(id, Step::ack_imported));
    BOOST_TEST(world.state(id) == State::imported);
}

CONTRACT(a_recall_is_possible_before_the_fetch_only) {
    World<Backend> world;
    const BundleId recalled = world.accept(usual_pair, 1);
    BOOST_TEST(world.step(recalled, Step::recall));
    BOOST_TEST(world.state(recalled) == State::recalled);
    BOOST_TEST(world.store->bundle(recalled).value().settled_at.has_value());
    BOOST_TEST(!world.step(recalled, Step::fetch));

    const BundleId fetched = world.accept(usual_pair, 2);
    BOOST_TEST(world.step(fetched, Step::fetch));
    const std::uint64_t size = world.store->tree_size();
    const auto refused = std::get<Refused>(world.write(step_op(fetched, Step::recall)));
    BOOST_TEST(refused.state == State::fetched);
    BOOST_TEST(world.store->tree_size() == size);
    BOOST_TEST(world.store->steps(fetched).size() == 2u);
}

CONTRACT(steps_out_of_order_are_refused) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1);
    for (const Step step :
         {Step::ack_imported, Step::ack_failed, Step::submit, Step::reject, Step::supersede})
        BOOST_TEST(!world.step(id, step));
    BOOST_TEST(world.step(id, Step::fetch));
    BOOST_TEST(!world.step(id, Step::fetch));
    BOOST_TEST(world.step(id, Step::ack_imported));
    BOOST_TEST(!world.step(id, Step::ack_imported));
    BOOST_TEST(!world.step(id, Step::ack_failed));
    BOOST_TEST(world.state(id) == State::imported);
}

CONTRACT(a_superseded_bundle_that_was_fetched_may_still_be_acknowledged_once) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1, plan_for({"a"}));
    BOOST_TEST(world.step(id, Step::fetch));
    world.accept(usual_pair, 2, plan_for({"a"}));
    BOOST_TEST(world.step(id, Step::ack_failed));
    BOOST_TEST(world.state(id) == State::superseded);
    BOOST_TEST(world.store->bundle(id).value().settled_at.has_value());
    BOOST_TEST(!world.step(id, Step::ack_failed));
    BOOST_TEST(world.step(id, Step::ack_imported));
    BOOST_TEST(!world.step(id, Step::ack_imported));
    BOOST_TEST(world.state(id) == State::superseded);
}

CONTRACT(a_superseded_bundle_that_was_never_fetched_cannot_be_acknowledged) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1, plan_for({"a"}));
    world.accept(usual_pair, 2, plan_for({"a"}));
    const auto refused = std::get<Refused>(world.write(step_op(id, Step::ack_imported)));
    BOOST_TEST(refused.state == State::superseded);
}

CONTRACT(a_step_of_an_unknown_bundle_fails) {
    World<Backend> world;
    BOOST_CHECK_THROW(world.write(step_op(next_id(), Step::fetch)), StoreFailure);
}

// -- remembered answers --

CONTRACT(an_answer_is_remembered_with_the_bundles_of_its_job) {
    World<Backend> world;
    const BundleId there = world.accept(usual_pair, 1);
    const AcceptOp fresh = accept_op(usual_pair, 2);
    const AcceptOp reused = accept_op(usual_pair, 1, {}, "other");
    const RejectOp bad = reject_op(usual_pair, 3);
    const auto results =
        world.run(job_of({fresh, accept_op(usual_pair, 1), leaf_op("access\n"), reused,
                          step_op(there, Step::fetch), bad, remember_op(care_manager, "k-1")}));
    BOOST_TEST(results.size() == 7u);
    const auto remembered = std::get<Written>(results.back());
    BOOST_TEST(remembered.bundle == BundleId());
    BOOST_TEST(remembered.proof.checkpoint.empty());
    const auto row = world.store->remembered(care_manager, "k-1").value();
    const std::vector<BundleId> expected{fresh.bundle.id, there, reused.bundle.id, bad.bundle.id};
    BOOST_TEST(row.bundles == expected, boost::test_tools::per_element());
    BOOST_TEST(row.office.view() == care_manager.view());
    BOOST_TEST(row.key == "k-1");
    BOOST_TEST((row.request == sha256("request")));
    BOOST_TEST(row.status == 201);
    BOOST_TEST(row.lang == "ja");
    BOOST_TEST(row.sealed_findings == "sealed findings");
    BOOST_TEST((row.time == at(5)));
}

CONTRACT(the_first_remembered_answer_stays) {
    World<Backend> world;
    world.write(remember_op(care_manager, "k", 201));
    world.write(remember_op(care_manager, "k", 422));
    world.write(remember_op(provider, "k", 422));
    BOOST_TEST(world.store->remembered(care_manager, "k").value().status == 201);
    BOOST_TEST(world.store->remembered(provider, "k").value().status == 422);
    BOOST_TEST(!world.store->remembered(provider, "other").has_value());
    BOOST_TEST(world.store->tree_size() == 0u);
}

CONTRACT(a_remember_op_that_is_not_the_last_fails_its_batch) {
    World<Backend> world;
    BOOST_CHECK_THROW(world.run(job_of({remember_op(care_manager, "k"), leaf_op("access\n")})),
                      StoreFailure);
    BOOST_TEST(!world.store->remembered(care_manager, "k").has_value());
}

// -- batches --

CONTRACT(a_batch_has_one_checkpoint_and_every_proof_is_in_its_final_tree) {
    World<Backend> world;
    world.write(leaf_op("start\n"));
    const AcceptOp one = accept_op(usual_pair, 1);
    const RejectOp two = reject_op(usual_pair, 2);
    const std::vector<Job> jobs{job_of({one, leaf_op("access\n")}), job_of({two})};
    const auto results = world.store->commit(jobs);
    BOOST_TEST(world.store->checkpoints_since(0, 10).size() == 2u);
    const auto& first = std::get<Written>(results[0][0]).proof;
    const auto& second = std::get<Written>(results[0][1]).proof;
    const auto& third = std::get<Written>(results[1][0]).proof;
    BOOST_TEST(first.index == 1u);
    BOOST_TEST(second.index == 2u);
    BOOST_TEST(third.index == 3u);
    for (const auto* proof : {&first, &second, &third}) {
        BOOST_TEST(proof->size == 4u);
        BOOST_TEST(proof->checkpoint == world.store->checkpoint());
    }
    BOOST_TEST(world.proves(first, one.leaf));
    BOOST_TEST(world.proves(second, "access\n"));
    BOOST_TEST(world.proves(third, two.leaf));
}

CONTRACT(jobs_of_one_batch_see_each_other) {
    World<Backend> world;
    const AcceptOp plan = accept_op(usual_pair, 1, plan_for({"a"}));
    const AcceptOp again = accept_op(usual_pair, 1, plan_for({"a"}));
    const AcceptOp other = accept_op(usual_pair, 1, {}, "other");
    const AcceptOp newer = accept_op(usual_pair, 2, plan_for({"a"}));
    const std::vector<Job> jobs{job_of({plan}),  job_of({again}),
                                job_of({other}), job_of({step_op(plan.bundle.id, Step::fetch)}),
                                job_of({newer}), job_of({accept_op(usual_pair, 0)})};
    const auto results = world.store->commit(jobs);
    BOOST_TEST(std::get<Repeated>(results[1][0]).bundle == plan.bundle.id);
    BOOST_TEST(std::holds_alternative<RejectedBySequence>(results[2][0]));
    BOOST_TEST(std::holds_alternative<Written>(results[3][0]));
    BOOST_TEST(std::holds_alternative<Written>(results[4][0]));
    BOOST_TEST(std::holds_alternative<RejectedBySequence>(results[5][0]));
    BOOST_TEST(world.superseded_by(plan.bundle.id).value() == newer.bundle.id);
}

CONTRACT(a_batch_without_a_leaf_has_no_checkpoint) {
    World<Backend> world;
    world.accept(usual_pair, 1);
    const std::string before = world.store->checkpoint();
    world.run(job_of({accept_op(usual_pair, 1), remember_op(care_manager, "k")}));
    world.store->commit({});
    BOOST_TEST(world.store->checkpoint() == before);
    BOOST_TEST(world.store->checkpoints_since(0, 10).size() == 1u);
}

CONTRACT(an_exception_in_a_callback_keeps_nothing_of_the_batch) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 1, plan_for({"a"}));
    const std::string before = world.store->checkpoint();
    AcceptOp bad = accept_op(usual_pair, 1, {}, "other");
    bad.on_sequence_problem = [](SequenceProblem) -> RejectOp {
        throw std::runtime_error("no rejection");
    };
    const AcceptOp good = accept_op(usual_pair, 2, plan_for({"a"}));
    const std::vector<Job> jobs{job_of({good, remember_op(care_manager, "k")}),
                                job_of({step_op(first, Step::fetch)}), job_of({bad})};
    BOOST_CHECK_THROW(world.store->commit(jobs), StoreFailure);
    BOOST_TEST(world.store->checkpoint() == before);
    BOOST_TEST(world.store->tree_size() == 1u);
    BOOST_TEST(world.state(first) == State::accepted);
    BOOST_TEST(!world.store->bundle(good.bundle.id).has_value());
    BOOST_TEST(!world.store->remembered(care_manager, "k").has_value());
    BOOST_TEST(world.log_is_whole());

    const auto written = std::get<Written>(world.write(good));
    BOOST_TEST(written.proof.index == 1u);
    BOOST_TEST(world.proves(written.proof, good.leaf));
    BOOST_TEST(world.log_is_whole());
    world.reopen();
    BOOST_TEST(world.store->tree_size() == 2u);
}

CONTRACT(a_callback_that_writes_fails_its_batch) {
    World<Backend> world;
    world.accept(usual_pair, 1);
    AcceptOp bad = accept_op(usual_pair, 1, {}, "other");
    bad.on_sequence_problem = [&](SequenceProblem) -> RejectOp {
        world.store->put_office_key(provider, "key");
        return {};
    };
    BOOST_CHECK_THROW(world.write(bad), StoreFailure);
    BOOST_TEST(!world.store->office_key(provider).has_value());
    world.accept(usual_pair, 2);
}

CONTRACT(leaves_of_no_byte_or_over_4096_bytes_fail) {
    World<Backend> world;
    BOOST_CHECK_THROW(world.write(leaf_op("")), StoreFailure);
    BOOST_CHECK_THROW(world.write(leaf_op(std::string(4097, 'x'))), StoreFailure);
    world.write(leaf_op(std::string(4096, 'x')));
    BOOST_TEST(world.store->tree_size() == 1u);
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(a_bundle_id_used_twice_fails) {
    World<Backend> world;
    const AcceptOp first = accept_op(usual_pair, 1);
    world.write(first);
    AcceptOp second = accept_op(usual_pair, 2);
    second.bundle.id = first.bundle.id;
    BOOST_CHECK_THROW(world.write(second), StoreFailure);
    BOOST_TEST(world.store->tree_size() == 1u);
}

// -- the log --

CONTRACT(a_proof_asked_for_later_has_the_same_bytes) {
    World<Backend> world;
    std::vector<std::pair<std::string, audit::Proof>> given;
    int leaf = 0;
    for (int batch = 0; batch < 40; ++batch) { // over two tiles
        std::vector<WriteOp> ops;
        for (int i = 0; i <= batch % 30; ++i)
            ops.emplace_back(leaf_op("leaf " + std::to_string(leaf + i) + "\n"));
        for (const auto& result : world.run(job_of(std::move(ops))))
            given.emplace_back("leaf " + std::to_string(leaf++) + "\n",
                               std::get<Written>(result).proof);
    }
    BOOST_TEST_REQUIRE(world.store->tree_size() > 512u);
    world.reopen();
    std::size_t wrong = 0;
    for (const auto& [text, proof] : given)
        wrong += !world.proves(proof, text) ||
                 !same_proof(world.store->proof(proof.index, proof.size), proof);
    BOOST_TEST(wrong == 0u);
    const auto& newest = given.back().second;
    BOOST_TEST(world.proves(world.store->proof(0, newest.size), "leaf 0\n"));
    BOOST_CHECK_THROW(world.store->proof(newest.size, newest.size), std::out_of_range);
    BOOST_CHECK_THROW(world.store->proof(0, newest.size + 1), std::out_of_range);
}

CONTRACT(checkpoints_follow_from_each_other) {
    World<Backend> world;
    for (int i = 0; i < 20; ++i)
        world.run(job_of({leaf_op("a " + std::to_string(i)), leaf_op("b " + std::to_string(i))}));
    const auto notes = world.store->checkpoints_since(0, 100);
    BOOST_TEST(notes.size() == 20u);
    BOOST_TEST(notes.back() == world.store->checkpoint());
    BOOST_TEST(world.opened(world.store->checkpoints_since(4, 1).at(0)).size == 6u);
    BOOST_TEST(world.store->checkpoints_since(40, 10).empty());
    const auto tiles = [&](audit::TileId id) { return world.store->tile(id).value(); };
    for (std::size_t i = 1; i < notes.size(); ++i) {
        const auto older = world.opened(notes[i - 1]), newer = world.opened(notes[i]);
        BOOST_TEST(audit::verify_consistency(
            older.size, newer.size, audit::consistency_proof(older.size, newer.size, tiles),
            older.root, newer.root));
    }
}

CONTRACT(leaves_and_tiles_read_back) {
    World<Backend> world;
    std::vector<WriteOp> ops;
    for (int i = 0; i < 300; ++i) ops.emplace_back(leaf_op("leaf " + std::to_string(i)));
    world.run(job_of(std::move(ops)));
    const auto some = world.store->leaves(255, 3);
    const std::vector<std::string> expected{"leaf 255", "leaf 256", "leaf 257"};
    BOOST_TEST(some == expected, boost::test_tools::per_element());
    BOOST_TEST(world.store->leaves(299, 10).size() == 1u);
    BOOST_TEST(world.store->leaves(300, 10).empty());
    BOOST_TEST(world.store->tile({0, 0}).value().size() == 256u * 32);
    BOOST_TEST(world.store->tile({0, 1}).value().size() == 44u * 32);
    BOOST_TEST(world.store->tile({1, 0}).value().size() == 32u);
    BOOST_TEST(!world.store->tile({0, 2}).has_value());
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(a_store_opened_again_has_the_same_data_and_continues_the_log) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 1, plan_for({"a"}));
    world.run(job_of({step_op(id, Step::fetch), remember_op(provider, "k")}));
    const auto row = world.store->bundle(id).value();
    const auto steps = world.store->steps(id);
    const std::string note = world.store->checkpoint();
    world.reopen();
    BOOST_TEST(same_row(world.store->bundle(id).value(), row));
    BOOST_TEST(world.store->steps(id).size() == steps.size());
    BOOST_TEST(world.store->checkpoint() == note);
    BOOST_TEST(world.holds(usual_pair, "a"));
    BOOST_TEST(world.store->remembered(provider, "k").has_value());
    const AcceptOp next = accept_op(usual_pair, 2);
    const auto written = std::get<Written>(world.write(next));
    BOOST_TEST(written.proof.index == 2u);
    BOOST_TEST(world.proves(written.proof, next.leaf));
    BOOST_TEST(world.store->bundle(next.bundle.id).value().arrival == 2u);
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(two_stores_over_the_same_data_follow_each_other) {
    World<Backend> world;
    world.accept(usual_pair, 1);
    const auto other = world.backend.open(world.signer); // an administrator's command
    Job job = job_of({leaf_op("admin\n")});
    const auto proof = std::get<Written>(other->commit({&job, 1})[0][0]).proof;
    BOOST_TEST(world.proves(proof, "admin\n"));
    const AcceptOp op = accept_op(usual_pair, 2);
    BOOST_TEST(world.proves(std::get<Written>(world.write(op)).proof, op.leaf));
    BOOST_TEST(world.store->tree_size() == 3u);
    BOOST_TEST(world.log_is_whole());
}

// -- lists --

CONTRACT(an_inbox_lists_by_arrival_what_is_for_its_offices) {
    World<Backend> world;
    const Pair to_other = pair_of(care_manager, other_provider);
    const BundleId first = world.accept(usual_pair, 2);
    const BundleId second = world.accept(to_other, 1);
    const BundleId third = world.accept(usual_pair, 1);
    world.write(reject_op(usual_pair, 9));
    const auto both = std::vector<OfficeNo>{provider, other_provider, provider};

    BundleQuery query;
    query.offices = both;
    const std::vector<BundleId> all{first, second, third};
    BOOST_TEST(ids(world.store->list(query)) == all, boost::test_tools::per_element());
    query.offices = {provider};
    const std::vector<BundleId> own{first, third};
    BOOST_TEST(ids(world.store->list(query)) == own, boost::test_tools::per_element());
    query.offices = {care_manager};
    BOOST_TEST(world.store->list(query).empty());
    query.offices = {};
    BOOST_TEST(world.store->list(query).empty());

    query.offices = both;
    query.limit = 2;
    const auto page = world.store->list(query);
    BOOST_TEST(page.size() == 2u);
    query.after = page.back().arrival;
    BOOST_TEST(ids(world.store->list(query)) == std::vector<BundleId>{third},
               boost::test_tools::per_element());
}

CONTRACT(lists_are_by_state_and_month) {
    World<Backend> world;
    const BundleId fetched = world.accept(usual_pair, 1);
    world.step(fetched, Step::fetch);
    AcceptOp january = accept_op(usual_pair, 2);
    january.bundle.month = Month::of(2027, 1);
    world.write(january);
    const BundleId fresh = world.accept(usual_pair, 3);

    BundleQuery query;
    query.offices = {provider};
    query.states = {State::accepted};
    const std::vector<BundleId> accepted{january.bundle.id, fresh};
    BOOST_TEST(ids(world.store->list(query)) == accepted, boost::test_tools::per_element());
    query.month = Month::of(2026, 12);
    BOOST_TEST(ids(world.store->list(query)) == std::vector<BundleId>{fresh},
               boost::test_tools::per_element());
    query.states = {State::accepted, State::fetched, State::accepted};
    const std::vector<BundleId> december{fetched, fresh};
    BOOST_TEST(ids(world.store->list(query)) == december, boost::test_tools::per_element());
    query.states = {State::recalled};
    BOOST_TEST(world.store->list(query).empty());
}

CONTRACT(only_an_outbox_shows_what_was_taken_back) {
    World<Backend> world;
    const BundleId recalled = world.accept(usual_pair, 1);
    world.step(recalled, Step::recall);
    BundleQuery query;
    query.offices = {provider};
    BOOST_TEST(world.store->list(query).empty());
    query.states = {State::recalled};
    BOOST_TEST(world.store->list(query).empty());
    query.side = Side::outbox;
    query.offices = {care_manager};
    BOOST_TEST(ids(world.store->list(query)) == std::vector<BundleId>{recalled},
               boost::test_tools::per_element());
}

CONTRACT(only_an_outbox_shows_what_was_rejected) {
    World<Backend> world;
    const BundleId accepted = world.accept(usual_pair, 1);
    const RejectOp bad = reject_op(usual_pair, 2);
    world.write(bad);
    BundleQuery query;
    query.side = Side::outbox;
    query.offices = {care_manager};
    const std::vector<BundleId> both{accepted, bad.bundle.id};
    BOOST_TEST(ids(world.store->list(query)) == both, boost::test_tools::per_element());
    query.states = {State::rejected};
    BOOST_TEST(ids(world.store->list(query)) == std::vector<BundleId>{bad.bundle.id},
               boost::test_tools::per_element());
    query.side = Side::inbox;
    query.offices = {provider};
    BOOST_TEST(world.store->list(query).empty());
}

CONTRACT(pages_over_many_offices_and_states_give_each_bundle_once) {
    World<Backend> world;
    std::vector<OfficeNo> offices;
    std::vector<BundleId> expected;
    std::vector<WriteOp> ops;
    for (int i = 0; i < 10; ++i) offices.push_back(office("04" + std::to_string(10000000 + i)));
    for (int i = 0; i < 200; ++i) {
        const AcceptOp op = accept_op(pair_of(care_manager, offices[std::size_t(i * 7 % 10)]), i);
        expected.push_back(op.bundle.id);
        ops.emplace_back(op);
        if (i % 3 == 0) ops.emplace_back(step_op(op.bundle.id, Step::fetch));
    }
    for (auto& op : ops) world.run(job_of({std::move(op)}));
    std::vector<BundleId> listed;
    BundleQuery query;
    query.offices = offices;
    query.limit = 17;
    for (auto page = world.store->list(query); !page.empty(); page = world.store->list(query)) {
        for (const auto& row : page) listed.push_back(row.id);
        query.after = page.back().arrival;
    }
    BOOST_TEST(listed == expected, boost::test_tools::per_element());
}

// -- keys, offices, certificates, counts --

CONTRACT(the_first_office_key_wins) {
    World<Backend> world;
    BOOST_TEST(!world.store->office_key(provider).has_value());
    world.store->put_office_key(provider, Bytes("\0one", 4));
    world.store->put_office_key(provider, "two");
    BOOST_TEST(world.store->office_key(provider).value() == Bytes("\0one", 4));
}

CONTRACT(offices_and_certificates_are_inserted_or_replaced) {
    World<Backend> world;
    const std::uint64_t version = world.store->directory_version();
    OfficeRow first{care_manager, {service("43")}, "見本居宅介護支援事業所", true, false};
    const OfficeRow second{provider, {service("11"), service("1A")}, "見本訪問介護", false, true};
    world.store->put_offices(std::vector{second, first});
    const std::uint64_t after_offices = world.store->directory_version();
    BOOST_TEST(after_offices != version);
    first.service_types.clear();
    world.store->put_offices(std::vector{first});
    auto offices = world.store->offices();
    BOOST_TEST_REQUIRE(offices.size() == 2u);
    BOOST_TEST(offices[0].office.view() == care_manager.view());
    BOOST_TEST(offices[0].service_types.empty());
    BOOST_TEST(offices[0].name == "見本居宅介護支援事業所");
    BOOST_TEST(offices[0].enabled);
    BOOST_TEST((offices[1].service_types == second.service_types));
    BOOST_TEST(!offices[1].enabled);
    BOOST_TEST(offices[1].reachable);

    CertificateRow certificate{"CN=sample", "0A1B", {care_manager, provider}, true, true};
    world.store->put_certificates(std::vector{certificate});
    certificate.enabled = false;
    world.store->put_certificates(std::vector{certificate});
    const auto certificates = world.store->certificates();
    BOOST_TEST_REQUIRE(certificates.size() == 1u);
    BOOST_TEST(certificates[0].issuer == "CN=sample");
    BOOST_TEST(certificates[0].serial == "0A1B");
    BOOST_TEST((certificates[0].offices == certificate.offices));
    BOOST_TEST(!certificates[0].enabled);
    BOOST_TEST(certificates[0].machine);
    BOOST_TEST(world.store->directory_version() > after_offices);
    BOOST_TEST(world.store->counts().offices == 2u);
}

CONTRACT(a_whole_country_of_offices_fits) {
    World<Backend> world;
    std::vector<OfficeRow> offices;
    for (int i = 0; i < 300'000; ++i)
        offices.push_back({office(std::to_string(1'000'000'000 + i * 7 % 1'000'003 * 1'000)),
                           {service("11")},
                           "見本事業所",
                           true,
                           false});
    world.store->put_offices(offices);
    BOOST_TEST(world.store->counts().offices == 300'000u);
}

CONTRACT(counts_are_those_of_the_rows) {
    World<Backend> world;
    const AcceptOp op = accept_op(usual_pair, 1, plan_for({"a"}));
    world.write(op);
    const AcceptOp newer = accept_op(usual_pair, 2, plan_for({"a"}));
    world.write(newer);
    world.step(newer.bundle.id, Step::fetch);
    world.write(reject_op(usual_pair, 3));
    auto counts = world.store->counts();
    std::sort(counts.bundles.begin(), counts.bundles.end());
    const std::vector<std::pair<State, std::uint64_t>> expected{
        {State::fetched, 1}, {State::superseded, 1}, {State::rejected, 1}};
    BOOST_TEST((counts.bundles == expected));
    BOOST_TEST(counts.parcel_bytes == op.sealed_parcel.size() + newer.sealed_parcel.size());
    BOOST_TEST(counts.tree_size == 4u);
}

CONTRACT(readers_do_not_wait_for_a_writer_nor_see_half_a_batch) {
    World<Backend> world;
    const BundleId first = world.accept(usual_pair, 1);
    AcceptOp reused = accept_op(usual_pair, 1, {}, "other");
    const AcceptOp next = accept_op(usual_pair, 2);
    bool half_seen = true, first_seen = false;
    reused.on_sequence_problem = [&, answer = reused.on_sequence_problem](SequenceProblem problem) {
        std::thread reader([&] {
            half_seen = world.store->bundle(next.bundle.id).has_value();
            first_seen = world.store->bundle(first).has_value();
        });
        reader.join();
        return answer(problem);
    };
    world.run(job_of({next, reused}));
    BOOST_TEST(!half_seen);
    BOOST_TEST(first_seen);
    BOOST_TEST(world.store->bundle(next.bundle.id).has_value());
}

CONTRACT(many_threads_read_while_one_writes) {
    World<Backend> world;
    const BundleId id = world.accept(usual_pair, 0);
    std::atomic<bool> stop = false;
    std::atomic<int> failures = 0, reads = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 6; ++i)
        readers.emplace_back([&] {
            BundleQuery query;
            query.offices = {provider};
            while (!stop) {
                const auto steps = world.store->steps(id);
                const auto listed = world.store->list(query);
                failures += steps.size() != 1 || listed.empty();
                ++reads;
            }
        });
    for (int i = 1; i < 60; ++i) world.accept(usual_pair, i);
    while (reads < 6) std::this_thread::yield();
    stop = true;
    for (auto& reader : readers) reader.join();
    BOOST_TEST(failures == 0);
}

BOOST_AUTO_TEST_SUITE_END()
