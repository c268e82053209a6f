#include "tests/check/vectors.hpp"

#include "spec/load/profile_loader.hpp"
#include "spec/records/cp932.hpp"
#include "spec/tables/service_codes.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <yaml-cpp/yaml.h>

namespace cpg::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error("vectors: " + what);
}

fs::path folder(const char* name) {
    return fs::path(CPG_SOURCE_DIR) / "tests/vectors" / name;
}

Bytes read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) fail("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

Bytes encoded(std::string_view utf8) {
    const Encoded result = to_ms932(utf8);
    if (!result.bytes) fail("not in MS932: " + std::string(utf8));
    return *result.bytes;
}

/// Cells with their quotes; quotes are balanced in a base.
std::vector<std::vector<Bytes>> split(std::string_view utf8) {
    std::vector<std::vector<Bytes>> records;
    std::vector<Bytes> record;
    std::string cell;
    bool quoted = false;
    const auto end_cell = [&] {
        record.push_back(encoded(cell));
        cell.clear();
    };
    for (const char c : utf8) {
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\n') {
            cell += "\r\n";
        } else if (!quoted && c == ',') {
            end_cell();
        } else if (!quoted && c == '\n') {
            end_cell();
            records.push_back(std::move(record));
            record.clear();
        } else {
            cell += c;
        }
    }
    if (quoted || !cell.empty() || !record.empty())
        fail("a base file does not end with a line end");
    return records;
}

Bytes unhex(const std::string& text) {
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
                 [](char c) { return c != ' '; });
    const Result<Bytes> bytes = from_hex(digits);
    if (!bytes) fail("not hexadecimal: " + text);
    return *bytes;
}

/// The edits of one case, applied one after the other.
class Editor {
  public:
    Editor(const Catalog& catalog, std::vector<VectorFile>& files)
        : catalog_(catalog), files_(files) {}

    void apply(const YAML::Node& edit) {
        if (!edit.IsMap() || edit.size() != 1) fail("an edit is a map of one operation");
        const auto& entry = *edit.begin();
        const auto operation = entry.first.as<std::string>();
        arguments_ = entry.second;
        if (operation == "set") return set_text();
        if (operation == "raw") return set_cell(encoded(text(3)));
        if (operation == "hex") return set_cell(unhex(text(3)));
        if (operation == "bytes") return void(file().whole = unhex(text(1)));
        if (operation == "text") return void(file().whole = encoded(text(1)));
        if (operation == "prefix") return void(file().prefix = unhex(text(1)));
        if (operation == "suffix") return void(file().suffix = unhex(text(1)));
        if (operation == "long_suffix") return long_suffix();
        if (operation == "utf8") return void(file().utf8 = true);
        if (operation == "line_end") return void(file().line_end = unhex(text(1)));
        if (operation == "rename") return void(file().name = text(1));
        if (operation == "rename_part") return rename_part(file(), number(1), text(2));
        if (operation == "rename_all") return rename_all(number(0), text(1));
        if (operation == "drop") return drop();
        if (operation == "copy") return copy();
        if (operation == "delete_record") return delete_record();
        if (operation == "duplicate_record") return duplicate_record();
        if (operation == "move_record") return move_record();
        if (operation == "add_cell") return record().push_back(encoded(text(2)));
        if (operation == "remove_cell") return record().pop_back();
        if (operation == "insert_line") return insert_line();
        if (operation == "clone_user") return clone_user();
        if (operation == "add_base") return add_base();
        fail("unknown edit " + operation);
    }

  private:
    std::string text(std::size_t index) const {
        if (!arguments_.IsSequence() || index >= arguments_.size()) fail("an edit lacks arguments");
        return arguments_[index].as<std::string>();
    }
    std::size_t number(std::size_t index) const {
        if (!arguments_.IsSequence() || index >= arguments_.size()) fail("an edit lacks arguments");
        return arguments_[index].as<std::size_t>();
    }

    VectorFile& file() {
        return file(arguments_.IsSequence() ? text(0) : arguments_.as<std::string>());
    }
    VectorFile& file(const std::string& type) {
        for (VectorFile& candidate : files_)
            if (candidate.type == type) return candidate;
        fail("the case has no file " + type);
    }
    std::vector<Bytes>& record() {
        auto& records = file().records;
        const std::size_t wanted = number(1);
        if (wanted == 0 || wanted > records.size()) fail("no such record");
        return records[wanted - 1];
    }
    const Field& field() {
        const Field* const found = file().layout->field(text(2));
        if (!found) fail("no such item: " + text(2));
        return *found;
    }

    void set_cell(Bytes bytes) {
        record()[static_cast<std::size_t>(field().no - 1)] = std::move(bytes);
    }
    /// With quotes where the item is free text.
    void long_suffix() {
        const Bytes piece = unhex(text(1));
        for (std::size_t i = 0; i < number(2); ++i) file().suffix += piece;
    }

