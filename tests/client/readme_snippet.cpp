// The code of adapters/client/README.md, compiled; tests/e2e/client_cpp_test.py compares the two.
#include "adapters/client/mailbox.hpp"

namespace cpg {

int readme(const std::vector<InputFile>& files, int (*report)(const Error&));

int readme(const std::vector<InputFile>& files, int (*report)(const Error&)) {
    // README begins
    client::Mailbox mailbox(*client::read_settings("client.yaml"));

    // 同じファイルなら同じ送信 / the same files are the same submission
    const auto sent = mailbox.send({.files = files});
    if (!sent) return report(sent.error()); // Errc::unreachable, unknown_receiver, rate_limited …

    const auto page = mailbox.inbox({.state = "new", .wait = std::chrono::seconds(60)});
    if (!page) return report(page.error());
    for (const auto& bundle : page->bundles) {
        const auto fetched = mailbox.fetch(bundle.id); // digest compared, unpacked
        if (!fetched) return report(fetched.error());
        const auto folder = client::folder_of(*fetched);
        if (const auto saved = client::save_folder("inbox", bundle.id.str(), folder); !saved)
            return report(saved.error());
        mailbox.acknowledge(bundle.id, client::Import::imported);
    }
    // README ends
    return 0;
}

} // namespace cpg
