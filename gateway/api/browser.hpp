// What a browser says about where a request comes from, and the session's cookie. Pure, any thread.
#pragma once

#include "gateway/http/message.hpp"
#include "spec/base/result.hpp"

namespace cpg::api {

/// The page of another origin asks (Sec-Fetch-Site, Origin against Host). Programs send neither.
bool is_cross_site(const http::Request& request);
/// A page of our own origin asks, and says so.
bool is_same_origin(const http::Request& request);

/// The value of our cookie; empty without one. malformed when it is there twice.
Result<std::string_view> session_cookie(const http::Request& request);
std::string set_cookie(std::string_view token); // HttpOnly, Secure, SameSite=Strict, this host only
std::string drop_cookie();

/// The secret after "Authorization: Bearer "; nullopt without that header, empty for another form.
std::optional<std::string_view> bearer(const http::Request& request);

} // namespace cpg::api
