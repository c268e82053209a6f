"""Who may know whom, read from the #include lines (CONTRIBUTING.md, Layers)."""
import fnmatch
import re

# Room -> what it may include besides itself. A room is the longest folder of this table that holds the file.
SPEC = ["spec/*"]
KEPT = ["gateway/store/store.hpp", "gateway/store/rows.hpp", "gateway/store/people.hpp", "gateway/store/webhooks.hpp",
        "gateway/store/store_gate.hpp", "gateway/store/seal.hpp"]
ROOMS = {
    "spec/base": [],
    "spec/model": ["spec/base/*"],
    "spec/load": ["spec/base/*", "spec/model/*"],
    "spec/records": ["spec/base/*", "spec/model/*"],
    "spec/check": ["spec/base/*", "spec/model/*", "spec/records/*"],
    "spec/render": ["spec/base/*", "spec/model/*", "spec/records/*", "spec/check/*"],
    "spec/sample": ["spec/base/*", "spec/model/*", "spec/records/*"],
    "spec/kit": ["spec/base/*", "spec/model/*", "spec/records/*", "spec/load/*", "spec/check/*", "spec/render/*",
                 "spec/sample/*"],
    "spec/tables": ["spec/base/*", "spec/model/*", "spec/records/*", "spec/load/*"],
    "adapters": SPEC,
    "gateway/audit": SPEC,
    "gateway/store": SPEC + ["gateway/exchange/states.hpp", "gateway/audit/*"],
    "gateway/identity": SPEC + KEPT + ["gateway/audit/*"],
    "gateway/exchange": SPEC + KEPT + ["gateway/audit/*", "gateway/identity/*"],
    "gateway/ops": ["spec/base/*"],
    "gateway/http": ["spec/base/*", "gateway/ops/*"],
    "gateway/api": SPEC + KEPT + ["gateway/audit/*", "gateway/identity/*", "gateway/exchange/*", "gateway/http/*",
                                  "gateway/ops/*"],
    "gateway/app": SPEC + ["adapters/client/post.hpp", "adapters/webhook/*", "gateway/audit/*", "gateway/store/*", "gateway/identity/*",
                           "gateway/exchange/*", "gateway/http/*", "gateway/ops/*", "gateway/api/*"],
    "gateway/sandbox": SPEC + ["adapters/client/*", "gateway/audit/*", "gateway/store/*", "gateway/identity/*",
                               "gateway/http/*", "gateway/app/*"],
    "gateway/cli": SPEC + ["adapters/*", "gateway/*"],
    "gateway": ["gateway/cli/*", "gateway/app/*"] + SPEC,  # main.cpp
    "tests": ["*"],
}

