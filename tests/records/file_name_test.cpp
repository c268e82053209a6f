#include "spec/load/load.hpp"
#include "spec/records/bundle.hpp"

#include "spec/base/digest.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <sstream>

using namespace cpg;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

std::string_view name_of(NameProblem::Kind kind) {
    using Kind = NameProblem::Kind;
    switch (kind) {
    case Kind::unknown_prefix:
        return "prefix";
    case Kind::parts:
        return "parts";
    case Kind::month:
        return "month";
    case Kind::office:
        return "office";
    case Kind::service_type:
        return "service_type";
    case Kind::serial:
        return "serial";
    case Kind::branch:
        return "branch";
    case Kind::extension:
        return "extension";
    case Kind::separator:
        return "separator";
    }
    return "?";
}

std::string office(const OfficeRef& ref) {
    return ref.office.str() + (ref.service_type ? ":" + ref.service_type->str() : "");
}

/// One line: "edition type month from>to serial [branch] [remarks]" or "!kind rule part
/// ~looks_like".
std::string story_of(std::string_view name) {
    const ParsedName parsed = parse_file_name(catalog(), name);
    std::ostringstream out;
    if (const auto* problem = std::get_if<NameProblem>(&parsed)) {
        out << '!' << name_of(problem->kind) << ' ' << problem->rule;
        if (!problem->part.empty()) out << ' ' << problem->part;
        if (problem->three_character_service_type) out << " three";
        if (!problem->looks_like.empty()) out << " ~" << problem->looks_like;
        return out.str();
    }
    const auto& read = std::get<FileName>(parsed);
    BOOST_TEST(read.text == name);
    out << read.edition->id << ' ' << read.type->id << ' ';
    if (read.month) out << read.month->str();
    if (read.zero_month) out << "000000";
    out << ' ' << office(read.from) << '>' << office(read.to) << ' ' << read.serial.view();
    if (!read.branch.empty()) out << " #" << read.branch;
    if (read.wrong_case) out << " wrong_case";
    if (read.extra_zero_month) out << " extra_zero_month";
    return out.str();
}

struct Case {
    const char* name;
    const char* story;
};

} // namespace

BOOST_AUTO_TEST_SUITE(file_name)

