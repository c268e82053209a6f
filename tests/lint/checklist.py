"""Every proof that gateway/CHECKLIST.md names is there: a ctest entry with the label security, and a case of it."""
import re

SHEET = "gateway/CHECKLIST.md"
PROOF = re.compile(r"`((?:test|e2e|fault)_\w+)`(?: · ((?:`\w+`(?:, )?)+))?")
ROWS = 15


def security_entries(cmake):
    """Names of the ctest entries that carry the label security."""
    entries = set(re.findall(r"cpg_test\((\w+) LABEL [a-z ]*\bsecurity\b", cmake))
    entries |= set(re.findall(r'cpg_script_test\((\w+) "[^"]*security[^"]*"', cmake))
    for topics, body in re.findall(r"foreach\(topic ([a-z_ ]+)\)(.*?)endforeach", cmake, re.DOTALL):
        if "security" in body:
            entries |= {f"e2e_{topic}" for topic in topics.split()}
    for names in re.findall(r"set_property\(TEST ([a-z0-9_ ]+?) APPEND PROPERTY LABELS security\)", cmake):
        entries |= set(names.split())
    return entries


def cases_of(entry, tree):
    """The cases of a ctest entry: functions of its script, or the cases of its folder."""
    kind, topic = entry.split("_", 1)
    if kind == "e2e":
        return set(re.findall(r"def (test_\w+)", tree.get(f"tests/e2e/{topic}_test.py", "")))
    texts = (text for path, text in tree.items() if path.startswith(f"tests/{topic}/") and path.endswith(".cpp"))
    return {case for text in texts for case in re.findall(r"(?:AUTO_TEST_CASE|CONTRACT)\(\s*(\w+)", text)}


def check(tree):
    sheet, problems = tree[SHEET], []
    entries = security_entries(tree["tests/CMakeLists.txt"])
    rows = re.findall(r"^\| (\d+) \|.*$", sheet, re.MULTILINE)
    if rows != [str(number) for number in range(1, ROWS + 1)]:
        problems.append(f"{SHEET}: rows {rows} are not 1 to {ROWS}")
    for line in sheet.splitlines():
        proofs = PROOF.findall(line)
        if re.match(r"\| \d+ \|", line) and not proofs:
            problems.append(f"{SHEET}: a row without proof: {line[:60]}")
        for entry, cases in proofs:
            if entry not in entries:
                problems.append(f"{SHEET}: {entry} is no ctest entry with the label security")
            for case in re.findall(r"`(\w+)`", cases):
                if case not in cases_of(entry, tree):
                    problems.append(f"{SHEET}: {entry} has no case {case}")
    return problems


def sheet_of(proof, rows=ROWS):
    return "".join(f"| {number} | a | b | {proof} |\n" for number in range(1, rows + 1))


CMAKE = 'cpg_test(test_api LABEL http security DIR api)\ncpg_script_test(e2e_tls "e2e;security" 300 tls_test.py)\n'
SCRIPT = "class A:\n    def test_b(self):\n        pass\n"
TREE = {"tests/CMakeLists.txt": CMAKE, "tests/e2e/tls_test.py": SCRIPT, "tests/api/a_test.cpp": "BOOST_AUTO_TEST_CASE(b) {"}
GOOD = [TREE | {SHEET: sheet_of("`test_api` · `b`; `e2e_tls` · `test_b`")}]
BAD = [
    (TREE | {SHEET: sheet_of("`test_api` · `c`")}, "test_api has no case c"),
    (TREE | {SHEET: sheet_of("`e2e_gone` · `test_b`")}, "e2e_gone is no ctest entry"),
    (TREE | {SHEET: sheet_of("of course")}, "a row without proof"),
    (TREE | {SHEET: sheet_of("`test_api` · `b`", 13)}, "are not 1 to 15"),
]
