#include "spec/kit/result.hpp"

#include "spec/records/cp932.hpp"
#include "spec/records/csv_reader.hpp"
#include "spec/records/utf8.hpp"
#include "spec/render/report_json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <map>

namespace cpg::kit {

namespace {

namespace json = boost::json;

constexpr std::string_view format = "cpgw-kit-result/1";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t max_result_bytes = 8u << 20; // 50 places a point, a report of 500 findings
constexpr std::size_t max_answers_bytes = 1u << 20;
constexpr std::size_t max_files = 100; // of one result: the kinds have 7 at most

Error malformed(std::string detail) {
    return {Errc::malformed, std::move(detail)};
}

std::string_view in(Lang lang, std::string_view ja, std::string_view en) {
    return lang == Lang::ja ? ja : en;
}

std::string place_words(const Place& place, Lang lang) {
    return std::string(in(lang, place.ja, place.en));
}

json::object to_json(const Place& place, Lang lang) {
    json::object out;
    if (!place.file.empty()) out["file"] = place.file;
    if (place.line != 0) out["line"] = place.line;
    if (place.column != 0) out["column"] = place.column;
    if (!place.key.empty()) out["key"] = place.key;
    if (!place.item.empty()) out["item"] = place.item;
    if (!place.expected.empty()) out["expected"] = place.expected;
    if (!place.found.empty()) out["found"] = place.found;
    if (!place.ja.empty()) out["message"] = place_words(place, lang);
    return out;
}

json::object head_json(Direction direction, std::string_view pattern, std::string_view edition,
                       const Month& month, const Digest& kit, const Digest& catalog,
                       std::size_t met, std::size_t points) {
    return {{"format", format},
            {"direction", name_of(direction)},
            {"pattern", pattern},
            {"edition", edition},
            {"month", month.str()},
            {"kit", prefixed_hex(kit)},
            {"catalog", prefixed_hex(catalog)},
            {"verdict", met == points ? "met" : "not_met"},
            {"counts", {{"met", met}, {"not_met", points - met}}}};
}

json::array files_json(const Report& report) {
    json::array files;
    for (const BundleReport& bundle : report.bundles)
        for (const FileSummary& file : bundle.files)
            files.push_back(
                {{"name", file.name}, {"bytes", file.bytes}, {"sha256", hex(file.digest.view())}});
    return files;
}

// --- text ---

std::string place_text(const Place& place, Lang lang) {
    std::string text = "      " + place.file;
    if (place.line != 0)
        text += (place.file.empty() ? "" : " › ") + std::to_string(place.line) +
                std::string(in(lang, " 行", ""));
    if (!place.item.empty()) text += " › " + place.item;
    if (!place.ja.empty()) text += (text.size() > 6 ? ": " : "") + place_words(place, lang);
    if (!place.expected.empty())
        text += std::string(in(lang, "  期待: ", "  expected: ")) + place.expected;
    if (!place.found.empty()) text += std::string(in(lang, "  実際: ", "  found: ")) + place.found;
    return text + "\n";
}

std::string_view mark_of(State state, Lang lang) {
    switch (state) {
    case State::met:
        return "OK  ";
    case State::differs:
        return in(lang, "NG 相違", "NG differs");
    case State::missing:
        return in(lang, "NG 不足", "NG missing");
    }
    return "";
}

std::string warnings_text(const Catalog& catalog, const Judgement& judgement, Lang lang) {
    std::string text;
    const std::vector<std::string>& listed = judgement.pattern->warnings;
    for (const BundleReport& bundle : judgement.report.bundles)
        for (const Finding& finding : bundle.findings) {
            const bool is_listed =
                std::find(listed.begin(), listed.end(), finding.rule) != listed.end();
            if (finding.severity != Severity::warning || is_listed) continue;
            text += place_text({finding.where.file, finding.where.line, 0, "", finding.item, "", "",
                                finding.rule + " " + text_of(catalog, finding, Lang::ja).message,
                                finding.rule + " " + text_of(catalog, finding, Lang::en).message},
                               lang);
        }
    if (text.empty()) return text;
    return std::string(in(lang, "検査の警告（判定には入りません）\n",
                          "warnings of the checker (not judged)\n")) +
           text;
}

// --- reading ---

/// A member of a JSON object, or what is wrong.
class Members {
  public:
    explicit Members(const json::value& value) : object_(value.if_object()) {}

