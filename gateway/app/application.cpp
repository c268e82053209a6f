#include "gateway/app/application.hpp"

#include "gateway/app/admin_leaf.hpp"
#include "gateway/app/data_folder.hpp"
#include "gateway/app/tls_policy.hpp"
#include "gateway/app/upkeep.hpp"
#include "gateway/audit/key_file.hpp"
#include "gateway/store/sqlite/sqlite_store.hpp"
#include "spec/base/private_key.hpp"
#include "spec/load/profile_loader.hpp"
#include "spec/tables/service_codes.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <sstream>

namespace cpg::app {

namespace {

constexpr std::chrono::seconds directory_look{1}; // how stale an `office add` may be seen

void add_leaf(store::Store& store, std::string leaf) {
    store::Job job;
    job.ops.emplace_back(store::LeafOp{std::move(leaf), std::nullopt});
    store.commit({&job, 1});
}

ConfigurationError unusable(const std::string& what, const std::vector<LoadProblem>& problems) {
    std::string text = what + " cannot be used:";
    for (const auto& problem : problems)
        text += "\n  " + problem.file + ":" + std::to_string(problem.line) + ": " + problem.text;
    return ConfigurationError(text);
}

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
    throw unusable("the standard's tables", outcome.problems);
}

std::shared_ptr<const audit::Signer> read_log_key(const Config& config) {
    return read_log_key(config.log_key());
}

std::shared_ptr<const audit::Signer> read_log_key(const std::filesystem::path& file) {
    auto signer = audit::read_key_file(file);
    if (!signer) throw ConfigurationError(signer.error().detail);
    return std::move(*signer);
}

Result<std::string> init_data(const Config& config) {
    std::error_code failed;
    std::filesystem::create_directories(config.data, failed);
    if (failed) return Error{Errc::configuration, config.data.string() + ": " + failed.message()};
    std::filesystem::permissions(config.data, std::filesystem::perms::owner_all, failed);
    std::vector<std::filesystem::path> made_here{config.database(), config.log_key()};
    const bool makes_master = config.master.credential.empty() && config.master.opened_by.empty();
    if (makes_master) made_here.push_back(config.master_key());
    for (const auto& file : made_here)
        if (std::filesystem::exists(file))
            return Error{Errc::configuration,
                         file.string() + ": exists already; nothing was changed"};
    const auto master =
        makes_master ? store::MasterKey::create(config.master_key()) : read_master_key(config);
    if (!master) return master.error();
    const auto origin = audit::log_origin(config.host, audit::log_year(system_clock().now()));
    // The origin is fixed when the log is made; later years are named after it.
    if (const auto made = audit::create_key_file(config.log_key(), origin); !made)
        return made.error();
    const auto signer = read_log_key(config);
    const auto store = store::open_sqlite_store({config.database(), true, 1}, signer);
    add_leaf(*store, admin_leaf("db-init"));
    return signer->verifier().text();
}

int upgrade_data(const Config& config) {
    const auto signer = read_log_key(config);
    const auto [before, after] = store::migrate_sqlite(config.database());
    if (before == after) return after;
    const auto store = store::open_sqlite_store({config.database(), false, 1}, signer);
    add_leaf(*store, admin_leaf("db-upgrade", {{"from-schema", std::to_string(before)},
                                               {"to-schema", std::to_string(after)}}));
    return after;
}

namespace {

FolderLock shared_lock(const Config& config) {
    auto lock = FolderLock::take(config, FolderLock::Kind::shared);
    if (!lock) throw ConfigurationError(lock.error().detail);
    return *std::move(lock);
}

/// What is named in the settings and cannot be read is a wrong setting.
template<class Read> auto readable(const std::string& what, Read read) {
    try {
        return read();
    } catch (const std::runtime_error& failed) {
        throw ConfigurationError(what + " cannot be used: " + failed.what());
    }
}

exchange::CheckPolicy policy_of(const Config& config, const Catalog& catalog) {
    exchange::CheckPolicy policy;
    auto profile = readable(
        "check.profile", [&] { return choose_profile(catalog, config.profile, config.spec_dir); });
    if (!profile.profile) throw unusable("check.profile", profile.problems);
    policy.profile = std::move(profile.profile);
    if (config.service_codes.empty()) return policy;
    auto codes = load_service_codes(readable(
        "check.service_codes", [&] { return service_code_sources(config.service_codes); }));
    if (!codes.table) throw unusable("check.service_codes", codes.problems);
    policy.service_codes = std::move(codes.table);
    return policy;
}

std::int64_t service_codes_count(const exchange::CheckPolicy& policy) {
    return policy.service_codes ? static_cast<std::int64_t>(policy.service_codes->size()) : 0;
}

} // namespace

struct Application::Impl {
    Config config;
    FolderLock folder_lock; // beside restore and rekey, which want the folder alone
    std::shared_ptr<const audit::Signer> signer;
    Metrics metrics;
    exchange::Notifier notifier;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<store::Sealer> sealer;
    std::unique_ptr<store::StoreGate> gate;
    std::unique_ptr<Attester> attester;
    std::unique_ptr<Webhooks> webhooks;
    std::unique_ptr<exchange::Exchange> exchange;
    std::unique_ptr<identity::People> people;
    std::unique_ptr<api::Api> api;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<Upkeep> upkeep;
    std::mutex reload_mutex; // held by the one who reloads
    std::mutex mutex;        // guards catalog, check_policy, signers, mapping, directory, looked_at
    CatalogPtr catalog;
    identity::MappingPtr mapping;
    exchange::CheckPolicy check_policy;
    std::shared_ptr<const audit::SignerTrust> signers; // of senders
    identity::DirectoryPtr directory;
    std::chrono::steady_clock::time_point looked_at{};
    Observer observer;
    bool stopped = false;

