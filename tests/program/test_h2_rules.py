"""What RFC 9113, RFC 7541, RFC 8441 and RFC 9218 demand of a server that somebody outside can see, rule by rule: frames
that break or keep each of them over a real socket (rules_h2, rules_h2_fields), and what the server does about them.

Behind whatever breaks one stream at the most, another one is served; behind what ends a connection, another one is.
And whatever happens, what the server itself says keeps the rules (judge_manners)."""
import os
import struct
from pathlib import Path

import pytest
import rules_h2_fields  # noqa: F401: its rules
from frames import (ACK, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, GOAWAY, HEADER_TABLE_SIZE, HEADERS,
                    INITIAL_WINDOW_SIZE, LAST_ID, MAX_FRAME_SIZE, NO_ERROR, PADDED, PING, PREFACE, PROTOCOL_ERROR, PUSH_PROMISE,
                    RST_STREAM, SETTINGS, WINDOW_BYTES, WINDOW_UPDATE, Raw, frame, head, headers, indexed_literal, integer,
                    setting, settings)
from rules_h2 import CLOSED_BY_SERVER, FRAME_BYTES, RULES, SHUT, credit, get, padded, post, reset
from running import Running
from test_h2 import with_nghttp2  # noqa: F401: a fixture

hpack = pytest.importorskip("hpack", reason="python3-hpack, which python3-h2 needs, is not installed")

SECONDS = 5
PROBE = 9999  # a stream above all others
LARGE_BYTES = 1 << 20
OF_CONNECTION = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "ten.txt").write_text("0123456789")
    (folder / "index.html").write_text("<p>")
    (folder / "empty.txt").write_text("")
    with open(folder / "large.bin", "wb") as file:
        file.truncate(LARGE_BYTES)
    return folder


@pytest.fixture(scope="module")
def files(hewn, place):
    """The port of hewn, which serves a folder."""
    running = Running([hewn, "--listen", "127.0.0.1:0", "--log", "off", str(place)])
    yield running.port()
    assert running.stop() == 0


@pytest.fixture(scope="module")
def echo(place):
    """The port of the server of the HTTP cases, which serves it too, and gives content back at /echo."""
    program = Path(os.environ.get("CASE_SERVER", "build/case-server")).resolve()
    if not program.exists():
        pytest.fail(f"there is no {program}: ./dev build makes it")
    running = Running([str(program), "--listen", "127.0.0.1:0", str(place)])
    yield int(running.out.wait_for(r":(\d+)$").group(1))
    assert running.stop() == 0


def blocks(client):
    """[(stream, fields)] of all heads and trailers that have come: for HPACK's sake in their order."""
    decoder, found, rest = hpack.Decoder(), [], b""
    for kind, flags, stream, payload in client.frames:
        if kind in (HEADERS, CONTINUATION):
            rest += payload
            if flags & END_HEADERS:
                found.append((stream, [(str(name), str(value)) for name, value in decoder.decode(rest)]))
                rest = b""
    return found


def status(client, stream):
    """Of an answer that is complete."""
    if stream not in client.ended_streams():
        return None
    return next(int(fields[0][1]) for of, fields in blocks(client) if of == stream and fields[0] != (":status", "100"))


def content(client, stream):
    return b"".join(payload for _, _, _, payload in client.of_kind(DATA, stream))