    std::string text(std::string_view key) {
        const json::value* const value = find(key);
        if (const json::string* text = value ? value->if_string() : nullptr)
            return std::string(*text);
        wrong(key);
        return {};
    }
    std::string text_if_any(std::string_view key) {
        return object_ && object_->if_contains(key) ? text(key) : std::string();
    }
    std::uint64_t number(std::string_view key) {
        const json::value* const value = find(key);
        if (value && value->is_uint64()) return value->get_uint64();
        if (value && value->is_int64() && value->get_int64() >= 0)
            return static_cast<std::uint64_t>(value->get_int64());
        wrong(key);
        return 0;
    }
    const json::array& array(std::string_view key) {
        static const json::array none;
        const json::value* const value = find(key);
        if (const json::array* list = value ? value->if_array() : nullptr) return *list;
        wrong(key);
        return none;
    }
    Digest digest(std::string_view key) {
        const auto digest = parse_digest(text(key));
        if (!digest) wrong(key);
        return digest ? *digest : Digest{};
    }
    /// The first member that was missing or of another form.
    const std::string& problem() const { return problem_; }

  private:
    const json::value* find(std::string_view key) {
        return object_ ? object_->if_contains(key) : nullptr;
    }
    void wrong(std::string_view key) {
        if (problem_.empty()) problem_ = "no good member '" + std::string(key) + "'";
    }
    const json::object* object_;
    std::string problem_;
};

bool is_state(Direction direction, std::string_view state) {
    if (state == "met") return true;
    return direction == Direction::exported ? state == "differs" || state == "missing"
                                            : state == "ng";
}

/// Without control characters, bounded at a character.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool control = (c >= 0 && c < 0x20) || c == 0x7F;
        if (out.size() >= max_note_bytes && (c & 0xC0) != 0x80) break;
        out += control ? ' ' : c;
    }
    return out;
}

std::vector<Point> points_of(const Pattern& pattern, const Edition& edition, Direction direction) {
    std::vector<Point> points = pattern.points_in(edition);
    if (direction == Direction::imported)
        std::erase_if(points, [](const Point& point) { return !point.on_screen(); });
    return points;
}

/// The states in the pattern's order; malformed when one is missing, unknown or twice.
Result<std::vector<PointState>> in_order(const std::vector<Point>& points,
                                         const std::vector<PointState>& given) {
    std::map<std::string, PointState> by_id;
    for (const PointState& one : given)
        if (!by_id.emplace(one.id, one).second) return malformed("point " + one.id + " twice");
    std::vector<PointState> ordered;
    for (const Point& point : points) {
        const auto at = by_id.find(point.id);
        if (at == by_id.end()) return malformed("point " + point.id + " is missing");
        ordered.push_back(at->second);
        by_id.erase(at);
    }
    if (!by_id.empty()) return malformed("unknown point " + by_id.begin()->first);
    return ordered;
}

Result<std::vector<PointState>> states_of(const json::array& list, Direction direction) {
    std::vector<PointState> states;
    for (const json::value& value : list) {
        Members point(value);
        PointState state{point.text("id"), point.text("state"),
                         one_line(point.text_if_any("note"))};
        if (!point.problem().empty()) return malformed("a point: " + point.problem());
        if (!is_state(direction, state.state))
            return malformed("point " + state.id + " has no known state");
        states.push_back(std::move(state));
    }
    return states;
}

