// What must hold for every dialect and every set: nothing is lost but what is declared, writing is
// stable, damage is refused.
#include "tests/adapters/fixture.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

using namespace cpg;
using namespace cpg::adapters;
using namespace cpg::adapters::testing;

namespace {

using Random = std::mt19937_64;
using Rows = std::map<std::string, std::vector<std::vector<std::string>>>; // type -> sorted rows

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

const std::vector<DialectPtr>& dialects() {
    static const std::vector<DialectPtr> all = [] {
        std::vector<LoadProblem> problems;
        return load_dialects(*catalog(), {}, problems);
    }();
    return all;
}

const Dialect& dialect(std::string_view id) {
    for (const DialectPtr& known : dialects())
        if (known->id == id) return *known;
    throw std::logic_error("no such dialect");
}

// --- sets ---

/// Which kinds of bundles a dialect can hold.
const std::map<std::string, std::set<std::string>>& kinds_of_dialects() {
    static const std::set<std::string> old = {
        "care_plan", "schedule", "actual", "care_plan_delete", "schedule_delete", "actual_delete"};
    static const std::set<std::string> all = {
        "care_plan",       "schedule",      "actual",          "care_plan_delete",
        "schedule_delete", "actual_delete", "yobo_with_kihon", "yobo_delete"};
    static const std::map<std::string, std::set<std::string>> kinds = {
        {"std-v3", old},
        {"std-v4-loose", all},
        {"life-header-en", all},
        {"web-utf8-wide", {"schedule", "actual"}},
        {"header-mapped", {"schedule"}},
        {"preamble-wareki", {"actual"}},
        {"legacy-wide-typed", {"actual"}}};
    return kinds;
}

struct Sample {
    std::string kind, name;
    Bundle bundle;
    TableSet set;
};

/// Every kind, over two months and several seeds; visits, day care and a prevention centre.
const std::vector<Sample>& samples() {
    static const std::vector<Sample> all = [] {
        struct Pair {
            const char *kind, *from, *to;
        };
        const std::vector<Pair> pairs = {{"care_plan", "9970100001:43", "9970100011:11"},
                                         {"schedule", "9970100001:43", "9970100011:11"},
                                         {"schedule", "9970100001:43", "9970100044:21"},
                                         {"actual", "9970100011:11", "9970100001:43"},
                                         {"actual", "9970100022:15", "9970100001:43"},
                                         {"actual", "9970100044:21", "9970100001:43"},
                                         {"care_plan_delete", "9970100001:43", "9970100011:11"},
                                         {"schedule_delete", "9970100001:43", "9970100011:11"},
                                         {"actual_delete", "9970100011:11", "9970100001:43"},
                                         {"yobo_with_kihon", "9970100002:46", "9970100012:63"},
                                         {"yobo_delete", "9970100002:46", "9970100012:63"}};
        std::vector<Sample> out;
        for (const Pair& pair : pairs)
            for (const Month month : {Month::of(2026, 2), Month::of(2026, 12)})
                for (const std::uint64_t seed : {1u, 7u}) {
                    SampleRequest request =
                        sample_request(pair.from, pair.to, month, "4.1", pair.kind);
                    request.seed = seed;
                    for (Bundle& bundle : sample_bundles(request)) {
                        TableSet set = tables_of(bundle).value();
                        out.push_back({pair.kind,
                                       std::string(pair.kind) + " " + pair.from + " " +
                                           month.str() + " seed " + std::to_string(seed),
                                       std::move(bundle), std::move(set)});
                    }
                }
        return out;
    }();
    return all;
}

/// What an office would have to know to speak every dialect about this set.
OfficeTables office_tables_for(const TableSet& set) {
    std::set<std::vector<std::string>> offices, services;
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> people;
    for (const OfficeRef& end : {set.from, set.to})
        offices.insert({end.office.str(), end.service_type ? end.service_type->str() : ""});
    for (const Table& table : set.tables)
        for (const Row& row : table.rows) {
            const auto text = [&](std::string_view key) { return std::string(table.at(row, key)); };
            if (const std::string code = text("service_code"); !code.empty())
                services.insert({"見本サービス" + code, code});
            std::vector<std::string>& person = people[{text("insurer_no"), text("insured_no")}];
            if (person.empty())
                person = {"L" + text("insured_no"),
                          text("insurer_no"),
                          text("insured_no"),
                          "見本　" + text("insured_no"),
                          "ミホン",
                          "",
                          ""};
            if (person[5].empty()) person[5] = text("planner_office_no");
            if (person[6].empty()) person[6] = text("planner_name");
        }
    OfficeTables out;
    const auto rows = [](const auto& set_of_rows) {
        return std::vector<std::vector<std::string>>(set_of_rows.begin(), set_of_rows.end());
    };
    std::vector<std::vector<std::string>> persons;
    for (const auto& [key, person] : people) persons.push_back(person);
    out.tables.emplace("offices", OfficeTable({"office_no", "service_type"}, rows(offices)));
    out.tables.emplace("services", OfficeTable({"name", "service_code"}, rows(services)));
    out.tables.emplace("people", OfficeTable({"local_id", "insurer_no", "insured_no", "name",
                                              "kana", "planner_office_no", "planner_name"},
                                             std::move(persons)));
    return out;
}

Context context_for(const TableSet& set) {
    Context out;
    out.catalog = catalog();
    out.tables = office_tables_for(set);
    out.serial = set.serial;
    return out;
}

/// A list of users says neither month nor who gets it.
void say_what_files_do_not(const Dialect& dialect, const TableSet& set, Context& context) {
    if (dialect.id != "header-mapped") return;
    context.from = set.from;
    context.to = set.to;
    for (const Table& table : set.tables)
        if (table.month) context.month = table.month;
}

/// The items that edition 3 lacks stand for what std-v3 loses besides.
bool is_lost(const Dialect& dialect, const FileType& type, const std::string& key) {
    if (dialect.is_lost(type.id, key)) return true;
    const Edition& edition = *catalog()->edition(dialect.edition);
    const FileType* const there = edition.file(type.id);
    return !there || there->column(key) < 0;
}

void take_rows(const Dialect& dialect, const TableSet& set, Rows& out) {
    for (const Table& table : set.tables) {
        if (is_lost(dialect, *table.type, "*")) continue;
        for (const Row& row : table.rows) {
            std::vector<std::string> values = row.values;
            bool something = false;
            for (std::size_t i = 0; i < values.size(); ++i)
                if (is_lost(dialect, *table.type, table.type->fields[i].key))
                    values[i].clear();
                else
                    something = true;
            if (something) out[table.type->id].push_back(std::move(values));
        }
    }
    for (auto& [type, rows] : out) std::sort(rows.begin(), rows.end());
}

Rows rows_of(const Dialect& dialect, const std::vector<Converted>& sets) {
    Rows out;
    for (const Converted& set : sets) take_rows(dialect, set.tables, out);
    return out;
}

bool same_files(const std::vector<DialectFile>& left, const std::vector<DialectFile>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const DialectFile& a, const DialectFile& b) {
                          return a.path == b.path && a.bytes == b.bytes;
                      });
}

