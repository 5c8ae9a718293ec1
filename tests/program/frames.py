"""Two clients of HTTP/2: one that keeps the rules (python3-h2), and one that writes whatever frames it likes."""
import select
import socket
import struct
import sys
import time
from pathlib import Path

import pytest
from running import SECONDS_MAX

sys.path.append(str(Path(__file__).resolve().parents[1] / "http"))
from serving import is_sanitized

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# RFC 9113 6, RFC 9218 7.1
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
END_STREAM, ACK, END_HEADERS, PADDED, RANKED = 1, 1, 4, 8, 32
# RFC 9113 6.5.2, RFC 9218 2.1
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = range(1, 6)
NO_RFC7540_PRIORITIES = 9
# RFC 9113 7
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR = range(7)
REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = range(7, 10)
CALM = 11
WINDOW_BYTES = 65535  # as long as nobody says otherwise
LAST_ID = 2**31 - 1

__all__ = ["is_sanitized"]


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes((kind, flags)) + struct.pack("!I", stream) + payload


def settings(**values):
    """Of those with a name here."""
    known = {"table_bytes": HEADER_TABLE_SIZE, "window_bytes": INITIAL_WINDOW_SIZE}
    return setting(*((known[name], value) for name, value in values.items()))


def setting(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack("!HI", id, value) for id, value in pairs))


def literal(name, value):
    """A field that does not enter the table (RFC 7541 6.2.2), its length below 127 or not."""
    return b"\0" + string(name) + string(value)


def indexed_literal(name, value):
    """One that does (6.2.1): the newest entry, index 62, from then on."""
    return b"\x40" + string(name) + string(value)


