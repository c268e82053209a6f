#include "gateway/cli/bench_load.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/office_ref.hpp"
#include "gateway/cli/remote.hpp"

#include <algorithm>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <latch>
#include <map>
#include <sys/resource.h>
#include <thread>

namespace cpg::cli {

namespace {

const std::vector<Option>& load_options() {
    static const std::vector<Option> options{
        {"--config", "FILE", "送信側の設定ファイル（--from と同じ数）",
         "settings of a sender, one for each --from", Takes::many_values},
        {"--from", "OFFICE:TYPE", "送信元", "a sender", Takes::many_values},
        {"--to", "OFFICE:TYPE[,…]", "送信先", "the receivers"},
        {"--connections", "N", "接続の数（既定 16）", "connections (default 16)"},
        {"--seconds", "N", "測る秒数（既定 10）", "seconds to measure (default 10)"},
        {"--kind", "KIND", "送信単位の種別（既定 schedule）", "kind of bundle (default schedule)"},
        {"--edition", "4.1|3", "標準仕様の版（既定 4.1）", "edition (default 4.1)"},
        {"--month", "YYYYMM", "対象年月（既定 今月）", "month (default: this one)"},
        {"--bytes", "N", "送信単位の大きさの目安（既定 10240）",
         "size of a bundle (default 10240)"},
        {"--bundles", "N", "用意する送信単位の数（既定 20000）", "bundles to make (default 20000)"},
        {"--seed", "N", "乱数の種（既定 現在時刻）", "seed (default: the time)"},
        {"--first-serial-age", "SECONDS", "最初の通番は何秒前か（既定 用意する数）",
         "age of the first serial (default: as many as bundles)"},
    };
    return options;
}

} // namespace

const Usage bench_send_usage{"bench send",
                             "送信の速さを測ります（結果は JSON）",
                             "measures how fast bundles are accepted; prints JSON",
                             {},
                             load_options()};

const Usage bench_cycle_usage{
    "bench cycle",
    "送信、受領、取込の一巡の速さを測ります（結果は JSON）",
    "measures send + fetch + ack; prints JSON",
    {},
    with({{"--receiver-config", "FILE", "受信側の設定ファイル（--to と同じ数、同じ順）",
           "settings of a receiver, one for each of --to, in order", Takes::many_values}},
         load_options())};

namespace {

using SteadyClock = std::chrono::steady_clock;

/// What one connection saw.
struct Tally {
    std::map<std::string, std::vector<std::uint32_t>> micros; // per step
    std::map<std::string, std::uint64_t> errors;              // "HTTP 422", "unreachable"
    std::uint64_t done = 0;
    bool ran_out = false;
};

void fail(Tally& tally, const Result<client::Answer>& answer) {
    ++tally.errors[answer ? "HTTP " + std::to_string(answer->status) : answer.error().detail];
}

/// Times one request into its step; nullopt when it was not answered by a 2xx.
template<class Call>
std::optional<client::Answer> timed(Tally& tally, const std::string& step, Call call) {
    const auto begun = SteadyClock::now();
    Result<client::Answer> answer = call();
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begun);
    if (!answer || answer->status / 100 != 2) {
        fail(tally, answer);
        return std::nullopt;
    }
    tally.micros[step].push_back(static_cast<std::uint32_t>(took.count()));
    return std::move(*answer);
}

/// A connection with its own bundles.
struct Lane {
    client::Client sender;
    std::optional<client::Client> receiver; // cycle only
    std::vector<client::Body> bodies;
    Tally tally;
};

void send_one(Lane& lane, const client::Body& body) {
    if (timed(lane.tally, "send",
              [&] { return lane.sender.post("/v1/bundles", body.content_type, body.bytes); }))
        ++lane.tally.done;
}

void cycle_one(Lane& lane, const client::Body& body) {
    const auto begun = SteadyClock::now();
    const auto sent = timed(lane.tally, "send", [&] {
        return lane.sender.post("/v1/bundles", body.content_type, body.bytes);
    });
    if (!sent) return;
    const auto answer = object_of(*sent);
    const std::string id = text_member(answer.at("bundles").as_array().at(0).as_object(), "id");
    const auto fetched = timed(
        lane.tally, "fetch", [&] { return lane.receiver->get("/v1/bundles/" + id + "/content"); });
    if (!fetched) return;
    const auto acknowledged = timed(lane.tally, "ack", [&] {
        return lane.receiver->post("/v1/bundles/" + id + "/ack", "application/json",
                                   R"({"state":"imported"})");
    });
    if (!acknowledged) return;
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - begun);
    lane.tally.micros["cycle"].push_back(static_cast<std::uint32_t>(took.count()));
    ++lane.tally.done;
}

