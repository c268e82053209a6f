#include "gateway/audit/note.hpp"

#include "gateway/audit/lines.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdexcept>

namespace cpg::audit {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::size_t ed25519_size = 64;
constexpr std::size_t cosignature_size = 8 + ed25519_size;
constexpr std::size_t id_size = 4;
constexpr std::string_view origin_middle = "/cpgw/";
constexpr std::uint64_t first_year = 2000, last_year = 9999; // four digits
constexpr std::string_view signature_mark = "\u2014 ";       // em dash, space

struct FreeOpenSsl {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeOpenSsl>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeOpenSsl>;
using Bio = std::unique_ptr<BIO, FreeOpenSsl>;

void require(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Error malformed(const char* what) {
    return {Errc::malformed, what};
}

const unsigned char* data_of(BytesView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

/// Big endian.
Bytes number_bytes(std::uint64_t value, std::size_t count) {
    Bytes bytes(count, '\0');
    for (std::size_t i = count; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xFF);
    return bytes;
}

std::uint64_t number_from(BytesView bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

bool is_unicode_space(char32_t c) {
    return c == 0x20 || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

bool is_key_name(std::string_view name) {
    for (std::size_t i = 0; i < name.size();) {
        const Utf8Character character = utf8_character_at(name, i);
        const char32_t c = character.code_point;
        if (character.length == 0 || c < 0x20 || c == '+' || is_unicode_space(c)) return false;
        i += character.length;
    }
    return !name.empty();
}

/// UTF-8 without control characters but the line feed.
bool is_note_text(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return c >= 0 && c < 0x20 && c != '\n'; }) &&
           is_utf8(text);
}

Bytes typed_key(KeyAlgorithm algorithm, BytesView public_key) {
    return Bytes(1, static_cast<char>(algorithm)).append(public_key);
}

std::uint32_t key_id(std::string_view name, BytesView typed_key) {
    const Digest digest = Sha256().update(name).update("\n").update(typed_key).finish();
    return static_cast<std::uint32_t>(number_from(digest.view().substr(0, id_size)));
}

Context make_context() {
    Context context(EVP_MD_CTX_new());
    require(context != nullptr, "no digest context");
    return context;
}

bool verify_ed25519(BytesView public_key, BytesView message, BytesView signature) {
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(public_key),
                                              public_key.size()));
    require(key != nullptr, "no Ed25519 public key");
    const Context context = make_context();
    require(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1,
            "verification");
    return EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message),
                            message.size()) == 1;
}

/// What a witness signs.
std::string cosigned_text(std::string_view text, std::uint64_t seconds) {
    return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

bool verifies(const VerifierKey& key, std::string_view text, const Signature& signature) {
    const BytesView bytes = signature.signature;
    if (key.algorithm == KeyAlgorithm::ed25519)
        return bytes.size() == ed25519_size && verify_ed25519(key.public_key, text, bytes);
    const auto time = cosignature_time(signature);
    if (!time) return false;
    return verify_ed25519(key.public_key, cosigned_text(text, *time),
                          bytes.substr(cosignature_size - ed25519_size));
}

class Ed25519Signer final : public Signer {
  public:
    Ed25519Signer(VerifierKey verifier, std::shared_ptr<EVP_PKEY> secret)
        : verifier_(std::move(verifier)), secret_(std::move(secret)) {}

    const VerifierKey& verifier() const override { return verifier_; }

    std::shared_ptr<const Signer> named(std::string_view name) const override {
        if (!is_key_name(name)) throw std::invalid_argument("not a key name");
        return std::make_shared<Ed25519Signer>(renamed(verifier_, name), secret_);
    }

    Bytes sign(BytesView message) const override {
        const Context context = make_context();
        require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret_.get()) == 1,
                "signature");
        Bytes signature(ed25519_size, '\0');
        std::size_t size = signature.size();
        require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                               &size, data_of(message), message.size()) == 1 &&
                    size == ed25519_size,
                "signature");
        return signature;
    }

  private:
    VerifierKey verifier_;
    std::shared_ptr<EVP_PKEY> secret_;
};

Key read_secret(std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    require(bio != nullptr, "no memory buffer");
    char no_passphrase[] = ""; // never ask on a terminal
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_passphrase));
    if (key == nullptr || EVP_PKEY_is_a(key.get(), "ED25519") != 1)
        throw std::invalid_argument("the signing key is no Ed25519 secret in PEM");
    return key;
}