/// Edition 3 knows no codes of equipment: its sets come up without (R-WEL-01).
bool must_be_ready(const Dialect& dialect, const Sample& sample) {
    return dialect.id != "header-mapped" &&
           !(dialect.id == "std-v3" && (sample.kind == "schedule" || sample.kind == "care_plan")) &&
           !(dialect.id == "web-utf8-wide" && sample.kind == "schedule");
}

// --- damage ---

bool is_line_end(char byte) {
    return byte == '\r' || byte == '\n';
}

/// Places of commas that part cells.
std::vector<std::size_t> parting_commas(const Bytes& bytes) {
    std::vector<std::size_t> out;
    bool quoted = false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] == '"') quoted = !quoted;
        if (bytes[i] == ',' && !quoted) out.push_back(i);
    }
    return out;
}

/// Damage that moves or breaks cells. False: there is no place for it in this file.
bool damage_structure(Bytes& bytes, int kind, Random& random) {
    const std::vector<std::size_t> commas = parting_commas(bytes);
    switch (kind) {
    case 0: // a byte that neither encoding has
        bytes.insert(below(random, bytes.size() + 1), 1, '\xFF');
        return true;
    case 1:
        if (commas.empty()) return false;
        bytes.insert(commas[below(random, commas.size())], 1, ',');
        return true;
    case 2:
        if (commas.empty()) return false;
        bytes.erase(commas[below(random, commas.size())], 1);
        return true;
    case 3: { // one quote too many, at the start of a cell
        if (commas.empty()) return false;
        bytes.insert(commas[below(random, commas.size())] + 1, 1, '"');
        return true;
    }
    case 4: {
        const std::size_t quote = bytes.find('"', below(random, bytes.size()));
        if (quote == Bytes::npos) return false;
        bytes.erase(quote, 1);
        return true;
    }
    default: { // cut off inside a line
        const std::size_t at = 1 + below(random, bytes.size() - 1);
        if (is_line_end(bytes[at - 1]) || is_line_end(bytes[at])) return false;
        // Rows that end early before a last cell which may be empty: nothing tells.
        if (bytes[at - 1] == ',') return false;
        bytes.resize(at);
        return true;
    }
    }
}
constexpr int kinds_of_damage = 6, cut_off = 5;

