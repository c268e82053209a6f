#include "gateway/api/browser.hpp"

namespace cpg::api {
namespace {

// The prefix makes browsers refuse it from another host, without Secure or with another path.
constexpr std::string_view cookie_name = "__Host-cpgw";
constexpr std::string_view attributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

bool is_own_origin(const http::Request& request, std::string_view origin) {
    return origin == "https://" + std::string(request.header("host"));
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

} // namespace

bool is_cross_site(const http::Request& request) {
    const auto site = request.header("sec-fetch-site");
    const auto origin = request.header("origin");
    return (!site.empty() && site != "same-origin" && site != "none") ||
           (!origin.empty() && !is_own_origin(request, origin));
}

bool is_same_origin(const http::Request& request) {
    const bool said = request.header("sec-fetch-site") == "same-origin" ||
                      is_own_origin(request, request.header("origin"));
    return said && !is_cross_site(request);
}

Result<std::string_view> session_cookie(const http::Request& request) {
    std::string_view rest = request.header("cookie");
    std::string_view value;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(';'), rest.size());
        const auto pair = without_blanks(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != cookie_name) continue;
        if (!value.empty()) return Error{Errc::malformed, "the session's cookie is there twice"};
        value = pair.substr(equals + 1);
    }
    return value;
}

std::string set_cookie(std::string_view token) {
    return std::string(cookie_name) + "=" + std::string(token) + std::string(attributes);
}

std::string drop_cookie() {
    return set_cookie("") + "; Max-Age=0";
}

std::optional<std::string_view> bearer(const http::Request& request) {
    constexpr std::string_view scheme = "Bearer ";
    const auto header = request.header("authorization");
    if (header.empty()) return std::nullopt;
    return header.starts_with(scheme) ? header.substr(scheme.size()) : std::string_view();
}

} // namespace cpg::api
