#!/usr/bin/env python3
"""The main job over real TLS: send, route, list, fetch, acknowledge, recall, supersede, prove."""
import concurrent.futures
import hashlib
import json
import threading
import time
import urllib.parse

from harness import (CARE, DAY, NURSE, THIRD, VISIT, GatewayTest, actual, content_digest, cpgw, main, make_zip, multipart,
                     next_serial, read_zip, replace_cell, sample, schedule, serial_of, with_serial)


class Exchange(GatewayTest):
    def test_a_bundle_travels_from_sending_to_import_with_a_receipt_of_each_step(self):
        files = schedule(users=3)
        bundle = self.send_one(files)
        receiver = self.as_office(VISIT)
        self.assertIn(bundle, self.inbox_ids(VISIT, "new"))
        content = self.expect(receiver.get(f"/v1/bundles/{bundle}/content"), 200)
        self.assertEqual(content.headers["content-type"], "application/zip")
        self.assertEqual(content.headers["content-digest"], content_digest(content.body))
        self.assertEqual(read_zip(content.body), files)
        self.assertEqual(self.state(bundle), "fetched")
        self.expect(receiver.ack(bundle, note="取り込みました"), 200)
        self.assertEqual(self.state(bundle), "imported")
        for office in (CARE, VISIT):
            receipts = self.expect(self.as_office(office).get(f"/v1/bundles/{bundle}/receipts"), 200).json()["receipts"]
            self.assertEqual([receipt["step"] for receipt in receipts], ["accepted", "fetched", "imported"])
            self.assertEqual([receipt["event"] for receipt in receipts],
                             ["SubmissionAcceptance", "ContentHandover", "ConsignmentAcceptance"])
            self.assertEqual(receipts[-1]["note"], "取り込みました")

    def test_every_file_is_served_byte_for_byte(self):
        files = schedule(users=2)
        bundle = self.send_one(files)
        listed = self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}"), 200).json()["file_list"]
        self.assertEqual({(file["name"], file["bytes"], file["sha256"]) for file in listed},
                         {(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()})
        for name, data in files.items():
            answer = self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/files/{urllib.parse.quote(name)}"), 200)
            self.assertEqual(answer.body, data)
            self.assertEqual(answer.headers["content-digest"], content_digest(data))
        self.problem(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/files/UPPLAN.CSV"), 404, "not-found")

    def test_a_zip_fans_out_to_many_receivers(self):
        serial = next_serial()
        files = with_serial(sample(CARE, [VISIT, DAY, NURSE], ["schedule"]), serial)
        answer = self.as_office(CARE).send_zip(files)
        self.assertEqual(len(self.accepted(answer)), 3)
        for bundle in answer.json()["bundles"]:
            receiver = next(office for office in (VISIT, DAY, NURSE) if office.number == bundle["report"]["to"]["office"])
            self.assertIn(bundle["id"], self.inbox_ids(receiver, "new"))
            got = read_zip(self.expect(self.as_office(receiver).get(f"/v1/bundles/{bundle['id']}/content"), 200).body)
            self.assertEqual(got, {name: data for name, data in files.items() if f"_{receiver.number}_" in name})

    def test_a_zip_with_one_common_folder_is_the_same(self):
        files = schedule()
        packed = make_zip({f"202511/{name}": data for name, data in files.items()})
        bundle = self.accepted(self.as_office(CARE).post("/v1/bundles", packed, "application/zip"))[0]
        self.assertEqual(read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body), files)

    def test_one_bad_bundle_does_not_hold_back_the_others(self):
        good, bad = schedule(DAY), replace_cell(schedule(VISIT), "UPPLAN", 1, 2, "12")
        answer = self.expect(self.as_office(CARE).send(good | bad), 201).json()
        self.assertEqual({bundle["report"]["to"]["office"]: bundle["verdict"] for bundle in answer["bundles"]},
                         {VISIT.number: "rejected", DAY.number: "accepted"})

    def test_a_rejected_bundle_is_kept_for_its_sender_only_with_report_and_receipt(self):
        bundle = self.rejected(self.as_office(CARE).send(replace_cell(schedule(), "UPPLAN", 1, 2, "12")), "R-LEN-01")[0]
        self.assertEqual(self.state(bundle["id"]), "rejected")
        report = self.expect(self.as_office(CARE).get(f"/v1/bundles/{bundle['id']}/report"), 200).json()
        self.assertEqual(report, bundle["report"])
        receipts = self.as_office(CARE).get(f"/v1/bundles/{bundle['id']}/receipts").json()["receipts"]
        self.assertEqual([receipt["event"] for receipt in receipts], ["SubmissionRejection"])
        self.problem(self.as_office(VISIT).get(f"/v1/bundles/{bundle['id']}"), 404, "not-found")
        self.assertNotIn(bundle["id"], self.inbox_ids(VISIT))

    def test_check_answers_the_same_report_and_stores_nothing(self):
        files = replace_cell(schedule(), "UPPLAN", 1, 2, "12")
        before = len(self.outbox_ids())
        checked = self.expect(self.as_office(CARE).send(files, "/v1/check"), 200).json()
        self.assertEqual(checked["verdict"], "rejected")
        self.assertEqual(len(self.outbox_ids()), before)
        self.assertEqual(self.as_office(CARE).send(files).json()["bundles"][0]["report"], checked["bundles"][0])
        english = self.as_office(CARE).send(files, "/v1/check", Accept_Language="en").json()
        self.assertNotEqual(english["bundles"][0]["findings"][0]["message"], checked["bundles"][0]["findings"][0]["message"])

    def outbox_ids(self):
        return [bundle["id"] for bundle in self.as_office(CARE).get("/v1/outbox?limit=1000").json()["bundles"]]

    def test_the_command_line_and_the_gateway_say_the_same_about_a_file(self):
        files = replace_cell(schedule(), "UPPLAN", 1, 2, "12")
        folder = self.folder / "same-report"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        offline = cpgw("check", "--format", "json", folder, check=False)
        self.assertEqual(offline.returncode, 1)
        online = self.expect(self.as_office(CARE).send(files, "/v1/check"), 200)
        self.assertEqual(json.loads(offline.stdout), online.json())


class Idempotency(GatewayTest):
    def test_the_same_key_and_bytes_get_the_first_answer_byte_for_byte(self):
        files = schedule()
        first = self.as_office(CARE).send(files, Idempotency_Key="a-1")
        again = self.as_office(CARE).send(files, Idempotency_Key="a-1")
        self.accepted(first)
        self.assertEqual((first.status, first.body), (again.status, again.body))

    def test_a_rejection_is_repeated_byte_for_byte_too(self):
        files = replace_cell(schedule(), "UPPLAN", 1, 2, "12")
        first = self.as_office(CARE).send(files, Idempotency_Key="a-2")
        again = self.as_office(CARE).send(files, Idempotency_Key="a-2")
        self.rejected(first, "R-LEN-01")
        self.assertEqual((first.status, first.body), (again.status, again.body))

    def test_the_same_key_with_other_bytes_is_refused(self):
        self.accepted(self.as_office(CARE).send(schedule(), Idempotency_Key="a-3"))
        self.problem(self.as_office(CARE).send(schedule(), Idempotency_Key="a-3"), 422, "idempotency-key-reused")

    def test_a_key_belongs_to_its_office(self):
        self.accepted(self.as_office(CARE).send(schedule(), Idempotency_Key="a-4"))
        self.accepted(self.as_office(VISIT).send(actual(), Idempotency_Key="a-4"))

    def test_a_failed_first_try_does_not_block_a_resend(self):
        files = schedule()
        kind, body = multipart([("file", name, data) for name, data in files.items()])
        wrong = self.as_office(CARE).post("/v1/bundles", body, kind, Idempotency_Key="a-5",
                                          Content_Digest=content_digest(b"other"))
        self.problem(wrong, 400, "digest-mismatch")
        self.accepted(self.as_office(CARE).send(files, Idempotency_Key="a-5"))

    def test_fifty_in_parallel_with_one_key_are_one_bundle(self):
        files = schedule(users=20)
        gate = threading.Barrier(50)

        def send(_):
            client = self.gateway.client(CARE)
            client.get("/v1/me")
            gate.wait()
            answer = client.send(files, Idempotency_Key="a-6")
            while answer.status == 409:
                self.problem(answer, 409, "idempotency-in-flight")
                answer = client.send(files, Idempotency_Key="a-6")
            client.close()
            return answer

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(send, range(50)))
        self.assertEqual({(answer.status, answer.body) for answer in answers}, {(201, answers[0].body)})
        self.assertEqual(self.inbox_ids(VISIT).count(answers[0].json()["bundles"][0]["id"]), 1)

    def test_a_thousand_parallel_submissions_of_one_bundle_are_one_accept_and_equal_answers(self):
        files = schedule()
        before = len(self.inbox_ids(VISIT))

        def send(_):
            client = self.gateway.client(CARE)
            bodies = set()
            for _ in range(32):
                answer = client.send(files)
                bodies.add((answer.status, answer.body))
            client.close()
            return bodies

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = set().union(*pool.map(send, range(32)))
        self.assertEqual(len(answers), 1, [body[:300] for _, body in answers])
        self.assertEqual(answers.pop()[0], 201)
        self.assertEqual(len(self.inbox_ids(VISIT)), before + 1)


