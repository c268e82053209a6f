#include "gateway/audit/pack.hpp"

#include "gateway/audit/lines.hpp"
#include "gateway/audit/words.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/unpack.hpp"

#include <algorithm>
#include <fstream>
#include <map>

namespace cpg::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view bundles_table = "bundles.csv";
constexpr std::string_view usage_table = "usage.csv";
constexpr std::string_view receipts_prefix = "receipts/";
constexpr std::string_view receipt_suffix = ".receipt.txt";
constexpr std::string_view checkpoints_prefix = "checkpoints/";
constexpr std::string_view bom = "\xEF\xBB\xBF";  // spreadsheets take the file for CP932 without it
constexpr std::size_t max_pack_files = 1'000'000; // a gateway's year
constexpr std::uint64_t max_pack_file = 1ull << 30; // a table of a million rows has 200 MiB

std::string japan(Time time) {
    return rfc3339(time + std::chrono::hours(9));
}

// -- tables --

/// Quoted when needed; what a spreadsheet would run is prefixed by an apostrophe.
std::string cell(std::string_view text) {
    std::string out(text);
    if (!out.empty() && std::string_view("=+-@\t\r").find(out.front()) != std::string_view::npos)
        out.insert(out.begin(), '\'');
    if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string row(const std::vector<std::string>& cells) {
    std::string line;
    for (const auto& text : cells)
        line += (line.empty() && &text == &cells.front() ? "" : ",") + cell(text);
    return line + "\r\n";
}

std::string text_of(const std::optional<OfficeNo>& office) {
    return office ? office->str() : std::string();
}

std::string minute_of(const std::optional<Time>& time) {
    return time ? japan_minute(*time) : std::string();
}

Bytes bundles_csv(const std::vector<PackedBundle>& bundles) {
    Bytes text(bom);
    text += row({"受付日時（日本時間）", "送信元", "あて先", "種類", "版", "対象年月", "状態",
                 "受領日時", "取込・取消日時", "ファイル数", "バイト数", "電子署名", "証跡の数",
                 "送信単位", "記録の場所"});
    for (const auto& bundle : bundles)
        text +=
            row({japan_minute(bundle.accepted), text_of(bundle.from), text_of(bundle.to),
                 bundle.kind, bundle.edition, bundle.month.has_value() ? bundle.month.str() : "",
                 bundle.state, minute_of(bundle.fetched), minute_of(bundle.settled),
                 std::to_string(bundle.files), std::to_string(bundle.bytes), bundle.signature_level,
                 std::to_string(bundle.receipts), bundle.id.str(), bundle.log});
    return text;
}

Bytes usage_csv(const std::vector<Usage>& usage) {
    Bytes text(bom);
    text += row({"月", "送信元", "あて先", "受付件数", "うち受領", "うち取込", "受付拒否"});
    for (const auto& line : usage)
        text += row({line.month, line.from, line.to, std::to_string(line.bundles),
                     std::to_string(line.fetched), std::to_string(line.imported),
                     std::to_string(line.rejected)});
    return text;
}

// -- what receipts prove --

std::string state_after(const Entry& entry) {
    switch (entry.type) {
    case EntryType::submit:
        return "accepted";
    case EntryType::reject:
        return "rejected";
    case EntryType::fetch:
        return "fetched";
    case EntryType::ack:
        return entry.result;
    case EntryType::recall:
        return "recalled";
    case EntryType::unclaimed:
        return "unclaimed";
    default:
        return {};
    }
}

void add_step(PackedBundle& bundle, const Entry& entry) {
    bundle.state = state_after(entry);
    if (entry.type == EntryType::fetch && !bundle.fetched) bundle.fetched = entry.time;
    if (entry.type == EntryType::ack || entry.type == EntryType::recall)
        bundle.settled = entry.time;
}

PackedBundle first_step(const Receipt& receipt) {
    const Entry& entry = receipt.entry;
    PackedBundle bundle;
    bundle.id = *entry.bundle;
    bundle.from = entry.from;
    bundle.to = entry.to;
    bundle.edition = entry.edition;
    bundle.kind = entry.kind;
    bundle.month = entry.month;
    bundle.accepted = entry.time;
    bundle.files = std::max(entry.files.size(), receipt.salts.size());
    for (const auto& file : entry.files) bundle.bytes += file.bytes;
    for (const auto& [name, value] : entry.details)
        if (name == "sig-level") bundle.signature_level = value;
    bundle.log = receipt.checkpoint.origin + " #" + std::to_string(receipt.proof.proof.index);
    return bundle;
}

Result<PackedBundle> read_bundle(const BundleReceipts& receipts,
                                 const std::vector<VerifierKey>& trusted) {
    PackedBundle bundle;
    for (const auto& text : receipts) {
        const auto receipt = open_receipt(text, trusted);
        if (!receipt) return receipt.error();
        const Entry& entry = receipt->entry;
        const bool opens = entry.type == EntryType::submit || entry.type == EntryType::reject;
        if (!entry.bundle || opens != (bundle.receipts == 0))
            return Error{Errc::tampered, "the first receipt is not of acceptance or refusal"};
        if (opens) bundle = first_step(*receipt);
        if (*entry.bundle != bundle.id)
            return Error{Errc::tampered, "receipts of several bundles are mixed"};
        add_step(bundle, entry);
        ++bundle.receipts;
    }
    if (bundle.receipts == 0) return Error{Errc::malformed, "a bundle without a receipt"};
    return bundle;
}

void sort_bundles(std::vector<PackedBundle>& bundles) {
    std::sort(bundles.begin(), bundles.end(), [](const auto& left, const auto& right) {
        return std::tie(left.accepted, left.id) < std::tie(right.accepted, right.id);
    });
}

// -- the folder --

std::string manifest_of(const std::vector<PackFile>& files) {
    std::string text;
    for (const auto& file : files) text += hex(sha256(file.bytes).view()) + "  " + file.path + "\n";
    return text;
}

bool is_pack_path(std::string_view path) {
    for (;;) {
        const auto slash = path.find('/');
        const auto part = path.substr(0, slash);
        if (!is_flat_name(part) || part.front() == '.') return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

using Manifest = std::map<std::string, std::string>; // path -> hex of its SHA-256

/// Strict: the form that manifest_of() writes, by path.
std::optional<Manifest> parse_manifest(std::string_view text) {
    constexpr std::size_t digits = 64;
    Manifest manifest;
    Lines lines(text);
    while (!lines.done()) {
        const auto line = lines.next();
        if (!line || line->size() <= digits + 2 || line->substr(digits, 2) != "  ")
            return std::nullopt;
        const std::string hash(line->substr(0, digits)), path(line->substr(digits + 2));
        const auto digest = parse_digest(hash);
        if (!digest || hex(digest->view()) != hash || !is_pack_path(path) || path == manifest_name)
            return std::nullopt;
        if (!manifest.empty() && path <= manifest.rbegin()->first) return std::nullopt;
        manifest.emplace(path, hash);
    }
    return manifest;
}

std::optional<Bytes> read(const fs::path& path) {
    std::error_code failed;
    if (!fs::is_regular_file(fs::symlink_status(path, failed)) ||
        fs::file_size(path, failed) > max_pack_file || failed)
        return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad() || !in.is_open()) return std::nullopt;
    return bytes;
}

/// Relative paths of all files but hidden ones; nullopt: something cannot be read, or is neither
/// file nor folder.
std::optional<std::vector<std::string>> files_below(const fs::path& folder) {
    std::vector<std::string> paths;
    std::error_code failed;
    fs::recursive_directory_iterator next(folder, failed);
    for (const fs::recursive_directory_iterator end; !failed && next != end;
         next.increment(failed)) {
        if (next->path().filename().string().starts_with(".")) {
            next.disable_recursion_pending();
            continue;
        }
        const auto status = next->symlink_status(failed);
        if (fs::is_directory(status)) continue;
        if (failed || !fs::is_regular_file(status) || paths.size() == max_pack_files)
            return std::nullopt;
        paths.push_back(next->path().lexically_relative(folder).generic_string());
    }
    if (failed) return std::nullopt;
    return paths;
}

class PackVerifier {
  public:
    PackVerifier(const fs::path& folder, const std::vector<VerifierKey>& trusted)
        : folder_(folder), trusted_(trusted) {
        outcome_.path = folder;
        outcome_.result = Verified::proven;
    }

    VerifiedPath run() {
        const auto text = read(folder_ / std::string(manifest_name));
        const auto manifest = text ? parse_manifest(*text) : std::nullopt;
        const auto present = files_below(folder_);
        if (!manifest || !present) {
            judge(Verified::malformed,
                  {"一覧（MANIFEST.sha256）の形が正しくないか、読めないものがあります。",
                   "The manifest has not its form, or something cannot be read."});
            return std::move(outcome_);
        }
        for (const auto& path : *present)
            if (path != manifest_name && manifest->count(path) == 0) judge_foreign(path);
        for (const auto& [path, hash] : *manifest) take(path, hash);
        judge_tables();
        if (outcome_.result == Verified::proven) {
            const std::string count = std::to_string(receipts_);
            outcome_.reason_ja = "証跡 " + count + " 通はすべて真正で、一覧と表もそのとおりです。";
            outcome_.reason_en =
                "All " + count +
                " receipts are genuine; the manifest and the tables agree with them.";
        }
        return std::move(outcome_);
    }

  private:
    void judge(Verified result, const Words& reason) {
        if (outcome_.result != Verified::proven &&
            worse(outcome_.result, result) == outcome_.result)
            return;
        outcome_.result = result;
        outcome_.reason_ja = reason.ja;
        outcome_.reason_en = reason.en;
    }

    void judge_foreign(const std::string& path) {
        judge(Verified::tampered, {printable(path) + " は一覧にありません。",
                                   printable(path) + " is not in the manifest."});
    }

    void take(const std::string& path, const std::string& hash) {
        const auto bytes = read(folder_ / path);
        if (!bytes || hex(sha256(*bytes).view()) != hash)
            return judge(Verified::tampered, {printable(path) + " がないか、変わっています。",
                                              printable(path) + " is missing or was changed."});
        if (path == bundles_table || path == usage_table) tables_[path] = *bytes;
        if (path.starts_with(checkpoints_prefix)) take_checkpoint(path, *bytes);
        if (path.starts_with(receipts_prefix) && path.ends_with(receipt_suffix))
            take_receipt(path, *bytes);
    }

    void take_receipt(const std::string& path, const Bytes& text) {
        ++receipts_;
        Verification verification = verify_receipt(text, {}, trusted_);
        if (verification.result != Verified::proven) {
            judge(verification.result, {printable(path) + ": " + verification.reason_ja,
                                        printable(path) + ": " + verification.reason_en});
            outcome_.receipts.push_back({path, std::move(verification)});
            return;
        }
        // "receipts/<bundle>/<n>-<type>.receipt.txt": by bundle, by number
        const fs::path where(path);
        const auto number =
            parse_decimal(where.filename().string().substr(0, where.filename().string().find('-')));
        const auto named = BundleId::parse(where.parent_path().filename().string());
        if (!number || !named || named != verification.receipt->entry.bundle)
            return judge(Verified::tampered, {printable(path) + " は別の送信単位のものです。",
                                              printable(path) + " is about another bundle."});
        bundles_[named->str()][*number] = text;
    }

    void take_checkpoint(const std::string& path, const Bytes& text) {
        const auto note = open_note(text, trusted_);
        const auto checkpoint = note ? Checkpoint::parse(note->text) : note.error();
        if (checkpoint) return;
        const auto code = checkpoint.error().code;
        judge(code == Errc::tampered      ? Verified::tampered
              : code == Errc::unknown_key ? Verified::unknown_key
                                          : Verified::malformed,
              {printable(path) + " が真正ではありません。", printable(path) + " is not genuine."});
    }

    /// The tables say what the receipts say, nothing else.
    void judge_tables() {
        if (outcome_.result != Verified::proven) return;
        std::vector<BundleReceipts> receipts;
        for (const auto& [id, numbered] : bundles_) {
            auto& texts = receipts.emplace_back();
            for (const auto& [number, text] : numbered) texts.push_back(text);
        }
        const auto bundles = read_bundles(receipts, trusted_);
        if (!bundles || tables_[std::string(bundles_table)] != bundles_csv(*bundles) ||
            tables_[std::string(usage_table)] != usage_csv(usage_of(*bundles)))
            judge(Verified::tampered,
                  {"表が証跡と合いません。", "The tables do not say what the receipts say."});
    }

    fs::path folder_;
    const std::vector<VerifierKey>& trusted_;
    VerifiedPath outcome_;
    std::size_t receipts_ = 0;
    std::map<std::string, std::map<std::uint64_t, std::string>> bundles_;
    std::map<std::string, Bytes> tables_;
};

} // namespace

std::string japan_minute(Time time) {
    const std::string text = japan(time);
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

Result<std::vector<PackedBundle>> read_bundles(const std::vector<BundleReceipts>& receipts,
                                               const std::vector<VerifierKey>& trusted) {
    std::vector<PackedBundle> bundles;
    for (const auto& texts : receipts) {
        auto bundle = read_bundle(texts, trusted);
        if (!bundle) return bundle.error();
        bundles.push_back(std::move(*bundle));
    }
    sort_bundles(bundles);
    return bundles;
}

std::vector<Usage> usage_of(const std::vector<PackedBundle>& bundles) {
    std::map<std::tuple<std::string, std::string, std::string>, Usage> lines;
    for (const auto& bundle : bundles) {
        const std::string month = japan(bundle.accepted).substr(0, 7);
        auto& line = lines[{month, text_of(bundle.from), text_of(bundle.to)}];
        line.month = month;
        line.from = text_of(bundle.from);
        line.to = text_of(bundle.to);
        if (bundle.state == "rejected") {
            ++line.rejected;
            continue;
        }
        ++line.bundles;
        if (bundle.fetched) ++line.fetched;
        if (bundle.state == "imported") ++line.imported;
    }
    std::vector<Usage> usage;
    for (auto& [key, line] : lines) usage.push_back(std::move(line));
    return usage;
}

Result<std::vector<PackFile>> make_pack(const std::vector<BundleReceipts>& receipts,
                                        const std::vector<std::string>& checkpoints,
                                        std::vector<PackFile> others,
                                        const std::vector<VerifierKey>& trusted) {
    const auto bundles = read_bundles(receipts, trusted);
    if (!bundles) return bundles.error();
    std::vector<PackFile> files = std::move(others);
    files.push_back({std::string(bundles_table), bundles_csv(*bundles)});
    files.push_back({std::string(usage_table), usage_csv(usage_of(*bundles))});
    for (std::size_t i = 0; i < checkpoints.size(); ++i)
        files.push_back(
            {std::string(checkpoints_prefix) + std::to_string(i + 1) + ".txt", checkpoints[i]});
    for (const auto& texts : receipts)
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const Entry entry = open_receipt(texts[i], trusted)->entry;
            files.push_back({std::string(receipts_prefix) + entry.bundle->str() + "/" +
                                 std::to_string(i + 1) + "-" + std::string(name_of(entry.type)) +
                                 std::string(receipt_suffix),
                             texts[i]});
        }
    std::sort(files.begin(), files.end(),
              [](const PackFile& left, const PackFile& right) { return left.path < right.path; });
    files.insert(files.begin(), {std::string(manifest_name), manifest_of(files)});
    return files;
}

bool is_pack(const fs::path& folder) {
    std::error_code failed;
    return fs::is_regular_file(folder / std::string(manifest_name), failed);
}

VerifiedPath verify_pack(const fs::path& folder, const std::vector<VerifierKey>& trusted) {
    return PackVerifier(folder, trusted).run();
}

} // namespace cpg::audit
