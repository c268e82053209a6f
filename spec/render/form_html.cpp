#include "spec/render/form_html.hpp"

#include <utility>

namespace cpg::forms {

namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

} // namespace

Html& Html::raw(Markup markup) {
    out_ += markup.view();
    return *this;
}

Html& Html::number(std::int64_t value) {
    out_ += std::to_string(value);
    return *this;
}

void Html::escape(char c) {
    switch (c) {
    case '&':
        out_ += "&amp;";
        return;
    case '<':
        out_ += "&lt;";
        return;
    case '>':
        out_ += "&gt;";
        return;
    case '"':
        out_ += "&quot;";
        return;
    case '\'':
        out_ += "&#39;";
        return;
    default:
        break;
    }
    const bool control = (c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (control)
        out_ += replacement_character;
    else
        out_ += c;
}

Html& Html::text(std::string_view utf8) {
    std::string_view shown = utf8;
    if (shown.size() > max_text) {
        std::size_t end = max_text;
        while (end > 0 && continues_character(shown[end])) --end;
        shown = shown.substr(0, end);
    }
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const bool carriage_return = shown[i] == '\r';
        if (carriage_return && i + 1 < shown.size() && shown[i + 1] == '\n') continue;
        escape(carriage_return ? '\n' : shown[i]);
    }
    if (shown.size() < utf8.size()) out_ += "…（以下省略 / cut）";
    return *this;
}

Html& Html::base64(BytesView bytes) {
    out_ += cpg::base64(bytes);
    return *this;
}

Html& Html::th(Markup attributes, Markup label) {
    return raw("<th").raw(attributes).raw(">").raw(label).raw("</th>");
}

Html& Html::td(Markup attributes, std::string_view utf8) {
    return raw("<td").raw(attributes).raw(">").text(utf8).raw("</td>");
}

std::string Html::take() {
    return std::exchange(out_, {});
}

} // namespace cpg::forms