class Serials(GatewayTest):
    def test_a_serial_with_the_same_bytes_gets_the_first_receipt(self):
        files = schedule()
        first, again = self.as_office(CARE).send(files), self.as_office(CARE).send_zip(files)
        self.accepted(first)
        self.assertEqual(first.json(), again.json())

    def test_a_serial_with_other_bytes_is_rejected(self):
        files = schedule()
        self.accepted(self.as_office(CARE).send(files))
        other = with_serial(sample(CARE, [VISIT], ["schedule"]), serial_of(next(iter(files))))
        bundle = self.rejected(self.as_office(CARE).send(other), "R-SEQ-01")[0]
        self.assertEqual(self.state(bundle["id"]), "rejected")

    def test_a_serial_behind_one_already_handed_over_is_rejected(self):
        early, late = next_serial(), next_serial()
        bundle = self.send_one(with_serial(sample(CARE, [NURSE], ["schedule"]), late))
        self.expect(self.as_office(NURSE).get(f"/v1/bundles/{bundle}/content"), 200)
        self.rejected(self.as_office(CARE).send(with_serial(sample(CARE, [NURSE], ["schedule"]), early)), "R-SEQ-01")

    def test_a_rejected_bundle_does_not_use_up_its_serial(self):
        files = schedule()
        self.rejected(self.as_office(CARE).send(replace_cell(files, "UPPLAN", 1, 2, "12")), "R-LEN-01")
        self.send_one(files)

    def test_the_same_serial_to_another_receiver_is_another_bundle(self):
        serial = next_serial()
        one = self.send_one(with_serial(sample(CARE, [VISIT], ["schedule"]), serial))
        two = self.send_one(with_serial(sample(CARE, [DAY], ["schedule"]), serial))
        self.assertNotEqual(one, two)


