#!/usr/bin/env python3
"""People and tokens over real TLS: `cpgw user`, sessions, lock-out, and what a page of another site gets."""
import json
import re
import time

from harness import CARE, VISIT, Client, GatewayTest, cpgw, main, run, schedule

COOKIE = re.compile(r"^__Host-cpgw=([A-Za-z0-9_-]{43}); Path=/; Secure; HttpOnly; SameSite=Strict$")


class PeopleTest(GatewayTest):
    def user(self, command, office, user, *options, check=True, **rest):
        return cpgw("user", command, "--config", self.gateway.config, "--office", office.number, "--id", user, *options,
                    check=check, **rest)

    def add(self, office, user, role="staff"):
        """The first password."""
        return self.user("add", office, user, "--role", role).stdout.decode().splitlines()[-1]

    def sign_in(self, client, user, password):
        return client.post_json("/v1/session", {"user": user, "password": password})

    def session(self, office, user, password):
        """A client that behaves as a page of our origin in a browser does."""
        client = self.gateway.client(office)
        answer = self.expect(self.sign_in(client, user, password), 201)
        token = COOKIE.match(answer.headers["set-cookie"]).group(1)
        headers = {"Cookie": f"__Host-cpgw={token}", "X-CSRF-Token": answer.json()["csrf_token"],
                   "Origin": f"https://localhost:{self.gateway.port}"}
        plain = client.request
        client.request = lambda method, target, body=None, sent=None, **more: plain(
            method, target, body, headers | (sent or more.get("headers") or {}))
        client.session, client.sent = answer.json(), headers
        return client


class Optional(PeopleTest):
    def test_a_day_at_the_office(self):
        admin = self.session(CARE, "admin", self.add(CARE, "admin", "office_admin"))
        added = self.expect(admin.post_json("/v1/people", {"user": "hanako", "role": "staff"}), 201).json()
        staff = self.session(CARE, "hanako", added["password"])
        bundle = self.accepted(staff.send(schedule()))[0]
        self.expect(staff.get(f"/v1/bundles/{bundle}/view"), 200)
        self.problem(staff.get("/v1/people"), 403, "forbidden")
        self.expect(admin.post(f"/v1/people/{added['person']['id']}/lock"), 200)
        self.problem(staff.get("/v1/inbox"), 401, "person-required")
        self.problem(self.sign_in(self.as_office(CARE), "hanako", added["password"]), 401, "login-failed")
        listed = cpgw("user", "list", "--config", self.gateway.config, "--office", CARE.number, "--format", "json")
        states = {person["user"]: person["state"] for person in json.loads(listed.stdout)["people"]}
        self.assertEqual((states["admin"], states["hanako"]), ("active", "locked"))
        self.expect(admin.request("DELETE", "/v1/session"), 204)
        self.problem(admin.get("/v1/session"), 401, "person-required")

    def test_the_command_line_ends_sessions_of_a_running_gateway_at_once(self):
        password = self.add(VISIT, "jiro")
        for command in ("lock", "unlock", "reset", "disable"):
            client = self.session(VISIT, "jiro", password)
            self.expect(client.get("/v1/inbox"), 200)
            output = self.user(command, VISIT, "jiro").stdout.decode()
            self.problem(client.get("/v1/inbox"), 401, "person-required")
            if command == "lock":
                self.user("unlock", VISIT, "jiro")
            if command == "reset":
                password = output.splitlines()[-1]
        self.assertEqual(self.user("unlock", VISIT, "jiro", check=False).returncode, 3)

    def test_a_password_from_standard_input_is_printed_nowhere(self):
        output = self.user("add", VISIT, "saburo", "--role", "viewer", "--password-stdin",
                           input="a-long-enough-one\n".encode()).stdout
        self.assertNotIn(b"a-long-enough-one", output)
        self.session(VISIT, "saburo", "a-long-enough-one")
        for weak in (b"short\n", b"xx-saburo-password\n", b""):
            self.assertEqual(self.user("reset", VISIT, "saburo", "--password-stdin", input=weak, check=False).returncode, 2)

    def test_usage(self):
        self.add(CARE, "goro")
        self.assertEqual(self.user("add", CARE, "goro", "--role", "staff", check=False).returncode, 3)
        self.assertEqual(self.user("add", CARE, "goro", "--role", "king", check=False).returncode, 2)
        self.assertEqual(self.user("lock", CARE, "nobody", check=False).returncode, 3)
        self.assertEqual(self.user("add", CARE._replace(number="0379999999"), "x-y-z", "--role", "staff",
                                   check=False).returncode, 2)

    def test_ten_failures_lock_and_the_log_says_so_without_a_name(self):
        password = self.add(CARE, "shiro")
        for _ in range(10):
            self.problem(self.sign_in(self.as_office(CARE), "shiro", "not-the-password"), 401, "login-failed")
        self.problem(self.sign_in(self.as_office(CARE), "shiro", password), 401, "login-failed")
        leaves = run("sqlite3", self.gateway.folder / "data" / "gateway.db", "SELECT text FROM leaf").stdout.decode()
        self.assertIn("outcome locked", leaves)
        for name in ("shiro", password):
            self.assertNotIn(name, leaves)
        self.user("unlock", CARE, "shiro")
        self.session(CARE, "shiro", password)

    def test_a_stolen_disk_tells_no_user_and_no_password(self):
        password = self.add(CARE, "canary.hanako")
        secret = cpgw("user", "token", "add", "--config", self.gateway.config, "--office", CARE.number, "--scope",
                      "read").stdout.decode().splitlines()[-1]
        client = self.session(CARE, "canary.hanako", password)
        kept = b"".join(path.read_bytes() for path in (self.gateway.folder / "data").iterdir())
        kept += self.gateway.log.read_bytes()
        for word in ("canary.hanako", password, secret, client.session["csrf_token"]):
            self.assertNotIn(word.encode(), kept)

    def test_tokens(self):
        options = ("--config", self.gateway.config, "--office", VISIT.number)
        secret = cpgw("user", "token", "add", *options, "--scope", "read", "--days", "1").stdout.decode().splitlines()[-1]
        self.assertRegex(secret, "^cpgw_[A-Za-z0-9_-]{43}$")
        client = self.gateway.client(VISIT)
        bearer = {"Authorization": f"Bearer {secret}"}
        self.expect(client.request("GET", "/v1/inbox", None, bearer), 200)
        self.problem(client.request("POST", "/v1/bundles", b"", bearer), 403, "forbidden")
        self.problem(self.gateway.client(CARE).request("GET", "/v1/inbox", None, bearer), 401, "not-authenticated")
        end = time.monotonic() + 10
        while True:  # its last use is written after the answer
            listed = json.loads(cpgw("user", "token", "list", *options, "--format", "json").stdout)["tokens"][0]
            if "used_at" in listed:
                break
            self.assertLess(time.monotonic(), end)
        self.assertEqual((listed["prefix"], listed["valid"]), (secret[:13], True))
        cpgw("user", "token", "revoke", *options, secret[:13])
        self.problem(client.request("GET", "/v1/inbox", None, bearer), 401, "not-authenticated")
        self.assertEqual(cpgw("user", "token", "revoke", *options, secret[:13], check=False).returncode, 3)

    def test_a_cross_site_post_fails(self):
        client = self.session(CARE, "rokuro", self.add(CARE, "rokuro"))
        bundle = self.accepted(client.send(schedule()))[0]
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"X-CSRF-Token": "guess"}):
            self.problem(client.request("POST", f"/v1/bundles/{bundle}/recall", b"", headers), 403, "forbidden")
        self.expect(client.request("POST", f"/v1/bundles/{bundle}/recall", b""), 200)

    def test_a_session_of_another_certificate(self):
        client = self.session(CARE, "nanao", self.add(CARE, "nanao"))
        other = Client(self.gateway.port, self.gateway.pki.ca, self.gateway.pki.issue_office(CARE.number, "second"))
        self.problem(other.request("GET", "/v1/inbox", None, client.sent), 401, "person-required")
        self.problem(self.as_office(VISIT).request("GET", "/v1/inbox", None, client.sent), 401, "person-required")
        self.expect(client.get("/v1/inbox"), 200)


