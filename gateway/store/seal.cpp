#include "gateway/store/seal.hpp"

#include "spec/base/digest.hpp"
#include "spec/base/private_key.hpp"

#include <cerrno>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <unordered_map>

namespace cpg::store {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t boxed_overhead = nonce_size + tag_size;
constexpr std::size_t wrapped_key_size = key_size + boxed_overhead;
constexpr std::size_t renewed_size = 2 * key_size;
constexpr std::size_t max_wrapped_file = 1024; // an RSA key of 8,192 bits
constexpr char format_version = 1;
constexpr std::size_t header_size = 1 + wrapped_key_size; // version, wrapped message key
constexpr std::size_t max_plain = 1u << 30; // what one call of OpenSSL and one SQLite value take
constexpr std::size_t cached_keys = 16'384; // about 2 MiB

/// A key that leaves nothing behind.
class Secret {
  public:
    explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(const Secret&) = delete;
    Secret& operator=(Secret&&) = delete;
    ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
    BytesView view() const { return bytes_; }

  private:
    Bytes bytes_;
};

struct FreeKeyContext {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

const EVP_CIPHER* aes_256_gcm() {
    static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    require(cipher != nullptr, "no AES-256-GCM");
    return cipher;
}

const unsigned char* data_of(BytesView bytes) {
    static constexpr unsigned char nothing = 0;
    return bytes.empty() ? &nothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* room_in(Bytes& bytes, std::size_t at) {
    return reinterpret_cast<unsigned char*>(bytes.data()) + at;
}

int length_of(BytesView bytes) {
    if (bytes.size() > max_plain) throw std::length_error("more than 1 GiB to seal");
    return static_cast<int>(bytes.size());
}

/// Appends nonce, ciphertext and tag.
void append_box(Bytes& out, BytesView key, BytesView associated, BytesView plain) {
    const Bytes nonce = random_bytes(nonce_size);
    out += nonce;
    const std::size_t at = out.size();
    out.resize(at + plain.size() + tag_size);
    const Context context(EVP_CIPHER_CTX_new());
    int length = 0;
    require(context != nullptr && EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), data_of(key),
                                                      data_of(nonce), nullptr) == 1,
            "encrypt");
    require(EVP_EncryptUpdate(context.get(), nullptr, &length, data_of(associated),
                              length_of(associated)) == 1,
            "associated data");
    require(EVP_EncryptUpdate(context.get(), room_in(out, at), &length, data_of(plain),
                              length_of(plain)) == 1,
            "encrypt");
    require(EVP_EncryptFinal_ex(context.get(), room_in(out, at + plain.size()), &length) == 1 &&
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size,
                                    room_in(out, at + plain.size())) == 1,
            "tag");
}

/// nullopt when it does not authenticate.
std::optional<Bytes> open_box(BytesView key, BytesView associated, BytesView box) {
    if (box.size() < boxed_overhead || box.size() - boxed_overhead > max_plain) return std::nullopt;
    const BytesView nonce = box.substr(0, nonce_size);
    const BytesView cipher = box.substr(nonce_size, box.size() - boxed_overhead);
    Bytes tag(box.substr(box.size() - tag_size));
    Bytes plain(cipher.size() + 1, '\0'); // one more: never a pointer to no room
    const Context context(EVP_CIPHER_CTX_new());
    int length = 0;
    require(context != nullptr && EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), data_of(key),
                                                      data_of(nonce), nullptr) == 1,
            "decrypt");
    require(EVP_DecryptUpdate(context.get(), nullptr, &length, data_of(associated),
                              length_of(associated)) == 1,
            "associated data");
    require(EVP_DecryptUpdate(context.get(), room_in(plain, 0), &length, data_of(cipher),
                              length_of(cipher)) == 1 &&
                EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1,
            "decrypt");
    const bool authentic =
        EVP_DecryptFinal_ex(context.get(), room_in(plain, cipher.size()), &length) == 1;
    if (!authentic) {
        OPENSSL_cleanse(plain.data(), plain.size());
        return std::nullopt;
    }
    plain.resize(cipher.size());
    return plain;
}

