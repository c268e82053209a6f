#include "adapters/dialect/notes.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>

namespace cpg::adapters {
namespace {

using Texts = std::vector<NoteText>;

const Texts& texts() {
    using enum NoteKind;
    static const Texts list{
        {"A-BACK-01", refused, "書いたファイルを読み戻すと、元の記録と同じになりません（{detail}）",
         "what was written does not read back as the same records ({detail})",
         "このファイルは出しません。方言の設定を直す必要があります。ソフトの担当者にお知らせくださ"
         "い。",
         "the file is not released; the dialect's profile has to be mended"},
        {"A-CHK-01", refused, "標準仕様の検査に通りません（エラー {detail} 件）",
         "the result does not pass the standard's check ({detail} errors)",
         "検査結果に出ている項目をソフトで直し、もう一度書き出してください。",
         "mend the items named in the check's report in the software and export again"},
        {"A-CSV-01", refused, "CSV として読めません（{detail}）", "not readable as CSV ({detail})",
         "引用符や改行がくずれていないか確かめ、もう一度書き出してください。",
         "look for broken quotes or line ends and export again"},
        {"A-CSV-02", refused, "列の数が違います（{detail}）",
         "another number of columns than expected ({detail})",
         "書き出しの設定が変わっていないか確かめてください。",
         "look whether the software's export settings have changed"},
        {"A-CSV-03", refused, "大きすぎます（上限 {detail}）", "too large (limit {detail})",
         "月や事業所を分けて書き出してください。", "export by month or office"},
        {"A-DAY-01", refused, "その月にない日に印があります（{detail} 日）",
         "a day the month does not have is marked (day {detail})",
         "対象年月と日を確かめてください。", "compare the month and the day"},
        {"A-DAY-02", refused, "日の欄が読めません（{detail} 日）",
         "the cell of a day cannot be read (day {detail})", "回数または印を確かめてください。",
         "look at the count or mark"},
        {"A-DER-01", refused, "ほかの項目と合いません（{detail}）",
         "does not agree with other items ({detail})",
         "どちらが正しいか決められません。ソフトで直してください。",
         "nothing says which is right: mend it in the software"},
        {"A-DET-01", refused, "どのソフトの形式か分かりません", "no known form of care software",
         "ファイル名と先頭行を確かめるか、設定で形式（dialect）を指定してください。",
         "look at the name and the first lines, or name the dialect in the settings"},
        {"A-DET-02", refused, "複数の形式に当てはまります（{detail}）",
         "fits several forms ({detail})", "設定で形式（dialect）を一つ指定してください。",
         "name one dialect in the settings"},
        {"A-EDI-01", told, "元の版にない項目のため、空のままです（第{detail}版の項目）",
         "stays empty: an item of edition {detail} that the source's edition does not have",
         "そのままで構いません。", "nothing to do"},
        {"A-EDI-02", told,
         "福祉用具のTAISコードも届出コードも分かりません。検査で止まります（R-WEL-01）",
         "neither TAIS code nor notified code of rented equipment is known: the check will refuse "
         "it "
         "(R-WEL-01)",
         "{detail} に、その用具のコードを一つ書いてください。", "write its one code into {detail}"},
        {"A-EDI-03", told, "元の版にないファイルが、この送信単位には要ります（{detail}）",
         "the bundle needs a file that the source's edition does not have ({detail})",
         "ソフトを新しい版に切りかえて書き出してください。",
         "let the software export in the new edition"},
        {"A-EDI-04", refused, "知らない版です（{detail}）", "an unknown edition ({detail})",
         "版の指定を確かめてください。", "look at the edition that was asked for"},
        {"A-EDI-05", refused, "第{detail}版には、この記録を入れるファイルが一つもありません",
         "edition {detail} has no file for any of these records",
         "相手に新しい版で受け取ってもらってください。", "the partner has to take the new edition"},
        {"A-ENC-01", refused, "文字コードが読めません", "the encoding cannot be read",
         "{detail} のいずれかで書き出してください。", "export in one of {detail}"},
        {"A-ENC-02", refused, "書き出し先の文字コードにない文字があります",
         "a character that the target encoding does not have",
         "元の記録で、その文字を別の表記に直してください（こちらでは置きかえません）。",
         "write that character otherwise in the source; nothing is replaced here"},
        {"A-ENC-03", normalised, "見た目が同じ別の文字に書きかえました（〜－など）",
         "characters written as their look-alikes (wave dash and such)", "そのままで構いません。",
         "nothing to do"},
        {"A-ENC-04", refused, "外字があります", "a user-defined character (gaiji)",
         "標準の文字に直してください。", "write it with a standard character"},
        {"A-ENV-01", refused, "送信元・送信先・対象年月のいずれかが分かりません（{detail}）",
         "sender, receiver or month is not known ({detail})",
         "設定または送信時の指定で補ってください。",
         "give it in the settings or on the command line"},
        {"A-ENV-02", refused, "事業所のサービス種類が決められません（{detail}）",
         "the service type of an office cannot be told ({detail})",
         "offices.csv にその事業所のサービス種類を一つ書くか、指定してください。",
         "write one service type of that office into offices.csv, or name it"},
        {"A-ENV-03", looked_up, "事業所のサービス種類を offices.csv から補いました",
         "the service type of an office was taken from offices.csv", "確かめてください。",
         "please look at it"},
        {"A-FILL-01", filled, "元にない項目を補いました（{detail}）",
         "an item the source does not have was filled in ({detail})",
         "値が違うときは、設定を直してください。", "mend the settings if the value is wrong"},
        {"A-FILL-02", filled, "欠けていた先頭の 0 を補いました（{detail}）",
         "a missing leading zero was restored ({detail})",
         "ソフトの書き出し設定を確かめてください。", "look at the software's export settings"},
        {"A-FILL-03", filled, "入れかわっていたサービス種類を元に戻しました",
         "swapped service types were put right", "ソフトのファイル名の作り方を確かめてください。",
         "look at how the software names its files"},
        {"A-HEAD-01", refused, "見出し行が見つかりません", "no header row was found",
         "見出し行つきで書き出してください。", "export with the header row"},
        {"A-HEAD-02", refused, "必要な列がありません（{detail}）",
         "a needed column is missing ({detail})", "書き出す項目にその列を加えてください。",
         "add that column to the export"},
        {"A-HEAD-03", refused, "同じ見出しの列が二つあります（{detail}）",
         "two columns have the same header ({detail})", "どちらか一つにしてください。",
         "leave one of them"},
        {"A-HEAD-04", told, "使わない列があります（{detail}）", "a column is not used ({detail})",
         "そのままで構いません。", "nothing to do"},
        {"A-HEAD-05", refused, "見出しの前の行に必要な記載がありません（{detail}）",
         "what has to stand above the header is missing ({detail})",
         "表題の行を消さずに書き出してください。", "export with the title lines"},
        {"A-HEAD-06", told, "見出しの行を除きました", "a header row was left out",
         "そのままで構いません。", "nothing to do"},
        {"A-KEY-01", refused, "同じ人の記録が食い違っています", "records of one person contradict",
         "古い記録をソフトで整理してから書き出してください（こちらでは選びません）。",
         "clear the old records in the software; none is chosen here"},
        {"A-KEY-02", told, "同じ内容の記録が重なっているため、一つにしました",
         "identical records were taken once", "そのままで構いません。", "nothing to do"},
        {"A-KEY-03", told, "対象年月に合う期間の記録を使いました",
         "the record whose period covers the month was taken", "期間を確かめてください。",
         "please look at the period"},
        {"A-LOOK-01", refused, "事業所の表（{detail}）に見つかりません",
         "not found in the office's table ({detail})", "表にその行を加えてください。",
         "add the row to the table"},
        {"A-LOOK-02", refused, "事業所の表（{detail}）に複数あり、決められません",
         "several rows of the office's table fit ({detail})",
         "表を直すか、元のファイルに番号を入れてください。",
         "mend the table, or write the number into the source"},
        {"A-LOOK-03", looked_up, "事業所の表（{detail}）から補いました",
         "taken from the office's table ({detail})", "確かめてください。", "please look at it"},
        {"A-LOOK-04", told, "事業所の表（{detail}）にないため空のままにしました",
         "left empty: not in the office's table ({detail})", "必要なら表に加えてください。",
         "add it to the table if it is needed"},
        {"A-LOSS-01", lost, "相手の形式に欄がないため、渡せない項目があります",
         "an item has no place on the other side", "必要なら標準のファイルで確かめてください。",
         "look into the standard's file where it matters"},
        {"A-LOSS-02", lost, "相手の形式にないため、渡せないファイルがあります（{detail}）",
         "a file has no place on the other side ({detail})",
         "必要なら標準のファイルで確かめてください。",
         "look into the standard's file where it matters"},
        {"A-LOSS-03", refused, "黙って失われる項目があります",
         "an item would be lost without being declared",
         "このファイルは出しません。方言の設定（loses）に加える必要があります。",
         "the file is not released; the dialect's profile has to declare it"},
        {"A-NAME-01", refused, "ファイル名がこの形式のものではありません",
         "the file's name is not of this dialect", "書き出したままの名前にしてください。",
         "keep the name that the software gave"},
        {"A-NAME-02", refused, "名前は削除のファイルですが、中身は別の記録です",
         "the name says deletion, the content is something else",
         "削除は行いません。ソフトのファイル名の作り方を直してください。",
         "nothing is deleted; mend how the software names its files"},
        {"A-NAME-03", refused, "ファイル名の一部が読めません（{detail}）",
         "a part of the file's name cannot be read ({detail})",
         "事業所番号・年月・連番を確かめてください。", "look at office number, month and serial"},
        {"A-PART-01", told, "これだけでは標準の送信単位になりません（{detail}）",
         "makes no bundle of the standard by itself ({detail})", "照合や参照に使えます。",
         "of use for comparing and looking up"},
        {"A-REC-01", refused, "知らない種類の行です", "an unknown kind of row",
         "書き出しの設定を確かめてください。", "look at the software's export settings"},
        {"A-REC-02", refused, "明細の前にあるはずの行がありません（{detail}）",
         "a row that has to come first is missing ({detail})",
         "途中から切り取らずに渡してください。", "hand over the whole file"},
        {"A-REC-03", refused, "コントロールの件数と合いません（{detail}）",
         "the control record's count differs ({detail})", "もう一度書き出してください。",
         "export again"},
        {"A-REC-04", refused, "エンドの行がありません、または後に行があります",
         "the end record is missing or not the last", "もう一度書き出してください。",
         "export again"},
        {"A-REC-05", refused, "記録が一件もありません", "there is no record at all",
         "書き出しの条件を確かめてください。", "look at the export's conditions"},
        {"A-SKIP-01", skipped, "読めない行を除きました（{detail}）",
         "a row that cannot be read was left out ({detail})", "行を確かめてください。",
         "please look at the row"},
        {"A-VAL-01", refused, "書き方が読めません", "written in no form that is known",
         "ソフトでの入力を確かめてください。", "look at the entry in the software"},
        {"A-VAL-02", refused, "必要な項目が空です", "a required item is empty",
         "ソフトで入力してください。", "enter it in the software"},
        {"A-VAL-03", refused, "コード表にない値です（{detail}）",
         "no value of the code table ({detail})",
         "ソフトでの入力を確かめるか、コード表に加えてください。",
         "look at the entry, or add it to the code table"},
        {"A-VAL-04", normalised, "書き方を標準にそろえました", "written in the standard's form",
         "そのままで構いません。", "nothing to do"},
        {"A-VAL-05", refused, "この値を相手の形式で書けません",
         "the value cannot be written in that form", "元の記録を確かめてください。",
         "look at the source record"},
    };
    return list;
}

std::string with_detail(std::string_view text, const std::string& detail) {
    std::string out(text);
    const std::string_view place = "{detail}";
    for (std::size_t at = out.find(place); at != std::string::npos;
         at = out.find(place, at + detail.size()))
        out.replace(at, place.size(), detail);
    return out;
}

std::string place_of(const Note& note, Lang lang) {
    std::string place;
    if (!note.file.empty()) place += note.file + " ";
    if (note.line != 0)
        place += lang == Lang::ja ? std::to_string(note.line) + " 行目 "
                                  : "line " + std::to_string(note.line) + " ";
    if (!note.column.empty()) place += "「" + note.column + "」";
    if (!note.item.empty() && note.item != note.column)
        place += lang == Lang::ja ? "（" + note.item + "）" : " (" + note.item + ")";
    while (place.ends_with(' ')) place.pop_back();
    return place;
}

boost::json::array to_json(const std::vector<SourceDigest>& files) {
    boost::json::array list;
    for (const SourceDigest& file : files)
        list.push_back(boost::json::object{
            {"path", file.path}, {"bytes", file.bytes}, {"sha256", prefixed_hex(file.sha256)}});
    return list;
}

boost::json::object to_json(const Note& note) {
    const NoteText& text = note_text(note.id);
    boost::json::object out{{"id", note.id}, {"kind", name_of(text.kind)}};
    if (!note.file.empty()) out["file"] = note.file;
    if (note.line != 0) out["line"] = note.line;
    if (!note.column.empty()) out["column"] = note.column;
    if (!note.key.empty()) out["key"] = note.key;
    if (!note.item.empty()) out["item"] = note.item;
    if (!note.detail.empty()) out["detail"] = note.detail;
    out["count"] = note.count;
    out["message"] = with_detail(text.ja, note.detail);
    out["hint"] = with_detail(text.hint_ja, note.detail);
    return out;
}

bool same_place(const Note& left, const Note& right) {
    return left.id == right.id && left.file == right.file && left.column == right.column &&
           left.key == right.key && left.detail == right.detail;
}

} // namespace

std::string_view name_of(NoteKind kind) {
    switch (kind) {
    case NoteKind::refused:
        return "refused";
    case NoteKind::skipped:
        return "skipped";
    case NoteKind::filled:
        return "filled";
    case NoteKind::looked_up:
        return "looked_up";
    case NoteKind::lost:
        return "lost";
    case NoteKind::normalised:
        return "normalised";
    case NoteKind::told:
        return "told";
    }
    return "told";
}

const std::vector<NoteText>& note_texts() {
    return texts();
}

const NoteText& note_text(std::string_view id) {
    const auto found =
        std::lower_bound(texts().begin(), texts().end(), id,
                         [](const NoteText& t, std::string_view i) { return t.id < i; });
    if (found == texts().end() || found->id != id)
        throw std::logic_error("no text for note " + std::string(id));
    return *found;
}

std::string words_of(const Note& note, Lang lang) {
    const NoteText& text = note_text(note.id);
    const bool ja = lang == Lang::ja;
    std::string out = place_of(note, lang);
    if (!out.empty()) out += ": ";
    out += with_detail(ja ? text.ja : text.en, note.detail);
    if (note.count > 1)
        out += ja ? "（ほか " + std::to_string(note.count - 1) + " か所）"
                  : " (and " + std::to_string(note.count - 1) + " more)";
    out += ja ? "。" : ". ";
    out += with_detail(ja ? text.hint_ja : text.hint_en, note.detail);
    return out + " [" + note.id + "]";
}

void ConversionReport::add(Note note) {
    note_text(note.id); // an unknown id is a bug, here and now
    for (Note& known : notes)
        if (same_place(known, note)) {
            known.count += note.count;
            return;
        }
    notes.push_back(std::move(note));
}

std::uint64_t ConversionReport::count(NoteKind kind) const {
    std::uint64_t sum = 0;
    for (const Note& note : notes)
        if (note_text(note.id).kind == kind) sum += note.count;
    return sum;
}

std::string ConversionReport::json() const {
    boost::json::array list;
    for (const Note& note : notes) list.push_back(to_json(note));
    const boost::json::object head{{"format", "cpgw-conversion/1"},
                                   {"dialect", dialect},
                                   {"version", version},
                                   {"to_standard", to_standard},
                                   {"fills", count(NoteKind::filled)},
                                   {"lookups", count(NoteKind::looked_up)},
                                   {"refused", is_refused()},
                                   {"sources", adapters::to_json(sources)},
                                   {"outputs", adapters::to_json(outputs)}};
    std::string out = boost::json::serialize(head);
    out.back() = ',';
    out += "\"notes\":[";
    for (std::size_t i = 0; i < list.size(); ++i)
        out += (i == 0 ? "\n" : ",\n") + boost::json::serialize(list[i]);
    return out + (list.empty() ? "]}\n" : "\n]}\n");
}

std::string ConversionReport::text(Lang lang) const {
    const bool ja = lang == Lang::ja;
    std::string out = ja ? "形式: " : "dialect: ";
    out += dialect + " 第" + std::to_string(version) + "版";
    if (!ja) out = "dialect: " + dialect + " version " + std::to_string(version);
    out += ja ? (to_standard ? "（標準仕様へ変換）\n" : "（標準仕様から変換）\n")
              : (to_standard ? " (to the standard)\n" : " (from the standard)\n");
    for (const NoteKind kind :
         {NoteKind::refused, NoteKind::skipped, NoteKind::filled, NoteKind::looked_up,
          NoteKind::lost, NoteKind::normalised, NoteKind::told})
        for (const Note& note : notes)
            if (note_text(note.id).kind == kind) out += "- " + words_of(note, lang) + "\n";
    return out;
}

Digest ConversionReport::digest() const {
    return sha256(json());
}

std::string ConversionReport::header() const {
    return dialect + "@" + std::to_string(version) +
           "; fills=" + std::to_string(count(NoteKind::filled)) +
           "; lookups=" + std::to_string(count(NoteKind::looked_up)) +
           "; report=" + prefixed_hex(digest());
}

} // namespace cpg::adapters
