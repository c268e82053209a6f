// Both sides of C2SP tlog-witness: the texts that a log sends and a witness answers, and the
// witness itself (`cpgw witness`), which cosigns a log's checkpoint only when it continues what it
// cosigned before. Any thread.
#pragma once

#include "gateway/audit/note.hpp"

#include <filesystem>
#include <map>
#include <mutex>

namespace cpg::audit {

/// What a log posts to <prefix>/add-checkpoint.
struct AddCheckpoint {
    std::uint64_t old_size = 0;
    std::vector<Digest> proof; // from the old size to the checkpoint's; at most 63
    std::string checkpoint;    // signed note
    std::string text() const;
    static Result<AddCheckpoint> parse(std::string_view text);
};
constexpr std::size_t max_add_checkpoint_bytes = 64 * 1024; // a proof has 3 KiB, a note some lines

/// An answer of a witness, or to be given by one.
struct WitnessAnswer {
    int status = 0;
    std::string body; // 200: signature lines; 409: the size the witness cosigned last
    std::string content_type = "text/plain; charset=utf-8";
};

/// The size in a 409; nullopt when it has not that form.
std::optional<std::uint64_t> size_in_conflict(std::string_view body);
/// The cosignature lines of a 200 that verify under a witness's key, as they go under the note.
/// Lines of other keys are ignored; empty when none verifies.
std::string verified_cosignatures(const std::string& checkpoint, std::string_view body,
                                  const VerifierKey& witness);

/// A witness's own memory: the size and root it cosigned last for each origin, in one file that is
/// on the disk before anything is answered. A file that cannot be read is never taken for an empty
/// one.
class WitnessState {
  public:
    struct Seen {
        std::uint64_t size = 0;
        Digest root;
    };
    /// Throws std::runtime_error when the file is there and cannot be read, or is damaged.
    explicit WitnessState(std::filesystem::path file);
    std::optional<Seen> seen(const std::string& origin) const;
    /// Written, synced, renamed, folder synced. Throws std::runtime_error; then nothing is changed.
    void keep(const std::string& origin, const Seen& seen);

  private:
    std::filesystem::path file_;
    std::map<std::string, Seen> logs_;
};

class Witness {
  public:
    /// `logs`: keys of the logs to watch; a gateway's log of any year is watched by one of its
    /// keys.
    Witness(std::vector<VerifierKey> logs, std::shared_ptr<const Signer> signer, WitnessState state,
            const Clock& clock);
    /// One after another, whatever the thread. Throws when the state cannot be kept: nothing may be
    /// answered then.
    WitnessAnswer add_checkpoint(std::string_view body);
    /// The key that its cosignatures verify by.
    VerifierKey key() const;

  private:
    std::vector<VerifierKey> logs_;
    std::shared_ptr<const Signer> signer_;
    const Clock& clock_;
    std::mutex mutex_;
    WitnessState state_;
};

} // namespace cpg::audit
