// What a sender cannot do to the checker: make it repeat personal data, or fall.
#include "tests/check/vectors.hpp"

#include "spec/load/load.hpp"
#include "spec/render/report_json.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace cpg;
using namespace cpg::test;
using namespace std::string_view_literals;

namespace {

const Catalog& catalog() {
    static const CatalogPtr loaded = embedded_catalog();
    return *loaded;
}

std::string everything_said(const std::vector<InputFile>& input) {
    CheckOptions options;
    options.max_findings = 100'000;
    const Report report = check_heap(catalog(), group_files(catalog(), input), options);
    std::string said;
    for (const Lang lang : {Lang::ja, Lang::en}) {
        said += boost::json::serialize(to_json(catalog(), report, lang));
        said += to_text(catalog(), report, lang);
        said += to_csv(catalog(), report, lang);
    }
    return said;
}

/// One random change of the kind that disks, editors and people make.
void mutate(Bytes& bytes, std::mt19937& random) {
    const auto below = [&](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };
    static constexpr std::string_view favourites = "\",\r\n 09AH\x81\x82\xF0\xFF\x1A\0"sv;
    const char byte =
        below(2) == 0 ? favourites[below(favourites.size())] : static_cast<char>(below(256));
    if (bytes.empty()) return void(bytes.push_back(byte));
    const std::size_t at = below(bytes.size());
    const std::size_t length = std::min(bytes.size() - at, below(40) + 1);
    switch (below(5)) {
    case 0:
        bytes[at] = byte;
        break;
    case 1:
        bytes.insert(at, 1, byte);
        break;
    case 2:
        bytes.erase(at, length);
        break;
    case 3:
        bytes.insert(below(bytes.size()), bytes.substr(at, length));
        break;
    default:
        bytes.resize(at);
        break;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(robustness)

BOOST_AUTO_TEST_CASE(no_report_repeats_a_value) {
    // Every cell in turn takes values that break its rules in different ways; all are told apart
    // from any text of ours.
    const std::vector<Bytes> canaries{
        "CANARYCANARY", "\"CANARYCANARY\"",         "7391",       "73918264",    "7391826455",
        "H739182645",   "\x82\x62\x82\x60\x82\x6D", "CANARY\xFF", " 7391826455 "};
    for (const std::string& base : base_names()) {
        for (const Bytes& canary : canaries) {
            VectorCase item;
            item.files = load_base(catalog(), base);
            for (VectorFile& file : item.files)
                for (auto& record : file.records)
                    for (Bytes& cell : record) cell = canary;
            const std::string said = everything_said(item.input());
            BOOST_CHECK_MESSAGE(said.find("CANARY") == std::string::npos, base);
            BOOST_CHECK_MESSAGE(said.find("739182") == std::string::npos, base << " " << canary);
            BOOST_CHECK_MESSAGE(said.find("ＣＡＮ") == std::string::npos, base);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_report_repeats_a_value_beside_good_ones) {
    // One cell at a time, so that the rules across records see it too.
    const std::vector<Bytes> canaries{"CANARYCANARY", "7391826455", "H739182645", "739182"};
    for (const char* const base : {"4.1-schedule", "4.1-actual", "4.1-care_plan", "4.1-kihon"}) {
        const std::vector<VectorFile> files = load_base(catalog(), base);
        for (std::size_t f = 0; f < files.size(); ++f)
            for (std::size_t column = 0; column < files[f].layout->fields.size(); ++column) {
                const Field& field = files[f].layout->fields[column];
                // The number of an office is told when an office is missing in a table (R-T7-07).
                if (field.key == "service_office_no") continue;
                for (const Bytes& canary : canaries) {
                    VectorCase item;
                    item.files = files;
                    item.files[f].records.front()[column] =
                        field.type == FieldType::free_text ? '"' + canary + '"' : canary;
                    const std::string said = everything_said(item.input());
                    BOOST_CHECK_MESSAGE(said.find("CANARY") == std::string::npos,
                                        base << " " << field.key);
                    // An unreadable version or month is named, it is no one's.
                    if (field.type == FieldType::yyyymm || field.type == FieldType::yyyymm_or_zero)
                        continue;
                    BOOST_CHECK_MESSAGE(said.find("739182") == std::string::npos,
                                        base << " " << field.key << " " << canary);
                }
            }
    }
}

BOOST_AUTO_TEST_CASE(random_changes_never_break_it) {
    const std::uint32_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    for (const std::string& base : base_names()) {
        const std::vector<VectorFile> files = load_base(catalog(), base);
        std::vector<InputFile> good;
        for (const VectorFile& file : files) good.push_back({file.name, file.bytes()});
        for (int round = 0; round < 60; ++round) {
            std::vector<InputFile> input = good;
            for (InputFile& file : input) {
                const std::size_t changes = random() % 6;
                for (std::size_t i = 0; i < changes; ++i) mutate(file.bytes, random);
                if (random() % 20 == 0) mutate(file.name, random);
            }
            BOOST_TEST_CONTEXT("seed " << seed << ", base " << base << ", round " << round) {
                const Heap heap = group_files(catalog(), input);
                BOOST_REQUIRE_NO_THROW(check_heap(catalog(), heap, {}));
                const Report report = check_heap(catalog(), heap, {});
                for (const BundleReport& bundle : report.bundles) {
                    BOOST_CHECK(bundle.findings.size() + bundle.findings_dropped ==
                                bundle.errors + bundle.warnings);
                    BOOST_CHECK((bundle.errors == 0) == (bundle.verdict == Verdict::accepted));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
