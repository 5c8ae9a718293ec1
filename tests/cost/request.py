#!/usr/bin/python3
"""request.py [--json FILE] HEWN: what one request costs the release program, in system calls and in instructions.

Both are counted, not timed, the calls in the loop's thread alone, and beside them those of the floor (bench/limit.c): the least
with which one can answer. Fails where ceilings.txt is exceeded.

`h2` and `h2-streams` are requests over HTTP/2 in clear, one by one and 32 streams at a time, for which there is no floor.

Calls are listed by strace, on one connection that waits for its answers and on 32 that ask together: how many of those
one epoll_wait finds ready is decided by who runs first, so server and client share a processor, and the server, being
a batch job to the scheduler, never takes it from the client who has not asked for everything yet. What is left of
chance the median of many rounds takes away. Instructions are counted by callgrind, as the difference of two runs of
which one makes so many requests more; in user mode alone. The monitor's are left out: it looks at the clock for as long as
a run takes, and under callgrind that is long."""
import argparse
import collections
import contextlib
import glob
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "..", "..", "bench")
sys.path += [BENCH, HERE]
import folder
from compiler import COUNTED, compiler_of

CEILINGS = os.path.join(HERE, "ceilings.txt")
BATCHES_TRACED = 200
CROWD = 32
CROWD_ROUNDS = 60
REQUESTS_COUNTED = 4800
REQUESTS_BEFORE = 96  # caches are filled, lazy binding is done
PIPELINED = 16
STREAMS = 32
SECONDS_MAX = 60
IS_TIGHT = 0.9  # a figure below this share of its ceiling is worth a note
LOGS = ["combined", "json"]
RECEIVE = ("read", "readv", "recvfrom", "recvmsg")


class Failure(Exception):
    pass


class Shape:
    """A kind of request: how many at once, and what must come back. The plain one has three fields. Over HTTP/2
    each has a stream of its own."""

    def __init__(self, path="/index.html", status=200, fields=folder.PLAIN, depth=1, is_h2=False):
        self.path, self.status, self.fields, self.depth, self.is_h2 = path, status, list(fields), depth, is_h2

    def batch(self, mark=""):
        """`mark` becomes the query of the first: a name in the trace."""
        lines = [f"GET {self.path} HTTP/1.1", "Host: localhost", *self.fields]
        one = "".join(line + "\r\n" for line in lines) + "\r\n"
        first = one.replace(self.path, f"{self.path}?{mark}", 1) if mark else one
        return (first + one * (self.depth - 1)).encode()


def make_shapes():
    return {"200": Shape(), "304": Shape(status=304), "404": Shape("/there/is/none.html", 404),
            "browser": Shape(fields=folder.FIELDS["browser"]), "sixty": Shape(fields=folder.FIELDS["sixty"]),
            "pipelined": Shape(depth=PIPELINED),
            "sibling": Shape("/coded.js", fields=[*folder.PLAIN, "Accept-Encoding: gzip, deflate, br, zstd"]),
            "h2": Shape(is_h2=True), "h2-streams": Shape(is_h2=True, depth=STREAMS)}


CROWD_SHAPES = ["200", "304", "404"]


