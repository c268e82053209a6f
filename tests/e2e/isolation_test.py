#!/usr/bin/env python3
"""Over real TLS: every route that the program says it serves, asked by a third office with the ids of others, answers as
for ids that never were. tests/api/isolation_test.cpp does the same for sessions, tokens and operators."""
import json
import re

from harness import CARE, DAY, THIRD, GatewayTest, cpgw, main, schedule

NEVER = {"bundles": "019a0000-0000-7000-8000-000000000000", "people": "0" * 32, "tokens": "0" * 32,
         "webhooks": "0" * 32}


class Isolation(GatewayTest):
    def ids(self):
        options = ("--config", self.gateway.config, "--office", CARE.number)
        cpgw("user", "add", *options, "--id", "hanako", "--role", "staff")
        cpgw("user", "token", "add", *options, "--scope", "read")
        person = json.loads(cpgw("user", "list", *options, "--format", "json").stdout)["people"][0]["id"]
        token = json.loads(cpgw("user", "token", "list", *options, "--format", "json").stdout)["tokens"][0]["id"]
        cpgw("webhook", "add", *options, "--url", "https://receiver.invalid/")
        webhook = json.loads(cpgw("webhook", "list", *options, "--format", "json").stdout)["webhooks"][0]["id"]
        return {"bundles": self.send_one(), "people": person, "tokens": token, "webhooks": webhook}

    def test_every_route_with_an_id(self):
        routes = [line.split() for line in cpgw("serve", "--print-routes").stdout.decode().splitlines()]
        with_id = [(method, path, path.split("/")[2]) for method, path in routes if "{id}" in path]
        self.assertEqual({room for _, _, room in with_id}, set(NEVER), "a room of ids this test does not know")
        ids = self.ids()
        before = self.receipts(ids["bundles"])
        for method, path, room in with_id:
            answers = []
            for identifier in (ids[room], NEVER[room]):
                target = re.sub(r"\{name\}", "x.CSV", path.replace("{id}", identifier)).replace(
                    "{action}", "rotate" if room == "webhooks" else "lock")
                answer = self.as_office(THIRD).request(method, target, b'{"state":"imported"}' if method == "POST" else None)
                value = answer.json()
                value.pop("instance")
                headers = {name: text for name, text in answer.headers.items() if name not in ("date", "content-length")}
                answers.append((answer.status, value, headers))
            self.assertEqual(answers[0], answers[1], f"{method} {path}")
            self.assertIn(answers[0][0], (401, 404), f"{method} {path}")
        self.assertEqual(self.receipts(ids["bundles"]), before)

    def receipts(self, bundle):
        return self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").json()

    def test_a_disabled_office_sees_nothing_of_its_own(self):
        bundle = self.send_one(schedule(DAY))
        self.expect(self.as_office(DAY).get(f"/v1/bundles/{bundle}"), 200)
        cpgw("office", "disable", "--config", self.gateway.config, "--office", DAY.number)
        try:
            self.gateway.restart()
            for target in (f"/v1/bundles/{bundle}", "/v1/inbox", "/v1/me", f"/v1/bundles/{NEVER['bundles']}"):
                self.problem(self.gateway.client(DAY).get(target), 403, "forbidden")
        finally:
            cpgw("office", "add", "--config", self.gateway.config, "--office", DAY.number, "--type", DAY.service_type,
                 "--name", DAY.name)
        self.clients.clear()


if __name__ == "__main__":
    main()
