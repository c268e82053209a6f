#include "gateway/app/application.hpp"

#include "gateway/app/tls_policy.hpp"
#include "gateway/app/upkeep.hpp"
#include "gateway/audit/key_file.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/private_key.hpp"
#include "spec/load/load.hpp"

#include <atomic>
#include <fstream>
#include <mutex>
#include <sstream>

namespace cpg::app {

namespace {

constexpr std::chrono::seconds directory_look{1}; // how stale an `office add` may be seen

std::string read_list(const std::filesystem::path& file) {
    if (file.empty()) return {};
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) throw ConfigurationError(file.string() + ": cannot be read");
    return text.str();
}

/// nullptr when no authority is configured.
std::shared_ptr<const audit::SignerTrust> signers_of(const Config& config) {
    if (config.signers_ca.empty() && config.accredited_ca.empty()) return nullptr;
    auto trust =
        audit::SignerTrust::make(read_list(config.signers_ca), read_list(config.accredited_ca));
    if (!trust) throw ConfigurationError("evidence: " + trust.error().detail);
    return *trust;
}

int year_of(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    return static_cast<int>(std::chrono::year_month_day(day).year());
}

identity::DirectoryPtr load_directory(store::Store& store, identity::MappingPtr mapping) {
    const auto version = store.directory_version();
    return std::make_shared<const identity::Directory>(store.offices(), store.certificates(),
                                                       version, std::move(mapping));
}

identity::MappingPtr load_mapping(const std::filesystem::path& file) {
    if (file.empty()) return nullptr;
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) throw ConfigurationError(file.string() + ": cannot be read");
    auto mapping = identity::parse_mapping({file.string(), text.str()});
    if (!mapping) throw ConfigurationError(mapping.error().detail);
    return std::make_shared<const identity::Mapping>(std::move(*mapping));
}

} // namespace

CatalogPtr catalog_of(const std::filesystem::path& spec_dir) {
    if (spec_dir.empty()) return embedded_catalog();
    const auto outcome = load_catalog(sources_of(spec_dir));
    if (outcome.catalog) return outcome.catalog;
    std::string text = "the standard's tables cannot be used:";
    for (const auto& problem : outcome.problems)
        text += "\n  " + problem.file + ":" + std::to_string(problem.line) + ": " + problem.text;
    throw ConfigurationError(text);
}

std::shared_ptr<const audit::Signer> read_log_key(const Config& config) {
    auto signer = audit::read_key_file(config.log_key());
    if (!signer) throw ConfigurationError(signer.error().detail);
    return std::move(*signer);
}

Result<std::string> init_data(const Config& config) {
    std::error_code failed;
    std::filesystem::create_directories(config.data, failed);
    if (failed) return Error{Errc::configuration, config.data.string() + ": " + failed.message()};
    std::filesystem::permissions(config.data, std::filesystem::perms::owner_all, failed);
    for (const auto& file : {config.database(), config.master_key(), config.log_key()})
        if (std::filesystem::exists(file))
            return Error{Errc::configuration,
                         file.string() + ": exists already; nothing was changed"};
    if (const auto made = store::MasterKey::create(config.master_key()); !made) return made.error();
    const auto origin = audit::log_origin(config.host, year_of(system_clock().now()));
    // The origin is fixed when the log is made.
    if (const auto made = audit::create_key_file(config.log_key(), origin); !made)
        return made.error();
    const auto signer = read_log_key(config);
    store::open_sqlite_store({config.database(), true, 1}, signer);
    return signer->verifier().text();
}

struct Application::Impl {
    Config config;
    std::shared_ptr<const audit::Signer> signer;
    Metrics metrics;
    exchange::Notifier notifier;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::Sealer> sealer;
    std::unique_ptr<store::StoreGate> gate;
    std::unique_ptr<exchange::Exchange> exchange;
    std::unique_ptr<api::Api> api;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<Upkeep> upkeep;
    std::mutex reload_mutex; // held by the one who reloads
    std::mutex mutex;        // guards catalog, mapping, directory, looked_at
    CatalogPtr catalog;
    identity::MappingPtr mapping;
    identity::DirectoryPtr directory;
    std::chrono::steady_clock::time_point looked_at{};
    bool stopped = false;