BOOST_AUTO_TEST_CASE(reads_names_and_tells_what_is_wrong_with_others) {
    const Case cases[] = {
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.CSV",
         "4.1 UPPLAN 202612 1370100017:43>1370100025:11 20261120093000"},
        {"UPPLAN_202412_1370100017_1370100025_20241120093000.CSV",
         "3 UPPLAN 202412 1370100017>1370100025 20241120093000"},
        {"UP1KYO_1370100017_43_1370100025_11_20261120093000.CSV",
         "4.1 UP1KYO  1370100017:43>1370100025:11 20261120093000"},
        {"UP1KYO_1370100017_1370100025_20241120093000.CSV",
         "3 UP1KYO  1370100017>1370100025 20241120093000"},
        {"UPHOSOKU_000000_1370100017_43_1370100025_11_20261120093000.CSV",
         "4.1 UPHOSOKU 000000 1370100017:43>1370100025:11 20261120093000"},
        {"UPHOSOKU_000000_1370100017_1370100025_20241120093000.CSV",
         "3 UPHOSOKU 000000 1370100017>1370100025 20241120093000"},
        {"UPKIHON_SUB1_13A0100017_AF_1370100025_43_20261120093000.CSV",
         "4.1 UPKIHON_SUB1  13A0100017:AF>1370100025:43 20261120093000"},
        {"UPKIHON_1370100017_46_1370100025_63_20261120093000.CSV",
         "4.1 UPKIHON  1370100017:46>1370100025:63 20261120093000"},
        {"UPKIHON_IMAGE_1370100017_46_1370100025_63_20261120093000_0001.jpg",
         "4.1 UPKIHON_IMAGE  1370100017:46>1370100025:63 20261120093000 #0001"},
        {"UPKIHON_IMAGE_1370100017_46_1370100025_63_20261120093000_0001.JPG",
         "4.1 UPKIHON_IMAGE  1370100017:46>1370100025:63 20261120093000 #0001"},
        {"UPYOBO_SUB_1370100017_46_1370100025_A2_20261120093000.CSV",
         "4.1 UPYOBO_SUB  1370100017:46>1370100025:A2 20261120093000"},
        // a service type of the official code table which the standard does not list
        {"UPJSK_202612_1370100017_A9_1370100025_46_20261120093000.CSV",
         "4.1 UPJSK 202612 1370100017:A9>1370100025:46 20261120093000"},
        // R-NAME-02
        {"upplan_202612_1370100017_43_1370100025_11_20261120093000.csv",
         "4.1 UPPLAN 202612 1370100017:43>1370100025:11 20261120093000 wrong_case"},
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.Csv",
         "4.1 UPPLAN 202612 1370100017:43>1370100025:11 20261120093000 wrong_case"},
        {"UPKIHON_IMAGE_1370100017_46_1370100025_63_20261120093000_0001.Jpg",
         "4.1 UPKIHON_IMAGE  1370100017:46>1370100025:63 20261120093000 #0001 wrong_case"},
        // R-NAME-08
        {"UPKIHON_000000_1370100017_46_1370100025_63_20261120093000.CSV",
         "4.1 UPKIHON  1370100017:46>1370100025:63 20261120093000 extra_zero_month"},
        {"UPKIHON_SUB2_000000_1370100017_46_1370100025_63_20261120093000.CSV",
         "4.1 UPKIHON_SUB2  1370100017:46>1370100025:63 20261120093000 extra_zero_month"},
        {"UP1KYO_000000_1370100017_43_1370100025_11_20261120093000.CSV",
         "!parts R-NAME-01 ~UP1KYO"},
        // unknown prefixes
        {"", "!prefix R-NAME-01"},
        {"readme.txt", "!prefix R-NAME-01"},
        {"UPKHON_1370100017_46_1370100025_63_20261120093000.CSV", "!prefix R-NAME-01 ~UPKIHON"},
        {"UPPLAM_202612_1370100017_43_1370100025_11_20261120093000.CSV",
         "!prefix R-NAME-01 ~UPPLAN"},
        {"UPHOSKU_202612_1370100017_43_1370100025_11_20261120093000.CSV",
         "!prefix R-NAME-01 ~UPHOSOKU"},
        {"DLTBET_202612_1370100017_43_1370100025_11_20261120093000.CSV", "!prefix R-NAME-01"},
        {"UP9KYO_1370100017_43_1370100025_11_20261120093000.CSV", "!prefix R-NAME-01"},
        {"見本.CSV", "!prefix R-NAME-01"},
        // separators
        {"UPPLAN-202612-1370100017-43-1370100025-11-20261120093000.CSV",
         "!separator R-NAME-01 ~UPPLAN"},
        {"UPPLAN＿202612＿1370100017＿43＿1370100025＿11＿20261120093000.CSV",
         "!separator R-NAME-01 ~UPPLAN"},
        // numbers of parts
        {"UPPLAN.CSV", "!parts R-NAME-01 ~UPPLAN"},
        {"UP1KYO_1370100017_43_20261120093000.CSV", "!parts R-NAME-01 ~UP1KYO"},
        {"UP3KYO_1370100017_1370100025_20241120093000.CSV", "!parts R-NAME-01 ~UP3KYO"},
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000_1.CSV",
         "!parts R-NAME-01 ~UPPLAN"},
        {"UPYOBO_SUV_1370100017_46_1370100025_63_20261120093000.CSV",
         "!parts R-NAME-01 ~UPYOBO_SUB"},
        {"UPKIHON_SUBI_1370100017_46_1370100025_63_20261120093000.CSV", // SUB1 or SUB2
         "!parts R-NAME-01 ~UPKIHON"},
        {"UPPLAN_202612_1370100017_1370100025_43_11_20261120093000.CSV",
         "!parts R-NAME-01 ~UPPLAN"},
        // months
        {"UPPLAN_202613_1370100017_43_1370100025_11_20261120093000.CSV",
         "!month R-NAME-07 ~UPPLAN"},
        {"UPPLAN_000000_1370100017_43_1370100025_11_20261120093000.CSV",
         "!month R-NAME-07 ~UPPLAN"},
        {"UPHOSOKU_202600_1370100017_43_1370100025_11_20261120093000.CSV",
         "!month R-NAME-07 ~UPHOSOKU"},
        {"DLTJSK_2026-1_1370100025_11_1370100017_43_20261120093000.CSV",
         "!month R-NAME-07 ~DLTJSK"},
        // offices
        {"UPPLAN_202612_137010017_43_1370100025_11_20261120093000.CSV",
         "!office R-NAME-03 from ~UPPLAN"},
        {"UPPLAN_202612_1370100017_43_13I0100025_11_20261120093000.CSV",
         "!office R-NAME-03 to ~UPPLAN"},
        {"UPPLAN_202412_1370100017_13O0100025_20241120093000.CSV", "!office R-NAME-03 to ~UPPLAN"},
        // service types
        {"UPPLAN_202612_1370100017_43_1370100025_110_20261120093000.CSV",
         "!service_type R-NAME-06 to three ~UPPLAN"},
        {"UPPLAN_202612_1370100017_ZZ_1370100025_11_20261120093000.CSV",
         "!service_type R-NAME-06 from ~UPPLAN"},
        {"UPPLAN_202612_1370100017_43_1370100025_a2_20261120093000.CSV",
         "!service_type R-NAME-06 to ~UPPLAN"},
        // serials
        {"UPPLAN_202612_1370100017_43_1370100025_11_202611200930.CSV", "!serial R-NAME-05 ~UPPLAN"},
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261320093000.CSV",
         "!serial R-NAME-05 ~UPPLAN"},
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000 (1).CSV",
         "!serial R-NAME-05 ~UPPLAN"},
        // the image's branch
        {"UPKIHON_IMAGE_1370100017_46_1370100025_63_20261120093000_1.jpg",
         "!branch R-NAME-11 ~UPKIHON_IMAGE"},
        // extensions
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000",
         "!extension R-NAME-01 ~UPPLAN"},
        {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.TXT",
         "!extension R-NAME-01 ~UPPLAN"},
        {"UPKIHON_IMAGE_1370100017_46_1370100025_63_20261120093000_0001.PNG",
         "!extension R-NAME-01 ~UPKIHON_IMAGE"},
        // of several problems the first a clerk can mend
        {"UPPLAN_202613_137010017_43_1370100025_110_2026112009300.TXT", "!month R-NAME-07 ~UPPLAN"},
    };
    for (const Case& each : cases)
        BOOST_TEST(story_of(each.name) == each.story, each.name << ": " << story_of(each.name));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_made_reads_back) {
    const OfficeRef from{*OfficeNo::parse("1370100017"), ServiceType::parse("43")};
    const OfficeRef to{*OfficeNo::parse("13A0100025"), ServiceType::parse("11")};
    const Serial serial = *Serial::parse("20261120093000");
    for (const auto& edition : catalog().editions) {
        for (const FileType& type : edition->files) {
            const std::string name =
                make_file_name(type, from, to, serial, Month::of(2026, 12), "0001");
            BOOST_TEST(type.name_pattern.matches(name), name);
            const ParsedName parsed = parse_file_name(catalog(), name);
            BOOST_REQUIRE_MESSAGE(std::holds_alternative<FileName>(parsed), name);
            const auto& read = std::get<FileName>(parsed);
            BOOST_TEST(read.type == &type);
            BOOST_TEST(read.edition == edition.get());
            BOOST_TEST(read.from.office.str() == "1370100017");
            BOOST_TEST(read.from.service_type.has_value() == (edition->id == "4.1"));
            BOOST_TEST(read.serial.str() == serial.str());
            BOOST_TEST(read.month.has_value() == type.has_month());
        }
    }
    const FileType& supplement = *catalog().edition("4.1")->file("UPHOSOKU");
    BOOST_TEST(make_file_name(supplement, from, to, serial, std::nullopt) ==
               "UPHOSOKU_000000_1370100017_43_13A0100025_11_20261120093000.CSV");
}

