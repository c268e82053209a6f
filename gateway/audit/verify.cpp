#include "gateway/audit/verify.hpp"

#include "gateway/audit/pack.hpp"
#include "gateway/audit/timestamp.hpp"
#include "gateway/audit/words.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/bundle.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <ostream>
#include <variant>

namespace cpg::audit {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view receipts_folder = "receipts";
constexpr std::string_view receipt_suffix = ".receipt.txt";
constexpr std::size_t max_receipts = 1000; // a bundle has a handful
constexpr std::size_t max_files = 100'000; // a bundle has at most some thousand
constexpr std::size_t read_size = 256 * 1024;

// -- reading; nullopt = cannot be read --

/// At most one byte over the limit of a receipt, which is then refused as too long.
std::optional<std::string> read_receipt(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(max_receipt_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) return std::nullopt;
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::optional<FileToVerify> digest_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    FileToVerify file{path.filename().string(), {}, 0};
    Sha256 sum;
    std::vector<char> buffer(read_size);
    do {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        const auto count = static_cast<std::size_t>(in.gcount());
        sum.update({buffer.data(), count});
        file.bytes += count;
    } while (in);
    if (in.bad()) return std::nullopt;
    file.digest = sum.finish();
    return file;
}

bool is_hidden(const fs::path& path) {
    return path.filename().string().rfind('.', 0) == 0;
}

bool is_receipt_name(const std::string& name) {
    return name.size() > receipt_suffix.size() &&
           name.compare(name.size() - receipt_suffix.size(), receipt_suffix.size(),
                        receipt_suffix) == 0;
}

/// What is in a folder but for hidden names, by name; at most `most`.
std::optional<std::vector<fs::directory_entry>> list(const fs::path& folder, std::size_t most) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator next(folder, error), end; !error && next != end;
         next.increment(error)) {
        if (is_hidden(next->path())) continue;
        if (entries.size() == most) return std::nullopt;
        entries.push_back(*next);
    }
    if (error) return std::nullopt;
    std::sort(entries.begin(), entries.end());
    return entries;
}

// -- one path --

void judge(VerifiedPath& outcome, Verified result, const Words& reason) {
    if (worse(outcome.result, result) == outcome.result && outcome.result != Verified::proven)
        return; // there is a graver or an earlier reason
    outcome.result = result;
    outcome.reason_ja = reason.ja;
    outcome.reason_en = reason.en;
}

VerifiedPath unreadable(const fs::path& path, const Words& reason) {
    return {path, Verified::malformed, reason.ja, reason.en, {}};
}

Words cannot_read(const fs::path& path) {
    const std::string name = printable(path.string());
    return {"読めません: " + name, "Cannot be read: " + name};
}

// -- words of others: witnesses, a time-stamping authority --

void refuse(Verification& verification, Verified result, const Words& reason) {
    verification.result = result;
    verification.reason_ja = reason.ja;
    verification.reason_en = reason.en;
    verification.proven_ja.clear();
    verification.proven_en.clear();
}

void judge_quorum(Verification& verification, const Policy& policy) {
    const Receipt& receipt = *verification.receipt;
    const auto note = open_note(receipt.proof.proof.checkpoint,
                                keys_for_log(policy.keys(), receipt.checkpoint.origin));
    if (note && policy.is_met_by(note->signatures)) return;
    refuse(verification, Verified::unknown_key,
           {"方針が求める証人の連署がそろっていません。",
            "The witnesses that the policy asks for have not cosigned it."});
}

