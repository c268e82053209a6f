// `cpgw webhook …`: where an office's events are posted, on the gateway's host. A secret is printed
// once. A gateway that runs beside sees a change within a second.
#include "gateway/app/webhooks.hpp"
#include "gateway/cli/desk.hpp"
#include "gateway/cli/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

const Usage webhook_add_usage{
    "webhook add",
    "事業所の出来事を届ける先を登録し、署名の鍵を一度だけ表示します",
    "adds an address that the office's events are posted to and prints its secret, once",
    {},
    {config_option(),
     office_option(),
     {"--url", "URL", "届ける先（https）", "the address (https)"}}};
const Usage webhook_list_usage{"webhook list",
                               "事業所の届け先と状態の一覧です",
                               "lists an office's webhooks and how they are",
                               {},
                               with({config_option(), office_option()}, format_option())};
const Usage webhook_remove_usage{"webhook remove",
                                 "届け先を取り除きます",
                                 "removes a webhook",
                                 {"ID", 1, 1},
                                 {config_option(), office_option()}};
const Usage webhook_test_usage{"webhook test",
                               "試しの知らせを今すぐ届けます",
                               "posts a test message now",
                               {"ID", 1, 1},
                               {config_option(), office_option()}};
const Usage webhook_enable_usage{"webhook enable",
                                 "止まった届け先を、止まった所から再開します",
                                 "lets a webhook that stopped go on from where it stands",
                                 {"ID", 1, 1},
                                 {config_option(), office_option()}};
const Usage webhook_rotate_usage{"webhook rotate",
                                 "新しい鍵を一度だけ表示します（しばらくは前の鍵でも署名します）",
                                 "prints a new secret, once; the one before signs too for a while",
                                 {"ID", 1, 1},
                                 {config_option(), office_option()}};

namespace {

const identity::Administrator host;

store::WebhookRow webhook_of(const Desk& desk, const Arguments& given) {
    const auto id = store::WebhookId::parse(given.operands().front());
    const auto row = id ? desk.store->webhook(*id) : std::nullopt;
    if (!row || row->office != desk.office)
        throw Failure(exit_refused, "その届け先はありません / no such webhook of the office");
    return *row;
}

void print_secret(const exchange::WebhookSecret& secret) {
    std::cout << "鍵（一度だけ表示します） / secret, shown once:\n" << secret.text << "\n";
}

[[noreturn]] void fail_changed() {
    throw Failure(exit_refused,
                  "同時に変更されました。もう一度実行してください / it was changed at "
                  "the same time, try again");
}

std::string state_words(store::WebhookState state) {
    switch (state) {
    case store::WebhookState::active:
        return "有効 / active";
    case store::WebhookState::failing:
        return "届かない / failing";
    case store::WebhookState::gone:
        return "相手が廃止 / gone";
    }
    return {};
}

} // namespace

int webhook_add_command(const Arguments& given) {
    Desk desk(given);
    const auto& url = given.required("--url");
    done_or_fail(app::check_webhook_url(desk.config.webhooks, url), "この届け先は使えません");
    const auto made =
        exchange::add_webhook(*desk.sealer, desk.office, url, desk.store->newest_position(),
                              desk.config.api.max_webhooks, host, system_clock().now());
    if (!desk.write(made.op))
        throw Failure(exit_refused,
                      "届け先がもういっぱいです / the office has as many webhooks as it may");
    std::cout << "登録 / added " << made.op.row.id.str() << "\n";
    print_secret(made.secret);
    return exit_done;
}

int webhook_list_command(const Arguments& given) {
    const Desk desk(given);
    boost::json::array items;
    std::vector<Row> rows{{"番号", "届け先", "状態", "最後に届いた時", "失敗", "理由"}};
    for (const auto& row : desk.store->webhooks(desk.office)) {
        const auto target = exchange::target_of(*desk.sealer, row);
        rows.push_back({row.id.str(), target.url, state_words(row.state),
                        row.delivered_at ? japan_time(*row.delivered_at) : "-",
                        std::to_string(row.attempts), printable(row.failure)});
        boost::json::object item{{"id", row.id.view()},
                                 {"url", target.url},
                                 {"state", store::name_of(row.state)},
                                 {"position", row.position},
                                 {"attempts", row.attempts},
                                 {"failure", row.failure}};
        if (row.delivered_at) item["delivered_at"] = rfc3339(*row.delivered_at);
        if (row.failed_at) item["failed_at"] = rfc3339(*row.failed_at);
        items.push_back(std::move(item));
    }
    if (given.text("--format") == "json")
        std::cout << boost::json::serialize(boost::json::object{{"webhooks", std::move(items)}})
                  << "\n";
    else
        std::cout << table_text(rows);
    return exit_done;
}

int webhook_remove_command(const Arguments& given) {
    Desk desk(given);
    const auto row = webhook_of(desk, given);
    if (!desk.write(exchange::remove_webhook(row, host, system_clock().now()))) fail_changed();
    std::cout << "取消 / removed " << row.id.str() << "\n";
    return exit_done;
}

int webhook_test_command(const Arguments& given) {
    const Desk desk(given);
    const auto row = webhook_of(desk, given);
    const auto now = system_clock().now();
    const auto answer = app::post_webhook(desk.config.webhooks, nullptr)(
        exchange::target_of(*desk.sealer, row), app::test_message(row, now), now);
    if (!answer) throw Failure(exit_unreachable, printable(answer.error().detail));
    std::cout << "HTTP " << *answer << "\n";
    return *answer >= 200 && *answer <= 299 ? exit_done : exit_refused;
}

int webhook_enable_command(const Arguments& given) {
    Desk desk(given);
    const auto row = webhook_of(desk, given);
    if (!desk.write(exchange::enable_webhook(row, host, system_clock().now()))) fail_changed();
    std::cout << "再開 / enabled " << row.id.str() << "\n";
    return exit_done;
}

int webhook_rotate_command(const Arguments& given) {
    Desk desk(given);
    const auto row = webhook_of(desk, given);
    const auto rotated = exchange::rotate_webhook(*desk.sealer, row, desk.config.webhooks.overlap,
                                                  host, system_clock().now());
    if (!desk.write(rotated.op)) fail_changed();
    std::cout << "交換 / rotated " << row.id.str() << "\n";
    print_secret(rotated.secret);
    return exit_done;
}

} // namespace cpg::cli
