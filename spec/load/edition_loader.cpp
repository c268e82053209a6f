#include "spec/load/edition_loader.hpp"

#include <algorithm>

namespace cpg {
namespace {

using Kind = YamlNode::Kind;

template<class Value> using Names = std::initializer_list<std::pair<std::string_view, Value>>;

/// The value that `text` names; a problem, and the first of `names`, when it is none of them.
template<class Value>
Value one_of(MapReader& map, std::string_view key, const std::string& text, Names<Value> names) {
    for (const auto& [name, value] : names)
        if (name == text) return value;
    if (!text.empty()) {
        std::string known;
        for (const auto& name : names)
            known += (known.empty() ? "" : ", ") + std::string(name.first);
        map.problem(key, "'" + std::string(key) + "' of " + map.what() + " is '" + text +
                             "', not one of " + known);
    }
    return names.begin()->second;
}

Confidence confidence_of(MapReader& map) {
    const std::string text = map.text_if_any("confidence");
    if (text.empty()) return Confidence::high;
    return one_of<Confidence>(
        map, "confidence", text,
        {{"high", Confidence::high}, {"medium", Confidence::medium}, {"low", Confidence::low}});
}

Pattern pattern_of(MapReader& map, std::string_view key, const std::string& text) {
    if (text.empty()) return {};
    Result<Pattern> compiled = Pattern::compile(text);
    if (compiled) return *compiled;
    map.problem(key,
                "'" + std::string(key) + "' of " + map.what() + ": " + compiled.error().detail);
    return {};
}

template<class Container> bool holds(const Container& container, std::string_view value) {
    return std::find(container.begin(), container.end(), value) != container.end();
}

class EditionLoader {
  public:
    EditionLoader(const SourceFile& source, std::vector<LoadProblem>& problems)
        : problems_(source.name, problems), document_(YamlDocument::parse(source, problems)),
          edition_(std::make_unique<Edition>()) {}

    std::unique_ptr<Edition> load() {
        MapReader root(problems_, document_.root(), "the edition");
        root.for_readers({"encoding", "csv", "processing"});
        if (const YamlNode* node = root.child("spec", Kind::map)) load_head(*node);
        each(root, "csv_versions", [&](const YamlNode& node) { load_csv_version(node); });
        if (const YamlNode* node = root.child("types", Kind::map)) load_types(*node);
        if (const YamlNode* node = root.child("code_lists", Kind::map)) load_code_lists(*node);
        each(root, "service_types", [&](const YamlNode& node) { load_service_type(node); });
        load_in_house_care_managers(root);
        if (const YamlNode* node = root.child("roles", Kind::map)) load_roles(*node);
        each(root, "bundles", [&](const YamlNode& node) { load_bundle(node); });
        each(root, "deletion_cascades", [&](const YamlNode& node) { load_cascade(node); });
        each(root, "files", [&](const YamlNode& node) { load_file(node); });
        check_references();
        root.finish();
        return std::move(edition_);
    }

  private:
    template<class Load> void each(MapReader& map, std::string_view key, Load load) {
        if (const YamlNode* list = map.child(key, Kind::sequence))
            for (const YamlNode* item : list->items) load(*item);
    }

    // ---- the head ----

    void load_head(const YamlNode& node) {
        MapReader map(problems_, node, "spec");
        edition_->label = map.text("edition");
        edition_->id = edition_->label == "3.2" ? "3" : edition_->label;
        edition_->csv_version = map.text("csv_version");
        edition_->title = map.text("title");
        edition_->issued = map.text("issued");
        edition_->applies_from =
            month_of(map, "applies_from_month", map.text("applies_from_month"));
        edition_->applies_to =
            month_of(map, "applies_to_month", map.text_if_any("applies_to_month"));
        map.for_readers({"issuer", "previous", "next", "confidence", "confidence_reason",
                         "differences_from_v4_1"});
        map.finish();
    }

    Month month_of(MapReader& map, std::string_view key, const std::string& text) {
        if (text.empty()) return {};
        const auto month = Month::parse(text);
        if (!month)
            map.problem(key, "'" + std::string(key) + "' of " + map.what() + " is not a month");
        return month.value_or(Month());
    }

    void load_csv_version(const YamlNode& node) {
        MapReader map(problems_, node, "a CSV version");
        edition_->csv_versions.push_back(
            {map.text("value"), map.text("edition"), map.text("effective_service_month")});
        map.finish();
    }

