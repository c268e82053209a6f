#include "spec/records/cp932.hpp"

#include "spec/records/utf8.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <iconv.h>
#include <memory>
#include <stdexcept>
#include <vector>

namespace cpg {

namespace {

enum class ByteClass : std::uint8_t { single, lead, nul, control, invalid };

constexpr char32_t replacement_character = 0xFFFD;
constexpr std::ptrdiff_t longest_in_utf8 = 3; // bytes of a character of the basic plane
constexpr std::size_t plane_size = 65536;     // every MS932 character lies in the basic plane

/// iconv of the C library, one character a call.
class Iconv {
  public:
    Iconv(const char* to, const char* from) : handle_(iconv_open(to, from)) {
        if (handle_ == reinterpret_cast<iconv_t>(-1))
            throw std::runtime_error("iconv of this system does not know CP932");
    }
    ~Iconv() { iconv_close(handle_); }
    Iconv(const Iconv&) = delete;
    Iconv& operator=(const Iconv&) = delete;

    /// Empty when the bytes are not exactly one convertible character.
    std::string convert(std::string in) {
        std::array<char, 8> out{};
        char* in_position = in.data();
        char* out_position = out.data();
        std::size_t in_left = in.size();
        std::size_t out_left = out.size();
        iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        const std::size_t outcome =
            iconv(handle_, &in_position, &in_left, &out_position, &out_left);
        if (outcome == static_cast<std::size_t>(-1)) return {};
        return {out.data(), out.size() - out_left};
    }

