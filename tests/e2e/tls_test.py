#!/usr/bin/env python3
"""The handshake matrix: every way to knock, driven by `openssl s_client` and by raw hellos, in both settings (TLS 1.3
only; TLS 1.2 opened by policy). A TLS 1.3 client believes it is connected before the server judged its certificate: only
an HTTP answer is success. Expectations are written out: an alert by its number (RFC 8446 6), or status and problem."""
import collections
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

from harness import CARE, DAY, ROOT, THIRD, VISIT, Gateway, OpensslPki, cpgw, main, run

# Alerts of RFC 8446 6 and RFC 7301 3.2.
HANDSHAKE_FAILURE, BAD_CERTIFICATE, UNSUPPORTED_CERTIFICATE, REVOKED, EXPIRED = 40, 42, 43, 44, 45
UNKNOWN_CERTIFICATE, ILLEGAL_PARAMETER, UNKNOWN_CA, DECODE_ERROR, DECRYPT_ERROR, PROTOCOL_VERSION = 46, 47, 48, 50, 51, 70
INAPPROPRIATE_FALLBACK, CERTIFICATE_REQUIRED, NO_APPLICATION_PROTOCOL = 86, 116, 120

OLD = ["-cipher", "ALL:@SECLEVEL=0"]  # the client's own scruples must not be what refuses
OFFICE = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
CLIENT_USAGE = "extendedKeyUsage=clientAuth\n"
REQUEST = b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def uri_of(*numbers):
    return "subjectAltName=" + ",".join(f"URI:urn:jp-kaigo:office:{number}" for number in numbers) + "\n"


class MatrixPki(OpensslPki):
    """Issues what no decent authority would. Every certificate is made once."""

    def __init__(self, folder, name="E2E Test CA"):
        super().__init__(folder, name)
        with open(self.folder / "ca.cnf", "a") as config:
            config.write(f"new_certs_dir = {self.folder}\nrand_serial = yes\npolicy = any\nunique_subject = no\n"
                         "[any]\ncommonName = supplied\n")
        self.lists = [self.folder / "crl.pem"]
        self.made = {}

    def make(self, name, extensions, subject=f"/CN={CARE.number}", key="EC:P-256", start=-3600, end=86400, digest="sha256",
             issuer=None):
        """(certificate, key). `start`, `end` in seconds from now."""
        if name in self.made:
            return self.made[name]
        issuer = issuer or self
        certificate, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extension_file = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extension_file.write_text(extensions)
        kind, _, size = key.partition(":")
        options = {"EC": [f"ec_paramgen_curve:{size}"], "RSA": [f"rsa_keygen_bits:{size}"]}.get(kind, [])
        run("openssl", "genpkey", "-algorithm", kind, *[word for option in options for word in ("-pkeyopt", option)],
            "-out", key_file)
        run("openssl", "req", "-new", "-key", key_file, "-subj", subject, "-out", request)
        run("openssl", "ca", "-batch", "-notext", "-config", issuer.folder / "ca.cnf", "-md", digest, "-startdate",
            moment(start), "-enddate", moment(end), "-extfile", extension_file, "-in", request, "-out", certificate)
        key_file.chmod(0o400)
        self.made[name] = certificate, key_file
        return self.made[name]

    def issue(self, file_name, common_name, alternative, usage="clientAuth", days=10):
        names = f"subjectAltName={alternative}\n" if alternative else ""
        return self.make(file_name, f"{OFFICE}extendedKeyUsage={usage}\n{names}", f"/CN={common_name}")

    def sub_authority(self, name):
        """An issuing authority below this one."""
        below = MatrixPki(self.folder / name, name)
        certificate, key = self.make(f"{name}-ca", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,"
                                     "cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", f"/CN={name}")
        shutil.copy(certificate, below.folder / "ca.pem")
        (below.folder / "ca.key").unlink()
        shutil.copy(key, below.folder / "ca.key")
        below.write_crl()
        self.lists.append(below.folder / "crl.pem")
        return below

    @property
    def crl(self):
        """The lists of all authorities in one file."""
        whole = self.folder / "lists.pem"
        whole.write_bytes(b"".join(path.read_bytes() for path in self.lists))
        return whole


def moment(seconds):
    return run("date", "-u", "-d", f"{seconds:+d} seconds", "+%Y%m%d%H%M%SZ").stdout.decode().strip()


