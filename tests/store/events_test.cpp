// The order of events, who is told of what, and webhooks as rows.
#include "gateway/store/sqlite/migrations.hpp"
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace store_tests;

namespace {

#define CONTRACT(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, Backends)

std::vector<std::string> told(Store& store, const std::vector<OfficeNo>& offices,
                              std::uint64_t after = 0, std::size_t limit = 100) {
    std::vector<std::string> words;
    for (const auto& event : store.events(offices, after, limit))
        words.push_back(std::string(exchange::name_of(event.step)) + " " +
                        std::string(event.serial.view().substr(12)));
    return words;
}

using Words = std::vector<std::string>;

WebhookRow webhook_row(const OfficeNo& office, int seconds = 0) {
    WebhookRow row;
    row.id = WebhookId::of(random_bytes(16));
    row.office = office;
    row.sealed = "sealed";
    row.added_at = row.next_at = at(seconds);
    return row;
}

void set_office(Store& store, bool enabled) {
    OfficeRow row;
    row.office = provider;
    row.enabled = enabled;
    store.put_offices(std::vector{row});
}

WebhookTriedOp tried(const WebhookRow& row, std::uint64_t position) {
    WebhookTriedOp op;
    op.id = row.id;
    op.version = row.version;
    op.position = position;
    op.time = op.next_at = at(100);
    return op;
}

} // namespace

BOOST_AUTO_TEST_SUITE(events)

CONTRACT(each_side_is_told_of_what_the_other_did_in_order) {
    World<Backend> world;
    const auto one = world.accept(usual_pair, 1);
    const auto two = world.accept(usual_pair, 2);
    world.write(reject_op(usual_pair, 3));
    world.step(one, Step::fetch);
    world.step(two, Step::recall);
    world.step(one, Step::ack_failed);
    world.step(one, Step::ack_imported);
    BOOST_TEST((told(*world.store, {provider}) == Words{"submit 01", "submit 02", "recall 02"}));
    BOOST_TEST((told(*world.store, {care_manager}) ==
                Words{"fetch 01", "ack_failed 01", "ack_imported 01"}));
    BOOST_TEST(told(*world.store, {other_provider}).empty());
    BOOST_TEST(told(*world.store, {}).empty());
}

CONTRACT(a_position_is_a_durable_place_and_nothing_comes_before_it_later) {
    World<Backend> world;
    BOOST_TEST(world.store->newest_position() == 0u);
    world.write(leaf_op("before\n"));
    const auto one = world.accept(usual_pair, 1);
    const auto first = world.store->events(std::vector{provider}, 0, 10).at(0);
    BOOST_TEST(first.position == 2u);
    BOOST_TEST(first.bundle == one);
    BOOST_TEST((first.pair == usual_pair));
    BOOST_TEST(first.kind == "schedule");
    BOOST_TEST((first.time == at(1)));
    BOOST_TEST(world.store->newest_position() == 2u);
    world.reopen();
    BOOST_TEST(told(*world.store, {provider}, first.position).empty());
    world.backend.clock.set("2027-01-05T00:00:00.000Z"); // the order goes on over the year's end
    world.accept(usual_pair, 2);
    BOOST_TEST((told(*world.store, {provider}, first.position) == Words{"submit 02"}));
    BOOST_TEST(told(*world.store, {provider}, world.store->newest_position()).empty());
    BOOST_TEST(told(*world.store, {provider}, ~std::uint64_t{0}).empty());
}