/// Where the seeds of damage begin: CPG_ADAPTERS_SEED, else 0.
std::uint64_t first_seed() {
    const char* const text = std::getenv("CPG_ADAPTERS_SEED");
    return text ? std::strtoull(text, nullptr, 10) : 0;
}

/// Anything at all.
void damage(Bytes& bytes, Random& random) {
    for (std::size_t times = 1 + below(random, 4); times != 0 && !bytes.empty(); --times) {
        const std::size_t at = below(random, bytes.size());
        const std::size_t length = 1 + below(random, std::min<std::size_t>(bytes.size() - at, 40));
        switch (below(random, 5)) {
        case 0:
            bytes[at] = static_cast<char>(random());
            break;
        case 1:
            bytes.erase(at, length);
            break;
        case 2:
            bytes.insert(at, bytes.substr(at, length));
            break;
        case 3:
            bytes.insert(at, 1, ",\"\r\n\0 9"[below(random, 7)]);
            break;
        default:
            bytes.resize(at);
            break;
        }
    }
}

bool is_good(const std::vector<Converted>& sets) {
    return std::all_of(sets.begin(), sets.end(), [](const Converted& set) {
        return set.state != Converted::State::quarantined;
    });
}

using RowsOfType = std::multiset<std::pair<std::string, std::vector<std::string>>>;
RowsOfType released_rows(const std::vector<Converted>& sets) {
    RowsOfType out;
    for (const Converted& set : sets)
        if (set.state != Converted::State::quarantined)
            for (const Table& table : set.tables.tables)
                for (const Row& row : table.rows) out.emplace(table.type->id, row.values);
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_is_lost_but_what_is_declared_and_writing_again_gives_the_same_bytes) {
    std::size_t round_trips = 0;
    for (const Sample& sample : samples())
        for (const auto& [id, kinds] : kinds_of_dialects()) {
            if (kinds.count(sample.kind) == 0) continue;
            ++round_trips;
            const Dialect& there = dialect(id);
            BOOST_TEST_CONTEXT(id + ": " + sample.name) {
                Context context = context_for(sample.set);
                const ForSoftware out = from_standard(context, there, sample.bundle);
                BOOST_TEST(!out.report.is_refused(), out.report.text(Lang::en));
                if (out.report.is_refused()) continue;
                say_what_files_do_not(there, sample.set, context);
                const std::vector<Converted> back = to_standard(context, there, out.files);
                Rows expected;
                take_rows(there, sample.set, expected);
                for (auto& [type, rows] : expected)
                    if (there.edition == "3") BOOST_TEST(!rows.empty(), type);
                BOOST_TEST((rows_of(there, back) == expected), "the records differ");
                for (const Converted& set : back) {
                    if (set.tables.tables.front().type->id == sample.set.tables.front().type->id)
                        BOOST_TEST(set.tables.serial.str() == sample.set.serial.str());
                    BOOST_TEST(
                        (!must_be_ready(there, sample) || set.state == Converted::State::ready),
                        set.report.text(Lang::en));
                    if (set.state != Converted::State::ready) continue;
                    const ForSoftware again = from_standard(context, there, one_bundle(set.files));
                    BOOST_TEST(same_files(again.files, out.files), again.report.text(Lang::en));
                }
            }
        }
    BOOST_TEST(round_trips > 100);
}

BOOST_AUTO_TEST_CASE(a_kind_that_a_dialect_cannot_hold_is_refused) {
    for (const Sample& sample : samples())
        for (const auto& [id, kinds] : kinds_of_dialects()) {
            if (kinds.count(sample.kind) != 0) continue;
            const ForSoftware out =
                from_standard(context_for(sample.set), dialect(id), sample.bundle);
            BOOST_TEST(out.report.is_refused(), id << ": " << sample.name);
            BOOST_TEST(out.files.empty());
        }
}

