#!/usr/bin/env python3
"""Webhooks end to end: a receiver of our own that fails, hangs, redirects, dies and comes back; a gateway that is killed in
between. Signatures are checked with Python's hmac."""
import base64
import hashlib
import hmac
import http.server
import json
import re
import ssl
import threading
import time

import contract
from harness import CARE, VISIT, GatewayTest, OpensslPki, cpgw, main

TRIES = 6  # of one event with the settings below


class Receiver:
    """An HTTP(S) server that keeps what it was sent and answers as `answer(number of the request)` says: a status, or a
    word: hang, die (closes without an answer), redirect."""

    def __init__(self, pair=None, answer=lambda number: 200):
        self.requests, self.answer, self.changed, self.released = [], answer, threading.Condition(), threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver.changed:
                    number = len(receiver.requests)
                    receiver.requests.append((self.path, dict(self.headers.items()), body))
                    receiver.changed.notify_all()
                said = receiver.answer(number)
                self.close_connection = True
                if said == "hang":
                    receiver.released.wait(30)
                if said in ("hang", "die"):
                    return
                self.send_response(302 if said == "redirect" else said)
                if said == "redirect":
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                with receiver.changed:
                    receiver.requests.append((self.path, {}, b"GET"))
                self.send_error(404)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a client that does not trust us, or was killed
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, pair))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.scheme = "https" if pair else "http"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, path="/hook", host="localhost"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def wait(self, count):
        """The first `count` requests."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.requests) >= count, 30)
        assert came, f"{len(self.requests)} of {count} requests came"
        return self.requests[:count]

    def bundles(self):
        """Ids of bundles as they came, a repeated message once."""
        seen = {}
        for _, headers, body in self.requests:
            assert seen.setdefault(headers["webhook-id"], body) == body, "an id with another body"
        return [json.loads(body)["data"]["bundle"] for body in seen.values()]

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def signature(secret, headers, body):
    """By the text of the standard, without any code of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


class WebhookTest(GatewayTest):
    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.addCleanup(receiver.close)
        return receiver

    def webhook(self, command, *arguments, office=VISIT, check=True):
        return cpgw("webhook", command, "--config", self.gateway.config, "--office", office.number, *arguments, check=check)

    def add(self, url):
        """(id, secret); taken away again behind the test."""
        lines = self.webhook("add", "--url", url).stdout.decode().splitlines()
        identifier, secret = lines[0].split()[-1], lines[-1]
        self.assertRegex(secret, r"^whsec_[A-Za-z0-9+/]{43}=$")
        self.addCleanup(lambda: self.webhook("remove", identifier, check=False))
        return identifier, secret

    def listed(self, identifier):
        rows = json.loads(self.webhook("list", "--format", "json").stdout)["webhooks"]
        return next(row for row in rows if row["id"] == identifier)

    def wait_for(self, identifier, **values):
        end = time.monotonic() + 30
        while True:
            row = self.listed(identifier)
            if all(row[name] == value for name, value in values.items()):
                return row
            self.assertLess(time.monotonic(), end, row)
            time.sleep(0.05)


