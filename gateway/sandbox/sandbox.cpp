#include "gateway/sandbox/sandbox.hpp"

#include "adapters/client/save_folder.hpp"
#include "gateway/app/admin_leaf.hpp"
#include "gateway/sandbox/control.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"

#include <boost/json/serialize.hpp>

namespace cpg::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds robot_timeout{30}; // a stop waits for a request that runs

/// Only what a sandbox needs otherwise; limits are the defaults.
std::string settings_yaml(const SandboxSettings& settings) {
    return "# サンドボックスのゲートウェイの設定 / settings of the sandbox's gateway.\n"
           "host: localhost\n"
           "listen: {address: 127.0.0.1, port: " +
           std::to_string(settings.port) +
           "}\n"
           "ops: {address: 127.0.0.1, port: 0}\n"
           "tls: {certificate: pki/server.pem, key: pki/server.key, client_ca: pki/ca.pem, "
           "crl: pki/crl.pem}\n"
           "data: data\n"
           "log: {file: gateway.log}\n"
           "webhooks: {allow_private: on}\n"
           "events: {unclaimed_after: " +
           std::to_string(settings.unclaimed_after.count()) + "s}\n";
}

std::string url(std::string_view scheme, std::string_view host, std::uint16_t port) {
    return std::string(scheme) + "://" + std::string(host) + ":" + std::to_string(port);
}

store::OfficeRow row_of(const OfficeRef& office, const std::string& name) {
    return {office.office, {*office.service_type}, name, true, true};
}

} // namespace

Sandbox::Sandbox(Folder& folder, SandboxSettings settings)
    : folder_(folder), settings_(std::move(settings)), catalog_(embedded_catalog()) {
    access_.folder = folder.path();
    access_.month = settings_.month;
    access_.seed = settings_.seed;
    make_offices();
    make_data();
    make_robots();
}

Sandbox::~Sandbox() {
    stop();
}

void Sandbox::make_offices() {
    const auto& own = own_offices();
    std::vector<Wanted> wanted{
        {"care", {own.care_manager.office}},
        {"service", {own.service.office}},
        {"delegate", {own.care_manager.office, own.service.office}},
    };
    for (const auto& plan : settings_.robots)
        wanted.push_back({plan.office.office.str(), {plan.office.office}, plan.certificate});
    pki_ = make_pki(folder_.part("pki"), wanted, system_clock().now());
    access_.ca = pki_.ca;
    access_.own = {
        {Role::care_manager,
         "みほん居宅介護支援事業所",
         {own.care_manager},
         pki_.issued[0],
         folder_.part("client.yaml")},
        {Role::service,
         "みほん訪問介護",
         {own.service},
         pki_.issued[1],
         folder_.part("service.yaml")},
        {Role::delegate,
         "みほん代行",
         {own.care_manager, own.service},
         pki_.issued[2],
         folder_.part("delegate.yaml")},
    };
    const fs::path robots = folder_.part("robots");
    for (std::size_t i = 0; i < settings_.robots.size(); ++i) {
        const RobotPlan& plan = settings_.robots[i];
        access_.robots.push_back({{Role::robot,
                                   plan.name,
                                   {plan.office},
                                   pki_.issued[access_.own.size() + i],
                                   robots / (plan.office.office.str() + ".yaml")},
                                  plan});
    }
}

fs::path Sandbox::database(std::string_view suffix) const {
    return config_.database().string() + std::string(suffix);
}

/// The database of the first minute is kept: a reset puts it back.
void Sandbox::make_data() {
    folder_.part("data");
    folder_.part("gateway.log");
    const fs::path file = folder_.part("gateway.yaml");
    client::save_file(file, settings_yaml(settings_));
    auto config = app::read_config(file);
    if (!config) throw app::ConfigurationError(config.error().detail);
    config_ = std::move(*config);
    auto vkey = app::init_data(config_);
    if (!vkey) throw app::ConfigurationError(vkey.error().detail);
    access_.trusted_key = std::move(*vkey);
    {
        const auto store =
            store::open_sqlite_store({config_.database(), false, 1}, app::read_log_key(config_));
        store::DirectoryOp change;
        for (const auto& own : access_.own)
            if (own.role != Role::delegate)
                change.offices.push_back(row_of(own.offices.front(), own.name));
        for (const auto& plan : settings_.robots)
            change.offices.push_back(row_of(plan.office, plan.name));
        change.leaf = app::admin_leaf("sandbox");
        store::Job job;
        job.ops.emplace_back(std::move(change));
        store->commit({&job, 1});
    }
    fs::copy_file(database(), database(".first"));
}

