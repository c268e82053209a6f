#include "adapters/hotfolder/status.hpp"

#include "adapters/client/client.hpp"
#include "spec/base/html.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::hotfolder {
namespace {

namespace json = boost::json;

constexpr std::size_t max_listed = 50; // of a page; the number is always the whole

const Words unknown{"不明（確かめられません）", "unknown (could not be looked at)"};

template<class T> Words count_words(const std::optional<std::vector<T>>& items) {
    if (!items) return unknown;
    return {std::to_string(items->size()) + " 件", std::to_string(items->size())};
}
Words count_words(const std::optional<std::size_t>& count) {
    if (!count) return unknown;
    return {std::to_string(*count) + " 件", std::to_string(*count)};
}

Words gateway_words(const GatewayView& gateway) {
    if (!gateway.reachable) return {"まだ問い合わせていません", "not asked yet"};
    const Words since = japan_words(gateway.since);
    if (*gateway.reachable)
        return {since.ja + " からつながっています", "reachable since " + since.en};
    return {since.ja +
                " からつながりません。送るものは取ってあり、自動で送り直します: " + gateway.why.ja,
            "not reachable since " + since.en +
                "; what is to be sent is kept and sent later: " + gateway.why.en};
}

Words certificate_words(const GatewayView& gateway) {
    if (!gateway.certificate_days) return unknown;
    const int days = *gateway.certificate_days;
    if (days < 0) return {"期限が切れています。更新してください", "expired: renew it"};
    Words words{"あと " + std::to_string(days) + " 日", std::to_string(days) + " days left"};
    if (days <= certificate_warning_days) {
        words.ja += "。更新してください";
        words.en += ": renew it";
    }
    return words;
}

struct Line {
    Words label, value;
};

std::vector<Line> lines_of(const OfficeView& office) {
    return {
        {{"ゲートウェイ", "gateway"}, gateway_words(office.gateway)},
        {{"証明書", "certificate"}, certificate_words(office.gateway)},
        {{"送信フォルダーで待っているファイル", "files waiting in the outgoing folder"},
         count_words(office.outgoing.waiting)},
        {{"送信待ち・送信中", "to be sent"}, count_words(office.outgoing.queued)},
        {{"今日送ったもの", "sent today"}, count_words(office.outgoing.sent_today)},
        {{"差戻し", "returned"}, count_words(office.outgoing.returned)},
        {{"今日届いたもの", "received today"}, count_words(office.incoming.received_today)},
        {{"取込み待ち", "waiting for import"}, count_words(office.incoming.waiting_for_import)},
    };
}

std::vector<Trouble> all_troubles(const OfficeView& office) {
    std::vector<Trouble> all = office.troubles;
    const auto& days = office.gateway.certificate_days;
    if (days && *days < 0)
        all.push_back({"certificate.expired",
                       {"証明書の期限が切れているので、送受信できません。更新してください。",
                        "The certificate has expired; nothing is sent or fetched until it is "
                        "renewed."}});
    else if (days && *days <= certificate_warning_days)
        all.push_back(
            {"certificate.ends",
             {"証明書の期限まであと " + std::to_string(*days) + " 日です。更新してください。",
              "The certificate ends in " + std::to_string(*days) + " days: renew it."}});
    for (const auto* troubles : {&office.outgoing.troubles, &office.incoming.troubles})
        for (const auto& trouble : *troubles) {
            bool known = false;
            for (const auto& one : all) // both ways say that the gateway is away
                known = known || (one.code == trouble.code && one.what.ja == trouble.what.ja);
            if (!known) all.push_back(trouble);
        }
    return all;
}

std::string html_words(const Words& words) {
    return html_escaped(words.ja) + " <span lang=\"en\">" + html_escaped(words.en) + "</span>";
}

void add_lists(std::string& out, const OfficeView& office, std::size_t number) {
    if (office.outgoing.returned && !office.outgoing.returned->empty()) {
        out += "<h3>差戻し <span lang=\"en\">returned</span></h3>\n<ul>\n";
        std::size_t shown = 0;
        for (const auto& item : *office.outgoing.returned) {
            if (++shown > max_listed) break;
            out += "<li><a href=\"/report/" + std::to_string(number) + "/" +
                   client::url_encode(item.folder) + "\">" + html_escaped(item.folder) +
                   "</a></li>\n";
        }
        out += "</ul>\n";
    }
    if (office.outgoing.waiting && !office.outgoing.waiting->empty()) {
        out += "<h3>待っているファイル <span lang=\"en\">waiting</span></h3>\n<ul>\n";
        std::size_t shown = 0;
        for (const auto& item : *office.outgoing.waiting) {
            if (++shown > max_listed) break;
            out += "<li>" + html_escaped(item.name) + " ― " +
                   html_words({item.why_ja, item.why_en}) + "</li>\n";
        }
        out += "</ul>\n";
    }
    if (!office.outgoing.news.empty()) {
        out += "<h3>お知らせ <span lang=\"en\">news</span></h3>\n<ul>\n";
        for (auto at = office.outgoing.news.rbegin(); at != office.outgoing.news.rend(); ++at)
            out += "<li>" + html_words(*at) + "</li>\n";
        out += "</ul>\n";
    }
}

template<class T> json::value count_json(const std::optional<std::vector<T>>& items) {
    return items ? json::value(items->size()) : json::value(nullptr);
}
json::value count_json(const std::optional<std::size_t>& count) {
    return count ? json::value(*count) : json::value(nullptr);
}

json::object office_json(const OfficeView& office) {
    json::array troubles;
    for (const auto& trouble : all_troubles(office))
        troubles.push_back(json::object{{"code", trouble.code}});
    const GatewayView& gateway = office.gateway;
    return {{"name", office.name},
            {"gateway_reachable",
             gateway.reachable ? json::value(*gateway.reachable) : json::value(nullptr)},
            {"gateway_since",
             gateway.reachable ? json::value(rfc3339(gateway.since)) : json::value(nullptr)},
            {"certificate_days_left", gateway.certificate_days
                                          ? json::value(*gateway.certificate_days)
                                          : json::value(nullptr)},
            {"waiting", count_json(office.outgoing.waiting)},
            {"queued", count_json(office.outgoing.queued)},
            {"sent_today", count_json(office.outgoing.sent_today)},
            {"returned", count_json(office.outgoing.returned)},
            {"received_today", count_json(office.incoming.received_today)},
            {"waiting_for_import", count_json(office.incoming.waiting_for_import)},
            {"needs_attention", needs_attention(office)},
            {"troubles", std::move(troubles)}};
}

} // namespace

