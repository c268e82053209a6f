// A whole small world for somebody who writes the office's side: a throw-away PKI, the real gateway
// in this process, robot partners that answer, a listener to look at requests and to start over.
// What the gateway does is not mocked anywhere, its limits are those of production. The folder
// outlives the sandbox.
//
//     Folder folder = Folder::make_temporary();
//     Sandbox sandbox(folder, settings);
//     sandbox.start();
//     … sandbox.access() …
//     sandbox.stop();
#pragma once

#include "gateway/app/application.hpp"
#include "gateway/sandbox/access.hpp"
#include "gateway/sandbox/folder.hpp"
#include "gateway/sandbox/request_log.hpp"
#include "gateway/sandbox/robot.hpp"

namespace cpg::sandbox {

struct SandboxSettings {
    std::uint16_t port = 0;         // of the gateway; 0 = any free one
    std::uint16_t control_port = 0; // of the control listener, on loopback
    std::uint64_t seed = 1;
    Month month;                              // of what planners send
    std::chrono::seconds answer_after{};      // of robots whose plan does not say
    std::chrono::seconds unclaimed_after{60}; // a sender is told that nobody fetched; 1 s at least
    std::vector<RobotPlan> robots;
};

class Control;

class Sandbox {
  public:
    /// Makes certificates, settings, keys and data in the folder. Throws app::ConfigurationError,
    /// or what the environment throws.
    Sandbox(Folder& folder, SandboxSettings settings);
    ~Sandbox(); // stops
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// Gateway, robots, control; then writes sandbox.json, whole. Throws.
    void start();
    /// Idempotent. Not from the control's own threads.
    void stop();
    /// Bundles, sessions, people, the log and the memory of requests are gone; certificates, keys
    /// and ports stay; robots begin anew. One at a time, any thread. When it fails the gateway is
    /// down and the next reset tries again.
    Result<void> reset();

    const Access& access() const { return access_; } // after start()
    const RequestLog& requests() const { return requests_; }
    const std::vector<std::unique_ptr<Robot>>& robots() const { return robots_; }
    Robot* robot(std::string_view office) const; // nullptr: none of that number

  private:
    void make_offices();
    void make_data();
    void make_robots();
    void write_client_settings();
    void start_gateway();
    void forget_data();
    void observe(const http::Answered& answered);
    std::filesystem::path database(std::string_view suffix = {}) const;

    Folder& folder_;
    SandboxSettings settings_;
    Access access_;
    Pki pki_;
    CatalogPtr catalog_;
    RequestLog requests_;
    std::vector<std::unique_ptr<Robot>> robots_;
    std::mutex life_; // held by whoever starts, stops, resets
    bool stopped_ = false;
    app::Config config_;
    std::unique_ptr<app::Application> gateway_;
    std::unique_ptr<Control> control_;
};

} // namespace cpg::sandbox
