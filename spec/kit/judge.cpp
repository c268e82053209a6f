#include "spec/kit/judge.hpp"

#include "spec/check/checker.hpp"
#include "spec/kit/compare.hpp"
#include "spec/render/report_json.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace cpg::kit {

namespace {

constexpr std::string_view supplement = "UPHOSOKU"; // in plan and schedule: tells neither
constexpr std::size_t shown_bytes = 400;            // of one value

/// A vendor's bundle and the bundle of the case that it should be.
struct Taken {
    const Bundle* seen = nullptr;
    MadeBundle made;
};

std::string kinds_text(const BundleReport& report) {
    std::string types;
    for (const FileSummary& file : report.files) {
        if (types.find(file.type) != std::string::npos) continue;
        types += (types.empty() ? "" : "・") + file.type;
    }
    return types;
}

bool is_of_kind(const Pattern& pattern, const Edition& edition, const BundleReport& report) {
    if (report.kind == pattern.kind) return true;
    if (report.kind != "unknown") return false;
    const std::vector<std::string>& types = edition.bundle(pattern.kind)->required;
    return std::any_of(report.files.begin(), report.files.end(), [&](const FileSummary& file) {
        return file.type != supplement &&
               std::find(types.begin(), types.end(), file.type) != types.end();
    });
}

/// Adds up the differences of all files, each to the point that looks at it.
class Judge {
  public:
    Judge(const Catalog& catalog, const Kit& kit, const JudgeRequest& request)
        : catalog_(catalog), request_(request) {
        result_.pattern = request.pattern;
        result_.edition = request.edition;
        result_.month = request.month;
        result_.kit = kit.digest;
        for (Point& point : request.pattern->points_in(*request.edition))
            result_.points.push_back({std::move(point), State::met, {}, 0});
        for (std::size_t i = 0; i < result_.points.size(); ++i) index(i);
    }

    std::variant<Judgement, Unfit> run(std::vector<InputFile> files) {
        const Heap heap = group_files(catalog_, std::move(files));
        CheckOptions options;
        options.now = request_.now;
        result_.report = check_heap(catalog_, heap, options);
        std::vector<Taken> taken;
        if (auto unfit = take(heap, taken)) return *unfit;
        for (const CaseBundle& bundle : request_.pattern->bundles) {
            const auto at = std::find_if(taken.begin(), taken.end(), [&](const Taken& one) {
                return one.made.source == &bundle;
            });
            at == taken.end() ? bundle_missing(bundle) : look_at(*at);
        }
        look_at_findings();
        return std::move(result_);
    }

  private:
    using RecordName = std::tuple<std::string, std::string, std::string>; // bundle, file, record

    void index(std::size_t number) {
        const Point& point = result_.points[number].point;
        by_kind_[point.kind].push_back(number);
        if (point.kind != PointKind::values) return;
        for (const Look& look : point.looks)
            for (const std::string& record : look.records) {
                lookers_[{look.bundle, look.file, record}].insert(number);
                for (const std::string& key : look.items)
                    by_item_[{{look.bundle, look.file, record}, key}] = number;
            }
    }

    // --- which bundle is which ---

    std::optional<Unfit> take(const Heap& heap, std::vector<Taken>& taken) const {
        if (heap.bundles.empty())
            return Unfit{"標準仕様のファイル名のファイルがありません",
                         "there is no file with a file name of the standard"};
        for (std::size_t i = 0; i < heap.bundles.size(); ++i)
            if (auto unfit = take_one(heap.bundles[i], result_.report.bundles[i], taken))
                return unfit;
        return std::nullopt;
    }

