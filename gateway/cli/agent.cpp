// `cpgw agent`: an office's watched folders, until SIGTERM.
#include "adapters/hotfolder/agent.hpp"

#include "adapters/hotfolder/dialects.hpp"
#include "gateway/cli/agent_link.hpp"
#include "gateway/cli/agent_page.hpp"
#include "gateway/cli/catalog.hpp"
#include "gateway/cli/commands.hpp"
#include "gateway/cli/connection.hpp"
#include "gateway/cli/files.hpp"
#include "gateway/cli/process.hpp"
#include "gateway/identity/certificate.hpp"
#include "gateway/ops/log.hpp"
#include "spec/load/profile_loader.hpp"
#include "spec/tables/service_codes.hpp"

#include <unistd.h>

#include <iostream>

namespace cpg::cli {

const Usage agent_usage{
    "agent",
    "事業所のフォルダーを見張り、入れられたファイルを送り、届いたものを置きます",
    "watches an office's folders: sends what is dropped, places what arrives",
    {"", 0, 0},
    {{"--config", "FILE", "設定ファイル（YAML）", "settings (YAML)"},
     {"--once", "", "いまあるものを片づけて終わります", "handles what is there and ends"},
     {"--check", "", "設定と接続を確かめて終わります", "checks settings and connection and ends"},
     {"--ready-file", "FILE", "始まったら状態ページのポート番号を JSON で書くファイル",
      "written with the port of the status page, as JSON, once it works"}}};

namespace {

namespace fs = std::filesystem;
using hotfolder::AgentSettings;
using hotfolder::OfficeParts;
using hotfolder::OfficeSettings;

constexpr std::chrono::milliseconds page_grace{1'000};

AgentSettings settings_in(const fs::path& file) {
    hotfolder::SettingsOutcome outcome;
    try {
        outcome = hotfolder::read_agent_settings(file);
    } catch (const std::exception& error) {
        throw Failure(exit_configuration, "設定ファイルを読めません / cannot read the settings: " +
                                              std::string(error.what()));
    }
    if (!outcome.problems.empty())
        throw Failure(exit_configuration,
                      "設定ファイルに誤りがあります / the settings are wrong:\n" +
                          problems_text(outcome.problems));
    return std::move(outcome.settings);
}

log::Level level_of(const std::string& name) {
    if (name == "debug") return log::Level::debug;
    if (name == "warning") return log::Level::warning;
    return name == "error" ? log::Level::error : log::Level::info;
}

/// No file name and no text of a file: jobs, kinds and bundle ids only.
void write_log(const std::string& office, const hotfolder::Event& event) {
    log::event(event.is_trouble ? log::Level::warning : log::Level::info, "agent." + event.name,
               {{"office", office}, {"job", event.job}, {"detail", event.detail}});
}

[[noreturn]] void wrong(const OfficeSettings& office, const std::string& what) {
    throw Failure(exit_configuration, office.name + ": " + what);
}

ServiceCodeTablePtr codes_of(const OfficeSettings& office) {
    if (office.service_codes.empty()) return nullptr;
    try {
        ServiceCodeOutcome outcome = load_service_codes(service_code_sources(office.service_codes));
        if (outcome.table) return outcome.table;
        wrong(office, "サービスコード表に誤りがあります / the service codes are wrong:\n" +
                          problems_text(outcome.problems));
    } catch (const std::runtime_error& error) {
        wrong(office, "サービスコード表を読めません / cannot read the service codes: " +
                          std::string(error.what()));
    }
}

hotfolder::OfficeDialects dialects_of(const OfficeSettings& office, const CatalogPtr& catalog,
                                      const CheckOptions& check) {
    hotfolder::OfficeDialects dialects{catalog, {}, {}, check, {}};
    if (office.office) dialects.office = OfficeRef{*office.office, office.service_type};
    try {
        std::vector<LoadProblem> problems;
        dialects.dialects = adapters::load_dialects(*catalog, office.dialects, problems);
        if (!problems.empty())
            wrong(office, "方言の設定に誤りがあります / the dialects are wrong:\n" +
                              problems_text(problems));
        if (!office.tables.empty())
            dialects.tables = value_or_fail(adapters::read_office_tables(office.tables),
                                            "事業所の表を読めません");
    } catch (const Failure&) {
        throw;
    } catch (const std::runtime_error& error) {
        wrong(office, "方言または事業所の表を読めません / cannot read dialects or tables: " +
                          std::string(error.what()));
    }
    dialects.tables.service_codes = check.service_codes;
    return dialects;
}

std::optional<int> days_of_file(const fs::path& certificate) {
    try {
        const auto parsed = identity::parse_certificate_pem(read_file(certificate));
        if (!parsed) return std::nullopt;
        return static_cast<int>(
            std::chrono::floor<std::chrono::days>(parsed->not_after - system_clock().now())
                .count());
    } catch (const Failure&) {
        return std::nullopt;
    }
}

OfficeParts parts_of(const OfficeSettings& office, const std::shared_ptr<AgentLinks>& links) {
    OfficeParts parts;
    parts.settings = office;
    parts.converter.catalog = embedded_catalog();
    parts.converter.check.service_codes = codes_of(office);
    const auto dialects = dialects_of(office, parts.converter.catalog, parts.converter.check);
    if (office.dialect != "standard")
        parts.converter.read_dialects = value_or_fail(hotfolder::reading(dialects, office.dialect),
                                                      office.name + ": dialect が使えません");
    // One at a time (L4) is a matter of patience, not of paths: the agent has to know.
    if (!office.layout_given) parts.settings.layout = hotfolder::layout_of(dialects, office.into);
    if (office.into != "standard")
        parts.write = value_or_fail(hotfolder::writing(dialects, office.into),
                                    office.name + ": into が使えません");
    parts.connect = [links] { return links->open(); };
    parts.hang_up = [links] { links->hang_up(); };
    parts.certificate_days = [file = office.client.certificate] { return days_of_file(file); };
    return parts;
}

/// A setting that only a person can mend ends the program before it begins.
std::vector<OfficeParts> all_parts(const AgentSettings& settings) {
    std::vector<OfficeParts> all;
    for (const auto& office : settings.offices) {
        keys_of(office.client.trusted_keys);
        try {
            client::Client{office.client};
        } catch (const std::runtime_error& error) {
            wrong(office, std::string("接続の設定が使えません / ") + error.what());
        }
        all.push_back(parts_of(office, std::make_shared<AgentLinks>(office)));
    }
    return all;
}

int check(std::vector<OfficeParts>& offices) {
    int code = exit_done;
    for (auto& office : offices) {
        const auto link = office.connect();
        const auto me = link ? link->myself() : hotfolder::Asked<hotfolder::Myself>(link.error());
        std::cout << office.settings.name << ": ";
        if (me) {
            std::cout << "つながりました。証明書はあと " << me->certificate_days
                      << " 日 / connected, certificate " << me->certificate_days << " days\n";
            continue;
        }
        std::cout << me.error().why.ja << " / " << me.error().why.en << "\n";
        code = me.error().kind == hotfolder::LinkProblem::Kind::refused ? exit_refused
                                                                        : exit_unreachable;
    }
    return code;
}

int run_once(hotfolder::Agent& agent) {
    switch (agent.run_once()) {
    case hotfolder::OnceResult::done:
        return exit_done;
    case hotfolder::OnceResult::returned:
        return exit_not_good;
    case hotfolder::OnceResult::gateway_away:
        return exit_unreachable;
    case hotfolder::OnceResult::stopped_short:
        break;
    }
    for (const auto& view : agent.views())
        for (const auto& trouble : view.troubles)
            std::cerr << "cpgw: " << view.name << ": " << trouble.what.ja << " / "
                      << trouble.what.en << "\n";
    return exit_refused;
}

std::unique_ptr<http::Server> opened_page(const hotfolder::Agent& agent, std::uint16_t port) {
    try {
        return agent_server(agent, system_clock(), port);
    } catch (const std::runtime_error& failed) { // the port is taken
        throw Failure(exit_configuration,
                      "状態のページを開けません / cannot open the status page: " +
                          std::string(failed.what()));
    }
}

int run(hotfolder::Agent& agent, const AgentSettings& settings, const Arguments& given) {
    const auto signals = block_signals();
    const bool wants_page = settings.status_port != 0 || given.has("--ready-file");
    const auto page = wants_page ? opened_page(agent, settings.status_port) : nullptr;
    if (page) page->start();
    agent.start();
    if (given.has("--ready-file"))
        write_ready_file(given.text("--ready-file"),
                         "{\"port\":" + std::to_string(page->ops_port()) +
                             ",\"pid\":" + std::to_string(::getpid()) + "}\n");
    log::info("agent.started", {{"offices", static_cast<std::int64_t>(settings.offices.size())}});
    int number = SIGHUP;
    while (number == SIGHUP) sigwait(&signals, &number);
    if (page) page->stop(page_grace);
    agent.stop();
    log::info("agent.stopped");
    return exit_done;
}

} // namespace

int agent_command(const Arguments& given) {
    const AgentSettings settings = settings_in(given.required("--config"));
    log::set_level(level_of(settings.log_level));
    auto offices = all_parts(settings);
    if (given.has("--check")) return check(offices);
    harden_process();
    try {
        hotfolder::Agent agent(std::move(offices), system_clock(), write_log);
        return given.has("--once") ? run_once(agent) : run(agent, settings, given);
    } catch (const hotfolder::FolderTaken& taken) {
        throw Failure(exit_configuration,
                      "別のエージェントが動いています: " + std::string(taken.what()) +
                          " / another agent works on this folder");
    } catch (const std::system_error& failed) {
        throw Failure(exit_configuration, "フォルダーを使えません: " + std::string(failed.what()) +
                                              " / a folder cannot be used");
    }
}

} // namespace cpg::cli
