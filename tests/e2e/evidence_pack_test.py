#!/usr/bin/env python3
"""Evidence packs: what an office hands to an inspector. Any damage shows, and nothing in it is about a person."""
import base64
import csv
import hashlib
import io
import json
import os
import random
import re
import shutil
import time

from harness import CARE, DAY, VISIT, GatewayTest, actual, cpgw, main, run, schedule

SEED = int(os.environ.get("CPGW_SEED", "20261124"))
DAMAGES = 2000
BATCH = 100


def this_month():
    """The month in Japan."""
    return time.strftime("%Y%m", time.gmtime(time.time() + 9 * 3600))


class Pack(GatewayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        care, visit, day = (cls.gateway.client(office) for office in (CARE, VISIT, DAY))
        cls.sent = [schedule(users=2), schedule(DAY), schedule(users=3)]
        cls.bundles = [care.send(files).json()["bundles"][0]["id"] for files in cls.sent]
        visit.get(f"/v1/bundles/{cls.bundles[0]}/content")
        visit.ack(cls.bundles[0])
        day.get(f"/v1/bundles/{cls.bundles[1]}/content")
        cls.bundles.append(visit.send(actual()).json()["bundles"][0]["id"])
        cls.refused = care.send({name.replace(CARE.number, "0370100066"): data for name, data in schedule().items()})
        for client in (care, visit, day):
            client.close()

    def client_options(self, office):
        certificate, key = self.gateway.pairs[office.number]
        return ["--gateway", f"https://localhost:{self.gateway.port}", "--cert", certificate, "--key", key,
                "--ca", self.gateway.pki.ca, "--trusted-key", self.gateway.vkey]

    def pack(self, *options, name=None):
        out = self.folder / (name or f"pack-{time.monotonic_ns()}")
        cpgw("evidence", "--month", this_month(), "--out", out, *options)
        return out

    def code(self, folder, key=None):
        return cpgw("verify", "--trusted-key", key or self.gateway.vkey, folder, check=False).returncode

    def rows(self, folder, name):
        text = (folder / name).read_bytes()
        self.assertTrue(text.startswith(b"\xef\xbb\xbf") and text.endswith(b"\r\n"))
        return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))

    def test_the_office_packs_what_it_sent_and_received(self):
        folder = self.pack(*self.client_options(CARE))
        self.assertEqual(self.code(folder), 0)
        rows = {row["送信単位"]: row for row in self.rows(folder, "bundles.csv")}
        self.assertTrue(set(self.bundles) <= set(rows))
        self.assertEqual([rows[bundle]["状態"] for bundle in self.bundles], ["imported", "fetched", "accepted", "accepted"])
        self.assertEqual(rows[self.bundles[0]]["証跡の数"], "3")
        usage = {(row["送信元"], row["あて先"]): row for row in self.rows(folder, "usage.csv")}
        self.assertEqual(usage[CARE.number, VISIT.number]["受付件数"], "2")
        self.assertEqual(usage[CARE.number, VISIT.number]["うち取込"], "1")
        page = (folder / "evidence.html").read_text()
        for word in (CARE.name, VISIT.number, self.bundles[0], "取込済", self.gateway.vkey):
            self.assertIn(word, page)
        self.assertNotRegex(page, r"(?i)<script|src=|href=")

    def test_partner_office_and_month_narrow_it(self):
        folder = self.pack(*self.client_options(CARE), "--partner", DAY.number)
        self.assertEqual([row["送信単位"] for row in self.rows(folder, "bundles.csv")], [self.bundles[1]])
        self.assertEqual(self.code(folder), 0)
        empty = self.folder / "empty"
        cpgw("evidence", "--month", "201901", "--out", empty, *self.client_options(CARE))
        self.assertEqual((self.rows(empty, "bundles.csv"), self.code(empty)), ([], 0))

    def test_the_host_packs_every_office_from_its_database(self):
        folder = self.pack("--config", self.gateway.config)
        self.assertEqual(self.code(folder), 0)
        self.assertTrue(set(self.bundles) <= {row["送信単位"] for row in self.rows(folder, "bundles.csv")})
        one = self.pack("--config", self.gateway.config, "--office", DAY.number)
        self.assertEqual([row["送信単位"] for row in self.rows(one, "bundles.csv")], [self.bundles[1]])
        for path in one.rglob("*.receipt.txt"):  # no salts: nothing to hold against a file
            self.assertNotIn("\nsalt ", run("bash", "-c", f"sed -n 's/^extra //p' {path} | base64 -d").stdout.decode())

    def test_it_never_writes_over_anything(self):
        folder = self.pack(*self.client_options(CARE), name="twice")
        answer = cpgw("evidence", "--month", this_month(), "--out", folder, *self.client_options(CARE), check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertEqual(self.code(folder), 0)

    def test_wrong_options_are_usage_errors(self):
        for options in ([], ["--month", "202613"], ["--month", "202611"], ["--month", "202611", "--out", "x", "--office", "1"]):
            self.assertEqual(cpgw("evidence", *options, check=False).returncode, 2, options)

    def test_it_holds_nothing_about_a_person(self):
        folder = self.pack(*self.client_options(CARE))
        words = set()
        for files in self.sent:
            for data in files.values():
                words |= {cell.strip('"') for cell in re.split("[,\r\n]", data.decode("cp932"))}
        offices = {CARE.number, VISIT.number, DAY.number, CARE.name, VISIT.name, DAY.name}
        personal = {word for word in words if re.search("[ぁ-んァ-ヶ一-龠]", word) and len(word) >= 4} - offices
        personal |= {word for word in words if re.fullmatch("[0-9H][0-9]{9}", word)} - offices  # insured persons' numbers
        self.assertTrue(personal)
        text = "".join(path.read_text() for path in folder.rglob("*") if path.is_file() and path.parent.name != "verify")
        self.assertEqual({word for word in personal if word in text}, set())

    def test_the_standard_tools_verify_it_too(self):
        folder = self.pack(*self.client_options(CARE))
        run("sha256sum", "--check", "--strict", "MANIFEST.sha256", cwd=folder)
        run("python3", "verify/verify_receipt.py", "--trusted-key", self.gateway.vkey,
            *sorted(folder.glob("receipts/*/*.receipt.txt")), cwd=folder)

    def test_an_unknown_key_is_told(self):
        folder = self.pack(*self.client_options(CARE))
        key = b"\1" + bytes(range(32))
        key_id = hashlib.sha256(b"example.org/log\n" + key).hexdigest()[:8]
        other = f"example.org/log+{key_id}+{base64.b64encode(key).decode()}"
        self.assertEqual(self.code(folder, other), 3)

    # -- damage -----------------------------------------------------------------------------------------------------

    def damage(self, folder, chance):
        """One thing done to a pack on disk; what it was."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        path = chance.choice(files)
        data = path.read_bytes()
        way = chance.choice(("flip", "cut", "drop", "insert", "append", "missing", "rename", "added", "swap", "lines"))
        at = chance.randrange(len(data))
        changed = {"flip": data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1:], "cut": data[:at],
                   "drop": data[:at] + data[at + 1:], "insert": data[:at] + bytes([chance.randrange(256)]) + data[at:],
                   "append": data + chance.choice((b"\n", b"x", data))}.get(way)
        if way == "lines":
            lines = data.splitlines(keepends=True)
            lines.insert(0, lines.pop())
            changed = b"".join(lines)
            if changed == data:
                changed = data + b"\n"
        if changed is not None:
            path.write_bytes(changed)
            return f"{way} {path.name} {at}"
        if way == "missing":
            path.unlink()
            return f"{way} {path.name}"
        if way == "rename":
            path.rename(path.with_name("x" + path.name))
            return f"{way} {path.name}"
        if way == "added":
            other = path.with_name(chance.choice(("zz.txt", "9-ack.receipt.txt", "a")))
            other.write_bytes(data)
            return f"{way} {other}"
        other = chance.choice([one for one in files if one.read_bytes() != data])
        path.write_bytes(other.read_bytes())
        other.write_bytes(data)
        return f"{way} {path.name} {other.name}"

    def test_every_random_damage_shows(self):
        print("seed", SEED)
        chance = random.Random(SEED)
        folder = self.pack(*self.client_options(CARE))
        for _ in range(0, DAMAGES, BATCH):
            damaged = {}
            for number in range(BATCH):
                copy = self.folder / f"damaged-{number}"
                shutil.copytree(folder, copy)
                damaged[copy] = self.damage(copy, chance)
            answer = cpgw("verify", "--trusted-key", self.gateway.vkey, "--format", "json", folder, *damaged, check=False)
            results = [path["result"] for path in json.loads(answer.stdout)["paths"]]
            self.assertEqual(results[0], "proven")  # the one that was left alone
            missed = [what for what, result in zip(damaged.values(), results[1:]) if result == "proven"]
            self.assertEqual((missed, len(results)), ([], BATCH + 1))
            for copy in damaged:
                shutil.rmtree(copy)

    def test_a_forger_who_makes_the_manifest_anew_is_found(self):
        def forged(change):
            folder = self.folder / f"forged-{time.monotonic_ns()}"
            shutil.copytree(self.good, folder)
            change(folder)
            paths = sorted((path.relative_to(folder).as_posix() for path in folder.rglob("*")
                            if path.is_file() and path.name != "MANIFEST.sha256"), key=str.encode)
            (folder / "MANIFEST.sha256").write_text("".join(
                f"{hashlib.sha256((folder / path).read_bytes()).hexdigest()}  {path}\n" for path in paths))
            return self.code(folder)

        self.good = self.pack(*self.client_options(CARE))
        receipts = sorted(self.good.glob("receipts/*/*.receipt.txt"))
        relative = [path.relative_to(self.good) for path in receipts]
        fetched = next(path for path in relative if path.name == "2-fetch.receipt.txt")

        def edit(name, old, new):
            return lambda folder: (folder / name).write_text((folder / name).read_text().replace(old, new), newline="")
        self.assertEqual(forged(lambda folder: None), 0)
        self.assertEqual(forged(edit("usage.csv", ",2,", ",9,")), 1)
        self.assertEqual(forged(edit("bundles.csv", "imported", "rejected")), 1)
        self.assertEqual(forged(lambda folder: (folder / "bundles.csv").unlink()), 1)
        self.assertEqual(forged(lambda folder: (folder / fetched).unlink()), 1)
        self.assertEqual(forged(lambda folder: shutil.rmtree((folder / fetched).parent)), 1)
        self.assertEqual(forged(lambda folder: shutil.copy(folder / relative[0], folder / fetched)), 1)
        self.assertEqual(forged(edit(relative[0], "index ", "index 1")), 1)
        self.assertEqual(forged(edit("checkpoints/1.txt", "localhost", "elsewhere")), 3)
        size = int((self.good / "checkpoints/1.txt").read_text().split("\n")[1])
        self.assertEqual(forged(edit("checkpoints/1.txt", f"\n{size}\n", f"\n{size + 1}\n")), 1)


if __name__ == "__main__":
    main()