    std::optional<Unfit> take_one(const Bundle& seen, const BundleReport& report,
                                  std::vector<Taken>& taken) const {
        const Pattern& pattern = *request_.pattern;
        if (seen.edition != request_.edition)
            return Unfit{"標準仕様 " + seen.edition->id + " 版のファイルです。" +
                             request_.edition->id + " 版として調べています（--edition）",
                         "the files are of edition " + seen.edition->id + ", asked for is " +
                             request_.edition->id + " (--edition)"};
        if (!is_of_kind(pattern, *request_.edition, report))
            return Unfit{pattern.id + "（" + pattern.title_ja +
                             "）のファイルではありません: " + kinds_text(report),
                         "not the files of " + pattern.id + " (" + pattern.title_en +
                             "): " + kinds_text(report)};
        const CaseBundle* const source = source_of(report.month);
        if (!source)
            return Unfit{"対象年月 " + report.month.str() + " は " + pattern.id +
                             " の月ではありません（最初の月は " + request_.month.str() +
                             "。--month で変えられます）",
                         "month " + report.month.str() + " is none of " + pattern.id +
                             " (its first is " + request_.month.str() + ", see --month)"};
        for (const Taken& other : taken)
            if (other.made.source == source)
                return Unfit{"同じ送信単位が二つあります: " + other.seen->serial.str() + "、" +
                                 seen.serial.str(),
                             "the same bundle twice: " + other.seen->serial.str() + ", " +
                                 seen.serial.str()};
        auto made = make_bundle(pattern, *source, setting_of(seen));
        if (!made)
            return Unfit{"この月の見本を作れません: " + made.error().detail,
                         "the case cannot be made for this month: " + made.error().detail};
        taken.push_back({&seen, std::move(*made)});
        return std::nullopt;
    }

    const CaseBundle* source_of(const Month& month) const {
        const auto& bundles = request_.pattern->bundles;
        if (!month.has_value()) return &bundles.front();
        const int distance =
            (month.year() - request_.month.year()) * 12 + month.month() - request_.month.month();
        const auto at = std::find_if(bundles.begin(), bundles.end(), [&](const CaseBundle& one) {
            return one.month_offset == distance;
        });
        return at == bundles.end() ? nullptr : &*at;
    }

    /// Office numbers and serial are the vendor's own; edition 3 names no service types.
    Setting setting_of(const Bundle& seen) const {
        Setting setting{request_.edition, seen.from, seen.to, request_.month, seen.serial};
        if (!setting.from.service_type)
            setting.from.service_type = request_.pattern->from.service_type;
        if (!setting.to.service_type) setting.to.service_type = request_.pattern->to.service_type;
        return setting;
    }

    // --- the files of one bundle ---

    void bundle_missing(const CaseBundle& bundle) {
        const std::string month = " (" + std::to_string(bundle.month_offset + 1) + "/" +
                                  std::to_string(request_.pattern->bundles.size()) + ")";
        const Place place{"",
                          0,
                          0,
                          "",
                          "",
                          "",
                          "",
                          "送信単位がありません" + month,
                          "the bundle is missing" + month};
        for (const CaseFile& file : bundle.files)
            if (request_.edition->file(file.type))
                for (const CaseRecord& record : file.records)
                    record_missing(bundle.id, file, record, place);
        for (const std::size_t number : by_kind_[PointKind::count])
            fail(number, State::missing, place);
        for (const std::size_t number : by_kind_[PointKind::order])
            for (const Look& look : result_.points[number].point.looks)
                if (look.bundle == bundle.id) fail(number, State::missing, place);
        if (!bundle.images.empty())
            for (const std::size_t number : by_kind_[PointKind::image])
                fail(number, State::missing, place);
    }

    void look_at(const Taken& taken) {
        for (const MadeFile& made : taken.made.files) {
            const auto at = std::find_if(
                taken.seen->files.begin(), taken.seen->files.end(),
                [&](const BundleFile& file) { return file.name.type == made.name.type; });
            const bool found = at != taken.seen->files.end();
            const SeenFile seen = found ? read_seen(at->name, at->input.bytes)
                                        : SeenFile{made.name.text, made.name.type, {}, 0};
            look_at_file(taken.made, made, seen);
        }
        look_at_images(taken);
    }

