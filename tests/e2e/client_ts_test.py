#!/usr/bin/env python3
"""adapters/client-ts: its own tests, every method and every example against a running gateway, the code of its README, and
its verifier against `cpgw verify` over good and damaged receipts."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import verifier_test
from harness import CARE, ROOT, VISIT, GatewayTest, actual, cpgw, main, pdf, replace_cell, run, schedule

PACKAGE = ROOT / "adapters" / "client-ts"
DAMAGED = 700  # receipts; verifier_test.py has more of them for the two verifiers that are shipped


def setUpModule():
    run("bash", PACKAGE / "setup.sh")
    (PACKAGE / "test" / "readme.ts").write_text("\n".join(readme_blocks()))  # compiled with all the rest
    run("npm", "run", "--silent", "build", cwd=PACKAGE)  # types from openapi.yaml, then the strict type-check of all


def readme_blocks():
    return re.findall(r"^```ts\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.M | re.S)


def node(script, *arguments, check=True, cwd=None, **environment):
    return run("node", PACKAGE / "out" / script, *arguments, check=check, cwd=cwd, env=os.environ | environment)


def node_test(folder, **environment):
    files = sorted((PACKAGE / "out" / "test" / folder).glob("*.test.js"))  # a folder is not taken by every Node
    return run("node", "--test", *files, env=os.environ | environment)


def foreign_vkey(name="localhost/cpgw/2026"):
    """A well-formed key that signed nothing."""
    typed = b"\1" + bytes(range(32))
    return f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + typed).hexdigest()[:8]}+{base64.b64encode(typed).decode()}"


def write_folder(folder, files):
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return str(folder)


class Units(unittest.TestCase):
    def test_against_a_server_that_does_what_the_test_says(self):
        print(node_test("unit").stdout.decode()[-200:])

    def test_the_package_holds_what_a_program_needs_and_nothing_else(self):
        listed = json.loads(run("npm", "pack", "--dry-run", "--json", "--ignore-scripts", cwd=PACKAGE).stdout)[0]["files"]
        names = {file["path"] for file in listed}
        self.assertLessEqual({"package.json", "README.md", "dist/index.js", "dist/index.d.ts", "dist/schema.d.ts"}, names)
        self.assertEqual({name.split("/")[0] for name in names}, {"package.json", "README.md", "dist", "src"})
        manifest = json.loads((PACKAGE / "package.json").read_text())
        self.assertNotIn("dependencies", manifest)
        self.assertNotRegex((PACKAGE / "package-lock.json").read_text(), '"resolved"')  # no registry's address


class AgainstAGateway(GatewayTest):
    settings = {"webhooks": "{allow_private: on, ca: pki/ca.pem, retries: [1s, 1s], timeout_ms: 5000, workers: 1}"}

    def environment(self, office):
        certificate, key = self.gateway.pairs[office.number]
        return {"CPGW_GATEWAY": f"https://localhost:{self.gateway.port}", "CPGW_CERT": str(certificate), "CPGW_KEY": str(key),
                "CPGW_CA": str(self.gateway.pki.ca), "CPGW_TRUSTED_KEYS": self.gateway.vkey}

    def example(self, name, office, *arguments, check=True):
        return node(f"examples/{name}.js", *arguments, check=check, cwd=self.folder, **self.environment(office))

    def folder_of(self, name, files):
        return write_folder(self.folder / self.id().rsplit(".", 1)[-1] / name, files)

    def test_every_method(self):
        paper = self.folder / "paper.pdf"
        paper.write_bytes(pdf())
        identity = lambda office: dict(zip(("number", "cert", "key"), map(str, (office.number, *self.gateway.pairs[office.number]))))
        setting = {"gateway": f"https://localhost:{self.gateway.port}", "ca": str(self.gateway.pki.ca),
                   "vkey": self.gateway.vkey, "foreign_vkey": foreign_vkey(), "care": identity(CARE), "visit": identity(VISIT),
                   "schedules": [self.folder_of(f"schedule{number}", schedule()) for number in range(10)],
                   "wrong": self.folder_of("wrong", replace_cell(schedule(), "UPPLAN", 1, 2, "12")), "paper": str(paper),
                   "checkpoints": str(self.folder / "checkpoints")}
        node_test("gateway", CPGW_E2E=json.dumps(setting))
        seen = (self.folder / "checkpoints").read_text()
        self.send_one()
        cpgw("inbox", "--config", self.gateway.client_config(VISIT), "--checkpoints", self.folder / "checkpoints")
        self.assertNotEqual((self.folder / "checkpoints").read_text(), seen)  # cpgw read it, and went on

    def test_a_month_goes_out_and_the_service_offices_day_brings_it_home(self):
        month = self.folder_of("month", schedule(users=2))
        results = self.folder_of("results", actual(users=2))
        inbox = self.folder / "inbox"
        environment = os.environ | self.environment(CARE)
        with subprocess.Popen(["node", PACKAGE / "out" / "examples" / "send-month.js", month], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment) as sender:
            self.addCleanup(sender.kill)
            first = sender.stdout.readline().decode()
            self.assertIn(f"受付 accepted → {VISIT.number}", first)
            said = self.example("daily-loop", VISIT, inbox, results).stdout.decode()
            self.assertIn("取込 imported", said)
            self.assertIn("実績 results: 受付 accepted 1, 差戻し rejected 0", said)
            rest = sender.stdout.read().decode()
            self.assertEqual((sender.wait(timeout=60), "取込済 imported" in rest), (0, True), rest)
        self.assertEqual(len(self.inbox_ids(CARE, "new")), 1)
        self.assertEqual(self.example("daily-loop", VISIT, inbox, results).stdout, b"")  # nothing twice
        (folder,) = [path for path in inbox.iterdir()]
        cpgw("verify", "--trusted-key", self.gateway.vkey, folder)
        said = self.example("verify-receipts", VISIT, folder).stdout.decode()
        self.assertEqual(said.count("真正"), 2, said)
        next(folder.glob("*.CSV")).write_bytes(b"changed")
        answer = self.example("verify-receipts", VISIT, folder, check=False)
        self.assertEqual((answer.returncode, "不正" in answer.stdout.decode()), (1, True), answer)

    def test_findings_are_said_in_japanese(self):
        good, bad = schedule(), replace_cell(schedule(), "UPPLAN", 1, 2, "12")
        answer = self.example("check-files", CARE, self.folder_of("good", good))
        self.assertEqual(answer.stdout.decode(), "送信できます\n")
        answer = self.example("check-files", CARE, self.folder_of("bad", bad), check=False)
        said = answer.stdout.decode()
        self.assertEqual(answer.returncode, 1, answer)
        self.assertRegex(said, r"エラー \[R-[A-Z0-9]+-\d\d\] UPPLAN_\S+ › 1行目 › \S+\n  .+\n")
        self.assertTrue(said.endswith("このままでは送信できません\n"), said)
        before = self.inbox_ids(VISIT)
        answer = self.example("send-month", CARE, self.folder / self.id().rsplit(".", 1)[-1] / "bad", check=False)
        self.assertEqual(answer.returncode, 1, answer)
        self.assertEqual(self.inbox_ids(VISIT), before)

    @contextlib.contextmanager
    def receiver(self, secrets, port=0):
        """The example, listening: (its process, its port)."""
        with subprocess.Popen(["node", PACKAGE / "out" / "examples" / "webhook-receiver.js", str(port)], stdout=subprocess.PIPE,
                              env=os.environ | {"CPGW_WEBHOOK_SECRETS": secrets}) as receiver:
            try:
                yield receiver, int(receiver.stdout.readline().split()[1])
            finally:
                receiver.kill()

    def test_a_webhook_is_received_once_and_a_forged_one_not(self):
        secret = os.urandom(24)
        body = json.dumps({"type": "bundle.arrived", "timestamp": "2026-11-23T00:00:00.000Z", "data": {"bundle": "b"}}).encode()

        def post(port, body, signed=body):
            now = str(int(time.time()))
            mac = hmac.new(secret, f"msg_1.{now}.".encode() + signed, hashlib.sha256).digest()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {
                "webhook-id": "msg_1", "webhook-timestamp": now, "webhook-signature": f"v1,{base64.b64encode(mac).decode()}"})
            try:
                return urllib.request.urlopen(request, timeout=30).status
            except urllib.error.HTTPError as error:
                return error.code

        with self.receiver("whsec_" + base64.b64encode(secret).decode()) as (receiver, port):
            answers = [post(port, body), post(port, body), post(port, body + b" ", body), post(port, b"x" * 70_000)]
            self.assertEqual(answers, [204, 204, 400, 413])
            receiver.kill()
            self.assertEqual(receiver.stdout.read(), b'bundle.arrived {"bundle":"b"}\n')

    def test_a_webhook_of_the_gateway_is_genuine(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        lines = cpgw("webhook", "add", "--config", self.gateway.config, "--office", VISIT.number, "--url",
                     f"http://127.0.0.1:{port}/").stdout.decode().splitlines()
        self.addCleanup(cpgw, "webhook", "remove", "--config", self.gateway.config, "--office", VISIT.number, lines[0].split()[-1])
        with self.receiver(lines[-1], port) as (receiver, _):
            bundle = self.send_one()
            kind, _, data = receiver.stdout.readline().decode().partition(" ")
            self.assertEqual((kind, json.loads(data)["bundle"]), ("bundle.arrived", bundle))

    def test_the_code_of_the_readme(self):
        self.assertGreater(len(readme_blocks()), 6)
        folder = self.folder / "readme"
        for office, name in ((CARE, "office"), (VISIT, "visit")):
            folder.mkdir(exist_ok=True)
            for file, suffix in zip(self.gateway.pairs[office.number], ("pem", "key")):
                shutil.copy(file, folder / f"{name}.{suffix}")
        shutil.copy(self.gateway.pki.ca, folder / "ca.pem")
        (folder / "log.vkey").write_text(self.gateway.vkey + "\n")
        write_folder(folder / "outgoing", schedule())
        answer = node("test/readme.js", cwd=folder, CPGW_GATEWAY=f"https://localhost:{self.gateway.port}")
        self.assertRegex(answer.stdout.decode(), r"(?m)^imported 20\S+Z$")
        self.assertEqual(self.inbox_ids(VISIT, "new"), [])
        cpgw("verify", "--trusted-key", self.gateway.vkey, *(folder / "inbox").iterdir())


class Verifier(verifier_test.Agreement):
    """`verifyReceipt` in place of the second verifier, over the same kind of cases."""
    test_the_exit_codes_are_those_of_the_processes = None  # of programs

    def by_script(self):
        cases = self.folder / "cases.json"
        cases.write_text(json.dumps({"keys": self.cases.trusted, "paths": [str(path) for path in self.paths]}))
        return dict(zip(self.paths, json.loads(node("test/judge.js", cases).stdout)))

    def test_receipts(self):
        good = self.cases.good(40)
        for text in [text for text, _, _ in good] + self.cases.signed_but_wrong_leaves(60) + self.cases.notes():
            self.put(text)
        for _ in range(DAMAGED):
            self.put(self.cases.damaged(self.cases.random.choice(good)[0]))
        for data in (b"", b"\n", b"c2sp.org/tlog-proof@v1\n\n", b"x" * (1024 * 1024 + 1), bytes(range(256)) * 10):
            self.put(data)
        codes = self.agree()
        self.assertEqual({codes[path] for path in self.paths[:len(good)]}, {0})
        self.assertEqual(set(codes.values()), {0, 1, 2, 3})

    def test_folders(self):
        """One receipt beside its files, which are lost, changed, exchanged or joined by others."""
        good = [self.folder_of(count, (kind,)) for count in (1, 2, 3, 24, 25, 30) for kind in ("submit", "reject")]
        signed = [self.signed_folder(count) for count in (1, 3, 30)]
        for content in good + signed:
            self.put_folder(content)
        for _ in range(100):
            self.put_folder(self.other_files(self.cases.random.choice(good + signed)))
        self.agree()

    def other_files(self, content):
        pick, names = self.cases.random.choice, [name for name in content if "/" not in name]
        way, name, changed = pick(("bytes", "missing", "foreign", "rename", "swap", "p7s", "salts")), pick(names), dict(content)
        if way == "bytes":
            changed[name] = self.cases.damage(content[name]) or b"x"
        elif way == "missing":
            del changed[name]
        elif way == "foreign":
            changed["FOREIGN.CSV"] = b"foreign"
        elif way == "rename":
            changed["RENAMED.CSV"] = changed.pop(name)
        elif way == "swap":
            other = pick(names)
            changed[name], changed[other] = content[other], content[name]
        elif way == "p7s":
            changed[name + ".p7s"] = b"a signature"
        else:
            (path,) = [name for name in content if "/" in name]
            head, extra, rest = content[path].split(b"\n", 2)
            leaf = base64.b64decode(extra[6:]).split(b"\n\n")[0] + b"\n\n"
            changed[path] = b"\n".join((head, b"extra " + base64.b64encode(leaf), rest))
        return changed


if __name__ == "__main__":
    main()
