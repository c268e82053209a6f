// File names (別紙 ファイル名規約; directions 2.2, 3.2; R-AUTH-01).
#include "spec/check/rules/rules.hpp"

#include <algorithm>

namespace cpg::checking {
namespace {

using namespace std::chrono_literals;

/// Official service types outside the standard's list; their offices may be on the road all the
/// same.
constexpr std::string_view official_but_unlisted = "55 A9 AA AB AC AD AE";

struct End {
    std::string_view variant; // "from" or "to"
    const OfficeRef& ref;
};

std::array<End, 2> ends_of(const Bundle& bundle) {
    return {End{"from", bundle.from}, End{"to", bundle.to}};
}

Site first_file(const BundleFacts& bundle) {
    return bundle.files.empty() ? Site{} : bundle.files.front().site();
}

/// 事業所番号, modulus 10 with weights 2, 1 from the right; A = 10 … Z = 32 without I O Q; digits
/// of products added.
bool check_digit_fits(const OfficeNo& office) {
    constexpr std::string_view letters = "ABCDEFGHJKLMNPRSTUVWXYZ";
    const std::string_view text = office.view();
    int sum = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const std::size_t letter = letters.find(text[i]);
        const int value =
            letter == std::string_view::npos ? text[i] - '0' : static_cast<int>(letter) + 10;
        const int weight = (text.size() - 2 - i) % 2 == 0 ? 2 : 1;
        const int product = value * weight;
        sum += product / 10 + product % 10;
    }
    return (10 - sum % 10) % 10 == text.back() - '0';
}

bool is_actual(const FileType& type) {
    return type.id == "UPJSK" || type.id == "DLTJSK";
}

} // namespace

void authorised_offices(BundleFacts& bundle, Collector& findings) {
    const CheckOptions& options = bundle.envelope.options;
    const Bundle& names = bundle.envelope.bundle;
    const auto& offices = options.sender_offices;
    if (!offices.empty() &&
        std::find(offices.begin(), offices.end(), names.from.office) == offices.end())
        findings.raise(Rule::auth_01, first_file(bundle), "from");
    if (options.receiver && *options.receiver != names.to.office)
        findings.raise(Rule::auth_01, first_file(bundle), "to");
}

void edition_as_asked(BundleFacts& bundle, Collector& findings) {
    const std::string& asked = bundle.envelope.options.edition;
    const Edition& edition = bundle.envelope.edition;
    if (asked == "auto" || bundle.envelope.catalog.edition(asked) == &edition) return;
    if (Finding* finding = findings.raise(Rule::name_01, first_file(bundle), "wrong_edition")) {
        finding->args["expected"] = asked;
        finding->args["found"] = edition.id;
    }
}

// R-NAME-02 own; R-NAME-08: 3.4 shows UPKIHON_000000_…, 別紙 does not
void spelling_of_names(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files) {
        if (facts.file->name.wrong_case) findings.raise(Rule::name_02, facts.site());
        if (facts.file->name.extra_zero_month) findings.raise(Rule::name_08, facts.site());
    }
}

// R-NAME-04 check digit, off unless a profile turns it on: official samples fail it
// R-NAME-09 the national system can fail when FROM and TO are the same number
void offices_of_names(BundleFacts& bundle, Collector& findings) {
    const Bundle& names = bundle.envelope.bundle;
    if (findings.is_on(Rule::name_04))
        for (const End& end : ends_of(names))
            if (!check_digit_fits(end.ref.office))
                findings.raise(Rule::name_04, first_file(bundle), end.variant);
    if (names.from.office == names.to.office) findings.raise(Rule::name_09, first_file(bundle));
}

// 別紙: YYYYMMDDHHMMSS
void serial_of_names(BundleFacts& bundle, Collector& findings) {
    const Serial& serial = bundle.envelope.bundle.serial;
    if (!serial.is_real()) {
        findings.raise(Rule::name_05, first_file(bundle), "not_real");
        return;
    }
    const std::optional<Time> now = bundle.envelope.options.now;
    if (now && serial.instant() > *now + 24h)
        findings.raise_mild(Rule::name_05, first_file(bundle), "future");
}

void service_types_of_names(BundleFacts& bundle, Collector& findings) {
    const std::string known =
        parameter(bundle.envelope.catalog, Rule::name_06, "also_known", official_but_unlisted);
    for (const End& end : ends_of(bundle.envelope.bundle)) {
        if (!end.ref.service_type) continue;
        const std::string_view type = end.ref.service_type->view();
        if (bundle.envelope.services.scope(type) == Scope::unlisted && !has_word(known, type))
            findings.raise(Rule::name_06, first_file(bundle), end.variant);
    }
}

// 別紙: UPHOSOKU は計画書と送るとき 000000、利用票と送るとき対象年月
void months_of_names(BundleFacts& bundle, Collector& findings) {
    for (const FileFacts& facts : bundle.files) {
        const FileName& name = facts.file->name;
        if (name.type->keys_by_bundle.empty()) {
            if (name.type->has_month() && name.zero_month)
                findings.raise(Rule::name_07, facts.site(), "not_a_month");
            continue;
        }
        const Purpose purpose = bundle.envelope.purpose;
        if (purpose == Purpose::care_plan && !name.zero_month)
            findings.raise(Rule::name_07, facts.site(), "must_be_zero");
        if (purpose == Purpose::schedule && name.zero_month)
            findings.raise(Rule::name_07, facts.site(), "must_be_month");
    }
}

// 2.2, 3.2, 1.3, 5.2.2.1: plans, schedules, 予防 files and their deletes come from a care manager;
// 実績 from a service office, or from a care manager who passes it on to another
void direction_of_names(BundleFacts& bundle, Collector& findings) {
    const Envelope& envelope = bundle.envelope;
    if (!envelope.bundle.from.service_type || bundle.files.empty()) return;
    const std::string_view from = envelope.bundle.from.service_type->view();
    const Scope scope = envelope.services.scope(from);
    const FileFacts& first = bundle.files.front();

    const auto refuse = [&](std::string_view allowed) {
        if (Finding* finding = findings.raise(Rule::name_10, first.site(), "not_allowed")) {
            finding->args["found"] = std::string(from);
            finding->args["allowed"] = std::string(allowed);
        }
    };
    if (!is_actual(*first.file->name.type)) {
        if (!envelope.edition.is_care_management(from)) refuse("43, 46, AF, 73, 75, 77");
        return;
    }
    switch (scope) {
    case Scope::in:
        return;
    case Scope::care_management:
        if (!envelope.to_care_manager) refuse("11, 15, …");
        return;
    case Scope::out:
    case Scope::out_by_doubtful_source:
        refuse("11, 15, …");
        return;
    case Scope::unlisted:
        if (Finding* finding = findings.raise_mild(Rule::name_10, first.site(), "unlisted"))
            finding->args["found"] = std::string(from);
        return;
    }
}

// 別紙 利用者基本情報 No.62: 枝番以外は利用者基本情報のファイル名と同じ
void images_belong_to_kihon(BundleFacts& bundle, Collector& findings) {
    if (bundle.file("UPKIHON")) return;
    for (const FileFacts& facts : bundle.files)
        if (!facts.type->is_csv()) findings.raise(Rule::name_11, facts.site(), "parts");
}

} // namespace cpg::checking
