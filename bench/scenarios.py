"""What is measured: the load of each scenario, the floor it is compared with, and how one measurement is made."""
import dataclasses
import json
import os
import random
import re
import subprocess

import folder
from servers import CLEAR, PRIOR, TLS, Failure, Server

IDLE_CONNECTIONS, IDLE_TLS_CONNECTIONS = 10_000, 1_000
H2_REQUESTS_FIRST = 2000  # of a load of HTTP/2, until it is known how many fill its time
H2_REQUESTS_MIN = 1000
SAMPLE = 64  # of many paths, that are checked byte by byte


USUAL = ("floor", "hewn", "nginx", "h2o", "lighttpd")
WITH_NOSF = (*USUAL, "nginx-nosf")


@dataclasses.dataclass(frozen=True)
class Scenario:
    title: str
    load: str = "-c 64"
    path: str = "/index.html"
    status: int = 200
    floor: str = "canned 200"
    many: int = 0           # so many small files, at random, instead of the path
    fields: str = ""        # of folder.FIELDS, or "fresh" for those that the server answers with 304; else the plain ones
    plain: str = ""         # another load, measured in each round before this one; `factor` is the ratio
    logs: str = ""          # with an access log of this form; `plain` is then another server without
    kind: str = "load"
    figure: str = "cpu_us"
    servers: tuple = USUAL
    begins: str = CLEAR     # how connections do: see servers.py
    idle: int = 0           # connections


def crossover(kib):
    """The same file from memory and with sendfile: where the second becomes the cheaper one is figures.crossing."""
    return Scenario(f"{kib} KiB, from memory and with sendfile", path=f"/{kib}k.bin", floor="memory",
                    servers=("floor", "floor-file", "hewn"))


SCENARIOS = {
    "small64": Scenario("128 bytes, 64 connections", servers=WITH_NOSF),
    "small512": Scenario("128 bytes, 512 connections", "-c 512"),
    "browser": Scenario("128 bytes, the fields of a browser", fields="browser", plain="-c 64"),
    "fields60": Scenario("128 bytes, 60 further fields", fields="sixty", plain="-c 64"),
    "pipeline16": Scenario("128 bytes, 16 requests at a time", "-c 64 -P 16", servers=WITH_NOSF),
    "file10k": Scenario("10 KiB", path="/10k.bin", floor="memory", servers=WITH_NOSF),
    "file100k": Scenario("100 KiB", path="/100k.bin", floor="file", servers=WITH_NOSF),
    "file10m": Scenario("10 MiB, 8 connections", "-c 8", path="/10m.bin", floor="file", figure="cpu_s_gb"),
    "file1g": Scenario("1 GiB, 1 connection", "-c 1 -n 4", path="/1g.bin", floor="file", figure="cpu_s_gb"),
    "connect": Scenario("128 bytes, a connection for each request", "-c 64 -k"),
    "missing": Scenario("404, there is no such file", path="/no/such/file.html", status=404, floor="canned 404"),
    "fresh": Scenario("304, the client has it already", status=304, floor="canned 304", fields="fresh"),
    "files1k": Scenario("1,000 files of 128 bytes at random", many=1000, plain="-c 64"),
    "files100k": Scenario("100,000 files of 128 bytes at random", many=100_000, plain="-c 64"),
    "idle10k": Scenario("64 active among 10,000 idle connections", kind="idle", plain="-c 64", idle=IDLE_CONNECTIONS),
    "rate10k": Scenario("128 bytes, 10,000 requests a second", "-c 64 -r 10000", figure="p50_us"),
    "log": Scenario("128 bytes, with an access log", logs="combined", plain="-c 64", servers=USUAL[1:]),  # the floor has none
    "logjson": Scenario("128 bytes, with an access log in JSON", logs="json", plain="-c 64", servers=("hewn",)),
    "hello": Scenario("an application, and the file with the same bytes", path="/hello/Ann", servers=("hewn", "hello")),
    "start": Scenario("from the start to the first byte", kind="start", figure="start_ms"),
    "memory": Scenario("memory, idle and after 20,000 requests", "-c 64 -n 20000", kind="memory", figure="private_kb"),
    "tls_full": Scenario("a connection of TLS 1.3 for each request, handshakes in full", "-c 32 -k -T", begins=TLS),
    "tls_resumed": Scenario("a connection of TLS 1.3 for each request, sessions resumed", "-c 32 -k -R", begins=TLS),
    "tls_small": Scenario("128 bytes over TLS, 64 connections", "-c 64 -T", begins=TLS),
    "tls_100k": Scenario("100 KiB over TLS, 16 connections", "-c 16 -T", path="/100k.bin", begins=TLS),
    "idle_tls": Scenario("64 active among 1,000 idle connections of TLS", "-c 64 -T", kind="idle", plain="-c 64 -T",
                         idle=IDLE_TLS_CONNECTIONS, figure="connection_bytes", begins=TLS),
    "h2_small": Scenario("128 bytes over HTTP/2 and TLS, 16 connections of 32 streams", "-c 16 -m 32", kind="h2", servers=USUAL[1:],
                         begins=TLS),
    "h2_clear": Scenario("128 bytes over HTTP/2 in clear, 16 connections of 32 streams", "-c 16 -m 32", kind="h2",
                         servers=USUAL[1:], begins=PRIOR),
    "h2_100k": Scenario("100 KiB over HTTP/2 and TLS, 16 connections of 32 streams", "-c 16 -m 32", kind="h2", servers=USUAL[1:],
                        path="/100k.bin", begins=TLS),
    **{f"cross{kib}k": crossover(kib) for kib in folder.CROSSOVER_KIB},
}
COST = "cost"  # not timed but counted: tests/cost/request.py
WANTS_DESCRIPTORS = {name: one.idle + 100 for name, one in SCENARIOS.items() if one.idle}
DESCRIPTORS_EACH = {"lighttpd": 2}  # of a connection, to its limits


