// `cpgw user …`: people and machines' tokens, on the gateway's host. A password or a token is
// printed once, or read from standard input; never an argument, where other users would see it.
#include "gateway/cli/desk.hpp"
#include "gateway/cli/text.hpp"
#include "gateway/identity/people.hpp"
#include "gateway/identity/token.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

namespace {

const Option id_option{"--id", "ID", "利用者 ID", "the user ID"};
const Option stdin_option{"--password-stdin", "", "パスワードを標準入力から読みます",
                          "reads the password from standard input"};

const std::vector<Option>& person_options() {
    static const std::vector<Option> options{config_option(), office_option(), id_option};
    return options;
}

} // namespace

const Usage user_add_usage{
    "user add",
    "利用者を登録し、最初のパスワードを一度だけ表示します",
    "adds a person and prints the first password, once",
    {},
    with(person_options(),
         {{"--role", "office_admin|staff|viewer|operator", "役割", "the role"}, stdin_option})};
const Usage user_list_usage{"user list",
                            "事業所の利用者の一覧です",
                            "lists the people of an office",
                            {},
                            with({config_option(), office_option()}, format_option())};
const Usage user_reset_usage{"user reset",
                             "新しいパスワードを一度だけ表示します（ロックも解けます）",
                             "prints a new password, once; lifts a lock",
                             {},
                             with(person_options(), {stdin_option})};
const Usage user_lock_usage{
    "user lock", "利用者をロックします", "locks a person", {}, person_options()};
const Usage user_unlock_usage{
    "user unlock", "ロックを解きます", "unlocks a person", {}, person_options()};
const Usage user_disable_usage{"user disable",
                               "利用者を使えなくします（記録のため残ります）",
                               "disables a person, who is kept for the log's sake",
                               {},
                               person_options()};
const Usage user_token_add_usage{
    "user token add",
    "ソフトウェア用のトークンを作り、一度だけ表示します",
    "makes a token for a program and prints it, once",
    {},
    {config_option(),
     office_option(),
     {"--scope", "SCOPE[,SCOPE…]", "send, read, ack, webhooks", "of send, read, ack, webhooks"},
     {"--days", "N", "有効な日数（1～366、既定 90）", "days it lasts (1-366, default 90)"}}};
const Usage user_token_list_usage{"user token list",
                                  "事業所のトークンの一覧です（始めの文字だけ）",
                                  "lists an office's tokens by their first characters",
                                  {},
                                  with({config_option(), office_option()}, format_option())};
const Usage user_token_revoke_usage{"user token revoke",
                                    "トークンを無効にします",
                                    "revokes a token",
                                    {"PREFIX", 1, 1},
                                    {config_option(), office_option()}};

namespace {

constexpr int default_token_days = 90; // a quarter: short enough to be renewed by habit
const identity::Administrator host;

struct PeopleDesk : Desk {
    using Desk::Desk;

    store::PersonRow person(const Arguments& given) {
        const auto user =
            value_or_fail(identity::parse_user(given.required("--id")), "利用者 ID が読めません");
        auto row = store->person_of(office, identity::user_tag(*sealer, office, user));
        if (!row)
            throw Failure(exit_refused,
                          "登録されていない利用者です / no such person in the office");
        return *row;
    }
};

/// From standard input, or made here; `shown` when it has to be printed.
struct Chosen {
    std::string password;
    bool shown = false;
};

Chosen choose_password(const Arguments& given, const std::string& user) {
    if (!given.has("--password-stdin")) return {identity::make_password(random_bytes(20)), true};
    std::string password;
    if (!std::getline(std::cin, password))
        throw UsageError("標準入力にパスワードがありません / no password on standard input");
    done_or_fail(identity::check_new_password(password, user), "このパスワードは使えません");
    return {password, false};
}

void print_password(const Chosen& chosen) {
    if (chosen.shown)
        std::cout << "パスワード（一度だけ表示します） / password, shown once:\n"
                  << chosen.password << "\n";
}

int change(const Arguments& given, store::PersonChange what, const char* done) {
    PeopleDesk desk(given);
    const auto person = desk.person(given);
    if (!desk.write(identity::change_person(person, what, {}, host, system_clock().now())))
        throw Failure(exit_refused, "無効になった利用者です / the person is disabled");
    std::cout << done << " " << given.required("--id") << "\n";
    return exit_done;
}

std::string state_words(const store::PersonRow& row, bool locked_out) {
    if (row.state == store::PersonState::disabled) return "無効 / disabled";
    if (row.state == store::PersonState::locked) return "ロック / locked";
    return locked_out ? "失敗によるロック / locked out" : "利用可 / active";
}

std::string time_or_dash(const std::optional<Time>& time) {
    return time ? japan_time(*time) : "-";
}

} // namespace

