#include "gateway/http/problem.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace cpg::http {

namespace {

constexpr std::string_view retry_after_rate = "10";    // seconds: a window of the rate limit
constexpr std::string_view retry_after_overload = "5"; // seconds: a full queue drains in one

struct ErrcWords {
    Errc code;
    int status;
    std::string_view title_ja, title_en, detail_ja;
};

constexpr std::array errc_words{
    ErrcWords{Errc::malformed, 400, "要求を読み取れません", "The request cannot be read",
              "送信された内容の形式が正しくありません。"},
    ErrcWords{Errc::not_authenticated, 401, "証明書を確認できません", "No usable certificate",
              "有効なクライアント証明書で接続し直してください。"},
    ErrcWords{
        Errc::login_failed, 401, "サインインできません", "Sign-in failed",
        "利用者 ID かパスワードが違うか、利用できない状態です。事業所の管理者に確認してください。"},
    ErrcWords{Errc::person_required, 401, "利用者のサインインが必要です", "A person must sign in",
              "証明書に加えて、利用者 ID とパスワードでサインインしてください。"},
    ErrcWords{Errc::forbidden, 403, "許可されていません", "Not permitted",
              "この証明書または利用者には許可されていない操作です。"},
    ErrcWords{Errc::not_found, 404, "見つかりません", "Not found",
              "指定されたものは存在しないか、貴事業所のものではありません。"},
    ErrcWords{Errc::conflict, 409, "現在の状態では行えません", "The state does not allow this",
              "既に処理が進んでいるため、この操作は行えません。"},
    ErrcWords{Errc::erased, 410, "保存期間が過ぎ、消去されました",
              "Erased after its time of keeping",
              "ファイルと検査結果は消去されています。受付の記録と受付票は残っています。"},
    ErrcWords{Errc::too_large, 413, "大きすぎます", "Too large",
              "上限を超えています。分けて送信してください。"},
    ErrcWords{Errc::unsupported_media_type, 415, "対応していない形式です", "Unsupported media type",
              "Content-Type に対応していない形式が指定されています。"},
    ErrcWords{Errc::digest_mismatch, 400, "ダイジェストが一致しません", "Digest mismatch",
              "Content-Digest と受信した内容が一致しません。もう一度送信してください。"},
    ErrcWords{Errc::idempotency_key_reused, 422, "Idempotency-Key が再利用されています",
              "Idempotency key reused", "同じキーで異なる内容が送信されました。"},
    ErrcWords{Errc::idempotency_in_flight, 409, "同じ要求を処理中です",
              "The first request is still running",
              "同じ Idempotency-Key の要求を処理しています。しばらくしてから確認してください。"},
    ErrcWords{Errc::unknown_receiver, 422, "送信先が登録されていません", "Unknown receiver",
              "送信先の事業所番号が登録されていないか、無効になっています。"},
    ErrcWords{Errc::not_acceptable, 422, "受け付けられません", "Not accepted",
              "内容は読み取れましたが、受け付けられません。"},
    ErrcWords{Errc::rate_limited, 429, "要求が多すぎます", "Too many requests",
              "しばらく待ってから、もう一度お試しください。"},
    ErrcWords{Errc::overloaded, 503, "混み合っています", "Overloaded",
              "現在混み合っています。しばらく待ってから、もう一度お試しください。"},
    ErrcWords{Errc::suspended, 503, "新しい送信を止めています", "Suspended",
              "記録の証明（タイムスタンプまたは証人）に支障があり、新しい送信を受け付けていません。"
              "受け取りなどはできます。続くときはゲートウェイの管理者に連絡してください。"},
    ErrcWords{Errc::unreachable, 502, "相手に接続できません", "The other side cannot be reached",
              "接続先から応答がありません。"},
    ErrcWords{Errc::tampered, 422, "証跡が正しくありません", "The evidence does not prove",
              "証跡の検証に失敗しました。"},
    ErrcWords{Errc::unknown_key, 422, "信頼されていない鍵です", "Unknown key",
              "信頼されていない鍵で署名されています。"},
    ErrcWords{Errc::configuration, 500, "設定に誤りがあります", "Configuration error",
              "ゲートウェイの管理者に連絡してください。"},
};

const ErrcWords& words_of(Errc code) {
    const auto found = std::find_if(errc_words.begin(), errc_words.end(),
                                    [&](const ErrcWords& w) { return w.code == code; });
    if (found == errc_words.end()) throw std::logic_error("problem: not an error code");
    return *found;
}

struct StatusWords {
    int status;
    std::string_view title_ja, detail_ja;
};

constexpr std::array status_words{
    StatusWords{400, "要求を読み取れません", "HTTP の要求の形式が正しくありません。"},
    StatusWords{401, "証明書を確認できません", "証明書の有効期限が切れているか、失効しています。"},
    StatusWords{403, "許可されていません", "この要求は受け付けられません。"},
    StatusWords{404, "見つかりません", "指定された URL は存在しません。"},
    StatusWords{405, "対応していないメソッドです",
                "この URL では使えない HTTP メソッドです。Allow を確認してください。"},
    StatusWords{408, "時間切れです", "要求の受信が時間内に終わりませんでした。"},
    StatusWords{413, "大きすぎます", "本文がこの URL の上限を超えています。"},
    StatusWords{415, "対応していない形式です", "圧縮された本文には対応していません。"},
    StatusWords{417, "対応していない Expect です", "Expect は 100-continue だけを受け付けます。"},
    StatusWords{431, "ヘッダーが大きすぎます", "要求のヘッダーが上限を超えています。"},
    StatusWords{500, "内部エラー",
                "処理中に問題が発生しました。番号を添えて管理者に連絡してください。"},
    StatusWords{501, "対応していません", "対応していない転送形式です。"},
    StatusWords{503, "混み合っています",
                "現在処理できません。しばらく待ってから、もう一度お試しください。"},
};

void add_retry_after(Response& response) {
    if (response.status == 429) response.headers.emplace_back("Retry-After", retry_after_rate);
    if (response.status == 503) response.headers.emplace_back("Retry-After", retry_after_overload);
}

struct Texts {
    std::string_view title, detail, language;
    std::string_view detail_en; // empty = `detail` is English already
};

Response document(int status, std::string_view slug, const Texts& texts,
                  std::string_view instance) {
    boost::json::object object;
    object["type"] = "urn:cpgw:problem:" + std::string(slug);
    object["title"] = texts.title;
    object["status"] = status;
    object["detail"] = texts.detail;
    if (!texts.detail_en.empty()) object["detail_en"] = texts.detail_en;
    object["instance"] = instance;
    Response response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/problem+json");
    response.headers.emplace_back("Content-Language", texts.language);
    add_retry_after(response);
    response.problem = slug;
    response.body = boost::json::serialize(object);
    return response;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// 0 to 1000 of `;q=0.5`; 1000 when absent, 0 when broken.
int weight_of(std::string_view parameters) {
    const auto q = parameters.find("q=");
    if (q == std::string_view::npos) return 1000;
    const auto text = trimmed(parameters.substr(q + 2));
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || !(value >= 0 && value <= 1)) return 0;
    return static_cast<int>(value * 1000);
}

bool is_language(std::string_view range, std::string_view primary) {
    if (range.size() < primary.size()) return false;
    for (std::size_t i = 0; i < primary.size(); ++i)
        if (lower(range[i]) != primary[i]) return false;
    return range.size() == primary.size() || range[primary.size()] == '-';
}

} // namespace