def integer(value, bits=7, pattern=0):
    """Behind the bits of a pattern (RFC 7541 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((pattern | value,))
    value -= most
    digits = bytes((pattern | most,))
    while value >= 128:
        digits += bytes((value % 128 + 128,))
        value //= 128
    return digits + bytes((value,))


def string(text):
    return integer(len(text)) + text


def head(method=b"GET", path=b"/ten.txt", authority=b"localhost", more=b""):
    """A field block, of literals alone."""
    return (literal(b":method", method) + literal(b":scheme", b"http") + literal(b":path", path) +
            literal(b":authority", authority) + more)


def headers(stream, block, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, block)


class Raw:
    """Writes bytes and collects frames, without an opinion on either. It never waits for the server to read: what it
    says is heard meanwhile."""

    def __init__(self, port, greeting=None, host="127.0.0.1", buffer_bytes=None):
        self.socket = socket.socket()
        if buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(SECONDS_MAX)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.frames, self.received, self.sent, self.is_ended, self.is_reading = [], b"", 0, False, True
        if greeting is None:
            greeting = PREFACE + settings()
        self.send(greeting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def read(self):
        """What is there."""
        try:
            while not self.is_ended:
                piece = self.socket.recv(1 << 18)
                self.is_ended = not piece
                self.received += piece
        except BlockingIOError:
            pass
        except OSError:
            self.is_ended = True
        self.cut()

    def cut(self):
        """What has been received, into frames."""
        at = 0
        while len(self.received) - at >= 9:
            length = int.from_bytes(self.received[at:at + 3], "big")
            if len(self.received) - at < 9 + length:
                break
            kind, flags, stream = struct.unpack("!BBI", self.received[at + 3:at + 9])
            self.frames.append((kind, flags, stream & LAST_ID, self.received[at + 9:at + 9 + length]))
            at += 9 + length
        self.received = self.received[at:]

    def send(self, data, seconds=SECONDS_MAX):
        """False: the server has ended the connection, or takes no more for so long."""
        rest, end = memoryview(data), time.monotonic() + seconds
        while rest and not self.is_ended and time.monotonic() < end:
            readers = [self] if self.is_reading else []
            readable, writable, _ = select.select(readers, [self], [], max(end - time.monotonic(), 0))
            if readable:
                self.read()
            if writable and not self.is_ended:
                try:
                    count = self.socket.send(rest[:1 << 16])
                except BlockingIOError:
                    continue
                except OSError:
                    self.read()
                    self.is_ended = True
                    return False
                self.sent += count
                rest = rest[count:]
        return not rest and not self.is_ended

    def wait_for(self, is_so, seconds=SECONDS_MAX):
        """Reads until that is so, or the end; whether it is."""
        end = time.monotonic() + seconds
        while not is_so(self) and not self.is_ended and (rest := end - time.monotonic()) > 0:
            if select.select([self], [], [], rest)[0]:
                self.read()
        return is_so(self)

    def wait_for_end(self, seconds=SECONDS_MAX):
        return self.wait_for(lambda self: self.is_ended, seconds)

    def of_kind(self, kind, stream=None):
        return [found for found in self.frames if found[0] == kind and stream in (None, found[2])]

    def goaways(self):
        """[(last stream, code)]"""
        return [struct.unpack("!II", payload[:8]) for _, _, _, payload in self.of_kind(GOAWAY)]

    def resets(self):
        """{stream: code}"""
        return {stream: struct.unpack("!I", payload)[0] for _, _, stream, payload in self.of_kind(RST_STREAM)}

    def ended_streams(self):
        return {stream for kind, flags, stream, _ in self.frames if kind in (DATA, HEADERS) and flags & END_STREAM}


class Answer:
    def __init__(self):
        self.status, self.fields, self.body, self.trailers = None, {}, b"", None
        self.interim, self.is_ended, self.reset, self.flow_bytes = [], False, None, 0

    def is_over(self):
        return self.is_ended or self.reset is not None


class Client:
    """A client that keeps the rules. What arrives is read when something is waited for. `credits`: it gives each window
    back what it has read."""

    def __init__(self, connection, authority="localhost", scheme="http", credits=True, **configured):
        library = pytest.importorskip("h2.connection", reason="python3-h2 is not installed")
        self.events = pytest.importorskip("h2.events")
        config = pytest.importorskip("h2.config").H2Configuration(client_side=True, header_encoding="utf-8")
        self.socket, self.authority, self.scheme, self.credits = connection, authority, scheme, credits
        self.wire = library.H2Connection(config)
        self.answers, self.goaways, self.is_ended = {}, [], False
        self.wire.initiate_connection()
        if configured:
            codes = pytest.importorskip("h2.settings").SettingCodes
            self.wire.update_settings({codes[name.upper()]: value for name, value in configured.items()})
        self.flush()

    def flush(self):
        data = self.wire.data_to_send()
        if data:
            self.socket.sendall(data)

    def ask(self, path="/ten.txt", method="GET", fields=(), ends=True, **pseudo):
        """A new stream."""
        stream = self.wire.get_next_available_stream_id()
        self.answers[stream] = Answer()
        named = {":method": method, ":scheme": self.scheme, ":authority": self.authority, ":path": path,
                 **{f":{name}": value for name, value in pseudo.items()}}
        self.wire.send_headers(stream, [*named.items(), *fields], end_stream=ends)
        self.flush()
        return stream

    def send(self, stream, data, ends=False):
        """All of it, as the windows allow."""
        rest = memoryview(data)
        while rest:
            room = min(self.wire.local_flow_control_window(stream), self.wire.max_outbound_frame_size, len(rest))
            if room == 0:
                self.read()
                if self.answers[stream].is_over():
                    return
                continue
            self.wire.send_data(stream, bytes(rest[:room]))
            rest = rest[room:]
            self.flush()
        if ends:
            self.wire.end_stream(stream)
            self.flush()

    def reset(self, stream, code=CANCEL):
        self.wire.reset_stream(stream, code)
        self.flush()

    def credit(self, stream, count):
        self.wire.acknowledge_received_data(count, stream)
        self.flush()

    def read(self):
        """Waits for something, and takes it."""
        piece = self.socket.recv(1 << 17)
        self.is_ended = not piece
        for event in self.wire.receive_data(piece) if piece else ():
            self.take(event)
        self.flush()

    def take(self, event):
        events = self.events
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, events.ConnectionTerminated):
            self.goaways.append((event.last_stream_id, event.error_code))
        elif isinstance(event, events.InformationalResponseReceived):
            answer.interim.append(int(dict(event.headers)[":status"]))
        elif isinstance(event, events.ResponseReceived):
            answer.fields = dict(event.headers)
            answer.status = int(answer.fields.pop(":status"))
        elif isinstance(event, events.DataReceived):
            answer.body += event.data
            answer.flow_bytes += event.flow_controlled_length
            if self.credits and event.flow_controlled_length:
                self.wire.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, events.StreamEnded):
            answer.is_ended = True
        elif isinstance(event, events.StreamReset):
            answer.reset = event.error_code

    def wait_until(self, is_so, seconds=SECONDS_MAX):
        end = time.monotonic() + seconds
        while not is_so() and not self.is_ended:
            assert time.monotonic() < end
            self.read()
        assert is_so()

    def wait_for(self, *streams):
        """The answers of those, or of all."""
        wanted = [self.answers[stream] for stream in streams or self.answers]
        self.wait_until(lambda: all(answer.is_over() for answer in wanted))
        return wanted

    def fetch(self, path="/ten.txt", **how):
        """(status, body)."""
        answer, = self.wait_for(self.ask(path, **how))
        return answer.status, answer.body

    def wait_for_end(self):
        self.wait_until(lambda: self.is_ended)
