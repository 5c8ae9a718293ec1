"""Content that comes back while it is still being sent."""
import selectors

import pytest
from serving import is_sanitized
from wire import SECONDS_MAX, Client

MIB = 1 << 20
GROWTH_MAX = 4 * MIB
HALF = b"0123456789abcdef" * 8


def test_the_first_half_comes_back_before_the_second_is_sent(server):
    with Client(server.address) as client:
        client.request("POST", "/echo", f"Content-Length: {2 * len(HALF)}\r\n")
        client.send(HALF)
        status, fields = client.head()
        assert status == 200 and fields["content-length"] == str(2 * len(HALF))
        assert client.reader.read(len(HALF)) == HALF
        client.send(HALF[::-1])
        assert client.reader.read(len(HALF)) == HALF[::-1]
        assert client.get("/hello.txt").status == 200


def test_chunks_come_back_one_by_one(server):
    with Client(server.address) as client:
        client.request("POST", "/echo", "Transfer-Encoding: chunked\r\n")
        for i in range(3):
            client.send(f"{len(HALF):x}\r\n".encode() + HALF + b"\r\n")
            if i == 0:
                status, fields = client.head()
                assert status == 200 and fields["transfer-encoding"] == "chunked"
            assert client.chunk() == HALF
        client.send("0\r\n\r\n")
        assert client.chunk() == b""
        assert client.get("/hello.txt").status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "BREW", "get"])
def test_any_method(server, method):
    with Client(server.address) as client:
        client.request(method, "/echo", "Content-Length: 5\r\nContent-Type: text/x-five\r\n")
        client.send("hello")
        answer = client.answer()
        assert (answer.status, answer.body, answer.fields["content-type"]) == (200, b"hello", "text/x-five")


def test_head_has_no_content(server):
    with Client(server.address) as client:
        client.request("HEAD", "/echo", "Content-Length: 5\r\n")
        client.send("hello")
        assert client.answer("HEAD").fields["content-length"] == "5"
        assert client.get("/hello.txt").status == 200


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_but_not_these(server, method):
    with Client(server.address) as client:
        client.request(method, "localhost:80" if method == "CONNECT" else "/echo")
        assert client.answer().status in (400, 405, 501)


def pump(client, count, frame=lambda data: data):
    """Sends `count` blocks and reads as it goes; how many bytes came back, after the head."""
    block = frame(bytes(range(256)) * 1024)
    data, came, is_sent = memoryview(block), 0, False
    client.socket.setblocking(False)
    into = bytearray(MIB)
    with selectors.DefaultSelector() as selector:
        key = selector.register(client.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while True:
            ready = selector.select(SECONDS_MAX)
            assert ready, "nothing moves"
            if ready[0][1] & selectors.EVENT_READ:
                got = client.socket.recv_into(into)
                came += got
                if got == 0:
                    return came
            if ready[0][1] & selectors.EVENT_WRITE and not is_sent:
                data = data[client.socket.send(data):]
                if not data:
                    count, data = count - 1, memoryview(block)
                if count == 0:
                    is_sent = True
                    selector.modify(key.fileobj, selectors.EVENT_READ)


def test_a_gibibyte_leaves_no_trace(start):
    """Under a sanitizer fewer bytes, and nothing is said of memory: it keeps what is freed."""
    server = start()
    has_trace = is_sanitized(server.process.args[0])
    count = 256 if has_trace else 4096
    with Client(server.address) as client:
        assert client.get("/echo").status == 200
    before = server.memory()
    with Client(server.address) as client:
        client.request("POST", "/echo", f"Connection: close\r\nContent-Length: {count * MIB // 4}\r\n")
        came = pump(client, count)
    assert count * MIB // 4 < came < count * MIB // 4 + 1000
    if not has_trace:
        assert server.memory("VmHWM") - before < GROWTH_MAX
