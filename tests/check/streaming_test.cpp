// A bundle is told the same whether it is kept or read several times, held or seen through a
// window.
#include "spec/load/load.hpp"
#include "spec/render/report_json.hpp"
#include "spec/sample/sample.hpp"
#include "tests/check/vectors.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <unistd.h>

using namespace cpg;
using namespace cpg::test;

namespace {

const Catalog& catalog() {
    static const CatalogPtr loaded = embedded_catalog();
    return *loaded;
}

struct Told {
    std::string json;
    unsigned readings = 1;
};

Told told(const Heap& heap, const CheckOptions& options) {
    Told out;
    const Report report = check_heap(catalog(), heap, options, [&](const CheckProgress& progress) {
        out.readings = std::max(out.readings, progress.reading);
    });
    out.json = boost::json::serialize(to_json(catalog(), report, Lang::ja));
    return out;
}

Told told(std::vector<InputFile> files, const CheckOptions& options = {}) {
    return told(group_files(catalog(), std::move(files)), options);
}

/// A folder that is gone with the test.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "cpg-large-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::filesystem::path write(const std::string& name, BytesView bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }

    /// The same files, left on disk.
    std::vector<InputFile> large(const std::vector<InputFile>& files) const {
        std::vector<InputFile> out;
        for (std::size_t i = 0; i < files.size(); ++i)
            out.push_back(
                {files[i].name, {}, *LargeFile::open(write(std::to_string(i), files[i].bytes))});
        return out;
    }

  private:
    std::filesystem::path path_;
};

std::vector<InputFile> sample_of(const std::string& kind, int users, std::uint64_t seed) {
    const bool actual = kind == "actual";
    const OfficeRef care_manager{*OfficeNo::parse("0370100017"), ServiceType::parse("43")};
    const OfficeRef service{*OfficeNo::parse("0370100025"), ServiceType::parse("11")};
    SampleRequest request;
    request.from = actual ? service : care_manager;
    request.to = {actual ? care_manager : service};
    request.month = *Month::parse("202511");
    request.users = users;
    request.kinds = {kind};
    request.seed = seed;
    return *make_sample(catalog(), request);
}

std::vector<Bytes> lines_of(BytesView bytes) {
    std::vector<Bytes> lines;
    for (std::size_t from = 0; from < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', from), bytes.size() - 1) + 1;
        lines.emplace_back(bytes.substr(from, end - from));
        from = end;
    }
    return lines;
}

Bytes joined(const std::vector<Bytes>& lines) {
    Bytes bytes;
    for (const Bytes& line : lines) bytes += line;
    return bytes;
}

/// Cells overwritten, lines exchanged, dropped and doubled: what no vendor writes, and some do.
void damage(Bytes& bytes, std::mt19937_64& random) {
    std::vector<Bytes> lines = lines_of(bytes);
    constexpr std::string_view odd = "0192,\"\r \x81\xF0\x1A-AZ9";
    const auto below = [&](std::size_t bound) {
        return static_cast<std::size_t>(random() % bound);
    };
    for (std::size_t i = 0; i < lines.size() / 10 + 2 && !lines.empty(); ++i) {
        Bytes& line = lines[below(lines.size())];
        switch (random() % 5) {
        case 0:
            line[below(line.size())] = odd[below(odd.size())];
            break;
        case 1:
            std::swap(line, lines[below(lines.size())]);
            break;
        case 2:
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(below(lines.size())), line);
            break;
        case 3:
            line.clear();
            std::erase(lines, Bytes());
            break;
        default: // a digit of a coded item
            if (const std::size_t digit = line.find_first_of("0123456789", below(line.size()));
                digit != Bytes::npos)
                line[digit] = static_cast<char>('0' + random() % 10);
            break;
        }
    }
    bytes = joined(lines);
}

/// Budgets in bytes: one user, a few, about half of a small bundle.
constexpr std::size_t budgets[] = {1, 4'000, 20'000};

