#include "spec/base/ids.hpp"

#include "spec/base/clock.hpp"
#include "spec/base/digits.hpp"

#include <stdexcept>

namespace cpg {
namespace {

constexpr std::size_t uuid_size = 16;
constexpr std::string_view uuid_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool is_office_letter(char c) {
    return is_upper(c) && c != 'I' && c != 'O' && c != 'Q';
}

} // namespace

std::optional<OfficeNo> OfficeNo::parse(std::string_view text) {
    if (text.size() != 10) return std::nullopt;
    if (!all_digits(text.substr(0, 2)) || !all_digits(text.substr(3))) return std::nullopt;
    if (!is_digit(text[2]) && !is_office_letter(text[2])) return std::nullopt;
    return OfficeNo(text);
}

std::optional<ServiceType> ServiceType::parse(std::string_view text) {
    if (text.size() != 2) return std::nullopt;
    for (const char c : text)
        if (!is_digit(c) && !is_upper(c)) return std::nullopt;
    return ServiceType(text);
}

std::optional<Serial> Serial::parse(std::string_view text) {
    if (text.size() != 14 || !all_digits(text)) return std::nullopt;
    return Serial(text);
}

bool Serial::is_real() const {
    const std::string_view text = view();
    return is_real_day(text.substr(0, 8)) && number_of(text.substr(8, 2)) < 24 &&
           number_of(text.substr(10, 2)) < 60 && number_of(text.substr(12, 2)) < 60;
}

Time Serial::instant() const {
    const std::string_view text = view();
    const auto date = std::chrono::year(number_of(text.substr(0, 4))) /
                      number_of(text.substr(4, 2)) / number_of(text.substr(6, 2));
    return Time(std::chrono::sys_days(date)) +
           std::chrono::hours(number_of(text.substr(8, 2)) - 9) +
           std::chrono::minutes(number_of(text.substr(10, 2))) +
           std::chrono::seconds(number_of(text.substr(12, 2)));
}

std::optional<Month> Month::parse(std::string_view yyyymm) {
    if (yyyymm.size() != 6 || !all_digits(yyyymm)) return std::nullopt;
    const int year = number_of(yyyymm.substr(0, 4));
    const int month = number_of(yyyymm.substr(4, 2));
    if (year < 1900 || year > 2999 || month < 1 || month > 12) return std::nullopt;
    return Month::of(year, month);
}

int Month::days() const {
    const auto last = std::chrono::year(year()) / month() / std::chrono::last;
    return static_cast<int>(static_cast<unsigned>(last.day()));
}

std::string Month::str() const {
    return has_value() ? std::to_string(yyyymm_) : "-";
}

BundleId BundleId::make(Time now, BytesView ten_random_bytes) {
    if (ten_random_bytes.size() != 10) throw std::invalid_argument("BundleId::make: ten bytes");
    const auto milliseconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
    BundleId id;
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes_[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    for (std::size_t i = 0; i < 10; ++i)
        id.bytes_[6 + i] = static_cast<std::uint8_t>(ten_random_bytes[i]);
    id.bytes_[6] = static_cast<std::uint8_t>(0x70 | (id.bytes_[6] & 0x0F)); // version 7
    id.bytes_[8] = static_cast<std::uint8_t>(0x80 | (id.bytes_[8] & 0x3F)); // RFC 9562 variant
    return id;
}

std::optional<BundleId> BundleId::parse(std::string_view canonical_text) {
    if (canonical_text.size() != uuid_form.size()) return std::nullopt;
    std::string digits;
    for (std::size_t i = 0; i < uuid_form.size(); ++i) {
        const char c = canonical_text[i];
        if (uuid_form[i] == '-' ? c != '-' : !(is_digit(c) || (c >= 'a' && c <= 'f')))
            return std::nullopt;
        if (c != '-') digits += c;
    }
    return from_bytes(from_hex(digits).value());
}

BundleId BundleId::from_bytes(BytesView sixteen) {
    if (sixteen.size() != uuid_size) throw std::invalid_argument("BundleId::from_bytes: 16 bytes");
    BundleId id;
    for (std::size_t i = 0; i < uuid_size; ++i)
        id.bytes_[i] = static_cast<std::uint8_t>(sixteen[i]);
    return id;
}

std::string BundleId::str() const {
    const std::string digits = hex(view());
    std::string out;
    std::size_t next = 0;
    for (const char c : uuid_form) out += c == '-' ? '-' : digits[next++];
    return out;
}

} // namespace cpg
