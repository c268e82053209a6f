// Receipts: C2SP tlog-proof@v1 texts whose `extra` is base64 of the leaf text, a blank line, and
// the salts. Offline verification. Pure, any thread. The order of checks, which decides the code
// when several things are wrong, is in README.md.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/audit/merkle.hpp"
#include "gateway/audit/note.hpp"

namespace cpg::audit {

/// A leaf of 4 KiB, the salts of some thousand files and a checkpoint with many cosignatures fit.
constexpr std::size_t max_receipt_bytes = 1024 * 1024;

/// Where a leaf is and what proves it: enough to print the same receipt again, byte for byte.
struct Proof {
    std::uint64_t index = 0;
    std::uint64_t size = 0; // tree size of the checkpoint
    std::vector<Digest> hashes;
    std::string checkpoint; // signed note
};

/// tlog-proof@v1 text.
struct TlogProof {
    Bytes extra;
    Proof proof;
    std::string text() const;
    /// malformed unless text() would give the same bytes; the checkpoint's form is checked, its
    /// signature is not.
    static Result<TlogProof> parse(std::string_view text);
};

/// tampered, unknown_key: whether the leaf is in the tree that a trusted key of the log's own
/// signed. Such a key is an Ed25519 key (no witness's) whose name is the checkpoint's origin.
Result<Checkpoint> check_proof(const TlogProof& proof, const Digest& leaf_hash,
                               const std::vector<VerifierKey>& trusted);

/// One line a file: "salt <n> <base64 of 32 bytes>". `salts` are as many as the bundle's files, or
/// none. Throws std::invalid_argument when a salt has not 32 bytes.
std::string make_receipt(std::string_view leaf_text, const std::vector<Bytes>& salts,
                         const Proof& proof);

struct Receipt {
    std::string leaf_text;
    Entry entry;
    std::vector<Bytes> salts; // as many as files, or none
    TlogProof proof;
    Checkpoint checkpoint;
    std::string signer;                 // name of the trusted key that signed
    std::vector<std::string> witnesses; // names of the trusted witnesses that cosigned
};
/// malformed, tampered (proof, signature) or unknown_key. Verifies signature and inclusion. The
/// salts are not part of the leaf: a changed one shows when the files are compared.
Result<Receipt> open_receipt(std::string_view text, const std::vector<VerifierKey>& trusted);

/// Exit codes of `cpgw verify` (law): 0 proven, 1 tampered, 2 malformed, 3 unknown key or policy
/// not met, 4 certificate.
enum class Verified { proven = 0, tampered = 1, malformed = 2, unknown_key = 3, certificate = 4 };

struct FileToVerify {
    std::string name;
    Digest digest; // SHA-256 of the bytes at hand
    std::uint64_t bytes = 0;
};

struct Verification {
    Verified result = Verified::malformed;
    std::string reason_ja, reason_en;                      // one sentence
    std::vector<std::string> proven_ja, proven_en;         // who, what, when
    std::vector<std::string> not_proven_ja, not_proven_en; // what it does not say
    std::optional<Receipt> receipt; // when it is genuine, also when the files do not fit
};
/// A receipt alone (files empty: contents are not compared, and it says so), or with the files it
/// is about. Files are matched to the leaf's file lines by commitment, in any order; one that fits
/// none, or one missing: tampered. When the leaf has a digest of the sender's signatures, the files
/// named `<name>.p7s` beside a `<name>` are compared with that. A receipt without salts (erased)
/// cannot be compared with files: unknown_key (policy not met).
Verification verify_receipt(std::string_view receipt, const std::vector<FileToVerify>& files,
                            const std::vector<VerifierKey>& trusted);

} // namespace cpg::audit
