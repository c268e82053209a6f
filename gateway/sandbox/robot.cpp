#include "gateway/sandbox/robot.hpp"

#include "gateway/audit/receipt.hpp"
#include "gateway/sandbox/results.hpp"
#include "spec/base/digest.hpp"
#include "spec/records/unpack.hpp"
#include "spec/sample/random.hpp"
#include "spec/sample/sample.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace cpg::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view failure_note =
    "サンドボックスのロボットです：取り込めなかったことにしました。 / sandbox robot: import failed "
    "on purpose";
constexpr std::chrono::seconds later_pause{2}; // what the rates give back meanwhile is enough
constexpr int max_attempts = 30;
constexpr auto japan = std::chrono::hours(9);

std::string text_at(const json::value& value, std::string_view name) {
    const auto* const object = value.if_object();
    const auto* const member = object ? object->if_contains(name) : nullptr;
    return member && member->is_string() ? std::string(member->get_string()) : std::string();
}

json::array array_at(const client::Answer& answer, std::string_view name) {
    const auto body = answer.json();
    const auto* const object = body ? body->if_object() : nullptr;
    const auto* const list = object ? object->if_contains(name) : nullptr;
    return list && list->is_array() ? list->get_array() : json::array();
}

/// "R-SEQ-01, R-AUTH-01" of the errors of a report.
std::string rules_of(const json::value& report) {
    const auto* const object = report.if_object();
    const auto* const findings = object ? object->if_contains("findings") : nullptr;
    std::set<std::string> rules;
    if (findings && findings->is_array())
        for (const auto& finding : findings->get_array())
            if (text_at(finding, "severity") == "error") rules.insert(text_at(finding, "rule"));
    std::string text;
    for (const auto& rule : rules) text += (text.empty() ? "" : ", ") + rule;
    return text;
}

/// The edition whose service months these are (R-VER-04); the newest for any other.
std::string edition_for(const Catalog& catalog, Month month) {
    for (const auto& edition : catalog.editions)
        if (edition->applies_from <= month &&
            (!edition->applies_to.has_value() || month <= edition->applies_to))
            return edition->id;
    return catalog.editions.front()->id;
}

Serial serial_at(Time time) {
    std::string digits;
    for (const char c : rfc3339(time + japan).substr(0, 19))
        if (c >= '0' && c <= '9') digits += c;
    return Serial::parse(digits).value();
}

} // namespace

Robot::Robot(RobotPlan plan, RobotServices services)
    : plan_(std::move(plan)), services_(std::move(services)) {}

Robot::~Robot() {
    stop();
}

void Robot::start(const std::string& gateway) {
    stop();
    client::Settings settings = services_.settings;
    settings.gateway = gateway;
    client_.emplace(std::move(settings));
    not_proven_.clear();
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    fail_next_ = false;
    due_.reset();
    status_ = {};
    events_.clear();
    // Something may have come before; and a certificate that is no good shows at the first look.
    wanted_ = {plan_.behaviour != Behaviour::never, false, plan_.behaviour == Behaviour::planner};
    thread_ = std::thread([this] { run(); });
}

void Robot::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    client_.reset();
}

void Robot::wake() {
    if (plan_.behaviour == Behaviour::never) return;
    const std::lock_guard lock(mutex_);
    wanted_.look = true;
    status_.idle = false;
    changed_.notify_all();
}

void Robot::answer_now() {
    const std::lock_guard lock(mutex_);
    wanted_.look = wanted_.at_once = true;
    status_.idle = false;
    changed_.notify_all();
}

void Robot::fail_next() {
    const std::lock_guard lock(mutex_);
    fail_next_ = true;
}

bool Robot::send_again() {
    if (plan_.behaviour != Behaviour::planner) return false;
    const std::lock_guard lock(mutex_);
    wanted_.send = true;
    status_.idle = false;
    changed_.notify_all();
    return true;
}

RobotStatus Robot::status() const {
    const std::lock_guard lock(mutex_);
    RobotStatus status = status_;
    status.events.assign(events_.begin(), events_.end());
    return status;
}

void Robot::run() {
    while (const auto task = next_task()) {
        try {
            do_task(*task);
        } catch (const std::exception& failed) { // of the client or the disk: told, not fatal
            note("refused", {}, failed.what());
        }
    }
}

