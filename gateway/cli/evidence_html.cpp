#include "gateway/cli/evidence_html.hpp"

#include "gateway/cli/text.hpp"
#include "spec/base/html.hpp"

#include <algorithm>
#include <set>

namespace cpg::cli {
namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>ケアプランデータ連携 証跡資料</title><style>
@page { size: A4; margin: 14mm 12mm; }
* { box-sizing: border-box; }
body { font-family: "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", "Hiragino Sans", sans-serif;
       font-size: 9pt; line-height: 1.5; color: #111; margin: 0 auto; max-width: 186mm; padding: 4mm 0; }
h1 { font-size: 16pt; margin: 0; } h2 { font-size: 11pt; margin: 7mm 0 2mm; border-left: 1.5mm solid #235; padding-left: 2mm; }
.en { color: #555; font-size: 7.5pt; font-weight: normal; }
table { border-collapse: collapse; width: 100%; } thead { display: table-header-group; } tr { break-inside: avoid; }
th, td { border: 0.2mm solid #888; padding: 0.8mm 1.5mm; text-align: left; vertical-align: top; }
th { background: #eef2f6; font-weight: bold; } td.n, th.n { text-align: right; white-space: nowrap; }
.t { white-space: nowrap; } .id { font-family: monospace; font-size: 7pt; color: #444; overflow-wrap: anywhere; }
thead .en { display: block; } .kind { min-width: 27mm; } .state { min-width: 17mm; }
.facts { width: auto; margin-top: 4mm; } .facts th { white-space: nowrap; } .sum td { font-weight: bold; background: #f7f7f7; }
.bad { color: #a00; font-weight: bold; } ol, ul { margin: 1mm 0; padding-left: 6mm; } code { font-size: 8pt; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } }
</style></head><body>
)";

std::string escaped(std::string_view text) {
    return html_escaped(printable(text));
}

std::string both(std::string_view ja, std::string_view en) {
    return std::string(ja) + " <span class=\"en\">" + std::string(en) + "</span>";
}

struct StateWords {
    std::string_view state, ja, en;
};
constexpr StateWords state_words[] = {{"accepted", "受付済（未受領）", "accepted"},
                                      {"rejected", "受付拒否", "refused"},
                                      {"fetched", "受領済", "fetched"},
                                      {"imported", "取込済", "imported"},
                                      {"import_failed", "取込失敗", "import failed"},
                                      {"recalled", "取消", "recalled"},
                                      {"unclaimed", "期限内に未受領", "not collected"}};

std::string state_html(std::string_view state) {
    for (const auto& words : state_words)
        if (words.state == state) {
            const bool bad =
                state == "rejected" || state == "import_failed" || state == "unclaimed";
            return (bad ? "<span class=\"bad\">" : "<span>") + std::string(words.ja) + "</span>";
        }
    return escaped(state);
}

std::string office_html(const EvidencePage& page, const std::string& number) {
    const auto office = OfficeNo::parse(number);
    const auto name = office ? page.names.find(*office) : page.names.end();
    if (name == page.names.end()) return escaped(number.empty() ? "-" : number);
    return escaped(name->second) + "<br><span class=\"en\">" + escaped(number) + "</span>";
}

std::string number_cell(std::size_t value) {
    return "<td class=\"n\">" + (value == 0 ? std::string("-") : std::to_string(value)) + "</td>";
}

std::string fact(std::string_view ja, std::string_view en, const std::string& value) {
    return "<tr><th>" + both(ja, en) + "</th><td>" + value + "</td></tr>\n";
}

std::string facts(const EvidencePage& page) {
    std::size_t receipts = 0;
    for (const auto& bundle : page.bundles) receipts += bundle.receipts;
    std::string keys;
    for (const auto& key : page.keys) keys += "<div class=\"id\">" + escaped(key) + "</div>";
    return "<table class=\"facts\">\n" +
           fact("対象期間", "period (acceptance, Japan)", page.period) +
           fact("対象", "subject",
                page.subject.empty() ? both("全事業所", "all offices") : escaped(page.subject)) +
           fact("送信単位", "bundles", std::to_string(page.bundles.size()) + " 件") +
           fact("証跡", "receipts", std::to_string(receipts) + " 通") +
           fact("作成日時", "made", audit::japan_minute(page.made) + "（日本時間）") +
           fact("ログの公開鍵", "public key of the log", keys) + "</table>\n";
}

// -- who exchanged how much with whom, a column a month --

struct Line {
    std::map<std::string, std::size_t> by_month;
    std::size_t bundles = 0, fetched = 0, imported = 0, rejected = 0;

    void add(const audit::Usage& usage) {
        by_month[usage.month] += usage.bundles;
        bundles += usage.bundles;
        fetched += usage.fetched;
        imported += usage.imported;
        rejected += usage.rejected;
    }
};

std::string cells_of(const Line& line, const std::set<std::string>& months) {
    std::string text;
    for (const auto& month : months) {
        const auto found = line.by_month.find(month);
        text += number_cell(found == line.by_month.end() ? 0 : found->second);
    }
    for (const auto count : {line.bundles, line.fetched, line.imported, line.rejected})
        text += number_cell(count);
    return text;
}

std::string usage_table(const EvidencePage& page) {
    std::map<std::pair<std::string, std::string>, Line> lines;
    std::set<std::string> months;
    Line sum;
    for (const auto& usage : audit::usage_of(page.bundles)) {
        months.insert(usage.month);
        lines[{usage.from, usage.to}].add(usage);
        sum.add(usage);
    }
    std::string text = "<table><thead><tr><th>" + both("送信元", "from") + "</th><th>" +
                       both("あて先", "to") + "</th>";
    for (const auto& month : months) text += "<th class=\"n\">" + month + "</th>";
    for (const auto* word : {"受付計", "うち受領", "うち取込", "受付拒否"})
        text += "<th class=\"n\">" + std::string(word) + "</th>";
    text += "</tr></thead><tbody>\n";
    for (const auto& [pair, line] : lines)
        text += "<tr><td>" + office_html(page, pair.first) + "</td><td>" +
                office_html(page, pair.second) + "</td>" + cells_of(line, months) + "</tr>\n";
    text += "<tr class=\"sum\"><td colspan=\"2\">" + both("合計", "total") + "</td>" +
            cells_of(sum, months) + "</tr>\n";
    return text + "</tbody></table>\n";
}

// -- every bundle --

std::string minute(const std::optional<Time>& time) {
    return time ? audit::japan_minute(*time) : "-";
}

std::string number_of(const std::optional<OfficeNo>& office) {
    return office ? office->str() : std::string();
}

std::string bundle_row(const EvidencePage& page, const audit::PackedBundle& bundle) {
    const std::string month = bundle.month.has_value()
                                  ? "<br>" + bundle.month.str().substr(0, 4) + "年" +
                                        bundle.month.str().substr(4) + "月分"
                                  : std::string();
    return "<tr><td class=\"t\">" + audit::japan_minute(bundle.accepted) + "</td><td>" +
           office_html(page, number_of(bundle.from)) + "</td><td>" +
           office_html(page, number_of(bundle.to)) + "</td><td class=\"kind\">" +
           escaped(kind_text(bundle.kind, Lang::ja)) + month + "</td><td class=\"n\">" +
           std::to_string(bundle.files) + "</td><td class=\"state\">" + state_html(bundle.state) +
           "</td><td class=\"t\">" + minute(bundle.fetched) + "<br>" + minute(bundle.settled) +
           "</td><td class=\"n\">" + std::to_string(bundle.receipts) +
           "</td></tr>\n<tr><td colspan=\"8\" class=\"id\">" + bundle.id.str() + " ・ " +
           escaped(bundle.log) + " ・ 署名 " + escaped(bundle.signature_level) + "</td></tr>\n";
}

std::string bundle_table(const EvidencePage& page) {
    std::string text = "<table><thead><tr><th>" + both("受付日時", "accepted") + "</th><th>" +
                       both("送信元", "from") + "</th><th>" + both("あて先", "to") + "</th><th>" +
                       both("種類", "kind") + "</th><th class=\"n\">" + both("ファイル", "files") +
                       "</th><th>" + both("状態", "state") + "</th><th>" +
                       both("受領 / 取込・取消", "fetched / settled") + "</th><th class=\"n\">" +
                       both("証跡", "receipts") + "</th></tr></thead>\n";
    for (const auto& bundle : page.bundles)
        text += "<tbody>" + bundle_row(page, bundle) + "</tbody>";
    return text + "</table>\n";
}

constexpr std::string_view explanation = R"(<ol>
<li>この資料は、ゲートウェイの改ざん検知ログに記録された証跡（receipts フォルダー）だけから作られています。個人の情報は含みません。</li>
<li>確かめるには、同じフォルダーで <code>cpgw verify --trusted-key 公開鍵 .</code> を実行します。プログラムがなくても、
<code>sha256sum -c MANIFEST.sha256</code> と <code>python3 verify/verify_receipt.py --trusted-key 公開鍵 receipts/*/*.receipt.txt</code> で確かめられます。</li>
<li>公開鍵は、この資料からではなく、ゲートウェイの運営者など信頼できる相手から受け取ってください。</li>
<li>時刻はゲートウェイの時計によります。事業所の名称は名簿のもので、証跡が証明するのは事業所番号です。</li>
</ol>
<p class="en">Made from the receipts in this folder alone; no personal data. To verify: <code>cpgw verify --trusted-key KEY .</code>, or
<code>sha256sum -c MANIFEST.sha256</code> and <code>python3 verify/verify_receipt.py --trusted-key KEY receipts/*/*.receipt.txt</code>. Take
the key from somebody you trust, not from this pack. Times are by the gateway's clock; receipts prove offices' numbers, not their names.</p>
)";

} // namespace

std::string evidence_html(const EvidencePage& page) {
    return std::string(head) +
           "<h1>ケアプランデータ連携 証跡資料</h1>\n<div class=\"en\">Evidence of care-plan data "
           "exchange</div>\n" +
           facts(page) + "<h2>1. " +
           both("連携の実績（相手先 × 月）", "usage by partner and month") + "</h2>\n" +
           usage_table(page) + "<h2>2. " + both("送信単位の一覧", "every bundle") + "</h2>\n" +
           bundle_table(page) + "<h2>3. " + both("この資料の確かめ方", "how to verify") +
           "</h2>\n" + std::string(explanation) + "</body></html>\n";
}

} // namespace cpg::cli
