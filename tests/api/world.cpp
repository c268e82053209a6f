#include "tests/api/world.hpp"

#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

namespace cpg::test {

namespace {

std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cpgw-api-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    return name;
}

identity::Authority make_test_authority(Time now) {
    return identity::Authority::open(identity::make_authority("Test CA", {now, 3650})).value();
}

std::string der_of(const std::string& pem) {
    std::unique_ptr<BIO, int (*)(BIO*)> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    std::unique_ptr<X509, void (*)(X509*)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
    unsigned char* bytes = nullptr;
    const int length = i2d_X509(certificate.get(), &bytes);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length));
    OPENSSL_free(bytes);
    return der;
}

// Splits "path?a=b&c=d"; the tests need no percent-encoding.
void split_target(const std::string& target, http::Request& request) {
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark == std::string::npos) return;
    std::string_view rest = std::string_view(target).substr(mark + 1);
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const auto pair = rest.substr(0, end);
        const auto equals = pair.find('=');
        request.query.emplace_back(std::string(pair.substr(0, equals)),
                                   std::string(pair.substr(equals + 1)));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
}

std::string part(const std::string& name, const std::string& file_name, const Bytes& body) {
    std::string text = "--cut\r\nContent-Disposition: form-data; name=\"" + name + "\"";
    if (!file_name.empty()) text += "; filename=\"" + file_name + "\"";
    return text + "\r\n\r\n" + body + "\r\n";
}

} // namespace

World::World(WorldSettings settings)
    : folder_(make_folder()), authority_(make_test_authority(clock.now())),
      signer_(audit::make_signer("localhost/cpgw/2026", audit::make_signer_key())),
      store_(store::open_sqlite_store({folder_ / "gateway.db", true, 2, &clock}, signer_)),
      sealer_(std::make_unique<store::Sealer>(store::MasterKey::of(Bytes(32, 'k')), *store_)),
      gate_(std::make_unique<store::StoreGate>(*store_, store::GateLimits{})) {
    exchange::Services services{*store_,
                                *gate_,
                                *sealer_,
                                clock,
                                notifier_,
                                [] { return embedded_catalog(); },
                                [this] {
                                    return std::make_shared<const identity::Directory>(
                                        store_->offices(), store_->certificates(),
                                        store_->directory_version());
                                },
                                [](const std::function<void()>& work) { work(); },
                                [this] { return policy; }};
    exchange_ = std::make_unique<exchange::Exchange>(services, exchange::ExchangeLimits{});
    people_ = std::make_unique<identity::People>(
        identity::People::Services{*store_, *gate_, *sealer_, clock,
                                   [](const std::function<void()>& work) { work(); },
                                   [this](std::chrono::milliseconds, std::function<void()> work) {
                                       const std::lock_guard lock(timers_mutex_);
                                       timers_.push_back(std::move(work));
                                   }},
        settings.people);
    api_ = std::make_unique<api::Api>(
        api::ApiServices{
            *exchange_,
            *people_,
            metrics_,
            [this](std::chrono::milliseconds, std::function<void()> work) {
                const std::lock_guard lock(timers_mutex_);
                timers_.push_back(std::move(work));
            },
            signer_->verifier(),
            exchange::ExchangeLimits{},
            [] { return Result<void>(); },
            [this] { return std::chrono::steady_clock::time_point{} + passed_.load(); },
            {},
            {[](const std::string& url) -> Result<void> {
                 if (url.starts_with("https://")) return {};
                 return Error{Errc::malformed, "https is needed"};
             },
             [this](const store::WebhookRow& row, const std::function<void(Result<int>)>& done) {
                 done(tested(row));
             },
             [] {}, std::chrono::hours(24)}},
        settings.api);
    api_->add_routes(router_);
}

World::~World() {
    gate_.reset(); // what is queued is committed before the rest goes
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

Office World::stranger(const std::string& number, const std::string& type) {
    const auto office = OfficeNo::parse(number).value();
    const auto credential = authority_.issue_office({office}, {clock.now(), 397});
    auto peer = std::make_shared<http::Peer>();
    peer->certificate_der = der_of(credential.certificate_pem);
    return {office, ServiceType::parse(type).value(), peer};
}

Office World::office(const std::string& number, const std::string& type) {
    auto made = stranger(number, type);
    store::OfficeRow row;
    row.office = made.number;
    row.service_types = {made.type};
    row.name = "見本事業所";
    store_->put_offices(std::vector{row});
    return made;
}

std::future<http::Response> World::start(const Office& caller, const std::string& method,
                                         const std::string& target,
                                         std::vector<std::pair<std::string, std::string>> headers,
                                         std::string body) {
    auto request = std::make_shared<http::Request>();
    request->method = method;
    split_target(target, *request);
    request->headers = std::move(headers);
    request->body = std::move(body);
    request->peer = caller.peer;
    request->deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    request->id = "test";
    auto answer = std::make_shared<std::promise<http::Response>>();
    auto future = answer->get_future();
    const auto match = router_.match(method, request->path);
    if (!match.route) throw std::runtime_error("no route " + method + " " + request->path);
    request->path_args = match.args;
    match.route->handler(
        request, [answer](http::Response response) { answer->set_value(std::move(response)); });
    return future;
}

http::Response World::call(const Office& caller, const std::string& method,
                           const std::string& target,
                           std::vector<std::pair<std::string, std::string>> headers,
                           std::string body) {
    return start(caller, method, target, std::move(headers), std::move(body)).get();
}

http::Response World::submit(const Office& caller, const std::vector<InputFile>& files,
                             std::vector<std::pair<std::string, std::string>> headers,
                             const std::vector<InputFile>& papers, const std::string& cover) {
    std::string body;
    for (const auto& file : files) body += part("file", file.name, file.bytes);
    for (const auto& paper : papers) body += part("attachment", paper.name, paper.bytes);
    if (!cover.empty()) body += part("cover", "", cover);
    body += "--cut--\r\n";
    headers.emplace_back("content-type", "multipart/form-data; boundary=cut");
    return call(caller, "POST", "/v1/bundles", std::move(headers), std::move(body));
}

std::vector<InputFile> World::sample(const Office& from, const Office& to, const std::string& kind,
                                     int step, std::uint64_t seed) {
    SampleRequest request;
    request.from = from.ref();
    request.to = {to.ref()};
    request.month = Month::of(2026, 12);
    request.users = 2;
    request.kinds = {kind};
    request.seed = seed;
    std::string serial = "202611201200";
    serial += static_cast<char>('0' + step / 10 % 6);
    serial += static_cast<char>('0' + step % 10);
    request.serial = Serial::parse(serial);
    return make_sample(*embedded_catalog(), request).value();
}

void World::run_timers() {
    std::deque<std::function<void()>> due;
    {
        const std::lock_guard lock(timers_mutex_);
        due.swap(timers_);
    }
    for (const auto& work : due) work();
}

boost::json::value json_of(const http::Response& response) {
    boost::system::error_code failed;
    auto value = boost::json::parse(response.body, failed);
    if (failed) throw std::runtime_error("no JSON: " + response.body.substr(0, 200));
    return value;
}

std::string text_at(const boost::json::value& value, std::string_view pointer) {
    return std::string(value.at_pointer(pointer).as_string());
}

} // namespace cpg::test
