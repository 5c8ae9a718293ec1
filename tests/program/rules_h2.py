"""The rules of RFC 9113, RFC 7541, RFC 8441 and RFC 9218 for what a client sends: what breaks or keeps each of them, and
what a server may do about it. Read from the RFCs, not from the server.

A name begins with its section. `said` is what goes out behind the greeting: bytes, and conditions that are waited for
between them. What is allowed is a set of outcomes, of the connection or of one stream (1, where nothing else is said).
An endpoint may always make a connection error of a stream error (RFC 9113 5.4.1); that is allowed here only where a
comment says why it is done."""
import struct
from dataclasses import dataclass

from frames import (ACK, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR,
                    FRAME_SIZE_ERROR, GOAWAY, HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, LAST_ID, MAX_CONCURRENT_STREAMS,
                    MAX_FRAME_SIZE, NO_RFC7540_PRIORITIES, PADDED, PING, PREFACE, PRIORITY, PRIORITY_UPDATE,
                    PROTOCOL_ERROR, RANKED, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED, WINDOW_BYTES,
                    WINDOW_UPDATE, frame, head, headers, literal, setting, settings)

GREETING = PREFACE + settings()
SHUT = PREFACE + settings(window_bytes=0)  # an answer that has content does not end
FRAME_BYTES = 16384
RESERVED = 1 << 31
UNKNOWN = 0x42
PING_DATA = b"12345678"
RANK = b"\0\0\0\0\x10"  # on no stream, weight 17


@dataclass(frozen=True)
class Rule:
    name: str
    said: tuple
    allowed: frozenset
    greeting: bytes = GREETING
    stream: int = 1
    echoes: bool = False  # asked of the server that gives content back


def ends(*codes):
    """A connection error: GOAWAY, and the end."""
    return frozenset(("connection", code) for code in codes)


def resets(*codes):
    return frozenset(("stream", code) for code in codes)


def answers(*statuses):
    return frozenset(("answer", status) for status in statuses)


CLOSES = frozenset([("connection", None)])  # without a GOAWAY
IGNORED = frozenset([("no error", None)])
MALFORMED = resets(PROTOCOL_ERROR)  # RFC 9113 8.1.1
UNREADABLE = ends(COMPRESSION_ERROR)  # RFC 9113 4.3
RULES = []


def rules(section, allowed, cases, before=(), **how):
    """Each of the cases, {name: bytes or pieces}, behind the same beginning."""
    for name, said in cases.items():
        pieces = said if isinstance(said, tuple) else (said,)
        RULES.append(Rule(f"{section}-{name}", (*before, *pieces), allowed, **how))


def has_ended(client):
    return 1 in client.ended_streams()


def is_reset(client):
    return 1 in client.resets()


def reset(stream=1, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack("!I", code))


def credit(stream, bytes):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack("!I", bytes))


def update(stream, text=b"u=1", of=0):
    return frame(PRIORITY_UPDATE, 0, of, struct.pack("!I", stream) + text)


def get(stream=1, more=b"", flags=END_HEADERS | END_STREAM):
    return headers(stream, head(more=more), flags)


def post(more=b""):
    return headers(1, head(b"POST", b"/echo", more=more), END_HEADERS)


def padded(content, length, room=None):
    """With so long a padding as it says, or another one."""
    return bytes((length,)) + content + b"\0" * (length if room is None else room)


def in_pieces(block, *cuts):
    """HEADERS that end the stream, and a CONTINUATION from each cut on."""
    ends = [*cuts[1:], len(block)]
    following = (frame(CONTINUATION, END_HEADERS * (end == ends[-1]), 1, block[begin:end]) for begin, end in zip(cuts, ends, strict=True))
    return headers(1, block[:cuts[0]], END_STREAM) + b"".join(following)


def filled(block, length):
    """A block with fields behind it up to a length."""
    while (rest := length - len(block)) > 0:
        part = min(rest, 4000 if rest > 4200 else 3000)
        extra = len(literal(b"x", b"y" * part)) - part
        block += literal(b"x", b"y" * (part - extra))
    assert len(block) == length
    return block