def body_bytes(settings, scenario):
    """Of each answer; None where servers may differ."""
    if scenario.status != 200:
        return None
    return folder.FILES[scenario.path[1:]]


def h2_command(settings, server, scenario, load):
    """Of h2load; by prior knowledge where the URL is in clear."""
    return ["taskset", "-c", str(settings.load_cpu), "h2load", *load.split(), "-n", str(server.requests.get(scenario, H2_REQUESTS_FIRST)),
            "--tls13-ciphers=TLS_AES_128_GCM_SHA256", "--npn-list=h2", server.url(scenario.path)]


def load_command(settings, server, scenario, load, seed=1):
    """The command line of the load, as a person could type it."""
    if scenario.kind == "h2":
        return h2_command(settings, server, scenario, load)
    words = [os.path.join(settings.place, "load"), "-p", str(server.port), *load.split(), "-s", str(scenario.status)]
    if "-n" not in words:
        words += ["-d", str(settings.seconds)]
    if scenario.many:
        words += ["-f", os.path.join(settings.place, f"{scenario.many}.paths"), "-S", str(seed)]
    else:
        words += ["-u", scenario.path]
    if scenario.status == 200:
        words += ["-b", str(body_bytes(settings, scenario))]
    if scenario.fields:
        place = server.place if scenario.fields == "fresh" else settings.place
        words += ["-x", os.path.join(place, f"{scenario.fields}.fields")]
    return ["taskset", "-c", str(settings.load_cpu), *words]


def read_result(output):
    lines = output.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise Failure("the load gave up; what it says is above")
    result = json.loads(lines[-1])
    if not result["requests"] or result["wrong"] or result["broken"]:
        raise Failure("{requests} answers, {wrong} of them wrong, and {broken} broken connections".format(**result))
    return result


def figures_of(result, cpu_seconds):
    requests, seconds = result["requests"], result["seconds"]
    figures = {"cpu_us": cpu_seconds / requests * 1e6, "rps": requests / seconds, "busy": cpu_seconds / seconds,
               "p50_us": result["p50_us"], "p99_us": result["p99_us"], "p999_us": result["p999_us"],
               "worst_us": result["worst_us"], "load_busy": result["load_cpu_s"] / seconds}
    if result["bytes"] / requests > 50_000:  # else they are mostly heads
        figures.update(mb_s=result["bytes"] / seconds / 1e6, cpu_s_gb=cpu_seconds / result["bytes"] * 1e9)
    return figures


def run_load(settings, server, scenario, load, seed=1):
    before = server.cpu_seconds()
    done = subprocess.run(load_command(settings, server, scenario, load, seed), stdout=subprocess.PIPE, text=True,
                          check=False)
    return figures_of(read_result(done.stdout), server.cpu_seconds() - before)


def measure_plain(settings, server, scenario):
    """What `factor` is relative to: the small file, nothing else."""
    small = SCENARIOS["tls_small" if scenario.begins == TLS else "small64"]
    return run_load(settings, server, small, scenario.plain)["cpu_us"]


