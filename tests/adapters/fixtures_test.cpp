// Every fixture: what comes out, what is told, which dialect is found. After a wanted change of a
// report: CPG_REFRESH_REPORTS=1 test_adapters --run_test='*report*', then read the difference.
#include "tests/adapters/fixture.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

namespace json = boost::json;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The members of a set that the fixture speaks of; of a refused one the notes that must be there.
void compare(const Fixture& fixture, std::size_t index, const json::object& expected,
             const json::object& actual) {
    const std::string where = fixture.name + " set " + std::to_string(index);
    const bool quarantined = expected.at("state").as_string() == "quarantined";
    for (const auto& member : expected) {
        if (member.key() == "notes" && quarantined) {
            const json::array& told = actual.at("notes").as_array();
            for (const json::value& id : member.value().as_array())
                BOOST_TEST((std::find(told.begin(), told.end(), id) != told.end()),
                           where << ": " << id << " is not told, but " << told);
            continue;
        }
        const json::value* const found = actual.if_contains(member.key());
        const bool same = found && *found == member.value();
        BOOST_TEST(same, where << ": " << member.key() << " is "
                               << (found ? json::serialize(*found) : std::string("missing"))
                               << "\n  and should be " << json::serialize(member.value())
                               << "\n  told: " << json::serialize(actual.at("notes")));
    }
}

bool is_good(const std::vector<Converted>& sets) {
    return std::all_of(sets.begin(), sets.end(), [](const Converted& set) {
        return set.state != Converted::State::quarantined;
    });
}

bool is_in_a_name(const std::vector<DialectFile>& files, std::string_view text) {
    return std::any_of(files.begin(), files.end(), [&](const DialectFile& file) {
        return file.path.find(text) != std::string::npos;
    });
}

std::set<std::string> raised_by(const Fixture& fixture) {
    std::set<std::string> ids;
    for (const Converted& set : read(fixture))
        for (const Note& note : set.report.notes) ids.insert(note.id);
    if (fixture.writes())
        for (const Note& note : write(fixture).report.notes) ids.insert(note.id);
    return ids;
}

} // namespace

BOOST_AUTO_TEST_CASE(files_of_care_software_become_the_records_they_mean) {
    BOOST_TEST(fixtures().size() > 80);
    for (const Fixture& fixture : fixtures()) {
        if (fixture.writes()) continue;
        const json::value expected = json::parse(text_of(fixture.folder / "expected.json"));
        const json::value actual = summary_of(read(fixture));
        const json::array& sets = actual.as_array();
        BOOST_TEST(sets.size() == expected.as_array().size(),
                   fixture.name << " gives " << json::serialize(actual));
        for (std::size_t i = 0; i < std::min(sets.size(), expected.as_array().size()); ++i)
            compare(fixture, i, expected.at(i).as_object(), sets[i].as_object());
    }
}

BOOST_AUTO_TEST_CASE(sets_that_are_ready_pass_the_check_and_name_every_source) {
    for (const Fixture& fixture : fixtures())
        for (const Converted& set : read(fixture)) {
            BOOST_TEST_CONTEXT(fixture.name) {
                BOOST_TEST(!set.sources.empty());
                BOOST_TEST(set.report.sources.size() == set.sources.size());
                if (set.state == Converted::State::quarantined) {
                    BOOST_TEST(set.report.is_refused());
                    BOOST_TEST(set.report.outputs.empty());
                    continue;
                }
                BOOST_TEST(!set.report.is_refused());
                if (set.state != Converted::State::ready) continue;
                BOOST_TEST_REQUIRE(!set.files.empty());
                const BundleReport report =
                    check_bundle(*catalog(), one_bundle(set.files), CheckOptions{}).report;
                BOOST_TEST((report.verdict == Verdict::accepted));
                BOOST_TEST(set.report.outputs.size() == set.files.size());
            }
        }
}

