// Content against the envelope: whose records, for whom (standard 2.3, 2.6, 3.6, 5.1.2.1, 5.1.2.2;
// scope 1.3, 1.4).
#include "spec/check/rules/rules.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

/// Users of whom it is odd that none has another office than the receiver: they have two or three
/// on average.
constexpr std::string_view users_without_other_offices = "10";

void expect_type(RecordContext& context, Rule rule, int column, BytesView type) {
    const auto& from = context.from().service_type;
    if (!from || type.empty() || type == from->view()) return;
    if (!first_time(context.facts.told_types, type)) return;
    if (Finding* finding = context.findings.raise_mild(rule, context.at(column), "service_type")) {
        finding->args["expected"] = from->str();
        finding->args["found"] = std::string(type);
    }
}

/// Once a user; of a record whose key is not good, each time.
void odd_office(RecordContext& context, Rule rule, int column, bool KeyUse::*told) {
    if (!context.use) {
        context.findings.raise(rule, context.at(column));
        return;
    }
    if (context.use->*told) return;
    context.use->*told = true;
    const Cell& cell = context.record.cells[static_cast<std::size_t>(column)];
    context.facts.odd_offices.push_back({.key = context.use->key,
                                         .rule = rule,
                                         .column = static_cast<std::uint16_t>(column),
                                         .record = context.record.number,
                                         .line = cell.line,
                                         .offset = cell.offset,
                                         .value_size = static_cast<std::uint32_t>(cell.raw.size()),
                                         .quoted = cell.quoted});
}

/// The user's part of a key: insurer and insured.
std::string user_of(std::string_view key) {
    const std::size_t insured = key.find(key_separator);
    if (insured == std::string_view::npos) return std::string(key);
    return std::string(key.substr(0, key.find(key_separator, insured + 1)));
}

} // namespace

// R-OWN-01 別紙 6表 No.20, 5.1.2.1: 実績のサービス事業者コードは送信元 (unless a care manager
// passes it on);
//          an office of several service types may mix them in one file
void owner_of_actual(RecordContext& context) {
    if (context.envelope.from_care_manager) return;
    const Columns& columns = context.columns;
    const BytesView office = context.text(columns.service_office);
    if (!office.empty() && !same(office, context.from().office.view()))
        context.findings.raise(Rule::own_01, context.at(columns.service_office), "office");
    const BytesView code = context.text(columns.service_code);
    expect_type(context, Rule::own_01, columns.service_code, code.substr(0, 2));
}

// R-OWN-02 プラン担当業者コードは送信先
void planner_of_actual(RecordContext& context) {
    if (context.envelope.from_care_manager) return;
    const BytesView planner = context.text(context.columns.planner_office);
    if (planner.empty() || same(planner, context.to().office.view())) return;
    odd_office(context, Rule::own_02, context.columns.planner_office, &KeyUse::planner_odd);
}

// 2.3, 5.1.2.2: 実績の削除は実績を作った事業所が行う
void owner_of_delete(RecordContext& context) {
    if (context.envelope.from_care_manager) return;
    const Columns& columns = context.columns;
    const BytesView office = context.text(columns.service_office);
    if (!office.empty() && !same(office, context.from().office.view()))
        context.findings.raise(Rule::del_02, context.at(columns.service_office), "office");
    expect_type(context, Rule::del_02, columns.service_type, context.text(columns.service_type));
}

// プラン担当業者コード, 介護支援事業者コード = FROM; differs when a 委託 plan is passed on
void planner_is_sender(RecordContext& context) {
    const BytesView planner = context.text(context.columns.planner_office);
    if (planner.empty() || same(planner, context.from().office.view())) return;
    odd_office(context, Rule::own_03, context.columns.planner_office, &KeyUse::planner_odd);
}

// 更新業者コード = FROM
void updater_is_sender(RecordContext& context) {
    const BytesView updater = context.text(context.columns.updater_office);
    if (updater.empty() || same(updater, context.from().office.view())) return;
    if (context.facts.type->id == "UPJSK" && context.envelope.from_care_manager) return;
    odd_office(context, Rule::own_03, context.columns.updater_office, &KeyUse::updater_odd);
}

/// An office that cannot be read, told already, may be the receiver's.
void receiver_named(RecordContext& context) {
    if (!context.use) return;
    const int column = context.columns.service_office;
    const BytesView office = context.text(column);
    const bool may_be_empty = context.facts.type->id == "UP2KYO"; // 保険対象外
    const bool unreadable = office.empty() && (context.filled(column) || !may_be_empty);
    context.facts.receiver_guessed = context.facts.receiver_guessed || unreadable;
    if (unreadable || same(office, context.to().office.view())) context.use->names_receiver = true;
}

