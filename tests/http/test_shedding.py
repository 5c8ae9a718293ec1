"""A server that is full: who waits gives way, and who asks is served."""
import contextlib
import re
import resource
import socket
import time
from pathlib import Path

import pytest
from running import Running
from serving import is_sanitized
from wire import poll

HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
REQUEST = b"GET /ten.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SECONDS_MAX = 10
MIB = 1024 * 1024


@contextlib.contextmanager
def serving(program, folder, *options, limit=None):
    shell = ["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh"] if limit else []
    running = Running([*shell, program, "--log", "off", "--loops", "2", "-l", "127.0.0.1:0", *options, folder])
    try:
        running.err.wait_for(r"memory ceiling .*\n")
        yield running
        assert running.stop() == 0
    finally:
        running.clean_up()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "ten.txt").write_text("0123456789")
    (tmp_path / "large.bin").write_bytes(bytes(4 * MIB))
    return str(tmp_path)


def connect(port, bytes_sent, room=None):
    client = socket.socket()
    if room:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.settimeout(SECONDS_MAX)
    client.connect(("127.0.0.1", port))
    with contextlib.suppress(ConnectionError):
        client.sendall(bytes_sent)
    return client


def ask(port):
    """What a client gets that does nothing wrong: served, refused (503), or nothing."""
    try:
        with connect(port, REQUEST) as client:
            answer = client.makefile("rb").read()
    except OSError:
        return "nothing"
    if answer.endswith(b"0123456789"):
        return "served"
    return "refused" if answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 1\r\n" in answer else "nothing"


def is_served(port):
    return ask(port) == "served"


def resident_bytes(running):
    rollup = Path(f"/proc/{running.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024


def ceiling_bytes(running):
    said = running.err.wait_for(r"memory ceiling ([\d.]+) MiB")
    return float(said[1]) * MIB


def test_idle_ones_give_way_too(hewn_program, site):
    with serving(hewn_program, site, limit=64) as running, contextlib.ExitStack() as held:
        port = running.port()
        keep = REQUEST.replace(b"Connection: close\r\n", b"")
        for _ in range(200):
            held.enter_context(connect(port, keep))
        assert all(is_served(port) for _ in range(50))


class Attack:
    """Half heads, pipelined requests for what is not read, and bodies, one after the other; in between, a client."""

    def __init__(self, running, held):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        fields = b"".join(b"X-%d: %s\r\n" % (i, b"x" * 7000) for i in range(4))
        pipeline = b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n" * 64
        body = b"POST /ten.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + bytes(30000)
        self.kinds = [(HALF_A_HEAD.replace(b"X-Slow: ", fields), None), (pipeline, 4096), (body, None)]
        self.running, self.held, self.most, self.answers = running, held, 0, []

    def run(self, count, pause):
        for i in range(count):
            attack, room = self.kinds[i % len(self.kinds)]
            self.held.enter_context(connect(self.running.port(), attack, room))
            time.sleep(pause)
            if i % 20 == 0:
                self.most = max(self.most, resident_bytes(self.running))
                self.answers.append(ask(self.running.port()))


@pytest.fixture
def measured_program(hewn_program):
    if is_sanitized(hewn_program):
        pytest.skip("a sanitized build is not measured; the release build is")
    return hewn_program


def test_clients_are_served_while_memory_is_short(measured_program, site):
    with serving(measured_program, site, "--max-memory", "16MiB") as running, contextlib.ExitStack() as held:
        attack = Attack(running, held)
        attack.run(600, 0.01)
        assert attack.answers.count("served") >= len(attack.answers) * 0.95
        assert attack.most < ceiling_bytes(running)


def test_memory_stays_below_what_was_said_in_a_flood(measured_program, site):
    """Faster than anybody's speed can be judged: who is turned away is told so, and soon nobody is."""
    with serving(measured_program, site, "--max-memory", "16MiB") as running, contextlib.ExitStack() as held:
        attack = Attack(running, held)
        attack.run(1000, 0)
        assert attack.most < ceiling_bytes(running)
        # One that has just come may give way before it is read.
        assert attack.answers.count("nothing") <= len(attack.answers) * 0.05
        assert poll(lambda: all(is_served(running.port()) for _ in range(20)))
