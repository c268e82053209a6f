#!/usr/bin/env python3
"""Second verifier of careplan-gateway's evidence: Python 3 and the openssl command, nothing else, no network.
Written from gateway/audit/README.md, sharing no code with `cpgw verify`; both must give the same exit code:
0 proven, 1 tampered, 2 malformed, 3 unknown key or policy not met, 4 certificate not valid at that time."""
import argparse, base64, datetime, functools, hashlib, os, pathlib, re, subprocess, sys, tempfile

PROVEN, TAMPERED, MALFORMED, UNKNOWN, CERTIFICATE = range(5)  # after PROVEN in the order of gravity
HEADLINES = ("真正 PROVEN", "改ざん・不一致 TAMPERED", "形式不正 MALFORMED", "鍵が未知・条件不足 UNKNOWN KEY", "証明書が無効 CERTIFICATE")
STEPS = {"submit": "受け付けた accepted", "reject": "受付を断った refused", "fetch": "あて先が受け取った fetched",
         "ack": "取込みの報告 import reported", "recall": "取り消した recalled", "unclaimed": "未受領 not fetched in time"}
FORMS = {b"TYPE": rb"submit|reject|fetch|ack|recall|unclaimed|access|admin|key|erase|tsa|start|stop|shard-close",
         b"TIME": rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", b"HASH": rb"sha256:[0-9a-f]{64}",
         b"UUID": rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"OFFICE": rb"\d{2}[0-9A-HJ-NPR-Z]\d{7}",
         b"MONTH": rb"(?:19|2\d)\d\d(?:0[1-9]|1[0-2])", b"WORD": rb"(?!-(?![\w.-]))[\w.-]{1,64}", b"COUNT": rb"0|[1-9]\d{0,8}"}  # "-" is no word
LEAF = re.compile(re.sub(b"[A-Z]{4,}", lambda name: b"(?:" + FORMS[name[0]] + b")", rb"""cpgw-entry/v1
type (?P<type>TYPE)
time (?P<time>TIME)
bundle (?P<bundle>UUID|-)
from (?P<sender>OFFICE|-) cert (?P<cert>HASH|-)
to (?P<to>OFFICE|-)
spec (?:WORD|-) kind (?P<kind>WORD|-) month (?P<month>MONTH|-)
(?P<files>(?:file \d+ WORD (?:0|[1-9]\d*) sha256c:\S{44}\n){0,24})result (?P<result>WORD(?: (?:WORD(?:,WORD)*|-))?|-)
(?:event WORD\n)?rules (?:HASH|-)
sig cms (?P<cms>HASH|none)
(?P<details>(?:(?!adapter )WORD [ -~]+\n)*)(?P<adapter>(?:adapter [a-z0-9][a-z0-9-]{0,39}@COUNT fills COUNT lookups COUNT report HASH\n)?)"""))
RECEIPT = rb"c2sp\.org/tlog-proof@v1\nextra (.+)\nindex (0|[1-9][0-9]*)((?:\n.+){0,64})\n\n((?:.*\n)+)"
NOTE = r"((.+)\n(0|[1-9][0-9]*)\n(.+)\n(?:.+\n)*)\n((?:— [^\x00-\x1f+\s]+ \S+\n){1,100})"  # C2SP tlog-checkpoint

Failed = type("Failed", (ValueError,), {})  # (exit code, sentence, leaf when that is genuine all the same)

def need(condition, code=MALFORMED, reason="形式が正しくありません / it does not have the form", leaf=None):
    if not condition:
        raise Failed(code, reason, leaf)
    return condition

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def decode64(text, size=None):
    """Strict base64 of so many bytes. Like decode() it raises ValueError on bad form, which is malformed."""
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data) == text and size in (None, len(data)))
    return data

