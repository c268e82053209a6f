"""Writes the seeds of the fuzz programs to tests/fuzz/corpus/: synthetic all through, under 100 KiB in all.

    python3 tests/fuzz/seeds.py

Made from tests/vectors/base, and by hand where a format is our own. Needs the openssl command for the certificates; their
keys are thrown away. Seeds that a crash left behind (corpus/<program>/crash_….bin) are kept.
"""
import base64
import hashlib
import io
import pathlib
import struct
import subprocess
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
BASE = HERE.parent / "vectors" / "base"
CORPUS = HERE / "corpus"

# As in names.hpp: the first byte of a seed chooses the name.
NAMED_FILES = [
    ("4.1-schedule", "UPPLAN_"), ("4.1-schedule", "UPSIKYU_"), ("4.1-schedule", "UPHOSOKU_"), ("4.1-actual", "UPJSK_"),
    ("4.1-care_plan", "UP1KYO_"), ("4.1-care_plan", "UP2KYO_"), ("4.1-care_plan", "UP3KYO_"), ("4.1-kihon", "UPKIHON_0"),
    ("4.1-kihon", "UPKIHON_SUB1_"), ("4.1-kihon", "UPKIHON_SUB2_"), ("4.1-kihon", "UPKIHON_IMAGE_"),
    ("3-schedule_delete", "DLTPLAN_"), ("3-schedule", "UPPLAN_"), ("3-actual", "UPJSK_"),
]


def base_file(folder, prefix):
    """A base file as it would be received: MS932 and CRLF."""
    path = next(path for path in sorted((BASE / folder).iterdir()) if path.name.startswith(prefix))
    content = path.read_bytes()
    if path.suffix != ".CSV":
        return path.name, content
    return path.name, content.decode("utf-8").replace("\n", "\r\n").encode("cp932")


def put(program, name, content):
    folder = CORPUS / program
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.bin").write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def records():
    plan_name, plan = base_file("4.1-schedule", "UPPLAN_")
    _, first_table = base_file("4.1-care_plan", "UP1KYO_")
    put("cp932", "text", "見本 花子,ｶﾅ,～∥－￠,㈱①Ⅳ髙\r\n".encode("cp932") + b"\xf0\x40\xee\xe0\xfb\xfc\x81")
    put("cp932", "utf8", "見本 〜−‖¥ 髙 𠮷\r\n")
    put("csv_reader", "plan", plan[:1500])
    put("csv_reader", "quotes", b'202407,"a""b","c\r\nd",,"",e"f,"g"h\n\n202407,x\r"open')
    put("csv_reader", "header", "\ufeffversion,\"b\"\n202407,1\n")
    for index, (folder, prefix) in enumerate(NAMED_FILES):
        name, content = base_file(folder, prefix)
        put("file_name", f"name_{index:02}", name)
        for program in ("check", "forms", "canonical"):
            if program == "canonical" and not name.endswith(".CSV"):
                continue
            put(program, f"file_{index:02}", bytes([index]) + content[:1800])
    put("file_name", "no_receiver", "UPPLAN_202512_0370100017_43_20251125093000.CSV")
    put("file_name", "zero_month", "UPKIHON_000000_0300100012_46_0370100066_63_20251125093000.CSV")
    put("file_name", "path", "../ＵＰＰＬＡＮ\\見本.csv")
    put("canonical", "json", b"\xff" + canonical_json())
    put("unpack", "two_files", zipped([(plan_name, plan[:300]), ("UP1KYO.CSV", first_table[:300])]))
    put("unpack", "folder_stored", zipped([("見本/a.csv", b"1"), ("見本/b.csv", b"2" * 60)], zipfile.ZIP_STORED))
    put("unpack", "packed_well", zipped([("zeros", bytes(70_000))]))
    put("unpack", "empty", zipped([]))


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 0, 0, 0)), content, compress_type=method)
    return out.getvalue()


def canonical_json():
    name, _ = base_file("3-schedule_delete", "DLTPLAN_")
    source = hashlib.sha256(b"").hexdigest()
    return (f'{{"format":"cpgw-records/1","edition":"3","type":"DLTPLAN","file":"{name}",\n"source":{{"bytes":0,'
            f'"sha256":"sha256:{source}"}},"exact":false,\n"normalised":[],\n"records":[\n'
            '{"csv_version":"202104","insurer_no":{"text":"髙","ms932":"eee0"}}\n]}\n').encode("utf-8")