class Client:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
        self.port, self.rest, self.other = port, b"", None

    def over(self, shape):
        """The connection for these: HTTP/2 has one of its own."""
        if not shape.is_h2:
            return self
        self.other = self.other or H2Client(self.port)
        return self.other

    def close(self):
        self.socket.close()
        if self.other:
            self.other.close()

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise Failure("the connection was closed")
        self.rest += piece

    def answer(self, shape):
        """The head of the next answer; its body is read and forgotten."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        left = int(length[1]) if length and status != 304 else 0
        while len(self.rest) < left:
            self.more()
        self.rest = self.rest[left:]
        if status != shape.status:
            raise Failure(f"{shape.path}: status {status}, not {shape.status}")
        return head.decode("latin-1")

    def send(self, shape, mark=""):
        self.socket.sendall(shape.batch(mark))

    def ask(self, shape, mark=""):
        self.send(shape, mark)
        return [self.answer(shape) for _ in range(shape.depth)][-1]

    def ask_for(self, shape, requests):
        for _ in range(requests // shape.depth):
            self.ask(shape)


class H2Client(Client):
    """One connection of HTTP/2, in clear with prior knowledge. Its heads are literals that change nothing (RFC 7541 6.2.2), so
    that each costs what the one before did."""
    DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
    END_STREAM, END_HEADERS, ACK = 1, 4, 1
    WINDOW = 2 ** 31 - 1
    STATUS_200 = 0x88
    NAMES = {"user-agent": 58, "accept": 19}  # of the static table

    def __init__(self, port):
        super().__init__(port)
        self.stream = 1
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(self.SETTINGS, 0, 0, b"") +
                            self.frame(self.WINDOW_UPDATE, 0, 0, (self.WINDOW - 65535).to_bytes(4, "big")))

    @staticmethod
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    @staticmethod
    def literal(name, value):
        """`name`: its number; without indexing, without Huffman's code."""
        return (bytes([name]) if name < 15 else bytes([15, name - 15])) + bytes([len(value)]) + value.encode()

    def head(self, shape, mark=""):
        fields = [line.partition(": ") for line in shape.fields]
        return (b"\x82\x86" + self.literal(4, shape.path + (f"?{mark}-" if mark else "")) + self.literal(1, "localhost") +
                b"".join(self.literal(self.NAMES[name.lower()], value) for name, _, value in fields))

    def send(self, shape, mark=""):
        frames = []
        for number in range(shape.depth):
            frames.append(self.frame(self.HEADERS, self.END_HEADERS | self.END_STREAM, self.stream,
                                     self.head(shape, "" if number else mark)))
            self.stream += 2
        self.socket.sendall(b"".join(frames))

    def answer(self, shape):
        """Frames, until one ends its stream."""
        while True:
            while len(self.rest) < 9 or len(self.rest) < 9 + int.from_bytes(self.rest[:3], "big"):
                self.more()
            length = int.from_bytes(self.rest[:3], "big")
            kind, flags, payload = self.rest[3], self.rest[4], self.rest[9:9 + length]
            self.rest = self.rest[9 + length:]
            if kind == self.SETTINGS and not flags & self.ACK:
                self.socket.sendall(self.frame(self.SETTINGS, self.ACK, 0, b""))
            if kind == self.HEADERS and payload[0] != self.STATUS_200:
                raise Failure(f"{shape.path}: not 200 over HTTP/2")
            if kind not in (self.DATA, self.HEADERS, self.SETTINGS, self.WINDOW_UPDATE):
                raise Failure(f"{shape.path}: a frame of kind {kind} over HTTP/2")
            if kind == self.DATA and flags & self.END_STREAM:
                return ""


class Hewn:
    """The program under test."""
    name = "hewn"
    port = None  # it says which it took

    def __init__(self, program, place, log="off"):
        self.program, self.place, self.log = program, place, log
        self.shapes = make_shapes()

    def command(self):
        return [self.program, "--loops", "1", "--log", self.log, "--listen", "127.0.0.1:0", os.path.join(self.place, "site")]

    def learn_validators(self, client):
        """The 304 is asked for with what this server says of the file."""
        head = client.ask(self.shapes["200"])
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        found = re.findall(r"^(ETag|Last-Modified): *(.*)\r$", head + "\r", re.IGNORECASE | re.MULTILINE)
        known = {name.lower(): value for name, value in found}
        validators = [f"{names[name]}: {known[name.lower()]}" for name in names if name.lower() in known]
        self.shapes["304"].fields = [*folder.PLAIN, *validators]


class Floor:
    """bench/limit.c, which has one answer to everything: the shapes with this status."""
    name = "the floor"

    def __init__(self, place, status):
        self.place, self.status = place, status
        self.shapes = {name: shape for name, shape in make_shapes().items() if shape.status == status and not shape.is_h2}
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]

    def command(self):
        return [os.path.join(self.place, "limit"), "canned", str(self.port), os.path.join(self.place, "site"), str(self.status)]

    def learn_validators(self, client):
        if self.status == 304:
            self.shapes["304"].fields = [*folder.PLAIN, 'If-None-Match: "floor"']


def wait_for_port(server, process):
    """The port on which it listens, once it does."""
    if server.port:
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(ConnectionError):
                socket.create_connection(("127.0.0.1", server.port), SECONDS_MAX).close()
                return server.port
            time.sleep(0.01)
        raise Failure(f"{server.name} did not start")
    said = []
    for line in process.stderr:
        said.append(line)
        if port := re.search(r"listening on http://127\.0\.0\.1:(\d+)/", line):
            return int(port[1])
    raise Failure(f"{server.name} did not start:\n" + "".join(said[-20:]))


@contextlib.contextmanager
def running(server, before, environment=None):
    """Its port. It is ended with SIGTERM, so that what counts can write its report; its log goes to a file."""
    with open(os.path.join(server.place, "log"), "wb") as log:
        process = subprocess.Popen([*before, *server.command()], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}, text=True,
                                   errors="replace")
    try:
        yield wait_for_port(server, process)
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS_MAX)  # strace and valgrind hold its standard error: they have ended too


