#!/usr/bin/env python3
"""Runs one lint over the source tree: `lint.py NAME`, or proves that every lint can fail: `lint.py --self-test`.

A lint is a module of this folder with
  check(tree)   -> list of problems, one line each; `tree` is {path: text} of the repository
  GOOD, BAD     -> example trees: GOOD ones must have no problem; each BAD one comes with a piece of the problem expected
The examples of a lint run before the lint itself, every time: one that can no longer fail is a failure.
"""
import importlib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINTS = ["layers", "coroutines", "headers", "rules", "format", "openapi", "checklist"]
SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__", "node_modules", "dist", "out"}
BINARY = {".pdf", ".jpg", ".png", ".zip", ".csv", ".bin", ".der"}


def source_paths(root=ROOT):
    """What git knows or would add; without git, every file outside the build folders."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        return sorted(name for name in set(names) if (root / name).is_file())
    return sorted(
        str(path.relative_to(root)) for path in root.rglob("*")
        if path.is_file() and not SKIPPED_FOLDERS & set(path.relative_to(root).parts))


def source_tree(root=ROOT):
    tree = {}
    for name in source_paths(root):
        if pathlib.PurePath(name).suffix.lower() in BINARY:
            continue
        try:
            tree[name] = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            tree[name] = None  # headers.py says so
    return tree


def self_test(name):
    """Problems of the lint's own examples."""
    lint = importlib.import_module(name)
    problems = []
    if not lint.BAD:
        problems.append(f"{name}: no failing example")
    for number, tree in enumerate(lint.GOOD, 1):
        problems += [f"{name}: good example {number} is refused: {text}" for text in lint.check(tree)]
    for number, (tree, expected) in enumerate(lint.BAD, 1):
        found = lint.check(tree)
        if not any(expected in text for text in found):
            problems.append(f"{name}: bad example {number} is not refused for '{expected}' but for {found}")
    return problems


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in LINTS + ["--self-test"]:
        print(f"usage: lint.py {'|'.join(LINTS)}|--self-test", file=sys.stderr)
        return 2
    if arguments[0] == "--self-test":
        problems = [text for name in LINTS for text in self_test(name)]
    else:
        problems = self_test(arguments[0]) + importlib.import_module(arguments[0]).check(source_tree())
    for text in problems:
        print(text)
    print(f"{arguments[0]}: {len(problems)} problem(s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