void check_same_in_readings(const std::vector<InputFile>& files, unsigned at_least) {
    CheckOptions options;
    for (const std::size_t kept : {std::size_t{500}, std::size_t{7}}) {
        options.max_findings = kept;
        options.max_facts = CheckOptions{}.max_facts;
        const Told whole = told(files, options);
        BOOST_CHECK_EQUAL(whole.readings, 1);
        unsigned most = 1;
        for (const std::size_t budget : budgets) {
            options.max_facts = budget;
            const Told parts = told(files, options);
            most = std::max(most, parts.readings);
            BOOST_TEST_INFO("budget " << budget << ", findings kept " << kept);
            BOOST_REQUIRE_EQUAL(parts.json, whole.json);
        }
        BOOST_CHECK_GE(most, at_least);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(streaming)

BOOST_AUTO_TEST_CASE(every_case_of_the_rules_is_told_the_same_in_several_readings) {
    unsigned several = 0;
    for (const VectorCase& item : load_cases(catalog())) {
        CheckOptions options = item.options;
        const Told whole = told(item.input(), options);
        options.max_facts = 1;
        const Told parts = told(item.input(), options);
        BOOST_TEST_INFO(item.source << ": " << item.rule << " " << item.name);
        BOOST_REQUIRE_EQUAL(parts.json, whole.json);
        several += parts.readings > 1;
    }
    BOOST_CHECK_GT(several, 50);
}

BOOST_AUTO_TEST_CASE(every_case_of_the_rules_is_told_the_same_through_a_window) {
    const Folder folder;
    for (const VectorCase& item : load_cases(catalog())) {
        CheckOptions options = item.options;
        const Told held = told(item.input(), options);
        BOOST_TEST_INFO(item.source << ": " << item.rule << " " << item.name);
        BOOST_REQUIRE_EQUAL(told(folder.large(item.input()), options).json, held.json);
        options.max_facts = 1;
        BOOST_REQUIRE_EQUAL(told(folder.large(item.input()), options).json, held.json);
    }
}

BOOST_AUTO_TEST_CASE(valid_bundles_are_told_the_same_in_two_three_seven_and_more_readings) {
    for (const char* const kind : {"schedule", "care_plan", "actual"})
        check_same_in_readings(sample_of(kind, 20, 11), 7);
}

BOOST_AUTO_TEST_CASE(damaged_bundles_are_told_the_same_in_readings_and_through_a_window) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    const Folder folder;
    for (int round = 0; round < 12; ++round)
        for (const char* const kind : {"schedule", "care_plan", "actual"}) {
            BOOST_TEST_CONTEXT("seed " << seed << ", round " << round << ", " << kind) {
                std::vector<InputFile> files = sample_of(kind, 12, random());
                for (InputFile& file : files) damage(file.bytes, random);
                check_same_in_readings(files, 1);
                const Told held = told(files);
                CheckOptions options;
                BOOST_REQUIRE_EQUAL(told(folder.large(files), options).json, held.json);
                options.max_facts = 4'000;
                BOOST_REQUIRE_EQUAL(told(folder.large(files), options).json, held.json);
            }
        }
}

BOOST_AUTO_TEST_CASE(users_in_any_order_over_many_windows_are_told_the_same) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    std::vector<InputFile> files = sample_of("schedule", 900, random());
    for (InputFile& file : files) {
        std::vector<Bytes> lines = lines_of(file.bytes);
        std::shuffle(lines.begin(), lines.end(), random);
        file.bytes = joined(lines);
    }
    const Told held = told(files);
    const Folder folder;
    CheckOptions options;
    options.max_facts = 400'000;
    const Told parts = told(folder.large(files), options);
    BOOST_TEST_CONTEXT("seed " << seed) {
        BOOST_REQUIRE_EQUAL(parts.json, held.json);
        BOOST_CHECK_GT(parts.readings, 2);
    }
}

BOOST_AUTO_TEST_CASE(a_later_reading_passes_over_what_it_does_not_need) {
    const std::vector<InputFile> files = sample_of("actual", 1500, 3);
    CheckOptions options;
    options.max_facts = 100'000;
    std::uint64_t steps = 0;
    unsigned readings = 1;
    check_heap(catalog(), group_files(catalog(), files), options,
               [&](const CheckProgress& progress) {
                   readings = std::max(readings, progress.reading);
                   steps += progress.reading > 1;
               });
    BOOST_TEST_MESSAGE(readings << " readings, " << steps << " stretches read again");
    const std::size_t blocks = files.front().bytes.size() / 4096;
    BOOST_CHECK_GT(readings, 10);
    BOOST_CHECK_GT(steps, 0);
    BOOST_CHECK_LT(steps, (readings - 1) * blocks / 3);
}

BOOST_AUTO_TEST_CASE(a_plan_knows_the_scheduled_users_of_every_reading) {
    std::vector<InputFile> files = sample_of("schedule", 20, 5);
    for (InputFile& file : sample_of("care_plan", 20, 5)) files.push_back(std::move(file));
    check_same_in_readings(files, 2);
}

BOOST_AUTO_TEST_CASE(users_of_all_readings_are_told_once) {
    const Heap heap = group_files(catalog(), sample_of("actual", 30, 9));
    CheckOptions options;
    const CheckedBundle whole = check_bundle(catalog(), heap.bundles.front(), options);
    options.max_facts = 2'000;
    const CheckedBundle parts = check_bundle(catalog(), heap.bundles.front(), options);
    BOOST_CHECK(!whole.keys.empty());
    BOOST_CHECK(parts.keys == whole.keys);
}

BOOST_AUTO_TEST_CASE(an_open_quote_or_endless_line_stops_after_one_record) {
    const std::string name = sample_of("actual", 1, 1).front().name;
    const Bytes good = sample_of("actual", 1, 1).front().bytes;
    const Folder folder;
    for (const Bytes& tail : {"\"" + Bytes(20u << 20, 'a'), Bytes(20u << 20, ','),
                              Bytes(17u << 20, '1') + "\r\n" + good, Bytes(3u << 20, '\n')}) {
        const std::vector<InputFile> files{{name, good + tail}};
        const Told held = told(files);
        BOOST_CHECK_EQUAL(told(folder.large(files)).json, held.json);
        const bool is_blank = tail.front() == '\n';
        BOOST_CHECK_EQUAL(held.json.find("長すぎます") != std::string::npos, !is_blank);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_or_written_meanwhile_is_an_exception) {
    const Folder folder;
    std::vector<InputFile> files = sample_of("actual", 1200, 2);
    const Bytes bytes = files.front().bytes;
    BOOST_REQUIRE_GT(bytes.size(), 1u << 20);
    std::vector<InputFile> large = folder.large(files);
    const Heap heap = group_files(catalog(), std::move(large));
    bool cut = false;
    const auto cut_it = [&](const CheckProgress&) {
        if (!cut) folder.write("0", BytesView(bytes).substr(0, bytes.size() / 2));
        cut = true;
    };
    BOOST_CHECK_THROW(check_heap(catalog(), heap, {}, cut_it), FileChanged);
    BOOST_CHECK_THROW(check_heap(catalog(), heap, {}), FileChanged);
    std::filesystem::remove(folder.write("0", ""));
    BOOST_CHECK_THROW(check_heap(catalog(), heap, {}), FileChanged);
}

BOOST_AUTO_TEST_SUITE_END()
