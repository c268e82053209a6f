#!/usr/bin/env python3
"""What foreign scanners say of the listener: sslscan equals a golden file, testssl.sh has no finding of LOW or above but
the exceptions that scanner_exceptions.txt gives a reason for. In both settings (TLS 1.3 only; TLS 1.2 opened).

    python3 tests/e2e/scanner_test.py --golden      writes the golden files anew
"""
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import CARE, ROOT, Gateway, OwnPki, main

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = {"only13": "[TLSv1.3]", "with12": "[TLSv1.3, TLSv1.2]"}
HARMLESS = {"OK", "INFO", "DEBUG"}
TESTSSL_SECONDS = 250  # takes about 40 on two cores


def golden_file(setting):
    return HERE / f"sslscan_{setting}.golden"


def gateways(folder):
    """{setting: gateway}; certificates of `cpgw cert`, as a pilot would have them."""
    pki = OwnPki(folder / "pki")
    server, office = pki.issue_server(), pki.issue_office(CARE.number)
    pki.issue_server, pki.issue_office = lambda: server, lambda _: office
    running = {}
    for setting, versions in SETTINGS.items():
        policy = folder / f"{setting}.yaml"
        text = (ROOT / "certs" / "tls-policy.yaml").read_text()
        policy.write_text(text.replace("versions: [TLSv1.3]", f"versions: {versions}"))
        tls = f"{{certificate: {server[0]}, key: {server[1]}, client_ca: {pki.ca}, crl: {pki.crl}, policy: {policy}}}"
        running[setting] = Gateway(folder / setting, pki=pki, offices=(CARE,), settings={"tls": tls})
    return running


def sslscan(gateway):
    """Its words without what changes from run to run: versions, port, dates."""
    certificate, key = gateway.pairs[CARE.number]
    text = subprocess.run(["sslscan", "--no-colour", "--show-client-cas", f"--certs={certificate}", f"--pk={key}",
                           f"127.0.0.1:{gateway.port}"], capture_output=True, check=True, timeout=60).stdout.decode()
    text = text[text.index("Testing SSL server"):]
    text = re.sub(r"on port [0-9]+", "on port PORT", text)
    text = re.sub(r"(Not valid (?:before|after): ).*", r"\1DATE", text)
    text = re.sub(r"(?m)^OpenSSL version does not support compression\nRebuild .*\n", "Compression disabled\n", text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


class Scanners(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.gateways = gateways(cls.folder)
        for gateway in cls.gateways.values():
            cls.addClassCleanup(gateway.close)

    def test_sslscan_says_what_it_said_before(self):
        for setting, gateway in self.gateways.items():
            with self.subTest(setting):
                self.assertEqual(sslscan(gateway), golden_file(setting).read_text())

    def test_testssl_finds_nothing_that_has_no_reason(self):
        lines = [line.split(" ", 2) for line in (HERE / "scanner_exceptions.txt").read_text().splitlines()
                 if line and not line.startswith("#")]
        excepted = {(name, severity) for name, severity, _ in lines}
        seen = set()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            reports = dict(zip(self.gateways, pool.map(self.scan, self.gateways)))
        for setting, findings in reports.items():
            self.assertGreater(len(findings), 60, "the scanner did not get through")
            self.assertIn(("TLS1_3", "OK"), findings)
            found = {finding for finding in findings if finding[1] not in HARMLESS}
            self.assertEqual(found - excepted, set(), setting)
            seen |= found
        gone = {finding for finding in excepted - seen if finding[1] != "WARN"}
        self.assertEqual(gone, set(), "exceptions that no longer occur")

    def scan(self, setting):
        """{(id, severity)}: protocols, forward secrecy, certificate, known vulnerabilities."""
        report = self.folder / f"{setting}.json"
        subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--fast", "-p", "-f",
                        "-S", "-U", "--jsonfile", report, f"localhost:{self.gateways[setting].port}"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=TESTSSL_SECONDS)
        return {(entry["id"], entry["severity"]) for entry in json.loads(report.read_text())}


def write_golden():
    with tempfile.TemporaryDirectory(prefix="cpgw-e2e-") as folder:
        for setting, gateway in gateways(pathlib.Path(folder)).items():
            golden_file(setting).write_text(sslscan(gateway))
            gateway.close()


if __name__ == "__main__":
    write_golden() if sys.argv[1:] == ["--golden"] else main()
