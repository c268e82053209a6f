#!/usr/bin/env python3
"""Papers on the same road as the data: told by their content, sealed, delivered byte for byte, with a receipt."""
import hashlib

from harness import CARE, DAY, JPEG, PNG, VISIT, GatewayTest, actual, main, next_serial, pdf, read_zip, serial_of

COVER = {"to": {"office": CARE.number, "service_type": "43"}, "month": "202511", "title": "モニタリング報告"}


class Papers(GatewayTest):
    def send(self, papers, cover=COVER, files=None):
        return self.as_office(VISIT).send(files or {}, papers=papers, cover=cover)

    def test_every_kind_of_paper_arrives_byte_for_byte(self):
        papers = [("報告書.pdf", pdf()), ("写真.jpg", JPEG), ("図.png", PNG)]
        bundle = self.accepted(self.send(papers))[0]
        content = self.expect(self.as_office(CARE).get(f"/v1/bundles/{bundle}/content"), 200)
        self.assertEqual(read_zip(content.body), dict(papers))
        found = self.as_office(CARE).get(f"/v1/bundles/{bundle}").json()
        self.assertEqual((found["kind"], found["month"], found["title"]), ("papers", "202511", COVER["title"]))
        self.assertEqual({(file["type"], file["sha256"]) for file in found["file_list"]},
                         {(kind, hashlib.sha256(data).hexdigest())
                          for kind, (_, data) in zip(("PDF", "JPEG", "PNG"), papers)})

    def test_papers_travel_with_the_bundle_of_their_serial(self):
        files = actual()
        cover = COVER | {"serial": serial_of(next(iter(files)))}
        answer = self.send([("report.pdf", pdf())], cover, files)
        self.assertEqual(len(self.accepted(answer)), 1)
        bundle = answer.json()["bundles"][0]
        self.assertEqual(bundle["report"]["kind"], "actual")
        content = self.as_office(CARE).get(f"/v1/bundles/{bundle['id']}/content").body
        self.assertEqual(read_zip(content), files | {"report.pdf": pdf()})

    def test_a_serial_of_no_bundle_in_the_request(self):
        answer = self.send([("report.pdf", pdf())], COVER | {"serial": next_serial()})
        self.rejected(answer, "R-PAPER-04")

    def test_papers_to_several_at_once_are_several_bundles(self):
        one = self.accepted(self.send([("a.pdf", pdf("one"))]))[0]
        two = self.accepted(self.send([("a.pdf", pdf("one"))]))[0]
        self.assertNotEqual(one, two)

    def rejected_paper(self, name, data, rule):
        bundles = self.rejected(self.send([(name, data)]), rule)
        self.assertEqual([bundle["verdict"] for bundle in bundles], ["rejected"])
        self.assertNotIn(bundles[0]["id"], self.inbox_ids(CARE))

    def test_a_name_that_lies_about_its_content(self):
        for name, data in (("a.pdf", JPEG), ("a.jpg", PNG), ("a.png", pdf()), ("a.pdf", b"%PDX-1.4 not a PDF"),
                           ("a.pdf", b""), ("a.pdf", b"MZ" + b"\0" * 500), ("a.pdf", b"<html>")):
            with self.subTest(name):
                self.rejected_paper(name, data, "R-PAPER-01")

    def test_kinds_that_are_not_taken(self):
        for name, data in (("a.docx", b"PK\x03\x04" + b"\0" * 100), ("a.exe", b"MZ"), ("a", pdf()), ("a.svg", b"<svg/>"),
                           ("a.txt", b"text")):
            with self.subTest(name):
                self.rejected_paper(name, data, "R-PAPER-01")

    def test_an_encrypted_pdf(self):
        encrypted = pdf().replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 9 0 R")
        self.rejected_paper("a.pdf", encrypted, "R-PAPER-02")

    def test_a_pdf_that_runs_something(self):
        for text in (b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>", b"/OpenAction<</S/#4aavaScript/JS(x)>>",
                     b"/AA<</O<</S/Launch/F(cmd.exe)>>>>", b"/Names<</EmbeddedFiles<</Names[]>>>>"):
            with self.subTest(text):
                self.rejected_paper("a.pdf", pdf(extra=text), "R-PAPER-03")

    def test_names_that_are_not_flat(self):
        for name in ("../a.pdf", "a/b.pdf", "..\\a.pdf"):
            with self.subTest(name):
                self.rejected_paper(name, pdf(), "R-PAPER-05")

    def test_too_many_and_too_large(self):
        self.rejected(self.send([(f"{number}.pdf", pdf()) for number in range(51)]), "R-PAPER-06")
        self.rejected(self.send([("a.pdf", pdf() + b"\n" * (21 << 20))]), "R-PAPER-06")

    def test_covers_that_cannot_be_read(self):
        for cover in ({}, [], COVER | {"month": "202513"}, COVER | {"to": {"office": "1"}}, COVER | {"title": 1},
                      COVER | {"title": "x" * 201}, COVER | {"serial": "1"}):
            with self.subTest(cover):
                self.rejected(self.send([("a.pdf", pdf())], cover), "R-PAPER-04")

    def test_papers_without_a_cover_and_a_cover_without_papers(self):
        self.rejected(self.send([("a.pdf", pdf())], None), "R-PAPER-04")
        answer = self.as_office(VISIT).send(actual(), cover=COVER)
        self.assertIn("R-PAPER-04", [finding["rule"] for finding in answer.json()["findings"]])

    def test_an_unknown_receiver(self):
        cover = COVER | {"to": {"office": "0379999999", "service_type": "43"}}
        self.problem(self.send([("a.pdf", pdf())], cover), 422, "unknown-receiver")

    def test_a_third_office_sees_no_paper(self):
        bundle = self.accepted(self.send([("a.pdf", pdf())]))[0]
        self.problem(self.as_office(DAY).get(f"/v1/bundles/{bundle}/files/a.pdf"), 404, "not-found")


if __name__ == "__main__":
    main()
