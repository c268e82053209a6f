// Sealing at rest: AES-256-GCM, a key per message, wrapped by a key per office, wrapped by the
// master key. Any thread. OpenSSL is seen by seal.cpp only.
#pragma once

#include "gateway/store/store.hpp"

#include <filesystem>
#include <memory>

namespace cpg::store {

class MasterKey {
  public:
    /// Refuses (Errc::configuration) a file that is not exactly 32 bytes or is readable by group or
    /// others.
    static Result<MasterKey> read(const std::filesystem::path& file);
    /// Writes a new random key, mode 0400; refuses to overwrite.
    static Result<MasterKey> create(const std::filesystem::path& file);
    static MasterKey of(BytesView thirty_two_bytes); // tests
    MasterKey(MasterKey&&) noexcept;
    MasterKey& operator=(MasterKey&&) noexcept;
    ~MasterKey(); // wipes

  private:
    friend class Sealer;
    MasterKey() = default;
    Bytes key_;
};

class Sealer {
  public:
    Sealer(MasterKey key, Store& keys);
    ~Sealer();
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

} // namespace cpg::store
