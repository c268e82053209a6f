#include "spec/sample/sample.hpp"

#include "spec/sample/tables.hpp"

#include <algorithm>
#include <chrono>

namespace cpg {

namespace {

using namespace sampling;
using namespace std::chrono_literals;

constexpr int most_users = 100'000; // per receiver: five digits of the 被保険者番号
constexpr std::size_t most_receivers = 10'000;

Error malformed(std::string detail) {
    return {Errc::malformed, std::move(detail)};
}

bool goes_back(std::string_view kind) {
    return kind == "actual" || kind == "actual_delete";
}

bool is_support_center(std::string_view type) {
    return type == "46" || type == "AF";
}

const ServiceTypeInfo* info_of(const Edition& edition, const OfficeRef& office) {
    return office.service_type ? edition.service_type(office.service_type->view()) : nullptr;
}

bool is_scope(const ServiceTypeInfo& info, ServiceTypeInfo::Scope scope) {
    return info.scope == scope;
}

/// Who may stand at the ends of a bundle of this kind (R-NAME-10).
bool may_go(const Edition& edition, std::string_view kind, const OfficeRef& from,
            const OfficeRef& to) {
    using Scope = ServiceTypeInfo::Scope;
    const ServiceTypeInfo& sender = *info_of(edition, from);
    const ServiceTypeInfo& receiver = *info_of(edition, to);
    if (goes_back(kind))
        return (is_scope(sender, Scope::in) || is_scope(sender, Scope::care_management)) &&
               edition.is_care_management(receiver.code.view());
    return edition.is_care_management(sender.code.view()) &&
           (is_scope(receiver, Scope::in) || is_scope(receiver, Scope::care_management));
}

/// A multi-function office (73, 75, 77) sends plans as a care manager does, and 実績 to one.
bool answers(const Edition& edition, const OfficeRef& from, const OfficeRef& to) {
    const std::string_view sender = from.service_type->view();
    if (!edition.is_care_management(sender)) return true;
    return info_of(edition, from)->scope == ServiceTypeInfo::Scope::in &&
           info_of(edition, to)->scope == ServiceTypeInfo::Scope::care_management;
}

std::vector<std::string> suggested_kinds(const Edition& edition, const OfficeRef& from,
                                         const OfficeRef& to) {
    if (answers(edition, from, to)) return {"actual"};
    std::vector<std::string> kinds = {"care_plan", "schedule"};
    if (is_support_center(from.service_type->view()))
        kinds = {"kihon", "yobo_with_kihon", "schedule"};
    std::erase_if(kinds, [&](const std::string& kind) { return edition.bundle(kind) == nullptr; });
    return kinds;
}

/// Plans go out late in the month before, 実績 early in the month after.
Serial suggested_serial(const SampleRequest& request, bool back) {
    Random random(mix(request.seed, request.month.str()));
    const Month month = months_after(request.month, back ? 1 : -1);
    const std::string day = yyyymmdd(month, back ? random.between(2, 5) : random.between(25, 27));
    const auto two = [](int value) { return (value < 10 ? "0" : "") + std::to_string(value); };
    return Serial::parse(day + two(random.between(9, 17)) + two(random.below(60)) + "00").value();
}

Serial seconds_later(const Serial& serial, std::size_t seconds) {
    using namespace std::chrono;
    const auto japan = serial.instant() + 9h + std::chrono::seconds(seconds);
    const auto day = floor<days>(japan);
    const year_month_day date(day);
    const hh_mm_ss time(floor<std::chrono::seconds>(japan - day));
    std::string text = yyyymmdd(Month::of(static_cast<int>(date.year()),
                                          static_cast<int>(static_cast<unsigned>(date.month()))),
                                static_cast<int>(static_cast<unsigned>(date.day())));
    for (const auto part :
         {time.hours().count(), time.minutes().count(), static_cast<long>(time.seconds().count())})
        text += (part < 10 ? "0" : "") + std::to_string(part);
    return Serial::parse(text).value();
}

std::string name_of_office(const Edition& edition, const OfficeRef& office) {
    return "見本" + info_of(edition, office)->name + "事業所";
}

template<class T> bool has_twice(std::vector<T> list) {
    std::sort(list.begin(), list.end());
    return std::adjacent_find(list.begin(), list.end()) != list.end();
}

class SampleMaker {
  public:
    SampleMaker(const Edition& edition, const SampleRequest& request)
        : edition_(edition), request_(request) {}

