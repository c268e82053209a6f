#include "gateway/http/multipart.hpp"

#include "gateway/http/target.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace cpg::http {

namespace {

constexpr std::size_t max_boundary = 70; // RFC 2046 5.1.1
constexpr std::string_view crlf = "\r\n";

Error malformed(std::string detail) {
    return Error{Errc::malformed, std::move(detail)};
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token_character(char c) {
    if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
    return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_boundary(std::string_view text) {
    const auto allowed = [](char c) {
        if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
        return c != '\0' && std::strchr("'()+_,-./:=? ", c) != nullptr;
    };
    return !text.empty() && text.size() <= max_boundary && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), allowed);
}

/// First occurrence at or after `from`; linear for any input.
std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from) {
    const void* hit =
        ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
    if (hit == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

/// A header value: `main; name=value; name="value"`.
struct Value {
    std::string main; // lower case
    std::vector<std::pair<std::string, std::string>> parameters;

    std::optional<std::string> parameter(std::string_view name) const {
        const auto found = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const auto& p) { return p.first == name; });
        if (found == parameters.end()) return std::nullopt;
        return found->second;
    }
};

/// Text of a quoted string starting behind its opening quote; `rest` is left behind the closing
/// one. Only \" and \\ are escapes: browsers send other backslashes as they are.
std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string text;
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == '"') return text;
        if (c == '\\' && !rest.empty() && (rest.front() == '"' || rest.front() == '\\')) {
            text += rest.front();
            rest.remove_prefix(1);
            continue;
        }
        text += c;
    }
    return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& rest) {
    if (rest.starts_with('"')) {
        rest.remove_prefix(1);
        return take_quoted(rest);
    }
    const auto end = std::min(rest.find_first_of("; \t"), rest.size());
    std::string text(rest.substr(0, end));
    rest.remove_prefix(end);
    if (text.empty() || text.find('"') != std::string::npos) return std::nullopt;
    return text;
}

std::optional<Value> parse_value(std::string_view text) {
    Value value;
    const auto semicolon = std::min(text.find(';'), text.size());
    value.main = lowered(trimmed(text.substr(0, semicolon)));
    text.remove_prefix(semicolon);
    while (!(text = trimmed(text)).empty()) {
        if (text.front() != ';') return std::nullopt;
        text = trimmed(text.substr(1));
        if (text.empty()) break;
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto name = lowered(trimmed(text.substr(0, equals)));
        if (!is_token(name) || value.parameter(name)) return std::nullopt;
        text = trimmed(text.substr(equals + 1));
        auto content = take_value(text);
        if (!content) return std::nullopt;
        value.parameters.emplace_back(name, std::move(*content));
    }
    return value;
}

