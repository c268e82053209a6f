// RFC 9457 problem documents. One place maps Errc to a status, a title and a slug.
#pragma once

#include "gateway/http/message.hpp"
#include "spec/base/result.hpp"

namespace cpg::http {

int status_of(Errc code);
/// `instance` is the incident id (request id). Japanese title and detail unless the request asks
/// for English.
Response problem(const Error& error, const Request& request);
/// Same shape for what the server itself refuses (slug without Errc): 404 route, 405, 408, 413,
/// 431, 500, 503.
Response problem(int status, std::string_view slug, std::string_view detail_en,
                 std::string_view request_id);
bool wants_english(const Request& request); // Accept-Language prefers en over ja

} // namespace cpg::http
