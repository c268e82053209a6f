#include "gateway/cli/remote.hpp"

#include "gateway/cli/text.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace cpg::cli {
namespace {

// A mailbox page has at most 1,000 bundles: ten million bundles end a loop of cursors.
constexpr int max_pages = 10'000;

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

RemoteBundle remote_bundle(Connection& connection, const BundleId& id) {
    return readable(client::read_bundle(connection.get("/v1/bundles/" + id.str())));
}

std::vector<RemoteBundle> list_all(Connection& connection, const std::string& target) {
    std::vector<RemoteBundle> bundles;
    std::set<std::string> cursors;
    std::string page_target = target;
    for (int page = 0; page < max_pages; ++page) {
        auto answer = readable(client::read_bundle_page(connection.get_raw(page_target).body));
        std::move(answer.bundles.begin(), answer.bundles.end(), std::back_inserter(bundles));
        if (answer.next.empty()) return bundles;
        if (!cursors.insert(answer.next).second) break;
        page_target = target + "&after=" + client::url_encode(answer.next);
    }
    return readable<std::vector<RemoteBundle>>(Error{Errc::malformed, "next"});
}

std::vector<RemoteReceipt> receipts_of(Connection& connection, const BundleId& id,
                                       const std::string& with) {
    const auto answer = connection.get_raw("/v1/bundles/" + id.str() + "/receipts" +
                                           (with.empty() ? "" : "?with=" + with));
    auto receipts = readable(client::read_receipts(answer.body));
    // A step of a later version of the gateway is passed over: its name is not ours to trust.
    std::erase_if(receipts, [](const RemoteReceipt& receipt) {
        const bool known = std::any_of(std::begin(expectations), std::end(expectations),
                                       [&](const Expected& e) { return e.step == receipt.step; });
        return !known || receipt.text.empty();
    });
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
