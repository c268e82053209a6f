// Dialects of care software: list, detect, convert, test (adapters/README.md).
#include "adapters/client/save_folder.hpp"
#include "adapters/dialect/convert.hpp"
#include "adapters/dialect/records_json.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/dialect_files.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/text.hpp"
#include "spec/render/report_json.hpp"
#include "spec/sample/sample.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <map>
#include <set>

namespace cpg::cli {

namespace {

const std::vector<Option>& dialects_option() {
    static const std::vector<Option> options = {
        {"--dialects", "DIR",
         "自分の方言の設定（.yaml）のフォルダー（同じ名前のものは置きかわります）",
         "folder of own dialects (.yaml); one of the same name replaces a shipped one"}};
    return options;
}

} // namespace

const Usage adapters_list_usage{"adapters list",
                                "読み書きできる介護ソフトの形式（方言）を表示します",
                                "shows the dialects of care software that can be read and written",
                                {"", 0, 0},
                                with(with(dialects_option(), lang_option()), format_option())};

const Usage adapters_detect_usage{"adapters detect",
                                  "ファイルがどの形式か、その理由とともに表示します",
                                  "says which dialect files are of, and why",
                                  {"PATH…", 1, any_number},
                                  with(with(dialects_option(), lang_option()), format_option())};

const Usage adapters_convert_usage{
    "adapters convert",
    "介護ソフトのファイルを標準仕様に、標準仕様のファイルを介護ソフトの形式に変えます",
    "turns files of care software into the standard's, and back",
    {"PATH…", 1, any_number},
    with(with(with({{"--out", "DIR", "書き出すフォルダー", "folder to write into"},
                    {"--dialect", "ID", "元のファイルの形式（既定 auto: 見分けます）",
                     "dialect of the files (default auto: told from the files)"},
                    {"--to-dialect", "ID", "標準のファイルをこの形式に変えます",
                     "turns files of the standard into this dialect"},
                    {"--tables", "DIR", "事業所の表（people.csv、offices.csv、services.csv など）",
                     "the office's tables (people.csv, offices.csv, services.csv …)"},
                    {"--service-codes", "PATH", "サービスコード表", "service code tables"},
                    {"--from", "OFFICE:TYPE", "ファイルにないときの送信元",
                     "sender, where the files do not say it"},
                    {"--to", "OFFICE:TYPE", "ファイルにないときの送信先",
                     "receiver, where the files do not say it"},
                    {"--month", "YYYYMM", "ファイルにないときの対象年月",
                     "month, where the files do not say it"},
                    {"--serial", "YYYYMMDDhhmmss", "通番がないときの最初の通番（既定 現在時刻）",
                     "first serial, where the files have none (default: now)"},
                    {"--edition", "4.1|3", "変換先の標準仕様の版（既定 4.1）",
                     "edition to convert to (default 4.1)"},
                    {"--profile", "NAME", "検査の厳しさ（既定 standard）",
                     "how strict the check is (default standard)"}},
                   dialects_option()),
              lang_option()),
         format_option())};

const Usage adapters_test_usage{
    "adapters test",
    "方言の設定（.yaml）を試します。見本を往復させ、失われるものがないか確かめます",
    "tries out a dialect: samples go there and back, nothing undeclared may be lost",
    {"FILE.yaml", 1, 1},
    with({{"--samples", "DIR", "ソフトが書いたファイルのフォルダー（読み書きして確かめます）",
           "folder of files that the software wrote (read, written and read again)"},
          {"--tables", "DIR", "事業所の表", "the office's tables"}},
         lang_option())};

namespace {

using namespace adapters;

Lang lang_of(const Arguments& given) {
    return given.text("--lang") == "en" ? Lang::en : Lang::ja;
}

std::vector<DialectPtr> dialects_of(const Arguments& given, const Catalog& catalog) {
    std::vector<LoadProblem> problems;
    auto dialects = load_dialects(catalog, given.text("--dialects"), problems);
    if (!problems.empty())
        throw Failure(exit_configuration, "方言の設定に誤りがあります / a dialect is wrong:\n" +
                                              problems_text(problems));
    return dialects;
}

const Dialect& dialect_named(const std::vector<DialectPtr>& dialects, const std::string& id) {
    for (const DialectPtr& dialect : dialects)
        if (dialect->id == id) return *dialect;
    throw UsageError("知らない形式です: " + id + "（cpgw adapters list） / unknown dialect: " + id);
}

std::string_view direction_words(adapters::Direction direction, Lang lang) {
    switch (direction) {
    case adapters::Direction::in:
        return in(lang, "読む", "in");
    case adapters::Direction::out:
        return in(lang, "書く", "out");
    case adapters::Direction::both:
        break;
    }
    return in(lang, "読み書き", "both");
}

std::string_view direction_id(adapters::Direction direction) {
    return direction == adapters::Direction::in    ? "in"
           : direction == adapters::Direction::out ? "out"
                                                   : "both";
}

// --- convert ---

OfficeTables tables_of_office(const Arguments& given) {
    OfficeTables tables;
    if (given.has("--tables")) {
        const std::string folder = given.text("--tables");
        if (!std::filesystem::is_directory(folder))
            throw Failure(exit_usage, "フォルダーがありません: " + folder + " / no such folder");
        tables = value_or_fail(read_office_tables(folder), "事業所の表が読めません");
    }
    if (given.has("--service-codes")) tables.service_codes = service_codes_of(given);
    return tables;
}

Serial serial_of(const Arguments& given) {
    const std::string text = given.text("--serial");
    if (text.empty()) {
        // The wall clock in Japan.
        const Time now = system_clock().now() + std::chrono::hours(9);
        const std::string utc = rfc3339(now);
        std::string digits;
        for (const char c : utc.substr(0, 19))
            if (c >= '0' && c <= '9') digits += c;
        return *Serial::parse(digits);
    }
    const auto serial = Serial::parse(text);
    if (!serial || !serial->is_real())
        throw UsageError("通番（YYYYMMDDhhmmss）ではありません: " + text +
                         " / --serial is not a date and time");
    return *serial;
}

Context context_of(const Arguments& given, const CatalogPtr& catalog) {
    Context context;
    context.catalog = catalog;
    context.tables = tables_of_office(given);
    context.check.take(*profile_of(given, *catalog));
    context.check.now = system_clock().now();
    context.check.service_codes = context.tables.service_codes;
    if (given.has("--from")) context.from = parse_office_ref("--from", given.text("--from"));
    if (given.has("--to")) context.to = parse_office_ref("--to", given.text("--to"));
    if (given.has("--month")) context.month = month_option(given);
    context.serial = serial_of(given);
    context.edition = given.text("--edition", "4.1");
    return context;
}

/// One outcome of a conversion: where it stands and what is said of it.
struct Told {
    std::string state; // ready, partial, quarantined
    std::string folder;
    const ConversionReport* report = nullptr;
};

std::string_view state_words(std::string_view state, Lang lang) {
    if (state == "ready") return in(lang, "変換しました", "converted");
    if (state == "partial")
        return in(lang, "参照用（送れません）", "for reference, cannot be sent");
    return in(lang, "差戻し", "quarantined");
}

void print(const std::vector<Told>& all, const Arguments& given) {
    const Lang lang = lang_of(given);
    if (given.text("--format") == "json") {
        boost::json::array sets;
        for (const Told& told : all) {
            boost::json::array notes;
            for (const Note& note : told.report->notes)
                notes.push_back({{"id", note.id}, {"words", words_of(note, lang)}});
            sets.push_back({{"state", told.state},
                            {"folder", told.folder},
                            {"conversion", told.report->header()},
                            {"notes", std::move(notes)}});
        }
        std::cout << boost::json::serialize(boost::json::object{{"sets", std::move(sets)}}) << "\n";
        return;
    }
    for (const Told& told : all) {
        std::cout << told.folder << ": " << state_words(told.state, lang) << "\n";
        std::string text = told.report->text(lang);
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            std::cout << "  " << printable(text.substr(at, end - at)) << "\n";
            at = end + 1;
        }
    }
}

std::string check_text(const Catalog& catalog, const Converted& set) {
    Report report;
    report.catalog = catalog.digest;
    report.profile = set.check->profile;
    report.verdict = set.check->verdict;
    report.bundles.push_back(*set.check);
    return to_text(catalog, report, Lang::ja) + "\n" + to_text(catalog, report, Lang::en);
}

/// What was converted stands alone in its folder, ready to be taken, the report beside it; a
/// refusal has its report inside.
std::string save(const std::filesystem::path& out, const std::string& name, bool good,
                 std::vector<client::SavedFile> files, const ConversionReport& report) {
    const std::string words = report.text(Lang::ja) + "\n" + report.text(Lang::en);
    const std::string json = report.json();
    if (!good) {
        files.push_back({"変換の報告.txt", words});
        files.push_back({"conversion.json", json});
    }
    done_or_fail(client::save_folder(out, name, files), "書けません");
    if (good) {
        client::save_file(out / (name + ".変換の報告.txt"), words);
        client::save_file(out / (name + ".conversion.json"), json);
    }
    return (out / name).string();
}

/// One set: the standard's files, or its records.
std::string save_set(const Catalog& catalog, const std::filesystem::path& out, const Converted& set,
                     std::size_t number) {
    const bool refused = set.state == Converted::State::quarantined;
    std::string records, check;
    std::vector<client::SavedFile> files;
    std::string name = set.tables.from.office.str() + "_" + set.tables.to.office.str() + "_" +
                       set.tables.serial.str();
    if (set.state == Converted::State::ready)
        for (const InputFile& file : set.files) files.push_back({file.name, file.bytes});
    if (set.state == Converted::State::partial) name = "参照_" + std::to_string(number);
    if (refused) name = "差戻し_" + std::to_string(number);
    if (set.state != Converted::State::ready && !set.tables.tables.empty()) {
        records = records_json(set.tables);
        files.push_back({"records.json", records});
    }
    if (set.check && refused) {
        check = check_text(catalog, set);
        files.push_back({"検査の結果.txt", check});
    }
    return save(out, name, !refused, std::move(files), set.report);
}

int convert_to_standard(const Arguments& given, const Context& context,
                        const std::vector<DialectPtr>& dialects,
                        const std::vector<DialectFile>& files) {
    const std::string id = given.text("--dialect", "auto");
    const std::vector<Converted> sets =
        id == "auto" ? to_standard_any(context, dialects, files)
                     : to_standard(context, dialect_named(dialects, id), files);
    std::vector<Told> told;
    bool good = true;
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const Converted& set = sets[i];
        const bool refused = set.state == Converted::State::quarantined;
        good = good && !refused;
        told.push_back({set.state == Converted::State::ready ? "ready"
                        : refused                            ? "quarantined"
                                                             : "partial",
                        save_set(*context.catalog, given.required("--out"), set, i + 1),
                        &set.report});
    }
    print(told, given);
    return good ? exit_done : exit_not_good;
}

