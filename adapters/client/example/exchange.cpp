// What a program of a vendor looks like: sends files, or takes what arrived and says so.
//
//     exchange CLIENT.YAML send FILE…
//     exchange CLIENT.YAML receive FOLDER
//
// CLIENT.YAML is that of `cpgw` (deploy/client.example.yaml). Receipts are kept beside the files;
// `cpgw verify FOLDER` or deploy/verify/verify_receipt.py proves them, without this program and
// without the gateway.
#include "adapters/client/mailbox.hpp"

#include "spec/records/unpack.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace client = cpg::client;

namespace {

template<class T> T value_of(cpg::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    return std::move(*result);
}

int send(client::Mailbox& mailbox, const std::vector<std::filesystem::path>& paths) {
    client::Parcel parcel;
    parcel.files = value_of(cpg::read_paths(paths));
    const client::SubmitAnswer sent =
        value_of(mailbox.send(parcel)); // again with the same files: the same submission
    for (const client::SentBundle& bundle : sent.bundles) {
        std::cout << (bundle.accepted ? "accepted " : "rejected ") << bundle.id.str() << "\n";
        client::save_file("receipts/" + bundle.id.str() + ".receipt.txt", bundle.receipt);
    }
    const bool all = std::all_of(sent.bundles.begin(), sent.bundles.end(),
                                 [](const auto& bundle) { return bundle.accepted; });
    return all && sent.findings.empty() ? 0 : 1;
}

/// Here the vendor's software takes the files over. False: it could not.
bool import_files(const std::vector<cpg::InputFile>& files) {
    return !files.empty();
}

void take(client::Mailbox& mailbox, const cpg::BundleId& id, const std::filesystem::path& folder) {
    const client::Fetched fetched = value_of(mailbox.fetch(id));
    // Whole or not at all; a folder of an earlier run stays as it is.
    const auto saved = client::save_folder(folder, id.str(), client::folder_of(fetched));
    if (!saved && saved.error().code != cpg::Errc::conflict)
        throw std::runtime_error(saved.error().detail);
    const bool imported = import_files(fetched.files);
    value_of(mailbox.acknowledge(id, imported ? client::Import::imported : client::Import::failed,
                                 imported ? "" : "取り込めませんでした"));
    std::cout << (imported ? "imported " : "import failed ") << id.str() << "\n";
}

int receive(client::Mailbox& mailbox, const std::filesystem::path& folder) {
    // What an earlier run fetched and did not finish comes first.
    for (const char* const state : {"fetched", "new"}) {
        client::BoxQuery query{.state = state};
        do {
            const client::BundlePage page = value_of(mailbox.inbox(query));
            for (const client::ListedBundle& bundle : page.bundles)
                take(mailbox, bundle.id, folder);
            query.after = page.next;
        } while (!query.after.empty());
    }
    return 0;
}

} // namespace

int main(int count, char** words) try {
    const std::vector<std::string> given(words + 1, words + count);
    if (given.size() < 3 || (given[1] != "send" && given[1] != "receive")) {
        std::cerr << "exchange CLIENT.YAML send FILE… | receive FOLDER\n";
        return 2;
    }
    client::Mailbox mailbox(value_of(client::read_settings(given[0])));
    if (given[1] == "send") return send(mailbox, {given.begin() + 2, given.end()});
    return receive(mailbox, given[2]);
} catch (const std::exception& error) {
    std::cerr << "exchange: " << error.what() << "\n";
    return 3;
}