def judge_manners(client):
    """What a server may not do, whatever the client has done. Padding is not expected of this one."""
    if not client.frames:
        return
    kind, flags, stream, payload = client.frames[0]
    assert (kind, flags & ACK, stream) == (SETTINGS, 0, 0)  # RFC 9113 3.4
    values = dict(struct.iter_unpack("!HI", payload))
    assert values.get(ENABLE_PUSH, 0) == 0 and values.get(INITIAL_WINDOW_SIZE, 0) <= LAST_ID  # 6.5.2
    assert FRAME_BYTES <= values.get(MAX_FRAME_SIZE, FRAME_BYTES) < 1 << 24 and values.get(8, 1) == 1  # 6.5.2, RFC 8441 3
    over = set()
    for at, (kind, flags, stream, payload) in enumerate(client.frames):
        assert len(payload) <= FRAME_BYTES and kind != PUSH_PROMISE  # 4.2, 8.4
        assert kind in range(10)  # no extension has been agreed on
        assert (stream == 0) == (kind in (SETTINGS, PING, GOAWAY)) or kind == WINDOW_UPDATE
        assert stream % 2 == 1 or stream == 0  # 5.1.1: nothing is pushed
        assert (stream, "reset") not in over  # 5.1, 5.4.2
        assert (stream, "end") not in over or kind in (RST_STREAM, WINDOW_UPDATE, CONTINUATION)
        if kind == WINDOW_UPDATE:
            assert 1 <= struct.unpack("!I", payload)[0] <= LAST_ID  # 6.9
        if kind == RST_STREAM:
            over.add((stream, "reset"))
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            over.add((stream, "end"))
        if kind in (HEADERS, CONTINUATION) and not flags & END_HEADERS:
            following = client.frames[at + 1]
            assert following[0] == CONTINUATION and following[2] == stream  # 4.3
        if kind == GOAWAY and struct.unpack("!II", payload[:8])[1] != NO_ERROR:
            assert at == len(client.frames) - 1  # 5.4.1
    for _, fields in blocks(client):
        names = [name for name, _ in fields]
        assert names == [name.lower() for name in names] and not OF_CONNECTION & set(names)  # 8.2, 8.2.2
        assert [name for name in names if name[0] == ":"] in ([":status"], [])  # 8.3.2
        assert names.index(":status") == 0 if ":status" in names else True
        assert all(value == value.strip(" \t") and not set(value) & set("\0\r\n") for _, value in fields)  # 8.2.1


def outcomes(client, stream):
    """What has come of it, in the words of the rules."""
    if client.is_ended or client.goaways():
        assert client.wait_for_end(SECONDS), "a GOAWAY, but no end"
        codes = [code for _, code in client.goaways()] or [None]
        assert len(codes) == 1
        return {("connection", codes[0])}
    code = client.resets().get(stream, NO_ERROR)
    if code != NO_ERROR:
        return {("stream", code)}
    return {("no error", None), ("answer", status(client, stream))}


def send_pieces(client, pieces):
    for piece in pieces:
        if callable(piece):
            assert client.wait_for(piece, SECONDS), client.frames
        elif piece:
            client.send(piece, SECONDS)


def assert_served(client, stream=PROBE):
    """On that connection."""
    client.send(headers(stream, head(b"HEAD")), SECONDS)
    assert client.wait_for(lambda client: stream in client.ended_streams(), SECONDS), client.frames
    assert status(client, stream) == 200


def assert_serves(port):
    """On another one."""
    with Raw(port) as client:
        client.send(get())
        assert client.wait_for(lambda client: 1 in client.ended_streams(), SECONDS)
        assert (status(client, 1), content(client, 1)) == (200, b"0123456789")


def has_gone_on(client, rule):
    """The stream behind it has been answered, and it, where it has to be."""
    met = rule.stream in client.ended_streams() | set(client.resets())
    return PROBE in client.ended_streams() and (met or ("no error", None) in rule.allowed)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rule(request, rule):
    port = request.getfixturevalue("echo" if rule.echoes else "files")
    with Raw(port, rule.greeting) as client:
        send_pieces(client, rule.said)
        if {kind for kind, _ in rule.allowed} == {"connection"}:
            # Nothing is sent behind it, which could be what ends the connection.
            assert client.wait_for_end(SECONDS), client.frames
        else:
            client.send(headers(PROBE, head(b"HEAD")), SECONDS)
            client.wait_for(lambda client: has_gone_on(client, rule), SECONDS)
        found = outcomes(client, rule.stream)
        assert found & rule.allowed, (found, client.frames[-3:])
        if not client.is_ended:
            assert status(client, PROBE) == 200
        judge_manners(client)
    if client.is_ended:
        assert_serves(port)