BOOST_AUTO_TEST_CASE(every_file_of_a_good_fixture_is_found_to_be_of_its_dialect_alone) {
    for (const Fixture& fixture : fixtures()) {
        const Dialect* const dialect = fixture.chosen();
        const bool own = !fixture.option("dialect").empty(); // it looks like the one it came from
        if (fixture.writes() || !dialect || own || !is_good(read(fixture))) continue;
        for (const DialectFile& file : fixture.files) {
            const Detection found = detect(fixture.dialects, file);
            BOOST_TEST_CONTEXT(fixture.name + " " + file.path) {
                BOOST_TEST_REQUIRE(found.dialect() != nullptr);
                BOOST_TEST(found.dialect()->id == dialect->id);
                BOOST_TEST(found.candidates.size() > 1);
                for (const Candidate& candidate : found.candidates) {
                    BOOST_TEST(!candidate.why_ja.empty(), candidate.dialect->id);
                    BOOST_TEST(candidate.why_ja.size() == candidate.why_en.size());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_folder_of_all_dialects_together_gives_the_same_sets) {
    // Those that need the same tables of the office and say nothing else.
    std::vector<DialectFile> files;
    std::vector<Converted> expected;
    Context context;
    for (const Fixture& fixture : fixtures()) {
        if (fixture.name != "web-utf8-wide/minimal" && fixture.name != "std-v4-loose/minimal" &&
            fixture.name != "life-header-en/minimal")
            continue;
        if (fixture.name == "web-utf8-wide/minimal") context = fixture.context();
        for (const DialectFile& file : fixture.files)
            files.push_back({fixture.dialect + "/" + file.path, file.bytes});
        for (Converted& set : read(fixture)) expected.push_back(std::move(set));
    }
    BOOST_TEST_REQUIRE(expected.size() == 3);
    const std::vector<Converted> mixed =
        to_standard_any(context, fixtures().front().dialects, files);
    BOOST_TEST_REQUIRE(mixed.size() == expected.size());
    for (const Converted& set : mixed) {
        BOOST_TEST((set.state == Converted::State::ready));
        BOOST_TEST(std::any_of(expected.begin(), expected.end(), [&](const Converted& other) {
            return other.files.front().bytes == set.files.front().bytes;
        }));
    }
}

BOOST_AUTO_TEST_CASE(what_is_written_for_the_software_is_what_it_would_write_itself) {
    std::size_t round_trips = 0;
    for (const Fixture& fixture : fixtures()) {
        if (fixture.option("round_trip") != "yes") continue;
        ++round_trips;
        std::vector<DialectFile> written;
        for (const Converted& set : read(fixture)) {
            BOOST_TEST_REQUIRE((set.state == Converted::State::ready), fixture.name);
            const ForSoftware out =
                from_standard(fixture.context(), *fixture.chosen(), one_bundle(set.files));
            BOOST_TEST(!out.report.is_refused(), fixture.name << ": " << out.report.text(Lang::en));
            written.insert(written.end(), out.files.begin(), out.files.end());
        }
        std::sort(written.begin(), written.end(),
                  [](const auto& left, const auto& right) { return left.path < right.path; });
        BOOST_TEST_REQUIRE(written.size() == fixture.files.size(), fixture.name);
        for (std::size_t i = 0; i < written.size(); ++i) {
            BOOST_TEST(written[i].path == fixture.files[i].path);
            BOOST_TEST((written[i].bytes == fixture.files[i].bytes), fixture.name
                                                                         << "\n"
                                                                         << written[i].bytes << "\n"
                                                                         << fixture.files[i].bytes);
        }
    }
    BOOST_TEST(round_trips >= 8);
}

BOOST_AUTO_TEST_CASE(files_of_the_standard_become_files_of_the_software) {
    for (const Fixture& fixture : fixtures()) {
        if (!fixture.writes()) continue;
        const ForSoftware out = write(fixture);
        const json::value expected = json::parse(text_of(fixture.folder / "expected.json"));
        BOOST_TEST_CONTEXT(fixture.name) {
            for (const json::value& id : expected.at("notes").as_array())
                BOOST_TEST(std::any_of(out.report.notes.begin(), out.report.notes.end(),
                                       [&](const Note& note) { return note.id == id.as_string(); }),
                           id << " is not told: " << out.report.text(Lang::en));
            BOOST_TEST(out.report.is_refused() == expected.at("refused").as_bool(),
                       out.report.text(Lang::en));
            BOOST_TEST_REQUIRE(out.files.size() == fixture.wanted.size());
            for (std::size_t i = 0; i < out.files.size(); ++i) {
                BOOST_TEST(out.files[i].path == fixture.wanted[i].path);
                BOOST_TEST((out.files[i].bytes == fixture.wanted[i].bytes), out.files[i].bytes);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(each_report_is_the_one_that_was_looked_at) {
    const bool refresh = std::getenv("CPG_REFRESH_REPORTS") != nullptr;
    for (const Fixture& fixture : fixtures()) {
        const std::string report = reports_of(fixture);
        const std::filesystem::path path = fixture.folder / "report.json";
        if (refresh) std::ofstream(path, std::ios::binary) << report;
        BOOST_TEST((text_of(path) == report), fixture.name << ": report.json differs");
        BOOST_TEST(reports_of(fixture) == report, fixture.name);
        BOOST_CHECK_NO_THROW(json::parse(report));
    }
}

BOOST_AUTO_TEST_CASE(a_report_tells_no_value) {
    for (const Fixture& fixture : fixtures()) {
        const std::string report = reports_of(fixture);
        for (const char* value :
             {"見本　花子", "試験　太郎", "0000000101", "H000000102", "19400215"})
            // a name of a file may hold the number of the person it is of
            if (report.find(value) != std::string::npos)
                BOOST_TEST(
                    (is_in_a_name(fixture.files, value) || is_in_a_name(fixture.wanted, value)),
                    fixture.name << " tells " << value);
    }
}

BOOST_AUTO_TEST_CASE(every_note_is_raised_by_some_fixture) {
    std::set<std::string> raised;
    for (const Fixture& fixture : fixtures()) raised.merge(raised_by(fixture));
    for (const NoteText& text : note_texts())
        BOOST_TEST(raised.count(std::string(text.id)) == 1, text.id << " is raised by no fixture");
}
