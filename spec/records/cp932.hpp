// MS932 (Windows-31J) <-> UTF-8, the only place that knows the encoding (standard 4.3, 別紙
// 文字コード). Built from iconv CP932 once. Pure functions, any thread.
#pragma once

#include "spec/base/bytes.hpp"

#include <cstdint>
#include <optional>

namespace cpg {

enum class ByteProblem {
    none,
    invalid, // not MS932
    gaiji,   // user-defined character, lead byte F0-F9 (U+E000-E757)
    nul,     // 0x00
    control, // other control character but CR, LF, TAB
};

struct ByteFinding {
    ByteProblem problem = ByteProblem::none;
    std::size_t offset = 0; // of the first byte of the offending character
};

/// First problem at or after `from`; `problem == none` when the rest is clean. ASCII runs are
/// skipped 8 bytes at a time.
ByteFinding next_byte_problem(BytesView bytes, std::size_t from = 0);

/// What the bytes look like when they are not MS932: told by BOM, or by being valid multi-byte
/// UTF-8 while not MS932-like.
enum class Encoding { ms932, utf8, utf8_bom, utf16le, utf16be };
Encoding guess_encoding(BytesView bytes);

/// The same, piece by piece; the first has four bytes or is all. Pieces end between characters.
class EncodingGuess {
  public:
    void feed(BytesView piece);
    bool is_certain() const { return certain_.has_value(); }
    Encoding result() const; // of what was fed so far

  private:
    void feed_text(BytesView piece);

    bool begun_ = false;
    std::optional<Encoding> certain_; // whatever follows
    bool multi_byte_ = false, japanese_ = false, no_ms932_ = false;
};

/// Length of the longest start of a piece that ends between characters in MS932 and in UTF-8:
/// behind a byte that is no part of a longer character. The whole piece when it has no such byte.
std::size_t length_of_whole_characters(BytesView piece);

/// Decodes; an invalid byte becomes U+FFFD (one a byte). Never throws.
std::string to_utf8(BytesView ms932);
/// nullopt + offset when a character has no MS932 form (R-ENC-04): nothing is ever replaced
/// silently. Characters that would come back as others (U+301C, U+2212, U+2016, U+00A5 and U+00A2,
/// U+00A3, U+00AC, U+2014, U+203E) are refused too unless `fold` is given: then 〜−‖¥ become
/// ～－∥\ and ¢£¬—‾ become ￠￡￢―~.
struct Encoded {
    std::optional<Bytes> bytes;
    std::size_t offset = 0; // in the UTF-8 text, of the first character that cannot be encoded
};
enum class Fold { no, yes };
Encoded to_ms932(std::string_view utf8, Fold fold = Fold::no);

/// Number of characters (not bytes) of MS932 text; a lone invalid byte counts one.
std::size_t character_count(BytesView ms932);

} // namespace cpg
