// Method + path pattern -> handler. The table is data so that a test can compare it with
// openapi.yaml.
#pragma once

#include "gateway/http/message.hpp"

#include <map>

namespace cpg::http {

struct Route {
    std::string method;
    std::string pattern; // "/v1/bundles/{id}/files/{name}"; a last segment "{rest...}" takes the
                         // remaining path
    std::string name;    // label for metrics and the log: "bundles.file"
    std::size_t max_body = 0; // bytes; 0 = a body is refused
    Handler handler;
};

class Router {
  public:
    void add(Route route);
    const std::vector<Route>& routes() const { return routes_; }
    struct Match {
        const Route* route =
            nullptr; // null: no such path, or method not allowed when `allow` is not empty
        std::vector<std::string> args;
        std::string allow; // "GET, POST"
    };
    Match match(std::string_view method, std::string_view decoded_path) const;

  private:
    std::vector<Route> routes_;
};

} // namespace cpg::http
