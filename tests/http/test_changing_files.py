"""Files that change while they are sent."""
import os
import re
import shutil
import subprocess

import pytest
from wire import SECONDS_MAX, Client

MIB = 1 << 20
SIZE = 48 * MIB
OLD, NEW = b"old file" * 8192, b"NEW FILE" * 8192


@pytest.fixture
def folder(tmp_path):
    with open(tmp_path / "large", "wb") as file:
        for _ in range(SIZE // len(OLD)):
            file.write(OLD)
    (tmp_path / "hello.txt").write_text("hello, world\n")
    return tmp_path


@pytest.fixture
def slow(start, folder):
    """A client that has read the head and a little, and a server that cannot go on before it reads."""
    server = start(folder=folder)
    with Client(server.address, receive_bytes=64 * 1024) as client:
        client.request("GET", "/large")
        assert client.head()[1]["content-length"] == str(SIZE)
        assert client.reader.read(len(OLD)) == OLD
        yield client
    with Client(server.address) as other:
        assert other.get("/hello.txt").status == 200


def is_only(data, pattern):
    """Whether the data is the pattern, repeated and cut anywhere."""
    whole = len(data) // len(pattern)
    return data == pattern * whole + pattern[:len(data) % len(pattern)]


@pytest.mark.parametrize("left", [0, MIB, SIZE - 1])
def test_one_that_is_cut_short_ends_the_connection(slow, folder, left):
    os.truncate(folder / "large", left)
    rest = slow.rest()
    assert len(OLD) + len(rest) < SIZE
    assert is_only(rest, OLD)


def test_one_that_is_replaced_is_sent_as_it_was(slow, folder):
    (folder / "new").write_bytes(NEW * (2 * SIZE // len(NEW)))
    os.replace(folder / "new", folder / "large")
    assert is_only(slow.reader.read(SIZE - len(OLD)), OLD)
    assert slow.get("/large", "Range: bytes=0-7\r\n").body == NEW[:8]


def test_one_that_is_removed_is_sent_to_its_end(slow, folder):
    os.remove(folder / "large")
    assert is_only(slow.reader.read(SIZE - len(OLD)), OLD)
    assert slow.get("/large").status == 404


def test_one_that_grows_is_not_finished(slow, folder):
    """What was promised may be there still, but nobody can tell."""
    with open(folder / "large", "ab") as file:
        file.write(NEW)
    assert len(OLD) + len(slow.rest()) < SIZE


def test_one_that_is_written_over_is_not_finished(slow, folder):
    """Of the same length, and under the old date."""
    before = os.stat(folder / "large")
    with open(folder / "large", "r+b") as file:
        file.seek(SIZE // 2)
        file.write(NEW)
    os.utime(folder / "large", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(OLD) + len(slow.rest()) < SIZE


def test_one_that_gets_another_name_is_sent_to_its_end(slow, folder):
    os.link(folder / "large", folder / "second")
    assert is_only(slow.reader.read(SIZE - len(OLD)), OLD)
    assert slow.get("/hello.txt").status == 200


def test_a_large_file_is_not_read_but_sent(start, folder, tmp_path_factory):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    # Not in the folder that is served, or the server would read of each change.
    server, trace = start(folder=folder), tmp_path_factory.mktemp("trace") / "calls"
    address = server.address
    watcher = subprocess.Popen(["strace", "-f", "-e", "trace=sendfile,read,pread64", "-o", trace,
                                "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True)
    try:
        if "attached" not in watcher.stderr.readline():
            pytest.skip("no right to trace a process: " + watcher.stderr.read().strip())
        with Client(address) as client:
            assert len(client.get("/large").body) == SIZE
    finally:
        watcher.terminate()
        watcher.communicate(timeout=SECONDS_MAX)
    calls = trace.read_text()
    assert calls.count("sendfile(") > 10
    # What is read besides are the eight bytes by which one thread wakes another.
    files = set(re.findall(r"sendfile\(\d+, (\d+),", calls))
    assert not files & set(re.findall(r"(?:pread64|read)\((\d+),", calls))


def parts_of(answer):
    """[(first, last, bytes)] of several ranges."""
    boundary = answer.fields["content-type"].partition("boundary=")[2].encode()
    pieces = (b"\r\n" + answer.body).split(b"\r\n--" + boundary)
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
    parts = []
    for piece in pieces[1:-1]:
        head, _, data = piece.partition(b"\r\n\r\n")
        first, last = re.search(rb"Content-Range: bytes (\d+)-(\d+)/%d$" % SIZE, head).groups()
        parts.append((int(first), int(last), data))
    return parts


SEVERAL = f"Range: bytes=0-{20 * MIB - 1}, {30 * MIB}-{30 * MIB}, -{10 * MIB}\r\n"


def test_several_parts_of_a_large_file(start, folder):
    server = start(folder=folder)
    with Client(server.address) as client:
        answer = client.get("/large", SEVERAL)
        assert answer.status == 206 and int(answer.fields["content-length"]) == len(answer.body)
        places = [(first, last) for first, last, _ in parts_of(answer)]
        assert places == [(0, 20 * MIB - 1), (30 * MIB, 30 * MIB), (38 * MIB, SIZE - 1)]
        for first, last, data in parts_of(answer):
            at = first % len(OLD)
            assert len(data) == last - first + 1 and is_only(data, OLD[at:] + OLD[:at])
        assert client.get("/hello.txt").body == b"hello, world\n"


@pytest.mark.parametrize("left", [MIB, 25 * MIB, 40 * MIB])
def test_several_parts_of_one_that_is_cut_short_end_the_connection(start, folder, left):
    server = start(folder=folder)
    with Client(server.address, receive_bytes=64 * 1024) as client:
        client.request("GET", "/large", SEVERAL)
        status, fields = client.head()
        begun = client.reader.read(len(OLD))
        os.truncate(folder / "large", left)
        rest = client.rest()
        assert status == 206 and len(begun) + len(rest) < int(fields["content-length"])
    with Client(server.address) as other:
        assert other.get("/hello.txt").status == 200
