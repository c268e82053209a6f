"""clang-format 14 with the repository's .clang-format over every C++ file."""
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = "14."
BATCH = 40  # files a call


def version_problem():
    try:
        answer = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        return f"clang-format cannot be run ({error}); deploy/setup.sh lint installs it"
    return None if f"version {VERSION}" in answer else f"clang-format {VERSION}x is what ends all talk, found: {answer.strip()}"


def run(folder, names):
    problems = []
    for first in range(0, len(names), BATCH):
        answer = subprocess.run(["clang-format", "--dry-run", "-Werror", *names[first:first + BATCH]], cwd=folder,
                                capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            problems += [line for line in answer.stderr.splitlines() if "[-Wclang-format-violations]" in line] or [
                f"clang-format: {answer.stderr.strip()}"]
    return problems


def check(tree):
    problem = version_problem()
    if problem:
        return [problem]
    # The texts are what is judged (not the files), so that the examples below go the same way.
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder)
        (target / ".clang-format").write_text((ROOT / ".clang-format").read_text())
        names = []
        for path, text in tree.items():
            if path.endswith((".cpp", ".hpp")) and text is not None:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                (target / path).write_text(text, encoding="utf-8")
                names.append(path)
        return run(folder, names) if names else []


GOOD = [{"spec/base/a.cpp": "int one() {\n    return 1;\n}\n"}]
BAD = [({"spec/base/a.cpp": "int one( ) { return 1 ; }\n"}, "a.cpp:1")]
