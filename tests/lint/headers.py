"""What every committed file keeps to: UTF-8, LF, headers with #pragma once and a head comment, no absolute path of a
machine, no registry host, no real mail address, no key, no unfinished work."""
import re

# A head comment comes before the first line of code and says what the header is for.
HEAD_COMMENT = re.compile(r"\A(?://[^\n]{10,}\n)(?://[^\n]*\n)*\s*#pragma once\n")
MIN_HEAD_COMMENT = 40  # characters: a sentence

FORBIDDEN = [
    (re.compile(r"(?<![\w.$}\])/-])/(?:home|root|work|Users|mnt)/[A-Za-z0-9_.-]+"), "an absolute path of a machine"),
    (re.compile(r"\b(?:registry\.npmjs|pypi|crates|proxy\.golang|rubygems|index\.docker|ghcr|quay|files\.pythonhosted)"
                r"\.(?:org|io|com)\b"), "a registry host"),
    (re.compile(r"[A-Za-z0-9._%+-]+@(?!example\.(?:com|org|net|jp|invalid)\b)(?:[A-Za-z0-9-]+\.)+(?:com|org|net|jp|info|biz)\b"),
     "a mail address of a real domain"),
    (re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{40,}"), "a private key"),
    (re.compile(r"(?<![\w-])(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)(?![\w-])"), "a note of unfinished work"),
    (re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE), "a merge conflict"),
]
NOT_TEXT_RULES = {"LICENSE"}
# Bytes as other programs write them: their encoding and line ends are what is tested.
FOREIGN = ("tests/vectors/", "tests/corpus/", "tests/fuzz/corpus/", "tests/adapters/fixtures/")


def check_file(path, text):
    if text is None:
        return [] if path.startswith(FOREIGN) else [f"{path}: not UTF-8"]
    problems = []
    if "\r\n" in text and not path.startswith(FOREIGN):
        problems.append(f"{path}: CRLF line ends")
    if text and not text.endswith("\n") and not path.startswith(FOREIGN):
        problems.append(f"{path}: no line end at the end of the file")
    if path.endswith(".hpp"):
        head = HEAD_COMMENT.match(text)
        if "#pragma once" not in text:
            problems.append(f"{path}: no #pragma once")
        elif not head or len(head.group(0)) < MIN_HEAD_COMMENT:
            problems.append(f"{path}: no head comment that says what the header is for")
    if path in NOT_TEXT_RULES or path == "tests/lint/headers.py":
        return problems
    for pattern, what in FORBIDDEN:
        match = pattern.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            problems.append(f"{path}:{line}: {what}")
    return problems


def check(tree):
    return [problem for path, text in tree.items() for problem in check_file(path, text)]


GOOD = [
    {"spec/base/ids.hpp": "// Strong identifiers of the field, values, any thread.\n#pragma once\n"},
    {"README.md": "See ../docs and build/release; mail kaigo@example.jp; /v1/bundles/{id}; `$PWD/work/x`\n"},
]
BAD = [
    ({"spec/base/ids.hpp": "// Strong identifiers of the field, values, any thread.\nstruct Id {};\n"}, "#pragma once"),
    ({"spec/base/ids.hpp": "#pragma once\n// Strong identifiers of the field, values.\n"}, "head comment"),
    ({"spec/base/ids.hpp": "// Ids for use.\n#pragma once\n"}, "head comment"),
    ({"README.md": "cd /home/somebody/project\n"}, "absolute path"),
    ({"deploy/setup.sh": "curl https://pypi" + ".org/simple\n"}, "registry host"),
    ({"README.md": "ask taro@kaigo-" + "center.co.jp\n"}, "mail address"),
    ({"tests/pki.py": "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n"}, "private key"),
    ({"spec/base/ids.cpp": "// TO" + "DO later\n"}, "unfinished"),
    ({"README.md": "one\r\ntwo\r\n"}, "CRLF"),
    ({"README.md": "one"}, "line end"),
    ({"README.md": None}, "UTF-8"),
]
