"""What the end-to-end tests share: a throw-away PKI, a running gateway, a foreign HTTP client, synthetic bundles.

Everything is real: the program under test (CPGW in the environment), TLS 1.3 on loopback, SQLite on disk. Ports are
ephemeral, keys are made at run time, nothing outside the test's own temporary folder is written."""
import base64
import collections
import hashlib
import http.client
import io
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lint"))
PROGRAM = os.environ.get("CPGW", str(ROOT / "build" / "release" / "cpgw"))
READY_SECONDS = 30  # a debug build under a sanitizer on a busy machine starts in a few

Office = collections.namedtuple("Office", "number service_type name")
CARE = Office("0370100017", "43", "見本居宅介護支援事業所")
VISIT = Office("0370100025", "11", "見本訪問介護")
DAY = Office("0370100033", "15", "見本通所介護")
NURSE = Office("0370100041", "13", "見本訪問看護")
THIRD = Office("0370100058", "15", "見本第三者デイサービス")
ALL_OFFICES = (CARE, VISIT, DAY, NURSE, THIRD)


def run(*arguments, check=True, **options):
    """Runs a command; its output is in the exception when it fails."""
    answer = subprocess.run([str(argument) for argument in arguments], capture_output=True, check=False, **options)
    if check and answer.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, arguments))} ended with {answer.returncode}\n"
                             f"{answer.stdout.decode(errors='replace')}{answer.stderr.decode(errors='replace')}")
    return answer


def cpgw(*arguments, check=True, **options):
    return run(PROGRAM, *arguments, check=check, **options)


# -- PKI ------------------------------------------------------------------------------------------------------------

class OpensslPki:
    """A certificate authority made with the openssl command only: what a foreign CA would issue."""

    def __init__(self, folder, name="E2E Test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        (self.folder / "index.txt").write_text("")
        (self.folder / "crlnumber").write_text("01\n")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca = main\n[main]\n"
            f"database = {self.folder}/index.txt\ncrlnumber = {self.folder}/crlnumber\n"
            f"certificate = {self.folder}/ca.pem\nprivate_key = {self.folder}/ca.key\n"
            "default_md = sha256\ndefault_crl_days = 7\n")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.folder / "ca.key", "-out", self.folder / "ca.pem")
        self.write_crl()

    def write_crl(self):
        run("openssl", "ca", "-config", self.folder / "ca.cnf", "-gencrl", "-out", self.folder / "crl.pem")

    def revoke(self, pair):
        run("openssl", "ca", "-config", self.folder / "ca.cnf", "-revoke", pair[0])
        self.write_crl()

    def issue(self, file_name, common_name, alternative, usage="clientAuth", days=10):
        """(certificate, key); `alternative` is the text of subjectAltName, empty = none. days may be negative."""
        certificate, key = self.folder / f"{file_name}.pem", self.folder / f"{file_name}.key"
        request, extensions = self.folder / f"{file_name}.csr", self.folder / f"{file_name}.ext"
        lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", f"extendedKeyUsage={usage}"]
        if alternative:
            lines.append(f"subjectAltName={alternative}")
        extensions.write_text("\n".join(lines) + "\n")
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={common_name}", "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", certificate)
        key.chmod(0o400)
        return certificate, key

    def issue_office(self, number, file_name=None, days=10):
        return self.issue(file_name or number, number, f"URI:urn:jp-kaigo:office:{number}", days=days)

    def issue_server(self):
        return self.issue("server", "localhost", "DNS:localhost,IP:127.0.0.1", usage="serverAuth")

    @property
    def ca(self):
        return self.folder / "ca.pem"

    @property
    def crl(self):
        return self.folder / "crl.pem"