using Step = void (*)(Lane&, const client::Body&);

/// TLS is done before the clock starts: a first request on every connection.
void warm_up(Lane& lane) {
    const auto try_one = [](client::Client& client) {
        const auto answer = value_or_fail(client.get("/v1/me"), "ゲートウェイに届きません");
        if (answer.status != 200) throw refusal(answer);
    };
    try_one(lane.sender);
    if (lane.receiver) try_one(*lane.receiver);
}

void run_lane(Lane& lane, Step step, SteadyClock::time_point end) {
    for (const auto& body : lane.bodies) {
        if (SteadyClock::now() >= end) return;
        try {
            step(lane, body);
        } catch (const std::exception&) {
            ++lane.tally.errors["unreadable answer"];
        }
    }
    lane.tally.ran_out = true;
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

double percentile_ms(const std::vector<std::uint32_t>& sorted, double part) {
    if (sorted.empty()) return 0;
    const auto place = static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1));
    return sorted[place] / 1000.0;
}

boost::json::object latency_of(std::vector<std::uint32_t> micros) {
    std::sort(micros.begin(), micros.end());
    return {{"count", micros.size()},
            {"p50_ms", percentile_ms(micros, 0.50)},
            {"p90_ms", percentile_ms(micros, 0.90)},
            {"p99_ms", percentile_ms(micros, 0.99)},
            {"max_ms", percentile_ms(micros, 1.0)}};
}

struct Measured {
    double seconds = 0, client_cpu_seconds = 0;
};

Measured run_all(std::vector<Lane>& lanes, Step step, std::chrono::seconds duration) {
    for (auto& lane : lanes) warm_up(lane);
    std::latch start(static_cast<std::ptrdiff_t>(lanes.size()) + 1);
    std::vector<std::thread> threads;
    SteadyClock::time_point end;
    for (auto& lane : lanes)
        threads.emplace_back([&lane, &start, &end, step] {
            start.arrive_and_wait();
            run_lane(lane, step, end);
        });
    const double cpu_before = cpu_seconds();
    const auto begun = SteadyClock::now();
    end = begun + duration; // read behind the latch
    start.arrive_and_wait();
    for (auto& thread : threads) thread.join();
    return {std::chrono::duration<double>(SteadyClock::now() - begun).count(),
            cpu_seconds() - cpu_before};
}

boost::json::object result_of(const std::vector<Lane>& lanes, const Load& load,
                              const Measured& measured) {
    Tally all;
    for (const auto& lane : lanes) {
        all.done += lane.tally.done;
        all.ran_out = all.ran_out || lane.tally.ran_out;
        for (const auto& [name, count] : lane.tally.errors) all.errors[name] += count;
        for (const auto& [name, micros] : lane.tally.micros)
            all.micros[name].insert(all.micros[name].end(), micros.begin(), micros.end());
    }
    std::uint64_t errors = 0;
    boost::json::object error_kinds;
    for (const auto& [name, count] : all.errors) {
        errors += count;
        error_kinds[name] = count;
    }
    boost::json::object steps;
    for (auto& [name, micros] : all.micros) steps[name] = latency_of(std::move(micros));
    return {{"connections", lanes.size()},
            {"seconds", measured.seconds},
            {"done", all.done},
            {"per_second", static_cast<double>(all.done) / measured.seconds},
            {"steps", std::move(steps)},
            {"errors", errors},
            {"error_kinds", std::move(error_kinds)},
            {"bundle_bytes", load.bundle_bytes},
            {"users_per_bundle", load.users},
            {"ran_out_of_bundles", all.ran_out},
            {"client_cpu_seconds", measured.client_cpu_seconds}};
}

