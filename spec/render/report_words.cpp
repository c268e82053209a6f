#include "spec/render/report_words.hpp"

namespace cpg {
namespace {

struct KindWords {
    std::string_view kind, ja, en;
};

constexpr KindWords kinds[] = {
    {"care_plan", "居宅サービス計画書", "care plan"},
    {"schedule", "サービス利用票・別表（予定）", "schedule"},
    {"care_plan_delete", "居宅サービス計画書の削除", "deletion of a care plan"},
    {"schedule_delete", "サービス利用票・別表の削除", "deletion of a schedule"},
    {"actual", "実績", "actual services"},
    {"actual_delete", "実績の削除", "deletion of actual services"},
    {"kihon", "利用者基本情報", "basic information"},
    {"yobo_with_kihon", "介護予防サービス・支援計画書と利用者基本情報",
     "prevention plan with basic information"},
    {"yobo", "介護予防サービス・支援計画書", "prevention plan"},
    {"kihon_delete", "利用者基本情報の削除", "deletion of basic information"},
    {"yobo_delete", "介護予防サービス・支援計画書の削除", "deletion of a prevention plan"},
    {"papers", "その他の書類", "other papers"},
};

} // namespace

std::string_view kind_words(std::string_view kind, Lang lang) {
    for (const KindWords& words : kinds)
        if (words.kind == kind) return in(lang, words.ja, words.en);
    return in(lang, "組み合わせの分からないファイル", "unknown set of files");
}

std::string signature_level_words(std::string_view level, Lang lang) {
    const std::string_view words =
        level == "L2" ? in(lang, "（認定認証局の証明書による署名）", " (accredited authority)")
        : level == "L1" ? in(lang, "（送信元の事業所の署名）", " (the sending office's)")
                        : in(lang, "（署名者は確認していません）", " (signer not confirmed)");
    return std::string(level).append(words);
}

std::string_view severity_words(Severity severity, Lang lang) {
    return severity == Severity::error ? in(lang, "エラー", "error") : in(lang, "警告", "warning");
}

std::string office_words(const OfficeRef& end, Lang lang) {
    std::string text = end.office.str();
    if (!end.service_type) return text;
    text += in(lang, "（", " (");
    text += end.service_type->view();
    text += in(lang, "）", ")");
    return text;
}

} // namespace cpg