    explicit Impl(Config settings) : config(std::move(settings)) {
        catalog = catalog_of(config.spec_dir);
        signer = read_log_key(config);
        auto master = store::MasterKey::read(config.master_key());
        if (!master) throw ConfigurationError(master.error().detail);
        store =
            store::open_sqlite_store({config.database(), false, config.server.workers + 2}, signer);
        sealer = std::make_unique<store::Sealer>(std::move(*master), *store);
        gate = std::make_unique<store::StoreGate>(*store, config.gate);
        mapping = load_mapping(config.identity_rules);
        directory = load_directory(*store, mapping);
        exchange = std::make_unique<exchange::Exchange>(services(), config.exchange);
        api = std::make_unique<api::Api>(api_services(), config.api);
        http::Router routes;
        api->add_routes(routes);
        http::Router ops;
        api::add_ops_routes(ops, *store, metrics);
        config.server.tls = tls_settings();
        server = std::make_unique<http::Server>(
            config.server, std::move(routes), std::move(ops),
            [this](const http::Answered& answered) { observe(answered); });
        upkeep = std::make_unique<Upkeep>(upkeep_services());
        describe_metrics();
    }

    http::TlsSettings tls_settings() const {
        auto settings = config.server.tls;
        auto policy = read_tls_policy(config.tls_policy);
        if (!policy) throw ConfigurationError(policy.error().detail);
        settings.policy = std::move(*policy);
        return settings;
    }

    exchange::Services services() {
        return {*store,
                *gate,
                *sealer,
                system_clock(),
                notifier,
                [this] { return current_catalog(); },
                [this] { return current_directory(); },
                [this](std::function<void()> work) { server->post(std::move(work)); },
                signers_of(config)};
    }

    UpkeepServices upkeep_services() {
        const auto& tls = config.server.tls;
        std::vector<std::filesystem::path> files{tls.certificate, tls.client_ca, tls.crl};
        if (!names_token(tls.key)) files.emplace_back(tls.key);
        if (!config.tls_policy.empty()) files.push_back(config.tls_policy);
        return {std::move(files), [this] { reload_tls(); }, [this] { return server->tls_dates(); },
                system_clock()};
    }

    void met(const identity::Identity& caller) {
        const auto& certificate = caller.certificate;
        upkeep->met_office(caller.first(), certificate.fingerprint, certificate.not_after);
    }

    /// One round now, the next when it is over.
    void look_after() {
        try {
            upkeep->look();
        } catch (const std::exception& failed) {
            log::error("upkeep.failed", {{"why", std::string(failed.what())}});
        }
        server->after(config.tls_watch, [this] { look_after(); });
    }

    api::ApiServices api_services() {
        return {*exchange,
                metrics,
                [this](std::chrono::milliseconds delay, std::function<void()> work) {
                    server->after(delay, std::move(work));
                },
                {signer->verifier().text()},
                signer->verifier().name,
                config.exchange,
                [this](const identity::Identity& caller) { met(caller); }};
    }

    CatalogPtr current_catalog() {
        const std::lock_guard lock(mutex);
        return catalog;
    }

    identity::MappingPtr current_mapping() {
        const std::lock_guard lock(mutex);
        return mapping;
    }

    identity::DirectoryPtr current_directory() {
        const auto now = std::chrono::steady_clock::now();
        std::uint64_t known = 0;
        {
            const std::lock_guard lock(mutex);
            if (now - looked_at < directory_look) return directory;
            looked_at = now; // one thread looks, the others go on with what is there
            known = directory->version();
        }
        if (store->directory_version() == known) {
            const std::lock_guard lock(mutex);
            return directory;
        }
        auto fresh = load_directory(*store, current_mapping());
        const std::lock_guard lock(mutex);
        directory = std::move(fresh);
        return directory;
    }

