#!/usr/bin/env python3
"""Speed as ratios within one run: what is compared runs in turns on the same machine, the median of the rounds counts.
Prints the table of README.md. Run it by bench.sh; nothing here ever fails a test for being slow."""
import argparse
import getpass
import json
import os
import pathlib
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import PROGRAM, Client, Gateway, Office, OwnPki, cpgw

MEGABYTE = 1_000_000
SENDERS = [Office(f"03701010{number}7", "43", f"見本居宅{number}") for number in range(4)]
RECEIVERS = [Office(f"03701020{number}5", "11", f"見本訪問{number}") for number in range(4)]
CONNECTIONS = 16
BUNDLE_BYTES = 10_240
IDLE_CONNECTIONS = 2000


def refs(offices):
    return ",".join(f"{office.number}:{office.service_type}" for office in offices)


# -- check ----------------------------------------------------------------------------------------------------------

def table6(folder, users):
    """第6表 as results: a bundle of one file."""
    cpgw("sample", "--from", refs(RECEIVERS[:1]), "--to", refs(SENDERS[:1]), "--month", "202612", "--users", users, "--kind",
         "actual", "--out", folder)
    return next(folder.glob("UPJSK_*"))


def best_seconds(command, rounds):
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - started)
    return best


def bench_check(folder, given):
    size = (16 if given.quick else 64) * MEGABYTE
    few = table6(folder / "few", 500)
    many = table6(folder / "many", int(500 * size / few.stat().st_size))
    size = many.stat().st_size
    rounds = 1 if given.quick else 3
    start_up = best_seconds([PROGRAM, "check", table6(folder / "one", 1)], rounds)
    check = best_seconds([PROGRAM, "check", "--format", "json", many], rounds)
    floor = float(subprocess.run([given.libcsv, many, str(rounds)], capture_output=True, check=True).stdout.split()[0])
    yield "libcsv splits a 第6表, empty callbacks", f"{size / floor / MEGABYTE:.0f} MB/s ({size / MEGABYTE:.0f} MB)", "1", ""
    yield ("`cpgw check` of the same file, every rule, SHA-256, start-up included",
           f"{size / check / MEGABYTE:.0f} MB/s ({start_up * 1000:.0f} ms to start)", f"{floor / check:.2f}", "0.5")


# -- the validator --------------------------------------------------------------------------------------------------

def schedule(folder, users):
    """第6表, 第7表 and 補足 of one receiver: a bundle."""
    cpgw("sample", "--from", refs(SENDERS[:1]), "--to", refs(RECEIVERS[:1]), "--month", "202612", "--users", users, "--kind",
         "schedule", "--out", folder)
    return folder


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*.CSV"))


def lines_of(command):
    output = subprocess.run(list(map(str, command)), capture_output=True, check=True).stdout.decode()
    return [line.split() for line in output.splitlines()]


def bench_rules(folder, given):
    """What the rules cost, and what the tokenisers of npm take for splitting the same bytes alone."""
    bundle = schedule(folder / "bundle", 200 if given.quick else 3000)
    megabytes = size_of(bundle) / MEGABYTE
    has_npm = (pathlib.Path(given.tokenise).parent / "node_modules").exists()
    tokenisers = ("csv-parse", "papaparse") if has_npm else ()
    best = {}
    for _ in range(1 if given.quick else 3):  # in turns
        found = {name: float(seconds) for name, seconds in lines_of([given.check_bench, bundle, 5, "rules"])}
        for name in tokenisers:
            found[name] = float(lines_of(["node", given.tokenise, name, bundle, 5])[0][0])
        best = {name: min(seconds, best.get(name, seconds)) for name, seconds in found.items()}
    speed = {name: f"{megabytes / seconds:.0f} MB/s" for name, seconds in best.items()}
    full = best["rules"]
    yield f"check of a schedule bundle of {megabytes:.0f} MB in memory, every rule", speed["rules"], "1", ""
    yield "… bytes, CSV and items only, no rule", speed["items"], f"{full / best['items']:.2f} times faster", ""
    yield "… split into cells only", speed["split"], f"{full / best['split']:.2f} times faster", ""
    whole = full + best["digest"]
    for name in tokenisers:
        yield (f"npm `{name}` splits the same text, decoded before", speed[name],
               f"check with SHA-256 {best[name] / whole:.1f} times faster", "10")


def bench_each(folder, given):
    """What is saved when one rule is left out; less than equal checks lie apart is noise."""
    bundle = schedule(folder / "bundle", 200 if given.quick else 1000)
    (_, _, noise, full), *rules = lines_of([given.check_bench, bundle, 3 if given.quick else 40, "each"])
    noise, full = float(noise), float(full)
    told = sorted(((float(saved), name, table) for name, table, saved, _ in rules), reverse=True)
    for saved, name, table in told:
        if saved > noise:
            where = f" ({table})" if table != "-" else ""
            yield f"rule `{name}`{where}", f"{saved / full:.1%} of a check", f"± {noise / full:.1%}", ""
    within = sum(saved <= noise for saved, _, _ in told)
    yield f"each of the other {within} rule functions", "within the noise", f"± {noise / full:.1%}", ""


