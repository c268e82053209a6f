#!/usr/bin/env python3
"""Two offices' agents exchange a month while gateway and agents are killed with -9 at random moments.

Every bundle that was dropped arrives exactly once, byte for byte, in the order of its serials, and is acknowledged. The
seed is printed; --seed N runs it again (the moments are the same, what the threads did at them is not).

    CPGW=build/release/cpgw tests/fault/agents.py [--kills 10] [--agent-kills 6] [--seed N]
"""
import argparse
import collections
import pathlib
import random
import re
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from agents import Agent, until
from harness import CARE, VISIT, Gateway, actual, cpgw, schedule, serial_of

BUNDLES = 12  # each way


class Software:
    """The care software of an office: takes what it finds in 受信, remembers in which order."""

    def __init__(self, agent):
        self.agent, self.taken, self.stopping = agent, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping:
            try:
                self.taken += self.agent.import_all().items()
            except FileNotFoundError:
                pass
            time.sleep(0.05)

    def stop(self):
        self.stopping = True
        self.thread.join()


def fixed_port(gateway):
    """The gateway keeps its port over its restarts, as a real one does."""
    config = gateway.config.read_text()
    gateway.config.write_text(re.sub(r"listen: \{address: 127.0.0.1, port: \d+\}",
                                     f"listen: {{address: 127.0.0.1, port: {gateway.port}}}", config))


def judge(name, dropped, software):
    seen = collections.Counter(path for path, _ in software.taken)
    doubled = [path for path, times in seen.items() if times != 1]
    assert not doubled, f"{name}: placed more than once: {doubled}"
    got = dict(software.taken)
    wanted = {path: data for files in dropped for path, data in files.items()}
    assert set(got) == set(wanted), f"{name}: lost {set(wanted) - set(got)}, invented {set(got) - set(wanted)}"
    assert got == wanted, f"{name}: other bytes"


def states(gateway, office, role):
    client = gateway.client(office)
    answer = client.get(f"/v1/{role}?state=all&limit=1000")
    client.close()
    assert answer.status == 200, answer
    return [(bundle["serial"], bundle["state"]) for bundle in answer.json()["bundles"]]


def run(folder, kills, agent_kills, seed):
    chosen = random.Random(seed)
    gateway = Gateway(folder / "gateway", offices=(CARE, VISIT))
    fixed_port(gateway)
    agents = {office: Agent(gateway, office, folder / office.number).start() for office in (CARE, VISIT)}
    software = {office: Software(agents[office]) for office in agents}
    try:
        # Other users each time: a newer bundle about the same ones replaces an older that was not fetched yet.
        prepared = {CARE: [schedule() for _ in range(BUNDLES)], VISIT: [actual() for _ in range(BUNDLES)]}
        dropped = {office: [] for office in agents}
        blows = ["gateway"] * kills + ["agent"] * agent_kills
        chosen.shuffle(blows)
        while blows or any(len(files) < BUNDLES for files in dropped.values()):
            for office, agent in agents.items():
                if len(dropped[office]) < BUNDLES:
                    files = prepared[office][len(dropped[office])]
                    agent.drop(files)
                    dropped[office].append(files)
            time.sleep(chosen.uniform(0.1, 0.7))
            blow = blows.pop() if blows else None
            if blow == "gateway":
                gateway.kill()
                gateway.start()
            elif blow == "agent":
                agent = chosen.choice(list(agents.values()))
                agent.kill()
                agent.start()
        for office, other in ((CARE, VISIT), (VISIT, CARE)):
            wanted = {serial_of(next(iter(files))) for files in dropped[office]}
            until(f"everything of {office.number} is imported",
                  lambda: sum(state == "imported" for _, state in states(gateway, office, "outbox")) >= len(wanted), 60)
            sent = states(gateway, office, "outbox")
            assert sorted(serial for serial, _ in sent) == sorted(wanted), sent
            judge(office.number, dropped[office], software[other])
            assert not list(agents[office].returned.iterdir()), "something was returned"
            assert not list(agents[office].outgoing.iterdir()), "something was left"
        for agent in agents.values():
            until("the archive is complete", lambda: len(list(agent.archive.glob("*/2*"))) == BUNDLES)
            assert agent.stop() == 0
            for received in list(agent.archive.glob("*/受信_*"))[:3]:
                cpgw("verify", received, "--trusted-key", gateway.vkey)
        return sum(len(files) for files in dropped.values())
    finally:
        for one in software.values():
            one.stop()
        for agent in agents.values():
            agent.kill()
        gateway.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--agent-kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cpgw-agents-") as folder:
        count = run(pathlib.Path(folder), given.kills, given.agent_kills, given.seed)
    print(f"{count} bundles, {given.kills} gateway kills, {given.agent_kills} agent kills: each arrived once, byte for byte, "
          f"acknowledged ({time.monotonic() - begun:.1f} s)")


if __name__ == "__main__":
    main()
