#!/usr/bin/env python3
"""The whole exchange by a foreign client, curl, with certificates of a foreign CA made by the openssl command; and every
answer judged by openapi.yaml, the only thing a foreign developer has."""
import json
import re

import contract
from harness import CARE, DAY, VISIT, GatewayTest, actual, main, make_zip, pdf, read_zip, replace_cell, run, schedule


class CurlExchange(GatewayTest):
    def call(self, method, template, office, *options, status=200, query="", **arguments):
        target = re.sub(r"\{(\w+)\}", lambda match: arguments[match.group(1)], template)
        answer = self.gateway.curl(office, target + query, "--request", method, *options)
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(contract.answer_problems(method, template, answer), [])
        return answer

    def save(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def form(self, files):
        folder = self.folder / "form"
        folder.mkdir(exist_ok=True)
        options = []
        for name, data in files.items():
            (folder / name).write_bytes(data)
            options += ["--form", f"file=@{folder / name}"]
        return options

    def test_a_schedule_goes_out_and_its_results_come_back(self):
        me = self.call("GET", "/v1/me", CARE).json()
        self.assertEqual([office["office"] for office in me["offices"]], [CARE.number])
        self.assertIn(me["certificate"]["days_left"], (9, 10))
        offices = self.call("GET", "/v1/offices", CARE, query="?q=%E8%A8%AA%E5%95%8F").json()["offices"]
        self.assertIn(VISIT.number, [office["office"] for office in offices])
        self.assertGreater(self.call("GET", "/v1/limits", CARE).json()["max_request_bytes"], 1_000_000)

        files = schedule(users=2)
        self.assertEqual(self.call("POST", "/v1/check", CARE, *self.form(files)).json()["verdict"], "accepted")
        sent = self.call("POST", "/v1/bundles", CARE, *self.form(files), "--header", "Idempotency-Key: curl-1",
                         status=201).json()
        bundle = sent["bundles"][0]["id"]

        page = self.call("GET", "/v1/inbox", VISIT, query="?wait=10").json()
        self.assertIn(bundle, [found["id"] for found in page["bundles"]])
        self.call("GET", "/v1/bundles/{id}", VISIT, id=bundle)
        content = self.call("GET", "/v1/bundles/{id}/content", VISIT, id=bundle)
        self.assertEqual(read_zip(content.body), files)
        name = next(iter(files))
        self.assertEqual(self.call("GET", "/v1/bundles/{id}/files/{name}", VISIT, id=bundle, name=name).body, files[name])
        self.call("GET", "/v1/bundles/{id}/report", VISIT, id=bundle)
        ack = self.save("ack.json", json.dumps({"state": "imported", "note": "取込済み"}).encode())
        answer = self.call("POST", "/v1/bundles/{id}/ack", VISIT, "--header", "Content-Type: application/json",
                           "--data-binary", f"@{ack}", id=bundle)
        self.assertEqual(answer.json()["bundle"]["state"], "imported")

        results = self.save("results.zip", make_zip(actual(users=2)))
        back = self.call("POST", "/v1/bundles", VISIT, "--header", "Content-Type: application/zip", "--data-binary",
                         f"@{results}", status=201).json()["bundles"][0]["id"]
        self.assertIn(back, [found["id"] for found in self.call("GET", "/v1/inbox", CARE).json()["bundles"]])

        self.assertEqual(len(self.call("GET", "/v1/bundles/{id}/receipts", CARE, id=bundle).json()["receipts"]), 3)
        outbox = self.call("GET", "/v1/outbox", CARE, query="?state=imported").json()["bundles"]
        self.assertIn(bundle, [found["id"] for found in outbox])

    def test_papers_travel_with_a_cover(self):
        paper = self.save("houkoku.pdf", pdf())
        cover = self.save("cover.json", json.dumps({"to": {"office": CARE.number, "service_type": "43"}, "month": "202511",
                                                    "title": "モニタリング報告"}).encode())
        sent = self.call("POST", "/v1/bundles", VISIT, "--form", f"attachment=@{paper};type=application/pdf", "--form",
                         f"cover=<{cover};type=application/json", status=201).json()["bundles"][0]
        self.assertEqual(sent["report"]["kind"], "papers")
        found = self.call("GET", "/v1/bundles/{id}", CARE, id=sent["id"]).json()
        self.assertEqual((found["title"], found["file_list"][0]["name"]), ("モニタリング報告", "houkoku.pdf"))

    def test_a_bundle_is_recalled(self):
        bundle = self.call("POST", "/v1/bundles", CARE, *self.form(schedule(DAY)), status=201).json()["bundles"][0]["id"]
        self.call("POST", "/v1/bundles/{id}/recall", CARE, id=bundle)
        self.call("POST", "/v1/bundles/{id}/recall", CARE, id=bundle, status=409)

    def test_findings_and_problems_have_the_shape_of_the_contract(self):
        bad = replace_cell(schedule(), "UPPLAN", 1, 2, "12")
        answer = self.call("POST", "/v1/bundles", CARE, *self.form(bad), status=422).json()
        self.assertEqual(answer["bundles"][0]["verdict"], "rejected")
        stray = self.save("memo.txt", b"memo")
        self.assertEqual(len(self.call("POST", "/v1/check", CARE, "--form", f"file=@{stray}").json()["findings"]), 1)
        unknown = "01900000-0000-7000-8000-000000000000"
        self.call("GET", "/v1/bundles/{id}", CARE, id=unknown, status=404)
        self.call("GET", "/v1/inbox", CARE, query="?limit=0", status=400)
        self.call("POST", "/v1/check", CARE, "--header", "Content-Type: text/plain", "--data", "x", status=415)
        self.call("POST", "/v1/check", CARE, "--header", "Content-Type: application/zip", "--data", "x", status=400)

    def test_the_log_is_open_to_every_office(self):
        self.send_one()
        policy = self.call("GET", "/v1/audit/policy", DAY).json()
        self.assertIn(self.gateway.vkey, policy["vkeys"])
        checkpoint = self.call("GET", "/v1/audit/checkpoint", DAY).body.decode()
        origin, size = checkpoint.split("\n")[:2]
        self.assertEqual(origin, policy["origin"])
        width = int(size) % 256
        tile = self.call("GET", "/v1/audit/tile/{tile}", DAY, tile=f"0/000.p/{width}")
        self.assertEqual(len(tile.body), 32 * width)
        self.call("GET", "/v1/audit/tile/{tile}", DAY, tile="0/999", status=404)

    def test_the_contract_is_served(self):
        served = self.call("GET", "/openapi.yaml", CARE).body
        self.assertEqual(served, (contract.harness.ROOT / "spec" / "openapi.yaml").read_bytes())
        self.call("GET", "/docs", CARE)

    def test_http_2_and_1_0_and_a_missing_certificate(self):
        self.assertEqual(self.gateway.curl(CARE, "/v1/me", "--http2").status, 200)
        bare = run("curl", "--silent", "--cacert", self.gateway.pki.ca, f"https://localhost:{self.gateway.port}/v1/me",
                   check=False)
        self.assertNotEqual(bare.returncode, 0)
        old = run("curl", "--silent", "--tls-max", "1.2", "--cacert", self.gateway.pki.ca, "--cert",
                  self.gateway.pairs[CARE.number][0], "--key", self.gateway.pairs[CARE.number][1],
                  f"https://localhost:{self.gateway.port}/v1/me", check=False)
        self.assertNotEqual(old.returncode, 0)


if __name__ == "__main__":
    main()