std::optional<Bytes> read_stamp(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    Bytes bytes(max_timestamp_bytes + 1, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return bytes;
}

void add_line(Verification& verification, const Words& line, bool proven) {
    (proven ? verification.proven_ja : verification.not_proven_ja).push_back(line.ja);
    (proven ? verification.proven_en : verification.not_proven_en).push_back(line.en);
}

void judge_stamp(Verification& verification, const Bytes& stamp,
                 const std::optional<fs::path>& ca) {
    if (!ca)
        return add_line(
            verification,
            {"時刻認証局の時刻（タイムスタンプはありますが、--tsa-ca がないため未検証）",
             "the time of a time-stamping authority (there is a stamp; --tsa-ca is "
             "needed to check it)"},
            false);
    const Digest imprint = sha256(verification.receipt->checkpoint.body());
    const auto verified = verify_timestamp(stamp, imprint, {}, *ca);
    if (verified)
        return add_line(verification,
                        {"タイムスタンプ（RFC 3161）: " + rfc3339(verified->time) +
                             " にこの記録を含むログが"
                             "あったこと（" +
                             printable(verified->authority) + "、番号 " + verified->serial + "）",
                         "time stamp (RFC 3161): the log with this record was there at " +
                             rfc3339(verified->time) + " (" + printable(verified->authority) +
                             ", serial " + verified->serial + ")"},
                        true);
    const auto result =
        verified.error().code == Errc::unknown_key || verified.error().code == Errc::configuration
            ? Verified::unknown_key
        : verified.error().code == Errc::malformed ? Verified::malformed
                                                   : Verified::tampered;
    refuse(verification, result,
           {"タイムスタンプを確かめられません: " + verified.error().detail,
            "The time stamp does not verify: " + verified.error().detail});
}

void judge_others(Verification& verification, const fs::path& receipt, const Trust& trust) {
    if (verification.result != Verified::proven) return;
    if (trust.policy) judge_quorum(verification, *trust.policy);
    if (verification.result != Verified::proven) return;
    if (const auto stamp = read_stamp(stamp_beside(receipt)))
        judge_stamp(verification, *stamp, trust.tsa_ca);
}

std::vector<VerifierKey> all_keys(const Trust& trust) {
    std::vector<VerifierKey> keys = trust.keys;
    if (trust.policy)
        keys.insert(keys.end(), trust.policy->keys().begin(), trust.policy->keys().end());
    return keys;
}

VerifiedPath verify_file(const fs::path& path, const Trust& trust) {
    const auto text = read_receipt(path);
    if (!text) return unreadable(path, cannot_read(path));
    Verification verification = verify_receipt(*text, {}, all_keys(trust));
    judge_others(verification, path, trust);
    VerifiedPath outcome{
        path, verification.result, verification.reason_ja, verification.reason_en, {}};
    outcome.receipts.push_back({path.string(), std::move(verification)});
    return outcome;
}

bool opens_a_bundle(const Entry& entry) {
    return entry.type == EntryType::submit || entry.type == EntryType::reject;
}

struct Folder {
    std::vector<FileToVerify> files;
    std::vector<fs::path> receipts;
};

/// malformed: something in it cannot be read or does not belong there.
std::variant<Folder, Words> read_folder(const fs::path& path) {
    const auto entries = list(path, max_files);
    if (!entries) return cannot_read(path);
    Folder folder;
    std::error_code error;
    for (const fs::directory_entry& entry : *entries) {
        if (entry.path().filename() == receipts_folder && entry.is_directory(error)) {
            const auto receipts = list(entry.path(), max_receipts);
            if (!receipts) return cannot_read(entry.path());
            for (const fs::directory_entry& receipt : *receipts)
                if (is_receipt_name(receipt.path().filename().string()))
                    folder.receipts.push_back(receipt.path());
            continue;
        }
        auto file = entry.is_regular_file(error) ? digest_file(entry.path()) : std::nullopt;
        if (!file) return cannot_read(entry.path());
        folder.files.push_back(std::move(*file));
    }
    return folder;
}

/// A receipt that lists files must fit those of the folder: none at hand is not "not compared".
Verification verify_in_folder(std::string_view text, const std::vector<FileToVerify>& files,
                              const std::vector<VerifierKey>& trusted) {
    Verification alone = verify_receipt(text, {}, trusted);
    if (alone.result != Verified::proven || alone.receipt->entry.files.empty()) return alone;
    if (!files.empty()) return verify_receipt(text, files, trusted);
    Verification missing;
    missing.result = Verified::tampered;
    missing.reason_ja = "記録されたファイルが手元に 1 件もありません。";
    missing.reason_en = "None of the recorded files is here.";
    missing.receipt = std::move(alone.receipt);
    return missing;
}

/// All receipts together: one bundle, and its acceptance among them.
void judge_together(VerifiedPath& outcome) {
    const Entry* first = nullptr;
    for (const VerifiedReceipt& receipt : outcome.receipts)
        if (receipt.verification.receipt && opens_a_bundle(receipt.verification.receipt->entry)) {
            first = &receipt.verification.receipt->entry;
            break;
        }
    if (first == nullptr)
        return judge(outcome, Verified::unknown_key,
                     {"受付票（または受付拒否の証明）がありません。",
                      "There is no genuine receipt of the acceptance or refusal."});
    for (const VerifiedReceipt& receipt : outcome.receipts)
        if (receipt.verification.receipt &&
            receipt.verification.receipt->entry.bundle != first->bundle)
            judge(outcome, Verified::tampered,
                  {printable(receipt.name) + " は別の送信単位のものです。",
                   printable(receipt.name) + " is about another bundle."});
}

// -- senders' signatures --

struct Trouble {
    Verified result;
    Words words; // goes on after the file's name
};

std::optional<Trouble> trouble_of(CmsFault fault, const SignerTrust* signers) {
    switch (fault) {
    case CmsFault::malformed:
        return Trouble{Verified::malformed,
                       {"は電子署名の形ではありません。", " is no detached CMS signature."}};
    case CmsFault::mismatch:
        return Trouble{
            Verified::tampered,
            {"の署名がファイルと合いません。", ": the signature does not fit the file."}};
    case CmsFault::no_signing_certificate:
    case CmsFault::unknown_ca:
        if (signers == nullptr) return std::nullopt;
        return Trouble{Verified::unknown_key,
                       {"の署名者の証明書を確認できません。",
                        ": the signer's certificate is of no trusted authority."}};
    case CmsFault::not_valid_then:
        return Trouble{Verified::certificate,
                       {"の署名者の証明書が、受付の時点で有効ではありません。",
                        ": the signer's certificate was not valid at the time of acceptance."}};
    case CmsFault::none:
        break;
    }
    return std::nullopt;
}

/// The acceptance that is proven and speaks of signatures; nullptr when there is none.
const Entry* signed_acceptance(const VerifiedPath& outcome) {
    for (const VerifiedReceipt& receipt : outcome.receipts) {
        const Verification& verification = receipt.verification;
        if (verification.result == Verified::proven &&
            verification.receipt->entry.type == EntryType::submit &&
            verification.receipt->entry.cms)
            return &verification.receipt->entry;
    }
    return nullptr;
}

/// A whole file; at most a request's bytes were ever accepted.
std::optional<Bytes> read_whole(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in && !in.eof()) return std::nullopt;
    return bytes;
}