Result<std::vector<CheckedFile>> files_of(const json::array& list) {
    if (list.size() > max_files) return malformed("too many files");
    std::vector<CheckedFile> files;
    for (const json::value& value : list) {
        Members file(value);
        files.push_back({file.text("name"), file.number("bytes"), file.digest("sha256")});
        if (!file.problem().empty()) return malformed("a file: " + file.problem());
        if (files.back().name != one_line(files.back().name))
            return malformed("the name of a file is too long or has control characters");
    }
    return files;
}

Result<void> fits_counts(const ResultDocument& document, const json::object& given) {
    static const json::value none;
    const json::value* const counts = given.if_contains("counts");
    const json::value* const verdict = given.if_contains("verdict");
    Members numbers(counts ? *counts : none);
    const bool all_met = document.met() == document.points.size();
    const bool agree = numbers.number("met") == document.met() &&
                       numbers.number("not_met") == document.points.size() - document.met() &&
                       verdict && *verdict == json::value(all_met ? "met" : "not_met");
    if (!agree || !numbers.problem().empty())
        return malformed("counts and verdict do not fit the points");
    return {};
}

} // namespace

std::string_view name_of(Direction direction) {
    return direction == Direction::exported ? "export" : "import";
}

std::size_t ResultDocument::met() const {
    return static_cast<std::size_t>(
        std::count_if(points.begin(), points.end(),
                      [](const PointState& point) { return point.state == "met"; }));
}

json::object to_json(const Catalog& catalog, const Judgement& judgement, Lang lang) {
    json::object out = head_json(Direction::exported, judgement.pattern->id, judgement.edition->id,
                                 judgement.month, judgement.kit, catalog.digest, judgement.met(),
                                 judgement.points.size());
    json::array& points = out["points"].emplace_array();
    for (const PointResult& result : judgement.points) {
        json::array places;
        for (const Place& place : result.places) places.push_back(to_json(place, lang));
        points.push_back({{"id", result.point.id},
                          {"state", name_of(result.state)},
                          {"sentence", in(lang, result.point.ja, result.point.en)},
                          {"places", std::move(places)},
                          {"places_dropped", result.places_dropped}});
    }
    out["files"] = files_json(judgement.report);
    out["report"] = cpg::to_json(catalog, judgement.report, lang);
    return out;
}

json::object to_json(const Kit& kit, const Catalog& catalog, const ResultDocument& imported,
                     Lang lang) {
    const Pattern& pattern = *kit.pattern(imported.pattern);
    json::object out =
        head_json(imported.direction, imported.pattern, imported.edition, imported.month,
                  imported.kit, imported.catalog, imported.met(), imported.points.size());
    const auto points = points_of(pattern, *catalog.edition(imported.edition), imported.direction);
    json::array& list = out["points"].emplace_array();
    for (std::size_t i = 0; i < points.size(); ++i)
        list.push_back({{"id", points[i].id},
                        {"state", imported.points[i].state},
                        {"sentence", in(lang, points[i].ja, points[i].en)},
                        {"note", imported.points[i].note}});
    out["files"].emplace_array();
    return out;
}

std::string to_text(const Catalog& catalog, const Judgement& judgement, Lang lang) {
    std::string text =
        judgement.pattern->id + " " +
        std::string(in(lang, judgement.pattern->title_ja, judgement.pattern->title_en)) + "\n";
    for (const PointResult& result : judgement.points) {
        text += "  " + result.point.id + "  " + std::string(mark_of(result.state, lang)) + "  " +
                std::string(in(lang, result.point.ja, result.point.en)) + "\n";
        for (const Place& place : result.places) text += place_text(place, lang);
        if (result.places_dropped != 0)
            text += "      … +" + std::to_string(result.places_dropped) + "\n";
    }
    text += warnings_text(catalog, judgement, lang);
    const std::string counts =
        std::to_string(judgement.met()) + " / " + std::to_string(judgement.points.size());
    return text +
           std::string(in(lang, judgement.all_met() ? "合格" : "不合格",
                          judgement.all_met() ? "passed" : "not passed")) +
           ": " + counts + std::string(in(lang, " 点\n", " points met\n"));
}

