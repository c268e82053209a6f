#include "adapters/client/mailbox.hpp"

#include "adapters/client/content.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>
#include <thread>

namespace cpg::client {
namespace {

namespace json = boost::json;

constexpr int max_retry_after_digits = 6; // more seconds than that nobody waits

struct PaperType {
    std::string_view ending, type;
};
constexpr PaperType paper_types[] = {
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

Result<std::string> paper_type_of(std::string_view name) {
    std::string lowered(name.size(), '\0');
    std::transform(name.begin(), name.end(), lowered.begin(), lower);
    for (const auto& [ending, type] : paper_types)
        if (lowered.ends_with(ending)) return std::string(type);
    return Error{Errc::malformed, "a paper is a .pdf, .png, .jpg or .jpeg"};
}

json::object office_json(const OfficeRef& office) {
    json::object object{{"office", office.office.view()}};
    if (office.service_type) object["service_type"] = office.service_type->view();
    return object;
}

std::string cover_text(const Cover& cover) {
    json::object object{
        {"to", office_json(cover.to)}, {"month", cover.month.str()}, {"title", cover.title}};
    if (cover.from) object["from"] = office_json(*cover.from);
    if (cover.serial) object["serial"] = cover.serial->str();
    return json::serialize(object);
}

/// In the order of their names: the same files give the same bytes.
std::vector<const InputFile*> by_name(const std::vector<InputFile>& files) {
    std::vector<const InputFile*> sorted;
    for (const InputFile& file : files) sorted.push_back(&file);
    std::sort(sorted.begin(), sorted.end(),
              [](const InputFile* a, const InputFile* b) { return a->name < b->name; });
    return sorted;
}

std::vector<Upload> parts_of(const std::vector<InputFile>& files) {
    std::vector<Upload> parts;
    for (const InputFile* file : by_name(files))
        parts.push_back({"file", file->name, "application/octet-stream", file->bytes});
    return parts;
}

Result<Body> body_of(const Parcel& parcel) {
    std::vector<Upload> parts = parts_of(parcel.files);
    for (const InputFile* paper : by_name(parcel.papers)) {
        const auto type = paper_type_of(paper->name);
        if (!type) return type.error();
        parts.push_back({"attachment", paper->name, *type, paper->bytes});
    }
    const std::string cover = parcel.cover ? cover_text(*parcel.cover) : std::string();
    if (parcel.cover) parts.push_back({"cover", "", "application/json", cover});
    return multipart_body(parts);
}

std::string digest_header(BytesView bytes) {
    return "sha-256=:" + base64(sha256(bytes).view()) + ":";
}

bool is_refusal(const Answer& answer) {
    return answer.status / 100 != 2;
}

/// 422 with a report is an answer; 422 with a problem document is a refusal.
bool has_report(const Answer& answer) {
    return answer.status == 422 &&
           !answer.header("content-type").starts_with("application/problem+json");
}

bool waiting_mends(const Answer& answer) {
    return answer.status == 429 || answer.status == 503 ||
           (answer.status == 409 && refusal_of(answer).code == Errc::idempotency_in_flight);
}

std::chrono::seconds retry_after(const Answer& answer) {
    const std::string_view text = answer.header("retry-after");
    long seconds = 0;
    for (const char c : text.substr(0, max_retry_after_digits)) {
        if (c < '0' || c > '9') return std::chrono::seconds(0);
        seconds = seconds * 10 + (c - '0');
    }
    return std::chrono::seconds(seconds);
}

std::string path_of(const BundleId& id, std::string_view part = {}) {
    return "/v1/bundles/" + id.str() + std::string(part);
}

Result<StepTaken> read_step(std::string_view body) {
    const auto object = read_object(body);
    if (!object) return object.error();
    const json::value* const about = object->if_contains("bundle");
    if (!about || !about->is_object()) return Error{Errc::malformed, "bundle"};
    auto bundle = read_bundle(about->get_object());
    if (!bundle) return bundle.error();
    return StepTaken{std::move(*bundle), text_member(*object, "receipt")};
}

} // namespace

Mailbox::Mailbox(Settings settings, Patience patience)
    : client_(std::move(settings)), patience_(std::move(patience)) {
    if (!patience_.wait)
        patience_.wait = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
}

Result<Answer> Mailbox::patiently(const Call& call) {
    auto own = patience_.first;
    for (int attempt = 1;; ++attempt, own *= 2) {
        Result<Answer> answer = call();
        if ((answer && !waiting_mends(*answer)) || attempt >= patience_.tries) return answer;
        std::chrono::milliseconds wait = own;
        if (answer) wait = std::max<std::chrono::milliseconds>(wait, retry_after(*answer));
        patience_.wait(std::min(wait, patience_.most));
    }
}

/// The body of a 2xx.
Result<std::string> Mailbox::get(const std::string& target) {
    auto answer = patiently([&] { return client_.get(target); });
    if (!answer) return answer.error();
    if (is_refusal(*answer)) return refusal_of(*answer);
    return std::move(answer->body);
}

Result<json::object> Mailbox::check(const std::vector<InputFile>& files) {
    const Body body = multipart_body(parts_of(files));
    const auto answer = patiently([&] {
        return client_.post("/v1/check", body.content_type, body.bytes,
                            {{"Content-Digest", digest_header(body.bytes)}});
    });
    if (!answer) return answer.error();
    if (is_refusal(*answer)) return refusal_of(*answer);
    return read_object(answer->body);
}

Result<SubmitAnswer> Mailbox::send(const Parcel& parcel) {
    const auto body = body_of(parcel);
    if (!body) return body.error();
    const std::string key = parcel.idempotency_key.empty()
                                ? hex(sha256(body->content_type + "\n" + body->bytes).view())
                                : parcel.idempotency_key;
    const Client::Headers headers{{"Idempotency-Key", key},
                                  {"Content-Digest", digest_header(body->bytes)}};
    const auto answer = patiently(
        [&] { return client_.post("/v1/bundles", body->content_type, body->bytes, headers); });
    if (!answer) return answer.error();
    if (is_refusal(*answer) && !has_report(*answer)) return refusal_of(*answer);
    return read_submit_answer(answer->body);
}

Result<BundlePage> Mailbox::page(std::string_view box, const BoxQuery& query) {
    std::string target = "/v1/" + std::string(box) + "?limit=" + std::to_string(query.limit);
    if (!query.state.empty()) target += "&state=" + url_encode(query.state);
    if (!query.after.empty()) target += "&after=" + url_encode(query.after);
    if (query.wait.count() > 0) target += "&wait=" + std::to_string(query.wait.count());
    const auto body = get(target);
    if (!body) return body.error();
    return read_bundle_page(*body);
}

Result<BundlePage> Mailbox::inbox(const BoxQuery& query) {
    return page("inbox", query);
}

Result<BundlePage> Mailbox::outbox(const BoxQuery& query) {
    return page("outbox", query);
}

Result<ListedBundle> Mailbox::bundle(const BundleId& id) {
    const auto body = get(path_of(id));
    if (!body) return body.error();
    const auto object = read_object(*body);
    if (!object) return object.error();
    return read_bundle(*object);
}

Result<std::vector<ListedReceipt>> Mailbox::receipts(const BundleId& id) {
    const auto body = get(path_of(id, "/receipts"));
    if (!body) return body.error();
    return read_receipts(*body);
}

Result<Fetched> Mailbox::fetch(const BundleId& id) {
    const auto answer = patiently([&] { return client_.get(path_of(id, "/content")); });
    if (!answer) return answer.error();
    if (is_refusal(*answer)) return refusal_of(*answer);
    auto files = read_content(*answer);
    if (!files) return files.error();
    auto about = bundle(id);
    if (!about) return about.error();
    auto steps = receipts(id);
    if (!steps) return steps.error();
    return Fetched{std::move(*about), std::move(*files), std::move(*steps)};
}

Result<StepTaken> Mailbox::acknowledge(const BundleId& id, Import outcome, std::string_view note) {
    const std::string_view state = outcome == Import::imported ? "imported" : "import_failed";
    json::object body{{"state", state}};
    if (!note.empty()) body["note"] = note;
    const std::string text = json::serialize(body);
    return step(id, state,
                [&] { return client_.post(path_of(id, "/ack"), "application/json", text); });
}

Result<StepTaken> Mailbox::recall(const BundleId& id) {
    return step(id, "recalled",
                [&] { return client_.post(path_of(id, "/recall"), "application/json", ""); });
}

/// A step happens once. When an answer was lost and the next try finds it done, it was ours; a
/// conflict at the first try is the caller's.
Result<StepTaken> Mailbox::step(const BundleId& id, std::string_view state, const Call& call) {
    bool lost = false;
    const auto answer = patiently([&] {
        Result<Answer> tried = call();
        lost = lost || !tried;
        return tried;
    });
    if (!answer) return answer.error();
    if (is_refusal(*answer)) {
        const Error refusal = refusal_of(*answer);
        if (!lost || refusal.code != Errc::conflict) return refusal;
        auto before = step_taken_before(id, state);
        return before ? std::move(before) : refusal;
    }
    return read_step(answer->body);
}

Result<StepTaken> Mailbox::step_taken_before(const BundleId& id, std::string_view state) {
    auto steps = receipts(id);
    if (!steps) return steps.error();
    const auto taken = std::find_if(steps->rbegin(), steps->rend(),
                                    [&](const ListedReceipt& one) { return one.step == state; });
    if (taken == steps->rend()) return Error{Errc::conflict, "the step was not taken"};
    auto now = bundle(id);
    if (!now) return now.error();
    return StepTaken{std::move(*now), std::move(taken->text)};
}

std::vector<SavedFile> folder_of(const Fetched& fetched) {
    std::vector<SavedFile> files;
    for (const InputFile& file : fetched.files) files.push_back({file.name, file.bytes});
    std::set<std::string_view> steps;
    for (auto at = fetched.receipts.rbegin(); at != fetched.receipts.rend(); ++at)
        if (is_flat_name(at->step) && steps.insert(at->step).second)
            files.push_back({"receipts/" + at->step + ".receipt.txt", at->text});
    return files;
}

} // namespace cpg::client