def certificates(pki):
    """{name: (options of s_client)}: whom the matrix sends."""
    uri = uri_of(CARE.number)
    good = OFFICE + CLIENT_USAGE + uri
    made = {
        "good": pki.issue_office(CARE.number),
        "P-384": pki.make("p384", good, key="EC:P-384", digest="sha384"),
        "P-521": pki.make("p521", good, key="EC:P-521"),
        "Ed25519": pki.make("ed25519", good, key="ED25519"),
        "RSA-2048": pki.make("rsa2048", good, key="RSA:2048"),
        "RSA-3072": pki.make("rsa3072", good, key="RSA:3072"),
        "RSA-1024": pki.make("rsa1024", good, key="RSA:1024"),
        "SHA-1": pki.make("sha1", good, digest="sha1"),
        "expired": pki.make("expired", good, start=-7200, end=-60),
        "not yet valid": pki.make("early", good, start=3600),
        "for mail": pki.make("mail", OFFICE + "extendedKeyUsage=emailProtection\n" + uri),
        "for servers": pki.issue_server(),
        "for encipherment only": pki.make("encipher", "basicConstraints=CA:FALSE\nkeyUsage=critical,keyEncipherment\n"
                                          + CLIENT_USAGE + uri),
        "critical and unknown": pki.make("unknown", good + "1.2.3.4.5=critical,DER:0500\n"),
        "CN only": pki.make("cn", OFFICE + CLIENT_USAGE),
        "SAN of another office": pki.make("other-san", OFFICE + CLIENT_USAGE + uri_of(DAY.number)),
        "SAN of two offices": pki.make("two", OFFICE + CLIENT_USAGE + uri_of(DAY.number, CARE.number)),
        "SAN of an unknown office too": pki.make("half", OFFICE + CLIENT_USAGE + uri_of(CARE.number, "0379999999")),
        "malformed office": pki.make("malformed", OFFICE + CLIENT_USAGE + "subjectAltName=URI:urn:jp-kaigo:office:0370\n"),
        "office as dNSName": pki.make("dns", OFFICE + CLIENT_USAGE + f"subjectAltName=DNS:urn.jp-kaigo.office.{CARE.number}\n"),
        "unregistered office": pki.make("stranger", OFFICE + CLIENT_USAGE + uri_of("0379999999"), "/CN=0379999999"),
        "disabled office": pki.issue_office(THIRD.number),
        "registered by issuer and serial": pki.make("vendor", OFFICE + CLIENT_USAGE, "/CN=vendor"),
        "revoked": pki.make("revoked", good),
    }
    pki.revoke(made["revoked"])
    pairs = {name: ["-cert", pair[0], "-key", pair[1]] for name, pair in made.items()}
    pairs["none"] = []
    same_name = MatrixPki(pki.folder / "same-name")  # the same CN, another key
    alone = MatrixPki(pki.folder / "alone", CARE.number)
    pairs["self-signed"] = ["-cert", alone.ca, "-key", alone.folder / "ca.key"]
    pair = same_name.make("office", good)
    pairs["same CN of another CA"] = ["-cert", pair[0], "-key", pair[1]]
    pair = MatrixPki(pki.folder / "foreign", "Foreign CA").make("office", good)
    pairs["foreign CA"] = ["-cert", pair[0], "-key", pair[1]]
    below = pki.sub_authority("Issuing CA")
    pair = below.make("office", good)
    pairs["below an issuing authority"] = ["-cert", pair[0], "-key", pair[1], "-cert_chain", below.ca]
    pairs["issuing authority left out"] = ["-cert", pair[0], "-key", pair[1]]
    fallen = pki.sub_authority("Fallen CA")
    pair = fallen.make("office", good)
    pki.revoke((fallen.ca, None))
    pairs["below a revoked authority"] = ["-cert", pair[0], "-key", pair[1], "-cert_chain", fallen.ca]
    silent = pki.sub_authority("Silent CA")
    pki.lists.pop()  # its revocation list never reaches the gateway
    pair = silent.make("office", good)
    pairs["below an authority without list"] = ["-cert", pair[0], "-key", pair[1], "-cert_chain", silent.ca]
    second = below.sub_authority("Too Deep CA")
    pair = second.make("office", good)
    chain = second.folder / "chain.pem"
    chain.write_bytes(second.ca.read_bytes() + below.ca.read_bytes())
    pairs["deeper than allowed"] = ["-cert", pair[0], "-key", pair[1], "-cert_chain", chain]
    return pairs


