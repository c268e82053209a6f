#!/usr/bin/env python3
"""The second verifier, deploy/verify: it must come to the exit code of `cpgw verify` whatever it is given."""
import base64
import collections
import importlib.util
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from evidence_cases import Cases, sha256
from harness import ROOT, cpgw, main, run

SCRIPT = ROOT / "deploy" / "verify" / "verify_receipt.py"
SEED = int(os.environ.get("CPGW_SEED", "20261123"))
CODES = {"proven": 0, "tampered": 1, "malformed": 2, "unknown_key": 3, "certificate": 4}
DAMAGED_RECEIPTS = 2300
DAMAGED_FOLDERS = 500


def load_script():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("verify_receipt", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Agreement(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-verifier-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "keys").mkdir()
        self.cases = Cases(self.folder / "keys", SEED)
        self.paths = []
        print("seed", SEED)

    def put(self, data):
        path = self.folder / f"{len(self.paths):05}.receipt.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.paths.append(path)

    def by_cpgw(self):
        codes = {}
        keys = [word for key in self.cases.trusted for word in ("--trusted-key", key)]
        for start in range(0, len(self.paths), 1000):
            answer = cpgw("verify", *keys, "--format", "json", *self.paths[start:start + 1000], check=False)
            found = [CODES[path["result"]] for path in json.loads(answer.stdout)["paths"]]
            self.assertEqual(answer.returncode, min((code for code in found if code), default=0))
            codes.update(zip(self.paths[start:], found))
        return codes

    def by_script(self):
        script = load_script()
        keys = dict(map(script.parse_key, self.cases.trusted))
        return {path: min((code for _, code, _, _ in script.judge(path, keys) if code), default=0) for path in self.paths}

    def agree(self):
        """Both verifiers' codes of all paths, which must be the same; how often each code came."""
        ours, script = self.by_cpgw(), self.by_script()
        differences = [f"{path.name}: cpgw {ours[path]}, verify_receipt.py {script[path]}" for path in self.paths
                       if ours[path] != script[path]]
        if differences:
            kept = self.folder.with_name(self.folder.name + "-differs")
            shutil.copytree(self.folder, kept)
            self.fail(f"{len(differences)} differences, kept in {kept}:\n" + "\n".join(differences[:20]))
        print(len(self.paths), "cases", dict(collections.Counter(ours.values())))
        return ours

    def test_receipts(self):
        good = self.cases.good(120)
        for text, _, _ in good:
            self.put(text)
        sound = len(self.paths)
        for text in self.cases.signed_but_wrong_leaves(450) + self.cases.notes():
            self.put(text)
        for _ in range(DAMAGED_RECEIPTS):
            self.put(self.cases.damaged(self.cases.random.choice(good)[0]))
        for data in (b"", b"\n", b"c2sp.org/tlog-proof@v1\n", b"x" * (1024 * 1024 + 1), bytes(range(256)) * 10):
            self.put(data)
        codes = self.agree()
        self.assertEqual({codes[path] for path in self.paths[:sound]}, {0})
        self.assertEqual(set(codes.values()), {0, 1, 2, 3})

    def folder_of(self, count, kinds=("submit", "fetch", "ack"), **values):
        """A folder as `cpgw fetch` writes it; {relative path: bytes}."""
        files = self.cases.files(count)
        salts = [self.cases.bytes(32) for _ in files]
        items = [(self.cases.leaf(*((files, salts) if kind != "ack" else ((), ())), type=kind, details="", **values),
                  salts if kind != "ack" else []) for kind in kinds]
        texts = self.cases.receipts(items)
        content = {name: data for name, data in files}
        return content | {f"receipts/{number}-{kind}.receipt.txt": text.encode()
                          for number, (kind, text) in enumerate(zip(kinds, texts))}

    def signed_folder(self, count):
        """With a signature file beside each file; a leaf has the digest over their digests, by the signed files' names. Of
        a refusal, so that what the signatures are worth is not asked."""
        files = sorted((f"A{'.B' * number}", self.cases.bytes(9)) for number in range(count))
        p7s = {name + ".p7s": self.cases.bytes(20) for name, _ in files}
        salts = [self.cases.bytes(32) for _ in files]
        cms = "sha256:" + sha256(*(sha256(p7s[name + ".p7s"]) for name, _ in files)).hex()
        text = self.cases.receipts([(self.cases.leaf(files, salts, type="reject", details="", cms=cms), salts)])[0]
        return dict(files) | p7s | {"receipts/1.receipt.txt": text.encode()}

    def put_folder(self, content):
        path = self.folder / f"f{len(self.paths):05}"
        path.mkdir()
        for name, data in content.items():
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_bytes(data)
        self.paths.append(path)

    def damaged_folder(self, content, foreign):
        """One thing done to a folder."""
        pick, content = self.cases.random.choice, dict(content)
        name, other = pick(list(content)), pick(list(foreign))
        way = pick(("bytes", "bytes", "missing", "foreign", "rename", "hidden", "swap", "folder", "p7s", "no receipts", "odd receipt"))
        if way == "bytes":
            content[name] = self.cases.damage(content[name]) if content[name] else b"x"
        elif way == "missing":
            del content[name]
        elif way == "foreign":
            content[other] = foreign[other]
        elif way == "rename":
            content[pick(("A.CSV", "renamed.receipt.txt", "receipts/b.txt", "見本.CSV", ".hidden"))] = content.pop(name)
        elif way == "hidden":
            content[pick((".x", "receipts/.x.receipt.txt", "receipts/readme.txt"))] = b"anything"
        elif way == "swap":
            third = pick(list(content))
            content[name], content[third] = content[third], content[name]
        elif way == "folder":
            content[pick(("sub/x", "receipts/x.receipt.txt"))] = b"x"
        elif way == "p7s":
            content[name + ".p7s"] = b"a signature"
        elif way == "no receipts":
            content = {one: data for one, data in content.items() if "/" not in one} | pick(({}, {"receipts": b"x"}))
        else:
            content[f"receipts/{pick(('a', 'z'))}.receipt.txt"] = self.cases.damage(content[pick(list(content))] or b"x")
        return content

    def test_folders(self):
        counts = (0, 1, 2, 3, 24, 25, 30)
        kinds = (("submit",), ("submit", "fetch"), ("submit", "fetch", "ack"), ("reject",))
        good = [self.folder_of(count, some) for count in counts for some in kinds]
        for content in good:
            self.put_folder(content)
        sound = len(self.paths)
        for some in (("fetch",), ("ack",), ("submit", "admin"), ("fetch", "submit")):
            self.put_folder(self.folder_of(2, some))
        for count in (1, 3, 30):
            self.put_folder(self.signed_folder(count))
        signed = self.paths[-3:]
        for _ in range(DAMAGED_FOLDERS):
            self.put_folder(self.damaged_folder(self.cases.random.choice(good), self.cases.random.choice(good)))
        self.paths += [self.folder / "absent", self.folder / "keys"]
        codes = self.agree()
        self.assertEqual({codes[path] for path in self.paths[:sound]}, {0})
        self.assertEqual({codes[path] for path in signed}, {0})
        self.assertEqual(set(codes.values()), {0, 1, 2, 3})

    def test_the_exit_codes_are_those_of_the_processes(self):
        good = self.cases.good(1)[0][0]
        lost = self.cases.receipts([(self.cases.leaf(), [])], [self.cases.stranger])[0]
        keys = [word for key in self.cases.trusted for word in ("--trusted-key", key)]
        for text, code in ((good, 0), (good.replace("index 3", "index 2"), 1), ("", 2), (lost, 3)):
            self.put(text)
            answers = [cpgw("verify", *keys, self.paths[-1], check=False),
                       run(sys.executable, SCRIPT, *keys, self.paths[-1], check=False)]
            self.assertEqual([answer.returncode for answer in answers], [code, code], answers)
        answer = run(sys.executable, SCRIPT, *keys, *self.paths, check=False)
        self.assertEqual(answer.returncode, 1, answer)


class Recipe(unittest.TestCase):
    """The commands of deploy/verify/README.md, as they stand there."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-recipe-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.cases = Cases(self.folder, SEED)
        self.recipe = "\n".join(re.findall(r"^```sh\n(.*?)^```$", SCRIPT.with_name("README.md").read_text(), re.M | re.S))
        self.assertEqual(self.recipe.count("OK"), 2)

    def follow(self, receipt, data, number=1, vkey=None):
        """The exit code of the recipe, and what it says."""
        (self.folder / "receipt").write_text(receipt)
        (self.folder / "data").write_bytes(data)
        answer = run("bash", "-c", "set -u\n" + self.recipe, check=False, cwd=self.folder, env=os.environ | {
            "receipt": "receipt", "file": "data", "n": str(number), "vkey": vkey or self.cases.key.vkey})
        return answer.returncode, answer.stdout.decode()

    def bundle(self):
        files = self.cases.files(3)
        salts = [self.cases.bytes(32) for _ in files]
        return self.cases.receipts([(self.cases.leaf(files, salts, type="submit", to="0370100025"), salts)])[0], files

    def test_a_genuine_receipt(self):
        for _ in range(8):  # trees of several sizes
            receipt, files = self.bundle()
            for number, (_, data) in enumerate(files, 1):
                code, words = self.follow(receipt, data, number)
                self.assertEqual(code, 0, words)
                for word in ("type submit", "to 0370100025", "file: OK", "log: OK", "Signature Verified Successfully"):
                    self.assertIn(word, words)

    def test_what_is_not_genuine(self):
        receipt, files = self.bundle()
        data = files[0][1]
        extra = receipt.split("\n")[1]
        changed = base64.b64encode(base64.b64decode(extra[6:]).replace(b"0370100025", b"0370100033")).decode()
        note = receipt.index("\n\n")
        root = receipt.split("\n\n")[1].split("\n")[2]
        for wrong, words in (
                ((receipt, data + b"x"), "file: CHANGED"), ((receipt, files[1][1]), "file: CHANGED"),
                ((receipt.replace(extra[6:], changed), data), "log: NOT IN IT"),
                ((receipt[:note].replace("index 3", "index 1") + receipt[note:], data), "log: NOT IN IT"),
                ((receipt.replace(root, base64.b64encode(bytes(32)).decode()), data), "log: NOT IN IT"),
                ((receipt, data, 1, self.cases.imposter.vkey), "key: NOT SIGNED BY IT"),
                ((receipt, data, 1, self.cases.other.vkey), "key: OF ANOTHER LOG"),
                ((receipt.replace(f"— {self.cases.key.name} ", "— someone "), data), "key: NOT SIGNED BY IT"),
                ((receipt[:note + 2] + receipt[note + 2:].replace("\n\n", "\nadded\n\n"), data), "key: NOT SIGNED BY IT")):
            with self.subTest(words):
                code, said = self.follow(*wrong)
                self.assertEqual((code, words in said), (1, True), said)


class Script(unittest.TestCase):
    def test_it_is_short_and_needs_nothing_but_the_standard_library(self):
        text = SCRIPT.read_text()
        self.assertLessEqual(len(text.splitlines()), 200)
        imported = set(re.findall(r"\w+", " ".join(re.findall(r"^import (.*)$", text, re.M))))
        self.assertTrue(imported and imported <= sys.stdlib_module_names, imported)

    def test_without_openssl_it_proves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            cases = Cases(folder, SEED)
            path = pathlib.Path(folder) / "good.receipt.txt"
            path.write_text(cases.receipts([(cases.leaf(), [])])[0])
            answer = run(sys.executable, SCRIPT, "--trusted-key", cases.key.vkey, path, check=False, env={"PATH": folder})
            self.assertEqual(answer.returncode, 2)


if __name__ == "__main__":
    main()