def test_names_are_not_used_twice():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]


# What is done with what keeps the rules, where an outcome does not say enough.

@pytest.fixture
def client(files):
    with Raw(files) as connection:
        yield connection
        judge_manners(connection)


@pytest.fixture
def shut(files):
    """With windows of no byte for its streams."""
    with Raw(files, SHUT) as connection:
        yield connection
        judge_manners(connection)


def acknowledgements(client):
    return sum(flags & ACK for _, flags, _, _ in client.of_kind(SETTINGS))


def assert_has_come(client, stream, count):
    """So many bytes, and no more."""
    assert client.wait_for(lambda client: len(content(client, stream)) >= count, SECONDS), client.frames[-3:]
    assert_quiet(client)
    assert len(content(client, stream)) == count


def assert_quiet(client):
    """The server has read all that was sent, and said what it had to say: not only before it answered a PING, which
    may overtake that (6.7), but before the next one."""
    for _ in range(2):
        count = len(client.of_kind(PING))
        client.send(frame(PING, 0, 0, b"are you?"), SECONDS)
        assert client.wait_for(lambda client, count=count: len(client.of_kind(PING)) > count, SECONDS)


def test_6_5_3_each_settings_frame_is_acknowledged_once(client):
    client.send(settings() * 3 + setting((0xabcd, 1)))
    assert client.wait_for(lambda client: acknowledgements(client) == 5, SECONDS)
    assert_served(client)
    assert acknowledgements(client) == 5
    assert all(not payload for _, flags, _, payload in client.of_kind(SETTINGS) if flags & ACK)


def test_6_7_pings_are_given_back_and_acknowledgements_are_not(client):
    data = [bytes(range(at, at + 8)) for at in range(0, 40, 8)]
    client.send(frame(PING, ACK, 0, b"not this") + b"".join(frame(PING, 0, 0, piece) for piece in data) + frame(PING, ACK, 0, b"nor this"))
    assert client.wait_for(lambda client: len(client.of_kind(PING)) >= 5, SECONDS)
    assert_served(client)
    assert client.of_kind(PING) == [(PING, ACK, 0, piece) for piece in data]


@pytest.mark.parametrize("goaway", [
    frame(GOAWAY, 0, 0, b"\0" * 8), frame(GOAWAY, 0, 0, b"\0" * 8 + b"why"), frame(GOAWAY, 0xff, 1 << 31, b"\x80" + b"\0" * 7),
    frame(GOAWAY, 0, 0, b"\0" * 4 + b"\xff" * 4), frame(GOAWAY, 0, 0, b"\0" * 8) * 3,
], ids=["plain", "debug-data", "unused-flags-and-reserved-bits", "unknown-code", "three"])
def test_6_8_a_client_that_goes_away_hears_its_answers(echo, goaway):
    with Raw(echo) as client:
        client.send(post() + frame(DATA, 0, 1, b"abc") + goaway + frame(DATA, END_STREAM, 1, b"def"))
        assert client.wait_for(lambda client: 1 in client.ended_streams(), SECONDS)
        assert (status(client, 1), content(client, 1)) == (200, b"abcdef")
        judge_manners(client)


@pytest.mark.parametrize("last", [1, 5])
def test_6_8_a_connection_error_names_the_last_stream(client, last):
    client.send(b"".join(get(stream) for stream in range(1, last + 1, 2)))
    assert client.wait_for(lambda client: last in client.ended_streams(), SECONDS)
    client.send(frame(DATA, 0, 0, b"x"))
    assert client.wait_for_end(SECONDS)
    assert client.goaways() == [(last, PROTOCOL_ERROR)]


