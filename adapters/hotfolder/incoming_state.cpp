#include "adapters/hotfolder/incoming_state.hpp"

#include "adapters/hotfolder/record_reader.hpp"

#include <algorithm>

namespace cpg::hotfolder {
namespace {

namespace json = boost::json;

BundleId id_at(const Record& record) {
    const auto id = BundleId::parse(text_at(record, "id"));
    if (!id) throw JournalDamaged("id");
    return *id;
}

OfficeRef office_at(const Record& record, std::string_view name) {
    const std::string text = text_at(record, name); // "0370100017:43"
    const auto colon = text.find(':');
    const auto office = OfficeNo::parse(text.substr(0, colon));
    if (!office) throw JournalDamaged(std::string(name));
    OfficeRef ref{*office, {}};
    if (colon != std::string::npos) ref.service_type = ServiceType::parse(text.substr(colon + 1));
    return ref;
}

std::string office_text(const OfficeRef& office) {
    return office.office.str() + (office.service_type ? ":" + office.service_type->str() : "");
}

StagedFile& file_at(Received& received, const Record& record) {
    const auto number = number_at(record, "file");
    if (number >= received.files.size()) throw JournalDamaged("file");
    return received.files[number];
}

Record with_id(std::string_view what, const BundleId& id) {
    return {{"what", what}, {"id", id.str()}};
}

Record with_file(std::string_view what, const BundleId& id, std::size_t file) {
    return {{"what", what}, {"id", id.str()}, {"file", file}};
}

} // namespace

IncomingStep next_step(const Received& received, const IncomingPolicy& policy) {
    if (received.folder.empty()) return IncomingStep::fetch;
    if (received.quarantined || received.acknowledged) return IncomingStep::close;
    if (!received.staged) return IncomingStep::stage;
    const auto any = [&](auto&& is) {
        return std::any_of(received.files.begin(), received.files.end(), is);
    };
    const bool outstanding =
        any([](const StagedFile& file) { return file.placed && file.fate == FileFate::waiting; });
    const bool failed = any([](const StagedFile& file) { return file.fate == FileFate::failed; });
    const bool unplaced = any([](const StagedFile& file) { return !file.placed; });
    if (policy.one_at_a_time && outstanding) return IncomingStep::watch;
    if (unplaced && !(failed && policy.one_at_a_time)) return IncomingStep::place;
    if (policy.watches && outstanding) return IncomingStep::watch;
    return policy.acknowledges ? IncomingStep::acknowledge : IncomingStep::close;
}

std::size_t next_file(const Received& received) {
    return static_cast<std::size_t>(
        std::find_if(received.files.begin(), received.files.end(),
                     [](const StagedFile& file) { return !file.placed; }) -
        received.files.begin());
}

std::string_view outcome_of(const Received& received) {
    const bool failed =
        std::any_of(received.files.begin(), received.files.end(),
                    [](const StagedFile& file) { return file.fate == FileFate::failed; });
    return failed ? "import_failed" : "imported";
}

void IncomingState::apply(const Record& record) {
    const std::string what = text_at(record, "what");
    const BundleId id = id_at(record);
    if (what == "known") { // closed before the journal was rewritten
        closed_[id] = text_at(record, "day");
        return;
    }
    if (what == "asked") {
        Received received;
        received.arrival.id = id;
        received.arrival.from = office_at(record, "from");
        received.arrival.to = office_at(record, "to");
        if (const auto serial = text_at(record, "serial"); !serial.empty())
            received.arrival.serial = Serial::parse(serial);
        received.arrival.kind = text_at(record, "kind");
        received.arrival.month = text_at(record, "month");
        received.number = asked_++;
        open_[id] = std::move(received);
        return;
    }
    const auto at = open_.find(id);
    if (at == open_.end()) throw JournalDamaged("record of no bundle");
    Received& received = at->second;
    if (what == "fetched") {
        received.folder = text_at(record, "folder");
        received.day = text_at(record, "day");
    } else if (what == "staged") {
        received.staged = true;
        received.files.clear();
        for (auto& path : texts_at(record, "files")) received.files.push_back({std::move(path)});
    } else if (what == "placing") {
        file_at(received, record).placing = true;
    } else if (what == "placed") {
        file_at(received, record).placed = true;
    } else if (what == "gone") {
        StagedFile& file = file_at(received, record);
        file.fate = flag_at(record, "failed") ? FileFate::failed : FileFate::taken;
        file.note = text_at(record, "note");
    } else if (what == "quarantined") {
        received.quarantined = true;
    } else if (what == "acknowledged") {
        received.acknowledged = true;
    } else if (what == "closed") {
        closed_[id] = text_at(record, "day");
        open_.erase(at);
    } else {
        throw JournalDamaged("unknown record");
    }
}

std::vector<BundleId> IncomingState::in_order() const {
    std::vector<const Received*> all;
    for (const auto& [id, received] : open_) all.push_back(&received);
    std::sort(all.begin(), all.end(),
              [](const Received* a, const Received* b) { return a->number < b->number; });
    std::vector<BundleId> ids;
    for (const auto* received : all) ids.push_back(received->arrival.id);
    return ids;
}

std::size_t IncomingState::received_on(const std::string& japan_day) const {
    const auto closed = std::count_if(closed_.begin(), closed_.end(),
                                      [&](const auto& one) { return one.second == japan_day; });
    const auto open = std::count_if(open_.begin(), open_.end(),
                                    [&](const auto& one) { return one.second.day == japan_day; });
    return static_cast<std::size_t>(closed + open);
}

std::vector<Record> IncomingState::snapshot(const std::string& keep_from) const {
    std::vector<Record> records;
    for (const auto& [id, day] : closed_)
        if (day >= keep_from)
            records.push_back({{"what", "known"}, {"id", id.str()}, {"day", day}});
    for (const auto& id : in_order()) {
        const Received& received = open_.at(id);
        records.push_back(asked_record(received.arrival));
        if (!received.folder.empty())
            records.push_back(fetched_record(id, received.folder, received.day));
        if (received.staged) {
            std::vector<std::string> paths;
            for (const auto& file : received.files) paths.push_back(file.path);
            records.push_back(staged_record(id, paths));
        }
        for (std::size_t i = 0; i < received.files.size(); ++i) {
            const StagedFile& file = received.files[i];
            if (file.placing) records.push_back(placing_record(id, i));
            if (file.placed) records.push_back(placed_record(id, i));
            if (file.fate != FileFate::waiting)
                records.push_back(gone_record(id, i, file.fate, file.note));
        }
        if (received.quarantined) records.push_back(quarantined_record(id));
        if (received.acknowledged) records.push_back(acknowledged_record(id));
    }
    return records;
}

Record asked_record(const Arrival& arrival) {
    return {{"what", "asked"},
            {"id", arrival.id.str()},
            {"from", office_text(arrival.from)},
            {"to", office_text(arrival.to)},
            {"serial", arrival.serial ? arrival.serial->str() : std::string()},
            {"kind", arrival.kind},
            {"month", arrival.month}};
}
Record fetched_record(const BundleId& id, const std::string& folder, const std::string& day) {
    return {{"what", "fetched"}, {"id", id.str()}, {"folder", folder}, {"day", day}};
}
Record staged_record(const BundleId& id, const std::vector<std::string>& paths) {
    json::array files;
    for (const auto& path : paths) files.emplace_back(path);
    return {{"what", "staged"}, {"id", id.str()}, {"files", std::move(files)}};
}
Record placing_record(const BundleId& id, std::size_t file) {
    return with_file("placing", id, file);
}
Record placed_record(const BundleId& id, std::size_t file) {
    return with_file("placed", id, file);
}
Record gone_record(const BundleId& id, std::size_t file, FileFate fate, const std::string& note) {
    Record record = with_file("gone", id, file);
    record["failed"] = fate == FileFate::failed;
    record["note"] = note;
    return record;
}
Record quarantined_record(const BundleId& id) {
    return with_id("quarantined", id);
}
Record acknowledged_record(const BundleId& id) {
    return with_id("acknowledged", id);
}
Record received_closed_record(const BundleId& id, const std::string& day) {
    Record record = with_id("closed", id);
    record["day"] = day;
    return record;
}

} // namespace cpg::hotfolder
