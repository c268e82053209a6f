// The conformance kit for vendors: list, make, check, import-check (spec/kit/README.md).
#include "adapters/client/save_folder.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/text.hpp"
#include "spec/check/checker.hpp"
#include "spec/kit/pages.hpp"
#include "spec/kit/result.hpp"
#include "spec/records/unpack.hpp"
#include "spec/render/canonical.hpp"
#include "spec/render/form_view.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

namespace {

const std::vector<Option>& edition_option() {
    static const std::vector<Option> options = {{"--edition", "4.1|3", "標準仕様の版（既定 4.1）",
                                                 "edition of the standard (default 4.1)"}};
    return options;
}

const std::vector<Option>& month_option_of_kit() {
    static const std::vector<Option> options = {
        {"--month", "YYYYMM", "見本の最初の対象年月（既定 パターンの月）",
         "first month of the case (default: the pattern's)"}};
    return options;
}

} // namespace

const Usage kit_list_usage{"kit list",
                           "ベンダ向け適合キットのパターン D1～D7 を表示します",
                           "shows the patterns of the conformance kit for vendors",
                           {"", 0, 0},
                           with(lang_option(), format_option())};

const Usage kit_make_usage{
    "kit make",
    "パターンの見本（取り込むファイル、期待する帳票、記入する表）を作ります",
    "makes the case of a pattern: files to import, expected forms, a sheet to tick",
    {"", 0, 0},
    with(with({{"--pattern", "D1,…", "パターン（既定 その版にあるもの全部）",
                "patterns (default: all of the edition)"},
               {"--out", "DIR", "書き出すフォルダー。パターンごとに一つ作ります",
                "folder to write into, one folder a pattern"},
               {"--from", "OFFICE:TYPE", "送信元（既定 パターンのもの）",
                "sender (default: the pattern's)"},
               {"--to", "OFFICE:TYPE", "送信先（既定 パターンのもの）",
                "receiver (default: the pattern's)"},
               {"--serial", "YYYYMMDDhhmmss", "最初の送信単位の通番（既定 対象年月から）",
                "serial of the first bundle (default: from the month)"}},
              month_option_of_kit()),
         edition_option())};

const Usage kit_check_usage{
    "kit check",
    "ベンダの出力をパターンと点ごとに比べます",
    "compares a vendor's export with a pattern, point by point",
    {"PATH…", 1, any_number},
    with(with(with(with({{"--pattern", "D1", "パターン", "the pattern"},
                         {"--report", "FILE.html", "結果をこのファイルにも書きます",
                          "writes the result to this file too"}},
                        month_option_of_kit()),
                   edition_option()),
              format_option()),
         lang_option())};

const Usage kit_import_check_usage{
    "kit import-check",
    "取り込み後の画面を見た人の回答（point,ok|ng,note）を結果にします",
    "turns a person's answers about the screen (point,ok|ng,note) into a result",
    {"", 0, 0},
    with(with(with(with({{"--pattern", "D1", "パターン", "the pattern"},
                         {"--answers", "FILE", "回答の CSV（kit make の answers.csv）",
                          "the answers (answers.csv of kit make)"}},
                        month_option_of_kit()),
                   edition_option()),
              format_option()),
         lang_option())};

