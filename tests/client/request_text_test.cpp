#include "adapters/client/client.hpp"

#include <boost/test/unit_test.hpp>

namespace cpg::client {

BOOST_AUTO_TEST_SUITE(request_text)

BOOST_AUTO_TEST_CASE(only_unreserved_characters_stay_as_they_are) {
    BOOST_TEST(url_encode("AZaz09-._~") == "AZaz09-._~");
    BOOST_TEST(url_encode("a b/c?d&e=f+g%h") == "a%20b%2Fc%3Fd%26e%3Df%2Bg%25h");
    BOOST_TEST(url_encode("介護") == "%E4%BB%8B%E8%AD%B7");
    BOOST_TEST(url_encode(std::string("\0\r\n", 3)) == "%00%0D%0A");
    BOOST_TEST(url_encode("") == "");
}

BOOST_AUTO_TEST_CASE(a_multipart_body_holds_every_part_as_it_is) {
    const std::string data("a\r\n\0--b", 8);
    const Body body = multipart_body(
        {{"file", "見本.CSV", "text/csv", data}, {"cover", "", "application/json", "{}"}});
    const std::string prefix = "multipart/form-data; boundary=";
    BOOST_REQUIRE(body.content_type.starts_with(prefix));
    const std::string boundary = body.content_type.substr(prefix.size());
    const std::string expected = "--" + boundary +
                                 "\r\nContent-Disposition: form-data; name=\"file\"; "
                                 "filename=\"見本.CSV\"\r\nContent-Type: text/csv\r\n\r\n" +
                                 data + "\r\n--" + boundary +
                                 "\r\nContent-Disposition: form-data; name=\"cover\"\r\n"
                                 "Content-Type: application/json\r\n\r\n{}\r\n--" +
                                 boundary + "--\r\n";
    BOOST_TEST(body.bytes == expected);
}

BOOST_AUTO_TEST_CASE(the_same_parts_give_the_same_bytes_and_other_parts_another_boundary) {
    const std::vector<Upload> parts{{"file", "a.CSV", "text/csv", "1,2"}};
    const std::vector<Upload> others{{"file", "a.CSV", "text/csv", "1,3"}};
    BOOST_TEST(multipart_body(parts).bytes == multipart_body(parts).bytes);
    BOOST_TEST(multipart_body(parts).content_type != multipart_body(others).content_type);
}

BOOST_AUTO_TEST_CASE(a_file_name_cannot_end_its_header) {
    const Body body = multipart_body({{"file", "a\"\r\nX: y", "text/csv", ""}});
    BOOST_TEST(body.bytes.find("filename=\"a%22%0D%0AX: y\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace cpg::client
