#include "gateway/cli/remote.hpp"

#include "gateway/cli/text.hpp"

#include <algorithm>
#include <set>

namespace cpg::cli {
namespace {

namespace json = boost::json;

// A mailbox page has at most 1,000 bundles: ten million bundles end a loop of cursors.
constexpr int max_pages = 10'000;

[[noreturn]] void unreadable(std::string_view what) {
    throw Failure(exit_unreachable,
                  "ゲートウェイの答えが読めません / unexpected answer: " + std::string(what));
}

template<class T> T parsed(std::optional<T> value, std::string_view what) {
    if (!value) unreadable(what);
    return *value;
}

const json::object& object_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (!value || !value->is_object()) unreadable(name);
    return value->get_object();
}

const json::array& array_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (!value || !value->is_array()) unreadable(name);
    return value->get_array();
}

std::uint64_t count_at(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (!value) return 0;
    boost::system::error_code error;
    const auto count = value->to_number<std::uint64_t>(error);
    if (error) unreadable(name);
    return count;
}

OfficeRef office_at(const json::object& object, std::string_view name) {
    const json::object& office = object_at(object, name);
    OfficeRef result{parsed(OfficeNo::parse(text_member(office, "office")), name), {}};
    if (const auto type = text_member(office, "service_type"); !type.empty())
        result.service_type = parsed(ServiceType::parse(type), "service_type");
    return result;
}

std::optional<Time> time_at(const json::object& object, std::string_view name) {
    const auto text = text_member(object, name);
    if (text.empty()) return std::nullopt;
    return parsed(parse_rfc3339(text), name);
}

struct Expected {
    std::string_view step;
    audit::EntryType type;
    std::string_view result; // how the leaf's result starts; empty = any
};
constexpr Expected expectations[] = {
    {"accepted", audit::EntryType::submit, "accepted"},
    {"rejected", audit::EntryType::reject, "rejected"},
    {"fetched", audit::EntryType::fetch, ""},
    {"imported", audit::EntryType::ack, "imported"},
    {"import_failed", audit::EntryType::ack, "import_failed"},
    {"recalled", audit::EntryType::recall, ""},
};

bool says(const audit::Entry& entry, std::string_view step, const BundleId& id) {
    return std::any_of(std::begin(expectations), std::end(expectations), [&](const Expected& e) {
        return e.step == step && e.type == entry.type && entry.result.starts_with(e.result) &&
               entry.bundle == id;
    });
}

/// A leaf about a step after the submission may leave the files out.
bool lists_files(const RemoteReceipt& receipt) {
    const auto proof = audit::TlogProof::parse(receipt.text);
    return proof && proof->extra.find("\nfile ") != Bytes::npos;
}

} // namespace

std::string text_member(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

RemoteBundle bundle_of(const json::object& object) {
    RemoteBundle bundle;
    bundle.id = parsed(BundleId::parse(text_member(object, "id")), "id");
    bundle.kind = printable(text_member(object, "kind"));
    bundle.edition = printable(text_member(object, "edition"));
    bundle.month = printable(text_member(object, "month"));
    bundle.state = printable(text_member(object, "state"));
    bundle.from = office_at(object, "from");
    bundle.to = office_at(object, "to");
    if (const auto serial = text_member(object, "serial"); !serial.empty())
        bundle.serial = parsed(Serial::parse(serial), "serial");
    bundle.accepted_at = time_at(object, "accepted_at");
    bundle.fetched_at = time_at(object, "fetched_at");
    bundle.bytes = count_at(object, "bytes");
    bundle.files = count_at(object, "files");
    bundle.json = object;
    return bundle;
}

RemoteBundle remote_bundle(Connection& connection, const BundleId& id) {
    return bundle_of(connection.get("/v1/bundles/" + id.str()));
}

std::vector<RemoteBundle> list_all(Connection& connection, const std::string& target) {
    std::vector<RemoteBundle> bundles;
    std::set<std::string> cursors;
    std::string page_target = target;
    for (int page = 0; page < max_pages; ++page) {
        const json::object answer = connection.get(page_target);
        for (const auto& item : array_at(answer, "bundles")) {
            if (!item.is_object()) unreadable("bundles");
            bundles.push_back(bundle_of(item.get_object()));
        }
        const std::string next = text_member(answer, "next");
        if (next.empty()) return bundles;
        if (!cursors.insert(next).second) unreadable("next");
        page_target = target + "&after=" + client::url_encode(next);
    }
    unreadable("next");
}

std::vector<RemoteReceipt> receipts_of(Connection& connection, const BundleId& id,
                                       const std::string& with) {
    const json::object answer = connection.get("/v1/bundles/" + id.str() + "/receipts" +
                                               (with.empty() ? "" : "?with=" + with));
    std::vector<RemoteReceipt> receipts;
    for (const auto& item : array_at(answer, "receipts")) {
        if (!item.is_object()) unreadable("receipts");
        RemoteReceipt receipt{
            text_member(item.get_object(), "step"), text_member(item.get_object(), "receipt"), {}};
        if (auto stamp = from_base64(text_member(item.get_object(), "timestamp")))
            receipt.timestamp = *std::move(stamp);
        // A step of a later version of the gateway is passed over: its name is not ours to trust.
        const bool known = std::any_of(std::begin(expectations), std::end(expectations),
                                       [&](const Expected& e) { return e.step == receipt.step; });
        if (known && !receipt.text.empty()) receipts.push_back(std::move(receipt));
    }
    return receipts;
}

std::optional<std::string> why_not_proven(const RemoteReceipt& receipt, const BundleId& id,
                                          const std::vector<InputFile>& files,
                                          const std::vector<audit::VerifierKey>& trusted,
                                          Lang lang) {
    const bool about_files = receipt.step == "accepted" || lists_files(receipt);
    std::vector<audit::FileToVerify> at_hand;
    if (about_files)
        for (const auto& file : files)
            at_hand.push_back({file.name, sha256(file.bytes), file.bytes.size()});
    const audit::Verification outcome = audit::verify_receipt(receipt.text, at_hand, trusted);
    if (outcome.result != audit::Verified::proven)
        return lang == Lang::ja ? outcome.reason_ja : outcome.reason_en;
    if (!outcome.receipt || !says(outcome.receipt->entry, receipt.step, id))
        return std::string(in(lang, "別の送信単位、または別の手続きの証跡です",
                              "it is about another bundle or another step"));
    return std::nullopt;
}

BundleId id_operand(const std::string& text) {
    const auto id = BundleId::parse(text);
    if (!id) throw UsageError("ID ではありません: " + text + " / not a bundle id: " + text);
    return *id;
}

std::string receipt_path(std::string_view step) {
    return "receipts/" + std::string(step) + ".receipt.txt";
}

} // namespace cpg::cli