def test_6_9_1_content_stays_within_the_stream_s_window(shut):
    shut.send(get())
    assert_served(shut, 3)
    for credited, count in ((0, 0), (1, 1), (1, 2), (3, 5)):
        shut.send(credit(1, credited) if credited else b"")
        assert_has_come(shut, 1, count)
    shut.send(credit(1, 100))
    assert_has_come(shut, 1, 10)
    assert 1 in shut.ended_streams()


def test_6_9_1_content_stays_within_the_connection_s_window(files):
    with Raw(files, PREFACE + settings(window_bytes=LAST_ID)) as client:
        client.send(headers(1, head(path=b"/large.bin")))
        assert_has_come(client, 1, WINDOW_BYTES)
        client.send(get(3))
        client.send(credit(0, 7))
        assert client.wait_for(lambda client: len(content(client, 1) + content(client, 3)) == WINDOW_BYTES + 7, SECONDS)
        client.send(credit(0, LARGE_BYTES))
        assert client.wait_for(lambda client: {1, 3} <= client.ended_streams(), SECONDS)
        assert len(content(client, 1)) == LARGE_BYTES and content(client, 3) == b"0123456789"
        judge_manners(client)


def test_6_9_1_what_has_no_content_needs_no_window(shut):
    shut.send(headers(1, head(path=b"/empty.txt")) + headers(3, head(b"HEAD")))
    assert shut.wait_for(lambda client: {1, 3} <= client.ended_streams(), SECONDS)
    assert status(shut, 1) == status(shut, 3) == 200


def test_6_9_2_a_window_is_what_settings_say(files):
    """The last of them, at once, for streams that are open and for others (6.5, 6.9.2)."""
    with Raw(files, PREFACE + setting((INITIAL_WINDOW_SIZE, 7), (INITIAL_WINDOW_SIZE, 1))) as client:
        client.send(get())
        assert_has_come(client, 1, 1)
        client.send(settings(window_bytes=4) + get(3))
        assert_has_come(client, 1, 4)
        assert_has_come(client, 3, 4)
        client.send(settings(window_bytes=10))
        assert client.wait_for(lambda client: {1, 3} <= client.ended_streams(), SECONDS)
        assert content(client, 1) == content(client, 3) == b"0123456789"
        judge_manners(client)


def test_6_9_2_a_window_may_become_negative(files):
    with Raw(files, PREFACE + settings(window_bytes=6)) as client:
        client.send(get())
        assert_has_come(client, 1, 6)
        client.send(settings(window_bytes=2))  # -4
        assert_has_come(client, 1, 6)
        client.send(credit(1, 4))  # 0
        assert_has_come(client, 1, 6)
        client.send(credit(1, 3))
        assert_has_come(client, 1, 9)
        client.send(settings(window_bytes=1) + settings(window_bytes=3))  # -1, 1
        assert_has_come(client, 1, 10)
        judge_manners(client)


def test_6_9_2_settings_do_not_alter_the_connection_s_window(files):
    with Raw(files, PREFACE + settings(window_bytes=1)) as client:
        client.send(settings(window_bytes=LAST_ID) + headers(1, head(path=b"/large.bin")))
        assert_has_come(client, 1, WINDOW_BYTES)
        judge_manners(client)


def test_6_4_nothing_is_sent_behind_a_reset(shut):
    shut.send(headers(1, head(path=b"/large.bin")))
    assert shut.wait_for(lambda client: client.of_kind(HEADERS, 1), SECONDS)
    shut.send(reset() + settings(window_bytes=1000) + credit(1, 1000))
    assert_served(shut)
    assert_quiet(shut)
    assert not shut.of_kind(DATA, 1) and not shut.of_kind(RST_STREAM)


