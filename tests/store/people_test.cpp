// The contract of people and tokens, for every backend.
#include "tests/store/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace store_tests;
using namespace std::chrono_literals;

namespace {

const LockRule rule{10, 30min};

PersonRow person_row(const OfficeNo& where, std::string_view user) {
    PersonRow row;
    row.id = PersonId::of(random_bytes(16));
    row.office = where;
    row.user_tag = Bytes(sha256(user).view());
    row.sealed_user = "sealed " + std::string(user);
    row.role = Role::staff;
    row.password = "$argon2id$first";
    row.added_at = at(1);
    return row;
}

TokenRow token_row(const OfficeNo& where, std::string_view secret) {
    TokenRow row;
    row.id = TokenId::of(random_bytes(16));
    row.office = where;
    row.hash = sha256(secret);
    row.prefix = "cpgw_abc";
    row.scopes = {Scope::send, Scope::ack};
    row.added_at = at(1);
    row.expires_at = at(100);
    return row;
}

template<class Backend> PersonRow added(World<Backend>& world, std::string_view user = "hanako") {
    const auto row = person_row(care_manager, user);
    world.write(AddPersonOp{row, "added\n"});
    return row;
}

template<class Backend>
WriteResult try_login(World<Backend>& world, int seconds = 10, std::string_view user = "hanako") {
    return world.write(TryLoginOp{care_manager, Bytes(sha256(user).view()), rule, at(seconds)});
}

template<class Backend>
WriteResult change(World<Backend>& world, const PersonId& id, PersonChange what) {
    return world.write(ChangePersonOp{id, what, "$argon2id$second", {}, "changed\n"});
}

bool is_declined(const WriteResult& result) {
    return std::holds_alternative<Declined>(result);
}

int counted(const WriteResult& result) {
    const auto* count = std::get_if<Counted>(&result);
    return count ? count->failures : -1;
}

} // namespace

BOOST_AUTO_TEST_SUITE(people_contract)
#define CONTRACT(name) BOOST_AUTO_TEST_CASE_TEMPLATE(name, Backend, Backends)

CONTRACT(a_person_is_kept_with_its_leaf) {
    World<Backend> world;
    const auto row = person_row(care_manager, "hanako");
    const auto written = std::get<Written>(world.write(AddPersonOp{row, "added\n"}));
    BOOST_TEST(world.proves(written.proof, "added\n"));
    const auto kept = world.store->person(row.id).value();
    BOOST_TEST((kept.id == row.id && kept.office == row.office && kept.role == Role::staff));
    BOOST_TEST(kept.user_tag == row.user_tag);
    BOOST_TEST(kept.sealed_user == row.sealed_user);
    BOOST_TEST(kept.password == row.password);
    BOOST_TEST((kept.state == PersonState::active && kept.added_at == at(1)));
    BOOST_TEST(kept.failures == 0);
    BOOST_TEST((!kept.tried_at && !kept.login_at));
    BOOST_TEST((world.store->person_of(care_manager, row.user_tag).value().id == row.id));
    BOOST_TEST(!world.store->person_of(provider, row.user_tag).has_value());
    BOOST_TEST(world.store->people(care_manager).size() == 1u);
    BOOST_TEST(world.store->people(provider).empty());
}

CONTRACT(a_user_is_unique_in_an_office_and_declined_without_a_leaf) {
    World<Backend> world;
    added(world);
    const auto size = world.store->tree_size();
    BOOST_TEST(
        is_declined(world.write(AddPersonOp{person_row(care_manager, "hanako"), "again\n"})));
    BOOST_TEST(world.store->tree_size() == size);
    BOOST_TEST(!is_declined(world.write(AddPersonOp{person_row(provider, "hanako"), "other\n"})));
    BOOST_TEST(world.log_is_whole());
}

CONTRACT(each_change_ends_sessions_and_has_its_state) {
    World<Backend> world;
    const auto id = added(world).id;
    std::uint64_t version = world.store->person(id).value().version;
    for (const auto& [what, state] : {std::pair{PersonChange::lock, PersonState::locked},
                                      std::pair{PersonChange::unlock, PersonState::active},
                                      std::pair{PersonChange::disable, PersonState::disabled},
                                      std::pair{PersonChange::reset, PersonState::active}}) {
        BOOST_TEST(!is_declined(change(world, id, what)));
        const auto row = world.store->person(id).value();
        BOOST_TEST((row.state == state));
        BOOST_TEST(row.version > version);
        version = row.version;
    }
    BOOST_TEST(world.store->person(id).value().password == "$argon2id$second");
}

CONTRACT(a_disabled_person_is_only_brought_back_by_a_reset) {
    World<Backend> world;
    const auto id = added(world).id;
    change(world, id, PersonChange::disable);
    BOOST_TEST(is_declined(change(world, id, PersonChange::unlock)));
    BOOST_TEST(is_declined(change(world, id, PersonChange::lock)));
    BOOST_TEST((world.store->person(id).value().state == PersonState::disabled));
    BOOST_TEST(is_declined(change(world, PersonId::of(random_bytes(16)), PersonChange::lock)));
}

CONTRACT(a_reset_may_ask_for_a_version) {
    World<Backend> world;
    const auto id = added(world).id;
    const auto version = world.store->person(id).value().version;
    change(world, id, PersonChange::lock);
    const ChangePersonOp own{id, PersonChange::reset, "$argon2id$own", version, "changed\n"};
    BOOST_TEST(is_declined(world.write(own)));
    BOOST_TEST((world.store->person(id).value().state == PersonState::locked));
}

