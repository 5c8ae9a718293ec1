"""Files that the page cache does not have: a spare reads them, and the loop sends them afterwards."""
import os
import re
import shutil
import signal
import subprocess

import pytest
from wire import SECONDS_MAX, Client

MIB = 1 << 20
SIZE = 4 * MIB
BYTES = bytes(range(251)) * (SIZE // 251 + 1)
TRACED = "trace=recvfrom,preadv2,pread64,sendfile"
# What the disk takes for each piece that is read.
SLOW_DISK = "inject=pread64:delay_enter=20000"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "hello.txt").write_text("hello, world\n")
    with open(folder / "large", "wb") as file:
        file.write(BYTES[:SIZE])
    return folder


def cool_down(path):
    """The file system is asked to forget what it has cached; it may refuse."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Traced:
    """The calls of a server that strace watches: (thread, call, its arguments, result)."""

    def __init__(self, server, path):
        self.path = path
        self.strace = subprocess.Popen(["strace", "-f", "-e", TRACED, "-e", SLOW_DISK, "-o", path,
                                        "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        if "attached" not in (said := self.strace.stderr.readline()):
            pytest.skip("no right to trace a process: " + said.strip())
        return self

    def __exit__(self, *_):
        self.strace.terminate()
        self.strace.communicate(timeout=SECONDS_MAX)

    def calls(self):
        begun, calls = {}, []
        for line in self.path.read_text().splitlines():
            thread, rest = line.split(None, 1)
            if rest.endswith("<unfinished ...>"):
                begun[thread] = rest.removesuffix("<unfinished ...>")
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
                rest = begun.pop(thread, "") + resumed[1]
            if call := re.match(r"(\w+)\((.*)\)\s+= (-?\d+)", rest):
                calls.append((thread, call[1], call[2], int(call[3])))
        return calls


def check_calls(calls):
    """No page is sent before somebody but the loop has read it, or the page cache was found to have it."""
    loop = {thread for thread, name, _, _ in calls if name == "sendfile"}
    assert len(loop) == 1
    is_cold, is_read, heads_meanwhile, read_to, was_cold = False, False, 0, 0, 0
    for thread, name, arguments, result in calls:
        if name == "preadv2":
            is_cold = result < 0
            was_cold += is_cold
        elif name == "pread64" and thread not in loop:
            read_to = max(read_to, int(arguments.split(", ")[-1]) + result)
        elif name == "recvfrom" and is_cold and "HEAD" in arguments:
            heads_meanwhile += 1
        elif name == "sendfile":
            offset = int(re.search(r"\[(\d+)\]", arguments)[1])
            assert not is_cold or offset + result <= read_to
            is_cold = is_cold and offset + result < read_to
    return was_cold, heads_meanwhile


def test_one_is_read_ahead_while_others_are_served(start, folder, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    server = start("--loops", "1", folder=folder)
    address = server.address
    with Client(address) as client, Client(address) as other, Traced(server, tmp_path / "trace") as traced:
        cool_down(folder / "large")
        client.request("GET", "/large")
        for _ in range(10):
            other.request("HEAD", "/hello.txt")
            assert other.answer("HEAD").status == 200
        assert client.answer().body == BYTES[:SIZE]
    was_cold, heads_meanwhile = check_calls(traced.calls())
    if not was_cold:
        pytest.skip("this file system does not give up its pages")
    assert heads_meanwhile >= 5


def test_clients_that_leave_in_the_middle_hurt_nobody(start, folder):
    server = start(folder=folder)
    for _ in range(20):
        cool_down(folder / "large")
        with Client(server.address) as client:
            client.request("GET", "/large")
            client.head()
    cool_down(folder / "large")
    with Client(server.address) as client:
        assert client.get("/large").body == BYTES[:SIZE]


def test_a_server_ends_while_it_reads(start, folder):
    server = start(folder=folder)
    cool_down(folder / "large")
    clients = [Client(server.address) for _ in range(10)]
    for client in clients:
        client.request("GET", "/large")
    server.signal(signal.SIGINT)  # two of the same that are not taken yet would be one
    server.end_well()
    for client in clients:
        client.__exit__()