std::optional<Robot::Task> Robot::next_task() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (stopping_) return std::nullopt;
        if (due_ && *due_ <= services_.clock.now()) wanted_.look = true;
        if (wanted_.look || wanted_.send) {
            due_.reset();
            return std::exchange(wanted_, {});
        }
        status_.idle = true;
        if (due_)
            changed_.wait_for(lock, *due_ - services_.clock.now());
        else
            changed_.wait(lock);
    }
}

void Robot::do_task(const Task& task) {
    if (task.send) send_plans();
    if (task.look) look(task.at_once);
}

std::chrono::seconds Robot::delay() const {
    return plan_.answer_after.value_or(services_.answer_after);
}

void Robot::look(bool at_once) {
    const auto page = mailbox();
    if (!page) return;
    std::size_t waiting = 0, taken = 0;
    std::optional<Time> due;
    for (const Arrival& bundle : page->bundles) {
        if (not_proven_.contains(bundle.id)) continue;
        const Time ready = bundle.accepted_at + delay();
        // Behind one that waits the others wait too: a mailbox is emptied in order.
        if (waiting > 0 || (!at_once && ready > services_.clock.now())) {
            if (waiting++ == 0) due = ready;
            continue;
        }
        take(bundle);
        ++taken;
    }
    const std::lock_guard lock(mutex_);
    status_.waiting = waiting;
    due_ = due;
    if (page->more && taken > 0) wanted_ = {true, at_once || wanted_.at_once, wanted_.send};
}

std::optional<Robot::Mailbox> Robot::mailbox() {
    const auto answer = get("/v1/inbox?state=new", {});
    if (!answer) return std::nullopt;
    Mailbox page;
    for (const auto& item : array_at(*answer, "bundles")) {
        const auto id = BundleId::parse(text_at(item, "id"));
        const auto time = parse_rfc3339(text_at(item, "accepted_at"));
        if (id && time) page.bundles.push_back({*id, text_at(item, "kind"), *time});
    }
    const auto body = answer->json();
    page.more = body && !text_at(*body, "next").empty();
    return page;
}

void Robot::take(const Arrival& bundle) {
    auto files = fetch(bundle);
    if (!files) return;
    if (!is_proven(bundle, *files)) {
        not_proven_.insert(bundle.id);
        return;
    }
    bool imported = plan_.behaviour != Behaviour::import_failed;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(fail_next_, false)) imported = false;
    }
    acknowledge(bundle, imported);
    if (imported && bundle.kind == "schedule" && plan_.behaviour != Behaviour::planner)
        answer_schedule(std::move(*files));
}

std::optional<std::vector<InputFile>> Robot::fetch(const Arrival& bundle) {
    const std::string id = bundle.id.str();
    const auto answer = get("/v1/bundles/" + id + "/content", id);
    if (!answer) return std::nullopt;
    auto files = unpack_zip(answer->body);
    if (!files) {
        note("not_proven", id, "the ZIP cannot be read: " + files.error().detail);
        return std::nullopt;
    }
    note("fetched", id, bundle.kind);
    return std::move(*files);
}

/// The receipt of the acceptance, over these very bytes, by the gateway's own log.
bool Robot::is_proven(const Arrival& bundle, const std::vector<InputFile>& files) {
    const std::string id = bundle.id.str();
    const auto answer = get("/v1/bundles/" + id + "/receipts", id);
    if (!answer) return false;
    std::vector<audit::FileToVerify> at_hand;
    for (const auto& file : files)
        at_hand.push_back({file.name, sha256(file.bytes), file.bytes.size()});
    for (const auto& item : array_at(*answer, "receipts")) {
        if (text_at(item, "step") != "accepted") continue;
        const auto outcome =
            audit::verify_receipt(text_at(item, "receipt"), at_hand, services_.trusted);
        if (outcome.result == audit::Verified::proven && outcome.receipt &&
            outcome.receipt->entry.bundle == bundle.id)
            return true;
        note("not_proven", id, outcome.reason_en);
        return false;
    }
    note("not_proven", id, "no receipt of the acceptance");
    return false;
}

void Robot::acknowledge(const Arrival& bundle, bool imported) {
    json::object body{{"state", imported ? "imported" : "import_failed"}};
    if (!imported) body["note"] = failure_note;
    const std::string id = bundle.id.str();
    const std::string text = json::serialize(body);
    const auto answer = patiently([&](client::Client& client) {
        return client.post("/v1/bundles/" + id + "/ack", "application/json", text);
    });
    if (accepted(answer, id)) note(imported ? "imported" : "import_failed", id, bundle.kind);
}

