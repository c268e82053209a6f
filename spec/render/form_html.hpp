// Writes HTML that no data can break: markup is given at compile time, everything else is escaped.
// One thread.
#pragma once

#include "spec/base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace cpg::forms {

/// Text that was there when the program was compiled; never data.
class Markup {
  public:
    consteval Markup(const char* text) : text_(text) {}
    constexpr std::string_view view() const { return text_; }

  private:
    std::string_view text_;
};

class Html {
  public:
    /// `max_bytes`: from there on full() is true; what is written then still appears, so that
    /// every element is closed. Writers of rows stop there and say so.
    explicit Html(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    Html& raw(Markup markup);
    Html& number(std::int64_t value);
    /// Escaped. Line ends become LF, other control characters U+FFFD. Longer than max_text is cut,
    /// and says so.
    Html& text(std::string_view utf8);
    Html& base64(BytesView bytes);
    /// `attributes` starts with a blank or is empty: th(" colspan=\"2\"", "氏名").
    Html& th(Markup attributes, Markup label);
    Html& td(Markup attributes, std::string_view utf8);

    bool full() const { return out_.size() >= max_bytes_; }
    std::size_t size() const { return out_.size(); }
    /// The builder is empty afterwards.
    std::string take();

    /// Bytes of one text: some pages of print. A cell of megabytes is no form.
    static constexpr std::size_t max_text = 16 * 1024;

  private:
    void escape(char c);

    std::size_t max_bytes_;
    std::string out_;
};

} // namespace cpg::forms
