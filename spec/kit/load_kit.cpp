// YAML -> Kit, strict: every problem with its file and line.
#include "spec/base/digest.hpp"
#include "spec/base/digits.hpp"
#include "spec/kit/fill.hpp"
#include "spec/kit/pattern.hpp"
#include "spec/load/map_reader.hpp"
#include "spec/records/cp932.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace cpg::kit {

namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t most_patterns = 100;
constexpr std::size_t most_text = 256 * 1024; // of one file: ours have some 20 KiB
constexpr int last_safe_day = 28;             // a record with `days` exists in every month

constexpr std::array<std::pair<std::string_view, Tolerance>, 2> tolerance_names = {
    {{"line_breaks", Tolerance::line_breaks}, {"leading_zeros", Tolerance::leading_zeros}}};
constexpr std::array<PointKind, 7> point_kinds = {
    PointKind::values, PointKind::valid, PointKind::form, PointKind::count,
    PointKind::order,  PointKind::image, PointKind::rest};

bool has(const std::vector<std::string>& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

class PatternLoader {
  public:
    PatternLoader(const Catalog& catalog, const SourceFile& source,
                  std::vector<LoadProblem>& problems)
        : catalog_(catalog), problems_(source.name, problems),
          document_(YamlDocument::parse(source, problems)) {}

    Pattern load() {
        MapReader root(problems_, document_.root(), "the test pattern");
        if (const YamlNode* head = root.child("pattern", Kind::map)) read_head(*head);
        if (!newest_) {
            problems_.add(root.line(), "no edition that is known");
            return std::move(pattern_);
        }
        if (const YamlNode* users = root.child("users", Kind::map))
            for (const auto& [key, value] : users->entries)
                users_.emplace_back(key->text, items_of(*value));
        if (const YamlNode* bundles = root.child("bundles", Kind::sequence))
            for (const YamlNode* one : bundles->items) read_bundle(*one);
        if (const YamlNode* points = root.child("points", Kind::sequence))
            for (const YamlNode* one : points->items) read_point(*one);
        root.finish();
        check_points(root.line_of("points"));
        return std::move(pattern_);
    }

  private:
    // --- what stands above the case ---

    void read_head(const YamlNode& node) {
        MapReader map(problems_, node, "the pattern's head");
        pattern_.id = map.text("id");
        pattern_.title_ja = map.text("title_ja");
        pattern_.title_en = map.text("title_en");
        pattern_.import_ja = map.text("import_ja");
        pattern_.import_en = map.text("import_en");
        pattern_.export_ja = map.text("export_ja");
        pattern_.export_en = map.text("export_en");
        pattern_.kind = map.text("kind");
        pattern_.from = office_of(map, "from");
        pattern_.to = office_of(map, "to");
        if (const YamlNode* editions = map.child("editions", Kind::sequence))
            for (const YamlNode* one : editions->items) read_edition(*one);
        pattern_.warnings = map.texts("warnings");
        for (const std::string& rule : pattern_.warnings) check_rule(map, "warnings", rule);
        for (const std::string& name : map.texts("tolerances")) read_tolerance(map, name);
        if (const YamlNode* free = map.child_if_any("free", Kind::sequence))
            for (const YamlNode* one : free->items) read_free(*one);
        map.finish();
    }

    OfficeRef office_of(MapReader& map, std::string_view key) {
        const std::string text = map.text(key);
        const auto office = OfficeNo::parse(text.substr(0, 10));
        const auto type = text.size() == 13 ? ServiceType::parse(text.substr(11)) : std::nullopt;
        if (office && type && text[10] == ':') return {*office, type};
        map.problem(key, "'" + std::string(key) + "' is not OFFICE:TYPE");
        return {};
    }

    void read_edition(const YamlNode& node) {
        MapReader map(problems_, node, "an edition of the pattern");
        PatternEdition edition{map.text("id"), {}};
        const Edition* const known = catalog_.edition(edition.id);
        if (!known || !known->bundle(pattern_.kind))
            map.problem("id", "edition " + edition.id + " has no bundles of kind " + pattern_.kind);
        else if (!newest_ || known->applies_from > newest_->applies_from)
            newest_ = known;
        if (const auto month = Month::parse(map.text("month")))
            edition.month = *month;
        else
            map.problem("month", "not a month");
        map.finish();
        pattern_.editions.push_back(std::move(edition));
    }

    void read_tolerance(MapReader& map, const std::string& name) {
        for (const auto& [known, tolerance] : tolerance_names)
            if (known == name) return pattern_.tolerances.push_back(tolerance);
        map.problem("tolerances", "unknown tolerance " + name);
    }

    void read_free(const YamlNode& node) {
        MapReader map(problems_, node, "free items");
        FreeItem item;
        const std::vector<std::string> files = map.texts("files");
        item.items = map.texts("items");
        item.reason_ja = map.text("reason_ja");
        item.reason_en = map.text("reason_en");
        map.finish();
        for (const std::string& file : files) {
            item.file = file;
            if (const FileType* type = type_of(node.line, file))
                for (const std::string& key : item.items) check_key(node.line, *type, key);
            pattern_.free.push_back(item);
        }
    }

    // --- the case ---

    void read_bundle(const YamlNode& node) {
        MapReader map(problems_, node, "a bundle");
        CaseBundle bundle;
        bundle.id = map.text("id");
        if (pattern_.bundle(bundle.id)) map.problem("id", "bundle " + bundle.id + " twice");
        bundle.month_offset = map.number_if_any("month_offset", 0, 11).value_or(0);
        bundle.serial = map.text("serial");
        bundle.images = map.texts("images");
        bundle_ids_.clear();
        if (const YamlNode* files = map.child("files", Kind::map))
            for (const auto& [key, value] : files->entries) read_file(bundle, key->text, *value);
        map.finish();
        pattern_.bundles.push_back(std::move(bundle));
    }

    void read_file(CaseBundle& bundle, const std::string& type_id, const YamlNode& node) {
        MapReader map(problems_, node, type_id);
        const FileType* const type = type_of(node.line, type_id);
        CaseFile file;
        file.type = type_id;
        file.match = map.texts("match");
        const YamlNode* const common = map.child_if_any("common", Kind::map);
        const YamlNode* const records = map.child("records", Kind::sequence);
        if (type && records) {
            if (file.match.empty()) file.match = usual_match(*type);
            for (const std::string& key : file.match) check_key(node.line, *type, key);
            const Items shared = common ? items_of(*common) : Items();
            for (const YamlNode* one : records->items)
                read_record(bundle, file, *type, shared, *one);
        }
        map.finish();
        bundle.files.push_back(std::move(file));
    }

    std::vector<std::string> usual_match(const FileType& type) const {
        if (!type.row_key.empty()) return type.row_key;
        const auto by_bundle = type.keys_by_bundle.find(pattern_.kind);
        return by_bundle == type.keys_by_bundle.end() ? type.keys : by_bundle->second;
    }

    void read_record(const CaseBundle& bundle, CaseFile& file, const FileType& type,
                     const Items& shared, const YamlNode& node) {
        MapReader map(problems_, node, "a record of " + file.type);
        CaseRecord record;
        record.id = map.text("id");
        if (!bundle_ids_.insert(record.id).second)
            map.problem("id", "record " + record.id + " twice in bundle " + bundle.id);
        for (const std::string& day : map.texts("days")) {
            const bool good = !day.empty() && day.size() <= 2 && all_digits(day);
            record.days.push_back(good ? number_of(day) : 0);
            if (record.days.back() < 1 || record.days.back() > last_safe_day)
                map.problem("days", "a day is 1 to 28: it must exist in every month");
        }
        overlay(record.items, shared);
        if (const std::string user = map.text_if_any("user"); !user.empty())
            overlay(record.items, user_items(map, user, type));
        if (const YamlNode* own = map.child_if_any("set", Kind::map))
            overlay(record.items, items_of(*own));
        map.finish();
        for (const auto& [key, text] : record.items) {
            check_key(node.line, type, key);
            check_value(node.line, bundle, record, key, text);
        }
        file.records.push_back(std::move(record));
    }

    /// Of the user's items those that this type has.
    Items user_items(MapReader& map, const std::string& name, const FileType& type) {
        for (const auto& [known, items] : users_) {
            if (known != name) continue;
            Items kept = items;
            std::erase_if(kept, [&](const auto& item) { return type.column(item.first) < 0; });
            return kept;
        }
        map.problem("user", "unknown user " + name);
        return {};
    }

    static void overlay(Items& below, const Items& above) {
        for (const auto& item : above) {
            const auto at = std::find_if(below.begin(), below.end(), [&](const auto& known) {
                return known.first == item.first;
            });
            if (at == below.end())
                below.push_back(item);
            else
                at->second = item.second;
        }
    }

    Items items_of(const YamlNode& node) {
        Items items;
        if (node.kind != Kind::map) problems_.add(node, "items are not a map");
        for (const auto& [key, value] : node.entries) {
            if (value->kind != Kind::scalar) problems_.add(*value, key->text + " is not a text");
            items.emplace_back(key->text, value->text);
        }
        return items;
    }

    void check_value(int line, const CaseBundle& bundle, const CaseRecord& record,
                     const std::string& key, const std::string& text) {
        for (const PatternEdition& edition : pattern_.editions) {
            const Edition* const known = catalog_.edition(edition.id);
            if (!known || !edition.month.has_value()) return;
            Filling filling{known,
                            pattern_.from,
                            pattern_.to,
                            edition.month,
                            Serial::parse("20260101000000"),
                            record.days.empty() ? 0 : record.days.front()};
            const auto filled = fill(text, filling);
            if (!filled && known->file("UPKIHON_IMAGE"))
                problems_.add(line, key + " of " + bundle.id + "/" + record.id + ": " +
                                        filled.error().detail);
            if (filled && !to_ms932(*filled).bytes)
                problems_.add(line, key + ": a character that MS932 has not");
        }
    }

    // --- the points ---

    void read_point(const YamlNode& node) {
        MapReader map(problems_, node, "a point");
        Point point;
        point.id = map.text("id");
        if (!point.id.starts_with(pattern_.id + "-"))
            map.problem("id", "the id of a point starts with " + pattern_.id + "-");
        point.kind = kind_of(map);
        point.ja = map.text("ja");
        point.en = map.text("en");
        point.rules = map.texts("rules");
        for (const std::string& rule : point.rules) check_rule(map, "rules", rule);
        const bool by_rules = point.kind == PointKind::form || point.kind == PointKind::image;
        if (by_rules != !point.rules.empty())
            map.problem("rules", "rules belong to points of kind form and image");
        const bool looks = point.kind == PointKind::values || point.kind == PointKind::order;
        if (const YamlNode* look = looks ? map.child("look", Kind::sequence) : nullptr)
            for (const YamlNode* one : look->items) read_look(point, *one);
        map.finish();
        for (const Point& other : pattern_.points)
            if (other.id == point.id) map.problem("id", "point " + point.id + " twice");
        pattern_.points.push_back(std::move(point));
    }

    PointKind kind_of(MapReader& map) {
        const std::string text = map.text_if_any("kind");
        for (const PointKind kind : point_kinds)
            if (text == name_of(kind)) return kind;
        if (!text.empty()) map.problem("kind", "unknown kind of point " + text);
        return PointKind::values;
    }

    void read_look(Point& point, const YamlNode& node) {
        MapReader map(problems_, node, "a look of " + point.id);
        Look look;
        look.bundle = map.text_if_any("bundle");
        if (look.bundle.empty() && !pattern_.bundles.empty())
            look.bundle = pattern_.bundles.front().id;
        look.file = map.text("file");
        look.records = map.texts("records");
        look.items = map.texts("items");
        const CaseBundle* const bundle = pattern_.bundle(look.bundle);
        const CaseFile* const file = bundle ? bundle->file(look.file) : nullptr;
        if (!file) {
            map.problem("file", "no " + look.file + " in bundle " + look.bundle);
        } else if (point.kind == PointKind::values) {
            if (look.records.empty() || look.items.empty())
                map.problem("file", "a look names records and items");
            for (const std::string& id : look.records) check_look(map, point, look, *file, id);
        }
        map.finish();
        point.looks.push_back(std::move(look));
    }

    void check_look(MapReader& map, const Point& point, const Look& look, const CaseFile& file,
                    const std::string& id) {
        if (!file.record(id)) map.problem("records", "no record " + id + " in " + look.file);
        if (const FileType* type = type_of(map.line(), look.file))
            for (const std::string& key : look.items) check_key(map.line(), *type, key);
        const std::string record = look.bundle + "/" + look.file + "/" + id;
        for (const std::string& key : look.items) {
            if (pattern_.is_free(look.file, key))
                map.problem("items", key + " of " + look.file + " is free: nothing to look at");
            if (!looked_at_.emplace(record + "/" + key, point.id).second)
                map.problem("items", key + " of " + record + " is looked at by two points");
            if (has(file.match, key)) owners_[record].insert(point.id);
        }
        lookers_[record].insert(point.id);
    }

    /// A record that is found by an item of a point is lost when that item differs: another point
    /// of the record would fail with it.
    void check_points(int line) {
        for (const auto& [record, owners] : owners_)
            if (lookers_[record].size() > 1)
                problems_.add(line, record + ": " + *owners.begin() +
                                        " looks at an item that finds the record, so no other "
                                        "point may look at it");
        for (const PointKind kind :
             {PointKind::valid, PointKind::form, PointKind::count, PointKind::rest}) {
            const auto count =
                std::count_if(pattern_.points.begin(), pattern_.points.end(),
                              [&](const Point& point) { return point.kind == kind; });
            if (count != 1)
                problems_.add(line,
                              "one point of kind " + std::string(name_of(kind)) + " is needed");
        }
    }

    // --- what the catalogue knows ---

    const FileType* type_of(int line, const std::string& id) {
        if (!newest_) return nullptr; // told already
        const FileType* const type = newest_->file(id);
        if (!type || !type->is_csv()) problems_.add(line, "unknown CSV type " + id);
        return type && type->is_csv() ? type : nullptr;
    }

    void check_key(int line, const FileType& type, const std::string& key) {
        if (type.column(key) < 0) problems_.add(line, type.id + " has no item " + key);
    }

    void check_rule(MapReader& map, std::string_view key, const std::string& rule) {
        if (!catalog_.rules.contains(rule)) map.problem(key, "unknown rule " + rule);
    }

    const Catalog& catalog_;
    Problems problems_;
    YamlDocument document_;
    Pattern pattern_;
    const Edition* newest_ = nullptr;
    std::vector<std::pair<std::string, Items>> users_;
    std::set<std::string> bundle_ids_; // of the records of the bundle being read
    std::map<std::string, std::string> looked_at_;
    std::map<std::string, std::set<std::string>> owners_, lookers_; // record -> points
};

Digest digest_of(const std::vector<SourceFile>& sources) {
    Sha256 digest;
    for (const SourceFile& source : sources)
        digest.update(source.name + "\n" + std::to_string(source.text.size()) + "\n")
            .update(source.text);
    return digest.finish();
}

} // namespace

