// C2SP signed notes, Ed25519 (algorithm 1), and C2SP checkpoints. Pure but for key generation; any
// thread.
#pragma once

#include "spec/base/bytes.hpp"
#include "spec/base/clock.hpp"

#include <memory>
#include <vector>

namespace cpg::audit {

/// Public key in vkey form: <name>+<8 hex key id>+<base64(0x01 || 32-byte key)>.
struct VerifierKey {
    std::string name;
    std::uint32_t id = 0;
    std::string public_key; // 32 bytes
    std::string text() const;
    static Result<VerifierKey> parse(std::string_view vkey);
};

/// Signs; the abstract seam that PKCS#11 or a test can take.
class Signer {
  public:
    virtual ~Signer() = default;
    virtual const VerifierKey& verifier() const = 0;
    virtual Bytes
    sign(BytesView message) const = 0; // 64 bytes; any thread; throws when the key cannot be used
};

/// Ed25519 from a secret in PEM (PKCS#8). make_signer_key() writes a new one; the name is the log's
/// origin.
std::string make_signer_key();
std::unique_ptr<Signer> make_signer(std::string_view name, std::string_view pem);

struct Signature {
    std::string name;
    std::uint32_t id = 0;
    Bytes signature; // 64 bytes for Ed25519
};

struct Note {
    std::string text; // ends with a line feed
    std::vector<Signature> signatures;
};

std::string sign_note(std::string_view text, const std::vector<const Signer*>& signers);
/// malformed when it is no note. Signatures are parsed, not verified.
Result<Note> parse_note(std::string_view note);
/// The note, with only the signatures that verify under a trusted key (at least one).
/// unknown_key: none of its signatures is by a trusted key; tampered: one by a trusted key does not
/// verify.
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

} // namespace cpg::audit