    void set_text() {
        Bytes cell;
        const bool quote = field().type == FieldType::free_text;
        if (quote) cell += '"';
        for (const char c : encoded(text(3))) {
            if (c == '"') cell += '"';
            cell += c;
        }
        if (quote) cell += '"';
        set_cell(std::move(cell));
    }

    void rename_part(VectorFile& target, std::size_t part, const std::string& value) {
        std::vector<std::string> parts{""};
        for (const char c : target.name) {
            if (c == '_')
                parts.emplace_back();
            else
                parts.back() += c;
        }
        if (part >= parts.size()) fail("no such part of a name");
        const std::size_t dot = parts[part].find('.');
        const std::string extension = dot == std::string::npos ? "" : parts[part].substr(dot);
        parts[part] = value + extension;
        target.name.clear();
        for (const std::string& piece : parts)
            target.name += (target.name.empty() ? "" : "_") + piece;
    }
    /// A part counted from the end (1 = the serial of a CSV), in the names of all files.
    void rename_all(std::size_t from_end, const std::string& value) {
        for (VectorFile& target : files_) {
            const auto parts = static_cast<std::size_t>(
                std::count(target.name.begin(), target.name.end(), '_') + 1);
            const std::size_t branch = target.layout->is_csv() ? 0 : 1;
            if (from_end == 0 || from_end + branch > parts) fail("no such part of a name");
            rename_part(target, parts - from_end - branch, value);
        }
    }
    void drop() {
        const VectorFile* const gone = &file();
        files_.erase(files_.begin() + (gone - files_.data()));
    }
    void copy() {
        VectorFile twin = file();
        twin.name = text(1);
        twin.type = text(1);
        files_.push_back(std::move(twin));
    }
    void delete_record() {
        record();
        auto& records = file().records;
        records.erase(records.begin() + static_cast<std::ptrdiff_t>(number(1) - 1));
    }
    void duplicate_record() {
        const std::vector<Bytes> twin = record();
        auto& records = file().records;
        records.insert(records.begin() + static_cast<std::ptrdiff_t>(number(1)), twin);
    }
    void move_record() {
        const std::vector<Bytes> moved = record();
        delete_record();
        auto& records = file().records;
        records.insert(records.begin() + static_cast<std::ptrdiff_t>(number(2) - 1), moved);
    }
    void insert_line() { // before the record; the line as it stands, without its end
        auto& records = file().records;
        records.insert(records.begin() + static_cast<std::ptrdiff_t>(number(1) - 1),
                       {encoded(text(2))});
    }
    void clone_user() { // every record of an insured number once more, under another
        const Bytes insured = encoded(text(0)), twin = encoded(text(1));
        for (VectorFile& target : files_) {
            const int column = target.layout->column("insured_no");
            if (column < 0) continue;
            const auto at = static_cast<std::size_t>(column);
            std::vector<std::vector<Bytes>> twins;
            for (const auto& candidate : target.records)
                if (candidate[at] == insured) {
                    twins.push_back(candidate);
                    twins.back()[at] = twin;
                }
            target.records.insert(target.records.end(), twins.begin(), twins.end());
        }
    }
    void add_base() {
        for (VectorFile& more : load_base(catalog_, arguments_.as<std::string>())) {
            more.type = arguments_.as<std::string>() + "/" + more.type;
            files_.push_back(std::move(more));
        }
    }

    const Catalog& catalog_;
    std::vector<VectorFile>& files_;
    YAML::Node arguments_;
};

Severity severity_named(const std::string& name) {
    if (name == "off") return Severity::off;
    if (name == "warning") return Severity::warning;
    if (name == "error") return Severity::error;
    fail("unknown severity " + name);
}

/// A table of tests/vectors/tables, read once.
ServiceCodeTablePtr service_codes_named(const std::string& name) {
    static std::map<std::string, ServiceCodeTablePtr> tables;
    ServiceCodeTablePtr& table = tables[name];
    if (table) return table;
    table = load_service_codes(service_code_sources(folder("tables") / (name + ".yaml"))).table;
    if (!table) fail("the table " + name + " is wrong");
    return table;
}

CheckOptions options_of(const Catalog& catalog, const YAML::Node& node) {
    CheckOptions options;
    for (const auto& entry : node) {
        const auto name = entry.first.as<std::string>();
        const YAML::Node& value = entry.second;
        if (name == "edition") {
            options.edition = value.as<std::string>();
        } else if (name == "now") {
            const auto serial = Serial::parse(value.as<std::string>());
            if (!serial) fail("now is 14 digits");
            options.now = serial->instant();
        } else if (name == "sender_offices") {
            for (const auto& office : value)
                options.sender_offices.push_back(*OfficeNo::parse(office.as<std::string>()));
        } else if (name == "receiver") {
            options.receiver = OfficeNo::parse(value.as<std::string>());
        } else if (name == "service_codes") {
            options.service_codes = service_codes_named(value.as<std::string>());
        } else if (name == "profile") {
            const auto chosen = choose_profile(catalog, value.as<std::string>(), {});
            if (!chosen.profile) fail("no such profile: " + value.as<std::string>());
            options.take(*chosen.profile);
        } else if (name == "severities") {
            for (const auto& rule : value)
                options.severities[rule.first.as<std::string>()] =
                    severity_named(rule.second.as<std::string>());
        } else {
            fail("unknown option " + name);
        }
    }
    return options;
}