Error tampered(const char* what) {
    return {Errc::tampered, what};
}

/// RSA-OAEP (with the hash that every token knows); nullopt when the key cannot, or what is given
/// does not open.
std::optional<Bytes> rsa(EVP_PKEY* key, BytesView in, int (*prepare)(EVP_PKEY_CTX*),
                         int (*run)(EVP_PKEY_CTX*, unsigned char*, std::size_t*,
                                    const unsigned char*, std::size_t)) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return std::nullopt;
    const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || prepare(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1)
        return std::nullopt;
    std::size_t size = 0;
    if (run(context.get(), nullptr, &size, data_of(in), in.size()) != 1) return std::nullopt;
    Bytes out(size, '\0');
    if (run(context.get(), room_in(out, 0), &size, data_of(in), in.size()) != 1)
        return std::nullopt;
    out.resize(size);
    return out;
}
std::optional<Bytes> rsa_encrypt(EVP_PKEY* key, BytesView plain) {
    return rsa(key, plain, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt);
}
std::optional<Bytes> rsa_decrypt(EVP_PKEY* key, BytesView wrapped) {
    return rsa(key, wrapped, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt);
}

Error unusable_key(const std::filesystem::path& file, const std::string& why) {
    return {Errc::configuration, "master key " + file.filename().string() + ": " + why};
}

std::string last_error() {
    return std::generic_category().message(errno);
}

/// A file descriptor that closes itself.
class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    bool is_open() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

bool write_all(const File& file, BytesView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(const File& file, Bytes& bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        done += static_cast<std::size_t>(got);
    }
    return true;
}

bool sync_folder_of(const std::filesystem::path& file) {
    const File folder(::open(std::filesystem::absolute(file).parent_path().c_str(),
                             O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder.is_open() && ::fsync(folder.get()) == 0;
}

/// Mode 0400, synced with its folder; refuses to overwrite, leaves nothing half-written.
Result<void> write_new_file(const std::filesystem::path& path, BytesView bytes) {
    const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
    if (!file.is_open()) return unusable_key(path, last_error());
    if (write_all(file, bytes) && ::fsync(file.get()) == 0 && sync_folder_of(path)) return {};
    const Error error = unusable_key(path, "cannot be written: " + last_error());
    ::unlink(path.c_str());
    return error;
}

Result<Bytes> read_small_file(const std::filesystem::path& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file.is_open() || ::fstat(file.get(), &status) != 0)
        return unusable_key(path, last_error());
    if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) > max_wrapped_file)
        return unusable_key(path, "no wrapped key");
    Bytes bytes(static_cast<std::size_t>(status.st_size), '\0');
    if (!read_all(file, bytes)) return unusable_key(path, "cannot be read");
    return bytes;
}

} // namespace

// -- MasterKey --

MasterKey::MasterKey(MasterKey&&) noexcept = default;

MasterKey& MasterKey::operator=(MasterKey&& other) noexcept {
    key_.swap(other.key_);
    return *this;
}

MasterKey::~MasterKey() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

MasterKey MasterKey::of(BytesView bytes) {
    if (bytes.size() != key_size && bytes.size() != renewed_size)
        throw std::invalid_argument("MasterKey::of: 32 or 64 bytes");
    MasterKey key;
    key.key_ = bytes;
    return key;
}

Result<MasterKey> MasterKey::take(Bytes bytes, const std::filesystem::path& file) {
    MasterKey key;
    key.key_ = std::move(bytes); // wiped with the key, also when it is none
    if (key.key_.size() != key_size && key.key_.size() != renewed_size)
        return unusable_key(file, "not 32 or 64 bytes");
    return key;
}

