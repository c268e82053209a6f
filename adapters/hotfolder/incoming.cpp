#include "adapters/hotfolder/incoming.hpp"

#include "adapters/hotfolder/layout.hpp"
#include "adapters/hotfolder/names.hpp"
#include "spec/records/cp932.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

namespace cpg::hotfolder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t compact_from = 4u << 20; // bytes of a journal
constexpr std::chrono::hours remembered{24 * 400};
constexpr Duration after_trouble{5'000};
constexpr std::size_t max_note = 300; // bytes; the gateway takes 1,000

std::string day_of(Time time) {
    return japan_stamp(time).substr(0, 8);
}

bool is_there(const fs::path& path) {
    return fs::exists(fs::symlink_status(path));
}

/// What the software says beside a file it could not take: `x.CSV.txt` or `x.txt`.
std::string note_beside(const fs::path& file) {
    for (const fs::path& name :
         {fs::path(file.string() + ".txt"), fs::path(file).replace_extension(".txt")}) {
        if (name == file) continue;
        auto bytes = read_whole(name);
        if (!bytes) continue;
        std::string text = is_utf8(*bytes) ? *bytes : to_utf8(*bytes);
        for (char& c : text)
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        while (text.size() > max_note || !is_utf8(text)) text.pop_back();
        return text;
    }
    return "";
}

std::string receipt_name(std::string_view step) {
    return "receipts/" + std::string(step) + ".receipt.txt";
}

} // namespace

Incoming::Incoming(const World& world, WriteDialect write)
    : world_(world),
      write_(std::move(write)), policy_{world.settings.layout == adapters::Layout::one_at_a_time,
                                        world.settings.ack == AckPolicy::on_taken ||
                                            world.settings.layout ==
                                                adapters::Layout::one_at_a_time,
                                        world.settings.ack != AckPolicy::manual},
      journal_(world.settings.folders.state / "in.journal", world.disk) {
    for (const auto& record : journal_.found()) state_.apply(record);
    journal_.forget_found();
    draw();
}

void Incoming::record(const Record& record) {
    journal_.append(record);
    state_.apply(record);
}

void Incoming::trouble(std::string code, Words what) {
    view_.troubles.push_back({std::move(code), std::move(what)});
}

fs::path Incoming::stage_of(const BundleId& id) const {
    return world_.settings.folders.incoming / ".cpgw" / id.str();
}

bool Incoming::is_watching() const {
    return !state_.open().empty();
}

Turn Incoming::turn(std::chrono::seconds wait) {
    Turn turn;
    view_.troubles.clear();
    held_.clear();
    away_ = false;
    try {
        if (world_.clock.now() >= next_try_) {
            if (ask(wait)) advance();
        } else {
            away_ = true;
            advance(); // what needs no gateway
        }
        compact();
    } catch (const std::system_error& failed) {
        view_.troubles.push_back(disk_trouble(failed));
        next_try_ = world_.clock.now() + std::min(after_trouble, world_.settings.retry.cap);
    }
    draw();
    turn.next = std::max(next_try_, world_.clock.now());
    turn.gateway_away = away_;
    turn.idle = !away_ && held_.empty() && view_.troubles.empty();
    return turn;
}

void Incoming::compact() {
    if (journal_.bytes() < compact_from) return;
    const auto records = state_.snapshot(day_of(world_.clock.now() - remembered));
    std::uint64_t bytes = 0;
    for (const auto& record : records) bytes += line_of(record).size();
    if (bytes < journal_.bytes() / 2) journal_.rewrite(records);
}

void Incoming::draw() {
    view_.waiting_for_import.emplace();
    std::size_t held = 0;
    for (const auto& id : state_.in_order()) {
        const Received& received = state_.open().at(id);
        if (!received.staged) {
            ++held;
            continue;
        }
        const auto left =
            std::count_if(received.files.begin(), received.files.end(),
                          [](const StagedFile& file) { return file.fate == FileFate::waiting; });
        view_.waiting_for_import->push_back(
            {received.arrival.from.office.str(), received.arrival.kind,
             received.arrival.serial ? received.arrival.serial->str() : "",
             static_cast<std::size_t>(left)});
    }
    view_.received_today = state_.received_on(day_of(world_.clock.now()));
    view_.quarantined = quarantined_;
    view_.looked_at = world_.clock.now();
}

bool Incoming::gateway_is_away(const LinkProblem& problem) {
    world_.reached(problem);
    Duration delay = retry_delay(world_.settings.retry, ++failures_, random_chance());
    if (problem.retry_after) delay = std::max(delay, Duration(*problem.retry_after));
    next_try_ = world_.clock.now() + delay;
    trouble("gateway.away", problem.why);
    return away_ = true;
}

