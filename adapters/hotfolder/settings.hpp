// The agent's settings file: which offices, which folders, how patient. Strict YAML: an unknown key
// is a problem with its line. deploy/agent.example.yaml shows every setting.
#pragma once

#include "adapters/client/client.hpp"
#include "adapters/dialect/dialect.hpp"
#include "adapters/hotfolder/backoff.hpp"
#include "adapters/hotfolder/lots.hpp"

namespace cpg::hotfolder {

/// When the agent tells the sender that a bundle was imported.
enum class AckPolicy {
    on_taken,   // when the software took every file of it
    on_written, // when its files lie in the incoming folder
    manual,     // never: a person says it (`cpgw ack`)
};

struct Folders {
    std::filesystem::path root;     // of the office
    std::filesystem::path outgoing; // 送信
    std::filesystem::path incoming; // 受信
    std::filesystem::path taken;    // 受信/取込済: where the software moves what it took
    std::filesystem::path failed;   // 受信/取込エラー: where it moves what it could not take
    std::filesystem::path archive;  // 控え
    std::filesystem::path returned; // 差戻し
    std::filesystem::path state;    // .cpgw: journals, work in progress, lock; the agent's own
};

struct OfficeSettings {
    std::string name; // for people: the office's name
    client::Settings client;
    Folders folders;
    LotPolicy lots;
    RetryPolicy retry;
    std::string dialect = "auto";  // of dropped files: auto, standard, or an id
    std::string into = "standard"; // of arrived files: standard, or an id
    std::filesystem::path dialects, tables, service_codes; // empty = none
    std::optional<OfficeNo> office; // what the files of the software do not say
    std::optional<ServiceType> service_type;
    adapters::Layout layout = adapters::Layout::flat; // of the standard's files in 受信
    bool layout_given = false;                        // it overrides a dialect's own
    AckPolicy ack = AckPolicy::on_taken;
    Duration taken_grace{2'000}; // a file that is gone may still turn up in 取込エラー
    Duration poll{20'000};       // longest a question for new bundles waits at the gateway
    bool send_again = false;     // what was sent before is sent again, not answered from 控え
    std::uint64_t min_free_bytes = 100u << 20; // nothing new is taken on a fuller disk
};

struct AgentSettings {
    std::uint16_t status_port = 0; // 0 = no page
    std::string log_level = "info";
    std::vector<OfficeSettings> offices;
};

struct SettingsOutcome {
    AgentSettings settings;
    std::vector<LoadProblem> problems; // none: settings are good
};
/// Paths are relative to the file, folders to the office's `folder`. Throws std::runtime_error when
/// it cannot be read.
SettingsOutcome read_agent_settings(const std::filesystem::path& file);

/// "300ms", "2s", "10m", "1h", "2" (seconds).
std::optional<Duration> parse_duration(std::string_view text);

} // namespace cpg::hotfolder
