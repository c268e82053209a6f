// Strong identifiers of the field: never a bare string in an interface. Values, any thread.
#pragma once

#include "spec/base/bytes.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cpg {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Fixed-width text identifier; N characters, compared as bytes.
template<std::size_t N, class Tag> class FixedText {
  public:
    FixedText() { text_.fill('0'); }
    std::string_view view() const { return {text_.data(), N}; }
    std::string str() const { return std::string(view()); }
    auto operator<=>(const FixedText&) const = default;

  protected:
    explicit FixedText(std::string_view text) {
        for (std::size_t i = 0; i < N; ++i) text_[i] = text[i];
    }
    std::array<char, N> text_;
};

/// 事業所番号: 10 characters, digits but for the third, which may be an upper-case letter except I
/// O Q (R-NAME-03).
class OfficeNo : public FixedText<10, class OfficeNoTag> {
  public:
    OfficeNo() = default;
    static std::optional<OfficeNo> parse(std::string_view text);

  private:
    using FixedText::FixedText;
};

/// サービス種類コード: 2 characters of 0-9 A-Z.
class ServiceType : public FixedText<2, class ServiceTypeTag> {
  public:
    ServiceType() = default;
    static std::optional<ServiceType> parse(std::string_view text);

  private:
    using FixedText::FixedText;
};

/// 14 digits YYYYMMDDHHMMSS. parse() takes any 14 digits; is_real() says whether it is a date-time
/// of the calendar.
class Serial : public FixedText<14, class SerialTag> {
  public:
    Serial() = default;
    static std::optional<Serial> parse(std::string_view text);
    bool is_real() const;
    /// The instant it names, read as Japan time (UTC+9). Precondition: is_real().
    Time instant() const;

  private:
    using FixedText::FixedText;
};

/// 対象年月. Default-constructed = none (printed as "-").
class Month {
  public:
    Month() = default;
    static std::optional<Month> parse(std::string_view yyyymm); // a real month, year 1900-2999
    static Month of(int year, int month) { return Month(year * 100 + month); }
    bool has_value() const { return yyyymm_ != 0; }
    int year() const { return yyyymm_ / 100; }
    int month() const { return yyyymm_ % 100; }
    int days() const;        // 28-31
    std::string str() const; // "202612" or "-"
    auto operator<=>(const Month&) const = default;

  private:
    explicit Month(int yyyymm) : yyyymm_(yyyymm) {}
    int yyyymm_ = 0;
};

/// UUID version 7 of a bundle; sorts by the time of acceptance.
class BundleId {
  public:
    BundleId() = default;
    static BundleId make(Time now, BytesView ten_random_bytes);
    static std::optional<BundleId>
    parse(std::string_view canonical_text); // lower case, 36 characters
    static BundleId from_bytes(BytesView sixteen);
    std::string str() const;
    BytesView view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
    auto operator<=>(const BundleId&) const = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
};

} // namespace cpg

template<> struct std::hash<cpg::OfficeNo> {
    std::size_t operator()(const cpg::OfficeNo& no) const noexcept {
        return std::hash<std::string_view>{}(no.view());
    }
};