    // ---- types and code lists ----

    void load_types(const YamlNode& node) {
        for (const auto& [key, value] : node.entries) {
            MapReader map(problems_, *value, "type " + key->text);
            const auto type = field_type_of(key->text);
            if (!type) problems_.add(*key, "unknown type '" + key->text + "'");
            TypeRule rule;
            rule.fixed_length = map.flag("fixed_length");
            rule.pattern = pattern_of(map, "pattern", map.text_if_any("pattern"));
            rule.note = map.text_if_any("note");
            map.finish();
            if (type) edition_->types.emplace(*type, std::move(rule));
        }
    }

    void load_code_lists(const YamlNode& node) {
        for (const auto& [key, value] : node.entries) {
            MapReader map(problems_, *value, "code list " + key->text);
            CodeList list;
            list.id = key->text;
            list.name = map.text("name");
            list.source = map.text("source");
            if (const YamlNode* values = map.child("values", Kind::map)) {
                for (const auto& [code, meaning] : values->entries) {
                    if (code->text.size() <= sizeof(std::uint64_t))
                        list.index.emplace(pack_code(code->text), list.values.size());
                    list.values.emplace_back(code->text, meaning->text);
                }
            }
            if (list.values.empty()) problems_.add(*key, map.what() + " has no values");
            map.finish();
            edition_->code_lists.emplace(key->text, std::move(list));
        }
    }

    // ---- service types, roles, bundles ----

    void load_service_type(const YamlNode& node) {
        using Scope = ServiceTypeInfo::Scope;
        MapReader map(problems_, node, "a service type");
        const std::string code = map.text("code");
        const auto parsed = ServiceType::parse(code);
        if (!parsed) map.problem("code", "'" + code + "' is not a service type code");
        if (edition_->service_type(code)) map.problem("code", "service type " + code + " twice");
        ServiceTypeInfo info;
        info.code = parsed.value_or(ServiceType());
        info.name = map.text("name");
        info.group = map.text("group");
        info.scope = one_of<Scope>(
            map, "scope", map.text("scope"),
            {{"in", Scope::in}, {"out", Scope::out}, {"care_management", Scope::care_management}});
        info.confidence = confidence_of(map);
        map.for_readers({"note", "confidence_reason"});
        map.finish();
        edition_->service_types.push_back(std::move(info));
    }

    void load_in_house_care_managers(MapReader& root) {
        edition_->in_house_care_managers = root.texts("in_house_care_managers");
        for (const std::string& code : edition_->in_house_care_managers)
            if (!edition_->service_type(code))
                root.problem("in_house_care_managers", "unknown service type '" + code + "'");
    }

    void load_roles(const YamlNode& node) {
        for (const auto& [key, value] : node.entries)
            edition_->roles.emplace(key->text, value->text);
    }

    void load_bundle(const YamlNode& node) {
        MapReader map(problems_, node, "a bundle");
        BundleKind bundle;
        bundle.id = map.text("id");
        bundle.required = map.texts("required");
        bundle.attached = map.texts("attached");
        bundle.section = map.text("section");
        bundle.note = map.text_if_any("note");
        bundle.confidence = confidence_of(map);
        map.for_readers({"confidence_reason"});
        map.finish();
        if (edition_->bundle(bundle.id)) map.problem("id", "bundle " + bundle.id + " twice");
        if (bundle.required.empty())
            map.problem("required", "bundle " + bundle.id + " requires no file");
        bundle_lines_.push_back(map.line());
        edition_->bundles.push_back(std::move(bundle));
    }

    void load_cascade(const YamlNode& node) {
        MapReader map(problems_, node, "a deletion cascade");
        Cascade cascade;
        cascade.delete_type = map.text("delete");
        cascade.removes = map.texts("removes");
        cascade.key = map.texts("key");
        map.for_readers({"note"});
        map.finish();
        cascade_lines_.push_back(map.line());
        edition_->cascades.push_back(std::move(cascade));
    }

    // ---- files ----

