"""Receipts and bundle folders for tests of verifiers, good ones and damaged ones, out of a seed.

A log in memory, written from gateway/audit/README.md alone: neither verifier's code is used. Keys are made at run time
with the openssl command, which also signs."""
import base64
import copy
import functools
import hashlib
import pathlib
import random
import subprocess
import tempfile

ORIGIN = "gateway.example/cpgw/2026"
TYPES = ("submit", "reject", "fetch", "ack", "recall", "unclaimed", "access", "admin", "key", "erase", "tsa", "start", "stop",
         "shard-close")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def base64_of(data):
    return base64.b64encode(data).decode()


class Key:
    """An Ed25519 key with a name; algorithm 1 signs notes, 4 cosigns as a witness."""

    def __init__(self, folder, name, algorithm=1):
        self.name, self.algorithm = name, algorithm
        self.secret = pathlib.Path(folder) / f"{sha256(name.encode(), bytes([algorithm])).hex()[:16]}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(self.secret)], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", str(self.secret), "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout[-32:]
        self.typed = bytes([algorithm]) + public
        self.id = sha256(name.encode(), b"\n", self.typed)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64_of(self.typed)}"

    @functools.lru_cache(maxsize=None)
    def sign(self, message):
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(self.secret), "-in", file.name],
                                  check=True, capture_output=True).stdout

    def renamed(self, name):
        """The same key under another name."""
        other = copy.copy(self)
        other.name, other.id = name, sha256(name.encode(), b"\n", self.typed)[:4]
        other.vkey = f"{name}+{other.id.hex()}+{base64_of(self.typed)}"
        return other

    def line(self, text, time=1_790_000_000):
        """The signature line under a note."""
        if self.algorithm == 1:
            return self.line_of(self.sign(text.encode()))
        return self.line_of(time.to_bytes(8, "big") + self.sign(f"cosignature/v1\ntime {time}\n{text}".encode()))

    def line_of(self, signature):
        return f"— {self.name} {base64_of(self.id + signature)}\n"


class Tree:
    """RFC 6962 over leaves that are all known: as plain as can be."""

    def __init__(self, leaves):
        self.nodes = [sha256(b"\0", leaf) for leaf in leaves]

    def root(self, begin, end):
        return self._root(begin, end)

    @functools.lru_cache(maxsize=None)
    def _root(self, begin, end):
        if end - begin == 1:
            return self.nodes[begin]
        middle = begin + self._split(end - begin)
        return sha256(b"\1", self._root(begin, middle), self._root(middle, end))

    @staticmethod
    def _split(count):
        return 1 << ((count - 1).bit_length() - 1)

    def path(self, index, begin, end):
        if end - begin == 1:
            return []
        middle = begin + self._split(end - begin)
        if index < middle:
            return self.path(index, begin, middle) + [self._root(middle, end)]
        return self.path(index, middle, end) + [self._root(begin, middle)]


def commitment(salt, data):
    return sha256(b"cpgw-commit/v1\n", salt, sha256(data))


def leaf_of(entry_type, files=(), salts=(), **values):
    """The leaf's text; `files` are (name, bytes), in the order of their names."""
    sums = [commitment(salt, data) for salt, (_, data) in zip(salts, files)]
    known = {"time": "2026-11-22T09:30:00.123Z", "bundle": "019a0000-0000-7000-8000-000000000001", "sender": "0370100017",
             "cert": "sha256:" + sha256(b"a certificate").hex(), "to": "0370100025", "edition": "4.1", "kind": "schedule",
             "month": "202612", "result": "accepted" if entry_type == "submit" else "-", "event": "event SubmissionAcceptance\n",
             "rules": "sha256:" + sha256(b"a catalog").hex(), "cms": "none", "details": "", "adapter": ""} | values
    lines = "".join(f"file {number} UPPLAN {len(data)} sha256c:{base64_of(one)}\n"
                    for number, ((_, data), one) in enumerate(zip(files[:24], sums), 1))
    if len(files) > 24:
        known["details"] += f"files-digest sha256:{sha256(*sums).hex()}\n"
    return (f"cpgw-entry/v1\ntype {entry_type}\ntime {known['time']}\nbundle {known['bundle']}\n"
            f"from {known['sender']} cert {known['cert']}\nto {known['to']}\n"
            f"spec {known['edition']} kind {known['kind']} month {known['month']}\n{lines}result {known['result']}\n"
            f"{known['event']}rules {known['rules']}\nsig cms {known['cms']}\n{known['details']}{known['adapter']}")