class OwnPki:
    """The same with `cpgw cert`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        cpgw("cert", "ca-init", "--out", self.folder)

    def _issued(self, prefix, *options):
        cpgw("cert", "issue", "--ca", self.folder, "--out", prefix, *options)
        return pathlib.Path(f"{prefix}.pem"), pathlib.Path(f"{prefix}.key")

    def issue_office(self, number):
        return self._issued(self.folder / number, "--office", number)

    def issue_server(self):
        return self._issued(self.folder / "server", "--server", "localhost,127.0.0.1")

    @property
    def ca(self):
        return self.folder / "ca.pem"

    @property
    def crl(self):
        return self.folder / "crl.pem"


# -- HTTP -----------------------------------------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:2000].decode(errors='replace')}"


class Client:
    """One office's kept-alive connection with Python's own HTTP and TLS. Not for several threads."""

    def __init__(self, port, ca, pair=None, timeout=90):
        self.context = ssl.create_default_context(cafile=str(ca))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        if pair:
            self.context.load_cert_chain(*map(str, pair))
        self.port, self.timeout, self.connection = port, timeout, None

    def request(self, method, target, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=self.timeout)
        try:
            self.connection.request(method, target, body, headers or {})
            answer = self.connection.getresponse()
            found = Answer(answer.status, answer.getheaders(), answer.read())
        except BaseException:
            self.close()
            raise
        if answer.will_close:
            self.close()
        return found

    def get(self, target, **headers):
        return self.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, target, body=b"", content_type=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type:
            sent["Content-Type"] = content_type
        return self.request("POST", target, body, sent)

    def post_json(self, target, value):
        return self.post(target, json.dumps(value).encode(), "application/json")

    def send(self, files, target="/v1/bundles", papers=(), cover=None, **headers):
        content_type, body = multipart([("file", name, data) for name, data in files.items()]
                                       + [("attachment", name, data) for name, data in papers]
                                       + ([("cover", None, json.dumps(cover).encode())] if cover is not None else []))
        return self.post(target, body, content_type, **headers)

    def send_zip(self, files, target="/v1/bundles", **headers):
        return self.post(target, make_zip(files), "application/zip", **headers)

    def ack(self, bundle, state="imported", note=None):
        return self.post_json(f"/v1/bundles/{bundle}/ack", {"state": state} | ({"note": note} if note else {}))

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    __del__ = close


def multipart(parts, boundary="cpgw-e2e-5d1f0c"):
    """(content type, body) of (field, file name or None, bytes) parts; names go out as UTF-8 (RFC 7578)."""
    body = b""
    for field, file_name, data in parts:
        disposition = f'form-data; name="{field}"' + (f'; filename="{file_name}"' if file_name is not None else "")
        kind = "application/octet-stream" if file_name is not None else "application/json"
        body += f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def make_zip(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def read_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def content_digest(data):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


# -- bundles --------------------------------------------------------------------------------------------------------

_seeds = itertools.count(1)
_serials = itertools.count(0)
_lock = threading.Lock()
SERIAL = re.compile(r"(?<=_)([0-9]{14})(?=[._])")


def next_serial():
    """Real date-times, each later than the one before."""
    with _lock:
        seconds = next(_serials)
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(1_764_547_200 + seconds))  # from 2025-12-01


def sample(sender, receivers, kinds, users=1, month="202511", edition="4.1", seed=None):
    """{name: bytes} of what `cpgw sample` writes for other users every time (or for `seed`)."""
    if seed is None:
        with _lock:
            seed = next(_seeds)
    with tempfile.TemporaryDirectory() as folder:
        cpgw("sample", "--from", f"{sender.number}:{sender.service_type}",
             "--to", ",".join(f"{office.number}:{office.service_type}" for office in receivers),
             "--month", month, "--users", users, "--kind", ",".join(kinds), "--edition", edition, "--seed", seed,
             "--out", folder)
        return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file()}


def serial_of(name):
    return SERIAL.search(name).group(1)


def with_serial(files, serial=None):
    """The same bytes under a new serial."""
    serial = serial or next_serial()
    return {SERIAL.sub(serial, name): data for name, data in files.items()}


def schedule(receiver=VISIT, sender=CARE, users=1, seed=None, month="202511"):
    """One valid schedule bundle with a serial later than every one before."""
    return with_serial(sample(sender, [receiver], ["schedule"], users, month=month, seed=seed))


def care_plan(receiver=VISIT, sender=CARE, users=1, seed=None):
    return with_serial(sample(sender, [receiver], ["care_plan"], users, seed=seed))


def actual(sender=VISIT, receiver=CARE, users=1, seed=None):
    return with_serial(sample(sender, [receiver], ["actual"], users, seed=seed))


def rename(files, old, new):
    return {name.replace(old, new): data for name, data in files.items()}


def replace_cell(files, prefix, record, column, text):
    """A copy with one cell (from 1) of one record of the file with this prefix replaced; cells without line breaks."""
    changed = dict(files)
    for name, data in files.items():
        if name.startswith(prefix + "_"):
            lines = data.split(b"\r\n")
            cells = lines[record - 1].split(b",")
            cells[column - 1] = text.encode("cp932")
            lines[record - 1] = b",".join(cells)
            changed[name] = b"\r\n".join(lines)
    return changed


# -- papers ---------------------------------------------------------------------------------------------------------

def pdf(text="monthly report", extra=b""):
    """A whole PDF of one empty page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R" + extra + b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>", f"<</Title({text})>>".encode()]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<</Size %d/Root 1 0 R/Info 4 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + table + trailer


