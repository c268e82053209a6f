#include "spec/render/canonical.hpp"

#include "spec/base/digest.hpp"
#include "spec/load/load.hpp"
#include "spec/records/bundle.hpp"
#include "spec/sample/sample.hpp"

#include <boost/test/unit_test.hpp>

using namespace cpg;

namespace {

const Catalog& catalog() {
    static const CatalogPtr instance = embedded_catalog();
    return *instance;
}

constexpr std::string_view delete_name =
    "DLTPLAN_202612_1370100017_43_1370100025_11_20261125093000.CSV";
constexpr std::string_view day_name =
    "UPKIHON_SUB1_1370100017_46_1370100025_A2_20261125093000.CSV"; // four coded items, three texts

FileName name_of(std::string_view text) {
    ParsedName parsed = parse_file_name(catalog(), text);
    BOOST_REQUIRE(std::holds_alternative<FileName>(parsed));
    return std::get<FileName>(parsed);
}

Canonical json_of(std::string_view name, BytesView bytes) {
    Result<Canonical> out = to_canonical(name_of(name), bytes);
    BOOST_REQUIRE_MESSAGE(out, (out ? "" : out.error().detail));
    return std::move(*out);
}

Bytes csv_of(const std::string& json) {
    Result<Restored> out = from_canonical(catalog(), json);
    BOOST_REQUIRE_MESSAGE(out, (out ? "" : out.error().detail));
    return std::move(out->bytes);
}

std::string changes(const Canonical& canonical) {
    std::string out;
    for (const Normalised& item : canonical.normalised)
        out += item.change + ":" + std::to_string(item.count) + " ";
    return out;
}

Error refusal(const std::string& json) {
    const Result<Restored> out = from_canonical(catalog(), json);
    BOOST_REQUIRE(!out);
    return out.error();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string deletion() {
    return json_of(delete_name, "202407,990010,0000000001,202612\r\n").json;
}

} // namespace

BOOST_AUTO_TEST_SUITE(canonical_json)

BOOST_AUTO_TEST_CASE(every_sample_file_comes_back_byte_for_byte) {
    for (const auto& [from, to, month, edition] :
         {std::tuple{"43", "11", Month::of(2026, 12), "4.1"},
          std::tuple{"43", "17", Month::of(2026, 2), "4.1"},
          std::tuple{"46", "A2", Month::of(2026, 12), "4.1"},
          std::tuple{"15", "43", Month::of(2026, 12), "4.1"},
          std::tuple{"43", "21", Month::of(2024, 12), "3"}}) {
        SampleRequest request;
        request.from = {OfficeNo::parse("1370100017").value(), ServiceType::parse(from)};
        request.to = {{OfficeNo::parse("1370100025").value(), ServiceType::parse(to)}};
        request.month = month;
        request.users = 25;
        request.edition = edition;
        const auto files = make_sample(catalog(), request);
        BOOST_REQUIRE(files);
        for (const InputFile& file : *files) {
            const FileName name = name_of(file.name);
            if (!name.type->is_csv()) continue;
            const Canonical canonical = json_of(file.name, file.bytes);
            BOOST_TEST(canonical.exact, file.name);
            BOOST_TEST(changes(canonical) == "", file.name);
            const Result<Restored> back = from_canonical(catalog(), canonical.json);
            BOOST_REQUIRE_MESSAGE(back, (back ? "" : back.error().detail));
            BOOST_TEST((back->bytes == file.bytes), file.name);
            BOOST_TEST(back->name.text == file.name);
            BOOST_TEST(back->same_as_source);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_text_in_quotes_differs_from_nothing) {
    const Bytes csv = "202407,990010,0000000001,20261101,\"\",,\"a\"\r\n";
    const Canonical canonical = json_of(day_name, csv);
    BOOST_TEST(canonical.json.find("\"time\":\"\",\"user_life\":null,\"family_life\":\"a\"") !=
               std::string::npos);
    BOOST_TEST(canonical.exact);
    BOOST_TEST((csv_of(canonical.json) == csv));
}

BOOST_AUTO_TEST_CASE(quotes_commas_and_line_ends_are_data) {
    const Bytes csv = "202407,990010,0000000001,20261101,\"6:00\",\"a,\"\"b\"\"\r\nc\",\"\t\"\r\n";
    const Canonical canonical = json_of(day_name, csv);
    BOOST_TEST(canonical.json.find(R"("user_life":"a,\"b\"\r\nc")") != std::string::npos);
    BOOST_TEST((csv_of(canonical.json) == csv));
}

BOOST_AUTO_TEST_CASE(a_character_with_two_codes_keeps_its_bytes) {
    for (const Bytes& taka : {Bytes("\xFB\xFC"), Bytes("\xEE\xE0")}) {
        const Bytes csv = "202407,990010,0000000001,20261101,\"" + taka + "\",\"\",\"\"\r\n";
        const Canonical canonical = json_of(day_name, csv);
        BOOST_TEST(canonical.exact);
        BOOST_TEST((csv_of(canonical.json) == csv));
    }
    const Canonical nec = json_of(day_name, "202407,990010,0000000001,20261101,\"\xEE\xE0\",,\r\n");
    BOOST_TEST(nec.json.find(R"("time":{"text":"髙","ms932":"eee0"})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wave_dashes_and_broken_bytes_keep_their_bytes) {
    for (const Bytes& text : {Bytes("\x81\x60\x81\x61\x81\x7C\x5C"), Bytes("\xF0\x40"),
                              Bytes("\x80\xFF\x81"), Bytes("\0\x01", 2)}) {
        const Bytes csv = "202407,990010,0000000001,20261101,\"" + text + "\",\"\",\"\"\r\n";
        const Canonical canonical = json_of(day_name, csv);
        BOOST_TEST(canonical.exact);
        BOOST_TEST((csv_of(canonical.json) == csv));
    }
}

BOOST_AUTO_TEST_CASE(says_what_it_normalises_and_loses_no_value) {
    struct Case {
        Bytes csv;
        std::string changes;
        Bytes written;
    };
    const Bytes good = "202407,990010,0000000001,20261101,\"a\",\"\",\"\"\r\n";
    const std::vector<Case> cases = {
        {"202407,990010,0000000001,20261101,a,\"\",\"\"\r\n", "free_text_quotes:1 ", good},
        {"\"202407\",\"990010\",0000000001,20261101,\"a\",\"\",\"\"\r\n", "coded_quotes:2 ", good},
        {"202407,990010,0000000001,20261101,\"a\",\"\",\"\"\n", "line_end:1 ", good},
        {"202407,990010,0000000001,20261101,\"a\",\"\",\"\"", "last_line_end:1 ", good},
        {"\r\n" + good + "\r\n", "blank_line:2 ", good},
        {"version,a,b,c,d,e,f\r\n" + good, "header_row:1 ", good},
        {"\xEF\xBB\xBF" + good, "encoding:1 ", good},
        {"202407,990010,0000000001,20261101,\"a\",\"\",\"b", "open_quote:1 last_line_end:1 ",
         "202407,990010,0000000001,20261101,\"a\",\"\",\"b\"\r\n"},
    };
    for (const Case& one : cases) {
        const Canonical canonical = json_of(day_name, one.csv);
        BOOST_TEST(changes(canonical) == one.changes);
        BOOST_TEST(!canonical.exact);
        BOOST_TEST((csv_of(canonical.json) == one.written), one.changes);
        BOOST_TEST(json_of(day_name, one.written).exact);
    }
    BOOST_TEST(
        json_of(day_name, "version,a\r\n" + good).json.find("\"header\":[\"version\",\"a\"]") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(is_exact_if_and_only_if_nothing_was_normalised) {
    const Bytes seeds[] = {
        "202407,990010,0000000001,20261101,\"a\",\"\",\"\"\r\n202407,1,2,3,,\"b\",\"c\"\r\n",
        "202407,990010,0000000001,20261101,\"\x89\xD4\",\"x\"\"y\",\"\"\r\n"};
    const std::string_view pieces[] = {"\"", ",", "\r\n", "\n",       "\r",
                                       " ",  "a", "\x81", "\xEE\xE0", ""};
    for (const Bytes& seed : seeds)
        for (std::size_t at = 0; at <= seed.size(); ++at)
            for (const std::string_view piece : pieces)
                for (const std::size_t cut : {std::size_t{0}, std::size_t{1}}) {
                    Bytes csv = seed;
                    csv.replace(at, std::min(cut, seed.size() - at), piece);
                    const Canonical canonical = json_of(day_name, csv);
                    BOOST_TEST_INFO(hex(csv) << " " << changes(canonical));
                    BOOST_TEST(canonical.exact == canonical.normalised.empty());
                    const Bytes written = csv_of(canonical.json);
                    BOOST_TEST(canonical.exact == (written == csv));
                    // what follows a header row may look like one itself
                    const bool header = changes(canonical).find("header_row") != std::string::npos;
                    BOOST_TEST((header || json_of(day_name, written).exact));
                }
}

BOOST_AUTO_TEST_CASE(keeps_records_of_too_few_and_too_many_cells) {
    const Bytes csv = "202407,990010\r\n202407,990010,0000000001,202612,,x,\r\n";
    const Canonical canonical = json_of(delete_name, csv);
    BOOST_TEST(canonical.exact);
    BOOST_TEST(canonical.json.find(R"("extra_columns":[null,"x",null])") != std::string::npos);
    BOOST_TEST((csv_of(canonical.json) == csv));
}

BOOST_AUTO_TEST_CASE(an_empty_file_has_no_records) {
    const Canonical canonical = json_of(delete_name, "");
    BOOST_TEST(canonical.exact);
    BOOST_TEST(csv_of(canonical.json).empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_csv_file) {
    BOOST_TEST(!to_canonical(
        name_of("UPKIHON_IMAGE_1370100017_46_1370100025_A2_20261125093000_0001.jpg"), "x"));
    BOOST_TEST(!to_canonical(name_of(delete_name), BytesView("\xFF\xFE"
                                                             "2\0",
                                                             4)));
    BOOST_TEST(!to_canonical(name_of(delete_name), "\xEF\xBB\xBF\xC0"));
}

BOOST_AUTO_TEST_CASE(a_character_outside_ms932_is_an_error_with_its_place) {
    const std::string json =
        json_of(day_name, "202407,990010,0000000001,20261101,\"ab\",,\r\n").json;
    for (const auto& [character, code] :
         {std::pair{"\xF0\x9F\x99\x82", "U+1F642"}, std::pair{"\xE3\x80\x9C", "U+301C"},
          std::pair{"\xE2\x88\x92", "U+2212"}}) {
        const Error error =
            refusal(replaced(json, "\"ab\"", "\"a" + std::string(character) + "\""));
        BOOST_TEST((error.code == Errc::not_acceptable));
        BOOST_TEST(error.detail.find("record 1, time") == 0u, error.detail);
        BOOST_TEST(error.detail.find(code) != std::string::npos, error.detail);
        BOOST_TEST(error.detail.find("byte 1 ") != std::string::npos, error.detail);
    }
}

BOOST_AUTO_TEST_CASE(an_edited_text_with_old_bytes_is_refused) {
    const std::string json =
        json_of(day_name, "202407,990010,0000000001,20261101,\"\xEE\xE0\",,\r\n").json;
    BOOST_TEST(
        refusal(replaced(json, "{\"text\":\"髙", "{\"text\":\"高")).detail.find("not the bytes") !=
        std::string::npos);
    BOOST_TEST(refusal(replaced(json, "eee0", "eee")).detail.find("not hex") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_edited_value_is_written_and_told) {
    const Result<Restored> back =
        from_canonical(catalog(), replaced(deletion(), "0000000001", "0000000002"));
    BOOST_REQUIRE(back);
    BOOST_TEST((back->bytes == "202407,990010,0000000002,202612\r\n"));
    BOOST_TEST(!back->same_as_source);
}

BOOST_AUTO_TEST_CASE(members_to_come_are_ignored) {
    BOOST_TEST(
        (csv_of(replaced(deletion(), "\"exact\"", "\"later\":{\"a\":[1,null,\"x\"]},\"exact\"")) ==
         "202407,990010,0000000001,202612\r\n"));
}

BOOST_AUTO_TEST_CASE(reads_strictly) {
    const std::pair<std::string_view, std::string_view> edits[] = {
        {"cpgw-records/1", "cpgw-records/2"},
        {"\"format\":\"cpgw-records/1\",", ""},
        {"\"edition\":\"4.1\"", "\"edition\":\"3\""},
        {"\"type\":\"DLTPLAN\"", "\"type\":\"DLTJSK\""},
        {"\"type\":\"DLTPLAN\"", "\"type\":1"},
        {"\"file\":\"DLTPLAN_", "\"file\":\"../DLTPLAN_"},
        {"\"file\":\"DLTPLAN_", "\"file\":\"DLTPLAN_DLTPLAN_"},
        {"\"records\":[", "\"records\":[1,"},
        {"\"records\":[", "\"records\":[null,"},
        {"\"records\":[", "\"records\":[[],"},
        {"\"records\":[", "\"recordz\":["},
        {"\"records\":[", "\"records\":[],\"records\":["},
        {"\"insurer_no\"", "\"insured_no\""},
        {"\"insurer_no\"", "\"csv_version\""},
        {"\"insurer_no\"", "\"unknown\""},
        {"\"insurer_no\"", "\"extra_columns\""},
        {"\"990010\"", "990010"},
        {"\"990010\"", "true"},
        {"\"990010\"", "[]"},
        {"\"990010\"", "{}"},
        {"\"990010\"", "{\"text\":\"990010\"}"},
        {"\"990010\"", "{\"text\":\"990010\",\"ms932\":\"393930303130\",\"more\":\"\"}"},
        {"\"990010\"", "{\"text\":\"1\",\"text\":\"1\",\"ms932\":\"31\"}"},
        {"\"990010\"", "{\"text\":{\"text\":\"1\"},\"ms932\":\"31\"}"},
        {"\"990010\"", "\"\xFF\""},
        {"}\n]", ",\"extra_columns\":[],\"extra_columns\":[\"1\"]}\n]"},
        {"}\n]", "}\n"},
        {"}\n]", "},\n]"},
    };
    for (const auto& [from, to] : edits) {
        BOOST_TEST_INFO(from << " -> " << to);
        BOOST_TEST(!refusal(replaced(deletion(), from, to)).detail.empty());
    }
    for (const std::string& json :
         {std::string(), std::string("[]"), std::string("1"), std::string("null"),
          std::string("{}"), deletion() + "x", std::string(100'000, '[')})
        BOOST_TEST((refusal(json).code == Errc::malformed));
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_document_is_refused) {
    const std::string json = deletion();
    const std::size_t end = json.rfind('}');
    for (std::size_t length = 0; length <= end; ++length)
        BOOST_TEST(!from_canonical(catalog(), std::string_view(json).substr(0, length)));
}

BOOST_AUTO_TEST_SUITE_END()
