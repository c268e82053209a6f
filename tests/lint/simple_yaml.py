"""The part of YAML that this repository's own files are written in, for tests that want no package beside Python:
block mappings and sequences, flow ones (over several lines too), quoted and plain one-line scalars, | and > blocks,
comments. Everything else is an error with its line, never a guess."""
import json
import re

KEY = re.compile(r"""(?P<key>"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^\s#"'\[\]{},&*!|>%@`-][^#]*?|-[^\s][^:]*?)\s*:(?=\s|$)""")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\Z")


class YamlError(ValueError):
    pass


def scalar(text):
    """A plain or quoted scalar; YAML 1.2 core: null, true, false, decimal numbers, text."""
    if text.startswith('"'):
        return json.loads(text)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if NUMBER.match(text):
        return float(text) if "." in text else int(text)
    return text


def without_comment(line):
    quote = None
    for index, character in enumerate(line):
        if quote:
            if character == "\\" and quote == '"':
                continue
            if character == quote and not (quote == '"' and line[index - 1] == "\\"):
                quote = None
        elif character in "\"'" and (index == 0 or line[index - 1] in " [{,:"):
            quote = character
        elif character == "#" and (index == 0 or line[index - 1] in " \t"):
            return line[:index].rstrip()
    return line.rstrip()


class Flow:
    """[a, b] and {a: b}."""
    TOKEN = re.compile(r"""\s*(?:(?P<mark>[\[\]{},])|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:''|[^'])*')|(?P<colon>:(?=\s|$|[\[{"']))|(?P<plain>(?:[^\s\[\]{},:#]|:(?=\S)|(?<=\S)#|[ \t]+(?=[^\s\[\]{},:#]))+))""")

    def __init__(self, text):
        self.tokens, at = [], 0
        while text[at:].strip():
            match = self.TOKEN.match(text, at)
            if not match or match.end() == at:
                raise YamlError(f"cannot read {text[at:at + 30]!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self.at = 0

    def next(self):
        if self.at >= len(self.tokens):
            raise YamlError("a flow collection that does not end")
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def value(self):
        kind, text = self.next()
        if text == "[" and kind == "mark":
            return self.items("]", self.value)
        if text == "{" and kind == "mark":
            return dict(self.items("}", self.pair))
        if kind == "plain" and text[0] in "&*!%@`":
            raise YamlError("anchors, aliases and tags are not used here")
        if kind in ("quoted", "plain"):
            return scalar(text)
        raise YamlError(f"unexpected {text!r}")

    def items(self, end, read):
        found = []
        while self.peek() != ("mark", end):
            found.append(read())
            if self.peek() == ("mark", ","):
                self.next()
            elif self.peek() != ("mark", end):
                raise YamlError(f"unexpected {self.peek()[1]!r}")
        self.next()
        return found

    def pair(self):
        kind, key = self.next()
        if kind not in ("quoted", "plain"):
            raise YamlError(f"unexpected {key!r}")
        if self.next()[0] != "colon":
            raise YamlError(f"no colon after {key!r}")
        return scalar(key) if kind == "quoted" else key.strip(), self.value()


class Reader:
    def __init__(self, text):
        self.raw = text.split("\n")
        self.lines = []  # (number from 0, indent, text) of lines that say something
        for number, line in enumerate(self.raw):
            if "\t" in line[:len(line) - len(line.lstrip())]:
                raise YamlError(f"line {number + 1}: a tab as indent")
            self.lines.append((number, len(line) - len(line.lstrip(" ")), without_comment(line).strip()))
        self.at = 0

    def skip(self):
        while self.at < len(self.lines) and (not self.lines[self.at][2] or self.lines[self.at][2] == "---"):
            self.at += 1

    def peek(self):
        self.skip()
        return self.lines[self.at] if self.at < len(self.lines) else (len(self.lines), -1, "")

    def fail(self, text):
        raise YamlError(f"line {self.lines[min(self.at, len(self.lines) - 1)][0] + 1}: {text}")

    def node(self, indent):
        _, found, text = self.peek()
        if found < indent:
            return None
        if text == "-" or text.startswith("- "):
            return self.sequence(found)
        if KEY.match(text):
            return self.mapping(found)
        self.at += 1
        return self.inline(text, found)

    def sequence(self, indent):
        items = []
        while True:
            number, found, text = self.peek()
            if found != indent or not (text == "-" or text.startswith("- ")):
                if found > indent:
                    self.fail("unexpected indent")
                return items
            rest = text[1:].lstrip()
            if not rest:
                self.at += 1
                items.append(self.node(indent + 1))
            else:
                inner = indent + len(text) - len(rest)
                self.lines[self.at] = (number, inner, rest)
                items.append(self.node(inner))

    def mapping(self, indent):
        found_keys = {}
        while True:
            _, found, text = self.peek()
            match = KEY.match(text) if found == indent else None
            if not match:
                if found >= indent and not (text == "-" or text.startswith("- ")):
                    self.fail(f"cannot read {text!r}")
                return found_keys
            key = scalar(match.group("key")) if match.group("key")[0] in "\"'" else match.group("key")
            if key in found_keys:
                self.fail(f"{key} twice")
            rest = text[match.end():].strip()
            if rest:
                self.at += 1
                found_keys[key] = self.inline(rest, indent)
            else:
                self.at += 1
                _, below, next_text = self.peek()
                is_list = below == indent and (next_text == "-" or next_text.startswith("- "))
                found_keys[key] = self.node(indent if is_list else indent + 1)

    def inline(self, text, indent):
        if re.match(r"[|>][+-]?\Z", text):
            return self.block(text, indent)
        if text[0] in "[{":
            while True:
                flow = self.flow(text)
                depth = sum((mark in "[{") - (mark in "]}") for kind, mark in flow.tokens if kind == "mark")
                if depth <= 0:
                    break
                if self.at >= len(self.lines):
                    self.fail("a flow collection that does not end")
                text += " " + self.lines[self.at][2]
                self.at += 1
            value = self.flow_value(flow)
            if flow.peek() != (None, None):
                self.fail("text after a flow collection")
            return value
        if text[0] in "\"'" and not re.fullmatch(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""", text):
            self.fail(f"cannot read {text!r}")
        if text[0] in "&*!%@`":
            self.fail("anchors, aliases and tags are not used here")
        return scalar(text)

    def flow(self, text):
        try:
            return Flow(text)
        except YamlError as error:
            self.fail(str(error))

    def flow_value(self, flow):
        try:
            return flow.value()
        except YamlError as error:
            self.fail(str(error))

    def block(self, style, indent):
        lines = []
        while self.at < len(self.lines):
            raw = self.raw[self.at]
            if raw.strip() and len(raw) - len(raw.lstrip(" ")) <= indent:
                break
            lines.append(raw)
            self.at += 1
        while lines and not lines[-1].strip():
            lines.pop()
        margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
        if style[0] == "|":
            text = "\n".join(lines)
        else:
            text = re.sub(r"(?<=[^\n])\n(?=[^\n ])", " ", "\n".join(lines)).replace("\n\n", "\n")
        return text if style.endswith("-") else text + "\n"


def load(text):
    reader = Reader(text)
    value = reader.node(0)
    if reader.peek()[1] >= 0:
        reader.fail(f"cannot read {reader.peek()[2]!r}")
    return value
