#include "gateway/exchange/parcel.hpp"

#include <cstring>

namespace cpg::exchange {

namespace {

constexpr std::string_view parcel_magic = "cpgw-parcel/v1\n";
constexpr std::string_view signed_parcel_magic = "cpgw-parcel/v2\n";
constexpr std::string_view dossier_magic = "cpgw-dossier/v1\n";

void put_number(Bytes& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void put_text(Bytes& out, BytesView text) {
    put_number(out, text.size());
    out.append(text);
}

// Reads what put_number and put_text wrote; every length is checked against what is left.
class Cursor {
  public:
    explicit Cursor(BytesView bytes) : rest_(bytes) {}

    bool skip(BytesView expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    bool number(std::uint64_t& value) {
        if (rest_.size() < 8) return false;
        value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8 | static_cast<std::uint8_t>(rest_[static_cast<std::size_t>(i)]);
        rest_.remove_prefix(8);
        return true;
    }
    bool text(Bytes& value) {
        std::uint64_t length = 0;
        if (!number(length) || length > rest_.size()) return false;
        value.assign(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return true;
    }
    bool at_end() const { return rest_.empty(); }
    std::size_t left() const { return rest_.size(); }

  private:
    BytesView rest_;
};

Error damaged() {
    return {Errc::tampered, "a sealed record does not have its form"};
}

bool read_digest(Cursor& cursor, Digest& digest) {
    Bytes bytes;
    if (!cursor.text(bytes) || bytes.size() != digest.bytes.size()) return false;
    std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
    return true;
}

void put_signatures(Bytes& out, const std::vector<InputFile>& signatures) {
    if (signatures.empty()) return;
    put_number(out, signatures.size());
    for (const auto& signature : signatures) {
        put_text(out, signature.name);
        put_text(out, signature.bytes);
    }
}

bool read_signatures(Cursor& cursor, std::vector<InputFile>& signatures) {
    std::uint64_t count = 0;
    if (!cursor.number(count) || count == 0 || count > cursor.left()) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
        InputFile signature;
        if (!cursor.text(signature.name) || !cursor.text(signature.bytes)) return false;
        signatures.push_back(std::move(signature));
    }
    return true;
}

} // namespace

std::vector<InputFile> delivered_files(Parcel parcel) {
    std::vector<InputFile> files;
    for (auto& file : parcel.files) files.push_back({std::move(file.name), std::move(file.bytes)});
    for (auto& signature : parcel.signatures) files.push_back(std::move(signature));
    return files;
}

Bytes write_parcel(const Parcel& parcel) {
    std::size_t size = parcel_magic.size() + 8;
    for (const auto& file : parcel.files)
        size += file.name.size() + file.type.size() + file.bytes.size() + 64 + 5 * 8;
    for (const auto& signature : parcel.signatures)
        size += signature.name.size() + signature.bytes.size() + 3 * 8;
    Bytes out;
    out.reserve(size);
    out.append(parcel.signatures.empty() ? parcel_magic : signed_parcel_magic);
    put_number(out, parcel.files.size());
    for (const auto& file : parcel.files) {
        put_text(out, file.name);
        put_text(out, file.type);
        put_text(out, file.bytes);
        put_text(out, file.digest.view());
        put_text(out, file.salt);
    }
    put_signatures(out, parcel.signatures);
    return out;
}

Result<Parcel> read_parcel(BytesView bytes) {
    Cursor cursor(bytes);
    std::uint64_t count = 0;
    const bool with_signatures = cursor.skip(signed_parcel_magic);
    if ((!with_signatures && !cursor.skip(parcel_magic)) || !cursor.number(count) ||
        count > cursor.left())
        return damaged();
    Parcel parcel;
    for (std::uint64_t i = 0; i < count; ++i) {
        ParcelFile file;
        if (!cursor.text(file.name) || !cursor.text(file.type) || !cursor.text(file.bytes) ||
            !read_digest(cursor, file.digest) || !cursor.text(file.salt))
            return damaged();
        parcel.files.push_back(std::move(file));
    }
    if (with_signatures && !read_signatures(cursor, parcel.signatures)) return damaged();
    if (!cursor.at_end()) return damaged();
    return parcel;
}

Bytes write_dossier(const Dossier& dossier) {
    Bytes out(dossier_magic);
    put_text(out, dossier.report_ja);
    put_text(out, dossier.report_en);
    put_text(out, dossier.title);
    put_number(out, dossier.salts.size());
    for (const auto& salt : dossier.salts) put_text(out, salt);
    return out;
}

Result<Dossier> read_dossier(BytesView bytes) {
    Cursor cursor(bytes);
    Dossier dossier;
    std::uint64_t count = 0;
    if (!cursor.skip(dossier_magic) || !cursor.text(dossier.report_ja) ||
        !cursor.text(dossier.report_en) || !cursor.text(dossier.title) || !cursor.number(count) ||
        count > cursor.left())
        return damaged();
    for (std::uint64_t i = 0; i < count; ++i) {
        Bytes salt;
        if (!cursor.text(salt)) return damaged();
        dossier.salts.push_back(std::move(salt));
    }
    if (!cursor.at_end()) return damaged();
    return dossier;
}

} // namespace cpg::exchange
