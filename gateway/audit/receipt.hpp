// Receipts: C2SP tlog-proof@v1 texts whose `extra` is base64 of the leaf text, a blank line, and
// the salts. Offline verification. Pure, any thread.
#pragma once

#include "gateway/audit/entry.hpp"
#include "gateway/audit/merkle.hpp"
#include "gateway/audit/note.hpp"

namespace cpg::audit {

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
    static Result<TlogProof> parse(std::string_view text);
};

/// One line a file: "salt <n> <base64 of 32 bytes>".
std::string make_receipt(std::string_view leaf_text, const std::vector<Bytes>& salts,
                         const Proof& proof);

struct Receipt {
    std::string leaf_text;
    Entry entry;
    std::vector<Bytes> salts; // as many as files, or none
    TlogProof proof;
    Checkpoint checkpoint;
    std::string signer; // name of the trusted key that signed
};
/// malformed, tampered (proof, signature) or unknown_key. Verifies signature and inclusion.
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
    std::optional<Receipt> receipt;
};
/// A receipt alone (files empty: contents are not compared, and it says so), or with the files it
/// is about. Files are matched to the leaf's file lines by commitment, in any order; one that fits
/// none, or one missing: tampered.
Verification verify_receipt(std::string_view receipt, const std::vector<FileToVerify>& files,
                            const std::vector<VerifierKey>& trusted);

} // namespace cpg::audit
