#include "adapters/client/client.hpp"
#include "spec/base/digest.hpp"

namespace cpg::client {
namespace {

/// The three characters that would end a quoted form name, as browsers write them.
std::string form_name(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '"')
            out += "%22";
        else if (c == '\r')
            out += "%0D";
        else if (c == '\n')
            out += "%0A";
        else
            out += c;
    }
    return out;
}

void frame(Sha256& hash, std::string_view part) {
    hash.update(std::to_string(part.size())).update(":").update(part);
}

std::string boundary_of(const std::vector<Upload>& parts) {
    Sha256 hash;
    for (const auto& part : parts) {
        frame(hash, part.name);
        frame(hash, part.file_name);
        frame(hash, part.content_type);
        frame(hash, part.body);
    }
    return "cpgw-" + hex(hash.finish().view()).substr(0, 40);
}

} // namespace

std::string url_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto unreserved = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_' || c == '~';
    };
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

Body multipart_body(const std::vector<Upload>& parts) {
    const std::string boundary = boundary_of(parts);
    Body body{"multipart/form-data; boundary=" + boundary, {}};
    std::size_t size = 0;
    for (const auto& part : parts) size += part.body.size() + part.file_name.size() + 256;
    body.bytes.reserve(size);
    for (const auto& part : parts) {
        body.bytes += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" +
                      form_name(part.name) + "\"";
        if (!part.file_name.empty())
            body.bytes += "; filename=\"" + form_name(part.file_name) + "\"";
        body.bytes += "\r\nContent-Type: " + part.content_type + "\r\n\r\n";
        body.bytes += part.body;
        body.bytes += "\r\n";
    }
    body.bytes += "--" + boundary + "--\r\n";
    return body;
}

} // namespace cpg::client