def test_4_3_heads_that_are_dropped_keep_the_table_in_step(client):
    """5.1, 5.4.2: "updating header compression state"."""
    client.send(b"".join(piece for piece in CLOSED_BY_SERVER if not callable(piece)))
    assert client.wait_for(lambda client: client.resets(), SECONDS)
    client.send(headers(1, indexed_literal(b"x", b"y")))
    # Malformed where it stands, if it is another entry.
    client.send(headers(3, head(more=integer(62, 7, 0x80))) + headers(5, head(more=indexed_literal(b"x", b"bad\n"))))
    assert client.wait_for(lambda client: 3 in client.ended_streams() and 5 in client.resets(), SECONDS)
    client.send(headers(7, head(more=integer(63, 7, 0x80))) + headers(9, head(more=integer(62, 7, 0x80))))
    assert client.wait_for(lambda client: 7 in client.ended_streams() and 9 in client.resets(), SECONDS)
    assert status(client, 3) == status(client, 7) == 200 and not client.goaways()


def test_6_9_content_of_a_closed_stream_counts_for_the_connection(client):
    """And comes back to it, or it would be shut for good."""
    send_pieces(client, CLOSED_BY_SERVER)
    for _ in range(128):  # twice the server's window
        client.send(frame(DATA, PADDED, 1, padded(b"x" * (FRAME_BYTES - 256), 255)), SECONDS)
    assert_served(client)
    received = sum(struct.unpack("!I", payload)[0] for _, _, _, payload in client.of_kind(WINDOW_UPDATE, 0))
    assert WINDOW_BYTES + received >= 128 * FRAME_BYTES and not client.goaways()


def test_8_1_content_that_is_wanted_is_credited(echo):
    """More of it than any window has."""
    with Raw(echo, PREFACE + settings(window_bytes=LAST_ID) + credit(0, LAST_ID - WINDOW_BYTES)) as client:
        client.send(post())
        sent, room = 0, {0: WINDOW_BYTES, 1: WINDOW_BYTES}
        told = 0
        while sent < 3 << 20:
            if min(room.values()) < FRAME_BYTES:
                assert client.wait_for(lambda client, told=told: len(client.of_kind(WINDOW_UPDATE)) > told, SECONDS)
            for _, _, stream, payload in client.of_kind(WINDOW_UPDATE)[told:]:
                room[stream] += struct.unpack("!I", payload)[0]
                told += 1
            if min(room.values()) >= FRAME_BYTES:
                client.send(frame(DATA, 0, 1, b"x" * FRAME_BYTES), SECONDS)
                sent += FRAME_BYTES
                room = {stream: left - FRAME_BYTES for stream, left in room.items()}
        client.send(frame(DATA, END_STREAM, 1), SECONDS)
        assert client.wait_for(lambda client: 1 in client.ended_streams(), SECONDS)
        assert len(content(client, 1)) == sent
        judge_manners(client)


# RFC 7541 4.2: the size of our encoder's table is what the client allows, and said before it is used.

def first_bytes(client):
    return [payload[:4] for _, _, _, payload in client.of_kind(HEADERS)]


@pytest.mark.parametrize("sizes, said", [
    ((0,), [b"\x20"]), ((100,), [b"\x3f\x45"]), ((0, 4096), [b"\x20\x3f\xe1\x1f"]), ((4096,), [b"", b"\x3f\xe1\x1f"])])
def test_7541_4_2_the_server_s_table_is_as_large_as_it_may_be(client, sizes, said):
    client.send(b"".join(setting((HEADER_TABLE_SIZE, size)) for size in sizes))
    client.send(get(1) + get(3))
    assert client.wait_for(lambda client: {1, 3} <= client.ended_streams(), SECONDS)
    first, second = first_bytes(client)
    assert any(first.startswith(begin) and (begin or first[0] & 0xe0 != 0x20) for begin in said), first
    assert second[0] & 0xe0 != 0x20
    table = hpack.Decoder()
    table.max_allowed_table_size = sizes[-1]
    for _, _, _, payload in client.of_kind(HEADERS):
        fields = table.decode(payload)
        assert fields[0][1] == "200"
        assert table.header_table._current_size <= sizes[-1]
