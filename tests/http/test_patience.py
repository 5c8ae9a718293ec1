"""Clients that are slow are nobody's trouble but their own."""
import os
import signal
import subprocess
import sys

import pytest
from wire import Client

DOWNLOAD = """
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.sendall(b"GET /big.bin HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" * 64)
print("asked", flush=True)
while client.recv(1000):
    pass
"""


@pytest.fixture(params=[1, 2])
def server(start, request):
    return start("--loops", str(request.param))


def is_served(server):
    with Client(server.address) as client:
        return [client.get("/hello.txt").body for _ in range(100)] == [b"hello, world\n"] * 100


def test_one_that_sends_a_byte_now_and_then(server):
    request = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    with Client(server.address) as trickling, Client(server.address) as client:
        for i in range(len(request)):
            trickling.send(request[i:i + 1])
            for _ in range(100 // len(request) + 1):
                assert client.get("/hello.txt").status == 200
        assert trickling.answer().body == b"hello"


def test_ones_that_read_nothing(server):
    clients = [Client(server.address, receive_bytes=4096) for _ in range(20)]
    for client in clients:
        client.request("GET", "/big.bin")
    assert is_served(server)
    for client in clients:
        assert len(client.answer().body) == 1 << 20
        client.__exit__()


def test_one_that_is_stopped(server):
    port = str(server.address[1])
    stopped = subprocess.Popen([sys.executable, "-c", DOWNLOAD, port], stdout=subprocess.PIPE)
    try:
        assert stopped.stdout.readline() == b"asked\n"
        os.kill(stopped.pid, signal.SIGSTOP)
        assert is_served(server)
    finally:
        stopped.kill()
        stopped.communicate()
    assert is_served(server)


def test_ones_that_say_nothing(server):
    clients = [Client(server.address) for _ in range(50)]
    assert is_served(server)
    for client in clients:
        assert client.get("/hello.txt").status == 200
        client.__exit__()