    Result<std::vector<InputFile>> make() {
        if (auto refused = look_at_request()) return *refused;
        for (const OfficeRef& to : request_.to) {
            const auto kinds = request_.kinds.empty() ? suggested_kinds(edition_, request_.from, to)
                                                      : request_.kinds;
            for (const std::string& kind : kinds)
                if (auto refused = make_bundle(kind, to)) return *refused;
        }
        return std::move(files_);
    }

  private:
    std::optional<Error> look_at_request() const {
        const auto known = [&](const OfficeRef& office) {
            return info_of(edition_, office) != nullptr;
        };
        if (request_.users < 1 || request_.users > most_users)
            return malformed("users: 1 to 100000");
        if (request_.to.empty() || request_.to.size() > most_receivers)
            return malformed("at least one receiver is needed");
        if (!known(request_.from) || !std::all_of(request_.to.begin(), request_.to.end(), known))
            return malformed("every office needs a service type of the standard");
        if (has_twice(request_.to) || has_twice(request_.kinds)) // R-BND-05
            return malformed("a receiver or a kind is given twice");
        for (const OfficeRef& to : request_.to)
            if (to.office == request_.from.office) // R-NAME-09
                return malformed("an office cannot send to itself");
        if (!request_.month.has_value()) return malformed("a month is needed");
        // R-VER-04: the edition follows the month of service
        const Month from = edition_.applies_from, to = edition_.applies_to;
        if ((from.has_value() && request_.month < from) || (to.has_value() && request_.month > to))
            return malformed("edition " + edition_.id + " is not for the month " +
                             request_.month.str());
        if (request_.serial && !request_.serial->is_real())
            return malformed("the serial is not a date and time");
        return std::nullopt;
    }

    std::optional<Error> make_bundle(const std::string& kind_id, const OfficeRef& to) {
        const BundleKind* kind = edition_.bundle(kind_id);
        if (kind == nullptr)
            return malformed("edition " + edition_.id + " has no bundle kind " + kind_id);
        if (!may_go(edition_, kind_id, request_.from, to))
            return malformed(kind_id + " cannot go from " + request_.from.service_type->str() +
                             " to " + to.service_type->str());
        const BundleContext context{edition_,
                                    *kind,
                                    request_.from,
                                    to,
                                    request_.month,
                                    request_.seed,
                                    next_serial(goes_back(kind_id)),
                                    name_of_office(edition_, request_.from)};
        write_files(context);
        return std::nullopt;
    }

    Serial next_serial(bool back) {
        if (!first_serial_)
            first_serial_ = request_.serial ? *request_.serial : suggested_serial(request_, back);
        return seconds_later(*first_serial_, bundles_++);
    }

    static bool belongs_to(const BundleKind& kind, const std::string& type) {
        const auto in = [&](const std::vector<std::string>& list) {
            return std::find(list.begin(), list.end(), type) != list.end();
        };
        return in(kind.required) || in(kind.attached);
    }

    void write_files(const BundleContext& context) {
        std::vector<TableWriter> writers;
        for (const FileType& type : edition_.files)
            if (type.is_csv() && belongs_to(context.kind, type.id))
                writers.emplace_back(edition_, type);
        const bool back = goes_back(context.kind.id);
        const Pair pair = back ? Pair{context.to, context.from} : Pair{context.from, context.to};
        for (int index = 0; index < request_.users; ++index) {
            const UserMonth user = make_user_month(
                {edition_, pair, request_.month, request_.seed, index, request_.users});
            for (TableWriter& writer : writers) write_user(writer, context, user, index);
        }
        for (TableWriter& writer : writers) add_file(context, writer);
        if (belongs_to(context.kind, "UPKIHON_IMAGE")) add_images(context);
    }

    void add_file(const BundleContext& context, TableWriter& writer) {
        const bool zero_month = context.kind.id == "care_plan"; // 利用者補足情報 beside a plan
        const std::optional<Month> month =
            zero_month ? std::nullopt : std::optional(request_.month);
        files_.push_back(
            {make_file_name(writer.type(), context.from, context.to, context.serial, month),
             writer.take()});
    }

    void add_images(const BundleContext& context) {
        for (int index = 0; index < request_.users; ++index)
            if (has_image(index)) files_.push_back({image_name(context, index), family_image()});
    }

    const Edition& edition_;
    const SampleRequest& request_;
    std::optional<Serial> first_serial_;
    std::size_t bundles_ = 0;
    std::vector<InputFile> files_;
};

} // namespace

Result<std::vector<InputFile>> make_sample(const Catalog& catalog, const SampleRequest& request) {
    const Edition* edition = catalog.edition(request.edition);
    if (edition == nullptr) return malformed("unknown edition " + request.edition);
    return SampleMaker(*edition, request).make();
}

} // namespace cpg