Seen = collections.namedtuple("Seen", "alert status slug offices text")


def knock(port, ca, options, request=REQUEST):
    """What comes of one s_client: the alert, or the HTTP answer."""
    answer = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(ca), "-brief", "-ign_eof",
                             *map(str, options)], input=request, capture_output=True, timeout=30, check=False)
    text = answer.stderr.decode(errors="replace")
    alert = re.search(r"SSL alert number ([0-9]+)", text)
    status = re.match(rb"HTTP/1\.1 ([0-9]{3}) ", answer.stdout)
    slug = re.search(rb"urn:cpgw:problem:([a-z-]+)", answer.stdout)
    offices = re.findall(rb'"office":"([0-9]{10})"', answer.stdout)
    return Seen(int(alert.group(1)) if alert else None, int(status.group(1)) if status else None,
                slug.group(1).decode() if slug else None, [office.decode() for office in offices],
                text + answer.stdout.decode(errors="replace"))


class Case(collections.namedtuple("Case", "name certificate options only13 with12 shows", defaults=[None])):
    """What happens when TLS 1.3 is all there is, and when TLS 1.2 is opened: an alert, "ok" or "STATUS slug"."""


def case(name, options, only13, with12=None, certificate="good", shows=None):
    return Case(name, certificate, options, only13, only13 if with12 is None else with12, shows)


def both_versions(name, in13, in12=None):
    """A certificate, judged in TLS 1.3 by both settings and in TLS 1.2 by the one that speaks it."""
    return [case(f"{name}, TLS 1.3", ["-tls1_3", "-cipher", "DEFAULT:@SECLEVEL=0"], in13, certificate=name),
            case(f"{name}, TLS 1.2", ["-tls1_2", "-cipher", "DEFAULT:@SECLEVEL=0"], PROTOCOL_VERSION,
                 in13 if in12 is None else in12, certificate=name)]