BOOST_AUTO_TEST_CASE(what_is_accepted_matches_the_pattern_of_its_type) {
    const auto seed = std::random_device{}();
    BOOST_TEST_CONTEXT("seed " << seed) {
        std::mt19937 random(seed);
        const std::string base = "UPHOSOKU_202612_1370100017_43_1370100025_11_20261120093000.CSV";
        const std::string alphabet = "_0123456789AIZ.a-";
        int accepted = 0;
        for (int round = 0; round < 20000; ++round) {
            std::string name = base;
            for (std::size_t changes = random() % 3; changes > 0; --changes)
                name[random() % name.size()] = alphabet[random() % alphabet.size()];
            const ParsedName parsed = parse_file_name(catalog(), name);
            const auto* read = std::get_if<FileName>(&parsed);
            if (read == nullptr || read->wrong_case) continue;
            ++accepted;
            BOOST_REQUIRE_MESSAGE(read->type->name_pattern.matches(name), name);
        }
        BOOST_TEST(accepted > 1000);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bundle)

BOOST_AUTO_TEST_CASE(files_of_one_sender_receiver_and_serial_are_a_bundle) {
    std::vector<InputFile> files;
    for (const char* name : {
             "UPSIKYU_202612_1370100017_43_1370100025_11_20261120093000.CSV",
             "stray.txt",
             "UPPLAN_202612_1370100017_43_1370100033_15_20261120093000.CSV",
             "UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.CSV",
             "UPHOSOKU_202612_1370100017_43_1370100025_11_20261120093000.CSV",
             "UPPLAN_202612_1370100017_43_1370100025_11_20261120092959.CSV",
             "UPPLAN_202612_1370100017_1370100025_20261120093000.CSV",
             "UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.CSV",
         })
        files.push_back({name, std::string("bytes of ") + name});
    const Heap heap = group_files(catalog(), files);

    BOOST_REQUIRE(heap.strays.size() == 1u);
    BOOST_TEST(heap.strays[0].input.name == "stray.txt");
    BOOST_TEST(heap.duplicate_names.size() == 1u);
    BOOST_REQUIRE(heap.bundles.size() == 4u);
    std::vector<std::string> order;
    for (const Bundle& bundle : heap.bundles)
        order.push_back(bundle.edition->id + " " + bundle.to.office.str() + " " +
                        bundle.serial.str() + " " + std::to_string(bundle.files.size()));
    const std::vector<std::string> expected = {
        "3 1370100025 20261120093000 1", "4.1 1370100025 20261120092959 1",
        "4.1 1370100025 20261120093000 4", "4.1 1370100033 20261120093000 1"};
    BOOST_TEST(order == expected, boost::test_tools::per_element());

    std::vector<std::string> types;
    for (const BundleFile& file : heap.bundles[2].files) {
        types.push_back(file.name.type->id);
        BOOST_TEST((file.digest == sha256(file.input.bytes)));
        BOOST_TEST(file.input.bytes == "bytes of " + file.input.name);
    }
    const std::vector<std::string> in_order = {"UPHOSOKU", "UPPLAN", "UPPLAN", "UPSIKYU"};
    BOOST_TEST(types == in_order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_signature_goes_with_the_file_beside_it_once_and_others_are_strays) {
    const std::string plan = "UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.CSV";
    std::vector<InputFile> files{
        {plan + ".p7s", "one"},       {plan, "rows"},
        {plan + ".p7s", "two"},       {plan + ".p7s.p7s", "of a signature"},
        {"stray.txt.p7s", "nothing"}, {"stray.txt", "x"},
        {".p7s", "no name"}};
    const Heap heap = group_files(catalog(), files);
    BOOST_REQUIRE(heap.signatures.size() == 1u);
    BOOST_TEST(heap.signatures[0].name == plan + ".p7s");
    BOOST_TEST(heap.signatures[0].bytes == "one");
    BOOST_REQUIRE(heap.bundles.size() == 1u);
    BOOST_TEST(heap.bundles[0].files.size() == 1u);
    BOOST_TEST(heap.strays.size() == 5u);
}

BOOST_AUTO_TEST_CASE(the_order_of_the_input_does_not_matter) {
    std::vector<InputFile> files;
    for (const char* name :
         {"UPPLAN_202612_1370100017_43_1370100025_11_20261120093000.CSV",
          "UPSIKYU_202612_1370100017_43_1370100025_11_20261120093000.CSV", "b.txt", "a.txt"})
        files.push_back({name, name});
    const Heap one = group_files(catalog(), files);
    std::reverse(files.begin(), files.end());
    const Heap other = group_files(catalog(), files);
    BOOST_REQUIRE(one.bundles.size() == other.bundles.size());
    for (std::size_t i = 0; i < one.bundles[0].files.size(); ++i)
        BOOST_TEST(one.bundles[0].files[i].input.name == other.bundles[0].files[i].input.name);
    BOOST_TEST(one.strays[0].input.name == other.strays[0].input.name);
}

BOOST_AUTO_TEST_SUITE_END()
