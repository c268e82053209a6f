// Keys in files and the URIs of keys in tokens. A real token is in tests/e2e/certificates_test.py.
#include "spec/base/private_key.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace cpg;

namespace {

std::string refusal_of(std::string_view uri) {
    const auto parsed = parse_token_uri(uri);
    return parsed ? std::string() : parsed.error().detail;
}

} // namespace

BOOST_AUTO_TEST_SUITE(private_key)

BOOST_AUTO_TEST_CASE(a_uri_is_split_from_its_module_and_pin) {
    const auto uri = parse_token_uri("pkcs11:token=pilot;object=ca%20key;type=private"
                                     "?module-path=/usr/lib/softhsm/lib%20x.so"
                                     "&pin-source=file:/etc/cpgw/pin");
    BOOST_REQUIRE(uri.has_value());
    BOOST_TEST(uri->object == "pkcs11:token=pilot;object=ca%20key;type=private");
    BOOST_TEST(uri->module_path == "/usr/lib/softhsm/lib x.so");
    BOOST_TEST(uri->pin_file == "/etc/cpgw/pin");
    BOOST_TEST(parse_token_uri("pkcs11:object=a?pin-source=/etc/pin")->pin_file == "/etc/pin");
    BOOST_TEST(parse_token_uri("pkcs11:object=a")->pin_file.empty());
}

BOOST_AUTO_TEST_CASE(a_pin_in_the_uri_and_anything_odd_is_refused) {
    const std::pair<std::string, std::string> cases[] = {
        {"pkcs11:object=a?pin-value=1234", "pin-value is not taken"},
        {"pkcs11:object=a;pin-value=1234", "pin-value is not taken"},
        {"pkcs11:object=a?pin-source=pin.txt", "not an absolute path"},
        {"pkcs11:object=a?pin-source=", "not an absolute path"},
        {"pkcs11:object=a?pin-source=|/bin/date", "not an absolute path"},
        {"pkcs11:object=a?pin-source=/a&pin-source=/b", "twice"},
        {"pkcs11:object=a?module-name=x", "not known"},
        {"pkcs11:object=a?", "not known"},
        {"pkcs11:object=a?pin-source=/a&", "not known"},
        {"pkcs11:object=a?pin-source=/%0", "broken percent-encoding"},
        {"pkcs11:object=a?pin-source=/%zz", "broken percent-encoding"},
        {"pkcs11:object=a?pin-source=/%00", "broken percent-encoding"},
        {"pkcs11:" + std::string(1024, 'a'), "over 1,024 bytes"},
        {"file:/etc/key", "not a pkcs11: URI"},
    };
    for (const auto& [uri, reason] : cases) BOOST_TEST_CONTEXT(uri.substr(0, 80))
    BOOST_TEST(refusal_of(uri).find(reason) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_others_may_read_is_refused_before_it_is_read) {
    const auto file =
        std::filesystem::temp_directory_path() / ("cpg-key-" + std::to_string(::getpid()) + ".pem");
    std::ofstream(file) << "no key";
    using std::filesystem::perms;
    for (const auto mode : {0640u, 0604u, 0660u}) {
        std::filesystem::permissions(file, perms(mode));
        BOOST_TEST(load_private_key(file.string()).error().detail.find("group or others") !=
                   std::string::npos);
    }
    std::filesystem::permissions(file, perms(0400u));
    BOOST_TEST(load_private_key(file.string()).error().detail.find("no private key in PEM form") !=
               std::string::npos);
    std::filesystem::remove(file);
    BOOST_TEST(load_private_key(file.string()).error().detail.find("No such file") !=
               std::string::npos);
    BOOST_TEST(load_private_key("/").error().detail.find("not a regular file") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