    void look_at_file(const MadeBundle& bundle, const MadeFile& made, const SeenFile& seen) {
        const Comparison compared = compare(*request_.pattern, made, seen);
        const std::string& bundle_id = bundle.source->id;
        for (const Difference& difference : compared.differences)
            difference.row ? item_differs(bundle_id, made, seen, difference)
                           : record_missing(bundle_id, *made.source, *difference.record,
                                            place_of_missing(made, seen, difference));
        look_at_count(made, seen, compared);
        look_at_order(bundle_id, made, seen, compared);
    }

    void item_differs(const std::string& bundle, const MadeFile& made, const SeenFile& seen,
                      const Difference& difference) {
        const Field& field = made.name.type->fields[difference.column];
        const SeenCell& cell = difference.row->cells[difference.column];
        const Place place{seen.name,
                          cell.line,
                          field.no,
                          field.key,
                          field.name,
                          shown(field, difference.values[difference.column]),
                          shown(field, cell.text),
                          "",
                          ""};
        const RecordName record{bundle, made.source->type, difference.record->id};
        const auto point = by_item_.find({record, field.key});
        if (point != by_item_.end()) return fail(point->second, State::differs, place);
        for (const std::size_t rest : by_kind_[PointKind::rest]) fail(rest, State::differs, place);
    }

    static Place place_of_missing(const MadeFile& made, const SeenFile& seen,
                                  const Difference& difference) {
        std::string key;
        for (const std::string& item : made.source->match)
            if (const Field* field = made.name.type->field(item)) {
                const std::string& value =
                    difference.values[static_cast<std::size_t>(made.name.type->column(item))];
                if (!value.empty()) key += (key.empty() ? "" : "、") + field->name + " " + value;
            }
        return {seen.name, 0, 0, "", "", key, "", "レコードがありません", "the record is missing"};
    }

    void record_missing(const std::string& bundle, const CaseFile& file, const CaseRecord& record,
                        const Place& place) {
        const auto lookers = lookers_.find({bundle, file.type, record.id});
        if (lookers == lookers_.end()) {
            for (const std::size_t rest : by_kind_[PointKind::rest])
                fail(rest, State::missing, place);
            return;
        }
        for (const std::size_t number : lookers->second) fail(number, State::missing, place);
    }

    void look_at_count(const MadeFile& made, const SeenFile& seen, const Comparison& compared) {
        if (seen.rows_in_all == made.records.size()) return;
        Place place{seen.name,
                    0,
                    0,
                    "",
                    "",
                    std::to_string(made.records.size()),
                    std::to_string(seen.rows_in_all),
                    "レコード数",
                    "number of records"};
        if (!compared.extra.empty()) {
            place.line = compared.extra.front()->line;
            place.ja = "見本にないレコードがあります";
            place.en = "a record that the case has not";
        }
        for (const std::size_t number : by_kind_[PointKind::count])
            fail(number, State::differs, place);
    }

    void look_at_order(const std::string& bundle, const MadeFile& made, const SeenFile& seen,
                       const Comparison& compared) {
        for (const std::size_t number : by_kind_[PointKind::order])
            for (const Look& look : result_.points[number].point.looks) {
                if (look.bundle != bundle || look.file != made.source->type) continue;
                std::map<std::string, std::size_t> last; // row of each user
                for (std::size_t i = 0; i < made.records.size(); ++i) {
                    if (!compared.row[i]) continue;
                    const std::size_t row = *compared.row[i];
                    const auto [at, is_first] = last.try_emplace(user_of(made, i), row);
                    if (!is_first && at->second > row)
                        fail(number, State::differs,
                             {seen.name, seen.rows[row].line, 0, "", "", "", "",
                              "レコードの順が違います", "the record is out of order"});
                    at->second = std::max(at->second, row);
                }
            }
    }

    static std::string user_of(const MadeFile& made, std::size_t record) {
        std::string user;
        for (const std::string& key : made.name.type->keys)
            user +=
                made.records[record].values[static_cast<std::size_t>(made.name.type->column(key))] +
                '\x1F';
        return user;
    }