def openssl(command, **files):
    """Whether the command ends with 0; a word that names one of `files` becomes the path of those bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            pathlib.Path(folder, name).write_bytes(data)
        words = ["openssl"] + [f"{folder}/{word}" if word in files else word for word in command.split()]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

@functools.lru_cache(maxsize=None)
def ed25519(public_key, message, signature):
    return openssl("pkeyutl -verify -pubin -keyform DER -rawin -inkey key -in text -sigfile signature", text=message,
                   key=bytes.fromhex("302a300506032b6570032100") + public_key, signature=signature)

def parse_key(vkey):  # ((name, id), (algorithm, key)); algorithm 1 signs notes, 4 is a witness's
    name, key_id, typed = need(re.fullmatch(r"([^\x00-\x1f+\s]+)\+([0-9a-f]{8})\+(\S+)", vkey)).groups()
    typed = decode64(typed.encode(), 33)
    need(typed[0] in (1, 4) and sha256(name.encode(), b"\n", typed)[:4].hex() == key_id)
    return (name, bytes.fromhex(key_id)), (typed[0], typed[1:])

def check_signatures(text, origin, signatures, keys):
    """One by a trusted key that fails: tampered. At least one by a key whose name is the checkpoint's origin."""
    log = re.compile(r"(.+/cpgw/)[2-9][0-9]{3}").fullmatch  # a key of a gateway's log vouches for its logs of other years
    for key in [key for (name, _), (kind, key) in keys.items() if kind == 1 and log(name) and log(origin) and log(name)[1] == log(origin)[1]]:
        keys[origin, sha256(origin.encode(), b"\n\1", key)[:4]] = 1, key
    for name, data in signatures:
        algorithm, key = keys.get((name, data[:4]), (0, b""))
        seen = b"cosignature/v1\ntime %d\n" % int.from_bytes(data[4:12], "big") if algorithm == 4 else b""
        need(not algorithm or (len(data) == (76 if seen else 68) and ed25519(key, seen + text, data[-64:])), TAMPERED, "信頼する鍵の署名が合いません / a signature of a trusted key does not verify")
    own = any(name == origin and keys.get((name, data[:4]), (0,))[0] == 1 for name, data in signatures)
    need(own, UNKNOWN, "信頼する鍵による署名がありません / no signature of a trusted key of this log")