class Mailbox(GatewayTest):
    def test_the_inbox_pages_by_cursor_without_gap_or_repeat(self):
        sent = [self.send_one(schedule(DAY)) for _ in range(7)]
        seen, after = [], ""
        while True:
            page = self.expect(self.as_office(DAY).get(f"/v1/inbox?state=all&limit=3{after}"), 200).json()
            self.assertLessEqual(len(page["bundles"]), 3)
            seen += [bundle["id"] for bundle in page["bundles"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        self.assertEqual(seen, sent)
        self.assertEqual([bundle["id"] for bundle in self.as_office(DAY).get(
            f"/v1/inbox?state=all&after={page['cursor']}").json()["bundles"]], [])

    def test_a_senders_bundles_come_in_serial_order(self):
        serials = [next_serial() for _ in range(4)]
        for serial in reversed(serials):
            self.send_one(with_serial(sample(CARE, [NURSE], ["schedule"]), serial))
        page = self.as_office(NURSE).get("/v1/inbox").json()
        self.assertEqual([bundle["serial"] for bundle in page["bundles"]], serials)

    def test_a_long_poll_answers_when_a_bundle_arrives(self):
        cursor = self.as_office(VISIT).get("/v1/inbox?limit=1000").json()["cursor"]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            started = time.monotonic()
            waiting = pool.submit(lambda: self.gateway.client(VISIT).get(f"/v1/inbox?wait=60&after={cursor}"))
            while "cpgw_waiting 1" not in self.gateway.ops("/metrics").body.decode():
                self.assertLess(time.monotonic() - started, 30)
            bundle = self.send_one()
            page = self.expect(waiting.result(timeout=60), 200).json()
        self.assertEqual([found["id"] for found in page["bundles"]], [bundle])
        self.assertLess(time.monotonic() - started, 50)

    def test_a_long_poll_without_news_ends_empty_after_its_time(self):
        started = time.monotonic()
        page = self.expect(self.as_office(THIRD).get("/v1/inbox?wait=1"), 200).json()
        self.assertEqual(page["bundles"], [])
        self.assertGreaterEqual(time.monotonic() - started, 0.9)

    def test_states_filter_inbox_and_outbox(self):
        bundle = self.send_one()
        self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content")
        self.assertNotIn(bundle, self.inbox_ids(VISIT, "new"))
        self.assertIn(bundle, self.inbox_ids(VISIT, "fetched"))
        outbox = self.as_office(CARE).get("/v1/outbox?state=fetched&month=202511&limit=1000").json()["bundles"]
        self.assertIn(bundle, [found["id"] for found in outbox])
        self.assertEqual(self.as_office(CARE).get("/v1/outbox?month=202401").json()["bundles"], [])

    def test_unreadable_parameters_are_refused(self):
        for query in ("state=neu", "limit=0", "limit=1001", "limit=x", "after=x", "wait=61", "wait=-1", "month=202513",
                      "office=1"):
            with self.subTest(query):
                self.problem(self.as_office(VISIT).get(f"/v1/inbox?{query}"), 400, "malformed")
        self.problem(self.as_office(VISIT).get(f"/v1/inbox?office={DAY.number}"), 403, "forbidden")


class Steps(GatewayTest):
    def test_a_bundle_is_recalled_while_it_is_not_fetched(self):
        bundle = self.send_one()
        self.expect(self.as_office(CARE).post(f"/v1/bundles/{bundle}/recall"), 200)
        self.assertEqual(self.state(bundle), "recalled")
        self.problem(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 404, "not-found")
        self.assertNotIn(bundle, self.inbox_ids(VISIT))
        self.problem(self.as_office(CARE).post(f"/v1/bundles/{bundle}/recall"), 409, "conflict")

    def test_a_fetched_bundle_is_not_recalled(self):
        bundle = self.send_one()
        self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content")
        self.problem(self.as_office(CARE).post(f"/v1/bundles/{bundle}/recall"), 409, "conflict")
        self.assertEqual(self.state(bundle), "fetched")

    def test_only_the_sender_recalls_and_only_the_receiver_acknowledges(self):
        bundle = self.send_one()
        self.problem(self.as_office(VISIT).post(f"/v1/bundles/{bundle}/recall"), 403, "forbidden")
        self.problem(self.as_office(CARE).ack(bundle), 403, "forbidden")
        self.assertEqual(self.state(bundle), "accepted")

    def test_nothing_is_acknowledged_before_it_is_fetched(self):
        bundle = self.send_one()
        self.problem(self.as_office(VISIT).ack(bundle), 409, "conflict")

    def test_a_failed_import_may_succeed_later_but_nothing_goes_back(self):
        bundle = self.send_one()
        self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content")
        self.expect(self.as_office(VISIT).ack(bundle, "import_failed", "被保険者が未登録です"), 200)
        self.expect(self.as_office(VISIT).ack(bundle, "imported"), 200)
        self.problem(self.as_office(VISIT).ack(bundle, "import_failed"), 409, "conflict")
        self.assertEqual(self.state(bundle), "imported")
        receipts = self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]
        self.assertEqual([receipt["step"] for receipt in receipts], ["accepted", "fetched", "import_failed", "imported"])

    def test_unreadable_acknowledgements_are_refused(self):
        bundle = self.send_one()
        self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content")
        for body in (b"", b"{", b"[]", b'{"state":"done"}', b'{"state":1}', b'{"state":"imported","note":1}',
                     b'{"state":"imported","note":"' + b"x" * 2001 + b'"}', b"[" * 10000):
            with self.subTest(body[:40]):
                answer = self.as_office(VISIT).post(f"/v1/bundles/{bundle}/ack", body, "application/json")
                self.problem(answer, 400, "malformed")
        self.assertEqual(self.state(bundle), "fetched")

    def test_a_second_look_at_the_content_is_not_a_second_step(self):
        bundle = self.send_one()
        for _ in range(3):
            self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content"), 200)
        self.expect(self.as_office(CARE).get(f"/v1/bundles/{bundle}/content"), 200)
        receipts = self.as_office(CARE).get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]
        self.assertEqual([receipt["step"] for receipt in receipts], ["accepted", "fetched"])

    def test_the_senders_look_is_not_a_fetch(self):
        bundle = self.send_one()
        self.expect(self.as_office(CARE).get(f"/v1/bundles/{bundle}/content"), 200)
        self.assertEqual(self.state(bundle), "accepted")


