// A small valid catalogue that holds every kind of entry once: tests and the fuzzer break one piece
// of it at a time.
#pragma once

#include <string_view>

namespace cpg::test {

inline constexpr std::string_view edition_text =
    R"(spec: {edition: "9.9", csv_version: "209901", title: "t", issued: "2099-01", applies_from_month: "209901"}
csv_versions:
  - {value: "209901", edition: "e", effective_service_month: "2099-01"}
types:
  code: {fixed_length: true}
  seq: {fixed_length: false, pattern: "^[1-9][0-9]?$"}
code_lists:
  sex: {name: "性別", source: "s", values: {"1": "男性", "2": "女性"}}
service_types:
  - {code: "43", name: "n", group: "g", scope: "care_management"}
in_house_care_managers: []
roles: {a: "A", b: "B"}
bundles:
  - {id: "one", required: ["MAIN"], attached: ["SUB"], section: "1"}
deletion_cascades:
  - {delete: "SUB", removes: ["MAIN"], key: ["number"]}
files:
  - id: MAIN
    name: "main"
    direction: [{sender: "a", receiver: "b", need: "required"}]
    file_name: [{literal: "MAIN"}, {part: "serial", length: 14}, {literal: ".CSV"}]
    file_name_regex: "^MAIN_([0-9]{14})\\.CSV$"
    bundles: ["one"]
    keys: ["number"]
    field_count: 2
    fields:
      - {"no": 1, key: "number", name: "番号", length: 2, required: true, type: "seq"}
      - {"no": 2, key: "sex", name: "性別", length: 1, required: false, type: "code", code_list: "sex"}
  - id: SUB
    name: "sub"
    parent: "MAIN"
    direction: [{sender: "a", receiver: "b", need: "required"}]
    file_name: [{literal: "SUB"}, {part: "serial", length: 14}, {literal: ".CSV"}]
    file_name_regex: "^SUB_([0-9]{14})\\.CSV$"
    bundles: ["one"]
    keys: ["number"]
    field_count: 1
    fields:
      - {"no": 1, key: "number", name: "番号", length: 2, required: true, type: "seq"}
)";

inline constexpr std::string_view findings_text = R"(rules:
  R-AAA-01:
    severity: error
    title_ja: "題"
    title_en: "title"
    message_ja: "「{item}」が {expected}"
    message_en: "{item} {expected}"
    hint_ja: "次"
    hint_en: "next"
    section: "1"
    basis: own
    args: [expected]
    parameters: {days: "1"}
    variants:
      other: {message_ja: "別", message_en: "other", hint_ja: "次", hint_en: "next"}
  R-AAA-02: {severity: warning, title_ja: "題", title_en: "t", message_ja: "文", message_en: "m", hint_ja: "次", hint_en: "h", section: "1", basis: own}
)";

} // namespace cpg::test