/// New bundles become known in the order of sender and serial. False: the gateway is away.
bool Incoming::ask(std::chrono::seconds wait) {
    auto found = world_.link.inbox(wait);
    if (!found) {
        gateway_is_away(found.error());
        advance();
        return false;
    }
    world_.reached({});
    failures_ = 0;
    std::sort(found->begin(), found->end(), [](const Arrival& a, const Arrival& b) {
        return std::tie(a.from, a.serial, a.id) < std::tie(b.from, b.serial, b.id);
    });
    for (const auto& arrival : *found)
        if (!state_.knows(arrival.id)) record(asked_record(arrival));
    return true;
}

void Incoming::advance() {
    for (const auto& id : state_.in_order()) {
        try {
            while (state_.open().contains(id) && advance_one(id)) {
            }
        } catch (const std::system_error& failed) {
            if (is_disk_full(failed)) throw;
            const Trouble one = disk_trouble(failed); // of this bundle; the others go on
            if (view_.troubles.empty() || !(view_.troubles.back() == one))
                view_.troubles.push_back(one);
        }
    }
}

bool Incoming::advance_one(const BundleId& id) {
    const Received& received = state_.open().at(id);
    switch (next_step(received, policy_)) {
    case IncomingStep::fetch:
        return fetch(received);
    case IncomingStep::stage:
        stage(received);
        return true;
    case IncomingStep::place:
        return place(received);
    case IncomingStep::watch:
        return watch(received);
    case IncomingStep::acknowledge:
        return acknowledge(received);
    case IncomingStep::close:
        close(received);
        return true;
    }
    return false;
}

std::string Incoming::raw_folder_of(const Received& received) const {
    const Arrival& arrival = received.arrival;
    const std::string day = day_of(world_.clock.now());
    const fs::path folder =
        world_.settings.folders.archive / (day.substr(0, 4) + "-" + day.substr(4, 2)) /
        ("受信_" + arrival.from.office.str() + "_" +
         (arrival.serial ? arrival.serial->str() : "-") + "_" + arrival.id.str());
    return folder.lexically_relative(world_.settings.folders.root).string();
}

bool Incoming::fetch(const Received& received) {
    const Arrival& arrival = received.arrival;
    if (away_ || held_.contains(arrival.from.office)) return false;
    const auto delivery = world_.link.fetch(arrival.id);
    if (!delivery) {
        const LinkProblem& problem = delivery.error();
        if (problem.kind == LinkProblem::Kind::away) return !gateway_is_away(problem);
        if (problem.kind == LinkProblem::Kind::refused) { // recalled, replaced, erased
            world_.tell({"bundle.refused", arrival.id.str(), problem.why.en, true});
            record(received_closed_record(arrival.id, ""));
            return false;
        }
        held_.insert(arrival.from.office);
        trouble("receipt.not_proven",
                {"届いたものを確かめられないので、この送信元の分を止めています（" +
                     arrival.from.office.str() + "）: " + problem.why.ja,
                 "What arrived cannot be verified; this sender is held (" +
                     arrival.from.office.str() + "): " + problem.why.en});
        next_try_ = world_.clock.now() + world_.settings.retry.first;
        return false;
    }
    std::vector<InputFile> papers = delivery->files;
    for (const auto& receipt : delivery->receipts)
        papers.push_back({"receipts/" + receipt.name, receipt.bytes});
    const std::string folder = raw_folder_of(received);
    world_.disk.save_folder(world_.settings.folders.root / folder, papers);
    world_.tell({"bundle.fetched", arrival.id.str(), arrival.kind});
    record(fetched_record(arrival.id, folder, day_of(world_.clock.now())));
    return true;
}

void Incoming::stage(const Received& received) {
    const BundleId id = received.arrival.id;
    std::vector<InputFile> raw;
    for (auto& file : read_folder(world_.settings.folders.root / received.folder))
        if (!file.name.starts_with("receipts/")) raw.push_back(std::move(file));
    ForImport made;
    const bool converts = write_ && received.arrival.kind != "papers";
    try {
        if (converts)
            made = write_(raw);
        else
            made.files = std::move(raw);
    } catch (const std::system_error&) {
        throw;
    } catch (const std::exception& failed) {
        made.refused = true;
        made.complaints.push_back({"H-FAILED",
                                   true,
                                   "",
                                   0,
                                   "",
                                   {"変換が途中で止まりました。",
                                    std::string("The conversion stopped: ") + failed.what()},
                                   {}});
    }
    if (made.refused || made.files.empty()) return quarantine(received, made);
    if (!converts || world_.settings.layout_given)
        made.files = laid_out(world_.settings.layout, received.arrival, std::move(made.files));
    else
        make_windows_paths(made.files);
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < made.files.size(); ++i) {
        paths.push_back(made.files[i].name);
        made.files[i].name = "f" + std::to_string(i);
    }
    if (!made.report_json.empty()) {
        const fs::path folder = world_.settings.folders.root / received.folder;
        world_.disk.save(folder / "receipts" / "変換.json", made.report_json);
        world_.disk.save(folder / "receipts" / "変換.txt", made.report_text);
    }
    world_.disk.save_folder(stage_of(id), made.files);
    record(staged_record(id, paths));
}