    void load_file(const YamlNode& node) {
        MapReader map(problems_, node, "a file");
        FileType file;
        file.id = map.text("id");
        const std::string what = "file " + file.id;
        file.name = map.text("name");
        file.format = map.text_if_any("format");
        file.parent = map.text_if_any("parent");
        file.row_note = map.text_if_any("row_note");
        file.bundles = map.texts("bundles");
        file.keys = map.texts("keys");
        file.row_key = map.texts("row_key");
        file.order_by = map.texts("order_by");
        each(map, "direction", [&](const YamlNode& item) { load_direction(item, file); });
        each(map, "file_name", [&](const YamlNode& item) { load_name_part(item, file); });
        file.name_regex = map.text("file_name_regex");
        file.name_pattern = pattern_of(map, "file_name_regex", file.name_regex);
        each(map, "fields", [&](const YamlNode& item) { load_field(item, file); });
        load_keys_by_bundle(map, file);
        if (const YamlNode* rows = map.child_if_any("row_kinds", Kind::sequence))
            for (const YamlNode* item : rows->items) load_row_kind(*item, file);
        check_groups(map, file);
        const int field_count = map.number("field_count", 0, max_fields);
        if (field_count != static_cast<int>(file.fields.size()))
            map.problem("field_count", what + " says " + std::to_string(field_count) +
                                           " columns and lists " +
                                           std::to_string(file.fields.size()));
        check_columns(map, file, "keys", file.keys);
        check_columns(map, file, "row_key", file.row_key);
        check_columns(map, file, "order_by", file.order_by);
        if (edition_->file(file.id)) map.problem("id", what + " twice");
        map.for_readers({"file_name_note", "context"});
        map.finish();
        file_lines_.push_back(map.line());
        edition_->files.push_back(std::move(file));
    }

    void load_direction(const YamlNode& node, FileType& file) {
        MapReader map(problems_, node, "a direction of " + file.id);
        Direction direction;
        direction.sender = map.text("sender");
        direction.receiver = map.text("receiver");
        const std::string need = map.text("need");
        direction.need = one_of<std::string>(
            map, "need", need,
            {{"required", "required"}, {"optional", "optional"}, {"conditional", "conditional"}});
        direction.confidence = confidence_of(map);
        for (const char* key : {"sender", "receiver"}) {
            const std::string& role = key[0] == 's' ? direction.sender : direction.receiver;
            if (!edition_->roles.count(role)) map.problem(key, "unknown role '" + role + "'");
        }
        map.for_readers({"note", "confidence_reason"});
        map.finish();
        file.direction.push_back(std::move(direction));
    }

    void load_name_part(const YamlNode& node, FileType& file) {
        using Part = NamePart::Kind;
        MapReader map(problems_, node, "a name part of " + file.id);
        NamePart part;
        part.literal = map.text_if_any("literal");
        part.length = static_cast<std::size_t>(map.number_if_any("length", 1, 100).value_or(0));
        part.form = map.text_if_any("form");
        if (part.literal.empty())
            part.kind = one_of<Part>(map, "part", map.text("part"),
                                     {{"month", Part::month},
                                      {"from_office", Part::from_office},
                                      {"from_service_type", Part::from_service_type},
                                      {"to_office", Part::to_office},
                                      {"to_service_type", Part::to_service_type},
                                      {"serial", Part::serial},
                                      {"branch", Part::branch}});
        map.finish();
        file.name_parts.push_back(std::move(part));
    }

    void load_field(const YamlNode& node, FileType& file) {
        const std::string number = std::to_string(file.fields.size() + 1);
        MapReader map(problems_, node, "column " + number + " of " + file.id);
        Field field;
        field.no = map.number("no", 1, max_fields);
        check_number(map, field.no, file);
        field.key = map.text("key");
        if (file.field(field.key))
            map.problem("key", map.what() + ": duplicate key '" + field.key + "'");
        field.name = map.text("name");
        load_length(map, field);
        field.required = required_of(map);
        field.needed = map.flag_if_any("needed");
        load_type(map, field);
        field.fixed = map.text_if_any("fixed");
        field.zero_value = map.text_if_any("zero_value");
        field.when = map.text_if_any("when");
        if ((field.required == Requirement::conditional) != !field.when.empty())
            map.problem("when",
                        map.what() + ": 'when' belongs to required: conditional, and only there");
        field.note = map.text_if_any("note");
        field.confidence = confidence_of(map);
        field.confidence_reason = map.text_if_any("confidence_reason");
        for (const char* key : {"fixed", "zero_value"}) {
            const std::string& value = key[0] == 'f' ? field.fixed : field.zero_value;
            if (!value.empty() && !field.pattern.matches(value))
                map.problem(key, map.what() + ": '" + value + "' does not match its own pattern");
        }
        groups_.push_back({map.text_if_any("group"), map.line_of("group")});
        map.finish();
        file.fields.push_back(std::move(field));
    }

