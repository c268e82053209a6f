#!/usr/bin/env python3
"""Dialects at the command line: list, detect with reasons, convert both ways with quarantine, test an own profile."""
import json
import pathlib
import shutil
import tempfile
import unittest

from harness import cpgw, main

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "adapters/fixtures"
CASES = [  # one that is ready of each dialect
    ("std-v3", "full_month"), ("std-v4-loose", "full_month"), ("web-utf8-wide", "full_month"),
    ("preamble-wareki", "full_month"), ("legacy-wide-typed", "full_month"), ("life-header-en", "full_month"),
]


class AdaptersTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-adapters-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def ends_with(self, code, *arguments):
        answer = cpgw("adapters", *arguments, check=False)
        self.assertEqual(answer.returncode, code, (arguments, answer))
        return answer

    def said(self, code, *arguments):
        answer = self.ends_with(code, *arguments)
        return (answer.stdout + answer.stderr).decode("utf-8")

    def convert(self, code, case, *arguments):
        tables = case / "tables"
        out = self.folder / f"out{len(list(self.folder.iterdir()))}"
        answer = self.ends_with(code, "convert", "--format", "json", "--out", out, "--serial", "20270106100000",
                                *(["--tables", tables] if tables.is_dir() else []), *arguments, case / "in")
        return out, json.loads(answer.stdout)["sets"]


class Commands(AdaptersTest):
    def test_the_list_names_the_eight_and_the_way_they_go(self):
        listed = json.loads(self.ends_with(0, "list", "--format", "json").stdout)
        self.assertEqual(len(listed), 8)
        ways = {one["dialect"]: one["direction"] for one in listed}
        self.assertEqual(ways["kokuhoren-ctl"], "in")
        self.assertEqual({one["direction"] for one in listed}, {"in", "both"})
        for one in listed:
            self.assertTrue(one["about"] and one["title"] and one["sha256"].startswith("sha256:"), one)

    def test_detect_says_which_and_why(self):
        for dialect, case in CASES:
            found = json.loads(self.ends_with(0, "detect", "--format", "json", FIXTURES / dialect / case / "in").stdout)
            self.assertEqual({one["dialect"] for one in found}, {dialect})
            for one in found:
                for candidate in one["candidates"]:
                    self.assertTrue(candidate["why"], (dialect, candidate))
        unknown = self.said(1, "detect", "--lang", "en", FIXTURES / "none/unknown_form/in")
        self.assertIn("cannot be told", unknown)

    def test_what_is_ready_stands_alone_in_a_folder_that_passes_the_check(self):
        for dialect, case in CASES:
            out, sets = self.convert(0, FIXTURES / dialect / case)
            ready = [one for one in sets if one["state"] == "ready"]
            self.assertTrue(ready, (dialect, sets))
            for one in ready:
                folder = pathlib.Path(one["folder"])
                self.assertTrue(one["conversion"].startswith(dialect + "@1; fills="), one["conversion"])
                self.assertTrue(folder.with_name(folder.name + ".変換の報告.txt").is_file())
                report = folder.with_name(folder.name + ".conversion.json").read_bytes()
                self.assertEqual(json.loads(report)["dialect"], dialect)
                cpgw("check", folder)

    def test_what_is_refused_is_returned_with_its_reasons_and_others_go_on(self):
        mixed = self.folder / "mixed"
        mixed.mkdir()
        for case in ("life-header-en/full_month", "none/unknown_form"):
            for path in (FIXTURES / case / "in").rglob("*"):
                if path.is_file():
                    shutil.copy(path, mixed / path.name)
        out = self.folder / "out"
        answer = self.ends_with(1, "convert", "--format", "json", "--out", out, "--serial", "20270106100000", mixed)
        sets = json.loads(answer.stdout)["sets"]
        self.assertIn("ready", {one["state"] for one in sets})
        refused = [one for one in sets if one["state"] == "quarantined"]
        self.assertEqual({note["id"] for one in refused for note in one["notes"]}, {"A-DET-01"})
        returned = pathlib.Path(refused[0]["folder"])
        self.assertTrue(returned.name.startswith("差戻し_"))
        text = (returned / "変換の報告.txt").read_text(encoding="utf-8")
        self.assertIn("どのソフトの形式か分かりません", text)
        self.assertIn("A-DET-01", text)

    def test_records_that_make_no_bundle_are_for_reference(self):
        out, sets = self.convert(0, FIXTURES / "kokuhoren-ctl/full_month")
        self.assertEqual({one["state"] for one in sets}, {"partial"})
        records = json.loads((pathlib.Path(sets[0]["folder"]) / "records.json").read_text(encoding="utf-8"))
        self.assertEqual(records["tables"][0]["type"], "CLAIM")

    def test_the_standard_becomes_the_softwares_files_and_comes_back_the_same(self):
        standard = self.folder / "standard"
        cpgw("sample", "--from", "0370100017:43", "--to", "0370100025:11", "--month", "202612", "--users", "2", "--kind",
             "schedule", "--out", standard)
        software, back = self.folder / "software", self.folder / "back"
        self.ends_with(0, "convert", "--to-dialect", "life-header-en", "--out", software, standard)
        written = [path for path in software.rglob("*.txt") if "報告" not in path.name]
        self.assertEqual(len(written), 3)
        self.ends_with(0, "convert", "--out", back, *written)
        again = {path.name: path.read_bytes() for path in back.rglob("*.CSV")}
        self.assertEqual(again, {path.name: path.read_bytes() for path in standard.iterdir()})

    def test_bad_usage_and_bad_profiles_end_plainly(self):
        case = FIXTURES / "web-utf8-wide/minimal/in"
        self.ends_with(2, "convert", case)
        self.ends_with(2, "convert", "--dialect", "no-such", "--out", self.folder / "x", case)
        self.ends_with(2, "convert", "--to-dialect", "kokuhoren-ctl", "--out", self.folder / "x", case)
        self.ends_with(2, "convert", "--dialect", "std-v3", "--to-dialect", "std-v3", "--out", self.folder / "x", case)
        own = self.folder / "own"
        own.mkdir()
        (own / "mine.yaml").write_text("dialect: mine\nversion: 1\nfils: []\n", encoding="utf-8")
        self.assertIn("mine.yaml:3", self.said(78, "list", "--dialects", own))
        self.assertIn("fils", self.said(1, "test", own / "mine.yaml"))

    def test_every_shipped_profile_passes_its_own_test(self):
        profiles = FIXTURES.parent.parent.parent / "adapters/profiles"
        for profile in sorted(profiles.glob("*.yaml")):
            said = self.said(0, "test", "--lang", "en", profile)
            self.assertIn("changed 0", said)
            if profile.stem != "kokuhoren-ctl":
                self.assertNotIn("the same there and back 0", said)


if __name__ == "__main__":
    main()