int status_of(Errc code) {
    return words_of(code).status;
}

Response problem(const Error& error, const Request& request) {
    const auto& words = words_of(error.code);
    const Texts english{words.title_en, error.detail, "en", {}};
    const Texts japanese{words.title_ja, words.detail_ja, "ja", error.detail};
    return document(words.status, slug_of(error.code), wants_english(request) ? english : japanese,
                    request.id);
}

Response problem(int status, std::string_view slug, std::string_view detail_en,
                 std::string_view request_id) {
    const auto found = std::find_if(status_words.begin(), status_words.end(),
                                    [&](const StatusWords& w) { return w.status == status; });
    if (found == status_words.end())
        throw std::logic_error("problem: no words for status " + std::to_string(status));
    const Texts texts{found->title_ja, found->detail_ja, "ja", detail_en};
    return document(status, slug, texts, request_id);
}

bool wants_english(const Request& request) {
    auto rest = request.header("accept-language");
    int english = -1;
    int japanese = -1;
    bool english_first = false;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(','), rest.size());
        const auto item = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto semicolon = std::min(item.find(';'), item.size());
        const auto range = trimmed(item.substr(0, semicolon));
        const int weight = weight_of(item.substr(semicolon));
        if (is_language(range, "en")) {
            english_first = english_first || japanese < 0;
            english = std::max(english, weight);
        }
        if (is_language(range, "ja") || range == "*") japanese = std::max(japanese, weight);
    }
    return english > 0 && (english > japanese || (english == japanese && english_first));
}

} // namespace cpg::http