# 1 x 1 pixels, whole files.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////"
    "wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z")


# -- the gateway ----------------------------------------------------------------------------------------------------

# Tests ask as fast as they can, one office for many; what the rates do has tests of its own (people_test.py).
UNLIMITED = ("{read: {per_minute: 60000000, burst: 1000000}, write: {per_minute: 60000000, burst: 1000000}, "
             "login: {per_minute: 60000000, burst: 1000000}, uploads: 10000}")


class Gateway:
    """`cpgw serve` in a folder of its own, with its PKI and offices. Stops in close(), also after a failed test."""

    def __init__(self, folder, pki=None, offices=ALL_OFFICES, settings=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pki = pki or OpensslPki(self.folder / "pki")
        self.config = self.folder / "gateway.yaml"
        self.log = self.folder / "gateway.log"
        self.process = None
        self.server_pair = self.pki.issue_server()
        self.pairs = {office.number: self.pki.issue_office(office.number) for office in offices}
        self.write_config(settings or {})
        answer = cpgw("db", "init", "--config", self.config)
        self.vkey = re.search(rb"^\S*localhost/cpgw/[0-9]{4}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$", b"\n".join(
            answer.stdout.split()), re.MULTILINE).group(0).decode()
        for office in offices:
            cpgw("office", "add", "--config", self.config, "--office", office.number, "--type", office.service_type,
                 "--name", office.name)
        self.start()

    def write_config(self, settings):
        """`settings`: top-level blocks that replace the default ones, as text."""
        blocks = {
            "host": "localhost",
            "listen": "{address: 127.0.0.1, port: 0}",
            "ops": "{address: 127.0.0.1, port: 0}",
            "tls": f"{{certificate: {self.server_pair[0]}, key: {self.server_pair[1]}, client_ca: {self.pki.ca}, "
                   f"crl: {self.pki.crl}}}",
            "data": "data",
            "workers": "2",
            "log": "{level: info}",
            "rates": UNLIMITED,
        } | settings
        self.config.write_text("".join(f"{name}: {value}\n" for name, value in blocks.items()))

    def start(self):
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", "--config", self.config, "--ready-file", ready],
                                            stdout=log, stderr=log)
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                ports = json.loads(ready.read_text())
                break
            except (FileNotFoundError, json.JSONDecodeError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.kill()
                    raise AssertionError(f"the gateway did not start:\n{self.log.read_text()[-4000:]}") from None
                time.sleep(0.01)
        self.port, self.ops_port = ports["port"], ports["ops_port"]

    def stop(self):
        """SIGTERM and wait; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait(timeout=60)

    def restart(self):
        self.stop()
        self.start()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def client(self, office, **options):
        return Client(self.port, self.pki.ca, self.pairs[office.number], **options)

    def ops(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=30)
        connection.request("GET", target)
        answer = connection.getresponse()
        found = Answer(answer.status, answer.getheaders(), answer.read())
        connection.close()
        return found

    def client_config(self, office, port=None):
        """A YAML file for the office's side of `cpgw`."""
        path = self.folder / f"{office.number}.yaml"
        certificate, key = self.pairs[office.number]
        path.write_text(f"gateway: https://localhost:{port or self.port}\ncertificate: {certificate}\nkey: {key}\n"
                        f"ca: {self.pki.ca}\ntrusted_keys: [\"{self.vkey}\"]\nlang: ja\n")
        return path

    def curl(self, office, target, *options, check=True):
        """curl as a foreign client: (status, body, headers)."""
        certificate, key = self.pairs[office.number]
        with tempfile.TemporaryDirectory() as folder:
            body, headers = pathlib.Path(folder, "body"), pathlib.Path(folder, "headers")
            answer = run("curl", "--silent", "--show-error", "--tlsv1.3", "--cacert", self.pki.ca, "--cert", certificate,
                         "--key", key, "--max-time", "90", "--output", body, "--dump-header", headers, "--write-out",
                         "%{http_code}", *options, f"https://localhost:{self.port}{target}", check=check)
            pairs = [line.split(": ", 1) for line in headers.read_text().splitlines() if ": " in line]
            return Answer(int(answer.stdout), pairs, body.read_bytes() if body.exists() else b"")

    def close(self):
        self.kill()


class GatewayTest(unittest.TestCase):
    """One gateway for the tests of a class; `settings` are blocks of its configuration."""
    settings = {}
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.gateway = Gateway(cls.folder / "gateway", settings=cls.settings)
        cls.addClassCleanup(cls.gateway.close)

    def setUp(self):
        self.clients = {}

    def tearDown(self):
        for client in self.clients.values():
            client.close()
        # Whatever a test did, the gateway lives and nothing in it went wrong.
        self.assertIsNone(self.gateway.process.poll(), "the gateway died")
        self.assertNotRegex(self.gateway.log.read_text(), "Sanitizer|runtime error:|request.unanswered")

    def as_office(self, office):
        if office.number not in self.clients:
            self.clients[office.number] = self.gateway.client(office)
        return self.clients[office.number]

    # Assertions that say what happened when they fail.

    def expect(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        return answer

    def problem(self, answer, status, slug):
        self.expect(answer, status)
        self.assertEqual(answer.headers.get("content-type"), "application/problem+json", answer)
        value = answer.json()
        self.assertEqual(value["type"], f"urn:cpgw:problem:{slug}", answer)
        self.assertEqual(value["status"], status)
        self.assertTrue(value["title"] and value["instance"])
        return value

    def accepted(self, answer):
        """Ids of the bundles of a submission of which everything was accepted."""
        self.expect(answer, 201)
        bundles = answer.json()["bundles"]
        self.assertEqual({bundle["verdict"] for bundle in bundles}, {"accepted"}, answer)
        return [bundle["id"] for bundle in bundles]

    def rejected(self, answer, rule):
        """The submission was refused with this rule; its bundles."""
        self.expect(answer, 422)
        value = answer.json()
        rules = {finding["rule"] for bundle in value["bundles"] for finding in bundle["report"]["findings"]}
        rules |= {finding["rule"] for finding in value["findings"]}
        self.assertIn(rule, rules, answer)
        return value["bundles"]

    def send_one(self, files=None, sender=CARE):
        return self.accepted(self.as_office(sender).send(files or schedule()))[0]

    def state(self, bundle, office=CARE):
        return self.expect(self.as_office(office).get(f"/v1/bundles/{bundle}"), 200).json()["state"]

    def inbox_ids(self, office, state="all"):
        """Every id of the inbox, page by page."""
        ids, after = [], ""
        while True:
            page = self.expect(self.as_office(office).get(f"/v1/inbox?state={state}&limit=1000{after}"), 200).json()
            ids += [bundle["id"] for bundle in page["bundles"]]
            if page["next"] is None:
                return ids
            after = "&after=" + urllib.parse.quote(page["next"])


def main():
    unittest.main(verbosity=2, failfast=False)
