#!/usr/bin/env python3
"""kill -9 of the gateway at random moments under load, many times over the same data folder.

After each restart: everything that was acknowledged is there byte for byte, nothing is doubled, a resend with the same
Idempotency-Key or the same serial is the same bundle, every receipt still verifies and the log goes on from the last
checkpoint anybody saw. The seed is printed; `crash.py --seed N` runs it again (the moments of the kills are then the
same, what the threads were doing at that moment is not).

    CPGW=build/release/cpgw tests/fault/crash.py [--kills 50] [--seed N]
"""
import argparse
import collections
import concurrent.futures
import hashlib
import http.client
import json
import pathlib
import random
import re
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import CARE, DAY, NURSE, THIRD, VISIT, Gateway, cpgw, make_zip, next_serial, read_zip, sample, with_serial

CUT = (ConnectionError, ssl.SSLError, http.client.HTTPException, TimeoutError, OSError)
RECEIVERS = (VISIT, DAY, NURSE, THIRD)
OLDER = 25  # bundles of earlier rounds looked at again after each crash
SHORTEST, LONGEST = 0.05, 1.2  # seconds of load before a kill: in the middle of the start-up's traffic, or well after it

Sent = collections.namedtuple("Sent", "files key answer")  # answer: None = the connection broke before it came


class Load:
    """One thread an office: sends, fetches, acknowledges until the gateway is gone; remembers what was acknowledged."""

    def __init__(self, gateway, receiver, samples, seed):
        self.gateway, self.receiver, self.samples = gateway, receiver, samples
        self.random = random.Random(seed)
        self.sent = []        # every submission tried
        self.steps = {}       # bundle -> last step acknowledged to a client: "fetched", "imported"
        self.tried = {}       # bundle -> last step tried
        self.judged = 0       # sends already looked at after an earlier crash

    def run(self):
        sender, receiver = self.gateway.client(CARE), self.gateway.client(self.receiver)
        try:
            while True:
                bundle = self.send(sender)
                if bundle and self.random.random() < 0.6:
                    self.deliver(receiver, bundle)
        except CUT:
            pass
        finally:
            sender.close()
            receiver.close()

    def send(self, client):
        files = with_serial(self.random.choice(self.samples))
        key = f"{self.receiver.number}-{len(self.sent)}-{self.random.getrandbits(32):08x}"
        self.sent.append(Sent(files, key, None))
        answer = client.send(files, Idempotency_Key=key)
        assert answer.status in (201, 503), answer
        if answer.status != 201:
            self.sent[-1] = Sent(files, key, None)
            return None
        self.sent[-1] = Sent(files, key, answer.body)
        bundle = answer.json()["bundles"][0]
        assert bundle["verdict"] == "accepted", answer
        return bundle["id"]

    def deliver(self, client, bundle):
        self.tried[bundle] = "fetched"
        answer = client.get(f"/v1/bundles/{bundle}/content")
        assert answer.status in (200, 503), answer
        if answer.status != 200:
            return
        self.steps[bundle] = "fetched"
        self.tried[bundle] = "imported"
        if client.ack(bundle).status == 200:
            self.steps[bundle] = "imported"


