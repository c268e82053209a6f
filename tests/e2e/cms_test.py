#!/usr/bin/env python3
"""Senders' detached signatures (`<name>.p7s`): made by cpgw and by openssl, judged, kept, delivered, proven."""
import json
import pathlib
import shutil
import sys
import tempfile
import time

from harness import CARE, JPEG, ROOT, VISIT, GatewayTest, OpensslPki, cpgw, main, make_zip, pdf, read_zip, run, schedule

SCRIPT = ROOT / "deploy" / "verify" / "verify_receipt.py"


def openssl_sign(folder, data, pair, *options):
    """A CAdES signature by the openssl command, DER."""
    (folder / "signed").write_bytes(data)
    return run("openssl", "cms", "-sign", "-binary", "-cades", "-in", folder / "signed", "-signer", pair[0], "-inkey", pair[1],
               "-outform", "DER", *options).stdout


def about_signatures(report):
    return [finding for finding in report["findings"] if finding["rule"].startswith("R-SIG-")]


class SignersPki(OpensslPki):
    def issue_rsa(self, name, alternative, bits=2048):
        """(certificate, key) over an RSA key."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        (self.folder / "rsa.ext").write_text(f"keyUsage=critical,digitalSignature\nsubjectAltName={alternative}\n")
        run("openssl", "req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-subj", "/CN=rsa", "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
            "-days", 5, "-extfile", self.folder / "rsa.ext", "-out", certificate)
        return certificate, key


class SignedTest(GatewayTest):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="cpgw-signers-")))
        cls.work = folder
        cls.offices = SignersPki(folder / "offices", "Signers of Offices")
        cls.accredited = SignersPki(folder / "accredited", "Accredited CA")
        cls.foreign = SignersPki(folder / "foreign", "A CA nobody listed")
        cls.trusted = folder / "signers.pem"
        shutil.copyfile(cls.offices.ca, cls.trusted)
        cls.settings = {"evidence": f"{{signers_ca: {cls.trusted}, accredited_ca: {cls.accredited.ca}}}"}
        cls.office = cls.offices.issue_office(CARE.number)
        super().setUpClass()

    def signed(self, files, pair=None, *options):
        """The files with a signature beside each."""
        return files | {name + ".p7s": openssl_sign(self.work, data, pair or self.office, *options) for name, data in files.items()}

    def send_signed(self, files):
        """(id, its JSON at the receiver's, the report) of an accepted bundle."""
        answer = self.as_office(CARE).send(files)
        bundle = self.accepted(answer)[0]
        found = self.expect(self.as_office(VISIT).get(f"/v1/bundles/{bundle}"), 200).json()
        return bundle, found, answer.json()["bundles"][0]["report"]


class Signatures(SignedTest):
    def test_an_office_signature_is_level_one_and_is_delivered_byte_for_byte(self):
        files = self.signed(schedule())
        bundle, found, report = self.send_signed(files)
        self.assertEqual(found["signature_level"], "L1")
        self.assertEqual({one["level"] for one in report["signatures"]}, {"L1"})
        self.assertEqual(about_signatures(report), [])
        row = [one for one in self.as_office(VISIT).get("/v1/inbox?state=all&limit=1000").json()["bundles"] if one["id"] == bundle]
        self.assertEqual(row[0]["signature_level"], "L1")
        self.assertEqual(read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body), files)
        name = next(name for name in files if name.endswith(".p7s"))
        self.assertEqual(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/files/{name}").body, files[name])
        self.assertIn((name, "P7S"), {(file["name"], file["type"]) for file in found["file_list"]})

    def test_accredited_is_level_two_rsa_and_pem_are_taken(self):
        rsa = self.accredited.issue_rsa("company", "DNS:company.example")
        self.assertEqual(self.send_signed(self.signed(schedule(), rsa))[1]["signature_level"], "L2")
        pem = {name: data for name, data in self.signed(schedule()).items()}
        for name in [name for name in pem if name.endswith(".p7s")]:
            (self.work / "der").write_bytes(pem[name])
            pem[name] = run("openssl", "cms", "-cmsout", "-inform", "DER", "-in", self.work / "der", "-outform", "PEM").stdout
        bundle, found, _ = self.send_signed(pem)
        self.assertEqual(found["signature_level"], "L1")
        self.assertEqual(read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body), pem)

    def test_in_a_zip_and_beside_papers(self):
        answer = self.as_office(CARE).send_zip(self.signed(schedule()))
        self.assertEqual(answer.json()["bundles"][0]["report"]["signatures"][0]["level"], "L1", answer)
        papers = [(name, data) for name, data in self.signed({"報告.pdf": pdf(), "写真.jpg": JPEG}).items()]
        cover = {"to": {"office": VISIT.number}, "month": "202511", "title": "報告"}
        bundle = self.accepted(self.as_office(CARE).send({}, papers=papers, cover=cover))[0]
        self.assertEqual(read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body), dict(papers))
        self.assertEqual(self.as_office(VISIT).get(f"/v1/bundles/{bundle}").json()["signature_level"], "L1")

    def test_an_unknown_authority_another_office_and_unsigned_files_are_level_zero(self):
        other = self.offices.issue_office(VISIT.number)
        for pair, variant in ((self.foreign.issue_office(CARE.number), "発行元"), (other, "送信元の事業所のもの")):
            _, found, report = self.send_signed(self.signed(schedule(), pair))
            self.assertEqual(found["signature_level"], "L0")
            self.assertEqual({(one["rule"], one["severity"]) for one in about_signatures(report)}, {("R-SIG-03", "warning")})
            self.assertIn(variant, about_signatures(report)[0]["message"])
        _, found, report = self.send_signed(schedule())
        self.assertEqual((found["signature_level"], "signatures" in report), ("L0", False))
        files = self.signed(schedule())
        if len(files) > 2:  # one of several files signed: the bundle as a whole is not
            files.pop(next(name for name in files if name.endswith(".p7s")))
            self.assertEqual(self.send_signed(files)[1]["signature_level"], "L0")

    def test_what_does_not_verify_is_refused(self):
        files = schedule()
        signed = self.signed(files)
        name = next(name for name in signed if name.endswith(".p7s"))
        good = signed[name]
        other = self.offices.issue_office(VISIT.number, "second")
        inside = openssl_sign(self.work, files[name[:-4]], self.office, "-nodetach")
        (self.work / "signed").write_bytes(files[name[:-4]])
        plain = run("openssl", "cms", "-sign", "-binary", "-in", self.work / "signed", "-signer", self.office[0], "-inkey",
                    self.office[1], "-outform", "DER").stdout  # no signing-certificate-v2
        sha1 = openssl_sign(self.work, files[name[:-4]], self.office, "-md", "sha1")
        two = openssl_sign(self.work, files[name[:-4]], self.office, "-signer", other[0], "-inkey", other[1])
        bare = openssl_sign(self.work, files[name[:-4]], self.office, "-nocerts")
        small = self.offices.issue_rsa("small", "URI:urn:jp-kaigo:office:" + CARE.number, 1024)
        weak = openssl_sign(self.work, files[name[:-4]], small)
        for bad in (b"", b"x", good[:-1], good + b"x", b"\0" * (64 * 1024 + 1), inside, plain, sha1, two, bare, weak,
                    openssl_sign(self.work, b"another file", self.office), good[:100] + bytes([good[100] ^ 1]) + good[101:]):
            with self.subTest(bad[:40]):
                bundles = self.rejected(self.as_office(CARE).send(files | {name: bad}), "R-SIG-01")
                self.assertEqual(bundles[0]["verdict"], "rejected")
        # A serial is not used up by a refusal.
        self.accepted(self.as_office(CARE).send(signed))

    def test_a_certificate_that_is_not_valid_now_is_refused(self):
        pair = self.offices.issue_office(CARE.number, "expired", days=-1)
        self.rejected(self.as_office(CARE).send(self.signed(schedule(), pair)), "R-SIG-02")

    def check(self, files):
        """The bundle's report of POST /v1/check."""
        return self.expect(self.as_office(CARE).post("/v1/check", make_zip(files), "application/zip"), 200).json()["bundles"][0]

    def test_a_check_judges_signatures_as_the_submission_does(self):
        signed = self.signed(schedule())
        report = self.check(signed)
        self.assertEqual((report["verdict"], {one["level"] for one in report["signatures"]}), ("accepted", {"L1"}))
        self.assertEqual(report, self.send_signed(signed)[2])
        stranger = self.check(self.signed(schedule(), self.foreign.issue_office(CARE.number)))
        self.assertEqual((stranger["verdict"], about_signatures(stranger)[0]["rule"]), ("accepted", "R-SIG-03"))
        expired = self.check(self.signed(schedule(), self.offices.issue_office(CARE.number, "past", days=-1)))
        self.assertEqual((expired["verdict"], about_signatures(expired)[0]["rule"]), ("rejected", "R-SIG-02"))
        name = next(name for name in signed if name.endswith(".p7s"))
        broken = self.check(signed | {name: b"x"})
        self.assertEqual((broken["verdict"], about_signatures(broken)[0]["rule"]), ("rejected", "R-SIG-01"))

    def test_authorities_of_signers_are_read_again_on_sighup(self):
        pair = self.foreign.issue_office(CARE.number)
        before = self.trusted.read_text()

        def reload(content, event):
            seen = self.gateway.log.read_text().count(event)
            self.trusted.write_text(content)
            self.gateway.reload()
            end = time.monotonic() + 20
            while self.gateway.log.read_text().count(event) == seen:
                self.assertLess(time.monotonic(), end, f"no {event}")
                time.sleep(0.02)

        try:
            self.assertEqual(self.send_signed(self.signed(schedule(), pair))[1]["signature_level"], "L0")
            reload(before + self.foreign.ca.read_text(), '"event":"reload.signers"')
            self.assertEqual(self.send_signed(self.signed(schedule(), pair))[1]["signature_level"], "L1")
            reload("no certificate", '"event":"reload.signers.failed"')  # what cannot be read keeps its old state
            self.assertEqual(self.send_signed(self.signed(schedule(), pair))[1]["signature_level"], "L1")
        finally:
            reload(before, '"event":"reload.signers"')
        self.assertEqual(self.send_signed(self.signed(schedule(), pair))[1]["signature_level"], "L0")

    def test_a_signature_of_nothing_is_a_stray(self):
        files = schedule()
        name = next(iter(files))
        for stray in ("other.p7s", "X" + name + ".p7s", name + ".p7s.p7s"):
            answer = self.as_office(CARE).send(files | {stray: b"x"})
            self.assertEqual([finding["rule"][:7] for finding in answer.json()["findings"]], ["R-NAME-"], answer)
            files = schedule()
            name = next(iter(files))
        cover = {"to": {"office": VISIT.number}, "month": "202511", "title": "報告"}
        papers = [("a.pdf", pdf()), ("a.pdf.p7s", b"x"), ("a.pdf.p7s.p7s", b"x")]
        self.rejected(self.as_office(CARE).send({}, papers=papers, cover=cover), "R-PAPER-01")

    def test_the_same_files_with_another_signature_are_other_bytes(self):
        files = schedule()
        first = self.accepted(self.as_office(CARE).send(files))
        self.assertEqual(self.accepted(self.as_office(CARE).send(files)), first)
        self.rejected(self.as_office(CARE).send(self.signed(files)), "R-SEQ-01")