void judge_signatures(VerifiedPath& outcome, const std::vector<FileToVerify>& files,
                      const SignerTrust* signers) {
    const Entry* acceptance = signed_acceptance(outcome);
    if (acceptance == nullptr) return;
    static const auto nobody = SignerTrust::make({}, {}).value();
    for (const FileToVerify& file : files) {
        const std::string name(signed_name_of(file.name));
        if (name.empty() || !fs::exists(outcome.path / name)) continue;
        const auto content = read_whole(outcome.path / name);
        const auto signature = read_whole(outcome.path / file.name);
        if (!content || !signature) {
            judge(outcome, Verified::malformed, cannot_read(outcome.path / file.name));
            continue;
        }
        const CmsCheck check =
            check_cms(*content, *signature, signers ? *signers : *nobody, acceptance->time);
        if (const auto trouble = trouble_of(check.fault, signers))
            judge(outcome, trouble->result,
                  {printable(file.name) + trouble->words.ja,
                   printable(file.name) + trouble->words.en});
    }
}

VerifiedPath verify_folder(const fs::path& path, const Trust& trust) {
    auto read = read_folder(path);
    if (const Words* reason = std::get_if<Words>(&read)) return unreadable(path, *reason);
    const Folder& folder = std::get<Folder>(read);
    if (folder.receipts.empty())
        return unreadable(path, {"受付票がありません（receipts/*.receipt.txt）。",
                                 "There is no receipt (receipts/*.receipt.txt)."});
    VerifiedPath outcome{path, Verified::proven, {}, {}, {}};
    const std::vector<VerifierKey> keys = all_keys(trust);
    for (const fs::path& file : folder.receipts) {
        const std::string name = (fs::path(receipts_folder) / file.filename()).string();
        const auto text = read_receipt(file);
        if (!text) {
            judge(outcome, Verified::malformed, cannot_read(file));
            continue;
        }
        Verification verification = verify_in_folder(*text, folder.files, keys);
        judge_others(verification, file, trust);
        if (verification.result != Verified::proven)
            judge(outcome, verification.result,
                  {printable(name) + ": " + verification.reason_ja,
                   printable(name) + ": " + verification.reason_en});
        outcome.receipts.push_back({name, std::move(verification)});
    }
    judge_together(outcome);
    judge_signatures(outcome, folder.files, trust.signers.get());
    if (outcome.result == Verified::proven)
        judge(outcome, Verified::proven,
              {"受付票はすべて真正で、手元のファイルと一致します。",
               "All receipts are genuine and the files at hand are those recorded."});
    return outcome;
}

// -- printing --

Verified worst_of(const std::vector<VerifiedPath>& paths) {
    Verified worst = Verified::proven;
    for (const VerifiedPath& path : paths) worst = worse(worst, path.result);
    return worst;
}

const std::string& in(Lang lang, const std::string& ja, const std::string& en) {
    return lang == Lang::ja ? ja : en;
}

const std::vector<std::string>& in(Lang lang, const std::vector<std::string>& ja,
                                   const std::vector<std::string>& en) {
    return lang == Lang::ja ? ja : en;
}

std::string bullets(const Words& heading, Lang lang, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string text = "    " + heading.in(lang) + "\n";
    for (const std::string& line : lines) text += "    - " + line + "\n";
    return text;
}

