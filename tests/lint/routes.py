#!/usr/bin/env python3
"""spec/openapi.yaml and the program's route table say the same, both ways: `routes.py PATH_OF_CPGW`.
The names of path parameters are free ({path...} takes the rest of a path and is one parameter in OpenAPI)."""
import pathlib
import re
import subprocess
import sys

import openapi
import simple_yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shape(method, path):
    return f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}"


def differences(document, printed):
    written = {shape(method, path) for path, method, _, _ in openapi.operations(document)}
    served = {shape(*line.split()) for line in printed.splitlines() if line.strip()}
    return [f"in openapi.yaml but not served: {route}" for route in sorted(written - served)] + [
        f"served but not in openapi.yaml: {route}" for route in sorted(served - written)]


def self_test():
    document = {"paths": {"/v1/a/{id}": {"get": {}}, "/v1/b": {"post": {}}}}
    assert not differences(document, "GET /v1/a/{rest...}\nPOST /v1/b\n")
    assert differences(document, "GET /v1/a/{id}\n") == ["in openapi.yaml but not served: POST /v1/b"]
    assert differences(document, "GET /v1/a/{id}\nPOST /v1/b\nGET /v1/c\n") == ["served but not in openapi.yaml: GET /v1/c"]


def main(program):
    self_test()
    document = simple_yaml.load((ROOT / openapi.PATH).read_text(encoding="utf-8"))
    answer = subprocess.run([program, "serve", "--print-routes"], capture_output=True, text=True, check=True)
    problems = differences(document, answer.stdout)
    for text in problems:
        print(text)
    print(f"routes: {len(problems)} problem(s), {len(answer.stdout.splitlines())} routes served")
    return 1 if problems or not answer.stdout.strip() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
