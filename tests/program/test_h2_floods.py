"""Clients of HTTP/2 that ask for much and give little. Each attack comes on several connections at once and must end:
by GOAWAY (ENHANCE_YOUR_CALM) where nothing else is said. Somebody else is served meanwhile, and the server's memory
grows by less than MEMORY_FACTOR bytes for each byte of the attack, beside what a connection may hold anyway."""
import os
import re
import threading
import time
from pathlib import Path

import pytest
from conftest import SECONDS_MAX
from frames import (ACK, CALM, CONTINUATION, DATA, END_HEADERS, HEADERS, NO_ERROR, PING, PREFACE, PRIORITY, PRIORITY_UPDATE,
                    PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, Raw, frame, head, headers, indexed_literal,
                    is_sanitized, literal, settings)
from injection import cpu_seconds
from running import wait_until
from test_h2 import with_nghttp2  # noqa: F401: a fixture

ATTACKERS = 8
BYTES_MAX = 8 << 20  # an attack that has come so far has not been ended
MEMORY_FACTOR = 4
# A session, 32 KiB of output that is not taken, and a hundred streams with nothing in them.
CONNECTION_BYTES = 640 * 1024
HEADS_BYTES = 1024 * 1024  # 512 KiB, in arenas that take it in blocks
ONE = (1).to_bytes(4, "big")


@pytest.fixture
def server(start, hewn, place):
    """With something large in it, warm: it has had as many connections as the attack will have."""
    with open(place / "dist" / "large.bin", "wb") as file:
        file.truncate(32 << 20)

    def start_server(*arguments):
        running = start("--listen", "127.0.0.1:0", "--log", "off", *arguments, "dist")
        running.seconds_max = 10 if is_sanitized(hewn) else 1
        running.is_measured = not is_sanitized(hewn)
        clients = [Raw(running.port()) for _ in range(ATTACKERS)]
        for client in clients:
            client.send(b"".join(headers(1 + 2 * i, head()) for i in range(100)))
        for client in clients:
            assert client.wait_for(lambda client: len(client.ended_streams()) == 100)
            client.socket.close()
        return running
    return start_server


class Bystander:
    """Somebody who asks for a page, over and over."""

    def __init__(self, port):
        self.port, self.longest, self.served, self.is_over, self.error = port, 0, 0, threading.Event(), None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.is_over.is_set() or not self.served:
                begin = time.monotonic()
                with Raw(self.port) as client:
                    client.send(headers(1, head()))
                    assert client.wait_for(lambda client: 1 in client.ended_streams())
                    assert client.of_kind(DATA, 1)[0][3] == b"0123456789"
                self.longest, self.served = max(self.longest, time.monotonic() - begin), self.served + 1
                self.is_over.wait(0.02)
        except Exception as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join(SECONDS_MAX)


