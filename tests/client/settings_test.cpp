#include "adapters/client/client.hpp"

#include "tests/client/scratch.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::client {
namespace {

const std::string good = "gateway: https://gateway.example.jp:8443\n"
                         "certificate: pki/office.pem\n"
                         "key: pki/office.key\n"
                         "ca: pki/ca.pem\n";

Result<Settings> read(const std::string& text) {
    const test::Scratch scratch;
    test::write(scratch.path() / "client.yaml", text);
    return read_settings(scratch.path() / "client.yaml");
}

} // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(paths_are_relative_to_the_file) {
    const test::Scratch scratch;
    const auto file = scratch.path() / "client.yaml";
    test::write(file, good + "lang: en\ntimeout: 7\ntrusted_keys:\n  - one\n  - two\n");
    const auto settings = read_settings(file);
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->gateway == "https://gateway.example.jp:8443");
    BOOST_TEST(settings->certificate == scratch.path() / "pki/office.pem");
    BOOST_TEST(settings->key == scratch.path() / "pki/office.key");
    BOOST_TEST(settings->ca == scratch.path() / "pki/ca.pem");
    BOOST_TEST((settings->trusted_keys == std::vector<std::string>{"one", "two"}));
    BOOST_TEST(settings->lang == "en");
    BOOST_TEST(settings->timeout.count() == 7);
}

BOOST_AUTO_TEST_CASE(what_is_left_out_has_a_default) {
    const auto settings = read(good);
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->lang == "ja");
    BOOST_TEST(settings->timeout.count() == 120);
    BOOST_TEST(settings->trusted_keys.empty());
}

BOOST_AUTO_TEST_CASE(an_absolute_path_stays) {
    const auto settings = read(good.substr(0, good.find("ca:")) + "ca: /etc/ca.pem\n");
    BOOST_REQUIRE(settings.has_value());
    BOOST_TEST(settings->ca == "/etc/ca.pem");
}

BOOST_AUTO_TEST_CASE(every_mistake_names_the_file_and_the_line) {
    const std::pair<std::string, std::string> cases[] = {
        {good + "colour: red\n", ":5: unknown setting: colour"},
        {good + "ca: other.pem\n", ":5: ca is given twice"},
        {good + "lang: fr\n", ":5: lang is ja or en"},
        {good + "timeout: 0\n", ":5: timeout"},
        {good + "timeout: 10s\n", ":5: timeout"},
        {good + "timeout: 99999999999999\n", ":5: timeout"},
        {good + "trusted_keys: one\n", ":5: a list of keys"},
        {good + "trusted_keys: [[a]]\n", ":5: one text"},
        {good + "? [a]\n: b\n", ":5: a name is expected"},
        {"gateway: [a]\n", ":1: one text"},
        {"gateway:\n", ":1: a value is expected"},
        {"- a\n", ":1: expected"},
        {"gateway: x\nkey: k\nca: c\n", ": certificate is missing"},
        {good + "lang: [\n", "client.yaml:"},
    };
    for (const auto& [text, expected] : cases) {
        const auto settings = read(text);
        BOOST_REQUIRE_MESSAGE(!settings.has_value(), text);
        BOOST_TEST((settings.error().code == Errc::configuration));
        BOOST_TEST(settings.error().detail.find(expected) != std::string::npos,
                   settings.error().detail);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_a_configuration_error) {
    const test::Scratch scratch;
    BOOST_TEST((read_settings(scratch.path() / "gone.yaml").error().code == Errc::configuration));
    BOOST_TEST((read_settings(scratch.path()).error().code == Errc::configuration));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::client
