#!/usr/bin/env python3
"""`cpgw sandbox` as an integrator uses it: every robot's behaviour, refusals, requests, reset, and that nothing stays."""
import functools
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from harness import PROGRAM, Client, Gateway, Office, cpgw, main, rename, replace_cell, run, sample, serial_of, with_serial

SECONDS = 60  # a debug build under a sanitizer on a busy machine
MONTH = "202612"
CARE = Office("0370100017", "43", "care")
SERVICE = Office("0370100025", "11", "service")
PROMPT, SLOW, FAILS, NEVER, MISSES, CORRECTS, PLANNER, EXPIRED, REVOKED = (
    Office(number, service_type, "") for number, service_type in (
        ("0370100033", "15"), ("0370100041", "13"), ("0370100058", "11"), ("0370100066", "17"), ("0370100074", "15"),
        ("0370100082", "11"), ("0370100090", "43"), ("0370100108", "15"), ("0370100116", "15")))


def until(look):
    """What `look` gives as soon as it is true; the test fails when it does not come."""
    end = time.monotonic() + SECONDS
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"did not come: {look}")
        time.sleep(0.02)


@functools.cache
def made(sender, receiver, kinds, users):
    return sample(sender, [receiver], kinds, users, month=MONTH, seed=1)


class Sandbox:
    """The program in a temporary folder of the test."""

    def __init__(self, folder, *options, named=True):
        self.folder = folder / "sandbox"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        where = ["--dir", str(self.folder)] if named else []
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", *where, "--port", "0", "--control-port", "0", "--month", MONTH, "--answer-after", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"TMPDIR": str(self.temporary)})
        if not named:
            self.folder = until(lambda: next(self.temporary.glob("cpgw-sandbox-*"), None))
        until(lambda: (self.folder / "sandbox.json").exists() or self.process.poll() is not None)
        self.info = json.loads((self.folder / "sandbox.json").read_text())
        self.port = int(self.info["gateway"].rsplit(":", 1)[1])

    def client(self, office, **options):
        entry = next(entry for entry in self.info["offices"] + self.info["robots"] if entry["office"] == office.number)
        return Client(self.port, self.info["ca"], (entry["certificate"], entry["key"]), **options)

    def ask(self, method, path, headers=None, host=None):
        """(status, body) of the control listener."""
        connection = http.client.HTTPConnection(self.info["control"].removeprefix("http://"), timeout=SECONDS)
        connection.putrequest(method, path, skip_host=host is not None)
        for name, value in (({"Host": host} if host is not None else {}) | (headers or {})).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def get(self, path):
        status, body = self.ask("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def post(self, path):
        status, body = self.ask("POST", path, {"X-Cpgw-Sandbox": "1", "Content-Length": "0"})
        assert status == 200, (status, body)
        return json.loads(body)

    def robot(self, office):
        return next(robot for robot in self.get("/sandbox/robots")["robots"] if robot["office"] == office.number)

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, output.decode()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=SECONDS)


class SandboxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.sandbox = Sandbox(cls.folder, "--unclaimed-after", "1")
        cls.addClassCleanup(cls.end_well)

    @classmethod
    def end_well(cls):
        """Whatever the tests did, it lives until it is told to end, and nothing in it went wrong."""
        cls.addClassCleanup(cls.sandbox.close)
        log = (cls.sandbox.folder / "gateway.log").read_text()
        code, output = cls.sandbox.end()
        if code != 0 or any(word in output + log for word in ("Sanitizer", "runtime error:", "request.unanswered", '"level":"error"')):
            raise AssertionError(f"ended with {code}\n{output}\n{log[-4000:]}")

    def setUp(self):
        self.sandbox.post("/sandbox/reset")
        self.care, self.service = (self.sandbox.client(office) for office in (CARE, SERVICE))

    def bundles(self, client, path):
        answer = client.get(path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["bundles"]

    def send(self, receiver, users=3, kinds=("schedule",), client=None, sender=CARE):
        """The id of the one bundle that was sent."""
        files = with_serial(made(sender, receiver, kinds, users))
        answer = (client or self.care).send(files)
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["bundles"][0]["id"]

    def comes_to(self, state, bundle):
        return until(lambda: (found := self.care.get(f"/v1/bundles/{bundle}").json())["state"] == state and found)

    def results_of(self, robot, count=1):
        """What came from a robot, newest last."""
        def look():
            found = [one for one in self.bundles(self.care, "/v1/inbox?state=all") if one["from"]["office"] == robot.number]
            return len(found) >= count and found
        return until(look)

    def file_of(self, bundle):
        name = self.care.get(f"/v1/bundles/{bundle['id']}/report").json()["files"][0]["name"]
        return self.care.get(f"/v1/bundles/{bundle['id']}/files/{name}").body

    def users_in(self, bundle):
        return {line.split(b",")[2] for line in self.file_of(bundle).split(b"\r\n") if line}

    def test_a_prompt_robot_imports_and_returns_results(self):
        self.comes_to("imported", self.send(PROMPT))
        result = self.results_of(PROMPT)[0]
        self.assertEqual((result["kind"], result["month"], result["errors"], result["warnings"]), ("actual", MONTH, 0, 0))
        self.assertEqual(len(self.users_in(result)), 3)

    def test_a_mailbox_of_several_pages_is_emptied(self):
        files = made(CARE, FAILS, ("schedule",), 1)
        insured = next(data for name, data in files.items() if name.startswith("UPPLAN")).split(b",")[2]
        several = 110  # a page has 100
        batch = {}
        for number in range(several):
            batch |= {name: data.replace(insured, b"%010d" % (9_000_000_000 + number)) for name, data in with_serial(files).items()}
        self.assertEqual(len(self.care.send_zip(batch).json()["bundles"]), several)
        until(lambda: self.sandbox.robot(FAILS)["import_failed"] == several)

    def test_a_slow_robot_waits_until_it_is_told(self):
        bundle = self.send(SLOW)
        until(lambda: self.sandbox.robot(SLOW)["waiting"] == 1)
        self.assertEqual(self.care.get(f"/v1/bundles/{bundle}").json()["state"], "accepted")
        self.sandbox.post(f"/sandbox/robots/{SLOW.number}/answer")
        self.comes_to("imported", bundle)
        self.results_of(SLOW)

    def test_a_robot_that_cannot_import_says_why_and_returns_nothing(self):
        bundle = self.send(FAILS)
        self.comes_to("import_failed", bundle)
        notes = [one["note"] for one in self.care.get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]
                 if one["step"] == "import_failed"]
        self.assertEqual([note[:12] for note in notes], ["サンドボックスのロボット"])
        until(lambda: self.sandbox.robot(FAILS)["idle"])
        self.assertEqual(self.sandbox.robot(FAILS)["sent"], 0)

    def test_a_robot_that_never_looks_leaves_it_lying(self):
        bundle = self.send(NEVER)
        self.comes_to("imported", self.send(PROMPT))  # the others were woken after it
        self.assertEqual(self.care.get(f"/v1/bundles/{bundle}").json()["state"], "accepted")
        until(lambda: self.care.get(f"/v1/bundles/{bundle}/receipts").json()["receipts"][-1]["step"] == "unclaimed")
        self.sandbox.post(f"/sandbox/robots/{NEVER.number}/answer")
        self.comes_to("imported", bundle)

    def test_a_robot_forgets_the_last_user(self):
        self.send(MISSES)
        self.assertEqual(len(self.users_in(self.results_of(MISSES)[0])), 2)

    def test_a_correction_takes_the_place_of_what_it_corrects(self):
        self.send(CORRECTS)
        first, second = self.results_of(CORRECTS, 2)
        self.assertEqual((first["state"], second["state"]), ("superseded", "accepted"))
        self.assertEqual(first["superseded_by"], second["id"])
        self.assertEqual(self.users_in(first), self.users_in(second))

    def test_a_planner_sends_by_itself_and_takes_results(self):
        kinds = ["care_plan", "schedule"]
        until(lambda: sorted(one["kind"] for one in self.bundles(self.service, "/v1/inbox?state=new")) == kinds)
        bundle = self.send(PLANNER, kinds=("actual",), client=self.service, sender=SERVICE)
        until(lambda: self.service.get(f"/v1/bundles/{bundle}").json()["state"] == "imported")
        self.sandbox.post(f"/sandbox/robots/{PLANNER.number}/send")
        until(lambda: len(self.bundles(self.service, "/v1/inbox?state=all")) == 4)

    def test_bad_certificates_are_refused(self):
        for office, said in ((EXPIRED, "certificate expired"), (REVOKED, "certificate revoked")):
            bundle = self.send(office)
            event = until(lambda: next((one for one in self.sandbox.robot(office)["events"] if one["what"] == "refused"), None))
            self.assertIn(said, event["detail"])
            self.assertEqual(self.care.get(f"/v1/bundles/{bundle}").json()["state"], "accepted")
            settings = self.sandbox.folder / "robots" / f"{office.number}.yaml"
            self.assertEqual(cpgw("inbox", "--config", settings, check=False).returncode, 4)

    def test_the_next_one_can_be_made_to_fail(self):
        self.sandbox.post(f"/sandbox/robots/{PROMPT.number}/fail-next")
        self.comes_to("import_failed", self.send(PROMPT))
        self.comes_to("imported", self.send(PROMPT))

    def test_a_delegate_speaks_for_both(self):
        delegate = self.sandbox.info["offices"][2]
        client = Client(self.sandbox.port, self.sandbox.info["ca"], (delegate["certificate"], delegate["key"]))
        self.comes_to("imported", self.send(PROMPT, client=client))
        self.assertEqual({office["office"] for office in client.get("/v1/me").json()["offices"]}, {CARE.number, SERVICE.number})

    def test_requests_are_listed_without_content(self):
        start = self.sandbox.get("/sandbox/requests")["next"]
        files = with_serial(sample(CARE, [PROMPT], ["schedule"], 1, month=MONTH))
        bad = self.care.send(replace_cell(files, "UPPLAN", 1, 10, "20270115"))
        self.assertEqual(bad.status, 422)
        missing = self.care.get("/v1/nowhere/" + urllib.parse.quote("見本"))
        page = self.sandbox.get(f"/sandbox/requests?after={start}&office={CARE.number}")
        said = [(one["method"], one["route"], one["status"], one["problem"], one["office"]) for one in page["requests"]]
        self.assertIn(("POST", "bundles.submit", 422, "", CARE.number), said)
        last = page["requests"][-1]
        self.assertEqual((last["route"], last["problem"], last["incident"]), ("", "not-found", missing.json()["instance"]))
        self.assertFalse(any(one["robot"] for one in page["requests"]))
        text = json.dumps(page)
        for secret in [*files, "見本", "nowhere"]:
            self.assertNotIn(secret, text)
        self.assertEqual(self.sandbox.get(f"/sandbox/requests?after={page['next']}")["requests"], [])
        self.assertEqual(self.sandbox.ask("GET", "/sandbox/requests?after=x")[0], 400)

    def test_the_same_seed_gives_the_same_results(self):
        self.send(PROMPT)
        first = self.file_of(self.results_of(PROMPT)[0])
        self.sandbox.post("/sandbox/reset")
        self.care = self.sandbox.client(CARE)
        self.send(PROMPT)
        self.assertEqual(self.file_of(self.results_of(PROMPT)[0]), first)

    def test_a_reset_leaves_nothing_but_keys_and_ports(self):
        files = with_serial(sample(CARE, [PROMPT], ["schedule"], 2, month=MONTH))
        first = self.care.send(files, Idempotency_Key="key-1")
        self.results_of(PROMPT)
        settings = self.sandbox.folder / "client.yaml"
        cpgw("outbox", "--config", settings)  # remembers the log
        before = self.sandbox.info
        self.sandbox.post("/sandbox/reset")
        self.assertEqual(self.sandbox.get("/sandbox/info"), before)
        self.care = self.sandbox.client(CARE)
        for path in ("/v1/inbox?state=all", "/v1/outbox"):
            self.assertEqual(self.bundles(self.care, path), [])
        self.assertEqual(self.care.get(f"/v1/bundles/{first.json()['bundles'][0]['id']}").status, 404)
        # The serial and the key are free again; the receipt is of the same key, and verifies.
        second = self.care.send(rename(files, serial_of(next(iter(files))), "20261101120000"), Idempotency_Key="key-1")
        self.assertEqual(second.status, 201, second)
        receipt = self.folder / "second.receipt.txt"
        receipt.write_text(second.json()["bundles"][0]["receipt"])
        cpgw("verify", "--trusted-key", before["trusted_key"], receipt)
        self.assertEqual(cpgw("outbox", "--config", settings, check=False).returncode, 0)
        until(lambda: len(self.bundles(self.sandbox.client(SERVICE), "/v1/inbox")) == 2)

    def test_other_pages_of_a_browser_are_kept_out(self):
        port = self.sandbox.info["control"].rsplit(":", 1)[1]
        mine = {"X-Cpgw-Sandbox": "1", "Content-Length": "0"}
        self.assertEqual(self.sandbox.ask("GET", "/sandbox")[0], 200)
        self.assertEqual(self.sandbox.ask("GET", "/sandbox/info", host=f"localhost:{port}")[0], 200)
        for method, headers, host in (("GET", {}, f"rebound.example:{port}"), ("GET", {"Origin": "https://evil.example"}, None),
                                      ("POST", {"Content-Length": "0"}, None), ("POST", mine | {"Origin": "null"}, None),
                                      ("POST", mine, f"rebound.example:{port}")):
            status, body = self.sandbox.ask(method, "/sandbox/reset" if method == "POST" else "/sandbox/info", headers, host)
            self.assertEqual((status, json.loads(body)["type"]), (403, "urn:cpgw:problem:forbidden"), (headers, host))
        self.assertEqual(self.sandbox.ask("POST", "/sandbox/robots/0370199999/answer", mine)[0], 404)
        self.assertEqual(self.sandbox.ask("POST", f"/sandbox/robots/{PROMPT.number}/dance", mine)[0], 404)
        self.assertEqual(self.sandbox.ask("POST", f"/sandbox/robots/{PROMPT.number}/send", mine)[0], 409)
        self.assertEqual(self.care.get("/sandbox").status, 404)  # not on the gateway's port

    def test_what_is_written_for_programs_is_complete_and_works(self):
        info = self.sandbox.info
        office = {"office", "service_type", "name", "role", "speaks_for", "certificate", "key", "pkcs12", "client_config"}
        self.assertLessEqual({"version", "pid", "gateway", "control", "ops", "folder", "ca", "trusted_key", "pkcs12_password",
                              "month", "seed", "offices", "robots"}, set(info))
        self.assertEqual((info["version"], info["pid"], info["month"]), (1, self.sandbox.process.pid, MONTH))
        self.assertEqual([one["role"] for one in info["offices"]], ["care_manager", "service", "delegate"])
        for one in info["offices"] + info["robots"]:
            self.assertLessEqual(office, set(one))
            run("openssl", "pkcs12", "-in", one["pkcs12"], "-passin", f"pass:{info['pkcs12_password']}", "-nodes")
            self.assertTrue(pathlib.Path(one["client_config"]).is_file())
            self.assertEqual(pathlib.Path(one["key"]).stat().st_mode & 0o777, 0o400)
        for one in info["offices"]:
            self.assertEqual(cpgw("inbox", "--config", one["client_config"], check=False).returncode, 0)

    def test_its_page_is_japanese_or_english(self):
        japanese = self.sandbox.ask("GET", "/sandbox")[1].decode()
        self.assertIn('<html lang="ja">', japanese)
        self.assertIn(PROMPT.number, japanese)
        self.assertIn("サンドボックス", japanese)
        self.assertEqual(self.sandbox.ask("GET", "/")[0], 200)
        self.assertIn('<html lang="en">', self.sandbox.ask("GET", "/sandbox", {"Accept-Language": "en"})[1].decode())

    def test_limits_are_those_of_a_gateway(self):
        gateway = Gateway(self.folder / "gateway", offices=(CARE,), settings={"rates": "{}"})
        self.addCleanup(gateway.kill)
        self.assertEqual(self.care.get("/v1/limits").json(), gateway.client(CARE).get("/v1/limits").json())


class LifeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *options, named=True):
        sandbox = Sandbox(self.folder, *options, named=named)
        self.addCleanup(sandbox.close)
        return sandbox

    def test_it_says_what_is_needed_and_leaves_nothing_behind(self):
        sandbox = self.start(named=False)
        cpgw("inbox", "--config", sandbox.folder / "client.yaml")
        code, output = sandbox.end()
        self.assertEqual(code, 0, output)
        for text in (sandbox.info["gateway"], sandbox.info["trusted_key"], "client.yaml", "ロボット", "robot partners", PROMPT.number):
            self.assertIn(text, output)
        self.assertEqual(list(sandbox.temporary.iterdir()), [])

    def test_what_is_kept_can_be_looked_into(self):
        sandbox = self.start("--keep")
        self.assertEqual(sandbox.end(signal.SIGHUP)[0], 0)
        cpgw("audit", "fsck", "--config", sandbox.folder / "gateway.yaml")

    def test_a_killed_one_is_cleared_away_by_the_next(self):
        killed = self.start(named=False)
        killed.process.kill()
        killed.process.wait(timeout=SECONDS)
        self.assertTrue(killed.folder.exists())
        after = self.start()
        self.assertFalse(killed.folder.exists())
        self.assertEqual(after.end()[0], 0)

    def test_what_cannot_be_is_refused_and_what_is_yours_stays(self):
        robots = self.folder / "robots.yaml"
        robots.write_text("robots:\n  - {office: \"0370100033\", service_type: \"15\", name: a, behaviour: dance}\n")
        taken = self.start()
        cpgw("inbox", "--config", taken.folder / "client.yaml")
        (taken.folder / "mine.txt").write_text("mine")
        cases = ((["--robots", robots], 78, "robots.yaml:2"), (["--robots", self.folder / "nowhere.yaml"], 2, "nowhere.yaml"),
                 (["--dir", self.folder], 78, "is not empty"), (["--port", taken.port, "--control-port", 0], 78, "cannot listen"),
                 (["--month", "202613"], 2, "202613"), (["--seed", "x"], 2, "--seed"))
        for options, code, said in cases:
            answer = cpgw("sandbox", *options, check=False, timeout=SECONDS, env=os.environ | {"TMPDIR": str(taken.temporary)})
            self.assertEqual((answer.returncode, said in answer.stderr.decode()), (code, True), (options, answer))
        self.assertEqual(list(taken.temporary.iterdir()), [])
        self.assertEqual(taken.end(signal.SIGTERM)[0], 0)
        self.assertEqual([path.name for path in taken.folder.iterdir()], ["mine.txt"])


if __name__ == "__main__":
    main()