    void look_at_images(const Taken& taken) {
        for (std::size_t i = 0; i < taken.made.images.size(); ++i) {
            const std::string& branch = taken.made.source->images[i];
            const std::string& wanted = taken.made.images[i].name;
            const auto at = std::find_if(
                taken.seen->files.begin(), taken.seen->files.end(), [&](const BundleFile& file) {
                    return !file.name.type->is_csv() && file.name.branch == branch;
                });
            const bool found = at != taken.seen->files.end();
            if (found && at->input.bytes.starts_with("\xFF\xD8\xFF")) continue;
            const Place place{found ? at->input.name : wanted,
                              0,
                              0,
                              "",
                              "",
                              "JPEG",
                              "",
                              found ? "JPEG ではありません" : "画像がありません",
                              found ? "no JPEG" : "the picture is missing"};
            for (const std::size_t number : by_kind_[PointKind::image])
                fail(number, found ? State::differs : State::missing, place);
        }
    }

    // --- what the checker says ---

    void look_at_findings() {
        for (const BundleReport& bundle : result_.report.bundles)
            for (const Finding& finding : bundle.findings) look_at_finding(finding);
        for (const Finding& finding : result_.report.findings) look_at_finding(finding);
    }

    void look_at_finding(const Finding& finding) {
        const Place place{finding.where.file,
                          finding.where.line,
                          finding.where.column,
                          finding.key,
                          finding.item,
                          "",
                          "",
                          finding.rule + " " + text_of(catalog_, finding, Lang::ja).message,
                          finding.rule + " " + text_of(catalog_, finding, Lang::en).message};
        bool has_a_point = false;
        for (std::size_t number = 0; number < result_.points.size(); ++number) {
            const std::vector<std::string>& rules = result_.points[number].point.rules;
            if (std::find(rules.begin(), rules.end(), finding.rule) == rules.end()) continue;
            fail(number, State::differs, place);
            has_a_point = true;
        }
        if (has_a_point || finding.severity != Severity::error) return;
        for (const std::size_t number : by_kind_[PointKind::valid])
            fail(number, State::differs, place);
    }

    /// A missing record is graver than one that differs.
    void fail(std::size_t number, State state, const Place& place) {
        PointResult& result = result_.points[number];
        result.state = std::max(result.state, state);
        if (result.places.size() < max_places)
            result.places.push_back(place);
        else
            ++result.places_dropped;
    }

    const Catalog& catalog_;
    const JudgeRequest& request_;
    Judgement result_;
    std::map<PointKind, std::vector<std::size_t>> by_kind_;
    std::map<RecordName, std::set<std::size_t>> lookers_;
    std::map<std::pair<RecordName, std::string>, std::size_t> by_item_;
};

} // namespace

std::string_view name_of(State state) {
    constexpr std::array<std::string_view, 3> names = {"met", "differs", "missing"};
    return names[static_cast<std::size_t>(state)];
}

std::size_t Judgement::met() const {
    return static_cast<std::size_t>(
        std::count_if(points.begin(), points.end(),
                      [](const PointResult& one) { return one.state == State::met; }));
}

bool Judgement::all_met() const {
    return met() == points.size();
}

std::variant<Judgement, Unfit> judge(const Catalog& catalog, const Kit& kit,
                                     const JudgeRequest& request, std::vector<InputFile> files) {
    return Judge(catalog, kit, request).run(std::move(files));
}

std::string shown(const Field& field, std::string_view value) {
    if (value.empty()) return "（空）";
    std::string text;
    for (const char c : value) {
        if (text.size() >= shown_bytes && (c & 0xC0) != 0x80) return text + "…";
        if (c == '\n')
            text += "⏎";
        else if (c != '\r')
            text += static_cast<unsigned char>(c) < 0x20 || c == '\x7F' ? '?' : c;
    }
    const std::string* const meaning = field.codes ? field.codes->meaning(value) : nullptr;
    const bool tells = meaning && field.key != "csv_version";
    return tells ? text + "（" + *meaning + "）" : text;
}

} // namespace cpg::kit
