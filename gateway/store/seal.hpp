// Sealing at rest: AES-256-GCM, a key per message, wrapped by a key per office, wrapped by the
// master key. Any thread. OpenSSL is seen by seal.cpp only.
#pragma once

#include "gateway/store/store.hpp"

#include <filesystem>
#include <memory>

namespace cpg::store {

/// What opens everything sealed. A file of 32 bytes, or of 64 once it was renewed: the wrapping
/// key, then the secret of the tags, which stays the same because tags are kept unsealed and
/// compared.
class MasterKey {
  public:
    /// Refuses (Errc::configuration) a file that is not exactly 32 or 64 bytes or is readable by
    /// group or others.
    static Result<MasterKey> read(const std::filesystem::path& file);
    /// Writes a new random key, mode 0400; refuses to overwrite.
    static Result<MasterKey> create(const std::filesystem::path& file);
    /// Out of a token: `wrapped` holds the bytes of a key file, encrypted by `cpgw db wrap-key` for
    /// the RSA key `where` (spec/base/private_key.hpp says what that may be).
    static Result<MasterKey> unwrap(const std::filesystem::path& wrapped, const std::string& where);
    static MasterKey of(BytesView bytes); // tests; 32 or 64 bytes

    /// A new wrapping key over the same tags.
    MasterKey renewed() const;
    /// Writes it, mode 0400, synced; refuses to overwrite.
    Result<void> write(const std::filesystem::path& file) const;
    /// Encrypted for the RSA key of a token or file; what unwrap() reads.
    Result<void> write_wrapped(const std::filesystem::path& file, const std::string& where) const;
    MasterKey(MasterKey&&) noexcept;
    MasterKey& operator=(MasterKey&&) noexcept;
    ~MasterKey(); // wipes

  private:
    friend class Sealer;
    friend Result<std::uint64_t> rewrap_office_keys(Store&, const MasterKey&, const MasterKey&);
    MasterKey() = default;
    static Result<MasterKey> take(Bytes bytes, const std::filesystem::path& file);
    Bytes wrapping() const; // derived: what wraps the keys of offices
    Bytes tagging() const;
    Bytes key_;
};

class Sealer {
  public:
    Sealer(MasterKey key, Store& keys);
    ~Sealer();
    /// configuration: the key of the first of these offices that has one does not open: this is not
    /// the master key it was wrapped by.
    Result<void> check(const std::vector<OfficeRow>& offices);
    /// Makes the office's key when it has none yet. Needed before a seal() inside a store's batch,
    /// where nothing may be written.
    void ensure_key(const OfficeNo& office);
    /// context (bundle id and purpose) is authenticated: a blob moved to another row does not open.
    Bytes seal(const OfficeNo& office, BytesView context, BytesView plain);
    /// tampered when it does not authenticate.
    Result<Bytes> open(const OfficeNo& office, BytesView context, BytesView sealed);
    /// HMAC under a key derived from the master key: tells equality, says nothing else. `purpose`
    /// separates uses.
    Bytes tag(std::string_view purpose, BytesView data) const; // 32 bytes

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Rotation: every office's key, wrapped by `from`, is wrapped by `to`; payloads stay as they are.
/// How many. One transaction: all or none. configuration: a key opens under neither; keys that open
/// under `to` already are left alone, so that an interrupted rotation can be finished.
Result<std::uint64_t> rewrap_office_keys(Store& store, const MasterKey& from, const MasterKey& to);

} // namespace cpg::store