# Outside libraries: each is seen by these files only (tests may use what they compare with).
LIBRARIES = {
    r"csv\.h": ["spec/records/csv_reader.cpp"],
    r"iconv\.h": ["spec/records/cp932.cpp"],
    r"zip\.h": ["spec/records/unpack.cpp"],
    r"seccomp\.h": ["gateway/app/confine.cpp"],
    r"sqlite3\.h": ["gateway/store/sqlite/*"],
    r"argon2\.h": ["gateway/identity/password.cpp"],
    r"yaml-cpp/.*": ["spec/load/*.cpp", "gateway/app/config.cpp", "adapters/*.cpp"],
    r"boost/(asio|beast)(/.*|\.hpp)": ["gateway/http/*.cpp", "adapters/client/*.cpp"],
    r"boost/regex(/.*|\.hpp)": ["adapters/dialect/text_pattern.cpp"],
    r"openssl/engine\.h": ["spec/base/private_key.cpp"],
    r"openssl/.*": ["spec/base/digest.cpp", "spec/base/private_key.cpp", "gateway/audit/note.cpp", "gateway/audit/cms.cpp",
                    "gateway/audit/timestamp.cpp",
                    "gateway/store/seal.cpp", "gateway/http/*.cpp", "gateway/identity/*.cpp",
                    "gateway/identity/openssl_handles.hpp", "adapters/client/*.cpp"],
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def room_of(path):
    rooms = [room for room in ROOMS if path.startswith(room + "/")]
    return max(rooms, key=len) if rooms else None


def fits(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def check_own(path, included, tree):
    room = room_of(path)
    if room is None:
        return f"{path}: belongs to no room"
    target = room_of(included)
    if target is None or not fits(included, ["spec/*", "adapters/*", "gateway/*", "tests/*"]):
        return f'{path}: "{included}" is not rooted at the repository'
    if included not in tree:
        return f'{path}: "{included}" does not exist'
    if target == room or fits(included, ROOMS[room]):
        return None
    return f"{path}: {room} may not know {included}"


def check_outside(path, included):
    if path.startswith("tests/"):
        return None
    for library, places in LIBRARIES.items():
        if re.fullmatch(library, included) and not fits(path, places):
            return f"{path}: <{included}> is seen by {', '.join(places)} only"
    return None


def check(tree):
    problems = []
    for path, text in tree.items():
        if not path.endswith((".cpp", ".hpp")) or text is None:
            continue
        for bracket, included in INCLUDE.findall(text):
            problem = check_own(path, included, tree) if bracket == '"' else check_outside(path, included)
            if problem:
                problems.append(problem)
    return problems


BASE = {"spec/base/bytes.hpp": "#pragma once\n", "gateway/store/store.hpp": "", "gateway/store/sqlite/backend.hpp": "",
        "gateway/store/rows.hpp": "", "gateway/exchange/states.hpp": "", "gateway/exchange/submit.hpp": "",
        "gateway/http/router.hpp": "", "spec/check/report.hpp": ""}


def with_file(path, text):
    return {**BASE, path: text}


GOOD = [
    with_file("spec/model/field.cpp", '#include "spec/base/bytes.hpp"\n#include <vector>\n'),
    with_file("gateway/exchange/submit.cpp", '#include "gateway/store/store.hpp"\n'),
    with_file("gateway/store/sqlite/backend.cpp", '#include "gateway/store/store.hpp"\n#include <sqlite3.h>\n'),
    with_file("gateway/store/rows.cpp", '#include "gateway/exchange/states.hpp"\n'),
    with_file("gateway/http/server.cpp", "#include <boost/asio/ssl.hpp>\n"),
    with_file("tests/bench/bench.cpp", "#include <csv.h>\n"),
]
BAD = [
    (with_file("spec/base/bytes.cpp", '#include "spec/check/report.hpp"\n'), "spec/base may not know"),
    (with_file("spec/kit/judge.cpp", '#include "gateway/http/router.hpp"\n'), "spec/kit may not know"),
    ({**with_file("spec/sample/sample.cpp", '#include "spec/kit/make.hpp"\n'), "spec/kit/make.hpp": ""},
     "spec/sample may not know"),
    (with_file("spec/check/rules/month.cpp", '#include "gateway/store/store.hpp"\n'), "spec/check may not know"),
    (with_file("gateway/exchange/submit.cpp", '#include "gateway/store/sqlite/backend.hpp"\n'), "may not know"),
    (with_file("gateway/store/sqlite/backend.cpp", '#include "gateway/exchange/submit.hpp"\n'), "may not know"),
    (with_file("gateway/api/me.cpp", '#  include "gateway/store/sqlite/backend.hpp"\n'), "may not know"),
    (with_file("gateway/api/me.cpp", "#include <boost/beast/http.hpp>\n"), "boost/beast/http.hpp"),
    (with_file("gateway/exchange/submit.cpp", "#include <sqlite3.h>\n"), "sqlite3.h"),
    (with_file("spec/check/checker.cpp", "#include <csv.h>\n"), "csv.h"),
    (with_file("gateway/api/me.cpp", "#include <openssl/x509.h>\n"), "openssl/x509.h"),
    (with_file("spec/model/field.cpp", '#include "field.hpp"\n'), "not rooted"),
    (with_file("spec/model/field.cpp", '#include "spec/base/gone.hpp"\n'), "does not exist"),
]
