#!/usr/bin/env python3
"""The log against others: an outside check of the exported tree, a time-stamping authority made with the openssl
command, two witnesses, clients that remember what they saw, a restored old backup."""
import base64
import hashlib
import http.server
import json
import pathlib
import shutil
import subprocess
import threading
import time
import unittest

from harness import (CARE, PROGRAM, VISIT, Gateway, GatewayTest, OpensslPki, cpgw, main, run, schedule)

WAIT_SECONDS = 40  # for something that happens every second, on a busy machine


def wait_for(what, reason):
    """Asks again and again until there is an answer that is true."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"did not happen: {reason}")


class TimestampAuthority:
    """RFC 3161 over plain HTTP around `openssl ts -reply`; P-256, because openssl ts knows no Ed25519."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.pki = OpensslPki(self.folder / "pki", "E2E TSA Root")
        certificate, key = self.issue("timeStamping")
        (self.folder / "tsa.cnf").write_text(
            f"[tsa]\ndefault_tsa = main\n[main]\ndir = {self.folder}\nserial = {self.folder}/serial\n"
            f"crypto_device = builtin\nsigner_cert = {certificate}\nsigner_key = {key}\nsigner_digest = sha256\n"
            "default_policy = 1.2.3.4.1\ndigests = sha256\nordering = yes\ntsa_name = yes\ness_cert_id_alg = sha256\n"
            f"certs = {self.pki.ca}\n")
        (self.folder / "serial").write_text("01\n")
        self.answers, self.broken, self.lock = 0, None, threading.Lock()
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, reply = authority.reply(self.headers["Content-Type"], body)
                self.send_response(status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tsa"

    def issue(self, usage):
        certificate, key = self.pki.issue("tsa", "E2E TSA", "", usage=f"critical,{usage}")
        return certificate, key

    def reply(self, content_type, query):
        with self.lock:
            if self.broken == "down":
                return 503, b""
            if content_type != "application/timestamp-query":
                return 415, b""
            if self.broken == "replay":
                return 200, self.last
            (self.folder / "query.tsq").write_bytes(query)
            run("openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile", self.folder / "query.tsq",
                "-out", self.folder / "reply.tsr")
            self.last = (self.folder / "reply.tsr").read_bytes()
            self.answers += 1
            return 200, self.last

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class WitnessProcess:
    """`cpgw witness` with a key and a memory of its own."""

    def __init__(self, folder, name, log_key):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.config = self.folder / "witness.yaml"
        self.config.write_text(f"listen: {{address: 127.0.0.1, port: 0}}\nkey: key\nstate: state\nlogs: [\"{log_key}\"]\n")
        self.vkey = cpgw("witness", "--config", self.config, "--make-key", name).stdout.decode().strip()
        self.process = None
        self.start()

    def start(self):
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "witness", "--config", self.config, "--ready-file", ready], stderr=log)
        self.port = json.loads(wait_for(lambda: ready.exists() and ready.read_text(), "the witness starts"))["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def seen(self):
        state = self.folder / "state"
        lines = state.read_text().splitlines()[1:] if state.exists() else []
        return {line.split()[0]: int(line.split()[1]) for line in lines}


def size_of(note):
    return int(note.split("\n")[1])


class EvidenceTest(GatewayTest):
    def client(self, office):
        """A new one each time: the port changes when the gateway starts again."""
        client = self.gateway.client(office)
        self.addCleanup(client.close)
        return client

    def own_folder(self):
        folder = self.gateway.folder / self.id().rpartition(".")[2]
        folder.mkdir()
        return folder


class Tree(EvidenceTest):
    """The log by itself: fsck, export, an outside check."""

    def test_the_exported_tree_is_that_of_rfc_6962_and_damage_is_found(self):
        for _ in range(3):
            self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        out = self.gateway.folder / "export"
        cpgw("audit", "export", "--config", self.gateway.config, "--out", out)
        year = next(path for path in out.iterdir() if path.name.isdigit())
        note = (year / "checkpoint").read_text()
        size, root = size_of(note), note.split("\n")[2]
        bundle, leaves = (year / "tile" / "entries" / "000.p" / str(size)).read_bytes(), []
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2:2 + length])
            bundle = bundle[2 + length:]
        self.assertEqual(len(leaves), size)
        self.assertEqual(base64.b64encode(tree_hash(leaves)).decode(), root)
        self.assertIn(b"action db-init", leaves[0])  # administrators' commands left their leaves
        self.assertTrue(any(b"action office-add" in leaf for leaf in leaves))

        check = ("audit", "verify-export", "--trusted-key", self.gateway.vkey)
        self.assertEqual(cpgw(*check, out).returncode, 0)
        entries = year / "tile" / "entries" / "000.p" / str(size)
        entries.write_bytes(entries.read_bytes().replace(b"type start", b"type stort"))
        self.assertEqual(cpgw(*check, out, check=False).returncode, 1)

    def test_fsck_beside_the_running_gateway(self):
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        bundle = self.client(CARE).send(schedule()).json()["bundles"][0]["id"]
        self.assertEqual(self.client(VISIT).get(f"/v1/bundles/{bundle}/content").status, 200)
        self.assertEqual(self.client(VISIT).ack(bundle).status, 200)
        found = json.loads(cpgw("audit", "fsck", "--config", self.gateway.config, "--format", "json").stdout)
        self.assertTrue(found["intact"], found)
        self.assertGreaterEqual(found["bundles"], 2)
        self.gateway.stop()
        run("sqlite3", self.gateway.folder / "data" / "gateway.db", "UPDATE bundle SET month = '202501'")
        answer = cpgw("audit", "fsck", "--config", self.gateway.config, "--lang", "en", check=False)
        self.assertEqual(answer.returncode, 1)
        self.assertIn(b"bundle ", answer.stdout)
        run("sqlite3", self.gateway.folder / "data" / "gateway.db", "UPDATE bundle SET month = '202511'")
        self.assertEqual(cpgw("audit", "fsck", "--config", self.gateway.config).returncode, 0)
        self.gateway.start()


