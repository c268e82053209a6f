// A whole gateway without sockets: real store in a temporary folder, real certificates, the API's
// handlers called through the router. Requests are answered on whatever thread finishes them;
// call() waits.
#pragma once

#include "gateway/api/api.hpp"
#include "gateway/identity/authority.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/digest.hpp"
#include "spec/load/load.hpp"
#include "spec/sample/sample.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <deque>
#include <future>

namespace cpg::test {

/// What a test wants otherwise than the tests' defaults: cheap passwords, rates nobody meets.
struct WorldSettings {
    identity::PeopleSettings people = cheap_people();
    api::ApiLimits api = wide_limits();

    static identity::PeopleSettings cheap_people() {
        identity::PeopleSettings settings;
        settings.cost = {64, 1, 1};
        return settings;
    }
    static api::ApiLimits wide_limits() {
        api::ApiLimits limits;
        limits.rate = {{1e6, 1e6}, {1e6, 1e6}, {1e6, 1e6}, 10'000};
        return limits;
    }
};

/// A clock that stands where it is put.
class StillClock : public Clock {
  public:
    Time now() const override { return now_.load(); }
    void set(Time time) { now_ = time; }
    void advance(std::chrono::milliseconds by) { now_ = now_.load() + by; }

  private:
    std::atomic<Time> now_{Time(std::chrono::milliseconds(1'795'345'600'000))}; // 2026-11-22
};

struct Office {
    OfficeNo number;
    ServiceType type;
    std::shared_ptr<const http::Peer> peer;
    OfficeRef ref() const { return {number, type}; }
};

class World {
  public:
    explicit World(WorldSettings settings = {});
    ~World();

    /// An office with its certificate; registered and enabled unless told otherwise.
    Office office(const std::string& number, const std::string& type);
    Office stranger(const std::string& number, const std::string& type); // certificate but no entry
    /// Another certificate of the same office.
    Office again(const Office& office) { return stranger(office.number.str(), office.type.str()); }

    http::Response call(const Office& caller, const std::string& method, const std::string& target,
                        std::vector<std::pair<std::string, std::string>> headers = {},
                        std::string body = {});
    http::Response get(const Office& caller, const std::string& target) {
        return call(caller, "GET", target);
    }
    /// POST /v1/bundles with one part a file, papers and cover when given.
    http::Response submit(const Office& caller, const std::vector<InputFile>& files,
                          std::vector<std::pair<std::string, std::string>> headers = {},
                          const std::vector<InputFile>& papers = {}, const std::string& cover = {});
    /// Starts a request without waiting for its answer.
    std::future<http::Response> start(const Office& caller, const std::string& method,
                                      const std::string& target,
                                      std::vector<std::pair<std::string, std::string>> headers = {},
                                      std::string body = {});

    /// One valid bundle; `step` picks another serial (later ones are greater).
    std::vector<InputFile> sample(const Office& from, const Office& to, const std::string& kind,
                                  int step = 0, std::uint64_t seed = 7);

    /// For the rates, which have a clock of their own.
    void let_pass(std::chrono::steady_clock::duration time) { passed_ = passed_.load() + time; }
    identity::People& people() { return *people_; }
    store::Sealer& sealer() { return *sealer_; }
    const http::Router& router() const { return router_; }
    void settle() { gate_->drain(); } // leaves that no answer waits for are in the log now
    void run_timers();                // everything given to `after` so far
    store::Store& store() { return *store_; }
    const audit::VerifierKey& log_key() const { return signer_->verifier(); }
    api::Api& api() { return *api_; }
    exchange::Exchange& exchange() { return *exchange_; }
    /// What the other side of a webhook says to a test message.
    std::function<Result<int>(const store::WebhookRow&)> tested = [](const auto&) { return 204; };
    StillClock clock;
    exchange::CheckPolicy policy; // to be set between requests

  private:
    std::filesystem::path folder_;
    identity::Authority authority_;
    std::shared_ptr<const audit::Signer> signer_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<store::Sealer> sealer_;
    std::unique_ptr<store::StoreGate> gate_;
    exchange::Notifier notifier_;
    Metrics metrics_;
    std::unique_ptr<exchange::Exchange> exchange_;
    std::unique_ptr<identity::People> people_;
    std::atomic<std::chrono::steady_clock::duration> passed_{};
    std::unique_ptr<api::Api> api_;
    http::Router router_;
    std::mutex timers_mutex_;
    std::deque<std::function<void()>> timers_;
};

boost::json::value json_of(const http::Response& response);
std::string text_at(const boost::json::value& value, std::string_view pointer);

} // namespace cpg::test