Result<Signature> parse_signature(std::string_view line) {
    const auto named = after(signature_mark, line);
    const std::size_t space = named ? named->find(' ') : std::string_view::npos;
    if (space == std::string_view::npos) return malformed("a line that is no signature");
    const std::string_view name = named->substr(0, space);
    const Result<Bytes> bytes = from_base64(named->substr(space + 1));
    if (!is_key_name(name)) return malformed("a signature without a key name");
    if (!bytes || bytes->size() <= id_size) return malformed("a signature that is not base64");
    return Signature{std::string(name),
                     static_cast<std::uint32_t>(number_from(BytesView(*bytes).substr(0, id_size))),
                     bytes->substr(id_size)};
}

bool same_key(const Signature& signature, const VerifierKey& key) {
    return signature.id == key.id && signature.name == key.name;
}

bool same_key(const Signature& left, const Signature& right) {
    return left.id == right.id && left.name == right.name;
}

} // namespace

std::string VerifierKey::text() const {
    return name + "+" + hex(number_bytes(id, id_size)) + "+" +
           base64(typed_key(algorithm, public_key));
}

VerifierKey renamed(const VerifierKey& key, std::string_view name) {
    return {std::string(name), key_id(name, typed_key(key.algorithm, key.public_key)),
            key.public_key, key.algorithm};
}

Result<VerifierKey> VerifierKey::parse(std::string_view vkey) {
    const std::size_t first = vkey.find('+'); // base64 has plus signs too, name and id have none
    const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
    if (second == std::string_view::npos) return malformed("a key is <name>+<id>+<key>");
    const std::string_view name = vkey.substr(0, first);
    const Result<Bytes> typed = from_base64(vkey.substr(second + 1));
    if (!is_key_name(name)) return malformed("not a key name");
    if (!typed || typed->size() != 1 + key_size) return malformed("not a key of 32 bytes");
    const auto algorithm = static_cast<KeyAlgorithm>(typed->front());
    if (algorithm != KeyAlgorithm::ed25519 && algorithm != KeyAlgorithm::ed25519_cosignature)
        return malformed("an unknown kind of key");
    VerifierKey key{std::string(name), key_id(name, *typed), typed->substr(1), algorithm};
    if (key.text() != vkey) return malformed("the key's id is not that of its name and value");
    return key;
}

std::string make_signer_key() {
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const Bio bio(BIO_new(BIO_s_secmem())); // wiped when freed
    require(key != nullptr && bio != nullptr, "key generation");
    require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) == 1,
            "key output");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::unique_ptr<Signer> make_signer(std::string_view name, std::string_view pem) {
    if (!is_key_name(name)) throw std::invalid_argument("not a key name");
    Key secret = read_secret(pem);
    VerifierKey verifier{std::string(name), 0, Bytes(key_size, '\0'), KeyAlgorithm::ed25519};
    std::size_t size = key_size;
    require(EVP_PKEY_get_raw_public_key(
                secret.get(), reinterpret_cast<unsigned char*>(verifier.public_key.data()),
                &size) == 1 &&
                size == key_size,
            "public key");
    verifier.id = key_id(name, typed_key(verifier.algorithm, verifier.public_key));
    return std::make_unique<Ed25519Signer>(std::move(verifier), std::move(secret));
}

std::optional<std::uint64_t> cosignature_time(const Signature& signature) {
    if (signature.signature.size() != cosignature_size) return std::nullopt;
    return number_from(BytesView(signature.signature).substr(0, 8));
}

std::string signature_line(const Signature& signature) {
    return std::string(signature_mark) + signature.name + " " +
           base64(number_bytes(signature.id, id_size) + signature.signature) + "\n";
}

VerifierKey cosigner_key(const Signer& signer) {
    VerifierKey key = signer.verifier();
    key.algorithm = KeyAlgorithm::ed25519_cosignature;
    return renamed(key, key.name);
}

std::string cosign(const Signer& signer, std::string_view text, Time time) {
    const auto seconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
    const VerifierKey key = cosigner_key(signer);
    return signature_line(
        {key.name, key.id, number_bytes(seconds, 8) + signer.sign(cosigned_text(text, seconds))});
}

std::string sign_note(std::string_view text, const std::vector<const Signer*>& signers) {
    if (text.empty() || text.back() != '\n' || !is_note_text(text))
        throw std::invalid_argument("sign_note: not the text of a note");
    std::string note(text);
    note += '\n';
    for (const Signer* signer : signers) {
        const VerifierKey& key = signer->verifier();
        note += signature_line({key.name, key.id, signer->sign(text)});
    }
    return note;
}