Result<ResultDocument> read_result(const Kit& kit, const Catalog& catalog, std::string_view text) {
    if (text.size() > max_result_bytes) return malformed("larger than 8 MiB");
    boost::system::error_code failed;
    const json::value value = json::parse(text, failed);
    if (failed) return malformed("not JSON");
    Members members(value);
    if (members.text("format") != format) return malformed("not of format " + std::string(format));
    ResultDocument document;
    const std::string direction = members.text("direction");
    if (direction != "export" && direction != "import") return malformed("unknown direction");
    document.direction = direction == "export" ? Direction::exported : Direction::imported;
    document.pattern = members.text("pattern");
    document.edition = members.text("edition");
    document.month = Month::parse(members.text("month")).value_or(Month());
    document.kit = members.digest("kit");
    document.catalog = members.digest("catalog");
    if (!members.problem().empty()) return malformed(members.problem());
    if (document.kit != kit.digest || document.catalog != catalog.digest)
        return Error{Errc::not_acceptable, "of another version of the kit or of the standard"};
    const Pattern* const pattern = kit.pattern(document.pattern);
    if (!pattern || !pattern->edition(document.edition) || !document.month.has_value())
        return malformed("unknown pattern, edition or month");

    const auto states = states_of(members.array("points"), document.direction);
    if (!states) return states.error();
    auto ordered = in_order(
        points_of(*pattern, *catalog.edition(document.edition), document.direction), *states);
    if (!ordered) return ordered.error();
    document.points = std::move(*ordered);
    auto files = files_of(members.array("files"));
    if (!files) return files.error();
    document.files = std::move(*files);
    if (!members.problem().empty()) return malformed(members.problem());
    const auto fits = fits_counts(document, value.get_object());
    if (!fits) return fits.error();
    return document;
}

Result<ResultDocument> read_answers(const Kit& kit, const Catalog& catalog, const Pattern& pattern,
                                    const Edition& edition, const Month& month, BytesView csv) {
    if (csv.size() > max_answers_bytes) return malformed("larger than 1 MiB");
    const Encoding encoding = guess_encoding(csv);
    const bool utf8 = encoding == Encoding::utf8 || encoding == Encoding::utf8_bom;
    if (encoding == Encoding::utf8_bom) csv.remove_prefix(byte_order_mark.size());
    std::vector<PointState> states;
    std::string problem;
    read_csv(csv, {[&](const Record& record) {
                       std::array<std::string, 3> cells;
                       for (std::size_t i = 0; i < std::min(cells.size(), record.cells.size()); ++i)
                           cells[i] =
                               utf8 ? record.cells[i].text() : to_utf8(record.cells[i].text());
                       const auto& [id, answer, note] = cells;
                       if (id == "point" || id.empty()) return;
                       if (answer != "ok" && answer != "ng" && problem.empty())
                           problem = "point " + one_line(id) + ": the answer is ok or ng";
                       states.push_back({id, answer == "ok" ? "met" : "ng", one_line(note)});
                   },
                   {}});
    if (!problem.empty()) return malformed(problem);
    auto ordered = in_order(points_of(pattern, edition, Direction::imported), states);
    if (!ordered) return ordered.error();
    return ResultDocument{Direction::imported, pattern.id,     edition.id,          month,
                          kit.digest,          catalog.digest, std::move(*ordered), {}};
}

std::string answer_sheet(const Pattern& pattern, const Edition& edition) {
    std::string text = std::string(byte_order_mark) + "point,answer,note\r\n";
    for (const Point& point : points_of(pattern, edition, Direction::imported))
        text += point.id + ",,\r\n";
    return text;
}

} // namespace cpg::kit