    void check_number(MapReader& map, int no, const FileType& file) {
        const auto same = [&](const Field& field) { return field.no == no; };
        if (std::any_of(file.fields.begin(), file.fields.end(), same)) {
            map.problem("no", "column No. " + std::to_string(no) + " of " + file.id + " twice");
        } else if (no != static_cast<int>(file.fields.size()) + 1) {
            map.problem("no", map.what() + " says No. " + std::to_string(no));
        }
    }

    void load_length(MapReader& map, Field& field) {
        const auto length = map.number_if_any("length", 1, 100'000);
        if (length) field.length = static_cast<std::size_t>(*length);
        field.accept_length = field.length.value_or(0);
        if (const auto accept = map.number_if_any("accept_length", 1, 100'000)) {
            field.accept_length = static_cast<std::size_t>(*accept);
            if (!length || *accept < *length)
                map.problem("accept_length",
                            map.what() + ": 'accept_length' does not widen 'length'");
        }
    }

    Requirement required_of(MapReader& map) {
        return one_of<Requirement>(map, "required", map.text("required"),
                                   {{"false", Requirement::no},
                                    {"true", Requirement::yes},
                                    {"conditional", Requirement::conditional}});
    }

    void load_type(MapReader& map, Field& field) {
        const std::string name = map.text("type");
        const auto type = field_type_of(name);
        const auto rule = type ? edition_->types.find(*type) : edition_->types.end();
        if (rule == edition_->types.end()) {
            if (!name.empty()) map.problem("type", map.what() + ": unknown type '" + name + "'");
        } else {
            field.type = *type;
            field.fixed_length = rule->second.fixed_length;
            field.pattern = rule->second.pattern;
        }
        const std::string own_pattern = map.text_if_any("pattern");
        if (!own_pattern.empty()) field.pattern = pattern_of(map, "pattern", own_pattern);
        load_code_list(map, field);
    }

    void load_code_list(MapReader& map, Field& field) {
        const std::string id = map.text_if_any("code_list");
        if (id.empty()) {
            if (field.type == FieldType::code)
                map.problem("type", map.what() + ": a code without 'code_list'");
            return;
        }
        const auto list = edition_->code_lists.find(id);
        if (list == edition_->code_lists.end()) {
            map.problem("code_list", map.what() + ": unknown code list '" + id + "'");
            return;
        }
        field.codes = &list->second;
    }

    void load_keys_by_bundle(MapReader& map, FileType& file) {
        const YamlNode* const node = map.child_if_any("keys_by_bundle", Kind::map);
        if (!node) return;
        for (const auto& [bundle, keys] : node->entries) {
            if (!holds(file.bundles, bundle->text))
                problems_.add(*bundle,
                              "file " + file.id + " is in no bundle '" + bundle->text + "'");
            auto columns = texts_of(problems_, *keys, "'keys_by_bundle' of file " + file.id);
            check_columns(map, file, "keys_by_bundle", columns);
            file.keys_by_bundle.emplace(bundle->text, std::move(columns));
        }
    }

    void load_row_kind(const YamlNode& node, FileType& file) {
        MapReader map(problems_, node, "a row kind of " + file.id);
        RowKind row;
        row.kind = map.text("kind");
        for (const std::string& number : map.texts("fields")) {
            const auto field =
                std::find_if(file.fields.begin(), file.fields.end(), [&](const Field& candidate) {
                    return std::to_string(candidate.no) == number;
                });
            if (field == file.fields.end()) {
                map.problem("fields", file.id + " has no column " + number);
            } else {
                row.fields.push_back(field->no);
            }
        }
        row.match = map.text_if_any("match");
        if (row.match == "anything else") row.match.clear();
        pattern_of(map, "match", row.match);
        if (const YamlNode* set = map.child_if_any("set", Kind::map))
            for (const auto& [key, value] : set->entries) {
                check_columns(map, file, "set", {key->text});
                row.set.emplace_back(key->text, value->text);
            }
        row.empty = map.texts("empty");
        check_columns(map, file, "empty", row.empty);
        row.count = map.text_if_any("count");
        map.for_readers({"per"});
        map.finish();
        file.row_kinds.push_back(std::move(row));
    }

    /// `group` of a column repeats, for readers, what row_kinds say; the two must agree.
    void check_groups(MapReader& map, const FileType& file) {
        for (std::size_t i = 0; i < groups_.size() && i < file.fields.size(); ++i) {
            const auto& [group, line] = groups_[i];
            if (group.empty()) continue;
            const auto row =
                std::find_if(file.row_kinds.begin(), file.row_kinds.end(),
                             [&, name = group](const RowKind& kind) { return kind.kind == name; });
            if (row == file.row_kinds.end() || std::find(row->fields.begin(), row->fields.end(),
                                                         file.fields[i].no) == row->fields.end())
                problems_.add(line, "row_kinds of " + map.what() + " " + file.id +
                                        " has no group '" + group + "' with column " +
                                        std::to_string(file.fields[i].no));
        }
        groups_.clear();
    }

    void check_columns(MapReader& map, const FileType& file, std::string_view key,
                       const std::vector<std::string>& columns) {
        for (const std::string& column : columns)
            if (!file.fields.empty() && !file.field(column))
                map.problem(key, "'" + std::string(key) + "' of " + file.id + ": no column '" +
                                     column + "'");
    }

    // ---- what refers to what, once everything is known ----

    void check_references() {
        for (std::size_t i = 0; i < edition_->bundles.size(); ++i)
            check_bundle(edition_->bundles[i], bundle_lines_[i]);
        for (std::size_t i = 0; i < edition_->cascades.size(); ++i)
            check_cascade(edition_->cascades[i], cascade_lines_[i]);
        for (std::size_t i = 0; i < edition_->files.size(); ++i)
            check_file(edition_->files[i], file_lines_[i]);
        check_version();
    }

    void check_bundle(const BundleKind& bundle, int line) {
        for (const auto* list : {&bundle.required, &bundle.attached})
            for (const std::string& id : *list) {
                const FileType* const file = edition_->file(id);
                if (!file) {
                    problems_.add(line, "bundle " + bundle.id + ": unknown file '" + id + "'");
                } else if (!holds(file->bundles, bundle.id)) {
                    problems_.add(line, "bundle " + bundle.id + ": file " + id +
                                            " does not name this bundle");
                }
            }
    }

    void check_cascade(const Cascade& cascade, int line) {
        const FileType* const file = edition_->file(cascade.delete_type);
        if (!file)
            problems_.add(line, "deletion cascade: unknown file '" + cascade.delete_type + "'");
        for (const std::string& id : cascade.removes)
            if (!edition_->file(id))
                problems_.add(line, "deletion cascade: unknown file '" + id + "'");
        for (const std::string& key : cascade.key)
            if (file && !file->field(key))
                problems_.add(line,
                              "deletion cascade: " + file->id + " has no column '" + key + "'");
    }

    void check_file(const FileType& file, int line) {
        if (!file.parent.empty() && !edition_->file(file.parent))
            problems_.add(line, "file " + file.id + ": unknown parent '" + file.parent + "'");
        for (const std::string& id : file.bundles) {
            const BundleKind* const bundle = edition_->bundle(id);
            if (!bundle) {
                problems_.add(line, "file " + file.id + ": unknown bundle '" + id + "'");
            } else if (!holds(bundle->required, file.id) && !holds(bundle->attached, file.id)) {
                problems_.add(line, "file " + file.id + ": bundle " + id + " does not hold it");
            }
        }
    }

    void check_version() {
        const auto known = [&](const CsvVersion& version) {
            return version.value == edition_->csv_version;
        };
        if (!edition_->csv_version.empty() &&
            std::none_of(edition_->csv_versions.begin(), edition_->csv_versions.end(), known))
            problems_.add(0, "csv_versions lacks the edition's own, " + edition_->csv_version);
    }

    static constexpr int max_fields = 200; // the widest file of the standard has 71

    struct Group {
        std::string name;
        int line;
    };

    Problems problems_;
    YamlDocument document_;
    std::unique_ptr<Edition> edition_;
    std::vector<Group> groups_; // of the columns of the file being read
    std::vector<int> bundle_lines_, cascade_lines_, file_lines_;
};

} // namespace

std::unique_ptr<Edition> load_edition(const SourceFile& source,
                                      std::vector<LoadProblem>& problems) {
    return EditionLoader(source, problems).load();
}

} // namespace cpg