  private:
    iconv_t handle_;
};

struct FoldedCharacter {
    char16_t code_point;
    std::uint16_t code;
};

struct Tables {
    std::array<ByteClass, 256> classes{};
    std::vector<char16_t> decoded =
        std::vector<char16_t>(plane_size); // by lead * 256 + trail; 0 = none
    std::vector<std::uint16_t> encoded =
        std::vector<std::uint16_t>(plane_size); // by code point; 0 = none
    std::vector<FoldedCharacter> folded;        // encode, but come back as another character
};

bool is_lead(unsigned byte) {
    return (byte >= 0x81 && byte <= 0x9F) || (byte >= 0xE0 && byte <= 0xFC);
}
bool is_half_width_kana(unsigned byte) {
    return byte >= 0xA1 && byte <= 0xDF;
}
bool is_printable(unsigned byte) {
    return byte >= 0x20 && byte < 0x7F;
}
bool is_gaiji_lead(unsigned byte) {
    return byte >= 0xF0 && byte <= 0xF9;
}
bool is_private_use(unsigned code_point) {
    return code_point >= 0xE000 && code_point <= 0xF8FF;
}
bool is_surrogate(unsigned code_point) {
    return code_point >= 0xD800 && code_point <= 0xDFFF;
}
char32_t decode_half_width_kana(unsigned byte) {
    return 0xFF61 + (byte - 0xA1);
}

ByteClass class_of(unsigned byte) {
    if (byte == 0) return ByteClass::nul;
    if (byte == '\r' || byte == '\n' || byte == '\t') return ByteClass::single;
    if (byte < 0x20 || byte == 0x7F) return ByteClass::control;
    if (byte < 0x80 || is_half_width_kana(byte)) return ByteClass::single;
    return is_lead(byte) ? ByteClass::lead : ByteClass::invalid; // 80, A0, FD-FF
}

std::string two_bytes(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
}

void fill_decoded(Tables& tables) {
    Iconv decoder("UTF-16BE", "CP932");
    for (unsigned code = 0x8100; code < plane_size; ++code) {
        if (!is_lead(code >> 8)) continue;
        const std::string out = decoder.convert(two_bytes(code));
        if (out.size() != 2) continue;
        tables.decoded[code] = static_cast<char16_t>((static_cast<unsigned char>(out[0]) << 8) |
                                                     static_cast<unsigned char>(out[1]));
    }
}

char32_t decode_code(const Tables& tables, unsigned code) {
    if (code < 0x80) return code;
    return code < 0x100 ? decode_half_width_kana(code) : tables.decoded[code];
}

void fill_encoded(Tables& tables) {
    Iconv encoder("CP932", "UTF-16BE");
    for (unsigned code_point = 1; code_point < plane_size; ++code_point) {
        if (is_surrogate(code_point) || is_private_use(code_point)) continue;
        const std::string out = encoder.convert(two_bytes(code_point));
        if (out.empty() || out.size() > 2) continue;
        unsigned code = 0;
        for (const char byte : out) code = (code << 8) | static_cast<unsigned char>(byte);
        if (decode_code(tables, code) == code_point)
            tables.encoded[code_point] = static_cast<std::uint16_t>(code);
        else
            tables.folded.push_back(
                {static_cast<char16_t>(code_point), static_cast<std::uint16_t>(code)});
    }
}

const Tables& tables() {
    static const std::unique_ptr<const Tables> instance = [] {
        auto made = std::make_unique<Tables>();
        for (unsigned byte = 0; byte < 256; ++byte) made->classes[byte] = class_of(byte);
        fill_decoded(*made);
        fill_encoded(*made);
        return made;
    }();
    return *instance;
}

unsigned char byte_at(BytesView bytes, std::size_t i) {
    return static_cast<unsigned char>(bytes[i]);
}

unsigned pair_at(BytesView bytes, std::size_t i) {
    return static_cast<unsigned>(byte_at(bytes, i) << 8) | byte_at(bytes, i + 1);
}

constexpr std::uint64_t every_byte(std::uint64_t value) {
    return value * 0x0101010101010101u;
}

/// Length of the run of printable ASCII that starts at `from`, eight bytes a step. The lowest
/// flagged byte is exact: a borrow or carry starts at a flagged byte only and moves upwards.
std::size_t printable_run(BytesView bytes, std::size_t from) {
    std::size_t i = from;
    while (bytes.size() - i >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
        const std::uint64_t flagged =
            (word | (word - every_byte(0x20)) | (word + every_byte(0x01))) & every_byte(0x80);
        if (flagged != 0) return i - from + static_cast<std::size_t>(std::countr_zero(flagged)) / 8;
        i += sizeof word;
    }
    while (i < bytes.size() && is_printable(byte_at(bytes, i))) ++i;
    return i - from;
}

/// Length in bytes of the character at `i`; 0 when the bytes are not MS932.
std::size_t character_length(const Tables& table, BytesView bytes, std::size_t i) {
    switch (table.classes[byte_at(bytes, i)]) {
    case ByteClass::lead:
        return i + 1 < bytes.size() && table.decoded[pair_at(bytes, i)] != 0 ? 2 : 0;
    case ByteClass::invalid:
        return 0;
    case ByteClass::single:
    case ByteClass::nul:
    case ByteClass::control:
        break;
    }
    return 1;
}

ByteProblem problem_at(const Tables& table, BytesView bytes, std::size_t i, std::size_t length) {
    if (length == 0) return ByteProblem::invalid;
    const unsigned char byte = byte_at(bytes, i);
    if (length == 2) return is_gaiji_lead(byte) ? ByteProblem::gaiji : ByteProblem::none;
    if (table.classes[byte] == ByteClass::nul) return ByteProblem::nul;
    return table.classes[byte] == ByteClass::control ? ByteProblem::control : ByteProblem::none;
}

char32_t decode_at(const Tables& table, BytesView bytes, std::size_t i, std::size_t length) {
    if (length == 0) return replacement_character;
    return decode_code(table, length == 2 ? pair_at(bytes, i) : byte_at(bytes, i));
}

/// Writes a character of the basic plane, at most longest_in_utf8 bytes; returns the end.
char* write_utf8(char* out, char32_t code_point) {
    const auto put = [&](char32_t byte) { *out++ = static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | (code_point >> 6));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xE0 | (code_point >> 12));
        put(0x80 | ((code_point >> 6) & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
    return out;
}

bool is_japanese(char32_t code_point) {
    return (code_point >= 0x3000 && code_point <= 0x9FFF) ||
           (code_point >= 0xFF00 && code_point <= 0xFFEF);
}

/// ASCII text in UTF-16 without a mark: every second byte is zero.
std::optional<Encoding> unmarked_utf16(BytesView bytes) {
    if (bytes.size() < 4) return std::nullopt;
    const bool even = bytes[0] == '\0' && bytes[2] == '\0';
    const bool odd = bytes[1] == '\0' && bytes[3] == '\0';
    if (odd && !even) return Encoding::utf16le;
    if (even && !odd) return Encoding::utf16be;
    return std::nullopt;
}

/// Whether some byte, counted from the start, is no MS932.
bool has_invalid_byte(BytesView bytes) {
    for (std::size_t from = 0; from < bytes.size();) {
        const ByteFinding finding = next_byte_problem(bytes, from);
        if (finding.problem == ByteProblem::none) return false;
        if (finding.problem == ByteProblem::invalid) return true;
        from = finding.offset + (finding.problem == ByteProblem::gaiji ? 2 : 1);
    }
    return false;
}

std::uint16_t fold_code(const Tables& table, char32_t code_point) {
    for (const FoldedCharacter& character : table.folded)
        if (character.code_point == code_point) return character.code;
    return 0;
}

void append_code(Bytes& out, std::uint16_t code) {
    if (code > 0xFF) out += static_cast<char>(code >> 8);
    out += static_cast<char>(code & 0xFF);
}

} // namespace

ByteFinding next_byte_problem(BytesView bytes, std::size_t from) {
    const Tables& table = tables();
    std::size_t i = from;
    while (i < bytes.size()) {
        i += printable_run(bytes, i);
        while (i < bytes.size() && !is_printable(byte_at(bytes, i))) {
            const std::size_t length = character_length(table, bytes, i);
            const ByteProblem problem = problem_at(table, bytes, i, length);
            if (problem != ByteProblem::none) return {problem, i};
            i += length;
        }
    }
    return {};
}

Encoding guess_encoding(BytesView bytes) {
    EncodingGuess guess;
    guess.feed(bytes);
    return guess.result();
}

void EncodingGuess::feed(BytesView piece) {
    if (!begun_) {
        begun_ = true;
        if (piece.starts_with("\xEF\xBB\xBF")) certain_ = Encoding::utf8_bom;
        if (piece.starts_with("\xFF\xFE")) certain_ = Encoding::utf16le;
        if (piece.starts_with("\xFE\xFF")) certain_ = Encoding::utf16be;
        if (!certain_) certain_ = unmarked_utf16(piece);
    }
    if (!certain_) feed_text(piece);
}

void EncodingGuess::feed_text(BytesView piece) {
    bool multi_byte = false;
    for (std::size_t i = 0; i < piece.size();) {
        i += printable_run(piece, i);
        if (i == piece.size()) break;
        const Utf8Character character = utf8_character_at(piece, i);
        if (character.length == 0) {
            certain_ = Encoding::ms932;
            return;
        }
        multi_byte |= character.length > 1;
        japanese_ |= is_japanese(character.code_point);
        i += character.length;
    }
    multi_byte_ |= multi_byte;
    if (multi_byte && !japanese_ && !no_ms932_) no_ms932_ = has_invalid_byte(piece);
}

/// Half-width kana of MS932 can form two-byte UTF-8 by chance; Japanese three-byte characters all
/// through cannot.
Encoding EncodingGuess::result() const {
    if (certain_) return *certain_;
    return multi_byte_ && (japanese_ || no_ms932_) ? Encoding::utf8 : Encoding::ms932;
}

std::size_t length_of_whole_characters(BytesView piece) {
    constexpr unsigned char first_trail = 0x40; // of MS932; those of UTF-8 are larger
    std::size_t length = piece.size();
    while (length != 0 && byte_at(piece, length - 1) >= first_trail) --length;
    return length == 0 ? piece.size() : length;
}

std::string to_utf8(BytesView ms932) {
    const Tables& table = tables();
    std::string out;
    out.reserve(ms932.size() + ms932.size() / 2);
    std::array<char, 3 * 256> piece{};
    for (std::size_t i = 0; i < ms932.size();) {
        const std::size_t run = printable_run(ms932, i);
        out.append(ms932.substr(i, run));
        i += run;
        char* end = piece.data();
        while (i < ms932.size() && !is_printable(byte_at(ms932, i)) &&
               piece.data() + piece.size() - end >= longest_in_utf8) {
            const std::size_t length = character_length(table, ms932, i);
            end = write_utf8(end, decode_at(table, ms932, i, length));
            i += length == 0 ? 1 : length;
        }
        out.append(piece.data(), end);
    }
    return out;
}

Encoded to_ms932(std::string_view utf8, Fold fold) {
    const Tables& table = tables();
    Bytes out;
    out.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
        const std::size_t run = printable_run(utf8, i);
        out.append(utf8.substr(i, run));
        i += run;
        if (i == utf8.size()) break;
        const Utf8Character character = utf8_character_at(utf8, i);
        if (character.length == 0 || character.code_point >= plane_size) return {std::nullopt, i};
        std::uint16_t code = table.encoded[character.code_point];
        if (code == 0 && fold == Fold::yes) code = fold_code(table, character.code_point);
        if (code == 0 && character.code_point != 0) return {std::nullopt, i};
        append_code(out, code);
        i += character.length;
    }
    return {std::move(out), 0};
}

std::size_t character_count(BytesView ms932) {
    const Tables& table = tables();
    std::size_t count = 0;
    for (std::size_t i = 0; i < ms932.size(); ++count) {
        if (byte_at(ms932, i) < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = character_length(table, ms932, i);
        i += length == 0 ? 1 : length;
    }
    return count;
}

} // namespace cpg