VERSIONS = [
    case("any version", [], "ok", shows="TLSv1.3"),
    case("TLS 1.3", ["-tls1_3"], "ok"),
    case("TLS 1.2", ["-tls1_2"], PROTOCOL_VERSION, "ok"),
    case("TLS 1.1", ["-tls1_1", *OLD], PROTOCOL_VERSION),
    case("TLS 1.0", ["-tls1", *OLD], PROTOCOL_VERSION),
    case("TLS 1.2 pretending it had to", ["-tls1_2", "-fallback_scsv"], PROTOCOL_VERSION, INAPPROPRIATE_FALLBACK),
]
SUITES = [
    *[case(name, ["-tls1_3", "-ciphersuites", name], "ok", shows=name)
      for name in ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")],
    *[case(name, ["-tls1_3", "-ciphersuites", name], HANDSHAKE_FAILURE)
      for name in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256")],
    case("the gateway's order counts", ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"],
         "ok", shows="TLS_AES_256_GCM_SHA384"),
    *[case(name, ["-tls1_2", "-cipher", name], PROTOCOL_VERSION, "ok", shows=name)
      for name in ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305")],
    *[case(name, ["-tls1_2", "-cipher", f"{name}:@SECLEVEL=0"], PROTOCOL_VERSION, HANDSHAKE_FAILURE)
      for name in ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
                   "ECDHE-ECDSA-AES256-CCM", "DHE-RSA-AES256-GCM-SHA384", "AES256-GCM-SHA384", "AES128-SHA", "ADH-AES256-GCM-SHA384",
                   "AECDH-AES256-SHA", "ECDHE-ECDSA-NULL-SHA", "ECDHE-ECDSA-CAMELLIA256-SHA384")],
    case("PSK-AES256-GCM-SHA384", ["-tls1_2", "-cipher", "PSK-AES256-GCM-SHA384", "-psk", "00ff"], PROTOCOL_VERSION,
         HANDSHAKE_FAILURE),
]
GROUPS = [
    *[case(f"group {name}, TLS 1.3", ["-tls1_3", "-groups", name], "ok") for name in ("X25519", "P-256", "P-384")],
    *[case(f"group {name}, TLS 1.3", ["-tls1_3", "-groups", name], HANDSHAKE_FAILURE)
      for name in ("P-521", "X448", "ffdhe2048", "ffdhe4096")],
    case("another group asked for", ["-tls1_3", "-groups", "P-521:P-384"], "ok"),
    # In TLS 1.2 the curve of the gateway's own certificate has to be among them too.
    *[case(f"group {name}, TLS 1.2", ["-tls1_2", "-groups", groups], PROTOCOL_VERSION, "ok", shows=shown)
      for name, groups, shown in (("X25519", "X25519:P-256", "X25519"), ("P-384", "P-384:P-256", "prime256v1"),
                                  ("P-256", "P-256", "prime256v1"))],
    *[case(f"group {name}, TLS 1.2", ["-tls1_2", "-groups", name, *OLD], PROTOCOL_VERSION, HANDSHAKE_FAILURE)
      for name in ("P-521", "brainpoolP256r1", "secp256k1")],
]
SIGNATURES = [
    case("ECDSA with SHA-256", ["-tls1_3", "-sigalgs", "ecdsa_secp256r1_sha256"], "ok"),
    case("RSA only, TLS 1.3", ["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"], HANDSHAKE_FAILURE),
    case("SHA-1 only, TLS 1.2", ["-tls1_2", "-sigalgs", "ECDSA+SHA1", *OLD], PROTOCOL_VERSION, HANDSHAKE_FAILURE),
]
EXTENSIONS = [
    case("no name asked for", ["-noservername"], "ok"),
    case("another name asked for", ["-servername", "other.example.jp"], "ok"),
    case("HTTP/1.1 offered", ["-alpn", "http/1.1"], "ok"),
    case("HTTP/2 and HTTP/1.1 offered", ["-alpn", "h2,http/1.1"], "ok"),
    case("HTTP/2 only", ["-alpn", "h2"], NO_APPLICATION_PROTOCOL),
    case("compression offered", ["-tls1_2", "-comp"], PROTOCOL_VERSION, "ok"),
    case("status of the certificate asked for", ["-status"], "ok"),
    case("authentication later offered, no certificate now", ["-tls1_3", "-enable_pha"], CERTIFICATE_REQUIRED,
         certificate="none"),
    case("a shared secret instead of a certificate", ["-tls1_3", "-psk", "00ff", "-psk_identity", "x"], CERTIFICATE_REQUIRED,
         certificate="none"),
]
CERTIFICATES = [entry for entries in (
    both_versions("none", CERTIFICATE_REQUIRED, HANDSHAKE_FAILURE),
    both_versions("P-384", "ok"), both_versions("RSA-2048", "ok"), both_versions("RSA-3072", "ok"), both_versions("Ed25519", "ok"),
    both_versions("P-521", CERTIFICATE_REQUIRED, ILLEGAL_PARAMETER),  # no signature of its kind is asked for
    both_versions("RSA-1024", BAD_CERTIFICATE), both_versions("SHA-1", BAD_CERTIFICATE),
    both_versions("self-signed", UNKNOWN_CA), both_versions("foreign CA", UNKNOWN_CA),
    both_versions("same CN of another CA", UNKNOWN_CA),
    both_versions("expired", EXPIRED), both_versions("not yet valid", BAD_CERTIFICATE), both_versions("revoked", REVOKED),
    both_versions("for mail", UNSUPPORTED_CERTIFICATE), both_versions("for servers", UNSUPPORTED_CERTIFICATE),
    both_versions("for encipherment only", UNSUPPORTED_CERTIFICATE), both_versions("critical and unknown", UNKNOWN_CERTIFICATE),
    both_versions("below an issuing authority", "ok"), both_versions("issuing authority left out", UNKNOWN_CA),
    both_versions("below a revoked authority", REVOKED), both_versions("below an authority without list", UNKNOWN_CA),
    both_versions("deeper than allowed", UNKNOWN_CA),
    both_versions("CN only", "403 forbidden"), both_versions("unregistered office", "403 forbidden"),
    both_versions("disabled office", "403 forbidden"), both_versions("SAN of an unknown office too", "403 forbidden"),
    both_versions("office as dNSName", "403 forbidden"), both_versions("malformed office", "401 not-authenticated"),
    both_versions("SAN of another office", f"ok {DAY.number}"), both_versions("SAN of two offices", f"ok {CARE.number} {DAY.number}"),
    both_versions("registered by issuer and serial", f"ok {VISIT.number}"),
) for entry in entries]


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.pki = MatrixPki(cls.folder / "pki")
        cls.certificates = certificates(cls.pki)
        policy = cls.folder / "policy.yaml"
        text = (ROOT / "certs" / "tls-policy.yaml").read_text()
        policy.write_text(text.replace("versions: [TLSv1.3]", "versions: [TLSv1.3, TLSv1.2]"))
        cls.gateways = {}
        for name, extra in (("only13", ""), ("with12", f", policy: {policy}")):
            server = cls.pki.issue_server()
            tls = f"{{certificate: {server[0]}, key: {server[1]}, client_ca: {cls.pki.ca}, crl: {cls.pki.crl}{extra}}}"
            gateway = Gateway(cls.folder / name, pki=cls.pki, offices=(CARE, VISIT, DAY, THIRD), settings={"tls": tls})
            cls.addClassCleanup(gateway.close)
            cpgw("office", "disable", "--config", gateway.config, "--office", THIRD.number)
            cpgw("office", "cert", "--config", gateway.config, "--office", VISIT.number, "--pem",
                 cls.certificates["registered by issuer and serial"][1])
            gateway.restart()  # the directory as it is now, without waiting for the next look
            cls.gateways[name] = gateway

    def tearDown(self):
        for gateway in self.gateways.values():
            self.assertIsNone(gateway.process.poll(), "the gateway died")

    def knock(self, setting, options, certificate="good", request=REQUEST):
        return knock(self.gateways[setting].port, self.pki.ca, [*self.certificates[certificate], *options], request)

    def check(self, cases):
        for entry in cases:
            for setting in ("only13", "with12"):
                with self.subTest(entry.name, setting=setting):
                    self.check_one(entry, self.knock(setting, entry.options, entry.certificate), getattr(entry, setting))

    def check_one(self, entry, seen, expected):
        if isinstance(expected, int):
            self.assertEqual((seen.alert, seen.status), (expected, None), seen.text)
            return
        self.assertIsNone(seen.alert, seen.text)
        verdict, *rest = expected.split()
        if verdict == "ok":
            self.assertEqual(seen.status, 200, seen.text)
            self.assertEqual(seen.offices, rest or [CARE.number])
            self.assertIn(entry.shows or "Protocol version", seen.text)
        else:
            self.assertEqual((str(seen.status), seen.slug), (verdict, rest[0]), seen.text)

    def test_versions(self):
        self.check(VERSIONS)

    def test_suites(self):
        self.check(SUITES)

    def test_groups(self):
        self.check(GROUPS)

    def test_signature_algorithms(self):
        self.check(SIGNATURES)

    def test_extensions(self):
        self.check(EXTENSIONS)

    def test_certificates(self):
        self.check(CERTIFICATES)

    def test_the_matrix_is_large_enough(self):
        every = VERSIONS + SUITES + GROUPS + SIGNATURES + EXTENSIONS + CERTIFICATES
        self.assertGreaterEqual(len(every), 60)
        self.assertEqual(len({entry.name for entry in every}), len(every))

    # -- what has been used for attacks -----------------------------------------------------------------------------

    def session_from_elsewhere(self):
        """A session with early data, of a server that has the gateway's certificate."""
        certificate, key = self.pki.issue_server()
        saved = self.folder / "session.pem"
        server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key,
                                   "-early_data", "-naccept", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        try:
            port = next(int(line.rsplit(b":", 1)[1]) for line in server.stdout if line.startswith(b"ACCEPT"))
            client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", self.pki.ca, "-quiet",
                                       "-sess_out", saved], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
            client.stdin.write(b"hello\n")
            client.stdin.flush()
            next(line for line in server.stdout if line == b"hello\n")
            server.stdin.write(b"word\n")  # the client has its tickets when it has read this
            server.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"word\n")
            client.kill()
            client.communicate()
        finally:
            server.kill()
            server.communicate()
        return saved

    def test_early_data_and_sessions_are_not_taken(self):
        session = self.session_from_elsewhere()
        early = self.folder / "early"
        early.write_bytes(REQUEST.replace(b"/v1/me", b"/v1/limits"))
        for setting in ("only13", "with12"):
            with self.subTest(setting):
                answer = subprocess.run(
                    ["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateways[setting].port}", "-CAfile", self.pki.ca,
                     "-ign_eof", "-sess_in", session, "-early_data", early, *self.certificates["good"]], input=REQUEST,
                    capture_output=True, timeout=30, check=False).stdout.decode()
                self.assertIn("Early data was rejected", answer)
                self.assertIn('"offices"', answer)
                self.assertNotIn("max_request_bytes", answer)  # what came early was thrown away
                self.assertRegex(answer, r"(?m)^New, TLSv1\.3")
                self.assertNotRegex(answer, r"(?m)^Reused")
                self.assertEqual(self.knock(setting, ["-tls1_3", "-sess_in", session], "none").alert, CERTIFICATE_REQUIRED)

    def test_tls_1_2_hands_out_nothing_to_resume(self):
        answer = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateways['with12'].port}", "-CAfile", self.pki.ca, "-tls1_2",
             "-ign_eof", *self.certificates["good"]], input=REQUEST, capture_output=True, timeout=30, check=False).stdout.decode()
        self.assertRegex(answer, r"Session-ID: *\n")
        self.assertNotIn("TLS session ticket", answer)
        self.assertIn("Compression: NONE", answer)
        self.assertIn("Secure Renegotiation IS supported", answer)
        self.assertIn("Extended master secret: yes", answer)

    def test_renegotiation_is_refused(self):
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateways['with12'].port}", "-CAfile", self.pki.ca, "-tls1_2",
             *self.certificates["good"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = client.communicate(b"R\n", timeout=30)
        self.assertIn(b"RENEGOTIATING", out)
        self.assertRegex(out, rb"no renegotiation|SSL alert number (40|100)")

    # -- hellos that no library writes ------------------------------------------------------------------------------

    def raw(self, setting, data):
        """The alert, or None when the gateway just closes; it must not answer anything else."""
        with socket.create_connection(("127.0.0.1", self.gateways[setting].port), 20) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        if not answer:
            return None
        self.assertEqual((answer[0], len(answer)), (21, 7), answer)  # one alert record
        return answer[6]

    def test_raw_hellos(self):
        for name, data, alert in (
                ("plain HTTP", REQUEST, None),
                ("SSL 2", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x07\x00\xc0" * 7 + bytes(16), PROTOCOL_VERSION),
                ("SSL 3", hello(0x0300), (PROTOCOL_VERSION, HANDSHAKE_FAILURE)),
                ("TLS 1.2 with compression only", hello(0x0303, compression=b"\x01"), (PROTOCOL_VERSION, DECODE_ERROR)),
                ("TLS 1.3 with compression", hello(0x0303, compression=b"\x01\x00", versions=[0x0304], key_share=True),
                 ILLEGAL_PARAMETER),
                ("a version to come only", hello(0x0303, versions=[0x0305]), PROTOCOL_VERSION),
                ("no suite at all", hello(0x0303, suites=b"", versions=[0x0304]), ILLEGAL_PARAMETER),
                ("no groups", hello(0x0303, versions=[0x0304]), 109),  # missing_extension
                ("cut off", hello(0x0303)[:30], None),
                ("a length that lies", b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00", ILLEGAL_PARAMETER),
                ("an empty record", b"\x16\x03\x01\x00\x00" * 3, None),
                ("a record too long", b"\x16\x03\x01\xff\xff" + bytes(100), 22)):  # record_overflow
            for setting in ("only13", "with12"):
                with self.subTest(name, setting=setting):
                    got = self.raw(setting, data)
                    self.assertIn(got, alert if isinstance(alert, tuple) else (alert,))
        for setting in ("only13", "with12"):
            self.assertEqual(self.knock(setting, []).status, 200)


def hello(version, suites=b"\x13\x01\xc0\x2b", compression=b"\x00", versions=None, key_share=False):
    """A ClientHello in one record (RFC 8446 4.1.2)."""
    extensions = b""
    if versions:
        listed = b"".join(struct.pack(">H", number) for number in versions)
        extensions += struct.pack(">HHB", 43, len(listed) + 1, len(listed)) + listed
    if key_share:  # supported_groups and key_share of X25519, signature_algorithms
        extensions += b"\x00\x0a\x00\x04\x00\x02\x00\x1d" + b"\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20" + os.urandom(32)
        extensions += b"\x00\x0d\x00\x04\x00\x02\x04\x03"
    body = struct.pack(">H", version) + os.urandom(32) + b"\x00"
    body += struct.pack(">H", len(suites)) + suites + bytes([len(compression)]) + compression
    body += struct.pack(">H", len(extensions)) + extensions
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(message)) + message


if __name__ == "__main__":
    main()
