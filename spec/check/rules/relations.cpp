// How the files of a bundle hang together (standard 2.2, 2.3, 3.1, 3.3; 別紙 2表, 3表).
#include "spec/check/rules/rules.hpp"

#include <algorithm>
#include <unordered_map>

namespace cpg::checking {
namespace {

/// Raises once for each key of `from` that `to` lacks; silent when a file is missing or `to` was
/// not read whole: what is wrong there is told already.
template<class Raise>
void for_each_missing(const FileFacts* from, const FileFacts* to, Raise raise) {
    if (!from || !to || !to->complete) return;
    for (const KeyUse& use : from->keys)
        if (!to->has(use.key)) raise(*from, use);
}

/// Users of a schedule with at least one service of 介護給付.
std::vector<bool> care_benefit_users(const BundleFacts& bundle, const FileFacts& plan) {
    std::vector<bool> users(bundle.keys.size());
    for (const Table6Row& row : plan.table6)
        if (bundle.envelope.services.is_care_benefit(row.type())) users[row.key] = true;
    return users;
}

constexpr std::string_view types_with_one_record_per_key[] = {"UP1KYO", "UPKIHON", "UPYOBO",
                                                              "UPHOSOKU"};

} // namespace

// R-REL-01 2.3: 2表、3表、補足は1表と 保険者番号、被保険者番号、作成（変更）日 で結びつく
// R-REL-02 2.2, 2.3: 1表ごとに補足、2表、3表がある
void care_plan_relations(BundleFacts& bundle, Collector& findings) {
    if (bundle.envelope.purpose != Purpose::care_plan) return;
    const FileFacts* const plan = bundle.file("UP1KYO");
    for (const std::string_view child : {"UP2KYO", "UP3KYO", "UPHOSOKU"})
        for_each_missing(bundle.file(child), plan, [&](const FileFacts& from, const KeyUse& use) {
            findings.raise(Rule::rel_01, from.at(use));
        });
    for_each_missing(plan, bundle.file("UPHOSOKU"), [&](const FileFacts& from, const KeyUse& use) {
        findings.raise(Rule::rel_02, from.at(use), "hosoku");
    });
    for_each_missing(plan, bundle.file("UP2KYO"), [&](const FileFacts& from, const KeyUse& use) {
        findings.raise_mild(Rule::rel_02, from.at(use), "plan2");
    });
    for_each_missing(plan, bundle.file("UP3KYO"), [&](const FileFacts& from, const KeyUse& use) {
        findings.raise_mild(Rule::rel_02, from.at(use), "plan3");
    });
}

// 2.3, 3.1: 7表と補足は6表と 保険者番号、被保険者番号、対象年月 で結びつく. The reverse is milder
// for users of 予防 and 総合 services only.
void schedule_relations(BundleFacts& bundle, Collector& findings) {
    if (bundle.envelope.purpose != Purpose::schedule) return;
    const FileFacts* const plan = bundle.file("UPPLAN");
    if (!plan) return;
    for_each_missing(bundle.file("UPSIKYU"), plan, [&](const FileFacts& from, const KeyUse& use) {
        findings.raise(Rule::rel_03, from.at(use), "sikyu_without_plan");
    });
    for_each_missing(bundle.file("UPHOSOKU"), plan, [&](const FileFacts& from, const KeyUse& use) {
        findings.raise(Rule::rel_03, from.at(use), "hosoku_without_plan");
    });
    const std::vector<bool> care_users = care_benefit_users(bundle, *plan);
    const auto raise_reverse = [&](std::string_view variant) {
        return [&findings, &care_users, variant](const FileFacts& from, const KeyUse& use) {
            if (care_users[use.key])
                findings.raise(Rule::rel_03, from.at(use), variant);
            else
                findings.raise_mild(Rule::rel_03, from.at(use), variant);
        };
    };
    for_each_missing(plan, bundle.file("UPSIKYU"), raise_reverse("plan_without_sikyu"));
    for_each_missing(plan, bundle.file("UPHOSOKU"), raise_reverse("plan_without_hosoku"));
}

// 3.3: 別表は本表と 保険者番号、被保険者番号、相談日 (計画作成日) で結びつく
void attached_tables_have_a_parent(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files) {
        if (facts.type->parent.empty() || !facts.type->is_csv()) continue;
        const FileFacts* const parent = bundle.file(facts.type->parent);
        for_each_missing(&facts, parent, [&](const FileFacts& from, const KeyUse& use) {
            if (Finding* finding = findings.raise(Rule::rel_05, from.at(use), "sub"))
                finding->args["parent"] = parent->type->name;
        });
    }
}