std::vector<client::Settings> settings_from(const std::vector<std::string>& files,
                                            std::size_t expected, const std::string& option) {
    if (files.size() != expected)
        throw UsageError(option + " は事業所と同じ数だけ指定してください / " + option +
                         " is given once for each office");
    std::vector<client::Settings> settings;
    for (const auto& file : files)
        settings.push_back(value_or_fail(client::read_settings(file), "設定を読めません"));
    return settings;
}

LoadPlan plan_of(const Arguments& given) {
    const Time now = system_clock().now();
    LoadPlan plan;
    for (const auto& text : given.all("--from"))
        plan.from.push_back(parse_office_ref("--from", text));
    if (plan.from.empty()) given.required("--from");
    plan.to = parse_office_refs("--to", given.required("--to"));
    plan.connections = static_cast<std::size_t>(given.number("--connections", 16, 1, 10'000));
    plan.bundles = static_cast<std::size_t>(given.number("--bundles", 20'000, 1, 1'000'000));
    plan.bytes = static_cast<std::size_t>(given.number("--bytes", 10'240, 1, 64 << 20));
    plan.kind = given.text("--kind", "schedule");
    plan.edition = given.text("--edition", "4.1");
    plan.month = given.has("--month") ? month_option(given)
                                      : Month::parse(japan_day(now).substr(0, 6)).value();
    plan.seed = static_cast<std::uint64_t>(
        given.number("--seed", now.time_since_epoch().count(), 0, INT64_MAX));
    const auto age = given.number("--first-serial-age",
                                  static_cast<std::int64_t>(plan.bundles + plan.connections), 0,
                                  std::int64_t{100} * 365 * 86400);
    plan.first_serial = now - std::chrono::seconds(age);
    return plan;
}

std::vector<Lane> lanes_of(const LoadPlan& plan, Load& load,
                           const std::vector<client::Settings>& senders,
                           const std::vector<client::Settings>& receivers) {
    std::vector<Lane> lanes;
    lanes.reserve(plan.connections);
    for (std::size_t i = 0; i < plan.connections; ++i) {
        Lane lane{client::Client(senders[i % senders.size()]), {}, std::move(load.lanes[i]), {}};
        if (!receivers.empty())
            lane.receiver.emplace(receivers[i / senders.size() % receivers.size()]);
        lanes.push_back(std::move(lane));
    }
    return lanes;
}

int run_bench(const Arguments& given, const LoadPlan& plan,
              const std::vector<client::Settings>& receivers, Step step) {
    const auto senders = settings_from(given.all("--config"), plan.from.size(), "--config");
    const auto duration = std::chrono::seconds(given.number("--seconds", 10, 1, 86'400));
    Load load = value_or_fail(make_load(*embedded_catalog(), plan), "作れません");
    std::vector<Lane> lanes = lanes_of(plan, load, senders, receivers);
    const Measured measured = run_all(lanes, step, duration);
    const auto result = result_of(lanes, load, measured);
    std::cout << boost::json::serialize(result) << "\n";
    return result.at("errors").to_number<std::uint64_t>() == 0 ? exit_done : exit_not_good;
}

} // namespace

int bench_send_command(const Arguments& given) {
    return run_bench(given, plan_of(given), {}, send_one);
}

int bench_cycle_command(const Arguments& given) {
    const LoadPlan plan = plan_of(given);
    // Serials of a pair must rise: a pair belongs to one connection.
    if (plan.connections > plan.from.size() * plan.to.size())
        throw UsageError("接続の数は送信元と送信先の組の数までです / "
                         "no more connections than pairs of sender and receiver");
    const auto receivers =
        settings_from(given.all("--receiver-config"), plan.to.size(), "--receiver-config");
    return run_bench(given, plan, receivers, cycle_one);
}

} // namespace cpg::cli