def run_check(folder):
    """Seconds and megabytes of one `cpgw check`, start-up included; everything must be accepted."""
    started = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "check", "--format", "json", folder], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"cpgw check: exit code {process.returncode}"
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def bench_office(folder, given):
    """A big office: as many bundles as it has partners, in one call."""
    count = 50 if given.quick else 1000
    partners = [Office(f"0371{number:06d}", "11", "") for number in range(count)]
    cpgw("sample", "--from", refs(SENDERS[:1]), "--to", refs(partners), "--month", "202612", "--users", 5, "--kind", "schedule",
         "--out", folder / "bundles")
    megabytes = size_of(folder / "bundles") / MEGABYTE
    seconds, memory = min(run_check(folder / "bundles") for _ in range(1 if given.quick else 3))
    yield (f"{count:,} bundles in one `cpgw check`, {megabytes:.0f} MB", f"{seconds:.2f} s: {count / seconds:.0f}/s, "
           f"{megabytes / seconds:.0f} MB/s", "", "")
    yield "… memory", f"{memory:.0f} MB", f"{memory / megabytes:.2f} of the bytes", ""


def multiply(model, folder, size):
    """The model's records over and over, each time with other 被保険者番号, until the bundle has `size` bytes."""
    folder.mkdir()
    copies = max(1, round(size / size_of(model)))
    for path in model.iterdir():
        rows = [line.split(b",", 3) for line in path.read_bytes().splitlines(keepends=True)]
        with open(folder / path.name, "wb") as out:
            for copy in range(copies):
                mark = b"%04d" % copy  # the last six characters tell the model's users apart
                out.writelines(b",".join((version, insurer, mark + insured[4:], rest)) for version, insurer, insured, rest in rows)
    return folder


def bench_huge(folder, given):
    """Memory of the check against the size of one bundle: flat, or growing with it?"""
    model = schedule(folder / "model", 1000)
    insured = {line.split(b",")[2] for line in next(model.glob("UPHOSOKU_*")).read_bytes().splitlines()}
    assert len({number[4:] for number in insured}) == 1000, "two users of the model end alike"
    first = None
    for size in (8, 32) if given.quick else (64, 256, 1000):
        bundle = multiply(model, folder / str(size), size * MEGABYTE)
        megabytes = size_of(bundle) / MEGABYTE
        seconds, memory = run_check(bundle)
        shutil.rmtree(bundle)
        first = first or memory
        yield (f"`cpgw check` of one schedule bundle of {megabytes:.0f} MB: memory", f"{memory:.0f} MB",
               f"{memory / megabytes:.2f} of the bytes, {memory / first:.1f} times the first", "flat")
        yield "… time", f"{seconds:.1f} s, {megabytes / seconds:.0f} MB/s", "", ""


# -- sending --------------------------------------------------------------------------------------------------------

