#include "gateway/http/router.hpp"

#include <algorithm>
#include <stdexcept>

namespace cpg::http {

namespace {

enum class Kind : char { rest = '0', parameter = '1', literal = '2' };

Kind kind_of(std::string_view segment) {
    if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') return Kind::literal;
    return segment.ends_with("...}") ? Kind::rest : Kind::parameter;
}

/// The segment up to the next "/" and removes both from `text`.
std::string_view take_segment(std::string_view& text) {
    const auto slash = text.find('/');
    const auto segment = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
    return segment;
}

std::size_t segments_of(std::string_view path) {
    return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

struct Fit {
    std::string rank; // a Kind a segment: the greatest is the most specific
    std::vector<std::string_view> args;
};

std::optional<Fit> fit(std::string_view pattern, std::string_view path) {
    Fit result;
    const auto expected = segments_of(pattern);
    const auto given = segments_of(path);
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    for (std::size_t index = 0; index < expected; ++index) {
        if (index >= given) return std::nullopt;
        const auto wanted = take_segment(pattern);
        const auto kind = kind_of(wanted);
        result.rank += static_cast<char>(kind);
        if (kind == Kind::rest) {
            if (path.empty()) return std::nullopt;
            result.args.push_back(path);
            return result;
        }
        const auto segment = take_segment(path);
        if (kind == Kind::literal && segment != wanted) return std::nullopt;
        if (kind == Kind::parameter) {
            if (segment.empty()) return std::nullopt;
            result.args.push_back(segment);
        }
    }
    if (expected != given) return std::nullopt;
    return result;
}

bool serves(const Route& route, std::string_view method) {
    return route.method == method || (method == "HEAD" && route.method == "GET");
}

void add_method(std::string& allow, std::string_view method) {
    if (!allow.empty()) allow += ", ";
    allow += method;
    if (method == "GET") allow += ", HEAD";
}

} // namespace

void Router::add(Route route) {
    if (!route.pattern.starts_with('/') || !route.handler)
        throw std::logic_error("route without a path or a handler: " + route.pattern);
    const auto rest = route.pattern.find("...}");
    if (rest != std::string::npos && rest + 4 != route.pattern.size())
        throw std::logic_error("{rest...} must be the last segment: " + route.pattern);
    for (const auto& other : routes_)
        if (other.method == route.method && other.pattern == route.pattern)
            throw std::logic_error("route added twice: " + route.method + " " + route.pattern);
    routes_.push_back(std::move(route));
}

Router::Match Router::match(std::string_view method, std::string_view decoded_path) const {
    Match match;
    if (!decoded_path.starts_with('/')) return match;
    std::string best;
    for (const auto& route : routes_) {
        auto fitting = fit(route.pattern, decoded_path);
        if (!fitting || fitting->rank < best) continue;
        if (fitting->rank > best) { // a more specific pattern hides the others, whatever the method
            best = fitting->rank;
            match = Match{};
        }
        add_method(match.allow, route.method);
        // A HEAD route of its own goes before the GET route that could serve it.
        if (!serves(route, method) || (match.route && route.method != method)) continue;
        match.route = &route;
        match.args.assign(fitting->args.begin(), fitting->args.end());
    }
    return match;
}

} // namespace cpg::http
