"""A client that says exactly what it is told to, and waits for nothing without a deadline."""
import socket
import time
from collections import namedtuple

SECONDS_MAX = 20
Answer = namedtuple("Answer", "status fields body interim")


def poll(condition, seconds=SECONDS_MAX):
    """Waits until it holds; its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.005)
    return value


class Client:
    def __init__(self, address, receive_bytes=None):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else
                                    socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.socket.settimeout(SECONDS_MAX)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(address)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def end_send(self):
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, method="GET", target="/", fields=""):
        """`fields`: whole lines, "Name: value\\r\\n"."""
        self.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")

    def get(self, target, fields=""):
        self.request("GET", target, fields)
        return self.answer()

    def head(self):
        """(status, fields with small names) of the next head."""
        line = self.reader.readline()
        assert line.startswith(b"HTTP/1.1 ") and line.endswith(b"\r\n"), line
        fields = {}
        while (field := self.reader.readline()) != b"\r\n":
            name, colon, value = field.partition(b":")
            assert colon and value.endswith(b"\r\n"), field
            fields[name.decode().lower()] = value.strip().decode("latin-1")
        return int(line.split()[1]), fields

    def chunk(self):
        """The next one; b"" is the last, with its trailers read past."""
        size = int(self.reader.readline().split(b";")[0], 16)
        data = self.reader.read(size)
        while self.reader.readline() != b"\r\n":
            assert size == 0
        return data

    def body(self, fields):
        if fields.get("transfer-encoding") == "chunked":
            return b"".join(iter(self.chunk, b""))
        return self.reader.read(int(fields.get("content-length", 0)))

    def answer(self, method="GET"):
        interim = []
        status, fields = self.head()
        while status < 200:
            interim.append(status)
            status, fields = self.head()
        has_body = method != "HEAD" and status not in (204, 304)
        return Answer(status, fields, self.body(fields) if has_body else b"", interim)

    def rest(self):
        """All that comes until the server closes."""
        pieces = []
        try:
            while piece := self.reader.read1(65536):
                pieces.append(piece)
        except ConnectionResetError:
            pass
        return b"".join(pieces)


def refuses(address):
    """Nobody listens there, whether the refusal comes before or after the last look at the listener."""
    try:
        with Client(address) as client:
            client.request()
            return client.rest() == b""
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        return True
