// What the agent's tests have in common: a folder, a clock that is set, a gateway made of maps, and
// a Disk whose power can be cut at its n-th step.
#pragma once

#include "adapters/hotfolder/incoming.hpp"
#include "spec/base/digest.hpp"
#include "spec/load/load.hpp"
#include "spec/sample/sample.hpp"

#include <fstream>
#include <map>

namespace cpg::hotfolder::test {

namespace fs = std::filesystem;

struct Scratch {
    /// In memory where there is such a folder: thousands of flushes would take their time on a
    /// disk.
    Scratch()
        : path((fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
               ("cpgw-test-" + hex(random_bytes(8)))) {
        fs::create_directory(path);
    }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    fs::path path;
};

struct SetClock : Clock {
    Time time = *parse_rfc3339("2026-11-23T03:00:00.000Z");
    Time now() const override { return time; }
};

struct PowerCut {}; // no std::exception: nothing may catch it

/// Throws at its n-th step, counted from 1; 0 = never.
struct Fuse {
    std::size_t burns_at = 0, steps = 0;
    void step() {
        if (++steps == burns_at) throw PowerCut{};
    }
};

/// The other side, as far as the agent sees it. Answers lost on the way: `loses_answers` of the
/// next calls do their work and then say that nobody was there.
struct FakeGateway {
    struct Sent {
        std::string key;
        std::vector<InputFile> files;
        std::string conversion;
    };
    std::vector<Sent> accepted;                 // in order; a repeated key is not a new one
    std::map<std::string, std::string> digests; // key -> of its first request
    struct Waiting {
        Arrival arrival;
        std::vector<InputFile> files;
        std::size_t imported = 0, failed = 0;
        std::string note;
    };
    std::vector<Waiting> mailbox;
    std::vector<BundleId> fetched; // in order, first times only
    bool is_away = false;
    int loses_answers = 0;
    std::optional<LinkProblem> send_problem, fetch_problem;
    std::vector<Complaint> rejects; // not empty: what is sent is rejected
    std::size_t calls = 0;

    static LinkProblem nobody() { return {LinkProblem::Kind::away, {"届きません", "away"}, {}}; }

    bool answers() {
        ++calls;
        if (loses_answers > 0) return --loses_answers < 0;
        return true;
    }

    static std::string digest_of_all(const Request& request) {
        Sha256 hash;
        for (const auto& file : request.files)
            hash.update(file.name).update("\n").update(sha256(file.bytes).view());
        return hex(hash.update(request.conversion).finish().view());
    }

    Asked<Judged> send(const Request& request) {
        if (is_away) return nobody();
        if (send_problem) return *send_problem;
        const std::string digest = digest_of_all(request);
        const auto [known, is_new] = digests.emplace(request.key, digest);
        if (known->second != digest) throw std::logic_error("the key was used for other bytes");
        if (is_new && rejects.empty())
            accepted.push_back({request.key, request.files, request.conversion});
        if (!answers()) return nobody();
        Judged judged;
        judged.accepted = rejects.empty();
        judged.bundle = "bundle of " + request.key;
        judged.receipt = "receipt of " + request.key;
        judged.complaints = rejects;
        return judged;
    }
    Waiting* find(const BundleId& id) {
        for (auto& waiting : mailbox)
            if (waiting.arrival.id == id) return &waiting;
        return nullptr;
    }
    Asked<std::vector<Arrival>> inbox() {
        if (is_away || !answers()) return nobody();
        std::vector<Arrival> found;
        for (const auto& waiting : mailbox)
            if (waiting.arrival.state == "accepted") found.push_back(waiting.arrival);
        return found;
    }
    Asked<Delivery> fetch(const BundleId& id) {
        if (is_away) return nobody();
        if (fetch_problem) return *fetch_problem;
        Waiting& waiting = *find(id);
        if (waiting.arrival.state == "accepted") fetched.push_back(id);
        waiting.arrival.state = "fetched";
        if (!answers()) return nobody();
        return Delivery{waiting.files, {{"accepted.receipt.txt", "receipt"}}};
    }
    Asked<std::string> acknowledge(const BundleId& id, std::string_view state,
                                   const std::string& note) {
        if (is_away) return nobody();
        Waiting& waiting = *find(id);
        if (waiting.arrival.state != state)
            ++(state == "imported" ? waiting.imported : waiting.failed);
        waiting.arrival.state = state;
        waiting.note = note;
        if (!answers()) return nobody();
        return std::string("receipt of import");
    }

