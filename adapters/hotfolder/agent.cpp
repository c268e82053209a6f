#include "adapters/hotfolder/agent.hpp"

#include "adapters/hotfolder/watch.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace cpg::hotfolder {
namespace {

namespace fs = std::filesystem;

constexpr Duration pause_after_failure{5'000};
constexpr Duration pause_after_refusal{3'600'000};
constexpr Duration write_status_every{10'000}; // 状態.txt; sooner when something changed
constexpr std::chrono::hours ask_myself_every{6};
constexpr std::chrono::seconds while_watching{1}; // how soon an import is noticed

/// Held as long as it lives; gone with the process, however that ends.
class FolderLock {
  public:
    explicit FolderLock(const fs::path& file)
        : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), file.string());
        if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
        ::close(fd_);
        throw FolderTaken(file.parent_path().string());
    }
    ~FolderLock() { ::close(fd_); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int fd_;
};

Trouble failed_office(const std::exception& failed) {
    if (dynamic_cast<const JournalDamaged*>(&failed))
        return {"journal.damaged",
                {"作業の記録が壊れています。二重に送らないため、この事業所を止めています: " +
                     std::string(failed.what()),
                 "The journal is damaged; this office is stopped, so that nothing is sent twice: " +
                     std::string(failed.what())}};
    return {"office.failed",
            {"続けられません: " + std::string(failed.what()),
             "Cannot go on: " + std::string(failed.what())}};
}

} // namespace

struct Agent::Office {
    Office(OfficeParts given, const Clock& the_clock,
           std::function<void(const std::string&, const Event&)> the_tell)
        : parts(std::move(given)), clock(the_clock), tell(std::move(the_tell)) {
        const Folders& folders = parts.settings.folders;
        for (const auto& folder : {folders.state, folders.outgoing, folders.incoming, folders.taken,
                                   folders.failed, folders.archive, folders.returned})
            fs::create_directories(folder);
        lock.emplace(folders.state / "lock");
        shown.name = parts.settings.name;
    }

    OfficeParts parts;
    const Clock& clock;
    std::function<void(const std::string&, const Event&)> tell;
    std::optional<FolderLock> lock;
    Disk disk;
    Watch out_watch, in_watch;
    std::thread out_thread, in_thread;
    std::atomic<bool> stopping{false};

    mutable std::mutex mutex; // of what follows
    OfficeView shown;
    std::string written; // 状態.txt as it was last written, without its time
    Time written_at{};
    std::optional<Time> asked_myself;

    void said(const Event& event) const { tell(parts.settings.name, event); }

    void reached(const Asked<void>& outcome) {
        const std::lock_guard guard(mutex);
        GatewayView& gateway = shown.gateway;
        const bool good = outcome.has_value();
        if (gateway.reachable != good) {
            gateway.since = clock.now();
            said({good ? "gateway.reached" : "gateway.away", "", good ? "" : outcome.error().why.en,
                  !good});
        }
        gateway.reachable = good;
        gateway.why = good ? Words{} : outcome.error().why;
    }

    World world(const Link& link) {
        return {parts.settings,
                link,
                disk,
                clock,
                [this](const Event& event) { said(event); },
                [this](const Asked<void>& outcome) { reached(outcome); }};
    }

    void show_trouble(const Trouble& trouble) {
        const std::lock_guard guard(mutex);
        for (const auto& known : shown.troubles)
            if (known == trouble) return;
        shown.troubles.push_back(trouble);
        said({"office.trouble", "", trouble.code, true});
    }
    void forget_trouble(std::string_view code) {
        const std::lock_guard guard(mutex);
        std::erase_if(shown.troubles, [&](const Trouble& one) { return one.code == code; });
    }

    void look_at_certificate(const Link* link) {
        std::optional<int> days;
        if (link && link->myself) {
            const auto myself = link->myself();
            if (myself) {
                reached({});
                days = myself->certificate_days;
            }
        }
        if (!days && parts.certificate_days) days = parts.certificate_days();
        const std::lock_guard guard(mutex);
        shown.gateway.certificate_days = days;
        asked_myself = clock.now();
    }
    bool wants_certificate() const {
        const std::lock_guard guard(mutex);
        return !asked_myself || clock.now() > *asked_myself + ask_myself_every;
    }

    /// 状態.txt, when it says something new or is old. A disk that refuses is no reason to stop.
    void write_status() {
        std::string text;
        {
            const std::lock_guard guard(mutex);
            const Time now = clock.now();
            const std::string timeless = status_text(shown, Time{});
            if (timeless == written && now < written_at + write_status_every) return;
            written = timeless;
            written_at = now;
            text = status_text(shown, now);
        }
        try {
            disk.save(parts.settings.folders.root / "状態.txt", text);
        } catch (const std::system_error&) {
            const std::lock_guard guard(mutex);
            written.clear();
        }
    }

    void show(const OutgoingView& view) {
        {
            const std::lock_guard guard(mutex);
            shown.outgoing = view;
        }
        write_status();
    }
    void show(const IncomingView& view) {
        {
            const std::lock_guard guard(mutex);
            shown.incoming = view;
        }
        write_status();
    }