std::vector<InputFile> as_input(const std::vector<DialectFile>& files) {
    std::vector<InputFile> out;
    for (const DialectFile& file : files)
        out.push_back({file.path.substr(file.path.rfind('/') + 1), file.bytes, nullptr});
    return out;
}

int convert_from_standard(const Arguments& given, const Context& context,
                          const std::vector<DialectPtr>& dialects,
                          const std::vector<DialectFile>& files) {
    const Dialect& dialect = dialect_named(dialects, given.text("--to-dialect"));
    if (!dialect.writes())
        throw UsageError("この形式は読むだけです: " + dialect.id + " / this dialect is only read");
    const Heap heap = group_files(*context.catalog, as_input(files));
    if (heap.bundles.empty())
        throw Failure(exit_usage, "標準仕様のファイルがありません / no files of the standard");
    for (const StrayFile& stray : heap.strays)
        std::cerr << printable(stray.input.name)
                  << ": 標準のファイル名ではないので除きました / not a name of the standard, left "
                     "out\n";
    std::vector<ForSoftware> written;
    for (const Bundle& bundle : heap.bundles)
        written.push_back(from_standard(context, dialect, bundle));
    std::vector<Told> told;
    bool good = heap.strays.empty();
    for (std::size_t i = 0; i < written.size(); ++i) {
        const Bundle& bundle = heap.bundles[i];
        const bool refused = written[i].report.is_refused();
        good = good && !refused;
        std::vector<client::SavedFile> saved;
        for (const DialectFile& file : written[i].files) saved.push_back({file.path, file.bytes});
        const std::string name = std::string(refused ? "差戻し_" : "") + dialect.id + "_" +
                                 bundle.from.office.str() + "_" + bundle.to.office.str() + "_" +
                                 bundle.serial.str();
        told.push_back(
            {refused ? "quarantined" : "ready",
             save(given.required("--out"), name, !refused, std::move(saved), written[i].report),
             &written[i].report});
    }
    print(told, given);
    return good ? exit_done : exit_not_good;
}