class Superseding(GatewayTest):
    def test_a_newer_bundle_of_the_same_users_and_month_supersedes(self):
        files = sample(CARE, [VISIT], ["schedule"], users=2)
        old = self.send_one(with_serial(files))
        new = self.send_one(with_serial(files))
        found = self.as_office(CARE).get(f"/v1/bundles/{old}").json()
        self.assertEqual((found["state"], found["superseded_by"]), ("superseded", new))
        self.assertEqual(self.state(new), "accepted")
        self.assertEqual(self.inbox_ids(VISIT, "new"), [new])

    def test_other_users_or_another_month_supersede_nothing(self):
        one = self.send_one(schedule(DAY, seed=901))
        self.send_one(schedule(DAY, seed=902))
        self.send_one(schedule(DAY, seed=901, month="202512"))
        self.assertEqual(self.state(one), "accepted")

    def test_a_deletion_file_ends_the_bundle_it_names(self):
        files = sample(CARE, [NURSE], ["schedule"], seed=903)
        bundle = self.send_one(with_serial(files))
        deletion = self.send_one(with_serial(self.delete_file(files)))
        self.assertEqual(self.state(bundle), "superseded")
        self.assertIn(deletion, self.inbox_ids(NURSE, "new"))
        # nothing is destroyed: sender and receiver still see it, with its receipt
        self.expect(self.as_office(NURSE).get(f"/v1/bundles/{bundle}/content"), 200)

    def test_a_deletion_of_something_never_sent_is_a_warning(self):
        files = sample(CARE, [THIRD], ["schedule"], seed=904)
        answer = self.as_office(CARE).send(with_serial(self.delete_file(files)))
        self.accepted(answer)
        self.assertIn("R-SEQ-02", [finding["rule"] for finding in answer.json()["bundles"][0]["report"]["findings"]])

    @staticmethod
    def delete_file(files):
        """DLTPLAN for every user of a schedule bundle: version, insurer, insured, month (columns 1 to 4)."""
        name = next(name for name in files if name.startswith("UPPLAN_"))
        rows = sorted({tuple(line.split(b",")[:3]) for line in files[name].split(b"\r\n") if line})
        month = name.split("_")[1].encode()
        return {name.replace("UPPLAN_", "DLTPLAN_"): b"".join(b",".join((*row, month)) + b"\r\n" for row in rows)}


if __name__ == "__main__":
    main()