    void observe(const http::Answered& answered) {
        const std::string route = "route=\"" + std::string(answered.route) + "\"";
        metrics.count("cpgw_requests_total",
                      route + ",status=\"" + std::to_string(answered.status) + "\"");
        metrics.observe("cpgw_request_seconds", route,
                        std::chrono::duration<double>(answered.took).count());
        log::event(answered.status >= 500 ? log::Level::error : log::Level::debug,
                   "request.answered",
                   {{"request", std::string(answered.request_id)},
                    {"route", std::string(answered.route)},
                    {"status", static_cast<std::int64_t>(answered.status)},
                    {"us", static_cast<std::int64_t>(answered.took.count())},
                    {"in", static_cast<std::int64_t>(answered.request_bytes)},
                    {"out", static_cast<std::int64_t>(answered.response_bytes)}});
    }

    void describe_metrics() {
        upkeep->describe(metrics);
        metrics.describe("cpgw_requests_total", "counter", "answered requests by route and status");
        metrics.describe("cpgw_request_seconds", "histogram",
                         "time from the whole request to its answer");
        metrics.describe("cpgw_bundles_total", "counter", "submitted bundles by verdict");
        metrics.describe("cpgw_identity_refused_total", "counter",
                         "requests of certificates that speak for no office");
        metrics.gauge("cpgw_store_queue", "jobs waiting for the store",
                      [this] { return static_cast<double>(gate->stats().queued); });
        metrics.gauge("cpgw_store_commits_total", "transactions",
                      [this] { return static_cast<double>(gate->stats().commits); });
        metrics.gauge("cpgw_store_ops_total", "operations committed",
                      [this] { return static_cast<double>(gate->stats().ops); });
        metrics.gauge("cpgw_log_size", "leaves of the log",
                      [this] { return static_cast<double>(store->tree_size()); });
        metrics.gauge("cpgw_connections", "open connections",
                      [this] { return static_cast<double>(server->stats().connections); });
        metrics.gauge("cpgw_waiting", "long-polls waiting",
                      [this] { return static_cast<double>(notifier.waiting()); });
    }

    void stop() {
        if (std::exchange(stopped, true)) return;
        api->drain();
        server->stop(std::chrono::duration_cast<std::chrono::milliseconds>(config.drain));
        gate->drain();
        exchange->note_admin(audit::EntryType::stop, {});
        gate->drain();
        log::info("gateway.stopped");
    }

    void reload_tls() {
        const std::lock_guard reloading(reload_mutex);
        reload_part("tls", [this] { server->reload_tls(tls_settings()); });
    }

    /// What cannot be read keeps its old state.
    static void reload_part(const std::string& part, const std::function<void()>& load) {
        try {
            load();
            log::info("reload." + part);
        } catch (const std::exception& failed) {
            log::error("reload." + part + ".failed", {{"why", std::string(failed.what())}});
        }
    }

    void reload() {
        reload_tls();
        const std::lock_guard reloading(reload_mutex);
        reload_part("catalog", [this] {
            auto fresh = catalog_of(config.spec_dir);
            const std::lock_guard lock(mutex);
            catalog = std::move(fresh);
        });
        reload_part("mapping", [this] {
            auto fresh = load_mapping(config.identity_rules);
            const std::lock_guard lock(mutex);
            mapping = std::move(fresh);
        });
        reload_part("directory", [this] {
            auto fresh = load_directory(*store, current_mapping());
            const std::lock_guard lock(mutex);
            directory = std::move(fresh);
        });
    }
};

Application::Application(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}

Application::~Application() {
    impl_->stop();
}

void Application::start() {
    impl_->exchange->note_admin(audit::EntryType::start,
                                {{"clock", rfc3339(system_clock().now())}});
    impl_->server->start();
    impl_->look_after();
    log::info("gateway.started",
              {{"port", static_cast<std::int64_t>(port())},
               {"ops_port", static_cast<std::int64_t>(ops_port())},
               {"catalog", prefixed_hex(impl_->current_catalog()->digest)},
               {"log_size", static_cast<std::int64_t>(impl_->store->tree_size())}});
}

std::uint16_t Application::port() const {
    return impl_->server->port();
}
std::uint16_t Application::ops_port() const {
    return impl_->server->ops_port();
}
void Application::stop() {
    impl_->stop();
}
void Application::reload() {
    impl_->reload();
}

} // namespace cpg::app