@contextlib.contextmanager
def connected(server, port, count=1):
    """So many clients, all of them accepted."""
    clients = []
    try:
        for _ in range(count):
            clients.append(Client(port))
            server.learn_validators(clients[-1])
        yield clients
    finally:
        for client in clients:
            client.close()


@contextlib.contextmanager
def sharing_a_processor():
    """This process and what it starts: the words to put before a command that shall never run before its time."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield ["chrt", "--batch", "0"]
    finally:
        os.sched_setaffinity(0, allowed)


def read_calls(trace):
    """(thread, call, what it was given or gave, whether it was a wait that ended without an event)"""
    for line in trace:
        found = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*) = (\S+)", line)
        if not found:  # the beginning of a call that another thread's interrupted in the listing, a signal, an end
            continue
        thread, name, arguments, result = found.groups()
        is_tick = name == "epoll_wait" and result == "0" and re.search(r", [1-9]\d*\)$", arguments)
        yield thread, name, arguments, bool(is_tick)


def calls_between_marks(trace, mark):
    """[{call: count}] of the thread that received the marks (`mark`-0, `mark`-1 ...), from each to the next; but for
    the calls of its clock: an epoll_wait that ended without an event, and what followed it."""
    thread, is_tick, counted = None, False, []
    for who, name, arguments, is_without_event in read_calls(trace):
        is_mark = name in RECEIVE and f"?{mark}-" in arguments  # a log writes it too
        if is_mark and not thread:
            thread = who
        if who != thread:
            continue
        if name == "epoll_wait":
            is_tick = is_without_event
        if is_mark:
            counted.append(collections.Counter())
        if not is_tick:
            counted[-1][name] += 1
    if len(counted) < 2:
        raise Failure(f"the requests marked {mark} are not in the trace")
    return counted[:-1]


def ask_alone(client, name, shape):
    client.ask_for(shape, REQUESTS_BEFORE)
    client.ask(shape, f"alone-{name}-0")
    client.ask_for(shape, (BATCHES_TRACED - 1) * shape.depth)
    client.ask(shape, f"alone-{name}-1")


def ask_together(clients, name, shape):
    for number in range(CROWD_ROUNDS + 1):
        for client in clients:
            client.send(shape, f"crowd-{name}-{number}" if client is clients[0] else "")
        for client in clients:
            client.answer(shape)


def count_calls(server):
    """({shape: calls a request}, {shape: those of 32 connections}, {shape: {name: of this call}})"""
    listing = os.path.join(server.place, "strace")
    with (sharing_a_processor() as before,
          running(server, [*before, "strace", "-D", "-f", "-s", "64", "-o", listing]) as port):
        with connected(server, port) as clients:
            for name, shape in server.shapes.items():
                ask_alone(clients[0].over(shape), name, shape)
        with connected(server, port, CROWD) as clients:
            for name in server.shapes.keys() & set(CROWD_SHAPES):
                ask_together(clients, name, server.shapes[name])
    with open(listing, encoding="utf-8", errors="replace") as file:
        trace = file.readlines()
    alone, crowd, which = {}, {}, {}
    for name, shape in server.shapes.items():
        requests = BATCHES_TRACED * shape.depth
        calls = calls_between_marks(trace, f"alone-{name}")[0]
        alone[name] = sum(calls.values()) / requests
        which[name] = {call: count / requests for call, count in calls.items()}
        if name in CROWD_SHAPES:
            rounds = calls_between_marks(trace, f"crowd-{name}")
            crowd[name] = statistics.median(sum(calls.values()) for calls in rounds) / CROWD
    return alone, crowd, which


def read_thread(report):
    """Instructions of a thread; 0 where it is the monitor's, and of the file that says nothing of any."""
    with open(report, encoding="utf-8") as file:
        text = file.read()
    os.remove(report)
    totals = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    is_monitor = re.search(r"^fn=\(\d+\) run_monitor\b", text, re.MULTILINE)
    return int(totals[1]) if totals and not is_monitor else 0


def count_instructions_of_run(server, more):
    """While every shape was asked for, and one of them more often."""
    report = os.path.join(server.place, "callgrind")
    valgrind = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={report}"]
    with (running(server, valgrind, {"LD_PRELOAD": os.path.join(server.place, "openat2.so")}) as port,
          connected(server, port) as clients):
        for name, shape in server.shapes.items():
            clients[0].over(shape).ask_for(shape, REQUESTS_BEFORE + (REQUESTS_COUNTED if name == more else 0))
    return sum(read_thread(name) for name in glob.glob(f"{report}*"))


def count_instructions(server, names):
    """{shape: instructions a request}, of all threads but the monitor's: who has the loop may change, and none of the others
    has more to do when more is asked."""
    base = count_instructions_of_run(server, None)
    return {name: (count_instructions_of_run(server, name) - base) / REQUESTS_COUNTED for name in names}


