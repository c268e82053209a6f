#include "spec/check/checker.hpp"
#include "tests/kit/export.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

using namespace cpg;
using namespace cpg::test;

namespace {

using Names = std::set<std::string>;

const kit::Kit& the_kit() {
    return *kit::embedded_kit();
}

void for_each_case(const std::function<void(const kit::Pattern&, const std::string&)>& action) {
    for (const kit::Pattern& pattern : the_kit().patterns)
        for (const kit::PatternEdition& edition : pattern.editions) action(pattern, edition.id);
}

std::string text_of_report(const kit::Judgement& judgement) {
    std::string text;
    for (const auto& result : judgement.points)
        for (const auto& place : result.places)
            text += result.point.id + " " + place.file + ":" + std::to_string(place.line) + " " +
                    place.key + " expected " + place.expected + " found " + place.found + " " +
                    place.en + "\n";
    return text;
}

// --- mutations: made from what a point looks at, never from the pattern's words ---

/// Other values of an item, likely ones first.
std::vector<std::string> others(const Field& field, const std::string& value) {
    std::vector<std::string> list;
    if (field.codes)
        for (const auto& [code, meaning] : field.codes->values)
            if (code != value) list.push_back(code);
    if (field.type == FieldType::free_text) list.push_back(value + "改");
    if (field.type == FieldType::hhmm || field.type == FieldType::hhmm_or_9999)
        list.insert(list.end(), {"1101", "1102"});
    if (!value.empty() && value.back() >= '0' && value.back() <= '9') {
        list.push_back(value);
        list.back().back() = value.back() == '1' ? '2' : '1';
        list.push_back(value);
        list.back().back() = value.back() == '0' ? '3' : '0';
    }
    if (field.type == FieldType::office_no) list.push_back("0370100991");
    if (value.empty()) list.insert(list.end(), {"1", "01", "20250101", "0900", "20250101"});
    if (!value.empty()) list.emplace_back();
    return list;
}

/// Judges the export with one item of one record set to another value.
Names failed_with(const kit::Pattern& pattern, const std::string& edition, const kit::Look& look,
                  std::size_t record, std::size_t column, const std::string& value) {
    Export given(pattern, edition);
    given.file(look.bundle, look.file).records[record].values[column] = value;
    return failed(given.judged());
}

/// The same with a user's number changed in every file of the bundle.
Names failed_with_user(const kit::Pattern& pattern, const std::string& edition,
                       const kit::Look& look, const std::string& user, const std::string& other) {
    Export given(pattern, edition);
    for (kit::MadeFile& file : given.bundle(look.bundle).files)
        for (kit::MadeRecord& record : file.records) {
            std::string& number =
                record.values[static_cast<std::size_t>(file.name.type->column("insured_no"))];
            if (number == user) number = other;
        }
    return failed(given.judged());
}

/// The same with all items of a look changed in one record: start and end together.
Names failed_with_all(const kit::Pattern& pattern, const std::string& edition,
                      const kit::Look& look, std::size_t record) {
    Export given(pattern, edition);
    kit::MadeFile& file = given.file(look.bundle, look.file);
    for (const std::string& key : look.items) {
        const auto column = static_cast<std::size_t>(file.name.type->column(key));
        std::string& value = file.records[record].values[column];
        value = others(file.name.type->fields[column], value).front();
    }
    return failed(given.judged());
}

struct Tried {
    int mutations = 0, alone = 0;

