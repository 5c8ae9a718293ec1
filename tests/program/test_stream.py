"""Bodies that are written as they are sent, and read as they come: examples/stream.c."""
import contextlib
import json
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from conftest import SECONDS_MAX, connected, fetch
from test_examples import example


@pytest.fixture
def stream(start, hewn):
    return start("--listen", "127.0.0.1:0", "--loops", "1", **example(hewn, "stream"))


def ask(client, target, fields=""):
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode())


def read_until(client, end):
    read = b""
    while end not in read:
        piece = client.recv(65536)
        assert piece, read
        read += piece
    return read


def unchunk(body):
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            assert body == b"\r\n"
            return whole
        whole, body = whole + body[:int(size, 16)], body[int(size, 16) + 2:]


def threads_of(running):
    with open(f"/proc/{running.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"^Threads:\s+(\d+)", file.read(), re.MULTILINE).group(1))


def test_a_body_is_pulled_as_the_client_takes_it(stream):
    status, body = fetch(stream.port(), "/squares/100000")
    lines = unchunk(body).split(b"\r\n")
    assert status == 200 and len(lines) == 100001
    assert lines[0] == b"0,0" and lines[99999] == b"99999,9999800001"
    assert stream.stop() == 0


def test_events_come_as_they_happen_and_end(stream):
    with connected(stream.port()) as client:
        ask(client, "/job")
        head = read_until(client, b"data: 0\n\n")
        assert b"Content-Type: text/event-stream\r\n" in head and b"Cache-Control: no-cache\r\n" in head
        rest = read_until(client, b"\r\n0\r\n\r\n")
        assert re.findall(rb"data: (\d+)", rest) == [str(percent).encode() for percent in range(10, 101, 10)]
        assert b"event: done\n" in rest
    assert stream.stop() == 0


def test_who_listens_holds_no_thread(stream):
    with contextlib.ExitStack() as opened:
        clients = [opened.enter_context(connected(stream.port())) for _ in range(100)]
        for client in clients:
            ask(client, "/clock")
        for client in clients:
            assert b"event: tick\n" in read_until(client, b"\n\n\r\n")
        assert threads_of(stream) < 20
        for client in clients:
            assert b"event: tick\n" in read_until(client, b"\n\n\r\n")
        stream.signal(signal.SIGTERM)
        for client in clients:  # each ends well, and soon
            assert read_until(client, b"0\r\n\r\n").endswith(b"0\r\n\r\n")
        assert stream.ended() == 0


def test_a_stream_is_told_of_the_end(stream):
    with connected(stream.port()) as client:
        ask(client, "/job")
        read_until(client, b"data: 0\n\n")
        began = time.monotonic()
        stream.signal(signal.SIGTERM)
        assert b"event: stopped\n" in read_until(client, b"\r\n0\r\n\r\n")
        assert stream.ended() == 0
        assert time.monotonic() - began < 5


def test_who_goes_in_the_middle_is_no_burden(stream):
    for target in ("/job", "/clock", "/squares/9000000000"):
        for linger in (None, b"\1\0\0\0\0\0\0\0"):
            with connected(stream.port()) as client:
                ask(client, target)
                assert client.recv(1)
                if linger:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert fetch(stream.port(), "/squares/1")[0] == 200
    began = time.monotonic()
    assert stream.stop() == 0
    assert time.monotonic() - began < 10


def test_more_streams_than_threads_are_refused(stream):
    with contextlib.ExitStack() as opened:
        clients = [opened.enter_context(connected(stream.port())) for _ in range(260)]
        for client in clients:
            ask(client, "/job")
        statuses = [read_until(client, b"\r\n\r\n").split()[1] for client in clients]
        assert statuses.count(b"200") == 256 and statuses.count(b"503") == 4
    assert stream.stop() == 0


def test_a_body_is_read_as_it_comes(stream):
    with connected(stream.port()) as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 30000000\r\n\r\n")
        assert read_until(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        for _ in range(300):
            client.sendall((b"x" * 99 + b"\n") * 1000)
        answer = read_until(client, b"}")
        assert json.loads(answer[answer.index(b"{"):]) == {"bytes": 30000000, "lines": 300000}
        client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\ncd\r\n")
        client.sendall(b"2\r\n\n\n\r\n0\r\n\r\n")
        answer = read_until(client, b"}")
        assert json.loads(answer[answer.index(b"{"):]) == {"bytes": 7, "lines": 3}
    assert stream.stop() == 0


def test_a_body_that_breaks_off_harms_nobody(stream):
    for part in (b"Content-Length: 100\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", b"Content-Length: 5\r\n\r\n"):
        with connected(stream.port()) as client:
            client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\n" + part)
            client.shutdown(socket.SHUT_WR)
            assert b"400 Bad Request" in read_until(client, b"\r\n")
        with connected(stream.port()) as client:
            client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\n" + part)
    began = time.monotonic()
    assert stream.stop() == 0
    assert time.monotonic() - began < 10


def test_a_stream_to_an_old_client_ends_with_the_connection(stream):
    with connected(stream.port()) as client:
        client.sendall(b"GET /squares/3 HTTP/1.0\r\n\r\n")
        client.settimeout(SECONDS_MAX)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
        assert answer.endswith(b"\r\n\r\n0,0\r\n1,1\r\n2,4\r\n")
        assert b"Transfer-Encoding" not in answer
    assert stream.stop() == 0


def descriptors_of(running):
    return len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))


def test_who_breaks_off_is_noticed_at_once(stream):
    assert fetch(stream.port(), "/squares/1")[0] == 200
    before = descriptors_of(stream)
    with contextlib.ExitStack() as opened:
        for target in ("/clock", "/job"):
            client = opened.enter_context(connected(stream.port()))
            ask(client, target)
            read_until(client, b"\n\n")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    began = time.monotonic()
    while descriptors_of(stream) > before:
        assert time.monotonic() - began < SECONDS_MAX
    assert time.monotonic() - began < 5
    assert stream.stop() == 0
