// Two ways: the input as a receipt of a stranger; and the input as the extra data (leaf and salts)
// of a genuine proof, so that what comes behind the signature is reached too.
#include "gateway/audit/receipt.hpp"
#include "spec/base/digest.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace cpg;
using namespace cpg::audit;

namespace {

/// Made anew at every start; what is found does not depend on its value.
const Signer& signer() {
    static const auto made = make_signer("log.example/cpgw/2026", make_signer_key());
    return *made;
}

std::vector<VerifierKey> trusted() {
    return {signer().verifier()};
}

const std::vector<FileToVerify>& files() {
    static const std::vector<FileToVerify> some{{"a.csv", sha256("a"), 1},
                                                {"b.csv", sha256("b"), 1},
                                                {"b.csv.p7s", sha256("signature"), 9}};
    return some;
}

/// A log whose only leaf is the one in the extra data.
std::string genuine(BytesView extra) {
    const BytesView leaf = extra.substr(0, std::min(extra.find("\n\n"), extra.size() - 1) + 1);
    const Checkpoint checkpoint{signer().verifier().name, 1, leaf_hash(leaf), {}};
    return TlogProof{Bytes(extra), {0, 1, {}, sign_note(checkpoint.body(), {&signer()})}}.text();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView text = fuzz::view(data, size);
    fuzz::require(verify_receipt(text, {}, trusted()).result != Verified::proven,
                  "nothing is proven that this key did not sign");
    if (text.empty()) return 0;
    const std::string receipt = genuine(text);
    const Verification alone = verify_receipt(receipt, {}, trusted());
    const Verification compared = verify_receipt(receipt, files(), trusted());
    fuzz::require(alone.receipt.has_value() == (alone.result == Verified::proven),
                  "a genuine receipt alone is proven");
    fuzz::require(alone.receipt.has_value() == compared.receipt.has_value(),
                  "files decide nothing about the receipt itself");
    fuzz::require(!alone.reason_ja.empty() && !compared.reason_en.empty(), "there is a reason");
    return 0;
}
