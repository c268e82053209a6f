#include "gateway/cli/pinned_log.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/audit/pin.hpp"
#include "gateway/cli/failure.hpp"
#include "gateway/cli/text.hpp"

#include <fstream>
#include <iostream>

namespace cpg::cli {
namespace {

namespace fs = std::filesystem;

audit::Pins read_file_of_pins(const fs::path& file) {
    if (!fs::exists(file)) return {};
    std::ifstream stream(file, std::ios::binary);
    std::string text(audit::max_pins_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    auto pins = text.size() > audit::max_pins_bytes ? Error{Errc::malformed, "too long"}
                                                    : audit::read_pins(text);
    if (!pins)
        throw Failure(exit_configuration,
                      "以前に見たログの控えが読めません。壊れたのでなければ消さないでください: " +
                          file.string() + " / cannot read what was seen of the log");
    return *std::move(pins);
}

audit::LogFetch fetch_by(client::Client& client) {
    return [&client](const std::string& path) -> Result<std::string> {
        auto answer = client.get("/v1/audit/" + path);
        if (!answer) return answer.error();
        if (answer->status == 200) return std::move(answer->body);
        const std::string detail = "HTTP " + std::to_string(answer->status);
        return Error{answer->status == 404 ? Errc::not_found : Errc::unreachable, detail};
    };
}

/// Evidence against the gateway: both notes are signed by its key.
fs::path keep_evidence(const fs::path& file, const audit::PinCheck& check) {
    std::string when = rfc3339(system_clock().now());
    std::erase_if(when, [](char c) { return c == ':' || c == '-' || c == '.'; });
    const fs::path folder = file.string() + ".evidence-" + when;
    fs::create_directories(folder);
    client::save_file(folder / "seen.checkpoint", check.pinned);
    client::save_file(folder / "offered.checkpoint", check.offered);
    client::save_file(folder / "reason.txt", check.reason.ja + "\n" + check.reason.en + "\n");
    return folder;
}

[[noreturn]] void refuse(const fs::path& file, const audit::PinCheck& check, Lang lang) {
    const fs::path folder = keep_evidence(file, check);
    throw Failure(
        exit_refused,
        std::string(
            "！！ ゲートウェイのログが、以前に見たものと続いていません。何も送受信していません ！！"
            " / THE GATEWAY'S LOG DOES NOT CONTINUE WHAT WAS SEEN BEFORE; nothing was sent "
            "or fetched: ") +
            check.reason.in(lang) + "\n" + "証拠 / evidence: " + folder.string());
}

} // namespace

void check_log(client::Client& client, const fs::path& file,
               const std::vector<audit::VerifierKey>& trusted, Lang lang) {
    const audit::Pins pins = read_file_of_pins(file);
    const audit::PinCheck check = audit::check_pins(pins, trusted, fetch_by(client));
    switch (check.continuity) {
    case audit::Continuity::unknown:
        return;
    case audit::Continuity::continues:
        break;
    case audit::Continuity::rolled_back:
    case audit::Continuity::forked:
    case audit::Continuity::unknown_key:
        refuse(file, check, lang);
    }
    if (check.pins == pins) return;
    try {
        client::save_file(file, audit::pins_text(check.pins));
    } catch (const std::exception& error) {
        std::cerr << "ログの控えを保存できません / cannot keep what was seen of the log: "
                  << printable(error.what()) << "\n";
    }
}

} // namespace cpg::cli
