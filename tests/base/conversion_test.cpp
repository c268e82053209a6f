#include "spec/base/conversion.hpp"

#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

namespace {

const std::string digits = hex(sha256("report").view());
const std::string header = "sample-soft@3; fills=12; lookups=0; report=sha256:" + digits;
const std::string line = "sample-soft@3 fills 12 lookups 0 report sha256:" + digits;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    return text.replace(text.find(what), what.size(), by);
}

/// How a text can be almost right; for the header and the leaf line alike.
const std::pair<std::string_view, std::string> changes[] = {
    {"sample-soft", ""},
    {"sample-soft", "-soft"},
    {"sample-soft", "Sample"},
    {"sample-soft", "a b"},
    {"sample-soft", "a_b"},
    {"sample-soft", std::string(41, 'a')},
    {"sample-soft", "見本"},
    {"@3", ""},
    {"@3", "@"},
    {"@3", "@03"},
    {"@3", "@-3"},
    {"@3", "@3.1"},
    {"@3", "@@3"},
    {"12", "1000000000"},
    {"12", "99999999999999999999999999"},
    {"12", "012"},
    {"12", " 12"},
    {"12", ""},
    {"12", "0x1"},
    {"fills", "fill"},
    {"lookups", "Lookups"},
    {"report", "report "},
    {"sha256:", ""},
    {"sha256:", "sha512:"},
    {digits, digits.substr(1)},
    {digits, digits + "0"},
    {digits, std::string(63, '0') + "A"},
    {digits, digits + "\n"},
    {digits, digits + " "},
};

} // namespace

BOOST_AUTO_TEST_SUITE(conversion)

BOOST_AUTO_TEST_CASE(is_read_and_written_in_both_forms) {
    const Conversion expected{"sample-soft", 3, 12, 0, sha256("report")};
    BOOST_TEST((parse_conversion_header(header).value() == expected));
    BOOST_TEST((parse_conversion_line(line).value() == expected));
    BOOST_TEST(to_header(expected) == header);
    BOOST_TEST(to_leaf_line(expected) == line);
}

BOOST_AUTO_TEST_CASE(takes_the_longest_values) {
    const Conversion longest{std::string(40, '9'),
                             max_conversion_number,
                             max_conversion_number,
                             max_conversion_number,
                             {}};
    BOOST_TEST((parse_conversion_header(to_header(longest)).value() == longest));
    BOOST_TEST((parse_conversion_line(to_leaf_line(longest)).value() == longest));
}

BOOST_AUTO_TEST_CASE(any_other_form_is_malformed) {
    for (const auto& [what, by] : changes) {
        BOOST_TEST(!parse_conversion_header(replaced(header, what, by)), what << " -> " << by);
        BOOST_TEST(!parse_conversion_line(replaced(line, what, by)), what << " -> " << by);
    }
    for (std::size_t size = 0; size < header.size(); ++size)
        BOOST_TEST(!parse_conversion_header(header.substr(0, size)));
    for (std::size_t size = 0; size < line.size(); ++size)
        BOOST_TEST(!parse_conversion_line(line.substr(0, size)));
    BOOST_TEST(!parse_conversion_header(line));
    BOOST_TEST(!parse_conversion_line(header));
    BOOST_TEST((parse_conversion_header("").error().code == Errc::malformed));
}

BOOST_AUTO_TEST_CASE(knows_values_that_fit_no_line) {
    BOOST_TEST(is_well_formed({"a", 0, 0, 0, {}}));
    BOOST_TEST(!is_well_formed({"a\n", 0, 0, 0, {}}));
    BOOST_TEST(!is_well_formed({"a", max_conversion_number + 1, 0, 0, {}}));
    BOOST_TEST(!is_well_formed({"a", 0, max_conversion_number + 1, 0, {}}));
    BOOST_TEST(!is_well_formed({"a", 0, 0, max_conversion_number + 1, {}}));
}

BOOST_AUTO_TEST_SUITE_END()
