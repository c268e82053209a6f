// The bodies of POST /v1/check and POST /v1/bundles -> files.
#include "gateway/api/api.hpp"
#include "gateway/http/multipart.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::api {

namespace {

// RFC 9530: a dictionary of algorithm=:base64:. Only sha-256 is known; others are left alone.
Result<void> check_digest(const http::Request& request) {
    const auto header = request.header("content-digest");
    const auto start = header.find("sha-256=:");
    if (header.empty() || start == std::string_view::npos) return {};
    const auto value = header.substr(start + 9, header.find(':', start + 9) - start - 9);
    const auto expected = from_base64(value);
    if (!expected) return Error{Errc::malformed, "Content-Digest is not readable"};
    if (*expected != sha256(request.body).view())
        return Error{Errc::digest_mismatch, "the body differs from its Content-Digest"};
    return {};
}

/// What the adapter at the office says; a header given twice says nothing certain.
Result<std::optional<Conversion>> read_conversion(const http::Request& request) {
    std::optional<Conversion> conversion;
    for (const auto& [name, value] : request.headers) {
        if (name != "cpgw-conversion") continue;
        if (conversion) return Error{Errc::malformed, "Cpgw-Conversion is given twice"};
        auto read = parse_conversion_header(value);
        if (!read) return read.error();
        conversion = std::move(*read);
    }
    return conversion;
}

bool ends_with_zip(std::string_view name) {
    if (name.size() < 4) return false;
    std::string tail(name.substr(name.size() - 4));
    std::transform(tail.begin(), tail.end(), tail.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return tail == ".zip";
}

Result<void> take_file(Upload& upload, const http::Part& part, const UnpackLimits& limits) {
    if (ends_with_zip(part.file_name)) {
        auto files = unpack_zip(part.body, limits);
        if (!files) return files.error();
        for (auto& file : *files) upload.files.push_back(std::move(file));
        return {};
    }
    if (!is_flat_name(part.file_name))
        return Error{Errc::malformed, "a part named file has no flat file name"};
    if (part.body.size() > limits.max_file)
        return Error{Errc::too_large, "a file is over the limit"};
    upload.files.push_back({part.file_name, Bytes(part.body)});
    return {};
}

Result<Upload> read_multipart(const http::Request& request, const UnpackLimits& limits) {
    const auto parts = http::parse_multipart(request.header("content-type"), request.body);
    if (!parts) return parts.error();
    Upload upload;
    for (const auto& part : *parts) {
        if (part.name == "file") {
            if (const auto taken = take_file(upload, part, limits); !taken) return taken.error();
        } else if (part.name == "attachment") {
            upload.papers.push_back({part.file_name, Bytes(part.body)});
        } else if (part.name == "cover" && !upload.cover) {
            upload.cover = std::string(part.body);
        } else {
            return Error{Errc::malformed,
                         "only parts named file, attachment and one cover are known"};
        }
    }
    return upload;
}

} // namespace

Result<Upload> read_upload(const http::Request& request, const UnpackLimits& limits) {
    auto conversion = read_conversion(request);
    if (!conversion) return conversion.error();
    if (const auto checked = check_digest(request); !checked) return checked.error();
    const auto type = request.header("content-type");
    Upload upload;
    if (type.starts_with("multipart/form-data")) {
        auto read = read_multipart(request, limits);
        if (!read) return read.error();
        upload = std::move(*read);
    } else if (type == "application/zip" || type.starts_with("application/zip;")) {
        auto files = unpack_zip(request.body, limits);
        if (!files) return files.error();
        upload.files = std::move(*files);
    } else {
        return Error{Errc::unsupported_media_type,
                     "multipart/form-data or application/zip is needed"};
    }
    if (upload.files.empty() && upload.papers.empty())
        return Error{Errc::malformed, "the request holds no file"};
    if (upload.files.size() > limits.max_entries) return Error{Errc::too_large, "too many files"};
    upload.conversion = *std::move(conversion);
    return upload;
}

} // namespace cpg::api