KitOutcome load_kit(const Catalog& catalog, const std::vector<SourceFile>& given) {
    KitOutcome outcome;
    std::vector<SourceFile> sources = given;
    std::sort(sources.begin(), sources.end(), [](const SourceFile& left, const SourceFile& right) {
        return left.name < right.name;
    });
    auto kit = std::make_shared<Kit>();
    if (sources.empty() || sources.size() > most_patterns)
        outcome.problems.push_back({"", 0, "no pattern, or more than 100"});
    for (const SourceFile& source : sources) {
        if (source.text.size() > most_text) {
            outcome.problems.push_back({source.name, 0, "larger than 256 KiB"});
            continue;
        }
        Pattern pattern = PatternLoader(catalog, source, outcome.problems).load();
        if (kit->pattern(pattern.id))
            outcome.problems.push_back({source.name, 0, "pattern " + pattern.id + " twice"});
        kit->patterns.push_back(std::move(pattern));
    }
    std::sort(kit->patterns.begin(), kit->patterns.end(),
              [](const Pattern& left, const Pattern& right) { return left.id < right.id; });
    kit->digest = digest_of(sources);
    if (outcome.problems.empty()) outcome.kit = std::move(kit);
    return outcome;
}

KitPtr embedded_kit() {
    static const KitPtr kit = [] {
        KitOutcome outcome = load_kit(*embedded_catalog(), embedded_patterns());
        if (outcome.kit) return outcome.kit;
        const LoadProblem& first = outcome.problems.front();
        throw std::logic_error("the embedded patterns are broken: " + first.file + ":" +
                               std::to_string(first.line) + ": " + first.text);
    }();
    return kit;
}

} // namespace cpg::kit
