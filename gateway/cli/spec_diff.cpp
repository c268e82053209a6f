#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/corpus.hpp"
#include "gateway/cli/progress.hpp"
#include "gateway/cli/text.hpp"
#include "spec/load/diff.hpp"

#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

const Usage spec_diff_usage{
    "spec diff",
    "二つの版の違いを言葉で示し、新たに誤りになるファイルを挙げます",
    "says what changed between two editions and which files would newly fail",
    {"OLD NEW", 2, 2},
    with(with(with({{"--corpus", "DIR", "旧版のファイルのフォルダー。両方の版で検査して比べます",
                     "folder of files of the old edition, checked by both"},
                    {"--old-spec-dir", "DIR",
                     "旧版の表をこのフォルダーから読みます（規則の変更を比べるとき）",
                     "reads the old edition from here (to compare a change of the rules)"}},
                   format_option()),
              lang_option()),
         spec_dir_option())};

namespace {

const Edition& edition_of(const Catalog& catalog, const std::string& id) {
    const Edition* const edition = catalog.edition(id);
    if (!edition) throw UsageError("知らない版です: " + id + " / unknown edition: " + id);
    return *edition;
}

std::string changes_text(const std::vector<EditionChange>& changes, Lang lang) {
    if (changes.empty())
        return std::string(in(lang, "表に違いはありません。", "The tables are the same.")) + "\n";
    std::string text;
    std::optional<EditionChange::Area> area;
    for (const EditionChange& change : changes) {
        if (area != change.area) {
            text += (area ? "\n■ " : "■ ") + std::string(words_of(change.area, lang == Lang::ja)) +
                    "\n";
            area = change.area;
        }
        text += "  " + change.subject + "  " + (lang == Lang::ja ? change.ja : change.en) + "\n";
    }
    return text;
}

std::string rule_lines(const Catalog& catalog, const CorpusFailure& failure, Lang lang) {
    std::string text;
    for (const auto& [rule, count] : failure.rules) {
        const RuleText& words = catalog.rule(rule);
        text += "    " + rule + " × " + std::to_string(count) + "  " +
                (lang == Lang::ja ? words.title_ja : words.title_en) + "\n";
    }
    if (failure.gone)
        text += std::string(in(lang, "    新しい版にないファイル種別です",
                               "    the new edition has no such file type")) +
                "\n";
    return text;
}

std::string corpus_text(const Catalog& catalog, const CorpusOutcome& outcome, Lang lang) {
    std::string text =
        "\n■ " + std::string(in(lang, "新たに誤りになるファイル", "files that newly fail")) + "\n";
    for (const CorpusFailure& failure : outcome.failures) {
        const std::string file = failure.file.empty()
                                     ? std::string(in(lang, "（送信単位）", "(the bundle)"))
                                     : printable(failure.file);
        text += "  " + printable(failure.place) + " › " + file + "\n" +
                rule_lines(catalog, failure, lang);
    }
    const auto number = [](std::size_t count) { return std::to_string(count); };
    text += lang == Lang::ja
                ? number(outcome.files) + " ファイル（" + number(outcome.bundles) +
                      " 送信単位）を、ファイル名と CSVバージョンを新しい版のものにして比べ、" +
                      number(outcome.failures.size()) +
                      " 件が新たに誤りになります。比べなかったファイル " + number(outcome.other) +
                      "\n"
                : number(outcome.files) + " files (" + number(outcome.bundles) +
                      " bundles) compared under the new edition's names and CSV version; " +
                      number(outcome.failures.size()) +
                      " newly fail; not compared: " + number(outcome.other) + "\n";
    return text;
}

boost::json::array changes_json(const std::vector<EditionChange>& changes, Lang lang) {
    boost::json::array list;
    for (const EditionChange& change : changes)
        list.push_back({{"area", words_of(change.area, false)},
                        {"subject", change.subject},
                        {"text", lang == Lang::ja ? change.ja : change.en}});
    return list;
}

boost::json::object corpus_json(const CorpusOutcome& outcome) {
    boost::json::array list;
    for (const CorpusFailure& failure : outcome.failures) {
        boost::json::object rules;
        for (const auto& [rule, count] : failure.rules) rules[rule] = count;
        list.push_back({{"place", failure.place},
                        {"file", failure.file},
                        {"type_is_gone", failure.gone},
                        {"rules", std::move(rules)}});
    }
    return {{"bundles", outcome.bundles},
            {"files", outcome.files},
            {"not_compared", outcome.other},
            {"newly_failing", std::move(list)}};
}

} // namespace

int spec_diff_command(const Arguments& given) {
    const CatalogPtr newer = catalog_of(given);
    const CatalogPtr older =
        given.has("--old-spec-dir") ? catalog_in(given.text("--old-spec-dir")) : newer;
    const Edition& old_edition = edition_of(*older, given.operands()[0]);
    const Edition& new_edition = edition_of(*newer, given.operands()[1]);
    const Lang lang = given.text("--lang") == "en" ? Lang::en : Lang::ja;
    const std::vector<EditionChange> changes = diff_editions(old_edition, new_edition);
    std::optional<CorpusOutcome> corpus;
    if (given.has("--corpus")) {
        Progress progress;
        corpus = compare_corpus({*older, old_edition, *newer, new_edition}, given.text("--corpus"),
                                [&](std::uint64_t files) {
                                    progress.show("比較 / comparing " + std::to_string(files));
                                });
        progress.clear();
    }
    if (given.text("--format") == "json") {
        boost::json::object out{{"old", old_edition.id},
                                {"new", new_edition.id},
                                {"changes", changes_json(changes, lang)}};
        if (corpus) out["corpus"] = corpus_json(*corpus);
        std::cout << boost::json::serialize(out) << "\n";
    } else {
        std::cout << changes_text(changes, lang);
        if (corpus) std::cout << corpus_text(*newer, *corpus, lang);
    }
    return corpus && !corpus->failures.empty() ? exit_not_good : exit_done;
}

} // namespace cpg::cli