CONTRACT(events_of_several_offices_are_merged_and_paged_without_a_gap) {
    World<Backend> world;
    const auto other = pair_of(care_manager, other_provider);
    for (int i = 1; i <= 9; ++i) world.accept(i % 3 == 0 ? other : usual_pair, i);
    Words all;
    std::uint64_t after = 0;
    while (true) {
        const auto page =
            world.store->events(std::vector{provider, other_provider, provider}, after, 2);
        if (page.empty()) break;
        for (const auto& event : page) all.emplace_back(event.serial.view().substr(13));
        after = page.back().position;
    }
    BOOST_TEST((all == Words{"1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

CONTRACT(a_sender_is_told_once_that_nobody_fetched) {
    World<Backend> world;
    const auto early = world.accept(usual_pair, 1), late = world.accept(usual_pair, 50);
    const auto fetched = world.accept(pair_of(care_manager, other_provider), 2);
    world.step(fetched, Step::fetch);
    const auto waiting = world.store->unclaimed(at(10), 10);
    BOOST_TEST_REQUIRE(waiting.size() == 1u);
    BOOST_TEST(waiting[0].id == early);
    BOOST_TEST(world.step(early, Step::unclaimed));
    BOOST_TEST(!world.step(early, Step::unclaimed));
    BOOST_TEST(!world.step(fetched, Step::unclaimed));
    BOOST_TEST(world.store->unclaimed(at(10), 10).empty());
    BOOST_TEST(world.state(early) == State::accepted);
    BOOST_TEST((world.store->bundle(early)->unclaimed_at == at(1000)));
    BOOST_TEST(!world.store->bundle(early)->settled_at);
    BOOST_TEST((told(*world.store, {care_manager}) == Words{"fetch 02", "unclaimed 01"}));
    BOOST_TEST(world.step(early, Step::fetch)); // it is still there
    BOOST_TEST(world.store->unclaimed(at(60), 10).at(0).id == late);
    world.write(EraseOp{late, at(70), "erase\n"});
    BOOST_TEST(world.store->unclaimed(at(60), 10).empty());
}

BOOST_AUTO_TEST_CASE(what_was_there_before_the_upgrade_are_events_after_it) {
    World<SqliteBackend> world;
    const auto one = world.accept(usual_pair, 1);
    world.step(one, Step::fetch);
    const auto two = world.accept(usual_pair, 2);
    world.step(two, Step::recall);
    world.write(reject_op(usual_pair, 3));
    world.store.reset();
    {
        sqlite::Database database(world.backend.file(), sqlite::Access::read_write);
        database.execute("DROP INDEX bundle_unfetched; DROP INDEX step_told; DROP TABLE webhook;"
                         "ALTER TABLE bundle DROP COLUMN unclaimed_at;"
                         "ALTER TABLE step DROP COLUMN told; PRAGMA user_version = 4");
    }
    BOOST_TEST(migrate_sqlite(world.backend.file()).before == 4);
    world.reopen();
    BOOST_TEST((told(*world.store, {provider}) == Words{"submit 01", "submit 02", "recall 02"}));
    BOOST_TEST((told(*world.store, {care_manager}) == Words{"fetch 01"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(webhook_rows)

CONTRACT(read_back_as_they_were_given_and_are_bounded_by_office) {
    World<Backend> world;
    const auto row = webhook_row(provider), other = webhook_row(care_manager);
    BOOST_TEST(std::holds_alternative<Written>(world.write(AddWebhookOp{row, 1, "add\n"})));
    BOOST_TEST(std::holds_alternative<Declined>(
        world.write(AddWebhookOp{webhook_row(provider), 1, "add\n"})));
    BOOST_TEST(std::holds_alternative<Written>(world.write(AddWebhookOp{other, 1, "add\n"})));
    world.reopen();
    const auto read = world.store->webhook(row.id).value();
    BOOST_TEST((read.office == provider && read.sealed == "sealed" && read.failure.empty()));
    BOOST_TEST((read.state == WebhookState::active && read.added_at == at(0)));
    BOOST_TEST(world.store->webhooks().size() == 2u);
    BOOST_TEST(world.store->webhooks(provider).size() == 1u);
    BOOST_TEST(std::holds_alternative<Declined>(
        world.write(RemoveWebhookOp{row.id, care_manager, "remove\n"})));
    BOOST_TEST(std::holds_alternative<Written>(
        world.write(RemoveWebhookOp{row.id, provider, "remove\n"})));
    BOOST_TEST(!world.store->webhook(row.id));
    BOOST_TEST(world.store->tree_size() == 3u); // a declined op leaves no leaf
}

CONTRACT(are_due_when_an_event_waits_and_their_time_has_come) {
    World<Backend> world;
    const auto row = webhook_row(provider);
    world.write(AddWebhookOp{row, 3, "add\n"});
    set_office(*world.store, true);
    BOOST_TEST(world.store->webhooks_due(at(50), 10).empty());
    world.accept(usual_pair, 1);
    BOOST_TEST(world.store->webhooks_due(at(50), 10).size() == 1u);
    set_office(*world.store, false); // it may not hear anything
    BOOST_TEST(world.store->webhooks_due(at(50), 10).empty());
    set_office(*world.store, true);
    BOOST_TEST_REQUIRE(world.store->webhooks_due(at(50), 10).size() == 1u);
    auto op = tried(row, 0);
    op.attempts = 1;
    op.failure = "500";
    world.write(op);
    BOOST_TEST(world.store->webhooks_due(at(50), 10).empty()); // not before at(100)
    const auto failed = world.store->webhooks_due(at(100), 10).at(0);
    BOOST_TEST(failed.attempts == 1u);
    BOOST_TEST(failed.failure == "500");
    BOOST_TEST((failed.failed_at == at(100)));
    BOOST_TEST(!failed.delivered_at);
    world.write(tried(row, world.store->newest_position()));
    BOOST_TEST(world.store->webhooks_due(at(100), 10).empty());
    BOOST_TEST((world.store->webhook(row.id)->delivered_at == at(100)));
    world.accept(usual_pair, 2);
    BOOST_TEST(world.store->webhooks_due(at(100), 10).size() == 1u);
}

CONTRACT(a_try_that_was_overtaken_by_a_change_counts_for_nothing) {
    World<Backend> world;
    const auto row = webhook_row(provider);
    world.write(AddWebhookOp{row, 3, "add\n"});
    set_office(*world.store, true);
    world.accept(usual_pair, 1);
    auto given_up = tried(row, 0);
    given_up.state = WebhookState::failing;
    given_up.failure = "timeout";
    world.write(given_up);
    BOOST_TEST(world.store->webhooks_due(at(1000), 10).empty());
    const ChangeWebhookOp enable{row.id, provider, 0, WebhookChange::enable, {}, at(200), "on\n"};
    BOOST_TEST(std::holds_alternative<Written>(world.write(enable)));
    BOOST_TEST(std::holds_alternative<Declined>(world.write(enable))); // it is another version now
    BOOST_TEST(std::holds_alternative<Declined>(world.write(given_up)));
    BOOST_TEST(world.store->webhooks_due(at(200), 10).size() == 1u);
    const ChangeWebhookOp rotate{row.id,  provider, 1,         WebhookChange::replace,
                                 "other", at(200),  "rotate\n"};
    BOOST_TEST(std::holds_alternative<Written>(world.write(rotate)));
    BOOST_TEST(world.store->webhook(row.id)->sealed == "other");
    BOOST_TEST(world.store->webhook(row.id)->version == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
