#!/usr/bin/python3
"""request.py HEWN: what one request costs the release program, in system calls and in instructions.

Both are counted, not timed, in the loop's thread alone, with one connection that waits for its answers: strace lists
the calls between two marked requests, and callgrind counts the instructions of two runs of which one makes so many
requests more. Fails where ceilings.txt is exceeded."""
import contextlib
import glob
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CEILINGS = os.path.join(HERE, "ceilings.txt")
BATCHES_TRACED = 200
REQUESTS_COUNTED = 960
REQUESTS_BEFORE = 96  # caches are filled, lazy binding is done
PIPELINED = 16
SECONDS_MAX = 30
IS_TIGHT = 0.9  # a figure below this share of its ceiling is worth a note
BROWSER = [
    'sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24"', "sec-ch-ua-mobile: ?0", 'sec-ch-ua-platform: "Linux"',
    "Upgrade-Insecure-Requests: 1",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1", "Sec-Fetch-Dest: document",
    "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    "Cookie: " + "; ".join(f"name{number}={number:032x}" for number in range(10)),
]


class Failure(Exception):
    pass


class Shape:
    """A kind of request: how many at once, and what must come back."""

    def __init__(self, path="/index.html", status=200, fields=(), depth=1):
        self.path, self.status, self.fields, self.depth = path, status, list(fields), depth

    def batch(self, mark=""):
        """`mark` becomes the query of the first: a name in the trace."""
        lines = [f"GET {self.path} HTTP/1.1", "Host: localhost", "User-Agent: cost", *self.fields]
        one = "".join(line + "\r\n" for line in lines) + "\r\n"
        first = one.replace(self.path, f"{self.path}?{mark}", 1) if mark else one
        return (first + one * (self.depth - 1)).encode()


SHAPES = {"200": Shape(), "304": Shape(status=304), "404": Shape("/there/is/none.html", 404),
          "browser": Shape(fields=BROWSER), "pipelined": Shape(depth=PIPELINED)}


