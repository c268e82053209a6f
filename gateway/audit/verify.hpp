// `cpgw verify`: receipts and folders on disk against trusted keys, offline. A folder is what
// `cpgw fetch` and `cpgw send` write: the bundle's files at its top and `receipts/*.receipt.txt`.
// Reads files only; any thread.
#pragma once

#include "gateway/audit/cms.hpp"
#include "gateway/audit/policy.hpp"
#include "gateway/audit/receipt.hpp"
#include "spec/base/lang.hpp"

#include <filesystem>
#include <iosfwd>

namespace cpg::audit {

/// Whose word counts.
struct Trust {
    Trust(std::vector<VerifierKey> trusted) : keys(std::move(trusted)) {}
    std::vector<VerifierKey> keys;
    /// Its keys count too; a receipt that its quorum did not cosign: unknown_key (policy not met).
    std::optional<Policy> policy;
    /// PEM, of the time-stamping authority; without it stamps are named and not checked.
    std::optional<std::filesystem::path> tsa_ca;
    /// Authorities of senders' signatures; null = the signatures are checked, their signers are
    /// not.
    std::shared_ptr<const SignerTrust> signers;
};

struct VerifiedReceipt {
    std::string name; // relative to the path that was asked for, or that path itself
    Verification verification;
};

struct VerifiedPath {
    std::filesystem::path path;
    Verified result = Verified::malformed; // the worst of its receipts and of the whole
    std::string reason_ja, reason_en;      // one sentence about the whole
    std::vector<VerifiedReceipt> receipts;
};

/// The graver of two outcomes: tampered, malformed, unknown key, certificate, proven, in this
/// order; so a sign of tampering is never hidden behind a damaged or unknown receipt beside it.
Verified worse(Verified left, Verified right);

/// A receipt's file, or a folder. In a folder every receipt must verify; one of them at least is of
/// the acceptance (or refusal); each that lists files must fit the files of the folder exactly; all
/// are about one bundle. Names that start with a dot are ignored; so is what else lies in
/// `receipts/`. Files are hashed by streaming. A path that cannot be read is malformed. A time
/// stamp (RFC 3161) over a receipt's checkpoint stands beside it, `.tsr` in place of `.txt`: one
/// that does not verify is tampered, one whose signer is not of tsa_ca unknown_key.
///
/// Senders' signatures (`<name>.p7s`) of an accepted bundle must verify over their files: one that
/// does not is tampered. With trust.signers the certificates are judged too, at the time of
/// acceptance: no trusted issuer, or no signing-certificate-v2: unknown_key; not valid then:
/// certificate.
VerifiedPath verify_path(const std::filesystem::path& path, const Trust& trust);

/// Where the time stamp of a receipt lies.
std::filesystem::path stamp_beside(const std::filesystem::path& receipt);

enum class VerifyFormat { text, json };

std::string to_text(const std::vector<VerifiedPath>& paths, Lang lang);
/// {"result","exit_code","paths":[{"path","result","reason","receipts":[…]}]}
std::string to_json(const std::vector<VerifiedPath>& paths, Lang lang);

/// Verifies, prints, and gives the exit code: that of the gravest outcome.
int verify_command(const std::vector<std::filesystem::path>& paths, const Trust& trust, Lang lang,
                   VerifyFormat format, std::ostream& out);

} // namespace cpg::audit
