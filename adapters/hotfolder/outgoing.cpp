#include "adapters/hotfolder/outgoing.hpp"

#include "adapters/hotfolder/names.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/utf8.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace cpg::hotfolder {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_scanned = 20'000; // a big office's year is far less
constexpr int max_depth = 3;
constexpr std::uint64_t max_file_bytes = 64u << 20; // the gateway takes no larger one
constexpr std::uint64_t max_foreign_bytes = 256u
                                            << 20; // held at a time, to see what belongs together
constexpr std::uint64_t compact_from = 4u << 20;   // bytes of a journal
constexpr std::size_t max_news = 20;
constexpr std::size_t sends_in_a_turn = 10;      // so that views stay fresh and stopping is quick
constexpr std::size_t max_kept_complaints = 100; // of a job, in the journal; the rest is counted
constexpr Duration look_again{30'000};           // network shares do not tell of changes
constexpr Duration after_trouble{5'000};
constexpr std::chrono::hours remembered{24 * 400}; // what was sent before: over a year

const std::string originals = "原本";
const std::string sent_folder = "送付";

std::string day_of(Time time) {
    return japan_stamp(time).substr(0, 8);
}

std::string digits_of(const std::string& stamp) { // "20261123-183000" -> 14 digits
    return stamp.substr(0, 8) + stamp.substr(9, 6);
}

/// The next second of a serial; the last day's last second stays real by the calendar.
Serial after(const Serial& serial) {
    if (!serial.is_real()) return serial;
    return *Serial::parse(digits_of(japan_stamp(serial.instant() + std::chrono::seconds(1))));
}

/// "20261123-183000-…" -> "2026-11".
std::string month_folder(const std::string& job) {
    return job.substr(0, 4) + "-" + job.substr(4, 2);
}

std::string stem_of(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

bool is_held_for_writing(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    const bool held = ::fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    ::close(fd);
    return held;
}

struct Look {
    std::vector<Scanned>& files;
    std::size_t& unreadable_names;
};

void scan_into(const fs::path& folder, const std::string& before, int depth, Look& look) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!is_utf8(name)) {
            ++look.unreadable_names;
            continue;
        }
        if (is_passed_over(name)) continue;
        struct stat found {};
        if (::lstat(entry.path().c_str(), &found) != 0) continue; // gone meanwhile
        if (S_ISDIR(found.st_mode) && depth < max_depth) {
            scan_into(entry.path(), before + name + "/", depth + 1, look);
        } else if (S_ISREG(found.st_mode) && look.files.size() < max_scanned) {
            look.files.push_back(
                {before + name, static_cast<std::uint64_t>(found.st_size),
                 std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec,
                 found.st_ino, is_held_for_writing(entry.path())});
        }
    }
}

bool is_same(const fs::path& file, const JobFile& recorded) {
    struct stat found {};
    return ::lstat(file.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
           static_cast<std::uint64_t>(found.st_size) == recorded.bytes &&
           std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec ==
               recorded.modified;
}

void cap(std::vector<Complaint>& complaints) {
    if (complaints.size() <= max_kept_complaints) return;
    // Errors first: what is dropped must not be what refused the set.
    std::stable_sort(complaints.begin(), complaints.end(),
                     [](const Complaint& a, const Complaint& b) { return a.error && !b.error; });
    const std::string more = std::to_string(complaints.size() - max_kept_complaints);
    complaints.resize(max_kept_complaints);
    complaints.push_back(
        {"", false, "", 0, "", {"ほかに " + more + " 件あります。", "and " + more + " more."}, {}});
}

Complaint missing_complaint(const std::vector<std::string>& missing) {
    Words what{"送信単位のファイルがそろいませんでした。",
               "Files of the set did not come in time."};
    if (!missing.empty()) {
        what.ja += "足りないもの: ";
        what.en += " Missing: ";
        for (const auto& one : missing) {
            what.ja += (&one == &missing.front() ? "" : "、") + one;
            what.en += (&one == &missing.front() ? "" : ", ") + one.substr(0, one.find("（"));
        }
    }
    return {"H-MISSING",
            true,
            "",
            0,
            "",
            std::move(what),
            {"全部のファイルを一度に入れてください。", "Drop all of its files together."}};
}

std::string set_folder(std::size_t number) {
    return sent_folder + "/" + std::to_string(number + 1);
}

} // namespace

