#include "gateway/audit/witness.hpp"

#include "gateway/audit/lines.hpp"
#include "gateway/audit/merkle.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace cpg::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_proof_lines = 63; // C2SP tlog-witness
constexpr std::string_view state_header = "cpgw-witness/v1\n";

Error malformed(const char* what) {
    return {Errc::malformed, what};
}

std::optional<Digest> digest_in(std::string_view line) {
    const Result<Bytes> bytes = from_base64(line);
    Digest digest;
    if (!bytes || bytes->size() != digest.bytes.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
}

bool write_synced(const fs::path& file, std::string_view text) {
    const int handle = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (handle < 0) return false;
    const bool written =
        ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(handle) == 0;
    return ::close(handle) == 0 && written;
}

bool sync_folder(const fs::path& folder) {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = handle >= 0 && ::fsync(handle) == 0;
    if (handle >= 0) ::close(handle);
    return synced;
}

WitnessAnswer refusal(int status, std::string words) {
    return {status, std::move(words) + "\n", {}};
}

WitnessAnswer conflict(std::uint64_t size) {
    return {409, std::to_string(size) + "\n", "text/x.tlog.size"};
}

} // namespace

// -- texts --

std::string AddCheckpoint::text() const {
    std::string text = "old " + std::to_string(old_size) + "\n";
    for (const Digest& hash : proof) text += base64(hash.view()) + "\n";
    return text + "\n" + checkpoint;
}

Result<AddCheckpoint> AddCheckpoint::parse(std::string_view text) {
    if (text.size() > max_add_checkpoint_bytes) return malformed("the request is too long");
    Lines lines(text);
    const auto first = lines.next();
    const auto number = first ? after("old ", *first) : std::nullopt;
    const auto old_size = number ? parse_decimal(*number) : std::nullopt;
    if (!old_size) return malformed("no old size");
    AddCheckpoint request{*old_size, {}, {}};
    while (true) {
        const auto line = lines.next();
        if (!line) return malformed("no empty line before the checkpoint");
        if (line->empty()) break;
        const auto hash = digest_in(*line);
        if (!hash || request.proof.size() == max_proof_lines)
            return malformed("a line that is no hash, or too many of them");
        request.proof.push_back(*hash);
    }
    request.checkpoint = lines.rest();
    return request;
}

std::optional<std::uint64_t> size_in_conflict(std::string_view body) {
    if (!body.ends_with('\n')) return std::nullopt;
    return parse_decimal(body.substr(0, body.size() - 1));
}

std::string verified_cosignatures(const std::string& checkpoint, std::string_view body,
                                  const VerifierKey& witness) {
    const auto opened = open_note(checkpoint + std::string(body), {witness});
    const auto own = parse_note(checkpoint);
    if (!opened || !own || opened->text != own->text) return {};
    std::string lines;
    for (const Signature& signature : opened->signatures) lines += signature_line(signature);
    return lines;
}

// -- the witness's memory --

WitnessState::WitnessState(fs::path file) : file_(std::move(file)) {
    if (!fs::exists(file_)) return;
    std::ifstream in(file_, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string kept = text.str();
    const auto body = after(state_header, kept);
    if (!in || !body) throw std::runtime_error(file_.string() + ": cannot be read");
    Lines lines(*body);
    while (!lines.done()) {
        const auto words = split_words(lines.next().value_or(""));
        const auto size = words.size() == 3 ? parse_decimal(words[1]) : std::nullopt;
        const auto root = words.size() == 3 ? digest_in(words[2]) : std::nullopt;
        if (!size || !root) throw std::runtime_error(file_.string() + ": is damaged");
        logs_[std::string(words[0])] = {*size, *root};
    }
}

std::optional<WitnessState::Seen> WitnessState::seen(const std::string& origin) const {
    const auto found = logs_.find(origin);
    return found == logs_.end() ? std::nullopt : std::optional(found->second);
}

void WitnessState::keep(const std::string& origin, const Seen& seen) {
    auto logs = logs_;
    logs[origin] = seen;
    std::string text(state_header);
    for (const auto& [name, last] : logs)
        text += name + " " + std::to_string(last.size) + " " + base64(last.root.view()) + "\n";
    const fs::path fresh = file_.string() + ".new";
    std::error_code error;
    if (!write_synced(fresh, text))
        throw std::runtime_error(fresh.string() + ": cannot be written");
    fs::rename(fresh, file_, error);
    if (error || !sync_folder(fs::absolute(file_).parent_path()))
        throw std::runtime_error(file_.string() + ": cannot be replaced");
    logs_ = std::move(logs);
}

// -- the witness --

Witness::Witness(std::vector<VerifierKey> logs, std::shared_ptr<const Signer> signer,
                 WitnessState state, const Clock& clock)
    : logs_(std::move(logs)), signer_(std::move(signer)), clock_(clock), state_(std::move(state)) {}

VerifierKey Witness::key() const {
    return cosigner_key(*signer_);
}

WitnessAnswer Witness::add_checkpoint(std::string_view body) {
    const auto request = AddCheckpoint::parse(body);
    if (!request) return refusal(400, request.error().detail);
    const auto note = parse_note(request->checkpoint);
    const auto checkpoint = note ? Checkpoint::parse(note->text) : note.error();
    if (!checkpoint) return refusal(400, checkpoint.error().detail);

    auto keys = keys_for_log(logs_, checkpoint->origin);
    std::erase_if(keys, [&](const VerifierKey& key) { return key.name != checkpoint->origin; });
    if (keys.empty()) return refusal(404, "a log that is not watched here");
    if (!open_note(request->checkpoint, keys)) return refusal(403, "not signed by the log's key");
    if (request->old_size > checkpoint->size)
        return refusal(400, "the old size is larger than the checkpoint's");

    const std::lock_guard lock(mutex_);
    const auto last = state_.seen(checkpoint->origin).value_or(WitnessState::Seen{0, empty_root()});
    if (request->old_size != last.size) return conflict(last.size);
    if (checkpoint->size == last.size && checkpoint->root != last.root) return conflict(last.size);
    if (!verify_consistency(last.size, checkpoint->size, request->proof, last.root,
                            checkpoint->root))
        return refusal(422, "the proof does not verify");
    if (checkpoint->size != last.size)
        state_.keep(checkpoint->origin, {checkpoint->size, checkpoint->root});
    return {200, cosign(*signer_, note->text, clock_.now()), "text/plain; charset=utf-8"};
}

} // namespace cpg::audit