class Push(WebhookTest):
    settings = {"webhooks": "{allow_private: on, ca: pki/ca.pem, retries: [1s, 1s, 1s, 1s, 1s], timeout_ms: 600, workers: 3}"}

    def test_messages_are_signed_and_say_what_the_events_say(self):
        receiver = self.receiver(self.gateway.pki.issue_server())
        identifier, secret = self.add(receiver.url("/hook?a=b"))
        sent = [self.send_one() for _ in range(3)]
        began = time.time()
        for path, headers, body in receiver.wait(3):
            self.assertEqual(path, "/hook?a=b")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(headers["webhook-signature"], signature(secret, headers, body))
            self.assertLess(abs(int(headers["webhook-timestamp"]) - began), 30)
            self.assertFalse({"Authorization", "Cookie"} & set(headers))
            self.assertEqual(list(contract.schema_problems(json.loads(body), {"$ref": "#/components/schemas/Event"})), [])
        self.assertEqual(receiver.bundles(), sent)
        self.wait_for(identifier, attempts=0, state="active", failure="")
        rotated = self.webhook("rotate", identifier).stdout.decode().splitlines()[-1]
        self.send_one()
        _, headers, body = receiver.wait(4)[3]
        self.assertEqual(headers["webhook-signature"].split(" "),
                         [signature(rotated, headers, body), signature(secret, headers, body)])

    def test_nothing_is_missed_while_the_receiver_fails_hangs_redirects_and_dies(self):
        bad = {0: 500, 1: "hang", 2: "redirect", 3: "die", 5: 404}
        receiver = self.receiver(answer=lambda number: bad.get(number, 200))
        identifier, _ = self.add(receiver.url())
        sent = [self.send_one() for _ in range(3)]
        requests = receiver.wait(8)
        self.assertEqual(receiver.bundles(), sent)
        self.assertEqual({path for path, _, _ in requests}, {"/hook"}, "a redirect was followed")
        ids = [headers["webhook-id"] for _, headers, _ in requests]
        self.assertEqual(ids[:5], [ids[0]] * 5)
        self.assertEqual(ids[5:7], [ids[5]] * 2)
        self.wait_for(identifier, attempts=0, state="active")

    def test_nothing_is_missed_over_kills(self):
        down = threading.Event()
        receiver = self.receiver(answer=lambda number: 503 if down.is_set() else 200)
        self.add(receiver.url())
        sent = [self.send_one()]
        for _ in range(2):
            down.set()
            sent += [self.send_one() for _ in range(2)]
            receiver.wait(len(receiver.requests) + 1)
            self.gateway.kill()
            self.clients.clear()
            self.gateway.start()
            down.clear()
            sent.append(self.send_one())
            end = time.monotonic() + 30
            while len(receiver.bundles()) < len(sent):
                self.assertLess(time.monotonic(), end, "an event was missed")
                time.sleep(0.02)
        self.assertEqual(receiver.bundles(), sent)

    def test_one_that_never_answers_is_failing_and_goes_on_when_enabled(self):
        good = threading.Event()
        receiver = self.receiver(answer=lambda number: 200 if good.is_set() else 500)
        identifier, _ = self.add(receiver.url())
        sent = [self.send_one(), self.send_one()]
        row = self.wait_for(identifier, state="failing")
        self.assertEqual((row["attempts"], row["failure"]), (TRIES, "HTTP 500"))
        self.assertEqual(len(receiver.requests), TRIES)
        self.assertEqual(self.as_office(VISIT).get("/v1/me").json()["webhooks"], {"active": 0, "failing": 1, "gone": 0})
        self.assertIn('cpgw_webhooks{state="failing"} 1\n', self.gateway.ops("/metrics").body.decode())
        self.assertRegex(self.gateway.log.read_text(), rf'"webhook.stopped","webhook":"{identifier}","state":"failing"')
        good.set()
        self.webhook("enable", identifier)
        receiver.wait(TRIES + 2)
        self.assertEqual(receiver.bundles(), sent)

    def test_gone_is_gone(self):
        receiver = self.receiver(answer=lambda number: 410 if number == 0 else 200)
        identifier, _ = self.add(receiver.url())
        sent = [self.send_one(), self.send_one()]
        self.wait_for(identifier, state="gone", attempts=1)
        self.webhook("enable", identifier)
        receiver.wait(3)
        self.assertEqual(receiver.bundles(), sent)

    def test_a_server_that_cannot_prove_its_name_gets_nothing(self):
        stranger = OpensslPki(self.folder / "stranger", "Stranger CA")
        for pair, host in ((stranger.issue_server(), "localhost"),
                           (self.gateway.pki.issue("other", "other", "DNS:other.example", usage="serverAuth"), "localhost"),
                           (self.gateway.pki.issue_office("0370100099", "client"), "127.0.0.1")):
            receiver = self.receiver(pair)
            identifier, _ = self.add(receiver.url(host=host))
            answer = self.webhook("test", identifier, check=False)
            self.assertEqual(answer.returncode, 4, answer)
            self.assertIn(b"TLS", answer.stderr)
            self.assertEqual(receiver.requests, [])

    def test_the_office_manages_its_own_over_the_api(self):
        receiver = self.receiver(answer=lambda number: 204 if number == 0 else 500)
        client = self.as_office(CARE)

        def asked(method, template, status, body=None, **names):
            target = template
            for name, value in names.items():
                target = target.replace("{%s}" % name, value)
            answer = self.expect(client.request(method, target, json.dumps(body).encode() if body else None), status)
            if status != 204:
                self.assertEqual(contract.answer_problems(method, template, answer), [])
            return answer.json() if status != 204 else None

        made = asked("POST", "/v1/webhooks", 201, {"url": receiver.url()})
        identifier = made["webhook"]["id"]
        self.assertEqual(asked("POST", "/v1/webhooks/{id}/{action}", 200, id=identifier, action="test"),
                         {"delivered": True, "status": 204})
        _, headers, body = receiver.wait(1)[0]
        self.assertEqual(headers["webhook-signature"], signature(made["secret"], headers, body))
        self.assertEqual(json.loads(body)["type"], "webhook.test")
        self.assertEqual(asked("POST", "/v1/webhooks/{id}/{action}", 200, id=identifier, action="test"),
                         {"delivered": False, "status": 500})
        self.assertEqual(len(asked("GET", "/v1/webhooks", 200)["webhooks"]), 1)
        self.assertEqual(asked("GET", "/v1/me", 200)["webhooks"]["active"], 1)
        self.assertEqual(asked("GET", "/v1/limits", 200)["max_webhooks"], 5)
        asked("POST", "/v1/webhooks/{id}/{action}", 404, id="0" * 32, action="test")
        asked("DELETE", "/v1/webhooks/{id}", 204, id=identifier)
        self.assertEqual(asked("GET", "/v1/webhooks", 200)["webhooks"], [])


class Closed(WebhookTest):
    def test_by_default_only_https_to_public_addresses(self):
        receiver = self.receiver(self.gateway.pki.issue_server())
        refused = self.webhook("add", "--url", receiver.url().replace("https", "http"), check=False)
        self.assertEqual(refused.returncode, 2, refused)
        self.problem(self.as_office(VISIT).post_json("/v1/webhooks", {"url": "http://localhost/"}), 400, "malformed")
        for host in ("localhost", "127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"):
            identifier, _ = self.add(receiver.url(host=host))
            answer = self.webhook("test", identifier, check=False)
            self.assertEqual(answer.returncode, 4, answer)
            self.assertRegex(answer.stderr.decode(), "not one that may be connected to|resolve")
            self.webhook("remove", identifier)
        self.assertEqual(receiver.requests, [])

    def test_a_secret_is_nowhere_in_the_clear(self):
        _, secret = self.add("https://receiver.invalid/a-path-nobody-may-know")
        self.gateway.stop()
        for path in (self.gateway.folder / "data").iterdir():
            data = path.read_bytes()
            for word in (secret[6:], base64.b64decode(secret[6:]), "a-path-nobody-may-know"):
                self.assertNotIn(word.encode() if isinstance(word, str) else word, data, path.name)
        self.assertIsNone(re.search("whsec_|nobody-may-know", self.gateway.log.read_text()))
        self.gateway.start()


if __name__ == "__main__":
    main()
