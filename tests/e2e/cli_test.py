#!/usr/bin/env python3
"""The command line as offices and operators use it: what it prints, what it leaves on disk, and its exit codes."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from harness import (CARE, DAY, NURSE, PROGRAM, VISIT, Gateway, GatewayTest, OwnPki, actual, cpgw, main, make_zip, pdf,
                     replace_cell, run, sample, schedule, serial_of, with_serial)

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, files):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for file_name, data in files.items():
            (folder / file_name).write_bytes(data)
        return folder

    def ends_with(self, code, *arguments, **options):
        answer = cpgw(*arguments, check=False, **options)
        self.assertEqual(answer.returncode, code, (arguments, answer))
        return answer


class Check(CommandTest):
    def report(self, *paths, code):
        return json.loads(self.ends_with(code, "check", "--format", "json", *paths).stdout)

    def test_folders_files_and_zips_are_the_same_to_it(self):
        files = schedule(users=2)
        folder = self.write("month", files)
        packed = self.folder / "month.zip"
        packed.write_bytes(make_zip(files))
        reports = [self.report(folder, code=0), self.report(*sorted(folder.iterdir()), code=0), self.report(packed, code=0)]
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])
        self.assertEqual(reports[0]["verdict"], "accepted")
        self.assertEqual(reports[0]["bundles"][0]["counts"]["error"], 0)

    def test_a_file_too_large_to_be_held_is_told_the_same(self):
        files = schedule(users=6000)
        plan = next(name for name in files if name.startswith("UPPLAN_"))
        files = replace_cell(files, "UPPLAN", 9, 10, "20240101") | {plan + ".bak": b"x"}
        self.assertGreater(len(files[plan]), 16 << 20)
        packed = self.folder / "month.zip"
        packed.write_bytes(make_zip(files))  # is held
        self.assertEqual(self.report(self.write("month", files), code=1), self.report(packed, code=1))

    def test_the_month_of_a_big_office_is_one_call(self):
        receivers = ",".join(f"0371{number:06d}:11" for number in range(700))
        cpgw("sample", "--from", "0370100017:43", "--to", receivers, "--month", "202612", "--users", 1, "--kind", "schedule",
             "--out", self.folder / "month")
        report = self.report(self.folder / "month", code=0)
        self.assertEqual(len(report["bundles"]), 700)
        self.assertEqual(sum(len(bundle["files"]) for bundle in report["bundles"]), 2100)

    def test_a_file_over_the_limit_is_named(self):
        name = next(name for name in schedule() if name.startswith("UPPLAN_"))
        folder = self.write("huge", {name: b"202407"})
        os.truncate(folder / name, 4 << 30)
        answer = self.ends_with(2, "check", folder)
        self.assertIn(name, answer.stderr.decode())
        self.assertIn("4 GiB", answer.stderr.decode())

    def test_the_shape_is_the_contracts(self):
        import contract
        folder = self.write("bad", replace_cell(schedule(), "UPPLAN", 1, 10, "20240101") | {"memo.txt": b"x"})
        report = self.report(folder, code=1)
        self.assertEqual(list(contract.schema_problems(report, {"$ref": "#/components/schemas/Report"})), [])
        finding = next(found for found in report["bundles"][0]["findings"] if found["rule"] == "R-MON-03")
        self.assertEqual((finding["record"], finding["line"], finding["column"], finding["key"], finding["item"]),
                         (1, 1, 10, "service_date", "サービス利用日"))
        self.assertEqual(report["findings"][0]["file"], "memo.txt")

    def test_it_is_deterministic(self):
        folder = self.write("bad", replace_cell(schedule(users=3), "UPPLAN", 2, 10, "20240101"))
        outputs = {self.ends_with(1, "check", "--format", form, folder).stdout for form in ("json", "json")}
        self.assertEqual(len(outputs), 1)

    def test_the_text_tells_a_clerk_where_and_what_to_do_but_not_the_value(self):
        folder = self.write("bad", replace_cell(schedule(), "UPPLAN", 1, 10, "20240101"))
        text = self.ends_with(1, "check", folder).stdout.decode()
        for expected in ("サービス利用日", "1行目", "R-MON-03"):
            self.assertIn(expected, text)
        self.assertNotIn("20240101", text)
        self.assertIn("20240101", self.ends_with(1, "check", "--show-values", folder).stdout.decode())
        self.assertNotIn("サービス利用日が", self.ends_with(1, "check", "--lang", "en", folder).stdout.decode())

    def test_csv_opens_in_a_spreadsheet(self):
        folder = self.write("bad", replace_cell(schedule(), "UPPLAN", 1, 10, "20240101"))
        data = self.ends_with(1, "check", "--format", "csv", folder).stdout
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        self.assertIn(b"\r\n", data)

    def test_every_kind_of_bad_bytes_is_a_finding(self):
        files = schedule()
        plan = next(name for name in files if name.startswith("UPPLAN_"))
        good = files[plan]
        for data, rule in ((b"", "R-CSV-07"), (b"\xef\xbb\xbf" + good, "R-ENC-01"),
                           (good.decode("cp932").encode("utf-16"), "R-ENC-01"), (good + b"\xff\xfe", "R-ENC-01"),
                           (good.replace(b",", b",\xf0\x40", 1), "R-ENC-02"), (good.replace(b",", b"\0,", 1), "R-ENC-03"),
                           (b'"' + good, "R-CSV-03"), (good.replace(b"\r\n", b",x,y\r\n"), "R-CSV-01"),
                           (good.replace(b"\r\n", b"\n"), "R-CSV-05")):
            with self.subTest(rule):
                folder = self.write(f"bytes-{rule}-{len(data)}", files | {plan: data})
                answer = cpgw("check", "--format", "json", folder, check=False)
                self.assertIn(answer.returncode, (0, 1))
                rules = {found["rule"] for bundle in json.loads(answer.stdout)["bundles"] for found in bundle["findings"]}
                self.assertIn(rule, rules)

    def test_the_sender_and_the_receiver_can_be_asked_for(self):
        folder = self.write("month", schedule())
        self.ends_with(0, "check", "--sender", CARE.number, "--receiver", VISIT.number, folder)
        self.ends_with(1, "check", "--sender", DAY.number, folder)
        self.ends_with(1, "check", "--receiver", DAY.number, folder)

    def test_an_edition_can_be_asked_for(self):
        folder = self.write("v3", with_serial(sample(CARE, [VISIT], ["schedule"], edition="3", month="202411")))
        self.ends_with(0, "check", folder)
        self.ends_with(0, "check", "--edition", "3", folder)
        self.ends_with(1, "check", "--edition", "4.1", folder)

    def test_input_that_cannot_be_read_is_2(self):
        empty = self.write("empty", {})
        broken = self.folder / "broken.zip"
        broken.write_bytes(b"PK\x03\x04" + b"\0" * 50)
        for arguments in (["check", self.folder / "gone"], ["check", empty], ["check", broken], ["check"],
                          ["check", "--format", "xml", empty], ["check", "--wat", empty], ["check", "--edition", "5", empty],
                          ["check", "--sender", "1", empty], [], ["wat"], ["cert"], ["cert", "wat"]):
            with self.subTest(arguments):
                answer = self.ends_with(2, *arguments)
                self.assertTrue(answer.stderr)

    def test_every_command_has_help_in_both_languages(self):
        overview = self.ends_with(0, "--help").stdout.decode()
        commands = re.findall(r"^  cpgw ([a-z]+(?: [a-z-]+)?)  ", overview, re.MULTILINE)
        self.assertGreater(len(commands), 20)
        for command in commands:
            text = self.ends_with(0, *command.split(), "--help").stdout.decode()
            self.assertRegex(text, "[ぁ-ん]", command)
            self.assertRegex(text, "[a-z]{4}", command)

    def test_tables_from_a_folder(self):
        spec = self.folder / "spec"
        shutil.copytree(pathlib.Path(__file__).resolve().parents[2] / "spec" / "editions", spec)
        shutil.copy(pathlib.Path(__file__).resolve().parents[2] / "spec" / "findings.yaml", spec)
        self.ends_with(0, "spec", "lint", "--spec-dir", spec)
        findings = (spec / "findings.yaml").read_text()
        (spec / "findings.yaml").write_text(findings.replace("severity: error", "severity: sometimes", 1))
        answer = self.ends_with(1, "spec", "lint", "--spec-dir", spec)
        self.assertRegex((answer.stdout + answer.stderr).decode(), r"findings\.yaml:\d+")
        self.assertIn("R-MON-03", self.ends_with(0, "spec", "doc").stdout.decode())

    def test_profiles_change_severities_and_are_named(self):
        folder = self.write("month", {name.replace(".CSV", ".csv"): data for name, data in actual().items()})
        for profile, code in (("standard", 0), ("lenient", 0), ("strict", 1)):
            report = self.report("--profile", profile, folder, code=code)
            self.assertEqual((report["profile"], report["bundles"][0]["profile"]), (profile, profile))
            rules = [found["rule"] for found in report["bundles"][0]["findings"]]
            self.assertEqual("R-NAME-02" in rules, profile != "lenient")
        own = self.folder / "ours.yaml"
        own.write_text('profile: ours\ntitle_ja: "自分"\ntitle_en: "ours"\ndescription_ja: "自分"\ndescription_en: "ours"\n'
                       "rules:\n  R-NAME-02: error\n")
        self.assertEqual(self.report("--profile", own, folder, code=1)["profile"], "ours")
        own.write_text(own.read_text() + "  R-AUTH-01: warning\n")
        answer = self.ends_with(78, "check", "--profile", own, folder)
        self.assertRegex(answer.stderr.decode(), r"ours\.yaml:8: R-AUTH-01 may not be lowered")
        self.ends_with(2, "check", "--profile", "wat", folder)
        self.ends_with(2, "check", "--profile", self.folder / "gone.yaml", folder)

    def test_profiles_of_a_folder_are_checked_with_its_tables(self):
        source = pathlib.Path(__file__).resolve().parents[2] / "spec"
        spec = self.folder / "spec"
        for part in ("editions", "profiles"):
            shutil.copytree(source / part, spec / part)
        shutil.copy(source / "findings.yaml", spec)
        self.assertIn("strict", self.ends_with(0, "spec", "lint", "--spec-dir", spec).stdout.decode())
        self.assertRegex(self.ends_with(0, "spec", "doc", "--spec-dir", spec).stdout.decode(),
                         r"\| 規則 / rule \| lenient \| standard \| strict \|")
        strict = spec / "profiles" / "strict.yaml"
        strict.write_text(strict.read_text() + "  R-NONE-01: off\n")
        answer = self.ends_with(1, "spec", "lint", "--spec-dir", spec)
        self.assertRegex(answer.stdout.decode(), r"strict\.yaml:\d+: 'R-NONE-01' is no rule")

    def city_table(self, *rows):
        header = ("保険者番号,サービス種類コード,サービス項目コード,適用開始年月,適用終了年月,サービス名称,単位数,算定単位,制限日数回数,"
                  "算定回数制限期間,限度額管理対象区分,単位数単価,給付率,利用者負担額,事業対象者実施区分,支援1受給者実施区分,"
                  "支援2受給者実施区分,国保連委託区分,作成日\r\n")
        rest = '"1","01","3","","","","2","2",2,"1","20260401"'
        table = self.folder / "city.csv"
        table.write_bytes((header + "".join(f"{row},{rest}\r\n" for row in rows)).encode("cp932"))
        return table

    def test_a_citys_table_as_it_is_published_is_a_service_code_table(self):
        files = actual()
        cells = next(iter(files.values())).decode("cp932").splitlines()[0].split(",")
        insurer, code = cells[1], cells[14]
        folder = self.write("month", files)
        kind, item = code[:2], code[2:]
        codes = sorted({line.split(",")[14] for line in next(iter(files.values())).decode("cp932").splitlines()})
        whole = self.city_table(*(f'"{insurer}","{each[:2]}","{each[2:]}","202104","999999","見本","244","01"' for each in codes))
        self.assertEqual(self.report("--service-codes", whole, folder, code=0)["bundles"][0]["findings"], [])
        other = self.city_table(f'"{insurer}","{kind}","0000","202104","999999","見本","244","01"')
        rules = [found["rule"] for found in self.report("--service-codes", other, folder, code=0)["bundles"][0]["findings"]]
        self.assertIn("R-SVC-02", rules)
        ended = self.city_table(f'"{insurer}","{kind}","0000","202104","999999","見本","244","01"',
                                f'"{insurer}","{kind}","{item}","202104","202403","見本","244","01"')
        messages = [found["message"] for found in self.report("--service-codes", ended, folder, code=0)["bundles"][0]["findings"]]
        self.assertTrue(any("この月には使えないコード" in message for message in messages), messages)
        broken = self.city_table(f'"{insurer}","{kind}","{item}","202104","2024","見本","244","01"')
        answer = self.ends_with(78, "check", "--service-codes", broken, folder)
        self.assertRegex(answer.stderr.decode(), r"city\.csv:2: ")
        self.ends_with(2, "check", "--service-codes", self.folder / "gone.csv", folder)


class Sample(CommandTest):
    def make(self, name, *options, code=0):
        folder = self.folder / name
        self.ends_with(code, "sample", "--from", f"{CARE.number}:43", "--to", f"{VISIT.number}:11,{DAY.number}:15", "--month",
                       "202612", "--users", "4", "--out", folder, *options)
        return {path.name: path.read_bytes() for path in folder.rglob("*")} if folder.exists() else {}

    def test_the_same_seed_is_the_same_bytes_and_another_is_not(self):
        self.assertEqual(self.make("one", "--seed", "5"), self.make("two", "--seed", "5"))
        self.assertNotEqual(self.make("three", "--seed", "6"), self.make("one", "--seed", "5"))

    def test_every_kind_passes_every_rule(self):
        for sender, receiver, kinds in (
                ("0370100017:43", "0370100025:11", ["care_plan", "schedule"]),
                ("0370100025:11", "0370100017:43", ["actual"]),
                ("0370100017:46", "0370100025:15", ["schedule"])):
            for kind in kinds:
                with self.subTest((sender, kind)):
                    folder = self.folder / f"{kind}-{sender[-2:]}"
                    self.ends_with(0, "sample", "--from", sender, "--to", receiver, "--month", "202612", "--users", "12",
                                   "--kind", kind, "--seed", "11", "--out", folder)
                    report = json.loads(self.ends_with(0, "check", "--format", "json", folder).stdout)
                    self.assertEqual([bundle["findings"] for bundle in report["bundles"]], [[]] * len(report["bundles"]))

    def test_wrong_requests_are_2(self):
        for options in (["--month", "202613"], ["--users", "0"], ["--kind", "wat"], ["--edition", "5"], ["--seed", "x"]):
            with self.subTest(options):
                self.make("wrong", *options, code=2)


class OfficeTest(GatewayTest, CommandTest):
    """What the tests of the office's side over mutual TLS share."""

    def setUp(self):
        GatewayTest.setUp(self)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-cli-"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.folder = self.work
        self.config = {office: self.gateway.client_config(office) for office in (CARE, VISIT, DAY, NURSE)}

    def office(self, office, *arguments, code=0):
        return self.ends_with(code, *arguments, "--config", self.config[office], cwd=self.work).stdout.decode()

    def send(self, files, *options, code=0, office=CARE):
        folder = self.write(f"send-{len(list(self.work.iterdir()))}", files)
        answer = self.office(office, "send", folder, *options, "--format", "json", code=code)
        return [bundle["id"] for bundle in json.loads(answer)["bundles"]]

    def fetch(self, office, *bundles):
        """Fetches, and gives the folder of the last bundle."""
        answer = json.loads(self.office(office, "fetch", "--out", self.work / "in", *bundles, "--format", "json"))
        return pathlib.Path(answer["bundles"][-1]["folder"])