std::vector<Scanned> scan_folder(const fs::path& folder, std::size_t& unreadable_names) {
    std::vector<Scanned> files;
    unreadable_names = 0;
    Look look{files, unreadable_names};
    try {
        scan_into(folder, "", 1, look);
    } catch (const fs::filesystem_error& failed) {
        throw std::system_error(failed.code(), folder.string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

double random_chance() {
    const Bytes bytes = random_bytes(2);
    return (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) /
           65536.0;
}

Outgoing::Outgoing(const World& world, Converter converter)
    : world_(world), converter_(std::move(converter)),
      journal_(world.settings.folders.state / "out.journal", world.disk) {
    for (const auto& record : journal_.found()) state_.apply(record);
    journal_.forget_found();
    adopt_orphans();
}

void Outgoing::record(const Record& record) {
    journal_.append(record);
    state_.apply(record);
}

fs::path Outgoing::work_of(const std::string& job) const {
    return world_.settings.folders.state / "work" / job;
}

/// Work that no record knows: the journal was lost. It goes back to the people, with a word.
void Outgoing::adopt_orphans() {
    const fs::path work = world_.settings.folders.state / "work";
    if (!fs::is_directory(work)) return;
    std::vector<std::string> orphans;
    for (const auto& entry : fs::directory_iterator(work)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with('.') && !state_.open().contains(name)) orphans.push_back(name);
    }
    for (const auto& name : orphans)
        world_.disk.move(work / name, world_.settings.folders.returned / (name + "_記録なし"));
}

Trouble disk_trouble(const std::system_error& failed) {
    if (is_disk_full(failed))
        return {"disk.full",
                {"ディスクがいっぱいです。空きができたら続けます。",
                 "The disk is full; goes on when there is room."}};
    return {"folder",
            {"フォルダーを使えません。直ったら続けます: " + std::string(failed.what()),
             "A folder cannot be used; goes on when it can: " + std::string(failed.what())}};
}

bool is_disk_full(const std::system_error& failed) {
    return failed.code().value() == ENOSPC || failed.code().value() == EDQUOT;
}

void Outgoing::stuck(const std::system_error& failed, Turn& turn) {
    view_.troubles.push_back(disk_trouble(failed));
    turn.next = std::min(turn.next, world_.clock.now() + after_trouble);
    turn.idle = false;
}

void Outgoing::trouble(std::string code, Words what) {
    view_.troubles.push_back({std::move(code), std::move(what)});
}

void Outgoing::news(Words what) {
    view_.news.push_back(std::move(what));
    if (view_.news.size() > max_news) view_.news.erase(view_.news.begin());
}

Turn Outgoing::turn() {
    view_.troubles.clear();
    sends_left_ = sends_in_a_turn;
    Turn turn;
    turn.next = world_.clock.now() + look_again;
    turn.idle = true;
    try {
        advance(turn);
        take_lots(turn);
        advance(turn);
        compact();
    } catch (const std::system_error& failed) {
        stuck(failed, turn);
    }
    look_at_returned();
    view_.queued.emplace();
    for (const auto& [id, job] : state_.open()) {
        const bool known = !job.requests.empty();
        view_.queued->push_back({id, known ? job.requests.front().kind : "",
                                 known ? job.requests.front().to : "", job.files.size()});
    }
    view_.sent_today = state_.sent_on(day_of(world_.clock.now()));
    view_.looked_at = world_.clock.now();
    return turn;
}

void Outgoing::compact() {
    if (journal_.bytes() < compact_from) return;
    const auto records = state_.snapshot(day_of(world_.clock.now() - remembered));
    std::uint64_t bytes = 0;
    for (const auto& record : records) bytes += line_of(record).size();
    if (bytes < journal_.bytes() / 2) journal_.rewrite(records);
}

// -- jobs
// -------------------------------------------------------------------------------------------------

void Outgoing::advance(Turn& turn) {
    std::vector<std::string> ids;
    for (const auto& [id, job] : state_.open()) ids.push_back(id);
    for (const auto& id : ids) {
        try {
            while (state_.open().contains(id) && advance_job(id, turn)) {
            }
        } catch (const std::system_error& failed) {
            if (is_disk_full(failed)) throw;
            stuck(failed, turn); // of this job; the others go on
        }
    }
}

/// One step of a job; false: it has to wait.
bool Outgoing::advance_job(const std::string& id, Turn& turn) {
    const Job& job = state_.open().at(id);
    switch (next_step(job)) {
    case OutgoingStep::collect:
        return collect(job);
    case OutgoingStep::send:
        return send(job, turn);
    case OutgoingStep::close:
        close(job);
        return true;
    }
    return false;
}

/// False: an earlier job has to end first.
bool Outgoing::collect(const Job& job) {
    const fs::path work = work_of(job.id);
    world_.disk.make_folder(work / originals);
    for (const auto& file : job.files) {
        const fs::path from = world_.settings.folders.outgoing / file.path;
        const fs::path to = work / originals / file.path;
        if (!is_same(from, file)) continue; // moved already, or no longer what was taken
        if (world_.disk.move(from, to)) continue;
        // Copied to another file system, and stopped before the source was removed.
        if (read_whole(from) == read_whole(to)) world_.disk.remove(from);
    }
    const auto files = read_folder(work / originals);
    Job collected = job;
    collected.files.clear();
    for (const auto& file : files)
        collected.files.push_back({file.name, file.bytes.size(), 0,
                                   sent_finger(*converter_.catalog, file.name, file.bytes)});
    // Dropped twice before the first could be sent: what becomes of the first decides.
    if (state_.is_in_work(collected)) return false;
    make_ready(std::move(collected), files);
    return true;
}

void Outgoing::make_ready(Job job, const std::vector<InputFile>& files) {
    const fs::path work = work_of(job.id);
    std::set<std::string> places;
    bool all_sent = !files.empty() && !world_.settings.send_again;
    for (const auto& file : job.files) {
        const std::string* const place = state_.place_of(file.finger);
        if (place) places.insert(*place);
        all_sent = all_sent && place;
    }
    if (all_sent) {
        job.same_as.assign(places.begin(), places.end());
        return record(ready_record(job));
    }
    world_.disk.remove(work / sent_folder); // of a run that did not come to its record
    Serial highest = job.serial;
    std::set<std::string> refused_sources;
    if (!job.missing.empty()) job.complaints.push_back(missing_complaint(job.missing));
    for (auto& made : make_sets(converter_, files, job.serial, world_.clock.now())) {
        if (made.state != Made::State::ready) {
            if (made.state == Made::State::partial && job.missing.empty())
                job.complaints.push_back(missing_complaint({}));
            job.complaints.insert(job.complaints.end(), made.complaints.begin(),
                                  made.complaints.end());
            refused_sources.insert(made.sources.begin(), made.sources.end());
            continue;
        }
        const std::size_t number = job.requests.size();
        std::vector<InputFile> kept = made.files;
        world_.disk.save_folder(work / set_folder(number), kept);
        if (!made.report_json.empty()) {
            const std::string name = "変換-" + std::to_string(number + 1);
            world_.disk.save(work / (name + ".json"), made.report_json);
            world_.disk.save(work / (name + ".txt"), made.report_text);
        }
        JobRequest request{"cpgw-agent-" + job.id + "-" + std::to_string(number + 1),
                           made.header,
                           made.to,
                           made.kind,
                           {},
                           made.sources,
                           false,
                           false,
                           "",
                           {}};
        for (const auto& file : made.files) {
            request.files.push_back({file.name, sha256(file.bytes)});
            const auto parsed = parse_file_name(*converter_.catalog, file.name);
            if (const auto* name = std::get_if<FileName>(&parsed); name && !made.header.empty())
                highest = std::max(highest, name->serial);
        }
        job.requests.push_back(std::move(request));
    }
    job.serial = highest;
    job.refused_sources.assign(refused_sources.begin(), refused_sources.end());
    cap(job.complaints);
    record(ready_record(job));
    world_.tell({"job.ready", job.id, std::to_string(job.requests.size())});
}

bool Outgoing::send(const Job& job, Turn& turn) {
    const Time now = world_.clock.now();
    if (now < next_try_) {
        turn.next = std::min(turn.next, next_try_);
        turn.gateway_away = true;
        turn.idle = false;
        if (waits_for_ && view_.troubles.empty()) view_.troubles.push_back(*waits_for_);
        return false;
    }
    if (sends_left_ == 0) { // the rest after a look at the folder and at who wants to stop
        turn.next = now;
        turn.idle = false;
        return false;
    }
    --sends_left_;
    const std::size_t number = next_request(job);
    const JobRequest& asked = job.requests[number];
    Request request{asked.key, asked.conversion, {}};
    for (const auto& file : asked.files) {
        auto bytes = read_whole(work_of(job.id) / set_folder(number) / file.name);
        if (!bytes || sha256(*bytes) != file.digest) {
            trouble("work.changed",
                    {"作業中のファイルが変えられました。送りません: 作業番号 " + job.id,
                     "Work in progress was changed on disk; it is not sent: job " + job.id});
            turn.idle = false;
            return false;
        }
        request.files.push_back({file.name, std::move(*bytes)});
    }
    const auto judged = world_.link.send(request);
    waits_for_.reset();
    if (judged) {
        world_.reached({});
        failures_ = 0;
        answered(job, number, *judged);
        return true;
    }
    const LinkProblem& problem = judged.error();
    if (problem.kind == LinkProblem::Kind::refused) {
        world_.reached({});
        failures_ = 0;
        answered(
            job, number,
            {false,
             "",
             "",
             {{"H-REFUSED",
               true,
               "",
               0,
               "",
               problem.why,
               {"内容を確かめて、もう一度入れてください。", "Look at it and drop it again."}}}});
        return true;
    }
    if (problem.kind == LinkProblem::Kind::away) world_.reached(problem);
    Duration delay = retry_delay(world_.settings.retry, ++failures_, random_chance());
    if (problem.retry_after) delay = std::max(delay, Duration(*problem.retry_after));
    next_try_ = world_.clock.now() + delay;
    turn.next = std::min(turn.next, next_try_);
    turn.gateway_away = true;
    turn.idle = false;
    waits_for_ =
        Trouble{problem.kind == LinkProblem::Kind::away ? "gateway.away" : "receipt.not_proven",
                problem.why};
    view_.troubles.push_back(*waits_for_);
    world_.tell({"job.postponed", job.id, problem.why.en, true});
    return false;
}

void Outgoing::answered(const Job& job, std::size_t number, const Judged& judged) {
    if (!judged.receipt.empty())
        world_.disk.save(work_of(job.id) / set_folder(number) / "receipts" /
                             (judged.accepted ? "accepted.receipt.txt" : "rejected.receipt.txt"),
                         judged.receipt);
    JobRequest request = job.requests[number];
    request.accepted = judged.accepted;
    request.bundle = judged.bundle;
    request.complaints = judged.complaints;
    cap(request.complaints);
    world_.tell({judged.accepted ? "job.sent" : "job.rejected", job.id, judged.bundle});
    record(answered_record(job.id, number, request));
}

void Outgoing::close(const Job& job) {
    const bool any_sent = std::any_of(job.requests.begin(), job.requests.end(),
                                      [](const JobRequest& request) { return request.accepted; });
    const bool all_sent = job.refused_sources.empty() &&
                          std::all_of(job.requests.begin(), job.requests.end(),
                                      [](const JobRequest& request) { return request.accepted; });
    std::string place;
    if (job.files.empty()) { // taken away by somebody before they were moved
        world_.disk.remove(work_of(job.id));
    } else if (!job.same_as.empty()) {
        answer_again(job);
        place = archive_papers(job);
        news({"送信済みのファイルです。もう一度は送りませんでした: " + job.id,
              "Sent before, not sent again: " + job.id});
    } else if (any_sent) {
        if (!all_sent) return_papers(job, false);
        place = archive_papers(job);
    } else {
        place = return_papers(job, true);
    }
    if (!all_sent && !job.files.empty() && job.same_as.empty()) {
        ++returned_;
        news({"差し戻しました: " + job.id, "Returned: " + job.id});
    }
    world_.tell({"job.closed", job.id, any_sent ? "sent" : "not sent"});
    record(closed_record(job.id, place));
}

/// Into 差戻し: the whole job, or copies of what was not sent of it.
std::string Outgoing::return_papers(const Job& job, bool alone) {
    const std::string name =
        windows_name(job.id + "_" + windows_name(stem_of(job.files.front().path)));
    const fs::path target = world_.settings.folders.returned / name;
    const fs::path work = work_of(job.id);
    if (!fs::exists(work)) return target.lexically_relative(world_.settings.folders.root).string();
    ReturnReport report{world_.settings.name, job.id, world_.clock.now(), {}, job.complaints, {}};
    std::set<std::string> sources(job.refused_sources.begin(), job.refused_sources.end());
    std::size_t sent = 0;
    for (const auto& request : job.requests) {
        if (request.accepted) {
            ++sent;
            continue;
        }
        sources.insert(request.sources.begin(), request.sources.end());
        report.complaints.insert(report.complaints.end(), request.complaints.begin(),
                                 request.complaints.end());
    }
    report.files.assign(sources.begin(), sources.end());
    if (sent != 0)
        report.notes.push_back(
            {"同じファイルのほかの " + std::to_string(sent) + " 件は送りました（控えの " + job.id +
                 "）。",
             std::to_string(sent) + " other sets of the same files were sent (" + job.id + ")."});
    if (alone) {
        world_.disk.save(work / "報告.txt", to_text(report));
        world_.disk.save(work / "報告.html", to_html(report));
        if (!world_.disk.move(work, target)) world_.disk.remove(work); // copied, not yet removed
    } else {
        std::vector<InputFile> papers{{"報告.txt", to_text(report)},
                                      {"報告.html", to_html(report)}};
        for (auto& file : read_folder(work / originals))
            if (sources.contains(file.name))
                papers.push_back({originals + "/" + file.name, std::move(file.bytes)});
        world_.disk.save_folder(target, papers);
    }
    return target.lexically_relative(world_.settings.folders.root).string();
}

std::string Outgoing::archive_papers(const Job& job) {
    std::string name = job.id;
    if (!job.same_as.empty())
        name += "_送信済み";
    else if (job.requests.size() == 1)
        name += "_" + job.requests.front().to + "_" + job.requests.front().kind;
    const fs::path target =
        world_.settings.folders.archive / month_folder(job.id) / windows_name(name);
    const fs::path work = work_of(job.id);
    if (fs::exists(work) && !world_.disk.move(work, target)) world_.disk.remove(work);
    return target.lexically_relative(world_.settings.folders.root).string();
}

/// The first receipts beside what was dropped again.
void Outgoing::answer_again(const Job& job) {
    const fs::path work = work_of(job.id);
    if (!fs::exists(work)) return;
    std::string text =
        "\xef\xbb\xbfこのファイルはすでに送っています。もう一度は送りませんでした。\r\n"
        "These files were sent before and are not sent again.\r\n\r\n";
    std::size_t number = 0;
    for (const auto& place : job.same_as) {
        text += place + "\r\n";
        const fs::path sets = world_.settings.folders.root / place / sent_folder;
        for (const auto& file : read_folder(sets))
            if (file.name.ends_with("accepted.receipt.txt"))
                world_.disk.save(work / "receipts" /
                                     (std::to_string(++number) + ".accepted.receipt.txt"),
                                 file.bytes);
    }
    world_.disk.save(work / "送信済み.txt", text);
}

// -- the outgoing folder
// ----------------------------------------------------------------------------------

bool Outgoing::has_room() {
    const auto space = fs::space(world_.settings.folders.root);
    if (space.available >= world_.settings.min_free_bytes) return true;
    trouble("disk.full", {"ディスクの空きが足りません。新しいファイルは取りません。",
                          "Too little room on the disk: no new file is taken."});
    return false;
}

std::vector<Scanned> Outgoing::scan() {
    const fs::path& folder = world_.settings.folders.outgoing;
    std::size_t unreadable_names = 0;
    auto files = scan_folder(folder, unreadable_names);
    if (unreadable_names != 0)
        trouble("name.unreadable",
                {"名前の文字コードが UTF-8 ではないファイルがあります: " +
                     std::to_string(unreadable_names) + " 件",
                 "Files whose names are not UTF-8: " + std::to_string(unreadable_names)});
    std::erase_if(files, [&](const Scanned& file) {
        const bool readable = ::access((folder / file.path).c_str(), R_OK) == 0;
        if (readable && file.bytes <= max_file_bytes) return false;
        trouble(
            readable ? "file.large" : "file.unreadable",
            {(readable ? "大きすぎます（64 MiB まで）: " : "読む権限がありません: ") + file.path,
             (readable ? "Too large (over 64 MiB): " : "No permission to read: ") + file.path});
        return true;
    });
    return files;
}

void Outgoing::take_lots(Turn& turn) {
    view_.waiting.reset();
    const Time now = world_.clock.now();
    const auto lots =
        lots_of(*converter_.catalog, watched_.look(scan(), now), world_.settings.lots, now);
    view_.waiting.emplace();
    const bool room = lots.empty() || has_room();
    for (const auto& lot : lots) {
        if (lot.state == Lot::State::waiting || !room) {
            for (const auto& seen : lot.files) {
                WaitingItem item{seen.file.path, "書き終わるのを待っています", "being written"};
                if (!lot.missing.empty()) {
                    item.why_ja = "そろうのを待っています:";
                    item.why_en = "waits for:";
                    for (const auto& missing : lot.missing) {
                        item.why_ja += " " + missing;
                        item.why_en += " " + missing.substr(0, missing.find("（"));
                    }
                }
                view_.waiting->push_back(std::move(item));
            }
            turn.next = std::min(turn.next, room ? lot.due : now + after_trouble);
            // A set whose rest is missing waits for people; everything else for time.
            if (lot.missing.empty() || !room) turn.idle = false;
        } else if (lot.kind == Lot::Kind::foreign) {
            take_foreign(lot, turn, now);
        } else {
            take(lot, now);
        }
    }
}

void Outgoing::take(const Lot& lot, Time now) {
    Job job;
    const std::string stamp = japan_stamp(now);
    std::array<char, 8> sequence{};
    std::snprintf(sequence.data(), sequence.size(), "%03u", ++sequence_ % 1000);
    job.id = stamp + "-" + sequence.data() + "-" + hex(random_bytes(2));
    job.serial = std::max(*Serial::parse(digits_of(stamp)), after(state_.last_serial()));
    job.missing = lot.state == Lot::State::incomplete ? lot.missing : std::vector<std::string>{};
    for (const auto& seen : lot.files)
        job.files.push_back({seen.file.path, seen.file.bytes, seen.file.modified, ""});
    world_.tell({"job.taken", job.id, std::to_string(job.files.size())});
    record(taken_record(job));
}

/// Files of a software: conversion says which belong together, and whether more has to come.
void Outgoing::take_foreign(const Lot& lot, Turn& turn, Time now) {
    const auto same = [](const Seen& a, const Seen& b) {
        return a.file == b.file && a.since == b.since;
    };
    const bool looked_at =
        std::equal(lot.files.begin(), lot.files.end(), partial_.begin(), partial_.end(), same);
    if (looked_at && now < partial_due_) {
        turn.next = std::min(turn.next, partial_due_);
        for (const auto& seen : lot.files)
            view_.waiting->push_back(
                {seen.file.path, "残りのファイルを待っています", "waits for the rest of its set"});
        return;
    }
    std::vector<InputFile> files;
    Time newest{};
    std::uint64_t total = 0;
    for (const auto& seen : lot.files) {
        total += seen.file.bytes;
        if (total > max_foreign_bytes && !files.empty()) break; // the rest when these are gone
        auto bytes = read_whole(world_.settings.folders.outgoing / seen.file.path);
        if (!bytes) return; // gone meanwhile: at the next look
        files.push_back({seen.file.path, std::move(*bytes)});
        newest = std::max(newest, seen.since);
    }
    const Serial serial =
        std::max(*Serial::parse(digits_of(japan_stamp(now))), after(state_.last_serial()));
    const auto made = make_sets(converter_, files, serial, now);
    const Time due = newest + world_.settings.lots.set_timeout;
    partial_.clear();
    for (const auto& group : linked_sets(made)) {
        Lot part = lot;
        std::set<std::string> sources;
        bool partial = false;
        for (const std::size_t i : group) {
            sources.insert(made[i].sources.begin(), made[i].sources.end());
            partial = partial || made[i].state == Made::State::partial;
        }
        std::erase_if(part.files,
                      [&](const Seen& seen) { return !sources.contains(seen.file.path); });
        if (!partial || now >= due) {
            take(part, now);
            if (files.size() < lot.files.size()) { // there is more behind them
                turn.next = now;
                turn.idle = false;
            }
            continue;
        }
        partial_due_ = due;
        turn.next = std::min(turn.next, due);
        partial_.insert(partial_.end(), part.files.begin(), part.files.end());
    }
    for (const auto& seen : partial_)
        view_.waiting->push_back(
            {seen.file.path, "残りのファイルを待っています", "waits for the rest of its set"});
    std::sort(partial_.begin(), partial_.end(),
              [](const Seen& a, const Seen& b) { return a.file.path < b.file.path; });
}

void Outgoing::look_at_returned() {
    view_.returned.reset();
    std::error_code error;
    std::vector<ReturnedItem> items;
    for (auto at = fs::directory_iterator(world_.settings.folders.returned, error);
         !error && at != fs::directory_iterator(); at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (!name.starts_with('.') && at->is_directory(error)) items.push_back({name});
    }
    if (error && error != std::errc::no_such_file_or_directory) return;
    std::sort(items.begin(), items.end(),
              [](const ReturnedItem& a, const ReturnedItem& b) { return a.folder > b.folder; });
    view_.returned = std::move(items);
}

} // namespace cpg::hotfolder