def tree_hash(leaves):
    """RFC 6962, 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + tree_hash(leaves[:half]) + tree_hash(leaves[half:])).digest()


class Timestamps(EvidenceTest):
    def setUp(self):
        super().setUp()
        self.authority = TimestampAuthority(self.own_folder())
        self.addCleanup(self.authority.close)

    def configure(self, **values):
        settings = {"url": self.authority.url, "ca": self.authority.pki.ca, "every": 1} | values
        text = "{tsa: {" + ", ".join(f"{name}: {value}" for name, value in settings.items()) + "}}"
        self.gateway.stop()
        self.gateway.write_config({"evidence": text})
        self.gateway.start()

    def stamped(self, client, bundle):
        for receipt in client.get(f"/v1/bundles/{bundle}/receipts?with=timestamp").json()["receipts"]:
            if "timestamp" in receipt:
                return receipt
        return None

    def test_a_stamp_is_kept_and_both_verifiers_agree(self):
        self.configure()
        client = self.client(CARE)
        answer = client.send(schedule()).json()["bundles"][0]
        receipt = wait_for(lambda: self.stamped(client, answer["id"]), "a stamp after the bundle")
        plain = client.get(f"/v1/bundles/{answer['id']}/receipts").json()["receipts"][0]
        self.assertEqual(plain["receipt"], answer["receipt"])  # without asking for more: the first bytes

        folder = self.gateway.folder / "stamped"
        config = self.gateway.client_config(CARE)
        folder.mkdir()
        cpgw("receipt", answer["id"], "--config", config, "--with", "timestamp", "--out", folder / "a.receipt.txt")
        stamp = folder / "a.receipt.tsr"
        self.assertEqual(stamp.read_bytes(), base64.b64decode(receipt["timestamp"]))
        verify = ("verify", "--trusted-key", self.gateway.vkey, "--lang", "en", folder / "a.receipt.txt")
        said = cpgw(*verify, "--tsa-ca", self.authority.pki.ca).stdout.decode()
        self.assertIn("time stamp (RFC 3161)", said)
        self.assertIn("--tsa-ca", cpgw(*verify).stdout.decode())  # without it the stamp is only named

        text = (folder / "a.receipt.txt").read_text()
        checkpoint = text[text.index("\n\n") + 2:]
        (folder / "body").write_text(checkpoint[:checkpoint.index("\n\n") + 1])
        openssl = ("openssl", "ts", "-verify", "-in", stamp, "-data", folder / "body", "-CAfile", self.authority.pki.ca)
        body = (folder / "body").read_text()
        run(*openssl)
        (folder / "body").write_text("another text\n")
        self.assertNotEqual(run(*openssl, check=False).returncode, 0)
        (folder / "body").write_text(body)

        good = stamp.read_bytes()
        for place in range(60, len(good), 97):  # not all of a stamp is signed: certificates lie in it
            stamp.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1:])
            ours = cpgw(*verify, "--tsa-ca", self.authority.pki.ca, check=False).returncode
            self.assertEqual(ours == 0, run(*openssl, check=False).returncode == 0, place)
        stamp.write_bytes(good)
        self.assertEqual(cpgw(*verify, "--tsa-ca", self.gateway.pki.ca, check=False).returncode, 3)

        out = self.gateway.folder / "export"
        cpgw("audit", "export", "--config", self.gateway.config, "--out", out)
        stamps = list(out.glob("*/timestamps/*.tsr"))
        self.assertTrue(stamps)
        for path in stamps:
            note = path.with_suffix(".checkpoint").read_text()
            (folder / "body").write_text(note[:note.index("\n\n") + 1])
            run("openssl", "ts", "-verify", "-in", path, "-data", folder / "body", "-CAfile", self.authority.pki.ca)
        self.assertEqual(cpgw("audit", "verify-export", "--trusted-key", self.gateway.vkey, out).returncode, 0)
        entries = b"".join(path.read_bytes() for path in out.glob("*/tile/entries/**/*") if path.is_file())
        self.assertIn(b"type tsa\n", entries)

    def test_an_answer_to_another_question_is_no_stamp(self):
        self.configure()
        wait_for(lambda: self.authority.answers, "a first stamp")
        self.authority.broken = "replay"
        wait_for(lambda: b'cpgw_timestamps_total{result="failed"}' in self.gateway.ops("/metrics").body, "a refused stamp")
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)  # on_outage: warn

    def test_with_stop_nothing_new_is_taken_while_there_are_no_stamps(self):
        self.configure(on_outage="stop", missed=2)
        client = self.client(CARE)
        self.assertEqual(client.send(schedule()).status, 201)
        self.authority.broken = "down"
        refused = wait_for(lambda: (found := client.send(schedule())).status == 503 and found, "a refusal")
        self.assertIn("retry-after", refused.headers)
        self.assertEqual(refused.json()["type"], "urn:cpgw:problem:suspended")
        self.assertIn("time-stamping", refused.json()["detail_en"])
        self.assertEqual(client.get("/v1/outbox").status, 200)  # all else goes on
        self.authority.broken = None
        wait_for(lambda: client.send(schedule()).status == 201, "the gateway takes bundles again")


class Witnesses(EvidenceTest):
    def setUp(self):
        super().setUp()
        self.witnesses, folder = [], self.own_folder()
        for number in (1, 2):
            witness = WitnessProcess(folder / f"witness{number}", f"w{number}.example", self.gateway.vkey)
            self.addCleanup(witness.kill)
            self.witnesses.append(witness)

    def configure(self, **more):
        entries = ", ".join(f"{{url: \"{witness.url}\", key: \"{witness.vkey}\"}}" for witness in self.witnesses)
        extra = "".join(f", {name}: {value}" for name, value in more.items())
        self.gateway.write_config({"evidence": f"{{witnesses: [{entries}], witness_every: 1{extra}}}"})

    def cosigned(self, client, bundle, count):
        receipt = client.get(f"/v1/bundles/{bundle}/receipts?with=cosignatures").json()["receipts"][0]["receipt"]
        return receipt if receipt.count("\n\u2014 ") == 1 + count else None

    def test_receipts_get_cosignatures_and_a_policy_asks_for_them(self):
        self.gateway.stop()
        self.configure()
        self.gateway.start()
        client = self.client(CARE)
        answer = client.send(schedule()).json()["bundles"][0]
        receipt = wait_for(lambda: self.cosigned(client, answer["id"], 2), "two cosignatures")
        self.assertEqual(client.get(f"/v1/bundles/{answer['id']}/receipts").json()["receipts"][0]["receipt"],
                         answer["receipt"])
        note = client.get("/v1/audit/checkpoint?with=cosignatures").body.decode()
        self.assertEqual(note.count("\n\u2014 "), 3)

        folder = self.gateway.folder
        (folder / "cosigned.txt").write_text(receipt)
        (folder / "plain.txt").write_text(answer["receipt"])
        first, second = self.witnesses
        policy = folder / "policy"
        lines = f"log {self.gateway.vkey}\nwitness one {first.vkey}\nwitness two {second.vkey}\n"
        policy.write_text(lines + "group both all one two\nquorum both\n")
        self.assertEqual(cpgw("verify", "--policy", policy, folder / "cosigned.txt").returncode, 0)
        self.assertEqual(cpgw("verify", "--policy", policy, folder / "plain.txt", check=False).returncode, 3)
        policy.write_text(lines + "quorum none\n")
        self.assertEqual(cpgw("verify", "--policy", policy, folder / "plain.txt").returncode, 0)
        stranger = WitnessProcess(folder / "stranger", "w3.example", self.gateway.vkey)
        self.addCleanup(stranger.kill)
        policy.write_text(lines + f"witness three {stranger.vkey}\nquorum three\n")
        self.assertEqual(cpgw("verify", "--policy", policy, folder / "cosigned.txt", check=False).returncode, 3)
        policy.write_text("quorum\n")
        self.assertEqual(cpgw("verify", "--policy", policy, folder / "plain.txt", check=False).returncode, 2)
        forged = receipt.replace("w2.example", "w1.example")
        (folder / "forged.txt").write_text(forged)
        policy.write_text(lines + "group both all one two\nquorum both\n")
        self.assertNotEqual(cpgw("verify", "--policy", policy, folder / "forged.txt", check=False).returncode, 0)

    def test_a_witness_that_was_killed_goes_on_from_what_it_saw(self):
        self.gateway.stop()
        self.configure()
        self.gateway.start()
        first = self.witnesses[0]
        before = max(wait_for(first.seen, "a first cosignature").values())
        first.kill()
        first.process.wait()
        port, config = first.port, first.config
        config.write_text(config.read_text().replace("port: 0", f"port: {port}"))
        first.start()
        self.assertEqual(max(first.seen().values()), before)
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        wait_for(lambda: max(first.seen().values()) > before, "the witness follows the log again")

    def test_a_restored_old_backup_is_refused(self):
        data, backup = self.gateway.folder / "data", self.gateway.folder / "backup"
        self.gateway.stop()
        shutil.copytree(data, backup)
        self.configure(refuse_smaller_than_witness="true")
        self.gateway.start()
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        size = size_of(self.client(CARE).get("/v1/audit/checkpoint").body.decode())
        wait_for(lambda: all(max(witness.seen().values(), default=0) >= size for witness in self.witnesses), "both saw it")
        self.gateway.restart()  # the witnesses know as much as the gateway: it starts
        self.gateway.stop()
        shutil.rmtree(data)
        shutil.copytree(backup, data)
        answer = run(PROGRAM, "serve", "--config", self.gateway.config, check=False, timeout=60)
        self.assertEqual(answer.returncode, 78, answer)
        self.assertIn("old backup", answer.stderr.decode())
        self.configure()  # somebody starts it all the same: the first round finds out
        self.gateway.start()
        client = self.client(CARE)
        refused = wait_for(lambda: (found := client.send(schedule())).status == 503 and found, "nothing is taken")
        self.assertEqual(refused.json()["type"], "urn:cpgw:problem:suspended")
        self.assertIn("witness", refused.json()["detail_en"])


class Pins(EvidenceTest):
    """Clients notice a log that went back or forked."""

    def test_a_client_notices_a_log_that_went_back_and_one_that_forked(self):
        config = self.gateway.client_config(CARE)
        data, backup = self.gateway.folder / "data", self.gateway.folder / "backup"
        self.gateway.stop()
        shutil.copytree(data, backup)
        self.gateway.start()
        config = self.gateway.client_config(CARE)
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        cpgw("outbox", "--config", config)
        pins = pathlib.Path(f"{config}.checkpoints")
        kept = pins.read_text()
        self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        cpgw("outbox", "--config", config)  # grown: fine
        self.assertNotEqual(pins.read_text(), kept)
        kept = pins.read_text()

        self.gateway.stop()
        shutil.rmtree(data)
        shutil.copytree(backup, data)
        self.gateway.start()
        config = self.gateway.client_config(CARE)
        answer = cpgw("outbox", "--config", config, check=False)
        self.assertEqual(answer.returncode, 3, answer)
        self.assertIn("smaller", cpgw("outbox", "--config", config, "--lang", "en", check=False).stderr.decode())
        for _ in range(6):  # the same length again, with other contents
            self.assertEqual(self.client(CARE).send(schedule()).status, 201)
        answer = cpgw("outbox", "--config", config, check=False)
        self.assertEqual(answer.returncode, 3, answer)
        self.assertEqual(pins.read_text(), kept)
        for folder in self.gateway.folder.glob("*.evidence-*"):
            seen, offered = (folder / "seen.checkpoint").read_text(), (folder / "offered.checkpoint").read_text()
            self.assertTrue(seen.startswith("localhost/cpgw/"))
            self.assertNotEqual(seen, offered)
        self.assertGreaterEqual(len(list(self.gateway.folder.glob("*.evidence-*"))), 2)


if __name__ == "__main__":
    main()
