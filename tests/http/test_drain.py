"""How a server ends, and that clients which end first do no harm."""
import signal
import socket

import pytest
from wire import Client, poll, refuses

SIZE = 1 << 20


@pytest.fixture
def upload(start):
    """An upload that has come half way: (server, client)."""
    server = start()
    with Client(server.address) as client:
        client.request("POST", "/echo", "Content-Length: 256\r\n")
        client.send(b"a" * 128)
        assert client.head()[0] == 200
        yield server, client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_slow_upload_is_finished_first(upload, number):
    server, client = upload
    server.signal(number)
    poll(lambda: refuses(server.address))
    assert server.process.poll() is None
    client.send(b"b" * 128)
    assert client.reader.read(256) == b"a" * 128 + b"b" * 128
    assert client.rest() == b""
    assert server.ended() == 0


def test_a_second_signal_ends_it_at_once(upload):
    server, client = upload
    server.signal(signal.SIGTERM)
    poll(lambda: refuses(server.address))
    server.signal(signal.SIGTERM)
    assert server.ended() == 0
    assert len(client.rest()) <= 128


def test_an_idle_connection_is_closed(start):
    server = start()
    with Client(server.address) as client:
        assert client.get("/hello.txt").status == 200
        server.signal(signal.SIGTERM)
        assert client.rest() == b""
        assert server.ended() == 0


def test_the_last_answer_says_close(start):
    server = start()
    with Client(server.address) as client:
        client.request("POST", "/echo", "Content-Length: 5\r\n")
        server.signal(signal.SIGTERM)
        poll(lambda: refuses(server.address))
        client.send("hello")
        answer = client.answer()
        assert (answer.status, answer.body, answer.fields["connection"]) == (200, b"hello", "close")
        assert client.rest() == b""
    assert server.ended() == 0


def hang_up(client):
    """With a reset: what the server sends after it is an EPIPE."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("target, fields", [("/big.bin", ""), ("/page.html", ""),
                                            ("/echo", f"Content-Length: {SIZE}\r\n")])
def test_clients_that_leave_in_the_middle(server, target, fields, is_reset):
    for _ in range(50):
        with Client(server.address, receive_bytes=4096) as client:
            client.request("POST" if fields else "GET", target, fields)
            if fields:
                client.send(b"x" * 5000)
            client.reader.read(100)
            if is_reset:
                hang_up(client)
    assert server.process.poll() is None