// --- test ---

struct Trial {
    std::size_t same = 0, refused = 0, failed = 0;
};

/// A sample that the dialect cannot hold is refused, and told; what it wrote must read back as the
/// same records.
void tell_trial(const std::string& what, const ConversionReport& report, Lang lang, Trial& trial) {
    if (!report.is_refused()) {
        ++trial.same;
        return;
    }
    const bool differs = std::any_of(report.notes.begin(), report.notes.end(),
                                     [](const Note& note) { return note.id == "A-BACK-01"; });
    ++(differs ? trial.failed : trial.refused);
    std::cout << printable(what) << "\n";
    for (const Note& note : report.notes)
        if (note_text(note.id).kind == NoteKind::refused)
            std::cout << "  - " << printable(words_of(note, lang)) << "\n";
}

/// The tables of an office that knows everybody and everything in the samples.
class SampleTables {
  public:
    void learn(const Bundle& bundle) {
        const auto set = tables_of(bundle);
        if (!set) return;
        for (const Table& table : set->tables)
            for (const adapters::Row& row : table.rows) learn(table, row);
    }
    void give_to(OfficeTables& tables) const {
        std::vector<std::vector<std::string>> people, codes;
        for (const auto& [number, person] : people_)
            people.push_back({"L" + number, person.at("insurer_no"), number, person.at("name"),
                              person.at("name_kana"), person.at("planner_office_no"),
                              person.at("planner_name")});
        for (const std::string& code : services_) codes.push_back({"見本サービス" + code, code});
        tables.tables["people"] = {{"local_id", "insurer_no", "insured_no", "name", "kana",
                                    "planner_office_no", "planner_name"},
                                   std::move(people)};
        tables.tables["services"] = {{"name", "service_code"}, std::move(codes)};
    }