// R-OWN-02, R-OWN-03: what odd_office() kept
void offices_of_users(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files)
        for (const OddOffice& odd : facts.odd_offices) {
            Site site = facts.at(odd.record, odd.line);
            site.field = &facts.type->fields[odd.column];
            site.byte_offset = odd.offset;
            Bytes value;
            if (bundle.envelope.options.keep_values)
                value = facts.file->input.piece(odd.offset + (odd.quoted ? 1 : 0), odd.value_size);
            site.value = value;
            findings.raise(odd.rule, site);
        }
}

// 1.3, 1.4, 2.6: 連携対象外のサービス種類は送らない
void service_type_in_scope(RecordContext& context) {
    const Columns& columns = context.columns;
    const int column = columns.service_code >= 0 ? columns.service_code : columns.service_type;
    const BytesView code = context.text(column);
    if (code.empty()) return;
    if (context.facts.type->id == "UPSIKYU" && table7_kind(code) == Table7Kind::grand_total) return;
    const BytesView type = code.substr(0, 2);
    const ServiceTypes& services = context.envelope.services;
    const Scope scope = services.scope(type);
    if (scope == Scope::in) return;
    if (scope == Scope::out || scope == Scope::out_by_doubtful_source) {
        Finding* const finding =
            scope == Scope::out
                ? context.findings.raise(Rule::svc_01, context.at(column), "out")
                : context.findings.raise_mild(Rule::svc_01, context.at(column), "out");
        if (!finding) return;
        finding->args["found"] = std::string(type);
        finding->args["name"] = services.name(type);
        return;
    }
    if (Finding* finding =
            context.findings.raise_mild(Rule::svc_01, context.at(column), "unlisted"))
        finding->args["found"] = std::string(type);
}

// 2.6, 3.6: 送信先の事業所に関わりのない利用者を含めない; a care manager as receiver serves them
// all. A record that cannot be read, told already, may be the one that names the receiver
void schedule_users_belong_to_receiver(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const plan = bundle.file("UPPLAN");
    if (!plan || !plan->complete || bundle.envelope.to_care_manager) return;
    for (const KeyUse& use : plan->keys)
        if (!use.names_receiver) findings.raise(Rule::priv_01, plan->at(use));
}

// own: what cannot be read is told as an error and the bundle refused; where a milder profile makes
// that a warning, nobody can say whose data the record is, so it goes to nobody. Runs last
void unread_users_go_to_nobody(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const plan = bundle.file("UPPLAN");
    if (!plan || bundle.envelope.to_care_manager || findings.has_errors()) return;
    if (!plan->complete || plan->receiver_guessed)
        findings.raise(Rule::priv_01, plan->site(), "unread");
}

// 2.6: the same for plans, where the receiver is named in 第2表, or a schedule for it is known
void plan_users_belong_to_receiver(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const plan = bundle.file("UP1KYO");
    const FileFacts* const services = bundle.file("UP2KYO");
    if (!plan || !services || !services->complete || bundle.envelope.to_care_manager) return;
    const auto* const scheduled = bundle.envelope.heap.scheduled_users;
    const CheckOptions& options = bundle.envelope.options;
    for (const KeyUse& use : plan->keys) {
        const KeyUse* const rows = services->use(use.key);
        if (rows && rows->names_receiver) continue;
        const std::string user = user_of(bundle.keys.text(use.key));
        if (scheduled && scheduled->contains(user)) continue;
        if (options.has_schedule && options.has_schedule(bundle.envelope.bundle, user)) continue;
        findings.raise(Rule::priv_02, plan->at(use));
    }
}

// 2.6: 利用票・別表には利用者の全事業所のサービスを載せる. A single user may have one office only;
// many users all with the receiver and no other are a sign that the others were cut out.
void schedule_shows_all_offices(BundleFacts& bundle, Collector& findings) {
    const FileFacts* const plan = bundle.file("UPPLAN");
    if (!plan || bundle.envelope.to_care_manager || !plan->complete) return;
    const std::int32_t enough = amount_of(parameter(bundle.envelope.catalog, Rule::full_01,
                                                    "min_users", users_without_other_offices));
    if (plan->totals.users < static_cast<std::size_t>(std::max(enough, 1))) return;
    if (!plan->totals.other_offices) findings.raise(Rule::full_01, plan->site());
}

void add_offices_to_totals(const BundleFacts& bundle, FileFacts& facts) {
    const std::string_view receiver = bundle.envelope.bundle.to.office.view();
    FileTotals& totals = facts.totals;
    totals.other_offices =
        totals.other_offices ||
        std::any_of(facts.table6.begin(), facts.table6.end(),
                    [&](const Table6Row& row) { return view(row.office) != receiver; });
}

} // namespace cpg::checking
