"""Many at once."""
import re
import shutil
import subprocess
import time

import pytest
from wire import SECONDS_MAX, Client

ROUNDS, CROWD = 8, 64
REQUEST = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"


def serve_all(clients):
    """One request on each, all at the same time."""
    for client in clients:
        client.send(REQUEST)
    return [client.answer().body for client in clients]


@pytest.fixture
def connect(server):
    clients = []

    def connect_clients(count):
        clients.extend(Client(server.address) for _ in range(count))
        return clients[-count:]

    yield connect_clients
    for client in clients:
        client.__exit__()


def test_five_hundred_connections_open_at_once(connect):
    clients = connect(500)
    for _ in range(2):
        assert serve_all(clients) == [b"hello, world\n"] * 500


def test_a_new_connection_waits_for_nobodys_tick(connect):
    """Loops that have their share leave the listeners: the others must take over at once."""
    start = time.monotonic()
    for _ in range(ROUNDS):
        assert serve_all(connect(CROWD)) == [b"hello, world\n"] * CROWD
    assert time.monotonic() - start < ROUNDS / 4


def test_connections_that_come_and_go(server):
    """Each is closed by one of the two sides before the next is opened."""
    start = time.monotonic()
    for i in range(200):
        with Client(server.address) as client:
            assert client.get("/hello.txt", "Connection: close\r\n" if i % 2 else "").status == 200
    assert time.monotonic() - start < 4


def test_one_connection_carries_many_requests(server):
    """In flights of a hundred, as fast as they go."""
    with Client(server.address) as client:
        for _ in range(10):
            client.send(REQUEST * 100)
            assert [client.answer().status for _ in range(100)] == [200] * 100


def test_wrk_finds_no_error(measured, server):
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed")
    told = subprocess.run(["wrk", "-t", "2", "-c", "200", "-d", "5s", server.url + "/hello.txt"],
                          capture_output=True, text=True, timeout=SECONDS_MAX).stdout
    assert int(re.search(r"(\d+) requests in", told).group(1)) > 1000, told
    assert "Socket errors" not in told and "Non-2xx" not in told, told
