#include "tests/adapters/fixture.hpp"

#include "spec/load/yaml.hpp"
#include "tests/adapters/sample_sets.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <set>
#include <stdexcept>

namespace cpg::adapters::testing {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

Bytes content_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::map<std::string, std::string> options_of(const fs::path& path) {
    std::vector<LoadProblem> problems;
    const SourceFile source{path.filename().string(), content_of(path)};
    const YamlDocument document = YamlDocument::parse(source, problems);
    if (!problems.empty()) throw std::runtime_error(path.string() + ": " + problems.front().text);
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : document.root().entries) out[key->text] = value->text;
    return out;
}

std::vector<DialectPtr> dialects_with(const fs::path& own) {
    std::vector<LoadProblem> problems;
    auto dialects = load_dialects(*catalog(), fs::is_directory(own) ? own : fs::path(), problems);
    if (!problems.empty())
        throw std::runtime_error(problems.front().file + ": " + problems.front().text);
    return dialects;
}

Fixture fixture_of(const fs::path& folder) {
    Fixture out;
    out.folder = folder;
    out.dialect = folder.parent_path().filename().string();
    out.name = out.dialect + "/" + folder.filename().string();
    out.options = options_of(folder / "options.yaml");
    out.files = files_below(folder / "in");
    out.wanted = files_below(folder / "out");
    static const std::vector<DialectPtr> shipped = dialects_with({});
    out.dialects =
        fs::is_directory(folder / "dialects") ? dialects_with(folder / "dialects") : shipped;
    return out;
}

std::string text_of(const OfficeRef& office) {
    return office.office.str() +
           (office.service_type ? ":" + office.service_type->str() : std::string());
}

json::array notes_of(const ConversionReport& report) {
    std::set<std::string> ids;
    for (const Note& note : report.notes) ids.insert(note.id);
    json::array out;
    for (const std::string& id : ids) out.emplace_back(id);
    return out;
}

json::array errors_of(const Converted& set) {
    std::set<std::string> rules;
    if (set.check)
        for (const Finding& finding : set.check->findings)
            if (finding.severity == Severity::error) rules.insert(finding.rule);
    json::array out;
    for (const std::string& rule : rules) out.emplace_back(rule);
    return out;
}

json::object tables_of(const TableSet& set) {
    json::object out;
    for (const Table& table : set.tables) {
        json::array rows;
        for (const Row& row : table.rows) {
            json::object items;
            for (std::size_t i = 0; i < row.values.size(); ++i)
                if (!row.values[i].empty()) items[table.type->fields[i].key] = row.values[i];
            rows.push_back(std::move(items));
        }
        out[table.type->id] = std::move(rows);
    }
    return out;
}

} // namespace

std::string Fixture::option(const std::string& key) const {
    const auto found = options.find(key);
    return found == options.end() ? std::string() : found->second;
}

const Dialect* Fixture::chosen() const {
    const std::string id = option("dialect").empty() ? dialect : option("dialect");
    for (const DialectPtr& known : dialects)
        if (known->id == id) return known.get();
    return nullptr;
}

Context Fixture::context() const {
    Context out;
    out.catalog = catalog();
    if (fs::is_directory(folder / "tables"))
        out.tables = read_office_tables(folder / "tables").value();
    if (!option("from").empty()) out.from = office(option("from"));
    if (!option("to").empty()) out.to = office(option("to"));
    if (!option("month").empty()) out.month = Month::parse(option("month"));
    out.serial = Serial::parse(option("serial")).value();
    if (!option("edition").empty()) out.edition = option("edition");
    return out;
}

const std::vector<Fixture>& fixtures() {
    static const std::vector<Fixture> all = [] {
        std::vector<Fixture> out;
        const fs::path root = fs::path(CPG_SOURCE_DIR) / "tests/adapters/fixtures";
        for (const auto& dialect : fs::directory_iterator(root))
            for (const auto& folder : fs::directory_iterator(dialect.path()))
                out.push_back(fixture_of(folder.path()));
        std::sort(out.begin(), out.end(),
                  [](const Fixture& left, const Fixture& right) { return left.name < right.name; });
        return out;
    }();
    return all;
}

std::vector<DialectFile> files_below(const fs::path& folder) {
    std::vector<DialectFile> out;
    if (!fs::is_directory(folder)) return out;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            out.push_back(
                {fs::relative(entry.path(), folder).generic_string(), content_of(entry.path())});
    std::sort(out.begin(), out.end(), [](const DialectFile& left, const DialectFile& right) {
        return left.path < right.path;
    });
    return out;
}

std::vector<Converted> read(const Fixture& fixture) {
    if (fixture.writes()) return {};
    const Dialect* const dialect = fixture.chosen();
    if (!dialect) return to_standard_any(fixture.context(), fixture.dialects, fixture.files);
    return to_standard(fixture.context(), *dialect, fixture.files);
}

ForSoftware write(const Fixture& fixture) {
    std::vector<InputFile> files;
    for (const DialectFile& file : fixture.files) files.push_back({file.path, file.bytes});
    const Dialect* const dialect = fixture.chosen();
    if (!dialect) throw std::runtime_error(fixture.name + ": no such dialect");
    return from_standard(fixture.context(), *dialect, one_bundle(files));
}

json::value summary_of(const std::vector<Converted>& sets) {
    json::array out;
    for (const Converted& set : sets) {
        json::object one;
        one["notes"] = notes_of(set.report);
        one["errors"] = errors_of(set);
        one["state"] = set.state == Converted::State::ready     ? "ready"
                       : set.state == Converted::State::partial ? "partial"
                                                                : "quarantined";
        if (set.state != Converted::State::quarantined) {
            one["from"] = text_of(set.tables.from);
            one["to"] = text_of(set.tables.to);
            one["serial"] = set.tables.serial.str();
            one["tables"] = tables_of(set.tables);
        }
        out.push_back(std::move(one));
    }
    return out;
}

std::string reports_of(const Fixture& fixture) {
    if (fixture.writes()) return write(fixture).report.json();
    std::string out = "[\n";
    for (const Converted& set : read(fixture))
        out += (out.size() == 2 ? "" : ",\n") + set.report.json();
    return out + "]\n";
}

} // namespace cpg::adapters::testing