def tables():
    spec = HERE.parents[1] / "spec"
    for name in ("v4.1.yaml", "v3.yaml"):
        text = (spec / "editions" / name).read_text("utf-8")
        put("catalog", f"start_of_{name}", f"{name}\n" + text[:2500])
    put("catalog", "findings", "findings.yaml\n" + (spec / "findings.yaml").read_text("utf-8")[:2500])
    put("catalog", "edit", "edit 1 400 20\n{a: [&b x, *b, ? c], 'd': \"e\"}\n- |\n  text")
    sample = (spec / "tables" / "sample.yaml").read_text("utf-8")
    put("service_codes", "yaml", b"\x01" + sample[:2500].encode("utf-8"))
    row = '"990010","A2","1111","202404","999999","訪問型見本","1176","03","1","01","3","","","","2","2",2,"1","20260401"\r\n'
    put("service_codes", "csv", b"\x00" + row.encode("cp932"))


def http():
    head = "POST /v1/bundles?wait=1 HTTP/1.1\r\nHost: gateway.example\r\n"
    put("http_head", "length", "\x07" + head + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET / HTTP/1.1\r\n")
    put("http_head", "chunked", "\x03" + head + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n")
    put("http_head", "old", "\x00\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\nA: b\tc\r\n\r\n")
    put("target", "query", "/v1/inbox?state=new&limit=10&q=%E8%A6%8B%E6%9C%AC+a")
    put("target", "absolute", "https://gateway.example/v1/../bundles/%2e%2e/a?b")
    body = ('--edge\r\nContent-Disposition: form-data; name="files"; filename="a\\"b.csv"\r\nContent-Type: text/csv; '
            "charset=x\r\n\r\n202407,1\r\n\r\n--edge \r\ncontent-disposition: form-data; name=cover; "
            "filename*=UTF-8''%E8%A6%8B.pdf\r\n\r\n{}\r\n--edge--\r\n")
    put("multipart", "two_parts", "multipart/form-data; boundary=edge\n" + body)
    put("multipart", "quoted", 'Multipart/Form-Data; charset=utf-8; boundary="e d:g"\npreamble\r\n--e d:g--')


def text64(content):
    return base64.b64encode(content).decode("ascii")


def evidence():
    commitment = text64(hashlib.sha256(b"a commitment").digest())
    certificate = "sha256:" + hashlib.sha256(b"a certificate").hexdigest()
    entry = ("cpgw-entry/v1\ntype submit\ntime 2026-11-22T09:30:00.123Z\nbundle 019a0000-0000-7000-8000-000000000001\n"
             f"from 0370100017 cert {certificate}\nto 0370100025\nspec 4.1 kind schedule month 202612\n"
             f"file 1 UPPLAN 120 sha256c:{commitment}\nresult rejected R-NAME-01,R-CSV-04\nevent SubmissionAcceptance\n"
             f"rules {certificate}\nsig cms none\n")
    bare = ("cpgw-entry/v1\ntype shard-close\ntime 2026-11-22T09:30:00.123Z\nbundle -\nfrom - cert -\nto -\n"
            f"spec - kind - month -\nresult -\nrules -\nsig cms {certificate}\nfiles-digest {certificate}\nroot abc\n")
    put("entry", "submit", entry)
    put("entry", "bare", bare)
    adapter = f"adapter sample-soft@3 fills 12 lookups 0 report {certificate}\n"
    put("entry", "converted", entry + "person 00000000\n" + adapter)
    put("conversion", "line", adapter[8:-1])
    put("conversion", "header", f"sample-soft@3; fills=12; lookups=0; report={certificate}")
    root = text64(hashlib.sha256(b"a root").digest())
    checkpoint = f"log.example/cpgw/2026\n7\n{root}\n"
    put("checkpoint", "plain", checkpoint)
    put("checkpoint", "extension", checkpoint + "extension 1\n")
    stranger = text64(b"\x01\x02\x03\x04" + bytes(range(64)))
    witness = text64(b"\x05\x06\x07\x08" + bytes(range(72)))
    note = checkpoint + f"\n— log.example/cpgw/2026 {stranger}\n— witness.example {witness}\n"
    put("note", "signed", note)
    name, typed = "log.example", b"\x01" + bytes(range(32))
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8]
    put("note", "key", f"{name}+{key_id}+{text64(typed)}")
    salts = f"salt 1 {text64(bytes(32))}\n"
    extra = (entry + "\n" + salts).encode("utf-8")
    hashes = "".join(f"{text64(bytes([i]) * 32)}\n" for i in range(3))
    proof = f"c2sp.org/tlog-proof@v1\nextra {text64(extra)}\nindex 5\n{hashes}\n{note}"
    put("tlog_proof", "with_extra", proof)
    put("tlog_proof", "without", f"c2sp.org/tlog-proof@v1\nindex 0\n\n{note}")
    put("receipt", "stranger", proof)
    put("receipt", "leaf_and_salt", extra)
    put("receipt", "leaf_alone", bare + "\n")
    put("receipt", "no_salts", entry + "\n")
    put("receipt", "sum_of_files", bare + "\n" + salts + f"salt 2 {text64(bytes(32))}\n")


def answers():
    bundle = ('{"id":"019a0000-0000-7000-8000-000000000001","kind":"schedule","edition":"4.1","month":"202612","state":"fetched",'
              '"from":{"office":"0370100017","service_type":"43"},"to":{"office":"0370100025"},"serial":"20261122093000",'
              '"accepted_at":"2026-11-22T09:30:00.123Z","bytes":2048,"files":2}')
    finding = ('{"rule":"R-MON-03","severity":"error","file":"UPPLAN.CSV","line":3,"item":"サービス利用日","message":"a\\u001b[2Jb",'
               '"hint":"\\u202e"}')
    report = '{"kind":"schedule","to":{"office":"0370100025"},"serial":"20261122093000","files":[{"name":"a.csv"}],"findings":[' + finding + ']}'
    put("answer_text", "problem", '{"type":"urn:cpgw:problem:overloaded","title":"混雑","status":503,"detail":"x\\ny","instance":"i"}')
    put("answer_text", "submission", '{"bundles":[{"id":"019a0000-0000-7000-8000-000000000001","verdict":"accepted","report":' + report
        + ',"receipt":"c2sp.org/tlog-proof@v1\\n"}],"findings":[' + finding + ']}')
    put("answer_text", "page", '{"bundles":[' + bundle + '],"next":"17"}')
    put("answer_text", "receipts", '{"receipts":[{"step":"fetched","receipt":"text","timestamp":"MAA="}]}')
    put("answer_text", "no_json", "<html>\x1b]0;title\x07\xc2\x9b</html>")


def sealed():
    def text(content):
        return struct.pack(">Q", len(content)) + content
    file = text(b"a.csv") + text(b"UPPLAN") + text(b"202407,1\r\n") + text(bytes(32)) + text(bytes(range(32)))
    put("parcel", "one", b"cpgw-parcel/v1\n" + struct.pack(">Q", 1) + file)
    put("parcel", "none", b"cpgw-parcel/v1\n" + struct.pack(">Q", 0))
    put("dossier", "one", b"cpgw-dossier/v1\n" + text(b"{}") + text(b"{}") + text(b"title") + struct.pack(">Q", 1) + text(bytes(32)))


def papers():
    cover = '{"to":{"office":"0370100025","service_type":"11"},"month":"202612","title":"見本"'
    put("cover", "full", cover + ',"serial":"20261122093000","from":{"office":"0370100017"}}')
    put("cover", "short", cover + "}")
    put("papers", "pdf", b"report.pdf\n%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/J#61vaScript>>/Encrypt 2 0 R>>\n%%EOF\n")
    put("papers", "png", b"a.png\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(30))
    put("papers", "jpeg", b"a.JPEG\n\xff\xd8\xff\xe0" + bytes(30))


def mapping():
    rule = ("rules:\n  - name: outside\n    issuer: CN=Outside CA,C=JP\n    issuer_key: sha256:" + "0" * 64
            + "\n    take: %s\n    pattern: '%s'\n\0")
    put("mapping", "serial_number", rule % ("subject.serialNumber", "{office}") + "0370100017")
    put("mapping", "uri", rule % ("san.uri", r"https://a\.jp/[a-z]{1,8}/{office}(/x)?") + "https://a.jp/office/0370100017/x")
    put("mapping", "two_ways", rule % ("'san.other:1.2.392.1'", "[0-9]*{office}[0-9]*") + "03701000170")


def certificates():
    with tempfile.TemporaryDirectory() as folder:
        for name, alternative in (("office", "URI:urn:jp-kaigo:office:0370100017,URI:urn:jp-kaigo:office:0370100025,DNS:a.example"),
                                  ("bad_office", "URI:urn:jp-kaigo:office:03701000"), ("gateway", "DNS:gateway.example,IP:127.0.0.1")):
            for form in ("DER", "PEM"):
                out = pathlib.Path(folder) / "certificate"
                subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                                "-keyout", f"{folder}/key", "-out", str(out), "-outform", form, "-subj", "/O=見本/CN=office", "-utf8",
                                "-addext", f"subjectAltName={alternative}"], check=True, capture_output=True)
                put("certificate", f"{name}_{form.lower()}", out.read_bytes())
        for name, kind in (("p256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("rsa", ["rsa:2048"])):
            out = pathlib.Path(folder) / "request"
            subprocess.run(["openssl", "req", "-new", "-newkey", *kind, "-nodes", "-keyout", f"{folder}/key", "-out", str(out), "-subj",
                            "/CN=office", "-addext", "basicConstraints=CA:TRUE"], check=True, capture_output=True)
            put("request", name, out.read_bytes())


if __name__ == "__main__":
    for old in CORPUS.glob("*/*"):
        if not old.name.startswith("crash_"):
            old.unlink()
    for step in (records, tables, http, evidence, answers, sealed, papers, certificates, mapping):
        step()
    print(sum(path.stat().st_size for path in CORPUS.glob("*/*")), "bytes")