class Nginx:
    """The same bytes over the same TLS into a file without sync, answered at once."""

    def __init__(self, folder, beside):
        self.folder = folder
        folder.mkdir()
        (folder / "bodies").mkdir()
        server, pki = beside.server_pair, beside.pki
        module = next(pathlib.Path("/usr/lib/nginx/modules").glob("ngx_http_echo_module.so"))
        self.port = free_port()
        (folder / "nginx.conf").write_text(f"""
load_module {module};
user {getpass.getuser()}; daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 2;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/bodies 2 2; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000; client_max_body_size 64m;
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {server[0]}; ssl_certificate_key {server[1]};
    ssl_client_certificate {pki.ca}; ssl_verify_client on; ssl_protocols TLSv1.3;
    location = /v1/me {{ default_type application/json; return 200 "{{}}"; }}
    location = /v1/bundles {{
      client_body_in_file_only on; default_type application/json;
      echo_read_request_body; echo '{{}}';
    }}
  }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not (folder / "pid").exists():
            assert self.process.poll() is None and time.monotonic() < end, (folder / "error.log").read_text()
            time.sleep(0.01)

    def empty_files(self, expected):
        """Takes the bodies away; every one must have been written, or nothing was compared."""
        bodies = [path for path in (self.folder / "bodies").rglob("*") if path.is_file()]
        assert len(bodies) == expected, f"nginx wrote {len(bodies)} of {expected} bodies"
        for path in bodies:
            path.unlink()

    def close(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def gateway(folder, settings=None):
    return Gateway(folder, pki=OwnPki(folder.parent / f"{folder.name}-pki"), offices=SENDERS + RECEIVERS, settings=settings)


def load(command, place, seconds, port=None):
    """One run of the load generator: its JSON."""
    arguments = [PROGRAM, "bench", command, "--connections", CONNECTIONS, "--seconds", seconds, "--bytes", BUNDLE_BYTES,
                 "--bundles", 4000 * seconds, "--to", refs(RECEIVERS)]
    for office in SENDERS:
        arguments += ["--from", refs([office]), "--config", place.client_config(office, port)]
    if command == "cycle":
        for office in RECEIVERS:
            arguments += ["--receiver-config", place.client_config(office)]
    answer = subprocess.run(list(map(str, arguments)), capture_output=True, check=False)
    if answer.returncode not in (0, 1):
        raise SystemExit(f"cpgw bench {command}: {answer.stderr.decode()}")
    result = json.loads(answer.stdout)
    if result["errors"] or result["ran_out_of_bundles"] and not port:  # nginx may be through with all of them early
        raise SystemExit(f"cpgw bench {command}: {result}")
    return result


def median_run(runs):
    return sorted(runs, key=lambda run: run["per_second"])[len(runs) // 2]


def load_fresh(command, folder, seconds, settings=None):
    """A run on a gateway of its own: serials of a pair only rise, so two loads do not share one."""
    place = gateway(folder, settings)
    try:
        return load(command, place, seconds)
    finally:
        place.close()


def bench_send(folder, given):
    seconds, rounds = (3, 1) if given.quick else (10, 3)
    beside = gateway(folder / "beside")  # lends nginx its certificates
    beside.close()
    nginx = Nginx(folder / "nginx", beside)
    runs = {"grouped": [], "single": [], "nginx": []}
    try:
        for number in range(rounds):
            runs["grouped"].append(load_fresh("send", folder / f"grouped-{number}", seconds))
            runs["single"].append(load_fresh("send", folder / f"single-{number}", seconds, {"store": "{max_batch: 1}"}))
            runs["nginx"].append(load("send", beside, seconds, nginx.port))
            nginx.empty_files(runs["nginx"][-1]["done"])
    finally:
        nginx.close()
    rate = {name: statistics.median(run["per_second"] for run in found) for name, found in runs.items()}
    middle = median_run(runs["grouped"])
    latency = middle["steps"]["send"]
    yield (f"accepted bundles a second, {middle['bundle_bytes'] / 1024:.0f} KiB each: validated, durable, logged", f"{rate['grouped']:.0f}/s", "1", "1,500/s")
    yield ("… time of an answer", f"p50 {latency['p50_ms']:.1f} ms, p99 {latency['p99_ms']:.1f} ms", "", "p99 20 ms")
    yield ("one commit each (`store: {max_batch: 1}`)", f"{rate['single']:.0f}/s",
           f"{rate['grouped'] / rate['single']:.1f} times faster in groups", "3")
    yield ("nginx writes the same requests to files, no sync, no check", f"{rate['nginx']:.0f}/s",
           f"{rate['grouped'] / rate['nginx']:.2f} of it", "0.5")


def bench_cycle(folder, given):
    seconds, rounds = (3, 1) if given.quick else (10, 3)
    run = median_run([load_fresh("cycle", folder / str(number), seconds) for number in range(rounds)])
    latency = run["steps"]["cycle"]
    yield ("full cycles a second: send, fetch, acknowledge", f"{run['per_second']:.0f}/s", "", "500/s")
    yield ("… time of a cycle", f"p50 {latency['p50_ms']:.1f} ms, p99 {latency['p99_ms']:.1f} ms", "", "")


# -- memory ---------------------------------------------------------------------------------------------------------

def resident_megabytes(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


def bench_memory(folder, given):
    count = 200 if given.quick else IDLE_CONNECTIONS
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    place = gateway(folder / "memory")
    clients = []
    try:
        time.sleep(1)
        idle = resident_megabytes(place.process)
        shared = ssl.create_default_context(cafile=str(place.pki.ca))
        shared.load_cert_chain(*map(str, place.pairs[SENDERS[0].number]))
        for _ in range(count):
            client = Client(place.port, place.pki.ca)
            client.context = shared
            assert client.get("/v1/me").status == 200
            clients.append(client)
        held = resident_megabytes(place.process)
    finally:
        for client in clients:
            client.close()
        place.close()
    yield "memory at idle", f"{idle:.0f} MB", "", "40 MB"
    yield f"memory with {count:,} idle TLS connections", f"{held:.0f} MB", f"{(held - idle) * 1024 / count:.0f} KB each", ""


BENCHES = {"check": bench_check, "rules": bench_rules, "each": bench_each, "office": bench_office, "huge": bench_huge,
           "send": bench_send, "cycle": bench_cycle, "memory": bench_memory}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--libcsv", required=True)
    parser.add_argument("--check-bench", required=True)
    parser.add_argument("--tokenise", required=True, help="tokenise.js, beside the node_modules it needs")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: whether it runs, not how fast")
    parser.add_argument("--only", default=",".join(BENCHES), help="the benches to run: " + ",".join(BENCHES))
    given = parser.parse_args()
    given.libcsv, given.check_bench, given.tokenise = map(os.path.abspath, (given.libcsv, given.check_bench, given.tokenise))
    load = os.getloadavg()[0]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cpgw-bench-", dir=os.environ.get("TMPDIR")))
    print(f"{os.cpu_count()} processors, load {load:.1f} at the start\n")
    print("| what | measured | ratio | aim |\n|---|---|---|---|", flush=True)
    try:
        for name in given.only.split(","):
            (folder / name).mkdir()
            for row in BENCHES[name](folder / name, given):
                print("| " + " | ".join(row) + " |", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
