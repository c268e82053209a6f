"""Office agents (`cpgw agent`) for the end-to-end tests: a folder each, patience short enough for a test."""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

from harness import PROGRAM, READY_SECONDS

QUICK = {"settle": "150ms", "set_settle": "300ms", "set_timeout": "1500ms", "retry_first": "100ms", "retry_cap": "500ms",
         "taken_grace": "100ms", "poll": "2s", "min_free_mb": "1"}
PATIENCE = 40  # seconds until a test gives up waiting; a sanitizer on a busy machine is slow


def until(what, condition, seconds=PATIENCE):
    """Waits for something another process does; the condition's value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)


def office_settings(gateway, office, folder, port=None, **settings):
    certificate, key = gateway.pairs[office.number]
    lines = {"name": office.name, "gateway": f"https://localhost:{port or gateway.port}", "certificate": certificate,
             "key": key, "ca": gateway.pki.ca, "trusted_keys": f'["{gateway.vkey}"]', "folder": folder} | QUICK | settings
    return "  - " + "\n    ".join(f"{name}: {value}" for name, value in lines.items()) + "\n"


class Agent:
    """One `cpgw agent` of one office."""

    def __init__(self, gateway, office, folder, port=None, **settings):
        self.gateway, self.office, self.process, self.port = gateway, office, None, None
        self.home = pathlib.Path(folder)
        self.home.mkdir(parents=True, exist_ok=True)
        self.root = self.home / "folder"
        self.config, self.log, self.ready = self.home / "agent.yaml", self.home / "agent.log", self.home / "ready.json"
        self.configure(port=port, **settings)

    def configure(self, port=None, **settings):
        self.config.write_text("offices:\n" + office_settings(self.gateway, self.office, self.root, port, **settings))

    outgoing = property(lambda self: self.root / "送信")
    incoming = property(lambda self: self.root / "受信")
    archive = property(lambda self: self.root / "控え")
    returned = property(lambda self: self.root / "差戻し")

    def start(self):
        self.ready.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "agent", "--config", self.config, "--ready-file", self.ready],
                                            stdout=log, stderr=log)
        end = time.monotonic() + READY_SECONDS
        while not self.ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the agent did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.01)
        self.port = json.loads(self.ready.read_text())["port"]
        return self

    def once(self, *options, check=None):
        answer = subprocess.run([PROGRAM, "agent", "--config", self.config, *options], capture_output=True, timeout=90,
                                check=False)
        if check is not None and answer.returncode != check:
            raise AssertionError(f"ended with {answer.returncode}: {answer.stdout.decode()}{answer.stderr.decode()}")
        return answer

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(timeout=60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def drop(self, files, folder=None):
        """As an atomic writer does: hidden name, then the real one."""
        target = folder or self.outgoing
        target.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            hidden = target / (name + ".tmp")
            hidden.write_bytes(data)
            os.rename(hidden, target / name)

    def arrived(self):
        """{path below 受信: bytes} of what the software sees."""
        found = {}
        for path in self.incoming.rglob("*"):
            parts = path.relative_to(self.incoming).parts
            if parts[0].startswith(".") or parts[0] in ("取込済", "取込エラー"):
                continue
            try:
                if path.is_file():
                    found["/".join(parts)] = path.read_bytes()
            except FileNotFoundError:
                pass
        return found

    def import_all(self):
        """What the care software does: moves what it took."""
        taken = {}
        for name, data in self.arrived().items():
            os.rename(self.incoming / name, self.incoming / "取込済" / pathlib.Path(name).name)
            taken[name] = data
        return taken

    def page(self, target, host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", host or f"127.0.0.1:{self.port}")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def status(self):
        return json.loads(self.page("/status.json")[1])["offices"][0]
