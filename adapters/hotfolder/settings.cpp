#include "adapters/hotfolder/settings.hpp"

#include "spec/load/map_reader.hpp"

#include <charconv>
#include <map>

namespace cpg::hotfolder {
namespace {

namespace fs = std::filesystem;
using Kind = YamlNode::Kind;

constexpr std::size_t max_offices = 100; // two threads and two connections each

constexpr std::pair<std::string_view, adapters::Layout> layouts[] = {
    {"flat", adapters::Layout::flat},
    {"partner_folder", adapters::Layout::partner_folder},
    {"serial_folder", adapters::Layout::serial_folder},
    {"one_at_a_time", adapters::Layout::one_at_a_time},
    {"partner_zip", adapters::Layout::partner_zip},
    {"month_folder", adapters::Layout::month_folder},
};
constexpr std::pair<std::string_view, AckPolicy> ack_policies[] = {
    {"on_taken", AckPolicy::on_taken},
    {"on_written", AckPolicy::on_written},
    {"manual", AckPolicy::manual},
};

template<class T, std::size_t N>
std::optional<T> chosen(MapReader& map, std::string_view key,
                        const std::pair<std::string_view, T> (&table)[N]) {
    const std::string text = map.text_if_any(key);
    if (text.empty()) return std::nullopt;
    std::string known;
    for (const auto& [name, value] : table) {
        if (name == text) return value;
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    map.problem(key, "'" + std::string(key) + "' is one of: " + known);
    return std::nullopt;
}

void duration(MapReader& map, std::string_view key, Duration& into, Duration lowest,
              Duration highest) {
    const std::string text = map.text_if_any(key);
    if (text.empty()) return;
    const auto value = parse_duration(text);
    if (value && *value >= lowest && *value <= highest)
        into = *value;
    else
        map.problem(key, "'" + std::string(key) + "' is a duration from " +
                             std::to_string(lowest.count()) + "ms to " +
                             std::to_string(highest.count()) + "ms, like 300ms, 2s, 10m");
}

template<class Id> std::optional<Id> id(MapReader& map, std::string_view key) {
    const std::string text = map.text_if_any(key);
    if (text.empty()) return std::nullopt;
    const auto value = Id::parse(text);
    if (!value) map.problem(key, "'" + std::string(key) + "' is not one");
    return value;
}

class Reader {
  public:
    Reader(const fs::path& file, Problems& problems, AgentSettings& settings)
        : base_(file.parent_path()), problems_(problems), settings_(settings) {}

    void read(const YamlNode& root) {
        MapReader map(problems_, root, "the settings");
        if (const auto* node = map.child_if_any("status", Kind::map)) {
            MapReader status(problems_, *node, "status");
            settings_.status_port =
                static_cast<std::uint16_t>(status.number_if_any("port", 0, 65535).value_or(0));
            status.finish();
        }
        if (const auto* node = map.child_if_any("log", Kind::map)) {
            MapReader log(problems_, *node, "log");
            settings_.log_level = log.text("level");
            const auto& level = settings_.log_level;
            if (level != "debug" && level != "info" && level != "warning" && level != "error")
                log.problem("level", "'level' is one of: debug, info, warning, error");
            log.finish();
        }
        if (const auto* node = map.child("offices", Kind::sequence)) {
            if (node->items.empty() || node->items.size() > max_offices)
                problems_.add(*node, "from 1 to " + std::to_string(max_offices) + " offices");
            else
                for (const auto* item : node->items) read_office(*item);
        }
        map.finish();
    }

  private:
    void read_office(const YamlNode& node) {
        MapReader map(problems_, node, "an office");
        OfficeSettings office;
        office.name = map.text("name");
        read_client(map, office.client);
        read_folders(map, office.folders);
        read_patience(map, office);
        if (const auto text = map.text_if_any("dialect"); !text.empty()) office.dialect = text;
        if (const auto text = map.text_if_any("into"); !text.empty()) office.into = text;
        office.dialects = path(map, "dialects");
        office.tables = path(map, "tables");
        office.service_codes = path(map, "service_codes");
        office.office = id<OfficeNo>(map, "office");
        office.service_type = id<ServiceType>(map, "service_type");
        if (const auto layout = chosen(map, "layout", layouts)) {
            office.layout = *layout;
            office.layout_given = true;
        }
        office.ack = chosen(map, "ack", ack_policies).value_or(office.ack);
        office.send_again = map.flag_if_any("send_again");
        map.finish();
        refuse_shared_folder(node, office);
        settings_.offices.push_back(std::move(office));
    }

    fs::path path(MapReader& map, std::string_view key) {
        const std::string text = map.text_if_any(key);
        return text.empty() ? fs::path() : base_ / text;
    }

    void read_client(MapReader& map, client::Settings& client) {
        client.gateway = map.text("gateway");
        client.certificate = base_ / map.text("certificate");
        const std::string key = map.text("key");
        client.key = key.starts_with("pkcs11:") ? key : (base_ / key).string();
        client.ca = base_ / map.text("ca");
        client.trusted_keys = map.texts("trusted_keys");
        if (client.trusted_keys.empty())
            map.problem("trusted_keys", "an office has no 'trusted_keys': receipts could not be "
                                        "verified");
        if (const auto lang = map.text_if_any("lang"); lang == "en" || lang == "ja")
            client.lang = lang;
        else if (!lang.empty())
            map.problem("lang", "'lang' is ja or en");
        Duration timeout = client.timeout;
        duration(map, "timeout", timeout, Duration(1'000), Duration(3'600'000));
        client.timeout = std::chrono::ceil<std::chrono::seconds>(timeout);
    }

    void read_folders(MapReader& map, Folders& folders) {
        folders.root = base_ / map.text("folder");
        const auto below = [&](std::string_view key, std::string_view fallback) {
            const std::string text = map.text_if_any(key);
            return (folders.root / (text.empty() ? fallback : std::string_view(text)))
                .lexically_normal();
        };
        folders.outgoing = below("outgoing", "送信");
        folders.incoming = below("incoming", "受信");
        folders.taken = below("taken", (folders.incoming / "取込済").string());
        folders.failed = below("failed", (folders.incoming / "取込エラー").string());
        folders.archive = below("archive", "控え");
        folders.returned = below("returned", "差戻し");
        folders.state = below("state", ".cpgw");
    }

    void read_patience(MapReader& map, OfficeSettings& office) {
        constexpr Duration day(86'400'000);
        duration(map, "settle", office.lots.settle, Duration(50), Duration(600'000));
        duration(map, "set_settle", office.lots.set_settle, Duration(50), Duration(3'600'000));
        duration(map, "set_timeout", office.lots.set_timeout, Duration(100), 7 * day);
        duration(map, "retry_first", office.retry.first, Duration(50), Duration(600'000));
        duration(map, "retry_cap", office.retry.cap, Duration(50), day);
        duration(map, "taken_grace", office.taken_grace, Duration(0), Duration(600'000));
        // 60 s is the longest that a gateway lets a question wait.
        duration(map, "poll", office.poll, Duration(1'000), Duration(60'000));
        if (office.client.timeout <= office.poll)
            map.problem("timeout", "'timeout' has to be longer than 'poll'");
        if (const auto megabytes = map.number_if_any("min_free_mb", 0, 1'000'000))
            office.min_free_bytes = static_cast<std::uint64_t>(*megabytes) << 20;
    }

    void refuse_shared_folder(const YamlNode& node, const OfficeSettings& office) {
        for (const auto& other : settings_.offices)
            if (other.folders.outgoing == office.folders.outgoing ||
                other.folders.incoming == office.folders.incoming ||
                other.folders.state == office.folders.state)
                problems_.add(node, "two offices share a folder: '" + other.name + "' and '" +
                                        office.name + "'");
    }

    fs::path base_;
    Problems& problems_;
    AgentSettings& settings_;
};

} // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{}) return std::nullopt;
    const std::string_view unit(parsed.ptr,
                                static_cast<std::size_t>(text.data() + text.size() - parsed.ptr));
    static const std::map<std::string_view, Duration::rep> units{
        {"ms", 1}, {"", 1'000}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
    const auto known = units.find(unit);
    if (known == units.end()) return std::nullopt;
    return Duration(known->second * static_cast<Duration::rep>(number));
}

SettingsOutcome read_agent_settings(const fs::path& file) {
    SettingsOutcome outcome;
    const SourceFile source = read_source_file(file);
    const YamlDocument document = YamlDocument::parse(source, outcome.problems);
    if (!outcome.problems.empty()) return outcome;
    Problems problems(file.filename().string(), outcome.problems);
    Reader(file, problems, outcome.settings).read(document.root());
    return outcome;
}

} // namespace cpg::hotfolder
