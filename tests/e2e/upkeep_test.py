#!/usr/bin/env python3
"""What an operator does: back up, restore on a fresh machine, renew the master key, retention; and how narrow the running
process and the system service are."""
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import (CARE, ROOT, VISIT, Gateway, GatewayTest, cpgw, main, run, schedule, with_serial)


class Backup(GatewayTest):
    def restored(self, name, backup, keys=("master.key", "log.key")):
        """A data folder as a fresh machine has it: the keys from their own place, the database from the backup."""
        fresh = self.gateway.folder / name
        (fresh / "data").mkdir(parents=True, mode=0o700)
        for key in keys:
            shutil.copy(self.gateway.folder / "data" / key, fresh / "data" / key)
        config = fresh / "gateway.yaml"
        config.write_text(self.gateway.config.read_text())
        return config, cpgw("db", "restore", "--config", config, "--from", backup, check=False)

    def test_a_copy_under_load_restores_with_every_receipt(self):
        sent, folder = [], self.gateway.folder
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            def load():
                client = self.gateway.client(CARE)
                for _ in range(120):
                    sent.extend(self.accepted(client.send(with_serial(schedule()))))
            running = pool.submit(load)
            while len(sent) < 110 and not running.done():
                pass
            cpgw("db", "backup", "--config", self.gateway.config, "--out", folder / "backup")
            running.result()
        answer = self.restored("fresh", folder / "backup")
        self.assertEqual(answer[1].returncode, 0, answer)
        self.assertEqual(cpgw("db", "check", "--config", answer[0], check=False).returncode, 0)

        before, self.gateway.config = self.gateway.config, answer[0]
        self.gateway.stop()
        self.clients.clear()
        self.gateway.start()
        try:
            kept = self.inbox_ids(VISIT)
            self.assertGreaterEqual(len(kept), 110)
            for bundle in random.Random(7).sample(kept, 100):
                receipts = self.expect(self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts"), 200).json()
                text = folder / "receipt.txt"
                text.write_text(receipts["receipts"][0]["receipt"])
                proven = cpgw("verify", "--trusted-key", self.gateway.vkey, text, check=False)
                self.assertEqual(proven.returncode, 0, proven)
            self.send_one()
        finally:
            self.gateway.stop()
            self.gateway.config = before
            self.gateway.start()

    def test_a_changed_copy_or_a_foreign_key_is_refused_and_leaves_nothing(self):
        self.send_one()
        backup = self.gateway.folder / "changed"
        cpgw("db", "backup", "--config", self.gateway.config, "--out", backup)
        database = backup / "gateway.db"
        data = bytearray(database.read_bytes())
        data[len(data) // 2] ^= 1
        database.write_bytes(data)
        config, answer = self.restored("refused", backup)
        self.assertEqual(answer.returncode, 1, answer)
        self.assertEqual(sorted(path.name for path in (config.parent / "data").iterdir() if path.name != "lock"),
                         ["log.key", "master.key"])
        config, answer = self.restored("without-key", backup, keys=("log.key",))
        self.assertEqual(answer.returncode, 78, answer)

    def test_nothing_is_overwritten(self):
        backup = self.gateway.folder / "twice"
        cpgw("db", "backup", "--config", self.gateway.config, "--out", backup)
        again = cpgw("db", "backup", "--config", self.gateway.config, "--out", backup, check=False)
        self.assertEqual(again.returncode, 78, again)
        over = cpgw("db", "restore", "--config", self.gateway.config, "--from", backup, check=False)
        self.assertEqual(over.returncode, 78, over)


class MasterKey(GatewayTest):
    def test_a_renewed_key_opens_what_was_sealed_before_and_the_old_one_does_not(self):
        files = schedule()
        bundle = self.send_one(files)
        data = self.gateway.folder / "data"
        fresh = data / "master.key.new"
        running = cpgw("db", "rekey", "--config", self.gateway.config, "--new-key", fresh, check=False)
        self.assertEqual(running.returncode, 78, running)  # the gateway runs
        self.assertFalse(fresh.exists())
        self.gateway.stop()
        self.clients.clear()
        cpgw("db", "rekey", "--config", self.gateway.config, "--new-key", fresh)
        cpgw("db", "rekey", "--config", self.gateway.config, "--new-key", fresh)  # taken up again: nothing left to do
        refused = run(os.environ["CPGW"], "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.assertEqual(refused.returncode, 78, refused)  # the old key opens nothing any more
        self.assertIn(b"master key", refused.stderr)
        (data / "master.key").rename(data / "master.key.old")
        fresh.rename(data / "master.key")
        self.gateway.start()
        for name, content in files.items():
            self.assertEqual(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/files/{name}").body, content)
        repeated = self.accepted(self.as_office(CARE).send(files))
        self.assertEqual(repeated, [bundle])  # the tags are the same: same bytes are known as such

    def test_a_credential_of_systemd(self):
        bundle = self.send_one()
        credentials = pathlib.Path(tempfile.mkdtemp(dir=self.gateway.folder))
        self.gateway.stop()
        self.clients.clear()
        data = self.gateway.folder / "data"
        shutil.move(data / "master.key", credentials / "cpgw-master")
        config = self.gateway.config.read_text()
        self.gateway.config.write_text(config + "master_key: credential:cpgw-master\n")
        missing = run(os.environ["CPGW"], "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.assertEqual(missing.returncode, 78, missing)
        os.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
        try:
            self.gateway.start()
            self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        finally:
            del os.environ["CREDENTIALS_DIRECTORY"]
            self.gateway.stop()
            self.gateway.config.write_text(config)
            shutil.move(credentials / "cpgw-master", data / "master.key")
            self.clients.clear()
            self.gateway.start()


class Retention(GatewayTest):
    def test_fresh_bundles_stay_and_the_rules_are_checked(self):
        bundle = self.send_one()
        config = ["--config", self.gateway.config]
        self.assertIn(b"would be erased: 0", cpgw("retention", "run", *config, "--dry-run").stdout)
        self.assertIn(b"erased: 0", cpgw("retention", "run", *config).stdout)
        self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        text = self.gateway.config.read_text()
        for rules, word in (("{years: 4}", "floor"), ("{kinds: {letters: 9}}", "letters")):
            wrong = self.gateway.folder / "wrong.yaml"
            wrong.write_text(text + f"retention: {rules}\n")
            answer = cpgw("retention", "run", "--config", wrong, check=False)
            self.assertEqual(answer.returncode, 78, answer)
            self.assertIn(word, answer.stderr.decode())


class Process(GatewayTest):
    def status(self):
        lines = pathlib.Path(f"/proc/{self.gateway.process.pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def test_system_calls_are_filtered_in_every_thread(self):
        if "not_confined" in self.gateway.log.read_text():
            self.skipTest("built with AddressSanitizer")
        self.send_one()
        tasks = pathlib.Path(f"/proc/{self.gateway.process.pid}/task")
        for task in tasks.iterdir():
            status = (task / "status").read_text()
            self.assertRegex(status, r"(?m)^Seccomp:\t2$")
            self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")

    def test_no_core_is_left_and_nobody_reads_its_memory(self):
        limits = pathlib.Path(f"/proc/{self.gateway.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0")
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.gateway.folder))
        with tempfile.TemporaryDirectory() as other:
            gateway = Gateway(pathlib.Path(other, "gateway"), offices=(CARE,))
            self.addCleanup(gateway.close)
            gateway.process.send_signal(signal.SIGABRT)
            gateway.process.wait(timeout=30)
            self.assertFalse([path for path in pathlib.Path(other).rglob("core*")])
        self.assertFalse(list(folder.iterdir()))
        # Not dumpable: its files in /proc belong to root, so another process of the same user cannot read its memory.
        self.assertEqual(pathlib.Path(f"/proc/{self.gateway.process.pid}/mem").stat().st_uid, 0)

    def test_no_secret_is_in_its_arguments_or_environment(self):
        process = pathlib.Path(f"/proc/{self.gateway.process.pid}")
        master = (self.gateway.folder / "data" / "master.key").read_bytes()
        for name in ("cmdline", "environ"):
            data = (process / name).read_bytes()
            self.assertNotIn(master, data)
            self.assertNotIn(master.hex().encode(), data)
            self.assertNotIn(b"PRIVATE KEY", data)


class Service(unittest.TestCase):
    def test_the_units_are_narrow(self):
        for unit in sorted((ROOT / "deploy" / "systemd").glob("*.service")):
            with self.subTest(unit.name):
                answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit],
                                        capture_output=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
                score = re.search(r"Overall exposure level for \S+: ([0-9.]+)", answer.stdout.decode())
                self.assertIsNotNone(score, answer)
                self.assertLessEqual(float(score.group(1)), 1.5, answer.stdout.decode())
                self.assertEqual(answer.returncode, 0)


if __name__ == "__main__":
    main()
