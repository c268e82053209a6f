// A partner office that plays along: its own certificate, its own thread, and the same blocking
// client as everybody (real TLS, nothing mocked). It looks into its mailbox when it is woken, takes
// what arrived in order, verifies the receipts, acknowledges, and answers a schedule with 実績.
//
//     Robot robot(plan, services);
//     robot.start("https://localhost:8443");
//     robot.wake(); // something was accepted: it may be for this robot
//
// Every public function from any thread. What it does is told by status(), not thrown: a robot that
// is told to come back later does so; one that cannot reach the gateway, or is refused, says so and
// looks again at the next wake.
#pragma once

#include "adapters/client/client.hpp"
#include "gateway/audit/note.hpp"
#include "gateway/sandbox/robots_file.hpp"
#include "spec/records/bundle.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace cpg::sandbox {

struct RobotServices {
    client::Settings settings; // with the robot's certificate; `gateway` is told at the start
    std::vector<audit::VerifierKey> trusted;
    CatalogPtr catalog;
    std::uint64_t seed = 1;
    Month month;                         // of what a planner sends
    std::chrono::seconds answer_after{}; // of robots whose plan does not say
    const Clock& clock;
};

/// Something a robot did. No personal data.
struct RobotEvent {
    Time time{};
    std::string what;   // fetched, imported, import_failed, sent, rejected, refused, not_proven
    std::string bundle; // id, or empty
    std::string detail; // English: kind, rules, what the gateway or TLS said
};

struct RobotStatus {
    std::uint64_t fetched = 0, imported = 0, import_failed = 0, sent = 0;
    std::size_t waiting = 0;        // known, and not looked at yet because of answer_after
    bool idle = false;              // nothing to do before the next wake or the end of answer_after
    std::vector<RobotEvent> events; // the last max_robot_events, oldest first; a repeated one once
};
constexpr std::size_t max_robot_events = 50; // what a page shows

class Robot {
  public:
    Robot(RobotPlan plan, RobotServices services);
    ~Robot(); // stops
    Robot(const Robot&) = delete;
    Robot& operator=(const Robot&) = delete;

    const RobotPlan& plan() const { return plan_; }
    /// Starts anew: no events, counters at zero, a first look. A planner sends.
    void start(const std::string& gateway);
    /// A request that runs is waited for. Idempotent.
    void stop();
    void wake();
    /// Takes what lies in its mailbox now, whatever its plan says.
    void answer_now();
    /// The next bundle it takes is answered by import_failed.
    void fail_next();
    /// A planner sends again, under new serials; false for any other.
    bool send_again();
    RobotStatus status() const;

  private:
    struct Arrival {
        BundleId id;
        std::string kind;
        Time accepted_at{};
    };
    /// What a turn of the thread was asked to do.
    struct Task {
        bool look = false, at_once = false, send = false;
    };

    void run();
    std::optional<Task> next_task(); // waits; nullopt = stop
    void do_task(const Task& task);
    void look(bool at_once);
    struct Mailbox {
        std::vector<Arrival> bundles; // a page
        bool more = false;            // behind it
    };
    std::optional<Mailbox> mailbox();
    void take(const Arrival& bundle);
    std::optional<std::vector<InputFile>> fetch(const Arrival& bundle);
    bool is_proven(const Arrival& bundle, const std::vector<InputFile>& files);
    void acknowledge(const Arrival& bundle, bool imported);
    void answer_schedule(std::vector<InputFile> files);
    void send_plans();
    void submit(const std::vector<InputFile>& files);
    Serial next_serial(int count = 1); // and the `count` - 1 after it
    std::chrono::seconds delay() const;
    void note(std::string what, const std::string& bundle, std::string detail);
    using Ask = std::function<Result<client::Answer>(client::Client&)>;
    /// Asks again as long as the gateway says "later" (429, 503).
    Result<client::Answer> patiently(const Ask& ask);
    bool pause(std::chrono::seconds time); // false: it was told to stop meanwhile
    std::optional<client::Answer> get(const std::string& path, const std::string& bundle);
    /// The answer of a 2xx; anything else is noted.
    std::optional<client::Answer> accepted(Result<client::Answer> answer,
                                           const std::string& bundle);

    const RobotPlan plan_;
    const RobotServices services_;
    std::optional<client::Client> client_; // of the thread
    std::set<BundleId> not_proven_;        // of the thread: told once, not taken
    Time last_serial_{};                   // of the thread

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    Task wanted_;
    bool fail_next_ = false;
    std::optional<Time> due_; // when the next bundle may be looked at
    RobotStatus status_;
    std::deque<RobotEvent> events_;
    std::thread thread_;
};

} // namespace cpg::sandbox