class Checks:
    """What must hold after a crash, said to stop at the first breach."""

    def __init__(self, gateway, loads):
        self.gateway, self.loads = gateway, loads
        self.receipts = []  # texts seen by clients
        self.log_size, self.log_tiles = 0, []
        self.resent = 0

    def after_crash(self, chosen):
        self.nothing_acknowledged_is_lost(chosen)
        self.unanswered_sends_end_in_one_bundle(chosen)
        self.nothing_is_doubled()
        self.log_goes_on()

    def nothing_acknowledged_is_lost(self, chosen):
        """Everything sent since the last crash, and some of what is older; all of it at the end (chosen = None)."""
        for load in self.loads:
            older = range(load.judged)
            picked = chosen.sample(older, min(OLDER, len(older))) if chosen else older
            client = self.gateway.client(load.receiver)
            for index in [*picked, *range(load.judged, len(load.sent))]:
                if load.sent[index].answer is not None:
                    self.is_whole(client, load, load.sent[index])
            load.judged = len(load.sent)
            self.bytes_are_kept(client, load)
            client.close()

    def is_whole(self, client, load, sent):
        bundle = json.loads(sent.answer)["bundles"][0]
        self.receipts.append(bundle["receipt"])
        found = client.get(f"/v1/bundles/{bundle['id']}")
        assert found.status == 200, f"an acknowledged bundle is gone: {bundle['id']} {found}"
        listed = {file["name"]: file["sha256"] for file in found.json()["file_list"]}
        assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in sent.files.items()}, found
        self.step_is_kept(load, found.json())

    @staticmethod
    def step_is_kept(load, bundle):
        order = ["accepted", "fetched", "imported"]
        state = bundle["state"]
        acknowledged = load.steps.get(bundle["id"], "accepted")
        tried = load.tried.get(bundle["id"], "accepted")
        assert state == "superseded" or order.index(acknowledged) <= order.index(state) <= order.index(tried), (
            f"{bundle['id']} is {state}; {acknowledged} was acknowledged, {tried} was tried")
        assert acknowledged == "accepted" or "fetched_at" in bundle, bundle

    @staticmethod
    def bytes_are_kept(client, load):
        """Byte for byte, for some of them each time (their digests were compared for all)."""
        answered = [sent for sent in load.sent if sent.answer is not None]
        for sent in load.random.sample(answered, min(3, len(answered))):
            bundle = json.loads(sent.answer)["bundles"][0]["id"]
            content = client.get(f"/v1/bundles/{bundle}/content")
            assert content.status == 200 and read_zip(content.body) == sent.files, bundle
            load.tried.setdefault(bundle, "fetched")  # or only a look, when it was superseded before

    def unanswered_sends_end_in_one_bundle(self, chosen):
        """Answered or not: sent again with its key it is the same bundle, and the first answer where there was one."""
        client = self.gateway.client(CARE)
        for load in self.loads:
            again = [index for index, sent in enumerate(load.sent) if sent.answer is None]
            again += chosen.sample(range(len(load.sent)), min(3, len(load.sent)))
            for index in again:
                sent = load.sent[index]
                answer = client.send(sent.files, Idempotency_Key=sent.key)
                late = answer.status == 422 and b"R-SEQ-01" in answer.body and sent.answer is None
                if late:  # it never arrived and a later serial was handed over since: refused for good, kept as such
                    load.sent[index] = Sent(sent.files, sent.key, None)
                    continue
                assert answer.status == 201, answer
                assert sent.answer in (None, answer.body), "the first answer is not repeated byte for byte"
                load.sent[index] = Sent(sent.files, sent.key, answer.body)
                same = client.post("/v1/bundles", make_zip(sent.files), "application/zip")
                assert same.json()["bundles"][0]["id"] == answer.json()["bundles"][0]["id"], "one serial, two bundles"
                self.resent += 1
        client.close()

    def nothing_is_doubled(self):
        for load in self.loads:
            client = self.gateway.client(load.receiver)
            serials, after = [], ""
            while True:
                page = client.get(f"/v1/inbox?state=all&limit=1000{after}").json()
                serials += [bundle["serial"] for bundle in page["bundles"]]
                if page["next"] is None:
                    break
                after = f"&after={page['next']}"
            client.close()
            doubled = [serial for serial, count in collections.Counter(serials).items() if count > 1]
            assert not doubled, f"serials twice in one inbox: {doubled}"
            tried = {re.search(r"_([0-9]{14})\.", next(iter(sent.files))).group(1) for sent in load.sent}
            assert set(serials) <= tried, "a bundle that nobody sent"

    def log_goes_on(self):
        """The newest checkpoint is not smaller than any seen, and its leaf hashes begin with those seen before."""
        client = self.gateway.client(CARE)
        size = int(client.get("/v1/audit/checkpoint").body.split(b"\n")[1])
        assert size >= self.log_size, f"the log went back from {self.log_size} to {size}"
        tiles = []
        for index in range((size + 255) // 256):
            width = min(256, size - index * 256)
            name = f"{index:03}" + (f".p/{width}" if width < 256 else "")
            answer = client.get(f"/v1/audit/tile/0/{name}")
            assert answer.status == 200 and len(answer.body) == 32 * width, answer.status
            tiles.append(answer.body)
        client.close()
        assert b"".join(tiles).startswith(b"".join(self.log_tiles)), "leaves of the log have changed"
        self.log_size, self.log_tiles = size, tiles

    def receipts_verify(self, folder):
        folder.mkdir()
        paths = []
        for number, text in enumerate(sorted(set(self.receipts))):
            paths.append(folder / f"{number}.receipt.txt")
            paths[-1].write_text(text)
        for first in range(0, len(paths), 200):
            cpgw("verify", "--trusted-key", self.gateway.vkey, *paths[first:first + 200])
        return len(paths)


def run(kills, seed):
    moments = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="cpgw-crash-") as folder:
        gateway = Gateway(pathlib.Path(folder) / "gateway")
        try:
            samples = {office: [sample(CARE, [office], ["schedule"], seed=number + 1) for number in range(8)]
                       for office in RECEIVERS}
            everything = [Load(gateway, office, samples[office], f"{seed}/{office.number}") for office in RECEIVERS]
            checks = Checks(gateway, everything)
            for kill in range(1, kills + 1):
                crash_once(gateway, everything, moments)
                started = time.monotonic()
                gateway.start()
                recovered = time.monotonic() - started
                checks.after_crash(moments)
                answered = sum(sent.answer is not None for load in everything for sent in load.sent)
                print(f"kill {kill}: {answered} bundles acknowledged so far, ready again after {recovered:.2f} s", flush=True)
            checks.nothing_acknowledged_is_lost(None)
            count = checks.receipts_verify(pathlib.Path(folder) / "receipts")
            assert gateway.stop() == 0
            cpgw("db", "check", "--config", gateway.config)
            print(f"{kills} kills, {count} receipts verified, {checks.resent} resends, log of {checks.log_size} leaves: "
                  "nothing lost, nothing doubled")
            assert count > kills, "hardly anything was acknowledged between the kills"
        finally:
            gateway.close()


def crash_once(gateway, loads, moments):
    with concurrent.futures.ThreadPoolExecutor(len(loads)) as pool:
        running = [pool.submit(load.run) for load in loads]
        killer = threading.Timer(moments.uniform(SHORTEST, LONGEST), gateway.process.kill)
        killer.start()
        for thread in running:
            thread.result()
        killer.join()
    gateway.kill()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    run(given.kills, given.seed)


if __name__ == "__main__":
    main()