class Client:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
        self.rest = b""

    def close(self):
        self.socket.close()

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise Failure("the connection was closed")
        self.rest += piece

    def answer(self):
        """(status, head) of the next answer; its body is read and forgotten."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        left = int(length[1]) if length and status != 304 else 0
        while len(self.rest) < left:
            self.more()
        self.rest = self.rest[left:]
        return status, head.decode("latin-1")

    def ask(self, shape, mark=""):
        self.socket.sendall(shape.batch(mark))
        for _ in range(shape.depth):
            status, head = self.answer()
            if status != shape.status:
                raise Failure(f"{shape.path}: status {status}, not {shape.status}")
        return head

    def ask_for(self, shape, requests):
        for _ in range(requests // shape.depth):
            self.ask(shape)


@contextlib.contextmanager
def running(hewn, place, before, environment=None):
    """Its port. It is ended with SIGTERM, so that what counts can write its report."""
    command = [*before, hewn, "--loops", "1", "--log", "off", "--listen", "127.0.0.1:0", os.path.join(place, "site")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env={**os.environ, **(environment or {})}, text=True, errors="replace")
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if port := re.search(r"listening on http://127\.0\.0\.1:(\d+)/", line):
                yield int(port[1])
                break
        else:
            raise Failure("hewn did not start:\n" + "".join(said[-20:]))
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS_MAX)  # strace and valgrind hold its output: they have ended too


@contextlib.contextmanager
def connected(port):
    client = Client(port)
    try:
        learn_validators(client)
        yield client
    finally:
        client.close()


def learn_validators(client):
    """The 304 is asked for with what this server says of the file."""
    head = client.ask(SHAPES["200"])
    names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
    found = re.findall(r"^(ETag|Last-Modified): *(.*)\r$", head + "\r", re.IGNORECASE | re.MULTILINE)
    known = {name.lower(): value for name, value in found}
    SHAPES["304"].fields = [f"{names[name]}: {known[name.lower()]}" for name in names if name.lower() in known]


def calls_between(trace, begin, end):
    """The calls of the thread that received both marks, from the first mark on, but for those of its clock: an
    epoll_wait that ended without an event, and what followed it."""
    thread, is_tick, calls = None, False, {}
    for line in trace:
        found = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*) = (\S+)", line)
        if not found:  # the beginning of a call that another thread's interrupted in the listing, a signal, an end
            continue
        who, name, arguments, result = found.groups()
        if not thread:
            if begin in arguments:
                thread, calls = who, {name: 1}
            continue
        if who != thread:
            continue
        if end in arguments:
            return calls
        if name == "epoll_wait":
            is_tick = result == "0" and re.search(r", [1-9]\d*\)$", arguments) is not None
        if not is_tick:
            calls[name] = calls.get(name, 0) + 1
    raise Failure("the marked requests are not in the trace")


def count_calls(hewn, place):
    """{shape: (calls a request, {name: of this call})}"""
    listing = os.path.join(place, "strace")
    with running(hewn, place, ["strace", "-D", "-f", "-s", "64", "-o", listing]) as port, connected(port) as client:
        for name, shape in SHAPES.items():
            client.ask_for(shape, REQUESTS_BEFORE)
            client.ask(shape, f"begin-{name}")
            client.ask_for(shape, (BATCHES_TRACED - 1) * shape.depth)
            client.ask(shape, f"end-{name}")
    with open(listing, encoding="utf-8", errors="replace") as file:
        trace = file.readlines()
    counted = {}
    for name, shape in SHAPES.items():
        calls = calls_between(trace, f"?begin-{name} ", f"?end-{name} ")
        requests = BATCHES_TRACED * shape.depth
        counted[name] = (sum(calls.values()) / requests, {call: count / requests for call, count in calls.items()})
    return counted


def count_instructions_of_run(hewn, place, more):
    """{thread: instructions} while every shape was asked for, and one of them more often."""
    report = os.path.join(place, "callgrind")
    valgrind = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={report}"]
    with (running(hewn, place, valgrind, {"LD_PRELOAD": os.path.join(place, "openat2.so")}) as port,
          connected(port) as client):
        for name, shape in SHAPES.items():
            client.ask_for(shape, REQUESTS_BEFORE + (REQUESTS_COUNTED if name == more else 0))
    totals = {}
    for path in glob.glob(f"{report}-*"):
        with open(path, encoding="utf-8") as file:
            totals[path[len(report):]] = int(re.search(r"^totals: (\d+)", file.read(), re.MULTILINE)[1])
        os.remove(path)
    return totals


def count_instructions(hewn, place):
    """{shape: instructions a request}. The loop's thread is the one that has more to do when more is asked."""
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-D_GNU_SOURCE", "-o", os.path.join(place, "openat2.so"),
                    os.path.join(HERE, "openat2.c")], check=True)
    counted, base = {}, count_instructions_of_run(hewn, place, None)
    for name in SHAPES:
        totals = count_instructions_of_run(hewn, place, name)
        if totals.keys() != base.keys():
            raise Failure(f"not the same threads in two runs: {sorted(base)}, {sorted(totals)}")
        counted[name] = max(totals[thread] - base[thread] for thread in base) / REQUESTS_COUNTED
    return counted


def read_ceilings():
    """{shape: (calls, instructions)}"""
    with open(CEILINGS, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {name: (float(calls), float(instructions)) for name, calls, instructions in lines}


def judge(name, what, value, ceiling, digits):
    """Whether the ceiling holds; what is not so is printed."""
    value = round(value, digits)
    if value > ceiling:
        print(f"FAILED: {name}: {value:.{digits}f} {what} a request, at most {ceiling:.{digits}f}")
    elif value < IS_TIGHT * ceiling:
        print(f"note: {name}: {value:.{digits}f} {what} a request; ceilings.txt allows {ceiling:.{digits}f}: tighten it")
    return value <= ceiling


def measure(hewn):
    with tempfile.TemporaryDirectory(prefix="hewn-cost-") as place:
        os.mkdir(os.path.join(place, "site"))
        with open(os.path.join(place, "site", "index.html"), "w", encoding="ascii") as file:
            file.write("x" * 128)
        return count_calls(hewn, place), count_instructions(hewn, place)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: request.py HEWN")
    ceilings = read_ceilings()
    try:
        calls, instructions = measure(sys.argv[1])
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        sys.exit(f"request.py: {failure}")
    print(f"{'a request':10} {'calls':>7} {'instructions':>13}")
    for name in SHAPES:
        which = ", ".join(f"{call} {count:.2f}" for call, count in sorted(calls[name][1].items()))
        print(f"{name:10} {calls[name][0]:7.2f} {instructions[name]:13.0f}   {which}")
    judged = [judge(name, "calls", calls[name][0], ceilings[name][0], 2) for name in SHAPES]
    if platform.machine() == "x86_64":
        judged += [judge(name, "instructions", instructions[name], ceilings[name][1], 0) for name in SHAPES]
    else:
        print(f"note: instructions of {platform.machine()} are not judged")
    print(f"{sum(judged)} passed, {len(judged) - sum(judged)} failed")
    return 0 if all(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