class Office(OfficeTest):
    def test_a_whole_exchange_by_commands(self):
        files = schedule(users=2)
        bundle = self.send(files)[0]
        self.assertIn(bundle, self.office(VISIT, "inbox"))
        fetched = self.fetch(VISIT)
        got = {path.name: path.read_bytes() for path in fetched.iterdir() if path.is_file()}
        self.assertEqual(got, files)
        self.assertNotIn(bundle, self.office(VISIT, "inbox"))
        self.office(VISIT, "ack", bundle, "imported", "--note", "取込済み")
        self.assertIn("imported", self.office(CARE, "outbox", "--format", "json"))
        receipt = self.work / "imported.receipt.txt"
        self.office(CARE, "receipt", bundle, "--out", receipt)
        self.ends_with(0, "verify", "--trusted-key", self.gateway.vkey, receipt)
        self.ends_with(0, "verify", "--trusted-key", self.gateway.vkey, fetched)
        self.ends_with(0, "verify", "--trusted-key", self.gateway.vkey, self.work / "receipts" / bundle)

    def test_the_same_command_again_sends_nothing_twice(self):
        folder = self.write("again", schedule())
        first = self.office(CARE, "send", folder, "--format", "json")
        self.assertEqual(self.office(CARE, "send", folder, "--format", "json"), first)

    def test_a_conversion_is_declared_and_stands_in_the_receipt(self):
        declared = "sample-soft@3; fills=12; lookups=4; report=sha256:" + "0a" * 32
        bundle = self.send(schedule(), "--conversion", declared)[0]
        folder = self.work / "receipts" / bundle
        self.assertIn("送信側の変換: 方言 sample-soft 第 3 版", self.ends_with(0, "verify", "--trusted-key", self.gateway.vkey,
                                                                      folder).stdout.decode())
        answer = json.loads(self.ends_with(0, "verify", "--trusted-key", self.gateway.vkey, "--format", "json", folder).stdout)
        self.assertEqual([receipt["conversion"] for path in answer["paths"] for receipt in path["receipts"]], [declared])
        self.office(CARE, "send", self.write("plain", schedule()), "--conversion", "sample-soft", code=2)

    def test_a_rejected_file_is_1_with_its_findings(self):
        folder = self.write("bad", replace_cell(schedule(), "UPPLAN", 1, 10, "20240101"))
        text = self.office(CARE, "send", folder, code=1)
        self.assertIn("R-MON-03", text)
        self.assertIn("差戻し", text)

    def test_papers_beside_the_data(self):
        files = actual()
        folder = self.write("results", files | {"houkoku.pdf": pdf()})
        text = self.office(VISIT, "send", folder, "--cover-to", f"{CARE.number}:43", "--title", "月次報告", "--month", "202511",
                           "--with-serial", serial_of(next(iter(files))), "--format", "json")
        bundle = json.loads(text)["bundles"][0]["id"]
        self.assertEqual((self.fetch(CARE, bundle) / "houkoku.pdf").read_bytes(), pdf())

    def test_recall_and_what_the_gateway_refuses_is_3(self):
        bundle = self.send(schedule(DAY))[0]
        self.office(CARE, "recall", bundle)
        self.office(CARE, "recall", bundle, code=3)
        self.office(DAY, "fetch", "--out", self.work / "in", bundle, code=3)
        self.office(NURSE, "fetch", "--out", self.work / "in", bundle, code=3)
        self.office(CARE, "ack", bundle, "imported", code=3)
        self.office(CARE, "receipt", "01900000-0000-7000-8000-000000000000", code=3)

    def test_usage_is_2(self):
        for arguments in (["ack", "x", "imported"], ["ack", "01900000-0000-7000-8000-000000000000", "done"], ["send"],
                          ["send", "gone"], ["recall"], ["inbox", "--state", "x"], ["fetch", "x", "--out", "in"]):
            with self.subTest(arguments):
                self.office(CARE, *arguments, code=2)

    def test_a_gateway_that_is_not_there_is_4(self):
        config = self.gateway.client_config(NURSE, port=1)
        self.ends_with(4, "inbox", "--config", config)
        other = OwnPki(self.work / "other")
        text = config.read_text().replace(f"ca: {self.gateway.pki.ca}", f"ca: {other.ca}").replace(
            "localhost:1\n", f"localhost:{self.gateway.port}\n")
        config.write_text(text)
        self.ends_with(4, "inbox", "--config", config)  # a server of an authority we do not trust
        self.gateway.client_config(NURSE)

    def test_settings_that_cannot_be_used_are_78(self):
        good = self.config[CARE].read_text()
        for text in (good + "colour: red\n", good.replace("gateway:", "gatewy:"), "[", good.replace("trusted_keys", "# "),
                     good.replace(str(self.gateway.pairs[CARE.number][0]), "gone.pem")):
            with self.subTest(text[-40:]):
                config = self.work / "wrong.yaml"
                config.write_text(text)
                self.ends_with(78, "send", "--config", config, self.write("any", schedule()))
        self.ends_with(78, "inbox", "--config", self.work / "gone.yaml")

    def test_fetched_folders_are_whole_and_nothing_is_written_over(self):
        bundle = self.send(schedule(NURSE))[0]
        folder = self.fetch(NURSE)
        self.assertEqual([path.name for path in folder.parent.iterdir()], [folder.name])
        self.assertTrue(folder.name.endswith(bundle))
        victim = next(path for path in folder.iterdir() if path.is_file())
        victim.write_bytes(b"mine now")
        self.office(NURSE, "fetch", "--out", folder.parent, bundle, code=1)
        self.assertEqual(victim.read_bytes(), b"mine now")


    def test_a_fetch_that_was_killed_between_is_taken_up_by_the_next_one(self):
        bundle = self.send(schedule(NURSE))[0]
        self.as_office(NURSE).get(f"/v1/bundles/{bundle}/content")  # handed over, never written
        self.assertNotIn(bundle, self.office(NURSE, "inbox"))
        pending = self.work / "in" / ".cpgw-pending"
        pending.mkdir(parents=True)
        (pending / bundle).touch()
        (pending / "01900000-0000-7000-8000-000000000000").touch()  # recalled since: passed over
        self.assertTrue(self.fetch(NURSE).name.endswith(bundle))
        self.assertFalse(pending.exists())

    def test_a_fetched_folder_is_not_fetched_again(self):
        bundle = self.send(schedule(NURSE))[0]
        folder = self.fetch(NURSE, bundle)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
        again = json.loads(self.office(NURSE, "fetch", "--out", folder.parent, bundle, "--format", "json"))
        self.assertEqual([found["result"] for found in again["bundles"]], ["already_here"])
        self.assertEqual({path: path.stat().st_mtime_ns for path in folder.rglob("*")}, before)

    def test_a_zip_is_sent_as_it_is(self):
        packed = self.work / "month.zip"
        packed.write_bytes(make_zip(files := schedule(NURSE)))
        bundle = json.loads(self.office(CARE, "send", packed, "--format", "json"))["bundles"][0]["id"]
        kept = self.work / "receipts" / bundle
        self.assertEqual({path.name: path.read_bytes() for path in kept.iterdir() if path.is_file()}, files)
        self.fetch(NURSE, bundle)

    def test_wait_ends_when_the_receiver_has_fetched(self):
        folder = self.write("waited", schedule(NURSE))
        sender = subprocess.Popen([PROGRAM, "send", "--wait", folder, "--config", self.config[CARE]], cwd=self.work,
                                  stdout=subprocess.PIPE)
        self.addCleanup(sender.kill)
        bundle = ID.search(sender.stdout.readline().decode()).group(0)  # accepted
        self.assertIsNone(sender.poll())
        self.fetch(NURSE, bundle)
        self.assertIn("受領", sender.communicate(timeout=60)[0].decode())
        self.assertEqual(sender.returncode, 0)


