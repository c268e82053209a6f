#include "gateway/cli/bench_load.hpp"

#include "spec/base/clock.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace cpg::cli {
namespace {

Serial serial_of(Time time) {
    const std::string text = rfc3339(time + std::chrono::hours(9)); // serials are Japan time
    std::string digits;
    for (const char c : text.substr(0, 19))
        if (c >= '0' && c <= '9') digits += c;
    return Serial::parse(digits).value();
}

SampleRequest request_of(const LoadPlan& plan, std::size_t lane, std::size_t place, int users) {
    SampleRequest request;
    request.from = plan.from[lane % plan.from.size()];
    request.to = {plan.to[lane / plan.from.size() % plan.to.size()]};
    request.month = plan.month;
    request.users = users;
    request.kinds = {plan.kind};
    request.edition = plan.edition;
    const std::size_t number = place * plan.connections + lane;
    request.seed = plan.seed + number;
    request.serial = serial_of(plan.first_serial + std::chrono::seconds(number));
    return request;
}

std::uint64_t size_of(const std::vector<InputFile>& files) {
    std::uint64_t bytes = 0;
    for (const auto& file : files) bytes += file.bytes.size();
    return bytes;
}

Result<client::Body> body_of(const Catalog& catalog, const SampleRequest& request) {
    const auto files = make_sample(catalog, request);
    if (!files) return files.error();
    std::vector<client::Upload> parts;
    for (const auto& file : *files)
        parts.push_back({"file", file.name, "application/octet-stream", file.bytes});
    return client::multipart_body(parts);
}

/// As many users as come closest to the wanted size, at least one.
Result<int> users_for(const Catalog& catalog, const LoadPlan& plan, std::uint64_t& bytes) {
    const auto one = make_sample(catalog, request_of(plan, 0, 0, 1));
    if (!one) return one.error();
    const auto two = make_sample(catalog, request_of(plan, 0, 0, 2));
    if (!two) return two.error();
    const std::uint64_t first = size_of(*one);
    const std::uint64_t more = std::max<std::uint64_t>(1, size_of(*two) - first);
    const std::uint64_t extra = plan.bytes > first ? (plan.bytes - first + more / 2) / more : 0;
    const int users = static_cast<int>(1 + std::min<std::uint64_t>(extra, 99'999));
    const auto chosen = make_sample(catalog, request_of(plan, 0, 0, users));
    if (!chosen) return chosen.error();
    bytes = size_of(*chosen);
    return users;
}

} // namespace

Result<Load> make_load(const Catalog& catalog, const LoadPlan& plan) {
    Load load;
    const auto users = users_for(catalog, plan, load.bundle_bytes);
    if (!users) return users.error();
    load.users = *users;
    const std::size_t per_lane = (plan.bundles + plan.connections - 1) / plan.connections;
    load.lanes.assign(plan.connections, std::vector<client::Body>(per_lane));

    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::optional<Error> failed;
    const auto work = [&] {
        for (std::size_t i = next++; i < per_lane * plan.connections; i = next++) {
            const std::size_t lane = i % plan.connections;
            const std::size_t place = i / plan.connections;
            auto body = body_of(catalog, request_of(plan, lane, place, load.users));
            if (body) {
                load.lanes[lane][place] = std::move(*body);
                continue;
            }
            const std::lock_guard lock(mutex);
            failed = body.error();
            return;
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back(work);
    for (auto& thread : threads) thread.join();
    if (failed) return *failed;
    return load;
}

} // namespace cpg::cli