  private:
    void learn(const Table& table, const adapters::Row& row) {
        if (const std::string code(table.at(row, "service_code")); !code.empty())
            services_.insert(code);
        auto& person = people_[std::string(table.at(row, "insured_no"))];
        for (const char* key :
             {"insurer_no", "name", "name_kana", "planner_office_no", "planner_name"})
            if (auto& known = person[key]; known.empty()) known = std::string(table.at(row, key));
    }

    std::map<std::string, std::map<std::string, std::string>> people_; // by 被保険者番号
    std::set<std::string> services_;
};

/// Whether the dialect has a place for records of any of the bundle's files.
bool has_place_for(const Dialect& dialect, const Bundle& bundle) {
    const auto makes = [&](const std::string& type) {
        for (const FileRule& rule : dialect.files)
            for (const RecordRule& record : rule.records)
                for (const Product& product : record.products)
                    if (product.type == type) return true;
        return false;
    };
    return std::any_of(bundle.files.begin(), bundle.files.end(),
                       [&](const BundleFile& file) { return makes(file.name.type->id); });
}

/// Samples of every kind that an edition's offices send: out and, inside from_standard, back.
void try_samples(Context context, const Dialect& dialect, Lang lang, Trial& trial) {
    const OfficeRef manager{*OfficeNo::parse("0370100017"), ServiceType::parse("43")};
    const OfficeRef visits{*OfficeNo::parse("0370100025"), ServiceType::parse("11")};
    const OfficeRef rental{*OfficeNo::parse("0370100033"), ServiceType::parse("17")};
    const std::pair<OfficeRef, std::vector<OfficeRef>> ways[] = {
        {manager, {visits, rental}}, {visits, {manager}}, {rental, {manager}}};
    // Months that the edition is for: the newest, and three apart.
    const int year = dialect.edition == "3" ? 2024 : 2026;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        SampleTables known; // of this month
        for (const auto& [from, to] : ways) {
            SampleRequest request;
            request.from = from;
            request.to = to;
            request.month = Month::of(year, static_cast<int>(1 + seed * 3));
            request.users = 3;
            request.edition = dialect.edition;
            request.seed = seed;
            const auto files = make_sample(*context.catalog, request);
            if (!files) continue; // an edition that does not have that way
            const Heap heap = group_files(*context.catalog, *files);
            for (const Bundle& bundle : heap.bundles) known.learn(bundle);
            known.give_to(context.tables);
            for (const Bundle& bundle : heap.bundles)
                if (has_place_for(dialect, bundle))
                    tell_trial(std::string(in(lang, "見本", "sample")) + " " +
                                   bundle.files.front().input.name,
                               from_standard(context, dialect, bundle).report, lang, trial);
        }
    }
}