class Verify(OfficeTest):
    """Damage of every kind, found offline with the exit codes of the contract."""

    def setUp(self):
        super().setUp()
        bundle = self.send(schedule(DAY, users=2))[0]
        self.bundle = self.fetch(DAY, bundle)
        self.receipt = next((self.bundle / "receipts").iterdir())

    def verify(self, code, *paths, key=None):
        return self.ends_with(code, "verify", "--trusted-key", key or self.gateway.vkey, *(paths or [self.bundle]))

    def copy(self):
        target = self.work / f"copy-{len(list(self.work.iterdir()))}"
        shutil.copytree(self.bundle, target)
        return target

    def test_a_good_folder_says_what_is_proven(self):
        text = self.verify(0).stdout.decode()
        for expected in (CARE.number, DAY.number):
            self.assertIn(expected, text)
        english = self.ends_with(0, "verify", "--lang", "en", "--trusted-key", self.gateway.vkey, self.bundle).stdout.decode()
        self.assertNotEqual(english, text)

    def test_it_needs_no_gateway(self):
        environment = {**os.environ, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
        answer = run("unshare", "-rn", PROGRAM, "verify", "--trusted-key", self.gateway.vkey, self.bundle, check=False,
                     env=environment)
        if b"unshare" in answer.stderr:
            answer = cpgw("verify", "--trusted-key", self.gateway.vkey, self.bundle)
        self.assertEqual(answer.returncode, 0, answer)

    def test_a_changed_byte_in_any_file_is_tampered(self):
        for name in [path.name for path in self.bundle.iterdir() if path.is_file()]:
            folder = self.copy()
            data = bytearray((folder / name).read_bytes())
            data[len(data) // 2] ^= 1
            (folder / name).write_bytes(bytes(data))
            self.verify(1, folder)

    def test_a_missing_or_an_added_file_is_tampered(self):
        folder = self.copy()
        next(path for path in folder.iterdir() if path.is_file()).unlink()
        self.verify(1, folder)
        folder = self.copy()
        (folder / "extra.CSV").write_bytes(b"x")
        self.verify(1, folder)

    def test_a_changed_receipt_is_never_proven(self):
        text = self.receipt.read_text()
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if len(line) < 8:
                continue
            place = len(line) // 2
            other = "A" if line[place] != "A" else "B"
            changed = self.work / "changed.receipt.txt"
            changed.write_text("\n".join([*lines[:number], line[:place] + other + line[place + 1:], *lines[number + 1:]]))
            answer = cpgw("verify", "--trusted-key", self.gateway.vkey, changed, check=False)
            self.assertIn(answer.returncode, (1, 2, 3), (number, line, answer))

    def test_what_is_no_receipt_is_malformed(self):
        for data in (b"", b"hello\n", b"c2sp.org/tlog-proof@v1\n", bytes(range(256)), self.receipt.read_bytes()[:-40]):
            wrong = self.work / "wrong.receipt.txt"
            wrong.write_bytes(data)
            self.verify(2, wrong)
        self.verify(2, self.work / "gone")

    def test_a_receipt_of_another_key_is_3(self):
        other = Gateway(self.work / "other", pki=OwnPki(self.work / "other-pki"), offices=(CARE, DAY))
        other.close()
        self.verify(3, self.receipt, key=other.vkey)

    def test_the_receipt_of_another_bundle_does_not_fit(self):
        bundle = self.send(schedule(DAY))[0]
        other = self.fetch(DAY, bundle)
        folder = self.copy()
        shutil.rmtree(folder / "receipts")
        shutil.copytree(other / "receipts", folder / "receipts")
        self.verify(1, folder)


class Administration(CommandTest):
    """Certificates and offices on the gateway's host."""

    def gateway_config(self):
        config = self.folder / "gateway.yaml"
        config.write_text("host: localhost\ndata: data\n")
        return config

    def test_certificates_are_made_shown_renewed_and_revoked(self):
        ca = self.folder / "ca"
        self.ends_with(0, "cert", "ca-init", "--out", ca)
        self.assertEqual(stat.S_IMODE((ca / "ca.key").stat().st_mode) & 0o077, 0)
        self.assertNotEqual(cpgw("cert", "ca-init", "--out", ca, check=False).returncode, 0)  # nothing is written over
        prefix = self.folder / "care"
        self.ends_with(0, "cert", "issue", "--ca", ca, "--office", CARE.number, "--out", prefix)
        self.assertEqual(stat.S_IMODE(pathlib.Path(f"{prefix}.key").stat().st_mode) & 0o077, 0)
        self.assertIn(CARE.number, self.ends_with(0, "cert", "show", f"{prefix}.pem").stdout.decode())
        run("openssl", "verify", "-x509_strict", "-CAfile", ca / "ca.pem", f"{prefix}.pem")
        run("openssl", "crl", "-in", ca / "crl.pem", "-noout", "-CAfile", ca / "ca.pem")
        self.ends_with(0, "cert", "revoke", "--ca", ca, f"{prefix}.pem")
        run("openssl", "verify", "-crl_check", "-CRLfile", ca / "crl.pem", "-CAfile", ca / "ca.pem", f"{prefix}.pem",
            check=False)
        self.assertNotEqual(run("openssl", "verify", "-crl_check", "-CRLfile", ca / "crl.pem", "-CAfile", ca / "ca.pem",
                                f"{prefix}.pem", check=False).returncode, 0)
        self.ends_with(2, "cert", "issue", "--ca", ca, "--office", "1", "--out", prefix)

    def test_offices_are_added_listed_disabled_and_imported(self):
        config = self.gateway_config()
        key = self.ends_with(0, "db", "init", "--config", config).stdout.decode()
        self.assertRegex(key, r"localhost/cpgw/\d{4}\+[0-9a-f]{8}\+\S+")
        self.ends_with(0, "office", "add", "--config", config, "--office", CARE.number, "--type", "43", "--name", CARE.name)
        self.assertIn(CARE.name, self.ends_with(0, "office", "list", "--config", config).stdout.decode())
        self.ends_with(0, "office", "disable", "--config", config, "--office", CARE.number)
        self.ends_with(2, "office", "add", "--config", config, "--office", "1", "--type", "43", "--name", "x")

    def test_a_directory_of_300000_offices_is_imported(self):
        config = self.gateway_config()
        cpgw("db", "init", "--config", config)
        table = self.folder / "offices.csv"
        with open(table, "w", encoding="utf-8") as out:
            out.write("office,service_types,name\n")
            for number in range(300_000):
                out.write(f"{1300000000 + number * 10},11 15,見本事業所{number}\n")
        self.ends_with(0, "office", "import", "--config", config, table)
        count = run("sqlite3", self.folder / "data" / "gateway.db", "SELECT count(*) FROM office").stdout
        self.assertEqual(int(count), 300_000)
        table.write_text("office,service_types,name\n1300000000,11,x\nnot an office,11,y\n")
        answer = cpgw("office", "import", "--config", config, table, check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("3", (answer.stdout + answer.stderr).decode())  # the line


if __name__ == "__main__":
    main()