Result<MasterKey> MasterKey::read(const std::filesystem::path& path) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return unusable_key(path, last_error());
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return unusable_key(path, last_error());
    if (!S_ISREG(status.st_mode)) return unusable_key(path, "not a file");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return unusable_key(path, "readable by group or others; wants mode 0400");
    if (status.st_size < 0 || static_cast<std::size_t>(status.st_size) > renewed_size)
        return unusable_key(path, "not 32 or 64 bytes");
    MasterKey key;
    key.key_.resize(static_cast<std::size_t>(status.st_size));
    if (!read_all(file, key.key_)) return unusable_key(path, "cannot be read");
    return take(std::move(key.key_), path);
}

Result<MasterKey> MasterKey::create(const std::filesystem::path& path) {
    MasterKey key;
    key.key_ = random_bytes(key_size);
    if (const auto written = key.write(path); !written) return written.error();
    return key;
}

Result<void> MasterKey::write(const std::filesystem::path& path) const {
    return write_new_file(path, key_);
}

MasterKey MasterKey::renewed() const {
    MasterKey key;
    key.key_ = random_bytes(key_size);
    key.key_ += Secret(tagging()).view();
    return key;
}

Bytes MasterKey::wrapping() const {
    return hkdf_sha256(BytesView(key_).substr(0, key_size), {}, "cpgw/office-key/v1", key_size);
}

Bytes MasterKey::tagging() const {
    if (key_.size() == renewed_size) return key_.substr(key_size);
    return hkdf_sha256(key_, {}, "cpgw/tag/v1", key_size);
}

Result<MasterKey> MasterKey::unwrap(const std::filesystem::path& path, const std::string& where) {
    const auto wrapped = read_small_file(path);
    if (!wrapped) return wrapped.error();
    const auto key = load_private_key(where);
    if (!key) return key.error();
    auto plain = rsa_decrypt(key->get(), *wrapped);
    if (!plain) return unusable_key(path, "does not open with the key given for it");
    return take(*std::move(plain), path);
}

Result<void> MasterKey::write_wrapped(const std::filesystem::path& path,
                                      const std::string& where) const {
    const auto key = load_private_key(where);
    if (!key) return key.error();
    const auto wrapped = rsa_encrypt(key->get(), key_);
    if (!wrapped) return unusable_key(path, "only an RSA key can hold a master key");
    return write_new_file(path, *wrapped);
}

// -- Sealer --

struct Sealer::Impl {
    Impl(Bytes wrapping_key, Bytes tagging_key, Store& store)
        : keys(store), wrapping(std::move(wrapping_key)), tagging(std::move(tagging_key)) {}

    Secret office_key_for_sealing(const OfficeNo& office);
    Result<Secret> office_key(const OfficeNo& office);
    std::optional<Secret> cached(const OfficeNo& office);
    void keep(const OfficeNo& office, const Secret& key);

    Store& keys;
    const Secret wrapping, tagging;

    using Kept = std::list<std::pair<OfficeNo, Secret>>; // the one used last in front
    std::mutex mutex;
    Kept kept;
    std::unordered_map<OfficeNo, Kept::iterator> place;
};

std::optional<Secret> Sealer::Impl::cached(const OfficeNo& office) {
    const std::lock_guard lock(mutex);
    const auto found = place.find(office);
    if (found == place.end()) return std::nullopt;
    kept.splice(kept.begin(), kept, found->second);
    return found->second->second;
}

void Sealer::Impl::keep(const OfficeNo& office, const Secret& key) {
    const std::lock_guard lock(mutex);
    if (place.contains(office)) return; // another thread was quicker; it is the same key
    kept.emplace_front(office, key);
    place.emplace(office, kept.begin());
    if (kept.size() <= cached_keys) return;
    place.erase(kept.back().first);
    kept.pop_back();
}

Result<Secret> Sealer::Impl::office_key(const OfficeNo& office) {
    if (auto key = cached(office)) return *std::move(key);
    const auto wrapped = keys.office_key(office);
    if (!wrapped) return tampered("the office has no key");
    auto opened = open_box(wrapping.view(), office.view(), *wrapped);
    if (!opened || opened->size() != key_size)
        return tampered("the key of the office does not open under the master key");
    const Secret key(*std::move(opened));
    keep(office, key);
    return key;
}