namespace {

/// A pattern, and the edition and month it is used in.
struct Chosen {
    const kit::Pattern* pattern = nullptr;
    const Edition* edition = nullptr;
    Month month;
};

Lang lang_of(const Arguments& given) {
    return given.text("--lang") == "en" ? Lang::en : Lang::ja;
}

const kit::Pattern& pattern_of(const kit::Kit& kit, const std::string& id) {
    const kit::Pattern* const pattern = kit.pattern(id);
    if (!pattern)
        throw UsageError("知らないパターンです: " + id +
                         "（cpgw kit list） / unknown pattern: " + id);
    return *pattern;
}

Chosen chosen_of(const Arguments& given, const kit::Pattern& pattern) {
    const std::string id = given.text("--edition", "4.1");
    const kit::PatternEdition* const edition = pattern.edition(id);
    if (!edition)
        throw UsageError(pattern.id + " は " + id + " 版にはありません / " + pattern.id +
                         " does not exist in edition " + id);
    const Month month = given.has("--month") ? month_option(given) : edition->month;
    return {&pattern, embedded_catalog()->edition(id), month};
}

Chosen chosen_of(const Arguments& given) {
    return chosen_of(given, pattern_of(*kit::embedded_kit(), given.required("--pattern")));
}

// --- list ---

std::string editions_text(const kit::Pattern& pattern) {
    std::string text;
    for (const kit::PatternEdition& edition : pattern.editions)
        text += (text.empty() ? "" : ", ") + edition.id;
    return text;
}

boost::json::object pattern_json(const kit::Pattern& pattern, Lang lang) {
    boost::json::array editions, points;
    for (const kit::PatternEdition& edition : pattern.editions)
        editions.push_back({{"id", edition.id}, {"month", edition.month.str()}});
    for (const kit::Point& point : pattern.points)
        points.push_back({{"id", point.id},
                          {"sentence", in(lang, point.ja, point.en)},
                          {"on_screen", point.on_screen()}});
    return {{"id", pattern.id},
            {"title", in(lang, pattern.title_ja, pattern.title_en)},
            {"kind", pattern.kind},
            {"from", office_text(pattern.from)},
            {"to", office_text(pattern.to)},
            {"editions", std::move(editions)},
            {"points", std::move(points)}};
}

// --- make ---

kit::Setting setting_of(const Arguments& given, const Chosen& chosen) {
    kit::Setting setting{chosen.edition, chosen.pattern->from, chosen.pattern->to, chosen.month,
                         std::nullopt};
    const std::pair<const char*, OfficeRef*> ends[] = {{"--from", &setting.from},
                                                       {"--to", &setting.to}};
    for (const auto& [option, office] : ends) {
        if (!given.has(option)) continue;
        *office = parse_office_ref(option, given.text(option));
        if (!office->service_type)
            throw UsageError(std::string(option) + " は OFFICE:TYPE です / " + option +
                             " is OFFICE:TYPE");
    }
    if (given.has("--serial")) {
        setting.serial = Serial::parse(given.text("--serial"));
        if (!setting.serial || !setting.serial->is_real())
            throw UsageError("通番（YYYYMMDDhhmmss）ではありません: " + given.text("--serial") +
                             " / --serial is not a date and time");
    }
    return setting;
}

/// A case for other offices or months than the pattern's may break a rule: then it is no case.
void must_be_valid(const kit::Pattern& pattern, const std::vector<InputFile>& files) {
    const CatalogPtr catalog = embedded_catalog();
    CheckOptions options;
    options.now = system_clock().now();
    const Report report = check_heap(*catalog, group_files(*catalog, files), options);
    for (const BundleReport& bundle : report.bundles)
        for (const Finding& finding : bundle.findings) {
            const bool listed = finding.severity == Severity::warning &&
                                std::find(pattern.warnings.begin(), pattern.warnings.end(),
                                          finding.rule) != pattern.warnings.end();
            if (listed) continue;
            throw Failure(exit_usage,
                          pattern.id + " はこの指定では正しい見本になりません: " + finding.rule +
                              " " + text_of(*catalog, finding, Lang::ja).message +
                              "（--from --to --month --serial を見直してください） / the case "
                              "would not be valid: " +
                              text_of(*catalog, finding, Lang::en).message);
        }
}

std::string canonical_of(const std::vector<kit::MadeBundle>& bundles) {
    std::string text = "[\n";
    for (const kit::MadeBundle& bundle : bundles)
        for (const kit::MadeFile& file : bundle.files) {
            const FileName name = std::get<FileName>(
                parse_file_name(*embedded_catalog(), file.name.text)); // made by make_file_name
            if (text.size() > 2) text += ",\n";
            text += value_or_fail(to_canonical(name, file.bytes), "変換できません").json;
        }
    return text + "]\n";
}

void make_one(const Arguments& given, const Chosen& chosen, const std::filesystem::path& out) {
    const kit::Pattern& pattern = *chosen.pattern;
    const kit::Setting setting = setting_of(given, chosen);
    const auto bundles =
        value_or_fail(kit::make_bundles(pattern, setting), pattern.id + " を作れません");
    const std::vector<InputFile> files = kit::files_of(bundles);
    must_be_valid(pattern, files);

    const std::string forms = form_html(*embedded_catalog(), files, Lang::ja);
    const std::string canonical = canonical_of(bundles);
    const std::string sheet = kit::sheet_html(pattern, setting, bundles);
    const std::string answers = kit::answer_sheet(pattern, *chosen.edition);
    std::vector<client::SavedFile> saved = {{"README.html", sheet},
                                            {"answers.csv", answers},
                                            {"expected/forms.html", forms},
                                            {"expected/canonical.json", canonical}};
    for (const InputFile& file : files)
        saved.push_back({std::filesystem::path("import") / file.name, file.bytes});
    done_or_fail(client::save_folder(out, pattern.id, saved), "書けません");
    std::cout << (out / pattern.id).string() << ": " << files.size() << " ファイル / files, "
              << pattern.points_in(*chosen.edition).size() << " 点 / points\n";
}

} // namespace

