#!/usr/bin/env python3
"""The commands of a document are run, not believed: `docs.py PATH_OF_CPGW README.md`.

Every block that starts with ```sh run is executed, in order, in one shell and an empty folder with cpgw on the PATH; the
first command that fails is the test's failure. Blocks without `run` are for reading only."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 120


def blocks_of(text):
    return BLOCK.findall(text)


def run(blocks, program):
    """(exit code, output) of all blocks in one shell."""
    script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n" + "\n".join(blocks)
    with tempfile.TemporaryDirectory(prefix="cpgw-tour-") as folder:
        path = str(pathlib.Path(program).resolve().parent) + os.pathsep + os.environ["PATH"]
        shell = subprocess.Popen(["bash", "-c", script], cwd=folder, env={**os.environ, "PATH": path, "HOME": folder},
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, _ = shell.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            output, _ = shell.communicate()
            return 124, output + f"\nnot done after {SECONDS} s"
        return shell.returncode, output


def self_test(program):
    assert blocks_of("a\n```sh run\ntrue\n```\n```sh\nfalse\n```\n") == ["true\n"]
    assert run(["false\n", "true\n"], program)[0] != 0, "a failing command goes unseen"
    assert run(["cpgw --version | false\n"], program)[0] != 0, "a failing pipe goes unseen"
    assert run(["cpgw --version\n"], program)[0] == 0


def main(program, document):
    self_test(program)
    blocks = blocks_of((ROOT / document).read_text(encoding="utf-8"))
    if not blocks:
        print(f"{document} has no block of commands to run")
        return 1
    code, output = run(blocks, program)
    print(output)
    print(f"docs: {len(blocks)} blocks of {document} ended with {code}")
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
