#include "adapters/client/save_folder.hpp"
#include "gateway/audit/verify.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/remote.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>

namespace cpg::cli {

const Usage receipt_usage{
    "receipt",
    "送信単位の証跡（受付票、受領票、取込票）を取り出します",
    "prints or saves the newest receipt of a bundle",
    {"ID", 1, 1},
    with({{"--out", "FILE", "保存先（既定 画面）", "file to write (default: the terminal)"},
          {"--step", "accepted|fetched|imported|import_failed|recalled|rejected",
           "どの証跡か（既定 最新）", "which receipt (default: the newest)"},
          {"--with", "cosignatures|timestamp",
           "証人の連署、またはタイムスタンプ（--out の名前の .tsr に保存）の付いたもの",
           "by a checkpoint with cosignatures, or with a time stamp (saved beside --out as .tsr)"}},
         connection_options())};

namespace {

RemoteReceipt chosen(const std::vector<RemoteReceipt>& receipts, const Arguments& given) {
    for (auto at = receipts.rbegin(); at != receipts.rend(); ++at)
        if (!given.has("--step") || at->step == given.text("--step")) return *at;
    throw Failure(exit_refused, "その証跡はまだありません / there is no such receipt yet");
}

} // namespace

int receipt_command(const Arguments& given) {
    const BundleId id = id_operand(given.operands()[0]);
    Connection connection(given);
    const RemoteReceipt receipt = chosen(receipts_of(connection, id, given.text("--with")), given);
    // Kept even when it does not verify: it is evidence either way.
    if (given.has("--out")) {
        client::save_file(given.text("--out"), receipt.text);
        if (!receipt.timestamp.empty())
            client::save_file(audit::stamp_beside(given.text("--out")), receipt.timestamp);
    }
    const auto reason =
        why_not_proven(receipt, id, {}, connection.trusted_keys(), connection.lang());
    if (connection.json())
        std::cout << boost::json::serialize(boost::json::object{
                         {"id", id.str()}, {"step", receipt.step}, {"receipt", receipt.text}})
                  << "\n";
    else if (!given.has("--out"))
        std::cout << receipt.text;
    if (reason)
        throw Failure(exit_not_good,
                      "証跡を確かめられません / the receipt does not prove it: " + *reason);
    return exit_done;
}

} // namespace cpg::cli
