#!/usr/bin/env python3
"""The office's agent: dropped files arrive, what is not whole or not right comes back, nothing goes twice."""
import hashlib
import json
import os
import pathlib
import tempfile
import time
import unittest

from agents import Agent, office_settings, until
from harness import CARE, DAY, NURSE, THIRD, VISIT, GatewayTest, actual, cpgw, main, read_zip, replace_cell, schedule, \
    serial_of, with_serial


class AgentTest(GatewayTest):
    def agent(self, office, start=True, **settings):
        made = Agent(self.gateway, office, self.folder / f"{self._testMethodName}-{office.number}", **settings)
        self.addCleanup(made.kill)
        return made.start() if start else made

    def returned_folder(self, agent):
        return until("something is returned", lambda: next(iter(agent.returned.glob("2*")), None))

    def test_a_month_goes_there_and_back_and_is_acknowledged(self):
        care, visit = self.agent(CARE), self.agent(VISIT)
        plan, result = schedule(), actual()
        care.drop(plan)
        until("the plan arrives", lambda: visit.arrived() == plan)
        bundle = next(iter(visit.archive.glob("*/受信_*"))).name.split("_")[-1]
        self.assertEqual(self.state(bundle), "fetched")
        visit.import_all()
        until("the import is told", lambda: self.state(bundle) == "imported")
        visit.drop(result)
        until("the actual arrives", lambda: care.arrived() == result)
        until("the outgoing folder is empty", lambda: not os.listdir(care.outgoing))
        job = until("the receipt is kept", lambda: next(iter(care.archive.glob("*/2*")), None))
        self.assertEqual({path.name: path.read_bytes() for path in (job / "原本").iterdir()}, plan)
        for folder in (job / "送付" / "1", next(iter(visit.archive.glob("*/受信_*")))):
            cpgw("verify", folder, "--trusted-key", self.gateway.vkey)
        self.assertTrue((next(iter(visit.archive.glob("*/受信_*"))) / "receipts" / "imported.receipt.txt").exists())
        self.assertEqual(care.stop(), 0)
        self.assertEqual(visit.stop(), 0)
        self.assertNotIn("見本", care.log.read_text().replace(CARE.name, ""))

    def test_several_offices_work_in_one_process_each_in_its_own_folder(self):
        care = self.agent(CARE, start=False)
        other = care.home / "visit"
        care.config.write_text(care.config.read_text() + office_settings(self.gateway, VISIT, other))
        plan, result = schedule(THIRD), actual()
        care.drop(plan)
        care.drop(result, other / "送信")
        care.drop(actual(DAY))  # somebody else's: not this office's to send
        answer = care.once("--once", check=1)
        self.assertEqual(len(list(care.archive.glob("*/2*"))), 1)
        self.assertEqual(len(list((other / "控え").glob("*/2*"))), 1)
        report = self.returned_folder(care) / "報告.txt"
        self.assertIn("R-AUTH-01", report.read_text(encoding="utf-8-sig"))
        for name in [*plan, *result, THIRD.number]:
            self.assertNotIn(name, answer.stderr.decode())  # the log says job and kind only
        care.config.write_text(care.config.read_text().replace(str(other), str(care.root)))
        self.assertIn("share a folder", care.once("--check", check=78).stderr.decode())

    def test_what_is_not_whole_or_not_right_comes_back_with_a_report(self):
        care = self.agent(CARE)
        part = schedule()
        absent = next(name for name in part if name.startswith("UPSIKYU"))
        care.drop({name: data for name, data in part.items() if name != absent})
        folder = self.returned_folder(care)
        report = (folder / "報告.txt").read_text(encoding="utf-8-sig")
        self.assertIn("H-MISSING", report)
        self.assertIn("UPSIKYU（", report)
        self.assertEqual({path.name for path in (folder / "原本").iterdir()}, set(part) - {absent})
        wrong = replace_cell(schedule(), "UPPLAN", 1, 3, "12")
        care.drop(wrong)
        folder = until("the wrong one comes back",
                       lambda: next((path for path in care.returned.glob("2*") if path != folder), None))
        page = (folder / "報告.html").read_text()
        self.assertIn("R-", page)
        self.assertIn("行目", page)
        self.assertEqual({path.name: path.read_bytes() for path in (folder / "原本").iterdir()}, wrong)
        self.assertEqual(self.inbox_ids(VISIT, "accepted"), [])

    def test_half_written_files_are_waited_for_and_the_same_drop_goes_once(self):
        care = self.agent(CARE)
        before, files = self.inbox_ids(DAY), schedule(DAY)
        slow = next(iter(files))
        care.drop({name: data for name, data in files.items() if name != slow})
        with open(care.outgoing / slow, "wb") as writer:
            for at in range(0, len(files[slow]), max(1, len(files[slow]) // 4)):
                writer.write(files[slow][at:at + max(1, len(files[slow]) // 4)])
                writer.flush()
                time.sleep(0.15)
            self.assertEqual(self.inbox_ids(DAY), before)
        until("it arrives", lambda: len(self.inbox_ids(DAY)) == len(before) + 1)
        care.drop(files)
        again = until("the second drop is answered", lambda: next(iter(care.archive.glob("*/*_送信済み")), None))
        self.assertTrue(list((again / "receipts").glob("*.accepted.receipt.txt")))
        self.assertEqual(len(self.inbox_ids(DAY)), len(before) + 1)

    def test_a_gateway_that_is_away_is_waited_for_and_the_pages_say_so(self):
        care = self.agent(CARE)
        until("reached", lambda: care.status()["gateway_reachable"])
        self.gateway.stop()
        files = schedule(DAY)
        care.drop(files)
        until("it is queued", lambda: care.status()["queued"] == 1 and care.status()["gateway_reachable"] is False)
        status, page = care.page("/")
        self.assertEqual(status, 200)
        self.assertIn("つながりません".encode(), page)
        until("the text file says it", lambda: "つながりません" in (care.root / "状態.txt").read_text(encoding="utf-8-sig"))
        self.gateway.start()
        care.stop()
        care.configure()  # the gateway's port is another one now
        care.start()
        until("it is sent", lambda: care.status()["sent_today"] == 1)
        self.assertEqual(care.status()["queued"], 0)
        self.assertGreater(care.status()["certificate_days_left"], 5)
        for host in ("evil.example", f"evil.example:{care.port}", "127.0.0.1", f"localhost:{care.port + 1}"):
            self.assertEqual(care.page("/", host)[0], 421, host)
        self.assertEqual(care.page("/", f"localhost:{care.port}")[0], 200)
        self.assertIn(care.page("/report/1/..")[0], (400, 404))
        self.assertEqual(care.page("/report/1/none")[0], 404)
        self.assertNotIn(b"<script", care.page("/")[1])

    def test_one_at_a_time_waits_for_the_software_and_tells_a_failed_import(self):
        third = self.agent(THIRD, layout="one_at_a_time")
        bundle = self.send_one(schedule(THIRD))
        until("the first file", third.arrived)
        taken = third.import_all()
        self.assertEqual(len(taken), 1)
        second = until("the second file", third.arrived)
        self.assertEqual(len(second), 1)
        name = next(iter(second))
        (third.incoming / "取込エラー" / f"{name}.txt").write_text("登録されていません")
        os.rename(third.incoming / name, third.incoming / "取込エラー" / name)
        until("the failure is told", lambda: self.state(bundle) == "import_failed")
        receipts = self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]
        self.assertIn("登録されていません", [receipt.get("note", "") for receipt in receipts][-1])

    def test_files_of_a_software_are_converted_both_ways_and_the_receipt_says_so(self):
        nurse = self.agent(NURSE, into="life-header-en")
        plan = schedule(NURSE)
        self.send_one(plan)
        placed = until("the plan arrives in the software's form",
                       lambda: len(nurse.arrived()) == len(plan) and nurse.arrived())
        self.assertEqual({name.rsplit(".", 1)[1] for name in placed}, {"txt"})
        self.assertEqual({name.split("/")[0] for name in placed}, {serial_of(next(iter(plan)))})
        raw = until("the raw files are kept", lambda: next(iter(nurse.archive.glob("*/受信_*")), None))
        self.assertEqual({path.name: path.read_bytes() for path in raw.glob("*.CSV")}, plan)
        result = actual(NURSE)
        with tempfile.TemporaryDirectory() as folder:
            standard, dialect = pathlib.Path(folder, "standard"), pathlib.Path(folder, "dialect")
            standard.mkdir()
            for name, data in result.items():
                (standard / name).write_bytes(data)
            cpgw("adapters", "convert", "--to-dialect", "life-header-en", "--out", dialect, standard)
            files = {path.name: path.read_bytes() for path in dialect.rglob("UPJSK*")}
        self.assertFalse(set(files) & set(result))
        nurse.drop(files, nurse.outgoing / "今月")
        job = until("it is sent", lambda: next(iter(nurse.archive.glob("*/2*")), None))
        self.assertEqual({path.name: path.read_bytes() for path in (job / "原本" / "今月").iterdir()}, files)
        sent = {path.name: path.read_bytes() for path in (job / "送付" / "1").glob("*.CSV")}
        self.assertEqual(sent, result)  # there and back: the standard's own bytes
        bundle = until("it is there", lambda: self.inbox_ids(CARE, "accepted"))[-1]
        self.assertEqual(read_zip(self.as_office(CARE).get(f"/v1/bundles/{bundle}/content").body), result)
        answer = cpgw("verify", "--format", "json", job / "送付" / "1", "--trusted-key", self.gateway.vkey).stdout
        conversion = json.loads(answer)["paths"][0]["receipts"][0]["conversion"]
        report = hashlib.sha256((job / "変換-1.json").read_bytes()).hexdigest()
        self.assertIn("life-header-en@", conversion)
        self.assertIn(f"report=sha256:{report}", conversion)

    def test_once_check_lock_and_settings(self):
        care = self.agent(CARE, start=False)
        self.assertIn("つながりました", care.once("--check", check=0).stdout.decode())
        care.once("--once", check=0)
        files = schedule(DAY)
        care.drop(files)
        care.once("--once", check=0)
        self.assertEqual(os.listdir(care.outgoing), [])
        care.drop({"メモ.txt": b"memo"})
        care.once("--once", check=1)
        care.configure(port=1)
        care.drop(with_serial(files))
        care.once("--once", check=4)
        care.once("--check", check=4)
        care.configure()
        care.start()
        self.assertIn("別のエージェント", care.once("--once", check=78).stderr.decode())
        text = care.config.read_text()
        care.config.write_text(f"status: {{port: {care.port}}}\n" + text.replace(str(care.root), str(care.home / "x")))
        self.assertIn("状態のページ", care.once(check=78).stderr.decode())
        care.stop()
        care.config.write_text(text + "    colour: red\n")
        answer = care.once(check=78).stderr.decode()
        self.assertIn(f"agent.yaml:{len(text.splitlines()) + 1}: unknown key 'colour'", answer)
        care.config.write_text(text.replace("150ms", "fast"))
        self.assertIn("'settle' is a duration", care.once(check=78).stderr.decode())
        care.config.write_text(text + "    timeout: 2s\n")
        self.assertIn("'timeout' has to be longer than 'poll'", care.once(check=78).stderr.decode())


if __name__ == "__main__":
    main()
