#include "gateway/exchange/events.hpp"

#include "gateway/exchange/exchange.hpp"

#include <array>
#include <boost/json/serialize.hpp>

namespace cpg::exchange {
namespace {

struct EventOfStep {
    Step step;
    std::string_view type;
    State state; // after it
};
constexpr std::array events_of_steps{
    EventOfStep{Step::submit, "bundle.arrived", State::accepted},
    EventOfStep{Step::fetch, "bundle.fetched", State::fetched},
    EventOfStep{Step::ack_imported, "bundle.imported", State::imported},
    EventOfStep{Step::ack_failed, "bundle.import_failed", State::import_failed},
    EventOfStep{Step::recall, "bundle.recalled", State::recalled},
    EventOfStep{Step::unclaimed, "bundle.unclaimed", State::accepted},
};

const EventOfStep* event_of_step(Step step) {
    for (const auto& entry : events_of_steps)
        if (entry.step == step) return &entry;
    return nullptr;
}

boost::json::object to_json(const OfficeRef& office) {
    boost::json::object object{{"office", office.office.view()}};
    if (office.service_type) object["service_type"] = office.service_type->view();
    return object;
}

constexpr std::size_t told_at_once = 64; // of one transaction: what the gate takes as a batch too

} // namespace

std::string_view event_type_of(Step step) {
    const auto* const event = event_of_step(step);
    return event ? event->type : std::string_view();
}

std::string event_json(const store::EventRow& event) {
    const auto* const known = event_of_step(event.step);
    if (!known) throw std::invalid_argument("a step that nobody is told of");
    return boost::json::serialize(boost::json::object{{"type", known->type},
                                                      {"timestamp", rfc3339(event.time)},
                                                      {"data",
                                                       {{"bundle", event.bundle.str()},
                                                        {"from", to_json(event.pair.from)},
                                                        {"to", to_json(event.pair.to)},
                                                        {"kind", event.kind},
                                                        {"month", event.month.str()},
                                                        {"serial", event.serial.view()},
                                                        {"state", name_of(known->state)}}}});
}

/// The leaf names no certificate: nobody acted.
audit::Entry Exchange::unclaimed_entry(const store::BundleRow& row) const {
    audit::Entry entry;
    entry.type = audit::EntryType::unclaimed;
    entry.time = services_.clock.now();
    entry.bundle = row.id;
    entry.from = row.pair.from.office;
    entry.to = row.pair.to.office;
    entry.edition = row.edition;
    entry.kind = row.kind;
    entry.month = row.month;
    entry.rules = row.catalog;
    entry.event = std::string(event_of(Step::unclaimed));
    name_files(entry);
    return entry;
}

std::uint64_t Exchange::tell_unclaimed(std::chrono::milliseconds after) {
    const Time before = services_.clock.now() - after;
    std::uint64_t told = 0;
    while (true) {
        const auto rows = services_.store.unclaimed(before, told_at_once);
        store::Job job;
        for (const auto& row : rows) {
            const auto entry = unclaimed_entry(row);
            job.ops.push_back(
                store::StepOp{row.id, Step::unclaimed, entry.time, audit::format_entry(entry), {}});
        }
        if (rows.empty()) return told;
        const auto results = services_.gate.submit_and_wait(std::move(job));
        std::uint64_t written = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (!std::holds_alternative<store::Written>(results[i])) continue; // fetched meanwhile
            ++written;
            services_.notifier.notify(rows[i].pair.from.office);
        }
        told += written;
        if (written == 0 || rows.size() < told_at_once) return told;
    }
}

} // namespace cpg::exchange