    void add(const Names& names, const kit::Point& point, const std::string& what) {
        ++mutations;
        alone += names == Names{point.id};
        BOOST_TEST(names.contains(point.id), point.id << " is met with " << what);
    }
};

void try_values(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point,
                Tried& tried) {
    Export original(pattern, edition);
    for (const kit::Look& look : point.looks) {
        const kit::MadeFile& file = original.file(look.bundle, look.file);
        for (std::size_t i = 0; i < file.records.size(); ++i) {
            const std::string& id = file.records[i].source->id;
            if (std::find(look.records.begin(), look.records.end(), id) == look.records.end())
                continue;
            for (const std::string& key : look.items) {
                const auto column = static_cast<std::size_t>(file.name.type->column(key));
                const Field& field = file.name.type->fields[column];
                const std::string& value = file.records[i].values[column];
                int number = 0;
                for (const std::string& other : others(field, value)) {
                    if (++number > 4) break;
                    tried.add(failed_with(pattern, edition, look, i, column, other), point,
                              key + " of " + id + " set to " + other);
                }
                if (key != "insured_no") continue;
                tried.add(failed_with_user(pattern, edition, look, value, "0000000999"), point,
                          "another user instead of " + value);
            }
            tried.add(failed_with_all(pattern, edition, look, i), point, "all items of " + id);
        }
    }
}

void try_rest(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point,
              Tried& tried) {
    Export original(pattern, edition);
    for (const auto& bundle : original.bundles())
        for (const auto& file : bundle.files)
            for (std::size_t column = 0; column < file.name.type->fields.size(); ++column) {
                const Field& field = file.name.type->fields[column];
                const auto other = others(field, file.records.front().values[column]);
                if (other.empty() || tried.alone > 0) continue;
                const kit::Look look{bundle.source->id, file.source->type, {}, {}};
                const Names names = failed_with(pattern, edition, look, 0, column, other.front());
                ++tried.mutations;
                tried.alone += names == Names{point.id};
            }
}

void try_count(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point,
               Tried& tried) {
    Export original(pattern, edition);
    for (const auto& bundle : original.bundles())
        for (const auto& file : bundle.files)
            for (std::size_t i = 0; i < file.records.size(); ++i) {
                if (tried.alone > 0) return;
                Export given(pattern, edition);
                auto& records = given.file(bundle.source->id, file.source->type).records;
                const kit::MadeRecord twice = records[i];
                records.push_back(twice);
                tried.add(failed(given.judged()), point, "a record twice in " + file.name.text);
            }
}

void try_order(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point,
               Tried& tried) {
    for (const kit::Look& look : point.looks) {
        Export given(pattern, edition);
        auto& records = given.file(look.bundle, look.file).records;
        std::swap(records[0], records[1]);
        tried.add(failed(given.judged()), point, "two records swapped in " + look.file);
    }
}

/// The bytes of one file changed, its values not.
void try_bytes(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point,
               const std::function<bool(InputFile&)>& change, Tried& tried) {
    const Export given(pattern, edition);
    for (std::size_t i = 0; i < given.files().size(); ++i) {
        auto files = given.files();
        if (!change(files[i])) continue;
        const std::string name = files[i].name;
        tried.add(failed(given.judged(std::move(files))), point, "other bytes in " + name);
    }
}

bool is_csv(const InputFile& file) {
    return file.name.ends_with(".CSV");
}

bool with_too_many_cells(InputFile& file) {
    if (!is_csv(file)) return false;
    file.bytes.insert(file.bytes.size() - 2, ",,");
    return true;
}

bool with_bare_line_feeds(InputFile& file) {
    if (!is_csv(file)) return false;
    file.bytes.replace(file.bytes.size() - 2, 2, "\n");
    return true;
}

bool as_no_jpeg(InputFile& file) {
    if (is_csv(file)) return false;
    file.bytes = "GIF89a";
    return true;
}

Tried tried(const kit::Pattern& pattern, const std::string& edition, const kit::Point& point) {
    Tried result;
    switch (point.kind) {
    case kit::PointKind::values:
        try_values(pattern, edition, point, result);
        break;
    case kit::PointKind::rest:
        try_rest(pattern, edition, point, result);
        break;
    case kit::PointKind::count:
        try_count(pattern, edition, point, result);
        break;
    case kit::PointKind::order:
        try_order(pattern, edition, point, result);
        break;
    case kit::PointKind::valid:
        try_bytes(pattern, edition, point, with_too_many_cells, result);
        break;
    case kit::PointKind::form:
        try_bytes(pattern, edition, point, with_bare_line_feeds, result);
        break;
    case kit::PointKind::image:
        try_bytes(pattern, edition, point, as_no_jpeg, result);
        break;
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_case_passes_the_checker_with_no_warning_but_those_it_lists) {
    for_each_case([](const kit::Pattern& pattern, const std::string& edition) {
        BOOST_TEST_CONTEXT(pattern.id << " of edition " << edition) {
            CheckOptions options;
            options.now = now();
            const Heap heap = group_files(catalog(), Export(pattern, edition).files());
            const Report report = check_heap(catalog(), heap, options);
            BOOST_TEST(report.bundles.size() == pattern.bundles.size());
            Names raised;
            for (const BundleReport& bundle : report.bundles) {
                BOOST_TEST(bundle.kind == pattern.kind);
                for (const Finding& finding : bundle.findings) {
                    raised.insert(finding.rule);
                    const auto& listed = pattern.warnings;
                    const bool is_listed =
                        finding.severity == Severity::warning &&
                        std::find(listed.begin(), listed.end(), finding.rule) != listed.end();
                    BOOST_TEST(is_listed, finding.rule << " " << finding.variant << " "
                                                       << finding.where.file << ":"
                                                       << finding.where.line << " " << finding.key);
                }
            }
            for (const std::string& rule : pattern.warnings)
                BOOST_TEST(raised.contains(rule), rule << " is listed and not raised");
        }
    });
}

BOOST_AUTO_TEST_CASE(the_kits_own_case_meets_every_point) {
    for_each_case([](const kit::Pattern& pattern, const std::string& edition) {
        const kit::Pattern& known = *the_kit().pattern(pattern.id);
        const auto made =
            kit::make_bundles(known, kit::usual_setting(catalog(), known, edition)).value();
        const Export given(pattern, edition);
        for (const auto& files : {kit::files_of(made), given.files()}) {
            const kit::Judgement judgement = given.judged(files);
            BOOST_TEST(judgement.all_met(), text_of_report(judgement));
        }
    });
}

BOOST_AUTO_TEST_CASE(every_point_fails_alone_when_what_it_looks_at_is_changed) {
    for_each_case([](const kit::Pattern& pattern, const std::string& edition) {
        const auto points = pattern.points_in(*catalog().edition(edition));
        int mutations = 0;
        for (const kit::Point& point : points) {
            const Tried result = tried(pattern, edition, point);
            mutations += result.mutations;
            BOOST_TEST(result.alone > 0, point.id << " of edition " << edition
                                                  << " never fails alone in " << result.mutations
                                                  << " mutations");
        }
        BOOST_TEST_MESSAGE(pattern.id << " of edition " << edition << ": " << points.size()
                                      << " points, " << mutations << " mutations");
    });
}
