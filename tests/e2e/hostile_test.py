#!/usr/bin/env python3
"""Bad requests: a problem document with the right status, nothing stored, the gateway goes on."""
import concurrent.futures
import http.client
import io
import json
import socket
import ssl
import stat
import struct
import time
import warnings
import zipfile
import zlib

from harness import CARE, VISIT, GatewayTest, main, make_zip, multipart, read_zip, replace_cell, schedule, with_serial

MEGABYTE = 1 << 20


def zip_of(entries):
    """entries: (ZipInfo or name, bytes)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in entries:
            archive.writestr(entry, data)
    return target.getvalue()


def stored_entry(raw_name, data, flags=0, method=0, packed=None, external=0):
    """A ZIP of one entry with every byte chosen: names in any encoding, the flag of encryption."""
    packed = data if packed is None else packed
    checksum = zlib.crc32(data)
    fields = (20, flags, method, 0, 0x5A21, checksum, len(packed), len(data), len(raw_name))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, *fields, 0) + raw_name + packed
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x0314, *fields, 0, 0, 0, 0, external, 0) + raw_name
    return local + central + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local), 0)


class HostileTest(GatewayTest):
    def outbox_count(self):
        return len(self.as_office(CARE).get("/v1/outbox?limit=1000").json()["bundles"])

    def refused(self, body, content_type, status, slug):
        """Both routes that take files refuse it alike, and nothing is stored."""
        before = self.outbox_count()
        for target in ("/v1/check", "/v1/bundles"):
            self.problem(self.as_office(CARE).post(target, body, content_type), status, slug)
        self.assertEqual(self.outbox_count(), before)


class Zips(HostileTest):
    def zip_refused(self, body, status=400, slug="malformed"):
        self.refused(body, "application/zip", status, slug)

    def test_not_a_zip(self):
        for body in (b"", b"PK", b"PK\x03\x04" + b"\0" * 100, b"x" * 1000):
            self.zip_refused(body)

    def test_an_empty_zip(self):
        self.zip_refused(zip_of([]))

    def test_a_truncated_zip(self):
        whole = make_zip(schedule())
        for length in (len(whole) // 2, len(whole) - 1, 30):
            self.zip_refused(whole[:length])

    def test_a_damaged_zip(self):
        files = schedule()
        name, data = next(iter(files.items()))
        whole = bytearray(stored_entry(name.encode(), data))
        whole[30 + len(name) + len(data) // 2] ^= 1  # one bit of the stored data: the CRC differs
        self.zip_refused(bytes(whole))

    def test_slipping_names(self):
        for name in (b"../UPPLAN.CSV", b"/etc/UPPLAN.CSV", b"a/../../b.CSV", b"..\\UPPLAN.CSV", b"C:\\UPPLAN.CSV", b"..",
                     b"a/b/c.CSV\x00.txt", b"x\ny.CSV"):
            with self.subTest(name):
                self.zip_refused(stored_entry(name, b"x"))

    def test_a_symbolic_link(self):
        link = zipfile.ZipInfo("UPPLAN.CSV")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.zip_refused(zip_of([(link, b"/etc/passwd")]))

    def test_an_encrypted_zip(self):
        self.zip_refused(stored_entry(b"UPPLAN.CSV", b"secret" * 10, flags=1, packed=b"\0" * 12 + b"secret" * 10))

    def test_the_same_name_twice(self):
        files = schedule()
        name, data = next(iter(files.items()))
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of the second one
            archive.writestr(name, data)
            archive.writestr(name, data)
        self.zip_refused(target.getvalue())

    def test_a_bomb(self):
        self.zip_refused(zip_of([("UPPLAN.CSV", b"0" * (40 * MEGABYTE))]), 413, "too-large")

    def test_too_many_entries(self):
        self.zip_refused(zip_of([(f"{number}.CSV", b"") for number in range(2500)]), 413, "too-large")

    def test_a_size_that_lies(self):
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packed.compress(b"0" * MEGABYTE) + packed.flush()
        whole = bytearray(stored_entry(b"UPPLAN.CSV", b"0" * 10, method=8, packed=data))
        self.zip_refused(bytes(whole))

    def test_names_in_cp932_are_read(self):
        name = "見本表.CSV".encode("cp932")  # 表 ends in 0x5C, a backslash to whoever does not decode first
        answer = self.expect(self.as_office(CARE).post("/v1/check", stored_entry(name, b"x"), "application/zip"), 200)
        self.assertEqual([finding["file"] for finding in answer.json()["findings"]], ["見本表.CSV"])

    def test_a_zip_in_a_multipart_is_read_as_files(self):
        files = schedule()
        kind, body = multipart([("file", "tsuki.zip", make_zip(files))])
        bundle = self.accepted(self.as_office(CARE).post("/v1/bundles", body, kind))[0]
        self.assertEqual(read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body), files)


class Multiparts(HostileTest):
    def test_malformed_multiparts(self):
        kind, body = multipart([("file", name, data) for name, data in schedule().items()])
        for text, wrong_kind, wrong_body in (
                ("no boundary", "multipart/form-data", body),
                ("another boundary", "multipart/form-data; boundary=other", body),
                ("not closed", kind, body.rsplit(b"--", 2)[0]),
                ("empty", kind, b""),
                ("no disposition", kind, b"--cpgw-e2e-5d1f0c\r\nX: y\r\n\r\nx\r\n--cpgw-e2e-5d1f0c--\r\n"),
                ("boundary too long", "multipart/form-data; boundary=" + "x" * 500, body)):
            with self.subTest(text):
                self.refused(wrong_body, wrong_kind, 400, "malformed")

    def test_unknown_fields_and_names_with_folders(self):
        for field, name in (("file", "../x.CSV"), ("file", "a/b.CSV"), ("file", "a\\b.CSV"), ("file", ""), ("file", None),
                            ("other", "x.CSV")):
            with self.subTest((field, name)):
                kind, body = multipart([(field, name, b"x")])
                self.refused(body, kind, 400, "malformed")

    def test_no_file_at_all(self):
        kind, body = multipart([])
        self.refused(body, kind, 400, "malformed")

    def test_thousands_of_parts(self):
        kind, body = multipart([("file", f"{number}.CSV", b"") for number in range(5000)])
        self.refused(body, kind, 413, "too-large")

    def test_other_content_types(self):
        for kind in ("application/json", "text/plain", "multipart/mixed; boundary=x", "application/octet-stream", None):
            with self.subTest(kind):
                self.refused(b"x", kind, 415, "unsupported-media-type")


class Requests(HostileTest):
    settings = {"limits": "{max_request_bytes: 200000, header_ms: 1500, handshake_ms: 1500}"}

    def raw(self, data, wait=10):
        """What the gateway answers to these bytes over a good TLS connection."""
        context = ssl.create_default_context(cafile=str(self.gateway.pki.ca))
        context.load_cert_chain(*map(str, self.gateway.pairs[CARE.number]))
        with context.wrap_socket(socket.create_connection(("localhost", self.gateway.port), wait),
                                 server_hostname="localhost") as connection:
            connection.sendall(data)
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except (ConnectionError, ssl.SSLError):
                pass
            return answer

    def test_a_body_over_the_limit(self):
        client = self.gateway.client(CARE)
        try:
            self.problem(client.post("/v1/bundles", b"x" * 300_000, "application/zip"), 413, "too-large")
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.skipTest("the gateway closed before the client had sent all; the raw test below reads the answer")

    def test_a_length_over_the_limit_is_answered_before_the_body(self):
        answer = self.raw(b"POST /v1/bundles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\n"
                          b"Content-Length: 999999999\r\n\r\n")
        self.assertIn(b" 413 ", answer.split(b"\r\n")[0])
        self.assertEqual(json.loads(answer.split(b"\r\n\r\n", 1)[1])["type"], "urn:cpgw:problem:too-large")

    def test_endless_chunks_end_at_the_limit(self):
        answer = self.raw(b"POST /v1/bundles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 8)
        self.assertIn(b" 413 ", answer.split(b"\r\n")[0])

    def test_huge_headers(self):
        answer = self.raw(b"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        self.assertIn(answer.split(b"\r\n")[0].split()[1:2], ([b"431"], [b"400"]))

    def test_what_is_no_http(self):
        for data in (b"\0" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /v1/me\r\n\r\n", b"\x16\x03\x01\r\n\r\n",
                     b"POST /v1/bundles HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/bundles HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"):
            with self.subTest(data[:30]):
                answer = self.raw(data)
                self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 4"), answer[:100])

    def test_a_slow_header_is_cut_off(self):
        started = time.monotonic()
        self.raw(b"GET /v1/me HTTP/1.1\r\nHost: local", wait=30)
        self.assertLess(time.monotonic() - started, 20)

    def test_stalled_handshakes_hold_nobody_up(self):
        stalled = [socket.create_connection(("localhost", self.gateway.port)) for _ in range(200)]
        self.expect(self.gateway.client(CARE).get("/v1/me"), 200)
        for connection in stalled:
            connection.close()

    def test_unknown_routes_and_methods(self):
        self.assertEqual(self.as_office(CARE).get("/v1/nothing").status, 404)
        self.assertEqual(self.as_office(CARE).get("/").status, 404)
        answer = self.as_office(CARE).request("DELETE", "/v1/me")
        self.assertEqual((answer.status, answer.headers.get("allow")), (405, "GET, HEAD"))
        for target in ("/v1/me", "/v1/nothing"):
            answer = self.as_office(CARE).post(target, b"x" * 10, "text/plain")
            self.assertIn(answer.status, (404, 405))
            self.assertEqual(answer.headers["content-type"], "application/problem+json")

    def test_paths_do_not_leave_the_routes(self):
        for target in ("/v1/bundles/../../etc/passwd", "/v1/bundles/%2e%2e/content", "/v1/audit/tile/../policy",
                       "/v1/audit/tile/0/x001", "/v1/audit/tile/9/000", "/v1/audit/tile/0/000.p/0",
                       "/v1/audit/tile/0/000.p/256", "/v1/audit/tile/entries/x999/999", "/%", "/%zz"):
            with self.subTest(target):
                self.assertIn(self.as_office(CARE).get(target).status, (400, 404))

    def test_idempotency_keys_that_are_none(self):
        for key in ("x" * 256, "ひ".encode().decode("latin-1"), "a b"):
            self.problem(self.as_office(CARE).send(schedule(), Idempotency_Key=key), 400, "malformed")

    def test_a_digest_that_differs_or_cannot_be_read(self):
        for digest, slug in (("sha-256=:AAAA:", "digest-mismatch"), ("sha-256=:%%:", "malformed")):
            self.problem(self.as_office(CARE).send(schedule(), Content_Digest=digest), 400, slug)

    def test_bad_data_is_a_finding_not_a_failure(self):
        files = schedule()
        plan = next(name for name in files if name.startswith("UPPLAN_"))
        for text, data, rule in (
                ("empty", b"", "R-CSV-07"),
                ("UTF-8", files[plan].decode("cp932").encode("utf-8") + "見本".encode(), "R-ENC-01"),
                ("NUL", files[plan].replace(b",", b",\0", 1), "R-ENC-03"),
                ("open quote", files[plan] + b'"', "R-CSV-03"),
                ("columns", b",".join([b"202407"] * 3) + b"\r\n", "R-CSV-01"),
                ("random", bytes(range(256)) * 40, "R-ENC-01")):
            with self.subTest(text):
                report = self.expect(self.as_office(CARE).send(files | {plan: data}, "/v1/check"), 200).json()
                rules = {finding["rule"] for finding in report["bundles"][0]["findings"]}
                self.assertIn(rule, rules)

    def test_findings_are_capped_and_counted(self):
        files = schedule()
        plan = next(name for name in files if name.startswith("UPPLAN_"))
        report = self.as_office(CARE).send(files | {plan: b"x\r\n" * 5000}, "/v1/check").json()["bundles"][0]
        self.assertEqual(len(report["findings"]), 500)
        self.assertEqual(report["counts"]["error"] + report["counts"]["warning"], 500 + report["findings_dropped"])
        self.assertGreater(report["findings_dropped"], 4000)

    def test_a_finding_never_repeats_the_value(self):
        answer = self.as_office(CARE).send(replace_cell(schedule(), "UPPLAN", 1, 2, "ZZCANARYZZ"), "/v1/check")
        self.assertIn("R-LEN-01", answer.body.decode())
        self.assertNotIn("ZZCANARYZZ", answer.body.decode())


class Overload(HostileTest):
    """More than it can take is refused at the door with 503 or 429 and a Retry-After; what it said 201 to is there."""
    settings = {"store": "{max_queue: 1, max_batch: 1}", "limits": "{max_connections: 40}"}
    ROUNDS = 50  # of 16 at once; the first is enough on every machine seen

    def test_a_full_queue_is_503_and_nothing_acknowledged_is_lost(self):
        bundles = [schedule(VISIT) for _ in range(16)]
        refused, accepted = [], []
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            for _ in range(self.ROUNDS):
                answers = list(pool.map(lambda files: self.gateway.client(CARE).send(with_serial(files)), bundles))
                self.assertEqual({answer.status for answer in answers} - {201, 503}, set())
                refused += [answer for answer in answers if answer.status == 503]
                accepted += [answer.json()["bundles"][0]["id"] for answer in answers if answer.status == 201]
                if refused:
                    break
        self.problem(refused[0], 503, "overloaded")
        self.assertGreaterEqual(int(refused[0].headers["retry-after"]), 1)
        self.assertEqual(set(accepted) - set(self.inbox_ids(VISIT)), set())
        self.send_one()  # and it goes on

    def test_more_connections_than_allowed_hold_nobody_up_for_good(self):
        held = [socket.create_connection(("localhost", self.gateway.port)) for _ in range(60)]
        for connection in held:
            connection.close()
        end = time.monotonic() + 20
        while True:
            try:
                self.expect(self.gateway.client(CARE).get("/v1/me"), 200)
                break
            except (OSError, http.client.HTTPException):
                self.assertLess(time.monotonic(), end)


if __name__ == "__main__":
    main()