    /// A link, or nullopt when the program is to stop.
    std::optional<Link> connected(Watch& watch) {
        while (!stopping) {
            auto link = parts.connect();
            if (link) {
                forget_trouble("connect");
                return std::move(*link);
            }
            show_trouble({"connect", link.error().why});
            look_at_certificate(nullptr);
            write_status();
            // A log that does not continue is for people: each try would keep its evidence again.
            watch.wait(link.error().kind == LinkProblem::Kind::refused ? pause_after_refusal
                                                                       : pause_after_failure);
        }
        return std::nullopt;
    }

    /// Runs a way until the program stops; what it cannot mend itself is shown and tried again.
    template<class Run> void keep_running(Watch& watch, Run run) {
        while (!stopping) {
            try {
                run();
            } catch (const std::exception& failed) {
                const Trouble trouble = failed_office(failed);
                show_trouble(trouble);
                write_status();
                watch.wait(pause_after_failure);
                if (!stopping && trouble.code != "journal.damaged") forget_trouble(trouble.code);
            }
        }
    }

    void run_out() {
        keep_running(out_watch, [this] {
            const auto link = connected(out_watch);
            if (!link) return;
            Outgoing outgoing(world(*link), parts.converter);
            while (!stopping) {
                out_watch.look_at(parts.settings.folders.outgoing);
                const Turn turn = outgoing.turn();
                show(outgoing.view());
                if (stopping) return;
                out_watch.wait(
                    std::max(std::chrono::ceil<Duration>(turn.next - clock.now()), Duration(20)));
            }
        });
    }

    void run_in() {
        keep_running(in_watch, [this] {
            const auto link = connected(in_watch);
            if (!link) return;
            Incoming incoming(world(*link), parts.write);
            show(incoming.view());
            while (!stopping) {
                if (wants_certificate()) look_at_certificate(&*link);
                const auto poll = std::chrono::ceil<std::chrono::seconds>(parts.settings.poll);
                const Turn turn = incoming.turn(incoming.is_watching() ? while_watching : poll);
                show(incoming.view());
                if (stopping) return;
                in_watch.wait(
                    std::max(std::chrono::ceil<Duration>(turn.next - clock.now()), Duration(0)));
            }
        });
    }

    OnceResult run_once() {
        try {
            const auto link = parts.connect();
            if (!link) {
                show_trouble({"connect", link.error().why});
                return OnceResult::stopped_short;
            }
            look_at_certificate(&*link);
            Outgoing outgoing(world(*link), parts.converter);
            Incoming incoming(world(*link), parts.write);
            Turn out = outgoing.turn();
            while (!out.idle && !out.gateway_away && !stopping) {
                out_watch.wait(
                    std::max(std::chrono::ceil<Duration>(out.next - clock.now()), Duration(1)));
                out = outgoing.turn();
            }
            const Turn in = incoming.turn(std::chrono::seconds(0));
            show(outgoing.view());
            show(incoming.view());
            if (out.gateway_away || in.gateway_away) return OnceResult::gateway_away;
            if (outgoing.returned_count() != 0 || incoming.quarantined_count() != 0)
                return OnceResult::returned;
            return OnceResult::done;
        } catch (const std::exception& failed) {
            show_trouble(failed_office(failed));
            write_status();
            return OnceResult::stopped_short;
        }
    }
};

Agent::Agent(std::vector<OfficeParts> offices, const Clock& clock,
             std::function<void(const std::string&, const Event&)> tell) {
    // Asking whether a file is open for writing (a lease) may be answered by this signal, whose
    // default would end the program.
    std::signal(SIGIO, SIG_IGN);
    for (auto& parts : offices)
        offices_.push_back(std::make_unique<Office>(std::move(parts), clock, tell));
}

Agent::~Agent() {
    stop();
}

void Agent::start() {
    for (auto& office : offices_) {
        office->out_thread = std::thread([&one = *office] { one.run_out(); });
        office->in_thread = std::thread([&one = *office] { one.run_in(); });
    }
}

void Agent::stop() {
    for (auto& office : offices_) {
        office->stopping = true;
        if (office->parts.hang_up) office->parts.hang_up();
        office->out_watch.wake();
        office->in_watch.wake();
    }
    for (auto& office : offices_) {
        if (office->out_thread.joinable()) office->out_thread.join();
        if (office->in_thread.joinable()) office->in_thread.join();
    }
}

OnceResult Agent::run_once() {
    OnceResult worst = OnceResult::done;
    for (auto& office : offices_) worst = std::max(worst, office->run_once());
    return worst;
}

std::vector<OfficeView> Agent::views() const {
    std::vector<OfficeView> views;
    for (const auto& office : offices_) {
        const std::lock_guard guard(office->mutex);
        views.push_back(office->shown);
    }
    return views;
}

std::optional<std::string> Agent::report_of(std::size_t number, const std::string& folder) const {
    if (number >= offices_.size() || folder.empty() || folder.starts_with('.') ||
        folder.find('/') != std::string::npos)
        return std::nullopt;
    return read_whole(offices_[number]->parts.settings.folders.returned / folder / "報告.txt");
}

} // namespace cpg::hotfolder