# States that a stream is in.
OPEN = (post(),)
HALF_CLOSED_REMOTE = (headers(1, head(path=b"/large.bin")),)  # with SHUT
HALF_CLOSED_LOCAL = (headers(1, head(b"POST"), END_HEADERS), has_ended)  # 405, before the content
CLOSED = (headers(1, head(b"HEAD")), has_ended)
CLOSED_BY_CLIENT = (*HALF_CLOSED_REMOTE, reset())  # with SHUT
CLOSED_BY_SERVER = (headers(1, head(b"POST", b"no-path"), END_HEADERS), is_reset)

# 3.4 The connection preface. Without the client's the connection speaks HTTP/1.1, which refuses it.
for name, greeting in {"wrong": b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings(), "left-out": settings() + get(),
                       "of-something-else": b"INVALID CONNECTION PREFACE\r\n\r\n"}.items():
    rules("3.4", CLOSES | ends(PROTOCOL_ERROR), {f"preface-{name}": b""}, greeting=greeting)
rules("3.4", ends(PROTOCOL_ERROR), {
    "headers-before-settings": get(),
    "ping-before-settings": frame(PING, 0, 0, PING_DATA),
    "window-update-before-settings": credit(0, 1),
    "unknown-frame-before-settings": frame(UNKNOWN),
    "acknowledgement-before-settings": frame(SETTINGS, ACK),
}, greeting=PREFACE)
rules("3.4", answers(200), {"request-that-waits-for-nothing": get()})

# 4.1 Frame format.
for where, before, stream in (("connection", (), 0), ("idle-stream", (), 1), ("an-answer", HALF_CLOSED_REMOTE, 1)):
    rules("4.1", IGNORED, {
        f"unknown-type-{kind}-on-{where}": frame(kind, 0xff, stream, b"x" * size)
        for kind, size in ((10, 9), (12, 0), (UNKNOWN, 100), (255, FRAME_BYTES))
    }, before, greeting=SHUT)