def measure_row(row, server, names):
    """The calls and instructions of this server, into {shape: {figure: value}}."""
    alone, crowd, which = count_calls(server)
    instructions = count_instructions(server, names)
    for name in names:
        row[name] = {"calls": alone[name], "crowd": crowd.get(name), "instructions": instructions[name],
                     "which": which[name]}


def build(place):
    """What the measurements need beside hewn: a folder to serve, the floor, and openat2 for valgrind."""
    os.mkdir(os.path.join(place, "site"))
    with open(os.path.join(place, "site", "index.html"), "w", encoding="ascii") as file:
        file.write("x" * 128)
    for name in ("coded.js", "coded.js.br", "coded.js.gz"):  # in this order: no sibling is older
        with open(os.path.join(place, "site", name), "w", encoding="ascii") as file:
            file.write(name)
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-o", os.path.join(place, "limit"), os.path.join(BENCH, "limit.c")],
                   check=True)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", os.path.join(place, "openat2.so"),
                    os.path.join(HERE, "openat2.c")], check=True)


def measure(program):
    """{"hewn" | "floor" | "log combined" | "log json": {shape: {calls, crowd, instructions, which}}}"""
    rows = {"hewn": {}, "floor": {}}
    with tempfile.TemporaryDirectory(prefix="hewn-cost-") as place:
        build(place)
        hewn = Hewn(program, place)
        measure_row(rows["hewn"], hewn, list(hewn.shapes))
        for status in sorted({shape.status for shape in hewn.shapes.values()}):
            floor = Floor(place, status)
            measure_row(rows["floor"], floor, list(floor.shapes))
        for log in LOGS:
            measure_row(rows.setdefault(f"log {log}", {}), Hewn(program, place, log), ["200"])
    return rows


def read_ceilings(compiler):
    """{shape: {figure: ceiling}}"""
    figures = ["calls", "above", *("instructions" if one == compiler else None for one in COUNTED)]
    with open(CEILINGS, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {name: {figure: float(value) for figure, value in zip(figures, values) if figure and value != "-"}
            for name, *values in lines}


DIGITS = {"calls": 2, "above": 2, "instructions": 0}
WORDS = {"calls": "calls a request", "instructions": "instructions a request",
         "above": f"calls a request more than the floor's on {CROWD} connections"}


def judge(name, figure, value, ceiling):
    """Whether the ceiling holds; what is not so is printed."""
    digits, value = DIGITS[figure], round(value, DIGITS[figure])
    if value > ceiling:
        print(f"FAILED: {name}: {value:.{digits}f} {WORDS[figure]}, at most {ceiling:.{digits}f}")
    elif value < IS_TIGHT * ceiling - (0.02 if figure == "above" else 0):
        print(f"note: {name}: {value:.{digits}f} {WORDS[figure]}; ceilings.txt allows {ceiling:.{digits}f}: tighten it")
    return value <= ceiling


def judge_all(rows, ceilings, counts_instructions):
    """A list of what holds and what does not. A shape without a ceiling is nobody's mistake but ours."""
    judged = []
    for name, row in rows["hewn"].items():
        values = {"calls": row["calls"], "instructions": row["instructions"]}
        if row["crowd"] is not None:
            values["above"] = max(row["crowd"] - rows["floor"][name]["crowd"], 0)
        if not counts_instructions:
            del values["instructions"]
        judged += [judge(name, figure, value, ceilings[name][figure]) for figure, value in values.items()]
    return judged


def show(rows):
    print(f"{'':14} {'a request':10} {'calls':>6} {f'of {CROWD}':>6} {'instructions':>13}")
    for who, row in rows.items():
        for name, one in row.items():
            crowd = "-" if one["crowd"] is None else f"{one['crowd']:.2f}"
            which = ", ".join(f"{call} {count:.2f}" for call, count in sorted(one["which"].items()) if count >= 0.005)
            print(f"{who:14} {name:10} {one['calls']:6.2f} {crowd:>6} {one['instructions']:13.0f}   {which}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="for the figures too")
    parser.add_argument("hewn", metavar="HEWN")
    options = parser.parse_args()
    try:
        rows = measure(os.path.abspath(options.hewn))
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        sys.exit(f"request.py: {failure}")
    show(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    is_known_machine = platform.machine() == "x86_64"
    if not is_known_machine:
        print(f"note: instructions of {platform.machine()} are not judged")
    judged = judge_all(rows, read_ceilings(compiler_of(options.hewn)), is_known_machine)
    print(f"{sum(judged)} passed, {len(judged) - sum(judged)} failed")
    return 0 if all(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