bool needs_attention(const OfficeView& office) {
    return !all_troubles(office).empty() || !office.outgoing.returned ||
           !office.outgoing.returned->empty();
}

std::string status_html(const std::vector<OfficeView>& offices, Time now) {
    std::string out =
        "<!doctype html>\n<html lang=\"ja\">\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"refresh\" content=\"10\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<title>データ連携の状態</title>\n"
        "<style>body{font-family:sans-serif;max-width:60em;margin:1em auto;padding:0 1em;"
        "line-height:1.6}th{text-align:left;font-weight:normal;padding-right:2em;"
        "vertical-align:top}span[lang=en]{color:#555;font-size:.85em}"
        ".trouble{background:#fee;border-left:.4em solid #a00;padding:.3em 1em}"
        ".fine{background:#efe;border-left:.4em solid #080;padding:.3em 1em}</style>\n"
        "<h1>データ連携の状態 <span lang=\"en\">state of the exchange</span></h1>\n<p>" +
        japan_words(now).ja + "</p>\n";
    for (std::size_t i = 0; i < offices.size(); ++i) {
        const OfficeView& office = offices[i];
        out += "<h2>" + html_escaped(office.name) + "</h2>\n";
        if (!needs_attention(office))
            out +=
                "<p class=\"fine\">問題はありません。 <span lang=\"en\">All is well.</span></p>\n";
        for (const auto& trouble : all_troubles(office))
            out += "<p class=\"trouble\">" + html_words(trouble.what) + "</p>\n";
        out += "<table>\n";
        for (const auto& line : lines_of(office))
            out += "<tr><th>" + html_words(line.label) + "</th><td>" + html_words(line.value) +
                   "</td></tr>\n";
        out += "</table>\n";
        add_lists(out, office, i + 1);
    }
    return out + "</html>\n";
}

std::string status_json(const std::vector<OfficeView>& offices, Time now) {
    json::array array;
    for (const auto& office : offices) array.push_back(office_json(office));
    return json::serialize(json::object{{"time", rfc3339(now)}, {"offices", std::move(array)}}) +
           "\n";
}

std::string status_text(const OfficeView& office, Time now) {
    std::string out =
        "\xef\xbb\xbf" + office.name + "\r\n" + japan_words(now).ja + " の状態\r\n\r\n";
    for (const auto& trouble : all_troubles(office))
        out += "● " + trouble.what.ja + "\r\n  " + trouble.what.en + "\r\n";
    if (!needs_attention(office)) out += "問題はありません。 All is well.\r\n";
    out += "\r\n";
    for (const auto& line : lines_of(office))
        out += line.label.ja + ": " + line.value.ja + "\r\n  (" + line.label.en + ": " +
               line.value.en + ")\r\n";
    if (office.outgoing.returned && !office.outgoing.returned->empty()) {
        out += "\r\n差戻しフォルダーを見てください / look into the returned folder:\r\n";
        std::size_t shown = 0;
        for (const auto& item : *office.outgoing.returned)
            if (++shown <= max_listed) out += "  " + item.folder + "\r\n";
    }
    return out;
}

} // namespace cpg::hotfolder