def in_tree(index, last, node, path, root):  # RFC 9162, 2.1.3.2; `last` is the tree's size less one
    inside = index <= last
    for sibling in path:
        inside = inside and last > 0
        if index & 1 or index == last:
            node = sha256(b"\1", sibling, node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\1", node, sibling)
        index, last = index >> 1, last >> 1
    return inside and last == 0 and node == root

def open_receipt(text, keys):
    """What a genuine receipt says; the checks 1 to 4 in the order of gateway/audit/README.md."""
    extra, index, path, note = need(len(text) <= 1 << 20 and re.fullmatch(RECEIPT, text)).groups()
    leaf_text, blank, salts = decode64(extra).partition(b"\n\n")
    salts = [need(re.fullmatch(b"salt %d (.+)" % n, line))[1] for n, line in enumerate((salts + b"\n").split(b"\n")[:-2], 1)]
    salts, path = [decode64(salt, 32) for salt in salts], [decode64(line, 32) for line in path.split(b"\n")[1:]]
    signed, origin, size, root, signatures = need(re.fullmatch(NOTE, note.decode())).groups()
    signatures = [(line.split(" ")[1], decode64(line.split(" ")[2].encode())) for line in signatures.split("\n")[:-1]]
    index, size, root = int(index), int(size), decode64(root.encode(), 32)
    need(all(len(data) > 4 for _, data in signatures) and not re.search(rb"[\x00-\x09\x0b-\x1f]", note) and blank and
         decode64(extra).endswith(b"\n") and len(note) <= 1 << 18 and max(index, size) < 2**64)
    check_signatures(signed.encode(), origin, signatures, keys)
    inside = in_tree(index, size - 1, sha256(b"\0", leaf_text, b"\n"), path, root)
    need(inside, TAMPERED, "記録が署名されたログにありません / the leaf is not in the signed tree")
    leaf = need(len(leaf_text) < 4096 and LEAF.fullmatch(leaf_text + b"\n")).groupdict()
    files = [need(line.startswith(b"file %d " % n)) and line.split() for n, line in enumerate(leaf["files"].splitlines(), 1)]
    leaf = {name: value.decode() for name, value in leaf.items()}  # ASCII, by its form
    leaf.update(salts=salts, place=f"{origin} #{index}", files=[(int(line[3]), decode64(line[4][8:], 32)) for line in files])
    leaf["sum"] = re.search(r"^files-digest sha256:([0-9a-f]{64})$", leaf["details"], re.M)
    datetime.datetime(2000 + int(leaf["time"][:4]) % 400, *map(int, re.findall(r"\d+", leaf["time"])[1:6]))
    enough = len(salts) in (0, len(files)) or (leaf["sum"] and len(salts) > len(files))
    need(enough and all(size < 2**64 for size, _ in leaf["files"]) and (leaf["type"] in ("submit", "reject") or not leaf["adapter"]))
    return leaf

def compare(leaf, files):
    """`files`: {name: (size, SHA-256)}; the commitments of the leaf and the files fit each other exactly."""
    need(files, TAMPERED, "記録されたファイルが 1 件もありません / none of the recorded files is here", leaf)
    need(leaf["salts"], UNKNOWN, "ソルトがなく照合できません / no salts to compare files with", leaf)
    signed = {name[:-4] for name in files if leaf["cms"] != "none" and name.endswith(b".p7s") and name[:-4] in files}
    rest = sorted(name for name in files if name[:-4] not in signed or not name.endswith(b".p7s"))
    sums = [commitment for _, commitment in leaf["files"]]
    for salt, line in zip(leaf["salts"], leaf["files"]):
        fits = [name for name in rest if (files[name][0], sha256(b"cpgw-commit/v1\n", salt, files[name][1])) == line]
        need(fits, TAMPERED, "ファイルが足りないか変わっています / a file is missing or was changed", leaf)
        rest.remove(fits[0])
    more = leaf["salts"][len(sums):]
    sums += [sha256(b"cpgw-commit/v1\n", salt, files[name][1]) for salt, name in zip(more, rest)]
    need(len(more) == len(rest) and (not leaf["sum"] or sha256(*sums).hex() == leaf["sum"][1]), TAMPERED, "この記録のものでないファイルがあります / a file that is not of this record", leaf)
    p7s = sha256(*(files[name + b".p7s"][1] for name in sorted(signed))).hex()
    need(not signed or leaf["cms"] == "sha256:" + p7s, TAMPERED, "署名ファイルが変わっています / the .p7s files were changed", leaf)

def judge_cms(data, p7s, leaf, signers):
    """The exit code for a sender's detached signature; its certificates by `signers` at the time of acceptance."""
    command = "cms -in p7s -inform " + ("PEM" if p7s.startswith(b"-----BEGIN ") else "DER")
    verify = command + " -verify -binary -content data -out /dev/null -purpose any "
    chain = verify + "-cades -partial_chain -CAfile ca -no-CApath -no-CAstore "
    checks = [(MALFORMED, command + " -cmsout -noout"), (TAMPERED, verify + "-noverify")]
    checks += [(UNKNOWN, chain + "-no_check_time"), (CERTIFICATE, chain + "-attime %d" % datetime.datetime.fromisoformat(leaf["time"][:19] + "+00:00").timestamp())] if signers else []
    return next((code for code, ask in checks if not openssl(ask, data=data, p7s=p7s, ca=signers or b"")), PROVEN)

def judge_receipt(path, keys, files=None, signers=None):
    """(path, exit code, sentence, leaf) of one receipt, compared with the files of its folder when there is one."""
    try:
        with path.open("rb") as file:
            leaf = open_receipt(file.read((1 << 20) + 1), keys)
        if files is not None and leaf["files"]:
            compare(leaf, files)
            pairs = [name for name in files if name.endswith(b".p7s") and name[:-4] in files and leaf["type"] == "submit"]
            beside = [[(path.parents[1] / os.fsdecode(one)).read_bytes() for one in (name[:-4], name)] for name in pairs]
            code = min(filter(None, (judge_cms(*two, leaf, signers) for two in beside)), default=PROVEN)
            need(not code, code, "送信者の電子署名（.p7s）を確認できません / a sender's signature (.p7s) does not verify", leaf)
        return path, PROVEN, "真正です / genuine" + ("（ファイルは未照合 / no files compared）" if files is None else ""), leaf
    except Failed as failed:
        return path, *failed.args
    except (ValueError, OSError) as error:
        return path, MALFORMED, f"受付票として読めません / cannot be read as a receipt ({error})", None

def visible(folder, most):
    entries = sorted((entry for entry in folder.iterdir() if not entry.name.startswith(".")), key=os.fsencode)
    return need(len(entries) <= most) and entries

def judge_folder(folder, keys, signers):
    files, papers = {}, []
    for entry in visible(folder, 100_000):
        if entry.name == "receipts" and entry.is_dir():
            papers = [paper for paper in visible(entry, 1000) if paper.name.endswith(".receipt.txt")]
        else:
            data = need(entry.is_file()) and entry.read_bytes()
            files[os.fsencode(entry.name)] = len(data), sha256(data)
    found = [judge_receipt(paper, keys, files, signers) for paper in need(papers)]
    bundles = [(leaf["type"] not in ("submit", "reject"), leaf["bundle"]) for _, _, _, leaf in found if leaf]
    first = next((bundle for later, bundle in bundles if not later), None)
    if first is None:
        found.append((folder, UNKNOWN, "受付票がありません / no genuine receipt of the acceptance or refusal", None))
    elif any(bundle != first for _, bundle in bundles):
        found.append((folder, TAMPERED, "別の送信単位の受付票があります / a receipt of another bundle", None))
    return found

def judge(path, keys, signers=None):
    """[(path, exit code, sentence, leaf)] of every receipt."""
    try:
        return judge_folder(path, keys, signers) if path.is_dir() else [judge_receipt(path, keys)]
    except (Failed, OSError):
        return [(path, MALFORMED, "読めないか、余分なものがあります / cannot be read, or holds what does not belong", None)]

def main(arguments):
    parser = argparse.ArgumentParser(description="受付票と控えのフォルダーを確かめます / verifies receipts and bundle folders")
    parser.add_argument("--trusted-key", action="append", default=[], type=parse_key, metavar="VKEY", help="信頼する鍵 / a key to trust")
    parser.add_argument("--signers-ca", type=pathlib.Path, metavar="PEM", help="電子署名の認証局 / authorities of senders' signatures")
    parser.add_argument("paths", nargs="+", type=pathlib.Path, metavar="RECEIPT|FOLDER")
    given = parser.parse_args(arguments)
    ca = given.signers_ca and given.signers_ca.read_bytes()
    found = [outcome for path in given.paths for outcome in judge(path, dict(given.trusted_key), ca)]
    for path, code, reason, leaf in found:
        print(f"{HEADLINES[code]}: {path}: {reason}")
        if leaf:
            print(f"  だれが who: {leaf['sender']} → {leaf['to']}（接続の証明書 certificate {leaf['cert']}）\n"
                  f"  何を what: {leaf['bundle']} {leaf['kind']} {leaf['month']}: {STEPS.get(leaf['type'], leaf['type'])}\n  送信側の変換 conversion: {leaf['adapter'][8:-1] or '-'}\n  いつ when: {leaf['time']}（ゲートウェイの時計 the gateway's clock）{leaf['place']}")
    return min((code for _, code, _, _ in found if code), default=PROVEN)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
