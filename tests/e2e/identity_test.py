#!/usr/bin/env python3
"""Who may come in, and what the others may see of a bundle: nothing."""
import ssl
import time

from harness import (ALL_OFFICES, CARE, DAY, THIRD, VISIT, Client, Gateway, GatewayTest, OpensslPki, OwnPki, actual, cpgw,
                     main, pdf, rename, run, schedule)

DIRECTORY_SECONDS = 10  # the gateway looks for a changed directory every second


class Certificates(GatewayTest):
    def refused_in_handshake(self, pair):
        """A TLS 1.3 client believes it is connected before the server judged its certificate."""
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me")

    def test_no_certificate(self):
        self.refused_in_handshake(None)

    def test_a_certificate_of_another_authority(self):
        other = OpensslPki(self.folder / "other-ca", name="E2E Test CA")  # the same name, another key
        self.refused_in_handshake(other.issue_office(CARE.number))

    def test_a_self_signed_certificate(self):
        other = OpensslPki(self.folder / "self", name=CARE.number)
        self.refused_in_handshake((other.ca, other.folder / "ca.key"))

    def test_an_expired_certificate(self):
        self.refused_in_handshake(self.gateway.pki.issue_office(CARE.number, "expired", days=-1))

    def test_a_server_certificate_as_client(self):
        self.refused_in_handshake(self.gateway.server_pair)

    def test_a_revoked_certificate_after_a_reload(self):
        pair = self.gateway.pki.issue_office(CARE.number, "revoked")
        self.expect(Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me"), 200)
        self.gateway.pki.revoke(pair)
        self.gateway.reload()
        end = time.monotonic() + 30
        while True:
            try:
                Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me")
            except (ssl.SSLError, ConnectionError, OSError):
                break
            self.assertLess(time.monotonic(), end, "the revoked certificate still gets in")
        self.expect(self.gateway.client(CARE).get("/v1/me"), 200)

    def test_an_office_that_is_not_registered(self):
        pair = self.gateway.pki.issue_office("0379999999")
        self.problem(Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me"), 403, "forbidden")

    def test_the_common_name_is_never_looked_at(self):
        pair = self.gateway.pki.issue("cn-only", CARE.number, "")
        self.problem(Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me"), 403, "forbidden")
        pair = self.gateway.pki.issue("cn-lies", CARE.number, f"URI:urn:jp-kaigo:office:{DAY.number}")
        offices = Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me").json()["offices"]
        self.assertEqual([office["office"] for office in offices], [DAY.number])

    def test_a_malformed_office_in_the_certificate(self):
        pair = self.gateway.pki.issue("bad-office", "x", "URI:urn:jp-kaigo:office:03701000")
        self.problem(Client(self.gateway.port, self.gateway.pki.ca, pair).get("/v1/me"), 401, "not-authenticated")

    def test_several_offices_in_one_certificate(self):
        pair = self.gateway.pki.issue(
            "several", "x", f"URI:urn:jp-kaigo:office:{DAY.number},URI:urn:jp-kaigo:office:{VISIT.number}")
        client = Client(self.gateway.port, self.gateway.pki.ca, pair)
        self.assertEqual([office["office"] for office in client.get("/v1/me").json()["offices"]],
                         [VISIT.number, DAY.number])
        self.accepted(client.send(actual(VISIT)))
        self.accepted(client.send(actual(DAY)))

    def test_a_certificate_registered_by_issuer_and_serial(self):
        pair = self.gateway.pki.issue("vendor", "vendor of software", "")
        client = Client(self.gateway.port, self.gateway.pki.ca, pair)
        self.problem(client.get("/v1/me"), 403, "forbidden")
        register = ["office", "cert", "--config", self.gateway.config, "--office", f"{VISIT.number},{DAY.number}", "--pem",
                    pair[0]]
        cpgw(*register)
        self.becomes(client, 200)
        self.assertEqual([office["office"] for office in client.get("/v1/me").json()["offices"]],
                         [VISIT.number, DAY.number])
        cpgw(*register, "--disable")
        self.becomes(client, 403)

    def becomes(self, client, status):
        end = time.monotonic() + DIRECTORY_SECONDS
        while client.get("/v1/me").status != status:
            self.assertLess(time.monotonic(), end)

    def test_no_session_is_resumed(self):
        context = ssl.create_default_context(cafile=str(self.gateway.pki.ca))
        context.load_cert_chain(*map(str, self.gateway.pairs[CARE.number]))
        client = self.gateway.client(CARE)
        client.context = context
        client.get("/v1/me")
        session = client.connection.sock.session
        self.assertFalse(session and session.has_ticket)
        self.assertFalse(client.connection.sock.session_reused)

    def test_the_senders_name_in_a_file_must_be_the_certificates(self):
        bundles = self.rejected(self.as_office(VISIT).send(schedule(DAY)), "R-AUTH-01")
        self.assertNotIn(bundles[0]["id"], self.inbox_ids(DAY))
        self.problem(self.as_office(CARE).get(f"/v1/bundles/{bundles[0]['id']}"), 404, "not-found")

    def test_an_unknown_receiver(self):
        files = rename(schedule(), VISIT.number, "0379999999")
        self.problem(self.as_office(CARE).send(files), 422, "unknown-receiver")


class Disabled(GatewayTest):
    def test_a_disabled_office_neither_sends_nor_receives(self):
        self.expect(self.as_office(THIRD).get("/v1/me"), 200)
        cpgw("office", "disable", "--config", self.gateway.config, "--office", THIRD.number)
        end = time.monotonic() + DIRECTORY_SECONDS
        while (answer := self.as_office(THIRD).get("/v1/me")).status == 200:
            self.assertLess(time.monotonic(), end)
        self.problem(answer, 403, "forbidden")
        self.problem(self.as_office(CARE).send(schedule(THIRD)), 422, "unknown-receiver")
        listed = self.as_office(CARE).get(f"/v1/offices?q={THIRD.number}").json()["offices"][0]
        self.assertEqual((listed["enabled"], listed["reachable"]), (False, False))

    def test_an_office_added_while_serving_is_known_soon(self):
        cpgw("office", "add", "--config", self.gateway.config, "--office", "0370100066", "--type", "15", "--name",
             "見本新設デイ")
        end = time.monotonic() + DIRECTORY_SECONDS
        while not self.as_office(CARE).get("/v1/offices?q=0370100066").json()["offices"]:
            self.assertLess(time.monotonic(), end)


class ThirdOffice(GatewayTest):
    def test_a_third_office_sees_nothing_of_a_bundle_on_any_route(self):
        files = schedule()
        bundle = self.send_one(files)
        self.accepted(self.as_office(VISIT).send({}, papers=[("a.pdf", pdf())], cover={
            "to": {"office": CARE.number}, "month": "202511", "title": "見本"}))
        stranger = self.as_office(THIRD)
        before = self.receipts(bundle)
        for state in ("new", "fetched"):
            for target in ("", "/content", f"/files/{next(iter(files))}", "/report", "/receipts"):
                self.problem(stranger.get(f"/v1/bundles/{bundle}{target}"), 404, "not-found")
            self.problem(stranger.ack(bundle), 404, "not-found")
            self.problem(stranger.post(f"/v1/bundles/{bundle}/recall"), 404, "not-found")
            self.assertEqual(self.inbox_ids(THIRD), [])
            self.assertEqual(stranger.get("/v1/outbox").json()["bundles"], [])
            self.assertEqual(self.receipts(bundle), before, state)
            self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content")
            before = self.receipts(bundle)

    def receipts(self, bundle):
        return self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").json()

    def test_ids_that_are_none(self):
        for wrong in ("0", "x" * 36, "01900000-0000-7000-8000-00000000000", "..%20etc",
                      "01900000-0000-7000-8000-000000000000"):
            self.problem(self.as_office(CARE).get(f"/v1/bundles/{wrong}"), 404, "not-found")
        for wrong in ("%00", "..%2f..%2fetc"):
            self.problem(self.as_office(CARE).get(f"/v1/bundles/{wrong}"), 400, "malformed")


class OwnAuthority(GatewayTest):
    """The same over certificates that `cpgw cert` made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = Gateway(cls.folder / "own", pki=OwnPki(cls.folder / "own-pki"))
        cls.addClassCleanup(cls.own.close)

    def test_an_exchange_over_its_own_certificates(self):
        sender, receiver = self.own.client(CARE), self.own.client(VISIT)
        bundle = self.accepted(sender.send(schedule()))[0]
        self.expect(receiver.get(f"/v1/bundles/{bundle}/content"), 200)
        self.expect(receiver.ack(bundle), 200)

    def test_openssl_reads_the_profile(self):
        text = run("openssl", "x509", "-in", self.own.pairs[CARE.number][0], "-noout", "-text").stdout.decode()
        for expected in (f"URI:urn:jp-kaigo:office:{CARE.number}", "TLS Web Client Authentication", "CA:FALSE"):
            self.assertIn(expected, text)
        run("openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", self.own.pki.ca,
            self.own.pairs[CARE.number][0])
        run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", self.own.pki.ca,
            self.own.server_pair[0])

    def test_the_two_authorities_do_not_know_each_other(self):
        with self.assertRaises((ssl.SSLError, ConnectionError, OSError)):
            Client(self.own.port, self.own.pki.ca, self.gateway.pairs[CARE.number]).get("/v1/me")
        self.assertEqual(len(ALL_OFFICES), len(self.own.pairs))


if __name__ == "__main__":
    main()
