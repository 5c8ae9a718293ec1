"""The options that set limits: each has its effect, and none on what keeps within it."""
import socket
import time

import pytest
from running import SECONDS_MAX

HEAD = b"GET /ten.txt HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture
def dial(start):
    """A connection to a new server with these options."""
    clients = []

    def dial_server(*options):
        port = start("-l", "127.0.0.1:0", *options, "dist").port()
        client = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
        clients.append(client)
        return client

    yield dial_server
    for client in clients:
        client.close()


def rest(client):
    """All that comes until the server ends, and after how long."""
    began, data = time.monotonic(), b""
    while piece := client.recv(65536):
        data += piece
    return data, time.monotonic() - began


def test_a_head_in_pieces_has_so_long(dial):
    client = dial("--head-timeout", "300ms")
    client.sendall(HEAD)
    data, seconds = rest(client)
    assert data.startswith(b"HTTP/1.1 408 ") and 0.2 < seconds < 5


def test_an_idle_connection_has_so_long(dial):
    client = dial("--idle-timeout=300ms")
    client.sendall(HEAD + b"\r\n")
    data, seconds = rest(client)
    assert data.endswith(b"\r\n\r\n0123456789") and 0.2 < seconds < 5


@pytest.mark.parametrize("length, status", [(1024, b"200"), (1025, b"431")])
def test_a_head_may_have_so_many_bytes(dial, length, status):
    client = dial("--max-head", "1KiB")
    field = b"X-A: " + b"a" * (length - len(HEAD) - len(b"X-A: \r\nConnection: close\r\n\r\n"))
    client.sendall(HEAD + field + b"\r\nConnection: close\r\n\r\n")
    assert rest(client)[0][9:12] == status


@pytest.mark.parametrize("length, goes_on", [(2048, True), (2049, False)])
def test_a_body_may_have_so_many_bytes(dial, length, goes_on):
    client = dial("--max-body", "2KiB")
    client.sendall(b"POST /ten.txt HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length + b"b" * length)
    client.sendall(HEAD + b"Connection: close\r\n\r\n")
    data = rest(client)[0]
    assert data.startswith(b"HTTP/1.1 405 ") and (b"HTTP/1.1 200 " in data) == goes_on


def test_options_that_leave_nothing_out(dial):
    client = dial("--min-rate", "1KiB/s", "--max-conns", "100", "--head-timeout", "1m", "--idle-timeout", "1h",
                  "--max-head", "64KiB", "--max-body", "1GiB")
    client.sendall(HEAD + b"Connection: close\r\n\r\n")
    assert rest(client)[0].startswith(b"HTTP/1.1 200 ")
