#!/usr/bin/env python3
"""Certificates in their daily life: revoked while connected, renewed, issued elsewhere, running out, in a token."""
import json
import os
import pathlib
import re
import shutil
import ssl
import tempfile
import time
import unittest
import unittest.mock

from harness import CARE, DAY, PROGRAM, THIRD, VISIT, Client, Gateway, GatewayTest, OpensslPki, OwnPki, cpgw, main, run, schedule

REVOKED_WITHIN = 60  # seconds, the promise of the security checklist; the settings here look every second


def becomes_true(case, question, seconds, text):
    end = time.monotonic() + seconds
    while not question():
        case.assertLess(time.monotonic(), end, text)
        time.sleep(0.05)


def temporary_folder(case):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
    case.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Revocation(GatewayTest):
    """The gateway looks at its files by itself; nobody sends SIGHUP."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = Gateway(cls.folder / "own", pki=OwnPki(cls.folder / "own-pki"))
        cls.addClassCleanup(cls.own.close)
        text = cls.own.config.read_text()
        cls.own.config.write_text(text.replace("tls: {", "tls: {watch_seconds: 1, "))
        cls.own.restart()

    def revoke(self, number):
        cpgw("cert", "revoke", "--ca", self.own.pki.folder, self.own.pairs[number][0])

    def test_a_revocation_during_a_session_counts_at_the_next_request(self):
        client, other = self.own.client(DAY), self.own.client(CARE)
        for each in (client, other):
            self.expect(each.get("/v1/me"), 200)
        connection = client.connection
        self.revoke(DAY.number)
        started = time.monotonic()
        while (answer := client.get("/v1/me")).status == 200:
            self.assertIs(client.connection, connection, "the session is the same one")
            self.assertLess(time.monotonic() - started, REVOKED_WITHIN)
        self.problem(answer, 401, "not-authenticated")
        self.expect(other.get("/v1/me"), 200)
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            self.own.client(DAY).get("/v1/me")

    def test_a_broken_list_keeps_the_old_and_a_stale_one_refuses_everybody(self):
        good = self.own.pki.crl.read_bytes()
        client = self.own.client(VISIT)
        self.expect(client.get("/v1/me"), 200)
        failures = self.own.log.read_text().count("reload.tls.failed")
        self.own.pki.crl.write_bytes(good[:100])
        becomes_true(self, lambda: self.own.log.read_text().count("reload.tls.failed") > failures, 20, "never looked")
        self.expect(client.get("/v1/me"), 200)
        self.own.pki.crl.write_bytes(good)
        cpgw("cert", "crl", "--ca", self.own.pki.folder, "--days", "1")  # ends within a day: the alarm
        becomes_true(self, lambda: '"event":"crl.expiring"' in self.own.log.read_text(), 20, "no alarm")
        self.assertLessEqual(self.metric("cpgw_crl_seconds_left"), 86400)
        self.assertGreater(self.metric("cpgw_crl_seconds_left"), 86000)
        self.expect(client.get("/v1/me"), 200)
        cpgw("cert", "crl", "--ca", self.own.pki.folder)
        becomes_true(self, lambda: self.metric("cpgw_crl_seconds_left") > 86400, 20, "the fresh list is not taken")

    def metric(self, name):
        return float(re.search(rf"(?m)^{re.escape(name)} (\S+)$", self.own.ops("/metrics").body.decode()).group(1))

    def test_a_renewed_certificate_works_beside_the_old_one_until_that_is_revoked(self):
        old = self.own.pairs[THIRD.number]
        prefix = self.folder / "renewed"
        cpgw("cert", "renew", "--ca", self.own.pki.folder, "--out", prefix, old[0])
        fresh = Client(self.own.port, self.own.pki.ca, (f"{prefix}.pem", f"{prefix}.key"))
        before = self.own.client(THIRD)
        self.assertEqual(fresh.get("/v1/me").json()["offices"], before.get("/v1/me").json()["offices"])
        self.revoke(THIRD.number)
        becomes_true(self, lambda: before.get("/v1/me").status == 401, REVOKED_WITHIN, "the old one still gets in")
        self.expect(fresh.get("/v1/me"), 200)

    def test_a_delegate_speaks_for_several_offices(self):
        prefix = self.folder / "delegate"
        cpgw("cert", "issue", "--ca", self.own.pki.folder, "--office", f"{CARE.number},{VISIT.number}", "--out", prefix)
        client = Client(self.own.port, self.own.pki.ca, (f"{prefix}.pem", f"{prefix}.key"))
        self.assertEqual([office["office"] for office in client.get("/v1/me").json()["offices"]], [CARE.number, VISIT.number])
        self.accepted(client.send(schedule()))


class Expiry(unittest.TestCase):
    def test_warnings_at_90_30_and_7_days(self):
        folder = temporary_folder(self)
        pki = OpensslPki(folder / "pki")
        gateway = Gateway(folder / "gateway", pki=pki, offices=(CARE, VISIT))
        self.addCleanup(gateway.close)
        pairs = {days: pki.issue_office(CARE.number, f"days-{days}", days=days) for days in (5, 20, 80, 200)}
        for days, band in ((5, 7), (20, 30), (80, 90), (200, None)):
            me = Client(gateway.port, pki.ca, pairs[days]).get("/v1/me").json()["certificate"]
            self.assertEqual((me["days_left"], me["warning"]), (days - 1, band))  # it began moments ago
        metrics = gateway.ops("/metrics").body.decode()
        self.assertIn('cpgw_certificate_days_left{class="office"} 4\n', metrics)
        for band in (7, 30, 90):
            self.assertIn(f'cpgw_certificates_expiring{{class="office",band="{band}"}} 1\n', metrics)
        self.assertIn('cpgw_certificate_days_left{class="server"} 9\n', metrics)  # the harness issues for ten days
        self.assertIn('cpgw_certificate_days_left{class="client_ca"} 29\n', metrics)
        warned = [line for line in gateway.log.read_text().splitlines() if '"certificate.expiring"' in line]
        self.assertLessEqual({"server", "client_ca"}, {re.search(r'"class":"(\w+)"', line).group(1) for line in warned})


class Elsewhere(unittest.TestCase):
    """An authority that knows nothing of our URI: rules of mapping, and registration by key."""

    def setUp(self):
        self.folder = temporary_folder(self)
        self.outside = OpensslPki(self.folder / "outside", "Outside CA")
        self.same_name = OpensslPki(self.folder / "same-name", "Outside CA")

    def issue(self, pki, name, subject, names="", key=None):
        certificate, own_key = pki.folder / f"{name}.pem", pki.folder / f"{name}.key"
        request, extensions = pki.folder / f"{name}.csr", pki.folder / f"{name}.ext"
        extensions.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                              "extendedKeyUsage=clientAuth\n" + (f"subjectAltName={names}\n" if names else ""))
        if key is None:
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", own_key)
            own_key.chmod(0o400)
        run("openssl", "req", "-new", "-utf8", "-key", key or own_key, "-subj", subject, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", pki.ca, "-CAkey", pki.folder / "ca.key", "-CAcreateserial",
            "-days", 10, "-extfile", extensions, "-out", certificate)
        return certificate, key or own_key

    def gateway_with(self, mapping, authorities):
        trusted, lists = self.folder / "trusted.pem", self.folder / "lists.pem"
        trusted.write_bytes(b"".join(pki.ca.read_bytes() for pki in authorities))
        lists.write_bytes(b"".join(pki.crl.read_bytes() for pki in authorities))
        (self.folder / "mapping.yaml").write_text(mapping)
        own = OpensslPki(self.folder / "own")
        server = own.issue_server()
        self.own_ca = own.ca
        gateway = Gateway(self.folder / "gateway", pki=own, offices=(CARE, VISIT), settings={
            "tls": f"{{certificate: {server[0]}, key: {server[1]}, client_ca: {trusted}, crl: {lists}}}",
            "identity": f"{{mapping: {self.folder / 'mapping.yaml'}}}"})
        self.addCleanup(gateway.close)
        return gateway

    def rule(self, take, pattern, pki=None):
        shown = cpgw("cert", "show", "--format", "json", (pki or self.outside).ca).stdout.decode()
        key = re.search(r'"key":"(sha256:[0-9a-f]{64})"', shown).group(1)
        return (f"  - name: {take}\n    issuer: CN=Outside CA\n    issuer_key: {key}\n    take: {take}\n"
                f"    pattern: '{pattern}'\n")

    def outcome(self, gateway, pair):
        answer = Client(gateway.port, self.own_ca, pair).get("/v1/me")
        return [office["office"] for office in answer.json()["offices"]] if answer.status == 200 else answer.status

    def test_the_rules_of_the_mapping(self):
        gateway = self.gateway_with("rules:\n" + self.rule("subject.serialNumber", "kaigo:{office}")
                                    + self.rule("san.dns", r"o{office}\.kaigo\.example")
                                    + self.rule("'san.other:1.2.392.200999.1'", "{office}"), [self.outside])
        for name, subject, names, expected in (
                ("serial number", f"/serialNumber=kaigo:{CARE.number}/CN=x", "", [CARE.number]),
                ("name", "/CN=x", f"DNS:o{VISIT.number}.kaigo.example", [VISIT.number]),
                ("other name", "/CN=x", f"otherName:1.2.392.200999.1;UTF8:{CARE.number}", [CARE.number]),
                ("other name of another kind", "/CN=x", f"otherName:1.2.392.200999.2;UTF8:{CARE.number}", 403),
                ("CN", f"/CN=kaigo:{CARE.number}", "", 403),
                ("CN that is the number", f"/CN={CARE.number}", "", 403),
                ("unknown office", "/serialNumber=kaigo:0379999999/CN=x", "", 403),
                ("another form", f"/serialNumber={CARE.number}/CN=x", "", 403),
                ("two offices", f"/serialNumber=kaigo:{CARE.number}/CN=x", f"DNS:o{VISIT.number}.kaigo.example", 403),
                ("our URI says another", f"/serialNumber=kaigo:{CARE.number}/CN=x",
                 f"URI:urn:jp-kaigo:office:{VISIT.number}", 403)):
            with self.subTest(name):
                pair = self.issue(self.outside, name.replace(" ", "-"), subject, names)
                self.assertEqual(self.outcome(gateway, pair), expected)

    def test_an_authority_of_the_same_name_is_not_the_one_that_was_pinned(self):
        rules = "rules:\n" + self.rule("subject.serialNumber", "{office}")
        gateway = self.gateway_with(rules, [self.same_name])
        pair = self.issue(self.same_name, "spoof", f"/serialNumber={CARE.number}/CN=x")
        self.assertEqual(self.outcome(gateway, pair), 403)

    def test_registered_by_key_a_renewed_certificate_stays_known(self):
        gateway = self.gateway_with("rules: []\n", [self.outside])
        pair = self.issue(self.outside, "first", "/CN=vendor")
        self.assertEqual(self.outcome(gateway, pair), 403)
        register = ["office", "cert", "--config", gateway.config, "--pem", pair[0], "--by-key", "--office"]
        cpgw(*register, CARE.number)
        refused = cpgw(*register, VISIT.number, check=False)  # bound already
        self.assertEqual(refused.returncode, 3, refused)
        renewed = self.issue(self.outside, "second", "/CN=vendor", key=pair[1])
        becomes_true(self, lambda: self.outcome(gateway, renewed) == [CARE.number], 10, "not known by its key")
        stranger = self.issue(self.outside, "third", "/CN=vendor")
        self.assertEqual(self.outcome(gateway, stranger), 403)

    def test_a_bad_mapping_does_not_start_and_does_not_replace_a_good_one(self):
        gateway = self.gateway_with("rules:\n" + self.rule("subject.serialNumber", "{office}"), [self.outside])
        pair = self.issue(self.outside, "office", f"/serialNumber={CARE.number}/CN=x")
        (self.folder / "mapping.yaml").write_text("rules:\n  - name: x\n    trust: all\n")
        gateway.reload()
        becomes_true(self, lambda: "reload.mapping.failed" in gateway.log.read_text(), 20, "no word of it")
        self.assertEqual(self.outcome(gateway, pair), [CARE.number])
        gateway.stop()
        answer = cpgw("serve", "--config", gateway.config, check=False)
        self.assertEqual(answer.returncode, 78)
        self.assertIn("mapping.yaml:", answer.stderr.decode())


class Pkcs12(unittest.TestCase):
    PASSWORD = "見本のパスワード2026"

    def setUp(self):
        self.folder = temporary_folder(self)
        cpgw("cert", "ca-init", "--out", self.folder / "ca")

    def issue(self, name, *options, **more):
        return cpgw("cert", "issue", "--ca", self.folder / "ca", "--office", CARE.number, "--out", self.folder / name, "--p12",
                    self.folder / f"{name}.p12", *options, **more)

    def test_openssl_reads_both_kinds(self):
        password = self.folder / "password"
        password.write_text(self.PASSWORD + "\n")
        self.issue("modern", "--p12-password", password)
        self.issue("legacy", "--p12-legacy", "--p12-password", "-", input=self.PASSWORD.encode())
        for name, expected in (("modern", ("PBES2", "AES-256-CBC", "MAC: sha256")),
                               ("legacy", ("pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1"))):
            with self.subTest(name):
                file = self.folder / f"{name}.p12"
                self.assertEqual(file.stat().st_mode & 0o777, 0o400)
                about = run("openssl", "pkcs12", "-in", file, "-info", "-noout", "-passin", f"file:{password}").stderr.decode()
                for text in expected:
                    self.assertIn(text, about)
                self.assertNotIn("RC2", about)
                out = run("openssl", "pkcs12", "-in", file, "-nodes", "-passin", f"file:{password}").stdout.decode()
                self.assertEqual(out.count("BEGIN CERTIFICATE"), 2)  # the office's and the authority's
                self.assertIn("BEGIN PRIVATE KEY", out)
                self.assertEqual(run("openssl", "pkcs12", "-in", file, "-nodes", "-passin", "pass:other", check=False).returncode, 1)

    def test_a_bad_password_leaves_nothing_behind(self):
        answer = self.issue("short", "--p12-password", "-", input=b"short\n", check=False)
        self.assertEqual(answer.returncode, 2, answer)
        self.assertEqual(self.issue("none", check=False).returncode, 2)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["ca"])
        self.assertEqual((self.folder / "ca" / "index.txt").read_text(), "")


class Token(unittest.TestCase):
    """Keys that never leave a token: SoftHSM2 stands for a card or an HSM."""
    MODULE = "/usr/lib/softhsm/libsofthsm2.so"

    def setUp(self):
        self.folder = temporary_folder(self)
        (self.folder / "tokens").mkdir()
        settings = self.folder / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        patch = unittest.mock.patch.dict(os.environ, {"SOFTHSM2_CONF": str(settings), "PKCS11_MODULE_PATH": self.MODULE})
        patch.start()
        self.addCleanup(patch.stop)
        run("softhsm2-util", "--init-token", "--free", "--label", "pilot", "--pin", "271828", "--so-pin", "314159")
        self.pin = self.folder / "pin"
        self.pin.write_text("271828\n")
        self.pin.chmod(0o400)
        for number, name in enumerate(("ca", "gateway", "office"), 1):
            run("pkcs11-tool", "--module", self.MODULE, "--login", "--pin", "271828", "--token-label", "pilot", "--keypairgen",
                "--key-type", "EC:prime256v1", "--label", name, "--id", f"0{number}")

    def uri(self, name, pin=None):
        return (f"pkcs11:token=pilot;object={name};type=private?module-path={self.MODULE}"
                f"&pin-source=file:{pin or self.pin}")

    def certificate_for(self, name, extensions):
        """What an authority issues for a key it never sees: a request signed inside the token."""
        request, certificate, extension_file = (self.folder / f"{name}.{kind}" for kind in ("csr", "pem", "ext"))
        extension_file.write_text(extensions)
        run("openssl", "req", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key",
            f"pkcs11:token=pilot;object={name};type=private;pin-value=271828", "-subj", f"/CN={name}", "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.outside.ca, "-CAkey", self.outside.folder / "ca.key",
            "-CAcreateserial", "-days", 10, "-extfile", extension_file, "-out", certificate)
        return certificate

    def test_an_authority_whose_key_lies_in_a_token(self):
        ca = self.folder / "ca"
        cpgw("cert", "ca-init", "--out", ca, "--key", self.uri("ca"))
        self.assertTrue((ca / "ca.key").read_text().startswith("pkcs11:"))
        self.assertNotIn("271828", (ca / "ca.key").read_text())
        cpgw("cert", "issue", "--ca", ca, "--office", CARE.number, "--out", self.folder / "office")
        run("openssl", "verify", "-x509_strict", "-CAfile", ca / "ca.pem", "-CRLfile", ca / "crl.pem", "-crl_check",
            self.folder / "office.pem")
        cpgw("cert", "revoke", "--ca", ca, self.folder / "office.pem")
        answer = run("openssl", "verify", "-CAfile", ca / "ca.pem", "-CRLfile", ca / "crl.pem", "-crl_check",
                     self.folder / "office.pem", check=False)
        self.assertIn(b"certificate revoked", answer.stderr)

    def test_a_gateway_and_an_office_with_keys_in_tokens(self):
        self.outside = OpensslPki(self.folder / "outside")
        server = self.certificate_for("gateway", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                      "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
        office = self.certificate_for("office", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                                      f"extendedKeyUsage=clientAuth\nsubjectAltName=URI:urn:jp-kaigo:office:{DAY.number}\n")
        gateway = Gateway(self.folder / "run", pki=self.outside, offices=(CARE, DAY), settings={
            "tls": f"{{certificate: {server}, key: \"{self.uri('gateway')}\", client_ca: {self.outside.ca}, "
                   f"crl: {self.outside.crl}}}"})
        self.addCleanup(gateway.close)
        self.assertEqual(gateway.client(CARE).get("/v1/me").status, 200)
        gateway.reload()
        becomes_true(self, lambda: '"event":"reload.tls"' in gateway.log.read_text(), 20, "no reload")
        self.assertEqual(gateway.client(CARE).get("/v1/me").status, 200)
        answer = cpgw("inbox", "--gateway", f"https://localhost:{gateway.port}", "--cert", office, "--key", self.uri("office"),
                      "--ca", self.outside.ca, "--format", "json")
        self.assertIn(b'"bundles"', answer.stdout)
        self.assertEqual(gateway.stop(), 0)

    def requested(self, pki, name, *who):
        """What our own authority issues for a key in the token."""
        request = self.folder / f"{name}.request"
        asked = cpgw("cert", "csr", "--key", self.uri(name), *who, "--out", request).stdout.decode()
        run("openssl", "req", "-in", request, "-noout", "-verify")
        issued = cpgw("cert", "issue", "--ca", pki.folder, "--csr", request, *who, "--out", self.folder / name).stdout.decode()
        fingerprint = re.search(r"sha256:[0-9a-f]{64}", asked).group(0)
        self.assertIn(fingerprint, issued)
        self.assertFalse((self.folder / f"{name}.key").exists())
        shown = json.loads(cpgw("cert", "show", self.folder / f"{name}.pem", "--format", "json").stdout)
        self.assertEqual(shown["key"], fingerprint)
        return self.folder / f"{name}.pem"

    def test_a_request_signed_in_the_token_gets_a_certificate_for_the_handshake(self):
        own = OwnPki(self.folder / "own")
        server = self.requested(own, "gateway", "--server", "localhost")
        office = self.requested(own, "office", "--office", DAY.number)
        gateway = Gateway(self.folder / "run", pki=own, offices=(CARE, DAY), settings={
            "tls": f"{{certificate: {server}, key: \"{self.uri('gateway')}\", client_ca: {own.ca}, crl: {own.crl}}}"})
        self.addCleanup(gateway.close)
        ask = ["inbox", "--gateway", f"https://localhost:{gateway.port}", "--key", self.uri("office"), "--ca", own.ca,
               "--format", "json"]
        self.assertIn(b'"bundles"', cpgw(*ask, "--cert", office).stdout)
        renewed = self.folder / "renewed"
        cpgw("cert", "renew", "--ca", own.folder, "--csr", self.folder / "office.request", "--out", renewed, office)
        self.assertIn(b'"bundles"', cpgw(*ask, "--cert", f"{renewed}.pem").stdout)
        other = cpgw(*ask, "--cert", server, check=False)  # another key's certificate
        self.assertNotEqual(other.returncode, 0)
        self.assertEqual(gateway.stop(), 0)

    def test_a_master_key_that_only_the_token_opens(self):
        run("pkcs11-tool", "--module", self.MODULE, "--login", "--pin", "271828", "--token-label", "pilot", "--keypairgen",
            "--key-type", "RSA:2048", "--label", "master", "--id", "09")
        gateway = Gateway(self.folder / "run", offices=(CARE, VISIT))
        self.addCleanup(gateway.close)
        files = schedule()
        answer = gateway.client(CARE).send(files)
        bundle = answer.json()["bundles"][0]["id"]
        gateway.stop()
        wrapped, master = self.folder / "master.key.wrapped", gateway.folder / "data" / "master.key"
        curve = cpgw("db", "wrap-key", "--config", gateway.config, "--for", self.uri("ca"), "--out", wrapped, check=False)
        self.assertEqual(curve.returncode, 78, curve)
        self.assertIn("only an RSA key", curve.stderr.decode())
        self.assertFalse(wrapped.exists())
        cpgw("db", "wrap-key", "--config", gateway.config, "--for", self.uri("master"), "--out", wrapped)
        self.assertEqual(wrapped.stat().st_mode & 0o777, 0o400)
        self.assertNotIn(master.read_bytes(), wrapped.read_bytes())
        master.unlink()
        config = gateway.config.read_text()

        def master_key(uri):
            gateway.config.write_text(config + f"master_key: {{wrapped: {wrapped}, key: \"{uri}\"}}\n")

        wrong = self.folder / "wrong"
        wrong.write_text("000000\n")
        wrong.chmod(0o400)
        for uri, reason in ((self.uri("master", wrong), "no such private key"), (self.uri("ca"), "does not open with the key"),
                            (self.uri("nobody"), "no such private key")):
            master_key(uri)
            refused = run(PROGRAM, "serve", "--config", gateway.config, check=False, timeout=60)
            self.assertEqual(refused.returncode, 78, refused)
            self.assertIn(reason, refused.stderr.decode())
        master_key(self.uri("master"))
        gateway.start()
        for name, content in files.items():
            self.assertEqual(gateway.client(VISIT).get(f"/v1/bundles/{bundle}/files/{name}").body, content)
        self.assertEqual(gateway.client(CARE).send(schedule()).status, 201)
        self.assertEqual(gateway.stop(), 0)
        cpgw("db", "wrap-key", "--config", gateway.config, "--for", self.uri("master"), "--out", self.folder / "again")

    def test_what_keeps_a_token_from_being_used_is_said(self):
        wrong = self.folder / "wrong"
        wrong.write_text("000000\n")
        wrong.chmod(0o400)
        shared = self.folder / "shared"
        shared.write_text("271828\n")
        shared.chmod(0o444)
        for name, uri, reason in (("wrong PIN", self.uri("ca", wrong), "no such private key"),
                                  ("PIN that others may read", self.uri("ca", shared), "group or others"),
                                  ("no such key", self.uri("nobody"), "no such private key"),
                                  ("no such module", self.uri("ca").replace("libsofthsm2", "nothing"), "cannot open shared object"),
                                  ("PIN in the URI", self.uri("ca") + "&pin-value=271828", "pin-value is not taken")):
            with self.subTest(name):
                answer = cpgw("cert", "ca-init", "--out", self.folder / "refused", "--key", uri, check=False)
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn(reason, answer.stderr.decode())
                self.assertFalse((self.folder / "refused" / "ca.key").exists())


if __name__ == "__main__":
    main()