Result<Note> parse_note(std::string_view note) {
    if (note.size() > max_note_bytes) return malformed("a note over the size limit");
    if (!is_note_text(note)) return malformed("a note with characters that are not allowed");
    const std::size_t end = note.rfind("\n\n");
    if (end == std::string_view::npos) return malformed("a note without signatures");
    Note parsed{std::string(note.substr(0, end + 1)), {}};
    Lines lines(note.substr(end + 2));
    if (lines.done()) return malformed("a note without signatures");
    while (!lines.done()) {
        const auto line = lines.next();
        if (!line) return malformed("a signature without its line feed");
        if (parsed.signatures.size() == max_note_signatures)
            return malformed("a note with too many signatures");
        Result<Signature> signature = parse_signature(*line);
        if (!signature) return signature.error();
        parsed.signatures.push_back(std::move(*signature));
    }
    return parsed;
}

Result<Note> open_note(std::string_view note, const std::vector<VerifierKey>& trusted) {
    Result<Note> parsed = parse_note(note);
    if (!parsed) return parsed;
    std::vector<Signature> verified;
    for (const Signature& signature : parsed->signatures) {
        const auto is_signer = [&](const VerifierKey& key) { return same_key(signature, key); };
        if (std::none_of(trusted.begin(), trusted.end(), is_signer)) continue;
        const bool good = std::any_of(trusted.begin(), trusted.end(), [&](const VerifierKey& key) {
            return is_signer(key) && verifies(key, parsed->text, signature);
        });
        if (!good) return Error{Errc::tampered, "a signature of a trusted key does not verify"};
        const bool repeated =
            std::any_of(verified.begin(), verified.end(),
                        [&](const Signature& earlier) { return same_key(earlier, signature); });
        if (!repeated) verified.push_back(signature);
    }
    if (verified.empty()) return Error{Errc::unknown_key, "no signature of a trusted key"};
    parsed->signatures = std::move(verified);
    return parsed;
}

std::string Checkpoint::body() const {
    std::string text = origin + "\n" + std::to_string(size) + "\n" + base64(root.view()) + "\n";
    for (const std::string& extension : extensions) text += extension + "\n";
    return text;
}

Result<Checkpoint> Checkpoint::parse(std::string_view body) {
    Lines lines(body);
    const auto origin = lines.next();
    const auto size_line = lines.next();
    const auto root_line = lines.next();
    if (!origin || origin->empty() || !size_line || !root_line)
        return malformed("a checkpoint has an origin, a size and a root");
    const auto size = parse_decimal(*size_line);
    if (!size) return malformed("the checkpoint's size is not a number");
    const Result<Bytes> root = from_base64(*root_line);
    Checkpoint checkpoint{std::string(*origin), *size, {}, {}};
    if (!root || root->size() != checkpoint.root.bytes.size())
        return malformed("the checkpoint's root is not a hash");
    std::copy(root->begin(), root->end(), checkpoint.root.bytes.begin());
    while (!lines.done()) {
        const auto extension = lines.next();
        if (!extension || extension->empty())
            return malformed("an extension of the checkpoint is empty or lacks its line feed");
        checkpoint.extensions.emplace_back(*extension);
    }
    return checkpoint;
}

std::string log_origin(std::string_view host, int year) {
    return std::string(host).append(origin_middle) + std::to_string(year);
}

int log_year(Time time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return static_cast<int>(day.year());
}

std::optional<int> year_of_origin(std::string_view origin) {
    const std::size_t middle = origin.rfind(origin_middle);
    if (middle == std::string_view::npos || middle == 0) return std::nullopt;
    const auto year = parse_decimal(origin.substr(middle + origin_middle.size()));
    if (!year || *year < first_year || *year > last_year) return std::nullopt;
    return static_cast<int>(*year);
}

std::string origin_in_year(std::string_view origin, int year) {
    if (!year_of_origin(origin)) throw std::invalid_argument("an origin without a year");
    return log_origin(origin.substr(0, origin.rfind(origin_middle)), year);
}

std::vector<VerifierKey> keys_for_log(std::vector<VerifierKey> trusted, std::string_view origin) {
    const auto year = year_of_origin(origin);
    if (!year) return trusted;
    const auto known = [&](const VerifierKey& key) {
        return std::any_of(trusted.begin(), trusted.end(), [&](const VerifierKey& other) {
            return other.name == key.name && other.public_key == key.public_key &&
                   other.algorithm == key.algorithm;
        });
    };
    for (std::size_t i = 0, given = trusted.size(); i < given; ++i) {
        if (trusted[i].algorithm != KeyAlgorithm::ed25519 || !year_of_origin(trusted[i].name) ||
            origin_in_year(trusted[i].name, *year) != origin)
            continue;
        VerifierKey key = renamed(trusted[i], origin);
        if (!known(key)) trusted.push_back(std::move(key));
    }
    return trusted;
}

} // namespace cpg::audit
