#include "adapters/hotfolder/outgoing_state.hpp"

#include "adapters/hotfolder/record_reader.hpp"
#include "spec/base/digest.hpp"

#include <algorithm>

namespace cpg::hotfolder {
namespace {

namespace json = boost::json;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

json::array texts(const std::vector<std::string>& items) {
    json::array array;
    for (const auto& item : items) array.emplace_back(item);
    return array;
}

json::array complaints_json(const std::vector<Complaint>& complaints) {
    json::array array;
    for (const auto& one : complaints)
        array.push_back(json::object{{"rule", one.rule},
                                     {"error", one.error},
                                     {"file", one.file},
                                     {"line", one.line},
                                     {"item", one.item},
                                     {"ja", one.what.ja},
                                     {"en", one.what.en},
                                     {"hint_ja", one.hint.ja},
                                     {"hint_en", one.hint.en}});
    return array;
}

std::vector<Complaint> complaints_at(const Record& record) {
    std::vector<Complaint> complaints;
    for (const Record* one : objects_at(record, "complaints"))
        complaints.push_back({text_at(*one, "rule"),
                              flag_at(*one, "error"),
                              text_at(*one, "file"),
                              static_cast<std::uint32_t>(number_at(*one, "line")),
                              text_at(*one, "item"),
                              {text_at(*one, "ja"), text_at(*one, "en")},
                              {text_at(*one, "hint_ja"), text_at(*one, "hint_en")}});
    return complaints;
}

json::object request_json(const JobRequest& request) {
    json::array files;
    for (const auto& file : request.files)
        files.push_back(json::object{{"name", file.name}, {"sha256", hex(file.digest.view())}});
    return {{"key", request.key},        {"conversion", request.conversion},
            {"to", request.to},          {"kind", request.kind},
            {"files", std::move(files)}, {"sources", texts(request.sources)}};
}

JobRequest request_of(const Record& record) {
    JobRequest request;
    request.key = text_at(record, "key");
    request.conversion = text_at(record, "conversion");
    request.to = text_at(record, "to");
    request.kind = text_at(record, "kind");
    request.sources = texts_at(record, "sources");
    for (const Record* file : objects_at(record, "files")) {
        const auto digest = parse_digest(text_at(*file, "sha256"));
        if (!digest) throw JournalDamaged("sha256");
        request.files.push_back({text_at(*file, "name"), *digest});
    }
    return request;
}

Serial serial_at(const Record& record) {
    const auto serial = Serial::parse(text_at(record, "serial"));
    if (!serial) throw JournalDamaged("serial");
    return *serial;
}

std::string day_of(const std::string& job) {
    return job.substr(0, 8);
}

} // namespace

OutgoingStep next_step(const Job& job) {
    if (!job.ready) return OutgoingStep::collect;
    const bool all = std::all_of(job.requests.begin(), job.requests.end(),
                                 [](const JobRequest& request) { return request.answered; });
    return all ? OutgoingStep::close : OutgoingStep::send;
}

std::size_t next_request(const Job& job) {
    return static_cast<std::size_t>(
        std::find_if(job.requests.begin(), job.requests.end(),
                     [](const JobRequest& request) { return !request.answered; }) -
        job.requests.begin());
}

std::string sent_finger(const Catalog& catalog, const std::string& path, BytesView bytes) {
    const std::string name = base_name(path);
    const std::string_view signed_name = signed_name_of(name);
    const bool standard = std::holds_alternative<FileName>(
        parse_file_name(catalog, signed_name.empty() ? std::string_view(name) : signed_name));
    Sha256 hash;
    if (standard) hash.update(name).update("\n");
    return hex(hash.update(sha256(bytes).view()).finish().view());
}

void OutgoingState::apply(const Record& record) {
    const std::string what = text_at(record, "what");
    if (what == "sent") {
        sent_[text_at(record, "finger")] = {text_at(record, "day"), text_at(record, "place")};
        return;
    }
    if (what == "day") {
        accepted_on_[text_at(record, "day")] = number_at(record, "accepted");
        return;
    }
    if (what == "serial") {
        last_serial_ = serial_at(record);
        return;
    }
    const std::string id = text_at(record, "job");
    if (what == "taken") {
        Job job;
        job.id = id;
        job.serial = serial_at(record);
        job.missing = texts_at(record, "missing");
        for (const Record* file : objects_at(record, "files"))
            job.files.push_back({text_at(*file, "path"), number_at(*file, "bytes"),
                                 static_cast<std::int64_t>(number_at(*file, "modified")), ""});
        last_serial_ = std::max(last_serial_, job.serial);
        open_[id] = std::move(job);
        return;
    }
    const auto at = open_.find(id);
    if (at == open_.end()) throw JournalDamaged("record of no job");
    Job& job = at->second;
    if (what == "ready") {
        job.ready = true;
        job.files.clear();
        for (const Record* file : objects_at(record, "files"))
            job.files.push_back(
                {text_at(*file, "path"), number_at(*file, "bytes"), 0, text_at(*file, "finger")});
        for (const Record* request : objects_at(record, "requests"))
            job.requests.push_back(request_of(*request));
        job.refused_sources = texts_at(record, "refused_sources");
        job.complaints = complaints_at(record);
        job.same_as = texts_at(record, "same_as");
        last_serial_ = std::max(last_serial_, serial_at(record));
    } else if (what == "answered") {
        const auto number = number_at(record, "request");
        if (number >= job.requests.size()) throw JournalDamaged("request");
        JobRequest& request = job.requests[number];
        request.answered = true;
        request.accepted = flag_at(record, "accepted");
        request.bundle = text_at(record, "bundle");
        request.complaints = complaints_at(record);
        if (request.accepted) ++accepted_on_[day_of(id)];
    } else if (what == "closed") {
        close(job, record);
        open_.erase(at);
    } else {
        throw JournalDamaged("unknown record");
    }
}

void OutgoingState::close(Job& job, const Record& record) {
    std::set<std::string> not_sent(job.refused_sources.begin(), job.refused_sources.end());
    std::set<std::string> sent;
    for (const auto& request : job.requests)
        (request.accepted ? sent : not_sent).insert(request.sources.begin(), request.sources.end());
    for (const auto& file : job.files)
        if (sent.contains(file.path) && !not_sent.contains(file.path))
            sent_[file.finger] = {day_of(job.id), text_at(record, "place")};
}

const std::string* OutgoingState::place_of(const std::string& finger) const {
    const auto at = sent_.find(finger);
    return at == sent_.end() ? nullptr : &at->second.place;
}

bool OutgoingState::is_in_work(const Job& job) const {
    std::set<std::string> fingers;
    for (const auto& file : job.files) fingers.insert(file.finger);
    return std::any_of(open_.begin(), open_.end(), [&](const auto& entry) {
        const Job& other = entry.second;
        return other.id != job.id && other.ready &&
               std::any_of(other.files.begin(), other.files.end(),
                           [&](const JobFile& file) { return fingers.contains(file.finger); });
    });
}

std::size_t OutgoingState::sent_on(const std::string& japan_day) const {
    const auto at = accepted_on_.find(japan_day);
    return at == accepted_on_.end() ? 0 : at->second;
}

std::vector<Record> OutgoingState::snapshot(const std::string& keep_from) const {
    std::vector<Record> records;
    records.push_back({{"what", "serial"}, {"serial", last_serial_.view()}});
    for (const auto& [finger, file] : sent_)
        if (file.day >= keep_from)
            records.push_back(
                {{"what", "sent"}, {"finger", finger}, {"day", file.day}, {"place", file.place}});
    // Counts that the records of open jobs bring again are left out of the days.
    std::map<std::string, std::size_t> days = accepted_on_;
    for (const auto& [id, job] : open_)
        for (const auto& request : job.requests)
            if (request.accepted) --days[day_of(id)];
    for (const auto& [day, accepted] : days)
        if (day >= keep_from && accepted != 0)
            records.push_back({{"what", "day"}, {"day", day}, {"accepted", accepted}});
    for (const auto& [id, job] : open_) {
        records.push_back(taken_record(job));
        if (!job.ready) continue;
        records.push_back(ready_record(job));
        for (std::size_t i = 0; i < job.requests.size(); ++i)
            if (job.requests[i].answered)
                records.push_back(answered_record(id, i, job.requests[i]));
    }
    return records;
}

Record taken_record(const Job& job) {
    json::array files;
    for (const auto& file : job.files)
        files.push_back(
            json::object{{"path", file.path}, {"bytes", file.bytes}, {"modified", file.modified}});
    return {{"what", "taken"},
            {"job", job.id},
            {"serial", job.serial.view()},
            {"missing", texts(job.missing)},
            {"files", std::move(files)}};
}

Record ready_record(const Job& job) {
    json::array files, requests;
    for (const auto& file : job.files)
        files.push_back(
            json::object{{"path", file.path}, {"bytes", file.bytes}, {"finger", file.finger}});
    for (const auto& request : job.requests) requests.push_back(request_json(request));
    return {{"what", "ready"},
            {"job", job.id},
            {"serial", job.serial.view()},
            {"files", std::move(files)},
            {"requests", std::move(requests)},
            {"refused_sources", texts(job.refused_sources)},
            {"same_as", texts(job.same_as)},
            {"complaints", complaints_json(job.complaints)}};
}

Record answered_record(const std::string& job, std::size_t request, const JobRequest& answered) {
    return {{"what", "answered"},        {"job", job},
            {"request", request},        {"accepted", answered.accepted},
            {"bundle", answered.bundle}, {"complaints", complaints_json(answered.complaints)}};
}

Record closed_record(const std::string& job, const std::string& place) {
    return {{"what", "closed"}, {"job", job}, {"place", place}};
}

} // namespace cpg::hotfolder