/// RFC 8187: UTF-8''percent-form
Result<std::string> extended_value(std::string_view text) {
    const auto charset_end = text.find('\'');
    const auto language_end = charset_end == std::string_view::npos
                                  ? std::string_view::npos
                                  : text.find('\'', charset_end + 1);
    if (language_end == std::string_view::npos || lowered(text.substr(0, charset_end)) != "utf-8")
        return malformed("filename* is not in the form UTF-8''…");
    auto decoded = percent_decoded(text.substr(language_end + 1));
    if (decoded && !is_utf8(*decoded)) return malformed("filename* is not UTF-8");
    return decoded;
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Result<void> read_disposition(std::string_view text, Part& part) {
    const auto value = parse_value(text);
    if (!value || value->main != "form-data")
        return malformed("a part's Content-Disposition is not form-data");
    const auto name = value->parameter("name");
    if (!name) return malformed("a part without a name");
    part.name = *name;
    part.file_name = value->parameter("filename").value_or("");
    if (const auto extended = value->parameter("filename*")) {
        auto decoded = extended_value(*extended);
        if (!decoded) return decoded.error();
        part.file_name = std::move(*decoded);
    }
    if (has_control_character(part.name) || has_control_character(part.file_name))
        return malformed("a control character in a part's name");
    return {};
}

Result<void> read_type(std::string_view text, Part& part) {
    const auto value = parse_value(text);
    if (!value || value->main.empty()) return malformed("a part's Content-Type cannot be read");
    part.content_type = value->main;
    return {};
}

Result<void> read_transfer_encoding(std::string_view text) {
    const auto encoding = lowered(text);
    if (encoding == "binary" || encoding == "8bit" || encoding == "7bit") return {};
    return malformed("a part with a transfer encoding (RFC 7578 4.7 has none)");
}

/// The header lines of one part, without the blank line.
Result<Part> read_part_header(std::string_view text) {
    Part part;
    bool named = false;
    while (!text.empty()) {
        const auto end = std::min(find_bytes(text, crlf, 0), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + crlf.size(), text.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
            line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
            return malformed("a part with a broken header line");
        const auto name = lowered(line.substr(0, colon));
        const auto value = trimmed(line.substr(colon + 1));
        Result<void> read;
        if (name == "content-disposition") {
            if (named) return malformed("a part with two Content-Disposition lines");
            named = true;
            read = read_disposition(value, part);
        } else if (name == "content-type") {
            read = read_type(value, part);
        } else if (name == "content-transfer-encoding") {
            read = read_transfer_encoding(value);
        }
        if (!read) return read.error();
    }
    if (!named) return malformed("a part without Content-Disposition");
    return part;
}

/// Takes the blanks and the line end that close a delimiter line.
bool take_line_end(std::string_view& rest) {
    const auto text = rest.find_first_not_of(" \t");
    if (text == std::string_view::npos || !rest.substr(text).starts_with(crlf)) return false;
    rest.remove_prefix(text + crlf.size());
    return true;
}

/// One part from behind its delimiter line; `rest` is left behind the next delimiter.
Result<Part> take_part(std::string_view& rest, std::string_view delimiter,
                       const MultipartLimits& limits) {
    const auto window = rest.substr(0, limits.max_header_bytes + 4);
    const auto header_end = find_bytes(window, "\r\n\r\n", 0);
    if (header_end == std::string_view::npos) {
        if (rest.size() > limits.max_header_bytes)
            return Error{Errc::too_large, "the header of a part is too long"};
        return malformed("a part without the blank line behind its header");
    }
    auto part = read_part_header(rest.substr(0, header_end));
    if (!part) return part;
    // The blank line's own CRLF may already open the delimiter of an empty part.
    const auto body_start = header_end + 4;
    const auto body_end = find_bytes(rest, delimiter, header_end + 2);
    if (body_end == std::string_view::npos) return malformed("no closing delimiter");
    if (body_end > body_start) part->body = rest.substr(body_start, body_end - body_start);
    rest.remove_prefix(body_end + delimiter.size());
    return part;
}

} // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, std::string_view body,
                                          const MultipartLimits& limits) {
    const auto type = parse_value(content_type);
    if (!type || type->main != "multipart/form-data")
        return malformed("the content type is not multipart/form-data");
    const auto boundary = type->parameter("boundary");
    if (!boundary || !is_boundary(*boundary)) return malformed("no boundary, or a broken one");

    const std::string delimiter = "\r\n--" + *boundary;
    auto rest = body;
    if (rest.starts_with(delimiter)) rest.remove_prefix(crlf.size());
    if (!rest.starts_with(std::string_view(delimiter).substr(crlf.size())))
        return malformed("the body does not start with the boundary");
    rest.remove_prefix(delimiter.size() - crlf.size());

    std::vector<Part> parts;
    while (!rest.starts_with("--")) {
        if (!take_line_end(rest)) return malformed("text behind a delimiter");
        if (parts.size() == limits.max_parts) return Error{Errc::too_large, "too many parts"};
        auto part = take_part(rest, delimiter, limits);
        if (!part) return part.error();
        parts.push_back(std::move(*part));
    }
    rest.remove_prefix(2);
    if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos)
        return malformed("bytes behind the closing delimiter");
    return parts;
}

} // namespace cpg::http