/// What the software wrote: read, written again, and read back inside from_standard.
void try_files(const Context& context, const Dialect& dialect,
               const std::vector<DialectFile>& files, Lang lang, Trial& trial) {
    for (const Converted& set : to_standard(context, dialect, files)) {
        tell_trial(set.sources.front(), set.report, lang, trial);
        if (set.state != Converted::State::ready || !dialect.writes()) continue;
        for (const Bundle& bundle : group_files(*context.catalog, set.files).bundles)
            tell_trial(set.sources.front() +
                           std::string(in(lang, "（書き戻し）", " (written back)")),
                       from_standard(context, dialect, bundle).report, lang, trial);
    }
}

} // namespace

int adapters_list_command(const Arguments& given) {
    const Lang lang = lang_of(given);
    const CatalogPtr catalog = embedded_catalog();
    const auto dialects = dialects_of(given, *catalog);
    if (given.text("--format") == "json") {
        boost::json::array list;
        for (const DialectPtr& dialect : dialects)
            list.push_back({{"dialect", dialect->id},
                            {"version", dialect->version},
                            {"edition", dialect->edition},
                            {"direction", direction_id(dialect->direction)},
                            {"title", in(lang, dialect->title_ja, dialect->title_en)},
                            {"about", in(lang, dialect->about_ja, dialect->about_en)},
                            {"sha256", prefixed_hex(dialect->digest)}});
        std::cout << boost::json::serialize(list) << "\n";
        return exit_done;
    }
    std::vector<Row> rows = {
        {std::string(in(lang, "形式", "dialect")), std::string(in(lang, "版", "version")),
         std::string(in(lang, "向き", "direction")), std::string(in(lang, "内容", "title"))}};
    for (const DialectPtr& dialect : dialects)
        rows.push_back({dialect->id, std::to_string(dialect->version),
                        std::string(direction_words(dialect->direction, lang)),
                        std::string(in(lang, dialect->title_ja, dialect->title_en))});
    std::cout << table_text(rows);
    return exit_done;
}