int user_add_command(const Arguments& given) {
    const auto user =
        value_or_fail(identity::parse_user(given.required("--id")), "利用者 ID が読めません");
    const auto role = store::role_of(given.required("--role"));
    if (!role) throw UsageError("役割が違います / --role is not a role");
    PeopleDesk desk(given);
    const auto chosen = choose_password(given, user);
    const auto phc = identity::hash_password(chosen.password, desk.config.people.cost);
    if (!desk.write(identity::add_person(*desk.sealer, {desk.office, user, *role}, phc, host,
                                         system_clock().now())))
        throw Failure(exit_refused, "この利用者 ID は使われています / the user ID is taken");
    std::cout << "登録 / added " << user << "\n";
    print_password(chosen);
    return exit_done;
}

int user_list_command(const Arguments& given) {
    PeopleDesk desk(given);
    const auto now = system_clock().now();
    boost::json::array items;
    std::vector<Row> rows{{"利用者 ID", "役割", "状態", "最後のサインイン", "記録の番号"}};
    for (const auto& row : desk.store->people(desk.office)) {
        const auto user = identity::user_of(*desk.sealer, row);
        const bool locked_out = store::is_locked_out(row, desk.config.people.lock, now);
        rows.push_back({user, std::string(store::name_of(row.role)), state_words(row, locked_out),
                        time_or_dash(row.login_at), row.id.str()});
        items.push_back(boost::json::object{{"id", row.id.view()},
                                            {"user", user},
                                            {"role", store::name_of(row.role)},
                                            {"state", store::name_of(row.state)},
                                            {"locked_out", locked_out}});
    }
    if (given.text("--format") == "json")
        std::cout << boost::json::serialize(boost::json::object{{"people", std::move(items)}})
                  << "\n";
    else
        std::cout << table_text(rows);
    return exit_done;
}

int user_reset_command(const Arguments& given) {
    PeopleDesk desk(given);
    const auto person = desk.person(given);
    const auto chosen = choose_password(given, identity::user_of(*desk.sealer, person));
    desk.write(
        identity::change_person(person, store::PersonChange::reset,
                                identity::hash_password(chosen.password, desk.config.people.cost),
                                host, system_clock().now()));
    std::cout << "再発行 / reset " << given.required("--id") << "\n";
    print_password(chosen);
    return exit_done;
}

int user_lock_command(const Arguments& given) {
    return change(given, store::PersonChange::lock, "ロック / locked");
}
int user_unlock_command(const Arguments& given) {
    return change(given, store::PersonChange::unlock, "解除 / unlocked");
}
int user_disable_command(const Arguments& given) {
    return change(given, store::PersonChange::disable, "無効 / disabled");
}

int user_token_add_command(const Arguments& given) {
    const auto scopes = store::scopes_of(given.required("--scope"));
    if (!scopes)
        throw UsageError("send, read, ack, webhooks のどれかです / --scope is of send, read, "
                         "ack, webhooks");
    const auto days =
        given.number("--days", default_token_days, 1, identity::max_token_life.count());
    PeopleDesk desk(given);
    const auto token =
        identity::make_token(desk.office, *scopes, system_clock().now(), std::chrono::days(days));
    if (!desk.write(identity::add_token(token.row, host)))
        throw Failure(exit_refused, "作れませんでした / the token was not made");
    std::cout << "トークン（一度だけ表示します） / token, shown once:\n" << token.secret << "\n";
    return exit_done;
}

int user_token_list_command(const Arguments& given) {
    PeopleDesk desk(given);
    const auto now = system_clock().now();
    boost::json::array items;
    std::vector<Row> rows{{"始めの文字", "範囲", "状態", "期限", "最後の利用"}};
    for (const auto& token : desk.store->tokens(desk.office)) {
        const bool valid = identity::is_valid(token, now);
        rows.push_back({token.prefix, store::joined(token.scopes),
                        token.revoked_at ? "取消 / revoked"
                        : valid          ? "有効 / valid"
                                         : "期限切れ / expired",
                        japan_time(token.expires_at), time_or_dash(token.used_at)});
        boost::json::object item{{"id", token.id.view()},
                                 {"prefix", token.prefix},
                                 {"scopes", store::joined(token.scopes)},
                                 {"valid", valid},
                                 {"expires_at", rfc3339(token.expires_at)}};
        if (token.used_at) item["used_at"] = rfc3339(*token.used_at);
        items.push_back(std::move(item));
    }
    if (given.text("--format") == "json")
        std::cout << boost::json::serialize(boost::json::object{{"tokens", std::move(items)}})
                  << "\n";
    else
        std::cout << table_text(rows);
    return exit_done;
}

int user_token_revoke_command(const Arguments& given) {
    PeopleDesk desk(given);
    const std::string prefix = given.operands().front();
    for (const auto& token : desk.store->tokens(desk.office)) {
        if (token.prefix != prefix) continue;
        if (!desk.write(identity::revoke_token(token, host, system_clock().now())))
            throw Failure(exit_refused, "もう取り消されています / it is revoked already");
        std::cout << "取消 / revoked " << prefix << "\n";
        return exit_done;
    }
    throw Failure(exit_refused, "そのトークンはありません / no such token");
}

} // namespace cpg::cli
