#!/usr/bin/env python3
"""The conformance kit as a vendor uses it: make, import sheet, check of an export, signed summary, verification."""
import base64
import json
import pathlib
import re
import shutil
import tempfile
import unittest

from harness import cpgw, main, make_zip, replace_cell

PATTERNS = ["D1", "D2", "D3", "D4", "D5", "D6", "D7"]
NAME = "kit.example.jp/vendor-test"


class KitTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-kit-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def ends_with(self, code, *arguments):
        answer = cpgw("kit", *arguments, check=False)
        self.assertEqual(answer.returncode, code, (arguments, answer))
        return answer

    def make(self, name="kit", *arguments):
        out = self.folder / name
        self.ends_with(0, "make", "--out", out, *arguments)
        return out

    def files_of(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def write(self, name, files):
        folder = self.folder / name
        folder.mkdir()
        for file_name, data in files.items():
            (folder / file_name).write_bytes(data)
        return folder


class Make(KitTest):
    def test_every_pattern_is_a_folder_and_the_same_bytes_every_time(self):
        first, second = self.make("one"), self.make("two")
        self.assertEqual(sorted(path.name for path in first.iterdir()), PATTERNS)
        trees = [{path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
                 for root in (first, second)]
        self.assertEqual(trees[0], trees[1])
        for pattern in PATTERNS:
            folder = first / pattern
            self.assertEqual(sorted(path.name for path in folder.iterdir()),
                             ["README.html", "answers.csv", "expected", "import"])
            canonical = json.loads((folder / "expected/canonical.json").read_text(encoding="utf-8"))
            names = {path.name for path in (folder / "import").iterdir()}
            self.assertEqual({document["file"] for document in canonical},
                             {name for name in names if name.endswith(".CSV")})
            self.assertTrue(all(document["exact"] for document in canonical))
            cpgw("check", folder / "import")

    def test_the_forms_show_the_hard_characters(self):
        forms = (self.make("kit", "--pattern", "D1") / "D1/expected/forms.html").read_text(encoding="utf-8")
        for piece in ("髙見 例子", "①号棟 ㈱見本ハイツ 201", "Ⅲ・№・℡", "H000000103"):
            self.assertIn(piece, forms)

    def test_offices_month_and_serial_can_be_chosen(self):
        out = self.make("kit", "--pattern", "D3", "--from", "1370199990:11", "--to", "1370199982:43",
                        "--month", "202604", "--serial", "20260601120000")
        names = sorted(path.name for path in (out / "D3/import").iterdir())
        self.assertEqual(names, ["UPJSK_202604_1370199990_11_1370199982_43_20260601120000.CSV",
                                 "UPJSK_202605_1370199990_11_1370199982_43_20260601120001.CSV"])
        self.ends_with(0, "check", "--pattern", "D3", "--month", "202604", out / "D3/import")
        self.assertIn("--month", self.ends_with(2, "check", "--pattern", "D3", out / "D3/import").stderr.decode())

    def test_edition_3_has_three_patterns(self):
        out = self.make("kit", "--edition", "3")
        self.assertEqual(sorted(path.name for path in out.iterdir()), ["D1", "D2", "D3"])
        for pattern in ("D1", "D2", "D3"):
            self.ends_with(0, "check", "--pattern", pattern, "--edition", "3", out / pattern / "import")
        answer = self.ends_with(2, "check", "--pattern", "D1", out / "D1/import").stderr.decode()
        self.assertIn("3 版のファイルです", answer)
        self.assertIn("of edition 3", answer)
        self.ends_with(2, "make", "--edition", "3", "--pattern", "D4", "--out", self.folder / "none")

    def test_what_would_be_no_case_is_refused(self):
        out = self.folder / "none"
        answer = self.ends_with(2, "make", "--pattern", "D1", "--from", "0370100017:11", "--out", out).stderr.decode()
        self.assertIn("R-NAME-10", answer)
        self.ends_with(2, "make", "--pattern", "D9", "--out", out)
        self.ends_with(2, "make", "--pattern", "D1", "--serial", "20261301000000", "--out", out)
        self.assertFalse((out / "D1").exists())

    def test_a_folder_that_is_there_is_left_alone(self):
        out = self.make("kit", "--pattern", "D7")
        self.ends_with(3, "make", "--pattern", "D7", "--out", out)


class Check(KitTest):
    def setUp(self):
        super().setUp()
        self.kit = self.make()

    def result(self, code, pattern, *paths):
        return json.loads(self.ends_with(code, "check", "--format", "json", "--pattern", pattern, *paths).stdout)

    def test_the_kits_own_case_passes_as_folder_and_zip(self):
        for pattern in PATTERNS:
            folder = self.kit / pattern / "import"
            packed = self.folder / f"{pattern}.zip"
            packed.write_bytes(make_zip(self.files_of(folder)))
            results = [self.result(0, pattern, path) for path in (folder, packed)]
            self.assertEqual(results[0], results[1])
            self.assertEqual(results[0]["verdict"], "met")
            self.assertEqual(results[0]["counts"]["not_met"], 0)

    def test_a_difference_is_told_in_text_json_and_html(self):
        files = replace_cell(self.files_of(self.kit / "D3/import"), "UPJSK_202601", 4, 12, "1030")
        folder = self.write("export", files)
        report = self.folder / "report.html"
        answer = self.ends_with(1, "check", "--pattern", "D3", "--report", report, folder).stdout.decode()
        self.assertIn("D3-05  NG 相違", answer)
        self.assertRegex(answer, r"UPJSK_202601_\S+ › 4 行 › サービス開始時刻  期待: 1015  実際: 1030")
        self.assertIn("不合格: 17 / 18 点", answer)
        self.assertIn("NG 相違", report.read_text(encoding="utf-8"))
        result = self.result(1, "D3", folder)
        wrong = [point for point in result["points"] if point["state"] != "met"]
        self.assertEqual([point["id"] for point in wrong], ["D3-05"])
        self.assertEqual(wrong[0]["places"][0]["key"], "start_time")

    def test_what_cannot_be_judged_says_why_in_both_languages(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.assertIn("ファイルがありません", self.ends_with(2, "check", "--pattern", "D1", empty).stderr.decode())
        answer = self.ends_with(2, "check", "--pattern", "D1", self.kit / "D3/import").stderr.decode()
        self.assertIn("D1（居宅サービス計画書（第1・2・3表と利用者補足情報））のファイルではありません: UPJSK", answer)
        self.assertIn("not the files of D1", answer)
        self.ends_with(2, "check", "--pattern", "D1", self.folder / "gone")
        self.ends_with(2, "check", "--pattern", "D1")
        self.ends_with(2, "check", self.kit / "D1/import")
        stray = self.write("stray", {"memo.txt": b"x"})
        self.assertIn("標準仕様のファイル名", self.ends_with(2, "check", "--pattern", "D1", stray).stderr.decode())

    def test_the_list_names_every_pattern(self):
        answer = self.ends_with(0, "list").stdout.decode()
        for pattern in PATTERNS:
            self.assertIn(pattern, answer)
        listed = json.loads(self.ends_with(0, "list", "--format", "json").stdout)
        self.assertEqual([pattern["id"] for pattern in listed["patterns"]], PATTERNS)
        self.assertTrue(all(len(pattern["points"]) > 10 for pattern in listed["patterns"]))


class Summary(KitTest):
    def setUp(self):
        super().setUp()
        kit = self.make("kit", "--pattern", "D1,D7")
        self.results = self.folder / "results"
        self.results.mkdir()
        for pattern in ("D1", "D7"):
            answer = self.ends_with(0, "check", "--format", "json", "--pattern", pattern, kit / pattern / "import")
            (self.results / f"{pattern}.json").write_bytes(answer.stdout)
        sheet = (kit / "D7/answers.csv").read_bytes()
        answers = self.folder / "answers.csv"
        answers.write_bytes(sheet.replace(b",,", b",ok,"))
        answer = self.ends_with(0, "import-check", "--format", "json", "--pattern", "D7", "--answers", answers)
        (self.results / "D7-import.json").write_bytes(answer.stdout)
        answers.write_bytes(sheet.replace(b",,", b",ng,"))
        self.ends_with(1, "import-check", "--pattern", "D7", "--answers", answers)
        self.ends_with(2, "import-check", "--pattern", "D1", "--answers", answers)
        self.key = self.folder / "kit.key"
        self.vkey = self.ends_with(0, "key", "--name", NAME, "--out", self.key).stdout.decode().strip()

    def summary(self, code=0, *more):
        out = self.folder / "summary.txt"
        self.ends_with(code, "summary", "--results", self.results, "--key", self.key, "--out", out, "--vendor",
                       "見本ソフト", "--product", "見本ケア", "--version", "1.0", "--date", "2026-11-23", *more)
        return out

    def verified(self, path, key=None):
        return cpgw("kit", "verify", path, "--pub", key or self.vkey, check=False).returncode

    def test_it_verifies_with_the_key_and_with_a_file_of_it(self):
        out = self.summary()
        text = out.read_text(encoding="utf-8")
        self.assertIn("\nvendor 見本ソフト\n", text)
        self.assertRegex(text, r"\npattern D1 edition 4\.1 month 202601 export points 27 met 27\nfile sha256:[0-9a-f]{64} ")
        self.assertIn("\nresult met\n", text)
        self.assertEqual(self.verified(out), 0)
        (self.folder / "kit.pub").write_text(self.vkey + "\n")
        self.assertEqual(self.verified(out, self.folder / "kit.pub"), 0)

    def test_any_changed_byte_is_found(self):
        out = self.summary()
        data = out.read_bytes()
        changed = self.folder / "changed.txt"
        places = [*range(0, len(data), 97), *range(len(data) - 90, len(data), 9)]  # all of them: tests/cli
        codes = set()
        for place in places:
            changed.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
            code = self.verified(changed)
            self.assertIn(code, (1, 2, 3), f"byte {place} of {len(data)}: {data[place]!r}")
            codes.add(code)
        self.assertIn(1, codes)
        changed.write_bytes(data.replace(b"met 27", b"met 26", 1))
        self.assertEqual(self.verified(changed), 1)

    def test_another_key_or_another_signed_text_proves_nothing(self):
        out = self.summary()
        other = self.ends_with(0, "key", "--name", NAME, "--out", self.folder / "other.key").stdout.decode().strip()
        self.assertEqual(self.verified(out, other), 3)
        (self.folder / "plain.txt").write_text("hello\n")
        self.assertEqual(self.verified(self.folder / "plain.txt"), 2)
        self.assertEqual(self.verified(self.folder / "gone.txt"), 2)
        self.ends_with(2, "verify", out)

    def test_results_that_are_none_are_refused(self):
        (self.results / "zz.json").write_text("{}")
        self.summary(2)
        (self.results / "zz.json").write_bytes((self.results / "D1.json").read_bytes())
        self.summary(2)
        changed = json.loads((self.results / "D1.json").read_bytes())
        changed["kit"] = "sha256:" + "0" * 64
        (self.results / "zz.json").write_text(json.dumps(changed))
        self.summary(2)
        shutil.rmtree(self.results)
        self.summary(2)

    def test_a_key_is_never_overwritten(self):
        self.assertRegex(self.vkey, "^" + re.escape(NAME) + r"\+[0-9a-f]{8}\+")
        base64.b64decode(self.vkey.split("+", 2)[2], validate=True)
        self.ends_with(78, "key", "--name", NAME, "--out", self.key)
        self.ends_with(2, "key", "--name", "two words", "--out", self.folder / "new.key")


if __name__ == "__main__":
    main()