void one_record_per_key(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files) {
        const auto& types = types_with_one_record_per_key;
        if (std::find(std::begin(types), std::end(types), facts.type->id) == std::end(types))
            continue;
        for (const KeyUse& use : facts.keys) {
            if (use.records < 2) continue;
            const Site second = facts.at(use.second_record, use.second_line);
            if (Finding* finding = findings.raise(Rule::rel_06, second))
                finding->args["first_record"] = std::to_string(use.first_record);
        }
    }
}

// 別紙 2表 注: 課題ＮＯ、援助目標ＮＯ、援助内容ＮＯ
void numbers_of_record(RecordContext& context) {
    const std::vector<int>& columns = context.columns.order_by;
    if (columns.empty() || !context.use) return;
    std::uint32_t numbers = 0;
    for (const int column : columns) {
        const std::int32_t number = amount_of(context.text(column));
        if (number <= 0 || number > 99) return; // not numbered: nothing to compare
        numbers = numbers * 100 + static_cast<std::uint32_t>(number);
    }
    context.facts.numbered.push_back({.key = context.use->key,
                                      .numbers = numbers,
                                      .record = context.record.number,
                                      .line = context.record.line});
}

// 別紙 2表 注: 番号順に並べる; a receiving database fails on a number used twice
void numbers_unique_and_ascending(BundleFacts& bundle, Collector& findings) {
    for (FileFacts& facts : bundle.files) {
        for (const UserRows<NumberedRow>& user : group_by_user(facts.numbered)) {
            std::unordered_map<std::uint32_t, std::uint32_t> first_record;
            std::uint32_t last = 0;
            for (const NumberedRow& row : user.rows) {
                const auto [entry, is_new] = first_record.emplace(row.numbers, row.record);
                const Site site = facts.at(row.record, row.line, facts.type->order_by.front());
                if (!is_new) {
                    if (Finding* finding = findings.raise_mild(Rule::rel_07, site, "duplicate"))
                        finding->args["first_record"] = std::to_string(entry->second);
                } else if (row.numbers < last) {
                    findings.raise_mild(Rule::rel_07, site, "order");
                }
                last = std::max(last, row.numbers);
            }
        }
    }
}

// 別紙 3表 例: 1レコードは 週間サービス、日常生活上の活動、週単位以外 のどれか1つ
void one_kind_per_record(RecordContext& context) {
    std::size_t kinds = 0;
    for (const RowKind& kind : context.facts.type->row_kinds) {
        const bool used = std::any_of(kind.fields.begin(), kind.fields.end(),
                                      [&](int no) { return context.filled(no - 1); });
        if (used) ++kinds;
    }
    if (kinds == 1 || context.facts.type->row_kinds.empty()) return;
    context.findings.raise_mild(Rule::rel_08, context.site(), kinds == 0 ? "none" : "several");
}

// 別紙 補足, 利用者基本情報 No.62: the named image is there. The first file of the type counts.
void image_of_record(RecordContext& context) {
    const BytesView name = context.text(context.columns.family_image);
    if (name.empty()) return;
    const std::vector<BundleFile>& files = context.envelope.bundle.files;
    const auto first = std::find_if(files.begin(), files.end(), [&](const BundleFile& file) {
        return file.name.type->id == context.facts.type->id;
    });
    if (first != files.begin() + static_cast<std::ptrdiff_t>(context.facts.index)) return;
    const bool present = std::any_of(files.begin(), files.end(), [&](const BundleFile& file) {
        return file.input.name == name;
    });
    if (present)
        context.facts.images.emplace(name);
    else
        context.findings.raise(
            Rule::img_01,
            context.facts.at(context.record.number, context.record.line, "family_image"),
            "missing");
}

} // namespace cpg::checking
