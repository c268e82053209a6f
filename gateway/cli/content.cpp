#include "gateway/cli/content.hpp"

#include "adapters/client/content.hpp"
#include "gateway/cli/text.hpp"

#include <algorithm>

namespace cpg::cli {
std::vector<InputFile> content_of(Connection& connection, const BundleId& id) {
    const client::Answer answer = connection.get_raw("/v1/bundles/" + id.str() + "/content");
    auto files = client::read_content(answer);
    if (!files && files.error().code == Errc::digest_mismatch)
        throw Failure(exit_unreachable,
                      "届いた内容が途中で変わっています。もう一度受け取ってください / "
                      "the content does not have the digest announced: " +
                          id.str());
    return value_or_fail(std::move(files), "届いた ZIP を開けません");
}

std::optional<std::string> why_delivery_not_proven(const std::vector<RemoteReceipt>& receipts,
                                                   const BundleId& id,
                                                   const std::vector<InputFile>& files,
                                                   const std::vector<audit::VerifierKey>& trusted,
                                                   Lang lang) {
    for (const std::string_view step : {"accepted", "fetched"}) {
        const bool there =
            std::any_of(receipts.begin(), receipts.end(),
                        [&](const RemoteReceipt& receipt) { return receipt.step == step; });
        if (!there)
            return std::string(step) + ": " + std::string(in(lang, "証跡がありません", "missing"));
    }
    for (const auto& receipt : receipts)
        if (const auto reason = why_not_proven(receipt, id, files, trusted, lang))
            return receipt.step + ": " + *reason;
    return std::nullopt;
}

} // namespace cpg::cli
