"""The coroutine rule: g++ 12.2 miscompiles everyday coroutine code, so coroutines live in the rim only and keep to the
one form that is safe everywhere (CONTRIBUTING.md, Coroutines):

  auto result = co_await f(named, std::move(other), 5);     or      co_await f(named);       or      co_return named;

Not allowed: co_await inside a condition, an argument, a return or a larger expression; a temporary aggregate, a
conditional or a lambda inside a co_await expression; a reference parameter or a capturing lambda as coroutine."""
import fnmatch
import re

from cpp_text import code_of, line_of

RIM = ["gateway/http/*.cpp", "adapters/client/*.cpp", "adapters/webhook/*.cpp"]
KEYWORD = re.compile(r"\bco_(?:await|yield|return)\b")
BOUND = re.compile(r"^(?:(?:const\s+)?auto\s+(?:\w+|\[\s*\w+(?:\s*,\s*\w+)*\s*\])|(?:const\s+)?[\w:<>,\s]+\s\w+|\w+)\s*="
                   r"\s*co_await\b(?P<rest>.*)$", re.DOTALL)
PLAIN = re.compile(r"^co_await\b(?P<rest>.*)$", re.DOTALL)
LABEL = re.compile(r"^(?:else\b|do\b|case\s+[\w:]+\s*:(?!:)|default\s*:)\s*")
SIGNATURE = re.compile(r"\bawaitable\s*<[^;{}()]*>\s+[\w:]+\s*\((?P<parameters>[^;{}]*)\)\s*(?:const\s*)?(?:noexcept\s*)?[;{]")
LAMBDA = re.compile(r"\[(?P<captures>[^\]]*)\]\s*\([^)]*\)\s*(?:mutable\s*)?->\s*[\w:]*awaitable\s*<")


def statement_at(code, offset):
    """The text of the statement around a keyword: from the last ; { } outside parentheses to the next ;"""
    start, depth = offset, 0
    while start > 0:
        before = code[start - 1]
        if before in ")]":
            depth += 1
        elif before in "([":
            depth -= 1
        elif before in ";{}" and depth <= 0:
            break
        start -= 1
    end = code.find(";", offset)
    return code[start:end if end >= 0 else len(code)].strip()


def problem_of(statement):
    while LABEL.match(statement):
        statement = LABEL.sub("", statement, count=1)
    if statement.startswith("co_return"):
        return "co_await inside a co_return" if "co_await" in statement else None
    if "co_yield" in statement:
        return "co_yield is not used here"
    match = BOUND.match(statement) or PLAIN.match(statement)
    if not match:
        return "the result of co_await is not bound to a named local"
    rest = match.group("rest")
    if "co_await" in rest:
        return "two co_await in one statement"
    if "{" in rest or "}" in rest:
        return "a temporary aggregate or a block inside a co_await expression"
    if re.search(r"\?", rest):
        return "a conditional inside a co_await expression"
    if re.search(r"(?<![\w\])])\[", rest):
        return "a lambda inside a co_await expression"
    return None


def check_file(path, text):
    code = code_of(text)
    found = list(KEYWORD.finditer(code))
    if found and not any(fnmatch.fnmatch(path, place) for place in RIM):
        return [f"{path}:{line_of(code, found[0].start())}: coroutines live in {', '.join(RIM)} only"]
    problems = []
    for match in found:
        problem = problem_of(statement_at(code, match.start()))
        if problem:
            problems.append(f"{path}:{line_of(code, match.start())}: {problem}")
    for match in SIGNATURE.finditer(code):
        if "&" in match.group("parameters"):
            problems.append(f"{path}:{line_of(code, match.start())}: a coroutine takes its parameters by value")
    for match in LAMBDA.finditer(code):
        if match.group("captures").strip():
            problems.append(f"{path}:{line_of(code, match.start())}: a capturing lambda as coroutine")
    return problems


def check(tree):
    return [problem for path, text in tree.items() if path.endswith((".cpp", ".hpp")) and text is not None
            for problem in check_file(path, text)]


def body(text, path="gateway/http/server.cpp"):
    return {path: "asio::awaitable<void> serve(Stream stream) {\n" + text + "\n}\n"}


GOOD = [
    body("auto size = co_await read(stream, token);\nif (size > 0) { co_return; }\n"),
    body("const std::size_t size = co_await read(stream, token);\nco_return;\n"),
    body("auto [error, size] = co_await read(stream, token);\nco_await wait(timer);\nelse co_await wait(timer);\n"),
    body("// if (co_await read(stream)) is what must not be written\nconst char* text = \"co_await x ? y : z\";\n"),
    {"spec/check/checker.cpp": "int check() { return 1; }\n"},
]
BAD = [
    (body("if (co_await read(stream)) return;"), "not bound"),
    (body("while (co_await read(stream)) {}"), "not bound"),
    (body("switch (co_await read(stream)) {}"), "not bound"),
    (body("handle(co_await read(stream));"), "not bound"),
    (body("auto sum = 1 + co_await read(stream);"), "not bound"),
    (body("co_return co_await read(stream);"), "co_return"),
    (body("auto size = co_await read(stream, Options{1, 2});"), "temporary aggregate"),
    (body("auto size = co_await read(fast ? a : b);"), "conditional"),
    (body("auto size = co_await run([](int) { return 1; });"), "temporary aggregate"),
    (body("auto both = co_await read(co_await open(stream));"), "two co_await"),
    (body("auto row = Row{co_await read(stream)};"), "temporary aggregate"),
    (body("co_return;", "gateway/exchange/submit.cpp"), "only"),
    ({"gateway/http/server.cpp": "asio::awaitable<void> serve(const Stream& stream) { co_return; }\n"}, "by value"),
    ({"gateway/http/server.cpp": "auto f = [this]() -> asio::awaitable<void> { co_return; };\n"}, "capturing lambda"),
]
