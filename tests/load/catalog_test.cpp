#include "spec/base/digest.hpp"
#include "spec/load/doc.hpp"
#include "spec/load/profile_loader.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>

using namespace cpg;

namespace {

const Edition& edition(const char* id) {
    const Edition* const found = embedded_catalog()->edition(id);
    BOOST_REQUIRE(found);
    return *found;
}

const FileType& file(const char* edition_id, const char* id) {
    const FileType* const found = edition(edition_id).file(id);
    BOOST_REQUIRE(found);
    return *found;
}

using FieldCounts = std::vector<std::pair<std::string, std::size_t>>;

FieldCounts field_counts(const char* edition_id) {
    FieldCounts out;
    for (const FileType& type : edition(edition_id).files)
        out.emplace_back(type.id, type.fields.size());
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(catalog)

BOOST_AUTO_TEST_CASE(the_embedded_sources_load_without_problems) {
    const LoadOutcome outcome = load_catalog(embedded_sources());
    for (const LoadProblem& problem : outcome.problems)
        BOOST_ERROR(problem.file << ":" << problem.line << ": " << problem.text);
    BOOST_REQUIRE(outcome.catalog);
    BOOST_TEST(outcome.catalog->editions.size() == 2u);
    BOOST_TEST(outcome.catalog->editions[0]->id == "4.1");
    BOOST_TEST(outcome.catalog->editions[1]->id == "3");
}

BOOST_AUTO_TEST_CASE(edition_4_1_has_the_columns_of_the_standard) {
    const FieldCounts expected = {{"UPHOSOKU", 63},     {"UP1KYO", 28},       {"UP2KYO", 22},
                                  {"UP3KYO", 13},       {"DLT1KYO", 4},       {"UPPLAN", 25},
                                  {"UPJSK", 25},        {"DLTPLAN", 4},       {"DLTJSK", 6},
                                  {"UPSIKYU", 37},      {"UPKIHON", 71},      {"UPKIHON_SUB1", 7},
                                  {"UPKIHON_SUB2", 11}, {"UPKIHON_IMAGE", 0}, {"DLTKIHON", 4},
                                  {"UPYOBO", 57},       {"UPYOBO_SUB", 17},   {"DLTYOBO", 4}};
    BOOST_TEST((field_counts("4.1") == expected));
}

BOOST_AUTO_TEST_CASE(edition_3_has_the_columns_of_the_standard) {
    const FieldCounts expected = {{"UPHOSOKU", 63}, {"UP1KYO", 28}, {"UP2KYO", 22},
                                  {"DLT1KYO", 4},   {"UPPLAN", 22}, {"UPJSK", 22},
                                  {"DLTPLAN", 4},   {"DLTJSK", 6},  {"UPSIKYU", 34}};
    BOOST_TEST((field_counts("3") == expected));
}

BOOST_AUTO_TEST_CASE(edition_3_2_is_read_as_edition_3) {
    BOOST_TEST(embedded_catalog()->edition("3.2") == &edition("3"));
    BOOST_TEST(edition("3").label == "3.2");
    BOOST_TEST(edition("3").csv_version == "202208");
    BOOST_TEST((edition("3").applies_from == Month::of(2023, 1)));
    BOOST_TEST((edition("3").applies_to == Month::of(2025, 3)));
    BOOST_TEST(edition("4.1").csv_version == "202407");
    BOOST_TEST((edition("4.1").applies_from == Month::of(2025, 4)));
    BOOST_TEST(!edition("4.1").applies_to.has_value());
    BOOST_TEST(!embedded_catalog()->edition("5.0"));
}

BOOST_AUTO_TEST_CASE(an_alias_repeats_the_columns_of_its_anchor) {
    const FileType& plan = file("4.1", "UPPLAN");
    const FileType& actual = file("4.1", "UPJSK");
    for (std::size_t i = 0; i < plan.fields.size(); ++i)
        BOOST_TEST(plan.fields[i].key == actual.fields[i].key);
}

BOOST_AUTO_TEST_CASE(columns_know_their_length_type_and_marks) {
    const Field& date = *file("4.1", "UPPLAN").field("service_date");
    BOOST_TEST(date.no == 10);
    BOOST_TEST(date.name == "サービス利用日");
    BOOST_TEST((date.type == FieldType::yyyymmdd));
    BOOST_TEST(date.length.value() == 8u);
    BOOST_TEST(date.fixed_length);
    BOOST_TEST((date.required == Requirement::yes));
    const Field& tais = *file("4.1", "UPPLAN").field("tais_code");
    BOOST_TEST((tais.required == Requirement::conditional));
    BOOST_TEST(!tais.when.empty());
    const Field& days = *file("4.1", "UPSIKYU").field("days_to_prev_month");
    BOOST_TEST(days.length.value() == 2u);
    BOOST_TEST(days.accept_length == 5u);
    BOOST_TEST((days.confidence == Confidence::low));
    const Field& name = *file("4.1", "UPHOSOKU").field("name");
    BOOST_TEST(!name.length);
    BOOST_TEST(name.accept_length == 0u);
    BOOST_TEST((name.confidence == Confidence::medium));
    BOOST_TEST(file("4.1", "UPHOSOKU").field("plan_date")->zero_value == "00000000");
    BOOST_TEST(file("4.1", "UPSIKYU").field("office_code")->fixed == "9999999999");
}

BOOST_AUTO_TEST_CASE(a_columns_own_pattern_rules_over_its_types) {
    const Field& price = *file("4.1", "UPSIKYU").field("unit_price");
    BOOST_TEST(price.pattern.matches("10.00"));
    BOOST_TEST(!price.pattern.matches("10"));
}

BOOST_AUTO_TEST_CASE(columns_are_found_by_key) {
    BOOST_TEST(file("4.1", "UPPLAN").column("csv_version") == 0);
    BOOST_TEST(file("4.1", "UPPLAN").column("service_date") == 9);
    BOOST_TEST(file("4.1", "UPPLAN").column("nothing") == -1);
    BOOST_TEST(!file("4.1", "UPPLAN").field("nothing"));
    BOOST_TEST(!edition("4.1").file("UPKHON"));
}

BOOST_AUTO_TEST_CASE(code_lists_hold_their_codes_and_nothing_else) {
    const CodeList& level = *file("4.1", "UP1KYO").field("care_level")->codes;
    BOOST_TEST(level.contains("21"));
    BOOST_TEST(*level.meaning("21") == "要介護１");
    for (const char* other : {"", "2", "210", "26", "021", "２１", "123456789"})
        BOOST_TEST_CONTEXT(other) {
            BOOST_TEST(!level.contains(other));
        }
    BOOST_TEST(!level.contains(std::string_view("\0\x32\x31", 3)));
}

BOOST_AUTO_TEST_CASE(a_code_longer_than_a_key_is_still_found) {
    CodeList list;
    list.values = {{"123456789", "long"}};
    BOOST_TEST(list.contains("123456789"));
    BOOST_TEST(!list.contains("123456780"));
}

BOOST_AUTO_TEST_CASE(file_names_follow_their_edition) {
    BOOST_TEST(
        file("4.1", "UPPLAN")
            .name_pattern.matches("UPPLAN_202612_0370100017_43_0370100025_11_20261120093000.CSV"));
    BOOST_TEST(file("3", "UPPLAN")
                   .name_pattern.matches("UPPLAN_202412_0370100017_0370100025_20241120093000.CSV"));
    BOOST_TEST(
        !file("4.1", "UPPLAN")
             .name_pattern.matches("UPPLAN_202412_0370100017_0370100025_20241120093000.CSV"));
    BOOST_TEST(file("4.1", "UPPLAN").has_month());
    BOOST_TEST(!file("4.1", "UP1KYO").has_month());
    BOOST_TEST(file("4.1", "UPKIHON_IMAGE").name_parts.back().literal == ".jpg");
    BOOST_TEST(!file("4.1", "UPKIHON_IMAGE").is_csv());
    BOOST_TEST(file("4.1", "UPPLAN").is_csv());
}

BOOST_AUTO_TEST_CASE(every_file_name_begins_with_its_id_and_fits_its_parts) {
    for (const auto& each : embedded_catalog()->editions)
        for (const FileType& type : each->files) {
            BOOST_TEST(type.name_parts.front().literal == type.id);
            BOOST_TEST((type.name_parts.back().kind == NamePart::Kind::literal));
            BOOST_TEST(type.name_regex.find("^" + type.id + "_") == 0u);
        }
}

BOOST_AUTO_TEST_CASE(bundles_and_files_name_each_other) {
    const BundleKind& schedule = *edition("4.1").bundle("schedule");
    BOOST_TEST((schedule.required == std::vector<std::string>{"UPPLAN", "UPSIKYU", "UPHOSOKU"}));
    BOOST_TEST(edition("4.1").bundles.size() == 11u);
    BOOST_TEST(edition("3").bundles.size() == 6u);
    BOOST_TEST(!edition("4.1").bundle("nothing"));
    BOOST_TEST(file("4.1", "UPHOSOKU").keys_by_bundle.at("schedule").back() == "target_month");
    BOOST_TEST(edition("4.1").cascades.size() == 5u);
}

BOOST_AUTO_TEST_CASE(row_kinds_of_tables_3_and_7_are_known) {
    const auto& third = file("4.1", "UP3KYO").row_kinds;
    BOOST_TEST(third.size() == 3u);
    BOOST_TEST((third[0].fields == std::vector<int>{6, 7, 8, 9}));
    const auto& seventh = file("4.1", "UPSIKYU").row_kinds;
    BOOST_TEST(seventh.size() == 5u);
    BOOST_TEST(seventh[0].match == "^999999$");
    BOOST_TEST((seventh[0].set[0] ==
                std::pair<std::string, std::string>{"service_office_no", "9999999999"}));
    BOOST_TEST(seventh[4].match.empty());
}

BOOST_AUTO_TEST_CASE(service_types_know_their_scope) {
    const Edition& newest = edition("4.1");
    BOOST_TEST((newest.service_type("11")->scope == ServiceTypeInfo::Scope::in));
    BOOST_TEST((newest.service_type("51")->scope == ServiceTypeInfo::Scope::out));
    BOOST_TEST(!newest.service_type("A9"));
    for (const char* code : {"43", "46", "AF", "73", "75", "77"})
        BOOST_TEST(newest.is_care_management(code));
    for (const char* code : {"11", "51", "A9", ""}) BOOST_TEST(!newest.is_care_management(code));
    BOOST_TEST(!edition("3").is_care_management("75"));
}

BOOST_AUTO_TEST_CASE(field_types_have_the_names_of_the_yaml) {
    BOOST_TEST(name_of(FieldType::day_bitmap31) == "day_bitmap31");
    for (int i = 0; i <= static_cast<int>(FieldType::unused); ++i) {
        const auto type = static_cast<FieldType>(i);
        BOOST_TEST((field_type_of(name_of(type)) == type));
    }
    BOOST_TEST(!field_type_of("date"));
}

BOOST_AUTO_TEST_CASE(the_digest_covers_names_and_bytes_in_any_order) {
    std::vector<SourceFile> sources = embedded_sources();
    const Digest digest = load_catalog(sources).catalog->digest;
    std::reverse(sources.begin(), sources.end());
    BOOST_TEST((load_catalog(sources).catalog->digest == digest));
    sources[0].text += "\n# a comment\n";
    BOOST_TEST((load_catalog(sources).catalog->digest != digest));
}

BOOST_AUTO_TEST_CASE(the_digest_is_the_documented_one) {
    std::vector<SourceFile> sources = embedded_sources();
    std::sort(sources.begin(), sources.end(), [](const SourceFile& left, const SourceFile& right) {
        return left.name < right.name;
    });
    Bytes canonical;
    for (const SourceFile& source : sources)
        canonical += source.name + "\n" + std::to_string(source.text.size()) + "\n" + source.text;
    BOOST_TEST((embedded_catalog()->digest == sha256(canonical)));
}

BOOST_AUTO_TEST_CASE(the_embedded_sources_are_the_files_of_the_folder) {
    std::vector<SourceFile> embedded = embedded_sources();
    const std::vector<SourceFile> folder = sources_of(CPG_SOURCE_DIR "/spec");
    std::sort(
        embedded.begin(), embedded.end(),
        [](const SourceFile& left, const SourceFile& right) { return left.name < right.name; });
    BOOST_REQUIRE(folder.size() == embedded.size());
    for (std::size_t i = 0; i < folder.size(); ++i) {
        BOOST_TEST(folder[i].name == embedded[i].name);
        BOOST_TEST((folder[i].text == embedded[i].text));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_folder_throws) {
    BOOST_CHECK_THROW(sources_of(CPG_SOURCE_DIR "/spec/nothing"), std::exception);
}

BOOST_AUTO_TEST_CASE(tells_how_long_loading_takes) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(load_catalog(embedded_sources()).catalog != nullptr);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    BOOST_TEST_MESSAGE("loaded in " << took.count() << " ms");
}

BOOST_AUTO_TEST_CASE(the_page_mentions_every_rule_every_file_and_every_column) {
    const Catalog& catalog = *embedded_catalog();
    std::vector<LoadProblem> problems;
    const auto profiles = load_profiles(catalog, embedded_profile_sources(), problems);
    const std::string page = catalog_markdown(catalog, profiles);
    BOOST_TEST(page.find("| 規則 / rule | lenient | standard | strict |") != page.npos);
    BOOST_TEST(page.find(" | **注意 / warning** | エラー / error | エラー / error |") != page.npos);
    BOOST_TEST(page.find(prefixed_hex(catalog.digest)) != page.npos);
    for (const auto& [id, rule] : catalog.rules) {
        BOOST_TEST_CONTEXT(id) {
            BOOST_TEST(page.find("### " + id + " " + rule.title_ja) != page.npos);
            BOOST_TEST(page.find(rule.hint_en.substr(0, rule.hint_en.find('|'))) != page.npos);
        }
    }
    for (const auto& each : catalog.editions)
        for (const FileType& type : each->files)
            for (const Field& field : type.fields)
                BOOST_REQUIRE(page.find("| " + std::to_string(field.no) + " | " + field.name) !=
                              page.npos);
    BOOST_TEST(page == catalog_markdown(*load_catalog(embedded_sources()).catalog, profiles));
}

BOOST_AUTO_TEST_SUITE_END()