std::string text_of(const VerifiedReceipt& receipt, Lang lang) {
    const Verification& v = receipt.verification;
    std::string text = "  " + headline_of(v.result).in(lang) + "  " + printable(receipt.name) +
                       "\n    " + in(lang, v.reason_ja, v.reason_en) + "\n";
    text += bullets({"証明されること", "Proven"}, lang, in(lang, v.proven_ja, v.proven_en));
    text += bullets({"証明されないこと", "Not proven"}, lang,
                    in(lang, v.not_proven_ja, v.not_proven_en));
    return text;
}

json::array array_of(const std::vector<std::string>& lines) {
    return json::array(lines.begin(), lines.end());
}

template<class T, class Format> json::value value_of(const std::optional<T>& value, Format format) {
    return value ? json::value(format(*value)) : json::value(nullptr);
}

void add_record(json::object& object, const Receipt& receipt) {
    const Entry& entry = receipt.entry;
    const auto office = [](const OfficeNo& no) { return no.str(); };
    object["type"] = name_of(entry.type);
    object["time"] = rfc3339(entry.time);
    object["bundle"] = value_of(entry.bundle, [](const BundleId& id) { return id.str(); });
    object["from"] = value_of(entry.from, office);
    object["to"] = value_of(entry.to, office);
    object["certificate"] = value_of(entry.certificate, prefixed_hex);
    object["outcome"] = entry.result;
    object["event"] = entry.event;
    object["conversion"] = value_of(entry.conversion, to_header);
    object["log"] = {{"origin", receipt.checkpoint.origin},
                     {"index", receipt.proof.proof.index},
                     {"size", receipt.checkpoint.size},
                     {"signer", receipt.signer},
                     {"witnesses", array_of(receipt.witnesses)}};
}

json::object object_of(const VerifiedReceipt& receipt, Lang lang) {
    const Verification& v = receipt.verification;
    json::object object = {{"name", printable(receipt.name)},
                           {"result", name_of(v.result)},
                           {"reason", in(lang, v.reason_ja, v.reason_en)},
                           {"proven", array_of(in(lang, v.proven_ja, v.proven_en))},
                           {"not_proven", array_of(in(lang, v.not_proven_ja, v.not_proven_en))}};
    if (v.receipt) add_record(object, *v.receipt);
    return object;
}

json::object object_of(const VerifiedPath& path, Lang lang) {
    json::array receipts;
    for (const VerifiedReceipt& receipt : path.receipts)
        receipts.push_back(object_of(receipt, lang));
    return {{"path", printable(path.path.string())},
            {"result", name_of(path.result)},
            {"reason", in(lang, path.reason_ja, path.reason_en)},
            {"receipts", std::move(receipts)}};
}

} // namespace

fs::path stamp_beside(const fs::path& receipt) {
    fs::path stamp = receipt;
    if (receipt.extension() == ".txt") return stamp.replace_extension(".tsr");
    stamp += ".tsr";
    return stamp;
}

Verified worse(Verified left, Verified right) {
    // The exit codes 1 to 4 stand in the order of gravity; 0 is none.
    if (left == Verified::proven) return right;
    if (right == Verified::proven) return left;
    return std::min(left, right);
}

VerifiedPath verify_path(const fs::path& path, const Trust& trust) {
    std::error_code error;
    if (is_pack(path)) return verify_pack(path, all_keys(trust));
    if (fs::is_directory(path, error)) return verify_folder(path, trust);
    if (fs::is_regular_file(path, error)) return verify_file(path, trust);
    return unreadable(path, cannot_read(path));
}

std::string to_text(const std::vector<VerifiedPath>& paths, Lang lang) {
    std::string text;
    for (const VerifiedPath& path : paths) {
        text += headline_of(path.result).in(lang) + "  " + printable(path.path.string()) + "\n  " +
                in(lang, path.reason_ja, path.reason_en) + "\n";
        for (const VerifiedReceipt& receipt : path.receipts) text += text_of(receipt, lang);
    }
    return text;
}

std::string to_json(const std::vector<VerifiedPath>& paths, Lang lang) {
    const Verified worst = worst_of(paths);
    json::array items;
    for (const VerifiedPath& path : paths) items.push_back(object_of(path, lang));
    return json::serialize(json::object{{"result", name_of(worst)},
                                        {"exit_code", static_cast<int>(worst)},
                                        {"paths", std::move(items)}});
}

int verify_command(const std::vector<fs::path>& paths, const Trust& trust, Lang lang,
                   VerifyFormat format, std::ostream& out) {
    std::vector<VerifiedPath> outcomes;
    for (const fs::path& path : paths) outcomes.push_back(verify_path(path, trust));
    out << (format == VerifyFormat::json ? to_json(outcomes, lang) + "\n"
                                         : to_text(outcomes, lang));
    return static_cast<int>(worst_of(outcomes));
}

} // namespace cpg::audit