void Robot::answer_schedule(std::vector<InputFile> files) {
    const Heap heap = group_files(*services_.catalog, std::move(files));
    if (heap.bundles.empty()) return;
    const Bundle& schedule = heap.bundles.front();
    ResultsRequest request;
    request.seed = sampling::mix(services_.seed, plan_.office.office.view());
    request.users = plan_.behaviour == Behaviour::missing_user ? Users::without_last : Users::all;
    request.serial = next_serial();
    const auto results = results_of(schedule, request);
    if (!results) return note("nothing_to_send", {}, "no user is left for the results");
    submit({*results});
    if (plan_.behaviour != Behaviour::correction) return;
    request.seed = sampling::mix(request.seed, "correction");
    request.serial = next_serial();
    if (const auto corrected = results_of(schedule, request)) submit({*corrected});
}

void Robot::send_plans() {
    SampleRequest request;
    request.from = plan_.office;
    request.to = {own_offices().service};
    request.month = services_.month;
    request.users = plan_.users;
    request.seed = services_.seed;
    request.kinds = {"care_plan", "schedule"};
    request.edition = edition_for(*services_.catalog, services_.month);
    request.serial = next_serial(static_cast<int>(request.kinds.size()));
    const auto files = make_sample(*services_.catalog, request);
    if (!files) return note("refused", {}, files.error().detail);
    submit(*files);
}

void Robot::submit(const std::vector<InputFile>& files) {
    std::vector<client::Upload> parts;
    for (const auto& file : files)
        parts.push_back({"file", file.name, "application/octet-stream", file.bytes});
    const auto answer = patiently(
        [&](client::Client& client) { return client.post_multipart("/v1/bundles", parts); });
    if (answer && answer->status == 422) {
        for (const auto& item : array_at(*answer, "bundles"))
            note("rejected", text_at(item, "id"),
                 item.is_object() && item.get_object().contains("report")
                     ? rules_of(item.get_object().at("report"))
                     : std::string());
        return;
    }
    const auto done = accepted(answer, {});
    if (!done) return;
    for (const auto& item : array_at(*done, "bundles"))
        note(text_at(item, "verdict") == "accepted" ? "sent" : "rejected", text_at(item, "id"),
             item.is_object() && item.get_object().contains("report")
                 ? text_at(item.get_object().at("report"), "kind")
                 : std::string());
}

Serial Robot::next_serial(int count) {
    const Time now = std::chrono::floor<std::chrono::seconds>(services_.clock.now());
    const Time first = std::max(now, last_serial_ + std::chrono::seconds(1));
    last_serial_ = first + std::chrono::seconds(count - 1);
    return serial_at(first);
}

Result<client::Answer> Robot::patiently(const Ask& ask) {
    for (int attempt = 1;; ++attempt) {
        auto answer = ask(*client_);
        const bool later = answer && (answer->status == 429 || answer->status == 503);
        if (!later || attempt == max_attempts || !pause(later_pause)) return answer;
    }
}

bool Robot::pause(std::chrono::seconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [&] { return stopping_; });
}

std::optional<client::Answer> Robot::get(const std::string& path, const std::string& bundle) {
    return accepted(patiently([&](client::Client& client) { return client.get(path); }), bundle);
}

std::optional<client::Answer> Robot::accepted(Result<client::Answer> answer,
                                              const std::string& bundle) {
    if (!answer) {
        note("refused", bundle, answer.error().detail);
        return std::nullopt;
    }
    if (answer->status >= 200 && answer->status < 300) return std::move(*answer);
    std::string why = std::to_string(answer->status);
    if (const auto body = answer->json()) why += " " + text_at(*body, "type");
    note("refused", bundle, why);
    return std::nullopt;
}

void Robot::note(std::string what, const std::string& bundle, std::string detail) {
    const std::lock_guard lock(mutex_);
    if (what == "fetched") ++status_.fetched;
    if (what == "imported") ++status_.imported;
    if (what == "import_failed") ++status_.import_failed;
    if (what == "sent") ++status_.sent;
    const bool again = !events_.empty() && events_.back().what == what &&
                       events_.back().bundle == bundle && events_.back().detail == detail;
    if (again) events_.pop_back(); // the newest time is told
    if (events_.size() == max_robot_events) events_.pop_front();
    events_.push_back({services_.clock.now(), std::move(what), bundle, std::move(detail)});
}

} // namespace cpg::sandbox
