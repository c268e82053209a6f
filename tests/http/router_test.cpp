#include "gateway/http/router.hpp"

#include <boost/test/unit_test.hpp>

using cpg::http::Router;

namespace {

void nothing(const std::shared_ptr<cpg::http::Request>&, const cpg::http::Responder&) {}

Router table() {
    Router router;
    for (const auto& [method, pattern] : std::initializer_list<std::pair<const char*, const char*>>{
             {"GET", "/"},
             {"GET", "/v1/bundles/{id}"},
             {"POST", "/v1/bundles"},
             {"GET", "/v1/bundles/{id}/files/{name}"},
             {"POST", "/v1/bundles/{id}/ack"},
             {"GET", "/v1/bundles/newest"},
             {"PUT", "/v1/both"},
             {"GET", "/v1/both"},
             {"GET", "/v1/audit/tile/{rest...}"}})
        router.add({method, pattern, std::string(method) + " " + pattern, 0, nothing});
    return router;
}

std::string name(const Router::Match& match) {
    return match.route ? match.route->name : "none";
}

} // namespace

BOOST_AUTO_TEST_SUITE(router)

BOOST_AUTO_TEST_CASE(finds_routes_and_their_arguments) {
    const auto router = table();
    BOOST_TEST(name(router.match("GET", "/")) == "GET /");
    const auto file = router.match("GET", "/v1/bundles/7/files/A.CSV");
    BOOST_TEST(name(file) == "GET /v1/bundles/{id}/files/{name}");
    BOOST_REQUIRE(file.args.size() == 2u);
    BOOST_TEST(file.args[0] == "7");
    BOOST_TEST(file.args[1] == "A.CSV");
    const auto tile = router.match("GET", "/v1/audit/tile/0/x001/067");
    BOOST_REQUIRE(tile.args.size() == 1u);
    BOOST_TEST(tile.args[0] == "0/x001/067");
}

BOOST_AUTO_TEST_CASE(prefers_the_literal_segment) {
    const auto router = table();
    BOOST_TEST(name(router.match("GET", "/v1/bundles/newest")) == "GET /v1/bundles/newest");
    BOOST_TEST(name(router.match("GET", "/v1/bundles/7")) == "GET /v1/bundles/{id}");
}

BOOST_AUTO_TEST_CASE(serves_head_by_get) {
    BOOST_TEST(name(table().match("HEAD", "/v1/both")) == "GET /v1/both");
}

BOOST_AUTO_TEST_CASE(tells_an_unknown_path_from_an_unknown_method) {
    const auto router = table();
    for (const char* path : {"", "v1", "/v1", "/v1/bundles/", "/v1/bundles/7/", "/v1/audit/tile",
                             "/v1/audit/tile/", "/v1/bundles/7/files/a/b", "//"}) {
        const auto match = router.match("GET", path);
        BOOST_TEST_CONTEXT(path) {
            BOOST_TEST(name(match) == "none");
            BOOST_TEST((match.allow.empty() || std::string_view(path) == "/v1/bundles"));
        }
    }
    BOOST_TEST(router.match("DELETE", "/v1/both").allow == "PUT, GET, HEAD");
    BOOST_TEST(router.match("GET", "/v1/bundles").allow == "POST");
    BOOST_TEST(router.match("HEAD", "/v1/bundles/7/ack").allow == "POST");
}

BOOST_AUTO_TEST_CASE(refuses_a_table_that_contradicts_itself) {
    Router router = table();
    BOOST_CHECK_THROW(router.add({"GET", "/", "again", 0, nothing}), std::logic_error);
    BOOST_CHECK_THROW(router.add({"GET", "x", "relative", 0, nothing}), std::logic_error);
    BOOST_CHECK_THROW(router.add({"GET", "/{rest...}/x", "middle", 0, nothing}), std::logic_error);
    BOOST_CHECK_THROW(router.add({"GET", "/y", "empty", 0, nullptr}), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
