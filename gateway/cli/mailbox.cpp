#include "gateway/cli/mailbox.hpp"

#include "gateway/cli/office_ref.hpp"

#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {
namespace {

void print_json(const std::vector<RemoteBundle>& bundles) {
    boost::json::array items;
    items.reserve(bundles.size());
    for (const auto& bundle : bundles) items.push_back(bundle.json);
    std::cout << boost::json::serialize(boost::json::object{{"bundles", std::move(items)}}) << "\n";
}

Row head(Reader reader, Lang lang) {
    return {std::string(in(lang, "状態", "state")),
            std::string(reader == Reader::receiver ? in(lang, "送信元", "from")
                                                   : in(lang, "送信先", "to")),
            std::string(in(lang, "種別", "kind")),
            std::string(in(lang, "対象年月", "month")),
            std::string(in(lang, "通番", "serial")),
            std::string(in(lang, "受付日時", "accepted (Japan time)")),
            std::string(in(lang, "ファイル", "files")),
            "ID"};
}

} // namespace

std::string month_query(const Arguments& given) {
    return given.has("--month") ? "&month=" + month_option(given).str() : std::string();
}

void print_mailbox(Connection& connection, const std::string& target, Reader reader) {
    const auto bundles = list_all(connection, target);
    if (connection.json()) return print_json(bundles);
    const Lang lang = connection.lang();
    std::vector<Row> rows{head(reader, lang)};
    for (const auto& bundle : bundles)
        rows.push_back({state_text(bundle.state, reader, lang),
                        office_text(reader == Reader::receiver ? bundle.from : bundle.to),
                        kind_text(bundle.kind, lang), bundle.month,
                        bundle.serial ? bundle.serial->str() : "-",
                        bundle.accepted_at ? japan_time(*bundle.accepted_at) : "-",
                        std::to_string(bundle.files), bundle.id.str()});
    if (!bundles.empty()) std::cout << table_text(rows);
    std::cout << bundles.size() << in(lang, " 件\n", " bundles\n");
}

} // namespace cpg::cli