Expectation expectation_of(const YAML::Node& node) {
    Expectation expect;
    for (const auto& entry : node) {
        const auto name = entry.first.as<std::string>();
        const YAML::Node& value = entry.second;
        if (name == "severity")
            expect.severity = value.as<std::string>();
        else if (name == "variant")
            expect.variant = value.as<std::string>();
        else if (name == "file")
            expect.file = value.as<std::string>();
        else if (name == "record")
            expect.record = value.as<std::uint32_t>();
        else if (name == "line")
            expect.line = value.as<std::uint32_t>();
        else if (name == "column")
            expect.column = value.as<int>();
        else if (name == "count")
            expect.count = value.as<std::uint64_t>();
        else if (name == "only")
            expect.only = value.as<bool>();
        else
            fail("unknown expectation " + name);
    }
    return expect;
}

VectorCase case_of(const Catalog& catalog, const std::string& source, const YAML::Node& node) {
    VectorCase out;
    out.source = source;
    for (const auto& entry : node) {
        const auto name = entry.first.as<std::string>();
        constexpr std::string_view known[] = {"rule",    "name",   "base", "edits",
                                              "options", "expect", "pass", "quirk"};
        if (std::find(std::begin(known), std::end(known), name) == std::end(known))
            fail(source + ": unknown key " + name);
    }
    out.rule = node["rule"].as<std::string>();
    out.name = node["name"].as<std::string>();
    if (node["quirk"]) out.quirk = node["quirk"].as<std::string>();
    out.base = node["base"].as<std::string>();
    out.files = load_base(catalog, out.base);
    Editor editor(catalog, out.files);
    for (const YAML::Node& edit : node["edits"]) editor.apply(edit);
    if (node["options"]) out.options = options_of(catalog, node["options"]);
    out.expect.pass = node["pass"] && node["pass"].as<bool>();
    if (out.expect.pass == static_cast<bool>(node["expect"]))
        fail(source + ": a case has either `expect` or `pass: true`");
    if (node["expect"]) out.expect = expectation_of(node["expect"]);
    return out;
}

std::vector<fs::path> sorted_entries(const fs::path& path) {
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(path)) entries.push_back(entry.path());
    std::sort(entries.begin(), entries.end());
    return entries;
}

} // namespace

Bytes VectorFile::bytes() const {
    if (whole) return *whole;
    Bytes out;
    for (const auto& record : records) {
        for (std::size_t i = 0; i < record.size(); ++i) {
            if (i != 0) out += ',';
            out += record[i];
        }
        out += line_end;
    }
    return prefix + (utf8 ? to_utf8(out) : out) + suffix;
}

std::vector<InputFile> VectorCase::input() const {
    std::vector<InputFile> out;
    for (const VectorFile& file : files) out.push_back({file.name, file.bytes()});
    return out;
}

std::vector<std::string> base_names() {
    std::vector<std::string> names;
    for (const fs::path& path : sorted_entries(folder("base")))
        names.push_back(path.filename().string());
    return names;
}

std::vector<VectorFile> load_base(const Catalog& catalog, const std::string& name) {
    std::vector<VectorFile> files;
    for (const fs::path& path : sorted_entries(folder("base") / name)) {
        VectorFile file;
        file.name = path.filename().string();
        const ParsedName parsed = parse_file_name(catalog, file.name);
        const auto* const known = std::get_if<FileName>(&parsed);
        if (!known) fail("base with a wrong name: " + file.name);
        file.type = known->type->id;
        file.layout = known->type;
        if (known->type->is_csv())
            file.records = split(read_file(path));
        else
            file.whole = read_file(path);
        files.push_back(std::move(file));
    }
    return files;
}

std::vector<VectorCase> load_cases(const Catalog& catalog) {
    std::vector<VectorCase> cases;
    for (const fs::path& path : sorted_entries(folder("rules"))) {
        const std::string source = path.filename().string();
        for (const YAML::Node& node : YAML::LoadFile(path.string())) {
            try {
                cases.push_back(case_of(catalog, source, node));
            } catch (const std::exception& problem) {
                fail(source + ", " + node["name"].as<std::string>("?") + ": " + problem.what());
            }
        }
    }
    return cases;
}

} // namespace cpg::test
