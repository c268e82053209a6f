#define OPENSSL_SUPPRESS_DEPRECATED // ENGINE: no PKCS#11 provider in Debian 12
#include "spec/base/private_key.hpp"

#include "spec/base/bytes.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cpg {

namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::size_t max_uri = 1024;     // two long labels and two paths
constexpr std::size_t max_pin_bytes = 64; // PKCS#11 tokens take up to 32 or 64

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

Error unusable(std::string_view where, std::string_view why) {
    return {Errc::configuration, std::string(where) + ": " + std::string(why)};
}

std::string openssl_reason() {
    const auto code = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason ? reason : "unknown reason";
}

/// Opens first and looks at what it opened: no window for a swap between look and use.
Result<File> open_private(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return unusable(path, std::strerror(errno));
    File file(::fdopen(descriptor, "r"));
    if (!file) {
        ::close(descriptor);
        return unusable(path, std::strerror(errno));
    }
    struct stat info {};
    if (::fstat(descriptor, &info) != 0) return unusable(path, std::strerror(errno));
    if (!S_ISREG(info.st_mode)) return unusable(path, "the key is not a regular file");
    if ((info.st_mode & 077) != 0)
        return unusable(path, "can be read or written by group or others; "
                              "mode 0400 or 0600 is needed");
    return file;
}

/// A key that asks for a pass phrase must not stop the start at a terminal.
int no_pass_phrase(char*, int, int, void*) {
    return -1;
}

Result<PrivateKey> key_in_file(const std::string& path) {
    const auto file = open_private(path);
    if (!file) return file.error();
    ERR_clear_error();
    PrivateKey key(PEM_read_PrivateKey(file->get(), nullptr, no_pass_phrase, nullptr));
    if (!key) return unusable(path, "no private key in PEM form: " + openssl_reason());
    return key;
}

Result<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const auto byte = from_hex(text.substr(i + 1, 2));
        if (!byte || byte->size() != 1 || byte->front() == '\0')
            return Error{Errc::configuration, "broken percent-encoding"};
        decoded += *byte;
        i += 2;
    }
    return decoded;
}

Result<void> set_once(std::string& target, std::string_view encoded) {
    if (!target.empty()) return Error{Errc::configuration, "an attribute is given twice"};
    auto decoded = percent_decoded(encoded);
    if (!decoded) return decoded.error();
    target = std::move(*decoded);
    if (!target.starts_with('/')) return Error{Errc::configuration, "not an absolute path"};
    return {};
}

Result<void> take_query(TokenUri& into, std::string_view attribute) {
    constexpr std::string_view module_path = "module-path=";
    constexpr std::string_view pin_source = "pin-source=";
    constexpr std::string_view file_scheme = "file:";
    if (attribute.starts_with(module_path))
        return set_once(into.module_path, attribute.substr(module_path.size()));
    if (attribute.starts_with(pin_source)) {
        attribute.remove_prefix(pin_source.size());
        if (attribute.starts_with(file_scheme)) attribute.remove_prefix(file_scheme.size());
        return set_once(into.pin_file, attribute);
    }
    if (attribute.starts_with("pin-value"))
        return Error{Errc::configuration, "pin-value is not taken; name a file with pin-source"};
    return Error{Errc::configuration, "an attribute that is not known"};
}

/// Zeroed when it goes.
struct Pin {
    std::array<char, max_pin_bytes + 2> text{};
    ~Pin() { OPENSSL_cleanse(text.data(), text.size()); }
};

Result<void> read_pin(const std::string& path, Pin& pin) {
    const auto file = open_private(path);
    if (!file) return file.error();
    const auto length = std::fread(pin.text.data(), 1, max_pin_bytes + 1, file->get());
    if (length > max_pin_bytes) return unusable(path, "a PIN is at most 64 bytes");
    pin.text[std::strcspn(pin.text.data(), "\r\n")] = '\0';
    if (pin.text[0] == '\0') return unusable(path, "holds no PIN");
    return {};
}

/// The engine with its module, for the life of the process: a key in use belongs to it.
class Token {
  public:
    Result<PrivateKey> load(const TokenUri& uri) {
        const std::lock_guard guard(mutex_);
        if (const auto ready = start(uri.module_path); !ready) return ready.error();
        Pin pin;
        if (!uri.pin_file.empty()) {
            if (const auto read = read_pin(uri.pin_file, pin); !read) return read.error();
            if (ENGINE_ctrl_cmd_string(engine_, "PIN", pin.text.data(), 0) != 1)
                return unusable(uri.object, "the PIN is not taken: " + openssl_reason());
        }
        PrivateKey key(ENGINE_load_private_key(engine_, uri.object.c_str(), nullptr, nullptr));
        if (!key) return unusable(uri.object, "no such private key: " + openssl_reason());
        return key;
    }

  private:
    Result<void> start(const std::string& module_path) {
        if (engine_ != nullptr) {
            if (module_path == module_path_) return {};
            return unusable(module_path, "another PKCS#11 module is in use already");
        }
        ERR_clear_error();
        ENGINE* const engine = ENGINE_by_id("pkcs11");
        if (engine == nullptr)
            return Error{Errc::configuration,
                         "no PKCS#11 engine (Debian: libengine-pkcs11-openssl): " +
                             openssl_reason()};
        const bool ready =
            (module_path.empty() ||
             ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module_path.c_str(), 0) == 1) &&
            ENGINE_init(engine) == 1;
        if (!ready) {
            const auto why = openssl_reason();
            ENGINE_free(engine);
            return unusable(module_path, "the PKCS#11 module does not start: " + why);
        }
        engine_ = engine;
        module_path_ = module_path;
        return {};
    }

    std::mutex mutex_;
    ENGINE* engine_ = nullptr;
    std::string module_path_;
};

Token& token() {
    static auto* const only = new Token; // never torn down: after OpenSSL at exit is too late
    return *only;
}

} // namespace

void FreedPrivateKey::operator()(evp_pkey_st* key) const {
    EVP_PKEY_free(key);
}

bool names_token(std::string_view where) {
    return where.starts_with(scheme);
}

Result<TokenUri> parse_token_uri(std::string_view uri) {
    if (!names_token(uri)) return Error{Errc::configuration, "not a pkcs11: URI"};
    if (uri.size() > max_uri) return Error{Errc::configuration, "a pkcs11: URI over 1,024 bytes"};
    const auto question = uri.find('?');
    TokenUri parsed{std::string(uri.substr(0, question)), {}, {}};
    if (parsed.object.find("pin-value") != std::string::npos)
        return Error{Errc::configuration, "pin-value is not taken; name a file with pin-source"};
    if (question == std::string_view::npos) return parsed;
    auto query = uri.substr(question + 1);
    while (true) {
        const auto end = query.find('&');
        if (const auto taken = take_query(parsed, query.substr(0, end)); !taken)
            return Error{Errc::configuration, "pkcs11: URI: " + taken.error().detail};
        if (end == std::string_view::npos) return parsed;
        query.remove_prefix(end + 1);
    }
}

Result<PrivateKey> load_private_key(const std::string& where) {
    if (!names_token(where)) return key_in_file(where);
    const auto uri = parse_token_uri(where);
    if (!uri) return uri.error();
    return token().load(*uri);
}

} // namespace cpg