def memory(running, name):
    text = Path(f"/proc/{running.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024


def forget_peak(running):
    """VmHWM begins anew (proc(5))."""
    Path(f"/proc/{running.process.pid}/clear_refs").write_text("5", encoding="ascii")


def attack(running, attackers, pieces, ends=True, extra=0):
    """Each attacker sends its pieces, one after the other, until its connection has ended or BYTES_MAX have been
    sent. `extra`: memory that is allowed for another reason."""
    port = running.port()
    forget_peak(running)
    before, cpu = memory(running, "VmRSS"), cpu_seconds(running.process.pid)
    with Bystander(port) as bystander:
        clients = [make(port) for make in [attackers] * ATTACKERS]
        going = {client: pieces(client) for client in clients}
        while going:
            for client, rest in list(going.items()):
                piece = next(rest, None)
                if piece is None or not client.send(piece) or client.sent > BYTES_MAX:
                    del going[client]
        for client in clients:
            if ends:
                assert client.wait_for_end(), f"goes on after {client.sent} bytes: {client.frames[-3:]}"
        grown = memory(running, "VmHWM") - before
        spent = cpu_seconds(running.process.pid) - cpu
    assert bystander.error is None, bystander.error
    assert bystander.served and bystander.longest < running.seconds_max
    sent = sum(client.sent for client in clients)
    print(f"{sent} bytes in, {grown} bytes more, {spent:.2f} s, the longest wait {bystander.longest * 1000:.0f} ms")
    if running.is_measured:
        assert grown < MEMORY_FACTOR * sent + ATTACKERS * CONNECTION_BYTES + extra
    return clients


def calmed(clients, *codes):
    for client in clients:
        client.cut()
        assert [code for _, code in client.goaways()] in [[code] for code in codes or (CALM,)], client.frames[-3:]


def quiet(port):
    """Does not read what it is told."""
    client = Raw(port)
    client.is_reading = False
    return client


def endless(piece, times=100):
    """The same, over and over."""
    def pieces(client):
        while True:
            yield piece * times
    return pieces


def behind(first, piece, times=100):
    def pieces(client):
        yield first
        yield from endless(piece, times)(client)
    return pieces


def streams():
    return iter(range(1, 1 << 31, 2))


def each_stream(make):
    """What is made of a stream's id, for one stream after another."""
    def pieces(client):
        ids = streams()
        while True:
            yield b"".join(make(next(ids)) for _ in range(50))
    return pieces


# 1

@pytest.mark.parametrize("path", [b"/ten.txt", b"/large.bin", b"/"])
@pytest.mark.parametrize("reader", [Raw, quiet])
def test_rapid_reset(server, path, reader):
    """CVE-2023-44487"""
    calmed(attack(server(), reader, each_stream(
        lambda id: headers(id, head(path=path)) + frame(RST_STREAM, 0, id, b"\0\0\0\x08"))))


def test_rapid_reset_of_content(server):
    calmed(attack(server(), Raw, each_stream(
        lambda id: headers(id, head(b"POST"), END_HEADERS) + frame(DATA, 0, id, b"x") + frame(RST_STREAM, 0, id, b"\0\0\0\x08"))))


@pytest.mark.parametrize("reader", [Raw, quiet])
def test_who_goes_on_behind_the_end_is_not_read_for_long(server, reader):
    with reader(server().port()) as client:
        client.is_reading = False
        assert not client.send(frame(PING, 0, 0, b"12345678") * (1 << 22))
        assert client.sent < 32 << 20


# 2

@pytest.mark.parametrize("piece", [b"", literal(b"x", b"y"), literal(b"x", b"y" * 16000)], ids=["empty", "small", "large"])
def test_continuation(server, piece):
    """CVE-2024-27316"""
    calmed(attack(server(), Raw, behind(headers(1, head(), 0), frame(CONTINUATION, 0, 1, piece), 1)))


# 3

@pytest.mark.parametrize("first", [headers(1, head(b"POST"), END_HEADERS), headers(1, head(), END_HEADERS),
                                   headers(1, head(), END_HEADERS) + headers(3, head(b"POST"), END_HEADERS)])
def test_empty_data(server, first):
    """CVE-2019-9518. A stream that is over is told of once, and is then an error of the connection."""
    calmed(attack(server(), Raw, behind(first, frame(DATA, 0, 1))), CALM, 5)


# 4, 5

@pytest.mark.parametrize("reader", [Raw, quiet])
def test_ping(server, reader):
    """CVE-2019-9512"""
    calmed(attack(server(), reader, endless(frame(PING, 0, 0, b"12345678"))))


@pytest.mark.parametrize("said", [settings(), settings(window_bytes=0) + settings(window_bytes=1 << 30),
                                  settings(table_bytes=0) + settings(table_bytes=1 << 30),
                                  settings() [:3] + bytes((SETTINGS, ACK)) + b"\0\0\0\0"], ids=["empty", "windows", "tables", "acknowledgements"])
@pytest.mark.parametrize("reader", [Raw, quiet])
def test_settings(server, reader, said):
    """CVE-2019-9515"""
    opened = b"".join(headers(1 + 2 * i, head(path=b"/large.bin")) for i in range(90))
    calmed(attack(server(), reader, behind(opened, said)), CALM, *[PROTOCOL_ERROR] * (said[4] == ACK))


def test_large_settings(server):
    """A frame that is full of the same."""
    calmed(attack(server(), Raw, endless(frame(SETTINGS, 0, 0, b"\0\4\0\0\0\1" * 2700), 1)))


# 6

def test_priority(server):
    """CVE-2019-9513"""
    calmed(attack(server(), Raw, each_stream(lambda id: frame(PRIORITY, 0, id, b"\0\0\0\0\x10"))))


@pytest.mark.parametrize("ids", ["one", "many"])
def test_priority_update(server, ids):
    if ids == "one":
        calmed(attack(server(), Raw, endless(frame(PRIORITY_UPDATE, 0, 0, ONE + b"u=1, i"))))
    else:  # RFC 9218 7.1
        calmed(attack(server(), Raw, each_stream(
            lambda id: frame(PRIORITY_UPDATE, 0, 0, id.to_bytes(4, "big") + b"u=1"))), CALM, PROTOCOL_ERROR)


def test_unknown_frames(server):
    calmed(attack(server(), Raw, endless(frame(0x42, 0, 0, b"x" * 100))))


# 7

@pytest.mark.parametrize("stream", [0, 1])
def test_window_updates_of_one_byte(server, stream):
    """CVE-2019-9517: one byte for each, where nothing else is allowed."""
    first = headers(1, head(path=b"/large.bin"))
    if stream == 1:
        calmed(attack(server(), lambda port: Raw(port, PREFACE + settings(window_bytes=0)),
                      behind(first, frame(WINDOW_UPDATE, 0, 1, ONE))))
    else:
        calmed(attack(server(), lambda port: Raw(port, PREFACE + settings(window_bytes=1 << 30)),
                      behind(first, frame(WINDOW_UPDATE, 0, 0, ONE))))


def test_window_updates_of_one_byte_that_are_waited_for(server):
    """CVE-2019-9511: each makes us send a frame of one byte."""
    def pieces(client):
        yield frame(SETTINGS, ACK) + headers(1, head(path=b"/large.bin"))
        for count in range(2000):
            client.wait_for(lambda client: sum(len(payload) for _, _, _, payload in client.of_kind(DATA)) >= count, 5)
            yield frame(WINDOW_UPDATE, 0, 1, ONE)
    calmed(attack(server(), lambda port: Raw(port, PREFACE + settings(window_bytes=0)), pieces))


# 8

def test_header_bomb(server):
    """CVE-2016-6581: each byte is a field of four kilobytes."""
    first = indexed_literal(b"x", b"y" * 4000)

    def pieces(client):
        ids = streams()
        yield frame(SETTINGS, ACK) + headers(next(ids), head(more=first))
        while True:
            yield headers(next(ids), head(more=b"\xbe" * 15000))
    calmed(attack(server(), Raw, pieces))


def hold_heads(client):
    """A hundred, each as large as it may be, on streams that stay open: HPACK makes them of 12 KB."""
    ids = streams()
    yield headers(next(ids), head(more=indexed_literal(b"x", b"y" * 4000)))
    yield b"".join(headers(next(ids), head(path=b"/large.bin", more=b"\xbe" * 7)) for _ in range(99))
    client.wait_for(lambda client: len(client.of_kind(HEADERS)) == 100)


def shut(port):
    """Whose windows let nothing through."""
    return Raw(port, PREFACE + settings(window_bytes=0))


def test_heads_that_are_small_on_the_wire_and_stay(server):
    """What a connection may hold of heads is bounded, and is no multiple of what it sends."""
    attack(server(), shut, hold_heads, ends=False, extra=ATTACKERS * HEADS_BYTES)


def test_who_holds_much_and_takes_nothing_gives_way(server):
    """As a slow client does (docs/design/0007)."""
    running = server("--max-memory", "16MiB", "--loops", "1")
    attackers = [shut(running.port()) for _ in range(3)]
    for attacker in attackers:
        for piece in hold_heads(attacker):
            attacker.send(piece)
    others = []

    def has_one_gone():
        """Others come, and stay."""
        others.append(shut(running.port()))
        others[-1].send(b"".join(headers(id, head(path=b"/large.bin")) for id in range(1, 41, 2)))
        assert others[-1].wait_for(lambda other: len(other.of_kind(HEADERS)) == 20 or other.is_ended)
        for attacker in attackers:
            attacker.read()
        return any(attacker.is_ended for attacker in attackers)
    wait_until(has_one_gone)


# 9

@pytest.mark.parametrize("first", [headers, lambda id, block: headers(id, block, END_HEADERS) + frame(DATA, 0, id, b"x")],
                         ids=["downloads", "uploads"])
def test_streams_that_stay_open_behind_a_window_that_is_shut(server, first):
    """They have their deadlines (tests/unit/server); until then they cost little memory and no time."""
    running = server()
    clients = attack(running, shut, lambda client: iter(
        [b"".join(first(1 + 2 * i, head(path=b"/large.bin")) for i in range(100))]), ends=False)
    spent = cpu_seconds(running.process.pid)
    with Raw(running.port()) as other:
        for id in range(1, 201, 2):
            other.send(headers(id, head()))
            assert other.wait_for(lambda client, id=id: id in client.ended_streams())
    assert cpu_seconds(running.process.pid) - spent < running.seconds_max
    # Whoever asks for more than is allowed is refused it, and at last cut off.
    for client in clients:
        assert not client.is_ended
        more = b"".join(headers(201 + 2 * i, head()) for i in range(150))
        client.send(more)
        assert client.wait_for_end()
        assert set(client.resets().values()) <= {REFUSED_STREAM, NO_ERROR}
    calmed(clients)


# 10

@pytest.mark.parametrize("make", [
    lambda id: headers(id, head(more=literal(b"Upper", b"x"))),
    lambda id: headers(id, head(b"POST", more=literal(b"content-length", b"1")), END_HEADERS) + frame(DATA, 0, id, b"xy"),
    lambda id: headers(id, head(path=b"/large.bin")) + frame(WINDOW_UPDATE, 0, id, b"\0\0\0\0"),
    lambda id: headers(id, head(path=b"/large.bin")) + frame(WINDOW_UPDATE, 0, id, b"\x7f\xff\xff\xff"),
    lambda id: headers(id, head(path=b"/large.bin")) + frame(DATA, 0, id, b"x"),
    lambda id: headers(id, head(path=b"/large.bin")) + headers(id, b""),
    lambda id: headers(id, head(path=b"/large.bin")) + frame(PRIORITY, 0, id, b"x"),
], ids=["malformed", "content", "zero", "overflow", "half-closed", "second-head", "priority"])
def test_streams_that_the_server_has_to_reset(server, make):
    """CVE-2025-8671. Some of it is an error of the connection (RFC 9113 5.4.1, 6.9)."""
    calmed(attack(server(), Raw, each_stream(make)), CALM, PROTOCOL_ERROR, 5, 6)


# 11

@pytest.mark.parametrize("said", [frame(PING, 0, 0, b"12345678") * 99, headers(1, head() * 99), settings(window_bytes=1) * 99,
                                  headers(1, head(), 0) + frame(CONTINUATION, 0, 1, literal(b"x", b"y")) * 99])
def test_frames_that_come_a_byte_at_a_time(server, said):
    """Quick enough to be let through as frames they are few; else a frame is late."""
    running = server("--head-timeout", "300ms")

    def pieces(client):
        for at in range(len(said)):
            client.wait_for_end(0.004)
            yield said[at:at + 1]
        client.wait_for_end()
    calmed(attack(running, Raw, pieces), CALM, 4)
