// Standard Webhooks: the public test vector, and what a receiver must not take.
#include "adapters/webhook/verify.hpp"

#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace cpg;
using namespace cpg::webhook;

namespace {

const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string other = "whsec_" + base64(Bytes(24, 'x'));
const Seconds sent{std::chrono::seconds(1614265330)};

/// The vector that the standard's libraries are tested with.
struct Message {
    std::string id = "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp = "1614265330",
                signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                body = R"({"test": 2432232314})";
    Result<void> judged(const std::vector<std::string>& secrets = {secret},
                        Seconds now = sent) const {
        return verify({id, timestamp, signature, body}, secrets, now);
    }
};

template<class Change> Errc refused_for(Change change) {
    Message message;
    change(message);
    const auto outcome = message.judged();
    BOOST_REQUIRE(!outcome);
    return outcome.error().code;
}

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_signatures)

BOOST_AUTO_TEST_CASE(are_those_of_the_public_test_vector) {
    const Message message;
    BOOST_TEST(sign(*parse_secret(secret), message.id, sent, message.body) == message.signature);
    BOOST_TEST(message.judged().has_value());
}

BOOST_AUTO_TEST_CASE(hold_for_any_of_several_secrets_and_signatures) {
    Message message;
    BOOST_TEST(message.judged({other, secret}).has_value());
    message.signature =
        sign(*parse_secret(other), message.id, sent, message.body) + " v2,abc " + message.signature;
    BOOST_TEST(message.judged().has_value());
    BOOST_TEST(message.judged({other}).has_value());
    BOOST_TEST(
        (message.judged({"whsec_" + base64(Bytes(24, 'y'))}).error().code == Errc::tampered));
    BOOST_TEST((message.judged({}).error().code == Errc::tampered));
}

BOOST_AUTO_TEST_CASE(break_with_any_changed_byte) {
    const auto tampered = Errc::tampered;
    for (std::size_t at = 0; at < Message().body.size(); ++at)
        BOOST_TEST((refused_for([at](Message& m) { m.body[at] ^= 1; }) == tampered));
    for (std::size_t at = 0; at < Message().id.size(); ++at)
        BOOST_TEST((refused_for([at](Message& m) { m.id[at] ^= 1; }) == tampered));
    for (std::size_t at = 0; at < Message().signature.size(); ++at)
        BOOST_TEST((refused_for([at](Message& m) { m.signature[at] ^= 1; }) == tampered));
    BOOST_TEST((refused_for([](Message& m) { m.timestamp = "1614265331"; }) == tampered));
    BOOST_TEST((refused_for([](Message& m) { m.body += ' '; }) == tampered));
    BOOST_TEST((refused_for([](Message& m) { m.signature.pop_back(); }) == tampered));
    BOOST_TEST((refused_for([](Message& m) { m.signature.erase(0, 3); }) == tampered));
    // What is signed is divided by full stops: moving one must not help.
    BOOST_TEST((refused_for([](Message& m) { m.id += ".1614265330"; }) == tampered));
}

BOOST_AUTO_TEST_CASE(are_good_for_five_minutes_both_ways) {
    const Message message;
    using std::chrono::seconds;
    BOOST_TEST(message.judged({secret}, sent + seconds(300)).has_value());
    BOOST_TEST(message.judged({secret}, sent - seconds(300)).has_value());
    BOOST_TEST(
        (message.judged({secret}, sent + seconds(301)).error().code == Errc::not_acceptable));
    BOOST_TEST(
        (message.judged({secret}, sent - seconds(301)).error().code == Errc::not_acceptable));
}

BOOST_AUTO_TEST_CASE(are_refused_when_a_header_cannot_be_read) {
    const auto malformed = Errc::malformed;
    BOOST_TEST((refused_for([](Message& m) { m.id.clear(); }) == malformed));
    BOOST_TEST((refused_for([](Message& m) { m.signature.clear(); }) == malformed));
    for (const auto* text : {"", "x", "-1", "+1614265330", " 1614265330", "1614265330 ",
                             "1614265330.0", "0x60", "99999999999999999999"})
        BOOST_TEST((refused_for([text](Message& m) { m.timestamp = text; }) == malformed), text);
    BOOST_TEST((Message().judged({"whsec_short"}).error().code == malformed));
}

BOOST_AUTO_TEST_CASE(need_a_secret_of_the_standards_form) {
    const auto of = [](std::size_t bytes) { return "whsec_" + base64(Bytes(bytes, 'k')); };
    for (const std::size_t bytes : {24u, 32u, 64u}) BOOST_TEST(parse_secret(of(bytes)).has_value());
    for (const std::size_t bytes : {0u, 23u, 65u}) BOOST_TEST(!parse_secret(of(bytes)).has_value());
    BOOST_TEST(!parse_secret(secret.substr(6)).has_value());
    BOOST_TEST(!parse_secret(secret + "!").has_value());
    BOOST_TEST(!parse_secret("").has_value());
}

BOOST_AUTO_TEST_CASE(of_random_messages_verify_and_no_other_secret_makes_them) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    for (int i = 0; i < 200; ++i) {
        Message message;
        message.body = random_bytes(random() % 300);
        message.id = "evt_" + hex(random_bytes(1 + random() % 16));
        message.signature = sign(*parse_secret(secret), message.id, sent, message.body);
        BOOST_TEST(message.judged().has_value(), "seed " << seed);
        BOOST_TEST(!message.judged({other}).has_value(), "seed " << seed);
    }
}

BOOST_AUTO_TEST_SUITE_END()
