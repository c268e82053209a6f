#include "gateway/http/target.hpp"

#include <algorithm>

namespace cpg::http {

namespace {

constexpr std::size_t max_parameters = 64; // the widest route takes seven

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

Error malformed(std::string detail) {
    return Error{Errc::malformed, std::move(detail)};
}

/// Decoded text that may enter the program: UTF-8 without control characters.
Result<std::string> decoded_text(std::string_view text) {
    auto decoded = percent_decoded(text);
    if (!decoded) return decoded;
    if (std::any_of(decoded->begin(), decoded->end(), is_control))
        return malformed("a control character in the request target");
    if (!is_utf8(*decoded)) return malformed("the request target is not UTF-8");
    return decoded;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto slash = std::min(path.find('/'), path.size());
        const auto segment = path.substr(0, slash);
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(slash);
    }
    return false;
}

Result<std::string> decoded_parameter(std::string_view text) {
    std::string blanks(text);
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return decoded_text(blanks);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto item = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (item.empty()) continue;
        if (parameters.size() == max_parameters) return malformed("too many query parameters");
        const auto equals = std::min(item.find('='), item.size());
        auto name = decoded_parameter(item.substr(0, equals));
        if (!name) return name.error();
        auto value = decoded_parameter(item.substr(std::min(equals + 1, item.size())));
        if (!value) return value.error();
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

/// "https://host/a" -> "/a"
std::string_view without_authority(std::string_view target) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto slash = target.find('/', scheme.size());
        return slash == std::string_view::npos ? std::string_view{"/"} : target.substr(slash);
    }
    return target;
}

} // namespace

Result<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return malformed("a broken percent encoding");
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i++]);
        if (lead < 0x80) continue;
        const int following = lead >= 0xC2 && lead <= 0xDF   ? 1
                              : lead >= 0xE0 && lead <= 0xEF ? 2
                              : lead >= 0xF0 && lead <= 0xF4 ? 3
                                                             : 0;
        if (following == 0) return false;
        for (int k = 0; k < following; ++k) {
            if (i == text.size()) return false;
            const auto next = static_cast<unsigned char>(text[i++]);
            // RFC 3629: the second byte shuts out overlong forms, surrogates and above U+10FFFF.
            const int least = k > 0 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
            const int most = k > 0 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
            if (next < least || next > most) return false;
        }
    }
    return true;
}

Result<Target> parse_target(std::string_view target) {
    target = without_authority(target);
    if (!target.starts_with('/')) return malformed("the request target does not start with \"/\"");
    if (target.find('#') != std::string_view::npos)
        return malformed("a fragment in the request target");
    const auto mark = std::min(target.find('?'), target.size());
    auto path = decoded_text(target.substr(0, mark));
    if (!path) return path.error();
    if (has_dot_segment(*path)) return malformed("a dot segment in the path");
    auto query = parse_query(target.substr(std::min(mark + 1, target.size())));
    if (!query) return query.error();
    return Target{std::move(*path), std::move(*query)};
}

} // namespace cpg::http