int adapters_detect_command(const Arguments& given) {
    const Lang lang = lang_of(given);
    const CatalogPtr catalog = embedded_catalog();
    const auto dialects = dialects_of(given, *catalog);
    const auto files = read_dialect_files(given.operands());
    bool all = true;
    boost::json::array list;
    for (const DialectFile& file : files) {
        const Detection found = detect(dialects, file);
        const Dialect* const dialect = found.dialect();
        all = all && dialect;
        boost::json::array candidates;
        std::string text;
        for (const Candidate& candidate : found.candidates) {
            const auto& why = lang == Lang::ja ? candidate.why_ja : candidate.why_en;
            boost::json::array reasons;
            text += "  " + std::string(candidate.matches ? "○ " : "－ ") + candidate.dialect->id;
            for (const std::string& reason : why) {
                reasons.emplace_back(reason);
                text += "\n      " + printable(reason);
            }
            text += "\n";
            candidates.push_back({{"dialect", candidate.dialect->id},
                                  {"matches", candidate.matches},
                                  {"why", std::move(reasons)}});
        }
        list.push_back({{"file", file.path},
                        {"dialect", dialect ? boost::json::value(dialect->id) : nullptr},
                        {"candidates", std::move(candidates)}});
        if (given.text("--format") == "json") continue;
        std::cout << printable(file.path) << ": "
                  << (dialect ? dialect->id
                              : std::string(in(lang, "決められません", "cannot be told")))
                  << "\n"
                  << text;
    }
    if (given.text("--format") == "json") std::cout << boost::json::serialize(list) << "\n";
    return all ? exit_done : exit_not_good;
}

int adapters_convert_command(const Arguments& given) {
    given.required("--out");
    const CatalogPtr catalog = embedded_catalog();
    const auto dialects = dialects_of(given, *catalog);
    const Context context = context_of(given, catalog);
    const auto files = read_dialect_files(given.operands());
    if (given.has("--to-dialect") && given.has("--dialect"))
        throw UsageError("--dialect と --to-dialect はどちらか一つです / give either --dialect or "
                         "--to-dialect");
    return given.has("--to-dialect") ? convert_from_standard(given, context, dialects, files)
                                     : convert_to_standard(given, context, dialects, files);
}

int adapters_test_command(const Arguments& given) {
    const Lang lang = lang_of(given);
    const CatalogPtr catalog = embedded_catalog();
    const std::filesystem::path path = given.operands().front();
    SourceFile source;
    try {
        source = read_source_file(path);
    } catch (const std::runtime_error& failure) {
        throw Failure(exit_usage, std::string("読めません / cannot read: ") + failure.what());
    }
    const DialectOutcome loaded = load_dialect(*catalog, source);
    if (!loaded.dialect) {
        std::cout << problems_text(loaded.problems) << "\n";
        return exit_not_good;
    }
    Context context;
    context.catalog = catalog;
    context.tables = tables_of_office(given);
    context.serial = *Serial::parse("20260401090000");
    Trial trial;
    if (loaded.dialect->writes()) try_samples(context, *loaded.dialect, lang, trial);
    if (given.has("--samples"))
        try_files(context, *loaded.dialect, read_dialect_files({given.text("--samples")}), lang,
                  trial);
    std::cout << loaded.dialect->id << ": " << in(lang, "往復して同じ ", "the same there and back ")
              << trial.same << in(lang, "、断ったもの ", ", refused ") << trial.refused
              << in(lang, "、変わってしまうもの ", ", changed ") << trial.failed << "\n";
    return trial.failed == 0 ? exit_done : exit_not_good;
}

} // namespace cpg::cli
