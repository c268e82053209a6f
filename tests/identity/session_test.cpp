#include "gateway/identity/rights.hpp"
#include "gateway/identity/session.hpp"
#include "gateway/identity/token.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;
using namespace cpg::identity;
using namespace std::chrono_literals;

namespace {

const Time start{std::chrono::milliseconds(1'795'345'600'000)};
const Digest certificate = sha256("certificate");

Session session(const store::PersonId& person, Time at = start) {
    return {person, OfficeNo::parse("0370100017").value(), certificate, 3, at, at};
}
store::PersonId somebody() {
    return store::PersonId::of(random_bytes(16));
}

Identity person_of_role(store::Role role) {
    Identity identity;
    identity.person = ActingPerson{somebody(), role};
    return identity;
}
Identity token_with(std::set<store::Scope> scopes) {
    Identity identity;
    identity.token = ActingToken{store::TokenId::of(random_bytes(16)), std::move(scopes)};
    return identity;
}

std::string rights_of(const Identity& identity) {
    std::string text;
    for (const auto& [right, letter] :
         {std::pair{Right::general, 'g'}, std::pair{Right::check, 'c'}, std::pair{Right::read, 'r'},
          std::pair{Right::send, 's'}, std::pair{Right::ack, 'a'}, std::pair{Right::people, 'p'}})
        if (may(identity, right)) text += letter;
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_AUTO_TEST_CASE(a_session_is_found_by_its_token_over_its_certificate_only) {
    Sessions sessions({});
    const auto person = somebody();
    const auto token = sessions.open(session(person));
    BOOST_TEST(token.size() == 43u);
    const auto found = sessions.find(token, certificate, start + 1s);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST((found->person == person));
    BOOST_TEST(found->version == 3u);
    BOOST_TEST(!sessions.find(token, sha256("another"), start + 1s).has_value());
    BOOST_TEST(!sessions.find("", certificate, start + 1s).has_value());
    BOOST_TEST(sessions.find(token, certificate, start + 2s).has_value());
    sessions.close(token);
    BOOST_TEST(!sessions.find(token, certificate, start + 3s).has_value());
}

BOOST_AUTO_TEST_CASE(it_ends_after_fifteen_idle_minutes_and_eight_hours) {
    Sessions sessions({});
    const auto idle = sessions.open(session(somebody()));
    BOOST_TEST(sessions.find(idle, certificate, start + 15min - 1ms).has_value());
    BOOST_TEST(!sessions.find(idle, certificate, start + 30min - 1ms).has_value());
    const auto busy = sessions.open(session(somebody()));
    for (auto at = 10min; at < 480min; at += 10min)
        BOOST_TEST(sessions.find(busy, certificate, start + at).has_value());
    BOOST_TEST(!sessions.find(busy, certificate, start + 8h).has_value());
}

BOOST_AUTO_TEST_CASE(another_certificate_is_no_sign_of_life) {
    Sessions sessions({});
    const auto token = sessions.open(session(somebody()));
    sessions.find(token, sha256("another"), start + 14min);
    BOOST_TEST(!sessions.find(token, certificate, start + 15min).has_value());
}

BOOST_AUTO_TEST_CASE(a_person_has_so_many_and_the_oldest_ends) {
    Sessions sessions({15min, 8h, 2, 100});
    const auto person = somebody();
    const auto first = sessions.open(session(person, start));
    const auto second = sessions.open(session(person, start + 1s));
    const auto third = sessions.open(session(person, start + 2s));
    BOOST_TEST(!sessions.find(first, certificate, start + 3s).has_value());
    BOOST_TEST(sessions.find(second, certificate, start + 3s).has_value());
    BOOST_TEST(sessions.find(third, certificate, start + 3s).has_value());
}

BOOST_AUTO_TEST_CASE(all_have_so_many_together) {
    Sessions sessions({15min, 8h, 8, 10});
    for (int i = 0; i < 50; ++i)
        sessions.open(session(somebody(), start + std::chrono::seconds(i)));
    BOOST_TEST(sessions.size() == 10u);
    sessions.open(session(somebody(), start + 1h));
    BOOST_TEST(sessions.size() == 1u); // the others had ended by themselves
}

BOOST_AUTO_TEST_CASE(the_csrf_token_is_the_sessions_own) {
    const auto csrf = Sessions::csrf_of("one");
    BOOST_TEST(csrf.size() == 43u);
    BOOST_TEST(csrf != Sessions::csrf_of("two"));
    BOOST_TEST(csrf == Sessions::csrf_of("one"));
}

BOOST_AUTO_TEST_CASE(a_token_is_random_hashed_and_told_by_its_prefix) {
    const auto office = OfficeNo::parse("0370100017").value();
    const auto token = make_token(office, {store::Scope::read}, start, std::chrono::days(30));
    BOOST_TEST(token.secret.starts_with("cpgw_"));
    BOOST_TEST(token.secret.size() == 48u);
    BOOST_TEST((token.row.hash == sha256(token.secret)));
    BOOST_TEST(token.row.prefix == token.secret.substr(0, 13));
    BOOST_TEST(token.secret != make_token(office, {}, start, std::chrono::days(1)).secret);
    BOOST_TEST(is_valid(token.row, start + std::chrono::days(30) - 1ms));
    BOOST_TEST(!is_valid(token.row, start + std::chrono::days(30)));
    auto revoked = token.row;
    revoked.revoked_at = start;
    BOOST_TEST(!is_valid(revoked, start));
}

BOOST_AUTO_TEST_CASE(roles_and_scopes_have_their_rights) {
    using store::Role;
    using store::Scope;
    BOOST_TEST(rights_of(Identity{}) == "gcrsa");
    BOOST_TEST(rights_of(person_of_role(Role::office_admin)) == "gcrsap");
    BOOST_TEST(rights_of(person_of_role(Role::staff)) == "gcrsa");
    BOOST_TEST(rights_of(person_of_role(Role::viewer)) == "gcr");
    BOOST_TEST(rights_of(person_of_role(Role::operator_)) == "g");
    BOOST_TEST(rights_of(token_with({Scope::send})) == "gcs");
    BOOST_TEST(rights_of(token_with({Scope::read})) == "gcr");
    BOOST_TEST(rights_of(token_with({Scope::ack})) == "ga");
    BOOST_TEST(rights_of(token_with({Scope::send, Scope::ack})) == "gcsa");
}

BOOST_AUTO_TEST_SUITE_END()