rules("4.1", IGNORED, {
    "unused-flags-of-settings": frame(SETTINGS, 0xfe),
    "unused-flags-of-ping": frame(PING, 0xfe, 0, PING_DATA),
    "unused-flags-of-window-update": frame(WINDOW_UPDATE, 0xff, 0, b"\0\0\0\1"),
    "unused-flags-of-priority": frame(PRIORITY, 0xff, 1, RANK),
    "unused-flags-of-priority-update": frame(PRIORITY_UPDATE, 0xff, 0, b"\0\0\0\1u=1"),
    "reserved-bit-of-settings": frame(SETTINGS, 0, RESERVED),
    "reserved-bit-of-ping": frame(PING, 0, RESERVED, PING_DATA),
    "reserved-bit-of-priority": frame(PRIORITY, 0, RESERVED | 1, RANK),
    "reserved-bit-of-priority-update": update(RESERVED | 1, of=RESERVED),
    "reserved-bit-of-window-update": frame(WINDOW_UPDATE, 0, RESERVED, struct.pack("!I", RESERVED | 1)),
})
rules("4.1", IGNORED, {
    "unused-flags-of-rst-stream": frame(RST_STREAM, 0xff, 1, b"\0\0\0\x08"),
    "reserved-bit-of-rst-stream": reset(RESERVED | 1),
    "reserved-bit-of-increment": credit(1, RESERVED | 1),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("4.1", answers(200), {
    "unused-flags-of-headers": get(flags=0xd2 | END_HEADERS | END_STREAM),
    "unused-flags-of-continuation": headers(1, head()[:20], END_STREAM) + frame(CONTINUATION, 0xff, 1, head()[20:]),
    "reserved-bit-of-headers": headers(RESERVED | 1, head()),
})
rules("4.1", answers(200), {
    "unused-flags-of-data": frame(DATA, 0xf6 | END_STREAM, 1, b"x"),
    "reserved-bit-of-data": frame(DATA, END_STREAM, RESERVED | 1, b"x"),
}, OPEN, echoes=True)

# 4.2 Frame size. "MUST send an error code of FRAME_SIZE_ERROR", of the connection for all that change its state.
rules("4.2", answers(200), {
    "headers-of-the-largest-size": headers(1, filled(head(), FRAME_BYTES)),
    "continuation-of-the-largest-size": get(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, filled(b"", FRAME_BYTES)),
})
rules("4.2", answers(200), {
    "data-of-the-largest-size": frame(DATA, END_STREAM, 1, b"x" * FRAME_BYTES),
}, OPEN, echoes=True)
rules("4.2", ends(FRAME_SIZE_ERROR), {
    "headers-too-large": headers(1, filled(head(), FRAME_BYTES + 1)),
    "continuation-too-large": get(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, filled(b"", FRAME_BYTES + 1)),
    "settings-too-large": setting(*[(0xabcd, 1)] * 2731),
    "ping-too-large": frame(PING, 0, 0, b"x" * (FRAME_BYTES + 1)),
    "goaway-too-large": frame(GOAWAY, 0, 0, b"\0" * (FRAME_BYTES + 1)),
    "unknown-frame-too-large": frame(UNKNOWN, 0, 0, b"x" * (FRAME_BYTES + 1)),
    "priority-update-too-large": update(1, b" " * FRAME_BYTES),
    "goaway-too-small": frame(GOAWAY, 0, 0, b"\0" * 7),
    "headers-too-small-for-its-rank": headers(1, RANK[:4], END_HEADERS | END_STREAM | RANKED),
})
# The length of a padding that is not there. PROTOCOL_ERROR is what a padding has that is too long for its payload (6.1,
# 6.2), and "can always be used in place of more specific error codes" (5.4): nghttp2 does so for DATA.
rules("4.2", ends(FRAME_SIZE_ERROR, PROTOCOL_ERROR), {
    "headers-too-small-for-its-padding": headers(1, b"", END_HEADERS | END_STREAM | PADDED),
})
rules("4.2", ends(FRAME_SIZE_ERROR, PROTOCOL_ERROR), {
    "data-too-small-for-its-padding": frame(DATA, END_STREAM | PADDED, 1),
}, OPEN, echoes=True)
# A stream error would do: every frame that is too large ends the connection (5.4.1).
rules("4.2", resets(FRAME_SIZE_ERROR) | ends(FRAME_SIZE_ERROR), {
    "data-too-large": frame(DATA, END_STREAM, 1, b"x" * (FRAME_BYTES + 1)),
}, OPEN, echoes=True)

# 4.3 Field blocks are decoded (what cannot be is in RFC 7541 below), and nothing else comes between their frames.
UNFINISHED = (headers(1, head()[:20], END_STREAM),)
BETWEEN = {
    "data": frame(DATA, 0, 1, b"x"),
    "headers-again": get(),
    "headers-of-another-stream": get(3),
    "priority": frame(PRIORITY, 0, 1, RANK),
    "rst-stream": reset(),
    "settings": settings(),
    "ping": frame(PING, 0, 0, PING_DATA),
    "goaway": frame(GOAWAY, 0, 0, b"\0" * 8),
    "window-update": credit(0, 1),
    "priority-update": update(1),
    "headers-on-stream-0": get(0),
    "continuation-of-another-stream": frame(CONTINUATION, END_HEADERS, 3, head()[20:]),
}
rules("4.3", ends(PROTOCOL_ERROR), {f"between-a-block-{name}": said for name, said in BETWEEN.items()}, UNFINISHED)
rules("4.3", ends(PROTOCOL_ERROR), {
    f"behind-a-continuation-{name}": said for name, said in BETWEEN.items()
}, (*UNFINISHED, frame(CONTINUATION, 0, 1, head()[20:30])))
rules("4.3", UNREADABLE, {
    "unreadable-block": headers(1, b"\xbf"),
    "unreadable-continuation": get(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 1, b"\xbf"),
})
rules("4.3", UNREADABLE, {"unreadable-trailers": headers(1, b"\xbf")}, OPEN, echoes=True)
rules("4.3", UNREADABLE, {"unreadable-block-that-is-dropped": headers(1, b"\xbf")}, CLOSED_BY_SERVER)

# 5.1 Stream states.
rules("5.1", ends(PROTOCOL_ERROR), {
    "idle-data": frame(DATA, END_STREAM, 1, b"x"),
    "idle-rst-stream": reset(),
    "idle-window-update": credit(1, 1),
    "idle-continuation": frame(CONTINUATION, END_HEADERS, 1, head()),
    "idle-headers-of-the-servers": get(2),
    "idle-data-of-the-servers": frame(DATA, 0, 2, b"x"),
    "idle-window-update-of-the-servers": credit(2, 1),
    "idle-rst-stream-of-the-servers": reset(2),
    "idle-window-update-above": get() + credit(3, 1),
})
rules("5.1", IGNORED, {
    "idle-priority": frame(PRIORITY, 0, 1, RANK),
    "idle-priority-of-the-servers": frame(PRIORITY, 0, 2, RANK),
})
# nghttp2 makes a connection error of it (5.4.1).
rules("5.1", resets(STREAM_CLOSED) | ends(STREAM_CLOSED), {
    "half-closed-remote-data": frame(DATA, END_STREAM, 1, b"x"),
    "half-closed-remote-headers": headers(1, literal(b"x", b"y")),
    "half-closed-remote-request": get(),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("5.1", ends(PROTOCOL_ERROR), {
    "half-closed-remote-continuation": frame(CONTINUATION, END_HEADERS, 1, b""),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("5.1", IGNORED, {
    "half-closed-remote-priority": frame(PRIORITY, 0, 1, RANK),
    "half-closed-remote-window-update": credit(1, 1),
    "half-closed-remote-rst-stream": reset(),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
ANY_FRAME = {
    "data": frame(DATA, 0, 1, b"x"),
    "last-data": frame(DATA, END_STREAM, 1, b"x"),
    "trailers": headers(1, literal(b"x", b"y")),
    "priority": frame(PRIORITY, 0, 1, RANK),
    "window-update": credit(1, 1),
    "rst-stream": reset(),
}
rules("5.1", IGNORED, {f"half-closed-local-{name}": said for name, said in ANY_FRAME.items()}, HALF_CLOSED_LOCAL)
# "MUST minimally process and then discard": the client may not have heard of the reset, which stays the only one.
rules("5.1", MALFORMED, {f"closed-by-the-server-{name}": said for name, said in ANY_FRAME.items()}, CLOSED_BY_SERVER)
for state, before in (("closed", CLOSED), ("closed-by-the-client", CLOSED_BY_CLIENT)):
    rules("5.1", IGNORED, {
        f"{state}-{name}": ANY_FRAME[name] for name in ("priority", "window-update", "rst-stream")
    }, before, greeting=SHUT)
    # "MAY treat as a connection error", and "can perform this minimal processing for all streams that are closed".
    rules("5.1", IGNORED | resets(STREAM_CLOSED) | ends(STREAM_CLOSED), {
        f"{state}-{name}": ANY_FRAME[name] for name in ("data", "last-data", "trailers")}, before, greeting=SHUT)
    rules("5.1", ends(PROTOCOL_ERROR), {f"{state}-continuation": frame(CONTINUATION, END_HEADERS, 1)}, before,
          greeting=SHUT)

# 5.1.1 Stream identifiers. One that has been passed over is closed, and no stream begins there.
rules("5.1.1", ends(PROTOCOL_ERROR), {
    "even": get(2),
    "even-among-others": get(1) + get(4),
    "lower-than-the-last": get(5) + get(3),
    "lower-than-the-one-before": get(5) + get(7) + get(3),
    "lower-without-an-end": get(9) + get(7, flags=END_HEADERS),
})
# "Cannot be reused"; but the stream is closed, and what comes for one that is may be processed minimally (5.1), for a
# server need not know any more which of them it has reset.
rules("5.1.1", IGNORED | ends(PROTOCOL_ERROR, STREAM_CLOSED), {"used-again": get()}, CLOSED)
rules("5.1.1", answers(200), {"some-passed-over": get(101), "one-passed-over": get(97) + get(101)}, stream=101)

# 5.1.2 Stream concurrency: more than the hundred that the server has announced.
CROWD = b"".join(headers(stream, head(path=b"/large.bin")) for stream in range(1, 203, 2))
rules("5.1.2", resets(PROTOCOL_ERROR, REFUSED_STREAM), {
    "a-stream-too-many": (CROWD, lambda client: 201 in client.resets(), reset(1)),
}, greeting=SHUT, stream=201)
# Who knows the limit is told with a connection error (5.4.1).
rules("5.1.2", resets(PROTOCOL_ERROR, REFUSED_STREAM) | ends(PROTOCOL_ERROR), {
    "a-stream-too-many-with-settings-acknowledged": frame(SETTINGS, ACK) + CROWD,
}, greeting=SHUT, stream=201)

# 5.3.2 Priorities of RFC 7540 are deprecated. (More of them under RFC 9218 2.1.)
rules("5.3.2", IGNORED, {
    "priority-of-an-unknown-stream": frame(PRIORITY, 0, 3, b"\0\0\0\x63\xff"),
    "priority-exclusive": frame(PRIORITY, 0, 3, b"\x80\0\0\1\xff"),
})

# 5.5, 6.1, 6.2
rules("5.5", ends(PROTOCOL_ERROR), {
    "unknown-frame-between-a-block": frame(UNKNOWN, 0, 1, b"x"),
    "unknown-frame-of-the-connection-between-a-block": frame(UNKNOWN),
}, UNFINISHED)
rules("6.1", ends(PROTOCOL_ERROR), {"data-on-stream-0": frame(DATA, END_STREAM, 0, b"x")})
rules("6.1", ends(PROTOCOL_ERROR), {
    "padding-as-long-as-the-payload": frame(DATA, END_STREAM | PADDED, 1, padded(b"", 6, 5)),
    "padding-longer-than-the-payload": frame(DATA, END_STREAM | PADDED, 1, padded(b"abc", 255, 5)),
}, OPEN, echoes=True)
rules("6.1", answers(200), {
    "padding": frame(DATA, END_STREAM | PADDED, 1, padded(b"abc", 5)),
    "padding-of-nothing": frame(DATA, END_STREAM | PADDED, 1, padded(b"abc", 0)),
    "padding-alone": frame(DATA, END_STREAM | PADDED, 1, padded(b"", 255)),
    "empty": frame(DATA, 0, 1) + frame(DATA, END_STREAM, 1),
}, OPEN, echoes=True)
rules("6.2", ends(PROTOCOL_ERROR), {
    "headers-on-stream-0": get(0),
    "padding-as-long-as-the-payload": headers(1, padded(head(), len(head()) + 6, 5), END_HEADERS | END_STREAM | PADDED),
    "padding-longer-than-the-payload": headers(1, padded(head(), 255, 0), END_HEADERS | END_STREAM | PADDED),
})
rules("6.2", answers(200), {
    "padding": headers(1, padded(head(), 100), END_HEADERS | END_STREAM | PADDED),
    "padding-of-nothing": headers(1, padded(head(), 0), END_HEADERS | END_STREAM | PADDED),
    "rank": headers(1, RANK + head(), END_HEADERS | END_STREAM | RANKED),
    "rank-on-an-idle-stream": headers(1, b"\x80\0\0\x63\xff" + head(), END_HEADERS | END_STREAM | RANKED),
    "rank-and-padding": headers(1, padded(RANK + head(), 9), END_HEADERS | END_STREAM | PADDED | RANKED),
    "end-of-stream-before-the-end-of-the-block": in_pieces(head(), 9),
})

# 6.3, 6.4
rules("6.3", ends(PROTOCOL_ERROR), {"priority-on-stream-0": frame(PRIORITY, 0, 0, RANK)})
# "A stream error": nghttp2 ends the connection for each frame whose size is wrong (5.4.1).
rules("6.3", resets(FRAME_SIZE_ERROR) | ends(FRAME_SIZE_ERROR), {
    f"priority-of-{size}-bytes": frame(PRIORITY, 0, 1, b"\0" * size) for size in (0, 4, 6)
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("6.4", ends(PROTOCOL_ERROR), {"rst-stream-on-stream-0": reset(0), "rst-stream-on-an-idle-stream": reset(1)})
rules("6.4", ends(FRAME_SIZE_ERROR), {
    f"rst-stream-of-{size}-bytes": frame(RST_STREAM, 0, 1, b"\0" * size) for size in (0, 3, 5)
}, HALF_CLOSED_REMOTE, greeting=SHUT)

# 6.5 SETTINGS.
rules("6.5", ends(FRAME_SIZE_ERROR), {
    "acknowledgement-with-a-payload": frame(SETTINGS, ACK, 0, b"\0\1\0\0\0\0"),
    "acknowledgement-with-a-byte": frame(SETTINGS, ACK, 0, b"\0"),
    **{f"settings-of-{size}-bytes": frame(SETTINGS, 0, 0, b"\0" * size) for size in (1, 3, 5, 7)},
})
rules("6.5", ends(PROTOCOL_ERROR), {
    "settings-on-stream-1": frame(SETTINGS, 0, 1),
    "acknowledgement-on-stream-1": frame(SETTINGS, ACK, 1),
})
rules("6.5", ends(PROTOCOL_ERROR), {
    "settings-on-an-open-stream": frame(SETTINGS, 0, 1),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("6.5", IGNORED, {"acknowledgement": frame(SETTINGS, ACK)})
rules("6.5.2", ends(PROTOCOL_ERROR), {
    **{f"enable-push-{value}": setting((ENABLE_PUSH, value)) for value in (2, 0xffffffff)},
    **{f"max-frame-size-{value}": setting((MAX_FRAME_SIZE, value)) for value in (0, 16383, 1 << 24, 0xffffffff)},
})
rules("6.5.2", ends(FLOW_CONTROL_ERROR), {
    f"initial-window-size-{value}": setting((INITIAL_WINDOW_SIZE, value)) for value in (1 << 31, 0xffffffff)
})
rules("6.5.2", IGNORED, {
    **{f"enable-push-{value}": setting((ENABLE_PUSH, value)) for value in (0, 1)},
    **{f"max-frame-size-{value}": setting((MAX_FRAME_SIZE, value)) for value in (16384, 65536, (1 << 24) - 1)},
    **{f"initial-window-size-{value}": setting((INITIAL_WINDOW_SIZE, value)) for value in (0, LAST_ID)},
    **{f"header-table-size-{value}": setting((HEADER_TABLE_SIZE, value)) for value in (0, 1, 4095, 0xffffffff)},
    **{f"max-concurrent-streams-{value}": setting((MAX_CONCURRENT_STREAMS, value)) for value in (0, 0xffffffff)},
    **{f"unknown-setting-{id}": setting((id, 0xffffffff)) for id in (0, 7, 10, 0xabcd, 0xffff)},
    "the-same-setting-again": setting(*[(INITIAL_WINDOW_SIZE, value) for value in range(20)]),
})

# 6.7, 6.8
rules("6.7", ends(FRAME_SIZE_ERROR), {f"ping-of-{size}-bytes": frame(PING, 0, 0, b"x" * size) for size in (0, 7, 9)})
rules("6.7", ends(FRAME_SIZE_ERROR), {"acknowledgement-of-7-bytes": frame(PING, ACK, 0, b"x" * 7)})
rules("6.7", ends(PROTOCOL_ERROR), {
    "ping-on-stream-1": frame(PING, 0, 1, PING_DATA),
    "acknowledgement-on-stream-1": frame(PING, ACK, 1, PING_DATA),
})
rules("6.8", ends(PROTOCOL_ERROR), {"goaway-on-stream-1": frame(GOAWAY, 0, 1, b"\0" * 8)})

# 6.9 WINDOW_UPDATE.
rules("6.9", ends(PROTOCOL_ERROR), {
    "window-update-zero-on-the-connection": credit(0, 0),
    "window-update-reserved-bit-alone": credit(0, RESERVED),
})
# A stream error: nghttp2 makes a connection error of it (5.4.1).
rules("6.9", resets(PROTOCOL_ERROR) | ends(PROTOCOL_ERROR), {
    "window-update-zero-on-a-stream": credit(1, 0),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
for where, stream in (("the-connection", 0), ("a-stream", 1)):
    rules("6.9", ends(FRAME_SIZE_ERROR), {
        f"window-update-of-{size}-bytes-on-{where}": frame(WINDOW_UPDATE, 0, stream, b"\0" * size) for size in (0, 3, 5)
    }, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("6.9.1", ends(FLOW_CONTROL_ERROR), {
    "overflow-on-the-connection": credit(0, LAST_ID),
    "overflow-by-one-on-the-connection": credit(0, LAST_ID - WINDOW_BYTES + 1),
    "overflow-by-two-on-the-connection": credit(0, LAST_ID - WINDOW_BYTES) + credit(0, 1),
})
rules("6.9.1", IGNORED, {"largest-window-of-the-connection": credit(0, LAST_ID - WINDOW_BYTES)})
rules("6.9.1", resets(FLOW_CONTROL_ERROR), {
    "overflow-on-a-stream": credit(1, LAST_ID) + credit(1, 1),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("6.9.1", IGNORED, {"largest-window-of-a-stream": credit(1, LAST_ID)}, HALF_CLOSED_REMOTE, greeting=SHUT)
# The connection's window is sixteen times a stream's.
rules("6.9.1", resets(FLOW_CONTROL_ERROR) | ends(FLOW_CONTROL_ERROR), {
    "more-than-the-servers-window": frame(DATA, 0, 1, b"x" * FRAME_BYTES) * 64,
}, OPEN, greeting=SHUT, echoes=True)
rules("6.9.2", ends(FLOW_CONTROL_ERROR), {
    "settings-that-let-a-window-overflow": credit(1, LAST_ID) + settings(window_bytes=1),
}, HALF_CLOSED_REMOTE, greeting=SHUT)

# 6.10 CONTINUATION.
rules("6.10", answers(200), {
    "several": in_pieces(head(), 0, 20, 40, 60),
    "empty-at-the-end": get(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 1),
})
rules("6.10", ends(PROTOCOL_ERROR), {
    "on-stream-0": frame(CONTINUATION, END_HEADERS, 0, head()),
    "on-stream-0-between-a-block": UNFINISHED[0] + frame(CONTINUATION, END_HEADERS, 0),
    "behind-the-end-of-a-block": get() + frame(CONTINUATION, END_HEADERS, 1, b""),
    "behind-the-end-of-several": in_pieces(head(), 20) + frame(CONTINUATION, END_HEADERS, 1, b""),
    "behind-settings": settings() + frame(CONTINUATION, 0, 1, b""),
})
rules("6.10", ends(PROTOCOL_ERROR), {
    "behind-data": frame(DATA, 0, 1, b"x") + frame(CONTINUATION, END_HEADERS, 1, literal(b"x", b"y")),
}, OPEN, echoes=True)

# 7 Unknown error codes have no special meaning.
rules("7", IGNORED, {
    f"rst-stream-with-code-{code}": reset(1, code) for code in (0, 14, 0xabcdef, 0xffffffff)
}, HALF_CLOSED_REMOTE, greeting=SHUT)

# RFC 9218 7.1 PRIORITY_UPDATE, 2.1 NO_RFC7540_PRIORITIES.
rules("9218-7.1", ends(PROTOCOL_ERROR), {
    "priority-update-on-a-stream": update(1, of=1),
    "priority-update-for-stream-0": update(0),
    "priority-update-for-stream-0-by-its-reserved-bit": update(RESERVED),
    "priority-update-for-an-idle-push": update(2),
    "priority-updates-for-too-many": b"".join(update(stream) for stream in range(1, 203, 2)),
})
rules("9218-7.1", ends(PROTOCOL_ERROR), {
    "priority-update-on-an-open-stream": update(1, of=1),
    "priority-updates-for-too-many-beside-one": b"".join(update(stream) for stream in range(3, 203, 2)),
}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("9218-7.1", ends(FRAME_SIZE_ERROR), {
    f"priority-update-of-{size}-bytes": frame(PRIORITY_UPDATE, 0, 0, b"\0" * size) for size in (0, 3)
})
rules("9218-7.1", IGNORED, {
    "priority-update-for-an-idle-stream": update(1),
    "priority-update-without-a-value": update(1, b""),
    "priority-update-that-is-none": update(1, b"=\0\xff"),
    "priority-update-with-unknowns": update(1, b"u=9, x=?1"),
    "priority-updates-for-as-many-as-may-be": b"".join(update(stream) for stream in range(1, 201, 2)),
})
rules("9218-7.1", IGNORED, {"priority-update-for-a-stream": update(1, b"u=7, i")}, HALF_CLOSED_REMOTE, greeting=SHUT)
rules("9218-7.1", IGNORED, {"priority-update-for-a-closed-stream": update(1)}, CLOSED)
rules("9218-2.1", ends(PROTOCOL_ERROR), {
    f"no-rfc7540-priorities-{value}": setting((NO_RFC7540_PRIORITIES, value)) for value in (2, 0xffffffff)
})
RANKLESS = PREFACE + setting((NO_RFC7540_PRIORITIES, 1))
ON_ITSELF = {
    "priority-on-itself": frame(PRIORITY, 0, 1, b"\0\0\0\1\x10") + get(),
    "headers-on-itself": headers(1, b"\0\0\0\1\x10" + head(), END_HEADERS | END_STREAM | RANKED),
}
rules("5.3.2", answers(200), ON_ITSELF)
rules("9218-2.1", answers(200), ON_ITSELF, greeting=RANKLESS)
