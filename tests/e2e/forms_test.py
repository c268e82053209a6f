#!/usr/bin/env python3
"""Files as JSON, as forms, and under another edition: convert, view, spec diff, with their exit codes."""
import json
import pathlib
import re
import shutil
import tempfile
import unittest

from harness import cpgw, main, make_zip, replace_cell, schedule


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-forms-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, files):
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, data in files.items():
            (folder / file_name).write_bytes(data)
        return folder

    def ends_with(self, code, *arguments):
        answer = cpgw(*arguments, check=False)
        self.assertEqual(answer.returncode, code, (arguments, answer))
        return answer


class Convert(FilesTest):
    def test_csv_to_json_and_back_is_the_same_bytes(self):
        files = schedule(users=3)
        self.ends_with(0, "convert", "--to", "json", "--out", self.folder / "json", self.write("csv", files))
        documents = sorted((self.folder / "json").iterdir())
        self.assertEqual([path.name for path in documents], sorted(name + ".json" for name in files))
        for path in documents:
            document = json.loads(path.read_bytes())
            self.assertTrue(document["exact"])
            self.assertEqual(document["normalised"], [])
            self.assertEqual(document["records"][0]["csv_version"], "202407")
        self.ends_with(0, "convert", "--to", "csv", "--out", self.folder / "back", self.folder / "json")
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "back").iterdir()}, files)

    def test_what_is_not_clean_is_told(self):
        name, data = next((name, data) for name, data in schedule().items() if name.startswith("UPPLAN"))
        folder = self.write("lf", {name: data.replace(b"\r\n", b"\n")})
        answer = self.ends_with(0, "convert", "--to", "json", folder)
        document = json.loads(answer.stdout)
        self.assertFalse(document["exact"])
        self.assertEqual([item["change"] for item in document["normalised"]], ["line_end"])
        self.assertIn("CRLF", answer.stderr.decode())

    def test_a_character_outside_ms932_is_refused_with_its_place(self):
        name, data = next((name, data) for name, data in schedule().items() if name.startswith("UPPLAN"))
        document = json.loads(self.ends_with(0, "convert", "--to", "json", self.write("csv", {name: data})).stdout)
        document["records"][0]["planner_name"] = "\U0001F642"
        folder = self.write("json", {name + ".json": json.dumps(document, ensure_ascii=False).encode()})
        answer = self.ends_with(1, "convert", "--to", "csv", "--out", self.folder / "back", folder)
        self.assertIn("record 1, planner_name", answer.stderr.decode())
        self.assertFalse((self.folder / "back").exists())

    def test_usage(self):
        self.ends_with(2, "convert", self.write("csv", schedule()))
        self.ends_with(2, "convert", "--to", "json", self.folder / "csv")  # several files need --out
        self.ends_with(2, "convert", "--to", "json", self.write("other", {"memo.csv": b"x"}))
        self.ends_with(2, "convert", "--to", "csv", self.folder / "other")
        self.ends_with(2, "convert", "--to", "json", self.folder / "nothing")


class View(FilesTest):
    def test_a_bundle_becomes_one_page_of_each_form_a_user(self):
        files = schedule(users=2)
        folder = self.write("csv", files)
        text = self.ends_with(0, "view", folder).stdout.decode()
        self.assertEqual(text.count('<section class="sheet">'), 4)
        self.assertIsNone(re.search(r"<script|https?:|\sstyle=", text))
        self.ends_with(0, "view", "--out", self.folder / "out", folder)
        self.assertEqual((self.folder / "out" / "forms.html").read_text(), text)
        packed = self.folder / "month.zip"
        packed.write_bytes(make_zip(files))
        self.ends_with(0, "view", "--out", self.folder / "month.html", packed)
        self.assertEqual((self.folder / "month.html").read_text(), text)

    def test_usage(self):
        self.ends_with(2, "view")
        self.ends_with(2, "view", self.folder / "nothing")


class SpecDiff(FilesTest):
    def test_says_what_changed_in_both_languages(self):
        for lang, words in (("ja", "追加：居宅サービス計画３表"), ("en", "added: 居宅サービス計画３表")):
            self.assertIn(words, self.ends_with(0, "spec", "diff", "3", "4.1", "--lang", lang).stdout.decode())

    def test_names_the_files_that_newly_fail(self):
        corpus = self.write("corpus/good", schedule())
        self.write("corpus/bad", replace_cell(schedule(), "UPPLAN", 1, 10, "20240101"))  # fails before and after
        answer = json.loads(self.ends_with(0, "spec", "diff", "4.1", "4.1", "--format", "json", "--corpus",
                                           corpus.parent).stdout)
        self.assertEqual((answer["changes"], answer["corpus"]["bundles"]), ([], 2))
        answer = json.loads(self.ends_with(1, "spec", "diff", "4.1", "3", "--format", "json", "--corpus",
                                           corpus.parent).stdout)
        failing = {(item["place"], item["file"][:6]): item["rules"] for item in answer["corpus"]["newly_failing"]}
        self.assertIn("R-CSV-01", failing["good", "UPPLAN"])
        self.assertIn("R-CSV-01", failing["bad", "UPPLAN"])

    def test_usage(self):
        self.ends_with(2, "spec", "diff", "3")
        self.ends_with(2, "spec", "diff", "3", "5.0")
        self.ends_with(2, "spec", "diff", "3", "4.1", "--corpus", self.folder / "nothing")


if __name__ == "__main__":
    main()
