// Where a webhook may go, address by address.
#include "adapters/webhook/address.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>

using namespace cpg;
using cpg::webhook::is_public_address;

namespace {

Bytes bytes_of(const std::string& text) {
    const bool six = text.find(':') != std::string::npos;
    Bytes bytes(six ? 16 : 4, '\0');
    BOOST_REQUIRE(inet_pton(six ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) == 1);
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_SUITE(webhook_addresses)

BOOST_AUTO_TEST_CASE(of_the_public_internet_may_be_connected_to) {
    for (const auto* text :
         {"1.1.1.1",         "8.8.8.8",          "9.255.255.255",        "11.0.0.0",
          "100.63.255.255",  "100.128.0.0",      "126.255.255.255",      "128.0.0.1",
          "169.253.255.255", "169.255.0.0",      "172.15.255.255",       "172.32.0.0",
          "192.0.1.0",       "192.167.255.255",  "192.169.0.0",          "198.17.255.255",
          "198.20.0.0",      "223.255.255.255",  "2001:4860:4860::8888", "2600::1",
          "2400:cb00::1",    "64:ff9b::8.8.8.8", "2002:808:808::1"})
        BOOST_TEST(is_public_address(bytes_of(text)), text);
}

BOOST_AUTO_TEST_CASE(of_any_other_kind_may_not) {
    for (const auto* text :
         {"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
          "127.0.0.1", "127.255.255.254", "169.254.0.0", "169.254.169.254", "172.16.0.1",
          "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
          "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.9",
          "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
          // IPv6
          "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::10.0.0.1",
          "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1",
          "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1", "3fff::1", "3fff:fff::1", "4000::1",
          "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1"})
        BOOST_TEST(!is_public_address(bytes_of(text)), text);
}

BOOST_AUTO_TEST_CASE(that_are_none_may_not) {
    for (const std::size_t size : {0u, 1u, 3u, 5u, 15u, 17u})
        BOOST_TEST(!is_public_address(Bytes(size, '\x08')), size);
}

BOOST_AUTO_TEST_SUITE_END()
