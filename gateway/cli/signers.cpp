#include "gateway/cli/signers.hpp"

#include "gateway/cli/files.hpp"

namespace cpg::cli {

const std::vector<Option>& signer_options() {
    static const std::vector<Option> options{
        {"--signers-ca", "FILE", "電子署名（.p7s）をした事業所の認証局（PEM）",
         "authorities of offices' signatures (.p7s), PEM"},
        {"--accredited-ca", "FILE", "電子署名の認定認証局（PEM）",
         "accredited authorities of signatures, PEM"},
    };
    return options;
}

std::shared_ptr<const audit::SignerTrust> signers_of(const Arguments& given) {
    if (!given.has("--signers-ca") && !given.has("--accredited-ca")) return nullptr;
    const auto text = [&](const std::string& option) {
        return given.has(option) ? read_file(given.text(option)) : Bytes();
    };
    return value_or_fail(audit::SignerTrust::make(text("--signers-ca"), text("--accredited-ca")),
                         "電子署名の認証局が読めません");
}

std::vector<exchange::JudgedSignatures> signatures_in(const Catalog& catalog, const Heap& heap,
                                                      const Arguments& given) {
    const auto trust = signers_of(given);
    const identity::Directory nobody({}, {}, 0);
    return exchange::judge_signatures(heap, {catalog, trust.get(), nobody, system_clock().now()});
}

} // namespace cpg::cli
