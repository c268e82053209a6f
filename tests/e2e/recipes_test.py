#!/usr/bin/env python3
"""adapters/RECIPES.md: its blocks are run as they stand there, by one shell, against a running gateway."""
import os
import pathlib
import re
import shutil
import subprocess

import harness
from harness import CARE, PROGRAM, ROOT, VISIT, GatewayTest, main, pdf

RECIPES = ROOT / "adapters" / "RECIPES.md"
SECONDS = 120
# A pipe that fails fails the block; a stream that was left running ends with the shell.
HEAD = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"


class Recipes(GatewayTest):
    def prepare(self):
        """The files that the text says are there."""
        folder = self.folder / "recipes"
        folder.mkdir()
        for office, name in ((CARE, "care"), (VISIT, "visit")):
            for file, suffix in zip(self.gateway.pairs[office.number], ("pem", "key")):
                shutil.copy(file, folder / f"{name}.{suffix}")
        shutil.copy(self.gateway.pki.ca, folder / "ca.pem")
        (folder / "log.vkey").write_text(self.gateway.vkey + "\n")
        (folder / "houkoku.pdf").write_bytes(pdf())
        return folder

    def test_every_recipe_works_from_top_to_bottom(self):
        blocks = re.findall(r"^```sh run\n(.*?)^```$", RECIPES.read_text(), re.M | re.S)
        self.assertGreater(len(blocks), 10)
        path = str(pathlib.Path(PROGRAM).resolve().parent) + os.pathsep + os.environ["PATH"]
        answer = subprocess.run(["bash", "-c", HEAD + "\n".join(blocks)], cwd=self.prepare(), capture_output=True, check=False,
                                timeout=SECONDS, env=os.environ | {"PATH": path, "gateway": f"https://localhost:{self.gateway.port}"})
        said = answer.stdout.decode()
        self.assertEqual(answer.returncode, 0, said + answer.stderr.decode())
        refused = re.findall(r"returned error: (\d+)\n", answer.stderr.decode())
        self.assertEqual((refused, answer.stderr.count(b"\n")), (["422", "400", "409"], 4), answer.stderr)
        self.assertRegex(answer.stderr.decode(), r"curl: \(28\) .*\n$")  # the stream of events, ended by the recipe
        for words in ("accepted 01", "imported 20", "モニタリング報告", "ContentHandover", "bundle.arrived", "bundle.recalled", "被保険者番号が見つかりません", "真正  received"):
            self.assertIn(words, said)
        states = sorted(bundle["state"] for bundle in self.as_office(CARE).get("/v1/outbox").json()["bundles"])
        self.assertEqual(states, ["import_failed", "imported", "recalled"])

    def test_a_recipe_that_fails_is_seen(self):
        for block in ("false\n", "false | true\n", "curl --silent https://localhost:1/ | jq .\n"):
            self.assertNotEqual(harness.run("bash", "-c", HEAD + block + "true\n", check=False).returncode, 0, block)


if __name__ == "__main__":
    main()
