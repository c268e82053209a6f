#!/usr/bin/env python3
"""Starting, stopping, reloading, watching; and that nothing of a person lies open on the disk, in logs or metrics."""
import base64
import concurrent.futures
import http.client
import json
import ssl
import time
import urllib.parse

from harness import (CARE, DAY, PROGRAM, VISIT, GatewayTest, cpgw, main, pdf, replace_cell, run, sample, schedule,
                     with_serial)


class Lifetime(GatewayTest):
    def test_what_was_sent_is_there_after_a_restart_with_the_same_receipts(self):
        files = schedule(users=2)
        bundle = self.send_one(files)
        receipts = self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").body
        self.as_office(CARE).close()
        self.gateway.restart()
        self.clients.clear()
        self.assertEqual(self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").body, receipts)
        for name, data in files.items():
            self.assertEqual(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/files/{name}").body, data)

    def test_a_termination_answers_the_waiting_and_ends_cleanly(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: self.gateway.client(DAY).get("/v1/inbox?wait=60"))
            while "cpgw_waiting 1" not in self.gateway.ops("/metrics").body.decode():
                time.sleep(0.01)
            started = time.monotonic()
            code = self.gateway.stop()
            page = self.expect(waiting.result(timeout=60), 200).json()
        self.assertEqual((code, page["bundles"]), (0, []))
        self.assertLess(time.monotonic() - started, 30)
        self.assertIn('"gateway.stopped"', self.gateway.log.read_text())
        with self.assertRaises((ConnectionError, ssl.SSLError, OSError)):
            self.gateway.client(DAY).get("/v1/me")
        self.gateway.start()

    def test_a_request_that_runs_when_it_is_told_to_stop_is_answered(self):
        files = with_serial(sample(CARE, [VISIT], ["schedule"], users=300))
        client = self.gateway.client(CARE)
        client.get("/v1/me")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            sending = pool.submit(client.send, files)
            time.sleep(0.05)
            code = self.gateway.stop()
            try:
                answer = sending.result(timeout=60)
            except (ConnectionError, ssl.SSLError, http.client.HTTPException):
                answer = None  # it had not arrived when the listener closed
        self.assertEqual(code, 0)
        self.gateway.start()
        listed = [bundle["id"] for bundle in self.as_office(CARE).get("/v1/outbox?limit=1000").json()["bundles"]]
        if answer is not None and answer.status == 201:
            self.assertIn(answer.json()["bundles"][0]["id"], listed)

    def test_two_gateways_do_not_share_a_port(self):
        blocks = {"listen": f"{{address: 127.0.0.1, port: {self.gateway.port}}}"}
        config = self.gateway.config.read_text()
        self.gateway.write_config(blocks)
        answer = run(PROGRAM, "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.gateway.config.write_text(config)
        self.assertNotEqual(answer.returncode, 0)
        self.assertTrue(answer.stderr)


class Reload(GatewayTest):
    def wait_for_log(self, event, since):
        end = time.monotonic() + 20
        while event not in self.gateway.log.read_text()[since:]:
            self.assertLess(time.monotonic(), end, event)
            time.sleep(0.01)

    def served_certificate(self):
        client = self.gateway.client(CARE)
        client.get("/v1/me")
        try:
            return client.connection.sock.getpeercert(binary_form=True)
        finally:
            client.close()

    def reload(self, event):
        since = len(self.gateway.log.read_text())
        self.gateway.reload()
        self.wait_for_log(event, since)

    def test_a_new_certificate_is_taken_without_a_restart_and_a_bad_one_is_not(self):
        old = self.served_certificate()
        kept = self.as_office(CARE)
        self.expect(kept.get("/v1/me"), 200)
        self.gateway.pki.issue_server()  # writes over server.pem and server.key
        self.reload("reload.tls")
        new = self.served_certificate()
        self.assertNotEqual(old, new)
        self.expect(kept.get("/v1/me"), 200)  # an open connection goes on

        pem = self.gateway.server_pair[0].read_text()
        self.gateway.server_pair[0].write_text("no certificate")
        self.reload("reload.tls.failed")
        self.assertEqual(self.served_certificate(), new)
        self.gateway.server_pair[0].write_text(pem)
        self.reload("reload.tls")
        self.assertEqual(self.served_certificate(), new)


class CheckSettings(GatewayTest):
    PROFILE = ('profile: ours\ntitle_ja: "自分"\ntitle_en: "ours"\ndescription_ja: "自分"\ndescription_en: "ours"\n'
               "rules: {R-CSV-05: %s}\n")
    TABLE = ('service_codes:\n  codes:\n    - {code: "11%s", name: "見本", from: "202404", unit: "per_time", units: 1}\n')

    def wait_for_log(self, event, since):
        end = time.monotonic() + 20
        while event not in self.gateway.log.read_text()[since:]:
            self.assertLess(time.monotonic(), end, event)
            time.sleep(0.01)

    def reload(self, event):
        since = len(self.gateway.log.read_text())
        self.gateway.reload()
        self.wait_for_log(event, since)

    def report(self, files):
        answer = self.expect(self.as_office(CARE).send(files, target="/v1/check"), 200).json()
        return answer["profile"], {found["rule"] for found in answer["bundles"][0]["findings"]}, answer["verdict"]

    def test_profile_and_service_codes_are_read_again_and_wrong_ones_are_not_taken(self):
        profile, table = self.gateway.folder / "ours.yaml", self.gateway.folder / "codes.yaml"
        files = {name: data.replace(b"\r\n", b"\n") for name, data in schedule().items()}
        self.assertEqual(self.report(files), ("standard", {"R-CSV-05"}, "accepted"))
        profile.write_text(self.PROFILE % "off")
        table.write_text(self.TABLE % "9999")
        config = self.gateway.config.read_text()
        self.gateway.config.write_text(config + "check: {profile: ours.yaml, service_codes: codes.yaml}\n")
        self.clients.clear()
        self.gateway.restart()
        name, rules, verdict = self.report(files)
        self.assertEqual((name, verdict), ("ours", "accepted"))
        self.assertIn("R-SVC-02", rules)
        self.assertNotIn("R-CSV-05", rules)

        profile.write_text(self.PROFILE % "error")
        self.reload('"reload.catalog"')
        self.assertEqual(self.report(files)[2], "rejected")
        table.write_text(self.TABLE % "99")
        self.reload("codes.yaml:3: code is not six characters")
        self.assertIn("R-SVC-02", self.report(files)[1])  # the old table goes on

        self.clients.clear()
        self.gateway.stop()
        answer = run(PROGRAM, "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.assertEqual(answer.returncode, 78)
        self.assertRegex(answer.stderr.decode(), r"check\.service_codes cannot be used:\n  codes\.yaml:3: ")
        self.gateway.config.write_text(config + "check: {profile: wat}\n")
        answer = run(PROGRAM, "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.assertEqual(answer.returncode, 78)
        self.assertIn("no such profile", answer.stderr.decode())
        self.gateway.config.write_text(config)
        self.gateway.start()


class Watching(GatewayTest):
    def test_health_readiness_and_metrics(self):
        self.assertEqual(self.gateway.ops("/healthz").status, 200)
        self.assertEqual(self.gateway.ops("/readyz").status, 200)
        self.send_one()
        self.rejected(self.as_office(CARE).send(replace_cell(schedule(), "UPPLAN", 1, 2, "12")), "R-LEN-01")
        text = self.gateway.ops("/metrics").body.decode()
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        self.assertEqual(values['cpgw_bundles_total{verdict="accepted"}'], "1")
        self.assertEqual(values['cpgw_bundles_total{verdict="rejected"}'], "1")
        self.assertGreater(float(values["cpgw_log_size"]), 2)
        for line in text.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) cpgw_|cpgw_[a-z_]+(\{[^}]*\})? [0-9.e+-]+$|cpgw_[a-z_]+\{.*le=\"\+Inf\".*\} )")

    def test_the_operation_listener_knows_nothing_else(self):
        for target in ("/v1/me", "/v1/inbox", "/openapi.yaml", "/"):
            self.assertEqual(self.gateway.ops(target).status, 404)

    def test_the_api_listener_does_not_serve_the_operators_routes(self):
        for target in ("/metrics", "/healthz", "/readyz"):
            self.assertEqual(self.as_office(CARE).get(target).status, 404)

    def test_the_log_is_json_lines(self):
        lines = self.gateway.log.read_text().splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertIn("event", json.loads(line))


class NothingLiesOpen(GatewayTest):
    settings = {"log": "{level: debug}"}

    def test_personal_data_is_nowhere_in_the_clear(self):
        files = schedule(users=3)
        plan = next(name for name in files if name.startswith("UPPLAN_"))
        supplement = next(name for name in files if name.startswith("UPHOSOKU_"))
        row = files[plan].split(b"\r\n")[0].split(b",")
        person = files[supplement].split(b"\r\n")[0].decode("cp932").split(",")
        canaries = {row[2].decode(), person[4].strip('"'), person[5].strip('"')}  # insured number, kana, name
        self.assertTrue(all(len(text) >= 3 for text in canaries), canaries)
        bundle = self.send_one(files)
        note, title = "見本花子さんの認定が未登録", "見本花子さんの報告書"
        canaries |= {note, title}
        self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        self.expect(self.as_office(VISIT).ack(bundle, "import_failed", note), 200)
        self.accepted(self.as_office(VISIT).send({}, papers=[("a.pdf", pdf("CANARY-PDF"))], cover={
            "to": {"office": CARE.number}, "month": "202511", "title": title}))
        canaries.add("CANARY-PDF")
        self.rejected(self.as_office(CARE).send(replace_cell(schedule(), "UPPLAN", 1, 3, "CANARY-CELL")), "R-ID-01")
        canaries.add("CANARY-CELL")
        self.as_office(CARE).send({"見本花子_CANARY-NAME.txt": b"x"})
        self.as_office(CARE).get("/v1/bundles/CANARY-PATH")
        self.as_office(CARE).get("/v1/offices?q=CANARY-QUERY")
        canaries |= {"CANARY-NAME", "CANARY-PATH", "CANARY-QUERY"}

        metrics = self.gateway.ops("/metrics").body
        held = {"metrics": metrics} | {str(path): path.read_bytes() for path in self.gateway.folder.rglob("*")
                                       if path.is_file() and "pki" not in path.parts}
        self.assertTrue(any(name.endswith("gateway.db") for name in held))
        for name, data in held.items():
            for canary in canaries:
                for form in forms_of(canary):
                    self.assertNotIn(form, data, f"{canary} in {name}")
        self.assertIn("request.answered", self.gateway.log.read_text())  # the log did speak of these requests

    def test_the_search_itself_finds_what_lies_open(self):
        for text in (b"x" + "見本".encode("cp932"), b"q=" + urllib.parse.quote("見本").encode(),
                     base64.b64encode("ab見本".encode())):
            self.assertTrue(any(form in text for form in forms_of("見本")), text)

    def test_keys_are_readable_by_their_owner_only(self):
        for name in ("master.key", "log.key"):
            self.assertEqual((self.gateway.folder / "data" / name).stat().st_mode & 0o777, 0o400)
        self.assertEqual((self.gateway.folder / "data").stat().st_mode & 0o077, 0)
        for path in (self.gateway.folder / "data").iterdir():
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


def forms_of(text):
    """A text as it could lie somewhere: UTF-8, CP932, percent form, base64 at each of the three places."""
    forms = set()
    for data in (text.encode(), text.encode("cp932")):
        forms |= {data, urllib.parse.quote(data).encode(), urllib.parse.quote(data).lower().encode(), data.hex().encode()}
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + data)
            forms.add(encoded[(0, 2, 3)[shift]:len(encoded) - (0, 4, 4)[(len(data) + shift) % 3]])
    return {form for form in forms if len(form) >= 3}


class Settings(GatewayTest):
    """What cannot be used is refused at the start with exit code 78 and a line that says where."""

    def refused(self, text, expected):
        config = self.gateway.folder / "wrong.yaml"
        config.write_text(text)
        answer = run(PROGRAM, "serve", "--config", config, check=False, timeout=30)
        self.assertEqual(answer.returncode, 78, answer)
        self.assertIn(expected, answer.stderr.decode())

    def test_settings_that_cannot_be_used(self):
        good = self.gateway.config.read_text()
        last = len(good.splitlines()) + 1
        for text, expected in ((good + "colour: red\n", f"wrong.yaml:{last}"), (good + "workers: many\n", "whole number"),
                               (good.replace("data: data", "data: nowhere"), "nowhere"), ("- a\n", "map"),
                               (good.replace("server.pem", "gone.pem"), "gone.pem"), ("a: [", "wrong.yaml")):
            with self.subTest(expected):
                self.refused(text, expected)
        answer = run(PROGRAM, "serve", "--config", self.gateway.folder / "gone.yaml", check=False)
        self.assertEqual(answer.returncode, 78)

    def test_keys_that_others_may_read(self):
        self.gateway.stop()
        for name in ("master.key", "log.key"):
            key = self.gateway.folder / "data" / name
            key.chmod(0o440)
            self.refused(self.gateway.config.read_text(), name)
            key.chmod(0o400)
        self.gateway.start()

    def test_a_database_that_was_changed(self):
        self.gateway.stop()
        database = self.gateway.folder / "data" / "gateway.db"
        kept = {path: path.read_bytes() for path in database.parent.glob("gateway.db*")}
        done = run("sqlite3", database, "UPDATE leaf SET text = replace(text, 'type admin', 'type edmin') WHERE number ="
                                        " (SELECT min(number) FROM leaf); SELECT total_changes();")
        self.assertEqual(done.stdout.split()[-1], b"1")
        answer = run(PROGRAM, "serve", "--config", self.gateway.config, check=False, timeout=30)
        self.assertEqual(answer.returncode, 78, answer)
        self.assertEqual(cpgw("db", "check", "--config", self.gateway.config, check=False).returncode, 1)
        for path in database.parent.glob("gateway.db*"):
            path.unlink()
        for path, data in kept.items():
            path.write_bytes(data)
            path.chmod(0o600)
        self.assertEqual(cpgw("db", "check", "--config", self.gateway.config, check=False).returncode, 0)
        self.gateway.start()

    def test_a_data_folder_is_not_made_twice(self):
        answer = cpgw("db", "init", "--config", self.gateway.config, check=False)
        self.assertEqual(answer.returncode, 78)


if __name__ == "__main__":
    main()