int kit_list_command(const Arguments& given) {
    const Lang lang = lang_of(given);
    const kit::KitPtr kit = kit::embedded_kit();
    if (given.text("--format") == "json") {
        boost::json::array patterns;
        for (const kit::Pattern& pattern : kit->patterns)
            patterns.push_back(pattern_json(pattern, lang));
        const boost::json::object list{{"kit", prefixed_hex(kit->digest)},
                                       {"patterns", std::move(patterns)}};
        std::cout << boost::json::serialize(list) << "\n";
        return exit_done;
    }
    std::vector<Row> rows = {
        {std::string(in(lang, "番号", "id")), std::string(in(lang, "版", "editions")),
         std::string(in(lang, "点", "points")), std::string(in(lang, "内容", "title"))}};
    for (const kit::Pattern& pattern : kit->patterns)
        rows.push_back({pattern.id, editions_text(pattern), std::to_string(pattern.points.size()),
                        std::string(in(lang, pattern.title_ja, pattern.title_en))});
    std::cout << table_text(rows) << "kit " << prefixed_hex(kit->digest) << "\n";
    return exit_done;
}

int kit_make_command(const Arguments& given) {
    const std::filesystem::path out = given.required("--out");
    const kit::KitPtr kit = kit::embedded_kit();
    const std::string edition = given.text("--edition", "4.1");
    std::vector<Chosen> chosen;
    for (const std::string& id : split(given.text("--pattern")))
        chosen.push_back(chosen_of(given, pattern_of(*kit, id)));
    if (!given.has("--pattern"))
        for (const kit::Pattern& pattern : kit->patterns)
            if (pattern.edition(edition)) chosen.push_back(chosen_of(given, pattern));
    for (const Chosen& one : chosen) make_one(given, one, out);
    return exit_done;
}

int kit_check_command(const Arguments& given) {
    const Chosen chosen = chosen_of(given);
    const CatalogPtr catalog = embedded_catalog();
    auto files =
        value_or_fail(read_paths({given.operands().begin(), given.operands().end()}), "読めません");
    if (files.empty())
        throw Failure(exit_usage,
                      "ファイルがありません / no files in: " + given.operands().front());
    const auto outcome = kit::judge(
        *catalog, *kit::embedded_kit(),
        {chosen.pattern, chosen.edition, chosen.month, system_clock().now()}, std::move(files));
    if (const auto* unfit = std::get_if<kit::Unfit>(&outcome))
        throw Failure(exit_usage, printable(unfit->ja + " / " + unfit->en));
    const auto& judgement = std::get<kit::Judgement>(outcome);
    const Lang lang = lang_of(given);
    if (given.has("--report"))
        client::save_file(given.text("--report"), kit::report_html(judgement));
    if (given.text("--format") == "json")
        std::cout << boost::json::serialize(kit::to_json(*catalog, judgement, lang)) << "\n";
    else
        std::cout << kit::to_text(*catalog, judgement, lang);
    return judgement.all_met() ? exit_done : exit_not_good;
}

int kit_import_check_command(const Arguments& given) {
    const Chosen chosen = chosen_of(given);
    const CatalogPtr catalog = embedded_catalog();
    const kit::KitPtr kit = kit::embedded_kit();
    const Bytes answers = read_file(given.required("--answers"));
    const kit::ResultDocument result = value_or_fail(
        kit::read_answers(*kit, *catalog, *chosen.pattern, *chosen.edition, chosen.month, answers),
        "回答を読めません");
    const Lang lang = lang_of(given);
    if (given.text("--format") == "json") {
        std::cout << boost::json::serialize(kit::to_json(*kit, *catalog, result, lang)) << "\n";
    } else {
        for (const kit::PointState& point : result.points)
            if (point.state != "met")
                std::cout << "  " << point.id << "  NG  " << printable(point.note) << "\n";
        std::cout << result.pattern << ": " << result.met() << " / " << result.points.size()
                  << std::string(in(lang, " 点\n", " points met\n"));
    }
    return result.met() == result.points.size() ? exit_done : exit_not_good;
}

} // namespace cpg::cli