class OnDisk(SignedTest):
    """cpgw sign, check and view, and verification of what was fetched, by cpgw and by the second verifier."""

    def test_check_and_view_say_what_signatures_are_worth(self):
        folder = self.folder / "to-check"
        folder.mkdir()
        signed = self.signed(schedule())
        for name, data in signed.items():
            (folder / name).write_bytes(data)
        trust = ("--signers-ca", self.offices.ca)

        def check(*options, code=0):
            answer = cpgw("check", "--format", "json", *options, folder, check=False)
            self.assertEqual(answer.returncode, code, answer)
            return json.loads(answer.stdout)["bundles"][0]

        alone = check()
        self.assertEqual(({one["level"] for one in alone["signatures"]}, about_signatures(alone)), ({"L0"}, []))
        self.assertEqual({one["level"] for one in check(*trust)["signatures"]}, {"L1"})
        self.assertEqual({one["level"] for one in check("--accredited-ca", self.offices.ca)["signatures"]}, {"L2"})
        self.assertEqual({one["rule"] for one in about_signatures(check("--signers-ca", self.foreign.ca))}, {"R-SIG-03"})
        self.assertIn("L1（送信元の事業所の署名）", cpgw("check", *trust, folder).stdout.decode())
        self.assertIn("電子署名の水準 L1（送信元の事業所の署名）", cpgw("view", *trust, folder).stdout.decode())
        alone = cpgw("view", folder).stdout.decode()
        self.assertIn("電子署名の水準 L0（署名者は確認していません）", alone)
        self.assertNotIn(".p7s", alone)
        name = next(name for name in signed if not name.endswith(".p7s"))
        bundle = self.accepted(self.as_office(CARE).send(signed))[0]
        self.assertIn("電子署名の水準 L1", self.as_office(CARE).get(f"/v1/bundles/{bundle}/view").body.decode())
        (folder / (name + ".p7s")).write_bytes(openssl_sign(self.work, b"another file", self.office))
        self.assertEqual(about_signatures(check(*trust, code=1))[0]["rule"], "R-SIG-01")
        self.assertIn("ファイルの内容と合いません", cpgw("view", *trust, folder).stdout.decode())

    def fetched(self, files):
        """A folder as `cpgw fetch` writes it."""
        bundle = self.accepted(self.as_office(CARE).send(files))[0]
        folder = self.folder / bundle
        (folder / "receipts").mkdir(parents=True)
        for name, data in read_zip(self.as_office(VISIT).get(f"/v1/bundles/{bundle}/content").body).items():
            (folder / name).write_bytes(data)
        for receipt in self.as_office(VISIT).get(f"/v1/bundles/{bundle}/receipts").json()["receipts"]:
            (folder / "receipts" / f"{receipt['step']}.receipt.txt").write_text(receipt["receipt"])
        return folder

    def verify(self, folder, code, signers=None):
        options = ["--trusted-key", self.gateway.vkey] + (["--signers-ca", signers] if signers else [])
        for command in ([cpgw, "verify"], [run, sys.executable, SCRIPT]):
            answer = command[0](*command[1:], *options, folder, check=False)
            self.assertEqual(answer.returncode, code, f"{command[1:]} {answer.stdout.decode()}{answer.stderr.decode()}")

    def test_signed_by_cpgw_verified_by_openssl_and_both_verifiers(self):
        rsa = self.offices.issue_rsa("office-rsa", "URI:urn:jp-kaigo:office:" + CARE.number)
        for pair in (self.office, rsa):
            folder = self.folder / pair[0].stem
            folder.mkdir()
            files = schedule()
            for name, data in files.items():
                (folder / name).write_bytes(data)
            cpgw("sign", "--cert", pair[0], "--key", pair[1], folder)
            self.assertEqual(cpgw("sign", "--cert", pair[0], "--key", pair[1], folder, check=False).returncode, 2)
            cpgw("sign", "--force", "--cert", pair[0], "--key", pair[1], *[folder / name for name in files])
            signed = {path.name: path.read_bytes() for path in folder.iterdir()}
            self.assertEqual(set(signed), set(files) | {name + ".p7s" for name in files})
            for name in files:
                run("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", folder / (name + ".p7s"),
                    "-content", folder / name, "-CAfile", self.offices.ca, "-purpose", "any", "-out", "/dev/null")
            bundle, found, _ = self.send_signed(signed)
            self.assertEqual(found["signature_level"], "L1", bundle)

    def test_sign_refuses_what_cannot_sign(self):
        (self.folder / "file").write_bytes(b"x")
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", self.folder / "ed.key")
        run("openssl", "req", "-x509", "-key", self.folder / "ed.key", "-subj", "/CN=x", "-out", self.folder / "ed.pem")
        for cert, key in ((self.folder / "ed.pem", self.folder / "ed.key"), (self.office[0], self.folder / "ed.key"),
                          (self.office[0], self.offices.folder / "ca.key"), (self.office[1], self.office[1])):
            answer = cpgw("sign", "--cert", cert, "--key", key, self.folder / "file", check=False)
            self.assertEqual(answer.returncode, 2, answer)
            self.assertFalse((self.folder / "file.p7s").exists())

    def test_what_was_fetched_verifies_and_its_damage_shows(self):
        folder = self.fetched(self.signed(schedule()))
        self.verify(folder, 0)
        self.verify(folder, 0, self.offices.ca)
        self.verify(folder, 3, self.foreign.ca)
        signature = next(folder.glob("*.p7s"))
        good = signature.read_bytes()
        signature.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        self.verify(folder, 1)
        signature.write_bytes(good)
        self.verify(folder, 0)

    def test_a_certificate_that_was_not_valid_at_acceptance_is_code_four(self):
        # A gateway that does not know the authority cannot judge the certificate (a warning); who knows it can.
        expired = self.foreign.issue_office(CARE.number, "expired", days=-1)
        folder = self.fetched(self.signed(schedule(), expired))
        self.verify(folder, 0)
        self.verify(folder, 3, self.offices.ca)
        self.verify(folder, 4, self.foreign.ca)


if __name__ == "__main__":
    main()
