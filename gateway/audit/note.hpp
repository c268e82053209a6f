// C2SP signed notes with Ed25519, witnesses' timestamped cosignatures, and C2SP checkpoints. Pure
// but for key generation; any thread. The library failing throws std::runtime_error.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace cpg::audit {

/// More than any note here needs (a note of 100 signatures has 15 KiB); bounds what is parsed.
constexpr std::size_t max_note_bytes = 256 * 1024;
constexpr std::size_t max_note_signatures = 100;

/// The signature type byte of a key.
enum class KeyAlgorithm : std::uint8_t {
    ed25519 = 1,            // a note's own signature
    ed25519_cosignature = 4 // C2SP tlog-cosignature: a witness saw this checkpoint at a time
};

/// Public key in vkey form: <name>+<8 hex key id>+<base64(algorithm || 32-byte key)>.
struct VerifierKey {
    std::string name;
    std::uint32_t id = 0;
    std::string public_key; // 32 bytes
    KeyAlgorithm algorithm = KeyAlgorithm::ed25519;
    std::string text() const;
    /// Strict; the id must be that of name and key.
    static Result<VerifierKey> parse(std::string_view vkey);
};
/// The same public key under another name, with its id.
VerifierKey renamed(const VerifierKey& key, std::string_view name);

/// Signs; the abstract seam that PKCS#11 or a test can take.
class Signer {
  public:
    virtual ~Signer() = default;
    virtual const VerifierKey& verifier() const = 0;
    virtual Bytes
    sign(BytesView message) const = 0; // 64 bytes; any thread; throws when the key cannot be used
    /// The same key under another name: the log of another year.
    virtual std::shared_ptr<const Signer> named(std::string_view name) const = 0;
};

/// Ed25519 from a secret in PEM (PKCS#8). make_signer_key() writes a new one; the name is the log's
/// origin. Throws std::invalid_argument when the name is no key name or the PEM no Ed25519 secret.
std::string make_signer_key();
std::unique_ptr<Signer> make_signer(std::string_view name, std::string_view pem);

struct Signature {
    std::string name;
    std::uint32_t id = 0;
    Bytes signature; // 64 bytes for Ed25519, 72 for a cosignature
};
/// Unix seconds at which a witness signed; nullopt when it has not the form of a cosignature.
std::optional<std::uint64_t> cosignature_time(const Signature& signature);

/// The line of a note, with its line feed.
std::string signature_line(const Signature& signature);

/// The key under which a signer's cosignatures verify.
VerifierKey cosigner_key(const Signer& signer);
/// A witness's signature line (C2SP tlog-cosignature) over a checkpoint's text, with the time.
std::string cosign(const Signer& signer, std::string_view text, Time time);

struct Note {
    std::string text; // ends with a line feed
    std::vector<Signature> signatures;
};

/// Throws std::invalid_argument when the text is no note text (UTF-8, no control characters, ends
/// with a line feed).
std::string sign_note(std::string_view text, const std::vector<const Signer*>& signers);
/// malformed when it is no note. Signatures are parsed, not verified.
Result<Note> parse_note(std::string_view note);
/// The note, with only the signatures that verify under a trusted key (at least one; each key
/// once). Signatures of other keys are ignored, as the format demands. unknown_key: none of its
/// signatures is by a trusted key; tampered: one by a trusted key does not verify.
Result<Note> open_note(std::string_view note, const std::vector<VerifierKey>& trusted);

struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    Digest root;
    std::vector<std::string> extensions;
    std::string body() const;
    static Result<Checkpoint> parse(std::string_view body); // strict as C2SP tlog-checkpoint
};

/// Origin of this gateway's log in a year: "<host>/cpgw/<YYYY>".
std::string log_origin(std::string_view host, int year);
/// The year an instant belongs to, in UTC as the `time` line of a leaf.
int log_year(Time time);
/// The year at the end of an origin, 2000 to 9999; nullopt when it has not the form above.
std::optional<int> year_of_origin(std::string_view origin);
/// The same gateway's origin in another year. Throws std::invalid_argument for a text of another
/// form.
std::string origin_in_year(std::string_view origin, int year);

/// The trusted keys, and for a log of the form above the keys that its other years are trusted by:
/// a gateway keeps its key and only the year in its name changes, so a key of `<host>/cpgw/2026`
/// vouches for `<host>/cpgw/2027` too.
std::vector<VerifierKey> keys_for_log(std::vector<VerifierKey> trusted, std::string_view origin);

} // namespace cpg::audit