BOOST_AUTO_TEST_CASE(what_software_wrote_is_written_the_same_way_from_the_second_time_on) {
    for (const Fixture& fixture : fixtures()) {
        const Dialect* const there = fixture.chosen();
        if (fixture.writes() || !there || !there->writes()) continue;
        const Context context = fixture.context();
        for (const Converted& set : read(fixture)) {
            if (set.state != Converted::State::ready) continue;
            const ForSoftware once = from_standard(context, *there, one_bundle(set.files));
            BOOST_TEST(!once.report.is_refused(), fixture.name << once.report.text(Lang::en));
            for (const Converted& again : to_standard(context, *there, once.files)) {
                BOOST_TEST_REQUIRE((again.state == Converted::State::ready),
                                   fixture.name << again.report.text(Lang::en));
                const ForSoftware twice = from_standard(context, *there, one_bundle(again.files));
                BOOST_TEST(same_files(once.files, twice.files), fixture.name);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(moved_or_broken_cells_are_refused_or_change_nothing) {
    for (const Fixture& fixture : fixtures()) {
        const bool minimal = fixture.name.ends_with("/minimal");
        if (!minimal && !fixture.name.ends_with("/full_month")) continue;
        const Context context = fixture.context();
        const std::vector<Converted> good = read(fixture);
        BOOST_TEST_REQUIRE(is_good(good), fixture.name);
        for (std::uint64_t seed = first_seed(); seed < first_seed() + 240; ++seed) {
            Random random(seed);
            std::vector<DialectFile> files = fixture.files;
            const int kind = static_cast<int>(seed % kinds_of_damage);
            // A file of several rows that ends early in a last cell that may be empty tells
            // nothing.
            if (kind == cut_off && !minimal) continue;
            if (!damage_structure(files[below(random, files.size())].bytes, kind, random)) continue;
            // Nothing that was not said; what is missing is told by a refusal.
            const std::vector<Converted> sets = to_standard(context, *fixture.chosen(), files);
            const RowsOfType before = released_rows(good), after = released_rows(sets);
            BOOST_TEST((std::includes(before.begin(), before.end(), after.begin(), after.end()) &&
                        (before.size() == after.size() || !is_good(sets))),
                       fixture.name << ": damage " << kind << " seed " << seed);
        }
    }
}

BOOST_AUTO_TEST_CASE(random_damage_never_breaks_a_conversion) {
    std::size_t refused = 0, ready = 0;
    for (const Fixture& fixture : fixtures()) {
        const Dialect* const there = fixture.chosen();
        if (fixture.writes() || !there) continue;
        const Context context = fixture.context();
        for (std::uint64_t seed = first_seed(); seed < first_seed() + 25; ++seed) {
            Random random(seed);
            std::vector<DialectFile> files = fixture.files;
            damage(files[below(random, files.size())].bytes, random);
            const std::vector<Converted> sets = to_standard(context, *there, files);
            BOOST_TEST(!sets.empty(), fixture.name << " seed " << seed);
            for (const Converted& set : sets) {
                ++(set.state == Converted::State::ready ? ready : refused);
                if (set.state != Converted::State::ready) continue;
                const BundleReport report =
                    check_bundle(*catalog(), one_bundle(set.files), CheckOptions{}).report;
                BOOST_TEST((report.verdict == Verdict::accepted), fixture.name << " seed " << seed);
            }
        }
    }
    BOOST_TEST(refused > ready);
    BOOST_TEST(ready > 0);
}

BOOST_AUTO_TEST_CASE(a_file_of_claims_that_was_cut_anywhere_is_refused) {
    for (const Fixture& fixture : fixtures()) {
        if (fixture.name != "kokuhoren-ctl/full_month") continue;
        const Context context = fixture.context();
        const Bytes whole = fixture.files.front().bytes;
        const std::size_t end = whole.rfind("3,");
        for (std::size_t length = 0; length <= end; ++length) {
            std::vector<DialectFile> files = fixture.files;
            files.front().bytes.resize(length);
            for (const Converted& set : to_standard(context, *fixture.chosen(), files))
                BOOST_TEST((set.state == Converted::State::quarantined), "cut at " << length);
        }
    }
}
