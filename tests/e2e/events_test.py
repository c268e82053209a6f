#!/usr/bin/env python3
"""Server-sent events as a foreign client sees them: who hears what, resuming over kill -9 and restarts, and what ends a
stream."""
import http.client
import json
import time

from harness import CARE, THIRD, VISIT, GatewayTest, OpensslPki, main


class Stream:
    """GET /v1/events with Python's own HTTP: events come as (id, type, data)."""

    def __init__(self, gateway, office, after=None, last_id=None, query=""):
        context = gateway.client(office).context
        self.connection = http.client.HTTPSConnection("localhost", gateway.port, context=context, timeout=30)
        target = "/v1/events" + (f"?after={after}" if after is not None else query)
        self.connection.request("GET", target, headers={"Last-Event-ID": last_id} if last_id is not None else {})
        self.answer = self.connection.getresponse()
        self.last_id, self.beats = last_id, 0
        if self.answer.status == 200:
            assert self.answer.getheader("content-type") == "text/event-stream", self.answer.getheaders()
            first = self.block()
            assert first["retry"] == "3000" and "data" not in first, first

    def block(self):
        """The fields of the next block that is more than a comment; None at the end."""
        fields = {}
        while True:
            line = self.answer.readline()
            if not line.endswith(b"\n"):
                return None
            line = line.decode().rstrip("\n")
            if not line:
                if fields:
                    self.last_id = fields.get("id", self.last_id)
                    return fields
            elif line.startswith(":"):
                self.beats += 1
            else:
                name, _, value = line.partition(": ")
                fields[name] = value

    def next(self):
        fields = self.block()
        if fields is None:
            return None
        data = json.loads(fields["data"])
        assert data["type"] == fields["event"], fields
        return int(fields["id"]), fields["event"], data["data"]

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self.answer.close()
        self.connection.close()


class Events(GatewayTest):
    settings = {"events": "{heartbeat_ms: 100}"}

    def stream(self, office, **options):
        stream = Stream(self.gateway, office, **options)
        self.addCleanup(stream.close)
        return stream

    def test_each_side_hears_what_the_other_did_and_nobody_else(self):
        receiver, sender, third = (self.stream(office) for office in (VISIT, CARE, THIRD))
        bundle = self.send_one()
        identifier, kind, data = receiver.next()
        row = self.as_office(VISIT).get(f"/v1/bundles/{bundle}").json()
        self.assertEqual((kind, data), ("bundle.arrived", {
            "bundle": bundle, "from": row["from"], "to": row["to"], "kind": "schedule", "month": row["month"],
            "serial": row["serial"], "state": "accepted"}))
        self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        for state in ("import_failed", "imported"):
            self.expect(self.as_office(VISIT).ack(bundle, state), 200)
        heard = sender.take(3)
        self.assertEqual([event[1] for event in heard], ["bundle.fetched", "bundle.import_failed", "bundle.imported"])
        self.assertEqual([event[2]["bundle"] for event in heard], [bundle] * 3)
        ids = [identifier] + [event[0] for event in heard]
        self.assertEqual(ids, sorted(set(ids)))
        second = self.send_one()
        self.expect(self.as_office(CARE).post(f"/v1/bundles/{second}/recall"), 200)
        self.assertEqual([event[1] for event in receiver.take(2)], ["bundle.arrived", "bundle.recalled"])
        while third.beats < 2:  # alive, and nothing but comments
            line = third.answer.readline()
            self.assertIn(line, (b":\n", b"\n"))
            third.beats += line == b":\n"

    def test_nothing_is_missed_and_nothing_heard_twice_over_a_kill(self):
        stream = self.stream(VISIT)
        start, sent, heard = stream.last_id, [], []
        for round_ in range(3):
            sent += [self.send_one() for _ in range(4)]
            heard += stream.take(3)  # one of four is on the line, or not yet
            last = stream.last_id
            self.gateway.kill()
            self.clients.clear()
            self.gateway.start()
            sent.append(self.send_one())  # while nobody listens
            stream = self.stream(VISIT, **({"last_id": last} if round_ % 2 else {"after": last}))
            heard += stream.take(2)
        self.assertEqual([event[2]["bundle"] for event in heard], sent)
        again = self.stream(VISIT, after=start)
        self.assertEqual(again.take(len(sent)), heard)
        self.assertEqual(self.stream(VISIT, after=start, last_id=str(heard[-2][0])).next(), heard[-1])

    def test_a_stop_ends_the_stream_at_once(self):
        stream = self.stream(VISIT)
        began = time.monotonic()
        self.assertEqual(self.gateway.stop(), 0)
        self.assertIsNone(stream.next())
        self.assertLess(time.monotonic() - began, 15, "the stop waited for the stream")
        self.gateway.start()

    def test_a_place_is_free_again_when_its_client_has_left(self):
        most = self.as_office(VISIT).get("/v1/limits").json()["max_streams_per_office"]
        streams = [self.stream(VISIT) for _ in range(most)]
        self.assertEqual(self.stream(VISIT).answer.status, 429)
        streams.pop().close()
        end = time.monotonic() + 20
        while (last := self.stream(VISIT)).answer.status != 200:
            last.close()
            self.assertLess(time.monotonic(), end, "the place was not given back")
        self.assertIn(f"cpgw_event_streams {most}\n", self.gateway.ops("/metrics").body.decode())

    def test_curl_listens(self):
        self.send_one()
        answer = self.gateway.curl(VISIT, "/v1/events?after=0", "--no-buffer", "--max-time", "1", check=False)
        self.assertIn(b"event: bundle.arrived\n", answer.body)


class Ends(GatewayTest):
    settings = {"events": "{heartbeat_ms: 100, unclaimed_after: 1s}"}

    def test_a_sender_is_told_once_that_nobody_fetched(self):
        stream = Stream(self.gateway, CARE)
        self.addCleanup(stream.close)
        bundle = self.send_one()
        _, kind, data = stream.next()
        self.assertEqual((kind, data["bundle"], data["state"]), ("bundle.unclaimed", bundle, "accepted"))
        receipts = self.as_office(VISIT).get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]
        self.assertEqual([(receipt["step"], receipt["event"]) for receipt in receipts],
                         [("accepted", "SubmissionAcceptance"), ("unclaimed", "AcceptanceRejectionExpiry")])
        self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        self.assertEqual(stream.next()[1], "bundle.fetched")

    def test_revoking_the_certificate_ends_the_stream(self):
        pair = self.gateway.pki.issue_office(THIRD.number, "leaving")
        before, self.gateway.pairs[THIRD.number] = self.gateway.pairs[THIRD.number], pair
        stream = Stream(self.gateway, THIRD)
        self.addCleanup(stream.close)
        self.gateway.pairs[THIRD.number] = before
        self.assertIsInstance(self.gateway.pki, OpensslPki)
        self.gateway.pki.revoke(pair)
        self.gateway.reload()
        self.assertIsNone(stream.next())
        other = Stream(self.gateway, THIRD)
        self.addCleanup(other.close)
        self.assertEqual(other.answer.status, 200)


if __name__ == "__main__":
    main()