def adapter_line(dialect="sample-soft", version=3, fills=12, lookups=0, report="sha256:" + "0a" * 32):
    return f"adapter {dialect}@{version} fills {fills} lookups {lookups} report {report}\n"


def extra_of(leaf, salts):
    return leaf + "\n" + "".join(f"salt {number} {base64_of(salt)}\n" for number, salt in enumerate(salts, 1))


def receipt_of(extra, index, path, note):
    """`extra` is text or bytes, `note` the signed checkpoint."""
    data = extra if isinstance(extra, bytes) else extra.encode()
    return (f"c2sp.org/tlog-proof@v1\nextra {base64_of(data)}\nindex {index}\n"
            + "".join(base64_of(node) + "\n" for node in path) + "\n" + note)


def checkpoint(size, root, origin=ORIGIN, extensions=""):
    return f"{origin}\n{size}\n{base64_of(root)}\n{extensions}"


class Cases:
    """Everything for one seed. `trusted` are the keys a verifier is told."""

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.key, self.other = Key(folder, ORIGIN), Key(folder, "elsewhere.example/cpgw/2026")
        self.imposter = Key(pathlib.Path(tempfile.mkdtemp(dir=folder)), ORIGIN)
        self.witness, self.stranger = Key(folder, "witness.example/w1", 4), Key(folder, "witness.example/w2", 4)
        self.namesake = Key(folder, ORIGIN, 4)
        self.trusted = [self.key.vkey, self.other.vkey, self.witness.vkey, self.namesake.vkey]
        self.shared = [self.key, self.witness]

    def bytes(self, count):
        return self.random.randbytes(count)

    def files(self, count):
        return sorted((f"UPPLAN_{self.random.randrange(10**6):06}_{number}.CSV", self.bytes(self.random.randrange(60)))
                      for number in range(count))

    def leaf(self, files=(), salts=(), **values):
        """A good one; what is given stays, the rest is any of what the form allows."""
        pick = self.random.choice
        chosen = {"time": pick(("2026-11-22T09:30:00.123Z", "2024-02-29T23:59:59.999Z")),
                  "sender": pick(("0370100017", "-", "03A0100017")), "cert": pick(("-", "sha256:" + self.bytes(32).hex())),
                  "to": pick(("0370100025", "-")), "edition": pick(("4.1", "3", "-")), "kind": pick(("schedule", "-", "a.b_c-d")),
                  "month": pick(("202612", "-", "190001", "299912")),
                  "result": pick(("accepted", "-", "rejected R-SEQ-01,R-X-2", "rejected -", "import_failed")),
                  "event": pick(("", "event ContentHandover\n")), "rules": pick(("-", "sha256:" + self.bytes(32).hex())),
                  "details": pick(("", "reason any thing\n", "a 1\nb  two\n"))}
        entry_type = values.pop("type", None) or pick(TYPES)
        if entry_type in ("submit", "reject"):
            chosen["adapter"] = pick(("", adapter_line(dialect=pick("a0") + "-" * pick(range(40)), fills=pick((0, 12, 999999999)))))
        return leaf_of(entry_type, files, salts, **(chosen | values))

    def receipts(self, items, signers=None, note=None):
        """Receipts of (leaf, salts) in one tree among other leaves, under one checkpoint."""
        leaves = [leaf if isinstance(leaf, bytes) else leaf.encode() for leaf, _ in items]
        tree = Tree([b"an earlier leaf"] * 3 + leaves + [b"a later leaf"] * self.random.randrange(4))
        size = len(tree.nodes)
        text = checkpoint(size, tree.root(0, size))
        signed = note(text) if note else text + "\n" + "".join(key.line(text) for key in signers or self.shared)
        return [receipt_of(leaf + extra_of("", salts).encode(), index, tree.path(index, 0, size), signed)
                for index, (leaf, (_, salts)) in enumerate(zip(leaves, items), 3)]

    # -- receipts ---------------------------------------------------------------------------------------------------

    def good(self, count):
        """(receipt, leaf, files) of leaves of every form."""
        items = []
        for _ in range(count):
            files = self.files(self.random.choice((0, 1, 2, 3, 24, 25, 40)))
            salts = [self.bytes(32) for _ in files]
            items.append((self.leaf(files, salts), salts if self.random.random() < 0.9 else [], files))
        return [(text, leaf, files) for text, (leaf, _, files) in
                zip(self.receipts([(leaf, salts) for leaf, salts, _ in items]), items)]

    def signed_but_wrong_leaves(self, count):
        """The log's own key signed what it never should have: only the leaf's form is wrong, if at all."""
        leaves = []
        for _ in range(count):
            files = self.files(self.random.choice((0, 1, 2)))
            salts = [self.bytes(32) for _ in files]
            leaf = self.damage(self.leaf(files, salts).encode())
            if b"\n\n" not in leaf and leaf.endswith(b"\n"):
                leaves.append((leaf, self.random.choice((salts, salts[1:], salts + [self.bytes(32)], []))))
        values = ({"time": "2026-02-29T09:30:00.123Z"}, {"time": "0000-02-29T00:00:00.000Z"}, {"time": "2026-11-22T24:00:00.000Z"},
                  {"time": "2026-11-22T23:59:60.000Z"}, {"sender": "03I0100017"}, {"sender": "037010001"}, {"month": "202613"},
                  {"month": "189912"}, {"month": "300001"}, {"bundle": "-"}, {"bundle": "019A0000-0000-7000-8000-000000000001"},
                  {"result": "-,"}, {"result": "a -,b"}, {"result": "a b,-"}, {"result": "a  b"}, {"result": "- b"}, {"result": "a -"},
                  {"result": "a b,c-"}, {"result": "a b,,c"}, {"event": "event -\n"}, {"event": "event \n"}, {"kind": "x" * 64},
                  {"kind": "x" * 65}, {"kind": "見本"}, {"kind": "--"}, {"kind": "-a"}, {"details": "a \n"}, {"details": "- b\n"},
                  {"details": "a b\r\n"}, {"details": "a 見本\n"}, {"details": "a \x7f\n"}, {"details": "a ~\n"},
                  {"details": "a b\n" * 900}, {"details": "files-digest sha256:" + "0" * 64 + "\n"}, {"cms": "sha256:" + "A" * 64},
                  {"cms": "-"}, {"rules": "none"}, {"rules": "0" * 64}, {"cert": "sha256:" + "0" * 63}, {"edition": "４"},
                  {"type": "submits"}, {"type": "shard-close"}, {"details": "x" * 64 + " y\n"}, {"details": "x" * 65 + " y\n"})
        leaves += [(self.leaf(**value), []) for value in values]
        leaves += [(self.leaf(**{"type": "submit"} | value), []) for value in self.odd_adapter_lines()]
        one = [("A.CSV", b"a")]
        leaf, salt = self.leaf(one, [bytes(32)], details=""), bytes(32)
        for old, new in (("file 1 UPPLAN 1 ", "file 2 UPPLAN 1 "), ("file 1 UPPLAN 1 ", "file 01 UPPLAN 1 "),
                         ("UPPLAN 1 ", "UPPLAN 01 "), ("UPPLAN 1 ", f"UPPLAN {2**64} "), ("UPPLAN 1 ", f"UPPLAN {2**64 - 1} "),
                         ("file 1 UPPLAN", "file 1 -"), ("sha256c:", "sha256:"), ("= \n", "\n")):
            leaves.append((leaf.replace(old, new), [salt]))
        many = self.files(25)
        full = leaf_of("submit", many, [salt] * 25)
        leaves.append((full.replace("result ", f"file 25 UPPLAN 1 sha256c:{base64_of(salt)}\nresult "), [salt] * 25))
        leaves += [(full, [salt] * count) for count in (0, 23, 24, 25, 26)]
        return self.receipts(leaves)

    @staticmethod
    def odd_adapter_lines():
        """Almost the line of a conversion at the sender, or that line where it must not stand."""
        good = adapter_line()
        changed = [{name: text} for name, texts in {
            "dialect": ("", "-a", "A", "a_b", "a b", "a" * 41, "見本", "a@b"), "version": ("", "03", "-3", "3.1", "1000000000", " 3"),
            "fills": ("", "012", "+1", "1e3", "9" * 20), "lookups": ("", "00", "x"),
            "report": ("", "0a" * 32, "sha256:" + "0A" * 32, "sha256:" + "0a" * 31, "sha256:" + "0a" * 33, "none")}.items() for text in texts]
        lines = [adapter_line(**change) for change in changed]
        lines += [good * 2, good + "a 1\n", good[:-1] + " \n", good.replace("adapter ", "adapter  "), good.replace("adapter", "Adapter"),
                  good.replace(" fills", "; fills"), good.replace(" lookups 0", ""), good[:-1] + "\r\n", "adapter \n", "adapter x\n",
                  "adapters x\n", "adapter-x y\n", good[:-1]]
        places = [{"type": other, "adapter": good} for other in TYPES]
        return [{"adapter": line} for line in lines] + places + [{"details": good, "adapter": ""}, {"details": "a 1\n", "adapter": good}]

    def notes(self):
        """Receipts under checkpoints signed in every way."""
        leaf, salts = self.leaf(), []
        own, other, witness = self.key, self.other, self.witness
        ways = [lambda text, keys=keys: text + "\n" + "".join(key.line(text) for key in keys) for keys in (
            [own], [witness], [other], [self.imposter], [self.stranger], [own, own], [self.imposter, own], [own, other], [other, own],
            [witness, self.stranger, own], [self.namesake], [self.namesake, own], [self.stranger] * 99 + [own],
            [self.stranger] * 100 + [own], [self.imposter, witness])]
        ways += [lambda text, signature=signature: text + "\n" + signature(text) for signature in (
            lambda text: own.line(text + " "), lambda text: own.line_of(own.sign(text.encode())[:-1]),
            lambda text: own.line_of(own.sign(text.encode()) + b"x"), lambda text: own.line_of(b""),
            lambda text: own.line(text) + witness.line_of(bytes(72)), lambda text: own.line(text) + witness.line_of(bytes(8)),
            lambda text: own.line(text) + witness.line(text, 2**64 - 1), lambda text: own.line(text) + witness.line(text + "x"),
            lambda text: own.line(text) + own.line_of(bytes(64)), lambda text: self.imposter.line_of(own.sign(text.encode())),
            lambda text: own.line(text).replace("— ", "- "), lambda text: own.line(text).replace("— ", "—  "),
            lambda text: own.line(text)[:-1], lambda text: own.line(text) + "\n", lambda text: "", lambda text: "\n" + own.line(text),
            lambda text: own.line(text).replace("\n", "\r\n"), lambda text: own.line(text) + "— a+b AAAAAAAA\n",
            lambda text: own.line(text) + "— a\u3000b AAAAAAAA\n", lambda text: own.line(text) + "— 証人 AAAAAAAA\n",
            lambda text: own.line(text) + "— a\u0085b AAAAAAAA\n", lambda text: own.line(text) + "— a\u200bb AAAAAAAA\n",
            lambda text: own.line(text) + "— a AAAAAA==\n", lambda text: own.line(text) + "— a AAAAAB==\n",
            lambda text: own.line(text) + "— a AAAAAAB=\n", lambda text: own.line(text) + "— a\x7f AAAAAAAA\n")]
        receipts = [self.receipts([(leaf, salts)], note=way)[0] for way in ways]
        for change in (lambda text: text + "an extension\n", lambda text: text + "見本\n", lambda text: text + "\n",
                       lambda text: text + "tab\t\n", lambda text: text.replace(ORIGIN, "x" + ORIGIN), lambda text: "\n" + text,
                       lambda text: text.replace("=\n", "\n"), lambda text: text.replace("\n", "\n0", 1),
                       lambda text: text.replace("\n", "\n1", 1), lambda text: text.replace("\n", f"\n{2**64 - 1}x", 1),
                       lambda text: text.replace("\n", f"\n{2**64}0", 1), lambda text: text.replace("\n", "\n٣", 1),
                       lambda text: text.rsplit("\n", 2)[0] + "\n", lambda text: text + "x" * (256 * 1024) + "\n",
                       lambda text: self.other.name + text[text.index("\n"):]):
            receipts.append(self.receipts([(leaf, salts)], note=lambda text, change=change:
                                          change(text) + "\n" + own.line(change(text)))[0])
        foreign = self.receipts([(leaf, salts)], note=lambda text: text.replace(ORIGIN, other.name) + "\n" + other.line(
            text.replace(ORIGIN, other.name)))[0]
        # The log of another year is signed by the same key under its name; nothing else is trusted by that.
        host = ORIGIN.rsplit("/", 1)[0]
        for name in (f"{host}/2027", f"{host}/1999", f"{host}/2000", f"{host}/9999", f"{host}/20270", f"{host}/２０２７", f"{host}/202",
                     f"x{host}/2027", f"{host}x/2027", "gateway.example/cpgw/", "/cpgw/2027", f"{host}/cpgw/2027"):
            for signer in (own.renamed(name), self.imposter.renamed(name), witness.renamed(name)):
                receipts.append(self.receipts([(leaf, salts)], note=lambda text, name=name, signer=signer:
                                              text.replace(ORIGIN, name) + "\n" + signer.line(text.replace(ORIGIN, name)))[0])
        return receipts + [foreign]

    # -- damage -----------------------------------------------------------------------------------------------------

    def damage(self, data):
        """The bytes with one thing done to them."""
        lines = data.splitlines(keepends=True)
        at, line = self.random.randrange(max(1, len(data))), self.random.randrange(max(1, len(lines)))
        other = self.random.randrange(max(1, len(lines)))
        way = self.random.choice(("flip", "set", "cut", "drop", "insert", "swap", "double", "delete", "crlf", "unicode", "blank", "case"))
        if way == "flip":
            return data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1:]
        if way == "set":
            return data[:at] + self.random.choice((b"=", b"A", b"/", b" ", b"\n", b"\0", b"-", b"0", b"1")) + data[at + 1:]
        if way == "cut":
            return data[:at]
        if way == "drop":
            return data[:at] + data[at + 1:]
        if way == "insert":
            return data[:at] + self.random.choice((b"=", b"A", b" ", b"\n", b"\r", b"\t", b"0")) + data[at:]
        if way == "crlf":
            return data.replace(b"\n", b"\r\n", self.random.choice((1, -1)))
        if way == "unicode":
            return data[:at] + self.random.choice(("見", "\u3000", "\u2028", "\ufeff", "\x85", "é")).encode() + data[at:]
        if way == "blank":
            lines.insert(line, b"\n")
        if way == "case":
            lines[line] = lines[line].swapcase()
        if way == "swap":
            lines[line], lines[other] = lines[other], lines[line]
        if way == "double":
            lines.insert(line, lines[line])
        if way == "delete":
            del lines[line]
        return b"".join(lines)

    def damaged(self, text):
        """A receipt that was good, damaged outside or inside its base64."""
        data = text.encode()
        inside = self.random.random() < 0.3
        if not inside:
            return self.damage(data)
        head, extra, rest = data.split(b"\n", 2)
        return b"\n".join((head, b"extra " + base64.b64encode(self.damage(base64.b64decode(extra[6:]))), rest))