def warm_up(settings, server, scenario):
    """Of many files each is asked for once, so that what is measured is the steady state of a cache."""
    if scenario.many:
        run_load(settings, server, scenario, f"{scenario.load} -n {scenario.many}", seed=0)


def measure_load(settings, server, plain_server, scenario, number):
    plain_us = measure_plain(settings, plain_server, scenario) if scenario.plain else None
    figures = run_load(settings, server, scenario, scenario.load, seed=number + 1)
    if plain_us:
        figures["factor"] = figures["cpu_us"] / plain_us
    return figures


def measure_idle(settings, server, plain_server, scenario, number):
    """Memory of idle connections, and what they cost the others. The server is a new one each time: what has served
    10,000 connections before may have kept the memory of them."""
    server.stop()
    server.start()
    plain_us = measure_plain(settings, server, scenario)
    command = load_command(settings, server, scenario, f"{scenario.load} -i {scenario.idle}")
    before_kb = server.private_kb()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        count = int((load.stdout.readline().split() or [0, 0])[1])
        idle_kb = server.private_kb() - before_kb
        before = server.cpu_seconds()
        load.stdin.write("go\n")
        load.stdin.flush()
        output = load.stdout.readline()
        used = server.cpu_seconds() - before  # before the idle ones are closed
        load.communicate("end\n")
    if count != scenario.idle:
        raise Failure(f"took {count} idle connections of {scenario.idle}")
    figures = figures_of(read_result(output), used)
    figures.update(factor=figures["cpu_us"] / plain_us, connection_bytes=idle_kb * 1024 / count)
    return figures


def measure_start(settings, server, plain_server, scenario, number):
    server.stop()
    return {"start_ms": server.start()}


def measure_memory(settings, server, plain_server, scenario, number):
    server.stop()
    server.start()
    idle_kb = server.private_kb()
    run_load(settings, server, scenario, scenario.load)
    return {"private_kb": idle_kb, "loaded_kb": server.private_kb(), "program_kb": server.program_kb()}


def read_h2_result(output, scenario, wanted):
    """(seconds, bytes): all were answered with the status and the length that are right."""
    found = re.search(r"finished in ([\d.]+)(us|ms|s), ", output)
    statuses = re.search(r"status codes: (\d+) 2xx", output)
    content = re.search(r"\((\d+)\) data$", output, re.MULTILINE)
    if not found or not statuses or not content:
        raise Failure("h2load gave up: " + " ".join(output.split()[-12:]))
    if int(statuses[1]) != wanted or int(content[1]) != wanted * folder.FILES[scenario.path[1:]]:
        raise Failure(f"{statuses[1]} answers of 2xx with {content[1]} bytes, of {wanted}")
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1}[found[2]], int(content[1])


def measure_h2(settings, server, plain_server, scenario, number):
    """With h2load, which counts what it asks for, not the time: the next time so many as fill that."""
    command = h2_command(settings, server, scenario, scenario.load)
    count = int(command[command.index("-n") + 1])
    before = server.cpu_seconds()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    used = server.cpu_seconds() - before
    seconds, content_bytes = read_h2_result(done.stdout, scenario, count)
    server.requests[scenario] = max(H2_REQUESTS_MIN, int(count / seconds * settings.seconds))
    figures = {"cpu_us": used / count * 1e6, "rps": count / seconds, "busy": used / seconds}
    if content_bytes / count > 50_000:
        figures.update(mb_s=content_bytes / seconds / 1e6, cpu_s_gb=used / content_bytes * 1e9)
    return figures


KINDS = {"h2": measure_h2, "load": measure_load, "idle": measure_idle, "start": measure_start, "memory": measure_memory}


def measure(settings, server, plain_server, scenario, number):
    """The figures of one round."""
    return KINDS[scenario.kind](settings, server, plain_server, scenario, number)


def check(settings, server, scenario):
    """That the server answers as it should, before anything is timed."""
    if scenario.fields == "fresh":
        fields = ['If-None-Match: "floor"'] if server.name == "floor" else server.check_fresh(scenario.path)
        folder.write_fields(os.path.join(server.place, "fresh.fields"), [*folder.PLAIN, *fields])
    elif scenario.status == 404:
        server.check_missing(scenario.path)
    elif scenario.kind == "h2":
        server.check_h2_file(scenario.path)
    elif scenario.many and server.name != "floor":
        with open(os.path.join(settings.place, f"{scenario.many}.paths"), encoding="ascii") as file:
            for path in random.Random(1).sample(file.read().split(), SAMPLE):
                server.check_file(path)
    else:
        server.check_file(scenario.path)
