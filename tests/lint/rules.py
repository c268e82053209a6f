"""Every rule has its words and its cases: an id that the code names has an entry in findings.yaml with texts in both
languages and nothing but declared arguments in them, and each rule that the checker raises has a passing and a failing
case in tests/vectors."""
import re

import simple_yaml

TEXTS = "spec/findings.yaml"
CHECKER = "spec/check/rule_ids.hpp"
VECTORS = "tests/vectors/"
RULE = re.compile(r'"(R-[A-Z0-9]+-[0-9]{2})"')
PLACE = re.compile(r"\{([^{}]*)\}")
EVERYWHERE = {"file", "line", "record", "column", "item"}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
NEEDED = ["severity", "title_ja", "title_en", "message_ja", "message_en", "hint_ja", "hint_en", "section", "basis"]


def text_problems(rule, entry, allowed):
    for name, text in entry.items():
        if not re.fullmatch(r"(title|message|hint)_(ja|en)", name):
            continue
        if not isinstance(text, str) or not text.strip():
            yield f"{TEXTS}: {rule}: {name} is empty"
        elif name.endswith("_ja") and not JAPANESE.search(text):
            yield f"{TEXTS}: {rule}: {name} is not Japanese"
        else:
            yield from (f"{TEXTS}: {rule}: {name} holds {{{place}}}, which is no argument"
                        for place in PLACE.findall(text) if place not in allowed)


def entry_problems(rule, entry):
    yield from (f"{TEXTS}: {rule}: no {name}" for name in NEEDED if not entry.get(name))
    allowed = EVERYWHERE | set(entry.get("args") or [])
    yield from text_problems(rule, entry, allowed)
    for variant, texts in (entry.get("variants") or {}).items():
        yield from (f"{TEXTS}: {rule}.{variant}: no {name}" for name in ("message_ja", "message_en") if name not in texts)
        yield from text_problems(f"{rule}.{variant}", texts, allowed)


def named_in_code(tree):
    return {rule: path for path, text in tree.items()
            if path.startswith(("spec/", "gateway/", "adapters/")) and path.endswith((".cpp", ".hpp")) and text
            for rule in RULE.findall(text)}


def vector_cases(tree):
    """{rule: {"pass", "fail"}} out of tests/vectors: a case is a map with `rule` and either `pass: true` or `expect`."""
    cases = {}
    for path, text in tree.items():
        if path.startswith(VECTORS) and path.endswith(".yaml") and text:
            for case in simple_yaml.load(text) or []:
                if "rule" in case:
                    cases.setdefault(case["rule"], set()).add("pass" if case.get("pass") is True else "fail")
    return cases


def check(tree):
    try:
        entries = simple_yaml.load(tree[TEXTS])["rules"]
    except (KeyError, simple_yaml.YamlError) as error:
        return [f"{TEXTS}: {error}"]
    problems = [f"{path}: {rule} has no entry in {TEXTS}" for rule, path in sorted(named_in_code(tree).items())
                if rule not in entries]
    for rule, entry in entries.items():
        problems += entry_problems(rule, entry)
    try:
        cases = vector_cases(tree)
    except simple_yaml.YamlError as error:
        return problems + [f"{VECTORS}: {error}"]
    for rule in RULE.findall(tree.get(CHECKER, "")):
        problems += [f"{VECTORS}: no {outcome}ing case of {rule}" for outcome in ("pass", "fail")
                     if outcome not in cases.get(rule, set())]
    return problems


ENTRY = """rules:
  R-LEN-01:
    severity: error
    title_ja: "長さ"
    title_en: "length"
    message_ja: "「{item}」は{expected}文字までです。"
    message_en: "{item} has at most {expected} characters."
    hint_ja: "短くしてください。"
    hint_en: "Make it shorter."
    section: "別紙"
    basis: standard
    args: [expected]
    variants:
      exact:
        message_ja: "「{item}」は{expected}文字です。"
        message_en: "{item} has {expected} characters."
"""
VECTOR = "- {rule: R-LEN-01, pass: true}\n- {rule: R-LEN-01, expect: {severity: error}}\n"


def example(text=ENTRY, vector=VECTOR, code='X(len_01, "R-LEN-01")'):
    return {TEXTS: text, CHECKER: code, VECTORS + "length.yaml": vector}


GOOD = [example()]
BAD = [
    (example(code='X(len_01, "R-LEN-01") X(len_02, "R-LEN-02")'), "R-LEN-02 has no entry"),
    (example(text=ENTRY.replace('    hint_en: "Make it shorter."\n', "")), "no hint_en"),
    (example(text=ENTRY.replace("args: [expected]", "args: []")), "{expected}, which is no argument"),
    (example(text=ENTRY.replace('"短くしてください。"', '"shorter"')), "is not Japanese"),
    (example(text=ENTRY.replace('        message_en: "{item} has {expected} characters."\n', "")), "R-LEN-01.exact: no message_en"),
    (example(vector=VECTOR.replace("expect: {severity: error}", "pass: true")), "no failing case of R-LEN-01"),
    (example(vector="# none\n"), "no passing case of R-LEN-01"),
]