    Link link() {
        Link made;
        made.send = [this](const Request& request) { return send(request); };
        made.inbox = [this](std::chrono::seconds) { return inbox(); };
        made.look = [this](const BundleId& id) -> Asked<Arrival> { return find(id)->arrival; };
        made.fetch = [this](const BundleId& id) { return fetch(id); };
        made.acknowledge = [this](const BundleId& id, std::string_view state,
                                  const std::string& note) { return acknowledge(id, state, note); };
        made.myself = []() -> Asked<Myself> { return Myself{{}, 90}; };
        return made;
    }
};

inline OfficeRef office(const char* number, const char* type) {
    return {*OfficeNo::parse(number), ServiceType::parse(type)};
}

/// A valid schedule of one user, 3 files; another serial for another number.
inline std::vector<InputFile> schedule(int number = 0) {
    SampleRequest request;
    request.from = office("0370100017", "43");
    request.to = {office("0370100025", "11")};
    request.month = Month::of(2026, 11);
    request.kinds = {"schedule"};
    request.seed = static_cast<std::uint64_t>(number) + 1;
    request.serial = Serial::parse("202611010900" + std::to_string(10 + number));
    return *make_sample(*embedded_catalog(), request);
}

inline std::map<std::string, Bytes> as_map(const std::vector<InputFile>& files) {
    std::map<std::string, Bytes> all;
    for (const auto& file : files) all[file.name] = file.bytes;
    return all;
}

/// Files of a folder and below, hidden ones too.
inline std::map<std::string, Bytes> all_below(const fs::path& folder) {
    std::map<std::string, Bytes> all;
    if (!fs::exists(folder)) return all;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            all[entry.path().lexically_relative(folder).generic_string()] =
                *read_whole(entry.path());
    return all;
}

/// One office with its folder; runs survive it, as a disk survives a power cut.
struct Desk {
    Desk() {
        Folders& folders = settings.folders;
        folders.root = scratch.path;
        folders.outgoing = scratch.path / "送信";
        folders.incoming = scratch.path / "受信";
        folders.taken = folders.incoming / "取込済";
        folders.failed = folders.incoming / "取込エラー";
        folders.archive = scratch.path / "控え";
        folders.returned = scratch.path / "差戻し";
        folders.state = scratch.path / ".cpgw";
        for (const auto& folder :
             {folders.outgoing, folders.incoming, folders.taken, folders.failed, folders.archive,
              folders.returned, folders.state})
            fs::create_directories(folder);
        settings.name = "見本事業所";
        settings.min_free_bytes = 0;
        settings.taken_grace = Duration(0);
        converter.catalog = embedded_catalog();
    }

    World world() {
        return {settings, link, disk, clock, [](const Event&) {}, [](const Asked<void>&) {}};
    }
    void drop(const std::string& path, const Bytes& bytes) {
        fs::create_directories((settings.folders.outgoing / path).parent_path());
        std::ofstream(settings.folders.outgoing / path, std::ios::binary) << bytes;
    }
    void drop(const std::vector<InputFile>& files) {
        for (const auto& file : files) drop(file.name, file.bytes);
    }
    void pass(Duration time) { clock.time += time; }
    /// Turns of a way out until it has nothing to do that time alone would bring.
    void run_out(Outgoing& outgoing, int turns = 40) {
        for (int i = 0; i < turns; ++i) {
            const Turn turn = outgoing.turn();
            if (turn.idle) return;
            clock.time = std::max(turn.next, clock.time + Duration(1));
        }
    }
    void run_out() {
        Outgoing outgoing(world(), converter);
        run_out(outgoing);
    }
    void put(const std::vector<InputFile>& files, const char* from, const char* serial) {
        FakeGateway::Waiting waiting;
        waiting.arrival.id = BundleId::make(clock.time + Duration(made_++), random_bytes(10));
        waiting.arrival.from = office(from, "43");
        waiting.arrival.to = office("0370100025", "11");
        waiting.arrival.serial = Serial::parse(serial);
        waiting.arrival.kind = "schedule";
        waiting.arrival.month = "202611";
        waiting.arrival.state = "accepted";
        waiting.files = files;
        gateway.mailbox.push_back(std::move(waiting));
    }
    /// What the software sees in 受信.
    std::map<std::string, Bytes> placed() const {
        std::map<std::string, Bytes> all;
        for (const auto& [path, bytes] : all_below(settings.folders.incoming))
            if (!path.starts_with(".cpgw") && !path.starts_with("取込")) all[path] = bytes;
        return all;
    }
    /// The care software: moves what it finds, counts how often it saw each.
    void software_takes(std::map<std::string, int>& seen) {
        for (const auto& [path, bytes] : placed()) {
            ++seen[path];
            fs::rename(settings.folders.incoming / path,
                       settings.folders.taken / fs::path(path).filename());
        }
    }

    Scratch scratch;
    OfficeSettings settings;
    SetClock clock;
    FakeGateway gateway;
    Link link = gateway.link();
    Fuse fuse;
    Disk disk{[this](std::string_view) { fuse.step(); }};
    Converter converter;

  private:
    int made_ = 0;
};

} // namespace cpg::hotfolder::test