void Incoming::quarantine(const Received& received, const ForImport& made) {
    const Arrival& arrival = received.arrival;
    ReturnReport report{
        world_.settings.name, arrival.id.str(), world_.clock.now(), {}, made.complaints, {}};
    report.notes.push_back(
        {"届いた送信単位をソフトの形式に変換できませんでした。標準のファイルのまま次にあります: " +
             received.folder,
         "What arrived could not be converted for the software; the files of the standard are in " +
             received.folder});
    const std::string name = "受信_" + arrival.from.office.str() + "_" +
                             (arrival.serial ? arrival.serial->str() : "-") + "_" +
                             arrival.id.str().substr(0, 8);
    world_.disk.save_folder(world_.settings.folders.returned / name,
                            {{"報告.txt", to_text(report)}, {"報告.html", to_html(report)}});
    ++quarantined_;
    world_.tell({"bundle.quarantined", arrival.id.str(), arrival.kind, true});
    record(quarantined_record(arrival.id));
}

bool Incoming::another_is_outstanding(const BundleId& id) const {
    return std::any_of(state_.open().begin(), state_.open().end(), [&](const auto& entry) {
        return entry.first != id &&
               std::any_of(entry.second.files.begin(), entry.second.files.end(),
                           [](const StagedFile& file) {
                               return file.placing && file.fate == FileFate::waiting;
                           });
    });
}

bool Incoming::place(const Received& received) {
    const BundleId id = received.arrival.id;
    if (policy_.one_at_a_time && another_is_outstanding(id)) return false;
    const std::size_t number = next_file(received);
    const StagedFile file = received.files[number];
    const fs::path staged = stage_of(id) / ("f" + std::to_string(number));
    const fs::path target = world_.settings.folders.incoming / file.path;
    if (!file.placing) record(placing_record(id, number));
    if (is_there(staged)) {
        if (is_there(target) || !world_.disk.move(staged, target)) {
            trouble("name.taken",
                    {"同じ名前のファイルがまだ受信フォルダーにあります: " + file.path,
                     "A file of the same name is still in the incoming folder: " + file.path});
            return false;
        }
    }
    record(placed_record(id, number));
    return true;
}

/// Looks where the placed files are. True: one of them is gone.
bool Incoming::watch(const Received& received) {
    const BundleId id = received.arrival.id;
    const Folders& folders = world_.settings.folders;
    const Time now = world_.clock.now();
    for (std::size_t i = 0; i < received.files.size(); ++i) {
        const StagedFile& file = received.files[i];
        if (!file.placed || file.fate != FileFate::waiting) continue;
        const fs::path path = folders.incoming / file.path;
        if (!fs::is_directory(folders.incoming)) // a share that is away took nothing
            throw std::system_error(ENOENT, std::generic_category(), folders.incoming.string());
        if (is_there(path)) {
            missing_since_.erase(path);
            continue;
        }
        const fs::path name = path.filename();
        if (is_there(folders.failed / name)) {
            record(gone_record(id, i, FileFate::failed, note_beside(folders.failed / name)));
            world_.tell({"import.failed", id.str(), "", true});
            return true;
        }
        const Time since = missing_since_.emplace(path, now).first->second;
        if (!is_there(folders.taken / name) && now < since + world_.settings.taken_grace) continue;
        missing_since_.erase(path);
        record(gone_record(id, i, FileFate::taken, ""));
        return true;
    }
    return false;
}

bool Incoming::acknowledge(const Received& received) {
    const BundleId id = received.arrival.id;
    if (away_) return false;
    const std::string state(outcome_of(received));
    std::string note;
    for (const auto& file : received.files)
        if (file.fate == FileFate::failed)
            note += (note.empty() ? "" : " / ") + fs::path(file.path).filename().string() +
                    (file.note.empty() ? "" : ": " + file.note);
    while (note.size() > max_note || !is_utf8(note)) note.pop_back();
    const auto receipt = world_.link.acknowledge(id, state, note);
    if (!receipt) {
        if (receipt.error().kind != LinkProblem::Kind::refused)
            return !gateway_is_away(receipt.error());
        world_.tell({"ack.refused", id.str(), receipt.error().why.en, true});
    } else if (!receipt->empty()) {
        world_.disk.save(world_.settings.folders.root / received.folder / receipt_name(state),
                         *receipt);
    }
    world_.tell({"bundle.acknowledged", id.str(), state});
    record(acknowledged_record(id));
    return true;
}

void Incoming::close(const Received& received) {
    const BundleId id = received.arrival.id;
    const std::string day = received.day;
    world_.disk.remove(stage_of(id));
    record(received_closed_record(id, day));
}

} // namespace cpg::hotfolder
