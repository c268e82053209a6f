#include "spec/sample/service.hpp"

#include <array>

namespace cpg::sampling {

namespace {

constexpr auto profiles = std::to_array<ServiceProfile>({
    {"11", Shape::visit, "1111", 244, "1211", 387, "0900", "0930"},
    {"12", Shape::visit, "1111", 1266, "1111", 1266, "1330", "1415"},
    {"13", Shape::visit, "1111", 471, "1211", 823, "1300", "1330"},
    {"14", Shape::visit, "2111", 308, "2111", 308, "1500", "1520"},
    {"15", Shape::day_care, "2341", 658, "5301", 40, "0930", "1640"},
    {"16", Shape::day_care, "2341", 715, "5301", 40, "0940", "1540"},
    {"17", Shape::rental, "1003", 900, "1004", 50, "", ""},
    {"21", Shape::stay, "2111", 603, "6121", 13, "", ""},
    {"22", Shape::stay, "2111", 753, "6121", 30, "", ""},
    {"23", Shape::stay, "2111", 723, "6121", 30, "", ""},
    {"2A", Shape::stay, "2111", 778, "6121", 30, "", ""},
    {"31", Shape::advice, "1111", 515, "", 0, "1600", "1620"},
    {"71", Shape::monthly, "1111", 989, "1121", 33, "", ""},
    {"76", Shape::monthly, "1111", 5446, "1121", 179, "", ""},
    {"72", Shape::day_care, "2341", 864, "5301", 40, "0930", "1640"},
    {"78", Shape::day_care, "2341", 753, "5301", 40, "0930", "1640"},
    {"73", Shape::monthly, "1111", 10458, "1121", 344, "", ""},
    {"68", Shape::stay, "2111", 572, "6121", 13, "", ""},
    {"77", Shape::monthly, "1111", 12447, "1121", 409, "", ""},
    {"79", Shape::stay, "2111", 571, "6121", 13, "", ""},
    {"27", Shape::stay, "2111", 542, "6121", 13, "", ""},
    {"28", Shape::stay, "2111", 546, "6121", 13, "", ""},
    {"38", Shape::stay, "2111", 793, "6121", 13, "", ""},
    {"62", Shape::visit, "1111", 856, "1111", 856, "1330", "1415"},
    {"63", Shape::visit, "1111", 451, "1211", 794, "1300", "1330"},
    {"64", Shape::visit, "2111", 298, "2111", 298, "1500", "1520"},
    {"66", Shape::monthly, "1111", 2268, "1121", 75, "", ""},
    {"67", Shape::rental, "1001", 600, "1005", 300, "", ""},
    {"24", Shape::stay, "2111", 451, "6121", 13, "", ""},
    {"25", Shape::stay, "2111", 579, "6121", 13, "", ""},
    {"26", Shape::stay, "2111", 547, "6121", 13, "", ""},
    {"2B", Shape::stay, "2111", 603, "6121", 13, "", ""},
    {"34", Shape::advice, "1111", 515, "", 0, "1600", "1620"},
    {"74", Shape::day_care, "2341", 741, "5301", 40, "0930", "1640"},
    {"75", Shape::monthly, "1111", 3450, "1121", 114, "", ""},
    {"69", Shape::stay, "2111", 424, "6121", 13, "", ""},
    {"39", Shape::stay, "2111", 789, "6121", 13, "", ""},
    {"A1", Shape::monthly, "1111", 1176, "1121", 39, "", ""},
    {"A2", Shape::monthly, "1111", 1176, "1121", 39, "", ""},
    {"A3", Shape::monthly, "1111", 1176, "1121", 39, "", ""},
    {"A4", Shape::monthly, "1111", 1000, "1121", 33, "", ""},
    {"A5", Shape::monthly, "1111", 1798, "1121", 59, "", ""},
    {"A6", Shape::monthly, "1111", 1798, "1121", 59, "", ""},
    {"A7", Shape::monthly, "1111", 1798, "1121", 59, "", ""},
    {"A8", Shape::monthly, "1111", 1500, "1121", 49, "", ""},
});

constexpr ShapeText visit_text = {
    "一人では難しい家事や身の回りのことがあるが、住み慣れた家で暮らし続けたい。",
    "\"できること\"は自分で行い、清潔を保って暮らす。",
    "掃除,買い物,調理を一緒に行う。\r\n声をかけながら見守る。", "週2回"};
constexpr ShapeText day_care_text = {"家に閉じこもりがちなので、人と話す機会を持ちたい。",
                                     "週に数回外出し、楽しみを持って過ごす。",
                                     "送迎、入浴の介助,機能訓練、\"茶話会\"への参加", "週2回"};
constexpr ShapeText monthly_text = {"体力が落ちてきたが、家事を続けたい。",
                                    "疲れたときに休みながら、家事を続ける。",
                                    "本人と一緒に行う家事、体操,見守り", "月を通して"};
constexpr ShapeText rental_text = {"立ち上がりや移動のときに転ぶのが心配。",
                                   "家の中を安全に移動する。", "用具の選定,取り付け\r\n定期の点検",
                                   "毎日"};
constexpr ShapeText stay_text = {"家族の負担が大きく、休養が必要。",
                                 "家族が休養をとり、介護を続けられる。",
                                 "食事・入浴・排泄の介助,健康状態の確認", "月に1回、数日"};
constexpr ShapeText advice_text = {"薬の管理に不安がある。", "薬を正しく飲み、病状が安定する。",
                                   "服薬の指導,療養上の助言", "月1回"};

} // namespace

const ServiceProfile* profile_of(std::string_view type) {
    for (const ServiceProfile& profile : profiles)
        if (profile.type == type) return &profile;
    return nullptr;
}

const ShapeText& text_of(Shape shape) {
    switch (shape) {
    case Shape::visit:
        return visit_text;
    case Shape::day_care:
        return day_care_text;
    case Shape::monthly:
        return monthly_text;
    case Shape::rental:
        return rental_text;
    case Shape::stay:
        return stay_text;
    case Shape::advice:
        break;
    }
    return advice_text;
}

bool is_prevention(const Edition& edition, std::string_view type) {
    const ServiceTypeInfo* info = edition.service_type(type);
    return info != nullptr && (info->group == "予防給付" || info->group == "総合事業");
}

} // namespace cpg::sampling
