// What one kind of service looks like in a synthetic month: its codes, units, times and shape. The
// numbers resemble the official tables, they are not taken from them. Pure, any thread.
#pragma once

#include "spec/model/catalog.hpp"

namespace cpg::sampling {

enum class Shape {
    visit,    // on weekdays, with times: 訪問介護
    day_care, // on weekdays, with times, and a bath addition on the same times: 通所介護
    monthly,  // once a month, pro rata in the month it starts: 小規模多機能型居宅介護
    rental,   // once a month and piece: 福祉用具貸与
    stay,     // days in a row: 短期入所生活介護
    advice,   // once a month, outside the limit: 居宅療養管理指導
};

/// サービスコード = type + item.
struct ServiceProfile {
    std::string_view type;
    Shape shape;
    std::string_view item;
    int units; // per time, day, piece or month
    std::string_view
        other_item; // visit: a longer one; day care, stay: an addition; monthly: a day pro rata
    int other_units;
    std::string_view start, end;                                    // HHMM
    bool counts_to_limit() const { return shape != Shape::advice; } // 区分支給限度
};

/// Null for a type that cannot be in a schedule (out of scope, care management).
const ServiceProfile* profile_of(std::string_view type);

/// What 第2表 writes about such a service.
struct ShapeText {
    std::string_view need, goal, content, frequency;
};
const ShapeText& text_of(Shape shape);

/// Whether its users are 要支援 (予防給付, 総合事業).
bool is_prevention(const Edition& edition, std::string_view type);

} // namespace cpg::sampling
