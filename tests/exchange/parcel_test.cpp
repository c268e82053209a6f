#include <boost/test/unit_test.hpp>

#include "gateway/exchange/parcel.hpp"
#include "spec/base/digest.hpp"

using namespace cpg;
using namespace cpg::exchange;

namespace {

Parcel two_files() {
    Parcel parcel;
    parcel.files.push_back(
        {"UPPLAN_見本.CSV", "UPPLAN", Bytes("a,b\r\n\0c", 7), sha256("x"), Bytes(32, 's')});
    parcel.files.push_back({"report.pdf", "PDF", Bytes(), sha256(""), Bytes(32, '\xff')});
    return parcel;
}

} // namespace

BOOST_AUTO_TEST_SUITE(parcels)

BOOST_AUTO_TEST_CASE(come_back_byte_for_byte) {
    const auto parcel = two_files();
    const auto read = read_parcel(write_parcel(parcel));
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE_EQUAL(read->files.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_TEST(read->files[i].name == parcel.files[i].name);
        BOOST_TEST(read->files[i].type == parcel.files[i].type);
        BOOST_TEST(read->files[i].bytes == parcel.files[i].bytes);
        BOOST_TEST((read->files[i].digest == parcel.files[i].digest));
        BOOST_TEST(read->files[i].salt == parcel.files[i].salt);
    }
}

BOOST_AUTO_TEST_CASE(signatures_travel_along_in_a_form_of_their_own) {
    auto parcel = two_files();
    const auto plain = write_parcel(parcel);
    parcel.signatures.push_back({"report.pdf.p7s", Bytes("\x30\x80\0", 3)});
    const auto bytes = write_parcel(parcel);
    BOOST_TEST(plain.substr(0, 15) == "cpgw-parcel/v1\n");
    BOOST_TEST(bytes.substr(0, 15) == "cpgw-parcel/v2\n");
    const auto read = read_parcel(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE_EQUAL(read->signatures.size(), 1u);
    BOOST_TEST(read->signatures[0].name == "report.pdf.p7s");
    BOOST_TEST(read->signatures[0].bytes == parcel.signatures[0].bytes);
    BOOST_TEST(delivered_files(*read).size() == 3u);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        BOOST_TEST(!read_parcel(BytesView(bytes).substr(0, length)).has_value());
}

BOOST_AUTO_TEST_CASE(are_refused_when_cut_anywhere) {
    const auto bytes = write_parcel(two_files());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        BOOST_TEST(!read_parcel(BytesView(bytes).substr(0, length)).has_value());
    BOOST_TEST(!read_parcel(bytes + "x").has_value());
}

BOOST_AUTO_TEST_CASE(do_not_allocate_what_a_length_claims) {
    auto bytes = write_parcel(two_files());
    for (std::size_t i = 0; i + 8 <= bytes.size(); ++i) {
        auto broken = bytes;
        broken.replace(i, 8, Bytes(8, '\xff'));
        (void)read_parcel(broken); // a refusal or another reading, never a crash or bad_alloc
    }
}

BOOST_AUTO_TEST_CASE(dossiers_come_back_and_are_refused_when_cut) {
    const Dossier dossier{"{\"a\":1}", "{}", {Bytes(32, 'a'), Bytes(32, 'b')}, "見本の月次報告"};
    const auto bytes = write_dossier(dossier);
    const auto read = read_dossier(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->report_ja == dossier.report_ja);
    BOOST_TEST(read->report_en == dossier.report_en);
    BOOST_TEST(read->title == dossier.title);
    BOOST_TEST(read->salts == dossier.salts);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        BOOST_TEST(!read_dossier(BytesView(bytes).substr(0, length)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