class Required(PeopleTest):
    settings = {"identity": "{people: required}"}

    def test_one_factor_alone_is_refused(self):
        self.problem(self.as_office(CARE).get("/v1/inbox"), 401, "person-required")
        self.problem(self.as_office(CARE).send(schedule()), 401, "person-required")
        self.expect(self.as_office(CARE).get("/v1/me"), 200)
        client = self.session(CARE, "hanako", self.add(CARE, "hanako"))
        self.accepted(client.send(schedule()))

    def test_a_programs_certificate_works_alone(self):
        pair = self.gateway.pki.issue_office(VISIT.number, "program")
        client = Client(self.gateway.port, self.gateway.pki.ca, pair)
        self.problem(client.get("/v1/inbox"), 401, "person-required")
        cpgw("office", "cert", "--config", self.gateway.config, "--office", VISIT.number, "--pem", pair[0], "--machine")
        end = time.monotonic() + 10
        while client.get("/v1/inbox").status != 200:
            self.assertLess(time.monotonic(), end)


class Hasty(PeopleTest):
    settings = {"rates": "{read: {per_minute: 60, burst: 20}, uploads: 2}"}

    def test_an_office_in_haste_is_slowed_down_and_nobody_else(self):
        client = self.as_office(CARE)
        answers = [client.get("/v1/inbox") for _ in range(60)]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertGreaterEqual(len(refused), 20)
        self.problem(refused[0], 429, "rate-limited")
        self.assertGreaterEqual(int(refused[0].headers["retry-after"]), 1)
        self.expect(self.as_office(VISIT).get("/v1/inbox"), 200)
        limits = self.as_office(VISIT).get("/v1/limits").json()
        self.assertEqual((limits["rate_read_per_minute"], limits["rate_read_burst"], limits["max_uploads"]), (60, 20, 2))


if __name__ == "__main__":
    main()
