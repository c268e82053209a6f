"""C++ text without comments and literals, line for line, so that a lint sees code only."""
import re

TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<mark>[^(\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def code_of(text):
    def blank(match):
        found = match.group(0)
        filler = '""' if found[0] in '"R' else " "
        return filler + "\n" * found.count("\n")
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