/// Makes the key at first use. When two threads do, or two processes, the first one wins.
Secret Sealer::Impl::office_key_for_sealing(const OfficeNo& office) {
    if (auto key = cached(office)) return *std::move(key);
    if (!keys.office_key(office)) {
        Bytes wrapped;
        append_box(wrapped, wrapping.view(), office.view(), Secret(random_bytes(key_size)).view());
        keys.put_office_key(office, wrapped);
    }
    Result<Secret> key = office_key(office);
    if (!key) throw std::runtime_error(key.error().detail);
    return *std::move(key);
}

// By value: the key is wiped once what is derived from it is here.
Sealer::Sealer(MasterKey key, Store& keys)
    : impl_(std::make_unique<Impl>(key.wrapping(), key.tagging(), keys)) {}
Sealer::~Sealer() = default;

Result<void> Sealer::check(const std::vector<OfficeRow>& offices) {
    for (const OfficeRow& row : offices) {
        if (!impl_->keys.office_key(row.office)) continue;
        if (impl_->office_key(row.office)) return {};
        return Error{Errc::configuration, "the master key is not the one of this database"};
    }
    return {};
}

void Sealer::ensure_key(const OfficeNo& office) {
    (void)impl_->office_key_for_sealing(office);
}

Bytes Sealer::seal(const OfficeNo& office, BytesView context, BytesView plain) {
    length_of(plain);
    const Secret office_key = impl_->office_key_for_sealing(office);
    const Secret message_key(random_bytes(key_size));
    Bytes sealed(1, format_version);
    sealed.reserve(header_size + plain.size() + boxed_overhead);
    append_box(sealed, office_key.view(), context, message_key.view());
    append_box(sealed, message_key.view(), context, plain);
    return sealed;
}

Result<Bytes> Sealer::open(const OfficeNo& office, BytesView context, BytesView sealed) {
    if (sealed.size() < header_size + boxed_overhead || sealed[0] != format_version)
        return tampered("not a sealed message of this version");
    const Result<Secret> office_key = impl_->office_key(office);
    if (!office_key) return office_key.error();
    auto message_key = open_box(office_key->view(), context, sealed.substr(1, wrapped_key_size));
    if (!message_key) return tampered("the key of the message does not open");
    const Secret key(*std::move(message_key));
    auto plain = open_box(key.view(), context, sealed.substr(header_size));
    if (!plain) return tampered("the message does not open");
    return *std::move(plain);
}

Result<std::uint64_t> rewrap_office_keys(Store& store, const MasterKey& from, const MasterKey& to) {
    const Secret old_key(from.wrapping()), new_key(to.wrapping());
    struct OpensUnderNeither {};
    try {
        return store.rewrap_office_keys(
            [&](const OfficeNo& office, BytesView wrapped) -> std::optional<Bytes> {
                if (auto done = open_box(new_key.view(), office.view(), wrapped)) {
                    OPENSSL_cleanse(done->data(), done->size());
                    return std::nullopt;
                }
                auto opened = open_box(old_key.view(), office.view(), wrapped);
                if (!opened) throw OpensUnderNeither{};
                const Secret key(*std::move(opened));
                Bytes fresh;
                append_box(fresh, new_key.view(), office.view(), key.view());
                return fresh;
            });
    } catch (const StoreFailure& failed) {
        try {
            std::rethrow_if_nested(failed);
        } catch (const OpensUnderNeither&) {
            return Error{Errc::configuration,
                         "the key of an office opens neither under the old nor under the new "
                         "master key; nothing was changed"};
        }
        throw;
    }
}

Bytes Sealer::tag(std::string_view purpose, BytesView data) const {
    const Digest key = hmac_sha256(impl_->tagging.view(), purpose);
    return Bytes(hmac_sha256(key.view(), data).view());
}

} // namespace cpg::store