    Impl(Config settings, Observer told)
        : config(std::move(settings)), folder_lock(shared_lock(config)), observer(std::move(told)) {
        catalog = catalog_of(config.spec_dir);
        check_policy = policy_of(config, *catalog);
        signers = signers_of(config);
        signer = read_log_key(config);
        auto master = read_master_key(config);
        if (!master) throw ConfigurationError(master.error().detail);
        store = store::open_sqlite_store(
            {config.database(), false, config.server.workers + config.webhooks.workers + 2},
            signer);
        sealer = std::make_unique<store::Sealer>(std::move(*master), *store);
        if (const auto fits = sealer->check(store->offices()); !fits)
            throw ConfigurationError(fits.error().detail);
        gate = std::make_unique<store::StoreGate>(*store, config.gate);
        attester = std::make_unique<Attester>(config.evidence, *store, *gate, metrics);
        webhooks = std::make_unique<Webhooks>(
            config.webhooks, WebhookServices{*store, *gate, *sealer, metrics, system_clock()});
        notifier.listen([this] { webhooks->wake(); });
        refuse_an_old_backup();
        mapping = load_mapping(config.identity_rules);
        directory = load_directory(*store, mapping);
        exchange = std::make_unique<exchange::Exchange>(services(), config.exchange);
        people = std::make_unique<identity::People>(people_services(), config.people);
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

    void refuse_an_old_backup() {
        if (!config.evidence.refuse_smaller_than_witness) return;
        if (const auto reason = attester->larger_log_seen()) throw ConfigurationError(*reason);
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
                [this] { return current_policy(); },
                [this] { return current_signers(); }};
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

    /// One round now, the next after a hundredth of the time that a bundle may wait.
    void look_for_unclaimed() {
        using namespace std::chrono;
        try {
            const auto told = exchange->tell_unclaimed(config.unclaimed_after);
            if (told > 0)
                log::info("bundle.unclaimed", {{"count", static_cast<std::int64_t>(told)}});
        } catch (const std::exception& failed) {
            log::error("unclaimed.failed", {{"why", std::string(failed.what())}});
        }
        const auto pause =
            std::clamp<milliseconds>(config.unclaimed_after / 100, seconds(1), hours(1));
        server->after(pause, [this] { look_for_unclaimed(); });
    }

    identity::People::Services people_services() {
        return {*store,
                *gate,
                *sealer,
                system_clock(),
                [this](std::function<void()> work) { server->post(std::move(work)); },
                [this](std::chrono::milliseconds delay, std::function<void()> work) {
                    server->after(delay, std::move(work));
                }};
    }

    api::ApiServices api_services() {
        return {*exchange,
                *people,
                metrics,
                [this](std::chrono::milliseconds delay, std::function<void()> work) {
                    server->after(delay, std::move(work));
                },
                signer->verifier(),
                config.exchange,
                [this] { return attester->may_submit(); },
                [] { return std::chrono::steady_clock::now(); },
                [this](const identity::Identity& caller) { met(caller); },
                webhook_posting()};
    }

    api::WebhookPosting webhook_posting() {
        return {[this](const std::string& url) { return check_webhook_url(config.webhooks, url); },
                [this](const store::WebhookRow& row, std::function<void(Result<int>)> done) {
                    webhooks->test(row, std::move(done));
                },
                [this] { webhooks->wake(); }, config.webhooks.overlap};
    }

    std::shared_ptr<const audit::SignerTrust> current_signers() {
        const std::lock_guard lock(mutex);
        return signers;
    }

    CatalogPtr current_catalog() {
        const std::lock_guard lock(mutex);
        return catalog;
    }

    identity::MappingPtr current_mapping() {
        const std::lock_guard lock(mutex);
        return mapping;
    }

    exchange::CheckPolicy current_policy() {
        const std::lock_guard lock(mutex);
        return check_policy;
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
        if (observer) observer(answered);
    }

    void describe_metrics() {
        upkeep->describe(metrics);
        metrics.describe("cpgw_requests_total", "counter", "answered requests by route and status");
        metrics.describe("cpgw_request_seconds", "histogram",
                         "time from the whole request to its answer");
        metrics.describe("cpgw_bundles_total", "counter", "submitted bundles by verdict");
        metrics.describe("cpgw_identity_refused_total", "counter",
                         "requests of certificates that speak for no office");
        metrics.describe("cpgw_rate_limited_total", "counter", "requests over an office's rate");
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
        metrics.gauge("cpgw_event_streams", "event streams open",
                      [this] { return static_cast<double>(api->streams()); });
    }

    void stop() {
        if (std::exchange(stopped, true)) return;
        api->drain();
        server->stop(std::chrono::duration_cast<std::chrono::milliseconds>(config.drain));
        attester->stop();
        webhooks->stop();
        people->flush();
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
            auto fresh_policy = policy_of(config, *fresh); // both, or neither
            const std::lock_guard lock(mutex);
            catalog = std::move(fresh);
            check_policy = std::move(fresh_policy);
        });
        reload_part("mapping", [this] {
            auto fresh = load_mapping(config.identity_rules);
            const std::lock_guard lock(mutex);
            mapping = std::move(fresh);
        });
        reload_part("signers", [this] {
            auto fresh = signers_of(config);
            const std::lock_guard lock(mutex);
            signers = std::move(fresh);
        });
        reload_part("directory", [this] {
            auto fresh = load_directory(*store, current_mapping());
            const std::lock_guard lock(mutex);
            directory = std::move(fresh);
        });
    }
};

Application::Application(Config config, Observer observer)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(observer))) {}

Application::~Application() {
    impl_->stop();
}

void Application::start() {
    impl_->exchange->note_admin(audit::EntryType::start,
                                {{"clock", rfc3339(system_clock().now())}});
    impl_->server->start();
    impl_->look_after();
    impl_->server->post([this] { impl_->look_for_unclaimed(); });
    impl_->attester->start();
    impl_->webhooks->start();
    log::info("gateway.started",
              {{"port", static_cast<std::int64_t>(port())},
               {"ops_port", static_cast<std::int64_t>(ops_port())},
               {"catalog", prefixed_hex(impl_->current_catalog()->digest)},
               {"profile", impl_->current_policy().profile->name},
               {"service_codes", service_codes_count(impl_->current_policy())},
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
