// What differs between two editions of the standard, in words (`cpgw spec diff`). Pure, any thread.
#pragma once

#include "spec/model/catalog.hpp"

namespace cpg {

struct EditionChange {
    enum class Area {
        edition,
        service_type,
        code_list,
        form,
        bundle,
        deletion,
        file_type,
        file_name,
        item
    };
    Area area{};
    std::string subject; // "UPPLAN", "UPPLAN No.14 サービス回数", "11", "schedule"
    std::string ja, en;  // a sentence each, without full stop
};

/// Japanese or English heading of an area.
std::string_view words_of(EditionChange::Area area, bool japanese);

/// By area, then in the order of the newer edition. Items are matched by key, so that an item that
/// only moved is one that moved; neighbours that moved together are one change. Notes and
/// confidences are not compared.
std::vector<EditionChange> diff_editions(const Edition& older, const Edition& newer);

} // namespace cpg