CONTRACT(logins_are_counted_and_locked_at_the_limit) {
    World<Backend> world;
    const auto id = added(world).id;
    for (int i = 1; i <= rule.max_failures; ++i) BOOST_TEST(counted(try_login(world, i)) == i);
    BOOST_TEST(is_declined(try_login(world, 11)));
    BOOST_TEST(world.store->person(id).value().failures == 10);
    const int end_of_lock = 10 + 30 * 60;
    BOOST_TEST(is_declined(try_login(world, end_of_lock - 1)));
    BOOST_TEST(counted(try_login(world, end_of_lock)) == 1);
}

CONTRACT(a_lock_without_an_end_lasts_until_it_is_lifted) {
    World<Backend> world;
    const auto row = added(world);
    const LockRule for_ever{1, 0ms};
    const TryLoginOp login{care_manager, row.user_tag, for_ever, at(1)};
    BOOST_TEST(counted(world.write(login)) == 1);
    TryLoginOp later = login;
    later.time = at(100'000'000);
    BOOST_TEST(is_declined(world.write(later)));
    change(world, row.id, PersonChange::unlock);
    BOOST_TEST(counted(world.write(later)) == 1);
}

CONTRACT(tries_of_one_batch_are_counted_one_by_one) {
    World<Backend> world;
    const auto row = added(world);
    Job job;
    for (int i = 0; i < 25; ++i)
        job.ops.emplace_back(TryLoginOp{care_manager, row.user_tag, rule, at(5)});
    int places = 0;
    for (const auto& result : world.run(job)) places += !is_declined(result);
    BOOST_TEST(places == rule.max_failures);
}

CONTRACT(a_good_login_forgives_and_may_take_a_new_hash) {
    World<Backend> world;
    const auto id = added(world).id;
    try_login(world);
    const auto version = world.store->person(id).value().version;
    BOOST_TEST(!is_declined(world.write(LoginOp{id, version, at(20), "", "login\n"})));
    auto row = world.store->person(id).value();
    BOOST_TEST(row.failures == 0);
    BOOST_TEST((row.login_at == at(20)));
    BOOST_TEST(row.password == "$argon2id$first");
    BOOST_TEST(row.version == version);
    world.write(LoginOp{id, version, at(21), "$argon2id$stronger", "login\n"});
    BOOST_TEST(world.store->person(id).value().password == "$argon2id$stronger");
}

CONTRACT(a_login_is_declined_when_the_person_changed_meanwhile) {
    World<Backend> world;
    const auto id = added(world).id;
    const auto version = world.store->person(id).value().version;
    change(world, id, PersonChange::reset);
    BOOST_TEST(is_declined(world.write(LoginOp{id, version, at(20), "", "login\n"})));
    change(world, id, PersonChange::lock);
    const auto now = world.store->person(id).value().version;
    BOOST_TEST(is_declined(world.write(LoginOp{id, now, at(20), "", "login\n"})));
    BOOST_TEST(is_declined(try_login(world)));
}

CONTRACT(an_unknown_user_is_declined_with_a_write_all_the_same) {
    World<Backend> world;
    added(world);
    const auto size = world.store->tree_size();
    BOOST_TEST(is_declined(try_login(world, 1, "nobody")));
    BOOST_TEST(world.store->tree_size() == size);
}

CONTRACT(a_token_is_found_by_its_hash_and_ends) {
    World<Backend> world;
    const auto row = token_row(provider, "secret");
    BOOST_TEST(!is_declined(world.write(AddTokenOp{row, "token\n"})));
    auto kept = world.store->token(sha256("secret")).value();
    BOOST_TEST((kept.id == row.id && kept.office == provider && kept.scopes == row.scopes));
    BOOST_TEST(kept.prefix == row.prefix);
    BOOST_TEST((kept.added_at == at(1) && kept.expires_at == at(100)));
    BOOST_TEST((!kept.revoked_at && !kept.used_at));
    BOOST_TEST(!world.store->token(sha256("other")).has_value());

    world.write(TokenUsedOp{row.id, at(7)});
    BOOST_TEST((world.store->token(row.hash).value().used_at == at(7)));
    BOOST_TEST(is_declined(world.write(RevokeTokenOp{row.id, care_manager, at(8), "revoked\n"})));
    BOOST_TEST(!is_declined(world.write(RevokeTokenOp{row.id, provider, at(8), "revoked\n"})));
    BOOST_TEST(is_declined(world.write(RevokeTokenOp{row.id, provider, at(9), "revoked\n"})));
    BOOST_TEST((world.store->token(row.hash).value().revoked_at == at(8)));
    BOOST_TEST(world.store->tokens(provider).size() == 1u);
    BOOST_TEST(world.store->tokens(care_manager).empty());
}

CONTRACT(people_and_tokens_outlive_a_restart) {
    World<Backend> world;
    const auto row = added(world);
    const auto token = token_row(provider, "secret");
    world.write(AddTokenOp{token, "token\n"});
    try_login(world);
    world.reopen();
    BOOST_TEST(world.store->person(row.id).value().failures == 1);
    BOOST_TEST(world.store->token(token.hash).has_value());
    BOOST_TEST(world.log_is_whole());
}

BOOST_AUTO_TEST_CASE(scopes_are_read_as_they_are_written) {
    BOOST_TEST(joined({Scope::ack, Scope::send, Scope::read}) == "send,read,ack");
    BOOST_TEST((scopes_of("ack,send").value() == std::set{Scope::send, Scope::ack}));
    for (const auto* wrong : {"", ",", "send,", "send,send", "all", "send ack"})
        BOOST_TEST(!scopes_of(wrong).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