void Sandbox::make_robots() {
    const auto log_key = audit::VerifierKey::parse(access_.trusted_key).value();
    const auto caller_of = [](const Issued& files, bool robot) {
        Caller caller{{}, robot};
        for (const auto& office : files.offices)
            caller.offices += (caller.offices.empty() ? "" : ",") + office.str();
        return caller;
    };
    for (const auto& own : access_.own)
        requests_.know(own.files.fingerprint, caller_of(own.files, false));
    for (const auto& partner : access_.robots) {
        const auto& files = partner.credentials.files;
        requests_.know(files.fingerprint, caller_of(files, true));
        client::Settings settings{{}, files.certificate, access_.ca, files.key.string(), {}};
        settings.timeout = robot_timeout;
        robots_.push_back(
            std::make_unique<Robot>(partner.plan, RobotServices{std::move(settings),
                                                                {log_key},
                                                                catalog_,
                                                                settings_.seed,
                                                                settings_.month,
                                                                settings_.answer_after,
                                                                system_clock()}));
    }
}

void Sandbox::start() {
    const std::lock_guard lock(life_);
    start_gateway();
    access_.gateway = url("https", "localhost", gateway_->port());
    access_.ops = url("http", "127.0.0.1", gateway_->ops_port());
    control_ = std::make_unique<Control>(*this, settings_.control_port);
    access_.control = url("http", "127.0.0.1", control_->port());
    write_client_settings();
    for (const auto& robot : robots_) robot->start(access_.gateway);
    control_->start();
    client::save_file(folder_.part("sandbox.json"),
                      boost::json::serialize(json_of(access_)) + "\n");
}

/// On the same ports from the second time on.
void Sandbox::start_gateway() {
    gateway_ = std::make_unique<app::Application>(
        config_, [this](const http::Answered& answered) { observe(answered); });
    gateway_->start();
    config_.server.port = gateway_->port();
    config_.server.ops_port = gateway_->ops_port();
}

void Sandbox::write_client_settings() {
    for (const auto& own : access_.own)
        client::save_file(own.settings, client_yaml(access_, own.files));
    for (const auto& partner : access_.robots)
        client::save_file(partner.credentials.settings,
                          client_yaml(access_, partner.credentials.files));
}

void Sandbox::observe(const http::Answered& answered) {
    requests_.add(answered, system_clock().now());
    if (answered.route != "bundles.submit" || answered.status != 201) return;
    for (const auto& robot : robots_) robot->wake();
}

void Sandbox::stop() {
    if (control_) control_->stop(); // first: its threads may be in reset()
    const std::lock_guard lock(life_);
    if (std::exchange(stopped_, true)) return;
    for (const auto& robot : robots_) robot->stop();
    gateway_.reset();
}

Result<void> Sandbox::reset() {
    const std::lock_guard lock(life_);
    if (stopped_) return Error{Errc::conflict, "the sandbox is stopping"};
    try {
        for (const auto& robot : robots_) robot->stop();
        gateway_.reset();
        forget_data();
        requests_.clear();
        start_gateway();
        for (const auto& robot : robots_) robot->start(access_.gateway);
        return {};
    } catch (const std::exception& failed) {
        return Error{Errc::configuration, failed.what()};
    }
}

/// With what `cpgw` remembers of the old log beside its settings: the new one does not continue it.
void Sandbox::forget_data() {
    for (const auto* const suffix : {"", "-wal", "-shm"}) fs::remove(database(suffix));
    fs::copy_file(database(".first"), database());
    const auto forget = [](const fs::path& settings) {
        fs::remove_all(settings.string() + ".checkpoints");
    };
    for (const auto& own : access_.own) forget(own.settings);
    for (const auto& partner : access_.robots) forget(partner.credentials.settings);
}

Robot* Sandbox::robot(std::string_view office) const {
    for (const auto& robot : robots_)
        if (robot->plan().office.office.view() == office) return robot.get();
    return nullptr;
}

} // namespace cpg::sandbox
